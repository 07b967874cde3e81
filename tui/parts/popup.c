/* A popup (see popup.h). As small as its lines allow, never larger than the area; in the smallest
 * terminals it has no border. */
#include "tui/parts/popup.h"

#include "core/base/mem.h"
#include "core/base/text.h"
#include "tui/parts/border.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct popup_line {
    enum theme_role role;
    char *key, *text, *target;
};

struct popup {
    char *title;
    bool choose;
    struct popup_line *lines;
    int count, top, selected; /* selected: -1 none */
    int key_cols, text_cols;
    struct rect inner; /* of the last drawing */
};

struct popup *popup_create(const char *title, bool choose)
{
    struct popup *p = mem_zalloc(sizeof *p);

    p->title = mem_strdup(title);
    p->choose = choose;
    p->selected = -1;
    return p;
}

void popup_destroy(struct popup *p)
{
    if (!p)
        return;
    for (int i = 0; i < p->count; i++) {
        free(p->lines[i].key);
        free(p->lines[i].text);
        free(p->lines[i].target);
    }
    free(p->lines);
    free(p->title);
    free(p);
}

static char *safe(const char *text, size_t n)
{
    size_t room = (n < 4096 ? n : 4096) * 4 + 1;
    char *out = mem_zalloc(room);

    text_make_safe(out, room, text, n < 4096 ? n : 4096);
    return out;
}

void popup_add(struct popup *p, enum theme_role role, const char *key, const char *text,
               const char *target)
{
    struct popup_line *line;
    int width;

    if (p->count >= POPUP_MAX_LINES)
        return;
    p->lines = mem_reallocarray(p->lines, (size_t)p->count + 1, sizeof *p->lines);
    line = &p->lines[p->count];
    *line = (struct popup_line){role, safe(key, strlen(key)), safe(text, strlen(text)),
                                mem_strdup(target)};
    width = text_width(line->key);
    if (width > p->key_cols)
        p->key_cols = width;
    width = text_width(line->text);
    if (width > p->text_cols)
        p->text_cols = width;
    if (p->choose && target && p->selected < 0)
        p->selected = p->count;
    p->count++;
}

void popup_add_text(struct popup *p, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");
        char *line = mem_strndup(text, n);
        popup_add(p, ROLE_TEXT, "", line, NULL);
        free(line);
        text += n + (text[n] == '\n');
    }
}

void popup_select(struct popup *p, const char *target)
{
    for (int i = 0; i < p->count; i++)
        if (p->lines[i].target && !strcmp(p->lines[i].target, target))
            p->selected = i;
}

const char *popup_chosen(const struct popup *p)
{
    return p->selected >= 0 ? p->lines[p->selected].target : NULL;
}

static void scroll(struct popup *p, int by)
{
    int most = p->count > p->inner.rows ? p->count - p->inner.rows : 0;

    p->top += by;
    p->top = p->top < 0 ? 0 : p->top > most ? most : p->top;
}

/* Moves the selection over lines that can be chosen; without a choice it scrolls. */
static void move(struct popup *p, int by)
{
    int i = p->selected, left = by < 0 ? -by : by;

    if (!p->choose) {
        scroll(p, by);
        return;
    }
    while (left > 0) {
        i += by < 0 ? -1 : 1;
        if (i < 0 || i >= p->count)
            break;
        if (p->lines[i].target) {
            p->selected = i;
            left--;
        }
    }
    if (p->selected >= 0 && p->selected < p->top)
        p->top = p->selected;
    if (p->selected >= p->top + p->inner.rows)
        p->top = p->selected - p->inner.rows + 1;
}

static enum popup_result mouse(struct popup *p, const struct input_event *event)
{
    int row = event->row - p->inner.row;
    bool inside = row >= 0 && row < p->inner.rows && event->col >= p->inner.col &&
                  event->col < p->inner.col + p->inner.cols;

    if (event->mouse == MOUSE_WHEEL_UP || event->mouse == MOUSE_WHEEL_DOWN) {
        scroll(p, event->mouse == MOUSE_WHEEL_UP ? -3 : 3);
        return POPUP_STAYS;
    }
    if (event->mouse != MOUSE_PRESS || event->button != 1)
        return POPUP_STAYS;
    if (!inside)
        return POPUP_LEAVES;
    if (!p->choose || p->top + row >= p->count || !p->lines[p->top + row].target)
        return POPUP_STAYS;
    p->selected = p->top + row;
    return POPUP_CHOSEN;
}

enum popup_result popup_input(struct popup *p, const struct input_event *event)
{
    int page = p->inner.rows > 1 ? p->inner.rows - 1 : 1;

    if (event->kind == INPUT_MOUSE)
        return mouse(p, event);
    if (event->kind != INPUT_KEY)
        return POPUP_STAYS;
    if (event->mods & MOD_CTRL) {
        switch (event->code) {
        case 'c':
        case 'g': return POPUP_LEAVES;
        case 'n': move(p, 1); return POPUP_STAYS;
        case 'p': move(p, -1); return POPUP_STAYS;
        case 'f': move(p, page); return POPUP_STAYS;
        case 'b': move(p, -page); return POPUP_STAYS;
        case 'd': move(p, page / 2); return POPUP_STAYS;
        case 'u': move(p, -page / 2); return POPUP_STAYS;
        default: return POPUP_STAYS;
        }
    }
    switch (event->code) {
    case K_UP:
    case 'k': move(p, -1); break;
    case K_DOWN:
    case 'j': move(p, 1); break;
    case K_PAGE_UP: move(p, -page); break;
    case K_PAGE_DOWN:
    case ' ': move(p, page); break;
    case K_HOME:
    case 'g': move(p, -p->count); break;
    case K_END:
    case 'G': move(p, p->count); break;
    case K_ESCAPE:
    case 'q': return POPUP_LEAVES;
    case K_ENTER: return p->choose && popup_chosen(p) ? POPUP_CHOSEN : POPUP_LEAVES;
    default: break;
    }
    return POPUP_STAYS;
}

static void draw_line(const struct popup *p, int index, struct canvas *c, int row,
                      const struct theme *theme)
{
    const struct popup_line *line = &p->lines[index];
    struct style key = theme_style(theme, ROLE_ACCENT), text = theme_style(theme, line->role);
    int col = p->inner.col + 1, end = p->inner.col + p->inner.cols - 1;

    if (p->key_cols > 0) {
        canvas_text(c, row, col, end - col < p->key_cols ? end - col : p->key_cols, key, line->key);
        col += p->key_cols + 2;
    }
    if (col < end) {
        const bool cut = text_width(line->text) > end - col;
        canvas_text(c, row, col, end - col - cut, text, line->text);
        if (cut)
            canvas_text(c, row, end - 1, 1, text, theme_utf8(theme) ? "…" : "~");
    }
    if (index == p->selected && p->choose) {
        struct style style = theme_style(theme, ROLE_SELECTION);
        canvas_restyle(c, (struct rect){row, p->inner.col, 1, p->inner.cols}, &style, 0);
    }
}

void popup_draw(struct popup *p, struct canvas *c, struct rect area, const struct theme *theme)
{
    int cols = p->text_cols + (p->key_cols > 0 ? p->key_cols + 2 : 0) + 4, rows = p->count + 2;
    int title = text_width(p->title) + 6;
    char more[40];
    struct rect box;

    cols = cols < title ? title : cols;
    cols = cols > area.cols ? area.cols : cols;
    rows = rows > area.rows ? area.rows : rows;
    box = (struct rect){area.row + (area.rows - rows) / 2, area.col + (area.cols - cols) / 2, rows,
                        cols};
    canvas_fill(c, box, theme_style(theme, ROLE_TEXT));
    p->inner = box;
    if (rows > 2 && cols > 6) {
        border_box(c, box, theme_style(theme, ROLE_BORDER_FOCUS), theme);
        canvas_text(c, box.row, box.col + 2, cols - 4, theme_style(theme, ROLE_TEXT), " ");
        int n = canvas_text(c, box.row, box.col + 3, cols - 5, theme_style(theme, ROLE_TITLE),
                            p->title);
        canvas_text(c, box.row, box.col + 3 + n, 1, theme_style(theme, ROLE_TEXT), " ");
        p->inner = (struct rect){box.row + 1, box.col + 1, rows - 2, cols - 2};
    }
    scroll(p, 0);
    if (p->choose)
        move(p, 0);
    for (int row = 0; row < p->inner.rows && p->top + row < p->count; row++)
        draw_line(p, p->top + row, c, p->inner.row + row, theme);
    if (p->top + p->inner.rows < p->count && rows > 2) {
        snprintf(more, sizeof more, " %s %d more ", theme_glyph(theme, GLYPH_DOWN),
                 p->count - p->top - p->inner.rows);
        int width = text_width(more);
        if (width < cols - 4)
            canvas_text(c, box.row + rows - 1, box.col + cols - 2 - width, width,
                        theme_style(theme, ROLE_DIM), more);
    }
    canvas_cursor(c, -1, 0, CURSOR_DEFAULT);
}
