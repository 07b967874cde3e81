/* What files.c (the root, paths, reading and writing) and files_tree.c (folders) share. */
#ifndef BATON_WORK_FILES_PRIVATE_H
#define BATON_WORK_FILES_PRIVATE_H

#include "core/work/files.h"

#include <sys/stat.h>

struct files {
    int fd;                  /* O_PATH */
    char *name;              /* as it was given */
    char *real;              /* what it is called without links */
    const atomic_bool *stop; /* NULL: nobody breaks off a deletion */
};

/* Opens a path (relative, see files_relative) beneath the root; -1 with errno. The flags get
 * O_CLOEXEC, O_NOCTTY and O_NONBLOCK; nothing that is made here is made by it. */
int files_openat(const struct files *files, const char *path, int flags);

/* The path from the root on, fresh memory; "." for the root itself. */
enum err files_relative(const struct files *files, const char *path, char **ret_path,
                        char why[FILES_WHY]);

struct files_place { /* where an entry is, or will be: its folder held open, and its name in it */
    int folder;
    char *name;
};
/* ERR_INVALID when the path ends in no name. make: missing folders before it are made. */
enum err files_place(const struct files *files, const char *path, bool make,
                     struct files_place *ret_place, char why[FILES_WHY]);
void files_place_finish(struct files_place *place);

/* Makes the folder of a relative path, and those before it; -1 with errno, or it, O_PATH. */
int files_make(const struct files *files, const char *path);

/* An errno into a code and its sentence: "cannot VERB PATH: …". */
enum err files_fail(char why[FILES_WHY], int code, const char *verb, const char *path);
/* A code and the sentence "PATH WORDS". */
enum err files_refuse(char why[FILES_WHY], enum err code, const char *path, const char *words);
void files_stat_of(const struct stat *st, struct files_stat *ret_stat);

#endif
