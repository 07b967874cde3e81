/* What the files of the world share (see world.h). One thread. */
#ifndef BATON_TUI_WORLD_PRIVATE_H
#define BATON_TUI_WORLD_PRIVATE_H

#include "tui/world.h"

#define WORLD_LIST_MAX 4096

/* A property's text, made safe and cut; the caller frees. */
char *world_text(const cJSON *object, const char *key);
/* Puts a property's text in the place of *text; true when there is one and it is another. */
bool world_replace(char **text, const cJSON *object, const char *key);
/* An id goes back to the hub and into the layout, so it must be one as the hub makes them. */
bool world_id_ok(const char *id);
/* An answer's list, bare or within an object by that key; NULL when it is none. */
const cJSON *world_list(const cJSON *answer, const char *key);

void world_sessions_free(struct world_session *sessions, size_t n);
/* After the waits or the sessions have changed: how many waits each session has. */
void world_count_waits(struct world *w);

#endif
