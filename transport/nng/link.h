/* One connection of a client to one of the hub's sockets, in NNG's own wire format (SP over IPC:
 * a greeting of 8 bytes, then frames of a type, a length and a message), spoken directly. A client
 * that used NNG would pay 14 threads, a millisecond to start and half again as much time for each
 * call; and it could not promise that no request is sent twice. Never blocks. One thread. */
#ifndef BATON_NNG_LINK_H
#define BATON_NNG_LINK_H

#include "core/base/buf.h"
#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Our side's protocol number; the hub's must be its counterpart (REP, PUB). */
enum link_protocol { LINK_REQ = 0x30, LINK_SUB = 0x21 };

struct link {
    int fd; /* -1: closed */
    enum link_protocol protocol;
    bool greeted;  /* the hub's greeting was read and is right */
    struct buf in; /* read, from in_at on not yet handed out */
    size_t in_at;
    struct buf out; /* to be written, from out_at on */
    size_t out_at;
};

void link_init(struct link *l);   /* closed */
void link_finish(struct link *l); /* closes, frees */

/* Connects to a socket of that user and queues the greeting. ERR_NOT_FOUND: there is no socket;
 * ERR_NO_HUB: nobody listens on it; ERR_AGAIN: its queue is full just now; ERR_DENIED: it belongs
 * to somebody else. */
enum err link_open(struct link *l, const char *path, uid_t owner, enum link_protocol protocol);
/* Closes the descriptor. What link_next has handed out stays valid until the next link_open. */
void link_close(struct link *l);

/* Queues a frame's beginning; the caller then appends the message to l->out and calls link_end. */
size_t link_begin(struct link *l);
void link_end(struct link *l, size_t begin);
size_t link_unsent(const struct link *l); /* bytes */

/* Writes what the socket takes. ERR_LOST: the link is broken. */
enum err link_flush(struct link *l);

/* Reads once, some 256 KiB at most. ERR_AGAIN: nothing there now; ERR_LOST: broken, or not SP. */
enum err link_fill(struct link *l);

/* The next whole message; borrowed until the next link_fill. ERR_AGAIN: none; ERR_LOST: what came
 * is against the protocol. */
enum err link_next(struct link *l, const char **ret_bytes, size_t *ret_n);

#endif
