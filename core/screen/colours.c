/* The palette and the dynamic colours: OSC 4, 5, 10 to 12 and their resets. We do not paint with
 * them; a program that sets one is told it again, and who asks before has xterm's. */
#include "core/screen/colour_names.h"
#include "core/screen/colour_spaces.h"
#include "core/screen/screen_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPECIAL 256u /* the palette's special colours (bold, underline …) begin here */

static int hex_value(const char *text, size_t n, unsigned *ret)
{
    *ret = 0;
    for (size_t i = 0; i < n; i++) {
        const char *digits = "0123456789abcdef", c = text[i];
        const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;
        if (!at)
            return -1;
        *ret = *ret << 4 | (unsigned)(at - digits);
    }
    return 0;
}

/* One of X's device-independent spaces, of which we keep the high bytes, or a name. */
static bool parse_other(const char *text, uint32_t *ret)
{
    uint16_t rgb[3];
    uint32_t named;
    if (colour_names_find(text, &named)) {
        *ret = COLOUR_RGB | named;
        return true;
    }
    if (!colour_spaces_parse(text, rgb))
        return false;
    *ret = COLOUR_RGB | (rgb[0] & 0xff00u) << 8 | (rgb[1] & 0xff00u) | rgb[2] >> 8;
    return true;
}

/* "#rgb" to "#rrrrggggbbbb" (the highest digits count), "rgb:r/g/b" with 1 to 4 digits each, a
 * colour of another space, or a name. */
static bool parse_colour(const char *text, uint32_t *ret)
{
    uint32_t colour = 0;
    size_t n = strlen(text);
    unsigned v;
    if (text[0] == '#') {
        size_t digits = (n - 1) / 3;
        if (digits < 1 || digits > 4 || n != digits * 3 + 1)
            return false;
        for (size_t i = 0; i < 3; i++) {
            if (hex_value(text + 1 + i * digits, digits > 2 ? 2 : digits, &v) < 0)
                return false;
            colour = colour << 8 | (digits == 1 ? v << 4 : v);
        }
        *ret = COLOUR_RGB | colour;
        return true;
    }
    if (strncmp(text, "rgb:", 4) != 0)
        return parse_other(text, ret);
    text += 4;
    for (int i = 0; i < 3; i++) {
        static const unsigned most[] = {1, 15, 255, 4095, 65535};
        size_t digits = strcspn(text, "/");
        if (digits < 1 || digits > 4 || hex_value(text, digits, &v) < 0 ||
            text[digits] != (i < 2 ? '/' : '\0'))
            return false;
        colour = colour << 8 | v * 255 / most[digits];
        text += digits + 1;
    }
    *ret = COLOUR_RGB | colour;
    return true;
}

static const uint32_t usual[] = {0xe5e5e5, 0x000000, 0xe5e5e5}; /* text, ground, cursor */

static uint32_t usual_palette(unsigned i)
{
    static const uint32_t first[16] = {0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd,
                                       0x00cdcd, 0xe5e5e5, 0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00,
                                       0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff};
    static const uint32_t levels[6] = {0, 95, 135, 175, 215, 255};
    if (i < 16)
        return first[i];
    if (i < 232)
        return levels[(i - 16) / 36] << 16 | levels[(i - 16) / 6 % 6] << 8 | levels[(i - 16) % 6];
    return i < SPECIAL ? 0x010101 * (8 + 10 * (i - 232)) : usual[0];
}

static void tell(struct screen *s, const char *what, uint32_t c)
{
    report(s, "\033]%s;rgb:%04x/%04x/%04x%s", what, (c >> 16 & 255) * 257, (c >> 8 & 255) * 257,
           (c & 255) * 257, s->string_bel ? "\a" : "\033\\");
}

/* INDEX;SPEC;… number is 4, or 5, which counts from the special ones. */
static void palette(struct screen *s, long number, char *text)
{
    const unsigned base = number == 5 ? SPECIAL : 0;
    char *rest = text, *index, *value;
    while ((index = strsep(&rest, ";")) && (value = strsep(&rest, ";"))) {
        char *end, what[32];
        unsigned long i = strtoul(index, &end, 10);
        if (*end || end == index || i >= PALETTE - base)
            continue;
        uint32_t *at = &s->palette[i + base];
        snprintf(what, sizeof what, "%ld;%lu", number, i);
        if (strcmp(value, "?") == 0)
            tell(s, what, *at ? *at : usual_palette((unsigned)i + base));
        else
            parse_colour(value, at);
    }
}

static void reset_palette(struct screen *s, unsigned base, char *text)
{
    char *rest = text, *index;
    if (!*text)
        memset(s->palette + base, 0, (base ? PALETTE - SPECIAL : SPECIAL) * sizeof *s->palette);
    while (*text && (index = strsep(&rest, ";"))) {
        char *end;
        unsigned long i = strtoul(index, &end, 10);
        if (end != index && i < PALETTE - base)
            s->palette[i + base] = 0;
    }
}

/* OSC 10, 11, 12 (first: 0 to 2), and those that follow in one sequence. */
static void dynamic(struct screen *s, size_t first, char *text)
{
    char *rest = text, *value;
    for (size_t i = first; i < sizeof usual / sizeof *usual && (value = strsep(&rest, ";")); i++) {
        uint32_t *at = &s->dynamic[i];
        char what[24];
        snprintf(what, sizeof what, "%zu", 10 + i);
        if (strcmp(value, "?") == 0)
            tell(s, what, *at ? *at : usual[i]);
        else
            parse_colour(value, at);
    }
}

/* False: the number is none of ours. text is changed. */
bool colours_osc(struct screen *s, long number, char *text)
{
    switch (number) {
    case 4:
    case 5: palette(s, number, text); return true;
    case 10: dynamic(s, 0, text); return true;
    case 11: dynamic(s, 1, text); return true;
    case 12: dynamic(s, 2, text); return true;
    case 104: reset_palette(s, 0, text); return true;
    case 105: reset_palette(s, SPECIAL, text); return true;
    case 110:
    case 111:
    case 112: s->dynamic[number - 110] = 0; return true;
    default: return false;
    }
}

void colours_reset(struct screen *s)
{
    memset(s->palette, 0, sizeof s->palette);
    memset(s->dynamic, 0, sizeof s->dynamic);
}
