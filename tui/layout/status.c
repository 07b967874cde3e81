/* The status line (see status.h). What does not fit is left out from the least important: clock,
 * help, what is looked at, hub. */
#include "tui/layout/status.h"

#include "core/base/text.h"

#include <stdio.h>
#include <string.h>

struct pen {
    struct canvas *c;
    int row, col, end;
    const char *dot;
};

static void put(struct pen *p, struct style style, const char *text)
{
    if (p->col < p->end)
        p->col += canvas_text(p->c, p->row, p->col, p->end - p->col, style, text);
}

/* A part of the middle, whole or not at all. */
static void part(struct pen *p, struct style gap, struct style style, const char *text)
{
    if (!text[0] || p->col + 3 + text_width(text) > p->end)
        return;
    put(p, gap, " ");
    put(p, gap, p->dot);
    put(p, gap, " ");
    put(p, style, text);
}

static void draw_right(const struct status *s, struct pen *p, const struct theme *theme, int least)
{
    char right[128];
    int n;

    snprintf(right, sizeof right, "%s%s%s ", s->help, s->clock[0] ? "  " : "", s->clock);
    n = text_width(right);
    if (p->end - n < least) {
        snprintf(right, sizeof right, "%s ", s->help);
        n = text_width(right);
    }
    if (p->end - n < least || n < 2)
        return;
    canvas_text(p->c, p->row, p->end - n, n, theme_style(theme, ROLE_STATUS), right);
    p->end -= n + 1;
}

/* A style on the status line's ground, which a theme may make by reversing. */
static struct style grounded(const struct theme *theme, struct style style)
{
    struct style base = theme_style(theme, ROLE_STATUS);

    if (base.attrs & ATTR_REVERSE)
        base.attrs |= style.attrs & ATTR_BOLD;
    else
        base = (struct style){.fg = style.fg, .bg = base.bg, .attrs = style.attrs};
    return base;
}

static struct style on_status(const struct theme *theme, enum theme_role role)
{
    return grounded(theme, theme_style(theme, role));
}

static void draw_notice(const struct status *s, struct pen *p, const struct theme *theme)
{
    struct style style = on_status(theme, s->notice->role);

    put(p, style, " ");
    if (text_width(s->notice->text) > p->end - p->col && p->end - p->col > 2) {
        p->col += canvas_text(p->c, p->row, p->col, p->end - p->col - 1, style, s->notice->text);
        put(p, style, theme_glyph(theme, GLYPH_ELLIPSIS));
        return;
    }
    put(p, style, s->notice->text);
}

void status_draw(const struct status *s, struct canvas *c, struct rect line,
                 const struct theme *theme)
{
    struct style base = theme_style(theme, ROLE_STATUS), name = base, loud, good;
    struct pen p = {c, line.row, line.col, line.col + line.cols, theme_glyph(theme, GLYPH_DOT)};
    char text[80];

    canvas_fill(c, line, base);
    name.attrs |= ATTR_BOLD;
    loud = on_status(theme, ROLE_ATTENTION);
    good = on_status(theme, ROLE_ACCENT);
    if (!s->connected) {
        put(&p, loud, " ");
        put(&p, loud, theme_glyph(theme, GLYPH_WAITING));
        put(&p, loud, " reconnecting");
        put(&p, loud, theme_glyph(theme, GLYPH_ELLIPSIS));
        draw_right(s, &p, theme, p.col + 1);
        if (s->notice)
            draw_notice(s, &p, theme);
        return;
    }
    if (s->notice) {
        draw_notice(s, &p, theme);
        if (p.col + 2 < p.end)
            draw_right(s, &p, theme, p.col + 2);
        return;
    }
    put(&p, base, " ");
    if (line.cols >= 40) {
        put(&p, base, s->hub);
        put(&p, base, "  ");
    }
    put(&p, name, s->workspace);
    draw_right(s, &p, theme, p.col + 12);
    if (s->mode[0])
        part(&p, base, good, s->mode);
    if (!s->holds || !s->holds[0])
        part(&p, base, base, s->looking);
    part(&p, base, good, s->holds ? s->holds : "");
    part(&p, base, loud, s->waits ? s->waits : "");
    part(&p, base, grounded(theme, s->driver), s->drives ? s->drives : "");
    if (s->unread > 0) {
        snprintf(text, sizeof text, "%lld unread", (long long)s->unread);
        part(&p, base, base, text);
    }
    if (s->rang > 0) {
        snprintf(text, sizeof text, "%s %d rang", theme_glyph(theme, GLYPH_WAITING), s->rang);
        part(&p, base, loud, text);
    }
    if (s->watchers > 0) {
        snprintf(text, sizeof text, "%s %d", theme_glyph(theme, GLYPH_WATCHES), s->watchers);
        part(&p, base, base, text);
    }
}
