/* A sheet of lines (see sheet.h). Wrapping looks at a paragraph's characters once: where one began,
 * how wide the line is so far, and where it could last be broken. */
#include "tui/transcript/sheet.h"

#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

#define TAB_COLS    4
#define LEAST_COLS  8 /* what a margin has to leave */
#define RUNS_A_LINE 65535
#define TIED        '\x1f' /* in a paragraph: a blank at which no line ends; safe text has none */

void sheet_init(struct sheet *s, int width, bool utf8)
{
    memset(s, 0, sizeof *s);
    s->width = width > 0 ? width : 1;
    s->utf8 = utf8;
}

void sheet_finish(struct sheet *s)
{
    buf_finish(&s->text);
    buf_finish(&s->para);
    free(s->runs);
    free(s->lines);
    free(s->made);
    free(s->para_runs);
    memset(s, 0, sizeof *s);
}

size_t sheet_bytes(const struct sheet *s)
{
    return s->text.cap + s->para.cap + s->run_room * sizeof *s->runs +
           s->line_room * sizeof *s->lines + s->made_room * sizeof *s->made +
           s->para_room * sizeof *s->para_runs;
}

static void margin(const struct sheet *s, struct sheet_margin *m, enum theme_role role,
                   const char *text)
{
    size_t n = strlen(text);

    memset(m, 0, sizeof *m);
    m->cols = text_width(text);
    if (n >= sizeof m->text || m->cols + LEAST_COLS > s->width) {
        m->cols = 0;
        return;
    }
    memcpy(m->text, text, n);
    m->n = (int)n;
    m->role = (uint8_t)role;
}

void sheet_margins(struct sheet *s, enum theme_role role, const char *first, const char *rest)
{
    margin(s, &s->first, role, first);
    margin(s, &s->rest, role, rest);
}

/* --- the paragraph -----------------------------------------------------------------------------
 */

static struct line_run *para_run(struct sheet *s)
{
    if (s->para_count == s->para_room) {
        s->para_room = s->para_room ? s->para_room * 2 : 8;
        s->para_runs = mem_reallocarray(s->para_runs, s->para_room, sizeof *s->para_runs);
    }
    s->para_runs[s->para_count] = (struct line_run){0};
    return &s->para_runs[s->para_count++];
}

static int columns(const char *text, size_t n)
{
    int cols = 0;

    for (size_t i = 0; i < n;) {
        uint32_t point = (unsigned char)text[i];
        if (point < 0x80) {
            cols++;
            i++;
            continue;
        }
        i += text_decode(text + i, n - i, &point);
        int w = text_point_width(point);
        cols += w > 0 ? w : 0;
    }
    return cols;
}

static void put(struct sheet *s, const char *text, size_t n)
{
    static const char blanks[TAB_COLS] = {' ', ' ', ' ', ' '};

    while (n) {
        const char *tab = memchr(text, '\t', n);
        size_t run = tab ? (size_t)(tab - text) : n;
        buf_append(&s->para, text, run);
        s->para_cols += columns(text, run);
        text += run;
        n -= run;
        if (tab) {
            int fill = TAB_COLS - s->para_cols % TAB_COLS;
            buf_append(&s->para, blanks, (size_t)fill);
            s->para_cols += fill;
            text++;
            n--;
        }
    }
}

static void add(struct sheet *s, enum theme_role role, unsigned attrs, enum line_spot spot,
                bool decoration, const char *text, size_t n)
{
    size_t before = s->para.len;
    struct line_run *run;

    if (!n)
        return;
    put(s, text, n);
    for (size_t i = before; spot && i < s->para.len; i++)
        if (s->para.data[i] == ' ')
            s->para.data[i] = TIED; /* what is pressed stays in one piece */
    run = para_run(s);
    run->n = (uint32_t)(s->para.len - before);
    run->role = (uint16_t)role;
    run->attrs = (uint16_t)attrs;
    run->spot = (uint8_t)spot;
    run->decoration = decoration;
}

void sheet_piece(struct sheet *s, enum theme_role role, unsigned attrs, const char *text, size_t n)
{
    add(s, role, attrs, LINE_SPOT_NONE, false, text, n);
}

void sheet_puts(struct sheet *s, enum theme_role role, const char *text)
{
    add(s, role, 0, LINE_SPOT_NONE, false, text, strlen(text));
}

void sheet_spot(struct sheet *s, enum theme_role role, enum line_spot spot, const char *text)
{
    add(s, role, 0, spot, true, text, strlen(text));
}

void sheet_decor(struct sheet *s, enum theme_role role, const char *text)
{
    add(s, role, 0, LINE_SPOT_NONE, true, text, strlen(text));
}

int sheet_para_cols(const struct sheet *s)
{
    return s->para_cols;
}

/* --- lines -------------------------------------------------------------------------------------
 */

static struct line_run *line_run(struct sheet *s)
{
    if (s->run_count == s->run_room) {
        s->run_room = s->run_room ? s->run_room * 2 : 16;
        s->runs = mem_reallocarray(s->runs, s->run_room, sizeof *s->runs);
    }
    return &s->runs[s->run_count++];
}

static struct sheet_line *begin_line(struct sheet *s)
{
    struct sheet_line *line;

    if (s->line_count == s->line_room) {
        s->line_room = s->line_room ? s->line_room * 2 : 8;
        s->lines = mem_reallocarray(s->lines, s->line_room, sizeof *s->lines);
    }
    line = &s->lines[s->line_count++];
    *line = (struct sheet_line){
        .text = (uint32_t)s->text.len, .run = (uint32_t)s->run_count, .ground = s->ground};
    if (s->first.n) {
        buf_append(&s->text, s->first.text, (size_t)s->first.n);
        *line_run(s) =
            (struct line_run){.n = (uint32_t)s->first.n, .role = s->first.role, .decoration = true};
    }
    s->first = s->rest;
    return line;
}

static void end_line(struct sheet *s, struct sheet_line *line, enum line_end end)
{
    size_t runs = s->run_count - line->run;

    line->n = (uint32_t)(s->text.len - line->text);
    line->run_count = (uint16_t)(runs < RUNS_A_LINE ? runs : RUNS_A_LINE);
    line->end = (uint8_t)end;
}

/* Goes through the paragraph's runs as its bytes are given out to lines. */
struct feed {
    size_t at, run, used; /* bytes in all; the run, and how much of it is gone */
};

static void give(struct sheet *s, struct feed *f, size_t n, bool keep)
{
    if (keep && n)
        buf_append(&s->text, s->para.data + f->at, n);
    for (size_t i = s->text.len - (keep ? n : 0); i < s->text.len; i++)
        if (s->text.data[i] == TIED)
            s->text.data[i] = ' ';
    f->at += n;
    while (n && f->run < s->para_count) {
        const struct line_run *from = &s->para_runs[f->run];
        size_t take = from->n - f->used < n ? from->n - f->used : n;
        if (keep && take) {
            struct line_run *to = line_run(s);
            *to = *from;
            to->n = (uint32_t)take;
        }
        n -= take;
        f->used += take;
        if (f->used == from->n) {
            f->run++;
            f->used = 0;
        }
    }
}

/* One character and the marks on it; a character's columns. */
static size_t cluster(const char *text, size_t n, uint32_t *ret_point, int *ret_cols)
{
    size_t used;
    uint32_t point = (unsigned char)text[0];

    if (point < 0x80 && (n == 1 || (signed char)text[1] >= 0)) {
        *ret_point = point;
        *ret_cols = 1;
        return 1;
    }
    used = text_decode(text, n, ret_point);
    *ret_cols = *ret_point == TIED ? 1 : text_point_width(*ret_point);
    *ret_cols = *ret_cols > 0 ? *ret_cols : 0;
    while (used < n && (signed char)text[used] < 0) {
        size_t len = text_decode(text + used, n - used, &point);
        if (text_point_width(point) != 0)
            break;
        used += len;
    }
    return used;
}

/* How many bytes of text[0..n) go into a line of `cols` columns; *ret_skip: blanks behind that the
 * break swallows. */
static size_t fitting(const char *text, size_t n, int cols, bool words, size_t *ret_skip)
{
    size_t at = 0, last = 0;
    int used = 0;
    bool blanks_only = true;

    *ret_skip = 0;
    while (at < n) {
        uint32_t point;
        int w;
        size_t len = cluster(text + at, n - at, &point, &w);
        if (used + w > cols && words && point == ' ') {
            last = at; /* the line is full, and what comes is a blank anyway */
            break;
        }
        if (used + w > cols && at > 0)
            break;
        if (w == 2 && at > 0 && !blanks_only)
            last = at;
        at += len;
        used += w;
        blanks_only = blanks_only && point == ' ';
        if (!blanks_only && (point == ' ' || w == 2)) /* behind a blank or a wide one */
            last = at;
    }
    if (at >= n)
        return n;
    if (!words || last == 0)
        return at ? at : n;
    for (at = last; at < n && text[at] == ' '; at++)
        ++*ret_skip;
    for (at = last; at > 0 && text[at - 1] == ' '; at--)
        ++*ret_skip;
    return at;
}

static void clear_para(struct sheet *s)
{
    buf_clear(&s->para);
    s->para_count = 0;
    s->para_cols = 0;
}

/* A paragraph of one line is nearly every one; it goes over as it is. */
static void wrap(struct sheet *s, bool words)
{
    struct feed f = {0};

    do {
        size_t left = s->para.len - f.at, skip = 0, n = left;
        int room = s->width - s->first.cols;
        struct sheet_line *line = begin_line(s);
        if (f.at > 0 || s->para_cols > room)
            n = left ? fitting(s->para.data + f.at, left, room, words, &skip) : 0;
        give(s, &f, n, true);
        give(s, &f, skip, false);
        end_line(s, line,
                 f.at >= s->para.len ? LINE_ENDS
                 : skip              ? LINE_WRAPS_AT_SPACE
                                     : LINE_WRAPS_IN_WORD);
    } while (f.at < s->para.len);
}

/* Cuts the bytes [0, n) of the paragraph to so many columns. */
static size_t cut(const struct sheet *s, size_t n, int cols, int *ret_cols)
{
    size_t at = 0;

    *ret_cols = 0;
    while (at < n) {
        uint32_t point;
        int w;
        size_t len = cluster(s->para.data + at, n - at, &point, &w);
        if (*ret_cols + w > cols)
            break;
        *ret_cols += w;
        at += len;
    }
    return at;
}

static void ellipsis(struct sheet *s)
{
    const char *sign = s->utf8 ? "…" : "~";

    buf_puts(&s->text, sign);
    *line_run(s) =
        (struct line_run){.n = (uint32_t)strlen(sign), .role = ROLE_DIM, .decoration = true};
}

static void one_line(struct sheet *s, size_t right)
{
    struct sheet_line *line;
    struct feed f = {0};
    int room = s->width - s->first.cols, right_cols, left_cols, gap;
    size_t keep;

    right_cols = right < s->para.len ? columns(s->para.data + right, s->para.len - right) : 0;
    if (right_cols > room - LEAST_COLS)
        right_cols = 0;
    gap = right_cols ? 2 : 0;
    line = begin_line(s);
    keep = cut(s, right, room - right_cols - gap, &left_cols);
    if (keep < right)
        keep = cut(s, right, room - right_cols - gap - 1, &left_cols);
    give(s, &f, keep, true);
    if (keep < right)
        ellipsis(s);
    give(s, &f, right - keep, false);
    gap = room - right_cols - left_cols - (keep < right);
    if (right_cols) {
        for (int i = 0; i < gap; i++)
            buf_putc(&s->text, ' ');
        *line_run(s) = (struct line_run){.n = (uint32_t)gap, .decoration = true};
        give(s, &f, s->para.len - right, true);
    }
    end_line(s, line, LINE_ENDS);
}

size_t sheet_right(const struct sheet *s)
{
    return s->para.len;
}

void sheet_end_right(struct sheet *s, size_t right)
{
    one_line(s, right);
    clear_para(s);
}

void sheet_end(struct sheet *s, enum sheet_wrap how)
{
    if (how == WRAP_CUT)
        one_line(s, s->para.len);
    else
        wrap(s, how == WRAP_WORDS);
    clear_para(s);
}

/* --- places ------------------------------------------------------------------------------------
 */

struct sheet_mark sheet_mark(const struct sheet *s)
{
    return (struct sheet_mark){s->text.len, s->run_count, s->line_count};
}

void sheet_back(struct sheet *s, struct sheet_mark mark)
{
    s->text.len = mark.text;
    if (s->text.data)
        s->text.data[mark.text] = '\0';
    s->run_count = mark.runs;
    s->line_count = mark.lines;
    clear_para(s);
}

void sheet_clamp(struct sheet *s, struct sheet_mark from, size_t lines)
{
    const struct sheet_line *cut_at;

    if (s->line_count <= from.lines + lines)
        return;
    cut_at = &s->lines[from.lines + lines];
    sheet_back(s, (struct sheet_mark){cut_at->text, cut_at->run, from.lines + lines});
}

const struct text_line *sheet_make(struct sheet *s)
{
    if (s->made_room < s->line_count) {
        s->made_room = s->line_room;
        s->made = mem_reallocarray(s->made, s->made_room, sizeof *s->made);
    }
    for (size_t i = 0; i < s->line_count; i++) {
        const struct sheet_line *line = &s->lines[i];
        s->made[i] = (struct text_line){.text = s->text.data ? s->text.data + line->text : "",
                                        .n = line->n,
                                        .run_count = line->run_count,
                                        .ground = line->ground,
                                        .end = line->end,
                                        .runs = s->runs ? s->runs + line->run : NULL};
    }
    return s->made;
}
