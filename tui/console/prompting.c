/* The prompt line's place: below the panes and above the status line, while a session is shown. One
 * row is kept for it as long as that is so, whoever has the focus, so that no shell is resized by
 * looking elsewhere; a longer text lies over the panes' last rows, up to a third of the screen, and
 * panes give way in what they show, not in the size of their shells. One thread. */
#include "tui/console/console_private.h"

#include "core/base/text.h"

#include <stdio.h>
#include <string.h>

#define SIGN_COLS 3 /* " › " */

struct pane *console_prompt_pane(const struct console *c)
{
    struct pane *focus = console_focused(c), *before = console_pane(c, c->focus_before);

    if (focus && focus->kind == PANE_SESSION)
        return focus;
    if (before && before->kind == PANE_SESSION)
        return before;
    for (int i = 0; i < c->pane_count; i++)
        if (c->panes[i]->kind == PANE_SESSION)
            return c->panes[i];
    return NULL;
}

/* Where the focused pane alone is shown, only a session wants the row. */
static bool wanted(const struct console *c)
{
    const struct pane *focus = console_focused(c);
    bool alone = c->zoomed || canvas_rows(c->canvas) < 8 || canvas_cols(c->canvas) < 24;

    return console_prompt_pane(c) && (!alone || (focus && focus->kind == PANE_SESSION));
}

void console_prompt_reserve(struct console *c)
{
    c->prompt_area = (struct rect){0};
    if (c->area.rows < 2 || !wanted(c))
        return;
    c->area.rows--;
    c->prompt_area = (struct rect){c->area.row + c->area.rows, 0, 1, canvas_cols(c->canvas)};
    if (c->side_area.rows > c->area.rows)
        c->side_area.rows = c->area.rows;
}

static int text_cols(const struct console *c)
{
    return c->prompt_area.cols > SIGN_COLS + 1 ? c->prompt_area.cols - SIGN_COLS : 1;
}

/* What of a box lies above this row. */
static void give_way(struct rect *box, int row, int least)
{
    int rows = row - box->row;

    if (box->rows > 0 && box->rows > rows)
        box->rows = rows >= least ? rows : 0;
}

void console_prompt_grow(struct console *c)
{
    struct pane *p = console_prompt_pane(c);
    int most = canvas_rows(c->canvas) / 3, want, top;
    struct talk *talk;

    if (c->prompt_area.rows == 0 || p != console_focused(c))
        return;
    talk = console_talk(c, p->target);
    want = promptline_rows(&talk->line, text_cols(c)) + (talk->queued != NULL);
    want = want > most ? most : want;
    if (want <= 1)
        return;
    top = c->prompt_area.row + 1 - want;
    c->prompt_area.row = top;
    c->prompt_area.rows = want;
    for (int i = 0; i < c->pane_count; i++) {
        struct pane *pane = c->panes[i];
        bool bordered = pane->box.rows > 0;
        give_way(&pane->box, top, 2);
        give_way(&pane->inner, bordered ? top - 1 : top, 1);
        if (bordered && pane->box.rows == 0)
            pane->shown = false;
    }
    give_way(&c->side_area, top, 1);
}

/* What stands there while nothing is written. */
static void hint(const struct console *c, const struct pane *p, char *out, size_t size)
{
    const struct world_session *s = world_session(&c->world, p->target);
    const char *name = s ? world_label(&s->target) : p->target;
    bool may = s && console_may(c, &s->target);
    char key[40];

    console_key_for(c, "baton", key, sizeof key);
    if (!s || s->state == SESSION_CLOSED || s->state == SESSION_CLOSING)
        snprintf(out, size, "%.60s is closed; :session resume goes on with it", name);
    else if (s->state == SESSION_FAILED)
        snprintf(out, size, "%.60s failed; :session resume starts it again", name);
    else if (console_observes(c))
        snprintf(out, size, "observing: Enter to suggest");
    else if (!may)
        snprintf(out, size, "observing: Enter to suggest, %s to ask for the baton", key);
    else if (s->state == SESSION_STARTING)
        snprintf(out, size, "%.60s is starting", name);
    else if (s->waits > 0)
        snprintf(out, size, "%.60s waits for your answer", name);
    else if (world_session_turn(s))
        snprintf(out, size, "%.60s is at work %s C-c stops it", name,
                 theme_glyph(c->theme, GLYPH_DOT));
    else
        snprintf(out, size, "ask %.60s %s", name, theme_glyph(c->theme, GLYPH_ELLIPSIS));
}

/* "queued: …  Esc takes it back" in one row. */
static void draw_queued(const struct console *c, const struct talk *talk, struct rect row)
{
    static const char back[] = "  Esc takes it back";
    struct style loud = theme_style(c->theme, ROLE_ATTENTION);
    char first[400], safe[400];
    int room = row.cols - (int)sizeof back + 1, n;

    snprintf(first, sizeof first, "queued: %.300s", talk->queued);
    first[strcspn(first, "\n")] = '\0';
    text_make_safe(safe, sizeof safe, first, strlen(first));
    if (room < 12) {
        canvas_text(c->canvas, row.row, row.col, row.cols, loud, safe);
        return;
    }
    bool whole = text_width(safe) <= room && !strchr(talk->queued, '\n');
    n = canvas_text(c->canvas, row.row, row.col, whole ? room : room - 1, loud, safe);
    if (!whole)
        n += canvas_text(c->canvas, row.row, row.col + n, 1, loud,
                         theme_glyph(c->theme, GLYPH_ELLIPSIS));
    canvas_text(c->canvas, row.row, row.col + n, row.cols - n, theme_style(c->theme, ROLE_DIM),
                back);
}

/* Who writes without the baton sees what Enter will do. */
static void draw_reminder(const struct console *c, const struct talk *talk, struct rect r)
{
    static const char words[] = "Enter suggests it";
    int cols = (int)sizeof words - 1;

    if (!promptline_empty(&talk->line) &&
        promptline_rows(&talk->line, r.cols - cols - 2) == 1) /* there is room beside it */
        canvas_text(c->canvas, r.row, r.col + r.cols - cols - 1, cols,
                    theme_style(c->theme, ROLE_DIM), words);
}

void console_prompt_draw(struct console *c)
{
    struct rect r = c->prompt_area;
    const struct pane *p = console_prompt_pane(c);
    bool focus = p && p == console_focused(c) && !p->browsing;
    struct style dim = theme_style(c->theme, ROLE_DIM), sign = dim, text = dim;
    const struct world_target *t = p ? world_target(&c->world, p->target) : NULL;
    struct talk *talk;
    char words[200];

    if (r.rows == 0 || !p)
        return;
    talk = console_talk(c, p->target);
    canvas_fill(c->canvas, r, theme_style(c->theme, ROLE_TEXT));
    if (console_may(c, t) && p == console_focused(c)) {
        sign = theme_style(c->theme, focus ? ROLE_ACCENT : ROLE_DIM);
        text = theme_style(c->theme, focus ? ROLE_TEXT : ROLE_DIM);
    }
    struct rect inner = {r.row, r.col + SIGN_COLS, r.rows, text_cols(c)};
    if (talk->queued) {
        draw_queued(c, talk, (struct rect){r.row, inner.col, 1, inner.cols});
        if (r.rows > 1) {
            inner.row++;
            inner.rows--;
        }
    }
    canvas_text(c->canvas, inner.row, r.col + 1, 1, sign, theme_glyph(c->theme, GLYPH_PROMPT));
    if (promptline_empty(&talk->line) && (!talk->queued || r.rows > 1)) {
        hint(c, p, words, sizeof words);
        canvas_text(c->canvas, inner.row, inner.col, inner.cols, dim, words);
    }
    if (talk->queued && r.rows == 1) {
        if (focus)
            canvas_cursor(c->canvas, r.row, inner.col, CURSOR_DEFAULT);
        return;
    }
    promptline_draw(&talk->line, c->canvas, inner, text, focus);
    if (t && t->live && !console_may(c, t))
        draw_reminder(c, talk, inner);
}

bool console_prompt_press(struct console *c, const struct input_event *event)
{
    struct rect r = c->prompt_area;
    struct pane *p = console_prompt_pane(c);
    struct talk *talk;

    if (!p || event->row < r.row || event->row >= r.row + r.rows)
        return false;
    talk = console_talk(c, p->target);
    console_focus(c, p->id);
    p->browsing = false;
    promptline_press(&talk->line, event->row - r.row - (talk->queued && r.rows > 1),
                     event->col - r.col - SIGN_COLS);
    c->draw = true;
    return true;
}
