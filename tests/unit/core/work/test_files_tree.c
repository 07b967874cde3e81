/* Folders beneath a root: listed, made, moved, deleted; nothing outside is touched. */
#include "core/work/files.h"
#include "core/base/mem.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char base[64], root[96], outside[96];
static char why[FILES_WHY];

static int set_up(void **state)
{
    struct files *files = NULL;
    char path[PATH_MAX];
    snprintf(base, sizeof base, "/tmp/baton-tree.XXXXXX");
    if (!mkdtemp(base))
        return -1;
    snprintf(root, sizeof root, "%s/root", base);
    snprintf(outside, sizeof outside, "%s/outside", base);
    umask(022);
    if (mkdir(root, 0755) < 0 || mkdir(outside, 0755) < 0)
        return -1;
    snprintf(path, sizeof path, "%s/out", root);
    if (symlink("../outside", path) < 0 || files_open(root, &files, why) != ERR_OK)
        return -1;
    *state = files;
    return 0;
}

static int tear_down(void **state)
{
    char command[128];
    files_close(*state);
    snprintf(command, sizeof command, "rm -rf '%s'", base);
    return system(command) == 0 ? 0 : -1; /* NOLINT: our own name */
}

static void put(struct files *files, const char *path)
{
    assert_int_equal(files_write(files, path, path, strlen(path), why), ERR_OK);
}

static enum err stat_of(struct files *files, const char *path)
{
    struct files_stat st;
    return files_stat(files, path, &st, why);
}

static void add(void *data, const char *name, const struct files_stat *stat)
{
    buf_printf(data, "%s:%s:%llu ", name, files_kind_name(stat->kind),
               (unsigned long long)(stat->kind == FILES_FILE ? stat->bytes : 0));
}

static void assert_list(struct files *files, const char *path, const char *want)
{
    struct buf b = {0};
    buf_puts(&b, "");
    assert_int_equal(files_list(files, path, 100, add, &b, why), ERR_OK);
    assert_string_equal(b.data, want);
    buf_finish(&b);
}

static void listed_by_name(void **state)
{
    struct files *files = *state;
    struct buf b = {0};
    put(files, "b");
    put(files, "a");
    put(files, "folder/x");
    assert_list(files, ".", "a:file:1 b:file:1 folder:folder:0 out:link:0 ");
    assert_list(files, root, "a:file:1 b:file:1 folder:folder:0 out:link:0 ");
    assert_list(files, "folder/", "x:file:8 ");
    assert_int_equal(files_list(files, ".", 3, add, &b, why), ERR_LIMIT);
    assert_null(b.data);
    assert_int_equal(files_list(files, "a", 100, add, &b, why), ERR_NOT_FOUND);
    assert_int_equal(files_list(files, "none", 100, add, &b, why), ERR_NOT_FOUND);
    assert_int_equal(files_list(files, "out", 100, add, &b, why), ERR_DENIED);
    assert_int_equal(files_list(files, "..", 100, add, &b, why), ERR_DENIED);
    assert_int_equal(b.len, 0);
}

static void stats(void **state)
{
    struct files *files = *state;
    struct files_stat st;
    put(files, "a");
    assert_int_equal(files_stat(files, "a", &st, why), ERR_OK);
    assert_int_equal(st.kind, FILES_FILE);
    assert_int_equal(st.bytes, 1);
    assert_int_equal(st.mode, 0644);
    assert_true(st.changed_us > 1000000);
    assert_int_equal(files_stat(files, "out", &st, why), ERR_OK);
    assert_int_equal(st.kind, FILES_LINK);
    assert_int_equal(files_stat(files, ".", &st, why), ERR_OK);
    assert_int_equal(st.kind, FILES_FOLDER);
    assert_int_equal(stat_of(files, "out/x"), ERR_DENIED);
    assert_int_equal(stat_of(files, "none"), ERR_NOT_FOUND);
}

static void folders_are_made(void **state)
{
    struct files *files = *state;
    assert_int_equal(files_mkdir(files, "a/b/c", why), ERR_OK);
    assert_int_equal(files_mkdir(files, "a/b/c/", why), ERR_OK);
    assert_int_equal(stat_of(files, "a/b/c"), ERR_OK);
    put(files, "file");
    assert_int_equal(files_mkdir(files, "file", why), ERR_EXISTS);
    assert_int_equal(files_mkdir(files, "file/x", why), ERR_NOT_FOUND);
    assert_int_equal(files_mkdir(files, "out/x", why), ERR_DENIED);
    assert_int_equal(files_mkdir(files, "../x", why), ERR_DENIED);
    assert_int_equal(files_mkdir(files, ".", why), ERR_OK);
}

static void moved(void **state)
{
    struct files *files = *state;
    put(files, "a");
    put(files, "b");
    put(files, "folder/x");
    assert_int_equal(files_move(files, "a", "b", false, why), ERR_EXISTS);
    assert_int_equal(files_move(files, "a", "b", true, why), ERR_OK);
    assert_int_equal(stat_of(files, "a"), ERR_NOT_FOUND);
    assert_int_equal(files_move(files, "folder", "other/", false, why), ERR_OK);
    assert_int_equal(stat_of(files, "other/x"), ERR_OK);
    assert_int_equal(files_move(files, "other", "other/inside", false, why), ERR_INVALID);
    assert_int_equal(files_move(files, "none", "x", false, why), ERR_NOT_FOUND);
    assert_int_equal(files_move(files, "b", "none/b", false, why), ERR_NOT_FOUND);
    assert_int_equal(files_move(files, "b", "out/b", false, why), ERR_DENIED);
    assert_int_equal(files_move(files, "b", "../b", false, why), ERR_DENIED);
    assert_int_equal(files_move(files, "out", "kept", false, why), ERR_OK); /* the link itself */
    assert_list(files, ".", "b:file:1 kept:link:0 other:folder:0 ");
}

static void deleted(void **state)
{
    struct files *files = *state;
    char path[PATH_MAX];
    struct stat st;
    snprintf(path, sizeof path, "%s/precious", outside);
    fclose(fopen(path, "w"));
    put(files, "a");
    put(files, "full/deep/er/x");
    put(files, "full/y");
    assert_int_equal(files_mkdir(files, "empty", why), ERR_OK);
    snprintf(path, sizeof path, "%s/full/deep/out", root);
    assert_int_equal(symlink(outside, path), 0);
    assert_int_equal(files_delete(files, "a", false, why), ERR_OK);
    assert_int_equal(files_delete(files, "a", false, why), ERR_NOT_FOUND);
    assert_int_equal(files_delete(files, "empty/", false, why), ERR_OK);
    assert_int_equal(files_delete(files, "full", false, why), ERR_BUSY);
    assert_int_equal(files_delete(files, "full", true, why), ERR_OK);
    assert_int_equal(files_delete(files, "out/precious", true, why), ERR_DENIED);
    assert_int_equal(files_delete(files, "out", true, why), ERR_OK);
    assert_int_equal(files_delete(files, ".", true, why), ERR_INVALID);
    assert_int_equal(files_delete(files, "", true, why), ERR_INVALID);
    assert_int_equal(files_delete(files, "..", true, why), ERR_INVALID);
    assert_int_equal(files_delete(files, root, true, why), ERR_INVALID);
    assert_list(files, ".", "");
    snprintf(path, sizeof path, "%s/precious", outside);
    assert_int_equal(stat(path, &st), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* As a user whom permissions hold: root, who may run this test, is held by none. */
static void as_nobody(void (*work)(struct files *files), struct files *files)
{
    const pid_t pid = fork();
    int status = -1;
    assert_true(pid >= 0);
    if (pid == 0) {
        if (getuid() == 0 && setresuid(65534, 65534, 65534) < 0)
            _exit(1);
        work(files);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void make_shut(struct files *files)
{
    put(files, "top/shut/in/file");
    if (fchmodat(AT_FDCWD, mem_printf("%s/top/shut/in", root), 0, 0) < 0 ||
        fchmodat(AT_FDCWD, mem_printf("%s/top/shut", root), 0, 0) < 0)
        _exit(2);
}

static void delete_top(struct files *files)
{
    if (files_delete(files, "top", true, why) != ERR_OK) {
        fprintf(stderr, "%s\n", why);
        _exit(3);
    }
}

static void what_is_shut_is_deleted(void **state)
{
    assert_int_equal(chmod(base, 0755), 0);
    assert_int_equal(chmod(root, 0777), 0);
    as_nobody(make_shut, *state);
    as_nobody(delete_top, *state);
    assert_int_equal(stat_of(*state, "top"), ERR_NOT_FOUND);
}

static void what_is_deep_is_deleted(void **state)
{
    put(*state, "top/file");
    const int top = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int at = openat(top, "top", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(mkdirat(at, "d", 0700), 0);
        const int next = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(symlinkat("../../../outside", at, "link"), 0);
        close(at);
        at = next;
    }
    close(at);
    close(top);
    delete_top(*state);
    assert_int_equal(stat_of(*state, "top"), ERR_NOT_FOUND);
    assert_int_equal(access(outside, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(listed_by_name),
        TEST(stats),
        TEST(folders_are_made),
        TEST(moved),
        TEST(deleted),
        TEST(what_is_shut_is_deleted),
        TEST(what_is_deep_is_deleted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
