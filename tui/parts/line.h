/* A line that a person edits: the command line, a search, a name. Characters, not bytes; a history
 * when it has one. Pure; one thread. */
#ifndef BATON_TUI_LINE_H
#define BATON_TUI_LINE_H

#include "tui/terminal/canvas.h"
#include "tui/terminal/input.h"

#include <stdbool.h>

#define LINE_MAX_BYTES 4096
#define HISTORY_MAX    200

struct line_history {
    char *lines[HISTORY_MAX]; /* oldest first */
    int count;
};

struct line {
    char text[LINE_MAX_BYTES];
    size_t length, cursor;        /* bytes; the cursor stands before a whole character */
    struct line_history *history; /* borrowed, or NULL */
    int place;                    /* in the history; count: what is being typed */
    char typed[LINE_MAX_BYTES];
};

enum line_result { LINE_GOES_ON, LINE_DONE, LINE_LEFT, LINE_NOT_MINE };

void line_start(struct line *l, struct line_history *history, const char *text);
/* One key or paste. Enter: LINE_DONE; Escape, C-c, or Backspace in an empty line: LINE_LEFT; a key
 * that it has no use for (Tab): LINE_NOT_MINE. */
enum line_result line_input(struct line *l, const struct input_event *event);
void line_set(struct line *l, const char *text); /* whole, cursor at the end */
/* Draws it from col, the cursor kept in sight; gives the cursor's column. */
int line_draw(const struct line *l, struct canvas *c, int row, int col, int cols,
              struct style style);

void line_remember(struct line_history *h, const char *text); /* not twice in a row, not empty */
void line_forget(struct line_history *h);

#endif
