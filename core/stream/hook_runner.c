/* Running a hook. The command is the keeper's kind of child (keeper_child.h), on pipes and in a
 * process group of its own; one poll, one deadline.
 *
 * The child is reaped last: until then its number, which is its group's too, is nobody else's, so
 * the group can be signalled safely. What the command leaves behind in its group is ended with it;
 * what is to stay has to leave the group (setsid). */
#include "core/stream/hook_runner.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/stream/hook_work.h"
#include "core/stream/keeper_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define OUTPUT_KEPT (4u * 1024u)
#define READ_MAX    (64u * 1024u)
#define TIMEOUT_MS  30000
#define LINGER_MS   200  /* what the command left behind may finish in that time */
#define TERM_MS     2000 /* from TERM to KILL */
#define KILL_MS     200  /* who still holds a pipe then has left the group */

enum phase { RUNS, LINGERS, TOLD, KILLED, OVER };

struct run {
    struct keeper_child child;
    const char *event; /* what of it is not written yet */
    size_t event_n;
    struct buf output;
    enum phase phase;
    int64_t deadline_us;
    int stop; /* a descriptor: somebody wants this runner to end */
    bool exited, timed_out, stopped;
};

static void enter(struct run *r, enum phase phase, int64_t ms)
{
    r->phase = phase;
    r->deadline_us = clock_mono_us() + ms * 1000;
}

static void end_group(struct run *r)
{
    keeper_child_signal_all(&r->child, SIGTERM);
    enter(r, TOLD, TERM_MS);
}

static void on_deadline(struct run *r)
{
    switch (r->phase) {
    case RUNS:
        r->timed_out = true;
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

static void write_event(struct run *r)
{
    ssize_t n = write(r->child.in, r->event, r->event_n);
    if (n > 0) {
        r->event += n;
        r->event_n -= (size_t)n;
    }
    if (r->event_n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        keeper_child_close_in(&r->child); /* all of it, or it does not want to know */
}

static void read_output(struct run *r, int *fd)
{
    ssize_t n = read(*fd, buf_reserve(&r->output, READ_MAX), READ_MAX);
    if (n > 0)
        r->output.len += (size_t)n;
    if (r->output.len > OUTPUT_KEPT)
        buf_consume(&r->output, r->output.len - OUTPUT_KEPT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        close(*fd);
        *fd = -1;
    }
}

static int wait_ms(const struct run *r)
{
    int64_t left = r->deadline_us - clock_mono_us();
    return left <= 0 ? 0 : left / 1000 >= INT32_MAX ? INT32_MAX : (int)(left / 1000) + 1;
}

static void turn(struct run *r)
{
    struct pollfd fds[] = {
        {.fd = r->child.in, .events = POLLOUT},
        {.fd = r->child.out, .events = POLLIN},
        {.fd = r->child.err, .events = POLLIN},
        {.fd = r->exited ? -1 : r->child.pidfd, .events = POLLIN},
        {.fd = r->phase == RUNS ? r->stop : -1, .events = POLLIN},
    };
    if (poll(fds, sizeof fds / sizeof *fds, wait_ms(r)) < 0)
        return;
    if (fds[0].revents)
        write_event(r);
    if (fds[1].revents)
        read_output(r, &r->child.out);
    if (fds[2].revents)
        read_output(r, &r->child.err);
    if (fds[3].revents) {
        r->exited = true;
        keeper_child_close_in(&r->child);
        if (r->phase == RUNS)
            enter(r, LINGERS, LINGER_MS);
    }
    if (fds[4].revents && r->phase == RUNS) {
        r->stopped = true;
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

static void tell(cJSON *outcome, struct run *r, int32_t code)
{
    if (code >= 0)
        json_add_int(outcome, "status", code);
    else
        json_add_int(outcome, "signal", -code);
    cJSON_AddBoolToObject(outcome, "timedOut", r->timed_out);
    cJSON_AddBoolToObject(outcome, "stopped", r->stopped);
    json_add_text(outcome, "output", r->output.data ? r->output.data : "", r->output.len);
}

static void run_command(const struct keeper_meta *meta, const cJSON *work, cJSON *outcome)
{
    struct run r = {0};
    char *why = NULL;
    int32_t code = 0;

    if (keeper_child_start(meta, &r.child, &why) != ERR_OK) {
        json_add_text(outcome, "error", why, strlen(why));
        free(why);
        return;
    }
    char *event = mem_printf("%s\n", json_string(work, "event", ""));
    r.event = event;
    r.event_n = strlen(event);
    r.stop = stop_signal();
    enter(&r, RUNS, json_int(work, "timeout", TIMEOUT_MS));
    while (r.phase != OVER)
        turn(&r);
    keeper_child_signal_all(&r.child, SIGKILL);
    keeper_child_reap(&r.child, &code);
    tell(outcome, &r, code);
    keeper_child_finish(&r.child);
    if (r.stop >= 0)
        close(r.stop);
    buf_finish(&r.output);
    free(event);
}

/* The hub's environment, but for who and where somebody was who happened to start that hub. */
static void set_environment(const cJSON *work)
{
    static const char *const dropped[] = {"BATON", "BATON_TOKEN", "BATON_IDENTITY"};
    const cJSON *one;
    for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++)
        unsetenv(dropped[i]);
    cJSON_ArrayForEach(one, json_get(work, "env")) if (cJSON_IsString(one))
        setenv(one->string, one->valuestring, 1);
}

static char **command_of(const cJSON *work)
{
    const cJSON *list = json_get(work, "command"), *word;
    char **argv = mem_calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *argv);
    size_t n = 0;
    cJSON_ArrayForEach(word, list) if (cJSON_IsString(word)) argv[n++] = word->valuestring;
    return argv;
}

static char *home(void)
{
    const char *dir = getenv("HOME");
    struct stat st;
    return mem_strdup(dir && stat(dir, &st) == 0 && S_ISDIR(st.st_mode) ? dir : "/");
}

/* The second process. base is the file without its ending. */
static int run(const char *base)
{
    cJSON *work = NULL;
    int lock = -1;
    enum err e = hook_claim(base, &lock, &work);
    if (e != ERR_OK)
        return e == ERR_BUSY ? 0 : 1;
    set_environment(work);
    char **command = command_of(work), *cwd = home();
    const struct keeper_meta meta = {.command = command, .env = environ, .cwd = cwd};
    cJSON *outcome = cJSON_CreateObject();
    run_command(&meta, work, outcome);
    e = hook_finish(base, outcome);
    cJSON_Delete(outcome);
    cJSON_Delete(work);
    free(command);
    free(cwd);
    close(lock);
    return e == ERR_OK ? 0 : 1;
}

/* Apart from whoever started it; 0, 1 and 2 stay open, so that no descriptor of ours is one. */
static void stand_alone(void)
{
    static const int ignored[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGPIPE,
                                  SIGTSTP, SIGTTIN, SIGTTOU, SIGXFSZ};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    setsid();
    sigemptyset(&ignore.sa_mask);
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        sigaction(ignored[i], &ignore, NULL);
    prctl(PR_SET_NAME, "baton: hook");
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            _exit(1);
}

int hook_main(const char *file)
{
    size_t n = strlen(file);
    if (n < 7 || file[0] != '/' || strcmp(file + n - 5, ".json") != 0)
        return 2;
    pid_t pid = fork();
    if (pid != 0)
        return pid < 0 ? 1 : 0;
    stand_alone();
    char *base = mem_strndup(file, n - 5);
    int status = run(base);
    free(base);
    _exit(status);
}
