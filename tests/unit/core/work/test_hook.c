/* Which hooks an event calls, and what is said of one that went wrong. */
#include "core/work/hook.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static cJSON *parsed(const char *text)
{
    cJSON *json = NULL;
    assert_int_equal(json_parse(text, strlen(text), &json), ERR_OK);
    return json;
}

static void an_event_calls_those_that_name_it(void **state)
{
    static const struct {
        const char *kind, *data, *names;
    } cases[] = {
        {"shellExit", "{}", "shellExit * "},
        {"shellOpened", "{}", "* "},
        {"sessionEvent", "{\"event\":{\"method\":\"session/prompt\"}}",
         "sessionEvent sessionEvent:session/prompt * "},
        {"sessionEvent", "{\"event\":{\"method\":\"session/update\"}}", "sessionEvent * "},
        {"sessionEvent", "{}", "sessionEvent * "},
        {"shellexit", "{}", "* "},
        {"notice", "{\"title\":\"x\"}", "notice * "},
        {"notice", "{\"title\":\"x\",\"hook\":\"shellExit\"}", ""},
        {"shellExit", "{\"hook\":\"x\"}", "shellExit * "},
    };
    (void)state;
    cJSON *hooks = parsed("{\"*\":[\"a\"],\"shellExit\":[\"b\"],\"sessionEvent\":[\"c\"],"
                          "\"sessionEvent:session/prompt\":[\"d\"],\"notice\":[\"e\"]}");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const cJSON *found[HOOK_MATCH_MAX];
        char names[200] = "";
        cJSON *data = parsed(cases[i].data);
        size_t n = hook_match(hooks, cases[i].kind, data, found);
        for (size_t k = 0; k < n; k++) {
            strcat(names, found[k]->string);
            strcat(names, " ");
        }
        assert_string_equal(names, cases[i].names);
        cJSON_Delete(data);
    }
    cJSON_Delete(hooks);
}

static void without_hooks_nothing_is_called(void **state)
{
    const cJSON *found[HOOK_MATCH_MAX];
    (void)state;
    assert_int_equal(hook_match(NULL, "shellExit", NULL, found), 0);
    cJSON *hooks = parsed("{\"sessionEvent\":[\"c\"],\"sessionEvent:\":[\"c\"]}");
    assert_int_equal(hook_match(hooks, "sessionEvent", NULL, found), 2);
    assert_int_equal(hook_match(hooks, "shellExit", NULL, found), 0);
    cJSON_Delete(hooks);
}

static cJSON *a_row(void)
{
    cJSON *hooks = parsed("{\"*\":[\"notify\",\"--now\"]}");
    const struct hook_event event = {
        .id = 12, .kind = "shellExit", .workspace = "main", .line = "{\"id\":12}"};
    cJSON *row = hook_row(&event, hooks->child, "default", 2500);
    cJSON_Delete(hooks);
    return row;
}

static void a_row_has_what_a_runner_needs(void **state)
{
    (void)state;
    cJSON *row = a_row();
    const cJSON *env = json_get(row, "env");
    assert_string_equal(json_string(row, "event", ""), "{\"id\":12}");
    assert_string_equal(json_string(row, "hook", ""), "*");
    assert_string_equal(json_get(row, "command")->child->next->valuestring, "--now");
    assert_int_equal(json_int(row, "timeout", 0), 2500);
    assert_string_equal(json_string(env, "BATON_HUB", ""), "default");
    assert_string_equal(json_string(env, "BATON_WORKSPACE", ""), "main");
    assert_string_equal(json_string(env, "BATON_EVENT", ""), "12");
    assert_string_equal(json_string(env, "BATON_EVENT_KIND", ""), "shellExit");
    cJSON_Delete(row);
}

static void what_went_wrong_is_said(void **state)
{
    static const struct {
        const char *outcome; /* NULL none */
        enum hook_loss loss;
        const char *title, *description;
    } cases[] = {
        {"{\"status\":3,\"output\":\"a\\nthe disk is full \\n\\n\"}", 0,
         "The hook for shellExit failed (event 12)", "notify gave status 3: the disk is full"},
        {"{\"status\":1}", 0, "The hook for shellExit failed (event 12)", "notify gave status 1"},
        {"{\"signal\":9,\"output\":\"x\"}", 0, "The hook for shellExit failed (event 12)",
         "notify was ended by signal 9: x"},
        {"{\"signal\":15,\"timedOut\":true}", 0, "The hook for shellExit was ended (event 12)",
         "notify had not ended after 2.5 s"},
        {"{\"status\":0,\"timedOut\":true}", 0, "The hook for shellExit was ended (event 12)",
         "notify had not ended after 2.5 s"},
        {"{\"signal\":15,\"stopped\":true}", 0, "The hook for shellExit was ended (event 12)",
         "notify was told to stop"},
        {"{\"error\":\"no such program\"}", 0, "The hook for shellExit failed (event 12)",
         "no such program"},
        {"{}", 0, "The hook for shellExit failed (event 12)", "notify gave status 0"},
        {NULL, HOOK_RUNNER_GONE, "The hook for shellExit failed (event 12)",
         "notify: how it ended is not known; its runner is gone"},
        {NULL, HOOK_NOT_STARTED, "The hook for shellExit failed (event 12)",
         "notify could not be started"},
    };
    (void)state;
    cJSON *row = a_row();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cJSON *outcome = cases[i].outcome ? parsed(cases[i].outcome) : NULL;
        cJSON *notice = hook_notice(row, outcome, cases[i].loss);
        assert_non_null(notice);
        assert_string_equal(json_string(notice, "severity", ""), "warning");
        assert_string_equal(json_string(notice, "title", ""), cases[i].title);
        assert_string_equal(json_string(notice, "description", ""), cases[i].description);
        assert_string_equal(json_string(notice, "hook", ""), "*");
        assert_string_equal(json_string(notice, "kind", ""), "shellExit");
        assert_string_equal(json_string(notice, "workspace", ""), "main");
        assert_int_equal(json_int(notice, "eventId", 0), 12);
        cJSON_Delete(notice);
        cJSON_Delete(outcome);
    }
    cJSON *good = parsed("{\"status\":0,\"output\":\"chatter\"}");
    assert_null(hook_notice(row, good, HOOK_RUNNER_GONE));
    cJSON_Delete(good);
    cJSON_Delete(row);
}

/* A last line without an end is cut from its front, and never in the middle of a character. */
static void a_long_line_is_cut(void **state)
{
    char text[4000] = "";
    (void)state;
    cJSON *row = a_row(), *outcome = cJSON_CreateObject();
    for (int i = 0; i < 900; i++)
        strcat(text, "é");
    json_add_int(outcome, "status", 1);
    strcat(text, "!"); /* so that a plain cut would be off by one byte */
    cJSON_AddStringToObject(outcome, "output", text);
    cJSON *notice = hook_notice(row, outcome, HOOK_RUNNER_GONE);
    const char *says = json_string(notice, "description", "");
    assert_int_equal(strlen(says), strlen("notify gave status 1: ") + 299);
    assert_memory_equal(says + strlen("notify gave status 1: "), "é", 2);
    cJSON_Delete(notice);
    cJSON_Delete(outcome);
    cJSON_Delete(row);
}

static void notices_of_the_queue_call_no_hook(void **state)
{
    const cJSON *found[HOOK_MATCH_MAX];
    (void)state;
    cJSON *hooks = parsed("{\"*\":[\"a\"]}");
    cJSON *notices[] = {hook_notice_full("shellExit", 7, 10000), hook_notice_dropped(1),
                        hook_notice_dropped(9)};
    for (size_t i = 0; i < sizeof notices / sizeof *notices; i++) {
        assert_int_equal(hook_match(hooks, "notice", notices[i], found), 0);
        assert_string_equal(json_string(notices[i], "severity", ""), "warning");
    }
    assert_string_equal(json_string(notices[1], "title", ""), "1 hook was dropped");
    assert_string_equal(json_string(notices[2], "title", ""), "9 hooks were dropped");
    for (size_t i = 0; i < sizeof notices / sizeof *notices; i++)
        cJSON_Delete(notices[i]);
    cJSON_Delete(hooks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_calls_those_that_name_it),
        cmocka_unit_test(without_hooks_nothing_is_called),
        cmocka_unit_test(a_row_has_what_a_runner_needs),
        cmocka_unit_test(what_went_wrong_is_said),
        cmocka_unit_test(a_long_line_is_cut),
        cmocka_unit_test(notices_of_the_queue_call_no_hook),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
