/* The terminal over a PTY whose other end is a screen of ours: it must show exactly what the canvas
 * shows. Questions and answers, a slow terminal, resizes, and what terminals can't do. Ways of
 * ending are in test_term_ends.c. */
#include "tests/unit/tui/pictures.h"
#include "term_stage.h"

#include <signal.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_life),
        cmocka_unit_test(escape_by_time),
        cmocka_unit_test(slow_terminal),
        cmocka_unit_test(other_terminals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
