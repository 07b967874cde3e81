/* The stream thread: one uv loop that follows all keepers. Here: its life, the list of streams, the
 * keepers' sockets, and input on its way to them. How bytes become a screen and messages is in
 * stream_feed.c. Nothing here waits for a disk's sync or for the control thread. */
#include "core/hub/streams/stream_private.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/paths.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_MS 10    /* until a keeper that does not listen yet is tried again */
#define BEATS      3     /* after the last movement: one of them may be lost, too */
#define TYPING_US  40000 /* so long after a keystroke floods yield to its echo */

struct stream *stream_find(struct hub *hub, const char *id)
{
    struct stream *st = hub->streams->first;
    while (st && strcmp(st->info.id, id) != 0)
        st = st->next;
    return st;
}

/* What the call names, whatever it is. Nothing of it is loaded yet. */
static enum err named(struct hub *hub, struct call *c, struct stream **ret_stream)
{
    const char *text = call_string(c, "shellId", call_string(c, "streamId", ""));
    char id[32];
    enum err e = registry_resolve_among(hub->registry, THINGS_STREAMS, text, id);
    struct stream *st = e == ERR_OK ? stream_find(hub, id) : NULL;

    if (e == ERR_AMBIGUOUS)
        return call_fail(c, e, "several shells begin with \"%s\"; see: baton shell list", text);
    if (!st && registry_resolve_among(hub->registry, THINGS_SESSIONS, text, id) == ERR_OK)
        return call_fail(c, ERR_NOT_FOUND, "%s is a session with an agent, no shell", id);
    if (!st)
        return call_fail(c, ERR_NOT_FOUND, "there is no shell \"%s\"; see: baton shell list", text);
    *ret_stream = st;
    return ERR_OK;
}

enum err stream_of_record_call(struct hub *hub, struct call *c, struct stream **ret_stream)
{
    struct stream *st = NULL;
    enum err e = named(hub, c, &st);
    if (e != ERR_OK || !st)
        return e;
    if (!st->agent && !st->process && (!st->screen || st->loading)) {
        e = stream_load(st);
        if (e != ERR_OK)
            return call_fail(c, e, "the record of %s cannot be read", st->info.id);
    }
    *ret_stream = st;
    return ERR_OK;
}

enum err stream_of_call(struct hub *hub, struct call *c, struct stream **ret_stream)
{
    struct stream *st = NULL;
    enum err e = stream_of_record_call(hub, c, &st);
    if (e == ERR_OK && st && st->agent)
        e = call_fail(c, ERR_INVALID,
                      "%s is an agent's stream and has no screen; its record is read with: baton "
                      "stream read %s",
                      st->info.id, st->info.id);
    if (e == ERR_OK && st && st->process)
        e = call_fail(c, ERR_INVALID,
                      "%s is a process and has no screen; see: baton process output %s",
                      st->info.id, st->info.id);
    if (e == ERR_OK)
        *ret_stream = st;
    return e;
}

void stream_save_info(struct stream *st)
{
    registry_set(st->hub->registry, &st->info);
}

static void on_idle(uv_idle_t *idle)
{
    struct hub *hub = idle->data;
    bool any = false;
    for (struct stream *st = hub->streams->first; st; st = st->next) {
        if (!st->runnable)
            continue;
        if (stream_yields(st)) {
            stream_spin(st); /* its next turn comes by the timer */
            continue;
        }
        st->runnable = false;
        stream_pump(st);
        any |= st->runnable && !stream_yields(st);
    }
    if (!any)
        uv_idle_stop(idle);
}

/* While somebody types, floods are taken in at a walk: their keepers' windows fill, their programs
 * wait, and the processors are free for the echo. */
bool stream_yields(const struct stream *st)
{
    const bool flood = st->info.flood || ((st->agent || st->process) && !st->at_end);
    return flood && clock_mono_us() - st->hub->streams->input_us < TYPING_US;
}

static void on_gentle(uv_timer_t *timer)
{
    struct hub *hub = timer->data;
    for (struct stream *st = hub->streams->first; st; st = st->next)
        if (st->runnable) {
            st->runnable = false;
            stream_pump(st);
        }
}

void stream_spin(struct stream *st)
{
    struct streams *s = st->hub->streams;
    st->runnable = true;
    if (!stream_yields(st))
        uv_idle_start(&s->spin, on_idle);
    else if (!uv_is_active((uv_handle_t *)&s->gentle))
        uv_timer_start(&s->gentle, on_gentle, 2, 0);
}

static void on_tick(uv_timer_t *timer)
{
    struct hub *hub = timer->data;
    int64_t now = clock_mono_us();
    bool flood = false;
    for (struct stream *st = hub->streams->first; st; st = st->next) {
        if (st->info.flood)
            stream_tick(st, now);
        flood |= st->info.flood;
    }
    if (!flood)
        uv_timer_stop(timer);
}

void stream_ticking(struct hub *hub)
{
    if (!uv_is_active((uv_handle_t *)&hub->streams->tick))
        uv_timer_start(&hub->streams->tick, on_tick, 3, 3);
}

/* A beat after the last movement shows every subscriber a lost tail; then the timer rests. */
static void on_beat(uv_timer_t *timer)
{
    struct hub *hub = timer->data;
    bool any = false;
    for (struct stream *st = hub->streams->first; st; st = st->next) {
        if (!st->moved)
            continue;
        st->moved--;
        any = true;
        stream_publish_head(st);
    }
    if (!any)
        uv_timer_stop(timer);
}

void stream_moved(struct stream *st)
{
    uv_timer_t *beat = &st->hub->streams->beat;
    st->moved = BEATS;
    if (!uv_is_active((uv_handle_t *)beat))
        uv_timer_start(beat, on_beat, 100, 100);
}

/* --- the keeper's socket -------------------------------------------------------------------- */

static void poll_closed(uv_handle_t *handle)
{
    free(handle);
}

void stream_drop_keeper(struct stream *st)
{
    if (st->poll) {
        uv_poll_stop(st->poll);
        uv_close((uv_handle_t *)st->poll, poll_closed);
        st->poll = NULL;
    }
    if (st->fd >= 0)
        close(st->fd);
    st->fd = -1;
    while (st->input) {
        struct input *i = st->input;
        st->input = i->next;
        free(i);
    }
    st->input_last = &st->input;
    st->input_bytes = 0;
}

/* The keeper died without having recorded an end. What it recorded before is taken in first. */
static void keeper_lost(struct stream *st)
{
    stream_drop_keeper(st);
    if (st->agent || st->process) {
        st->gone = true;
        stream_spin(st);
        return;
    }
    do {
        st->runnable = false;
        stream_pump(st);
    } while (st->runnable);
    if (st->info.exited)
        return;
    struct shell_end end = {.lost = true};
    memcpy(end.id, st->info.id, sizeof end.id);
    log_warn("the keeper of %s is gone", st->info.id);
    st->info.exited = st->info.lost = true;
    stream_keyframe(st);
    stream_save_info(st);
    stream_publish_head(st);
    waiters_check(st, clock_mono_us());
    hub_post_control(st->hub, shells_ended, mem_dup(&end, sizeof end));
}

static bool take_notes(struct stream *st)
{
    struct keeper_note note;
    enum err e;
    const int32_t pid = st->info.pid;
    const char held = st->info.held[0];
    while ((e = keeper_receive(st->fd, &note)) == ERR_OK) {
        st->info.pid = note.pid;
        switch (note.kind) {
        case KEEPER_GREW:
            st->info.lag = note.pos > st->info.pos ? note.pos - st->info.pos : 0;
            break;
        case KEEPER_PAUSED: /* being a window behind is how a flood looks; what lasts is told */
            snprintf(st->info.held, sizeof st->info.held, "%s", note.why);
            if (strcmp(note.why, "disk") == 0)
                log_error("%s is held back: the disk is full", st->info.id);
            break;
        case KEEPER_RESUMED: st->info.held[0] = '\0'; break;
        case KEEPER_DROPPED:
            if (st->process)
                process_refused(st); /* as with a pipe */
            else
                log_warn("%s does not read: %u bytes of input were refused", st->info.id, note.n);
            break;
        case KEEPER_EXITED: break; /* the record in the log says it */
        }
    }
    if (pid != st->info.pid || held != st->info.held[0])
        stream_save_info(st);
    if (pid != st->info.pid && st->process && st->recovered)
        process_alive(st);
    return e != ERR_LOST;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct stream *st = poll->data;
    if (events & UV_WRITABLE)
        stream_flush(st);
    if (st->fd >= 0 && ((events & UV_READABLE) || status < 0)) {
        bool there = take_notes(st);
        if (stream_yields(st))
            stream_spin(st);
        else
            stream_pump(st);
        if (!there)
            keeper_lost(st);
    }
}

static bool waits(const struct stream *st)
{
    return st->input || st->ack_due || st->close_due || st->release_due || st->close_in_due ||
           st->signals_due;
}

static void watch(struct stream *st)
{
    if (st->poll)
        uv_poll_start(st->poll, UV_READABLE | (waits(st) ? UV_WRITABLE : 0), on_poll);
}

static enum err send_some(struct stream *st, struct input *i)
{
    return keeper_send_input(st->fd, i->epoch, i->who, i->bytes, i->n);
}

void stream_flush(struct stream *st)
{
    const bool waited = waits(st);
    while (st->fd >= 0 && st->input) {
        struct input *i = st->input;
        if (send_some(st, i) == ERR_AGAIN)
            break;
        st->input = i->next;
        st->input_bytes -= i->n;
        free(i);
    }
    if (!st->input)
        st->input_last = &st->input;
    if (st->fd >= 0 && st->ack_due)
        st->ack_due = keeper_send_ack(st->fd, st->acked) == ERR_AGAIN;
    if (st->fd >= 0 && st->release_due)
        st->release_due = keeper_send_release(st->fd, st->released) == ERR_AGAIN;
    if (st->fd >= 0 && st->close_in_due && !st->input)
        st->close_in_due = keeper_send_close_stdin(st->fd) == ERR_AGAIN;
    for (int s = 1; st->fd >= 0 && st->signals_due && s <= 64; s++)
        if (st->signals_due & UINT64_C(1) << (s - 1) && keeper_send_signal(st->fd, s) != ERR_AGAIN)
            st->signals_due &= ~(UINT64_C(1) << (s - 1));
    if (st->fd >= 0 && st->close_due)
        st->close_due = keeper_send_close(st->fd) == ERR_AGAIN;
    if (waited || waits(st))
        watch(st);
}

enum err stream_input(struct stream *st, uint64_t epoch, const char *who, const char *bytes,
                      size_t n)
{
    if (st->fd < 0 || st->info.exited)
        return st->connecting ? ERR_BUSY : ERR_ENDED;
    if (st->input_bytes + n > INPUT_QUEUE)
        return ERR_BUSY;
    if (*who && !st->agent && !st->process)
        st->hub->streams->input_us = clock_mono_us();
    while (n) {
        size_t part = n < KEEPER_INPUT_MAX ? n : KEEPER_INPUT_MAX;
        enum err e = st->input ? ERR_AGAIN : keeper_send_input(st->fd, epoch, who, bytes, part);
        if (e == ERR_AGAIN) {
            struct input *i = mem_zalloc(sizeof *i + part);
            i->epoch = epoch;
            snprintf(i->who, sizeof i->who, "%s", who);
            i->n = part;
            memcpy(i->bytes, bytes, part);
            *st->input_last = i;
            st->input_last = &i->next;
            st->input_bytes += part;
        } else if (e != ERR_OK) {
            return e == ERR_LOST ? ERR_ENDED : e;
        }
        bytes += part;
        n -= part;
    }
    if (st->input)
        watch(st);
    return ERR_OK;
}

/* --- works from the control thread ------------------------------------------------------------ */

static void on_connects(uv_timer_t *timer)
{
    struct hub *hub = timer->data;
    bool any = false;
    uv_timer_stop(timer);
    for (struct stream *st = hub->streams->first; st; st = st->next) {
        if (!st->connecting)
            continue;
        stream_connect(st);
        any = any || st->connecting;
        if (st->agent)
            agent_pump(st);
        else
            stream_pump(st);
    }
    if (any)
        uv_timer_start(timer, on_connects, CONNECT_MS, 0);
}

/* A hub may have died while its keeper was starting: then nobody listens yet, and the folder's lock
 * tells. Held: it will listen. Free: it is forbidden to start, so that none is left that nobody
 * knows. */
void stream_connect(struct stream *st)
{
    struct hub *hub = st->hub;
    st->connecting = false;
    if (keeper_connect(st->dir, &st->fd) != ERR_OK) {
        st->fd = -1;
        enum err e = keeper_forbid(st->dir);
        st->connecting = e == ERR_BUSY || e == ERR_DISK_FULL;
        if (!st->connecting)
            keeper_lost(st);
        else if (!uv_is_active((uv_handle_t *)&hub->streams->connects))
            uv_timer_start(&hub->streams->connects, on_connects, CONNECT_MS, 0);
        return;
    }
    st->poll = mem_zalloc(sizeof *st->poll);
    uv_poll_init(&hub->stream_loop, st->poll, st->fd);
    st->poll->data = st;
    st->acked = st->info.pos;
    st->ack_due = true;
    watch(st);
    stream_flush(st);
    if (st->recovered && !st->agent && !st->process)
        hub_post_control(hub, shells_alive, mem_strdup(st->info.id));
}

struct stream *stream_add(struct hub *hub, const char *id)
{
    struct stream *st = mem_zalloc(sizeof *st);
    st->hub = hub;
    st->fd = -1;
    st->input_last = &st->input;
    st->dir = path_join(hub->streams_dir, id);
    snprintf(st->info.id, sizeof st->info.id, "%s", id);
    registry_get(hub->registry, id, &st->info);
    st->next = hub->streams->first;
    hub->streams->first = st;
    return st;
}

enum err streams_attach(struct hub *hub, void *arg)
{
    const struct stream_attach *a = arg;
    struct stream *st = stream_find(hub, a->id);
    if (st)
        return ERR_OK;
    st = stream_add(hub, a->id);
    if (a->ended)
        return ERR_OK;
    enum err e = stream_load_begin(st);
    if (e != ERR_OK)
        log_warn("%s: its record cannot be read: %s", st->info.id, err_text(e)->name);
    st->recovered = a->recovering;
    stream_connect(st); /* first, so that the child does not outrun the loading */
    stream_pump(st);
    return ERR_OK;
}

enum err streams_close(struct hub *hub, void *arg)
{
    struct stream *st = stream_find(hub, arg);
    if (st && !st->info.exited) {
        st->close_due = true;
        stream_flush(st);
    }
    return ERR_OK;
}

enum err streams_bye(struct hub *hub, void *arg)
{
    struct stream *st = stream_find(hub, arg);
    if (st && st->fd >= 0) {
        keeper_send_bye(st->fd);
        stream_drop_keeper(st);
    }
    return ERR_OK;
}

static void destroy(struct stream *st)
{
    if (st->job)
        st->job->stream = NULL; /* it finishes alone */
    stream_drop_keeper(st);
    waiters_drop(st, 0);
    gate_drop(st, 0);
    stream_drop_screen(st);
    agent_destroy(st->agent);
    process_destroy(st->process);
    buf_finish(&st->answers);
    buf_finish(&st->fresh);
    free(st->dir);
    free(st);
}

enum err streams_forget(struct hub *hub, void *arg)
{
    for (struct stream **at = &hub->streams->first, *st; (st = *at); at = &st->next) {
        if (strcmp(st->info.id, arg) != 0)
            continue;
        *at = st->next;
        destroy(st);
        break;
    }
    return ERR_OK;
}

enum err streams_peer_gone(struct hub *hub, void *arg)
{
    for (struct stream *st = hub->streams->first; st; st = st->next) {
        waiters_drop(st, *(uint32_t *)arg);
        gate_drop(st, *(uint32_t *)arg);
        if (st->process)
            process_peer_gone(st, *(uint32_t *)arg);
    }
    return ERR_OK;
}

/* --- the thread ----------------------------------------------------------------------------- */

enum err streams_hand_on(struct hub *hub, struct call *c,
                         enum err (*detour)(struct hub *hub, struct call *c))
{
    c->detour = detour;
    hub->streams->handed_on = c; /* see on_wake */
    if (inbox_put(&hub->control_in, c, true))
        return ERR_OK;
    hub->streams->handed_on = NULL;
    c->detour = NULL;
    return ERR_LIMIT;
}

static void on_wake(uv_async_t *wake)
{
    struct hub *hub = wake->data;
    struct call *list = inbox_take(&hub->stream_in);
    while (list) {
        struct call *c = list;
        list = c->next;
        if (c->work) {
            c->work(hub, c->arg);
            call_destroy(c);
            continue;
        }
        hub->streams->handed_on = NULL;
        call_run(c);
        if (hub->streams->handed_on != c && c->answered)
            call_send(c);
    }
    if (hub->streams->stopping)
        uv_stop(&hub->stream_loop);
}

static void thread_main(void *arg)
{
    struct hub *hub = arg;
    pthread_setname_np(pthread_self(), "stream");
    uv_run(&hub->stream_loop, UV_RUN_DEFAULT);
}

void streams_create(struct hub *hub)
{
    struct streams *s = mem_zalloc(sizeof *s);
    hub->streams = s;
    uv_loop_init(&hub->stream_loop);
    inbox_init(&hub->stream_in, &hub->stream_loop, on_wake, hub);
    uv_idle_init(&hub->stream_loop, &s->spin);
    uv_timer_init(&hub->stream_loop, &s->tick);
    uv_timer_init(&hub->stream_loop, &s->beat);
    uv_timer_init(&hub->stream_loop, &s->waits);
    uv_timer_init(&hub->stream_loop, &s->gentle);
    uv_timer_init(&hub->stream_loop, &s->queue_timer);
    uv_timer_init(&hub->stream_loop, &s->agents);
    uv_timer_init(&hub->stream_loop, &s->processes);
    uv_timer_init(&hub->stream_loop, &s->connects);
    s->connects.data = hub;
    s->gentle.data = s->queue_timer.data = s->agents.data = s->processes.data = hub;
    s->spin.data = s->tick.data = s->beat.data = s->waits.data = hub;
}

void streams_start(struct hub *hub)
{
    uv_thread_create(&hub->stream_thread, thread_main, hub);
}

static enum err begin_stop(struct hub *hub, void *arg)
{
    (void)arg;
    for (struct stream *st = hub->streams->first; st; st = st->next)
        if (st->screen && !st->info.exited)
            stream_keyframe(st);
    hub->streams->stopping = true;
    return ERR_OK;
}

void streams_stop(struct hub *hub)
{
    hub_post_stream(hub, begin_stop, NULL);
    uv_thread_join(&hub->stream_thread);
}

static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

void streams_destroy(struct hub *hub)
{
    if (!hub->streams)
        return;
    while (hub->streams->first) {
        struct stream *st = hub->streams->first;
        hub->streams->first = st->next;
        destroy(st);
    }
    uv_walk(&hub->stream_loop, close_handle, NULL);
    uv_run(&hub->stream_loop, UV_RUN_DEFAULT);
    uv_loop_close(&hub->stream_loop);
    free(hub->streams);
    hub->streams = NULL;
}
