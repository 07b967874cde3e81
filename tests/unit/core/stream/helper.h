/* What the tests of core/stream share: a folder of their own, patience with a limit, appending
 * without ceremony, and a look at processes. */
#ifndef TESTS_STREAM_HELPER_H
#define TESTS_STREAM_HELPER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/stream/streamlog.h"

#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_US 20000000 /* a busy machine is slow, not wrong */

static inline int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static inline int make_folder(void **state)
{
    const char *base = getenv("TMPDIR");
    char *dir = mem_printf("%s/baton-stream-XXXXXX", base ? base : "/tmp");
    *state = mkdtemp(dir);
    return *state ? 0 : -1;
}

static inline int remove_folder(void **state)
{
    nftw(*state, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(*state);
    return 0;
}

static inline enum err append(struct streamlog *log, enum record_kind kind, const void *bytes,
                              size_t n)
{
    struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = n};
    return streamlog_append(log, kind, 1, &part, 1);
}

static inline void append_ok(struct streamlog *log, const char *text)
{
    assert_int_equal(append(log, RECORD_OUTPUT, text, strlen(text)), ERR_OK);
}

/* Asserts that the next record is this output at this pos. */
static inline void expect(struct streamreader *reader, uint64_t pos, const char *text)
{
    struct record r;
    assert_int_equal(streamreader_next(reader, &r), ERR_OK);
    assert_int_equal(r.kind, RECORD_OUTPUT);
    assert_int_equal(r.pos, pos);
    assert_int_equal(r.n, strlen(text));
    assert_memory_equal(r.payload, text, r.n);
}

/* A number that a script has written to DIR/name; 0 none. */
static inline long number_in(const char *dir, const char *name)
{
    char *file = path_join(dir, name), *text = NULL;
    long n = path_read_file(file, 100, &text, NULL) == ERR_OK ? strtol(text, NULL, 10) : 0;
    free(text);
    free(file);
    return n;
}

static inline bool lives(long pid)
{
    char *file = mem_printf("/proc/%ld/stat", pid), line[300] = "";
    FILE *f = fopen(file, "r");
    const char *state = f && fgets(line, sizeof line, f) ? strrchr(line, ')') : NULL;
    if (f)
        fclose(f);
    free(file);
    return state && state[2] != 'Z' && state[2] != 'X';
}

static inline void await_death(long pid)
{
    int64_t end = clock_mono_us() + PATIENCE_US;
    assert_true(pid > 1);
    while (lives(pid) && clock_mono_us() < end)
        poll(NULL, 0, 1);
    assert_false(lives(pid));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

#endif
