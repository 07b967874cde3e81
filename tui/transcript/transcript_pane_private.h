/* What the files of the transcript's pane share: tui/transcript_pane*.c. */
#ifndef BATON_TUI_TRANSCRIPT_PANE_PRIVATE_H
#define BATON_TUI_TRANSCRIPT_PANE_PRIVATE_H

#include "tui/transcript/transcript_lines.h"
#include "tui/transcript/transcript_pane.h"

/* A line of a block, by its place now. */
struct pane_place {
    int index, line;
};

/* A character of a line: a column, for what a mouse says. */
struct pane_point {
    uint64_t id;
    int line, col;
};

/* Where a pattern was found: bytes of lines. */
struct pane_hit {
    uint64_t id;
    int line, end_line;
    uint32_t from, to;
};

struct transcript_pane {
    const struct transcript *t;
    struct transcript_lines *lines;
    char *me, *driver_name;
    bool driver;
    int rows, cols; /* of the last drawing, the margins off */
    int left;       /* the margin */
    bool following;
    uint64_t top; /* the block at the top while not following, and which of its lines */
    int top_line;
    uint64_t seen;   /* the newest block that was in sight */
    uint64_t cursor; /* a block; 0 none */
    int64_t asked;   /* transcript_whole when an earlier page was asked for; 0 never */
    char *pattern;   /* "" none */
    struct pane_hit hit;
    bool pressed, dragged, selected;
    struct pane_point from, to;
    struct buf scratch;
};

/* --- transcript_pane.c --- */
struct pane_place pane_top(struct transcript_pane *p); /* of what is shown */
void pane_set_top(struct transcript_pane *p, struct pane_place top);
/* So many lines on (or back); stops at the ends. */
struct pane_place pane_move(struct transcript_pane *p, struct pane_place at, int lines);
void pane_reveal(struct transcript_pane *p, int index, int line); /* line -1: all of the block */
bool pane_cursor(struct transcript_pane *p, int index); /* sets it; false: no such block */
int pane_step(struct transcript_pane *p, int index, int direction); /* the next with lines, or -1 */

/* --- transcript_pane_find.c --- */
void pane_draw_hits(struct transcript_pane *p, struct canvas *c, struct rect inner,
                    const struct theme *theme);
bool pane_find_next(struct transcript_pane *p, bool backward);

/* --- transcript_pane_mouse.c --- */
void pane_draw_selection(struct transcript_pane *p, struct canvas *c, struct rect inner,
                         const struct theme *theme);
size_t pane_byte_at(const struct text_line *line, int col); /* of a column, n behind the end */
int pane_col_at(const struct text_line *line, size_t byte);

/* --- transcript_pane_keys.c --- */
/* What a spot of a block asks for. option: the agent's option by its place, or -1. */
bool pane_press(struct transcript_pane *p, int index, enum line_spot spot, const char *shell,
                struct transcript_action *action);

#endif
