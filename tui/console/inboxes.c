/* What the hub has of inboxes, as this console asks for it: the pages of those in panes, the own
 * unread messages for side list and notices, who there is. What always holds: one call for a list
 * is on its way for each pane at most, and one for each of the others; an event makes the newest
 * page be asked for at once, so a message is in sight one round trip after it was committed. One
 * thread. */
#include "tui/console/console_private.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE       60
#define NEWS_MOST  20
#define TEXT_PAGE  65536
#define PEOPLE_MAX 2000

/* --- the pages of panes --- */

struct paging {
    struct console *c;
    int pane;
    int64_t before;
    char id[MAIL_ID_MAX]; /* of a text */
    int64_t offset;
};

static struct inbox_pane *inbox_of(const struct console *c, int pane)
{
    struct pane *p = console_pane(c, pane);

    return p ? p->inbox : NULL;
}

static void listed(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct paging paging = *(struct paging *)data;
    struct inbox_pane *inbox = inbox_of(paging.c, paging.pane);
    bool first;

    free(data);
    if (!inbox)
        return;
    paging.c->draw = true;
    inbox->asking = inbox->earlier = false;
    if (inbox->again) { /* it is another list by now */
        inbox->again = false;
        return;
    }
    if (fault) {
        text_make_safe(inbox->failed, sizeof inbox->failed, fault->message, strlen(fault->message));
        inbox->box.loaded = true;
        return;
    }
    first = !inbox->box.loaded;
    inbox->failed[0] = '\0';
    mailbox_page(&inbox->box, result, paging.before);
    if (first && !inbox->cursor[0])
        inbox_pane_newest(inbox);
    inbox_pane_changed(inbox);
}

static void ask_list(struct console *c, struct pane *p, bool earlier)
{
    struct inbox_pane *inbox = p->inbox;
    struct paging *paging = mem_zalloc(sizeof *paging);
    cJSON *params = cJSON_CreateObject();

    paging->c = c;
    paging->pane = p->id;
    paging->before = earlier ? inbox->box.next : 0;
    inbox->asking = true;
    if (!earlier)
        inbox->stale = false;
    cJSON_AddStringToObject(params, "name", inbox->box.name);
    json_add_int(params, "limit", PAGE);
    if (paging->before > 0)
        json_add_int(params, "before", paging->before);
    if (inbox->box.show == MAILBOX_UNREAD)
        cJSON_AddBoolToObject(params, "unread", true);
    if (inbox->pattern[0])
        json_add_text(params, "search", inbox->pattern, strlen(inbox->pattern));
    client_send(c->client, "inbox.list", params, CONSOLE_CALL_MS, listed, paging);
    cJSON_Delete(params);
}

static void text_came(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct paging paging = *(struct paging *)data;
    struct inbox_pane *inbox = inbox_of(paging.c, paging.pane);
    const char *text = json_string(result, "body", "");

    free(data);
    if (!inbox || strcmp(inbox->text.id, paging.id) != 0)
        return; /* somebody went on meanwhile */
    paging.c->draw = true;
    if (fault)
        mailtext_fail(&inbox->text, fault->message);
    else
        mailtext_page(&inbox->text, paging.offset, text, strlen(text), json_int(result, "size", 0));
}

static void ask_text(struct console *c, struct pane *p)
{
    struct mailtext *text = &p->inbox->text;
    struct paging *paging = mem_zalloc(sizeof *paging);
    cJSON *params = cJSON_CreateObject();

    paging->c = c;
    paging->pane = p->id;
    paging->offset = (int64_t)text->raw.len;
    snprintf(paging->id, sizeof paging->id, "%s", text->id);
    text->asking = true;
    cJSON_AddStringToObject(params, "message_id", text->id);
    cJSON_AddStringToObject(params, "name", p->inbox->box.name);
    json_add_int(params, "offset", paging->offset);
    json_add_int(params, "limit", TEXT_PAGE);
    client_send(c->client, "inbox.text", params, CONSOLE_CALL_MS, text_came, paging);
    cJSON_Delete(params);
}

/* --- the own unread ones --- */

/* What is new and not looked at is told: the first one by bell, more of them by words alone. */
static void tell_news(struct console *c, int64_t newest, int64_t before)
{
    const struct mail *m = c->post.news.count > 0 ? c->post.news.mails[0] : NULL;
    const struct pane *p = console_focused(c);
    char text[300];

    if (!m || m->seq <= newest || !strcmp(m->from, c->member) ||
        (p && p->inbox && inbox_pane_own(p->inbox) && !c->away))
        return;
    snprintf(text, sizeof text, "%s %.60s: %s%.40s%s%.150s", theme_glyph(c->theme, GLYPH_WORKING),
             m->from, m->channel[0] ? "#" : "", m->channel, m->channel[0] ? " " : "",
             mail_headline(m));
    notices_add(&c->notices, m->priority == 2 ? ROLE_ATTENTION : ROLE_TEXT, "%s", text);
    if (before == 0 || m->priority == 2)
        console_attention(c, "", text);
}

static void news_came(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct console *c = data;
    struct post *post = &c->post;
    int64_t before = post->news.unread, newest = 0;

    post->news_asking = false;
    if (fault)
        return; /* a hub without inboxes */
    if (post->news.count > 0)
        newest = post->news.mails[0]->seq;
    mailbox_clear(&post->news);
    mailbox_page(&post->news, result, 0);
    if (post->loaded)
        tell_news(c, newest, before);
    post->loaded = true;
    c->draw = c->waits_changed = true;
}

/* What a To line completes: people, then channels. */
static void names_make(struct post *post)
{
    size_t n = 0;

    free(post->names);
    post->names = mem_calloc(post->people_count + post->channel_count + 1, sizeof(char *));
    for (size_t i = 0; i < post->people_count; i++)
        post->names[n++] = post->people[i].name;
    for (size_t i = 0; i < post->channel_count; i++)
        post->names[n++] = post->channels[i];
}

static void people_free(struct post *post)
{
    for (size_t i = 0; i < post->people_count; i++)
        free(post->people[i].email);
    free(post->people);
    post->people = NULL;
    post->people_count = 0;
}

static void people_came(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct console *c = data;
    struct post *post = &c->post;
    const cJSON *list = cJSON_IsArray(result) ? result : json_get(result, "inboxes"), *item;
    size_t room = (size_t)cJSON_GetArraySize(list), n = 0;

    post->people_asking = false;
    c->draw = true;
    if (fault || room > PEOPLE_MAX)
        return;
    people_free(post);
    post->people = mem_calloc(room + 1, sizeof *post->people);
    cJSON_ArrayForEach(item, list)
    {
        struct person *person = &post->people[n];
        const char *name = json_string(item, "name", ""), *email = json_string(item, "email", "");
        if (!*name)
            continue;
        text_make_safe(person->name, sizeof person->name, name, strlen(name));
        char safe[400];
        text_make_safe(safe, sizeof safe, email, strlen(email));
        person->email = mem_strdup(safe);
        person->agent = !strcmp(json_string(item, "kind", ""), "agent");
        person->readable = json_bool(item, "readable", false);
        person->unread = json_int(item, "unread", 0);
        n++;
    }
    post->people_count = n;
    names_make(post);
}

static void channels_came(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct console *c = data;

    if (!fault)
        console_channels_came(c, result);
    names_make(&c->post);
}

static void ask_post(struct console *c)
{
    struct post *post = &c->post;

    if (post->news_wanted && !post->news_asking) {
        cJSON *params = cJSON_CreateObject();
        post->news_wanted = false;
        post->news_asking = true;
        cJSON_AddBoolToObject(params, "unread", true);
        json_add_int(params, "limit", NEWS_MOST);
        client_send(c->client, "inbox.list", params, CONSOLE_CALL_MS, news_came, c);
        cJSON_Delete(params);
    }
    if (post->people_wanted && !post->people_asking) {
        post->people_wanted = false;
        post->people_asking = true;
        client_send(c->client, "inbox.people", NULL, CONSOLE_CALL_MS, people_came, c);
        client_send(c->client, "comms.channels", NULL, CONSOLE_CALL_MS, channels_came, c);
    }
    console_loops_ask(c);
}

void console_inboxes_ask(struct console *c)
{
    if (!c->connected)
        return;
    for (int i = 0; i < c->pane_count; i++) {
        struct pane *p = c->panes[i];
        if (!p->inbox || !p->shown)
            continue;
        switch (inbox_pane_wants(p->inbox)) {
        case WANT_LIST: ask_list(c, p, false); break;
        case WANT_EARLIER: ask_list(c, p, true); break;
        case WANT_TEXT: ask_text(c, p); break;
        case WANT_NOTHING: break;
        }
        if (inbox_pane_wants(p->inbox) == WANT_TEXT)
            ask_text(c, p);
    }
    ask_post(c);
}

void console_inboxes_connected(struct console *c)
{
    c->post.news_wanted = c->post.people_wanted = c->post.paused_wanted = true;
    for (int i = 0; i < c->pane_count; i++)
        if (c->panes[i]->inbox) {
            c->panes[i]->inbox->stale = true;
            if (c->panes[i]->inbox->text.failed)
                mailtext_about(&c->panes[i]->inbox->text, c->panes[i]->inbox->cursor);
        }
}

void console_inboxes_finish(struct console *c)
{
    mailbox_finish(&c->post.news);
    people_free(&c->post);
    console_channels_came(c, NULL);
    free(c->post.channels);
    free(c->post.names);
    free(c->post.paused);
    memset(&c->post, 0, sizeof c->post);
}

/* --- events --- */

static bool about(const cJSON *event, const char *name)
{
    const cJSON *data = json_get(event, "data"), *to = json_get(data, "to"), *one;

    if (!strcmp(json_string(event, "who", ""), name) ||
        !strcmp(json_string(data, "from", ""), name) ||
        !strcmp(json_string(data, "by", ""), name) || !strcmp(json_string(data, "to", ""), name))
        return true;
    cJSON_ArrayForEach(one, to)
    {
        if (cJSON_IsString(one) && !strcmp(one->valuestring, name))
            return true;
    }
    return json_string(data, "channel", "")[0] != '\0'; /* whose inboxes it went to is not said */
}

bool console_inbox_event(struct console *c, const char *kind, const cJSON *event)
{
    const cJSON *data = json_get(event, "data");

    if (!strncmp(kind, "loop", 4)) {
        c->post.paused_wanted = true;
        return true;
    }
    if (!strncmp(kind, "identity", 8)) {
        c->post.people_wanted = true;
        return true;
    }
    if (strncmp(kind, "message", 7) != 0)
        return false;
    for (int i = 0; i < c->pane_count; i++) {
        struct inbox_pane *inbox = c->panes[i]->inbox;
        if (!inbox)
            continue;
        if (mailbox_event(&inbox->box, kind, data))
            inbox_pane_changed(inbox);
        if (!strcmp(kind, "messageSent") && about(event, inbox->box.name))
            inbox->stale = true;
    }
    if (about(event, c->member) || !c->post.loaded)
        c->post.news_wanted = true;
    c->post.people_wanted = true;
    return true;
}

/* --- going there --- */

void console_inbox_open(struct console *c, const char *name, const char *id)
{
    struct pane *p = NULL;

    for (int i = 0; i < c->pane_count; i++)
        if (c->panes[i]->inbox && (!p || !strcmp(c->panes[i]->inbox->box.name, name)))
            p = c->panes[i];
    if (p && strcmp(p->inbox->box.name, name) != 0 && p->inbox->draft.open)
        p = NULL; /* somebody writes there */
    if (p) {
        inbox_pane_open(p->inbox, name);
        console_focus(c, p->id);
    } else {
        const struct pane *from = console_focused(c);
        bool beside = from && from->box.cols >= 180;
        p = console_add(c, PANE_INBOX, beside ? LAYOUT_COLS : LAYOUT_ROWS);
        if (!p)
            return;
        p->inbox = inbox_pane_create(name, c->member);
    }
    console_layout_touch(c);
    if (!*id)
        return;
    snprintf(p->inbox->cursor, sizeof p->inbox->cursor, "%s", id);
    if (mailbox_row(&p->inbox->box, id) < 0)
        p->inbox->stale = true;
    inbox_pane_changed(p->inbox);
}

bool console_inbox_waiting(struct console *c)
{
    const struct pane *p = console_focused(c);
    bool there = p && p->inbox && inbox_pane_own(p->inbox);
    const struct mailbox *news = &c->post.news;

    if (news->unread == 0 && c->post.paused_count == 0)
        return false;
    if (there && p->inbox->box.unread > 0)
        inbox_pane_newest(p->inbox);
    else
        console_inbox_open(c, c->member, news->count > 0 ? news->mails[news->count - 1]->id : "");
    return true; /* what is paused stands over it */
}
