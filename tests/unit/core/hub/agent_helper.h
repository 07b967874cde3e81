/* A world for the streams of agents: a real keeper with a real child, the hub's stream thread, and
 * a control thread that is the test itself. It takes batches as the real one does, 'commits' them
 * or not, and keeps an outbox; it can die with what it has not committed, and come back. */
#ifndef TESTS_HUB_AGENT_HELPER_H
#define TESTS_HUB_AGENT_HELPER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/hub/streams/agents.h"
#include "core/hub/streams/streams.h"
#include "core/stream/keeper.h"
#include "core/stream/streamlog.h"

#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_US 40000000 /* a busy machine is slow, not wrong */
#define AGENT       "ag1"

struct world {
    char *folder, *dir; /* of all streams; of the agent's */
    struct hub *hub;
    /* what is on disk, so to say */
    uint64_t consumed, delivered;
    size_t line_max;
    struct buf outbox; /* all that ever went in */
    bool ended, lost;
    int code;
    /* what came */
    bool keep;        /* the lines' bytes, not only how many there were */
    struct buf lines; /* of committed batches */
    uint64_t line_count, byte_count;
    size_t biggest, batches;
    int overlong;
    char errors[AGENT_ERRORS_MAX + 1];
    bool hold;                /* nothing is committed */
    struct agent_batch *held; /* the one that waits for it */
};

static inline int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static inline int world_create(void **state)
{
    const char *base = getenv("TMPDIR");
    struct world *w = mem_zalloc(sizeof *w);
    w->folder = mem_printf("%s/baton-agent-XXXXXX", base ? base : "/tmp");
    w->keep = true;
    *state = w;
    if (!mkdtemp(w->folder))
        return -1;
    w->dir = path_join(w->folder, AGENT);
    return mkdir(w->dir, 0700);
}

/* --- the keeper ---------------------------------------------------------------------------------
 */

static inline void world_meta(const struct world *w, const char *script, uint64_t retention)
{
    struct keeper_meta m = {.id = mem_strdup(AGENT),
                            .workspace = mem_strdup("main"),
                            .cwd = mem_strdup("/"),
                            .rows = 24,
                            .cols = 80,
                            .retention = retention,
                            .created_us = 5};
    m.command = mem_calloc(4, sizeof *m.command);
    m.command[0] = mem_strdup("sh");
    m.command[1] = mem_strdup("-c");
    m.command[2] = mem_strdup(script);
    m.env = mem_calloc(2, sizeof *m.env);
    m.env[0] = mem_strdup("PATH=/usr/local/bin:/usr/bin:/bin");
    assert_int_equal(keeper_meta_write(w->dir, &m), ERR_OK);
    keeper_meta_finish(&m);
}

/* Before the hub's threads: it forks. */
static inline void world_keeper(const struct world *w, const char *script, uint64_t retention)
{
    int status;
    world_meta(w, script, retention);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        _exit(keeper_main(w->dir));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static inline pid_t world_keeper_pid(const struct world *w)
{
    struct ucred peer = {0};
    socklen_t size = sizeof peer;
    int fd;
    assert_int_equal(keeper_connect(w->dir, &fd), ERR_OK);
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size), 0);
    close(fd);
    return peer.pid;
}

/* True once nobody writes the record any more: the keeper has ended. */
static inline bool world_keeper_gone(const struct world *w)
{
    int64_t limit = clock_mono_us() + PATIENCE_US;
    for (;;) {
        struct streamlog *log;
        if (streamlog_open(w->dir, 0, 0, NULL, &log) == ERR_OK) {
            streamlog_close(log);
            return true;
        }
        if (clock_mono_us() > limit)
            return false;
        poll(NULL, 0, 5);
    }
}

/* --- control ------------------------------------------------------------------------------------
 */

/* The world is the hub's program, so to say: a place that on_wake can find. */
static struct world *world_of_hub;

static inline void commit(struct world *w, const struct agent_batch *b)
{
    struct agent_taken taken = {.pos = b->next};
    memcpy(taken.id, b->id, sizeof taken.id);
    const char *lines = b->bytes + b->errors_n;
    for (const char *p = lines; (p = memchr(p, '\n', b->n - (size_t)(p - lines))); p++)
        w->line_count++;
    assert_true(b->n == 0 || lines[b->n - 1] == '\n');
    assert_true(b->next >= w->consumed && b->delivered >= w->delivered);
    assert_false(w->ended || w->lost);
    if (w->keep)
        buf_append(&w->lines, lines, b->n);
    w->byte_count += b->n;
    w->batches++;
    if (b->n > w->biggest)
        w->biggest = b->n;
    w->overlong += b->overlong;
    w->consumed = b->next;
    w->delivered = b->delivered;
    w->ended = b->ended;
    w->lost = b->lost;
    w->code = b->code;
    memcpy(w->errors, b->bytes, b->errors_n);
    w->errors[b->errors_n] = '\0';
    hub_post_stream(w->hub, streams_agent_taken, mem_dup(&taken, sizeof taken));
}

static inline void on_wake(uv_async_t *wake)
{
    struct hub *hub = wake->data;
    struct world *w = world_of_hub;
    struct call *list = inbox_take(&hub->control_in);
    while (list) {
        struct call *c = list;
        list = c->next;
        assert_true(c->work == sessions_output);
        assert_null(w->held); /* one at a time */
        if (w->hold)
            w->held = mem_dup(c->arg, sizeof *w->held + ((struct agent_batch *)c->arg)->n +
                                          ((struct agent_batch *)c->arg)->errors_n);
        else
            commit(w, c->arg);
        call_destroy(c);
    }
}

static inline void world_release(struct world *w)
{
    w->hold = false;
    if (w->held)
        commit(w, w->held);
    free(w->held);
    w->held = NULL;
}

/* Does control's work until the condition holds; false when it never did. */
typedef bool condition(const struct world *w, const void *what);
static inline bool until(struct world *w, condition *holds, const void *what)
{
    int64_t limit = clock_mono_us() + PATIENCE_US;
    for (;;) {
        uv_run(&w->hub->control_loop, UV_RUN_NOWAIT);
        if (holds(w, what))
            return true;
        if (clock_mono_us() > limit)
            return false;
        poll(&(struct pollfd){.fd = uv_backend_fd(&w->hub->control_loop), .events = POLLIN}, 1, 10);
    }
}

static inline void no_reply(void *data, void *handle, const void *bytes, size_t n)
{
    (void)data;
    (void)handle;
    (void)bytes;
    (void)n;
}

static inline void no_message(void *data, uint32_t first, const char *topic, const void *body,
                              size_t n)
{
    (void)data;
    (void)first;
    (void)body;
    (void)n;
    fail_msg("an agent's stream publishes nothing, but %s", topic);
}

static inline void send_from(struct world *w, uint64_t at, size_t n)
{
    struct agent_send *send = mem_zalloc(sizeof *send + n);
    strcpy(send->id, AGENT);
    send->at = at;
    send->n = n;
    memcpy(send->bytes, w->outbox.data + at, n);
    hub_post_stream(w->hub, streams_agent_send, send);
}

static inline void world_say(struct world *w, const char *bytes, size_t n)
{
    uint64_t at = w->outbox.len;
    buf_append(&w->outbox, bytes, n);
    if (w->hub)
        send_from(w, at, n);
}

/* A hub starts: it knows what is on disk, and sends what may not have arrived, in two rows. */
static inline void world_start(struct world *w, bool recovering)
{
    static const struct hub_io io = {.reply = no_reply, .publish = no_message};
    struct hub *hub = mem_zalloc(sizeof *hub);
    struct agent_attach attach = {.id = AGENT,
                                  .consumed = w->consumed,
                                  .delivered = w->delivered,
                                  .recovering = recovering,
                                  .line_max = w->line_max};
    w->hub = hub;
    world_of_hub = w;
    hub->io = &io;
    hub->streams_dir = mem_strdup(w->folder);
    hub->registry = registry_create();
    uv_loop_init(&hub->control_loop);
    inbox_init(&hub->control_in, &hub->control_loop, on_wake, hub);
    struct stream_info info = {.id = AGENT, .workspace = "main", .thing = THING_AGENT};
    info.exited = w->ended || w->lost;
    registry_set(hub->registry, &info);
    streams_create(hub);
    streams_start(hub);
    hub_post_stream(hub, streams_agent_attach, mem_dup(&attach, sizeof attach));
    const uint64_t from = w->delivered - w->delivered % 7, half = (w->outbox.len + from) / 2;
    if (w->outbox.len > from) {
        send_from(w, from, (size_t)(half - from));
        send_from(w, half, w->outbox.len - (size_t)half);
    }
}

static inline void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

/* And dies, with all that it has not committed. */
static inline void world_kill(struct world *w)
{
    struct hub *hub = w->hub;
    if (!hub)
        return;
    streams_stop(hub);
    free(w->held);
    w->held = NULL;
    inbox_finish(&hub->control_in);
    inbox_finish(&hub->stream_in);
    streams_destroy(hub);
    uv_walk(&hub->control_loop, close_handle, NULL);
    uv_run(&hub->control_loop, UV_RUN_DEFAULT);
    uv_loop_close(&hub->control_loop);
    registry_destroy(hub->registry);
    free(hub->streams_dir);
    free(hub);
    w->hub = NULL;
}

static inline void world_close_agent(struct world *w)
{
    static const char id[32] = AGENT;
    hub_post_stream(w->hub, streams_agent_close, mem_dup(id, sizeof id));
}

static inline int world_destroy(void **state)
{
    struct world *w = *state;
    world_kill(w);
    buf_finish(&w->outbox);
    buf_finish(&w->lines);
    nftw(w->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(w->folder);
    free(w->dir);
    free(w);
    return 0;
}

#define WORLD(f) cmocka_unit_test_setup_teardown(f, world_create, world_destroy)

#endif
