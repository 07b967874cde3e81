/* Lines as text for people and comparisons. */
#include "core/screen/screen_private.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

static bool same(const struct style *a, const struct style *b)
{
    return a->fg == b->fg && a->bg == b->bg && a->underline_colour == b->underline_colour &&
           a->attrs == b->attrs;
}

static void print_line(const struct screen *s, const struct screen_cell *cells, int n, bool ansi,
                       struct style *pen, struct buf *out)
{
    (void)s;
    for (int col = 0; col < n; col++) {
        const struct screen_cell *c = &cells[col];
        if (c->width == 0)
            continue;
        if (ansi && !same(pen, &c->style)) {
            char text[SGR_MOST];
            sgr_text(&c->style, text);
            buf_printf(out, "\033[0%sm", text);
            *pen = c->style;
        }
        buf_puts(out, c->text[0] ? c->text : " ");
    }
}

/* Blanks at the end are nothing to see unless they have a background or a line through them. */
static int visible(const struct screen_cell *cells, int n, bool ansi)
{
    const uint16_t seen = ATTR_REVERSE | ATTR_UNDERLINE | ATTR_STRIKE | ATTR_OVERLINE;
    while (n > 0) {
        const struct screen_cell *c = &cells[n - 1];
        bool blank = c->width == 1 && (c->text[0] == '\0' || (c->text[0] == ' ' && !c->text[1]));
        if (!blank || (ansi && (c->style.bg || (c->style.attrs & seen))))
            break;
        n--;
    }
    return n;
}

void screen_print(const struct screen *s, int first, int last, bool ansi, struct buf *out)
{
    struct screen_cell *cells = mem_calloc((size_t)s->cols, sizeof *cells);
    for (int row = first; row <= last; row++) {
        struct style pen = {0};
        int n = screen_line(s, row, cells);
        print_line(s, cells, visible(cells, n, ansi), ansi, &pen, out);
        if (ansi && !same(&pen, &(struct style){0}))
            buf_puts(out, "\033[0m");
        buf_putc(out, '\n');
    }
    free(cells);
}
