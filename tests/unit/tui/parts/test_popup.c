/* A popup's lines: a text that its box is too narrow for says so by its last sign. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/buf.h"
#include "tui/parts/popup.h"

#include <stdlib.h>
#include <string.h>

static void draw(bool utf8, int cols, const char *text, struct buf *out)
{
    struct canvas *canvas = canvas_create(5, cols);
    struct popup *popup = popup_create("t", false);
    struct theme *theme = NULL;
    char *why = NULL;

    assert_int_equal(theme_load("dark", &theme, &why), ERR_OK);
    theme_fit(theme, TERM_NO_COLOUR, utf8);
    popup_add(popup, ROLE_TEXT, "key", text, NULL);
    popup_draw(popup, canvas, (struct rect){0, 0, 5, cols}, theme);
    buf_clear(out);
    canvas_print(canvas, false, out);
    theme_destroy(theme);
    popup_destroy(popup);
    canvas_destroy(canvas);
}

static void what_is_cut_is_marked(void **state)
{
    struct buf out = {0};
    (void)state;
    draw(true, 40, "what fits in there", &out);
    assert_non_null(strstr(out.data, "key  what fits in there "));
    draw(true, 20, "0123456789abcdef", &out); /* ╭ two blanks, key, two blanks: eleven are left */
    assert_non_null(strstr(out.data, "key  0123456789… "));
    assert_null(strstr(out.data, "abc"));
    draw(true, 20, "0123456789a", &out);
    assert_non_null(strstr(out.data, "key  0123456789a "));
    draw(false, 20, "0123456789abcdef", &out);
    assert_non_null(strstr(out.data, "key  0123456789~ "));
    draw(true, 20, "012345678日本", &out); /* half of a wide one is not shown */
    assert_non_null(strstr(out.data, "key  012345678"));
    assert_null(strstr(out.data, "本"));
    draw(true, 7, "0123456789", &out);
    buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_cut_is_marked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
