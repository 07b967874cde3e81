/* Files beneath a folder: the root, the paths, reading and writing. Every path is resolved by one
 * openat2 that may not leave the root, and everything after that is done with the descriptor that
 * came of it, so that a folder that is swapped for a link in between changes nothing.
 *
 * A file is written under a name of its own beside the old one, synced and renamed over it. Where
 * the file system can (O_TMPFILE) it has no name at all until it is whole, so that a death in the
 * middle leaves nothing behind either. */
#include "core/work/files_private.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TRIES      64 /* a lookup that met a rename is told to come again */
#define LINKS      16
#define CHUNK      65536u
#define OWN_NAME   32
#define SHOWN_PATH 200 /* bytes of a path in a sentence */

/* --- sentences ------------------------------------------------------------------------------ */

static void show(char out[SHOWN_PATH + 4], const char *path)
{
    size_t n = strlen(path);
    size_t used = text_make_safe(out, SHOWN_PATH, path, n);
    if (n >= SHOWN_PATH)
        memcpy(out + used, "\u2026", sizeof "\u2026");
}

enum err files_refuse(char why[FILES_WHY], enum err code, const char *path, const char *words)
{
    char shown[SHOWN_PATH + 4];
    show(shown, path);
    snprintf(why, FILES_WHY, "%s %s", shown, words);
    return code;
}

static enum err code_of(int code, const char **ret_words)
{
    static const struct {
        int code;
        enum err err;
        const char *words;
    } table[] = {
        {EXDEV, ERR_DENIED, "it leads out of the folder"},
        {ELOOP, ERR_DENIED, "it goes by a link that is not followed"},
        {EAGAIN, ERR_BUSY, "its folders are being moved about"},
        {ENOENT, ERR_NOT_FOUND, "there is no such file"},
        {ENOTDIR, ERR_NOT_FOUND, "a part of it is no folder"},
        {EISDIR, ERR_INVALID, "it is a folder"},
        {ENXIO, ERR_INVALID, "it is no regular file"},
        {ENOTEMPTY, ERR_BUSY, "there is something in it"},
        {EBUSY, ERR_BUSY, "it is in use"},
        {ENAMETOOLONG, ERR_INVALID, "the name is too long"},
        {EACCES, ERR_DENIED, "the permissions do not allow it"},
        {EPERM, ERR_DENIED, "the permissions do not allow it"},
        {EROFS, ERR_DENIED, "the file system is read-only"},
        {EEXIST, ERR_EXISTS, "something has that name"},
        {ENOSPC, ERR_DISK_FULL, "the disk is full"},
        {EDQUOT, ERR_DISK_FULL, "the quota is used up"},
        {ECANCELED, ERR_ENDED, "it was broken off, and a part of it is still there"},
        {ENOSYS, ERR_UNSUPPORTED, "this kernel lacks openat2 (Linux 5.6)"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].code == code) {
            *ret_words = table[i].words;
            return table[i].err;
        }
    *ret_words = strerrordesc_np(code);
    if (!*ret_words)
        *ret_words = "an unknown error";
    return code ? err_from_errno(code) : ERR_INTERNAL; /* a failure is never ERR_OK */
}

enum err files_fail(char why[FILES_WHY], int code, const char *verb, const char *path)
{
    char shown[SHOWN_PATH + 4];
    const char *words;
    enum err e = code_of(code, &words);
    show(shown, path);
    snprintf(why, FILES_WHY, "%s cannot be %s: %s", shown, verb, words);
    return e;
}

/* --- the root and its paths ----------------------------------------------------------------- */

int files_openat(const struct files *files, const char *path, int flags)
{
    struct open_how how = {
        .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    if (!(flags & O_PATH)) /* beside O_PATH the kernel takes few others */
        how.flags |= O_NOCTTY | O_NONBLOCK;
    for (int i = 0;; i++) {
        int fd = (int)syscall(SYS_openat2, files->fd, path, &how, sizeof how);
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR) || i == TRIES)
            return fd;
    }
}

int files_open_linkless(const char *path, int flags)
{
    struct open_how how = {.flags = (uint64_t)(unsigned)(flags | O_PATH | O_CLOEXEC),
                           .resolve = RESOLVE_NO_SYMLINKS};
    return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

static enum err open_root(const char *root, bool fixed, struct files **ret_files,
                          char why[FILES_WHY])
{
    struct files *f = mem_zalloc(sizeof *f);
    f->name = mem_strdup(root);
    f->fd = fixed ? files_open_linkless(root, O_DIRECTORY)
                  : open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    f->real = f->fd < 0 ? NULL : fixed ? mem_strdup(root) : realpath(root, NULL);
    if (!f->real) {
        enum err e = files_fail(why, errno, "opened", root);
        files_close(f);
        return e;
    }
    int probe = files_openat(f, ".", O_PATH | O_DIRECTORY);
    if (probe < 0) { /* a filter of calls that does not know this one may say EPERM as well */
        files_close(f);
        return files_refuse(why, ERR_UNSUPPORTED, root,
                            "cannot be closed around its files: this kernel lacks openat2 (Linux "
                            "5.6 has it), or a filter of system calls forbids it");
    }
    close(probe);
    *ret_files = f;
    return ERR_OK;
}

enum err files_open(const char *root, struct files **ret_files, char why[FILES_WHY])
{
    return open_root(root, false, ret_files, why);
}

enum err files_open_fixed(const char *root, struct files **ret_files, char why[FILES_WHY])
{
    return open_root(root, true, ret_files, why);
}

void files_close(struct files *files)
{
    if (!files)
        return;
    if (files->fd >= 0)
        close(files->fd);
    free(files->name);
    free(files->real);
    free(files);
}

void files_heed(struct files *files, const atomic_bool *stop)
{
    files->stop = stop;
}

/* What is left of path behind root, or NULL when it does not begin with it. */
static const char *behind(const char *path, const char *root)
{
    size_t n = strlen(root);
    while (n && root[n - 1] == '/')
        n--;
    if (strncmp(path, root, n) != 0 || (path[n] && path[n] != '/'))
        return NULL;
    path += n;
    return path + strspn(path, "/");
}

enum err files_relative(const struct files *files, const char *path, char **ret_path,
                        char why[FILES_WHY])
{
    const char *rest = path;
    if (strlen(path) >= PATH_MAX)
        return files_refuse(why, ERR_INVALID, path, "is too long for a path");
    if (*path == '/') {
        rest = behind(path, files->name);
        if (!rest)
            rest = behind(path, files->real);
        if (!rest) {
            char root[SHOWN_PATH + 4], shown[SHOWN_PATH + 4];
            show(root, files->name);
            show(shown, path);
            snprintf(why, FILES_WHY, "%s lies outside of %s", shown, root);
            return ERR_DENIED;
        }
    }
    *ret_path = mem_strdup(*rest ? rest : ".");
    return ERR_OK;
}

/* Each folder is made in the one before it, which is held open: whoever swaps one meanwhile gets
 * theirs filled, beneath the root all the same. */
int files_make(const struct files *files, const char *path)
{
    char *copy = mem_strdup(path);
    int folder = files_openat(files, ".", O_PATH | O_DIRECTORY);
    for (char *at = copy; folder >= 0 && *at;) {
        char *name = at + strspn(at, "/"), *end = name + strcspn(name, "/");
        const char kept = *end;
        if (!*name)
            break;
        *end = '\0';
        int next = files_openat(files, copy, O_PATH | O_DIRECTORY);
        if (next < 0 && errno == ENOENT && (mkdirat(folder, name, 0777) == 0 || errno == EEXIST))
            next = files_openat(files, copy, O_PATH | O_DIRECTORY);
        int code = errno;
        close(folder);
        errno = code;
        folder = next;
        *end = kept;
        at = end;
    }
    int code = errno;
    free(copy);
    errno = code;
    return folder;
}

enum err files_place(const struct files *files, const char *path, bool make,
                     struct files_place *ret_place, char why[FILES_WHY])
{
    char *copy = NULL;
    enum err e = files_relative(files, path, &copy, why);
    if (e != ERR_OK)
        return e;
    char *slash = strrchr(copy, '/');
    const char *name = slash ? slash + 1 : copy;
    if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        e = files_refuse(why, ERR_INVALID, path, "names a folder");
    } else {
        ret_place->name = mem_strdup(name);
        if (slash)
            *slash = '\0';
        const char *folder = slash ? copy : ".";
        ret_place->folder = files_openat(files, folder, O_PATH | O_DIRECTORY);
        if (ret_place->folder < 0 && errno == ENOENT && make)
            ret_place->folder = files_make(files, folder);
        if (ret_place->folder < 0) {
            e = files_fail(why, errno, make ? "written" : "reached", path);
            files_place_finish(ret_place);
        }
    }
    free(copy);
    return e;
}

void files_place_finish(struct files_place *place)
{
    if (place->folder >= 0)
        close(place->folder);
    free(place->name);
    *place = (struct files_place){.folder = -1};
}

/* --- reading -------------------------------------------------------------------------------- */

/* First without opening it: an open alone moves some devices, and wakes who waits at a pipe. */
static enum err open_file(struct files *files, const char *path, int *ret_fd, char why[FILES_WHY])
{
    struct stat st;
    char *relative = NULL;
    enum err e = files_relative(files, path, &relative, why);
    if (e != ERR_OK)
        return e;
    int fd = files_openat(files, relative, O_PATH);
    for (int opened = 0; opened < 2 && e == ERR_OK; opened++) {
        if (fd < 0 || fstat(fd, &st) < 0)
            e = files_fail(why, errno, "read", path);
        else if (S_ISDIR(st.st_mode))
            e = files_fail(why, EISDIR, "read", path);
        else if (!S_ISREG(st.st_mode))
            e = files_fail(why, ENXIO, "read", path);
        if (e == ERR_OK && opened == 0) {
            close(fd);
            fd = files_openat(files, relative, O_RDONLY);
        }
    }
    free(relative);
    if (e == ERR_OK)
        *ret_fd = fd;
    else if (fd >= 0)
        close(fd);
    return e;
}

struct lines {           /* what of a file's bytes is wanted */
    int64_t skip, limit; /* lines that are passed over still, and taken still; limit < 0: all */
    size_t max;
    bool over; /* there was more than max */
};

/* Takes of a piece what is wanted; false when nothing more is. */
static bool take_lines(struct lines *l, const char *bytes, size_t n, struct buf *out)
{
    const char *at = bytes, *const end = bytes + n;
    while (l->skip > 0 && at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (!newline)
            return true;
        at = newline + 1;
        l->skip--;
    }
    const char *to = l->limit < 0 ? end : at;
    while (l->limit > 0 && to < end) {
        const char *newline = memchr(to, '\n', (size_t)(end - to));
        to = newline ? newline + 1 : end;
        l->limit -= newline != NULL;
    }
    l->over = (size_t)(to - at) > l->max - out->len;
    if (!l->over)
        buf_append(out, at, (size_t)(to - at));
    return !l->over && l->limit != 0;
}

static enum err check_text(const struct buf *b, const char *path, char why[FILES_WHY])
{
    if (b->len && memchr(b->data, '\0', b->len))
        return files_refuse(why, ERR_INVALID, path, "is no text: there is a NUL byte in it");
    if (b->len && !text_is_utf8(b->data, b->len))
        return files_refuse(why, ERR_INVALID, path, "is no UTF-8 text");
    return ERR_OK;
}

enum err files_read(struct files *files, const char *path, const struct files_part *part,
                    struct buf *out, char why[FILES_WHY])
{
    static const struct files_part all = {.limit = -1};
    int fd = -1;
    struct buf got = {0};
    if (!part)
        part = &all;
    struct lines l = {.skip = part->line > 1 ? part->line - 1 : 0,
                      .limit = part->limit,
                      .max = part->max ? part->max : FILES_READ_MAX};
    enum err e = open_file(files, path, &fd, why);
    if (e != ERR_OK)
        return e;
    char *chunk = mem_zalloc(CHUNK);
    size_t scanned = 0;
    for (bool more = l.limit != 0; more && e == ERR_OK;) {
        ssize_t n = read(fd, chunk, CHUNK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            e = files_fail(why, errno, "read", path);
        more = n > 0 && take_lines(&l, chunk, (size_t)n, &got);
        scanned += n > 0 ? (size_t)n : 0;
        l.over |= more && scanned >= FILES_SCAN_MAX;
        if (l.over)
            e = files_refuse(why, ERR_LIMIT, path,
                             "is larger than what is read at once; ask for a part, by its first "
                             "line and how many");
    }
    if (e == ERR_OK && part->text)
        e = check_text(&got, path, why);
    if (e == ERR_OK)
        buf_append(out, got.data ? got.data : "", got.len);
    buf_finish(&got);
    free(chunk);
    close(fd);
    return e;
}

/* --- writing -------------------------------------------------------------------------------- */

static void own_name(char out[OWN_NAME])
{
    uint64_t number = 0;
    while (getrandom(&number, sizeof number, 0) < 0 && errno == EINTR)
        ;
    snprintf(out, OWN_NAME, ".baton-%016llx", (unsigned long long)number);
}

static int write_all(int fd, const char *bytes, size_t n)
{
    while (n) {
        ssize_t done = write(fd, bytes, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return -1;
        bytes += done;
        n -= (size_t)done;
    }
    return 0;
}

/* Mode and group of the file that it will replace. A group that we may not give is no reason to
 * refuse, but then what the group could do is nobody's. */
static int take_after(int fd, const struct stat *old)
{
    struct stat st;
    mode_t mode = old->st_mode & 0777;
    if (fstat(fd, &st) < 0)
        return -1;
    if ((st.st_gid != old->st_gid || st.st_uid != old->st_uid) &&
        fchown(fd, old->st_uid, old->st_gid) < 0 && fchown(fd, (uid_t)-1, old->st_gid) < 0)
        mode &= ~(mode_t)070;
    return fchmod(fd, mode);
}

static int fill(int fd, const struct stat *old, const void *bytes, size_t n)
{
    if (write_all(fd, bytes, n) < 0 || (old && take_after(fd, old) < 0))
        return -1;
    return fsync(fd);
}

/* The whole file under a name of its own in the folder; -1 with errno, and nothing there. */
static int make_beside(int folder, const struct stat *old, const void *bytes, size_t n,
                       char name[OWN_NAME])
{
    char self[40];
    int code = 0;
    own_name(name);
    int fd = openat(folder, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, old ? 0600 : 0666);
    if (fd >= 0) {
        snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
        if (fill(fd, old, bytes, n) < 0) {
            code = errno;
            close(fd);
            errno = code;
            return -1;
        }
        int linked = linkat(AT_FDCWD, self, folder, name, AT_SYMLINK_FOLLOW);
        close(fd);
        if (linked == 0)
            return 0;
    }
    /* A file system without nameless files, or no /proc: a name from the beginning. */
    fd = openat(folder, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC,
                old ? 0600 : 0666);
    if (fd < 0)
        return -1;
    if (fill(fd, old, bytes, n) < 0) {
        code = errno;
        unlinkat(folder, name, 0);
    }
    close(fd);
    errno = code;
    return code ? -1 : 0;
}

static enum err write_here(const struct files_place *place, const char *path, const void *bytes,
                           size_t n, char why[FILES_WHY])
{
    struct stat old;
    char name[OWN_NAME];
    bool there = fstatat(place->folder, place->name, &old, AT_SYMLINK_NOFOLLOW) == 0;
    if (!there && errno != ENOENT)
        return files_fail(why, errno, "written", path);
    if (there && !S_ISREG(old.st_mode))
        return files_fail(why, S_ISDIR(old.st_mode) ? EISDIR : ENXIO, "written", path);
    /* A rename asks the folder alone; that the file itself is write-protected counts too. */
    if (there && faccessat(place->folder, place->name, W_OK, AT_EACCESS) < 0)
        return files_fail(why, errno, "written", path);
    if (make_beside(place->folder, there ? &old : NULL, bytes, n, name) < 0)
        return files_fail(why, errno, "written", path);
    if (renameat(place->folder, name, place->folder, place->name) < 0) {
        int code = errno;
        unlinkat(place->folder, name, 0);
        return files_fail(why, code, "written", path);
    }
    return ERR_OK;
}

/* A link as the last part: the path that it stands for, as openat2 will judge it; NULL: no link. */
static char *read_link(const struct files_place *place, const char *path)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(place->folder, place->name, target, sizeof target - 1);
    if (n < 0)
        return NULL;
    target[n] = '\0';
    if (*target == '/')
        return mem_strdup(target);
    const char *slash = strrchr(path, '/');
    return slash ? mem_printf("%.*s/%s", (int)(slash - path), path, target) : mem_strdup(target);
}

enum err files_write(struct files *files, const char *path, const void *bytes, size_t n,
                     char why[FILES_WHY])
{
    char *at = NULL;
    enum err e = files_relative(files, path, &at, why);
    for (int i = 0; e == ERR_OK; i++) {
        struct files_place place = {.folder = -1};
        e = files_place(files, at, true, &place, why);
        if (!place.name) /* e says why */
            break;
        char *link = read_link(&place, at);
        if (!link)
            e = write_here(&place, path, bytes, n, why);
        else if (*link == '/') /* as in reading: an absolute link leads out */
            e = files_fail(why, EXDEV, "written", path);
        else if (i == LINKS)
            e = files_fail(why, ELOOP, "written", path);
        files_place_finish(&place);
        if (!link)
            break;
        free(at);
        at = link;
    }
    free(at);
    return e;
}
