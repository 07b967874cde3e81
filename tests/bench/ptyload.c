/* What runs inside the shells of the benchmark. Each mode is a program of its own:
 *   ptyload cat DIR        for each line `FILE MARKER` of the pipe DIR/ask: runs `cat FILE`, writes
 *                          MARKER on a line of its own, and answers with `T0 T1 T2` on DIR/answer:
 *                          before cat, after it, and when MARKER was about to be written
 *                          (CLOCK_MONOTONIC, nanoseconds)
 *   ptyload fill LINES DONE  writes so many lines, then makes the file DONE, then sleeps
 *   ptyload flood FILE PID   writes FILE again and again, from SIGUSR1 until SIGUSR2; its own pid
 * goes to the file PID Single-threaded; any fault ends it with a line on stderr. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "ptyload: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void write_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t put = write(fd, bytes, n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            die("write");
        bytes += put;
        n -= (size_t)put;
    }
}

static FILE *open_in(const char *dir, const char *name, const char *mode)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, mode);
    if (!f)
        die(path);
    return f;
}

static int run_cat(const char *dir)
{
    FILE *ask = open_in(dir, "ask", "re"), *answer = open_in(dir, "answer", "we");
    char line[8192];

    while (fgets(line, sizeof line, ask)) {
        char file[4096], marker[256], text[300];
        char *argv[] = {"cat", file, NULL};
        pid_t pid;
        int status;

        if (sscanf(line, "%4095s %255s", file, marker) != 2)
            die("a line of ask");
        uint64_t t0 = now_ns();
        errno = posix_spawnp(&pid, "cat", NULL, NULL, argv, environ);
        if (errno || waitpid(pid, &status, 0) < 0 || status != 0)
            die("cat");
        uint64_t t1 = now_ns();
        int n = snprintf(text, sizeof text, "\r\n%s\r\n", marker);
        uint64_t t2 = now_ns();
        write_all(1, text, (size_t)n);
        fprintf(answer, "%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", t0, t1, t2);
        fflush(answer);
    }
    fclose(ask);
    fclose(answer);
    return 0;
}

static int run_fill(long lines, const char *done)
{
    for (long i = 0; i < lines; i++)
        printf(
            "%07ld the quick brown fox jumps over the lazy dog, and the dog lets it pass %07ld\n",
            i, lines - i);
    fflush(stdout);
    FILE *f = fopen(done, "we");
    if (!f)
        die(done);
    fclose(f);
    for (;;)
        pause();
}

/* By signals of its own: tmux lets a child that was stopped go on at once. */
static volatile sig_atomic_t flooding;

static void on_off(int sig)
{
    flooding = sig == SIGUSR1;
}

static int run_flood(const char *path, const char *pid_file)
{
    struct sigaction action = {.sa_handler = on_off, .sa_flags = SA_RESTART};
    sigset_t both, none;
    sigemptyset(&none);
    sigemptyset(&both);
    sigaddset(&both, SIGUSR1);
    sigaddset(&both, SIGUSR2);
    sigprocmask(SIG_BLOCK, &both, NULL);
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);

    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        die(path);
    size_t n = (size_t)st.st_size;
    char *bytes = malloc(n + 1);
    if (!bytes || read(fd, bytes, n) != (ssize_t)n)
        die(path);
    close(fd);
    FILE *f = fopen(pid_file, "we");
    if (!f)
        die(pid_file);
    fprintf(f, "%ld\n", (long)getpid());
    fclose(f);
    for (size_t at = 0;; at = at + 16384 < n ? at + 16384 : 0) {
        while (!flooding)
            sigsuspend(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        write_all(1, bytes + at, n - at < 16384 ? n - at : 16384);
        sigprocmask(SIG_SETMASK, &both, NULL);
    }
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "cat") == 0)
        return run_cat(argv[2]);
    if (argc == 4 && strcmp(argv[1], "fill") == 0)
        return run_fill(strtol(argv[2], NULL, 10), argv[3]);
    if (argc == 4 && strcmp(argv[1], "flood") == 0)
        return run_flood(argv[2], argv[3]);
    fprintf(stderr, "usage: ptyload cat DIR | fill LINES DONE | flood FILE PID\n");
    return 2;
}
