/* Key names to bytes: a table of cases. */
#include "core/work/keynames.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void names_give_their_bytes(void **state)
{
    static const struct {
        const char *name, *bytes;
        bool app;
    } cases[] = {
        {"C-c", "\003", false},      {"M-x", "\033x", false},
        {"Up", "\033[A", false},     {"Up", "\033OA", true},
        {"S-Up", "\033[1;2A", true}, {"C-Right", "\033[1;5C", false},
        {"F5", "\033[15~", false},   {"C-F5", "\033[15;5~", false},
        {"Enter", "\r", false},      {"M-Enter", "\033\r", false},
        {"BSpace", "\177", false},   {"Delete", "\033[3~", false},
        {"C-[", "\033", false},      {"C-M-a", "\033\001", false},
        {"enter", "\r", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = {0};
        assert_true(keyname_encode(cases[i].name, cases[i].app, &out));
        assert_string_equal(out.data, cases[i].bytes);
        buf_finish(&out);
    }
}

static void what_is_no_name_is_left_to_be_text(void **state)
{
    static const char *const texts[] = {"a", "hello", "C-", "X-a", "F99", "", "-", "make test"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct buf out = {0};
        assert_false(keyname_encode(texts[i], false, &out));
        assert_int_equal(out.len, 0);
        buf_finish(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_give_their_bytes),
        cmocka_unit_test(what_is_no_name_is_left_to_be_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
