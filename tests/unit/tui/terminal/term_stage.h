/* A terminal for tests: a PTY whose other end is a screen of ours, which answers questions as a
 * real terminal does. Every wait is for a condition, with a limit. */
#ifndef BATON_TESTS_TUI_TERM_STAGE_H
#define BATON_TESTS_TUI_TERM_STAGE_H

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/screen/screen.h"
#include "tui/terminal/term.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <cmocka.h>

struct stage {
    int master, slave;
    int saved_in, saved_out;
    struct termios before;
    struct screen *screen;
    struct buf answers; /* of the screen, to be typed */
    size_t bytes;       /* that the terminal was sent */
    char last[512];     /* the newest of them */
};

static inline void on_answer(void *data, const char *bytes, size_t n)
{
    buf_append(&((struct stage *)data)->answers, bytes, n);
}

static const struct screen_events events = {.answer = on_answer};

static inline void environment(const char *term)
{
    setenv("TERM", term, 1);
    setenv("COLORTERM", "truecolor", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    unsetenv("NO_COLOR");
}

static inline void stage_open(struct stage *g, int rows, int cols)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};

    memset(g, 0, sizeof *g);
    g->saved_in = g->saved_out = -1;
    g->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(g->master >= 0);
    assert_int_equal(grantpt(g->master) | unlockpt(g->master), 0);
    g->slave = open(ptsname(g->master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(g->slave >= 0);
    assert_int_equal(ioctl(g->master, TIOCSWINSZ, &size), 0);
    assert_int_equal(fcntl(g->master, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(tcgetattr(g->slave, &g->before), 0);
    g->screen = screen_create(rows, cols, NULL, &events, g);
    screen_feed(g->screen, "what was there before", 21);
}

/* Fds 0 and 1 of this process become the terminal, until stage_close. */
static inline void stage_enter(struct stage *g)
{
    fflush(stdout);
    g->saved_in = dup(0);
    g->saved_out = dup(1);
    dup2(g->slave, 0);
    dup2(g->slave, 1);
}

static inline void stage_close(struct stage *g)
{
    if (g->saved_in >= 0) {
        dup2(g->saved_in, 0);
        dup2(g->saved_out, 1);
        close(g->saved_in);
        close(g->saved_out);
    }
    screen_destroy(g->screen);
    buf_finish(&g->answers);
    close(g->slave);
    close(g->master);
    clock_set_for_test(-1);
}

/* One read of what the terminal was sent; false when there is nothing now. */
static inline bool pump_once(struct stage *g)
{
    char bytes[4096];
    ssize_t n = read(g->master, bytes, sizeof bytes);

    if (n <= 0)
        return false;
    screen_feed(g->screen, bytes, (size_t)n);
    g->bytes += (size_t)n;
    size_t keep = (size_t)n < sizeof g->last ? (size_t)n : sizeof g->last;
    memmove(g->last, g->last + keep, sizeof g->last - keep);
    memcpy(g->last + sizeof g->last - keep, bytes + n - keep, keep);
    return true;
}

/* Everything written so far has come through when a string has that no terminal shows. */
static inline void pump(struct stage *g)
{
    static const char fence[] = "\033_fence\033\\";
    size_t before;

    assert_int_equal(write(g->slave, fence, sizeof fence - 1), sizeof fence - 1);
    before = g->bytes;
    for (;;) {
        struct pollfd p = {.fd = g->master, .events = POLLIN};
        if (!pump_once(g))
            assert_int_equal(poll(&p, 1, 10000), 1);
        if (g->bytes > before &&
            memcmp(g->last + sizeof g->last - (sizeof fence - 1), fence, sizeof fence - 1) == 0)
            break;
    }
    g->bytes -= sizeof fence - 1;
}

static inline void show(struct stage *g, struct term *t, const struct canvas *c)
{
    term_show(t, c);
    while (term_busy(t)) {
        struct pollfd p[2] = {{.fd = g->master, .events = POLLIN},
                              {.fd = term_output_fd(t), .events = POLLOUT}};
        assert_true(poll(p, 2, 10000) > 0);
        pump_once(g);
        term_flush(t);
    }
    pump(g);
}

/* Types bytes and reads until an event came; fails after ten seconds. */
static inline struct input_event typed(struct stage *g, struct term *t, const char *bytes, size_t n)
{
    struct input_event e = {0};
    int wait = -1, got;

    assert_int_equal(write(g->master, bytes, n), n);
    while ((got = term_read(t, &e, 1, &wait)) == 0) {
        struct pollfd p = {.fd = term_input_fd(t), .events = POLLIN};
        assert_int_equal(poll(&p, 1, wait >= 0 ? wait : 10000) + (wait >= 0), wait >= 0 ? 2 : 1);
    }
    assert_int_equal(got, 1);
    return e;
}

static inline struct term *opened(void)
{
    struct term *t = NULL;
    char *why = NULL;

    if (term_open(&t, &why) != ERR_OK)
        fail_msg("%s", why);
    return t;
}

/* As it was before anything was taken. */
static inline void is_restored(struct stage *g)
{
    struct screen_modes m;
    struct termios now;
    struct buf text = {0};

    screen_modes(g->screen, &m);
    assert_false(m.alternate);
    assert_true(m.cursor_visible);
    assert_int_equal(m.shape, CURSOR_DEFAULT);
    assert_false(m.app_cursor_keys || m.app_keypad || m.bracketed_paste || m.focus_events);
    assert_false(m.synchronized || m.mouse_sgr || m.mouse_utf8);
    assert_int_equal(m.mouse, MOUSE_OFF);
    assert_int_equal(m.kitty_keyboard, 0);
    assert_int_equal(tcgetattr(g->slave, &now), 0);
    assert_int_equal(now.c_lflag, g->before.c_lflag);
    assert_int_equal(now.c_iflag, g->before.c_iflag);
    assert_int_equal(now.c_oflag, g->before.c_oflag);
    assert_int_equal(now.c_cflag, g->before.c_cflag);
    assert_memory_equal(now.c_cc, g->before.c_cc, sizeof now.c_cc);
    assert_int_equal(fcntl(g->slave, F_GETFL) & O_NONBLOCK, 0);
    screen_print(g->screen, 0, 0, false, &text);
    assert_string_equal(text.data, "what was there before\n");
    /* Lines wrap again, and the pen is the default one. */
    buf_clear(&text);
    screen_feed(g->screen, "\r\n", 2);
    for (int i = 0; i < screen_cols(g->screen) + 1; i++)
        screen_feed(g->screen, "w", 1);
    int row, col;
    screen_cursor(g->screen, &row, &col);
    assert_int_equal(col, 1);
    screen_print(g->screen, row, row, true, &text);
    assert_string_equal(text.data, "w\n");
    buf_finish(&text);
}

#endif
