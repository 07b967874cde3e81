/* The terminal (see term.h): this file takes it and gives it back, reads and writes. What it can do
 * is in term_caps.c, the cells' differences in term_write.c, crashes and signals in term_guard.c,
 * keys in input.c.
 *
 * What always holds: everything written goes through one buffer and a descriptor that does not
 * block; while a slow terminal has not taken it all, frames are skipped, not queued, so the next
 * one is the newest. Nothing waits for an answer of the terminal: questions are asked when it is
 * taken, the answers come among the keys, whenever they come, and the first frames do without. */
#include "tui/terminal/term.h"

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "tui/terminal/term_caps.h"
#include "tui/terminal/term_guard.h"
#include "tui/terminal/term_write.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define ESCAPE_US       25000         /* a lone ESC is a key after that */
#define ANSWER_US       50000         /* how long leaving waits for answers under way */
#define DRAIN_WAITS     10            /* of 100 ms, for a slow terminal when leaving */
#define CLIPBOARD_LIMIT (1024 * 1024) /* bytes; terminals take less */
#define OUT_LIMIT       (8 * 1024 * 1024)
#define NOTIFY_LIMIT    400
#define TITLE_LIMIT     256

struct term {
    struct term_caps caps;
    int in_fd, out_fd; /* may be the same */
    int event_fd, poll_fd;
    struct termios raw;
    struct writer *writer;
    struct input_decoder *decoder;
    struct buf out;
    size_t sent; /* of out */
    int rows, cols;
    int64_t asked_us, byte_us; /* when we asked; when the last byte came */
    int64_t alive_us;          /* a sign of life was asked for, 0: none is waited for */
    unsigned replies;          /* those acted upon */
    bool mouse, kitty, shaped, gone, resized;
    bool blocked; /* the terminal has refused bytes and not taken them since */
    char title[TITLE_LIMIT];
};

/* --- taking and giving back --- */

/* Our own description of the terminal, so that its O_NONBLOCK is ours alone: the one on fd is the
 * shell's too. Else fd's own, whose flags are told to be restored. */
static int open_again(int fd, int *ret_flags)
{
    char name[128];
    int own = -1;

    *ret_flags = -1;
    if (ttyname_r(fd, name, sizeof name) == 0)
        own = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (own >= 0)
        return own;
    own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (own >= 0) {
        *ret_flags = fcntl(own, F_GETFL);
        fcntl(own, F_SETFL, *ret_flags | O_NONBLOCK);
    }
    return own;
}

static void build_undo(const struct term *t, struct buf *b)
{
    buf_puts(b, "\033\\"); /* ends whatever was being written */
    if (t->caps.xterm) {
        if (t->kitty)
            buf_puts(b, "\033[<u");
        buf_puts(b,
                 "\033[?2026l\033[?1000l\033[?1002l\033[?1003l\033[?1006l\033[?1004l\033[?2004l");
    }
    buf_puts(b, "\033[?7h\033[m\033[r");
    if (!t->caps.smcup[0])
        buf_puts(b, "\033[H\033[2J");
    buf_puts(b, "\033[?1l\033>");
    if (t->shaped)
        buf_puts(b, "\033[0 q");
    buf_puts(b, t->caps.cnorm);
    buf_puts(b, t->caps.rmcup);
    if (t->caps.xterm && !strstr(t->caps.rmcup, "\033[23;"))
        buf_puts(b, "\033[23;0t");
}

static void set_undo(const struct term *t)
{
    struct buf b = {0};

    build_undo(t, &b);
    guard_undo(b.data, b.len);
    buf_finish(&b);
}

static void put_mouse(struct term *t)
{
    if (t->caps.xterm)
        buf_puts(&t->out, t->mouse ? "\033[?1002h\033[?1006h" : "\033[?1002l\033[?1006l");
}

/* A description that is the shell's too got its flags back for the time of the stop. */
static void unblock(int fd)
{
    const int flags = fcntl(fd, F_GETFL);

    if (flags >= 0 && !(flags & O_NONBLOCK))
        fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

/* Everything that term_open and the return from a stop have in common. */
static void take(struct term *t, bool first)
{
    struct buf *out = &t->out;

    guard_arm();
    unblock(t->in_fd);
    unblock(t->out_fd);
    tcsetattr(t->in_fd, TCSANOW, &t->raw);
    buf_clear(out);
    t->sent = 0;
    t->blocked = false;
    if (t->caps.xterm && !strstr(t->caps.smcup, "\033[22;"))
        buf_puts(out, "\033[22;0t");
    buf_puts(out, t->caps.smcup);
    if (t->caps.xterm && first) {
        /* Mode 2026? Kitty's keyboard? And one that all answer, so that the end is known. Before
         * the screen is cleared, for what a terminal prints that does not understand. */
        buf_puts(out, "\033[?2026$p\033[?u\033[c");
        t->asked_us = clock_mono_us();
    }
    if (t->kitty)
        buf_puts(out, "\033[>5u");
    buf_puts(out, "\033(B\033[4l\033[?1l\033>\033[r");
    buf_puts(out, t->caps.xenl ? "\033[?7h" : "\033[?7l");
    if (t->caps.xterm)
        buf_puts(out, "\033[?2004h\033[?1004h");
    put_mouse(t);
    if (t->title[0]) {
        char title[TITLE_LIMIT];
        memcpy(title, t->title, sizeof title);
        t->title[0] = '\0';
        term_title(t, title);
    }
    writer_forget(t->writer, t->rows, t->cols);
}

static void find_size(struct term *t)
{
    struct winsize size = {0};

    t->rows = t->caps.rows;
    t->cols = t->caps.cols;
    if (ioctl(t->out_fd, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col) {
        t->rows = size.ws_row;
        t->cols = size.ws_col;
    }
    t->rows = t->rows < SCREEN_MAX_ROWS ? t->rows : SCREEN_MAX_ROWS;
    t->cols = t->cols < SCREEN_MAX_COLS ? t->cols : SCREEN_MAX_COLS;
}

static void drop(struct term *t)
{
    if (t->in_fd != t->out_fd && t->in_fd >= 0)
        close(t->in_fd);
    if (t->out_fd >= 0)
        close(t->out_fd);
    if (t->event_fd >= 0)
        close(t->event_fd);
    if (t->poll_fd >= 0)
        close(t->poll_fd);
    writer_destroy(t->writer);
    input_decoder_destroy(t->decoder);
    buf_finish(&t->out);
    free(t);
}

static bool watch(const struct term *t, int fd)
{
    struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};

    return epoll_ctl(t->poll_fd, EPOLL_CTL_ADD, fd, &e) == 0;
}

static bool open_all(struct term *t, struct guard_setup *setup)
{
    char in_name[128], out_name[128];

    t->out_fd = open_again(STDOUT_FILENO, &setup->out_flags);
    setup->in_flags = -1;
    if (setup->out_flags < 0 && ttyname_r(STDIN_FILENO, in_name, sizeof in_name) == 0 &&
        ttyname_r(STDOUT_FILENO, out_name, sizeof out_name) == 0 && strcmp(in_name, out_name) == 0)
        t->in_fd = t->out_fd;
    else
        t->in_fd = open_again(STDIN_FILENO, &setup->in_flags);
    t->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    t->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    setup->in_fd = t->in_fd;
    setup->out_fd = t->out_fd;
    setup->event_fd = t->event_fd;
    return t->out_fd >= 0 && t->in_fd >= 0 && t->event_fd >= 0 && t->poll_fd >= 0 &&
           watch(t, t->in_fd) && watch(t, t->event_fd) && tcgetattr(t->in_fd, &setup->saved) == 0;
}

enum err term_open(struct term **ret_term, char **ret_why)
{
    struct guard_setup setup = {0};
    struct term *t;
    struct term_caps caps;
    enum err e;

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        *ret_why = mem_strdup("The console needs a terminal as its input and output; without one, "
                              "use the commands.");
        return ERR_UNSUPPORTED;
    }
    if ((e = term_caps_find(STDOUT_FILENO, &caps, ret_why)) != ERR_OK)
        return e;
    t = mem_zalloc(sizeof *t);
    t->caps = caps;
    t->in_fd = t->out_fd = t->event_fd = t->poll_fd = -1;
    if (!open_all(t, &setup)) {
        *ret_why = mem_printf("The terminal cannot be opened: %s.", strerror(errno));
        e = err_from_errno(errno);
        drop(t);
        return e;
    }
    t->raw = setup.saved;
    cfmakeraw(&t->raw);
    t->raw.c_cc[VMIN] = 1;
    t->raw.c_cc[VTIME] = 0;
    t->mouse = true;
    find_size(t);
    t->writer = writer_create(t->rows, t->cols);
    t->decoder = input_decoder_create();
    guard_start(&setup);
    set_undo(t);
    take(t, true);
    *ret_term = t;
    return ERR_OK;
}

/* What was written must be whole before the undo follows; but a terminal that takes nothing does
 * not keep us. */
static void drain_output(struct term *t)
{
    struct pollfd p = {.fd = t->out_fd, .events = POLLOUT};

    term_flush(t);
    for (int waits = 0; term_busy(t) && waits < DRAIN_WAITS;) {
        waits += poll(&p, 1, 100) <= 0;
        term_flush(t);
    }
}

static bool next_event(struct term *t, struct input_event *out)
{
    if (!input_decoder_next(t->decoder, out))
        return false;
    if (out->kind == INPUT_ALIVE)
        t->alive_us = 0;
    return true;
}

/* Until when an answer may still come; 0 when none is waited for. */
static int64_t answers_until(const struct term *t)
{
    int64_t asked = input_decoder_replies(t->decoder) & REPLY_DA ? 0 : t->asked_us;

    asked = t->alive_us > asked ? t->alive_us : asked;
    return asked ? asked + ANSWER_US : 0;
}

/* Answers that are still under way would be typed into the shell. */
static void drain_answers(struct term *t)
{
    struct pollfd p = {.fd = t->in_fd, .events = POLLIN};
    struct input_event event;
    char bytes[512];

    while (!t->gone) {
        int64_t now = clock_mono_us(), left = answers_until(t) - now;
        if (left <= 0 || left > ANSWER_US || poll(&p, 1, (int)(left / 1000) + 1) <= 0)
            return;
        ssize_t n = read(t->in_fd, bytes, sizeof bytes);
        if (n <= 0)
            return;
        input_decoder_feed(t->decoder, bytes, (size_t)n);
        while (next_event(t, &event))
            if (event.kind == INPUT_PASTE)
                free(event.paste);
    }
}

void term_close(struct term *t)
{
    if (!t)
        return;
    drain_output(t);
    drain_answers(t);
    guard_stop();
    drop(t);
}

void term_suspend(struct term *t)
{
    struct sigaction normal = {.sa_handler = SIG_DFL}, ours;
    sigset_t stop, before;

    drain_output(t);
    guard_restore();
    sigemptyset(&normal.sa_mask);
    sigaction(SIGTSTP, &normal, &ours);
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    sigprocmask(SIG_UNBLOCK, &stop, &before);
    kill(0, SIGTSTP); /* the job, as the terminal's own key does */
    sigprocmask(SIG_SETMASK, &before, NULL);
    sigaction(SIGTSTP, &ours, NULL);
    guard_events(); /* among them that we go on */
    find_size(t);
    take(t, false);
    t->resized = true;
}

/* --- what it is --- */

void term_size(struct term *t, int *ret_rows, int *ret_cols)
{
    *ret_rows = t->rows;
    *ret_cols = t->cols;
}

enum term_colours term_colours(const struct term *t)
{
    return t->caps.colours;
}

bool term_utf8(const struct term *t)
{
    return t->caps.utf8;
}

int term_input_fd(const struct term *t)
{
    return t->poll_fd;
}

int term_output_fd(const struct term *t)
{
    return t->out_fd;
}

/* --- writing --- */

bool term_busy(const struct term *t)
{
    return t->sent < t->out.len;
}

void term_flush(struct term *t)
{
    while (term_busy(t) && !t->gone) {
        ssize_t n = write(t->out_fd, t->out.data + t->sent, t->out.len - t->sent);
        if (n > 0)
            t->sent += (size_t)n;
        else if (n < 0 && errno == EINTR)
            continue;
        else if (n < 0 && errno == EAGAIN) {
            t->blocked = true;
            return;
        } else
            t->gone = true;
    }
    buf_clear(&t->out);
    t->sent = 0;
    t->blocked = false;
}

void term_show(struct term *t, const struct canvas *c)
{
    /* What term_open has to say waits for the first frame, to be written with it. */
    if (t->blocked)
        term_flush(t);
    if (t->blocked || t->gone)
        return;
    if (writer_show(t->writer, c, &t->caps, &t->out) && !t->shaped) {
        t->shaped = true;
        set_undo(t);
    }
    term_flush(t);
}

void term_redraw(struct term *t)
{
    writer_forget(t->writer, t->rows, t->cols);
}

void term_mouse(struct term *t, bool on)
{
    if (t->mouse == on)
        return;
    t->mouse = on;
    put_mouse(t);
    term_flush(t);
}

void term_bell(struct term *t)
{
    if (t->out.len < OUT_LIMIT)
        buf_putc(&t->out, '\a');
    term_flush(t);
}

void term_notify(struct term *t, const char *text)
{
    char safe[NOTIFY_LIMIT];

    text_make_safe(safe, sizeof safe, text, strlen(text));
    for (char *p = safe; *p && !t->caps.utf8; p++)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    if (!t->caps.xterm || t->out.len >= OUT_LIMIT)
        return;
    /* A text that began with a number would be a progress bar to some. */
    buf_printf(&t->out, "\033]9;baton: %s\a", safe);
    term_flush(t);
}

void term_title(struct term *t, const char *safe_title)
{
    char title[TITLE_LIMIT];

    text_make_safe(title, sizeof title, safe_title, strlen(safe_title));
    for (char *p = title; *p && !t->caps.utf8; p++)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    if (!t->caps.xterm || t->out.len >= OUT_LIMIT || strcmp(title, t->title) == 0)
        return;
    memcpy(t->title, title, sizeof title);
    buf_printf(&t->out, "\033]2;%s\a", title);
    term_flush(t);
}

void term_clipboard(struct term *t, const char *bytes, size_t n)
{
    if (!t->caps.xterm || n > CLIPBOARD_LIMIT || t->out.len >= OUT_LIMIT)
        return;
    char *text = json_base64(bytes, n);
    buf_printf(&t->out, "\033]52;c;%s\a", text);
    free(text);
    term_flush(t);
}

void term_ask_alive(struct term *t)
{
    if (t->out.len >= OUT_LIMIT)
        return;
    t->alive_us = clock_mono_us();
    buf_puts(&t->out, "\033[5n");
    term_flush(t);
}

/* --- reading --- */

static void look_at_signals(struct term *t)
{
    unsigned events = guard_events();

    if (events & GUARD_STOP) {
        term_suspend(t);
        return;
    }
    if (events & (GUARD_RESIZED | GUARD_CONTINUED)) {
        int rows = t->rows, cols = t->cols;
        find_size(t);
        if (events & GUARD_CONTINUED) { /* stopped without a warning; who knows what was written */
            guard_restore();            /* or titles and keyboards would be pushed twice */
            take(t, false);
        } else if (rows == t->rows && cols == t->cols) {
            return;
        }
        writer_forget(t->writer, t->rows, t->cols);
        t->resized = true;
    }
}

static void look_at_replies(struct term *t)
{
    unsigned fresh = input_decoder_replies(t->decoder) & ~t->replies;

    t->replies |= fresh;
    if (fresh & REPLY_SYNC)
        t->caps.sync = true;
    if (fresh & REPLY_KITTY) {
        /* Ambiguous keys told apart, and what Shift makes of a key. */
        t->kitty = true;
        set_undo(t);
        buf_puts(&t->out, "\033[>5u");
        term_flush(t);
    }
}

static void read_bytes(struct term *t)
{
    char bytes[4096];
    ssize_t n;

    do
        n = read(t->in_fd, bytes, sizeof bytes);
    while (n < 0 && errno == EINTR);
    int64_t now = clock_mono_us();
    if (n > 0) {
        t->byte_us = now;
        input_decoder_feed(t->decoder, bytes, (size_t)n);
        look_at_replies(t);
    } else if (n == 0 || errno != EAGAIN) {
        t->gone = true;
    } else if (input_decoder_pending(t->decoder) && now - t->byte_us >= ESCAPE_US) {
        t->byte_us = now;
        input_decoder_flush(t->decoder);
    }
}

int term_read(struct term *t, struct input_event *out, int max, int *ret_wait_ms)
{
    int n = 0;

    *ret_wait_ms = -1;
    look_at_signals(t);
    if (t->resized && n < max) {
        t->resized = false;
        out[n++] = (struct input_event){.kind = INPUT_RESIZE, .row = t->rows, .col = t->cols};
    }
    while (n < max && next_event(t, &out[n]))
        n++;
    if (n == max) { /* there may be more; ask again at once */
        *ret_wait_ms = 0;
        return n;
    }
    if (!t->gone)
        read_bytes(t);
    while (n < max && next_event(t, &out[n]))
        n++;
    if (t->gone && n == 0)
        return -1;
    if (n == max || t->gone) {
        *ret_wait_ms = 0;
    } else if (input_decoder_pending(t->decoder)) {
        int64_t left = t->byte_us + ESCAPE_US - clock_mono_us();
        *ret_wait_ms = left > 0 ? (int)(left / 1000) + 1 : 0;
    }
    return n;
}
