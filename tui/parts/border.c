/* Borders (see border.h). Each cell of the area gets a mask of the sides on which a line goes on;
 * the mask is the sign. */
#include "tui/parts/border.h"

#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UP = 1, DOWN = 2, LEFT = 4, RIGHT = 8 };

static enum theme_glyph sign(unsigned mask)
{
    switch (mask) {
    case RIGHT | DOWN: return GLYPH_TL;
    case LEFT | DOWN: return GLYPH_TR;
    case RIGHT | UP: return GLYPH_BL;
    case LEFT | UP: return GLYPH_BR;
    case UP | DOWN | RIGHT: return GLYPH_LT;
    case UP | DOWN | LEFT: return GLYPH_RT;
    case LEFT | RIGHT | DOWN: return GLYPH_TT;
    case LEFT | RIGHT | UP: return GLYPH_BT;
    case UP | DOWN | LEFT | RIGHT: return GLYPH_CROSS;
    case UP:
    case DOWN:
    case UP | DOWN: return GLYPH_V;
    default: return GLYPH_H;
    }
}

struct grid {
    struct rect area;
    unsigned char *masks;
};

static void join(const struct grid *g, int row, int col, unsigned mask)
{
    row -= g->area.row;
    col -= g->area.col;
    if (row >= 0 && row < g->area.rows && col >= 0 && col < g->area.cols)
        g->masks[row * g->area.cols + col] |= (unsigned char)mask;
}

static void join_box(const struct grid *g, struct rect box)
{
    int bottom = box.row + box.rows - 1, right = box.col + box.cols - 1;

    for (int col = box.col; col <= right; col++) {
        unsigned mask = (col > box.col ? LEFT : 0u) | (col < right ? RIGHT : 0u);
        join(g, box.row, col, mask);
        join(g, bottom, col, mask);
    }
    for (int row = box.row; row <= bottom; row++) {
        unsigned mask = (row > box.row ? UP : 0u) | (row < bottom ? DOWN : 0u);
        join(g, row, box.col, mask);
        join(g, row, right, mask);
    }
}

static bool on_box(struct rect box, int row, int col)
{
    int bottom = box.row + box.rows - 1, right = box.col + box.cols - 1;

    if (row < box.row || row > bottom || col < box.col || col > right)
        return false;
    return row == box.row || row == bottom || col == box.col || col == right;
}

void border_lines(struct canvas *c, struct rect area, const struct rect *boxes, int count,
                  struct rect focus, const struct theme *theme)
{
    struct style plain = theme_style(theme, ROLE_BORDER);
    struct style bright = theme_style(theme, ROLE_BORDER_FOCUS);
    struct grid g = {area, NULL};

    if (area.rows <= 0 || area.cols <= 0)
        return;
    g.masks = mem_calloc((size_t)area.rows, (size_t)area.cols);
    for (int i = 0; i < count; i++)
        join_box(&g, boxes[i]);
    for (int row = 0; row < area.rows; row++)
        for (int col = 0; col < area.cols; col++) {
            unsigned mask = g.masks[row * area.cols + col];
            bool focused = on_box(focus, area.row + row, area.col + col);
            if (mask)
                canvas_text(c, area.row + row, area.col + col, 1, focused ? bright : plain,
                            theme_glyph(theme, sign(mask)));
        }
    free(g.masks);
}

void border_box(struct canvas *c, struct rect box, struct style style, const struct theme *theme)
{
    struct grid g = {box, NULL};

    if (box.rows < 2 || box.cols < 2)
        return;
    g.masks = mem_calloc((size_t)box.rows, (size_t)box.cols);
    join_box(&g, box);
    for (int i = 0; i < box.rows * box.cols; i++)
        if (g.masks[i])
            canvas_text(c, box.row + i / box.cols, box.col + i % box.cols, 1, style,
                        theme_glyph(theme, sign(g.masks[i])));
    free(g.masks);
}

static bool there(const struct border_text *text)
{
    return text->text && text->text[0];
}

static int width_of(const struct border_text *texts, int gap)
{
    int width = 0;

    for (int i = 0; i < BORDER_TEXTS; i++)
        if (there(&texts[i]))
            width += text_width(texts[i].text) + (width ? texts[i].close ? 1 : gap : 0);
    return width ? width + 2 : 0;
}

static void put(struct canvas *c, int row, int *col, int end, struct style style, const char *text)
{
    if (*col < end)
        *col += canvas_text(c, row, *col, end - *col, style, text);
}

static void put_all(struct canvas *c, struct rect line, const struct border_text *texts,
                    const char *usual, const struct theme *theme, struct rect *ret_spots)
{
    struct style dim = theme_style(theme, ROLE_DIM);
    int row = line.row, col = line.col, end = line.col + line.cols;
    bool first = true;

    put(c, row, &col, end, dim, " ");
    for (int i = 0; i < BORDER_TEXTS; i++) {
        const char *gap = texts[i].close ? " " : usual;
        int room = end - 1 - col - (first ? 0 : text_width(gap));
        if (!there(&texts[i]))
            continue;
        bool whole = text_width(texts[i].text) <= room;
        if (!whole && !first && room < 8)
            break; /* a stump says nothing */
        if (!first)
            put(c, row, &col, end, dim, gap);
        first = false;
        int from = col;
        put(c, row, &col, whole ? end - 1 : end - 2, texts[i].style, texts[i].text);
        if (ret_spots)
            ret_spots[i] = (struct rect){row, from, 1, col - from};
        if (!whole) {
            put(c, row, &col, end - 1, texts[i].style, theme_glyph(theme, GLYPH_ELLIPSIS));
            break;
        }
    }
    put(c, row, &col, end, dim, " ");
}

void border_title(struct canvas *c, struct rect box, const struct border_text left[BORDER_TEXTS],
                  const struct border_text right[BORDER_TEXTS], const struct theme *theme,
                  struct rect ret_spots[BORDER_TEXTS])
{
    struct border_text fits[BORDER_TEXTS];
    int from = box.col + 2, end = box.col + box.cols - 2, width = width_of(left, 3), room;
    char gap[16];

    for (int i = 0; ret_spots && i < BORDER_TEXTS; i++)
        ret_spots[i] = (struct rect){0};
    if (end - from < 3)
        return;
    snprintf(gap, sizeof gap, " %s ", theme_glyph(theme, GLYPH_DOT));
    /* The name keeps a dozen columns before the right side gets any. */
    room = end - from - (width < 14 ? width : 14) - 1;
    memcpy(fits, right, sizeof fits);
    for (int i = BORDER_TEXTS - 1; i >= 0 && width_of(fits, 2) > room; i--)
        fits[i].text = NULL;
    int cols = width_of(fits, 2);
    if (cols > 0) {
        put_all(c, (struct rect){box.row, end - cols, 1, cols}, fits, "  ", theme, ret_spots);
        end -= cols + 1;
    }
    if (width > 0)
        put_all(c, (struct rect){box.row, from, 1, from + width < end ? width : end - from}, left,
                gap, theme, NULL);
}

void border_foot(struct canvas *c, struct rect box, const char *text, struct style style)
{
    int cols = text_width(text) + 2, col = box.col + box.cols - 2 - cols,
        row = box.row + box.rows - 1;

    if (col < box.col + 2 || box.rows < 2)
        return;
    canvas_text(c, row, col, 1, style, " ");
    canvas_text(c, row, col + 1, cols - 2, style, text);
    canvas_text(c, row, col + cols - 1, 1, style, " ");
}
