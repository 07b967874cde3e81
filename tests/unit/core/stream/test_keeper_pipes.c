/* Keepers of children with pipes, as agents are: what goes in is counted and goes in once, and no
 * child that is left behind holds up the end. */
#include "keeper_helper.h"

#include <signal.h>

static const char *const cat[] = {"cat", NULL};

static void say(struct hub *h, uint64_t at, const char *text)
{
    assert_int_equal(keeper_send_input(h->fd, at, KEEPER_HUB, text, strlen(text)), ERR_OK);
}

static bool took(const struct hub *h, const void *n)
{
    return h->in.n >= *(const size_t *)n;
}

static void each_record_of_input_says_where_it_is(void **state)
{
    static const char *const slow[] = {"sh", "-c", "read go; cat", NULL};
    const size_t size = 24 * 1024, count = 20, all = size * count;
    char *block = mem_zalloc(size);
    struct hub h;
    struct streamreader *reader;
    struct record r;
    size_t parts = 0;
    uint64_t at = 0;

    hub_open(&h, *state, false, slow);
    for (size_t i = 0; i < count; i++) {
        memset(block, (int)('a' + i), size);
        if (i == 0)
            block[0] = '\n'; /* the last of it is read byte by byte, then the pipe fills */
        enum err e;
        while ((e = keeper_send_input(h.fd, i * size, KEEPER_HUB, block, size)) == ERR_AGAIN)
            read_log(&h); /* the keeper takes from the socket meanwhile */
        assert_int_equal(e, ERR_OK);
    }
    assert_true(until(&h, took, &all));
    assert_int_equal(streamreader_open(*state, 0, NULL, &reader), ERR_OK);
    while (streamreader_next(reader, &r) == ERR_OK) {
        struct record_input in;
        if (r.kind != RECORD_INPUT)
            continue;
        assert_int_equal(record_decode_input(&r, &in), ERR_OK);
        assert_int_equal(in.epoch, at);
        at += in.n;
        parts++;
    }
    assert_int_equal(at, all);
    assert_true(parts >= count);
    streamreader_close(reader);
    free(block);
    hub_close(&h);
}

/* As a hub does that was killed and does not know what had arrived. */
static void what_is_said_again_is_left_out(void **state)
{
    struct hub h;
    hub_open(&h, *state, false, cat);
    say(&h, 0, "one\ntwo\n");
    say(&h, 0, "one\n");
    say(&h, 4, "two\nthree\n");
    hub_drop(&h);
    hub_connect(&h);
    say(&h, 0, "one\ntwo\nthree\n");
    say(&h, 8, "three\nfour\n");
    say(&h, 19, "end\n");
    assert_true(until(&h, shows, "end\n"));
    assert_string_equal(h.out.data, "one\ntwo\nthree\nfour\nend\n");
    assert_string_equal(h.in.data, h.out.data);
    assert_string_equal(h.who, KEEPER_HUB);
    hub_close(&h);
}

/* Nothing is echoed by a pipe, so the hub has to be told that its bytes have arrived. */
static void a_silent_child_s_input_is_told(void **state)
{
    static const char *const silent[] = {"sh", "-c", "exec cat > /dev/null", NULL};
    const size_t n = 6;
    struct keeper_note note;
    struct hub h;
    hub_open(&h, *state, false, silent);
    int64_t limit = clock_mono_us() + PATIENCE_US;
    while (keeper_receive(h.fd, &note) != ERR_OK) { /* the first one, of the connection */
        assert_true(clock_mono_us() < limit);
        poll(&(struct pollfd){.fd = h.fd, .events = POLLIN}, 1, 100);
    }
    say(&h, 0, "hello\n");
    poll(&(struct pollfd){.fd = h.fd, .events = POLLIN}, 1, PATIENCE_US / 1000);
    assert_int_equal(keeper_receive(h.fd, &note), ERR_OK);
    assert_int_equal(note.kind, KEEPER_GREW);
    assert_true(until(&h, took, &n));
    hub_close(&h);
}

static bool process_gone(pid_t pid)
{
    int64_t limit = clock_mono_us() + PATIENCE_US;
    for (;;) {
        char path[64], state = 0;
        snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
        FILE *f = fopen(path, "r");
        const bool there = f && fscanf(f, "%*d %*s %c", &state) == 1;
        if (f)
            fclose(f);
        if (!there || state == 'Z' || state == 'X')
            return true; /* whoever inherits it may take its time to reap */
        if (clock_mono_us() > limit)
            return false;
        poll(NULL, 0, 5);
    }
}

static void a_grandchild_does_not_hold_up_the_end(void **state)
{
    static const char *const command[] = {
        "sh", "-c", "(trap '' HUP; exec sleep 1000) & echo $!; exec sh -c 'read x; exit 4'", NULL};
    struct hub h;
    hub_open(&h, *state, false, command);
    assert_true(until(&h, shows, "\n"));
    pid_t left = atoi(h.out.data);
    assert_true(left > 1);
    say(&h, 0, "go\n");
    assert_true(until(&h, was_told_exit, NULL));
    assert_int_equal(h.code, 4);
    hub_close(&h);
    kill(left, SIGKILL); /* ours: it was told to outlive a hang-up */
    assert_true(process_gone(left));
}

static void those_left_behind_are_hung_up(void **state)
{
    static const char *const command[] = {"sh", "-c", "sleep 1000 & echo $!; read x; exit 0", NULL};
    struct hub h;
    hub_open(&h, *state, false, command);
    assert_true(until(&h, shows, "\n"));
    pid_t left = atoi(h.out.data);
    say(&h, 0, "go\n");
    assert_true(until(&h, was_told_exit, NULL));
    assert_int_equal(h.code, 0);
    assert_true(process_gone(left));
    hub_close(&h);
}

/* The first of them goes at the hang-up, the other would not for anything but KILL. */
static void closing_ends_the_whole_group(void **state)
{
    static const char *const command[] = {
        "sh", "-c", "(trap '' HUP TERM; exec sleep 1000) & echo $!; wait", NULL};
    struct hub h;
    hub_open(&h, *state, false, command);
    assert_true(until(&h, shows, "\n"));
    pid_t left = atoi(h.out.data);
    assert_true(left > 1);
    assert_int_equal(keeper_send_close(h.fd), ERR_OK);
    assert_true(until(&h, was_told_exit, NULL));
    assert_int_equal(h.code, -SIGHUP);
    assert_true(process_gone(left));
    hub_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_record_of_input_says_where_it_is), TEST(what_is_said_again_is_left_out),
        TEST(a_silent_child_s_input_is_told),        TEST(a_grandchild_does_not_hold_up_the_end),
        TEST(those_left_behind_are_hung_up),         TEST(closing_ends_the_whole_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
