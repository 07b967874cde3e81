/* What a person sees of a session's events: chunks in one line, kinds apart, nothing unsafe. */
#include "transport/cli/session_print.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct told {
    const char *method, *params;
};

static void looks(bool styled, const struct told *told, const char *expected)
{
    struct session_print p = {.session = "se1", .styled = styled};
    struct buf out = {0};
    for (; told->method; told++) {
        cJSON *params = NULL;
        assert_int_equal(json_parse(told->params, strlen(told->params), &params), ERR_OK);
        session_print_event(&p, told->method, params, &out);
        cJSON_Delete(params);
    }
    session_print_end(&p, &out);
    buf_append(&out, "", 1);
    assert_string_equal(out.data, expected);
    buf_finish(&out);
}

#define CHUNK(kind, text)                                                                          \
    {                                                                                              \
        "session/update", "{\"update\":{\"sessionUpdate\":\"agent_" kind                           \
                          "_chunk\",\"content\":{\"type\":\"text\",\"text\":\"" text "\"}}}"       \
    }

static void chunks_of_a_kind_go_on_in_their_line(void **state)
{
    const struct told told[] = {CHUNK("thought", "let"),    CHUNK("thought", " me see"),
                                CHUNK("message", "Hel"),    CHUNK("message", "lo\\n\\tyou"),
                                CHUNK("message", " there"), {NULL, NULL}};
    (void)state;
    looks(false, told, "let me see\nHello\n\tyou there\n");
    looks(true, told, "\x1b[2mlet me see\x1b[0m\nHello\n\tyou there\n");
}

static void a_tool_is_a_line(void **state)
{
    const struct told told[] = {
        CHUNK("message", "now"),
        {"session/update", "{\"update\":{\"sessionUpdate\":\"tool_call\",\"toolCallId\":\"t\","
                           "\"title\":\"Write\\na\",\"kind\":\"edit\"}}"},
        {"session/update", "{\"update\":{\"sessionUpdate\":\"tool_call_update\","
                           "\"toolCallId\":\"t\",\"status\":\"completed\"}}"},
        {"session/update", "{\"update\":{\"sessionUpdate\":\"tool_call_update\","
                           "\"toolCallId\":\"t\",\"status\":\"failed\"}}"},
        {NULL, NULL}};
    (void)state;
    looks(false, told, "now\n* Write (edit)\n* t: failed\n");
}

static void a_permission_says_how_to_answer(void **state)
{
    const struct told told[] = {
        {"session/request_permission",
         "{\"permissionId\":\"pr7\",\"toolCall\":{\"title\":\"rm x\"}}"},
        {"_baton/permission_resolved",
         "{\"permissionId\":\"pr7\",\"by\":\"ada\",\"outcome\":\"selected\",\"name\":\"Once\"}"},
        {NULL, NULL}};
    (void)state;
    looks(false, told,
          "? rm x: baton session answer se1 pr7 allow|always|reject|cancel\n  pr7: Once, by ada\n");
}

static void what_is_foreign_is_safe(void **state)
{
    const char *const methods[] = {"session/prompt",
                                   "session/cancel",
                                   "session/request_permission",
                                   "elicitation/create",
                                   "_baton/permission_resolved",
                                   "_baton/turn_end",
                                   "_baton/error"};
    const char *bad =
        "{\"by\":\"\\u001b[2J\",\"message\":\"\\u001b]0;x\\u0007\",\"permissionId\":"
        "\"\\u001b\",\"outcome\":\"\\u009b1m\",\"stopReason\":\"\\u001bc\","
        "\"toolCall\":{\"title\":\"\\r\\u001b[A\"},\"error\":{\"message\":\"\\u001b\"}"
        ",\"prompt\":[{\"type\":\"text\",\"text\":\"\\u001b[31m\"}]}";
    (void)state;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        struct session_print p = {.session = "se1"};
        struct buf out = {0};
        cJSON *params = NULL;
        assert_int_equal(json_parse(bad, strlen(bad), &params), ERR_OK);
        session_print_event(&p, methods[i], params, &out);
        session_print_event(&p, methods[i], NULL, &out);
        assert_true(out.len > 0);
        for (size_t k = 0; k < out.len; k++)
            assert_false((unsigned char)out.data[k] < 32 && out.data[k] != '\n');
        cJSON_Delete(params);
        buf_finish(&out);
    }
    const struct told chunk[] = {CHUNK("message", "\\u001b[31mred\\r\\u0007"), {NULL, NULL}};
    struct session_print p = {.session = "se1"};
    struct buf out = {0};
    cJSON *params = NULL;
    assert_int_equal(json_parse(chunk->params, strlen(chunk->params), &params), ERR_OK);
    session_print_event(&p, chunk->method, params, &out);
    assert_null(memchr(out.data, 27, out.len));
    assert_null(memchr(out.data, '\r', out.len));
    cJSON_Delete(params);
    buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_of_a_kind_go_on_in_their_line),
        cmocka_unit_test(a_tool_is_a_line),
        cmocka_unit_test(a_permission_says_how_to_answer),
        cmocka_unit_test(what_is_foreign_is_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
