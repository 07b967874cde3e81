/* What a terminal's program wrote as plain text for an agent: escape sequences and controls are
 * left out, CR LF is LF, a CR alone takes the line back as a progress bar does, a backspace the
 * last character, and what is no UTF-8 is U+FFFD. So the text is always valid UTF-8 without NUL. Of
 * more than a limit the oldest is dropped, whole characters. Pure, one thread at a time. */
#ifndef BATON_AGENT_TERMINAL_TEXT_H
#define BATON_AGENT_TERMINAL_TEXT_H

#include "core/base/buf.h"

#include <stdbool.h>

struct terminal_text {
    size_t limit;    /* bytes of the text, set before the first feed */
    bool truncated;  /* something was dropped */
    struct buf text; /* valid after terminal_text_end */
    /* what is between two feeds */
    int state;
    size_t line;     /* where the newest line begins in text */
    bool returned;   /* a CR came, and nothing behind it */
    char partial[4]; /* of a character that is not whole */
    size_t partial_n;
};

/* t is zeroed but for the limit. */
void terminal_text_feed(struct terminal_text *t, const char *bytes, size_t n);
void terminal_text_end(struct terminal_text *t); /* nothing more comes: the limit is kept to */
void terminal_text_finish(struct terminal_text *t);

#endif
