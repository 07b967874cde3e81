/* What the hub tells the console, and what the console tells it: lists, presence, the layout. PUB
 * may drop events: a hole in their numbers, or a new link, means to ask for the lists anew. */
#include "tui/console_private.h"

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "transport/wire/wire.h"
#include "tui/opening.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- lists --- */

static void shells_listed(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct console *c = data;

    c->lists_waiting--;
    c->draw = true;
    if (fault && !strcmp(fault->name, "TokenRefused"))
        console_leave(c, 1, "%s", fault->message); /* ran out, or was revoked unheard */
    if (fault)
        return;
    world_set_shells(&c->world, result);
    console_batons(c);
    if (console_observes(c) && c->last_id == 0)
        console_first_panes(c, NULL, NULL); /* there was nothing to look at before */
    /* A pane whose shell has been closed by somebody has nothing to show any more. */
    for (int i = 0; i < c->pane_count; i++) {
        struct pane *p = c->panes[i];
        if (p->feed && !world_shell(&c->world, p->shell) && p->feed->screen) {
            p->feed->gone = true;
            c->panes_changed = true;
        }
    }
}

static void members_listed(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct console *c = data;

    c->lists_waiting--;
    c->draw = true;
    if (fault)
        return;
    world_set_members(&c->world, result);
    console_adopt(c);
}

void console_adopt(struct console *c)
{
    if (world_others(&c->world, c->client_id) > 0)
        return;
    for (int i = 0; i < c->pane_count; i++) {
        struct pane *p = c->panes[i];
        const struct world_shell *s = p->feed ? world_shell(&c->world, p->shell) : NULL;
        const char *drove = !s ? NULL : s->holder[0] ? s->holder : s->typed;
        if (drove && (!drove[0] || !strcmp(drove, c->member)))
            feed_adopt(p->feed);
    }
}

static void workspaces_listed(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct console *c = data;

    c->lists_waiting--;
    c->draw = true;
    if (!fault)
        world_set_workspaces(&c->world, result);
}

static void batons_told(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct console *c = data;

    if (fault)
        return; /* a hub without batons */
    world_set_batons(&c->world, result);
    console_batons(c);
    c->draw = true;
}

/* Who waits is in no list: asked once a link, from then on events tell. */
static void ask_batons(struct console *c)
{
    if (!c->batons_wanted || !c->connected)
        return;
    c->batons_wanted = false;
    client_send(c->client, "baton.status", NULL, CONSOLE_CALL_MS, batons_told, c);
}

void console_ask_lists(struct console *c)
{
    ask_batons(c);
    if (!c->lists_wanted || c->lists_waiting > 0 || !c->connected)
        return;
    c->lists_wanted = false;
    c->lists_waiting = 3;
    client_send(c->client, "workspace.list", NULL, CONSOLE_CALL_MS, workspaces_listed, c);
    client_send(c->client, "shell.list", NULL, CONSOLE_CALL_MS, shells_listed, c);
    client_send(c->client, "member.list", NULL, CONSOLE_CALL_MS, members_listed, c);
}

/* --- the layout, kept by the hub --- */

static void layout_kept(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct console *c = data;

    (void)result, (void)fault; /* it is tried again with the next change */
    c->layout_waiting--;
}

void console_keep_layout(struct console *c, bool now)
{
    cJSON *params;

    if (!c->layout_changed || !c->connected || (!now && clock_mono_us() < c->layout_at_us))
        return;
    c->layout_changed = false;
    c->layout_waiting++;
    params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "workspace", c->workspace);
    cJSON_AddItemToObject(params, "layout", console_layout_save(c));
    client_send(c->client, "layout.put", params, CONSOLE_CALL_MS, layout_kept, c);
    cJSON_Delete(params);
}

/* --- presence --- */

static void looked(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct console *c = data;

    (void)result, (void)fault;
    c->lists_wanted = true;
}

void console_look(struct console *c)
{
    const struct pane *p = console_focused(c);
    const char *target = p && p->kind == PANE_SHELL ? p->shell : "";
    int rows = canvas_rows(c->canvas), cols = canvas_cols(c->canvas);
    cJSON *params;

    if (!c->connected ||
        (!strcmp(target, c->looking) && rows == c->looking_rows && cols == c->looking_cols))
        return;
    snprintf(c->looking, sizeof c->looking, "%s", target);
    c->looking_rows = rows;
    c->looking_cols = cols;
    params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "workspace", c->workspace);
    if (*target)
        cJSON_AddStringToObject(params, "target", target);
    json_add_int(params, "rows", rows < SCREEN_MAX_ROWS ? rows : SCREEN_MAX_ROWS);
    json_add_int(params, "cols", cols < SCREEN_MAX_COLS ? cols : SCREEN_MAX_COLS);
    client_send(c->client, "member.look", params, CONSOLE_CALL_MS, looked, c);
    cJSON_Delete(params);
}

/* --- events --- */

static void fill_logs(struct console *c)
{
    for (int i = 0; i < c->pane_count; i++)
        if (c->panes[i]->kind == PANE_LOG)
            console_log_fill(c, c->panes[i]);
}

static bool shown(const struct console *c, const char *shell)
{
    for (int i = 0; i < c->pane_count; i++)
        if (!strcmp(c->panes[i]->shell, shell))
            return true;
    return false;
}

/* What a person should hear of at once; what they look at tells itself. */
static void notice_of(struct console *c, const char *kind, const cJSON *event)
{
    const cJSON *data = json_get(event, "data");
    const char *who = json_string(event, "who", ""), *id = json_string(data, "shellId", "");

    if (!strcmp(kind, "notice")) {
        notices_add(&c->notices, ROLE_ATTENTION, "%s", json_string(data, "text", ""));
    } else if (!strcmp(kind, "shellExit") && !shown(c, id)) {
        int code = (int)json_int(data, "exitCode", 0);
        const struct world_shell *s = world_shell(&c->world, id);
        notices_add(&c->notices, code ? ROLE_BAD : ROLE_GOOD, "%s %s %s %d",
                    theme_glyph(c->theme, code ? GLYPH_FAILED : GLYPH_DONE),
                    s ? world_shell_label(s) : id, id, code);
    } else if (!strcmp(kind, "memberJoined") && strcmp(who, c->member) != 0) {
        notices_add(&c->notices, ROLE_TEXT, "%s is here", who);
    } else if (!strcmp(kind, "memberLeft") && strcmp(who, c->member) != 0) {
        notices_add(&c->notices, ROLE_DIM, "%s has left", who);
    } else if (!strcmp(kind, "hubStopping")) {
        c->stopping = true;
    }
}

static void event(struct console *c, const cJSON *json)
{
    const char *workspace = json_string(json, "workspace", "");
    int64_t id = json_int(json, "id", 0);
    bool hole = c->event_head > 0 && id > c->event_head + 1, ours;

    if (id <= c->event_head)
        return;
    c->event_head = id;
    c->lists_wanted = c->draw = true;
    c->batons_wanted = c->batons_wanted || hole;
    console_baton_event(c, json_string(json, "kind", ""), json);
    ours = !workspace[0] || !strcmp(workspace, c->workspace);
    if (ours)
        notice_of(c, json_string(json, "kind", ""), json);
    if (hole) {
        fill_logs(c);
        return;
    }
    for (int i = 0; i < c->pane_count && ours; i++)
        if (c->panes[i]->kind == PANE_LOG)
            eventlog_add(c->panes[i]->log, json);
}

static void event_lines(struct console *c, const char *body, size_t n)
{
    while (n > 0) {
        const char *end = memchr(body, '\n', n);
        size_t line = end ? (size_t)(end - body) : n;
        cJSON *json = NULL;
        if (line > 0 && json_parse(body, line, &json) == ERR_OK)
            event(c, json);
        cJSON_Delete(json);
        line += end != NULL;
        body += line;
        n -= line;
    }
}

static void head(struct console *c, const char *name, size_t n, const struct wire_message *m)
{
    char id[WORLD_ID_MAX];
    cJSON *json = NULL;

    if (n >= sizeof id || json_parse(m->body, m->body_n, &json) != ERR_OK)
        return;
    memcpy(id, name, n);
    id[n] = '\0';
    if (world_head(&c->world, id, json)) {
        c->draw = true;
        console_batons(c);
    }
    cJSON_Delete(json);
}

static void on_message(void *data, const struct wire_message *m)
{
    struct console *c = data;
    const char *name;
    size_t n;

    for (size_t i = 0; i < c->feed_count; i++)
        feed_message(c->feeds[i], m);
    if (wire_topic_is(m, 'h', &name, &n))
        head(c, name, n, m);
    else if (wire_topic_is(m, 'e', &name, &n))
        event_lines(c, m->body, m->body_n);
}

static void on_connected(void *data, bool is)
{
    struct console *c = data;

    c->connected = is;
    c->draw = true;
    for (size_t i = 0; i < c->feed_count; i++)
        feed_connected(c->feeds[i], is);
    if (!is) {
        c->lost_us = clock_mono_us();
        if (c->stopping)
            console_leave(c, 0, "the hub was stopped");
        return;
    }
    c->told_dropped = false;
    console_greeting_read(c);
    world_baton_forget(&c->world);
    c->looking_rows = 0; /* a new connection: nobody knows it yet */
    c->lists_wanted = true;
    fill_logs(c);
    notices_add(&c->notices, ROLE_GOOD, "connected again");
}

const struct client_events console_client_events = {.message = on_message,
                                                    .connected = on_connected};
