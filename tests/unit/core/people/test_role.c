/* Roles: their names there and back, and every pair of what one has and what a call needs. */
#include "core/people/role.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define ROLES        (ROLE_OWNER - ROLE_OBSERVER + 1)

static const struct {
    enum role have, need;
    bool may;
} pairs[] = {
    {ROLE_OBSERVER, ROLE_OBSERVER, true}, {ROLE_OBSERVER, ROLE_AGENT, false},
    {ROLE_OBSERVER, ROLE_DRIVER, false},  {ROLE_OBSERVER, ROLE_OWNER, false},
    {ROLE_AGENT, ROLE_OBSERVER, true},    {ROLE_AGENT, ROLE_AGENT, true},
    {ROLE_AGENT, ROLE_DRIVER, true},      {ROLE_AGENT, ROLE_OWNER, false},
    {ROLE_DRIVER, ROLE_OBSERVER, true},   {ROLE_DRIVER, ROLE_AGENT, true},
    {ROLE_DRIVER, ROLE_DRIVER, true},     {ROLE_DRIVER, ROLE_OWNER, false},
    {ROLE_OWNER, ROLE_OBSERVER, true},    {ROLE_OWNER, ROLE_AGENT, true},
    {ROLE_OWNER, ROLE_DRIVER, true},      {ROLE_OWNER, ROLE_OWNER, true},
};
_Static_assert(COUNT(pairs) == ROLES * ROLES, "every pair of roles");

static void every_pair(void **state)
{
    bool seen[ROLE_OWNER + 1][ROLE_OWNER + 1] = {{false}};
    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        assert_false(seen[pairs[i].have][pairs[i].need]);
        seen[pairs[i].have][pairs[i].need] = true;
        assert_int_equal(role_may(pairs[i].have, pairs[i].need), pairs[i].may);
    }
}

static void no_role_may_nothing(void **state)
{
    static const int none[] = {INT32_MIN, -1, 0, ROLE_OWNER + 1, 32, 33, INT32_MAX};
    (void)state;
    for (size_t i = 0; i < COUNT(none); i++) {
        for (int role = ROLE_OBSERVER; role <= ROLE_OWNER; role++) {
            assert_false(role_may((enum role)none[i], (enum role)role));
            assert_false(role_may((enum role)role, (enum role)none[i]));
        }
        assert_false(role_may((enum role)none[i], (enum role)none[i]));
        assert_string_equal(role_name((enum role)none[i]), "?");
    }
}

static void names(void **state)
{
    static const char *const expected[] = {"observer", "agent", "driver", "owner"};
    _Static_assert(COUNT(expected) == ROLES, "every role");
    (void)state;
    for (int i = 0; i < ROLES; i++) {
        enum role role = (enum role)0;
        assert_string_equal(role_name((enum role)(ROLE_OBSERVER + i)), expected[i]);
        assert_true(role_from_name(expected[i], &role));
        assert_int_equal(role, ROLE_OBSERVER + i);
    }
}

static void what_is_no_name(void **state)
{
    static const char *const wrong[] = {"", "?", "Owner", "own", "owners", " driver", NULL};
    enum role role = ROLE_AGENT;
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_false(role_from_name(wrong[i], &role));
    assert_int_equal(role, ROLE_AGENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair),
        cmocka_unit_test(no_role_may_nothing),
        cmocka_unit_test(names),
        cmocka_unit_test(what_is_no_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
