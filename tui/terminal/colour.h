/* Colours on terminals that have fewer: what a palette index looks like, and the nearest colour of
 * a smaller palette. Pure, any thread. */
#ifndef BATON_TUI_COLOUR_H
#define BATON_TUI_COLOUR_H

#include "tui/terminal/term.h"

#include <stdint.h>

/* The 0xrrggbb of an index 0..255, as xterm's default palette has it. */
uint32_t colour_of_index(unsigned index);

/* The colour (as in core/screen/screen.h) as a terminal with so many colours can show it: the same,
 * or the nearest one by a weighted distance that follows the eye's; TERM_NO_COLOUR gives the
 * default. */
uint32_t colour_fit(uint32_t colour, enum term_colours colours);

/* How far apart two 0xrrggbb look; 0 for the same. */
uint32_t colour_distance(uint32_t a, uint32_t b);

#endif
