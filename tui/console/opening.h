/* How a console opens; for console.c alone. One thread. */
#ifndef BATON_TUI_OPENING_H
#define BATON_TUI_OPENING_H

#include "tui/console/console_private.h"

struct greeting { /* the calls that a console begins with, all on their way at once */
    struct console *c;
    int waiting;
    enum err failed;
    char message[600];
    cJSON *layout; /* the caller's to delete */
};

/* Sends them; g stays until console_greeted, or until the client has forgotten it. */
void console_greet(struct console *c, struct greeting *g);
/* Waits for all answers. ERR_TIMEOUT, or what the first one failed with: g->message says it. */
enum err console_greeted(struct console *c, struct greeting *g);

/* What is shown first: the command that was asked for, the layout as it was, a shell that runs, or
 * where there is none a first shell. */
void console_first_panes(struct console *c, const cJSON *layout, const cJSON *command);
/* Waits a moment for the first picture, so that the first frame is a whole one. */
void console_first_picture(struct console *c);

/* Until nothing is waited for, or that moment of the monotonic clock. */
void console_wait(struct console *c, const int *waiting, int64_t until_us);

#endif
