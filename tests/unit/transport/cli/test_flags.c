/* Flags from schemas: what a command line becomes, and the sentence when it is wrong. */
#include "sample.h"
#include "core/base/mem.h"
#include "transport/cli/flags.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define WORDS 24

struct row {
    const struct capability *cap;
    const char *words[WORDS];
    const char *input; /* NULL: refused */
    const char *why;
};

static enum err parse(const struct row *r, struct globals *g, struct flags *f, char *why, size_t n)
{
    char *argv[WORDS];
    cJSON *schema = NULL;
    int argc = 0;
    for (; argc < WORDS && r->words[argc]; argc++)
        argv[argc] = mem_strdup(r->words[argc]);
    assert_int_equal(json_parse(r->cap->input, strlen(r->cap->input), &schema), ERR_OK);
    enum err e = flags_parse(r->cap, schema, argc, argv, g, f, why, n);
    if (e == ERR_OK && !g->help) {
        e = flags_check(f, schema, why, n);
        if (e != ERR_OK)
            flags_finish(f);
    }
    cJSON_Delete(schema);
    for (int i = 0; i < argc; i++)
        free(argv[i]);
    return e;
}

static void check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct globals g = {0};
        struct flags f = {0};
        char why[400] = "";
        enum err e = parse(&rows[i], &g, &f, why, sizeof why);
        if (rows[i].input) {
            if (e != ERR_OK)
                fail_msg("row %zu: %s", i, why);
            char *text = json_print(f.input);
            assert_string_equal(text, rows[i].input);
            free(text);
        } else {
            assert_string_equal(why, rows[i].why);
            assert_int_equal(e, ERR_USAGE);
        }
        flags_finish(&f);
    }
}

static void values(void **state)
{
    static const struct row rows[] = {
        {&sample_open, {NULL}, "{}", NULL},
        {&sample_open, {"--cols", "100"}, "{\"cols\":100}", NULL},
        {&sample_open, {"--cols=100"}, "{\"cols\":100}", NULL},
        {&sample_open, {"--cols", "7", "--cols", "8"}, "{\"cols\":8}", NULL},
        {&sample_open, {"--ratio", "-1.5e1"}, "{\"ratio\":-15}", NULL},
        {&sample_open, {"--shell-name", "ada"}, "{\"shellName\":\"ada\"}", NULL},
        {&sample_open, {"--shell-name="}, NULL, "--shell-name must not be empty"},
        {&sample_open, {"--policy-group", "x"}, "{\"policy_group\":\"x\"}", NULL},
        {&sample_open, {"--to", "a", "--to=b"}, "{\"to\":[\"a\",\"b\"]}", NULL},
        {&sample_open, {"--to", "[\"a\",\"b\"]"}, "{\"to\":[\"a\",\"b\"]}", NULL},
        {&sample_open, {"--to", "[not json"}, "{\"to\":[\"[not json\"]}", NULL},
        {&sample_open, {"--sizes", "1", "--sizes", "2"}, "{\"sizes\":[1,2]}", NULL},
        {&sample_open,
         {"--env", "A=b=c", "--env", "D="},
         "{\"env\":{\"A\":\"b=c\",\"D\":\"\"}}",
         NULL},
        {&sample_open, {"--env", "{\"A\":\"b\"}"}, "{\"env\":{\"A\":\"b\"}}", NULL},
        {&sample_open, {"--filter", "{\"a\":3}"}, "{\"filter\":{\"a\":3}}", NULL},
        {&sample_open, {"--quiet"}, "{\"quiet\":true}", NULL},
        {&sample_open, {"--no-quiet"}, "{\"quiet\":false}", NULL},
        {&sample_open, {"--quiet=false"}, "{\"quiet\":false}", NULL},
        {&sample_open, {"--quiet", "false"}, "{\"quiet\":false}", NULL},
        {&sample_open,
         {"--quiet", "true", "--no-record"},
         "{\"quiet\":true,\"record\":false}",
         NULL},
        {&sample_open, {"--any", "5"}, "{\"any\":5}", NULL},
        {&sample_open, {"--any", "five"}, "{\"any\":\"five\"}", NULL},
        {&sample_open, {"--since", "5"}, "{\"since\":5}", NULL},
        {&sample_open, {"--since", "5.5"}, "{\"since\":\"5.5\"}", NULL},
        {&sample_open,
         {"--", "ls", "--json", "-L", "--"},
         "{\"command\":[\"ls\",\"--json\",\"-L\",\"--\"]}",
         NULL},
        {&sample_open,
         {"--input", "{\"cols\":5,\"quiet\":true}", "--cols", "6"},
         "{\"cols\":6,\"quiet\":true}",
         NULL},
        {&sample_open, {"-w", "w1", "--json"}, "{\"workspace\":\"w1\"}", NULL},
        {&sample_open, {"--workspace=w1"}, "{\"workspace\":\"w1\"}", NULL},
    };
    (void)state;
    check(rows, sizeof rows / sizeof *rows);
}

static void arguments(void **state)
{
    static const struct row rows[] = {
        {&sample_write, {"sh1", "ls\n"}, "{\"shellId\":\"sh1\",\"text\":\"ls\\n\"}", NULL},
        {&sample_write, {"--text", "x", "sh1"}, "{\"text\":\"x\",\"shellId\":\"sh1\"}", NULL},
        {&sample_write, {"--shell-id", "sh1", "x"}, "{\"shellId\":\"sh1\",\"text\":\"x\"}", NULL},
        {&sample_write, {"sh1", "-"}, "{\"shellId\":\"sh1\",\"text\":\"-\"}", NULL},
        {&sample_write, {"sh1", "-5"}, "{\"shellId\":\"sh1\",\"text\":\"-5\"}", NULL},
        {&sample_write, {"sh1", "--", "--no"}, "{\"shellId\":\"sh1\",\"text\":\"--no\"}", NULL},
        {&sample_keys,
         {"sh1", "C-c", "Up", "true"},
         "{\"shellId\":\"sh1\",\"keys\":[\"C-c\",\"Up\",\"true\"]}",
         NULL},
        {&sample_read, {"5"}, "{\"streamId\":\"5\"}", NULL},
        {&sample_stop, {"--force"}, "{\"force\":true}", NULL},
    };
    (void)state;
    check(rows, sizeof rows / sizeof *rows);
}

static void wrong_usage(void **state)
{
    static const struct row rows[] = {
        {&sample_open, {"--colz", "5"}, NULL, "Unknown flag: --colz. Near to it: --cols"},
        {&sample_open, {"--qqqqqqq"}, NULL, "Unknown flag: --qqqqqqq"},
        {&sample_open, {"-x"}, NULL, "Unknown flag: -x"},
        {&sample_open, {"--no-cols"}, NULL, "Unknown flag: --no-cols. Near to it: --cols"},
        {&sample_open, {"--follow"}, NULL, "Unknown flag: --follow"},
        {&sample_open, {"--cols"}, NULL, "Flag --cols requires a value"},
        {&sample_open, {"--cols", "--", "ls"}, NULL, "Flag --cols requires a value"},
        {&sample_open,
         {"--cols", "many"},
         NULL,
         "Flag --cols expects a whole number, got \"many\""},
        {&sample_open, {"--cols", "1.5"}, NULL, "Flag --cols expects a whole number, got \"1.5\""},
        {&sample_open,
         {"--cols", "0x10"},
         NULL,
         "Flag --cols expects a whole number, got \"0x10\""},
        {&sample_open, {"--cols", ""}, NULL, "Flag --cols expects a whole number, got \"\""},
        {&sample_open, {"--ratio", "nan"}, NULL, "Flag --ratio expects a number, got \"nan\""},
        {&sample_open, {"--ratio", "1e999"}, NULL, "Flag --ratio expects a number, got \"1e999\""},
        {&sample_open,
         {"--quiet=maybe"},
         NULL,
         "Flag --quiet expects true or false, got \"maybe\""},
        {&sample_open, {"--sizes", "x"}, NULL, "Flag --sizes expects a whole number, got \"x\""},
        {&sample_open, {"--env", "A"}, NULL, "Flag --env expects KEY=VALUE, got \"A\""},
        {&sample_open,
         {"--filter", "a=3"},
         NULL,
         "Flag --filter expects JSON, an object, got \"a=3\""},
        {&sample_open, {"--cols", "5000"}, NULL, "--cols must be at most 2000, got 5000"},
        {&sample_open,
         {"--format", "xml"},
         NULL,
         "--format must be one of text, ansi, got \"xml\""},
        {&sample_open,
         {"--shell-name", "123456789"},
         NULL,
         "--shell-name must have at most 8 characters, has 9"},
        {&sample_open,
         {"--policy-group", "A\033[2J"},
         NULL,
         "--policy-group must match ^[a-z]+$, got \"A\xe2\x90\x9b[2J\""},
        {&sample_open, {"--shell-name", "\xff"}, NULL, "Flag --shell-name is not UTF-8 text"},
        {&sample_open, {"--filter", "{\"b\":3}"}, NULL, "\"filter.b\" is not known here"},
        {&sample_open,
         {"ls"},
         NULL,
         "Unexpected positional argument: \"ls\". What is to be run stands behind --"},
        {&sample_open,
         {"--input", "[1]"},
         NULL,
         "Flag --input expects JSON, an object such as {\"key\": \"value\"}"},
        {&sample_open, {"--input"}, NULL, "Flag --input requires a value"},
        {&sample_open, {"--input", "{}", "--input={}"}, NULL, "The whole input is given twice"},
        {&sample_open,
         {"--input-file", "/nonexistent"},
         NULL,
         "Flag --input-file cannot be read: There is no such thing."},
        {&sample_open,
         {"--input", "{\"colz\":1}"},
         NULL,
         "\"colz\" is not known here; near to it: cols"},
        {&sample_open, {"-w"}, NULL, "Flag -w requires a value"},
        {&sample_open, {"-L="}, NULL, "Flag -L requires a value"},
        {&sample_write, {NULL}, NULL, "Missing required argument: ID"},
        {&sample_keys, {"sh1"}, NULL, "Missing required argument: KEYS"},
        {&sample_write, {"a", "b", "c"}, NULL, "Unexpected positional argument: \"c\""},
        {&sample_exec, {NULL}, NULL, "Missing required argument: what is to be run, behind --"},
        {&sample_exec, {"--"}, NULL, "Missing required argument: what is to be run, behind --"},
    };
    (void)state;
    check(rows, sizeof rows / sizeof *rows);
}

static void global_flags(void **state)
{
    const struct row row = {
        &sample_list, {"-L", "h1", "--identity=ada", "--json", "-wfoo", "--help"}, "{}", NULL};
    struct globals g = {0};
    struct flags f = {0};
    char why[200];
    (void)state;
    /* The values are borrowed from argv, so this one is kept by the test. */
    char *argv[] = {"-L", "h1", "--identity=ada", "--json", "-wfoo", "--help"};
    cJSON *schema = NULL;
    assert_int_equal(json_parse(row.cap->input, strlen(row.cap->input), &schema), ERR_OK);
    assert_int_equal(flags_parse(row.cap, schema, 6, argv, &g, &f, why, sizeof why), ERR_OK);
    assert_string_equal(g.options.hub, "h1");
    assert_string_equal(g.options.identity, "ada");
    assert_string_equal(g.options.workspace, "foo");
    assert_true(g.options.json);
    assert_true(g.help);
    assert_false(g.version);
    flags_finish(&f);
    cJSON_Delete(schema);
}

static void follow_where_it_is(void **state)
{
    const struct row row = {&sample_read, {"sh1", "--follow", "--since", "9"}, NULL, NULL};
    struct globals g = {0};
    struct flags f = {0};
    char why[200];
    (void)state;
    assert_int_equal(parse(&row, &g, &f, why, sizeof why), ERR_OK);
    assert_true(f.follow);
    assert_int_equal(json_int(f.input, "since", 0), 9);
    flags_finish(&f);
}

/* Reads `bytes` as standard input of a command. */
static enum err feed(const struct capability *cap, const char *bytes, size_t n, size_t limit,
                     struct flags *f, char *why, size_t size)
{
    char *argv[] = {"sh1"};
    struct globals g = {0};
    cJSON *schema = NULL;
    int pair[2];
    assert_int_equal(pipe(pair), 0);
    assert_int_equal(write(pair[1], bytes, n), (ssize_t)n);
    close(pair[1]);
    assert_int_equal(json_parse(cap->input, strlen(cap->input), &schema), ERR_OK);
    assert_int_equal(flags_parse(cap, schema, 1, argv, &g, f, why, size), ERR_OK);
    assert_string_equal(f->unread, "text");
    enum err e = flags_read(f, schema, pair[0], limit, why, size);
    close(pair[0]);
    cJSON_Delete(schema);
    return e;
}

static void standard_input(void **state)
{
    struct flags f = {0};
    char why[200] = "";
    (void)state;
    assert_int_equal(feed(&sample_write, "h\xc3\xa4\n", 4, 100, &f, why, sizeof why), ERR_OK);
    assert_string_equal(json_string(f.input, "text", ""), "h\xc3\xa4\n");
    assert_null(json_get(f.input, "encoding"));
    assert_null(f.unread);
    flags_finish(&f);
    assert_int_equal(feed(&sample_write, "a\0b", 3, 100, &f, why, sizeof why), ERR_OK);
    assert_string_equal(json_string(f.input, "text", ""), "YQBi");
    assert_string_equal(json_string(f.input, "encoding", ""), "base64");
    flags_finish(&f);
    assert_int_equal(feed(&sample_write, "12345", 5, 4, &f, why, sizeof why), ERR_USAGE);
    assert_string_equal(why, "Standard input has more than the 4 bytes that one call takes");
    flags_finish(&f);
}

static void names(void **state)
{
    static const char *const cases[][2] = {
        {"shellId", "shell-id"},
        {"message_id", "message-id"},
        {"to", "to"},
        {"atLeast", "at-least"},
        {"Id", "id"},
        {"a_B", "a-b"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = {0};
        flag_name(cases[i][0], &out);
        assert_string_equal(out.data, cases[i][1]);
        buf_finish(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),         cmocka_unit_test(arguments),
        cmocka_unit_test(wrong_usage),    cmocka_unit_test(global_flags),
        cmocka_unit_test(standard_input), cmocka_unit_test(follow_where_it_is),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
