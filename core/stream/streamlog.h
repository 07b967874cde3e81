/* A stream's log: a folder of append-only segments, written by one keeper and read by whoever can
 * open it, also while it is written.
 *
 * The folder: meta.json; log.N (N: 20 digits, the pos of the segment's first byte, and a second
 * number after a dash when several segments begin at one pos); keyframe.N (a screen's snapshot at
 * pos N, written by the hub); sock (the keeper's); lock (held by the writer while it lives). A
 * reader follows the writer by reading: a record that is not whole yet gives ERR_AGAIN. Retention
 * is by whole segments, oldest first, never the last one, and never one that the hub has not made
 * unnecessary with streamlog_release. */
#ifndef BATON_STREAM_STREAMLOG_H
#define BATON_STREAM_STREAMLOG_H

#include "core/stream/record.h"

#include <stdbool.h>
#include <sys/uio.h>

struct streamlog; /* the writer's end; one thread */

/* Opens the folder for writing; cuts off a torn last record (*ret_cut, bytes; may be NULL).
 * retention: bytes kept, 0 keeps all; segment: bytes a segment, 0 for 8 MiB; at most a quarter of
 * the retention. ERR_BUSY when the folder has a writer already. Nothing is synced: what is written
 * survives its process, not a power cut. */
enum err streamlog_open(const char *dir, uint64_t retention, uint64_t segment, uint64_t *ret_cut,
                        struct streamlog **ret_log);
void streamlog_close(struct streamlog *log); /* takes NULL */

/* Appends one record whose payload is the concatenation of parts; one write. On ERR_DISK_FULL or
 * ERR_IO nothing of it stays in the log, and a later append may succeed. */
enum err streamlog_append(struct streamlog *log, enum record_kind kind, int64_t time_us,
                          const struct iovec *parts, int count);

uint64_t streamlog_pos(const struct streamlog *log);   /* output bytes so far */
uint64_t streamlog_bytes(const struct streamlog *log); /* bytes on disk, all segments */

/* What lies wholly before pos may go when retention asks for it. */
void streamlog_release(struct streamlog *log, uint64_t pos);
/* True when the log is at its retention and nothing may go: the writer has to wait. */
bool streamlog_full(const struct streamlog *log);

struct streamreader; /* one thread */

/* Opens for reading at the first record whose pos is >= pos, or that contains byte pos: the first
 * record then may begin before pos, and the caller skips. UINT64_MAX: at the end. ERR_GONE when pos
 * is older than the first segment (*ret_first then says what the first kept pos is; may be NULL).
 */
enum err streamreader_open(const char *path, uint64_t pos, uint64_t *ret_first,
                           struct streamreader **ret_reader);
void streamreader_close(struct streamreader *reader); /* takes NULL */

/* The next record; it borrows until the next call. ERR_AGAIN at the end, for now. ERR_CORRUPT: a
 * damaged record; the next call goes on behind it, at the next one that is whole. ERR_GONE:
 * retention was faster than this reader; the next call goes on at the first that is kept. pos never
 * goes back. A record that is damaged in its length, in a log that is being written, is found out
 * only after a second: until then it looks like one that is not whole yet. */
enum err streamreader_next(struct streamreader *reader, struct record *ret_r);

uint64_t streamreader_pos(const struct streamreader *reader); /* of the next record */

/* Keyframes: the newest one with pos <= at (UINT64_MAX: the newest of all) as fresh memory. */
enum err keyframe_write(const char *dir, uint64_t pos, int rows, int cols, const void *bytes,
                        size_t n);
enum err keyframe_read(const char *dir, uint64_t at, uint64_t *ret_pos, int *ret_rows,
                       int *ret_cols, char **ret_bytes, size_t *ret_n);
/* The oldest one with pos >= from: where a reading of all that is kept can begin. */
enum err keyframe_first(const char *dir, uint64_t from, uint64_t *ret_pos, int *ret_rows,
                        int *ret_cols, char **ret_bytes, size_t *ret_n);
void keyframe_prune(const char *dir, uint64_t before); /* removes those that no segment needs */

#endif
