/* Moving about in a text that is being edited, by whole characters, words and lines; shared by the
 * lines of tui. Offsets are bytes and stand before a whole character. Pure; any thread. */
#ifndef BATON_TUI_MOTION_H
#define BATON_TUI_MOTION_H

#include <stddef.h>

/* All take a place in text[0..n) and give one: one character back or on, the beginning of the word
 * before, the end of the word behind, the beginning of the line, its end (at its newline or n). At
 * an end of the text they stay. A word ends at a blank or a newline. */
size_t motion_before(const char *text, size_t at);
size_t motion_behind(const char *text, size_t n, size_t at);
size_t motion_word_before(const char *text, size_t at);
size_t motion_word_behind(const char *text, size_t n, size_t at);
size_t motion_line_begin(const char *text, size_t at);
size_t motion_line_end(const char *text, size_t n, size_t at);

#endif
