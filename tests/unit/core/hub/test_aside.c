/* Work beside the control thread: whose turn it is, what waits for what, and how it ends. Each
 * piece runs in libuv's pool and stays there until the test lets it go. */
#include "core/hub/aside.h"
#include "core/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { MOST = 64 };

struct bench {
    struct hub hub;
    uv_sem_t begun; /* once for each that is in the pool */
    struct piece *list[MOST];
    size_t count, left; /* made; not destroyed yet */
};

struct piece {
    struct aside aside;
    struct bench *bench;
    uv_sem_t go;
    atomic_bool runs;
    bool is_back;
};

static void run(struct aside *a)
{
    struct piece *p = (struct piece *)a;
    atomic_store(&p->runs, true);
    uv_sem_post(&p->bench->begun);
    uv_sem_wait(&p->go);
}

static void back(struct hub *hub, struct aside *a)
{
    (void)hub;
    ((struct piece *)a)->is_back = true;
}

static void destroy(struct aside *a)
{
    struct piece *p = (struct piece *)a;
    struct bench *b = p->bench;
    for (size_t i = 0; i < b->count; i++)
        if (b->list[i] == p)
            b->list[i] = NULL;
    b->left--;
    uv_sem_destroy(&p->go);
    free(p);
}

static int set_up(void **state)
{
    struct bench *b = mem_zalloc(sizeof *b);
    uv_loop_init(&b->hub.control_loop);
    uv_sem_init(&b->begun, 0);
    aside_create(&b->hub);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    aside_end(&b->hub);
    for (size_t i = 0; i < b->count; i++)
        if (b->list[i])
            uv_sem_post(&b->list[i]->go);
    uv_run(&b->hub.control_loop, UV_RUN_DEFAULT);
    aside_finish(&b->hub);
    assert_int_equal(b->left, 0);
    assert_int_equal(uv_loop_close(&b->hub.control_loop), 0);
    uv_sem_destroy(&b->begun);
    free(b);
    return 0;
}

static struct piece *begin(struct bench *b, const char *place, uint32_t peer, bool lasts)
{
    struct piece *p = mem_zalloc(sizeof *p);
    p->bench = b;
    uv_sem_init(&p->go, 0);
    snprintf(p->aside.place, sizeof p->aside.place, "%s", place);
    p->aside.peer = peer;
    p->aside.lasts = lasts;
    p->aside.run = run;
    p->aside.back = back;
    p->aside.destroy = destroy;
    b->list[b->count++] = p;
    b->left++;
    aside_begin(&b->hub, &p->aside);
    return p;
}

static void wait_begun(struct bench *b, int count)
{
    while (count--)
        uv_sem_wait(&b->begun);
}

static void let_go(struct bench *b, struct piece *p)
{
    const size_t left = b->left;
    uv_sem_post(&p->go);
    while (b->left == left)
        uv_run(&b->hub.control_loop, UV_RUN_ONCE);
}

static bool runs(const struct piece *p)
{
    return atomic_load(&p->runs);
}

static void a_place_with_much_to_do_waits_for_the_others(void **state)
{
    struct bench *b = *state;
    struct piece *busy[6];
    for (size_t i = 0; i < 6; i++)
        busy[i] = begin(b, "busy", 0, false);
    wait_begun(b, ASIDE_RUNNING);
    struct piece *first = begin(b, "quiet", 0, false), *second = begin(b, "quiet", 0, false);
    let_go(b, busy[0]);
    wait_begun(b, 1);
    assert_true(runs(first)); /* before three that came before it */
    let_go(b, busy[1]);
    wait_begun(b, 1);
    assert_true(runs(busy[3])); /* one of each runs then, and busy's last turn was longer ago */
    assert_false(runs(second));
    let_go(b, busy[2]);
    wait_begun(b, 1);
    assert_true(runs(second));
    assert_false(runs(busy[4])); /* in order */
}

static void what_lasts_leaves_room(void **state)
{
    struct bench *b = *state;
    struct piece *one = begin(b, "a", 0, true), *again = begin(b, "a", 0, true);
    struct piece *other = begin(b, "b", 0, true), *third = begin(b, "c", 0, true);
    wait_begun(b, ASIDE_LASTING);
    assert_true(runs(one) && runs(other));
    struct piece *brief = begin(b, "a", 0, false); /* it came last, and there is room */
    wait_begun(b, 1);
    assert_true(runs(brief));
    assert_false(runs(again) || runs(third));
    let_go(b, other);
    wait_begun(b, 1);
    assert_true(runs(third)); /* one place deletes one folder at a time */
    assert_false(runs(again));
    let_go(b, one);
    wait_begun(b, 1);
    assert_true(runs(again));
}

static void a_link_has_its_order(void **state)
{
    struct bench *b = *state;
    struct piece *one = begin(b, "a", 7, true), *two = begin(b, "b", 7, false);
    struct piece *three = begin(b, "a", 7, false), *other = begin(b, "a", 8, false);
    wait_begun(b, 2);
    assert_true(runs(one) && runs(other));
    assert_false(runs(two) || runs(three));
    let_go(b, one);
    wait_begun(b, 1);
    assert_true(runs(two));
    assert_false(runs(three));
    let_go(b, two);
    wait_begun(b, 1);
    assert_true(runs(three));
}

static void who_has_gone_reads_nothing(void **state)
{
    struct bench *b = *state;
    struct piece *one = begin(b, "a", 7, false);
    wait_begun(b, 1);
    struct piece *reader = begin(b, "a", 7, false), *writer = begin(b, "a", 7, false);
    reader->aside.reads = true;
    uv_sem_post(&one->go);
    while (b->left > 1)
        uv_run(&b->hub.control_loop, UV_RUN_ONCE);
    wait_begun(b, 1);
    assert_ptr_equal(b->list[2], writer);
    assert_true(runs(writer));
}

static void an_end_leaves_what_waits_and_hears_what_runs(void **state)
{
    struct bench *b = *state;
    struct piece *one = begin(b, "a", 0, true);
    wait_begun(b, 1);
    begin(b, "a", 0, true);
    assert_int_equal(b->left, 2);
    assert_false(atomic_load(aside_ending(&b->hub)));
    assert_false(aside_end(&b->hub)); /* one runs */
    assert_true(atomic_load(aside_ending(&b->hub)));
    assert_int_equal(b->left, 1);
    begin(b, "a", 0, false); /* nothing begins any more */
    assert_int_equal(b->left, 1);
    let_go(b, one);
    assert_true(aside_end(&b->hub));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_place_with_much_to_do_waits_for_the_others, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_lasts_leaves_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_link_has_its_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_has_gone_reads_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_end_leaves_what_waits_and_hears_what_runs, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
