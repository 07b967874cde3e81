/* The commands about sessions with agents: starting one, going to what waits. The others are the
 * hub's own (calls.c) and mean the focused one: session cancel, close, resume, set-mode … */
#include "tui/console/console_private.h"

#include "core/base/json.h"
#include "core/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_MS 120000 /* an agent may take its time to start */

struct starting {
    struct console *c;
    int pane;
};

static void started(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct starting *starting = data;
    struct console *c = starting->c;
    int pane = starting->pane;

    free(starting);
    c->draw = c->lists_wanted = true;
    if (fault) {
        notices_add(&c->notices, ROLE_BAD, "%s%s%s", fault->message, fault->next[0] ? " " : "",
                    fault->next);
        return;
    }
    console_session_started(c, result, pane);
    notices_add(&c->notices, ROLE_DIM, "%.60s is ready: say below what it is to do",
                json_string(result, "name", "the agent"));
}

void console_session_started(struct console *c, const cJSON *session, int pane)
{
    const char *id = json_string(session, "sessionId", "");
    struct pane *p = console_pane(c, pane);

    world_add_session(&c->world, session);
    if (!world_session(&c->world, id))
        return;
    if (p && pane_shows(p->kind) && p->id == c->focus)
        console_show(c, p, id);
    else
        console_open_beside(c, id);
}

static void start(struct console *c, const char *agent)
{
    const struct pane *p = console_focused(c);
    cJSON *params = cJSON_CreateObject();
    struct starting *starting = mem_zalloc(sizeof *starting);

    starting->c = c;
    starting->pane = p ? p->id : 0;
    cJSON_AddStringToObject(params, "agent", agent);
    cJSON_AddStringToObject(params, "workspace", c->workspace);
    client_send(c->client, "session.create", params, START_MS, started, starting);
    cJSON_Delete(params);
    notices_add(&c->notices, ROLE_DIM, "%s is starting", agent);
}

/* --- choosing an agent --- */

static void chosen(struct console *c, const char *agent)
{
    start(c, agent);
}

static void add_agent(struct popup *popup, const cJSON *agent)
{
    bool there = json_bool(agent, "installed", false);
    const char *name = json_string(agent, "name", ""), *hint = json_string(agent, "hint", "");
    const char *source = json_string(agent, "source", "");
    char text[300];

    if (there)
        snprintf(text, sizeof text, "%.280s", !strcmp(source, "config") ? "yours" : hint);
    else
        snprintf(text, sizeof text, "not installed%s%.250s", hint[0] ? ": " : "", hint);
    popup_add(popup, there ? ROLE_TEXT : ROLE_DIM, name, text, there ? name : NULL);
}

static void agents_listed(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct console *c = data;
    const cJSON *list = cJSON_IsArray(result) ? result : json_get(result, "agents"), *agent;
    struct popup *popup;

    c->draw = true;
    if (fault) {
        notices_add(&c->notices, ROLE_BAD, "%s", fault->message);
        return;
    }
    popup = popup_create("start an agent", true);
    for (int there = 1; there >= 0; there--)
        cJSON_ArrayForEach(agent, list)
        {
            if (json_bool(agent, "installed", false) == (there == 1))
                add_agent(popup, agent);
        }
    console_popup(c, popup, chosen);
}

/* `session AGENT`; alone: choose one. With the name of a capability it is the hub's. */
static void session(struct console *c, int argc, char **argv)
{
    if (argc < 2)
        client_send(c->client, "session.agents", NULL, CONSOLE_CALL_MS, agents_listed, c);
    else
        start(c, argv[1]);
}

const struct console_command session_commands[] = {
    {"session", "[AGENT]", "start an agent in this pane; alone: choose which", session,
     FOR_DRIVERS},
    {"waiting", "", "go to the next thing that waits for you", console_next_waiting, FOR_ALL},
    {NULL, NULL, NULL, NULL, FOR_ALL},
};
