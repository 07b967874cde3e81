/* What a terminal answers: its identity, the cursor's place, modes, settings, sizes, and, where
 * that is allowed, the screen's contents as a checksum. */
#include "core/screen/screen_private.h"
#include "core/base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* For a program that wants 8 bits (S8C1T) ESC and the byte behind it are one control. Changes text;
 * gives what is left of its n bytes. */
static size_t to_eight_bit(char *text, size_t n)
{
    size_t to = 0;
    for (size_t i = 0; i < n; i++) {
        const bool is_control = text[i] == 27 && i + 1 < n;
        text[to++] = is_control ? (char)(text[++i] + 0x40) : text[i];
    }
    return to;
}

/* Says n bytes, which are ours to change. */
static void say(struct screen *s, char *text, size_t n)
{
    if (!s->events || !s->events->answer)
        return;
    if (s->eight_bit)
        n = to_eight_bit(text, n);
    s->events->answer(s->data, text, n);
}

void report(struct screen *s, const char *format, ...)
{
    char text[512];
    va_list ap;
    if (!s->events || !s->events->answer)
        return;
    va_start(ap, format);
    int n = vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    if (n > 0)
        say(s, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

static void position(struct screen *s, const char *mark)
{
    int row = s->origin ? s->row - s->top : s->row, col = s->origin ? s->col - s->left : s->col;
    report(s, *mark ? "\033[?%d;%d;1R" : "\033[%d;%dR", row + 1, col + 1);
}

static void status(struct screen *s, const struct csi *c)
{
    long what = csi_arg(c, 0, 0);
    if (!c->leader) {
        if (what == 5)
            report(s, "\033[0n");
        else if (what == 6)
            position(s, "");
        return;
    }
    switch (what) {
    case 6: position(s, "?"); break;
    case 15: report(s, "\033[?13n"); break; /* no printer */
    case 25: report(s, "\033[?20n"); break; /* user-defined keys are not locked */
    case 26: report(s, "\033[?27;1;0;0n"); break;
    case 53:
    case 55: report(s, "\033[?50n"); break; /* no locator */
    case 56: report(s, "\033[?57;0n"); break;
    case 62: report(s, "\033[0*{"); break;
    case 63: report(s, "\033P%ld!~0000\033\\", csi_arg(c, 1, 0)); break;
    case 75: report(s, "\033[?70n"); break;
    case 85: report(s, "\033[?83n"); break;
    default: break;
    }
}

/* We have no pixels; who asks for them is told a VT340's cells. */
#define CELL_WIDTH  10
#define CELL_HEIGHT 20

static void window(struct screen *s, const struct csi *c)
{
    long what = csi_arg(c, 0, 0);
    switch (what) {
    case 11: report(s, "\033[1t"); break;
    case 13: report(s, "\033[3;0;0t"); break;
    case 14: report(s, "\033[4;%d;%dt", s->rows * CELL_HEIGHT, s->cols * CELL_WIDTH); break;
    case 15: report(s, "\033[5;%d;%dt", s->rows * CELL_HEIGHT, s->cols * CELL_WIDTH); break;
    case 16: report(s, "\033[6;%d;%dt", CELL_HEIGHT, CELL_WIDTH); break;
    case 18: report(s, "\033[8;%d;%dt", s->rows, s->cols); break;
    case 19: report(s, "\033[9;%d;%dt", s->rows, s->cols); break;
    case 20: title_report(s, true); break;
    case 21: title_report(s, false); break;
    case 22: title_push(s, csi_arg(c, 1, 0)); break;
    case 23: title_pop(s, csi_arg(c, 1, 0)); break;
    default: break;
    }
}

/* The negated sum of the characters, blanks too, as xterm's before it counted attributes: with one
 * cell asked for, the answer is the character in it. */
static unsigned checksum(const struct screen *s, const struct box *b)
{
    unsigned sum = 0;
    for (int row = b->top; row <= b->bottom; row++)
        for (int col = b->left; col <= b->right; col++) {
            const struct cell *c = &line_at(s, row)->cells[col];
            char text[CLUSTER_MAX + 1];
            uint32_t point = c->glyph;
            if (c->width == 0 && (c->flags & CELL_WRITTEN))
                continue;
            if (point & GLYPH_CLUSTER)
                text_decode(text, glyph_text(s, c->glyph, text), &point);
            sum += point ? point : ' ';
        }
    return (0u - sum) & 0xffffu;
}

static void rectangle_checksum(struct screen *s, const struct csi *c)
{
    struct box b;
    if (!s->checksum)
        return;
    unsigned sum = box_of(s, c, 2, &b) ? checksum(s, &b) : 0;
    report(s, "\033P%ld!~%04X\033\\", csi_arg(c, 0, 0), sum);
}

/* What a terminal of the level chosen by DECSCL has: 132 columns, selective erase, horizontal
 * scrolling, rectangles, colour … (DEC STD 070; as xterm says it). */
void identify(struct screen *s)
{
    static const char *const has[] = {"1;2;6;9;15;22;29", "1;2;6;9;15;16;17;18;21;22;28;29"};
    if (s->conformance == 61)
        report(s, "\033[?1;2c");
    else
        report(s, "\033[?%d;%sc", s->conformance, has[s->conformance >= 64]);
}

/* DECRQDE: all of page 1 is shown. */
static void displayed_extent(struct screen *s)
{
    report(s, "\033[%d;%d;1;1;1\"w", s->rows, s->cols);
}

/* DECCIR. Flags are the low bits of '@'; G2 is in GR as after a reset: no byte reaches GR in UTF-8,
 * and all of our sets have 94 characters. */
static void cursor_information(struct screen *s)
{
    const uint16_t a = s->pen.style.attrs;
    const int rendition = (a & ATTR_BOLD ? 1 : 0) | (a & ATTR_UNDERLINE ? 2 : 0) |
                          (a & ATTR_BLINK ? 4 : 0) | (a & ATTR_REVERSE ? 8 : 0);
    const int flags = (s->origin ? 1 : 0) | (s->single_shift == 2 ? 2 : 0) |
                      (s->single_shift == 3 ? 4 : 0) | (s->pending_wrap ? 8 : 0);
    report(s, "\033P1$u%d;%d;1;%c;%c;%c;%d;2;@;%c%c%c%c\033\\", s->row + 1, s->col + 1,
           '@' + rendition, '@' + (s->pen.protect && !s->iso_protect), '@' + flags, s->gl,
           s->charsets[0], s->charsets[1], s->charsets[2], s->charsets[3]);
}

/* DECTABSR: every stop's column; there may be as many as columns. */
static void tab_stops(struct screen *s)
{
    struct buf out = {0};
    const char *between = "\033P2$u";
    for (int col = 0; col < s->cols; col++)
        if (s->tabs[col]) {
            buf_printf(&out, "%s%d", between, col + 1);
            between = "/";
        }
    if (*between != '/')
        buf_puts(&out, between);
    buf_puts(&out, "\033\\");
    say(s, out.data, out.len);
    buf_finish(&out);
}

static void identify_version(struct screen *s)
{
    static const int models[] = {0, 1, 24, 41, 64};
    report(s, "\033[>%d;354;0c", models[s->conformance - 61]);
}

bool csi_report(struct screen *s, const struct csi *c)
{
    switch (c->final) {
    case 'c':
        if (c->intermed || csi_arg(c, 0, 0) != 0)
            return c->intermed == 0;
        if (c->leader == '>')
            identify_version(s);
        else if (c->leader == '=')
            report(s, "\033P!|00000000\033\\");
        else if (!c->leader)
            identify(s);
        return true;
    case 'n':
        if (c->intermed || (c->leader && c->leader != '?'))
            return false;
        status(s, c);
        return true;
    case 'p':
        if (c->intermed != '$')
            return false;
        if (s->conformance < 63)
            return true; /* a VT200 has no such question */
        report(s, "\033[%s%ld;%d$y", c->leader == '?' ? "?" : "", csi_arg(c, 0, 0),
               mode_get(s, c->leader == '?', csi_arg(c, 0, 0)));
        return true;
    case 'q':
        if (c->leader != '>')
            return false;
        report(s, "\033P>|baton(" BATON_VERSION ")\033\\");
        return true;
    case 't':
        if (c->leader || c->intermed)
            return false;
        window(s, c);
        return true;
    case 'v':
        if (c->leader || c->intermed != '"')
            return false;
        displayed_extent(s);
        return true;
    case 'w': /* DECRQPSR */
        if (c->leader || c->intermed != '$')
            return false;
        if (csi_arg(c, 0, 0) == 1)
            cursor_information(s);
        else if (csi_arg(c, 0, 0) == 2)
            tab_stops(s);
        return true;
    case 'x':
        if (c->leader || c->intermed)
            return false;
        if (csi_arg(c, 0, 0) <= 1 && s->conformance == 61) /* DECREQTPARM is a VT100's */
            report(s, "\033[%ld;1;1;128;128;1;0x", csi_arg(c, 0, 0) + 2);
        return true;
    case 'y':
        if (c->intermed != '*')
            return false;
        rectangle_checksum(s, c);
        return true;
    default: return false;
    }
}
