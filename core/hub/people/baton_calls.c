/* The calls of the group baton, and the way of an input that found the baton free. Control. */
#include "core/hub/people/batons.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/hub/people/sharing.h"
#include "core/hub/streams/streams.h"
#include "core/people/role.h"

#include <stdlib.h>
#include <string.h>

static enum err no_target(struct call *c, enum err e, const char *text)
{
    return call_fail(
        c, e,
        "there is no shell \"%s\", and no session; see: baton shell list, baton session "
        "list",
        text);
}

static enum err find_target(struct hub *hub, struct call *c, const char *key, char id[32])
{
    const char *text = call_string(c, key, "");
    struct stream_info info;
    enum err e = registry_resolve_among(hub->registry, THINGS_TARGETS, text, id);
    if (e == ERR_AMBIGUOUS)
        return call_fail(c, e, "several shells or sessions begin with \"%s\"; see: baton status",
                         text);
    if (e == ERR_OK && !registry_get(hub->registry, id, &info))
        e = ERR_NOT_FOUND;
    if (e != ERR_OK)
        return no_target(c, e, text);
    if (info.exited)
        return call_fail(c, ERR_ENDED, "%s has ended", id);
    return ERR_OK;
}

static cJSON *step_json(const char *id, const struct call *c, const struct baton_step *step)
{
    const struct baton *b = &step->next;
    cJSON *r = cJSON_CreateObject();
    cJSON_AddStringToObject(r, "target", id);
    cJSON_AddStringToObject(r, "outcome", baton_outcome_name(step->outcome));
    cJSON_AddStringToObject(r, "holder", b->holder);
    cJSON_AddStringToObject(r, "kind", baton_kind_name(b->holder_kind));
    json_add_int(r, "epoch", (int64_t)b->epoch);
    json_add_int(r, "place", (int64_t)baton_place(b, c->who));
    return r;
}

static enum err ask(struct hub *hub, struct call *c, const struct baton_ask *what)
{
    struct baton_step step;
    char id[32];
    enum err e = find_target(hub, c, "target", id);
    if (e == ERR_OK)
        e = batons_ask(hub, c, id, what, &step);
    if (e != ERR_OK)
        return e;
    if (baton_refused(step.outcome))
        return batons_refuse(c, id, &step);
    call_reply(c, step_json(id, c, &step));
    return ERR_OK;
}

enum err baton_take(struct hub *hub, struct call *c)
{
    return ask(hub, c,
               &(struct baton_ask){.kind = BATON_EVENT_TAKE, .note = call_string(c, "note", NULL)});
}

enum err baton_release(struct hub *hub, struct call *c)
{
    return ask(hub, c, &(struct baton_ask){.kind = BATON_EVENT_RELEASE});
}

enum err baton_withdraw(struct hub *hub, struct call *c)
{
    return ask(hub, c, &(struct baton_ask){.kind = BATON_EVENT_WITHDRAW});
}

/* With `wait` the answer comes when the line moved: batons_settled. */
enum err baton_request(struct hub *hub, struct call *c)
{
    const struct baton_ask what = {.kind = BATON_EVENT_REQUEST,
                                   .note = call_string(c, "note", NULL)};
    struct baton_step step;
    char id[32];
    enum err e = find_target(hub, c, "target", id);
    if (e == ERR_OK)
        e = batons_ask(hub, c, id, &what, &step);
    if (e != ERR_OK)
        return e;
    if (baton_refused(step.outcome))
        return batons_refuse(c, id, &step);
    if (step.outcome == BATON_QUEUED && call_bool(c, "wait", false)) {
        snprintf(c->away_id, sizeof c->away_id, "%s", id);
        control_park(hub, c, (int64_t)(json_number(c->params, "timeout", 30) * 1000));
        return ERR_OK;
    }
    call_reply(c, step_json(id, c, &step));
    return ERR_OK;
}

void batons_settled(struct hub *hub)
{
    for (struct call **at = &hub->parked, *c; (c = *at);) {
        struct baton_step step = {.outcome = BATON_GRANTED};
        if (!c->row || c->row->handle != baton_request || c->parked_now ||
            batons_read(hub, c->away_id, &step.next) != ERR_OK ||
            baton_place(&step.next, c->who) > 0) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        if (strcmp(step.next.holder, c->who) == 0)
            call_reply(c, step_json(c->away_id, c, &step));
        else
            call_fail(c, ERR_NOT_HOLDER, "the request for %s was not granted; %s drives it",
                      c->away_id, *step.next.holder ? step.next.holder : "nobody");
        call_send(c);
    }
}

/* A member that may be given a baton: who waits for it, is attached, is invited to drive, or owns
 * the hub: whoever was lent a baton can always give it back. */
static bool may_hold(struct hub *hub, const struct baton *b, const char *name,
                     const char *workspace, enum baton_kind *ret_kind)
{
    const size_t place = baton_place(b, name);
    if (place > 0) {
        *ret_kind = b->requests[place - 1].kind;
        return true;
    }
    for (size_t i = 0; i < hub->peer_count; i++) {
        const struct peer *p = &hub->peers[i];
        if (strcmp(p->who, name) == 0 && role_may(p->role, ROLE_DRIVER)) {
            *ret_kind = p->member_kind;
            return true;
        }
    }
    *ret_kind = BATON_HUMAN;
    return strcmp(name, hub->user) == 0 || sharing_may_drive(hub, name, workspace) ||
           invites_may_drive(hub, name, workspace, ret_kind);
}

enum err baton_pass(struct hub *hub, struct call *c)
{
    struct baton_ask what = {.kind = BATON_EVENT_PASS,
                             .to = call_string(c, "to", ""),
                             .note = call_string(c, "note", NULL)};
    struct stream_info info = {0};
    struct baton b;
    char id[32];
    enum err e = find_target(hub, c, "target", id);
    if (e == ERR_OK)
        e = batons_read(hub, id, &b);
    if (e != ERR_OK)
        return e;
    registry_get(hub->registry, id, &info);
    if (strcmp(what.to, c->who) != 0 && !may_hold(hub, &b, what.to, info.workspace, &what.to_kind))
        return call_fail(c, ERR_NOT_FOUND,
                         "there is no member \"%s\" here who may drive; see: baton member list",
                         what.to);
    if (strcmp(what.to, c->who) == 0)
        what.to_kind = c->kind;
    return ask(hub, c, &what);
}

enum err baton_deny(struct hub *hub, struct call *c)
{
    struct baton b;
    char id[32], first[BATON_NAME_MAX];
    enum err e = find_target(hub, c, "target", id);
    if (e == ERR_OK)
        e = batons_read(hub, id, &b);
    if (e != ERR_OK)
        return e;
    if (b.request_count == 0)
        return call_fail(c, ERR_NOT_FOUND, "nobody asks for %s", id);
    memcpy(first, b.requests[0].name, sizeof first);
    return ask(hub, c,
               &(struct baton_ask){.kind = BATON_EVENT_DENY,
                                   .to = call_string(c, "member", first),
                                   .note = call_string(c, "reason", NULL)});
}

/* --- looking ---------------------------------------------------------------------------------- */

static cJSON *status_json(struct hub *hub, const struct stream_info *info, const struct call *c)
{
    struct baton b;
    if (batons_read(hub, info->id, &b) != ERR_OK)
        return NULL;
    cJSON *o = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(o, "requests");
    cJSON_AddStringToObject(o, "target", info->id);
    cJSON_AddStringToObject(o, "workspace", info->workspace);
    cJSON_AddStringToObject(o, "state", baton_state_name(b.state));
    cJSON_AddStringToObject(o, "holder", b.holder);
    cJSON_AddStringToObject(o, "kind", baton_kind_name(b.holder_kind));
    json_add_int(o, "epoch", (int64_t)b.epoch);
    json_add_int(o, "since", b.since_us / 1000);
    json_add_int(o, "graceUntil", b.grace_until_us / 1000);
    cJSON_AddBoolToObject(o, "you", strcmp(b.holder, c->who) == 0);
    for (size_t i = 0; i < b.request_count; i++) {
        cJSON *r = cJSON_CreateObject();
        cJSON_AddStringToObject(r, "member", b.requests[i].name);
        cJSON_AddStringToObject(r, "kind", baton_kind_name(b.requests[i].kind));
        json_add_int(r, "since", b.requests[i].at_us / 1000);
        cJSON_AddBoolToObject(r, "away", b.requests[i].away);
        cJSON_AddItemToArray(list, r);
    }
    return o;
}

enum err baton_status(struct hub *hub, struct call *c)
{
    cJSON *list = cJSON_CreateArray();
    char id[32] = "";
    size_t count;
    if (*call_string(c, "target", "")) {
        enum err e = find_target(hub, c, "target", id);
        if (e != ERR_OK) {
            cJSON_Delete(list);
            return e;
        }
    }
    struct stream_info *all = registry_all(hub->registry, &count);
    for (size_t i = 0; i < count; i++)
        if (!all[i].exited && (THINGS_TARGETS & 1u << all[i].thing) &&
            (!*id || strcmp(all[i].id, id) == 0) &&
            (!*c->scope || strcmp(all[i].workspace, c->scope) == 0))
            cJSON_AddItemToArray(list, status_json(hub, &all[i], c));
    free(all);
    call_reply(c, list);
    return ERR_OK;
}

static bool told_in_log(const char *kind)
{
    return strncmp(kind, "baton", 5) == 0 || strncmp(kind, "input", 5) == 0;
}

enum err baton_log(struct hub *hub, struct call *c)
{
    const char *text = call_string(c, "target", "");
    struct event_filter f = {.limit = 1000};
    cJSON *kept = cJSON_CreateArray(), *events = NULL;
    const int limit = (int)call_int(c, "limit", 200);
    char id[32];
    int64_t head = 0;
    enum err e = registry_resolve_among(hub->registry, THINGS_TARGETS, text, id);
    if (e != ERR_OK) {
        cJSON_Delete(kept);
        return no_target(c, e, text);
    }
    f.target = id;
    int page;
    do {
        e = journal_events(hub->journal, &f, &events, &head);
        page = cJSON_GetArraySize(events);
        for (cJSON *one = events ? events->child : NULL, *next; one; one = next) {
            next = one->next;
            f.since = json_int(one, "id", f.since);
            if (told_in_log(json_string(one, "kind", "")))
                cJSON_AddItemToArray(kept, cJSON_DetachItemViaPointer(events, one));
        }
        cJSON_Delete(events);
        events = NULL;
        while (cJSON_GetArraySize(kept) > limit)
            cJSON_DeleteItemFromArray(kept, 0);
    } while (e == ERR_OK && page > 0); /* a page may be short of its limit */
    if (e != ERR_OK) {
        cJSON_Delete(kept);
        return e;
    }
    cJSON *r = cJSON_CreateObject();
    cJSON_AddItemToObject(r, "events", kept);
    call_reply(c, r);
    return ERR_OK;
}

/* --- inputs that found it free ---------------------------------------------------------------- */

/* Back to the stream thread, behind the gate's change. */
static enum err send_back(struct hub *hub, void *arg)
{
    struct call *c = control_parked(hub, *(uint64_t *)arg);
    if (!c)
        return ERR_OK;
    control_unpark(hub, c);
    c->parked = false;
    c->detour = NULL;
    c->granted = true;
    inbox_put(&hub->stream_in, c, false);
    return ERR_OK;
}

enum err batons_input(struct hub *hub, struct call *c)
{
    struct baton_step step;
    struct baton b;
    struct baton_ask what = {.kind = BATON_EVENT_INPUT, .epoch = (uint64_t)call_int(c, "epoch", 0)};
    char id[32];
    memcpy(id, c->away_id, sizeof id);
    c->parked = false;
    enum err e = batons_read(hub, id, &b);
    if (e == ERR_OK && call_bool(c, "queue", false) && b.state != BATON_FREE &&
        strcmp(b.holder, c->who) != 0)
        what.kind = BATON_EVENT_REQUEST;
    if (e == ERR_OK)
        e = batons_ask(hub, c, id, &what, &step);
    if (e != ERR_OK)
        return call_fail(c, e, NULL);
    if (baton_refused(step.outcome))
        return batons_refuse(c, id, &step);
    c->asked = step.outcome == BATON_QUEUED && baton_place(&b, c->who) == 0;
    const uint64_t serial = control_park(hub, c, -1);
    control_after(hub, send_back, mem_dup(&serial, sizeof serial));
    return ERR_OK;
}
