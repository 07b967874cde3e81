/* Copy mode: moving by words and pages, searching, selecting, and what is copied. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/buf.h"
#include "tests/unit/tui/golden.h"
#include "tui/shell/copy.h"

#include <stdlib.h>
#include <string.h>

static struct copy *of(int rows, int cols, const char *text)
{
    const struct screen_options options = {.history = 1000};
    struct screen *s = screen_create(rows, cols, &options, NULL, NULL);
    screen_feed(s, text, strlen(text));
    return copy_create(s);
}

static struct copy *numbers(int lines)
{
    struct buf text = {0};
    for (int i = 1; i <= lines; i++)
        buf_printf(&text, "%sline %d of all", i > 1 ? "\r\n" : "", i);
    struct copy *c = of(10, 40, text.data);
    buf_finish(&text);
    return c;
}

/* Keys by their tmux names, with blanks between. */
static enum copy_result press(struct copy *c, const char *keys)
{
    enum copy_result result = COPY_STAYS;
    char name[32];
    while (*keys) {
        size_t n = strcspn(keys, " ");
        struct input_event event = {.kind = INPUT_KEY};
        snprintf(name, sizeof name, "%.*s", (int)n, keys);
        assert_true(key_parse(name, &event.code, &event.mods));
        result = copy_input(c, &event);
        keys += n;
        while (*keys == ' ')
            keys++;
    }
    return result;
}

static void expect_text(struct copy *c, const char *should)
{
    struct buf text = {0};
    copy_text(c, &text);
    assert_string_equal(text.data ? text.data : "", should);
    buf_finish(&text);
}

static void expect_position(struct copy *c, const char *should)
{
    char text[40];
    copy_position(c, text, sizeof text);
    assert_string_equal(text, should);
}

static void pages(void **state)
{
    struct copy *c = numbers(100);
    (void)state;
    expect_position(c, "[0/90]");
    press(c, "C-b");
    expect_position(c, "[10/90]");
    press(c, "C-u");
    expect_position(c, "[15/90]");
    press(c, "g");
    expect_position(c, "[90/90]");
    press(c, "PageDown C-d G");
    expect_position(c, "[0/90]");
    assert_true(copy_at_end(c));
    press(c, "5 G V");
    expect_text(c, "line 5 of all\n");
    copy_destroy(c);
}

static void words(void **state)
{
    struct copy *c = of(3, 40, "one two-three  four_5\r\n  six");
    (void)state;
    press(c, "g v w");
    expect_text(c, "one t");
    press(c, "Escape 0 v e");
    expect_text(c, "one");
    press(c, "Escape 0 w w v e");
    expect_text(c, "-three"); /* the dash was the end of its word already */
    press(c, "Escape $ b v e");
    expect_text(c, "four_5");
    press(c, "Escape 0 3 w v e");
    expect_text(c, "three");
    press(c, "Escape j ^ v $");
    expect_text(c, "six");
    copy_destroy(c);
}

static void selections(void **state)
{
    struct copy *c = of(4, 20, "abcdef\r\nghijkl\r\nmnopqr");
    (void)state;
    press(c, "g l v j l");
    expect_text(c, "bcdef\nghi");
    press(c, "V");
    expect_text(c, "abcdef\nghijkl\n");
    press(c, "C-v");
    expect_text(c, "bc\nhi");
    press(c, "o");
    expect_text(c, "bc\nhi");
    assert_int_equal(press(c, "y"), COPY_TAKES);
    assert_int_equal(press(c, "Escape"), COPY_STAYS); /* drops the selection first */
    assert_int_equal(press(c, "Escape"), COPY_LEAVES);
    assert_int_equal(press(c, "y"), COPY_LEAVES);
    copy_destroy(c);
}

static void wrapped_lines_are_one(void **state)
{
    struct copy *c = of(4, 10, "0123456789abcdef\r\nnext");
    (void)state;
    press(c, "g v j $");
    expect_text(c, "0123456789abcdef");
    press(c, "Escape");
    assert_true(copy_search(c, "89ab", false));
    press(c, "v l l l");
    copy_destroy(c);
}

static void searches(void **state)
{
    struct copy *c = numbers(100);
    (void)state;
    assert_true(copy_search(c, "line 42", true));
    press(c, "V");
    expect_text(c, "line 42 of all\n");
    press(c, "Escape");
    assert_false(copy_search(c, "line 4242", false));
    assert_true(copy_search(c, "LINE 5", false) == false); /* a capital means it */
    assert_true(copy_search(c, "line 5", false));
    press(c, "V");
    expect_text(c, "line 50 of all\n");
    press(c, "Escape n n V");
    expect_text(c, "line 52 of all\n");
    press(c, "Escape N V");
    expect_text(c, "line 51 of all\n");
    copy_destroy(c);

    c = of(3, 30, "Ein GR\xc3\x9cNER Baum");
    assert_true(copy_search(c, "gr\xc3\xbcner", true));
    press(c, "v e");
    expect_text(c, "GR\xc3\x9cNER");
    copy_destroy(c);
}

static void a_search_is_typed(void **state)
{
    struct copy *c = numbers(100);
    (void)state;
    press(c, "? l i n e Space 7 Enter V");
    expect_text(c, "line 79 of all\n");
    press(c, "Escape n V");
    expect_text(c, "line 78 of all\n");
    press(c, "Escape / n o p e Escape");
    press(c, "V");
    expect_text(c, "line 78 of all\n");
    copy_destroy(c);
}

static void wide_characters_are_whole(void **state)
{
    struct copy *c = of(2, 20, "a\xe6\xbc\xa2\xe5\xad\x97z");
    (void)state;
    press(c, "g v $");
    expect_text(c, "a\xe6\xbc\xa2\xe5\xad\x97z");
    copy_destroy(c);
}

static void the_mouse_selects(void **state)
{
    struct copy *c = of(4, 20, "abcdef\r\nghijkl");
    struct input_event e = {.kind = INPUT_MOUSE, .mouse = MOUSE_PRESS, .button = 1, .col = 1};
    (void)state;
    assert_int_equal(copy_mouse(c, &e), COPY_STAYS);
    e.mouse = MOUSE_MOTION;
    e.row = 1;
    e.col = 2;
    assert_int_equal(copy_mouse(c, &e), COPY_STAYS);
    expect_text(c, "bcdef\nghi");
    e.mouse = MOUSE_RELEASE;
    assert_int_equal(copy_mouse(c, &e), COPY_TAKES);
    copy_destroy(c);
}

static void drawing(void **state)
{
    struct copy *c = numbers(100);
    struct canvas *canvas = canvas_create(10, 40);
    struct theme *theme = NULL;
    char *why = NULL;
    int row, col;
    enum cursor_shape shape;
    (void)state;
    assert_int_equal(theme_load(NULL, &theme, &why), ERR_OK);
    theme_fit(theme, TERM_256, true);
    copy_search(c, "line 30", true);
    copy_draw(c, canvas, (struct rect){0, 0, 10, 40}, theme);
    golden_check(canvas, "copy_40x10");
    canvas_get_cursor(canvas, &row, &col, &shape);
    assert_int_equal(canvas_at(canvas, row, 0)->style.bg, theme_style(theme, ROLE_SEARCH).bg);
    /* Whatever the size: nothing is drawn outside. */
    for (int rows = 1; rows < 14; rows++)
        for (int cols = 1; cols < 44; cols += 3)
            copy_draw(c, canvas, (struct rect){0, 0, rows, cols}, theme);
    theme_destroy(theme);
    canvas_destroy(canvas);
    copy_destroy(c);
}

/* Any keys in any order: the cursor stays on a cell, and nothing breaks. */
static void random_keys(void **state)
{
    static const char *const keys[] = {
        "h",   "j",   "k",   "l",   "w",   "b",   "e", "0", "$",      "^",      "g",   "G",
        "H",   "M",   "L",   "{",   "}",   "v",   "V", "o", "n",      "N",      "C-u", "C-d",
        "C-b", "C-f", "C-v", "C-n", "M-b", "M-<", "1", "9", "Escape", "PageUp", "J",   "K"};
    struct copy *c = of(7, 13,
                        "some words, and a long line that wraps around a few times\r\n\r\n"
                        "\xe6\xbc\xa2 x\r\n\r\n\r\nfoo_bar(baz)\r\nend");
    unsigned seed = 7;
    struct buf text = {0};
    (void)state;
    copy_search(c, "a", false);
    for (int i = 0; i < 20000; i++) {
        seed = seed * 1103515245u + 12345u;
        press(c, keys[(seed >> 16) % (sizeof keys / sizeof keys[0])]);
        if (i % 100 == 0)
            copy_size(c, (int)(seed >> 8) % 20, (int)(seed >> 4) % 30);
        buf_clear(&text);
        copy_text(c, &text);
    }
    buf_finish(&text);
    copy_destroy(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages),
        cmocka_unit_test(words),
        cmocka_unit_test(selections),
        cmocka_unit_test(wrapped_lines_are_one),
        cmocka_unit_test(searches),
        cmocka_unit_test(a_search_is_typed),
        cmocka_unit_test(wide_characters_are_whole),
        cmocka_unit_test(the_mouse_selects),
        cmocka_unit_test(drawing),
        cmocka_unit_test(random_keys),
    };
    return cmocka_run_group_tests_name("copy", tests, NULL, NULL);
}
