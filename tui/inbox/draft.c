/* A draft (see draft.h). Fields that its kind does not have are never the current one. */
#include "tui/inbox/draft.h"

#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_COLS 9 /* "subject  " */

void draft_init(struct draft *l)
{
    memset(l, 0, sizeof *l);
    promptline_init(&l->body);
    line_start(&l->to, NULL, "");
    line_start(&l->subject, NULL, "");
}

void draft_finish(struct draft *l)
{
    promptline_finish(&l->body);
    free(l->whom);
    memset(l, 0, sizeof *l);
}

static bool has(const struct draft *l, enum draft_field field)
{
    return field == FIELD_BODY || (field == FIELD_TO && l->kind == DRAFT_FORWARD) ||
           l->kind == DRAFT_NEW;
}

static enum draft_field first_field(const struct draft *l)
{
    return has(l, FIELD_TO) ? FIELD_TO : FIELD_BODY;
}

bool draft_blank(const struct draft *l)
{
    return promptline_empty(&l->body) && l->to.length == 0 && l->subject.length == 0;
}

void draft_sent(struct draft *l)
{
    promptline_set(&l->body, "");
    line_start(&l->to, NULL, "");
    line_start(&l->subject, NULL, "");
    l->about[0] = '\0';
    l->kind = DRAFT_NEW;
    l->open = l->sending = false;
    free(l->whom);
    l->whom = NULL;
}

static void open_as(struct draft *l, enum draft_kind kind, const char *about)
{
    if (l->kind != kind || strcmp(l->about, about) != 0) {
        promptline_remember(&l->body, promptline_text(&l->body)); /* Up brings it back */
        draft_sent(l);
    }
    l->kind = kind;
    snprintf(l->about, sizeof l->about, "%s", about);
    l->open = true;
    l->field = l->to.length > 0 && kind != DRAFT_REPLY ? FIELD_BODY : first_field(l);
}

void draft_new(struct draft *l)
{
    open_as(l, DRAFT_NEW, "");
}

/* All whom a message is from, to or a copy of, but for who writes. */
static char *others(const struct mail *m, const char *me)
{
    char *all = mem_printf("%s, %s, %s", m->from, m->to, m->cc), *save = NULL;
    struct buf out = {0};

    for (char *name = strtok_r(all, ", ", &save); name; name = strtok_r(NULL, ", ", &save))
        if (strcmp(name, me) != 0)
            buf_printf(&out, "%s%s", out.len ? ", " : "", name);
    free(all);
    return out.len ? buf_take(&out) : mem_strdup(me);
}

void draft_about(struct draft *l, enum draft_kind kind, const struct mail *m, const char *me)
{
    open_as(l, kind, m->id);
    free(l->whom);
    l->whom = NULL;
    if (kind == DRAFT_FORWARD)
        return;
    if (m->channel[0] && (kind == DRAFT_REPLY_ALL || m->outgoing || !strcmp(m->from, me)))
        l->whom = mem_printf("#%s", m->channel);
    else if (kind == DRAFT_REPLY_ALL && m->email)
        l->whom = others(m, me);
    else
        l->whom = mem_strdup(m->outgoing && strcmp(m->from, me) == 0 ? m->to : m->from);
}

/* --- keys --- */

static void step(struct draft *l, int by)
{
    int at = (int)l->field;

    do
        at += by;
    while (at >= FIELD_TO && at <= FIELD_BODY && !has(l, (enum draft_field)at));
    if (at >= FIELD_TO && at <= FIELD_BODY)
        l->field = (enum draft_field)at;
}

/* The word of a list of names that the cursor stands behind. */
static size_t word_begin(const struct line *line)
{
    size_t at = line->cursor;

    while (at > 0 && line->text[at - 1] != ',' && line->text[at - 1] != ' ')
        at--;
    return at;
}

/* Puts what all names that begin so have in common. False when there is nothing to complete. */
static bool complete(struct line *line, const char *const *names, char **ret_more)
{
    size_t from = word_begin(line), n = line->cursor - from, common = 0;
    const char *first = NULL;
    struct buf list = {0};
    char text[LINE_MAX_BYTES];
    int count = 0;

    if (n == 0 || line->cursor != line->length || !names)
        return false;
    for (; *names; names++) {
        if (strncmp(*names, line->text + from, n) != 0)
            continue;
        size_t same = 0;
        if (!first) {
            first = *names;
            common = strlen(first);
        }
        while (same < common && (*names)[same] == first[same])
            same++;
        common = same;
        count++;
        buf_printf(&list, "%s%s", list.len ? "  " : "", *names);
    }
    bool whole = count == 1 && common == n;
    if (count > 0 && !whole) {
        snprintf(text, sizeof text, "%.*s%.*s", (int)from, line->text, (int)common, first);
        line_set(line, text);
    }
    if (count > 1)
        *ret_more = buf_take(&list);
    buf_finish(&list);
    return count > 0 && !whole;
}

static enum draft_result line_key(struct draft *l, struct line *line,
                                  const struct input_event *event, const char *const *names,
                                  char **ret_more)
{
    bool key = event->kind == INPUT_KEY;

    if (key && event->code == K_TAB && l->field == FIELD_TO && complete(line, names, ret_more))
        return DRAFT_GOES_ON;
    if (key && event->code == K_BACKSPACE && line->length == 0)
        return DRAFT_GOES_ON;
    bool down = key && (event->code == K_TAB || event->code == K_DOWN);
    bool up = key && event->code == K_UP;
    if (!down && !up && line_input(line, event) == LINE_LEFT)
        return DRAFT_LEAVES;
    if (down || (key && event->code == K_ENTER))
        step(l, 1);
    else if (up)
        step(l, -1);
    return DRAFT_GOES_ON;
}

enum draft_result draft_input(struct draft *l, const struct input_event *event,
                              const char *const *names, char **ret_more)
{
    *ret_more = NULL;
    if (event->kind == INPUT_KEY && event->code == K_ESCAPE)
        return DRAFT_LEAVES;
    if (l->sending)
        return DRAFT_GOES_ON;
    if (event->kind == INPUT_KEY && event->code == K_BACKTAB) {
        step(l, -1);
        return DRAFT_GOES_ON;
    }
    if (l->field != FIELD_BODY)
        return line_key(l, l->field == FIELD_TO ? &l->to : &l->subject, event, names, ret_more);
    if (event->kind == INPUT_KEY && event->code == K_TAB) {
        l->field = first_field(l);
        return DRAFT_GOES_ON;
    }
    switch (promptline_input(&l->body, event)) {
    case PROMPT_SENDS: return DRAFT_SENDS;
    case PROMPT_LEAVES: return DRAFT_LEAVES;
    case PROMPT_INTERRUPTS:
        if (promptline_empty(&l->body))
            return DRAFT_LEAVES;
        promptline_set(&l->body, "");
        return DRAFT_GOES_ON;
    case PROMPT_FULL: return DRAFT_FULL;
    default: return DRAFT_GOES_ON;
    }
}

/* --- drawing --- */

static int heads(const struct draft *l)
{
    return l->kind == DRAFT_NEW ? 2 : l->kind == DRAFT_FORWARD ? 1 : 0;
}

int draft_rows(const struct draft *l, int cols)
{
    return 2 + heads(l) + promptline_rows(&l->body, cols > 3 ? cols - 3 : 1);
}

static void head(struct draft *l, struct canvas *c, struct rect r, enum draft_field field,
                 const char *label, const char *empty, bool focus, const struct theme *theme)
{
    struct line *line = field == FIELD_TO ? &l->to : &l->subject;
    bool here = l->field == field && focus;
    int col = r.col + LABEL_COLS, room = r.cols - LABEL_COLS;

    canvas_text(c, r.row, r.col + 1, LABEL_COLS - 2,
                theme_style(theme, here ? ROLE_ACCENT : ROLE_DIM), label);
    if (room < 1)
        return;
    if (line->length == 0)
        canvas_text(c, r.row, col, room, theme_style(theme, ROLE_DIM), empty);
    int cursor = line_draw(line, c, r.row, col, room, theme_style(theme, ROLE_TEXT));
    if (line->length == 0)
        canvas_text(c, r.row, col, room, theme_style(theme, ROLE_DIM), empty);
    if (here)
        canvas_cursor(c, r.row, cursor, CURSOR_DEFAULT);
    l->at[field] = r;
}

static void title(const struct draft *l, struct canvas *c, struct rect r, const struct theme *theme)
{
    static const char *const kinds[] = {"new message", "reply to ", "reply to ", "forward"};
    static const char *const keys[] = {"Enter sends  M-Enter new line  Esc puts it away",
                                       "Enter sends  Esc away", "Enter sends"};
    struct style line = theme_style(theme, ROLE_BORDER), dim = theme_style(theme, ROLE_DIM);
    char text[200];
    int col = r.col, end = r.col + r.cols, n;

    for (int i = col; i < end; i++)
        canvas_text(c, r.row, i, 1, line, theme_glyph(theme, GLYPH_H));
    snprintf(text, sizeof text, " %s%.150s ", kinds[l->kind], l->whom ? l->whom : "");
    n = canvas_text(c, r.row, col + 1, r.cols > 2 ? r.cols - 2 : 0, theme_style(theme, ROLE_ACCENT),
                    text);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *key = l->sending ? "on its way" : keys[i];
        int width = text_width(key) + 2;
        if (col + n + width + 3 > end)
            continue;
        canvas_text(c, r.row, end - width - 1, 1, dim, " ");
        canvas_text(c, r.row, end - width, width - 2, dim, key);
        canvas_text(c, r.row, end - 2, 1, dim, " ");
        return;
    }
}

void draft_draw(struct draft *l, struct canvas *c, struct rect r, bool focus,
                const struct theme *theme)
{
    struct rect row = {r.row, r.col, 1, r.cols};
    bool whole = r.rows > heads(l) + 1;

    memset(l->at, 0, sizeof l->at);
    canvas_fill(c, r, theme_style(theme, ROLE_TEXT));
    if (whole) {
        title(l, c, row, theme);
        row.row++;
    }
    if (has(l, FIELD_TO) && (whole || l->field == FIELD_TO) && row.row < r.row + r.rows) {
        head(l, c, row, FIELD_TO, "to", "names, addresses or #channel; Tab completes", focus,
             theme);
        row.row++;
    }
    if (has(l, FIELD_SUBJECT) && (whole || l->field == FIELD_SUBJECT) && row.row < r.row + r.rows) {
        head(l, c, row, FIELD_SUBJECT, "subject", "none: a plain message, no e-mail", focus, theme);
        row.row++;
    }
    struct rect body = {row.row, r.col + 2, r.row + r.rows - row.row, r.cols - 3};
    if (body.rows < 1 || body.cols < 1)
        return;
    canvas_text(c, body.row, r.col, 1,
                theme_style(theme, l->field == FIELD_BODY && focus ? ROLE_ACCENT : ROLE_DIM),
                theme_glyph(theme, GLYPH_PROMPT));
    promptline_draw(&l->body, c, body, theme_style(theme, l->sending ? ROLE_DIM : ROLE_TEXT),
                    focus && l->field == FIELD_BODY);
    l->at[FIELD_BODY] = body;
}

bool draft_press(struct draft *l, int row, int col)
{
    for (int i = FIELD_TO; i <= FIELD_BODY && l->open; i++) {
        const struct rect *r = &l->at[i];
        if (row < r->row || row >= r->row + r->rows || r->rows == 0)
            continue;
        l->field = (enum draft_field)i;
        if (i == FIELD_BODY)
            promptline_press(&l->body, row - r->row, col - r->col);
        return true;
    }
    return false;
}
