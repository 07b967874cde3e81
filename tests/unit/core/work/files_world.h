/* A root with a neighbour that nobody may reach, for the tests of files beneath a folder: each test
 * gets fresh ones, and the opened root as its state. */
#ifndef BATON_TEST_FILES_WORLD_H
#define BATON_TEST_FILES_WORLD_H

#include "core/work/files.h"
#include "core/base/mem.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static char base[64], root[96], outside[96]; /* base/root, base/outside */
static char why[FILES_WHY];

static inline void put(const char *dir, const char *name, const char *text)
{
    char path[2 * PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static char *get(const char *dir, const char *name)
{
    char path[PATH_MAX], text[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "r");
    if (!f)
        return NULL;
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    return mem_strndup(text, n);
}

static inline void assert_file(const char *dir, const char *name, const char *text)
{
    char *got = get(dir, name);
    assert_non_null(got);
    assert_string_equal(got, text);
    free(got);
}

static inline int entries(const char *dir)
{
    char command[PATH_MAX];
    int n = -1;
    snprintf(command, sizeof command, "ls -A '%s' | wc -l", dir);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%d", &n), 1);
    pclose(f);
    return n;
}

static inline int set_up(void **state)
{
    struct files *files = NULL;
    snprintf(base, sizeof base, "/tmp/baton-files.XXXXXX");
    if (!mkdtemp(base))
        return -1;
    snprintf(root, sizeof root, "%s/root", base);
    snprintf(outside, sizeof outside, "%s/outside", base);
    umask(022);
    if (mkdir(root, 0755) < 0 || mkdir(outside, 0755) < 0)
        return -1;
    put(outside, "secret", "secret");
    if (files_open(root, &files, why) != ERR_OK)
        return -1;
    *state = files;
    return 0;
}

static inline int tear_down(void **state)
{
    char command[128];
    files_close(*state);
    snprintf(command, sizeof command, "rm -rf '%s'", base);
    return system(command) == 0 ? 0 : -1; /* NOLINT: our own name */
}

static inline enum err read_text(struct files *files, const char *path, int64_t line, int64_t limit,
                                 char **ret_text)
{
    const struct files_part part = {.line = line, .limit = limit, .text = true};
    struct buf b = {0};
    enum err e = files_read(files, path, &part, &b, why);
    *ret_text = e == ERR_OK ? mem_strdup(b.data ? b.data : "") : NULL;
    assert_true(e == ERR_OK || b.len == 0);
    buf_finish(&b);
    return e;
}

static inline void assert_read(struct files *files, const char *path, const char *text)
{
    char *got;
    assert_int_equal(read_text(files, path, 0, -1, &got), ERR_OK);
    assert_string_equal(got, text);
    free(got);
}

static inline enum err reading(struct files *files, const char *path)
{
    char *got;
    enum err e = read_text(files, path, 0, -1, &got);
    free(got);
    return e;
}

static inline enum err writing(struct files *files, const char *path, const char *text)
{
    return files_write(files, path, text, strlen(text), why);
}

static inline void link_in(const char *target, const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", root, name);
    assert_int_equal(symlink(target, path), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
