/* An agent's stdout cut into lines, and the lines gathered into batches. Memory alone: what waits
 * here its owner has to bound by looking at `ready`. Internal to the stream thread. */
#ifndef BATON_HUB_AGENT_LINES_H
#define BATON_HUB_AGENT_LINES_H

#include "core/hub/streams/agents.h"

struct pile; /* a batch to be */

/* Zeroed but for max and pos: empty. */
struct agent_lines {
    struct pile *first, *last; /* the last may end in half a line */
    size_t max;                /* bytes of a line, its end included */
    size_t ready;              /* bytes of whole lines */
    uint64_t pos;              /* the stream's, behind the last whole line */
    bool skipping;             /* up to the next line's end */
};

/* n bytes that lie at pos in the stream. */
void agent_lines_add(struct agent_lines *l, uint64_t pos, const char *bytes, size_t n);
/* All before pos is known, be it lines or other bytes: where no half line waits, that is the place
 * to go on from. */
void agent_lines_pass(struct agent_lines *l, uint64_t pos);
/* What follows is the rest of a line that is not known: half a line before it is dropped. */
void agent_lines_break(struct agent_lines *l);
/* The next batch, with n, next and overlong filled in; the caller's to free. NULL: no whole line.
 */
struct agent_batch *agent_lines_take(struct agent_lines *l);
void agent_lines_finish(struct agent_lines *l); /* frees */

#endif
