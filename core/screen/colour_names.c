/* The names of colours that people write into their configurations, with X's values: where X and
 * the web differ (gray, green, maroon, purple), X is right for a terminal. Any thread. */
#include "core/screen/colour_names.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    uint32_t rgb;
} names[] = {
    {"aqua", 0x00ffff},
    {"azure", 0xf0ffff},
    {"beige", 0xf5f5dc},
    {"black", 0x000000},
    {"blue", 0x0000ff},
    {"blueviolet", 0x8a2be2},
    {"brown", 0xa52a2a},
    {"chartreuse", 0x7fff00},
    {"chocolate", 0xd2691e},
    {"coral", 0xff7f50},
    {"cornflowerblue", 0x6495ed},
    {"crimson", 0xdc143c},
    {"cyan", 0x00ffff},
    {"darkblue", 0x00008b},
    {"darkcyan", 0x008b8b},
    {"darkgray", 0xa9a9a9},
    {"darkgreen", 0x006400},
    {"darkmagenta", 0x8b008b},
    {"darkorange", 0xff8c00},
    {"darkred", 0x8b0000},
    {"darkslategray", 0x2f4f4f},
    {"darkviolet", 0x9400d3},
    {"deeppink", 0xff1493},
    {"deepskyblue", 0x00bfff},
    {"dimgray", 0x696969},
    {"dodgerblue", 0x1e90ff},
    {"firebrick", 0xb22222},
    {"forestgreen", 0x228b22},
    {"fuchsia", 0xff00ff},
    {"gold", 0xffd700},
    {"goldenrod", 0xdaa520},
    {"gray", 0xbebebe},
    {"green", 0x00ff00},
    {"hotpink", 0xff69b4},
    {"indianred", 0xcd5c5c},
    {"indigo", 0x4b0082},
    {"ivory", 0xfffff0},
    {"khaki", 0xf0e68c},
    {"lavender", 0xe6e6fa},
    {"lightblue", 0xadd8e6},
    {"lightcyan", 0xe0ffff},
    {"lightgray", 0xd3d3d3},
    {"lightgreen", 0x90ee90},
    {"lightpink", 0xffb6c1},
    {"lightyellow", 0xffffe0},
    {"lime", 0x00ff00},
    {"limegreen", 0x32cd32},
    {"magenta", 0xff00ff},
    {"maroon", 0xb03060},
    {"midnightblue", 0x191970},
    {"navy", 0x000080},
    {"navyblue", 0x000080},
    {"olive", 0x808000},
    {"orange", 0xffa500},
    {"orangered", 0xff4500},
    {"orchid", 0xda70d6},
    {"pink", 0xffc0cb},
    {"plum", 0xdda0dd},
    {"purple", 0xa020f0},
    {"red", 0xff0000},
    {"royalblue", 0x4169e1},
    {"salmon", 0xfa8072},
    {"seagreen", 0x2e8b57},
    {"sienna", 0xa0522d},
    {"silver", 0xc0c0c0},
    {"skyblue", 0x87ceeb},
    {"slateblue", 0x6a5acd},
    {"slategray", 0x708090},
    {"springgreen", 0x00ff7f},
    {"steelblue", 0x4682b4},
    {"tan", 0xd2b48c},
    {"teal", 0x008080},
    {"tomato", 0xff6347},
    {"turquoise", 0x40e0d0},
    {"violet", 0xee82ee},
    {"wheat", 0xf5deb3},
    {"white", 0xffffff},
    {"yellow", 0xffff00},
    {"yellowgreen", 0x9acd32},
};

/* Small letters without blanks, grey written as gray. False: longer than any name. */
static bool simplify(const char *name, char *out, size_t size)
{
    size_t n = 0;
    for (; *name; name++) {
        if (*name == ' ')
            continue;
        if (n + 1 >= size)
            return false;
        out[n++] = (char)tolower((unsigned char)*name);
    }
    out[n] = '\0';
    char *grey = strstr(out, "grey");
    if (grey)
        grey[2] = 'a';
    return true;
}

/* gray0 to gray100, in hundredths of white. X's table has two halves rounded down. */
static bool shade(const char *name, uint32_t *ret)
{
    if (strncmp(name, "gray", 4) != 0 || !isdigit((unsigned char)name[4]) || strlen(name) > 7)
        return false;
    char *end;
    const unsigned long percent = strtoul(name + 4, &end, 10);
    if (*end || percent > 100)
        return false;
    const unsigned long level = (percent * 255 + 50) / 100 - (percent == 50 || percent == 90);
    *ret = (uint32_t)(level * 0x010101);
    return true;
}

bool colour_names_find(const char *name, uint32_t *ret)
{
    char simple[24];
    if (!simplify(name, simple, sizeof simple))
        return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(simple, names[i].name) == 0) {
            *ret = names[i].rgb;
            return true;
        }
    return shade(simple, ret);
}
