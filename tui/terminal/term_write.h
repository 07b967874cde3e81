/* The differences between what a terminal shows and a canvas, as bytes. No terminal is touched
 * here. One thread. */
#ifndef BATON_TUI_TERM_WRITE_H
#define BATON_TUI_TERM_WRITE_H

#include "tui/terminal/term_caps.h"

struct writer;

struct writer *writer_create(int rows, int cols);
void writer_destroy(struct writer *w); /* takes NULL */
/* Whatever was known about the terminal's picture is no longer true, or it has another size: the
 * next writer_show clears it and writes everything. */
void writer_forget(struct writer *w, int rows, int cols);
/* Appends what brings the terminal to the canvas, or as much of it as there is room for; nothing at
 * all when it is there already. True when the cursor's shape was set. */
bool writer_show(struct writer *w, const struct canvas *c, const struct term_caps *caps,
                 struct buf *out);

#endif
