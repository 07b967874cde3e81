/* A screen's life, and what one can ask it. */
#include "core/screen/screen_private.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

struct screen *screen_create(int rows, int cols, const struct screen_options *options,
                             const struct screen_events *events, void *data)
{
    struct screen *s = mem_zalloc(sizeof *s);
    s->rows = rows < 1 ? 1 : rows > SCREEN_MAX_ROWS ? SCREEN_MAX_ROWS : rows;
    s->cols = cols < 1 ? 1 : cols > SCREEN_MAX_COLS ? SCREEN_MAX_COLS : cols;
    s->events = events;
    s->data = data;
    s->slow = options && options->slow;
    s->checksum = options && options->checksum;
    tables_init(s);
    grid_init(s);
    history_init(s, options ? options->history : 0);
    s->tabs = mem_zalloc((size_t)s->cols);
    scan_init(s);
    screen_reset(s, true);
    return s;
}

void screen_destroy(struct screen *s)
{
    if (!s)
        return;
    scan_finish(s);
    history_finish(s);
    grid_finish(s);
    tables_finish(s);
    titles_finish(s);
    free(s->tabs);
    free(s);
}

int screen_rows(const struct screen *s)
{
    return s->rows;
}

int screen_cols(const struct screen *s)
{
    return s->cols;
}

void screen_cursor(const struct screen *s, int *ret_row, int *ret_col)
{
    *ret_row = s->row;
    *ret_col = s->col;
}

void screen_modes(const struct screen *s, struct screen_modes *ret_modes)
{
    const struct page *p = s->page;
    *ret_modes = (struct screen_modes){
        .alternate = p == &s->pages[1],
        .cursor_visible = s->cursor_on,
        .cursor_blink = s->blink,
        .shape = s->shape,
        .app_cursor_keys = s->app_cursor,
        .app_keypad = s->app_keypad,
        .newline = s->newline,
        .bracketed_paste = s->bracketed_paste,
        .focus_events = s->focus,
        .reverse_video = s->reverse_video,
        .synchronized = s->sync,
        .mouse = s->mouse,
        .mouse_sgr = s->mouse_sgr,
        .mouse_utf8 = s->mouse_utf8,
        .alternate_scroll = s->alt_scroll,
        .kitty_keyboard = p->kitty_n ? p->kitty[p->kitty_n - 1] : 0,
        .modify_other_keys = s->modify_other_keys,
    };
}

const char *screen_title(const struct screen *s)
{
    return s->title ? s->title : "";
}

uint64_t screen_stamp(const struct screen *s)
{
    return s->stamp;
}

uint64_t screen_line_stamp(const struct screen *s, int row)
{
    return row >= 0 && row < s->rows ? line_at(s, row)->stamp : 0;
}

int screen_history(const struct screen *s)
{
    return (int)s->history.count;
}

uint64_t screen_history_total(const struct screen *s)
{
    return s->history.total;
}

static void show_cell(const struct screen *s, const struct cell *c, struct screen_cell *out)
{
    if (c->glyph < 0x80)
        memcpy(out->text, (char[4]){(char)c->glyph}, 4);
    else
        glyph_text(s, c->glyph, out->text);
    out->width = c->glyph == 0 && !(c->flags & CELL_WRITTEN) ? 1 : c->width;
    out->style = *style_get(s, c->style);
}

int screen_line(const struct screen *s, int row, struct screen_cell *out)
{
    if (row >= 0 && row < s->rows) {
        const struct line *l = line_at(s, row);
        for (int col = 0; col < s->cols; col++)
            show_cell(s, &l->cells[col], &out[col]);
        return line_used(s, l);
    }
    if (row < 0 && (size_t) - (int64_t)row <= s->history.count) {
        const struct packed *p = history_at(s, s->history.count - (size_t) - (int64_t)row);
        packed_cells(p, out, s->cols);
        return p->cells < (uint32_t)s->cols ? (int)p->cells : s->cols;
    }
    for (int col = 0; col < s->cols; col++)
        out[col] = (struct screen_cell){.width = 1};
    return 0;
}

bool screen_line_wrapped(const struct screen *s, int row)
{
    if (row >= 0 && row < s->rows)
        return line_at(s, row)->wrapped;
    if (row >= 0 || (size_t) - (int64_t)row > s->history.count)
        return false;
    return history_at(s, s->history.count - (size_t) - (int64_t)row)->wrapped;
}

const char *screen_link(const struct screen *s, uint16_t link)
{
    return link && link < s->links.count ? s->links.items[link] : NULL;
}

size_t screen_memory(const struct screen *s)
{
    return sizeof *s + 2 * (size_t)s->rows * (sizeof(struct line) + (size_t)s->cols * 8) +
           s->history.bytes + s->history.cap * sizeof(void *) +
           s->styles.cap * (sizeof(struct style) + 8) + s->clusters.cap * (CLUSTER_MAX + 9) +
           s->links.cap * (sizeof(char *) + 4) + s->pending.cap + s->packing.cap;
}
