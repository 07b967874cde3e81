/* A test that is the hub of one keeper with a real child: what it heard is kept, and every wait is
 * for a condition, with a limit. */
#ifndef TESTS_STREAM_KEEPER_HELPER_H
#define TESTS_STREAM_KEEPER_HELPER_H

#include "helper.h"

#include "core/stream/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

static const char *const bash[] = {"bash", "--norc", "--noprofile", "--noediting", NULL};

/* One keeper as a hub sees it. */
struct hub {
    const char *dir;
    int fd;
    struct streamreader *reader;
    struct buf {
        char *data;
        size_t n, cap;
    } out, err, in;
    uint64_t epoch;
    char who[64];
    int rows, cols, resizes;
    bool acks, exited;
    int32_t code;
    bool told_exit, told_paused;
    bool late; /* the keeper was done before it knew of us: the log has to do */
    uint32_t dropped;
    int32_t pid, told_pid;
    char why[64];
};

static inline void add(struct buf *b, const char *bytes, size_t n)
{
    if (b->n + n + 1 > b->cap) {
        b->cap = (b->n + n + 1) * 2;
        b->data = mem_realloc(b->data, b->cap);
    }
    memcpy(b->data + b->n, bytes, n);
    b->n += n;
    b->data[b->n] = '\0';
}

static inline char *word(const char *text)
{
    return mem_strdup(text);
}

static inline void write_meta(const char *dir, bool pty, uint64_t retention,
                              const char *const *command)
{
    static const char *const env[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "TERM=dumb", "PS1=$ ",
                                      "LC_ALL=C.UTF-8", NULL};
    struct keeper_meta m = {.id = word("t1"),
                            .workspace = word("main"),
                            .cwd = word("/tmp"),
                            .pty = pty,
                            .rows = 24,
                            .cols = 80,
                            .retention = retention,
                            .checksum = true,
                            .created_us = 5};
    size_t n = 0;
    while (command[n])
        n++;
    m.command = mem_calloc(n + 1, sizeof *m.command);
    for (size_t i = 0; i < n; i++)
        m.command[i] = word(command[i]);
    m.env = mem_calloc(5, sizeof *m.env);
    for (size_t i = 0; env[i]; i++)
        m.env[i] = word(env[i]);
    assert_int_equal(keeper_meta_write(dir, &m), ERR_OK);
    keeper_meta_finish(&m);
}

/* Runs keeper_main as `baton keep` would, in a process of its own; gives its status, and what it
 * printed in out. */
static inline int start(const char *dir, char *out, size_t size)
{
    int ends[2], status;
    size_t n = 0;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], 1);
        _exit(keeper_main(dir));
    }
    close(ends[1]);
    for (ssize_t got = 1; got > 0 && n < size - 1; n += (size_t)(got > 0 ? got : 0))
        got = read(ends[0], out + n, size - 1 - n);
    out[n] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static inline void hub_drop(struct hub *h)
{
    if (h->fd >= 0)
        close(h->fd);
    h->fd = -1;
}

static inline void hub_connect(struct hub *h)
{
    assert_int_equal(keeper_connect(h->dir, &h->fd), ERR_OK);
}

static inline void hub_open(struct hub *h, const char *dir, bool pty, const char *const *command)
{
    char out[4096];
    *h = (struct hub){.dir = dir, .fd = -1, .acks = true};
    write_meta(dir, pty, 0, command);
    assert_int_equal(start(dir, out, sizeof out), 0);
    const int pid = atoi(out); /* one line, the child's pid */
    char line[16];
    snprintf(line, sizeof line, "%d\n", pid);
    assert_true(pid > 1);
    assert_string_equal(out, line);
    h->told_pid = pid;
    h->late = keeper_connect(dir, &h->fd) == ERR_NO_HUB;
    assert_true(h->late || h->fd >= 0);
    assert_int_equal(streamreader_open(dir, 0, NULL, &h->reader), ERR_OK);
}

static inline void take_record(struct hub *h, const struct record *r)
{
    struct record_input in;
    if (r->kind == RECORD_OUTPUT) {
        add(&h->out, r->payload, r->n);
    } else if (r->kind == RECORD_ERROR) {
        add(&h->err, r->payload, r->n);
    } else if (r->kind == RECORD_INPUT) {
        assert_int_equal(record_decode_input(r, &in), ERR_OK);
        add(&h->in, in.bytes, in.n);
        h->epoch = in.epoch;
        memcpy(h->who, in.who, sizeof in.who);
    } else if (r->kind == RECORD_RESIZE) {
        assert_int_equal(record_decode_resize(r, &h->rows, &h->cols), ERR_OK);
        h->resizes++;
    } else if (r->kind == RECORD_EXIT) {
        assert_false(h->exited);
        assert_int_equal(record_decode_exit(r, &h->code), ERR_OK);
        h->exited = true;
    }
}

static inline void read_log(struct hub *h)
{
    struct record r;
    enum err e;
    while ((e = streamreader_next(h->reader, &r)) == ERR_OK) {
        assert_int_equal(r.pos, h->out.n + h->err.n);
        take_record(h, &r);
    }
    assert_int_equal(e, ERR_AGAIN);
    if (h->acks && h->fd >= 0)
        keeper_send_ack(h->fd, streamreader_pos(h->reader));
}

static inline void take_note(struct hub *h, const struct keeper_note *note)
{
    assert_true(note->pid > 1);
    h->pid = note->pid;
    if (note->kind == KEEPER_EXITED)
        h->told_exit = true;
    if (note->kind == KEEPER_DROPPED)
        h->dropped += note->n;
    if (note->kind == KEEPER_PAUSED) {
        h->told_paused = true;
        memcpy(h->why, note->why, sizeof h->why);
    }
    if (note->kind == KEEPER_RESUMED)
        h->told_paused = false;
}

/* Does a hub's work until the condition holds; false when it never did. */
typedef bool condition(const struct hub *h, const void *what);
static inline bool until(struct hub *h, condition *holds, const void *what)
{
    int64_t limit = clock_mono_us() + PATIENCE_US;
    for (;;) {
        struct keeper_note note;
        struct pollfd p = {.fd = h->fd, .events = POLLIN};
        enum err e = ERR_AGAIN;
        while (h->fd >= 0 && (e = keeper_receive(h->fd, &note)) == ERR_OK)
            take_note(h, &note);
        if (e == ERR_LOST) {
            h->late = h->pid == 0;
            hub_drop(h);
        }
        read_log(h);
        if (holds(h, what))
            return true;
        if (clock_mono_us() > limit)
            return false;
        /* Without a connection nothing wakes us: look again soon. */
        poll(&p, 1, h->fd < 0 ? 5 : 1000);
    }
}

static inline bool shows(const struct hub *h, const void *text)
{
    return h->out.data && strstr(h->out.data, text);
}

static inline bool has_exited(const struct hub *h, const void *unused)
{
    (void)unused;
    return h->exited;
}

static inline bool was_told_exit(const struct hub *h, const void *unused)
{
    (void)unused;
    return (h->told_exit || h->late) && h->exited;
}

static inline bool is_paused(const struct hub *h, const void *why)
{
    return h->told_paused && strcmp(h->why, why) == 0;
}

static inline bool has_dropped(const struct hub *h, const void *unused)
{
    (void)unused;
    return h->dropped > 0;
}

static inline void type(struct hub *h, const char *text)
{
    assert_int_equal(keeper_send_input(h->fd, 7, "alice", text, strlen(text)), ERR_OK);
}

/* True once the folder is nobody's any more: the keeper has ended. */
static inline bool keeper_gone(const char *dir)
{
    int64_t limit = clock_mono_us() + PATIENCE_US;
    for (;;) {
        struct streamlog *log;
        if (streamlog_open(dir, 0, 0, NULL, &log) == ERR_OK) {
            streamlog_close(log);
            return true;
        }
        if (clock_mono_us() > limit)
            return false;
        poll(NULL, 0, 5);
    }
}

/* Says goodbye, and asserts that the keeper goes. */
static inline void hub_close(struct hub *h)
{
    if (h->fd >= 0 && h->told_exit)
        keeper_send_bye(h->fd);
    else if (h->fd >= 0)
        while (keeper_send_close(h->fd) == ERR_AGAIN) /* input that waits fills the socket */
            poll(NULL, 0, 1);
    if (!h->told_exit)
        hub_drop(h);
    assert_true(keeper_gone(h->dir));
    hub_drop(h);
    streamreader_close(h->reader);
    free(h->out.data);
    free(h->err.data);
    free(h->in.data);
}

/* A test that failed has left its keeper behind: it goes before the folder does. */
static inline int end_keeper(void **state)
{
    int fd;
    if (keeper_connect(*state, &fd) == ERR_OK) {
        keeper_send_close(fd);
        close(fd);
    }
    return remove_folder(state);
}

#undef TEST
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, end_keeper)

#endif
