/* Borders: thin lines that boxes share, with the right sign where they meet, and what is written on
 * them. Pure drawing; one thread. */
#ifndef BATON_TUI_BORDER_H
#define BATON_TUI_BORDER_H

#include "tui/canvas.h"
#include "tui/theme.h"

#include <stdbool.h>

/* A single box. */
void border_box(struct canvas *c, struct rect box, struct style style, const struct theme *theme);

/* All boxes of a layout within area; focus is the box that is drawn brighter. */
void border_lines(struct canvas *c, struct rect area, const struct rect *boxes, int count,
                  struct rect focus, const struct theme *theme);

struct border_text {
    const char *text; /* safe; NULL or "": left out */
    struct style style;
};

#define BORDER_TEXTS 4

/* On the top line of a box: the left texts from the left, joined by " · ", the right ones at the
 * right. What does not fit is cut or left out, the right one's last first. */
void border_title(struct canvas *c, struct rect box, const struct border_text left[BORDER_TEXTS],
                  const struct border_text right[BORDER_TEXTS], const struct theme *theme);

#endif
