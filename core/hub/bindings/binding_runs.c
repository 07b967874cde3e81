/* Calls of bindings. A call is parked; after the commit its command gets a runner
 * (core/binding/runner.h) when it is its turn. When the runner is done, the answer and the event of
 * it are one part of a batch. A run knows its call by the serial alone: whoever went away took the
 * call along, and the run ends without an answer.
 *
 * Half of a short call would be the start of its runner. So behind a call the next one is started
 * before anybody asks, and waits for its work for a minute: the spare, a run without a binding.
 *
 * A run has three handles while its runner lives (process and two pipes); it is freed when all are
 * closed and what came of it is told. */
#include "core/hub/bindings/bindings.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/binding/runner.h"
#include "core/work/environment.h"

#include <stdlib.h>
#include <string.h>

#define WAITING_MAX 1000
#define BYTES_MAX   ((size_t)256 * 1024 * 1024)
#define READ_MAX    (256u * 1024u)
#define SPARE_MS    60000

struct binding_run {
    struct binding_run *next;
    struct hub *hub;
    struct binding *binding; /* a reference */
    uint64_t serial;
    uint32_t peer;
    char who[MEMBER_NAME_MAX], workspace[64], session[32];
    const char *kind;
    char *work; /* what the runner is given */
    size_t work_n;
    struct buf out; /* what it has said */
    uv_process_t process;
    uv_pipe_t in, from;
    uv_write_t write;
    int open_handles;
    bool spawned, started; /* it has a runner; and that has its work */
    bool gone;             /* nobody waits for it any more */
    int64_t called_us;
    char why[200]; /* it could not be started */
};

static void pump(struct hub *hub);
static void prepare(struct hub *hub);

/* --- the end of one ----------------------------------------------------------------------------
 */

static void destroy(struct binding_run *r)
{
    binding_unref(r->binding);
    free(r->work);
    buf_finish(&r->out);
    free(r);
}

static void take_out(struct binding_run *r)
{
    struct bindings *b = r->hub->bindings;
    struct binding_run **at = &b->runs;
    while (*at && *at != r)
        at = &(*at)->next;
    if (*at) {
        *at = r->next;
        b->count--;
        b->bytes -= r->work_n;
        b->running -= r->started;
    }
}

/* After the commit. */
static enum err forget(struct hub *hub, void *arg)
{
    struct binding_run *r = *(struct binding_run **)arg;
    take_out(r);
    destroy(r);
    pump(hub);
    prepare(hub);
    return ERR_OK;
}

static cJSON *more_of(const cJSON *head)
{
    static const char *const kept[] = {"status", "signal", "stderr"};
    cJSON *more = cJSON_CreateObject();
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (json_get(head, kept[i]))
            cJSON_AddItemToObject(more, kept[i], cJSON_Duplicate(json_get(head, kept[i]), true));
    return more;
}

static void answer(const struct binding_run *r, struct call *c, const cJSON *head, size_t at)
{
    char sentence[700];
    if (json_bool(head, "ok", false) && at < r->out.len) {
        call_reply_text(c, r->out.data + at, r->out.len - at);
        return;
    }
    cJSON *more = more_of(head);
    const enum err code = head ? err_from_name(json_string(head, "error", "")) : ERR_BINDING;
    if (code == ERR_TIMEOUT || code == ERR_EXEC)
        cJSON_AddStringToObject(more, "next", "Tell whoever made the binding.");
    snprintf(sentence, sizeof sentence, "%s",
             head      ? json_string(head, "message", "")
             : *r->why ? r->why
                       : "the runner of the command is gone: how far that came is not known");
    call_format_error_with(c, code, sentence, more);
}

static enum err write_event(const struct binding_run *r, bool ok)
{
    cJSON *data = cJSON_CreateObject();
    cJSON_AddStringToObject(data, "group", r->binding->group);
    cJSON_AddStringToObject(data, "name", r->binding->name);
    cJSON_AddStringToObject(data, "by", r->who);
    cJSON_AddStringToObject(data, "workspace", r->workspace);
    json_add_int(data, "ms", (clock_mono_us() - r->called_us) / 1000);
    cJSON_AddBoolToObject(data, "ok", ok);
    enum err e = control_event(r->hub, "bindingCalled", r->workspace, r->who, "", data);
    cJSON_Delete(data);
    return e;
}

struct ended { /* flat: an argument of control's work */
    struct binding_run *run;
    bool ok;
};

/* Control work. */
static enum err told(struct hub *hub, void *arg)
{
    struct ended *ended = arg;
    const enum err e = write_event(ended->run, ended->ok);
    if (e == ERR_OK)
        control_after(hub, forget, mem_dup(&ended->run, sizeof ended->run));
    return e;
}

/* The answer leaves at once: the call has changed nothing here that a commit could take back. That
 * it was made is written behind it. Outside of a batch. */
static void settle(struct binding_run *r)
{
    struct hub *hub = r->hub;
    const char *end = r->out.len ? memchr(r->out.data, '\n', r->out.len) : NULL;
    const size_t n = end ? (size_t)(end - r->out.data) : 0;
    cJSON *head = NULL;
    if (end && n <= BINDING_HEAD_MAX)
        json_parse(r->out.data, n, &head);
    struct call *c = r->gone ? NULL : control_parked(hub, r->serial);
    const struct ended ended = {r, c && json_bool(head, "ok", false)};
    if (c) {
        control_unpark(hub, c);
        answer(r, c, head, n + 1);
        call_send(c);
    }
    cJSON_Delete(head);
    hub_post_control(hub, told, mem_dup(&ended, sizeof ended));
}

static void on_closed(uv_handle_t *handle)
{
    struct binding_run *r = handle->data;
    if (--r->open_handles > 0 || r->hub->bindings->stopped)
        return;
    if (r->binding)
        settle(r);
    else
        destroy(r); /* a spare that was not needed */
}

static void end(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_closed);
}

/* --- a runner -----------------------------------------------------------------------------------
 */

static void on_exit_of(uv_process_t *process, int64_t status, int signal)
{
    struct binding_run *r = process->data;
    (void)status, (void)signal; /* what it has said tells all */
    if (r->hub->bindings->spare == r)
        r->hub->bindings->spare = NULL;
    end((uv_handle_t *)process);
    end((uv_handle_t *)&r->in);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct binding_run *r = handle->data;
    (void)suggested;
    *buf = uv_buf_init(buf_reserve(&r->out, READ_MAX), READ_MAX);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct binding_run *r = stream->data;
    (void)buf;
    if (n > 0)
        r->out.len += (size_t)n;
    if (n < 0 || r->out.len > BINDING_HEAD_MAX + BINDING_RESULT_MAX)
        end((uv_handle_t *)stream);
}

static void on_written(uv_write_t *write, int status)
{
    (void)write, (void)status; /* a runner that is gone says so by its end */
}

static char **environment_of(const struct binding_run *r)
{
    char *bin = path_join(r->hub->state_dir, "bin");
    char **env = environment_for_binding(r->hub->name, bin);
    free(bin);
    return env;
}

static void spawn(struct binding_run *r)
{
    struct hub *hub = r->hub;
    char word[] = "run-binding", **env = environment_of(r);
    char *argv[] = {hub->program, word, NULL};
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&r->in},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&r->from},
        {.flags = UV_IGNORE},
    };
    const uv_process_options_t options = {
        .file = hub->program,
        .args = argv,
        .env = env,
        .exit_cb = on_exit_of,
        .stdio = stdio,
        .stdio_count = 3,
    };
    r->process.data = r->in.data = r->from.data = r;
    r->open_handles = 3;
    r->spawned = true;
    uv_pipe_init(&hub->control_loop, &r->in, 0);
    uv_pipe_init(&hub->control_loop, &r->from, 0);
    const int rc = uv_spawn(&hub->control_loop, &r->process, &options);
    if (rc == 0) {
        uv_read_start((uv_stream_t *)&r->from, on_alloc, on_read);
    } else {
        log_warn("the runner of a binding does not start: %s", uv_strerror(rc));
        snprintf(r->why, sizeof r->why, "the runner of the command does not start: %s",
                 uv_strerror(rc));
        end((uv_handle_t *)&r->process);
        end((uv_handle_t *)&r->in);
        end((uv_handle_t *)&r->from);
    }
    environment_free(env);
}

static void start(struct binding_run *r)
{
    uv_buf_t all = uv_buf_init(r->work, (unsigned)r->work_n);
    r->started = true;
    r->hub->bindings->running++;
    if (!r->spawned)
        spawn(r);
    if (!uv_is_closing((uv_handle_t *)&r->in))
        uv_write(&r->write, (uv_stream_t *)&r->in, &all, 1, on_written);
}

/* --- the spare ----------------------------------------------------------------------------------
 */

static void drop_spare(uv_timer_t *timer)
{
    struct hub *hub = timer->data;
    struct binding_run *r = hub->bindings->spare;
    hub->bindings->spare = NULL;
    if (r && !uv_is_closing((uv_handle_t *)&r->in))
        uv_close((uv_handle_t *)&r->in, on_closed); /* it then ends by itself */
}

/* Behind a call, when no other one waits. */
static void prepare(struct hub *hub)
{
    struct bindings *b = hub->bindings;
    if (b->stopped || b->count > b->running)
        return;
    uv_timer_start(&b->spare_timer, drop_spare, SPARE_MS, 0);
    if (b->spare)
        return;
    b->spare = mem_zalloc(sizeof *b->spare);
    b->spare->hub = hub;
    spawn(b->spare);
    if (uv_is_closing((uv_handle_t *)&b->spare->in))
        b->spare = NULL; /* it did not start: its handles' ends free it */
}

static struct binding_run *new_run(struct hub *hub)
{
    struct bindings *b = hub->bindings;
    struct binding_run *r = b->spare;
    if (r && b->running < (size_t)config_bindings(hub->config)) {
        b->spare = NULL;
        return r;
    }
    r = mem_zalloc(sizeof *r);
    r->hub = hub;
    return r;
}

static void pump(struct hub *hub)
{
    struct bindings *b = hub->bindings;
    const size_t most = (size_t)config_bindings(hub->config);
    for (struct binding_run *r = b->runs; r && b->running < most && !b->stopped; r = r->next)
        if (!r->started)
            start(r);
}

/* --- a call -------------------------------------------------------------------------------------
 */

static char *work_of(const struct binding_run *r, const char *input, size_t input_n, size_t *ret_n)
{
    const struct binding *b = r->binding;
    cJSON *head = cJSON_CreateObject(), *command = cJSON_AddArrayToObject(head, "command");
    struct buf all = {0};
    char *tool = mem_printf("%s:%s", b->group, b->name);
    for (char **word = b->command; *word; word++)
        cJSON_AddItemToArray(command, cJSON_CreateString(*word));
    cJSON_AddStringToObject(head, "cwd", b->dir);
    json_add_int(head, "timeout", b->timeout_ms);
    cJSON_AddStringToObject(head, "tool", tool);
    cJSON *env = cJSON_AddObjectToObject(head, "env");
    cJSON_AddStringToObject(env, "BATON_CALLER", r->who);
    cJSON_AddStringToObject(env, "BATON_CALLER_KIND", r->kind);
    cJSON_AddStringToObject(env, "BATON_CALLER_WORKSPACE", r->workspace);
    cJSON_AddStringToObject(env, "BATON_CALLER_SESSION", r->session);
    json_add_int(head, "inputBytes", (int64_t)input_n);
    char *text = json_print(head);
    buf_printf(&all, "%s\n", text);
    buf_append(&all, input, input_n);
    *ret_n = all.len;
    free(text);
    free(tool);
    cJSON_Delete(head);
    return buf_take(&all);
}

/* The session whose agent calls, as its token says: its member's name ends with the session's id.
 */
static void session_of(struct hub *hub, const struct call *c, char out[32])
{
    const char *dash = strrchr(c->who, '-');
    cJSON *doc = NULL;
    out[0] = '\0';
    if (!*c->invite || !dash || journal_get(hub->journal, "session", dash + 1, &doc) != ERR_OK)
        return;
    if (strcmp(json_string(doc, "inviteId", ""), c->invite) == 0)
        snprintf(out, 32, "%s", dash + 1);
    cJSON_Delete(doc);
}

/* Who is bound to one workspace is there; whoever may be anywhere says where. */
static void workspace_of(const struct call *c, char out[64])
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
    const char *says = json_string(json_get(c->request, "auth"), "workspace", "");
    const char *key = *c->scope ? c->scope : says;
    snprintf(out, 64, "%s", strlen(key) < 64 && key[strspn(key, plain)] == '\0' ? key : "");
}

/* After the commit; arg: the call's serial. */
static enum err begin(struct hub *hub, void *arg)
{
    struct bindings *b = hub->bindings;
    struct call *c = control_parked(hub, *(uint64_t *)arg);
    struct binding_run **at = &b->runs;
    if (!c)
        return ERR_OK;
    struct binding_run *r = new_run(hub);
    r->binding = binding_ref(c->binding);
    r->serial = c->serial;
    r->peer = c->peer;
    r->kind = c->kind == BATON_AGENT || c->role == ROLE_AGENT ? "agent" : "human";
    r->called_us = clock_mono_us();
    snprintf(r->who, sizeof r->who, "%s", c->who);
    workspace_of(c, r->workspace);
    session_of(hub, c, r->session);
    char *input = json_print(c->params);
    r->work = work_of(r, input, strlen(input), &r->work_n);
    free(input);
    while (*at)
        at = &(*at)->next;
    *at = r;
    b->count++;
    b->bytes += r->work_n;
    pump(hub);
    return ERR_OK;
}

enum err binding_call(struct hub *hub, struct call *c)
{
    const struct bindings *b = hub->bindings;
    if (b->count >= WAITING_MAX || b->bytes + c->message_n > BYTES_MAX)
        return call_fail(c, ERR_LIMIT, "%zu calls of bindings wait already", b->count);
    const uint64_t serial = control_park(hub, c, -1);
    control_after(hub, begin, mem_dup(&serial, sizeof serial));
    return ERR_OK;
}

void bindings_peer_gone(struct hub *hub, uint32_t peer)
{
    for (struct binding_run *r = hub->bindings->runs, *next; r; r = next) {
        next = r->next;
        if (r->peer != peer || r->gone)
            continue;
        r->gone = true;
        if (r->started) { /* the runner ends what it has started */
            end((uv_handle_t *)&r->in);
        } else {
            take_out(r);
            destroy(r);
        }
    }
}

void binding_runs_finish(struct hub *hub)
{
    struct bindings *b = hub->bindings;
    while (b->runs) {
        struct binding_run *r = b->runs;
        b->runs = r->next;
        destroy(r);
    }
    if (b->spare)
        destroy(b->spare);
    b->spare = NULL;
}

cJSON *bindings_describe(const struct hub *hub)
{
    const struct bindings *b = hub->bindings;
    cJSON *o = cJSON_CreateObject();
    size_t groups;
    binding_set_groups(b->set, &groups);
    json_add_int(o, "groups", (int64_t)groups);
    json_add_int(o, "waiting", (int64_t)(b->count - b->running));
    json_add_int(o, "running", (int64_t)b->running);
    return o;
}
