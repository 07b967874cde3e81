/* X's colours by name: the usual ones. Any thread. */
#ifndef BATON_SCREEN_COLOUR_NAMES_H
#define BATON_SCREEN_COLOUR_NAMES_H

#include <stdbool.h>
#include <stdint.h>

/* 0xrrggbb of a name; neither case nor blanks matter, grey is gray, and both have a hundred and one
 * shades (gray0 to gray100). False, and ret untouched: nobody here has that name. Borrows name. */
bool colour_names_find(const char *name, uint32_t *ret);

#endif
