/* The transcript, whatever page its events came in: any split of a session's events gives the same
 * blocks, also when memory was short in between. By chance, with seeds that are printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/core/agent/transcript_events.h"

#define EVENTS 120

/* The entries first .. last of all. */
static cJSON *page_of(cJSON *const *all, int64_t first, int64_t last)
{
    cJSON *page = cJSON_CreateArray();

    for (int64_t i = first; i <= last; i++)
        cJSON_AddItemToArray(page, cJSON_Duplicate(all[i], true));
    return page;
}

static void read_back(struct events_chance *c, struct transcript *t, cJSON *const *all)
{
    while (transcript_whole(t) > 1) {
        int64_t whole = transcript_whole(t), from = whole - 1 - chance(c, chance(c, 2) ? 4 : 40);
        cJSON *page;
        from = from < 1 ? 1 : from;
        page = page_of(all, from, whole - 1);
        assert_true(transcript_prepend(t, page, from));
        assert_int_equal(transcript_whole(t), from);
        cJSON_Delete(page);
    }
}

static void in_order(const struct transcript *t)
{
    for (int i = 1; i < transcript_count(t); i++) {
        assert_true(transcript_id_at(t, i - 1) < transcript_id_at(t, i));
        assert_true(transcript_at(t, i - 1)->first < transcript_at(t, i)->first);
        assert_int_equal(transcript_index(t, transcript_at(t, i)->id), i);
        assert_int_equal(transcript_at(t, i)->stamp, transcript_stamp_at(t, i));
    }
}

static void same(const struct transcript *a, const struct transcript *b, uint64_t seed)
{
    struct buf da = {0}, db = {0};
    char *x, *y;

    events_dump(a, &da);
    events_dump(b, &db);
    x = da.data;
    y = db.data;
    if (strcmp(x, y) != 0) {
        while (*x == *y) {
            x++;
            y++;
        }
        fprintf(stderr, "%s--- read in pages:\n%s--- they part at:\n%.200s\n%.200s\n", da.data,
                db.data, x, y);
        fail_msg("seed %" PRIu64, seed);
    }
    buf_finish(&da);
    buf_finish(&db);
}

static void one(uint64_t seed, bool short_of_memory)
{
    struct events_chance c = {seed * 7919 + 1};
    struct transcript *whole = transcript_create(0), *cut;
    cJSON *all[EVENTS + 1] = {0};
    int64_t start = short_of_memory ? 1 : 1 + chance(&c, EVENTS);

    for (int64_t i = 1; i <= EVENTS; i++) {
        all[i] = chance_event(&c, i);
        assert_true(transcript_add_entry(whole, all[i], 0));
    }
    cut = transcript_create(short_of_memory ? transcript_bytes(whole) / 2 : 0);
    for (int64_t i = start; i <= EVENTS; i++) {
        assert_true(transcript_add_entry(cut, all[i], 0));
        if (i > start)
            assert_false(transcript_add_entry(cut, all[i - 1], 0));
        if (start > 1 && chance(&c, 100) == 0)
            read_back(&c, cut, all); /* somebody scrolls while it goes on */
    }
    if (short_of_memory)
        assert_true(transcript_whole(cut) > 1);
    read_back(&c, cut, all);
    in_order(cut);
    same(whole, cut, seed);
    transcript_destroy(whole);
    transcript_destroy(cut);
    for (int64_t i = 1; i <= EVENTS; i++)
        cJSON_Delete(all[i]);
}

static void any_split_gives_the_same_blocks(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 600; seed++)
        one(seed, false);
}

static void what_was_dropped_comes_back_as_it_was(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++)
        one(seed, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_split_gives_the_same_blocks),
        cmocka_unit_test(what_was_dropped_comes_back_as_it_was),
    };
    return cmocka_run_group_tests_name("transcript pages", tests, NULL, NULL);
}
