/* Where bytes that come in pieces may be cut without breaking a character. Pure, any thread. */
#ifndef BATON_CLI_UTF8_TAIL_H
#define BATON_CLI_UTF8_TAIL_H

#include <stddef.h>

/* How many bytes at the end of text[0..n) begin a character that is not whole yet: 0 to 3. */
size_t utf8_tail(const char *text, size_t n);

#endif
