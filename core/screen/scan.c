/* The scanner in front of libvterm's parser. It cuts the bytes into units: runs of text, controls,
 * whole escape sequences, whole strings. What is not whole yet waits in `pending`, so a snapshot is
 * the state and these bytes, and libvterm always begins at its ground state.
 *
 * The fast path takes what shells are made of: printable ASCII, UTF-8 and CSI sequences are acted
 * on here. Everything else goes through the library, and with options.slow text and CSI do too; the
 * fuzzer holds the two against each other. */
#include "core/screen/screen_private.h"
#include "core/base/text.h"

#include <string.h>

/* --- what libvterm's parser calls --------------------------------------------------------------
 */

static int on_text(const char *bytes, size_t n, void *user)
{
    put_utf8(user, bytes, n);
    return (int)n;
}

/* The library tells ESC @ to ESC _ as the C1 controls that they stand for. */
static int on_control(unsigned char c, void *user)
{
    const char seven_bit = (char)(c - 0x40);
    if (c >= 0x80)
        escape_dispatch(user, &seven_bit, 1);
    else
        control_char(user, c);
    return 1;
}

static int on_escape(const char *bytes, size_t n, void *user)
{
    escape_dispatch(user, bytes, n);
    return 1;
}

static int on_csi(const char *leader, const long args[], int count, const char *intermed,
                  char command, void *user)
{
    struct csi c = {.final = command};
    if (leader && leader[0])
        c.leader = leader[1] ? 1 : leader[0]; /* two leaders are no sequence of ours */
    if (intermed && intermed[0])
        c.intermed = intermed[1] ? 1 : intermed[0];
    for (int i = 0; i < count && i < CSI_ARGS; i++) {
        c.args[i] = CSI_ARG_IS_MISSING(args[i]) ? -1 : (long)CSI_ARG(args[i]);
        if (CSI_ARG_HAS_MORE(args[i]))
            c.sub |= 1u << i;
    }
    c.n = count;
    if (count == 1 && c.args[0] == -1)
        c.n = 0;
    csi_dispatch(user, &c);
    return 1;
}

#if VTERM_VERSION_MAJOR == 0 && VTERM_VERSION_MINOR < 2
static int on_osc(const char *bytes, size_t n, void *user)
{
    osc_dispatch(user, bytes, n);
    return 1;
}

static int on_dcs(const char *bytes, size_t n, void *user)
{
    dcs_dispatch(user, bytes, n);
    return 1;
}
#endif

static const VTermParserCallbacks callbacks = {
    .text = on_text,
    .control = on_control,
    .escape = on_escape,
    .csi = on_csi,
#if VTERM_VERSION_MAJOR == 0 && VTERM_VERSION_MINOR < 2
    .osc = on_osc,
    .dcs = on_dcs,
#endif
};

void scan_init(struct screen *s)
{
    s->vt = vterm_new(25, 80); /* its size does not matter: the parser alone is used */
    vterm_set_utf8(s->vt, 1);
    vterm_parser_set_callbacks(s->vt, &callbacks, s);
}

void scan_finish(struct screen *s)
{
    vterm_free(s->vt);
    buf_finish(&s->pending);
}

/* --- CSI -------------------------------------------------------------------------------------- */

/* Parses p[0..n), what stands between "ESC [" and the final byte, which is included. */
static bool parse_csi(const uint8_t *p, size_t n, struct csi *c)
{
    size_t i = 0;
    *c = (struct csi){.args[0] = -1};
    if (n > 1 && p[0] >= '<' && p[0] <= '?')
        c->leader = (char)p[i++];
    for (; i < n && ((p[i] >= '0' && p[i] <= '9') || p[i] == ';' || p[i] == ':'); i++) {
        if (c->n == 0)
            c->n = 1;
        if (p[i] == ';' || p[i] == ':') {
            if (c->n >= CSI_ARGS)
                return true; /* more than anybody sends: what is there has to do */
            if (p[i] == ':')
                c->sub |= 1u << (c->n - 1);
            c->args[c->n++] = -1;
        } else {
            long *at = &c->args[c->n - 1];
            long v = (*at < 0 ? 0 : *at) * 10 + (p[i] - '0');
            *at = v > 9999999 ? 9999999 : v;
        }
    }
    if (i < n && p[i] >= 0x20 && p[i] <= 0x2f)
        c->intermed = (char)p[i++];
    if (i + 1 != n)
        return false;
    c->final = (char)p[i];
    return true;
}

static void csi_unit(struct screen *s, const uint8_t *p, size_t n)
{
    struct csi c;
    if (parse_csi(p, n, &c) && c.final)
        csi_dispatch(s, &c);
}

/* Would libvterm read it as we do? It holds 16 arguments, and its numbers overflow. */
static bool vterm_agrees(const uint8_t *p, size_t n)
{
    int args = 1, digits = 0;
    for (size_t i = 0; i < n; i++) {
        digits = p[i] >= '0' && p[i] <= '9' ? digits + 1 : 0;
        args += p[i] == ';' || p[i] == ':';
        if (digits > 7 || args > 15)
            return false;
    }
    struct csi c;
    return parse_csi(p, n, &c);
}

/* --- whole units ------------------------------------------------------------------------------ */

static void give_vterm(struct screen *s, const void *bytes, size_t n)
{
    vterm_input_write(s->vt, bytes, n);
}

/* A string is whole: pending holds ESC, its introducer and the text, without the terminator, which
 * was BEL or ST. */
static void string_done(struct screen *s, bool bel)
{
    const char *text = s->pending.data + 2;
    size_t n = s->pending.len - 2;
    s->string_bel = bel;
    if (!s->string_long) {
        switch (s->string_kind) {
#if VTERM_VERSION_MAJOR == 0 && VTERM_VERSION_MINOR < 2
        case ']':
        case 'P':
            buf_append(&s->pending, "\033\\", 2);
            give_vterm(s, s->pending.data, s->pending.len);
            break;
#else
        /* From 0.2 on the library hands strings out in fragments; ours are whole already. */
        case ']': osc_dispatch(s, text, n); break;
        case 'P': dcs_dispatch(s, text, n); break;
#endif
        case '_': apc_dispatch(s, text, n); break;
        default: break;
        }
    }
    buf_clear(&s->pending);
    s->string_long = false;
    s->scan = GROUND;
}

static void begin_escape(struct screen *s)
{
    buf_clear(&s->pending);
    buf_putc(&s->pending, 27);
    s->string_long = false;
    s->scan = ESC;
}

static void drop(struct screen *s)
{
    buf_clear(&s->pending);
    s->string_long = false;
    s->scan = GROUND;
}

/* CAN and SUB end a sequence, ESC begins another, other controls act in the middle of one. */
static bool interrupts(struct screen *s, uint8_t c)
{
    if (c == 0x18 || c == 0x1a)
        drop(s);
    else if (c == 27)
        begin_escape(s);
    else if (c < 0x20)
        control_char(s, c);
    else
        return c == 0x7f;
    return true;
}

static void step_escape(struct screen *s, uint8_t c)
{
    if (interrupts(s, c))
        return;
    if (c >= 0x80) {
        drop(s);
        return;
    }
    buf_putc(&s->pending, (char)c);
    if (s->scan == ESC && c == '[') {
        s->scan = CSI;
    } else if (s->scan == ESC && strchr("]P_^X", c)) {
        s->string_kind = c;
        s->scan = STRING;
    } else if (c >= 0x20 && c <= 0x2f) {
        s->scan = ESC_MORE;
        if (s->pending.len > 16)
            drop(s);
    } else {
        s->scan = GROUND;
        /* With intermediates the library still takes [ ] P for introducers, which ECMA-48 does not.
         */
        if (s->slow && s->pending.len == 2)
            give_vterm(s, s->pending.data, s->pending.len);
        else
            escape_dispatch(s, s->pending.data + 1, s->pending.len - 1);
        buf_clear(&s->pending);
    }
}

static void step_csi(struct screen *s, uint8_t c)
{
    if (interrupts(s, c))
        return;
    if (c >= 0x80 || s->pending.len > 512) {
        drop(s);
        return;
    }
    buf_putc(&s->pending, (char)c);
    if (c < 0x40)
        return;
    const uint8_t *p = (const uint8_t *)s->pending.data + 2;
    size_t n = s->pending.len - 2;
    s->scan = GROUND;
    if (s->slow && vterm_agrees(p, n))
        give_vterm(s, s->pending.data, s->pending.len);
    else
        csi_unit(s, p, n);
    buf_clear(&s->pending);
}

static void step_string(struct screen *s, uint8_t c)
{
    if (s->scan == STRING_ESC) {
        if (c == '\\') {
            s->pending.len -= s->string_long ? 0 : 1; /* the ESC */
            string_done(s, false);
        } else {
            begin_escape(s);
            step_escape(s, c);
        }
    } else if (c == 7 && s->string_kind == ']') {
        string_done(s, true);
    } else if (c == 0x18 || c == 0x1a) {
        drop(s);
    } else if (c == 27) {
        s->scan = STRING_ESC;
        if (!s->string_long)
            buf_putc(&s->pending, 27);
    } else if (s->string_long) {
        return;
    } else if (s->pending.len >= STRING_MAX) {
        s->string_long = true;
        s->pending.len = 2; /* what was read of it is of no use */
        s->pending.data[2] = '\0';
    } else if (c >= 0x20 || c == '\t') {
        buf_putc(&s->pending, (char)c);
    }
}

/* --- text ---------------------------------------------------------------------------------------
 */

static size_t ascii_run(const uint8_t *p, size_t n)
{
    size_t i = 0;
    for (uint64_t w; i + 8 <= n; i += 8) {
        memcpy(&w, p + i, 8);
        /* A byte is below 0x20, or 0x7f, or above: some high bit of these shows it. */
        uint64_t low = (w - 0x2020202020202020u) & ~w, del = w ^ 0x7f7f7f7f7f7f7f7fu;
        uint64_t is_del = (del - 0x0101010101010101u) & ~del;
        if ((low | is_del | w) & 0x8080808080808080u)
            break;
    }
    while (i < n && p[i] >= 0x20 && p[i] < 0x7f)
        i++;
    return i;
}

static void text_unit(struct screen *s, const uint8_t *p, size_t n)
{
    if (s->slow)
        give_vterm(s, p, n);
    else
        put_ascii(s, p, n);
}

static size_t utf8_length(uint8_t c)
{
    return c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 1;
}

/* Could text[0..n) become a character if more came? */
static bool utf8_begins(const uint8_t *p, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return false;
    if (n >= 2 && ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
                   (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f)))
        return false;
    return n < utf8_length(p[0]);
}

static void put_decoded(struct screen *s, const uint8_t *p, size_t n)
{
    if (s->slow) {
        give_vterm(s, p, n);
        return;
    }
    for (size_t i = 0; i < n;) {
        uint32_t point;
        i += text_decode((const char *)p + i, n - i, &point);
        put_point(s, point);
    }
}

/* Bytes from 0x80 on at p[0..n). Gives how many were taken; an unfinished character waits. */
static size_t utf8_run(struct screen *s, const uint8_t *p, size_t n)
{
    size_t i = 0;
    while (i < n && p[i] >= 0x80) {
        uint32_t point;
        size_t left = n - i;
        const uint8_t *q = p + i;
        if (left >= 3 && q[0] > 0xe0 && q[0] < 0xed && (q[1] & 0xc0) == 0x80 &&
            (q[2] & 0xc0) == 0x80 && !s->slow) { /* most of what is not ASCII */
            point = (q[0] & 15u) << 12 | (q[1] & 63u) << 6 | (q[2] & 63u);
            if (!put_plain(s, point))
                put_point(s, point);
            i += 3;
            continue;
        }
        if (left < 4 && utf8_begins(p + i, left)) {
            buf_append(&s->pending, p + i, left);
            s->scan = UTF8;
            return n;
        }
        size_t len = text_decode((const char *)p + i, left, &point);
        if (s->slow)
            give_vterm(s, p + i, len);
        else if (!put_plain(s, point))
            put_point(s, point);
        i += len;
    }
    return i;
}

/* One more byte for an unfinished character. Gives false when it was not taken. */
static bool step_utf8(struct screen *s, uint8_t c)
{
    uint8_t all[8];
    size_t n = s->pending.len;
    memcpy(all, s->pending.data, n);
    all[n] = c;
    if ((c & 0xc0) == 0x80 && utf8_begins(all, n + 1)) {
        buf_putc(&s->pending, (char)c);
        return true;
    }
    buf_clear(&s->pending);
    s->scan = GROUND;
    uint32_t point;
    if ((c & 0xc0) == 0x80 && text_decode((const char *)all, n + 1, &point) == n + 1) {
        put_decoded(s, all, n + 1);
        return true;
    }
    put_decoded(s, all, n); /* broken: each byte a sign of its own */
    return false;
}

/* ESC [ … final, all of it at p[0..n): acts on it and gives its length; 0: it is not so simple. */
static size_t fast_csi(struct screen *s, const uint8_t *p, size_t n)
{
    size_t i = 2;
    if (n < 3 || p[1] != '[' || s->slow)
        return 0;
    while (i < n && i < 64 && p[i] >= 0x20 && p[i] < 0x40)
        i++;
    if (i >= n || p[i] < 0x40 || p[i] > 0x7e)
        return 0;
    csi_unit(s, p + 2, i - 1);
    return i + 1;
}

void screen_feed(struct screen *s, const void *bytes, size_t n)
{
    const uint8_t *p = bytes, *end = p + n;
    if (n)
        s->stamp++;
    while (p < end) {
        size_t left = (size_t)(end - p), k;
        switch (s->scan) {
        case GROUND:
            k = ascii_run(p, left);
            if (k) {
                text_unit(s, p, k);
                p += k;
            } else if (*p >= 0x80) {
                p += utf8_run(s, p, left);
            } else if (*p == 27) {
                k = fast_csi(s, p, left);
                if (!k)
                    begin_escape(s);
                p += k ? k : 1;
            } else {
                if (*p != 0x7f)
                    control_char(s, *p);
                p++;
            }
            break;
        case UTF8: p += step_utf8(s, *p); break;
        case ESC:
        case ESC_MORE: step_escape(s, *p++); break;
        case CSI: step_csi(s, *p++); break;
        case STRING:
        case STRING_ESC: step_string(s, *p++); break;
        }
    }
}
