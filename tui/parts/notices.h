/* Notices: short sentences for the person at this console. The newest slides over the status line
 * for a few seconds; all stay in a list. One thread. */
#ifndef BATON_TUI_NOTICES_H
#define BATON_TUI_NOTICES_H

#include "tui/terminal/theme.h"

#include <stdint.h>

#define NOTICES_MAX     200
#define NOTICE_SHOWN_US 5000000

struct notice {
    char *text; /* safe */
    enum theme_role role;
    int64_t at_us, wall_us; /* monotonic, and for people */
};

struct notices {
    struct notice list[NOTICES_MAX]; /* oldest first */
    int count;
    bool hidden; /* the newest was dismissed by a key */
};

/* The same as the one that is shown keeps that one for longer. */
void notices_add(struct notices *n, enum theme_role role, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* For what nobody has to act on: dim, and it does not take the line from what stands there. */
void notices_add_quietly(struct notices *n, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* What is to be shown now, NULL nothing. */
const struct notice *notices_now(const struct notices *n);
/* When what is shown goes away: a moment of the monotonic clock, or -1. */
int64_t notices_until(const struct notices *n);
void notices_finish(struct notices *n);

#endif
