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

static void crop_page(struct screen *s, struct page *p, int rows, int cols)
{
    struct line **lines = mem_calloc((size_t)rows, sizeof *lines);
    for (int row = 0; row < rows; row++)
        lines[row] = row < s->rows ? copy_line(p->lines[row], s->cols, cols) : line_create(cols);
    for (int row = 0; row < s->rows; row++)
        free(p->lines[row]);
    free(p->lines);
    p->lines = lines;
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
        needed -= cut;
        for (; needed > 0; needed--) {
            if (s->history_limit > 0)
                history_push(s, p->lines[from]);
            free(p->lines[from++]);
        }
    } else {
        while (pulled < rows - s->rows && (size_t)pulled < s->history.count)
            pulled++;
        for (int i = 0; i < pulled; i++) {
            struct line *l = line_create(s->cols);
            size_t newest = s->history.count - 1;
            history_read(s, newest, l->cells, s->cols, &l->wrapped);
            lines[pulled - 1 - i] = l;
            history_pop(s);
        }
    }
    for (int row = 0; row < rows - pulled; row++)
        lines[row + pulled] = from + row < count ? p->lines[from + row] : line_create(s->cols);
    free(p->lines);
    p->lines = lines;
    return cursor - from + pulled;
}

/* Lines come in one after another; what no longer fits on the screen goes to the history. */
struct flow {
    struct screen *s;
    int rows, cols;
    struct line **ring; /* the newest `rows` lines */
    int count, first;
    uint64_t total; /* lines so far */
    struct cell *joined;
    size_t joined_n, joined_cap;
    int64_t cursor_at; /* offset of the cursor in the joined line, -1: not in it */
    uint64_t cursor_line;
    int cursor_col;
};

static void emit(struct flow *f, struct line *l)
{
    if (f->count == f->rows) {
        struct line *oldest = f->ring[f->first];
        int cols = f->s->cols;
        f->s->cols = f->cols; /* history_push measures a line by the screen's width */
        if (f->s->history_limit > 0)
            history_push(f->s, oldest);
        f->s->cols = cols;
        free(oldest);
        f->ring[f->first] = l;
        f->first = (f->first + 1) % f->rows;
    } else {
        f->ring[(f->first + f->count++) % f->rows] = l;
    }
    f->total++;
}

static void emit_joined(struct flow *f)
{
    size_t at = 0;
    do {
        struct line *l = line_create(f->cols);
        size_t n = f->joined_n - at;
        if (n > (size_t)f->cols)
            n = (size_t)f->cols;
        if (at + n < f->joined_n && n > 1 && f->joined[at + n - 1].width == 2)
            n--; /* a wide one does not fit any more */
        if (n == 1 && f->joined[at].width == 2 && f->cols == 1) { /* never fits */
            l->cells[0] = (struct cell){' ', f->joined[at].style, 1, CELL_WRITTEN};
            n = at + 2 <= f->joined_n ? 2 : 1;
        } else if (n) {
            memcpy(l->cells, f->joined + at, n * sizeof(struct cell));
        }
        if (f->cursor_at >= (int64_t)at &&
            (f->cursor_at < (int64_t)(at + n) || at + n >= f->joined_n)) {
            f->cursor_line = f->total;
            f->cursor_col = (int)(f->cursor_at - (int64_t)at);
        }
        at += n;
        l->wrapped = at < f->joined_n;
        emit(f, l);
    } while (at < f->joined_n);
    f->joined_n = 0;
    f->cursor_at = -1;
}

static void take(struct flow *f, const struct cell *cells, int n, bool wrapped, int cursor_col)
{
    /* What was erased with a background behind a line's text is no text: it does not wrap. */
    while (n > 0 && !(cells[n - 1].flags & CELL_WRITTEN))
        n--;
    if (cursor_col >= 0)
        f->cursor_at = (int64_t)f->joined_n + cursor_col;
    if (f->joined_n + (size_t)n > f->joined_cap) {
        f->joined_cap = (f->joined_n + (size_t)n) * 2;
        f->joined = mem_reallocarray(f->joined, f->joined_cap, sizeof *f->joined);
    }
    if (n)
        memcpy(f->joined + f->joined_n, cells, (size_t)n * sizeof *cells);
    f->joined_n += (size_t)n;
    /* A line without end is cut somewhere: nothing here grows without bound. */
    if (!wrapped || f->joined_n > 1000000)
        emit_joined(f);
}

static void change_width(struct screen *s, int rows, int cols, int *row, int *col)
{
    struct page *p = &s->pages[0];
    struct history old = s->history;
    struct flow f = {.s = s, .rows = rows, .cols = cols, .cursor_at = -1};
    uint64_t before = old.total - old.count;

    f.ring = mem_calloc((size_t)rows, sizeof *f.ring);
    s->history = (struct history){0};
    struct screen reading = *s; /* the old lines, read while the new ones are written */
    for (size_t i = 0; i < old.count; i++) {
        bool wrapped;
        int n;
        reading.history = old;
        reading.clusters = s->clusters;
        struct cell *cells = history_cells(&reading, i, &n, &wrapped);
        s->clusters = reading.clusters;
        take(&f, cells, n, wrapped, -1);
        free(cells);
    }
    for (int r = 0; r < rows; r++)
        take(&f, p->lines[r]->cells, line_used(s, p->lines[r]), p->lines[r]->wrapped,
             r == *row ? *col : -1);
    if (f.joined_n)
        emit_joined(&f);
    for (size_t i = 0; i < old.count; i++)
        free(old.lines[(old.first + i) % old.cap]);
    free(old.lines);
    for (int r = 0; r < rows; r++) {
        free(p->lines[r]);
        p->lines[r] = r < f.count ? f.ring[(f.first + r) % rows] : line_create(cols);
    }
    s->history.total += before;
    uint64_t top = f.total - (uint64_t)f.count;
    *row = f.cursor_line >= top ? (int)(f.cursor_line - top) : 0;
    *col = f.cursor_line >= top ? (f.cursor_col < cols ? f.cursor_col : cols - 1) : 0;
    free(f.ring);
    free(f.joined);
}

void screen_resize(struct screen *s, int rows, int cols)
{
    rows = rows < 1 ? 1 : rows > SCREEN_MAX_ROWS ? SCREEN_MAX_ROWS : rows;
    cols = cols < 1 ? 1 : cols > SCREEN_MAX_COLS ? SCREEN_MAX_COLS : cols;
    if (rows == s->rows && cols == s->cols)
        return;
    bool on_main = s->page == &s->pages[0];
    /* While the alternate screen is shown, the main one's cursor is the saved one. */
    int *row = on_main ? &s->row : &s->pages[0].saved.row;
    int *col = on_main ? &s->col : &s->pages[0].saved.col;
    int past = on_main && s->pending_wrap; /* it stands behind the last character */

    crop_page(s, &s->pages[1], rows, cols);
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
