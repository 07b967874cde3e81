/* A list of byte runs. The keeper's one thread. */
#include "core/stream/keeper_queue.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

struct keeper_item *keeper_queue_push(struct keeper_queue *q, const struct iovec *parts, int count)
{
    size_t n = 0;
    for (int i = 0; i < count; i++)
        n += parts[i].iov_len;
    struct keeper_item *item = mem_zalloc(sizeof *item + n);
    for (int i = 0; i < count; i++) {
        if (parts[i].iov_len)
            memcpy(item->bytes + item->n, parts[i].iov_base, parts[i].iov_len);
        item->n += parts[i].iov_len;
    }
    if (q->last)
        q->last->next = item;
    else
        q->first = item;
    q->last = item;
    q->bytes += n;
    return item;
}

void keeper_queue_pop(struct keeper_queue *q)
{
    struct keeper_item *item = q->first;
    q->bytes -= item->n - item->done;
    q->first = item->next;
    if (!q->first)
        q->last = NULL;
    free(item);
}

void keeper_queue_advance(struct keeper_queue *q, size_t n)
{
    q->first->done += n;
    q->bytes -= n;
    if (q->first->done == q->first->n)
        keeper_queue_pop(q);
}

void keeper_queue_clear(struct keeper_queue *q)
{
    while (q->first)
        keeper_queue_pop(q);
}
