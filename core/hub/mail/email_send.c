/* Sending, answering and handing on. Every way ends in email_post, which writes the message once,
 * for those here and those elsewhere, and gives the answer. Control's. */
#include "core/base/mem.h"
#include "core/hub/policy/approvals.h"
#include "core/hub/mail/email.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ASKS                                                                                       \
    "\n\n-- \nThis asks for your approval: answer with APPROVE or DENY as the first word.\n"

/* --- recipients --------------------------------------------------------------------------------
 */

void email_party_add(struct email_parties *p, const struct email_party *one)
{
    for (size_t i = 0; i < p->count; i++)
        if (*one->name ? strcmp(p->items[i].name, one->name) == 0
                       : strcasecmp(p->items[i].address, one->address) == 0)
            return;
    p->items = mem_reallocarray(p->items, p->count + 1, sizeof *one);
    p->items[p->count++] = *one;
}

void email_parties_finish(struct email_parties *p)
{
    free(p->items);
    *p = (struct email_parties){0};
}

/* One address of anybody: an identity here, or somebody elsewhere when there is a way out. */
static enum err party_of(struct hub *hub, struct call *c, const char *text, enum mail_role role,
                         struct email_parties *to)
{
    struct email_party p = {.role = role};
    struct mail_identity i;
    char lower[MAIL_ADDRESS], own[MAIL_ADDRESS], alias[MAIL_NAME];
    const char *at = strrchr(text, '@');
    snprintf(lower, sizeof lower, "%s", text);
    for (char *q = lower; *q; q++)
        *q = (char)((unsigned char)*q < 0x80 ? tolower((unsigned char)*q) : *q);
    mail_address(hub, "x", own);
    bool here = !at || strcasecmp(at, strrchr(own, '@')) == 0 ||
                journal_alias_get(hub->journal, lower, alias) == ERR_OK;
    if (here) {
        enum err e = mail_recipient(hub, c, text, &i);
        if (e != ERR_OK)
            return e;
        memcpy(p.name, i.name, sizeof p.name);
        p.human = i.human;
        if (at)
            snprintf(p.address, sizeof p.address, "%s", text);
        else
            mail_address(hub, i.name, p.address);
    } else if (!email_sendmail(hub)) {
        return call_fail(
            c, ERR_RECIPIENT,
            "%.200s is elsewhere, and there is no way out: mail.sendmail is not in the "
            "configuration",
            text);
    } else if (*c->scope) {
        return call_fail(c, ERR_RECIPIENT, "who is bound to one workspace writes to its members");
    } else {
        snprintf(p.address, sizeof p.address, "%s", text);
    }
    email_party_add(to, &p);
    return ERR_OK;
}

/* The input's list `key`, each a name, an address or a list of them. */
static enum err parties_of(struct hub *hub, struct call *c, const char *key, enum mail_role role,
                           struct email_parties *to)
{
    const cJSON *one;
    enum err e = ERR_OK;
    cJSON_ArrayForEach(one, json_get(call_params(c), key))
    {
        struct address_list list = {0};
        const char *text = one->valuestring;
        char why[300];
        if (!strpbrk(text, "@<,;\r\n")) {
            e = party_of(hub, c, text, role, to);
        } else if (address_list_parse(text, strlen(text), NULL, false, &list, why, sizeof why) !=
                   ERR_OK) {
            e = call_fail(c, ERR_INVALID, "%s: %s", key, why);
        }
        for (size_t i = 0; i < list.count && e == ERR_OK; i++)
            e = party_of(hub, c, list.items[i].spec, role, to);
        address_list_finish(&list);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

/* --- files -------------------------------------------------------------------------------------
 */

static enum err file_of(struct hub *hub, struct call *c, const cJSON *one, struct mail *m)
{
    const char *name = json_string(one, "name", "file");
    const char *type = json_string(one, "type", "application/octet-stream");
    char *bytes = NULL;
    size_t n = 0;
    enum err e = json_get(one, "upload")
                     ? upload_take(hub, c, json_string(one, "upload", ""), &bytes, &n)
                     : json_get_base64(one, "data", &bytes, &n);
    if (e != ERR_OK)
        return call_fail(c, e, "the attachment %.100s has no bytes: data is base64", name);
    mail_add_file(m, mail_file_name(name, strlen(name)), mem_strdup(type), bytes, n);
    return ERR_OK;
}

static enum err files_of(struct hub *hub, struct call *c, struct mail *m)
{
    const cJSON *one;
    size_t total = 0;
    enum err e = ERR_OK;
    if (json_get(call_params(c), "attach"))
        return call_fail(c, ERR_INVALID,
                         "\"attach\" is for the command line, which reads the files; a call has "
                         "\"attachments\": [{name, data}]");
    cJSON_ArrayForEach(one, json_get(call_params(c), "attachments")) if (e == ERR_OK) e =
        file_of(hub, c, one, m);
    for (size_t i = 0; i < m->file_count; i++)
        total += m->files[i].n;
    if (e == ERR_OK && total > EMAIL_FILES)
        e = call_fail(c, ERR_LIMIT, "the attachments have more than %u MiB together",
                      EMAIL_FILES / 1024 / 1024);
    return e;
}

/* --- the one way out ---------------------------------------------------------------------------
 */

static cJSON *describe_files(const struct mail_file *files, size_t count)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < count; i++) {
        cJSON *o = cJSON_CreateObject();
        json_add_int(o, "n", (int64_t)i + 1);
        json_add_text(o, "name", files[i].name, strlen(files[i].name));
        json_add_text(o, "type", files[i].type, strlen(files[i].type));
        json_add_int(o, "size", (int64_t)files[i].n);
        cJSON_AddItemToArray(list, o);
    }
    return list;
}

static enum err answer(struct hub *hub, struct call *c, const struct mail_message *m,
                       const cJSON *headers, const struct mail_post *posts, size_t n, bool out)
{
    cJSON *o = cJSON_CreateObject();
    bool delivered = n > 0 && !out;
    struct letter sent;
    enum err e = letter_load(hub, m->id, &sent);
    if (e != ERR_OK) {
        cJSON_Delete(o);
        return e;
    }
    for (size_t i = 0; i < n; i++)
        delivered = delivered && posts[i].delivered;
    cJSON_AddStringToObject(o, "id", m->id);
    char *id = letter_message_id(hub, m, headers);
    cJSON_AddItemToObject(o, "message_id", cJSON_CreateString(id));
    free(id);
    cJSON_AddStringToObject(o, "thread_id", sent.m.thread_id);
    cJSON_AddStringToObject(o, "status", delivered ? "delivered" : "queued");
    cJSON_AddStringToObject(o, "from", m->from_address);
    cJSON_AddItemToObject(o, "to", cJSON_Duplicate(json_get(headers, "to"), true));
    cJSON_AddItemToObject(o, "cc", cJSON_Duplicate(json_get(headers, "cc"), true));
    cJSON_AddStringToObject(o, "subject", m->subject);
    letter_finish(&sent);
    if (c->row && c->row->handle == email_send && call_bool(c, "approval", false)) {
        bool human = false;
        for (size_t i = 0; i < n; i++)
            human = human || (posts[i].human && strcmp(posts[i].name, m->from_name) != 0);
        e = approvals_mail_ask(hub, c, m->id, human, o);
    }
    return call_answer(c, e, o);
}

enum err email_post(struct hub *hub, struct call *c, struct mail_message *m,
                    const struct mail_identity *from, const struct email_parties *to,
                    cJSON *headers, const struct mail_file *files, size_t file_count)
{
    struct mail_post *posts = mem_calloc(to->count + 1, sizeof *posts);
    cJSON *tos = cJSON_AddArrayToObject(headers, "to"),
          *ccs = cJSON_AddArrayToObject(headers, "cc");
    cJSON *outs = cJSON_CreateArray();
    size_t n = 0, held = 0;
    for (size_t i = 0; i < to->count; i++) {
        const struct email_party *p = &to->items[i];
        cJSON_AddItemToArray(p->role == MAIL_CC ? ccs : tos, cJSON_CreateString(p->address));
        if (!*p->name) {
            cJSON_AddItemToArray(outs, cJSON_CreateString(p->address));
            continue;
        }
        memcpy(posts[n].name, p->name, sizeof posts[n].name);
        posts[n].role = p->role;
        posts[n++].human = p->human;
    }
    if (file_count)
        cJSON_AddItemToObject(headers, "files", describe_files(files, file_count));
    char *text = json_print(headers);
    m->headers = text;
    m->grammar = MAIL_EMAIL;
    m->priority = MAIL_NORMAL;
    enum err e = mail_send(hub, c, m, from->human, posts, n, &held);
    for (size_t i = 0; i < file_count && e == ERR_OK; i++) {
        const struct mail_attachment a = {.n = (int)i + 1,
                                          .name = files[i].name,
                                          .type = files[i].type,
                                          .bytes = files[i].bytes,
                                          .size = files[i].n};
        e = journal_attachment_add(hub->journal, m->id, &a);
    }
    bool out = cJSON_GetArraySize(outs) > 0;
    if (e == ERR_OK && out)
        e = email_out(hub, m->id, from->name, outs);
    if (e == ERR_OK)
        e = held ? mail_answer_paused(c, m, posts, n) : answer(hub, c, m, headers, posts, n, out);
    m->headers = NULL;
    free(text);
    cJSON_Delete(outs);
    free(posts);
    return e;
}

/* The caller, texts and files of the input, then email_post. Takes none of it. */
static enum err post(struct hub *hub, struct call *c, const char *subject, const char *body,
                     const char *thread, const char *in_reply_to, const struct email_parties *to,
                     struct mail *files)
{
    struct mail_identity me;
    char own[MAIL_ADDRESS];
    enum err e = mail_caller(hub, c, &me);
    if (e == ERR_OK && to->count == 0)
        e = call_fail(c, ERR_INVALID, "there is nobody to send it to");
    if (e == ERR_OK && !address_header_ok(subject))
        e = call_fail(c, ERR_INVALID, "the subject has a line break or another control character");
    if (e == ERR_OK)
        e = mail_check_text(c, "subject", subject);
    if (e == ERR_OK)
        e = mail_check_text(c, "body", body);
    if (e != ERR_OK)
        return e;
    mail_address(hub, me.name, own);
    struct mail_message m = {.from_name = me.name,
                             .from_address = own,
                             .subject = subject,
                             .body = body,
                             .body_n = strlen(body),
                             .thread_id = thread,
                             .in_reply_to = in_reply_to};
    cJSON *headers = cJSON_CreateObject();
    e = email_post(hub, c, &m, &me, to, headers, files->files, files->file_count);
    cJSON_Delete(headers);
    return e;
}

enum err email_send(struct hub *hub, struct call *c)
{
    struct email_parties to = {0};
    struct mail files = {0};
    struct letter thread = {0};
    const char *within = call_string(c, "thread", NULL);
    char *body =
        mem_printf("%s%s", call_string(c, "body", ""), call_bool(c, "approval", false) ? ASKS : "");
    enum err e = parties_of(hub, c, "to", MAIL_TO, &to);
    if (e == ERR_OK)
        e = parties_of(hub, c, "cc", MAIL_CC, &to);
    if (e == ERR_OK && within)
        e = letter_find(hub, c, within, &thread);
    if (e == ERR_OK)
        e = files_of(hub, c, &files);
    if (e == ERR_OK)
        e = post(hub, c, call_string(c, "subject", ""), body, within ? thread.m.thread_id : "", "",
                 &to, &files);
    letter_finish(&thread);
    mail_finish(&files);
    email_parties_finish(&to);
    free(body);
    return e;
}

/* --- answering ---------------------------------------------------------------------------------
 */

/* Its answer is a word about it that was read. */
static enum err read_now(struct hub *hub, struct call *c, const char *id)
{
    struct mail_delivery d;
    enum err e = journal_delivery_get(hub->journal, id, call_who(c), &d);
    if (e == ERR_OK && !d.read_us)
        e = mail_read(hub, &d, call_who(c));
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err add_all(struct hub *hub, struct call *c, const cJSON *list, enum mail_role role,
                        struct email_parties *to)
{
    const cJSON *one;
    enum err e = ERR_OK;
    cJSON_ArrayForEach(one, list) if (e == ERR_OK && cJSON_IsString(one)) e =
        party_of(hub, c, one->valuestring, role, to);
    return e;
}

static void drop_me(struct call *c, struct email_parties *to)
{
    size_t kept = 0;
    for (size_t i = 0; i < to->count; i++)
        if (strcmp(to->items[i].name, call_who(c)) != 0)
            to->items[kept++] = to->items[i];
    if (kept) /* who writes to themselves alone is answered by themselves */
        to->count = kept;
}

/* Whom an answer goes to: who wrote it (or asked for answers elsewhere); of my own: who got it. */
static enum err answered(struct hub *hub, struct call *c, const struct letter *l, bool all,
                         struct email_parties *to)
{
    const cJSON *reply_to = json_get(l->headers, "reply_to");
    bool mine = strcmp(l->m.from_name, call_who(c)) == 0;
    enum err e = ERR_OK;
    if (mine)
        e = add_all(hub, c, json_get(l->headers, "to"), MAIL_TO, to);
    else if (cJSON_GetArraySize(reply_to) > 0)
        e = add_all(hub, c, reply_to, MAIL_TO, to);
    else
        e = party_of(hub, c, *l->m.from_name ? l->m.from_name : l->m.from_address, MAIL_TO, to);
    if (e == ERR_OK && all && !mine)
        e = add_all(hub, c, json_get(l->headers, "to"), MAIL_CC, to);
    if (e == ERR_OK && all)
        e = add_all(hub, c, json_get(l->headers, "cc"), MAIL_CC, to);
    if (e == ERR_OK && all)
        drop_me(c, to);
    return e;
}

static enum err reply(struct hub *hub, struct call *c, bool all)
{
    struct email_parties to = {0};
    struct mail files = {0};
    struct letter l;
    enum err e = letter_find(hub, c, call_string(c, "message_id", ""), &l);
    if (e != ERR_OK)
        return e;
    bool already = strncasecmp(l.m.subject, "re:", 3) == 0;
    char *subject = mem_printf("%s%s", already ? "" : "Re: ", l.m.subject);
    e = answered(hub, c, &l, all, &to);
    if (e == ERR_OK)
        e = files_of(hub, c, &files);
    if (e == ERR_OK)
        e = read_now(hub, c, l.m.id);
    if (e == ERR_OK)
        e = approvals_mail_answer(hub, c, l.m.id, call_string(c, "body", ""));
    if (e == ERR_OK)
        e = post(hub, c, subject, call_string(c, "body", ""), l.m.thread_id, l.m.id, &to, &files);
    free(subject);
    mail_finish(&files);
    email_parties_finish(&to);
    letter_finish(&l);
    return e;
}

enum err email_reply(struct hub *hub, struct call *c)
{
    return reply(hub, c, call_bool(c, "all", false));
}

enum err email_reply_all(struct hub *hub, struct call *c)
{
    return reply(hub, c, true);
}

/* --- handing on --------------------------------------------------------------------------------
 */

static void keep_file(void *data, const struct mail_attachment *a)
{
    mail_add_file(data, mem_strdup(a->name), mem_strdup(a->type), mem_dup(a->bytes, a->size),
                  a->size);
}

static char *forwarded(const struct letter *l, const char *body)
{
    struct buf out = {0};
    const cJSON *one;
    buf_printf(&out, "%s%s---------- Forwarded message ----------\nFrom: %s\nTo:", body,
               *body ? "\n\n" : "", l->m.from_address);
    cJSON_ArrayForEach(one, json_get(l->headers, "to"))
        buf_printf(&out, " %s", cJSON_IsString(one) ? one->valuestring : "");
    buf_printf(&out, "\nSubject: %s\n\n%s", l->m.subject, l->m.body);
    return buf_take(&out);
}

enum err email_forward(struct hub *hub, struct call *c)
{
    struct email_parties to = {0};
    struct mail files = {0};
    struct letter l;
    enum err e = letter_find(hub, c, call_string(c, "message_id", ""), &l);
    if (e != ERR_OK)
        return e;
    bool already = strncasecmp(l.m.subject, "fwd:", 4) == 0;
    char *subject = *l.m.subject ? mem_printf("%s%s", already ? "" : "Fwd: ", l.m.subject)
                                 : mem_printf("Fwd: message from %s", l.m.from_name);
    char *body = forwarded(&l, call_string(c, "body", ""));
    e = parties_of(hub, c, "to", MAIL_TO, &to);
    if (e == ERR_OK)
        e = parties_of(hub, c, "cc", MAIL_CC, &to);
    if (e == ERR_OK)
        e = journal_attachments(hub->journal, l.m.id, keep_file, &files);
    if (e == ERR_OK)
        e = files_of(hub, c, &files);
    if (e == ERR_OK)
        e = post(hub, c, subject, body, "", "", &to, &files);
    free(subject);
    free(body);
    mail_finish(&files);
    email_parties_finish(&to);
    letter_finish(&l);
    return e;
}

/* The same once more, to the same ones, for a task that failed: a message of its own, in the
 * thread. */
enum err email_resend(struct hub *hub, struct call *c)
{
    struct email_parties to = {0};
    struct mail files = {0};
    struct letter l;
    enum err e = letter_find(hub, c, call_string(c, "message_id", ""), &l);
    if (e != ERR_OK)
        return e;
    if (strcmp(l.m.from_name, call_who(c)) != 0)
        e = call_fail(c, ERR_DENIED, "%s sent it; only they send it again",
                      *l.m.from_name ? l.m.from_name : l.m.from_address);
    if (e == ERR_OK)
        e = add_all(hub, c, json_get(l.headers, "to"), MAIL_TO, &to);
    if (e == ERR_OK)
        e = add_all(hub, c, json_get(l.headers, "cc"), MAIL_CC, &to);
    if (e == ERR_OK)
        e = journal_attachments(hub->journal, l.m.id, keep_file, &files);
    if (e == ERR_OK)
        e = post(hub, c, l.m.subject, l.m.body, l.m.thread_id, l.m.in_reply_to, &to, &files);
    mail_finish(&files);
    email_parties_finish(&to);
    letter_finish(&l);
    return e;
}
