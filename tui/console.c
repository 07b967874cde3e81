/* The console: opening it, its loop, and leaving it. The loop sleeps until the terminal, the hub, a
 * signal or a deadline has something; the first change after a pause is drawn at once, then at most
 * 60 frames a second. Without a change nothing is written and, but for the clock's minute, nobody
 * wakes. */
#include "tui/console_private.h"
#include "transport/nng/follow.h"

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "transport/nng/start.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define FRAME_US      16666
#define CALM_US       3000 /* between two frames, at most, when nothing floods */
#define FRAMES_AHEAD  4 /* that many frames may come at once after a pause: echoes do not wait */
#define SYNC_MOST_US  150000  /* a program may hold its frame back that long (mode 2026) */
#define FIRST_US      50000   /* the first frame waits that long for the first picture */
#define LEAVE_US      200000  /* for the layout to reach the hub */
#define START_LOST_US 400000  /* a hub that has been gone for so long is started anew … */
#define START_EACH_US 3000000 /* … and again */
#define EVENTS_MOST   64

void console_leave(struct console *c, int status, const char *format, ...)
{
    va_list ap;

    if (c->leaving)
        return;
    c->leaving = true;
    c->status = status;
    va_start(ap, format);
    vsnprintf(c->why, sizeof c->why, format, ap);
    va_end(ap);
}

void console_lists(struct console *c)
{
    c->lists_wanted = true;
}

/* --- the loop --- */

static void resize(struct console *c)
{
    int rows, cols;

    term_size(c->term, &rows, &cols);
    rows = rows < 1 ? 1 : rows > SCREEN_MAX_ROWS ? SCREEN_MAX_ROWS : rows;
    cols = cols < 1 ? 1 : cols > SCREEN_MAX_COLS ? SCREEN_MAX_COLS : cols;
    if (rows == canvas_rows(c->canvas) && cols == canvas_cols(c->canvas))
        return;
    canvas_resize(c->canvas, rows, cols);
    if (cols >= SIDE_FOLD_COLS)
        c->side_over = false;
    c->drag.node = NULL;
    c->draw = true;
}

/* Reads what was typed; gives how long a lone Escape waits, -1 not at all. */
static int read_terminal(struct console *c)
{
    struct input_event events[EVENTS_MOST];
    int wait_ms = -1, n;

    while ((n = term_read(c->term, events, EVENTS_MOST, &wait_ms)) > 0)
        for (int i = 0; i < n; i++) {
            if (events[i].kind == INPUT_RESIZE)
                resize(c);
            else
                console_input(c, &events[i]);
        }
    if (n < 0)
        console_leave(c, 1, "the terminal is gone");
    return wait_ms;
}

static bool holds_back(const struct console *c)
{
    struct screen_modes modes;

    for (int i = 0; i < c->pane_count; i++) {
        const struct pane *p = c->panes[i];
        if (!p->shown || p->copy || !p->feed || !p->feed->screen)
            continue;
        screen_modes(p->feed->screen, &modes);
        if (modes.synchronized)
            return true;
    }
    return false;
}

static bool floods(const struct console *c)
{
    for (size_t i = 0; i < c->feed_count; i++)
        if (c->feeds[i]->follow && follow_floods(c->feeds[i]->follow))
            return true;
    return false;
}

/* How long until the next frame, by what this one cost: an echo is a cheap one and another may follow at
 * once; in a flood sixty a second are enough, and fewer where many consoles share the processors. */
static int64_t frame_share(int64_t cost_us, bool behind)
{
    int64_t share = cost_us * (behind ? 12 : 4) + 500;

    if (behind)
        return share < FRAME_US ? FRAME_US : share > 6 * FRAME_US ? 6 * FRAME_US : share;
    return share > FRAME_US ? FRAME_US : share;
}

/* Draws when something changed and it is time; gives when to look again, or -1. */
static int64_t frame(struct console *c)
{
    int64_t now = clock_mono_us();
    bool behind = false;

    if (!c->draw && !c->draw_shells)
        return -1;
    /* When a flood has ended its last frame does not wait for the share of the one before. */
    if (c->pace_us > c->drawn_us + CALM_US && !floods(c))
        c->pace_us = c->drawn_us + CALM_US;
    /* Each frame moves the pace by its share; the pace is never far behind the time. */
    int64_t earliest =
        c->pace_us > now - FRAMES_AHEAD * FRAME_US ? c->pace_us : now - FRAMES_AHEAD * FRAME_US;
    if (earliest > now)
        return earliest;
    if (holds_back(c) && now < c->drawn_us + SYNC_MOST_US)
        return c->drawn_us + SYNC_MOST_US;
    if (term_busy(c->term))
        return -1; /* a slow terminal: the newest picture when it can take it */
    bool all = c->draw;
    c->draw = c->draw_shells = false;
    for (size_t i = 0; i < c->feed_count; i++)
        if (feed_frame(c->feeds[i]))
            behind = true;
    if (all || c->draw || !console_draw_shells(c)) {
        console_arrange(c);
        console_draw(c);
    }
    term_show(c->term, c->canvas);
    c->drawn_us = now;
    c->pace_us = earliest + frame_share(clock_mono_us() - now, behind);
    if (behind)
        c->draw_shells = true; /* a flood: the next frame has the next snapshot */
    return behind ? c->pace_us : -1;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < 0 ? b : b < 0 ? a : a < b ? a : b;
}

/* The next thing that time alone brings about. */
static int64_t deadline(struct console *c, int64_t frame_us)
{
    int64_t at = frame_us, now = clock_mono_us();

    at = sooner(at, notices_until(&c->notices));
    if (c->mode == MODE_NUMBERS)
        at = sooner(at, c->numbers_until_us);
    if (c->layout_changed && c->connected)
        at = sooner(at, c->layout_at_us);
    if (!c->connected)
        at = sooner(at, now + START_LOST_US / 2);
    if (c->clock_on)
        at = sooner(at, now + 60000000 - clock_wall_us() % 60000000);
    return at;
}

/* A hub that died (it did not say that it stops) is started anew: its shells are waiting for it. */
static void revive(struct console *c)
{
    int64_t now = clock_mono_us();
    sigset_t none, blocked;
    pid_t pid = 0;

    if (c->hub_pid > 0 && waitpid(c->hub_pid, NULL, WNOHANG) == c->hub_pid)
        c->hub_pid = 0;
    if (c->connected || c->stopping || now < c->lost_us + START_LOST_US ||
        now < c->start_us + START_EACH_US || c->hub_pid > 0)
        return;
    c->start_us = now;
    sigemptyset(&none); /* what this console blocks is not the hub's */
    sigprocmask(SIG_SETMASK, &none, &blocked);
    if (start_hub(c->hub, &pid) == ERR_OK)
        c->hub_pid = (int)pid;
    sigprocmask(SIG_SETMASK, &blocked, NULL);
}

static void tick(struct console *c, int64_t shown_minute[1], bool *notice_shown)
{
    int64_t minute = clock_wall_us() / 60000000;
    bool notice = notices_now(&c->notices) != NULL;

    if (c->clock_on && minute != shown_minute[0])
        c->draw = true;
    shown_minute[0] = minute;
    if (notice != *notice_shown)
        c->draw = true;
    *notice_shown = notice;
    if (c->mode == MODE_NUMBERS && clock_mono_us() >= c->numbers_until_us) {
        c->mode = MODE_NORMAL;
        c->draw = true;
    }
}

static void take_signal(struct console *c, int signals)
{
    struct signalfd_siginfo info;

    while (read(signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGHUP)
            console_leave(c, 1, "the terminal is gone");
        else
            console_leave(c, 0, "told to end");
    }
}

static void loop(struct console *c, int signals)
{
    struct pollfd fds[4] = {{.fd = term_input_fd(c->term), .events = POLLIN},
                            {.fd = client_fd(c->client), .events = POLLIN},
                            {.fd = signals, .events = POLLIN},
                            {.events = POLLOUT}};
    int64_t minute[1] = {clock_wall_us() / 60000000}, at;
    bool notice = false;
    int escape_ms = -1;

    while (!c->leaving) {
        tick(c, minute, &notice);
        revive(c);
        if (c->panes_changed)
            console_sweep(c);
        console_ask_lists(c);
        console_look(c);
        console_keep_layout(c, false);
        at = deadline(c, frame(c));
        int wait = -1;
        if (at >= 0) {
            int64_t left = at - clock_mono_us();
            wait = left <= 0 ? 0 : (int)((left + 999) / 1000);
        }
        if (escape_ms >= 0 && (wait < 0 || escape_ms < wait))
            wait = escape_ms;
        fds[3].fd = term_busy(c->term) ? term_output_fd(c->term) : -1;
        if (poll(fds, 4, wait) < 0 && errno != EINTR)
            break;
        if (fds[3].revents)
            term_flush(c->term);
        escape_ms = read_terminal(c);
        client_dispatch(c->client);
        if (fds[2].revents)
            take_signal(c, signals);
    }
}

/* --- opening --- */

struct greeting { /* the calls that a console begins with, all on their way at once */
    struct console *c;
    int waiting;
    enum err failed;
    char message[600];
    cJSON *layout;
};

static void greeted(struct greeting *g, const struct client_fault *fault)
{
    g->waiting--;
    if (fault && g->failed == ERR_OK) {
        g->failed = fault->code;
        snprintf(g->message, sizeof g->message, "%s", fault->message);
    }
}

static void got_workspace(void *data, const cJSON *result, const struct client_fault *fault)
{
    (void)result;
    greeted(data, fault);
}

static void got_workspaces(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct greeting *g = data;

    greeted(g, fault);
    world_set_workspaces(&g->c->world, result);
}

static void got_shells(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct greeting *g = data;

    greeted(g, fault);
    world_set_shells(&g->c->world, result);
}

static void got_members(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct greeting *g = data;

    greeted(g, fault);
    world_set_members(&g->c->world, result);
}

static void got_layout(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct greeting *g = data;

    greeted(g, NULL);
    if (!fault)
        g->layout = cJSON_Duplicate(json_get(result, "layout"), true);
}

static void wait_for(struct console *c, const int *waiting, int64_t until_us)
{
    struct pollfd fd = {.fd = client_fd(c->client), .events = POLLIN};

    while (*waiting > 0 && clock_mono_us() < until_us) {
        int64_t left = until_us - clock_mono_us();
        poll(&fd, 1, left > 0 ? (int)((left + 999) / 1000) : 0);
        client_dispatch(c->client);
    }
}

static void greet(struct console *c, struct greeting *g)
{
    cJSON *params = cJSON_CreateObject(), *workspace = cJSON_CreateObject();
    char *cwd = getcwd(NULL, 0);

    g->c = c;
    g->waiting = 5;
    cJSON_AddStringToObject(params, "key", c->workspace);
    if (cwd)
        cJSON_AddStringToObject(params, "cwd", cwd);
    cJSON_AddStringToObject(workspace, "workspace", c->workspace);
    client_send(c->client, "workspace.open", params, CONSOLE_CALL_MS, got_workspace, g);
    client_send(c->client, "workspace.list", NULL, CONSOLE_CALL_MS, got_workspaces, g);
    client_send(c->client, "shell.list", NULL, CONSOLE_CALL_MS, got_shells, g);
    client_send(c->client, "member.list", NULL, CONSOLE_CALL_MS, got_members, g);
    client_send(c->client, "layout.get", workspace, CONSOLE_CALL_MS, got_layout, g);
    cJSON_Delete(params);
    cJSON_Delete(workspace);
    free(cwd);
}

static enum err greeting_answered(struct console *c, struct greeting *g)
{
    wait_for(c, &g->waiting, clock_mono_us() + (int64_t)CONSOLE_CALL_MS * 1000 + 1000000);
    return g->waiting > 0 ? ERR_TIMEOUT : g->failed;
}

/* What is shown first: the command that was asked for, the layout as it was, a shell that runs, or
 * where there is none a first shell. */
static void first_panes(struct console *c, const cJSON *layout, const cJSON *command)
{
    const struct world_shell *any = world_shell_at(&c->world, c->workspace, 0);
    struct pane *p;

    console_arrange(c);
    if (cJSON_IsObject(layout))
        console_layout_load(c, layout);
    if (c->pane_count > 0 && !command)
        return;
    p = c->pane_count == 0 ? console_add(c, PANE_SHELL, LAYOUT_ROWS) : console_focused(c);
    if (p && p->kind != PANE_SHELL)
        p = console_add(c, PANE_SHELL, LAYOUT_ROWS);
    console_arrange(c);
    if (!p)
        return;
    if (command || !any)
        console_open_shell(c, p, command);
    else
        console_show(c, p, any->id);
}

/* Waits a moment for the first picture, so that the first frame is a whole one. */
static void first_picture(struct console *c)
{
    struct pollfd fd = {.fd = client_fd(c->client), .events = POLLIN};
    int64_t until = clock_mono_us() + FIRST_US;

    for (;;) {
        bool waits = false;
        for (int i = 0; i < c->pane_count; i++)
            if (c->panes[i]->kind == PANE_SHELL &&
                (!c->panes[i]->feed || !c->panes[i]->feed->screen))
                waits = true;
        int64_t left = until - clock_mono_us();
        if (!waits || left <= 0)
            return;
        poll(&fd, 1, (int)((left + 999) / 1000));
        client_dispatch(c->client);
    }
}

static int signals_open(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* A console within a shell of the same hub would show itself. */
static bool nested(const char *hub)
{
    const char *inside = getenv("BATON");
    size_t n = strlen(hub);

    return inside && !strncmp(inside, hub, n) && (inside[n] == ':' || !inside[n]);
}

static enum err load(struct console *c, char **ret_why)
{
    char *why = NULL;
    enum err e = config_load(&c->config, ret_why);

    if (e != ERR_OK)
        return e;
    if (keymap_create(config_prefix(c->config), config_keys(c->config), &c->keymap, &why) != ERR_OK)
        notices_add(&c->notices, ROLE_BAD, "%s", why);
    free(why);
    why = NULL;
    c->theme_name = mem_strdup(config_theme(c->config));
    if (theme_load(c->theme_name, &c->theme, &why) != ERR_OK) {
        notices_add(&c->notices, ROLE_BAD, "%s", why ? why : "the theme cannot be read");
        free(why);
        return theme_load(NULL, &c->theme, ret_why);
    }
    free(why);
    return ERR_OK;
}

static void finish(struct console *c)
{
    term_close(c->term);
    console_panes_finish(c);
    client_close(c->client);
    layout_destroy(c->layout);
    popup_destroy(c->popup);
    side_finish(&c->side);
    world_finish(&c->world);
    notices_finish(&c->notices);
    line_forget(&c->commands);
    canvas_destroy(c->canvas);
    theme_destroy(c->theme);
    keymap_destroy(c->keymap);
    config_destroy(c->config);
    buf_finish(&c->paste);
    free(c->hub);
    free(c->workspace);
    free(c->member);
    free(c->theme_name);
}

/* From the connection to the last frame. *ret_why is set when it could not open. */
static int run(struct console *c, const struct cli_options *o, const cJSON *command, char **ret_why)
{
    const struct client_options options = {.hub = o->hub,
                                           .token = getenv("BATON_TOKEN"),
                                           .identity = o->identity,
                                           .kind = "console",
                                           .start = true,
                                           .events = true};
    struct client_fault fault = {0};
    struct greeting greeting = {0};
    int signals = -1, status = 1;

    if (load(c, ret_why) != ERR_OK)
        return 1;
    if (client_open(&options, &c->client, &fault) != ERR_OK) {
        *ret_why = mem_printf("%s%s%s", fault.message, fault.next[0] ? " " : "", fault.next);
        client_fault_finish(&fault);
        return 1;
    }
    signals = signals_open();
    c->connected = true;
    c->member = mem_strdup(json_string(client_hello(c->client), "member", ""));
    c->client_id = json_int(client_hello(c->client), "clientId", 0);
    c->event_head = json_int(client_hello(c->client), "head", 0);
    client_listen(c->client, &console_client_events, c);
    client_subscribe(c->client, "e/");
    client_subscribe(c->client, "h/");
    greet(c, &greeting);
    if (term_open(&c->term, ret_why) != ERR_OK) /* while the hub prepares its answers */
        goto out;
    if (greeting_answered(c, &greeting) != ERR_OK) {
        *ret_why = mem_strdup(greeting.message[0] ? greeting.message : "the hub does not answer");
        goto out;
    }
    theme_fit(c->theme, term_colours(c->term), term_utf8(c->term));
    resize(c);
    first_panes(c, greeting.layout, command);
    console_adopt(c);
    c->lists_wanted = true;
    first_picture(c);
    c->draw = true;
    loop(c, signals);
    wait_for(c, &c->opening, clock_mono_us() + LEAVE_US); /* its pane is part of the layout */
    console_keep_layout(c, true);
    wait_for(c, &c->layout_waiting, clock_mono_us() + LEAVE_US);
    status = c->status;
out:
    client_forget(c->client, &greeting);
    cJSON_Delete(greeting.layout);
    if (signals >= 0)
        close(signals);
    return status;
}

/* `run -- CMD` as an array of words; NULL without one. */
static cJSON *command_of(int argc, char **argv, bool *ret_force, bool *ret_wrong)
{
    cJSON *command = NULL;

    for (int i = 0; i < argc; i++) {
        if (command) {
            cJSON_AddItemToArray(command, cJSON_CreateString(argv[i]));
        } else if (!strcmp(argv[i], "--force")) {
            *ret_force = true;
        } else if (!strcmp(argv[i], "--")) {
            command = cJSON_CreateArray();
        } else if (i == 0 && (!strcmp(argv[i], "run") || !strcmp(argv[i], "attach"))) {
            continue;
        } else {
            *ret_wrong = true;
        }
    }
    if (command && cJSON_GetArraySize(command) == 0)
        *ret_wrong = true;
    return command;
}

static void tell_end(const struct console *c, const char *hub, const char *workspace)
{
    printf("[baton: %s; come back with: baton", c->why[0] ? c->why : "ended");
    if (strcmp(hub, "default") != 0)
        printf(" -L %s", hub);
    if (strcmp(workspace, "main") != 0)
        printf(" -w %s", workspace);
    printf("]\n");
}

int console_main(const struct cli_options *o, int argc, char **argv)
{
    bool force = false, wrong = false;
    cJSON *command = command_of(argc, argv, &force, &wrong);
    const char *hub = o->hub ? o->hub : "default",
               *workspace = o->workspace ? o->workspace : "main";
    struct console *c;
    char *why = NULL;
    int status;

    if (wrong || (argc > 0 && !strcmp(argv[0], "run") && !command)) {
        fprintf(stderr, "baton: use: baton [--force] | baton run -- COMMAND...\n");
        cJSON_Delete(command);
        return 2;
    }
    if (nested(hub) && !force) {
        fprintf(stderr, "baton: you are inside a shell of this hub already; --force opens a "
                        "console in it all the same\n");
        cJSON_Delete(command);
        return 1;
    }
    c = mem_zalloc(sizeof *c);
    c->hub = mem_strdup(hub);
    c->workspace = mem_strdup(workspace);
    c->layout = layout_create();
    c->canvas = canvas_create(24, 80);
    c->mouse_on = c->clock_on = true;
    status = run(c, o, command, &why);
    finish(c);
    if (!why)
        tell_end(c, hub, workspace);
    else
        fprintf(stderr, "baton: %s\n", why);
    free(why);
    free(c);
    cJSON_Delete(command);
    return status;
}
