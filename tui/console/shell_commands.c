/* The commands about shells, and those that sessions share: opening, choosing, naming, copying and
 * pasting. */
#include "tui/console/console_private.h"

#include "core/base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The pane that a shell or session is shown in: the focused one, else a new one. */
static struct pane *target_pane(struct console *c, bool session)
{
    struct pane *p = console_focused(c);

    if (p && pane_shows(p->kind))
        return p;
    return console_add(c, session ? PANE_SESSION : PANE_SHELL, LAYOUT_ROWS);
}

static struct pane *pane_of(const struct console *c, const char *target)
{
    for (int i = 0; i < c->pane_count; i++)
        if (!strcmp(c->panes[i]->target, target))
            return c->panes[i];
    return NULL;
}

void console_open(struct console *c, const char *target)
{
    struct pane *p = pane_of(c, target);

    if (p) {
        console_focus(c, p->id);
        return;
    }
    p = target_pane(c, world_session(&c->world, target) != NULL);
    if (p)
        console_show(c, p, target);
}

void console_open_beside(struct console *c, const char *target)
{
    bool session = world_session(&c->world, target) != NULL;
    struct pane *p = pane_of(c, target);

    if (p) {
        console_focus(c, p->id);
        return;
    }
    p = console_add(c, session ? PANE_SESSION : PANE_SHELL, LAYOUT_ROWS);
    if (p)
        console_show(c, p, target);
}

static void new_shell(struct console *c, int argc, char **argv)
{
    struct pane *p = target_pane(c, false);
    cJSON *command = NULL;
    int first = argc > 1 && !strcmp(argv[1], "--") ? 2 : 1;

    if (!p)
        return;
    if (argc > first) {
        command = cJSON_CreateArray();
        for (int i = first; i < argc; i++)
            cJSON_AddItemToArray(command, cJSON_CreateString(argv[i]));
    }
    console_open_shell(c, p, command);
    cJSON_Delete(command);
}

/* Shown in that pane, whatever other one shows it too. */
static void open_in(struct console *c, struct pane *p, const char *target)
{
    if (!p || !pane_shows(p->kind))
        console_open(c, target);
    else
        console_show(c, p, target);
}

static void shell(struct console *c, int argc, char **argv)
{
    const char *which = argc > 1 ? argv[1] : "next";
    struct pane *p = console_focused(c);
    const struct world_target *to = NULL;

    if (!strcmp(which, "next") || !strcmp(which, "previous")) {
        to = world_leaf(&c->world, c->workspace, p ? p->target : "",
                        !strcmp(which, "previous") ? -1 : 1);
        if (!to) {
            notices_add(&c->notices, ROLE_DIM, "there is no other shell or session here");
            return;
        }
    } else {
        const struct world_shell *one = world_shell(&c->world, which);
        if (!one && which[0] >= '0' && which[0] <= '9')
            one = world_shell_at(&c->world, c->workspace, atoi(which));
        to = one ? &one->target : NULL;
    }
    if (!to) {
        notices_add(&c->notices, ROLE_DIM, "there is no shell %s", which);
        return;
    }
    open_in(c, p, to->id);
}

static void chosen(struct console *c, const char *target)
{
    console_open(c, target);
}

static const char *session_word(const struct world_session *s)
{
    static const char *const words[] = {
        [SESSION_STARTING] = "starting", [SESSION_IDLE] = "",           [SESSION_WORKING] = "works",
        [SESSION_WAITING] = "waits",     [SESSION_CLOSING] = "closing", [SESSION_CLOSED] = "closed",
        [SESSION_FAILED] = "failed",
    };
    return words[s->state];
}

static void add_sessions(struct console *c, struct popup *popup, const char *workspace)
{
    char text[600];

    for (size_t i = 0; i < c->world.session_count; i++) {
        const struct world_session *s = &c->world.sessions[i];
        const struct world_target *t = &s->target;
        if (strcmp(t->workspace, workspace) != 0)
            continue;
        enum theme_glyph glyph = s->waits                     ? GLYPH_WAITING
                                 : world_session_turn(s)      ? GLYPH_WORKING
                                 : s->state == SESSION_FAILED ? GLYPH_FAILED
                                 : s->fresh || !t->live       ? GLYPH_DONE
                                                              : GLYPH_IDLE;
        snprintf(text, sizeof text, "  %s %-20.60s %-6s %-.40s %s%s%.200s",
                 theme_glyph(c->theme, glyph), world_label(t), t->id, t->program, session_word(s),
                 t->title[0] ? "  " : "", t->title);
        popup_add(popup, ROLE_TEXT, "", text, t->id);
    }
}

static void choose(struct console *c, int argc, char **argv)
{
    struct popup *popup = popup_create("sessions and shells", true);
    const struct pane *p = console_focused(c);
    char text[600], sign[16];

    (void)argc, (void)argv;
    for (size_t i = 0; i < c->world.workspace_count; i++) {
        const struct world_workspace *w = &c->world.workspaces[i];
        popup_add(popup, ROLE_TITLE, "", w->key, NULL);
        add_sessions(c, popup, w->key);
        for (size_t j = 0; j < c->world.shell_count; j++) {
            const struct world_shell *s = &c->world.shells[j];
            const struct world_target *t = &s->target;
            if (strcmp(t->workspace, w->key) != 0)
                continue;
            snprintf(sign, sizeof sign, "%s",
                     theme_glyph(c->theme, s->state == SHELL_RUNNING
                                               ? world_rang(s) ? GLYPH_WAITING : GLYPH_IDLE
                                           : s->state == SHELL_EXITED ? GLYPH_DONE
                                                                      : GLYPH_FAILED));
            snprintf(text, sizeof text, "  %s %-20.60s %-6s %-.40s%s%.200s", sign, world_label(t),
                     t->id, t->program, t->title[0] ? "  " : "", t->title);
            popup_add(popup, ROLE_TEXT, "", text, t->id);
        }
    }
    if (!popup_chosen(popup))
        popup_add(popup, ROLE_DIM, "", "There is nothing yet.", NULL);
    if (p)
        popup_select(popup, p->target);
    console_popup(c, popup, chosen);
}

static void rename_to(struct console *c, const char *name)
{
    const struct pane *p = console_focused(c);
    cJSON *params;

    if (!p || !p->target[0] || !*name || !pane_shows(p->kind))
        return;
    params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, p->kind == PANE_SESSION ? "sessionId" : "shellId", p->target);
    json_add_text(params, "name", name, strlen(name));
    client_send(c->client, p->kind == PANE_SESSION ? "session.rename" : "shell.rename", params,
                CONSOLE_CALL_MS, console_answered, c);
    cJSON_Delete(params);
}

static void rename_target(struct console *c, int argc, char **argv)
{
    const struct pane *p = console_focused(c);
    const struct world_target *t = p ? world_target(&c->world, p->target) : NULL;

    if (!t)
        return;
    if (argc > 1)
        rename_to(c, argv[1]);
    else
        console_prompt(c, t->session ? "rename session: " : "rename shell: ", t->name, NULL, false,
                       rename_to);
}

static void copy(struct console *c, int argc, char **argv)
{
    struct pane *p = console_focused(c);

    if (p)
        console_copy_mode(c, p, argc > 1 && !strcmp(argv[1], "up"));
}

static void paste(struct console *c, int argc, char **argv)
{
    struct input_event event = {.kind = INPUT_PASTE};

    (void)argc, (void)argv;
    if (c->paste.len == 0) {
        notices_add(&c->notices, ROLE_DIM, "nothing was copied yet");
        return;
    }
    event.paste = c->paste.data;
    event.paste_n = c->paste.len;
    console_type(c, &event);
}

const struct console_command shell_commands[] = {
    {"new", "[-- COMMAND…]", "open a shell in this pane", new_shell, FOR_DRIVERS},
    {"shell", "next|previous|NUMBER|ID", "show another shell in this pane", shell, FOR_ALL},
    {"choose", "", "choose a shell or session from all workspaces", choose, FOR_ALL},
    {"rename", "[NAME]", "rename this shell or session", rename_target, FOR_DRIVERS},
    {"copy", "[up]", "scroll, search and copy", copy, FOR_ALL},
    {"paste", "", "paste what was copied last", paste, FOR_DRIVERS},
    {NULL, NULL, NULL, NULL, FOR_ALL},
};
