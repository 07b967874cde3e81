/* One connection to the hub; see the header. What is read is touched by the read's callback alone,
 * which NNG runs once for each nng_stream_recv. `mutex` guards the queue and is held over the
 * stream's own calls: NNG 1.5.2 never ends an operation that begins behind nng_stream_close, so
 * none may. Its callbacks come from its task threads, never from within such a call. The owner is
 * called without the mutex. */
#include "transport/nng/conn.h"
#include "core/base/mem.h"
#include "transport/wire/wire.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS = 8, READ_FIRST = 16 * 1024, READ_KEEP = 256 * 1024 };

struct frame {
    atomic_uint held;
    size_t n; /* of bytes */
    char bytes[];
};

struct waiting {
    struct waiting *next;
    struct frame *frame;
};

struct conn {
    atomic_uint held;
    uint32_t id;
    struct conn_kind kind;
    const struct conn_events *events;
    void *data;
    nng_stream *stream;
    nng_aio *read, *write, *now;

    char *in;
    size_t in_n, in_size;
    bool greeted, resting; /* resting: `read` is a pause just now */
    unsigned pause_ms;     /* that the last message was put off for; 0: it was not */

    pthread_mutex_t mutex;
    struct waiting *first, *last;
    unsigned count, writing; /* messages in the queue; the first of them in the write under way */
    size_t bytes;            /* in the queue */
    size_t written;          /* of the first one */
    bool closed;             /* nng_stream_close was called: begin nothing any more */
    bool flush_due;          /* conn_queue has asked for conn_flush */
};

/* ---- frames ---- */

static struct frame *frame_raw(size_t n)
{
    struct frame *frame = n <= SIZE_MAX - sizeof *frame ? malloc(sizeof *frame + n) : NULL;
    if (frame) {
        atomic_init(&frame->held, 1);
        frame->n = n;
    }
    return frame;
}

struct frame *frame_create(size_t n)
{
    struct frame *frame = n <= SIZE_MAX / 2 ? frame_raw(CONN_FRAME + n) : NULL;
    if (frame) {
        frame->bytes[0] = 1;
        wire_put_pos(n, (uint8_t *)frame->bytes + 1);
    }
    return frame;
}

char *frame_message(struct frame *frame)
{
    return frame->bytes + CONN_FRAME;
}

void frame_release(struct frame *frame)
{
    if (frame && atomic_fetch_sub(&frame->held, 1) == 1)
        free(frame);
}

/* ---- writing ---- */

/* Removes the first message; with the mutex. */
static struct frame *queue_take(struct conn *c)
{
    struct waiting *w = c->first;
    struct frame *frame = w->frame;
    c->first = w->next;
    if (!c->first)
        c->last = NULL;
    c->count--;
    c->bytes -= frame->n;
    free(w);
    return frame;
}

/* Drops the oldest message that is not being written; with the mutex. */
static void queue_drop(struct conn *c)
{
    struct waiting *before = NULL, *w = c->first;
    for (unsigned i = 0; i < c->writing && w; i++) {
        before = w;
        w = w->next;
    }
    if (!w)
        return;
    if (before)
        before->next = w->next;
    else
        c->first = w->next;
    if (c->last == w)
        c->last = before;
    c->count--;
    c->bytes -= w->frame->n;
    frame_release(w->frame);
    free(w);
}

static void close_stream(struct conn *c) /* with the mutex */
{
    if (!c->closed)
        nng_stream_close(c->stream);
    c->closed = true;
}

/* Sends the beginning of the queue with aio. Gives the number of messages; with the mutex. */
static unsigned send_some(struct conn *c, nng_aio *aio)
{
    nng_iov parts[PARTS];
    unsigned n = 0;
    for (struct waiting *w = c->first; w && n < PARTS; w = w->next, n++) {
        const size_t skip = n == 0 ? c->written : 0;
        parts[n] = (nng_iov){.iov_buf = w->frame->bytes + skip, .iov_len = w->frame->n - skip};
    }
    if (n > 0) {
        nng_aio_set_iov(aio, n, parts);
        nng_stream_send(c->stream, aio);
    }
    return n;
}

/* So many bytes have left; with the mutex. */
static void take_written(struct conn *c, size_t count)
{
    while (count && c->first) {
        const size_t left = c->first->frame->n - c->written;
        if (count < left) {
            c->written += count;
            break;
        }
        count -= left;
        c->written = 0;
        frame_release(queue_take(c));
    }
}

/* Writes what the socket takes at once. `now` has no callback, so NNG wakes none of its threads for
 * it: for a keystroke's echo that matters more than the write. What cannot be done now is called
 * back. With the mutex. False: the socket is full, or broken. */
static bool write_now(struct conn *c)
{
    while (c->first) {
        send_some(c, c->now);
        nng_aio_cancel(c->now);
        nng_aio_wait(c->now);
        if (nng_aio_result(c->now) != 0)
            return false;
        take_written(c, nng_aio_count(c->now));
    }
    return true;
}

/* Begins to write the queue, its end is told to `wrote`; with the mutex. False: nothing to do. */
static bool write_later(struct conn *c)
{
    c->writing = c->closed ? 0 : send_some(c, c->write);
    return c->writing > 0;
}

static void wrote(void *arg)
{
    struct conn *c = arg;
    const int code = nng_aio_result(c->write);

    pthread_mutex_lock(&c->mutex);
    if (code == 0)
        take_written(c, nng_aio_count(c->write));
    else
        close_stream(c);
    c->writing = 0;
    const bool more = write_later(c);
    pthread_mutex_unlock(&c->mutex);
    if (!more)
        conn_release(c);
}

/* Takes the frame; with the mutex. */
static void enqueue(struct conn *c, struct frame *frame)
{
    if (c->kind.queue_count)
        while (c->count > c->writing &&
               (c->count >= c->kind.queue_count || c->bytes + frame->n > c->kind.queue_bytes))
            queue_drop(c);
    else if (c->count && c->bytes + frame->n > c->kind.queue_bytes)
        close_stream(c);
    if (c->closed) {
        frame_release(frame);
        return;
    }
    struct waiting *w = mem_zalloc(sizeof *w);
    w->frame = frame;
    if (c->last)
        c->last->next = w;
    else
        c->first = w;
    c->last = w;
    c->count++;
    c->bytes += frame->n;
}

/* Begins to write what waits, unless that is under way; with the mutex. */
static void begin_write(struct conn *c)
{
    if (c->closed || c->writing || write_now(c))
        return;
    conn_hold(c); /* for the write, should one begin */
    if (!write_later(c))
        atomic_fetch_sub(&c->held, 1); /* the caller holds it too */
}

/* conn_send, but it takes the frame. */
static void send_taken(struct conn *c, struct frame *frame)
{
    pthread_mutex_lock(&c->mutex);
    enqueue(c, frame);
    begin_write(c);
    pthread_mutex_unlock(&c->mutex);
}

void conn_send(struct conn *c, struct frame *frame)
{
    atomic_fetch_add(&frame->held, 1);
    send_taken(c, frame);
}

bool conn_queue(struct conn *c, struct frame *frame)
{
    atomic_fetch_add(&frame->held, 1);
    pthread_mutex_lock(&c->mutex);
    enqueue(c, frame);
    const bool ask = c->first && !c->writing && !c->flush_due;
    c->flush_due |= ask;
    pthread_mutex_unlock(&c->mutex);
    return ask;
}

void conn_flush(struct conn *c)
{
    pthread_mutex_lock(&c->mutex);
    c->flush_due = false;
    begin_write(c);
    pthread_mutex_unlock(&c->mutex);
}

/* ---- reading ---- */

/* False: the connection was closed. */
static bool read_more(struct conn *c)
{
    nng_iov part = {.iov_buf = c->in + c->in_n, .iov_len = c->in_size - c->in_n};
    pthread_mutex_lock(&c->mutex);
    const bool open = !c->closed;
    if (open) {
        nng_aio_set_iov(c->read, 1, &part);
        nng_stream_recv(c->stream, c->read);
    }
    pthread_mutex_unlock(&c->mutex);
    return open;
}

static void end(struct conn *c)
{
    conn_close(c);
    c->events->gone(c->data, c);
    conn_release(c);
}

static bool greet(struct conn *c)
{
    const uint8_t *g = (const uint8_t *)c->in;
    if (g[0] != 0 || g[1] != 'S' || g[2] != 'P' || g[3] != 0 || g[4] != 0 ||
        g[5] != c->kind.theirs || g[6] != 0 || g[7] != 0)
        return false;
    c->greeted = true;
    c->events->greeted(c->data, c);
    return true;
}

/* Hands out what is whole. False: the peer does not keep to the protocol. The buffer grows with
 * what has come, never with what is claimed. */
static bool parse(struct conn *c)
{
    size_t at = 0;
    c->pause_ms = 0;
    if (!c->greeted) {
        if (c->in_n < CONN_GREETING)
            return true;
        if (!greet(c))
            return false;
        at = CONN_GREETING;
    }
    while (c->in_n - at >= CONN_FRAME) {
        const uint64_t n = wire_get_pos((const uint8_t *)c->in + at + 1);
        if (c->in[at] != 1 || n > c->kind.message_most)
            return false;
        if (c->in_n - at - CONN_FRAME < n)
            break;
        c->pause_ms = c->events->pause ? c->events->pause(c->data, c) : 0;
        if (c->pause_ms)
            break;
        if (!c->events->message(c->data, c, c->in + at + CONN_FRAME, (size_t)n))
            return false;
        at += CONN_FRAME + (size_t)n;
    }
    if (at)
        memmove(c->in, c->in + at, c->in_n - at);
    c->in_n -= at;

    size_t want = c->in_size;
    if (c->in_n == c->in_size && !c->pause_ms)
        want *= 2;
    else if (c->in_n < READ_FIRST && c->in_size > READ_KEEP)
        want = READ_FIRST;
    if (want != c->in_size) {
        char *in = realloc(c->in, want);
        if (!in)
            return false;
        c->in = in;
        c->in_size = want;
    }
    return true;
}

static bool is_closed(struct conn *c)
{
    pthread_mutex_lock(&c->mutex);
    const bool closed = c->closed;
    pthread_mutex_unlock(&c->mutex);
    return closed;
}

/* Something was read, or a pause is over. */
static void have_read(void *arg)
{
    struct conn *c = arg;
    const size_t n = c->resting ? 0 : nng_aio_count(c->read);
    bool go_on = c->resting ? !is_closed(c) : nng_aio_result(c->read) == 0 && n > 0;
    if (go_on) {
        c->in_n += n;
        go_on = parse(c);
    }
    c->resting = go_on && c->pause_ms > 0;
    if (c->resting)
        nng_sleep_aio((nng_duration)c->pause_ms, c->read);
    else if (!go_on || !read_more(c))
        end(c);
}

/* ---- life ---- */

struct conn *conn_create(nng_stream *stream, uint32_t id, const struct conn_kind *kind,
                         const struct conn_events *events, void *data)
{
    struct conn *c = mem_zalloc(sizeof *c);
    atomic_init(&c->held, 1);
    pthread_mutex_init(&c->mutex, NULL);
    c->id = id;
    c->kind = *kind;
    c->events = events;
    c->data = data;
    c->stream = stream;
    c->in = mem_zalloc(READ_FIRST);
    c->in_size = READ_FIRST;
    if (nng_aio_alloc(&c->read, have_read, c) != 0 || nng_aio_alloc(&c->write, wrote, c) != 0 ||
        nng_aio_alloc(&c->now, NULL, NULL) != 0) {
        conn_release(c);
        return NULL;
    }
    return c;
}

void conn_start(struct conn *c)
{
    struct frame *greeting = frame_raw(CONN_GREETING);
    conn_hold(c); /* until gone */
    if (greeting) {
        memcpy(greeting->bytes, "\0SP\0\0\0\0\0", CONN_GREETING);
        greeting->bytes[5] = (char)c->kind.ours;
        send_taken(c, greeting);
    } else {
        conn_close(c);
    }
    if (!read_more(c))
        end(c);
}

uint32_t conn_id(const struct conn *c)
{
    return c->id;
}

void conn_hold(struct conn *c)
{
    atomic_fetch_add(&c->held, 1);
}

/* The last release may be in a callback of c's own: NNG frees the aios later, from elsewhere. */
void conn_release(struct conn *c)
{
    if (atomic_fetch_sub(&c->held, 1) != 1)
        return;
    nng_stream_free(c->stream);
    if (c->read)
        nng_aio_reap(c->read);
    if (c->write)
        nng_aio_reap(c->write);
    if (c->now)
        nng_aio_reap(c->now);
    while (c->first)
        frame_release(queue_take(c));
    pthread_mutex_destroy(&c->mutex);
    free(c->in);
    free(c);
}

void conn_close(struct conn *c)
{
    pthread_mutex_lock(&c->mutex);
    close_stream(c);
    pthread_mutex_unlock(&c->mutex);
}
