/* Mail from outside: what an MTA hands over on standard input becomes a message in the inboxes of
 * those whom it is for. What it answers is found by Message-ID; a bounce finds what bounced. Mail
 * that comes twice with one Message-ID for the same recipient is there once: an MTA that did not
 * hear our answer hands it over again. Mail without a Message-ID is known by a hash of its bytes.
 * Control's. */
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/hub/mail/email.h"
#include "core/mail/audit.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static enum err bytes_of(struct hub *hub, struct call *c, char **ret, size_t *ret_n)
{
    const char *text = call_string(c, "message", NULL);
    const char *upload = call_string(c, "upload", NULL);
    if (upload)
        return upload_take(hub, c, upload, ret, ret_n);
    if (json_get(call_params(c), "data"))
        return json_get_base64(call_params(c), "data", ret, ret_n);
    if (!text)
        return ERR_INVALID;
    *ret = mem_strdup(text);
    *ret_n = strlen(text);
    return ERR_OK;
}

bool email_here(struct hub *hub, const char *text, struct mail_identity *ret)
{
    char own[MAIL_ADDRESS], local[ADDRESS_MAX], lower[MAIL_ADDRESS];
    mail_address(hub, "x", own);
    snprintf(lower, sizeof lower, "%s", text);
    for (char *p = lower; *p; p++)
        *p = (char)((unsigned char)*p < 0x80 ? tolower((unsigned char)*p) : *p);
    if (journal_alias_get(hub->journal, lower, local) != ERR_OK &&
        !address_is_local(text, strrchr(own, '@') + 1, local))
        return false;
    if (journal_identity_get(hub->journal, local, ret) == ERR_OK)
        return !ret->revoked_us;
    for (char *p = local; *p; p++)
        *p = (char)((unsigned char)*p < 0x80 ? tolower((unsigned char)*p) : *p);
    return journal_identity_get(hub->journal, local, ret) == ERR_OK && !ret->revoked_us;
}

static bool add_here(struct hub *hub, const char *text, enum mail_role role,
                     struct email_parties *to)
{
    struct mail_identity i;
    struct email_party p = {.role = role};
    if (!email_here(hub, text, &i))
        return false;
    memcpy(p.name, i.name, sizeof p.name);
    p.human = i.human;
    snprintf(p.address, sizeof p.address, "%s", text);
    email_party_add(to, &p);
    return true;
}

/* Whom it is for: who the envelope names (--to), else who the header does. An MTA has one word for
 * all of an envelope: when one of them is nobody here, none gets it, and it hears so. */
static enum err recipients(struct hub *hub, struct call *c, const struct mail *m,
                           struct email_parties *to)
{
    const cJSON *one, *given = json_get(call_params(c), "to");
    cJSON_ArrayForEach(one, given)
    {
        if (!add_here(hub, one->valuestring, MAIL_TO, to)) {
            struct mail_identity i; /* fails, and names the nearest ones */
            enum err e = mail_recipient(hub, c, one->valuestring, &i);
            return e != ERR_OK ? e : call_fail(c, ERR_RECIPIENT, "nobody here has that address");
        }
    }
    for (size_t i = 0; !given && i < m->to.count; i++)
        add_here(hub, m->to.items[i].spec, MAIL_TO, to);
    for (size_t i = 0; !given && i < m->cc.count; i++)
        add_here(hub, m->cc.items[i].spec, MAIL_CC, to);
    if (to->count == 0)
        return call_fail(c, ERR_RECIPIENT,
                         "the message names nobody here; --to says for whom it is");
    return ERR_OK;
}

/* The messages here with that Message-ID, the first one first: [ID…], the caller's, or NULL. An MTA
 * that hands over a copy for each recipient makes more than one; what one of us wrote is one, too.
 */
static cJSON *ids_of(struct hub *hub, const char *message_id)
{
    cJSON *doc = NULL, *all = NULL;
    char plain[260], id[MAIL_ID];
    if (*message_id && journal_get(hub->journal, EMAIL_ID_KIND, message_id, &doc) == ERR_OK) {
        all = cJSON_DetachItemFromObjectCaseSensitive(doc, "more");
        all = all ? all : cJSON_CreateArray();
        cJSON_InsertItemInArray(all, 0, cJSON_CreateString(json_string(doc, "id", "")));
        cJSON_Delete(doc);
        return all;
    }
    snprintf(plain, sizeof plain, "%s", message_id);
    plain[strcspn(plain, "@")] = '\0';
    if (strncmp(plain, "msg_", 4) == 0 && strlen(plain) == 20 &&
        journal_message_find(hub->journal, plain, id) == ERR_OK) {
        all = cJSON_CreateArray();
        cJSON_AddItemToArray(all, cJSON_CreateString(id));
    }
    return all;
}

static bool known(struct hub *hub, const char *message_id, char ret_id[MAIL_ID])
{
    cJSON *all = ids_of(hub, message_id);
    if (all)
        snprintf(ret_id, MAIL_ID, "%s", cJSON_GetArrayItem(all, 0)->valuestring);
    cJSON_Delete(all);
    return all != NULL;
}

/* From now on that Message-ID is this message's too. */
static enum err remember(struct hub *hub, const char *message_id, const char *id)
{
    cJSON *all = ids_of(hub, message_id), *doc = cJSON_CreateObject();
    cJSON *first = all ? cJSON_DetachItemFromArray(all, 0) : NULL;
    cJSON_AddItemToObject(doc, "id", first ? first : cJSON_CreateString(id));
    if (first) {
        cJSON_AddItemToArray(all, cJSON_CreateString(id));
        cJSON_AddItemToObject(doc, "more", all);
    } else {
        cJSON_Delete(all);
    }
    enum err e = journal_put(hub->journal, EMAIL_ID_KIND, message_id, doc);
    cJSON_Delete(doc);
    return e;
}

/* The message here that it answers: In-Reply-To, else the newest of References. */
static bool parent(struct hub *hub, const struct mail *m, char ret_id[MAIL_ID])
{
    if (known(hub, m->in_reply_to, ret_id))
        return true;
    char *ids = mem_strdup(m->references), *last;
    bool found = false;
    while (!found && *ids) {
        last = strrchr(ids, ' ');
        found = known(hub, last ? last + 1 : ids, ret_id);
        if (!last)
            break;
        *last = '\0';
    }
    for (size_t i = 0; !found && i < m->file_count; i++) { /* what a bounce hands back */
        struct mail inner;
        if (m->automatic && strstr(m->files[i].type, "rfc822") &&
            mail_parse(m->files[i].bytes, m->files[i].n, &inner) == ERR_OK) {
            found = known(hub, inner.message_id, ret_id);
            mail_finish(&inner);
        }
    }
    free(ids);
    return found;
}

static cJSON *specs(const struct address_list *list)
{
    cJSON *all = cJSON_CreateArray();
    for (size_t i = 0; i < list->count; i++)
        cJSON_AddItemToArray(all, cJSON_CreateString(list->items[i].spec));
    return all;
}

static cJSON *headers_of(const struct mail *m)
{
    cJSON *h = cJSON_CreateObject();
    cJSON_AddItemToObject(h, "to", specs(&m->to));
    cJSON_AddItemToObject(h, "cc", specs(&m->cc));
    cJSON_AddItemToObject(h, "reply_to", specs(&m->reply_to));
    cJSON_AddStringToObject(h, "message_id", m->message_id);
    cJSON_AddStringToObject(h, "in_reply_to", m->in_reply_to);
    cJSON_AddStringToObject(h, "references", m->references);
    cJSON_AddStringToObject(h, "from_name", m->from.name);
    if (m->automatic)
        cJSON_AddTrueToObject(h, "automatic");
    cJSON *files = cJSON_AddArrayToObject(h, "files");
    for (size_t i = 0; i < m->file_count; i++) {
        cJSON *o = cJSON_CreateObject();
        json_add_int(o, "n", (int64_t)i + 1);
        cJSON_AddStringToObject(o, "name", m->files[i].name);
        cJSON_AddStringToObject(o, "type", m->files[i].type);
        json_add_int(o, "size", (int64_t)m->files[i].n);
        cJSON_AddItemToArray(files, o);
    }
    return h;
}

/* A text larger than a body may be: its beginning stays, the whole goes with it as a file. */
static void bound_text(struct mail *m)
{
    size_t n = MAIL_BODY - 4;
    if (m->text_n <= MAIL_BODY)
        return;
    mail_add_file(m, mem_strdup("message.txt"), mem_strdup("text/plain"),
                  mem_dup(m->text, m->text_n), m->text_n);
    while (n > 0 && ((unsigned char)m->text[n] & 0xc0) == 0x80)
        n--;
    m->text[n] = '\0';
    m->text_n = n;
}

static enum err keep(struct hub *hub, struct call *c, struct mail *m, const char *key,
                     const struct email_parties *to)
{
    struct mail_post *posts = mem_calloc(to->count, sizeof *posts);
    char answers[MAIL_ID] = "";
    size_t held = 0;
    bound_text(m);
    for (size_t i = 0; i < to->count; i++) {
        memcpy(posts[i].name, to->items[i].name, sizeof posts[i].name);
        posts[i].role = to->items[i].role;
        posts[i].human = to->items[i].human;
    }
    cJSON *headers = headers_of(m);
    char *text = json_print(headers);
    cJSON_Delete(headers);
    struct mail_message msg = {.from_name = "",
                               .from_address = *m->from.spec ? m->from.spec : "(nobody)",
                               .grammar = MAIL_EMAIL,
                               .priority = MAIL_NORMAL,
                               .subject = m->subject,
                               .body = m->text,
                               .body_n = m->text_n,
                               .headers = text,
                               .in_reply_to = parent(hub, m, answers) ? answers : ""};
    /* A machine's mail counts for the loop guard, a person's does not. */
    enum err e = mail_send(hub, c, &msg, !m->automatic, posts, to->count, &held);
    for (size_t i = 0; i < m->file_count && e == ERR_OK; i++) {
        const struct mail_attachment a = {.n = (int)i + 1,
                                          .name = m->files[i].name,
                                          .type = m->files[i].type,
                                          .bytes = m->files[i].bytes,
                                          .size = m->files[i].n};
        e = journal_attachment_add(hub->journal, msg.id, &a);
    }
    if (e == ERR_OK)
        e = remember(hub, key, msg.id);
    if (e == ERR_OK && m->automatic && *answers)
        e = email_state_report(hub, answers, m, to);
    if (e == ERR_OK) {
        cJSON *o = cJSON_CreateObject(), *names = cJSON_AddArrayToObject(o, "to");
        cJSON_AddStringToObject(o, "id", msg.id);
        for (size_t i = 0; i < to->count; i++)
            cJSON_AddItemToArray(names, cJSON_CreateString(posts[i].name));
        call_reply(c, o);
    }
    free(text);
    free(posts);
    return e;
}

/* Those who have it already are left out. True: all have, and ret_id is what they have. */
static bool all_have(struct hub *hub, const char *key, struct email_parties *to,
                     char ret_id[MAIL_ID])
{
    cJSON *all = ids_of(hub, key);
    const cJSON *id;
    struct mail_delivery d;
    size_t left = 0;
    for (size_t i = 0; all && i < to->count; i++) {
        bool has = false;
        cJSON_ArrayForEach(id, all) if (!has)
        {
            has = journal_delivery_get(hub->journal, id->valuestring, to->items[i].name, &d) ==
                  ERR_OK;
            snprintf(ret_id, MAIL_ID, "%s", id->valuestring);
        }
        if (!has)
            to->items[left++] = to->items[i];
    }
    if (all)
        to->count = left;
    cJSON_Delete(all);
    return to->count == 0;
}

/* What tells a mail from all others: its Message-ID, or all of its bytes. */
static char *key_of(const struct mail *m, const char *bytes, size_t n)
{
    struct audit_fields f;
    char digest[AUDIT_HEX];
    if (*m->message_id)
        return mem_strdup(m->message_id);
    audit_fields_begin(&f);
    audit_fields_bytes(&f, bytes, n);
    audit_fields_end(&f, digest);
    return mem_printf("bytes %s", digest); /* with a space: no Message-ID has one */
}

enum err email_deliver(struct hub *hub, struct call *c)
{
    struct email_parties to = {0};
    struct mail m;
    char *bytes = NULL, *key = NULL, id[MAIL_ID];
    size_t n = 0;
    enum err e = bytes_of(hub, c, &bytes, &n);
    if (e == ERR_OK)
        e = mail_parse(bytes, n, &m);
    if (e == ERR_OK)
        key = key_of(&m, bytes, n);
    free(bytes);
    if (e == ERR_INVALID)
        return call_fail(c, e, "that is no message: it has no header");
    if (e != ERR_OK)
        return e;
    e = recipients(hub, c, &m, &to);
    if (e == ERR_OK && all_have(hub, key, &to, id)) {
        cJSON *o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "id", id);
        cJSON_AddArrayToObject(o, "to");
        call_reply(c, o);
    } else if (e == ERR_OK) {
        e = keep(hub, c, &m, key, &to);
    }
    email_parties_finish(&to);
    mail_finish(&m);
    free(key);
    return e;
}
