/* What the files of core/screen share: the whole state of a terminal. */
#ifndef BATON_SCREEN_PRIVATE_H
#define BATON_SCREEN_PRIVATE_H

#include "core/screen/screen.h"

#include <vterm.h>

#define GLYPH_CLUSTER 0x80000000u /* the rest is an index into the clusters */
#define CLUSTER_MAX   27          /* bytes of one grapheme */
#define STRING_MAX    (1024u * 1024u)
#define TITLE_MAX     8192u
#define CSI_ARGS      32

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

/* --- style.c: styles and graphemes, interned --- */
struct styles {
    struct style *items; /* 0 is the default style */
    uint32_t *next;      /* hash chains */
    uint32_t buckets[1024];
    size_t count, cap;
    uint16_t free_from;
};
struct clusters {
    char (*items)[CLUSTER_MAX + 1];
    uint32_t *next;
    uint32_t buckets[256];
    size_t count, cap;
};
struct links {
    char **items; /* 0 unused */
    size_t count;
};

/* --- history.c --- */
struct history {
    uint8_t **lines; /* ring of packed lines */
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
    int top, bottom; /* margins, inclusive */
    int left, right;
    uint8_t *tabs;
    uint8_t charsets[4]; /* 'B' ASCII, '0' graphics, 'A' British */
    uint8_t gl, single_shift;
    uint32_t last;     /* for REP */
    bool last_cluster; /* the cell before the cursor may be joined to */
    int last_row, last_col;
    bool join_next; /* a ZWJ came last */
    bool flag_half; /* one regional indicator waits for its second */

    /* modes */
    bool insert, newline, origin, autowrap, reverse_wrap, app_cursor, app_keypad, cursor_on, blink;
    bool reverse_video, bracketed_paste, focus, lr_margins, sync, column_mode, column_allowed;
    bool mouse_sgr, mouse_utf8, alt_scroll, noclear_column, rect_extent;
    enum mouse_mode mouse;
    enum cursor_shape shape;
    uint8_t modify_other_keys;
    int conformance;
    bool eight_bit;

    char *title, *icon;
    char *title_stack[10];
    int title_depth;
    uint32_t palette[256];
    bool palette_set[256];
    uint32_t dynamic[3]; /* OSC 10, 11, 12; 0 when not set */

    /* scanner */
    enum { GROUND, UTF8, ESC, ESC_MORE, CSI, STRING, STRING_ESC } scan;
    uint8_t string_kind;
    bool string_long; /* swallowed */
    struct buf pending;
    uint8_t utf8_need;
    VTerm *vt;
    bool slow, checksum, restoring;
    char utf8_tail[4];
    int utf8_tail_n;

    const struct screen_events *events;
    void *data;
};

/* style.c */
void styles_init(struct screen *s);
void styles_finish(struct screen *s);
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

/* history.c */
void history_init(struct screen *s, int limit);
void history_finish(struct screen *s);
void history_push(struct screen *s, const struct line *l);
void history_clear(struct screen *s);
void history_clone(struct screen *to, const struct screen *from);
/* Unpacks the i-th oldest line into cells[0..max); gives its length in cells. */
int history_read(const struct screen *s, size_t i, struct cell *cells, int max, bool *ret_wrapped);
int history_length(const struct screen *s, size_t i);
struct cell *history_cells(struct screen *s, size_t i, int *ret_n, bool *ret_wrapped); /* fresh */
void history_mark_styles(const struct screen *s, uint8_t *used);
void history_remap_styles(struct screen *s, const uint16_t *map);
void history_pop(struct screen *s); /* removes the newest */

/* put.c */
void put_ascii(struct screen *s, const uint8_t *bytes, size_t n);
void put_point(struct screen *s, uint32_t point);
bool put_plain(struct screen *s, uint32_t point);             /* false: put_point has to */
void put_utf8(struct screen *s, const char *bytes, size_t n); /* of libvterm's text */

/* control.c */
void control_char(struct screen *s, uint8_t c);
void cursor_to(struct screen *s, int row, int col); /* absolute, clamped to the screen */
void cursor_index(struct screen *s);
void cursor_reverse_index(struct screen *s);
void cursor_save(struct screen *s);
void cursor_restore(struct screen *s);
void escape_dispatch(struct screen *s, const char *bytes, size_t n);
void screen_reset(struct screen *s, bool hard);
void tabs_reset(struct screen *s);

/* csi.c, sgr.c, modes.c, report.c, rect.c, osc.c */
struct csi {
    char leader, intermed, final; /* 0 when none; intermed '!' … */
    int n;
    long args[CSI_ARGS]; /* -1: not given */
    uint32_t sub;        /* bit i: argument i was followed by ':' */
};
void csi_dispatch(struct screen *s, const struct csi *c);
void sgr(struct screen *s, const struct csi *c);
bool mode_set(struct screen *s, bool dec, long mode, bool on);
int mode_get(const struct screen *s, bool dec, long mode); /* DECRPM's value */
void alternate(struct screen *s, bool on, bool clear);
void report(struct screen *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool csi_report(struct screen *s, const struct csi *c);
bool csi_rect(struct screen *s, const struct csi *c);
void osc_dispatch(struct screen *s, const char *bytes, size_t n);
void dcs_dispatch(struct screen *s, const char *bytes, size_t n);
void apc_dispatch(struct screen *s, const char *bytes, size_t n);
size_t sgr_text(const struct style *style, char *out, size_t size); /* parameters after "0" */

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
