/* How an inbox looks (see inbox_pane.h): the list, the message with its head, what there is when
 * there is nothing. One thread. */
#include "tui/inbox/inbox_pane.h"

#include "core/base/clock.h"
#include "core/base/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define WIDE_COLS  88 /* from here on list and message lie beside each other */
#define TALL_ROWS  11 /* … else above each other, from here on */
#define LIST_LEAST 34
#define LIST_MOST  62
#define FROM_COLS  11
#define HEAD_COLS  48 /* a narrower head has names alone: no address, no id */

struct pen {
    struct canvas *c;
    const struct theme *theme;
    int row, col, end;
};

static void put(struct pen *p, struct style style, const char *text)
{
    int room = p->end - p->col;

    if (room <= 0)
        return;
    if (text_width(text) <= room) {
        p->col += canvas_text(p->c, p->row, p->col, room, style, text);
        return;
    }
    p->col += canvas_text(p->c, p->row, p->col, room - 1, style, text);
    p->col += canvas_text(p->c, p->row, p->col, p->end - p->col, style,
                          theme_glyph(p->theme, GLYPH_ELLIPSIS));
}

static void put_role(struct pen *p, enum theme_role role, const char *text)
{
    put(p, theme_style(p->theme, role), text);
}

/* "14:02" of today, "21 Nov" of this year, "Nov 2025". */
static void when(int64_t at_ms, bool whole, char *out, size_t size)
{
    time_t at = (time_t)(at_ms / 1000), now = (time_t)(clock_wall_us() / 1000000);
    struct tm then, today;

    out[0] = '\0';
    if (at_ms <= 0 || !localtime_r(&at, &then) || !localtime_r(&now, &today))
        return;
    bool year = then.tm_year == today.tm_year, day = year && then.tm_yday == today.tm_yday;
    strftime(out, size,
             day     ? "%H:%M"
             : whole ? "%-d %b %Y %H:%M"
             : year  ? "%-d %b"
                     : "%b %Y",
             &then);
}

static enum theme_role state_look(enum receipt_state state, enum theme_glyph *ret_glyph)
{
    static const struct {
        enum theme_glyph glyph;
        enum theme_role role;
    } looks[] = {
        [RECEIPT_QUEUED] = {GLYPH_IDLE, ROLE_DIM},
        [RECEIPT_DELIVERED] = {GLYPH_WORKING, ROLE_DIM},
        [RECEIPT_SEEN] = {GLYPH_DONE, ROLE_TEXT},
        [RECEIPT_ACKNOWLEDGED] = {GLYPH_DONE, ROLE_GOOD},
        [RECEIPT_EXPIRED] = {GLYPH_FAILED, ROLE_DIM},
        [RECEIPT_DEAD] = {GLYPH_FAILED, ROLE_BAD},
    };

    *ret_glyph = looks[state].glyph;
    return looks[state].role;
}

/* --- the list --- */

static void draw_sign(struct pen *p, const struct mail *m)
{
    enum theme_glyph glyph;
    enum theme_role role;

    if (m->outgoing) {
        role = state_look(mail_fate(m), &glyph);
        put_role(p, role, theme_glyph(p->theme, glyph));
    } else if (m->unread) {
        put_role(p, ROLE_ACCENT, theme_glyph(p->theme, GLYPH_WORKING));
    } else {
        put_role(p, ROLE_TEXT, " ");
    }
    put_role(p, ROLE_TEXT, " ");
}

/* Who it is from, or to whom; in the colour of that member, cut or filled to its column. */
static void draw_whom(struct pen *p, const struct mail *m, int cols, uint16_t bold)
{
    const char *who = m->outgoing ? m->to : m->from;
    int end = p->end, from = p->col;
    struct style style = theme_style(p->theme, theme_member(m->outgoing ? m->to : m->from));

    p->end = from + cols < end ? from + cols : end;
    if (m->outgoing) {
        put_role(p, ROLE_DIM, theme_glyph(p->theme, GLYPH_TO));
        put_role(p, ROLE_DIM, " ");
        if (m->channel[0])
            who = m->channel, put(p, style, "#");
    }
    style.attrs |= bold;
    put(p, style, who);
    p->end = end;
    p->col = from + cols + 1;
}

static void draw_row(const struct inbox_pane *pane, struct pen p, int index, bool focus)
{
    const struct mailbox_row *row = &pane->box.rows[index];
    const struct mail *m = row->mail;
    struct style text = theme_style(p.theme, ROLE_TEXT);
    uint16_t bold = m->unread ? ATTR_BOLD : 0;
    int from = p.col, end = p.end, cols = end - from;
    char time[32];

    when(m->at_ms, false, time, sizeof time);
    draw_sign(&p, m);
    if (cols >= 30) {
        int n = text_width(time);
        canvas_text(p.c, p.row, end - n - 1, n, theme_style(p.theme, ROLE_DIM), time);
        p.end = end - n - 2;
    }
    draw_whom(&p, m, cols >= 44 ? FROM_COLS + 2 : cols >= 24 ? FROM_COLS - 2 : 7, bold);
    if (row->depth > 0 && cols >= 24) {
        p.col += 2 * (row->depth - 1);
        put_role(&p, ROLE_DIM, theme_glyph(p.theme, GLYPH_REPLY));
        put_role(&p, ROLE_DIM, " ");
    }
    if (m->priority == 2) {
        put_role(&p, ROLE_ATTENTION, theme_glyph(p.theme, GLYPH_URGENT));
        put_role(&p, ROLE_TEXT, " ");
    }
    if (m->part_count > 0) {
        put_role(&p, ROLE_DIM, theme_glyph(p.theme, GLYPH_FILE));
        put_role(&p, ROLE_DIM, " ");
    }
    if (m->channel[0] && !m->outgoing) {
        put_role(&p, ROLE_DIM, "#");
        put_role(&p, ROLE_DIM, m->channel);
        put_role(&p, ROLE_TEXT, " ");
    }
    text.attrs |= bold;
    /* Answers repeat their subject: how they begin says more. */
    put(&p, text, row->depth > 0 && m->preview[0] ? m->preview : mail_headline(m));
    if (index == pane->at) {
        struct style here = theme_style(p.theme, ROLE_SELECTION);
        if (focus)
            canvas_restyle(p.c, (struct rect){p.row, from, 1, cols}, &here, 0);
        else
            canvas_text(p.c, p.row, from - 1, 1, theme_style(p.theme, ROLE_ACCENT),
                        theme_glyph(p.theme, GLYPH_HERE));
    }
}

static void draw_nothing(const struct inbox_pane *p, struct pen pen, int rows)
{
    const char *text = p->failed[0]                    ? p->failed
                       : !p->box.loaded                ? ""
                       : p->pattern[0]                 ? "nothing is found; Esc shows all"
                       : p->box.show == MAILBOX_UNREAD ? "all is read; U shows all"
                                                       : "no message yet; c writes one";

    pen.row += rows > 2 ? 1 : 0;
    pen.col++;
    put_role(&pen, p->failed[0] ? ROLE_BAD : ROLE_DIM, text);
}

static void draw_list(struct inbox_pane *p, struct canvas *c, bool focus, const struct theme *theme)
{
    struct rect r = p->list;
    int all = p->box.row_count;

    if (p->top > p->at)
        p->top = p->at;
    if (p->top < p->at - r.rows + 1)
        p->top = p->at - r.rows + 1;
    if (p->top > all - r.rows)
        p->top = all > r.rows ? all - r.rows : 0;
    for (int i = 0; i < r.rows && p->top + i < all; i++)
        draw_row(p, (struct pen){c, theme, r.row + i, r.col + 1, r.col + r.cols}, p->top + i,
                 focus);
    if (all == 0)
        draw_nothing(p, (struct pen){c, theme, r.row, r.col, r.col + r.cols}, r.rows);
    if (p->top + r.rows >= all && p->box.more)
        p->earlier = true; /* its end is in sight */
}

/* --- the message --- */

static void draw_receipts(const struct mail *m, struct pen p)
{
    for (int i = 0; i < m->receipt_count && p.col + 12 < p.end; i++) {
        const struct mail_receipt *r = &m->receipts[i];
        enum theme_glyph glyph;
        enum theme_role role = state_look(r->state, &glyph);
        if (i > 0)
            put_role(&p, ROLE_DIM, "   ");
        put_role(&p, role, theme_glyph(p.theme, glyph));
        put_role(&p, ROLE_TEXT, " ");
        put(&p, theme_style(p.theme, theme_member(r->to)), r->to);
        put_role(&p, ROLE_TEXT, " ");
        put_role(&p, role == ROLE_TEXT ? ROLE_DIM : role, receipt_name(r->state));
    }
}

/* "▤ report.pdf 12 KiB   notes.txt 300 B": what can be saved. */
static void draw_parts(const struct mail *m, struct pen p)
{
    char size[32];

    put_role(&p, ROLE_ACCENT, theme_glyph(p.theme, GLYPH_FILE));
    for (int i = 0; i < m->part_count && p.col + 8 < p.end; i++) {
        mail_size(m->parts[i].size, size, sizeof size);
        put_role(&p, ROLE_TEXT, i > 0 ? "   " : " ");
        put_role(&p, ROLE_TEXT, m->parts[i].name[0] ? m->parts[i].name : "a file");
        put_role(&p, ROLE_DIM, " ");
        put_role(&p, ROLE_DIM, size);
    }
    put_role(&p, ROLE_DIM, "   s saves");
}

static void draw_from(const struct inbox_pane *pane, const struct mail *m, struct pen p)
{
    char time[32], right[48];
    bool me = !strcmp(m->from, pane->me), wide = p.end - p.col >= HEAD_COLS;
    const char *id = wide ? mail_short(m) : "";

    when(m->at_ms, true, time, sizeof time);
    snprintf(right, sizeof right, "%s%s%s", id, *id ? "  " : "", time);
    int n = text_width(right);
    if (p.end - n - 1 > p.col + 12) {
        canvas_text(p.c, p.row, p.end - n, n, theme_style(p.theme, ROLE_DIM), right);
        p.end -= n + 2;
    }
    struct style who = theme_style(p.theme, theme_member(m->from));
    who.attrs |= ATTR_BOLD;
    put(&p, who, m->from);
    if (me)
        put_role(&p, ROLE_DIM, " (you)");
    if (m->email && m->address[0] && wide) {
        put_role(&p, ROLE_DIM, "  ");
        put_role(&p, ROLE_DIM, m->address);
    }
    if (p.end - p.col < 6)
        return;
    put_role(&p, ROLE_DIM, "  ");
    put_role(&p, ROLE_DIM, theme_glyph(p.theme, GLYPH_TO));
    put_role(&p, ROLE_DIM, " ");
    if (m->channel[0]) {
        put_role(&p, ROLE_TEXT, "#");
        put_role(&p, ROLE_TEXT, m->channel);
    } else {
        put_role(&p, ROLE_TEXT, m->to);
    }
    if (m->cc[0]) {
        put_role(&p, ROLE_DIM, "  cc ");
        put_role(&p, ROLE_TEXT, m->cc);
    }
}

/* The head's rows, at most so many; gives how many there are. */
static int draw_head(const struct inbox_pane *pane, const struct mail *m, struct canvas *c,
                     struct rect r, const struct theme *theme)
{
    struct pen p = {c, theme, r.row, r.col, r.col + r.cols};
    struct style title = theme_style(theme, ROLE_TITLE);

    if (r.rows < 3)
        return 0;
    title.attrs |= ATTR_BOLD;
    if (m->priority == 2) {
        put_role(&p, ROLE_ATTENTION, theme_glyph(theme, GLYPH_URGENT));
        put_role(&p, ROLE_ATTENTION, " ");
    }
    if (m->channel[0] && !m->subject[0])
        put(&p, title, "#");
    put(&p, title, m->subject[0] ? m->subject : m->channel);
    if (p.col > r.col) { /* a plain message has no title */
        p.col = r.col;
        p.row++;
    }
    draw_from(pane, m, p);
    p.row++;
    if (m->outgoing && m->receipt_count > 0 && r.rows > 5) {
        draw_receipts(m, p);
        p.row++;
    }
    if (m->part_count > 0 && r.rows > p.row - r.row + 2) {
        draw_parts(m, p);
        p.row++;
    }
    return p.row - r.row + (r.rows > 6);
}

static void draw_text_line(struct canvas *c, int row, struct rect r, const struct text_line *line,
                           const struct theme *theme)
{
    int col = r.col, end = r.col + r.cols;
    const char *at = line->text;
    char piece[1024];

    for (int i = 0; i < line->run_count && col < end; i++) {
        const struct line_run *run = &line->runs[i];
        struct style style = theme_style(theme, (enum theme_role)run->role);
        size_t n = run->n < sizeof piece - 1 ? run->n : sizeof piece - 1;
        style.attrs |= run->attrs;
        memcpy(piece, at, n);
        piece[n] = '\0';
        col += canvas_text(c, row, col, end - col, style, piece);
        at += run->n;
    }
    if (line->ground != ROLE_TEXT && col < end)
        canvas_fill(c, (struct rect){row, col, 1, end - col},
                    theme_style(theme, (enum theme_role)line->ground));
}

/* "12 of 340 lines" at the end of what is longer than the pane. */
static void draw_place(const struct inbox_pane *p, struct canvas *c, struct rect r,
                       const struct theme *theme)
{
    char text[64];
    int below = p->text.count - p->scroll - r.rows;

    if (below <= 0 && p->text.whole)
        return;
    if (p->text.whole)
        snprintf(text, sizeof text, " %s %d more ", theme_glyph(theme, GLYPH_DOWN), below);
    else
        snprintf(text, sizeof text, " %s %lld of %lld KiB ", theme_glyph(theme, GLYPH_DOWN),
                 (long long)(p->text.raw.len / 1024), (long long)(p->text.size / 1024));
    int n = text_width(text);
    if (n < r.cols && p->text.raw.len > 0)
        canvas_text(c, r.row + r.rows - 1, r.col + r.cols - n, n, theme_style(theme, ROLE_ACCENT),
                    text);
}

static void draw_message(struct inbox_pane *p, struct canvas *c, bool focus,
                         const struct theme *theme)
{
    const struct mail *m = inbox_pane_mail(p);
    struct rect r = p->page;

    if (!m || r.rows < 1 || r.cols < 4)
        return;
    p->page_head = draw_head(p, m, c, r, theme);
    r.row += p->page_head;
    r.rows -= p->page_head;
    mailtext_lay(&p->text, r.cols, theme_utf8(theme));
    if (p->scroll > p->text.count - r.rows)
        p->scroll = p->text.count > r.rows ? p->text.count - r.rows : 0;
    for (int i = 0; i < r.rows && p->scroll + i < p->text.count; i++)
        draw_text_line(c, r.row + i, r, &p->text.lines[p->scroll + i], theme);
    draw_place(p, c, r, theme);
    if (focus && !p->draft.open)
        canvas_cursor(c, r.row, r.col, CURSOR_DEFAULT);
}

/* --- all of it --- */

static void line_between(struct canvas *c, struct rect r, const struct theme *theme)
{
    struct style style = theme_style(theme, ROLE_BORDER);

    for (int row = r.row; row < r.row + r.rows; row++)
        for (int col = r.col; col < r.col + r.cols; col++)
            canvas_text(c, row, col, 1, style, theme_glyph(theme, r.cols == 1 ? GLYPH_V : GLYPH_H));
}

static struct rect inset(struct rect r)
{
    if (r.cols > 30) {
        r.col++;
        r.cols -= 2;
    }
    return r;
}

static void arrange(struct inbox_pane *p, struct canvas *c, struct rect r,
                    const struct theme *theme)
{
    p->list = p->page = (struct rect){0};
    if (r.cols >= WIDE_COLS) {
        int cols = r.cols * 2 / 5;
        cols = cols < LIST_LEAST ? LIST_LEAST : cols > LIST_MOST ? LIST_MOST : cols;
        p->list = (struct rect){r.row, r.col, r.rows, cols};
        line_between(c, (struct rect){r.row, r.col + cols, r.rows, 1}, theme);
        p->page = inset((struct rect){r.row, r.col + cols + 1, r.rows, r.cols - cols - 1});
    } else if (r.rows >= TALL_ROWS) {
        int rows = r.rows / 3 < p->box.row_count ? r.rows / 3 : p->box.row_count;
        rows = rows < 3 ? 3 : rows;
        p->list = (struct rect){r.row, r.col, rows, r.cols};
        line_between(c, (struct rect){r.row + rows, r.col, 1, r.cols}, theme);
        p->page = inset((struct rect){r.row + rows + 1, r.col, r.rows - rows - 1, r.cols});
    } else if (p->reading) {
        p->page = r;
    } else {
        p->list = r;
    }
}

/* What is being written takes the place of the message's lower part; in a small pane, of all. */
static void draw_letter(struct inbox_pane *p, struct canvas *c, struct rect r, bool focus,
                        const struct theme *theme)
{
    struct rect *over = p->page.rows > 0 ? &p->page : &p->list;
    struct rect at = r.rows >= TALL_ROWS ? *over : r;
    int want = draft_rows(&p->draft, at.cols), least = at.rows / 2;

    if (p->draft.kind != DRAFT_REPLY || want > least)
        least = want > at.rows * 2 / 3 ? at.rows * 2 / 3 : want;
    want = want < least ? least : want > at.rows ? at.rows : want;
    if (r.rows < TALL_ROWS)
        want = at.rows;
    at.row += at.rows - want;
    at.rows = want;
    if (over->rows > 0 && r.rows >= TALL_ROWS)
        over->rows = over->rows > want ? over->rows - want : 0;
    else
        p->list.rows = p->page.rows = 0;
    draft_draw(&p->draft, c, at, focus, theme);
}

/* In one row where both fit, else in two. Gives what is left of the pane. */
static struct rect draw_banner(const struct inbox_pane *p, struct canvas *c, struct rect r,
                               const struct theme *theme)
{
    struct pen pen = {c, theme, r.row, r.col + 1, r.col + r.cols - 1};
    int rows = 3 + text_width(p->banner) + text_width(p->banner_keys) <= r.cols - 2 ? 1 : 2;

    if (!p->banner[0] || r.rows < rows + 1)
        return r;
    put_role(&pen, ROLE_ATTENTION, p->banner);
    if (rows == 2)
        pen = (struct pen){c, theme, r.row + 1, r.col + 3, r.col + r.cols - 1};
    else
        pen.col += 3;
    put_role(&pen, ROLE_ACCENT, p->banner_keys);
    r.row += rows;
    r.rows -= rows;
    return r;
}

void inbox_pane_draw(struct inbox_pane *p, struct canvas *c, struct rect inner, bool focus,
                     const struct theme *theme)
{
    canvas_fill(c, inner, theme_style(theme, ROLE_TEXT));
    inner = draw_banner(p, c, inner, theme);
    arrange(p, c, inner, theme);
    canvas_cursor(c, -1, 0, CURSOR_DEFAULT);
    if (p->draft.open)
        draw_letter(p, c, inner, focus, theme);
    if (p->list.rows > 0)
        draw_list(p, c, focus && !p->reading && !p->draft.open, theme);
    if (p->page.rows > 0)
        draw_message(p, c, focus && p->reading, theme);
}
