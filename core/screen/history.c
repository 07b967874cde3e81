/* The history: lines that left the top of the main screen, packed, in a ring. Its bounds are a
 * number of lines and, against lines of extravagant cells, a number of bytes that so many lines of
 * any sane output stay far below. */
#include "core/screen/screen_private.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 4096u /* on the average; a line of 2,000 columns of ASCII is half of it */

static size_t size_of(const struct packed *p)
{
    return sizeof *p + p->size;
}

void history_init(struct screen *s, int limit)
{
    s->history_limit = limit < 0 ? 0 : limit;
}

struct packed *history_at(const struct screen *s, size_t i)
{
    const struct history *h = &s->history;
    size_t at = h->first + i;
    return h->lines[at >= h->cap ? at - h->cap : at];
}

void history_free(struct history *h)
{
    for (size_t i = 0; i < h->count; i++)
        packed_release(h->lines[(h->first + i) % h->cap]);
    free(h->lines);
    *h = (struct history){0};
}

void history_finish(struct screen *s)
{
    history_free(&s->history);
    buf_finish(&s->packing);
}

void history_clone(struct screen *to, const struct screen *from)
{
    const struct history *h = &from->history;
    to->history.lines = mem_calloc(h->cap, sizeof(struct packed *));
    to->history.first = 0;
    for (size_t i = 0; i < h->count; i++)
        to->history.lines[i] = packed_share(history_at(from, i));
}

void history_clear(struct screen *s)
{
    uint64_t total = s->history.total;
    history_free(&s->history);
    s->history.total = total;
    s->stamp++;
}

static void drop_oldest(struct history *h)
{
    struct packed *oldest = h->lines[h->first];
    h->bytes -= size_of(oldest);
    packed_release(oldest);
    h->first = h->first + 1 == h->cap ? 0 : h->first + 1;
    h->count--;
}

static void grow(struct history *h, size_t limit)
{
    size_t cap = h->cap ? h->cap * 2 : 64;
    if (cap > limit)
        cap = limit;
    struct packed **lines = mem_calloc(cap, sizeof *lines);
    for (size_t i = 0; i < h->count; i++)
        lines[i] = h->lines[(h->first + i) % h->cap];
    free(h->lines);
    h->lines = lines;
    h->cap = cap;
    h->first = 0;
}

void history_add(struct history *h, size_t limit, struct packed *line)
{
    if (limit == 0) {
        packed_release(line);
        return;
    }
    h->total++;
    while (h->count >= limit)
        drop_oldest(h);
    if (h->count == h->cap)
        grow(h, limit);
    size_t at = h->first + h->count++;
    h->lines[at >= h->cap ? at - h->cap : at] = line;
    h->bytes += size_of(line);
    while (h->bytes > (limit + 256) * LINE_BYTES && h->count > 1)
        drop_oldest(h);
}

void history_push(struct screen *s, const struct line *l)
{
    history_add(&s->history, (size_t)s->history_limit, packed_from_line(s, l, line_used(s, l)));
}

struct packed *history_pop(struct screen *s)
{
    struct history *h = &s->history;
    if (!h->count)
        return NULL;
    struct packed **at = &h->lines[(h->first + h->count - 1) % h->cap], *line = *at;
    h->bytes -= size_of(line);
    *at = NULL;
    h->count--;
    h->total--;
    return line;
}
