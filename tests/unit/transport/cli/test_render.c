/* Results as a person reads them. */
#include "transport/cli/render.h"

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

static void shows(const char *schema, const char *result, int columns, const char *expected)
{
    struct buf out = {0};
    cJSON *s = json(schema), *r = json(result);
    render_result(s, r, columns, &out);
    assert_string_equal(out.data ? out.data : "", expected);
    buf_finish(&out);
    cJSON_Delete(s);
    cJSON_Delete(r);
}

static void sentences(void **state)
{
    (void)state;
    shows("{\"x-sentence\":\"Opened {shellId} in {workspace}.\"}",
          "{\"shellId\":\"sh1\",\"workspace\":\"main\"}", 0, "Opened sh1 in main.\n");
    shows("{\"x-sentence\":\"{new?Made|Found} {key}{note? ({note?so|})|}.\"}",
          "{\"new\":true,\"key\":\"k\"}", 0, "Made k)|}.\n"); /* places do not nest */
    shows("{\"x-sentence\":\"{new?Made|Found} {key}.\"}", "{\"new\":false,\"key\":\"k\"}", 0,
          "Found k.\n");
    shows("{\"x-sentence\":\"Gone: {n}{e? with error}.\"}", "{\"n\":3,\"e\":\"\"}", 0,
          "Gone: 3.\n");
    shows("{\"x-sentence\":\"\"}", "{\"a\":1}", 0, "");
    shows("{\"x-sentence\":\"{t}\"}", "{\"t\":\"a\\u001b]0;evil\\u0007b\\u202e\"}", 0,
          "a\xe2\x90\x9b]0;evil\xe2\x90\x87"
          "b\xef\xbf\xbd\n");
}

static void tables(void **state)
{
    (void)state;
    shows(
        "{\"items\":{\"properties\":{\"shellId\":{},\"rows\":{\"type\":\"integer\"},\"name\":{}}}}",
        "[{\"shellId\":\"sh1\",\"rows\":24,\"name\":\"bash\"},"
        "{\"shellId\":\"sh12\",\"rows\":5}]",
        0,
        "SHELL ID  ROWS  NAME\n"
        "sh1         24  bash\n"
        "sh12         5  -\n");
    shows("{\"x-columns\":[\"b\"]}", "[{\"a\":1,\"b\":true},{\"a\":2,\"b\":false}]", 0,
          "B\nyes\nno\n");
    shows("{\"items\":{\"properties\":{\"a\":{\"title\":\"Kind\"}}}}", "[]", 0, "KIND\n");
    shows("{\"x-empty\":\"No shells.\"}", "[]", 0, "No shells.\n");
    shows("{}", "[\"a\",\"b\"]", 0, "a\nb\n");
    shows("{}", "[{\"t\":\"x\\ny\"}]", 0, "T\nx y\n");
}

static void wide_text_stays_aligned(void **state)
{
    (void)state;
    shows("{\"x-columns\":[\"a\",\"b\"]}",
          "[{\"a\":\"\xe4\xb8\xad\xe6\x96\x87\",\"b\":\"x\"},{\"a\":\"abc\",\"b\":\"y\"}]", 0,
          "A     B\n\xe4\xb8\xad\xe6\x96\x87  x\nabc   y\n");
}

static void a_table_fits_the_terminal(void **state)
{
    (void)state;
    shows(
        "{\"x-columns\":[\"id\",\"text\"]}",
        "[{\"id\":\"s1\",\"text\":\"a rather long line of text\"},{\"id\":\"s2\",\"text\":\"x\"}]",
        16, "ID  TEXT\ns1  a rather lo…\ns2  x\n");
}

static void objects(void **state)
{
    (void)state;
    shows("{\"properties\":{\"pid\":{},\"journalBytes\":{\"x-unit\":\"bytes\"},"
          "\"uptime\":{\"x-unit\":\"s\"}}}",
          "{\"uptime\":3725,\"pid\":42,\"journalBytes\":1536,\"extra\":null}", 0,
          "pid: 42\njournal bytes: 1.5 KiB\nuptime: 1 h 2 min\nextra: -\n");
    shows("{}", "{\"hub\":\"d\",\"streams\":[{\"id\":\"s1\",\"lag\":0}]}", 0,
          "hub: d\n\nstreams:\nID  LAG\ns1    0\n");
    shows("{}", "{\"text\":\"one\\ntwo\\n\"}", 0, "text:\n  one\n  two\n");
    shows("{}", "{\"list\":[\"a\",\"b\"],\"deep\":{\"x\":[1]}}", 0,
          "list: a, b\ndeep: {\"x\":[1]}\n");
    shows("{\"x-table\":\"events\",\"x-empty\":\"None.\"}", "{\"events\":[],\"head\":4}", 0,
          "None.\n");
    shows("{\"x-table\":\"events\",\"x-columns\":[\"id\"]}",
          "{\"events\":[{\"id\":4,\"k\":1}],\"head\":4}", 0, "ID\n 4\n");
    shows("{\"additionalProperties\":{\"properties\":{\"value\":{},\"source\":{}}}}",
          "{\"theme\":{\"value\":\"dark\",\"source\":\"default\"}}", 0,
          "NAME   VALUE  SOURCE\ntheme  dark   default\n");
}

static void units(void **state)
{
    static const struct {
        const char *unit, *value, *shown;
    } cases[] = {
        {"bytes", "0", "0 B"},
        {"bytes", "1023", "1023 B"},
        {"bytes", "67108864", "64 MiB"},
        {"bytes", "1610612736", "1.5 GiB"},
        {"bytes", "1e20", "90949470 TiB"},
        {"us", "500", "500 us"},
        {"us", "1500", "1.5 ms"},
        {"ms", "250", "250 ms"},
        {"s", "59.5", "59.5 s"},
        {"s", "0", "0 s"},
        {"s", "30", "30 s"},
        {"s", "61", "1 min 1 s"},
        {"s", "3600", "1 h"},
        {"s", "90061", "1 d 1 h"},
        {"exit", "3", "3"},
        {"exit", "-9", "SIGKILL"},
        {"exit", "-999", "-999"},
        {"none", "1e15", "1000000000000000"},
        {"none", "0.5", "0.5"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = {0};
        cJSON *property = cJSON_CreateObject(), *value = json(cases[i].value);
        cJSON_AddStringToObject(property, "x-unit", cases[i].unit);
        render_value(property, value, &out);
        assert_string_equal(out.data, cases[i].shown);
        buf_finish(&out);
        cJSON_Delete(property);
        cJSON_Delete(value);
    }
}

static void moments(void **state)
{
    struct buf out = {0};
    cJSON *property = json("{\"x-unit\":\"time-us\"}"), *value = json("1795230245678000");
    (void)state;
    setenv("TZ", "UTC", 1);
    render_value(property, value, &out);
    assert_string_equal(out.data, "2026-11-21 03:04:05");
    buf_finish(&out);
    cJSON_Delete(property);
    cJSON_Delete(value);
}

static void moments_in_words(void **state)
{
    static const char *const cases[][2] = {
        {"2026-11-21T03:04:05.678Z", "2026-11-21 03:04:05"},
        {"2026-11-21T03:04:05+02:00", "2026-11-21T03:04:05+02:00"},
        {"soon\033[m", "soon\xe2\x90\x9b[m"},
        {"", ""},
    };
    cJSON *property = json("{\"x-unit\":\"time-text\"}");
    (void)state;
    setenv("TZ", "UTC", 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = {0};
        cJSON *value = cJSON_CreateString(cases[i][0]);
        render_value(property, value, &out);
        assert_string_equal(out.data ? out.data : "", cases[i][1]);
        cJSON_Delete(value);
        buf_finish(&out);
    }
    cJSON_Delete(property);
}

/* Words about an object: what is there, in the order of the templates, safe, and cut first. */
static void words_about_an_object(void **state)
{
    static const char schema[] =
        "{\"x-columns\":[\"id\",\"kind\",\"what\"],\"items\":{\"properties\":{"
        "\"data\":{\"properties\":{\"code\":{\"x-unit\":\"exit\"}}},"
        "\"what\":{\"x-brief\":[\"{data.title}\",\"exit {data.code}\",\"to {data.to}\",\"{data.to.1.x}\"]}}}}";
    (void)state;
    shows(
        schema,
        "[{\"id\":1,\"kind\":\"notice\",\"data\":{\"title\":\"a\\u001b[31mb\\nc\"}},"
        "{\"id\":2,\"kind\":\"exit\",\"data\":{\"title\":\"\",\"code\":0}},"
        "{\"id\":3,\"kind\":\"exit\",\"data\":{\"to\":[\"x\",\"y\"],\"code\":-1}},"
        "{\"id\":4,\"kind\":\"none\",\"data\":{\"title\":null,\"to\":[{},{\"x\":\"deep\"}],\"code\":null}},"
        "{\"id\":5,\"kind\":\"none\"}]",
        0,
        "ID  KIND    WHAT\n"
        " 1  notice  a\xe2\x90\x9b[31mb c\n"
        " 2  exit    exit 0\n"
        " 3  exit    exit SIGHUP, to x, y\n"
        " 4  none    to [{},{\"x\":\"deep\"}], deep\n"
        " 5  none    -\n");
    shows(schema,
          "[{\"id\":1,\"kind\":\"a-kind-that-is-long\",\"data\":{\"title\":"
          "\"a title that is longer than all of it\"}}]",
          42,
          "ID  KIND                 WHAT\n"
          " 1  a-kind-that-is-long  a title that is …\n");
}

static void units_beside_a_value(void **state)
{
    (void)state;
    shows("{\"additionalProperties\":{\"properties\":{\"value\":{\"x-unit-of\":\"unit\"}},"
          "\"x-columns\":[\"value\"]}}",
          "{\"a\":{\"value\":3600,\"unit\":\"s\"},\"b\":{\"value\":65536,\"unit\":\"bytes\"},"
          "\"c\":{\"value\":7},\"d\":{\"value\":\"x\",\"unit\":\"s\"}}",
          0, "NAME  VALUE\na     1 h\nb     64 KiB\nc     7\nd     x\n");
}

static void a_text_alone(void **state)
{
    (void)state;
    struct buf out = {0};
    cJSON *schema = json("{\"x-text\":\"text\"}");
    cJSON *result = json("{\"text\":\"one\\n\\n\\u001b[31mtwo\",\"turn\":1}");
    cJSON *other = json("{\"turn\":1}");
    render_result(schema, result, 0, &out);
    assert_string_equal(out.data, "one\n\n\xe2\x90\x9b[31mtwo\n");
    buf_clear(&out);
    render_result(schema, other, 0, &out);
    assert_string_equal(out.data, "turn: 1\n");
    buf_finish(&out);
    cJSON_Delete(schema);
    cJSON_Delete(result);
    cJSON_Delete(other);
}

static void raw_bytes(void **state)
{
    struct buf out = {0};
    cJSON *schema = json("{\"x-raw\":\"data\"}"), *plain = json("{\"data\":\"a\\u001b[0m\"}");
    cJSON *coded = json("{\"data\":\"YQBi\",\"encoding\":\"base64\"}"), *none = json("{}");
    (void)state;
    assert_true(render_raw(schema, "x-raw", plain, &out));
    assert_int_equal(out.len, 5);
    buf_clear(&out);
    assert_true(render_raw(schema, "x-raw", coded, &out));
    assert_int_equal(out.len, 3);
    assert_memory_equal(out.data, "a\0b", 3);
    assert_false(render_raw(schema, "x-raw-error", coded, &out));
    assert_false(render_raw(none, "x-raw", coded, &out));
    buf_finish(&out);
    cJSON_Delete(schema);
    cJSON_Delete(plain);
    cJSON_Delete(coded);
    cJSON_Delete(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_alone),
        cmocka_unit_test(sentences),
        cmocka_unit_test(tables),
        cmocka_unit_test(wide_text_stays_aligned),
        cmocka_unit_test(a_table_fits_the_terminal),
        cmocka_unit_test(moments_in_words),
        cmocka_unit_test(words_about_an_object),
        cmocka_unit_test(units_beside_a_value),
        cmocka_unit_test(objects),
        cmocka_unit_test(units),
        cmocka_unit_test(moments),
        cmocka_unit_test(raw_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
