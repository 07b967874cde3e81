/* Keepers with real children: what was typed, what came out, and how it ended. The test is the hub;
 * what goes wrong with hub, keeper or disk is in test_keeper_faults.c. */
#include "keeper_helper.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

static void a_shell_echoes_and_exits(void **state)
{
    struct hub h;
    hub_open(&h, *state, true, bash);
    assert_true(until(&h, shows, "$ "));
    type(&h, "echo \"<$((40+2))>\"\n");
    assert_true(until(&h, shows, "<42>"));
    assert_string_equal(h.in.data, "echo \"<$((40+2))>\"\n");
    assert_string_equal(h.who, "alice");
    assert_int_equal(h.epoch, 7);
    type(&h, "exit 7\n");
    assert_true(until(&h, was_told_exit, NULL));
    assert_int_equal(h.code, 7);
    hub_close(&h);
}

static void the_size_reaches_the_child(void **state)
{
    struct hub h;
    hub_open(&h, *state, true, bash);
    assert_true(until(&h, shows, "$ "));
    assert_int_equal(h.rows, 24);
    assert_int_equal(h.cols, 80);
    assert_int_equal(keeper_send_resize(h.fd, 31, 97), ERR_OK);
    type(&h, "stty size\n");
    assert_true(until(&h, shows, "31 97\r\n"));
    assert_int_equal(h.rows, 31);
    assert_int_equal(h.cols, 97);
    assert_int_equal(keeper_send_resize(h.fd, 60000, 0), ERR_OK);
    type(&h, "stty size\n");
    assert_true(until(&h, shows, "1000 1\r\n"));
    hub_close(&h);
}

/* A child that counts SIGWINCH: the same size again is none. */
static void the_same_size_sends_nothing(void **state)
{
    static const char *const command[] = {
        "bash", "-c",
        "n=0; trap 'n=$((n+1)); echo \"winch $n\"' WINCH; stty -echo; echo ready; "
        "while read -r line || [ $? -gt 128 ]; do echo \"got $line $n\"; done",
        NULL};
    struct hub h;
    hub_open(&h, *state, true, command);
    assert_true(until(&h, shows, "ready"));
    for (int i = 0; i < 5; i++)
        assert_int_equal(keeper_send_resize(h.fd, 24, 80), ERR_OK);
    type(&h, "a\n");
    assert_true(until(&h, shows, "got a 0"));
    assert_int_equal(keeper_send_resize(h.fd, 25, 80), ERR_OK);
    assert_int_equal(keeper_send_resize(h.fd, 25, 80), ERR_OK);
    type(&h, "b\n"); /* bash runs a trap when its read has returned */
    assert_true(until(&h, shows, "winch 1\r\ngot b 1"));
    type(&h, "c\n");
    assert_true(until(&h, shows, "got c 1"));
    assert_int_equal(h.resizes, 2); /* the first size, and the one change */
    hub_close(&h);
}

static void a_program_that_is_not_there_is_named(void **state)
{
    static const char *const none[] = {"no-such-program-here", NULL};
    char out[4096];
    write_meta(*state, true, 0, none);
    assert_int_equal(start(*state, out, sizeof out), 1);
    assert_non_null(strstr(out, "ExecFailed: "));
    assert_non_null(strstr(out, "no-such-program-here"));
    assert_non_null(strstr(out, "No such file"));
    assert_int_equal(out[strlen(out) - 1], '\n');
    assert_null(strchr(out, '\n') + 1 == out + strlen(out) ? NULL : out);
    assert_true(keeper_gone(*state));
}

static void a_folder_without_meta_is_refused(void **state)
{
    char out[4096];
    assert_int_equal(start(*state, out, sizeof out), 1);
    assert_memory_equal(out, "NotFound: ", 10);
}

static void pipes_keep_stdout_and_stderr_apart(void **state)
{
    static const char *const command[] = {
        "sh", "-c", "echo to-out; echo to-err >&2; cat; echo end; exit 3", NULL};
    struct hub h;
    hub_open(&h, *state, false, command);
    assert_true(until(&h, shows, "to-out"));
    type(&h, "typed\n");
    assert_int_equal(keeper_send_close_stdin(h.fd), ERR_OK);
    assert_true(until(&h, was_told_exit, NULL));
    assert_true(h.late || h.pid == h.told_pid);
    assert_string_equal(h.out.data, "to-out\ntyped\nend\n");
    assert_string_equal(h.err.data, "to-err\n");
    assert_int_equal(h.code, 3);
    hub_close(&h);
}

static void a_signal_is_the_exit_status(void **state)
{
    static const char *const command[] = {"sleep", "1000", NULL};
    struct hub h;
    hub_open(&h, *state, true, command);
    assert_int_equal(keeper_send_signal(h.fd, SIGUSR1), ERR_OK);
    assert_true(until(&h, was_told_exit, NULL));
    assert_int_equal(h.code, -SIGUSR1);
    hub_close(&h);
}

static void the_child_gets_three_descriptors(void **state)
{
    static const char *const command[] = {"ls", "/proc/self/fd", NULL};
    struct hub h;
    int stray = open("/dev/null", O_RDONLY); /* not close-on-exec, as a careless caller has it */
    for (int pty = 0; pty < 2; pty++) {
        char *dir = mem_printf("%s/%d", (char *)*state, pty);
        assert_int_equal(mkdir(dir, 0700), 0);
        hub_open(&h, dir, pty, command);
        assert_true(until(&h, was_told_exit, NULL));
        for (char *p = h.out.data; *p; p++)
            if (*p == '\r' || *p == '\n')
                *p = ' ';
        char squeezed[64] = "";
        for (char *p = strtok(h.out.data, " "); p; p = strtok(NULL, " "))
            strcat(strcat(squeezed, p), " ");
        assert_string_equal(squeezed, "0 1 2 3 "); /* 3 is the folder that ls reads */
        hub_close(&h);
        free(dir);
    }
    close(stray);
}

static void the_environment_is_exact(void **state)
{
    static const char *const command[] = {"env", NULL};
    struct hub h;
    setenv("STRAY", "1", 1);
    hub_open(&h, *state, false, command);
    assert_true(until(&h, was_told_exit, NULL));
    assert_string_equal(h.out.data, "PATH=/usr/local/bin:/usr/bin:/bin\nTERM=dumb\nPS1=$ \n"
                                    "LC_ALL=C.UTF-8\n");
    unsetenv("STRAY");
    hub_close(&h);
}

static void signals_are_at_their_defaults(void **state)
{
    static const char *const command[] = {"grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status", NULL};
    struct hub h;
    hub_open(&h, *state, false, command);
    assert_true(until(&h, was_told_exit, NULL));
    assert_string_equal(h.out.data, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
    hub_close(&h);
}

/* How often the process has gone to sleep: each wake-up ends in one more. */
static long switches(pid_t pid, bool *ret_asleep)
{
    char line[256];
    long n = -1;
    char *path = mem_printf("/proc/%d/status", (int)pid), is = 0;
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "State: %c", &is) < 1)
            sscanf(line, "voluntary_ctxt_switches: %ld", &n);
    if (f)
        fclose(f);
    free(path);
    if (ret_asleep)
        *ret_asleep = is == 'S';
    return n;
}

/* It has taken all that we have sent, and waits for more. */
static bool is_at_rest(const struct hub *h, pid_t keeper)
{
    int unread = -1;
    bool asleep;
    assert_int_equal(ioctl(h->fd, TIOCOUTQ, &unread), 0);
    switches(keeper, &asleep);
    return unread == 0 && asleep;
}

static void silence_wakes_nobody(void **state)
{
    static const char *const command[] = {"sh", "-c", "echo $PPID; exec sleep 1000", NULL};
    struct hub h;
    hub_open(&h, *state, true, command);
    assert_true(until(&h, shows, "\n"));
    pid_t keeper = (pid_t)strtol(h.out.data, NULL, 10);
    assert_true(switches(keeper, NULL) > 0);
    int64_t limit = clock_mono_us() + PATIENCE_US;
    while (!is_at_rest(&h, keeper)) { /* our last ack may still be on its way */
        assert_true(clock_mono_us() < limit);
        poll(NULL, 0, 1);
    }
    long before = switches(keeper, NULL);
    poll(NULL, 0, 1500); /* the silence */
    assert_int_equal(switches(keeper, NULL), before);
    hub_close(&h);
}

static void input_that_nobody_takes_is_bounded(void **state)
{
    static const char *const command[] = {"sh", "-c", "stty raw -echo; echo ready; sleep 1000",
                                          NULL};
    struct hub h;
    char block[32768];
    memset(block, 'x', sizeof block);
    hub_open(&h, *state, true, command);
    assert_true(until(&h, shows, "ready"));
    for (int i = 0; i < 40; i++) {
        enum err e;
        while ((e = keeper_send_input(h.fd, 1, "bob", block, sizeof block)) == ERR_AGAIN)
            poll(NULL, 0, 1);
        assert_int_equal(e, ERR_OK);
    }
    assert_true(until(&h, has_dropped, NULL));
    assert_true(h.dropped < 40 * sizeof block);
    hub_close(&h);
}

/* More than the terminal holds at once reaches a child that takes its time, every byte of it. */
static void long_input_arrives_whole(void **state)
{
    static const char *const command[] = {
        "sh", "-c", "stty raw -echo; echo ready; head -c 600000 | cksum", NULL};
    struct hub h;
    char block[30000];
    hub_open(&h, *state, true, command);
    assert_true(until(&h, shows, "ready"));
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = (char)('a' + i % 26);
    for (int i = 0; i < 20; i++) {
        enum err e;
        while ((e = keeper_send_input(h.fd, 1, "bob", block, sizeof block)) == ERR_AGAIN)
            poll(NULL, 0, 1);
        assert_int_equal(e, ERR_OK);
    }
    assert_true(until(&h, was_told_exit, NULL));
    assert_int_equal(h.in.n, 20 * sizeof block);
    for (int i = 0; i < 20; i++)
        assert_memory_equal(h.in.data + (size_t)i * sizeof block, block, sizeof block);
    assert_non_null(strstr(h.out.data, " 600000"));
    hub_close(&h);
}

/* A child that hears neither HUP nor TERM is killed. */
static void closing_is_final(void **state)
{
    static const char *const command[] = {
        "bash", "-c", "trap '' HUP TERM; echo ready; while :; do sleep 0.1; done", NULL};
    struct hub h;
    hub_open(&h, *state, true, command);
    assert_true(until(&h, shows, "ready"));
    assert_int_equal(keeper_send_close(h.fd), ERR_OK);
    assert_true(until(&h, was_told_exit, NULL));
    assert_int_equal(h.code, -SIGKILL);
    hub_close(&h);
}

static void a_grandchild_does_not_keep_the_stream(void **state)
{
    static const char *const command[] = {
        "bash", "-c", "trap '' HUP; sleep 1000 & echo started $!; exit 4", NULL};
    struct hub h;
    hub_open(&h, *state, true, command);
    int64_t began = clock_mono_us();
    assert_true(until(&h, was_told_exit, NULL));
    assert_true(clock_mono_us() - began < 10000000);
    assert_int_equal(h.code, 4);
    assert_true(shows(&h, "started "));
    pid_t grandchild = (pid_t)strtol(strstr(h.out.data, "started ") + 8, NULL, 10);
    assert_true(grandchild > 1);
    assert_int_equal(kill(grandchild, SIGKILL), 0); /* it was alive, and is ours to end */
    hub_close(&h);
}

static void two_keepers_never_own_one_folder(void **state)
{
    struct hub h;
    char out[4096];
    hub_open(&h, *state, true, bash);
    assert_int_equal(start(*state, out, sizeof out), 1);
    assert_memory_equal(out, "Busy: ", 6);
    type(&h, "echo here-$((1+1))\n");
    assert_true(until(&h, shows, "here-2"));
    hub_close(&h);
}

/* What a hub does when it finds nobody: a keeper that comes later does not start its child. */
static void what_is_forbidden_does_not_start(void **state)
{
    struct hub h;
    char out[4096];
    write_meta(*state, true, 0, bash);
    assert_int_equal(keeper_forbid(*state), ERR_OK);
    assert_int_equal(keeper_forbid(*state), ERR_OK);
    assert_int_equal(start(*state, out, sizeof out), 1);
    assert_non_null(strchr(out, ':'));
    assert_memory_equal(out, err_text(ERR_LOST)->name, strlen(err_text(ERR_LOST)->name));
    assert_int_equal(keeper_connect(*state, &h.fd), ERR_NO_HUB);
    assert_int_equal(keeper_forbid("/nowhere/at/all"), ERR_NOT_FOUND);
}

static void who_lives_cannot_be_forbidden(void **state)
{
    struct hub h;
    hub_open(&h, *state, true, bash);
    assert_int_equal(keeper_forbid(*state), ERR_BUSY);
    type(&h, "echo here-$((1+1))\n");
    assert_true(until(&h, shows, "here-2"));
    hub_close(&h);
}

static void a_long_path_is_no_hindrance(void **state)
{
    struct hub h;
    char *dir = mem_strdup(*state);
    for (int i = 0; i < 5; i++) {
        char *deeper = mem_printf("%s/%060d", dir, i);
        free(dir);
        dir = deeper;
        assert_int_equal(mkdir(dir, 0700), 0);
    }
    hub_open(&h, dir, true, bash);
    assert_true(until(&h, shows, "$ "));
    hub_close(&h);
    free(dir);
}

static void meta_keeps_every_byte(void **state)
{
    struct keeper_meta m = {.id = "s1",
                            .workspace = "w \"x\"",
                            .cwd = "/tmp/\xff\xfe",
                            .pty = false,
                            .rows = 5,
                            .cols = 6,
                            .retention = 7,
                            .created_us = 8};
    char *command[] = {"a\n", "", "\xc3\xa4\xff", NULL}, *env[] = {"X=\x80", NULL};
    struct keeper_meta got;
    m.command = command;
    m.env = env;
    assert_int_equal(keeper_meta_write(*state, &m), ERR_OK);
    assert_int_equal(keeper_meta_read(*state, &got), ERR_OK);
    assert_string_equal(got.id, m.id);
    assert_string_equal(got.workspace, m.workspace);
    assert_string_equal(got.cwd, m.cwd);
    for (int i = 0; i < 3; i++)
        assert_string_equal(got.command[i], command[i]);
    assert_null(got.command[3]);
    assert_string_equal(got.env[0], env[0]);
    assert_null(got.env[1]);
    assert_false(got.pty);
    assert_int_equal(got.rows, 5);
    assert_int_equal(got.cols, 6);
    assert_int_equal(got.retention, 7);
    assert_int_equal(got.created_us, 8);
    keeper_meta_finish(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(meta_keeps_every_byte),
        TEST(a_shell_echoes_and_exits),
        TEST(the_size_reaches_the_child),
        TEST(the_same_size_sends_nothing),
        TEST(a_program_that_is_not_there_is_named),
        TEST(a_folder_without_meta_is_refused),
        TEST(pipes_keep_stdout_and_stderr_apart),
        TEST(a_signal_is_the_exit_status),
        TEST(the_child_gets_three_descriptors),
        TEST(the_environment_is_exact),
        TEST(signals_are_at_their_defaults),
        TEST(silence_wakes_nobody),
        TEST(input_that_nobody_takes_is_bounded),
        TEST(long_input_arrives_whole),
        TEST(closing_is_final),
        TEST(a_grandchild_does_not_keep_the_stream),
        TEST(two_keepers_never_own_one_folder),
        TEST(what_is_forbidden_does_not_start),
        TEST(who_lives_cannot_be_forbidden),
        TEST(a_long_path_is_no_hindrance),
    };
    return cmocka_run_group_tests_name("core/stream/keeper", tests, NULL, NULL);
}
