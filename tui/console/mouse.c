/* What the mouse does: focus, borders, the side list, scrolling, selecting; and the program inside
 * gets it when it asks for it, unless Shift is held. */
#include "tui/console/console_private.h"

#include <string.h>

static bool within(struct rect r, int row, int col)
{
    return row >= r.row && row < r.row + r.rows && col >= r.col && col < r.col + r.cols;
}

static struct pane *pane_at(const struct console *c, int row, int col, bool with_border)
{
    for (int i = 0; i < c->pane_count; i++) {
        struct pane *p = c->panes[i];
        if (p->shown && within(with_border ? p->box : p->inner, row, col))
            return p;
    }
    return NULL;
}

/* A wheel turned in a full-screen program that knows no mouse: it gets arrows, as in a terminal. */
static void wheel_as_arrows(struct console *c, bool up)
{
    struct input_event key = {.kind = INPUT_KEY, .code = up ? K_UP : K_DOWN};

    for (int i = 0; i < 3; i++)
        console_type(c, &key);
}

static bool goes_inside(const struct pane *p, const struct input_event *event,
                        struct screen_modes *ret_modes)
{
    if (p->kind != PANE_SHELL || p->copy || !p->feed || !p->feed->screen || p->feed->exited)
        return false;
    screen_modes(p->feed->screen, ret_modes);
    return ret_modes->mouse != MOUSE_OFF && !(event->mods & MOD_SHIFT);
}

static void give_inside(struct console *c, struct pane *p, const struct input_event *event,
                        const struct screen_modes *modes)
{
    struct input_event inner = *event;

    inner.row = event->row - p->inner.row + p->view.row;
    inner.col = event->col - p->inner.col + p->view.col;
    if (inner.row < 0 || inner.col < 0 || inner.row >= screen_rows(p->feed->screen) ||
        inner.col >= screen_cols(p->feed->screen))
        return;
    if (c->connected)
        console_send(c, p, &inner, modes);
}

static void copy_event(struct console *c, struct pane *p, const struct input_event *event)
{
    struct input_event inner = *event;

    inner.row -= p->inner.row;
    inner.col -= p->inner.col;
    if (!p->copy) { /* its history is on the way */
        if (p->copy_mouse.len < 1000 * sizeof inner)
            buf_append(&p->copy_mouse, &inner, sizeof inner);
        return;
    }
    if (event->mouse == MOUSE_WHEEL_DOWN && copy_at_end(p->copy))
        console_copy_leave(c, p);
    else if (copy_mouse(p->copy, &inner) == COPY_TAKES)
        console_copied(c, p);
}

static void wheel(struct console *c, struct pane *p, const struct input_event *event)
{
    bool up = event->mouse == MOUSE_WHEEL_UP;
    struct screen_modes modes;

    if (p->kind == PANE_LOG) {
        eventlog_scroll(p->log, up ? -3 : 3);
    } else if (p->kind == PANE_INBOX) {
        console_inbox_mouse(c, p, event);
    } else if (p->kind == PANE_APPROVALS) {
        console_approvals_input(c, p, event);
    } else if (p->kind == PANE_SESSION) {
        console_session_mouse(c, p, event);
    } else if (p->copy || p->copy_asked) {
        copy_event(c, p, event);
    } else if (goes_inside(p, event, &modes)) {
        give_inside(c, p, event, &modes);
    } else if (p->feed && p->feed->screen) {
        screen_modes(p->feed->screen, &modes);
        if (modes.alternate) {
            console_focus(c, p->id);
            wheel_as_arrows(c, up);
        } else if (up) {
            console_copy_mode(c, p, false);
            copy_event(c, p, event);
        }
    }
}

static void side_press(struct console *c, int row)
{
    const struct side_line *line = side_at(&c->side, row - c->side_area.row);

    if (!line)
        return;
    if (line->kind == SIDE_INBOX || line->kind == SIDE_LETTER || line->kind == SIDE_MEMBER) {
        c->side_over = false;
        console_inbox_open(c, line->kind == SIDE_MEMBER ? line->member->member : line->text,
                           line->kind == SIDE_LETTER ? line->mail->id : "");
        return;
    }
    if (line->kind == SIDE_PAUSED) {
        c->side_over = false;
        console_inbox_open(c, c->member, ""); /* why stands over it */
        return;
    }
    if (!line->target)
        return;
    c->side_over = false;
    console_open(c, line->target->id);
}

/* A word on a pane's border: who drives it, and the answers to who asks. */
static bool press_border(struct console *c, struct pane *p, const struct input_event *event)
{
    static const struct {
        enum pane_spot spot;
        const char *command;
    } words[] = {{SPOT_YES, "answer yes"}, {SPOT_NO, "answer no"}, {SPOT_DRIVER, "baton"}};
    const struct world_target *s = world_target(&c->world, p->target);

    for (size_t i = 0; i < sizeof words / sizeof words[0] && event->button == 1; i++) {
        if (!within(p->spots[words[i].spot], event->row, event->col) || !s || !s->baton)
            continue;
        console_focus(c, p->id);
        c->drag.node = NULL;
        /* Whoever drives has nothing to ask for, but may pass it. */
        bool pass = words[i].spot == SPOT_DRIVER && !strcmp(s->holder, c->member);
        console_run(c, pass ? "pass" : words[i].command);
        return true;
    }
    return false;
}

static void press(struct console *c, const struct input_event *event)
{
    struct pane *p = pane_at(c, event->row, event->col, false);
    struct screen_modes modes;

    if (!p) {
        c->drag = c->alone ? (struct layout_border){NULL, 0}
                           : layout_border_at(c->layout, event->row, event->col);
        p = pane_at(c, event->row, event->col, true);
        /* A title belongs to the pane below it, a folded one is nothing else. */
        for (int i = 0; i < c->pane_count; i++)
            if (c->panes[i]->shown && c->panes[i]->box.row == event->row &&
                event->col > c->panes[i]->box.col &&
                event->col < c->panes[i]->box.col + c->panes[i]->box.cols - 1)
                p = c->panes[i];
        if (p && press_border(c, p, event))
            return;
        if (p && (p->folded || !c->drag.node))
            console_focus(c, p->id);
        return;
    }
    console_focus(c, p->id);
    if (p->kind == PANE_SESSION) {
        c->press_pane = p->id;
        console_session_mouse(c, p, event);
    } else if (p->kind == PANE_INBOX) {
        console_inbox_mouse(c, p, event);
    } else if (goes_inside(p, event, &modes)) {
        c->inside_pane = p->id;
        give_inside(c, p, event, &modes);
    } else if (event->button == 1 && p->kind == PANE_SHELL) {
        c->press_pane = p->id;
        c->press_row = event->row;
        c->press_col = event->col;
        if (p->copy)
            copy_event(c, p, event);
    }
}

static void motion(struct console *c, const struct input_event *event)
{
    struct pane *p = console_pane(c, c->press_pane);
    struct screen_modes modes;

    if (c->drag.node) {
        layout_border_move(c->layout, c->drag, event->row, event->col);
        console_layout_touch(c);
        return;
    }
    if (!p) {
        p = c->inside_pane ? console_pane(c, c->inside_pane)
                           : pane_at(c, event->row, event->col, false);
        if (p && p->id == c->focus && goes_inside(p, event, &modes))
            give_inside(c, p, event, &modes);
        return;
    }
    if (p->kind == PANE_SESSION) {
        console_session_mouse(c, p, event);
        return;
    }
    if (!p->copy && !p->copy_asked) {
        if (event->row == c->press_row && event->col == c->press_col)
            return;
        struct input_event begin = *event;
        begin.mouse = MOUSE_PRESS;
        begin.button = 1;
        begin.row = c->press_row;
        begin.col = c->press_col;
        console_copy_mode(c, p, false);
        copy_event(c, p, &begin);
    }
    copy_event(c, p, event);
}

static void release(struct console *c, const struct input_event *event)
{
    struct pane *p = console_pane(c, c->press_pane), *inside = console_pane(c, c->inside_pane);
    struct screen_modes modes;

    if (p && p->kind == PANE_SESSION)
        console_session_mouse(c, p, event);
    else if (p && (p->copy || p->copy_asked))
        copy_event(c, p, event);
    else if (inside && goes_inside(inside, event, &modes))
        give_inside(c, inside, event, &modes);
    c->drag.node = NULL;
    c->press_pane = c->inside_pane = 0;
}

void console_mouse(struct console *c, const struct input_event *event)
{
    bool on_side = c->side_area.rows > 0 && within(c->side_area, event->row, event->col);
    struct pane *p;

    switch (event->mouse) {
    case MOUSE_PRESS:
        if (console_prompt_press(c, event))
            break;
        if (on_side && event->button == 1)
            side_press(c, event->row);
        else if (!on_side)
            press(c, event);
        break;
    case MOUSE_RELEASE: release(c, event); break;
    case MOUSE_MOTION: motion(c, event); break;
    case MOUSE_WHEEL_UP:
    case MOUSE_WHEEL_DOWN:
        p = pane_at(c, event->row, event->col, true);
        if (on_side)
            side_scroll(&c->side, event->mouse == MOUSE_WHEEL_UP ? -3 : 3, c->side_area.rows);
        else if (p)
            wheel(c, p, event);
        break;
    }
}
