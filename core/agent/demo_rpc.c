/* Lines to the client. They are queued; the loop writes them as the client takes them. */
#include "core/agent/demo_private.h"
#include "core/base/clock.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

void rpc_line(struct demo *d, cJSON *message)
{
    char *text = json_print(message);
    buf_puts(&d->out, text);
    buf_putc(&d->out, '\n');
    free(text);
    cJSON_Delete(message);
}

static cJSON *envelope(void)
{
    cJSON *m = cJSON_CreateObject();
    cJSON_AddStringToObject(m, "jsonrpc", "2.0");
    return m;
}

void rpc_result(struct demo *d, const cJSON *id, cJSON *result)
{
    cJSON *m = envelope();
    cJSON_AddItemToObject(m, "id", cJSON_Duplicate(id, true));
    cJSON_AddItemToObject(m, "result", result);
    rpc_line(d, m);
}

void rpc_error(struct demo *d, const cJSON *id, int code, const char *message)
{
    cJSON *m = envelope();
    cJSON_AddItemToObject(m, "id", id ? cJSON_Duplicate(id, true) : cJSON_CreateNull());
    cJSON *error = cJSON_AddObjectToObject(m, "error");
    cJSON_AddNumberToObject(error, "code", code);
    cJSON_AddStringToObject(error, "message", message);
    rpc_line(d, m);
}

void rpc_update(struct demo *d, const struct session *s, cJSON *update)
{
    cJSON *m = envelope();
    cJSON_AddStringToObject(m, "method", "session/update");
    cJSON *params = cJSON_AddObjectToObject(m, "params");
    cJSON_AddStringToObject(params, "sessionId", s->id);
    cJSON_AddItemToObject(params, "update", update);
    rpc_line(d, m);
}

int64_t rpc_ask(struct demo *d, const char *method, cJSON *params)
{
    cJSON *m = envelope();
    int64_t id = ++d->next_rpc;
    json_add_int(m, "id", id);
    cJSON_AddStringToObject(m, "method", method);
    cJSON_AddItemToObject(m, "params", params);
    rpc_line(d, m);
    return id;
}

cJSON *rpc_text_block(const char *text)
{
    cJSON *block = cJSON_CreateObject();
    cJSON_AddStringToObject(block, "type", "text");
    cJSON_AddStringToObject(block, "text", text);
    return block;
}

void rpc_flush(struct demo *d, int ms)
{
    int64_t end = clock_mono_us() + (int64_t)ms * 1000;
    while (d->out_at < d->out.len) {
        int left = (int)((end - clock_mono_us()) / 1000);
        struct pollfd fd = {.fd = STDOUT_FILENO, .events = POLLOUT};
        if (left <= 0 || poll(&fd, 1, left) <= 0 || !(fd.revents & POLLOUT))
            return;
        size_t n = d->out.len - d->out_at;
        ssize_t done = write(STDOUT_FILENO, d->out.data + d->out_at, n < PIPE_BUF ? n : PIPE_BUF);
        if (done < 0 && errno != EINTR && errno != EAGAIN)
            return;
        d->out_at += done > 0 ? (size_t)done : 0;
    }
}
