/* Lines of agents, good and bad. */
#include "core/agent/acp.h"
#include "core/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct acp_line reads(const char *text)
{
    struct acp_line l;
    acp_read(text, strlen(text), &l);
    return l;
}

static void check_kind(const char *text, enum acp_kind kind)
{
    struct acp_line l = reads(text);
    if (l.kind != kind)
        fail_msg("%s: kind %d, not %d", text, (int)l.kind, (int)kind);
    assert_true((l.kind == ACP_GARBAGE) == (l.wrong != NULL));
    acp_finish(&l);
}

static void kinds(void **state)
{
    (void)state;
    check_kind("", ACP_NOTHING);
    check_kind("  \r\n", ACP_NOTHING);
    check_kind("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"params\":{}}\r\n", ACP_REQUEST);
    check_kind("{\"id\":null,\"method\":\"a\"}", ACP_REQUEST);
    check_kind("{\"method\":\"a\"}", ACP_NOTIFICATION);
    check_kind("{\"method\":\"a\",\"result\":1}", ACP_NOTIFICATION);
    check_kind("{\"id\":\"x\",\"result\":null}", ACP_RESPONSE);
    check_kind("{\"id\":4,\"error\":{\"code\":-1,\"message\":\"m\"}}", ACP_RESPONSE);
    check_kind("{\"id\":null,\"error\":{\"code\":-32700}}", ACP_RESPONSE);
    check_kind("{\"id\":[1],\"method\":\"a\"}", ACP_GARBAGE);
    check_kind("{\"id\":{},\"result\":1}", ACP_GARBAGE);
    check_kind("{\"id\":1}", ACP_GARBAGE);
    check_kind("{\"result\":1}", ACP_GARBAGE);
    check_kind("{\"method\":7,\"id\":1}", ACP_GARBAGE);
    check_kind("[{\"id\":1,\"method\":\"a\"}]", ACP_GARBAGE);
    check_kind("null", ACP_GARBAGE);
    check_kind("Debugger listening on ws://127.0.0.1", ACP_GARBAGE);
    check_kind("{\"id\":1,\"method\":\"a\"", ACP_GARBAGE);
    check_kind("{\"id\":1,\"method\":\"a\"} x", ACP_GARBAGE);
}

static void parts(void **state)
{
    (void)state;
    struct acp_line l = reads("{\"id\":1,\"result\":{\"a\":2},\"error\":null}");
    assert_non_null(l.result);
    assert_null(l.error);
    acp_finish(&l);
    l = reads("{\"id\":1,\"result\":null,\"error\":{\"code\":1}}");
    assert_null(l.result);
    assert_non_null(l.error);
    acp_finish(&l);
    l = reads("{\"id\":1,\"error\":null}");
    assert_non_null(l.result);
    acp_finish(&l);
    l = reads("{\"method\":\"a\",\"params\":null}");
    assert_null(l.params);
    acp_finish(&l);
}

static void text_is_mended(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"a\\ud83d\\ude00b", "a\xf0\x9f\x98\x80"
                             "b"},
        {"a\\ud83d", "a\xef\xbf\xbd"},
        {"\\ude00b", "\xef\xbf\xbd"
                     "b"},
        {"\\ud83d\\u0041", "\xef\xbf\xbd"
                           "A"},
        {"a\\u0000b", "a\xef\xbf\xbd"
                      "b"},
        {"a\xff"
         "b",
         "a\xef\xbf\xbd"
         "b"},
        {"\\\\u0000", "\\u0000"},
        {"\xc3\xa4\\u00e4", "\xc3\xa4\xc3\xa4"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *line = mem_printf("{\"method\":\"m\",\"params\":{\"t\":\"%s\"}}", cases[i].in);
        struct acp_line l = reads(line);
        assert_int_equal(l.kind, ACP_NOTIFICATION);
        assert_string_equal(json_string(l.params, "t", "?"), cases[i].out);
        acp_finish(&l);
        free(line);
    }
}

static void bounds(void **state)
{
    (void)state;
    const size_t n = 3000000;
    char *text = malloc(n + 1);
    memset(text, '[', 100);
    text[100] = '\0';
    check_kind(text, ACP_GARBAGE);
    for (size_t i = 0; i < n; i += 2)
        memcpy(text + i, "1,", 2);
    text[0] = '[';
    text[n] = '\0';
    struct acp_line l = reads(text);
    assert_string_equal(l.wrong, "it holds too many values");
    acp_finish(&l);
    free(text);
    check_kind("{\"method\":\"\\u12\"}", ACP_GARBAGE); /* a half escape at the end */
    check_kind("\"\\", ACP_GARBAGE);
}

static void ids(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        int64_t id; /* -1: none */
    } cases[] = {{"7", 7},     {"\"7\"", 7}, {"0", 0},       {"-1", -1},    {"7.5", -1},
                 {"null", -1}, {"\"\"", -1}, {"\"7x\"", -1}, {"1e300", -1}, {"\"x\"", -1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cJSON *id = NULL;
        int64_t got = -1;
        assert_int_equal(json_parse(cases[i].json, strlen(cases[i].json), &id), ERR_OK);
        assert_true(acp_id_number(id, &got) == (cases[i].id >= 0));
        assert_int_equal(got, cases[i].id);
        cJSON_Delete(id);
    }
    int64_t got;
    assert_false(acp_id_number(NULL, &got));
}

static void takes(char *line, const char *expected)
{
    assert_string_equal(line, expected);
    free(line);
}

static void lines(void **state)
{
    (void)state;
    cJSON *params = cJSON_CreateObject(), *id = cJSON_CreateString("a\n");
    cJSON_AddStringToObject(params, "t", "x\ny");
    takes(acp_request(5, "m", params),
          "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"m\",\"params\":{\"t\":\"x\\ny\"}}\n");
    takes(acp_notification("m", NULL), "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":{}}\n");
    takes(acp_answer(id, params),
          "{\"jsonrpc\":\"2.0\",\"id\":\"a\\n\",\"result\":{\"t\":\"x\\ny\"}}\n");
    takes(acp_answer_error(NULL, -32601, "no"),
          "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32601,\"message\":\"no\"}}\n");
    cJSON_Delete(params);
    cJSON_Delete(id);
}

static cJSON *update(size_t text_n, size_t members)
{
    cJSON *o = cJSON_CreateObject(), *u = cJSON_AddObjectToObject(o, "update");
    char *text = malloc(text_n + 1);
    for (size_t i = 0; i < text_n; i++) /* two bytes a character */
        text[i] = i % 2 ? '\xa4' : '\xc3';
    text[text_n] = '\0';
    cJSON_AddStringToObject(u, "sessionUpdate", "tool_call");
    cJSON_AddStringToObject(cJSON_AddObjectToObject(u, "content"), "text", text);
    cJSON *list = cJSON_AddArrayToObject(u, "list");
    for (size_t i = 0; i < members; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString("0123456789"));
    free(text);
    return o;
}

static void large_ones_are_cut(void **state)
{
    (void)state;
    cJSON *o = update(1000, 10);
    assert_int_equal(acp_cut(o, 100000, 101), 0);
    assert_null(json_get(o, "_meta"));
    cJSON_Delete(o);

    o = update(200000, 10);
    size_t cut = acp_cut(o, 100000, 1001);
    assert_int_equal(cut, 199000); /* 1001 would cut a character in two */
    const cJSON *u = json_get(o, "update");
    assert_int_equal(strlen(json_string(json_get(u, "content"), "text", "")), 1000);
    assert_int_equal(cJSON_GetArraySize(json_get(u, "list")), 10);
    assert_int_equal(json_int(json_get(json_get(o, "_meta"), "baton"), "cut", 0), (int64_t)cut);
    cJSON_Delete(o);

    o = update(2000, 20000); /* many short ones */
    cut = acp_cut(o, 100000, 1000);
    assert_true(cut > 500000);
    u = json_get(o, "update");
    assert_string_equal(json_string(u, "sessionUpdate", ""), "tool_call");
    assert_null(json_get(u, "list"));
    cJSON_Delete(o);
}

static void errors_are_sentences(void **state)
{
    (void)state;
    static const struct {
        const char *json, *text;
    } cases[] = {
        {"{\"code\":1,\"message\":\"no\"}", "no"},
        {"{\"code\":1}", "it gave no reason"},
        {"\"plain\"", "plain"},
        {"7", "it gave no reason"},
        {"{\"message\":\"Internal error\",\"data\":{\"details\":\"no key\"}}",
         "Internal error: no key"},
        {"{\"message\":\"a\",\"data\":\"b\"}", "a: b"},
        {"{\"message\":\"\\u001b[2J\"}", "\xe2\x90\x9b[2J"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cJSON *error = NULL;
        char out[100];
        assert_int_equal(json_parse(cases[i].json, strlen(cases[i].json), &error), ERR_OK);
        acp_error_text(error, out, sizeof out);
        assert_string_equal(out, cases[i].text);
        cJSON_Delete(error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds),
        cmocka_unit_test(parts),
        cmocka_unit_test(text_is_mended),
        cmocka_unit_test(bounds),
        cmocka_unit_test(ids),
        cmocka_unit_test(lines),
        cmocka_unit_test(large_ones_are_cut),
        cmocka_unit_test(errors_are_sentences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
