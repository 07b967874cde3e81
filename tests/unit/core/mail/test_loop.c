/* The loop guard's chain and rate, and the order of an inbox. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/json.h"
#include "core/mail/loop.h"
#include "core/mail/priority.h"

#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000)

static void a_chain_grows_with_each_agent(void **state)
{
    char *one = loop_hops_next("", "ann", false), *two = loop_hops_next(one, "bob", false);
    (void)state;
    assert_int_equal(loop_hops_count(""), 0);
    assert_int_equal(loop_hops_count(one), 1);
    assert_int_equal(loop_hops_count(two), 2);
    assert_string_equal(two, "{\"n\":2,\"via\":[\"ann\",\"bob\"]}");
    free(one);
    free(two);
}

static void a_person_ends_it(void **state)
{
    char *one = loop_hops_next("{\"n\":31,\"via\":[\"ann\"]}", "me", true);
    char *two = loop_hops_next(one, "ann", false);
    (void)state;
    assert_int_equal(loop_hops_count(one), 0);
    assert_int_equal(loop_hops_count(two), 1);
    free(one);
    free(two);
}

static void what_is_no_chain_is_none(void **state)
{
    static const char *const odd[] = {"", "x", "[]", "{}", "{\"n\":-5,\"via\":7}", "7"};
    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        char *next = loop_hops_next(odd[i], "ann", false);
        assert_int_equal(loop_hops_count(odd[i]), 0);
        assert_string_equal(next, "{\"n\":1,\"via\":[\"ann\"]}");
        free(next);
    }
}

static void a_long_chain_is_counted_on(void **state)
{
    char *hops = NULL;
    (void)state;
    for (int i = 0; i < 150; i++) {
        char *next = loop_hops_next(hops, "ann", false);
        free(hops);
        hops = next;
    }
    assert_int_equal(loop_hops_count(hops), 150);
    assert_true(strlen(hops) < 1000);
    free(hops);
}

static void a_minute_slides(void **state)
{
    struct loop_rate r = {0};
    (void)state;
    for (int i = 0; i < 10; i++)
        assert_true(loop_rate_take(&r, 60 * SECOND, 10));
    assert_false(loop_rate_take(&r, 119 * SECOND, 10));
    assert_false(loop_rate_take(&r, 120 * SECOND, 10)); /* all ten are less than a minute ago */
    assert_true(loop_rate_take(&r, 150 * SECOND, 10));  /* half of them count */
    assert_true(loop_rate_take(&r, 400 * SECOND, 10));
    assert_int_equal(r.before, 0);
    for (int i = 0; i < 1000; i++)
        assert_true(loop_rate_take(&r, 401 * SECOND, 0));
}

static void the_order_of_an_inbox(void **state)
{
    int n = -1;
    (void)state;
    assert_true(priority_before(2, 9, 1, 1));
    assert_false(priority_before(0, 1, 1, 9));
    assert_true(priority_before(1, 1, 1, 2));
    assert_false(priority_before(1, 1, 1, 1));
    assert_true(priority_from_name("high", &n) && n == 2);
    assert_false(priority_from_name("urgent", &n) || priority_from_name(NULL, &n));
    assert_string_equal(priority_name(0), "low");
    assert_string_equal(priority_name(7), "normal");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_grows_with_each_agent),
        cmocka_unit_test(a_person_ends_it),
        cmocka_unit_test(what_is_no_chain_is_none),
        cmocka_unit_test(a_long_chain_is_counted_on),
        cmocka_unit_test(a_minute_slides),
        cmocka_unit_test(the_order_of_an_inbox),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
