/* One real command a test, of every manner: what it printed, how it ended and who ended it, and
 * that nothing of its group is left. */
#include "helper.h"

#include "core/stream/child_run.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#define LONG_MS  20000
#define SHORT_MS 800     /* and the script has come to its end */
#define MANY     3000000 /* bytes, more than pipes hold */

/* Runs `sh -c script` under this order, whose command it is. */
static struct child_run run_order(struct child_order order, const char *script)
{
    struct child_run r;
    char *why = NULL;
    cJSON *command = cJSON_CreateArray();
    cJSON_AddItemToArray(command, cJSON_CreateString("sh"));
    cJSON_AddItemToArray(command, cJSON_CreateString("-c"));
    cJSON_AddItemToArray(command, cJSON_CreateString(script));
    order.command = command;
    assert_int_equal(child_run(&order, &r, &why), ERR_OK);
    assert_null(why);
    cJSON_Delete(command);
    return r;
}

/* In the test's folder, with time and room enough. */
static struct child_order usual(const char *dir)
{
    return (struct child_order){.cwd = dir,
                                .timeout_ms = LONG_MS,
                                .term_ms = LONG_MS,
                                .out_max = 2 * MANY,
                                .tail_max = 2 * MANY,
                                .caller = -1};
}

static struct child_run run(const char *dir, const char *script)
{
    return run_order(usual(dir), script);
}

static void assert_text(const struct buf *b, const char *text)
{
    assert_int_equal(b->len, strlen(text));
    assert_memory_equal(b->len ? b->data : "", text, b->len);
}

static void assert_all(const struct buf *b, size_t n, char c)
{
    assert_int_equal(b->len, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(b->data[i], c);
}

static void assert_nobody_ended_it(const struct child_run *r)
{
    assert_false(r->timed_out || r->stopped || r->too_much || r->alone);
}

static void its_status(void **state)
{
    struct child_run r = run(*state, "exit 0");
    assert_int_equal(r.code, 0);
    assert_nobody_ended_it(&r);
    child_run_finish(&r);
    r = run(*state, "echo out; echo err >&2; exit 7");
    assert_int_equal(r.code, 7);
    assert_text(&r.out, "out\n");
    assert_text(&r.tail, "err\n");
    assert_nobody_ended_it(&r);
    child_run_finish(&r);
}

static void its_signal(void **state)
{
    struct child_run r = run(*state, "echo out; kill -SEGV $$");
    assert_int_equal(r.code, -SIGSEGV);
    assert_text(&r.out, "out\n");
    assert_nobody_ended_it(&r);
    child_run_finish(&r);
}

static void both_outputs_are_complete(void **state)
{
    struct child_run r = run(*state, "head -c 3000000 /dev/zero | tr '\\0' e >&2 &"
                                     "head -c 3000000 /dev/zero | tr '\\0' o; wait");
    assert_int_equal(r.code, 0);
    assert_all(&r.out, MANY, 'o');
    assert_all(&r.tail, MANY, 'e');
    child_run_finish(&r);
}

static void of_stderr_the_end_is_kept(void **state)
{
    struct child_order order = usual(*state);
    order.tail_max = 8;
    struct child_run r = run_order(order, "head -c 3000000 /dev/zero >&2; echo the end >&2");
    assert_int_equal(r.code, 0);
    assert_text(&r.tail, "the end\n");
    assert_int_equal(r.out.len, 0);
    child_run_finish(&r);
}

static void stdout_may_go_to_the_tail(void **state)
{
    struct child_order order = usual(*state);
    order.out_max = 0;
    order.tail_max = 8;
    struct child_run r = run_order(order, "echo one; echo two; echo three");
    assert_text(&r.tail, "o\nthree\n");
    assert_int_equal(r.out.len, 0);
    assert_nobody_ended_it(&r);
    child_run_finish(&r);
}

static void as_much_as_it_may_print(void **state)
{
    struct child_order order = usual(*state);
    order.out_max = 100000;
    struct child_run r = run_order(order, "head -c 100000 /dev/zero");
    assert_int_equal(r.code, 0);
    assert_all(&r.out, 100000, 0);
    assert_nobody_ended_it(&r);
    child_run_finish(&r);
}

/* One byte more, and a flood: what is sure to have been printed before the end is the flood's. */
static void more_than_it_may_print(void **state)
{
    struct child_order order = usual(*state);
    order.out_max = 100000;
    struct child_run r = run_order(order, "head -c 100001 /dev/zero; exec sleep 1000");
    assert_true(r.too_much);
    assert_int_equal(r.code, -SIGTERM);
    assert_int_equal(r.out.len, 0);
    child_run_finish(&r);
    r = run_order(order, "exec yes");
    assert_true(r.too_much);
    assert_false(r.timed_out);
    assert_int_equal(r.code, -SIGTERM);
    assert_int_equal(r.out.len, 0);
    child_run_finish(&r);
}

static void its_time_is_over(void **state)
{
    struct child_order order = usual(*state);
    order.timeout_ms = SHORT_MS;
    struct child_run r = run_order(order, "echo $$ > pid; echo before; exec sleep 1000");
    assert_true(r.timed_out);
    assert_int_equal(r.code, -SIGTERM);
    assert_text(&r.out, "before\n");
    await_death(number_in(*state, "pid"));
    child_run_finish(&r);
}

static void after_term_it_has_a_grace(void **state)
{
    struct child_order order = usual(*state);
    order.timeout_ms = SHORT_MS;
    struct child_run r =
        run_order(order, "trap 'echo bye; exit 5' TERM; while :; do sleep 0.01; done");
    assert_true(r.timed_out);
    assert_int_equal(r.code, 5);
    assert_text(&r.out, "bye\n");
    child_run_finish(&r);
}

static void one_that_ignores_term_is_killed(void **state)
{
    struct child_order order = usual(*state);
    order.timeout_ms = SHORT_MS;
    order.term_ms = 50;
    struct child_run r = run_order(order, "trap '' TERM; echo $$ > pid; sleep 1000 & "
                                          "echo $! > child; while :; do sleep 1000; done");
    assert_true(r.timed_out);
    assert_int_equal(r.code, -SIGKILL);
    await_death(number_in(*state, "pid"));
    await_death(number_in(*state, "child"));
    child_run_finish(&r);
}

static void a_grandchild_that_holds_the_pipes_is_ended(void **state)
{
    const int64_t began = clock_mono_us();
    struct child_run r = run(*state, "sleep 1000 & echo $! > pid; echo done");
    assert_int_equal(r.code, 0);
    assert_text(&r.out, "done\n");
    assert_nobody_ended_it(&r);
    assert_true(clock_mono_us() - began < LONG_MS * 1000LL);
    await_death(number_in(*state, "pid"));
    child_run_finish(&r);
}

static void a_grandchild_that_is_soon_done_may_finish(void **state)
{
    struct child_run r = run(*state, "(sleep 0.01; echo late) & echo done");
    assert_int_equal(r.code, 0);
    assert_text(&r.out, "done\nlate\n");
    child_run_finish(&r);
}

/* It lives on, and even with the pipes in its hands it holds nobody up for long. */
static void one_that_left_the_group_stays(void **state)
{
    struct child_order order = usual(*state);
    order.term_ms = 50;
    struct child_run r = run_order(order, "setsid sh -c 'echo $$ > pid; exec sleep 1000' & "
                                          "while ! test -s pid; do sleep 0.01; done");
    const long pid = number_in(*state, "pid");
    assert_int_equal(r.code, 0);
    assert_nobody_ended_it(&r);
    assert_true(lives(pid));
    kill((pid_t)pid, SIGKILL);
    await_death(pid);
    child_run_finish(&r);
}

static void its_input_arrives_whole(void **state)
{
    struct child_order order = usual(*state);
    char *bytes = mem_zalloc(MANY);
    memset(bytes, 'i', MANY);
    order.input = bytes;
    order.input_n = MANY;
    struct child_run r = run_order(order, "cat");
    assert_int_equal(r.code, 0);
    assert_all(&r.out, MANY, 'i');
    child_run_finish(&r);
    order.input_n = 0;
    r = run_order(order, "cat; echo none"); /* it is at its end at once */
    assert_text(&r.out, "none\n");
    child_run_finish(&r);
    free(bytes);
}

/* A broken pipe is the command's choice, and kills nobody. */
static void input_that_nobody_reads(void **state)
{
    static const char *const scripts[] = {"exit 4", "exec <&-; echo closed; exit 4",
                                          "head -c 10 >/dev/null; exit 4"};
    struct child_order order = usual(*state);
    char *bytes = mem_zalloc(MANY);
    order.input = bytes;
    order.input_n = MANY;
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        struct child_run r = run_order(order, scripts[i]);
        assert_int_equal(r.code, 4);
        assert_nobody_ended_it(&r);
        child_run_finish(&r);
    }
    free(bytes);
}

/* The script holds the other end of a FIFO: what it says there is nothing, its going is all. */
static void the_caller_goes_away(void **state)
{
    struct child_order order = usual(*state);
    char *fifo = mem_printf("%s/caller", (char *)*state);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    order.caller = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(order.caller >= 0);
    struct child_run r = run_order(order, "trap 'test -e left && exit 3; exit 4' TERM; "
                                          "exec 5>caller; echo words >&5; sleep 0.05; "
                                          "touch left; exec 5>&-; while :; do sleep 0.01; done");
    assert_true(r.alone);
    assert_false(r.stopped || r.timed_out);
    assert_int_equal(r.code, 3);
    child_run_finish(&r);
    close(order.caller);
    free(fifo);
}

/* This command, not the next one. */
static void term_to_this_process_ends_it(void **state)
{
    struct child_run r = run(*state, "kill -TERM $PPID; exec sleep 1000");
    assert_true(r.stopped);
    assert_false(r.alone || r.timed_out);
    assert_int_equal(r.code, -SIGTERM);
    child_run_finish(&r);
    r = run(*state, "exit 6");
    assert_int_equal(r.code, 6);
    assert_nobody_ended_it(&r);
    child_run_finish(&r);
}

static void what_it_is_given(void **state)
{
    struct child_order order = usual(*state);
    cJSON *env = cJSON_CreateObject();
    cJSON_AddStringToObject(env, "BATON_TEST", "a b");
    order.env = env;
    struct child_run r = run_order(order, "echo \"$BATON_TEST\"; pwd -P >&2");
    char *dir = realpath(*state, NULL), *line = mem_printf("%s\n", dir);
    assert_text(&r.out, "a b\n");
    assert_text(&r.tail, line);
    child_run_finish(&r);
    free(line);
    free(dir);
    cJSON_Delete(env);
}

static void a_program_that_is_not_there(void **state)
{
    struct child_order order = usual(*state);
    struct child_run r;
    char *why = NULL;
    cJSON *command = cJSON_CreateArray();
    cJSON_AddItemToArray(command, cJSON_CreateString("no-such-program-anywhere"));
    order.command = command;
    assert_int_equal(child_run(&order, &r, &why), ERR_EXEC);
    assert_non_null(strstr(why, "no-such-program-anywhere"));
    free(why);
    child_run_finish(&r);
    cJSON_Delete(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(its_status),
        TEST(its_signal),
        TEST(both_outputs_are_complete),
        TEST(of_stderr_the_end_is_kept),
        TEST(stdout_may_go_to_the_tail),
        TEST(as_much_as_it_may_print),
        TEST(more_than_it_may_print),
        TEST(its_time_is_over),
        TEST(after_term_it_has_a_grace),
        TEST(one_that_ignores_term_is_killed),
        TEST(a_grandchild_that_holds_the_pipes_is_ended),
        TEST(a_grandchild_that_is_soon_done_may_finish),
        TEST(one_that_left_the_group_stays),
        TEST(its_input_arrives_whole),
        TEST(input_that_nobody_reads),
        TEST(the_caller_goes_away),
        TEST(term_to_this_process_ends_it),
        TEST(what_it_is_given),
        TEST(a_program_that_is_not_there),
    };
    child_run_settle("test: child_run");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
