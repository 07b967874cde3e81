/* See the header. One thread; nothing here is asked by anyone but the kernel. */
#include "core/work/inside.h"
#include "core/stream/keeper.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const int handed_on[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGUSR1,
                                SIGUSR2, SIGALRM, SIGCONT, SIGTSTP, SIGWINCH};

static int limit(int what, const char *text, const char *name)
{
    char *end = NULL;
    const unsigned long long n = strtoull(text, &end, 10);
    const struct rlimit both = {.rlim_cur = n, .rlim_max = n};
    if (*text < '0' || *text > '9' || *end) {
        fprintf(stderr, "baton: %s is no number\n", name);
        return 2;
    }
    if (n && setrlimit((__rlimit_resource_t)what, &both) < 0) {
        fprintf(stderr, "baton: the limit %s could not be set: %s\n", name, strerror(errno));
        return 126;
    }
    return 0;
}

/* Is that very thing mounted there? */
static int look_at(const char *place, const char *device, const char *inode)
{
    struct stat st;
    if (stat(place, &st) == 0 && (unsigned long long)st.st_dev == strtoull(device, NULL, 10) &&
        (unsigned long long)st.st_ino == strtoull(inode, NULL, 10))
        return 0;
    fprintf(stderr, "baton: what is mounted at %s is not what was meant; nothing starts\n", place);
    return 126;
}

static int set_limits(int argc, char *const *argv, int *ret_used)
{
    static const struct {
        const char *name;
        int what;
    } limits[] = {
        {INSIDE_PROCESSES, RLIMIT_NPROC}, {INSIDE_FILE, RLIMIT_FSIZE}, {INSIDE_DATA, RLIMIT_DATA}};
    const struct rlimit none = {0, 0};
    int at = 0, status = 0;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++, at += 2)
        if (at + 1 >= argc || strcmp(argv[at], limits[i].name) != 0)
            return 2;
    const int mounts = at;
    while (at + 4 < argc && strcmp(argv[at], INSIDE_MOUNT) == 0)
        at += 4;
    if (at + 1 >= argc || strcmp(argv[at], "--") != 0)
        return 2;
    for (int i = mounts; i < at && status == 0; i += 4)
        status = look_at(argv[i + 2], argv[i + 1], argv[i + 3]);
    setrlimit(RLIMIT_CORE, &none); /* a core's pattern is the host's */
    for (size_t i = 0; status == 0 && i < sizeof limits / sizeof *limits; i++)
        status = limit(limits[i].what, argv[2 * i + 1], limits[i].name);
    *ret_used = at + 1;
    return status;
}

/* Its entries get their own names again (keeper.h); of what else there is, only what bubblewrap
 * says of the folder stays. In place, so that no memory is needed. */
static void unwrap_environment(void)
{
    const size_t n = strlen(KEEPER_INNER);
    char **to = environ;
    for (char **e = environ; *e; e++)
        if (strncmp(*e, KEEPER_INNER, n) == 0)
            *to++ = *e + n;
        else if (strncmp(*e, "PWD=", 4) == 0)
            *to++ = *e;
    *to = NULL;
}

static _Noreturn void become(char *const *command, const sigset_t *old)
{
    /* The terminal's foreground is the command's from the beginning, as after a login. */
    setpgid(0, 0);
    tcsetpgrp(STDIN_FILENO, getpid());
    sigprocmask(SIG_SETMASK, old, NULL);
    unwrap_environment();
    execvp(command[0], command);
    const int code = errno;
    fprintf(stderr, "baton: %s: %s\n", command[0], strerror(code));
    _exit(code == ENOENT ? 127 : 126);
}

static int status_of(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Takes whoever has ended; true: the command has, with *ret_status. Without a shell before it
 * nobody would continue a command that the terminal's key has stopped: it goes on, as the first
 * process of a terminal always does. */
static int bury(pid_t command, int *ret_status)
{
    int status, over = 0;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
        if (pid == command && WIFSTOPPED(status)) {
            if (WSTOPSIG(status) == SIGTSTP)
                kill(-pid, SIGCONT);
        } else if (pid == command) {
            *ret_status = status_of(status);
            over = 1;
        }
    }
    return over;
}

int inside_main(int argc, char *const *argv)
{
    int used = 0, status = set_limits(argc, argv, &used);
    sigset_t all, old;
    if (status != 0) {
        if (status == 2)
            fprintf(stderr, "baton: 'inside' is for baton itself\n");
        return status;
    }
    prctl(PR_SET_DUMPABLE, 0); /* nobody traces this one */
    sigemptyset(&all);
    sigaddset(&all, SIGCHLD);
    sigaddset(&all, SIGTTOU);
    for (size_t i = 0; i < sizeof handed_on / sizeof *handed_on; i++)
        sigaddset(&all, handed_on[i]);
    sigprocmask(SIG_BLOCK, &all, &old);
    const pid_t pid = fork();
    if (pid == 0)
        become(argv + used, &old);
    if (pid < 0) {
        fprintf(stderr, "baton: no process could be made: %s\n", strerror(errno));
        return 126;
    }
    setpgid(pid, pid); /* here too: a signal may come before the child is on its feet */
    while (!bury(pid, &status)) {
        int signal = 0;
        if (sigwait(&all, &signal) == 0 && signal != SIGCHLD && signal != SIGTTOU)
            kill(-pid, signal);
    }
    return status;
}
