/* Blocks of a transcript as styled, wrapped lines for a width: laid out when they are looked at,
 * and kept until the block or the width changes. Heights of blocks nobody has looked at are
 * estimated; once known they are exact. Lines name theme roles, never colours. One thread. */
#ifndef BATON_TUI_TRANSCRIPT_LINES_H
#define BATON_TUI_TRANSCRIPT_LINES_H

#include "core/agent/transcript.h"
#include "core/base/buf.h"
#include "tui/terminal/theme.h"

#include <stdbool.h>

/* What can be pressed in a line. */
enum line_spot {
    LINE_SPOT_NONE,
    LINE_SPOT_FOLD,
    LINE_SPOT_ALLOW,
    LINE_SPOT_ALWAYS,
    LINE_SPOT_REJECT,
    LINE_SPOT_LATER,
    LINE_SPOT_FORM,
    LINE_SPOT_ACCEPT,
    LINE_SPOT_EDIT,
    LINE_SPOT_DROP,
    LINE_SPOT_SHELL,
    LINE_SPOT_OPTION, /* + 0 … 8: the agent's option by its place */
    LINE_SPOT_OPTION_LAST = LINE_SPOT_OPTION + 8,
};

/* A piece of a line in one style. Pieces follow one another from column 0 on. */
struct line_run {
    uint32_t n;      /* bytes of the line's text */
    uint16_t role;   /* enum theme_role */
    uint16_t attrs;  /* enum attr, added to the role's */
    uint8_t spot;    /* enum line_spot */
    bool decoration; /* not part of what is copied */
};

/* How a line ends. */
enum line_end { LINE_ENDS, LINE_WRAPS_AT_SPACE, LINE_WRAPS_IN_WORD };

struct text_line {
    const char *text; /* safe UTF-8 without controls, n bytes; no NUL behind */
    uint32_t n;
    uint16_t run_count;
    uint8_t ground; /* enum theme_role of the blanks up to the right edge */
    uint8_t end;    /* enum line_end */
    const struct line_run *runs;
};

/* What a layout depends on beside the block. */
struct lines_look {
    int width;      /* columns, at least 1 */
    bool utf8;      /* else the ASCII twins of signs */
    bool driver;    /* permissions show their keys */
    const char *me; /* whose prompts are one's own; "" unknown */
    const char *driver_name;
};

struct transcript_lines;

struct transcript_lines *transcript_lines_create(const struct transcript *t); /* borrows t */
void transcript_lines_destroy(struct transcript_lines *l);                    /* takes NULL */

/* A new look; what was laid out for another one is laid out anew when it is looked at. */
void transcript_lines_look(struct transcript_lines *l, const struct lines_look *look);
/* Takes over what changed in the transcript since the last time; to be called before each use.
 * Gives how many lines the block `anchor` has grown at its front (an older page grew together with
 * it), 0 nearly always. */
int transcript_lines_sync(struct transcript_lines *l, uint64_t anchor);

/* The lines of the block at this index of the transcript: exact, borrowed until another block is
 * asked for. *ret_lines may be NULL-counted: a block may have no line. Each block that has lines
 * begins with a blank one where it stands apart from the block before. */
int transcript_lines_at(struct transcript_lines *l, int index, const struct text_line **ret_lines);
int transcript_lines_height(struct transcript_lines *l, int index); /* exact; lays out if need be */
int64_t transcript_lines_total(const struct transcript_lines *l);   /* with estimates */
int64_t transcript_lines_before(const struct transcript_lines *l, int index); /* the same */

/* Folds: what is folded by itself (thoughts, finished tool calls) and opened by hand, or the other
 * way. */
bool transcript_lines_foldable(const struct transcript_lines *l, int index);
bool transcript_lines_open(const struct transcript_lines *l, int index);
void transcript_lines_set_open(struct transcript_lines *l, int index, bool open);
void transcript_lines_open_all(struct transcript_lines *l, bool open);
/* Put off: its permission is shown in one quiet line. */
void transcript_lines_put_off(struct transcript_lines *l, int index, bool off);
bool transcript_lines_is_put_off(const struct transcript_lines *l, int index);

/* The text of all lines, undecorated, as it was before wrapping; appended to out. */
void transcript_lines_text(struct transcript_lines *l, int index, struct buf *out);

/* The same of the bytes [from, to) of one line; its end too when it is in. */
void transcript_line_text(const struct text_line *line, size_t from, size_t to, struct buf *out);

#endif
