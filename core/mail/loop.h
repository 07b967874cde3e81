/* What keeps programs that answer each other from doing so for ever: the chain of identities that a
 * reply comes through, and how fast an inbox fills. Pure but for the memory of what is returned;
 * any thread. */
#ifndef BATON_MAIL_LOOP_H
#define BATON_MAIL_LOOP_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOOP_HOPS_KEPT 100 /* names of a chain that are kept; it is counted on */

/* The chain of a message by `sender` that answers one with the chain `before` (JSON as it gave; ""
 * or no JSON: it answers nothing): {"n": how long, "via": the last names of it}. A person ends a
 * chain: what they write begins at nothing. The caller frees. */
char *loop_hops_next(const char *before, const char *sender, bool human);
/* How long a chain is; 0 for "" and for what is none. */
int64_t loop_hops_count(const char *hops);

/* Messages into one inbox within the last minute. A zeroed struct is an empty one. */
struct loop_rate {
    int64_t minute; /* since 1970, of `now` */
    int64_t now, before;
};

/* One more at now_us. False when it is more than `limit` a minute (0: no limit); it is not counted
 * then, so an inbox that was flooded is open again as the minute passes. The minute that slides is
 * reckoned from two whole ones, so nobody's every message has to be remembered. */
bool loop_rate_take(struct loop_rate *r, int64_t now_us, int64_t limit);

#endif
