/* The terminal: what is written is fed into a screen of ours, which must then show exactly what the
 * canvas shows; first the differences alone (term_write.h) with random pictures, then the whole
 * over a PTY: questions and answers, a slow terminal, resizes, stops, and that every way out, a
 * crash too, leaves the terminal as it was. */
#include "tui/term.h"

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "tui/colour.h"
#include "tui/term_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <cmocka.h>

/* --- pictures that are the same --- */

static struct style fitted(struct style s, enum term_colours colours, bool extended)
{
    s.fg = colour_fit(s.fg, colours);
    s.bg = colour_fit(s.bg, colours);
    s.underline_colour =
        extended && s.attrs & ATTR_UNDERLINE ? colour_fit(s.underline_colour, colours) : 0;
    s.link = 0;
    if (!extended) {
        if (s.attrs & ATTR_UNDERLINE)
            s.attrs =
                (uint16_t)((s.attrs & ~(7u << ATTR_UNDERLINE_SHIFT)) | 1u << ATTR_UNDERLINE_SHIFT);
        s.attrs &= (uint16_t)~ATTR_OVERLINE;
    }
    return s;
}

/* Fails with the first cell that differs. */
static void same_picture(const struct screen *s, const struct canvas *c,
                         const struct term_caps *caps)
{
    struct screen_cell line[SCREEN_MAX_COLS];
    int rows = screen_rows(s), cols = screen_cols(s);

    for (int row = 0; row < rows; row++) {
        screen_line(s, row, line);
        for (int col = 0; col < cols; col++) {
            const struct screen_cell *want = canvas_at(c, row, col), *have = &line[col];
            struct style style = fitted(want->style, caps->colours, caps->extended);
            const char *text = strcmp(have->text, " ") == 0 ? "" : have->text;
            char ascii[2] = {want->text[0] & 0x80 ? '?' : want->text[0], '\0'};
            const char *expected = caps->utf8 ? want->text : ascii;
            int width = caps->utf8 ? want->width : 1;
            if (!caps->utf8 && want->width == 0 && (col > 0 && canvas_at(c, row, col - 1)->text[0]))
                expected = "?";
            struct style shown = have->style;
            shown.link = 0;
            if (strcmp(text, expected) != 0 || have->width != width ||
                memcmp(&style, &shown, sizeof style) != 0)
                fail_msg("row %d col %d of %dx%d: \"%s\" width %d fg %x bg %x u %x attrs %x, not "
                         "\"%s\" width %d fg %x bg %x u %x attrs %x",
                         row, col, rows, cols, have->text, have->width, have->style.fg,
                         have->style.bg, have->style.underline_colour, have->style.attrs, expected,
                         width, style.fg, style.bg, style.underline_colour, style.attrs);
        }
    }
    int row, col, at_row, at_col;
    enum cursor_shape shape;
    struct screen_modes modes;
    canvas_get_cursor(c, &row, &col, &shape);
    screen_modes(s, &modes);
    screen_cursor(s, &at_row, &at_col);
    if (row >= rows || col >= cols)
        row = -1;
    assert_int_equal(modes.cursor_visible, row >= 0);
    assert_false(modes.synchronized);
    if (row >= 0) {
        assert_int_equal(at_row, row);
        assert_int_equal(at_col, col);
        if (caps->xterm && shape != CURSOR_DEFAULT)
            assert_int_equal(modes.shape, shape);
    }
}

static unsigned pick(unsigned n)
{
    return (unsigned)rand() % n;
}

static uint32_t random_colour(void)
{
    switch (pick(4)) {
    case 0: return COLOUR_INDEX | pick(256);
    case 1: return COLOUR_RGB | ((uint32_t)rand() & 0xffffff);
    default: return COLOUR_DEFAULT;
    }
}

static struct style random_style(void)
{
    struct style s = {0};

    if (pick(3) == 0)
        return s;
    s.fg = random_colour();
    s.bg = random_colour();
    if (pick(2))
        s.attrs = (uint16_t)(pick(256) & (pick(2) ? 255u : ATTR_BOLD | ATTR_DIM));
    if (pick(4) == 0) {
        s.attrs |= (uint16_t)(pick(6) << ATTR_UNDERLINE_SHIFT);
        s.underline_colour = random_colour();
    }
    return s;
}

static void scribble(struct canvas *c)
{
    static const char *const texts[] = {
        "hello, world",
        "語",
        "日本語 text",
        "e\u0301a\u0308",
        "x",
        "            ",
        "a b c d e",
        "👩",
        "👩 x",
        "🦀🦀",
        "───┼───",
        "$ make -j2 && ./run",
        "tail",
        "i\u0307\u0323\u0331",
    };
    int rows = canvas_rows(c), cols = canvas_cols(c);

    for (unsigned i = pick(6) + 1; i; i--) {
        struct rect r = {(int)pick((unsigned)rows), (int)pick((unsigned)cols), 1 + (int)pick(4),
                         1 + (int)pick(20)};
        struct style style = random_style();
        static const struct screen_cell emoji[] = {
            {.text = "👩\u200d👧", .width = 2},
            {.text = "\u2764\ufe0f", .width = 2},
            {.text = "👍🏽", .width = 2},
            {.text = "语", .width = 2},
        };
        switch (pick(9)) {
        case 0: canvas_fill(c, r, style); break;
        case 4: canvas_cell(c, r.row, r.col, &emoji[pick(4)]); break;
        case 1: canvas_fill(c, r, (struct style){0}); break;
        case 2: canvas_restyle(c, r, &style, 0); break;
        case 3: canvas_restyle(c, r, NULL, ATTR_REVERSE); break;
        default:
            canvas_text(c, r.row, r.col - 1, 1 + (int)pick(30), style,
                        texts[pick(sizeof texts / sizeof *texts)]);
        }
    }
    if (pick(3) == 0)
        canvas_cursor(c, (int)pick((unsigned)rows + 1) - 1, (int)pick((unsigned)cols),
                      (enum cursor_shape)pick(4));
}

static void random_differences(void **state)
{
    static const enum term_colours depths[] = {TERM_NO_COLOUR, TERM_16, TERM_256, TERM_TRUECOLOUR};
    (void)state;
    srand(11);
    for (int round = 0; round < 300; round++) {
        struct term_caps caps = {.colours = depths[pick(4)],
                                 .utf8 = pick(5) != 0,
                                 .xterm = pick(2),
                                 .extended = pick(2),
                                 .ech = pick(2),
                                 .hpa = pick(2),
                                 .xenl = true,
                                 .sync = pick(2),
                                 .civis = "\033[?25l",
                                 .cnorm = "\033[?25h"};
        int rows = 1 + (int)pick(8), cols = 1 + (int)pick(40);
        struct screen *s = screen_create(rows, cols, NULL, NULL, NULL);
        struct canvas *c = canvas_create(rows, cols);
        struct writer *w = writer_create(rows, cols);
        struct buf out = {0};
        for (int step = 0; step < 40; step++) {
            if (pick(40) == 0) {
                rows = 1 + (int)pick(8);
                cols = 1 + (int)pick(40);
                canvas_resize(c, rows, cols);
                screen_resize(s, rows, cols);
                writer_forget(w, rows, cols);
            } else if (pick(40) == 0) {
                screen_feed(s, "\033[H\033[41mgarbage\033[1;1H", 20);
                writer_forget(w, rows, cols);
            }
            scribble(c);
            buf_clear(&out);
            writer_show(w, c, &caps, &out);
            if (out.len)
                screen_feed(s, out.data, out.len);
            same_picture(s, c, &caps);
            buf_clear(&out);
            writer_show(w, c, &caps, &out);
            assert_int_equal(out.len, 0);
        }
        buf_finish(&out);
        writer_destroy(w);
        canvas_destroy(c);
        screen_destroy(s);
    }
}

static const struct term_caps good = {.colours = TERM_TRUECOLOUR,
                                      .utf8 = true,
                                      .xterm = true,
                                      .extended = true,
                                      .ech = true,
                                      .xenl = true,
                                      .hpa = true,
                                      .civis = "\033[?25l",
                                      .cnorm = "\033[?25h"};

/* What a change costs on the wire. */
static void differences_are_small(void **state)
{
    struct canvas *c = canvas_create(5, 40);
    struct writer *w = writer_create(5, 40);
    struct term_caps caps = good;
    struct buf out = {0};
    (void)state;
    canvas_text(c, 1, 3, 20, (struct style){0}, "$ make");
    canvas_cursor(c, 1, 9, CURSOR_DEFAULT);
    writer_show(w, c, &caps, &out);
    assert_string_equal(out.data, "\033[m\033[H\033[2J\033[2;4H$ make\033[?25h");
    buf_clear(&out);
    canvas_text(c, 1, 9, 1, (struct style){0}, "x"); /* a key's echo is one byte */
    canvas_cursor(c, 1, 10, CURSOR_DEFAULT);
    writer_show(w, c, &caps, &out);
    assert_string_equal(out.data, "x");
    buf_clear(&out);
    canvas_text(c, 1, 9, 1, (struct style){0}, " "); /* and so is taking it back */
    canvas_cursor(c, 1, 9, CURSOR_DEFAULT);
    writer_show(w, c, &caps, &out);
    assert_string_equal(out.data, "\b \b");
    buf_clear(&out);
    canvas_cursor(c, 2, 0, CURSOR_BAR);
    writer_show(w, c, &caps, &out);
    assert_string_equal(out.data, "\r\n\033[6 q");
    buf_clear(&out);
    canvas_fill(c, (struct rect){1, 0, 1, 40}, (struct style){0});
    canvas_cursor(c, -1, 0, CURSOR_DEFAULT);
    writer_show(w, c, &caps, &out);
    assert_string_equal(out.data, "\033[?25l\033[2;4H\033[K");
    buf_clear(&out);
    canvas_text(c, 3, 0, 40, (struct style){0}, "abcdefghijklmnopqrstuvwxyz0123456789abcd");
    caps.sync = true;
    writer_show(w, c, &caps, &out);
    assert_string_equal(out.data, "\033[?2026h\033[4H"
                                  "abcdefghijklmnopqrstuvwxyz0123456789abcd\033[?2026l");
    buf_clear(&out);
    canvas_fill(c, (struct rect){3, 5, 1, 20}, (struct style){0});
    writer_show(w, c, &caps, &out);
    assert_string_equal(out.data, "\033[6G\033[20X");
    buf_finish(&out);
    writer_destroy(w);
    writer_destroy(NULL);
    canvas_destroy(c);
}

/* A terminal that takes an emoji for one column wider or narrower garbles that cell alone: whatever
 * follows is placed absolutely, and comes again when the emoji goes. */
static void doubtful_widths(void **state)
{
    struct canvas *c = canvas_create(1, 20);
    struct writer *w = writer_create(1, 20);
    struct buf out = {0};
    (void)state;
    writer_show(w, c, &good, &out);
    buf_clear(&out);
    canvas_text(c, 0, 2, 20, (struct style){0}, "👩x");
    writer_show(w, c, &good, &out);
    assert_string_equal(out.data, "    \033[3G👩\033[5Gx");
    buf_clear(&out);
    canvas_text(c, 0, 2, 20, (struct style){0}, "ab");
    writer_show(w, c, &good, &out);
    assert_string_equal(out.data, "\033[3Gabx");
    buf_finish(&out);
    writer_destroy(w);
    canvas_destroy(c);
}

/* --- over a PTY --- */

struct stage {
    int master, slave;
    int saved_in, saved_out;
    struct termios before;
    struct screen *screen;
    struct buf answers; /* of the screen, to be typed */
    size_t bytes;       /* that the terminal was sent */
    char last[512];     /* the newest of them */
};

static void on_answer(void *data, const char *bytes, size_t n)
{
    buf_append(&((struct stage *)data)->answers, bytes, n);
}

static const struct screen_events events = {.answer = on_answer};

static void environment(const char *term)
{
    setenv("TERM", term, 1);
    setenv("COLORTERM", "truecolor", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    unsetenv("NO_COLOR");
}

static void stage_open(struct stage *g, int rows, int cols)
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
static void stage_enter(struct stage *g)
{
    fflush(stdout);
    g->saved_in = dup(0);
    g->saved_out = dup(1);
    dup2(g->slave, 0);
    dup2(g->slave, 1);
}

static void stage_close(struct stage *g)
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
static bool pump_once(struct stage *g)
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
static void pump(struct stage *g)
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

static void show(struct stage *g, struct term *t, const struct canvas *c)
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
static struct input_event typed(struct stage *g, struct term *t, const char *bytes, size_t n)
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

static struct term *opened(void)
{
    struct term *t = NULL;
    char *why = NULL;

    if (term_open(&t, &why) != ERR_OK)
        fail_msg("%s", why);
    return t;
}

/* As it was before anything was taken. */
static void is_restored(struct stage *g)
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

static void whole_life(void **state)
{
    struct stage g;
    struct canvas *c = canvas_create(12, 50);
    struct screen_modes m;
    (void)state;
    environment("xterm-256color");
    stage_open(&g, 12, 50);
    stage_enter(&g);
    struct term *t = opened();
    struct term_caps caps = good;
    caps.extended = false; /* xterm-256color does not say that it has them */
    int rows, cols;
    term_size(t, &rows, &cols);
    assert_true(rows == 12 && cols == 50);
    assert_true(term_utf8(t));
    assert_int_equal(term_colours(t), TERM_TRUECOLOUR);
    srand(5);
    for (int i = 0; i < 200; i++) {
        scribble(c);
        show(&g, t, c);
        same_picture(g.screen, c, &caps);
        size_t bytes = g.bytes;
        show(&g, t, c); /* nothing differs: nothing is written */
        assert_int_equal(g.bytes, bytes);
        if (i == 50) { /* now its answers come, before a key */
            assert_true(g.answers.len > 0);
            buf_puts(&g.answers, "k");
            struct input_event e = typed(&g, t, g.answers.data, g.answers.len);
            assert_int_equal(e.kind, INPUT_KEY);
            assert_int_equal(e.code, 'k');
            buf_clear(&g.answers);
        }
        if (i == 100)
            term_redraw(t);
        if (i == 150) { /* stopped without a warning, and gone on */
            raise(SIGCONT);
            struct input_event e = typed(&g, t, "", 0);
            assert_int_equal(e.kind, INPUT_RESIZE);
        }
        if (i == 120) {
            screen_resize(g.screen, 7, 33);
            canvas_resize(c, 7, 33);
            struct winsize size = {.ws_row = 7, .ws_col = 33};
            ioctl(g.master, TIOCSWINSZ, &size);
            raise(SIGWINCH); /* this terminal is not our controlling one */
            struct input_event e = typed(&g, t, "", 0);
            assert_int_equal(e.kind, INPUT_RESIZE);
            term_size(t, &rows, &cols);
            assert_true(rows == 7 && cols == 33);
        }
    }
    screen_modes(g.screen, &m);
    assert_true(m.alternate && m.bracketed_paste && m.focus_events && m.mouse_sgr);
    assert_int_equal(m.mouse, MOUSE_DRAG);
    term_mouse(t, false);
    term_title(t, "a title\033]2;evil\007");
    term_notify(t, "a call\007\033]2;worse\007");
    pump(&g);
    assert_non_null(memmem(g.last, sizeof g.last, "\033]9;baton: a call␇␛]2;worse␇\a",
                           sizeof "\033]9;baton: a call␇␛]2;worse␇\a" - 1));
    screen_modes(g.screen, &m);
    assert_int_equal(m.mouse, MOUSE_OFF);
    assert_string_equal(screen_title(g.screen), "a title␛]2;evil␇");
    term_close(t);
    pump(&g);
    screen_resize(g.screen, 12, 50);
    is_restored(&g);
    stage_close(&g);
    canvas_destroy(c);
}

/* The lone Escape is known by time, which a test can set. */
static void escape_by_time(void **state)
{
    struct stage g;
    struct input_event e;
    int wait;
    (void)state;
    environment("xterm-256color");
    stage_open(&g, 5, 20);
    stage_enter(&g);
    struct term *t = opened();
    clock_set_for_test(1000000);
    assert_int_equal(write(g.master, "\033", 1), 1);
    struct pollfd p = {.fd = term_input_fd(t), .events = POLLIN};
    assert_int_equal(poll(&p, 1, 10000), 1);
    assert_int_equal(term_read(t, &e, 1, &wait), 0);
    assert_in_range(wait, 1, 26);
    clock_set_for_test(1000000 + 20000);
    assert_int_equal(term_read(t, &e, 1, &wait), 0);
    assert_in_range(wait, 1, 6);
    clock_set_for_test(1000000 + 25000);
    assert_int_equal(term_read(t, &e, 1, &wait), 1);
    assert_int_equal(e.code, K_ESCAPE);
    assert_int_equal(term_read(t, &e, 1, &wait), 0);
    assert_int_equal(wait, -1);
    e = typed(&g, t, "\033[200~pasted\033[201~", 18);
    assert_int_equal(e.kind, INPUT_PASTE);
    assert_string_equal(e.paste, "pasted");
    free(e.paste);
    e = typed(&g, t, "\033[<0;3;2M", 9);
    assert_true(e.kind == INPUT_MOUSE && e.row == 1 && e.col == 2);
    struct input_event many[4];
    assert_int_equal(write(g.master, "abcdef", 6), 6);
    assert_int_equal(poll(&p, 1, 10000), 1);
    assert_int_equal(term_read(t, many, 4, &wait), 4);
    assert_int_equal(wait, 0); /* there is more */
    assert_int_equal(term_read(t, many, 4, &wait), 2);
    assert_int_equal(many[1].code, 'f');
    term_close(t);
    stage_close(&g);
}

static void slow_terminal(void **state)
{
    struct stage g;
    struct canvas *c = canvas_create(50, 200);
    (void)state;
    environment("xterm-256color");
    stage_open(&g, 50, 200);
    stage_enter(&g);
    struct term *t = opened();
    srand(9);
    for (int i = 0; i < 200; i++) { /* nobody reads: it must neither wait nor hoard */
        for (int row = 0; row < 50; row++)
            for (int col = 0; col < 200; col++)
                canvas_text(c, row, col, 1, random_style(), "x");
        term_show(t, c);
    }
    assert_true(term_busy(t));
    while (term_busy(t)) {
        pump_once(&g);
        term_flush(t);
    }
    assert_in_range(g.bytes, 1, 3 * 50 * 200 * 60);
    show(&g, t, c); /* the newest frame is what comes then */
    struct term_caps caps = good;
    caps.extended = false;
    same_picture(g.screen, c, &caps);
    term_close(t);
    pump(&g);
    is_restored(&g);
    stage_close(&g);
    canvas_destroy(c);
}

static void other_terminals(void **state)
{
    static const struct {
        const char *term, *colorterm, *no_color, *locale;
        enum err e;
        enum term_colours colours;
        bool utf8;
    } cases[] = {
        {"xterm-256color", "", "", "C.UTF-8", ERR_OK, TERM_256, true},
        {"xterm-256color", "24bit", "", "en_US.utf8", ERR_OK, TERM_TRUECOLOUR, true},
        {"xterm-256color", "truecolor", "1", "C", ERR_OK, TERM_NO_COLOUR, false},
        {"linux", "", "", "POSIX", ERR_OK, TERM_16, false},
        {"vt100", "", "", "C", ERR_OK, TERM_NO_COLOUR, false},
        {"screen", "", "", "C", ERR_OK, TERM_16, false},
        {"xterm-of-the-future", "", "", "C", ERR_OK, TERM_16, false},
        {"no-such-terminal", "", "", "C", ERR_OK, TERM_NO_COLOUR, false},
        {"dumb", "", "", "C", ERR_UNSUPPORTED, 0, false},
        {"", "", "", "C", ERR_UNSUPPORTED, 0, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stage g;
        struct term *t = NULL;
        char *why = NULL;
        environment(cases[i].term);
        setenv("COLORTERM", cases[i].colorterm, 1);
        setenv("NO_COLOR", cases[i].no_color, 1);
        setenv("LC_ALL", cases[i].locale, 1);
        stage_open(&g, 6, 30);
        stage_enter(&g);
        enum err e = term_open(&t, &why);
        if (e == ERR_OK) {
            struct canvas *c = canvas_create(6, 30);
            struct term_caps caps = {.colours = term_colours(t), .utf8 = term_utf8(t)};
            canvas_text(c, 1, 2, 20, (struct style){.fg = COLOUR_RGB | 0xff8040}, "x 語 é");
            canvas_text(c, 5, 0, 30, (struct style){.bg = COLOUR_INDEX | 4},
                        "thirty columns to the very end");
            canvas_cursor(c, 5, 29, CURSOR_DEFAULT);
            show(&g, t, c);
            same_picture(g.screen, c, &caps);
            assert_int_equal(term_colours(t), cases[i].colours);
            assert_int_equal(term_utf8(t), cases[i].utf8);
            term_close(t);
            canvas_destroy(c);
        } else {
            assert_non_null(strstr(why, "TERM"));
            free(why);
        }
        stage_close(&g);
        assert_int_equal(e, cases[i].e);
    }
    environment("xterm-256color");
    struct term *t = NULL;
    char *why = NULL;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC), in = dup(0);
    dup2(null, 0);
    assert_int_equal(term_open(&t, &why), ERR_UNSUPPORTED); /* a pipe is no terminal */
    dup2(in, 0);
    close(in);
    close(null);
    free(why);
}

/* --- every way out --- */

static void take_and_draw(struct canvas **ret_canvas, struct term **ret_term)
{
    *ret_canvas = canvas_create(6, 40);
    *ret_term = opened();
    canvas_text(*ret_canvas, 2, 2, 20, (struct style){.fg = COLOUR_INDEX | 1}, "in the middle");
    canvas_cursor(*ret_canvas, 2, 5, CURSOR_BAR);
    term_show(*ret_term, *ret_canvas);
}

/* A child with the terminal as its own dies in the given way; 0 is exit(), -1 an orderly close. */
static void die_by(int number)
{
    struct stage g;
    int status;
    pid_t pid;

    environment("xterm-256color");
    stage_open(&g, 6, 40);
    fflush(NULL);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        static struct canvas *c; /* static: found by a leak checker at exit */
        static struct term *t;
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        setsid();
        ioctl(g.slave, TIOCSCTTY, 0);
        dup2(g.slave, 0);
        dup2(g.slave, 1);
        if (number > 0)
            signal(number, SIG_DFL); /* a sanitizer has its own */
        take_and_draw(&c, &t);
        struct input_event e; /* kitty's keyboard is taken too: that must be undone as well */
        int wait;
        struct pollfd p = {.fd = term_input_fd(t), .events = POLLIN};
        poll(&p, 1, 10000);
        term_read(t, &e, 1, &wait);
        if (number == 0)
            exit(0); /* NOLINT: the handlers of exit are what is tested */
        if (number < 0) {
            term_close(t);
            _exit(0);
        }
        kill(getpid(), number);
        pause();
        _exit(9);
    }
    /* Its questions are answered as soon as they are read. */
    while (waitpid(pid, &status, WNOHANG) == 0) {
        struct pollfd p = {.fd = g.master, .events = POLLIN};
        poll(&p, 1, 10);
        pump_once(&g);
        if (g.answers.len) {
            assert_int_equal(write(g.master, g.answers.data, g.answers.len), g.answers.len);
            buf_clear(&g.answers);
        }
    }
    pump(&g);
    if (number > 0) {
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), number);
    } else {
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    is_restored(&g);
    stage_close(&g);
}

static void every_way_out(void **state)
{
    static const int ways[] = {-1,     0,       SIGSEGV, SIGABRT, SIGBUS, SIGFPE,
                               SIGILL, SIGTERM, SIGHUP,  SIGINT,  SIGQUIT};
    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        die_by(ways[i]);
}

/* What happens in the process that is stopped. */
static void stopped_child(void)
{
    struct canvas *c;
    struct term *t;
    struct input_event e = {0};
    int wait;

    take_and_draw(&c, &t);
    kill(getpid(), SIGTSTP);
    while (e.kind != INPUT_RESIZE) {
        struct pollfd p = {.fd = term_input_fd(t), .events = POLLIN};
        if (term_read(t, &e, 1, &wait) <= 0 && poll(&p, 1, 10000) <= 0)
            _exit(3);
    }
    term_show(t, c);
    struct termios now;
    tcgetattr(0, &now);
    if (now.c_lflag & ICANON)
        _exit(4);
    term_close(t);
    _exit(0);
}

static bool canonical(int fd)
{
    struct termios t;

    return tcgetattr(fd, &t) == 0 && t.c_lflag & ICANON && t.c_lflag & ECHO;
}

/* As a shell does it: the console is a job of its own, in the foreground, is stopped, and goes on.
 */
static void stop_and_go_on(void **state)
{
    struct stage g;
    int status;
    (void)state;
    environment("xterm-256color");
    stage_open(&g, 6, 40);
    fflush(NULL);
    pid_t leader = fork();
    assert_true(leader >= 0);
    if (leader == 0) {
        setsid();
        ioctl(g.slave, TIOCSCTTY, 0);
        dup2(g.slave, 0);
        dup2(g.slave, 1);
        signal(SIGTTOU, SIG_IGN);
        pid_t job = fork();
        if (job == 0) {
            setpgid(0, 0);
            tcsetpgrp(0, getpid());
            signal(SIGTTOU, SIG_DFL);
            stopped_child();
        }
        if (waitpid(job, &status, WUNTRACED) != job || !WIFSTOPPED(status))
            _exit(5);
        if (!canonical(0)) /* it has given the terminal back */
            _exit(6);
        kill(-job, SIGCONT);
        if (waitpid(job, &status, 0) != job || !WIFEXITED(status))
            _exit(7);
        _exit(WEXITSTATUS(status));
    }
    while (waitpid(leader, &status, WNOHANG) == 0) {
        struct pollfd p = {.fd = g.master, .events = POLLIN};
        poll(&p, 1, 10);
        pump_once(&g);
    }
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    pump(&g);
    is_restored(&g);
    stage_close(&g);
}

/* The other end is gone: reading says so, and nothing waits. */
static void terminal_gone(void **state)
{
    struct stage g;
    struct input_event e;
    struct canvas *c;
    struct term *t;
    int wait;
    (void)state;
    environment("xterm-256color");
    stage_open(&g, 6, 40);
    stage_enter(&g);
    take_and_draw(&c, &t);
    close(g.master);
    struct pollfd p = {.fd = term_input_fd(t), .events = POLLIN};
    assert_int_equal(poll(&p, 1, 10000), 1);
    assert_int_equal(term_read(t, &e, 1, &wait), -1);
    canvas_text(c, 0, 0, 9, (struct style){0}, "late");
    term_show(t, c);
    assert_false(term_busy(t));
    term_close(t);
    canvas_destroy(c);
    g.master = dup(g.slave);
    stage_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_differences), cmocka_unit_test(differences_are_small),
        cmocka_unit_test(doubtful_widths),    cmocka_unit_test(whole_life),
        cmocka_unit_test(escape_by_time),     cmocka_unit_test(slow_terminal),
        cmocka_unit_test(other_terminals),    cmocka_unit_test(every_way_out),
        cmocka_unit_test(stop_and_go_on),     cmocka_unit_test(terminal_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
