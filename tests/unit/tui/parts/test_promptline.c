/* The prompt line: several lines, wrapped; up and down in it and in its history; pastes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tui/parts/promptline.h"

#include <stdio.h>

#include <stdlib.h>
#include <string.h>

static enum prompt_result key(struct promptline *p, uint32_t code, unsigned mods)
{
    struct input_event event = {.kind = INPUT_KEY, .code = code, .mods = mods};
    return promptline_input(p, &event);
}

static void type(struct promptline *p, const char *text)
{
    for (; *text; text++)
        assert_int_equal(key(p, (unsigned char)*text, 0), PROMPT_GOES_ON);
}

static enum prompt_result paste(struct promptline *p, const char *text, size_t n)
{
    struct input_event event = {
        .kind = INPUT_PASTE, .paste = (char *)(uintptr_t)text, .paste_n = n};
    return promptline_input(p, &event);
}

static void enter_sends_and_alt_enter_breaks(void **state)
{
    struct promptline p;
    (void)state;
    promptline_init(&p);
    assert_true(promptline_empty(&p));
    type(&p, "one");
    assert_int_equal(key(&p, K_ENTER, MOD_ALT), PROMPT_GOES_ON);
    type(&p, "two");
    assert_int_equal(key(&p, 'j', MOD_CTRL), PROMPT_GOES_ON);
    type(&p, "three");
    assert_string_equal(promptline_text(&p), "one\ntwo\nthree");
    assert_int_equal(promptline_rows(&p, 80), 3);
    assert_int_equal(key(&p, K_ENTER, 0), PROMPT_SENDS);
    assert_string_equal(promptline_text(&p), "one\ntwo\nthree"); /* the owner takes it */
    assert_int_equal(key(&p, 'c', MOD_CTRL), PROMPT_INTERRUPTS);
    assert_int_equal(key(&p, K_ESCAPE, 0), PROMPT_LEAVES);
    assert_int_equal(key(&p, K_PAGE_UP, 0), PROMPT_NOT_MINE);
    key(&p, 'u', MOD_CTRL);
    assert_string_equal(promptline_text(&p), "one\ntwo\n");
    key(&p, K_BACKSPACE, 0);
    key(&p, 'w', MOD_CTRL);
    assert_string_equal(promptline_text(&p), "one\n");
    key(&p, K_UP, 0);
    key(&p, 'k', MOD_CTRL);
    key(&p, 'k', MOD_CTRL);
    assert_string_equal(promptline_text(&p), "");
    promptline_finish(&p);
}

static void up_and_down_keep_the_column(void **state)
{
    struct promptline p;
    (void)state;
    promptline_init(&p);
    promptline_set(&p, "a long line\nb\nanother one");
    key(&p, K_UP, 0);
    key(&p, K_UP, 0);
    type(&p, "X");
    assert_string_equal(promptline_text(&p), "a long lineX\nb\nanother one");
    key(&p, K_DOWN, 0);
    key(&p, K_DOWN, 0);
    type(&p, "Y");
    assert_string_equal(promptline_text(&p), "a long lineX\nb\nanother oneY");
    key(&p, K_HOME, 0);
    type(&p, ">");
    assert_string_equal(promptline_text(&p), "a long lineX\nb\n>another oneY");
    promptline_finish(&p);
}

/* A wrapped row is a row for the arrows too; every offset is somewhere, and comes back. */
static void long_lines_are_wrapped(void **state)
{
    struct promptline p;
    struct canvas *c = canvas_create(4, 11);
    struct buf text = {0};
    int row, col;
    enum cursor_shape shape;
    (void)state;
    promptline_init(&p);
    promptline_set(&p, "aaa bbb cccc ddd eee abcdefghijklmnop");
    assert_int_equal(promptline_rows(&p, 11), 5);
    promptline_draw(&p, c, (struct rect){0, 0, 4, 11}, (struct style){0}, true);
    canvas_print(c, false, &text);
    assert_string_equal(text.data, "cccc ddd\neee\nabcdefghij\nklmnop\n");
    canvas_get_cursor(c, &row, &col, &shape);
    assert_int_equal(row, 3);
    assert_int_equal(col, 6);
    key(&p, K_UP, 0);
    key(&p, K_UP, 0);
    type(&p, "!");
    assert_string_equal(promptline_text(&p), "aaa bbb cccc ddd eee! abcdefghijklmnop");
    promptline_press(&p, 0, 5);
    type(&p, "d");
    assert_string_equal(promptline_text(&p), "aaa bbb cccc dddd eee! abcdefghijklmnop");
    buf_finish(&text);
    canvas_destroy(c);
    promptline_finish(&p);
}

static void history(void **state)
{
    struct promptline p;
    (void)state;
    promptline_init(&p);
    promptline_remember(&p, "first");
    promptline_remember(&p, "second\nof two lines");
    type(&p, "draft");
    key(&p, K_UP, 0);
    assert_string_equal(promptline_text(&p), "second\nof two lines");
    key(&p, K_UP, 0); /* within it */
    assert_string_equal(promptline_text(&p), "second\nof two lines");
    key(&p, K_UP, 0);
    assert_string_equal(promptline_text(&p), "first");
    key(&p, K_UP, 0);
    assert_string_equal(promptline_text(&p), "first");
    promptline_remember(&p, "third"); /* while one looks back */
    key(&p, K_DOWN, 0);
    key(&p, K_DOWN, 0);
    assert_string_equal(promptline_text(&p), "third");
    key(&p, K_DOWN, 0);
    assert_string_equal(promptline_text(&p), "draft");
    for (int i = 0; i < HISTORY_MAX + 10; i++) {
        char line[20];
        snprintf(line, sizeof line, "line %d", i);
        promptline_remember(&p, line);
    }
    assert_int_equal(p.history.count, HISTORY_MAX);
    promptline_finish(&p);
}

static void pastes_are_kept_as_lines_and_never_sent(void **state)
{
    static const char text[] = "one\r\ntwo\rthree\n\tfour\033[31m\007\0five";
    struct promptline p;
    char *large = malloc(PROMPTLINE_MAX + 10);
    (void)state;
    promptline_init(&p);
    assert_int_equal(paste(&p, text, sizeof text - 1), PROMPT_GOES_ON);
    assert_string_equal(promptline_text(&p), "one\ntwo\nthree\n\tfour[31mfive");
    assert_int_equal(promptline_rows(&p, 80), 4);
    promptline_set(&p, "");
    assert_non_null(large);
    for (size_t i = 0; i < PROMPTLINE_MAX + 10; i += 2)
        memcpy(large + i, "\xc3\xa4", 2);
    type(&p, "x");
    assert_int_equal(paste(&p, large, PROMPTLINE_MAX + 10), PROMPT_FULL);
    assert_true(p.text.len <= PROMPTLINE_MAX && p.text.len > PROMPTLINE_MAX - 4);
    assert_int_equal((p.text.len - 1) % 2, 0); /* whole characters */
    free(large);
    promptline_finish(&p);
}

/* Whatever is pressed: the cursor is within the text and before a whole character, and it draws. */
static void anything(void **state)
{
    static const uint32_t codes[] = {'a',     ' ',     0x6f22, 0x301, K_UP,        K_DOWN,
                                     K_LEFT,  K_RIGHT, K_HOME, K_END, K_BACKSPACE, K_DELETE,
                                     K_ENTER, '\t',    0x202e, 'w',   'k',         'p',
                                     'n',     'b',     'f'};
    struct promptline p;
    struct canvas *c = canvas_create(3, 9);
    unsigned seed = 7;
    (void)state;
    promptline_init(&p);
    promptline_remember(&p, "an old one\nof two lines");
    for (int i = 0; i < 20000; i++) {
        seed = seed * 1103515245u + 12345u;
        uint32_t code = codes[(seed >> 16) % (sizeof codes / sizeof codes[0])];
        unsigned mods = (seed >> 8) % 4 == 0   ? (unsigned)MOD_ALT
                        : (seed >> 8) % 4 == 1 ? MOD_CTRL
                                               : 0;
        key(&p, code, mods);
        promptline_draw(&p, c, (struct rect){0, 0, 1 + i % 3, 1 + (i / 7) % 9}, (struct style){0},
                        true);
        assert_true(p.cursor <= p.text.len);
        assert_true(((unsigned char)p.text.data[p.cursor] & 0xc0) != 0x80);
        assert_int_equal(strlen(p.text.data), p.text.len);
        if (p.text.len > 300)
            promptline_set(&p, "");
    }
    canvas_destroy(c);
    promptline_finish(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(enter_sends_and_alt_enter_breaks),
        cmocka_unit_test(up_and_down_keep_the_column),
        cmocka_unit_test(long_lines_are_wrapped),
        cmocka_unit_test(history),
        cmocka_unit_test(pastes_are_kept_as_lines_and_never_sent),
        cmocka_unit_test(anything),
    };
    return cmocka_run_group_tests_name("promptline", tests, NULL, NULL);
}
