/* Select Graphic Rendition (ECMA-48 8.3.117 and xterm's additions): from one style to another.
 * Pure, any thread. */
#ifndef BATON_TUI_SGR_H
#define BATON_TUI_SGR_H

#include "core/base/buf.h"
#include "tui/terminal/term.h"

/* Appends the sequence that brings a pen from one style to the other, the shorter of changing and
 * starting anew; nothing when both look the same. Colours are brought down to what there is;
 * extended: the terminal knows the underline's shapes and colour (4:3, 58:2) and overline. */
void sgr_change(struct buf *out, const struct style *from, const struct style *to,
                enum term_colours colours, bool extended);

#endif
