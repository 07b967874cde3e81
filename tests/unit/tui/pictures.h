/* What tests of the terminal's writer and of the terminal itself share: pictures by chance, and
 * that a screen of ours shows exactly what the canvas does, as far as the terminal can. */
#ifndef BATON_TESTS_TUI_PICTURES_H
#define BATON_TESTS_TUI_PICTURES_H

#include "core/screen/screen.h"
#include "tui/terminal/canvas.h"
#include "tui/terminal/colour.h"
#include "tui/terminal/term_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* A terminal that can do everything. */
static const struct term_caps good = {.colours = TERM_TRUECOLOUR,
                                      .utf8 = true,
                                      .xterm = true,
                                      .extended = true,
                                      .ech = true,
                                      .xenl = true,
                                      .hpa = true,
                                      .civis = "\033[?25l",
                                      .cnorm = "\033[?25h"};

static inline struct style fitted(struct style s, enum term_colours colours, bool extended)
{
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

/* Fails with the first cell that differs. */
static inline void same_picture(const struct screen *s, const struct canvas *c,
                                const struct term_caps *caps)
{
    struct screen_cell line[SCREEN_MAX_COLS];
    int rows = screen_rows(s), cols = screen_cols(s);

    for (int row = 0; row < rows; row++) {
        screen_line(s, row, line);
        for (int col = 0; col < cols; col++) {
            const struct screen_cell *want = canvas_at(c, row, col), *have = &line[col];
            struct style style = fitted(want->style, caps->colours, caps->extended);
            const char *text = strcmp(have->text, " ") == 0 ? "" : have->text;
            char ascii[2] = {want->text[0] & 0x80 ? '?' : want->text[0], '\0'};
            const char *expected = caps->utf8 ? want->text : ascii;
            int width = caps->utf8 ? want->width : 1;
            if (!caps->utf8 && want->width == 0 && (col > 0 && canvas_at(c, row, col - 1)->text[0]))
                expected = "?";
            struct style shown = have->style;
            shown.link = 0;
            if (strcmp(text, expected) != 0 || have->width != width ||
                memcmp(&style, &shown, sizeof style) != 0)
                fail_msg("row %d col %d of %dx%d: \"%s\" width %d fg %x bg %x u %x attrs %x, not "
                         "\"%s\" width %d fg %x bg %x u %x attrs %x",
                         row, col, rows, cols, have->text, have->width, have->style.fg,
                         have->style.bg, have->style.underline_colour, have->style.attrs, expected,
                         width, style.fg, style.bg, style.underline_colour, style.attrs);
        }
    }
    int row, col, at_row, at_col;
    enum cursor_shape shape;
    struct screen_modes modes;
    canvas_get_cursor(c, &row, &col, &shape);
    screen_modes(s, &modes);
    screen_cursor(s, &at_row, &at_col);
    if (row >= rows || col >= cols)
        row = -1;
    assert_int_equal(modes.cursor_visible, row >= 0);
    assert_false(modes.synchronized);
    if (row >= 0) {
        assert_int_equal(at_row, row);
        assert_int_equal(at_col, col);
        if (caps->xterm && shape != CURSOR_DEFAULT)
            assert_int_equal(modes.shape, shape);
    }
}

static inline unsigned pick(unsigned n)
{
    return (unsigned)rand() % n;
}

static inline uint32_t random_colour(void)
{
    switch (pick(4)) {
    case 0: return COLOUR_INDEX | pick(256);
    case 1: return COLOUR_RGB | ((uint32_t)rand() & 0xffffff);
    default: return COLOUR_DEFAULT;
    }
}

static inline struct style random_style(void)
{
    struct style s = {0};

    if (pick(3) == 0)
        return s;
    s.fg = random_colour();
    s.bg = random_colour();
    if (pick(2))
        s.attrs = (uint16_t)(pick(256) & (pick(2) ? 255u : ATTR_BOLD | ATTR_DIM));
    if (pick(4) == 0) {
        s.attrs |= (uint16_t)(pick(6) << ATTR_UNDERLINE_SHIFT);
        s.underline_colour = random_colour();
    }
    return s;
}

static inline void scribble(struct canvas *c)
{
    static const char *const texts[] = {
        "hello, world",
        "語",
        "日本語 text",
        "e\u0301a\u0308",
        "x",
        "            ",
        "a b c d e",
        "👩",
        "👩 x",
        "🦀🦀",
        "───┼───",
        "$ make -j2 && ./run",
        "tail",
        "i\u0307\u0323\u0331",
    };
    int rows = canvas_rows(c), cols = canvas_cols(c);

    for (unsigned i = pick(6) + 1; i; i--) {
        struct rect r = {(int)pick((unsigned)rows), (int)pick((unsigned)cols), 1 + (int)pick(4),
                         1 + (int)pick(20)};
        struct style style = random_style();
        static const struct screen_cell emoji[] = {
            {.text = "👩\u200d👧", .width = 2},
            {.text = "\u2764\ufe0f", .width = 2},
            {.text = "👍🏽", .width = 2},
            {.text = "语", .width = 2},
        };
        switch (pick(9)) {
        case 0: canvas_fill(c, r, style); break;
        case 4: canvas_cell(c, r.row, r.col, &emoji[pick(4)]); break;
        case 1: canvas_fill(c, r, (struct style){0}); break;
        case 2: canvas_restyle(c, r, &style, 0); break;
        case 3: canvas_restyle(c, r, NULL, ATTR_REVERSE); break;
        default:
            canvas_text(c, r.row, r.col - 1, 1 + (int)pick(30), style,
                        texts[pick(sizeof texts / sizeof *texts)]);
        }
    }
    if (pick(3) == 0)
        canvas_cursor(c, (int)pick((unsigned)rows + 1) - 1, (int)pick((unsigned)cols),
                      (enum cursor_shape)pick(4));
}

#endif
