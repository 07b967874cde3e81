/* A view on a screen: what of it a pane shows. A screen larger than the pane is cropped, and the
 * part with the cursor is shown; a smaller one leaves a dotted rest. Pure drawing; one thread. */
#ifndef BATON_TUI_VIEW_H
#define BATON_TUI_VIEW_H

#include "core/screen/screen.h"
#include "tui/canvas.h"
#include "tui/theme.h"

#include <stdbool.h>

struct view {
    int row, col; /* the screen's cell in the pane's top left */
};

/* Moves the view as little as needed to keep the cursor in it. */
void view_follow(struct view *v, const struct screen *s, int rows, int cols);
/* Draws the screen into inner; with focus its cursor becomes the canvas's. */
void view_draw(const struct view *v, const struct screen *s, struct canvas *c, struct rect inner,
               bool focus, const struct theme *theme);

#endif
