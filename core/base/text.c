/* Foreign text made safe, and widths. The one place that knows what a terminal must not be shown.
 */
#include "core/base/text.h"

#include <string.h>
#include <utf8proc.h>

size_t text_decode(const char *text, size_t n, uint32_t *ret_point)
{
    const unsigned char *s = (const unsigned char *)text;
    uint32_t c = s[0];
    size_t need = c < 0x80                ? 1
                  : c >= 0xc2 && c < 0xe0 ? 2
                  : c >= 0xe0 && c < 0xf0 ? 3
                  : c >= 0xf0 && c < 0xf5 ? 4
                                          : 0;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (need == 1) {
        *ret_point = c;
        return 1;
    }
    *ret_point = 0xfffd;
    if (need == 0 || need > n)
        return 1;
    c &= 0x7fu >> need;
    for (size_t i = 1; i < need; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 1;
        c = c << 6 | (s[i] & 0x3fu);
    }
    if (c < least[need] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return 1;
    *ret_point = c;
    return need;
}

size_t text_encode(uint32_t point, char out[4])
{
    if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
        point = 0xfffd;
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (char)(0xc0 | point >> 6);
        out[1] = (char)(0x80 | (point & 0x3f));
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (char)(0xe0 | point >> 12);
        out[1] = (char)(0x80 | (point >> 6 & 0x3f));
        out[2] = (char)(0x80 | (point & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | point >> 18);
    out[1] = (char)(0x80 | (point >> 12 & 0x3f));
    out[2] = (char)(0x80 | (point >> 6 & 0x3f));
    out[3] = (char)(0x80 | (point & 0x3f));
    return 4;
}

int text_point_width(uint32_t point)
{
    if (point < 0x20 || (point >= 0x7f && point < 0xa0))
        return -1;
    if (point < 0x300)
        return point == 0xad ? 0 : 1;
    return utf8proc_charwidth((utf8proc_int32_t)point);
}

uint32_t text_lower(uint32_t point)
{
    if (point < 0x80)
        return point >= 'A' && point <= 'Z' ? point + 32 : point;
    return (uint32_t)utf8proc_tolower((utf8proc_int32_t)point);
}

/* Controls, line separators, bidirectional overrides and isolates: what could move or hide text. */
static bool harmful(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || c == 0x200e || c == 0x200f ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff ||
           (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

size_t text_make_safe(char *out, size_t size, const char *text, size_t n)
{
    size_t at = 0;
    if (size == 0)
        return 0;
    for (size_t i = 0; i < n;) {
        uint32_t c;
        char utf8[4];
        i += text_decode(text + i, n - i, &c);
        if (c == '\t' || c == '\n')
            c = ' ';
        else if (c < 0x20)
            c = 0x2400 + c; /* the control pictures */
        else if (c == 0x7f)
            c = 0x2421;
        else if (harmful(c))
            c = 0xfffd;
        size_t len = text_encode(c, utf8);
        if (at + len >= size)
            break;
        memcpy(out + at, utf8, len);
        at += len;
    }
    out[at] = '\0';
    return at;
}

int text_width(const char *text)
{
    int columns = 0;
    for (size_t n = strlen(text); n;) {
        uint32_t c;
        size_t len = text_decode(text, n, &c);
        int w = text_point_width(c);
        columns += w > 0 ? w : 0;
        text += len;
        n -= len;
    }
    return columns;
}

size_t text_fit(const char *text, int columns)
{
    size_t used = 0, n = strlen(text);
    int at = 0;
    while (used < n) {
        uint32_t c;
        size_t len = text_decode(text + used, n - used, &c);
        int w = text_point_width(c);
        if (w > 0 && at + w > columns)
            break;
        at += w > 0 ? w : 0;
        used += len;
    }
    return used;
}

bool text_is_utf8(const char *text, size_t n)
{
    for (size_t i = 0; i < n;) {
        uint32_t c;
        size_t len = text_decode(text + i, n - i, &c);
        if (c == 0xfffd && len == 1)
            return false;
        i += len;
    }
    return true;
}
