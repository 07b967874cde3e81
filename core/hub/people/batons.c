/* The batons of all shells and sessions; see the header.
 *
 * What always holds: the journal's document is the truth, read and written inside the batch, so a
 * part that is undone takes its change of the baton with it. The registry's copy (holder, epoch)
 * and the stream thread's gate follow after the commit, in the order of the changes, before the
 * answers leave: who reads 'granted' can type.
 *
 * Links. A console is a lasting link: when a member's last one goes, its batons are in grace. A
 * command has none; what it holds it keeps between commands, until nothing has been heard of that
 * member for HOLD_US. Somebody who asks for a held baton is a challenge to the holder: its console
 * asks its terminal for a sign of life (member.alive), and silence counts as a lost link: this is
 * how a machine that sleeps lets go, without a byte sent while nobody asks. */
#include "core/hub/people/batons.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/hub/streams/streams.h"

#include <stdlib.h>
#include <string.h>

#define GRACE_US         (10 * 1000000LL)
#define RESTART_GRACE_US (30 * 1000000LL) /* clients find the new hub first */
#define IDLE_TAKE_US     (300 * 1000000LL)
#define HOLD_US          (300 * 1000000LL)
#define ANSWER_US        (5 * 1000000LL)

struct seen {
    char who[BATON_NAME_MAX];
    int64_t seen_us;      /* the last call */
    int64_t challenge_us; /* when silence ends the link; 0 no challenge */
};

/* --- the document --------------------------------------------------------------------------- */

static enum baton_kind kind_of(const char *name)
{
    return strcmp(name, baton_kind_name(BATON_AGENT)) == 0 ? BATON_AGENT : BATON_HUMAN;
}

static void read_requests(const cJSON *doc, struct baton *b)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, json_get(doc, "requests"))
    {
        if (b->request_count == BATON_REQUESTS_MAX)
            break;
        struct baton_request *r = &b->requests[b->request_count++];
        snprintf(r->name, sizeof r->name, "%s", json_string(one, "member", ""));
        r->kind = kind_of(json_string(one, "kind", ""));
        r->at_us = json_int(one, "since", 0);
        r->away = json_bool(one, "away", false);
    }
}

enum err batons_read(struct hub *hub, const char *id, struct baton *ret_baton)
{
    cJSON *doc = NULL;
    struct baton b = {0};
    enum err e = journal_get(hub->journal, "baton", id, &doc);
    if (e == ERR_OK) {
        const char *state = json_string(doc, "state", "");
        for (int i = 0; i < BATON_STATE_COUNT; i++)
            if (strcmp(state, baton_state_name((enum baton_state)i)) == 0)
                b.state = (enum baton_state)i;
        snprintf(b.holder, sizeof b.holder, "%s", json_string(doc, "holder", ""));
        b.holder_kind = kind_of(json_string(doc, "kind", ""));
        b.epoch = (uint64_t)json_int(doc, "epoch", 0);
        b.since_us = json_int(doc, "since", 0);
        b.last_input_us = json_int(doc, "lastInput", 0);
        b.grace_until_us = json_int(doc, "graceUntil", 0);
        read_requests(doc, &b);
        if (!baton_invariant(&b)) {
            log_error("the baton of %s is damaged; it is free again", id);
            b = (struct baton){.epoch = b.epoch};
        }
    }
    cJSON_Delete(doc);
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return e;
    struct stream_info info;
    if (b.state != BATON_FREE && registry_get(hub->registry, id, &info) &&
        info.input_us > b.last_input_us)
        b.last_input_us = info.input_us; /* keystrokes do not wait for the journal */
    *ret_baton = b;
    return ERR_OK;
}

static cJSON *requests_json(const struct baton *b)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < b->request_count; i++) {
        cJSON *one = cJSON_CreateObject();
        cJSON_AddStringToObject(one, "member", b->requests[i].name);
        cJSON_AddStringToObject(one, "kind", baton_kind_name(b->requests[i].kind));
        json_add_int(one, "since", b->requests[i].at_us);
        cJSON_AddBoolToObject(one, "away", b->requests[i].away);
        cJSON_AddItemToArray(list, one);
    }
    return list;
}

struct told { /* for the stream thread and the registry, after the commit */
    char id[32];
    char holder[BATON_NAME_MAX];
    bool agent;
    uint64_t epoch;
};

static enum err tell_stream(struct hub *hub, void *arg)
{
    const struct told *t = arg;
    struct stream_gate gate = {.agent = t->agent, .epoch = t->epoch};
    memcpy(gate.id, t->id, sizeof gate.id);
    memcpy(gate.holder, t->holder, sizeof gate.holder);
    return streams_gate(hub, &gate);
}

static enum err write_baton(struct hub *hub, const char *id, const struct baton *b)
{
    struct told told = {.agent = b->holder_kind == BATON_AGENT, .epoch = b->epoch};
    cJSON *doc = cJSON_CreateObject();
    cJSON_AddStringToObject(doc, "state", baton_state_name(b->state));
    cJSON_AddStringToObject(doc, "holder", b->holder);
    cJSON_AddStringToObject(doc, "kind", baton_kind_name(b->holder_kind));
    json_add_int(doc, "epoch", (int64_t)b->epoch);
    json_add_int(doc, "since", b->since_us);
    json_add_int(doc, "lastInput", b->last_input_us);
    json_add_int(doc, "graceUntil", b->grace_until_us);
    cJSON_AddItemToObject(doc, "requests", requests_json(b));
    enum err e = journal_put(hub->journal, "baton", id, doc);
    cJSON_Delete(doc);
    if (e != ERR_OK)
        return e;
    snprintf(told.id, sizeof told.id, "%s", id);
    memcpy(told.holder, b->holder, sizeof told.holder);
    control_after_on_stream(hub, tell_stream, mem_dup(&told, sizeof told));
    return ERR_OK;
}

/* --- members that were heard of ------------------------------------------------------------- */

static struct seen *seen_of(struct hub *hub, const char *who, bool add)
{
    for (size_t i = 0; i < hub->seen_count; i++)
        if (strcmp(hub->seen[i].who, who) == 0)
            return &hub->seen[i];
    if (!add)
        return NULL;
    hub->seen = mem_reallocarray(hub->seen, hub->seen_count + 1, sizeof *hub->seen);
    struct seen *s = &hub->seen[hub->seen_count++];
    *s = (struct seen){0};
    snprintf(s->who, sizeof s->who, "%s", who);
    return s;
}

static void forget_seen(struct hub *hub, const char *who)
{
    struct seen *s = seen_of(hub, who, false);
    if (s)
        *s = hub->seen[--hub->seen_count];
}

void batons_finish(struct hub *hub)
{
    free(hub->seen);
    hub->seen = NULL;
}

void batons_alive(struct hub *hub, const char *who)
{
    struct seen *s = seen_of(hub, who, false);
    if (!s)
        return;
    s->seen_us = clock_wall_us();
    s->challenge_us = 0;
}

/* --- events --------------------------------------------------------------------------------- */

static const char *workspace_of(struct hub *hub, const char *id, struct stream_info *info)
{
    if (!registry_get(hub->registry, id, info))
        *info = (struct stream_info){0};
    return info->workspace;
}

static cJSON *event_data(const char *id, const char *note)
{
    cJSON *data = cJSON_CreateObject();
    cJSON_AddStringToObject(data, "target", id);
    if (note && *note)
        json_add_text(data, "note", note, strlen(note));
    return data;
}

static enum err put_event(struct hub *hub, const char *kind, const char *id, const char *who,
                          cJSON *data)
{
    struct stream_info info;
    const char *workspace = workspace_of(hub, id, &info);
    cJSON_AddStringToObject(data, info.thing == THING_SESSION ? "sessionId" : "shellId", id);
    enum err e = control_event(hub, kind, workspace, who, id, data);
    cJSON_Delete(data);
    return e;
}

static enum err tell_change(struct hub *hub, const char *id, const char *by, const char *note,
                            const struct baton_change *change, const char *reason)
{
    struct stream_info info;
    cJSON *data = event_data(id, note);
    cJSON_AddStringToObject(data, "from", change->from);
    cJSON_AddStringToObject(data, "to", change->to);
    json_add_int(data, "epoch", (int64_t)change->epoch);
    cJSON_AddStringToObject(data, "reason", reason);
    cJSON_AddStringToObject(data, "by", by);
    workspace_of(hub, id, &info);
    cJSON_AddBoolToObject(data, "discarded",
                          info.line_open && *change->from && strcmp(change->from, change->to) != 0);
    return put_event(hub, "batonChanged", id, by, data);
}

/* What a member that left the line wanted to type is not kept for a later turn of its. */
static void refuse_queued(struct hub *hub, const char *id, const char *who, const char *reason)
{
    struct stream_refusal refusal = {.reason = reason};
    snprintf(refusal.id, sizeof refusal.id, "%s", id);
    snprintf(refusal.who, sizeof refusal.who, "%s", who);
    control_after_on_stream(hub, streams_refuse_queued, mem_dup(&refusal, sizeof refusal));
}

/* What happened beside a change of holder: somebody got into the line, or out of it, a link. */
static enum err tell_rest(struct hub *hub, const char *id, const struct baton_event *event,
                          const char *note, const struct baton *before,
                          const struct baton_step *step)
{
    const struct baton *next = &step->next;
    cJSON *data;
    if (event->kind == BATON_EVENT_REQUEST && step->outcome == BATON_QUEUED &&
        baton_place(before, event->who) == 0) {
        data = event_data(id, note);
        cJSON_AddStringToObject(data, "by", event->who);
        cJSON_AddStringToObject(data, "kind", baton_kind_name(event->who_kind));
        json_add_int(data, "place", (int64_t)baton_place(next, event->who));
        cJSON_AddStringToObject(data, "holder", next->holder);
        struct seen *s = seen_of(hub, next->holder, true);
        if (s->challenge_us <= event->at_us) /* none, or an old one that typing has answered */
            s->challenge_us = event->at_us + ANSWER_US;
        return put_event(hub, "batonRequested", id, event->who, data);
    }
    if (event->kind == BATON_EVENT_DENY && step->outcome == BATON_DONE) {
        data = event_data(id, NULL);
        cJSON_AddStringToObject(data, "member", event->to);
        cJSON_AddStringToObject(data, "by", event->who);
        cJSON_AddStringToObject(data, "reason", note ? note : "");
        refuse_queued(hub, id, event->to, "the request was denied");
        return put_event(hub, "batonDenied", id, event->who, data);
    }
    if (event->kind == BATON_EVENT_WITHDRAW && step->outcome == BATON_DONE) {
        data = event_data(id, NULL);
        cJSON_AddStringToObject(data, "member", event->who);
        refuse_queued(hub, id, event->who, "the request was withdrawn");
        return put_event(hub, "batonWithdrawn", id, event->who, data);
    }
    if (step->changed || before->state == next->state)
        return ERR_OK;
    if (next->state == BATON_GRACE) {
        data = event_data(id, NULL);
        cJSON_AddStringToObject(data, "holder", next->holder);
        json_add_int(data, "graceUntil", next->grace_until_us / 1000);
        return put_event(hub, "batonLost", id, next->holder, data);
    }
    if (before->state == BATON_GRACE && next->state == BATON_HELD) {
        data = event_data(id, NULL);
        cJSON_AddStringToObject(data, "holder", next->holder);
        return put_event(hub, "batonBack", id, next->holder, data);
    }
    return ERR_OK;
}

/* --- one step --------------------------------------------------------------------------------- */

static bool same_request(const struct baton_request *a, const struct baton_request *b)
{
    return strcmp(a->name, b->name) == 0 && a->at_us == b->at_us && a->kind == b->kind &&
           a->away == b->away;
}

/* INPUT alone (last_input_us, drafting) changes nothing that the journal has to know of. */
static bool worth_writing(const struct baton *a, const struct baton *b)
{
    if (a->state != b->state || a->holder_kind != b->holder_kind ||
        strcmp(a->holder, b->holder) != 0 || a->epoch != b->epoch || a->since_us != b->since_us ||
        a->grace_until_us != b->grace_until_us || a->request_count != b->request_count)
        return true;
    for (size_t i = 0; i < a->request_count; i++)
        if (!same_request(&a->requests[i], &b->requests[i]))
            return true;
    return false;
}

static enum err look_again(struct hub *hub, void *arg)
{
    batons_settled(hub);
    return batons_tick(hub, arg);
}

static enum err take_step(struct hub *hub, const char *id, const struct baton_event *event,
                          const char *note, int64_t grace_us, struct baton_step *ret_step)
{
    const struct baton_rules rules = {.grace_us = grace_us, .idle_take_us = IDLE_TAKE_US};
    struct baton before;
    enum err e = batons_read(hub, id, &before);
    if (e != ERR_OK)
        return e;
    struct baton_step step = baton_next(&before, event, &rules);
    if (!baton_refused(step.outcome) && worth_writing(&before, &step.next)) {
        e = write_baton(hub, id, &step.next);
        if (e == ERR_OK && step.changed)
            e = tell_change(hub, id, event->who ? event->who : "", note, &step.change,
                            baton_reason_name(step.change.reason));
        if (e == ERR_OK)
            e = tell_rest(hub, id, event, note, &before, &step);
        control_after(hub, look_again, NULL);
    }
    if (ret_step)
        *ret_step = step;
    return e;
}

enum err batons_ask(struct hub *hub, const struct call *c, const char *id,
                    const struct baton_ask *ask, struct baton_step *ret_step)
{
    const struct baton_event event = {
        .kind = ask->kind,
        .who = c->who,
        .who_kind = c->kind,
        .role = c->role,
        .to = ask->to,
        .to_kind = ask->to_kind,
        .epoch = ask->epoch,
        .typing = ask->typing,
        .at_us = clock_wall_us(),
    };
    seen_of(hub, c->who, true)->seen_us = event.at_us;
    batons_alive(hub, c->who);
    return take_step(hub, id, &event, ask->note, GRACE_US, ret_step);
}

enum err batons_given_up(struct hub *hub, void *arg)
{
    const struct stream_refusal *r = arg;
    const struct baton_event event = {
        .kind = BATON_EVENT_WITHDRAW, .who = r->who, .role = ROLE_DRIVER, .at_us = clock_wall_us()};
    return take_step(hub, r->id, &event, NULL, GRACE_US, NULL);
}

enum err batons_refuse(struct call *c, const char *id, const struct baton_step *step)
{
    static const struct {
        enum baton_outcome outcome;
        enum err err;
        const char *between, *behind; /* around the holder's name */
    } refusals[] = {
        {BATON_REFUSED_NOT_HOLDER, ERR_NOT_HOLDER, "is driven by ", ""},
        {BATON_REFUSED_STALE_EPOCH, ERR_STALE, "has changed hands: it is driven by ", " now"},
        {BATON_REFUSED_OBSERVER, ERR_DENIED, "is driven by ", ", and you may only look"},
        {BATON_REFUSED_AGENT, ERR_DENIED, "is driven by ",
         ", and agents ask for a baton, they do not take it"},
        {BATON_REFUSED_ALREADY_HELD, ERR_EXISTS, "is driven by ", " already"},
        {BATON_REFUSED_HOLDER_BUSY, ERR_BUSY, "is driven by ",
         ", who is at it: ask for the baton instead"},
        {BATON_REFUSED_NO_SUCH_REQUEST, ERR_NOT_FOUND, "(driven by ",
         ") is not asked for by anybody of that name"},
        {BATON_REFUSED_TOO_MANY, ERR_LIMIT, "is driven by ", ", and too many wait for it"},
        {BATON_REFUSED_BAD_NAME, ERR_INVALID, "is driven by ", "; that is no member's name"},
    };
    _Static_assert(sizeof refusals / sizeof *refusals == BATON_OUTCOME_COUNT - BATON_REFUSED,
                   "every refusal has its sentence");
    const char *holder = *step->next.holder ? step->next.holder : "nobody";
    char sentence[256];
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        if (refusals[i].outcome != step->outcome)
            continue;
        snprintf(sentence, sizeof sentence, "%s %s%s%s", id, refusals[i].between, holder,
                 refusals[i].behind);
        cJSON *data = cJSON_CreateObject();
        cJSON_AddStringToObject(data, "holder", step->next.holder);
        json_add_int(data, "epoch", (int64_t)step->next.epoch);
        call_format_error_with(c, refusals[i].err, sentence, data);
        return refusals[i].err;
    }
    return call_fail(c, ERR_INTERNAL, NULL);
}

/* --- all at once ------------------------------------------------------------------------------ */

struct ids {
    char (*list)[32];
    size_t count;
};

static void add_id(void *data, const char *key, const cJSON *doc)
{
    struct ids *ids = data;
    (void)doc;
    ids->list = mem_reallocarray(ids->list, ids->count + 1, sizeof *ids->list);
    snprintf(ids->list[ids->count++], sizeof *ids->list, "%s", key);
}

/* An event of the hub's own for every baton; baton_next leaves alone what it does not concern. */
static enum err for_all(struct hub *hub, enum baton_event_kind kind, const char *who)
{
    const struct baton_event event = {.kind = kind, .who = who, .at_us = clock_wall_us()};
    struct ids ids = {0};
    enum err e = journal_each(hub->journal, "baton", add_id, &ids);
    for (size_t i = 0; e == ERR_OK && i < ids.count; i++)
        e = take_step(hub, ids.list[i], &event, NULL, GRACE_US, NULL);
    free(ids.list);
    return e;
}

static bool has_lasting_link(const struct hub *hub, const char *who)
{
    for (size_t i = 0; i < hub->peer_count; i++)
        if (hub->peers[i].lasting && strcmp(hub->peers[i].who, who) == 0)
            return true;
    return false;
}

/* Nobody's link matters to a baton but that of its holder and of those in line. */
static bool concerned(struct hub *hub, const char *who)
{
    size_t count;
    bool holds = seen_of(hub, who, false) != NULL;
    struct stream_info *all = registry_all(hub->registry, &count);
    for (size_t i = 0; !holds && i < count; i++)
        holds = strcmp(all[i].holder, who) == 0;
    free(all);
    return holds;
}

enum err batons_linked(struct hub *hub, const char *who)
{
    if (!concerned(hub, who))
        return ERR_OK;
    batons_alive(hub, who);
    return for_all(hub, BATON_EVENT_LINK_BACK, who);
}

enum err batons_unlinked(struct hub *hub, const char *who)
{
    return has_lasting_link(hub, who) || !concerned(hub, who)
               ? ERR_OK
               : for_all(hub, BATON_EVENT_LINK_LOST, who);
}

enum err batons_member_gone(struct hub *hub, const char *who)
{
    forget_seen(hub, who);
    return for_all(hub, BATON_EVENT_GONE, who);
}

/* --- life ------------------------------------------------------------------------------------- */

enum err batons_recover(struct hub *hub, const char *id)
{
    struct baton b;
    enum err e = batons_read(hub, id, &b);
    if (e != ERR_OK)
        return e;
    const int64_t now = clock_wall_us();
    const bool held = b.state != BATON_FREE;
    struct baton_change change = {.epoch = ++b.epoch};
    if (held) {
        memcpy(change.from, b.holder, sizeof change.from);
        memcpy(change.to, b.holder, sizeof change.to);
        b.state = BATON_GRACE; /* its links are gone with the hub; they will be back */
        /* So that their coming back is looked at, also before the registry knows who holds it. */
        seen_of(hub, b.holder, true);
        b.grace_until_us = now + RESTART_GRACE_US;
        b.since_us = b.since_us ? b.since_us : now;
        for (size_t i = 0; i < b.request_count; i++) {
            b.requests[i].away = true;
            seen_of(hub, b.requests[i].name, true);
        }
    }
    e = write_baton(hub, id, &b);
    if (e == ERR_OK && held)
        e = tell_change(hub, id, "", NULL, &change, "restarted");
    control_after(hub, batons_tick, NULL);
    return e;
}

enum err batons_ended(struct hub *hub, const char *id)
{
    return journal_drop(hub->journal, "baton", id);
}

/* --- time ------------------------------------------------------------------------------------- */

static int64_t hold_until(const struct hub *hub, const struct baton *b)
{
    if (b->state != BATON_HELD || has_lasting_link(hub, b->holder))
        return INT64_MAX;
    int64_t last = b->last_input_us > b->since_us ? b->last_input_us : b->since_us;
    for (const struct call *c = hub->parked; c; c = c->next) /* it waits: for an agent, say */
        if (strcmp(c->who, b->holder) == 0)
            return clock_wall_us() + HOLD_US;
    for (size_t i = 0; i < hub->seen_count; i++)
        if (strcmp(hub->seen[i].who, b->holder) == 0 && hub->seen[i].seen_us > last)
            last = hub->seen[i].seen_us;
    return last + HOLD_US;
}

static int64_t challenge_until(const struct hub *hub, const struct baton *b)
{
    if (b->state != BATON_HELD || b->request_count == 0 || !has_lasting_link(hub, b->holder))
        return INT64_MAX; /* a program between two commands has nothing to answer with */
    for (size_t i = 0; i < hub->seen_count; i++) {
        const struct seen *s = &hub->seen[i];
        if (s->challenge_us && strcmp(s->who, b->holder) == 0 &&
            b->last_input_us < s->challenge_us - ANSWER_US)
            return s->challenge_us;
    }
    return INT64_MAX;
}

static enum err tick_one(struct hub *hub, const char *id, int64_t now, int64_t *soonest)
{
    struct baton b;
    enum err e = batons_read(hub, id, &b);
    if (e != ERR_OK)
        return e;
    const int64_t hold = hold_until(hub, &b), challenge = challenge_until(hub, &b);
    struct baton_event event = {.at_us = now};
    if (baton_due_us(&b) <= now)
        event.kind = BATON_EVENT_TICK;
    else if (hold <= now || challenge <= now)
        event.kind = BATON_EVENT_LINK_LOST;
    else
        goto wait;
    event.who = b.holder;
    e = take_step(hub, id, &event, NULL, GRACE_US, NULL);
    if (e == ERR_OK)
        e = batons_read(hub, id, &b);
    if (e != ERR_OK)
        return e;
wait:;
    const int64_t due[] = {baton_due_us(&b), hold_until(hub, &b), challenge_until(hub, &b)};
    for (size_t i = 0; i < sizeof due / sizeof *due; i++)
        if (due[i] > now && due[i] < *soonest)
            *soonest = due[i];
    return ERR_OK;
}

static enum err batons_run(struct hub *hub, void *arg)
{
    struct ids ids = {0};
    const int64_t now = clock_wall_us();
    int64_t soonest = INT64_MAX;
    (void)arg;
    enum err e = journal_each(hub->journal, "baton", add_id, &ids);
    for (size_t i = 0; e == ERR_OK && i < ids.count; i++)
        e = tick_one(hub, ids.list[i], now, &soonest);
    free(ids.list);
    if (e == ERR_OK)
        e = invites_tick(hub, now, &soonest);
    if (soonest == INT64_MAX)
        uv_timer_stop(&hub->baton_timer);
    else
        uv_timer_start(&hub->baton_timer, batons_on_timer,
                       soonest > now ? (uint64_t)((soonest - now) / 1000 + 1) : 1, 0);
    return e;
}

void batons_on_timer(uv_timer_t *timer)
{
    hub_post_control(timer->data, batons_run, NULL);
}

enum err batons_tick(struct hub *hub, void *arg)
{
    (void)arg;
    hub_post_control(hub, batons_run, NULL);
    return ERR_OK;
}
