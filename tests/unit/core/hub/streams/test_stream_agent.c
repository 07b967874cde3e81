/* An agent's lines come out whole, in order and once, its input goes in once, whoever dies when;
 * and none of it takes more memory than it may. Real keepers, real children; control is the test.
 */
#include "tests/unit/core/hub/agent_helper.h"

/* Control's side, where there is no other: the test looks at the works itself and runs none. */
__attribute__((weak)) enum err sessions_output(struct hub *hub, void *arg)
{
    (void)hub;
    (void)arg;
    return ERR_INTERNAL;
}

static bool is_over(const struct world *w, const void *unused)
{
    (void)unused;
    return w->ended || w->lost;
}

static bool shows(const struct world *w, const void *text)
{
    return w->lines.data && strstr(w->lines.data, text);
}

static bool has_bytes(const struct world *w, const void *n)
{
    return w->byte_count >= *(const uint64_t *)n;
}

static bool all_delivered(const struct world *w, const void *unused)
{
    (void)unused;
    return w->delivered == w->outbox.len;
}

static bool is_held(const struct world *w, const void *unused)
{
    (void)unused;
    return w->held != NULL;
}

static bool keeper_waits(const struct world *w, const void *unused)
{
    struct stream_info info;
    (void)unused;
    return registry_get(w->hub->registry, AGENT, &info) && strcmp(info.held, "window") == 0;
}

static void say(struct world *w, const char *text)
{
    world_say(w, text, strlen(text));
}

/* Closes the agent's stdin and sees it to its end. */
static void finish(struct world *w, int code)
{
    world_close_agent(w);
    assert_true(until(w, is_over, NULL));
    assert_true(w->ended);
    assert_int_equal(w->code, code);
    assert_true(world_keeper_gone(w));
}

static void lines_go_in_and_come_out(void **state)
{
    struct world *w = *state;
    struct stream_info info;
    world_keeper(w, "cat", 0);
    world_start(w, false);
    say(w, "{\"one\":1}\n{\"two\":");
    assert_true(until(w, shows, "{\"one\":1}\n"));
    assert_string_equal(w->lines.data, "{\"one\":1}\n"); /* half a line is nobody's business */
    say(w, "2}\n");
    assert_true(until(w, shows, "{\"two\":2}\n"));
    assert_true(until(w, all_delivered, NULL));
    assert_int_equal(w->consumed, w->outbox.len);
    assert_true(registry_get(w->hub->registry, AGENT, &info));
    assert_int_equal(info.thing, THING_AGENT);
    assert_false(info.exited);
    finish(w, 0);
    assert_true(registry_get(w->hub->registry, AGENT, &info));
    assert_true(info.exited && !info.lost);
    assert_int_equal(info.pos, w->outbox.len);
}

/* More than may be on its way at a time, in lines of all lengths. */
static void much_input_arrives_whole(void **state)
{
    struct world *w = *state;
    char *line = mem_zalloc(70000);
    world_keeper(w, "cat", 0);
    world_start(w, false);
    for (size_t i = 0; i < 60; i++) {
        const size_t n = 1 + i * 7919 % 65000;
        memset(line, (int)('a' + i % 26), n);
        line[n] = '\n';
        world_say(w, line, n + 1);
    }
    const uint64_t all = w->outbox.len;
    assert_true(until(w, has_bytes, &all));
    assert_int_equal(w->lines.len, w->outbox.len);
    assert_memory_equal(w->lines.data, w->outbox.data, w->outbox.len);
    assert_true(until(w, all_delivered, NULL));
    free(line);
    finish(w, 0);
}

/* Nothing comes out, and still control learns that it arrived, so that the outbox can go. */
static void what_a_silent_agent_took_is_told(void **state)
{
    struct world *w = *state;
    char *block = mem_zalloc(600000);
    memset(block, '\n', 600000);
    world_keeper(w, "exec cat > /dev/null", 0);
    world_start(w, false);
    world_say(w, block, 600000);
    assert_true(until(w, all_delivered, NULL));
    assert_int_equal(w->byte_count, 0);
    free(block);
    finish(w, 0);
}

static uint64_t folder_bytes(const char *dir)
{
    struct segment_list {
        uint64_t sum;
    } s = {0};
    char *command = mem_printf("du -sb '%s'", dir);
    FILE *f = popen(command, "r");
    if (!f || fscanf(f, "%lu", &s.sum) != 1)
        fail_msg("du does not say how much there is");
    pclose(f);
    free(command);
    return s.sum;
}

/* While control does not commit the agent waits, and nothing piles up; what was committed goes from
 * the disk as well. */
static void a_flood_is_bounded(void **state)
{
    struct world *w = *state;
    struct stream_info info;
    const uint64_t all = 100000000;
    w->keep = false;
    w->hold = true;
    world_keeper(w,
                 "read go; yes "
                 "0123456789012345678901234567890123456789012345678901234567890123456789012345678 "
                 "| head -c 100000000",
                 16u << 20);
    world_start(w, false);
    say(w, "go\n");
    assert_true(until(w, is_held, NULL));
    assert_true(until(w, keeper_waits, NULL));
    assert_true(registry_get(w->hub->registry, AGENT, &info));
    assert_true(info.pos < (1u << 20) + 2 * 65536 + 262144);
    world_release(w);
    assert_true(until(w, has_bytes, &all));
    assert_int_equal(w->byte_count, all);
    assert_int_equal(w->line_count, all / 80);
    assert_true(w->biggest <= AGENT_BATCH_MAX);
    assert_true(w->batches >= all / AGENT_BATCH_MAX);
    assert_true(until(w, is_over, NULL));
    assert_true(w->ended);
    assert_true(folder_bytes(w->dir) < 32u << 20);
}

static void a_long_line_is_a_batch_of_its_own(void **state)
{
    struct world *w = *state;
    world_keeper(
        w, "echo before; head -c 20000000 /dev/zero | tr '\\0' x; echo; echo after; read x", 0);
    world_start(w, false);
    assert_true(until(w, shows, "x\nafter\n"));
    assert_int_equal(w->biggest, 20000001);
    assert_int_equal(w->lines.len, 7 + 20000001 + 6);
    assert_int_equal(w->overlong, 0);
    finish(w, 1);
}

static void an_endless_line_is_named_and_skipped(void **state)
{
    struct world *w = *state;
    world_keeper(
        w, "echo before; head -c 40000000 /dev/zero | tr '\\0' x; echo; echo after; read x", 0);
    world_start(w, false);
    assert_true(until(w, shows, "after\n"));
    assert_string_equal(w->lines.data, "before\nafter\n");
    assert_int_equal(w->overlong, 1);
    assert_int_equal(w->consumed, 7 + 40000001 + 6);
    finish(w, 1);
}

/* The shortest and the longest around a limit, in one read and in several. */
static void the_limit_is_exact(void **state)
{
    struct world *w = *state;
    w->line_max = 10;
    world_keeper(w,
                 "printf 'aaaaaaaaa\\nbbbbbbbbbb\\nc\\nddddddddddddddddddddd'; read x; "
                 "printf 'dddd\\neeeee'; read x; printf 'eeeee\\nffff\\nlast\\n'; read x",
                 0);
    world_start(w, false);
    assert_true(until(w, shows, "c\n"));
    say(w, "\n");
    assert_true(until(w, all_delivered, NULL));
    say(w, "\n");
    assert_true(until(w, shows, "last\n"));
    assert_string_equal(w->lines.data, "aaaaaaaaa\nc\nffff\nlast\n");
    assert_int_equal(w->overlong, 3);
    finish(w, 1);
}

static void half_a_line_at_its_death_is_not_told(void **state)
{
    struct world *w = *state;
    world_keeper(w, "printf 'whole\\nhal'; exit 3", 0);
    world_start(w, false);
    assert_true(until(w, is_over, NULL));
    assert_true(w->ended);
    assert_int_equal(w->code, 3);
    assert_string_equal(w->lines.data, "whole\n");
    assert_true(world_keeper_gone(w));
}

static void the_end_of_stderr_comes_with_the_exit(void **state)
{
    struct world *w = *state;
    world_keeper(w, "echo '{}'; seq 1 100000 >&2; echo '[]'; kill -9 $$", 0);
    world_start(w, false);
    assert_true(until(w, is_over, NULL));
    assert_true(w->ended);
    assert_int_equal(w->code, -SIGKILL);
    assert_string_equal(w->lines.data, "{}\n[]\n");
    assert_int_equal(strlen(w->errors), AGENT_ERRORS_MAX);
    assert_non_null(strstr(w->errors, "99999\n100000\n"));
}

static void a_dead_keeper_is_lost_behind_its_last_line(void **state)
{
    struct world *w = *state;
    struct stream_info info;
    world_keeper(w, "echo first; read x; echo second; echo why >&2; exec sleep 1000", 0);
    pid_t keeper = world_keeper_pid(w);
    world_start(w, false);
    assert_true(until(w, shows, "first\n"));
    assert_true(registry_get(w->hub->registry, AGENT, &info));
    w->hold = true;
    say(w, "go\n");
    assert_true(until(w, is_held, NULL));
    kill(keeper, SIGKILL);
    world_release(w);
    assert_true(until(w, is_over, NULL));
    assert_true(w->lost && !w->ended);
    assert_string_equal(w->lines.data, "first\nsecond\n");
    assert_true(registry_get(w->hub->registry, AGENT, &info));
    assert_true(info.exited && info.lost);
    kill(-info.pid, SIGKILL); /* the child that nobody keeps any more */
}

/* Its keeper was killed while no hub was there. */
static void lost_while_nobody_looked(void **state)
{
    struct world *w = *state;
    world_keeper(w, "echo hello; read x", 0);
    pid_t keeper = world_keeper_pid(w);
    world_start(w, false);
    assert_true(until(w, shows, "hello\n"));
    world_kill(w);
    kill(keeper, SIGKILL);
    assert_true(world_keeper_gone(w));
    world_start(w, true);
    assert_true(until(w, is_over, NULL));
    assert_true(w->lost);
    assert_string_equal(w->lines.data, "hello\n");
}

static void ended_while_nobody_looked(void **state)
{
    struct world *w = *state;
    struct stream_info info;
    world_keeper(w, "echo hi; exit 5", 0);
    assert_true(world_keeper_gone(w));
    world_start(w, true);
    assert_true(until(w, is_over, NULL));
    assert_true(w->ended);
    assert_int_equal(w->code, 5);
    assert_string_equal(w->lines.data, "hi\n");
    world_kill(w);
    world_start(w, true); /* now it is known: nothing is told again, commit would not allow it */
    say(w, "late\n");
    do
        assert_true(registry_get(w->hub->registry, AGENT, &info));
    while (info.pos == 0 && until(w, is_over, NULL));
    assert_int_equal(info.pos, 3);
}

/* Hubs die one after the other, each with a batch that was not committed and input on its way; the
 * agent is slow, so that its keeper has input waiting too. */
static void no_byte_twice_whenever_a_hub_dies(void **state)
{
    struct world *w = *state;
    char line[64];
    world_keeper(w, "while read -r l; do echo \"$l\"; done", 0);
    uint64_t seen = 0;
    for (int life = 0; life < 25; life++) {
        for (int i = 0; i < 400; i++) {
            snprintf(line, sizeof line, "life %d line %d of this agent\n", life, i);
            world_say(w, line, strlen(line));
            if (i == 200)
                world_start(w, life > 0);
        }
        seen += (uint64_t)(life * 131 % 3000);
        if (life % 3)
            assert_true(until(w, has_bytes, &seen));
        w->hold = true;
        if (w->byte_count < w->outbox.len)
            assert_true(until(w, is_held, NULL));
        world_kill(w);
        w->hold = false;
    }
    world_start(w, true);
    const uint64_t all = w->outbox.len;
    assert_true(until(w, has_bytes, &all));
    assert_int_equal(w->lines.len, w->outbox.len);
    assert_memory_equal(w->lines.data, w->outbox.data, w->outbox.len);
    assert_true(until(w, all_delivered, NULL));
    finish(w, 0);
}

/* A hub that knows less than what was delivered, and sends all of it again from the beginning. */
static void duplicates_are_dropped(void **state)
{
    struct world *w = *state;
    world_keeper(w, "cat", 0);
    world_start(w, false);
    say(w, "one\ntwo\n");
    assert_true(until(w, shows, "two\n"));
    world_kill(w);
    w->delivered = 0; /* the last batch that told it is not on disk */
    say(w, "three\n");
    world_start(w, true);
    send_from(w, 0, 8);
    say(w, "four\n");
    send_from(w, 4, 10);
    say(w, "five\n");
    assert_true(until(w, shows, "five\n"));
    assert_string_equal(w->lines.data, "one\ntwo\nthree\nfour\nfive\n");
    finish(w, 0);
}

static void a_stubborn_agent_is_made_to_go(void **state)
{
    struct world *w = *state;
    world_keeper(w, "trap '' HUP; echo here; exec sleep 1000", 0);
    world_start(w, false);
    assert_true(until(w, shows, "here\n"));
    finish(w, -SIGTERM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(lines_go_in_and_come_out),
        WORLD(much_input_arrives_whole),
        WORLD(what_a_silent_agent_took_is_told),
        WORLD(a_flood_is_bounded),
        WORLD(a_long_line_is_a_batch_of_its_own),
        WORLD(an_endless_line_is_named_and_skipped),
        WORLD(the_limit_is_exact),
        WORLD(half_a_line_at_its_death_is_not_told),
        WORLD(the_end_of_stderr_comes_with_the_exit),
        WORLD(a_dead_keeper_is_lost_behind_its_last_line),
        WORLD(lost_while_nobody_looked),
        WORLD(ended_while_nobody_looked),
        WORLD(no_byte_twice_whenever_a_hub_dies),
        WORLD(duplicates_are_dropped),
        WORLD(a_stubborn_agent_is_made_to_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
