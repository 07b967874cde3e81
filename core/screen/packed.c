/* One line of the history, packed to about a byte a character. It stands for itself: styles are
 * written out, so the table of styles need not know what the history uses; links alone are numbers.
 * A packed line never changes; clones of a screen share it, each with a reference.
 *
 * A byte from 0x20 on begins the UTF-8 of one character of one column. Below it are marks:
 * STYLE, a byte of what follows, then that, changes the style; WIDE: the next character takes two
 * columns; CLUSTER, columns, bytes: a grapheme; BLANK, u16: cells that were never written.
 * Blanks in the default style at the end are not kept. */
#include "core/screen/screen_private.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

enum mark { STYLE = 1, WIDE, CLUSTER, BLANK };
enum { HAS_ATTRS = 1, HAS_LINK = 2, FG = 2, BG = 4, UNDERLINE = 6 }; /* colours: two bits each */
enum { COLOUR_ONE = 1, COLOUR_THREE = 2 };                           /* bytes of a colour */

/* Bytes that one cell can take: a style, a cluster's mark, and its text. */
#define STYLE_MOST  (2u + 2u + 2u + 9u)
#define PACKED_MOST (STYLE_MOST + 3u + CLUSTER_MAX + 1u)

/* --- writing ---------------------------------------------------------------------------------- */

static uint8_t *put_colour(uint8_t *p, uint32_t colour, uint8_t *what, int shift)
{
    if (colour & COLOUR_RGB) {
        *what |= (uint8_t)(COLOUR_THREE << shift);
        p[0] = (uint8_t)(colour >> 16);
        p[1] = (uint8_t)(colour >> 8);
        p[2] = (uint8_t)colour;
        return p + 3;
    }
    if (colour) {
        *what |= (uint8_t)(COLOUR_ONE << shift);
        *p++ = (uint8_t)colour;
    }
    return p;
}

static uint8_t *put_style(uint8_t *p, const struct style *st)
{
    uint8_t *what = p + 1;
    *p = STYLE;
    *what = 0;
    p += 2;
    if (st->attrs) {
        *what |= HAS_ATTRS;
        memcpy(p, &st->attrs, 2);
        p += 2;
    }
    if (st->link) {
        *what |= HAS_LINK;
        memcpy(p, &st->link, 2);
        p += 2;
    }
    p = put_colour(p, st->fg, what, FG);
    p = put_colour(p, st->bg, what, BG);
    return put_colour(p, st->underline_colour, what, UNDERLINE);
}

static uint8_t *put_mark(uint8_t *p, enum mark mark, unsigned a, unsigned b)
{
    p[0] = (uint8_t)mark;
    p[1] = (uint8_t)a;
    p[2] = (uint8_t)b;
    return p + 3;
}

static struct packed *packed_create(size_t size, size_t cells, bool wrapped)
{
    struct packed *p = mem_realloc(NULL, sizeof *p + size);
    p->refs = 1;
    p->size = (uint32_t)size;
    p->cells = (uint32_t)cells;
    p->wrapped = wrapped;
    return p;
}

/* Plain ASCII in one style, the usual line, without a detour through a buffer. Else NULL. */
static struct packed *pack_plain(const struct screen *s, const struct line *l, int used)
{
    uint16_t style = used ? l->cells[0].style : 0;
    uint32_t odd = 0;
    for (int i = 0; i < used; i++)
        odd |= (l->cells[i].style ^ style) | (uint32_t)(l->cells[i].width != 1) |
               (uint32_t)(l->cells[i].glyph - 0x20 >= 0x5f);
    if (odd)
        return NULL;
    uint8_t first[STYLE_MOST];
    size_t extra = style ? (size_t)(put_style(first, style_get(s, style)) - first) : 0;
    struct packed *p = packed_create((size_t)used + extra, (size_t)used, l->wrapped);
    memcpy(p->bytes, first, extra);
    for (int i = 0; i < used; i++)
        p->bytes[extra + (size_t)i] = (uint8_t)l->cells[i].glyph;
    return p;
}

static uint8_t *pack(const struct screen *s, const struct line *l, int used, uint8_t *p)
{
    uint16_t style = 0;
    for (int col = 0; col < used; col++) {
        const struct cell *c = &l->cells[col];
        if (c->style != style) {
            style = c->style;
            p = put_style(p, style_get(s, style));
        }
        if (c->glyph - 0x20 < 0x5f && c->width == 1) {
            *p++ = (uint8_t)c->glyph;
        } else if (c->glyph == 0 && !(c->flags & CELL_WRITTEN)) {
            int n = 1;
            while (col + n < used && l->cells[col + n].glyph == 0 &&
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

static struct packed *packed_finish(const struct screen *s, const uint8_t *end, size_t cells,
                                    bool wrapped)
{
    const uint8_t *from = (const uint8_t *)s->packing.data;
    struct packed *packed = packed_create((size_t)(end - from), cells, wrapped);
    memcpy(packed->bytes, from, packed->size);
    return packed;
}

struct packed *packed_from_line(struct screen *s, const struct line *l, int used)
{
    struct packed *packed = pack_plain(s, l, used);
    if (packed)
        return packed;
    buf_clear(&s->packing);
    uint8_t *p = (uint8_t *)buf_reserve(&s->packing, (size_t)used * PACKED_MOST + 1);
    return packed_finish(s, pack(s, l, used, p), (size_t)used, l->wrapped);
}

static bool same_style(const struct style *a, const struct style *b)
{
    return a->fg == b->fg && a->bg == b->bg && a->underline_colour == b->underline_colour &&
           a->attrs == b->attrs && a->link == b->link;
}

static bool is_blank(const struct screen_cell *c)
{
    return c->text[0] == '\0' && c->width != 0;
}

struct packed *packed_from_cells(struct screen *s, const struct screen_cell *cells, size_t n,
                                 bool wrapped)
{
    const struct style usual = {0};
    struct style style = usual;
    while (n > 0 && is_blank(&cells[n - 1]) && same_style(&cells[n - 1].style, &usual))
        n--;
    buf_clear(&s->packing);
    uint8_t *p = (uint8_t *)buf_reserve(&s->packing, n * PACKED_MOST + 1);
    for (size_t i = 0; i < n; i++) {
        const struct screen_cell *c = &cells[i];
        if (!same_style(&c->style, &style)) {
            style = c->style;
            p = put_style(p, &style);
        }
        if (is_blank(c)) {
            unsigned k = 1;
            while (i + k < n && is_blank(&cells[i + k]) && same_style(&cells[i + k].style, &style))
                k++;
            p = put_mark(p, BLANK, k & 255u, k >> 8);
            i += k - 1;
        } else if (c->width != 0) {
            size_t length = strlen(c->text);
            uint32_t point;
            if (text_decode(c->text, length, &point) != length)
                p = put_mark(p, CLUSTER, c->width, (unsigned)length);
            else if (c->width == 2)
                *p++ = WIDE;
            memcpy(p, c->text, length);
            p += length;
        }
    }
    return packed_finish(s, p, n, wrapped);
}

struct packed *packed_share(struct packed *p)
{
    p->refs++;
    return p;
}

void packed_release(struct packed *p)
{
    if (p && --p->refs == 0)
        free(p);
}

/* --- reading ---------------------------------------------------------------------------------- */

void packed_read(struct packed_reader *r, const struct packed *p)
{
    *r = (struct packed_reader){.p = p->bytes, .end = p->bytes + p->size};
}

static const uint8_t *get_colour(const uint8_t *p, unsigned kind, uint32_t *ret)
{
    if (kind == COLOUR_THREE) {
        *ret = COLOUR_RGB | (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
        return p + 3;
    }
    if (kind == COLOUR_ONE)
        *ret = COLOUR_INDEX | *p++;
    return p;
}

static void get_style(struct packed_reader *r)
{
    const uint8_t *p = r->p + 2;
    const unsigned what = r->p[1];
    struct style *st = &r->style;
    *st = (struct style){0};
    if (what & HAS_ATTRS) {
        memcpy(&st->attrs, p, 2);
        p += 2;
    }
    if (what & HAS_LINK) {
        memcpy(&st->link, p, 2);
        p += 2;
    }
    p = get_colour(p, what >> FG & 3, &st->fg);
    p = get_colour(p, what >> BG & 3, &st->bg);
    r->p = get_colour(p, what >> UNDERLINE & 3, &st->underline_colour);
}

static size_t length_of(uint8_t first)
{
    return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

enum token_kind packed_next(struct packed_reader *r, struct token *t)
{
    while (r->p < r->end && *r->p == STYLE)
        get_style(r);
    const uint8_t *p = r->p;
    if (p >= r->end)
        return t->kind = TOKEN_END;
    if (*p >= 0x20 && *p < 0x80) {
        while (r->p < r->end && *r->p >= 0x20 && *r->p < 0x80)
            r->p++;
        *t = (struct token){TOKEN_RUN, (const char *)p, (size_t)(r->p - p), 1};
    } else if (*p == BLANK) {
        *t = (struct token){TOKEN_BLANK, "", 0, p[1] | p[2] << 8};
        r->p += 3;
    } else if (*p == CLUSTER) {
        *t = (struct token){TOKEN_CELL, (const char *)p + 3, p[2], p[1]};
        r->p += 3 + p[2];
    } else {
        int width = *p == WIDE ? 2 : 1;
        p += *p == WIDE;
        *t = (struct token){TOKEN_CELL, (const char *)p, length_of(*p), width};
        r->p = p + t->n;
    }
    return t->kind;
}

void packed_cells(const struct packed *packed, struct screen_cell *out, int max)
{
    struct packed_reader r;
    struct token t;
    int col = 0;
    packed_read(&r, packed);
    while (col < max && packed_next(&r, &t)) {
        if (t.kind == TOKEN_RUN) {
            for (size_t i = 0; i < t.n && col < max; i++, col++)
                out[col] = (struct screen_cell){{t.text[i]}, 1, r.style};
        } else if (t.kind == TOKEN_BLANK) {
            for (int i = 0; i < t.width && col < max; i++, col++)
                out[col] = (struct screen_cell){"", 1, r.style};
        } else if (col + t.width <= max) {
            out[col] = (struct screen_cell){"", (uint8_t)t.width, r.style};
            memcpy(out[col].text, t.text, t.n);
            if (t.width == 2)
                out[col + 1] = (struct screen_cell){"", 0, r.style};
            col += t.width;
        } else {
            break;
        }
    }
    for (; col < max; col++)
        out[col] = (struct screen_cell){.width = 1};
}

void packed_line(struct screen *s, const struct packed *packed, struct line *l)
{
    struct packed_reader r;
    struct token t;
    int col = 0;
    memset(l->cells, 0, (size_t)s->cols * sizeof *l->cells);
    l->wrapped = packed->wrapped;
    packed_read(&r, packed);
    while (packed_next(&r, &t)) {
        const uint16_t style = style_intern(s, &r.style);
        if (t.kind == TOKEN_RUN) {
            for (size_t i = 0; i < t.n && col < s->cols; i++)
                l->cells[col++] = (struct cell){(uint8_t)t.text[i], style, 1, CELL_WRITTEN};
        } else if (t.kind == TOKEN_BLANK) {
            for (int i = 0; i < t.width && col < s->cols; i++)
                l->cells[col++].style = style;
        } else if (col + t.width <= s->cols) {
            uint32_t point;
            size_t first = text_decode(t.text, t.n, &point);
            if (first != t.n)
                point = cluster_intern(s, t.text, t.n);
            l->cells[col++] = (struct cell){point, style, (uint8_t)t.width, CELL_WRITTEN};
            if (t.width == 2)
                l->cells[col++] = (struct cell){0, style, 0, CELL_WRITTEN};
        }
    }
}
