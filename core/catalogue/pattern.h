/* Regular expressions whose cost is bounded before they run: POSIX extended ones without back
 * references, whose repetitions do not multiply into a huge automaton, on texts of bounded length.
 * Pure, any thread. */
#ifndef BATON_CATALOGUE_PATTERN_H
#define BATON_CATALOGUE_PATTERN_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>

#define PATTERN_MAX      256u  /* bytes of a pattern */
#define PATTERN_TEXT_MAX 4096u /* bytes of a text that is matched */

/* Can it be used? ERR_INVALID: why says what is wrong with it. */
enum err pattern_check(const char *pattern, char *why, size_t size);

/* Does text contain a match of a pattern that has passed pattern_check? A text longer than
 * PATTERN_TEXT_MAX does not. */
bool pattern_match(const char *pattern, const char *text);

/* The same with patterns that stay compiled, known by their address: each is borrowed until
 * patterns_destroy. One thread. */
struct patterns;
struct patterns *patterns_create(void);
void patterns_destroy(struct patterns *patterns); /* takes NULL */
bool patterns_match(struct patterns *patterns, const char *pattern, const char *text);

#endif
