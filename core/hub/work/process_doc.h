/* A process' document in the journal, as the files about processes read and change it. Control,
 * within a batch. */
#ifndef BATON_HUB_PROCESS_DOC_H
#define BATON_HUB_PROCESS_DOC_H

#include "core/hub/work/processes.h"

const char *process_state(const cJSON *doc);
bool process_is_live(const cJSON *doc);                      /* it runs, or is about to */
bool process_is_in(const cJSON *doc, const char *workspace); /* NULL: any */
void process_set(cJSON *doc, const char *key, cJSON *value); /* takes value */
/* What a caller is told of it: of its end what is known. */
cJSON *process_result(const cJSON *doc);
/* Puts it into the registry. Not of one that the stream thread follows: it has the entry then. */
void process_remember(struct hub *hub, const cJSON *doc);
/* Drops its row; its record goes after the commit. */
enum err process_forget(struct hub *hub, const char *id);

#endif
