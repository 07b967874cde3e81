/* See the header. One question is under way at a time; the answer to one that was cut off by a
 * broken link is asked for again when it is back. */
#include "tui/shell/process_source.h"

#include "core/base/json.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define PAGE   (256 * 1024)
#define TAIL   (1024 * 1024) /* so much is shown of what is far behind */
#define WAIT_S 3600
#define PLAIN  "\x1b[m"

struct process_source {
    struct client *client;
    char *id, *error;
    const struct process_events *events;
    void *data;
    uint64_t since;
    bool asked, over, cr;
};

static void ask(struct process_source *s);

void process_text(struct buf *out, const char *bytes, size_t n, bool *cr)
{
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] == '\n' && !*cr)
            buf_putc(out, '\r');
        buf_putc(out, bytes[i]);
        *cr = bytes[i] == '\r';
    }
}

static void put_chunk(struct process_source *s, const cJSON *chunk, struct buf *out)
{
    const bool error = strcmp(json_string(chunk, "stream", ""), "stderr") == 0;
    char *bytes = NULL;
    size_t n = 0;
    if (json_get_base64(chunk, "data", &bytes, &n) != ERR_OK)
        return;
    if (error)
        buf_puts(out, s->error);
    process_text(out, bytes, n, &s->cr);
    if (error)
        buf_puts(out, PLAIN);
    free(bytes);
}

/* What nobody could read as it went by is passed over, and said so. */
static void jump(struct process_source *s, uint64_t end, struct buf *out)
{
    if (end < s->since + 2u * TAIL)
        return;
    const uint64_t to = end - TAIL;
    buf_printf(out,
               "\r\n" PLAIN "[%llu bytes are not shown here; baton process output %s has them]"
               "\r\n",
               (unsigned long long)(to - s->since), s->id);
    s->since = to;
}

static void answered(void *data, const cJSON *page, const struct client_fault *fault)
{
    struct process_source *s = data;
    struct buf out = {0};
    const cJSON *chunk;
    s->asked = false;
    if (fault && fault->retry)
        return; /* when the link is back */
    if (fault) {
        s->over = true;
        s->events->failed(s->data, fault);
        return;
    }
    cJSON_ArrayForEach(chunk, json_get(page, "chunks")) put_chunk(s, chunk, &out);
    s->since = (uint64_t)json_int(page, "next", (int64_t)s->since);
    s->over = json_bool(page, "last", false);
    jump(s, (uint64_t)json_int(page, "end", 0), &out);
    if (!s->over)
        ask(s);
    const bool over = s->over;
    if (out.len)
        s->events->bytes(s->data, out.data, out.len);
    if (over)
        s->events->ended(s->data, json_bool(page, "lost", false)
                                      ? -9 /* its keeper is gone, and took it along */
                                      : (int)json_int(page, "exitCode", 0));
    buf_finish(&out);
}

static void ask(struct process_source *s)
{
    if (s->asked || s->over)
        return;
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "processId", s->id);
    json_add_int(params, "since", (int64_t)s->since);
    json_add_int(params, "limit", PAGE);
    json_add_int(params, "wait", WAIT_S);
    cJSON_AddStringToObject(params, "encoding", "base64");
    s->asked = true;
    client_send(s->client, "process.output", params, -1, answered, s);
    cJSON_Delete(params);
}

struct process_source *process_source_open(struct client *client, const char *id, uint64_t end,
                                           const char *error, const struct process_events *events,
                                           void *data)
{
    struct process_source *s = mem_zalloc(sizeof *s);
    s->client = client;
    s->id = mem_strdup(id);
    s->error = mem_strdup(error);
    s->events = events;
    s->data = data;
    s->since = end > TAIL ? end - TAIL : 0;
    ask(s);
    return s;
}

void process_source_close(struct process_source *s)
{
    if (!s)
        return;
    client_forget(s->client, s);
    free(s->error);
    free(s->id);
    free(s);
}

void process_source_connected(struct process_source *s, bool is)
{
    if (is)
        ask(s);
}
