/* Patterns: what is refused before it costs anything, and that the rest matches. */
#include "core/catalogue/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void usual_ones_pass(void **state)
{
    static const char *const good[] = {
        "^[A-Za-z0-9][A-Za-z0-9_.-]*$", "a{2,8}",       "(ab|cd)+", "^$",    "[]x]",
        "[[:alpha:]][[:digit:]]{1,9}",  "a{0,255}",     "\\.c$",    "x(y)?", "[^]a]+",
        "^([a-z0-9-]+\\.)*[a-z]{2,}$",  "(a{10}){10}b", "}",        "",
    };
    char why[128];
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (pattern_check(good[i], why, sizeof why) != ERR_OK)
            fail_msg("%s: %s", good[i], why);
}

static void costly_ones_are_refused(void **state)
{
    static const char *const bad[] = {
        "((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)",
        "(((a{100}){100}){100})",
        "(a)\\1",
        "a++++++++++++++",
        "((((((((((((((((((((a))))))))))))))))))))",
        "(",
        "[a",
        "a{3,1}",
        "a{99999}",
        "((a{1,50}){1,50}){1,50}",
    };
    char why[128];
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        why[0] = '\0';
        assert_int_equal(pattern_check(bad[i], why, sizeof why), ERR_INVALID);
        assert_true(why[0] != '\0');
    }
    char longest[PATTERN_MAX + 2];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(pattern_check(longest, why, sizeof why), ERR_INVALID);
}

static void matches(void **state)
{
    char text[PATTERN_TEXT_MAX + 2];
    (void)state;
    assert_true(pattern_match("^[a-z]+$", "abc"));
    assert_false(pattern_match("^[a-z]+$", "aBc"));
    assert_true(pattern_match("b", "abc"));
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_false(pattern_match("^a*$", text));
    text[PATTERN_TEXT_MAX] = '\0';
    assert_true(pattern_match("^a*$", text));
    assert_false(pattern_match("^(a|aa|aaa)*b$", text)); /* and in no time */
}

static void kept_ones_match_the_same(void **state)
{
    static const char *const all[] = {"^[a-c]+$", "x(y)?", "[", "^$"};
    static const char *const texts[] = {"abc", "abd", "", "x", "xy", "["};
    struct patterns *kept = patterns_create();
    (void)state;
    for (int again = 0; again < 2; again++)
        for (size_t i = 0; i < sizeof all / sizeof *all; i++)
            for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
                assert_int_equal(patterns_match(kept, all[i], texts[k]),
                                 pattern_match(all[i], texts[k]));
    patterns_destroy(kept);
    patterns_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_ones_pass),
        cmocka_unit_test(costly_ones_are_refused),
        cmocka_unit_test(matches),
        cmocka_unit_test(kept_ones_match_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
