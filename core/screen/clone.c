/* A copy of a screen at this moment, for somebody who writes it down while the first goes on: a
 * keyframe of ten thousand lines takes milliseconds to write, which no keystroke may wait for. */
#include "core/screen/screen_private.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

static void clone_page(struct page *to, const struct page *from, int rows, int cols)
{
    const size_t size = sizeof(struct line) + (size_t)cols * sizeof(struct cell);
    *to = *from;
    to->lines = mem_calloc((size_t)rows, sizeof *to->lines);
    for (int row = 0; row < rows; row++)
        to->lines[row] = mem_dup(from->lines[row], size);
}

static void clone_tables(struct screen *to, const struct screen *from)
{
    const struct styles *st = &from->styles;
    const struct clusters *c = &from->clusters;
    to->styles.items = mem_dup(st->items, st->cap * sizeof *st->items);
    to->styles.next = mem_dup(st->next, st->cap * sizeof *st->next);
    to->clusters.items = mem_dup(c->items ? (const void *)c->items : "", c->cap * sizeof *c->items);
    to->clusters.next = mem_dup(c->next ? (const void *)c->next : "", c->cap * sizeof *c->next);
    to->links.items = mem_calloc(from->links.count + 1, sizeof(char *));
    for (size_t i = 1; i < from->links.count; i++)
        to->links.items[i] = mem_strdup(from->links.items[i]);
}

struct screen *screen_clone(const struct screen *from)
{
    struct screen *to = mem_dup(from, sizeof *from);
    to->events = NULL;
    to->data = NULL;
    for (int p = 0; p < 2; p++)
        clone_page(&to->pages[p], &from->pages[p], from->rows, from->cols);
    to->page = &to->pages[from->page == &from->pages[1]];
    clone_tables(to, from);
    history_clone(to, from);
    to->packing = to->pending = (struct buf){0};
    buf_append(&to->pending, from->pending.data ? from->pending.data : "", from->pending.len);
    to->tabs = mem_dup(from->tabs, (size_t)from->cols);
    to->title = mem_strdup(from->title);
    to->icon = mem_strdup(from->icon);
    for (int i = 0; i < from->title_depth; i++)
        to->title_stack[i] = mem_strdup(from->title_stack[i]);
    scan_init(to);
    return to;
}
