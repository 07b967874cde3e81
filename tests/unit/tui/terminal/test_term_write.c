/* What a terminal is sent for the difference of two pictures (term_write.h): it is fed into a
 * screen of ours, which must then show exactly what the canvas shows, for random pictures and for
 * terminals that can do more or less. */
#include "tests/unit/tui/pictures.h"

#include "core/base/buf.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_differences),
        cmocka_unit_test(differences_are_small),
        cmocka_unit_test(doubtful_widths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
