/* A terminal's state: libvterm's parser in front, our grid behind. The hub and the console use the
 * same code; so the console's picture is the hub's picture. One thread at a time owns a screen.
 *
 * What always holds: whatever bytes are fed, in whatever pieces, the state depends on their
 * concatenation alone; a snapshot fed into a fresh screen of the same size brings it to the very
 * same state, also in the middle of an escape sequence or a character; no input makes a screen use
 * more than its bounds (history lines, 8 KiB of title and link text each, 1 MiB of a string). */
#ifndef BATON_SCREEN_SCREEN_H
#define BATON_SCREEN_SCREEN_H

#include "core/base/buf.h"
#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCREEN_MAX_ROWS 1000
#define SCREEN_MAX_COLS 2000

/* A colour: 0 is the terminal's default, COLOUR_INDEX | 0..255 the palette, COLOUR_RGB | 0xrrggbb.
 */
#define COLOUR_DEFAULT 0u
#define COLOUR_INDEX   0x01000000u
#define COLOUR_RGB     0x02000000u

enum attr {
    ATTR_BOLD = 1u << 0,
    ATTR_DIM = 1u << 1,
    ATTR_ITALIC = 1u << 2,
    ATTR_BLINK = 1u << 3,
    ATTR_REVERSE = 1u << 4,
    ATTR_HIDDEN = 1u << 5,
    ATTR_STRIKE = 1u << 6,
    ATTR_OVERLINE = 1u << 7,
    ATTR_UNDERLINE =
        7u << 8, /* three bits: 0 none, 1 single, 2 double, 3 curly, 4 dotted, 5 dashed */
};
#define ATTR_UNDERLINE_SHIFT 8

struct style {
    uint32_t fg, bg, underline_colour; /* colours as above */
    uint16_t attrs;                    /* enum attr */
    uint16_t link;                     /* 0, or an index for screen_link */
};

/* One column of a line. A wide character is a cell with width 2 and then one with width 0. */
struct screen_cell {
    /* UTF-8, NUL-terminated: one grapheme; "" is an erased cell (a blank). So long that nothing is
     * between width and style: cells are compared as memory. */
    char text[31];
    uint8_t width; /* 1, 2; 0 for the right half of a wide one */
    struct style style;
};

enum mouse_mode { MOUSE_OFF, MOUSE_X10, MOUSE_CLICK, MOUSE_DRAG, MOUSE_MOVE };
enum cursor_shape { CURSOR_DEFAULT, CURSOR_BLOCK, CURSOR_UNDERLINE, CURSOR_BAR };

/* What a console must know of a screen's modes to draw it and to encode keys for it. */
struct screen_modes {
    bool alternate; /* the alternate screen is shown */
    bool cursor_visible;
    bool cursor_blink;
    enum cursor_shape shape;
    bool app_cursor_keys;   /* DECCKM */
    bool app_keypad;        /* DECKPAM */
    bool newline;           /* LNM */
    bool bracketed_paste;   /* 2004 */
    bool focus_events;      /* 1004 */
    bool reverse_video;     /* DECSCNM */
    bool synchronized;      /* 2026: a frame is being drawn, do not show it yet */
    enum mouse_mode mouse;  /* 9, 1000, 1002, 1003 */
    bool mouse_sgr;         /* 1006 */
    bool mouse_utf8;        /* 1005 */
    bool alternate_scroll;  /* 1007 */
    uint8_t kitty_keyboard; /* the flags in force, 0 when off */
    uint8_t modify_other_keys;
};

/* What a screen tells while it is fed. Every pointer may be NULL; each is called on the feeding
 * thread, within screen_feed, and must not call back into the screen. Texts are safe UTF-8. */
struct screen_events {
    void (*answer)(void *data, const char *bytes, size_t n); /* to be written to the child */
    void (*bell)(void *data);
    void (*title)(void *data, const char *title);
    void (*notify)(void *data, const char *title, const char *body); /* OSC 9, 777, 99 */
    void (*clipboard)(void *data, const char *which, const char *bytes, size_t n); /* OSC 52 set */
    void (*cwd)(void *data, const char *url);                                      /* OSC 7 */
};

struct screen_options {
    int history;   /* lines kept behind the top; 0 none */
    bool checksum; /* answer DECRQCRA: output may read the screen */
    bool slow;     /* no fast path: every byte through libvterm's parser (for the fuzzer) */
};

struct screen;

/* rows and cols are clamped to 1..SCREEN_MAX_*. events is borrowed for the screen's life, may be
 * NULL. Returns a screen that the caller owns. */
struct screen *screen_create(int rows, int cols, const struct screen_options *options,
                             const struct screen_events *events, void *data);
void screen_destroy(struct screen *s); /* takes NULL */

/* A screen of its own in the same state, without events; it may go to another thread. */
struct screen *screen_clone(const struct screen *from);

/* Bytes of the child's output, any cut. */
void screen_feed(struct screen *s, const void *bytes, size_t n);

/* New size in cells, clamped; the main screen's wrapped lines, history too, are wrapped anew
 * (reflow) as tmux does; the alternate screen is cropped or padded. */
void screen_resize(struct screen *s, int rows, int cols);

int screen_rows(const struct screen *s);
int screen_cols(const struct screen *s);
void screen_cursor(const struct screen *s, int *ret_row, int *ret_col);
void screen_modes(const struct screen *s, struct screen_modes *ret_modes);
const char *screen_title(const struct screen *s); /* borrowed, safe UTF-8, "" when none */

/* A number that rises whenever anything visible changed; compare it to skip drawing. */
uint64_t screen_stamp(const struct screen *s);
/* The same for one visible line. It follows the line when it scrolls. */
uint64_t screen_line_stamp(const struct screen *s, int row);

/* Lines in the history now (of the main screen), and how many ever went into it: line number n of
 * the whole record (0 the first ever) is row n - screen_history_total(). */
int screen_history(const struct screen *s);
uint64_t screen_history_total(const struct screen *s);

/* The cells of one line into out[0..screen_cols): row 0 is the top of the screen, -1 the newest
 * line of the history, -screen_history the oldest. Columns behind a line's end are blank cells.
 * Gives the number of columns up to the last one that was written; 0 for a row that does not exist.
 */
int screen_line(const struct screen *s, int row, struct screen_cell *out);
bool screen_line_wrapped(const struct screen *s, int row); /* it goes on in the next line */

const char *screen_link(const struct screen *s,
                        uint16_t link); /* OSC 8 target, borrowed, or NULL */

/* The state as bytes that bring any fresh screen of this size (and any sane terminal, as far as it
 * can) to it, with at most history lines from the history (-1: all). Appends to out. */
void screen_snapshot(const struct screen *s, int history, struct buf *out);

/* For people and comparisons: lines from first to last (as in screen_line), each ended by '\n',
 * trailing blanks trimmed; with ansi, SGR as `tmux capture-pane -e` writes them. Appends to out. */
void screen_print(const struct screen *s, int first, int last, bool ansi, struct buf *out);

/* Bytes of memory that this screen holds, history included. */
size_t screen_memory(const struct screen *s);

#endif
