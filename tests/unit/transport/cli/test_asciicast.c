/* Records to asciicast v2, line by line, and where characters may be cut. */
#include "transport/cli/asciicast.h"
#include "transport/cli/utf8_tail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define START 1795230245000000

static void put(struct asciicast *a, struct cast_record r, struct buf *out)
{
    r.who = r.who ? r.who : "";
    r.bytes = r.bytes ? r.bytes : "";
    r.time_us += START;
    asciicast_record(a, &r, out);
}

#define OUT(t, text)                                                                               \
    ((struct cast_record){.kind = 'o', .time_us = t, .bytes = text, .n = sizeof text - 1})
#define IN(t, name, text)                                                                          \
    ((struct cast_record){                                                                         \
        .kind = 'i', .time_us = t, .who = name, .bytes = text, .n = sizeof text - 1})
#define SIZE(t, c, r)  ((struct cast_record){.kind = 'r', .time_us = t, .cols = c, .rows = r})
#define END(t, status) ((struct cast_record){.kind = 'x', .time_us = t, .code = status})

static void whole(void **state)
{
    struct asciicast a;
    struct buf out = {0};
    (void)state;
    asciicast_init(&a, "ba\"sh");
    put(&a, SIZE(0, 120, 40), &out);
    put(&a, OUT(1000, "$ "), &out);
    put(&a, IN(500000, "ada", "l"), &out);
    put(&a, OUT(500500, "l"), &out);
    put(&a, IN(600000, "ada", "s\r"), &out);
    put(&a, OUT(700000, "\033[1mx\033[0m\r\n\001\177\\"), &out);
    put(&a, SIZE(800000, 80, 24), &out);
    put(&a, END(900000, 0), &out);
    asciicast_end(&a, &out);
    assert_string_equal(
        out.data,
        "{\"version\": 2, \"width\": 120, \"height\": 40, \"timestamp\": 1795230245, \"title\": "
        "\"ba\\\"sh\", \"env\": {\"TERM\": \"xterm-256color\"}}\n"
        "[0.001000, \"o\", \"$ \"]\n"
        "[0.500000, \"i\", \"l\"]\n"
        "[0.500500, \"o\", \"l\"]\n"
        "[0.600000, \"i\", \"s\\r\"]\n"
        "[0.600000, \"m\", \"ada typed: ls\"]\n"
        "[0.700000, \"o\", \"\\u001b[1mx\\u001b[0m\\r\\n\\u0001\\u007f\\\\\"]\n"
        "[0.800000, \"r\", \"80x24\"]\n"
        "[0.900000, \"m\", \"exited with 0\"]\n");
    buf_finish(&out);
    asciicast_finish(&a);
}

static void characters_are_not_cut(void **state)
{
    struct asciicast a;
    struct buf out = {0};
    (void)state;
    asciicast_init(&a, NULL);
    put(&a, OUT(0, "a\xe4\xb8"), &out);
    put(&a, OUT(10, "\xad\xf0\x9f"), &out);
    put(&a, OUT(20, "\x98\x80\xff"), &out);
    put(&a, OUT(30, "\xc3"), &out);
    asciicast_end(&a, &out);
    assert_non_null(strstr(out.data, "\"width\": 80, \"height\": 24"));
    assert_string_equal(strchr(out.data, '\n') + 1,
                        "[0.000000, \"o\", \"a\"]\n"
                        "[0.000010, \"o\", \"\xe4\xb8\xad\"]\n"
                        "[0.000020, \"o\", \"\xf0\x9f\x98\x80\xef\xbf\xbd\"]\n"
                        "[0.000030, \"o\", \"\xef\xbf\xbd\"]\n");
    buf_finish(&out);
    asciicast_finish(&a);
}

static void markers_follow_who_typed(void **state)
{
    struct asciicast a;
    struct buf out = {0};
    (void)state;
    asciicast_init(&a, NULL);
    put(&a, IN(0, "ada", "he"), &out);
    put(&a, IN(10, "grace", "y"), &out);          /* somebody else */
    put(&a, IN(3000000, "grace", "o"), &out);     /* after a rest */
    put(&a, IN(3000010, "e\033v", "\003"), &out); /* what ends a line; a name that is hostile */
    put(&a, OUT(3000020, "x"), &out);
    asciicast_end(&a, &out);
    assert_string_equal(strchr(out.data, '\n') + 1,
                        "[0.000000, \"i\", \"he\"]\n"
                        "[0.000010, \"m\", \"ada typed: he\"]\n"
                        "[0.000010, \"i\", \"y\"]\n"
                        "[0.000010, \"m\", \"grace typed: y\"]\n"
                        "[3.000000, \"i\", \"o\"]\n"
                        "[3.000010, \"m\", \"grace typed: o\"]\n"
                        "[3.000010, \"i\", \"\\u0003\"]\n"
                        "[3.000010, \"m\", \"e\xe2\x90\x9bv typed: \xe2\x90\x83\"]\n"
                        "[3.000020, \"o\", \"x\"]\n");
    buf_finish(&out);
    asciicast_finish(&a);
}

static void a_keyframe_comes_first(void **state)
{
    struct asciicast a;
    struct buf out = {0};
    (void)state;
    asciicast_init(&a, NULL);
    asciicast_record(&a,
                     &(struct cast_record){
                         .kind = 'k', .rows = 30, .cols = 90, .bytes = "\033c", .n = 2, .who = ""},
                     &out);
    put(&a, OUT(0, "x"), &out);
    put(&a, OUT(-5000, "y"), &out); /* the machine's clock stepped back */
    asciicast_end(&a, &out);
    assert_non_null(strstr(out.data, "\"width\": 90, \"height\": 30"));
    assert_string_equal(
        strchr(out.data, '\n') + 1,
        "[0.000000, \"o\", \"\\u001bc\"]\n[0.000000, \"o\", \"x\"]\n[0.000000, \"o\", \"y\"]\n");
    buf_finish(&out);
    asciicast_finish(&a);
}

static void nothing_is_a_header(void **state)
{
    struct asciicast a;
    struct buf out = {0};
    (void)state;
    asciicast_init(&a, NULL);
    asciicast_end(&a, &out);
    assert_int_equal(strncmp(out.data, "{\"version\": 2", 13), 0);
    assert_ptr_equal(strchr(out.data, '\n'), out.data + out.len - 1);
    buf_finish(&out);
    asciicast_finish(&a);
}

static void tails(void **state)
{
    static const struct {
        const char *text;
        size_t tail;
    } cases[] = {
        {"", 0},
        {"abc", 0},
        {"\xc3", 1},
        {"a\xe4\xb8", 2},
        {"\xe4\xb8\xad", 0},
        {"\xf0\x9f\x98", 3},
        {"\xf0\x9f", 2},
        {"\xf0\x9f\x98\x80", 0},
        {"\x80\x80", 0},
        {"\x80\x80\x80", 0},
        {"\xff", 0},
        {"\xc0", 0},
        {"\xe4x", 0},
        {"\xf0\x9f\x98\x80\xc3", 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(utf8_tail(cases[i].text, strlen(cases[i].text)), cases[i].tail);
}

static void records_from_json(void **state)
{
    cJSON *j = NULL;
    struct cast_record r;
    char *bytes = NULL;
    const char *text = "{\"kind\":\"i\",\"time\":5,\"pos\":7,\"who\":\"ada\",\"data\":\"YQBi\"}";
    (void)state;
    assert_int_equal(json_parse(text, strlen(text), &j), ERR_OK);
    assert_true(records_decode(j, &r, &bytes));
    assert_int_equal(r.kind, 'i');
    assert_int_equal(r.time_us, 5);
    assert_int_equal(r.pos, 7);
    assert_string_equal(r.who, "ada");
    assert_int_equal(r.n, 3);
    assert_memory_equal(r.bytes, "a\0b", 3);
    free(bytes);
    cJSON_Delete(j);
    static const char *const bad[] = {"{}", "{\"kind\":\"oo\"}", "{\"kind\":\"m\"}",
                                      "{\"kind\":\"o\",\"data\":\"*\"}", "[]"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(json_parse(bad[i], strlen(bad[i]), &j), ERR_OK);
        assert_false(records_decode(j, &r, &bytes));
        cJSON_Delete(j);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole),
        cmocka_unit_test(characters_are_not_cut),
        cmocka_unit_test(markers_follow_who_typed),
        cmocka_unit_test(a_keyframe_comes_first),
        cmocka_unit_test(nothing_is_a_header),
        cmocka_unit_test(tails),
        cmocka_unit_test(records_from_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
