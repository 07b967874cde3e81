/* The canvas: what the console wants to be on the terminal, as cells, apart from curses. Panes draw
 * here; term_show compares it with what is there. Tests read it without a terminal. One thread. */
#ifndef BATON_TUI_CANVAS_H
#define BATON_TUI_CANVAS_H

#include "core/base/buf.h"
#include "core/screen/screen.h"

#include <stdbool.h>

struct rect {
    int row, col, rows, cols;
};

struct canvas;

struct canvas *canvas_create(int rows, int cols);
void canvas_destroy(struct canvas *c);
void canvas_resize(struct canvas *c, int rows, int cols); /* blank afterwards */
int canvas_rows(const struct canvas *c);
int canvas_cols(const struct canvas *c);

/* Everything drawn is clipped to the clip, the whole canvas at first. */
void canvas_clip(struct canvas *c, struct rect clip);
void canvas_unclip(struct canvas *c);
void canvas_fill(struct canvas *c, struct rect r, struct style style); /* blanks */
/* One line of safe text (core/base/text.h), cut at cols columns; gives the columns drawn. */
int canvas_text(struct canvas *c, int row, int col, int cols, struct style style, const char *text);
/* The same with sign (one column wide) as the last of a text that is cut. */
int canvas_text_cut(struct canvas *c, int row, int col, int cols, struct style style,
                    const char *text, const char *sign);
/* One cell as a screen gives it; a wide one at the clip's edge becomes a blank. */
void canvas_cell(struct canvas *c, int row, int col, const struct screen_cell *cell);
/* Changes the style of what is there (selection, search hit): attrs are xor'ed with flip. */
void canvas_restyle(struct canvas *c, struct rect r, const struct style *style, uint16_t flip);
const struct screen_cell *canvas_at(const struct canvas *c, int row, int col); /* borrowed */

void canvas_cursor(struct canvas *c, int row, int col,
                   enum cursor_shape shape); /* row -1: hidden */
void canvas_get_cursor(const struct canvas *c, int *ret_row, int *ret_col, enum cursor_shape *ret);

/* Text of the whole canvas for goldens and tests, one line a row; ansi as screen_print. */
void canvas_print(const struct canvas *c, bool ansi, struct buf *out);

#endif
