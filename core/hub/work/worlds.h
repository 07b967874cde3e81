/* The world that a workspace's programs live in: the host's own for a plain workspace, a sandbox
 * (core/work/sandbox.h) for one that was opened so. Every keeper's start comes by here, once, and
 * every path that is read or written through the hub. Control.
 *
 * A sandbox's row has "sandbox": {"network", "mounts": [{"from", "to", "ro"}], "home"} and its
 * "cwd" is /home/user. Its files are in STATE/worlds/KEY/home, and stay until it is deleted. */
#ifndef BATON_HUB_WORLDS_H
#define BATON_HUB_WORLDS_H

#include "core/hub/hub_private.h"
#include "core/stream/keeper.h"
#include "core/work/files.h"
#include "core/work/sandbox.h"

/* --- worlds.c: what starts in them --- */
void worlds_create(struct hub *hub);
/* Control work: the homes of sandboxes are looked at again after a hub's death. */
enum err worlds_recover(struct hub *hub, void *arg);
void worlds_stop(struct hub *hub);   /* nothing is posted any more */
void worlds_finish(struct hub *hub); /* after control_destroy */

/* Changes what a keeper is about to start, as if for the host, into what starts it in the world of
 * meta->workspace: command, environment and folder. After the commit, not in a batch. On an error
 * *ret_why has a sentence (caller frees) and the start fails with it. */
enum err world_enter(struct hub *hub, struct keeper_meta *meta, char **ret_why);

/* May an agent that is to have a network begin there? Where the workspace has none, that is a
 * grant, which no program makes for itself: ERR_DENIED, answered. */
enum err world_check_network(struct call *c, const cJSON *workspace, bool network);

/* A token for a program that starts in a sandbox: there none is let in without one, by the name
 * box-KEY, or by that of the agent that has it started (`agent`; NULL: none), so that what the
 * policy says of the agent holds for its programs. out_token has TOKEN_TEXT bytes
 * (core/people/token.h) and is carried to the start; out_id (kept in the program's row) ends it:
 * invites_end. Both are "" for a plain workspace. Within a batch. */
enum err world_token(struct hub *hub, const char *workspace, const char *by, const char *agent,
                     char out_id[32], char *out_token);
/* The caller's name when it is such an agent, else NULL; borrowed. */
const char *world_agent(const struct call *c);
/* Puts such a token, and its member's name, into an environment. */
char **world_set_token(struct hub *hub, char **env, const char *token);

/* --- world_places.c: rows, mounts, paths --- */
bool world_is_sandbox(const cJSON *workspace); /* the row */
/* The sandbox of a row as core/work wants it; borrows of the row until world_box_finish. */
struct world_box {
    struct sandbox sandbox;
    struct sandbox_mount mounts[SANDBOX_MOUNTS];
};
void world_box_init(struct hub *hub, const cJSON *workspace, struct world_box *ret_box);
/* Notes what its mounts are just now. ERR_DENIED, and a sentence (caller frees): one is gone, or
 * somebody has put a link in its way. */
enum err world_box_look(struct world_box *box, char **ret_why);

/* What workspace.open asks for, checked, as the row's "sandbox"; *ret NULL: a plain one. */
enum err world_asked(struct hub *hub, struct call *c, cJSON **ret);
/* Gives a new row its home. */
enum err world_make(struct hub *hub, struct call *c, cJSON *workspace, cJSON *asked);
/* ERR_EXISTS, by name, when a row that is there differs from what was asked for. */
enum err world_check_same(struct call *c, const cJSON *workspace, const cJSON *asked);
/* The home: is something in it, and after a commit (char key[64]) its removal. */
bool world_has_files(const cJSON *workspace);
enum err world_remove(struct hub *hub, void *arg);

/* Where a path of that workspace lies: the folder, opened, and the path in it; both are the
 * caller's. ERR_DENIED, and a sentence: the hub reaches no such place. Any thread: of the hub it
 * takes what is constant alone. */
enum err world_root(struct hub *hub, const cJSON *workspace, const char *path,
                    struct files **ret_files, char **ret_path, bool *ret_ro, char why[FILES_WHY]);
/* The folder that a program starts in, as it is called inside (the caller's); wanted NULL: the
 * usual one. ERR_NOT_FOUND, answered. */
enum err world_folder(struct hub *hub, struct call *c, const cJSON *workspace, const char *wanted,
                      char **ret_cwd);
/* The shell of people in that workspace; borrowed. */
const char *world_usual_shell(struct hub *hub, const char *workspace);

/* --- world_watch.c: how much a home takes --- */
/* Looks at a home from now on, as long as something runs or it is full. */
void world_watch(struct hub *hub, const char *workspace);
bool world_is_full(struct hub *hub, const char *workspace);
void world_forget(struct hub *hub, const char *workspace);

#endif
