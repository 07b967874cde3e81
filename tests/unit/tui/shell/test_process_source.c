/* What a process writes, as a screen wants it: any split into pieces gives the same bytes. */
#include "tui/shell/process_source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void line_ends_are_a_terminals(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"a\nb\n", "a\r\nb\r\n"}, {"a\r\nb", "a\r\nb"},
        {"\n\n", "\r\n\r\n"},     {"50%\r100%\n", "50%\r100%\r\n"},
        {"\r\n\n", "\r\n\r\n"},   {"\x1b[31mred\n", "\x1b[31mred\r\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const size_t n = strlen(cases[i].in);
        for (size_t cut = 0; cut <= n; cut++) {
            struct buf out = {0};
            bool cr = false;
            process_text(&out, cases[i].in, cut, &cr);
            process_text(&out, cases[i].in + cut, n - cut, &cr);
            assert_int_equal(out.len, strlen(cases[i].out));
            assert_memory_equal(out.data, cases[i].out, out.len);
            buf_finish(&out);
        }
    }
}

static void zeros_are_bytes_too(void **state)
{
    struct buf out = {0};
    bool cr = false;
    (void)state;
    process_text(&out, "a\0\n", 3, &cr);
    assert_int_equal(out.len, 4);
    assert_memory_equal(out.data, "a\0\r\n", 4);
    buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_ends_are_a_terminals),
        cmocka_unit_test(zeros_are_bytes_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
