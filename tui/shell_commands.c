/* The commands about shells: opening, choosing, naming, copying and pasting. */
#include "tui/console_private.h"

#include "core/base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The pane that a shell is shown in: the focused one, else another, else a new one. */
static struct pane *shell_pane(struct console *c)
{
    struct pane *p = console_focused(c);

    if (p && p->kind == PANE_SHELL)
        return p;
    return console_add(c, PANE_SHELL, LAYOUT_ROWS);
}

void console_open(struct console *c, const char *shell)
{
    struct pane *p;

    for (int i = 0; i < c->pane_count; i++)
        if (!strcmp(c->panes[i]->shell, shell)) {
            console_focus(c, c->panes[i]->id);
            return;
        }
    p = shell_pane(c);
    if (p)
        console_show(c, p, shell);
}

static void new_shell(struct console *c, int argc, char **argv)
{
    struct pane *p = shell_pane(c);
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

static int count_here(const struct console *c)
{
    int n = 0;

    while (world_shell_at(&c->world, c->workspace, n))
        n++;
    return n;
}

static void shell(struct console *c, int argc, char **argv)
{
    const char *which = argc > 1 ? argv[1] : "next";
    struct pane *p = console_focused(c);
    int n = count_here(c), index = -1, step = !strcmp(which, "previous") ? n - 1 : 1;
    const struct world_shell *to;

    if (p)
        index = world_shell_index(&c->world, c->workspace, p->shell);
    if (!strcmp(which, "next") || !strcmp(which, "previous")) {
        if (n == 0 || (n == 1 && index == 0)) {
            notices_add(&c->notices, ROLE_DIM, "there is no other shell here");
            return;
        }
        to = world_shell_at(&c->world, c->workspace, index < 0 ? 0 : (index + step) % n);
    } else {
        to = world_shell(&c->world, which);
        if (!to && which[0] >= '0' && which[0] <= '9')
            to = world_shell_at(&c->world, c->workspace, atoi(which));
    }
    if (!to) {
        notices_add(&c->notices, ROLE_DIM, "there is no shell %s", which);
        return;
    }
    if (!p || p->kind != PANE_SHELL)
        console_open(c, to->id);
    else
        console_show(c, p, to->id);
}

static void chosen(struct console *c, const char *target)
{
    console_open(c, target);
}

static void choose(struct console *c, int argc, char **argv)
{
    struct popup *popup = popup_create("shells", true);
    const struct pane *p = console_focused(c);
    char text[600], sign[16];

    (void)argc, (void)argv;
    for (size_t i = 0; i < c->world.workspace_count; i++) {
        const struct world_workspace *w = &c->world.workspaces[i];
        popup_add(popup, ROLE_TITLE, "", w->key, NULL);
        for (size_t j = 0; j < c->world.shell_count; j++) {
            const struct world_shell *s = &c->world.shells[j];
            if (strcmp(s->workspace, w->key) != 0)
                continue;
            snprintf(sign, sizeof sign, "%s",
                     theme_glyph(c->theme, s->state == SHELL_RUNNING
                                               ? world_rang(s) ? GLYPH_WAITING : GLYPH_IDLE
                                           : s->state == SHELL_EXITED ? GLYPH_DONE
                                                                      : GLYPH_FAILED));
            snprintf(text, sizeof text, "  %s %-20.60s %-6s %-.40s%s%.200s", sign,
                     world_shell_label(s), s->id, s->command, s->title[0] ? "  " : "", s->title);
            popup_add(popup, ROLE_TEXT, "", text, s->id);
        }
    }
    if (!popup_chosen(popup))
        popup_add(popup, ROLE_DIM, "", "There is no shell yet.", NULL);
    if (p)
        popup_select(popup, p->shell);
    console_popup(c, popup, chosen);
}

static void rename_to(struct console *c, const char *name)
{
    const struct pane *p = console_focused(c);
    cJSON *params;

    if (!p || !p->shell[0] || !*name)
        return;
    params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "shellId", p->shell);
    json_add_text(params, "name", name, strlen(name));
    client_send(c->client, "shell.rename", params, CONSOLE_CALL_MS, console_answered, c);
    cJSON_Delete(params);
}

static void rename_shell(struct console *c, int argc, char **argv)
{
    const struct pane *p = console_focused(c);
    const struct world_shell *s = p ? world_shell(&c->world, p->shell) : NULL;

    if (!s)
        return;
    if (argc > 1)
        rename_to(c, argv[1]);
    else
        console_prompt(c, "rename shell: ", s->name, NULL, false, rename_to);
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
    {"choose", "", "choose a shell from all workspaces", choose, FOR_ALL},
    {"rename", "[NAME]", "rename this shell", rename_shell, FOR_DRIVERS},
    {"copy", "[up]", "scroll, search and copy", copy, FOR_ALL},
    {"paste", "", "paste what was copied last", paste, FOR_DRIVERS},
    {NULL, NULL, NULL, NULL, FOR_ALL},
};
