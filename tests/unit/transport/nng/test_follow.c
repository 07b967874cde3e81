/* The follower's logic against a stream whose messages are dropped, doubled and put out of order at
 * random, and a hub that floods, restarts and fails. The model: a screen is nothing but a hash over
 * every byte and every resize in their order, so a single one too many, too few or misplaced shows.
 * The seed of a failing run is printed; give it as the program's argument to see that run again. */
#include "core/base/mem.h"
#include "transport/nng/follow_core.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STREAM_MOST = 200000, FLIGHT_MOST = 64 };

static uint64_t only_seed;

static uint64_t mix(uint64_t h, uint64_t x)
{
    h ^= x + 0x9e3779b97f4a7c15u;
    h *= 0xff51afd7ed558ccdu;
    return h ^ h >> 32;
}

struct rng {
    uint64_t s;
};

static unsigned below(struct rng *r, unsigned n)
{
    r->s = r->s * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(r->s >> 33) % n;
}

/* A screen as the hub or the console has it. */
struct screen {
    uint64_t hash, pos;
    int rows, cols;
};

static void screen_byte(struct screen *s, char c)
{
    s->hash = mix(s->hash, (unsigned char)c);
    s->pos++;
}

static void screen_size(struct screen *s, int rows, int cols)
{
    s->rows = rows;
    s->cols = cols;
    s->hash = mix(s->hash, 0x10000u + (unsigned)rows * 1000 + (unsigned)cols);
}

struct flight {
    bool head;
    uint64_t pos;
    size_t n;
    struct follow_size size;
    bool flood;
};

struct world {
    struct rng rng;
    enum follow_mode mode;
    char stream[STREAM_MOST];
    struct screen hub;
    uint64_t sized_at, resizes, published;
    bool flood;

    struct flight flight[FLIGHT_MOST];
    int flights;

    struct follow_core core;
    struct screen shown;
    uint64_t shown_from;
    int questions, replaced, resized;

    bool question; /* under way */
    uint64_t since;
    bool taken; /* the hub has read it: what follows is the answer */
    struct screen snapshot;
    struct follow_size snapshot_size;
    uint64_t end;
    size_t answer_n;
};

static void shown_bytes(void *data, uint64_t pos, const void *bytes, size_t n)
{
    struct world *w = data;
    assert_true(pos == w->shown.pos);
    assert_true(n > 0);
    for (size_t i = 0; i < n; i++) {
        assert_true(((const char *)bytes)[i] == w->stream[pos + i]);
        screen_byte(&w->shown, ((const char *)bytes)[i]);
    }
}

static void shown_resize(void *data, int rows, int cols)
{
    struct world *w = data;
    assert_int_equal(w->mode, FOLLOW_SCREEN);
    screen_size(&w->shown, rows, cols);
    w->resized++;
}

static void shown_replace(void *data, uint64_t pos, int rows, int cols, const void *state, size_t n)
{
    struct world *w = data;
    assert_int_equal(w->mode, FOLLOW_SCREEN);
    assert_int_equal(n, sizeof w->shown);
    memcpy(&w->shown, state, n);
    assert_true(w->shown.pos == pos);
    assert_int_equal(w->shown.rows, rows);
    assert_int_equal(w->shown.cols, cols);
    w->replaced++;
}

static const struct follow_core_out out = {shown_bytes, shown_resize, shown_replace};

/* PUB: room for so many, then the oldest goes. */
static void publish(struct world *w, struct flight m)
{
    if (w->flights == FLIGHT_MOST) {
        memmove(w->flight, w->flight + 1, sizeof m * (FLIGHT_MOST - 1));
        w->flights--;
    }
    w->flight[w->flights++] = m;
}

static struct follow_size size_now(const struct world *w)
{
    return (struct follow_size){
        .rows = w->hub.rows, .cols = w->hub.cols, .resizes = w->resizes, .sized_at = w->sized_at};
}

static void publish_head(struct world *w)
{
    publish(w, (struct flight){
                   .head = true, .pos = w->hub.pos, .size = size_now(w), .flood = w->flood});
}

static void hub_writes(struct world *w, size_t n)
{
    for (size_t i = 0; i < n && w->hub.pos < STREAM_MOST; i++)
        screen_byte(&w->hub, w->stream[w->hub.pos]);
    if (!w->flood && w->hub.pos > w->published)
        publish(w, (struct flight){.pos = w->published, .n = w->hub.pos - w->published});
    w->published = w->hub.pos;
}

static void hub_resizes(struct world *w)
{
    const int rows = 10 + (int)below(&w->rng, 3), cols = 40 + (int)below(&w->rng, 3);
    if (rows == w->hub.rows && cols == w->hub.cols)
        return; /* that is none */
    screen_size(&w->hub, rows, cols);
    w->sized_at = w->hub.pos;
    w->resizes++;
    publish_head(w);
}

static void ask(struct world *w, bool frame)
{
    if (!follow_core_ask(&w->core, frame))
        return;
    assert_false(w->question); /* one at a time */
    w->question = true;
    w->taken = false;
    w->since = w->core.pos;
    w->questions++;
}

static void hub_takes_question(struct world *w)
{
    if (!w->question || w->taken)
        return;
    w->taken = true;
    w->snapshot = w->hub;
    w->snapshot_size = size_now(w);
    w->end = w->hub.pos;
    w->answer_n = w->since < w->end ? (size_t)(w->end - w->since) : 0;
    if (w->answer_n > 300)
        w->answer_n = 300;
}

static void answer_arrives(struct world *w)
{
    if (!w->question || !w->taken)
        return;
    w->question = false;
    if (w->mode == FOLLOW_SCREEN)
        follow_core_snapshot(&w->core, w->snapshot.pos, &w->snapshot_size,
                             (const char *)&w->snapshot, sizeof w->snapshot);
    else
        follow_core_read(&w->core, w->since, w->end, w->stream + w->since, w->answer_n);
    ask(w, false);
}

static void hand_over(struct world *w, int i)
{
    const struct flight m = w->flight[i];
    if (m.head)
        follow_core_head(&w->core, m.pos, &m.size, m.flood);
    else
        follow_core_bytes(&w->core, m.pos, w->stream + m.pos, m.n);
    ask(w, false);
}

static void remove_flight(struct world *w, int i)
{
    w->flights--;
    memmove(w->flight + i, w->flight + i + 1, sizeof *w->flight * (size_t)(w->flights - i));
}

/* One step of anything. wild: bytes may be doubled and overtake each other, which no socket does;
 * for bytes alone, since a size that overtakes bytes says nothing true. */
static void step(struct world *w, bool lossy, bool wild)
{
    switch (below(&w->rng, 14)) {
    case 0:
    case 1:
    case 2: hub_writes(w, 1 + below(&w->rng, 40)); break;
    case 3:
        if (w->mode == FOLLOW_SCREEN)
            hub_resizes(w);
        break;
    case 4: publish_head(w); break;
    case 5: hub_takes_question(w); break;
    case 6: answer_arrives(w); break;
    case 7:
        if (lossy && w->flights)
            remove_flight(w, wild ? (int)below(&w->rng, (unsigned)w->flights) : 0);
        break;
    case 8:
        if (below(&w->rng, 10) == 0) {
            w->flood = !w->flood;
            publish_head(w);
        }
        break;
    case 9: ask(w, true); break;
    case 10:
        if (below(&w->rng, 30) == 0) { /* the link breaks: what was under way is lost */
            w->flights = 0;
            follow_core_linked(&w->core, false);
            if (w->question) {
                w->question = false;
                follow_core_failed(&w->core, false);
            }
            ask(w, true);
            assert_false(w->question);
            hub_writes(w, below(&w->rng, 100));
            w->flights = 0;
            follow_core_linked(&w->core, true);
            ask(w, false);
        }
        break;
    default:
        if (w->flights) {
            const int i = wild ? (int)below(&w->rng, (unsigned)w->flights) : 0;
            hand_over(w, i);
            if (!wild || below(&w->rng, 4))
                remove_flight(w, i);
        }
    }
}

/* Everything comes to rest: the hub's last heads arrive, and frames are drawn. */
static void settle(struct world *w)
{
    if (w->flood) {
        w->flood = false;
        publish_head(w);
    }
    publish_head(w);
    while (w->flights) {
        hand_over(w, 0);
        remove_flight(w, 0);
    }
    const int before = w->questions;
    while (w->question) {
        hub_takes_question(w);
        answer_arrives(w);
        assert_true(w->questions < before + STREAM_MOST / 300 + 10);
    }
}

static struct world *world_create(uint64_t seed, enum follow_mode mode, uint64_t since)
{
    struct world *w = mem_zalloc(sizeof *w);
    w->rng.s = seed * 7919 + 13;
    w->mode = mode;
    for (size_t i = 0; i < STREAM_MOST; i++)
        w->stream[i] = (char)below(&w->rng, 256);
    screen_size(&w->hub, 10, 40);
    hub_writes(w, 500);
    w->flights = 0;
    w->shown.pos = since;
    follow_core_init(&w->core, mode, since, &out, w);
    ask(w, false);
    return w;
}

static void run(uint64_t seed, enum follow_mode mode, bool lossy, bool wild)
{
    struct world *w = world_create(seed, mode, mode == FOLLOW_BYTES ? seed % 500 : 0);
    for (int i = 0; i < 2000; i++)
        step(w, lossy, wild);
    settle(w);
    if (w->shown.pos != w->hub.pos ||
        (mode == FOLLOW_SCREEN && (w->shown.hash != w->hub.hash || w->shown.rows != w->hub.rows ||
                                   w->shown.cols != w->hub.cols)))
        fail_msg("seed %llu: shown %llu of %llu, %dx%d of %dx%d", (unsigned long long)seed,
                 (unsigned long long)w->shown.pos, (unsigned long long)w->hub.pos, w->shown.rows,
                 w->shown.cols, w->hub.rows, w->hub.cols);
    assert_false(follow_core_behind(&w->core));
    follow_core_finish(&w->core);
    free(w);
}

static void many(enum follow_mode mode, bool lossy, bool wild)
{
    for (uint64_t seed = only_seed ? only_seed : 1; seed <= (only_seed ? only_seed : 400); seed++)
        run(seed, mode, lossy, wild);
}

static void test_bytes(void **state)
{
    (void)state;
    many(FOLLOW_BYTES, false, false);
}

static void test_bytes_lossy(void **state)
{
    (void)state;
    many(FOLLOW_BYTES, true, false);
}

static void test_bytes_wild(void **state)
{
    (void)state;
    many(FOLLOW_BYTES, true, true);
}

static void test_screen(void **state)
{
    (void)state;
    many(FOLLOW_SCREEN, false, false);
}

static void test_screen_lossy(void **state)
{
    (void)state;
    many(FOLLOW_SCREEN, true, false);
}

/* While nothing is lost, a screen takes one snapshot, and resizes come as resizes. */
static void test_screen_is_cheap(void **state)
{
    (void)state;
    struct world *w = world_create(1, FOLLOW_SCREEN, 0);
    hub_takes_question(w);
    answer_arrives(w);
    for (int i = 0; i < 1000; i++) {
        hub_writes(w, 10);
        if (i % 100 == 0) {
            screen_size(&w->hub, 20 + i, 80);
            w->sized_at = w->hub.pos;
            w->resizes++;
        }
        publish_head(w);
        while (w->flights) {
            hand_over(w, 0);
            remove_flight(w, 0);
        }
    }
    assert_true(w->shown.hash == w->hub.hash);
    assert_int_equal(w->questions, 1);
    assert_int_equal(w->resized, 10);
    follow_core_finish(&w->core);
    free(w);
}

/* During a flood a snapshot is asked for at a frame alone; the end of it brings the last one. */
static void test_flood(void **state)
{
    (void)state;
    struct world *w = world_create(1, FOLLOW_SCREEN, 0);
    hub_takes_question(w);
    answer_arrives(w);
    w->flood = true;
    for (int i = 0; i < 100; i++) {
        hub_writes(w, 100);
        publish_head(w);
        hand_over(w, 0);
        remove_flight(w, 0);
        assert_int_equal(w->questions, 1 + i / 10);
        assert_true(follow_core_behind(&w->core));
        if (i % 10 == 9) {
            ask(w, true);
            hub_takes_question(w);
            answer_arrives(w);
            assert_false(follow_core_behind(&w->core));
        }
    }
    hub_writes(w, 100);
    w->flood = false;
    publish_head(w);
    hand_over(w, 0);
    remove_flight(w, 0);
    assert_int_equal(w->questions, 12);
    hub_takes_question(w);
    answer_arrives(w);
    assert_true(w->shown.hash == w->hub.hash);
    follow_core_finish(&w->core);
    free(w);
}

/* What is kept while a question is out is bounded, and what is thrown away is asked for again. */
static void test_run_is_bounded(void **state)
{
    (void)state;
    static char big[1 << 20];
    struct world *w = world_create(1, FOLLOW_SCREEN, 0);
    for (uint64_t pos = 500; pos < 64u << 20; pos += sizeof big)
        follow_core_bytes(&w->core, pos, big, sizeof big);
    assert_true(w->core.run.len <= FOLLOW_RUN_MOST);
    assert_true(w->core.run.cap <= 4 * FOLLOW_RUN_MOST);
    hub_takes_question(w);
    answer_arrives(w); /* at 500: does not reach the run */
    assert_int_equal(w->questions, 2);
    follow_core_finish(&w->core);
    free(w);
}

/* A final error ends the asking; a passing one waits for a reason. */
static void test_failures(void **state)
{
    (void)state;
    struct world *w = world_create(1, FOLLOW_SCREEN, 0);
    w->question = false;
    follow_core_failed(&w->core, false);
    ask(w, false);
    assert_false(w->question);
    ask(w, true);
    assert_true(w->question);
    w->question = false;
    follow_core_failed(&w->core, true);
    follow_core_linked(&w->core, true);
    ask(w, true);
    assert_false(w->question);
    assert_false(follow_core_behind(&w->core));
    follow_core_finish(&w->core);
    free(w);
}

/* A hub that was killed comes back and knows less for a moment: no asking in circles. */
static void test_hub_behind(void **state)
{
    (void)state;
    struct world *w = world_create(1, FOLLOW_BYTES, 0);
    w->question = false;
    follow_core_read(&w->core, 0, 500, w->stream, 300);
    ask(w, false);
    w->question = false;
    follow_core_read(&w->core, 300, 500, w->stream + 300, 200);
    ask(w, false);
    assert_int_equal(w->questions, 2);
    const struct follow_size none = {0};
    follow_core_head(&w->core, 900, &none, false);
    ask(w, false);
    assert_int_equal(w->questions, 3);
    w->question = false;
    follow_core_read(&w->core, 500, 450, w->stream + 500, 0);
    ask(w, false);
    assert_int_equal(w->questions, 3);
    follow_core_finish(&w->core);
    free(w);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        only_seed = strtoull(argv[1], NULL, 10);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),        cmocka_unit_test(test_bytes_lossy),
        cmocka_unit_test(test_bytes_wild),   cmocka_unit_test(test_screen),
        cmocka_unit_test(test_screen_lossy), cmocka_unit_test(test_screen_is_cheap),
        cmocka_unit_test(test_flood),        cmocka_unit_test(test_run_is_bounded),
        cmocka_unit_test(test_failures),     cmocka_unit_test(test_hub_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
