/* Which panes there are, what they show, and the feeds behind them. What always holds: every pane
 * is a leaf of the layout and the other way round; focus is a pane or 0 when there is none; a pane
 * that shows a shell or session is of its kind; a feed without panes is closed at the next sweep,
 * never inside its own callback. */
#include "tui/console/console_private.h"

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "tui/terminal/sgr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAYOUT_KEEP_US 300000

struct pane *console_pane(const struct console *c, int id)
{
    for (int i = 0; i < c->pane_count; i++)
        if (c->panes[i]->id == id)
            return c->panes[i];
    return NULL;
}

struct pane *console_focused(const struct console *c)
{
    return console_pane(c, c->focus);
}

struct feed *console_focused_feed(const struct console *c)
{
    struct pane *p = console_focused(c);

    return p ? p->feed : NULL;
}

void console_layout_touch(struct console *c)
{
    c->draw = true;
    if (!c->layout_changed)
        c->layout_at_us = clock_mono_us() + LAYOUT_KEEP_US;
    c->layout_changed = true;
}

void console_focus(struct console *c, int id)
{
    if (id == c->focus || !console_pane(c, id))
        return;
    c->focus_before = c->focus;
    c->focus = id;
    console_layout_touch(c);
}

static void feed_news(void *data, struct feed *feed, enum feed_news news, const char *text)
{
    struct console *c = data;

    if (news == FEED_PICTURE) {
        c->draw_shells = true;
        return;
    }
    c->draw = true;
    switch (news) {
    case FEED_FAILED: notices_add(&c->notices, ROLE_BAD, "%s: %s", feed->id, text); break;
    case FEED_BATON: console_refused(c, feed, false); break;
    case FEED_REFUSED: console_refused(c, feed, true); break;
    case FEED_GONE: c->panes_changed = true; break;
    case FEED_ENDED: c->lists_wanted = true; break;
    case FEED_PICTURE:
    case FEED_CHANGED: break;
    }
}

/* How stderr looks in this theme. */
static void error_sequence(const struct console *c, struct buf *out)
{
    const struct style plain = {0}, bad = theme_style(c->theme, ROLE_BAD);

    sgr_change(out, &plain, &bad, TERM_TRUECOLOUR, false);
    if (out->len == 0)
        buf_puts(out, "\x1b[1m");
}

static struct feed *feed_for(struct console *c, const char *shell)
{
    const struct feed_listener listener = {feed_news, c};

    for (size_t i = 0; i < c->feed_count; i++)
        if (!strcmp(c->feeds[i]->id, shell) && feed_is_open(c->feeds[i]) && !c->feeds[i]->gone)
            return c->feeds[i];
    c->feeds = mem_reallocarray(c->feeds, c->feed_count + 1, sizeof *c->feeds);
    const struct world_shell *s = world_shell(&c->world, shell);
    struct buf error = {0};
    if (s && s->process)
        error_sequence(c, &error);
    c->feeds[c->feed_count++] =
        error.len ? feed_open_process(c->client, shell, s->written, error.data, &listener)
                  : feed_open(c->client, shell, &listener);
    buf_finish(&error);
    console_batons(c);
    return c->feeds[c->feed_count - 1];
}

static void session_news(void *data, struct sessionfeed *feed, enum session_news news,
                         const char *text)
{
    struct console *c = data;

    switch (news) {
    case SESSION_CHANGED:
        c->draw_shells = true;
        console_seek_on(c, feed);
        break;
    case SESSION_GONE: c->panes_changed = c->draw = true; break;
    case SESSION_FAILED_CALL:
        c->draw = true;
        notices_add(&c->notices, ROLE_BAD, "%s: %s", feed->id, text);
        break;
    }
}

static struct sessionfeed *session_for(struct console *c, const char *id)
{
    const struct session_listener listener = {session_news, c};
    const struct world_session *s = world_session(&c->world, id);

    for (size_t i = 0; i < c->session_count; i++)
        if (!strcmp(c->sessions[i]->id, id) && !c->sessions[i]->gone)
            return c->sessions[i];
    c->sessions = mem_reallocarray(c->sessions, c->session_count + 1, sizeof *c->sessions);
    c->sessions[c->session_count++] = sessionfeed_open(c->client, id, s ? s->seq : 0, &listener);
    return c->sessions[c->session_count - 1];
}

static void let_go(struct console *c, struct pane *p)
{
    if (p->feed && --p->feed->users == 0)
        c->panes_changed = true;
    if (p->session && --p->session->users == 0)
        c->panes_changed = true;
    transcript_pane_destroy(p->transcript);
    p->transcript = NULL;
    p->session = NULL;
    p->browsing = false;
    p->seek = SEEK_NONE;
    p->opening = 0;
    buf_finish(&p->early);
    p->feed = NULL;
    p->target[0] = '\0';
    view_finish(&p->view);
    console_copy_leave(c, p);
}

void console_show(struct console *c, struct pane *p, const char *target)
{
    char id[WORLD_ID_MAX];

    if (!pane_shows(p->kind) || !strcmp(p->target, target))
        return;
    snprintf(id, sizeof id, "%s", target); /* it may be the pane's own */
    let_go(c, p);
    memcpy(p->target, id, sizeof id);
    p->kind = world_session(&c->world, id) ? PANE_SESSION : PANE_SHELL;
    if (p->kind == PANE_SESSION) {
        p->session = session_for(c, id);
        p->session->users++;
        p->transcript = transcript_pane_create(p->session->transcript);
    } else {
        p->feed = feed_for(c, id);
        p->feed->users++;
    }
    world_looked(&c->world, id);
    console_layout_touch(c);
}

struct pane *console_add(struct console *c, enum pane_kind kind, enum layout_kind split)
{
    struct pane *p;
    int id = c->last_id + 1;
    bool added = c->pane_count < LAYOUT_MAX_PANES &&
                 (c->pane_count == 0 ? layout_add(c->layout, id)
                                     : layout_split(c->layout, c->focus, split, id));

    if (!added) {
        notices_add(&c->notices, ROLE_BAD, "there is no room for another pane");
        return NULL;
    }
    c->last_id = id;
    c->zoomed = false;
    p = c->panes[c->pane_count++] = pane_create(id, kind);
    console_focus(c, id);
    console_layout_touch(c);
    console_arrange(c);
    return p;
}

void console_close_pane(struct console *c, int id)
{
    struct pane *p = console_pane(c, id);
    int index = layout_index(c->layout, id);

    if (!p)
        return;
    let_go(c, p);
    layout_remove(c->layout, id);
    for (int i = 0; i < c->pane_count; i++)
        if (c->panes[i] == p) {
            memmove(c->panes + i, c->panes + i + 1,
                    (size_t)(c->pane_count - i - 1) * sizeof c->panes[0]);
            c->pane_count--;
        }
    pane_destroy(p);
    c->zoomed = false;
    if (c->focus == id) {
        c->focus = 0;
        int next = console_pane(c, c->focus_before)
                       ? c->focus_before
                       : layout_pane(c->layout, index > 0 ? index - 1 : 0);
        console_focus(c, next);
    }
    if (c->focus_before == id)
        c->focus_before = 0;
    c->drag.node = NULL;
    c->press_pane = c->inside_pane = 0;
    console_layout_touch(c);
}

/* --- opening --- */

struct opening {
    struct console *c;
    int pane;
    int number; /* the pane's, as long as it waits for this one */
};

static void opened(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct opening *o = data;
    struct console *c = o->c;
    struct pane *p = console_pane(c, o->pane);
    const char *id = json_string(result, "shellId", "");
    struct buf early = {0};

    if (p && p->opening != o->number)
        p = NULL; /* it has been sent to something else meanwhile */
    free(o);
    c->opening--;
    if (p) {
        p->opening = 0;
        early = p->early;
        p->early = (struct buf){0};
    }
    c->draw = c->lists_wanted = true;
    if (fault) {
        notices_add(&c->notices, ROLE_BAD, "%s", fault->message);
        if (p && !p->target[0])
            console_close_pane(c, p->id);
    } else {
        world_add_shell(&c->world, result);
        if (p && pane_shows(p->kind)) { /* else the shell is in the list */
            console_show(c, p, id);
            p->feed->mine = true;
            feed_type(p->feed, early.data, early.len, true);
        }
    }
    buf_finish(&early);
}

void console_open_shell(struct console *c, struct pane *p, const cJSON *command)
{
    cJSON *params = cJSON_CreateObject();
    struct opening *o = mem_zalloc(sizeof *o);

    o->c = c;
    o->pane = p->id;
    o->number = p->opening = ++c->last_opening;
    cJSON_AddStringToObject(params, "workspace", c->workspace);
    if (command)
        cJSON_AddItemToObject(params, "command", cJSON_Duplicate(command, true));
    if (p->inner.rows > 0 && p->inner.cols > 0) {
        json_add_int(params, "rows", p->inner.rows);
        json_add_int(params, "cols", p->inner.cols);
    }
    c->opening++;
    client_send(c->client, "shell.open", params, CONSOLE_CALL_MS, opened, o);
    cJSON_Delete(params);
}

/* --- what is over --- */

void console_sweep(struct console *c)
{
    size_t kept = 0;

    c->panes_changed = false;
    for (int i = c->pane_count - 1; i >= 0; i--)
        if ((c->panes[i]->feed && c->panes[i]->feed->gone) ||
            (c->panes[i]->session && c->panes[i]->session->gone)) {
            notices_add(&c->notices, ROLE_DIM, "%s is closed", c->panes[i]->target);
            console_close_pane(c, c->panes[i]->id);
        }
    for (size_t i = 0; i < c->feed_count; i++) {
        struct feed *f = c->feeds[i];
        if (f->users == 0 && feed_is_open(f))
            feed_close(f);
        if (feed_dead(f)) {
            feed_free(f);
            continue;
        }
        if (!feed_is_open(f))
            c->panes_changed = true; /* an answer is on its way: look again */
        c->feeds[kept++] = f;
    }
    c->feed_count = kept;
    kept = 0;
    for (size_t i = 0; i < c->session_count; i++) {
        if (c->sessions[i]->users == 0)
            sessionfeed_close(c->sessions[i]);
        else
            c->sessions[kept++] = c->sessions[i];
    }
    c->session_count = kept;
}

void console_panes_finish(struct console *c)
{
    while (c->pane_count > 0)
        pane_destroy(c->panes[--c->pane_count]);
    for (size_t i = 0; i < c->feed_count; i++)
        feed_free(c->feeds[i]);
    free(c->feeds);
    c->feeds = NULL;
    c->feed_count = 0;
    for (size_t i = 0; i < c->session_count; i++)
        sessionfeed_close(c->sessions[i]);
    free(c->sessions);
    c->sessions = NULL;
    c->session_count = 0;
}

/* --- keeping the layout --- */

/* By enum pane_kind; also the key of what is shown. */
static const char *const kind_names[] = {"shell", "log", "session", "inbox", "approvals"};

cJSON *console_layout_save(const struct console *c)
{
    cJSON *json = cJSON_CreateObject(), *panes = cJSON_CreateObject(), *tree;
    char key[16];

    json_add_int(json, "version", 1);
    tree = layout_save(c->layout);
    if (tree)
        cJSON_AddItemToObject(json, "tree", tree);
    for (int i = 0; i < c->pane_count; i++) {
        cJSON *pane = cJSON_CreateObject();
        const struct pane *p = c->panes[i];
        cJSON_AddStringToObject(pane, "kind", kind_names[p->kind]);
        if (p->inbox)
            cJSON_AddStringToObject(pane, kind_names[p->kind], p->inbox->box.name);
        else if (p->kind != PANE_LOG && p->kind != PANE_APPROVALS)
            cJSON_AddStringToObject(pane, kind_names[p->kind], p->target);
        if (p->follows)
            cJSON_AddTrueToObject(pane, "follows");
        snprintf(key, sizeof key, "%d", p->id);
        cJSON_AddItemToObject(panes, key, pane);
    }
    cJSON_AddItemToObject(json, "panes", panes);
    json_add_int(json, "focus", c->focus);
    cJSON_AddBoolToObject(json, "zoomed", c->zoomed);
    cJSON_AddBoolToObject(json, "side", !c->side_off);
    return json;
}

static enum pane_kind kind_of(const char *name)
{
    for (size_t i = 0; i < sizeof kind_names / sizeof kind_names[0]; i++)
        if (!strcmp(name, kind_names[i]))
            return (enum pane_kind)i;
    return PANE_SHELL;
}

/* One pane as it was kept; false when what it showed is no more. */
static bool restore(struct console *c, struct pane *p, const cJSON *kept)
{
    const char *target = json_string(kept, kind_names[p->kind], "");

    p->follows = json_bool(kept, "follows", false);
    if (p->kind == PANE_LOG) {
        console_log_fill(c, p);
        return true;
    }
    if (p->kind == PANE_APPROVALS)
        return !console_observes(c);
    if (p->kind == PANE_INBOX) {
        p->inbox = inbox_pane_create(*target ? target : c->member, c->member);
        return true;
    }
    if (!world_target(&c->world, target))
        return false;
    console_show(c, p, target);
    return true;
}

bool console_layout_load(struct console *c, const cJSON *json)
{
    const cJSON *panes = json_get(json, "panes");
    int ids[LAYOUT_MAX_PANES], count;
    char key[16];

    if (layout_load(c->layout, json_get(json, "tree")) != ERR_OK)
        return false;
    count = layout_count(c->layout);
    for (int i = 0; i < count; i++) {
        int id = ids[i] = layout_pane(c->layout, i);
        snprintf(key, sizeof key, "%d", id);
        c->panes[c->pane_count++] =
            pane_create(id, kind_of(json_string(json_get(panes, key), "kind", "shell")));
        c->last_id = id > c->last_id ? id : c->last_id;
    }
    c->focus = (int)json_int(json, "focus", 0);
    for (int i = 0; i < count; i++) {
        snprintf(key, sizeof key, "%d", ids[i]);
        if (!restore(c, console_pane(c, ids[i]), json_get(panes, key)))
            console_close_pane(c, ids[i]);
    }
    if (!console_focused(c))
        c->focus = layout_pane(c->layout, 0);
    c->zoomed = json_bool(json, "zoomed", false) && c->pane_count > 1;
    c->side_off = !json_bool(json, "side", true);
    c->layout_changed = false;
    return c->pane_count > 0;
}

/* --- the event log --- */

struct log_fill {
    struct console *c;
    int pane;
    int64_t since;
};

static void fill_from(struct console *c, const struct pane *p, int64_t since);

static void log_filled(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct log_fill *fill = data;
    struct console *c = fill->c;
    struct pane *p = console_pane(c, fill->pane);
    const cJSON *events = json_get(result, "events"), *event;
    int64_t since = fill->since, last = since;

    free(fill);
    c->draw = true;
    if (fault)
        notices_add(&c->notices, ROLE_BAD, "%s", fault->message);
    if (!p || p->kind != PANE_LOG || fault)
        return;
    cJSON_ArrayForEach(event, events)
    {
        eventlog_add(p->log, event);
        last = json_int(event, "id", last);
    }
    if (last > since && last < json_int(result, "head", 0))
        fill_from(c, p, last); /* there is more than one page */
}

void console_log_fill(struct console *c, struct pane *p)
{
    int64_t since = eventlog_head(p->log);

    if (since == 0 && c->event_head > EVENTLOG_MAX)
        since = c->event_head - EVENTLOG_MAX;
    fill_from(c, p, since);
}

static void fill_from(struct console *c, const struct pane *p, int64_t since)
{
    cJSON *params = cJSON_CreateObject();
    struct log_fill *fill = mem_zalloc(sizeof *fill);

    fill->c = c;
    fill->pane = p->id;
    fill->since = since;
    json_add_int(params, "id", since);
    cJSON_AddStringToObject(params, "workspace", c->workspace);
    json_add_int(params, "limit", 1000);
    client_send(c->client, "events.since", params, CONSOLE_CALL_MS, log_filled, fill);
    cJSON_Delete(params);
}
