/* A follower: the client's messages and answers for one stream, put through follow_core. Questions
 * are calls without waiting; an answer that comes after the follower has gone is dropped by the
 * client (client_forget). A callback may destroy the follower: it is freed when the outermost
 * function here returns. One thread, the client's. */
#include "transport/nng/follow.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "transport/nng/fault.h"
#include "transport/nng/follow_core.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum {
    READ_LIMIT = 256 * 1024, /* bytes a question */
    ASK_TIMEOUT_MS = 10000,
};

struct follow {
    struct client *client;
    char *id, *bytes_topic, *head_topic;
    const struct follow_events *events;
    void *data;
    struct follow_core core;
    bool exited;
    int exit_code;
    unsigned busy; /* functions of this file that still need f */
    bool dead;
};

static void leave(struct follow *f)
{
    if (--f->busy || !f->dead)
        return;
    follow_core_finish(&f->core);
    free(f->id);
    free(f->bytes_topic);
    free(f->head_topic);
    free(f);
}

/* ---- what comes out of the core ---- */

static void out_bytes(void *data, uint64_t pos, const void *bytes, size_t n)
{
    struct follow *f = data;
    if (!f->dead && f->events->bytes)
        f->events->bytes(f->data, pos, bytes, n);
}

static void out_resize(void *data, int rows, int cols)
{
    struct follow *f = data;
    if (!f->dead && f->events->resize)
        f->events->resize(f->data, rows, cols);
}

static void out_replace(void *data, uint64_t pos, int rows, int cols, const void *state, size_t n)
{
    struct follow *f = data;
    if (!f->dead && f->events->replace)
        f->events->replace(f->data, pos, rows, cols, state, n);
}

static const struct follow_core_out out = {out_bytes, out_resize, out_replace};

/* ---- questions ---- */

static uint64_t get_pos(const cJSON *json, const char *key, uint64_t absent)
{
    const int64_t pos = json_int(json, key, -1);
    return pos < 0 ? absent : (uint64_t)pos;
}

/* A size that a screen can have; else 0. */
static int get_size(const cJSON *json, const char *key)
{
    const int64_t n = json_int(json, key, 0);
    return n > 0 && n <= 10000 ? (int)n : 0;
}

static struct follow_size get_screen_size(const cJSON *json)
{
    return (struct follow_size){
        .rows = get_size(json, "rows"),
        .cols = get_size(json, "cols"),
        .resizes = get_pos(json, "resizes", FOLLOW_UNKNOWN),
        .sized_at = get_pos(json, "sizedAt", FOLLOW_UNKNOWN),
    };
}

/* at: the key of the position that the stream had. */
static void tell_head(struct follow *f, const cJSON *json, const char *at)
{
    const cJSON *code = json_get(json, "exitCode");
    if (json_bool(json, "lost", false)) {
        f->exited = true;
        f->exit_code = -SIGKILL; /* its keeper is gone, and took it along */
    } else if (cJSON_IsNumber(code)) {
        f->exited = true;
        f->exit_code = (int)json_int(json, "exitCode", 0);
    }
    const struct follow_head head = {
        .pos = get_pos(json, at, f->core.known),
        .rows = get_size(json, "rows"),
        .cols = get_size(json, "cols"),
        .title = json_string(json, "title", ""),
        .typed = json_string(json, "typed", ""),
        .flood = f->core.flood,
        .exited = f->exited,
        .exit_code = f->exit_code,
    };
    if (!f->dead && f->events->head)
        f->events->head(f->data, &head);
}

static void ask(struct follow *f, bool frame);

static void answered(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct follow *f = data;
    struct client_fault odd = {0};
    char *bytes = NULL;
    size_t n = 0;
    const uint64_t pos = get_pos(result, "pos", FOLLOW_UNKNOWN);
    const struct follow_size size = get_screen_size(result);

    f->busy++;
    if (!fault && (pos == FOLLOW_UNKNOWN || json_get_base64(result, "data", &bytes, &n) != ERR_OK ||
                   (f->core.mode == FOLLOW_SCREEN && (size.rows == 0 || size.cols == 0)))) {
        fault_set(&odd, ERR_INTERNAL, "The hub's answer about the stream cannot be read.");
        fault = &odd;
    }
    if (fault) {
        /* A broken link comes back, and what may be retried is, when there is a reason to. */
        const bool stop = !fault->retry;
        follow_core_failed(&f->core, stop);
        if (stop && !f->dead && f->events->failed)
            f->events->failed(f->data, fault);
    } else if (f->core.mode == FOLLOW_SCREEN) {
        follow_core_snapshot(&f->core, pos, &size, bytes, n);
        tell_head(f, result, "pos");
    } else {
        follow_core_read(&f->core, pos, get_pos(result, "end", pos + n), bytes, n);
        if (json_get(result, "exitCode") || json_get(result, "lost"))
            tell_head(f, result, "end");
    }
    free(bytes);
    ask(f, false);
    leave(f);
}

static void ask(struct follow *f, bool frame)
{
    if (f->dead || !follow_core_ask(&f->core, frame))
        return;
    cJSON *params = cJSON_CreateObject();
    if (f->core.mode == FOLLOW_SCREEN) {
        cJSON_AddStringToObject(params, "shellId", f->id);
        cJSON_AddStringToObject(params, "format", "state");
        json_add_int(params, "scrollback", 0);
        client_send(f->client, "shell.snapshot", params, ASK_TIMEOUT_MS, answered, f);
    } else {
        cJSON_AddStringToObject(params, "streamId", f->id);
        json_add_int(params, "since", (int64_t)f->core.pos);
        json_add_int(params, "limit", READ_LIMIT);
        cJSON_AddStringToObject(params, "encoding", "base64");
        client_send(f->client, "stream.read", params, ASK_TIMEOUT_MS, answered, f);
    }
    cJSON_Delete(params);
}

/* ---- life ---- */

struct follow *follow_create(struct client *client, const char *stream_id, enum follow_mode mode,
                             uint64_t since, const struct follow_events *events, void *data)
{
    struct follow *f = mem_zalloc(sizeof *f);
    f->client = client;
    f->id = mem_strdup(stream_id);
    f->bytes_topic = mem_printf("s/%s\n", stream_id);
    f->head_topic = mem_printf("h/%s\n", stream_id);
    f->events = events;
    f->data = data;
    follow_core_init(&f->core, mode, since, &out, f);
    /* First subscribed, then asked: whatever the answer does not have yet, is heard. A link that
     * breaks here comes back like any other. */
    client_subscribe(client, f->bytes_topic);
    client_subscribe(client, f->head_topic);
    ask(f, false);
    return f;
}

void follow_destroy(struct follow *f)
{
    if (!f || f->dead)
        return;
    f->busy++;
    f->dead = true;
    client_unsubscribe(f->client, f->bytes_topic);
    client_unsubscribe(f->client, f->head_topic);
    client_forget(f->client, f);
    leave(f);
}

static void head_came(struct follow *f, const struct wire_message *m)
{
    cJSON *json = NULL;
    if (json_parse(m->body, m->body_n, &json) != ERR_OK)
        return;
    const struct follow_size size = get_screen_size(json);
    follow_core_head(&f->core, get_pos(json, "pos", 0), &size, json_bool(json, "flood", false));
    tell_head(f, json, "pos");
    cJSON_Delete(json);
}

bool follow_message(struct follow *f, const struct wire_message *m)
{
    const char *name;
    size_t n;
    const bool bytes = wire_topic_is(m, 's', &name, &n);
    if (!bytes && !wire_topic_is(m, 'h', &name, &n))
        return false;
    if (n != strlen(f->id) || memcmp(name, f->id, n) != 0)
        return false;
    f->busy++;
    if (!bytes)
        head_came(f, m);
    else if (m->body_n >= 8)
        follow_core_bytes(&f->core, wire_get_pos((const uint8_t *)m->body), m->body + 8,
                          m->body_n - 8);
    ask(f, false);
    leave(f);
    return true;
}

void follow_connected(struct follow *f, bool is)
{
    f->busy++;
    follow_core_linked(&f->core, is);
    ask(f, false);
    leave(f);
}

bool follow_frame(struct follow *f)
{
    f->busy++;
    ask(f, true);
    const bool behind = follow_core_behind(&f->core);
    leave(f);
    return behind;
}

bool follow_floods(const struct follow *f)
{
    return f->core.flood;
}
