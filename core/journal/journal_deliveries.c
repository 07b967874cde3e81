/* Deliveries: what is in whose inbox, and how far it has come. Control's thread alone. */
#include "core/journal/journal_private.h"
#include "core/journal/mail.h"

#include <stdio.h>
#include <string.h>

#define MESSAGE_AT 14 /* the first column of the message, behind those of the delivery */

static const char *const states[] = {[MAIL_QUEUED] = "queued",
                                     [MAIL_DELIVERED] = "delivered",
                                     [MAIL_ACKNOWLEDGED] = "acknowledged",
                                     [MAIL_DEAD] = "dead",
                                     [MAIL_EXPIRED] = "expired"};
static const char *const roles[] = {[MAIL_TO] = "to", [MAIL_CC] = "cc", [MAIL_CHANNEL] = "channel"};

const char *mail_state_name(enum mail_state state)
{
    return states[state];
}

static enum mail_role role_of(const char *name)
{
    return strcmp(name, "channel") == 0 ? MAIL_CHANNEL
           : strcmp(name, "cc") == 0    ? MAIL_CC
                                        : MAIL_TO;
}

static void read_delivery(sqlite3_stmt *s, const char *id, struct mail_delivery *out)
{
    *out = (struct mail_delivery){
        .seq = sqlite3_column_int64(s, 0),
        .role = role_of(journal_text(s, 2)),
        .state = (enum mail_state)sqlite3_column_int(s, 3),
        .grammar = (enum mail_grammar)sqlite3_column_int(s, 4),
        .priority = (enum mail_priority)sqlite3_column_int(s, 5),
        .channel = journal_text(s, 6),
        .expires_us = sqlite3_column_int64(s, 7),
        .delivered_us = sqlite3_column_int64(s, 8),
        .read_us = sqlite3_column_int64(s, 9),
        .acked_us = sqlite3_column_int64(s, 10),
        .lease_until_us = sqlite3_column_int64(s, 11),
        .tries = sqlite3_column_int(s, 13),
    };
    snprintf(out->message_id, sizeof out->message_id, "%s", id);
    snprintf(out->recipient, sizeof out->recipient, "%s", journal_text(s, 1));
    snprintf(out->lease_by, sizeof out->lease_by, "%s", journal_text(s, 12));
}

/* --- the numbers of an inbox --------------------------------------------------------------------
 *
 * Kept here and by no trigger: a statement with one has SQLite note each page's old state once
 * more, to be able to undo half of it. */

static bool waits(const struct mail_delivery *d)
{
    return d->state < MAIL_ACKNOWLEDGED && d->lease_until_us == 0;
}

static bool is_unread(const struct mail_delivery *d)
{
    return d->read_us == 0 && d->state < MAIL_DEAD;
}

static enum err count(struct journal *j, const char *recipient, int grammar, const char *channel,
                      int waiting, int unread)
{
    sqlite3_stmt *s = j->mail[TALLY_ADD];
    if (!waiting && !unread)
        return ERR_OK;
    journal_bind_text(s, 1, recipient);
    sqlite3_bind_int(s, 2, grammar);
    journal_bind_text(s, 3, channel);
    sqlite3_bind_int(s, 4, waiting);
    sqlite3_bind_int(s, 5, unread);
    return journal_mail_run(j, TALLY_ADD, false);
}

/* The difference between what it counted for and what it will. Before it is written. */
static enum err recount(struct journal *j, const struct mail_delivery *d)
{
    sqlite3_stmt *s = j->mail[DELIVERY_WAS];
    sqlite3_bind_int64(s, 1, d->seq);
    enum err e = journal_mail_row(j, DELIVERY_WAS);
    if (e == ERR_OK)
        e = count(j, journal_text(s, 0), sqlite3_column_int(s, 1), journal_text(s, 2),
                  waits(d) - sqlite3_column_int(s, 3), is_unread(d) - sqlite3_column_int(s, 4));
    sqlite3_reset(s);
    return e;
}

/* --- writing -----------------------------------------------------------------------------------
 */

enum err journal_delivery_add(struct journal *j, struct mail_delivery *d)
{
    sqlite3_stmt *s = j->mail[DELIVERY_ADD], *of = j->mail[DELIVERY_OF];
    journal_bind_text(of, 1, d->message_id);
    enum err e = journal_mail_row(j, DELIVERY_OF);
    if (e == ERR_OK) {
        sqlite3_bind_int64(s, 1, sqlite3_column_int64(of, 0));
        journal_bind_text(s, 3, journal_text(of, 1));
    }
    sqlite3_reset(of);
    if (e != ERR_OK)
        return e;
    journal_bind_text(s, 2, d->recipient);
    journal_bind_text(s, 4, roles[d->role]);
    sqlite3_bind_int(s, 5, (int)d->state);
    sqlite3_bind_int(s, 6, (int)d->grammar);
    sqlite3_bind_int(s, 7, (int)d->priority);
    journal_bind_text(s, 8, d->channel);
    sqlite3_bind_int64(s, 9, d->expires_us);
    sqlite3_bind_int64(s, 10, d->delivered_us);
    sqlite3_bind_int64(s, 11, d->read_us);
    sqlite3_bind_int64(s, 12, d->acked_us);
    sqlite3_bind_int64(s, 13, d->lease_until_us);
    journal_bind_text(s, 14, d->lease_by);
    sqlite3_bind_int(s, 15, d->tries);
    e = journal_mail_run(j, DELIVERY_ADD, true);
    if (e == ERR_OK)
        d->seq = sqlite3_last_insert_rowid(j->db);
    if (e == ERR_OK)
        e = count(j, d->recipient, (int)d->grammar, d->channel, waits(d), is_unread(d));
    return e;
}

enum err journal_delivery_put(struct journal *j, const struct mail_delivery *d)
{
    sqlite3_stmt *s = j->mail[DELIVERY_PUT];
    enum err e = recount(j, d);
    if (e != ERR_OK)
        return e;
    sqlite3_bind_int64(s, 1, d->seq);
    sqlite3_bind_int(s, 2, (int)d->state);
    sqlite3_bind_int64(s, 3, d->delivered_us);
    sqlite3_bind_int64(s, 4, d->read_us);
    sqlite3_bind_int64(s, 5, d->acked_us);
    sqlite3_bind_int64(s, 6, d->lease_until_us);
    journal_bind_text(s, 7, d->lease_by);
    sqlite3_bind_int(s, 8, d->tries);
    return journal_mail_run(j, DELIVERY_PUT, true);
}

enum err journal_delivery_get(struct journal *j, const char *message_id, const char *recipient,
                              struct mail_delivery *ret)
{
    sqlite3_stmt *s = j->mail[DELIVERY_GET];
    journal_bind_text(s, 1, message_id);
    journal_bind_text(s, 2, recipient);
    enum err e = journal_mail_row(j, DELIVERY_GET);
    if (e == ERR_OK) {
        read_delivery(s, journal_text(s, MESSAGE_AT), ret);
        ret->channel = "";
    }
    sqlite3_reset(s);
    return e;
}

static enum err visit_deliveries(struct journal *j, enum mail_statement which,
                                 mail_delivery_visit visit, void *data)
{
    sqlite3_stmt *s = j->mail[which];
    int rc;
    while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
        struct mail_delivery d;
        read_delivery(s, journal_text(s, MESSAGE_AT), &d);
        visit(data, &d);
    }
    sqlite3_reset(s);
    return journal_failure(j, rc);
}

enum err journal_deliveries(struct journal *j, const char *message_id, mail_delivery_visit visit,
                            void *data)
{
    journal_bind_text(j->mail[DELIVERY_EACH], 1, message_id);
    return visit_deliveries(j, DELIVERY_EACH, visit, data);
}

/* Bytes of a text within JSON, where a control is six. */
static size_t as_json(const char *text, size_t n)
{
    size_t sum = n;
    for (size_t i = 0; i < n; i++)
        sum += (unsigned char)text[i] < 0x20 ? 5 : text[i] == '"' || text[i] == '\\' ? 1 : 0;
    return sum;
}

/* Resets the statement, does not finalize it. */
static enum err visit_both(struct journal *j, sqlite3_stmt *s, size_t max_bytes, mail_visit visit,
                           void *data)
{
    size_t sum = 0;
    int rc;
    for (bool first = true; (rc = sqlite3_step(s)) == SQLITE_ROW; first = false) {
        struct mail_delivery d;
        struct mail_message m;
        journal_message_read(s, MESSAGE_AT, &m);
        sum += as_json(m.body, m.body_n);
        if (sum > max_bytes && !first) {
            rc = SQLITE_DONE;
            break;
        }
        read_delivery(s, m.id, &d);
        visit(data, &d, &m);
    }
    sqlite3_reset(s);
    return journal_failure(j, rc);
}

enum err journal_pending(struct journal *j, const char *recipient, const char *channel,
                         int64_t now_us, int limit, size_t max_bytes, mail_visit visit, void *data)
{
    sqlite3_stmt *s = j->mail[!channel   ? DELIVERY_PENDING
                              : *channel ? DELIVERY_PENDING_IN
                                         : DELIVERY_PENDING_DIRECT];
    journal_bind_text(s, 1, recipient);
    sqlite3_bind_int64(s, 2, now_us);
    sqlite3_bind_int(s, 3, limit);
    if (channel && *channel)
        journal_bind_text(s, 4, channel);
    return visit_both(j, s, max_bytes, visit, data);
}

enum err journal_held(struct journal *j, const char *name, mail_visit visit, void *data)
{
    journal_bind_text(j->mail[DELIVERY_HELD], 1, name);
    return visit_both(j, j->mail[DELIVERY_HELD], SIZE_MAX, visit, data);
}

enum err journal_dead(struct journal *j, const char *recipient, int limit, size_t max_bytes,
                      mail_visit visit, void *data)
{
    sqlite3_stmt *s = j->mail[DELIVERY_DEAD];
    journal_bind_text(s, 1, recipient);
    sqlite3_bind_int(s, 2, limit);
    return visit_both(j, s, max_bytes, visit, data);
}

/* One walk along an index: those that were read, or those that were not, of one grammar or of one
 * sender. A thread is small, so it is walked first; else the inbox is, in its order. */
static void one_walk(const struct mail_filter *f, int grammar, bool unread, struct buf *sql)
{
    if (sql->len)
        buf_puts(sql, " UNION ALL ");
    buf_printf(sql, "SELECT %s FROM ", journal_mail_columns);
    if (f->thread_id)
        buf_puts(sql, "message AS m CROSS JOIN delivery AS d ON d.message = m.seq"
                      " WHERE m.seq IN (SELECT seq FROM message WHERE id = ?4 AND thread_id = ?4"
                      " UNION ALL SELECT seq FROM message WHERE thread_id = ?4"
                      " AND thread_id <> id)");
    else
        buf_printf(sql,
                   "delivery AS d INDEXED BY %s CROSS JOIN message AS m"
                   " ON m.seq = d.message WHERE 1",
                   f->from ? "delivery_from" : "delivery_list");
    buf_printf(sql,
               " AND d.recipient = ?1 AND d.seq > ?2 AND d.lease_until < ?7"
               " AND (d.read_us = 0 AND d.state < 3) = %d",
               unread);
    if (f->before)
        buf_puts(sql, " AND d.seq < ?3");
    if (grammar >= 0)
        buf_printf(sql, " AND d.grammar = %d", grammar);
    if (f->from)
        buf_puts(sql, " AND d.sender = ?6");
}

/* Built for the filter at hand, so that SQLite walks the indexes that fit: as many walks as it
 * takes, merged. */
static void inbox_sql(const struct mail_filter *f, struct buf *sql)
{
    const bool one = f->grammar >= 0 || f->from || f->thread_id; /* walk for all grammars */
    for (int read = 0; read < (f->unread ? 1 : 2); read++)
        for (int grammar = 0; grammar < (one ? 1 : 2); grammar++)
            one_walk(f, one ? f->grammar : grammar, !read, sql);
    buf_printf(sql, " ORDER BY 1%s LIMIT ?8", f->newest_first ? " DESC" : "");
}

enum err journal_inbox(struct journal *j, const struct mail_filter *f, mail_visit visit, void *data)
{
    struct buf sql = {0};
    sqlite3_stmt *s = NULL;

    inbox_sql(f, &sql);
    int rc = sqlite3_prepare_v2(j->db, sql.data, (int)sql.len, &s, NULL);
    buf_finish(&sql);
    if (rc != SQLITE_OK)
        return journal_failure(j, rc);
    journal_bind_text(s, 1, f->recipient);
    sqlite3_bind_int64(s, 2, f->after);
    sqlite3_bind_int64(s, 3, f->before);
    journal_bind_text(s, 4, f->thread_id);
    journal_bind_text(s, 6, f->from);
    sqlite3_bind_int64(s, 7, MAIL_HELD);
    sqlite3_bind_int(s, 8, f->limit);
    enum err e = visit_both(j, s, SIZE_MAX, visit, data);
    sqlite3_finalize(s);
    return e;
}

enum err journal_inbox_count(struct journal *j, const char *recipient, int grammar,
                             const char *channel, struct mail_count *ret)
{
    sqlite3_stmt *s = j->mail[TALLY];
    journal_bind_text(s, 1, recipient);
    sqlite3_bind_int(s, 2, grammar);
    if (channel)
        journal_bind_text(s, 3, channel);
    else
        sqlite3_bind_null(s, 3);
    enum err e = journal_mail_row(j, TALLY);
    if (e == ERR_OK)
        *ret = (struct mail_count){sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1)};
    sqlite3_reset(s);
    return e;
}

enum err journal_due(struct journal *j, int64_t now_us, int limit, mail_delivery_visit visit,
                     void *data)
{
    static const enum mail_statement both[] = {DELIVERY_OVER, DELIVERY_ENDED};
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < 2; i++) {
        sqlite3_bind_int64(j->mail[both[i]], 1, now_us);
        sqlite3_bind_int(j->mail[both[i]], 2, limit);
        e = visit_deliveries(j, both[i], visit, data);
    }
    return e;
}

enum err journal_next_due(struct journal *j, int64_t *ret_us)
{
    static const enum mail_statement both[] = {DUE_LEASE, DUE_TIME};
    enum err e = ERR_OK;
    *ret_us = INT64_MAX;
    for (size_t i = 0; e == ERR_OK && i < 2; i++) {
        sqlite3_stmt *s = j->mail[both[i]];
        e = journal_mail_row(j, both[i]);
        if (e == ERR_OK && sqlite3_column_type(s, 0) != SQLITE_NULL &&
            sqlite3_column_int64(s, 0) < *ret_us)
            *ret_us = sqlite3_column_int64(s, 0);
        sqlite3_reset(s);
    }
    return e;
}
