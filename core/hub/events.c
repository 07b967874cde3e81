/* Reading the journal's events: pages of what was missed, and waiting for the next ones. Who is
 * bound to one workspace reads those of it, and those about mail that they sent or got. Control. */
#include "core/hub/hub_private.h"
#include "core/hub/mail/mail.h"
#include "core/hub/policy/policy_gate.h"
#include "core/hub/streams/streams.h"

#include <string.h>

/* Members of the filter that the caller gave; "" counts as not given. */
static struct event_filter filter_of(const struct call *c)
{
    return (struct event_filter){
        .since = call_int(c, "id", 0),
        .workspace = call_string(c, "workspace", NULL),
        .kind = call_string(c, "kind", NULL),
        .target = call_string(c, "target", NULL),
        .member = *c->scope ? c->who : NULL,
        .limit = (int)call_int(c, "limit", 1000),
    };
}

/* Who is bound to one workspace learns nothing of recipients elsewhere. */
static void leave_out_far(struct hub *hub, const struct call *c, cJSON *events)
{
    cJSON *event;
    cJSON_ArrayForEach(event, events)
    {
        cJSON *to = cJSON_GetObjectItemCaseSensitive(json_get(event, "data"), "to");
        if (!cJSON_IsArray(to) || *json_string(event, "workspace", ""))
            continue;
        for (int i = cJSON_GetArraySize(to); i-- > 0;) {
            const cJSON *one = cJSON_GetArrayItem(to, i);
            if (!cJSON_IsString(one) || !mail_may_meet(hub, c, one->valuestring))
                cJSON_DeleteItemFromArray(to, i);
        }
    }
}

/* Of what others wait to be allowed an agent learns that they wait, as in approval.list; not what
 * they would do. */
static void leave_out_asked(const struct call *c, cJSON *events)
{
    cJSON *event;
    cJSON_ArrayForEach(event, events)
    {
        cJSON *data = cJSON_GetObjectItemCaseSensitive(event, "data");
        if (strncmp(json_string(event, "kind", ""), "approval", 8) != 0 ||
            strcmp(json_string(data, "by", ""), c->who) == 0)
            continue;
        cJSON_DeleteItemFromObjectCaseSensitive(data, "summary");
        cJSON_DeleteItemFromObjectCaseSensitive(data, "reason");
    }
}

static enum err answer(struct hub *hub, struct call *c, bool even_if_empty)
{
    struct event_filter f = filter_of(c);
    if (c->looked > f.since)
        f.since = c->looked;
    cJSON *events = NULL;
    int64_t head = 0;
    enum err e = journal_events(hub->journal, &f, &events, &head);
    if (e != ERR_OK)
        return call_fail(c, e, NULL);
    if (cJSON_GetArraySize(events) == 0 && !even_if_empty) {
        cJSON_Delete(events);
        if (c->parked) /* what a call that runs sees may be undone, and its numbers come again */
            c->looked = head;
        return ERR_AGAIN;
    }
    if (*c->scope)
        leave_out_far(hub, c, events);
    if (*c->scope && !gate_caller_is_human(c))
        leave_out_asked(c, events);
    cJSON *r = cJSON_CreateObject();
    cJSON_AddItemToObject(r, "events", events);
    json_add_int(r, "head", head);
    call_reply(c, r);
    return ERR_OK;
}

enum err events_since(struct hub *hub, struct call *c)
{
    return answer(hub, c, true);
}

enum err events_next(struct hub *hub, struct call *c)
{
    int64_t wait = call_int(c, "wait", 30000);
    enum err e = answer(hub, c, wait == 0);
    if (e != ERR_AGAIN)
        return e;
    control_park(hub, c, wait);
    return ERR_OK;
}

/* Outside of a batch: what is committed is read by a transaction of its own, and goes at once. */
void events_wake(struct hub *hub)
{
    for (struct call **at = &hub->parked, *c; (c = *at);) {
        if (!c->row || c->row->handle != events_next || answer(hub, c, false) == ERR_AGAIN) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        call_send(c);
    }
}
