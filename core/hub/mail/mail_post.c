/* The one way by which a message gets into inboxes, and the loop guard that stands in it. Control,
 * within a batch.
 *
 * The guard looks at what agents write to agents. A chain of replies that is too long, or an inbox
 * that fills too fast, pauses the pair of sender and recipient: the message that was too much is
 * kept but held back (its delivery has the lease MAIL_HELD), later ones are refused, and a human is
 * told. A pair is a document "paused" with the key "FROM TO" (names have no spaces); when it was
 * resumed it stays, with how long its chains may be from then on. */
#include "core/hub/mail/mail.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/journal/audit.h"
#include "core/mail/loop.h"

#include <stdlib.h>
#include <string.h>

#define JSON_MOST (15u * 1024 * 1024) /* of a body within JSON: it has to fit into an answer */

enum err mail_check_text(struct call *c, const char *field, const char *text)
{
    size_t n = strlen(text), sum = n;
    if (n > MAIL_BODY)
        return call_fail(c, ERR_LIMIT, "\"%s\" has %zu bytes; 8 MiB are the most", field, n);
    if (!text_is_utf8(text, n))
        return call_fail(c, ERR_COMMS, "\"%s\" is no valid UTF-8", field);
    for (size_t i = 0; i < n; i++)
        sum += (unsigned char)text[i] < 0x20 ? 5 : text[i] == '"' || text[i] == '\\' ? 1 : 0;
    if (sum > JSON_MOST)
        return call_fail(c, ERR_LIMIT, "\"%s\" is more than 15 MiB as JSON", field);
    return ERR_OK;
}

/* --- the guard ----------------------------------------------------------------------------------
 */

struct mail_rate {
    char name[MAIL_NAME];
    struct loop_rate rate;
};

static struct loop_rate *rate_of(struct hub *hub, const char *name)
{
    size_t low = 0, high = hub->rate_count; /* in the order of names */
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(hub->rates[middle].name, name);
        if (order == 0)
            return &hub->rates[middle].rate;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    hub->rates = mem_reallocarray(hub->rates, hub->rate_count + 1, sizeof *hub->rates);
    memmove(hub->rates + low + 1, hub->rates + low, (hub->rate_count - low) * sizeof *hub->rates);
    hub->rate_count++;
    hub->rates[low] = (struct mail_rate){0};
    snprintf(hub->rates[low].name, MAIL_NAME, "%s", name);
    return &hub->rates[low].rate;
}

void mail_rate_forget(struct hub *hub, const char *name)
{
    *rate_of(hub, name) = (struct loop_rate){0};
}

struct pair {
    bool paused;
    int64_t hops; /* so long may its chains be; 0: as the configuration says */
};

static enum err pair_of(struct hub *hub, const char *from, const char *to, struct pair *ret)
{
    char key[2 * MAIL_NAME];
    cJSON *doc = NULL;
    snprintf(key, sizeof key, "%s %s", from, to);
    enum err e = journal_get(hub->journal, "paused", key, &doc);
    *ret = (struct pair){json_bool(doc, "paused", false), json_int(doc, "hops", 0)};
    cJSON_Delete(doc);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err pause_pair(struct hub *hub, const struct mail_message *m, struct mail_post *to,
                           const char *reason, int64_t count)
{
    char key[2 * MAIL_NAME], at[32];
    cJSON *doc = cJSON_CreateObject();
    snprintf(key, sizeof key, "%s %s", m->from_name, to->name);
    clock_format(clock_wall_us(), at, sizeof at);
    cJSON_AddTrueToObject(doc, "paused");
    cJSON_AddStringToObject(doc, "name", to->name);
    cJSON_AddStringToObject(doc, "from", m->from_name);
    cJSON_AddStringToObject(doc, "reason", reason);
    json_add_int(doc, "count", count);
    cJSON_AddStringToObject(doc, "paused_at", at);
    json_add_int(doc, "hops", loop_hops_count(m->hops) + config_mail_hops(hub->config));
    enum err e = journal_put(hub->journal, "paused", key, doc);
    cJSON_DeleteItemFromObjectCaseSensitive(doc, "paused");
    cJSON_DeleteItemFromObjectCaseSensitive(doc, "hops");
    if (e == ERR_OK)
        e = journal_audit(hub->journal, "paused", m->id, m->from_name, doc);
    if (e == ERR_OK)
        e = control_event(hub, "loopPaused", "", m->from_name, to->name, doc);
    cJSON_Delete(doc);
    to->held = true;
    return e;
}

/* Does the guard let this one pass? Otherwise the pair is paused and to->held is set. */
static enum err guard(struct hub *hub, const struct mail_message *m, struct mail_post *to,
                      const struct pair *pair)
{
    int64_t hops = loop_hops_count(m->hops), most = config_mail_hops(hub->config);
    int64_t rate = config_mail_rate(hub->config);
    if (!to->human && hops > (pair->hops > most ? pair->hops : most))
        return pause_pair(hub, m, to, "hops", hops);
    if (!loop_rate_take(rate_of(hub, to->name), clock_wall_us(), rate))
        return pause_pair(hub, m, to, "rate", rate);
    return ERR_OK;
}

enum err mail_answer_paused(struct call *c, const struct mail_message *m,
                            const struct mail_post *to, size_t count)
{
    const char *name = "";
    for (size_t i = 0; i < count && !*name; i++)
        if (to[i].held)
            name = to[i].name;
    call_fail(c, ERR_COMMS,
              "paused: %s writes too much to %s; %s is kept and goes on after: baton comms resume "
              "%s",
              m->from_name, name, m->id, name);
    return ERR_OK;
}

/* Those whom the sender must not write to now. A message to one, or a letter, is refused as a
 * whole; of a broadcast or a channel they are left out. */
static enum err leave_out_paused(struct hub *hub, struct call *c, const struct mail_message *m,
                                 struct mail_post *to, size_t count, struct pair *pairs)
{
    bool many = m->grammar == MAIL_COMMS && (count > 1 || (m->channel && *m->channel));
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        e = pair_of(hub, m->from_name, to[i].name, &pairs[i]);
        if (e == ERR_OK && pairs[i].paused && !many)
            e = call_fail(c, ERR_COMMS,
                          "paused: %s has written too much to %s; it goes on after: baton comms "
                          "resume %s",
                          m->from_name, to[i].name, to[i].name);
        to[i].held = e == ERR_OK && pairs[i].paused;
    }
    return e;
}

/* --- writing ------------------------------------------------------------------------------------
 */

struct parent {
    char *hops, *thread;
};

static void keep_parent(void *data, const struct mail_message *m)
{
    struct parent *p = data;
    p->hops = mem_strdup(m->hops);
    p->thread = mem_strdup(m->thread_id);
}

static cJSON *names_of(const struct mail_post *to, size_t count)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < count; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(to[i].name));
    return list;
}

static enum err tell_sent(struct hub *hub, const struct mail_message *m, const struct mail_post *to,
                          size_t count)
{
    cJSON *data = cJSON_CreateObject();
    cJSON_AddStringToObject(data, "message_id", m->id);
    cJSON_AddStringToObject(data, "from", m->from_name);
    cJSON_AddItemToObject(data, "to", names_of(to, count));
    if (m->subject && *m->subject)
        cJSON_AddStringToObject(data, "subject", m->subject);
    if (m->channel && *m->channel)
        cJSON_AddStringToObject(data, "channel", m->channel);
    json_add_int(data, "priority", m->priority);
    cJSON_AddStringToObject(data, "grammar", m->grammar == MAIL_EMAIL ? "email" : "comms");
    enum err e = control_event(hub, "messageSent", "", m->from_name, m->id, data);
    cJSON_Delete(data);
    return e;
}

static enum err audit_sent(struct hub *hub, const struct mail_message *m,
                           const struct mail_post *to, size_t count)
{
    struct audit_fields f;
    char digest[AUDIT_HEX];
    cJSON *more = cJSON_CreateObject();
    audit_fields_begin(&f);
    audit_digest_message(&f, m);
    for (size_t i = 0; i < count; i++)
        audit_digest_recipient(&f, to[i].name, to[i].role);
    audit_fields_end(&f, digest);
    cJSON_AddItemToObject(more, "to", names_of(to, count));
    cJSON_AddStringToObject(more, "digest", digest);
    enum err e = journal_audit(hub->journal, "sent", m->id, m->from_name, more);
    cJSON_Delete(more);
    return e;
}

static enum err deliver(struct hub *hub, const struct mail_message *m, struct mail_post *to)
{
    struct mail_delivery d = {.grammar = m->grammar,
                              .priority = m->priority,
                              .channel = m->channel,
                              .expires_us = m->expires_us,
                              .role = to->role,
                              .lease_until_us = to->held ? MAIL_HELD : 0};
    snprintf(d.message_id, sizeof d.message_id, "%s", m->id);
    snprintf(d.recipient, sizeof d.recipient, "%s", to->name);
    enum err e = journal_delivery_add(hub->journal, &d);
    to->delivered = !to->held && mail_attached(hub, to->name);
    if (e == ERR_OK && to->delivered)
        e = mail_delivered(hub, &d);
    if (!to->held)
        mail_wake(hub, to->name);
    return e;
}

/* The ones that are left out go behind the others. Gives how many stay. */
static size_t part(struct mail_post *to, struct pair *pairs, size_t count)
{
    size_t stay = 0;
    for (size_t i = 0; i < count; i++) {
        if (to[i].held)
            continue;
        struct mail_post post = to[stay];
        struct pair pair = pairs[stay];
        to[stay] = to[i];
        pairs[stay] = pairs[i];
        to[i] = post;
        pairs[i] = pair;
        stay++;
    }
    return stay;
}

enum err mail_send(struct hub *hub, struct call *c, struct mail_message *m, bool human,
                   struct mail_post *to, size_t count, size_t *ret_held)
{
    char address[MAIL_ADDRESS];
    struct parent parent = {0};
    struct pair *pairs = mem_calloc(count ? count : 1, sizeof *pairs);
    size_t stay = count, held = 0;
    enum err e = ERR_OK;

    if (!m->from_address || !*m->from_address) {
        mail_address(hub, m->from_name, address);
        m->from_address = address;
    }
    if (m->in_reply_to && *m->in_reply_to)
        e = journal_message_get(hub->journal, m->in_reply_to, keep_parent, &parent);
    if (e == ERR_NOT_FOUND)
        e = ERR_OK; /* mail from outside may answer what was never here */
    char *hops = loop_hops_next(parent.hops, m->from_name ? m->from_name : "", human);
    m->hops = hops;
    if (parent.thread && (!m->thread_id || !*m->thread_id))
        m->thread_id = parent.thread;
    if (e == ERR_OK && !human) {
        e = leave_out_paused(hub, c, m, to, count, pairs);
        stay = e == ERR_OK ? part(to, pairs, count) : 0;
    }
    if (e == ERR_OK)
        e = journal_message_add(hub->journal, m);
    if (m->thread_id == NULL || !*m->thread_id)
        m->thread_id = m->id; /* as it is on disk */
    for (size_t i = 0; e == ERR_OK && !human && i < stay; i++)
        e = guard(hub, m, &to[i], &pairs[i]);
    if (e == ERR_OK)
        e = tell_sent(hub, m, to, stay);
    if (e == ERR_OK)
        e = audit_sent(hub, m, to, stay);
    for (size_t i = 0; e == ERR_OK && i < stay; i++)
        e = deliver(hub, m, &to[i]);
    for (size_t i = 0; i < stay; i++)
        held += to[i].held;
    if (e == ERR_OK && m->expires_us)
        mail_timer_arm(hub);
    if (ret_held)
        *ret_held = held;
    m->hops = m->thread_id = NULL;
    if (m->from_address == address)
        m->from_address = NULL;
    free(hops);
    free(parent.hops);
    free(parent.thread);
    free(pairs);
    return e;
}
