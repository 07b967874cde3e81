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
    const struct screen *s;
    struct buf *out;
    struct style style; /* the pen as the reader has it */
    bool protect;
};

static bool same(const struct style *a, const struct style *b)
{
    return a->fg == b->fg && a->bg == b->bg && a->underline_colour == b->underline_colour &&
           a->attrs == b->attrs && a->link == b->link;
}

static void write_style(struct writer *w, const struct style *to)
{
    if (same(&w->style, to))
        return;
    char *text = buf_reserve(w->out, 3 + SGR_MOST);
    memcpy(text, "\033[0", 3);
    size_t n = 3 + sgr_text(to, text + 3);
    w->out->len += n;
    buf_putc(w->out, 'm');
    if (w->style.link != to->link) {
        const char *url = screen_link(w->s, to->link);
        buf_puts(w->out, "\033]8;;");
        buf_puts(w->out, url ? url : "");
        buf_puts(w->out, "\033\\");
    }
    w->style = *to;
}

static const struct style plain_style;

static void write_protect(struct writer *w, bool protect)
{
    if (w->protect != protect)
        buf_puts(w->out, protect ? "\033[1\"q" : "\033[0\"q");
    w->protect = protect;
}

static void write_csi(struct writer *w, int n, char final)
{
    char text[16], *p = text + sizeof text;
    *--p = final;
    do
        *--p = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    *--p = '[';
    *--p = '\033';
    buf_append(w->out, p, (size_t)(text + sizeof text - p));
}

static bool is_modifier(uint32_t point)
{
    return point >= 0x1f3fb && point <= 0x1f3ff;
}

static bool is_regional(uint32_t point)
{
    return point >= 0x1f1e6 && point <= 0x1f1ff;
}

enum writing {
    PLAINLY,   /* written as it is, it becomes these very cells again */
    CORRECTED, /* it stays within its columns, but may become something else */
    ONLY_OURS, /* it could reach the character before it */
};

static enum writing writing_of(const char *text, size_t n, int width)
{
    uint32_t point;
    size_t first = text_decode(text, n, &point);
    if (is_modifier(point) || is_regional(point) || point_width(point) <= 0)
        return ONLY_OURS;
    enum writing how = point_width(point) == width ? PLAINLY : CORRECTED;
    for (size_t i = first; i < n;) {
        i += text_decode(text + i, n - i, &point);
        if (point_width(point) != 0 || point == 0xfe0f)
            how = CORRECTED;
    }
    return how;
}

/* A grapheme beyond ASCII at a column; before: the one in front of it, NULL: none. */
static void write_grapheme(struct writer *w, int col, const char *text, size_t n, int width,
                           bool behind_joiner)
{
    enum writing how = behind_joiner ? ONLY_OURS : writing_of(text, n, width);
    if (how == CORRECTED && col + 2 >= w->s->cols)
        how = ONLY_OURS; /* it might wrap */
    if (how != ONLY_OURS)
        buf_append(w->out, text, n);
    if (how != PLAINLY)
        buf_printf(w->out, "\033_baton;g;%d;%d;%.*s\033\\", col, width, (int)n, text);
}

/* Would a character written behind this one be joined to it? */
static bool joins_next(const char *text, size_t n)
{
    uint32_t point;
    return (n >= 3 && memcmp(text + n - 3, "\xe2\x80\x8d", 3) == 0) ||
           (n == 4 && text_decode(text, n, &point) == 4 && is_regional(point));
}

static void write_blanks(struct writer *w, int n, const struct style *style)
{
    if (!same(style, &plain_style)) {
        const struct style ground = {.bg = style->bg};
        write_style(w, style);
        write_csi(w, n, 'X');
        if (!same(style, &ground))
            buf_printf(w->out, "\033_baton;b;%d\033\\", n);
    }
    write_csi(w, n, 'C');
}

static void write_cells(struct writer *w, const struct cell *cells, int n)
{
    const struct screen *s = w->s;
    bool joins = false;
    for (int col = 0; col < n; col++) {
        const struct cell *c = &cells[col];
        if (c->glyph == 0 && !(c->flags & CELL_WRITTEN)) {
            int k = 1;
            while (col + k < n && cells[col + k].glyph == 0 && cells[col + k].style == c->style &&
                   !(cells[col + k].flags & CELL_WRITTEN))
                k++;
            write_blanks(w, k, style_get(s, c->style));
            col += k - 1;
            joins = false;
            continue;
        }
        if (c->width == 0)
            continue;
        write_style(w, style_get(s, c->style));
        write_protect(w, c->flags & CELL_PROTECTED);
        if (c->glyph < 0x7f) {
            buf_putc(w->out, (char)c->glyph);
            joins = false;
        } else {
            char text[CLUSTER_MAX + 1];
            size_t k = glyph_text(s, c->glyph, text);
            write_grapheme(w, col, text, k, c->width, joins);
            joins = joins_next(text, k);
        }
    }
}

static void write_packed(struct writer *w, const struct packed *p)
{
    struct packed_reader r;
    struct token t;
    bool joins = false;
    int col = 0;
    packed_read(&r, p);
    while (packed_next(&r, &t)) {
        if (t.kind == TOKEN_BLANK) {
            write_blanks(w, t.width, &r.style);
            col += t.width;
            joins = false;
            continue;
        }
        write_style(w, &r.style);
        if (t.kind == TOKEN_RUN) {
            buf_append(w->out, t.text, t.n);
            col += (int)t.n;
            joins = false;
        } else {
            write_grapheme(w, col, t.text, t.n, t.width, joins);
            joins = joins_next(t.text, t.n);
            col += t.width;
        }
    }
}

/* A line's end: its mark when it goes on in the next, and the pen that new lines are made with. */
static void end_line(struct writer *w, bool wrapped, bool more)
{
    if (wrapped)
        buf_puts(w->out, "\033_baton;w;\033\\");
    write_style(w, &plain_style);
    write_protect(w, false);
    if (more)
        buf_puts(w->out, "\r\n");
}

static void write_main(struct writer *w, int history)
{
    const struct screen *s = w->s;
    size_t count = s->history.count,
           first = history < 0 || (size_t)history > count ? 0 : count - (size_t)history;
    for (size_t i = first; i < count; i++) {
        const struct packed *p = history_at(s, i);
        write_packed(w, p);
        end_line(w, p->wrapped, true);
    }
    for (int row = 0; row < s->rows; row++) {
        const struct line *l = s->pages[0].lines[row];
        write_cells(w, l->cells, line_used(s, l));
        end_line(w, l->wrapped, row + 1 < s->rows);
    }
    buf_printf(w->out, "\033_baton;H;%llu\033\\", (unsigned long long)s->history.total);
}

static bool is_empty(const struct screen *s, const struct page *p)
{
    for (int row = 0; row < s->rows; row++)
        if (line_used(s, p->lines[row]) || p->lines[row]->wrapped)
            return false;
    return true;
}

static void write_alternate(struct writer *w)
{
    const struct screen *s = w->s;
    bool shown = s->page == &s->pages[1];
    if (!shown && is_empty(s, &s->pages[1]))
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
        write_style(w, style_get(w->s, v->style));
        buf_printf(w->out, "\033_baton;S;%d;%d;%d;%d;%d;%d;1;%d;%d;%d;%d;%d\033\\", i, v->row,
                   v->col, v->protect, v->origin, v->pending_wrap, v->gl, v->charsets[0],
                   v->charsets[1], v->charsets[2], v->charsets[3]);
    }
}

static void write_sgr_stack(struct writer *w)
{
    const struct screen *s = w->s;
    for (int i = 0; i < s->sgr_depth; i++) {
        char parts[SGR_MOST] = "";
        if (i < SGR_STACK) {
            write_style(w, &s->sgr_stack[i].style);
            sgr_parts(s->sgr_stack[i].parts, parts);
        }
        buf_printf(w->out, "\033[%s#{", parts);
    }
}

static void write_modes(struct writer *w)
{
    const struct screen *s = w->s;
    size_t n;
    const long *modes = modes_listed(&n);
    for (size_t i = 0; i < n; i++) {
        const long mode = modes[i];
        bool usual = mode == 7 || mode == 25 || mode == 1007;
        bool is = mode_get(s, true, mode) == 1;
        if (is != usual)
            buf_printf(w->out, "\033[?%ld%c", mode, is ? 'h' : 'l');
    }
    n = modes_saveable(&modes);
    for (size_t i = 0; i < n; i++)
        if (s->saved_modes[i])
            buf_printf(w->out, "\033_baton;m;%ld;%d\033\\", modes[i], s->saved_modes[i]);
    if (s->keyboard_locked)
        buf_puts(w->out, "\033[2h");
    if (s->no_echo)
        buf_puts(w->out, "\033[12h");
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
    const struct screen *s = w->s;
    if (s->top != 0 || s->bottom != s->rows - 1)
        buf_printf(w->out, "\033[%d;%dr", s->top + 1, s->bottom + 1);
    if (s->left != 0 || s->right != s->cols - 1)
        buf_printf(w->out, "\033[%d;%ds", s->left + 1, s->right + 1);
}

static void write_tabs(struct writer *w)
{
    const struct screen *s = w->s;
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
    const struct screen *s = w->s;
    for (int i = 0; i < s->title_depth; i++) {
        const struct title_pair *p = &s->title_stack[i];
        if (p->icon)
            buf_printf(w->out, "\033]1;%s\033\\", p->icon);
        if (p->title)
            buf_printf(w->out, "\033]2;%s\033\\", p->title);
        buf_printf(w->out, "\033[22;%dt", p->icon && p->title ? 0 : p->icon ? 1 : 2);
    }
    if (s->title || s->title_depth)
        buf_printf(w->out, "\033]2;%s\033\\", s->title ? s->title : "");
    if (s->icon || s->title_depth)
        buf_printf(w->out, "\033]1;%s\033\\", s->icon ? s->icon : "");
}

static void write_colours(struct writer *w)
{
    const struct screen *s = w->s;
    for (unsigned i = 0; i < PALETTE; i++)
        if (s->palette[i])
            buf_printf(w->out, "\033]4;%u;#%06x\033\\", i, s->palette[i] & 0xffffff);
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
    const struct screen *s = w->s;
    for (int i = 0; i < 4; i++)
        if (s->charsets[i] != 'B')
            buf_printf(w->out, "\033%c%c", "()*+"[i], s -> charsets[i]);
    buf_puts(w->out, shifts[s->gl]);
}

/* What has come of something unfinished, so that the rest of it will complete it. */
static void write_pending(struct writer *w)
{
    const struct screen *s = w->s;
    if (s->string_long) /* too long to mean anything: so does this */
        buf_printf(w->out, "\033%cx%s", s->string_kind, s->scan == STRING_ESC ? "\033" : "");
    else
        buf_append(w->out, s->pending.data, s->pending.len);
}

void screen_snapshot(const struct screen *s, int history, struct buf *out)
{
    struct writer w = {.s = s, .out = out};

    buf_puts(out, "\033c");
    buf_printf(out, "\033[65;%d\"p", s->eight_bit ? 0 : 1); /* no mode is beyond this level */
    write_main(&w, history);
    write_alternate(&w);
    write_titles(&w);
    write_colours(&w);
    write_tabs(&w);
    write_saved(&w);
    write_sgr_stack(&w);
    write_modes(&w);
    write_margins(&w);
    write_kitty(&w);
    write_charsets(&w);
    write_style(&w, &s->pen.style);
    write_protect(&w, s->pen.protect);
    buf_printf(out, "\033_baton;M;%u;%d;%d;%d;%d;%d;%d;%d;%d;%d\033\\", s->last, s->conformance,
               s->eight_bit, s->extent, s->column_mode, s->modify_other_keys, s->single_shift,
               s->iso_protect, s->title_set_hex, s->title_query_hex);
    /* For others the position, for us the rest of it too. */
    buf_printf(out, "\033[%d;%dH\033_baton;C;%d;%d;%d;%d\033\\", s->row + 1, s->col + 1, s->row,
               s->col, s->pending_wrap, s->origin);
    write_pending(&w);
}
