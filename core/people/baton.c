/* The baton's state machine: a row for each event, a function for each row. A handler works on the
 * step's copy of the baton and answers with an outcome; one that refuses has touched nothing. What
 * always holds stands in baton_invariant; above all, all ways to another holder lead through
 * move_to, so that epoch, change record and line cannot fall apart. Pure, any thread. */
#include "core/people/baton.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool name_ok(const char *name)
{
    return name && name[0] != '\0' && strnlen(name, BATON_NAME_MAX) < BATON_NAME_MAX;
}

/* Zeros after the name, so that equal batons are equal bytes. */
static void name_set(char out[BATON_NAME_MAX], const char *name)
{
    size_t n = strlen(name);
    memset(out, 0, BATON_NAME_MAX);
    memcpy(out, name, n);
}

static bool holds(const struct baton *b, const char *who)
{
    return b->state != BATON_FREE && strcmp(b->holder, who) == 0;
}

static bool may_act(const struct baton_event *e)
{
    return e->role == ROLE_AGENT || e->role == ROLE_DRIVER || e->role == ROLE_OWNER;
}

static enum baton_kind kind_of(const struct baton_event *e)
{
    return e->role == ROLE_AGENT ? BATON_AGENT : e->who_kind;
}

static bool is_owner(const struct baton_event *e)
{
    return e->role == ROLE_OWNER && kind_of(e) == BATON_HUMAN;
}

/* A sum that stays at the end of time. */
static int64_t later(int64_t at_us, int64_t span_us)
{
    return span_us > INT64_MAX - (at_us > 0 ? at_us : 0) ? INT64_MAX : at_us + span_us;
}

/* ---- the line ---- */

static void line_remove(struct baton *b, size_t i)
{
    b->request_count--;
    memmove(&b->requests[i], &b->requests[i + 1], (b->request_count - i) * sizeof b->requests[0]);
    memset(&b->requests[b->request_count], 0, sizeof b->requests[0]);
}

/* Takes who out of the line, if it is there. */
static bool line_drop(struct baton *b, const char *who)
{
    size_t place = baton_place(b, who);
    if (place > 0) {
        line_remove(b, place - 1);
    }
    return place > 0;
}

static void line_set_away(struct baton *b, const char *who, bool away)
{
    size_t place = baton_place(b, who);
    if (place > 0) {
        b->requests[place - 1].away = away;
    }
}

/* ---- the holder ---- */

/* Makes `to` the holder; "" makes the baton free. The name may not lie inside the baton. */
static void move_to(struct baton_step *s, const char *to, enum baton_kind kind, int64_t at_us,
                    enum baton_reason reason)
{
    struct baton *b = &s->next;
    s->changed = true;
    name_set(s->change.from, b->holder);
    name_set(s->change.to, to);
    s->change.epoch = ++b->epoch;
    s->change.reason = reason;

    name_set(b->holder, to);
    b->state = to[0] ? BATON_HELD : BATON_FREE;
    b->holder_kind = kind;
    b->since_us = b->last_input_us = at_us;
    b->grace_until_us = 0;
    b->drafting = false;
    line_drop(b, to);
}

/* The holder has it no longer: the first who waits and is present gets it; those before it are
 * dropped. When there is none, the baton is free, for the reason given. */
static void serve_next(struct baton_step *s, int64_t at_us, enum baton_reason reason)
{
    struct baton *b = &s->next;
    while (b->request_count > 0) {
        struct baton_request first = b->requests[0];
        line_remove(b, 0);
        if (!first.away) {
            move_to(s, first.name, first.kind, at_us, BATON_REASON_NEXT_IN_LINE);
            return;
        }
    }
    move_to(s, "", BATON_HUMAN, at_us, reason);
}

/* ---- the events ---- */

typedef enum baton_outcome handler(struct baton_step *s, const struct baton_event *e,
                                   const struct baton_rules *rules);

static enum baton_outcome on_request(struct baton_step *s, const struct baton_event *e,
                                     const struct baton_rules *rules)
{
    struct baton *b = &s->next;
    (void)rules;
    if (holds(b, e->who)) {
        return BATON_GRANTED;
    }
    if (b->state == BATON_FREE) {
        move_to(s, e->who, kind_of(e), e->at_us, BATON_REASON_REQUESTED);
        return BATON_GRANTED;
    }
    if (baton_place(b, e->who) > 0) {
        return BATON_QUEUED;
    }
    if (b->request_count == BATON_REQUESTS_MAX) {
        return BATON_REFUSED_TOO_MANY;
    }
    struct baton_request *last = &b->requests[b->request_count++];
    name_set(last->name, e->who);
    last->kind = kind_of(e);
    last->at_us = e->at_us;
    return BATON_QUEUED;
}

static enum baton_outcome on_pass(struct baton_step *s, const struct baton_event *e,
                                  const struct baton_rules *rules)
{
    (void)rules;
    if (!holds(&s->next, e->who) && !is_owner(e)) {
        return BATON_REFUSED_NOT_HOLDER;
    }
    if (holds(&s->next, e->to)) {
        return BATON_REFUSED_ALREADY_HELD;
    }
    move_to(s, e->to, e->to_kind, e->at_us, BATON_REASON_PASSED);
    return BATON_DONE;
}

static enum baton_outcome on_release(struct baton_step *s, const struct baton_event *e,
                                     const struct baton_rules *rules)
{
    (void)rules;
    if (!holds(&s->next, e->who)) {
        return BATON_REFUSED_NOT_HOLDER;
    }
    serve_next(s, e->at_us, BATON_REASON_RELEASED);
    return BATON_DONE;
}

static enum baton_outcome on_deny(struct baton_step *s, const struct baton_event *e,
                                  const struct baton_rules *rules)
{
    (void)rules;
    if (!holds(&s->next, e->who) && !is_owner(e)) {
        return BATON_REFUSED_NOT_HOLDER;
    }
    return line_drop(&s->next, e->to) ? BATON_DONE : BATON_REFUSED_NO_SUCH_REQUEST;
}

/* May a human who does not hold the baton take it from who does? */
static bool may_take(const struct baton *b, const struct baton_event *e,
                     const struct baton_rules *rules)
{
    return b->holder_kind == BATON_AGENT || is_owner(e) || b->state == BATON_GRACE ||
           e->at_us >= later(b->last_input_us, rules->idle_take_us);
}

static enum baton_outcome on_take(struct baton_step *s, const struct baton_event *e,
                                  const struct baton_rules *rules)
{
    if (kind_of(e) == BATON_AGENT) {
        return BATON_REFUSED_AGENT;
    }
    if (holds(&s->next, e->who)) {
        return BATON_GRANTED;
    }
    bool was_free = s->next.state == BATON_FREE;
    if (!was_free && !may_take(&s->next, e, rules)) {
        return BATON_REFUSED_HOLDER_BUSY;
    }
    move_to(s, e->who, BATON_HUMAN, e->at_us,
            was_free ? BATON_REASON_REQUESTED : BATON_REASON_TAKEN);
    return BATON_GRANTED;
}

static enum baton_outcome on_withdraw(struct baton_step *s, const struct baton_event *e,
                                      const struct baton_rules *rules)
{
    (void)rules;
    return line_drop(&s->next, e->who) ? BATON_DONE : BATON_REFUSED_NO_SUCH_REQUEST;
}

static enum baton_outcome on_input(struct baton_step *s, const struct baton_event *e,
                                   const struct baton_rules *rules)
{
    struct baton *b = &s->next;
    enum baton_outcome outcome = BATON_DONE;
    (void)rules;
    if (b->state != BATON_FREE && !holds(b, e->who)) {
        return BATON_REFUSED_NOT_HOLDER;
    }
    if (e->epoch != 0 && e->epoch != b->epoch) {
        return BATON_REFUSED_STALE_EPOCH;
    }
    if (b->state == BATON_FREE) {
        move_to(s, e->who, kind_of(e), e->at_us, BATON_REASON_REQUESTED);
        outcome = BATON_GRANTED;
    }
    if (e->at_us > b->last_input_us) {
        b->last_input_us = e->at_us;
    }
    if (b->holder_kind == BATON_HUMAN && e->typing != BATON_TYPING_NOTHING) {
        b->drafting = e->typing == BATON_TYPING_TEXT;
    }
    return outcome;
}

static enum baton_outcome on_link_lost(struct baton_step *s, const struct baton_event *e,
                                       const struct baton_rules *rules)
{
    struct baton *b = &s->next;
    if (!holds(b, e->who)) {
        line_set_away(b, e->who, true);
    } else if (b->state == BATON_HELD) { /* losing it again buys no more time */
        b->state = BATON_GRACE;
        b->grace_until_us = later(e->at_us, rules->grace_us);
    }
    return BATON_DONE;
}

static enum baton_outcome on_tick(struct baton_step *s, const struct baton_event *e,
                                  const struct baton_rules *rules)
{
    (void)rules;
    if (s->next.state == BATON_GRACE && e->at_us >= s->next.grace_until_us) {
        serve_next(s, e->at_us, BATON_REASON_GRACE_OVER);
    }
    return BATON_DONE;
}

static enum baton_outcome on_link_back(struct baton_step *s, const struct baton_event *e,
                                       const struct baton_rules *rules)
{
    struct baton *b = &s->next;
    if (!holds(b, e->who)) {
        line_set_away(b, e->who, false);
        return BATON_DONE;
    }
    on_tick(s, e, rules); /* too late? */
    if (b->state == BATON_GRACE) {
        b->state = BATON_HELD;
        b->grace_until_us = 0;
    }
    return BATON_DONE;
}

static enum baton_outcome on_gone(struct baton_step *s, const struct baton_event *e,
                                  const struct baton_rules *rules)
{
    (void)rules;
    if (holds(&s->next, e->who)) {
        serve_next(s, e->at_us, BATON_REASON_REMOVED);
    } else {
        line_drop(&s->next, e->who);
    }
    return BATON_DONE;
}

/* What an event needs before its handler is asked. */
enum needs { WHO = 1, TO = 2, ROLE = 4 /* a role that may do more than look */ };

static const struct {
    const char *name;
    unsigned needs;
    handler *handle;
} rows[] = {
    [BATON_EVENT_REQUEST] = {"request", WHO | ROLE, on_request},
    [BATON_EVENT_PASS] = {"pass", WHO | ROLE | TO, on_pass},
    [BATON_EVENT_RELEASE] = {"release", WHO | ROLE, on_release},
    [BATON_EVENT_DENY] = {"deny", WHO | ROLE | TO, on_deny},
    [BATON_EVENT_TAKE] = {"take", WHO | ROLE, on_take},
    [BATON_EVENT_WITHDRAW] = {"withdraw", WHO | ROLE, on_withdraw},
    [BATON_EVENT_INPUT] = {"input", WHO | ROLE, on_input},
    [BATON_EVENT_LINK_LOST] = {"linkLost", WHO, on_link_lost},
    [BATON_EVENT_LINK_BACK] = {"linkBack", WHO, on_link_back},
    [BATON_EVENT_TICK] = {"tick", 0, on_tick},
    [BATON_EVENT_GONE] = {"gone", WHO, on_gone},
};
_Static_assert(COUNT(rows) == BATON_EVENT_COUNT, "a row an event");

static enum baton_outcome check(const struct baton_event *e)
{
    unsigned needs = rows[e->kind].needs;
    if ((needs & ROLE) && !may_act(e)) {
        return BATON_REFUSED_OBSERVER;
    }
    if (((needs & WHO) && !name_ok(e->who)) || ((needs & TO) && !name_ok(e->to))) {
        return BATON_REFUSED_BAD_NAME;
    }
    return BATON_DONE;
}

struct baton_step baton_next(const struct baton *now, const struct baton_event *event,
                             const struct baton_rules *rules)
{
    struct baton_step s = {.next = *now};
    s.outcome = check(event);
    if (!baton_refused(s.outcome)) {
        s.outcome = rows[event->kind].handle(&s, event, rules);
    }
    return s;
}

/* ---- looking at it ---- */

bool baton_refused(enum baton_outcome outcome)
{
    return outcome >= BATON_REFUSED;
}

size_t baton_place(const struct baton *b, const char *who)
{
    for (size_t i = 0; i < b->request_count; i++) {
        if (strcmp(b->requests[i].name, who) == 0) {
            return i + 1;
        }
    }
    return 0;
}

int64_t baton_due_us(const struct baton *b)
{
    return b->state == BATON_GRACE ? b->grace_until_us : INT64_MAX;
}

/* Each in line has a name, is not the holder and stands there once; nothing is behind the last. */
static bool line_invariant(const struct baton *b)
{
    for (size_t i = 0; i < b->request_count; i++) {
        const struct baton_request *r = &b->requests[i];
        if (!name_ok(r->name) || r->kind >= BATON_KIND_COUNT || holds(b, r->name) ||
            baton_place(b, r->name) != i + 1) {
            return false;
        }
    }
    return b->request_count == BATON_REQUESTS_MAX || b->requests[b->request_count].name[0] == '\0';
}

bool baton_invariant(const struct baton *b)
{
    if (b->state >= BATON_STATE_COUNT || b->holder_kind >= BATON_KIND_COUNT ||
        b->request_count > BATON_REQUESTS_MAX || b->last_input_us < b->since_us ||
        (b->state != BATON_GRACE && b->grace_until_us != 0) ||
        (b->drafting && b->holder_kind != BATON_HUMAN)) {
        return false;
    }
    if (b->state == BATON_FREE) {
        return b->holder[0] == '\0' && b->holder_kind == BATON_HUMAN && !b->drafting &&
               b->request_count == 0;
    }
    return name_ok(b->holder) && b->epoch > 0 && line_invariant(b);
}

static const char *const kind_names[] = {[BATON_HUMAN] = "human", [BATON_AGENT] = "agent"};
_Static_assert(COUNT(kind_names) == BATON_KIND_COUNT, "a name a kind");

static const char *const state_names[] = {
    [BATON_FREE] = "free", [BATON_HELD] = "held", [BATON_GRACE] = "grace"};
_Static_assert(COUNT(state_names) == BATON_STATE_COUNT, "a name a state");

static const char *const outcome_names[] = {
    [BATON_DONE] = "done",
    [BATON_GRANTED] = "granted",
    [BATON_QUEUED] = "queued",
    [BATON_REFUSED_NOT_HOLDER] = "notHolder",
    [BATON_REFUSED_STALE_EPOCH] = "staleEpoch",
    [BATON_REFUSED_OBSERVER] = "observer",
    [BATON_REFUSED_AGENT] = "agentMayNotTake",
    [BATON_REFUSED_ALREADY_HELD] = "alreadyHeld",
    [BATON_REFUSED_HOLDER_BUSY] = "holderBusy",
    [BATON_REFUSED_NO_SUCH_REQUEST] = "noSuchRequest",
    [BATON_REFUSED_TOO_MANY] = "tooMany",
    [BATON_REFUSED_BAD_NAME] = "badName",
};
_Static_assert(COUNT(outcome_names) == BATON_OUTCOME_COUNT, "a name an outcome");

static const char *const reason_names[] = {
    [BATON_REASON_REQUESTED] = "requested",  [BATON_REASON_PASSED] = "passed",
    [BATON_REASON_RELEASED] = "released",    [BATON_REASON_TAKEN] = "taken",
    [BATON_REASON_GRACE_OVER] = "graceOver", [BATON_REASON_NEXT_IN_LINE] = "nextInLine",
    [BATON_REASON_REMOVED] = "removed",
};
_Static_assert(COUNT(reason_names) == BATON_REASON_COUNT, "a name a reason");

static const char *name_at(const char *const *names, size_t count, size_t i)
{
    return i < count ? names[i] : "?";
}

const char *baton_kind_name(enum baton_kind kind)
{
    return name_at(kind_names, COUNT(kind_names), kind);
}

const char *baton_state_name(enum baton_state state)
{
    return name_at(state_names, COUNT(state_names), state);
}

const char *baton_event_name(enum baton_event_kind kind)
{
    return kind < BATON_EVENT_COUNT ? rows[kind].name : "?";
}

const char *baton_outcome_name(enum baton_outcome outcome)
{
    return name_at(outcome_names, COUNT(outcome_names), outcome);
}

const char *baton_reason_name(enum baton_reason reason)
{
    return name_at(reason_names, COUNT(reason_names), reason);
}
