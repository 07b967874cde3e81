/* comms: dead letters, which are messages that were handed out too often without being done, or
 * that the loop guard held back and a person would not let go on. Everybody sees their own.
 * Control, within a batch. */
#include "core/hub/mail/comms.h"
#include "core/base/clock.h"
#include "core/hub/mail/mail.h"
#include "core/mail/priority.h"

#define ANSWER_MOST (14u * 1024 * 1024) /* bytes of bodies in one answer, but for a single one */

static const char *reason_of(const struct mail_delivery *d)
{
    return d->tries ? "tries" : "loop"; /* what the guard holds was never handed out */
}

struct listing {
    cJSON *list;
    int limit;
    bool more;
};

static void add(void *data, const struct mail_delivery *d, const struct mail_message *m)
{
    struct listing *l = data;
    char at[32];
    if (cJSON_GetArraySize(l->list) == l->limit) {
        l->more = true;
        return;
    }
    cJSON *o = cJSON_CreateObject();
    clock_format(m->sent_us, at, sizeof at);
    cJSON_AddStringToObject(o, "message_id", m->id);
    cJSON_AddStringToObject(o, "from", *m->from_name ? m->from_name : m->from_address);
    json_add_text(o, "message", m->body, m->body_n);
    cJSON_AddStringToObject(o, "priority", priority_name((int)m->priority));
    cJSON_AddStringToObject(o, "sent_at", at);
    if (*m->channel)
        cJSON_AddStringToObject(o, "channel", m->channel);
    else
        cJSON_AddNullToObject(o, "channel");
    json_add_int(o, "tries", d->tries);
    cJSON_AddStringToObject(o, "reason", reason_of(d));
    cJSON_AddItemToArray(l->list, o);
}

enum err comms_dead(struct hub *hub, struct call *c)
{
    struct listing l = {.list = cJSON_CreateArray(), .limit = (int)call_int(c, "limit", 50)};
    enum err e = mail_caller(hub, c, NULL);
    if (e == ERR_OK)
        e = journal_dead(hub->journal, c->who, l.limit + 1, ANSWER_MOST, add, &l);
    if (e != ERR_OK) {
        cJSON_Delete(l.list);
        return e;
    }
    cJSON *r = cJSON_CreateObject();
    cJSON_AddItemToObject(r, "messages", l.list);
    cJSON_AddBoolToObject(r, "more", l.more);
    call_reply(c, r);
    return ERR_OK;
}

enum err comms_requeue(struct hub *hub, struct call *c)
{
    char id[MAIL_ID] = "";
    struct mail_delivery d;
    enum err e = mail_caller(hub, c, NULL);
    if (e == ERR_OK)
        e = mail_find_own(hub, c, call_string(c, "message_id", ""), id);
    if (e == ERR_OK)
        e = journal_delivery_get(hub->journal, id, c->who, &d);
    if (e == ERR_NOT_FOUND || (e == ERR_OK && d.state != MAIL_DEAD))
        return call_fail(c, ERR_NOT_FOUND, "you have no dead letter of that id");
    if (e == ERR_OK && !d.tries && (c->kind == BATON_AGENT || c->role == ROLE_AGENT))
        return call_fail(c, ERR_DENIED, "%s is part of a loop that a person has stopped", id);
    if (e == ERR_OK)
        e = mail_again(hub, &d, c->who);
    if (e == ERR_OK) {
        cJSON *r = cJSON_CreateObject();
        cJSON_AddStringToObject(r, "message_id", id);
        cJSON_AddStringToObject(r, "status", mail_state_name(d.state));
        call_reply(c, r);
    }
    return e;
}
