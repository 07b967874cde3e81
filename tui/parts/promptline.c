/* The prompt line (see promptline.h). Rows are found anew whenever they are needed: a row ends at
 * '\n', else behind the last space that fits, else where the room ends. One column of the room is
 * the cursor's. What is in the text is as typed; it is drawn as safe text. */
#include "tui/parts/promptline.h"

#include "core/base/mem.h"
#include "core/base/text.h"
#include "tui/parts/motion.h"

#include <stdlib.h>
#include <string.h>

#define NO_ROW   ((size_t)-1)
#define TAB_COLS 4

void promptline_init(struct promptline *p)
{
    memset(p, 0, sizeof *p);
    p->cols = 80;
    p->goal = -1;
    buf_puts(&p->text, "");
}

void promptline_finish(struct promptline *p)
{
    buf_finish(&p->text);
    line_forget(&p->history);
    free(p->typed);
}

bool promptline_empty(const struct promptline *p)
{
    return p->text.len == 0;
}

const char *promptline_text(const struct promptline *p)
{
    return p->text.data;
}

static void replace(struct promptline *p, const char *text)
{
    size_t n = strlen(text);

    if (n > PROMPTLINE_MAX)
        n = motion_before(text, PROMPTLINE_MAX);
    buf_clear(&p->text);
    buf_append(&p->text, text, n);
    p->cursor = n;
    p->goal = -1;
}

void promptline_set(struct promptline *p, const char *text)
{
    replace(p, text);
    p->place = p->history.count;
}

void promptline_remember(struct promptline *p, const char *text)
{
    bool typing = p->place >= p->history.count;
    int count = p->history.count;

    line_remember(&p->history, text);
    if (typing)
        p->place = p->history.count;
    else if (count == HISTORY_MAX && p->history.count == count && p->place > 0)
        p->place--; /* the oldest one went */
}

/* --- rows --- */

/* One character as it is drawn; gives its columns, and in *ret_n its bytes. */
static int sign(const char *text, size_t n, char out[16], size_t *ret_n)
{
    uint32_t point;

    *ret_n = 1;
    if ((unsigned char)*text >= ' ' && (unsigned char)*text < 0x7f) {
        out[0] = *text;
        out[1] = '\0';
        return 1;
    }
    if (*text == '\t') {
        memcpy(out, "    ", TAB_COLS + 1);
        return TAB_COLS;
    }
    *ret_n = text_decode(text, n, &point);
    text_make_safe(out, 16, text, *ret_n);
    return text_width(out);
}

/* The row that begins at from: where its text ends, and (returned) where the next one begins. */
static size_t row_end(const struct promptline *p, size_t from, int cols, size_t *ret_end)
{
    const char *text = p->text.data;
    size_t at = from, space = 0, n;
    int width = 0, room = cols > 1 ? cols - 1 : 1;
    char out[16];

    while (at < p->text.len) {
        if (text[at] == '\n') {
            *ret_end = at;
            return at + 1;
        }
        width += sign(text + at, p->text.len - at, out, &n);
        if (width > room && at > from) {
            if (text[at] == ' ') /* it may hang over */
                *ret_end = at + 1;
            else
                *ret_end = space > from ? space : at;
            return *ret_end;
        }
        at += n;
        if (text[at - 1] == ' ')
            space = at;
    }
    *ret_end = at;
    return NO_ROW;
}

static int width_of(const struct promptline *p, size_t from, size_t to)
{
    char out[16];
    int width = 0;
    size_t n;

    for (size_t at = from; at < to; at += n)
        width += sign(p->text.data + at, p->text.len - at, out, &n);
    return width;
}

int promptline_rows(const struct promptline *p, int cols)
{
    size_t end, from = 0;
    int rows = 0;

    do {
        from = row_end(p, from, cols, &end);
        rows++;
    } while (from != NO_ROW);
    return rows;
}

struct spot {
    int row, col;
    size_t begin, end; /* of its row */
    bool last;
};

/* Where an offset stands. At a soft break it stands at the begin of the next row. */
static struct spot spot_of(const struct promptline *p, size_t offset)
{
    size_t from = 0, end, next;
    int row = 0;

    for (;; row++, from = next) {
        next = row_end(p, from, p->cols, &end);
        if (next == NO_ROW || offset < next)
            break;
    }
    return (struct spot){row, width_of(p, from, offset), from, end, next == NO_ROW};
}

/* The offset nearest to a column of a row. */
static size_t offset_at(const struct promptline *p, int row, int col)
{
    size_t from = 0, end = 0, next = 0, n, at;
    char out[16];
    int width = 0;

    for (int i = 0; i <= row && next != NO_ROW; i++) {
        from = next;
        next = row_end(p, from, p->cols, &end);
    }
    for (at = from; at < end; at += n) {
        width += sign(p->text.data + at, p->text.len - at, out, &n);
        if (width > col)
            break;
    }
    /* Behind the last sign of a wrapped row is the begin of the next one. */
    return at == end && next == end && at > from ? motion_before(p->text.data, at) : at;
}

/* --- editing --- */

static void cut(struct promptline *p, size_t from, size_t to)
{
    memmove(p->text.data + from, p->text.data + to, p->text.len - to + 1);
    p->text.len -= to - from;
    p->cursor = from;
}

static bool insert(struct promptline *p, const char *bytes, size_t n)
{
    if (p->text.len + n > PROMPTLINE_MAX)
        return false;
    buf_reserve(&p->text, n + 1);
    memmove(p->text.data + p->cursor + n, p->text.data + p->cursor, p->text.len - p->cursor + 1);
    memcpy(p->text.data + p->cursor, bytes, n);
    p->text.len += n;
    p->cursor += n;
    return true;
}

/* Lines stay lines, whatever ends them; other controls are left out. */
static enum prompt_result paste(struct promptline *p, const char *text, size_t n)
{
    struct buf clean = {0};
    bool fits;

    for (size_t i = 0; i < n;) {
        uint32_t point;
        char out[4];
        i += text_decode(text + i, n - i, &point);
        if (point == '\r') {
            if (i < n && text[i] == '\n')
                continue;
            point = '\n';
        }
        if (point == '\n' || point == '\t' || text_point_width(point) >= 0)
            buf_append(&clean, out, text_encode(point, out));
    }
    size_t room = PROMPTLINE_MAX - p->text.len;
    fits = clean.len <= room;
    if (!fits) {
        clean.len = motion_before(clean.data, room + 1 <= clean.len ? room + 1 : clean.len);
        if (clean.len > room)
            clean.len = motion_before(clean.data, clean.len);
    }
    if (clean.len > 0)
        insert(p, clean.data, clean.len);
    buf_finish(&clean);
    return fits ? PROMPT_GOES_ON : PROMPT_FULL;
}

static void walk(struct promptline *p, int step)
{
    int to = p->place + step;

    if (to < 0 || to > p->history.count)
        return;
    if (p->place == p->history.count) {
        free(p->typed);
        p->typed = mem_strdup(p->text.data);
    }
    p->place = to;
    replace(p, to == p->history.count ? p->typed : p->history.lines[to]);
}

/* A row up or down; beyond the first and the last one is the history. */
static void vertical(struct promptline *p, int step)
{
    struct spot spot = spot_of(p, p->cursor);
    int goal = p->goal >= 0 ? p->goal : spot.col;

    if ((step < 0 && spot.row == 0) || (step > 0 && spot.last)) {
        walk(p, step);
        return;
    }
    p->cursor = offset_at(p, spot.row + step, goal);
    p->goal = goal;
}

static enum prompt_result control_key(struct promptline *p, uint32_t code)
{
    const char *text = p->text.data;
    size_t n = p->text.len, at = p->cursor, end = motion_line_end(text, n, at);

    switch (code) {
    case 'a': p->cursor = motion_line_begin(text, at); break;
    case 'e': p->cursor = end; break;
    case 'b': p->cursor = motion_before(text, at); break;
    case 'f': p->cursor = motion_behind(text, n, at); break;
    case 'd': cut(p, at, motion_behind(text, n, at)); break;
    case 'h': cut(p, motion_before(text, at), at); break;
    case 'k': cut(p, at, end > at ? end : motion_behind(text, n, at)); break;
    case 'u': cut(p, motion_line_begin(text, at), at); break;
    case 'w': cut(p, motion_word_before(text, at), at); break;
    case 'p': vertical(p, -1); break;
    case 'n': vertical(p, 1); break;
    case 'j': return insert(p, "\n", 1) ? PROMPT_GOES_ON : PROMPT_FULL;
    case 'm': return PROMPT_SENDS;
    case 'c': return PROMPT_INTERRUPTS;
    case 'g': return PROMPT_LEAVES;
    default: return PROMPT_NOT_MINE;
    }
    return PROMPT_GOES_ON;
}

static enum prompt_result alt_key(struct promptline *p, uint32_t code)
{
    const char *text = p->text.data;

    if (code == 'b')
        p->cursor = motion_word_before(text, p->cursor);
    else if (code == 'f')
        p->cursor = motion_word_behind(text, p->text.len, p->cursor);
    else if (code == 'd')
        cut(p, p->cursor, motion_word_behind(text, p->text.len, p->cursor));
    else if (code == '<')
        p->cursor = 0;
    else if (code == '>')
        p->cursor = p->text.len;
    return PROMPT_GOES_ON;
}

static enum prompt_result special_key(struct promptline *p, const struct input_event *event)
{
    const char *text = p->text.data;
    size_t n = p->text.len, at = p->cursor;
    bool by_word = (event->mods & (MOD_ALT | MOD_CTRL)) != 0;

    switch (event->code) {
    case K_ENTER:
        if (!(event->mods & (MOD_ALT | MOD_SHIFT)))
            return PROMPT_SENDS;
        return insert(p, "\n", 1) ? PROMPT_GOES_ON : PROMPT_FULL;
    case K_ESCAPE: return PROMPT_LEAVES;
    case K_BACKSPACE:
        cut(p, by_word ? motion_word_before(text, at) : motion_before(text, at), at);
        break;
    case K_DELETE: cut(p, at, motion_behind(text, n, at)); break;
    case K_LEFT:
        p->cursor = by_word ? motion_word_before(text, at) : motion_before(text, at);
        break;
    case K_RIGHT:
        p->cursor = by_word ? motion_word_behind(text, n, at) : motion_behind(text, n, at);
        break;
    case K_HOME: p->cursor = by_word ? 0 : motion_line_begin(text, at); break;
    case K_END: p->cursor = by_word ? n : motion_line_end(text, n, at); break;
    case K_UP: vertical(p, -1); break;
    case K_DOWN: vertical(p, 1); break;
    default: return PROMPT_NOT_MINE;
    }
    return PROMPT_GOES_ON;
}

enum prompt_result promptline_input(struct promptline *p, const struct input_event *event)
{
    int goal = p->goal;
    char bytes[4];

    p->goal = -1;
    if (event->kind == INPUT_PASTE)
        return paste(p, event->paste, event->paste_n);
    if (event->kind != INPUT_KEY)
        return PROMPT_NOT_MINE;
    bool updown = event->code == K_UP || event->code == K_DOWN ||
                  (event->mods & MOD_CTRL && (event->code == 'p' || event->code == 'n'));
    if (updown)
        p->goal = goal;
    if (event->code >= KEY_CODE_FIRST)
        return special_key(p, event);
    if (event->mods & MOD_CTRL)
        return control_key(p, event->code);
    if (event->mods & MOD_ALT)
        return alt_key(p, event->code);
    if (text_point_width(event->code) < 0)
        return PROMPT_NOT_MINE;
    return insert(p, bytes, text_encode(event->code, bytes)) ? PROMPT_GOES_ON : PROMPT_FULL;
}

/* --- drawing --- */

static void draw_row(const struct promptline *p, size_t from, size_t end, struct canvas *c, int row,
                     struct rect r, struct style style)
{
    struct buf shown = {0};
    char out[16];
    size_t n;

    for (size_t at = from; at < end; at += n) {
        sign(p->text.data + at, p->text.len - at, out, &n);
        buf_puts(&shown, out);
    }
    if (shown.data)
        canvas_text(c, row, r.col, r.cols, style, shown.data);
    buf_finish(&shown);
}

void promptline_draw(struct promptline *p, struct canvas *c, struct rect r, struct style style,
                     bool focus)
{
    struct spot spot;
    size_t from = 0, end, next = 0;
    int all;

    p->cols = r.cols;
    spot = spot_of(p, p->cursor);
    all = promptline_rows(p, r.cols);
    if (p->top > spot.row)
        p->top = spot.row;
    if (p->top < spot.row - r.rows + 1)
        p->top = spot.row - r.rows + 1;
    if (p->top > all - r.rows)
        p->top = all > r.rows ? all - r.rows : 0;
    for (int row = 0; next != NO_ROW && row < p->top + r.rows; row++) {
        from = next;
        next = row_end(p, from, r.cols, &end);
        if (row >= p->top)
            draw_row(p, from, end, c, r.row + row - p->top, r, style);
    }
    if (focus)
        canvas_cursor(c, r.row + spot.row - p->top,
                      r.col + (spot.col < r.cols ? spot.col : r.cols - 1), CURSOR_DEFAULT);
}

void promptline_press(struct promptline *p, int row, int col)
{
    p->cursor = offset_at(p, p->top + row, col < 0 ? 0 : col);
    p->goal = -1;
}
