/* A view on a screen (see view.h). */
#include "tui/view.h"

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

/* What is outside of a smaller shell: dots, thin enough not to be read. */
static void draw_rest(struct canvas *c, struct rect inner, int rows, int cols,
                      const struct theme *theme)
{
    struct style style = theme_style(theme, ROLE_BORDER);
    const char *dot = theme_glyph(theme, GLYPH_DOT);

    for (int row = 0; row < inner.rows; row++)
        for (int col = row < rows ? cols : 0; col < inner.cols; col++)
            canvas_text(c, inner.row + row, inner.col + col, 1, style, dot);
}

void view_draw(const struct view *v, const struct screen *s, struct canvas *c, struct rect inner,
               bool focus, const struct theme *theme)
{
    struct screen_cell cells[SCREEN_MAX_COLS];
    struct screen_modes modes;
    int rows = screen_rows(s), cols = screen_cols(s), row, col;

    screen_modes(s, &modes);
    for (row = 0; row < inner.rows && v->row + row < rows; row++) {
        screen_line(s, v->row + row, cells);
        for (col = 0; col < inner.cols && v->col + col < cols; col++) {
            struct screen_cell *cell = &cells[v->col + col];
            cell->style.link = 0;
            if (modes.reverse_video)
                cell->style.attrs ^= ATTR_REVERSE;
            if (cell->width == 1 || (cell->width == 2 && col + 1 < inner.cols))
                canvas_cell(c, inner.row + row, inner.col + col, cell);
        }
    }
    draw_rest(c, inner, rows - v->row, cols - v->col, theme);
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
