/* Names against a pattern of people: `*` any run, `?` one character, `[a-z]` one of these, `[!a-z]`
 * none of these, `\` takes the next one as it is. Pure, any thread. */
#ifndef BATON_BASE_GLOB_H
#define BATON_BASE_GLOB_H

#include <stdbool.h>

/* The whole name has to match. A `[` without its `]` stands for itself. At most length of pattern
 * times length of name steps, whatever they are: both may come from anybody. */
bool glob_match(const char *pattern, const char *name);

#endif
