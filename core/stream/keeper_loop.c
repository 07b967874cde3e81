/* The keeper at work. One thread, one poll, no timer unless something is under way: while child and
 * hub are silent, so is the keeper.
 *
 * What always holds:
 *  - A byte that was read is in the log, or in `held` and nothing further is read. A byte that was
 *    typed is recorded when the child's side has taken it, before any output that it may cause is
 *    read. Records reach the log in the order in which things happened.
 *  - `held` is filled only by an append that failed (disk full). It is tried again every second;
 *    meanwhile output stays in the kernel and input in its queue.
 *  - The hub is never waited for. A note that finds the socket full stays due.
 *  - GREW is left out while the hub has an unread note: it reads the log to its end after any note,
 *    and the append comes before the look at what is unread. So a flood costs one wake-up of the
 *    hub for each time that it catches up, and a lone echo is told at once.
 *
 * The end: when the child is reaped, its output is read until nobody has the other end open, or,
 * when a grandchild keeps it, until nothing came for DRAIN_QUIET (all that the child itself wrote
 * is read by then), a second at most. Then the exit record is written and the hub told. The keeper
 * goes after BYE, or at once when no hub is connected: the log holds everything that one would ask
 * for. */
#include "core/stream/keeper_loop.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/stream/bytes.h"
#include "core/stream/keeper_queue.h"
#include "core/stream/keeper_wire.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_MAX        (64u * 1024u)
#define ECHO_MAX        256u            /* a read this short is told before another is tried */
#define WINDOW          (1024u * 1024u) /* bytes that a connected hub may be behind */
#define INPUT_MAX       (1024u * 1024u) /* bytes that wait for the child */
#define HELD_MAX        (256u * 1024u)  /* bytes of hub-made records that wait for the disk */
#define MESSAGES_A_TURN 64
#define RETRY_US        1000000
#define CLOSE_STEP_US   2000000
#define WINDOW_TELL_US  100000 /* a shorter wait for the window is nobody's business */
#define DRAIN_QUIET_US  50000
#define DRAIN_MAX       (2u * 1024u * 1024u)
#define DRAIN_MAX_US    1000000 /* a grandchild may talk for ever */
#define NEVER           INT64_MAX

enum slot { SLOT_CHILD, SLOT_LISTEN, SLOT_HUB, SLOT_OUT, SLOT_ERR, SLOT_IN, SLOT_COUNT };

struct keeper {
    struct streamlog *log;
    struct keeper_child *child;
    int32_t pid;
    int listen, hub;
    struct keeper_queue input, held;
    uint64_t acked;
    uint64_t expected; /* of pipes: the position in stdin of the hub's next byte */
    int64_t now;

    bool reaped, ended; /* the child is gone; its exit is recorded */
    bool bye, close_in;
    int32_t code;
    size_t drained;   /* bytes read since it is gone */
    int64_t quiet_at; /* when the drain is over unless something comes */
    int64_t drain_by; /* when it is in any case */
    int64_t retry_at; /* when held is tried again */
    int64_t close_at; /* when the next signal of closing is due */
    int close_step;
    int64_t paused_at; /* since when nothing is read */
    const char *why;   /* for what; NULL: reading */

    bool grew_due, exited_due;
    bool told_paused;
    uint32_t dropped;

    char read[READ_MAX];
    uint8_t message[KEEPER_MESSAGE_MAX];
};

static int64_t earliest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* --- recording ----------------------------------------------------------------------------------
 */

/* Appends a record, or holds it when the disk does not take it. */
static void record(struct keeper *k, enum record_kind kind, const struct iovec *parts, int count)
{
    int64_t time = clock_wall_us();
    if (!k->held.first && streamlog_append(k->log, kind, time, parts, count) == ERR_OK)
        return;
    struct keeper_item *item = keeper_queue_push(&k->held, parts, count);
    item->kind = kind;
    item->time_us = time;
    if (k->retry_at == NEVER)
        k->retry_at = k->now + RETRY_US;
}

static void record_bytes(struct keeper *k, enum record_kind kind, const void *bytes, size_t n)
{
    struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = n};
    record(k, kind, &part, 1);
}

static void retry_held(struct keeper *k)
{
    k->retry_at = NEVER;
    while (k->held.first) {
        struct keeper_item *item = k->held.first;
        struct iovec part = {.iov_base = item->bytes, .iov_len = item->n};
        if (streamlog_append(k->log, item->kind, item->time_us, &part, 1) != ERR_OK) {
            k->retry_at = k->now + RETRY_US;
            return;
        }
        keeper_queue_pop(&k->held);
        k->grew_due = true;
    }
}

/* --- the child ----------------------------------------------------------------------------------
 */

static void drop_input(struct keeper *k)
{
    k->dropped += (uint32_t)k->input.bytes;
    keeper_queue_clear(&k->input);
}

/* Hands queued input to the child and records what it took. */
static void flush_input(struct keeper *k)
{
    while (k->input.first && !k->held.first && k->child->in >= 0) {
        struct keeper_item *item = k->input.first;
        char *bytes = item->bytes + item->done;
        ssize_t n = write(k->child->in, bytes, item->n - item->done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN) {
            drop_input(k); /* the child has closed its end */
            keeper_child_close_in(k->child);
        }
        if (n <= 0)
            return;
        uint8_t head[80];
        const uint64_t at = item->epoch + (k->child->pty ? 0 : item->done);
        struct iovec parts[2] = {
            {.iov_base = head, .iov_len = record_encode_input(at, item->who, head)},
            {.iov_base = bytes, .iov_len = (size_t)n},
        };
        record(k, RECORD_INPUT, parts, 2);
        k->grew_due |= !k->child->pty; /* a terminal's echo tells; here the hub counts */
        keeper_queue_advance(&k->input, (size_t)n);
    }
    if (k->close_in && !k->input.first)
        keeper_child_close_in(k->child);
}

/* Reads what there is and makes one record of it. False at the end. */
static bool read_output(struct keeper *k, int fd, enum record_kind kind)
{
    size_t total = 0;
    bool open = true;
    while (total < READ_MAX) {
        ssize_t n = read(fd, k->read + total, READ_MAX - total);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0 || (n < 0 && errno != EAGAIN))
            open = false;
        if (n <= 0)
            break;
        total += (size_t)n;
        if (total < ECHO_MAX)
            break;
    }
    if (total) {
        record_bytes(k, kind, k->read, total);
        k->grew_due = true;
        if (k->reaped) {
            k->drained += total;
            k->quiet_at = earliest(k->now + DRAIN_QUIET_US, k->drain_by);
        }
    }
    return open;
}

static void on_output(struct keeper *k, int *fd, enum record_kind kind)
{
    if (*fd < 0 || read_output(k, *fd, kind))
        return;
    if (k->child->pty)
        k->child->in = -1; /* the same descriptor */
    close(*fd);
    *fd = -1;
}

/* A terminal hangs up on those whom its child leaves behind; with pipes it is done here, while the
 * number of the group is certainly its own still. A child that had to be told to go takes them all
 * with it. */
static void hang_up(const struct keeper *k)
{
    if (!k->child->pty && keeper_child_dead(k->child))
        keeper_child_signal_all(k->child, k->close_step ? SIGKILL : SIGHUP);
}

static void on_exit_of_child(struct keeper *k)
{
    hang_up(k);
    if (!keeper_child_reap(k->child, &k->code))
        return;
    k->reaped = true;
    k->close_at = NEVER;
    k->quiet_at = k->now + DRAIN_QUIET_US;
    k->drain_by = k->now + DRAIN_MAX_US;
    drop_input(k);
}

/* Ends the stream once the child is gone and what it wrote is read. */
static void end_if_drained(struct keeper *k)
{
    bool open = k->child->out >= 0 || k->child->err >= 0;
    if (!k->reaped || k->ended ||
        (open && (k->why || (k->now < k->quiet_at && k->drained < DRAIN_MAX))))
        return;
    uint8_t payload[4];
    record_encode_exit(k->code, payload);
    record_bytes(k, RECORD_EXIT, payload, sizeof payload);
    keeper_child_finish(k->child); /* hangs up on whoever still has it open */
    k->ended = k->exited_due = true;
    k->quiet_at = NEVER;
}

static void close_step(struct keeper *k)
{
    static const int signals[] = {SIGHUP, SIGTERM, SIGKILL};
    if (k->reaped || k->close_step == 3) {
        k->close_at = NEVER;
        return;
    }
    keeper_child_signal_all(k->child, signals[k->close_step++]);
    keeper_child_signal_all(k->child, SIGCONT); /* one that is stopped hears nothing else */
    k->close_at = k->now + CLOSE_STEP_US;
}

/* --- what the hub says --------------------------------------------------------------------------
 */

static bool kills_line(const struct record_input *in)
{
    return !in->who[0] && in->n == sizeof KEEPER_KILL_LINE - 1 &&
           memcmp(in->bytes, KEEPER_KILL_LINE, in->n) == 0;
}

/* What the hub writes into pipes is numbered, so that one that was killed may be followed by one
 * that says it again: what is here already is left out. */
static void leave_out_known(struct keeper *k, struct record_input *in)
{
    if (k->child->pty || strcmp(in->who, KEEPER_HUB) != 0)
        return;
    uint64_t known = in->epoch < k->expected ? k->expected - in->epoch : 0;
    if (known > in->n)
        known = in->n;
    in->epoch += known;
    in->bytes += known;
    in->n -= (size_t)known;
    if (in->n)
        k->expected = in->epoch + in->n;
}

static bool on_input(struct keeper *k, const uint8_t *bytes, size_t n)
{
    struct record r = {.kind = RECORD_INPUT, .payload = (const char *)bytes, .n = n};
    struct record_input in;
    if (record_decode_input(&r, &in) != ERR_OK || in.n == 0 || in.n > KEEPER_INPUT_MAX)
        return false;
    if (k->child->in < 0 || k->reaped || k->close_in || k->input.bytes + in.n > INPUT_MAX) {
        k->dropped += (uint32_t)in.n;
        return true;
    }
    leave_out_known(k, &in);
    if (in.n == 0)
        return true;
    if (kills_line(&in)) {
        drop_input(k);
        keeper_child_forget_in(k->child);
    }
    struct iovec part = {.iov_base = (void *)(uintptr_t)in.bytes, .iov_len = in.n};
    struct keeper_item *item = keeper_queue_push(&k->input, &part, 1);
    item->epoch = in.epoch;
    memcpy(item->who, in.who, sizeof item->who);
    flush_input(k);
    return true;
}

static bool on_resize(struct keeper *k, const uint8_t *bytes, size_t n)
{
    struct record r = {.kind = RECORD_RESIZE, .payload = (const char *)bytes, .n = n};
    int rows, cols;
    if (record_decode_resize(&r, &rows, &cols) != ERR_OK)
        return false;
    rows = rows < 1 ? 1 : rows > 1000 ? 1000 : rows;
    cols = cols < 1 ? 1 : cols > 2000 ? 2000 : cols;
    if (k->held.bytes > HELD_MAX || !keeper_child_resize(k->child, rows, cols))
        return true;
    uint8_t payload[4];
    record_encode_resize(rows, cols, payload);
    record_bytes(k, RECORD_RESIZE, payload, sizeof payload);
    k->grew_due = true;
    return true;
}

static bool on_mark(struct keeper *k, const uint8_t *bytes, size_t n)
{
    if (n > KEEPER_MARK_MAX)
        return false;
    if (!k->ended && k->held.bytes <= HELD_MAX) {
        record_bytes(k, RECORD_MARK, bytes, n);
        k->grew_due = true;
    }
    return true;
}

/* An ack never goes back, and never ahead of what there is. */
static void on_ack(struct keeper *k, uint64_t pos)
{
    uint64_t have = streamlog_pos(k->log);
    if (pos > have)
        pos = have;
    if (pos > k->acked)
        k->acked = pos;
}

/* False: not something that a hub says; the connection ends. */
static bool on_message(struct keeper *k, const uint8_t *in, size_t n)
{
    switch (n ? in[0] : 0) {
    case SAY_INPUT: return on_input(k, in + 1, n - 1);
    case SAY_RESIZE: return on_resize(k, in + 1, n - 1);
    case SAY_MARK: return on_mark(k, in + 1, n - 1);
    case SAY_SIGNAL:
        if (n != 2 || in[1] < 1 || in[1] > 64)
            return false;
        keeper_child_signal(k->child, in[1]);
        return true;
    case SAY_ACK:
    case SAY_RELEASE:
        if (n != 9)
            return false;
        if (in[0] == SAY_ACK)
            on_ack(k, bytes_get(in + 1, 8));
        else
            streamlog_release(k->log, bytes_get(in + 1, 8));
        return true;
    case SAY_CLOSE_STDIN:
        k->close_in = !k->child->pty;
        flush_input(k);
        return n == 1;
    case SAY_CLOSE:
        if (k->close_step == 0)
            close_step(k);
        return n == 1;
    case SAY_BYE: k->bye = k->ended; return n == 1;
    default: return false;
    }
}

static void hub_gone(struct keeper *k)
{
    if (k->hub >= 0)
        close(k->hub);
    k->hub = -1;
    k->told_paused = false;
}

/* Takes what the hub has said, at most `most` messages. */
static void on_hub(struct keeper *k, int most)
{
    while (k->hub >= 0 && most-- > 0) {
        size_t n = 0;
        enum err e = keeper_wire_receive(k->hub, k->message, sizeof k->message, &n);
        if (e == ERR_AGAIN)
            return;
        if (e != ERR_OK || !on_message(k, k->message, n))
            hub_gone(k);
    }
}

/* A newer connection replaces the older one, whose last words still count: a hub that was killed
 * may have passed on a keystroke before. */
static void on_connect(struct keeper *k)
{
    struct ucred peer = {0};
    socklen_t size = sizeof peer;
    int fd = accept4(k->listen, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.uid != geteuid()) {
        close(fd);
        return;
    }
    on_hub(k, 4096);
    hub_gone(k);
    k->hub = fd;
    k->bye = false;
    k->grew_due = true;
    k->exited_due = k->ended;
}

/* --- what the hub is told -----------------------------------------------------------------------
 */

static bool tell(struct keeper *k, enum keeper_note_kind kind, uint32_t n, const char *why)
{
    struct keeper_note note = {
        .kind = kind, .pos = streamlog_pos(k->log), .code = k->code, .n = n, .pid = k->pid};
    uint8_t out[KEEPER_NOTE_SIZE];
    struct iovec part = {.iov_base = out, .iov_len = sizeof out};
    if (k->hub < 0)
        return true;
    if (why)
        strncpy(note.why, why, sizeof note.why - 1);
    keeper_note_encode(&note, out);
    /* A lost connection is seen, with what it still holds for us, when it is next read. */
    return keeper_wire_send(k->hub, &part, 1) != ERR_AGAIN;
}

static bool hub_has_unread(const struct keeper *k)
{
    int unread = 0;
    return ioctl(k->hub, SIOCOUTQ, &unread) == 0 && unread > 0;
}

/* Why nothing is to be read now, NULL when nothing is against it. */
static const char *hindrance(const struct keeper *k)
{
    if (k->held.first)
        return "disk";
    if (k->hub >= 0)
        return streamlog_pos(k->log) - k->acked >= WINDOW ? "window" : NULL;
    return streamlog_full(k->log) ? "retention" : NULL;
}

static void update_pause(struct keeper *k)
{
    const char *why = hindrance(k);
    if (why && !k->why)
        k->paused_at = k->now;
    if (!why && k->why && k->reaped)
        k->quiet_at = k->now + DRAIN_QUIET_US;
    k->why = why;
}

static int64_t tell_pause_at(const struct keeper *k)
{
    if (!k->why || k->told_paused || k->hub < 0)
        return NEVER;
    return strcmp(k->why, "window") == 0 ? k->paused_at + WINDOW_TELL_US : k->paused_at;
}

/* Sends what is due. False when some of it has to wait for room. */
static bool tell_all(struct keeper *k)
{
    if (k->hub < 0) {
        k->grew_due = k->exited_due = false;
        k->dropped = 0;
        return true;
    }
    if (k->grew_due && (hub_has_unread(k) || tell(k, KEEPER_GREW, 0, NULL)))
        k->grew_due = false;
    if (k->dropped && tell(k, KEEPER_DROPPED, k->dropped, NULL))
        k->dropped = 0;
    if (k->now >= tell_pause_at(k) && tell(k, KEEPER_PAUSED, 0, k->why))
        k->told_paused = true;
    if (!k->why && k->told_paused && tell(k, KEEPER_RESUMED, 0, NULL))
        k->told_paused = false;
    if (k->exited_due && !k->held.first && tell(k, KEEPER_EXITED, 0, NULL))
        k->exited_due = false;
    return !k->grew_due && !k->dropped && !(k->exited_due && !k->held.first) &&
           (k->why || !k->told_paused) && k->now < tell_pause_at(k);
}

/* --- the loop -----------------------------------------------------------------------------------
 */

/* Milliseconds until something is due, rounded up; -1 when nothing is. */
static int wait_ms(const struct keeper *k)
{
    int64_t at = earliest(k->retry_at, k->close_at);
    int64_t tell_at = tell_pause_at(k);
    if (k->reaped && !k->ended && !k->why)
        at = earliest(at, k->quiet_at);
    if (tell_at > k->now)
        at = earliest(at, tell_at);
    if (at == NEVER)
        return -1;
    return at <= k->now ? 0 : (int)((at - k->now + 999) / 1000);
}

static void watch(const struct keeper *k, bool all_told, struct pollfd slots[SLOT_COUNT])
{
    bool feed = k->input.first && !k->held.first;
    short hub_events = all_told ? POLLIN : POLLIN | POLLOUT;
    slots[SLOT_CHILD] = (struct pollfd){.fd = k->child->pidfd, .events = POLLIN};
    slots[SLOT_LISTEN] = (struct pollfd){.fd = k->listen, .events = POLLIN};
    slots[SLOT_HUB] = (struct pollfd){.fd = k->hub, .events = hub_events};
    slots[SLOT_OUT] = (struct pollfd){.fd = k->why ? -1 : k->child->out, .events = POLLIN};
    slots[SLOT_ERR] = (struct pollfd){.fd = k->why ? -1 : k->child->err, .events = POLLIN};
    slots[SLOT_IN] = (struct pollfd){.fd = feed ? k->child->in : -1, .events = POLLOUT};
}

static void turn(struct keeper *k, const struct pollfd slots[SLOT_COUNT])
{
    if (slots[SLOT_HUB].revents)
        on_hub(k, MESSAGES_A_TURN);
    if (slots[SLOT_IN].revents)
        flush_input(k);
    if (slots[SLOT_OUT].revents && !k->held.first)
        on_output(k, &k->child->out, RECORD_OUTPUT);
    if (slots[SLOT_ERR].revents && !k->held.first)
        on_output(k, &k->child->err, RECORD_ERROR);
    if (slots[SLOT_LISTEN].revents)
        on_connect(k);
    if (k->now >= k->retry_at) {
        retry_held(k);
        flush_input(k);
    }
    if (k->now >= k->close_at)
        close_step(k);
    if (slots[SLOT_CHILD].revents)
        on_exit_of_child(k);
}

void keeper_loop(struct streamlog *log, struct keeper_child *child, int listen)
{
    struct keeper *k = mem_zalloc(sizeof *k);
    struct pollfd slots[SLOT_COUNT];
    k->log = log;
    k->child = child;
    k->pid = (int32_t)child->pid;
    k->listen = listen;
    k->hub = -1;
    k->quiet_at = k->retry_at = k->close_at = NEVER;

    for (;;) {
        k->now = clock_mono_us();
        update_pause(k);
        end_if_drained(k);
        bool all_told = tell_all(k);
        if (k->ended && !k->held.first && (k->hub < 0 || k->bye))
            break;
        watch(k, all_told, slots);
        int n = poll(slots, SLOT_COUNT, wait_ms(k));
        k->now = clock_mono_us();
        if (n < 0)
            memset(slots, 0, sizeof slots);
        turn(k, slots);
    }
    hub_gone(k);
    keeper_queue_clear(&k->input);
    free(k);
}
