/* See the header. */
#include "core/mail/coding.h"
#include "core/base/text.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define LINE 76

/* --- base64 ------------------------------------------------------------------------------------
 */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int digit(unsigned char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

void coding_base64_decode(const char *text, size_t n, struct buf *out)
{
    uint32_t bits = 0;
    int have = 0;
    char *to = buf_reserve(out, n / 4 * 3 + 4);
    size_t put = 0;
    for (size_t i = 0; i < n && text[i] != '='; i++) {
        int d = digit((unsigned char)text[i]);
        if (d < 0)
            continue;
        bits = bits << 6 | (uint32_t)d;
        have += 6;
        if (have >= 8) {
            have -= 8;
            to[put++] = (char)(bits >> have & 0xff);
        }
    }
    to[put] = '\0';
    out->len += put;
}

static void encode_three(const unsigned char *p, size_t n, char out[4])
{
    uint32_t bits = (uint32_t)p[0] << 16 | (uint32_t)(n > 1 ? p[1] : 0) << 8 | (n > 2 ? p[2] : 0);
    out[0] = digits[bits >> 18];
    out[1] = digits[bits >> 12 & 63];
    out[2] = n > 1 ? digits[bits >> 6 & 63] : '=';
    out[3] = n > 2 ? digits[bits & 63] : '=';
}

static void encode_run(const unsigned char *p, size_t n, size_t line, struct buf *out)
{
    size_t column = 0;
    for (size_t i = 0; i < n; i += 3) {
        char four[4];
        encode_three(p + i, n - i, four);
        buf_append(out, four, 4);
        column += 4;
        if (column >= line) {
            buf_putc(out, '\n');
            column = 0;
        }
    }
    if (column && line != SIZE_MAX)
        buf_putc(out, '\n');
}

void coding_base64_encode(const void *bytes, size_t n, struct buf *out)
{
    encode_run(bytes, n, LINE, out);
}

/* --- quoted-printable, percent ---------------------------------------------------------------- */

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* text[i] is the sign before two hexadecimal digits: the byte, or -1. */
static int escaped(const char *text, size_t n, size_t i)
{
    int high = i + 2 < n ? hex(text[i + 1]) : -1, low = i + 2 < n ? hex(text[i + 2]) : -1;
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

void coding_quoted_decode(const char *text, size_t n, bool underscore, struct buf *out)
{
    for (size_t i = 0; i < n; i++) {
        int byte = text[i] == '=' ? escaped(text, n, i) : -1;
        size_t end = i + 1;
        if (byte >= 0) {
            buf_putc(out, (char)byte);
            i += 2;
            continue;
        }
        if (text[i] == '=' && !underscore) { /* a soft line break, spaces before it or not */
            while (end < n && strchr(" \t", text[end]) && text[end])
                end++;
            if (end < n && text[end] == '\r')
                end++;
            if (end == n || text[end] == '\n') {
                i = end;
                continue;
            }
        }
        buf_putc(out, underscore && text[i] == '_' ? ' ' : text[i]);
    }
}

void coding_quoted_encode(const char *text, size_t n, struct buf *out)
{
    size_t column = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        bool line_ends = i + 1 == n || text[i + 1] == '\n';
        if (c == '\n') {
            buf_putc(out, '\n');
            column = 0;
            continue;
        }
        bool plain = c > ' ' && c < 0x7f && c != '=';
        plain = plain || ((c == ' ' || c == '\t') && !line_ends);
        /* No line of ours looks like mbox's "From " or SMTP's end. */
        plain = plain && !(column == 0 && (c == '.' || c == 'F'));
        size_t wide = plain ? 1 : 3;
        if (column + wide > LINE - 1) {
            buf_puts(out, "=\n");
            column = 0;
        }
        if (plain)
            buf_putc(out, (char)c);
        else
            buf_printf(out, "=%02X", c);
        column += wide;
    }
}

void coding_percent_decode(const char *text, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++) {
        int byte = text[i] == '%' ? escaped(text, n, i) : -1;
        buf_putc(out, byte >= 0 ? (char)byte : text[i]);
        i += byte >= 0 ? 2 : 0;
    }
}

void coding_percent_encode(const char *text, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++)
        if (isalnum((unsigned char)text[i]) || strchr("-._", text[i] ? text[i] : '%'))
            buf_putc(out, text[i]);
        else
            buf_printf(out, "%%%02X", (unsigned char)text[i]);
}

/* --- charsets ----------------------------------------------------------------------------------
 */

/* windows-1252 between 0x80 and 0x9f; 0 stays a control and becomes U+FFFD. */
static const uint16_t windows[32] = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

enum charset { CHARSET_UTF8, CHARSET_LATIN1, CHARSET_LATIN9, CHARSET_UNKNOWN };

static enum charset charset_of(const char *name, size_t n)
{
    static const struct {
        const char *name;
        enum charset is;
    } known[] = {{"", CHARSET_UTF8},
                 {"utf-8", CHARSET_UTF8},
                 {"utf8", CHARSET_UTF8},
                 {"us-ascii", CHARSET_UTF8},
                 {"ascii", CHARSET_UTF8},
                 {"iso-8859-1", CHARSET_LATIN1},
                 {"iso8859-1", CHARSET_LATIN1},
                 {"latin1", CHARSET_LATIN1},
                 {"windows-1252", CHARSET_LATIN1},
                 {"cp1252", CHARSET_LATIN1},
                 {"iso-8859-15", CHARSET_LATIN9},
                 {"latin-9", CHARSET_LATIN9}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strlen(known[i].name) == n && strncasecmp(known[i].name, name, n) == 0)
            return known[i].is;
    return CHARSET_UNKNOWN;
}

static uint32_t point_of(enum charset set, unsigned char c)
{
    static const struct {
        unsigned char c;
        uint16_t point;
    } latin9[] = {{0xa4, 0x20ac}, {0xa6, 0x160}, {0xa8, 0x161}, {0xb4, 0x17d},
                  {0xb8, 0x17e},  {0xbc, 0x152}, {0xbd, 0x153}, {0xbe, 0x178}};
    if (c < 0x80)
        return c ? c : 0xfffd;
    if (set == CHARSET_UNKNOWN)
        return 0xfffd;
    if (c < 0xa0)
        return windows[c - 0x80] ? windows[c - 0x80] : 0xfffd;
    for (size_t i = 0; set == CHARSET_LATIN9 && i < sizeof latin9 / sizeof *latin9; i++)
        if (latin9[i].c == c)
            return latin9[i].point;
    return c;
}

void coding_to_utf8(const char *charset, size_t len, const char *bytes, size_t n, struct buf *out)
{
    enum charset set = charset_of(charset, len);
    /* Mail that says nothing or the wrong thing and is no UTF-8 is most often latin1. */
    if (set == CHARSET_UTF8 && !text_is_utf8(bytes, n))
        set = CHARSET_LATIN1;
    if (set == CHARSET_UTF8 && !memchr(bytes, 0, n)) {
        buf_append(out, bytes, n);
        return;
    }
    for (size_t i = 0; i < n;) {
        uint32_t point;
        char utf8[4];
        if (set == CHARSET_UTF8)
            i += text_decode(bytes + i, n - i, &point);
        else
            point = point_of(set, (unsigned char)bytes[i++]);
        buf_append(out, utf8, text_encode(point ? point : 0xfffd, utf8));
    }
}

/* --- encoded words -----------------------------------------------------------------------------
 */

/* An encoded word at text: =?charset?B?…?=; gives its length or 0. */
static size_t read_word(const char *text, size_t n, struct buf *out)
{
    if (n < 8 || text[0] != '=' || text[1] != '?')
        return 0;
    const char *end = text + n, *charset = text + 2;
    const char *q1 = memchr(charset, '?', (size_t)(end - charset));
    if (!q1 || end - q1 < 5 || q1[2] != '?' || q1 - charset > 40)
        return 0;
    const char *body = q1 + 3, *close = body;
    while (close + 1 < end && !(close[0] == '?' && close[1] == '=')) {
        if (*close == ' ' || *close == '\n')
            return 0;
        close++;
    }
    if (close + 1 >= end)
        return 0;
    struct buf bytes = {0};
    const char *star = memchr(charset, '*', (size_t)(q1 - charset)); /* a language, RFC 2231 */
    char kind = (char)tolower((unsigned char)q1[1]);
    if (kind == 'b')
        coding_base64_decode(body, (size_t)(close - body), &bytes);
    else if (kind == 'q')
        coding_quoted_decode(body, (size_t)(close - body), true, &bytes);
    else
        return 0;
    coding_to_utf8(charset, (size_t)((star ? star : q1) - charset), bytes.data ? bytes.data : "",
                   bytes.len, out);
    buf_finish(&bytes);
    return (size_t)(close + 2 - text);
}

void coding_words_decode(const char *text, size_t n, struct buf *out)
{
    struct buf raw = {0};
    bool after_word = false;
    size_t held = 0; /* spaces since a word: dropped when another word follows */
    coding_to_utf8("", 0, text, n, &raw);
    for (size_t i = 0, used; i < raw.len; i += used) {
        struct buf word = {0};
        used = raw.data[i] == '=' ? read_word(raw.data + i, raw.len - i, &word) : 0;
        if (used) {
            if (after_word) {
                out->len -= held;
                out->data[out->len] = '\0';
            }
            buf_append(out, word.data ? word.data : "", word.len);
            after_word = true;
            held = 0;
            buf_finish(&word);
            continue;
        }
        used = 1;
        buf_putc(out, raw.data[i]);
        if (strchr(" \t", raw.data[i]))
            held++;
        else
            after_word = false;
        if (!after_word)
            held = 0;
        buf_finish(&word);
    }
    buf_finish(&raw);
}

void coding_words_encode(const char *text, struct buf *out)
{
    bool ascii = !strstr(text, "=?");
    size_t n = strlen(text), run = 0;
    for (size_t i = 0; i < n; i++) {
        ascii = ascii && (unsigned char)text[i] < 0x7f && (unsigned char)text[i] >= ' ';
        run = text[i] == ' ' ? 0 : run + 1;
        ascii = ascii && run < 900; /* a line cannot be longer than 998 bytes */
    }
    if (ascii) {
        buf_append(out, text, n);
        return;
    }
    for (size_t i = 0; i < n;) { /* whole characters, at most 42 bytes a word */
        char piece[48];
        size_t len = 0;
        while (i < n && len <= 38) {
            uint32_t point;
            i += text_decode(text + i, n - i, &point);
            if (point < ' ' || point == 0x7f)
                point = ' ';
            len += text_encode(point, piece + len);
        }
        buf_puts(out, "=?utf-8?B?");
        encode_run((const unsigned char *)piece, len, SIZE_MAX, out);
        buf_puts(out, i < n ? "?= " : "?=");
    }
}
