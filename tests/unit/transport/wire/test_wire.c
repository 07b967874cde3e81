/* The envelope: what splits, what does not, and positions. */
#include "transport/wire/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static void test_split(void **state)
{
    struct wire_message m;
    (void)state;
    assert_true(wire_split("a.b\nbody\nmore", 13, &m));
    assert_int_equal(m.topic_n, 3);
    assert_memory_equal(m.topic, "a.b", 3);
    assert_int_equal(m.body_n, 9);
    assert_memory_equal(m.body, "body\nmore", 9);
    assert_true(wire_split("\n", 1, &m));
    assert_int_equal(m.topic_n, 0);
    assert_int_equal(m.body_n, 0);
    assert_true(wire_split("\n{}", 3, &m));
    assert_int_equal(m.body_n, 2);
    assert_false(wire_split("", 0, &m));
    assert_false(wire_split("abc", 3, &m));
    assert_false(wire_split("abc\n", 3, &m)); /* only what belongs to it counts */
}

static void test_topic_limit(void **state)
{
    struct wire_message m;
    char text[WIRE_MAX_TOPIC + 3];
    (void)state;
    memset(text, 't', sizeof text);
    text[WIRE_MAX_TOPIC] = '\n';
    assert_true(wire_split(text, sizeof text, &m));
    assert_int_equal(m.topic_n, WIRE_MAX_TOPIC);
    assert_int_equal(m.body_n, 2);
    text[WIRE_MAX_TOPIC] = 't';
    text[WIRE_MAX_TOPIC + 1] = '\n';
    assert_false(wire_split(text, sizeof text, &m));
}

static void test_topic_is(void **state)
{
    struct wire_message m;
    const char *name;
    size_t n;
    (void)state;
    assert_true(wire_split("s/abc\nx", 7, &m));
    assert_true(wire_topic_is(&m, 's', &name, &n));
    assert_int_equal(n, 3);
    assert_memory_equal(name, "abc", 3);
    assert_false(wire_topic_is(&m, 'h', &name, &n));
    assert_true(wire_split("s/\n", 3, &m));
    assert_false(wire_topic_is(&m, 's', &name, &n));
    assert_true(wire_split("s\n", 2, &m));
    assert_false(wire_topic_is(&m, 's', &name, &n));
    assert_true(wire_split("sabc\n", 5, &m));
    assert_false(wire_topic_is(&m, 's', &name, &n));
}

static void test_pos(void **state)
{
    static const uint64_t all[] = {0, 1, 255, 256, 0x0102030405060708, UINT64_MAX};
    uint8_t bytes[8];
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        wire_put_pos(all[i], bytes);
        assert_true(wire_get_pos(bytes) == all[i]);
    }
    wire_put_pos(0x0102030405060708, bytes);
    assert_memory_equal(bytes, "\1\2\3\4\5\6\7\10", 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_topic_limit),
        cmocka_unit_test(test_topic_is),
        cmocka_unit_test(test_pos),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
