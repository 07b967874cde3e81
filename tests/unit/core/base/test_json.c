/* What is parsed, and what is made of text that C strings cannot hold. */
#include "core/base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void strings_are_whole(void **state)
{
    static const char *const cases[][2] = {
        {"\"a\\u0000b\"", "a\ufffdb"},
        {"\"\\u0000\"", "\ufffd"},
        {"\"\\u0000\\u0000x\"", "\ufffd\ufffdx"},
        {"\"\\\\u0000\"", "\\u0000"},
        {"\"\\\\\\u0000\"", "\\\ufffd"},
        {"\"a\\u00e4b\"", "a\u00e4b"},
        {"\"\\u00001\"", "\ufffd1"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        cJSON *json = NULL;
        assert_int_equal(json_parse(cases[i][0], strlen(cases[i][0]), &json), ERR_OK);
        assert_true(cJSON_IsString(json));
        assert_string_equal(json->valuestring, cases[i][1]);
        cJSON_Delete(json);
    }
}

static void names_are_whole(void **state)
{
    static const char text[] = "{\"a\\u0000b\": 1, \"a\": 2} \n";
    cJSON *json = NULL;
    (void)state;
    assert_int_equal(json_parse(text, sizeof text - 1, &json), ERR_OK);
    assert_int_equal(json_int(json, "a", 0), 2);
    cJSON_Delete(json);
}

static void what_is_none(void **state)
{
    static const char *const cases[] = {"",     "{",        "[1,]",    "{} x", "\"\\u0000",
                                        "\"\\", "\"\\u000", "\"\\u00", "nul",  "[\"\\u0000\"] ["};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        cJSON *json = NULL;
        assert_int_equal(json_parse(cases[i], strlen(cases[i]), &json), ERR_INVALID);
        assert_null(json);
    }
}

/* Its copy ends where the text does, whatever lies behind it. */
static void files_of_people(void **state)
{
    static const char text[] = "{\"a\": 1, // one\n}trailing";
    cJSON *json = NULL;
    int line = 0;
    (void)state;
    assert_int_equal(json_parse_relaxed(text, strlen("{\"a\": 1, // one\n}"), &json, &line),
                     ERR_OK);
    assert_int_equal(json_int(json, "a", 0), 1);
    cJSON_Delete(json);
    assert_int_equal(json_parse_relaxed("{}\0", 3, &json, &line), ERR_INVALID);
}

static int64_t by_n(const cJSON *a, const cJSON *b)
{
    return json_int(a, "n", 0) - json_int(b, "n", 0);
}

/* In order, equal ones as they came, and an array like others afterwards. */
static void a_long_array_is_sorted(void **state)
{
    cJSON *array = cJSON_CreateArray();
    (void)state;
    json_sort(array, "n");
    assert_null(array->child);
    for (int i = 0; i < 20000; i++) {
        cJSON *one = cJSON_CreateObject();
        json_add_int(one, "n", i * 7919 % 10007);
        json_add_int(one, "i", i);
        cJSON_AddItemToArray(array, one);
        if (i < 3)
            json_sort(array, "n");
    }
    json_sort(array, "n");
    assert_int_equal(cJSON_GetArraySize(array), 20000);
    for (const cJSON *a = array->child; a->next; a = a->next) {
        assert_ptr_equal(a->next->prev, a);
        assert_true(by_n(a, a->next) <= 0);
        if (by_n(a, a->next) == 0)
            assert_true(json_int(a, "i", 0) < json_int(a->next, "i", 0));
    }
    cJSON_AddItemToArray(array, cJSON_CreateNumber(1));
    assert_int_equal(cJSON_GetArraySize(array), 20001);
    cJSON_Delete(array);
}

/* As people count, and what has no number first. */
static void ids_are_sorted_by_their_numbers(void **state)
{
    static const char *const ids[] = {"sh10", "sh2", "sh100", "", "sh1"};
    static const char *const sorted[] = {"", "sh1", "sh2", "sh10", "sh100"};
    cJSON *array = cJSON_CreateArray();
    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        cJSON *one = cJSON_CreateObject();
        cJSON_AddStringToObject(one, "id", ids[i]);
        cJSON_AddItemToArray(array, one);
    }
    json_sort(array, "id");
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        assert_string_equal(json_string(cJSON_GetArrayItem(array, (int)i), "id", "?"), sorted[i]);
    cJSON_Delete(array);
}

static void what_is_twice_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name;
    } cases[] = {{"{}", NULL},
                 {"[{\"a\":1},{\"a\":1}]", NULL},
                 {"{\"a\":{\"a\":1},\"A\":2}", NULL},
                 {"{\"a\":1,\"b\":2,\"a\":1}", "a"},
                 {"{\"x\":[1,{\"y\":[{\"b\":1,\"c\":2,\"b\":3}]}]}", "b"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cJSON *json = NULL;
        assert_int_equal(json_parse(cases[i].text, strlen(cases[i].text), &json), ERR_OK);
        const char *name = json_twice(json);
        if (cases[i].name)
            assert_string_equal(name, cases[i].name);
        else
            assert_null(name);
        cJSON_Delete(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_whole),      cmocka_unit_test(names_are_whole),
        cmocka_unit_test(what_is_none),           cmocka_unit_test(files_of_people),
        cmocka_unit_test(a_long_array_is_sorted), cmocka_unit_test(ids_are_sorted_by_their_numbers),
        cmocka_unit_test(what_is_twice_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
