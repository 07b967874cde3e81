/* Whole commands against a hub that is a script: what is asked, what is printed, how it exits. The
 * client and the follower are ours here; everything from argv to the terminal is the real one. */
#include "sample.h"
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "transport/cli/cli.h"
#include "transport/cli/command.h"
#include "transport/nng/client.h"
#include "transport/nng/follow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* --- the hub's part -------------------------------------------------------------------------- */

struct answer {
    const char *method;
    const char *result; /* NULL: code is the fault */
    enum err code;
};

struct client {
    int unused;
};

/* What one command meets and leaves behind. */
static struct scene {
    const struct answer *answers; /* taken in order; ended by a NULL method */
    enum err open;                /* what connecting gives */
    struct buf asked;             /* `method params` lines */
    struct client_options options;
    struct buf out, err; /* of the command */
    const struct follow_events *follow;
    void *follow_data;
    int door; /* which one was opened */
    struct buf door_words;
    bool foreground;
    int dispatched; /* how often the client was given time */
    int pipe[2];
} scene;

const struct catalogue *hub_catalogue(void)
{
    return &sample_catalogue;
}

enum err client_open(const struct client_options *options, struct client **ret_client,
                     struct client_fault *ret_fault)
{
    scene.options = *options;
    if (scene.open != ERR_OK) {
        ret_fault->code = scene.open;
        snprintf(ret_fault->message, sizeof ret_fault->message, "No hub.");
        snprintf(ret_fault->next, sizeof ret_fault->next, "Start one.");
        return scene.open;
    }
    *ret_client = mem_zalloc(sizeof **ret_client);
    return ERR_OK;
}

void client_close(struct client *client)
{
    free(client);
}

const struct client_fault *client_refused(const struct client *client)
{
    (void)client;
    return NULL;
}

const cJSON *client_hello(const struct client *client)
{
    (void)client;
    return NULL;
}

void client_fault_finish(struct client_fault *fault)
{
    cJSON_Delete(fault->data);
    fault->data = NULL;
}

enum err client_call(struct client *client, const char *method, const cJSON *params, int timeout_ms,
                     cJSON **ret_result, struct client_fault *ret_fault)
{
    char *text = json_print(params);
    const struct answer *a = scene.answers;
    (void)client;
    (void)timeout_ms;
    buf_printf(&scene.asked, "%s %s\n", method, text);
    free(text);
    if (!a || !a->method) {
        fail_msg("nobody expected %s", method);
        return ERR_INTERNAL;
    }
    assert_string_equal(a->method, method);
    scene.answers++;
    if (a->result) {
        assert_int_equal(json_parse(a->result, strlen(a->result), ret_result), ERR_OK);
        return ERR_OK;
    }
    ret_fault->code = a->code;
    snprintf(ret_fault->name, sizeof ret_fault->name, "%s", err_text(a->code)->name);
    snprintf(ret_fault->message, sizeof ret_fault->message, "It did not work.");
    snprintf(ret_fault->next, sizeof ret_fault->next, "Try more.");
    ret_fault->data = cJSON_CreateObject();
    cJSON_AddStringToObject(ret_fault->data, "agent", "Ask.");
    json_add_int(ret_fault->data, "n", 7);
    return a->code;
}

int client_fd(const struct client *client)
{
    (void)client;
    return scene.pipe[0];
}

void client_listen(struct client *client, const struct client_events *events, void *data)
{
    (void)client;
    (void)events;
    (void)data;
}

struct follow *follow_create(struct client *client, const char *stream_id, enum follow_mode mode,
                             uint64_t since, const struct follow_events *events, void *data)
{
    (void)client;
    assert_int_equal(mode, FOLLOW_BYTES);
    buf_printf(&scene.asked, "follow %s %llu\n", stream_id, (unsigned long long)since);
    scene.follow = events;
    scene.follow_data = data;
    return NULL;
}

void follow_destroy(struct follow *f)
{
    (void)f;
}

bool follow_message(struct follow *f, const struct wire_message *m)
{
    (void)f;
    (void)m;
    return true;
}

void follow_connected(struct follow *f, bool is)
{
    (void)f;
    (void)is;
}

/* The stream says a piece at a time: "aé", cut in the middle, a byte that is no text, the end. */
void client_dispatch(struct client *client)
{
    static const struct follow_head alive = {.pos = 4}, over = {.pos = 4, .exited = true};
    (void)client;
    scene.dispatched++;
    if (!scene.follow)
        return;
    scene.follow->bytes(scene.follow_data, 0, "a\xc3", 2);
    scene.follow->head(scene.follow_data, &alive);
    scene.follow->head(scene.follow_data, &over); /* bytes are still to come */
    scene.follow->bytes(scene.follow_data, 2, "\xa9", 1);
    scene.follow->bytes(scene.follow_data, 3, "\xff", 1);
}

/* --- running --------------------------------------------------------------------------------- */

static void keep_words(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        buf_printf(&scene.door_words, "%s%s", i ? " " : "", argv[i]);
}

static int door_console(const struct cli_options *o, int argc, char **argv)
{
    scene.door = 1;
    keep_words(argc, argv);
    buf_printf(&scene.asked, "console %s %s\n", o->hub, o->workspace ? o->workspace : "-");
    return 0;
}

static int door_hub_run(const struct cli_options *o, bool foreground)
{
    scene.door = 2;
    scene.foreground = foreground;
    buf_printf(&scene.asked, "hub %s\n", o->hub);
    return 3;
}

static int door_keep(const char *dir)
{
    scene.door = 3;
    buf_printf(&scene.asked, "keep %s\n", dir);
    return 4;
}

static int door_hook(const char *file)
{
    return strcmp(file, "/d/1.json") == 0 ? 6 : 1;
}

static int door_demo_agent(void)
{
    scene.door = 4;
    return 5;
}

static int door_mcp(const struct cli_options *o, int page)
{
    scene.door = 7;
    buf_printf(&scene.asked, "mcp %s %s %d\n", o->hub, o->identity ? o->identity : "-", page);
    return 7;
}

/* Everything that fd wrote into a temporary file while the command ran. */
static int catch_begin(int fd, FILE **ret_file)
{
    int kept = dup(fd);
    *ret_file = tmpfile();
    assert_non_null(*ret_file);
    dup2(fileno(*ret_file), fd);
    return kept;
}

static void catch_end(int fd, int kept, FILE *file, struct buf *out)
{
    char bytes[4096];
    size_t n;
    dup2(kept, fd);
    close(kept);
    rewind(file);
    while ((n = fread(bytes, 1, sizeof bytes, file)) > 0)
        buf_append(out, bytes, n);
    if (!out->data)
        buf_puts(out, "");
    fclose(file);
}

static void forget(void)
{
    buf_finish(&scene.asked);
    buf_finish(&scene.out);
    buf_finish(&scene.err);
    buf_finish(&scene.door_words);
    scene = (struct scene){.answers = scene.answers, .open = scene.open};
}

#define WORDS 24

/* Runs `baton WORDS…` and keeps its output; gives the exit status. */
static int run(const char *const *words)
{
    static const struct cli_doors doors = {door_console, door_hub_run,    door_keep,
                                           door_hook,    door_demo_agent, door_mcp};
    char *argv[WORDS] = {mem_strdup("baton")};
    FILE *out, *err;
    int argc = 1;
    forget();
    for (; words[argc - 1]; argc++)
        argv[argc] = mem_strdup(words[argc - 1]);
    assert_int_equal(pipe(scene.pipe), 0);
    assert_int_equal(write(scene.pipe[1], "x", 1), 1);
    fflush(NULL);
    int kept_out = catch_begin(STDOUT_FILENO, &out), kept_err = catch_begin(STDERR_FILENO, &err);
    int status = cli_main(argc, argv, &doors);
    fflush(NULL);
    catch_end(STDOUT_FILENO, kept_out, out, &scene.out);
    catch_end(STDERR_FILENO, kept_err, err, &scene.err);
    close(scene.pipe[0]);
    close(scene.pipe[1]);
    for (int i = 0; i < argc; i++)
        free(argv[i]);
    buf_puts(&scene.asked, "");
    buf_puts(&scene.door_words, "");
    return status;
}

#define RUN(...)     run((const char *const[]){__VA_ARGS__, NULL})
#define ANSWERS(...) (scene.answers = (const struct answer[]){__VA_ARGS__, {NULL, NULL, ERR_OK}})

static int begin(void **state)
{
    (void)state;
    unsetenv("BATON_HUB");
    unsetenv("BATON_IDENTITY");
    unsetenv("BATON_WORKSPACE");
    unsetenv("BATON_TOKEN");
    scene.answers = NULL;
    scene.open = ERR_OK;
    return 0;
}

static int end(void **state)
{
    (void)state;
    forget();
    return 0;
}

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

static void the_programs_status_is_ours(void **state)
{
    (void)state;
    ANSWERS({"process.exec", "{\"stdout\":\"o\\n\",\"stderr\":\"e\\n\",\"exitCode\":7}", ERR_OK});
    assert_int_equal(RUN("process", "exec", "--", "x"), 7);
    assert_string_equal(scene.out.data, "o\n");
    assert_string_equal(scene.err.data, "e\n");
    ANSWERS({"process.exec", "{\"stdout\":\"\",\"exitCode\":-9}", ERR_OK});
    assert_int_equal(RUN("process", "exec", "--", "x"), 137);
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

/* --- following ------------------------------------------------------------------------------- */

#define LIST                                                                                       \
    {                                                                                              \
        "stream.list", "[{\"streamId\":\"sh12\"},{\"streamId\":\"sh3\"}]", ERR_OK                  \
    }

static void bytes_as_they_are(void **state)
{
    (void)state;
    ANSWERS(LIST);
    assert_int_equal(RUN("stream", "read", "sh1", "--follow"), 0);
    assert_string_equal(scene.asked.data, "stream.list {}\nfollow sh12 0\n");
    assert_string_equal(scene.out.data, "a\xc3\xa9\xff");
}

static void bytes_as_lines(void **state)
{
    (void)state;
    ANSWERS(LIST);
    assert_int_equal(RUN("stream", "read", "sh1", "--follow", "--json"), 0);
    assert_string_equal(
        scene.out.data,
        "{\"shellId\":\"sh12\",\"pos\":0,\"data\":\"a\"}\n"
        "{\"shellId\":\"sh12\",\"pos\":1,\"data\":\"\xc3\xa9\"}\n"
        "{\"shellId\":\"sh12\",\"pos\":3,\"data\":\"/w==\",\"encoding\":\"base64\"}\n");
}

static void a_stream_must_be_one(void **state)
{
    (void)state;
    ANSWERS(LIST);
    assert_int_equal(RUN("stream", "read", "sh", "--follow"), 1);
    assert_non_null(strstr(scene.err.data, "Several things begin like that."));
    ANSWERS(LIST);
    assert_int_equal(RUN("stream", "read", "x", "--follow"), 1);
    assert_non_null(strstr(scene.err.data, "There is no stream with that id."));
}

/* The hub goes away in the middle, comes back and tells again what was told: each event once. */
static void events_once_each(void **state)
{
    (void)state;
    ANSWERS(
        {"events.since", "{\"events\":[],\"head\":4}", ERR_OK},
        {"events.next", "{\"events\":[{\"id\":5,\"kind\":\"a\"},{\"id\":6}],\"head\":6}", ERR_OK},
        {"events.next", NULL, ERR_LOST}, {"events.next", NULL, ERR_NO_HUB},
        {"events.next", "{\"events\":[{\"id\":6},{\"id\":9}],\"head\":9}", ERR_OK},
        {"events.next", NULL, ERR_TIMEOUT}, {"events.next", NULL, ERR_DENIED});
    assert_int_equal(RUN("events", "follow"), 1);
    assert_string_equal(scene.out.data, "{\"id\":5,\"kind\":\"a\"}\n{\"id\":6}\n{\"id\":9}\n");
    assert_string_equal(scene.asked.data, "events.since {\"limit\":1}\n"
                                          "events.next {\"wait\":60000,\"id\":4}\n"
                                          "events.next {\"wait\":60000,\"id\":6}\n"
                                          "events.next {\"wait\":60000,\"id\":6}\n"
                                          "events.next {\"wait\":60000,\"id\":6}\n"
                                          "events.next {\"wait\":60000,\"id\":9}\n"
                                          "events.next {\"wait\":60000,\"id\":9}\n");
}

/* Between the calls that failed the client had its chance to come back. */
static void an_outage_gives_the_client_time(void **state)
{
    (void)state;
    ANSWERS({"events.next", NULL, ERR_NO_HUB}, {"events.next", NULL, ERR_NO_HUB},
            {"events.next", NULL, ERR_DENIED});
    assert_int_equal(RUN("events", "follow", "--id", "3"), 1);
    assert_int_equal(scene.dispatched, 2);
}

static void events_from_an_id(void **state)
{
    (void)state;
    ANSWERS({"events.next", NULL, ERR_DENIED});
    assert_int_equal(RUN("events", "follow", "--id", "0"), 1);
    assert_string_equal(scene.asked.data, "events.next {\"wait\":60000,\"id\":0}\n");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_call_prints_a_sentence),
        TEST(json_is_exactly_the_result),
        TEST(who_and_where),
        TEST(the_programs_status_is_ours),
        TEST(names_that_stand_alone),
        TEST(a_refusal_says_what_next),
        TEST(no_hub),
        TEST(asking_needs_somebody),
        TEST(wrong_usage),
        TEST(help_is_everywhere),
        TEST(other_words),
        TEST(doors),
        TEST(bytes_as_they_are),
        TEST(bytes_as_lines),
        TEST(a_stream_must_be_one),
        TEST(events_once_each),
        TEST(an_outage_gives_the_client_time),
        TEST(events_from_an_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
