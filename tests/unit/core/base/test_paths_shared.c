/* Addresses of hubs, and the place where a hub is shared: what is made there, and what is refused.
 */
#include "core/base/mem.h"
#include "core/base/paths.h"

#include <fcntl.h>
#include <setjmp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char base[] = "/tmp/baton-shared-XXXXXX";

static int setup(void **state)
{
    (void)state;
    return mkdtemp(base) && chmod(base, 01777) == 0 ? setenv("BATON_SHARE_DIR", base, 1) : -1;
}

static int teardown(void **state)
{
    (void)state;
    const pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", "--", base, (char *)NULL);
        _exit(1);
    }
    return pid > 0 && waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

static char *upper(void) /* the user's folder in it; the caller frees */
{
    return mem_printf("%s/baton-share-%u", base, (unsigned)geteuid());
}

static void addresses(void **state)
{
    static const struct {
        const char *text;
        bool ok, others;
    } cases[] = {
        {"default", true, false},  {"a.b-c_1", true, false},     {"", false, false},
        {"-x", false, false},      {"ada/default", true, true},  {"DOM\\ada/x", true, true},
        {"/default", false, true}, {"ada/", false, true},        {"ada/..", false, true},
        {"ada/b/c", false, true},  {"a b/default", false, true}, {"a:b/default", false, true},
        {"../evil", false, true},  {"-a/b", false, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (path_hub_address_ok(cases[i].text) != cases[i].ok)
            fail_msg("%s", cases[i].text);
        assert_int_equal(path_hub_is_others(cases[i].text), cases[i].others);
    }
    assert_false(path_hub_name_ok("ada/default")); /* as a name of our own it stays wrong */
}

static void where_they_lead(void **state)
{
    char *dir = NULL, *want;
    uid_t owner = 12345;
    const struct passwd *me = getpwuid(getuid());
    (void)state;
    setenv("XDG_RUNTIME_DIR", "/run/here", 1);
    assert_int_equal(path_hub_dir("x/", &dir, &owner), ERR_INVALID);
    assert_int_equal(path_hub_dir("no-such-user-here/x", &dir, &owner), ERR_NOT_FOUND);
    assert_int_equal(owner, 12345);
    assert_int_equal(path_hub_dir("x", &dir, &owner), ERR_OK);
    assert_string_equal(dir, "/run/here/baton/x");
    assert_int_equal(owner, getuid());
    free(dir);
    if (me) { /* our own by its long name */
        char *text = mem_printf("%s/x", me->pw_name);
        assert_int_equal(path_hub_dir(text, &dir, &owner), ERR_OK);
        assert_string_equal(dir, "/run/here/baton/x");
        free(dir);
        free(text);
    }
    const struct passwd *root = getpwuid(getuid() == 0 ? 1 : 0);
    if (root) {
        char *text = mem_printf("%s/x", root->pw_name);
        assert_int_equal(path_hub_dir(text, &dir, &owner), ERR_OK);
        assert_int_equal(owner, root->pw_uid);
        want = mem_printf("%s/baton-share-%u/x", base, (unsigned)owner);
        assert_string_equal(dir, want);
        free(want);
        free(dir);
        free(text);
    }
    setenv("BATON_SHARE_DIR", "relative", 1); /* counts as little as an XDG folder that is */
    dir = path_share_dir(7, "x");
    assert_string_equal(dir, "/tmp/baton-share-7/x");
    free(dir);
    setenv("BATON_SHARE_DIR", base, 1);
}

static void assert_mode(const char *dir, mode_t mode)
{
    struct stat st;
    assert_int_equal(lstat(dir, &st), 0);
    assert_int_equal(st.st_mode & 07777, mode);
    assert_int_equal(st.st_uid, geteuid());
}

static void made_and_mended(void **state)
{
    char *dir = NULL, *why = NULL, *above = upper();
    const mode_t before = umask(077);
    (void)state;
    assert_int_equal(path_make_shared("x", &dir, &why), ERR_OK);
    umask(before);
    assert_mode(dir, 0711);
    assert_mode(above, 0711);
    assert_int_equal(chmod(dir, 0777), 0);
    free(dir);
    assert_int_equal(path_make_shared("x", &dir, &why), ERR_OK); /* again */
    assert_mode(dir, 0711);
    rmdir(dir);
    rmdir(above);
    free(dir);
    free(above);
}

static void refused(const char *hub, const char *says)
{
    char *dir = NULL, *why = NULL;
    assert_int_equal(path_make_shared(hub, &dir, &why), ERR_DENIED);
    assert_null(dir);
    if (!strstr(why, says))
        fail_msg("says: %s", why);
    free(why);
}

static void what_is_not_ours(void **state)
{
    char *above = upper(), *below = mem_printf("%s/x", above), *other = mem_printf("%s/o", base);
    (void)state;
    assert_int_equal(mkdir(other, 0711), 0);
    assert_int_equal(symlink(other, above), 0); /* though it leads to a folder of ours */
    refused("x", "is no folder but something else");
    unlink(above);
    assert_int_equal(mkdir(above, 0711), 0);
    assert_int_equal(symlink(other, below), 0);
    refused("x", "is no folder but something else");
    unlink(below);
    assert_int_equal(close(open(below, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
    refused("x", "is no folder but something else");
    unlink(below);
    if (geteuid() == 0) { /* only root can make what is another's */
        assert_int_equal(mkdir(below, 0711), 0);
        assert_int_equal(chown(below, 4242, 4242), 0);
        refused("x", "belongs to another user, uid 4242");
        assert_int_equal(rmdir(below), 0);
        assert_int_equal(chown(above, 4242, 4242), 0);
        refused("x", "belongs to another user, uid 4242");
    }
    rmdir(above);
    assert_int_equal(chmod(base, 0777), 0); /* not sticky: anybody may rename ours away */
    refused("x", "others could replace");
    assert_int_equal(chmod(base, 01777), 0);
    rmdir(other);
    free(above);
    free(below);
    free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(where_they_lead),
        cmocka_unit_test(made_and_mended),
        cmocka_unit_test(what_is_not_ours),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
