/* `baton keep DIR`: from the starting process to a keeper that stands alone.
 *
 * Two processes: the first one forks and waits for a word on a pipe, so that whoever started it
 * learns whether the child runs; the second one leaves its session, closes what it was handed,
 * takes the folder's lock, listens, starts the child, gives the word and enters the loop. */
#include "core/stream/keeper.h"
#include "core/base/clock.h"
#include "core/base/text.h"
#include "core/stream/keeper_loop.h"
#include "core/stream/keeper_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAY_MAX 4096

/* The word on the pipe: a NUL and the child's pid when it runs; in either case then the line to
 * print. */
static void give_word(int fd, enum err e, pid_t pid, const char *why)
{
    char line[SAY_MAX] = "";
    int n = e == ERR_OK ? 1 + snprintf(line + 1, sizeof line - 1, "%d\n", (int)pid)
                        : snprintf(line, sizeof line, "%s: %s\n", err_text(e)->name, why);
    ssize_t put;
    size_t size = n < (int)sizeof line ? (size_t)n : sizeof line - 1;
    do
        put = write(fd, line, size);
    while (put < 0 && errno == EINTR);
    close(fd);
}

/* In the first process: waits for the word. */
static int await_word(int fd)
{
    char line[SAY_MAX + 1];
    size_t n = 0;
    for (;;) {
        ssize_t got = read(fd, line + n, SAY_MAX - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    close(fd);
    line[n] = '\0';
    const bool runs = n > 1 && line[0] == '\0';
    if (n)
        fputs(line + runs, stdout);
    else
        printf("%s: The keeper died before it could start anything.\n",
               err_text(ERR_INTERNAL)->name);
    fflush(stdout);
    return runs ? 0 : 1;
}

/* Leaves everything that ties the keeper to who started it; keeps only *fd, which may move. */
static enum err stand_alone(int *fd, const char *id)
{
    static const int ignored[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGPIPE,
                                  SIGTSTP, SIGTTIN, SIGTTOU, SIGXFSZ};
    char name[80];
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t none;

    setsid();
    sigemptyset(&ignore.sa_mask);
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        sigaction(ignored[i], &ignore, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    snprintf(name, sizeof name, "baton: keep %s", id);
    prctl(PR_SET_NAME, name);
    int kept = fcntl(*fd, F_DUPFD_CLOEXEC, 3); /* first: it may be one of 0, 1 and 2 itself */
    int null = open("/dev/null", O_RDWR);
    if (kept < 0 || null < 0)
        return err_from_errno(errno);
    for (int i = 0; i < 3; i++)
        if (i != null && dup2(null, i) < 0)
            return err_from_errno(errno);
    if (kept != 3 && dup3(kept, 3, O_CLOEXEC) < 0)
        return err_from_errno(errno);
    close_range(4, ~0U, 0);
    *fd = 3;
    return ERR_OK;
}

/* Listens on the folder's sock. The caller holds the folder's lock, so one that is there is stale.
 */
static enum err listen_at(int dir, int *ret_fd)
{
    struct sockaddr_un address;
    enum err e = ERR_OK;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_from_errno(errno);
    keeper_address(dir, &address);
    if ((unlinkat(dir, "sock", 0) < 0 && errno != ENOENT) ||
        bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
        fchmodat(dir, "sock", 0600, 0) < 0 || listen(fd, 16) < 0)
        e = err_from_errno(errno);
    if (e != ERR_OK) {
        close(fd);
        return e;
    }
    *ret_fd = fd;
    return ERR_OK;
}

/* A terminal's record begins with its size. */
static enum err record_size(struct streamlog *log, const struct keeper_meta *meta)
{
    uint8_t payload[4];
    struct iovec part = {.iov_base = payload, .iov_len = sizeof payload};
    if (!meta->pty)
        return ERR_OK;
    record_encode_resize(meta->rows, meta->cols, payload);
    return streamlog_append(log, RECORD_RESIZE, clock_wall_us(), &part, 1);
}

/* The second process. */
static int keep(const char *path, const struct keeper_meta *meta, int word)
{
    struct streamlog *log = NULL;
    struct keeper_child child;
    char *why = NULL;
    int dir = -1, sock = -1;
    bool runs = false;

    enum err e = stand_alone(&word, meta->id);
    if (e == ERR_OK)
        e = streamlog_open(path, meta->retention, 0, NULL, &log);
    if (e == ERR_OK && (dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
        e = err_from_errno(errno);
    if (e == ERR_OK && faccessat(dir, KEEPER_FORBIDDEN, F_OK, 0) == 0)
        e = ERR_LOST; /* a later hub has not found us, and goes on without us */
    if (e == ERR_OK)
        e = listen_at(dir, &sock);
    if (e == ERR_OK)
        e = record_size(log, meta);
    if (e == ERR_OK) {
        e = keeper_child_start(meta, &child, &why);
        runs = e == ERR_OK;
    }
    /* Let go of the folder that it was started in, so that it can be unmounted. */
    if (runs && chdir("/") < 0) {
        e = err_from_errno(errno);
        keeper_child_finish(&child);
        runs = false;
    }
    give_word(word, e, runs ? child.pid : 0, why ? why : err_text(e)->person);
    if (runs) {
        keeper_loop(log, &child, sock);
        keeper_child_finish(&child);
    }
    if (sock >= 0) {
        unlinkat(dir, "sock", 0);
        close(sock);
    }
    if (dir >= 0)
        close(dir);
    streamlog_close(log);
    free(why);
    return e == ERR_OK ? 0 : 1;
}

int keeper_main(const char *dir)
{
    struct keeper_meta meta;
    int word[2];
    enum err e = keeper_meta_read(dir, &meta);
    if (e == ERR_OK && pipe2(word, O_CLOEXEC) < 0) {
        e = err_from_errno(errno);
        keeper_meta_finish(&meta);
    }
    if (e != ERR_OK) {
        char safe[512];
        text_make_safe(safe, sizeof safe, dir, strlen(dir));
        printf("%s: The folder '%s' holds no stream that can be started.\n", err_text(e)->name,
               safe);
        fflush(stdout);
        return 1;
    }
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        int status = keep(dir, &meta, word[1]);
        keeper_meta_finish(&meta);
        _exit(status);
    }
    close(word[1]);
    keeper_meta_finish(&meta);
    if (pid < 0) {
        close(word[0]);
        printf("%s: The keeper could not be forked.\n", err_text(ERR_LIMIT)->name);
        fflush(stdout);
        return 1;
    }
    int status = await_word(word[0]);
    if (status != 0)
        waitpid(pid, NULL, 0); /* it is on its way out; the folder's lock is free when we return */
    return status;
}
