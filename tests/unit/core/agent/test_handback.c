/* A transcript handed back: what is told and what is not, and that it is bounded and valid text
 * whatever an agent has sent. */
#include "core/agent/handback.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void add(struct handback *h, const char *method, const char *params)
{
    cJSON *json = NULL;
    assert_int_equal(json_parse(params, strlen(params), &json), ERR_OK);
    handback_add(h, method, json);
    cJSON_Delete(json);
}

static void update(struct handback *h, const char *what, const char *more)
{
    char *params = mem_printf("{\"update\":{\"sessionUpdate\":\"%s\",%s}}", what, more);
    add(h, "session/update", params);
    free(params);
}

static void nothing(void **state)
{
    struct handback *h = handback_create(HANDBACK_MAX);
    (void)state;
    assert_null(handback_take(h));
    update(h, "agent_thought_chunk", "\"content\":{\"type\":\"text\",\"text\":\"hm\"}");
    update(h, "usage_update", "\"used\":1,\"size\":2");
    add(h, "_baton/state", "{\"state\":\"idle\"}");
    add(h, "_baton/turn_end", "{\"turn\":1,\"stopReason\":\"end_turn\"}");
    assert_null(handback_take(h));
    handback_destroy(h);
    handback_destroy(NULL);
}

static void a_turn(void **state)
{
    struct handback *h = handback_create(HANDBACK_MAX);
    (void)state;
    add(h, "session/prompt",
        "{\"turn\":1,\"by\":\"ada\",\"prompt\":[{\"type\":\"text\",\"text\":\"fix it\"},"
        "{\"type\":\"resource_link\",\"name\":\"a\",\"uri\":\"file:///a.c\"}]}");
    update(h, "agent_message_chunk", "\"content\":{\"type\":\"text\",\"text\":\"I l\"}");
    update(h, "agent_message_chunk", "\"content\":{\"type\":\"text\",\"text\":\"ook.\"}");
    update(h, "tool_call", "\"toolCallId\":\"t\",\"title\":\"Edit a.c\"");
    add(h, "_baton/permission_resolved",
        "{\"permissionId\":\"pr1\",\"by\":\"ben\",\"outcome\":\"selected\",\"name\":\"Allow\"}");
    update(h, "tool_call_update", "\"toolCallId\":\"t\",\"status\":\"in_progress\"");
    update(h, "tool_call_update", "\"toolCallId\":\"t\",\"status\":\"completed\"");
    update(h, "agent_message_chunk", "\"content\":{\"type\":\"text\",\"text\":\"Done.\"}");
    add(h, "_baton/turn_end", "{\"turn\":1,\"stopReason\":\"cancelled\"}");
    char *text = handback_take(h);
    assert_non_null(text);
    assert_non_null(strstr(text, "\nada asked: fix it(resource_link file:///a.c)\n"
                                 "You answered: I look.\n"
                                 "You used a tool: Edit a.c\n"
                                 "ben answered your request for permission: Allow\n"
                                 "That tool completed\n"
                                 "You answered: Done.\n"
                                 "That turn ended: cancelled\n"));
    assert_null(strstr(text, "left out"));
    free(text);
    assert_null(handback_take(h));
    handback_destroy(h);
}

static void bounded(void **state)
{
    static const size_t limits[] = {0, 1024, 5000, HANDBACK_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct handback *h = handback_create(limits[i]);
        for (int turn = 0; turn < 3000; turn++) {
            char *params = mem_printf("{\"by\":\"ada\",\"prompt\":[{\"type\":\"text\",\"text\":"
                                      "\"number %d \303\244\360\237\214\215\"}]}",
                                      turn);
            add(h, "session/prompt", params);
            free(params);
            update(h, "agent_message_chunk",
                   "\"content\":{\"type\":\"text\",\"text\":\"\303\266\342\202\254 answer\"}");
        }
        char *text = handback_take(h);
        assert_true(strlen(text) <= (limits[i] < 1024 ? 1024 : limits[i]));
        assert_true(strlen(text) >= (limits[i] < 1024 ? 1024 : limits[i]) / 2);
        assert_true(text_is_utf8(text, strlen(text)));
        assert_non_null(strstr(text, "left out"));
        assert_non_null(strstr(text, "number 2999 "));
        assert_null(strstr(text, "number 0 "));
        free(text);
        handback_destroy(h);
    }
}

/* One answer without an end of a line, longer than all that fits. */
static void one_long_line(void **state)
{
    struct handback *h = handback_create(4096);
    (void)state;
    for (int i = 0; i < 5000; i++)
        update(h, "agent_message_chunk",
               "\"content\":{\"type\":\"text\",\"text\":\"\342\202\254\"}");
    char *text = handback_take(h);
    assert_true(strlen(text) <= 4096);
    assert_true(strlen(text) > 3000);
    assert_true(text_is_utf8(text, strlen(text)));
    free(text);
    handback_destroy(h);
}

static void bad_input(void **state)
{
    static const char *const params[] = {
        "{}",
        "[]",
        "null",
        "1",
        "\"x\"",
        "{\"update\":1}",
        "{\"update\":{\"sessionUpdate\":3}}",
        "{\"prompt\":{\"a\":1},\"by\":[]}",
        "{\"prompt\":[1,null,{\"type\":\"text\"}]}",
        "{\"update\":{\"sessionUpdate\":\"agent_message_chunk\"}}",
        "{\"update\":{\"sessionUpdate\":\"agent_message_chunk\",\"content\":[]}}",
        "{\"update\":{\"sessionUpdate\":\"tool_call\",\"title\":null}}",
        "{\"update\":{\"sessionUpdate\":\"tool_call\",\"title\":\"\\u001b[31m\\u0007x\"}}"};
    static const char *const methods[] = {"session/prompt",
                                          "session/update",
                                          "_baton/permission_resolved",
                                          "_baton/turn_end",
                                          "",
                                          "x"};
    struct handback *h = handback_create(HANDBACK_MAX);
    (void)state;
    for (size_t i = 0; i < sizeof params / sizeof *params; i++)
        for (size_t k = 0; k < sizeof methods / sizeof *methods; k++)
            add(h, methods[k], params[i]);
    char *text = handback_take(h);
    assert_non_null(text);
    assert_null(strchr(text, '\033'));
    assert_null(strchr(text, '\a'));
    free(text);
    handback_destroy(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing),       cmocka_unit_test(a_turn),    cmocka_unit_test(bounded),
        cmocka_unit_test(one_long_line), cmocka_unit_test(bad_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
