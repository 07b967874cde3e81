/* Any bytes into a screen: no crash, no difference between the fast path and libvterm's parser, nor
 * between a state and its snapshot. The first four bytes choose size, cut and a resize. */
#include "core/base/mem.h"
#include "core/screen/screen.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void describe(const struct screen *s, struct buf *out)
{
    struct screen_cell *cells = mem_calloc((size_t)screen_cols(s), sizeof *cells);
    int row, col;
    screen_cursor(s, &row, &col);
    buf_printf(out, "%d %d %s\n", row, col, screen_title(s));
    for (int r = -screen_history(s); r < screen_rows(s); r++) {
        int used = screen_line(s, r, cells);
        for (int c = 0; c < used; c++) {
            const struct style *st = &cells[c].style;
            buf_printf(out, "[%s|%d|%x,%x,%x,%x]", cells[c].text, cells[c].width, st->fg, st->bg,
                       st->underline_colour, st->attrs);
        }
        buf_printf(out, "%d\n", screen_line_wrapped(s, r));
    }
    free(cells);
}

static void expect_same(const struct screen *a, const struct screen *b, const char *what)
{
    struct buf x = {0}, y = {0};
    describe(a, &x);
    describe(b, &y);
    if (strcmp(x.data, y.data) != 0) {
        fprintf(stderr, "%s differ:\n%s\n%s\n", what, x.data, y.data);
        abort();
    }
    buf_finish(&x);
    buf_finish(&y);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4 || size > 20000)
        return 0;
    int rows = 1 + data[0] % 30, cols = 2 + data[1] % 90;
    const uint8_t *bytes = data + 4;
    size_t n = size - 4, cut = n * data[2] / 256;
    const struct screen_options fast = {.history = 40}, slow = {.history = 40, .slow = true};
    struct screen *a = screen_create(rows, cols, &fast, NULL, NULL);
    struct screen *b = screen_create(rows, cols, &slow, NULL, NULL);
    struct buf shot = {0};

    screen_feed(a, bytes, cut);
    screen_feed(b, bytes, cut);
    expect_same(a, b, "fast and slow");
    if (data[3] & 1) {
        rows = 1 + data[3] % 40;
        cols = 2 + data[3] % 70;
        screen_resize(a, rows, cols);
    }
    screen_snapshot(a, -1, &shot);
    screen_destroy(b);
    b = screen_create(rows, cols, &fast, NULL, NULL);
    screen_feed(b, shot.data, shot.len);
    expect_same(a, b, "state and snapshot");
    screen_feed(a, bytes + cut, n - cut);
    screen_feed(b, bytes + cut, n - cut);
    expect_same(a, b, "what follows");
    buf_finish(&shot);
    screen_destroy(a);
    screen_destroy(b);
    return 0;
}
