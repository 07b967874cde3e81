/* comms: taking messages out of one's inbox, and what became of those that one sent. Control,
 * within a batch. Every caller reads their own inbox, nobody else's. */
#include "core/hub/mail/comms.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/hub/mail/mail.h"
#include "core/mail/priority.h"

#include <stdlib.h>
#include <string.h>

#define ANSWER_MOST                                                                                \
    (14u * 1024 * 1024) /* bytes of bodies in one answer; one alone may have more                  \
                         */

/* --- receive ------------------------------------------------------------------------------------
 */

struct taking {
    struct mail_delivery *list;
    size_t count;
    cJSON *messages;
};

static void add_moment(cJSON *o, const char *key, int64_t us)
{
    char text[32];
    if (!us) {
        cJSON_AddNullToObject(o, key);
        return;
    }
    clock_format(us, text, sizeof text);
    cJSON_AddStringToObject(o, key, text);
}

static void gather(void *data, const struct mail_delivery *d, const struct mail_message *m)
{
    struct taking *t = data;
    cJSON *o = cJSON_CreateObject();
    t->list = mem_reallocarray(t->list, t->count + 1, sizeof *t->list);
    t->list[t->count] = *d;
    t->list[t->count++].channel = "";
    cJSON_AddStringToObject(o, "message_id", m->id);
    cJSON_AddStringToObject(o, "from", *m->from_name ? m->from_name : m->from_address);
    json_add_text(o, "message", m->body, m->body_n);
    cJSON_AddStringToObject(o, "priority", priority_name((int)m->priority));
    add_moment(o, "sent_at", m->sent_us);
    if (*m->channel)
        cJSON_AddStringToObject(o, "channel", m->channel);
    else
        cJSON_AddNullToObject(o, "channel");
    if (*m->in_reply_to)
        cJSON_AddStringToObject(o, "reply_to", m->in_reply_to);
    cJSON_AddItemToArray(t->messages, o);
}

static enum err lease(struct hub *hub, struct call *c, struct mail_delivery *d, double seconds,
                      cJSON *o)
{
    enum err e = mail_read(hub, d, c->who);
    d->lease_until_us = clock_wall_us() + (int64_t)(seconds * 1e6);
    d->tries++;
    snprintf(d->lease_by, sizeof d->lease_by, "%s", c->who);
    json_add_int(o, "tries", d->tries);
    add_moment(o, "lease_until", d->lease_until_us);
    return e == ERR_OK ? journal_delivery_put(hub->journal, d) : e;
}

static enum err take(struct hub *hub, struct call *c, struct taking *t)
{
    const double seconds = json_number(c->params, "lease", 0);
    const bool acknowledge = call_bool(c, "acknowledge", true);
    cJSON *o = t->messages->child;
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < t->count; i++, o = o->next)
        e = seconds > 0   ? lease(hub, c, &t->list[i], seconds, o)
            : acknowledge ? mail_acknowledged(hub, &t->list[i], c->who)
                          : mail_read(hub, &t->list[i], c->who);
    if (e == ERR_OK && seconds > 0 && t->count)
        mail_timer_arm(hub);
    return e;
}

static enum err receive(struct hub *hub, struct call *c, bool even_if_empty)
{
    const char *channel = call_string(c, "channel", NULL);
    struct taking t = {.messages = cJSON_CreateArray()};
    struct mail_count count = {0};
    enum err e = mail_caller(hub, c, NULL);
    if (e == ERR_OK)
        e = journal_pending(hub->journal, c->who, channel, clock_wall_us(),
                            (int)call_int(c, "limit", 10), ANSWER_MOST, gather, &t);
    if (e == ERR_OK && t.count == 0 && !even_if_empty)
        e = ERR_AGAIN;
    if (e == ERR_OK)
        e = take(hub, c, &t);
    if (e == ERR_OK)
        e = journal_inbox_count(hub->journal, c->who, MAIL_COMMS, channel, &count);
    if (e == ERR_OK) {
        cJSON *r = cJSON_CreateObject();
        cJSON_AddItemToObject(r, "messages", t.messages);
        json_add_int(r, "remaining", count.waiting);
        call_reply(c, r);
    } else {
        cJSON_Delete(t.messages);
    }
    free(t.list);
    return e;
}

static enum err look(struct hub *hub, struct call *c)
{
    return receive(hub, c, false);
}

enum err comms_receive(struct hub *hub, struct call *c)
{
    const double wait = json_number(c->params, "wait", 0);
    enum err e = receive(hub, c, wait <= 0);
    if (e != ERR_AGAIN)
        return e;
    mail_await(hub, c, look, (int64_t)(wait * 1000));
    return ERR_OK;
}

/* --- one message --------------------------------------------------------------------------------
 */

struct sender {
    char name[MAIL_NAME];
};

static void keep_sender(void *data, const struct mail_message *m)
{
    struct sender *s = data;
    snprintf(s->name, sizeof s->name, "%s", m->from_name);
}

static enum err unknown(struct call *c)
{
    return call_fail(c, ERR_NOT_FOUND, "you have neither sent nor got a message of that id");
}

enum err mail_find(struct hub *hub, struct call *c, const char *text, char ret_id[MAIL_ID])
{
    const size_t n = strlen(text);
    const bool tail = n >= MAIL_TAIL_LEAST && strspn(text, "0123456789abcdef") == n;
    char safe[80];
    enum err e = tail ? journal_message_tail(hub->journal, text, ret_id)
                      : journal_message_find(hub->journal, text, ret_id);
    if (e != ERR_AMBIGUOUS)
        return e;
    text_make_safe(safe, sizeof safe, text, n);
    return call_fail(c, e, "several messages %s \"%s\": name it by the last letters of its id, %s",
                     tail ? "end with" : "begin with", safe, tail ? "more of them" : "six or so");
}

enum err mail_find_own(struct hub *hub, struct call *c, const char *text, char ret_id[MAIL_ID])
{
    char id[MAIL_ID] = "";
    struct mail_delivery d;
    struct sender s = {""};
    enum err e = mail_find(hub, c, text, id);
    if (e == ERR_OK)
        e = journal_message_get(hub->journal, id, keep_sender, &s);
    if (e == ERR_OK && strcmp(s.name, c->who) != 0)
        e = journal_delivery_get(hub->journal, id, c->who, &d);
    if (e == ERR_NOT_FOUND)
        return unknown(c);
    if (e == ERR_OK)
        memcpy(ret_id, id, sizeof id);
    return e;
}

/* The caller's delivery that the call names. */
static enum err find_delivery(struct hub *hub, struct call *c, struct mail_delivery *ret)
{
    char id[MAIL_ID] = "";
    enum err e = mail_caller(hub, c, NULL);
    if (e == ERR_OK)
        e = mail_find_own(hub, c, call_string(c, "message_id", ""), id);
    if (e == ERR_OK)
        e = journal_delivery_get(hub->journal, id, c->who, ret);
    if (e == ERR_NOT_FOUND || (e == ERR_OK && ret->lease_until_us == MAIL_HELD))
        return unknown(c);
    return e;
}

static enum err answer_status(struct call *c, const struct mail_delivery *d)
{
    cJSON *r = cJSON_CreateObject();
    cJSON_AddStringToObject(r, "message_id", d->message_id);
    /* What was given back waits again, whatever it was before. */
    cJSON_AddStringToObject(r, "status",
                            d->state == MAIL_DELIVERED ? "queued" : mail_state_name(d->state));
    json_add_int(r, "tries", d->tries);
    call_reply(c, r);
    return ERR_OK;
}

static enum err over(struct call *c, const struct mail_delivery *d)
{
    return call_fail(c, ERR_COMMS, "%s is %s already", d->message_id, mail_state_name(d->state));
}

enum err comms_ack(struct hub *hub, struct call *c)
{
    struct mail_delivery d;
    enum err e = find_delivery(hub, c, &d);
    if (e == ERR_OK && (d.state == MAIL_DEAD || d.state == MAIL_EXPIRED))
        return over(c, &d);
    if (e == ERR_OK)
        e = mail_acknowledged(hub, &d, c->who);
    return e == ERR_OK ? answer_status(c, &d) : e;
}

enum err comms_nack(struct hub *hub, struct call *c)
{
    struct mail_delivery d;
    enum err e = find_delivery(hub, c, &d);
    if (e == ERR_OK && d.state > MAIL_DELIVERED)
        return over(c, &d);
    if (e == ERR_OK && !d.lease_until_us)
        return call_fail(c, ERR_COMMS, "%s is under no lease (any more)", d.message_id);
    if (e == ERR_OK)
        e = mail_gave_back(hub, &d, c->who, "tries");
    return e == ERR_OK ? answer_status(c, &d) : e;
}

/* --- receipts -----------------------------------------------------------------------------------
 */

struct receipts {
    const char *only; /* a recipient sees its own; NULL: the sender sees all */
    int64_t sent_us;
    char from[MAIL_NAME];
    cJSON *list;
};

static void keep_message(void *data, const struct mail_message *m)
{
    struct receipts *r = data;
    r->sent_us = m->sent_us;
    snprintf(r->from, sizeof r->from, "%s", m->from_name);
}

static void add_receipt(void *data, const struct mail_delivery *d)
{
    struct receipts *r = data;
    const bool held = d->lease_until_us == MAIL_HELD;
    if (r->only && strcmp(r->only, d->recipient) != 0)
        return;
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "to", d->recipient);
    cJSON_AddStringToObject(o, "status", mail_state_name(d->state));
    add_moment(o, "queued_at", r->sent_us);
    add_moment(o, "delivered_at", d->delivered_us);
    add_moment(o, "read_at", d->read_us);
    add_moment(o, "acknowledged_at", d->acked_us);
    if (d->acked_us)
        cJSON_AddStringToObject(o, "by", d->recipient);
    json_add_int(o, "tries", d->tries);
    if (held)
        cJSON_AddTrueToObject(o, "paused");
    else if (d->lease_until_us)
        add_moment(o, "lease_until", d->lease_until_us);
    cJSON_AddItemToArray(r->list, o);
}

enum err comms_receipts(struct hub *hub, struct call *c)
{
    char id[MAIL_ID] = "";
    struct receipts r = {.list = cJSON_CreateArray()};
    enum err e = mail_caller(hub, c, NULL);
    if (e == ERR_OK)
        e = mail_find_own(hub, c, call_string(c, "message_id", ""), id);
    if (e == ERR_OK)
        e = journal_message_get(hub->journal, id, keep_message, &r);
    r.only = strcmp(r.from, c->who) == 0 ? NULL : c->who;
    if (e == ERR_OK)
        e = journal_deliveries(hub->journal, id, add_receipt, &r);
    if (e != ERR_OK) {
        cJSON_Delete(r.list);
        return e;
    }
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "message_id", id);
    cJSON_AddStringToObject(o, "from", r.from);
    cJSON_AddItemToObject(o, "receipts", r.list);
    call_reply(c, o);
    return ERR_OK;
}
