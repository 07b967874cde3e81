/* From one style to another (see sgr.h). */
#include "tui/terminal/sgr.h"

#include "tui/terminal/colour.h"

#include <stdio.h>
#include <string.h>

/* The longest: all attributes, an underline, three colours of 16 bytes. */
struct params {
    char text[160];
    size_t n;
};

static void add(struct params *p, const char *param)
{
    int n = snprintf(p->text + p->n, sizeof p->text - p->n, "%s%s", p->n ? ";" : "", param);
    p->n += (size_t)n;
}

/* Bold and dim share their off (22); so they are one entry of two bits. */
static const struct {
    uint16_t attr;
    const char *on, *off;
} simple[] = {
    {ATTR_ITALIC, "3", "23"}, {ATTR_BLINK, "5", "25"},  {ATTR_REVERSE, "7", "27"},
    {ATTR_HIDDEN, "8", "28"}, {ATTR_STRIKE, "9", "29"}, {ATTR_OVERLINE, "53", "55"},
};

static void add_colour(struct params *p, uint32_t colour, int base)
{
    char text[32];

    if (colour == COLOUR_DEFAULT)
        snprintf(text, sizeof text, "%d", base + 9);
    else if (colour & COLOUR_RGB)
        snprintf(text, sizeof text, "%d;2;%u;%u;%u", base + 8, colour >> 16 & 255,
                 colour >> 8 & 255, colour & 255);
    else if ((colour & 255) < 8)
        snprintf(text, sizeof text, "%d", base + (int)(colour & 255));
    else if ((colour & 255) < 16)
        snprintf(text, sizeof text, "%d", base + 60 + (int)(colour & 255) - 8);
    else
        snprintf(text, sizeof text, "%d;5;%u", base + 8, colour & 255);
    add(p, text);
}

static void add_underline_colour(struct params *p, uint32_t colour)
{
    char text[32];

    if (colour == COLOUR_DEFAULT)
        snprintf(text, sizeof text, "59");
    else if (colour & COLOUR_RGB)
        snprintf(text, sizeof text, "58:2::%u:%u:%u", colour >> 16 & 255, colour >> 8 & 255,
                 colour & 255);
    else
        snprintf(text, sizeof text, "58:5:%u", colour & 255);
    add(p, text);
}

/* What differs between from and to, as parameters. */
static void differences(struct params *p, const struct style *from, const struct style *to)
{
    unsigned old = from->attrs, now = to->attrs;
    unsigned weight = ATTR_BOLD | ATTR_DIM, lost = old & ~now & weight;

    if (lost) {
        add(p, "22");
        old &= ~weight;
    }
    if (now & ~old & ATTR_BOLD)
        add(p, "1");
    if (now & ~old & ATTR_DIM)
        add(p, "2");
    for (size_t i = 0; i < sizeof simple / sizeof *simple; i++)
        if ((old ^ now) & simple[i].attr)
            add(p, now & simple[i].attr ? simple[i].on : simple[i].off);
    if ((old ^ now) & ATTR_UNDERLINE) {
        static const char *const shapes[] = {"24", "4", "4:2", "4:3", "4:4", "4:5", "4", "4"};
        add(p, shapes[(now & ATTR_UNDERLINE) >> ATTR_UNDERLINE_SHIFT]);
    }
    if (from->fg != to->fg)
        add_colour(p, to->fg, 30);
    if (from->bg != to->bg)
        add_colour(p, to->bg, 40);
    if (from->underline_colour != to->underline_colour)
        add_underline_colour(p, to->underline_colour);
}

/* The style as this terminal can show it. */
static struct style fitted(const struct style *style, enum term_colours colours, bool extended)
{
    struct style s = *style;

    s.fg = colour_fit(s.fg, colours);
    s.bg = colour_fit(s.bg, colours);
    s.underline_colour =
        extended && s.attrs & ATTR_UNDERLINE ? colour_fit(s.underline_colour, colours) : 0;
    s.link = 0;
    if (!extended) {
        if (s.attrs & ATTR_UNDERLINE)
            s.attrs =
                (uint16_t)((s.attrs & ~(7u << ATTR_UNDERLINE_SHIFT)) | 1u << ATTR_UNDERLINE_SHIFT);
        s.attrs &= (uint16_t)~ATTR_OVERLINE;
    }
    return s;
}

void sgr_change(struct buf *out, const struct style *from, const struct style *to,
                enum term_colours colours, bool extended)
{
    struct style old = fitted(from, colours, extended), now = fitted(to, colours, extended);
    struct params change = {.n = 0}, anew = {.n = 0};

    if (memcmp(&old, &now, sizeof old) == 0)
        return;
    differences(&change, &old, &now);
    /* Starting anew is an empty parameter in front: "" alone, or ";1;31". */
    differences(&anew, &(struct style){0}, &now);
    buf_puts(out, "\033[");
    if (anew.n + (anew.n > 0) < change.n) {
        if (anew.n)
            buf_putc(out, ';');
        buf_append(out, anew.text, anew.n);
    } else {
        buf_append(out, change.text, change.n);
    }
    buf_putc(out, 'm');
}
