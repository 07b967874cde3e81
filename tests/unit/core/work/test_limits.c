/* Control groups, in a folder that stands for the kernel's; and how much a folder takes. */
#include "core/work/limits.h"
#include "core/base/mem.h"
#include "core/work/environment.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

struct tree {
    char dir[64];
};

static int set_up(void **state)
{
    struct tree *t = mem_zalloc(sizeof *t);
    strcpy(t->dir, "/tmp/baton-limits.XXXXXX");
    assert_non_null(mkdtemp(t->dir));
    *state = t;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static int tear_down(void **state)
{
    struct tree *t = *state;
    nftw(t->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(t);
    return 0;
}

static void folder(const struct tree *t, const char *name)
{
    char *path = mem_printf("%s/%s", t->dir, name);
    assert_int_equal(mkdir(path, 0700), 0);
    free(path);
}

static void file(const struct tree *t, const char *name, const char *text)
{
    char *path = mem_printf("%s/%s", t->dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    free(path);
}

static char *text_of(const struct tree *t, const char *name)
{
    static char text[200];
    char *path = mem_printf("%s/%s", t->dir, name);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    free(path);
    return text;
}

static void look(const struct tree *t, const char *mounts, const char *own, struct limits_place *p)
{
    char text[2000] = "", *at = text;
    for (; *mounts; mounts++)
        at += *mounts == '@' ? sprintf(at, "%s", t->dir) : sprintf(at, "%c", *mounts);
    limits_look(text, own, p);
}

#define V1                                                                                         \
    "30 1 0:1 / /proc rw - proc proc rw\n"                                                         \
    "31 1 0:2 / @/mem rw,relatime shared:9 - cgroup cgroup rw,memory\n"                            \
    "32 1 0:3 /part @/pids rw - cgroup cgroup rw,cpu,pids\n"

static void version_1_is_found(void **state)
{
    const struct tree *t = *state;
    struct limits_place p;
    folder(t, "mem");
    folder(t, "mem/own");
    folder(t, "pids");
    look(t, V1, "9:cpu,pids:/part\n4:memory:/own\n0::/x\n", &p);
    assert_int_equal(p.version, 1);
    assert_non_null(p.memory);
    assert_string_equal(p.memory + strlen(t->dir), "/mem/own");
    assert_non_null(p.processes);
    assert_string_equal(p.processes + strlen(t->dir), "/pids");
    assert_string_equal(p.why, "");
    limits_place_finish(&p);
    /* A group that is elsewhere than what is mounted, and one that climbs. */
    look(t, V1, "9:cpu,pids:/other\n4:memory:/own/..\n", &p);
    assert_null(p.memory);
    assert_null(p.processes);
    assert_true(p.why[0]);
    limits_place_finish(&p);
    look(t, "", "", &p);
    assert_null(p.memory);
    assert_true(p.why[0]);
    limits_place_finish(&p);
    look(t, "garbage\n - cgroup\n\n1 2 3\n", ":\n::\nmemory\n", &p);
    assert_null(p.memory);
    limits_place_finish(&p);
}

static void a_group_gets_its_limits(void **state)
{
    const struct tree *t = *state;
    const struct limits l = {.memory = 4096000, .processes = 77};
    struct limits_place p;
    char **procs = NULL;
    folder(t, "mem");
    folder(t, "mem/own");
    folder(t, "pids");
    look(t, V1, "9:cpu,pids:/part\n4:memory:/own\n", &p);
    /* The kernel would have these files there; one that is missing is a failure. */
    assert_int_not_equal(limits_enter(&p, "box", &l, &procs), ERR_OK);
    assert_null(procs);
    file(t, "mem/own/box/memory.limit_in_bytes", "");
    folder(t, "pids/box");
    file(t, "pids/box/pids.max", "");
    assert_int_equal(limits_enter(&p, "box", &l, &procs), ERR_OK);
    assert_string_equal(text_of(t, "mem/own/box/memory.limit_in_bytes"), "4096000");
    assert_string_equal(text_of(t, "pids/box/pids.max"), "77");
    assert_string_equal(procs[0] + strlen(t->dir), "/mem/own/box/cgroup.procs");
    assert_string_equal(procs[1] + strlen(t->dir), "/pids/box/cgroup.procs");
    assert_null(procs[2]);
    environment_free(procs);
    limits_place_finish(&p);
}

#define V2 "31 1 0:2 / @ rw - cgroup2 cgroup2 rw\n"

static void version_2_wants_to_be_given(void **state)
{
    const struct tree *t = *state;
    const struct limits l = {.memory = 4096000, .processes = 77};
    struct limits_place p;
    char **procs = NULL, *own = mem_printf("%s/own", t->dir);
    folder(t, "own");
    look(t, V2, "0::/own\n", &p);
    assert_null(p.memory); /* no controllers */
    limits_place_finish(&p);
    file(t, "own/cgroup.controllers", "cpu memory pids\n");
    look(t, V2, "0::/own\n", &p);
    assert_null(p.memory);
    assert_non_null(strstr(p.why, "delegated"));
    limits_place_finish(&p);
    if (setxattr(own, "user.delegate", "1", 1, 0) < 0) {
        free(own);
        skip(); /* this file system has no attributes of users */
    }
    free(own);
    look(t, V2, "0::/own\n", &p);
    assert_int_equal(p.version, 2);
    assert_string_equal(p.memory + strlen(t->dir), "/own");
    limits_place_finish(&p);
    look(t, V2, "0::/own/hub\n", &p); /* where we have put ourselves before */
    assert_string_equal(p.memory + strlen(t->dir), "/own");
    file(t, "own/cgroup.subtree_control", "");
    file(t, "own/cgroup.procs", "41\n42\n");
    folder(t, "own/hub");
    file(t, "own/hub/cgroup.procs", "");
    folder(t, "own/box");
    file(t, "own/box/memory.max", "");
    file(t, "own/box/pids.max", "");
    assert_int_equal(limits_enter(&p, "box", &l, &procs), ERR_OK);
    assert_string_equal(text_of(t, "own/hub/cgroup.procs"), "42"); /* each by a write of its own */
    assert_string_equal(text_of(t, "own/cgroup.subtree_control"), "+memory +pids");
    assert_string_equal(text_of(t, "own/box/memory.max"), "4096000");
    assert_string_equal(procs[0] + strlen(t->dir), "/own/box/cgroup.procs");
    assert_null(procs[1]);
    environment_free(procs);
    limits_place_finish(&p);
}

static void a_folder_is_measured(void **state)
{
    const struct tree *t = *state;
    char block[8192];
    int64_t bytes = -1, more = -1;
    memset(block, 'x', sizeof block - 1);
    block[sizeof block - 1] = '\0';
    folder(t, "a");
    folder(t, "a/b");
    assert_true(limits_measure(t->dir, 100, &bytes));
    file(t, "a/b/c", block);
    char *link = mem_printf("%s/a/link", t->dir);
    assert_int_equal(symlink("/usr", link), 0); /* not followed */
    free(link);
    assert_true(limits_measure(t->dir, 100, &more));
    assert_true(more >= bytes + 8191 && more < bytes + 65536);
    assert_false(limits_measure(t->dir, 3, &more));
    assert_true(limits_measure("/nonexistent", 3, &more));
    assert_int_equal(more, 0);
    /* Deeper than is looked: told as too much, not as nothing. */
    char path[2000];
    int n = snprintf(path, sizeof path, "%s", t->dir);
    for (int i = 0; i < 200; i++) {
        n += snprintf(path + n, sizeof path - (size_t)n, "/d");
        assert_int_equal(mkdir(path, 0700), 0);
    }
    assert_false(limits_measure(t->dir, 100000, &more));
}

/* As somebody whom permissions hold. */
static void what_is_shut_is_measured(void **state)
{
    const struct tree *t = *state;
    char block[65536];
    int64_t bytes = -1;
    int status = -1;
    memset(block, 'x', sizeof block - 1);
    block[sizeof block - 1] = '\0';
    folder(t, "shut");
    file(t, "shut/file", block);
    char *path = mem_printf("%s/shut", t->dir);
    if (getuid() == 0) {
        assert_int_equal(chown(t->dir, 65534, 65534), 0);
        assert_int_equal(chown(path, 65534, 65534), 0);
    }
    assert_int_equal(chmod(path, 0300), 0);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (getuid() == 0 && setresuid(65534, 65534, 65534) < 0)
            _exit(1);
        _exit(limits_measure(t->dir, 100, &bytes) && bytes >= 65535 ? 0 : 2);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(version_1_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_group_gets_its_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(version_2_wants_to_be_given, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_folder_is_measured, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_shut_is_measured, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
