/* The names nearest to a mistyped one: "did you mean …?". Offer each candidate, then ask. Pure, any
 * thread. */
#ifndef BATON_BASE_NEAREST_H
#define BATON_BASE_NEAREST_H

#include <stddef.h>

#define NEAREST_MAX  3
#define NEAREST_NAME 64 /* bytes of a name that is compared; a longer word has no neighbours */

struct nearest {
    const char *word; /* borrowed until nearest_list */
    struct {
        char name[NEAREST_NAME];
        int distance;
    } best[NEAREST_MAX]; /* nearest first */
    int count;
};

void nearest_begin(struct nearest *n, const char *word);
void nearest_offer(struct nearest *n, const char *candidate); /* copied; doubles are ignored */
/* Writes "a, b, c" into out; "" when nothing is near. */
void nearest_list(const struct nearest *n, char *out, size_t size);

/* Insertions, deletions, replacements and swaps of neighbours that turn a into b, in bytes; a large
 * number when one of them is NEAREST_NAME bytes or longer. */
int nearest_distance(const char *a, const char *b);

#endif
