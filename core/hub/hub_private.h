/* What the files of core/hub share. Two threads; each field says whose it is. */
#ifndef BATON_HUB_PRIVATE_H
#define BATON_HUB_PRIVATE_H

#include "core/base/buf.h"
#include "core/base/config.h"
#include "core/hub/call.h"
#include "core/hub/hub.h"
#include "core/hub/registry.h"
#include "core/journal/journal.h"
#include "core/people/baton.h"

#include <pthread.h>
#include <stdatomic.h>
#include <uv.h>

/* The range of protocol versions that this hub speaks (hello). */
#define HUB_PROTOCOL_MIN 1
#define HUB_PROTOCOL_MAX 1
#define HUB_QUEUE_MAX    20000 /* waiting calls a thread; beyond, a call is refused at once */

/* Something to do on a hub's thread. arg is NULL or flat memory that free() releases when it is
 * done. On control: within the batch's transaction; on an error, or when the commit fails, it is
 * undone and done again later. On stream, and after a commit, the result does not matter. */
typedef enum err (*hub_work)(struct hub *hub, void *arg);

/* Looks whether there is what a parked call waits for, and answers it. ERR_AGAIN: not yet. */
typedef enum err (*mail_look)(struct hub *hub, struct call *c);

struct call {
    struct call *next;
    struct hub *hub;
    const struct capability *row; /* NULL: unknown method, or work */
    struct binding *binding;      /* a reference, when row is its; else NULL */
    hub_work work;                /* not a call of a peer but something to do in the batch */
    void *arg;

    void *handle; /* where the answer goes; NULL when it has left, or for work */
    uint32_t peer;
    uid_t uid;
    char *message; /* the body as it came; owned */
    size_t message_n;

    cJSON *request, *params; /* params borrows from request */
    bool is_read;            /* parsed already (call_read), but nothing of it is checked yet */
    bool too_many;           /* then: it has more values than a request may have, and was not */
    cJSON *read;             /* what came of that; NULL: no object */
    const char *twice;       /* a name that it gives twice; NULL none */
    char who[MEMBER_NAME_MAX];
    enum baton_kind kind;
    enum role role;
    char scope[64];  /* the only workspace that the caller may see; "" all */
    char invite[32]; /* the invitation that its token is of; "" none */
    char door[64];   /* the workspace by whose door it came; "" by none */
    /* An input that found the baton free goes by control and back (stream_gate.c). */
    enum err (*detour)(struct hub *hub, struct call *c); /* instead of the row's handler */
    bool away, granted;
    bool asked; /* and its caller stands in line for it now, not before */
    char away_id[32];
    struct buf answer; /* a whole wire message; on control held until the commit */
    bool answered;
    enum err failed; /* on control: what became of its part, or of the batch */
    bool unwelcome;  /* who may not come in at all: the answer is the last they hear */
    bool parked;
    bool parked_now;     /* parked within the batch that is not committed yet */
    uint64_t serial;     /* to find a parked call again that may be gone by then */
    int64_t number;      /* what it waits for in the session away_id (sessions.h) */
    int64_t deadline_us; /* of a parked call; INT64_MAX for ever */
    mail_look look;      /* of one that waits for messages (mail.h) */
    bool looking;        /* and that is about to look again */
    int64_t looked;      /* of one for events: up to which id it has looked, */
    struct buf found;    /* what it found: as JSON, with commas between, */
    int found_count;     /* so many */
    bool seeking;        /* and whether it looks at the next piece by itself */
    char approval[32];   /* what a human has to allow first; "" nothing (approvals.h) */
    char repeats[32];    /* it was held as this one before its link was lost; "" no */
    bool wants_note;     /* its caller wants to be told that it is held */
    struct aside *aside; /* work of it that begins when it is committed (aside.h); owned */
};

/* A queue of calls and work, filled from any thread, emptied by its own. What came by a sandbox's
 * door stands behind in one of its own, of which each turn takes a few: a flood of it makes nobody
 * else wait. */
struct inbox {
    pthread_mutex_t lock;
    struct call *first, **last;
    struct call *doors, **doors_last;
    size_t count, door_count; /* of both; of the second */
    uv_async_t wake;
};

struct peer { /* control's: one connection that said hello */
    uint32_t id;
    uid_t uid;
    char who[MEMBER_NAME_MAX], kind[32], workspace[64], looking[64], invite[32];
    enum baton_kind member_kind;
    enum role role;
    int64_t expires_us; /* 0 never */
    int pid, rows, cols;
    int64_t since_us;
    bool present; /* it shows itself in member.list, memberJoined was written */
    bool lasting; /* a console: with the last of them the member is gone (batons.c) */
};

struct after { /* what happens when the transaction is committed; dropped when it is not */
    hub_work work;
    void *arg;
    bool on_stream; /* on that thread; else on control */
};

struct frame { /* one message to be: a topic and its events, one a line */
    char topic[160];
    struct buf lines;
    size_t count;
};

/* Calls of hooks that are in the journal; counted with the batch, so undone with it. */
struct hooks_load {
    int64_t rows, bytes; /* waiting and running */
    int64_t dropped;     /* since there was no room any more; 0: there is */
};

struct aside;
struct asides;
struct early;
struct streams;
struct gate;
struct hooks;
struct worlds;
struct bindings;
struct binding;
struct email_out;

struct hub {
    /* constant after hub_create */
    char *name, *program, *state_dir, *streams_dir, *user;
    int64_t started_us;
    char *successor; /* who takes over; control alone; NULL */
    const struct hub_io *io;
    void *io_data;

    struct inbox control_in, stream_in; /* any thread */
    struct registry *registry;          /* any thread, has its own lock */
    struct roster *roster;              /* any thread, has its own lock */
    struct neighbours *neighbours;      /* any thread, has its own lock */
    struct gate *gate;                  /* any thread, has its own lock */
    atomic_int client_count;
    atomic_int history; /* of config, for the stream thread: a reload frees what control had */

    /* control's */
    struct schemas *control_schemas;
    struct journal *journal;
    struct config *config; /* control's alone: hub.reload frees it */
    char *sharing;         /* what came of opening the door for other users; NULL: never opened */
    uv_loop_t control_loop;
    uv_signal_t on_term, on_int;
    uv_timer_t parked_timer;
    struct call *parked; /* on control: events.next, shell.open */
    struct call *done;   /* answered in this batch, newest first */
    struct call *again;  /* work that failed for now (a full disk) */
    struct early *early; /* big calls that are being read aside (early.h) */
    size_t early_count;
    struct call *ready; /* those that were, for the next batch */
    uv_timer_t again_timer;
    int64_t failed_told_us; /* when the log was last told that the journal takes nothing; 0 never */
    bool failing;           /* and since then nothing was written */
    uv_timer_t baton_timer; /* the next grace, challenge or invitation that ends */
    uv_timer_t session_timer;  /* the next permission or cancel whose time is over */
    uv_timer_t mail_timer;     /* the next lease or time of a message that is over */
    uv_timer_t approval_timer; /* the next approval whose time is over */
    uv_work_t tidy_work;       /* writes the journal's log back: tidy.c */
    bool tidying, tidy_now;    /* it runs; and control does the rest behind it */
    int tidied;                /* its thread's, until it is back */
    struct mail_rate *rates;   /* the loop guard's, in the order of names */
    size_t rate_count;
    struct seen *seen; /* members without a lasting link that hold a baton */
    size_t seen_count;
    uint64_t next_serial;
    struct peer *peers;
    size_t peer_count;
    struct after *afters;
    size_t after_count;
    struct frame *frames; /* events of this batch, by topic */
    size_t frame_count;
    int64_t event_head;  /* newest committed event */
    int64_t may_changes; /* how often the policy or the bindings did; control's */
    struct hooks *hooks;
    struct worlds *worlds;
    struct asides *asides;
    struct bindings *bindings;
    struct email_out *email_out;
    uv_timer_t upload_timer; /* email_upload.c's */
    struct hooks_load hooks_load;
    bool stopping;
    uint64_t stop_by_ms;
    int exit_status;

    /* stream's */
    struct schemas *stream_schemas;
    uv_loop_t stream_loop;
    uv_thread_t stream_thread;
    struct streams *streams;
};

/* --- call.c: any hub thread --- */
struct call *call_create(struct hub *hub);
void call_destroy(struct call *c);
/* Parses the message, and no more: any thread that has the call for itself. Who does not leaves it
 * to call_run. */
void call_read(struct call *c);
/* Parses, finds out who calls, checks role and schema, runs the handler. */
enum err call_run(struct call *c); /* what the handler gave */
void call_send(struct call *c);    /* lets the answer go; the call is destroyed */
/* How the text of an answer to it begins, and an answer that was made whole behind such a beginning
 * (moved out of whole). */
void call_answer_head(const struct call *c, struct buf *out);
void call_reply_whole(struct call *c, struct buf *whole);
void call_format_error(struct call *c, enum err code, const char *message);
/* more (taken, may be NULL) is an object to which the error's own words are added: its data; a
 * "next" of its own stays. */
void call_format_error_with(struct call *c, enum err code, const char *message, cJSON *more);

/* --- access.c: any hub thread --- */
enum err access_identify(struct call *c, char *why, size_t size); /* who, kind, role, scope */
enum err access_check(struct call *c, struct schemas *schemas, char *why, size_t size);

/* --- inbox.c: any thread --- */
void inbox_init(struct inbox *in, uv_loop_t *loop, uv_async_cb wake, struct hub *hub);
void inbox_finish(struct inbox *in);
bool inbox_put(struct inbox *in, struct call *c, bool bounded);
struct call *inbox_take(struct inbox *in); /* what is due now, in order; it is woken for the rest */
/* Runs work on that thread; on control it runs in a transaction of its batch. */
void hub_post_control(struct hub *hub, hub_work work, void *arg);
void hub_post_stream(struct hub *hub, hub_work work, void *arg);
/* The same on both, behind all calls that were put before, those by doors included. */
void hub_post_behind(struct hub *hub, hub_work control, hub_work stream, const void *arg, size_t n);

/* --- control.c: control only, within a batch unless it says otherwise --- */
enum err control_create(struct hub *hub);
int control_run(struct hub *hub);
void control_destroy(struct hub *hub); /* after control_run, or when it never ran */
/* Once the batch is committed: on control, or on the stream thread. */
void control_after(struct hub *hub, hub_work work, void *arg);
void control_after_on_stream(struct hub *hub, hub_work work, void *arg);
/* Writes an event; it is published after the commit. data is borrowed, may be NULL. */
enum err control_event(struct hub *hub, const char *kind, const char *workspace, const char *who,
                       const char *target, const cJSON *data);
/* Parks a call: it is answered later, or fails with ERR_TIMEOUT; timeout_ms < 0: it waits for ever.
 * Gives the serial by which control_parked finds it again. */
uint64_t control_park(struct hub *hub, struct call *c, int64_t timeout_ms);
struct call *control_parked(struct hub *hub, uint64_t serial); /* NULL when it is gone */
void control_answered(struct hub *hub, struct call *c);        /* a parked call was answered */
void control_unpark(struct hub *hub, struct call *c); /* it is the caller's again; after a commit */
void control_stop(struct hub *hub, int exit_status);  /* when what runs aside is back */

/* --- tidy.c: control, after a batch --- */
void tidy_consider(struct hub *hub);

/* --- streams.c, stream_calls.c: see streams.h --- */

/* --- hub_calls.c --- */
/* hub.stop --force whose words could not be written: the hub stops without them. Takes the call
 * when that is what it is. On control, after the batch. */
bool hub_stop_unwritten(struct hub *hub, struct call *c);
void hub_stopped(struct hub *hub); /* both threads rest: answers who waits for just that */

/* --- baton_calls.c --- */
enum err batons_input(struct hub *hub, struct call *c); /* a detour: see stream_gate.c */
void batons_settled(struct hub *hub); /* after a commit: requests that wait are looked at */

/* --- invites.c --- */
enum err invites_recover(struct hub *hub);
enum err invites_tick(struct hub *hub, int64_t now_us, int64_t *soonest_us);
bool invites_may_drive(struct hub *hub, const char *name, const char *workspace,
                       enum baton_kind *ret_kind);
/* An invitation of the hub's own making for the agent of a session: it may ask for batons in that
 * one workspace, as that member, until invites_end. The token is nowhere but in out_token, which
 * has TOKEN_TEXT bytes (core/people/token.h). */
enum err invites_for_agent(struct hub *hub, const char *member, const char *workspace,
                           const char *by, const char *note, char out_id[32], char *out_token);
/* Ends it, its member's batons and links with it. ERR_OK also when it has ended or never was. */
enum err invites_end(struct hub *hub, const char *id, const char *by, const char *reason);
/* The same of all that let somebody into the workspace. */
enum err invites_end_all(struct hub *hub, const char *workspace, const char *by,
                         const char *reason);

/* --- members.c --- */
enum err members_gone(struct hub *hub, uint32_t peer);

/* --- workspaces.c --- */
enum err workspace_ensure(struct hub *hub, struct call *c, const char *key, const char *cwd,
                          cJSON **ret_doc, bool *ret_created);
/* The one that something is to be opened in: the call fails when there is none; "main" is always
 * there. */
enum err workspace_need(struct hub *hub, struct call *c, const char *key, cJSON **ret_doc);
/* The same for a program that is to start: in a closed one none does, ERR_ENDED. */
enum err workspace_need_open(struct hub *hub, struct call *c, const char *key, cJSON **ret_doc);
/* "2 shells, 1 session and 3 processes" */
const char *workspace_how_many(char *out, size_t size, int shells, int sessions, int processes);
/* All that runs in a workspace (NULL: everywhere) is told to end, its shells to be dismissed then;
 * within a batch. */
enum err programs_close(struct hub *hub, const char *workspace);
/* After the commit a stream whose process has ended is gone: its files, its entry in the registry,
 * and what the stream thread knows of it. */
void stream_discard(struct hub *hub, const char *id);

/* --- shells.c --- */
enum err shells_recover(struct hub *hub, void *arg); /* control work: after a start */
struct shell_end {
    char id[32];
    int code;  /* 0..255, or -signal */
    bool lost; /* the keeper is gone without having recorded an end */
};
enum err shells_ended(struct hub *hub, void *arg); /* control work; arg: struct shell_end */
enum err shells_alive(struct hub *hub, void *arg); /* control work; arg: its id */
int shells_running(struct hub *hub);

/* --- the handlers, by file --- */
#define HUB_HANDLERS(X)                                                                            \
    X(hub_hello)                                                                                   \
    X(hub_status)                                                                                  \
    X(hub_stop)                                                                                    \
    X(hub_reload)                                                                                  \
    X(hub_upgrade)                                                                                 \
    X(config_show_call)                                                                            \
    X(workspace_open)                                                                              \
    X(workspace_list)                                                                              \
    X(workspace_close)                                                                             \
    X(workspace_delete)                                                                            \
    X(shell_open)                                                                                  \
    X(shell_list)                                                                                  \
    X(shell_close)                                                                                 \
    X(shell_rename)                                                                                \
    X(shell_write)                                                                                 \
    X(shell_keys)                                                                                  \
    X(shell_resize)                                                                                \
    X(shell_snapshot)                                                                              \
    X(shell_wait)                                                                                  \
    X(stream_read)                                                                                 \
    X(stream_records)                                                                              \
    X(stream_list)                                                                                 \
    X(fs_read)                                                                                     \
    X(fs_write)                                                                                    \
    X(fs_list)                                                                                     \
    X(fs_stat)                                                                                     \
    X(fs_exists)                                                                                   \
    X(fs_mkdir)                                                                                    \
    X(fs_move)                                                                                     \
    X(fs_delete)                                                                                   \
    X(events_since)                                                                                \
    X(events_next)                                                                                 \
    X(layout_get)                                                                                  \
    X(layout_put)                                                                                  \
    X(member_list)                                                                                 \
    X(member_look)                                                                                 \
    X(member_alive)                                                                                \
    X(member_kick)                                                                                 \
    X(baton_take)                                                                                  \
    X(baton_request)                                                                               \
    X(baton_pass)                                                                                  \
    X(baton_release)                                                                               \
    X(baton_deny)                                                                                  \
    X(baton_withdraw)                                                                              \
    X(baton_status)                                                                                \
    X(baton_log)                                                                                   \
    X(baton_invite)                                                                                \
    X(invite_list)                                                                                 \
    X(invite_revoke)                                                                               \
    X(session_create)                                                                              \
    X(session_prompt)                                                                              \
    X(session_wait)                                                                                \
    X(session_cancel)                                                                              \
    X(session_list)                                                                                \
    X(session_get)                                                                                 \
    X(session_events)                                                                              \
    X(session_permissions)                                                                         \
    X(session_answer_call)                                                                         \
    X(session_suggest)                                                                             \
    X(session_suggestions)                                                                         \
    X(session_accept)                                                                              \
    X(session_drop)                                                                                \
    X(session_resume)                                                                              \
    X(session_set_mode)                                                                            \
    X(session_config)                                                                              \
    X(session_rename)                                                                              \
    X(session_close)                                                                               \
    X(session_destroy)                                                                             \
    X(session_agents)                                                                              \
    X(binding_list)
#define X(name) enum err name(struct hub *hub, struct call *c);
HUB_HANDLERS(X)
#undef X

#endif
