/* Edit distance and the nearest names. */
#include "core/base/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void distances(void **state)
{
    static const struct {
        const char *a, *b;
        int distance;
    } cases[] = {
        {"", "", 0},           {"a", "", 1},
        {"", "abc", 3},        {"open", "open", 0},
        {"opne", "open", 1},   {"shel", "shell", 1},
        {"write", "wirte", 1}, {"read", "reed", 1},
        {"abcd", "badc", 2},   {"kitten", "sitting", 3},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(nearest_distance(cases[i].a, cases[i].b), cases[i].distance);
        assert_int_equal(nearest_distance(cases[i].b, cases[i].a), cases[i].distance);
    }
}

static void too_long_is_far(void **state)
{
    char word[200];
    (void)state;
    memset(word, 'a', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    assert_true(nearest_distance(word, "a") >= 1000);
    assert_true(nearest_distance("a", word) >= 1000);
}

static void list(const char *word, const char *const *candidates, char *out, size_t size)
{
    struct nearest n;
    nearest_begin(&n, word);
    for (; *candidates; candidates++)
        nearest_offer(&n, *candidates);
    nearest_list(&n, out, size);
}

static void best_come_first(void **state)
{
    static const char *const names[] = {"snapshot", "read", "resize", "rename",
                                        "read",     "rows", NULL};
    char out[64];
    (void)state;
    list("raed", names, out, sizeof out);
    assert_string_equal(out, "read");
    list("resiez", names, out, sizeof out);
    assert_string_equal(out, "resize");
    list("sna", names, out, sizeof out); /* a beginning counts */
    assert_string_equal(out, "snapshot");
    list("quite-another", names, out, sizeof out);
    assert_string_equal(out, "");
    list("foo", (const char *const[]){"log", "fs", "for", "hook", NULL}, out, sizeof out);
    assert_string_equal(out, "for"); /* two letters of three are another word */
    list("sesion", (const char *const[]){"session", "stream", NULL}, out, sizeof out);
    assert_string_equal(out, "session");
}

static void three_at_most_and_bounded(void **state)
{
    static const char *const names[] = {"aaa1", "aaa2", "aaa3", "aaa4", "aaa", NULL};
    char out[64], tiny[6];
    (void)state;
    list("aaa", names, out, sizeof out);
    assert_string_equal(out, "aaa, aaa1, aaa2");
    list("aaa", names, tiny, sizeof tiny);
    assert_string_equal(tiny, "aaa");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances),
        cmocka_unit_test(too_long_is_far),
        cmocka_unit_test(best_come_first),
        cmocka_unit_test(three_at_most_and_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
