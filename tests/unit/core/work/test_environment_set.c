/* One variable of an environment, replaced or added. */
#include "core/work/environment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static size_t count(char **env)
{
    size_t n = 0;
    while (env[n])
        n++;
    return n;
}

static const char *value(char **env, const char *name)
{
    const size_t n = strlen(name);
    const char *found = NULL;
    for (; *env; env++)
        if (strncmp(*env, name, n) == 0 && (*env)[n] == '=') {
            assert_null(found);
            found = *env + n + 1;
        }
    return found;
}

static void replaced_or_added(void **state)
{
    char **env = environment_for_shell("default", "sh1", "main");
    const size_t before = count(env);
    (void)state;
    env = environment_set(env, "TERM", "dumb");
    assert_int_equal(count(env), before);
    assert_string_equal(value(env, "TERM"), "dumb");
    assert_string_equal(value(env, "TERM_PROGRAM"), "baton");
    env = environment_set(env, "BATON_TEST_NEW", "a=b");
    env = environment_set(env, "BATON_TEST_NEW", "");
    assert_int_equal(count(env), before + 1);
    assert_string_equal(value(env, "BATON_TEST_NEW"), "");
    environment_free(env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(replaced_or_added)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
