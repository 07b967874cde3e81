/* The canvas (see canvas.h).
 *
 * What always holds: every row has exactly cols cells; a cell of width 2 is followed by one of
 * width 0 and a cell of width 0 follows one of width 2, whatever was drawn over what; unused bytes
 * of a cell are zero, so cells are compared by memcmp; a cell's text is UTF-8 without controls,
 * whatever was handed in, so what reads a canvas may write its texts to a terminal as they are. */
#include "tui/terminal/canvas.h"

#include "core/base/mem.h"
#include "core/base/text.h"
#include "tui/terminal/sgr.h"

#include <stdlib.h>
#include <string.h>

struct canvas {
    int rows, cols;
    struct screen_cell *cells; /* rows * cols */
    struct rect clip;          /* always within the canvas */
    int cursor_row, cursor_col;
    enum cursor_shape shape;
};

static const struct screen_cell blank_cell = {.width = 1};

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int most(int a, int b)
{
    return a > b ? a : b;
}

static struct rect intersect(struct rect a, struct rect b)
{
    int top = most(a.row, b.row), left = most(a.col, b.col);
    long bottom = (long)a.row + a.rows, right = (long)a.col + a.cols;

    if (bottom > (long)b.row + b.rows)
        bottom = (long)b.row + b.rows;
    if (right > (long)b.col + b.cols)
        right = (long)b.col + b.cols;
    if (a.rows <= 0 || a.cols <= 0 || b.rows <= 0 || b.cols <= 0 || bottom <= top || right <= left)
        return (struct rect){0};
    return (struct rect){top, left, (int)(bottom - top), (int)(right - left)};
}

static struct screen_cell *cell_at(struct canvas *c, int row, int col)
{
    return &c->cells[(size_t)row * (size_t)c->cols + (size_t)col];
}

static void make_blank(struct screen_cell *cell, const struct style *style)
{
    memset(cell, 0, sizeof *cell);
    cell->width = 1;
    if (style)
        cell->style = *style;
    cell->style.link = 0; /* a link's number means nothing outside of its screen */
}

/* Before one column is drawn over: what was the other half of a wide cell becomes a blank. */
static void part(struct canvas *c, int row, int col)
{
    struct screen_cell *cell = cell_at(c, row, col);

    if (cell->width == 0 && col > 0)
        make_blank(cell - 1, &(struct style){.bg = cell[-1].style.bg});
    else if (cell->width == 2 && col + 1 < c->cols)
        make_blank(cell + 1, &(struct style){.bg = cell->style.bg});
}

static void put_blank(struct canvas *c, int row, int col, const struct style *style)
{
    part(c, row, col);
    make_blank(cell_at(c, row, col), style);
}

static bool in_clip(const struct canvas *c, int row, int col)
{
    return row >= c->clip.row && row < c->clip.row + c->clip.rows && col >= c->clip.col &&
           col < c->clip.col + c->clip.cols;
}

/* A wide one of which only one half is inside is drawn as a blank there. text has n bytes, fewer
 * than a cell holds. */
static void put(struct canvas *c, int row, int col, const char *text, size_t n, int width,
                const struct style *style)
{
    bool here = in_clip(c, row, col);

    if (n == 1 && text[0] == ' ')
        n = 0; /* one kind of blank, or equal pictures would differ */
    if (width == 2 && (!here || !in_clip(c, row, col + 1))) {
        if (here)
            put_blank(c, row, col, style);
        if (in_clip(c, row, col + 1))
            put_blank(c, row, col + 1, style);
        return;
    }
    if (!here)
        return;
    put_blank(c, row, col, style);
    struct screen_cell *cell = cell_at(c, row, col);
    memcpy(cell->text, text, n);
    if (width == 2) {
        put_blank(c, row, col + 1, style);
        cell->width = 2;
        cell[1].width = 0;
    }
}

struct canvas *canvas_create(int rows, int cols)
{
    struct canvas *c = mem_zalloc(sizeof *c);

    canvas_resize(c, rows, cols);
    return c;
}

void canvas_destroy(struct canvas *c)
{
    if (!c)
        return;
    free(c->cells);
    free(c);
}

void canvas_resize(struct canvas *c, int rows, int cols)
{
    c->rows = least(most(rows, 1), SCREEN_MAX_ROWS);
    c->cols = least(most(cols, 1), SCREEN_MAX_COLS);
    free(c->cells);
    c->cells = mem_calloc((size_t)c->rows * (size_t)c->cols, sizeof *c->cells);
    canvas_unclip(c);
    canvas_fill(c, c->clip, (struct style){0});
    canvas_cursor(c, -1, 0, CURSOR_DEFAULT);
}

int canvas_rows(const struct canvas *c)
{
    return c->rows;
}

int canvas_cols(const struct canvas *c)
{
    return c->cols;
}

void canvas_clip(struct canvas *c, struct rect clip)
{
    c->clip = intersect(clip, (struct rect){0, 0, c->rows, c->cols});
}

void canvas_unclip(struct canvas *c)
{
    c->clip = (struct rect){0, 0, c->rows, c->cols};
}

void canvas_fill(struct canvas *c, struct rect r, struct style style)
{
    r = intersect(r, c->clip);
    if (!r.rows)
        return;
    for (int row = r.row; row < r.row + r.rows; row++) {
        /* Only at the two edges can a wide cell be cut. */
        put_blank(c, row, r.col, &style);
        put_blank(c, row, r.col + r.cols - 1, &style);
        for (int col = r.col + 1; col < r.col + r.cols - 1; col++)
            make_blank(cell_at(c, row, col), &style);
    }
}

/* The bytes of one cell's text from the front of text[0..n): a character that takes columns and the
 * marks behind it, as text_width counts; marks for which the cell has no room are dropped. Gives
 * the bytes used up; *ret_width is 0 for what is not shown. */
static size_t next_cell(const char *text, size_t n, char out[static 28], size_t *ret_n,
                        int *ret_width)
{
    uint32_t point;
    size_t used = text_decode(text, n, &point), len;
    int width = text_point_width(point);

    *ret_width = 0;
    *ret_n = 0;
    if (width <= 0)
        return used; /* a control, or a mark without anything to sit on */
    *ret_n = text_encode(point, out);
    *ret_width = width;
    while (used < n) {
        len = text_decode(text + used, n - used, &point);
        if (text_point_width(point) != 0)
            break;
        if (*ret_n + 4 < 28)
            *ret_n += text_encode(point, out + *ret_n);
        used += len;
    }
    return used;
}

int canvas_text(struct canvas *c, int row, int col, int cols, struct style style, const char *text)
{
    size_t n = strlen(text), used;
    int drawn = 0;

    for (; n && drawn < cols; text += used, n -= used) {
        char bytes[28];
        size_t len;
        int width;
        used = next_cell(text, n, bytes, &len, &width);
        if (drawn + width > cols)
            break;
        if (width)
            put(c, row, col + drawn, bytes, len, width, &style);
        drawn += width;
    }
    return drawn;
}

int canvas_text_cut(struct canvas *c, int row, int col, int cols, struct style style,
                    const char *text, const char *sign)
{
    if (cols < 1 || text_width(text) <= cols)
        return canvas_text(c, row, col, cols, style, text);
    const int drawn = canvas_text(c, row, col, cols - 1, style, text);
    return drawn + canvas_text(c, row, col + drawn, 1, style, sign);
}

/* The length of a cell's text when it may be written to a terminal, else -1. */
static int safe_length(const char *text, size_t size)
{
    size_t n = strnlen(text, size);

    if (n == 1) /* nearly always */
        return text[0] >= 0x20 && text[0] < 0x7f ? 1 : -1;
    if (n == size)
        return -1;
    for (size_t i = 0; i < n;) {
        uint32_t point;
        size_t len = text_decode(text + i, n - i, &point);
        if (point < 0x20 || (point >= 0x7f && point < 0xa0) || (point == 0xfffd && len == 1))
            return -1;
        i += len;
    }
    return (int)n;
}

void canvas_cell(struct canvas *c, int row, int col, const struct screen_cell *cell)
{
    /* The right half comes with its left one, which has been drawn already. */
    if (cell->width == 0 && in_clip(c, row, col) && cell_at(c, row, col)->width == 0)
        return;
    int n = safe_length(cell->text, sizeof cell->text);
    int width = cell->width == 2 ? 2 : 1;
    if (n < 0)
        put(c, row, col, "?", 1, 1, &cell->style);
    else
        put(c, row, col, cell->text, cell->width ? (size_t)n : 0, width, &cell->style);
}

static void restyle(struct style *s, const struct style *style, uint16_t flip)
{
    if (style && style->bg != COLOUR_DEFAULT) {
        s->bg = style->bg;
        s->attrs &= (uint16_t)~ATTR_REVERSE; /* or the new ground would be the letters' */
    }
    if (style && style->fg != COLOUR_DEFAULT)
        s->fg = style->fg;
    if (style && style->attrs & ATTR_UNDERLINE) /* a number, not bits */
        s->attrs &= (uint16_t)~ATTR_UNDERLINE;
    if (style)
        s->attrs |= style->attrs;
    s->attrs ^= flip;
}

void canvas_restyle(struct canvas *c, struct rect r, const struct style *style, uint16_t flip)
{
    r = intersect(r, c->clip);
    for (int row = r.row; row < r.row + r.rows; row++) {
        /* A wide character has one style: with either half inside, both change. */
        int col = cell_at(c, row, r.col)->width == 0 ? r.col - 1 : r.col;
        while (col < r.col + r.cols) {
            struct screen_cell *cell = cell_at(c, row, col);
            restyle(&cell->style, style, flip);
            if (cell->width == 2)
                cell[1].style = cell->style;
            col += cell->width == 2 ? 2 : 1;
        }
    }
}

const struct screen_cell *canvas_at(const struct canvas *c, int row, int col)
{
    if (row < 0 || row >= c->rows || col < 0 || col >= c->cols)
        return &blank_cell;
    return &c->cells[(size_t)row * (size_t)c->cols + (size_t)col];
}

void canvas_cursor(struct canvas *c, int row, int col, enum cursor_shape shape)
{
    if (row < 0 || row >= c->rows || col < 0 || col >= c->cols) {
        row = -1;
        col = 0;
        shape = CURSOR_DEFAULT;
    }
    c->cursor_row = row;
    c->cursor_col = col;
    c->shape = shape;
}

void canvas_get_cursor(const struct canvas *c, int *ret_row, int *ret_col, enum cursor_shape *ret)
{
    *ret_row = c->cursor_row;
    *ret_col = c->cursor_col;
    *ret = c->shape;
}

static bool plain_blank(const struct screen_cell *cell, bool ansi)
{
    return cell->width == 1 && !cell->text[0] &&
           (!ansi || memcmp(&cell->style, &blank_cell.style, sizeof cell->style) == 0);
}

void canvas_print(const struct canvas *c, bool ansi, struct buf *out)
{
    for (int row = 0; row < c->rows; row++) {
        const struct screen_cell *line = canvas_at(c, row, 0);
        struct style style = {0};
        int end = c->cols;
        while (end > 0 && plain_blank(&line[end - 1], ansi))
            end--;
        for (int col = 0; col < end; col++) {
            if (line[col].width == 0)
                continue;
            if (ansi)
                sgr_change(out, &style, &line[col].style, TERM_TRUECOLOUR, true);
            style = line[col].style;
            buf_puts(out, line[col].text[0] ? line[col].text : line[col].width == 2 ? "  " : " ");
        }
        if (ansi)
            sgr_change(out, &style, &(struct style){0}, TERM_TRUECOLOUR, true);
        buf_putc(out, '\n');
    }
}
