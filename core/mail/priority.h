/* Priorities as words: "low", "normal", "high" are 0, 1, 2, and who is handed out first. Pure. */
#ifndef BATON_MAIL_PRIORITY_H
#define BATON_MAIL_PRIORITY_H

#include <stdbool.h>
#include <stdint.h>

/* False for any other word and for NULL; *ret stays. */
bool priority_from_name(const char *name, int *ret);
const char *priority_name(int priority); /* static; "normal" outside of the range */
/* True when what has (priority, seq) comes out of an inbox before the other: high before low, of
 * one priority the older one. The journal's index is in this order. */
bool priority_before(int priority, int64_t seq, int other_priority, int64_t other_seq);

#endif
