/* Reading the journal's events: pages of what was missed, and waiting for the next ones. Who is
 * bound to one workspace reads those of it, and those about mail that they sent or got.
 *
 * A filter may fit hardly any of a million events, so a call looks at a bounded piece in each turn
 * of control, parked between them, and others wait for one piece at most. Control. */
#include "core/hub/hub_private.h"
#include "core/base/mem.h"
#include "core/hub/mail/mail.h"
#include "core/hub/policy/policy_gate.h"
#include "core/hub/streams/streams.h"

#include <stdlib.h>
#include <string.h>

#define PIECE       10000 /* events that are looked through in a turn, */
#define PIECE_FOUND 500   /* or so many that fit */
#define WAIT_USUAL  30000 /* milliseconds */

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

static bool is_next(const struct call *c)
{
    return c->row && c->row->handle == events_next;
}

static void give(struct call *c, int64_t head)
{
    struct buf text = {0};
    buf_puts(&text, "{\"events\":[");
    buf_append(&text, c->found.data, c->found.len);
    buf_printf(&text, "],\"head\":%lld}", (long long)head);
    call_reply_text(c, text.data, text.len);
    buf_finish(&text);
}

/* Gives the id of the last one, or `none`. */
static int64_t take_in(struct hub *hub, struct call *c, cJSON *events, int64_t none)
{
    const cJSON *event;
    if (*c->scope)
        leave_out_far(hub, c, events);
    if (*c->scope && !gate_caller_is_human(c))
        leave_out_asked(c, events);
    cJSON_ArrayForEach(event, events)
    {
        char *text = json_print(event);
        if (c->found_count++)
            buf_putc(&c->found, ',');
        buf_puts(&c->found, text);
        free(text);
        none = json_int(event, "id", none);
    }
    return none;
}

/* One piece of the journal from where it looked last. ERR_AGAIN: there is more to look at;
 * ERR_NOT_FOUND: there is nothing yet, and it waits for what comes. */
static enum err look(struct hub *hub, struct call *c)
{
    struct event_filter f = filter_of(c);
    cJSON *events = NULL;
    int64_t head = 0;
    bool cut = false;
    const int left = f.limit - c->found_count;
    f.since = c->looked;
    f.until = c->looked + PIECE;
    f.limit = left < PIECE_FOUND ? left : PIECE_FOUND;
    f.ret_cut = &cut;
    enum err e = journal_events(hub->journal, &f, &events, &head);
    if (e != ERR_OK)
        return call_fail(c, e, NULL);
    const int count = cJSON_GetArraySize(events);
    const int64_t last = take_in(hub, c, events, c->looked);
    cJSON_Delete(events);
    c->looked = count < f.limit && !cut ? f.until : last;
    if (count < left && c->found.len < JOURNAL_PAGE && c->looked < head)
        return ERR_AGAIN;
    if (!c->found_count && is_next(c) && call_int(c, "wait", WAIT_USUAL)) {
        c->looked = head > f.since ? head : f.since; /* what comes now has the next ids */
        return ERR_NOT_FOUND;
    }
    give(c, head);
    return ERR_OK;
}

/* --- pieces -------------------------------------------------------------------------------------
 */

static enum err look_on(struct hub *hub, void *arg);

/* After the commit; the serial. */
static enum err post_look(struct hub *hub, void *arg)
{
    hub_post_control(hub, look_on, mem_dup(arg, sizeof(uint64_t)));
    return ERR_OK;
}

static void seek(struct hub *hub, struct call *c)
{
    c->seeking = true;
    control_after(hub, post_look, mem_dup(&c->serial, sizeof c->serial));
}

/* After the commit of a later batch; the serial. What is seen there is on disk: in a batch that can
 * be undone, numbers could be passed that come again. */
static enum err look_committed(struct hub *hub, void *arg)
{
    struct call *c = control_parked(hub, *(uint64_t *)arg);
    if (!c)
        return ERR_OK;
    c->seeking = false;
    const enum err e = look(hub, c);
    if (e == ERR_AGAIN) {
        c->seeking = true;
        post_look(hub, &c->serial);
    } else if (e != ERR_NOT_FOUND) {
        control_unpark(hub, c);
        call_send(c);
    }
    return ERR_OK;
}

/* Control work; the serial. */
static enum err look_on(struct hub *hub, void *arg)
{
    control_after(hub, look_committed, mem_dup(arg, sizeof(uint64_t)));
    return ERR_OK;
}

static enum err begin(struct hub *hub, struct call *c, int64_t wait_ms)
{
    const int64_t since = call_int(c, "id", 0);
    c->looked = since > 0 ? since : 0;
    const enum err e = look(hub, c);
    if (e != ERR_AGAIN && e != ERR_NOT_FOUND)
        return e;
    control_park(hub, c, wait_ms);
    if (e == ERR_AGAIN)
        seek(hub, c);
    return ERR_OK;
}

enum err events_since(struct hub *hub, struct call *c)
{
    return begin(hub, c, -1);
}

/* Who does not want to wait has the whole journal looked at all the same. */
enum err events_next(struct hub *hub, struct call *c)
{
    const int64_t wait_ms = call_int(c, "wait", WAIT_USUAL);
    return begin(hub, c, wait_ms ? wait_ms : -1);
}

/* Outside of a batch: what is committed is read by a transaction of its own, and goes at once. Each
 * looks at what it has not seen yet; more than a piece of that waits for the next batch. */
void events_wake(struct hub *hub)
{
    for (struct call **at = &hub->parked, *c; (c = *at);) {
        enum err e = !is_next(c) || c->seeking ? ERR_NOT_FOUND : look(hub, c);
        if (e == ERR_AGAIN) {
            c->seeking = true;
            post_look(hub, &c->serial);
        }
        if (e == ERR_AGAIN || e == ERR_NOT_FOUND) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        call_send(c);
    }
}
