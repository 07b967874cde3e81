/* What agents find in their environment. */
#include "core/work/environment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *value(char **env, const char *name)
{
    const size_t n = strlen(name);
    const char *found = NULL;
    for (; *env; env++) {
        if (strncmp(*env, name, n) != 0 || (*env)[n] != '=')
            continue;
        assert_null(found); /* each name once */
        found = *env + n + 1;
    }
    return found;
}

static const struct agent_place place = {.hub = "h",
                                         .workspace = "w",
                                         .session = "se1",
                                         .member = "demo-se1",
                                         .token = "btn_x",
                                         .program = "/opt/baton/bin/baton"};

static void what_an_agent_needs(void **state)
{
    (void)state;
    setenv("BATON_TOKEN", "of the hub's starter", 1);
    setenv("BATON_DOOR", "/run/another", 1);
    setenv("TERM", "xterm", 1);
    setenv("TMUX", "here", 1);
    setenv("PLAIN", "stays", 1);
    setenv("PATH", "/bin", 1);
    char **env = environment_for_agent(&place, NULL);
    assert_string_equal(value(env, "BATON_HUB"), "h");
    assert_string_equal(value(env, "BATON_WORKSPACE"), "w");
    assert_string_equal(value(env, "BATON_SESSION"), "se1");
    assert_string_equal(value(env, "BATON_IDENTITY"), "demo-se1");
    assert_string_equal(value(env, "BATON_TOKEN"), "btn_x");
    assert_string_equal(value(env, "TERM"), "dumb");
    assert_string_equal(value(env, "PLAIN"), "stays");
    assert_string_equal(value(env, "PATH"), "/bin:/opt/baton/bin");
    assert_null(value(env, "TMUX"));
    assert_null(value(env, "BATON"));
    assert_null(value(env, "BATON_DOOR"));
    environment_free(env);
}

static void more_goes_over_it(void **state)
{
    (void)state;
    char plain[] = "PLAIN=new", token[] = "BATON_TOKEN=own", path[] = "PATH=/x", none[] = "EMPTY=";
    char *const more[] = {plain, token, path, none, NULL};
    setenv("PLAIN", "old", 1);
    char **env = environment_for_agent(&place, more);
    assert_string_equal(value(env, "PLAIN"), "new");
    assert_string_equal(value(env, "BATON_TOKEN"), "own");
    assert_string_equal(value(env, "PATH"), "/x");
    assert_string_equal(value(env, "EMPTY"), "");
    environment_free(env);
}

static void the_folder_is_there_already(void **state)
{
    (void)state;
    static const char *const paths[] = {"/opt/baton/bin", "/opt/baton/bin:/bin",
                                        "/bin:/opt/baton/bin"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        setenv("PATH", paths[i], 1);
        char **env = environment_for_agent(&place, NULL);
        assert_string_equal(value(env, "PATH"), paths[i]);
        environment_free(env);
    }
    setenv("PATH", "/opt/baton/bin2", 1);
    char **env = environment_for_agent(&place, NULL);
    assert_string_equal(value(env, "PATH"), "/opt/baton/bin2:/opt/baton/bin");
    environment_free(env);
    unsetenv("PATH");
    env = environment_for_agent(&place, NULL);
    assert_null(value(env, "PATH"));
    environment_free(env);
}

/* Nothing to drop, as a service manager starts programs: all that is added has room. */
static void a_shell_of_a_hub_with_a_bare_environment(void **state)
{
    extern char **environ;
    static char path[] = "PATH=/bin";
    char *bare[] = {path, NULL}, **whole = environ;
    (void)state;
    environ = bare;
    char **env = environment_for_shell("default", "sh1", "main");
    environ = whole;
    int count = 0;
    while (env[count])
        count++;
    assert_int_equal(count, 7);
    assert_string_equal(env[0], "PATH=/bin");
    assert_string_equal(env[6], "BATON_WORKSPACE=main");
    environment_free(env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shell_of_a_hub_with_a_bare_environment),
        cmocka_unit_test(what_an_agent_needs),
        cmocka_unit_test(more_goes_over_it),
        cmocka_unit_test(the_folder_is_there_already),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
