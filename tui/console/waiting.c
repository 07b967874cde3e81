/* What waits for this member: permissions and questions of agents that they drive (or nobody),
 * members who ask for a baton of theirs, and suggestions. Told once by bell, notification and
 * title, and never while it is looked at. One thread. */
#include "tui/console/console_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool console_looks_at(const struct console *c, const char *target)
{
    const struct pane *p = console_focused(c);

    return !c->away && p && !strcmp(p->target, target);
}

void console_attention(struct console *c, const char *target, const char *text)
{
    if (!c->term || console_looks_at(c, target))
        return;
    term_bell(c->term);
    if (text)
        term_notify(c->term, text);
}

/* Whether a request or suggestion is this member's to answer. */
static bool mine(const struct console *c, const struct world_wait *wait)
{
    const struct world_target *t = world_target(&c->world, wait->session);

    if (!t || !console_may(c, t))
        return false;
    /* A suggestion is for who drives; nobody has to answer one that lies there. */
    return wait->kind != WAIT_SUGGESTION || !strcmp(t->holder, c->member);
}

static bool asked(const struct console *c, const struct world_target *t)
{
    return t->live && t->ask_count > 0 && !strcmp(t->holder, c->member);
}

/* The targets that something waits in, each once for each thing, the most urgent first. visit gives
 * false to stop. */
struct walk {
    bool (*visit)(struct walk *walk, const char *target);
    int count;
    const char *after, *first, *next; /* of `a`: behind which; found */
    bool passed;
};

static void walk_waits(const struct console *c, struct walk *walk)
{
    const struct world *w = &c->world;

    for (size_t i = 0; i < w->wait_count; i++)
        if (w->waits[i].kind != WAIT_SUGGESTION && mine(c, &w->waits[i]) &&
            !walk->visit(walk, w->waits[i].session))
            return;
    for (size_t i = 0; i < w->session_count; i++)
        if (asked(c, &w->sessions[i].target) && !walk->visit(walk, w->sessions[i].target.id))
            return;
    for (size_t i = 0; i < w->shell_count; i++)
        if (asked(c, &w->shells[i].target) && !walk->visit(walk, w->shells[i].target.id))
            return;
    for (size_t i = 0; i < w->wait_count; i++)
        if (w->waits[i].kind == WAIT_SUGGESTION && mine(c, &w->waits[i]) &&
            !walk->visit(walk, w->waits[i].session))
            return;
}

static bool count(struct walk *walk, const char *target)
{
    (void)target;
    walk->count++;
    return true;
}

int console_waits(const struct console *c)
{
    struct walk walk = {.visit = count};

    walk_waits(c, &walk);
    return walk.count + (int)c->post.paused_count + (int)c->approvals.count;
}

/* --- going there --- */

static bool find_next(struct walk *walk, const char *target)
{
    if (!walk->first)
        walk->first = target;
    if (!strcmp(target, walk->after))
        walk->passed = true;
    else if (walk->passed && !walk->next)
        walk->next = target;
    return true;
}

void console_next_waiting(struct console *c, int argc, char **argv)
{
    const struct pane *focus = console_focused(c);
    struct walk walk = {.visit = find_next, .after = focus ? focus->target : ""};
    char id[WORLD_ID_MAX];
    struct pane *p;

    (void)argc, (void)argv;
    if (console_approvals_waiting(c))
        return;
    walk_waits(c, &walk);
    /* Behind the last of them, or when there is none: messages. */
    if ((!walk.first || (walk.passed && !walk.next)) && console_inbox_waiting(c))
        return;
    if (!walk.first) {
        /* A bell is the least that can wait. */
        for (size_t i = 0; i < c->world.shell_count && !walk.first; i++)
            if (world_rang(&c->world.shells[i]))
                walk.first = c->world.shells[i].target.id;
        if (!walk.first) {
            notices_add(&c->notices, ROLE_DIM, "nothing waits for you");
            return;
        }
    }
    snprintf(id, sizeof id, "%s", walk.next ? walk.next : walk.first);
    console_open(c, id);
    p = console_focused(c);
    for (size_t i = 0; i < c->world.wait_count; i++)
        if (!strcmp(c->world.waits[i].session, id))
            c->world.waits[i].later = false;
    if (p && p->transcript && !strcmp(p->target, id))
        transcript_pane_waiting(p->transcript);
}

/* --- telling --- */

static void tell_one(struct console *c, struct world_wait *wait)
{
    const struct world_target *t = world_target(&c->world, wait->session);
    char text[400];

    if (wait->told || !t || !mine(c, wait))
        return;
    wait->told = true;
    if (console_looks_at(c, wait->session))
        return;
    snprintf(text, sizeof text, "%s %.60s %s%.200s", theme_glyph(c->theme, GLYPH_WAITING),
             wait->kind == WAIT_SUGGESTION ? wait->by : world_label(t),
             wait->kind == WAIT_SUGGESTION ? "suggests a prompt for " : "waits for you: ",
             wait->kind == WAIT_SUGGESTION ? world_label(t) : wait->text);
    notices_add(&c->notices, ROLE_ATTENTION, "%s", text);
    console_attention(c, wait->session, text);
}

void console_tell_waits(struct console *c)
{
    char title[sizeof c->title];
    int n;

    if (!c->waits_changed)
        return;
    c->waits_changed = false;
    for (size_t i = 0; i < c->world.wait_count; i++)
        tell_one(c, &c->world.waits[i]);
    n = console_waits(c);
    if (n > 0)
        snprintf(title, sizeof title, "%s %d %s %.80s", theme_glyph(c->theme, GLYPH_WAITING), n,
                 theme_glyph(c->theme, GLYPH_DOT), c->workspace);
    else
        snprintf(title, sizeof title, "baton %s %.80s", theme_glyph(c->theme, GLYPH_DOT),
                 c->workspace);
    if (c->term && strcmp(title, c->title) != 0) {
        memcpy(c->title, title, sizeof title);
        term_title(c->term, title);
    }
}

/* --- what is driven --- */

void console_drives_text(const struct console *c, char *out, size_t size)
{
    const struct pane *p = console_focused(c);
    const struct world_target *first = NULL;
    size_t all = c->world.shell_count + c->world.session_count;
    int n = 0;
    char more[16] = "";

    out[0] = '\0';
    for (size_t i = 0; i < all; i++) {
        const struct world_target *t = i < c->world.session_count
                                           ? &c->world.sessions[i].target
                                           : &c->world.shells[i - c->world.session_count].target;
        if (!t->live || !t->holder[0] || strcmp(t->holder, c->member) != 0)
            continue;
        n++;
        if (!first || (p && !strcmp(p->target, t->id)))
            first = t;
    }
    if (!first)
        return;
    if (n > 1)
        snprintf(more, sizeof more, " +%d", n - 1);
    snprintf(out, size, "%s you drive %.40s%s", theme_glyph(c->theme, GLYPH_DRIVES),
             world_label(first), more);
}
