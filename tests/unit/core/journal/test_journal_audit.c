/* The audit in the journal: a clean chain of ten thousand is whole, and each way of tampering with
 * the database behind its back is found and named. */
#include "journal_fixture.h"

#include "core/journal/audit.h"

#include <sqlite3.h>

#define MESSAGES 40

static void good(enum err e)
{
    assert_string_equal(err_text(e)->name, "ok");
}

/* As the hub sends: message, deliveries, an entry that has their digest. */
static void send_to(struct journal *j, const char *const *to, size_t count, char ret_id[MAIL_ID])
{
    struct mail_message m = {.grammar = MAIL_EMAIL,
                             .priority = MAIL_NORMAL,
                             .from_name = "ada",
                             .from_address = "ada@baton.local",
                             .subject = "A subject",
                             .body = "Some body.",
                             .body_n = strlen("Some body.")};
    struct audit_fields f;
    char hex[AUDIT_HEX];
    good(journal_message_add(j, &m));
    audit_fields_begin(&f);
    audit_digest_message(&f, &m);
    for (size_t i = 0; i < count; i++) {
        struct mail_delivery d = {.grammar = m.grammar, .priority = m.priority, .channel = ""};
        memcpy(d.message_id, m.id, sizeof d.message_id);
        snprintf(d.recipient, sizeof d.recipient, "%s", to[i]);
        d.role = i ? MAIL_CC : MAIL_TO;
        good(journal_delivery_add(j, &d));
        audit_digest_recipient(&f, d.recipient, d.role);
    }
    audit_fields_end(&f, hex);
    cJSON *more = cJSON_CreateObject();
    cJSON_AddStringToObject(more, "digest", hex);
    good(journal_audit(j, "sent", m.id, "ada", more));
    cJSON_Delete(more);
    good(journal_audit(j, "delivered", m.id, to[0], NULL));
    memcpy(ret_id, m.id, MAIL_ID);
}

/* Of the messages that are there when a test begins. */
static char ids[MESSAGES][MAIL_ID];

static int setup_with_messages(void **state)
{
    static const char *const to[] = {"ben", "cleo"};
    if (setup(state) < 0)
        return -1;
    struct fixture *f = *state;
    for (int i = 0; i < MESSAGES; i++) {
        good(journal_begin(f->j));
        send_to(f->j, to, i % 2 ? 2 : 1, ids[i]);
        good(journal_commit(f->j));
    }
    return 0;
}

/* Somebody else at the database, while the hub does not run. */
static void tamper(struct fixture *f, const char *sql)
{
    char *path = mem_printf("%s/journal.db", f->dir), *wrong = NULL;
    sqlite3 *db = NULL;
    journal_close(f->j);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, 0, 0, &wrong) != SQLITE_OK)
        fail_msg("%s: %s", sql, wrong);
    assert_true(sqlite3_changes(db) > 0);
    sqlite3_close(db);
    free(path);
    f->j = open_or_fail(f->dir);
}

/* In small pieces, each in its own transaction. */
static struct audit_walk verify(struct fixture *f)
{
    struct audit_walk w = {0};
    bool done = false;
    for (int pieces = 0; !done; pieces++) {
        assert_true(pieces < 20000);
        good(journal_begin(f->j));
        good(journal_audit_verify(f->j, &w, 7, 1 << 20, &done));
        good(journal_commit(f->j));
    }
    return w;
}

static void is_whole(struct fixture *f, int64_t entries, int64_t messages)
{
    const struct audit_walk w = verify(f);
    assert_string_equal(audit_flaw_name(w.flaw), "whole");
    assert_int_equal(w.at.n, entries);
    assert_int_equal(w.messages, messages);
}

static void is_found(struct fixture *f, const char *sql, enum audit_flaw flaw, int64_t n)
{
    tamper(f, sql);
    const struct audit_walk w = verify(f);
    assert_string_equal(audit_flaw_name(w.flaw), audit_flaw_name(flaw));
    assert_int_equal(w.wrong_n, n);
}

static void a_clean_chain_of_ten_thousand_is_whole(void **state)
{
    struct fixture *f = *state;
    is_whole(f, 2 * MESSAGES, MESSAGES);
    good(journal_begin(f->j));
    for (int i = 2 * MESSAGES; i < 10000; i++)
        good(journal_audit(f->j, "read", ids[i % MESSAGES], "ben", NULL));
    good(journal_commit(f->j));
    is_whole(f, 10000, MESSAGES);
}

static void what_is_undone_leaves_no_hole(void **state)
{
    struct fixture *f = *state;
    good(journal_begin(f->j));
    good(journal_audit(f->j, "read", ids[0], "ben", NULL));
    good(journal_save(f->j));
    good(journal_audit(f->j, "read", ids[1], "ben", NULL));
    journal_undo(f->j);
    good(journal_save(f->j));
    good(journal_audit(f->j, "read", ids[2], "a \"name\" \x01", NULL));
    good(journal_keep(f->j));
    good(journal_commit(f->j));
    is_whole(f, 2 * MESSAGES + 2, MESSAGES);
    good(journal_begin(f->j));
    good(journal_audit(f->j, "read", ids[3], "ben", NULL));
    journal_rollback(f->j);
    is_whole(f, 2 * MESSAGES + 2, MESSAGES);
    good(journal_begin(f->j));
    good(journal_audit(f->j, "read", ids[3], "ben", NULL));
    good(journal_commit(f->j));
    is_whole(f, 2 * MESSAGES + 3, MESSAGES);
}

static bool is_json(void *data, const struct audit_entry *e)
{
    cJSON *entry = NULL;
    assert_int_equal(json_parse(e->entry, e->entry_n, &entry), ERR_OK);
    assert_string_equal(json_string(entry, "who", ""), data);
    assert_int_equal(json_int(entry, "of", 0), 3);
    cJSON_Delete(entry);
    return true;
}

static void an_entry_is_json_whatever_a_name_has_in_it(void **state)
{
    struct fixture *f = *state;
    char name[] = "a \"name\" \\ \x01 \xc3\xa9";
    cJSON *more = cJSON_CreateObject();
    json_add_int(more, "of", 3);
    good(journal_begin(f->j));
    good(journal_audit(f->j, "read", "", name, more));
    good(journal_audit_get(f->j, journal_audit_last(f->j), is_json, name));
    good(journal_commit(f->j));
    cJSON_Delete(more);
}

static void one_altered_byte_of_an_entry_is_found(void **state)
{
    is_found(*state, "UPDATE audit SET entry = replace(entry, 'sent', 'Sent') WHERE n = 21",
             AUDIT_ALTERED, 21);
}

static void an_altered_moment_or_hash_is_found(void **state)
{
    is_found(*state, "UPDATE audit SET at = at + 1 WHERE n = 40", AUDIT_ALTERED, 40);
    is_found(*state, "UPDATE audit SET hash = zeroblob(32) WHERE n = 20", AUDIT_ALTERED, 20);
    is_found(*state, "UPDATE audit SET hash = x'00' WHERE n = 10", AUDIT_ALTERED, 10);
}

static void one_altered_byte_of_a_message_is_found(void **state)
{
    static const char *const changes[] = {
        "body = 'Some bodY.'", "subject = 'a subject'", "from_address = 'ada@baton.locaL'",
        "from_name = 'adA'",   "sent_us = sent_us + 1", "channel = 'x'",
        "thread_id = 'x'",     "in_reply_to = 'x'",     "headers = '{}'",
        "priority = 2",        "expires_us = 9",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        char *sql = mem_printf("CREATE TEMP TABLE was AS SELECT * FROM message WHERE id = '%s';"
                               "DELETE FROM message WHERE id = '%s'; UPDATE was SET %s;"
                               "INSERT INTO message SELECT * FROM was",
                               ids[10 - i % 11], ids[10 - i % 11], changes[i]);
        tamper(f, sql);
        const struct audit_walk w = verify(f);
        assert_string_equal(audit_flaw_name(w.flaw), "message altered");
        assert_string_equal(w.message_id, ids[10 - i]);
        assert_int_equal(w.wrong_n, 2 * (10 - (int64_t)i) + 1);
        free(sql);
    }
}

static void another_attachment_is_found(void **state)
{
    struct fixture *f = *state;
    const struct mail_attachment a = {
        .n = 1, .name = "a.txt", .type = "text/plain", .bytes = "abc", .size = 3};
    good(journal_begin(f->j));
    good(journal_attachment_add(f->j, ids[4], &a));
    good(journal_commit(f->j));
    is_whole(f, 2 * MESSAGES + 1, MESSAGES);
    is_found(f, "UPDATE attachment SET bytes = x'616264'", AUDIT_MESSAGE_ALTERED, 2 * MESSAGES + 1);
    is_found(f, "DELETE FROM attachment", AUDIT_MESSAGE_ALTERED, 2 * MESSAGES + 1);
}

static void another_recipient_is_found(void **state)
{
    is_found(*state, "UPDATE delivery SET recipient = 'eve' WHERE seq = 2", AUDIT_MESSAGE_ALTERED,
             3);
    is_found(*state, "DELETE FROM delivery WHERE seq = 1", AUDIT_MESSAGE_ALTERED, 1);
}

static void a_removed_entry_is_found(void **state)
{
    is_found(*state, "DELETE FROM audit WHERE n = 50", AUDIT_MISSING, 50);
    is_found(*state, "DELETE FROM audit WHERE n = 1", AUDIT_MISSING, 1);
}

static void a_removed_entry_is_found_when_the_rest_moves_up(void **state)
{
    is_found(*state,
             "DELETE FROM audit WHERE n = 30; UPDATE audit SET n = -n WHERE n > 30;"
             "UPDATE audit SET n = -n - 1 WHERE n < 0",
             AUDIT_ALTERED, 30);
}

static void a_removed_message_is_found(void **state)
{
    is_found(*state, "DELETE FROM message WHERE seq = 7", AUDIT_MESSAGE_MISSING, 13);
}

static void a_message_that_nobody_sent_is_found(void **state)
{
    struct fixture *f = *state;
    tamper(f, "INSERT INTO message SELECT NULL, 'msg_0000000000000001', grammar, from_name,"
              " from_address, subject, body, headers, thread_id, in_reply_to, channel, priority,"
              " expires_us, hops, sent_us, size FROM message WHERE seq = 1");
    struct audit_walk w = verify(f);
    assert_int_equal(w.flaw, AUDIT_MESSAGE_UNKNOWN);
    assert_string_equal(w.message_id, "msg_0000000000000001");
}

static void a_cut_tail_is_found_and_stays_found(void **state)
{
    static const char *const to[] = {"ben"};
    struct fixture *f = *state;
    char id[MAIL_ID];
    is_found(f, "DELETE FROM audit WHERE n > 2 * 40 - 3", AUDIT_CUT, 2 * MESSAGES - 2);
    good(journal_begin(f->j));
    send_to(f->j, to, 1, id);
    good(journal_commit(f->j));
    const struct audit_walk w = verify(f); /* what comes later does not hide it */
    assert_int_equal(w.flaw, AUDIT_MISSING);
    assert_int_equal(w.wrong_n, 2 * MESSAGES - 2);
}

static void a_lost_head_is_found_and_keeps_nobody_from_sending(void **state)
{
    static const char *const to[] = {"ben"};
    struct fixture *f = *state;
    char id[MAIL_ID];
    is_found(f, "DELETE FROM doc WHERE kind = 'audit'", AUDIT_BEYOND, 2 * MESSAGES + 1);
    good(journal_begin(f->j));
    send_to(f->j, to, 1, id);
    good(journal_commit(f->j));
    const struct audit_walk w = verify(f);
    assert_int_equal(w.flaw, AUDIT_ALTERED);
    assert_int_equal(w.wrong_n, 2 * MESSAGES + 1);
}

static void entries_in_another_order_are_found(void **state)
{
    is_found(*state,
             "UPDATE audit SET n = -1 WHERE n = 60; UPDATE audit SET n = 60 WHERE n = 62;"
             "UPDATE audit SET n = 62 WHERE n = -1",
             AUDIT_ALTERED, 60);
}

static void entries_are_found_by_member(void **state)
{
    struct fixture *f = *state;
    int64_t n[5];
    int count = 0;
    good(journal_begin(f->j));
    good(journal_audit_find(f->j, 1, 100, "ben", false, n, 5, &count));
    assert_int_equal(count, 5);
    assert_int_equal(n[0], 2);
    assert_int_equal(n[4], 10);
    good(journal_audit_find(f->j, 1, 100, NULL, true, n, 5, &count));
    assert_int_equal(n[0], 2 * MESSAGES);
    good(journal_audit_find(f->j, 1, 100, "be", false, n, 5, &count));
    assert_int_equal(count, 0);
    assert_int_equal(journal_audit_last(f->j), 2 * MESSAGES);
    good(journal_commit(f->j));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_with_messages, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_clean_chain_of_ten_thousand_is_whole),
        TEST(what_is_undone_leaves_no_hole),
        TEST(an_entry_is_json_whatever_a_name_has_in_it),
        TEST(one_altered_byte_of_an_entry_is_found),
        TEST(an_altered_moment_or_hash_is_found),
        TEST(one_altered_byte_of_a_message_is_found),
        TEST(another_recipient_is_found),
        TEST(another_attachment_is_found),
        TEST(a_removed_entry_is_found),
        TEST(a_removed_entry_is_found_when_the_rest_moves_up),
        TEST(a_removed_message_is_found),
        TEST(a_message_that_nobody_sent_is_found),
        TEST(a_cut_tail_is_found_and_stays_found),
        TEST(a_lost_head_is_found_and_keeps_nobody_from_sending),
        TEST(entries_in_another_order_are_found),
        TEST(entries_are_found_by_member),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
