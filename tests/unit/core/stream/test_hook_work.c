/* The files of a hook: each state that a death can leave, and who may do what in it. */
#include "helper.h"

#include "core/base/paths.h"
#include "core/stream/hook_work.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define KEY  "12-0"
#define WORK "{\"command\":[\"true\"],\"event\":\"{}\"}"

static char *base_of(const char *dir)
{
    return path_join(dir, KEY);
}

static void offer(const char *dir, const char *text)
{
    assert_int_equal(hook_offer(dir, KEY, text, strlen(text)), ERR_OK);
}

static void put(const char *dir, const char *name, const char *text)
{
    char *file = path_join(dir, name);
    assert_int_equal(path_write_file(file, text, strlen(text), false), ERR_OK);
    free(file);
}

static bool there(const char *dir, const char *name)
{
    char *file = path_join(dir, name);
    bool is = access(file, F_OK) == 0;
    free(file);
    return is;
}

static void a_call_goes_its_way(void **state)
{
    char *base = base_of(*state);
    cJSON *work = NULL, *none = NULL;
    int fd = -1, other = -1;

    assert_int_equal(hook_stage(*state, KEY), HOOK_ABSENT);
    assert_int_equal(hook_claim(base, &fd, &work), ERR_BUSY);
    offer(*state, WORK);
    assert_int_equal(hook_stage(*state, KEY), HOOK_OFFERED);
    assert_int_equal(hook_claim(base, &fd, &work), ERR_OK);
    assert_string_equal(json_string(work, "event", ""), "{}");
    assert_int_equal(hook_stage(*state, KEY), HOOK_RUNNING);
    assert_false(hook_withdraw(*state, KEY));
    assert_int_equal(hook_claim(base, &other, &none), ERR_BUSY);

    cJSON *outcome = cJSON_CreateObject();
    json_add_int(outcome, "status", 0);
    assert_int_equal(hook_finish(base, outcome), ERR_OK);
    cJSON_Delete(outcome);
    assert_int_equal(hook_stage(*state, KEY), HOOK_RUNNING); /* until the runner is gone */
    close(fd);
    assert_int_equal(hook_stage(*state, KEY), HOOK_DONE);
    outcome = hook_outcome(*state, KEY);
    assert_int_equal(json_int(outcome, "status", -1), 0);
    cJSON_Delete(outcome);
    cJSON_Delete(work);
    hook_clear(*state, KEY);
    assert_int_equal(hook_stage(*state, KEY), HOOK_ABSENT);
    free(base);
}

static void a_runner_dies_before_it_is_done(void **state)
{
    char *base = base_of(*state);
    cJSON *work = NULL;
    int fd = -1;
    offer(*state, WORK);
    assert_int_equal(hook_claim(base, &fd, &work), ERR_OK);
    close(fd);
    assert_int_equal(hook_stage(*state, KEY), HOOK_LOST);
    assert_int_equal(hook_claim(base, &fd, &work), ERR_BUSY); /* never a second time */
    assert_null(hook_outcome(*state, KEY));
    cJSON_Delete(work);
    free(base);
}

static void an_offer_can_be_taken_back(void **state)
{
    char *base = base_of(*state);
    cJSON *work = NULL;
    int fd = -1;
    offer(*state, WORK);
    assert_true(hook_withdraw(*state, KEY));
    assert_false(hook_withdraw(*state, KEY));
    assert_int_equal(hook_claim(base, &fd, &work), ERR_BUSY);
    free(base);
}

/* What a power cut may leave of a file: it is offered anew, for nothing has run. */
static void a_damaged_offer_is_made_anew(void **state)
{
    static const char *const texts[] = {
        "",   "{\"command\":[\"tr",       "[]",
        "{}", "{\"command\":[\"true\"]}", "{\"command\":\"true\",\"event\":\"{}\"}",
    };
    char *base = base_of(*state);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        cJSON *work = NULL;
        int fd = -1;
        offer(*state, texts[i]);
        assert_int_equal(hook_claim(base, &fd, &work), ERR_CORRUPT);
        assert_int_equal(hook_stage(*state, KEY), HOOK_ABSENT);
    }
    free(base);
}

static void a_damaged_outcome_is_none(void **state)
{
    static const char *const texts[] = {"", "[1]", "{\"status\":"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        put(*state, KEY ".done", texts[i]);
        assert_null(hook_outcome(*state, KEY));
    }
}

static bool known(void *data, const char *key)
{
    (void)data;
    return strcmp(key, KEY) == 0;
}

static void what_nobody_knows_is_swept(void **state)
{
    static const char *const kept[] = {KEY ".json", KEY ".run", KEY ".done", KEY ".done.77.tmp"};
    static const char *const swept[] = {"12-0.json.77.tmp", "11-0.json", "11-0.run", "11-1.done",
                                        "11-1.done.77.tmp"};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        put(*state, kept[i], "x");
    for (size_t i = 0; i < sizeof swept / sizeof *swept; i++)
        put(*state, swept[i], "x");
    hook_sweep(*state, known, NULL);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        assert_true(there(*state, kept[i]));
    for (size_t i = 0; i < sizeof swept / sizeof *swept; i++)
        assert_false(there(*state, swept[i]));
    hook_sweep("/nowhere/at/all", known, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_call_goes_its_way),        TEST(a_runner_dies_before_it_is_done),
        TEST(an_offer_can_be_taken_back), TEST(a_damaged_offer_is_made_anew),
        TEST(a_damaged_outcome_is_none),  TEST(what_nobody_knows_is_swept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
