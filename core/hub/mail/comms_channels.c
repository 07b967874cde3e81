/* comms: channels, which are nothing but the subscriptions to their names. Control, within a batch.
 */
#include "core/hub/mail/comms.h"
#include "core/base/mem.h"
#include "core/hub/mail/mail.h"

#include <stdlib.h>
#include <string.h>

#define SUBSCRIPTIONS_MOST 1000 /* of one member: each is looked at by whoever lists channels */

struct counting {
    const char *name;
    int count;
};

static void count_theirs(void *data, const struct mail_subscription *s)
{
    struct counting *n = data;
    n->count += strcmp(s->name, n->name) == 0;
}

enum err comms_subscribe(struct hub *hub, struct call *c)
{
    const char *channel = call_string(c, "channel", "");
    struct mail_identity me;
    struct counting n = {.name = c->who};
    char id[MAIL_ID] = "";
    enum err e = mail_caller(hub, c, &me);
    if (e == ERR_OK)
        e = mail_check_text(c, "channel", channel);
    if (e == ERR_OK)
        e = journal_subscriptions(hub->journal, NULL, count_theirs, &n);
    if (e == ERR_OK && n.count >= SUBSCRIPTIONS_MOST)
        return call_fail(c, ERR_LIMIT, "%d subscriptions are the most; see: baton comms channels",
                         SUBSCRIPTIONS_MOST);
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
    return call_answer(c, e, all.list);
}
