/* The doors of sandboxed workspaces: of each the folder RUNTIME/doors/N, which its programs see as
 * /run/baton. N is the row's "door": a workspace's key would make the socket's path too long. It
 * has `call`, the socket of this one workspace (transport/nng/server_door.c); `baton`, an empty
 * file, where the program is put; `bin`, links to it by the names of its groups of commands.
 *
 * A door is open as long as its workspace is. The folder stays from hub to hub, because programs
 * that live on have it mounted: the next hub's socket appears in it. Control. */
#ifndef BATON_HUB_DOORS_H
#define BATON_HUB_DOORS_H

#include "core/hub/hub_private.h"

/* That folder on the host, made whole; the caller frees. NULL: the workspace has none, or it cannot
 * be made. */
char *door_dir(struct hub *hub, const char *workspace);

/* Brings all doors to what the rows say: folders, links, open or closed. At the hub's start, and
 * when groups have changed. The first error, when there were some; what can be done is. */
enum err doors_refresh(struct hub *hub);

/* A workspace was opened, closed or (gone) deleted: its door follows after the commit. Within a
 * batch; nothing for a plain one. */
void doors_follow(struct hub *hub, const cJSON *workspace, bool gone);

#endif
