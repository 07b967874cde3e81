/* The queues of the hub's threads: order, and that what came by doors makes nobody else wait. */
#include "core/hub/hub_private.h"
#include "core/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { TURN = 16 };

struct bench {
    uv_loop_t loop;
    struct hub hub;
    int woken;
};

static void on_wake(uv_async_t *wake)
{
    struct hub *hub = wake->data;
    struct bench *b = (struct bench *)((char *)hub - offsetof(struct bench, hub));
    b->woken++;
}

static int set_up(void **state)
{
    struct bench *b = mem_zalloc(sizeof *b);
    uv_loop_init(&b->loop);
    inbox_init(&b->hub.control_in, &b->loop, on_wake, &b->hub);
    inbox_init(&b->hub.stream_in, &b->loop, on_wake, &b->hub);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    inbox_finish(&b->hub.control_in);
    inbox_finish(&b->hub.stream_in);
    uv_close((uv_handle_t *)&b->hub.control_in.wake, NULL);
    uv_close((uv_handle_t *)&b->hub.stream_in.wake, NULL);
    uv_run(&b->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&b->loop), 0);
    free(b);
    return 0;
}

static void put(struct bench *b, const char *door, uint32_t number)
{
    struct call *c = call_create(&b->hub);
    snprintf(c->door, sizeof c->door, "%s", door);
    c->peer = number;
    assert_true(inbox_put(&b->hub.control_in, c, true));
}

static enum err nothing(struct hub *hub, void *arg)
{
    (void)hub;
    (void)arg;
    return ERR_OK;
}

/* Takes one turn: "1 2 w" is the calls 1 and 2 and some work. */
static const char *turn(struct bench *b)
{
    static char text[512];
    size_t n = 0;
    text[0] = '\0';
    for (struct call *c = inbox_take(&b->hub.control_in), *next; c; c = next) {
        next = c->next;
        n += (size_t)(c->work ? snprintf(text + n, sizeof text - n, "%sw", n ? " " : "")
                              : snprintf(text + n, sizeof text - n, "%s%u", n ? " " : "", c->peer));
        call_destroy(c);
    }
    return text;
}

static void others_first_then_a_few(void **state)
{
    struct bench *b = *state;
    for (uint32_t i = 0; i < TURN + 2; i++)
        put(b, "box", 100 + i);
    put(b, "", 1);
    put(b, "", 2);
    assert_int_equal(b->hub.control_in.count, TURN + 4);
    assert_string_equal(turn(b),
                        "1 2 100 101 102 103 104 105 106 107 108 109 110 111 112 113 114 115");
    assert_int_equal(b->hub.control_in.count, 2);
    put(b, "", 3);
    put(b, "box", 200);
    assert_string_equal(turn(b), "3 116 117 200");
    assert_int_equal(b->hub.control_in.count, 0);
    assert_string_equal(turn(b), "");
}

/* The rest of a flood is not forgotten: the thread is woken again. */
static void it_is_woken_for_the_rest(void **state)
{
    struct bench *b = *state;
    for (uint32_t i = 0; i < TURN + 1; i++)
        put(b, "box", i);
    uv_run(&b->loop, UV_RUN_NOWAIT);
    const int before = b->woken;
    turn(b);
    uv_run(&b->loop, UV_RUN_NOWAIT);
    assert_int_equal(b->woken, before + 1);
    assert_string_equal(turn(b), "16");
    uv_run(&b->loop, UV_RUN_NOWAIT);
    assert_int_equal(b->woken, before + 1);
}

/* That a peer has gone is told behind its last call, however long that waits. */
static void what_is_put_behind_stays_behind(void **state)
{
    struct bench *b = *state;
    const uint32_t peer = 5;
    for (uint32_t i = 0; i < TURN + 1; i++)
        put(b, "box", i);
    hub_post_behind(&b->hub, nothing, nothing, &peer, sizeof peer);
    hub_post_control(&b->hub, nothing, NULL);
    assert_string_equal(turn(b), "w 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15");
    assert_string_equal(turn(b), "16 w");
    hub_post_behind(&b->hub, nothing, nothing, &peer, sizeof peer); /* no door: in its order */
    put(b, "", 7);
    assert_string_equal(turn(b), "w 7");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(others_first_then_a_few),
        TEST(it_is_woken_for_the_rest),
        TEST(what_is_put_behind_stays_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
