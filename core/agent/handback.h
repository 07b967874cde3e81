/* A session's transcript handed back to an agent that cannot load it: the session's events, oldest
 * first, become one text that goes before the next prompt. Bounded: of a long session the end is
 * kept, and the text says that its beginning is missing. Pure but for its memory, which is about
 * twice the limit however many events come. One thread at a time.
 *
 *     struct handback *h = handback_create(HANDBACK_MAX);
 *     for each event: handback_add(h, method, params);
 *     char *text = handback_take(h);    NULL when there was nothing to tell
 *     handback_destroy(h); */
#ifndef BATON_AGENT_HANDBACK_H
#define BATON_AGENT_HANDBACK_H

#include "core/base/json.h"

#include <stddef.h>

#define HANDBACK_MAX ((size_t)64 * 1024)

struct handback;

struct handback *handback_create(size_t limit); /* bytes of the whole text, 1024 at least */
void handback_destroy(struct handback *h);      /* takes NULL */

/* One event as the journal has it; both borrowed and untrusted. What says nothing to an agent (its
 * usage, modes, thoughts, states) is left out. */
void handback_add(struct handback *h, const char *method, const cJSON *params);

/* The text, valid UTF-8, at most limit bytes; the caller frees. h is empty then. */
char *handback_take(struct handback *h);

#endif
