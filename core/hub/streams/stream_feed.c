/* How recorded bytes become a screen, and messages for those who watch.
 *
 * The hub reads a stream from its log, in a first start as after its own death: the keeper's notes
 * only say that there is more. Each turn takes a bounded piece, so that a flood in one shell does
 * not hold up the echo of another.
 *
 * Bytes are published as they come until a stream outruns what a frame can show (FLOOD_BYTES within
 * FRAME_US). Then nothing but heads go out ('now at pos', at most one a frame), and consoles take
 * snapshots. When the stream has been quiet for QUIET_US the flood is over: the last head says so,
 * and the frame that follows it is exact.
 *
 * Terminal answers go to the child exactly once, also across the hub's death: while an older hub's
 * time is replayed, what the screen answers is held against the answers that the log has as input
 * from nobody (""), and only what is missing is sent. */
#include "core/hub/streams/stream_private.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define ACK_BYTES   (256u * 1024u)
#define FLOOD_BYTES (48u * 1024u)
#define FRAME_US    16000
#define QUIET_US    2000

/* --- what the screen tells -------------------------------------------------------------------- */

static void on_answer(void *data, const char *bytes, size_t n)
{
    struct stream *st = data;
    if (st->loading) {
        buf_append(&st->answers, bytes, n);
        return;
    }
    if (stream_input(st, 0, "", bytes, n) == ERR_OK)
        st->answers_pending += n;
}

static void on_bell(void *data)
{
    struct stream *st = data;
    st->info.bells++;
}

static void on_title(void *data, const char *title)
{
    struct stream *st = data;
    snprintf(st->info.title, sizeof st->info.title, "%s", title);
}

const struct screen_events stream_screen_events = {
    .answer = on_answer, .bell = on_bell, .title = on_title};

/* --- heads ---------------------------------------------------------------------------------- */

void stream_publish_head(struct stream *st)
{
    char topic[48];
    cJSON *o = cJSON_CreateObject();
    json_add_int(o, "pos", (int64_t)st->info.pos);
    json_add_int(o, "rows", st->info.rows);
    json_add_int(o, "cols", st->info.cols);
    json_add_int(o, "resizes", (int64_t)st->info.resizes);
    json_add_int(o, "sizedAt", (int64_t)st->info.sized_at);
    json_add_text(o, "title", st->info.title, strlen(st->info.title));
    cJSON_AddStringToObject(o, "typed", st->info.typed);
    cJSON_AddStringToObject(o, "holder", st->info.holder);
    json_add_int(o, "epoch", (int64_t)st->info.epoch);
    json_add_int(o, "bells", st->info.bells);
    cJSON_AddBoolToObject(o, "flood", st->info.flood);
    if (st->info.exited && !st->info.lost)
        json_add_int(o, "exitCode", st->info.exit_code);
    if (st->info.lost)
        cJSON_AddBoolToObject(o, "lost", true);
    char *text = json_print(o);
    snprintf(topic, sizeof topic, "h/%s", st->info.id);
    st->hub->io->publish(st->hub->io_data, st->last_peer, topic, text, strlen(text));
    st->head_told = st->info.pos;
    st->mark_us = clock_mono_us();
    free(text);
    cJSON_Delete(o);
}

static void publish_fresh(struct stream *st)
{
    char topic[48];
    if (!st->fresh.len)
        return;
    snprintf(topic, sizeof topic, "s/%s", st->info.id);
    for (int i = 0; i < 8; i++)
        st->fresh.data[i] = (char)(st->fresh_pos >> (56 - 8 * i));
    st->hub->io->publish(st->hub->io_data, st->last_peer, topic, st->fresh.data, st->fresh.len);
    buf_clear(&st->fresh);
}

static void add_fresh(struct stream *st, const char *bytes, size_t n)
{
    static const char room[8] = {0}; /* the position goes here */
    if (!st->fresh.len) {
        st->fresh_pos = st->info.pos;
        buf_append(&st->fresh, room, sizeof room);
    }
    buf_append(&st->fresh, bytes, n);
}

/* --- records -------------------------------------------------------------------------------- */

static void take_output(struct stream *st, const struct record *r)
{
    /* After a keyframe or a damaged record the first one may begin before what is known. */
    if (r->pos + r->n <= st->info.pos)
        return;
    size_t skip = r->pos < st->info.pos ? (size_t)(st->info.pos - r->pos) : 0;
    if (r->pos > st->info.pos) {
        log_warn("%s: bytes %llu to %llu of its record are damaged", st->info.id,
                 (unsigned long long)st->info.pos, (unsigned long long)r->pos);
        publish_fresh(st);
        st->info.pos = r->pos;
    }
    if (!st->info.flood && !st->loading)
        add_fresh(st, r->payload + skip, r->n - skip);
    screen_feed(st->screen, r->payload + skip, r->n - skip);
    st->info.pos += r->n - skip;
}

static void take_resize(struct stream *st, const struct record *r)
{
    int rows, cols;
    if (record_decode_resize(r, &rows, &cols) != ERR_OK)
        return;
    screen_resize(st->screen, rows, cols);
    st->info.rows = screen_rows(st->screen);
    st->info.cols = screen_cols(st->screen);
    st->info.resizes++;
    st->info.sized_at = st->info.pos;
    if (!st->loading) {
        publish_fresh(st);
        stream_publish_head(st);
    }
}

static void take_input(struct stream *st, const struct record *r)
{
    struct record_input in;
    if (record_decode_input(r, &in) != ERR_OK)
        return;
    const bool kill = !in.who[0] && in.n == sizeof KEEPER_KILL_LINE - 1 &&
                      memcmp(in.bytes, KEEPER_KILL_LINE, in.n) == 0;
    if (st->loading && (kill || in.who[0]))
        gate_replay(st, kill ? "\r" : in.bytes, kill ? 1 : in.n);
    if (kill)
        return; /* the hub's own, and no answer of the screen */
    if (in.who[0]) {
        snprintf(st->info.typed, sizeof st->info.typed, "%s", in.who);
    } else if (st->loading) {
        buf_consume(&st->answers, in.n);
    } else {
        st->answers_pending -= in.n < st->answers_pending ? in.n : st->answers_pending;
    }
}

static void take_exit(struct stream *st, const struct record *r)
{
    int32_t code = 0;
    struct shell_end end = {0};
    record_decode_exit(r, &code);
    bool known = st->info.exited;
    st->info.exited = true;
    st->info.exit_code = code;
    if (known)
        return;
    memcpy(end.id, st->info.id, sizeof end.id);
    end.code = code;
    hub_post_control(st->hub, shells_ended, mem_dup(&end, sizeof end));
}

void stream_take(struct stream *st, const struct record *r)
{
    switch (r->kind) {
    case RECORD_OUTPUT:
    case RECORD_ERROR: take_output(st, r); break;
    case RECORD_RESIZE: take_resize(st, r); break;
    case RECORD_INPUT: take_input(st, r); break;
    case RECORD_EXIT: take_exit(st, r); break;
    case RECORD_MARK: break;
    }
}

/* --- keyframes ------------------------------------------------------------------------------- */

/* A keyframe lets older segments go, and makes the next start quick. Not while an answer is on its
 * way: the comparison of a replay needs both the question and the answer behind one keyframe. */
static enum err write_keyframe(const char *dir, const struct screen *screen, uint64_t pos)
{
    struct streamreader *reader = NULL;
    struct buf state = {0};
    uint64_t first = 0;

    screen_snapshot(screen, -1, &state);
    enum err e =
        keyframe_write(dir, pos, screen_rows(screen), screen_cols(screen), state.data, state.len);
    if (e == ERR_OK && streamreader_open(dir, 0, &first, &reader) == ERR_GONE)
        keyframe_prune(dir, first);
    streamreader_close(reader);
    buf_finish(&state);
    return e;
}

static void keyframe_written(struct stream *st, uint64_t pos, enum err e)
{
    if (e == ERR_OK && st->fd >= 0)
        keeper_send_release(st->fd, pos);
    if (e != ERR_OK)
        log_warn("%s: a keyframe could not be written: %s", st->info.id, err_text(e)->name);
}

void stream_keyframe(struct stream *st)
{
    if (!st->screen || st->loading || (st->answers_pending && !st->info.exited))
        return;
    st->keyframe_pos = st->info.pos;
    keyframe_written(st, st->info.pos, write_keyframe(st->dir, st->screen, st->info.pos));
}

static void job_run(uv_work_t *work)
{
    struct keyframe_job *job = work->data;
    job->result = write_keyframe(job->dir, job->screen, job->pos);
}

static void job_done(uv_work_t *work, int status)
{
    struct keyframe_job *job = work->data;
    if (job->stream) {
        job->stream->job = NULL;
        keyframe_written(job->stream, job->pos, status == 0 ? job->result : ERR_INTERNAL);
    }
    screen_destroy(job->screen);
    free(job->dir);
    free(job);
}

void stream_keyframe_later(struct stream *st)
{
    if (!st->screen || st->answers_pending || st->job)
        return;
    struct keyframe_job *job = mem_zalloc(sizeof *job);
    job->work.data = job;
    job->stream = st;
    job->screen = screen_clone(st->screen);
    job->dir = mem_strdup(st->dir);
    job->pos = st->info.pos;
    st->job = job;
    st->keyframe_pos = st->info.pos;
    uv_queue_work(&st->hub->stream_loop, &job->work, job_run, job_done);
}

/* --- a turn --------------------------------------------------------------------------------- */

/* Counts what came; gives true when bytes are held back from now on. */
static bool measure_flood(struct stream *st, size_t n, int64_t now)
{
    if (now - st->window_us > FRAME_US) {
        st->window_us = now;
        st->window_bytes = 0;
    }
    st->window_bytes += n;
    return st->window_bytes > FLOOD_BYTES;
}

static void end_flood(struct stream *st)
{
    st->info.flood = false;
    st->window_bytes = 0;
    stream_publish_head(st);
}

void stream_tick(struct stream *st, int64_t now)
{
    if (st->at_end && now - st->output_us >= QUIET_US)
        end_flood(st);
    else if (now - st->mark_us >= FRAME_US && st->head_told != st->info.pos)
        stream_publish_head(st);
    if (st->waiters)
        waiters_check(st, now);
}

void stream_acknowledge(struct stream *st)
{
    if (st->info.pos - st->acked < ACK_BYTES)
        return;
    st->acked = st->info.pos;
    st->ack_due = true;
    stream_flush(st);
}

static void after_turn(struct stream *st, uint64_t before, uint32_t bells, uint64_t resizes,
                       const char *typed)
{
    int64_t now = clock_mono_us();
    uint64_t got = st->info.pos - before;
    bool said = strcmp(typed, st->info.typed) != 0 || bells != st->info.bells;
    bool resized = resizes != st->info.resizes;

    if (got) {
        st->output_us = now;
        stream_moved(st);
        if (!st->info.flood && measure_flood(st, (size_t)got, now)) {
            publish_fresh(st);
            st->info.flood = true;
            stream_ticking(st->hub);
            stream_publish_head(st);
        }
    }
    publish_fresh(st);
    if (st->info.exited && !st->end_told) {
        st->end_told = true;
        st->info.flood = false;
        stream_keyframe(st);
        stream_publish_head(st);
        gate_flush(st); /* what waits is told that it ended */
    } else if (said) {
        stream_publish_head(st);
    }
    stream_acknowledge(st);
    if (st->info.pos - st->keyframe_pos >= KEYFRAME_BYTES && !st->info.exited)
        stream_keyframe_later(st);
    if (got || said || resized || st->info.exited)
        stream_save_info(st);
    if (st->waiters && !st->info.flood)
        waiters_check(st, now);
}

/* The next one; what is damaged or gone is passed over. False: there is none now. */
static bool next_record(struct stream *st, struct record *r)
{
    enum err e;
    while ((e = st->reader ? streamreader_next(st->reader, r) : ERR_AGAIN) == ERR_CORRUPT ||
           e == ERR_GONE)
        log_warn("%s: a part of its record is %s", st->info.id,
                 e == ERR_GONE ? "not kept any more" : "damaged");
    if (e == ERR_OK)
        return true;
    if (e != ERR_AGAIN)
        log_error("%s: its record cannot be read: %s", st->info.id, err_text(e)->name);
    st->at_end = true;
    st->info.lag = 0;
    return false;
}

bool stream_read_turn(struct stream *st, bool (*has_room)(const struct stream *st),
                      void (*take)(struct stream *st, const struct record *r))
{
    const uint64_t before = st->info.pos;
    struct record r;
    st->at_end = false;
    while (!st->drained && has_room(st)) {
        if (st->info.pos - before >= STREAM_TURN)
            return true;
        if (!next_record(st, &r)) {
            st->drained = st->gone;
            break;
        }
        take(st, &r);
    }
    if (st->drained && !st->info.exited) {
        log_warn("the keeper of %s is gone", st->info.id);
        st->info.exited = st->info.lost = true;
    }
    return false;
}

void stream_measure(struct stream *st)
{
    struct streamreader *reader = NULL;
    if (streamreader_open(st->dir, UINT64_MAX, NULL, &reader) == ERR_OK)
        st->info.pos = streamreader_pos(reader);
    streamreader_close(reader);
    st->drained = true;
    stream_save_info(st);
}

void stream_pump(struct stream *st)
{
    uint64_t before = st->info.pos;
    uint32_t bells = st->info.bells;
    uint64_t resizes = st->info.resizes;
    char typed[sizeof st->info.typed];
    struct record r;

    if (st->agent) {
        agent_pump(st);
        return;
    }
    if (st->process) {
        process_pump(st);
        return;
    }
    if (st->loading) {
        stream_load_turn(st);
        stream_acknowledge(st);
        stream_spin(st);
        return;
    }
    if (!st->reader || st->end_told)
        return;
    memcpy(typed, st->info.typed, sizeof typed);
    st->at_end = false;
    while (st->info.pos - before < STREAM_TURN && next_record(st, &r))
        stream_take(st, &r);
    after_turn(st, before, bells, resizes, typed);
    if (!st->at_end)
        stream_spin(st);
}
