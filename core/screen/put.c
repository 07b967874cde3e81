/* Characters into cells: runs of plain ASCII by the shortest way, everything else one by one with
 * its width, joined to the cell before it where Unicode says so (combining marks, ZWJ sequences,
 * emoji modifiers, variation selector 16). */
#include "core/screen/screen_private.h"
#include "core/base/text.h"

#include <string.h>

#define ZWJ  0x200du
#define VS16 0xfe0fu

static bool is_modifier(uint32_t point)
{
    return point >= 0x1f3fb && point <= 0x1f3ff;
}

static bool is_regional(uint32_t point)
{
    return point >= 0x1f1e6 && point <= 0x1f1ff;
}

static int right_limit(const struct screen *s)
{
    return s->col <= s->right ? s->right : s->cols - 1;
}

/* The cursor stood behind the last column and something is to be written. */
static void wrap(struct screen *s)
{
    s->pending_wrap = false;
    struct line *l = line_at(s, s->row);
    if (s->left == 0 && s->right == s->cols - 1)
        l->wrapped = true;
    s->col = s->col >= s->left ? s->left : 0;
    cursor_index(s);
}

static void advance(struct screen *s, int width, int limit)
{
    s->col += width;
    if (s->col > limit) {
        s->col = limit;
        s->pending_wrap = s->autowrap;
    }
}

static void place(struct screen *s, uint32_t glyph, int width)
{
    if (s->pending_wrap)
        wrap(s);
    int limit = right_limit(s);
    if (width == 2 && s->col + 1 > limit) {
        if (!s->autowrap || limit - (s->col <= s->right ? s->left : 0) < 1)
            return; /* no room for it anywhere */
        grid_erase(s, s->row, s->col, s->col + 1, false);
        wrap(s);
        limit = right_limit(s);
        if (s->col + 1 > limit)
            return;
    }
    if (s->insert)
        grid_insert_cells(s, s->row, s->col, width, limit);
    struct line *l = line_at(s, s->row);
    grid_split_wide(s, l, s->col);
    grid_split_wide(s, l, s->col + width);
    const uint8_t flags = CELL_WRITTEN | (s->pen.protect ? CELL_PROTECTED : 0);
    l->cells[s->col] = (struct cell){glyph, s->pen.id, (uint8_t)width, flags};
    if (width == 2)
        l->cells[s->col + 1] = (struct cell){0, s->pen.id, 0, flags};
    line_touch(s, l);
    advance(s, width, limit);
}

/* The cell that a combining character belongs to; NULL when there is none. */
static struct cell *cell_before(struct screen *s, int *ret_col)
{
    int col = s->pending_wrap ? s->col : s->col - 1;
    struct line *l = line_at(s, s->row);
    if (col > 0 && l->cells[col].width == 0 && (l->cells[col].flags & CELL_WRITTEN))
        col--;
    if (col < 0 || l->cells[col].width == 0)
        return NULL;
    *ret_col = col;
    return &l->cells[col];
}

static bool ends_in_zwj(const char *text, size_t n)
{
    return n >= 3 && memcmp(text + n - 3, "\xe2\x80\x8d", 3) == 0;
}

/* Could the character at col, the last one written, become two columns wide? */
static bool has_room(const struct screen *s, int col)
{
    return !s->pending_wrap && col + 1 == s->col && s->col <= right_limit(s);
}

/* Joins point to the cell before; a whole grapheme has room for CLUSTER_MAX bytes, more is dropped.
 */
static void join(struct screen *s, struct cell *c, int col, uint32_t point)
{
    char text[CLUSTER_MAX + 8];
    size_t n = glyph_text(s, c->glyph, text);
    char utf8[4];
    size_t more = text_encode(point, utf8);
    if (c->glyph == 0 || n + more > CLUSTER_MAX)
        return;
    memcpy(text + n, utf8, more);
    c->glyph = cluster_intern(s, text, n + more);
    struct line *l = line_at(s, s->row);
    line_touch(s, l);
    if ((point == VS16 || is_modifier(point) || is_regional(point)) && c->width == 1 && n > 1 &&
        has_room(s, col)) {
        grid_split_wide(s, l, col + 1);
        grid_split_wide(s, l, col + 2);
        c->width = 2;
        l->cells[col + 1] = (struct cell){0, c->style, 0, c->flags};
        advance(s, 1, right_limit(s));
    }
}

static uint32_t graphics(uint8_t c)
{
    static const uint16_t map[] = {0x00a0, 0x25c6, 0x2592, 0x2409, 0x240c, 0x240d, 0x240a, 0x00b0,
                                   0x00b1, 0x2424, 0x240b, 0x2518, 0x2510, 0x250c, 0x2514, 0x253c,
                                   0x23ba, 0x23bb, 0x2500, 0x23bc, 0x23bd, 0x251c, 0x2524, 0x2534,
                                   0x252c, 0x2502, 0x2264, 0x2265, 0x03c0, 0x2260, 0x00a3, 0x00b7};
    return c >= 0x5f && c <= 0x7e ? map[c - 0x5f] : c;
}

static uint32_t charset(struct screen *s, uint32_t point)
{
    uint8_t set = s->charsets[s->single_shift ? s->single_shift : s->gl];
    s->single_shift = 0;
    if (point >= 0x80)
        return point;
    if (set == '0')
        return graphics((uint8_t)point);
    return set == 'A' && point == '#' ? 0xa3 : point;
}

/* Characters that never join another and whose width is known at once; 0: ask further. */
static inline int plain_width(uint32_t point)
{
    if ((point >= 0x4e00 && point <= 0x9fff) || (point >= 0xac00 && point <= 0xd7a3) ||
        (point >= 0x3041 && point <= 0x3096) || (point >= 0x30a1 && point <= 0x30fa) ||
        (point >= 0x3400 && point <= 0x4dbf) || (point >= 0xff01 && point <= 0xff60) ||
        (point >= 0x1f330 && point <= 0x1f37c) || (point >= 0x1f400 && point <= 0x1f43e) ||
        (point >= 0x1f680 && point <= 0x1f6c5))
        return 2;
    if ((point >= 0xa1 && point < 0x300 && point != 0xad) || (point >= 0x391 && point <= 0x482) ||
        (point >= 0x2010 && point <= 0x2027) || (point >= 0x2500 && point <= 0x25fc))
        return 1;
    return 0;
}

/* The way of almost all text beyond ASCII: it fits, nothing waits, nothing joins. */
bool put_plain(struct screen *s, uint32_t point)
{
    int width = plain_width(point), limit = right_limit(s);
    if (width == 0 || s->pending_wrap || s->insert || s->single_shift || s->col + width > limit)
        return false;
    struct line *l = line_at(s, s->row);
    if (s->col > 0 && (l->cells[s->col - 1].glyph & GLYPH_CLUSTER))
        return false; /* it may end in a joiner */
    if (s->col > 1 && (l->cells[s->col - 2].glyph & GLYPH_CLUSTER))
        return false;
    grid_split_wide(s, l, s->col);
    grid_split_wide(s, l, s->col + width);
    const uint8_t flags = CELL_WRITTEN | (s->pen.protect ? CELL_PROTECTED : 0);
    l->cells[s->col] = (struct cell){point, s->pen.id, (uint8_t)width, flags};
    if (width == 2)
        l->cells[s->col + 1] = (struct cell){0, s->pen.id, 0, flags};
    line_touch(s, l);
    s->col += width;
    s->last = point;
    return true;
}

int point_width(uint32_t point)
{
    /* The ranges that text is made of, before the library is asked. */
    if (point < 0x300)
        return point < 0x20 || (point >= 0x7f && point < 0xa0) ? -1 : 1;
    int plain = plain_width(point);
    if (plain)
        return plain;
    /* Vowels and finals of Hangul syllables written in letters stand on the first one. */
    if ((point >= 0x1160 && point <= 0x11ff) || (point >= 0xd7b0 && point <= 0xd7fb))
        return 0;
    return text_point_width(point);
}

void put_point(struct screen *s, uint32_t point)
{
    int col;
    struct cell *before;
    if (point >= 0x80 && point < 0xa0) { /* C1, as ESC and a letter; what needs more is nothing */
        const char letter = (char)(point - 0x40);
        escape_dispatch(s, &letter, 1);
        return;
    }
    point = charset(s, point);
    int width = point_width(point);
    if (width < 0)
        return;
    if (point >= 0x300) {
        before = cell_before(s, &col);
        if (width == 0 || point == ZWJ) {
            if (before)
                join(s, before, col, point);
            return;
        }
        if (before && is_modifier(point) && before->width == 2) {
            join(s, before, col, point);
            return;
        }
        /* Two regional indicators are one flag. */
        if (before && is_regional(point) && is_regional(before->glyph) && before->width == 1 &&
            has_room(s, col) && !s->insert) {
            join(s, before, col, point);
            s->last = point;
            return;
        }
        if (before && (before->glyph & GLYPH_CLUSTER)) {
            char text[CLUSTER_MAX + 1];
            size_t n = glyph_text(s, before->glyph, text);
            if (ends_in_zwj(text, n) && n + 4 <= CLUSTER_MAX) {
                join(s, before, col, point);
                return;
            }
        }
    }
    place(s, point, width);
    s->last = point;
}

void put_ascii(struct screen *s, const uint8_t *bytes, size_t n)
{
    if (s->insert || s->single_shift || s->charsets[s->gl] != 'B') {
        for (size_t i = 0; i < n; i++)
            put_point(s, bytes[i]);
        return;
    }
    if (n)
        s->last = bytes[n - 1];
    const uint64_t pen = (uint64_t)s->pen.id << 32 | (uint64_t)1 << 48 |
                         (uint64_t)(CELL_WRITTEN | (s->pen.protect ? CELL_PROTECTED : 0)) << 56;
    _Static_assert(sizeof(struct cell) == 8, "a cell is written as one word");
    while (n) {
        if (s->pending_wrap)
            wrap(s);
        int limit = right_limit(s);
        struct line *l = line_at(s, s->row);
        size_t room = (size_t)(limit - s->col) + 1, k = n < room ? n : room;
        grid_split_wide(s, l, s->col);
        grid_split_wide(s, l, s->col + (int)k);
        struct cell *to = l->cells + s->col;
        for (size_t i = 0; i < k; i++) {
            uint64_t word = pen | bytes[i];
            memcpy(&to[i], &word, sizeof word);
        }
        line_touch(s, l);
        bytes += k;
        n -= k;
        if (k == room && !s->autowrap && n) { /* what follows stays on the last column */
            bytes += n - 1;
            n = 1;
            s->col = limit;
            continue;
        }
        advance(s, (int)k, limit);
    }
}

void put_utf8(struct screen *s, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n;) {
        uint32_t point;
        i += text_decode(bytes + i, n - i, &point);
        put_point(s, point);
    }
}
