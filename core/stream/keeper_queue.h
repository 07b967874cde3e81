/* Two queues of the keeper: input that the child has not taken yet, and records that the disk has
 * not taken yet. Plain memory, no I/O; bounded by who pushes. Internal to core/stream. */
#ifndef BATON_STREAM_KEEPER_QUEUE_H
#define BATON_STREAM_KEEPER_QUEUE_H

#include "core/stream/record.h"

/* One run of bytes with its head: who typed it under which epoch, or which record it makes. */
struct keeper_item {
    struct keeper_item *next;
    enum record_kind kind;
    int64_t time_us;
    uint64_t epoch;
    char who[64];
    size_t n, done; /* done: bytes that the child has taken */
    char bytes[];
};

/* A zeroed queue is empty. */
struct keeper_queue {
    struct keeper_item *first, *last;
    size_t bytes; /* not done */
};

/* Appends a fresh item with a copy of the parts; the queue owns it, the caller may fill its head.
 */
struct keeper_item *keeper_queue_push(struct keeper_queue *q, const struct iovec *parts, int count);
void keeper_queue_advance(struct keeper_queue *q, size_t n); /* of the first; frees it when done */
void keeper_queue_pop(struct keeper_queue *q);               /* frees the first, done or not */
void keeper_queue_clear(struct keeper_queue *q);

#endif
