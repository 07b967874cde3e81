/* comms: channels, which are nothing but the subscriptions to their names; and letting those go on
 * whom the loop guard has paused. Control, within a batch. */
#include "core/hub/comms.h"
#include "core/base/mem.h"
#include "core/hub/mail.h"

#include <stdlib.h>
#include <string.h>

enum err comms_subscribe(struct hub *hub, struct call *c)
{
    const char *channel = call_string(c, "channel", "");
    struct mail_identity me;
    char id[MAIL_ID] = "";
    enum err e = mail_caller(hub, c, &me);
    if (e == ERR_OK)
        e = mail_check_text(c, "channel", channel);
    if (e == ERR_OK)
        e = journal_subscribe(hub->journal, channel, me.name, id);
    if (e != ERR_OK)
        return e;
    cJSON *r = cJSON_CreateObject();
    cJSON_AddStringToObject(r, "subscription_id", id);
    cJSON_AddStringToObject(r, "channel", channel);
    call_reply(c, r);
    return ERR_OK;
}

struct channels {
    struct hub *hub;
    const struct call *c;
    cJSON *list, *last; /* what is told; the channel at hand */
    const char *wanted; /* a subscription's id; NULL: all channels */
    char *channel;      /* the wanted one's; owned */
};

static void find_wanted(void *data, const struct mail_subscription *s)
{
    struct channels *all = data;
    if (strcmp(s->id, all->wanted) == 0 && strcmp(s->name, all->c->who) == 0 && !all->channel)
        all->channel = mem_strdup(s->channel);
}

enum err comms_unsubscribe(struct hub *hub, struct call *c)
{
    struct channels all = {.hub = hub, .c = c, .wanted = call_string(c, "subscription_id", "")};
    enum err e = mail_caller(hub, c, NULL);
    if (e == ERR_OK)
        e = journal_subscriptions(hub->journal, NULL, find_wanted, &all);
    if (e == ERR_OK && !all.channel)
        e = call_fail(c, ERR_NOT_FOUND, "you have no subscription of that id");
    if (e == ERR_OK)
        e = journal_unsubscribe(hub->journal, all.wanted);
    if (e == ERR_OK) {
        cJSON *r = cJSON_CreateObject();
        cJSON_AddStringToObject(r, "subscription_id", all.wanted);
        cJSON_AddStringToObject(r, "channel", all.channel);
        call_reply(c, r);
    }
    free(all.channel);
    return e;
}

static void add_channel(void *data, const struct mail_subscription *s)
{
    struct channels *all = data;
    if (!mail_may_meet(all->hub, all->c, s->name))
        return;
    if (!all->last || strcmp(json_string(all->last, "channel", ""), s->channel) != 0) {
        all->last = cJSON_CreateObject();
        cJSON_AddStringToObject(all->last, "channel", s->channel);
        json_add_int(all->last, "subscribers", 0);
        cJSON_AddNullToObject(all->last, "subscription_id");
        cJSON_AddItemToArray(all->list, all->last);
    }
    cJSON *n = cJSON_GetObjectItemCaseSensitive(all->last, "subscribers");
    cJSON_SetNumberValue(n, n->valuedouble + 1);
    if (strcmp(s->name, all->c->who) == 0)
        cJSON_ReplaceItemInObjectCaseSensitive(all->last, "subscription_id",
                                               cJSON_CreateString(s->id));
}

enum err comms_channels(struct hub *hub, struct call *c)
{
    struct channels all = {.hub = hub, .c = c, .list = cJSON_CreateArray()};
    enum err e = mail_caller(hub, c, NULL);
    if (e == ERR_OK)
        e = journal_subscriptions(hub->journal, NULL, add_channel, &all);
    if (e == ERR_OK)
        call_reply(c, all.list);
    else
        cJSON_Delete(all.list);
    return e;
}

/* --- resume -------------------------------------------------------------------------------------
 */

struct resume {
    const char *name;
    cJSON *pairs; /* keys and documents */
    struct mail_delivery *held;
    size_t count;
};

static void gather_pair(void *data, const char *key, const cJSON *value)
{
    struct resume *r = data;
    if (!json_bool(value, "paused", false) || (strcmp(json_string(value, "name", ""), r->name) &&
                                               strcmp(json_string(value, "from", ""), r->name)))
        return;
    cJSON_AddItemToObject(r->pairs, key, cJSON_Duplicate(value, true));
}

static void gather_held(void *data, const struct mail_delivery *d, const struct mail_message *m)
{
    struct resume *r = data;
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

static enum err go_on(struct hub *hub, struct call *c, struct resume *r)
{
    enum err e = ERR_OK;
    cJSON *one;
    cJSON_ArrayForEach(one, r->pairs)
    {
        cJSON_ReplaceItemInObjectCaseSensitive(one, "paused", cJSON_CreateFalse());
        mail_rate_forget(hub, json_string(one, "name", ""));
        if (e == ERR_OK)
            e = journal_put(hub->journal, "paused", one->string, one);
    }
    for (size_t i = 0; e == ERR_OK && i < r->count; i++)
        e = release(hub, &r->held[i]);
    cJSON *data = cJSON_CreateObject();
    cJSON_AddStringToObject(data, "name", r->name);
    json_add_int(data, "count", cJSON_GetArraySize(r->pairs));
    if (e == ERR_OK && r->pairs->child)
        e = control_event(hub, "loopResumed", "", c->who, r->name, data);
    cJSON_Delete(data);
    return e;
}

enum err comms_resume(struct hub *hub, struct call *c)
{
    struct mail_identity one;
    struct resume r = {.pairs = cJSON_CreateObject()};
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
        e = go_on(hub, c, &r);
    if (e == ERR_OK) {
        cJSON *result = cJSON_CreateObject();
        cJSON_AddStringToObject(result, "name", one.name);
        json_add_int(result, "resumed", cJSON_GetArraySize(r.pairs));
        json_add_int(result, "released", (int64_t)r.count);
        call_reply(c, result);
    }
    cJSON_Delete(r.pairs);
    free(r.held);
    return e;
}
