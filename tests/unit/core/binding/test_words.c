/* The command line of bindings: each sentence that programs know by its words, and what becomes of
 * values; the same over the real hub is tests/integration/test_bindings.py. */
#include "core/base/mem.h"
#include "core/binding/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define WORDS 8

static const char schema_text[] =
    "{\"type\":\"object\",\"properties\":{"
    "\"code\":{\"type\":\"string\"},\"maxLines\":{\"type\":\"integer\",\"minimum\":1},"
    "\"rate\":{\"type\":\"number\"},\"dryRun\":{\"type\":\"boolean\"},"
    "\"tags\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
    "\"level\":{\"enum\":[\"low\",\"high\"]},\"preset\":{\"type\":\"string\",\"default\":\"p\"},"
    "\"any\":{}},\"required\":[\"code\",\"preset\"]}";

struct row {
    const char *words[WORDS];
    const char *says;  /* the sentence; NULL: it is right */
    const char *input; /* then what it gives */
};

static const struct row rows[] = {
    {{NULL}, "Missing required flag: --code", NULL},
    {{"--code"}, "Flag --code requires a value", NULL},
    {{"--code", "--dry-run"}, "Flag --code requires a value", NULL},
    {{"--code", "--no-dry-run"}, "Flag --code requires a value", NULL},
    {{"--code", "--help-me"}, NULL, "{\"code\":\"--help-me\"}"},
    {{"--code", "-- a patch"}, NULL, "{\"code\":\"-- a patch\"}"},
    {{"--code="}, NULL, "{\"code\":\"\"}"},
    {{"--code=a=b"}, NULL, "{\"code\":\"a=b\"}"},
    {{"--codex", "1"}, "Unknown flag: --codex", NULL},
    {{"--codex=1"}, "Unknown flag: --codex", NULL},
    {{"-c", "1"}, "Unknown flag: -c", NULL},
    {{"--no-code"}, "Unknown flag: --no-code", NULL},
    {{"--\x1b[31m"}, "Unknown flag: --", NULL},
    {{"word"}, "Unexpected positional argument: \"word\"", NULL},
    {{"-5"}, "Unexpected positional argument: \"-5\"", NULL},
    {{"--"}, "Unexpected positional argument: \"--\"", NULL},
    {{"--code", "a", "b"}, "Unexpected positional argument: \"b\"", NULL},
    {{"--max-lines", "x"}, "Flag --max-lines expects a number, got \"x\"", NULL},
    {{"--max-lines", "1.5"}, "Flag --max-lines expects a whole number, got \"1.5\"", NULL},
    {{"--rate", ""}, "Flag --rate expects a number, got \"\"", NULL},
    {{"--code=a", "--max-lines=0"}, "Flag --max-lines must be at least 1, got 0", NULL},
    {{"--code=a", "--level=x"}, "Flag --level must be one of low, high, got \"x\"", NULL},
    {{"--code=a", "--dry-run"}, NULL, "{\"code\":\"a\",\"dryRun\":true}"},
    {{"--code=a", "--no-dry-run"}, NULL, "{\"code\":\"a\",\"dryRun\":false}"},
    {{"--code=a", "--dry-run", "false"}, NULL, "{\"code\":\"a\",\"dryRun\":false}"},
    {{"--tags=a", "--code=c", "--tags", "b"}, NULL, "{\"tags\":[\"a\",\"b\"],\"code\":\"c\"}"},
    {{"--code=a", "--code=b"}, NULL, "{\"code\":\"b\"}"},
    {{"--code=a", "--any={\"x\":1}"}, NULL, "{\"code\":\"a\",\"any\":{\"x\":1}}"},
    {{"--json"}, "Flag --json requires a value", NULL},
    {{"--json", "--json-file=f"}, "Flag --json requires a value", NULL},
    {{"--json={}", "--json-file=f"}, "The whole input is given twice", NULL},
};

static cJSON *schema(void)
{
    cJSON *json = NULL;
    assert_int_equal(json_parse(schema_text, strlen(schema_text), &json), ERR_OK);
    return json;
}

static int count(const char *const *words)
{
    int n = 0;
    while (n < WORDS && words[n])
        n++;
    return n;
}

static void test_rows(void **state)
{
    (void)state;
    cJSON *s = schema();
    const struct binding_reader reader = {.schema = s};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        struct binding_line line = {0};
        char why[300] = "", *words[WORDS];
        const int n = count(row->words);
        for (int k = 0; k < n; k++)
            words[k] = mem_strdup(row->words[k]);
        enum err e = binding_line_parse(&reader, n, words, &line, why, sizeof why);
        if (e == ERR_OK)
            e = binding_line_check(&line, s, why, sizeof why);
        if (row->says) {
            assert_int_equal(e, ERR_USAGE);
            assert_memory_equal(why, row->says, strlen(row->says));
            assert_null(strchr(why, '\x1b'));
        } else {
            assert_string_equal(why, "");
            char *text = json_print(line.input);
            assert_string_equal(text, row->input);
            free(text);
        }
        binding_line_finish(&line);
        for (int k = 0; k < n; k++)
            free(words[k]);
    }
    cJSON_Delete(s);
}

static void parse(const struct binding_reader *reader, const char *const *given,
                  struct binding_line *line)
{
    char why[300], *words[WORDS];
    const int n = count(given);
    for (int i = 0; i < n; i++)
        words[i] = mem_strdup(given[i]);
    assert_int_equal(binding_line_parse(reader, n, words, line, why, sizeof why), ERR_OK);
    for (int i = 0; i < n; i++)
        free(words[i]);
}

static void test_json_word(void **state)
{
    (void)state;
    static const char *const help[WORDS] = {"--json", "--help"}, *const alone[WORDS] = {"--json"};
    cJSON *s = schema();
    struct binding_reader reader = {.schema = s};
    struct binding_line line;
    parse(&reader, help, &line);
    assert_true(line.help && line.json && !line.whole);
    binding_line_finish(&line);
    reader.json_alone = true;
    parse(&reader, alone, &line);
    assert_true(!line.help && line.json && !line.whole);
    binding_line_finish(&line);
    cJSON_Delete(s);
}

static void test_whole(void **state)
{
    (void)state;
    static const char *const given[WORDS] = {"--code=flag"};
    cJSON *s = schema();
    const struct binding_reader reader = {.schema = s};
    struct binding_line line;
    char why[300] = "";
    parse(&reader, given, &line);
    assert_false(binding_line_misses(&line, s));
    assert_int_equal(
        binding_line_whole(&line, "Flag --json", "{\"code\":\"no\",\"rate\":2}", 22, why, 300),
        ERR_OK);
    char *text = json_print(line.input);
    assert_string_equal(text, "{\"code\":\"flag\",\"rate\":2}");
    free(text);
    assert_int_equal(binding_line_whole(&line, "Flag --json", "[]", 2, why, 300), ERR_USAGE);
    assert_string_equal(why, "Flag --json expects JSON, an object such as {\"key\": \"value\"}");
    binding_line_finish(&line);
    cJSON_Delete(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_json_word),
        cmocka_unit_test(test_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
