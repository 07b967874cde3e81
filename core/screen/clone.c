/* A copy of a screen at this moment, for somebody who writes it down while the first goes on: a
 * keyframe of ten thousand lines takes milliseconds to write, which no keystroke may wait for. The
 * history's lines are shared, not copied: they never change. */
#include "core/screen/screen_private.h"
#include "core/base/mem.h"

#include <string.h>

static void clone_page(struct page *to, const struct page *from, int rows, int cols)
{
    const size_t size = sizeof(struct line) + (size_t)cols * sizeof(struct cell);
    *to = *from;
    to->lines = mem_calloc((size_t)rows, sizeof *to->lines);
    for (int row = 0; row < rows; row++)
        to->lines[row] = mem_dup(from->lines[row], size);
}

struct screen *screen_clone(const struct screen *from)
{
    struct screen *to = mem_dup(from, sizeof *from);
    to->events = NULL;
    to->data = NULL;
    for (int p = 0; p < 2; p++)
        clone_page(&to->pages[p], &from->pages[p], from->rows, from->cols);
    to->page = &to->pages[from->page == &from->pages[1]];
    tables_clone(to, from);
    history_clone(to, from);
    to->packing = to->pending = (struct buf){0};
    buf_append(&to->pending, from->pending.data ? from->pending.data : "", from->pending.len);
    to->tabs = mem_dup(from->tabs, (size_t)from->cols);
    titles_clone(to, from);
    scan_init(to);
    return to;
}
