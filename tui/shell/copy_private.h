/* Copy mode's insides, for copy.c (moving, selecting), copy_search.c and copy_draw.c.
 * Lines are numbered from the oldest of the history, 0, to the screen's last. */
#ifndef BATON_TUI_COPY_PRIVATE_H
#define BATON_TUI_COPY_PRIVATE_H

#include "tui/shell/copy.h"
#include "tui/parts/line.h"

enum selecting { SELECT_NONE, SELECT_CHARS, SELECT_LINES, SELECT_BLOCK };

struct copy {
    struct screen *screen;
    int history, total, width; /* lines and columns there are */
    int rows, cols;            /* of the view */
    int top, left;             /* the view's first line and column */
    int y, x;                  /* the cursor */
    enum selecting select;
    int anchor_y, anchor_x;
    bool dragging;
    int count;                 /* typed before a motion: 12j */
    bool asking, ask_backward; /* a search is being typed */
    struct line line;
    char needle[LINE_MAX_BYTES];
    bool backward, missed;
    struct screen_cell *cells; /* width of them, for reading a line */
};

struct copy_hit {
    int y, x, end_y, end_x; /* the last cell is end_x, inclusive */
};

/* The cells of a line; gives the columns in use. */
int copy_line(const struct copy *c, int y, struct screen_cell *out);
void copy_show_cursor(struct copy *c); /* scrolls the view so that the cursor is within it */

/* All hits that begin within the lines from first to last (wrapped ones joined), to a function that
 * gives false when it has seen enough. */
typedef bool (*copy_hit_fn)(void *data, const struct copy_hit *hit);
void copy_each_hit(const struct copy *c, int first, int last, copy_hit_fn fn, void *data);
bool copy_next_hit(struct copy *c, bool backward);

/* The selection's ends in order; false when there is none. */
bool copy_ends(const struct copy *c, int *ret_y1, int *ret_x1, int *ret_y2, int *ret_x2);

#endif
