/* The line editor: characters of any length, words, history, pastes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tui/parts/line.h"

#include <stdlib.h>
#include <string.h>

static enum line_result press(struct line *l, uint32_t code, unsigned mods)
{
    const struct input_event event = {.kind = INPUT_KEY, .code = code, .mods = mods};
    return line_input(l, &event);
}

static void type(struct line *l, const char *text)
{
    for (; *text; text++)
        assert_int_equal(press(l, (unsigned char)*text, 0), LINE_GOES_ON);
}

static void editing(void **state)
{
    struct line l;
    (void)state;
    line_start(&l, NULL, "");
    type(&l, "split h");
    press(&l, K_LEFT, 0);
    type(&l, "-");
    assert_string_equal(l.text, "split -h");
    press(&l, 'a', MOD_CTRL);
    press(&l, 'f', MOD_ALT);
    press(&l, 'k', MOD_CTRL);
    assert_string_equal(l.text, "split");
    press(&l, 'w', MOD_CTRL);
    assert_string_equal(l.text, "");
    assert_int_equal(press(&l, K_BACKSPACE, 0), LINE_LEFT);
}

static void characters_are_whole(void **state)
{
    struct line l;
    (void)state;
    line_start(&l, NULL, "a");
    press(&l, 0x6f22, 0);
    press(&l, 0xfc, 0);
    assert_string_equal(l.text, "a\xe6\xbc\xa2\xc3\xbc");
    press(&l, K_LEFT, 0);
    press(&l, K_BACKSPACE, 0);
    assert_string_equal(l.text, "a\xc3\xbc");
    press(&l, K_DELETE, 0);
    assert_string_equal(l.text, "a");
    press(&l, 7, 0); /* no control gets in */
    assert_string_equal(l.text, "a");
}

static void pastes_are_one_line(void **state)
{
    struct line l;
    char text[] = "one\ntwo\x1b[31m";
    const struct input_event event = {
        .kind = INPUT_PASTE, .paste = text, .paste_n = sizeof text - 1};
    (void)state;
    line_start(&l, NULL, "");
    assert_int_equal(line_input(&l, &event), LINE_GOES_ON);
    assert_string_equal(l.text, "one two[31m");
}

static void it_is_bounded(void **state)
{
    struct line l;
    (void)state;
    line_start(&l, NULL, "");
    for (int i = 0; i < 3 * LINE_MAX_BYTES; i++)
        press(&l, 0x20ac, 0);
    assert_true(l.length < LINE_MAX_BYTES);
    assert_int_equal(l.length % 3, 0);
}

static void the_past_comes_back(void **state)
{
    struct line_history h = {.count = 0};
    struct line l;
    (void)state;
    line_remember(&h, "first");
    line_remember(&h, "second");
    line_remember(&h, "second");
    line_remember(&h, "");
    assert_int_equal(h.count, 2);
    line_start(&l, &h, "");
    type(&l, "new");
    press(&l, K_UP, 0);
    assert_string_equal(l.text, "second");
    press(&l, 'p', MOD_CTRL);
    press(&l, K_UP, 0);
    assert_string_equal(l.text, "first");
    press(&l, K_DOWN, 0);
    press(&l, K_DOWN, 0);
    press(&l, K_DOWN, 0);
    assert_string_equal(l.text, "new");
    for (int i = 0; i < 2 * HISTORY_MAX; i++)
        line_remember(&h, i % 2 ? "a" : "b");
    assert_int_equal(h.count, HISTORY_MAX);
    line_forget(&h);
}

static void the_cursor_stays_in_sight(void **state)
{
    struct canvas *c = canvas_create(1, 10);
    struct style style = {0};
    struct line l;
    (void)state;
    line_start(&l, NULL, "a long line that does not fit");
    assert_int_equal(line_draw(&l, c, 0, 0, 10, style), 9);
    press(&l, K_HOME, 0);
    assert_int_equal(line_draw(&l, c, 0, 0, 10, style), 0);
    canvas_destroy(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(editing),
        cmocka_unit_test(characters_are_whole),
        cmocka_unit_test(pastes_are_one_line),
        cmocka_unit_test(it_is_bounded),
        cmocka_unit_test(the_past_comes_back),
        cmocka_unit_test(the_cursor_stays_in_sight),
    };
    return cmocka_run_group_tests_name("line", tests, NULL, NULL);
}
