/* A line that a person edits (see line.h). What is in it is as typed, and drawn as safe text. */
#include "tui/parts/line.h"

#include "core/base/mem.h"
#include "core/base/text.h"
#include "tui/parts/motion.h"

#include <stdlib.h>
#include <string.h>

void line_start(struct line *l, struct line_history *history, const char *text)
{
    l->history = history;
    l->place = history ? history->count : 0;
    l->typed[0] = '\0';
    line_set(l, text);
}

void line_set(struct line *l, const char *text)
{
    size_t n = strlen(text);

    if (n >= sizeof l->text)
        n = text_fit(text, (int)sizeof l->text / 4);
    memcpy(l->text, text, n);
    l->text[n] = '\0';
    l->length = l->cursor = n;
}

static size_t before(const struct line *l, size_t at)
{
    return motion_before(l->text, at);
}

static size_t behind(const struct line *l, size_t at)
{
    return motion_behind(l->text, l->length, at);
}

static size_t word_before(const struct line *l, size_t at)
{
    return motion_word_before(l->text, at);
}

static size_t word_behind(const struct line *l, size_t at)
{
    return motion_word_behind(l->text, l->length, at);
}

static void cut(struct line *l, size_t from, size_t to)
{
    memmove(l->text + from, l->text + to, l->length - to + 1);
    l->length -= to - from;
    l->cursor = from;
}

static void insert(struct line *l, const char *bytes, size_t n)
{
    if (l->length + n >= sizeof l->text)
        return;
    memmove(l->text + l->cursor + n, l->text + l->cursor, l->length - l->cursor + 1);
    memcpy(l->text + l->cursor, bytes, n);
    l->length += n;
    l->cursor += n;
}

static void paste(struct line *l, const char *text, size_t n)
{
    for (size_t i = 0; i < n;) {
        uint32_t point;
        char out[4];
        i += text_decode(text + i, n - i, &point);
        if (point == '\n' || point == '\r' || point == '\t')
            point = ' ';
        if (text_point_width(point) >= 0)
            insert(l, out, text_encode(point, out));
    }
}

static void walk(struct line *l, int step)
{
    int to = l->place + step;

    if (!l->history || to < 0 || to > l->history->count)
        return;
    if (l->place == l->history->count)
        memcpy(l->typed, l->text, l->length + 1);
    l->place = to;
    line_set(l, to == l->history->count ? l->typed : l->history->lines[to]);
}

static enum line_result control_key(struct line *l, uint32_t code)
{
    switch (code) {
    case 'a': l->cursor = 0; break;
    case 'e': l->cursor = l->length; break;
    case 'b': l->cursor = before(l, l->cursor); break;
    case 'f': l->cursor = behind(l, l->cursor); break;
    case 'd': cut(l, l->cursor, behind(l, l->cursor)); break;
    case 'h': cut(l, before(l, l->cursor), l->cursor); break;
    case 'k': cut(l, l->cursor, l->length); break;
    case 'u': cut(l, 0, l->cursor); break;
    case 'w': cut(l, word_before(l, l->cursor), l->cursor); break;
    case 'p': walk(l, -1); break;
    case 'n': walk(l, 1); break;
    case 'j':
    case 'm': return LINE_DONE;
    case 'c':
    case 'g': return LINE_LEFT;
    default: return LINE_NOT_MINE;
    }
    return LINE_GOES_ON;
}

enum line_result line_input(struct line *l, const struct input_event *event)
{
    bool by_word = (event->mods & (MOD_ALT | MOD_CTRL)) != 0;
    char bytes[4];

    if (event->kind == INPUT_PASTE)
        paste(l, event->paste, event->paste_n);
    if (event->kind != INPUT_KEY)
        return event->kind == INPUT_PASTE ? LINE_GOES_ON : LINE_NOT_MINE;
    switch (event->code) {
    case K_ENTER: return LINE_DONE;
    case K_ESCAPE: return LINE_LEFT;
    case K_BACKSPACE:
        if (l->length == 0)
            return LINE_LEFT;
        cut(l, by_word ? word_before(l, l->cursor) : before(l, l->cursor), l->cursor);
        return LINE_GOES_ON;
    case K_DELETE: cut(l, l->cursor, behind(l, l->cursor)); return LINE_GOES_ON;
    case K_LEFT:
        l->cursor = by_word ? word_before(l, l->cursor) : before(l, l->cursor);
        return LINE_GOES_ON;
    case K_RIGHT:
        l->cursor = by_word ? word_behind(l, l->cursor) : behind(l, l->cursor);
        return LINE_GOES_ON;
    case K_HOME: l->cursor = 0; return LINE_GOES_ON;
    case K_END: l->cursor = l->length; return LINE_GOES_ON;
    case K_UP: walk(l, -1); return LINE_GOES_ON;
    case K_DOWN: walk(l, 1); return LINE_GOES_ON;
    default: break;
    }
    if (event->code >= KEY_CODE_FIRST)
        return LINE_NOT_MINE;
    if (event->mods & MOD_CTRL)
        return control_key(l, event->code);
    if (event->mods & MOD_ALT) {
        if (event->code == 'b')
            l->cursor = word_before(l, l->cursor);
        else if (event->code == 'f')
            l->cursor = word_behind(l, l->cursor);
        else if (event->code == 'd')
            cut(l, l->cursor, word_behind(l, l->cursor));
        return LINE_GOES_ON;
    }
    if (text_point_width(event->code) >= 0)
        insert(l, bytes, text_encode(event->code, bytes));
    return LINE_GOES_ON;
}

int line_draw(const struct line *l, struct canvas *c, int row, int col, int cols,
              struct style style)
{
    char shown[LINE_MAX_BYTES * 2], head[LINE_MAX_BYTES * 2];
    size_t from = 0;
    int cursor;

    /* The beginning is left out by whole characters until the cursor is in sight. */
    for (;;) {
        text_make_safe(head, sizeof head, l->text + from, l->cursor - from);
        cursor = text_width(head);
        if (cursor < cols || from >= l->cursor)
            break;
        from = behind(l, from);
    }
    text_make_safe(shown, sizeof shown, l->text + from, l->length - from);
    canvas_text(c, row, col, cols, style, shown);
    return col + cursor;
}

void line_remember(struct line_history *h, const char *text)
{
    if (!text[0] || (h->count > 0 && !strcmp(h->lines[h->count - 1], text)))
        return;
    if (h->count == HISTORY_MAX) {
        free(h->lines[0]);
        memmove(h->lines, h->lines + 1, (HISTORY_MAX - 1) * sizeof h->lines[0]);
        h->count--;
    }
    h->lines[h->count++] = mem_strdup(text);
}

void line_forget(struct line_history *h)
{
    while (h->count > 0)
        free(h->lines[--h->count]);
}
