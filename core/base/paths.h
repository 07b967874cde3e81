/* Where things lie: the XDG folders, and a hub's own folders. Nothing is written elsewhere. All
 * functions return fresh strings that the caller frees. Any thread. */
#ifndef BATON_BASE_PATHS_H
#define BATON_BASE_PATHS_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

char *path_config_dir(void); /* $XDG_CONFIG_HOME/baton */
char *
path_state_dir(const char *hub); /* $XDG_STATE_HOME/baton/HUB: journal.db, streams/, hub.log */
/* $XDG_RUNTIME_DIR/baton/HUB, else of /run/user/UID when that is there, else /tmp/baton-UID/HUB */
char *path_runtime_dir(const char *hub);
char *path_program(void); /* this program's file; of the new one after an upgrade */
char *path_join(const char *dir, const char *name);

/* Makes a folder and its parents, 0700, and checks that the last one is ours and nobody else may
 * enter. ERR_DENIED when it belongs to someone else. */
enum err path_make_private(const char *dir);

/* A hub's name: 1 to 32 of [A-Za-z0-9_.-], not beginning with '.' or '-'. */
bool path_hub_name_ok(const char *hub);

/* Where a hub's address leads: NAME is a hub of our own, USER/NAME that of another user of this
 * machine, who shares it. */
bool path_hub_is_others(const char *address);  /* it has a '/' */
bool path_hub_address_ok(const char *address); /* is it one of both at all? */
/* *ret_dir: the folder of its sockets (our own for our own name, too); *ret_owner: whose sockets
 * they have to be. ERR_INVALID: no address; ERR_NOT_FOUND: the machine has no such user. */
enum err path_hub_dir(const char *address, char **ret_dir, uid_t *ret_owner);

/* The place where a user's hub listens for others: BATON_SHARE_DIR or /tmp, /baton-share-UID/HUB */
char *path_share_dir(uid_t owner, const char *hub);
/* Makes ours, both folders 0711. On an error *ret_why says what is wrong there (caller frees):
 * ERR_DENIED for what others own or could put others' in its place. No link is followed. */
enum err path_make_shared(const char *hub, char **ret_dir, char **ret_why);

/* Reads a whole file of at most limit bytes into a fresh NUL-terminated string. */
enum err path_read_file(const char *path, size_t limit, char **ret_text, size_t *ret_n);

/* Replaces a file atomically (temporary name, fsync when durable, rename), 0600. */
enum err path_write_file(const char *path, const void *bytes, size_t n, bool durable);

#endif
