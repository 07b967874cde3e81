/* Which option an answer chooses: every answer against what agents really offer, and against what
 * they should not; and what may be filled into a form. */
#include "core/agent/permission.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define AO           "{\"optionId\":\"1\",\"name\":\"Once\",\"kind\":\"allow_once\"}"
#define AA           "{\"optionId\":\"2\",\"name\":\"Ever\",\"kind\":\"allow_always\"}"
#define RO           "{\"optionId\":\"3\",\"name\":\"No\",\"kind\":\"reject_once\"}"
#define RA           "{\"optionId\":\"4\",\"name\":\"Never\",\"kind\":\"reject_always\"}"
#define UN           "{\"optionId\":\"5\",\"name\":\"Maybe\",\"kind\":\"ask_later\"}"
#define NK           "{\"optionId\":\"6\",\"name\":\"Kindless\"}"
#define AB           "{\"optionId\":\"7\",\"name\":\"Once more\",\"kind\":\"allow_once\"}"

#define REFUSED      "!"
#define CANCELLED    ""

/* What each of allow, always, reject, cancel, timeout chooses: an id, or one of the two above. */
static const struct {
    const char *options;
    const char *expected[PERMISSION_NONE];
} table[] = {
    {"[" AO "," AA "," RO "," RA "]", {"1", "2", "3", CANCELLED, "3"}},
    {"[" RA "," RO "," AA "," AO "]", {"1", "2", "3", CANCELLED, "3"}},
    {"[" AB "," AO "," RO "]", {"7", "7", "3", CANCELLED, "3"}},
    {"[" AO "," RO "]", {"1", "1", "3", CANCELLED, "3"}},
    {"[" AA "," RA "]", {REFUSED, "2", "4", CANCELLED, CANCELLED}},
    {"[" AO "]", {"1", "1", CANCELLED, CANCELLED, CANCELLED}},
    {"[" AA "]", {REFUSED, "2", CANCELLED, CANCELLED, CANCELLED}},
    {"[" RO "]", {REFUSED, REFUSED, "3", CANCELLED, "3"}},
    {"[" RA "]", {REFUSED, REFUSED, "4", CANCELLED, CANCELLED}},
    {"[" UN "," NK "]", {REFUSED, REFUSED, CANCELLED, CANCELLED, CANCELLED}},
    {"[" UN "," AO "," NK "," RO "]", {"1", "1", "3", CANCELLED, "3"}},
    {"[]", {REFUSED, REFUSED, CANCELLED, CANCELLED, CANCELLED}},
    {"null", {REFUSED, REFUSED, CANCELLED, CANCELLED, CANCELLED}},
    {"{}", {REFUSED, REFUSED, CANCELLED, CANCELLED, CANCELLED}},
    {"[1,\"x\",null,[],{}]", {REFUSED, REFUSED, CANCELLED, CANCELLED, CANCELLED}},
    /* No id, or one that is no text: it cannot be chosen. */
    {"[{\"kind\":\"allow_once\"},{\"optionId\":3,\"kind\":\"reject_once\"}]",
     {REFUSED, REFUSED, CANCELLED, CANCELLED, CANCELLED}},
    /* One id for a yes and a no. */
    {"[{\"optionId\":\"x\",\"kind\":\"allow_once\"},{\"optionId\":\"x\",\"kind\":\"reject_once\"}]",
     {REFUSED, REFUSED, CANCELLED, CANCELLED, CANCELLED}},
    /* An id that lies about its kind: the kind counts. */
    {"[{\"optionId\":\"reject_once\",\"kind\":\"allow_once\"},"
     "{\"optionId\":\"allow_once\",\"kind\":\"reject_once\"}]",
     {"reject_once", "reject_once", "allow_once", CANCELLED, "allow_once"}},
};

static cJSON *json(const char *text)
{
    cJSON *parsed = NULL;
    assert_int_equal(json_parse(text, strlen(text), &parsed), ERR_OK);
    return parsed;
}

static void by_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        cJSON *options = json(table[i].options);
        for (int a = PERMISSION_ALLOW; a < PERMISSION_NONE; a++) {
            const char *expected = table[i].expected[a];
            struct permission_choice got = {0};
            char why[300] = "";
            enum err e =
                permission_choose(options, (enum permission_answer)a, NULL, &got, why, sizeof why);
            if (strcmp(expected, REFUSED) == 0) {
                assert_int_equal(e, ERR_INVALID);
                assert_true(strlen(why) > 20);
                continue;
            }
            assert_int_equal(e, ERR_OK);
            assert_int_equal(got.selected, *expected != '\0');
            assert_string_equal(got.option_id, expected);
        }
        cJSON_Delete(options);
    }
}

static const struct {
    const char *id;
    enum permission_answer answer;
    bool ok;
} named[] = {
    {"1", PERMISSION_NONE, true},    {"4", PERMISSION_NONE, true},
    {"5", PERMISSION_NONE, true},    {"6", PERMISSION_NONE, true},
    {"9", PERMISSION_NONE, false},   {"1", PERMISSION_ALLOW, true},
    {"2", PERMISSION_ALLOW, false},  {"2", PERMISSION_ALWAYS, true},
    {"3", PERMISSION_REJECT, true},  {"1", PERMISSION_REJECT, false},
    {"2", PERMISSION_REJECT, false}, {"3", PERMISSION_ALLOW, false},
    {"1", PERMISSION_CANCEL, false}, {"5", PERMISSION_REJECT, true},
};

static void by_id(void **state)
{
    (void)state;
    cJSON *options = json("[" AO "," AA "," RO "," RA "," UN "," NK "]");
    for (size_t i = 0; i < COUNT(named); i++) {
        struct permission_choice got = {0};
        char why[300] = "";
        enum err e =
            permission_choose(options, named[i].answer, named[i].id, &got, why, sizeof why);
        assert_int_equal(e, named[i].ok ? ERR_OK : ERR_INVALID);
        if (named[i].ok)
            assert_string_equal(got.option_id, named[i].id);
        else
            assert_true(*why != '\0');
    }
    cJSON_Delete(options);
}

static void nothing_said(void **state)
{
    struct permission_choice got;
    char why[100] = "";
    (void)state;
    assert_int_equal(permission_choose(NULL, PERMISSION_NONE, NULL, &got, why, sizeof why),
                     ERR_INVALID);
    assert_int_equal(permission_choose(NULL, PERMISSION_NONE, "", &got, why, sizeof why),
                     ERR_INVALID);
}

static void words(void **state)
{
    (void)state;
    assert_int_equal(permission_answer_of("allow"), PERMISSION_ALLOW);
    assert_int_equal(permission_answer_of("always"), PERMISSION_ALWAYS);
    assert_int_equal(permission_answer_of("reject"), PERMISSION_REJECT);
    assert_int_equal(permission_answer_of("cancel"), PERMISSION_CANCEL);
    assert_int_equal(permission_answer_of("Allow"), PERMISSION_NONE);
    assert_int_equal(permission_answer_of(NULL), PERMISSION_NONE);
    assert_int_equal(permission_kind_of("reject_always"), PERMISSION_REJECT_ALWAYS);
    assert_int_equal(permission_kind_of(""), PERMISSION_KIND_UNKNOWN);
    assert_int_equal(permission_kind_of(NULL), PERMISSION_KIND_UNKNOWN);
}

static void told(cJSON *result, const char *expected)
{
    char *text = json_print(result);
    assert_string_equal(text, expected);
    free(text);
    cJSON_Delete(result);
}

static void results(void **state)
{
    (void)state;
    cJSON *content = json("{\"name\":\"x\"}");
    told(permission_result(&(struct permission_choice){.selected = true, .option_id = "a"}),
         "{\"outcome\":{\"outcome\":\"selected\",\"optionId\":\"a\"}}");
    told(permission_result(&(struct permission_choice){0}),
         "{\"outcome\":{\"outcome\":\"cancelled\"}}");
    told(permission_elicited(PERMISSION_ALLOW, content),
         "{\"action\":\"accept\",\"content\":{\"name\":\"x\"}}");
    told(permission_elicited(PERMISSION_ALLOW, NULL), "{\"action\":\"accept\"}");
    told(permission_elicited(PERMISSION_REJECT, content), "{\"action\":\"decline\"}");
    told(permission_elicited(PERMISSION_CANCEL, content), "{\"action\":\"cancel\"}");
    told(permission_elicited(PERMISSION_TIMEOUT, content), "{\"action\":\"cancel\"}");
    cJSON_Delete(content);
}

#define FORM                                                                                       \
    "{\"type\":\"object\",\"properties\":{"                                                        \
    "\"name\":{\"type\":\"string\",\"minLength\":2,\"maxLength\":4},"                              \
    "\"age\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":150},"                                \
    "\"share\":{\"type\":\"number\"},\"sure\":{\"type\":\"boolean\"},"                             \
    "\"size\":{\"type\":\"string\",\"enum\":[\"s\",\"l\"]},"                                       \
    "\"hue\":{\"type\":\"string\",\"oneOf\":[{\"const\":\"r\",\"title\":\"Red\"}]},"               \
    "\"days\":{\"type\":\"array\",\"maxItems\":2,\"items\":{\"type\":\"string\",\"enum\":[\"mo\"," \
    "\"tu\"]}},"                                                                                   \
    "\"odd\":{\"type\":\"date\"}},\"required\":[\"name\"]}"

static const struct {
    const char *content;
    bool ok;
} forms[] = {
    {"{\"name\":\"ada\"}", true},
    {"{\"name\":\"\303\244\303\266\303\274\303\237\"}", true},
    {"{\"name\":\"a\"}", false},
    {"{\"name\":\"abcde\"}", false},
    {"{\"name\":1}", false},
    {"{}", false},
    {"{\"name\":\"ada\",\"extra\":1}", false},
    {"{\"name\":\"ada\",\"age\":36}", true},
    {"{\"name\":\"ada\",\"age\":36.5}", false},
    {"{\"name\":\"ada\",\"age\":151}", false},
    {"{\"name\":\"ada\",\"share\":0.5,\"sure\":true}", true},
    {"{\"name\":\"ada\",\"sure\":\"yes\"}", false},
    {"{\"name\":\"ada\",\"size\":\"s\",\"hue\":\"r\"}", true},
    {"{\"name\":\"ada\",\"size\":\"m\"}", false},
    {"{\"name\":\"ada\",\"hue\":\"Red\"}", false},
    {"{\"name\":\"ada\",\"days\":[\"mo\",\"tu\"]}", true},
    {"{\"name\":\"ada\",\"days\":[\"mo\",\"tu\",\"mo\"]}", false},
    {"{\"name\":\"ada\",\"days\":[\"su\"]}", false},
    {"{\"name\":\"ada\",\"days\":[1]}", false},
    {"{\"name\":\"ada\",\"odd\":\"2026-11-21\"}", true},
    {"{\"name\":\"ada\",\"odd\":{}}", false},
};

static void contents(void **state)
{
    (void)state;
    cJSON *schema = json(FORM);
    for (size_t i = 0; i < COUNT(forms); i++) {
        cJSON *content = json(forms[i].content);
        char why[200] = "";
        assert_int_equal(permission_check_content(schema, content, why, sizeof why),
                         forms[i].ok ? ERR_OK : ERR_INVALID);
        assert_int_equal(*why == '\0', forms[i].ok);
        cJSON_Delete(content);
    }
    cJSON_Delete(schema);
}

static void broken_schemas(void **state)
{
    static const char *const schemas[] = {"{}",
                                          "[]",
                                          "1",
                                          "{\"properties\":[]}",
                                          "{\"properties\":{},\"required\":[1,null]}",
                                          "{\"properties\":{},\"required\":{}}"};
    char why[200];
    (void)state;
    for (size_t i = 0; i < COUNT(schemas); i++) {
        cJSON *schema = json(schemas[i]), *content = json("{\"a\":1}"), *none = json("{}");
        assert_int_equal(permission_check_content(schema, none, why, sizeof why), ERR_OK);
        assert_int_equal(permission_check_content(schema, content, why, sizeof why), ERR_INVALID);
        cJSON_Delete(schema);
        cJSON_Delete(content);
        cJSON_Delete(none);
    }
    assert_int_equal(permission_check_content(NULL, NULL, why, sizeof why), ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_kind),        cmocka_unit_test(by_id),   cmocka_unit_test(nothing_said),
        cmocka_unit_test(words),          cmocka_unit_test(results), cmocka_unit_test(contents),
        cmocka_unit_test(broken_schemas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
