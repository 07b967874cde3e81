/* What a key does. One mode is active at a time; in the normal one keys go to the focused pane. */
#include "tui/console/console_private.h"

#include "core/base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPEAT_US 500000
#define EARLY_MAX 65536 /* bytes that are typed ahead of a shell */

void console_prompt(struct console *c, const char *label, const char *text,
                    struct line_history *history, bool completes,
                    void (*done)(struct console *c, const char *text))
{
    c->mode = MODE_PROMPT;
    c->prompt.label = label;
    c->prompt.completes = completes;
    c->prompt.done = done;
    c->prompt.back = NULL;
    line_start(&c->prompt.line, history, text);
    c->draw = true;
}

void console_ask(struct console *c, void (*confirmed)(struct console *c), const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    vsnprintf(c->question, sizeof c->question, format, ap);
    va_end(ap);
    c->mode = MODE_CONFIRM;
    c->confirmed = confirmed;
    c->draw = true;
}

void console_popup(struct console *c, struct popup *popup,
                   void (*chosen)(struct console *c, const char *target))
{
    popup_destroy(c->popup);
    c->popup = popup;
    c->chosen = chosen;
    c->prompt.back = NULL;
    c->mode = MODE_POPUP;
    c->draw = true;
}

void console_type(struct console *c, const struct input_event *event)
{
    struct pane *p = console_focused(c);
    struct screen_modes modes = {0};

    if (p && p->kind == PANE_SESSION)
        console_session_input(c, p, event);
    if (p && p->kind == PANE_INBOX)
        console_inbox_input(c, p, event);
    if (p && p->kind == PANE_APPROVALS)
        console_approvals_input(c, p, event);
    if (!p || p->kind != PANE_SHELL)
        return;
    if (!c->connected) {
        if (!c->told_dropped && event->kind != INPUT_FOCUS)
            notices_add(&c->notices, ROLE_ATTENTION,
                        "no link to the hub: what you type is dropped");
        c->told_dropped = true;
        return;
    }
    if (p->feed && p->feed->screen)
        screen_modes(p->feed->screen, &modes);
    if (p->feed && !p->opening)
        console_send(c, p, event, &modes);
    else if (p->early.len < EARLY_MAX)
        input_encode(event, &modes, &p->early);
}

static bool goes_back(const struct console *c, const struct input_event *event)
{
    return c->prompt.back && event->kind == INPUT_KEY && event->code == K_BACKTAB;
}

static void prompt_key(struct console *c, const struct input_event *event)
{
    char text[LINE_MAX_BYTES];

    if (goes_back(c, event)) {
        c->mode = MODE_NORMAL;
        c->prompt.back(c);
        return;
    }

    if (event->kind == INPUT_KEY && event->code == K_TAB && c->prompt.completes) {
        char *more = NULL;
        console_complete(c, &c->prompt.line, &more);
        if (more)
            notices_add(&c->notices, ROLE_TEXT, "%s", more);
        free(more);
        return;
    }
    switch (line_input(&c->prompt.line, event)) {
    case LINE_LEFT: c->mode = MODE_NORMAL; break;
    case LINE_DONE:
        c->mode = MODE_NORMAL;
        memcpy(text, c->prompt.line.text, c->prompt.line.length + 1);
        if (c->prompt.line.history)
            line_remember(c->prompt.line.history, text);
        c->prompt.done(c, text);
        break;
    default: break;
    }
}

static void confirm_key(struct console *c, const struct input_event *event)
{
    if (event->kind != INPUT_KEY)
        return;
    c->mode = MODE_NORMAL;
    if (event->code == 'y' || event->code == 'Y')
        c->confirmed(c);
}

static void popup_key(struct console *c, const struct input_event *event)
{
    struct popup *popup = c->popup;

    if (goes_back(c, event)) {
        c->popup = NULL;
        c->mode = MODE_NORMAL;
        popup_destroy(popup);
        c->prompt.back(c);
        return;
    }
    enum popup_result result = popup_input(popup, event);

    if (result == POPUP_STAYS)
        return;
    c->popup = NULL;
    c->mode = MODE_NORMAL;
    if (result == POPUP_CHOSEN && c->chosen && popup_chosen(popup))
        c->chosen(c, popup_chosen(popup));
    popup_destroy(popup);
}

/* Behind the prefix. The prefix twice is the prefix itself, for the program inside. */
static void prefix_key(struct console *c, const struct input_event *event)
{
    const char *command;
    char name[40];

    c->mode = MODE_NORMAL;
    command = keymap_find(c->keymap, false, event->code, event->mods);
    if (keymap_is_prefix(c->keymap, event->code, event->mods) && !command) {
        console_type(c, event);
    } else if (command) {
        if (!strncmp(command, "resize ", 7))
            c->repeat_until_us = clock_mono_us() + REPEAT_US;
        console_run(c, command);
    } else if (event->code != K_ESCAPE) {
        key_name(event->code, event->mods, name, sizeof name);
        notices_add(&c->notices, ROLE_DIM, "%s %s does nothing; %s ? shows the keys",
                    keymap_prefix(c->keymap), name, keymap_prefix(c->keymap));
    }
}

static void copy_key(struct console *c, struct pane *p, const struct input_event *event)
{
    switch (copy_input(p->copy, event)) {
    case COPY_LEAVES: console_copy_leave(c, p); break;
    case COPY_TAKES: console_copied(c, p); break;
    default: break;
    }
}

static void log_key(struct console *c, struct pane *p, const struct input_event *event)
{
    int page = p->inner.rows > 1 ? p->inner.rows - 1 : 1;

    switch (event->kind == INPUT_KEY ? event->code : 0) {
    case K_UP:
    case 'k': eventlog_scroll(p->log, -1); break;
    case K_DOWN:
    case 'j': eventlog_scroll(p->log, 1); break;
    case K_PAGE_UP:
    case 'b': eventlog_scroll(p->log, -page); break;
    case K_PAGE_DOWN:
    case ' ': eventlog_scroll(p->log, page); break;
    case K_HOME:
    case 'g': eventlog_scroll(p->log, -EVENTLOG_MAX); break;
    case K_END:
    case 'G':
    case K_ESCAPE: eventlog_end(p->log); break;
    case 'q': console_close_pane(c, p->id); break;
    default: break;
    }
}

/* A key in a pane whose program has ended. */
static void ended_key(struct console *c, struct pane *p, const struct input_event *event)
{
    if (event->kind != INPUT_KEY)
        return;
    if (event->code == K_ENTER || event->code == 'q')
        console_run(c, "close");
    else
        notices_add(&c->notices, ROLE_TEXT, "%s has ended: Enter closes it, %s c opens a new shell",
                    p->target, keymap_prefix(c->keymap));
}

static void normal_key(struct console *c, const struct input_event *event)
{
    struct pane *p = console_focused(c);
    const char *command;

    if (event->kind == INPUT_KEY) {
        if (keymap_is_prefix(c->keymap, event->code, event->mods)) {
            c->mode = MODE_PREFIX;
            return;
        }
        command = keymap_find(c->keymap, true, event->code, event->mods);
        if (!command && clock_mono_us() < c->repeat_until_us) {
            command = keymap_find(c->keymap, false, event->code, event->mods);
            if (command && strncmp(command, "resize ", 7) != 0)
                command = NULL;
            if (command)
                c->repeat_until_us = clock_mono_us() + REPEAT_US;
        }
        if (command) {
            console_run(c, command);
            return;
        }
        c->repeat_until_us = 0;
    }
    if (!p)
        return;
    if (p->copy)
        copy_key(c, p, event);
    else if (p->kind == PANE_LOG)
        log_key(c, p, event);
    else if (p->kind == PANE_INBOX)
        console_inbox_input(c, p, event);
    else if (p->kind == PANE_APPROVALS)
        console_approvals_input(c, p, event);
    else if (p->kind == PANE_SESSION)
        console_session_input(c, p, event);
    else if (p->feed && p->feed->exited && !p->opening)
        ended_key(c, p, event);
    else
        console_type(c, event);
}

static void numbers_key(struct console *c, const struct input_event *event)
{
    c->mode = MODE_NORMAL;
    if (event->kind == INPUT_KEY && event->code >= '0' && event->code <= '9')
        console_focus(c, layout_pane(c->layout, (int)(event->code - '0')));
    else if (event->kind != INPUT_KEY || event->code != K_ESCAPE) /* which only takes them away */
        normal_key(c, event);
}

void console_input(struct console *c, struct input_event *event)
{
    /* A key in a shell changes the picture when its echo comes, not before. */
    if ((c->mode != MODE_NORMAL || event->kind != INPUT_KEY) && event->kind != INPUT_ALIVE)
        c->draw = true;
    if (event->kind == INPUT_ALIVE) {
        console_alive(c);
    } else if (event->kind == INPUT_FOCUS) {
        c->away = !event->gained;
        console_type(c, event);
    } else if (event->kind == INPUT_MOUSE && c->mode != MODE_POPUP) {
        console_mouse(c, event);
    } else {
        switch (c->mode) {
        case MODE_NORMAL: normal_key(c, event); break;
        case MODE_PREFIX: prefix_key(c, event); break;
        case MODE_PROMPT: prompt_key(c, event); break;
        case MODE_CONFIRM: confirm_key(c, event); break;
        case MODE_POPUP: popup_key(c, event); break;
        case MODE_NUMBERS: numbers_key(c, event); break;
        }
    }
    const struct pane *p = console_focused(c);
    if (c->mode != MODE_NORMAL ||
        (p && (p->copy || p->kind == PANE_LOG || !p->feed || p->feed->exited)))
        c->draw = true;
    if (event->kind == INPUT_PASTE) {
        free(event->paste);
        event->paste = NULL;
    }
}
