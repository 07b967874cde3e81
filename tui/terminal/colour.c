/* Colours on terminals that have fewer (see colour.h). */
#include "tui/terminal/colour.h"

/* The first sixteen as xterm has them; terminals differ, but keep to their meaning. */
static const uint32_t sixteen[16] = {
    0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5,
    0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff,
};

static const uint8_t level[6] = {0, 95, 135, 175, 215, 255}; /* of the 6x6x6 cube at 16 */

uint32_t colour_of_index(unsigned index)
{
    if (index < 16)
        return sixteen[index];
    if (index < 232) {
        unsigned i = index - 16;
        return (uint32_t)level[i / 36] << 16 | (uint32_t)level[i / 6 % 6] << 8 | level[i % 6];
    }
    uint32_t grey = 8 + 10 * ((index & 255) - 232);
    return grey << 16 | grey << 8 | grey;
}

uint32_t colour_distance(uint32_t a, uint32_t b)
{
    int ra = (int)(a >> 16 & 255), rb = (int)(b >> 16 & 255), mean = (ra + rb) / 2;
    int r = ra - rb, g = (int)(a >> 8 & 255) - (int)(b >> 8 & 255);
    int u = (int)(a & 255) - (int)(b & 255);

    /* The 'redmean' weights: near to a distance in a perceptual space, in whole numbers. */
    return (uint32_t)(((512 + mean) * r * r >> 8) + 4 * g * g + ((767 - mean) * u * u >> 8));
}

static unsigned nearest_level(uint32_t value)
{
    return value < 48 ? 0 : value < 115 ? 1 : (value - 35) / 40;
}

/* Only the cube's nearest corner and the nearest grey can be nearest; the sixteen are left out,
 * since what they look like is the user's choice. */
static uint32_t nearest_of_256(uint32_t rgb)
{
    uint32_t r = rgb >> 16 & 255, g = rgb >> 8 & 255, b = rgb & 255, mean = (r + g + b) / 3;
    unsigned cube = 16 + 36 * nearest_level(r) + 6 * nearest_level(g) + nearest_level(b);
    unsigned grey = 232 + (mean < 8 ? 0 : mean > 238 ? 23 : (mean - 3) / 10);

    return colour_distance(colour_of_index(grey), rgb) < colour_distance(colour_of_index(cube), rgb)
               ? grey
               : cube;
}

static uint32_t nearest_of_16(uint32_t rgb)
{
    uint32_t best = 0;

    for (uint32_t i = 1; i < 16; i++)
        if (colour_distance(sixteen[i], rgb) < colour_distance(sixteen[best], rgb))
            best = i;
    return best;
}

uint32_t colour_fit(uint32_t colour, enum term_colours colours)
{
    if (colours == TERM_NO_COLOUR || colour == COLOUR_DEFAULT)
        return COLOUR_DEFAULT;
    if (colours == TERM_TRUECOLOUR)
        return colour;
    if (colour & COLOUR_RGB) {
        uint32_t rgb = colour & 0xffffff;
        return COLOUR_INDEX | (colours == TERM_256 ? nearest_of_256(rgb) : nearest_of_16(rgb));
    }
    uint32_t index = colour & 255;
    if (colours == TERM_256 || index < 16)
        return COLOUR_INDEX | index;
    return COLOUR_INDEX | nearest_of_16(colour_of_index(index));
}
