/* What the files of core/screen share: the whole state of a terminal. */
#ifndef BATON_SCREEN_PRIVATE_H
#define BATON_SCREEN_PRIVATE_H

#include "core/screen/screen.h"

#include <vterm.h>

#define GLYPH_CLUSTER  0x80000000u /* the rest is an index into the clusters */
#define CLUSTER_MAX    27          /* bytes of one grapheme */
#define STRING_MAX     (1024u * 1024u)
#define TITLE_MAX      8192u
#define CSI_ARGS       32
#define TITLES_MAX     10
#define PALETTE        261 /* 256 and the five special ones of OSC 5 */
#define SAVEABLE_MODES 40
#define SGR_MOST       128 /* bytes of an SGR sequence's parameters */
#define SGR_STACK      10

enum cell_flags { CELL_PROTECTED = 1, CELL_WRITTEN = 2 };

struct cell { /* 8 bytes; glyph 0: blank */
    uint32_t glyph;
    uint16_t style;
    uint8_t width; /* 1, 2, or 0 behind a wide one */
    uint8_t flags;
};

struct line {
    uint64_t stamp;
    bool wrapped; /* goes on in the next line */
    struct cell cells[];
};

/* --- style.c: styles, graphemes and links, interned --- */
struct styles {
    struct style *items; /* 0 is the default style */
    uint32_t *next;      /* hash chains; buckets has cap of them */
    uint32_t *buckets;
    size_t count, cap;
    size_t soft; /* from this count on, unused ones are looked for */
};
struct clusters {
    char (*items)[CLUSTER_MAX + 1];
    uint32_t *next;
    uint32_t *buckets;
    size_t count, cap;
    size_t soft;
};
struct links {
    char **items; /* 0 unused; NULL: free */
    uint32_t *next;
    uint32_t buckets[256];
    size_t count, cap;
};

/* --- packed.c: one line of the history. It refers to nothing but links. --- */
struct packed {
    _Atomic uint32_t refs; /* clones share lines, on other threads too */
    uint32_t size, cells;
    bool wrapped;
    uint8_t bytes[];
};
enum token_kind { TOKEN_END, TOKEN_RUN, TOKEN_CELL, TOKEN_BLANK };
struct token {
    enum token_kind kind;
    const char *text; /* RUN: n cells of ASCII; CELL: one grapheme of n bytes */
    size_t n;
    int width; /* CELL: 1 or 2; BLANK: how many cells */
};
struct packed_reader {
    const uint8_t *p, *end;
    struct style style; /* of the token just read */
};

/* --- history.c --- */
struct history {
    struct packed **lines; /* ring */
    size_t cap, first, count;
    uint64_t total;
    size_t bytes;
};

struct saved { /* DECSC */
    int row, col;
    uint16_t style;
    bool protect, origin, pending_wrap, used;
    uint8_t charsets[4], gl;
};

struct title_pair { /* NULL: that one was not pushed */
    char *icon, *title;
};

struct page { /* the main or the alternate screen */
    struct line **lines;
    struct saved saved;
    uint8_t kitty[8];
    int kitty_n;
};

struct pen {
    struct style style;
    uint16_t id;
    bool protect;
};

struct pushed { /* by XTPUSHSGR; the pen's link is no part of it */
    struct style style;
    uint16_t parts; /* that come back: bits of attrs, and enum style_part */
};
enum style_part {
    PART_FG = 1 << 13,
    PART_BG = 1 << 14,
    PART_UNDERLINE_COLOUR = 1 << 15,
    PART_ALL = 0xffff
};

struct screen {
    int rows, cols;
    struct page pages[2], *page;
    struct styles styles;
    struct clusters clusters;
    struct links links;
    struct history history;
    struct buf packing; /* scratch of history_push */
    int history_limit;
    uint64_t stamp;

    int row, col;
    bool pending_wrap; /* the next character wraps first */
    struct pen pen;
    struct pushed sgr_stack[SGR_STACK];
    uint8_t sgr_depth; /* may be more than there is room for: those are counted, not kept */
    int top, bottom;   /* margins, inclusive */
    int left, right;
    uint8_t *tabs;
    uint8_t charsets[4]; /* 'B' ASCII, '0' graphics, 'A' British */
    uint8_t gl, single_shift;
    uint32_t last; /* for REP */

    /* modes */
    bool insert, newline, origin, autowrap, reverse_wrap, reverse_wrap_more, app_cursor, app_keypad;
    bool cursor_on, blink, reverse_video, bracketed_paste, focus, lr_margins, sync;
    bool column_mode, column_allowed, noclear_column, more_fix;
    bool mouse_sgr, mouse_utf8, alt_scroll;
    bool keyboard_locked, no_echo, smooth, print_ff, print_all, font_shift, national, backarrow;
    enum mouse_mode mouse;
    enum cursor_shape shape;
    uint8_t modify_other_keys;
    uint8_t extent;                      /* DECSACE as it was given: 2 is a rectangle */
    uint8_t saved_modes[SAVEABLE_MODES]; /* by CSI ? s: 0 no, 1 set, 2 reset */
    int conformance;                     /* 61 to 65 */
    bool eight_bit, iso_protect;         /* iso_protect: SPA was the last to protect, not DECSCA */

    char *title, *icon;
    bool title_set_hex, title_query_hex;
    struct title_pair title_stack[TITLES_MAX];
    int title_depth;
    uint32_t palette[PALETTE]; /* COLOUR_RGB | value; 0: not set */
    uint32_t dynamic[3];       /* OSC 10, 11, 12, likewise */

    /* scanner */
    enum { GROUND, UTF8, ESC, ESC_MORE, CSI, STRING, STRING_ESC } scan;
    uint8_t string_kind;
    bool string_long; /* swallowed */
    bool string_bel;  /* the one at work was ended by BEL: so is what it is answered with */
    struct buf pending;
    VTerm *vt;
    bool slow, checksum;
    bool crowded; /* a table has grown: collect what is unused before the next unit */

    const struct screen_events *events;
    void *data;
};

/* style.c. Numbers stay valid until tables_collect, which screen_feed calls between two units. */
void tables_init(struct screen *s);
void tables_finish(struct screen *s);
void tables_clone(struct screen *to, const struct screen *from);
void tables_collect(struct screen *s);
uint16_t style_intern(struct screen *s, const struct style *style);
const struct style *style_get(const struct screen *s, uint16_t id);
void pen_changed(struct screen *s);
uint32_t cluster_intern(struct screen *s, const char *text, size_t n);
size_t glyph_text(const struct screen *s, uint32_t glyph, char out[CLUSTER_MAX + 1]);
uint16_t link_intern(struct screen *s, const char *url, size_t n);

/* grid.c */
struct line *line_create(int cols);
void grid_init(struct screen *s);
void grid_finish(struct screen *s);
void grid_erase(struct screen *s, int row, int from, int to, bool selective); /* [from, to) */
void grid_erase_all(struct screen *s, int first, int last);
void grid_scroll_up(struct screen *s, int top, int bottom, int n);
void grid_scroll_down(struct screen *s, int top, int bottom, int n);
void grid_insert_cells(struct screen *s, int row, int col, int n, int right);
void grid_delete_cells(struct screen *s, int row, int col, int n, int right);
void grid_cut_wide(struct screen *s, struct line *l, int col);
int line_used(const struct screen *s, const struct line *l);
struct cell blank_cell(const struct screen *s);

static inline struct line *line_at(const struct screen *s, int row)
{
    return s->page->lines[row];
}

static inline void line_touch(struct screen *s, struct line *l)
{
    l->stamp = ++s->stamp;
}

/* A wide character that is cut at col leaves blanks on both of its sides. */
static inline void grid_split_wide(struct screen *s, struct line *l, int col)
{
    if (col > 0 && col < s->cols && l->cells[col].width == 0 &&
        (l->cells[col].flags & CELL_WRITTEN))
        grid_cut_wide(s, l, col);
}

/* packed.c */
struct packed *packed_from_line(struct screen *s, const struct line *l, int used);
struct packed *packed_from_cells(struct screen *s, const struct screen_cell *cells, size_t n,
                                 bool wrapped);
struct packed *packed_share(struct packed *p);
void packed_release(struct packed *p); /* takes NULL */
void packed_read(struct packed_reader *r, const struct packed *p);
enum token_kind packed_next(struct packed_reader *r, struct token *ret);
/* Into out[0..max); columns behind the line's end become blank. */
void packed_cells(const struct packed *p, struct screen_cell *out, int max);
void packed_line(struct screen *s, const struct packed *p, struct line *l); /* of s->cols cells */

/* history.c */
void history_init(struct screen *s, int limit);
void history_finish(struct screen *s);
void history_clear(struct screen *s);
void history_clone(struct screen *to, const struct screen *from);
void history_push(struct screen *s, const struct line *l);
struct packed *history_at(const struct screen *s, size_t i); /* the i-th oldest, borrowed */
struct packed *history_pop(struct screen *s);                /* the newest; the caller owns it */
void history_add(struct history *h, size_t limit, struct packed *line); /* takes line */
void history_free(struct history *h);

/* put.c */
int point_width(uint32_t point); /* -1: a control */
void put_ascii(struct screen *s, const uint8_t *bytes, size_t n);
void put_point(struct screen *s, uint32_t point);
bool put_plain(struct screen *s, uint32_t point);             /* false: put_point has to */
void put_utf8(struct screen *s, const char *bytes, size_t n); /* of libvterm's text */

/* control.c */
void control_char(struct screen *s, uint8_t c);
void cursor_back(struct screen *s, int n);          /* CUB and BS, which may wrap backwards */
void cursor_to(struct screen *s, int row, int col); /* absolute, clamped to the screen */
void cursor_index(struct screen *s);
void cursor_reverse_index(struct screen *s);
void cursor_save(struct screen *s);
void cursor_restore(struct screen *s);
void escape_dispatch(struct screen *s, const char *bytes, size_t n);
void screen_reset(struct screen *s, bool hard);
void tabs_reset(struct screen *s);

/* csi.c, sgr.c, modes.c, report.c, rect.c, osc.c, colours.c, titles.c, restore.c */
struct csi {
    char leader, intermed, final; /* 0 when none; intermed '!' … */
    int n;
    long args[CSI_ARGS]; /* -1: not given */
    uint32_t sub;        /* bit i: argument i was followed by ':' */
};
void csi_dispatch(struct screen *s, const struct csi *c);
void sgr(struct screen *s, const struct csi *c);
void sgr_push(struct screen *s, const struct csi *c); /* XTPUSHSGR */
void sgr_pop(struct screen *s);                       /* XTPOPSGR */
size_t sgr_parts(uint16_t parts, char out[SGR_MOST]); /* XTPUSHSGR's parameters for them */
bool mode_set(struct screen *s, bool dec, long mode, bool on);
int mode_get(const struct screen *s, bool dec, long mode); /* DECRPM's value */
void modes_save(struct screen *s, const struct csi *c);    /* CSI ? s */
void modes_restore(struct screen *s, const struct csi *c); /* CSI ? r */
size_t modes_saveable(const long **ret_modes);             /* what saved_modes is about */
const long *modes_listed(size_t *ret_n); /* DEC modes that are a flag, for a snapshot */
void alternate(struct screen *s, bool on, bool clear);
void report(struct screen *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool csi_report(struct screen *s, const struct csi *c);
bool csi_rect(struct screen *s, const struct csi *c);
struct box {
    int top, left, bottom, right; /* from 0, inclusive */
};
/* The four arguments from i on, counted from the origin, clipped to the screen or, in the origin
 * mode, to the margins. False, when nothing is left. */
bool box_of(const struct screen *s, const struct csi *c, int i, struct box *ret);
void osc_dispatch(struct screen *s, const char *bytes, size_t n);
void dcs_dispatch(struct screen *s, const char *bytes, size_t n);
void apc_dispatch(struct screen *s, const char *bytes, size_t n);
bool colours_osc(struct screen *s, long number, char *text);
void colours_reset(struct screen *s);
void title_set(struct screen *s, bool icon, bool title, const char *text);
void title_push(struct screen *s, long which); /* 0 both, 1 the icon's, 2 the window's */
void title_pop(struct screen *s, long which);
void title_report(struct screen *s, bool icon);
void titles_finish(struct screen *s);
void titles_clone(struct screen *to, const struct screen *from);
void identify(struct screen *s);                                /* DA1 */
size_t sgr_text(const struct style *style, char out[SGR_MOST]); /* parameters after "0" */

/* scan.c */
void scan_init(struct screen *s);
void scan_finish(struct screen *s);

static inline long csi_arg(const struct csi *c, int i, long absent)
{
    return i < c->n && c->args[i] >= 0 ? c->args[i] : absent;
}
/* A count: absent and 0 are 1; bounded so that sums never overflow. */
static inline int csi_count(const struct csi *c, int i)
{
    long v = csi_arg(c, i, 1);
    return v <= 0 ? 1 : v > 100000 ? 100000 : (int)v;
}

#endif
