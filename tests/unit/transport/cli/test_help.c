/* Help, completion and manual from rows. The golden texts are what a person reads. */
#include "sample.h"
#include "core/base/config.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/base/text.h"
#include "transport/cli/complete.h"
#include "transport/cli/help.h"
#include "transport/cli/manual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char *command_help(const struct capability *row)
{
    struct buf out = {0};
    cJSON *input = NULL, *output = NULL;
    assert_int_equal(json_parse(row->input, strlen(row->input), &input), ERR_OK);
    assert_int_equal(json_parse(row->output, strlen(row->output), &output), ERR_OK);
    help_command(row, input, output, &out);
    cJSON_Delete(input);
    cJSON_Delete(output);
    return buf_take(&out);
}

/* Line by line: cmocka shows only the first kilobyte of a long string. */
static void same_lines(const char *text, const char *expected)
{
    while (*text || *expected) {
        size_t n = strcspn(text, "\n"), m = strcspn(expected, "\n");
        if (n != m || memcmp(text, expected, n) != 0)
            fail_msg("got:      %.*s\nexpected: %.*s", (int)n, text, (int)m, expected);
        text += n + (text[n] == '\n');
        expected += m + (expected[m] == '\n');
    }
}

static void of_a_command(void **state)
{
    (void)state;
    char *text = command_help(&sample_open);
    same_lines(text,
               "baton shell open: Open a shell\n"
               "\n"
               "Usage:\n"
               "  baton shell open [--cols N] [--ratio N] [--shell-name SHELL-NAME]\n"
               "                   [--policy-group POLICY-GROUP] [--to TO] [--sizes SIZES]\n"
               "                   [--env ENV] [--filter FILTER] [--format FORMAT] [--quiet]\n"
               "                   [--no-record] [--any ANY] [--since SINCE] [-- COMMAND…]\n"
               "\n"
               "Arguments:\n"
               "  -- COMMAND…             what runs\n"
               "\n"
               "Flags:\n"
               "  --cols N                columns (1 to 2000; default 80)\n"
               "  --ratio N               a ratio\n"
               "  --shell-name SHELL-NAME\n"
               "                          its name\n"
               "  --policy-group POLICY-GROUP\n"
               "  --to TO                 who (may be given several times)\n"
               "  --sizes SIZES           (may be given several times)\n"
               "  --env ENV               more environment (KEY=VALUE, may be given several\n"
               "                          times)\n"
               "  --filter FILTER\n"
               "  --format FORMAT         how (one of text, ansi; default text)\n"
               "  --quiet                 say nothing\n"
               "  --no-record             do not: keep it\n"
               "  --any ANY\n"
               "  --since SINCE\n"
               "\n"
               "Everywhere:\n"
               "  --json                  print the result as JSON, nothing else\n"
               "  --input JSON            the whole input as one object; also --input-file FILE\n"
               "  -w, --workspace KEY     the workspace (BATON_WORKSPACE)\n"
               "  -L HUB                  the hub's name (BATON_HUB; default when not given)\n"
               "  -L USER/HUB             another user's hub on this machine, who shares it\n"
               "  --identity NAME         who you are (BATON_IDENTITY)\n"
               "\n"
               "Result:\n"
               "  shellId                 its id\n"
               "\n"
               "Errors:\n"
               "  LimitExceeded           That is more than the limit.\n"
               "  ExecFailed              The program could not be started.\n");
    free(text);
}

static void of_arguments_and_following(void **state)
{
    (void)state;
    char *text = command_help(&sample_write);
    assert_non_null(strstr(text, "baton shell write [--encoding ENCODING] ID [TEXT]\n"));
    assert_non_null(
        strstr(text, "  TEXT                    what to type (standard input when not given)\n"));
    free(text);
    text = command_help(&sample_read);
    assert_non_null(strstr(text, "[--since N] [--follow] ID\n"));
    assert_non_null(
        strstr(text, "  --follow                go on with what comes, until it ends\n"));
    free(text);
    text = command_help(&sample_take);
    assert_int_equal(strncmp(text, "baton take: Take the baton of a shell\n", 38), 0);
    free(text);
    text = command_help(&sample_stop);
    assert_non_null(strstr(text, "--force does not.\n"));
    free(text);
}

static void of_a_group(void **state)
{
    struct buf out = {0};
    (void)state;
    assert_true(help_group(&sample_catalogue, "shell", &out));
    assert_string_equal(out.data, "baton shell: its commands\n"
                                  "\n"
                                  "  open            Open a shell\n"
                                  "  write           Type text into a shell\n"
                                  "  keys            Press keys in a shell\n"
                                  "  list            List the shells\n"
                                  "\n"
                                  "More: baton shell NAME --help\n");
    buf_clear(&out);
    assert_false(help_group(&sample_catalogue, "shel", &out));
    assert_int_equal(out.len, 0);
    buf_finish(&out);
}

/* Every line fits a terminal of 80 columns, and what is not there is not taught. */
static void overview(void **state)
{
    struct buf out = {0};
    (void)state;
    help_overview(&sample_catalogue, &out);
    for (const char *p = out.data; *p; p += strcspn(p, "\n") + 1) {
        char line[256];
        snprintf(line, sizeof line, "%.*s", (int)strcspn(p, "\n"), p);
        if (text_width(line) > HELP_WIDTH)
            fail_msg("too wide: %s", line);
    }
    assert_non_null(strstr(out.data, "  baton shell list "));
    assert_null(strstr(out.data, "hub doctor"));
    assert_non_null(strstr(out.data, "\n  shell             open write keys list\n"));
    const char *hub = strstr(out.data, "\n  hub               stop run\n");
    assert_non_null(hub);
    assert_null(strstr(hub + 1, "\n  hub ")); /* once, though an internal row comes first */
    assert_non_null(strstr(out.data, "\n  (alone)           take\n"));
    buf_finish(&out);
}

static void completes(const char *const *words, const char *expected)
{
    struct buf out = {0};
    int n = 0;
    while (words[n])
        n++;
    complete_words(&sample_catalogue, n, (char **)(uintptr_t)words, &out);
    assert_string_equal(out.data ? out.data : "", expected);
    buf_finish(&out);
}

#define WORDS(...)                                                                                 \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

static void completion(void **state)
{
    (void)state;
    completes(WORDS("sh"), "shell\n");
    completes(WORDS("s"), "shell\nstream\n");
    completes(WORDS("ta"), "take\n");
    completes(WORDS("shell", ""), "open\nwrite\nkeys\nlist\n");
    completes(WORDS("-L", "x", "shell", "o"), "open\n");
    completes(WORDS("hub", ""), "stop\nrun\n");
    completes(WORDS("shell", "open", "--co"), "--cols\n");
    completes(WORDS("shell", "open", "--no"), "--no-record\n");
    completes(WORDS("shell", "open", "--format", ""), "text\nansi\n");
    completes(WORDS("shell", "open", "--", "--"), "");
    completes(WORDS("shell", "write", "--t"), "");
    completes(WORDS("stream", "read", "--f"), "--follow\n");
    completes(WORDS("take", "--h"), "--help\n");
    completes(WORDS("completion", ""), "bash\nzsh\n");
    completes(WORDS("help", "str"), "stream\n");
    completes(WORDS("help", "shell", "l"), "list\n");
    completes(WORDS("nothing", ""), "");
    completes(WORDS(""), "shell\nstream\nhub\nprocess\ntake\nevents\nattach\nrun\ndemo-agent\nmcp\n"
                         "json-field\nhelp\ncompletion\nmanual\n");
}

static const char *property(const char *const *words)
{
    int n = 0;
    while (words[n])
        n++;
    return complete_property(&sample_catalogue, n, (char **)(uintptr_t)words);
}

static void where_ids_stand(void **state)
{
    (void)state;
    assert_string_equal(property(WORDS("shell", "write", "")), "shellId");
    assert_string_equal(property(WORDS("-L", "h", "shell", "keys", "s")), "shellId");
    assert_null(property(WORDS("shell", "keys", "s", "")));
    assert_string_equal(property(WORDS("stream", "read", "--since", "5", "")), "streamId");
    assert_null(property(WORDS("stream", "read", "--since", "")));
    assert_null(property(WORDS("stream", "read", "--s")));
    assert_string_equal(property(WORDS("take", "")), "target");
    assert_string_equal(property(WORDS("shell", "open", "-w", "")), "workspace");
    assert_null(property(WORDS("shell", "open", "--", "")));
    assert_null(property(WORDS("shell", "")));
    assert_null(property(WORDS("")));
}

/* What packages install is what the program prints. */
static void same_as_file(const char *shell, const char *name)
{
    char *here = mem_strdup(__FILE__), *text = NULL;
    char *tests = strstr(here, "tests/unit/");
    assert_non_null(tests);
    *tests = '\0';
    char *file = mem_printf("%sassets/completion/%s", here, name);
    assert_int_equal(path_read_file(file, 65536, &text, NULL), ERR_OK);
    assert_string_equal(text, complete_script(shell));
    free(text);
    free(file);
    free(here);
}

static void scripts(void **state)
{
    (void)state;
    same_as_file("bash", "baton.bash");
    same_as_file("zsh", "_baton");
    assert_non_null(strstr(complete_script("bash"), "complete -o default -F _baton baton"));
    assert_int_equal(strncmp(complete_script("zsh"), "#compdef baton\n", 15), 0);
    assert_null(complete_script("fish"));
}

/* No line of text may be taken for a request: each begins with one that we wrote, or with none. */
static void manual(void **state)
{
    static const char *const requests[] = {".TH ", ".SH ", ".SS ", ".TP",  ".B ",
                                           ".I ",  ".RI ", ".IR ", ".BR ", ".br",
                                           ".PP",  ".RS",  ".RE",  ".nf",  ".fi"};
    struct buf out = {0};
    (void)state;
    manual_page(&sample_catalogue, &out);
    for (const char *p = out.data; *p; p += strcspn(p, "\n") + 1) {
        bool known = *p != '.' && *p != '\'';
        for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
            known = known || strncmp(p, requests[i], strlen(requests[i])) == 0;
        if (!known)
            fail_msg("a line that roff would misread: %.40s", p);
    }
    assert_non_null(strstr(out.data, "\n.SS shell\n.TP\n.B shell open\n"));
    assert_non_null(strstr(out.data, "\\-\\-cols N"));
    assert_non_null(strstr(out.data, "\\-\\- COMMAND..."));
    assert_null(strstr(out.data, "…")); /* not every device of roff has it */
    assert_null(strstr(out.data, "hello"));
    buf_finish(&out);
}

/* Every key of the configuration is in the manual, as its own word. */
static void manual_has_the_configuration(void **state)
{
    struct config *config = NULL;
    struct buf out = {0};
    char *why = NULL;
    const cJSON *one;
    (void)state;
    manual_chapters(&out);
    assert_int_equal(config_load(&config, &why), ERR_OK);
    cJSON *all = config_show(config);
    assert_true(cJSON_GetArraySize(all) > 20);
    cJSON_ArrayForEach(one, all)
    {
        if (!strstr(out.data, one->string))
            fail_msg("the manual does not say what %s is", one->string);
    }
    cJSON_Delete(all);
    config_destroy(config);
    buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_command),
        cmocka_unit_test(of_arguments_and_following),
        cmocka_unit_test(of_a_group),
        cmocka_unit_test(overview),
        cmocka_unit_test(completion),
        cmocka_unit_test(scripts),
        cmocka_unit_test(where_ids_stand),
        cmocka_unit_test(manual),
        cmocka_unit_test(manual_has_the_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
