/* The visible lines of both pages. A page is an array of pointers to lines: a scroll moves
 * pointers, never cells; a line that leaves the top of the main screen is packed into the history.
 */
#include "core/screen/screen_private.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

struct line *line_create(int cols)
{
    return mem_zalloc(sizeof(struct line) + (size_t)cols * sizeof(struct cell));
}

void grid_init(struct screen *s)
{
    for (int p = 0; p < 2; p++) {
        s->pages[p].lines = mem_calloc((size_t)s->rows, sizeof(struct line *));
        for (int row = 0; row < s->rows; row++)
            s->pages[p].lines[row] = line_create(s->cols);
    }
    s->page = &s->pages[0];
}

void grid_finish(struct screen *s)
{
    for (int p = 0; p < 2; p++) {
        for (int row = 0; row < s->rows; row++)
            free(s->pages[p].lines[row]);
        free(s->pages[p].lines);
    }
}

/* An erased cell keeps the background of the pen, nothing else (as xterm's bce). */
struct cell blank_cell(const struct screen *s)
{
    struct cell c = {0};
    if (s->pen.style.bg != COLOUR_DEFAULT) {
        const struct style style = {.bg = s->pen.style.bg};
        c.style = style_intern((struct screen *)(uintptr_t)s, &style);
    }
    return c;
}

void grid_cut_wide(struct screen *s, struct line *l, int col)
{
    (void)s;
    if (l->cells[col - 1].width == 2) {
        l->cells[col - 1].glyph = ' ';
        l->cells[col - 1].width = 1;
    }
    l->cells[col].glyph = ' ';
    l->cells[col].width = 1;
}

static void fill(struct screen *s, struct cell *cells, int n)
{
    const struct cell blank = blank_cell(s);
    if (blank.style == 0)
        memset(cells, 0, (size_t)n * sizeof *cells);
    else
        for (int i = 0; i < n; i++)
            cells[i] = blank;
}

void grid_erase(struct screen *s, int row, int from, int to, bool selective)
{
    struct line *l = line_at(s, row);
    if (to > s->cols)
        to = s->cols;
    if (from >= to)
        return;
    grid_split_wide(s, l, from);
    grid_split_wide(s, l, to);
    if (selective) {
        const struct cell blank = blank_cell(s);
        for (int col = from; col < to; col++)
            if (!(l->cells[col].flags & CELL_PROTECTED)) {
                l->cells[col].glyph = 0;
                l->cells[col].width = 0;
                l->cells[col].flags = 0;
                l->cells[col].style = blank.style;
            }
    } else {
        fill(s, l->cells + from, to - from);
    }
    if (to == s->cols)
        l->wrapped = false;
    line_touch(s, l);
}

void grid_erase_all(struct screen *s, int first, int last)
{
    for (int row = first; row <= last; row++)
        grid_erase(s, row, 0, s->cols, false);
}

int line_used(const struct screen *s, const struct line *l)
{
    int n = s->cols;
    while (n > 0 && l->cells[n - 1].glyph == 0 && l->cells[n - 1].style == 0 &&
           !(l->cells[n - 1].flags & CELL_WRITTEN))
        n--;
    return n;
}

/* With left and right margins the cells themselves move. */
static void scroll_box(struct screen *s, int top, int bottom, int n)
{
    int height = bottom - top + 1, width = s->right - s->left + 1;
    bool up = n > 0;
    int count = up ? n : -n;
    for (int row = top; row <= bottom; row++) {
        grid_split_wide(s, line_at(s, row), s->left);
        grid_split_wide(s, line_at(s, row), s->right + 1);
        line_at(s, row)->wrapped = false;
    }
    for (int i = 0; i < height; i++) {
        int to = up ? top + i : bottom - i, from = up ? to + count : to - count;
        if (from >= top && from <= bottom) {
            memcpy(line_at(s, to)->cells + s->left, line_at(s, from)->cells + s->left,
                   (size_t)width * sizeof(struct cell));
            line_touch(s, line_at(s, to));
        } else {
            grid_erase(s, to, s->left, s->right + 1, false);
        }
    }
}

void grid_scroll_up(struct screen *s, int top, int bottom, int n)
{
    int height = bottom - top + 1;
    if (n > height)
        n = height;
    if (n <= 0)
        return;
    if (s->left > 0 || s->right < s->cols - 1) {
        scroll_box(s, top, bottom, n);
        return;
    }
    struct line **lines = s->page->lines, *gone;
    bool keep = top == 0 && s->page == &s->pages[0] && s->history_limit > 0;
    /* What goes out above the region cannot go on in the line that comes after it. */
    if (top > 0)
        lines[top - 1]->wrapped = false;
    if (!keep && height > n)
        lines[top + n - 1]->wrapped = false;
    for (int i = 0; i < n; i++) {
        gone = lines[top];
        if (keep)
            history_push(s, gone);
        memmove(lines + top, lines + top + 1, (size_t)(height - 1) * sizeof *lines);
        lines[bottom] = gone;
        fill(s, gone->cells, s->cols);
        gone->wrapped = false;
        line_touch(s, gone);
    }
    if (n < height && bottom - n >= top && bottom < s->rows - 1)
        lines[bottom - n]->wrapped = false;
}

void grid_scroll_down(struct screen *s, int top, int bottom, int n)
{
    int height = bottom - top + 1;
    if (n > height)
        n = height;
    if (n <= 0)
        return;
    if (s->left > 0 || s->right < s->cols - 1) {
        scroll_box(s, top, bottom, -n);
        return;
    }
    struct line **lines = s->page->lines, *gone;
    if (top > 0)
        lines[top - 1]->wrapped = false;
    for (int i = 0; i < n; i++) {
        gone = lines[bottom];
        memmove(lines + top + 1, lines + top, (size_t)(height - 1) * sizeof *lines);
        lines[top] = gone;
        fill(s, gone->cells, s->cols);
        gone->wrapped = false;
        line_touch(s, gone);
    }
    lines[bottom]->wrapped = false;
}

void grid_insert_cells(struct screen *s, int row, int col, int n, int right)
{
    struct line *l = line_at(s, row);
    int room = right - col + 1;
    if (n > room)
        n = room;
    if (n <= 0)
        return;
    grid_split_wide(s, l, col);
    grid_split_wide(s, l, right + 1);
    if (right - n + 1 > 0)
        grid_split_wide(s, l, right - n + 1);
    memmove(l->cells + col + n, l->cells + col, (size_t)(room - n) * sizeof(struct cell));
    fill(s, l->cells + col, n);
    l->wrapped = false;
    line_touch(s, l);
}

void grid_delete_cells(struct screen *s, int row, int col, int n, int right)
{
    struct line *l = line_at(s, row);
    int room = right - col + 1;
    if (n > room)
        n = room;
    if (n <= 0)
        return;
    grid_split_wide(s, l, col);
    grid_split_wide(s, l, col + n);
    grid_split_wide(s, l, right + 1);
    memmove(l->cells + col, l->cells + col + n, (size_t)(room - n) * sizeof(struct cell));
    fill(s, l->cells + right - n + 1, n);
    l->wrapped = false;
    line_touch(s, l);
}
