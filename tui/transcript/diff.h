/* What differs between two texts, by lines: the shortest edit (Myers 1986) while that is cheap, and
 * one piece out, one piece in, where it would not be. Pure, any thread. */
#ifndef BATON_TUI_DIFF_H
#define BATON_TUI_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct diff_line {
    const char *text; /* borrowed of the texts, without its '\n' */
    uint32_t n;
    char kind; /* ' ' in both, '-' in the old, '+' in the new */
};

struct diff {
    struct diff_line *lines;
    size_t count;
    size_t added, deleted;
};

/* The texts are borrowed for the diff's life. */
void diff_make(struct diff *d, const char *old_text, size_t old_n, const char *new_text,
               size_t new_n);
void diff_finish(struct diff *d);

#endif
