/* What always holds of a baton, over a million random steps with twelve members of mixed roles: one
 * holder at most; the epoch rises by one with each change of holder and never falls; no input
 * counts under a stale epoch; every request ends in one known way or still waits, in order; nobody
 * present waits for a free baton. A model of its own, which keeps numbers where the baton keeps
 * names, says what each event must bring. BATON_TEST_SEED repeats a run. */
#include "core/people/baton.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#define STEPS   1000000
#define MEMBERS 12
#define NOBODY  (-1)

static const struct baton_rules rules = {.grace_us = 40, .idle_take_us = 60};

static const struct member {
    char name[4];
    enum baton_kind kind;
    enum role role;
} members[] = {
    {"m00", BATON_HUMAN, ROLE_OWNER},    {"m01", BATON_HUMAN, ROLE_OWNER},
    {"m02", BATON_AGENT, ROLE_OWNER},    {"m03", BATON_HUMAN, ROLE_DRIVER},
    {"m04", BATON_HUMAN, ROLE_DRIVER},   {"m05", BATON_HUMAN, ROLE_DRIVER},
    {"m06", BATON_AGENT, ROLE_DRIVER},   {"m07", BATON_AGENT, ROLE_AGENT},
    {"m08", BATON_AGENT, ROLE_AGENT},    {"m09", BATON_AGENT, ROLE_AGENT},
    {"m10", BATON_HUMAN, ROLE_OBSERVER}, {"m11", BATON_AGENT, ROLE_OBSERVER},
};
_Static_assert(sizeof members / sizeof *members == MEMBERS, "twelve members");

/* How a request ends. */
enum end { GRANTED, DENIED, WITHDRAWN, GONE, STAYED_AWAY, ENDS };

struct waiting {
    int member;
    bool away;
    uint64_t ticket;
};

struct model {
    int holder; /* a member or NOBODY */
    bool grace, draft;
    int64_t since, last_input, until, now;
    uint64_t epoch;
    struct waiting line[MEMBERS];
    int count;
    uint64_t tickets, ended[ENDS]; /* requests made, and how they ended */
    uint64_t changes[BATON_REASON_COUNT], outcomes[BATON_OUTCOME_COUNT];
};

/* One random event, in the model's terms. */
struct doing {
    enum baton_event_kind kind;
    int who, to;
    uint64_t epoch;
    enum baton_typing typing;
};

static uint64_t first_seed, random_state;
static long step_now;

/* xorshift64*: good enough, the same everywhere. */
static unsigned chance(unsigned below)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (unsigned)((random_state * UINT64_C(2685821657736338717)) >> 33) % below;
}

#define HOLDS(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fail_msg("BATON_TEST_SEED=%llu, step %ld: %s", (unsigned long long)first_seed,         \
                     step_now, #condition);                                                        \
        }                                                                                          \
    } while (0)

static int number_of(const char *name)
{
    if (name[0] == '\0') {
        return NOBODY;
    }
    int n = (name[1] - '0') * 10 + name[2] - '0';
    HOLDS(n >= 0 && n < MEMBERS && memcmp(name, members[n].name, sizeof members[n].name) == 0);
    return n;
}

static bool human(int m)
{
    return members[m].kind == BATON_HUMAN;
}

static bool owner(int m)
{
    return human(m) && members[m].role == ROLE_OWNER;
}

/* ---- the model ---- */

static int place_of(const struct model *m, int who)
{
    int i = 0;
    while (i < m->count && m->line[i].member != who) {
        i++;
    }
    return i < m->count ? i : NOBODY;
}

static void end_request(struct model *m, int who, enum end how)
{
    int i = place_of(m, who);
    if (i != NOBODY) {
        m->count--;
        memmove(&m->line[i], &m->line[i + 1], (size_t)(m->count - i) * sizeof m->line[0]);
        m->ended[how]++;
    }
}

static void hand_to(struct model *m, int to)
{
    m->holder = to;
    m->grace = m->draft = false;
    m->since = m->last_input = m->now;
    m->epoch++;
    if (to != NOBODY) {
        end_request(m, to, GRANTED);
    }
}

/* The holder loses it; gives the reason that must be named. */
static enum baton_reason lose(struct model *m, enum baton_reason when_free)
{
    while (m->count > 0 && m->line[0].away) {
        end_request(m, m->line[0].member, STAYED_AWAY);
    }
    int next = m->count > 0 ? m->line[0].member : NOBODY;
    hand_to(m, next);
    return next == NOBODY ? when_free : BATON_REASON_NEXT_IN_LINE;
}

static bool over(const struct model *m)
{
    return m->grace && m->now >= m->until;
}

/* What an act of a member who may act must bring; *why when the holder changes. */
static enum baton_outcome model_act(struct model *m, const struct doing *d, enum baton_reason *why)
{
    bool has = m->holder == d->who, is_free = m->holder == NOBODY;
    switch (d->kind) {
    case BATON_EVENT_TAKE:
        if (!human(d->who)) {
            return BATON_REFUSED_AGENT;
        }
        if (!is_free && !has) {
            if (human(m->holder) && !owner(d->who) && !m->grace &&
                m->now - m->last_input < rules.idle_take_us) {
                return BATON_REFUSED_HOLDER_BUSY;
            }
            *why = BATON_REASON_TAKEN;
            hand_to(m, d->who);
            return BATON_GRANTED;
        } /* fall through */
    case BATON_EVENT_REQUEST:
        if (is_free) {
            *why = BATON_REASON_REQUESTED;
            hand_to(m, d->who);
        } else if (!has) {
            if (place_of(m, d->who) == NOBODY) {
                m->line[m->count++] = (struct waiting){d->who, false, ++m->tickets};
            }
            return BATON_QUEUED;
        }
        return BATON_GRANTED;
    case BATON_EVENT_WITHDRAW:
    case BATON_EVENT_DENY: {
        bool deny = d->kind == BATON_EVENT_DENY;
        int whose = deny ? d->to : d->who;
        if (deny && !has && !owner(d->who)) {
            return BATON_REFUSED_NOT_HOLDER;
        }
        if (place_of(m, whose) == NOBODY) {
            return BATON_REFUSED_NO_SUCH_REQUEST;
        }
        end_request(m, whose, deny ? DENIED : WITHDRAWN);
        return BATON_DONE;
    }
    case BATON_EVENT_INPUT:
        if (!has && !is_free) {
            return BATON_REFUSED_NOT_HOLDER;
        }
        if (d->epoch != m->epoch && d->epoch != 0) {
            return BATON_REFUSED_STALE_EPOCH;
        }
        m->last_input = m->now;
        if (is_free) {
            *why = BATON_REASON_REQUESTED;
            hand_to(m, d->who);
        }
        m->draft = human(d->who) && (d->typing == BATON_TYPING_TEXT ||
                                     (d->typing == BATON_TYPING_NOTHING && m->draft));
        return is_free ? BATON_GRANTED : BATON_DONE;
    case BATON_EVENT_PASS:
        if (!has && !owner(d->who)) {
            return BATON_REFUSED_NOT_HOLDER;
        }
        if (d->to == m->holder) {
            return BATON_REFUSED_ALREADY_HELD;
        }
        *why = BATON_REASON_PASSED;
        hand_to(m, d->to);
        return BATON_DONE;
    default: /* RELEASE */
        if (has) {
            *why = lose(m, BATON_REASON_RELEASED);
        }
        return has ? BATON_DONE : BATON_REFUSED_NOT_HOLDER;
    }
}

/* What happens to a member or to time must bring. */
static void model_happen(struct model *m, const struct doing *d, enum baton_reason *why)
{
    bool has = m->holder == d->who;
    int place = place_of(m, d->who);
    if (over(m) && (d->kind == BATON_EVENT_TICK || (has && d->kind == BATON_EVENT_LINK_BACK))) {
        *why = lose(m, BATON_REASON_GRACE_OVER);
    } else if (d->kind == BATON_EVENT_GONE && has) {
        *why = lose(m, BATON_REASON_REMOVED);
    } else if (d->kind == BATON_EVENT_GONE) {
        end_request(m, d->who, GONE);
    } else if (d->kind == BATON_EVENT_LINK_LOST && has && !m->grace) {
        m->grace = true;
        m->until = m->now + rules.grace_us;
    } else if (d->kind == BATON_EVENT_LINK_BACK && has) {
        m->grace = false;
    } else if (place != NOBODY && d->kind != BATON_EVENT_TICK) {
        m->line[place].away = d->kind == BATON_EVENT_LINK_LOST;
    }
}

/* ---- the baton beside it ---- */

static struct doing random_doing(const struct model *m)
{
    /* What ends a hold is rare, or the line never grows; in every other stretch few ask at all, or
     * the baton is never free. */
    static const enum baton_event_kind often[] = {
        BATON_EVENT_INPUT,    BATON_EVENT_INPUT,   BATON_EVENT_INPUT,     BATON_EVENT_RELEASE,
        BATON_EVENT_WITHDRAW, BATON_EVENT_DENY,    BATON_EVENT_LINK_LOST, BATON_EVENT_LINK_BACK,
        BATON_EVENT_TICK,     BATON_EVENT_REQUEST, BATON_EVENT_REQUEST,   BATON_EVENT_REQUEST,
        BATON_EVENT_REQUEST,  BATON_EVENT_REQUEST, BATON_EVENT_REQUEST,
    };
    bool quiet = step_now / 500 % 2 == 0;
    unsigned kinds = sizeof often / sizeof *often - (quiet ? 6 : 0);
    struct doing d = {.kind = often[chance(kinds)],
                      .who = (int)chance(MEMBERS),
                      .to = (int)chance(MEMBERS - 2), /* who may drive */
                      .typing = (enum baton_typing)chance(BATON_TYPING_COUNT)};
    if (chance(4) == 0) {
        d.kind = (enum baton_event_kind)chance(BATON_EVENT_COUNT);
    }
    if (m->holder != NOBODY && chance(4) == 0) {
        d.who = m->holder;
    }
    if (m->count > 0 && chance(2) == 0) {
        d.to = m->line[chance((unsigned)m->count)].member;
    }
    uint64_t off = chance(4); /* the next epoch, this one, older ones */
    d.epoch = chance(3) == 0 ? 0 : chance(3) ? m->epoch : m->epoch + 1 - (off > m->epoch ? 0 : off);
    return d;
}

static struct baton_event event_of(const struct doing *d, int64_t now)
{
    return (struct baton_event){.kind = d->kind,
                                .who = members[d->who].name,
                                .who_kind = members[d->who].kind,
                                .role = members[d->who].role,
                                .to = members[d->to].name,
                                .to_kind = members[d->to].kind,
                                .epoch = d->epoch,
                                .typing = d->typing,
                                .at_us = now};
}

/* Nothing but what the model says; and what must hold whatever the model says. */
static void compare(const struct model *m, const struct baton *before, const struct baton_step *s,
                    const struct doing *d)
{
    const struct baton *b = &s->next;
    int was = number_of(before->holder), is = number_of(b->holder);
    HOLDS(baton_invariant(b));
    HOLDS(b->epoch == before->epoch + (was != is));
    HOLDS(s->changed == (was != is));
    HOLDS(is != NOBODY || b->request_count == 0);
    if (s->changed) {
        HOLDS(number_of(s->change.from) == was && number_of(s->change.to) == is);
        HOLDS(s->change.epoch == b->epoch);
        HOLDS(is == NOBODY || members[is].role != ROLE_OBSERVER);
    }
    if (d->kind == BATON_EVENT_INPUT && !baton_refused(s->outcome)) {
        HOLDS(is == d->who && (was == is || was == NOBODY));
        HOLDS(d->epoch == 0 || d->epoch == before->epoch);
    }

    HOLDS(is == m->holder && b->epoch == m->epoch);
    HOLDS(b->state == (is == NOBODY ? BATON_FREE : m->grace ? BATON_GRACE : BATON_HELD));
    HOLDS(is == NOBODY || b->holder_kind == members[is].kind);
    HOLDS(b->drafting == m->draft);
    HOLDS(b->since_us == m->since && b->last_input_us == m->last_input);
    HOLDS(baton_due_us(b) == (m->grace ? m->until : INT64_MAX));

    uint64_t ended = 0;
    HOLDS(b->request_count == (size_t)m->count);
    for (int i = 0; i < m->count; i++) {
        HOLDS(number_of(b->requests[i].name) == m->line[i].member);
        HOLDS(b->requests[i].away == m->line[i].away);
        HOLDS(i == 0 || m->line[i - 1].ticket < m->line[i].ticket);
    }
    for (int i = 0; i < ENDS; i++) {
        ended += m->ended[i];
    }
    HOLDS(m->tickets == ended + (uint64_t)m->count);
}

/* Asks for all members in turn: at most one may type now without getting it by that. */
static void one_may_type(const struct baton *b, int64_t now)
{
    int can = 0;
    for (int i = 0; i < MEMBERS; i++) {
        struct doing d = {.kind = BATON_EVENT_INPUT, .who = i, .epoch = b->epoch};
        struct baton_event e = event_of(&d, now);
        struct baton_step s = baton_next(b, &e, &rules);
        can += !baton_refused(s.outcome) && !s.changed;
    }
    HOLDS(can == (b->state == BATON_FREE ? 0 : 1));
}

static void take_step(struct model *m, const struct baton *before, struct baton_step *s)
{
    struct doing d = random_doing(m);
    enum baton_outcome want = BATON_DONE;
    enum baton_reason why = BATON_REASON_COUNT;
    m->now += chance(12);
    struct baton_event e = event_of(&d, m->now);
    if (d.kind >= BATON_EVENT_LINK_LOST) {
        model_happen(m, &d, &why);
    } else if (members[d.who].role == ROLE_OBSERVER) {
        want = BATON_REFUSED_OBSERVER;
    } else {
        want = model_act(m, &d, &why);
    }
    *s = baton_next(before, &e, &rules);
    HOLDS(s->outcome == want);
    HOLDS(s->changed ? s->change.reason == why : why == BATON_REASON_COUNT);
    compare(m, before, s, &d);
    m->outcomes[want]++;
    m->changes[s->changed ? s->change.reason : 0] += s->changed;
}

/* How often each came about. A run that never came somewhere has shown nothing about it. */
static void tell(const struct model *m)
{
    static const char *const ends[] = {"granted", "denied", "withdrawn", "gone", "stayed away"};
    print_message("%llu requests, %d wait:", (unsigned long long)m->tickets, m->count);
    for (int i = 0; i < ENDS; i++) {
        print_message(" %s %llu", ends[i], (unsigned long long)m->ended[i]);
        HOLDS(m->ended[i] > 100);
    }
    print_message("\n%llu changes:", (unsigned long long)m->epoch);
    for (int i = 0; i < BATON_REASON_COUNT; i++) {
        print_message(" %s %llu", baton_reason_name((enum baton_reason)i),
                      (unsigned long long)m->changes[i]);
        HOLDS(m->changes[i] > 100);
    }
    print_message("\noutcomes:");
    for (int i = 0; i < BATON_OUTCOME_COUNT; i++) {
        print_message(" %s %llu", baton_outcome_name((enum baton_outcome)i),
                      (unsigned long long)m->outcomes[i]);
        HOLDS(m->outcomes[i] > 100 || i == BATON_REFUSED_TOO_MANY || i == BATON_REFUSED_BAD_NAME);
    }
    print_message("\n");
}

static void a_million_steps(void **state)
{
    static struct baton_step steps[2];
    static struct model m = {.holder = NOBODY};
    const char *seed = getenv("BATON_TEST_SEED");
    (void)state;
    first_seed = seed ? strtoull(seed, NULL, 0) : (uint64_t)time(NULL);
    random_state = first_seed ^ UINT64_C(0x9e3779b97f4a7c15);
    random_state += random_state == 0;
    print_message("BATON_TEST_SEED=%llu\n", (unsigned long long)first_seed);
    for (step_now = 0; step_now < STEPS; step_now++) {
        struct baton_step *s = &steps[step_now & 1];
        take_step(&m, &steps[!(step_now & 1)].next, s);
        if (step_now % 256 == 0) {
            one_may_type(&s->next, m.now);
        }
    }
    tell(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_million_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
