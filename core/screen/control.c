/* Control characters, the cursor's movements, short escape sequences, and resets. Source: ECMA-48,
 * DEC STD 070, xterm's ctlseqs. */
#include "core/screen/screen_private.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

void cursor_to(struct screen *s, int row, int col)
{
    s->row = row < 0 ? 0 : row >= s->rows ? s->rows - 1 : row;
    s->col = col < 0 ? 0 : col >= s->cols ? s->cols - 1 : col;
    s->pending_wrap = false;
    s->stamp++;
}

static bool in_columns(const struct screen *s)
{
    return s->col >= s->left && s->col <= s->right;
}

void cursor_index(struct screen *s)
{
    s->pending_wrap = false;
    s->stamp++;
    if (s->row == s->bottom) {
        if (in_columns(s))
            grid_scroll_up(s, s->top, s->bottom, 1);
    } else if (s->row < s->rows - 1) {
        s->row++;
    }
}

void cursor_reverse_index(struct screen *s)
{
    s->pending_wrap = false;
    s->stamp++;
    if (s->row == s->top) {
        if (in_columns(s))
            grid_scroll_down(s, s->top, s->bottom, 1);
    } else if (s->row > 0) {
        s->row--;
    }
}

/* To the left; with reverse wrap-around (45, 1045) on from line to line, within the margins. */
void cursor_back(struct screen *s, int n)
{
    const bool wraps = s->autowrap && (s->reverse_wrap || s->reverse_wrap_more);
    s->stamp++;
    if (s->pending_wrap && wraps)
        n--; /* it is on the last column in truth */
    s->pending_wrap = false;
    while (n > 0) {
        const int left = s->col >= s->left ? s->left : 0;
        const int step = s->col - left < n ? s->col - left : n;
        s->col -= step;
        n -= step;
        if (n <= 0 || !wraps)
            break;
        if (s->row == s->top)
            s->row = s->bottom;
        else if (s->row > 0)
            s->row--;
        else
            s->row = s->rows - 1;
        s->col = s->right;
        n--;
    }
}

static void tab(struct screen *s)
{
    if (s->pending_wrap) {
        if (!s->more_fix)
            return;
        s->col = s->left; /* 41: the tab stands in the next line */
        cursor_index(s);
    }
    const int limit = s->col <= s->right ? s->right : s->cols - 1;
    int col = s->col;
    while (col < limit && !s->tabs[++col])
        ;
    s->col = col;
    s->stamp++;
}

void control_char(struct screen *s, uint8_t c)
{
    switch (c) {
    case 7:
        if (s->events && s->events->bell)
            s->events->bell(s->data);
        break;
    case 8: cursor_back(s, 1); break;
    case 9: tab(s); break;
    case 10:
    case 11:
    case 12:
        cursor_index(s);
        if (s->newline)
            s->col = s->col >= s->left ? s->left : 0;
        break;
    case 13:
        s->col = s->col >= s->left ? s->left : 0;
        s->pending_wrap = false;
        s->stamp++;
        break;
    case 14: s->gl = 1; break;
    case 15: s->gl = 0; break;
    default: break;
    }
}

void cursor_save(struct screen *s)
{
    struct saved *v = &s->page->saved;
    *v = (struct saved){.row = s->row,
                        .col = s->col,
                        .style = s->pen.id,
                        .protect = s->pen.protect,
                        .origin = s->origin,
                        .pending_wrap = s->pending_wrap,
                        .used = true,
                        .gl = s->gl};
    memcpy(v->charsets, s->charsets, sizeof v->charsets);
}

static int bounded(int v, int least, int most)
{
    return v < least ? least : v > most ? most : v;
}

void cursor_restore(struct screen *s)
{
    const struct saved *v = &s->page->saved;
    if (!v->used) {
        s->origin = false;
        cursor_to(s, 0, 0);
        s->pen.style = (struct style){0};
        s->pen.protect = false;
        memset(s->charsets, 'B', sizeof s->charsets);
        s->gl = 0;
    } else {
        int row = v->row, col = v->col;
        if (v->origin) { /* the margins may be others since */
            row = bounded(row, s->top, s->bottom);
            col = bounded(col, s->left, s->right);
        }
        s->origin = v->origin;
        cursor_to(s, row, col);
        s->pending_wrap = v->pending_wrap && s->autowrap && col == v->col;
        s->pen.style = *style_get(s, v->style);
        s->pen.protect = v->protect;
        memcpy(s->charsets, v->charsets, sizeof s->charsets);
        s->gl = v->gl;
    }
    pen_changed(s);
}

void tabs_reset(struct screen *s)
{
    for (int col = 0; col < s->cols; col++)
        s->tabs[col] = col % 8 == 0 && col > 0;
}

static void soft_reset(struct screen *s)
{
    s->cursor_on = true;
    s->insert = s->origin = s->app_cursor = s->app_keypad = false;
    s->autowrap = true;
    s->reverse_wrap = s->reverse_wrap_more = s->keyboard_locked = s->national = false;
    s->lr_margins = false;
    s->top = s->left = 0;
    s->bottom = s->rows - 1;
    s->right = s->cols - 1;
    memset(s->charsets, 'B', sizeof s->charsets);
    s->gl = s->single_shift = 0;
    s->pen = (struct pen){0};
    s->page->saved = (struct saved){0};
    s->extent = 0;
    s->iso_protect = false;
    s->pending_wrap = false;
    s->stamp++;
}

void screen_reset(struct screen *s, bool hard)
{
    soft_reset(s);
    if (!hard)
        return;
    if (s->page == &s->pages[1])
        alternate(s, false, false);
    s->pages[0].saved = s->pages[1].saved = (struct saved){0};
    s->pages[0].kitty_n = s->pages[1].kitty_n = 0;
    s->newline = s->reverse_video = s->bracketed_paste = s->focus = s->sync = false;
    s->mouse_sgr = s->mouse_utf8 = s->column_mode = s->column_allowed = s->blink = false;
    s->noclear_column = s->eight_bit = s->more_fix = s->no_echo = s->smooth = false;
    s->print_ff = s->print_all = s->font_shift = s->backarrow = false;
    s->title_set_hex = s->title_query_hex = false;
    memset(s->saved_modes, 0, sizeof s->saved_modes);
    s->alt_scroll = true;
    s->mouse = MOUSE_OFF;
    s->shape = CURSOR_DEFAULT;
    s->modify_other_keys = 0;
    s->sgr_depth = 0;
    s->conformance = 64;
    colours_reset(s);
    tabs_reset(s);
    grid_erase_all(s, 0, s->rows - 1);
    cursor_to(s, 0, 0);
    s->last = 0;
}

static void align(struct screen *s)
{
    s->top = s->left = 0;
    s->bottom = s->rows - 1;
    s->right = s->cols - 1;
    s->origin = false;
    for (int row = 0; row < s->rows; row++) {
        struct line *l = line_at(s, row);
        for (int col = 0; col < s->cols; col++)
            l->cells[col] = (struct cell){'E', 0, 1, CELL_WRITTEN};
        l->wrapped = false;
        line_touch(s, l);
    }
    cursor_to(s, 0, 0);
}

static void back_index(struct screen *s)
{
    if (s->col != s->left)
        s->col -= s->col > 0;
    else if (s->row >= s->top && s->row <= s->bottom)
        for (int row = s->top; row <= s->bottom; row++)
            grid_insert_cells(s, row, s->left, 1, s->right);
    s->pending_wrap = false;
}

static void forward_index(struct screen *s)
{
    if (s->col != s->right)
        s->col += s->col < s->cols - 1;
    else if (s->row >= s->top && s->row <= s->bottom)
        for (int row = s->top; row <= s->bottom; row++)
            grid_delete_cells(s, row, s->left, 1, s->right);
    s->pending_wrap = false;
}

static void designate(struct screen *s, int set, char name)
{
    s->charsets[set] = name == '0' || name == 'A' ? (uint8_t)name : 'B';
}

/* What follows ESC: intermediates and a final byte. */
void escape_dispatch(struct screen *s, const char *bytes, size_t n)
{
    s->stamp++;
    if (n == 2) {
        switch (bytes[0]) {
        case '(': designate(s, 0, bytes[1]); break;
        case ')': designate(s, 1, bytes[1]); break;
        case '*': designate(s, 2, bytes[1]); break;
        case '+': designate(s, 3, bytes[1]); break;
        case '#':
            if (bytes[1] == '8')
                align(s);
            break;
        case ' ':
            if (bytes[1] == 'F' || bytes[1] == 'G') /* S7C1T, S8C1T */
                s->eight_bit = bytes[1] == 'G' && s->conformance > 61;
            break;
        default: break;
        }
        return;
    }
    if (n != 1)
        return;
    switch (bytes[0]) {
    case '6': back_index(s); break;
    case '7': cursor_save(s); break;
    case '8': cursor_restore(s); break;
    case '9': forward_index(s); break;
    case '=': s->app_keypad = true; break;
    case '>': s->app_keypad = false; break;
    case 'D': cursor_index(s); break;
    case 'E':
        cursor_index(s);
        s->col = s->col >= s->left ? s->left : 0;
        break;
    case 'H': s->tabs[s->col] = 1; break;
    case 'M': cursor_reverse_index(s); break;
    case 'N': s->single_shift = 2; break;
    case 'O': s->single_shift = 3; break;
    case 'V': s->pen.protect = s->iso_protect = true; break;
    case 'W': s->pen.protect = false; break;
    case 'Z': identify(s); break;
    case 'c': screen_reset(s, true); break;
    case 'n': s->gl = 2; break;
    case 'o': s->gl = 3; break;
    default: break;
    }
}
