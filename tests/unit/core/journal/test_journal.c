/* The journal: ids that only rise, parts that are undone alone, and files that it must refuse. */
#include "journal_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

static int64_t add(struct journal *j, const char *kind, const char *workspace)
{
    struct event e = {.kind = kind, .workspace = workspace, .who = "ada", .target = ""};
    assert_int_equal(journal_event(j, &e), ERR_OK);
    return e.id;
}

static int count(struct journal *j, const struct event_filter *f, int64_t *ret_head)
{
    cJSON *events = NULL;
    assert_int_equal(journal_events(j, f, &events, ret_head), ERR_OK);
    int n = cJSON_GetArraySize(events);
    cJSON_Delete(events);
    return n;
}

static void events_are_numbered_and_filtered(void **state)
{
    struct journal *j = ((struct fixture *)*state)->j;
    int64_t head = 0;
    assert_int_equal(journal_begin(j), ERR_OK);
    int64_t first = add(j, "a", "main");
    int64_t second = add(j, "b", "other");
    int64_t third = add(j, "a", "main");
    assert_int_equal(journal_commit(j), ERR_OK);
    assert_true(first < second && second < third);
    assert_int_equal(count(j, &(struct event_filter){.limit = 10}, &head), 3);
    assert_int_equal(head, third);
    assert_int_equal(count(j, &(struct event_filter){.since = first, .limit = 10}, &head), 2);
    assert_int_equal(count(j, &(struct event_filter){.workspace = "main", .limit = 10}, &head), 2);
    assert_int_equal(count(j, &(struct event_filter){.kind = "b", .limit = 10}, &head), 1);
    assert_int_equal(count(j, &(struct event_filter){.limit = 2}, &head), 2);
}

static void a_part_is_undone_alone(void **state)
{
    struct journal *j = ((struct fixture *)*state)->j;
    int64_t head = 0;
    journal_begin(j);
    journal_save(j);
    add(j, "kept", "main");
    journal_keep(j);
    journal_save(j);
    add(j, "undone", "main");
    journal_undo(j);
    assert_int_equal(journal_commit(j), ERR_OK);
    assert_int_equal(count(j, &(struct event_filter){.kind = "kept", .limit = 9}, &head), 1);
    assert_int_equal(count(j, &(struct event_filter){.kind = "undone", .limit = 9}, &head), 0);
}

static void counters_survive_a_reopening(void **state)
{
    struct fixture *f = *state;
    int64_t a = 0, b = 0;
    journal_begin(f->j);
    assert_int_equal(journal_next(f->j, "shell", &a), ERR_OK);
    journal_commit(f->j);
    journal_close(f->j);
    f->j = open_or_fail(f->dir);
    journal_begin(f->j);
    assert_int_equal(journal_next(f->j, "shell", &b), ERR_OK);
    journal_commit(f->j);
    assert_int_equal(a, 1);
    assert_int_equal(b, 2);
}

static void what_was_not_committed_is_gone(void **state)
{
    struct fixture *f = *state;
    cJSON *doc = cJSON_CreateObject(), *back = NULL;
    journal_begin(f->j);
    assert_int_equal(journal_put(f->j, "workspace", "main", doc), ERR_OK);
    journal_close(f->j); /* as a crash: no commit */
    f->j = open_or_fail(f->dir);
    assert_int_equal(journal_get(f->j, "workspace", "main", &back), ERR_NOT_FOUND);
    cJSON_Delete(doc);
}

static void a_newer_journal_is_refused_untouched(void **state)
{
    struct fixture *f = *state;
    struct journal *j = NULL;
    char *why = NULL, *command;
    journal_close(f->j);
    f->j = NULL;
    command = mem_printf("sqlite3 '%s/journal.db' 'PRAGMA user_version=99'", f->dir);
    if (system(command) != 0)
        skip();
    assert_int_equal(journal_open(f->dir, &j, &why), ERR_TOO_NEW);
    assert_non_null(strstr(why, "newer"));
    assert_null(j);
    free(why);
    free(command);
}

static void what_is_no_database_is_refused(void **state)
{
    struct fixture *f = *state;
    struct journal *j = NULL;
    char *why = NULL, *path = mem_printf("%s/journal.db", f->dir);
    journal_close(f->j);
    f->j = NULL;
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 4096; i++)
        fputc(i * 7, file);
    fclose(file);
    assert_int_equal(journal_open(f->dir, &j, &why), ERR_CORRUPT);
    assert_non_null(strstr(why, "journal.db"));
    free(why);
    free(path);
}

static void put(struct journal *j, const char *kind, const char *key, const char *text)
{
    cJSON *json = NULL;
    assert_int_equal(json_parse(text, strlen(text), &json), ERR_OK);
    assert_int_equal(journal_put(j, kind, key, json), ERR_OK);
    cJSON_Delete(json);
}

static void documents_are_walked_and_weighed(void **state)
{
    struct fixture *f = *state;
    char *key = NULL, *text = NULL;
    int64_t n = -1, bytes = -1;

    assert_int_equal(journal_weigh(f->j, "hook", &n, &bytes), ERR_OK);
    assert_int_equal(n, 0);
    assert_int_equal(bytes, 0);
    put(f->j, "hook", "02-0", "{\"a\":\"é\"}");
    put(f->j, "hook", "01-1", "{}");
    put(f->j, "hool", "01-0", "{}");
    assert_int_equal(journal_weigh(f->j, "hook", &n, &bytes), ERR_OK);
    assert_int_equal(n, 2);
    assert_int_equal(bytes, 10 + 2); /* bytes, not characters */
    assert_int_equal(journal_behind(f->j, "hook", "", &key, &text), ERR_OK);
    assert_string_equal(key, "01-1");
    assert_string_equal(text, "{}");
    free(key);
    free(text);
    assert_int_equal(journal_behind(f->j, "hook", "01-1", &key, &text), ERR_OK);
    assert_string_equal(key, "02-0");
    assert_string_equal(text, "{\"a\":\"é\"}");
    free(key);
    free(text);
    assert_int_equal(journal_behind(f->j, "hook", "02-0", &key, &text), ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(events_are_numbered_and_filtered, setup, teardown),
        cmocka_unit_test_setup_teardown(a_part_is_undone_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(documents_are_walked_and_weighed, setup, teardown),
        cmocka_unit_test_setup_teardown(counters_survive_a_reopening, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_not_committed_is_gone, setup, teardown),
        cmocka_unit_test_setup_teardown(a_newer_journal_is_refused_untouched, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_database_is_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
