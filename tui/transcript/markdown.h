/* Light Markdown for people's eyes: headings, lists, quotes, fences kept as they are, emphasis,
 * inline code, links as their text and the address. Line by line, so that a text that grows is gone
 * on with where it was left. Whatever it does not know stays as it was written. One thread. */
#ifndef BATON_TUI_MARKDOWN_H
#define BATON_TUI_MARKDOWN_H

#include "tui/transcript/sheet.h"

/* What lines know of the lines before: a plain value, to be copied and gone back to. */
struct markdown {
    enum theme_role role, margin_role;
    char margin[24]; /* what each line begins with */
    bool begun;      /* something has been laid out */
    bool blank;      /* an empty line is owed, if something comes behind it */
    char fence;      /* '`' or '~' while in one */
    int fence_length, fence_indent;
};

/* A text begins: its words in role, each line behind the margin (copied, at most 23 bytes). */
void markdown_begin(struct markdown *m, enum theme_role role, enum theme_role margin_role,
                    const char *margin);
/* One line of the text without its '\n'. */
void markdown_line(struct markdown *m, struct sheet *s, const char *text, size_t n);
/* All lines. */
void markdown_text(struct markdown *m, struct sheet *s, const char *text, size_t n);

#endif
