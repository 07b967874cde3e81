/* What a terminal can do, from terminfo, the environment and the locale. */
#ifndef BATON_TUI_TERM_CAPS_H
#define BATON_TUI_TERM_CAPS_H

#include "core/base/err.h"
#include "tui/terminal/term.h"

struct term_caps {
    enum term_colours colours;
    bool utf8;
    bool xterm;     /* of xterm's family: private modes, title, and questions are understood */
    bool extended;  /* shapes and colour of the underline */
    bool ech;       /* CSI n X erases n cells */
    bool xenl;      /* a full line wraps only when more is written: its last cell is safe */
    bool hpa;       /* CSI n G goes to a column */
    bool sync;      /* mode 2026; known only once the terminal has answered */
    int rows, cols; /* when the terminal does not tell its size */
    char smcup[64], rmcup[64]; /* "" when it has one screen only */
    char civis[32], cnorm[32];
};

/* fd is the terminal's. ERR_UNSUPPORTED with a sentence in *ret_why, which the caller frees. A TERM
 * that the database does not know is taken for a VT100 with an xterm's private modes left out. */
enum err term_caps_find(int fd, struct term_caps *ret_caps, char **ret_why);

#endif
