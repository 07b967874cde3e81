/* The terminals of the benchmark: it owns the PTYs in which consoles run, reads what they draw,
 * types into them, and takes the times. bench.py tells it on standard input what to do, one command
 * a line, words divided by tabs; each is answered by one line, `ok ...` or `no REASON`.
 *
 *   open NAME ROWS COLS KEEP WORD...  runs a program in a new terminal; gives the time before fork
 *                                     and the pid. KEEP 1: all output is kept for `dump`
 *   close NAME                        hangs up, waits for the program (kills it after 3 s)
 *   hold NAME / release NAME          stops reading a terminal / goes on
 *   send NAME HEX                     types; gives the time before the write
 *   arm HEX NAME...                   from now on looks for these bytes in each one's output
 *   await MS                          waits until all armed ones have shown them; gives the times
 *   echo NAME COUNT GAP_US MS         types characters, one after another has come back; gives for
 *                                     each the time from write to the read that had it
 *   key NAME HEX QUIET_MS MS          types; gives the times to the first and the last read of what
 *                                     it drew, QUIET_MS after that
 *   stamps NAME                       shows its output on a screen from now on, and looks there at
 *                                     the end of each frame for what the demo agent's `stamps` says
 *   seen NAME                         the time from each stamp to its frame's end, since last asked
 *   quiet MS MOST_MS NAME...          waits until none has written for MS
 *   count NAME / dump NAME            bytes that it has written / how many rows, then its screen
 *
 * All terminals are read all the time, whatever is waited for (but those on hold). No wait is
 * without a limit. A terminal answers what consoles ask theirs: device attributes, positions,
 * modes. Single-threaded. Times are CLOCK_MONOTONIC in nanoseconds. */
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/screen/screen.h"
#include "tests/bench/stamps.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define TERMINALS  64
#define WORDS      64
#define CHUNK      65536
#define MARK_MAX   64
#define KEEP_MOST  (512u << 20)
#define CLOSE_NS   3000000000u
#define SAMPLE_MAX 100000

/* Where a terminal stands in an escape sequence; only `echo` asks. */
enum escape { ESC_NONE, ESC_START, ESC_CSI, ESC_STRING, ESC_STRING_END, ESC_CHARSET };

struct terminal {
    char name[32];
    int fd; /* -1: the slot is free */
    pid_t pid;
    int rows, cols;
    bool held, ended;
    bool keep;
    struct buf kept;
    uint64_t bytes, last_ns; /* written so far, and when last */
    unsigned char mark[MARK_MAX];
    size_t mark_n;
    bool armed;
    uint64_t seen_ns;
    unsigned char tail[MARK_MAX]; /* the end of what came, for a mark that is cut in two */
    size_t tail_n;
    enum escape escape;
    int typed;  /* characters, by echo */
    int wanted; /* the character that echo waits for, or -1 */
    uint64_t wanted_ns;
    struct stamps *stamps; /* NULL: nobody asked for them */
};

struct bench {
    struct terminal terminals[TERMINALS];
    char in[1 << 16]; /* commands that have come and wait */
    size_t in_n;
    bool in_end;
};

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

__attribute__((format(printf, 1, 2))) static void answer(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vprintf(format, ap);
    va_end(ap);
    putchar('\n');
    fflush(stdout);
}

static struct terminal *find(struct bench *b, const char *name)
{
    for (int i = 0; i < TERMINALS; i++)
        if (b->terminals[i].fd >= 0 && strcmp(b->terminals[i].name, name) == 0)
            return &b->terminals[i];
    return NULL;
}

/* --- what a terminal does with bytes --------------------------------------------------------- */

static void put(struct terminal *t, const char *bytes, size_t n)
{
    ssize_t done = write(t->fd, bytes, n);
    (void)done; /* a program that is gone is seen by the next read */
}

/* Answers the questions of consoles; a question that is cut in two between reads stays without. */
static void reply(struct terminal *t, const unsigned char *bytes, size_t n)
{
    static const struct {
        const char *ask, *say;
    } known[] = {
        {"\033[c", "\033[?62;22c"},         {"\033[0c", "\033[?62;22c"},
        {"\033[>c", "\033[>41;370;0c"},     {"\033[>0c", "\033[>41;370;0c"},
        {"\033[6n", "\033[1;1R"},           {"\033[5n", "\033[0n"},
        {"\033[?2026$p", "\033[?2026;2$y"},
    };
    if (n > 16384) /* a flood asks nothing */
        return;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (memmem(bytes, n, known[i].ask, strlen(known[i].ask)))
            put(t, known[i].say, strlen(known[i].say));
}

static void look_for_mark(struct terminal *t, const unsigned char *bytes, size_t n, uint64_t when)
{
    unsigned char seam[2 * MARK_MAX];
    size_t head = n < t->mark_n ? n : t->mark_n;

    memcpy(seam, t->tail, t->tail_n);
    memcpy(seam + t->tail_n, bytes, head);
    if (memmem(seam, t->tail_n + head, t->mark, t->mark_n) ||
        memmem(bytes, n, t->mark, t->mark_n)) {
        t->armed = false;
        t->seen_ns = when;
        return;
    }
    size_t most = t->mark_n - 1;
    if (n >= most) {
        memcpy(t->tail, bytes + n - most, most);
        t->tail_n = most;
    } else {
        size_t old = t->tail_n + n > most ? most - n : t->tail_n;
        memmove(t->tail, t->tail + t->tail_n - old, old);
        memcpy(t->tail + old, bytes, n);
        t->tail_n = old + n;
    }
}

/* Steps over one byte; true when it is text and no part of a sequence. */
static bool is_text(struct terminal *t, unsigned char c)
{
    switch (t->escape) {
    case ESC_NONE:
        if (c == 033)
            t->escape = ESC_START;
        return c != 033;
    case ESC_START:
        t->escape = c == '['                                       ? ESC_CSI
                    : c == ']' || c == 'P' || c == '_' || c == '^' ? ESC_STRING
                    : c >= 0x20 && c <= 0x2f                       ? ESC_CHARSET
                                                                   : ESC_NONE;
        return false;
    case ESC_CSI:
        if (c >= 0x40 && c <= 0x7e)
            t->escape = ESC_NONE;
        return false;
    case ESC_STRING:
        t->escape = c == 033 ? ESC_STRING_END : c == 7 ? ESC_NONE : ESC_STRING;
        return false;
    case ESC_STRING_END:
    case ESC_CHARSET: t->escape = ESC_NONE; return false;
    }
    return false;
}

static void took(struct terminal *t, const unsigned char *bytes, size_t n)
{
    uint64_t when = now_ns();
    t->bytes += n;
    t->last_ns = when;
    if (t->armed)
        look_for_mark(t, bytes, n, when);
    for (size_t i = 0; t->wanted >= 0 && i < n; i++)
        if (is_text(t, bytes[i]) && bytes[i] == t->wanted) {
            t->wanted = -1;
            t->wanted_ns = when;
        }
    if (t->keep && t->kept.len + n < KEEP_MOST)
        buf_append(&t->kept, bytes, n);
    if (t->stamps)
        stamps_feed(t->stamps, bytes, n, when);
    reply(t, bytes, n);
}

/* --- reading everybody ----------------------------------------------------------------------- */

/* Waits until `until` for output or a command, and takes what is there. Commands wait in b->in. */
static void pump(struct bench *b, uint64_t until)
{
    static unsigned char chunk[CHUNK];
    struct pollfd fds[TERMINALS + 1];
    struct terminal *of[TERMINALS + 1];
    nfds_t n = 0;
    uint64_t now = now_ns();
    struct timespec wait = {0};

    if (until > now) {
        wait.tv_sec = (time_t)((until - now) / 1000000000u);
        wait.tv_nsec = (long)((until - now) % 1000000000u);
    }
    for (int i = 0; i < TERMINALS; i++) {
        struct terminal *t = &b->terminals[i];
        if (t->fd >= 0 && !t->held && !t->ended) {
            of[n] = t;
            fds[n++] = (struct pollfd){.fd = t->fd, .events = POLLIN};
        }
    }
    nfds_t terminals = n;
    if (!b->in_end && b->in_n < sizeof b->in)
        fds[n++] = (struct pollfd){.fd = 0, .events = POLLIN};
    if (ppoll(fds, n, &wait, NULL) <= 0)
        return;
    for (nfds_t i = 0; i < terminals; i++) {
        if (!fds[i].revents)
            continue;
        ssize_t got = read(fds[i].fd, chunk, sizeof chunk);
        if (got > 0)
            took(of[i], chunk, (size_t)got);
        else if (got == 0 || (errno != EINTR && errno != EAGAIN))
            of[i]->ended = true;
    }
    if (n > terminals && fds[terminals].revents) {
        ssize_t got = read(0, b->in + b->in_n, sizeof b->in - b->in_n);
        if (got > 0)
            b->in_n += (size_t)got;
        else if (got == 0 || errno != EINTR)
            b->in_end = true;
    }
}

/* --- the commands ---------------------------------------------------------------------------- */

static size_t from_hex(const char *hex, unsigned char *out, size_t size)
{
    size_t n = 0;
    unsigned byte;
    for (; n < size && sscanf(hex, "%2x", &byte) == 1 && hex[1]; hex += 2)
        out[n++] = (unsigned char)byte;
    return n;
}

static uint64_t number(const char *word)
{
    return strtoull(word, NULL, 10);
}

static _Noreturn void become(int slave, char **argv)
{
    setsid();
    ioctl(slave, TIOCSCTTY, 0);
    for (int fd = 0; fd < 3; fd++)
        dup2(slave, fd);
    signal(SIGPIPE, SIG_DFL);
    execvp(argv[0], argv);
    _exit(127);
}

static void do_open(struct bench *b, int argc, char **argv)
{
    struct terminal *t = b->terminals, *end = t + TERMINALS;
    while (t < end && t->fd >= 0)
        t++;
    if (argc < 6 || t == end || find(b, argv[1])) {
        answer("no open");
        return;
    }
    memset(t, 0, sizeof *t);
    snprintf(t->name, sizeof t->name, "%s", argv[1]);
    t->rows = (int)number(argv[2]);
    t->cols = (int)number(argv[3]);
    t->keep = argv[4][0] == '1';
    t->wanted = -1;
    struct winsize size = {.ws_row = (unsigned short)t->rows, .ws_col = (unsigned short)t->cols};
    char path[64];
    int slave = -1;
    t->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (t->fd >= 0 && grantpt(t->fd) == 0 && unlockpt(t->fd) == 0 &&
        ptsname_r(t->fd, path, sizeof path) == 0)
        slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0) {
        answer("no pty: %s", strerror(errno));
        if (t->fd >= 0)
            close(t->fd);
        t->fd = -1;
        return;
    }
    ioctl(slave, TIOCSWINSZ, &size);
    uint64_t start = now_ns();
    t->last_ns = start;
    t->pid = fork();
    if (t->pid == 0)
        become(slave, argv + 5);
    close(slave);
    answer("ok %" PRIu64 " %ld", start, (long)t->pid);
}

static void do_close(struct bench *b, struct terminal *t)
{
    uint64_t limit = now_ns() + CLOSE_NS;
    int fd = t->fd;
    t->fd = -1;
    close(fd);
    if (t->pid > 0) {
        kill(t->pid, SIGHUP);
        while (waitpid(t->pid, NULL, WNOHANG) == 0) {
            if (now_ns() > limit)
                kill(t->pid, SIGKILL);
            pump(b, now_ns() + 1000000);
        }
    }
    buf_finish(&t->kept);
    stamps_destroy(t->stamps);
}

static void do_arm(struct bench *b, int argc, char **argv)
{
    unsigned char mark[MARK_MAX];
    size_t n = argc > 1 ? from_hex(argv[1], mark, sizeof mark) : 0;
    for (int i = 0; i < TERMINALS; i++)
        b->terminals[i].mark_n = 0;
    for (int i = 2; i < argc; i++) {
        struct terminal *t = find(b, argv[i]);
        if (!t || n == 0) {
            answer("no such terminal: %s", argv[i]);
            return;
        }
        memcpy(t->mark, mark, n);
        t->mark_n = n;
        t->tail_n = 0;
        t->armed = true;
    }
    answer("ok");
}

static void do_await(struct bench *b, const char *ms)
{
    uint64_t limit = now_ns() + number(ms) * 1000000u;
    const struct terminal *missing;
    do {
        missing = NULL;
        for (int i = 0; i < TERMINALS; i++)
            if (b->terminals[i].fd >= 0 && b->terminals[i].mark_n && b->terminals[i].armed)
                missing = &b->terminals[i];
        if (missing && (missing->ended || now_ns() >= limit)) {
            answer("no mark in %s: %s", missing->name, missing->ended ? "it has ended" : "timeout");
            return;
        }
        if (missing)
            pump(b, limit);
    } while (missing);
    fputs("ok", stdout);
    for (int i = 0; i < TERMINALS; i++)
        if (b->terminals[i].fd >= 0 && b->terminals[i].mark_n)
            printf(" %" PRIu64, b->terminals[i].seen_ns);
    answer("%s", "");
}

/* The characters change from line to line and from column to column, so that each one changes its
 * cell; a console that draws only differences has to draw it. */
static void do_echo(struct bench *b, struct terminal *t, int count, uint64_t gap_us, uint64_t ms)
{
    static uint64_t samples[SAMPLE_MAX];
    static const unsigned char set[] = "QXZJK%";
    const int width = 60, kinds = (int)sizeof set - 1;

    for (int i = 0; i < count && i < SAMPLE_MAX; i++, t->typed++) {
        if (t->typed % width == 0)
            put(t, "\r", 1);
        for (uint64_t go = now_ns() + gap_us * 1000u; now_ns() < go;)
            pump(b, go);
        t->wanted = set[(t->typed / width + t->typed) % kinds];
        t->escape = ESC_NONE;
        const char key = (char)t->wanted;
        uint64_t start = now_ns(), limit = start + ms * 1000000u;
        put(t, &key, 1);
        while (t->wanted >= 0) {
            if (t->ended || now_ns() >= limit) {
                answer("no echo of character %d in %s", i, t->name);
                t->wanted = -1;
                return;
            }
            pump(b, limit);
        }
        samples[i] = t->wanted_ns - start;
    }
    fputs("ok", stdout);
    for (int i = 0; i < count && i < SAMPLE_MAX; i++)
        printf(" %" PRIu64, samples[i]);
    answer("%s", "");
}

/* Gives the time before. */
static uint64_t type(struct terminal *t, const char *hex)
{
    unsigned char bytes[4096];
    const size_t n = from_hex(hex, bytes, sizeof bytes);
    const uint64_t start = now_ns();
    put(t, (const char *)bytes, n);
    return start;
}

static void do_key(struct bench *b, struct terminal *t, char **argv)
{
    const uint64_t quiet = number(argv[3]) * 1000000u, before = t->bytes, start = type(t, argv[2]);
    const uint64_t limit = start + number(argv[4]) * 1000000u;
    uint64_t first = 0;
    for (uint64_t now = start; now < limit && !t->ended; now = now_ns()) {
        if (t->bytes > before && !first)
            first = t->last_ns;
        if (first && now >= t->last_ns + quiet) {
            answer("ok %" PRIu64 " %" PRIu64, first - start, t->last_ns - start);
            return;
        }
        pump(b, first && t->last_ns + quiet < limit ? t->last_ns + quiet : limit);
    }
    answer("no %s came of a key in %s", first ? "end" : "output", t->name);
}

static void do_seen(struct terminal *t)
{
    fputs("ok", stdout);
    for (size_t i = 0; t->stamps && i < t->stamps->count; i++)
        printf(" %" PRIu64, t->stamps->late[i]);
    if (t->stamps)
        t->stamps->count = 0;
    answer("%s", "");
}

static void do_quiet(struct bench *b, int argc, char **argv)
{
    uint64_t quiet = number(argv[1]) * 1000000u, limit = now_ns() + number(argv[2]) * 1000000u;
    uint64_t from = now_ns();
    for (;;) {
        uint64_t last = from, now = now_ns();
        for (int i = 3; i < argc; i++) {
            const struct terminal *t = find(b, argv[i]);
            if (t && t->last_ns > last)
                last = t->last_ns;
        }
        if (now >= last + quiet || now >= limit) {
            answer(now >= last + quiet ? "ok" : "no quiet");
            return;
        }
        pump(b, last + quiet < limit ? last + quiet : limit);
    }
}

static void do_dump(struct terminal *t)
{
    struct buf text = {0};
    struct screen *s =
        screen_create(t->rows, t->cols, &(struct screen_options){.history = 0}, NULL, NULL);
    screen_feed(s, t->kept.data, t->kept.len);
    screen_print(s, 0, t->rows - 1, false, &text);
    int lines = 0;
    for (size_t i = 0; i < text.len; i++)
        lines += text.data[i] == '\n';
    printf("ok %d\n", lines);
    fwrite(text.data, 1, text.len, stdout);
    fflush(stdout);
    buf_finish(&text);
    screen_destroy(s);
}

static void command(struct bench *b, int argc, char **argv)
{
    const char *verb = argv[0];
    if (strcmp(verb, "open") == 0) {
        do_open(b, argc, argv);
        return;
    }
    if (strcmp(verb, "arm") == 0) {
        do_arm(b, argc, argv);
        return;
    }
    if (strcmp(verb, "await") == 0 && argc == 2) {
        do_await(b, argv[1]);
        return;
    }
    if (strcmp(verb, "quiet") == 0 && argc >= 3) {
        do_quiet(b, argc, argv);
        return;
    }
    struct terminal *t = argc > 1 ? find(b, argv[1]) : NULL;
    if (!t) {
        answer("no such terminal");
    } else if (strcmp(verb, "close") == 0) {
        do_close(b, t);
        answer("ok");
    } else if (strcmp(verb, "hold") == 0 || strcmp(verb, "release") == 0) {
        t->held = verb[0] == 'h';
        answer("ok");
    } else if (strcmp(verb, "send") == 0 && argc == 3) {
        answer("ok %" PRIu64, type(t, argv[2]));
    } else if (strcmp(verb, "echo") == 0 && argc == 5) {
        do_echo(b, t, (int)number(argv[2]), number(argv[3]), number(argv[4]));
    } else if (strcmp(verb, "key") == 0 && argc == 5) {
        do_key(b, t, argv);
    } else if (strcmp(verb, "stamps") == 0) {
        if (!t->stamps)
            t->stamps = stamps_create(t->rows, t->cols);
        answer("ok");
    } else if (strcmp(verb, "seen") == 0) {
        do_seen(t);
    } else if (strcmp(verb, "count") == 0) {
        answer("ok %" PRIu64, t->bytes);
    } else if (strcmp(verb, "dump") == 0) {
        do_dump(t);
    } else {
        answer("no such command: %s", verb);
    }
}

/* Takes the first whole line out of b->in and does it; false when there is none. */
static bool next_command(struct bench *b)
{
    char line[sizeof b->in], *argv[WORDS + 1], *rest = line;
    char *end = memchr(b->in, '\n', b->in_n);
    int argc = 0;

    if (!end)
        return false;
    size_t n = (size_t)(end - b->in);
    memcpy(line, b->in, n);
    line[n] = '\0';
    memmove(b->in, end + 1, b->in_n - n - 1);
    b->in_n -= n + 1;
    while (argc < WORDS && (argv[argc] = strsep(&rest, "\t")))
        argc++;
    argv[argc] = NULL;
    command(b, argc, argv);
    return true;
}

int main(void)
{
    struct bench *b = mem_zalloc(sizeof *b);
    for (int i = 0; i < TERMINALS; i++)
        b->terminals[i].fd = -1;
    signal(SIGPIPE, SIG_IGN);
    while (!b->in_end) {
        pump(b, now_ns() + 1000000000u);
        while (next_command(b))
            ;
    }
    for (int i = 0; i < TERMINALS; i++)
        if (b->terminals[i].fd >= 0)
            do_close(b, &b->terminals[i]);
    free(b);
    return 0;
}
