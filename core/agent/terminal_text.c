/* See the header. A small reader of escape sequences, after ECMA-48: it knows where one ends, and
 * needs not know what it means. */
#include "core/agent/terminal_text.h"
#include "core/base/text.h"

#include <string.h>

enum state {
    GROUND,
    ESCAPE,     /* behind ESC */
    CONTROL,    /* behind CSI: parameters until a final byte */
    STRING,     /* OSC, DCS, SOS, PM, APC: until ST or, as xterm has it, BEL */
    STRING_END, /* ESC within a string */
};

/* Drops the oldest once there is twice what may stay, so that each byte is moved once or so. */
static void keep_limit(struct terminal_text *t, size_t slack)
{
    if (t->text.len <= t->limit + slack)
        return;
    size_t drop = t->text.len - t->limit;
    while (drop < t->text.len && (t->text.data[drop] & 0xc0) == 0x80)
        drop++;
    buf_consume(&t->text, drop);
    t->line = t->line > drop ? t->line - drop : 0;
    t->truncated = true;
}

static void erase_last(struct terminal_text *t)
{
    size_t n = t->text.len;
    while (n > t->line && (t->text.data[n - 1] & 0xc0) == 0x80)
        n--;
    if (n > t->line)
        t->text.len = n - 1;
}

static void put(struct terminal_text *t, uint32_t c)
{
    char utf8[4];
    if (c == '\r') {
        t->returned = true;
        return;
    }
    if (c == '\n') {
        buf_putc(&t->text, '\n');
        t->line = t->text.len;
    } else if (c == '\b') {
        erase_last(t);
    } else if (c == '\t' || (c >= 0x20 && !(c >= 0x7f && c < 0xa0))) {
        if (t->returned)
            t->text.len = t->line;
        buf_append(&t->text, utf8, text_encode(c, utf8));
    } else {
        return; /* a control: what was returned stays so */
    }
    t->returned = false;
    keep_limit(t, t->limit + 4096);
}

static void in_ground(struct terminal_text *t, uint32_t c)
{
    if (c == 0x1b)
        t->state = ESCAPE;
    else
        put(t, c);
}

/* One character wherever it stands. CAN and SUB end every sequence, ESC begins a new one. */
static void take(struct terminal_text *t, uint32_t c)
{
    if (t->state != GROUND && (c == 0x18 || c == 0x1a)) {
        t->state = GROUND;
        return;
    }
    switch ((enum state)t->state) {
    case GROUND: in_ground(t, c); break;
    case ESCAPE:
        if (c == '[')
            t->state = CONTROL;
        else if (c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_')
            t->state = STRING;
        else if (c < 0x20 && c != 0x1b)
            put(t, c); /* a control within a sequence is carried out */
        else if (c != 0x1b && !(c >= 0x20 && c < 0x30))
            t->state = GROUND; /* a final byte; intermediates go on */
        break;
    case CONTROL:
        if (c == 0x1b)
            t->state = ESCAPE;
        else if (c < 0x20)
            put(t, c);
        else if (c >= 0x40)
            t->state = GROUND;
        break;
    case STRING:
        if (c == 0x1b)
            t->state = STRING_END;
        else if (c == 0x07)
            t->state = GROUND;
        break;
    case STRING_END:
        t->state = GROUND;
        if (c != '\\') { /* no ST: a sequence of its own begins */
            t->state = ESCAPE;
            take(t, c);
        }
        break;
    }
}

/* True when bytes[0..n) may become a character once more of it comes. */
static bool unfinished(const char *bytes, size_t n)
{
    const unsigned char first = (unsigned char)bytes[0];
    size_t need = first >= 0xf0 && first < 0xf5   ? 4
                  : first >= 0xe0                 ? 3
                  : first >= 0xc2 && first < 0xe0 ? 2
                                                  : 1;
    if (n >= need || first >= 0xf5)
        return false;
    for (size_t i = 1; i < n; i++)
        if ((bytes[i] & 0xc0) != 0x80)
            return false;
    return true;
}

static size_t take_one(struct terminal_text *t, const char *bytes, size_t n)
{
    uint32_t c;
    size_t used = text_decode(bytes, n, &c);
    take(t, c);
    return used;
}

void terminal_text_feed(struct terminal_text *t, const char *bytes, size_t n)
{
    size_t at = 0;
    while (at < n) {
        if (t->partial_n) {
            t->partial[t->partial_n++] = bytes[at++];
            if (unfinished(t->partial, t->partial_n))
                continue;
            size_t used = take_one(t, t->partial, t->partial_n);
            /* A broken one: what is behind its first byte is looked at again. */
            while (used < t->partial_n && !unfinished(t->partial + used, t->partial_n - used))
                used += take_one(t, t->partial + used, t->partial_n - used);
            t->partial_n -= used;
            memmove(t->partial, t->partial + used, t->partial_n);
        } else if (unfinished(bytes + at, n - at)) {
            t->partial_n = n - at;
            memcpy(t->partial, bytes + at, t->partial_n);
            at = n;
        } else {
            at += take_one(t, bytes + at, n - at);
        }
    }
}

void terminal_text_end(struct terminal_text *t)
{
    for (size_t used = 0; used < t->partial_n;)
        used += take_one(t, t->partial + used, t->partial_n - used);
    t->partial_n = 0;
    keep_limit(t, 0);
    buf_append(&t->text, "", 0);
    if (t->text.data)
        t->text.data[t->text.len] = '\0';
}

void terminal_text_finish(struct terminal_text *t)
{
    buf_finish(&t->text);
}
