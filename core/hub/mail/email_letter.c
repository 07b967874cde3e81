/* A message loaded with all that it owns, who may see it, and its two other shapes: the object that
 * calls answer with, and the mail that other systems understand. Control's. */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/hub/mail/email.h"

#include <stdlib.h>
#include <string.h>

static cJSON *parse_headers(const char *text)
{
    cJSON *headers = NULL;
    if (!text || !*text || json_parse(text, strlen(text), &headers) != ERR_OK)
        headers = cJSON_CreateObject();
    return headers;
}

static void copy(void *data, const struct mail_message *m)
{
    struct letter *l = data;
    l->m = *m;
    l->m.from_name = mem_strdup(m->from_name);
    l->m.from_address = mem_strdup(m->from_address);
    l->m.subject = mem_strdup(m->subject);
    l->m.body = mem_strndup(m->body, m->body_n);
    l->m.thread_id = mem_strdup(m->thread_id);
    l->m.in_reply_to = mem_strdup(m->in_reply_to);
    l->m.headers = l->m.channel = l->m.hops = NULL;
    l->headers = parse_headers(m->headers);
}

enum err letter_load(struct hub *hub, const char *id, struct letter *ret)
{
    struct letter l = {0};
    enum err e = journal_message_get(hub->journal, id, copy, &l);
    if (e == ERR_OK)
        *ret = l;
    return e;
}

void letter_finish(struct letter *l)
{
    const void *owned[] = {l->m.from_name, l->m.from_address, l->m.subject,
                           l->m.body,      l->m.thread_id,    l->m.in_reply_to};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        free((void *)(uintptr_t)owned[i]);
    cJSON_Delete(l->headers);
    *l = (struct letter){0};
}

/* A whole id from an id, its beginning or end, <ID@DOMAIN> or a foreign Message-ID. */
static enum err resolve(struct hub *hub, struct call *c, const char *text, char ret_id[MAIL_ID])
{
    char plain[260];
    size_t n;
    text += *text == '<';
    n = strcspn(text, ">");
    if (n >= sizeof plain)
        return ERR_NOT_FOUND;
    memcpy(plain, text, n);
    plain[n] = '\0';
    cJSON *doc = NULL;
    if (journal_get(hub->journal, EMAIL_ID_KIND, plain, &doc) == ERR_OK) {
        snprintf(ret_id, MAIL_ID, "%s", json_string(doc, "id", ""));
        cJSON_Delete(doc);
        return ERR_OK;
    }
    plain[strcspn(plain, "@")] = '\0';
    return mail_find(hub, c, plain, ret_id);
}

enum err letter_find(struct hub *hub, struct call *c, const char *text, struct letter *ret)
{
    char id[MAIL_ID];
    struct letter l;
    struct mail_delivery d;
    enum err e = resolve(hub, c, text, id);
    if (e == ERR_OK)
        e = letter_load(hub, id, &l);
    if (e == ERR_OK && c->role != ROLE_OWNER && strcmp(l.m.from_name, call_who(c)) != 0) {
        e = journal_delivery_get(hub->journal, id, call_who(c), &d);
        if (e != ERR_OK)
            letter_finish(&l);
    }
    if (e == ERR_OK)
        *ret = l;
    return e == ERR_NOT_FOUND ? call_fail(c, e, "there is no message \"%.80s\" of yours", text) : e;
}

char *letter_message_id(struct hub *hub, const struct mail_message *m, const cJSON *headers)
{
    char address[MAIL_ADDRESS];
    const char *foreign = json_string(headers, "message_id", "");
    if (*foreign)
        return mem_strdup(foreign);
    mail_address(hub, "x", address);
    return mem_printf("%s%s", m->id, strrchr(address, '@'));
}

/* --- as an object ------------------------------------------------------------------------------
 */

static void add_list(cJSON *to, const char *key, const cJSON *headers)
{
    const cJSON *list = json_get(headers, key);
    cJSON_AddItemToObject(to, key, list ? cJSON_Duplicate(list, true) : cJSON_CreateArray());
}

cJSON *email_describe(struct hub *hub, const struct mail_message *m, const struct mail_delivery *d)
{
    cJSON *o = cJSON_CreateObject(), *headers = parse_headers(m->headers);
    char at[32], *id = letter_message_id(hub, m, headers);
    clock_format(m->sent_us, at, sizeof at);
    cJSON_AddStringToObject(o, "id", m->id);
    cJSON_AddItemToObject(o, "message_id", cJSON_CreateString(id));
    cJSON_AddStringToObject(o, "thread_id", m->thread_id);
    cJSON_AddStringToObject(o, "from", m->from_address);
    add_list(o, "to", headers);
    add_list(o, "cc", headers);
    cJSON_AddStringToObject(o, "subject", m->subject);
    json_add_text(o, "body", m->body, m->body_n);
    cJSON_AddStringToObject(o, "timestamp", at);
    cJSON_AddBoolToObject(o, "is_read", !d || d->read_us != 0);
    cJSON_AddStringToObject(o, "direction", d ? "inbound" : "outbound");
    if (*m->in_reply_to)
        cJSON_AddStringToObject(o, "in_reply_to", m->in_reply_to);
    else
        cJSON_AddNullToObject(o, "in_reply_to");
    const cJSON *files = json_get(headers, "files");
    if (files)
        cJSON_AddItemToObject(o, "attachments", cJSON_Duplicate(files, true));
    if (!d)
        email_state_describe(hub, m->id, o);
    free(id);
    cJSON_Delete(headers);
    return o;
}

/* --- as a mail ---------------------------------------------------------------------------------
 */

static void add_addresses(struct address_list *to, const cJSON *list)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, list) if (cJSON_IsString(one))
        address_list_parse(one->valuestring, strlen(one->valuestring), NULL, true, to, NULL, 0);
}

static void add_file(void *data, const struct mail_attachment *a)
{
    mail_add_file(data, mem_strdup(a->name), mem_strdup(a->type), mem_dup(a->bytes, a->size),
                  a->size);
}

/* In-Reply-To and References of an answer: what the answered one had, and its own id. */
static void add_references(struct hub *hub, const struct letter *l, struct mail *m)
{
    struct letter parent;
    if (!*l->m.in_reply_to || letter_load(hub, l->m.in_reply_to, &parent) != ERR_OK)
        return;
    char *id = letter_message_id(hub, &parent.m, parent.headers);
    struct buf all = {0};
    const char *older = json_string(parent.headers, "references", "");
    struct letter grandparent;
    if (*older) {
        buf_puts(&all, older);
    } else if (*parent.m.in_reply_to &&
               letter_load(hub, parent.m.in_reply_to, &grandparent) == ERR_OK) {
        char *first = letter_message_id(hub, &grandparent.m, grandparent.headers);
        buf_puts(&all, first);
        free(first);
        letter_finish(&grandparent);
    }
    buf_printf(&all, "%s%s", all.len ? " " : "", id);
    free(m->references);
    free(m->in_reply_to);
    m->references = buf_take(&all);
    m->in_reply_to = id;
    letter_finish(&parent);
}

enum err letter_mail(struct hub *hub, const struct letter *l, struct mail *ret)
{
    struct mail m = {.date_us = l->m.sent_us, .text_n = l->m.body_n};
    m.subject = mem_strdup(l->m.subject);
    m.text = mem_strndup(l->m.body, l->m.body_n);
    m.message_id = letter_message_id(hub, &l->m, l->headers);
    m.in_reply_to = mem_strdup(json_string(l->headers, "in_reply_to", ""));
    m.references = mem_strdup(json_string(l->headers, "references", ""));
    struct address_list from = {0};
    address_list_parse(l->m.from_address, strlen(l->m.from_address), NULL, true, &from, NULL, 0);
    if (from.count)
        m.from = from.items[0];
    address_list_finish(&from);
    add_addresses(&m.to, json_get(l->headers, "to"));
    add_addresses(&m.cc, json_get(l->headers, "cc"));
    add_references(hub, l, &m);
    enum err e = journal_attachments(hub->journal, l->m.id, add_file, &m);
    if (e == ERR_OK)
        *ret = m;
    else
        mail_finish(&m);
    return e;
}
