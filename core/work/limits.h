/* How much of the machine a sandboxed workspace may take: memory and processes by control groups of
 * the kernel, one for each workspace, beneath the hub's own group, where the hub may make them
 * (version 1 as root, version 2 where a group was delegated to the hub); each program by rlimits in
 * any case (inside.h). Nothing is made before a program is started. Pure but for the file system;
 * any thread. */
#ifndef BATON_WORK_LIMITS_H
#define BATON_WORK_LIMITS_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIMITS_WHY 400

struct limits {
    int64_t memory; /* bytes, of all programs of the workspace */
    int processes;  /* of all of them, threads included */
    int64_t disk;   /* bytes of its home */
    int64_t file;   /* bytes of one file */
};

/* Where the kernel's groups are, and which is ours. */
struct limits_place {
    char *memory, *processes; /* the folder of our own group; NULL: no such groups for us */
    int version;              /* of both: 1 or 2 */
    char why[LIMITS_WHY];     /* when one is missing, what is the matter */
};
/* mounts is the text of /proc/self/mountinfo, own that of /proc/self/cgroup. Tells what is there
 * and whether we may write; makes nothing. */
void limits_look(const char *mounts, const char *own, struct limits_place *ret_place);
/* The same of this process as it is. */
void limits_find(struct limits_place *ret_place);
void limits_place_finish(struct limits_place *place);

/* Makes (or finds) the groups of that name and sets what they may take. *ret_procs: the
 * cgroup.procs of each, NULL-terminated, for the keeper to go into; the caller frees it as an
 * environment. A kind without groups is passed over. */
enum err limits_enter(const struct limits_place *place, const char *name, const struct limits *l,
                      char ***ret_procs);
/* Removes them again, when nothing is in them any more. */
void limits_leave(const struct limits_place *place, const char *name);

/* How many bytes a folder takes on the disk, everything beneath it, no link followed and no other
 * file system; at most `entries` are looked at. A folder in it that cannot be read is made readable
 * by its owner. False: there were more, or some that cannot be looked at; *ret_bytes is what was
 * seen. A file with several names counts with each. */
bool limits_measure(const char *dir, size_t entries, int64_t *ret_bytes);

#endif
