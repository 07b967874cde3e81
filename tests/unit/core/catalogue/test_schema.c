/* Schemas: which are schemas, which values pass, what the sentences say, which defaults come in. */
#include "core/base/json.h"
#include "core/catalogue/catalogue.h"
#include "core/catalogue/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static cJSON *json(const char *text)
{
    cJSON *j = NULL;
    if (json_parse(text, strlen(text), &j) != ERR_OK)
        fail_msg("not JSON: %s", text);
    return j;
}

struct row {
    const char *schema, *value;
    const char *why; /* NULL: it passes */
};

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char why[300] = "";
        cJSON *schema = json(rows[i].schema), *value = json(rows[i].value);
        if (schema_check(schema, why, sizeof why) != ERR_OK)
            fail_msg("%s: %s", rows[i].schema, why);
        enum err e = schema_apply(schema, value, why, sizeof why);
        if (rows[i].why) {
            assert_string_equal(why, rows[i].why);
            assert_int_equal(e, ERR_INVALID);
        } else if (e != ERR_OK) {
            fail_msg("%s with %s: %s", rows[i].schema, rows[i].value, why);
        }
        cJSON_Delete(schema);
        cJSON_Delete(value);
    }
}

#define P(...) "{\"type\":\"object\",\"properties\":{" #__VA_ARGS__ "}}"

static void types(void **state)
{
    static const struct row rows[] = {
        {"{\"type\":\"string\"}", "\"a\"", NULL},
        {"{\"type\":\"string\"}", "1", "the input must be a text, got 1"},
        {"{\"type\":\"integer\"}", "7", NULL},
        {"{\"type\":\"integer\"}", "7.5", "the input must be a whole number, got 7.5"},
        {"{\"type\":\"integer\"}", "1e300", "the input must be a whole number, got 1e+300"},
        {"{\"type\":\"number\"}", "7.5", NULL},
        {"{\"type\":\"number\"}", "1e999", "the input must be a number, got inf"},
        {"{\"type\":\"boolean\"}", "true", NULL},
        {"{\"type\":\"boolean\"}", "\"true\"", "the input must be true or false, got \"true\""},
        {"{\"type\":\"array\"}", "[]", NULL},
        {"{\"type\":\"array\"}", "{}", "the input must be a list, got an object"},
        {"{\"type\":\"object\"}", "[]", "the input must be an object, got a list"},
        {"{\"type\":\"null\"}", "null", NULL},
        {"{\"type\":[\"string\",\"null\"]}", "null", NULL},
        {"{\"type\":[\"string\",\"null\"]}", "false",
         "the input must be a text or null, got false"},
        {"{}", "[1,{\"a\":2}]", NULL},
    };
    (void)state;
    check_rows(rows, sizeof rows / sizeof *rows);
}

static void objects(void **state)
{
    static const struct row rows[] = {
        {P("rows"
           : {"type" : "integer"}),
         "{\"rows\":3}", NULL},
        {P("rows"
           : {"type" : "integer"}),
         "{\"rowz\":3}", "\"rowz\" is not known here; near to it: rows"},
        {P("rows"
           : {"type" : "integer"}),
         "{\"zzz\":3}", "\"zzz\" is not known here"},
        {"{\"type\":\"object\"}", "{\"a\":1}", "\"a\" is not known here"},
        {"{\"type\":\"object\",\"additionalProperties\":true}", "{\"a\":1}", NULL},
        {"{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}}", "{\"a\":\"b\"}",
         NULL},
        {"{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}}", "{\"a\":1}",
         "\"a\" must be a text, got 1"},
        {"{\"type\":\"object\",\"properties\":{\"a\":{}},\"required\":[\"a\"]}", "{}",
         "\"a\" is missing"},
        {"{\"type\":\"object\",\"properties\":{\"a\":{\"default\":1}},\"required\":[\"a\"]}", "{}",
         NULL},
        {P("a"
           : {
               "type" : "object",
               "properties" : {"b" : {"type" : "array", "items" : {"type" : "string"}}}
           }),
         "{\"a\":{\"b\":[\"x\",2]}}", "\"a.b[1]\" must be a text, got 2"},
        {P("a"
           : {}),
         "{\"a\\u001b]0;x\\u0007\":1}", "\"a\xe2\x90\x9b]0;x\xe2\x90\x87\" is not known here"},
    };
    (void)state;
    check_rows(rows, sizeof rows / sizeof *rows);
}

static void bounds(void **state)
{
    static const struct row rows[] = {
        {P("rows"
           : {"type" : "integer", "minimum" : 1, "maximum" : 1000}),
         "{\"rows\":65535}", "\"rows\" must be at most 1000, got 65535"},
        {P("rows"
           : {"type" : "integer", "minimum" : 1}),
         "{\"rows\":0}", "\"rows\" must be at least 1, got 0"},
        {P("rows"
           : {"type" : "integer", "minimum" : 1}),
         "{\"rows\":1}", NULL},
        {P("s"
           : {"exclusiveMinimum" : 0}),
         "{\"s\":0}", "\"s\" must be more than 0, got 0"},
        {P("s"
           : {"exclusiveMaximum" : 2.5}),
         "{\"s\":2.5}", "\"s\" must be less than 2.5, got 2.5"},
        {P("s"
           : {"exclusiveMaximum" : 2.5}),
         "{\"s\":2.4}", NULL},
        {P("s"
           : {"minLength" : 1}),
         "{\"s\":\"\"}", "\"s\" must not be empty"},
        {P("s"
           : {"minLength" : 3}),
         "{\"s\":\"ab\"}", "\"s\" must have at least 3 characters, has 2"},
        {P("s"
           : {"maxLength" : 1}),
         "{\"s\":\"ab\"}", "\"s\" must have at most 1 character, has 2"},
        {P("s"
           : {"maxLength" : 2}),
         "{\"s\":\"\xc3\xa4\xe4\xb8\xad\"}", NULL}, /* characters */
        {P("s"
           : {"minItems" : 2}),
         "{\"s\":[1]}", "\"s\" must have at least 2 items, has 1"},
        {P("s"
           : {"maxItems" : 1}),
         "{\"s\":[1,2]}", "\"s\" must have at most 1 item, has 2"},
    };
    (void)state;
    check_rows(rows, sizeof rows / sizeof *rows);
}

static void choices(void **state)
{
    static const struct row rows[] = {
        {P("f"
           : {"enum" : [ "text", "ansi" ]}),
         "{\"f\":\"ansi\"}", NULL},
        {P("f"
           : {"enum" : [ "text", "ansi", 3 ]}),
         "{\"f\":\"xml\"}", "\"f\" must be one of text, ansi, 3, got \"xml\""},
        {P("f"
           : {"const" : 2}),
         "{\"f\":2}", NULL},
        {P("f"
           : {"const" : 2}),
         "{\"f\":3}", "\"f\" must be 2, got 3"},
        {P("f"
           : {"pattern" : "^[a-z]+$"}),
         "{\"f\":\"abc\"}", NULL},
        {P("f"
           : {"pattern" : "^[a-z]+$"}),
         "{\"f\":\"aBc\"}", "\"f\" must match ^[a-z]+$, got \"aBc\""},
        {P("f"
           : {"pattern" : "^[a-z]+$", "x-expects" : "a name of small letters"}),
         "{\"f\":\"A\"}", "\"f\" must be a name of small letters, got \"A\""},
        {P("f"
           : {"anyOf" : [ {"type" : "string"}, {"type" : "integer"} ]}),
         "{\"f\":4}", NULL},
        {P("f"
           : {"anyOf" : [ {"type" : "string"}, {"type" : "integer"} ]}),
         "{\"f\":4.5}", "\"f\" has none of the allowed forms"},
        {P("f"
           : {"oneOf" : [ {"minimum" : 3}, {"maximum" : 5} ]}),
         "{\"f\":4}", "\"f\" fits several of the forms that exclude each other"},
        {P("f"
           : {"oneOf" : [ {"minimum" : 3}, {"maximum" : 5} ]}),
         "{\"f\":1}", NULL},
        {P("f"
           : {"allOf" : [ {"minimum" : 3}, {"maximum" : 5} ]}),
         "{\"f\":4}", NULL},
        {P("f"
           : {"allOf" : [ {"minimum" : 3}, {"maximum" : 5} ]}),
         "{\"f\":6}", "\"f\" must be at most 5, got 6"},
        {"{\"type\":\"object\",\"properties\":{\"a\":{},\"b\":{}},"
         "\"anyOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\"]}]}",
         "{\"b\":1}", NULL},
        {"{\"type\":\"object\",\"properties\":{\"a\":{},\"b\":{}},"
         "\"anyOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\"]}]}",
         "{}", "the input has none of the allowed forms"},
    };
    (void)state;
    check_rows(rows, sizeof rows / sizeof *rows);
}

static void defaults_come_in(void **state)
{
    char why[200];
    (void)state;
    cJSON *schema = json(P("a"
                           : {"type" : "integer", "default" : 7}, "b"
                           : {"type" : "object", "properties" : {"c" : {"default" : [1]}}}, "d"
                           : {}));
    cJSON *value = json("{\"b\":{}}");
    assert_int_equal(schema_check(schema, why, sizeof why), ERR_OK);
    assert_int_equal(schema_apply(schema, value, why, sizeof why), ERR_OK);
    char *text = json_print(value);
    assert_string_equal(text, "{\"b\":{\"c\":[1]},\"a\":7}");
    free(text);
    cJSON_Delete(schema);
    cJSON_Delete(value);
}

static void defaults_of_the_branch_that_fits(void **state)
{
    char why[200];
    (void)state;
    cJSON *schema =
        json("{\"oneOf\":["
             "{\"type\":\"object\",\"properties\":{\"k\":{\"const\":1},\"x\":{\"default\":5}}},"
             "{\"type\":\"object\",\"properties\":{\"k\":{\"const\":2},\"y\":{\"default\":6}}}]}");
    cJSON *value = json("{\"k\":2}");
    assert_int_equal(schema_apply(schema, value, why, sizeof why), ERR_OK);
    char *text = json_print(value);
    assert_string_equal(text, "{\"k\":2,\"y\":6}");
    free(text);
    cJSON_Delete(schema);
    cJSON_Delete(value);
}

static void a_default_is_checked_too(void **state)
{
    char why[200];
    (void)state;
    cJSON *schema = json(P("a" : {"type" : "boolean", "default" : 0}));
    cJSON *value = json("{}");
    assert_int_equal(schema_apply(schema, value, why, sizeof why), ERR_INVALID);
    cJSON_Delete(schema);
    cJSON_Delete(value);
}

static void what_is_no_schema(void **state)
{
    static const struct {
        const char *schema, *why;
    } rows[] = {
        {"[]", "the schema: must be an object"},
        {"{\"tpye\":\"string\"}", "tpye: is a word that is not understood"},
        {"{\"type\":\"text\"}", "type: must be string, number, integer, boolean, array, object, "
                                "null, or a list of them"},
        {"{\"type\":[]}", "type: must be string, number, integer, boolean, array, object, null, or "
                          "a list of them"},
        {"{\"properties\":{\"a\":{\"minimum\":\"1\"}}}", "properties.a.minimum: must be a number"},
        {"{\"properties\":{\"a\":{},\"a\":{}}}", "properties.a: is there twice"},
        {"{\"maxLength\":-1}", "maxLength: must be a whole number, 0 or more"},
        {"{\"additionalProperties\":0}", "additionalProperties: must be an object"},
        {"{\"items\":true}", "items: must be an object"},
        {"{\"enum\":[]}", "enum: must be a list of 1 to 256 values"},
        {"{\"pattern\":\"(\"}", NULL},
        {"{\"pattern\":\"(a)\\\\1\"}",
         "pattern: the pattern is refused: back references are not allowed"},
        {"{\"anyOf\":[{\"type\":\"x\"}]}", NULL},
        {"{\"required\":\"a\"}", "required: must be a list of names"},
        {"{\"properties\":{\"a\":{}},\"x-positional\":[\"b\"]}",
         "x-positional: names something that is no property"},
        {"{\"properties\":{\"a\":{\"type\":\"array\"},\"b\":{}},\"x-positional\":[\"a\",\"b\"]}",
         "x-positional: a list takes all arguments, so it comes last"},
        {"{\"properties\":{\"a\":{}},\"x-rest\":\"a\"}",
         "x-rest: must name a property of type array"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char why[300] = "";
        cJSON *schema = json(rows[i].schema);
        assert_int_equal(schema_check(schema, why, sizeof why), ERR_INVALID);
        if (rows[i].why)
            assert_string_equal(why, rows[i].why);
        else
            assert_true(why[0] != '\0');
        cJSON_Delete(schema);
    }
}

static void notes_are_allowed(void **state)
{
    char why[200];
    (void)state;
    cJSON *schema = json("{\"$schema\":\"s\",\"title\":\"t\",\"format\":\"email\",\"x-own\":[1],"
                         "\"description\":\"d\",\"examples\":[1]}");
    assert_int_equal(schema_check(schema, why, sizeof why), ERR_OK);
    cJSON_Delete(schema);
}

/* Alternatives in alternatives: the work must not double at every level. */
static void deep_alternatives_end(void **state)
{
    char why[200];
    cJSON *schema = cJSON_CreateObject(), *value = json("{}");
    (void)state;
    cJSON_AddStringToObject(schema, "type", "object");
    for (int i = 0; i < 28; i++) {
        cJSON *outer = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(outer, "anyOf");
        cJSON *other = cJSON_CreateObject();
        cJSON_AddStringToObject(other, "type", "string");
        cJSON_AddItemToArray(list, other);
        cJSON_AddItemToArray(list, schema);
        schema = outer;
    }
    assert_int_equal(schema_apply(schema, value, why, sizeof why), ERR_OK);
    cJSON_Delete(schema);
    cJSON_Delete(value);
}

static void a_small_buffer_is_enough(void **state)
{
    char why[8];
    (void)state;
    cJSON *schema = json(P("a" : {"type" : "string"})), *value = json("{\"a\":1}");
    assert_int_equal(schema_apply(schema, value, why, sizeof why), ERR_INVALID);
    assert_int_equal(strlen(why), 7);
    assert_int_equal(schema_apply(schema, value, NULL, 0), ERR_INVALID);
    cJSON_Delete(schema);
    cJSON_Delete(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types),
        cmocka_unit_test(objects),
        cmocka_unit_test(bounds),
        cmocka_unit_test(choices),
        cmocka_unit_test(defaults_come_in),
        cmocka_unit_test(defaults_of_the_branch_that_fits),
        cmocka_unit_test(a_default_is_checked_too),
        cmocka_unit_test(what_is_no_schema),
        cmocka_unit_test(notes_are_allowed),
        cmocka_unit_test(deep_alternatives_end),
        cmocka_unit_test(a_small_buffer_is_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
