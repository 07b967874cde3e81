/* One real runner a test, with commands of every bad manner: it claims its work once, its command
 * gets the event, is ended when it is over, and what came of it is written down. */
#include "helper.h"

#include "core/base/buf.h"
#include "core/base/paths.h"
#include "core/stream/hook_runner.h"
#include "core/stream/hook_work.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define KEY "00000000000000000012-0"

/* Offers `sh -c script` with that event and time, in ms. */
static void offer_command(const char *dir, const char *event, int timeout, const char *const *argv)
{
    cJSON *work = cJSON_CreateObject(), *command = cJSON_AddArrayToObject(work, "command");
    for (; *argv; argv++)
        cJSON_AddItemToArray(command, cJSON_CreateString(*argv));
    json_add_int(work, "timeout", timeout);
    cJSON_AddStringToObject(cJSON_AddObjectToObject(work, "env"), "BATON_EVENT", "12");
    cJSON_AddStringToObject(work, "event", event);
    char *text = json_print(work);
    assert_int_equal(hook_stage(dir, KEY), HOOK_ABSENT);
    assert_int_equal(hook_offer(dir, KEY, text, strlen(text)), ERR_OK);
    assert_int_equal(hook_stage(dir, KEY), HOOK_OFFERED);
    free(text);
    cJSON_Delete(work);
}

static void offer(const char *dir, const char *event, int timeout, const char *script)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    offer_command(dir, event, timeout, argv);
}

/* Starts a runner as the hub does: its stdout is ours as long as it lives. */
static int start(const char *dir)
{
    char *file = mem_printf("%s/" KEY ".json", dir);
    int ends[2], status = 0;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        setenv("BATON_TOKEN", "secret", 1);
        _exit(hook_main(file));
    }
    assert_true(pid > 0);
    close(ends[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    free(file);
    return ends[0];
}

static void await_end(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char byte;
    assert_int_equal(poll(&p, 1, PATIENCE_US / 1000), 1);
    assert_int_equal(read(fd, &byte, 1), 0); /* a runner writes nothing there */
    close(fd);
}

static cJSON *outcome_of(const char *dir)
{
    await_end(start(dir));
    assert_int_equal(hook_stage(dir, KEY), HOOK_DONE);
    cJSON *outcome = hook_outcome(dir, KEY);
    assert_non_null(outcome);
    hook_clear(dir, KEY);
    assert_int_equal(hook_stage(dir, KEY), HOOK_ABSENT);
    return outcome;
}

static cJSON *run(const char *dir, const char *event, int timeout, const char *script)
{
    offer(dir, event, timeout, script);
    return outcome_of(dir);
}

static void the_event_is_on_stdin(void **state)
{
    char *script = mem_printf("cat; echo \"$BATON_EVENT:$BATON_TOKEN\" >&2; exit 7");
    cJSON *o = run(*state, "{\"id\":12,\"kind\":\"x\"}", 20000, script);
    assert_int_equal(json_int(o, "status", -1), 7);
    assert_false(json_bool(o, "timedOut", true));
    const char *output = json_string(o, "output", "");
    assert_non_null(strstr(output, "{\"id\":12,\"kind\":\"x\"}\n"));
    assert_non_null(strstr(output, "12:\n")); /* whose token it was is not the hook's business */
    free(script);
    cJSON_Delete(o);
}

static char *big(size_t n)
{
    char *text = mem_zalloc(n + 1);
    memset(text, 'x', n);
    return text;
}

static void a_big_event_arrives_whole(void **state)
{
    char *event = big(1u << 20);
    cJSON *o = run(*state, event, 20000, "wc -c");
    assert_int_equal(json_int(o, "status", -1), 0);
    assert_int_equal(strtol(json_string(o, "output", ""), NULL, 10), (1 << 20) + 1);
    free(event);
    cJSON_Delete(o);
}

/* A broken pipe is the command's choice, and kills nobody. */
static void a_big_event_that_nobody_reads(void **state)
{
    char *event = big(1u << 20);
    static const char *const scripts[] = {"exit 4", "exec <&-; echo closed; exit 4",
                                          "head -c 10 >/dev/null; exit 4"};
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        cJSON *o = run(*state, event, 20000, scripts[i]);
        assert_int_equal(json_int(o, "status", -1), 4);
        cJSON_Delete(o);
    }
    free(event);
}

static void one_that_hangs_is_ended(void **state)
{
    char *script = mem_printf("echo $$ > %s/pid; echo before; exec sleep 1000", (char *)*state);
    cJSON *o = run(*state, "{}", 300, script);
    assert_true(json_bool(o, "timedOut", false));
    assert_int_equal(json_int(o, "signal", 0), SIGTERM);
    assert_string_equal(json_string(o, "output", ""), "before\n");
    await_death(number_in(*state, "pid"));
    free(script);
    cJSON_Delete(o);
}

static void one_that_ignores_term_is_killed(void **state)
{
    char *script = mem_printf("trap '' TERM; echo $$ > %s/pid; sleep 1000 & echo $! > %s/child; "
                              "while :; do sleep 1000; done",
                              (char *)*state, (char *)*state);
    cJSON *o = run(*state, "{}", 300, script);
    assert_true(json_bool(o, "timedOut", false));
    assert_int_equal(json_int(o, "signal", 0), SIGKILL);
    await_death(number_in(*state, "pid"));
    await_death(number_in(*state, "child"));
    free(script);
    cJSON_Delete(o);
}

static void of_a_flood_the_end_is_kept(void **state)
{
    cJSON *o = run(*state, "{}", 20000,
                   "head -c 30000000 /dev/zero | tr '\\0' a; echo the end; echo '\\377' >&2");
    const char *output = json_string(o, "output", "");
    assert_int_equal(json_int(o, "status", -1), 0);
    assert_in_range(strlen(output), 4000, 4 * 4096);
    assert_non_null(strstr(output, "the end\n"));
    cJSON_Delete(o);
}

static void an_endless_flood_is_ended(void **state)
{
    cJSON *o = run(*state, "{}", 300, "exec yes");
    assert_true(json_bool(o, "timedOut", false));
    assert_non_null(strstr(json_string(o, "output", ""), "\ny\ny\n"));
    cJSON_Delete(o);
}

/* The command is done; what it left in its group is not the runner's to wait for. */
static void a_grandchild_that_stays_is_ended(void **state)
{
    char *script = mem_printf("sleep 1000 & echo $! > %s/pid; echo done", (char *)*state);
    int64_t began = clock_mono_us();
    cJSON *o = run(*state, "{}", 19000, script);
    assert_int_equal(json_int(o, "status", -1), 0);
    assert_false(json_bool(o, "timedOut", true));
    assert_true(clock_mono_us() - began < 15000000);
    await_death(number_in(*state, "pid"));
    free(script);
    cJSON_Delete(o);
}

static void a_grandchild_that_is_soon_done_may_finish(void **state)
{
    cJSON *o = run(*state, "{}", 20000, "(sleep 0.01; echo late) & echo done");
    assert_string_equal(json_string(o, "output", ""), "done\nlate\n");
    cJSON_Delete(o);
}

/* Who leaves the group stays, and even with the pipes in its hands it holds nobody up for long. */
static void one_that_left_the_group_stays(void **state)
{
    char *script = mem_printf("setsid sh -c 'echo $$ > %s/pid; exec sleep 1000' & "
                              "while ! test -s %s/pid; do sleep 0.01; done",
                              (char *)*state, (char *)*state);
    cJSON *o = run(*state, "{}", 20000, script);
    assert_int_equal(json_int(o, "status", -1), 0);
    assert_false(json_bool(o, "timedOut", true));
    long pid = number_in(*state, "pid");
    assert_true(lives(pid));
    kill((pid_t)pid, SIGKILL);
    await_death(pid);
    free(script);
    cJSON_Delete(o);
}

static void a_program_that_is_not_there(void **state)
{
    const char *const argv[] = {"no-such-program-anywhere", NULL};
    offer_command(*state, "{}", 1000, argv);
    cJSON *o = outcome_of(*state);
    assert_null(json_get(o, "status"));
    assert_non_null(strstr(json_string(o, "error", ""), "no-such-program-anywhere"));
    cJSON_Delete(o);
}

static void a_killed_command(void **state)
{
    cJSON *o = run(*state, "{}", 20000, "kill -SEGV $$");
    assert_int_equal(json_int(o, "signal", 0), SIGSEGV);
    cJSON_Delete(o);
}

/* Twenty runners come for one offer, whose command ends when all the others have gone. */
static void one_of_many_runners_has_it(void **state)
{
    struct pollfd runners[20];
    char *script = mem_printf("echo x >> %s/ran; until test -e %s/go; do sleep 0.01; done",
                              (char *)*state, (char *)*state);
    char *file = path_join(*state, "ran"), *go = path_join(*state, "go"), *text = NULL;
    size_t n = 0;
    offer(*state, "{}", 20000, script);
    for (size_t i = 0; i < 20; i++)
        runners[i] = (struct pollfd){.fd = start(*state), .events = POLLIN};
    for (size_t left = 20; left > 0;) {
        assert_true(poll(runners, 20, PATIENCE_US / 1000) > 0);
        for (size_t i = 0; i < 20; i++) {
            if (runners[i].fd < 0 || !runners[i].revents)
                continue;
            await_end(runners[i].fd);
            runners[i].fd = -1;
            if (--left == 1)
                assert_int_equal(path_write_file(go, "", 0, false), ERR_OK);
        }
    }
    assert_int_equal(hook_stage(*state, KEY), HOOK_DONE);
    assert_int_equal(path_read_file(file, 1000, &text, &n), ERR_OK);
    assert_int_equal(n, 2);
    free(text);
    free(go);
    free(file);
    free(script);
}

/* The runner's pid is the command's parent's. */
static void a_runner_that_is_killed_is_seen(void **state)
{
    char *script = mem_printf("echo $PPID > %s/pid.new; echo $$ > %s/child; "
                              "mv %s/pid.new %s/pid; exec sleep 1000",
                              (char *)*state, (char *)*state, (char *)*state, (char *)*state);
    int64_t end = clock_mono_us() + PATIENCE_US;
    offer(*state, "{}", 20000, script);
    int fd = start(*state);
    while (number_in(*state, "pid") == 0 && clock_mono_us() < end)
        poll(NULL, 0, 1);
    assert_int_equal(hook_stage(*state, KEY), HOOK_RUNNING);
    kill((pid_t)number_in(*state, "pid"), SIGKILL);
    await_end(fd);
    assert_int_equal(hook_stage(*state, KEY), HOOK_LOST);
    assert_null(hook_outcome(*state, KEY));
    kill((pid_t)number_in(*state, "child"), SIGKILL);
    free(script);
}

static void a_runner_that_is_told_to_stop_ends_its_command(void **state)
{
    char *script = mem_printf("echo $PPID > %s/pid.new; echo $$ > %s/child; "
                              "mv %s/pid.new %s/pid; exec sleep 1000",
                              (char *)*state, (char *)*state, (char *)*state, (char *)*state);
    int64_t end = clock_mono_us() + PATIENCE_US;
    offer(*state, "{}", 100000, script);
    int fd = start(*state);
    while (number_in(*state, "pid") == 0 && clock_mono_us() < end)
        poll(NULL, 0, 1);
    kill((pid_t)number_in(*state, "pid"), SIGTERM);
    await_end(fd);
    cJSON *o = hook_outcome(*state, KEY);
    assert_true(json_bool(o, "stopped", false));
    assert_int_equal(json_int(o, "signal", 0), SIGTERM);
    await_death(number_in(*state, "child"));
    cJSON_Delete(o);
    free(script);
}

static void words_that_are_no_offer(void **state)
{
    (void)state;
    assert_int_equal(hook_main(""), 2);
    assert_int_equal(hook_main("a.json"), 2);
    assert_int_equal(hook_main("/a.txt"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_event_is_on_stdin),
        TEST(a_big_event_arrives_whole),
        TEST(a_big_event_that_nobody_reads),
        TEST(one_that_hangs_is_ended),
        TEST(one_that_ignores_term_is_killed),
        TEST(of_a_flood_the_end_is_kept),
        TEST(an_endless_flood_is_ended),
        TEST(a_grandchild_that_stays_is_ended),
        TEST(a_grandchild_that_is_soon_done_may_finish),
        TEST(one_that_left_the_group_stays),
        TEST(a_program_that_is_not_there),
        TEST(a_killed_command),
        TEST(one_of_many_runners_has_it),
        TEST(a_runner_that_is_killed_is_seen),
        TEST(a_runner_that_is_told_to_stop_ends_its_command),
        TEST(words_that_are_no_offer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
