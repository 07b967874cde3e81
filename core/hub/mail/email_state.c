/* What became of a message for those elsewhere: one document beside it, with a state for each
 * address. sendmail's word changes it, and the reports that come back later. Control's. */
#include "core/base/clock.h"
#include "core/hub/mail/email.h"
#include "core/mail/report.h"

#include <ctype.h>
#include <string.h>

static const char *const names[] = {"queued", "sent", "delayed", "delivered", "bounced"};
_Static_assert(sizeof names / sizeof *names == EMAIL_BOUNCED + 1, "each state has a name");

static enum email_state state_of(const cJSON *entry)
{
    const char *name = json_string(entry, "state", "");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return (enum email_state)i;
    return EMAIL_QUEUED;
}

static cJSON *entry_of(enum email_state state, const char *said)
{
    cJSON *entry = cJSON_CreateObject();
    cJSON_AddStringToObject(entry, "state", names[state]);
    json_add_int(entry, "at", clock_wall_us());
    if (*said)
        json_add_text(entry, "said", said, strlen(said));
    return entry;
}

enum err email_state_begin(struct hub *hub, const char *message_id, const cJSON *addresses)
{
    cJSON *doc = cJSON_CreateObject();
    const cJSON *one;
    cJSON_ArrayForEach(one, addresses)
        cJSON_AddItemToObject(doc, one->valuestring, entry_of(EMAIL_QUEUED, ""));
    enum err e = journal_put(hub->journal, EMAIL_STATE, message_id, doc);
    cJSON_Delete(doc);
    return e;
}

/* Letters' case does not matter: some systems report in small ones. */
static bool same(const char *a, const char *b)
{
    while (*a && tolower((unsigned char)*a) == tolower((unsigned char)*b)) {
        a++;
        b++;
    }
    return !*a && !*b;
}

enum err email_state_set(struct hub *hub, const char *message_id, const char *address,
                         enum email_state state, const char *said)
{
    cJSON *doc = NULL, *next = cJSON_CreateObject();
    const cJSON *entry;
    bool changed = false;
    enum err e = journal_get(hub->journal, EMAIL_STATE, message_id, &doc);
    cJSON_ArrayForEach(entry, doc)
    {
        enum email_state now = state_of(entry);
        bool on = (!address || same(entry->string, address)) && now != EMAIL_DELIVERED &&
                  now != EMAIL_BOUNCED;
        changed = changed || on;
        cJSON_AddItemToObject(next, entry->string,
                              on ? entry_of(state, said) : cJSON_Duplicate(entry, true));
    }
    if (e == ERR_OK && changed)
        e = journal_put(hub->journal, EMAIL_STATE, message_id, next);
    cJSON_Delete(doc);
    cJSON_Delete(next);
    return e == ERR_NOT_FOUND ? ERR_OK : e; /* one from before there were states */
}

struct report {
    struct hub *hub;
    const char *id;
    char from[MAIL_NAME];
    bool ours;
    const struct email_parties *to;
    enum err e;
};

/* Whoever sent the message gets the report; nobody else's mail changes what is said of it. */
static void check_sender(void *data, const struct mail_message *m)
{
    struct report *r = data;
    snprintf(r->from, sizeof r->from, "%s", m->from_name);
    for (size_t i = 0; i < r->to->count; i++)
        r->ours = r->ours || (*r->from && strcmp(r->to->items[i].name, r->from) == 0);
}

static void take(void *data, const struct report_recipient *one)
{
    static const enum email_state states[] = {[REPORT_FAILED] = EMAIL_BOUNCED,
                                              [REPORT_DELAYED] = EMAIL_DELAYED,
                                              [REPORT_DELIVERED] = EMAIL_DELIVERED};
    struct report *r = data;
    if (r->e == ERR_OK)
        r->e = email_state_set(r->hub, r->id, one->address, states[one->action], one->said);
    if (r->e != ERR_OK || one->action != REPORT_FAILED)
        return;
    cJSON *more = cJSON_CreateObject();
    json_add_text(more, "to", one->address, strlen(one->address));
    json_add_text(more, "said", one->said, strlen(one->said));
    r->e = journal_audit(r->hub->journal, "bounced", r->id, r->from, more);
    cJSON_Delete(more);
}

enum err email_state_report(struct hub *hub, const char *message_id, const struct mail *report,
                            const struct email_parties *to)
{
    struct report r = {.hub = hub, .id = message_id, .to = to, .e = ERR_OK};
    enum err e = journal_message_get(hub->journal, message_id, check_sender, &r);
    if (e != ERR_OK || !r.ours)
        return e;
    for (size_t i = 0; i < report->file_count; i++)
        if (strstr(report->files[i].type, "delivery-status"))
            report_each(report->files[i].bytes, report->files[i].n, take, &r);
    return r.e;
}

void email_state_describe(struct hub *hub, const char *message_id, cJSON *o)
{
    /* The message's own status is that of the recipient for whom it stands worst. */
    static const int order[] = {[EMAIL_DELIVERED] = 0,
                                [EMAIL_SENT] = 1,
                                [EMAIL_QUEUED] = 2,
                                [EMAIL_DELAYED] = 3,
                                [EMAIL_BOUNCED] = 4};
    cJSON *doc = NULL;
    const cJSON *entry;
    enum email_state worst = EMAIL_DELIVERED;
    char at[32];
    if (journal_get(hub->journal, EMAIL_STATE, message_id, &doc) != ERR_OK)
        return;
    cJSON *list = cJSON_CreateArray();
    cJSON_ArrayForEach(entry, doc)
    {
        cJSON *one = cJSON_CreateObject();
        const char *said = json_string(entry, "said", NULL);
        enum email_state state = state_of(entry);
        worst = order[state] > order[worst] ? state : worst;
        clock_format(json_int(entry, "at", 0), at, sizeof at);
        cJSON_AddStringToObject(one, "to", entry->string);
        cJSON_AddStringToObject(one, "status", names[state]);
        cJSON_AddStringToObject(one, "at", at);
        if (said)
            cJSON_AddStringToObject(one, "reason", said);
        cJSON_AddItemToArray(list, one);
    }
    cJSON_AddStringToObject(o, "status", names[worst]);
    cJSON_AddItemToObject(o, "recipients", list);
    cJSON_Delete(doc);
}
