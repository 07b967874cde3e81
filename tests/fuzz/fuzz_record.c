/* Any bytes as a stream's log: as one record, as a segment or two that a reader walks, and as what
 * a writer finds and goes on behind. What must hold: nothing is read outside the bytes, the reader
 * comes to an end, positions never go back, and what a writer appends is found behind all damage.
 *
 * The first byte says where the bytes are cut into two segments (in 255ths); 0: not at all. */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/stream/streamlog.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode(const uint8_t *data, size_t size)
{
    uint8_t *copy = mem_dup(data, size); /* its own block, so that one byte too many is seen */
    struct record r;
    size_t took;
    enum err e = record_decode(copy, size, &r, &took);
    if (e == ERR_OK) {
        struct record_input in;
        int rows, cols;
        int32_t code;
        CHECK(took == RECORD_HEADER + r.n && took <= size);
        if (record_decode_input(&r, &in) == ERR_OK)
            CHECK(in.n < r.n && strlen(in.who) < sizeof in.who);
        (void)record_decode_resize(&r, &rows, &cols);
        (void)record_decode_exit(&r, &code);
    } else if (e == ERR_AGAIN) {
        CHECK(took > size && took <= RECORD_HEADER + RECORD_MAX);
    }
    free(copy);
}

static char *write_segment(const char *dir, uint64_t pos, const uint8_t *data, size_t size)
{
    char *path = mem_printf("%s/log.%020llu", dir, (unsigned long long)pos);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    close(fd);
    return path;
}

/* Walks to the end; gives the steps that it took, and the last record, whose payload is gone. */
static size_t walk(const char *dir, size_t size, uint64_t from, struct record *ret_last)
{
    struct streamreader *reader;
    size_t steps = 0;
    uint64_t pos = 0;
    int64_t now = 1;
    bool waited = false;
    clock_set_for_test(now);
    if (streamreader_open(dir, from, NULL, &reader) != ERR_OK)
        return 0;
    for (;;) {
        struct record r;
        enum err e = streamreader_next(reader, &r);
        if (e == ERR_AGAIN && waited)
            break;
        waited = e == ERR_AGAIN; /* once more later: what was not whole is damaged by then */
        if (waited) {
            clock_set_for_test(now += 2000000);
            continue;
        }
        CHECK(e == ERR_OK || e == ERR_CORRUPT || e == ERR_GONE);
        CHECK(++steps <= 2 * size + 8);
        if (e != ERR_OK)
            continue;
        CHECK(r.pos >= pos && r.n <= RECORD_MAX);
        pos = r.pos;
        if (ret_last)
            *ret_last = r;
    }
    struct record again;
    CHECK(streamreader_next(reader, &again) == ERR_AGAIN);
    streamreader_close(reader);
    return steps;
}

/* A number that changes with every byte of the input. What is appended holds it: else the fuzzer
 * finds headers whose checksum spans what it knows will come. */
static uint64_t digest(const uint8_t *data, size_t size)
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < size; i++)
        h = (h ^ data[i]) * 1099511628211u;
    return h;
}

static bool append_and_find(struct streamlog *log, const char *dir, size_t size, uint64_t key)
{
    struct record last = {0};
    struct iovec part = {.iov_base = &key, .iov_len = sizeof key};
    uint64_t pos = streamlog_pos(log);
    CHECK(streamlog_append(log, RECORD_OUTPUT, 1, &part, 1) == ERR_OK);
    walk(dir, size + 128, 0, &last);
    return last.kind == RECORD_OUTPUT && last.pos == pos && last.n == sizeof key;
}

/* A damaged record that claims to end just where the file does is believed, and hides what it
 * spans; it cannot do so for two ends. */
static void go_on_behind(const char *dir, size_t size, uint64_t key)
{
    struct streamlog *log;
    if (streamlog_open(dir, 0, 0, NULL, &log) != ERR_OK)
        return;
    /* Segments that overlap are no log: the later one's records stand before the earlier one's. */
    struct record last = {0};
    walk(dir, size, 0, &last);
    if (last.pos + last.n > streamlog_pos(log)) {
        streamlog_close(log);
        return;
    }
    bool first = append_and_find(log, dir, size, key);
    bool second = append_and_find(log, dir, size, key);
    CHECK(first || second);
    streamlog_close(log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *base = getenv("TMPDIR");
    if (size < 1)
        return 0;
    size_t cut = data[0] * (size - 1) / 255;
    decode(data + 1, size - 1);

    char *dir = mem_printf("%s/baton-fuzz-XXXXXX", base ? base : "/tmp");
    CHECK(mkdtemp(dir));
    char *first = write_segment(dir, 0, data + 1, cut ? cut : size - 1);
    char *second = cut ? write_segment(dir, 64, data + 1 + cut, size - 1 - cut) : NULL;
    walk(dir, size, 0, NULL);
    walk(dir, size, 20, NULL);
    walk(dir, size, UINT64_MAX, NULL);
    go_on_behind(dir, size, digest(data, size));
    unlink(first);
    if (second)
        unlink(second);
    char *lock = mem_printf("%s/lock", dir);
    unlink(lock);
    rmdir(dir);
    free(lock);
    free(first);
    free(second);
    free(dir);
    return 0;
}
