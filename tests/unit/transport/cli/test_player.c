/* The timeline: forwards, backwards, ends, sizes, and who typed. */
#include "transport/cli/player.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct tape {
    const struct cast_record *records;
    size_t count, next;
    enum err end;
};

static enum err from_tape(void *data, struct cast_record *ret_record,
                          struct client_fault *ret_fault)
{
    struct tape *t = data;
    (void)ret_fault;
    if (t->next == t->count)
        return t->end;
    *ret_record = t->records[t->next++];
    return ERR_OK;
}

#define T0 1000000000
static const struct cast_record records[] = {
    {.kind = 'r', .time_us = T0, .rows = 3, .cols = 10, .who = "", .bytes = ""},
    {.kind = 'o', .time_us = T0 + 100, .bytes = "one\r\n", .n = 5, .who = ""},
    {.kind = 'i', .time_us = T0 + 200, .bytes = "x", .n = 1, .who = "ada\033"},
    {.kind = 'o', .time_us = T0 + 50, .bytes = "two\r\n", .n = 5, .who = ""}, /* a clock set back */
    {.kind = 'r', .time_us = T0 + 5000, .rows = 4, .cols = 12, .who = "", .bytes = ""},
    {.kind = 'o', .time_us = T0 + 6000, .bytes = "three", .n = 5, .who = ""},
    {.kind = 'x', .time_us = T0 + 7000, .code = 0, .who = "", .bytes = ""},
};

static void shows(const struct player *p, const char *expected)
{
    struct buf out = {0};
    struct screen *s = player_screen(p);
    screen_print(s, 0, screen_rows(s) - 1, false, &out);
    assert_string_equal(out.data, expected);
    buf_finish(&out);
}

static void to_and_fro(void **state)
{
    struct tape tape = {records, sizeof records / sizeof *records, 0, ERR_AGAIN};
    struct client_fault fault = {0};
    struct player *p = player_create(from_tape, &tape);
    (void)state;
    assert_int_equal(player_seek(p, 0, &fault), ERR_OK);
    assert_int_equal(screen_rows(player_screen(p)), 3);
    assert_int_equal(player_next(p), 100);
    shows(p, "\n\n\n");

    assert_int_equal(player_seek(p, 150, &fault), ERR_OK);
    assert_int_equal(player_time(p), 150);
    assert_int_equal(player_next(p), 200);
    shows(p, "one\n\n\n");
    assert_string_equal(player_who(p), "");

    assert_int_equal(player_seek(p, 4999, &fault), ERR_OK);
    shows(p, "one\ntwo\n\n");
    assert_string_equal(player_who(p), "ada\xe2\x90\x9b");

    assert_int_equal(player_seek(p, 1000000, &fault), ERR_OK);
    assert_int_equal(player_time(p), 7000);
    assert_int_equal(player_next(p), -1);
    assert_int_equal(screen_cols(player_screen(p)), 12);
    shows(p, "one\ntwo\nthree\n\n");

    assert_int_equal(player_seek(p, 100, &fault), ERR_OK); /* back, without the tape */
    assert_int_equal(tape.next, tape.count);
    assert_int_equal(screen_rows(player_screen(p)), 3);
    assert_string_equal(player_who(p), "");
    shows(p, "one\n\n\n");
    player_destroy(p);
}

static void begins_at_a_keyframe(void **state)
{
    static const struct cast_record kept[] = {
        {.kind = 'k', .rows = 2, .cols = 8, .bytes = "old", .n = 3, .who = ""},
        {.kind = 'o', .time_us = T0, .bytes = "er", .n = 2, .who = ""},
        {.kind = 'o', .time_us = T0 + 10, .bytes = "!", .n = 1, .who = ""},
    };
    struct tape tape = {kept, 3, 0, ERR_AGAIN};
    struct client_fault fault = {0};
    struct player *p = player_create(from_tape, &tape);
    (void)state;
    assert_int_equal(player_seek(p, 0, &fault), ERR_OK);
    assert_int_equal(screen_cols(player_screen(p)), 8);
    shows(p, "older\n\n");
    player_destroy(p);
}

static void errors_come_through(void **state)
{
    struct tape tape = {records, 1, 0, ERR_LOST};
    struct client_fault fault = {0};
    struct player *p = player_create(from_tape, &tape);
    (void)state;
    assert_int_equal(player_seek(p, 0, &fault), ERR_LOST);
    player_destroy(p);
    player_destroy(NULL);
}

static void an_empty_recording(void **state)
{
    struct tape tape = {records, 0, 0, ERR_AGAIN};
    struct client_fault fault = {0};
    struct player *p = player_create(from_tape, &tape);
    (void)state;
    assert_int_equal(player_seek(p, 5, &fault), ERR_OK);
    assert_int_equal(player_time(p), 0);
    assert_int_equal(player_next(p), -1);
    player_destroy(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(to_and_fro),
        cmocka_unit_test(begins_at_a_keyframe),
        cmocka_unit_test(errors_come_through),
        cmocka_unit_test(an_empty_recording),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
