/* The baton of one shell or session: who drives it now, who waits for it, and what may be done
 * about that. A pure function from a baton and an event to the next baton; plain values, no I/O, no
 * clock (the time comes with the event), nothing allocated. The hub keeps one for each shell and
 * session, asks it before anything is carried out, and makes an event of each change it reports.
 * Any thread.
 *
 *   FREE ── request, take, input, an owner's pass ──> HELD ── its last link is gone ──> GRACE
 *     ^                                                | ^                               | |
 *     └── release, removal, and nobody present waits ──┘ └── its link is back in time ───┘ |
 *     └── the grace is over, and nobody present waits ─────────────────────────────────────┘
 *
 * From HELD and GRACE it also goes straight to another holder: passed, taken, or to the first in
 * line who is present. Hence nobody ever waits for a FREE baton. */
#ifndef BATON_PEOPLE_BATON_H
#define BATON_PEOPLE_BATON_H

#include "core/catalogue/catalogue.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BATON_NAME_MAX     64 /* bytes of a member's name with its NUL */
#define BATON_REQUESTS_MAX 64 /* members in line */

/* What a member is. Whoever acts in ROLE_AGENT is an agent, whatever kind the event names. */
enum baton_kind { BATON_HUMAN, BATON_AGENT, BATON_KIND_COUNT };

enum baton_state {
    BATON_FREE,  /* nobody has it; the next who asks or types gets it */
    BATON_HELD,  /* one member has it */
    BATON_GRACE, /* the same, but no link of that member is left; it is kept until grace_until_us */
    BATON_STATE_COUNT
};

/* A member in line. */
struct baton_request {
    char name[BATON_NAME_MAX];
    int64_t at_us; /* when it asked first; asking again changes nothing */
    enum baton_kind kind;
    bool away; /* no link of it is left: it is dropped if that is still so when its turn comes */
};

/* A baton; all zero is a free one that nobody has ever held. Copy it as you like; change it only by
 * baton_next. Times are those of the events, in microseconds of whichever clock the caller uses. */
struct baton {
    enum baton_state state;
    enum baton_kind holder_kind; /* BATON_HUMAN when free */
    char holder[BATON_NAME_MAX]; /* "" when free */
    uint64_t epoch;              /* rises by one whenever the holder changes, also to nobody */
    int64_t since_us;            /* of the last change of holder */
    int64_t last_input_us;       /* of the last accepted input, since_us before there is any */
    int64_t grace_until_us;      /* 0 unless in GRACE */
    bool drafting;               /* a human holder has typed something since its last Enter */
    size_t request_count;        /* those in line: requests[0] is the next; the rest is zero */
    struct baton_request requests[BATON_REQUESTS_MAX];
};

enum baton_event_kind {
    BATON_EVENT_REQUEST,   /* who asks for the baton */
    BATON_EVENT_PASS,      /* who gives it to `to`: the holder, or an owner for it */
    BATON_EVENT_RELEASE,   /* the holder lets go */
    BATON_EVENT_DENY,      /* the holder or an owner refuses the request of `to` */
    BATON_EVENT_TAKE,      /* who wants it now, without asking */
    BATON_EVENT_WITHDRAW,  /* who takes its own request back */
    BATON_EVENT_INPUT,     /* who types, prompts, cancels, resizes, answers: may it? */
    BATON_EVENT_LINK_LOST, /* the last link of who is gone */
    BATON_EVENT_LINK_BACK, /* who has a link again */
    BATON_EVENT_TICK,      /* time has passed; send one at baton_due_us */
    BATON_EVENT_GONE,      /* who was removed, or may not drive any longer */
    BATON_EVENT_COUNT
};

/* What an input does to the line that its sender is typing. */
enum baton_typing {
    BATON_TYPING_NOTHING, /* leaves it as it is: a resize, a cancel, an answer, a mouse report */
    BATON_TYPING_TEXT,    /* adds to it: a draft stands there now */
    BATON_TYPING_ENTER,   /* ends it: sent, or thrown away */
    BATON_TYPING_COUNT
};

/* Something that happens to a baton. Names are borrowed for the call. */
struct baton_event {
    enum baton_event_kind kind;
    const char *who; /* whose doing it is; TICK needs none */
    enum baton_kind who_kind;
    enum role role; /* of who, in this workspace; read for its own acts (REQUEST to INPUT) */
    const char *to; /* PASS, DENY: the other member */
    /* PASS: what `to` is. That it may drive and has a link is for the caller to check. */
    enum baton_kind to_kind;
    uint64_t epoch;           /* INPUT: under which it was sent; 0 when the sender names none */
    enum baton_typing typing; /* INPUT */
    int64_t at_us;
};

/* What the configuration decides; both in microseconds and not negative. INT64_MAX: for ever. */
struct baton_rules {
    int64_t grace_us;     /* how long a holder without a link keeps the baton */
    int64_t idle_take_us; /* after how long without input any driver may take from a human */
};

/* What came of an event. From BATON_REFUSED on it is a refusal, and the baton is as it was. */
enum baton_outcome {
    BATON_DONE,    /* carried out, or there was nothing to do; for INPUT: carry it out */
    BATON_GRANTED, /* who holds the baton, since now or since before; for INPUT: carry it out */
    BATON_QUEUED,  /* who waits in line, since now or since before */
    BATON_REFUSED,
    BATON_REFUSED_NOT_HOLDER = BATON_REFUSED, /* only the holder may (for some: or an owner) */
    BATON_REFUSED_STALE_EPOCH,                /* sent under an epoch that is over */
    BATON_REFUSED_OBSERVER,                   /* the role may only look */
    BATON_REFUSED_AGENT,                      /* agents ask, they never take */
    BATON_REFUSED_ALREADY_HELD,               /* passed to the member that holds it */
    BATON_REFUSED_HOLDER_BUSY,     /* taken from a human who is present and not idle for long */
    BATON_REFUSED_NO_SUCH_REQUEST, /* that member is not in line */
    BATON_REFUSED_TOO_MANY,        /* the line is full */
    BATON_REFUSED_BAD_NAME,        /* a name is missing, empty or too long */
    BATON_OUTCOME_COUNT
};

/* Why the holder changed. */
enum baton_reason {
    BATON_REASON_REQUESTED,    /* it was free, and somebody asked or typed */
    BATON_REASON_PASSED,       /* handed over, by the holder or by an owner */
    BATON_REASON_RELEASED,     /* the holder let go, and nobody waited */
    BATON_REASON_TAKEN,        /* from somebody who had it */
    BATON_REASON_GRACE_OVER,   /* the holder did not come back, and nobody waited */
    BATON_REASON_NEXT_IN_LINE, /* the holder let go, stayed away or was removed; this one waited */
    BATON_REASON_REMOVED,      /* the holder was removed, and nobody waited */
    BATON_REASON_COUNT
};

/* A change of holder; "" is nobody. */
struct baton_change {
    char from[BATON_NAME_MAX], to[BATON_NAME_MAX];
    uint64_t epoch; /* the new one */
    enum baton_reason reason;
};

/* What follows from one event. */
struct baton_step {
    struct baton next;
    enum baton_outcome outcome;
    bool changed; /* the holder did; change says how. Otherwise change is all zero. */
    struct baton_change change;
};

/* The next baton. Borrows all three; never fails. The rules, beside what the enums say:
 *
 * - Observers do nothing at all. The owner's special rights are for humans: an agent in the owner's
 *   role is an agent.
 * - A free baton is granted at once to who requests it or types; a human may take it too. Who holds
 *   it and asks for it has it, without a change. Asking twice keeps the place in line.
 * - Input counts from the holder alone, and if it names an epoch, it must be the current one; the
 *   same epoch rule holds for input that finds the baton free. A client that sees a free baton
 * names none until it has learnt its epoch, so that its second keystroke is not late.
 * - A human may take from an agent at any time; from a human when an owner, or when that one is in
 *   GRACE or has sent no input for idle_take_us.
 * - In GRACE the holder has all that it had: input of its that is under way still counts. The grace
 *   is over at the first TICK at or after grace_until_us; a link that comes back after that moment
 *   comes too late, tick or no tick.
 * - A new holder is out of the line, and nobody has typed a draft yet. */
struct baton_step baton_next(const struct baton *now, const struct baton_event *event,
                             const struct baton_rules *rules);

/* True when this outcome is a refusal. */
bool baton_refused(enum baton_outcome outcome);

/* The place of who in line, 1 for the next; 0 when it does not wait. */
size_t baton_place(const struct baton *b, const char *who);

/* When the next TICK is due, in microseconds; INT64_MAX when none is. */
int64_t baton_due_us(const struct baton *b);

/* True when all holds that must always hold of a baton; for tests and for what was read from disk.
 */
bool baton_invariant(const struct baton *b);

/* Names on the wire, in camel case, static; "?" for a value outside its list. */
const char *baton_kind_name(enum baton_kind kind);
const char *baton_state_name(enum baton_state state);
const char *baton_event_name(enum baton_event_kind kind);
const char *baton_outcome_name(enum baton_outcome outcome);
const char *baton_reason_name(enum baton_reason reason);

#endif
