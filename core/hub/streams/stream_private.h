/* What the files of the stream thread share. Everything here is that thread's alone. */
#ifndef BATON_HUB_STREAM_PRIVATE_H
#define BATON_HUB_STREAM_PRIVATE_H

#include "core/hub/streams/streams.h"
#include "core/screen/screen.h"
#include "core/stream/keeper.h"
#include "core/stream/streamlog.h"

#include <regex.h>

#define KEYFRAME_BYTES (16u * 1024u * 1024u) /* output between two keyframes */
#define STREAM_TURN    (64u * 1024u)         /* output that one turn takes in */
#define INPUT_QUEUE    (1024u * 1024u)       /* bytes that wait for a keeper that does not read */

struct input { /* what a full socket has not taken yet */
    struct input *next;
    uint64_t epoch;
    char who[MEMBER_NAME_MAX];
    size_t n;
    char bytes[];
};

struct waiter { /* a parked shell.wait, or a read that waits for bytes */
    struct waiter *next;
    struct call *call;
    bool has_text, on_exit, on_bell;
    bool reads;
    uint64_t since; /* reads: behind this */
    regex_t text;
    int64_t idle_us; /* 0: not asked for */
    int64_t deadline_us;
    uint32_t bells; /* when the wait began */
};

struct queued { /* text that waits for the baton, or for the end of what somebody types */
    struct queued *next;
    struct call *call; /* parked: its sender waits for what becomes of it; NULL: events tell */
    char who[MEMBER_NAME_MAX];
    uint32_t peer;
    uint64_t epoch; /* under which it was sent; 0 whichever */
    bool for_baton; /* it waits for the baton too, not for a line's end alone */
    bool asked;     /* and its sender got into the line by it */
    int64_t id, deadline_us;
    size_t n;
    char bytes[];
};

struct keyframe_job {
    uv_work_t work;
    struct stream *stream; /* NULL: it was dropped meanwhile */
    struct screen *screen; /* a copy */
    char *dir;
    uint64_t pos;
    int rows, cols;
    enum err result;
};

struct agent;   /* stream_agent.c */
struct process; /* stream_process.c */

struct stream {
    struct stream *next;
    struct hub *hub;
    char *dir;
    struct stream_info info; /* its copy in the registry is for the control thread */
    struct agent *agent; /* NULL: a shell. An agent's stream has no screen, and publishes nothing */
    struct process *process; /* NULL: none; else neither has it a screen */
    struct screen *screen;   /* NULL: ended, and nobody has asked yet */
    struct streamreader *reader;

    int fd; /* the keeper's socket, -1 none */
    uv_poll_t *poll;
    bool connecting; /* its keeper lives and does not listen yet: it is tried again */
    bool recovered;  /* of an earlier hub: control is told that it is there */
    struct input *input, **input_last;
    size_t input_bytes;
    /* to be told once the socket takes it */
    bool ack_due, close_due;
    bool release_due, close_in_due; /* an agent's; a screen's keyframes say what may go */
    uint64_t released;
    uint64_t signals_due; /* bit n - 1: signal n, to a process */

    bool loading;             /* the log of an earlier hub's time: answers are compared, not sent */
    struct buf answers;       /* while loading: what the screen answered and no record shows yet */
    uint64_t answers_pending; /* bytes of answers sent and not seen recorded */

    uint64_t acked, keyframe_pos;
    struct keyframe_job *job; /* a keyframe that a helper thread writes now */
    struct buf fresh;         /* bytes fed and not published; empty while flood */
    uint64_t fresh_pos;       /* position of its first byte */
    int64_t window_us;        /* the flood measure: bytes since then */
    size_t window_bytes;
    int64_t output_us, mark_us;
    bool runnable, at_end, end_told;
    /* of an agent or a process: */
    bool gone;    /* its keeper is; what it has recorded is taken in first */
    bool drained; /* nothing more will come: the exit was read, or all that the dead keeper wrote */
    unsigned moved;     /* beats that it still gets */
    uint64_t head_told; /* position of the newest head that was published */

    uint32_t last_peer; /* whose input came last: its echo is sent before all others see it */
    unsigned away;      /* inputs that control looks at just now; others queue up behind */
    uint32_t typist;    /* the console whose half-typed line stands there; 0 none */
    struct queued *queued;

    struct waiter *waiters;

    char *cached; /* the newest state snapshot as JSON, shared by all who ask for that moment */
    size_t cached_n;
    uint64_t cached_pos, cached_stamp;
    int64_t cached_us;
};

struct streams {
    struct stream *first;
    uv_idle_t spin;    /* active while some stream is runnable */
    uv_timer_t tick;   /* active while some stream floods */
    uv_timer_t beat;   /* active while something moves */
    uv_timer_t waits;  /* the next waiter's time */
    uv_timer_t gentle; /* turns for floods while somebody types */
    int64_t input_us;  /* when somebody typed last */
    uv_timer_t queue_timer;
    uv_timer_t agents;    /* the next agent's time */
    uv_timer_t processes; /* the next process's time */
    uv_timer_t connects;  /* active while some stream is connecting */
    int64_t last_queued;  /* the newest queued text's number */
    bool stopping;
    const struct call *handed_on; /* control has it now, and may be done with it already */
};

struct stream *stream_find(struct hub *hub, const char *id);
/* The stream that a call names (shellId or streamId), with its screen; answers the call on errors.
 */
enum err stream_of_call(struct hub *hub, struct call *c, struct stream **ret_stream);
/* The same for who wants the record alone, so that an agent's stream will do. */
enum err stream_of_record_call(struct hub *hub, struct call *c, struct stream **ret_stream);

/* stream_load.c */
enum err stream_load(struct stream *st);       /* up to the log's end, from wherever it stands */
enum err stream_load_begin(struct stream *st); /* the keyframe; `loading` from then on */
enum err stream_load_turn(struct stream *st);  /* some records; ERR_AGAIN: not yet all */
void stream_drop_screen(struct stream *st);

/* stream_feed.c */
extern const struct screen_events stream_screen_events;
void stream_take(struct stream *st, const struct record *r);
void stream_pump(struct stream *st); /* takes in some of what the keeper has recorded */
/* The same for a stream without a screen, as long as it has room and is not drained; true when
 * there is more than this turn took. When a dead keeper's record is at its end the stream is lost.
 */
bool stream_read_turn(struct stream *st, bool (*has_room)(const struct stream *st),
                      void (*take)(struct stream *st, const struct record *r));
/* One whose end is known: nothing is followed, but lists show how much there is. */
void stream_measure(struct stream *st);
void stream_acknowledge(struct stream *st); /* what was taken in, from time to time */
void stream_publish_head(struct stream *st);
void stream_tick(struct stream *st, int64_t now);
void stream_keyframe(struct stream *st);       /* now, on this thread */
void stream_keyframe_later(struct stream *st); /* of this moment, written by a helper thread */

/* streams.c */
enum err stream_input(struct stream *st, uint64_t epoch, const char *who, const char *bytes,
                      size_t n);
void stream_flush(struct stream *st);        /* what waits for the socket */
void stream_spin(struct stream *st);         /* to be pumped again at once */
bool stream_yields(const struct stream *st); /* it floods, and somebody types elsewhere */
void stream_moved(struct stream *st);
void stream_ticking(struct hub *hub);
void stream_save_info(struct stream *st);
struct stream *stream_add(struct hub *hub, const char *id); /* to the list, nothing read yet */
void stream_connect(struct stream *st); /* to its keeper; it may be lost by it */
void stream_drop_keeper(struct stream *st);

/* stream_agent.c */
void agent_pump(struct stream *st); /* takes in some of what the keeper has recorded */
void agent_on_timer(uv_timer_t *timer);
void agent_destroy(struct agent *a); /* takes NULL */

/* stream_process.c */
void process_pump(struct stream *st);    /* takes in some of what the keeper has recorded */
void process_alive(struct stream *st);   /* an earlier hub's, and it runs: control is told */
void process_refused(struct stream *st); /* its program reads no input any more */
void process_peer_gone(struct stream *st, uint32_t peer);
void process_on_timer(uv_timer_t *timer);
void process_destroy(struct process *p); /* takes NULL */

/* stream_gate.c */
/* Lets a caller's input through, keeps it, or refuses it; answers the call, or parks it. */
enum err gate_input(struct hub *hub, struct call *c, struct stream *st, const char *bytes,
                    size_t n);
/* Follows the line of what was typed in an earlier hub's time. */
void gate_replay(struct stream *st, const char *bytes, size_t n);
enum err gate_resize(struct call *c, struct stream *st); /* may it? */
void gate_flush(struct stream *st);                      /* what waited, as far as it may go now */
void gate_drop(struct stream *st, uint32_t peer);        /* 0: all */
void gate_on_timer(uv_timer_t *timer);

/* stream_wait.c */
void waiters_check(struct stream *st, int64_t now);
/* Parks a stream.read until there is something behind `since`, the stream ends or the time is over;
 * then it is answered with what there is (stream_read_now, in stream_calls.c). */
void waiters_add_read(struct hub *hub, struct stream *st, struct call *c, uint64_t since,
                      int64_t wait_ms);
enum err stream_read_now(struct stream *st, struct call *c);
void waiters_arm(struct hub *hub);
void waiters_timeout(uv_timer_t *timer);
void waiters_drop(struct stream *st, uint32_t peer); /* 0: all */

#endif
