/* A view on a screen (see view.h). */
#include "tui/shell/view.h"

#include "core/base/mem.h"

#include <stdlib.h>

static int least_move(int from, int cursor, int room, int all)
{
    if (all <= room)
        return 0;
    if (cursor < from)
        from = cursor;
    if (cursor >= from + room)
        from = cursor - room + 1;
    if (from > all - room)
        from = all - room;
    return from < 0 ? 0 : from;
}

void view_follow(struct view *v, const struct screen *s, int rows, int cols)
{
    int row, col;

    screen_cursor(s, &row, &col);
    v->row = least_move(v->row, row, rows, screen_rows(s));
    v->col = least_move(v->col, col, cols, screen_cols(s));
}

void view_finish(struct view *v)
{
    free(v->stamps);
    *v = (struct view){0};
}

/* True when something but lines has changed: then every line is to be drawn. */
static bool changed(struct view *v, uint64_t generation, struct rect inner, bool reverse)
{
    bool same = v->stamp_count == inner.rows && v->drawn_row == v->row && v->drawn_col == v->col &&
                v->drawn_cols == inner.cols && v->drawn_screen == generation &&
                v->drawn_reverse == reverse;

    if (v->stamp_count != inner.rows) {
        free(v->stamps);
        v->stamps = mem_calloc((size_t)inner.rows, sizeof *v->stamps);
        v->stamp_count = inner.rows;
    }
    v->drawn_row = v->row;
    v->drawn_col = v->col;
    v->drawn_cols = inner.cols;
    v->drawn_screen = generation;
    v->drawn_reverse = reverse;
    return !same;
}

struct drawing {
    const struct view *view;
    const struct screen *screen;
    struct canvas *canvas;
    struct rect inner;
    bool reverse;
    const struct theme *theme;
};

/* One line, and what is outside of a smaller shell: dots, thin enough not to be read. */
static void draw_line(const struct drawing *d, int row, struct screen_cell *cells)
{
    const struct view *v = d->view;
    const char *dot = theme_glyph(d->theme, GLYPH_DOT);
    struct style border = theme_style(d->theme, ROLE_BORDER);
    bool there = v->row + row < screen_rows(d->screen);
    int cols = there ? screen_cols(d->screen) - v->col : 0, col;

    cols = cols < d->inner.cols ? cols : d->inner.cols;
    if (there)
        screen_line(d->screen, v->row + row, cells);
    for (col = 0; col < cols; col++) {
        struct screen_cell *cell = &cells[v->col + col];
        cell->style.link = 0;
        if (d->reverse)
            cell->style.attrs ^= ATTR_REVERSE;
        if (cell->width == 2 && col + 1 < d->inner.cols) {
            canvas_cell(d->canvas, d->inner.row + row, d->inner.col + col++, cell);
            continue;
        }
        if (cell->width != 1) { /* half of a wide one is cut away */
            cell->width = 1;
            cell->text[0] = '\0';
        }
        canvas_cell(d->canvas, d->inner.row + row, d->inner.col + col, cell);
    }
    for (; col < d->inner.cols; col++)
        canvas_text(d->canvas, d->inner.row + row, d->inner.col + col, 1, border, dot);
}

void view_draw(struct view *v, const struct screen *s, uint64_t generation, struct canvas *c,
               struct rect inner, bool focus, bool all, const struct theme *theme)
{
    struct screen_cell cells[SCREEN_MAX_COLS];
    struct screen_modes modes;
    int row, col;

    screen_modes(s, &modes);
    if (changed(v, generation, inner, modes.reverse_video))
        all = true;
    const struct drawing d = {v, s, c, inner, modes.reverse_video, theme};
    for (row = 0; row < inner.rows; row++) {
        uint64_t stamp = screen_line_stamp(s, v->row + row);
        if (all || v->stamps[row] != stamp)
            draw_line(&d, row, cells);
        v->stamps[row] = stamp;
    }
    if (!focus)
        return;
    screen_cursor(s, &row, &col);
    row -= v->row;
    col -= v->col;
    if (modes.cursor_visible && row >= 0 && row < inner.rows && col >= 0 && col < inner.cols)
        canvas_cursor(c, inner.row + row, inner.col + col, modes.shape);
    else
        canvas_cursor(c, -1, 0, CURSOR_DEFAULT);
}
