/* The reader's end of a stream's log, while it is written and after. One thread a reader.
 *
 * What always holds: buf[from..to) are the file's bytes from offset `at` on. The reader believes
 * them once they make a whole record. Bytes that do not are never believed at first sight, because
 * a writer that ran out of disk cuts its unfinished record off and writes another in its place: an
 * unfinished record is read anew at the next call, a wrong checksum is confirmed by reading the
 * place once more.
 *
 * Behind damage the reader looks for the next place that holds a whole record. Output of the child
 * may look like a record (it may be `cat` of a log), so a record counts there only when its pos is
 * one that is possible at that place; and where the damaged record's own length leads to a whole
 * record, that one is taken before anything inside is looked at.
 *
 * A segment is left only when the next one exists (the writer never goes back) and nothing more is
 * in it. A deleted segment can be read to its end, since its descriptor is still open. */
#include "core/stream/streamlog.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/stream/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_LEAST (16u * 1024u)
#define BUFFER_MOST  (2u * (RECORD_MAX + RECORD_HEADER))
#define NOT_CHECKED  UINT64_MAX
#define PATIENCE_US  1000000 /* a writer takes microseconds over a record, a full queue more */

struct streamreader {
    int dir, fd;
    struct segment segment;
    struct segment newest; /* when the reader was opened: those before it are done */
    char *buf;
    size_t cap, from, to;
    uint64_t at;
    uint64_t pos;        /* of the next record, as far as the records so far tell */
    uint64_t checked_at; /* offset that was read anew because its record looked damaged */
    uint64_t damage_at;  /* offset where the damage began, while searching */
    size_t since_idle;   /* bytes read since the end was last met: how big a buffer is worth it */
    bool searching;      /* behind damage, before the next whole record */
    bool unsure;         /* pos is a guess: the damage has swallowed records */
    uint64_t partial_at; /* offset of a record that was not whole, and since when */
    int64_t partial_since;
    size_t claim;     /* the size that a damaged record's own header gave, 0 when none */
    bool final;       /* nobody writes here, whatever the lock says */
    bool abandoned;   /* nobody wrote here when the reader was opened */
    bool owe_corrupt; /* to be told at the next call */
};

static uint64_t pos_after(const struct record *r)
{
    return r->pos + (record_counts(r->kind) ? r->n : 0);
}

static void forget(struct streamreader *r)
{
    r->from = r->to = 0;
}

/* Takes n bytes at from as done. */
static void skip(struct streamreader *r, size_t n)
{
    r->from += n;
    r->at += n;
}

static void resize_buffer(struct streamreader *r, size_t cap)
{
    r->buf = mem_realloc(r->buf, cap);
    r->cap = cap;
}

/* Reads on behind what is there, making room for want bytes in all. ERR_AGAIN at the file's end. */
static enum err fill(struct streamreader *r, size_t want)
{
    size_t have = r->to - r->from;
    if (r->from) {
        memmove(r->buf, r->buf + r->from, have);
        r->from = 0;
        r->to = have;
    }
    if (want < have + RECORD_HEADER)
        want = have + RECORD_HEADER;
    if (r->since_idle > r->cap && r->cap < BUFFER_MOST && want < BUFFER_MOST)
        want = BUFFER_MOST; /* a flood: few large reads */
    if (want < BUFFER_LEAST)
        want = BUFFER_LEAST;
    if (want > r->cap)
        resize_buffer(r, want);
    ssize_t got;
    do
        got = pread(r->fd, r->buf + have, r->cap - have, (off_t)(r->at + have));
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return err_from_errno(errno);
    r->to += (size_t)got;
    r->since_idle += (size_t)got;
    return got ? ERR_OK : ERR_AGAIN;
}

/* True when the file holds more than what was read of it. */
static bool grown(const struct streamreader *r, bool *ret_deleted)
{
    struct stat st;
    if (fstat(r->fd, &st) < 0)
        return false;
    *ret_deleted = st.st_nlink == 0;
    return (uint64_t)st.st_size > r->at + (r->to - r->from);
}

static bool writer_gone(const struct streamreader *r)
{
    return r->final || !segment_is_locked(r->dir);
}

static int open_segment(int dir, const struct segment *s)
{
    char name[SEGMENT_NAME];
    segment_name(s, name);
    return openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

/* The first segment behind the current one, by listing. */
static enum err list_next(const struct streamreader *r, int *ret_fd, struct segment *ret_s)
{
    struct segment *list;
    size_t n;
    int fd = -1;
    enum err e = segment_list(r->dir, &list, &n);
    if (e != ERR_OK)
        return e;
    for (size_t i = 0; i < n && fd < 0; i++)
        if (segment_compare(&list[i], &r->segment) > 0) {
            *ret_s = list[i];
            fd = open_segment(r->dir, &list[i]);
        }
    free(list);
    *ret_fd = fd;
    return fd < 0 ? ERR_AGAIN : ERR_OK;
}

/* Finds the segment behind the current one: by its name, which the records foretell; by listing
 * when they cannot, or when retention was faster than we. ERR_AGAIN: there is none. */
static enum err find_next(const struct streamreader *r, int *ret_fd, struct segment *ret_s)
{
    struct segment s = {.pos = r->pos};
    bool deleted = false;

    if (r->final)
        return ERR_AGAIN;
    if (r->pos == r->segment.pos)
        s.copy = r->segment.copy + 1;
    int fd = open_segment(r->dir, &s);
    if (fd < 0 && errno != ENOENT)
        return err_from_errno(errno);
    if (fd < 0) {
        grown(r, &deleted);
        bool lost = deleted || r->unsure || r->abandoned || r->to > r->from ||
                    segment_compare(&r->segment, &r->newest) < 0;
        return lost ? list_next(r, ret_fd, ret_s) : ERR_AGAIN;
    }
    *ret_fd = fd;
    *ret_s = s;
    return ERR_OK;
}

/* At the end of the file: goes over to the next segment. ERR_OK: read on, here or there; ERR_GONE:
 * the same, but bytes in between are no longer kept; ERR_AGAIN: no next one; ERR_CORRUPT: there is
 * one, but what is left in the buffer never became a record. */
static enum err next_segment(struct streamreader *r)
{
    struct segment s = {0};
    bool deleted;
    int fd = -1;
    enum err e = find_next(r, &fd, &s);
    if (e != ERR_OK)
        return e;
    if (grown(r, &deleted) || r->to > r->from) {
        close(fd);
        return grown(r, &deleted) ? ERR_OK : ERR_CORRUPT;
    }
    bool hole = s.pos > r->pos && !r->unsure;
    close(r->fd);
    r->fd = fd;
    r->segment = s;
    r->at = 0;
    forget(r);
    if (s.pos > r->pos)
        r->pos = s.pos;
    r->checked_at = r->partial_at = NOT_CHECKED;
    r->searching = r->unsure = false;
    r->claim = 0;
    return hole ? ERR_GONE : ERR_OK;
}

/* The same, for one who cannot go on without more of this segment: ERR_CORRUPT also when nobody is
 * left to write it. */
static enum err end_of_file(struct streamreader *r)
{
    bool deleted;
    enum err e = next_segment(r);
    if (e != ERR_AGAIN || r->to == r->from || !writer_gone(r))
        return e;
    return grown(r, &deleted) ? ERR_OK : ERR_CORRUPT; /* its last words, before it went */
}

/* Nothing more for now. After a flood the large buffer goes back once a trickle follows. */
static enum err idle(struct streamreader *r)
{
    forget(r);
    if (r->cap > BUFFER_LEAST && r->since_idle < BUFFER_LEAST)
        resize_buffer(r, BUFFER_LEAST);
    r->since_idle = 0;
    return ERR_AGAIN;
}

/* Passes over one byte, which may not be in the buffer. */
static void step(struct streamreader *r)
{
    if (r->to > r->from)
        skip(r, 1);
    else
        r->at++;
}

/* The record at `at` is damaged: the next call searches. */
static enum err damaged(struct streamreader *r, size_t claim)
{
    if (!r->unsure)
        r->damage_at = r->at;
    r->searching = r->unsure = true;
    r->claim = claim;
    if (!claim)
        step(r);
    return ERR_CORRUPT;
}

/* True when a record that decodes may stand `distance` bytes behind the last one believed. */
static bool possible(const struct streamreader *r, const struct record *found, uint64_t distance)
{
    return found->pos >= r->pos && found->pos - r->pos <= distance;
}

/* True when the buffer holds a whole record that begins more than `skipped` bytes on. */
static bool whole_behind(const struct streamreader *r, size_t skipped)
{
    uint64_t since = r->unsure ? r->damage_at : r->at;
    const char *end = r->buf + r->to, *p = r->buf + r->from + skipped + 1;
    while (p < end && (p = memmem(p, (size_t)(end - p), "BRC1", 4))) {
        struct record found;
        size_t size, ahead = (size_t)(p - (r->buf + r->from));
        if (record_decode(p, (size_t)(end - p), &found, &size) == ERR_OK &&
            possible(r, &found, r->at + ahead - since))
            return true;
        p++;
    }
    return false;
}

/* A record that is not whole while its writer lives is being written at this moment. Unless it has
 * been so for long, and has whole records behind it: then its length is damaged. */
static bool overdue(struct streamreader *r)
{
    int64_t now = clock_mono_us();
    if (r->partial_at != r->at) {
        r->partial_at = r->at;
        r->partial_since = now;
    }
    return now - r->partial_since >= PATIENCE_US && whole_behind(r, 0);
}

/* Takes the next record where one has to begin. */
static enum err take(struct streamreader *r, struct record *ret_r)
{
    for (;;) {
        size_t size;
        enum err e = record_decode(r->buf + r->from, r->to - r->from, ret_r, &size);
        if (e == ERR_OK && ret_r->pos >= r->pos) {
            skip(r, size);
            r->pos = pos_after(ret_r);
            r->unsure = false;
            return ERR_OK;
        }
        size_t claim = e == ERR_AGAIN ? 0 : size;
        if (e == ERR_OK)
            e = ERR_CORRUPT;
        if (e == ERR_AGAIN && (e = fill(r, size)) == ERR_AGAIN) {
            e = end_of_file(r);
            if (e == ERR_AGAIN && !(r->to > r->from && overdue(r)))
                return idle(r);
            if (e == ERR_AGAIN)
                e = ERR_CORRUPT;
        }
        if (e == ERR_CORRUPT && r->checked_at == r->at)
            return damaged(r, claim);
        if (e == ERR_CORRUPT) {
            r->checked_at = r->at;
            forget(r);
        } else if (e != ERR_OK) {
            return e;
        }
    }
}

/* Decodes what lies `ahead` bytes on, reading as far as that takes. ERR_OK only when the record is
 * possible there; ERR_AGAIN when the file ends before it is whole. */
static enum err probe(struct streamreader *r, size_t ahead)
{
    for (;;) {
        struct record found;
        size_t size = RECORD_HEADER, have = r->to - r->from;
        enum err e = ERR_AGAIN;
        if (have >= ahead)
            e = record_decode(r->buf + r->from + ahead, have - ahead, &found, &size);
        if (e == ERR_OK && !possible(r, &found, r->at + ahead - r->damage_at))
            e = ERR_CORRUPT;
        if (e != ERR_AGAIN)
            return e;
        e = fill(r, ahead + size);
        if (e != ERR_OK)
            return e;
    }
}

/* Where the damaged record says that it ends, a whole one may begin, or the file may end. */
static enum err search_claim(struct streamreader *r)
{
    enum err e = probe(r, r->claim);
    size_t have = r->to - r->from;
    if (e == ERR_OK || (e == ERR_AGAIN && have == r->claim)) {
        skip(r, r->claim);
        r->searching = false;
        return ERR_OK;
    }
    if (e == ERR_AGAIN && have > r->claim && (e = end_of_file(r)) == ERR_AGAIN &&
        !whole_behind(r, r->claim))
        return idle(r);
    if (e != ERR_AGAIN && e != ERR_CORRUPT)
        return e;
    r->claim = 0;
    step(r);
    return ERR_OK;
}

/* The magic stands at `at`: is it a record? ERR_OK: go on, searching or not. */
static enum err search_here(struct streamreader *r)
{
    enum err e = probe(r, 0);
    if (e == ERR_OK) {
        r->searching = false;
        return ERR_OK;
    }
    if (e == ERR_AGAIN && (e = end_of_file(r)) == ERR_AGAIN && !whole_behind(r, 0))
        return idle(r);
    if (e == ERR_CORRUPT || e == ERR_AGAIN)
        step(r);
    else
        return e;
    return ERR_OK;
}

/* One step of looking for a whole record behind damage. ERR_OK: go on, searching or not. */
static enum err search(struct streamreader *r)
{
    if (r->claim)
        return search_claim(r);
    size_t have = r->to - r->from;
    const char *found = have ? memmem(r->buf + r->from, have, "BRC1", 4) : NULL;
    if (found) {
        skip(r, (size_t)(found - (r->buf + r->from)));
        return search_here(r);
    }
    if (have > 3)
        skip(r, have - 3);
    enum err e = fill(r, RECORD_HEADER);
    if (e != ERR_AGAIN)
        return e;
    size_t rest = r->to - r->from; /* a record may yet begin in these */
    skip(r, rest);
    uint64_t end = r->at;
    e = next_segment(r);
    if (r->at == end) {
        r->at -= rest;
        forget(r);
    }
    return e == ERR_AGAIN ? idle(r) : e;
}

enum err streamreader_next(struct streamreader *r, struct record *ret_r)
{
    if (r->owe_corrupt) {
        r->owe_corrupt = false;
        return ERR_CORRUPT;
    }
    while (r->searching) {
        enum err e = search(r);
        if (e != ERR_OK)
            return e;
    }
    return take(r, ret_r);
}

uint64_t streamreader_pos(const struct streamreader *r)
{
    return r->pos;
}

static struct streamreader *create(int dir, int fd, const struct segment *s)
{
    struct streamreader *r = mem_zalloc(sizeof *r);
    r->dir = dir;
    r->fd = fd;
    r->segment = *s;
    r->pos = s->pos;
    r->checked_at = r->partial_at = NOT_CHECKED;
    resize_buffer(r, BUFFER_LEAST);
    return r;
}

void streamreader_close(struct streamreader *r)
{
    if (!r)
        return;
    if (r->fd >= 0)
        close(r->fd);
    if (r->dir >= 0)
        close(r->dir);
    free(r->buf);
    free(r);
}

/* Goes forward to the record that the opener asked for, and leaves it to be taken. */
static enum err seek(struct streamreader *r, uint64_t pos)
{
    bool hurt = false;
    for (;;) {
        struct record found;
        enum err e = streamreader_next(r, &found);
        if (e == ERR_CORRUPT || e == ERR_GONE) {
            hurt = true;
            continue;
        }
        if (e != ERR_OK) {
            r->owe_corrupt = hurt;
            return e == ERR_AGAIN ? ERR_OK : e;
        }
        if (found.pos >= pos || pos_after(&found) > pos) {
            size_t size = RECORD_HEADER + found.n;
            r->from -= size;
            r->at -= size;
            r->pos = found.pos;
            r->owe_corrupt = hurt && found.pos > pos;
            return ERR_OK;
        }
        hurt = false;
    }
}

/* The segment to begin in: the last one that begins before pos, since records without output may
 * stand at its end; the first one when none does. */
static const struct segment *choose(const struct segment *list, size_t n, uint64_t pos)
{
    const struct segment *s = &list[0];
    for (size_t i = 1; i < n && list[i].pos < pos; i++)
        s = &list[i];
    return s;
}

enum err streamreader_open(const char *path, uint64_t pos, uint64_t *ret_first,
                           struct streamreader **ret_reader)
{
    struct segment *list = NULL, s = {0}, newest = {0};
    size_t n = 0;
    int fd = -1, dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum err e = dir < 0 ? err_from_errno(errno) : ERR_OK;

    /* Between listing and opening, retention may take the segment away: list again. */
    for (int tries = 0; e == ERR_OK && fd < 0 && tries < 16; tries++) {
        free(list);
        list = NULL;
        e = segment_list(dir, &list, &n);
        if (e == ERR_OK && n == 0)
            e = ERR_NOT_FOUND;
        if (e != ERR_OK)
            break;
        if (ret_first)
            *ret_first = list[0].pos;
        if (pos < list[0].pos) {
            e = ERR_GONE;
            break;
        }
        s = *choose(list, n, pos);
        newest = list[n - 1];
        fd = open_segment(dir, &s);
        if (fd < 0 && errno != ENOENT)
            e = err_from_errno(errno);
    }
    free(list);
    if (e == ERR_OK && fd < 0)
        e = ERR_BUSY;
    if (e != ERR_OK) {
        if (dir >= 0)
            close(dir);
        return e;
    }
    struct streamreader *r = create(dir, fd, &s);
    r->newest = newest;
    r->abandoned = !segment_is_locked(dir);
    e = seek(r, pos);
    if (e != ERR_OK) {
        streamreader_close(r);
        return e;
    }
    *ret_reader = r;
    return ERR_OK;
}

enum err segment_tail(int dir, const struct segment *s, uint64_t *ret_end, uint64_t *ret_pos)
{
    int fd = open_segment(dir, s);
    if (fd < 0)
        return err_from_errno(errno);
    struct streamreader *r = create(-1, fd, s);
    uint64_t end = 0, pos = s->pos;
    enum err e;
    r->final = true;
    do {
        struct record found;
        e = streamreader_next(r, &found);
        if (e == ERR_OK) {
            end = r->at;
            pos = r->pos;
        }
    } while (e == ERR_OK || e == ERR_CORRUPT);
    streamreader_close(r);
    *ret_end = end;
    *ret_pos = pos;
    return e == ERR_AGAIN ? ERR_OK : e;
}
