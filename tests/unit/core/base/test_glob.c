/* Patterns of names, cell by cell, and patterns that are made to take long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/glob.h"

#include <stdio.h>
#include <string.h>

static void patterns(void **state)
{
    static const struct {
        const char *pattern, *name;
        bool matches;
    } cases[] = {
        {"", "", true},
        {"", "a", false},
        {"*", "", true},
        {"*", "anything", true},
        {"a", "a", true},
        {"a", "ab", false},
        {"a*", "abc", true},
        {"*c", "abc", true},
        {"*b*", "abc", true},
        {"*d*", "abc", false},
        {"a?c", "abc", true},
        {"a?c", "ac", false},
        {"a**c", "abbc", true},
        {"[a-c]x", "bx", true},
        {"[a-c]x", "dx", false},
        {"[!a-c]x", "dx", true},
        {"[^a-c]x", "ax", false},
        {"[]a]", "]", true},
        {"[a-]", "-", true},
        {"[a", "[a", true},
        {"[a", "a", false},
        {"\\*", "*", true},
        {"\\*", "a", false},
        {"a\\", "a\\", true},
        {"worker-*", "worker-12", true},
        {"worker-*", "Worker-12", false},
        {"*-[0-9]", "w-7", true},
        {"*ab*ab", "abxab", true},
        {"?*", "", false},
        {"[", "[", true},
        {"[!", "[!", true},
        {"*.*", "a.b", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (glob_match(cases[i].pattern, cases[i].name) != cases[i].matches)
            fail_msg("%s against %s", cases[i].pattern, cases[i].name);
}

static void no_pattern_takes_long(void **state)
{
    char pattern[201] = "", name[64] = "";
    (void)state;
    for (int i = 0; i < 99; i++)
        memcpy(pattern + 2 * i, "*a", 3);
    pattern[198] = 'b';
    memset(name, 'a', 63);
    for (int i = 0; i < 10000; i++) /* an exponential one would not end */
        assert_false(glob_match(pattern, name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns),
        cmocka_unit_test(no_pattern_takes_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
