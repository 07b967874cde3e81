/* Panes that follow: each shows whichever session of the workspace began a turn last. What always
 * holds: a session is shown once; a pane in which somebody writes, scrolls or searches, or types
 * into a shell, stays where it is; of several the one whose session is at rest goes. */
#include "tui/console/console_private.h"

#include <stdio.h>
#include <string.h>

static bool works(const struct console *c, const char *target)
{
    const struct world_session *s = world_session(&c->world, target);

    return s && world_session_turn(s);
}

/* Is it in use, so that another picture in its place would be in the way? */
static bool in_use(const struct console *c, const struct pane *p)
{
    const struct world_target *t = world_target(&c->world, p->target);

    if (p->copy || p->browsing || p->seek != SEEK_NONE || p->opening)
        return true;
    if (p->kind == PANE_SHELL) /* a key that is on its way would go to an agent */
        return t && p->feed && !p->feed->exited && !strcmp(t->holder, c->member);
    for (size_t i = 0; i < c->talk_count; i++)
        if (!strcmp(c->talks[i]->session, p->target))
            return !promptline_empty(&c->talks[i]->line);
    return false;
}

/* The pane that is to go to a session; NULL: none can, or one is there already. */
static struct pane *who_goes(const struct console *c, const char *session)
{
    struct pane *best = NULL;

    for (int i = 0; i < c->pane_count; i++) {
        struct pane *p = c->panes[i];
        if (!strcmp(p->target, session))
            return NULL;
        if (p->follows && pane_shows(p->kind) && !in_use(c, p) &&
            (!best || (works(c, best->target) && !works(c, p->target))))
            best = p;
    }
    return best;
}

void console_follow(struct console *c)
{
    for (size_t i = 0; i < c->world.session_count; i++) {
        struct world_session *s = &c->world.sessions[i];
        bool here = s->began && !strcmp(s->target.workspace, c->workspace);
        struct pane *p = here ? who_goes(c, s->target.id) : NULL;
        s->began = false;
        if (p)
            console_show(c, p, s->target.id);
    }
}

/* Those that are at work began; what they did before is past. */
void console_follow_from_now(struct console *c)
{
    for (size_t i = 0; i < c->world.session_count; i++)
        c->world.sessions[i].began = world_session_turn(&c->world.sessions[i]);
}

void console_follow_key(struct console *c, int argc, char **argv)
{
    struct pane *p = console_focused(c);

    (void)argc, (void)argv;
    if (!p || !pane_shows(p->kind)) {
        notices_add(&c->notices, ROLE_TEXT, "a pane with a shell or session can follow");
        return;
    }
    p->follows = !p->follows;
    console_layout_touch(c);
    notices_add(&c->notices, ROLE_TEXT, "%s",
                p->follows ? "this pane shows whichever session here begins a turn"
                           : "this pane stays where it is");
    if (p->follows && !works(c, p->target)) {
        console_follow_from_now(c);
        console_follow(c);
    }
}
