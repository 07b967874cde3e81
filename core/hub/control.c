/* The control thread: takes all calls that wait, runs their handlers one after another inside one
 * transaction, commits once, and only then lets the answers go and publishes the events. So a
 * handler is plain sequential code, an answer means 'it is on disk', group commit comes by itself
 * under load, and nobody sees an event that a crash could take back.
 *
 * Each call is a part of its own (a savepoint): one that fails is undone alone. When the commit
 * itself fails (a full disk) every answer of the batch becomes that error, and nothing is
 * published; so it is when a part that failed has taken the whole transaction with it, as SQLite's
 * do that meet a full disk with more than its cache holds. Work of the hub's own (a shell has
 * ended) that could not be written is tried again each second; the log is told of it once a minute.
 */
#include "core/hub/hub_private.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/hub/aside.h"
#include "core/hub/early.h"
#include "core/hub/hooks.h"
#include "core/hub/sessions/sessions.h"
#include "core/hub/streams/streams.h"

#include <stdlib.h>
#include <string.h>

#define AGAIN_MS    1000
#define GATHER_US   4000 /* for so long a batch takes in what comes: about a sync */
#define GATHER_MOST 512
#define TOLD_US     (60 * 1000000LL) /* between two lines of the log about what cannot be written */

static void on_wake(uv_async_t *wake);

static void add_after(struct hub *hub, hub_work work, void *arg, bool on_stream)
{
    hub->afters = mem_reallocarray(hub->afters, hub->after_count + 1, sizeof *hub->afters);
    hub->afters[hub->after_count++] = (struct after){work, arg, on_stream};
}

void control_after(struct hub *hub, hub_work work, void *arg)
{
    add_after(hub, work, arg, false);
}

void control_after_on_stream(struct hub *hub, hub_work work, void *arg)
{
    add_after(hub, work, arg, true);
}

static void drop_afters(struct hub *hub, size_t from)
{
    while (hub->after_count > from)
        free(hub->afters[--hub->after_count].arg);
}

/* Where the next event goes: into the last message when that has its topic, else into a new one. So
 * events are heard in the order of their ids, and whoever finds one missing has missed it. */
static struct frame *frame_for(struct hub *hub, const char *workspace, const char *kind)
{
    char topic[sizeof hub->frames->topic];
    snprintf(topic, sizeof topic, "e/%s/%s", *workspace ? workspace : "-", kind);
    if (hub->frame_count && strcmp(hub->frames[hub->frame_count - 1].topic, topic) == 0)
        return &hub->frames[hub->frame_count - 1];
    hub->frames = mem_reallocarray(hub->frames, hub->frame_count + 1, sizeof *hub->frames);
    struct frame *f = &hub->frames[hub->frame_count++];
    *f = (struct frame){0};
    memcpy(f->topic, topic, sizeof topic);
    return f;
}

static enum err write_event(struct hub *hub, struct event *e)
{
    enum err result = journal_event(hub->journal, e);
    if (result != ERR_OK)
        return result;
    struct frame *f = frame_for(hub, e->workspace, e->kind);
    char *line = journal_event_json(e);
    buf_puts(&f->lines, line);
    buf_putc(&f->lines, '\n');
    f->count++;
    hub->event_head = e->id;
    result = hooks_event(hub, e, line);
    free(line);
    return result;
}

enum err control_event(struct hub *hub, const char *kind, const char *workspace, const char *who,
                       const char *target, const cJSON *data)
{
    struct event e = {
        .kind = kind, .workspace = workspace, .who = who, .target = target, .data = data};
    return write_event(hub, &e);
}

enum err control_session_event(struct hub *hub, const char *session, const char *workspace,
                               const char *who, const char *method, const cJSON *params,
                               int64_t seq)
{
    cJSON *data = cJSON_CreateObject(); /* in this order: journal_session_events knows it */
    cJSON_AddStringToObject(data, "sessionId", session);
    json_add_int(data, "sequenceNumber", seq);
    cJSON *inner = cJSON_AddObjectToObject(data, "event");
    cJSON_AddStringToObject(inner, "method", method);
    cJSON_AddItemReferenceToObject(inner, "params", (cJSON *)(uintptr_t)params);
    struct event e = {.kind = "sessionEvent",
                      .workspace = workspace,
                      .who = who,
                      .target = session,
                      .data = data,
                      .seq = seq};
    enum err result = write_event(hub, &e);
    cJSON_Delete(data);
    return result;
}

/* What a part of the batch has added beside the database, to be able to take it back. */
struct savepoint {
    size_t afters, frames;
    int64_t event_head;
    struct hooks_load hooks_load;
    size_t *lens;
};

static struct savepoint save(struct hub *hub)
{
    struct savepoint s = {hub->after_count, hub->frame_count, hub->event_head, hub->hooks_load,
                          NULL};
    s.lens = mem_calloc(s.frames, sizeof *s.lens);
    for (size_t i = 0; i < s.frames; i++)
        s.lens[i] = hub->frames[i].lines.len;
    journal_save(hub->journal);
    return s;
}

static void undo(struct hub *hub, const struct savepoint *s)
{
    journal_undo(hub->journal);
    drop_afters(hub, s->afters);
    while (hub->frame_count > s->frames)
        buf_finish(&hub->frames[--hub->frame_count].lines);
    for (size_t i = 0; i < s->frames; i++)
        hub->frames[i].lines.len = s->lens[i];
    hub->event_head = s->event_head;
    hub->hooks_load = s->hooks_load;
}

static void retry_timer(uv_timer_t *t)
{
    struct hub *hub = t->data;
    struct call *list = hub->again;
    hub->again = NULL;
    while (list) {
        struct call *next = list->next;
        inbox_put(&hub->control_in, list, false);
        list = next;
    }
}

static void again_later(struct hub *hub, struct call *c)
{
    struct call **at = &hub->again; /* in order: what ended first is told first */
    while (*at)
        at = &(*at)->next;
    c->next = NULL;
    *at = c;
    if (!uv_is_active((uv_handle_t *)&hub->again_timer))
        uv_timer_start(&hub->again_timer, retry_timer, AGAIN_MS, 0);
}

static void arm_parked(struct hub *hub);

static void parked_timeout(uv_timer_t *t)
{
    struct hub *hub = t->data;
    int64_t now = clock_mono_us();
    for (struct call **at = &hub->parked, *c; (c = *at);) {
        if (c->deadline_us > now) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        call_fail(c, ERR_TIMEOUT, NULL);
        call_send(c);
    }
    arm_parked(hub);
}

static void arm_parked(struct hub *hub)
{
    int64_t first = INT64_MAX;
    if (hub->stopping)
        return; /* the timer is the stop's now */
    for (struct call *c = hub->parked; c; c = c->next)
        if (c->deadline_us < first)
            first = c->deadline_us;
    if (first == INT64_MAX) {
        uv_timer_stop(&hub->parked_timer);
        return;
    }
    int64_t wait = first - clock_mono_us();
    uv_timer_start(&hub->parked_timer, parked_timeout, wait > 0 ? (uint64_t)(wait / 1000 + 1) : 0,
                   0);
}

uint64_t control_park(struct hub *hub, struct call *c, int64_t timeout_ms)
{
    c->parked = c->parked_now = true;
    c->serial = ++hub->next_serial;
    c->deadline_us = timeout_ms < 0 ? INT64_MAX : clock_mono_us() + timeout_ms * 1000;
    return c->serial;
}

static struct call **parked_link(struct hub *hub, const struct call *c)
{
    struct call **at = &hub->parked;
    while (*at && *at != c)
        at = &(*at)->next;
    return at;
}

struct call *control_parked(struct hub *hub, uint64_t serial)
{
    struct call *c = hub->parked;
    while (c && c->serial != serial)
        c = c->next;
    return c;
}

void control_unpark(struct hub *hub, struct call *c)
{
    struct call **at = parked_link(hub, c);
    if (*at)
        *at = c->next;
    c->parked = false;
}

void control_answered(struct hub *hub, struct call *c)
{
    control_unpark(hub, c);
    c->next = hub->done;
    hub->done = c;
}

static void tell_failure(struct hub *hub, enum err e)
{
    const int64_t now = clock_mono_us();
    if (hub->failed_told_us && now - hub->failed_told_us < TOLD_US)
        return;
    hub->failed_told_us = now;
    hub->failing = true;
    log_error("nothing can be written (%s); it is tried again each second", err_text(e)->name);
}

/* One call or one work of the batch. Afterwards it is on done, on parked, or destroyed. */
static enum err run_part(struct hub *hub, struct call *c, struct call **works)
{
    struct savepoint s = save(hub);
    enum err e = c->work ? c->work(hub, c->arg) : call_run(c);

    if (e == ERR_OK)
        e = journal_keep(hub->journal);
    else
        undo(hub, &s);
    free(s.lens);
    if (c->work && e != ERR_OK) {
        tell_failure(hub, e);
        again_later(hub, c);
    } else if (c->work) {
        c->next = *works;
        *works = c;
    } else if (c->parked && !c->answered) {
        c->next = hub->parked;
        hub->parked = c;
    } else {
        c->parked = false;
        c->failed = e;
        c->next = hub->done;
        hub->done = c;
    }
    return e;
}

static void fail_batch(struct hub *hub, enum err e)
{
    tell_failure(hub, e);
    drop_afters(hub, 0);
    while (hub->frame_count)
        buf_finish(&hub->frames[--hub->frame_count].lines);
    for (struct call *c = hub->done; c; c = c->next) {
        c->failed = e;
        call_format_error(c, e, err_text(e)->person);
    }
    for (struct call **at = &hub->parked, *c; (c = *at);) {
        if (!c->parked_now) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        c->failed = e;
        call_format_error(c, e, err_text(e)->person);
        c->next = hub->done;
        hub->done = c;
    }
}

/* What was to be done once it is committed. The stream thread's part comes before the answers: who
 * was told that it holds the baton may type at once. */
static void run_afters(struct hub *hub, bool on_stream)
{
    for (size_t i = 0; i < hub->after_count; i++) {
        struct after a = hub->afters[i];
        if (a.on_stream != on_stream)
            continue;
        if (on_stream) {
            hub_post_stream(hub, a.work, a.arg);
        } else {
            a.work(hub, a.arg);
            free(a.arg);
        }
    }
}

static void finish_batch(struct hub *hub)
{
    char topic[sizeof hub->frames->topic];
    size_t events = 0;

    run_afters(hub, true);
    for (size_t i = 0; i < hub->frame_count; i++) {
        struct frame *f = &hub->frames[i];
        memcpy(topic, f->topic, sizeof topic);
        if (f->lines.len)
            hub->io->publish(hub->io_data, 0, topic, f->lines.data, f->lines.len);
        events += f->lines.len;
        buf_finish(&f->lines);
    }
    hub->frame_count = 0;
    for (struct call *c = hub->parked; c; c = c->next)
        c->parked_now = false;
    /* Answers in the order of the calls: done is newest first. */
    struct call *ordered = NULL;
    while (hub->done) {
        struct call *c = hub->done;
        hub->done = c->next;
        c->next = ordered;
        ordered = c;
    }
    while (ordered) {
        struct call *next = ordered->next;
        if (!ordered->failed || !hub_stop_unwritten(hub, ordered))
            call_send(ordered);
        ordered = next;
    }
    run_afters(hub, false);
    hub->after_count = 0;
    if (events)
        events_wake(hub);
}

/* Gives why the batch cannot be committed: what begun was, or what this one has undone it by. */
static enum err run_one(struct hub *hub, struct call *c, enum err begun, struct call **works)
{
    if (begun == ERR_OK) {
        const enum err failed = run_part(hub, c, works);
        if (journal_is_undone(hub->journal)) /* with what came before it in this batch */
            return failed != ERR_OK ? failed : ERR_IO;
    } else if (c->work) {
        again_later(hub, c);
    } else {
        call_format_error(c, begun, err_text(begun)->person);
        c->next = hub->done;
        hub->done = c;
    }
    return begun;
}

/* All that waits, and what comes in meanwhile: each commit is a sync, so whoever is just too late
 * for one would wait for two. Bounded, or a flood of calls would put off its own first answers.
 * Gives why the batch cannot be committed. */
static enum err run_waiting(struct hub *hub, struct call *list, enum err begun, struct call **works)
{
    const int64_t until = clock_mono_us() + GATHER_US;
    for (int n = 0; list;) {
        struct call *c = list;
        list = c->next;
        n++;
        if (!early_take(hub, c))
            begun = run_one(hub, c, begun, works);
        if (!list && begun == ERR_OK && n < GATHER_MOST && clock_mono_us() < until)
            list = inbox_take(&hub->control_in);
    }
    return begun;
}

/* What was read aside comes before what is waiting since. */
static struct call *waiting(struct hub *hub)
{
    struct call *list = early_ready(hub), **end = &list;
    while (*end)
        end = &(*end)->next;
    *end = inbox_take(&hub->control_in);
    return list;
}

static void on_wake(uv_async_t *wake)
{
    struct hub *hub = wake->data;
    struct call *list = waiting(hub), *works = NULL;
    int64_t head = hub->event_head;
    struct hooks_load hooks_load = hub->hooks_load;

    if (!list)
        return;
    enum err begun = journal_begin(hub->journal);
    begun = run_waiting(hub, list, begun, &works);
    const bool undone = journal_is_undone(hub->journal);
    enum err e = begun == ERR_OK ? journal_commit(hub->journal) : begun;
    if (undone)
        journal_rollback(hub->journal);
    if (e == ERR_OK && hub->failing && hub->frame_count) {
        hub->failing = false;
        log_info("what happens is written again");
    }
    if (e != ERR_OK) {
        fail_batch(hub, e);
        hub->event_head = head;
        hub->hooks_load = hooks_load;
    }
    while (works) {
        struct call *c = works;
        works = c->next;
        if (e == ERR_OK)
            call_destroy(c);
        else
            again_later(hub, c);
    }
    finish_batch(hub);
    arm_parked(hub);
    tidy_consider(hub);
}

void control_stop(struct hub *hub, int exit_status)
{
    hub->exit_status = exit_status;
    if (aside_end(hub))
        uv_stop(&hub->control_loop);
}

static void on_signal(uv_signal_t *handle, int signal)
{
    (void)signal;
    log_info("stopping on a signal; shells go on");
    control_stop(handle->data, 0);
}

enum err control_create(struct hub *hub)
{
    uv_loop_init(&hub->control_loop);
    inbox_init(&hub->control_in, &hub->control_loop, on_wake, hub);
    uv_timer_init(&hub->control_loop, &hub->parked_timer);
    uv_timer_init(&hub->control_loop, &hub->again_timer);
    uv_timer_init(&hub->control_loop, &hub->baton_timer);
    uv_timer_init(&hub->control_loop, &hub->session_timer);
    uv_timer_init(&hub->control_loop, &hub->mail_timer);
    uv_timer_init(&hub->control_loop, &hub->upload_timer);
    uv_timer_init(&hub->control_loop, &hub->approval_timer);
    uv_signal_init(&hub->control_loop, &hub->on_term);
    uv_signal_init(&hub->control_loop, &hub->on_int);
    hub->parked_timer.data = hub->again_timer.data = hub->baton_timer.data = hub;
    hub->session_timer.data = hub->mail_timer.data = hub->approval_timer.data = hub;
    hub->on_term.data = hub->on_int.data = hub;
    return ERR_OK;
}

static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void drop_list(struct call *c)
{
    while (c) {
        struct call *next = c->next;
        call_destroy(c);
        c = next;
    }
}

int control_run(struct hub *hub)
{
    uv_signal_start(&hub->on_term, on_signal, SIGTERM);
    uv_signal_start(&hub->on_int, on_signal, SIGINT);
    uv_run(&hub->control_loop, UV_RUN_DEFAULT);
    return hub->exit_status;
}

void control_destroy(struct hub *hub)
{
    drop_list(hub->parked);
    drop_list(hub->again);
    drop_list(hub->ready);
    hub->parked = hub->again = hub->ready = NULL;
    uv_walk(&hub->control_loop, close_handle, NULL);
    uv_run(&hub->control_loop, UV_RUN_DEFAULT);
    uv_loop_close(&hub->control_loop);
}
