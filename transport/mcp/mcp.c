/* The MCP server's loop: lines in, lines out, and the links to the hub, in one poll. What the
 * client doesn't take is queued; while much is, no further line is read. */
#include "transport/mcp/mcp.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/hub/hub.h"
#include "transport/mcp/mcp_private.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES (16u * 1024u * 1024u)
#define READ_BYTES     65536
#define OUT_ROOM       (1024u * 1024u)
#define LAST_US        2000000 /* for answers to what was asked just before the end */

/* --- lines out ---------------------------------------------------------------------------------
 */

void mcp_line_out(struct mcp *m, cJSON *message)
{
    char *text = json_print(message);
    buf_puts(&m->out, text);
    buf_putc(&m->out, '\n');
    free(text);
    cJSON_Delete(message);
}

static cJSON *envelope(const cJSON *id)
{
    cJSON *message = cJSON_CreateObject();
    cJSON_AddStringToObject(message, "jsonrpc", "2.0");
    cJSON_AddItemToObject(message, "id", id ? cJSON_Duplicate(id, true) : cJSON_CreateNull());
    return message;
}

void mcp_result(struct mcp *m, const cJSON *id, bool modern, cJSON *result)
{
    cJSON *message = envelope(id);
    if (modern) {
        cJSON *meta = cJSON_GetObjectItemCaseSensitive(result, "_meta");
        if (!meta)
            meta = cJSON_AddObjectToObject(result, "_meta");
        cJSON *info = cJSON_AddObjectToObject(meta, "io.modelcontextprotocol/serverInfo");
        cJSON_AddStringToObject(info, "name", "baton");
        cJSON_AddStringToObject(info, "version", BATON_VERSION);
        cJSON_AddStringToObject(result, "resultType", "complete");
    }
    cJSON_AddItemToObject(message, "result", result);
    mcp_line_out(m, message);
}

void mcp_error(struct mcp *m, const cJSON *id, int code, const char *text, cJSON *data)
{
    cJSON *message = envelope(id), *error = cJSON_AddObjectToObject(message, "error");
    cJSON_AddNumberToObject(error, "code", code);
    cJSON_AddStringToObject(error, "message", text);
    if (data)
        cJSON_AddItemToObject(error, "data", data);
    mcp_line_out(m, message);
}

/* A pipe that polls as writable takes PIPE_BUF bytes without waiting. */
static void write_some(struct mcp *m)
{
    const size_t n = m->out.len - m->out_at;
    const ssize_t done = write(STDOUT_FILENO, m->out.data + m->out_at, n < PIPE_BUF ? n : PIPE_BUF);
    if (done < 0 && errno != EINTR && errno != EAGAIN)
        m->broken = true;
    m->out_at += done > 0 ? (size_t)done : 0;
    if (m->out_at == m->out.len || m->out_at > OUT_ROOM) {
        buf_consume(&m->out, m->out_at);
        m->out_at = 0;
    }
}

/* --- lines in ----------------------------------------------------------------------------------
 */

static void take_lines(struct mcp *m)
{
    size_t from = 0;
    while (from < m->in.len) {
        const char *line = m->in.data + from;
        const size_t seen = from ? 0 : m->seen; /* of a line that came in parts */
        const char *end = memchr(line + seen, '\n', m->in.len - from - seen);
        if (!end)
            break;
        if (!m->skipping && (size_t)(end - line) > LINE_MAX_BYTES)
            mcp_error(m, NULL, RPC_PARSE, "A line is longer than 16 MiB", NULL);
        else if (!m->skipping)
            mcp_line_in(m, line, (size_t)(end - line));
        m->skipping = false;
        from = (size_t)(end - m->in.data) + 1;
    }
    buf_consume(&m->in, from);
    m->seen = m->in.len;
    if (m->in.len > LINE_MAX_BYTES) {
        if (!m->skipping)
            mcp_error(m, NULL, RPC_PARSE, "A line is longer than 16 MiB", NULL);
        m->skipping = true;
        buf_clear(&m->in);
        m->seen = 0;
    }
}

static void read_some(struct mcp *m)
{
    const ssize_t n = read(STDIN_FILENO, buf_reserve(&m->in, READ_BYTES), READ_BYTES);
    if (n > 0) {
        m->in.len += (size_t)n;
        m->in.data[m->in.len] = '\0';
        take_lines(m);
    } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
        m->ended = true;
    }
}

/* --- the loop ----------------------------------------------------------------------------------
 */

static void wait_for_more(struct mcp *m, int64_t until)
{
    struct pollfd fds[4 + MCP_JOBS];
    struct job *whose[MCP_JOBS];
    nfds_t n = 4;
    const bool listens = !m->ended && m->out.len - m->out_at < OUT_ROOM;
    const bool tells = m->out_at < m->out.len;
    fds[0] = (struct pollfd){.fd = listens ? STDIN_FILENO : -1, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = STDOUT_FILENO, .events = (short)(tells ? POLLOUT : 0)};
    fds[2] = (struct pollfd){.fd = m->client ? client_fd(m->client) : -1, .events = POLLIN};
    fds[3] =
        (struct pollfd){.fd = m->watch.client ? client_fd(m->watch.client) : -1, .events = POLLIN};
    for (struct job *j = m->jobs; j && n < 4 + MCP_JOBS; j = j->next)
        if (j->own) {
            fds[n] = (struct pollfd){.fd = client_fd(j->own), .events = POLLIN};
            whose[n++ - 4] = j;
        }
    int ms = mcp_jobs_patience(m);
    if (until) {
        const int64_t left = (until - clock_mono_us() + 999) / 1000;
        ms = left < 0 ? 0 : ms < 0 || left < ms ? (int)left : ms;
    }
    if (poll(fds, n, ms) <= 0)
        return;
    if (tells && fds[1].revents)
        write_some(m);
    else if (fds[1].revents & (POLLERR | POLLNVAL))
        m->broken = true;
    /* Links before lines: a line may end the job that has one. */
    for (nfds_t i = 4; i < n; i++)
        if (fds[i].revents)
            client_dispatch(whose[i - 4]->own);
    if (fds[3].revents)
        client_dispatch(m->watch.client);
    if (fds[2].revents)
        client_dispatch(m->client);
    if (fds[0].revents)
        read_some(m);
}

int mcp_main(const struct mcp_options *options)
{
    struct mcp m = {.options = options, .catalogue = hub_catalogue()};
    int64_t until = 0;
    signal(SIGPIPE, SIG_IGN);
    while (!m.broken) {
        if (m.ended && !until) {
            until = clock_mono_us() + LAST_US;
            mcp_jobs_end(&m, false);
        }
        mcp_jobs_step(&m);
        if (!m.ended)
            mcp_watch_step(&m);
        if (until && ((!mcp_jobs_short(&m) && m.out_at == m.out.len) || clock_mono_us() > until))
            break;
        wait_for_more(&m, until);
    }
    mcp_jobs_end(&m, true);
    mcp_jobs_step(&m);
    mcp_watch_finish(&m);
    mcp_bindings_finish(&m);
    client_close(m.client);
    cJSON_Delete(m.blocked);
    buf_finish(&m.in);
    buf_finish(&m.out);
    return m.broken ? 1 : 0;
}
