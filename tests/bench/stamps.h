/* Looks on a terminal's screen for the times that the demo agent's `stamps` writes (T and the
 * microseconds of CLOCK_MONOTONIC), and keeps how late each one was when its frame was whole. What
 * always holds: a stamp counts once, and only within whole frames (mode 2026), for half a frame may
 * show half a stamp. For ptybench alone, hence no source of its own. */
#ifndef BATON_BENCH_STAMPS_H
#define BATON_BENCH_STAMPS_H

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/screen/screen.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define STAMP_DIGITS 8 /* at least */

struct stamps {
    struct screen *screen;
    int rows;
    size_t mark_n; /* bytes of the mark of a frame's begin or end that have come */
    bool in_frame;
    uint64_t newest; /* microseconds; stamps rise within a terminal */
    uint64_t *late;  /* nanoseconds */
    size_t count, room;
};

static struct stamps *stamps_create(int rows, int cols)
{
    struct stamps *s = mem_zalloc(sizeof *s);
    s->rows = rows;
    s->screen = screen_create(rows, cols, &(struct screen_options){.history = 0}, NULL, NULL);
    return s;
}

static void stamps_destroy(struct stamps *s) /* takes NULL */
{
    if (!s)
        return;
    screen_destroy(s->screen);
    free(s->late);
    free(s);
}

static void stamps_look(struct stamps *s, uint64_t when)
{
    struct buf text = {0};
    uint64_t newest = s->newest;
    char *end;
    screen_print(s->screen, 0, s->rows - 1, false, &text);
    for (const char *p = text.data; p && (p = strchr(p, 'T')); p = end) {
        const uint64_t us = strtoull(++p, &end, 10);
        if (end - p < STAMP_DIGITS || us <= s->newest || us * 1000 > when)
            continue;
        if (s->count == s->room) {
            s->room = s->room ? 2 * s->room : 1024;
            s->late = mem_reallocarray(s->late, s->room, sizeof *s->late);
        }
        s->late[s->count++] = when - us * 1000;
        newest = us > newest ? us : newest;
    }
    s->newest = newest;
    buf_finish(&text);
}

/* What a console has drawn, read at this time (nanoseconds). */
static void stamps_feed(struct stamps *s, const unsigned char *bytes, size_t n, uint64_t when)
{
    static const char mark[] = "\033[?2026";
    for (size_t i = 0; i < n; i++) {
        if (s->mark_n == sizeof mark - 1) {
            s->in_frame = bytes[i] == 'h';
            s->mark_n = 0;
        } else {
            s->mark_n =
                bytes[i] == (unsigned char)mark[s->mark_n] ? s->mark_n + 1 : bytes[i] == '\033';
        }
    }
    screen_feed(s->screen, bytes, n);
    if (!s->in_frame)
        stamps_look(s, when);
}

#endif
