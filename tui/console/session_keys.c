/* Keys and the mouse in a session's pane. The prompt line has the keys at first; Tab or C-b [ gives
 * them to the transcript, Escape gives them back. While the line is empty the keys that
 * answer what waits do that, too. One thread. */
#include "tui/console/console_private.h"

#include "core/base/clock.h"

#include <string.h>

#define READ_US 250000 /* nobody has read a question sooner: what is typed is no answer to it */

void console_browse(struct console *c, struct pane *p, bool page_up)
{
    struct input_event key = {.kind = INPUT_KEY, .code = K_PAGE_UP};
    struct transcript_action action;

    if (!p->transcript)
        return;
    p->browsing = true;
    if (page_up && transcript_pane_key(p->transcript, &key, &action))
        console_action(c, p, &action);
    c->draw = true;
}

/* Whether what this key answers is there, and shows its keys. */
static bool asks(const struct console *c, const struct pane *p, uint32_t code)
{
    if (code == 's' || code == 'e' || code == 'x')
        return world_wait(&c->world, p->target, WAIT_SUGGESTION) != NULL;
    return world_request(&c->world, p->target) != NULL;
}

/* A key that answers, while nothing is being written. */
static bool answers(struct console *c, struct pane *p, const struct talk *talk,
                    const struct input_event *event)
{
    struct transcript_action action;

    if (event->kind != INPUT_KEY || event->mods & (MOD_CTRL | MOD_ALT) ||
        !promptline_empty(&talk->line) || !asks(c, p, event->code) ||
        !console_may(c, world_target(&c->world, p->target)))
        return false;
    for (size_t i = 0; i < c->world.wait_count; i++) {
        const struct world_wait *wait = &c->world.waits[i];
        if (!strcmp(wait->session, p->target) && clock_mono_us() < wait->at_us + READ_US)
            return false;
    }
    if (!transcript_pane_answer_key(p->transcript, event, &action))
        return false;
    console_action(c, p, &action);
    return true;
}

static void scroll_key(struct console *c, struct pane *p, const struct input_event *event)
{
    struct transcript_action action;

    if (transcript_pane_key(p->transcript, event, &action))
        console_action(c, p, &action);
}

static void line_key(struct console *c, struct pane *p, const struct input_event *event)
{
    struct talk *talk = console_talk(c, p->target);

    if (event->kind == INPUT_KEY && (event->code == K_UP || event->code == 'p'))
        console_talk_history(c, talk, p->session->transcript);
    switch (promptline_input(&talk->line, event)) {
    case PROMPT_GOES_ON: break;
    case PROMPT_SENDS:
        console_talk_enter(c, talk);
        transcript_pane_end(p->transcript); /* who speaks wants to see the answer */
        break;
    case PROMPT_INTERRUPTS: console_interrupt(c, p->target); break;
    case PROMPT_LEAVES:
        if (!console_talk_back(c, talk))
            transcript_pane_end(p->transcript);
        break;
    case PROMPT_FULL:
        notices_add(&c->notices, ROLE_ATTENTION,
                    "a prompt has at most %u KiB: the rest is left out", PROMPTLINE_MAX / 1024);
        break;
    case PROMPT_NOT_MINE:
        if (event->kind != INPUT_KEY)
            break;
        if (event->code == K_TAB || event->code == K_BACKTAB)
            console_browse(c, p, false);
        else
            scroll_key(c, p, event);
        break;
    }
}

void console_session_input(struct console *c, struct pane *p, const struct input_event *event)
{
    struct transcript_action action;

    c->draw = true;
    p->seek = SEEK_NONE;
    if (!p->transcript || (event->kind != INPUT_KEY && event->kind != INPUT_PASTE))
        return;
    if (p->browsing && event->kind == INPUT_KEY) {
        if (transcript_pane_key(p->transcript, event, &action))
            console_action(c, p, &action);
        else if (event->code == 'i' || event->code == K_ENTER)
            p->browsing = false;
        else if (event->code == 'c' && event->mods & MOD_CTRL)
            console_interrupt(c, p->target);
        return;
    }
    p->browsing = false; /* what is pasted goes into the line */
    if (!answers(c, p, console_talk(c, p->target), event))
        line_key(c, p, event);
}

void console_session_mouse(struct console *c, struct pane *p, const struct input_event *event)
{
    struct input_event inner = *event;
    struct transcript_action action;

    if (!p->transcript)
        return;
    inner.row -= p->inner.row;
    inner.col -= p->inner.col;
    if (transcript_pane_mouse(p->transcript, &inner, &action))
        console_action(c, p, &action);
    c->draw = true;
}
