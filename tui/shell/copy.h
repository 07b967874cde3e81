/* Copy mode: a frozen screen with its history, in which a person scrolls, searches and selects. It
 * is this console's own: nobody else sees anything of it. Keys are vi's and, where they do not
 * collide, those of emacs. The model knows no terminal and no hub. One thread. */
#ifndef BATON_TUI_COPY_H
#define BATON_TUI_COPY_H

#include "core/base/buf.h"
#include "core/screen/screen.h"
#include "tui/terminal/canvas.h"
#include "tui/terminal/input.h"
#include "tui/terminal/theme.h"

#include <stdbool.h>

struct copy;

enum copy_result {
    COPY_STAYS,
    COPY_LEAVES,   /* the person wants out */
    COPY_TAKES,    /* the selection is to be copied (copy_text), then out */
    COPY_NOT_MINE, /* a key of no use here */
};

/* Takes the screen. The view begins where the live screen is, cursor where its cursor was. */
struct copy *copy_create(struct screen *screen);
void copy_destroy(struct copy *c); /* takes NULL */

/* The view's size in cells, at least 1 each; the cursor stays in sight. */
void copy_size(struct copy *c, int rows, int cols);
enum copy_result copy_input(struct copy *c, const struct input_event *event);
/* A mouse event with row and col within the view: wheel scrolls, drag selects, release takes. */
enum copy_result copy_mouse(struct copy *c, const struct input_event *event);
/* Moves the view by n lines; the cursor goes with it. */
void copy_scroll(struct copy *c, int n);
bool copy_at_end(const struct copy *c); /* the view shows the live part */

/* The selected text, lines ended by '\n' where they ended in the shell; appended to out. */
void copy_text(const struct copy *c, struct buf *out);
/* Searches for text, smart case; false when it is not there. */
bool copy_search(struct copy *c, const char *text, bool backward);

/* "[120/5000]": how many lines the view is above the end, of how many. */
void copy_position(const struct copy *c, char *out, size_t size);
/* Draws the view with selection, hits, cursor and, in its last line, a search being typed. */
void copy_draw(struct copy *c, struct canvas *canvas, struct rect inner, const struct theme *theme);

#endif
