/* The commands about the console itself: help, theme, mouse, leaving. */
#include "tui/console/console_private.h"

#include "core/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void run_line(struct console *c, const char *text)
{
    console_run(c, text);
}

static void command(struct console *c, int argc, char **argv)
{
    (void)argc, (void)argv;
    console_prompt(c, ":", "", &c->commands, true, run_line);
}

static void add_keys(struct console *c, struct popup *popup)
{
    char key[32], name[80];

    for (int i = 0; i < keymap_count(c->keymap); i++) {
        const struct binding *b = keymap_at(c->keymap, i);
        if (!b->command[0] || (b->help && !b->help[0]))
            continue;
        key_name(b->code, b->mods, key, sizeof key);
        snprintf(name, sizeof name, "%s%s%s", b->alone ? "" : keymap_prefix(c->keymap),
                 b->alone ? "" : " ", key);
        if (b->help)
            popup_add(popup, ROLE_TEXT, name, b->help, NULL);
        else
            popup_add(popup, ROLE_DIM, name, b->command, NULL);
    }
    snprintf(name, sizeof name, "%s %s", keymap_prefix(c->keymap), keymap_prefix(c->keymap));
    popup_add(popup, ROLE_TEXT, name, "the prefix itself, for the program inside", NULL);
}

static void add_commands(struct popup *popup, const struct console_command *table)
{
    char name[120];

    for (; table->name; table++) {
        snprintf(name, sizeof name, ":%s", table->name);
        popup_add(popup, ROLE_TEXT, name, table->help, NULL);
    }
}

static void help(struct console *c, int argc, char **argv)
{
    struct popup *popup = popup_create("keys", false);

    (void)argc, (void)argv;
    add_keys(c, popup);
    popup_add(popup, ROLE_TEXT, "", "", NULL);
    popup_add(popup, ROLE_TITLE, "", "copy mode", NULL);
    static const char *const copying[][2] = {
        {"arrows hjkl", "move; w b e words, 0 ^ $ line, g G all, { } paragraphs"},
        {"C-u C-d C-b C-f", "half a page, a page"},
        {"/ ? n N", "search on, back, next, the other way"},
        {"v V C-v Space", "select signs, lines, a block; o other end"},
        {"y Enter M-w", "copy and leave"},
        {"q Escape", "leave"},
    };
    for (size_t i = 0; i < sizeof copying / sizeof copying[0]; i++)
        popup_add(popup, ROLE_TEXT, copying[i][0], copying[i][1], NULL);
    popup_add(popup, ROLE_TEXT, "", "", NULL);
    popup_add(popup, ROLE_TITLE, "", "a session with an agent", NULL);
    static const char *const talking[][2] = {
        {"Enter", "send; queued while a turn runs; without the baton: suggest"},
        {"M-Enter C-j", "a new line; what is pasted is never sent by itself"},
        {"Up Down", "through the lines, then the prompts there have been"},
        {"C-c", "clear the line; stop the turn; again: close the session"},
        {"a A r l", "a request: allow once, always, reject, later"},
        {"s e x", "a suggestion: send, edit, drop it"},
        {"PageUp PageDown", "scroll the transcript"},
        {"Tab", "to the transcript: j k move, Enter opens, / finds, y copies"},
        {"Escape", "take back what is queued; to the newest; to the prompt line"},
    };
    for (size_t i = 0; i < sizeof talking / sizeof talking[0]; i++)
        popup_add(popup, ROLE_TEXT, talking[i][0], talking[i][1], NULL);
    popup_add(popup, ROLE_TEXT, "", "", NULL);
    popup_add(popup, ROLE_TITLE, "", "an inbox", NULL);
    static const char *const mail[][2] = {
        {"j k Enter Tab", "through the list; into the message (it is read then); back"},
        {"J K Space b", "the next, the previous message; a page down, up"},
        {"r R f c", "reply, to all, forward, compose"},
        {"Enter M-Enter", "send what is written; a new line in it"},
        {"u U", "unread again; the unread ones alone"},
        {"n p", "the next, the previous unread one"},
        {"/ g", "search sender, #channel, subject and text; another's inbox"},
        {"s C", "save a file that came with it; channels: subscribe, leave"},
        {"L X", "who was paused for answering for ever goes on; or not"},
        {"Escape q", "back; away with the pane"},
        {"a r R", "in the approvals: allow once, reject, reject with a reason"},
    };
    for (size_t i = 0; i < sizeof mail / sizeof mail[0]; i++)
        popup_add(popup, ROLE_TEXT, mail[i][0], mail[i][1], NULL);
    popup_add(popup, ROLE_TEXT, "", "", NULL);
    popup_add(popup, ROLE_TITLE, "", "commands", NULL);
    add_commands(popup, pane_commands);
    add_commands(popup, shell_commands);
    add_commands(popup, session_commands);
    add_commands(popup, inbox_commands);
    add_commands(popup, baton_commands);
    add_commands(popup, approval_commands);
    add_commands(popup, console_commands);
    popup_add(popup, ROLE_TEXT, ":GROUP NAME", "any command of baton: shell list, hub status",
              NULL);
    console_popup(c, popup, NULL);
}

static void detach(struct console *c, int argc, char **argv)
{
    (void)argc, (void)argv;
    console_leave(c, 0, "detached from %s", c->workspace);
}

static char *next_theme(const struct console *c)
{
    char **names = theme_names(), *next = NULL;

    for (char **name = names; name && *name; name++)
        if (!strcmp(*name, c->theme_name))
            next = mem_strdup(name[1] ? name[1] : names[0]);
    if (!next && names && names[0])
        next = mem_strdup(names[0]);
    for (char **name = names; name && *name; name++)
        free(*name);
    free(names);
    return next;
}

static void theme(struct console *c, int argc, char **argv)
{
    char *name = argc < 2 || !strcmp(argv[1], "next") ? next_theme(c) : mem_strdup(argv[1]);
    char *why = NULL;
    struct theme *fresh = NULL;

    if (name && theme_load(name, &fresh, &why) == ERR_OK) {
        theme_destroy(c->theme);
        c->theme = fresh;
        if (c->term)
            theme_fit(fresh, term_colours(c->term), term_utf8(c->term));
        free(c->theme_name);
        c->theme_name = name;
        notices_add(&c->notices, ROLE_DIM, "theme %s", name);
        name = NULL;
    } else {
        notices_add(&c->notices, ROLE_BAD, "%s", why ? why : "there is no theme");
    }
    free(why);
    free(name);
}

static void mouse(struct console *c, int argc, char **argv)
{
    c->mouse_on = argc > 1 ? !strcmp(argv[1], "on") : !c->mouse_on;
    if (c->term)
        term_mouse(c->term, c->mouse_on);
    notices_add(&c->notices, ROLE_DIM, "mouse %s", c->mouse_on ? "on" : "off");
}

static void side(struct console *c, int argc, char **argv)
{
    (void)argc, (void)argv;
    if (canvas_cols(c->canvas) >= SIDE_FOLD_COLS) {
        c->side_off = !c->side_off;
        c->side_over = false;
        console_layout_touch(c);
    } else {
        c->side_over = !c->side_over;
    }
}

static void clock_command(struct console *c, int argc, char **argv)
{
    c->clock_on = argc > 1 ? !strcmp(argv[1], "on") : !c->clock_on;
}

static void notice_list(struct console *c, int argc, char **argv)
{
    struct popup *popup = popup_create("notices", false);
    char at[16];

    (void)argc, (void)argv;
    for (int i = c->notices.count - 1; i >= 0; i--) {
        const struct notice *n = &c->notices.list[i];
        time_t seconds = (time_t)(n->wall_us / 1000000);
        struct tm tm;
        at[0] = '\0';
        if (localtime_r(&seconds, &tm))
            strftime(at, sizeof at, "%H:%M:%S", &tm);
        popup_add(popup, n->role, at, n->text, NULL);
    }
    if (c->notices.count == 0)
        popup_add(popup, ROLE_DIM, "", "There has been none.", NULL);
    console_popup(c, popup, NULL);
}

static void redraw(struct console *c, int argc, char **argv)
{
    (void)argc, (void)argv;
    if (c->term)
        term_redraw(c->term);
    c->lists_wanted = true;
}

static void suspend(struct console *c, int argc, char **argv)
{
    (void)argc, (void)argv;
    if (c->term)
        term_suspend(c->term);
}

const struct console_command console_commands[] = {
    {"help", "", "all keys and commands", help, FOR_ALL},
    {"command", "", "the command line", command, FOR_ALL},
    {"detach", "", "leave; everything goes on", detach, FOR_ALL},
    {"theme", "next|NAME", "switch the theme", theme, FOR_ALL},
    {"mouse", "on|off", "the mouse", mouse, FOR_ALL},
    {"side", "", "the list at the left", side, FOR_ALL},
    {"clock", "on|off", "the clock in the status line", clock_command, FOR_ALL},
    {"notices", "", "the notices there have been", notice_list, FOR_ALL},
    {"redraw", "", "draw everything again", redraw, FOR_ALL},
    {"suspend", "", "stop the console, as a shell's job", suspend, FOR_ALL},
    {NULL, NULL, NULL, NULL, FOR_ALL},
};
