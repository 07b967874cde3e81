/* Folders beneath a root: what is there, made, moved and deleted. As in files.c every path goes
 * through openat2 once, to the folder that has the entry; what happens to the entry is then done by
 * its name in that folder, and never through a link. */
#include "core/work/files_private.h"
#include "core/base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define DEEPEST 100 /* folders in folders that a deletion goes down; each holds a descriptor */

const char *files_kind_name(enum files_kind kind)
{
    static const char *const names[] = {"file", "folder", "link", "other"};
    _Static_assert(sizeof names / sizeof *names == FILES_OTHER + 1, "every kind has its name");
    return names[kind];
}

void files_stat_of(const struct stat *st, struct files_stat *ret_stat)
{
    *ret_stat = (struct files_stat){
        .kind = S_ISREG(st->st_mode)   ? FILES_FILE
                : S_ISDIR(st->st_mode) ? FILES_FOLDER
                : S_ISLNK(st->st_mode) ? FILES_LINK
                                       : FILES_OTHER,
        .bytes = (uint64_t)st->st_size,
        .changed_us = (int64_t)st->st_mtim.tv_sec * 1000000 + st->st_mtim.tv_nsec / 1000,
        .mode = st->st_mode & 07777,
    };
}

enum err files_stat(struct files *files, const char *path, struct files_stat *ret_stat,
                    char why[FILES_WHY])
{
    char *relative = NULL;
    struct stat st;
    enum err e = files_relative(files, path, &relative, why);
    if (e != ERR_OK)
        return e;
    int fd = files_openat(files, relative, O_PATH | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &st) < 0)
        e = files_fail(why, errno, "looked at", path);
    else
        files_stat_of(&st, ret_stat);
    if (fd >= 0)
        close(fd);
    free(relative);
    return e;
}

/* --- lists ---------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a folder, which takes fd, at most so many; NULL with errno. The caller frees each
 * and the list. */
static char **read_names(int fd, size_t most, size_t *ret_count)
{
    char **names = mem_calloc(1, sizeof *names);
    size_t count = 0, room = 1;
    DIR *dir = fdopendir(fd);
    if (!dir) {
        int code = errno;
        free(names);
        close(fd);
        errno = code;
        return NULL;
    }
    rewinddir(dir); /* it may have been read before, by a copy of this descriptor */
    for (struct dirent *d; count < most && (d = readdir(dir));) {
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        if (count == room)
            names = mem_reallocarray(names, room *= 2, sizeof *names);
        names[count++] = mem_strdup(d->d_name);
    }
    closedir(dir);
    *ret_count = count;
    return names;
}

static void free_names(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

enum err files_list(struct files *files, const char *path, size_t most,
                    void (*visit)(void *data, const char *name, const struct files_stat *stat),
                    void *data, char why[FILES_WHY])
{
    char *relative = NULL, **names = NULL;
    size_t count = 0;
    enum err e = files_relative(files, path, &relative, why);
    if (e != ERR_OK)
        return e;
    int fd = files_openat(files, relative, O_RDONLY | O_DIRECTORY);
    int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy >= 0)
        names = read_names(copy, most + 1, &count);
    if (!names)
        e = files_fail(why, errno, "listed", path);
    else if (count > most)
        e = files_refuse(why, ERR_LIMIT, path, "has more entries than are listed at once");
    if (names && e == ERR_OK)
        qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; names && e == ERR_OK && i < count; i++) {
        struct stat st;
        struct files_stat stat;
        if (fstatat(fd, names[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue; /* gone meanwhile */
        files_stat_of(&st, &stat);
        visit(data, names[i], &stat);
    }
    if (names)
        free_names(names, count);
    if (fd >= 0)
        close(fd);
    free(relative);
    return e;
}

/* --- changes -------------------------------------------------------------------------------- */

bool files_same(const struct files *a, const struct files *b)
{
    return strcmp(a->real, b->real) == 0;
}

enum err files_mkdir(struct files *files, const char *path, char why[FILES_WHY])
{
    char *relative = NULL;
    enum err e = files_relative(files, path, &relative, why);
    if (e != ERR_OK)
        return e;
    int fd = files_make(files, relative);
    if (fd < 0 && errno == ENOTDIR) { /* it itself, or one before it */
        fd = files_openat(files, relative, O_PATH);
        errno = fd < 0 ? ENOTDIR : EEXIST;
        e = files_fail(why, errno, "made", path);
    } else if (fd < 0) {
        e = files_fail(why, errno, "made", path);
    }
    if (fd >= 0)
        close(fd);
    free(relative);
    return e;
}

/* The place of an entry that may be a folder: slashes at its end say no more. */
static enum err entry_place(struct files *files, const char *path, struct files_place *ret_place,
                            char why[FILES_WHY])
{
    char *copy = mem_strdup(path);
    for (size_t n = strlen(copy); n > 1 && copy[n - 1] == '/'; n--)
        copy[n - 1] = '\0';
    enum err e = files_place(files, copy, false, ret_place, why);
    free(copy);
    return e;
}

enum err files_move(struct files *files, const char *from, const char *to, bool replace,
                    char why[FILES_WHY])
{
    struct files_place a = {.folder = -1}, b = {.folder = -1};
    enum err e = entry_place(files, from, &a, why);
    if (e == ERR_OK)
        e = entry_place(files, to, &b, why);
    if (e == ERR_OK &&
        renameat2(a.folder, a.name, b.folder, b.name, replace ? 0 : RENAME_NOREPLACE) < 0) {
        if (errno == EEXIST || errno == ENOTEMPTY || errno == EISDIR || errno == ENOTDIR)
            e = files_refuse(why, ERR_EXISTS, to, "is there already");
        else if (errno == EXDEV)
            e = files_refuse(why, ERR_UNSUPPORTED, to, "is on another file system");
        else if (errno == EINVAL)
            e = files_refuse(why, ERR_INVALID, to, "is inside of what would be moved");
        else
            e = files_fail(why, errno, "moved", from);
    }
    files_place_finish(&a);
    files_place_finish(&b);
    return e;
}

/* A folder for reading. One that its owner may not read, which somebody in a sandbox may have made
 * of it, is made readable. */
static int open_entry(int folder, const char *name)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(folder, name, flags);
    if (fd < 0 && errno == EACCES && fchmodat(folder, name, 0700, AT_SYMLINK_NOFOLLOW) == 0)
        fd = openat(folder, name, flags);
    return fd;
}

struct emptying { /* of one folder and all beneath it */
    int top;
    bool again; /* something was lifted there */
    const atomic_bool *stop;
};

/* One that lies too deep goes up to the top, where the next round finds it: however deep somebody
 * has dug, the rest is emptied with the same few descriptors. */
static int lift(int folder, const char *name, struct emptying *all)
{
    char fresh[40];
    uint64_t number = 0;
    while (getrandom(&number, sizeof number, 0) < 0 && errno == EINTR)
        ;
    snprintf(fresh, sizeof fresh, ".baton-%016llx", (unsigned long long)number);
    all->again = true;
    return renameat(folder, name, all->top, fresh);
}

/* Everything in a folder that is held open; 0, or -1 with errno. What is mounted there stays. */
static int empty(int folder, int depth, struct emptying *all)
{
    struct stat here, st;
    size_t count = 0;
    int code = 0, copy = fcntl(folder, F_DUPFD_CLOEXEC, 0);
    char **names = copy < 0 || fstat(folder, &here) < 0 ? NULL : read_names(copy, SIZE_MAX, &count);
    if (!names)
        return -1;
    for (size_t i = 0; i < count && !code; i++) {
        if (all->stop && atomic_load(all->stop)) {
            code = ECANCELED;
            break;
        }
        if (unlinkat(folder, names[i], 0) == 0 || errno == ENOENT)
            continue;
        code = errno;
        if (code != EISDIR && code != EPERM)
            break;
        int fd = open_entry(folder, names[i]);
        if (fd < 0)
            break;
        if (fstat(fd, &st) < 0 || st.st_dev != here.st_dev)
            code = EBUSY;
        else if (depth == DEEPEST)
            code = lift(folder, names[i], all) < 0 ? errno : 0;
        else
            code = empty(fd, depth + 1, all) < 0 || unlinkat(folder, names[i], AT_REMOVEDIR) < 0
                       ? errno
                       : 0;
        close(fd);
    }
    free_names(names, count);
    errno = code;
    return code ? -1 : 0;
}

static int remove_folder(const struct files_place *place, bool all, const atomic_bool *stop)
{
    if (unlinkat(place->folder, place->name, AT_REMOVEDIR) == 0)
        return 0;
    if (!all || (errno != ENOTEMPTY && errno != EEXIST))
        return -1;
    struct emptying e = {
        .top = open_entry(place->folder, place->name), .again = true, .stop = stop};
    if (e.top < 0)
        return -1;
    int rc = 0;
    while (rc == 0 && e.again) {
        e.again = false;
        rc = empty(e.top, 0, &e);
    }
    int code = errno;
    close(e.top);
    errno = code;
    return rc < 0 ? -1 : unlinkat(place->folder, place->name, AT_REMOVEDIR);
}

enum err files_delete(struct files *files, const char *path, bool all, char why[FILES_WHY])
{
    struct files_place place = {.folder = -1};
    struct stat st;
    enum err e = entry_place(files, path, &place, why);
    if (e != ERR_OK)
        return e;
    int rc = fstatat(place.folder, place.name, &st, AT_SYMLINK_NOFOLLOW);
    if (rc == 0)
        rc = S_ISDIR(st.st_mode) ? remove_folder(&place, all, files->stop)
                                 : unlinkat(place.folder, place.name, 0);
    if (rc < 0)
        e = files_fail(why, errno, "deleted", path);
    files_place_finish(&place);
    return e;
}
