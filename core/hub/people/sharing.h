/* Other users of this machine: who they are, what they may, and the doors for them. The table
 * itself is core/people/neighbours; here it is filled from the configuration and the machine. */
#ifndef BATON_HUB_SHARING_H
#define BATON_HUB_SHARING_H

#include "core/hub/hub_private.h"

/* At the hub's start, before its loop. Without a place to share the hub runs on; the log says why.
 */
void sharing_start(struct hub *hub);

/* Within the batch of a reload: what `fresh` says is in force after the commit. Who loses a right,
 * or has another one, is told so, gives up their batons and is cut off. */
enum err sharing_reload(struct hub *hub, const struct config *fresh, const char *by);

/* May a member by that name drive in a workspace, attached or not? */
bool sharing_may_drive(struct hub *hub, const char *name, const char *workspace);

/* For hub.status: "off", "on", or why not. Control; borrowed. */
const char *sharing_state(const struct hub *hub);

#endif
