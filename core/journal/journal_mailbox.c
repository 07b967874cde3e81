/* A mailbox as a person leafs through it: what somebody got and what they sent, of both grammars,
 * the newest first, without bodies. Control's thread alone.
 *
 * Each of the six ways in is an index in the order of time and stops at the page's size, so a page
 * of a million costs no more than one of ten. A search looks at a bounded number of messages; where
 * it stopped is where the next call begins. */
#include "core/journal/journal_private.h"
#include "core/journal/mailbox.h"

#include <stdio.h>

#define RECEIVED(grammar, unread)                                                                  \
    "SELECT * FROM (SELECT d.message AS s, d.read_us AS r, 1 AS got FROM delivery AS d"            \
    " INDEXED BY delivery_list"                                                                    \
    " WHERE d.recipient = ?1 AND d.grammar = " grammar                                             \
    " AND (?2 = 0 OR d.seq < (SELECT min(seq) FROM delivery WHERE message ="                       \
    " (SELECT min(message) FROM delivery WHERE message >= ?2)) OR NOT EXISTS"                      \
    " (SELECT 1 FROM delivery WHERE message >= ?2))"                                               \
    " AND (d.read_us = 0 AND d.state < 3) = " unread " AND (NOT ?4 OR " unread                     \
    ") ORDER BY d.seq DESC LIMIT ?3)"
#define SENT(grammar)                                                                              \
    "SELECT * FROM (SELECT m.seq AS s, 1 AS r, 0 AS got FROM message AS m WHERE m.from_name = ?1"  \
    " AND m.grammar = '" grammar "' AND (?2 = 0 OR m.seq < ?2) AND NOT ?4"                         \
    " ORDER BY m.seq DESC LIMIT ?3)"

/* The page's messages, looked at alone: 0 seq, 1 read, 2 got. Who wrote to a channel that they have
 * subscribed to is on both sides: it is read when what they got is. */
static const char page_sql[] =
    "SELECT s, min(r), max(got) FROM (" RECEIVED("0", "0") " UNION ALL " RECEIVED("0", "1") " UNION ALL " RECEIVED(
        "1",
        "0") " UNION ALL " RECEIVED("1",
                                    "1") " UNION ALL " SENT("comms") " UNION ALL " SENT("email") ") GROUP BY s ORDER BY s DESC LIMIT ?3";

static const char one_sql[] =
    "SELECT id, grammar, from_name, from_address, subject, substr(body, 1, 300), headers,"
    " thread_id, in_reply_to, channel, priority, sent_us, size FROM message WHERE seq = ?1"
    " AND (?2 = '' OR instr(lower(from_name || ' ' || from_address || ' #' || channel || ' '"
    " || subject), ?2)"
    " OR instr(lower(body), ?2))";

static const char *text_of(sqlite3_stmt *s, int column)
{
    const char *text = (const char *)sqlite3_column_text(s, column);

    return text ? text : "";
}

/* 0 when the pattern is not in it. */
static int show_one(sqlite3_stmt *one, int64_t seq, bool unread, bool got, const char *pattern,
                    mailbox_visit visit, void *data)
{
    struct mailbox_message m = {.seq = seq, .unread = unread, .received = got};
    int shown = 0;

    sqlite3_bind_int64(one, 1, seq);
    journal_bind_text(one, 2, pattern);
    if (sqlite3_step(one) == SQLITE_ROW) {
        m.id = text_of(one, 0);
        m.email = text_of(one, 1)[0] == 'e';
        m.from_name = text_of(one, 2);
        m.from_address = text_of(one, 3);
        m.subject = text_of(one, 4);
        m.preview = text_of(one, 5);
        m.headers = text_of(one, 6);
        m.thread_id = text_of(one, 7);
        m.in_reply_to = text_of(one, 8);
        m.channel = text_of(one, 9);
        m.priority = sqlite3_column_int(one, 10);
        m.sent_us = sqlite3_column_int64(one, 11);
        m.size = sqlite3_column_int64(one, 12);
        visit(data, &m);
        shown = 1;
    }
    sqlite3_reset(one);
    return shown;
}

enum err journal_mailbox(struct journal *j, const struct mailbox_filter *f, mailbox_visit visit,
                         void *data, int64_t *ret_next)
{
    sqlite3_stmt *page = NULL, *one = NULL;
    const char *pattern = f->pattern ? f->pattern : "";
    int most = *pattern ? MAILBOX_SEARCHED : f->limit + 1, shown = 0, rc, looked = 0;
    int64_t last = 0;

    *ret_next = 0;
    rc = sqlite3_prepare_v2(j->db, page_sql, -1, &page, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(j->db, one_sql, -1, &one, NULL);
    if (rc != SQLITE_OK)
        goto out;
    journal_bind_text(page, 1, f->name);
    sqlite3_bind_int64(page, 2, f->before);
    sqlite3_bind_int(page, 3, most);
    sqlite3_bind_int(page, 4, f->unread);
    while ((rc = sqlite3_step(page)) == SQLITE_ROW) {
        bool got = sqlite3_column_int(page, 2) != 0;
        bool unread = got && sqlite3_column_int64(page, 1) == 0;
        int64_t seq = sqlite3_column_int64(page, 0);
        if (shown >= f->limit) { /* there is more: it begins behind the last one */
            *ret_next = last;
            break;
        }
        shown += show_one(one, seq, unread, got, pattern, visit, data);
        last = seq;
        looked++;
    }
    if (*pattern && rc == SQLITE_DONE && looked >= most)
        *ret_next = last;
    rc = rc == SQLITE_ROW ? SQLITE_DONE : rc;
out:
    sqlite3_finalize(page);
    sqlite3_finalize(one);
    return rc == SQLITE_DONE ? ERR_OK : journal_failure(j, rc);
}
