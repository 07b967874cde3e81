/* A sheet: lines of styled text being laid out for a width. Pieces make a paragraph; ending it
 * wraps the paragraph, by words or by columns, wide characters and marks kept whole. One thread. */
#ifndef BATON_TUI_SHEET_H
#define BATON_TUI_SHEET_H

#include "core/base/buf.h"
#include "tui/transcript/transcript_lines.h"

enum sheet_wrap {
    WRAP_WORDS,
    WRAP_HARD, /* at the last column: text that is kept as it is */
    WRAP_CUT,  /* one line; what does not fit is an ellipsis */
};

/* How a line lies in its sheet: offsets, since the sheet still grows. */
struct sheet_line {
    uint32_t text, n, run;
    uint16_t run_count;
    uint8_t ground, end;
};

struct sheet {
    int width;
    bool utf8;
    struct buf text;
    struct line_run *runs;
    size_t run_count, run_room;
    struct sheet_line *lines;
    size_t line_count, line_room;
    struct text_line *made; /* sheet_make's */
    size_t made_room;
    /* the paragraph that is being put together */
    struct buf para;
    struct line_run *para_runs;
    size_t para_count, para_room;
    int para_cols;
    /* what lines begin with: a first one, then every other; in columns and bytes of text */
    struct sheet_margin {
        char text[48];
        int n, cols;
        uint8_t role;
    } first, rest;
    uint8_t ground; /* of the lines to come */
};

/* A place to go back to: what was laid out behind it is taken away again. */
struct sheet_mark {
    size_t text, runs, lines;
};

/* width: columns of the lines; utf8: whether signs may be more than ASCII. finish frees what it
 * owns, not the struct. */
void sheet_init(struct sheet *s, int width, bool utf8);
void sheet_finish(struct sheet *s);

/* Texts are safe but for tabs, which become blanks up to the next fourth column. */
void sheet_piece(struct sheet *s, enum theme_role role, unsigned attrs, const char *text, size_t n);
void sheet_puts(struct sheet *s, enum theme_role role, const char *text);
/* A spot to press. */
void sheet_spot(struct sheet *s, enum theme_role role, enum line_spot spot, const char *text);
/* Decoration: not copied. */
void sheet_decor(struct sheet *s, enum theme_role role, const char *text);
/* Ends the paragraph; an empty one is an empty line. The first margin is used up. */
void sheet_end(struct sheet *s, enum sheet_wrap how);
/* One line with something at its right edge: the pieces from `right` on (sheet_right) stand there,
 * those before are cut. */
size_t sheet_right(const struct sheet *s);
void sheet_end_right(struct sheet *s, size_t right);
int sheet_para_cols(const struct sheet *s);

/* Margins: what the next line and those behind it begin with. A margin that leaves less than eight
 * columns is left out. */
void sheet_margins(struct sheet *s, enum theme_role role, const char *first, const char *rest);

/* The place behind all lines so far, and the way back to it; what is being put together there is
 * dropped too. */
struct sheet_mark sheet_mark(const struct sheet *s);
void sheet_back(struct sheet *s, struct sheet_mark mark);
/* Keeps so many lines behind a mark. */
void sheet_clamp(struct sheet *s, struct sheet_mark from, size_t lines);

/* The lines; good until the sheet changes. */
const struct text_line *sheet_make(struct sheet *s);
size_t sheet_bytes(const struct sheet *s);

#endif
