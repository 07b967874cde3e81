/* Running a command; see the header. One poll, one deadline. The child is the keeper's kind
 * (keeper_child.h) and is reaped last: until then its number, which is its group's too, is nobody
 * else's, so the group can be signalled safely. */
#include "core/stream/child_run.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/stream/keeper_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define READ_MAX  (64u * 1024u)
#define LINGER_MS 200 /* what the command left behind may finish in that time */
#define KILL_MS   200 /* who still holds a pipe then has left the group */

enum phase { RUNS, LINGERS, TOLD, KILLED, OVER };

struct run {
    const struct child_order *order;
    struct child_run *told;
    struct keeper_child child;
    const char *input; /* what of it is not written yet */
    size_t input_n;
    enum phase phase;
    int64_t deadline_us;
    int stop; /* a descriptor: somebody wants this process to end */
    bool exited;
};

static void enter(struct run *r, enum phase phase, int64_t ms)
{
    r->phase = phase;
    r->deadline_us = clock_mono_us() + ms * 1000;
}

static void end_group(struct run *r)
{
    keeper_child_signal_all(&r->child, SIGTERM);
    enter(r, TOLD, r->order->term_ms);
}

/* Nobody has told it to end. */
static bool is_free(const struct run *r)
{
    return r->phase == RUNS || r->phase == LINGERS;
}

static void on_deadline(struct run *r)
{
    switch (r->phase) {
    case RUNS:
        r->told->timed_out = true;
        end_group(r);
        break;
    case LINGERS: end_group(r); break;
    case TOLD:
        keeper_child_signal_all(&r->child, SIGKILL);
        enter(r, KILLED, KILL_MS);
        break;
    case KILLED:
    case OVER:
        /* A killed process may be late to die (a disk that hangs), but it does. */
        if (r->exited)
            r->phase = OVER;
        else
            enter(r, KILLED, KILL_MS);
        break;
    }
}

static bool is_final(ssize_t n)
{
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

static void write_input(struct run *r)
{
    const ssize_t n = write(r->child.in, r->input, r->input_n);
    if (n > 0) {
        r->input += n;
        r->input_n -= (size_t)n;
    }
    if (r->input_n == 0 || is_final(n))
        keeper_child_close_in(&r->child); /* all of it, or it does not want to know */
}

static void read_some(struct buf *into, int *fd)
{
    const ssize_t n = read(*fd, buf_reserve(into, READ_MAX), READ_MAX);
    if (n > 0) {
        into->len += (size_t)n;
    } else if (is_final(n)) {
        close(*fd);
        *fd = -1;
    }
}

static void read_tail(struct run *r, int *fd)
{
    struct buf *tail = &r->told->tail;
    read_some(tail, fd);
    if (tail->len > r->order->tail_max)
        buf_consume(tail, tail->len - r->order->tail_max);
}

static void read_out(struct run *r)
{
    struct buf *out = &r->told->out;
    read_some(out, &r->child.out);
    if (out->len <= r->order->out_max && !r->told->too_much)
        return;
    buf_clear(out);
    if (r->phase == RUNS && !r->told->too_much)
        end_group(r);
    r->told->too_much = true;
}

/* The caller writes nothing that counts: only its end does. */
static bool caller_gone(int fd)
{
    char byte;
    return is_final(read(fd, &byte, 1));
}

/* Takes the signal too: the process's next command, if there is one, was not meant. */
static bool stop_asked(int fd)
{
    struct signalfd_siginfo info;
    return read(fd, &info, sizeof info) == (ssize_t)sizeof info;
}

static void on_exit_seen(struct run *r)
{
    r->exited = true;
    keeper_child_close_in(&r->child);
    if (r->phase == RUNS)
        enter(r, LINGERS, LINGER_MS);
}

static int wait_ms(const struct run *r)
{
    const int64_t left = r->deadline_us - clock_mono_us();
    return left <= 0 ? 0 : left / 1000 >= INT32_MAX ? INT32_MAX : (int)(left / 1000) + 1;
}

static void turn(struct run *r)
{
    const int caller = is_free(r) ? r->order->caller : -1;
    struct pollfd fds[] = {
        {.fd = r->child.in, .events = POLLOUT},
        {.fd = r->child.out, .events = POLLIN},
        {.fd = r->child.err, .events = POLLIN},
        {.fd = r->exited ? -1 : r->child.pidfd, .events = POLLIN},
        {.fd = is_free(r) ? r->stop : -1, .events = POLLIN},
        {.fd = caller, .events = POLLIN},
    };
    if (poll(fds, sizeof fds / sizeof *fds, wait_ms(r)) < 0)
        return;
    if (fds[0].revents)
        write_input(r);
    if (fds[1].revents && r->order->out_max)
        read_out(r);
    else if (fds[1].revents)
        read_tail(r, &r->child.out);
    if (fds[2].revents)
        read_tail(r, &r->child.err);
    if (fds[3].revents)
        on_exit_seen(r);
    if (fds[5].revents && caller_gone(caller))
        r->told->alone = true;
    const bool stop = fds[4].revents && stop_asked(r->stop);
    if (is_free(r) && (stop || r->told->alone)) {
        r->told->stopped = stop && r->phase == RUNS;
        end_group(r);
    }
    if (r->exited && r->child.out < 0 && r->child.err < 0)
        r->phase = OVER;
    else if (clock_mono_us() >= r->deadline_us)
        on_deadline(r);
}

/* All descriptors are close-on-exec, and the child's mask is its own. */
static int stop_signal(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static char **words_of(const cJSON *list)
{
    const cJSON *word;
    char **argv = mem_calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *argv);
    size_t n = 0;
    cJSON_ArrayForEach(word, list) if (cJSON_IsString(word)) argv[n++] = word->valuestring;
    return argv;
}

enum err child_run(const struct child_order *order, struct child_run *ret_run, char **ret_why)
{
    struct run r = {
        .order = order, .told = ret_run, .input = order->input, .input_n = order->input_n};
    const cJSON *one;
    cJSON_ArrayForEach(one, order->env) if (cJSON_IsString(one))
        setenv(one->string, one->valuestring, 1);
    char **command = words_of(order->command);
    const struct keeper_meta meta = {
        .command = command, .env = environ, .cwd = (char *)(uintptr_t)order->cwd};
    *ret_run = (struct child_run){0};
    r.stop = stop_signal();
    enum err e = keeper_child_start(&meta, &r.child, ret_why);
    if (e == ERR_OK) {
        enter(&r, RUNS, order->timeout_ms);
        while (r.phase != OVER)
            turn(&r);
        keeper_child_signal_all(&r.child, SIGKILL);
        keeper_child_reap(&r.child, &ret_run->code);
        keeper_child_finish(&r.child);
    }
    if (r.stop >= 0)
        close(r.stop);
    free(command);
    return e;
}

void child_run_finish(struct child_run *run)
{
    buf_finish(&run->out);
    buf_finish(&run->tail);
}

void child_run_settle(const char *name)
{
    static const int ignored[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGPIPE,
                                  SIGTSTP, SIGTTIN, SIGTTOU, SIGXFSZ};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&ignore.sa_mask);
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        sigaction(ignored[i], &ignore, NULL);
    prctl(PR_SET_NAME, name);
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            _exit(1);
}
