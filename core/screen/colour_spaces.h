/* X's colour specifications that name a space: rgbi:, CIEXYZ:, CIEuvY:, CIExyY:, CIELab:, CIELuv:
 * and TekHVC:, each with three numbers between slashes (see XParseColor). Any thread. */
#ifndef BATON_SCREEN_COLOUR_SPACES_H
#define BATON_SCREEN_COLOUR_SPACES_H

#include <stdbool.h>
#include <stdint.h>

/* Gives red, green and blue of 16 bits, as Xlib does for a screen that says nothing about itself
 * and has 8 bits a channel: always two equal bytes. The prefix's case does not matter. A colour
 * that the screen could not show becomes the most vivid one of its hue and lightness. False, and
 * ret untouched: an unknown prefix, not three plain decimal numbers, or a number that its space
 * does not have. Borrows text; no locale matters. */
bool colour_spaces_parse(const char *text, uint16_t ret[3]);

#endif
