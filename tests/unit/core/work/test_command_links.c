/* Folders of links: exactly the names that are wanted, whatever was there, and no foreign file
 * touched. */
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/work/command_links.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char root[] = "/tmp/baton-links.XXXXXX", *dir;

static int make_root(void **state)
{
    (void)state;
    strcpy(root + strlen(root) - 6, "XXXXXX");
    if (!mkdtemp(root))
        return 1;
    dir = path_join(root, "deep/bin");
    return 0;
}

static int remove_root(void **state)
{
    (void)state;
    char *command = mem_printf("rm -rf '%s'", root);
    const int status = system(command);
    free(command);
    free(dir);
    return status;
}

static const char *target(const char *name)
{
    static char text[256];
    char *path = path_join(dir, name);
    const ssize_t n = readlink(path, text, sizeof text - 1);
    free(path);
    text[n > 0 ? n : 0] = '\0';
    return n > 0 ? text : NULL;
}

static int count_entries(void)
{
    DIR *d = opendir(dir);
    int count = 0;
    assert_non_null(d);
    for (struct dirent *entry; (entry = readdir(d));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(d);
    return count;
}

static void exactly_what_is_wanted(void **state)
{
    (void)state;
    const char *const first[] = {"review", "fs", "review"}, *const then[] = {"fs", "deploy"};
    assert_int_equal(command_links(dir, "/run/baton/baton", first, 3), ERR_OK);
    assert_int_equal(count_entries(), 6);
    assert_string_equal(target("baton"), "/run/baton/baton");
    assert_string_equal(target("agentos-review"), "/run/baton/baton");
    assert_string_equal(target("baton-fs"), "/run/baton/baton");
    struct stat st;
    assert_int_equal(stat(dir, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(command_links(dir, "/elsewhere", then, 2), ERR_OK);
    assert_int_equal(count_entries(), 6);
    assert_null(target("agentos-review"));
    assert_string_equal(target("agentos-deploy"), "/elsewhere");
    assert_string_equal(target("agentos"), "/elsewhere");
    assert_int_equal(command_links(dir, "/elsewhere", NULL, 0), ERR_OK);
    assert_int_equal(count_entries(), 2);
}

/* A link that is right is not made anew: a program that starts just then finds it. */
static void what_is_right_stays(void **state)
{
    (void)state;
    const char *const groups[] = {"fs"};
    struct stat before, after;
    assert_int_equal(command_links(dir, "/t", groups, 1), ERR_OK);
    char *path = path_join(dir, "agentos-fs");
    assert_int_equal(lstat(path, &before), 0);
    assert_int_equal(command_links(dir, "/t", groups, 1), ERR_OK);
    assert_int_equal(lstat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    free(path);
}

static void foreign_files_stay(void **state)
{
    (void)state;
    const char *const groups[] = {"fs", "mail"};
    assert_int_equal(path_make_private(dir), ERR_OK);
    char *mine = path_join(dir, "notes"), *wanted = path_join(dir, "baton-fs");
    close(open(mine, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    close(open(wanted, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    assert_int_equal(command_links(dir, "/t", groups, 2), ERR_EXISTS);
    assert_int_equal(access(mine, F_OK), 0);
    assert_null(target("baton-fs"));
    assert_string_equal(target("agentos-fs"), "/t");
    assert_string_equal(target("baton-mail"), "/t"); /* the others are made */
    free(mine);
    free(wanted);
}

static void groups_that_are_no_names(void **state)
{
    (void)state;
    char longest[65], longer[66];
    memset(longest, 'a', 64);
    longest[64] = '\0';
    memset(longer, 'a', 65);
    longer[65] = '\0';
    const char *const groups[] = {"",    "../x", "a/b", "A",     "-x",
                                  "a b", "a\nb", ".",   longest, longer};
    static const bool ok[] = {false, false, false, false, false, false, false, false, true, false};
    for (size_t i = 0; i < sizeof ok; i++)
        assert_int_equal(command_group_ok(groups[i]), ok[i]);
    assert_int_equal(command_links(dir, "/t", groups, sizeof ok), ERR_OK);
    assert_int_equal(count_entries(), 4);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_root, remove_root)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(exactly_what_is_wanted),
        TEST(what_is_right_stays),
        TEST(foreign_files_stay),
        TEST(groups_that_are_no_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
