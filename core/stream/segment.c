/* The segments of a stream's folder: names, order, and the writer's lock. What does not look
 * exactly like a segment is not one. One thread a list. */
#include "core/stream/segment.h"
#include "core/base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void segment_name(const struct segment *s, char out[SEGMENT_NAME])
{
    if (s->copy)
        snprintf(out, SEGMENT_NAME, "log.%020" PRIu64 "-%" PRIu32, s->pos, s->copy);
    else
        snprintf(out, SEGMENT_NAME, "log.%020" PRIu64, s->pos);
}

int segment_compare(const void *a, const void *b)
{
    const struct segment *x = a, *y = b;
    if (x->pos != y->pos)
        return x->pos < y->pos ? -1 : 1;
    return x->copy < y->copy ? -1 : x->copy > y->copy;
}

/* The way back is checked by writing the name again: leading zeros, signs and blanks that strtoull
 * would take make another name. */
static bool parse_name(const char *name, struct segment *ret_s)
{
    char again[SEGMENT_NAME], *end;
    struct segment s = {0};
    if (strncmp(name, "log.", 4) != 0)
        return false;
    s.pos = strtoull(name + 4, &end, 10);
    if (*end == '-') {
        unsigned long copy = strtoul(end + 1, &end, 10);
        s.copy = (uint32_t)copy;
    }
    segment_name(&s, again);
    if (*end || strcmp(again, name) != 0)
        return false;
    *ret_s = s;
    return true;
}

enum err segment_list(int dir, struct segment **ret_list, size_t *ret_n)
{
    struct segment *list = NULL;
    size_t n = 0;
    struct dirent *entry;
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);

    if (!d) {
        enum err e = err_from_errno(errno);
        if (fd >= 0)
            close(fd);
        return e;
    }
    while ((entry = readdir(d))) {
        struct segment s;
        struct stat st;
        if (!parse_name(entry->d_name, &s) ||
            fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
            continue;
        s.size = (uint64_t)st.st_size;
        if ((n & (n - 1)) == 0)
            list = mem_reallocarray(list, n ? n * 2 : 1, sizeof *list);
        list[n++] = s;
    }
    closedir(d);
    if (n)
        qsort(list, n, sizeof *list, segment_compare);
    *ret_list = list;
    *ret_n = n;
    return ERR_OK;
}

/* An open file description's lock: it ends with the last copy of the descriptor, so a writer that
 * was killed holds nothing, and a reader may ask without taking it. */
enum err segment_lock(int dir, int *ret_fd)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = openat(dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_from_errno(errno);
    if (fcntl(fd, F_OFD_SETLK, &whole) < 0) {
        enum err e = errno == EAGAIN || errno == EACCES ? ERR_BUSY : err_from_errno(errno);
        close(fd);
        return e;
    }
    *ret_fd = fd;
    return ERR_OK;
}

bool segment_is_locked(int dir)
{
    struct flock whole = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    int fd = openat(dir, "lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return false;
    bool locked = fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
    close(fd);
    return locked;
}
