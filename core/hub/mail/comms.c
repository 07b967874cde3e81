/* comms: a message to one, to all, or to a channel. Control, within a batch. */
#include "core/hub/mail/comms.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/hub/mail/mail.h"
#include "core/base/glob.h"
#include "core/mail/priority.h"

#include <stdlib.h>
#include <string.h>

/* --- calls that happen once ---------------------------------------------------------------------
 */

static char *once_key(const struct call *c)
{
    const char *key = call_string(c, "idempotency_key", NULL);
    return key ? mem_printf("%s.%s %s", c->row->group, c->row->name, key) : NULL;
}

/* True when the call was answered: with what it was answered before, or with an error in *ret. */
static bool answered_before(struct hub *hub, struct call *c, enum err *ret)
{
    char *key = once_key(c), *result = NULL;
    *ret = ERR_NOT_FOUND;
    if (key)
        *ret = journal_idem_get(hub->journal, c->who, key, clock_wall_us(), &result);
    if (*ret == ERR_OK)
        call_reply_text(c, result, strlen(result));
    free(result);
    free(key);
    return *ret != ERR_NOT_FOUND;
}

/* Answers (takes result), and keeps the answer for the same key. */
static enum err answer_once(struct hub *hub, struct call *c, cJSON *result)
{
    char *key = once_key(c), *text = json_print(result);
    enum err e = ERR_OK;
    if (key)
        e = journal_idem_put(hub->journal, c->who, key, text, clock_wall_us());
    if (e == ERR_OK)
        call_reply_text(c, text, strlen(text));
    free(text);
    free(key);
    cJSON_Delete(result);
    return e;
}

/* --- what the three share ----------------------------------------------------------------------
 */

struct posting {
    struct hub *hub;
    struct call *c;
    struct mail_message m;
    struct mail_identity me;
    char reply_to[MAIL_ID];
    struct mail_post *to;
    size_t count, held;
};

/* The message that reply_to names: one that the caller sent or got. */
static enum err find_replied(struct posting *p)
{
    const char *text = call_string(p->c, "reply_to", NULL);
    return text ? mail_find_own(p->hub, p->c, text, p->reply_to) : ERR_OK;
}

static enum err begin(struct posting *p)
{
    struct call *c = p->c;
    const char *text = call_string(c, "message", "");
    int priority = MAIL_NORMAL;
    double ttl = json_number(c->params, "ttl", 0);
    enum err e = mail_caller(p->hub, c, &p->me);
    if (e == ERR_OK)
        e = mail_check_text(c, "message", text);
    if (e == ERR_OK)
        e = find_replied(p);
    priority_from_name(call_string(c, "priority", "normal"), &priority);
    p->m.grammar = MAIL_COMMS;
    p->m.priority = (enum mail_priority)priority;
    p->m.from_name = p->me.name;
    p->m.body = text;
    p->m.body_n = strlen(text);
    p->m.in_reply_to = p->reply_to;
    p->m.sent_us = clock_wall_us();
    p->m.expires_us = ttl > 0 ? p->m.sent_us + (int64_t)(ttl * 1e6) + 1 : 0;
    return e;
}

static void add(struct posting *p, const struct mail_identity *one, enum mail_role role)
{
    p->to = mem_reallocarray(p->to, p->count + 1, sizeof *p->to);
    struct mail_post *post = &p->to[p->count++];
    *post = (struct mail_post){.role = role, .human = one->human};
    snprintf(post->name, sizeof post->name, "%s", one->name);
}

static enum err post(struct posting *p)
{
    return mail_send(p->hub, p->c, &p->m, p->me.human, p->to, p->count, &p->held);
}

/* {message_id, delivery_count, delivered, queued}, and "paused" when the guard kept some out. */
static enum err answer_counts(struct posting *p)
{
    int64_t delivered = 0, paused = 0;
    cJSON *r = cJSON_CreateObject();
    for (size_t i = 0; i < p->count; i++) {
        delivered += p->to[i].delivered;
        paused += p->to[i].held;
    }
    cJSON_AddStringToObject(r, "message_id", p->m.id);
    if (p->m.channel)
        cJSON_AddStringToObject(r, "channel", p->m.channel);
    json_add_int(r, "delivery_count", (int64_t)p->count - paused);
    json_add_int(r, "delivered", delivered);
    json_add_int(r, "queued", (int64_t)p->count - paused - delivered);
    if (paused)
        json_add_int(r, "paused", paused);
    return answer_once(p->hub, p->c, r);
}

/* --- send ---------------------------------------------------------------------------------------
 */

enum err comms_send(struct hub *hub, struct call *c)
{
    struct posting p = {.hub = hub, .c = c};
    struct mail_identity to;
    enum err e;
    if (answered_before(hub, c, &e))
        return e;
    e = begin(&p);
    if (e == ERR_OK)
        e = mail_recipient(hub, c, call_string(c, "to", ""), &to);
    if (e == ERR_OK) {
        add(&p, &to, MAIL_TO);
        e = post(&p);
    }
    if (e == ERR_OK && p.held) {
        e = mail_answer_paused(c, &p.m, p.to, p.count);
    } else if (e == ERR_OK) {
        cJSON *r = cJSON_CreateObject();
        cJSON_AddStringToObject(r, "message_id", p.m.id);
        cJSON_AddStringToObject(r, "status", p.to->delivered ? "delivered" : "queued");
        cJSON_AddStringToObject(r, "to", call_string(c, "to", ""));
        e = answer_once(hub, c, r);
    }
    free(p.to);
    return e;
}

/* --- broadcast ----------------------------------------------------------------------------------
 */

static void add_if(void *data, const struct mail_identity *one)
{
    struct posting *p = data;
    const cJSON *filter = json_get(p->c->params, "filter");
    const char *group = json_string(filter, "policy_group", NULL);
    const char *pattern = json_string(filter, "name_pattern", NULL);
    if (one->revoked_us || strcmp(one->name, p->me.name) == 0 ||
        (group && strcmp(one->policy_group, group) != 0) ||
        (pattern && !glob_match(pattern, one->name)) || !mail_may_meet(p->hub, p->c, one->name))
        return;
    add(p, one, MAIL_TO);
}

enum err comms_broadcast(struct hub *hub, struct call *c)
{
    struct posting p = {.hub = hub, .c = c};
    enum err e;
    if (answered_before(hub, c, &e))
        return e;
    e = begin(&p);
    if (e == ERR_OK)
        e = journal_identities(hub->journal, add_if, &p);
    if (e == ERR_OK)
        e = post(&p);
    if (e == ERR_OK)
        e = answer_counts(&p);
    free(p.to);
    return e;
}

/* --- publish ------------------------------------------------------------------------------------
 */

static void add_subscriber(void *data, const struct mail_subscription *s)
{
    struct posting *p = data;
    struct mail_identity one;
    if (journal_identity_get(p->hub->journal, s->name, &one) == ERR_OK && !one.revoked_us &&
        mail_may_meet(p->hub, p->c, s->name))
        add(p, &one, MAIL_CHANNEL);
}

enum err comms_publish(struct hub *hub, struct call *c)
{
    struct posting p = {.hub = hub, .c = c};
    enum err e;
    if (answered_before(hub, c, &e))
        return e;
    e = begin(&p);
    p.m.channel = call_string(c, "channel", "");
    if (e == ERR_OK)
        e = mail_check_text(c, "channel", p.m.channel);
    if (e == ERR_OK)
        e = journal_subscriptions(hub->journal, p.m.channel, add_subscriber, &p);
    if (e == ERR_OK)
        e = post(&p);
    if (e == ERR_OK)
        e = answer_counts(&p);
    free(p.to);
    return e;
}
