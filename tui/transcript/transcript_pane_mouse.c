/* The mouse in the transcript's pane: wheel, spots, folds, a selection of text; and copying. */
#include "tui/transcript/transcript_pane_private.h"

#include "core/base/mem.h"
#include "core/base/text.h"

#include <string.h>

#define WHEEL 3

size_t pane_byte_at(const struct text_line *line, int col)
{
    size_t at = 0;
    int used = 0;

    while (at < line->n) {
        uint32_t point;
        size_t len = text_decode(line->text + at, line->n - at, &point);
        int w = text_point_width(point);
        if (w > 0 && used + w > col)
            break;
        used += w > 0 ? w : 0;
        at += len;
    }
    return at;
}

int pane_col_at(const struct text_line *line, size_t byte)
{
    int used = 0;

    for (size_t at = 0; at < byte && at < line->n;) {
        uint32_t point;
        at += text_decode(line->text + at, line->n - at, &point);
        int w = text_point_width(point);
        used += w > 0 ? w : 0;
    }
    return used;
}

/* --- selection ---------------------------------------------------------------------------------
 */

static struct pane_point point_at(struct transcript_pane *p, int row, int col)
{
    struct pane_place at = pane_move(p, pane_top(p), row < 0 ? 0 : row);
    int count = transcript_count(p->t);

    if (at.index >= count) { /* below the last line: its end */
        at.index = count - 1;
        at.line = transcript_lines_height(p->lines, at.index) - 1;
        col = p->cols;
    }
    col -= p->left;
    return (struct pane_point){transcript_id_at(p->t, at.index), at.line, col < 0 ? 0 : col};
}

static bool comes_before(const struct pane_point *a, const struct pane_point *b)
{
    if (a->id != b->id)
        return a->id < b->id;
    return a->line != b->line ? a->line < b->line : a->col < b->col;
}

static void ordered(const struct transcript_pane *p, struct pane_point *from, struct pane_point *to)
{
    bool forward = comes_before(&p->from, &p->to);

    *from = forward ? p->from : p->to;
    *to = forward ? p->to : p->from;
}

/* The columns of one line that are selected: none when *to <= *from. */
static void selected_cols(const struct pane_point *from, const struct pane_point *to, uint64_t id,
                          int line, int *ret_from, int *ret_to)
{
    struct pane_point begin = {id, line, 0}, end = {id, line, 1 << 20};

    *ret_from = comes_before(&begin, from) ? from->col : 0;
    *ret_to = comes_before(to, &end) ? to->col + 1 : 1 << 20;
    if (comes_before(&end, from) || comes_before(to, &begin))
        *ret_to = *ret_from = 0;
}

void pane_draw_selection(struct transcript_pane *p, struct canvas *c, struct rect inner,
                         const struct theme *theme)
{
    struct style style = theme_style(theme, ROLE_SELECTION);
    struct pane_place at = pane_top(p);
    struct pane_point from, to;
    int row = 0;

    if (!p->selected && !p->dragged)
        return;
    ordered(p, &from, &to);
    for (; row < inner.rows && at.index < transcript_count(p->t); at.index++, at.line = 0) {
        const struct text_line *lines;
        int count = transcript_lines_at(p->lines, at.index, &lines);
        for (; at.line < count && row < inner.rows; at.line++, row++) {
            int a, b, width = pane_col_at(&lines[at.line], lines[at.line].n);
            selected_cols(&from, &to, transcript_id_at(p->t, at.index), at.line, &a, &b);
            b = b > width ? width : b;
            if (b > a)
                canvas_restyle(c, (struct rect){inner.row + row, inner.col + p->left + a, 1, b - a},
                               &style, 0);
        }
    }
}

static void copy_selection(struct transcript_pane *p, struct buf *out)
{
    struct pane_point from, to;
    int index;

    ordered(p, &from, &to);
    index = transcript_index(p->t, from.id);
    for (; index < transcript_count(p->t) && transcript_id_at(p->t, index) <= to.id; index++) {
        const struct text_line *lines;
        int count = transcript_lines_at(p->lines, index, &lines);
        for (int line = 0; line < count; line++) {
            int a, b;
            selected_cols(&from, &to, transcript_id_at(p->t, index), line, &a, &b);
            if (b > a)
                transcript_line_text(&lines[line], pane_byte_at(&lines[line], a),
                                     pane_byte_at(&lines[line], b), out);
        }
    }
}

/* Without the empty lines around it. */
static void copy_block(struct transcript_pane *p, struct buf *out)
{
    struct buf text = {0};
    size_t skip = 0;
    int index = transcript_index(p->t, p->cursor);

    if (!p->cursor || transcript_id_at(p->t, index) != p->cursor)
        return;
    transcript_lines_text(p->lines, index, &text);
    while (skip < text.len && text.data[skip] == '\n')
        skip++;
    while (text.len > skip && text.data[text.len - 1] == '\n')
        text.len--;
    if (text.len > skip) {
        buf_append(out, text.data + skip, text.len - skip);
        buf_putc(out, '\n');
    }
    buf_finish(&text);
}

void transcript_pane_copy(struct transcript_pane *p, struct buf *out)
{
    transcript_lines_sync(p->lines, 0);
    if (p->selected)
        copy_selection(p, out);
    else
        copy_block(p, out);
}

/* --- the mouse ---------------------------------------------------------------------------------
 */

/* The spot at a column; *ret_shell: the shell that its line names first, or NULL. */
static enum line_spot spot_at(struct transcript_pane *p, const struct text_line *line, int col,
                              const char **ret_shell)
{
    enum line_spot found = LINE_SPOT_NONE;
    size_t byte = pane_byte_at(line, col), at = 0;
    bool named = false;

    *ret_shell = NULL;
    for (int i = 0; i < line->run_count; at += line->runs[i++].n) {
        enum line_spot spot = (enum line_spot)line->runs[i].spot;
        if (byte >= at && byte < at + line->runs[i].n)
            found = spot;
        if (spot == LINE_SPOT_SHELL && !named) {
            buf_clear(&p->scratch);
            buf_append(&p->scratch, line->text + at, line->runs[i].n);
            named = true;
        }
    }
    if (found == LINE_SPOT_SHELL)
        *ret_shell = p->scratch.data;
    return found;
}

static bool click(struct transcript_pane *p, const struct input_event *e,
                  struct transcript_action *a)
{
    struct pane_place at = pane_move(p, pane_top(p), e->row);
    const struct text_line *lines;
    const char *shell;
    enum line_spot spot;
    int count;

    if (!p->following && e->row == p->rows - 1 && e->col >= p->left + p->cols - 10) {
        transcript_pane_end(p); /* on "12 new" */
        return true;
    }
    count = transcript_lines_at(p->lines, at.index, &lines);
    if (at.line >= count)
        return true;
    spot = spot_at(p, &lines[at.line], e->col - p->left, &shell);
    p->cursor = transcript_id_at(p->t, at.index);
    /* A title opens too, not its sign alone. */
    if (spot == LINE_SPOT_NONE && lines[at.line].n && lines[at.line].runs[0].decoration)
        for (int i = 0; i < lines[at.line].run_count && i < 3; i++)
            if (lines[at.line].runs[i].spot == LINE_SPOT_FOLD)
                spot = LINE_SPOT_FOLD;
    if (spot != LINE_SPOT_NONE && !pane_press(p, at.index, spot, shell, a))
        a->kind = ACTION_NONE;
    return true;
}

bool transcript_pane_mouse(struct transcript_pane *p, const struct input_event *e,
                           struct transcript_action *a)
{
    memset(a, 0, sizeof *a);
    if (e->kind != INPUT_MOUSE || transcript_count(p->t) == 0)
        return false;
    transcript_lines_sync(p->lines, 0);
    switch (e->mouse) {
    case MOUSE_WHEEL_UP: transcript_pane_scroll(p, -WHEEL); return true;
    case MOUSE_WHEEL_DOWN: transcript_pane_scroll(p, WHEEL); return true;
    case MOUSE_PRESS:
        if (e->button != 1)
            return false;
        p->selected = p->dragged = false;
        p->pressed = true;
        p->from = p->to = point_at(p, e->row, e->col);
        return true;
    case MOUSE_MOTION:
        if (!p->pressed)
            return false;
        p->to = point_at(p, e->row, e->col);
        p->dragged |= memcmp(&p->from, &p->to, sizeof p->from) != 0;
        return true;
    case MOUSE_RELEASE:
        if (!p->pressed)
            return false;
        p->pressed = false;
        if (!p->dragged)
            return click(p, e, a);
        p->dragged = false;
        p->selected = true;
        a->kind = ACTION_COPY;
        return true;
    }
    return false;
}
