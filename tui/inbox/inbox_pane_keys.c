/* Keys and mouse in an inbox (see inbox_pane.h). The letter has them while it is open, else the
 * list or the message. One thread. */
#include "tui/inbox/inbox_pane.h"

#include <stdio.h>
#include <string.h>

#define WHEEL_LINES 3

static void scroll(struct inbox_pane *p, int by)
{
    int most = p->text.count - (p->page.rows - p->page_head);

    p->scroll += by;
    p->scroll = p->scroll > most ? most : p->scroll;
    p->scroll = p->scroll < 0 ? 0 : p->scroll;
}

static void write_about(struct inbox_pane *p, enum draft_kind kind, struct inbox_action *action)
{
    const struct mail *m = inbox_pane_mail(p);

    if (!inbox_pane_own(p)) {
        action->kind = INBOX_TELL;
        action->text = "this is not your inbox: c writes a message of your own";
        return;
    }
    if (!m)
        return;
    inbox_pane_enter(p, action); /* who answers has read it */
    draft_about(&p->draft, kind, m, p->me);
}

static void unread_again(struct inbox_pane *p, struct inbox_action *action)
{
    const struct mail *m = inbox_pane_mail(p);

    if (!m || m->outgoing || m->unread || !inbox_pane_own(p))
        return;
    p->reading = false;
    action->kind = INBOX_UNREAD;
    snprintf(action->id, sizeof action->id, "%s", m->id);
}

static void save(const struct inbox_pane *p, struct inbox_action *action)
{
    const struct mail *m = inbox_pane_mail(p);

    action->kind = m && m->part_count > 0 ? INBOX_SAVE : INBOX_TELL;
    action->text = "no file came with this message";
    if (m)
        snprintf(action->id, sizeof action->id, "%s", m->id);
}

/* Back: from the message to the list, from what was found to all there is. */
static void back(struct inbox_pane *p, uint32_t key, struct inbox_action *action)
{
    if (p->reading) {
        p->reading = false;
    } else if (p->pattern[0]) {
        inbox_pane_search(p, "");
    } else if (p->box.show == MAILBOX_UNREAD) {
        p->box.show = MAILBOX_ALL;
        inbox_pane_changed(p);
    } else if (key == 'q') {
        action->kind = INBOX_LEAVE;
    }
}

/* The next or previous unread one, around the ends. */
static void to_unread(struct inbox_pane *p, int step)
{
    int all = p->box.row_count;

    for (int n = 1; n < all; n++) {
        int i = (p->at + step * n + all * n) % all;
        if (p->box.rows[i].mail->unread) {
            inbox_pane_to(p, i);
            return;
        }
    }
}

static void move(struct inbox_pane *p, int by)
{
    if (p->reading)
        scroll(p, by);
    else
        inbox_pane_to(p, p->at + by);
}

/* Keys that move; false: none of them. */
static bool moving_key(struct inbox_pane *p, uint32_t code, bool control)
{
    const struct rect *area = p->reading ? &p->page : &p->list;
    int page = area->rows > 2 ? area->rows - 1 : 1, all = p->text.count + p->box.count;

    if (control)
        code = code == 'd' || code == 'f'   ? K_PAGE_DOWN
               : code == 'u' || code == 'b' ? K_PAGE_UP
                                            : 0;
    switch (code) {
    case 'j':
    case K_DOWN: move(p, 1); return true;
    case 'k':
    case K_UP: move(p, -1); return true;
    case ' ':
    case K_PAGE_DOWN: move(p, page); return true;
    case 'b':
    case K_PAGE_UP: move(p, -page); return true;
    case 'g':
    case K_HOME:
        if (code == 'g' && !p->reading)
            return false; /* another inbox */
        move(p, -all);
        return true;
    case 'G':
    case K_END: move(p, all); return true;
    case 'n': to_unread(p, 1); return true;
    case 'N':
    case 'p': to_unread(p, -1); return true;
    case 'J':
    case K_RIGHT: inbox_pane_to(p, p->at + (p->reading || code == 'J')); return true;
    case 'K':
    case K_LEFT: inbox_pane_to(p, p->at - (p->reading || code == 'K')); return true;
    default: return false;
    }
}

static void plain_key(struct inbox_pane *p, const struct input_event *event,
                      struct inbox_action *action)
{
    bool control = event->mods & MOD_CTRL;
    char before[MAIL_ID_MAX];

    memcpy(before, p->cursor, sizeof before);
    if (event->mods & MOD_ALT)
        return;
    if (moving_key(p, event->code, control)) {
        if (p->reading && strcmp(before, p->cursor) != 0)
            inbox_pane_enter(p, action); /* who goes on reading reads that one */
        return;
    }
    if (control)
        return;
    switch (event->code) {
    case K_ENTER: inbox_pane_enter(p, action); break;
    case K_TAB:
    case K_BACKTAB:
        if (p->reading)
            p->reading = false;
        else
            inbox_pane_enter(p, action);
        break;
    case 'r': write_about(p, DRAFT_REPLY, action); break;
    case 'R': write_about(p, DRAFT_REPLY_ALL, action); break;
    case 'f': write_about(p, DRAFT_FORWARD, action); break;
    case 'c': draft_new(&p->draft); break;
    case 'u': unread_again(p, action); break;
    case 'U':
        p->box.show = p->box.show == MAILBOX_ALL ? MAILBOX_UNREAD : MAILBOX_ALL;
        p->reading = false;
        inbox_pane_changed(p);
        p->stale = true; /* older ones may be unread */
        break;
    case '/': action->kind = INBOX_SEARCH; break;
    case 'g': action->kind = INBOX_OTHER; break;
    case 'L': action->kind = INBOX_RESUME; break;
    case 'X': action->kind = INBOX_REFUSE; break;
    case 'C': action->kind = INBOX_CHANNELS; break;
    case 's': save(p, action); break;
    case K_ESCAPE:
    case 'q': back(p, event->code, action); break;
    default: break;
    }
}

static void draft_key(struct inbox_pane *p, const struct input_event *event,
                      const char *const *names, struct inbox_action *action)
{
    switch (draft_input(&p->draft, event, names, &action->more)) {
    case DRAFT_SENDS: action->kind = INBOX_SEND; break;
    case DRAFT_LEAVES:
        p->draft.open = false;
        if (!draft_blank(&p->draft)) {
            action->kind = INBOX_TELL;
            action->text = "put away: the same key brings it back";
        }
        break;
    case DRAFT_FULL:
        action->kind = INBOX_TELL;
        action->text = "that is too long: the rest is left out";
        break;
    case DRAFT_GOES_ON:
        if (action->more)
            action->kind = INBOX_OFFER;
        break;
    }
}

void inbox_pane_input(struct inbox_pane *p, const struct input_event *event,
                      const char *const *names, struct inbox_action *action)
{
    *action = (struct inbox_action){.kind = INBOX_NONE};
    if (event->kind != INPUT_KEY && event->kind != INPUT_PASTE)
        return;
    if (p->draft.open)
        draft_key(p, event, names, action);
    else if (event->kind == INPUT_KEY)
        plain_key(p, event, action);
}

static bool within(const struct rect *r, const struct input_event *event)
{
    return event->row >= r->row && event->row < r->row + r->rows && event->col >= r->col &&
           event->col < r->col + r->cols;
}

void inbox_pane_mouse(struct inbox_pane *p, const struct input_event *event,
                      struct inbox_action *action)
{
    *action = (struct inbox_action){.kind = INBOX_NONE};
    int wheel = event->mouse == MOUSE_WHEEL_UP     ? -WHEEL_LINES
                : event->mouse == MOUSE_WHEEL_DOWN ? WHEEL_LINES
                                                   : 0;

    if (wheel && within(&p->list, event)) {
        inbox_pane_to(p, p->at + (wheel > 0 ? 1 : -1));
        p->reading = false;
    } else if (wheel && within(&p->page, event)) {
        scroll(p, wheel);
    } else if (event->mouse == MOUSE_PRESS && event->button == 1) {
        if (draft_press(&p->draft, event->row, event->col))
            return;
        if (within(&p->page, event)) {
            inbox_pane_enter(p, action);
        } else if (within(&p->list, event) &&
                   p->top + event->row - p->list.row < p->box.row_count) {
            int row = p->top + event->row - p->list.row;
            bool again = row == p->at;
            p->reading = false;
            inbox_pane_to(p, row);
            if (again)
                inbox_pane_enter(p, action);
        }
    }
}
