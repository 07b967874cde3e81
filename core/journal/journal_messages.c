/* Messages and what is attached to them, in the journal. Control's thread alone. */
#include "core/journal/audit.h"
#include "core/journal/journal_private.h"
#include "core/base/clock.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

static const char *const grammars[] = {[MAIL_COMMS] = "comms", [MAIL_EMAIL] = "email"};

/* Microseconds, then chance: ids rise, so the indexes over them grow at one end, and a batch
 * touches few of their pages. */
void journal_mail_id(const char *prefix, char *out)
{
    uint64_t n = 0;
    if (getrandom(&n, sizeof n, 0) != (ssize_t)sizeof n)
        n = (uint64_t)clock_mono_us() * UINT64_C(0x9E3779B97F4A7C15);
    n = (uint64_t)clock_wall_us() << 12 | (n & 0xfff);
    snprintf(out, MAIL_ID, "%s%016llx", prefix, (unsigned long long)n);
}

void journal_message_read(sqlite3_stmt *s, int first, struct mail_message *out)
{
    *out = (struct mail_message){
        .seq = sqlite3_column_int64(s, first),
        .grammar = strcmp(journal_text(s, first + 2), "email") == 0 ? MAIL_EMAIL : MAIL_COMMS,
        .from_name = journal_text(s, first + 3),
        .from_address = journal_text(s, first + 4),
        .subject = journal_text(s, first + 5),
        .body = journal_text(s, first + 6),
        .body_n = (size_t)sqlite3_column_bytes(s, first + 6),
        .headers = journal_text(s, first + 7),
        .thread_id = journal_text(s, first + 8),
        .in_reply_to = journal_text(s, first + 9),
        .channel = journal_text(s, first + 10),
        .priority = (enum mail_priority)sqlite3_column_int(s, first + 11),
        .expires_us = sqlite3_column_int64(s, first + 12),
        .hops = journal_text(s, first + 13),
        .sent_us = sqlite3_column_int64(s, first + 14),
    };
    snprintf(out->id, sizeof out->id, "%s", journal_text(s, first + 1));
}

/* Borrows until the statement has run. */
static void lend(sqlite3_stmt *s, int at, const char *text)
{
    sqlite3_bind_text(s, at, text ? text : "", -1, SQLITE_STATIC);
}

enum err journal_message_add(struct journal *j, struct mail_message *m)
{
    sqlite3_stmt *s = j->mail[MESSAGE_ADD];
    if (!*m->id)
        journal_mail_id("msg_", m->id);
    if (m->sent_us == 0)
        m->sent_us = clock_wall_us();
    lend(s, 1, m->id);
    lend(s, 2, grammars[m->grammar]);
    lend(s, 3, m->from_name);
    lend(s, 4, m->from_address);
    lend(s, 5, m->subject);
    sqlite3_bind_text64(s, 6, m->body ? m->body : "", m->body ? m->body_n : 0, SQLITE_STATIC,
                        SQLITE_UTF8);
    lend(s, 7, m->headers);
    lend(s, 8, m->thread_id && *m->thread_id ? m->thread_id : m->id);
    lend(s, 9, m->in_reply_to);
    lend(s, 10, m->channel);
    sqlite3_bind_int(s, 11, (int)m->priority);
    sqlite3_bind_int64(s, 12, m->expires_us);
    lend(s, 13, m->hops);
    sqlite3_bind_int64(s, 14, m->sent_us);
    sqlite3_bind_int64(s, 15, m->body ? (int64_t)m->body_n : 0);
    enum err e = journal_mail_run(j, MESSAGE_ADD, false);
    if (e == ERR_OK)
        m->seq = sqlite3_last_insert_rowid(j->db);
    sqlite3_clear_bindings(s);
    return e;
}

static enum err visit_messages(struct journal *j, enum mail_statement which, bool must,
                               mail_message_visit visit, void *data)
{
    sqlite3_stmt *s = j->mail[which];
    int rc;
    bool any = false;
    while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
        struct mail_message m;
        journal_message_read(s, 0, &m);
        any = true;
        visit(data, &m);
    }
    sqlite3_reset(s);
    enum err e = journal_failure(j, rc);
    return e == ERR_OK && must && !any ? ERR_NOT_FOUND : e;
}

enum err journal_message_get(struct journal *j, const char *id, mail_message_visit visit,
                             void *data)
{
    journal_bind_text(j->mail[MESSAGE_GET], 1, id);
    return visit_messages(j, MESSAGE_GET, true, visit, data);
}

enum err journal_message_find(struct journal *j, const char *beginning, char ret_id[MAIL_ID])
{
    sqlite3_stmt *s = j->mail[MESSAGE_FIND];
    char first[MAIL_ID] = "";
    journal_bind_text(s, 1, beginning);
    enum err e = journal_mail_row(j, MESSAGE_FIND);
    if (e == ERR_OK) {
        snprintf(first, sizeof first, "%s", journal_text(s, 0));
        e = strcmp(first, beginning) == 0 ? ERR_NOT_FOUND : journal_mail_row(j, MESSAGE_FIND);
        e = e == ERR_OK ? ERR_AMBIGUOUS : e == ERR_NOT_FOUND ? ERR_OK : e;
    }
    sqlite3_reset(s);
    if (e == ERR_OK)
        memcpy(ret_id, first, sizeof first);
    return e;
}

enum err journal_message_tail(struct journal *j, const char *tail, char ret_id[MAIL_ID])
{
    sqlite3_stmt *s = j->mail[MESSAGE_TAIL];
    char first[MAIL_ID] = "";
    journal_bind_text(s, 1, tail);
    sqlite3_bind_int(s, 2, MAIL_TAIL_LOOKED);
    enum err e = journal_mail_row(j, MESSAGE_TAIL);
    if (e == ERR_OK) {
        snprintf(first, sizeof first, "%s", journal_text(s, 0));
        e = journal_mail_row(j, MESSAGE_TAIL);
        e = e == ERR_OK ? ERR_AMBIGUOUS : e == ERR_NOT_FOUND ? ERR_OK : e;
    }
    sqlite3_reset(s);
    if (e == ERR_OK)
        memcpy(ret_id, first, sizeof first);
    return e;
}

enum err journal_thread(struct journal *j, const char *thread_id, mail_message_visit visit,
                        void *data)
{
    journal_bind_text(j->mail[MESSAGE_THREAD], 1, thread_id);
    return visit_messages(j, MESSAGE_THREAD, false, visit, data);
}

enum err journal_sent(struct journal *j, const char *name, enum mail_grammar grammar, int64_t after,
                      int limit, mail_message_visit visit, void *data)
{
    sqlite3_stmt *s = j->mail[MESSAGE_SENT];
    journal_bind_text(s, 1, name);
    journal_bind_text(s, 2, grammars[grammar]);
    sqlite3_bind_int64(s, 3, after);
    sqlite3_bind_int(s, 4, limit);
    return visit_messages(j, MESSAGE_SENT, false, visit, data);
}

enum err journal_message_hops(struct journal *j, const char *id, const char *hops)
{
    journal_bind_text(j->mail[MESSAGE_HOPS], 1, id);
    journal_bind_text(j->mail[MESSAGE_HOPS], 2, hops);
    return journal_mail_run(j, MESSAGE_HOPS, true);
}

/* Here and not by whoever sends, so that nobody forgets it. */
static enum err audit_attachment(struct journal *j, const char *message_id,
                                 const struct mail_attachment *a)
{
    char hex[AUDIT_HEX];
    cJSON *more = cJSON_CreateObject();
    audit_digest_attachment(a, hex);
    json_add_int(more, "attachment", a->n);
    cJSON_AddStringToObject(more, "digest", hex);
    enum err e = journal_audit(j, "attached", message_id, "", more);
    cJSON_Delete(more);
    return e;
}

enum err journal_attachment_add(struct journal *j, const char *message_id,
                                const struct mail_attachment *a)
{
    sqlite3_stmt *s = j->mail[ATTACHMENT_ADD];
    journal_bind_text(s, 1, message_id);
    sqlite3_bind_int(s, 2, a->n);
    journal_bind_text(s, 3, a->name);
    journal_bind_text(s, 4, a->type);
    sqlite3_bind_blob64(s, 5, a->size ? a->bytes : "", a->size, SQLITE_STATIC);
    enum err e = journal_mail_run(j, ATTACHMENT_ADD, true);
    sqlite3_clear_bindings(s);
    return e == ERR_OK ? audit_attachment(j, message_id, a) : e;
}

enum err journal_attachments(struct journal *j, const char *message_id, mail_attachment_visit visit,
                             void *data)
{
    sqlite3_stmt *s = j->mail[ATTACHMENT_EACH];
    int rc;
    journal_bind_text(s, 1, message_id);
    while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
        struct mail_attachment a = {.n = sqlite3_column_int(s, 0),
                                    .name = journal_text(s, 1),
                                    .type = journal_text(s, 2),
                                    .bytes = sqlite3_column_blob(s, 3),
                                    .size = (size_t)sqlite3_column_bytes(s, 3)};
        visit(data, &a);
    }
    sqlite3_reset(s);
    return journal_failure(j, rc);
}
