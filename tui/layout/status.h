/* The status line: hub and workspace, what this console looks at, what waits; help and the clock.
 * It never moves: a notice slides over it and goes. Pure drawing from facts. One thread. */
#ifndef BATON_TUI_STATUS_H
#define BATON_TUI_STATUS_H

#include "tui/terminal/canvas.h"
#include "tui/parts/notices.h"
#include "tui/terminal/theme.h"

#include <stdbool.h>

struct status {
    const char *hub, *workspace;
    const char *looking; /* "bash · sh1", "" nothing */
    const char *mode;    /* "zoomed", "copy [3/99]", "C-b", "" */
    const char *drives;  /* "✎ ada (you)" where no border says it, NULL or "" */
    struct style driver; /* its style */
    const char *holds;   /* "✎ you drive writer", NULL or "" */
    const char *waits;   /* "◆ 1 waits for you", NULL or "" */
    int64_t unread;      /* messages of one's own */
    int rang;            /* shells that want attention */
    int watchers;        /* others who look at the same */
    bool connected;
    const struct notice *notice; /* or NULL */
    const char *help;            /* "C-b ? help" */
    const char *clock;           /* "21:04", "" none */
};

void status_draw(const struct status *s, struct canvas *c, struct rect line,
                 const struct theme *theme);

#endif
