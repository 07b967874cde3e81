/* Whole commands against a hub that is a script: what is asked, what is printed, how it exits. What
 * follows a stream or events is in test_following.c. */
#include "scene.h"

/* --- calls ----------------------------------------------------------------------------------- */

static void a_call_prints_a_sentence(void **state)
{
    (void)state;
    ANSWERS({"shell.open", "{\"shellId\":\"sh1\"}", ERR_OK});
    assert_int_equal(RUN("shell", "open", "--cols", "90", "--", "vim"), 0);
    assert_string_equal(scene.asked.data, "shell.open {\"cols\":90,\"command\":[\"vim\"]}\n");
    assert_string_equal(scene.out.data, "sh1 runs.\n");
    assert_string_equal(scene.err.data, "");
    assert_true(scene.options.start);
    assert_string_equal(scene.options.hub, "default");
}

static void json_is_exactly_the_result(void **state)
{
    (void)state;
    ANSWERS({"shell.list", "[ {\"shellId\":\"a\\u001bb\"} ]", ERR_OK});
    assert_int_equal(RUN("--json", "shell", "list"), 0);
    assert_string_equal(scene.out.data, "[{\"shellId\":\"a\\u001bb\"}]\n");
    assert_false(scene.options.start);
    ANSWERS({"shell.list", "[]", ERR_OK});
    assert_int_equal(RUN("shell", "list"), 0);
    assert_string_equal(scene.out.data, "No shells.\n");
}

static void who_and_where(void **state)
{
    (void)state;
    setenv("BATON_HUB", "h1", 1);
    setenv("BATON_IDENTITY", "ada", 1);
    setenv("BATON_WORKSPACE", "w1", 1);
    setenv("BATON_TOKEN", "t1", 1);
    ANSWERS({"shell.open", "{}", ERR_OK});
    assert_int_equal(RUN("shell", "open"), 0);
    assert_string_equal(scene.asked.data, "shell.open {\"workspace\":\"w1\"}\n");
    assert_string_equal(scene.options.hub, "h1");
    assert_string_equal(scene.options.identity, "ada");
    assert_string_equal(scene.options.token, "t1");
    ANSWERS({"shell.open", "{}", ERR_OK}); /* flags go before the environment */
    assert_int_equal(RUN("-L", "h2", "shell", "open", "--workspace", "w2"), 0);
    assert_string_equal(scene.asked.data, "shell.open {\"workspace\":\"w2\"}\n");
}

#define STARTED                                                                                    \
    {                                                                                              \
        "process.spawn", "{\"processId\":\"pr1\",\"pid\":5}", ERR_OK                               \
    }

static void the_programs_status_is_ours(void **state)
{
    (void)state;
    ANSWERS(STARTED, {"process.output",
                      "{\"next\":4,\"last\":true,\"exitCode\":7,\"chunks\":["
                      "{\"stream\":\"stdout\",\"pos\":0,\"data\":\"bwo=\"},"
                      "{\"stream\":\"stderr\",\"pos\":2,\"data\":\"ZQo=\"}]}",
                      ERR_OK});
    assert_int_equal(RUN("process", "exec", "--stdin", "", "--", "x"), 7);
    assert_string_equal(scene.out.data, "o\n");
    assert_string_equal(scene.err.data, "e\n");
    ANSWERS(STARTED, {"process.output", "{\"last\":true,\"exitCode\":-9,\"chunks\":[]}", ERR_OK});
    assert_int_equal(RUN("process", "exec", "--stdin", "", "--", "x"), 137);
    ANSWERS(STARTED, {"process.output", "{\"last\":true,\"lost\":true,\"chunks\":[]}", ERR_OK});
    assert_int_equal(RUN("process", "exec", "--stdin", "", "--", "x"), 1);
    ANSWERS({"process.spawn", NULL, ERR_EXEC});
    assert_int_equal(RUN("process", "exec", "--", "x"), 1);
}

/* The hub goes away between two pages: what follows is asked for from where it was. */
static void output_is_asked_for_by_position(void **state)
{
    (void)state;
    ANSWERS(STARTED,
            {"process.output",
             "{\"next\":2,\"last\":false,\"chunks\":[{\"stream\":\"stdout\",\"data\":\"YQo=\"}]}",
             ERR_OK},
            {"process.output", NULL, ERR_LOST}, {"process.output", NULL, ERR_NO_HUB},
            {"process.output",
             "{\"next\":4,\"last\":true,\"exitCode\":0,\"chunks\":["
             "{\"stream\":\"stdout\",\"data\":\"Ygo=\"}]}",
             ERR_OK});
    assert_int_equal(RUN("process", "exec", "--stdin", "", "--", "x"), 0);
    assert_string_equal(scene.out.data, "a\nb\n");
    const char *first = strstr(scene.asked.data, "\"since\":0"), *then = first;
    assert_non_null(first);
    for (int i = 0; i < 3; i++)
        assert_non_null(then = strstr(then + 1, "\"since\":2"));
    assert_non_null(strstr(first, "\"attached\":true"));
}

static void names_that_stand_alone(void **state)
{
    (void)state;
    ANSWERS({"baton.take", "{\"target\":\"sh1\"}", ERR_OK});
    assert_int_equal(RUN("take", "sh1"), 0);
    assert_string_equal(scene.out.data, "You drive sh1.\n");
    ANSWERS({"baton.take", "{\"target\":\"sh1\"}", ERR_OK});
    assert_int_equal(RUN("baton", "take", "sh1"), 0);
}

/* --- failures -------------------------------------------------------------------------------- */

static void a_refusal_says_what_next(void **state)
{
    (void)state;
    ANSWERS({"shell.list", NULL, ERR_DENIED});
    assert_int_equal(RUN("shell", "list"), 1);
    assert_string_equal(scene.err.data, "baton: It did not work. Try more.\n");
    assert_string_equal(scene.out.data, "");
    ANSWERS({"shell.list", NULL, ERR_DENIED});
    assert_int_equal(RUN("shell", "list", "--json"), 1);
    assert_string_equal(scene.err.data, "{\"error\":\"PermissionDenied\",\"message\":\"It did not "
                                        "work.\",\"agent\":\"Ask.\",\"next\":"
                                        "\"Try more.\",\"retry\":false,\"data\":{\"n\":7}}\n");
    ANSWERS({"shell.list", NULL, ERR_TIMEOUT});
    assert_int_equal(RUN("shell", "list"), 124);
}

static void no_hub(void **state)
{
    (void)state;
    scene.open = ERR_NO_HUB;
    assert_int_equal(RUN("shell", "list"), 1);
    assert_string_equal(scene.err.data, "baton: No hub. Start one.\n");
}

static void asking_needs_somebody(void **state)
{
    (void)state;
    ANSWERS({"hub.stop", NULL, ERR_BUSY});
    assert_int_equal(RUN("hub", "stop", "--json"), 1);
    assert_non_null(strstr(scene.err.data, "Use --force to do it without being asked."));
    assert_string_equal(scene.asked.data, "hub.stop {}\n"); /* once */
    ANSWERS({"hub.stop", "{}", ERR_OK});
    assert_int_equal(RUN("hub", "stop", "--force"), 0);
    assert_string_equal(scene.asked.data, "hub.stop {\"force\":true}\n");
    assert_string_equal(scene.out.data, "Stopped.\n");
}

static void wrong_usage(void **state)
{
    (void)state;
    assert_int_equal(RUN("shell", "open", "--colz", "5"), 2);
    assert_string_equal(scene.err.data, "baton: Unknown flag: --colz. Near to it: --cols. See "
                                        "'baton shell open --help'.\n");
    assert_int_equal(RUN("shel", "open"), 2);
    assert_string_equal(scene.err.data, "baton: There is no command 'shel'; near to it: shell. See "
                                        "'baton --help'.\n");
    assert_int_equal(RUN("shell", "opne"), 2);
    assert_string_equal(scene.err.data,
                        "baton: There is no command 'shell opne'; near to it: open. "
                        "See 'baton shell --help'.\n");
    assert_int_equal(RUN("hub", "hello"), 2); /* of the wire only */
    assert_int_equal(RUN("--colour"), 2);
    assert_string_equal(scene.err.data, "baton: Unknown flag: --colour. See 'baton --help'.\n");
    assert_int_equal(RUN("-L"), 2);
    assert_int_equal(RUN("-L", "../x", "shell", "list"), 2);
    assert_non_null(strstr(scene.err.data, "A hub's name has 1 to 32 letters"));
    assert_int_equal(RUN("-L", ".x"), 2);
    assert_int_equal(RUN("shell", "open", "--cols", "0", "--json"), 2);
    assert_string_equal(scene.err.data,
                        "{\"error\":\"Usage\",\"message\":\"--cols must be at least 1, got "
                        "0\",\"agent\":\"The request has the wrong shape.\",\"next\":\"See 'baton "
                        "shell open --help'.\",\"retry\":false}\n");
    assert_int_equal(RUN("a\033]0;x\007"), 2);
    assert_null(strchr(scene.err.data, '\033'));
    assert_string_equal(scene.asked.data, "");
}

/* --- help and words -------------------------------------------------------------------------- */

static void help_is_everywhere(void **state)
{
    (void)state;
    assert_int_equal(RUN("--help"), 0);
    assert_non_null(strstr(scene.out.data, "The first five minutes:"));
    assert_int_equal(RUN("help"), 0);
    assert_non_null(strstr(scene.out.data, "The first five minutes:"));
    assert_int_equal(RUN("shell", "--help"), 0);
    assert_non_null(strstr(scene.out.data, "baton shell: its commands"));
    assert_int_equal(RUN("help", "shell"), 0);
    assert_non_null(strstr(scene.out.data, "baton shell: its commands"));
    assert_int_equal(RUN("shell", "open", "--nothing", "--help"), 2);
    assert_int_equal(RUN("shell", "write", "--help"), 0); /* nothing is missed */
    assert_non_null(strstr(scene.out.data, "baton shell write: Type text"));
    assert_int_equal(RUN("help", "shell", "write"), 0);
    assert_non_null(strstr(scene.out.data, "baton shell write: Type text"));
    assert_int_equal(RUN("run", "--help"), 0);
    assert_non_null(strstr(scene.out.data, "run -- COMMAND"));
    assert_int_equal(scene.door, 0);
    assert_int_equal(RUN("help", "shel"), 2);
    assert_int_equal(RUN("shell"), 2);
    assert_non_null(strstr(scene.err.data, "baton shell: its commands"));
}

static void other_words(void **state)
{
    (void)state;
    assert_int_equal(RUN("--version"), 0);
    assert_string_equal(scene.out.data, "baton " BATON_VERSION "\n");
    assert_int_equal(RUN("completion", "bash"), 0);
    assert_int_equal(RUN("completion"), 2);
    assert_int_equal(RUN("completion", "tcsh"), 2);
    assert_int_equal(RUN("manual"), 0);
    assert_int_equal(strncmp(scene.out.data, ".TH BATON 1", 11), 0);
    assert_int_equal(RUN("__complete", "shell", "op"), 0);
    assert_string_equal(scene.out.data, "open\n");
}

static void doors(void **state)
{
    (void)state;
    assert_int_equal(run((const char *const[]){NULL}), 0);
    assert_int_equal(scene.door, 1);
    assert_string_equal(scene.asked.data, "console default -\n");
    assert_string_equal(scene.door_words.data, "");
    assert_int_equal(RUN("-w", "w1", "run", "-L", "h1", "--", "vim", "--json", "-L", "x"), 0);
    assert_string_equal(scene.asked.data, "console h1 w1\n");
    assert_string_equal(scene.door_words.data, "run -- vim --json -L x");
    assert_int_equal(RUN("attach", "-w"), 2);
    assert_int_equal(RUN("-L", "h1", "hub", "run"), 3);
    assert_string_equal(scene.asked.data, "hub h1\n");
    assert_true(scene.foreground);
    assert_int_equal(RUN("hub", "run", "--detached"), 3);
    assert_false(scene.foreground);
    assert_int_equal(RUN("keep", "/d"), 4);
    assert_string_equal(scene.asked.data, "keep /d\n");
    assert_int_equal(RUN("hook", "/d/1.json"), 6);
    assert_int_equal(RUN("demo-agent"), 5);
    assert_int_equal(scene.door, 4);
    assert_int_equal(RUN("demo-agent", "--help"), 0);
    assert_int_equal(scene.door, 0);
    assert_int_equal(strncmp(scene.out.data, "baton demo-agent: Be an agent", 29), 0);
    assert_int_equal(RUN("demo-agent", "now"), 2);
    assert_int_equal(RUN("--identity", "Ada", "mcp", "-L", "h1", "--page", "7"), 7);
    assert_string_equal(scene.asked.data, "mcp h1 Ada 7\n");
    assert_int_equal(RUN("mcp", "--help"), 0);
    assert_int_equal(RUN("mcp", "--page"), 2);
    assert_int_equal(RUN("mcp", "--page", "2000"), 2);
    assert_int_equal(RUN("mcp", "now"), 2);
    assert_int_equal(RUN("mcp", "-L", ".bad"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_call_prints_a_sentence),
        TEST(json_is_exactly_the_result),
        TEST(who_and_where),
        TEST(the_programs_status_is_ours),
        TEST(output_is_asked_for_by_position),
        TEST(names_that_stand_alone),
        TEST(a_refusal_says_what_next),
        TEST(no_hub),
        TEST(asking_needs_somebody),
        TEST(wrong_usage),
        TEST(help_is_everywhere),
        TEST(other_words),
        TEST(doors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
