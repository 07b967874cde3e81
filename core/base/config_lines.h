/* On which line of a file of people a key stands. Pure, any thread. */
#ifndef BATON_BASE_CONFIG_LINES_H
#define BATON_BASE_CONFIG_LINES_H

#include <stddef.h>

/* The line, from 1, of the path[depth-1]-th key (from 0) in the object that is the value of the
 * path[depth-2]-th key …, of a text that json_parse_relaxed has accepted; in a list items are
 * counted. 1 when there is no such key. Keys are counted, not compared: escapes and doubles need no
 * care. */
int config_line(const char *text, size_t n, const int *path, int depth);

#endif
