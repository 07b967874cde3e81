/* Starting a child as a terminal would, for the keeper and for the runners of hooks and bindings:
 * the one place that forks for it. Between fork and exec only async-signal-safe calls happen,
 * although both have one thread: all that needs memory (the candidates of PATH) is made before. A
 * failure on the child's side comes back through a pipe that exec closes. */
#include "core/stream/keeper_child.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum stage { STAGE_TTY, STAGE_CWD, STAGE_FILE, STAGE_GROUP, STAGE_EXEC };

#define FILES_MOST 4

struct failure {
    enum stage stage;
    int code; /* errno */
};

/* What the forked child needs, all of it made before fork. */
struct plan {
    const struct keeper_meta *meta;
    char **env;     /* the child's */
    char **paths;   /* NULL-terminated: the files to try */
    char **sh_argv; /* argv for /bin/sh when a file is a script without #!; [1] is filled in */
    int stdio[3];
    int files[FILES_MOST]; /* of meta->files */
    size_t file_count;
    int status;
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static const char *env_get(char *const *env, const char *name)
{
    size_t n = strlen(name);
    for (; *env; env++)
        if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
            return *env + n + 1;
    return NULL;
}

/* The child's environment. What makes the box is a program of the host, and must obey nothing that
 * somebody in the box has said: LD_PRELOAD, PATH and their like. So it gets the entries under names
 * that mean nothing to anybody, and whoever is first inside gives them their names again. */
static char **environment(const struct keeper_meta *meta)
{
    const char *path = getenv("PATH");
    size_t n = 0, at = 0;
    while (meta->env[n])
        n++;
    char **env = mem_calloc(n + 2, sizeof *env);
    if (meta->box && path)
        env[at++] = mem_printf("PATH=%s", path);
    for (size_t i = 0; i < n; i++)
        env[at++] = mem_printf("%s%s", meta->box ? KEEPER_INNER : "", meta->env[i]);
    return env;
}

/* The files that execvp would try, by the child's own PATH. */
static char **candidates(const struct keeper_meta *meta, char *const *env)
{
    const char *program = meta->command[0], *path = env_get(env, "PATH");
    char **list;
    size_t n = 0;
    if (strchr(program, '/')) {
        list = mem_calloc(2, sizeof *list);
        list[0] = mem_strdup(program);
        return list;
    }
    if (!path)
        path = "/usr/local/bin:/usr/bin:/bin";
    size_t most = 2;
    for (const char *p = path; *p; p++)
        most += *p == ':';
    list = mem_calloc(most, sizeof *list);
    for (const char *p = path; program[0]; p++) {
        size_t len = strcspn(p, ":");
        list[n++] = len ? mem_printf("%.*s/%s", (int)len, p, program) : mem_strdup(program);
        p += len;
        if (!*p)
            break;
    }
    return list;
}

static void plan_finish(struct plan *plan)
{
    while (plan->file_count)
        close_fd(&plan->files[--plan->file_count]);
    for (char **p = plan->paths; p && *p; p++)
        free(*p);
    free(plan->paths);
    for (char **e = plan->env; e && *e; e++)
        free(*e);
    free(plan->env);
    free(plan->sh_argv);
}

static void plan_init(struct plan *plan, const struct keeper_meta *meta)
{
    size_t n = 0;
    while (meta->command[n])
        n++;
    *plan = (struct plan){.meta = meta, .env = environment(meta), .stdio = {-1, -1, -1}};
    plan->paths = candidates(meta, plan->env);
    plan->sh_argv = mem_calloc(n + 2, sizeof *plan->sh_argv);
    plan->sh_argv[0] = meta->command[0];
    memcpy(plan->sh_argv + 2, meta->command + 1, (n - 1) * sizeof *plan->sh_argv);
}

/* --- in the forked child: async-signal-safe only ------------------------------------------------
 */

static _Noreturn void fail(int status, enum stage stage)
{
    struct failure f = {.stage = stage, .code = errno};
    ssize_t n = write(status, &f, sizeof f);
    _exit(n == (ssize_t)sizeof f ? 127 : 126);
}

/* Dispositions that were 'ignored' would survive exec. */
static void default_signals(void)
{
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t none;
    sigemptyset(&standard.sa_mask);
    sigemptyset(&none);
    for (int s = 1; s < NSIG; s++)
        sigaction(s, &standard, NULL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void execute(const struct plan *plan)
{
    int code = ENOENT;
    char *const *env = plan->env;
    for (char **path = plan->paths; *path; path++) {
        execve(*path, plan->meta->command, env);
        if (errno == ENOEXEC) {
            plan->sh_argv[1] = *path;
            execve("/bin/sh", plan->sh_argv, env);
        }
        if (errno == EACCES)
            code = EACCES;
        else if (errno != ENOENT && errno != ENOTDIR) {
            code = errno;
            break;
        }
    }
    errno = code;
}

/* Into each group, as a program that limits cannot get around: before it runs. */
static bool join_groups(char *const *groups)
{
    for (; groups && *groups; groups++) {
        int fd = open(*groups, O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write(fd, "0", 1) != 1)
            return false;
        close(fd);
    }
    return true;
}

static _Noreturn void become(const struct plan *plan)
{
    default_signals();
    if (setsid() < 0 || (plan->meta->pty && ioctl(plan->stdio[0], TIOCSCTTY, 0) < 0))
        fail(plan->status, STAGE_TTY);
    /* The keeper holds 0, 1 and 2 open, so none of ours is one of them. */
    for (int i = 0; i < 3; i++)
        if (dup2(plan->stdio[i], i) < 0)
            fail(plan->status, STAGE_TTY);
    /* All of ours are close-on-exec from birth; this is for what others may have handed us. */
    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    for (size_t i = 0; i < plan->file_count; i++)
        if (dup2(plan->files[i], KEEPER_FILES + (int)i) < 0)
            fail(plan->status, STAGE_FILE);
    if (!join_groups(plan->meta->cgroups))
        fail(plan->status, STAGE_GROUP);
    if (chdir(plan->meta->cwd) < 0)
        fail(plan->status, STAGE_CWD);
    execute(plan);
    fail(plan->status, STAGE_EXEC);
}

/* --- in the keeper ------------------------------------------------------------------------------
 */

static enum err open_pty(const struct keeper_meta *meta, struct plan *plan,
                         struct keeper_child *child)
{
    struct winsize size = {.ws_row = (unsigned short)meta->rows,
                           .ws_col = (unsigned short)meta->cols};
    struct termios modes;
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (master < 0)
        return err_from_errno(errno);
    child->in = child->out = master;
    if (grantpt(master) < 0 || unlockpt(master) < 0)
        return err_from_errno(errno);
    /* By way of the master: no name, so it works whatever is mounted on /dev/pts. */
    child->slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (child->slave < 0 || tcgetattr(child->slave, &modes) < 0)
        return err_from_errno(errno);
    modes.c_iflag |= IUTF8;
    if (tcsetattr(child->slave, TCSANOW, &modes) < 0 || ioctl(master, TIOCSWINSZ, &size) < 0)
        return err_from_errno(errno);
    plan->stdio[0] = plan->stdio[1] = plan->stdio[2] = child->slave;
    return ERR_OK;
}

static enum err open_pipes(struct plan *plan, struct keeper_child *child)
{
    int *ours[3] = {&child->in, &child->out, &child->err};
    for (int i = 0; i < 3; i++) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) < 0)
            return err_from_errno(errno);
        int mine = i == 0;
        *ours[i] = ends[mine];
        plan->stdio[i] = ends[!mine];
        if (fcntl(ends[mine], F_SETFL, O_NONBLOCK) < 0)
            return err_from_errno(errno);
    }
    return ERR_OK;
}

/* Far above the numbers that they get in the child, so that none is in another's way. */
static enum err open_files(struct plan *plan)
{
    for (char **f = plan->meta->files; f && *f; f++) {
        if (plan->file_count == FILES_MOST)
            return ERR_LIMIT;
        int fd = open(*f, O_RDONLY | O_CLOEXEC);
        int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 64);
        int code = errno;
        close_fd(&fd);
        if (high < 0)
            return err_from_errno(code);
        plan->files[plan->file_count++] = high;
    }
    return ERR_OK;
}

/* Waits until exec has closed the pipe, or a failure came through it. */
static enum err await_exec(int fd, const struct keeper_meta *meta, char **ret_why)
{
    struct failure f;
    ssize_t n;
    do
        n = read(fd, &f, sizeof f);
    while (n < 0 && errno == EINTR);
    if (n == 0)
        return ERR_OK;
    if (n != (ssize_t)sizeof f) {
        *ret_why = mem_strdup("The child did not say how its start went.");
        return ERR_INTERNAL;
    }
    char name[256];
    static const char *const says[][2] = {
        [STAGE_TTY] = {"The terminal for", "could not be set up"},
        [STAGE_CWD] = {"The folder", "could not be entered"},
        [STAGE_FILE] = {"A file for", "could not be handed on"},
        [STAGE_GROUP] = {"The limits for", "could not be set"},
        [STAGE_EXEC] = {"The program", "could not be started"},
    };
    const char *what = f.stage == STAGE_CWD ? meta->cwd : meta->command[0];
    text_make_safe(name, sizeof name, what, strlen(what));
    *ret_why =
        mem_printf("%s '%s' %s: %s.", says[f.stage][0], name, says[f.stage][1], strerror(f.code));
    return ERR_EXEC;
}

static enum err spawn(struct plan *plan, struct keeper_child *child, char **ret_why)
{
    int status[2];
    if (pipe2(status, O_CLOEXEC) < 0)
        return err_from_errno(errno);
    plan->status = status[1];
    child->pid = fork();
    if (child->pid == 0)
        become(plan);
    int code = errno;
    close(status[1]);
    enum err e = child->pid < 0 ? err_from_errno(code) : await_exec(status[0], plan->meta, ret_why);
    close(status[0]);
    if (child->pid < 0)
        child->pid = 0;
    if (e == ERR_OK && (child->pidfd = pidfd_open(child->pid, 0)) < 0)
        e = err_from_errno(errno);
    if (e != ERR_OK && child->pid) {
        kill(child->pid, SIGKILL);
        waitpid(child->pid, NULL, 0);
        child->pid = 0;
    }
    return e;
}

enum err keeper_child_start(const struct keeper_meta *meta, struct keeper_child *ret_child,
                            char **ret_why)
{
    struct keeper_child child = {.pidfd = -1,
                                 .in = -1,
                                 .out = -1,
                                 .err = -1,
                                 .slave = -1,
                                 .pty = meta->pty,
                                 .box = meta->box};
    struct plan plan;
    char *why = NULL;

    if (!meta->command[0]) {
        *ret_why = mem_strdup("There is no command to start.");
        return ERR_INVALID;
    }
    plan_init(&plan, meta);
    enum err e = meta->pty ? open_pty(meta, &plan, &child) : open_pipes(&plan, &child);
    if (e == ERR_OK)
        e = open_files(&plan);
    if (e == ERR_OK)
        e = spawn(&plan, &child, &why);
    for (int i = 0; i < 3 && !meta->pty; i++)
        close_fd(&plan.stdio[i]);
    plan_finish(&plan);
    if (e != ERR_OK) {
        keeper_child_finish(&child);
        *ret_why = why ? why : mem_strdup(err_text(e)->person);
        return e;
    }
    *ret_child = child;
    return ERR_OK;
}

bool keeper_child_dead(const struct keeper_child *child)
{
    siginfo_t info = {0};
    return child->pid > 1 && child->pidfd >= 0 &&
           waitid(P_PIDFD, (id_t)child->pidfd, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid != 0;
}

bool keeper_child_reap(struct keeper_child *child, int32_t *ret_code)
{
    siginfo_t info = {0};
    int got;
    do
        got = waitid(P_PIDFD, (id_t)child->pidfd, &info, WEXITED | WNOHANG);
    while (got < 0 && errno == EINTR);
    if (got < 0 || info.si_pid == 0)
        return false;
    *ret_code = info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
    child->pid = 0;
    close_fd(&child->pidfd);
    close_fd(&child->slave);
    return true;
}

static pid_t foreground(const struct keeper_child *child)
{
    pid_t group = -1;
    if (!child->pty || child->out < 0 || ioctl(child->out, TIOCGPGRP, &group) < 0)
        return -1;
    return group > 1 ? group : -1;
}

/* The parent of a process, by its line in /proc; 0: it is gone. */
static pid_t parent_of(const char *pid)
{
    char path[64], line[512];
    int parent = 0;
    snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, line, sizeof line - 1);
    if (fd >= 0)
        close(fd);
    line[n > 0 ? n : 0] = '\0';
    const char *behind = strrchr(line, ')'); /* its name may have anything in it */
    return behind && sscanf(behind, ") %*c %d", &parent) == 1 ? parent : 0;
}

/* Process 1 of the sandbox that the child holds: its only child. 0: there is none (any more). */
static pid_t first_inside(const struct keeper_child *child)
{
    pid_t found = 0;
    DIR *d = opendir("/proc");
    for (struct dirent *entry; d && !found && (entry = readdir(d));)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
            parent_of(entry->d_name) == child->pid)
            found = (pid_t)atoi(entry->d_name);
    if (d)
        closedir(d);
    return found;
}

/* The child's own group. A sandbox's is of the one who holds it, who would die of anything, and all
 * inside at once: process 1 in there hands the signal on instead. KILL is meant so. The child was
 * not reaped, so its number is its own, and its child's cannot be another's before it is gone. */
static void signal_own(const struct keeper_child *child, int signal)
{
    pid_t first = child->box && signal != SIGKILL ? first_inside(child) : 0;
    if (first > 1)
        kill(first, signal);
    else if (!child->box || signal == SIGKILL)
        kill(-child->pid, signal);
}

void keeper_child_signal(const struct keeper_child *child, int signal)
{
    pid_t group = foreground(child);
    if (child->pid > 1 && group > 1 && group != child->pid)
        kill(-group, signal);
    else if (child->pid > 1)
        signal_own(child, signal);
}

void keeper_child_signal_all(const struct keeper_child *child, int signal)
{
    pid_t group = foreground(child);
    if (child->pid <= 1)
        return;
    if (group > 1 && group != child->pid)
        kill(-group, signal);
    signal_own(child, signal);
}

bool keeper_child_resize(const struct keeper_child *child, int rows, int cols)
{
    struct winsize size;
    if (!child->pty || child->out < 0 || ioctl(child->out, TIOCGWINSZ, &size) < 0 ||
        (size.ws_row == rows && size.ws_col == cols))
        return false;
    size = (struct winsize){.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    return ioctl(child->out, TIOCSWINSZ, &size) == 0;
}

void keeper_child_forget_in(const struct keeper_child *child)
{
    if (!child->pty || child->in < 0 || child->slave < 0)
        return;
    tcflush(child->in, TCOFLUSH); /* on its way to the line discipline */
    tcflush(child->slave, TCIFLUSH);
}

void keeper_child_close_in(struct keeper_child *child)
{
    if (!child->pty)
        close_fd(&child->in);
}

void keeper_child_finish(struct keeper_child *child)
{
    if (child->in != child->out)
        close_fd(&child->in);
    close_fd(&child->out);
    child->in = -1;
    close_fd(&child->err);
    close_fd(&child->slave);
    close_fd(&child->pidfd);
}
