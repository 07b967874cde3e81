/* Who may type into a stream. The stream thread's own copy of the baton (holder, epoch) is changed
 * by one work alone, which control posts after the commit; so an input is wholly before or wholly
 * behind a change of hands, and never waits for a sync. Only an input that finds the baton free
 * does: control grants it, and while one is on that way all that come behind it take the same way,
 * in their order.
 *
 * Lines. What a person types at a console is a draft until its line ends. Text from elsewhere waits
 * for that (its sender learns what became of it), and a change of hands throws a half-typed line
 * away, so that no program ever reads a line of two people's. Programs that have the whole screen
 * (the alternate one) have no such line. */
#include "core/hub/people/batons.h"
#include "core/hub/streams/stream_private.h"
#include "core/base/clock.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define QUEUED_MOST 256        /* texts a stream */
#define QUEUE_MS    30000      /* a queued text's life unless told */
#define NOBODY      UINT32_MAX /* typist: it stands there half typed, and its console is gone */

/* --- lines ------------------------------------------------------------------------------------ */

/* What a terminal tells by itself, the mouse or the focus, is nothing that was typed: gives the
 * bytes of such a report at the beginning, 0 when there is none. */
static size_t report_length(const char *bytes, size_t n)
{
    size_t i = 2;
    if (n < 3 || bytes[0] != 0x1b || bytes[1] != '[')
        return 0;
    while (i < n && (unsigned char)bytes[i] < 0x40 && (unsigned char)bytes[i] >= 0x20)
        i++;
    if (i == n || !strchr("IOMm", bytes[i]))
        return 0;
    return bytes[i] == 'M' && i == 2 ? (n < 6 ? n : 6) : i + 1; /* X10's has three bytes behind */
}

/* Keys that bring no text onto an empty line: they move, delete, interrupt or clear. All others
 * may: a history's, a yank's, a search's, a quoted key, the beginning of an escape sequence. */
static bool leaves_line(unsigned char b)
{
    static const char keys[] = "\x01\x02\x04\x05\x06\x07\b\x0b\f\x14\x15\x17\x1a\x1c\x1d\x1e\x7f";
    return b == 0 || strchr(keys, b) != NULL;
}

/* Is a line half typed after these bytes? In doubt it is: ^U and ^D leave what is out of reach. */
static bool line_open_after(bool open, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char b = (unsigned char)bytes[i];
        const size_t report = report_length(bytes + i, n - i);
        if (report)
            i += report - 1;
        else if (b == '\r' || b == '\n' || b == 0x03)
            open = false;
        else if (!leaves_line(b))
            open = true;
    }
    return open;
}

static void set_line(struct stream *st, bool open, uint32_t typist)
{
    st->typist = open ? typist : 0;
    if (st->info.line_open == open)
        return;
    st->info.line_open = open;
    stream_save_info(st);
}

static bool has_line(const struct stream *st)
{
    struct screen_modes modes;
    if (!st->screen)
        return false;
    screen_modes(st->screen, &modes);
    return !modes.alternate;
}

void gate_replay(struct stream *st, const char *bytes, size_t n)
{
    st->info.line_open = has_line(st) && line_open_after(st->info.line_open, bytes, n);
}

static void throw_line_away(struct stream *st)
{
    stream_input(st, st->info.epoch, "", KEEPER_KILL_LINE, sizeof KEEPER_KILL_LINE - 1);
    set_line(st, false, 0);
}

/* --- letting through -------------------------------------------------------------------------- */

static enum err refuse(struct call *c, const struct stream *st)
{
    struct baton_step step = {.outcome = BATON_REFUSED_NOT_HOLDER};
    const uint64_t epoch = (uint64_t)call_int(c, "epoch", 0);
    if (epoch && epoch != st->info.epoch)
        step.outcome = BATON_REFUSED_STALE_EPOCH;
    memcpy(step.next.holder, st->info.holder, sizeof step.next.holder);
    step.next.epoch = st->info.epoch;
    return batons_refuse(c, st->info.id, &step);
}

/* Types for who. Gives ERR_ENDED or ERR_BUSY when nothing was typed. */
static enum err deliver(struct stream *st, const char *who, uint32_t peer, bool typed,
                        const char *bytes, size_t n)
{
    if (st->typist == NOBODY && !typed &&
        has_line(st)) /* a program's text is not the rest of a person's line */
        throw_line_away(st);
    enum err e = stream_input(st, st->info.epoch, who, bytes, n);
    if (e != ERR_OK)
        return e;
    st->info.input_us = clock_wall_us();
    st->last_peer = peer;
    bool open = has_line(st) && line_open_after(st->info.line_open, bytes, n);
    set_line(st, open, typed ? peer : st->typist);
    return ERR_OK;
}

static void input_id(int64_t number, char out[32])
{
    snprintf(out, 32, "in%lld", (long long)number);
}

/* Answers a call whose text was typed (queued 0), or waits. */
static void answer(struct call *c, const struct stream *st, int64_t queued)
{
    cJSON *r = cJSON_CreateObject();
    cJSON_AddStringToObject(r, "shellId", st->info.id);
    json_add_int(r, "pos", (int64_t)st->info.pos);
    cJSON_AddStringToObject(r, "status", queued ? "queued" : "delivered");
    if (queued) {
        char id[32];
        input_id(queued, id);
        cJSON_AddStringToObject(r, "inputId", id);
    } else {
        json_add_int(r, "epoch", (int64_t)st->info.epoch);
    }
    call_reply(c, r);
}

static enum err not_typed(struct call *c, const struct stream *st, enum err e)
{
    if (e == ERR_ENDED)
        return call_fail(c, e, "%s has ended", st->info.id);
    if (e == ERR_BUSY)
        return call_fail(c, e, "%s does not read its input; nothing was typed", st->info.id);
    return call_fail(c, e, NULL);
}

/* To control, which grants a free baton to who may have it, and back. */
static enum err detour(struct hub *hub, struct call *c, struct stream *st)
{
    st->away++;
    c->away = c->parked = true;
    snprintf(c->away_id, sizeof c->away_id, "%s", st->info.id);
    if (streams_hand_on(hub, c, batons_input) == ERR_OK)
        return ERR_OK;
    st->away--;
    c->away = c->parked = false;
    return call_fail(c, ERR_LIMIT, "the hub has %d calls waiting already", HUB_QUEUE_MAX);
}

enum err streams_came_back(struct hub *hub, void *arg)
{
    struct stream *st = stream_find(hub, arg);
    if (st && st->away)
        st->away--;
    return ERR_OK;
}

/* --- the queue -------------------------------------------------------------------------------- */

struct queue_event {
    char shell[32], who[MEMBER_NAME_MAX], reason[64];
    const char *kind;
    int64_t id;
    uint64_t epoch;
};

static enum err write_queue_event(struct hub *hub, void *arg)
{
    const struct queue_event *q = arg;
    struct stream_info info = {0};
    char id[32];
    cJSON *data = cJSON_CreateObject();
    registry_get(hub->registry, q->shell, &info);
    input_id(q->id, id);
    cJSON_AddStringToObject(data, "shellId", q->shell);
    cJSON_AddStringToObject(data, "inputId", id);
    cJSON_AddStringToObject(data, "by", q->who);
    if (q->reason[0])
        cJSON_AddStringToObject(data, "reason", q->reason);
    if (q->epoch)
        json_add_int(data, "epoch", (int64_t)q->epoch);
    enum err e = control_event(hub, q->kind, info.workspace, q->who, q->shell, data);
    cJSON_Delete(data);
    return e;
}

static void tell_queue(struct stream *st, const char *kind, const struct queued *q,
                       const char *reason)
{
    struct queue_event event = {.kind = kind, .id = q->id};
    if (strcmp(kind, "inputDelivered") == 0)
        event.epoch = st->info.epoch;
    snprintf(event.shell, sizeof event.shell, "%s", st->info.id);
    memcpy(event.who, q->who, sizeof event.who);
    snprintf(event.reason, sizeof event.reason, "%s", reason);
    hub_post_control(st->hub, write_queue_event, mem_dup(&event, sizeof event));
}

static void arm_queue(struct hub *hub)
{
    int64_t first = INT64_MAX, now = clock_mono_us();
    for (struct stream *st = hub->streams->first; st; st = st->next)
        for (struct queued *q = st->queued; q; q = q->next)
            if (q->deadline_us < first)
                first = q->deadline_us;
    if (first == INT64_MAX)
        uv_timer_stop(&hub->streams->queue_timer);
    else
        uv_timer_start(&hub->streams->queue_timer, gate_on_timer,
                       first > now ? (uint64_t)((first - now) / 1000 + 1) : 0, 0);
}

static bool may_go(const struct stream *st, const char *who, uint32_t peer)
{
    return strcmp(st->info.holder, who) == 0 &&
           (!st->typist || st->typist == NOBODY || st->typist == peer);
}

static enum err enqueue(struct hub *hub, struct call *c, struct stream *st, const char *bytes,
                        size_t n)
{
    struct queued **at = &st->queued;
    size_t count = 0, total = n;
    for (; *at; at = &(*at)->next, count++)
        total += (*at)->n;
    if (count == QUEUED_MOST || total > INPUT_QUEUE)
        return call_fail(c, ERR_LIMIT, "%zu texts wait for %s already", count, st->info.id);
    struct queued *q = mem_zalloc(sizeof *q + n);
    q->peer = c->peer;
    memcpy(q->who, c->who, sizeof q->who);
    q->id = ++hub->streams->last_queued;
    q->deadline_us =
        clock_mono_us() + (int64_t)(json_number(c->params, "timeout", QUEUE_MS / 1e3) * 1e6);
    q->epoch = (uint64_t)call_int(c, "epoch", 0);
    q->for_baton = c->granted && call_bool(c, "queue", false);
    q->asked = c->asked;
    q->n = n;
    memcpy(q->bytes, bytes, n);
    *at = q;
    tell_queue(st, "inputQueued", q, "");
    arm_queue(hub);
    if (call_bool(c, "wait", true)) {
        q->call = c;
        c->parked = true;
    } else {
        answer(c, st, q->id);
    }
    return ERR_OK;
}

/* Ends a text that was taken out of the queue. */
static void finish_queued(struct stream *st, struct queued *q, enum err e, const char *reason)
{
    tell_queue(st, e == ERR_OK ? "inputDelivered" : "inputRefused", q, reason);
    if (q->call) {
        q->call->parked = false;
        if (e == ERR_OK)
            answer(q->call, st, 0);
        else if (e == ERR_STALE)
            refuse(q->call, st);
        else
            call_fail(q->call, e, "the text for %s was not typed: %s", st->info.id, reason);
        call_send(q->call);
    }
    free(q);
}

/* It is given up: so is the request that was made for it, unless another text waits by it. */
static void give_up(struct stream *st, struct queued *q)
{
    struct queued *other = st->queued;
    while (other && (!other->for_baton || strcmp(other->who, q->who) != 0))
        other = other->next;
    if (!q->asked || strcmp(st->info.holder, q->who) == 0)
        return;
    if (other) {
        other->asked = true;
        return;
    }
    struct stream_refusal r = {0};
    snprintf(r.id, sizeof r.id, "%s", st->info.id);
    memcpy(r.who, q->who, sizeof r.who);
    hub_post_control(st->hub, batons_given_up, mem_dup(&r, sizeof r));
}

/* ERR_AGAIN: it goes on waiting. What waits for the end of a line alone does not outlive its
 * sender's turn. */
static enum err due(const struct stream *st, const struct queued *q)
{
    const bool mine = strcmp(st->info.holder, q->who) == 0;
    if (st->info.exited)
        return ERR_ENDED;
    if ((q->epoch && q->epoch != st->info.epoch) || (!mine && !q->for_baton))
        return ERR_STALE;
    return may_go(st, q->who, q->peer) ? ERR_OK : ERR_AGAIN;
}

void gate_flush(struct stream *st)
{
    for (struct queued **at = &st->queued, *q; (q = *at);) {
        enum err e = due(st, q);
        if (e == ERR_AGAIN) {
            at = &q->next;
            continue;
        }
        *at = q->next;
        if (e == ERR_OK)
            e = deliver(st, q->who, q->peer, false, q->bytes, q->n);
        finish_queued(st, q, e, e == ERR_OK ? "" : err_text(e)->person);
    }
}

void gate_drop(struct stream *st, uint32_t peer)
{
    if (peer && st->typist == peer)
        st->typist = NOBODY;
    for (struct queued **at = &st->queued, *q; (q = *at);) {
        if (peer && (q->peer != peer || !q->call)) {
            at = &q->next;
            continue;
        }
        *at = q->next;
        if (peer) {
            tell_queue(st, "inputRefused", q, "its sender is gone");
            give_up(st, q);
        }
        call_destroy(q->call);
        free(q);
    }
    if (peer)
        gate_flush(st);
}

void gate_on_timer(uv_timer_t *timer)
{
    struct hub *hub = timer->data;
    const int64_t now = clock_mono_us();
    for (struct stream *st = hub->streams->first; st; st = st->next)
        for (struct queued **at = &st->queued, *q; (q = *at);) {
            if (q->deadline_us > now) {
                at = &q->next;
                continue;
            }
            *at = q->next;
            give_up(st, q);
            finish_queued(st, q, ERR_TIMEOUT, "its time ran out");
        }
    arm_queue(hub);
}

enum err streams_refuse_queued(struct hub *hub, void *arg)
{
    const struct stream_refusal *r = arg;
    struct stream *st = stream_find(hub, r->id);
    if (!st)
        return ERR_OK;
    for (struct queued **at = &st->queued, *q; (q = *at);) {
        if (strcmp(q->who, r->who) != 0) {
            at = &q->next;
            continue;
        }
        *at = q->next;
        finish_queued(st, q, ERR_NOT_HOLDER, r->reason);
    }
    return ERR_OK;
}

/* --- the gate --------------------------------------------------------------------------------- */

enum err gate_input(struct hub *hub, struct call *c, struct stream *st, const char *bytes, size_t n)
{
    const uint64_t epoch = (uint64_t)call_int(c, "epoch", 0);
    const bool typed = call_bool(c, "typed", false), queue = call_bool(c, "queue", false);
    const bool mine = strcmp(st->info.holder, c->who) == 0;

    if (c->away) { /* it is back from control */
        c->away = false;
        st->away -= st->away > 0;
    }
    if (st->connecting)
        return call_fail(c, ERR_BUSY, "%s is just starting", st->info.id);
    if (st->fd < 0 || st->info.exited)
        return call_fail(c, ERR_ENDED, "%s has ended", st->info.id);
    if (!c->granted && (st->away || !st->info.holder[0] || (!mine && queue && !epoch)))
        return detour(hub, c, st);
    if (epoch && epoch != st->info.epoch)
        return refuse(c, st);
    if (!mine)
        return queue && c->granted ? enqueue(hub, c, st, bytes, n) : refuse(c, st);
    if (!typed && !may_go(st, c->who, c->peer))
        return enqueue(hub, c, st, bytes, n);
    const bool draft = st->typist != 0;
    enum err e = deliver(st, c->who, c->peer, typed, bytes, n);
    if (e != ERR_OK)
        return not_typed(c, st, e);
    answer(c, st, 0);
    if (draft && !st->typist && st->queued)
        gate_flush(st);
    return ERR_OK;
}

enum err gate_resize(struct call *c, struct stream *st)
{
    const uint64_t epoch = (uint64_t)call_int(c, "epoch", 0);
    const bool mine = strcmp(st->info.holder, c->who) == 0;
    if ((epoch && epoch != st->info.epoch && st->info.holder[0]) || (st->info.holder[0] && !mine))
        return refuse(c, st);
    return ERR_OK;
}

static void note_holder(struct stream_info *info, const void *data)
{
    const struct stream_gate *gate = data;
    memcpy(info->holder, gate->holder, sizeof info->holder);
    info->holder_agent = gate->agent;
    info->epoch = gate->epoch;
}

enum err streams_gate(struct hub *hub, const struct stream_gate *gate)
{
    struct stream *st = stream_find(hub, gate->id);
    if (!st) { /* a session; or it is attached in a moment, and reads the registry then */
        registry_change(hub->registry, gate->id, note_holder, gate);
        return ERR_OK;
    }
    const bool other = strcmp(st->info.holder, gate->holder) != 0;
    const bool first = !st->info.holder[0]; /* a line of before a restart stands there still */
    if (other && !first && st->loading)
        stream_load(st); /* only its record tells what stands there */
    const bool half = other && st->info.line_open && !first && has_line(st);
    memcpy(st->info.holder, gate->holder, sizeof st->info.holder);
    st->info.holder_agent = gate->agent;
    st->info.epoch = gate->epoch;
    if (half)
        throw_line_away(st);
    if (other) {
        st->info.input_us = 0;
        set_line(st, st->info.line_open && first, 0);
    }
    stream_save_info(st);
    stream_publish_head(st);
    gate_flush(st);
    return ERR_OK;
}
