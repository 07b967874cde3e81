/* How fast an agent that floods may go. Pure; the stream thread asks it.
 *
 * Control takes the batches of all agents one after another, so what one says waits for what the
 * others said before. A batch is small (AGENT_BATCH_MAX), and an agent with more than that ready is
 * a flood: while another one speaks in the measure of people, it goes at a walk. Nothing is lost by
 * that: its pipe fills, and it waits. A flood alone, or beside floods alone, goes as fast as it
 * can.
 */
#ifndef BATON_HUB_AGENT_PACE_H
#define BATON_HUB_AGENT_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Is this much, ready at once, a flood? */
bool agent_floods(size_t ready);

/* When the next batch may go: microseconds, as all times here; in the past or now: at once. taken:
 * when the last one was committed; others: when another agent last said something that was no
 * flood, INT64_MIN never. */
int64_t agent_pace(size_t ready, int64_t taken, int64_t others);

#endif
