/* Spans of time as people type them. */
#include "core/base/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static void spans(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"45", 45000},
        {"90s", 90000},
        {"30m", 1800000},
        {"2h", 7200000},
        {"7d", 604800000},
        {"1", 1000},
        {"007s", 7000},
        {"3650d", DURATION_MAX_MS},
        {"87600h", DURATION_MAX_MS},
        {"5256000m", DURATION_MAX_MS},
        {"315360000s", DURATION_MAX_MS},
        {"315360000", DURATION_MAX_MS},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t ms = -1;
        assert_int_equal(duration_parse(cases[i].text, &ms), ERR_OK);
        assert_int_equal(ms, cases[i].ms);
    }
}

static void what_is_none(void **state)
{
    static const char *const cases[] = {
        "",
        "s",
        "d7",
        "0",
        "0s",
        "000d",
        "-5",
        "+5",
        " 5",
        "5 ",
        "5 s",
        "1.5h",
        "1h30m",
        "5ms",
        "5ss",
        "5w",
        "5M",
        "5S",
        "0x10",
        "1e3",
        "never",
        "3651d",
        "87601h",
        "5256001m",
        "315360001",
        "5\n",
        "٣s",
        "5\xc2\xa0s",
        "315360001s",
        "9223372036854775807",
        "9223372036854775808s",
        "18446744073709551617d",
        "99999999999999999999999999999999999999999h",
    };
    int64_t ms = 17;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(duration_parse(cases[i], &ms), ERR_INVALID);
    assert_int_equal(duration_parse(NULL, &ms), ERR_INVALID);
    assert_int_equal(ms, 17);
}

/* All bytes that can stand behind a number. */
static void only_four_units(void **state)
{
    (void)state;
    for (int c = 1; c < 256; c++) {
        char text[] = {'3', (char)c, '\0'};
        int64_t ms = 0;
        bool good = (c >= '0' && c <= '9') || strchr("smhd", c) != NULL;
        assert_int_equal(duration_parse(text, &ms), good ? ERR_OK : ERR_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans),
        cmocka_unit_test(what_is_none),
        cmocka_unit_test(only_four_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
