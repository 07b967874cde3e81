/* The filter of system calls of every sandbox, as the kernel's program for it. All else is allowed:
 * what is named here reaches beyond a namespace, opens a new one, or is a wide and seldom used door
 * into the kernel. Built once by the hub. Programs for another processor (32-bit ones) are ended at
 * their first call: their numbers are others, and one of them hides the family of a socket. */
#include "core/work/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define TIOCLINUX_CALL 0x541C /* of a virtual console; termios.h hides it */

struct rule {
    const char *name; /* by name: a call that this machine's headers lack is passed over */
    int code;
};

static const struct rule refused[] = {
    /* mounts and namespaces */
    {"mount", EPERM},
    {"umount", EPERM},
    {"umount2", EPERM},
    {"pivot_root", EPERM},
    {"chroot", EPERM},
    {"setns", EPERM},
    {"unshare", EPERM},
    {"clone3", ENOSYS}, /* its flags lie in memory, where no filter looks; libc takes clone then */
    {"open_tree", ENOSYS},
    {"move_mount", ENOSYS},
    {"fsopen", ENOSYS},
    {"fsconfig", ENOSYS},
    {"fsmount", ENOSYS},
    {"fspick", ENOSYS},
    {"mount_setattr", ENOSYS},
    {"openat2", ENOSYS}, /* as clone3: it may make a file with the bit that is refused below */
    {"open_by_handle_at", EPERM},
    {"name_to_handle_at", EPERM},
    /* what is the machine's, in no namespace */
    {"add_key", EPERM},
    {"keyctl", EPERM},
    {"request_key", EPERM},
    {"bpf", EPERM},
    {"perf_event_open", EPERM},
    {"userfaultfd", EPERM},
    {"io_uring_setup", ENOSYS},
    {"io_uring_enter", ENOSYS},
    {"io_uring_register", ENOSYS},
    {"fanotify_init", EPERM},
    {"lookup_dcookie", EPERM},
    {"syslog", EPERM},
    {"acct", EPERM},
    {"quotactl", EPERM},
    {"quotactl_fd", ENOSYS},
    {"swapon", EPERM},
    {"swapoff", EPERM},
    {"reboot", EPERM},
    {"kexec_load", EPERM},
    {"kexec_file_load", EPERM},
    {"init_module", EPERM},
    {"finit_module", EPERM},
    {"delete_module", EPERM},
    {"iopl", EPERM},
    {"ioperm", EPERM},
    {"settimeofday", EPERM},
    {"clock_settime", EPERM},
    {"adjtimex", EPERM},
    {"clock_adjtime", EPERM},
    {"sethostname", EPERM},
    {"setdomainname", EPERM},
    {"uselib", EPERM},
    {"nfsservctl", EPERM},
    {"vhangup", EPERM},
    {"modify_ldt", EPERM},
    {"move_pages", EPERM},
    {"migrate_pages", EPERM},
};

static int refuse_calls(scmp_filter_ctx ctx)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof refused / sizeof *refused; i++) {
        const int call = seccomp_syscall_resolve_name(refused[i].name);
        if (call != __NR_SCMP_ERROR && call >= 0)
            rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO((uint32_t)refused[i].code), call, 0);
    }
    return rc;
}

/* Only the lower half counts for the kernel, so only that is looked at. */
static int refuse_ioctl(scmp_filter_ctx ctx, unsigned long request)
{
    return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
                            SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu, (scmp_datum_t)request));
}

/* UNIX, INET, INET6 and NETLINK stay: others, such as the machine's own channel to what it runs on,
 * are in no namespace. */
static int refuse_families(scmp_filter_ctx ctx)
{
    int rc = 0;
    for (int family = 0; rc == 0 && family <= AF_NETLINK; family++)
        if (family != AF_UNIX && family != AF_INET && family != AF_INET6 && family != AF_NETLINK)
            rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
                                  SCMP_A0(SCMP_CMP_MASKED_EQ, 0xffffffffu, (scmp_datum_t)family));
    for (int family = AF_NETLINK + 1; rc == 0 && family < 128; family++)
        rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
                              SCMP_A0(SCMP_CMP_MASKED_EQ, 0xffffffffu, (scmp_datum_t)family));
    return rc;
}

/* A file with the set-user-ID bit is, to the host, the hub's user's: where it lies in a mount,
 * whoever finds it there would run it as that user. */
static int refuse_setuid(scmp_filter_ctx ctx)
{
    static const struct {
        const char *name;
        unsigned mode; /* which argument */
        int flags;     /* the one that has O_CREAT, without which there is no mode; -1 none */
    } calls[] = {{"chmod", 1, -1},     {"fchmod", 1, -1}, {"fchmodat", 2, -1},
                 {"fchmodat2", 2, -1}, {"creat", 1, -1},  {"mknod", 1, -1},
                 {"mknodat", 2, -1},   {"open", 2, 1},    {"openat", 3, 2}};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof calls / sizeof *calls; i++) {
        const int call = seccomp_syscall_resolve_name(calls[i].name);
        const struct scmp_arg_cmp both[] = {
            SCMP_CMP(calls[i].mode, SCMP_CMP_MASKED_EQ, S_ISUID, S_ISUID),
            SCMP_CMP(calls[i].flags < 0 ? 0u : (unsigned)calls[i].flags, SCMP_CMP_MASKED_EQ,
                     O_CREAT, O_CREAT)};
        if (call != __NR_SCMP_ERROR && call >= 0)
            rc = seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(EPERM), call,
                                        calls[i].flags < 0 ? 1 : 2, both);
    }
    return rc;
}

enum err sandbox_filter_write(const char *file)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
    if (!ctx)
        return ERR_UNSUPPORTED;
    int rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (rc == 0)
        rc = refuse_calls(ctx);
    if (rc == 0)
        rc = refuse_ioctl(ctx, TIOCSTI);
    if (rc == 0)
        rc = refuse_ioctl(ctx, TIOCLINUX_CALL);
    if (rc == 0) /* makes the kernel load drivers that nobody has looked at for long */
        rc = refuse_ioctl(ctx, TIOCSETD);
    if (rc == 0)
        rc = refuse_families(ctx);
    if (rc == 0)
        rc = refuse_setuid(ctx);
    if (rc == 0) /* the bit alone: others may be set beside it */
        rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                              SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER));
    enum err e = rc == 0 ? ERR_OK : ERR_UNSUPPORTED;
    if (e == ERR_OK) {
        char fresh[4096];
        int n = snprintf(fresh, sizeof fresh, "%s.new", file);
        int fd = n > 0 && (size_t)n < sizeof fresh
                     ? open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)
                     : -1;
        if (fd < 0)
            e = err_from_errno(errno);
        else if (seccomp_export_bpf(ctx, fd) < 0)
            e = ERR_IO;
        if (fd >= 0)
            close(fd);
        if (e == ERR_OK && rename(fresh, file) < 0)
            e = err_from_errno(errno);
    }
    seccomp_release(ctx);
    return e;
}
