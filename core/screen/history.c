/* The history: lines that left the top of the main screen, packed to about a byte a character.
 *
 * A packed line: u32 number of cells, u8 wrapped, then cells. A byte from 0x20 on begins the UTF-8
 * of one character of width 1. Below it are marks: STYLE (u16 follows) changes the style of what
 * comes; WIDE: the character that follows is two columns; CLUSTER: u8 width, u8 bytes, a grapheme;
 * BLANK: u16 cells that were never written; PROTECT: the next cell is protected. Trailing blanks
 * are not kept. */
#include "core/screen/screen_private.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

enum mark { STYLE = 1, WIDE, CLUSTER, BLANK };
#define HEAD 9u /* u32 bytes, u32 cells, u8 wrapped */

static void put32(uint8_t *at, uint32_t v)
{
    memcpy(at, &v, 4);
}

static uint32_t get32(const uint8_t *at)
{
    uint32_t v;
    memcpy(&v, at, 4);
    return v;
}

void history_init(struct screen *s, int limit)
{
    s->history_limit = limit < 0 ? 0 : limit;
}

void history_finish(struct screen *s)
{
    struct history *h = &s->history;
    for (size_t i = 0; i < h->count; i++)
        free(h->lines[(h->first + i) % h->cap]);
    free(h->lines);
    buf_finish(&s->packing);
}

void history_clone(struct screen *to, const struct screen *from)
{
    const struct history *h = &from->history;
    struct history *copy = &to->history;
    copy->lines = mem_calloc(h->cap ? h->cap : 1, sizeof *copy->lines);
    copy->first = 0;
    for (size_t i = 0; i < h->count; i++) {
        const uint8_t *line = h->lines[(h->first + i) % h->cap];
        copy->lines[i] = mem_dup(line, HEAD + get32(line));
    }
}

void history_clear(struct screen *s)
{
    struct history *h = &s->history;
    for (size_t i = 0; i < h->count; i++)
        free(h->lines[(h->first + i) % h->cap]);
    h->count = h->first = 0;
    h->bytes = 0;
    s->stamp++;
}

#define PACKED_MOST (3u + 3u + CLUSTER_MAX) /* bytes that one cell can take */

static uint8_t *put_mark(uint8_t *p, enum mark mark, unsigned a, unsigned b)
{
    p[0] = (uint8_t)mark;
    p[1] = (uint8_t)a;
    p[2] = (uint8_t)b;
    return p + 3;
}

/* Packs into p, which has room for PACKED_MOST bytes a cell; gives the end. */
static uint8_t *pack(const struct screen *s, const struct line *l, int used, uint8_t *p)
{
    uint16_t style = 0;
    for (int col = 0; col < used; col++) {
        const struct cell *c = &l->cells[col];
        if (c->style != style) {
            style = c->style;
            p = put_mark(p, STYLE, style & 255u, style >> 8);
        }
        if (c->glyph - 0x20 < 0x5f && c->width == 1) {
            *p++ = (uint8_t)c->glyph;
        } else if (c->glyph == 0 && !(c->flags & CELL_WRITTEN)) {
            int n = 1;
            while (col + n < used && n < 65535 && l->cells[col + n].glyph == 0 &&
                   !(l->cells[col + n].flags & CELL_WRITTEN) && l->cells[col + n].style == style)
                n++;
            p = put_mark(p, BLANK, (unsigned)n & 255u, (unsigned)n >> 8);
            col += n - 1;
        } else if (c->width == 0) {
            continue; /* behind a wide one */
        } else if (c->glyph & GLYPH_CLUSTER) {
            char text[CLUSTER_MAX + 1];
            size_t n = glyph_text(s, c->glyph, text);
            p = put_mark(p, CLUSTER, c->width, (unsigned)n);
            memcpy(p, text, n);
            p += n;
        } else {
            char utf8[4] = {0};
            if (c->width == 2)
                *p++ = WIDE;
            size_t n = text_encode(c->glyph, utf8);
            memcpy(p, utf8, sizeof utf8); /* there is room, and a fixed size is quick */
            p += n;
        }
    }
    return p;
}

/* Plain ASCII in one style, the usual line, without a detour through a buffer. Else NULL. */
static uint8_t *pack_plain(const struct line *l, int used)
{
    uint16_t style = used ? l->cells[0].style : 0;
    uint32_t odd = 0;
    for (int i = 0; i < used; i++)
        odd |= (l->cells[i].style ^ style) | (uint32_t)(l->cells[i].width != 1) |
               (uint32_t)(l->cells[i].glyph - 0x20 >= 0x5f);
    if (odd)
        return NULL;
    size_t extra = style ? 3 : 0, n = (size_t)used + extra;
    uint8_t *packed = malloc(HEAD + n);
    if (!packed)
        return NULL;
    put32(packed, (uint32_t)n);
    put32(packed + 4, (uint32_t)used);
    packed[8] = l->wrapped;
    if (style) {
        packed[HEAD] = STYLE;
        packed[HEAD + 1] = (uint8_t)style;
        packed[HEAD + 2] = (uint8_t)(style >> 8);
    }
    for (int i = 0; i < used; i++)
        packed[HEAD + extra + (size_t)i] = (uint8_t)l->cells[i].glyph;
    return packed;
}

void history_push(struct screen *s, const struct line *l)
{
    struct history *h = &s->history;
    int used = line_used(s, l);
    uint8_t *packed = pack_plain(l, used);
    if (!packed) {
        buf_clear(&s->packing);
        uint8_t *from = (uint8_t *)buf_reserve(&s->packing, (size_t)used * PACKED_MOST + 1);
        size_t n = (size_t)(pack(s, l, used, from) - from);
        packed = mem_realloc(NULL, HEAD + n);
        put32(packed, (uint32_t)n);
        put32(packed + 4, (uint32_t)used);
        packed[8] = l->wrapped;
        memcpy(packed + HEAD, from, n);
    }
    if (h->count == h->cap && h->cap < (size_t)s->history_limit) {
        size_t cap = h->cap ? h->cap * 2 : 64;
        if (cap > (size_t)s->history_limit)
            cap = (size_t)s->history_limit;
        uint8_t **lines = mem_calloc(cap, sizeof *lines);
        for (size_t i = 0; i < h->count; i++)
            lines[i] = h->lines[(h->first + i) % h->cap];
        free(h->lines);
        h->lines = lines;
        h->cap = cap;
        h->first = 0;
    }
    if (h->count == h->cap) {
        h->bytes -= HEAD + get32(h->lines[h->first]);
        free(h->lines[h->first]);
        h->lines[h->first] = packed;
        h->first = h->first + 1 == h->cap ? 0 : h->first + 1;
    } else {
        size_t at = h->first + h->count++;
        h->lines[at >= h->cap ? at - h->cap : at] = packed;
    }
    h->bytes += HEAD + get32(packed);
    h->total++;
}

void history_pop(struct screen *s)
{
    struct history *h = &s->history;
    if (!h->count)
        return;
    uint8_t **at = &h->lines[(h->first + h->count - 1) % h->cap];
    h->bytes -= HEAD + get32(*at);
    free(*at);
    *at = NULL;
    h->count--;
    h->total--;
}

int history_length(const struct screen *s, size_t i)
{
    const struct history *h = &s->history;
    return (int)get32(h->lines[(h->first + i) % h->cap] + 4);
}

int history_read(const struct screen *s, size_t i, struct cell *cells, int max, bool *ret_wrapped)
{
    const struct history *h = &s->history;
    const uint8_t *p = h->lines[(h->first + i) % h->cap];
    const uint8_t *end = p + HEAD + get32(p);
    int length = (int)get32(p + 4), col = 0;
    uint16_t style = 0;
    struct screen *mine = (struct screen *)(uintptr_t)s; /* graphemes are interned again */

    *ret_wrapped = p[8];
    memset(cells, 0, (size_t)max * sizeof *cells);
    for (p += HEAD; p < end;) {
        uint32_t glyph = 0;
        uint8_t width = 1;
        if (*p == STYLE) {
            style = (uint16_t)(p[1] | p[2] << 8);
            p += 3;
            continue;
        }
        if (*p == BLANK) {
            int n = p[1] | p[2] << 8;
            for (; n > 0; n--, col++)
                if (col < max)
                    cells[col].style = style;
            p += 3;
            continue;
        }
        if (*p == CLUSTER) {
            width = p[1];
            glyph = cluster_intern(mine, (const char *)p + 3, p[2]);
            p += 3 + p[2];
        } else {
            if (*p == WIDE) {
                width = 2;
                p++;
            }
            p += text_decode((const char *)p, (size_t)(end - p), &glyph);
        }
        if (col + width <= max) {
            cells[col] = (struct cell){glyph, style, width, CELL_WRITTEN};
            if (width == 2)
                cells[col + 1] = (struct cell){0, style, 0, CELL_WRITTEN};
        }
        col += width;
    }
    return length;
}

struct cell *history_cells(struct screen *s, size_t i, int *ret_n, bool *ret_wrapped)
{
    int n = history_length(s, i);
    struct cell *cells = mem_calloc((size_t)n + 1, sizeof *cells);
    *ret_n = history_read(s, i, cells, n, ret_wrapped);
    return cells;
}

/* Calls visit with each style number that a packed line names; it may change it. */
static void each_style(const struct screen *s, void (*visit)(uint8_t *at, void *arg), void *arg)
{
    const struct history *h = &s->history;
    for (size_t i = 0; i < h->count; i++) {
        uint8_t *p = h->lines[(h->first + i) % h->cap], *end = p + HEAD + get32(p);
        for (p += HEAD; p < end;) {
            if (*p == STYLE) {
                visit(p + 1, arg);
                p += 3;
            } else if (*p == BLANK) {
                p += 3;
            } else if (*p == CLUSTER) {
                p += 3 + p[2];
            } else {
                p++;
            }
        }
    }
}

static void mark_style(uint8_t *at, void *arg)
{
    ((uint8_t *)arg)[at[0] | at[1] << 8] = 1;
}

static void remap_style(uint8_t *at, void *arg)
{
    uint16_t id = ((const uint16_t *)arg)[at[0] | at[1] << 8];
    at[0] = (uint8_t)id;
    at[1] = (uint8_t)(id >> 8);
}

void history_mark_styles(const struct screen *s, uint8_t *used)
{
    each_style(s, mark_style, used);
}

void history_remap_styles(struct screen *s, const uint16_t *map)
{
    each_style(s, remap_style, (void *)(uintptr_t)map);
}
