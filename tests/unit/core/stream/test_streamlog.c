/* The log and its reader: following, segments, retention, and everything that may befall a file. */
#include "helper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct streamlog *open_log(const char *dir, uint64_t retention, uint64_t segment)
{
    struct streamlog *log;
    assert_int_equal(streamlog_open(dir, retention, segment, NULL, &log), ERR_OK);
    return log;
}

static struct streamreader *open_reader(const char *dir, uint64_t pos)
{
    struct streamreader *reader;
    assert_int_equal(streamreader_open(dir, pos, NULL, &reader), ERR_OK);
    return reader;
}

static void expect_end(struct streamreader *reader, enum err e)
{
    struct record r;
    assert_int_equal(streamreader_next(reader, &r), e);
}

static int count_segments(const char *dir)
{
    int n = 0;
    struct dirent *entry;
    DIR *d = opendir(dir);
    while ((entry = readdir(d)))
        n += strncmp(entry->d_name, "log.", 4) == 0;
    closedir(d);
    return n;
}

/* The only segment's path; the caller frees. */
static char *first_segment(const char *dir)
{
    return mem_printf("%s/log.%020d", dir, 0);
}

static void flip(const char *path, off_t at, uint8_t bits)
{
    uint8_t byte;
    int fd = open(path, O_RDWR);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= bits;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static void a_reader_follows_the_writer(void **state)
{
    struct streamlog *log = open_log(*state, 0, 0);
    struct streamreader *reader = open_reader(*state, 0);
    expect_end(reader, ERR_AGAIN);
    append_ok(log, "one");
    expect(reader, 0, "one");
    expect_end(reader, ERR_AGAIN);
    append_ok(log, "two");
    append_ok(log, "three");
    expect(reader, 3, "two");
    expect(reader, 6, "three");
    expect_end(reader, ERR_AGAIN);
    assert_int_equal(streamreader_pos(reader), 11);
    assert_int_equal(streamlog_pos(log), 11);
    assert_int_equal(streamlog_bytes(log), 3 * RECORD_HEADER + 11);
    streamreader_close(reader);
    streamlog_close(log);
}

static void parts_become_one_record(void **state)
{
    struct streamlog *log = open_log(*state, 0, 0);
    struct streamreader *reader = open_reader(*state, 0);
    struct iovec parts[3] = {{"ab", 2}, {"", 0}, {"cde", 3}};
    assert_int_equal(streamlog_append(log, RECORD_OUTPUT, 5, parts, 3), ERR_OK);
    expect(reader, 0, "abcde");
    assert_int_equal(streamlog_append(log, RECORD_OUTPUT, 5, parts, 9), ERR_INVALID);
    expect_end(reader, ERR_AGAIN);
    streamreader_close(reader);
    streamlog_close(log);
}

static void what_is_too_long_is_cut_up(void **state)
{
    struct streamlog *log = open_log(*state, 0, 0);
    struct streamreader *reader = open_reader(*state, 0);
    size_t n = 3 * RECORD_MAX + 5, got = 0;
    char *bytes = mem_zalloc(n);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (char)(i * 7 / 3);
    assert_int_equal(append(log, RECORD_OUTPUT, bytes, n), ERR_OK);
    assert_int_equal(append(log, RECORD_MARK, bytes, n), ERR_LIMIT);
    while (got < n) {
        struct record r;
        assert_int_equal(streamreader_next(reader, &r), ERR_OK);
        assert_int_equal(r.pos, got);
        assert_memory_equal(r.payload, bytes + got, r.n);
        got += r.n;
    }
    expect_end(reader, ERR_AGAIN);
    free(bytes);
    streamreader_close(reader);
    streamlog_close(log);
}

static void one_writer_a_folder(void **state)
{
    struct streamlog *log = open_log(*state, 0, 0), *other;
    assert_int_equal(streamlog_open(*state, 0, 0, NULL, &other), ERR_BUSY);
    streamlog_close(log);
    streamlog_close(open_log(*state, 0, 0));
}

/* Every place to open at gives the record that begins or holds it, across segments. */
static void opening_at_every_place(void **state)
{
    struct streamlog *log = open_log(*state, 0, 100);
    for (int i = 0; i < 50; i++) {
        append_ok(log, "0123456789");
        assert_int_equal(append(log, RECORD_MARK, "{}", 2), ERR_OK);
    }
    assert_true(count_segments(*state) > 20);
    for (uint64_t pos = 0; pos < 500; pos++) {
        struct streamreader *reader = open_reader(*state, pos);
        struct record r;
        assert_int_equal(streamreader_next(reader, &r), ERR_OK);
        if (pos % 10 == 0 && pos > 0) {
            /* The mark behind the output before stands at this pos too. */
            assert_int_equal(r.kind, RECORD_MARK);
            assert_int_equal(r.pos, pos);
            assert_int_equal(streamreader_next(reader, &r), ERR_OK);
        }
        assert_int_equal(r.kind, RECORD_OUTPUT);
        assert_int_equal(r.pos, pos / 10 * 10);
        int rest = 0;
        while (streamreader_next(reader, &r) == ERR_OK)
            rest++;
        assert_int_equal(rest, 2 * (49 - (int)(pos / 10)) + 1);
        streamreader_close(reader);
    }
    struct streamreader *reader = open_reader(*state, UINT64_MAX);
    expect_end(reader, ERR_AGAIN);
    assert_int_equal(streamreader_pos(reader), 500);
    append_ok(log, "next");
    expect(reader, 500, "next");
    streamreader_close(reader);
    streamlog_close(log);
}

/* Many segments may begin at one pos, when there is no output. */
static void segments_without_output(void **state)
{
    struct streamlog *log = open_log(*state, 0, 64);
    struct streamreader *reader = open_reader(*state, 0);
    struct record r;
    for (int i = 0; i < 12; i++) {
        assert_int_equal(append(log, RECORD_MARK, "{\"a\":1}", 7), ERR_OK);
        assert_int_equal(append(log, RECORD_MARK, "{\"b\":1}", 7), ERR_OK);
        assert_int_equal(streamreader_next(reader, &r), ERR_OK);
        assert_int_equal(streamreader_next(reader, &r), ERR_OK);
        expect_end(reader, ERR_AGAIN);
    }
    assert_true(count_segments(*state) >= 12);
    streamlog_close(log);
    log = open_log(*state, 0, 64);
    append_ok(log, "out");
    expect(reader, 0, "out");
    streamreader_close(reader);
    reader = open_reader(*state, 0);
    for (int i = 0; i < 24; i++)
        assert_int_equal(streamreader_next(reader, &r), ERR_OK);
    expect(reader, 0, "out");
    streamreader_close(reader);
    streamlog_close(log);
}

static void retention_takes_only_what_is_released(void **state)
{
    struct streamlog *log = open_log(*state, 4000, 1000);
    struct streamreader *slow = open_reader(*state, 0), *late;
    char block[101];
    uint64_t first;
    memset(block, 'b', 100);
    block[100] = '\0';
    while (!streamlog_full(log))
        append_ok(log, block);
    assert_true(streamlog_bytes(log) >= 4000);
    uint64_t end = streamlog_pos(log);
    append_ok(log, block); /* full is a hint: what comes is still taken */
    expect(slow, 0, block);
    streamlog_release(log, 1000);
    assert_false(streamlog_full(log));
    for (int i = 0; i < 100; i++) {
        append_ok(log, block);
        streamlog_release(log, streamlog_pos(log));
        assert_false(streamlog_full(log));
        assert_true(streamlog_bytes(log) <= 4000 + 1000);
    }
    assert_int_equal(streamreader_open(*state, 0, &first, &late), ERR_GONE);
    assert_true(first > end);
    late = open_reader(*state, first);
    expect(late, first, block);
    /* The slow one still reads its segment to the end, is told of the hole, and goes on. */
    struct record r;
    enum err e;
    uint64_t pos = 100;
    while ((e = streamreader_next(slow, &r)) == ERR_OK) {
        assert_int_equal(r.pos, pos);
        pos += r.n;
    }
    assert_int_equal(e, ERR_GONE);
    expect(slow, first, block);
    streamreader_close(late);
    streamreader_close(slow);
    streamlog_close(log);
}

/* However the last record was cut, the log ends behind the one before, and goes on there. */
static void a_torn_tail_is_cut_off(void **state)
{
    char *path = first_segment(*state);
    for (size_t left = 1; left < RECORD_HEADER + 5; left++) {
        uint64_t cut;
        struct streamlog *log = open_log(*state, 0, 0);
        append_ok(log, "first");
        append_ok(log, "second");
        append_ok(log, "third");
        off_t end = (off_t)streamlog_bytes(log);
        streamlog_close(log);
        assert_int_equal(truncate(path, end - (off_t)(RECORD_HEADER + 5 - left)), 0);
        struct streamreader *reader = open_reader(*state, 0);
        expect(reader, 0, "first");
        expect(reader, 5, "second");
        expect_end(reader, ERR_CORRUPT); /* nobody will finish it */
        expect_end(reader, ERR_AGAIN);
        streamreader_close(reader);
        assert_int_equal(streamlog_open(*state, 0, 0, &cut, &log), ERR_OK);
        assert_int_equal(cut, left);
        assert_int_equal(streamlog_pos(log), 11);
        append_ok(log, "fourth");
        reader = open_reader(*state, 11);
        expect(reader, 11, "fourth");
        expect_end(reader, ERR_AGAIN);
        streamreader_close(reader);
        streamlog_close(log);
        assert_int_equal(unlink(path), 0);
    }
    free(path);
}

/* True when the record at `at` says that it goes beyond the end. */
static bool claims_more(const char *path, off_t at, off_t end)
{
    uint8_t length[4];
    int fd = open(path, O_RDONLY);
    assert_int_equal(pread(fd, length, 4, at + 4), 4);
    close(fd);
    uint32_t n = length[0] | (uint32_t)length[1] << 8 | (uint32_t)length[2] << 16 |
                 (uint32_t)length[3] << 24;
    return n <= RECORD_MAX && at + (off_t)RECORD_HEADER + (off_t)n > end;
}

/* Whichever bit of the middle record is flipped: one complaint, then the next record. */
static void a_flipped_bit_costs_one_record(void **state)
{
    char *path = first_segment(*state);
    for (int live = 0; live < 2; live++) {
        struct streamlog *log = open_log(*state, 0, 0);
        append_ok(log, "first");
        off_t from = (off_t)streamlog_bytes(log);
        append_ok(log, "second");
        off_t to = (off_t)streamlog_bytes(log);
        append_ok(log, "third");
        append_ok(log, "fourth");
        if (!live)
            streamlog_close(log);
        for (off_t bit = from * 8; bit < to * 8; bit++) {
            flip(path, bit / 8, (uint8_t)(1u << bit % 8));
            clock_set_for_test(1000000);
            struct streamreader *reader = open_reader(*state, 0);
            expect(reader, 0, "first");
            if (live && claims_more(path, from, (off_t)streamlog_bytes(log))) {
                /* The writer may be about to bring the bytes; after a second it is not. */
                expect_end(reader, ERR_AGAIN);
                clock_set_for_test(1999999);
                expect_end(reader, ERR_AGAIN);
                clock_set_for_test(2000000);
            }
            expect_end(reader, ERR_CORRUPT);
            expect(reader, 11, "third");
            expect(reader, 16, "fourth");
            expect_end(reader, ERR_AGAIN);
            streamreader_close(reader);
            reader = open_reader(*state, 7); /* just what is damaged */
            if (live && claims_more(path, from, (off_t)streamlog_bytes(log))) {
                expect_end(reader, ERR_AGAIN);
                clock_set_for_test(4000000);
            }
            expect_end(reader, ERR_CORRUPT);
            expect(reader, 11, "third");
            streamreader_close(reader);
            flip(path, bit / 8, (uint8_t)(1u << bit % 8));
        }
        clock_set_for_test(-1);
        if (live)
            streamlog_close(log);
        assert_int_equal(unlink(path), 0);
    }
    free(path);
}

/* Damage at a segment's end, where the next one's name cannot be foretold. */
static void damage_at_the_end_of_a_segment(void **state)
{
    char *path = first_segment(*state);
    struct streamlog *log = open_log(*state, 0, 200);
    append_ok(log, "first");
    off_t from = (off_t)streamlog_bytes(log);
    char long_one[150];
    memset(long_one, 'l', sizeof long_one - 1);
    long_one[sizeof long_one - 1] = '\0';
    append_ok(log, "last");
    append_ok(log, long_one);
    append_ok(log, "further");
    assert_int_equal(count_segments(*state), 3);
    for (off_t bit = from * 8; bit < (from + (off_t)RECORD_HEADER + 4) * 8; bit++) {
        flip(path, bit / 8, (uint8_t)(1u << bit % 8));
        struct streamreader *reader = open_reader(*state, 0);
        expect(reader, 0, "first");
        expect_end(reader, ERR_CORRUPT);
        expect(reader, 9, long_one);
        expect(reader, 9 + 149, "further");
        expect_end(reader, ERR_AGAIN);
        streamreader_close(reader);
        flip(path, bit / 8, (uint8_t)(1u << bit % 8));
    }
    free(path);
    streamlog_close(log);
}

/* A child that prints what looks like a record cannot put words into the record. */
static void output_that_looks_like_a_record(void **state)
{
    char *path = first_segment(*state);
    struct streamlog *log = open_log(*state, 0, 0);
    uint8_t forged[RECORD_HEADER + 5];
    struct record r = {.kind = RECORD_INPUT, .pos = 1000000, .payload = "forge", .n = 5};
    record_encode(&r, forged);
    memcpy(forged + RECORD_HEADER, "forge", 5);
    append_ok(log, "first");
    off_t from = (off_t)streamlog_bytes(log);
    assert_int_equal(append(log, RECORD_OUTPUT, forged, sizeof forged), ERR_OK);
    append_ok(log, "third");
    streamlog_close(log);
    for (off_t at = 0; at < (off_t)RECORD_HEADER; at++) {
        flip(path, from + at, 1);
        struct streamreader *reader = open_reader(*state, 0);
        expect(reader, 0, "first");
        expect_end(reader, ERR_CORRUPT);
        expect(reader, 5 + sizeof forged, "third");
        streamreader_close(reader);
        flip(path, from + at, 1);
    }
    free(path);
}

/* A writer that runs out of disk cuts back and writes another record in the same place. */
static void a_reader_forgets_what_was_cut_back(void **state)
{
    char *path = first_segment(*state);
    struct streamlog *log = open_log(*state, 0, 0);
    struct streamreader *reader = open_reader(*state, 0);
    append_ok(log, "first");
    off_t end = (off_t)streamlog_bytes(log);
    expect(reader, 0, "first");
    uint8_t half[RECORD_HEADER + 100];
    struct record r = {.kind = RECORD_OUTPUT, .pos = 5, .payload = (char *)half, .n = 100};
    int fd = open(path, O_WRONLY);
    for (size_t n = 1; n < sizeof half; n += 7) {
        memset(half, 'h', sizeof half);
        record_encode(&r, half);
        assert_int_equal(pwrite(fd, half, n, end), (ssize_t)n);
        expect_end(reader, ERR_AGAIN);
        assert_int_equal(ftruncate(fd, end), 0);
        if (n % 2)
            expect_end(reader, ERR_AGAIN);
    }
    close(fd);
    append_ok(log, "instead");
    expect(reader, 5, "instead");
    expect_end(reader, ERR_AGAIN);
    streamreader_close(reader);
    streamlog_close(log);
    free(path);
}

/* A file size limit stands in for a full disk where no small one can be mounted. */
static void a_full_disk_leaves_nothing_torn(void **state)
{
    char *dir = mem_printf("%s/small", (char *)*state);
    assert_int_equal(mkdir(dir, 0700), 0);
    bool mounted = mount("none", dir, "tmpfs", 0, "size=256k") == 0;
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    if (!mounted) {
        signal(SIGXFSZ, SIG_IGN);
        small = (struct rlimit){.rlim_cur = 200 * 1024, .rlim_max = before.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    }
    struct streamlog *log = open_log(dir, 0, 0);
    struct streamreader *reader = open_reader(dir, 0);
    char block[10001];
    memset(block, 'b', 10000);
    block[10000] = '\0';
    enum err e;
    int whole = 0;
    while ((e = append(log, RECORD_OUTPUT, block, 10000)) == ERR_OK)
        whole++;
    assert_int_equal(e, ERR_DISK_FULL);
    assert_true(whole > 10);
    uint64_t bytes = streamlog_bytes(log), pos = streamlog_pos(log);
    assert_int_equal(pos, (uint64_t)whole * 10000);
    assert_int_equal(append(log, RECORD_OUTPUT, block, 10000), ERR_DISK_FULL);
    char *huge = mem_zalloc(3 * RECORD_MAX);
    assert_int_equal(append(log, RECORD_OUTPUT, huge, 3 * RECORD_MAX), ERR_DISK_FULL);
    free(huge);
    assert_int_equal(streamlog_bytes(log), bytes);
    assert_int_equal(streamlog_pos(log), pos);
    struct stat st;
    char *path = first_segment(dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, bytes);
    free(path);
    for (int i = 0; i < whole; i++)
        expect(reader, (uint64_t)i * 10000, block);
    expect_end(reader, ERR_AGAIN);
    /* There is room again. */
    if (mounted)
        assert_int_equal(mount("none", dir, "tmpfs", MS_REMOUNT, "size=1m"), 0);
    else
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    append_ok(log, "healed");
    expect(reader, pos, "healed");
    expect_end(reader, ERR_AGAIN);
    streamreader_close(reader);
    streamlog_close(log);
    if (mounted)
        assert_int_equal(umount(dir), 0);
    free(dir);
}

/* Writer and reader as two processes, across many segments while old ones go. */
static void following_across_processes(void **state)
{
    enum { RECORDS = 20000 };
    streamlog_close(open_log(*state, 1 << 20, 1 << 16));
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        struct streamlog *log;
        char block[4096];
        bool ok = streamlog_open(*state, 1 << 20, 1 << 16, NULL, &log) == ERR_OK;
        for (uint32_t i = 0; ok && i < RECORDS; i++) {
            size_t n = 4 + i * 37 % 4000;
            memset(block, (int)(i & 0xff), sizeof block);
            memcpy(block, &i, 4);
            ok = append(log, RECORD_OUTPUT, block, n) == ERR_OK;
            ok = ok && append(log, RECORD_MARK, "{}", 2) == ERR_OK;
        }
        _exit(ok ? 0 : 1);
    }
    struct streamreader *reader = open_reader(*state, 0);
    int64_t limit = clock_mono_us() + PATIENCE_US;
    uint32_t outputs = 0, marks = 0;
    uint64_t pos = 0;
    while ((outputs < RECORDS || marks < RECORDS) && clock_mono_us() < limit) {
        struct record r;
        enum err e = streamreader_next(reader, &r);
        if (e == ERR_AGAIN)
            continue;
        assert_int_equal(e, ERR_OK);
        assert_int_equal(r.pos, pos);
        if (r.kind == RECORD_MARK) {
            marks++;
            continue;
        }
        uint32_t i;
        memcpy(&i, r.payload, 4);
        assert_int_equal(i, outputs);
        assert_int_equal(r.n, 4 + i * 37 % 4000);
        for (size_t b = 4; b < r.n; b++)
            if ((uint8_t)r.payload[b] != (i & 0xff))
                fail_msg("record %u has a wrong byte", i);
        outputs++;
        pos += r.n;
    }
    assert_int_equal(outputs, RECORDS);
    assert_int_equal(marks, RECORDS);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    streamreader_close(reader);
}

static void nothing_there_is_said(void **state)
{
    struct streamreader *reader;
    struct streamlog *log;
    char *none = mem_printf("%s/none", (char *)*state);
    assert_int_equal(streamreader_open(*state, 0, NULL, &reader), ERR_NOT_FOUND);
    assert_int_equal(streamreader_open(none, 0, NULL, &reader), ERR_NOT_FOUND);
    assert_int_equal(streamlog_open(none, 0, 0, NULL, &log), ERR_NOT_FOUND);
    streamreader_close(NULL);
    streamlog_close(NULL);
    free(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_reader_follows_the_writer),
        TEST(parts_become_one_record),
        TEST(what_is_too_long_is_cut_up),
        TEST(one_writer_a_folder),
        TEST(opening_at_every_place),
        TEST(segments_without_output),
        TEST(retention_takes_only_what_is_released),
        TEST(a_torn_tail_is_cut_off),
        TEST(a_flipped_bit_costs_one_record),
        TEST(damage_at_the_end_of_a_segment),
        TEST(output_that_looks_like_a_record),
        TEST(a_reader_forgets_what_was_cut_back),
        TEST(a_full_disk_leaves_nothing_torn),
        TEST(following_across_processes),
        TEST(nothing_there_is_said),
    };
    return cmocka_run_group_tests_name("core/stream/streamlog", tests, NULL, NULL);
}
