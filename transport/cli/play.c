/* `stream play`: a recording in this terminal. Space pauses, left and right step five seconds, +
 * and
 * - change the speed, q ends. Lines are drawn only when they changed; the terminal is given back as
 * it was, also when a signal ends the program. Where standard output is no terminal the recorded
 * output is written at once. */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "transport/cli/command.h"
#include "transport/cli/player.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#define FRAME_US  16667
#define STEP_US   5000000
#define MAX_LINES 1000

struct play {
    const struct command *command;
    struct player *player;
    struct termios saved;
    int rows, cols;         /* of the terminal; the last row is the status line */
    char *lines[MAX_LINES]; /* what is on the terminal now; NULL: unknown */
    int64_t at;             /* where the clock stood at `since` */
    int64_t since;          /* mono */
    double speed;
    bool paused, quit;
    int status;
};

static int64_t clock_at(const struct play *p)
{
    return p->paused ? p->at : p->at + (int64_t)((double)(clock_mono_us() - p->since) * p->speed);
}

static void set_clock(struct play *p, int64_t at)
{
    p->at = at > 0 ? at : 0;
    p->since = clock_mono_us();
}

/* --- drawing --------------------------------------------------------------------------------- */

static void forget_lines(struct play *p)
{
    for (int i = 0; i < MAX_LINES; i++) {
        free(p->lines[i]);
        p->lines[i] = NULL;
    }
}

static void measure(struct play *p)
{
    struct winsize size = {0};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_row || !size.ws_col)
        size = (struct winsize){.ws_row = 24, .ws_col = 80};
    p->rows = size.ws_row < MAX_LINES ? size.ws_row : MAX_LINES - 1;
    p->cols = size.ws_col;
    forget_lines(p);
}

/* Puts a line on the terminal when it is another one than before. */
static void put_line(struct play *p, int row, const char *text, struct buf *out)
{
    if (p->lines[row] && strcmp(p->lines[row], text) == 0)
        return;
    free(p->lines[row]);
    p->lines[row] = mem_strdup(text);
    buf_printf(out, "\033[%d;1H\033[0m%s\033[0m\033[K", row + 1, text);
}

static void status_line(struct play *p, int64_t now, struct buf *out)
{
    struct buf text = {0};
    int64_t s = now / 1000000;
    const char *who = player_who(p->player);
    buf_printf(&text, "%s %lld:%02lld  x%g", p->paused ? "paused" : "playing", (long long)(s / 60),
               (long long)(s % 60), p->speed);
    if (who[0])
        buf_printf(&text, "  typed by %s", who);
    buf_puts(&text, "  space pauses, left and right 5 s, + - speed, q ends");
    text.data[text_fit(text.data, p->cols)] = '\0';
    char *line = mem_printf("\033[7m%s", text.data);
    put_line(p, p->rows - 1, line, out);
    free(line);
    buf_finish(&text);
}

/* A line that is wider than the terminal is cut by the terminal: it does not wrap while we draw. */
static int draw(struct play *p, int64_t now)
{
    struct screen *s = player_screen(p->player);
    struct screen_modes modes;
    struct buf out = {0}, line = {0};
    int row, col;
    buf_puts(&out, "\033[?2026h\033[?25l");
    for (int i = 0; i < p->rows - 1; i++) {
        buf_clear(&line);
        if (i < screen_rows(s))
            screen_print(s, i, i, true, &line);
        if (line.len && line.data[line.len - 1] == '\n')
            line.data[line.len - 1] = '\0';
        put_line(p, i, line.data ? line.data : "", &out);
    }
    status_line(p, now, &out);
    screen_cursor(s, &row, &col);
    screen_modes(s, &modes);
    if (modes.cursor_visible && row < p->rows - 1 && col < p->cols)
        buf_printf(&out, "\033[%d;%dH\033[?25h", row + 1, col + 1);
    buf_puts(&out, "\033[?2026l");
    int status = command_write(p->command, out.data, out.len);
    buf_finish(&line);
    buf_finish(&out);
    return status;
}

/* --- keys ------------------------------------------------------------------------------------ */

static void key(struct play *p, const char *name, size_t n)
{
    int64_t now = clock_at(p);
    if (n == 1 && (strchr("q\003\004", name[0]) || name[0] == 27)) {
        p->quit = true;
    } else if (n == 1 && name[0] == ' ') {
        set_clock(p, now);
        p->paused = !p->paused;
    } else if (n == 1 && (name[0] == '+' || name[0] == '-')) {
        double speed = name[0] == '+' ? p->speed * 2 : p->speed / 2;
        set_clock(p, now);
        p->speed = speed < 1.0 / 64 ? 1.0 / 64 : speed > 1024 ? 1024 : speed;
    } else if (n == 3 && (name[2] == 'C' || name[2] == 'D')) {
        set_clock(p, now + (name[2] == 'C' ? STEP_US : -STEP_US));
    }
}

/* Cuts what was read into keys: an escape sequence (CSI, SS3) is one, a lone escape another. */
static void keys(struct play *p, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n && !p->quit;) {
        size_t len = 1;
        if (bytes[i] == 27 && i + 2 < n && (bytes[i + 1] == '[' || bytes[i + 1] == 'O')) {
            for (len = 3;
                 i + len - 1 < n && (bytes[i + len - 1] < '@' || bytes[i + len - 1] > '~');)
                len++;
            if (i + len > n)
                len = n - i;
        }
        key(p, bytes + i, len);
        i += len;
    }
}

/* --- the terminal ---------------------------------------------------------------------------- */

static bool enter(struct play *p)
{
    struct termios raw;
    if (tcgetattr(STDIN_FILENO, &p->saved) < 0)
        return false;
    raw = p->saved;
    cfmakeraw(&raw);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
    static const char on[] = "\033[?1049h\033[2J\033[?7l";
    return command_write(p->command, on, sizeof on - 1) == EXIT_DONE;
}

static void leave(struct play *p)
{
    static const char off[] = "\033[?2026l\033[0m\033[?7h\033[?25h\033[?1049l";
    command_write(p->command, off, sizeof off - 1);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &p->saved);
}

static int until_next(const struct play *p, int64_t now)
{
    int64_t next = player_next(p->player);
    if (p->paused || next < 0)
        return -1;
    double us = (double)(next - now) / p->speed;
    us = us < FRAME_US ? FRAME_US : us > 1e6 ? 1e6 : us; /* the status line counts seconds */
    return (int)(us / 1000) + 1;
}

/* Until the end or a key that ends it. *ret_fault tells an error that is not ERR_OK. */
static enum err loop(struct play *p, int signals, struct client_fault *ret_fault)
{
    struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                            {.fd = signals, .events = POLLIN}};
    while (!p->quit && p->status == EXIT_DONE) {
        int64_t now = clock_at(p);
        enum err e = player_seek(p->player, now, ret_fault);
        if (e != ERR_OK)
            return e;
        p->status = draw(p, player_time(p->player));
        if (player_next(p->player) < 0 && !p->paused)
            break;
        if (poll(fds, 2, until_next(p, now)) < 0 && errno != EINTR)
            return ERR_IO;
        if (fds[1].revents & POLLIN) {
            struct signalfd_siginfo info;
            if (read(signals, &info, sizeof info) == (ssize_t)sizeof info &&
                info.ssi_signo != SIGWINCH)
                p->quit = true;
            measure(p);
        }
        if (fds[0].revents & (POLLIN | POLLHUP)) {
            char bytes[256];
            ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
            if (n <= 0)
                p->quit = true;
            else
                keys(p, bytes, (size_t)n);
        }
    }
    return ERR_OK;
}

static enum err from_records(void *data, struct cast_record *ret_record,
                             struct client_fault *ret_fault)
{
    return records_next(data, ret_record, ret_fault);
}

static int play_on_terminal(const struct command *c, struct records *records, int signals)
{
    struct client_fault fault = {0};
    struct play p = {.command = c,
                     .player = player_create(from_records, records),
                     .speed = json_number(c->flags.input, "speed", 1)};
    enum err e = player_seek(p.player, 0, &fault);
    if (e == ERR_OK && !enter(&p))
        e = ERR_IO;
    if (e == ERR_OK) {
        measure(&p);
        set_clock(&p, (int64_t)(json_number(c->flags.input, "from", 0) * 1e6));
        e = loop(&p, signals, &fault);
        leave(&p);
    }
    if (e == ERR_LIMIT)
        p.status = command_fail(c, e, "The recording is too large to be played; export it.");
    else if (e != ERR_OK)
        p.status = fault.code != ERR_OK ? command_fault(c, &fault) : command_fail(c, e, NULL);
    forget_lines(&p);
    player_destroy(p.player);
    return p.status;
}

static int play_to_pipe(const struct command *c, struct records *records)
{
    struct client_fault fault = {0};
    struct cast_record r;
    int status = EXIT_DONE;
    enum err e = ERR_OK;
    while (status == EXIT_DONE && (e = records_next(records, &r, &fault)) == ERR_OK)
        if (strchr("oek", r.kind))
            status = command_write(c, r.bytes, r.n);
    return status == EXIT_DONE && e != ERR_AGAIN ? command_fault(c, &fault) : status;
}

int local_play(const struct command *c)
{
    int status = EXIT_FAILED;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGWINCH);
    bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && !c->options.json;
    if (terminal)
        sigprocmask(SIG_BLOCK, &set, NULL); /* before the client's threads are there */
    struct client *client = command_connect(c, true, &status);
    if (client) {
        struct records *records = records_open(client, json_string(c->flags.input, "streamId", ""));
        int signals = terminal ? signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK) : -1;
        status = terminal ? play_on_terminal(c, records, signals) : play_to_pipe(c, records);
        if (signals >= 0)
            close(signals);
        records_close(records);
        client_close(client);
    }
    if (terminal)
        sigprocmask(SIG_UNBLOCK, &set, NULL);
    return status;
}
