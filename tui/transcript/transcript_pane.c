/* The transcript's pane (see transcript_pane.h): what is in view and how it is drawn. The view is
 * held by a block and a line of it, so nothing that happens above or below moves what one reads. */
#include "tui/transcript/transcript_pane_private.h"

#include "core/base/mem.h"
#include "core/base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDEST       120 /* columns of a line: longer ones are hard to read */
#define MARGINS_FROM 40

struct transcript_pane *transcript_pane_create(const struct transcript *t)
{
    struct transcript_pane *p = mem_zalloc(sizeof *p);

    p->t = t;
    p->lines = transcript_lines_create(t);
    p->me = mem_strdup("");
    p->driver_name = mem_strdup("");
    p->pattern = mem_strdup("");
    p->following = true;
    p->rows = 1;
    p->cols = 80;
    return p;
}

void transcript_pane_destroy(struct transcript_pane *p)
{
    if (!p)
        return;
    transcript_lines_destroy(p->lines);
    free(p->me);
    free(p->driver_name);
    free(p->pattern);
    buf_finish(&p->scratch);
    free(p);
}

void transcript_pane_viewer(struct transcript_pane *p, const char *me, bool driver,
                            const char *driver_name)
{
    char *a = mem_strdup(me ? me : ""), *b = mem_strdup(driver_name ? driver_name : "");

    free(p->me);
    free(p->driver_name);
    p->me = a;
    p->driver_name = b;
    p->driver = driver;
}

/* --- where the view is -------------------------------------------------------------------------
 */

static struct pane_place end_place(struct transcript_pane *p)
{
    struct pane_place at = {transcript_count(p->t), 0};

    return pane_move(p, at, -p->rows);
}

struct pane_place pane_move(struct transcript_pane *p, struct pane_place at, int lines)
{
    int count = transcript_count(p->t);

    at.line += lines;
    while (at.line < 0 && at.index > 0)
        at.line += transcript_lines_height(p->lines, --at.index);
    if (at.line < 0)
        at.line = 0;
    while (at.index < count && at.line >= transcript_lines_height(p->lines, at.index))
        at.line -= transcript_lines_height(p->lines, at.index++);
    if (at.index >= count)
        at.line = 0;
    return at;
}

struct pane_place pane_top(struct transcript_pane *p)
{
    struct pane_place at;
    int height;

    if (p->following)
        return end_place(p);
    at.index = transcript_index(p->t, p->top);
    at.line = transcript_id_at(p->t, at.index) == p->top ? p->top_line : 0;
    height = transcript_lines_height(p->lines, at.index);
    if (at.line >= height)
        at.line = height > 0 ? height - 1 : 0;
    return at;
}

static bool before(struct pane_place a, struct pane_place b)
{
    return a.index < b.index || (a.index == b.index && a.line < b.line);
}

void pane_set_top(struct transcript_pane *p, struct pane_place top)
{
    struct pane_place end = end_place(p);

    p->following = !before(top, end);
    if (p->following)
        return;
    p->top = transcript_id_at(p->t, top.index);
    p->top_line = top.line;
}

void transcript_pane_scroll(struct transcript_pane *p, int lines)
{
    pane_set_top(p, pane_move(p, pane_top(p), lines));
}

void transcript_pane_end(struct transcript_pane *p)
{
    p->following = true;
}

void transcript_pane_top(struct transcript_pane *p)
{
    transcript_lines_sync(p->lines, 0);
    pane_set_top(p, (struct pane_place){0, 0});
    p->cursor = 0;
}

bool transcript_pane_following(const struct transcript_pane *p)
{
    return p->following;
}

void pane_reveal(struct transcript_pane *p, int index, int line)
{
    struct pane_place top = pane_top(p), first = {index, line < 0 ? 0 : line}, last = first, bottom;
    int height = transcript_lines_height(p->lines, index);

    last.line = line < 0 ? height - 1 : line;
    if (before(first, top)) {
        pane_set_top(p, first);
        return;
    }
    bottom = pane_move(p, top, p->rows - 1);
    if (!before(bottom, last))
        return;
    top = pane_move(p, last, 1 - p->rows);
    pane_set_top(p, before(first, top) ? first : top);
}

int pane_step(struct transcript_pane *p, int index, int direction)
{
    for (index += direction; index >= 0 && index < transcript_count(p->t); index += direction)
        if (transcript_lines_height(p->lines, index) > 0)
            return index;
    return -1;
}

bool pane_cursor(struct transcript_pane *p, int index)
{
    if (index < 0 || index >= transcript_count(p->t))
        return false;
    p->cursor = transcript_id_at(p->t, index);
    pane_reveal(p, index, -1);
    return true;
}

void transcript_pane_prompt(struct transcript_pane *p, int direction)
{
    struct pane_place top = pane_top(p);
    int index = top.index;

    /* Within a prompt, "the one before" is its own beginning. */
    if (direction < 0 && top.line > 1 && index < transcript_count(p->t) &&
        transcript_at(p->t, index)->kind == BLOCK_PROMPT)
        index++;
    for (index += direction; index >= 0 && index < transcript_count(p->t); index += direction)
        if (transcript_at(p->t, index)->kind == BLOCK_PROMPT) {
            int height = transcript_lines_height(p->lines, index);
            p->cursor = transcript_id_at(p->t, index);
            pane_set_top(p, (struct pane_place){index, index > 0 && height > 1 ? 1 : 0});
            return;
        }
    if (direction > 0)
        p->following = true;
    else
        pane_set_top(p, (struct pane_place){0, 0});
}

bool transcript_pane_show(struct transcript_pane *p, int64_t seq)
{
    int low = 0, high = transcript_count(p->t);

    while (low < high) {
        int mid = low + (high - low) / 2;
        if (transcript_at(p->t, mid)->first <= seq)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == 0)
        return false;
    p->cursor = transcript_id_at(p->t, low - 1);
    pane_set_top(p, (struct pane_place){low - 1, 0});
    return true;
}

bool transcript_pane_waiting(struct transcript_pane *p)
{
    const struct transcript_block *b;

    if (!transcript_waiting(p->t, &b) || !b)
        return false;
    transcript_lines_sync(p->lines, 0);
    for (int i = transcript_index(p->t, b->id); i < transcript_count(p->t); i++)
        transcript_lines_put_off(p->lines, i, false); /* later is now */
    return pane_cursor(p, transcript_index(p->t, b->id));
}

void transcript_pane_position(struct transcript_pane *p, char *out, size_t size)
{
    struct pane_place top = pane_top(p);
    int64_t total = transcript_lines_total(p->lines);
    int64_t above = total - transcript_lines_before(p->lines, top.index) - top.line - p->rows;

    snprintf(out, size, "[%" PRId64 "/%" PRId64 "]", p->following || above < 0 ? 0 : above, total);
}

/* --- drawing -----------------------------------------------------------------------------------
 */

static struct style run_style(const struct line_run *run, const struct theme *theme)
{
    struct style style = theme_style(theme, (enum theme_role)run->role);

    if (run->attrs & ATTR_UNDERLINE)
        style.attrs &= (uint16_t)~ATTR_UNDERLINE;
    style.attrs |= run->attrs;
    return style;
}

static void draw_line(struct transcript_pane *p, struct canvas *c, int row, struct rect inner,
                      const struct text_line *line, const struct theme *theme)
{
    int col = inner.col + p->left, end = col + p->cols;
    const char *text = line->text;

    for (int i = 0; i < line->run_count && col < end; i++) {
        buf_clear(&p->scratch);
        buf_append(&p->scratch, text, line->runs[i].n);
        col +=
            canvas_text(c, row, col, end - col, run_style(&line->runs[i], theme), p->scratch.data);
        text += line->runs[i].n;
    }
    if (line->ground != ROLE_TEXT && col < end)
        canvas_fill(c, (struct rect){row, col, 1, end - col},
                    theme_style(theme, (enum theme_role)line->ground));
}

static void draw_cursor(struct transcript_pane *p, struct canvas *c, struct rect inner, int row,
                        const struct theme *theme)
{
    struct style style = theme_style(theme, ROLE_SELECTION);

    canvas_restyle(c, (struct rect){row, inner.col + p->left, 1, p->cols}, &style, 0);
}

static void draw_lines(struct transcript_pane *p, struct canvas *c, struct rect inner, bool focus,
                       const struct theme *theme)
{
    struct pane_place at = pane_top(p);
    int row = 0;

    for (; row < inner.rows && at.index < transcript_count(p->t); at.index++, at.line = 0) {
        const struct text_line *lines;
        uint64_t id = transcript_id_at(p->t, at.index);
        int count = transcript_lines_at(p->lines, at.index, &lines);
        /* The first line may be the empty one before it: the cursor is on what can be read. */
        int mark = count > 1 && lines[0].n == 0 ? 1 : 0;
        for (; at.line < count && row < inner.rows; at.line++, row++) {
            draw_line(p, c, inner.row + row, inner, &lines[at.line], theme);
            if (focus && id == p->cursor && at.line == mark)
                draw_cursor(p, c, inner, inner.row + row, theme);
        }
        if (p->seen < id)
            p->seen = id;
    }
}

static void tag(struct transcript_pane *p, struct canvas *c, struct rect inner, int row,
                enum theme_role role, const char *text, const struct theme *theme)
{
    int width = text_width(text), col = inner.col + p->left + p->cols - width;

    if (width <= inner.cols)
        canvas_text(c, inner.row + row, col < inner.col ? inner.col : col, width,
                    theme_style(theme, role), text);
}

/* "↓ 12 new" where one does not see the end. */
static void draw_tags(struct transcript_pane *p, struct canvas *c, struct rect inner,
                      const struct theme *theme)
{
    char text[60], place[40];
    int unseen = transcript_count(p->t) - transcript_index(p->t, p->seen + 1);

    if (!p->following) {
        transcript_pane_position(p, place, sizeof place);
        place[strcspn(place, "/")] = '\0';
        if (unseen > 0)
            snprintf(text, sizeof text, " %s %d new ", theme_glyph(theme, GLYPH_DOWN), unseen);
        else
            snprintf(text, sizeof text, " %s %s ", theme_glyph(theme, GLYPH_DOWN), place + 1);
        tag(p, c, inner, inner.rows - 1, unseen > 0 ? ROLE_ATTENTION : ROLE_DIM, text, theme);
    }
    if (p->asked && p->asked == transcript_whole(p->t) && inner.rows > 1) {
        snprintf(text, sizeof text, " %s earlier%s ", theme_glyph(theme, GLYPH_UP),
                 theme_glyph(theme, GLYPH_ELLIPSIS));
        tag(p, c, inner, 0, ROLE_DIM, text, theme);
    }
}

static void draw_empty(struct canvas *c, struct rect inner, const struct theme *theme)
{
    canvas_text(c, inner.row, inner.col + (inner.cols >= MARGINS_FROM), inner.cols,
                theme_style(theme, ROLE_DIM), "Nothing has been said yet.");
}

static bool wants_earlier(struct transcript_pane *p)
{
    struct pane_place top = pane_top(p);

    if (transcript_whole(p->t) <= 1 || p->asked == transcript_whole(p->t) || top.index > 0 ||
        top.line > p->rows)
        return false;
    p->asked = transcript_whole(p->t);
    return true;
}

bool transcript_pane_draw(struct transcript_pane *p, struct canvas *c, struct rect inner,
                          bool focus, int64_t now, const struct theme *theme)
{
    int margins = inner.cols >= MARGINS_FROM ? 2 : 0, grown;
    struct lines_look look = {
        .utf8 = theme_utf8(theme), .driver = p->driver, .me = p->me, .driver_name = p->driver_name};
    bool earlier;

    (void)now;
    if (inner.rows <= 0 || inner.cols <= 0)
        return false;
    p->rows = inner.rows;
    p->left = margins / 2;
    p->cols = inner.cols - margins < WIDEST ? inner.cols - margins : WIDEST;
    look.width = p->cols;
    transcript_lines_look(p->lines, &look);
    grown = transcript_lines_sync(p->lines, p->following ? 0 : p->top);
    p->top_line += p->following ? 0 : grown;
    if (!p->following && p->top_line < 0)
        p->top_line = 0;
    earlier = wants_earlier(p);
    if (transcript_count(p->t) == 0)
        draw_empty(c, inner, theme);
    draw_lines(p, c, inner, focus, theme);
    pane_draw_hits(p, c, inner, theme);
    pane_draw_selection(p, c, inner, theme);
    draw_tags(p, c, inner, theme);
    return earlier;
}
