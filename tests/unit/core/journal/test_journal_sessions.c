/* Numbered events and the outbox; and a database of version 1 that is brought to this one with all
 * that was in it. */
#include "journal_fixture.h"

#include "core/base/clock.h"

#include <unistd.h>

/* As control writes them. Keys in another order are put there by hand. */
static void tell(struct journal *j, const char *session, int64_t seq, const char *method,
                 const char *text)
{
    cJSON *data = cJSON_CreateObject();
    cJSON_AddStringToObject(data, "sessionId", session);
    json_add_int(data, "sequenceNumber", seq);
    cJSON *event = cJSON_AddObjectToObject(data, "event");
    cJSON_AddStringToObject(event, "method", method);
    cJSON_AddStringToObject(cJSON_AddObjectToObject(event, "params"), "text", text);
    struct event e = {.kind = "sessionEvent",
                      .workspace = "main",
                      .who = "",
                      .target = session,
                      .data = data,
                      .time_us = 5000000 + seq * 1000,
                      .seq = seq};
    assert_int_equal(journal_event(j, &e), ERR_OK);
    cJSON_Delete(data);
}

static cJSON *events(struct journal *j, int64_t since, int limit, size_t max_bytes,
                     const char *method)
{
    struct buf out = {0};
    cJSON *list = NULL;
    assert_int_equal(journal_session_events(j, "se1", since, limit, max_bytes, method, &out),
                     ERR_OK);
    assert_int_equal(json_parse(out.data, out.len, &list), ERR_OK);
    assert_true(cJSON_IsArray(list));
    buf_finish(&out);
    return list;
}

static int64_t number_at(const cJSON *list, int i)
{
    return json_int(cJSON_GetArrayItem(list, i), "sequenceNumber", -1);
}

static void numbered_events_come_in_order_and_whole(void **state)
{
    struct fixture *f = *state;
    f->j = open_or_fail(f->dir);
    journal_begin(f->j);
    for (int i = 1; i <= 9; i++) {
        tell(f->j, "se1", i, i % 3 ? "session/update" : "session/prompt", "a \"b\" \\ ä");
        tell(f->j, "se11", i, "session/update", "another session");
    }
    struct event other = {.kind = "sessionChanged", .workspace = "main", .target = "se1"};
    assert_int_equal(journal_event(f->j, &other), ERR_OK);
    assert_int_equal(journal_commit(f->j), ERR_OK);

    cJSON *all = events(f->j, 0, 100, 1 << 20, NULL);
    assert_int_equal(cJSON_GetArraySize(all), 9);
    for (int i = 0; i < 9; i++)
        assert_int_equal(number_at(all, i), i + 1);
    const cJSON *third = cJSON_GetArrayItem(all, 2), *told = json_get(third, "notification");
    assert_int_equal(json_int(third, "timestamp", 0), 5003);
    assert_string_equal(json_string(told, "method", ""), "session/prompt");
    assert_string_equal(json_string(json_get(told, "params"), "text", ""), "a \"b\" \\ ä");
    cJSON_Delete(all);

    cJSON *some = events(f->j, 4, 2, 1 << 20, NULL);
    assert_int_equal(cJSON_GetArraySize(some), 2);
    assert_int_equal(number_at(some, 0), 5);
    cJSON_Delete(some);

    some = events(f->j, 0, 100, 1 << 20, "session/prompt");
    assert_int_equal(cJSON_GetArraySize(some), 3);
    assert_int_equal(number_at(some, 2), 9);
    cJSON_Delete(some);

    some = events(f->j, 0, 100, 1, NULL); /* one at least, or nobody would get past it */
    assert_int_equal(cJSON_GetArraySize(some), 1);
    cJSON_Delete(some);
    some = events(f->j, 0, 100, 500, NULL);
    assert_in_range(cJSON_GetArraySize(some), 2, 5);
    cJSON_Delete(some);
    some = events(f->j, 9, 100, 500, NULL);
    assert_int_equal(cJSON_GetArraySize(some), 0);
    cJSON_Delete(some);
}

static void a_row_in_another_form_is_told_as_well(void **state)
{
    struct fixture *f = *state;
    cJSON *data = NULL;
    const char text[] = "{\"event\":{\"params\":{\"x\":1},\"method\":\"m\"},\"sessionId\":\"se1\"}";
    f->j = open_or_fail(f->dir);
    assert_int_equal(json_parse(text, sizeof text - 1, &data), ERR_OK);
    journal_begin(f->j);
    struct event e = {
        .kind = "sessionEvent", .workspace = "main", .target = "se1", .data = data, .seq = 1};
    assert_int_equal(journal_event(f->j, &e), ERR_OK);
    assert_int_equal(journal_commit(f->j), ERR_OK);
    cJSON *all = events(f->j, 0, 10, 1000, "m");
    assert_int_equal(cJSON_GetArraySize(all), 1);
    const cJSON *told = json_get(cJSON_GetArrayItem(all, 0), "notification");
    assert_int_equal(json_int(json_get(told, "params"), "x", 0), 1);
    cJSON_Delete(all);
    all = events(f->j, 0, 10, 1000, "n");
    assert_int_equal(cJSON_GetArraySize(all), 0);
    cJSON_Delete(all);
    cJSON_Delete(data);
}

static void what_is_forgotten_leaves_the_rest(void **state)
{
    struct fixture *f = *state;
    cJSON *list = NULL;
    int64_t head;
    f->j = open_or_fail(f->dir);
    journal_begin(f->j);
    tell(f->j, "se1", 1, "session/update", "x");
    tell(f->j, "se2", 1, "session/update", "x");
    struct event opened = {.kind = "sessionOpened", .workspace = "main", .target = "se1"};
    assert_int_equal(journal_event(f->j, &opened), ERR_OK);
    assert_int_equal(journal_forget(f->j, "se1"), ERR_OK);
    assert_int_equal(journal_commit(f->j), ERR_OK);
    cJSON *none = events(f->j, 0, 10, 1000, NULL);
    assert_int_equal(cJSON_GetArraySize(none), 0);
    cJSON_Delete(none);
    assert_int_equal(journal_events(f->j, &(struct event_filter){.limit = 10}, &list, &head),
                     ERR_OK);
    assert_int_equal(cJSON_GetArraySize(list), 2); /* the other's, and what has no number */
    cJSON_Delete(list);
}

/* Nothing is asserted of the time: machines differ. It is shown. */
static void ten_thousand_are_read_quickly(void **state)
{
    struct fixture *f = *state;
    struct buf out = {0};
    char text[400];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    f->j = open_or_fail(f->dir);
    journal_begin(f->j);
    for (int i = 1; i <= 10000; i++)
        tell(f->j, "se1", i, "session/update", text);
    assert_int_equal(journal_commit(f->j), ERR_OK);
    int64_t since = clock_mono_us();
    assert_int_equal(journal_session_events(f->j, "se1", 0, 10000, 64 << 20, NULL, &out), ERR_OK);
    print_message("10,000 events, %zu bytes: %.1f ms\n", out.len,
                  (double)(clock_mono_us() - since) / 1000);
    assert_non_null(strstr(out.data, "{\"sequenceNumber\":10000,"));
    buf_finish(&out);
}

static void note(void *data, uint64_t at, const char *bytes, size_t n)
{
    struct buf *out = data;
    buf_printf(out, "%llu:", (unsigned long long)at);
    buf_append(out, bytes, n);
    buf_putc(out, ';');
}

static void assert_outbox(struct journal *j, const char *stream, const char *expected)
{
    struct buf out = {0};
    buf_puts(&out, "");
    assert_int_equal(journal_outbox_each(j, stream, note, &out), ERR_OK);
    assert_string_equal(out.data ? out.data : "", expected);
    buf_finish(&out);
}

static void the_outbox_is_one_stream_of_bytes(void **state)
{
    struct fixture *f = *state;
    f->j = open_or_fail(f->dir);
    journal_begin(f->j);
    assert_int_equal(journal_outbox_add(f->j, "ag1", 10, "second", 6), ERR_OK);
    assert_int_equal(journal_outbox_add(f->j, "ag1", 0, "first\n\0xyz", 10), ERR_OK);
    assert_int_equal(journal_outbox_add(f->j, "ag1", 16, "third", 5), ERR_OK);
    assert_int_equal(journal_outbox_add(f->j, "ag11", 0, "other", 5), ERR_OK);
    assert_int_equal(journal_commit(f->j), ERR_OK);
    journal_close(f->j);
    f->j = open_or_fail(f->dir);
    journal_begin(f->j);
    struct buf out = {0};
    assert_int_equal(journal_outbox_each(f->j, "ag1", note, &out), ERR_OK);
    assert_int_equal(out.len, 2 + 10 + 1 + 3 + 6 + 1 + 3 + 5 + 1);
    assert_memory_equal(out.data, "0:first\n\0xyz;10:second;16:third;", out.len);
    buf_finish(&out);
    assert_int_equal(journal_outbox_done(f->j, "ag1", 15), ERR_OK); /* half of the second */
    assert_outbox(f->j, "ag1", "10:second;16:third;");
    assert_int_equal(journal_outbox_done(f->j, "ag1", 16), ERR_OK);
    assert_outbox(f->j, "ag1", "16:third;");
    assert_int_equal(journal_outbox_drop(f->j, "ag1"), ERR_OK);
    assert_outbox(f->j, "ag1", "");
    assert_outbox(f->j, "ag11", "0:other;");
    assert_int_equal(journal_commit(f->j), ERR_OK);
}

static void an_undone_part_takes_its_outbox_back(void **state)
{
    struct fixture *f = *state;
    f->j = open_or_fail(f->dir);
    journal_begin(f->j);
    journal_save(f->j);
    assert_int_equal(journal_outbox_add(f->j, "ag1", 0, "x", 1), ERR_OK);
    journal_undo(f->j);
    assert_int_equal(journal_commit(f->j), ERR_OK);
    assert_outbox(f->j, "ag1", "");
}

/* The tables of version 1, to the letter, with events of a hub of that time. */
static const char version_1[] =
    "CREATE TABLE event(id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL,"
    " workspace TEXT NOT NULL, who TEXT NOT NULL, target TEXT NOT NULL, time_us INTEGER NOT NULL,"
    " data TEXT NOT NULL);"
    "CREATE INDEX event_workspace ON event(workspace, id);"
    "CREATE INDEX event_target ON event(target, id) WHERE target <> '';"
    "CREATE TABLE counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL);"
    "CREATE TABLE doc(kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,"
    " PRIMARY KEY(kind, key)) WITHOUT ROWID;"
    "INSERT INTO counter VALUES('shell', 41);"
    "INSERT INTO doc VALUES('workspace', 'main', '{}');"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)"
    " INSERT INTO event(kind, workspace, who, target, time_us, data)"
    " SELECT 'shellOpened', 'main', 'ada', 'sh' || i, i * 1000000, '{}' FROM n;";

static void make_version_1(struct fixture *f, int version)
{
    char *command = mem_printf("sqlite3 '%s/journal.db'", f->dir);
    FILE *sql = popen(command, "w");
    free(command);
    assert_non_null(sql);
    fprintf(sql, "%s PRAGMA user_version=%d;\n", version_1, version);
    if (pclose(sql) != 0)
        skip(); /* this machine has no sqlite3 */
}

static void check_migrated(struct fixture *f)
{
    cJSON *list = NULL;
    int64_t head = 0, number = 0;
    f->j = open_or_fail(f->dir);
    assert_int_equal(journal_events(f->j, &(struct event_filter){.limit = 1000}, &list, &head),
                     ERR_OK);
    assert_int_equal(cJSON_GetArraySize(list), 500);
    assert_int_equal(head, 500);
    assert_string_equal(json_string(cJSON_GetArrayItem(list, 499), "target", ""), "sh500");
    cJSON_Delete(list);
    journal_begin(f->j);
    tell(f->j, "se1", 1, "session/update", "new");
    assert_int_equal(journal_outbox_add(f->j, "ag1", 0, "x", 1), ERR_OK);
    assert_int_equal(journal_next(f->j, "shell", &number), ERR_OK);
    assert_int_equal(number, 42);
    assert_int_equal(journal_commit(f->j), ERR_OK);
    journal_close(f->j);
    f->j = open_or_fail(f->dir); /* once is enough */
    cJSON *numbered = events(f->j, 0, 10, 1000, NULL);
    assert_int_equal(cJSON_GetArraySize(numbered), 1);
    cJSON_Delete(numbered);
    assert_outbox(f->j, "ag1", "0:x;");
}

static void a_journal_of_version_1_is_taken_over(void **state)
{
    make_version_1(*state, 1);
    check_migrated(*state);
}

/* It was made by a hub that died before it had said which version that is. */
static void tables_without_a_version_are_taken_over(void **state)
{
    make_version_1(*state, 0);
    check_migrated(*state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(numbered_events_come_in_order_and_whole, make_folder,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_row_in_another_form_is_told_as_well, make_folder,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_is_forgotten_leaves_the_rest, make_folder, teardown),
        cmocka_unit_test_setup_teardown(ten_thousand_are_read_quickly, make_folder, teardown),
        cmocka_unit_test_setup_teardown(the_outbox_is_one_stream_of_bytes, make_folder, teardown),
        cmocka_unit_test_setup_teardown(an_undone_part_takes_its_outbox_back, make_folder,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_journal_of_version_1_is_taken_over, make_folder,
                                        teardown),
        cmocka_unit_test_setup_teardown(tables_without_a_version_are_taken_over, make_folder,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
