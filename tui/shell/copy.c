/* Copy mode: moving and selecting (see copy.h). What always holds: the cursor is on a line and a
 * column that exist, and within the view. */
#include "tui/shell/copy_private.h"

#include "core/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int clamp(int n, int least, int most)
{
    return n < least ? least : n > most ? most : n;
}

struct copy *copy_create(struct screen *screen)
{
    struct copy *c = mem_zalloc(sizeof *c);
    int row, col;

    c->screen = screen;
    c->history = screen_history(screen);
    c->rows = screen_rows(screen);
    c->total = c->history + c->rows;
    c->width = c->cols = screen_cols(screen);
    c->cells = mem_calloc((size_t)c->width, sizeof *c->cells);
    c->top = c->history;
    screen_cursor(screen, &row, &col);
    c->y = clamp(c->history + row, 0, c->total - 1);
    c->x = clamp(col, 0, c->width - 1);
    return c;
}

void copy_destroy(struct copy *c)
{
    if (!c)
        return;
    screen_destroy(c->screen);
    free(c->cells);
    free(c);
}

int copy_line(const struct copy *c, int y, struct screen_cell *out)
{
    return screen_line(c->screen, y - c->history, out);
}

void copy_show_cursor(struct copy *c)
{
    if (c->y < c->top)
        c->top = c->y;
    if (c->y >= c->top + c->rows)
        c->top = c->y - c->rows + 1;
    if (c->x < c->left)
        c->left = c->x;
    if (c->x >= c->left + c->cols)
        c->left = c->x - c->cols + 1;
    c->top = clamp(c->top, 0, c->total > c->rows ? c->total - c->rows : 0);
    c->left = clamp(c->left, 0, c->width > c->cols ? c->width - c->cols : 0);
}

void copy_size(struct copy *c, int rows, int cols)
{
    rows = rows > 0 ? rows : 1;
    cols = cols > 0 ? cols : 1;
    if (rows == c->rows && cols == c->cols)
        return;
    bool at_end = copy_at_end(c);
    c->rows = rows;
    c->cols = cols;
    if (at_end)
        c->top = clamp(c->total - rows, 0, c->total);
    copy_show_cursor(c);
}

bool copy_at_end(const struct copy *c)
{
    return c->top + c->rows >= c->total;
}

void copy_scroll(struct copy *c, int n)
{
    int top = clamp(c->top + n, 0, c->total > c->rows ? c->total - c->rows : 0);

    c->y = clamp(c->y + top - c->top, top, clamp(top + c->rows, 1, c->total) - 1);
    c->top = top;
}

static void page(struct copy *c, int n)
{
    int old = c->top;

    copy_scroll(c, n);
    if (c->top == old)
        c->y = n < 0 ? 0 : c->total - 1;
    copy_show_cursor(c);
}

static void go(struct copy *c, int y, int x)
{
    c->y = clamp(y, 0, c->total - 1);
    c->x = clamp(x, 0, c->width - 1);
    copy_show_cursor(c);
}

static int line_end(struct copy *c, int y)
{
    int n = copy_line(c, y, c->cells);

    while (n > 0 && (c->cells[n - 1].text[0] == '\0' || !strcmp(c->cells[n - 1].text, " ")) &&
           c->cells[n - 1].width == 1)
        n--;
    return n > 0 ? n - 1 : 0;
}

/* Words as vi has them: 0 blank, 1 letters and digits, 2 other signs. */
static int class_at(struct copy *c, int y, int x)
{
    const char *text;

    copy_line(c, y, c->cells);
    text = c->cells[x].text;
    if (c->cells[x].width == 0)
        return 1;
    if (text[0] == '\0' || text[0] == ' ')
        return 0;
    if ((unsigned char)text[0] >= 0x80 || text[0] == '_' || (text[0] >= '0' && text[0] <= '9') ||
        ((text[0] | 0x20) >= 'a' && (text[0] | 0x20) <= 'z'))
        return 1;
    return 2;
}

static bool step(struct copy *c, int by)
{
    int x = c->x + by;

    if (x >= 0 && x < c->width && (by < 0 || x <= line_end(c, c->y))) {
        c->x = x;
        return true;
    }
    if (c->y + by < 0 || c->y + by >= c->total)
        return false;
    c->y += by;
    c->x = by > 0 ? 0 : line_end(c, c->y);
    return true;
}

static void word_forward(struct copy *c)
{
    int class = class_at(c, c->y, c->x), y = c->y;

    while (class && c->y == y && class_at(c, c->y, c->x) == class)
        if (!step(c, 1))
            return;
    while (class_at(c, c->y, c->x) == 0)
        if (!step(c, 1))
            return;
}

static void word_end(struct copy *c)
{
    int class, y;

    if (!step(c, 1))
        return;
    while ((class = class_at(c, c->y, c->x)) == 0)
        if (!step(c, 1))
            return;
    for (y = c->y; c->y == y && class_at(c, c->y, c->x) == class;)
        if (!step(c, 1))
            return;
    step(c, -1);
}

static void word_back(struct copy *c)
{
    int class, y;

    if (!step(c, -1))
        return;
    while ((class = class_at(c, c->y, c->x)) == 0)
        if (!step(c, -1))
            return;
    for (y = c->y; c->y == y && class_at(c, c->y, c->x) == class;) {
        if (c->x == 0)
            return;
        step(c, -1);
    }
    step(c, 1);
}

static void paragraph(struct copy *c, int by)
{
    int y = c->y + by;

    while (y > 0 && y < c->total - 1 && (line_end(c, y) > 0 || class_at(c, y, 0)))
        y += by;
    go(c, y, 0);
}

static void select_start(struct copy *c, enum selecting kind)
{
    if (c->select == kind) {
        c->select = SELECT_NONE;
        return;
    }
    if (c->select == SELECT_NONE) {
        c->anchor_y = c->y;
        c->anchor_x = c->x;
    }
    c->select = kind;
}

static void other_end(struct copy *c)
{
    int y = c->anchor_y, x = c->anchor_x;

    if (c->select == SELECT_NONE)
        return;
    c->anchor_y = c->y;
    c->anchor_x = c->x;
    go(c, y, x);
}

static void ask(struct copy *c, bool backward)
{
    c->asking = true;
    c->ask_backward = backward;
    line_start(&c->line, NULL, "");
}

static enum copy_result leave(struct copy *c)
{
    if (c->select == SELECT_NONE)
        return COPY_LEAVES;
    c->select = SELECT_NONE;
    return COPY_STAYS;
}

static enum copy_result take(const struct copy *c)
{
    return c->select == SELECT_NONE ? COPY_LEAVES : COPY_TAKES;
}

static enum copy_result control_key(struct copy *c, uint32_t code)
{
    switch (code) {
    case 'u': page(c, -(c->rows + 1) / 2); break;
    case 'd': page(c, (c->rows + 1) / 2); break;
    case 'b': page(c, -c->rows); break;
    case 'f': page(c, c->rows); break;
    case 'y': copy_scroll(c, -1); break;
    case 'n':
    case 'j': go(c, c->y + 1, c->x); break;
    case 'p': go(c, c->y - 1, c->x); break;
    case 'a': go(c, c->y, 0); break;
    case 'e': go(c, c->y, line_end(c, c->y)); break;
    case 'v': select_start(c, SELECT_BLOCK); break;
    case ' ':
    case '@': select_start(c, SELECT_CHARS); break;
    case 's': ask(c, false); break;
    case 'r': ask(c, true); break;
    case 'w':
    case 'm': return take(c);
    case 'g': return leave(c);
    case 'c': return COPY_LEAVES;
    default: return COPY_NOT_MINE;
    }
    return COPY_STAYS;
}

static enum copy_result alt_key(struct copy *c, uint32_t code)
{
    switch (code) {
    case 'v': page(c, -c->rows); break;
    case 'f': word_end(c); break;
    case 'b': word_back(c); break;
    case '<': go(c, 0, 0); break;
    case '>': go(c, c->total - 1, 0); break;
    case 'w': return take(c);
    default: return COPY_NOT_MINE;
    }
    copy_show_cursor(c);
    return COPY_STAYS;
}

/* A motion that a number may stand before. */
static bool motion(struct copy *c, uint32_t code, int n)
{
    switch (code) {
    case 'h':
    case K_LEFT: go(c, c->y, c->x - n); return true;
    case 'l':
    case K_RIGHT: go(c, c->y, c->x + n); return true;
    case 'j':
    case K_DOWN: go(c, c->y + n, c->x); return true;
    case 'k':
    case K_UP: go(c, c->y - n, c->x); return true;
    case 'J': copy_scroll(c, n); return true;
    case 'K': copy_scroll(c, -n); return true;
    default: break;
    }
    for (; n > 0; n--) {
        switch (code) {
        case 'w': word_forward(c); break;
        case 'b': word_back(c); break;
        case 'e': word_end(c); break;
        case '{': paragraph(c, -1); break;
        case '}': paragraph(c, 1); break;
        case 'n': copy_next_hit(c, c->backward); break;
        case 'N': copy_next_hit(c, !c->backward); break;
        case K_PAGE_UP: page(c, -c->rows); break;
        case K_PAGE_DOWN: page(c, c->rows); break;
        default: return false;
        }
    }
    copy_show_cursor(c);
    return true;
}

static enum copy_result plain_key(struct copy *c, uint32_t code)
{
    int x = 0, n = c->count;

    if ((code >= '1' && code <= '9') || (code == '0' && n > 0)) {
        c->count = clamp(n * 10 + (int)(code - '0'), 0, 99999);
        return COPY_STAYS;
    }
    c->count = 0;
    if (motion(c, code, n > 0 ? n : 1))
        return COPY_STAYS;
    switch (code) {
    case '0':
    case K_HOME: go(c, c->y, 0); break;
    case '$':
    case K_END: go(c, c->y, line_end(c, c->y)); break;
    case '^':
        while (x < c->width - 1 && class_at(c, c->y, x) == 0)
            x++;
        go(c, c->y, class_at(c, c->y, x) ? x : 0);
        break;
    case 'g': go(c, 0, 0); break;
    case 'G': go(c, n > 0 ? n - 1 : c->total - 1, 0); break;
    case 'H': go(c, c->top, c->x); break;
    case 'M': go(c, c->top + c->rows / 2, c->x); break;
    case 'L': go(c, c->top + c->rows - 1, c->x); break;
    case '/': ask(c, false); break;
    case '?': ask(c, true); break;
    case ' ':
    case 'v': select_start(c, SELECT_CHARS); break;
    case 'V': select_start(c, SELECT_LINES); break;
    case 'o': other_end(c); break;
    case 'y':
    case K_ENTER: return take(c);
    case K_ESCAPE: return leave(c);
    case 'q': return COPY_LEAVES;
    default: return COPY_NOT_MINE;
    }
    return COPY_STAYS;
}

enum copy_result copy_input(struct copy *c, const struct input_event *event)
{
    if (c->asking) {
        enum line_result r = line_input(&c->line, event);
        if (r == LINE_LEFT || r == LINE_DONE)
            c->asking = false;
        if (r == LINE_DONE)
            copy_search(c, c->line.text[0] ? c->line.text : c->needle, c->ask_backward);
        return COPY_STAYS;
    }
    if (event->kind != INPUT_KEY)
        return COPY_NOT_MINE;
    c->missed = false;
    if (event->mods & MOD_CTRL && event->code < KEY_CODE_FIRST)
        return control_key(c, event->code);
    if (event->mods & MOD_ALT)
        return alt_key(c, event->code);
    return plain_key(c, event->code);
}

enum copy_result copy_mouse(struct copy *c, const struct input_event *event)
{
    int y = c->top + clamp(event->row, 0, c->rows - 1);
    int x = c->left + clamp(event->col, 0, c->cols - 1);

    switch (event->mouse) {
    case MOUSE_WHEEL_UP: copy_scroll(c, -3); break;
    case MOUSE_WHEEL_DOWN: copy_scroll(c, 3); break;
    case MOUSE_PRESS:
        if (event->button != 1)
            return COPY_STAYS;
        c->select = SELECT_NONE;
        go(c, y, x);
        c->anchor_y = c->y;
        c->anchor_x = c->x;
        c->dragging = true;
        break;
    case MOUSE_MOTION:
        if (!c->dragging)
            break;
        if (c->select == SELECT_NONE && (y != c->anchor_y || x != c->anchor_x))
            c->select = event->mods & MOD_ALT ? SELECT_BLOCK : SELECT_CHARS;
        if (event->row < 0)
            copy_scroll(c, -1);
        else if (event->row >= c->rows)
            copy_scroll(c, 1);
        go(c, c->top + clamp(event->row, 0, c->rows - 1), x);
        break;
    case MOUSE_RELEASE:
        if (!c->dragging)
            break;
        c->dragging = false;
        return c->select == SELECT_NONE ? COPY_STAYS : COPY_TAKES;
    }
    return COPY_STAYS;
}

bool copy_ends(const struct copy *c, int *ret_y1, int *ret_x1, int *ret_y2, int *ret_x2)
{
    bool before = c->y < c->anchor_y || (c->y == c->anchor_y && c->x < c->anchor_x);

    if (c->select == SELECT_NONE)
        return false;
    *ret_y1 = before ? c->y : c->anchor_y;
    *ret_x1 = before ? c->x : c->anchor_x;
    *ret_y2 = before ? c->anchor_y : c->y;
    *ret_x2 = before ? c->anchor_x : c->x;
    if (c->select == SELECT_LINES) {
        *ret_x1 = 0;
        *ret_x2 = c->width - 1;
    } else if (c->select == SELECT_BLOCK && *ret_x1 > *ret_x2) {
        int x = *ret_x1;
        *ret_x1 = *ret_x2;
        *ret_x2 = x;
    }
    return true;
}

static void add_cells(const struct copy *c, int y, int from, int to, bool trim, struct buf *out)
{
    size_t start = out->len, end;

    copy_line(c, y, c->cells);
    for (int x = from; x <= to && x < c->width; x++) {
        if (c->cells[x].width == 0 && x > from)
            continue;
        buf_puts(out, c->cells[x].text[0] ? c->cells[x].text : " ");
    }
    for (end = out->len; trim && end > start && out->data[end - 1] == ' ';)
        end--;
    if (out->data)
        out->data[end] = '\0';
    out->len = end;
}

void copy_text(const struct copy *c, struct buf *out)
{
    int y1, x1, y2, x2;

    if (!copy_ends(c, &y1, &x1, &y2, &x2))
        return;
    for (int y = y1; y <= y2; y++) {
        bool block = c->select == SELECT_BLOCK;
        bool joined = !block && y < y2 && screen_line_wrapped(c->screen, y - c->history);
        add_cells(c, y, block || y == y1 ? x1 : 0, block || y == y2 ? x2 : c->width - 1, !joined,
                  out);
        if (!joined && (y < y2 || c->select == SELECT_LINES))
            buf_putc(out, '\n');
    }
}

void copy_position(const struct copy *c, char *out, size_t size)
{
    int most = c->total > c->rows ? c->total - c->rows : 0;

    snprintf(out, size, "[%d/%d]", most - c->top, most);
}
