/* Calls that wait for a human, in the console: asked for when the hub tells of one, told once by a
 * banner, and answered in their pane. The hub decides who was first. One thread. */
#include "tui/console/console_private.h"

#include "core/base/json.h"
#include "core/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- what the hub has --- */

static void tell(struct console *c, struct approval_item *item)
{
    char text[420], key[40];

    if (item->told)
        return;
    item->told = true;
    console_key_for(c, "waiting", key, sizeof key);
    snprintf(text, sizeof text, "%s %.60s asks for approval of %.60s: %s shows it",
             theme_glyph(c->theme, GLYPH_WAITING), item->by, item->capability, key);
    notices_add(&c->notices, ROLE_ATTENTION, "%s", text);
    console_attention(c, "", text);
}

static void listed(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct console *c = data;
    struct approvals *a = &c->approvals;

    a->asking = false;
    c->waits_changed = c->draw = true;
    if (fault) {
        snprintf(a->failed, sizeof a->failed, "%.190s", fault->message);
        return;
    }
    approvals_set(a, result, c->member);
    for (size_t i = 0; i < a->count; i++)
        tell(c, &a->items[i]);
}

static void shown(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct console *c = data;
    struct approvals *a = &c->approvals;

    c->draw = true;
    if (fault)
        a->wanted = true; /* somebody was first */
    else if (!strcmp(json_string(result, "approvalId", ""), a->showing))
        approvals_set_text(a, a->showing, json_string(result, "text", ""));
    a->showing[0] = '\0';
}

static void ask_text(struct console *c)
{
    struct approvals *a = &c->approvals;
    const struct approval_item *item = approvals_at(a);
    cJSON *params;

    if (!item || item->text || a->showing[0])
        return;
    snprintf(a->showing, sizeof a->showing, "%s", item->id);
    params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "approvalId", item->id);
    client_send(c->client, "approval.show", params, CONSOLE_CALL_MS, shown, c);
    cJSON_Delete(params);
}

void console_approvals_ask(struct console *c)
{
    struct approvals *a = &c->approvals;

    if (!c->connected || console_observes(c))
        return;
    if (a->wanted && !a->asking) {
        a->wanted = false;
        a->asking = true;
        client_send(c->client, "approval.list", NULL, CONSOLE_CALL_MS, listed, c);
    }
    for (int i = 0; i < c->pane_count; i++)
        if (c->panes[i]->kind == PANE_APPROVALS)
            ask_text(c);
}

void console_approvals_connected(struct console *c)
{
    c->approvals.wanted = true;
    c->approvals.asking = false;
    c->approvals.showing[0] = '\0';
}

bool console_approval_event(struct console *c, const char *kind)
{
    if (strncmp(kind, "approval", 8) != 0)
        return false;
    c->approvals.wanted = true;
    return true;
}

/* --- answers --- */

static void answered(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct console *c = data;

    c->approvals.wanted = c->draw = true;
    if (fault) /* who came late is told here who was first */
        notices_add(&c->notices, fault->code == ERR_EXISTS ? ROLE_ATTENTION : ROLE_BAD, "%s%s%s",
                    fault->message, fault->next[0] ? " " : "", fault->next);
    else if (!strcmp(json_string(result, "state", ""), "rejected"))
        notices_add(&c->notices, ROLE_TEXT, "%s is rejected",
                    json_string(result, "approvalId", ""));
    else
        notices_add(&c->notices, ROLE_GOOD, "%s %s may run, once",
                    theme_glyph(c->theme, GLYPH_DONE), json_string(result, "approvalId", ""));
}

static void answer(struct console *c, bool yes, const char *reason)
{
    const struct approval_item *item = approvals_at(&c->approvals);
    cJSON *params;

    if (!item)
        return;
    if (!c->connected) {
        notices_add(&c->notices, ROLE_ATTENTION, "no link to the hub: nothing was answered");
        return;
    }
    params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "approvalId", item->id);
    cJSON_AddStringToObject(params, "hash", item->hash);
    if (reason && *reason)
        json_add_text(params, "reason", reason, strlen(reason));
    client_send(c->client, yes ? "approval.accept" : "approval.reject", params, CONSOLE_CALL_MS,
                answered, c);
    cJSON_Delete(params);
}

static void reasoned(struct console *c, const char *text)
{
    /* The list may have moved on while one typed: then it is another's reason. */
    if (!strcmp(c->about, c->approvals.cursor))
        answer(c, false, text);
    else
        notices_add(&c->notices, ROLE_ATTENTION, "%s was answered meanwhile", c->about);
    c->draw = true;
}

void console_approvals_input(struct console *c, struct pane *p, const struct input_event *event)
{
    c->draw = true;
    switch (approvals_input(&c->approvals, event)) {
    case APPROVALS_NOTHING: break;
    case APPROVALS_ACCEPT: answer(c, true, NULL); break;
    case APPROVALS_REJECT: answer(c, false, NULL); break;
    case APPROVALS_REASON:
        snprintf(c->about, sizeof c->about, "%s", c->approvals.cursor);
        console_prompt(c, "reason: ", "", &c->searches, false, reasoned);
        break;
    case APPROVALS_LEAVE: console_close_pane(c, p->id); break;
    }
}

/* --- going there --- */

static struct pane *pane_of(const struct console *c)
{
    for (int i = 0; i < c->pane_count; i++)
        if (c->panes[i]->kind == PANE_APPROVALS)
            return c->panes[i];
    return NULL;
}

static void open_pane(struct console *c)
{
    struct pane *p = pane_of(c);

    if (p)
        console_focus(c, p->id);
    else
        console_add(c, PANE_APPROVALS, LAYOUT_ROWS);
    c->approvals.wanted = true;
}

bool console_approvals_waiting(struct console *c)
{
    const struct pane *focus = console_focused(c);

    if (c->approvals.count == 0 || (focus && focus->kind == PANE_APPROVALS))
        return false;
    open_pane(c);
    return true;
}

static void approvals(struct console *c, int argc, char **argv)
{
    struct pane *p = pane_of(c);

    (void)argc, (void)argv;
    if (p && p->id == c->focus)
        console_close_pane(c, p->id);
    else
        open_pane(c);
}

const struct console_command approval_commands[] = {
    {"approvals", "", "calls that wait for a human, in a pane", approvals, FOR_DRIVERS},
    {NULL, NULL, NULL, NULL, FOR_ALL},
};
