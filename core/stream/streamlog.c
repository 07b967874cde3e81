/* The writer's end of a stream's log. One thread; one writer a folder (it holds the folder's lock).
 *
 * A record goes out in one pwritev at the place where the last whole one ended. When that fails or
 * falls short, the file is cut back to that place before the error is returned, so a reader never
 * meets a torn record of a living writer, and the next append starts clean. Only a writer that dies
 * inside the call (or a machine that does) leaves one; the next open cuts it off.
 *
 * Nothing here syncs. What was written survives the death of every process, which is what the
 * keeper is for; after a power cut the children are gone as well, the tail that the kernel had not
 * yet written is lost with them, and reader and opener take the log as they find it. A sync here
 * would stand between a key and its echo. */
#include "core/stream/streamlog.h"
#include "core/base/mem.h"
#include "core/stream/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEGMENT_DEFAULT (8u * 1024u * 1024u)
#define SEGMENT_LEAST   (16u * 1024u)
#define PARTS_MAX       8

struct streamlog {
    int dir, lock, fd;
    struct segment *segments; /* oldest first; the last one is being written, fd is it */
    size_t count;
    uint64_t pos, bytes;
    uint64_t retention, segment_size, released;
    bool torn; /* the file may be longer than its segment's size: cut it before writing */
};

static struct segment *last_of(struct streamlog *log)
{
    return &log->segments[log->count - 1];
}

/* A limit on file size is to a writer what a full disk is. */
static enum err write_error(int code)
{
    return code == EFBIG ? ERR_DISK_FULL : err_from_errno(code);
}

/* Starts a segment at the current pos. */
static enum err roll(struct streamlog *log)
{
    struct segment s = {.pos = log->pos};
    char name[SEGMENT_NAME];
    if (log->count && last_of(log)->pos == log->pos)
        s.copy = last_of(log)->copy + 1;
    segment_name(&s, name);
    int fd = openat(log->dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return write_error(errno);
    if (log->fd >= 0)
        close(log->fd);
    log->fd = fd;
    log->segments = mem_reallocarray(log->segments, log->count + 1, sizeof *log->segments);
    log->segments[log->count++] = s;
    return ERR_OK;
}

/* Goes on in the last segment, behind its last whole record. */
static enum err reopen(struct streamlog *log, uint64_t *ret_cut)
{
    struct segment *s = last_of(log);
    char name[SEGMENT_NAME];
    uint64_t end;
    enum err e = segment_tail(log->dir, s, &end, &log->pos);
    if (e != ERR_OK)
        return e;
    segment_name(s, name);
    log->fd = openat(log->dir, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (log->fd < 0 || (end < s->size && ftruncate(log->fd, (off_t)end) < 0))
        return err_from_errno(errno);
    *ret_cut = s->size - end;
    s->size = end;
    return ERR_OK;
}

enum err streamlog_open(const char *dir, uint64_t retention, uint64_t segment, uint64_t *ret_cut,
                        struct streamlog **ret_log)
{
    struct streamlog *log = mem_zalloc(sizeof *log);
    uint64_t cut = 0;
    enum err e;

    log->lock = log->fd = -1;
    log->retention = retention;
    log->segment_size = segment ? segment : SEGMENT_DEFAULT;
    /* Whole segments go: there have to be some, for retention to mean what it says. */
    if (retention && log->segment_size > retention / 4)
        log->segment_size = retention / 4;
    if (!segment && log->segment_size < SEGMENT_LEAST)
        log->segment_size = SEGMENT_LEAST;
    log->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    e = log->dir < 0 ? err_from_errno(errno) : segment_lock(log->dir, &log->lock);
    if (e == ERR_OK)
        e = segment_list(log->dir, &log->segments, &log->count);
    if (e == ERR_OK)
        e = log->count ? reopen(log, &cut) : roll(log);
    if (e != ERR_OK) {
        streamlog_close(log);
        return e;
    }
    for (size_t i = 0; i < log->count; i++)
        log->bytes += log->segments[i].size;
    if (ret_cut)
        *ret_cut = cut;
    *ret_log = log;
    return ERR_OK;
}

void streamlog_close(struct streamlog *log)
{
    if (!log)
        return;
    if (log->fd >= 0)
        close(log->fd);
    if (log->lock >= 0)
        close(log->lock);
    if (log->dir >= 0)
        close(log->dir);
    free(log->segments);
    free(log);
}

/* Drops the oldest segments while the log is over its retention and nobody needs them. */
static void retain(struct streamlog *log)
{
    while (log->retention && log->bytes > log->retention && log->count > 1 &&
           log->segments[1].pos <= log->released) {
        char name[SEGMENT_NAME];
        segment_name(&log->segments[0], name);
        if (unlinkat(log->dir, name, 0) < 0 && errno != ENOENT)
            return;
        log->bytes -= log->segments[0].size;
        log->count--;
        memmove(log->segments, log->segments + 1, log->count * sizeof *log->segments);
    }
}

/* Cuts the current segment back to its last whole record. */
static bool cut_back(struct streamlog *log)
{
    log->torn = ftruncate(log->fd, (off_t)last_of(log)->size) < 0;
    return !log->torn;
}

/* Writes one record, payload of at most RECORD_MAX in parts. */
static enum err put(struct streamlog *log, enum record_kind kind, int64_t time_us,
                    const struct iovec *parts, int count, size_t n)
{
    struct segment *s = last_of(log);
    uint8_t header[RECORD_HEADER];
    struct iovec out[PARTS_MAX + 1];
    struct record r = {.kind = kind, .time_us = time_us, .pos = log->pos, .n = n};

    record_encode_parts(&r, parts, count, header);
    out[0] = (struct iovec){.iov_base = header, .iov_len = sizeof header};
    memcpy(out + 1, parts, (size_t)count * sizeof *parts);
    ssize_t put_n;
    do
        put_n = pwritev(log->fd, out, count + 1, (off_t)s->size);
    while (put_n < 0 && errno == EINTR);
    if (put_n != (ssize_t)(RECORD_HEADER + n)) {
        /* A short write says nothing about why; on a file it means that there was no more room. */
        enum err e = put_n < 0 ? write_error(errno) : ERR_DISK_FULL;
        cut_back(log);
        return e;
    }
    s->size += (uint64_t)put_n;
    log->bytes += (uint64_t)put_n;
    if (record_counts(kind))
        log->pos += n;
    return ERR_OK;
}

/* Cuts a payload that is too long for one record into several; all of them or none. */
static enum err put_many(struct streamlog *log, enum record_kind kind, int64_t time_us,
                         const struct iovec *parts, int count)
{
    uint64_t size = last_of(log)->size, bytes = log->bytes, pos = log->pos;
    for (int i = 0; i < count; i++)
        for (size_t at = 0; at < parts[i].iov_len;) {
            size_t n = parts[i].iov_len - at < RECORD_MAX ? parts[i].iov_len - at : RECORD_MAX;
            struct iovec piece = {.iov_base = (char *)parts[i].iov_base + at, .iov_len = n};
            enum err e = put(log, kind, time_us, &piece, 1, n);
            if (e != ERR_OK) {
                last_of(log)->size = size;
                log->bytes = bytes;
                log->pos = pos;
                cut_back(log);
                return e;
            }
            at += n;
        }
    return ERR_OK;
}

enum err streamlog_append(struct streamlog *log, enum record_kind kind, int64_t time_us,
                          const struct iovec *parts, int count)
{
    size_t n = 0;
    if (count < 0 || count > PARTS_MAX)
        return ERR_INVALID;
    for (int i = 0; i < count; i++)
        n += parts[i].iov_len;
    if (n > RECORD_MAX && !record_counts(kind))
        return ERR_LIMIT;
    if (log->torn && !cut_back(log))
        return ERR_IO;
    if (last_of(log)->size && last_of(log)->size + RECORD_HEADER + n > log->segment_size) {
        enum err e = roll(log);
        if (e != ERR_OK)
            return e;
    }
    enum err e = n > RECORD_MAX ? put_many(log, kind, time_us, parts, count)
                                : put(log, kind, time_us, parts, count, n);
    if (e == ERR_OK)
        retain(log);
    return e;
}

uint64_t streamlog_pos(const struct streamlog *log)
{
    return log->pos;
}

uint64_t streamlog_bytes(const struct streamlog *log)
{
    return log->bytes;
}

void streamlog_release(struct streamlog *log, uint64_t pos)
{
    if (pos > log->released)
        log->released = pos < log->pos ? pos : log->pos;
    retain(log);
}

bool streamlog_full(const struct streamlog *log)
{
    return log->retention && log->bytes >= log->retention &&
           !(log->count > 1 && log->segments[1].pos <= log->released);
}
