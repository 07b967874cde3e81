/* Moving about in a text (see motion.h). A word ends at a blank; so does a line's end. */
#include "tui/parts/motion.h"

#include <stdbool.h>

static bool continues(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

static bool blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t';
}

size_t motion_before(const char *text, size_t at)
{
    while (at > 0 && continues(text[--at]))
        ;
    return at;
}

size_t motion_behind(const char *text, size_t n, size_t at)
{
    if (at < n)
        at++;
    while (at < n && continues(text[at]))
        at++;
    return at;
}

size_t motion_word_before(const char *text, size_t at)
{
    while (at > 0 && blank(text[at - 1]))
        at--;
    while (at > 0 && !blank(text[at - 1]))
        at--;
    return at;
}

size_t motion_word_behind(const char *text, size_t n, size_t at)
{
    while (at < n && blank(text[at]))
        at++;
    while (at < n && !blank(text[at]))
        at++;
    return at;
}

size_t motion_line_begin(const char *text, size_t at)
{
    while (at > 0 && text[at - 1] != '\n')
        at--;
    return at;
}

size_t motion_line_end(const char *text, size_t n, size_t at)
{
    while (at < n && text[at] != '\n')
        at++;
    return at;
}
