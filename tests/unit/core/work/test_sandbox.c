/* A sandbox's arguments, its mounts and where its paths lie. */
#include "core/work/sandbox.h"
#include "core/base/mem.h"
#include "core/work/environment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct sandbox_mount mounts[] = {{(char *)"/host/data", (char *)"/data", false, 5, 77},
                                        {(char *)"/host/ro", (char *)"/srv/ro", true, 5, 78}};

static struct sandbox usual(void)
{
    return (struct sandbox){.key = "box",
                            .home = "/state/box/home",
                            .etc = "/state/.etc",
                            .door = "/run/doors/1",
                            .program = "/opt/baton",
                            .mounts = mounts,
                            .mount_count = 2,
                            .filter = 10,
                            .small = 1 << 20,
                            .processes = 99,
                            .file = 1000,
                            .data = 0};
}

/* The place of the first of these words in a row; -1. */
static int find(char *const *argv, const char *a, const char *b, const char *c)
{
    for (int i = 0; argv[i]; i++)
        if (strcmp(argv[i], a) == 0 && (!b || (argv[i + 1] && strcmp(argv[i + 1], b) == 0)) &&
            (!c || (argv[i + 1] && argv[i + 2] && strcmp(argv[i + 2], c) == 0)))
            return i;
    return -1;
}

static void nothing_of_the_host_is_writable(void **state)
{
    (void)state;
    char *command[] = {(char *)"/opt/baton", (char *)"demo-agent", (char *)"--", NULL};
    struct sandbox s = usual();
    char **argv = sandbox_argv(&s, "/home/user", command);
    int binds = 0;
    for (int i = 0; argv[i]; i++) {
        assert_int_not_equal(strcmp(argv[i], "--dev-bind"), 0);
        if (strcmp(argv[i], "--bind") == 0) {
            binds++;
            assert_true(strcmp(argv[i + 2], "/home/user") == 0 ||
                        strcmp(argv[i + 2], "/data") == 0);
        }
    }
    assert_int_equal(binds, 2);
    assert_true(find(argv, "--ro-bind", "/host/ro", "/srv/ro") > 0);
    assert_true(find(argv, "--ro-bind", "/run/doors/1", "/run/baton") > 0);
    assert_true(find(argv, "--unshare-user", NULL, NULL) > 0);
    assert_true(find(argv, "--unshare-pid", NULL, NULL) > 0);
    assert_true(find(argv, "--unshare-net", NULL, NULL) > 0);
    assert_true(find(argv, "--disable-userns", NULL, NULL) > 0);
    assert_true(find(argv, "--die-with-parent", "--as-pid-1", NULL) > 0);
    assert_true(find(argv, "--seccomp", "10", NULL) > 0);
    /* The last mount is over: nothing comes behind what makes the roots read-only. */
    const int root = find(argv, "--remount-ro", "/", NULL);
    assert_true(root > find(argv, "--ro-bind", "/opt/baton", "/run/baton/baton"));
    assert_true(root > find(argv, "--bind", "/host/data", "/data"));
    assert_true(find(argv, "--ro-bind", "/proc/sys", "/proc/sys") >
                find(argv, "--proc", "/proc", NULL));
    /* What runs is process 1, with the limits, and then the command by its name inside. */
    const int one = find(argv, "--", "/run/baton/baton", "inside");
    assert_true(one > root);
    static const char *const tail[] = {
        "--processes", "99", "--file",  "1000", "--data",  "0",  "--mount", "5",
        "/data",       "77", "--mount", "5",    "/srv/ro", "78", "--",      "/run/baton/baton",
        "demo-agent",  "--", NULL};
    for (int i = 0; tail[i]; i++)
        assert_string_equal(argv[one + 3 + i], tail[i]);
    environment_free(argv);
    s.network = true;
    argv = sandbox_argv(&s, "/home/user", command);
    assert_int_equal(find(argv, "--unshare-net", NULL, NULL), -1);
    assert_true(find(argv, "--ro-bind-try", "/etc/resolv.conf", "/etc/resolv.conf") > 0);
    environment_free(argv);
}

static void mounts_are_read(void **state)
{
    (void)state;
    struct sandbox_mount m;
    char why[SANDBOX_WHY];
    assert_int_equal(sandbox_mount_parse("/a b/c:/data/x", &m, why), ERR_OK);
    assert_string_equal(m.from, "/a b/c");
    assert_string_equal(m.to, "/data/x");
    assert_false(m.ro);
    sandbox_mount_finish(&m);
    assert_int_equal(sandbox_mount_parse("/a:/opt/y:ro", &m, why), ERR_OK);
    assert_true(m.ro);
    sandbox_mount_finish(&m);
    static const char *const wrong[] = {"",
                                        "/a",
                                        ":/data",
                                        "/a:",
                                        "a:/data",
                                        "/a:data",
                                        "/a:/",
                                        "/a:/data/",
                                        "/a://data",
                                        "/a:/data/../x",
                                        "/a:/./data",
                                        "/a:/data:rw",
                                        "/a:/data:",
                                        "/a:/usr/x",
                                        "/a:/etc",
                                        "/a:/proc",
                                        "/a:/dev/x",
                                        "/a:/run/baton",
                                        "/a:/tmp/x",
                                        "/a:/home/user",
                                        "/a:/home/user/x",
                                        "/a:/home",
                                        "/a:/sys",
                                        "/a:/lib64/x",
                                        "/a:/data:ro:ro"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        why[0] = '\0';
        if (sandbox_mount_parse(wrong[i], &m, why) != ERR_INVALID || !*why)
            fail_msg("\"%s\" was taken", wrong[i]);
    }
    assert_int_equal(sandbox_mount_parse("/a:/homes", &m, why), ERR_OK); /* only looks like it */
    sandbox_mount_finish(&m);
}

static void places_in_one_another_meet(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool meet;
    } cases[] = {{"/data", "/data", true},
                 {"/data", "/data/x", true},
                 {"/data/x", "/data", true},
                 {"/data", "/database", false},
                 {"/data/x", "/data/y", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct sandbox_mount a = {.to = (char *)cases[i].a}, b = {.to = (char *)cases[i].b};
        assert_int_equal(sandbox_mounts_meet(&a, &b), cases[i].meet);
    }
}

static void paths_lie_where_they_were_mounted(void **state)
{
    (void)state;
    static const struct {
        const char *path, *root, *rest;
        bool ro;
    } cases[] = {
        {"x", "/state/box/home", "x", false},
        {".", "/state/box/home", ".", false},
        {"../x", "/state/box/home", "../x", false}, /* whoever opens it keeps it in */
        {"/home/user", "/state/box/home", ".", false},
        {"/home/user/", "/state/box/home", ".", false},
        {"/home/user//a/b", "/state/box/home", "a/b", false},
        {"/home/user/../x", "/state/box/home", "../x", false},
        {"/data/f", "/host/data", "f", false},
        {"/srv/ro", "/host/ro", ".", true},
        {"/srv/ro/../x", "/host/ro", "../x", true},
        {"/home/users", NULL, NULL, false},
        {"/home", NULL, NULL, false},
        {"/database", NULL, NULL, false},
        {"/", NULL, NULL, false},
        {"/etc/passwd", NULL, NULL, false},
        {"/state/box/home/x", NULL, NULL, false},
    };
    const struct sandbox s = usual();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *rest = NULL;
        bool ro = false;
        const char *root = sandbox_map(&s, cases[i].path, &rest, &ro);
        if (!cases[i].root) {
            assert_null(root);
            continue;
        }
        assert_string_equal(root, cases[i].root);
        assert_string_equal(rest, cases[i].rest);
        assert_int_equal(ro, cases[i].ro);
    }
}

static void programs_are_found_where_they_are_seen(void **state)
{
    (void)state;
    char dir[] = "/tmp/baton-sandbox.XXXXXX", path[64];
    assert_non_null(mkdtemp(dir));
    struct sandbox s = usual();
    s.home = dir;
    snprintf(path, sizeof path, "%s/tool", dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fclose(f);
    assert_true(sandbox_has_program(&s, "sh"));
    assert_true(sandbox_has_program(&s, "/bin/sh"));
    assert_true(sandbox_has_program(&s, "/home/user/tool"));
    assert_true(sandbox_has_program(&s, "/opt/baton"));
    assert_true(sandbox_has_program(&s, "./anything"));
    assert_false(sandbox_has_program(&s, ""));
    assert_false(sandbox_has_program(&s, path)); /* as the host calls it */
    assert_false(sandbox_has_program(&s, "no-such-program-at-all"));
    assert_false(sandbox_has_program(&s, "/usr"));
    assert_false(sandbox_has_program(&s, "/home/user/none"));
    assert_false(sandbox_has_program(&s, "/etc/passwd"));
    unlink(path);
    rmdir(dir);
}

static void the_filter_is_written(void **state)
{
    (void)state;
    char dir[] = "/tmp/baton-sandbox.XXXXXX", path[64];
    struct stat st;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/filter", dir);
    assert_int_equal(sandbox_filter_write(path), ERR_OK);
    assert_int_equal(sandbox_filter_write(path), ERR_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_size > 8 && st.st_size % 8 == 0); /* whole instructions */
    assert_int_equal(st.st_mode & 0777, 0600);
    unlink(path);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_of_the_host_is_writable),
        cmocka_unit_test(mounts_are_read),
        cmocka_unit_test(places_in_one_another_meet),
        cmocka_unit_test(paths_lie_where_they_were_mounted),
        cmocka_unit_test(programs_are_found_where_they_are_seen),
        cmocka_unit_test(the_filter_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
