/* Keepers with real children: what no accident of hub, keeper or disk may lose, and floods. The
 * test is the hub. */
#include "keeper_helper.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>

static void check_seq(const struct hub *h, unsigned long last)
{
    const char *p = h->out.data;
    for (unsigned long i = 1; i <= last; i++) {
        char line[32];
        size_t n = (size_t)snprintf(line, sizeof line, "%lu\r\n", i);
        if (memcmp(p, line, n) != 0)
            fail_msg("line %lu is not what was written", i);
        p += n;
    }
    assert_ptr_equal(p, h->out.data + h->out.n);
}

/* The hub dies with words still on their way; a new one goes on where the old one had read to. */
static void a_new_hub_misses_nothing(void **state)
{
    struct hub h;
    hub_open(&h, *state, true, bash);
    assert_true(until(&h, shows, "$ "));
    type(&h, "stty -echo; echo one\n");
    type(&h, "echo two; echo three\n");
    hub_drop(&h);
    assert_true(until(&h, shows, "three\r\n"));
    uint64_t pos = h.out.n;
    streamreader_close(h.reader);
    hub_connect(&h);
    type(&h, "echo four\n");
    assert_int_equal(streamreader_open(*state, pos, NULL, &h.reader), ERR_OK);
    size_t typed = h.in.n;
    assert_true(until(&h, shows, "four\r\n"));
    assert_string_equal(h.in.data + h.in.n - 10, "echo four\n");
    assert_true(h.in.n >= typed);
    /* A newer connection replaces the older one. */
    int old = h.fd;
    struct keeper_note note;
    hub_connect(&h);
    type(&h, "echo five\n");
    assert_true(until(&h, shows, "five\r\n"));
    enum err e;
    while ((e = keeper_receive(old, &note)) == ERR_OK)
        ;
    assert_int_equal(e, ERR_LOST);
    close(old);
    hub_close(&h);
}

/* Nobody is there when it ends: the log says it all, and the keeper goes by itself. */
static void an_end_without_a_hub_is_recorded(void **state)
{
    static const char *const command[] = {"sh", "-c", "read x; echo bye; exit 9", NULL};
    struct hub h;
    hub_open(&h, *state, true, command);
    type(&h, "\n");
    hub_drop(&h);
    assert_true(until(&h, has_exited, NULL));
    assert_int_equal(h.code, 9);
    assert_true(shows(&h, "bye"));
    assert_true(keeper_gone(*state));
    assert_int_equal(keeper_connect(*state, &h.fd), ERR_NO_HUB);
    h.fd = -1;
    hub_close(&h);
}

static void a_flood_is_complete(void **state)
{
    static const char *const command[] = {"seq", "1", "6000000", NULL}; /* 52 MB with the CRs */
    struct hub h;
    hub_open(&h, *state, true, command);
    assert_true(until(&h, was_told_exit, NULL));
    check_seq(&h, 6000000);
    assert_int_equal(h.code, 0);
    hub_close(&h);
}

static void a_hub_that_does_not_follow_slows_the_child(void **state)
{
    static const char *const command[] = {"seq", "1", "600000", NULL};
    struct hub h;
    hub_open(&h, *state, true, command);
    h.acks = false;
    assert_true(until(&h, is_paused, "window"));
    assert_true(h.out.n >= 1024 * 1024);
    assert_true(h.out.n < 1024 * 1024 + 128 * 1024);
    h.acks = true;
    assert_true(until(&h, was_told_exit, NULL));
    check_seq(&h, 600000);
    hub_close(&h);
}

/* Without a hub the log's limit holds the child; with one it goes on. */
static void retention_holds_when_nobody_reads(void **state)
{
    static const char *const command[] = {"seq", "1", "600000", NULL};
    struct hub h = {.dir = *state, .fd = -1, .acks = true};
    char out[4096];
    write_meta(*state, true, 1024 * 1024, command);
    assert_int_equal(start(*state, out, sizeof out), 0);
    assert_int_equal(streamreader_open(*state, 0, NULL, &h.reader), ERR_OK);
    int64_t limit = clock_mono_us() + PATIENCE_US;
    while (h.out.n < 1000 * 1000 && clock_mono_us() < limit)
        read_log(&h);
    poll(NULL, 0, 100); /* nothing to wait for: that nothing more comes is what is tested */
    read_log(&h);
    assert_in_range(h.out.n, 1000 * 1000, 1024 * 1024 + 64 * 1024);
    hub_connect(&h);
    assert_true(until(&h, was_told_exit, NULL));
    check_seq(&h, 600000);
    hub_close(&h);
}

static void a_killed_keeper_leaves_a_readable_log(void **state)
{
    static const char *const command[] = {"sh", "-c", "echo $PPID; exec yes", NULL};
    struct hub h;
    hub_open(&h, *state, true, command);
    assert_true(until(&h, shows, "y\r\ny\r\n"));
    pid_t keeper = (pid_t)strtol(h.out.data, NULL, 10);
    assert_true(keeper > 1);
    assert_int_equal(kill(keeper, SIGKILL), 0);
    assert_true(keeper_gone(*state)); /* opens for writing: cuts off what is torn */
    read_log(&h);
    struct keeper_note note;
    enum err e;
    while ((e = keeper_receive(h.fd, &note)) == ERR_OK)
        ;
    assert_int_equal(e, ERR_LOST);
    assert_false(h.exited);
    char *p = strchr(h.out.data, '\n') + 1;
    for (; p + 3 <= h.out.data + h.out.n; p += 3)
        assert_memory_equal(p, "y\r\n", 3);
    hub_close(&h);
}

/* The disk fills while the child writes: it is held, nothing is lost, and it goes on by itself. The
 * keeper's own limit on file size stands in for the disk. */
static void a_full_disk_holds_the_child(void **state)
{
    static const char *const command[] = {
        "sh", "-c", "stty -echo; echo $PPID; read x; seq 1 100000; read x; echo got:$x:", NULL};
    struct hub h;
    hub_open(&h, *state, true, command);
    assert_true(until(&h, shows, "\n"));
    pid_t keeper = (pid_t)strtol(h.out.data, NULL, 10);
    struct rlimit before, small;
    assert_int_equal(prlimit(keeper, RLIMIT_FSIZE, NULL, &before), 0);
    small = (struct rlimit){.rlim_cur = 200 * 1024 + 5, .rlim_max = before.rlim_max};
    assert_int_equal(prlimit(keeper, RLIMIT_FSIZE, &small, NULL), 0);
    type(&h, "\n");
    assert_true(until(&h, is_paused, "disk"));
    type(&h, "typed meanwhile\n");
    assert_int_equal(keeper_send_resize(h.fd, 30, 90), ERR_OK);
    size_t shown = h.out.n;
    assert_in_range(shown, 1, 200 * 1024);
    assert_int_equal(prlimit(keeper, RLIMIT_FSIZE, &before, NULL), 0);
    assert_true(until(&h, was_told_exit, NULL));
    assert_int_equal(h.rows, 30);
    assert_string_equal(h.in.data, "\ntyped meanwhile\n");
    char *p = strchr(h.out.data, '\n') + 1;
    for (int i = 1; i <= 100000; i++) {
        char line[32];
        size_t n = (size_t)snprintf(line, sizeof line, "%d\r\n", i);
        assert_memory_equal(p, line, n);
        p += n;
    }
    assert_string_equal(p, "got:typed meanwhile:\r\n");
    hub_close(&h);
}

static void garbage_ends_the_connection_only(void **state)
{
    struct hub h;
    struct keeper_note note;
    enum err e = ERR_OK;
    hub_open(&h, *state, true, bash);
    assert_true(until(&h, shows, "$ "));
    static const char *const bad[] = {"?", "i", "i1234567\377", "r1", "a12", "s\377\377", "m"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int fd;
        assert_int_equal(keeper_connect(*state, &fd), ERR_OK);
        assert_true(send(fd, bad[i], strlen(bad[i]), MSG_NOSIGNAL) > 0);
        if (i + 1 < sizeof bad / sizeof *bad) { /* the last one is a mark without text: fine */
            int64_t limit = clock_mono_us() + PATIENCE_US;
            do {
                e = keeper_receive(fd, &note);
                if (e == ERR_AGAIN)
                    poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 100);
            } while (e != ERR_LOST && clock_mono_us() < limit);
            assert_int_equal(e, ERR_LOST);
        }
        close(fd);
    }
    hub_drop(&h);
    hub_connect(&h);
    type(&h, "echo still-$((1+1))\n");
    assert_true(until(&h, shows, "still-2"));
    hub_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_hub_misses_nothing),
        TEST(an_end_without_a_hub_is_recorded),
        TEST(a_flood_is_complete),
        TEST(a_hub_that_does_not_follow_slows_the_child),
        TEST(retention_holds_when_nobody_reads),
        TEST(a_killed_keeper_leaves_a_readable_log),
        TEST(a_full_disk_holds_the_child),
        TEST(garbage_ends_the_connection_only),
    };
    return cmocka_run_group_tests_name("core/stream/keeper_faults", tests, NULL, NULL);
}
