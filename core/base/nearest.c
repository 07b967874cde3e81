/* Edit distance and the few best of many. */
#include "core/base/nearest.h"

#include <stdio.h>
#include <string.h>

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: Levenshtein's table with swaps of neighbours; three rows suffice. */
int nearest_distance(const char *a, const char *b)
{
    size_t na = strlen(a), nb = strlen(b);
    int rows[3][NEAREST_NAME];
    if (na >= NEAREST_NAME || nb >= NEAREST_NAME)
        return 1000;
    for (size_t j = 0; j <= nb; j++)
        rows[0][j] = (int)j;
    for (size_t i = 1; i <= na; i++) {
        int *now = rows[i % 3], *up = rows[(i + 2) % 3], *upper = rows[(i + 1) % 3];
        now[0] = (int)i;
        for (size_t j = 1; j <= nb; j++) {
            int cost = a[i - 1] != b[j - 1];
            now[j] = least(least(up[j] + 1, now[j - 1] + 1), up[j - 1] + cost);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], upper[j - 2] + 1);
        }
    }
    return rows[na % 3][nb];
}

void nearest_begin(struct nearest *n, const char *word)
{
    n->word = word;
    n->count = 0;
}

/* Of a short word one letter may be wrong, of a longer one two, of a long one a third: with more
 * it would be another word. A beginning of the candidate is as good as one slip. */
static int score(const char *word, const char *candidate)
{
    size_t len = strlen(word);
    int d = nearest_distance(word, candidate);
    if (len >= 2 && strncmp(word, candidate, len) == 0)
        d = least(d, 1);
    int most = len < 2 ? 0 : len < 5 ? 1 : len < 8 ? 2 : (int)(len / 3);
    return d <= most ? d : -1;
}

void nearest_offer(struct nearest *n, const char *candidate)
{
    int d = score(n->word, candidate), at = 0;
    if (d < 0 || strlen(candidate) >= NEAREST_NAME)
        return;
    for (int i = 0; i < n->count; i++)
        if (strcmp(n->best[i].name, candidate) == 0)
            return;
    while (at < n->count && n->best[at].distance <= d)
        at++;
    if (at == NEAREST_MAX)
        return;
    if (n->count < NEAREST_MAX)
        n->count++;
    memmove(&n->best[at + 1], &n->best[at], (size_t)(n->count - at - 1) * sizeof n->best[0]);
    memcpy(n->best[at].name, candidate, strlen(candidate) + 1);
    n->best[at].distance = d;
}

void nearest_list(const struct nearest *n, char *out, size_t size)
{
    size_t at = 0;
    if (size == 0)
        return;
    out[0] = '\0';
    for (int i = 0; i < n->count; i++) {
        size_t need = strlen(n->best[i].name) + (i ? 2 : 0);
        if (at + need >= size)
            return;
        at += (size_t)snprintf(out + at, size - at, "%s%s", i ? ", " : "", n->best[i].name);
    }
}
