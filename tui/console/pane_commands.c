/* The commands about panes: splitting, focus, sizes, layouts. */
#include "tui/console/console_private.h"

#include "core/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBERS_US 3000000

static bool side_of(const char *word, enum layout_side *ret_side)
{
    static const char *const names[] = {"up", "down", "left", "right"};

    for (int i = 0; word && i < 4; i++)
        if (!strcmp(word, names[i])) {
            *ret_side = (enum layout_side)i;
            return true;
        }
    return false;
}

static void wrong(struct console *c, const char *name, const char *args)
{
    notices_add(&c->notices, ROLE_BAD, "use: %s %s", name, args);
}

static void split(struct console *c, int argc, char **argv)
{
    bool beside = argc > 1 && !strcmp(argv[1], "-h");
    const struct pane *from = console_focused(c);
    char here[WORLD_ID_MAX] = "";
    struct pane *p;

    if (from)
        memcpy(here, from->target, sizeof here);
    if (console_observes(c) && !here[0]) {
        console_observing(c);
        return;
    }
    p = console_add(c, PANE_SHELL, beside ? LAYOUT_COLS : LAYOUT_ROWS);

    if (p && console_observes(c))
        console_show(c, p, here); /* the same twice; it may show another one then */
    else if (p)
        console_open_shell(c, p, NULL);
}

static void focus(struct console *c, int argc, char **argv)
{
    const char *where = argc > 1 ? argv[1] : "";
    int n = layout_count(c->layout), index = layout_index(c->layout, c->focus), number;
    enum layout_side side;
    char *end;

    if (side_of(where, &side)) {
        if (c->zoomed) { /* the boxes behind it are not there */
            c->zoomed = false;
            console_arrange(c);
        }
        console_focus(c, layout_neighbour(c->layout, c->focus, side));
        return;
    }
    number = (int)strtol(where, &end, 10);
    if (!strcmp(where, "next") && n > 0)
        console_focus(c, layout_pane(c->layout, (index + 1) % n));
    else if (!strcmp(where, "previous") && n > 0)
        console_focus(c, layout_pane(c->layout, (index + n - 1) % n));
    else if (!strcmp(where, "last"))
        console_focus(c, c->focus_before);
    else if (*where && !*end)
        console_focus(c, layout_pane(c->layout, number));
    else if (n > 0)
        wrong(c, argv[0], "left|right|up|down|next|previous|last|NUMBER");
}

static void resize(struct console *c, int argc, char **argv)
{
    enum layout_side side;
    int n = argc > 2 ? atoi(argv[2]) : 1;

    if (argc < 2 || !side_of(argv[1], &side)) {
        wrong(c, argv[0], "left|right|up|down [CELLS]");
        return;
    }
    if (c->alone)
        return;
    layout_resize(c->layout, c->focus, side, n > 0 && n < 1000 ? n : 1);
    console_layout_touch(c);
    console_arrange(c); /* the next step counts from here */
}

static void zoom(struct console *c, int argc, char **argv)
{
    (void)argc, (void)argv;
    c->zoomed = !c->zoomed && c->pane_count > 1;
    console_layout_touch(c);
}

static void close_asked(struct console *c)
{
    struct pane *p = console_pane(c, c->asked_pane);
    cJSON *params;

    if (!p)
        return;
    const struct world_target *t = world_target(&c->world, p->target);
    bool session = p->kind == PANE_SESSION;
    bool ends = session ? console_may(c, t)
                        : p->kind == PANE_SHELL && !console_observes(c) &&
                              !(p->feed && p->feed->source); /* a process goes on */
    if (p->target[0] && ends) {
        params = cJSON_CreateObject();
        cJSON_AddStringToObject(params, session ? "sessionId" : "shellId", p->target);
        if (session)
            console_add_epoch(c, t, params);
        client_send(c->client, session ? "session.close" : "shell.close", params, CONSOLE_CALL_MS,
                    console_answered, c);
        cJSON_Delete(params);
    }
    console_close_pane(c, p->id);
}

static void close_pane(struct console *c, int argc, char **argv)
{
    struct pane *p = console_focused(c);
    const struct world_shell *s = p ? world_shell(&c->world, p->target) : NULL;
    char name[120];

    if (!p)
        return;
    c->asked_pane = p->id;
    bool session = p->kind == PANE_SESSION;
    bool runs = session ? console_may(c, world_target(&c->world, p->target))
                        : p->kind == PANE_SHELL && p->feed && !p->feed->exited &&
                              !p->feed->source && (!s || s->state == SHELL_RUNNING);
    if (!runs || console_observes(c) || (argc > 1 && !strcmp(argv[1], "--force"))) {
        close_asked(c);
        return;
    }
    pane_name(p, &c->world, name, sizeof name);
    console_ask(c, close_asked,
                session ? "close %.80s? its agent ends, what was said stays (y/n) "
                        : "close %.80s? its program runs (y/n) ",
                name);
}

static void hide(struct console *c, int argc, char **argv)
{
    (void)argc, (void)argv;
    if (c->focus)
        console_close_pane(c, c->focus);
}

static void unsplit(struct console *c, int argc, char **argv)
{
    int keep = c->focus;

    (void)argc, (void)argv;
    for (int i = layout_count(c->layout) - 1; i >= 0; i--)
        if (layout_pane(c->layout, i) != keep)
            console_close_pane(c, layout_pane(c->layout, i));
}

static void swap(struct console *c, int argc, char **argv)
{
    int n = layout_count(c->layout), index = layout_index(c->layout, c->focus);
    bool back = argc > 1 && !strcmp(argv[1], "previous");

    if (n < 2)
        return;
    layout_swap(c->layout, c->focus, layout_pane(c->layout, (index + (back ? n - 1 : 1)) % n));
    console_layout_touch(c);
}

static void layout(struct console *c, int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "next";
    int preset = -1;

    if (!strcmp(name, "next"))
        preset = (int)c->preset;
    for (int i = 0; i < PRESET_COUNT; i++)
        if (!strcmp(name, layout_preset_name((enum layout_preset)i)))
            preset = i;
    if (preset < 0) {
        wrong(c, argv[0], "next|even-horizontal|even-vertical|main-vertical|tiled|stacked");
        return;
    }
    layout_arrange_preset(c->layout, (enum layout_preset)preset);
    c->preset = (enum layout_preset)((preset + 1) % PRESET_COUNT);
    c->zoomed = false;
    if (c->pane_count > 1)
        notices_add(&c->notices, ROLE_DIM, "%s", layout_preset_name((enum layout_preset)preset));
    console_layout_touch(c);
}

static void stack(struct console *c, int argc, char **argv)
{
    (void)argc, (void)argv;
    const bool stacked = layout_toggle_stack(c->layout, c->focus);
    c->zoomed = false;
    if (c->pane_count > 1)
        notices_add(&c->notices, ROLE_DIM, stacked ? "stacked" : "no stack any more");
    console_layout_touch(c);
}

static void numbers(struct console *c, int argc, char **argv)
{
    (void)argc, (void)argv;
    if (c->pane_count == 0)
        return;
    c->mode = MODE_NUMBERS;
    c->numbers_until_us = clock_mono_us() + NUMBERS_US;
}

static void event_log(struct console *c, int argc, char **argv)
{
    struct pane *p = NULL;

    (void)argc, (void)argv;
    for (int i = 0; i < c->pane_count; i++)
        if (c->panes[i]->kind == PANE_LOG)
            p = c->panes[i];
    if (p && p->id == c->focus) {
        console_close_pane(c, p->id);
    } else if (p) {
        console_focus(c, p->id);
    } else {
        p = console_add(c, PANE_LOG, LAYOUT_ROWS);
        if (p)
            console_log_fill(c, p);
    }
}

const struct console_command pane_commands[] = {
    {"split", "[-h|-v]", "a new shell beside this pane (-h) or below (-v)", split, FOR_ALL},
    {"focus", "left|right|up|down|next|previous|last|NUMBER", "go to another pane", focus, FOR_ALL},
    {"resize", "left|right|up|down [CELLS]", "move this pane's border", resize, FOR_ALL},
    {"zoom", "", "this pane alone, and back", zoom, FOR_ALL},
    {"close", "[--force]", "close this pane and its shell or session", close_pane, FOR_ALL},
    {"hide", "", "close this pane; what it shows goes on", hide, FOR_ALL},
    {"unsplit", "", "hide all other panes; what they show goes on", unsplit, FOR_ALL},
    {"swap", "next|previous", "swap this pane with another", swap, FOR_ALL},
    {"layout", "next|even-horizontal|even-vertical|main-vertical|tiled|stacked",
     "arrange the panes", layout, FOR_ALL},
    {"stack", "", "stack the panes of this split, or lay them out again", stack, FOR_ALL},
    {"numbers", "", "show the panes' numbers", numbers, FOR_ALL},
    {"follow", "", "show whichever session of the workspace begins a turn, here; again: stay",
     console_follow_key, FOR_ALL},
    {"log", "", "the event log in a pane", event_log, FOR_ALL},
    {NULL, NULL, NULL, NULL, FOR_ALL},
};
