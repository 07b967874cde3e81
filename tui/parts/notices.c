/* Notices (see notices.h). A notice's text is made safe here, whatever it quotes. */
#include "tui/parts/notices.h"

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void notices_add(struct notices *n, enum theme_role role, const char *format, ...)
{
    char text[1024], safe[1024];
    va_list ap;

    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    text_make_safe(safe, sizeof safe, text, strlen(text));
    struct notice *last = n->count > 0 ? &n->list[n->count - 1] : NULL;
    if (last && notices_now(n) == last && last->role == role && !strcmp(last->text, safe)) {
        last->at_us = clock_mono_us(); /* said again: it stays */
        return;
    }
    if (n->count == NOTICES_MAX) {
        free(n->list[0].text);
        memmove(n->list, n->list + 1, (NOTICES_MAX - 1) * sizeof n->list[0]);
        n->count--;
    }
    n->list[n->count++] = (struct notice){mem_strdup(safe), role, clock_mono_us(), clock_wall_us()};
    n->hidden = false;
}

void notices_add_quietly(struct notices *n, const char *format, ...)
{
    const struct notice *now = notices_now(n);
    const char *before = now ? now->text : NULL;
    char text[1024];
    va_list ap;

    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    notices_add(n, ROLE_DIM, "%s", text);
    if (before && n->count > 1 &&
        n->list[n->count - 1].text != before) { /* behind what is shown, which stays the newest */
        struct notice quiet = n->list[n->count - 1];
        n->list[n->count - 1] = n->list[n->count - 2];
        n->list[n->count - 2] = quiet;
    }
}

const struct notice *notices_now(const struct notices *n)
{
    const struct notice *last = n->count > 0 ? &n->list[n->count - 1] : NULL;

    return last && !n->hidden && clock_mono_us() < last->at_us + NOTICE_SHOWN_US ? last : NULL;
}

int64_t notices_until(const struct notices *n)
{
    const struct notice *now = notices_now(n);

    return now ? now->at_us + NOTICE_SHOWN_US : -1;
}

void notices_finish(struct notices *n)
{
    while (n->count > 0)
        free(n->list[--n->count].text);
}
