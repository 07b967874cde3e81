/* The canvas: clipping, wide cells cut in half, texts that are not safe, and what always holds,
 * whatever is drawn over what. */
#include "tui/terminal/canvas.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void shows(struct canvas *c, const char *picture)
{
    struct buf out = {0};

    canvas_print(c, false, &out);
    assert_string_equal(out.data, picture);
    buf_finish(&out);
}

static void prints_ansi(struct canvas *c, const char *picture)
{
    struct buf out = {0};

    canvas_print(c, true, &out);
    assert_string_equal(out.data, picture);
    buf_finish(&out);
}

/* What the header of canvas.c says always holds. */
static void sound(struct canvas *c)
{
    for (int row = 0; row < canvas_rows(c); row++) {
        for (int col = 0; col < canvas_cols(c); col++) {
            const struct screen_cell *cell = canvas_at(c, row, col);
            struct screen_cell clean;
            assert_true(cell->width <= 2);
            if (cell->width == 2)
                assert_int_equal(canvas_at(c, row, col + 1)->width, 0);
            if (cell->width == 0) {
                assert_true(col > 0);
                assert_int_equal(cell[-1].width, 2);
                assert_memory_equal(&cell[-1].style, &cell->style, sizeof cell->style);
                assert_string_equal(cell->text, "");
            }
            assert_true(col + 1 < canvas_cols(c) || cell->width < 2);
            memset(&clean, 0, sizeof clean);
            memcpy(clean.text, cell->text, strnlen(cell->text, sizeof cell->text - 1));
            clean.width = cell->width;
            clean.style = cell->style;
            assert_memory_equal(&clean, cell, sizeof clean);
            for (const unsigned char *p = (const unsigned char *)cell->text; *p; p++)
                assert_true(*p > 0x20 && *p != 0x7f);
        }
    }
}

static void text_is_cut(void **state)
{
    struct canvas *c = canvas_create(2, 8);
    (void)state;
    assert_int_equal(canvas_text(c, 0, 1, 5, (struct style){0}, "hello world"), 5);
    shows(c, " hello\n\n");
    assert_int_equal(canvas_text(c, 1, 6, 9, (struct style){0}, "abc"), 3);
    shows(c, " hello\n      ab\n");
    assert_int_equal(canvas_text(c, 1, -2, 9, (struct style){0}, "xyz"), 3);
    shows(c, " hello\nz     ab\n");
    assert_int_equal(canvas_text(c, 7, 0, 9, (struct style){0}, "off"), 3);
    assert_int_equal(canvas_text(c, 0, 0, 0, (struct style){0}, "off"), 0);
    assert_int_equal(canvas_text(c, 0, 0, 8, (struct style){0}, ""), 0);
    shows(c, " hello\nz     ab\n");
    assert_int_equal(canvas_text_cut(c, 0, 1, 5, (struct style){0}, "abcdef", "~"), 5);
    assert_int_equal(canvas_text_cut(c, 1, 0, 6, (struct style){0}, "abcdef", "~"), 6);
    assert_int_equal(canvas_text_cut(c, 1, 6, 0, (struct style){0}, "abc", "~"), 0);
    shows(c, " abcd~\nabcdefab\n");
    canvas_destroy(c);
}

static void wide_text(void **state)
{
    struct canvas *c = canvas_create(1, 6);
    (void)state;
    assert_int_equal(canvas_text(c, 0, 0, 5, (struct style){0}, "日本語"), 4);
    shows(c, "日本\n");
    canvas_text(c, 0, 1, 1, (struct style){0}, "x"); /* the half that is left is a blank */
    shows(c, " x本\n");
    canvas_text(c, 0, 2, 1, (struct style){0}, "y");
    shows(c, " xy\n");
    canvas_text(c, 0, 5, 2, (struct style){0}, "語"); /* half outside */
    shows(c, " xy\n");
    canvas_text(c, 0, -1, 4, (struct style){0}, "語z");
    shows(c, " zy\n");
    sound(c);
    canvas_destroy(c);
}

static void marks_belong_to_their_letter(void **state)
{
    struct canvas *c = canvas_create(1, 8);
    (void)state;
    assert_int_equal(canvas_text(c, 0, 0, 8, (struct style){0}, "e\u0301x\u2764\ufe0f"), 3);
    assert_string_equal(canvas_at(c, 0, 0)->text, "e\u0301");
    assert_string_equal(canvas_at(c, 0, 1)->text, "x");
    assert_string_equal(canvas_at(c, 0, 2)->text, "\u2764\ufe0f");
    /* A heap of marks is cut at what a cell holds; a mark alone is not drawn. */
    char heap[2 + 2 * 100];
    strcpy(heap, "o");
    for (int i = 0; i < 100; i++)
        memcpy(heap + 1 + i * 2, "\u0308", 3);
    assert_int_equal(canvas_text(c, 0, 0, 8, (struct style){0}, heap), 1);
    assert_true(strlen(canvas_at(c, 0, 0)->text) > 20);
    assert_int_equal(canvas_text(c, 0, 0, 8, (struct style){0}, "\u0308"), 0);
    sound(c);
    canvas_destroy(c);
}

static void clip_holds(void **state)
{
    struct canvas *c = canvas_create(3, 6);
    (void)state;
    canvas_clip(c, (struct rect){1, 1, 1, 3});
    for (int row = -1; row < 4; row++)
        canvas_text(c, row, -1, 20, (struct style){0}, "abcdefghi");
    shows(c, "\n cde\n\n");
    canvas_fill(c, (struct rect){-5, -5, 100, 100}, (struct style){0});
    shows(c, "\n\n\n");
    canvas_text(c, 1, 0, 20, (struct style){0}, "語語語");
    shows(c, "\n  語\n\n");
    canvas_clip(c, (struct rect){0, 0, 0, 5});
    canvas_text(c, 0, 0, 5, (struct style){0}, "no");
    canvas_clip(c, (struct rect){2147483647, 2147483647, 2147483647, 2147483647});
    canvas_text(c, 0, 0, 5, (struct style){0}, "no");
    shows(c, "\n  語\n\n");
    canvas_unclip(c);
    canvas_text(c, 0, 0, 5, (struct style){0}, "yes");
    shows(c, "yes\n  語\n\n");
    sound(c);
    canvas_destroy(c);
}

static void what_is_unsafe_stays_out(void **state)
{
    struct canvas *c = canvas_create(1, 8);
    struct screen_cell cell = {.text = "\033", .width = 1};
    (void)state;
    canvas_text(c, 0, 0, 8, (struct style){0},
                "a\033[31mb\x7f\xc2\x9b"
                "c");
    shows(c, "a[31mbc\n");
    canvas_cell(c, 0, 0, &cell);
    assert_string_equal(canvas_at(c, 0, 0)->text, "?");
    strcpy(cell.text, "\xc2\x9b");
    canvas_cell(c, 0, 1, &cell);
    assert_string_equal(canvas_at(c, 0, 1)->text, "?");
    strcpy(cell.text, "\xff");
    canvas_cell(c, 0, 2, &cell);
    assert_string_equal(canvas_at(c, 0, 2)->text, "?");
    memset(cell.text, 'x', sizeof cell.text);
    canvas_cell(c, 0, 3, &cell);
    assert_string_equal(canvas_at(c, 0, 3)->text, "?");
    sound(c);
    canvas_destroy(c);
}

static void cells_of_screens(void **state)
{
    struct canvas *c = canvas_create(1, 4);
    struct screen_cell wide = {.text = "語", .width = 2}, right = {.width = 0};
    (void)state;
    wide.style.link = 7;
    canvas_cell(c, 0, 0, &wide);
    canvas_cell(c, 0, 1, &right); /* drawn cell by cell, the wide one stays whole */
    shows(c, "語\n");
    assert_int_equal(canvas_at(c, 0, 0)->style.link, 0);
    canvas_cell(c, 0, 3, &wide);
    assert_int_equal(canvas_at(c, 0, 3)->width, 1);
    canvas_cell(c, 0, 3, &right);
    shows(c, "語\n");
    assert_int_equal(canvas_at(c, 0, 9)->width, 1); /* outside: a blank */
    assert_int_equal(canvas_at(c, -1, 0)->width, 1);
    sound(c);
    canvas_destroy(c);
}

static void styles_print(void **state)
{
    struct canvas *c = canvas_create(2, 10);
    struct style red = {.fg = COLOUR_INDEX | 1, .attrs = ATTR_BOLD};
    struct style ground = {.bg = COLOUR_RGB | 0x102030};
    (void)state;
    canvas_text(c, 0, 0, 3, red, "abc");
    canvas_text(c, 0, 3, 3, (struct style){.fg = COLOUR_INDEX | 1}, "def");
    canvas_fill(c, (struct rect){1, 0, 1, 2}, ground);
    prints_ansi(c, "\033[1;31mabc\033[22mdef\033[m\n\033[48;2;16;32;48m  \033[m\n");
    canvas_restyle(c, (struct rect){0, 1, 1, 2}, &ground, ATTR_REVERSE);
    prints_ansi(c, "\033[1;31ma\033[7;48;2;16;32;48mbc\033[;31mdef\033[m\n"
                   "\033[48;2;16;32;48m  \033[m\n");
    canvas_restyle(c, (struct rect){0, 1, 1, 2}, NULL, ATTR_REVERSE);
    prints_ansi(c, "\033[1;31ma\033[48;2;16;32;48mbc\033[;31mdef\033[m\n"
                   "\033[48;2;16;32;48m  \033[m\n");
    canvas_destroy(c);
}

static void cursor(void **state)
{
    struct canvas *c = canvas_create(2, 2);
    enum cursor_shape shape;
    int row, col;
    (void)state;
    canvas_get_cursor(c, &row, &col, &shape);
    assert_int_equal(row, -1);
    canvas_cursor(c, 1, 1, CURSOR_BAR);
    canvas_get_cursor(c, &row, &col, &shape);
    assert_true(row == 1 && col == 1 && shape == CURSOR_BAR);
    canvas_cursor(c, 1, 2, CURSOR_BAR); /* outside: hidden */
    canvas_get_cursor(c, &row, &col, &shape);
    assert_true(row == -1 && shape == CURSOR_DEFAULT);
    canvas_destroy(c);
    canvas_destroy(NULL);
}

static void sizes_are_clamped(void **state)
{
    struct canvas *c = canvas_create(0, -3);
    (void)state;
    assert_int_equal(canvas_rows(c), 1);
    assert_int_equal(canvas_cols(c), 1);
    canvas_text(c, 0, 0, 1, (struct style){0}, "語");
    canvas_text(c, 0, 0, 1, (struct style){0}, "x");
    shows(c, "x\n");
    canvas_resize(c, 1000000, 1000000);
    assert_int_equal(canvas_rows(c), SCREEN_MAX_ROWS);
    assert_int_equal(canvas_cols(c), SCREEN_MAX_COLS);
    canvas_destroy(c);
}

static void whatever_is_drawn(void **state)
{
    static const char *const texts[] = {"語", "a", "日本語 text", "e\u0301", "\u0301", "👩\u200d👧",
                                        " ",  "",  "\033x",       "…"};
    struct canvas *c = canvas_create(4, 11);
    (void)state;
    srand(7);
    for (int i = 0; i < 20000; i++) {
        struct rect r = {rand() % 7 - 2, rand() % 15 - 2, rand() % 5, rand() % 9};
        struct style style = {.fg = COLOUR_INDEX | (unsigned)(rand() % 3)};
        struct screen_cell cell = {.width = (uint8_t)(rand() % 4), .style = style};
        strcpy(cell.text, texts[rand() % 2]);
        switch (rand() % 6) {
        case 0: canvas_clip(c, r); break;
        case 1: canvas_unclip(c); break;
        case 2: canvas_fill(c, r, style); break;
        case 3: canvas_cell(c, r.row, r.col, &cell); break;
        case 4: canvas_restyle(c, r, &style, ATTR_REVERSE); break;
        default: canvas_text(c, r.row, r.col, r.cols, style, texts[rand() % 10]);
        }
        if (i % 16 == 0)
            sound(c);
    }
    canvas_destroy(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_cut),
        cmocka_unit_test(wide_text),
        cmocka_unit_test(marks_belong_to_their_letter),
        cmocka_unit_test(clip_holds),
        cmocka_unit_test(what_is_unsafe_stays_out),
        cmocka_unit_test(cells_of_screens),
        cmocka_unit_test(styles_print),
        cmocka_unit_test(cursor),
        cmocka_unit_test(sizes_are_clamped),
        cmocka_unit_test(whatever_is_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
