/* Only the newest `*` is ever taken back: what an earlier one could gain, it gains too. So there is
 * no pattern that takes long. */
#include "core/base/glob.h"

#include <stddef.h>
#include <string.h>

/* The end of the class that begins behind a '[', behind its ']'; NULL when there is none. A ']'
 * that stands first is one of the class. */
static const char *class_end(const char *p)
{
    if (*p == '!' || *p == '^')
        p++;
    const char *end = *p ? strchr(p + 1, ']') : NULL;
    return end ? end + 1 : NULL;
}

static bool in_class(const char *p, const char *end, unsigned char c)
{
    bool inverse = *p == '!' || *p == '^', found = false;
    if (inverse)
        p++;
    while (p < end - 1) {
        unsigned char low = (unsigned char)*p++, high = low;
        if (*p == '-' && p + 1 < end - 1) {
            high = (unsigned char)p[1];
            p += 2;
        }
        found = found || (low <= c && c <= high);
    }
    return found != inverse;
}

/* One character of the name against one place of the pattern, which is no '*'. Gives the place
 * behind, or NULL. */
static const char *one(const char *p, char c)
{
    const char *end;
    if (*p == '\0')
        return NULL;
    if (*p == '?')
        return p + 1;
    if (*p == '[' && (end = class_end(p + 1)))
        return in_class(p + 1, end, (unsigned char)c) ? end : NULL;
    if (*p == '\\' && p[1])
        p++;
    return *p == c ? p + 1 : NULL;
}

bool glob_match(const char *pattern, const char *name)
{
    const char *star = NULL, *from = NULL;
    while (*name) {
        const char *next = NULL;
        if (*pattern == '*') {
            star = ++pattern;
            from = name;
            continue;
        }
        next = one(pattern, *name);
        if (next) {
            pattern = next;
            name++;
        } else if (star) {
            pattern = star;
            name = ++from;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}
