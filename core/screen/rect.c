/* Rectangles: DECCRA, DECFRA, DECERA, DECSERA, DECCARA, DECRARA, DECSACE (DEC STD 070, VT420). */
#include "core/screen/screen_private.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

bool box_of(const struct screen *s, const struct csi *c, int i, struct box *b)
{
    int top0 = s->origin ? s->top : 0, left0 = s->origin ? s->left : 0;
    int last_row = s->origin ? s->bottom : s->rows - 1,
        last_col = s->origin ? s->right : s->cols - 1;
    long top = csi_arg(c, i, 1), left = csi_arg(c, i + 1, 1);
    long bottom = csi_arg(c, i + 2, 0), right = csi_arg(c, i + 3, 0);
    top = (top < 1 ? 1 : top) - 1 + top0;
    left = (left < 1 ? 1 : left) - 1 + left0;
    bottom = bottom < 1 ? last_row : bottom - 1 + top0;
    right = right < 1 ? last_col : right - 1 + left0;
    if (bottom > last_row)
        bottom = last_row;
    if (right > last_col)
        right = last_col;
    if (top > bottom || left > right)
        return false;
    *b = (struct box){(int)top, (int)left, (int)bottom, (int)right};
    return true;
}

static void copy(struct screen *s, const struct csi *c)
{
    struct box b;
    if (!box_of(s, c, 0, &b))
        return;
    long to_row = csi_arg(c, 5, 1), to_col = csi_arg(c, 6, 1);
    to_row = (to_row < 1 ? 1 : to_row) - 1 + (s->origin ? s->top : 0);
    to_col = (to_col < 1 ? 1 : to_col) - 1 + (s->origin ? s->left : 0);
    int height = b.bottom - b.top + 1, width = b.right - b.left + 1;
    const int rows = s->origin ? s->bottom + 1 : s->rows, cols = s->origin ? s->right + 1 : s->cols;
    if (to_row >= rows || to_col >= cols)
        return;
    if (width > cols - to_col)
        width = cols - (int)to_col;
    struct cell *all = mem_calloc((size_t)height * (size_t)width, sizeof *all);
    for (int i = 0; i < height; i++)
        memcpy(all + i * width, line_at(s, b.top + i)->cells + b.left, (size_t)width * sizeof *all);
    for (int i = 0; i < height && to_row + i < rows; i++) {
        struct line *l = line_at(s, (int)to_row + i);
        grid_split_wide(s, l, (int)to_col);
        grid_split_wide(s, l, (int)to_col + width);
        memcpy(l->cells + to_col, all + i * width, (size_t)width * sizeof *all);
        /* Half of a wide character at the rectangle's edge is a blank. */
        struct cell *first = &l->cells[to_col], *last = &l->cells[to_col + width - 1];
        if (first->width == 0 && (first->flags & CELL_WRITTEN))
            *first = (struct cell){' ', first->style, 1, CELL_WRITTEN};
        if (last->width == 2)
            *last = (struct cell){' ', last->style, 1, CELL_WRITTEN};
        line_touch(s, l);
    }
    free(all);
}

static void fill(struct screen *s, const struct csi *c)
{
    struct box b;
    long ch = csi_arg(c, 0, ' ');
    if (!((ch >= 32 && ch <= 126) || (ch >= 160 && ch <= 255)) || !box_of(s, c, 1, &b))
        return;
    const uint8_t flags = CELL_WRITTEN | (s->pen.protect ? CELL_PROTECTED : 0);
    for (int row = b.top; row <= b.bottom; row++) {
        struct line *l = line_at(s, row);
        grid_split_wide(s, l, b.left);
        grid_split_wide(s, l, b.right + 1);
        for (int col = b.left; col <= b.right; col++)
            l->cells[col] = (struct cell){(uint32_t)ch, s->pen.id, 1, flags};
        line_touch(s, l);
    }
}

static void erase(struct screen *s, const struct csi *c, bool selective)
{
    struct box b;
    if (!box_of(s, c, 0, &b))
        return;
    for (int row = b.top; row <= b.bottom; row++)
        grid_erase(s, row, b.left, b.right + 1, selective);
}

/* One attribute number, set (DECCARA) or turned over (DECRARA). */
static uint16_t change(uint16_t attrs, long v, bool reverse)
{
    static const struct {
        long on, off;
        uint16_t bits, value;
    } table[] = {{1, 22, ATTR_BOLD | ATTR_DIM, ATTR_BOLD},
                 {4, 24, ATTR_UNDERLINE, 1 << ATTR_UNDERLINE_SHIFT},
                 {5, 25, ATTR_BLINK, ATTR_BLINK},
                 {7, 27, ATTR_REVERSE, ATTR_REVERSE},
                 {8, 28, ATTR_HIDDEN, ATTR_HIDDEN}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        bool is = attrs & table[i].bits;
        if (v != table[i].on && v != table[i].off && v != 0)
            continue;
        bool on = reverse ? (v == table[i].off ? is : !is) : v == table[i].on;
        attrs = (uint16_t)(attrs & ~table[i].bits);
        if (on)
            attrs |= table[i].value;
    }
    return attrs;
}

static void attributes(struct screen *s, const struct csi *c, bool reverse)
{
    struct box b;
    if (!box_of(s, c, 0, &b))
        return;
    for (int row = b.top; row <= b.bottom; row++) {
        struct line *l = line_at(s, row);
        /* Without DECSACE 2 the area is a stream of text, not a rectangle. */
        int from = s->extent == 2 || row == b.top ? b.left : 0;
        int to = s->extent == 2 || row == b.bottom ? b.right : s->cols - 1;
        for (int col = from; col <= to; col++) {
            struct cell *at = &l->cells[col];
            struct style st = *style_get(s, at->style);
            if (at->width == 0 && (at->flags & CELL_WRITTEN))
                continue; /* the right half goes with the left one */
            if (c->n <= 4)
                st.attrs = change(st.attrs, 0, reverse);
            for (int i = 4; i < c->n; i++)
                st.attrs = change(st.attrs, csi_arg(c, i, 0), reverse);
            at->style = style_intern(s, &st);
            if (at->width == 2)
                at[1].style = at->style;
        }
        line_touch(s, l);
    }
}

bool csi_rect(struct screen *s, const struct csi *c)
{
    if (c->leader)
        return false;
    if (c->intermed == '$') {
        switch (c->final) {
        case 'v': copy(s, c); return true;
        case 'x': fill(s, c); return true;
        case 'z': erase(s, c, false); return true;
        case '{': erase(s, c, !s->iso_protect); return true;
        case 'r': attributes(s, c, false); return true;
        case 't': attributes(s, c, true); return true;
        default: return false;
        }
    }
    if (c->intermed == '*' && c->final == 'x') {
        s->extent = (uint8_t)(csi_arg(c, 0, 0) & 3);
        return true;
    }
    return false;
}
