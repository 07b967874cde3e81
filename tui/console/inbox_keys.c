/* What a person does in an inbox: reading, answering, writing, searching, looking into another one.
 * One thread. */
#include "tui/console/console_private.h"

#include "core/base/json.h"
#include "core/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEND_MS 30000 /* a long body takes its time */

/* --- sending --- */

struct sending {
    struct console *c;
    int pane;
};

static void sent(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct sending sending = *(struct sending *)data;
    struct console *c = sending.c;
    struct pane *p = console_pane(c, sending.pane);

    free(data);
    c->draw = true;
    if (p && p->inbox)
        p->inbox->draft.sending = false;
    if (fault && fault->code == ERR_LOST) {
        notices_add(&c->notices, ROLE_ATTENTION,
                    "the link broke: look whether it was sent; what you wrote is kept");
        return;
    }
    if (fault) {
        notices_add(&c->notices, ROLE_BAD, "%s%s%s", fault->message, fault->next[0] ? " " : "",
                    fault->next);
        return;
    }
    (void)result;
    notices_add(&c->notices, ROLE_GOOD, "%s sent", theme_glyph(c->theme, GLYPH_DONE));
    if (!p || !p->inbox)
        return;
    draft_sent(&p->inbox->draft);
    p->inbox->stale = true;
}

/* The names and addresses of the To line, as an array. */
static cJSON *recipients(const char *line)
{
    cJSON *list = cJSON_CreateArray();
    char *copy = mem_strdup(line), *save = NULL;

    for (char *word = strtok_r(copy, ", ;\t", &save); word; word = strtok_r(NULL, ", ;\t", &save))
        cJSON_AddItemToArray(list, cJSON_CreateString(word));
    free(copy);
    return list;
}

/* A new message: with a subject e-mail, to a #channel published, else a message of comms. NULL: it
 * cannot go, and the person was told. */
static const char *new_message(struct console *c, const struct draft *l, cJSON *params)
{
    cJSON *to = recipients(l->to.text);
    const cJSON *first = cJSON_GetArrayItem(to, 0);
    const char *name = cJSON_IsString(first) ? first->valuestring : "";
    int n = cJSON_GetArraySize(to);
    const char *text = promptline_text(&l->body), *method = NULL;

    if (n == 0) {
        notices_add(&c->notices, ROLE_ATTENTION, "to whom?");
    } else if (name[0] == '#' && n == 1 && l->subject.length > 0) {
        notices_add(&c->notices, ROLE_ATTENTION,
                    "a channel's messages have no subject: it belongs into the text");
    } else if (name[0] == '#' && n == 1) {
        method = "comms.publish";
        cJSON_AddStringToObject(params, "channel", name + 1);
        json_add_text(params, "message", text, strlen(text));
    } else if (l->subject.length > 0 || n > 1) {
        method = "email.send";
        cJSON_AddItemToObject(params, "to", to);
        to = NULL;
        json_add_text(params, "subject", l->subject.text, l->subject.length);
        json_add_text(params, "body", text, strlen(text));
    } else {
        method = "comms.send";
        cJSON_AddStringToObject(params, "to", name);
        json_add_text(params, "message", text, strlen(text));
    }
    cJSON_Delete(to);
    return method;
}

/* An answer goes the way that the message came. */
static const char *answer(struct console *c, const struct draft *l, const struct mail *m,
                          cJSON *params)
{
    const char *text = promptline_text(&l->body);

    if (m && m->channel[0] &&
        (l->kind == DRAFT_REPLY_ALL || m->outgoing || !strcmp(m->from, c->member))) {
        cJSON_AddStringToObject(params, "channel", m->channel);
        json_add_text(params, "message", text, strlen(text));
        return "comms.publish";
    }
    if (m && !m->email && m->outgoing && strchr(m->to, ',')) {
        notices_add(&c->notices, ROLE_ATTENTION,
                    "it went to several: f hands it on, c writes anew");
        return NULL;
    }
    if (m && !m->email) {
        cJSON_AddStringToObject(params, "to", m->outgoing ? m->to : m->from);
        cJSON_AddStringToObject(params, "reply_to", l->about);
        json_add_text(params, "message", text, strlen(text));
        return "comms.send";
    }
    cJSON_AddStringToObject(params, "message_id", l->about);
    json_add_text(params, "body", text, strlen(text));
    return l->kind == DRAFT_REPLY_ALL ? "email.reply-all" : "email.reply";
}

static const char *forward(struct console *c, const struct draft *l, cJSON *params)
{
    cJSON *to = recipients(l->to.text);
    const char *text = promptline_text(&l->body);

    if (cJSON_GetArraySize(to) == 0) {
        notices_add(&c->notices, ROLE_ATTENTION, "to whom?");
        cJSON_Delete(to);
        return NULL;
    }
    cJSON_AddStringToObject(params, "message_id", l->about);
    cJSON_AddItemToObject(params, "to", to);
    if (*text)
        json_add_text(params, "body", text, strlen(text));
    return "email.forward";
}

static void send_letter(struct console *c, struct pane *p)
{
    struct draft *l = &p->inbox->draft;
    const char *text = promptline_text(&l->body), *method;
    struct sending *sending;
    cJSON *params;

    if (!c->connected) {
        notices_add(&c->notices, ROLE_ATTENTION, "no link to the hub: what you wrote is kept");
        return;
    }
    if (l->kind != DRAFT_FORWARD && text[strspn(text, " \t\n")] == '\0') {
        notices_add(&c->notices, ROLE_DIM, "there is nothing in it yet");
        return;
    }
    params = cJSON_CreateObject();
    method = l->kind == DRAFT_NEW ? new_message(c, l, params)
             : l->kind == DRAFT_FORWARD
                 ? forward(c, l, params)
                 : answer(c, l, mailbox_mail(&p->inbox->box, l->about), params);
    if (!method) {
        l->field = FIELD_TO;
        cJSON_Delete(params);
        return;
    }
    l->sending = true;
    sending = mem_zalloc(sizeof *sending);
    sending->c = c;
    sending->pane = p->id;
    client_send(c->client, method, params, SEND_MS, sent, sending);
    cJSON_Delete(params);
}

/* --- read and unread --- */

static void mark(struct console *c, struct pane *p, const char *id, bool unread)
{
    struct mail *m = mailbox_mail(&p->inbox->box, id);
    cJSON *params = cJSON_CreateObject();

    if (m)
        mailbox_mark(&p->inbox->box, m, unread); /* at once; the hub's event says the same */
    inbox_pane_changed(p->inbox);
    cJSON_AddStringToObject(params, "message_id", id);
    cJSON_AddBoolToObject(params, "read", !unread);
    client_send(c->client, "inbox.mark", params, CONSOLE_CALL_MS, console_answered, c);
    cJSON_Delete(params);
    c->post.news_wanted = true;
}

/* --- searching, other inboxes --- */

static void searched(struct console *c, const char *pattern)
{
    struct pane *p = console_focused(c);

    if (p && p->inbox)
        inbox_pane_search(p->inbox, pattern);
    c->draw = true;
}

static void inbox_chosen(struct console *c, const char *name)
{
    struct pane *p = console_focused(c);

    if (p && p->inbox) {
        inbox_pane_open(p->inbox, name);
        console_layout_touch(c);
    }
}

static void choose_inbox(struct console *c)
{
    struct popup *popup = popup_create("whose inbox", true);

    for (size_t i = 0; i < c->post.people_count; i++) {
        const struct person *person = &c->post.people[i];
        char text[120];
        if (!person->readable)
            continue;
        snprintf(text, sizeof text, "%s%s",
                 !strcmp(person->name, c->member) ? "yours"
                 : person->agent                  ? "agent"
                                                  : "human",
                 person->unread > 0 ? ", " : "");
        if (person->unread > 0)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%lld unread",
                     (long long)person->unread);
        popup_add(popup, person->unread > 0 ? ROLE_TEXT : ROLE_DIM, person->name, text,
                  person->name);
    }
    console_popup(c, popup, inbox_chosen);
}

static void act(struct console *c, struct pane *p, struct inbox_action *action)
{
    c->draw = true;
    switch (action->kind) {
    case INBOX_NONE: break;
    case INBOX_READ: mark(c, p, action->id, false); break;
    case INBOX_UNREAD: mark(c, p, action->id, true); break;
    case INBOX_SEARCH:
        console_prompt(c, "/", p->inbox->pattern, &c->searches, false, searched);
        break;
    case INBOX_SEND: send_letter(c, p); break;
    case INBOX_OTHER: choose_inbox(c); break;
    case INBOX_RESUME: console_loop_settle(c, true); break;
    case INBOX_REFUSE: console_loop_settle(c, false); break;
    case INBOX_SAVE: console_file_save(c, p, action->id); break;
    case INBOX_CHANNELS: console_channels(c); break;
    case INBOX_TELL: notices_add(&c->notices, ROLE_DIM, "%s", action->text); break;
    case INBOX_OFFER: notices_add(&c->notices, ROLE_TEXT, "%s", action->more); break;
    case INBOX_LEAVE: console_close_pane(c, p->id); break;
    }
    free(action->more);
}

void console_inbox_input(struct console *c, struct pane *p, const struct input_event *event)
{
    struct inbox_action action;
    bool writing = p->inbox->draft.open;

    inbox_pane_input(p->inbox, event, c->post.names, &action);
    if (p->inbox->draft.open && !writing)
        c->post.people_wanted = true; /* who is new has no event */
    act(c, p, &action);
}

void console_inbox_mouse(struct console *c, struct pane *p, const struct input_event *event)
{
    struct inbox_action action;

    inbox_pane_mouse(p->inbox, event, &action);
    act(c, p, &action);
}

/* --- commands --- */

static void inbox(struct console *c, int argc, char **argv)
{
    const struct pane *p = console_focused(c);
    const char *name = argc > 1 ? argv[1] : c->member;

    if (argc == 1 && p && p->inbox)
        console_close_pane(c, p->id);
    else
        console_inbox_open(c, name, "");
}

static void compose(struct console *c, int argc, char **argv)
{
    struct pane *p;

    console_inbox_open(c, c->member, "");
    p = console_focused(c);
    if (!p || !p->inbox)
        return;
    draft_new(&p->inbox->draft);
    if (argc > 1) {
        line_set(&p->inbox->draft.to, argv[1]);
        p->inbox->draft.field = FIELD_SUBJECT;
    }
}

const struct console_command inbox_commands[] = {
    {"inbox", "[MEMBER]", "your inbox, or another's, in a pane", inbox, FOR_ALL},
    {"compose", "[MEMBER]", "write a message", compose, FOR_ALL},
    {NULL, NULL, NULL, NULL, FOR_ALL},
};
