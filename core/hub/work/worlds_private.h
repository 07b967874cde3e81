/* What worlds.c and world_watch.c share. Control, but for a measuring's own fields. */
#ifndef BATON_HUB_WORLDS_PRIVATE_H
#define BATON_HUB_WORLDS_PRIVATE_H

#include "core/hub/work/worlds.h"
#include "core/work/limits.h"

struct world { /* one that is looked at */
    struct world *next;
    char key[64];
    bool full, busy;
};

struct worlds {
    bool stopped, timing;
    bool files_ready; /* filter and etc are written */
    char *dir, *etc, *filter;
    uv_timer_t timer;
    struct world *list;
};

#define WORLD_GONE                                                                                 \
    ".gone-" /* how a home is called from its workspace's end until it is deleted                  \
              */
void worlds_sweep(struct hub *hub); /* goes on where a hub that died was deleting */

/* The name of the workspace's control groups: no two hubs of a machine have the same. */
void world_group_name(const struct hub *hub, const char *workspace, char out[160]);
void world_limits(const struct hub *hub, struct limits *ret_limits);

#endif
