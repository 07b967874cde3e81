/* Where things lie: the XDG folders, and a hub's own folders. Nothing is written elsewhere. All
 * functions return fresh strings that the caller frees. Any thread. */
#ifndef BATON_BASE_PATHS_H
#define BATON_BASE_PATHS_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>

char *path_config_dir(void); /* $XDG_CONFIG_HOME/baton */
char *path_state_dir(const char *hub);   /* $XDG_STATE_HOME/baton/HUB: journal.db, streams/, hub.log */
char *path_runtime_dir(const char *hub); /* $XDG_RUNTIME_DIR/baton/HUB, else /tmp/baton-UID/HUB */
char *path_program(void);                /* this program's file; of the new one after an upgrade */
char *path_join(const char *dir, const char *name);

/* Makes a folder and its parents, 0700, and checks that the last one is ours and nobody else may
 * enter. ERR_DENIED when it belongs to someone else. */
enum err path_make_private(const char *dir);

/* A hub's name: 1 to 32 of [A-Za-z0-9_.-], not beginning with '.' or '-'. */
bool path_hub_name_ok(const char *hub);

/* Reads a whole file of at most limit bytes into a fresh NUL-terminated string. */
enum err path_read_file(const char *path, size_t limit, char **ret_text, size_t *ret_n);

/* Replaces a file atomically (temporary name, fsync when durable, rename), 0600. */
enum err path_write_file(const char *path, const void *bytes, size_t n, bool durable);

#endif
