/* A view on a screen: what of it a pane shows. A screen larger than the pane is cropped, and the
 * part with the cursor is shown; a smaller one leaves a dotted rest. Pure drawing; one thread. */
#ifndef BATON_TUI_VIEW_H
#define BATON_TUI_VIEW_H

#include "core/screen/screen.h"
#include "tui/terminal/canvas.h"
#include "tui/terminal/theme.h"

#include <stdbool.h>

struct view {
    int row, col; /* the screen's cell in the pane's top left */

    /* What was drawn last, so that only lines that changed are drawn again. */
    uint64_t *stamps; /* of the lines; owned */
    int stamp_count;
    int drawn_row, drawn_col, drawn_cols;
    uint64_t drawn_screen; /* the generation of the screen */
    bool drawn_reverse;
};

void view_finish(struct view *v);

/* Moves the view as little as needed to keep the cursor in it. */
void view_follow(struct view *v, const struct screen *s, int rows, int cols);
/* Draws the screen into inner; with focus its cursor becomes the canvas's. generation is another
 * one for another screen. all: every line, else those that changed since the canvas had them. */
void view_draw(struct view *v, const struct screen *s, uint64_t generation, struct canvas *c,
               struct rect inner, bool focus, bool all, const struct theme *theme);

#endif
