/* A new size. As tmux does it: first the height (lines below the cursor go, then lines at the top
 * move into the history; a taller screen takes lines back from it), then the width: wrapped lines
 * of the main screen, history too, are joined and wrapped anew, and the last lines of all are
 * shown. The alternate screen is cropped or padded: its program draws it again. */
#include "core/screen/screen_private.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

static struct line *copy_line(const struct line *l, int old_cols, int cols)
{
    struct line *to = line_create(cols);
    int n = old_cols < cols ? old_cols : cols;
    memcpy(to->cells, l->cells, (size_t)n * sizeof(struct cell));
    if (n < old_cols && n > 0 && to->cells[n - 1].width == 2) /* cut in the middle */
        to->cells[n - 1] = (struct cell){' ', l->cells[n - 1].style, 1, CELL_WRITTEN};
    return to;
}

/* The alternate screen: lines below the cursor go first, then lines at the top. Gives how many went
 * at the top. */
static int crop_page(struct screen *s, struct page *p, int rows, int cols, int cursor)
{
    struct line **lines = mem_calloc((size_t)rows, sizeof *lines);
    int gone = cursor >= rows ? cursor - rows + 1 : 0;
    for (int row = 0; row < rows; row++)
        lines[row] = row + gone < s->rows ? copy_line(p->lines[row + gone], s->cols, cols)
                                          : line_create(cols);
    for (int row = 0; row < s->rows; row++)
        free(p->lines[row]);
    free(p->lines);
    p->lines = lines;
    return gone;
}

/* The main page's height. cursor: the row that has to stay. Gives the cursor's new row. */
static int change_height(struct screen *s, int rows, int cursor)
{
    struct page *p = &s->pages[0];
    struct line **lines = mem_calloc((size_t)rows, sizeof *lines);
    int from = 0, count = s->rows, pulled = 0;

    if (rows < s->rows) {
        int needed = s->rows - rows, below = s->rows - 1 - cursor;
        int cut = below < needed ? below : needed;
        for (int i = 0; i < cut; i++)
            free(p->lines[--count]);
        for (needed -= cut; needed > 0; needed--) {
            history_push(s, p->lines[from]);
            free(p->lines[from++]);
        }
    } else {
        size_t room = (size_t)(rows - s->rows);
        pulled = (int)(room < s->history.count ? room : s->history.count);
        for (int i = pulled - 1; i >= 0; i--) {
            struct packed *newest = history_pop(s);
            lines[i] = line_create(s->cols);
            packed_line(s, newest, lines[i]);
            packed_release(newest);
        }
    }
    for (int row = 0; row < rows - pulled; row++)
        lines[row + pulled] = from + row < count ? p->lines[from + row] : line_create(s->cols);
    free(p->lines);
    p->lines = lines;
    return cursor - from + pulled;
}

/* All lines, packed, one after another into a new history; its last ones become the screen. */
struct flow {
    struct screen *s;
    struct history out;
    size_t limit;
    int old_cols, cols;
    struct screen_cell *joined; /* a wrapped line, so far */
    size_t joined_n, joined_cap;
    int64_t cursor_at; /* the cursor's offset in the joined line, -1: it is not in it */
    uint64_t cursor_line;
    int cursor_col;
};

#define JOINED_MOST 200000u /* a line without end is cut somewhere: nothing grows without bound */

static void emit(struct flow *f, struct packed *line)
{
    history_add(&f->out, f->limit, line);
}

static void emit_joined(struct flow *f)
{
    const size_t cols = (size_t)f->cols;
    size_t at = 0;
    do {
        const struct screen_cell *from = f->joined + at;
        size_t left = f->joined_n - at, n = left > cols ? cols : left;
        if (n < left && n > 1 && from[n - 1].width == 2)
            n--; /* a wide one does not fit any more */
        if (f->cursor_at >= (int64_t)at &&
            (f->cursor_at < (int64_t)(at + n) || at + n >= f->joined_n)) {
            f->cursor_line = f->out.total;
            f->cursor_col = (int)(f->cursor_at - (int64_t)at);
        }
        if (cols == 1 && left && from[0].width == 2) { /* never fits */
            const struct screen_cell blank = {" ", 1, from[0].style};
            n = left >= 2 ? 2 : 1;
            emit(f, packed_from_cells(f->s, &blank, 1, n < left));
        } else {
            emit(f, packed_from_cells(f->s, from, n, n < left));
        }
        at += n;
    } while (at < f->joined_n);
    f->joined_n = 0;
    f->cursor_at = -1;
}

static bool is_blank(const struct screen_cell *c)
{
    return c->text[0] == '\0' && c->width == 1;
}

/* A line that goes on is as long as the screen was wide, whatever of it was written; but where a
 * wide character did not fit at its end, that column is none of the text. */
static void join(struct flow *f, const struct packed *line)
{
    const size_t old = (size_t)f->old_cols;
    size_t n = line->wrapped && line->cells < old ? old : line->cells;
    if (f->joined_n + n > f->joined_cap) {
        f->joined_cap = (f->joined_n + n) * 2;
        f->joined = mem_reallocarray(f->joined, f->joined_cap, sizeof *f->joined);
    }
    struct screen_cell two[2];
    packed_cells(line, two, 2);
    if (f->joined_n > 0 && two[0].width == 2 && is_blank(&f->joined[f->joined_n - 1])) {
        f->joined_n--;
        f->cursor_at -= f->cursor_at > (int64_t)f->joined_n;
    }
    struct screen_cell *to = f->joined + f->joined_n;
    packed_cells(line, to, (int)n);
    /* What was erased with a background behind a line's text is no text: it does not wrap. */
    while (!line->wrapped && n > 0 && is_blank(&to[n - 1]))
        n--;
    f->joined_n += n;
}

/* Takes line. cursor_col: where the cursor stands in it, -1: elsewhere. */
static void take(struct flow *f, struct packed *line, int cursor_col)
{
    if (f->joined_n == 0 && !line->wrapped && line->cells <= (uint32_t)f->cols) {
        if (cursor_col >= 0) {
            f->cursor_line = f->out.total;
            f->cursor_col = cursor_col;
        }
        emit(f, line);
        return;
    }
    if (cursor_col >= 0)
        f->cursor_at = (int64_t)f->joined_n + cursor_col;
    join(f, line);
    if (!line->wrapped || f->joined_n > JOINED_MOST)
        emit_joined(f);
    packed_release(line);
}

static void change_width(struct screen *s, int rows, int cols, int *row, int *col)
{
    struct page *p = &s->pages[0];
    struct history *old = &s->history;
    struct flow f = {.s = s, .old_cols = s->cols, .cols = cols, .cursor_at = -1};
    uint64_t before = old->total - old->count;

    f.limit = (size_t)s->history_limit + (size_t)rows;
    for (size_t i = 0; i < old->count; i++)
        take(&f, packed_share(history_at(s, i)), -1);
    for (int r = 0; r < rows; r++) {
        take(&f, packed_from_line(s, p->lines[r], line_used(s, p->lines[r])),
             r == *row ? *col : -1);
        free(p->lines[r]);
    }
    if (f.joined_n)
        emit_joined(&f);
    history_free(old);
    *old = f.out;
    s->cols = cols;

    size_t shown = old->count < (size_t)rows ? old->count : (size_t)rows;
    for (size_t r = 0; r < (size_t)rows; r++)
        p->lines[r] = line_create(cols);
    for (size_t r = shown; r > 0; r--) {
        struct packed *newest = history_pop(s);
        packed_line(s, newest, p->lines[r - 1]);
        packed_release(newest);
    }
    uint64_t top = old->total;
    *row = f.cursor_line >= top ? (int)(f.cursor_line - top) : 0;
    *col = f.cursor_line >= top ? (f.cursor_col < cols ? f.cursor_col : cols - 1) : 0;
    old->total += before;
    free(f.joined);
}

void screen_resize(struct screen *s, int rows, int cols)
{
    rows = rows < 1 ? 1 : rows > SCREEN_MAX_ROWS ? SCREEN_MAX_ROWS : rows;
    cols = cols < 1 ? 1 : cols > SCREEN_MAX_COLS ? SCREEN_MAX_COLS : cols;
    if (rows == s->rows && cols == s->cols)
        return;
    bool on_main = s->page == &s->pages[0];
    if (s->crowded)
        tables_collect(s);
    /* While the alternate screen is shown, the main one's cursor is the saved one. */
    int *row = on_main ? &s->row : &s->pages[0].saved.row;
    int *col = on_main ? &s->col : &s->pages[0].saved.col;
    int past = on_main && s->pending_wrap; /* it stands behind the last character */

    int gone = crop_page(s, &s->pages[1], rows, cols, on_main ? 0 : s->row);
    if (!on_main)
        s->row -= gone;
    *row = change_height(s, rows, *row < s->rows ? *row : s->rows - 1);
    if (cols != s->cols) {
        int at = *col + past;
        change_width(s, rows, cols, row, &at);
        *col = at;
    }
    s->tabs = mem_realloc(s->tabs, (size_t)cols);
    s->rows = rows;
    s->cols = cols;
    tabs_reset(s);
    s->top = s->left = 0;
    s->bottom = rows - 1;
    s->right = cols - 1;
    s->lr_margins = false;
    s->pending_wrap = false;
    for (int p = 0; p < 2; p++) {
        struct saved *v = &s->pages[p].saved;
        v->row = v->row < rows ? v->row : rows - 1;
        v->col = v->col < cols ? v->col : cols - 1;
        v->pending_wrap = false;
    }
    if (s->row >= rows)
        s->row = rows - 1;
    if (s->col >= cols)
        s->col = cols - 1;
    for (int p = 0; p < 2; p++)
        for (int r = 0; r < rows; r++)
            line_touch(s, s->pages[p].lines[r]);
}
