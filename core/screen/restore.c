/* Our own APC, by which a snapshot says what no other sequence can. A program inside a shell may
 * send it too: every number is bounded, and it reaches nothing but states that the screen can be in
 * anyway. */
#include "core/screen/screen_private.h"
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

#define NUMBERS    12
#define TOTAL_MOST (1L << 48)

static int numbers(const char *text, long out[NUMBERS])
{
    int n = 0;
    char *end;
    for (; *text && n < NUMBERS; text = *end ? end + 1 : end) {
        out[n] = strtol(text, &end, 10);
        if (end == text || (*end && *end != ';'))
            return n;
        n++;
    }
    return n;
}

static int bound(long v, int least, int most)
{
    return v < least ? least : v > most ? most : (int)v;
}

static void restore_saved(struct screen *s, const long *v, int n)
{
    if (n < 12)
        return;
    struct saved *to = &s->pages[v[0] == 1].saved;
    *to = (struct saved){.row = bound(v[1], 0, s->rows - 1),
                         .col = bound(v[2], 0, s->cols - 1),
                         .style = s->pen.id,
                         .protect = v[3] == 1,
                         .origin = v[4] == 1,
                         .pending_wrap = v[5] == 1,
                         .used = v[6] == 1,
                         .gl = (uint8_t)bound(v[7], 0, 3)};
    for (int i = 0; i < 4; i++)
        to->charsets[i] = v[8 + i] == '0' ? '0' : v[8 + i] == 'A' ? 'A' : 'B';
}

/* Blanks from the cursor on, of the pen's whole style; the cursor stays. */
static void restore_blanks(struct screen *s, int n)
{
    struct line *l = line_at(s, s->row);
    const int end = s->col + n < s->cols ? s->col + n : s->cols;
    grid_split_wide(s, l, s->col);
    grid_split_wide(s, l, end);
    for (int col = s->col; col < end; col++)
        l->cells[col] = (struct cell){0, s->pen.id, 0, 0};
    line_touch(s, l);
}

/* One grapheme at a column, exactly: COL;WIDTH;TEXT */
static void restore_grapheme(struct screen *s, const char *arg)
{
    char *text;
    long at = strtol(arg, &text, 10);
    int width = text[0] == ';' && text[1] == '2' ? 2 : 1;
    size_t n = text[0] == ';' && text[1] && text[2] == ';' ? strlen(text + 3) : 0;
    uint32_t point;
    if (n == 0 || n > CLUSTER_MAX || at < 0 || at + width > s->cols || !text_is_utf8(text + 3, n))
        return;
    text += 3;
    for (size_t i = 0; i < n;) { /* nothing that a terminal would act on */
        i += text_decode(text + i, n - i, &point);
        if (point < 0x20 || (point >= 0x7f && point < 0xa0))
            return;
    }
    if (text_decode(text, n, &point) != n)
        point = cluster_intern(s, text, n);
    struct line *l = line_at(s, s->row);
    const int col = (int)at, end = col + width;
    const uint8_t flags = CELL_WRITTEN | (s->pen.protect ? CELL_PROTECTED : 0);
    grid_split_wide(s, l, col);
    grid_split_wide(s, l, end);
    l->cells[col] = (struct cell){point, s->pen.id, (uint8_t)width, flags};
    if (width == 2)
        l->cells[col + 1] = (struct cell){0, s->pen.id, 0, flags};
    /* What was written in its place, for terminals that do not know this, may have been wider. */
    grid_split_wide(s, l, end + 1);
    if (end < s->cols)
        l->cells[end] = (struct cell){0};
    line_touch(s, l);
    s->col = end < s->cols ? end : s->cols - 1;
    s->pending_wrap = false;
}

static void restore_misc(struct screen *s, const long *v, int n)
{
    if (n < 10)
        return;
    s->last = v[0] > 0 && v[0] <= 0x10ffff ? (uint32_t)v[0] : 0;
    s->conformance = bound(v[1], 61, 65);
    s->eight_bit = v[2] == 1;
    s->extent = (uint8_t)(v[3] & 3);
    s->column_mode = v[4] == 1;
    s->modify_other_keys = (uint8_t)bound(v[5], 0, 3);
    s->single_shift = (uint8_t)(v[6] == 2 || v[6] == 3 ? v[6] : 0);
    s->iso_protect = v[7] == 1;
    s->title_set_hex = v[8] == 1;
    s->title_query_hex = v[9] == 1;
}

static void restore_saved_mode(struct screen *s, const long *v, int n)
{
    const long *modes;
    size_t count = modes_saveable(&modes);
    for (size_t i = 0; n == 2 && i < count; i++)
        if (modes[i] == v[0])
            s->saved_modes[i] = (uint8_t)bound(v[1], 0, 2);
}

static void restore_kitty(struct screen *s, const long *v, int n)
{
    if (n < 1)
        return;
    struct page *p = &s->pages[v[0] == 1];
    p->kitty_n = 0;
    for (int i = 1; i < n && p->kitty_n < (int)sizeof p->kitty; i++)
        p->kitty[p->kitty_n++] = (uint8_t)(v[i] & 31);
}

void apc_dispatch(struct screen *s, const char *bytes, size_t n)
{
    if (n < 7 || n > 256 || memcmp(bytes, "baton;", 6) != 0)
        return;
    char text[260];
    long v[NUMBERS];
    memcpy(text, bytes + 6, n - 6);
    text[n - 6] = '\0';
    int count = text[1] == ';' ? numbers(text + 2, v) : 0;
    switch (text[0]) {
    case 'w': line_at(s, s->row)->wrapped = true; break;
    case 'b':
        if (count == 1)
            restore_blanks(s, bound(v[0], 0, s->cols));
        break;
    case 'g': restore_grapheme(s, text[1] == ';' ? text + 2 : text + 1); break;
    case 'S': restore_saved(s, v, count); break;
    case 'C':
        if (count == 4) {
            s->origin = v[3] == 1;
            cursor_to(s, bound(v[0], 0, s->rows - 1), bound(v[1], 0, s->cols - 1));
            s->pending_wrap = v[2] == 1 && s->autowrap;
        }
        break;
    case 'M': restore_misc(s, v, count); break;
    case 'K': restore_kitty(s, v, count); break;
    case 'm': restore_saved_mode(s, v, count); break;
    case 'H': /* lines that were dropped before; only while none was dropped here */
        if (count == 1 && s->history.count == (size_t)s->history.total &&
            v[0] > (long)s->history.count && v[0] <= TOTAL_MOST)
            s->history.total = (uint64_t)v[0];
        break;
    default: break;
    }
}
