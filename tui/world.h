/* The world: what the hub has, as this console knows it: workspaces, shells, members. Filled from
 * the hub's answers; everything in it is safe to print. The struct is open for reading. One thread.
 */
#ifndef BATON_TUI_WORLD_H
#define BATON_TUI_WORLD_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORLD_ID_MAX 64

enum shell_state { SHELL_RUNNING, SHELL_EXITED, SHELL_FAILED, SHELL_LOST };

struct world_shell {
    char id[WORLD_ID_MAX];
    char *workspace, *name, *title, *command, *typed;
    enum shell_state state;
    int exit_code; /* 0..255 or -signal */
    int rows, cols;
    int64_t bells, bells_seen; /* how often it rang; how often when it was last looked at */
};

struct world_member {
    int64_t id; /* of its connection */
    char *member, *kind, *client, *workspace, *looking;
};

struct world_workspace {
    char *key, *cwd;
};

struct world {
    struct world_shell *shells;
    struct world_member *members;
    struct world_workspace *workspaces;
    size_t shell_count, member_count, workspace_count;
};

void world_finish(struct world *w);

/* From `shell.list`, `member.list` and `workspace.list`. What is no such answer changes nothing. */
void world_set_shells(struct world *w, const cJSON *answer);
void world_set_members(struct world *w, const cJSON *answer);
void world_set_workspaces(struct world *w, const cJSON *answer);

/* One more, from what `shell.open` answered; a list replaces it. */
void world_add_shell(struct world *w, const cJSON *shell);
/* From a head (h/STREAM): what moves between two lists. True when something to be seen changed. */
bool world_head(struct world *w, const char *id, const cJSON *head);
bool world_rang(const struct world_shell *s);
void world_looked(struct world *w, const char *id); /* its bell is heard */

/* NULL when it is not known (yet); good until the next world_set_shells. */
struct world_shell *world_shell(const struct world *w, const char *id);
/* The shells of one workspace in their order: which one id is, and the one at an index. */
int world_shell_index(const struct world *w, const char *workspace, const char *id);
struct world_shell *world_shell_at(const struct world *w, const char *workspace, int index);

/* What a person calls it: its name, else the title, else the command. Borrowed. */
const char *world_shell_label(const struct world_shell *s);
/* A shell's program in a word: "bash" of "/bin/bash -l". out has size bytes. */
void world_shell_kind(const struct world_shell *s, char *out, size_t size);

/* How many consoles beside our own connection look at this shell. */
int world_watchers(const struct world *w, const char *id, int64_t own);
/* How many connections there are beside our own. */
int world_others(const struct world *w, int64_t own);

#endif
