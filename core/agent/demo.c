/* The demo agent's loop. It polls standard input, output and the children of `call`, and calls the
 * steps of turns that are ready, one step a round, so that no session waits for another one's. What
 * the client doesn't take is queued; turns that write much wait for it to take that. */
#include "core/agent/demo.h"
#include "core/agent/demo_private.h"
#include "core/base/clock.h"
#include "core/base/mem.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES (32u * 1024u * 1024u)
#define READ_BYTES     65536
#define CHILDREN       64
#define DEAF_US        (INT64_C(600) * 1000000) /* even the deaf one ends some time */

static bool has_room(const struct demo *d)
{
    return d->out.len - d->out_at < DEMO_OUT_ROOM;
}

/* --- lines in ------------------------------------------------------------------------------------
 */

static void take_lines(struct demo *d)
{
    size_t from = 0;
    while (from < d->in.len) {
        char *line = d->in.data + from;
        size_t seen = from ? 0 : d->seen; /* of a line that came in parts */
        char *end = memchr(line + seen, '\n', d->in.len - from - seen);
        if (!end)
            break;
        if (!d->skipping)
            demo_line(d, line, (size_t)(end - line));
        d->skipping = false;
        from = (size_t)(end - d->in.data) + 1;
    }
    buf_consume(&d->in, from);
    d->seen = d->in.len;
    if (d->in.len > LINE_MAX_BYTES) {
        if (!d->skipping)
            rpc_error(d, NULL, RPC_PARSE, "A line is longer than 32 MiB");
        d->skipping = true;
        buf_clear(&d->in);
        d->seen = 0;
    }
}

static void read_some(struct demo *d)
{
    ssize_t n = read(STDIN_FILENO, buf_reserve(&d->in, READ_BYTES), READ_BYTES);
    if (n > 0) {
        d->in.len += (size_t)n;
        d->in.data[d->in.len] = '\0';
        take_lines(d);
    } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
        d->ended = true;
    }
}

/* --- lines out -----------------------------------------------------------------------------------
 */

/* A pipe that polls as writable takes PIPE_BUF bytes without waiting. */
static void write_some(struct demo *d)
{
    size_t n = d->out.len - d->out_at;
    ssize_t done = write(STDOUT_FILENO, d->out.data + d->out_at, n < PIPE_BUF ? n : PIPE_BUF);
    if (done < 0 && errno != EINTR && errno != EAGAIN)
        d->exit_code = 1;
    d->out_at += done > 0 ? (size_t)done : 0;
    if (d->out_at == d->out.len || d->out_at > DEMO_OUT_ROOM) {
        buf_consume(&d->out, d->out_at);
        d->out_at = 0;
    }
}

/* --- turns ---------------------------------------------------------------------------------------
 */

/* One step of each turn that is ready. A step may end its turn, but no session. */
static void step_all(struct demo *d)
{
    int64_t now = clock_mono_us();
    for (struct session *s = d->sessions; s && d->exit_code < 0; s = s->next) {
        struct turn *t = s->turn;
        if (!t)
            continue;
        if (t->wake_us && t->wake_us <= now) {
            t->wake_us = 0;
            t->ready = true;
        }
        if (t->ready && has_room(d))
            turn_step(t);
    }
}

/* How long poll may wait: not at all when a turn is ready, else until the first timer. */
static int patience(const struct demo *d)
{
    int64_t now = clock_mono_us(), first = -1;
    for (const struct session *s = d->sessions; s; s = s->next) {
        const struct turn *t = s->turn;
        if (!t)
            continue;
        if (t->ready && has_room(d))
            return 0;
        if (t->wake_us && (first < 0 || t->wake_us < first))
            first = t->wake_us;
    }
    if (first < 0)
        return -1;
    return first <= now ? 0 : (int)((first - now + 999) / 1000);
}

static void wait_for_more(struct demo *d)
{
    struct pollfd fds[2 + CHILDREN] = {
        {.fd = d->ended ? -1 : STDIN_FILENO, .events = POLLIN},
        {.fd = d->out_at < d->out.len ? STDOUT_FILENO : -1, .events = POLLOUT},
    };
    struct session *whose[CHILDREN];
    nfds_t n = 2, servers;
    for (struct session *s = d->sessions; s && n < 2 + CHILDREN; s = s->next)
        if (s->turn && s->turn->child_fd >= 0) {
            fds[n] = (struct pollfd){.fd = s->turn->child_fd, .events = POLLIN};
            whose[n++ - 2] = s;
        }
    servers = n;
    for (struct session *s = d->sessions; s && n < 2 + CHILDREN; s = s->next)
        if (demo_mcp_fd(s) >= 0) {
            fds[n] = (struct pollfd){.fd = demo_mcp_fd(s), .events = POLLIN};
            whose[n++ - 2] = s;
        }
    int ms = patience(d);
    if (d->ended && (ms < 0 || ms > 1000))
        ms = 1000;
    if (poll(fds, n, ms) <= 0)
        return;
    if (fds[1].revents)
        write_some(d);
    /* Children before lines: a line may end the turn that has the child. */
    for (nfds_t i = 2; i < n; i++)
        if (fds[i].revents)
            i < servers ? call_readable(whose[i - 2]->turn) : demo_mcp_readable(whose[i - 2]);
    if (fds[0].revents)
        read_some(d);
}

int demo_agent_main(const char *program)
{
    const char *dir = getenv("BATON_DEMO_STATE");
    struct demo d = {
        .exit_code = -1, .program = program, .state_dir = dir && *dir ? mem_strdup(dir) : NULL};
    int64_t end = 0;

    signal(SIGPIPE, SIG_IGN);
    while (d.exit_code < 0) {
        step_all(&d);
        if (d.exit_code < 0)
            wait_for_more(&d);
        if (d.ended && !d.deaf)
            d.exit_code = 0;
        if (d.ended && d.deaf) {
            end = end ? end : clock_mono_us() + DEAF_US;
            if (clock_mono_us() > end)
                d.exit_code = 0;
        }
    }
    rpc_flush(&d, 1000);
    demo_sessions_free(&d);
    buf_finish(&d.in);
    buf_finish(&d.out);
    free(d.state_dir);
    return d.exit_code;
}
