/* Keyframes: the newest that is whole, and what may go. */
#include "helper.h"

#include <fcntl.h>

static void write_one(const char *dir, uint64_t pos, const char *text)
{
    assert_int_equal(keyframe_write(dir, pos, 24, 80, text, strlen(text)), ERR_OK);
}

/* Reads at `at`; gives the pos, UINT64_MAX when there is none. */
static uint64_t read_at(const char *dir, uint64_t at, const char *expected)
{
    uint64_t pos;
    int rows, cols;
    char *bytes;
    size_t n;
    if (keyframe_read(dir, at, &pos, &rows, &cols, &bytes, &n) != ERR_OK)
        return UINT64_MAX;
    assert_int_equal(rows, 24);
    assert_int_equal(cols, 80);
    assert_int_equal(n, strlen(expected));
    assert_string_equal(bytes, expected);
    free(bytes);
    return pos;
}

static void the_newest_before_a_place(void **state)
{
    assert_true(read_at(*state, UINT64_MAX, "") == UINT64_MAX);
    write_one(*state, 0, "");
    write_one(*state, 500, "five hundred");
    write_one(*state, 1000, "thousand");
    assert_int_equal(read_at(*state, 0, ""), 0);
    assert_int_equal(read_at(*state, 499, ""), 0);
    assert_int_equal(read_at(*state, 500, "five hundred"), 500);
    assert_int_equal(read_at(*state, UINT64_MAX, "thousand"), 1000);
    write_one(*state, 1000, "again");
    assert_int_equal(read_at(*state, 1000, "again"), 1000);
}

static void a_damaged_one_is_passed_over(void **state)
{
    write_one(*state, 1, "one");
    write_one(*state, 2, "two");
    char *path = mem_printf("%s/keyframe.%020d", (char *)*state, 2);
    for (off_t at = 0; at < 35; at++) {
        int fd = open(path, O_RDWR);
        uint8_t byte;
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        byte ^= 0x10;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        assert_int_equal(read_at(*state, UINT64_MAX, "one"), 1);
        byte ^= 0x10;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        close(fd);
    }
    assert_int_equal(read_at(*state, UINT64_MAX, "two"), 2);
    assert_int_equal(truncate(path, 20), 0);
    assert_int_equal(read_at(*state, UINT64_MAX, "one"), 1);
    free(path);
}

static void pruning_keeps_the_way_to_the_first_byte(void **state)
{
    for (uint64_t pos = 100; pos <= 500; pos += 100)
        write_one(*state, pos, "k");
    keyframe_prune(*state, 350);
    assert_true(read_at(*state, 299, "k") == UINT64_MAX);
    assert_int_equal(read_at(*state, 350, "k"), 300);
    assert_int_equal(read_at(*state, 450, "k"), 400);
    keyframe_prune(*state, 50);
    assert_int_equal(read_at(*state, 350, "k"), 300);
    keyframe_prune(*state, UINT64_MAX);
    assert_true(read_at(*state, 499, "k") == UINT64_MAX);
    assert_int_equal(read_at(*state, UINT64_MAX, "k"), 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_newest_before_a_place),
        TEST(a_damaged_one_is_passed_over),
        TEST(pruning_keeps_the_way_to_the_first_byte),
    };
    return cmocka_run_group_tests_name("core/stream/keyframe", tests, NULL, NULL);
}
