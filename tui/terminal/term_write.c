/* The differences (see term_write.h).
 *
 * The writer keeps the cells that the terminal shows, where its cursor stands and which style its
 * pen has, and trusts none of it further than it must. Cells are written line by line, from left to
 * right; what is equal is passed over by the shortest motion. A character of which terminals do not
 * agree how wide it is (emoji with joiners or selectors, several code points) is 'doubtful': its
 * cells are blanked before, the cursor is set absolutely behind, and its right neighbour is written
 * again whenever it changes; so a terminal that disagrees garbles that cell and no other.
 *
 * Nothing is ever written behind the last column, after which the cursor's column counts as
 * unknown; where a terminal would wrap at once, or may take a character for wider than it is,
 * wrapping is off. (Not always: without it some terminals put a mark on the letter before that in
 * the last column.) Cells are erased (EL, ECH) only to the default background, for terminals differ
 * in what colour they erase to. */
#include "tui/terminal/term_write.h"

#include "core/base/mem.h"
#include "core/base/text.h"
#include "tui/terminal/sgr.h"

#include <stdlib.h>
#include <string.h>

#define ERASE_LEAST 6  /* blanks that are worth a sequence */
#define QUIET_BYTES 32 /* a change this small needs no protection from being seen halfway */
#define UNKNOWN     (-1)

struct writer {
    int rows, cols;
    struct screen_cell *shown; /* rows * cols */
    bool known;                /* shown is what the terminal shows */
    bool pen_known;
    struct style pen;
    int row, col; /* the cursor, or UNKNOWN */
    bool visible;
    enum cursor_shape shape;
    struct buf body;
};

static const struct screen_cell blank = {.width = 1};

struct writer *writer_create(int rows, int cols)
{
    struct writer *w = mem_zalloc(sizeof *w);

    writer_forget(w, rows, cols);
    return w;
}

void writer_destroy(struct writer *w)
{
    if (!w)
        return;
    free(w->shown);
    buf_finish(&w->body);
    free(w);
}

void writer_forget(struct writer *w, int rows, int cols)
{
    if (rows != w->rows || cols != w->cols) {
        free(w->shown);
        w->shown = mem_calloc((size_t)rows * (size_t)cols, sizeof *w->shown);
        w->rows = rows;
        w->cols = cols;
    }
    w->known = w->pen_known = false;
}

static bool same(const struct screen_cell *a, const struct screen_cell *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static bool plain_blank(const struct screen_cell *cell)
{
    return same(cell, &blank);
}

/* More than one code point, or one of the blocks that grew after many terminals were made. */
static bool doubtful(const struct screen_cell *cell)
{
    const unsigned char *s = (const unsigned char *)cell->text;
    uint32_t point;
    size_t n;

    if (!s[0] || (s[0] < 0x80 && !s[1])) /* nearly always */
        return false;
    n = strlen(cell->text);
    return text_decode(cell->text, n, &point) != n || point >= 0x1f000 ||
           (point >= 0x2600 && point < 0x2800 && cell->width == 2);
}

/* More than marks on a letter: some terminals give it one column, some two. */
static bool may_be_wider(const struct screen_cell *cell)
{
    return strstr(cell->text, "\xef\xb8\x8f") || strstr(cell->text, "\xe2\x80\x8d") ||
           (unsigned char)cell->text[0] >= 0xf0;
}

static void move_to(struct writer *w, int row, int col, const struct term_caps *caps)
{
    struct buf *out = &w->body;

    if (w->row == row && w->col == col)
        return;
    if (w->row == row && col == 0)
        buf_putc(out, '\r');
    else if (w->row == row && w->col != UNKNOWN && col == w->col - 1)
        buf_putc(out, '\b');
    else if (w->row == row && w->col != UNKNOWN && col == w->col + 1)
        buf_puts(out, "\033[C");
    else if (w->row == row && w->col != UNKNOWN && col > w->col)
        buf_printf(out, "\033[%dC", col - w->col);
    else if (w->row == row && caps->hpa)
        buf_printf(out, "\033[%dG", col + 1);
    else if (w->row != UNKNOWN && row == w->row + 1 && col == 0)
        buf_puts(out, "\r\n");
    else if (w->row != UNKNOWN && row == w->row + 1 && col == w->col)
        buf_putc(out, '\n');
    else if (row == 0 && col == 0)
        buf_puts(out, "\033[H");
    else if (col == 0)
        buf_printf(out, "\033[%dH", row + 1);
    else
        buf_printf(out, "\033[%d;%dH", row + 1, col + 1);
    w->row = row;
    w->col = col;
}

static void set_pen(struct writer *w, const struct style *style, const struct term_caps *caps)
{
    if (!w->pen_known)
        buf_puts(&w->body, "\033[m");
    if (!w->pen_known)
        w->pen = (struct style){0};
    w->pen_known = true;
    if (memcmp(&w->pen, style, sizeof w->pen) != 0)
        sgr_change(&w->body, &w->pen, style, caps->colours, caps->extended);
    w->pen = *style;
}

static void advance(struct writer *w, int columns)
{
    w->col += columns;
    if (w->col >= w->cols)
        w->col = UNKNOWN;
}

static void put_cell(struct writer *w, int row, int col, const struct screen_cell *cell,
                     const struct term_caps *caps)
{
    bool wary = caps->utf8 && doubtful(cell);
    bool edge = wary && caps->xenl && col + cell->width >= w->cols && may_be_wider(cell);

    set_pen(w, &cell->style, caps);
    move_to(w, row, col, caps);
    if (wary && cell->width == 2) {
        buf_puts(&w->body, "  ");
        w->col = UNKNOWN;
        move_to(w, row, col, caps);
    }
    if (edge)
        buf_puts(&w->body, "\033[?7l");
    if (!cell->text[0])
        buf_puts(&w->body, cell->width == 2 ? "  " : " ");
    else if (caps->utf8 || (unsigned char)cell->text[0] < 0x80)
        buf_puts(&w->body, caps->utf8 ? cell->text : (char[2]){cell->text[0], '\0'});
    else
        buf_puts(&w->body, cell->width == 2 ? "??" : "?");
    if (edge)
        buf_puts(&w->body, "\033[?7h");
    advance(w, cell->width);
    if (wary) {
        w->col = UNKNOWN;
        if (col + 3 >= w->cols)
            w->row = UNKNOWN;
    }
}

/* The line that a canvas of another size wants, as exactly cols cells. */
static void fit_line(const struct writer *w, const struct canvas *c, int row,
                     struct screen_cell *to)
{
    for (int col = 0; col < w->cols; col++)
        to[col] = row < canvas_rows(c) ? *canvas_at(c, row, col) : blank;
    if (to[w->cols - 1].width == 2) { /* its right half is beyond the edge */
        struct style style = to[w->cols - 1].style;
        to[w->cols - 1] = blank;
        to[w->cols - 1].style = style;
    }
}

/* Whether the cells from col on, a character's one or two, must be written. before: the character
 * to the left was written just now, or its cells were. */
static bool dirty(const struct screen_cell *old, const struct screen_cell *now, int col,
                  bool left_written)
{
    if (!same(&old[col], &now[col]) || (now[col].width == 2 && !same(&old[col + 1], &now[col + 1])))
        return true;
    if (!left_written || col == 0)
        return false;
    const struct screen_cell *was = &old[col - 1], *is = &now[col - 1];
    if (is->width == 0)
        is--;
    if (was->width == 0)
        was--;
    return doubtful(was) || doubtful(is);
}

/* Whether going on by writing the equal cells in between is shorter than a motion. */
static bool write_through(const struct writer *w, const struct screen_cell *now, int col)
{
    if (w->col == UNKNOWN || col <= w->col || col - w->col > 3 || !w->pen_known)
        return false;
    for (int i = w->col; i < col; i++)
        if ((unsigned char)now[i].text[0] >= 0x80 || now[i].width != 1 ||
            (now[i].text[0] && now[i].text[1]) ||
            memcmp(&now[i].style, &w->pen, sizeof w->pen) != 0)
            return false;
    return true;
}

/* Blanks from col to before end: by erasing if they are many. Gives the next column. */
static int put_blanks(struct writer *w, int row, int col, int end, const struct screen_cell *old,
                      const struct term_caps *caps)
{
    int last = col;

    for (int i = col; i < end; i++)
        if (!plain_blank(&old[i]))
            last = i;
    if (last - col + 1 < ERASE_LEAST || (end < w->cols && !caps->ech)) {
        put_cell(w, row, col, &blank, caps);
        return col + 1;
    }
    set_pen(w, &blank.style, caps);
    move_to(w, row, col, caps);
    if (end == w->cols)
        buf_puts(&w->body, "\033[K");
    else
        buf_printf(&w->body, "\033[%dX", last - col + 1);
    return end == w->cols ? end : last + 1;
}

static void show_line(struct writer *w, int row, const struct screen_cell *now,
                      const struct term_caps *caps)
{
    struct screen_cell *old = &w->shown[(size_t)row * (size_t)w->cols];
    bool left = false;

    for (int col = 0; col < w->cols;) {
        int width = now[col].width == 2 ? 2 : 1;
        if (!dirty(old, now, col, left)) {
            left = false;
            col += width;
            continue;
        }
        left = true;
        if (plain_blank(&now[col])) {
            int stop = col;
            while (stop < w->cols && plain_blank(&now[stop]))
                stop++;
            col = put_blanks(w, row, col, stop, old, caps);
            continue;
        }
        if (w->row == row && write_through(w, now, col))
            for (int i = w->col; i < col; i++)
                put_cell(w, row, i, &now[i], caps);
        put_cell(w, row, col, &now[col], caps);
        col += width;
    }
    memcpy(old, now, (size_t)w->cols * sizeof *old);
}

static void start_anew(struct writer *w)
{
    buf_puts(&w->body, "\033[m\033[H\033[2J");
    w->pen_known = true;
    w->pen = (struct style){0};
    w->row = w->col = 0;
    for (size_t i = 0; i < (size_t)w->rows * (size_t)w->cols; i++)
        w->shown[i] = blank;
}

bool writer_show(struct writer *w, const struct canvas *c, const struct term_caps *caps,
                 struct buf *out)
{
    struct screen_cell *space = NULL;
    enum cursor_shape shape;
    bool anew = !w->known, shaped = false, hide, show;
    int row, col;

    buf_clear(&w->body);
    if (anew)
        start_anew(w);
    if (canvas_cols(c) != w->cols || canvas_rows(c) < w->rows)
        space = mem_calloc((size_t)w->cols, sizeof *space);
    for (row = 0; row < w->rows; row++) {
        if (space)
            fit_line(w, c, row, space);
        const struct screen_cell *now = space ? space : canvas_at(c, row, 0);
        const struct screen_cell *old = &w->shown[(size_t)row * (size_t)w->cols];
        if (memcmp(old, now, (size_t)w->cols * sizeof *now) != 0)
            show_line(w, row, now, caps);
    }
    free(space);
    canvas_get_cursor(c, &row, &col, &shape);
    if (row >= w->rows || col >= w->cols)
        row = -1;
    bool drawn = w->body.len > QUIET_BYTES;
    hide = (anew || w->visible) && (row < 0 || (drawn && !caps->sync));
    show = row >= 0 && (anew || !w->visible || hide);
    if (row >= 0) {
        move_to(w, row, col, caps);
        if (caps->xterm && (shape != w->shape || (anew && shape != CURSOR_DEFAULT))) {
            static const int number[] = {0, 2, 4, 6}; /* DECSCUSR */
            buf_printf(&w->body, "\033[%d q", number[shape]);
            w->shape = shape;
            shaped = true;
        }
    }
    w->visible = row >= 0;
    w->known = true;
    if (!w->body.len && !hide && !show)
        return false;
    if (drawn && caps->sync)
        buf_puts(out, "\033[?2026h");
    if (hide)
        buf_puts(out, caps->civis);
    buf_append(out, w->body.data, w->body.len);
    if (show)
        buf_puts(out, caps->cnorm);
    if (drawn && caps->sync)
        buf_puts(out, "\033[?2026l");
    return shaped;
}
