/* A sandbox: the small world of a workspace, made by bubblewrap around each of its programs. Of the
 * host it has programs and libraries (/usr), read-only, and a chosen few of /etc; its own are
 * /home/user, /tmp, /run, /dev and /proc, its processes, names, sockets and, unless told otherwise,
 * a network with nobody on it. What else of the host is in it was mounted by name.
 *
 * Inside, everybody is uid 1000. Outside that is the hub's own user, and where the hub is root it
 * is root without a capability: so what the kernel gives to root by its number alone (much of
 * /proc) is covered or made read-only, and no process of the sandbox runs a file of the host by way
 * of a mount that can be written. Pure but for what says otherwise; any thread. */
#ifndef BATON_WORK_SANDBOX_H
#define BATON_WORK_SANDBOX_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SANDBOX_HOME    "/home/user"
#define SANDBOX_DOOR    "/run/baton"
#define SANDBOX_PROGRAM "/run/baton/baton"
#define SANDBOX_PATH                                                                               \
    "/run/baton/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin:/usr/games"
#define SANDBOX_MOUNTS 32 /* of one workspace */
#define SANDBOX_WHY    700

struct sandbox_mount {
    char *from, *to; /* a folder or file of the host; where it is inside */
    bool ro;
    uint64_t dev, ino; /* what from was when it was looked at: only that is used */
};

struct sandbox {
    const char *key;     /* the workspace's: what its machine is called */
    const char *home;    /* the folder of the host that is /home/user */
    const char *etc;     /* the folder that sandbox_write_etc has filled */
    const char *door;    /* the folder that is /run/baton, NULL: there is none */
    const char *program; /* this program's file: /run/baton/baton, and process 1 in there */
    bool network;
    const struct sandbox_mount *mounts;
    size_t mount_count;
    int filter;         /* the descriptor of the filter of system calls */
    int64_t small;      /* bytes of /tmp; /run and /dev/shm have a part of it */
    uint64_t processes; /* the rlimits of what runs in there: see inside.h */
    uint64_t file;
    uint64_t data; /* 0 none */
};

/* What is to be run so that command runs in there, in the folder cwd: NULL-terminated, the caller
 * frees it as an environment. It looks which of the host's folders there are. */
char **sandbox_argv(const struct sandbox *s, const char *cwd, char *const *command);

/* "SRC:DST[:ro]". ERR_INVALID: why has a sentence. No folder is looked at. */
enum err sandbox_mount_parse(const char *text, struct sandbox_mount *ret_mount,
                             char why[SANDBOX_WHY]);
void sandbox_mount_finish(struct sandbox_mount *mount);
/* May there be both? Places that lie in one another are refused: who may write in one of them could
 * put a link in the other's way. */
bool sandbox_mounts_meet(const struct sandbox_mount *a, const struct sandbox_mount *b);

/* Where a path of the inside (absolute, or relative to the home) lies outside: the folder that it
 * is beneath, borrowed of s, and the rest, which lies in path. NULL: nowhere that the hub could
 * reach. `..` is not followed: whoever opens the rest sees to it that it stays beneath. */
const char *sandbox_map(const struct sandbox *s, const char *path, const char **ret_rest,
                        bool *ret_ro);

/* Is there a program of this name inside, by PATH when it has no slash? Looks at the disk. */
bool sandbox_has_program(const struct sandbox *s, const char *name);

/* passwd, group, hosts and nsswitch.conf of the inside, the same for all, into that folder. */
enum err sandbox_write_etc(const char *dir);

/* --- sandbox_filter.c --- */
/* Writes the filter of system calls as bubblewrap takes it. ERR_UNSUPPORTED: not on this machine.
 */
enum err sandbox_filter_write(const char *file);

/* --- sandbox_probe.c --- */
/* Starts an empty sandbox: can this machine make one? ERR_UNSUPPORTED: why has the sentence, and
 * what mends it. Waits for it, a second at most as a rule and five in any case. */
enum err sandbox_probe(char why[SANDBOX_WHY]);

#endif
