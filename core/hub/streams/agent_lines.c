/* Piles of lines: each is the memory of the batch that it becomes, so that a long line is copied
 * once. The stream thread's. */
#include "core/hub/streams/agent_lines.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

struct pile { /* a batch to be: b->n bytes of its memory are used */
    struct pile *next;
    struct agent_batch *b;
    size_t cap, whole; /* whole: bytes up to the last line's end */
    uint64_t pos;      /* behind it */
};

static size_t half_of(const struct pile *p)
{
    return p ? p->b->n - p->whole : 0;
}

static void reserve(struct pile *p, size_t n)
{
    if (p->b->n + n <= p->cap)
        return;
    while (p->cap < p->b->n + n)
        p->cap = p->cap ? p->cap * 2 : 4096;
    p->b = mem_realloc(p->b, sizeof *p->b + p->cap);
}

static struct pile *add_pile(struct agent_lines *l)
{
    struct pile *p = mem_zalloc(sizeof *p);
    p->b = mem_zalloc(sizeof *p->b);
    if (l->last)
        l->last->next = p;
    else
        l->first = p;
    l->last = p;
    return p;
}

/* A fresh pile that takes over the half line at the last one's end. */
static struct pile *split(struct agent_lines *l)
{
    struct pile *old = l->last, *p = add_pile(l);
    const size_t half = half_of(old);
    if (half) {
        reserve(p, half);
        memcpy(p->b->bytes, old->b->bytes + old->whole, half);
        p->b->n = half;
        old->b->n = old->whole;
    }
    return p;
}

static void drop_half(struct agent_lines *l)
{
    if (l->last)
        l->last->b->n = l->last->whole;
}

/* Adds a part of a line. False: the line is too long, nothing of it is left. */
static bool add_part(struct agent_lines *l, const char *bytes, size_t n)
{
    struct pile *p = l->last;
    if (half_of(p) + n > l->max) {
        drop_half(l);
        return false;
    }
    if (!p || p->b->overlong || (p->whole && p->b->n + n > AGENT_BATCH_MAX))
        p = split(l);
    reserve(p, n);
    memcpy(p->b->bytes + p->b->n, bytes, n);
    p->b->n += n;
    return true;
}

static void end_line(struct agent_lines *l, uint64_t pos)
{
    struct pile *p = l->last;
    l->ready += half_of(p);
    p->whole = p->b->n;
    p->pos = l->pos = pos;
}

/* The batch that tells so goes out at once, though the line may never end. */
static void note_overlong(struct agent_lines *l)
{
    struct pile *p = l->last && !l->last->whole && !l->last->b->overlong ? l->last : add_pile(l);
    free(p->b);
    p->b = mem_zalloc(sizeof *p->b);
    p->b->overlong = true;
    p->cap = 0;
    p->pos = l->pos;
}

void agent_lines_add(struct agent_lines *l, uint64_t pos, const char *bytes, size_t n)
{
    while (n) {
        const char *end = memchr(bytes, '\n', n);
        const size_t part = end ? (size_t)(end - bytes) + 1 : n;
        pos += part;
        if (!l->skipping && add_part(l, bytes, part)) {
            if (end)
                end_line(l, pos);
        } else {
            if (!l->skipping)
                note_overlong(l);
            l->skipping = !end;
            if (end)
                l->pos = pos;
        }
        bytes += part;
        n -= part;
    }
}

void agent_lines_pass(struct agent_lines *l, uint64_t pos)
{
    if (!half_of(l->last) && !l->skipping)
        l->pos = pos;
}

void agent_lines_break(struct agent_lines *l)
{
    drop_half(l);
    l->skipping = true;
}

struct agent_batch *agent_lines_take(struct agent_lines *l)
{
    struct pile *p = l->first;
    if (!p || (!p->whole && !p->b->overlong))
        return NULL;
    if (half_of(p))
        split(l);
    l->first = p->next;
    if (!l->first)
        l->last = NULL;
    l->ready -= p->whole;
    struct agent_batch *b = mem_realloc(p->b, sizeof *b + p->b->n);
    b->next = p->pos;
    free(p);
    return b;
}

void agent_lines_finish(struct agent_lines *l)
{
    while (l->first) {
        struct pile *p = l->first;
        l->first = p->next;
        free(p->b);
        free(p);
    }
    l->last = NULL;
}
