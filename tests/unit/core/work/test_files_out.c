/* Nothing leads out of a root: not a path, not a link, not somebody who swaps a folder for a link
 * while we are on the way; and nothing is left half written, whoever dies. */
#include "files_world.h"
#include "core/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define DEADLINE_US 50000000
#define RACES       50 /* won and lost at least so often, reading and writing */

/* --- no way out ----------------------------------------------------------------------------- */

static void paths_that_lead_out(void **state)
{
    struct files *files = *state;
    char absolute[PATH_MAX], dots[PATH_MAX];
    snprintf(absolute, sizeof absolute, "%s/secret", outside);
    snprintf(dots, sizeof dots, "%s/../outside/secret", root);
    put(root, "a", "a");
    const char *const paths[] = {
        "../outside/secret",     "./../outside/secret", absolute, dots, "/etc/passwd", "..",
        "a/../../outside/secret"};
    for (size_t i = 0; i < COUNT(paths); i++) {
        enum err r = reading(files, paths[i]), w = writing(files, paths[i], "mine");
        assert_true(r == ERR_DENIED || r == ERR_NOT_FOUND);
        assert_true(w == ERR_DENIED || w == ERR_NOT_FOUND || w == ERR_INVALID);
    }
    assert_int_equal(reading(files, "../outside/secret"), ERR_DENIED);
    assert_non_null(strstr(why, "leads out"));
    assert_int_equal(reading(files, absolute), ERR_DENIED);
    assert_non_null(strstr(why, "outside of"));
    assert_int_equal(writing(files, "../outside/new/file", "x"), ERR_DENIED);
    assert_file(outside, "secret", "secret");
    assert_int_equal(entries(outside), 1);
}

static void links_that_lead_out(void **state)
{
    struct files *files = *state;
    char target[PATH_MAX];
    snprintf(target, sizeof target, "%s/secret", outside);
    link_in("../outside/secret", "file");
    link_in(target, "absolute");
    link_in("../outside", "folder");
    link_in("../outside/made", "dangling");
    link_in("/proc/self/root", "magic");
    link_in("loop", "loop");
    static const char *const paths[] = {"file",       "absolute", "folder/secret",
                                        "folder/new", "dangling", "magic/etc/passwd",
                                        "loop",       "loop/x"};
    for (size_t i = 0; i < COUNT(paths); i++) {
        assert_int_equal(reading(files, paths[i]), ERR_DENIED);
        assert_int_equal(writing(files, paths[i], "mine"), ERR_DENIED);
    }
    assert_int_equal(writing(files, "folder/new/deep", "mine"), ERR_DENIED);
    assert_file(outside, "secret", "secret");
    assert_int_equal(entries(outside), 1);
}

static void links_that_stay(void **state)
{
    struct files *files = *state;
    struct stat st;
    char path[PATH_MAX];
    assert_int_equal(writing(files, "folder/a", "a"), ERR_OK);
    link_in("folder/a", "file");
    link_in("folder", "way");
    link_in("file", "twice");
    link_in("folder/made", "dangling");
    assert_read(files, "file", "a");
    assert_read(files, "way/a", "a");
    assert_int_equal(writing(files, "twice", "b"), ERR_OK);
    assert_file(root, "folder/a", "b");
    assert_int_equal(writing(files, "way/a", "c"), ERR_OK);
    assert_file(root, "folder/a", "c");
    assert_int_equal(writing(files, "dangling", "d"), ERR_OK);
    assert_file(root, "folder/made", "d");
    snprintf(path, sizeof path, "%s/twice", root);
    assert_int_equal(lstat(path, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
}

static void magic_links(void **state)
{
    struct files *files = NULL;
    int out = open(outside, O_PATH | O_DIRECTORY | O_CLOEXEC);
    char path[64];
    (void)state;
    assert_int_equal(files_open("/proc", &files, why), ERR_OK);
    snprintf(path, sizeof path, "self/fd/%d/secret", out);
    assert_int_equal(reading(files, path), ERR_DENIED);
    assert_int_equal(reading(files, "self/root/etc/passwd"), ERR_DENIED);
    assert_int_equal(reading(files, "self/cwd/x"), ERR_DENIED);
    assert_int_equal(reading(files, "self/exe"), ERR_DENIED);
    assert_int_equal(reading(files, "/proc/self/root/etc/passwd"), ERR_DENIED);
    files_close(files);
    close(out);
}

static void hard_links_are_files(void **state)
{
    struct files *files = *state;
    char a[PATH_MAX], b[PATH_MAX];
    put(root, "a", "a");
    snprintf(a, sizeof a, "%s/a", root);
    snprintf(b, sizeof b, "%s/b", root);
    assert_int_equal(link(a, b), 0);
    assert_read(files, "b", "a");
    assert_int_equal(writing(files, "b", "b"), ERR_OK);
    assert_file(root, "a", "a");
    assert_file(root, "b", "b");
}

/* --- races ---------------------------------------------------------------------------------- */

/* Another process swaps `way` for a link that leads out, and back, as fast as it can. */
static pid_t swapper(const char *link_target)
{
    char way[PATH_MAX], other[PATH_MAX];
    snprintf(way, sizeof way, "%s/way", root);
    snprintf(other, sizeof other, "%s/other", root);
    assert_int_equal(mkdir(way, 0755), 0);
    assert_int_equal(symlink(link_target, other), 0);
    put(way, "secret", "harmless");
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            renameat2(AT_FDCWD, way, AT_FDCWD, other, RENAME_EXCHANGE);
    }
    assert_true(pid > 0);
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void race(struct files *files, const char *target)
{
    const int64_t until = clock_mono_us() + DEADLINE_US;
    int good = 0, refused = 0, written = 0, kept = 0;
    pid_t pid = swapper(target);
    while ((good < RACES || refused < RACES || written < RACES || kept < RACES) &&
           clock_mono_us() < until) {
        char *got;
        enum err e = read_text(files, "way/secret", 0, -1, &got);
        if (e == ERR_OK)
            assert_string_equal(got, "harmless");
        else
            assert_true(e == ERR_DENIED || e == ERR_BUSY);
        good += e == ERR_OK;
        refused += e != ERR_OK;
        free(got);
        e = writing(files, "way/mine", "mine");
        assert_true(e == ERR_OK || e == ERR_DENIED || e == ERR_BUSY);
        written += e == ERR_OK;
        kept += e != ERR_OK;
        e = writing(files, "way/sub/mine", "mine");
        assert_true(e == ERR_OK || e == ERR_DENIED || e == ERR_BUSY || e == ERR_NOT_FOUND);
        e = writing(files, "way/../way/mine", "mine");
        assert_true(e == ERR_OK || e == ERR_DENIED || e == ERR_BUSY);
    }
    end(pid);
    assert_true(good >= RACES && refused >= RACES && written >= RACES && kept >= RACES);
    assert_file(outside, "secret", "secret");
    assert_int_equal(entries(outside), 1);
}

static void a_swapped_folder(void **state)
{
    race(*state, "../outside");
}

static void a_swapped_folder_by_an_absolute_link(void **state)
{
    race(*state, outside);
}

/* A writer that is killed at any moment leaves the old file or the new one. */
static void killed_in_the_middle(void **state)
{
    struct files *files = *state;
    const size_t n = 300000;
    char *text = mem_zalloc(n);
    memset(text, 'a', n);
    assert_int_equal(files_write(files, "file", text, n, why), ERR_OK);
    for (int round = 0; round < 60; round++) {
        struct buf got = {0};
        int said[2];
        assert_int_equal(pipe(said), 0);
        pid_t pid = fork();
        if (pid == 0) {
            for (char c = 'a';; c = c == 'z' ? 'a' : (char)(c + 1)) {
                memset(text, c, n);
                if (files_write(files, "file", text, n, why) != ERR_OK || write(said[1], &c, 1) < 0)
                    _exit(1);
            }
        }
        char c;
        for (int i = 0; i <= round % 3; i++)
            assert_int_equal(read(said[0], &c, 1), 1);
        end(pid);
        close(said[0]);
        close(said[1]);
        assert_int_equal(files_read(files, "file", NULL, &got, why), ERR_OK);
        assert_int_equal(got.len, n);
        for (size_t i = 1; i < n; i++)
            if (got.data[i] != got.data[0])
                fail_msg("byte %zu is of another writing", i);
        buf_finish(&got);
    }
    free(text);
}

static void a_full_disk_leaves_the_old_file(void **state)
{
    struct files *files = *state;
    const struct rlimit small = {4096, RLIM_INFINITY};
    struct rlimit was;
    char *text = mem_zalloc(100000);
    put(root, "a", "old");
    getrlimit(RLIMIT_FSIZE, &was);
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    enum err e = files_write(files, "a", text, 100000, why);
    setrlimit(RLIMIT_FSIZE, &was);
    assert_int_not_equal(e, ERR_OK);
    assert_file(root, "a", "old");
    assert_int_equal(entries(root), 1);
    free(text);
}

/* --- an old kernel -------------------------------------------------------------------------- */

static void no_openat2(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        struct sock_filter code[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        struct sock_fprog filter = {COUNT(code), code};
        struct files *files = NULL;
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
            prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0)
            _exit(2);
        enum err e = files_open(root, &files, why);
        _exit(e == ERR_UNSUPPORTED && strstr(why, "openat2") ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 1);
    if (WEXITSTATUS(status) == 2)
        skip(); /* no filters of system calls here */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(paths_that_lead_out),
        TEST(links_that_lead_out),
        TEST(links_that_stay),
        TEST(magic_links),
        TEST(hard_links_are_files),
        TEST(a_swapped_folder),
        TEST(a_swapped_folder_by_an_absolute_link),
        TEST(killed_in_the_middle),
        TEST(a_full_disk_leaves_the_old_file),
        TEST(no_openat2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
