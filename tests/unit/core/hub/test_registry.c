/* The table between the threads: beginnings of ids mean what is asked for, and nothing else. */
#include "core/hub/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void add(struct registry *r, const char *id, enum thing thing, bool exited)
{
    struct stream_info info = {.thing = thing, .exited = exited};
    snprintf(info.id, sizeof info.id, "%s", id);
    registry_set(r, &info);
}

static int setup(void **state)
{
    struct registry *r = registry_create();
    add(r, "sh1", THING_SHELL, false);
    add(r, "sh12", THING_SHELL, true);
    add(r, "se1", THING_SESSION, false);
    add(r, "ag1", THING_AGENT, false);
    add(r, "ag2", THING_AGENT, true);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    registry_destroy(*state);
    return 0;
}

static void assert_found(struct registry *r, unsigned things, const char *text, const char *id)
{
    char found[32] = "";
    assert_int_equal(registry_resolve_among(r, things, text, found), ERR_OK);
    assert_string_equal(found, id);
}

static void assert_not(struct registry *r, unsigned things, const char *text, enum err e)
{
    char found[32];
    assert_int_equal(registry_resolve_among(r, things, text, found), e);
}

static void a_beginning_is_looked_for_among_what_is_meant(void **state)
{
    struct registry *r = *state;
    assert_found(r, THINGS_SHELLS, "sh1", "sh1"); /* the whole id before a beginning of others */
    assert_found(r, THINGS_SHELLS, "sh12", "sh12");
    assert_not(r, THINGS_SHELLS, "s", ERR_AMBIGUOUS);
    assert_found(r, THINGS_SESSIONS, "s", "se1");
    assert_not(r, THINGS_TARGETS, "s", ERR_AMBIGUOUS);
    assert_found(r, THINGS_TARGETS, "se", "se1");
    assert_not(r, THINGS_TARGETS, "ag1", ERR_NOT_FOUND);
    assert_found(r, THINGS_STREAMS, "ag1", "ag1");
    assert_not(r, THINGS_STREAMS, "se1", ERR_NOT_FOUND);
    assert_not(r, THINGS_SESSIONS, "sh1", ERR_NOT_FOUND);
    assert_not(r, THINGS_ALL, "", ERR_NOT_FOUND);
    assert_not(r, THINGS_ALL, "ag", ERR_AMBIGUOUS);
}

static void what_lives_is_counted_by_kind(void **state)
{
    struct registry *r = *state;
    assert_int_equal(registry_live(r, THINGS_SHELLS), 1);
    assert_int_equal(registry_live(r, THINGS_STREAMS), 2);
    assert_int_equal(registry_live(r, THINGS_SESSIONS), 1);
    assert_int_equal(registry_live(r, THINGS_ALL), 3);
}

static void end_it(struct stream_info *info, const void *data)
{
    info->exited = true;
    info->exit_code = *(const int *)data;
}

static void a_change_touches_its_entry_alone(void **state)
{
    struct registry *r = *state;
    struct stream_info info;
    const int code = 7;
    assert_true(registry_change(r, "se1", end_it, &code));
    assert_true(registry_get(r, "se1", &info));
    assert_true(info.exited);
    assert_int_equal(info.exit_code, 7);
    assert_int_equal(info.thing, THING_SESSION);
    assert_int_equal(registry_live(r, THINGS_ALL), 2);
    assert_false(registry_change(r, "se2", end_it, &code));
}

static void a_process_has_its_pid_for_a_name(void **state)
{
    struct registry *r = *state;
    struct stream_info one = {.id = "pr1", .thing = THING_PROCESS, .pid = 4711};
    struct stream_info over = {.id = "pr2", .thing = THING_PROCESS, .pid = 4712, .exited = true};
    struct stream_info shell = {.id = "sh3", .thing = THING_SHELL, .pid = 4713};
    registry_set(r, &one);
    registry_set(r, &over);
    registry_set(r, &shell);
    assert_found(r, THINGS_PROCESSES, "4711", "pr1");
    assert_not(r, THINGS_PROCESSES, "471", ERR_NOT_FOUND);  /* a pid has no beginning */
    assert_not(r, THINGS_PROCESSES, "4712", ERR_NOT_FOUND); /* it may be another's by now */
    assert_not(r, THINGS_STREAMS, "4713", ERR_NOT_FOUND);
    assert_not(r, THINGS_PROCESSES, "pr", ERR_AMBIGUOUS);
    assert_found(r, THINGS_STREAMS, "pr2", "pr2");
    assert_not(r, THINGS_TARGETS, "pr1", ERR_NOT_FOUND); /* it has no baton */
    assert_int_equal(registry_live(r, THINGS_PROCESSES), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_beginning_is_looked_for_among_what_is_meant, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_process_has_its_pid_for_a_name, setup, teardown),
        cmocka_unit_test_setup_teardown(what_lives_is_counted_by_kind, setup, teardown),
        cmocka_unit_test_setup_teardown(a_change_touches_its_entry_alone, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
