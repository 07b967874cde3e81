/* The hub's side of hooks: rows, at most RUNS_MAX runners at a time in the order of events, and
 * what came of them.
 *
 * What always holds: rows are started in the order of their keys, so those that have a runner are
 * all at or before `cursor`, and all others are behind it. A new row's key is greater than every
 * older one's, for event ids rise. A hub that starts has its cursor at the beginning and looks at
 * each row like at a new one: the files of its key say whether it is to be started at all. */
#include "core/hub/hooks.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/stream/hook_work.h"
#include "core/work/hook.h"

#include <stdlib.h>
#include <string.h>

#define RUNS_MAX    8
#define WAITING_MAX 10000
#define BYTES_MAX   (128 * (int64_t)1024 * 1024)
#define KEY_MAX     48
#define LOOK_MS     100 /* how often runners that are not ours are looked at */
#define AGAIN_MS    1000
#define TRIES_MAX   10

struct hook_run {
    struct hub *hub;
    char key[KEY_MAX];
    uv_process_t process; /* of the runner's first process, which goes at once */
    uv_pipe_t out;        /* its other end is open as long as the runner lives */
    int open_handles, tries;
    int64_t look_at_us; /* 0: its handles, or what was posted, say when */
};

struct hooks {
    char *dir;
    struct hook_run *runs[RUNS_MAX];
    int count;
    char cursor[KEY_MAX];
    uv_timer_t timer;
    bool stopped;
};

static void look(struct hook_run *r, bool due);
static enum err pump(struct hub *hub, void *arg);

/* --- rows ----------------------------------------------------------------------------------- */

static int64_t weight(const cJSON *row)
{
    char *text = json_print(row);
    int64_t n = (int64_t)strlen(text);
    free(text);
    return n;
}

static enum err tell(struct hub *hub, cJSON *notice)
{
    enum err e = control_event(hub, "notice", "", "", "", notice);
    cJSON_Delete(notice);
    return e;
}

static enum err put_dropped(struct hub *hub)
{
    cJSON *doc = cJSON_CreateObject();
    json_add_int(doc, "count", hub->hooks_load.dropped);
    enum err e = journal_put(hub->journal, "hooks", "dropped", doc);
    cJSON_Delete(doc);
    return e;
}

/* No room: that there is none is told once, how many it cost when there is room again. */
static enum err drop(struct hub *hub, const struct hook_event *event)
{
    bool first = hub->hooks_load.dropped++ == 0;
    enum err e = put_dropped(hub);
    if (e == ERR_OK && first)
        e = tell(hub, hook_notice_full(event->kind, event->id, hub->hooks_load.rows));
    return e;
}

static enum err tell_dropped(struct hub *hub)
{
    struct hooks_load *load = &hub->hooks_load;
    if (load->dropped == 0 || load->rows > WAITING_MAX / 10 * 9 || load->bytes > BYTES_MAX / 10 * 9)
        return ERR_OK;
    enum err e = tell(hub, hook_notice_dropped(load->dropped));
    if (e == ERR_OK)
        e = journal_drop(hub->journal, "hooks", "dropped");
    load->dropped = 0;
    return e;
}

static enum err add_row(struct hub *hub, const struct hook_event *event, const cJSON *hook,
                        size_t which)
{
    struct hooks_load *load = &hub->hooks_load;
    char key[KEY_MAX];
    cJSON *row = hook_row(event, hook, hub->name, config_hook_ms(hub->config));
    int64_t n = weight(row);
    enum err e;
    snprintf(key, sizeof key, "%020lld-%zu", (long long)event->id, which);
    if (load->rows >= WAITING_MAX || load->bytes + n > BYTES_MAX) {
        e = drop(hub, event);
    } else {
        e = journal_put(hub->journal, "hook", key, row);
        load->rows++;
        load->bytes += n;
    }
    cJSON_Delete(row);
    return e;
}

enum err hooks_event(struct hub *hub, const struct event *e, const char *line)
{
    const cJSON *found[HOOK_MATCH_MAX];
    size_t n = hook_match(config_hooks(hub->config), e->kind, e->data, found);
    const struct hook_event event = {
        .id = e->id, .kind = e->kind, .workspace = e->workspace ? e->workspace : "", .line = line};
    enum err result = ERR_OK;
    for (size_t i = 0; result == ERR_OK && i < n; i++)
        result = add_row(hub, &event, found[i], i);
    if (n)
        control_after(hub, pump, NULL);
    return result;
}

/* --- what came of one ----------------------------------------------------------------------- */

/* It has no handles any more: all ends are found when they are closed, or by the timer. */
static void drop_run(struct hooks *h, const char *key)
{
    for (int i = 0; i < h->count; i++) {
        if (strcmp(h->runs[i]->key, key) != 0)
            continue;
        free(h->runs[i]);
        h->runs[i] = h->runs[--h->count];
        return;
    }
}

struct ending {
    char key[KEY_MAX];
    bool never; /* it could not be started; its offer is withdrawn */
    char says[700];
};

/* After the commit. */
static enum err forget(struct hub *hub, void *arg)
{
    const struct ending *end = arg;
    if (*end->says)
        log_warn("%s", end->says);
    hook_clear(hub->hooks->dir, end->key);
    drop_run(hub->hooks, end->key);
    return pump(hub, NULL);
}

/* Control work: the row goes, and with it comes what there is to tell. */
static enum err take(struct hub *hub, void *arg)
{
    struct ending end = *(const struct ending *)arg;
    cJSON *row = NULL, *outcome = NULL, *notice = NULL;
    enum err e = journal_get(hub->journal, "hook", end.key, &row);
    if (e == ERR_OK) {
        outcome = end.never ? NULL : hook_outcome(hub->hooks->dir, end.key);
        notice = hook_notice(row, outcome, end.never ? HOOK_NOT_STARTED : HOOK_RUNNER_GONE);
        hub->hooks_load.rows--;
        hub->hooks_load.bytes -= weight(row);
        e = journal_drop(hub->journal, "hook", end.key);
    } else if (e == ERR_NOT_FOUND || e == ERR_CORRUPT) {
        e = ERR_OK;
    }
    if (notice)
        snprintf(end.says, sizeof end.says, "%s: %s", json_string(notice, "title", ""),
                 json_string(notice, "description", ""));
    if (e == ERR_OK && notice)
        e = tell(hub, notice);
    else
        cJSON_Delete(notice);
    if (e == ERR_OK)
        e = tell_dropped(hub);
    if (e == ERR_OK)
        control_after(hub, forget, mem_dup(&end, sizeof end));
    cJSON_Delete(outcome);
    cJSON_Delete(row);
    return e;
}

static void ended(struct hook_run *r, bool never)
{
    struct ending end = {.never = never};
    memcpy(end.key, r->key, sizeof end.key);
    hub_post_control(r->hub, take, mem_dup(&end, sizeof end));
}

/* --- runners -------------------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer)
{
    struct hub *hub = timer->data;
    struct hooks *h = hub->hooks;
    int64_t now = clock_mono_us();
    for (int i = 0; i < h->count; i++)
        if (h->runs[i]->look_at_us && h->runs[i]->look_at_us <= now)
            look(h->runs[i], true);
}

/* The timer runs while there is something to look at, and only then. */
static void look_later(struct hook_run *r, int64_t ms)
{
    struct hooks *h = r->hub->hooks;
    r->look_at_us = clock_mono_us() + ms * 1000;
    if (!uv_is_active((uv_handle_t *)&h->timer))
        uv_timer_start(&h->timer, on_timer, LOOK_MS, LOOK_MS);
}

static void runner_closed(uv_handle_t *handle)
{
    struct hook_run *r = handle->data;
    if (--r->open_handles == 0 && !r->hub->hooks->stopped)
        look(r, false);
}

static void runner_exit(uv_process_t *process, int64_t status, int signal)
{
    (void)status, (void)signal; /* the files of its key tell all */
    uv_close((uv_handle_t *)process, runner_closed);
}

static void runner_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    static char nothing[64]; /* a runner says nothing there */
    (void)handle, (void)suggested;
    *buf = uv_buf_init(nothing, sizeof nothing);
}

static void runner_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    (void)buf;
    if (n < 0 && !uv_is_closing((uv_handle_t *)stream))
        uv_close((uv_handle_t *)stream, runner_closed);
}

static void spawn(struct hook_run *r)
{
    struct hub *hub = r->hub;
    char *file = mem_printf("%s/%s.json", hub->hooks->dir, r->key);
    char word[] = "hook";
    char *argv[] = {hub->program, word, file, NULL};
    uv_pipe_init(&hub->control_loop, &r->out, 0);
    r->process.data = r->out.data = r;
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&r->out},
        {.flags = UV_IGNORE},
    };
    uv_process_options_t options = {
        .file = hub->program,
        .args = argv,
        .exit_cb = runner_exit,
        .stdio = stdio,
        .stdio_count = 3,
    };
    r->tries++;
    r->open_handles = 2;
    int rc = uv_spawn(&hub->control_loop, &r->process, &options);
    if (rc < 0) {
        log_warn("the runner of a hook does not start: %s", uv_strerror(rc));
        uv_close((uv_handle_t *)&r->process, runner_closed);
        uv_close((uv_handle_t *)&r->out, runner_closed);
    } else {
        uv_read_start((uv_stream_t *)&r->out, runner_alloc, runner_read);
    }
    free(file);
}

/* Offered, and nobody has claimed it: a runner that was started before may still be on its way, and
 * whichever comes first has it. */
static void start(struct hook_run *r, bool due)
{
    if (r->tries == 0 || (due && r->tries < TRIES_MAX))
        spawn(r);
    else if (!due)
        look_later(r, AGAIN_MS);
    else if (hook_withdraw(r->hub->hooks->dir, r->key))
        ended(r, true);
    else
        look_later(r, LOOK_MS);
}

static enum err offer(struct hook_run *r)
{
    cJSON *row = NULL;
    enum err e = journal_get(r->hub->journal, "hook", r->key, &row);
    if (e != ERR_OK)
        return e;
    char *text = json_print(row);
    e = hook_offer(r->hub->hooks->dir, r->key, text, strlen(text));
    free(text);
    cJSON_Delete(row);
    return e;
}

/* Does what is next for a run: at first, when its runner is gone, and (due) when the timer says. */
static void look(struct hook_run *r, bool due)
{
    enum hook_stage stage = hook_stage(r->hub->hooks->dir, r->key);
    r->look_at_us = 0;
    if (stage == HOOK_ABSENT && offer(r) == ERR_OK)
        stage = HOOK_OFFERED;
    switch (stage) {
    case HOOK_ABSENT: look_later(r, AGAIN_MS); break; /* a full disk heals */
    case HOOK_OFFERED: start(r, due); break;
    case HOOK_RUNNING: look_later(r, LOOK_MS); break; /* of an earlier hub */
    case HOOK_DONE:
    case HOOK_LOST: ended(r, false); break;
    }
}

/* Outside of a batch: as many as there is room for get a runner. */
static enum err pump(struct hub *hub, void *arg)
{
    struct hooks *h = hub->hooks;
    (void)arg;
    while (h->count < RUNS_MAX && h->count < hub->hooks_load.rows) {
        char *key = NULL, *text = NULL;
        if (journal_behind(hub->journal, "hook", h->cursor, &key, &text) != ERR_OK)
            break;
        struct hook_run *r = mem_zalloc(sizeof *r);
        r->hub = hub;
        snprintf(r->key, sizeof r->key, "%s", key);
        memcpy(h->cursor, r->key, sizeof h->cursor);
        h->runs[h->count++] = r;
        free(key);
        free(text);
        look(r, false);
    }
    for (int i = 0; i < h->count; i++)
        if (h->runs[i]->look_at_us)
            return ERR_OK;
    uv_timer_stop(&h->timer);
    return ERR_OK;
}

/* --- life ----------------------------------------------------------------------------------- */

void hooks_create(struct hub *hub)
{
    hub->hooks = mem_zalloc(sizeof *hub->hooks);
    hub->hooks->dir = path_join(hub->state_dir, "hooks");
    uv_timer_init(&hub->control_loop, &hub->hooks->timer);
    hub->hooks->timer.data = hub;
}

void hooks_stop(struct hub *hub)
{
    hub->hooks->stopped = true;
}

void hooks_finish(struct hub *hub)
{
    if (!hub->hooks)
        return;
    for (int i = 0; i < hub->hooks->count; i++)
        free(hub->hooks->runs[i]);
    free(hub->hooks->dir);
    free(hub->hooks);
}

static bool is_known(void *data, const char *key)
{
    struct hub *hub = data;
    cJSON *row = NULL;
    enum err e = journal_get(hub->journal, "hook", key, &row);
    cJSON_Delete(row);
    return e != ERR_NOT_FOUND;
}

enum err hooks_recover(struct hub *hub, void *arg)
{
    struct hooks_load load = {0};
    cJSON *doc = NULL;
    (void)arg;
    if (path_make_private(hub->hooks->dir) != ERR_OK)
        log_error("%s cannot be made or is not private: no hook runs", hub->hooks->dir);
    enum err e = journal_weigh(hub->journal, "hook", &load.rows, &load.bytes);
    if (e == ERR_OK && journal_get(hub->journal, "hooks", "dropped", &doc) == ERR_OK)
        load.dropped = json_int(doc, "count", 0);
    cJSON_Delete(doc);
    if (e != ERR_OK)
        return e;
    hub->hooks_load = load;
    hook_sweep(hub->hooks->dir, is_known, hub);
    control_after(hub, pump, NULL);
    return ERR_OK;
}

cJSON *hooks_describe(const struct hub *hub)
{
    cJSON *o = cJSON_CreateObject();
    json_add_int(o, "waiting", hub->hooks_load.rows - hub->hooks->count);
    json_add_int(o, "running", hub->hooks->count);
    json_add_int(o, "dropped", hub->hooks_load.dropped);
    return o;
}
