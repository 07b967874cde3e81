/* Copy mode: drawing (see copy.h). */
#include "tui/shell/copy_private.h"

#include "core/base/text.h"

#include <stdio.h>
#include <string.h>

struct drawing {
    struct copy *c;
    struct canvas *canvas;
    struct rect inner;
    struct style style;
};

/* Restyles the columns from x1 to x2 of a line, as far as they are in the view. */
static void mark(const struct drawing *d, int y, int x1, int x2)
{
    const struct copy *c = d->c;
    int from = x1 > c->left ? x1 - c->left : 0, to = x2 - c->left;

    if (to >= d->inner.cols)
        to = d->inner.cols - 1;
    if (y < c->top || y >= c->top + d->inner.rows || to < from)
        return;
    struct rect r = {d->inner.row + y - c->top, d->inner.col + from, 1, to - from + 1};
    canvas_restyle(d->canvas, r, &d->style, 0);
}

static bool mark_hit(void *data, const struct copy_hit *hit)
{
    const struct drawing *d = data;

    for (int y = hit->y; y <= hit->end_y; y++)
        mark(d, y, y == hit->y ? hit->x : 0, y == hit->end_y ? hit->end_x : d->c->width - 1);
    return true;
}

static void draw_prompt(const struct drawing *d, const struct theme *theme)
{
    const struct copy *c = d->c;
    int row = d->inner.row + d->inner.rows - 1;
    struct rect r = {row, d->inner.col, 1, d->inner.cols};
    char text[300];

    if (c->asking) {
        struct style style = theme_style(theme, ROLE_TEXT);
        canvas_fill(d->canvas, r, style);
        canvas_text(d->canvas, row, r.col, r.cols, theme_style(theme, ROLE_ACCENT),
                    c->ask_backward ? "?" : "/");
        if (r.cols > 1) {
            int col = line_draw(&c->line, d->canvas, row, r.col + 1, r.cols - 1, style);
            canvas_cursor(d->canvas, row, col, CURSOR_DEFAULT);
        }
    } else if (c->missed) {
        char needle[200];
        text_make_safe(needle, sizeof needle, c->needle, strlen(c->needle));
        snprintf(text, sizeof text, "not found: %s", needle);
        canvas_fill(d->canvas, r, theme_style(theme, ROLE_TEXT));
        canvas_text(d->canvas, row, r.col, r.cols, theme_style(theme, ROLE_ATTENTION), text);
    }
}

void copy_draw(struct copy *c, struct canvas *canvas, struct rect inner, const struct theme *theme)
{
    struct drawing d = {c, canvas, inner, theme_style(theme, ROLE_SEARCH)};
    int y1, x1, y2, x2;

    copy_size(c, inner.rows, inner.cols);
    for (int row = 0; row < inner.rows; row++) {
        int used = c->top + row < c->total ? copy_line(c, c->top + row, c->cells) : 0;
        for (int col = 0; col < inner.cols && c->left + col < used; col++) {
            struct screen_cell cell = c->cells[c->left + col];
            cell.style.link = 0;
            if (cell.width != 0)
                canvas_cell(canvas, inner.row + row, inner.col + col, &cell);
        }
    }
    copy_each_hit(c, c->top, c->top + inner.rows - 1, mark_hit, &d);
    d.style = theme_style(theme, ROLE_SELECTION);
    if (copy_ends(c, &y1, &x1, &y2, &x2)) {
        bool block = c->select == SELECT_BLOCK;
        for (int y = y1; y <= y2; y++)
            mark(&d, y, block || y == y1 ? x1 : 0, block || y == y2 ? x2 : c->width - 1);
    }
    canvas_cursor(canvas, inner.row + c->y - c->top, inner.col + c->x - c->left, CURSOR_BLOCK);
    draw_prompt(&d, theme);
}
