/* The layout: splits, sizes, neighbours, borders, ready-made layouts, saving and loading. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/json.h"
#include "tui/layout/layout.h"

#include <stdlib.h>
#include <string.h>

static const struct rect area = {0, 0, 23, 80};

static struct rect box_of(const struct layout *l, int pane)
{
    struct rect box = {0};
    assert_true(layout_box(l, pane, &box, NULL));
    return box;
}

static void expect_box(const struct layout *l, int pane, int row, int col, int rows, int cols)
{
    struct rect box = box_of(l, pane);
    assert_int_equal(box.row, row);
    assert_int_equal(box.col, col);
    assert_int_equal(box.rows, rows);
    assert_int_equal(box.cols, cols);
}

static struct layout *three(void)
{
    struct layout *l = layout_create();
    assert_true(layout_add(l, 1));
    assert_true(layout_arrange(l, area, 1));
    assert_true(layout_split(l, 1, LAYOUT_COLS, 2));
    assert_true(layout_arrange(l, area, 2));
    assert_true(layout_split(l, 2, LAYOUT_ROWS, 3));
    assert_true(layout_arrange(l, area, 3));
    return l;
}

static void splits_share_one_line(void **state)
{
    struct layout *l = three();
    (void)state;
    expect_box(l, 1, 0, 0, 23, 41);
    expect_box(l, 2, 0, 40, 12, 40);
    expect_box(l, 3, 11, 40, 12, 40);
    assert_int_equal(layout_count(l), 3);
    layout_destroy(l);
}

static void boxes_always_fill_the_area(void **state)
{
    struct layout *l = three();
    (void)state;
    for (int rows = 5; rows < 70; rows += 3)
        for (int cols = 8; cols < 230; cols += 7) {
            struct rect all = {2, 5, rows, cols};
            if (!layout_arrange(l, all, 1))
                continue;
            struct rect a = box_of(l, 1), b = box_of(l, 2), c = box_of(l, 3);
            assert_int_equal(a.rows, rows);
            assert_int_equal(a.cols + b.cols, cols + 1);
            assert_int_equal(b.rows + c.rows, rows + 1);
            assert_int_equal(c.row, b.row + b.rows - 1);
            assert_int_equal(b.col, a.col + a.cols - 1);
        }
    layout_destroy(l);
}

static void too_small_says_so(void **state)
{
    struct layout *l = three();
    struct rect box;
    (void)state;
    assert_false(layout_arrange(l, (struct rect){0, 0, 4, 80}, 1));
    assert_false(layout_box(l, 1, &box, NULL));
    assert_false(layout_arrange(l, (struct rect){0, 0, 23, 6}, 1));
    assert_false(layout_arrange(l, (struct rect){0, 0, 0, 0}, 1));
    assert_true(layout_arrange(l, area, 1));
    layout_destroy(l);
}

static void a_small_window_gives_the_borders_back(void **state)
{
    struct layout *l = three();
    (void)state;
    layout_resize(l, 1, SIDE_RIGHT, 13);
    assert_true(layout_arrange(l, area, 1));
    expect_box(l, 1, 0, 0, 23, 54);
    assert_true(layout_arrange(l, (struct rect){0, 0, 10, 30}, 1));
    assert_true(layout_arrange(l, area, 1));
    expect_box(l, 1, 0, 0, 23, 54);
    layout_destroy(l);
}

static void removing_gives_the_space_away(void **state)
{
    struct layout *l = three();
    (void)state;
    layout_remove(l, 2);
    assert_true(layout_arrange(l, area, 3));
    expect_box(l, 3, 0, 40, 23, 40);
    layout_remove(l, 1);
    assert_true(layout_arrange(l, area, 3));
    expect_box(l, 3, 0, 0, 23, 80);
    layout_remove(l, 3);
    assert_int_equal(layout_count(l), 0);
    assert_false(layout_arrange(l, area, 0));
    layout_destroy(l);
}

static void rows_within_rows_become_rows(void **state)
{
    struct layout *l = layout_create();
    (void)state;
    layout_add(l, 1);
    layout_split(l, 1, LAYOUT_ROWS, 2);
    layout_split(l, 2, LAYOUT_COLS, 3);
    layout_split(l, 3, LAYOUT_ROWS, 4);
    layout_remove(l, 2); /* the columns end: 3 and 4 stand below 1 */
    assert_true(layout_arrange(l, area, 1));
    assert_int_equal(box_of(l, 4).cols, 80);
    cJSON *json = layout_save(l);
    assert_int_equal(cJSON_GetArraySize(json_get(json, "kids")), 3);
    cJSON_Delete(json);
    layout_destroy(l);
}

static void neighbours(void **state)
{
    struct layout *l = three();
    (void)state;
    assert_int_equal(layout_neighbour(l, 1, SIDE_RIGHT), 2);
    assert_int_equal(layout_neighbour(l, 2, SIDE_LEFT), 1);
    assert_int_equal(layout_neighbour(l, 3, SIDE_LEFT), 1);
    assert_int_equal(layout_neighbour(l, 2, SIDE_DOWN), 3);
    assert_int_equal(layout_neighbour(l, 3, SIDE_UP), 2);
    assert_int_equal(layout_neighbour(l, 3, SIDE_DOWN), 2); /* around */
    assert_int_equal(layout_neighbour(l, 1, SIDE_UP), 1);   /* nobody above */
    assert_int_equal(layout_neighbour(l, 9, SIDE_UP), 9);
    layout_destroy(l);
}

static void borders_move(void **state)
{
    struct layout *l = three();
    struct layout_border b = layout_border_at(l, 5, 40);
    (void)state;
    assert_non_null(b.node);
    layout_border_move(l, b, 5, 20);
    assert_true(layout_arrange(l, area, 1));
    expect_box(l, 1, 0, 0, 23, 21);
    layout_border_move(l, b, 5, -50); /* as far as it goes */
    assert_true(layout_arrange(l, area, 1));
    assert_int_equal(box_of(l, 1).cols, LAYOUT_MIN_COLS);
    layout_border_move(l, b, 5, 500);
    assert_true(layout_arrange(l, area, 1));
    assert_int_equal(box_of(l, 2).cols, LAYOUT_MIN_COLS);
    assert_null(layout_border_at(l, 3, 10).node);
    assert_null(layout_border_at(l, 0, 10).node); /* the outer one */
    layout_destroy(l);
}

static void presets(void **state)
{
    struct layout *l = layout_create();
    bool folded;
    struct rect box;
    (void)state;
    layout_add(l, 1);
    for (int i = 2; i <= 5; i++)
        layout_split(l, i - 1, LAYOUT_COLS, i);
    layout_arrange_preset(l, PRESET_EVEN_VERTICAL);
    assert_true(layout_arrange(l, area, 1));
    assert_int_equal(box_of(l, 3).cols, 80);
    layout_arrange_preset(l, PRESET_TILED);
    assert_true(layout_arrange(l, area, 1));
    assert_int_equal(box_of(l, 1).row, 0);
    assert_int_equal(box_of(l, 5).row, 11);
    layout_arrange_preset(l, PRESET_MAIN_VERTICAL);
    assert_true(layout_arrange(l, area, 1));
    assert_int_equal(box_of(l, 1).rows, 23);
    layout_arrange_preset(l, PRESET_STACKED);
    assert_true(layout_arrange(l, area, 3));
    assert_true(layout_box(l, 1, &box, &folded) && folded);
    assert_true(layout_box(l, 3, &box, &folded) && !folded);
    assert_int_equal(box.rows, 23 - 4);
    assert_int_equal(layout_neighbour(l, 3, SIDE_DOWN), 4);
    layout_toggle_stack(l, 3);
    assert_true(layout_arrange(l, area, 3));
    assert_true(layout_box(l, 1, &box, &folded) && !folded);
    for (int i = 0; i < 5; i++)
        assert_int_equal(layout_pane(l, i), i + 1);
    layout_destroy(l);
}

static void a_stack_grows_and_splits_as_a_whole(void **state)
{
    struct layout *l = three();
    struct rect box;
    bool folded;
    (void)state;
    layout_toggle_stack(l, 3);
    assert_true(layout_split(l, 3, LAYOUT_ROWS, 4));
    assert_true(layout_arrange(l, area, 4));
    assert_true(layout_box(l, 3, &box, &folded) && folded);
    assert_true(layout_split(l, 4, LAYOUT_COLS, 5));
    assert_true(layout_arrange(l, area, 5));
    assert_int_equal(box_of(l, 5).rows, 23);
    layout_destroy(l);
}

static void saved_is_loaded(void **state)
{
    struct layout *l = three(), *other = layout_create();
    (void)state;
    layout_resize(l, 1, SIDE_RIGHT, 7);
    cJSON *json = layout_save(l);
    assert_int_equal(layout_load(other, json), ERR_OK);
    assert_true(layout_arrange(l, area, 1));
    assert_true(layout_arrange(other, area, 1));
    for (int pane = 1; pane <= 3; pane++) {
        struct rect a = box_of(l, pane), b = box_of(other, pane);
        assert_memory_equal(&a, &b, sizeof a);
    }
    cJSON_Delete(json);
    layout_destroy(l);
    layout_destroy(other);
}

static void nonsense_is_refused(void **state)
{
    static const char *const texts[] = {
        "{}",
        "{\"pane\":0}",
        "{\"pane\":1,\"weight\":0}",
        "{\"pane\":1,\"weight\":1e12}",
        "{\"split\":\"rows\"}",
        "{\"split\":\"rows\",\"kids\":[{\"pane\":1}]}",
        "{\"split\":\"rows\",\"kids\":[{\"pane\":1},{\"pane\":1}]}",
        "{\"split\":\"what\",\"kids\":[{\"pane\":1},{\"pane\":2}]}",
        ("{\"split\":\"stack\",\"kids\":[{\"pane\":1},"
         "{\"split\":\"rows\",\"kids\":[{\"pane\":2},{\"pane\":3}]}]}"),
        "[1,2]",
        "null",
    };
    struct layout *l = three();
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        cJSON *json = NULL;
        assert_int_equal(json_parse(texts[i], strlen(texts[i]), &json), ERR_OK);
        assert_int_equal(layout_load(l, json), ERR_INVALID);
        cJSON_Delete(json);
    }
    assert_int_equal(layout_count(l), 3);
    layout_destroy(l);
}

/* Whatever is done in whatever order: every pane is there once, and boxes lie within the area. */
static void random_walk(void **state)
{
    struct layout *l = layout_create();
    unsigned seed = 12345;
    int next = 1;
    (void)state;
    layout_add(l, next++);
    for (int step = 0; step < 20000; step++) {
        seed = seed * 1103515245u + 12345u;
        unsigned what = (seed >> 16) % 8;
        int n = layout_count(l), pane = layout_pane(l, (int)((seed >> 8) % (unsigned)n));
        if (what < 2)
            next += layout_split(l, pane, what ? LAYOUT_ROWS : LAYOUT_COLS, next);
        else if (what == 2 && n > 1)
            layout_remove(l, pane);
        else if (what == 3)
            layout_toggle_stack(l, pane);
        else if (what == 4)
            layout_resize(l, pane, (enum layout_side)(seed >> 20 & 3), 3);
        else if (what == 5)
            layout_swap(l, pane, layout_pane(l, 0));
        else if (what == 6 && step % 50 == 0)
            layout_arrange_preset(l, (enum layout_preset)((seed >> 20) % PRESET_COUNT));
        else
            layout_neighbour(l, pane, (enum layout_side)(seed >> 20 & 3));
        n = layout_count(l);
        struct rect all = {0, 0, (int)(seed >> 12) % 60, (int)(seed >> 4) % 200};
        bool fits = layout_arrange(l, all, pane);
        for (int i = 0; i < n; i++) {
            struct rect box;
            assert_int_equal(layout_index(l, layout_pane(l, i)), i);
            assert_int_equal(layout_box(l, layout_pane(l, i), &box, NULL), fits);
            if (!fits)
                continue;
            assert_true(box.row >= 0 && box.col >= 0 && box.row + box.rows <= all.rows &&
                        box.col + box.cols <= all.cols);
        }
    }
    layout_destroy(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_share_one_line),
        cmocka_unit_test(boxes_always_fill_the_area),
        cmocka_unit_test(too_small_says_so),
        cmocka_unit_test(a_small_window_gives_the_borders_back),
        cmocka_unit_test(removing_gives_the_space_away),
        cmocka_unit_test(rows_within_rows_become_rows),
        cmocka_unit_test(neighbours),
        cmocka_unit_test(borders_move),
        cmocka_unit_test(presets),
        cmocka_unit_test(a_stack_grows_and_splits_as_a_whole),
        cmocka_unit_test(saved_is_loaded),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(random_walk),
    };
    return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
