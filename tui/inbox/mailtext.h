/* A message's text as lines for a width: light Markdown, a JSON text laid out, everything made
 * safe. It comes in pages, so that a long one is shown before all of it is here. One thread. */
#ifndef BATON_TUI_MAILTEXT_H
#define BATON_TUI_MAILTEXT_H

#include "tui/transcript/markdown.h"
#include "tui/transcript/sheet.h"

struct mailtext {
    char id[64];    /* whose text; "" none */
    struct buf raw; /* as it came, from its beginning on */
    int64_t size;   /* of all of it, as the hub says; -1 not heard yet */
    size_t laid;    /* bytes of raw that are lines by now */
    bool whole;     /* nothing more comes */
    bool asking;    /* a page is on its way */
    bool failed;    /* it cannot be had; the lines say why */
    int width;
    bool utf8, ready; /* ready: lines are those of the sheet as it is */
    struct sheet sheet;
    struct markdown markdown;
    const struct text_line *lines;
    int count;
};

/* About nothing yet; finish frees what it owns, not the struct. */
void mailtext_init(struct mailtext *t);
void mailtext_finish(struct mailtext *t);
void mailtext_about(struct mailtext *t, const char *id); /* empties it */
/* The bytes from an offset on; size: of the whole. Those that do not follow are left alone. */
void mailtext_page(struct mailtext *t, int64_t offset, const char *bytes, size_t n, int64_t size);
void mailtext_fail(struct mailtext *t, const char *why);
/* Lays out what is there for this width; lines and count are good until the next call. */
void mailtext_lay(struct mailtext *t, int width, bool utf8);

#endif
