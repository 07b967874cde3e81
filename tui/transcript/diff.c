/* A line diff (see diff.h). Equal beginnings and ends are taken off first; what is between is
 * searched for the shortest edit, breadth first, with every frontier kept to walk back through. The
 * search is given up when it costs more than a frame may. */
#include "tui/transcript/diff.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define STEPS_MAX 4000000 /* lines looked at in one search */
#define EDITS_MAX 512     /* edits searched for: a frontier each, so their square in memory */
#define EDITS_MIN 32

struct text {
    struct diff_line *lines;
    uint64_t *hashes;
    int count;
};

struct search {
    const struct text *a, *b;
    int from, to_a, to_b; /* the middle: a[from..to_a), b[from..to_b) */
    int *frontiers;       /* edit d's at d * (d + 2) … : 2 d + 1 furthest places */
};

static uint64_t hash_line(const char *text, size_t n)
{
    uint64_t hash = 14695981039346656037u;

    for (size_t i = 0; i < n; i++)
        hash = (hash ^ (unsigned char)text[i]) * 1099511628211u;
    return hash;
}

static void split(struct text *t, const char *text, size_t n)
{
    size_t lines = 0, room;

    for (size_t i = 0; i < n; i++)
        lines += text[i] == '\n';
    room = lines + 1;
    t->lines = mem_calloc(room, sizeof *t->lines);
    t->hashes = mem_calloc(room, sizeof *t->hashes);
    t->count = 0;
    for (size_t at = 0; at < n;) {
        const char *end = memchr(text + at, '\n', n - at);
        size_t len = end ? (size_t)(end - text) - at : n - at;
        t->lines[t->count] = (struct diff_line){text + at, (uint32_t)len, ' '};
        t->hashes[t->count++] = hash_line(text + at, len);
        at += len + 1;
    }
}

static bool equal(const struct search *s, int i, int k)
{
    const struct diff_line *a = &s->a->lines[i], *b = &s->b->lines[k];

    return s->a->hashes[i] == s->b->hashes[k] && a->n == b->n &&
           memcmp(a->text, b->text, a->n) == 0;
}

static int *frontier(const struct search *s, int d)
{
    return s->frontiers + (size_t)d * (size_t)d + (size_t)d; /* diagonal 0 of edit d */
}

/* Whether diagonal k of edit d is reached from above (a line of b comes in). */
static bool comes_in(const struct search *s, int d, int k)
{
    const int *before = frontier(s, d - 1);

    return k == -d || (k != d && before[k - 1] < before[k + 1]);
}

/* The least number of edits, or -1 when it is more than `most`. */
static int search(struct search *s, int most)
{
    int n = s->to_a - s->from, m = s->to_b - s->from;

    for (int d = 0; d <= most; d++) {
        int *now = frontier(s, d);
        for (int k = -d; k <= d; k += 2) {
            int x = d == 0              ? 0
                    : comes_in(s, d, k) ? frontier(s, d - 1)[k + 1]
                                        : frontier(s, d - 1)[k - 1] + 1;
            while (x < n && x - k >= 0 && x - k < m && equal(s, s->from + x, s->from + x - k))
                x++;
            now[k] = x;
            if (x == n && x - k == m)
                return d;
        }
    }
    return -1;
}

/* Marks what goes and what comes, walking back through the frontiers. */
static void walk(const struct search *s, int d, bool *gone, bool *come)
{
    int x = s->to_a - s->from, y = s->to_b - s->from;

    for (; d > 0; d--) {
        int k = x - y;
        if (comes_in(s, d, k)) {
            x = frontier(s, d - 1)[k + 1];
            y = x - k - 1;
            come[s->from + y] = true;
        } else {
            x = frontier(s, d - 1)[k - 1];
            y = x - k + 1;
            gone[s->from + x] = true;
        }
    }
}

static void compare(struct search *s, bool *gone, bool *come)
{
    int lines = s->to_a - s->from + s->to_b - s->from, most, d;

    most = STEPS_MAX / (lines ? lines : 1);
    most = most > EDITS_MAX ? EDITS_MAX : most < EDITS_MIN ? EDITS_MIN : most;
    most = most > lines ? lines : most;
    s->frontiers = mem_calloc((size_t)(most + 2) * (size_t)(most + 2), sizeof *s->frontiers);
    d = search(s, most);
    if (d >= 0) {
        walk(s, d, gone, come);
    } else {
        memset(gone + s->from, true, (size_t)(s->to_a - s->from));
        memset(come + s->from, true, (size_t)(s->to_b - s->from));
    }
    free(s->frontiers);
}

static void put(struct diff *d, const struct diff_line *line, char kind)
{
    d->lines[d->count] = *line;
    d->lines[d->count++].kind = kind;
    d->added += kind == '+';
    d->deleted += kind == '-';
}

void diff_make(struct diff *d, const char *old_text, size_t old_n, const char *new_text,
               size_t new_n)
{
    struct text a, b;
    struct search s = {.a = &a, .b = &b};
    bool *gone, *come;

    split(&a, old_text, old_n);
    split(&b, new_text, new_n);
    s.to_a = a.count;
    s.to_b = b.count;
    while (s.from < s.to_a && s.from < s.to_b && equal(&s, s.from, s.from))
        s.from++;
    while (s.to_a > s.from && s.to_b > s.from && equal(&s, s.to_a - 1, s.to_b - 1)) {
        s.to_a--;
        s.to_b--;
    }
    gone = mem_calloc((size_t)a.count + 1, sizeof *gone);
    come = mem_calloc((size_t)b.count + 1, sizeof *come);
    compare(&s, gone, come);
    memset(d, 0, sizeof *d);
    d->lines = mem_calloc((size_t)a.count + (size_t)b.count + 1, sizeof *d->lines);
    for (int i = 0, k = 0; i < a.count || k < b.count;) {
        if (i < a.count && gone[i]) {
            put(d, &a.lines[i++], '-');
        } else if (k < b.count && come[k]) {
            put(d, &b.lines[k++], '+');
        } else {
            put(d, &b.lines[k++], ' ');
            i++;
        }
    }
    free(gone);
    free(come);
    free(a.lines);
    free(a.hashes);
    free(b.lines);
    free(b.hashes);
}

void diff_finish(struct diff *d)
{
    free(d->lines);
    memset(d, 0, sizeof *d);
}
