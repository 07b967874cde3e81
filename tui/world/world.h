/* The world: what the hub has, as this console knows it: workspaces, shells, sessions with agents,
 * members, and what waits for an answer. Filled from the hub's answers and events; everything in it
 * is safe to print. The structs are open for reading. What a baton can be held of, a shell or a
 * session, is a target: world_baton.c deals with those alone. One thread.
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

struct world_target {
    char id[WORLD_ID_MAX];
    char *workspace, *name, *title;
    char *program; /* a shell's command, or the agent of a session */
    bool session;  /* else it is a shell */
    bool live;     /* its program runs */

    bool baton;                  /* the hub tells who drives it: what follows is known */
    char holder[WORLD_NAME_MAX]; /* "" it is free */
    bool holder_agent, away;     /* away: the holder's last link is gone, it may come back */
    int64_t epoch;
    char (*asks)[WORLD_NAME_MAX]; /* who waits in line, the next one first */
    int ask_count;
};

enum shell_state { SHELL_RUNNING, SHELL_EXITED, SHELL_FAILED, SHELL_LOST };

/* A shell, or a process: that has no baton, no size and no bell. */
struct world_shell {
    struct world_target target;
    bool process;
    uint64_t written; /* bytes of a process' output when it was listed */
    char *typed;
    enum shell_state state;
    int exit_code; /* 0..255 or -signal */
    int rows, cols;
    int64_t bells, bells_seen; /* how often it rang; how often when it was last looked at */
};

enum session_state {
    SESSION_STARTING,
    SESSION_IDLE,
    SESSION_WORKING,
    SESSION_WAITING, /* within a turn, for an answer */
    SESSION_CLOSING,
    SESSION_CLOSED,
    SESSION_FAILED,
};

struct world_session {
    struct world_target target;
    enum session_state state;
    char *mode;
    int64_t seq; /* the newest of its events that was heard of */
    int waits;   /* what of the waits below is its, suggestions left out */
    bool fresh;  /* a turn ended and nobody looked at this console since */
    bool began;  /* a turn began, and nothing has followed it yet */
    int64_t turns;
};

/* What waits for somebody's answer; filled by world_waits.c. */
enum wait_kind { WAIT_PERMISSION, WAIT_FORM, WAIT_SUGGESTION };

struct world_wait {
    enum wait_kind kind;
    char id[WORLD_ID_MAX], session[WORLD_ID_MAX];
    char *by; /* who suggested */
    char *
        text; /* the tool call's title, the question; of a suggestion all of its text, as it came */
    cJSON *form;   /* of a WAIT_FORM: what the agent sent */
    int64_t at_us; /* when this console heard of it, monotonic */
    bool told;     /* by bell and notification */
    bool later;    /* whoever drives it wants to see no keys for now */
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
    struct world_session *sessions;
    struct world_wait *waits; /* oldest first */
    struct world_member *members;
    struct world_workspace *workspaces;
    size_t shell_count, session_count, wait_count, member_count, workspace_count;
};

void world_finish(struct world *w);

/* From `shell.list`, `session.list`, `member.list` and `workspace.list`. What is no such answer
 * changes nothing. */
void world_set_shells(struct world *w, const cJSON *answer);
void world_set_processes(struct world *w,
                         const cJSON *answer); /* of process.list; behind the shells */
void world_set_sessions(struct world *w, const cJSON *answer);
void world_set_members(struct world *w, const cJSON *answer);
void world_set_workspaces(struct world *w, const cJSON *answer);

/* One more, from what `shell.open` or `session.create` answered; a list replaces it. */
void world_add_shell(struct world *w, const cJSON *shell);
void world_add_session(struct world *w, const cJSON *session);
/* From a head (h/STREAM): what moves between two lists. True when something to be seen changed. */
bool world_head(struct world *w, const char *id, const cJSON *head);
/* From an event of the journal about a session's state or title. True when something changed. */
bool world_session_event(struct world *w, const char *kind, const cJSON *data);

/* --- targets --- */

/* A shell or a session; NULL when it is not known (yet). Good until the next list. */
struct world_target *world_target(const struct world *w, const char *id);
/* What an event is about: the id of a shell or session, "" none. Borrowed. */
const char *world_about(const cJSON *data);
/* What a person calls it: its name, else the title, else the program. Borrowed. */
const char *world_label(const struct world_target *t);
/* A shell's program or a session's agent in a word: "bash" of "/bin/bash -l". out has size bytes.
 */
void world_kind(const struct world_target *t, char *out, size_t size);
void world_target_finish(struct world_target *t); /* frees what it has */

/* --- the baton, world_baton.c --- */

/* Who holds it since when, from wherever it was heard; what is older than what is known (by its
 * epoch) changes nothing. True when something did. Names are made safe. */
bool world_baton(struct world *w, const char *id, const char *holder, bool agent, int64_t epoch);
/* From an event of the journal: its kind and data. True when something changed. */
bool world_baton_event(struct world *w, const char *kind, const cJSON *data);
/* From `baton.status`: also who waits. */
void world_set_batons(struct world *w, const cJSON *answer);
/* A new link: another hub may count epochs from another place. */
void world_baton_forget(struct world *w);
bool world_baton_known(const struct world *w, const char *id); /* the hub tells who drives it */
/* 1 for the next in line, 0 when that member does not wait. */
int world_ask_place(const struct world_target *t, const char *member);
/* The first target that member holds and somebody waits for; NULL none. */
const struct world_target *world_asked_for(const struct world *w, const char *member);
/* True when member holds the baton of something in the workspace. */
bool world_drives(const struct world *w, const char *workspace, const char *member);
/* Reads holder, holderKind and epoch of a list's item. */
void world_baton_read(struct world_target *t, const cJSON *item);
/* Of two states of one target, what fresh does not know about its baton: takes the line from old.
 */
void world_baton_carry(struct world_target *fresh, struct world_target *old);

/* --- what waits, world_waits.c --- */

/* From `session.permissions` and `session.suggestions`: all there are. */
void world_set_permissions(struct world *w, const cJSON *answer);
void world_set_suggestions(struct world *w, const cJSON *answer);
/* From an event about either. True when something changed. */
bool world_wait_event(struct world *w, const char *kind, const cJSON *data);
/* The oldest of a kind in a session; NULL none. Good until the next list or event. */
struct world_wait *world_wait(const struct world *w, const char *session, enum wait_kind kind);
struct world_wait *world_wait_by_id(const struct world *w, const char *id);
/* The oldest request (permission or form) of a session that was not put off; NULL none. */
struct world_wait *world_request(const struct world *w, const char *session);
void world_waits_finish(struct world *w);

/* --- shells and sessions --- */

bool world_rang(const struct world_shell *s);
void world_looked(struct world *w, const char *id); /* its bell is heard, its answer is seen */

/* NULL when it is not known (yet); good until the next list. */
struct world_shell *world_shell(const struct world *w, const char *id);
struct world_session *world_session(const struct world *w, const char *id);
bool world_session_turn(const struct world_session *s); /* the agent is at work */
/* The shells of one workspace in their order, processes left out: the one at an index. */
struct world_shell *world_shell_at(const struct world *w, const char *workspace, int index);
/* What one leafs through in a workspace: its sessions, then its shells and processes; closed
 * sessions and processes that have ended are left out, but for the one that is looked at. The
 * target `step` away from id, around the ends; the first one when id is none of them. NULL: there
 * is none but id. */
struct world_target *world_leaf(const struct world *w, const char *workspace, const char *id,
                                int step);

bool world_elsewhere(const struct world *w, const char *member,
                     int64_t own); /* has it another one? */
/* Another connection of the same member that looks at this target. */
bool world_beside(const struct world *w, const char *id, const char *member, int64_t own);
/* How many connections look at it and are not its holder's; our own counts. */
int world_observers(const struct world *w, const struct world_target *t);
/* How many consoles beside our own connection look at it. */
int world_watchers(const struct world *w, const char *id, int64_t own);
/* How many connections there are beside our own. */
int world_others(const struct world *w, int64_t own);

#endif
