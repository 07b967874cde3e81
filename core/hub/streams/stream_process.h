/* What the files about processes on the stream thread share: the stream's process, its stdin on its
 * way to the keeper, and who waits for output. Stream thread. */
#ifndef BATON_HUB_STREAM_PROCESS_H
#define BATON_HUB_STREAM_PROCESS_H

#include "core/hub/work/processes.h"
#include "core/hub/streams/stream_private.h"

#define PROCESS_UNPLACED UINT64_MAX

struct process_piece { /* of stdin */
    struct process_piece *next;
    struct call *call; /* is answered when all of it is with the keeper; NULL nobody */
    char who[MEMBER_NAME_MAX];
    uint64_t at; /* position of its first byte among what was written so; PROCESS_UNPLACED none */
    size_t n, done;
    char bytes[];
};

struct process_reader { /* a parked process.output */
    struct process_reader *next;
    struct call *call;
    uint64_t since;
    int64_t deadline_us;
};

struct process {
    char by[MEMBER_NAME_MAX]; /* whose it is */
    bool bound, paced, collect;
    uint32_t owner;      /* the link that it is bound to, or held back for; 0 none */
    uint64_t read;       /* what that link has taken in */
    int64_t adopt_by_us; /* bound, and its link is gone with a hub: until when; 0 no */
    struct process_reader *readers;

    struct process_piece *queue, **queue_last;
    size_t queued;        /* bytes in it */
    uint64_t sent, taken; /* bytes of stdin given to the keeper, and recorded by it */
    uint64_t placed;      /* of those with a position, behind the last that was recorded */
    bool closing_in;      /* stdin ends behind the queue */
    bool in_closed;       /* and the keeper was told; or the program reads no more */
    bool refused;

    bool catching_up; /* with what was recorded in an earlier hub's time */

    struct buf out, err; /* collected */
    uint64_t out_n, err_n;

    struct streamreader *page; /* where the last page ended: the next one goes on there */
    struct record held;        /* a record that it did not take any more; of page */
    bool holds;
    uint64_t page_next;
};

/* stream_process.c */
void process_timer_arm(struct hub *hub);
/* Queues bytes for stdin; c, when there is one, is answered once the keeper has them. Copies. */
void process_feed(struct stream *st, struct call *c, const char *who, uint64_t at,
                  const char *bytes, size_t n);
void process_close_in(struct stream *st);
/* The link reads on from since: what lies before may go, and the program may go on. */
void process_read_on(struct stream *st, uint64_t since);

/* process_calls.c: answers those who wait for output that is there, or whose time is over. */
void process_readers_check(struct stream *st, int64_t now);

#endif
