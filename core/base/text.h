/* Foreign text made safe for a terminal, and the width of our own text. What came from outside (a
 * title, a name, a path, a message) goes through text_make_safe before anything prints it. Pure,
 * any thread. */
#ifndef BATON_BASE_TEXT_H
#define BATON_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes one code point of text[0..n), n > 0. Gives the bytes used (1..4); what is not UTF-8 (also
 * surrogates, overlong forms) uses 1 byte and gives U+FFFD. */
size_t text_decode(const char *text, size_t n, uint32_t *ret_point);

/* Encodes one code point, at most 4 bytes; gives the bytes written (no NUL). */
size_t text_encode(uint32_t point, char out[4]);

/* Columns of one code point on a terminal: 0, 1 or 2; -1 for a control. Unicode 15 (utf8proc 2.8):
 * East Asian Wide and Fullwidth and emoji presentation are 2, combining marks and format
 * characters 0. */
int text_point_width(uint32_t point);

/* One code point in lower case; itself when it has none. */
uint32_t text_lower(uint32_t point);

/* Copies text into out (size bytes with the NUL, whole characters only) with controls, escapes,
 * bidirectional overrides and broken UTF-8 replaced by visible signs. Gives the bytes written. */
size_t text_make_safe(char *out, size_t size, const char *text, size_t n);

/* Columns of a safe text. */
int text_width(const char *text);

/* The bytes of the longest beginning of text that fits into columns. */
size_t text_fit(const char *text, int columns);

/* True when text[0..n) is valid UTF-8. */
bool text_is_utf8(const char *text, size_t n);

#endif
