/* The real terminal: taking it over and giving it back exactly as it was, also after a crash; what
 * it can show; writing a canvas to it by differences; reading keys. term_caps.c is the only file
 * that includes curses' headers (for terminfo). One terminal a process, one thread. */
#ifndef BATON_TUI_TERM_H
#define BATON_TUI_TERM_H

#include "core/base/err.h"
#include "tui/terminal/canvas.h"
#include "tui/terminal/input.h"

struct term;

enum term_colours { TERM_NO_COLOUR = 0, TERM_16 = 16, TERM_256 = 256, TERM_TRUECOLOUR = 1 << 24 };

/* Takes the terminal on fds 0 and 1: alternate screen, no echo, bracketed paste, focus, mouse. ERR_
 * UNSUPPORTED with a sentence in *ret_why (caller frees) when it is no terminal or TERM is unknown
 * (then a plain VT100 subset is tried when that is safe). */
enum err term_open(struct term **ret_term, char **ret_why);
/* Gives it back: modes, mouse, paste, focus, title, cursor, screen; frees t. Takes NULL. The same
 * happens by itself at exit, at a crash and at a signal that ends the program. */
void term_close(struct term *t);

void term_size(struct term *t, int *ret_rows, int *ret_cols);
enum term_colours term_colours(const struct term *t);
bool term_utf8(const struct term *t);

/* Brings the terminal to the canvas: only what differs is written, within synchronized output where
 * the terminal knows it. Never writes anything when nothing differs. */
void term_show(struct term *t, const struct canvas *c);
/* A slow terminal has not taken everything yet: frames are skipped. When term_output_fd is
 * writable, call term_flush, and when it is not busy any more, show the newest canvas. */
bool term_busy(const struct term *t);
int term_output_fd(const struct term *t);
void term_flush(struct term *t);
void term_redraw(struct term *t); /* forget what is there: the next show writes everything */
void term_mouse(struct term *t, bool on);
void term_bell(struct term *t);
/* A notification of the desktop (OSC 9), where the terminal knows it; text is made safe. */
void term_notify(struct term *t, const char *text);
void term_title(struct term *t, const char *safe_title);
void term_clipboard(struct term *t, const char *bytes, size_t n); /* OSC 52 */
/* Asks it for a sign of life: when it answers there is an INPUT_ALIVE among the events. */
void term_ask_alive(struct term *t);
void term_suspend(struct term *t); /* SIGTSTP: give back, stop, take */

int term_input_fd(
    const struct term *t); /* readable: keys, a resize, a stop; poll it, read it not */
/* Reads what there is; gives the number of events put into out (at most max). 0: nothing now. -1:
 * the terminal is gone. A lone Escape is told after 25 ms: *ret_wait_ms then says how long to wait
 * until the next call though nothing is readable; else it is -1. */
int term_read(struct term *t, struct input_event *out, int max, int *ret_wait_ms);

#endif
