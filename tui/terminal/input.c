/* The decoder: bytes of a terminal become keys, mouse events and pastes (see input.h).
 *
 * Bytes wait in `in` until they are a whole sequence; what a terminal sends after ESC is a key with
 * Alt, a sequence (CSI, SS3), or a string (OSC, DCS, …) in which it answers a question. Whether a
 * lone ESC was a key only time can tell: input_decoder_flush is that time. Nothing waits for ever:
 * a sequence has at most SEQUENCE_LIMIT bytes, and one that stays unfinished for PATIENCE flushes
 * is dropped, lest a broken answer swallow what a person types.
 *
 * Sources: ECMA-48 5.4 for the shape of sequences; xterm's ctlseqs for keys, mouse and paste; the
 * kitty keyboard protocol for CSI u; console_codes(4) for the linux console. */
#include "tui/terminal/input_private.h"

#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

#define SEQUENCE_LIMIT 256
#define STRING_LIMIT   4096 /* an answer's bytes; more is dropped unread */
#define PATIENCE       20   /* flushes: half a second */
#define PASTE_PATIENCE 400  /* ten seconds without a byte, within a paste */

static const char paste_end[] = "\033[201~";
#define PASTE_END_N (sizeof paste_end - 1)

void decoder_emit(struct input_decoder *d, const struct input_event *event)
{
    if (d->tail == d->cap) {
        if (d->head > d->cap / 2) { /* room at the front */
            memmove(d->queue, d->queue + d->head, (d->tail - d->head) * sizeof *d->queue);
            d->tail -= d->head;
            d->head = 0;
        } else {
            d->cap = d->cap ? d->cap * 2 : 64;
            d->queue = mem_reallocarray(d->queue, d->cap, sizeof *d->queue);
        }
    }
    d->queue[d->tail++] = *event;
}

void decoder_key(struct input_decoder *d, uint32_t code, unsigned mods)
{
    struct input_event e = {.kind = INPUT_KEY, .code = code, .mods = mods};

    if (code == K_TAB && mods & MOD_SHIFT) {
        e.code = K_BACKTAB;
        e.mods &= ~(unsigned)MOD_SHIFT;
    }
    decoder_emit(d, &e);
}

struct input_decoder *input_decoder_create(void)
{
    return mem_zalloc(sizeof(struct input_decoder));
}

void input_decoder_destroy(struct input_decoder *d)
{
    if (!d)
        return;
    for (size_t i = d->head; i < d->tail; i++)
        free(d->queue[i].paste);
    free(d->queue);
    buf_finish(&d->in);
    buf_finish(&d->paste);
    free(d);
}

bool input_decoder_next(struct input_decoder *d, struct input_event *ret_event)
{
    if (d->head == d->tail) {
        d->head = d->tail = 0;
        return false;
    }
    *ret_event = d->queue[d->head++];
    return true;
}

unsigned input_decoder_replies(const struct input_decoder *d)
{
    return d->replies;
}

/* One byte that is a key by itself, or a control. */
static void plain(struct input_decoder *d, unsigned char c, unsigned mods)
{
    if (c == 0)
        decoder_key(d, ' ', mods | MOD_CTRL);
    else if (c == '\t')
        decoder_key(d, K_TAB, mods);
    else if (c == '\r')
        decoder_key(d, K_ENTER, mods);
    else if (c == 0x1b)
        decoder_key(d, K_ESCAPE, mods);
    else if (c == 0x7f)
        decoder_key(d, K_BACKSPACE, mods);
    else if (c <= 0x1a)
        decoder_key(d, (uint32_t)(c + 'a' - 1), mods | MOD_CTRL);
    else if (c < 0x20)
        decoder_key(d, (uint32_t)(c + '@'), mods | MOD_CTRL);
    else
        decoder_key(d, c, mods);
}

/* The functions below look at s[0..n) and give the bytes used up, or MORE when it is not whole yet.
 */
#define MORE DECODER_MORE

/* Bytes that are no UTF-8 are nothing that a person typed. */
static long character(struct input_decoder *d, const unsigned char *s, size_t n, unsigned mods)
{
    static const unsigned char first[] = {0xc2, 0xe0, 0xf0, 0xf5};
    size_t need = 1;
    uint32_t point;

    if (s[0] < 0x80) {
        plain(d, s[0], mods);
        return 1;
    }
    while (need < 5 && s[0] >= first[need - 1])
        need++;
    if (need == 1 || need == 5)
        return 1;
    for (size_t i = 1; i < need; i++) {
        if (i == n)
            return MORE;
        if ((s[i] & 0xc0) != 0x80)
            return 1;
    }
    size_t used = text_decode((const char *)s, n, &point);
    if (used > 1 && point >= 0xa0)
        decoder_key(d, point, mods);
    return (long)used;
}

/* s begins behind ESC [. */
static long control_sequence(struct input_decoder *d, const unsigned char *s, size_t n,
                             unsigned mods)
{
    size_t i = 0;

    if (n && s[0] == '[') { /* the linux console's F1 to F5 */
        if (n < 2)
            return MORE;
        if (s[1] >= 'A' && s[1] <= 'E')
            decoder_key(d, (uint32_t)(K_F1 + s[1] - 'A'), mods);
        return 2;
    }
    if (n && s[0] == 'M') { /* the mouse as it was before 1006: three bytes follow */
        if (n < 4)
            return MORE;
        decoder_mouse(d, s[1] - 32, s[2] - 32, s[3] - 32, false);
        return 4;
    }
    while (i < n && s[i] >= 0x20 && s[i] < 0x40)
        i++;
    if (i == n)
        return i > SEQUENCE_LIMIT ? (long)i : MORE;
    if (s[i] >= 0x40 && s[i] <= 0x7e) {
        decoder_sequence(d, (const char *)s, i, (char)s[i], mods);
        return (long)i + 1;
    }
    if (i > 0 && s[i - 1] == '$') /* rxvt ends so where others would go on */
        decoder_sequence(d, (const char *)s, i - 1, '$', mods);
    return (long)i; /* broken off; what broke it is looked at next */
}

/* s begins behind ESC and the introducer of a string. */
static long control_string(struct input_decoder *d, const unsigned char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i] == 0x07)
            return (long)i + 1;
        if (s[i] == 0x1b) {
            if (i + 1 == n)
                return MORE;
            return (long)(s[i + 1] == '\\' ? i + 2 : i);
        }
        if (s[i] < 0x20)
            return (long)i; /* no answer has controls: a person typed it */
        if (i >= STRING_LIMIT) {
            d->in_string = true;
            return (long)i + 1;
        }
    }
    return MORE;
}

/* s begins with ESC. */
static long escape(struct input_decoder *d, const unsigned char *s, size_t n, unsigned mods)
{
    long used, behind = 2;

    if (n < 2)
        return MORE;
    if (s[1] == '[') {
        used = control_sequence(d, s + 2, n - 2, mods);
    } else if (s[1] == 'O') {
        used = n < 3 ? MORE : decoder_ss3(d, (const char *)s + 2, n - 2, mods);
    } else if (s[1] == 0x1b) {
        /* Alt with a key that is a sequence itself, as rxvt sends it; or Escape, then something. */
        if (n < 3)
            return MORE;
        if (mods || (s[2] != '[' && s[2] != 'O')) {
            decoder_key(d, K_ESCAPE, mods);
            return 1;
        }
        used = escape(d, s + 1, n - 1, mods | MOD_ALT);
        behind = 1;
    } else if (s[1] && strchr("P]_^X", s[1]) && !mods) { /* nobody answers with ESC ESC ] */
        used = control_string(d, s + 2, n - 2);
    } else {
        used = character(d, s + 1, n - 1, mods | MOD_ALT);
        behind = 1;
    }
    return used == MORE ? MORE : used + behind;
}

static void end_paste(struct input_decoder *d)
{
    struct input_event e = {.kind = INPUT_PASTE, .paste_n = d->paste.len, .paste_cut = d->cut};

    e.paste = buf_take(&d->paste);
    if (!e.paste)
        e.paste = mem_strdup("");
    d->pasting = d->cut = false;
    decoder_emit(d, &e);
}

static void add_paste(struct input_decoder *d, const char *bytes, size_t n)
{
    size_t room = INPUT_PASTE_LIMIT - d->paste.len;

    if (n > room) {
        n = room;
        d->cut = true;
    }
    buf_append(&d->paste, bytes, n);
}

/* The bytes of a paste in s[0..n): all but what may be the beginning of its end. */
static long in_paste(struct input_decoder *d, const char *s, size_t n)
{
    const char *end = memmem(s, n, paste_end, PASTE_END_N);
    size_t keep = 0;

    if (end) {
        add_paste(d, s, (size_t)(end - s));
        end_paste(d);
        return (long)(end - s) + (long)PASTE_END_N;
    }
    for (size_t k = 1; k < PASTE_END_N && k <= n; k++)
        if (memcmp(s + n - k, paste_end, k) == 0)
            keep = k;
    add_paste(d, s, n - keep);
    return keep == n ? MORE : (long)(n - keep);
}

/* The rest of a string that was too long to be looked at. */
static long in_string(struct input_decoder *d, const unsigned char *s, size_t n)
{
    size_t i = 0;

    while (i < n && s[i] >= 0x20)
        i++;
    if (i == n)
        return (long)n;
    if (s[i] == 0x1b && i + 1 == n)
        return i ? (long)i : MORE;
    d->in_string = false;
    if (s[i] == 0x07)
        return (long)i + 1;
    return (long)(s[i] == 0x1b && s[i + 1] == '\\' ? i + 2 : i);
}

static void decode(struct input_decoder *d)
{
    size_t at = 0;

    while (at < d->in.len) {
        const unsigned char *s = (const unsigned char *)d->in.data + at;
        size_t n = d->in.len - at;
        long used;
        if (d->pasting)
            used = in_paste(d, (const char *)s, n);
        else if (d->in_string)
            used = in_string(d, s, n);
        else if (s[0] == 0x1b)
            used = escape(d, s, n, 0);
        else
            used = character(d, s, n, 0);
        if (used == MORE)
            break;
        at += (size_t)used;
    }
    buf_consume(&d->in, at);
}

void input_decoder_feed(struct input_decoder *d, const void *bytes, size_t n)
{
    d->flushes = 0;
    /* In pieces: an endless paste must not be held twice. */
    for (size_t at = 0; at < n;) {
        size_t piece = n - at < 65536 ? n - at : 65536;
        buf_append(&d->in, (const char *)bytes + at, piece);
        at += piece;
        decode(d);
    }
}

bool input_decoder_pending(const struct input_decoder *d)
{
    return d->in.len > 0 || d->pasting || d->in_string;
}

/* ESC waits, with at most one byte more: it was Escape, or a key with Alt. Or one of rxvt's. */
static bool flush_key(struct input_decoder *d)
{
    const unsigned char *s = (const unsigned char *)d->in.data;

    if (s[0] != 0x1b || d->in.len > 5)
        return false;
    if (d->in.len == 1) {
        decoder_key(d, K_ESCAPE, 0);
    } else if (d->in.len == 2 && s[1] < 0x80) {
        plain(d, s[1], MOD_ALT);
    } else if (d->in.len == 3 && s[1] == 0x1b && s[2] < 0x80) { /* Escape, then Alt-[ */
        decoder_key(d, K_ESCAPE, 0);
        plain(d, s[2], MOD_ALT);
    } else if (s[1] == '[' && s[d->in.len - 1] == '$') {
        decoder_sequence(d, d->in.data + 2, d->in.len - 3, '$', 0);
    } else {
        return false;
    }
    buf_clear(&d->in);
    return true;
}

void input_decoder_flush(struct input_decoder *d)
{
    if (!input_decoder_pending(d))
        return;
    d->flushes++;
    if (d->pasting) {
        if (d->flushes >= PASTE_PATIENCE) { /* its end was lost */
            add_paste(d, d->in.data, d->in.len);
            buf_clear(&d->in);
            end_paste(d);
        }
        return;
    }
    if (!d->in_string && d->in.len && flush_key(d))
        return;
    if (d->flushes >= PATIENCE) {
        d->in_string = false;
        buf_clear(&d->in);
    }
}
