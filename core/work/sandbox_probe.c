/* Can this machine make a sandbox? Tried, not guessed: kernels and their guards have many ways to
 * say no. Starts a process and waits for it; any thread, but not one that must not wait. */
#include "core/work/sandbox.h"
#include "core/base/clock.h"
#include "core/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONGEST_US INT64_C(5000000)

/* What it says on stderr, its last line; false: it takes too long. */
static bool listen_to(int fd, char *said, size_t size)
{
    const int64_t until = clock_mono_us() + LONGEST_US;
    size_t n = 0;
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        const int64_t left = until - clock_mono_us();
        if (left <= 0 || poll(&p, 1, (int)(left / 1000) + 1) == 0)
            return false;
        if (n == size - 1)
            n = 0; /* the end of it is what counts */
        ssize_t got = read(fd, said + n, size - 1 - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    said[n] = '\0';
    while (n && said[n - 1] == '\n')
        said[--n] = '\0';
    return true;
}

static int start(int out, pid_t *ret_pid)
{
    static const char *const argv[] = {"bwrap",
                                       "--unshare-user",
                                       "--unshare-pid",
                                       "--unshare-ipc",
                                       "--unshare-uts",
                                       "--unshare-net",
                                       "--disable-userns",
                                       "--uid",
                                       "1000",
                                       "--gid",
                                       "1000",
                                       "--die-with-parent",
                                       "--ro-bind",
                                       "/",
                                       "/",
                                       "--proc",
                                       "/proc",
                                       "--dev",
                                       "/dev",
                                       "--",
                                       "/bin/true",
                                       NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, 2);
    int rc =
        posix_spawnp(ret_pid, "bwrap", &actions, NULL, (char *const *)(const void *)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

/* What the kernel's switch says, or absent where it has none. */
static int kernel_switch(const char *file, int absent)
{
    FILE *f = fopen(file, "re");
    int value = absent;
    if (f && fscanf(f, "%d", &value) != 1)
        value = absent;
    if (f)
        fclose(f);
    return value;
}

/* Is our root no mount of its own, as behind chroot(2)? The kernel gives such a process no user
 * namespace, whoever it is. */
static bool in_chroot(void)
{
    char line[4096], where[2];
    bool any = false, found = false;
    FILE *f = fopen("/proc/self/mountinfo", "re");
    while (f && !found && fgets(line, sizeof line, f)) {
        any = true; /* the fifth word is where it is mounted, as we see it */
        found = sscanf(line, "%*s %*s %*s %*s /%1[ ]", where) == 1;
    }
    if (f)
        fclose(f);
    return any && !found;
}

/* What is in the way, as far as the machine tells, to stand behind the refusal; may be empty. */
static void what_helps(char *out, size_t size)
{
    const bool clone =
        getuid() != 0 && kernel_switch("/proc/sys/kernel/unprivileged_userns_clone", 1) == 0;
    const bool most = kernel_switch("/proc/sys/user/max_user_namespaces", 1) == 0;
    const bool armour =
        getuid() != 0 &&
        kernel_switch("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0) != 0;
    if (in_chroot())
        snprintf(out, size, "; no program in a chroot may have namespaces");
    else if (clone || most || armour)
        snprintf(out, size, "; as root: sysctl%s%s%s",
                 clone ? " kernel.unprivileged_userns_clone=1" : "",
                 most ? " user.max_user_namespaces=10000" : "",
                 armour ? " kernel.apparmor_restrict_unprivileged_userns=0" : "");
    else
        *out = '\0';
}

enum err sandbox_probe(char why[SANDBOX_WHY])
{
    int ends[2], status = 0;
    char said[400] = "", safe[400], helps[200];
    pid_t pid;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_from_errno(errno);
    int rc = start(ends[1], &pid);
    close(ends[1]);
    if (rc != 0) {
        close(ends[0]);
        if (rc == ENOENT)
            snprintf(why, SANDBOX_WHY,
                     "bubblewrap is not there; install it with: apt install bubblewrap");
        else
            snprintf(why, SANDBOX_WHY, "bubblewrap cannot be started: %s", strerror(rc));
        return ERR_UNSUPPORTED;
    }
    const bool in_time = listen_to(ends[0], said, sizeof said);
    close(ends[0]);
    if (!in_time)
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (in_time && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return ERR_OK;
    const char *last = strrchr(said, '\n') ? strrchr(said, '\n') + 1 : said;
    text_make_safe(safe, sizeof safe, last, strlen(last));
    what_helps(helps, sizeof helps);
    snprintf(why, SANDBOX_WHY, "bubblewrap can make no sandbox here (%s)%s",
             !in_time ? "it does not come to an end"
             : *safe  ? safe
                      : "it does not say why",
             helps);
    return ERR_UNSUPPORTED;
}
