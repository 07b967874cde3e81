/* One connection to the hub: NNG's byte stream with its socket protocol (SP: a greeting of 8 bytes,
 * then frames of a type, a length and a message) on it, spoken here and not by an nng_socket.
 *
 * Why: NNG 1.5.2 loses an operation for ever when a connection is closed between a part of a frame
 * and the rest; the one thread that buries connections then waits for it, and the hub leaks every
 * later one until it has no descriptors left. A client that goes with calls on their way does that
 * in less than 200 attempts. Its raw REP drops answers beyond 64 a peer, and its PUB counts
 * messages, not bytes. On a bare stream none of this happens, and what waits for a peer is ours to
 * count. The bytes are the same: any NNG program may talk to the hub.
 *
 * What always holds: at most one read and one write are out for a connection at any time; `gone` is
 * called once, after the last `message`; nothing waits for a peer. Any thread may call anything
 * here. */
#ifndef BATON_NNG_CONN_H
#define BATON_NNG_CONN_H

#include <nng/nng.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CONN_GREETING = 8, CONN_FRAME = 9 };

/* One frame, shared by all connections that send it. */
struct frame;
/* With room for n bytes of message at frame_message; NULL when memory is out. Held once. */
struct frame *frame_create(size_t n);
char *frame_message(struct frame *frame);
void frame_release(struct frame *frame); /* takes NULL */

struct conn;
struct conn_events {
    void (*greeted)(void *data, struct conn *c); /* the peer speaks the protocol */
    /* A message, borrowed; false: it is against the protocol, end the connection. */
    bool (*message)(void *data, struct conn *c, const char *bytes, size_t n);
    void (*gone)(void *data, struct conn *c); /* the last that is heard; data may go after it */
    /* Asked before each message: for so many ms nothing more is taken in from there. NULL: never.
     */
    unsigned (*pause)(void *data, struct conn *c);
};

struct conn_kind {
    uint8_t ours, theirs; /* SP protocol numbers */
    size_t message_most;  /* bytes that a message from there may have */
    unsigned queue_count; /* messages that wait at most, then the oldest go; 0: never drop … */
    size_t queue_bytes;   /* … but end the connection when so many bytes wait */
};

/* Takes the stream; id is the caller's. NULL when memory is out (the stream is freed then). Held
 * once by the caller, and by itself from conn_start until it is gone. */
struct conn *conn_create(nng_stream *stream, uint32_t id, const struct conn_kind *kind,
                         const struct conn_events *events, void *data);
void conn_start(struct conn *c); /* greets and reads */
uint32_t conn_id(const struct conn *c);
void conn_hold(struct conn *c);
void conn_release(struct conn *c);
void conn_send(struct conn *c, struct frame *frame); /* holds the frame for itself */
/* The same, but only puts it into the queue. True: somebody has to call conn_flush; until then it
 * is not said again. */
bool conn_queue(struct conn *c, struct frame *frame);
void conn_flush(struct conn *c); /* the caller holds c */
void conn_close(struct conn *c); /* `gone` follows */

#endif
