/* The console: opening it, its loop, and leaving it. The loop sleeps until the terminal, the hub, a
 * signal or a deadline has something; the first change after a pause is drawn at once, then at most
 * 60 frames a second. Without a change nothing is written and, but for the clock's minute, nobody
 * wakes. */
#include "tui/console/console_private.h"
#include "transport/nng/follow.h"
#include "tui/console/opening.h"

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
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
#define FRAMES_AHEAD  4    /* that many frames may come at once after a pause: echoes do not wait */
#define SYNC_MOST_US  150000  /* a program may hold its frame back that long (mode 2026) */
#define LEAVE_US      200000  /* for the layout to reach the hub */
#define REASON_US     500000  /* for the event that says why a token is refused */
#define START_LOST_US 400000  /* a hub that has been gone for so long is started anew … */
#define START_EACH_US 3000000 /* … and again */
#define EVENTS_MOST   64

void console_leave(struct console *c, int status, const char *format, ...)
{
    char why[sizeof c->why];
    va_list ap;

    if (c->leaving)
        return;
    c->leaving = true;
    c->status = status;
    va_start(ap, format);
    vsnprintf(why, sizeof why, format, ap);
    va_end(ap);
    text_make_safe(c->why, sizeof c->why, why, strlen(why)); /* it may quote somebody */
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

/* How long until the next frame, by what this one cost: an echo is a cheap one and another may
 * follow at once; in a flood sixty a second are enough, and fewer where many consoles share the
 * processors. */
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

/* An agent at work in sight: how long it has been is shown, by the second. */
static bool turn_shown(const struct console *c)
{
    for (int i = 0; i < c->pane_count; i++) {
        const struct pane *p = c->panes[i];
        const struct world_session *s =
            p->session && p->shown && !p->folded ? world_session(&c->world, p->target) : NULL;
        if (s && s->state == SESSION_WORKING)
            return true;
    }
    return false;
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
    if (turn_shown(c))
        at = sooner(at, now + 1000000 - clock_wall_us() % 1000000);
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
    if (c->connected || c->stopping || c->guest || now < c->lost_us + START_LOST_US ||
        now < c->start_us + START_EACH_US || c->hub_pid > 0)
        return;
    c->start_us = now;
    sigemptyset(&none); /* what this console blocks is not the hub's */
    sigprocmask(SIG_SETMASK, &none, &blocked);
    if (start_hub(c->hub, &pid) == ERR_OK)
        c->hub_pid = (int)pid;
    sigprocmask(SIG_SETMASK, &blocked, NULL);
}

/* The hub is there and does not let us in any more. */
void console_token_refused(struct console *c, const char *message)
{
    if (c->refused)
        return;
    c->refused = mem_strdup(message);
    c->refused_us = clock_mono_us();
}

/* Events come by another connection than answers, so the one that says why may come after the
 * refusal: it is waited for. Gives how long still, in ms; -1: nothing is refused. */
static int look_for_refusal(struct console *c)
{
    const struct client_fault *refused = c->connected ? NULL : client_refused(c->client);

    if (refused && !strcmp(refused->name, "TokenRefused"))
        console_token_refused(c, refused->message);
    if (!c->refused)
        return -1;
    const int64_t left = c->refused_us + REASON_US - clock_mono_us();
    if (left <= 0)
        console_leave(c, 1, "%s", c->refused);
    return left > 0 ? (int)(left / 1000 + 1) : 0;
}

static void tick(struct console *c, int64_t shown[2], bool *notice_shown)
{
    int64_t minute = clock_wall_us() / 60000000, second = clock_wall_us() / 1000000;
    bool notice = notices_now(&c->notices) != NULL;

    if (c->clock_on && minute != shown[0])
        c->draw = true;
    if (second != shown[1] && turn_shown(c))
        c->draw_shells = true;
    shown[0] = minute;
    shown[1] = second;
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
    int64_t shown[2] = {clock_wall_us() / 60000000, clock_wall_us() / 1000000}, at;
    bool notice = false;
    int escape_ms = -1;

    while (!c->leaving) {
        tick(c, shown, &notice);
        const int refusal_ms = look_for_refusal(c);
        revive(c);
        if (c->panes_changed)
            console_sweep(c);
        console_ask_lists(c);
        console_inboxes_ask(c);
        console_tell_waits(c);
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
        if (refusal_ms >= 0 && (wait < 0 || refusal_ms < wait))
            wait = refusal_ms;
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

/* --- opening and ending --- */

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

/* First the terminal is given back and the link ends; then there may be a word. */
static void close_all(struct console *c)
{
    term_close(c->term);
    c->term = NULL;
    console_panes_finish(c);
    console_talks_finish(c);
    console_form_finish(c);
    client_close(c->client);
    c->client = NULL;
}

static void finish(struct console *c)
{
    layout_destroy(c->layout);
    popup_destroy(c->popup);
    side_finish(&c->side);
    world_finish(&c->world);
    console_inboxes_finish(c);
    approvals_finish(&c->approvals);
    notices_finish(&c->notices);
    line_forget(&c->commands);
    line_forget(&c->searches);
    canvas_destroy(c->canvas);
    theme_destroy(c->theme);
    keymap_destroy(c->keymap);
    config_destroy(c->config);
    buf_finish(&c->paste);
    free(c->refused);
    free(c->hub);
    free(c->workspace);
    free(c->member);
    free(c->theme_name);
}

/* From the connection to the last frame. *ret_why is set when it could not open. */
static int run(struct console *c, const struct cli_options *o, const cJSON *command, char **ret_why)
{
    const char *token = getenv("BATON_TOKEN");
    c->guest = token && *token;
    const struct client_options options = {.hub = o->hub,
                                           .token = c->guest ? token : NULL,
                                           .identity = o->identity,
                                           .kind = "console",
                                           .start = !c->guest,
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
    const char *only = json_string(client_hello(c->client), "workspace", "");
    console_greeting_read(c);
    if (only[0]) { /* an invitation is to one workspace, whichever was asked for */
        free(c->workspace);
        c->workspace = mem_strdup(only);
    }
    if (command && console_observes(c)) {
        *ret_why = mem_strdup("You may look here, not open a shell.");
        goto out;
    }
    c->event_head = json_int(client_hello(c->client), "head", 0);
    client_listen(c->client, &console_client_events, c);
    client_subscribe(c->client, "e/");
    client_subscribe(c->client, "h/");
    console_greet(c, &greeting);
    if (term_open(&c->term, ret_why) != ERR_OK) /* while the hub prepares its answers */
        goto out;
    if (console_greeted(c, &greeting) != ERR_OK) {
        *ret_why = mem_strdup(greeting.message[0] ? greeting.message : "the hub does not answer");
        goto out;
    }
    theme_fit(c->theme, term_colours(c->term), term_utf8(c->term));
    resize(c);
    console_first_panes(c, greeting.layout, command);
    console_adopt(c);
    c->lists_wanted = c->waits_changed = true;
    console_inboxes_connected(c);
    console_approvals_connected(c);
    console_first_picture(c);
    c->draw = true;
    loop(c, signals);
    console_wait(c, &c->opening, clock_mono_us() + LEAVE_US); /* its pane is part of the layout */
    console_keep_layout(c, true);
    console_wait(c, &c->layout_waiting, clock_mono_us() + LEAVE_US);
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

static void tell_end(const struct console *c)
{
    printf("[baton: %s", c->why[0] ? c->why : "ended");
    if (c->guest || c->status != 0) { /* how a guest comes again is not for us to say */
        printf("]\n");
        return;
    }
    printf("; come back with: baton");
    if (strcmp(c->hub, "default") != 0)
        printf(" -L %s", c->hub);
    if (strcmp(c->workspace, "main") != 0)
        printf(" -w %s", c->workspace);
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
    close_all(c);
    if (!why)
        tell_end(c);
    else
        fprintf(stderr, "baton: %s\n", why);
    finish(c);
    free(why);
    free(c);
    cJSON_Delete(command);
    return status;
}
