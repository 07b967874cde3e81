/* The world: what the hub has, as this console knows it: workspaces, shells, members. Filled from
 * the hub's answers; everything in it is safe to print. The struct is open for reading. One thread.
 */
#ifndef BATON_TUI_WORLD_H
#define BATON_TUI_WORLD_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORLD_ID_MAX   64
#define WORLD_NAME_MAX 64 /* bytes of a member's name with its NUL */
#define WORLD_ASKS_MAX 64 /* members in line for one baton */

enum shell_state { SHELL_RUNNING, SHELL_EXITED, SHELL_FAILED, SHELL_LOST };

struct world_shell {
    char id[WORLD_ID_MAX];
    char *workspace, *name, *title, *command, *typed;
    enum shell_state state;
    int exit_code; /* 0..255 or -signal */
    int rows, cols;
    int64_t bells, bells_seen; /* how often it rang; how often when it was last looked at */

    bool baton;                  /* the hub tells who drives it: what follows is known */
    char holder[WORLD_NAME_MAX]; /* "" it is free */
    bool holder_agent, away;     /* away: the holder's last link is gone, it may come back */
    int64_t epoch;
    char (*asks)[WORLD_NAME_MAX]; /* who waits in line, the next one first */
    int ask_count;
};

struct world_member {
    int64_t id; /* of its connection */
    char *member, *kind, *client, *workspace, *looking, *role;
    bool guest; /* came by an invitation */
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
/* --- the baton, world_baton.c --- */

/* Who holds it since when, from wherever it was heard; what is older than what is known (by its
 * epoch) changes nothing. True when something did. Names are made safe. */
bool world_baton(struct world *w, const char *id, const char *holder, bool agent, int64_t epoch);
/* From an event of the journal: its kind and data. True when something changed. */
bool world_baton_event(struct world *w, const char *kind, const cJSON *data);
/* From `baton.status`: also who waits. */
void world_set_batons(struct world *w, const cJSON *list);
/* A new link: another hub may count epochs from another place. */
void world_baton_forget(struct world *w);
bool world_baton_known(const struct world *w, const char *id); /* the hub tells who drives it */
/* 1 for the next in line, 0 when that member does not wait. */
int world_ask_place(const struct world_shell *s, const char *member);
/* The first shell that member holds and somebody waits for; NULL none. */
const struct world_shell *world_asked_for(const struct world *w, const char *member);
/* True when member holds the baton of a shell in the workspace. */
bool world_drives(const struct world *w, const char *workspace, const char *member);
/* Of two states of one shell, what fresh does not know about its baton: takes the line from old. */
void world_baton_carry(struct world_shell *fresh, struct world_shell *old);

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

bool world_elsewhere(const struct world *w, const char *member,
                     int64_t own); /* has it another one? */
/* Another connection of the same member that looks at this shell. */
bool world_beside(const struct world *w, const char *id, const char *member, int64_t own);
/* How many connections look at this shell and are not its holder's; our own counts. */
int world_observers(const struct world *w, const struct world_shell *s);
/* How many consoles beside our own connection look at this shell. */
int world_watchers(const struct world *w, const char *id, int64_t own);
/* How many connections there are beside our own. */
int world_others(const struct world *w, int64_t own);

#endif
