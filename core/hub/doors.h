/* The door of a sandboxed workspace: the folder that its programs see as /run/baton. Control. */
#ifndef BATON_HUB_DOORS_H
#define BATON_HUB_DOORS_H

#include "core/hub/hub_private.h"

/* That folder on the host, RUNTIME/doors/N, with a place for the program in it; the caller frees.
 * NULL: it cannot be made. */
char *door_dir(struct hub *hub, const char *workspace);

#endif
