/* The segments of a stream's folder, for the log's writer and its reader. Internal to core/stream.
 * One thread a list. */
#ifndef BATON_STREAM_SEGMENT_H
#define BATON_STREAM_SEGMENT_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEGMENT_NAME 40 /* bytes that hold any segment's name */

struct segment {
    uint64_t pos;  /* output bytes before its first record */
    uint32_t copy; /* 0, 1 … when several segments begin at one pos */
    uint64_t size; /* bytes; 0 unless listed by segment_list */
};

void segment_name(const struct segment *s, char out[SEGMENT_NAME]);
int segment_compare(const void *a, const void *b); /* for qsort: the order of the log */

/* Lists the segments of an open folder in the log's order, fresh memory, the caller frees. None is
 * ERR_OK with *ret_n 0. */
enum err segment_list(int dir, struct segment **ret_list, size_t *ret_n);

/* The end of the last whole record of a segment that nobody writes: its offset, and the output
 * position behind it. */
enum err segment_tail(int dir, const struct segment *s, uint64_t *ret_end, uint64_t *ret_pos);

/* The lock that a folder's writer holds for as long as it lives. segment_lock: ERR_BUSY when there
 * is a writer; *ret_fd is the caller's, closing it unlocks. */
enum err segment_lock(int dir, int *ret_fd);
bool segment_is_locked(int dir);

#endif
