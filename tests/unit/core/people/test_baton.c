/* The baton, cell by cell: a table of every situation and event for every kind of member, which
 * must be full; and the rules that a table does not show, each by a short story. What holds over a
 * million random steps is in test_baton_property.c. */
#include "core/people/baton.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define SECOND       INT64_C(1000000)

static const struct baton_rules rules = {.grace_us = 10 * SECOND, .idle_take_us = 60 * SECOND};

/* ---- members ---- */

enum member { HOLDER, REQUESTER, OTHER, AGENT, OBSERVER, OWNER, MEMBERS };

static const char *const names[] = {"holder", "requester", "other", "agent", "observer", "owner"};
static const enum role roles[] = {ROLE_DRIVER, ROLE_DRIVER,   ROLE_DRIVER,
                                  ROLE_AGENT,  ROLE_OBSERVER, ROLE_OWNER};
_Static_assert(COUNT(names) == MEMBERS && COUNT(roles) == MEMBERS, "each member is somebody");

#define TARGET "target" /* to whom the table passes */

static struct baton_event event_of(enum baton_event_kind kind, enum member m, int64_t at_us)
{
    return (struct baton_event){.kind = kind,
                                .who = names[m],
                                .who_kind = m == AGENT ? BATON_AGENT : BATON_HUMAN,
                                .role = roles[m],
                                .at_us = at_us};
}

/* Does it, and looks that the outcome is the expected one. */
static struct baton_step do_event(struct baton *b, struct baton_event e, enum baton_outcome outcome)
{
    struct baton_step s = baton_next(b, &e, &rules);
    assert_string_equal(baton_outcome_name(s.outcome), baton_outcome_name(outcome));
    assert_true(baton_invariant(&s.next));
    *b = s.next;
    return s;
}

static struct baton_step act(struct baton *b, enum baton_event_kind kind, enum member m,
                             int64_t at_us, enum baton_outcome outcome)
{
    return do_event(b, event_of(kind, m, at_us), outcome);
}

static struct baton_step act_on(struct baton *b, enum baton_event_kind kind, enum member m,
                                enum member to, int64_t at_us, enum baton_outcome outcome)
{
    struct baton_event e = event_of(kind, m, at_us);
    e.to = names[to];
    e.to_kind = to == AGENT ? BATON_AGENT : BATON_HUMAN;
    return do_event(b, e, outcome);
}

static struct baton_step type(struct baton *b, enum member m, uint64_t epoch,
                              enum baton_typing typing, int64_t at_us, enum baton_outcome outcome)
{
    struct baton_event e = event_of(BATON_EVENT_INPUT, m, at_us);
    e.epoch = epoch;
    e.typing = typing;
    return do_event(b, e, outcome);
}

/* Looks that the step changed the holder, to whom ("" nobody) and why. */
static void assert_change(struct baton_step s, const char *to, enum baton_reason reason)
{
    assert_true(s.changed);
    assert_string_equal(s.change.to, to);
    assert_string_equal(s.next.holder, to);
    assert_int_equal(s.change.epoch, s.next.epoch);
    assert_string_equal(baton_reason_name(s.change.reason), baton_reason_name(reason));
}

/* ---- the table ---- */

/* Where a cell begins. But for FREE the requester waits. LATE is a GRACE that is over, before
 * anybody has sent a TICK. */
enum situation { FREE, BY_HUMAN, BY_AGENT, GRACE, LATE, SITUATIONS };

static struct baton begin(enum situation at)
{
    struct baton b = {0};
    struct baton_event e = event_of(BATON_EVENT_REQUEST, HOLDER, SECOND);
    if (at == BY_AGENT) {
        e.who_kind = BATON_AGENT;
        e.role = ROLE_AGENT;
    }
    do_event(&b, e, BATON_GRANTED);
    if (at == FREE) {
        act(&b, BATON_EVENT_RELEASE, HOLDER, SECOND, BATON_DONE);
        return b;
    }
    act(&b, BATON_EVENT_REQUEST, REQUESTER, SECOND, BATON_QUEUED);
    if (at == GRACE || at == LATE) {
        act(&b, BATON_EVENT_LINK_LOST, HOLDER, SECOND, BATON_DONE);
    }
    return b;
}

/* One word of the table: what comes of the event. */
enum to_whom { NOBODY_NEW, ACTOR, TO, NEXT };
enum line { AS_IT_WAS, JOINED, LEFT, AWAY };
static const struct word {
    const char *word;
    enum baton_outcome outcome;
    enum to_whom holder;
    enum baton_reason reason;
    enum line line;         /* of the actor (JOINED) or the requester; a new holder leaves anyway */
    enum baton_state state; /* FREE: as it was */
} words[] = {
    {"same", BATON_DONE, 0, 0, 0, 0},
    {"types", BATON_DONE, 0, 0, 0, 0},
    {"mine", BATON_GRANTED, 0, 0, 0, 0},
    {"gets", BATON_GRANTED, ACTOR, BATON_REASON_REQUESTED, 0, BATON_HELD},
    {"takes", BATON_GRANTED, ACTOR, BATON_REASON_TAKEN, 0, BATON_HELD},
    {"passes", BATON_DONE, TO, BATON_REASON_PASSED, 0, BATON_HELD},
    {"next", BATON_DONE, NEXT, BATON_REASON_NEXT_IN_LINE, 0, BATON_HELD},
    {"queues", BATON_QUEUED, 0, 0, JOINED, 0},
    {"waits", BATON_QUEUED, 0, 0, 0, 0},
    {"drops", BATON_DONE, 0, 0, LEFT, 0},
    {"away", BATON_DONE, 0, 0, AWAY, 0},
    {"grace", BATON_DONE, 0, 0, 0, BATON_GRACE},
    {"back", BATON_DONE, 0, 0, 0, BATON_HELD},
    {"notHolder", BATON_REFUSED_NOT_HOLDER, 0, 0, 0, 0},
    {"observer", BATON_REFUSED_OBSERVER, 0, 0, 0, 0},
    {"agent", BATON_REFUSED_AGENT, 0, 0, 0, 0},
    {"busy", BATON_REFUSED_HOLDER_BUSY, 0, 0, 0, 0},
    {"noRequest", BATON_REFUSED_NO_SUCH_REQUEST, 0, 0, 0, 0},
};

/* In which situations a row holds. */
#define ONLY(situation) (1u << (situation))
#define IN_FREE         ONLY(FREE)
#define IN_HELD         (ONLY(BY_HUMAN) | ONLY(BY_AGENT))
#define IN_GRACE        (ONLY(GRACE) | ONLY(LATE))
#define IN_BOTH         (IN_HELD | IN_GRACE)

/* The members' words in their order: holder requester other agent observer owner. In FREE the first
 * is who held it last; the second has asked for nothing. PASS is to TARGET, DENY to the requester,
 * INPUT is text under the current epoch. */
static const struct {
    unsigned in;
    enum baton_event_kind kind;
    const char *words;
} table[] = {
    {IN_FREE, BATON_EVENT_REQUEST, "gets gets gets gets observer gets"},
    {IN_FREE, BATON_EVENT_PASS, "notHolder notHolder notHolder notHolder observer passes"},
    {IN_FREE, BATON_EVENT_RELEASE, "notHolder notHolder notHolder notHolder observer notHolder"},
    {IN_FREE, BATON_EVENT_DENY, "notHolder notHolder notHolder notHolder observer noRequest"},
    {IN_FREE, BATON_EVENT_TAKE, "gets gets gets agent observer gets"},
    {IN_FREE, BATON_EVENT_WITHDRAW, "noRequest noRequest noRequest noRequest observer noRequest"},
    {IN_FREE, BATON_EVENT_INPUT, "gets gets gets gets observer gets"},
    {IN_FREE, BATON_EVENT_LINK_LOST, "same same same same same same"},
    {IN_FREE, BATON_EVENT_LINK_BACK, "same same same same same same"},
    {IN_FREE, BATON_EVENT_TICK, "same same same same same same"},
    {IN_FREE, BATON_EVENT_GONE, "same same same same same same"},
    {IN_BOTH, BATON_EVENT_REQUEST, "mine waits queues queues observer queues"},
    {IN_BOTH, BATON_EVENT_PASS, "passes notHolder notHolder notHolder observer passes"},
    {IN_BOTH, BATON_EVENT_RELEASE, "next notHolder notHolder notHolder observer notHolder"},
    {IN_BOTH, BATON_EVENT_DENY, "drops notHolder notHolder notHolder observer drops"},
    {ONLY(BY_HUMAN), BATON_EVENT_TAKE, "mine busy busy agent observer takes"},
    {ONLY(BY_AGENT), BATON_EVENT_TAKE, "agent takes takes agent observer takes"},
    {IN_GRACE, BATON_EVENT_TAKE, "mine takes takes agent observer takes"},
    {IN_BOTH, BATON_EVENT_WITHDRAW, "noRequest drops noRequest noRequest observer noRequest"},
    {IN_BOTH, BATON_EVENT_INPUT, "types notHolder notHolder notHolder observer notHolder"},
    {IN_HELD, BATON_EVENT_LINK_LOST, "grace away same same same same"},
    {IN_GRACE, BATON_EVENT_LINK_LOST, "same away same same same same"},
    {IN_HELD, BATON_EVENT_LINK_BACK, "same same same same same same"},
    {ONLY(GRACE), BATON_EVENT_LINK_BACK, "back same same same same same"},
    {ONLY(LATE), BATON_EVENT_LINK_BACK, "next same same same same same"},
    {IN_HELD | ONLY(GRACE), BATON_EVENT_TICK, "same same same same same same"},
    {ONLY(LATE), BATON_EVENT_TICK, "next next next next next next"},
    {IN_BOTH, BATON_EVENT_GONE, "next drops same same same same"},
};

static const struct word *find_word(const char *text, size_t n)
{
    for (size_t i = 0; i < COUNT(words); i++) {
        if (strlen(words[i].word) == n && memcmp(words[i].word, text, n) == 0) {
            return &words[i];
        }
    }
    return NULL;
}

/* The event of one cell. */
static struct baton_event cell_event(enum situation at, enum baton_event_kind kind, enum member m,
                                     uint64_t epoch)
{
    struct baton_event e = event_of(kind, m, at == LATE ? 20 * SECOND : 2 * SECOND);
    if (at == BY_AGENT && m == HOLDER) {
        e.who_kind = BATON_AGENT;
        e.role = ROLE_AGENT;
    }
    e.to = kind == BATON_EVENT_DENY ? names[REQUESTER] : TARGET;
    e.to_kind = BATON_AGENT;
    e.epoch = epoch;
    e.typing = BATON_TYPING_TEXT;
    return e;
}

/* The baton that a word promises, as far as its holder goes. */
static struct baton promised(const struct baton *before, const struct word *w,
                             const struct baton_event *e)
{
    struct baton b = *before;
    if (w->holder != NOBODY_NEW) {
        const char *to = w->holder == ACTOR ? e->who : w->holder == TO ? e->to : names[REQUESTER];
        snprintf(b.holder, sizeof b.holder, "%s", to);
        b.holder_kind = w->holder == ACTOR ? e->who_kind
                        : w->holder == TO  ? e->to_kind
                                           : BATON_HUMAN;
        b.epoch++;
        b.since_us = b.last_input_us = e->at_us;
        b.drafting = false;
    }
    if (w->state != BATON_FREE) {
        b.state = w->state;
        b.grace_until_us = w->state == BATON_GRACE ? e->at_us + rules.grace_us : 0;
    }
    if (e->kind == BATON_EVENT_INPUT && !baton_refused(w->outcome)) {
        b.last_input_us = e->at_us;
        b.drafting = b.holder_kind == BATON_HUMAN;
    }
    return b;
}

static void check_line(const struct baton *before, const struct baton_step *s, const struct word *w,
                       const struct baton_event *e)
{
    size_t n = 0;
    bool waited = before->request_count > 0;
    if (waited && w->line != LEFT && strcmp(s->next.holder, names[REQUESTER]) != 0) {
        assert_string_equal(s->next.requests[n].name, names[REQUESTER]);
        assert_int_equal(s->next.requests[n].at_us, before->requests[0].at_us);
        assert_int_equal(s->next.requests[n++].away, w->line == AWAY);
    }
    if (w->line == JOINED) {
        assert_string_equal(s->next.requests[n].name, e->who);
        assert_int_equal(s->next.requests[n].kind, e->who_kind);
        assert_int_equal(s->next.requests[n++].at_us, e->at_us);
    }
    assert_int_equal(s->next.request_count, n);
}

static void check_cell(enum situation at, enum baton_event_kind kind, enum member m,
                       const struct word *w)
{
    struct baton before = begin(at);
    struct baton_event e = cell_event(at, kind, m, before.epoch);
    struct baton want = promised(&before, w, &e);
    struct baton_step s = baton_next(&before, &e, &rules);

    assert_true(baton_invariant(&s.next));
    assert_string_equal(baton_outcome_name(s.outcome), baton_outcome_name(w->outcome));
    assert_string_equal(baton_state_name(s.next.state), baton_state_name(want.state));
    assert_string_equal(s.next.holder, want.holder);
    assert_int_equal(s.next.holder_kind, want.holder_kind);
    assert_int_equal(s.next.epoch, want.epoch);
    assert_int_equal(s.next.since_us, want.since_us);
    assert_int_equal(s.next.last_input_us, want.last_input_us);
    assert_int_equal(s.next.grace_until_us, want.grace_until_us);
    assert_int_equal(s.next.drafting, want.drafting);
    check_line(&before, &s, w, &e);

    assert_int_equal(s.changed, w->holder != NOBODY_NEW);
    if (s.changed) {
        assert_string_equal(s.change.from, before.holder);
        assert_change(s, want.holder, w->reason);
    }
}

/* Which cell is being looked at; told when it fails. */
static char cell[128];

static int tell_the_cell(void **state)
{
    (void)state;
    if (cell[0]) {
        print_error("in the cell: %s\n", cell);
    }
    return 0;
}

static bool seen[SITUATIONS][BATON_EVENT_COUNT][MEMBERS];

static void check_row(enum situation at, enum baton_event_kind kind, const char *p)
{
    for (int m = 0; *p; m++) {
        size_t n = strcspn(p, " ");
        snprintf(cell, sizeof cell, "situation %d, %s, member %d: %.*s", (int)at,
                 baton_event_name(kind), m, (int)n, p);
        const struct word *w = find_word(p, n);
        assert_true(w && m < MEMBERS && !seen[at][kind][m]);
        check_cell(at, kind, (enum member)m, w);
        seen[at][kind][m] = true;
        p += n + (p[n] == ' ');
    }
}

static void every_cell_of_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        for (int at = 0; at < SITUATIONS; at++) {
            if (table[i].in & ONLY(at)) {
                check_row((enum situation)at, table[i].kind, table[i].words);
            }
        }
    }
    snprintf(cell, sizeof cell, "one that is missing");
    for (size_t i = 0; i < sizeof seen / sizeof(bool); i++) {
        assert_true((&seen[0][0][0])[i]);
    }
    cell[0] = '\0';
    print_message("%zu cells\n", sizeof seen / sizeof(bool));
}

/* ---- stories ---- */

static void a_lone_user_just_types(void **state)
{
    struct baton b = {0};
    (void)state;
    assert_true(baton_invariant(&b));
    assert_change(type(&b, OTHER, 0, BATON_TYPING_TEXT, 1, BATON_GRANTED), "other",
                  BATON_REASON_REQUESTED);
    /* The next keystroke leaves before the new epoch has come to the client. */
    type(&b, OTHER, 0, BATON_TYPING_TEXT, 2, BATON_DONE);
    type(&b, OTHER, b.epoch, BATON_TYPING_TEXT, 3, BATON_DONE);
    assert_int_equal(b.epoch, 1);
}

static void input_counts_under_the_current_epoch_only(void **state)
{
    (void)state;
    for (int at = 0; at < SITUATIONS; at++) {
        for (uint64_t epoch = 0; epoch < 6; epoch++) {
            for (int m = HOLDER; m <= OTHER; m++) {
                struct baton b = begin((enum situation)at);
                b.epoch = 4;
                struct baton_event e =
                    cell_event((enum situation)at, BATON_EVENT_INPUT, (enum member)m, epoch);
                enum baton_outcome want = epoch != 0 && epoch != 4 ? BATON_REFUSED_STALE_EPOCH
                                          : at == FREE             ? BATON_GRANTED
                                                                   : BATON_DONE;
                do_event(&b, e, at != FREE && m != HOLDER ? BATON_REFUSED_NOT_HOLDER : want);
                assert_int_equal(b.epoch, want == BATON_GRANTED ? 5 : 4);
            }
        }
    }
}

static void a_driver_takes_from_an_idle_human(void **state)
{
    struct baton b = begin(BY_HUMAN);
    int64_t typed = 30 * SECOND, idle = typed + rules.idle_take_us;
    (void)state;
    type(&b, HOLDER, b.epoch, BATON_TYPING_NOTHING, typed, BATON_DONE);
    type(&b, OTHER, b.epoch, BATON_TYPING_TEXT, idle - 5, BATON_REFUSED_NOT_HOLDER);
    type(&b, HOLDER, 77, BATON_TYPING_TEXT, idle - 5, BATON_REFUSED_STALE_EPOCH);
    act(&b, BATON_EVENT_TAKE, OTHER, idle - 1, BATON_REFUSED_HOLDER_BUSY);
    act(&b, BATON_EVENT_TAKE, AGENT, idle, BATON_REFUSED_AGENT);
    assert_change(act(&b, BATON_EVENT_TAKE, OTHER, idle, BATON_GRANTED), "other",
                  BATON_REASON_TAKEN);
    /* The idle time counts from the taking, and who waits still waits. */
    act(&b, BATON_EVENT_TAKE, REQUESTER, idle + 1, BATON_REFUSED_HOLDER_BUSY);
    assert_int_equal(baton_place(&b, "requester"), 1);

    struct baton_rules never = {.grace_us = INT64_MAX, .idle_take_us = INT64_MAX};
    struct baton_event e = event_of(BATON_EVENT_TAKE, REQUESTER, INT64_MAX - 1);
    assert_int_equal(baton_next(&b, &e, &never).outcome, BATON_REFUSED_HOLDER_BUSY);
    e = event_of(BATON_EVENT_LINK_LOST, OTHER, idle);
    assert_true(baton_due_us(&(struct baton){0}) == INT64_MAX);
    b = baton_next(&b, &e, &never).next;
    assert_true(b.state == BATON_GRACE && baton_due_us(&b) == INT64_MAX);
}

static void an_agent_has_no_rights_of_an_owner(void **state)
{
    struct baton b = begin(BY_HUMAN);
    (void)state;
    struct baton_event e = event_of(BATON_EVENT_TAKE, AGENT, 2 * SECOND);
    e.role = ROLE_OWNER;
    do_event(&b, e, BATON_REFUSED_AGENT);
    e.kind = BATON_EVENT_PASS;
    e.to = e.who;
    do_event(&b, e, BATON_REFUSED_NOT_HOLDER);
    e.kind = BATON_EVENT_DENY;
    e.to = "requester";
    do_event(&b, e, BATON_REFUSED_NOT_HOLDER);
    /* A role that nobody knows may only look, and who acts as an agent is one. */
    e = event_of(BATON_EVENT_REQUEST, OTHER, 2 * SECOND);
    e.role = (enum role)0;
    do_event(&b, e, BATON_REFUSED_OBSERVER);
    e.role = ROLE_AGENT;
    do_event(&b, e, BATON_QUEUED);
    assert_int_equal(b.requests[1].kind, BATON_AGENT);
}

static void the_line_is_served_in_order_and_passes_over_who_is_away(void **state)
{
    struct baton b = begin(BY_HUMAN);
    (void)state;
    act(&b, BATON_EVENT_REQUEST, AGENT, 2, BATON_QUEUED);
    act(&b, BATON_EVENT_REQUEST, OTHER, 3, BATON_QUEUED);
    act(&b, BATON_EVENT_REQUEST, OWNER, 4, BATON_QUEUED);
    act(&b, BATON_EVENT_REQUEST, REQUESTER, 5, BATON_QUEUED);
    assert_int_equal(baton_place(&b, "requester"), 1);
    assert_int_equal(baton_place(&b, "owner"), 4);
    assert_int_equal(baton_place(&b, "holder"), 0);

    act(&b, BATON_EVENT_LINK_LOST, REQUESTER, 6, BATON_DONE);
    act(&b, BATON_EVENT_LINK_LOST, AGENT, 6, BATON_DONE);
    act(&b, BATON_EVENT_LINK_LOST, OTHER, 6, BATON_DONE);
    act(&b, BATON_EVENT_LINK_BACK, AGENT, 7, BATON_DONE);
    struct baton_step s = act(&b, BATON_EVENT_RELEASE, HOLDER, 8, BATON_DONE);
    assert_change(s, "agent", BATON_REASON_NEXT_IN_LINE);
    assert_int_equal(b.holder_kind, BATON_AGENT);
    assert_int_equal(baton_place(&b, "other"), 1);
    assert_change(act(&b, BATON_EVENT_GONE, AGENT, 9, BATON_DONE), "owner",
                  BATON_REASON_NEXT_IN_LINE);
    assert_int_equal(b.request_count, 0);
}

static void nobody_waits_and_it_is_free(void **state)
{
    static const struct {
        enum baton_event_kind kind;
        enum baton_reason reason;
    } ends[] = {{BATON_EVENT_RELEASE, BATON_REASON_RELEASED},
                {BATON_EVENT_TICK, BATON_REASON_GRACE_OVER},
                {BATON_EVENT_LINK_BACK, BATON_REASON_GRACE_OVER},
                {BATON_EVENT_GONE, BATON_REASON_REMOVED}};
    (void)state;
    for (size_t i = 0; i < COUNT(ends); i++) {
        struct baton b = begin(LATE);
        act(&b, BATON_EVENT_LINK_LOST, REQUESTER, 2 * SECOND, BATON_DONE);
        act(&b, BATON_EVENT_TICK, HOLDER, baton_due_us(&b) - 1, BATON_DONE);
        assert_int_equal(b.state, BATON_GRACE);
        struct baton_step s = act(&b, ends[i].kind, HOLDER, baton_due_us(&b), BATON_DONE);
        assert_change(s, "", ends[i].reason);
        assert_string_equal(s.change.from, "holder");
        assert_int_equal(b.state, BATON_FREE);
    }
}

static void a_pass_takes_the_new_holder_out_of_the_line(void **state)
{
    struct baton b = begin(BY_HUMAN);
    (void)state;
    act(&b, BATON_EVENT_REQUEST, AGENT, 2, BATON_QUEUED);
    act_on(&b, BATON_EVENT_PASS, HOLDER, HOLDER, 3, BATON_REFUSED_ALREADY_HELD);
    act_on(&b, BATON_EVENT_PASS, OWNER, HOLDER, 3, BATON_REFUSED_ALREADY_HELD);
    assert_change(act_on(&b, BATON_EVENT_PASS, HOLDER, AGENT, 3, BATON_DONE), "agent",
                  BATON_REASON_PASSED);
    assert_int_equal(b.request_count, 1);
    act_on(&b, BATON_EVENT_DENY, AGENT, REQUESTER, 4, BATON_DONE);
    act_on(&b, BATON_EVENT_DENY, AGENT, REQUESTER, 4, BATON_REFUSED_NO_SUCH_REQUEST);
    act(&b, BATON_EVENT_WITHDRAW, REQUESTER, 4, BATON_REFUSED_NO_SUCH_REQUEST);
    assert_change(act_on(&b, BATON_EVENT_PASS, OWNER, OTHER, 5, BATON_DONE), "other",
                  BATON_REASON_PASSED);
}

static void a_human_holder_drafts_until_enter(void **state)
{
    struct baton b = {0};
    (void)state;
    type(&b, OTHER, 0, BATON_TYPING_TEXT, 1, BATON_GRANTED);
    assert_true(b.drafting);
    type(&b, OTHER, 0, BATON_TYPING_NOTHING, 2, BATON_DONE);
    act(&b, BATON_EVENT_LINK_LOST, OTHER, 3, BATON_DONE);
    act(&b, BATON_EVENT_LINK_BACK, OTHER, 4, BATON_DONE);
    assert_true(b.drafting && b.state == BATON_HELD);
    type(&b, OTHER, 0, BATON_TYPING_ENTER, 5, BATON_DONE);
    assert_false(b.drafting);
    type(&b, OTHER, 0, BATON_TYPING_TEXT, 6, BATON_DONE);
    act_on(&b, BATON_EVENT_PASS, OTHER, AGENT, 7, BATON_DONE);
    assert_false(b.drafting);
    type(&b, AGENT, 0, BATON_TYPING_TEXT, 8, BATON_DONE);
    assert_false(b.drafting);
}

static void the_line_has_an_end(void **state)
{
    struct baton b = begin(BY_HUMAN);
    char name[BATON_NAME_MAX];
    struct baton_event e = event_of(BATON_EVENT_REQUEST, OTHER, 2);
    (void)state;
    e.who = name;
    for (int i = 1; i < BATON_REQUESTS_MAX; i++) {
        snprintf(name, sizeof name, "member%d", i);
        do_event(&b, e, BATON_QUEUED);
    }
    act(&b, BATON_EVENT_REQUEST, OWNER, 3, BATON_REFUSED_TOO_MANY);
    act(&b, BATON_EVENT_REQUEST, REQUESTER, 3, BATON_QUEUED);
    act(&b, BATON_EVENT_WITHDRAW, REQUESTER, 3, BATON_DONE);
    act(&b, BATON_EVENT_REQUEST, OWNER, 3, BATON_QUEUED);
    assert_int_equal(baton_place(&b, "owner"), BATON_REQUESTS_MAX);
    assert_string_equal(b.requests[0].name, "member1");
}

static void names_are_bounded(void **state)
{
    char longest[BATON_NAME_MAX + 1];
    struct baton b = {0};
    struct baton_event e = event_of(BATON_EVENT_REQUEST, OTHER, 1);
    (void)state;
    memset(longest, 'x', BATON_NAME_MAX);
    longest[BATON_NAME_MAX] = '\0';
    const char *const bad[] = {NULL, "", longest};
    for (size_t i = 0; i < COUNT(bad); i++) {
        e.who = bad[i];
        do_event(&b, e, BATON_REFUSED_BAD_NAME);
    }
    e.who = longest + 1;
    do_event(&b, e, BATON_GRANTED);
    e.kind = BATON_EVENT_PASS;
    e.to = longest;
    do_event(&b, e, BATON_REFUSED_BAD_NAME);
    assert_string_equal(b.holder, longest + 1);
}

static void the_invariant_sees_what_is_broken(void **state)
{
    struct baton good[] = {begin(FREE), begin(BY_AGENT), begin(GRACE)}, b;
    (void)state;
#define BROKEN(from, change)                                                                       \
    b = good[from];                                                                                \
    assert_true(baton_invariant(&b));                                                              \
    change;                                                                                        \
    assert_false(baton_invariant(&b))
    BROKEN(0, b.holder[0] = 'x');
    BROKEN(0, b.drafting = true);
    BROKEN(0, b.request_count = 1);
    BROKEN(0, b.state = BATON_HELD);
    BROKEN(0, b.state = BATON_STATE_COUNT);
    BROKEN(1, b.holder[0] = '\0');
    BROKEN(1, memset(b.holder, 'x', sizeof b.holder));
    BROKEN(1, b.epoch = 0);
    BROKEN(1, b.drafting = true);
    BROKEN(1, b.grace_until_us = 1);
    BROKEN(1, b.last_input_us = b.since_us - 1);
    BROKEN(1, b.holder_kind = BATON_KIND_COUNT);
    BROKEN(1, b.request_count = BATON_REQUESTS_MAX + 1);
    BROKEN(1, b.request_count = 0);
    BROKEN(1, b.request_count = 2);
    BROKEN(2, b.state = BATON_FREE);
    BROKEN(2, b.state = BATON_HELD);
    BROKEN(2, memcpy(b.requests[0].name, b.holder, sizeof b.holder));
    BROKEN(2, b.requests[b.request_count++] = b.requests[0]);
#undef BROKEN
}

static void every_value_has_a_name_of_its_own(void **state)
{
    (void)state;
#define NAMES(name_of, type, count)                                                                \
    for (int i = 0; i < (int)(count); i++) {                                                       \
        assert_string_not_equal(name_of((enum type)i), "?");                                       \
        for (int j = 0; j < i; j++) {                                                              \
            assert_string_not_equal(name_of((enum type)i), name_of((enum type)j));                 \
        }                                                                                          \
    }                                                                                              \
    assert_string_equal(name_of(count), "?")
    NAMES(baton_kind_name, baton_kind, BATON_KIND_COUNT);
    NAMES(baton_state_name, baton_state, BATON_STATE_COUNT);
    NAMES(baton_event_name, baton_event_kind, BATON_EVENT_COUNT);
    NAMES(baton_outcome_name, baton_outcome, BATON_OUTCOME_COUNT);
    NAMES(baton_reason_name, baton_reason, BATON_REASON_COUNT);
#undef NAMES
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_cell_of_the_table, tell_the_cell),
        cmocka_unit_test(a_lone_user_just_types),
        cmocka_unit_test(input_counts_under_the_current_epoch_only),
        cmocka_unit_test(a_driver_takes_from_an_idle_human),
        cmocka_unit_test(an_agent_has_no_rights_of_an_owner),
        cmocka_unit_test(the_line_is_served_in_order_and_passes_over_who_is_away),
        cmocka_unit_test(nobody_waits_and_it_is_free),
        cmocka_unit_test(a_pass_takes_the_new_holder_out_of_the_line),
        cmocka_unit_test(a_human_holder_drafts_until_enter),
        cmocka_unit_test(the_line_has_an_end),
        cmocka_unit_test(names_are_bounded),
        cmocka_unit_test(the_invariant_sees_what_is_broken),
        cmocka_unit_test(every_value_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
