/* Who drives, as this console acts on it: what it may send, what it says when it may not, what it
 * tells of changes, and when it has to go. What always holds: nothing is sent to a shell that
 * somebody else drives, and nothing at all by an observer; the terminal is asked for a sign of life
 * only when somebody waits for a baton that this member holds. One thread. */
#include "tui/console/console_private.h"

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/people/role.h"
#include "tui/world/baton_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HINT_US  1000000 /* one hint a shell and second */
#define ALIVE_US 5000000 /* an answer that has not come until then is not waited for */

void console_greeting_read(struct console *c)
{
    const cJSON *hello = client_hello(c->client);

    c->role = ROLE_OWNER; /* a hub without roles */
    role_from_name(json_string(hello, "role", ""), &c->role);
    snprintf(c->invite, sizeof c->invite, "%s", json_string(hello, "inviteId", ""));
    c->client_id = json_int(hello, "clientId", 0);
    c->batons_wanted = true;
}

bool console_observes(const struct console *c)
{
    return c->role == ROLE_OBSERVER;
}

void console_observing(struct console *c)
{
    notices_add(&c->notices, ROLE_ATTENTION, "observing: you may look, not type");
    c->draw = true;
}

void console_batons(struct console *c)
{
    for (size_t i = 0; i < c->feed_count; i++) {
        struct feed *f = c->feeds[i];
        const struct world_target *s = world_target(&c->world, f->id);
        f->observer = console_observes(c);
        if (s && s->baton)
            feed_baton(f, c->member, s->holder, s->epoch);
    }
    c->waits_changed = true;
    console_talks_settle(c);
}

/* --- sending --- */

/* The key for a command, or how to type it. */
void console_key_for(const struct console *c, const char *command, char *out, size_t size)
{
    keymap_name(c->keymap, command, out, size);
    if (!out[0])
        snprintf(out, size, ":%s", command);
}

static void hint(struct console *c, const char *shell)
{
    int64_t now = clock_mono_us();
    char key[40];

    if (!strcmp(c->hinted, shell) && now < c->hinted_us + HINT_US)
        return;
    snprintf(c->hinted, sizeof c->hinted, "%s", shell);
    c->hinted_us = now;
    c->draw = true;
    const struct world_shell *s = world_shell(&c->world, shell);
    if (s && s->process) {
        notices_add(&c->notices, ROLE_ATTENTION, "a process is watched; to write: process write %s",
                    shell);
        return;
    }
    if (console_observes(c)) {
        console_observing(c);
        return;
    }
    console_key_for(c, "baton", key, sizeof key);
    notices_add(&c->notices, ROLE_ATTENTION, "observing: %s asks for the baton", key);
}

void console_send(struct console *c, struct pane *p, const struct input_event *event,
                  const struct screen_modes *modes)
{
    struct feed *f = p->feed;
    bool meant = event->kind == INPUT_KEY || event->kind == INPUT_PASTE ||
                 (event->kind == INPUT_MOUSE && event->mouse == MOUSE_PRESS);
    struct buf bytes = {0};

    if (!feed_open_to_me(f)) {
        if (meant && !f->exited)
            hint(c, f->id);
        return;
    }
    /* Looking at it must not take a free baton, and with several consoles of one member the program
     * could not know which of them has the focus. */
    if (event->kind == INPUT_FOCUS && f->me &&
        (!f->holds || world_elsewhere(&c->world, c->member, c->client_id)))
        return;
    input_encode(event, modes, &bytes);
    feed_type(f, bytes.data, bytes.len, event->kind != INPUT_FOCUS);
    buf_finish(&bytes);
}

void console_refused(struct console *c, const struct feed *feed, bool lost)
{
    const char *holder = feed->told_holder;
    char key[40];

    if (world_baton(&c->world, feed->id, holder, false, feed->told_epoch))
        c->lists_wanted = true;
    console_batons(c);
    c->draw = true;
    if (!lost)
        return;
    console_key_for(c, "baton", key, sizeof key);
    if (holder[0] && strcmp(holder, c->member) != 0)
        notices_add(&c->notices, ROLE_ATTENTION,
                    "%s drives %s now, what you typed was dropped; %s asks for it", holder,
                    feed->id, key);
    else
        notices_add(&c->notices, ROLE_ATTENTION, "%s: the baton moved, what you typed was dropped",
                    feed->id);
}

/* --- who asks --- */

const struct world_target *console_asked(const struct console *c)
{
    const struct pane *p = console_focused(c);
    const struct world_target *s = p ? world_target(&c->world, p->target) : NULL;

    if (s && s->ask_count > 0 && !strcmp(s->holder, c->member))
        return s;
    return world_asked_for(&c->world, c->member);
}

bool console_asked_text(const struct console *c, char *out, size_t size)
{
    const struct world_target *s = console_asked(c);
    char yes[40], no[40];

    if (!s)
        return false;
    console_key_for(c, "answer yes", yes, sizeof yes);
    keymap_name(c->keymap, "answer no shell next", no, sizeof no);
    if (!no[0])
        console_key_for(c, "answer no", no, sizeof no);
    snprintf(out, size, "%s %s asks for %s: %s passes it, %s not now",
             theme_glyph(c->theme, GLYPH_WAITING), s->asks[0], s->id, yes, no);
    return true;
}

/* --- a sign of life --- */

/* Whoever waits should not wait for a machine that sleeps: our terminal answers for its person. */
static void challenge(struct console *c)
{
    int64_t now = clock_mono_us();

    if (!c->term || (c->alive_us && now < c->alive_us + ALIVE_US))
        return;
    c->alive_us = now;
    term_ask_alive(c->term);
}

static void alive_told(void *data, const cJSON *result, const struct client_fault *fault)
{
    (void)data, (void)result, (void)fault; /* a hub that does not ask does not mind */
}

void console_alive(struct console *c)
{
    if (!c->alive_us)
        return;
    c->alive_us = 0;
    if (c->connected)
        client_send(c->client, "member.alive", NULL, CONSOLE_CALL_MS, alive_told, c);
}

/* --- what happened --- */

static bool shown(const struct console *c, const char *target)
{
    for (int i = 0; i < c->pane_count; i++)
        if (!strcmp(c->panes[i]->target, target))
            return true;
    return false;
}

static bool about(const cJSON *data, const char *key, const char *member)
{
    return !strcmp(json_string(data, key, ""), member);
}

/* Worth a notice: what others did to us, and what happens in the panes that we look at. */
static bool worth(const struct console *c, const char *kind, const cJSON *data, bool *ret_loud)
{
    const char *me = c->member;
    bool seen = shown(c, world_about(data));

    *ret_loud = false;
    if (!strcmp(kind, "batonChanged")) {
        if (json_bool(data, "discarded", false) && (seen || about(data, "from", me)))
            return true;
        if (about(data, "by", me))
            return false;
        *ret_loud = about(data, "to", me) || about(data, "from", me);
        /* Taken while it was free: the border tells. */
        return *ret_loud || (seen && !about(data, "reason", "requested"));
    }
    if (!strcmp(kind, "batonDenied"))
        return *ret_loud = about(data, "member", me) && !about(data, "by", me);
    if (!strcmp(kind, "batonRequested")) /* one for us is told in other words */
        return seen && !about(data, "by", me) && !about(data, "holder", me);
    if (!strcmp(kind, "batonWithdrawn"))
        return seen && !about(data, "member", me);
    if (!strcmp(kind, "batonLost"))
        return *ret_loud = seen && !about(data, "holder", me);
    return !strcmp(kind, "batonBack") && seen && !about(data, "holder", me);
}

static void leave_when_told(struct console *c, const char *kind, const cJSON *data)
{
    const char *by = json_string(data, "by", ""), *why = json_string(data, "reason", "");

    const char *colon = why[0] ? ": " : "";

    if (!strcmp(kind, "memberKicked") && about(data, "member", c->member))
        console_leave(c, 1, "kicked by %s%s%s", by, colon, why);
    else if (strcmp(kind, "inviteRevoked") != 0 || !c->invite[0] ||
             !about(data, "inviteId", c->invite))
        return;
    else if (by[0])
        console_leave(c, 1, "the invitation was revoked by %s%s%s", by, colon, why);
    else
        console_leave(c, 1, "the invitation is over%s%s", colon, why);
}

/* Our member has it now: the console that asked gives its size, or the only one that looks. */
static void got_it(struct console *c, const char *shell)
{
    bool wanted = !strcmp(c->wanted, shell);

    if (wanted)
        c->wanted[0] = '\0';
    if (!wanted && world_beside(&c->world, shell, c->member, c->client_id))
        return;
    for (size_t i = 0; i < c->feed_count; i++)
        if (!strcmp(c->feeds[i]->id, shell))
            feed_adopt(c->feeds[i]);
}

void console_baton_event(struct console *c, const char *kind, const cJSON *event)
{
    const cJSON *data = json_get(event, "data");
    const char *about_id = world_about(data);
    char text[500];
    bool loud;

    leave_when_told(c, kind, data);
    if (!strcmp(kind, "memberKicked") || !strcmp(kind, "inviteRevoked"))
        c->batons_wanted = true; /* whoever is out waits no more, and no other event says so */
    if (world_baton_event(&c->world, kind, data))
        console_batons(c);
    if (!strcmp(json_string(event, "workspace", ""), c->workspace) && worth(c, kind, data, &loud) &&
        baton_words(event, c->member, text, sizeof text))
        notices_add(&c->notices, loud ? ROLE_ATTENTION : ROLE_DIM, "%s", text);
    if (!strcmp(kind, "batonChanged") && about(data, "to", c->member))
        got_it(c, about_id);
    const struct world_target *s = world_target(&c->world, about_id);
    if (!strcmp(kind, "batonRequested") && s && !strcmp(s->holder, c->member)) {
        if (console_asked_text(c, text, sizeof text))
            notices_add(&c->notices, ROLE_ATTENTION, "%s", text);
        console_attention(c, about_id, text);
        challenge(c);
    }
}
