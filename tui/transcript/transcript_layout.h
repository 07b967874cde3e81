/* How a block of a transcript looks as lines: one function for each kind of block. Between
 * transcript_lines.c, which keeps the lines, and sheet.c, which wraps them. One thread. */
#ifndef BATON_TUI_TRANSCRIPT_LAYOUT_H
#define BATON_TUI_TRANSCRIPT_LAYOUT_H

#include "tui/transcript/markdown.h"
#include "tui/transcript/sheet.h"

struct layout {
    const struct transcript *t;
    const struct transcript_block *b;
    const struct lines_look *look;
    bool open;    /* all of it, else as much as is shown folded */
    bool put_off; /* what waits is not to shout */
    bool newest;  /* nothing stands behind it */
    struct sheet *s;
};

/* Where the layout of a text that grows goes on. */
struct layout_text {
    struct markdown markdown;
    struct sheet_mark mark;
    size_t at;
};

/* Whether the block has lines at all, and whether it stands apart from the visible one before
 * (NULL: none). Both follow from what never changes in a block. */
bool layout_visible(const struct transcript_block *b);
bool layout_apart(const struct transcript_block *before, const struct transcript_block *b);
/* Whether it opens and folds, and which of the two it is by itself. */
bool layout_foldable(const struct transcript_block *b);
bool layout_opens(const struct transcript_block *b);
/* How many lines it may have: a guess, without a look at its text. */
int layout_guess(const struct transcript_block *b, const struct lines_look *look, bool open);

/* The lines, behind an empty one. */
void layout_block(struct layout *l);
/* An agent's text, from progress on (all zero: from its beginning); progress is what it can go on
 * from next time. */
void layout_text(struct layout *l, struct layout_text *progress);

/* --- for the files transcript_layout*.c --- */
enum layout_sign {
    SIGN_PROMPT,
    SIGN_FOLDED,
    SIGN_OPEN,
    SIGN_DONE,
    SIGN_RUNS,
    SIGN_WAITS,
    SIGN_FAILED,
    SIGN_IDLE,
    SIGN_YES,
    SIGN_STOP,
    SIGN_DOT,
    SIGN_BAR,
    SIGN_GAP,
    SIGN_MINUS,
    SIGN_TODO,
    SIGN_DOING,
    SIGN_CHECKED,
    SIGN_WARNING,
    SIGN_COUNT
};
/* A sign as the terminal can show it, UTF-8 or ASCII; static. */
const char *layout_sign(const struct layout *l, enum layout_sign sign);
/* What stands before every line but prompts: two blanks, none where it is narrow. */
const char *layout_indent(const struct layout *l);
/* "  x ": the margin of a line with a sign in the first column; what is behind hangs below it. */
void layout_line(struct layout *l, enum theme_role role, enum layout_sign sign);
/* "4 s", "2 min 5 s"; "3 KB" */
void layout_duration(char *out, size_t size, int64_t ms);
void layout_size(char *out, size_t size, int64_t bytes);
void layout_tool(struct layout *l);
/* The keys of what waits, or who is waited for; how it was answered. */
void layout_asks(struct layout *l, const struct transcript_permission *p);
void layout_answered(struct layout *l, const struct transcript_permission *p);
void layout_shell(struct layout *l, const struct transcript_shell *shell);
void layout_file(struct layout *l, const struct transcript_file *file);
/* "… 120 bytes more", when there are. */
void layout_more(struct layout *l, const char *margin, const struct transcript_text *x);

#endif
