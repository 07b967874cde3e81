/* Copy mode: searching (see copy.h). Literal text; small letters alone match capitals too. A line
 * that the terminal wrapped is searched as the one line that it was. */
#include "tui/shell/copy_private.h"

#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

#define JOINED_MAX 64 /* screen lines that are searched as one */

struct spot {
    uint32_t point;
    int y, x;
};

struct run { /* one line of the record, as code points with their places */
    struct spot *spots;
    size_t count, room;
    int first, last; /* screen lines */
};

static void add_spot(struct run *run, uint32_t point, int y, int x)
{
    if (run->count == run->room) {
        run->room = run->room ? run->room * 2 : 256;
        run->spots = mem_reallocarray(run->spots, run->room, sizeof *run->spots);
    }
    run->spots[run->count++] = (struct spot){point, y, x};
}

static void read_run(const struct copy *c, int y, bool fold, struct run *run)
{
    run->count = 0;
    run->first = run->last = y;
    while (run->first > 0 && run->first > y - JOINED_MAX &&
           screen_line_wrapped(c->screen, run->first - 1 - c->history))
        run->first--;
    while (run->last < c->total - 1 && run->last < run->first + JOINED_MAX &&
           screen_line_wrapped(c->screen, run->last - c->history))
        run->last++;
    for (y = run->first; y <= run->last; y++) {
        int used = copy_line(c, y, c->cells);
        for (int x = 0; x < used; x++) {
            const char *text = c->cells[x].text;
            size_t n = strlen(text), at = 0;
            if (c->cells[x].width == 0)
                continue;
            if (n == 0)
                add_spot(run, ' ', y, x);
            while (at < n) {
                uint32_t point;
                at += text_decode(text + at, n - at, &point);
                add_spot(run, fold ? text_lower(point) : point, y, x);
            }
        }
    }
}

static size_t read_needle(const struct copy *c, uint32_t *out, size_t room, bool *ret_fold)
{
    size_t n = strlen(c->needle), at = 0, count = 0;

    *ret_fold = true;
    while (at < n && count < room) {
        at += text_decode(c->needle + at, n - at, &out[count]);
        if (text_lower(out[count]) != out[count])
            *ret_fold = false;
        count++;
    }
    return count;
}

void copy_each_hit(const struct copy *c, int first, int last, copy_hit_fn fn, void *data)
{
    uint32_t needle[512];
    bool fold, more = true;
    size_t n = read_needle(c, needle, sizeof needle / sizeof needle[0], &fold);
    struct run run = {0};

    for (int y = first; n > 0 && more && y <= last && y < c->total; y = run.last + 1) {
        read_run(c, y, fold, &run);
        for (size_t i = 0; more && i + n <= run.count; i++) {
            size_t same = 0;
            while (same < n && run.spots[i + same].point == needle[same])
                same++;
            if (same < n)
                continue;
            const struct spot *end = &run.spots[i + n - 1];
            struct copy_hit hit = {run.spots[i].y, run.spots[i].x, end->y, end->x};
            more = fn(data, &hit);
        }
    }
    free(run.spots);
}

struct nearest {
    int y, x; /* where the cursor is */
    bool backward, found;
    struct copy_hit hit;
};

static bool take_nearest(void *data, const struct copy_hit *hit)
{
    struct nearest *n = data;
    bool before = hit->y < n->y || (hit->y == n->y && hit->x < n->x);
    bool behind = hit->y > n->y || (hit->y == n->y && hit->x > n->x);

    if (n->backward ? !before : !behind)
        return true;
    n->hit = *hit;
    n->found = true;
    return n->backward; /* forward: the first one; backward: the last one before */
}

bool copy_next_hit(struct copy *c, bool backward)
{
    struct nearest n = {.y = c->y, .x = c->x, .backward = backward};

    if (!c->needle[0])
        return false;
    if (!backward) {
        copy_each_hit(c, c->y, c->total - 1, take_nearest, &n);
    } else {
        for (int y = c->y; y >= 0 && !n.found; y -= 32)
            copy_each_hit(c, y - 31 > 0 ? y - 31 : 0, y, take_nearest, &n);
    }
    if (!n.found) { /* around the end */
        n.y = backward ? c->total : -1;
        copy_each_hit(c, 0, c->total - 1, take_nearest, &n);
    }
    c->missed = !n.found;
    if (!n.found)
        return false;
    c->y = n.hit.y;
    c->x = n.hit.x;
    copy_show_cursor(c);
    return true;
}

bool copy_search(struct copy *c, const char *text, bool backward)
{
    size_t n = strlen(text);

    if (n >= sizeof c->needle)
        return false;
    memmove(c->needle, text, n + 1);
    c->backward = backward;
    return copy_next_hit(c, backward);
}
