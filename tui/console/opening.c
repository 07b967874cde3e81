/* How a console opens: the calls that it begins with, what it shows first, and the first picture.
 * All calls are on their way while the terminal is being taken. */
#include "tui/console/opening.h"

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_US 50000 /* the first frame waits that long for the first picture */

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

static void got_processes(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct greeting *g = data;

    greeted(g, NULL);
    if (!fault)
        world_set_processes(&g->c->world, result);
}

static void got_sessions(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct greeting *g = data;

    greeted(g, NULL); /* without them there is a console all the same */
    if (fault)
        return;
    world_set_sessions(&g->c->world, result);
    console_follow_from_now(g->c);
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

void console_wait(struct console *c, const int *waiting, int64_t until_us)
{
    struct pollfd fd = {.fd = client_fd(c->client), .events = POLLIN};

    while (*waiting > 0 && clock_mono_us() < until_us) {
        int64_t left = until_us - clock_mono_us();
        poll(&fd, 1, left > 0 ? (int)((left + 999) / 1000) : 0);
        client_dispatch(c->client);
    }
}

void console_greet(struct console *c, struct greeting *g)
{
    cJSON *params = cJSON_CreateObject(), *workspace = cJSON_CreateObject();
    char *cwd = getcwd(NULL, 0);

    g->c = c;
    g->waiting = 6;
    cJSON_AddStringToObject(params, "key", c->workspace);
    if (cwd)
        cJSON_AddStringToObject(params, "cwd", cwd);
    cJSON_AddStringToObject(workspace, "workspace", c->workspace);
    if (!c->invite[0] && !console_observes(c)) { /* guests find their workspace there */
        g->waiting++;
        client_send(c->client, "workspace.open", params, CONSOLE_CALL_MS, got_workspace, g);
    }
    client_send(c->client, "workspace.list", NULL, CONSOLE_CALL_MS, got_workspaces, g);
    client_send(c->client, "shell.list", NULL, CONSOLE_CALL_MS, got_shells, g);
    client_send(c->client, "process.list", NULL, CONSOLE_CALL_MS, got_processes, g);
    console_ask_sessions(c, got_sessions, g);
    client_send(c->client, "member.list", NULL, CONSOLE_CALL_MS, got_members, g);
    client_send(c->client, "layout.get", workspace, CONSOLE_CALL_MS, got_layout, g);
    cJSON_Delete(params);
    cJSON_Delete(workspace);
    free(cwd);
}

enum err console_greeted(struct console *c, struct greeting *g)
{
    console_wait(c, &g->waiting, clock_mono_us() + (int64_t)CONSOLE_CALL_MS * 1000 + 1000000);
    return g->waiting > 0 ? ERR_TIMEOUT : g->failed;
}

/* What runs in the workspace: a shell, else a session; NULL nothing. */
static const struct world_target *something(const struct console *c)
{
    const struct world_shell *shell = world_shell_at(&c->world, c->workspace, 0);

    if (shell)
        return &shell->target;
    for (size_t i = 0; i < c->world.session_count; i++) {
        const struct world_target *t = &c->world.sessions[i].target;
        if (t->live && !strcmp(t->workspace, c->workspace))
            return t;
    }
    return NULL;
}

void console_first_panes(struct console *c, const cJSON *layout, const cJSON *command)
{
    const struct world_target *any = something(c);
    struct pane *p;

    console_arrange(c);
    if (cJSON_IsObject(layout))
        console_layout_load(c, layout);
    if ((c->pane_count > 0 && !command) || (!any && console_observes(c)))
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

void console_first_picture(struct console *c)
{
    struct pollfd fd = {.fd = client_fd(c->client), .events = POLLIN};
    int64_t until = clock_mono_us() + FIRST_US;

    for (;;) {
        bool waits = false;
        for (int i = 0; i < c->pane_count; i++) {
            const struct pane *p = c->panes[i];
            waits |= (p->kind == PANE_SHELL && (!p->feed || !p->feed->screen)) ||
                     (p->session && !p->session->loaded);
        }
        int64_t left = until - clock_mono_us();
        if (!waits || left <= 0)
            return;
        poll(&fd, 1, (int)((left + 999) / 1000));
        client_dispatch(c->client);
    }
}
