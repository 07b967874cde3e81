/* Borders: thin lines that boxes share, with the right sign where they meet, and what is written on
 * them. Pure drawing; one thread. */
#ifndef BATON_TUI_BORDER_H
#define BATON_TUI_BORDER_H

#include "tui/terminal/canvas.h"
#include "tui/terminal/theme.h"

#include <stdbool.h>

/* A single box. */
void border_box(struct canvas *c, struct rect box, struct style style, const struct theme *theme);

/* All boxes of a layout within area; focus is the box that is drawn brighter. */
void border_lines(struct canvas *c, struct rect area, const struct rect *boxes, int count,
                  struct rect focus, const struct theme *theme);

struct border_text {
    const char *text; /* safe; NULL or "": left out */
    struct style style;
    bool close; /* it goes on with what stands before it: one space between them */
};

#define BORDER_TEXTS 5

/* On the top line of a box: the left texts from the left, joined by " · ", the right ones at the
 * right. What does not fit is cut or left out, the right one's last first. ret_spots may be NULL:
 * where each of the right ones stands, without rows when it does not. */
void border_title(struct canvas *c, struct rect box, const struct border_text left[BORDER_TEXTS],
                  const struct border_text right[BORDER_TEXTS], const struct theme *theme,
                  struct rect ret_spots[BORDER_TEXTS]);
/* A short text at the right of the bottom line; nothing where there is no room for it. */
void border_foot(struct canvas *c, struct rect box, const char *text, struct style style);

#endif
