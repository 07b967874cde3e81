/* The state as bytes: what a fresh screen of the same size has to be fed to be in this very state.
 * It begins with RIS and goes on in sequences that any terminal knows; what none of them can say
 * goes into an APC of our own (osc.c), which other terminals pass over. Last come the bytes of an
 * unfinished character or sequence, so that what follows goes on where it was. */
#include "core/screen/screen_private.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct writer {
    struct screen *s;
    struct buf *out;
    uint16_t style; /* the pen as the reader has it */
    bool protect;
};

static void write_style(struct writer *w, uint16_t id)
{
    char text[192];
    if (w->style == id)
        return;
    const struct style *from = style_get(w->s, w->style), *to = style_get(w->s, id);
    sgr_text(to, text, sizeof text);
    buf_append(w->out, "\033[0", 3);
    buf_puts(w->out, text);
    buf_putc(w->out, 'm');
    if (from->link != to->link) {
        const char *url = screen_link(w->s, to->link);
        buf_printf(w->out, "\033]8;;%s\033\\", url ? url : "");
    }
    w->style = id;
}

static void write_protect(struct writer *w, bool protect)
{
    if (w->protect != protect)
        buf_puts(w->out, protect ? "\033[1\"q" : "\033[0\"q");
    w->protect = protect;
}

static bool is_modifier(uint32_t point)
{
    return point >= 0x1f3fb && point <= 0x1f3ff;
}

/* Would this grapheme, written plainly behind that one, become the same cells again? */
static bool plain_enough(const struct screen *s, const struct cell *c, const struct cell *before)
{
    char text[CLUSTER_MAX + 1];
    uint32_t point;
    if (before && (before->glyph & GLYPH_CLUSTER) && c->glyph >= 0x300) {
        size_t n = glyph_text(s, before->glyph, text);
        if (n >= 3 && memcmp(text + n - 3, "\xe2\x80\x8d", 3) == 0)
            return false;
    }
    if (!(c->glyph & GLYPH_CLUSTER))
        return !is_modifier(c->glyph) && text_point_width(c->glyph) != 0;
    size_t n = glyph_text(s, c->glyph, text);
    for (size_t i = 0; i < n;) {
        i += text_decode(text + i, n - i, &point);
        if (point == 0xfe0f || is_modifier(point))
            return false;
    }
    return true;
}

static void write_cells(struct writer *w, const struct cell *cells, int n)
{
    const struct cell *before = NULL;
    for (int col = 0; col < n; col++) {
        const struct cell *c = &cells[col];
        if (c->glyph == 0 && !(c->flags & CELL_WRITTEN)) {
            int k = 1;
            while (col + k < n && cells[col + k].glyph == 0 && cells[col + k].style == c->style &&
                   cells[col + k].flags == c->flags)
                k++;
            if (c->style == 0 && !(c->flags & CELL_PROTECTED)) {
                buf_printf(w->out, "\033[%dC", k);
            } else {
                write_style(w, c->style);
                write_protect(w, c->flags & CELL_PROTECTED);
                buf_printf(w->out, "\033[%dX\033_baton;b;%d\033\\", k, k);
            }
            col += k - 1;
            before = NULL;
            continue;
        }
        if (c->width == 0)
            continue;
        write_style(w, c->style);
        write_protect(w, c->flags & CELL_PROTECTED);
        if (c->glyph < 0x7f) {
            buf_putc(w->out, (char)c->glyph);
        } else {
            char text[CLUSTER_MAX + 1];
            size_t k = glyph_text(w->s, c->glyph, text);
            if (plain_enough(w->s, c, before))
                buf_append(w->out, text, k);
            else
                buf_printf(w->out, "\033_baton;g;%d;%s\033\\", c->width, text);
        }
        before = c;
    }
}

/* A line's end: its mark when it goes on in the next, and the pen that new lines are made with. */
static void end_line(struct writer *w, bool wrapped, bool more)
{
    if (wrapped)
        buf_puts(w->out, "\033_baton;w;\033\\");
    write_style(w, 0);
    write_protect(w, false);
    if (more)
        buf_puts(w->out, "\r\n");
}

static void write_main(struct writer *w, int history)
{
    struct screen *s = w->s;
    size_t count = s->history.count,
           first = history < 0 || (size_t)history > count ? 0 : count - (size_t)history;
    struct cell *cells = mem_calloc((size_t)s->cols + 1, sizeof *cells);
    for (size_t i = first; i < count; i++) {
        bool wrapped;
        int n = history_read(s, i, cells, s->cols, &wrapped);
        write_cells(w, cells, n < s->cols ? n : s->cols);
        end_line(w, wrapped, true);
    }
    free(cells);
    for (int row = 0; row < s->rows; row++) {
        const struct line *l = s->pages[0].lines[row];
        write_cells(w, l->cells, line_used(s, l));
        end_line(w, l->wrapped, row + 1 < s->rows);
    }
    buf_printf(w->out, "\033_baton;H;%llu\033\\", (unsigned long long)s->history.total);
}

static bool is_blank(const struct screen *s, const struct page *p)
{
    for (int row = 0; row < s->rows; row++)
        if (line_used(s, p->lines[row]) || p->lines[row]->wrapped)
            return false;
    return true;
}

static void write_alternate(struct writer *w)
{
    struct screen *s = w->s;
    bool shown = s->page == &s->pages[1];
    if (!shown && is_blank(s, &s->pages[1]))
        return;
    buf_puts(w->out, "\033[?47h");
    for (int row = 0; row < s->rows; row++) {
        const struct line *l = s->pages[1].lines[row];
        int n = line_used(s, l);
        if (n == 0 && !l->wrapped)
            continue;
        buf_printf(w->out, "\033[%dH", row + 1);
        write_cells(w, l->cells, n);
        end_line(w, l->wrapped, false);
    }
    if (!shown)
        buf_puts(w->out, "\033[?47l");
}

static void write_saved(struct writer *w)
{
    for (int i = 0; i < 2; i++) {
        const struct saved *v = &w->s->pages[i].saved;
        if (!v->used)
            continue;
        write_style(w, v->style);
        buf_printf(w->out, "\033_baton;S;%d;%d;%d;%d;%d;%d;1;%d;%d;%d;%d;%d\033\\", i, v->row,
                   v->col, v->protect, v->origin, v->pending_wrap, v->gl, v->charsets[0],
                   v->charsets[1], v->charsets[2], v->charsets[3]);
    }
}

static void write_modes(struct writer *w)
{
    static const struct {
        long mode;
        bool usual;
    } modes[] = {{1, false},    {5, false},    {7, true},     {12, false},   {25, true},
                 {40, false},   {45, false},   {66, false},   {69, false},   {95, false},
                 {9, false},    {1000, false}, {1002, false}, {1003, false}, {1004, false},
                 {1005, false}, {1006, false}, {1007, true},  {2004, false}, {2026, false}};
    struct screen *s = w->s;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        bool is = mode_get(s, true, modes[i].mode) == 1;
        if (is != modes[i].usual)
            buf_printf(w->out, "\033[?%ld%c", modes[i].mode, is ? 'h' : 'l');
    }
    if (s->insert)
        buf_puts(w->out, "\033[4h");
    if (s->newline)
        buf_puts(w->out, "\033[20h");
    if (s->shape != CURSOR_DEFAULT) {
        static const int base[] = {0, 2, 4, 6};
        buf_printf(w->out, "\033[%d q", base[s->shape] - (s->blink ? 1 : 0));
    }
}

static void write_margins(struct writer *w)
{
    struct screen *s = w->s;
    if (s->top != 0 || s->bottom != s->rows - 1)
        buf_printf(w->out, "\033[%d;%dr", s->top + 1, s->bottom + 1);
    if (s->left != 0 || s->right != s->cols - 1)
        buf_printf(w->out, "\033[%d;%ds", s->left + 1, s->right + 1);
}

static void write_tabs(struct writer *w)
{
    struct screen *s = w->s;
    bool usual = true;
    for (int col = 0; col < s->cols; col++)
        usual &= s->tabs[col] == (col % 8 == 0 && col > 0);
    if (usual)
        return;
    buf_puts(w->out, "\033[3g");
    for (int col = 0; col < s->cols; col++)
        if (s->tabs[col])
            buf_printf(w->out, "\033[%dG\033H", col + 1);
}

static void write_titles(struct writer *w)
{
    struct screen *s = w->s;
    for (int i = 0; i < s->title_depth; i++)
        buf_printf(w->out, "\033]2;%s\033\\\033[22;0t", s->title_stack[i]);
    if (s->title || s->title_depth)
        buf_printf(w->out, "\033]2;%s\033\\", s->title ? s->title : "");
    if (s->icon)
        buf_printf(w->out, "\033]1;%s\033\\", s->icon);
}

static void write_colours(struct writer *w)
{
    struct screen *s = w->s;
    for (unsigned i = 0; i < 256; i++)
        if (s->palette_set[i])
            buf_printf(w->out, "\033]4;%u;#%06x\033\\", i, s->palette[i]);
    for (unsigned i = 0; i < 3; i++)
        if (s->dynamic[i])
            buf_printf(w->out, "\033]%u;#%06x\033\\", 10 + i, s->dynamic[i] & 0xffffff);
}

static void write_kitty(struct writer *w)
{
    for (int i = 0; i < 2; i++) {
        const struct page *p = &w->s->pages[i];
        if (p->kitty_n == 0)
            continue;
        buf_printf(w->out, "\033_baton;K;%d", i);
        for (int k = 0; k < p->kitty_n; k++)
            buf_printf(w->out, ";%d", p->kitty[k]);
        buf_puts(w->out, "\033\\");
    }
}

static void write_charsets(struct writer *w)
{
    static const char *const shifts[] = {"", "\016", "\033n", "\033o"};
    struct screen *s = w->s;
    for (int i = 0; i < 4; i++)
        if (s->charsets[i] != 'B')
            buf_printf(w->out, "\033%c%c", "()*+"[i], s -> charsets[i]);
    buf_puts(w->out, shifts[s->gl]);
}

void screen_snapshot(const struct screen *screen, int history, struct buf *out)
{
    struct writer w = {.s = (struct screen *)(uintptr_t)screen, .out = out};
    struct screen *s = w.s;

    buf_puts(out, "\033c");
    write_main(&w, history);
    write_alternate(&w);
    write_titles(&w);
    write_colours(&w);
    write_tabs(&w);
    write_saved(&w);
    write_modes(&w);
    write_margins(&w);
    write_kitty(&w);
    write_charsets(&w);
    write_style(&w, s->pen.id);
    write_protect(&w, s->pen.protect);
    buf_printf(out, "\033_baton;M;%u;%d;%d;%d;%d;%d;%d\033\\", s->last, s->conformance,
               s->eight_bit, s->rect_extent, s->column_mode, s->modify_other_keys, s->single_shift);
    /* For others the position, for us the rest of it too. */
    buf_printf(out, "\033[%d;%dH\033_baton;C;%d;%d;%d;%d\033\\", s->row + 1, s->col + 1, s->row,
               s->col, s->pending_wrap, s->origin);
    if (s->pending.len && !s->string_long)
        buf_append(out, s->pending.data, s->pending.len);
    else if (s->string_long)
        buf_printf(out, "\033_%s", s->scan == STRING_ESC ? "\033" : "");
}
