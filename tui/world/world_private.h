/* What the files of the world share (see world.h). One thread. */
#ifndef BATON_TUI_WORLD_PRIVATE_H
#define BATON_TUI_WORLD_PRIVATE_H

#include "tui/world/world.h"

#define WORLD_LIST_MAX 4096

/* A property's text, made safe and cut; the caller frees. */
char *world_text(const cJSON *object, const char *key);
/* Puts a property's text in the place of *text; true when there is one and it is another. */
bool world_replace(char **text, const cJSON *object, const char *key);
/* An id goes back to the hub and into the layout, so it must be one as the hub makes them. */
bool world_id_ok(const char *id);
/* What shells and sessions have alike: the id, by that key, texts but the program, the baton. False
 * when it has no id as the hub makes them. t is all zero before; old, the same target as it was, or
 * NULL, is borrowed. */
bool world_target_read(struct world_target *t, const cJSON *item, const char *key,
                       struct world_target *old);
/* A state's place among the names, which NULL ends; `otherwise` when it is none of them. */
int world_state(const char *name, const char *const *names, int otherwise);
/* An answer's list, bare or within an object by that key; NULL when it is none. */
const cJSON *world_list(const cJSON *answer, const char *key);

/* The array too. */
void world_sessions_free(struct world_session *sessions, size_t n);
/* After the waits or the sessions have changed: how many waits each session has. */
void world_count_waits(struct world *w);

#endif
