/* See the header. One `baton keep DIR` lives from starter_start until it has said that the child
 * runs, and why not: its two handles, process and pipe, are both closed then. */
#include "core/hub/work/starter.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/base/text.h"
#include "core/hub/work/worlds.h"

#include <stdlib.h>
#include <string.h>

struct starter {
    struct hub *hub;
    hub_work done;
    uv_process_t process;
    uv_pipe_t out;
    struct starter_done result;
    size_t said_n;
    int open_handles;
};

static void on_closed(uv_handle_t *handle)
{
    struct starter *s = handle->data;
    if (--s->open_handles > 0)
        return;
    hub_post_control(s->hub, s->done, mem_dup(&s->result, sizeof s->result));
    free(s);
}

static void on_exit_of(uv_process_t *process, int64_t status, int signal)
{
    struct starter *s = process->data;
    s->result.status = signal ? 128 + signal : status;
    uv_close((uv_handle_t *)process, on_closed);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct starter *s = handle->data;
    (void)suggested;
    buf->base = s->result.said + s->said_n;
    buf->len = sizeof s->result.said - 1 - s->said_n;
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct starter *s = stream->data;
    (void)buf;
    if (n > 0)
        s->said_n += (size_t)n;
    if ((n < 0 || s->said_n == sizeof s->result.said - 1) && !uv_is_closing((uv_handle_t *)stream))
        uv_close((uv_handle_t *)stream, on_closed);
}

void starter_fail(struct hub *hub, const char *id, uint64_t serial, const char *why, hub_work done)
{
    struct starter_done result = {.serial = serial, .status = 1};
    snprintf(result.id, sizeof result.id, "%s", id);
    snprintf(result.said, sizeof result.said, "IoError: %s", why);
    hub_post_control(hub, done, mem_dup(&result, sizeof result));
}

static void spawn(struct starter *s, char *dir)
{
    char word[] = "keep";
    char *argv[] = {s->hub->program, word, dir, NULL};
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&s->out},
        {.flags = UV_IGNORE},
    };
    uv_process_options_t options = {
        .file = s->hub->program,
        .args = argv,
        .exit_cb = on_exit_of,
        .stdio = stdio,
        .stdio_count = 3,
    };
    int rc = uv_spawn(&s->hub->control_loop, &s->process, &options);
    if (rc == 0) {
        uv_read_start((uv_stream_t *)&s->out, on_alloc, on_read);
        return;
    }
    snprintf(s->result.said, sizeof s->result.said, "ExecFailed: the keeper does not start: %s",
             uv_strerror(rc));
    s->result.status = 127;
    uv_close((uv_handle_t *)&s->process, on_closed);
    uv_close((uv_handle_t *)&s->out, on_closed);
}

void starter_start(struct hub *hub, const char *id, uint64_t serial, struct keeper_meta *meta,
                   hub_work done)
{
    char *dir = path_join(hub->streams_dir, id), *why = NULL;
    enum err e = world_enter(hub, meta, &why);
    if (e == ERR_OK)
        e = path_make_private(dir);
    if (e == ERR_OK)
        e = keeper_meta_write(dir, meta);
    if (e == ERR_OK) {
        struct starter *s = mem_zalloc(sizeof *s);
        s->hub = hub;
        s->done = done;
        s->result.serial = serial;
        snprintf(s->result.id, sizeof s->result.id, "%s", id);
        s->process.data = s->out.data = s;
        s->open_handles = 2;
        uv_pipe_init(&hub->control_loop, &s->out, 0);
        spawn(s, dir);
    } else {
        starter_fail(hub, id, serial, why ? why : err_text(e)->person, done);
    }
    free(why);
    free(dir);
}

void starter_sentence(const struct starter_done *done, char *out, size_t size)
{
    char safe[600];
    text_make_safe(safe, sizeof safe, done->said, strcspn(done->said, "\n"));
    const char *sentence = strchr(safe, ':') ? strchr(safe, ':') + 2 : safe;
    snprintf(out, size, "%s", *sentence ? sentence : err_text(ERR_EXEC)->person);
}

char **starter_words(const cJSON *list)
{
    char **words = mem_calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *words);
    const cJSON *one;
    size_t n = 0;
    cJSON_ArrayForEach(one, list) words[n++] = mem_strdup(one->valuestring);
    return words;
}
