/* What the demo agent's files share. One thread. Nothing here waits: a turn is a state machine
 * whose steps the loop (demo.c) calls when what they wait for has come, and lines are read
 * meanwhile.
 *
 *   demo.c           the loop: poll, lines in, lines out, steps of turns
 *   demo_rpc.c       JSON-RPC lines out: answers, errors, updates, requests
 *   demo_methods.c   what the client asks for
 *   demo_sessions.c  sessions, their history, and both on disk
 *   demo_turn.c      a prompt's lines, one after the other; its end
 *   demo_words.c     instructions that only tell something
 *   demo_files.c     write, read, edit
 *   demo_tools.c     run, ask, form, link
 *   demo_call.c      call: baton itself as a child, or a tool
 *   demo_answer.c    answer: messages, one after the other, by tools
 *   demo_mcp.c       the MCP server of a session, whose tools those are
 *   demo_faults.c    instructions that misbehave
 *   demo_load.c      instructions to be measured with */
#ifndef BATON_AGENT_DEMO_PRIVATE_H
#define BATON_AGENT_DEMO_PRIVATE_H

#include "core/base/buf.h"
#include "core/base/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* JSON-RPC's and ACP's codes. */
#define RPC_PARSE     (-32700)
#define RPC_REQUEST   (-32600)
#define RPC_METHOD    (-32601)
#define RPC_PARAMS    (-32602)
#define RPC_INTERNAL  (-32603)
#define RPC_CANCELLED (-32800)
#define RPC_NOT_FOUND (-32002)

#define DEMO_OUT_ROOM (256u * 1024u) /* a turn that writes more than that waits for the client */

/* What was told in a session, for session/load. Texts that follow each other are one entry. */
struct entry {
    bool chunk;       /* else text is a whole update as JSON */
    char kind[32];    /* of a chunk: agent_message_chunk … */
    char message[32]; /* of a chunk: its messageId */
    struct buf text;
};

enum speed { SPEED_SLOW, SPEED_NORMAL, SPEED_FAST };

/* What was answered once and for all, for one kind of tool. */
enum memory { MEMORY_NONE, MEMORY_ALLOW, MEMORY_REJECT };

struct session {
    struct session *next;
    char id[40];
    char *cwd, *title;
    bool open; /* else closed: it may be loaded or resumed */
    bool automatic;
    enum speed speed;
    bool thoughts;
    enum memory edits, runs;
    int64_t calls, messages; /* counters of toolCallIds and messageIds */
    int64_t updated_us;
    struct entry *history;
    size_t entries, entries_cap, history_bytes;
    struct turn *turn;          /* NULL: no prompt runs */
    struct demo_server *server; /* NULL: none was handed over */
};

/* A terminal that was asked for by a turn that has ended meanwhile: it is released when it comes.
 */
#define ORPHANS 16
struct orphan {
    int64_t asked;
    struct session *session;
};

struct demo {
    struct buf in, out;
    size_t out_at;       /* what of out is written */
    size_t seen;         /* what of in has no newline */
    bool skipping;       /* the rest of a line that is too long */
    bool greeted, ended; /* initialize was answered; stdin has ended */
    bool deaf;           /* stays when stdin ends */
    int exit_code;       /* -1: goes on */
    int64_t next_rpc;
    const char *program;
    char *state_dir; /* NULL: sessions end with the process */
    struct session *sessions;
    struct orphan orphans[ORPHANS]; /* the newest; id 0: free */
};

enum step {
    STEP_NEXT,  /* done: the next line */
    STEP_YIELD, /* call again when there is room for output */
    STEP_WAIT,  /* call again when the time, the answer or the child has come */
    STEP_END,   /* the turn has ended and is freed */
};

struct turn {
    struct demo *demo;
    struct session *session;
    cJSON *id;    /* of the prompt's request */
    char **lines; /* the instructions that are left to do */
    size_t count, at;
    const struct instruction *doing;
    const char *arg; /* what stands behind its word; borrows from lines */
    char message[32];
    bool said; /* some text was told: the next begins a new line */
    bool ready;
    bool stubborn;   /* a cancel is not obeyed */
    bool torn;       /* a line of the output has no end */
    int64_t wake_us; /* 0: no timer */
    int64_t asked;   /* id of the request whose answer is awaited; 0: none */
    cJSON *answer;   /* the whole message of the answer, until the next question */

    /* What the current instruction keeps; cleared behind it. */
    int phase;
    int64_t n, i, ms;
    int64_t rate, since_us; /* of stamps: so many a second, from then on */
    char *path, *text, *old, *terminal;
    char call[32]; /* toolCallId of an open tool call, or "" */
    pid_t child;
    int child_fd; /* -1: none */
    struct buf output;
};

struct instruction {
    const char *word, *hint, *help;
    enum step (*run)(struct turn *t);
};

/* --- demo_rpc.c: each takes the objects that it is given ----------------------------------------
 */

void rpc_line(struct demo *d, cJSON *message); /* one line out */
void rpc_result(struct demo *d, const cJSON *id, cJSON *result);
void rpc_error(struct demo *d, const cJSON *id, int code, const char *message);
void rpc_update(struct demo *d, const struct session *s, cJSON *update);
int64_t rpc_ask(struct demo *d, const char *method, cJSON *params); /* gives the request's id */
cJSON *rpc_text_block(const char *text);
/* Writes what is queued, for so long at most: for those who are about to die. */
void rpc_flush(struct demo *d, int ms);

/* --- demo_methods.c ------------------------------------------------------------------------------
 */

/* Takes one line of stdin, n bytes without its newline: a call, an answer, or what is answered as
 * no JSON. Borrows. */
void demo_line(struct demo *d, const char *line, size_t n);

/* --- demo_sessions.c -----------------------------------------------------------------------------
 */

/* A new one with a fresh id, owned by d. cwd is copied. */
struct session *demo_session_create(struct demo *d, const char *cwd);
/* Also from the disk; NULL when there is none. It may be closed. */
struct session *demo_session_find(struct demo *d, const char *id);
void demo_session_save(struct demo *d, struct session *s); /* to the disk, where it can be */
void demo_sessions_free(struct demo *d);
cJSON *demo_sessions_list(struct demo *d, const char *cwd);      /* of that folder; NULL: of all */
bool demo_session_set_mode(struct session *s, const char *mode); /* false: unknown */
bool demo_session_set_option(struct session *s, const char *id,
                             const cJSON *v); /* false: unknown */
cJSON *demo_session_modes(const struct session *s);
cJSON *demo_session_options(const struct session *s);
/* Keeps an update of a session; borrows it. */
void demo_session_remember(struct session *s, const cJSON *update);
void demo_session_replay(struct demo *d, struct session *s);

/* --- demo_mcp.c ----------------------------------------------------------------------------------
 */

/* Which of the servers (mcpServers) its tools come from; one that runs is ended. */
void demo_mcp_keep(struct session *s, const cJSON *servers);
void demo_mcp_end(struct session *s);
bool demo_mcp_is_tool(const char *name); /* comms_send; not comms.send, nor shell list */
/* Calls a tool of the session's server, which is there; the turn is answered (turn_answered) with
 * the message, or NULL when the server has ended. Takes arguments. Gives an errno when the server
 * cannot be started. */
int demo_mcp_call(struct session *s, const char *tool, cJSON *arguments);
void demo_mcp_cancel(struct session *s);  /* nobody waits for the answer any more */
int demo_mcp_fd(const struct session *s); /* -1: it does not run */
void demo_mcp_readable(struct session *s);

/* --- demo_turn.c ---------------------------------------------------------------------------------
 */

/* Begins a turn with the texts of a prompt, separated by newlines. */
void turn_start(struct demo *d, struct session *s, const cJSON *id, const char *text);
void turn_step(struct turn *t);
/* Ends it with that stopReason, or with an error; the turn is freed. */
enum step turn_end(struct turn *t, const char *stop_reason);
enum step turn_fail(struct turn *t, int code, const char *message);
void turn_cancel(struct turn *t);                   /* obeyed unless it is stubborn */
void turn_answered(struct turn *t, cJSON *message); /* takes */
void turn_drop(struct turn *t);                     /* without an answer */
/* Ends a terminal whose turn has ended: nobody waits for the answers. */
void turn_release(struct demo *d, const struct session *s, const char *terminal);

/* For instructions. */
void turn_update(struct turn *t, cJSON *update);  /* sends and remembers; takes */
cJSON *turn_kind(const char *session_update);     /* an update of that kind, to be filled */
void turn_text(struct turn *t, const char *text); /* a chunk of the answer, as it is */
void turn_say(struct turn *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
enum step turn_sleep(struct turn *t, int64_t ms);
int64_t turn_pace(const struct turn *t, int64_t normal_ms);            /* by the session's speed */
enum step turn_ask(struct turn *t, const char *method, cJSON *params); /* takes params */
cJSON *turn_params(const struct turn *t);                              /* {sessionId} */
/* The result of the answer that came; NULL: it was an error, and *ret_error is its sentence, the
 * caller's (ret_error may be NULL). Borrows. */
const cJSON *turn_result(const struct turn *t, char **ret_error);

/* The first word of *at (in double quotes it may have spaces, or be a JSON string), fresh; moves
 * *at behind it and the spaces. NULL at the end. */
char *turn_word(const char **at);
/* A number at the beginning of *at, bounded; `absent` when there is none. */
int64_t turn_number(const char **at, int64_t absent, int64_t most);
char *turn_path(const struct turn *t, const char *path); /* absolute, fresh */
char *turn_unescape(const char *text);                   /* \n, \t and \\, fresh */

extern const struct instruction instructions[]; /* ended by a NULL word */

/* --- tool calls (demo_tools.c) -------------------------------------------------------------------
 */

/* Tells of a new tool call, pending; takes raw_input, content (one item) and either may be NULL. */
void tool_open(struct turn *t, const char *kind, const char *title, const char *path,
               cJSON *raw_input, cJSON *content);
/* Its next status with what is new; takes content and raw_output, which may be NULL. Completed and
 * failed close it. */
void tool_update(struct turn *t, const char *status, cJSON *content, cJSON *raw_output);
cJSON *tool_content_text(const char *text);
cJSON *tool_content_diff(const char *path, const char *old_text, const char *new_text);
/* Asks for a permission for the open tool call (title; content borrowed, or NULL). */
enum step tool_ask(struct turn *t, const char *title, const char *kind, const cJSON *content);

enum verdict { VERDICT_YES, VERDICT_NO };
/* What was answered: *ret_words says it, for people, fresh. memory (or NULL) keeps what holds for
 * ever. */
enum verdict tool_verdict(struct turn *t, enum memory *memory, char **ret_words);
/* Is no question needed? Then *ret_verdict is the answer. */
bool tool_decided(const struct turn *t, enum memory memory, enum verdict *ret_verdict);

/* --- instructions --------------------------------------------------------------------------------
 */

enum step do_say(struct turn *t);
enum step do_think(struct turn *t);
enum step do_stream(struct turn *t);
enum step do_plan(struct turn *t);
enum step do_stamps(struct turn *t);
enum step do_work(struct turn *t);
enum step do_mode(struct turn *t);
enum step do_option(struct turn *t);
enum step do_title(struct turn *t);
enum step do_usage(struct turn *t);
enum step do_notice(struct turn *t);
enum step do_commands(struct turn *t);
enum step do_compact(struct turn *t);
enum step do_sleep(struct turn *t);
enum step do_write(struct turn *t);
enum step do_read(struct turn *t);
enum step do_edit(struct turn *t);
enum step do_run(struct turn *t);
enum step do_ask(struct turn *t);
enum step do_form(struct turn *t);
enum step do_link(struct turn *t);
enum step do_call(struct turn *t);
enum step do_many(struct turn *t);
enum step do_flood(struct turn *t);
enum step do_fail(struct turn *t);
enum step do_refuse(struct turn *t);
enum step do_stop(struct turn *t);
enum step do_hang(struct turn *t);
enum step do_hang_on(struct turn *t);
enum step do_deaf(struct turn *t);
enum step do_crash(struct turn *t);
enum step do_exit(struct turn *t);
enum step do_half(struct turn *t);
enum step do_raw(struct turn *t);
enum step do_endless(struct turn *t);
enum step do_answer(struct turn *t);
/* Ends a child that `call` has started, if any. */
void call_finish(struct turn *t);
/* Reads what the child has to say; the turn is ready when it has ended. */
void call_readable(struct turn *t);

#endif
