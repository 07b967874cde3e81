/* Hooks: commands of the configuration that run once for each event that they match. Control.
 *
 * A call of a hook is a row of the journal (document "hook", key: the event's number and which of
 * its hooks), written with the event. After the commit it is offered to a runner of its own
 * (core/stream/hook_work.h), which outlives this hub; the row goes, with what there is to tell,
 * once the runner has written down what came of it. So a hub that dies anywhere leaves a row, and
 * the files of that key say how far it had come. */
#ifndef BATON_HUB_HOOKS_H
#define BATON_HUB_HOOKS_H

#include "core/hub/hub_private.h"

void hooks_create(struct hub *hub); /* after control_create */
void hooks_stop(struct hub *hub);   /* before control_destroy: nothing is started any more */
void hooks_finish(struct hub *hub); /* after control_destroy; frees */

/* Control work, before all other: what an earlier hub has left is counted, and goes on. */
enum err hooks_recover(struct hub *hub, void *arg);

/* Within a batch, for each event once it is in the journal: e->id is set, line is its JSON. */
enum err hooks_event(struct hub *hub, const struct event *e, const char *line);

cJSON *hooks_describe(const struct hub *hub); /* for hub.status: {waiting, running, dropped} */

#endif
