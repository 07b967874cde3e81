/* The window's and the icon's title, the stack of both, and telling them. Texts are bounded and
 * safe from the moment that they are set, so that telling one gives nobody a control character. */
#include "core/screen/screen_private.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Hexadecimal digits to bytes; gives their number, 0 when they are none. */
static size_t unhex(const char *text, size_t n, char *out)
{
    for (size_t i = 0; i + 1 < n; i += 2) {
        int high = digit(text[i]), low = digit(text[i + 1]);
        if (high < 0 || low < 0)
            return 0;
        out[i / 2] = (char)(high << 4 | low);
    }
    return n / 2;
}

static char *made_safe(const struct screen *s, const char *text)
{
    char *bytes = mem_zalloc(TITLE_MAX), *safe = mem_zalloc(TITLE_MAX);
    size_t n = strnlen(text, TITLE_MAX);
    if (s->title_set_hex) {
        n = unhex(text, n, bytes);
        text = bytes;
    }
    text_make_safe(safe, TITLE_MAX, text, n);
    char *got = mem_strdup(safe);
    free(safe);
    free(bytes);
    return got;
}

static void replace(char **at, char *text)
{
    free(*at);
    *at = text;
}

static void tell(struct screen *s)
{
    s->stamp++;
    if (s->events && s->events->title)
        s->events->title(s->data, s->title ? s->title : "");
}

void title_set(struct screen *s, bool icon, bool title, const char *text)
{
    char *safe = made_safe(s, text);
    if (icon)
        replace(&s->icon, mem_strdup(safe));
    if (title) {
        replace(&s->title, mem_strdup(safe));
        tell(s);
    }
    free(safe);
}

static void pair_finish(struct title_pair *p)
{
    free(p->icon);
    free(p->title);
    *p = (struct title_pair){0};
}

void title_push(struct screen *s, long which)
{
    if (which < 0 || which > 2)
        return;
    if (s->title_depth == TITLES_MAX) {
        pair_finish(&s->title_stack[0]);
        memmove(s->title_stack, s->title_stack + 1, (TITLES_MAX - 1) * sizeof *s->title_stack);
        s->title_depth--;
    }
    s->title_stack[s->title_depth++] = (struct title_pair){
        .icon = which == 2 ? NULL : mem_strdup(s->icon ? s->icon : ""),
        .title = which == 1 ? NULL : mem_strdup(s->title ? s->title : ""),
    };
}

/* One goes from the stack; what it does not hold is looked for further down (as xterm). */
void title_pop(struct screen *s, long which)
{
    if (which < 0 || which > 2 || s->title_depth == 0)
        return;
    const char *icon = NULL, *title = NULL;
    for (int i = s->title_depth - 1; i >= 0; i--) {
        icon = icon ? icon : s->title_stack[i].icon;
        title = title ? title : s->title_stack[i].title;
    }
    if (icon && which != 2)
        replace(&s->icon, mem_strdup(icon));
    if (title && which != 1) {
        replace(&s->title, mem_strdup(title));
        tell(s);
    }
    pair_finish(&s->title_stack[--s->title_depth]);
}

void title_report(struct screen *s, bool icon)
{
    const char *text = icon ? s->icon : s->title;
    char told[512];
    size_t n = 0, length = text ? strlen(text) : 0;
    if (s->title_query_hex) {
        for (size_t i = 0; i < length && n + 3 < sizeof told; i++)
            n += (size_t)snprintf(told + n, sizeof told - n, "%02x", (uint8_t)text[i]);
    } else if (length) {
        n = length < 400 ? length : 400;
        while (n < length && n > 0 && ((uint8_t)text[n] & 0xc0) == 0x80)
            n--; /* no character is cut in two */
        memcpy(told, text, n);
    }
    report(s, "\033]%c%.*s\033\\", icon ? 'L' : 'l', (int)n, told);
}

void titles_finish(struct screen *s)
{
    for (int i = 0; i < s->title_depth; i++)
        pair_finish(&s->title_stack[i]);
    free(s->title);
    free(s->icon);
}

void titles_clone(struct screen *to, const struct screen *from)
{
    to->title = mem_strdup(from->title);
    to->icon = mem_strdup(from->icon);
    for (int i = 0; i < from->title_depth; i++) {
        to->title_stack[i].icon = mem_strdup(from->title_stack[i].icon);
        to->title_stack[i].title = mem_strdup(from->title_stack[i].title);
    }
}
