/* Mail's tables, their statements, and the small ones of them: identities, aliases, subscriptions,
 * answers of calls that happen once. Messages are in journal_messages.c, deliveries in
 * journal_deliveries.c, the audit in journal_audit.c. Control's thread alone.
 *
 * What keeps an inbox of a million quick: indexes in the order in which it is asked, one over only
 * those deliveries that wait; and numbers that are kept (tally), because counting a million
 * rows would take longer than all else. Whatever an index has to know is in the delivery too, so
 * that no other table is looked at to find it.
 *
 * What keeps sending quick: each index is one more page that every commit writes. So there is one
 * for several questions: whether it was read stands between the owner and the order, and who asks
 * for both kinds has two walks merged (UNION ALL with an order is that, and stops at its limit). */
#include "core/journal/journal_private.h"
#include "core/journal/mail.h"
#include "core/base/mem.h"

#include <stdio.h>
#include <string.h>

/* What waits in an inbox, and what was not read yet: the indexes over them and the questions to
 * them say it in these very words. */
#define WAITS  "state < 2 AND lease_until = 0"
#define UNREAD "(read_us = 0 AND state < 3)"
#define HELD   "9223372036854775807"

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS identity(name TEXT PRIMARY KEY, kind TEXT NOT NULL,"
    " policy_group TEXT NOT NULL, created_us INTEGER NOT NULL, revoked_us INTEGER NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS alias(address TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS alias_name ON alias(name);"
    "CREATE TABLE IF NOT EXISTS message(seq INTEGER PRIMARY KEY AUTOINCREMENT,"
    " id TEXT NOT NULL UNIQUE, grammar TEXT NOT NULL, from_name TEXT NOT NULL,"
    " from_address TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL, headers TEXT NOT NULL,"
    " thread_id TEXT NOT NULL, in_reply_to TEXT NOT NULL, channel TEXT NOT NULL,"
    " priority INTEGER NOT NULL, expires_us INTEGER NOT NULL, hops TEXT NOT NULL,"
    " sent_us INTEGER NOT NULL, size INTEGER NOT NULL);"
    "CREATE INDEX IF NOT EXISTS message_from ON message(from_name, grammar, seq);"
    /* Version 3 had nine more rows of indexes for each message than this needs. */
    "DROP INDEX IF EXISTS message_thread; DROP INDEX IF EXISTS delivery_inbox;"
    "DROP INDEX IF EXISTS delivery_all; DROP INDEX IF EXISTS delivery_sender;"
    "DROP INDEX IF EXISTS delivery_unread_all; DROP INDEX IF EXISTS delivery_unread_sender;"
    "DROP INDEX IF EXISTS delivery_unread; DROP INDEX IF EXISTS delivery_pending;"
    "DROP INDEX IF EXISTS delivery_pending_in;"
    "CREATE INDEX IF NOT EXISTS message_answer ON message(thread_id, seq) WHERE thread_id <> id;"
    "CREATE TABLE IF NOT EXISTS delivery(seq INTEGER PRIMARY KEY AUTOINCREMENT,"
    " message INTEGER NOT NULL, recipient TEXT NOT NULL, sender TEXT NOT NULL, role TEXT NOT NULL,"
    " state INTEGER NOT NULL, grammar INTEGER NOT NULL, priority INTEGER NOT NULL,"
    " channel TEXT NOT NULL, expires_us INTEGER NOT NULL, delivered_us INTEGER NOT NULL,"
    " read_us INTEGER NOT NULL, acked_us INTEGER NOT NULL, lease_until INTEGER NOT NULL,"
    " lease_by TEXT NOT NULL, tries INTEGER NOT NULL);"
    "CREATE INDEX IF NOT EXISTS delivery_message ON delivery(message);"
    "CREATE INDEX IF NOT EXISTS delivery_list ON delivery(recipient, grammar, " UNREAD ", seq);"
    "CREATE INDEX IF NOT EXISTS delivery_from ON delivery(recipient, sender, " UNREAD ", seq);"
    "CREATE INDEX IF NOT EXISTS delivery_waits ON delivery(recipient, (channel = ''),"
    " priority DESC, seq) WHERE grammar = 0 AND " WAITS ";"
    "CREATE INDEX IF NOT EXISTS delivery_waits_in ON delivery(recipient, channel, priority DESC,"
    " seq) WHERE grammar = 0 AND channel <> '' AND " WAITS ";"
    "CREATE INDEX IF NOT EXISTS delivery_lease ON delivery(lease_until)"
    " WHERE state < 2 AND lease_until > 0;"
    "CREATE INDEX IF NOT EXISTS delivery_over ON delivery(expires_us)"
    " WHERE state < 2 AND expires_us > 0;"
    "CREATE INDEX IF NOT EXISTS delivery_dead ON delivery(recipient, seq) WHERE state = 3;"
    "CREATE TABLE IF NOT EXISTS tally(recipient TEXT NOT NULL, grammar INTEGER NOT NULL,"
    " channel TEXT NOT NULL, waiting INTEGER NOT NULL, unread INTEGER NOT NULL,"
    " PRIMARY KEY(recipient, grammar, channel)) WITHOUT ROWID;"
    "DROP TRIGGER IF EXISTS delivery_comes; DROP TRIGGER IF EXISTS delivery_changes;"
    "CREATE TABLE IF NOT EXISTS attachment(message INTEGER NOT NULL, n INTEGER NOT NULL,"
    " name TEXT NOT NULL, type TEXT NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY(message, n));"
    "CREATE TABLE IF NOT EXISTS subscription(id TEXT PRIMARY KEY, channel TEXT NOT NULL,"
    " name TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE UNIQUE INDEX IF NOT EXISTS subscription_of ON subscription(channel, name);"
    "CREATE TABLE IF NOT EXISTS idem(who TEXT NOT NULL, key TEXT NOT NULL, result TEXT NOT NULL,"
    " at INTEGER NOT NULL, PRIMARY KEY(who, key)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS idem_at ON idem(at);";

#define MESSAGE_COLUMNS                                                                            \
    "m.seq, m.id, m.grammar, m.from_name, m.from_address, m.subject, m.body, m.headers,"           \
    " m.thread_id, m.in_reply_to, m.channel, m.priority, m.expires_us, m.hops, m.sent_us"
#define DELIVERY_COLUMNS                                                                           \
    "d.seq, d.recipient, d.role, d.state, d.grammar, d.priority, d.channel, d.expires_us,"         \
    " d.delivered_us, d.read_us, d.acked_us, d.lease_until, d.lease_by, d.tries"

const char journal_mail_columns[] = DELIVERY_COLUMNS ", " MESSAGE_COLUMNS;

#define PENDING(index, where)                                                                      \
    "SELECT " DELIVERY_COLUMNS ", " MESSAGE_COLUMNS " FROM delivery AS d INDEXED BY " index        \
    " CROSS JOIN message AS m ON m.seq = d.message WHERE d.recipient = ?1 AND " where              \
    " AND d.grammar = 0 AND d.state < 2 AND d.lease_until = 0"                                     \
    " AND (d.expires_us = 0 OR d.expires_us > ?2)"
#define IN_ORDER " ORDER BY 6 DESC, 1 LIMIT ?3" /* priority, seq */
#define DELIVERIES(where)                                                                          \
    "SELECT " DELIVERY_COLUMNS ", m.id FROM delivery AS d JOIN message AS m ON m.seq = d.message"  \
    " WHERE " where

static const char *const texts[MAIL_STATEMENTS] = {
    [IDENTITY_GET] = "SELECT name, kind, policy_group, created_us, revoked_us FROM identity"
                     " WHERE name = ?1",
    [IDENTITY_PUT] = "REPLACE INTO identity VALUES(?1, ?2, ?3, ?4, ?5)",
    [IDENTITY_EACH] = "SELECT name, kind, policy_group, created_us, revoked_us FROM identity"
                      " ORDER BY name",
    [ALIAS_GET] = "SELECT name FROM alias WHERE address = ?1",
    [ALIAS_PUT] = "REPLACE INTO alias VALUES(?1, ?2)",
    [ALIAS_DROP] = "DELETE FROM alias WHERE address = ?1",
    [ALIAS_EACH] = "SELECT address, name FROM alias WHERE ?1 IS NULL OR name = ?1 ORDER BY address",
    [MESSAGE_ADD] = "INSERT INTO message(id, grammar, from_name, from_address, subject, body,"
                    " headers, thread_id, in_reply_to, channel, priority, expires_us, hops,"
                    " sent_us, size)"
                    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    [MESSAGE_GET] = "SELECT " MESSAGE_COLUMNS " FROM message AS m WHERE m.id = ?1",
    [MESSAGE_FIND] = "SELECT id FROM message WHERE id >= ?1 AND id < ?1 || '~' ORDER BY id LIMIT 2",
    [MESSAGE_TAIL] = "SELECT id FROM (SELECT id FROM message ORDER BY id DESC LIMIT ?2)"
                     " WHERE substr(id, -length(?1)) = ?1 LIMIT 2",
    [MESSAGE_SEQ] = "SELECT seq FROM message WHERE id = ?1",
    [MESSAGE_THREAD] = "SELECT " MESSAGE_COLUMNS " FROM message AS m WHERE m.id = ?1"
                       " AND m.thread_id = ?1 UNION ALL SELECT " MESSAGE_COLUMNS
                       " FROM message AS m WHERE m.thread_id = ?1 AND m.thread_id <> m.id"
                       " ORDER BY 1",
    [MESSAGE_SENT] = "SELECT " MESSAGE_COLUMNS " FROM message AS m WHERE m.from_name = ?1"
                     " AND m.grammar = ?2 AND m.seq > ?3 ORDER BY m.seq LIMIT ?4",
    [MESSAGE_HOPS] = "UPDATE message SET hops = ?2 WHERE id = ?1",
    [ATTACHMENT_ADD] = "INSERT INTO attachment SELECT seq, ?2, ?3, ?4, ?5 FROM message"
                       " WHERE id = ?1",
    [ATTACHMENT_EACH] = "SELECT n, name, type, bytes FROM attachment"
                        " WHERE message = (SELECT seq FROM message WHERE id = ?1) ORDER BY n",
    [DELIVERY_ADD] = "INSERT INTO delivery(message, recipient, sender, role, state, grammar,"
                     " priority, channel, expires_us, delivered_us, read_us, acked_us,"
                     " lease_until, lease_by, tries)"
                     " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    [DELIVERY_OF] = "SELECT seq, CASE from_name WHEN '' THEN from_address ELSE from_name END"
                    " FROM message WHERE id = ?1",
    [DELIVERY_WAS] =
        "SELECT recipient, grammar, channel, " WAITS ", " UNREAD " FROM delivery WHERE seq = ?1",
    [DELIVERY_PUT] = "UPDATE delivery SET state = ?2, delivered_us = ?3, read_us = ?4,"
                     " acked_us = ?5, lease_until = ?6, lease_by = ?7, tries = ?8 WHERE seq = ?1",
    [DELIVERY_GET] = DELIVERIES("m.id = ?1 AND d.recipient = ?2"),
    [DELIVERY_EACH] = DELIVERIES("m.id = ?1 ORDER BY d.seq"),
    [DELIVERY_PENDING] = PENDING("delivery_waits", "(d.channel = '') = 1") " UNION ALL " PENDING(
        "delivery_waits", "(d.channel = '') = 0") IN_ORDER,
    [DELIVERY_PENDING_DIRECT] = PENDING("delivery_waits", "(d.channel = '') = 1") IN_ORDER,
    [DELIVERY_PENDING_IN] =
        PENDING("delivery_waits_in", "d.channel = ?4 AND d.channel <> ''") IN_ORDER,
    [DELIVERY_ENDED] = DELIVERIES("d.state < 2 AND d.lease_until > 0 AND d.lease_until <= ?1"
                                  " ORDER BY d.lease_until LIMIT ?2"),
    [DELIVERY_OVER] = DELIVERIES("d.state < 2 AND d.expires_us > 0 AND d.expires_us <= ?1"
                                 " ORDER BY d.expires_us LIMIT ?2"),
    [DELIVERY_HELD] = "SELECT " DELIVERY_COLUMNS ", " MESSAGE_COLUMNS
                      " FROM delivery AS d INDEXED BY delivery_lease CROSS JOIN message AS m"
                      " ON m.seq = d.message WHERE d.state < 2 AND d.lease_until > 0"
                      " AND d.lease_until = " HELD " AND (d.recipient = ?1 OR m.from_name = ?1)",
    [DELIVERY_DEAD] = "SELECT " DELIVERY_COLUMNS ", " MESSAGE_COLUMNS
                      " FROM delivery AS d INDEXED BY delivery_dead CROSS JOIN message AS m"
                      " ON m.seq = d.message WHERE d.recipient = ?1 AND d.state = 3"
                      " ORDER BY d.seq LIMIT ?2",
    [DUE_LEASE] = "SELECT min(lease_until) FROM delivery WHERE state < 2 AND lease_until > 0",
    [DUE_TIME] = "SELECT min(expires_us) FROM delivery WHERE state < 2 AND expires_us > 0",
    [TALLY] = "SELECT coalesce(sum(waiting), 0), coalesce(sum(unread), 0) FROM tally"
              " WHERE recipient = ?1 AND (?2 < 0 OR grammar = ?2) AND (?3 IS NULL OR channel = ?3)",
    [TALLY_ADD] = "INSERT INTO tally VALUES(?1, ?2, ?3, ?4, ?5)"
                  " ON CONFLICT(recipient, grammar, channel) DO UPDATE SET"
                  " waiting = waiting + excluded.waiting, unread = unread + excluded.unread",
    [SUBSCRIBE] = "INSERT INTO subscription VALUES(?1, ?2, ?3)",
    [SUBSCRIPTION_OF] = "SELECT id FROM subscription WHERE channel = ?1 AND name = ?2",
    [UNSUBSCRIBE] = "DELETE FROM subscription WHERE id = ?1",
    [SUBSCRIPTION_EACH] = "SELECT id, channel, name FROM subscription"
                          " WHERE ?1 IS NULL OR channel = ?1 ORDER BY channel, name",
    [IDEM_GET] = "SELECT result FROM idem WHERE who = ?1 AND key = ?2 AND at > ?3",
    [IDEM_PUT] = "REPLACE INTO idem VALUES(?1, ?2, ?3, ?4)",
    [IDEM_PRUNE] = "DELETE FROM idem WHERE at <= ?1",
};

#define IDEM_US (INT64_C(24) * 3600 * 1000000)

int journal_mail_schema(sqlite3 *db)
{
    return sqlite3_exec(db, schema, 0, 0, 0);
}

int journal_mail_prepare(struct journal *j)
{
    int rc = SQLITE_OK;
    for (int i = 0; rc == SQLITE_OK && i < MAIL_STATEMENTS; i++)
        rc = sqlite3_prepare_v3(j->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &j->mail[i], NULL);
    return rc;
}

enum err journal_mail_run(struct journal *j, enum mail_statement which, bool must)
{
    int rc = sqlite3_step(j->mail[which]);
    enum err e = journal_failure(j, rc);
    if (e == ERR_OK && must && sqlite3_changes(j->db) == 0)
        e = ERR_NOT_FOUND;
    sqlite3_reset(j->mail[which]);
    return e;
}

enum err journal_mail_row(struct journal *j, enum mail_statement which)
{
    int rc = sqlite3_step(j->mail[which]);
    return rc == SQLITE_DONE ? ERR_NOT_FOUND : journal_failure(j, rc);
}

const char *journal_text(sqlite3_stmt *s, int column)
{
    const char *text = (const char *)sqlite3_column_text(s, column);
    return text ? text : "";
}

static void bind_or_null(sqlite3_stmt *s, int at, const char *text)
{
    if (text)
        journal_bind_text(s, at, text);
    else
        sqlite3_bind_null(s, at);
}

/* --- identities and aliases ---------------------------------------------------------------------
 */

static void read_identity(sqlite3_stmt *s, struct mail_identity *out)
{
    *out = (struct mail_identity){0};
    snprintf(out->name, sizeof out->name, "%s", journal_text(s, 0));
    out->human = strcmp(journal_text(s, 1), "human") == 0;
    snprintf(out->policy_group, sizeof out->policy_group, "%s", journal_text(s, 2));
    out->created_us = sqlite3_column_int64(s, 3);
    out->revoked_us = sqlite3_column_int64(s, 4);
}

enum err journal_identity_get(struct journal *j, const char *name, struct mail_identity *ret)
{
    journal_bind_text(j->mail[IDENTITY_GET], 1, name);
    enum err e = journal_mail_row(j, IDENTITY_GET);
    if (e == ERR_OK)
        read_identity(j->mail[IDENTITY_GET], ret);
    sqlite3_reset(j->mail[IDENTITY_GET]);
    return e;
}

enum err journal_identity_put(struct journal *j, const struct mail_identity *identity)
{
    sqlite3_stmt *s = j->mail[IDENTITY_PUT];
    journal_bind_text(s, 1, identity->name);
    journal_bind_text(s, 2, identity->human ? "human" : "agent");
    journal_bind_text(s, 3, identity->policy_group);
    sqlite3_bind_int64(s, 4, identity->created_us);
    sqlite3_bind_int64(s, 5, identity->revoked_us);
    return journal_mail_run(j, IDENTITY_PUT, false);
}

enum err journal_identities(struct journal *j, mail_identity_visit visit, void *data)
{
    sqlite3_stmt *s = j->mail[IDENTITY_EACH];
    int rc;
    while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
        struct mail_identity one;
        read_identity(s, &one);
        visit(data, &one);
    }
    sqlite3_reset(s);
    return journal_failure(j, rc);
}

enum err journal_alias_put(struct journal *j, const char *address, const char *name)
{
    journal_bind_text(j->mail[ALIAS_PUT], 1, address);
    journal_bind_text(j->mail[ALIAS_PUT], 2, name);
    return journal_mail_run(j, ALIAS_PUT, false);
}

enum err journal_alias_drop(struct journal *j, const char *address)
{
    journal_bind_text(j->mail[ALIAS_DROP], 1, address);
    return journal_mail_run(j, ALIAS_DROP, true);
}

enum err journal_alias_get(struct journal *j, const char *address, char ret_name[MAIL_NAME])
{
    journal_bind_text(j->mail[ALIAS_GET], 1, address);
    enum err e = journal_mail_row(j, ALIAS_GET);
    if (e == ERR_OK)
        snprintf(ret_name, MAIL_NAME, "%s", journal_text(j->mail[ALIAS_GET], 0));
    sqlite3_reset(j->mail[ALIAS_GET]);
    return e;
}

enum err journal_aliases(struct journal *j, const char *name, mail_alias_visit visit, void *data)
{
    sqlite3_stmt *s = j->mail[ALIAS_EACH];
    int rc;
    bind_or_null(s, 1, name);
    while ((rc = sqlite3_step(s)) == SQLITE_ROW)
        visit(data, journal_text(s, 0), journal_text(s, 1));
    sqlite3_reset(s);
    return journal_failure(j, rc);
}

/* --- subscriptions ------------------------------------------------------------------------------
 */

enum err journal_subscribe(struct journal *j, const char *channel, const char *name,
                           char ret_id[MAIL_ID])
{
    sqlite3_stmt *s = j->mail[SUBSCRIPTION_OF];
    journal_bind_text(s, 1, channel);
    journal_bind_text(s, 2, name);
    enum err e = journal_mail_row(j, SUBSCRIPTION_OF);
    if (e == ERR_OK)
        snprintf(ret_id, MAIL_ID, "%s", journal_text(s, 0));
    sqlite3_reset(s);
    if (e != ERR_NOT_FOUND)
        return e;
    journal_mail_id("sub_", ret_id);
    s = j->mail[SUBSCRIBE];
    journal_bind_text(s, 1, ret_id);
    journal_bind_text(s, 2, channel);
    journal_bind_text(s, 3, name);
    return journal_mail_run(j, SUBSCRIBE, false);
}

enum err journal_unsubscribe(struct journal *j, const char *id)
{
    journal_bind_text(j->mail[UNSUBSCRIBE], 1, id);
    return journal_mail_run(j, UNSUBSCRIBE, true);
}

enum err journal_subscriptions(struct journal *j, const char *channel,
                               mail_subscription_visit visit, void *data)
{
    sqlite3_stmt *s = j->mail[SUBSCRIPTION_EACH];
    int rc;
    bind_or_null(s, 1, channel);
    while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
        struct mail_subscription one = {.channel = journal_text(s, 1)};
        snprintf(one.id, sizeof one.id, "%s", journal_text(s, 0));
        snprintf(one.name, sizeof one.name, "%s", journal_text(s, 2));
        visit(data, &one);
    }
    sqlite3_reset(s);
    return journal_failure(j, rc);
}

/* --- calls that happen once ---------------------------------------------------------------------
 */

enum err journal_idem_get(struct journal *j, const char *who, const char *key, int64_t now_us,
                          char **ret_result)
{
    sqlite3_stmt *s = j->mail[IDEM_GET];
    journal_bind_text(s, 1, who);
    journal_bind_text(s, 2, key);
    sqlite3_bind_int64(s, 3, now_us - IDEM_US);
    enum err e = journal_mail_row(j, IDEM_GET);
    if (e == ERR_OK)
        *ret_result = mem_strdup(journal_text(s, 0));
    sqlite3_reset(s);
    return e;
}

enum err journal_idem_put(struct journal *j, const char *who, const char *key, const char *result,
                          int64_t now_us)
{
    sqlite3_stmt *s = j->mail[IDEM_PUT];
    sqlite3_bind_int64(j->mail[IDEM_PRUNE], 1, now_us - IDEM_US);
    enum err e = journal_mail_run(j, IDEM_PRUNE, false);
    journal_bind_text(s, 1, who);
    journal_bind_text(s, 2, key);
    journal_bind_text(s, 3, result);
    sqlite3_bind_int64(s, 4, now_us);
    return e == ERR_OK ? journal_mail_run(j, IDEM_PUT, false) : e;
}
