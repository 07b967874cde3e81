/* What the hub tells the console, and what the console tells it: lists, presence, the layout. PUB
 * may drop events: a hole in their numbers, or a new link, means to ask for the lists anew. */
#include "tui/console/console_private.h"

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "transport/wire/wire.h"
#include "tui/console/opening.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- lists --- */

static void shells_listed(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct console *c = data;

    c->lists_waiting--;
    c->draw = true;
    if (fault && !strcmp(fault->name, "TokenRefused"))
        console_token_refused(c, fault->message); /* ran out, or was revoked unheard */
    if (fault)
        return;
    world_set_shells(&c->world, result);
    console_batons(c);
    if (console_observes(c) && c->last_id == 0)
        console_first_panes(c, NULL, NULL); /* there was nothing to look at before */
    /* A pane whose shell has been closed by somebody has nothing to show any more. */
    for (int i = 0; i < c->pane_count; i++) {
        struct pane *p = c->panes[i];
        if (p->feed && !world_shell(&c->world, p->target) && p->feed->screen) {
            p->feed->gone = true;
            c->panes_changed = true;
        }
    }
}

void console_ask_sessions(struct console *c, client_done done, void *data)
{
    cJSON *params = cJSON_CreateObject();

    cJSON_AddBoolToObject(params, "all", true);
    client_send(c->client, "session.list", params, CONSOLE_CALL_MS, done, data);
    cJSON_Delete(params);
}

static void sessions_listed(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct console *c = data;

    c->lists_waiting--;
    c->draw = true;
    if (fault)
        return; /* a hub without sessions */
    world_set_sessions(&c->world, result);
    console_batons(c);
    for (size_t i = 0; i < c->session_count; i++) {
        const struct world_session *s = world_session(&c->world, c->sessions[i]->id);
        if (s)
            sessionfeed_catch_up(c->sessions[i], s->seq);
        else if (c->sessions[i]->loaded)
            c->sessions[i]->gone = c->panes_changed = true; /* destroyed */
    }
    console_follow(c);
}

static void processes_listed(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct console *c = data;

    c->lists_waiting--;
    c->draw = true;
    if (fault)
        return; /* a hub without processes */
    world_set_processes(&c->world, result);
    for (int i = 0; i < c->pane_count; i++) {
        struct pane *p = c->panes[i];
        if (p->feed && p->feed->source && !world_shell(&c->world, p->target))
            p->feed->gone = c->panes_changed = true; /* removed */
    }
}

static void permissions_listed(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct console *c = data;

    c->batons_waiting--;
    if (fault)
        return;
    world_set_permissions(&c->world, result);
    c->waits_changed = c->draw = true;
}

static void suggestions_listed(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct console *c = data;

    c->batons_waiting--;
    if (fault)
        return;
    world_set_suggestions(&c->world, result);
    c->waits_changed = c->draw = true;
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
        const struct world_shell *s = p->feed ? world_shell(&c->world, p->target) : NULL;
        const char *drove = !s ? NULL : s->target.holder[0] ? s->target.holder : s->typed;
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

    c->batons_waiting--;
    if (fault)
        return; /* a hub without batons */
    world_set_batons(&c->world, result);
    console_batons(c);
    c->draw = true;
}

/* Who and what waits is in no list: asked once a link, from then on events tell. */
static void ask_batons(struct console *c)
{
    if (!c->batons_wanted || !c->connected || c->batons_waiting > 0)
        return;
    c->batons_wanted = false;
    c->batons_waiting = 3;
    client_send(c->client, "baton.status", NULL, CONSOLE_CALL_MS, batons_told, c);
    client_send(c->client, "session.permissions", NULL, CONSOLE_CALL_MS, permissions_listed, c);
    client_send(c->client, "session.suggestions", NULL, CONSOLE_CALL_MS, suggestions_listed, c);
}

void console_ask_lists(struct console *c)
{
    ask_batons(c);
    console_approvals_ask(c);
    if (!c->lists_wanted || c->lists_waiting > 0 || !c->connected)
        return;
    c->lists_wanted = false;
    c->lists_waiting = 5;
    client_send(c->client, "workspace.list", NULL, CONSOLE_CALL_MS, workspaces_listed, c);
    client_send(c->client, "shell.list", NULL, CONSOLE_CALL_MS, shells_listed, c);
    client_send(c->client, "process.list", NULL, CONSOLE_CALL_MS, processes_listed, c);
    console_ask_sessions(c, sessions_listed, c);
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
    const char *target = p && !(p->feed && p->feed->source) ? p->target : "";
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

static bool shown(const struct console *c, const char *target)
{
    for (int i = 0; i < c->pane_count; i++)
        if (!strcmp(c->panes[i]->target, target))
            return true;
    return false;
}

/* A shell whose pane nobody has here is over: by itself, by a signal, or because it was closed. */
static void ended(struct console *c, const char *label, const char *id, const cJSON *data)
{
    const int code = (int)json_int(data, "exitCode", 0);
    const bool closed = json_bool(data, "closed", false);
    const bool lost = !cJSON_IsNumber(json_get(data, "exitCode")),
               good = closed || (!lost && !code);
    const char *signal = code < 0 && code > -65 ? sigabbrev_np(-code) : NULL;
    char how[60] = "has ended";

    if (closed)
        snprintf(how, sizeof how, "is closed");
    else if (lost)
        snprintf(how, sizeof how, "is lost: its keeper is gone");
    else if (signal)
        snprintf(how, sizeof how, "was ended by SIG%s", signal);
    else if (code < 0)
        snprintf(how, sizeof how, "was ended by signal %d", -code);
    else if (code)
        snprintf(how, sizeof how, "has ended with %d", code);
    notices_add(&c->notices,
                closed ? ROLE_DIM
                : good ? ROLE_GOOD
                       : ROLE_BAD,
                "%s %s %s %s", theme_glyph(c->theme, good ? GLYPH_DONE : GLYPH_FAILED), label, id,
                how);
}

/* What a person should hear of at once; what they look at tells itself. */
static void notice_of(struct console *c, const char *kind, const cJSON *event)
{
    const cJSON *data = json_get(event, "data");
    const char *who = json_string(event, "who", ""), *id = json_string(data, "shellId", "");
    const bool closed = json_bool(data, "closed", false); /* its pane goes without a word */

    if (!strcmp(kind, "notice")) {
        const char *more = json_string(data, "description", "");
        const char *severity = json_string(data, "severity", "");
        const char *title = json_string(data, "title", json_string(data, "text", ""));
        if (!strcmp(severity, "quiet")) /* of a member's doing, which is no news to itself */
            notices_add_quietly(&c->notices, "%s%s%s", title, *more ? ": " : "", more);
        else
            notices_add(&c->notices, strcmp(severity, "info") ? ROLE_ATTENTION : ROLE_TEXT,
                        "%s%s%s", title, *more ? ": " : "", more);
    } else if (!strcmp(kind, "shellExit") && (closed || !shown(c, id))) {
        const struct world_shell *s = world_shell(&c->world, id);
        if (s) /* else a terminal of an agent's that came and went: the transcript tells of it */
            ended(c, world_label(&s->target), id, data);
    } else if (!strcmp(kind, "memberJoined") && strcmp(who, c->member) != 0) {
        notices_add(&c->notices, ROLE_TEXT, "%s is here", who);
    } else if (!strcmp(kind, "memberLeft") && strcmp(who, c->member) != 0) {
        notices_add(&c->notices, ROLE_DIM, "%s has left", who);
    } else if (!strcmp(kind, "hubStopping")) {
        c->stopping = true;
    }
}

static struct sessionfeed *session_of(const struct console *c, const char *id, size_t n)
{
    for (size_t i = 0; i < c->session_count; i++)
        if (strlen(c->sessions[i]->id) == n && !memcmp(c->sessions[i]->id, id, n))
            return c->sessions[i];
    return NULL;
}

/* When an event happened, ms since 1970: the hub's time is RFC 3339 in UTC, or milliseconds. */
static int64_t event_ms(const cJSON *event)
{
    const char *time = json_string(event, "time", ""), *rest;
    struct tm tm = {0};

    rest = time[0] ? strptime(time, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
    if (rest)
        return (int64_t)timegm(&tm) * 1000 + (*rest == '.' ? (int64_t)(atof(rest) * 1000) : 0);
    return json_int(event, "time", clock_wall_us() / 1000);
}

static void session_event(struct console *c, const cJSON *json)
{
    const cJSON *data = json_get(json, "data");
    const char *id = json_string(data, "sessionId", json_string(json, "target", ""));
    struct sessionfeed *f = session_of(c, id, strlen(id));

    if (f)
        sessionfeed_event(f, data, event_ms(json));
}

/* Events of which there may be many, and that say all that lists would. */
static bool tells_all(const char *kind)
{
    static const char *const kinds[] = {"sessionChanged", "permissionRequest", "permissionResolved",
                                        "suggested", "suggestionResolved"};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (!strcmp(kind, kinds[i]))
            return true;
    return false;
}

/* Answers come by another connection than events: a list that is on its way may be older than this
 * event, and would undo what it said. */
static void ask_again(struct console *c, const char *kind)
{
    if (tells_all(kind) && c->lists_waiting > 0)
        c->lists_wanted = true;
    if ((tells_all(kind) || !strncmp(kind, "baton", 5)) && c->batons_waiting > 0)
        c->batons_wanted = true;
}

static void event(struct console *c, const cJSON *json)
{
    const char *workspace = json_string(json, "workspace", ""),
               *kind = json_string(json, "kind", "");
    const cJSON *data = json_get(json, "data");
    int64_t id = json_int(json, "id", 0);
    bool hole = c->event_head > 0 && id > c->event_head + 1, ours;

    if (id <= c->event_head)
        return;
    c->event_head = id;
    c->batons_wanted = c->batons_wanted || hole;
    c->lists_wanted = c->lists_wanted || hole;
    if (!strcmp(kind, "sessionEvent")) {
        session_event(c, json);
        if (hole)
            fill_logs(c);
        return;
    }
    ours = !workspace[0] || !strcmp(workspace, c->workspace);
    c->draw = true;
    ask_again(c, kind);
    if (hole) {
        console_inboxes_connected(c);
        c->approvals.wanted = true;
    }
    if (!console_approval_event(c, kind) && !console_inbox_event(c, kind, json) && !tells_all(kind))
        c->lists_wanted = true;
    if (hole)
        for (size_t i = 0; i < c->session_count; i++)
            sessionfeed_catch_up(c->sessions[i], 0);
    const struct world_session *s = world_session(&c->world, json_string(data, "sessionId", ""));
    bool turn = s && world_session_turn(s);
    if (world_session_event(&c->world, kind, data))
        console_batons(c);
    if (!strcmp(kind, "sessionChanged"))
        console_follow(c);
    if (turn && s->fresh && ours && !shown(c, s->target.id))
        notices_add(&c->notices, ROLE_GOOD, "%s %s has done its turn",
                    theme_glyph(c->theme, GLYPH_DONE), world_label(&s->target));
    if (world_wait_event(&c->world, kind, data))
        c->waits_changed = true;
    console_baton_event(c, kind, json);
    if (ours)
        notice_of(c, kind, json);
    if (hole) {
        fill_logs(c);
        return;
    }
    for (int i = 0; i < c->pane_count && ours; i++)
        if (c->panes[i]->kind == PANE_LOG)
            eventlog_add(c->panes[i]->log, json);
}

/* A session that nobody looks at here may say much: of its events only the number is of use. The
 * line begins with {"id":N, and has the target before the data. */
static bool passes_by(struct console *c, const char *line, size_t n)
{
    static const char begin[] = "{\"id\":", target[] = "\"target\":\"";
    const char *at = memmem(line, n < 400 ? n : 400, target, sizeof target - 1), *end;
    char number[24] = "";
    size_t digits = 0;

    if (!at || n < sizeof begin || memcmp(line, begin, sizeof begin - 1) != 0)
        return false;
    at += sizeof target - 1;
    end = memchr(at, '"', n - (size_t)(at - line));
    if (!end || session_of(c, at, (size_t)(end - at)))
        return false;
    for (size_t i = sizeof begin - 1; i < n && digits < 20 && line[i] >= '0' && line[i] <= '9'; i++)
        number[digits++] = line[i];
    int64_t id = strtoll(number, NULL, 10);
    if (id != c->event_head + 1 || c->event_head == 0)
        return false; /* a hole: the long way */
    c->event_head = id;
    return true;
}

static void event_lines(struct console *c, bool session, const char *body, size_t n)
{
    while (n > 0) {
        const char *end = memchr(body, '\n', n);
        size_t line = end ? (size_t)(end - body) : n;
        cJSON *json = NULL;
        bool known = session && passes_by(c, body, line);
        if (!known && line > 0 && json_parse(body, line, &json) == ERR_OK)
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
    const struct world_shell *s = world_shell(&c->world, id);
    bool rang = s && world_rang(s);
    if (world_head(&c->world, id, json)) {
        c->draw = true;
        console_batons(c);
    }
    if (s && !rang && world_rang(s))
        console_attention(c, id, NULL);
    cJSON_Delete(json);
}

static void on_message(void *data, const struct wire_message *m)
{
    static const char kind[] = "/sessionEvent";
    struct console *c = data;
    const char *name;
    size_t n;

    for (size_t i = 0; i < c->feed_count; i++)
        feed_message(c->feeds[i], m);
    if (wire_topic_is(m, 'h', &name, &n))
        head(c, name, n, m);
    else if (wire_topic_is(m, 'e', &name, &n))
        event_lines(c,
                    n > sizeof kind && !memcmp(name + n - sizeof kind + 1, kind, sizeof kind - 1),
                    m->body, m->body_n);
}

static void on_connected(void *data, bool is)
{
    struct console *c = data;

    c->connected = is;
    c->draw = true;
    for (size_t i = 0; i < c->feed_count; i++)
        feed_connected(c->feeds[i], is);
    for (size_t i = 0; i < c->session_count; i++)
        sessionfeed_connected(c->sessions[i], is);
    if (!is) {
        c->lost_us = clock_mono_us();
        if (c->stopping)
            console_leave(c, 0, "the hub was stopped");
        return;
    }
    c->told_dropped = false;
    console_greeting_read(c);
    world_baton_forget(&c->world);
    console_inboxes_connected(c);
    console_approvals_connected(c);
    c->looking_rows = 0; /* a new connection: nobody knows it yet */
    c->lists_wanted = true;
    fill_logs(c);
    notices_add(&c->notices, ROLE_GOOD, "connected again");
}

const struct client_events console_client_events = {.message = on_message,
                                                    .connected = on_connected};
