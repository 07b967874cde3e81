/* asciicast v2. Three things need care: a character that two records share goes whole into the
 * later event; times never step back, whatever the machine's clock did; and keystrokes become one
 * marker a line of typing, not one a key. */
#include "transport/cli/asciicast.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "transport/cli/utf8_tail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FALLBACK_ROWS 24
#define FALLBACK_COLS 80
#define TYPING_PAUSE  1000000 /* us: typing that rests so long is a marker of its own */
#define MARKER_MOST   120     /* bytes of typed text in a marker */

void asciicast_init(struct asciicast *a, const char *title)
{
    *a = (struct asciicast){.title = mem_strdup(title)};
}

void asciicast_finish(struct asciicast *a)
{
    buf_finish(&a->tail);
    buf_finish(&a->typed);
    free(a->title);
    *a = (struct asciicast){0};
}

/* A JSON string of text; broken UTF-8 becomes U+FFFD. cJSON cannot hold NUL, which terminals do
 * print and which they ignore. */
static void put_string(struct buf *out, const char *text, size_t n)
{
    buf_putc(out, '"');
    for (size_t i = 0; i < n;) {
        uint32_t c;
        char utf8[4];
        i += text_decode(text + i, n - i, &c);
        if (c == '"' || c == '\\')
            buf_printf(out, "\\%c", (char)c);
        else if (c == '\n')
            buf_puts(out, "\\n");
        else if (c == '\r')
            buf_puts(out, "\\r");
        else if (c < 0x20 || c == 0x7f)
            buf_printf(out, "\\u%04x", (unsigned)c);
        else
            buf_append(out, utf8, text_encode(c, utf8));
    }
    buf_putc(out, '"');
}

static void put_header(struct asciicast *a, struct buf *out)
{
    buf_printf(out, "{\"version\": 2, \"width\": %d, \"height\": %d, \"timestamp\": %lld",
               a->cols > 0 ? a->cols : FALLBACK_COLS, a->rows > 0 ? a->rows : FALLBACK_ROWS,
               (long long)(a->start_us / 1000000));
    if (a->title) {
        buf_puts(out, ", \"title\": ");
        put_string(out, a->title, strlen(a->title));
    }
    buf_puts(out, ", \"env\": {\"TERM\": \"xterm-256color\"}}\n");
    a->begun = true;
}

static void put_event(struct asciicast *a, const char *code, const char *text, size_t n,
                      struct buf *out)
{
    double t = (double)(a->last_us - a->start_us) / 1e6;
    buf_printf(out, "[%.6f, \"%s\", ", t > 0 ? t : 0, code);
    put_string(out, text, n);
    buf_puts(out, "]\n");
}

static void flush_marker(struct asciicast *a, struct buf *out)
{
    struct buf label = {0};
    char safe[MARKER_MOST * 3 + 1];
    if (a->typed.len == 0)
        return;
    size_t n = a->typed.len < MARKER_MOST ? a->typed.len : MARKER_MOST;
    n -= utf8_tail(a->typed.data, n);
    text_make_safe(safe, sizeof safe, a->typed.data, n);
    buf_printf(&label, "%s typed: %s%s", a->who[0] ? a->who : "somebody", safe,
               n < a->typed.len ? "…" : "");
    put_event(a, "m", label.data, label.len, out);
    buf_finish(&label);
    buf_clear(&a->typed);
}

static void input(struct asciicast *a, const struct cast_record *r, struct buf *out)
{
    char who[sizeof a->who];
    text_make_safe(who, sizeof who, r->who, strlen(r->who));
    if (strcmp(who, a->who) != 0)
        flush_marker(a, out);
    memcpy(a->who, who, sizeof who);
    put_event(a, "i", r->bytes, r->n, out);
    bool end = false;
    for (size_t i = 0; i < r->n; i++)
        end = end || r->bytes[i] == '\r' || r->bytes[i] == '\n' || r->bytes[i] == 3 ||
              r->bytes[i] == 4;
    size_t n = r->n;
    while (n && (r->bytes[n - 1] == '\r' || r->bytes[n - 1] == '\n'))
        n--;
    if (a->typed.len < 4096)
        buf_append(&a->typed, r->bytes, n);
    a->typed_us = r->time_us;
    if (end)
        flush_marker(a, out);
}

static void output(struct asciicast *a, const struct cast_record *r, struct buf *out)
{
    buf_append(&a->tail, r->bytes, r->n);
    size_t whole = a->tail.len - utf8_tail(a->tail.data ? a->tail.data : "", a->tail.len);
    if (whole)
        put_event(a, "o", a->tail.data, whole, out);
    buf_consume(&a->tail, whole);
}

void asciicast_record(struct asciicast *a, const struct cast_record *r, struct buf *out)
{
    char text[48];
    if (r->kind == 'k') {
        /* A keyframe has no time of its own: it shows what was there before the first event. */
        a->rows = r->rows;
        a->cols = r->cols;
        buf_append(&a->tail, r->bytes, r->n);
        return;
    }
    if (a->start_us == 0)
        a->start_us = a->last_us = r->time_us;
    if (!a->begun && r->kind == 'r' && a->tail.len == 0) {
        a->rows = r->rows;
        a->cols = r->cols;
        return; /* the header says it */
    }
    if (!a->begun) {
        put_header(a, out);
        if (a->tail.len)
            put_event(a, "o", a->tail.data, a->tail.len, out);
        buf_clear(&a->tail);
    }
    if (a->typed.len && r->time_us - a->typed_us > TYPING_PAUSE)
        flush_marker(a, out);
    a->last_us = r->time_us > a->last_us ? r->time_us : a->last_us;
    switch (r->kind) {
    case 'o':
    case 'e': output(a, r, out); break;
    case 'i': input(a, r, out); break;
    case 'r':
        snprintf(text, sizeof text, "%dx%d", r->cols, r->rows);
        put_event(a, "r", text, strlen(text), out);
        break;
    case 'x':
        flush_marker(a, out);
        snprintf(text, sizeof text, r->code < 0 ? "ended by signal %d" : "exited with %d",
                 r->code < 0 ? -r->code : r->code);
        put_event(a, "m", text, strlen(text), out);
        break;
    }
}

void asciicast_end(struct asciicast *a, struct buf *out)
{
    if (!a->begun)
        put_header(a, out);
    if (a->tail.len)
        put_event(a, "o", a->tail.data, a->tail.len, out);
    buf_clear(&a->tail);
    flush_marker(a, out);
}
