/* The streams of agents: from a keeper's record to batches of lines for control, and from pieces of
 * stdin to the keeper. The stream thread's, wholly; what each work means is in agents.h.
 *
 * Out (agent_lines.h cuts them): one batch is under way at a time. While READY_MAX bytes are under
 * way or ready nothing is read, so nothing is acknowledged, so the keeper stops reading and the
 * agent waits: what an agent costs in memory is that, one long line, and what its keeper may be
 * ahead. What control has committed is released: until then it can be read again, by this hub's
 * successor.
 *
 * In: SENT_MAX bytes may be on their way and not in the record yet; the rest waits here. The keeper
 * leaves out what it has been given before, so a successor need not know what was on its way. While
 * more than QUEUE_MAX waits the agent is held back: what it asks would only add to that. Then its
 * record is read on, for it says what the agent has taken; but nothing is acknowledged and no line
 * is handed over, so that what is read is bounded by the keeper's window. */
#include "core/hub/streams/agent_lines.h"
#include "core/hub/streams/agent_pace.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/hub/streams/stream_private.h"

#include <stdlib.h>
#include <string.h>

#define READY_MAX   (1024u * 1024u)
#define SENT_MAX    (256u * 1024u)
#define QUEUE_MAX   (4u * 1024u * 1024u)
#define SKIPPED_MAX (1024u * 1024u) /* bytes without a line, until control is told where one is */
#define IDLE_US     100000          /* until control is told a position alone */
#define CLOSE_US    3000000         /* for an agent to go by itself */

struct piece { /* of stdin */
    struct piece *next;
    uint64_t at;
    size_t n;
    char bytes[];
};

struct agent {
    struct agent_lines lines;
    bool under_way;    /* control has a batch */
    size_t under_n;    /* of so many bytes */
    uint64_t told_pos; /* the newest that control was told */
    struct buf errors;
    int64_t taken_us; /* when control had taken its last batch */
    int64_t spoke_us; /* when it last said something that was no flood */
    int64_t walk_us;  /* when a flood's next batch is due; 0: none waits */

    uint64_t delivered, told_delivered;
    uint64_t passed; /* position in stdin behind what was handed to the socket */
    struct piece *queue, **queue_last;
    uint64_t queued; /* bytes of all its pieces */

    bool end_told;             /* the last batch was posted */
    bool closing, in_closed;   /* stdin is to be closed; the keeper was told */
    int64_t idle_us, close_us; /* when that is due; 0: it is not */
};

/* --- records ---------------------------------------------------------------------------------- */

static void take_errors(struct agent *a, const char *bytes, size_t n)
{
    if (n > AGENT_ERRORS_MAX) {
        bytes += n - AGENT_ERRORS_MAX;
        n = AGENT_ERRORS_MAX;
    }
    if (a->errors.len + n > AGENT_ERRORS_MAX)
        buf_consume(&a->errors, a->errors.len + n - AGENT_ERRORS_MAX);
    buf_append(&a->errors, bytes, n);
}

static void take_output(struct stream *st, const struct record *r)
{
    struct agent *a = st->agent;
    if (r->pos + r->n <= st->info.pos)
        return; /* of before the place where this hub began */
    const size_t known = r->pos < st->info.pos ? (size_t)(st->info.pos - r->pos) : 0;
    if (r->pos > st->info.pos) {
        log_warn("%s: bytes %llu to %llu of its record are damaged", st->info.id,
                 (unsigned long long)st->info.pos, (unsigned long long)r->pos);
        agent_lines_break(&a->lines);
        st->info.pos = r->pos;
    }
    if (r->kind == RECORD_OUTPUT)
        agent_lines_add(&a->lines, st->info.pos, r->payload + known, r->n - known);
    else
        take_errors(a, r->payload + known, r->n - known);
    st->info.pos = r->pos + r->n;
    agent_lines_pass(&a->lines, st->info.pos);
}

static void take_input(struct agent *a, const struct record *r)
{
    struct record_input in;
    if (record_decode_input(r, &in) != ERR_OK || strcmp(in.who, KEEPER_HUB) != 0)
        return;
    if (in.epoch + in.n > a->delivered)
        a->delivered = in.epoch + in.n;
    if (a->passed < a->delivered)
        a->passed = a->delivered;
}

static void take_exit(struct stream *st, const struct record *r)
{
    int32_t code = 0;
    record_decode_exit(r, &code);
    st->info.exited = true;
    st->info.exit_code = code;
    st->drained = true;
}

static void take(struct stream *st, const struct record *r)
{
    switch (r->kind) {
    case RECORD_OUTPUT:
    case RECORD_ERROR: take_output(st, r); break;
    case RECORD_INPUT: take_input(st->agent, r); break;
    case RECORD_EXIT: take_exit(st, r); break;
    case RECORD_RESIZE:
    case RECORD_MARK: break;
    }
}

/* --- batches ---------------------------------------------------------------------------------- */

static void arm(struct hub *hub);

static void post(struct stream *st, struct agent_batch *b)
{
    struct agent *a = st->agent;
    memcpy(b->id, st->info.id, sizeof b->id);
    b->delivered = a->told_delivered = a->delivered;
    a->told_pos = b->next;
    a->under_way = true;
    a->under_n = b->n;
    a->idle_us = 0;
    hub_post_control(st->hub, sessions_output, b);
}

static bool post_lines(struct stream *st)
{
    struct agent_batch *b = agent_lines_take(&st->agent->lines);
    if (!b)
        return false;
    post(st, b);
    return true;
}

static void post_end(struct stream *st)
{
    struct agent *a = st->agent;
    struct agent_batch *b = mem_zalloc(sizeof *b + a->errors.len);
    b->ended = st->info.exited && !st->info.lost;
    b->lost = st->info.lost;
    b->code = st->info.exit_code;
    b->errors_n = a->errors.len;
    if (b->errors_n)
        memcpy(b->bytes, a->errors.data, b->errors_n);
    b->next = st->info.pos;
    a->end_told = true;
    post(st, b);
}

/* When another agent last said something that was no flood. */
static int64_t others_spoke(const struct stream *mine)
{
    int64_t last = INT64_MIN;
    for (const struct stream *st = mine->hub->streams->first; st; st = st->next)
        if (st->agent && st != mine && st->agent->spoke_us > last)
            last = st->agent->spoke_us;
    return last;
}

/* A flood that has to wait for its next batch's time; the timer comes back. */
static bool walks(struct stream *st)
{
    struct agent *a = st->agent;
    const int64_t now = clock_mono_us();
    const int64_t next = agent_pace(a->lines.ready, a->taken_us, others_spoke(st));
    a->walk_us = next > now ? next : 0;
    if (a->walk_us)
        arm(st->hub);
    else if (a->lines.ready && !agent_floods(a->lines.ready))
        a->spoke_us = now;
    return a->walk_us != 0;
}

/* It does not read what it asked for. */
static bool is_held_back(const struct agent *a)
{
    return a->queued > QUEUE_MAX;
}

/* Control gets the next batch, if there is something to tell; a position alone can wait. */
static void hand_over(struct stream *st)
{
    struct agent *a = st->agent;
    if (a->under_way || a->end_told || is_held_back(a) || walks(st) || post_lines(st))
        return;
    if (st->drained) {
        post_end(st);
    } else if ((a->delivered > a->told_delivered || a->lines.pos - a->told_pos >= SKIPPED_MAX) &&
               !a->idle_us) {
        a->idle_us = clock_mono_us() + IDLE_US;
        arm(st->hub);
    }
}

static void post_position(struct stream *st)
{
    struct agent *a = st->agent;
    a->idle_us = 0;
    if (a->under_way || a->end_told || is_held_back(a))
        return; /* the next batch tells it */
    struct agent_batch *b = mem_zalloc(sizeof *b);
    b->next = a->lines.pos;
    post(st, b);
}

/* --- input ------------------------------------------------------------------------------------ */

static void drop_queue(struct agent *a)
{
    while (a->queue) {
        struct piece *p = a->queue;
        a->queue = p->next;
        free(p);
    }
    a->queue_last = &a->queue;
    a->queued = 0;
}

/* Sends the part of the first piece that may go now. False: no more for now. */
static bool send_part(struct stream *st)
{
    struct agent *a = st->agent;
    struct piece *p = a->queue;
    if (p->at > a->passed) { /* rows that nobody has any more were delivered */
        log_warn("%s: bytes %llu to %llu of its input were not sent", st->info.id,
                 (unsigned long long)a->passed, (unsigned long long)p->at);
        a->passed = a->delivered = p->at;
    }
    const uint64_t skip = a->passed - p->at, room = SENT_MAX - (a->passed - a->delivered);
    size_t n = skip < p->n ? p->n - (size_t)skip : 0;
    if (n > room)
        n = (size_t)room;
    if (n > KEEPER_INPUT_MAX)
        n = KEEPER_INPUT_MAX;
    if (n && stream_input(st, a->passed, KEEPER_HUB, p->bytes + skip, n) != ERR_OK)
        return false;
    a->passed += n;
    if (skip + n >= p->n) {
        a->queue = p->next;
        a->queued -= p->n;
        if (!a->queue)
            a->queue_last = &a->queue;
        free(p);
    }
    return true;
}

static void send_queue(struct stream *st)
{
    struct agent *a = st->agent;
    const bool held_back = is_held_back(a);
    while (a->queue && st->fd >= 0 && !st->info.exited && a->passed - a->delivered < SENT_MAX)
        if (!send_part(st))
            break;
    if (held_back && !is_held_back(a))
        stream_spin(st);
    if (a->closing && !a->in_closed && !a->queue) {
        a->in_closed = st->close_in_due = true;
        stream_flush(st);
    }
}

/* --- turns ------------------------------------------------------------------------------------ */

static bool has_room(const struct stream *st)
{
    const struct agent *a = st->agent;
    return a->lines.ready + a->under_n < READY_MAX || is_held_back(a);
}

void agent_pump(struct stream *st)
{
    struct agent *a = st->agent;
    const uint64_t before = st->info.pos;
    if (st->drained)
        return;
    const bool more = stream_read_turn(st, has_room, take);
    if (!is_held_back(a))
        stream_acknowledge(st);
    if (st->info.exited)
        drop_queue(a);
    if (st->info.pos != before || st->info.exited)
        stream_save_info(st);
    send_queue(st);
    hand_over(st);
    if (more)
        stream_spin(st);
}

/* When the next agent's time comes. */
static void arm(struct hub *hub)
{
    int64_t first = INT64_MAX, now = clock_mono_us();
    for (struct stream *st = hub->streams->first; st; st = st->next) {
        const struct agent *a = st->agent;
        if (a && a->idle_us && a->idle_us < first)
            first = a->idle_us;
        if (a && a->close_us && a->close_us < first)
            first = a->close_us;
        if (a && a->walk_us && a->walk_us < first)
            first = a->walk_us;
    }
    if (first == INT64_MAX)
        uv_timer_stop(&hub->streams->agents);
    else
        uv_timer_start(&hub->streams->agents, agent_on_timer,
                       first > now ? (uint64_t)((first - now) / 1000 + 1) : 0, 0);
}

void agent_on_timer(uv_timer_t *timer)
{
    struct hub *hub = timer->data;
    const int64_t now = clock_mono_us();
    for (struct stream *st = hub->streams->first; st; st = st->next) {
        struct agent *a = st->agent;
        if (a && a->idle_us && a->idle_us <= now)
            post_position(st);
        if (a && a->walk_us && a->walk_us <= now)
            hand_over(st);
        if (a && a->close_us && a->close_us <= now) {
            a->close_us = 0;
            st->close_due = !st->info.exited;
            stream_flush(st);
        }
    }
    arm(hub);
}

/* --- works ------------------------------------------------------------------------------------ */

static struct stream *find_agent(struct hub *hub, const char *id)
{
    struct stream *st = stream_find(hub, id);
    return st && st->agent ? st : NULL;
}

static void open_reader(struct stream *st, uint64_t pos)
{
    struct agent *a = st->agent;
    uint64_t first = 0;
    enum err e = streamreader_open(st->dir, pos, &first, &st->reader);
    if (e == ERR_GONE) {
        log_warn("%s: its record begins at %llu, bytes from %llu on are lost", st->info.id,
                 (unsigned long long)first, (unsigned long long)pos);
        pos = first;
        agent_lines_break(&a->lines);
        e = streamreader_open(st->dir, pos, &first, &st->reader);
    }
    if (e != ERR_OK)
        log_warn("%s: its record cannot be read: %s", st->info.id, err_text(e)->name);
    st->info.pos = a->lines.pos = a->told_pos = pos;
}

static void fill_in_workspace(struct stream *st)
{
    struct keeper_meta meta = {0};
    if (*st->info.workspace || keeper_meta_read(st->dir, &meta) != ERR_OK)
        return;
    snprintf(st->info.workspace, sizeof st->info.workspace, "%s", meta.workspace);
    keeper_meta_finish(&meta);
}

enum err streams_agent_attach(struct hub *hub, void *arg)
{
    const struct agent_attach *attach = arg;
    if (stream_find(hub, attach->id))
        return ERR_OK;
    struct stream *st = stream_add(hub, attach->id);
    struct agent *a = st->agent = mem_zalloc(sizeof *a);
    a->queue_last = &a->queue;
    a->spoke_us = INT64_MIN;
    a->lines.max = attach->line_max ? attach->line_max : AGENT_LINE_MAX;
    a->delivered = a->told_delivered = a->passed = attach->delivered;
    st->info.thing = THING_AGENT;
    st->at_end = true;
    fill_in_workspace(st);
    if (st->info.exited) {
        a->end_told = true;
        stream_measure(st);
        return ERR_OK;
    }
    open_reader(st, attach->consumed);
    stream_save_info(st);
    if (attach->recovering)
        log_info("%s is followed again from %llu on", st->info.id,
                 (unsigned long long)st->info.pos);
    st->released = st->info.pos;
    st->release_due = true;
    stream_connect(st);
    agent_pump(st);
    return ERR_OK;
}

enum err streams_agent_send(struct hub *hub, void *arg)
{
    const struct agent_send *send = arg;
    struct stream *st = find_agent(hub, send->id);
    if (!st || st->info.exited || send->n == 0 || send->at + send->n <= st->agent->delivered)
        return ERR_OK;
    struct piece *p = mem_zalloc(sizeof *p + send->n);
    p->at = send->at;
    p->n = send->n;
    memcpy(p->bytes, send->bytes, send->n);
    st->agent->queued += p->n;
    *st->agent->queue_last = p;
    st->agent->queue_last = &p->next;
    send_queue(st);
    return ERR_OK;
}

enum err streams_agent_taken(struct hub *hub, void *arg)
{
    const struct agent_taken *taken = arg;
    struct stream *st = find_agent(hub, taken->id);
    if (!st || !st->agent->under_way)
        return ERR_OK;
    struct agent *a = st->agent;
    a->under_way = false;
    a->under_n = 0;
    a->taken_us = clock_mono_us();
    if (taken->pos > st->released) {
        st->released = taken->pos;
        st->release_due = true;
        stream_flush(st);
    }
    if (a->end_told) {
        if (st->fd >= 0)
            keeper_send_bye(st->fd);
        stream_drop_keeper(st);
        return ERR_OK;
    }
    hand_over(st);
    if (!st->at_end)
        stream_spin(st); /* there is room again */
    return ERR_OK;
}

enum err streams_agent_close(struct hub *hub, void *arg)
{
    struct stream *st = find_agent(hub, arg);
    if (!st || st->info.exited || st->agent->closing)
        return ERR_OK;
    st->agent->closing = true;
    st->agent->close_us = clock_mono_us() + CLOSE_US;
    send_queue(st);
    arm(hub);
    return ERR_OK;
}

void agent_destroy(struct agent *a)
{
    if (!a)
        return;
    agent_lines_finish(&a->lines);
    drop_queue(a);
    buf_finish(&a->errors);
    free(a);
}
