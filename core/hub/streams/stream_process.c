/* Processes on the stream thread: following their records, and stdin on its way to their keepers.
 * What a process is, and what bound and paced mean, is in processes.h; the calls are in
 * process_calls.c.
 *
 * Out: records are counted and told of, not looked into. While a paced process is AHEAD bytes
 * before its reader nothing is read, so nothing is acknowledged, so the keeper stops reading and
 * the program waits. Nothing before `released` is needed by anyone who holds the process back.
 *
 * In: IN_AHEAD bytes may be with the keeper and not in the record yet; the rest waits here, and
 * whoever wrote it waits for its answer. The keeper records what the program has taken, so a slow
 * program makes its writer slow. What is written with a position goes under the hub's own name: the
 * keeper leaves out what it has, so a writer whose hub died says it again. */
#include "core/hub/streams/stream_process.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

#define AHEAD       (4u * 1024u * 1024u)
#define IN_AHEAD    (256u * 1024u)
#define RELEASE     (1024u * 1024u) /* bytes that are worth telling the keeper */
#define GRACE_US    30000000
#define FLOOD_BYTES (64u * 1024u) /* within FLOOD_US: then nothing is published until it ends */
#define FLOOD_US    16000

/* --- time ------------------------------------------------------------------------------------- */

static void end_by_hangup(struct stream *st)
{
    struct process *p = st->process;
    log_info("%s is told to end: its caller is gone", st->info.id);
    p->paced = false;
    st->close_due = !st->info.exited;
    stream_flush(st);
    stream_spin(st); /* what is held back for nobody any more */
}

void process_on_timer(uv_timer_t *timer)
{
    struct hub *hub = timer->data;
    const int64_t now = clock_mono_us();
    for (struct stream *st = hub->streams->first; st; st = st->next) {
        struct process *p = st->process;
        if (!p)
            continue;
        process_readers_check(st, now);
        if (p->adopt_by_us && p->adopt_by_us <= now) {
            p->adopt_by_us = 0;
            if (!st->drained)
                end_by_hangup(st);
        }
    }
    process_timer_arm(hub);
}

void process_timer_arm(struct hub *hub)
{
    int64_t first = INT64_MAX;
    const int64_t now = clock_mono_us();
    for (struct stream *st = hub->streams->first; st; st = st->next) {
        const struct process *p = st->process;
        if (p && p->adopt_by_us && p->adopt_by_us < first)
            first = p->adopt_by_us;
        for (const struct process_reader *r = p ? p->readers : NULL; r; r = r->next)
            if (r->deadline_us < first)
                first = r->deadline_us;
    }
    if (first == INT64_MAX)
        uv_timer_stop(&hub->streams->processes);
    else
        uv_timer_start(&hub->streams->processes, process_on_timer,
                       first > now ? (uint64_t)((first - now) / 1000 + 1) : 0, 0);
}

/* --- stdin ------------------------------------------------------------------------------------ */

static void answer_piece(struct process_piece *piece, struct stream *st, bool took)
{
    struct call *c = piece->call;
    if (!c)
        return;
    piece->call = NULL;
    if (took) {
        cJSON *r = cJSON_CreateObject();
        cJSON_AddStringToObject(r, "processId", st->info.id);
        json_add_int(r, "written", (int64_t)piece->n);
        call_reply(c, r);
    } else {
        call_fail(c, ERR_ENDED, "%s %s", st->info.id,
                  st->info.exited ? "has ended" : "reads its standard input no more");
    }
    if (c->parked)
        call_send(c); /* else its handler is still at work, and whoever called that sends it */
}

static void pop(struct process *p)
{
    struct process_piece *piece = p->queue;
    p->queue = piece->next;
    if (!p->queue)
        p->queue_last = &p->queue;
    p->queued -= piece->n - piece->done;
    free(piece);
}

static void drop_queue(struct stream *st)
{
    struct process *p = st->process;
    while (p->queue) {
        answer_piece(p->queue, st, false);
        pop(p);
    }
}

static void skip(struct process *p, struct process_piece *piece, uint64_t n)
{
    const size_t left = piece->n - piece->done;
    if (n > left)
        n = left;
    piece->done += (size_t)n;
    p->queued -= (size_t)n;
}

static bool send_part(struct stream *st)
{
    struct process *p = st->process;
    struct process_piece *piece = p->queue;
    const bool placed = piece->at != PROCESS_UNPLACED;
    if (placed &&
        piece->at + piece->done < p->placed) /* the program has that from an earlier hub */
        skip(p, piece, p->placed - piece->at - piece->done);
    size_t n = piece->n - piece->done, room = IN_AHEAD - (size_t)(p->sent - p->taken);
    if (n > room)
        n = room;
    if (n > KEEPER_INPUT_MAX)
        n = KEEPER_INPUT_MAX;
    if (n &&
        stream_input(st, placed ? piece->at + piece->done : 0, placed ? KEEPER_HUB : piece->who,
                     piece->bytes + piece->done, n) != ERR_OK)
        return false;
    p->sent += n;
    p->queued -= n;
    piece->done += n;
    if (piece->done == piece->n) {
        answer_piece(piece, st, true);
        pop(p);
    }
    return true;
}

static void send_queue(struct stream *st)
{
    struct process *p = st->process;
    if (p->catching_up)
        return;
    while (p->queue && st->fd >= 0 && !st->info.exited && p->sent - p->taken < IN_AHEAD)
        if (!send_part(st))
            break;
    if (p->closing_in && !p->in_closed && !p->queue && st->fd >= 0) {
        p->in_closed = st->close_in_due = true;
        stream_flush(st);
    }
}

void process_feed(struct stream *st, struct call *c, const char *who, uint64_t at,
                  const char *bytes, size_t n)
{
    struct process *p = st->process;
    struct process_piece *piece = mem_zalloc(sizeof *piece + n);
    piece->call = c;
    snprintf(piece->who, sizeof piece->who, "%s", who);
    piece->at = at;
    piece->n = n;
    memcpy(piece->bytes, bytes, n);
    *p->queue_last = piece;
    p->queue_last = &piece->next;
    p->queued += n;
    send_queue(st);
}

void process_close_in(struct stream *st)
{
    st->process->closing_in = true;
    send_queue(st);
}

/* The keeper could not give the program what it had for it: that has closed its end. */
void process_refused(struct stream *st)
{
    struct process *p = st->process;
    p->refused = p->in_closed = true;
    drop_queue(st);
}

static void take_input(struct process *p, const struct record *r)
{
    struct record_input in;
    if (record_decode_input(r, &in) != ERR_OK)
        return;
    if (strcmp(in.who, KEEPER_HUB) == 0 && in.epoch + in.n > p->placed)
        p->placed = in.epoch + in.n;
    p->taken += in.n;
    if (p->taken > p->sent) /* an earlier hub's */
        p->taken = p->sent;
}

/* --- stdout and stderr ------------------------------------------------------------------------ */

/* One line of JSON, for whoever watches live. */
static void publish(struct stream *st, const struct record *r)
{
    char topic[48];
    const bool text = text_is_utf8(r->payload, r->n) && !memchr(r->payload, 0, r->n);
    cJSON *o = cJSON_CreateObject();
    json_add_int(o, "pid", st->info.pid);
    cJSON_AddStringToObject(o, "processId", st->info.id);
    cJSON_AddStringToObject(o, "stream", r->kind == RECORD_ERROR ? "stderr" : "stdout");
    json_add_int(o, "pos", (int64_t)r->pos);
    if (text) {
        json_add_text(o, "data", r->payload, r->n);
    } else {
        json_add_base64(o, "data", r->payload, r->n);
        cJSON_AddStringToObject(o, "encoding", "base64");
    }
    char *line = json_print(o);
    snprintf(topic, sizeof topic, "o/%s", st->info.id);
    st->hub->io->publish(st->hub->io_data, 0, topic, line, strlen(line));
    free(line);
    cJSON_Delete(o);
}

/* True when there is so much that nobody could look at it as it comes. */
static bool floods(struct stream *st, size_t n)
{
    const int64_t now = clock_mono_us();
    if (now - st->window_us > FLOOD_US) {
        st->window_us = now;
        st->window_bytes = 0;
    }
    st->window_bytes += n;
    return st->window_bytes > FLOOD_BYTES;
}

static void collect(struct buf *to, uint64_t *count, const struct record *r)
{
    const size_t room = PROCESS_KEEP_MAX - to->len;
    buf_append(to, r->payload, r->n < room ? r->n : room);
    *count += r->n;
}

static void take_output(struct stream *st, const struct record *r)
{
    struct process *p = st->process;
    if (r->pos + r->n <= st->info.pos)
        return;
    if (r->pos > st->info.pos)
        log_warn("%s: bytes %llu to %llu of its record are damaged", st->info.id,
                 (unsigned long long)st->info.pos, (unsigned long long)r->pos);
    if (p->collect && r->kind == RECORD_OUTPUT)
        collect(&p->out, &p->out_n, r);
    else if (p->collect)
        collect(&p->err, &p->err_n, r);
    if (!p->catching_up && !floods(st, r->n))
        publish(st, r);
    st->info.pos = r->pos + r->n;
}

static void take(struct stream *st, const struct record *r)
{
    int32_t code = 0;
    switch (r->kind) {
    case RECORD_OUTPUT:
    case RECORD_ERROR: take_output(st, r); break;
    case RECORD_INPUT: take_input(st->process, r); break;
    case RECORD_EXIT:
        record_decode_exit(r, &code);
        st->info.exited = st->drained = true;
        st->info.exit_code = code;
        break;
    case RECORD_RESIZE:
    case RECORD_MARK: break;
    }
}

static bool has_room(const struct stream *st)
{
    const struct process *p = st->process;
    return !p->paced || st->info.pos < p->read + AHEAD;
}

static void tell_end(struct stream *st)
{
    struct process *p = st->process;
    struct process_end *end = mem_zalloc(sizeof *end + p->out.len + p->err.len);
    memcpy(end->id, st->info.id, sizeof end->id);
    end->code = st->info.exit_code;
    end->lost = st->info.lost;
    end->out = p->out_n;
    end->err = p->err_n;
    end->out_n = p->out.len;
    end->err_n = p->err.len;
    if (p->out.len)
        memcpy(end->bytes, p->out.data, p->out.len);
    if (p->err.len)
        memcpy(end->bytes + p->out.len, p->err.data, p->err.len);
    buf_finish(&p->out);
    buf_finish(&p->err);
    p->adopt_by_us = 0;
    drop_queue(st);
    stream_save_info(st);
    stream_publish_head(st);
    hub_post_control(st->hub, processes_ended, end);
}

/* What nobody holds back for may go, when retention asks for it. */
static void release(struct stream *st)
{
    const struct process *p = st->process;
    const uint64_t to = p->paced && p->read < st->info.pos ? p->read : st->info.pos;
    if (to < st->released + RELEASE)
        return;
    st->released = to;
    st->release_due = true;
    stream_flush(st);
}

void process_pump(struct stream *st)
{
    struct process *p = st->process;
    const uint64_t before = st->info.pos;
    if (st->drained)
        return;
    const bool more = stream_read_turn(st, has_room, take);
    if (st->at_end)
        p->catching_up = false;
    stream_acknowledge(st);
    release(st);
    send_queue(st);
    if (st->info.pos != before) {
        stream_moved(st);
        stream_save_info(st);
    }
    if (st->drained)
        tell_end(st);
    if (st->info.pos != before || st->drained)
        process_readers_check(st, clock_mono_us());
    if (more)
        stream_spin(st);
}

void process_alive(struct stream *st)
{
    struct process_alive alive = {.pid = st->info.pid};
    memcpy(alive.id, st->info.id, sizeof alive.id);
    hub_post_control(st->hub, processes_alive, mem_dup(&alive, sizeof alive));
}

void process_read_on(struct stream *st, uint64_t since)
{
    struct process *p = st->process;
    if (since <= p->read)
        return;
    p->read = since;
    release(st);
    if (!st->drained && !st->at_end)
        stream_spin(st); /* there is room again */
}

/* --- life ------------------------------------------------------------------------------------- */

static void open_reader(struct stream *st)
{
    uint64_t first = 0;
    enum err e = streamreader_open(st->dir, 0, &first, &st->reader);
    if (e == ERR_GONE)
        e = streamreader_open(st->dir, first, NULL, &st->reader);
    if (e != ERR_OK)
        log_warn("%s: its record cannot be read: %s", st->info.id, err_text(e)->name);
    st->info.pos = st->released = st->process->read = first;
}

enum err streams_process_attach(struct hub *hub, void *arg)
{
    const struct process_attach *a = arg;
    if (stream_find(hub, a->id))
        return ERR_OK;
    struct stream *st = stream_add(hub, a->id);
    struct process *p = st->process = mem_zalloc(sizeof *p);
    p->queue_last = &p->queue;
    snprintf(p->by, sizeof p->by, "%s", a->by);
    p->bound = a->bound;
    p->paced = a->paced;
    p->collect = a->collect;
    p->owner = a->owner;
    st->info.thing = THING_PROCESS;
    st->at_end = true;
    if (st->info.exited) {
        stream_measure(st);
        return ERR_OK;
    }
    open_reader(st);
    stream_save_info(st);
    p->catching_up = a->recovering;
    if (a->recovering && a->bound)
        p->adopt_by_us = clock_mono_us() + GRACE_US;
    if (a->input_n)
        process_feed(st, NULL, "", 0, a->input, a->input_n);
    if (a->fed)
        p->closing_in = true;
    st->recovered = a->recovering;
    stream_connect(st);
    process_pump(st);
    process_timer_arm(hub);
    return ERR_OK;
}

/* Its link is gone: nobody holds it back any more, and when it is bound it ends. */
static void owner_gone(struct stream *st)
{
    struct process *p = st->process;
    p->owner = 0;
    p->paced = false;
    if (st->drained)
        return;
    if (p->bound)
        end_by_hangup(st);
    else
        stream_spin(st);
}

void process_peer_gone(struct stream *st, uint32_t peer)
{
    struct process *p = st->process;
    for (struct process_reader **at = &p->readers, *r; (r = *at);) {
        if (r->call->peer != peer) {
            at = &r->next;
            continue;
        }
        *at = r->next;
        call_destroy(r->call);
        free(r);
    }
    for (struct process_piece *piece = p->queue; piece; piece = piece->next)
        if (piece->call && piece->call->peer == peer) {
            call_destroy(piece->call);
            piece->call = NULL;
        }
    if (p->owner == peer)
        owner_gone(st);
}

void process_destroy(struct process *p)
{
    if (!p)
        return;
    while (p->readers) {
        struct process_reader *r = p->readers;
        p->readers = r->next;
        call_destroy(r->call);
        free(r);
    }
    while (p->queue) {
        call_destroy(p->queue->call);
        pop(p);
    }
    streamreader_close(p->page);
    buf_finish(&p->out);
    buf_finish(&p->err);
    free(p);
}
