/* Inboxes as the console leafs through them (see inbox_list.h). Who may read whose: everybody their
 * own, the hub's owner all. Nothing here marks as read but inbox.mark. Control, within a batch. */
#include "core/hub/mail/inbox_list.h"

#include "core/base/mem.h"
#include "core/hub/mail/mail.h"
#include "core/journal/mailbox.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_USUAL  50
#define TEXT_USUAL   65536
#define RECEIPTS_MAX 64
#define FILES_MAX    100
#define PREVIEW_MAX  200

static const char *const priorities[] = {"low", "normal", "high"};

/* Whose inbox is meant; the call fails when the caller may not read it. */
static enum err whose(struct hub *hub, struct call *c, const char **ret_name)
{
    struct mail_identity found;
    const char *name = call_string(c, "name", call_who(c));
    enum err e;

    if (!strcmp(name, call_who(c))) {
        *ret_name = name;
        return mail_caller(hub, c, NULL);
    }
    if (c->role != ROLE_OWNER || c->scope[0])
        return call_fail(c, ERR_DENIED, "The inbox of %.60s is not yours to read.", name);
    e = journal_identity_get(hub->journal, name, &found);
    if (e == ERR_NOT_FOUND)
        return call_fail(c, e, "Nobody is called %.60s.", name);
    *ret_name = name;
    return e;
}

/* --- the list --- */

struct listing {
    struct hub *hub;
    const struct call *c;
    const char *reader; /* whose inbox it is */
    cJSON *list, *message;
};

/* Who got a letter stands in it for all who did; what was sent by comms tells nobody who else has
 * it. What became of a message is its sender's to know, and each recipient's own part. */
static bool may_know(const struct listing *l, const char *recipient)
{
    return l->c->role == ROLE_OWNER || strcmp(recipient, l->reader) == 0 ||
           strcmp(json_string(l->message, "direction", ""), "out") == 0;
}

static bool may_read_name(const struct listing *l, const char *recipient)
{
    return may_know(l, recipient) || strcmp(json_string(l->message, "grammar", ""), "email") == 0;
}

static void add_receipt(void *data, const struct mail_delivery *d)
{
    const struct listing *l = data;
    cJSON *message = l->message, *one;
    cJSON *receipts = cJSON_GetObjectItemCaseSensitive(message, "receipts");
    const char *role = d->role == MAIL_CC ? "cc" : d->role == MAIL_TO ? "to" : NULL;
    bool seen = d->read_us > 0 && d->state < MAIL_ACKNOWLEDGED;

    if (cJSON_GetArraySize(receipts) >= RECEIPTS_MAX ||
        (role && cJSON_GetArraySize(json_get(message, role)) >= RECEIPTS_MAX))
        return;
    if (role && may_read_name(l, d->recipient))
        cJSON_AddItemToArray(cJSON_GetObjectItemCaseSensitive(message, role),
                             cJSON_CreateString(d->recipient));
    if (!may_know(l, d->recipient))
        return;
    one = cJSON_CreateObject();
    cJSON_AddStringToObject(one, "to", d->recipient);
    cJSON_AddStringToObject(one, "state", seen ? "read" : mail_state_name(d->state));
    cJSON_AddItemToArray(receipts, one);
}

/* What came with a mail, as its headers say: number, name, type, bytes. */
static void add_files(cJSON *message, const char *headers)
{
    cJSON *all = NULL, *files;

    if (!strstr(headers, "\"files\"") || json_parse(headers, strlen(headers), &all) != ERR_OK)
        return;
    files = cJSON_DetachItemFromObjectCaseSensitive(all, "files");
    while (cJSON_GetArraySize(files) > FILES_MAX)
        cJSON_DeleteItemFromArray(files, FILES_MAX);
    if (files)
        cJSON_AddItemToObject(message, "files", files);
    cJSON_Delete(all);
}

static void add_message(void *data, const struct mailbox_message *m)
{
    struct listing *listing = data;
    cJSON *one = cJSON_CreateObject();
    size_t n = strlen(m->preview);

    json_add_int(one, "seq", m->seq);
    cJSON_AddStringToObject(one, "id", m->id);
    cJSON_AddStringToObject(one, "grammar", m->email ? "email" : "comms");
    cJSON_AddStringToObject(one, "direction", m->received ? "in" : "out");
    cJSON_AddStringToObject(one, "from", m->from_name[0] ? m->from_name : m->from_address);
    cJSON_AddStringToObject(one, "from_address", m->from_address);
    cJSON_AddArrayToObject(one, "to");
    cJSON_AddArrayToObject(one, "cc");
    json_add_text(one, "subject", m->subject, strlen(m->subject));
    json_add_text(one, "preview", m->preview, n < PREVIEW_MAX ? n : PREVIEW_MAX);
    cJSON_AddStringToObject(one, "channel", m->channel);
    cJSON_AddStringToObject(one, "thread_id", m->thread_id);
    cJSON_AddStringToObject(one, "in_reply_to", m->in_reply_to);
    cJSON_AddStringToObject(one, "priority",
                            priorities[m->priority >= 0 && m->priority <= 2 ? m->priority : 1]);
    cJSON_AddBoolToObject(one, "is_read", !m->unread);
    json_add_int(one, "sent_ms", m->sent_us / 1000);
    json_add_int(one, "size", m->size);
    cJSON_AddArrayToObject(one, "receipts");
    add_files(one, m->headers);
    cJSON_AddItemToArray(listing->list, one);
}

static void small_letters(char *text)
{
    for (; *text; text++)
        *text = (char)(*text >= 'A' && *text <= 'Z' ? *text + ('a' - 'A') : *text);
}

enum err inbox_list(struct hub *hub, struct call *c)
{
    const char *name = NULL;
    struct mailbox_filter filter = {0};
    struct mail_count count = {0};
    struct listing listing = {.hub = hub, .c = c};
    cJSON *result;
    char *pattern;
    int64_t next = 0;
    enum err e = whose(hub, c, &name);

    if (e != ERR_OK)
        return e;
    pattern = mem_strdup(call_string(c, "search", ""));
    small_letters(pattern);
    filter = (struct mailbox_filter){.name = name,
                                     .before = call_int(c, "before", 0),
                                     .limit = (int)call_int(c, "limit", LIMIT_USUAL),
                                     .unread = call_bool(c, "unread", false),
                                     .pattern = pattern};
    result = cJSON_CreateObject();
    cJSON_AddStringToObject(result, "name", name);
    listing.list = cJSON_AddArrayToObject(result, "messages");
    e = journal_mailbox(hub->journal, &filter, add_message, &listing, &next);
    listing.reader = name;
    cJSON_ArrayForEach(listing.message, listing.list)
    {
        if (e == ERR_OK)
            e = journal_deliveries(hub->journal, json_string(listing.message, "id", ""),
                                   add_receipt, &listing);
    }
    if (e == ERR_OK)
        e = journal_inbox_count(hub->journal, name, -1, NULL, &count);
    json_add_int(result, "unread", count.unread);
    json_add_int(result, "next", next);
    free(pattern);
    return call_answer(c, e, result);
}

/* --- a text --- */

struct slice {
    const char *reader;
    size_t offset, limit, n, size;
    char *text;
    bool sender;
};

/* Where the character that a byte belongs to begins. */
static size_t whole(const char *text, size_t size, size_t at)
{
    if (at >= size)
        return size;
    while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80)
        at--;
    return at;
}

static void take_slice(void *data, const struct mail_message *m)
{
    struct slice *s = data;
    size_t from = whole(m->body, m->body_n, s->offset), to;

    to = whole(m->body, m->body_n, from + s->limit);
    s->size = m->body_n;
    s->n = to - from;
    s->text = mem_strndup(m->body + from, s->n);
    s->sender = !strcmp(m->from_name, s->reader);
}

enum err inbox_text(struct hub *hub, struct call *c)
{
    const char *id = call_string(c, "message_id", "");
    struct slice slice = {.offset = (size_t)call_int(c, "offset", 0),
                          .limit = (size_t)call_int(c, "limit", TEXT_USUAL)};
    struct mail_delivery d;
    cJSON *result;
    enum err e = whose(hub, c, &slice.reader);

    if (e != ERR_OK)
        return e;
    e = journal_message_get(hub->journal, id, take_slice, &slice);
    if (e == ERR_OK && !slice.sender)
        e = journal_delivery_get(hub->journal, id, slice.reader, &d);
    if (e == ERR_NOT_FOUND)
        e = call_fail(c, e, "There is no message %.31s in this inbox.", id);
    if (e == ERR_OK) {
        result = cJSON_CreateObject();
        cJSON_AddStringToObject(result, "message_id", id);
        json_add_text(result, "body", slice.text, slice.n);
        json_add_int(result, "size", (int64_t)slice.size);
        call_reply(c, result);
    }
    free(slice.text);
    return e;
}

/* --- read, unread --- */

enum err inbox_mark(struct hub *hub, struct call *c)
{
    const char *id = call_string(c, "message_id", "");
    struct mail_identity me;
    struct mail_delivery d;
    enum err e = mail_caller(hub, c, &me);

    if (e != ERR_OK)
        return e;
    e = journal_delivery_get(hub->journal, id, me.name, &d);
    if (e == ERR_NOT_FOUND)
        return call_fail(c, e, "There is no message %.31s in your inbox.", id);
    if (e == ERR_OK && call_bool(c, "read", true)) {
        e = mail_read(hub, &d, me.name);
    } else if (e == ERR_OK && d.read_us > 0) {
        d.read_us = 0;
        e = journal_delivery_put(hub->journal, &d);
    }
    if (e == ERR_OK)
        call_reply(c, NULL);
    return e;
}

/* --- who --- */

struct naming {
    cJSON *list;
};

static void add_name(void *data, const struct mail_identity *identity)
{
    struct naming *naming = data;
    cJSON *one;

    if (identity->revoked_us)
        return;
    one = cJSON_CreateObject();
    cJSON_AddStringToObject(one, "name", identity->name);
    cJSON_AddStringToObject(one, "kind", identity->human ? "human" : "agent");
    cJSON_AddItemToArray(naming->list, one);
}

enum err inbox_people(struct hub *hub, struct call *c)
{
    cJSON *all = cJSON_CreateArray(), *result = cJSON_CreateObject(), *one;
    cJSON *list = cJSON_AddArrayToObject(result, "inboxes");
    struct naming naming = {all};
    enum err e = mail_caller(hub, c, NULL);

    if (e == ERR_OK)
        e = journal_identities(hub->journal, add_name, &naming);
    while (e == ERR_OK && (one = cJSON_DetachItemFromArray(all, 0))) {
        const char *name = json_string(one, "name", "");
        bool own = !strcmp(name, call_who(c));
        bool readable = own || (c->role == ROLE_OWNER && !c->scope[0]);
        char address[MAIL_ADDRESS];
        struct mail_count count = {0};
        if (!own && !mail_may_meet(hub, c, name)) {
            cJSON_Delete(one);
            continue;
        }
        cJSON_AddItemToArray(list, one);
        mail_address(hub, name, address);
        cJSON_AddStringToObject(one, "email", address);
        cJSON_AddBoolToObject(one, "readable", readable);
        if (readable)
            e = journal_inbox_count(hub->journal, name, -1, NULL, &count);
        json_add_int(one, "unread", count.unread);
    }
    cJSON_Delete(all);
    return call_answer(c, e, result);
}
