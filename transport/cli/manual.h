/* The manual page baton(1), made from the catalogue. Pure, any thread. */
#ifndef BATON_CLI_MANUAL_H
#define BATON_CLI_MANUAL_H

#include "core/base/buf.h"
#include "core/catalogue/catalogue.h"

/* Appends the page as roff, for man(7). */
void manual_page(const struct catalogue *c, struct buf *out);

/* manual_chapters.c: its chapters behind the commands. */
void manual_chapters(struct buf *out);

#endif
