/* comms: whom the loop guard (mail_post.c) has paused, and what a person says to it: they go on, or
 * it stays so. Refusing is no more than that: the pair stays paused and waits for nobody's answer;
 * what was held back becomes dead letters, and resume still lets the pair go on. Control, within a
 * batch. */
#include "core/hub/mail/comms.h"
#include "core/base/mem.h"
#include "core/hub/mail/mail.h"

#include <stdlib.h>
#include <string.h>

/* --- who is paused ------------------------------------------------------------------------------
 */

struct listing {
    struct hub *hub;
    const struct call *c;
    cJSON *list;
};

static void list_pair(void *data, const char *key, const cJSON *value)
{
    static const char *const copied[] = {"reason", "count", "paused_at"};
    const struct listing *l = data;
    const char *from = json_string(value, "from", ""), *to = json_string(value, "name", "");
    (void)key;
    if (!json_bool(value, "paused", false) || !mail_may_meet(l->hub, l->c, from) ||
        !mail_may_meet(l->hub, l->c, to))
        return;
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "from", from);
    cJSON_AddStringToObject(o, "to", to);
    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++)
        if (json_get(value, copied[i]))
            cJSON_AddItemToObject(o, copied[i], cJSON_Duplicate(json_get(value, copied[i]), true));
    cJSON_AddStringToObject(o, "state", json_bool(value, "refused", false) ? "refused" : "waiting");
    cJSON_AddItemToArray(l->list, o);
}

struct held {
    const char *from, *to;
    int64_t count;
};

static void count_held(void *data, const struct mail_delivery *d, const struct mail_message *m)
{
    struct held *h = data;
    h->count += strcmp(d->recipient, h->to) == 0 && strcmp(m->from_name, h->from) == 0;
}

enum err comms_paused(struct hub *hub, struct call *c)
{
    const struct listing l = {hub, c, cJSON_CreateArray()};
    enum err e = journal_each(hub->journal, "paused", list_pair, (void *)&l);
    cJSON *one;
    cJSON_ArrayForEach(one, l.list)
    {
        struct held h = {json_string(one, "from", ""), json_string(one, "to", ""), 0};
        if (e == ERR_OK)
            e = journal_held(hub->journal, h.to, count_held, &h);
        json_add_int(one, "held", h.count);
    }
    return call_answer(c, e, l.list);
}

/* --- what a person decides ----------------------------------------------------------------------
 */

struct verdict {
    const char *name; /* whose pairs, as sender or recipient */
    bool refuses;
    cJSON *pairs; /* keys and documents */
    struct mail_delivery *held;
    size_t count;
};

static void gather_pair(void *data, const char *key, const cJSON *value)
{
    struct verdict *r = data;
    if (!json_bool(value, "paused", false) || (r->refuses && json_bool(value, "refused", false)) ||
        (strcmp(json_string(value, "name", ""), r->name) != 0 &&
         strcmp(json_string(value, "from", ""), r->name) != 0))
        return;
    cJSON_AddItemToObject(r->pairs, key, cJSON_Duplicate(value, true));
}

static void gather_held(void *data, const struct mail_delivery *d, const struct mail_message *m)
{
    struct verdict *r = data;
    (void)m;
    r->held = mem_reallocarray(r->held, r->count + 1, sizeof *r->held);
    r->held[r->count] = *d;
    r->held[r->count++].channel = "";
}

/* What was held back is a chain's beginning now, so that its answers go on too. */
static enum err release(struct hub *hub, struct mail_delivery *d)
{
    d->lease_until_us = 0;
    enum err e = journal_delivery_put(hub->journal, d);
    if (e == ERR_OK)
        e = journal_message_hops(hub->journal, d->message_id, "");
    if (e == ERR_OK)
        e = journal_audit(hub->journal, "released", d->message_id, d->recipient, NULL);
    if (e == ERR_OK && mail_attached(hub, d->recipient))
        e = mail_delivered(hub, d);
    mail_wake(hub, d->recipient);
    return e;
}

static enum err settle_pair(struct hub *hub, const struct verdict *r, cJSON *one)
{
    if (r->refuses) {
        cJSON_AddTrueToObject(one, "refused");
    } else {
        cJSON_ReplaceItemInObjectCaseSensitive(one, "paused", cJSON_CreateFalse());
        cJSON_DeleteItemFromObjectCaseSensitive(one, "refused");
        mail_rate_forget(hub, json_string(one, "name", ""));
    }
    return journal_put(hub->journal, "paused", one->string, one);
}

static enum err settle(struct hub *hub, struct call *c, struct verdict *r)
{
    enum err e = ERR_OK;
    cJSON *one;
    cJSON_ArrayForEach(one, r->pairs)
    {
        if (e == ERR_OK)
            e = settle_pair(hub, r, one);
    }
    for (size_t i = 0; e == ERR_OK && i < r->count; i++)
        e = r->refuses ? mail_dead(hub, &r->held[i], "loop") : release(hub, &r->held[i]);
    cJSON *data = cJSON_CreateObject();
    cJSON_AddStringToObject(data, "name", r->name);
    json_add_int(data, "count", cJSON_GetArraySize(r->pairs));
    if (e == ERR_OK && r->pairs->child)
        e = journal_audit(hub->journal, r->refuses ? "refused" : "resumed", "", c->who, data);
    if (e == ERR_OK && r->pairs->child)
        e = control_event(hub, r->refuses ? "loopRefused" : "loopResumed", "", c->who, r->name,
                          data);
    cJSON_Delete(data);
    return e;
}

static enum err decide(struct hub *hub, struct call *c, bool refuses)
{
    struct mail_identity one;
    struct verdict r = {.pairs = cJSON_CreateObject(), .refuses = refuses};
    enum err e = ERR_OK;
    if (c->kind == BATON_AGENT || c->role == ROLE_AGENT) /* else it would let itself go on */
        e = call_fail(c, ERR_DENIED, "%s is an agent; a person decides what goes on", c->who);
    if (e == ERR_OK)
        e = mail_recipient(hub, c, call_string(c, "name", ""), &one);
    r.name = one.name;
    if (e == ERR_OK)
        e = journal_each(hub->journal, "paused", gather_pair, &r);
    if (e == ERR_OK)
        e = journal_held(hub->journal, one.name, gather_held, &r);
    if (e == ERR_OK)
        e = settle(hub, c, &r);
    if (e == ERR_OK) {
        cJSON *result = cJSON_CreateObject();
        cJSON_AddStringToObject(result, "name", one.name);
        json_add_int(result, refuses ? "refused" : "resumed", cJSON_GetArraySize(r.pairs));
        json_add_int(result, refuses ? "dead" : "released", (int64_t)r.count);
        call_reply(c, result);
    }
    cJSON_Delete(r.pairs);
    free(r.held);
    return e;
}

enum err comms_resume(struct hub *hub, struct call *c)
{
    return decide(hub, c, false);
}

enum err comms_refuse(struct hub *hub, struct call *c)
{
    return decide(hub, c, true);
}
