/* A client from inside; for client*.c alone.
 *
 * The model. Nothing runs behind the caller's back: the sockets are read in client_dispatch, and in
 * client_call while it waits. client_fd is an epoll descriptor over both links, a timer and an
 * eventfd; the last is raised while something waits that was already read.
 *   - A call is `waiting` until it is written, then `sent`, then `finished`; its end is told from
 *     client_dispatch, or client_call takes it from there itself.
 *   - A call is written to one connection once. When that breaks, all that were written end with
 *     ERR_LOST, all that were not with ERR_NO_HUB: nothing is ever repeated. Its owner may, where a
 *     call was held for an approval (struct client_hold): the hub then sees to it that it runs
 * once.
 *   - Events that come while client_call waits are queued, at most QUEUE_BYTES; beyond that the
 *     oldest go, as PUB itself would have dropped them.
 *   - Callbacks may call everything here but client_close. What a message callback was handed
 *     stays, because a nested client_call leaves the events' link alone.
 * DOWN -> (link_open, hello) GREETING -> (hello answered, welcomed as subscriber) UP -> DOWN …
 * At another user's hub the link for events is opened once hello was answered: only then does the
 * hub know of a token, and whom it lets hear. */
#ifndef BATON_NNG_CLIENT_PRIV_H
#define BATON_NNG_CLIENT_PRIV_H

#include "core/base/buf.h"
#include "transport/nng/client.h"
#include "transport/nng/link.h"

#include <sys/types.h>

enum {
    BUCKETS = 64,
    SENT_MOST = 2048,               /* unanswered calls on the wire; the hub allows 4096 */
    UNSENT_MOST = 64 * 1024 * 1024, /* bytes that wait to be written */
    QUEUE_BYTES = 64 * 1024 * 1024,
    FILLS_MOST = 16, /* reads a dispatch, so that a flood does not starve the caller */
    GREETING_US = 5 * 1000 * 1000, /* for hello and welcome */
    START_US = 10 * 1000 * 1000,   /* for a hub to start */
    RETRY_FIRST_US = 5 * 1000,     /* between attempts to come back, doubled up to the last */
    RETRY_LAST_US = 250 * 1000,
    REVIVE_US = 1000 * 1000, /* before a hub that died is started again */
};

struct pending {
    struct pending *next; /* in its bucket or list */
    uint32_t id;
    int64_t deadline; /* INT64_MAX: none */
    struct buf body;  /* while waiting */
    client_done done;
    void *data;
    struct client_hold *hold; /* borrowed, or NULL */
    bool sync;                /* client_call stands and waits for it */
    bool finished;
    cJSON *result;
    struct client_fault fault;
};

struct list {
    struct pending *first, *last;
};

struct queued {
    struct queued *next;
    size_t n;
    char bytes[];
};

struct topic {
    struct topic *next;
    size_t n;
    unsigned count;
    char prefix[];
};

enum state { DOWN, GREETING, UP };

struct client {
    char *hub, *token, *identity, *workspace, *kind, *call_path, *pub_path;
    uid_t owner; /* whose sockets they have to be */
    bool start;
    bool door;   /* it came by one: no events */
    bool others; /* another user's hub: never started, and its ear is opened behind its hello */
    char *auth;  /* the JSON text that goes into each call */
    enum state state;
    struct link call, pub;
    uint32_t call_events, pub_events; /* what epoll watches */
    bool want_pub, welcomed;
    bool in_message; /* a message callback runs: its bytes lie in pub's buffer */
    bool dispatching;
    cJSON *hello;
    struct client_fault refused; /* hello's, while DOWN */
    struct pending *greeting;    /* hello on its way while client_dispatch comes back up */

    struct list waiting, finished;
    struct pending *sent[BUCKETS];
    unsigned sent_count;
    size_t waiting_bytes;
    uint32_t last_id;
    int64_t next_deadline;

    struct queued *queue, *queue_last;
    size_t queue_bytes;
    struct topic *topics;

    const struct client_events *events;
    void *events_data;
    bool told_up;
    int64_t retry_at, retry_us, greeting_until;
    int64_t revive_at; /* when a hub that died is started again */
    pid_t hub_pid;     /* the hub that we started, to be reaped; 0 none */

    int epoll, event, timer;
    int64_t armed; /* the timer's time; INT64_MAX none */
    bool raised;
};

/* client.c: what the caller polls, and waiting. */
void client_raise(struct client *c, bool on); /* client_fd is readable, whatever the sockets do */
void client_arm(struct client *c, int64_t at_us); /* … or from then on */
void client_watch(struct client *c);              /* … and for what the links wait for */
/* Waits for the sockets, at most until then, and reads what is there; only queues. */
void client_wait(struct client *c, int64_t until_us);

/* client_calls.c */
void pending_add(struct list *l, struct pending *call);
struct pending *pending_take(struct list *l); /* NULL: empty */
void pending_destroy(struct pending *call);
/* A new call, waiting to be written; its fault is set when it cannot be. The caller's until it was
 * given to client_end or client_flush. */
struct pending *client_begin(struct client *c, const char *method, const cJSON *params,
                             int timeout_ms, struct client_hold *hold, bool is_hello);
void client_flush(struct client *c); /* writes what waits, as far as the limits and sockets go */
void client_end(struct client *c, struct pending *call, enum err code, const char *message);
void client_time_out(struct client *c);   /* ends the calls whose time is over */
bool client_read_calls(struct client *c); /* reads answers once; false: nothing was there */
void client_broke(struct client *c);      /* the connection is gone: ends all calls */

/* client_events.c */
/* Reads events once and delivers (now) or queues them; false: nothing was there. */
bool client_read_events(struct client *c, bool now);
void client_run_queue(struct client *c); /* delivers what was queued */
void client_queue_clear(struct client *c);

/* client_up.c */
void client_make_auth(struct client *c);
enum err client_come_up(struct client *c);   /* one attempt from DOWN to UP, waiting */
enum err client_start_hub(struct client *c); /* starts a hub, then comes up, waiting */
bool client_nobody_there(enum err e);        /* an attempt failed because no hub answers */
void client_reconnect(struct client *c);     /* a step of the way back up; never waits */

#endif
