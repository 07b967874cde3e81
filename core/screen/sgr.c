/* SGR: the pen's attributes and colours, in both notations (38;2;r;g;b and 38:2::r:g:b), the way
 * back: a style as parameters, and the stack of pens (XTPUSHSGR). */
#include "core/screen/screen_private.h"

#include <string.h>

static bool is_sub(const struct csi *c, int i)
{
    return i < c->n && (c->sub & (1u << i));
}

static long byte_of(long v)
{
    return v < 0 ? 0 : v > 255 ? 255 : v;
}

/* A colour after 38, 48 or 58 at argument i. Gives the index of the last argument that it took. */
static int colour(const struct csi *c, int i, uint32_t *ret)
{
    if (is_sub(c, i)) {
        int first = i + 1, last = i;
        while (is_sub(c, last))
            last++;
        long kind = csi_arg(c, first, -1);
        int given = last - first; /* behind the kind */
        if (kind == 5 && given >= 1) {
            *ret = COLOUR_INDEX | (uint32_t)byte_of(csi_arg(c, first + 1, 0));
        } else if (kind == 2 && given >= 3) {
            int at = first + (given >= 4 ? 2 : 1); /* a colour space may stand before */
            *ret = COLOUR_RGB |
                   (uint32_t)(byte_of(csi_arg(c, at, 0)) << 16 |
                              byte_of(csi_arg(c, at + 1, 0)) << 8 | byte_of(csi_arg(c, at + 2, 0)));
        }
        return last;
    }
    long kind = csi_arg(c, i + 1, -1);
    if (kind == 5 && i + 2 < c->n) {
        *ret = COLOUR_INDEX | (uint32_t)byte_of(csi_arg(c, i + 2, 0));
        return i + 2;
    }
    if (kind == 2 && i + 4 < c->n) {
        *ret = COLOUR_RGB |
               (uint32_t)(byte_of(csi_arg(c, i + 2, 0)) << 16 | byte_of(csi_arg(c, i + 3, 0)) << 8 |
                          byte_of(csi_arg(c, i + 4, 0)));
        return i + 4;
    }
    return c->n; /* cut off: the rest cannot be understood */
}

static void underline(struct style *st, long kind)
{
    st->attrs = (uint16_t)(st->attrs & ~ATTR_UNDERLINE);
    if (kind >= 1 && kind <= 5)
        st->attrs |= (uint16_t)(kind << ATTR_UNDERLINE_SHIFT);
}

static void one(struct style *st, long v)
{
    static const uint16_t on[] = {0,          ATTR_BOLD,  ATTR_DIM,     ATTR_ITALIC, 0,
                                  ATTR_BLINK, ATTR_BLINK, ATTR_REVERSE, ATTR_HIDDEN, ATTR_STRIKE};
    if (v == 4)
        underline(st, 1);
    else if (v >= 1 && v <= 9)
        st->attrs |= on[v];
    else if (v == 21)
        underline(st, 2);
    else if (v == 22)
        st->attrs = (uint16_t)(st->attrs & ~(ATTR_BOLD | ATTR_DIM));
    else if (v == 24)
        underline(st, 0);
    else if (v == 25)
        st->attrs = (uint16_t)(st->attrs & ~ATTR_BLINK);
    else if (v == 23 || (v >= 27 && v <= 29))
        st->attrs = (uint16_t)(st->attrs & ~on[v - 20]);
    else if (v >= 30 && v <= 37)
        st->fg = COLOUR_INDEX | (uint32_t)(v - 30);
    else if (v == 39)
        st->fg = COLOUR_DEFAULT;
    else if (v >= 40 && v <= 47)
        st->bg = COLOUR_INDEX | (uint32_t)(v - 40);
    else if (v == 49)
        st->bg = COLOUR_DEFAULT;
    else if (v == 53)
        st->attrs |= ATTR_OVERLINE;
    else if (v == 55)
        st->attrs = (uint16_t)(st->attrs & ~ATTR_OVERLINE);
    else if (v == 59)
        st->underline_colour = COLOUR_DEFAULT;
    else if (v >= 90 && v <= 97)
        st->fg = COLOUR_INDEX | (uint32_t)(v - 90 + 8);
    else if (v >= 100 && v <= 107)
        st->bg = COLOUR_INDEX | (uint32_t)(v - 100 + 8);
}

void sgr(struct screen *s, const struct csi *c)
{
    struct style *st = &s->pen.style;
    const uint16_t link = st->link;
    if (c->n == 0)
        *st = (struct style){.link = link};
    for (int i = 0; i < c->n; i++) {
        long v = csi_arg(c, i, 0);
        if (v == 0 && !is_sub(c, i)) {
            *st = (struct style){.link = link};
        } else if (v == 38) {
            i = colour(c, i, &st->fg);
        } else if (v == 48) {
            i = colour(c, i, &st->bg);
        } else if (v == 58) {
            i = colour(c, i, &st->underline_colour);
        } else if (is_sub(c, i)) {
            if (v == 4)
                underline(st, csi_arg(c, i + 1, 1));
            while (is_sub(c, i))
                i++;
        } else {
            one(st, v);
        }
    }
    pen_changed(s);
}

static char *put_number(char *p, unsigned v)
{
    if (v >= 100)
        *p++ = (char)('0' + v / 100 % 10);
    if (v >= 10)
        *p++ = (char)('0' + v / 10 % 10);
    *p++ = (char)('0' + v % 10);
    return p;
}

static char *put_next(char *p, unsigned v)
{
    *p++ = ';';
    return put_number(p, v);
}

static char *put_colour(char *p, uint32_t colour, unsigned base)
{
    unsigned v = colour & 0xffffffu;
    if (colour & COLOUR_RGB) {
        p = put_next(put_next(p, base + 8), 2);
        return put_next(put_next(put_next(p, v >> 16), v >> 8 & 255), v & 255);
    }
    if (v < 8 && base < 50)
        return put_next(p, base + v);
    if (v < 16 && base < 50)
        return put_next(p, base + 60 + v - 8);
    return put_next(put_next(put_next(p, base + 8), 5), v & 255);
}

/* ";1;31" and the like: what follows a "0" to make this style. Gives its length; a NUL follows. */
size_t sgr_text(const struct style *st, char out[SGR_MOST])
{
    static const struct {
        uint16_t bit;
        uint8_t number;
    } bits[] = {{ATTR_BOLD, 1},    {ATTR_DIM, 2},    {ATTR_ITALIC, 3}, {ATTR_BLINK, 5},
                {ATTR_REVERSE, 7}, {ATTR_HIDDEN, 8}, {ATTR_STRIKE, 9}, {ATTR_OVERLINE, 53}};
    char *p = out;
    unsigned kind = (unsigned)(st->attrs & ATTR_UNDERLINE) >> ATTR_UNDERLINE_SHIFT;
    for (size_t i = 0; st->attrs && i < sizeof bits / sizeof *bits; i++)
        if (st->attrs & bits[i].bit)
            p = put_next(p, bits[i].number);
    if (kind)
        p = put_next(p, 4);
    if (kind > 1) {
        *p++ = ':';
        *p++ = (char)('0' + kind);
    }
    if (st->fg)
        p = put_colour(p, st->fg, 30);
    if (st->bg)
        p = put_colour(p, st->bg, 40);
    if (st->underline_colour)
        p = put_colour(p, st->underline_colour, 50);
    *p = '\0';
    return (size_t)(p - out);
}

/* --- the stack ----------------------------------------------------------------------------------
 */

/* What XTPUSHSGR calls the parts. Both underlines are one field here. */
static const struct {
    uint8_t number;
    uint16_t part;
} parts_by_number[] = {{1, ATTR_BOLD},  {2, ATTR_DIM},     {3, ATTR_ITALIC},    {4, ATTR_UNDERLINE},
                       {5, ATTR_BLINK}, {7, ATTR_REVERSE}, {8, ATTR_HIDDEN},    {9, ATTR_STRIKE},
                       {30, PART_FG},   {31, PART_BG},     {21, ATTR_UNDERLINE}};
#define PARTS (sizeof parts_by_number / sizeof *parts_by_number)

void sgr_push(struct screen *s, const struct csi *c)
{
    uint16_t parts = c->n == 0 ? PART_ALL : 0;
    for (int i = 0; i < c->n; i++)
        for (size_t k = 0; k < PARTS; k++)
            if (parts_by_number[k].number == csi_arg(c, i, 0))
                parts |= parts_by_number[k].part;
    if (s->sgr_depth < SGR_STACK) {
        struct pushed *p = &s->sgr_stack[s->sgr_depth];
        *p = (struct pushed){s->pen.style, parts};
        p->style.link = 0;
    }
    /* Counted, so that the pops that belong to them take nothing else away. */
    if (s->sgr_depth < UINT8_MAX)
        s->sgr_depth++;
}

void sgr_pop(struct screen *s)
{
    if (s->sgr_depth == 0 || --s->sgr_depth >= SGR_STACK)
        return;
    const struct pushed *p = &s->sgr_stack[s->sgr_depth];
    struct style *st = &s->pen.style;
    st->attrs = (uint16_t)((st->attrs & ~p->parts) | (p->style.attrs & p->parts));
    if (p->parts & PART_FG)
        st->fg = p->style.fg;
    if (p->parts & PART_BG)
        st->bg = p->style.bg;
    if (p->parts & PART_UNDERLINE_COLOUR)
        st->underline_colour = p->style.underline_colour;
    pen_changed(s);
}

/* "" for all of them, "0" for none. Gives the length; a NUL follows. */
size_t sgr_parts(uint16_t parts, char out[SGR_MOST])
{
    char *p = out;
    if (parts != PART_ALL) {
        p = put_number(p, 0);
        for (size_t i = 0; i + 1 < PARTS; i++) /* without the second name of underlines */
            if (parts & parts_by_number[i].part)
                p = put_next(p, parts_by_number[i].number);
    }
    *p = '\0';
    return (size_t)(p - out);
}
