/* The prompt line: a text of several lines that a person writes to an agent. Keys as in
 * tui/parts/line.h, and up and down in it; Enter sends, Alt-Enter (or C-j) breaks the line; what is
 * pasted is never sent by itself. A history, and a placeholder while it is empty. It knows no
 * session. One thread.
 */
#ifndef BATON_TUI_PROMPTLINE_H
#define BATON_TUI_PROMPTLINE_H

#include "core/base/buf.h"
#include "tui/terminal/canvas.h"
#include "tui/terminal/input.h"
#include "tui/parts/line.h"
#include "tui/terminal/theme.h"

#include <stdbool.h>

#define PROMPTLINE_MAX (256u * 1024u) /* bytes; what goes beyond is left out, and told */

enum prompt_result {
    PROMPT_GOES_ON,
    PROMPT_SENDS,      /* Enter */
    PROMPT_INTERRUPTS, /* C-c */
    PROMPT_LEAVES,     /* Escape */
    PROMPT_FULL,       /* it did not all fit */
    PROMPT_NOT_MINE,
};

struct promptline {
    struct buf text;
    size_t cursor; /* bytes; before a whole character */
    int cols;      /* of the last drawing; up and down go by them */
    int top;       /* the first row that is shown */
    int goal;      /* the column that up and down keep; -1 none */
    struct line_history history;
    int place;   /* in the history; its count: what is being typed */
    char *typed; /* that, while another one is shown */
};

/* Empty, with no history; finish frees what it owns, not the struct. */
void promptline_init(struct promptline *p);
void promptline_finish(struct promptline *p);

/* One key or paste, borrowed. */
enum prompt_result promptline_input(struct promptline *p, const struct input_event *event);
bool promptline_empty(const struct promptline *p);
const char *promptline_text(const struct promptline *p);     /* borrowed until the next change */
void promptline_set(struct promptline *p, const char *text); /* whole, cursor at the end */
void promptline_remember(struct promptline *p, const char *text);

/* How many rows it wants in so many columns, at least 1. */
int promptline_rows(const struct promptline *p, int cols);
/* Draws it, the cursor kept in sight, and sets the canvas's cursor when focus says so. */
void promptline_draw(struct promptline *p, struct canvas *c, struct rect r, struct style style,
                     bool focus);
/* A press into the text as it was drawn: the cursor goes there. row and col within r. */
void promptline_press(struct promptline *p, int row, int col);

#endif
