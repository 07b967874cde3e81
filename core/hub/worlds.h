/* The world that a workspace's programs live in: the host's own for a plain workspace, a sandbox
 * for one that was opened so. Every keeper's start comes by here, once. Control. */
#ifndef BATON_HUB_WORLDS_H
#define BATON_HUB_WORLDS_H

#include "core/hub/hub_private.h"
#include "core/stream/keeper.h"

/* Changes what a keeper is about to start, as if for the host, into what starts it in the world of
 * meta->workspace: command, environment and folder. After the commit, not in a batch. On an error
 * *ret_why has a sentence (caller frees) and the start fails with it. */
enum err world_enter(struct hub *hub, struct keeper_meta *meta, char **ret_why);

#endif
