/* Sessions in the world, who drives them, and what waits for an answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/json.h"
#include "tui/world/world.h"

#include <string.h>

static cJSON *parse(const char *text)
{
    cJSON *json = NULL;
    assert_int_equal(json_parse(text, strlen(text), &json), ERR_OK);
    return json;
}

static void set(struct world *w, void (*fn)(struct world *, const cJSON *), const char *text)
{
    cJSON *json = parse(text);
    fn(w, json);
    cJSON_Delete(json);
}

static bool event(struct world *w, bool (*fn)(struct world *, const char *, const cJSON *),
                  const char *kind, const char *text)
{
    cJSON *json = parse(text);
    bool changed = fn(w, kind, json);
    cJSON_Delete(json);
    return changed;
}

static const char sessions[] =
    "[{\"sessionId\":\"se1\",\"workspace\":\"main\",\"name\":\"wri\\u001bter\",\"agentType\":\"demo\","
    "\"state\":\"idle\",\"holder\":\"ada\",\"epoch\":3,\"seq\":40},"
    "{\"sessionId\":\"se2\",\"workspace\":\"main\",\"agentType\":\"claude\",\"state\":\"closed\"},"
    "{\"sessionId\":\"s e\"},7]";

static void lists_and_events(void **state)
{
    struct world w = {0};
    (void)state;
    set(&w, world_set_sessions, sessions);
    assert_int_equal(w.session_count, 2);
    const struct world_session *s = world_session(&w, "se1");
    assert_non_null(s);
    assert_null(strchr(s->target.name, '\033'));
    assert_int_equal(s->seq, 40);
    assert_true(s->target.live && s->target.session && !world_session_turn(s));
    assert_false(world_session(&w, "se2")->target.live);
    assert_string_equal(world_label(world_target(&w, "se2")), "claude");
    assert_ptr_equal(world_target(&w, "se1"), &world_session(&w, "se1")->target);
    assert_true(event(&w, world_session_event, "sessionChanged",
                      "{\"sessionId\":\"se1\",\"state\":\"working\",\"title\":\"auth\"}"));
    assert_true(world_session_turn(s) && !s->fresh);
    assert_string_equal(s->target.title, "auth");
    assert_false(event(&w, world_session_event, "sessionChanged",
                       "{\"sessionId\":\"se1\",\"state\":\"working\"}"));
    assert_true(event(&w, world_session_event, "sessionChanged",
                      "{\"sessionId\":\"se1\",\"state\":\"idle\"}"));
    assert_true(s->fresh); /* until somebody looks, whatever lists come */
    set(&w, world_set_sessions, sessions);
    assert_true(world_session(&w, "se1")->fresh);
    world_looked(&w, "se1");
    assert_false(world_session(&w, "se1")->fresh);
    assert_true(event(&w, world_session_event, "sessionClosed", "{\"sessionId\":\"se1\"}"));
    assert_false(world_session(&w, "se1")->target.live);
    assert_false(event(&w, world_session_event, "sessionChanged", "{\"sessionId\":\"se9\"}"));
    world_finish(&w);
}

/* A turn that begins is known once, by an event or a list, whichever comes first, and also when it
 * is over by then. */
static void what_began(void **state)
{
    struct world w = {0};
    (void)state;
    set(&w, world_set_sessions, sessions);
    struct world_session *s = world_session(&w, "se1");
    assert_false(s->began);
    event(&w, world_session_event, "sessionChanged",
          "{\"sessionId\":\"se1\",\"state\":\"working\"}");
    assert_true(s->began);
    s->began = false;
    event(&w, world_session_event, "sessionChanged",
          "{\"sessionId\":\"se1\",\"state\":\"waiting\"}");
    event(&w, world_session_event, "sessionChanged",
          "{\"sessionId\":\"se1\",\"state\":\"working\"}");
    set(&w, world_set_sessions,
        "[{\"sessionId\":\"se1\",\"state\":\"working\",\"turn\":1},"
        "{\"sessionId\":\"se3\",\"state\":\"closed\",\"turn\":1}]");
    assert_false(world_session(&w, "se1")->began);
    assert_true(world_session(&w, "se3")->began); /* it came and went between two lists */
    set(&w, world_set_sessions, "[{\"sessionId\":\"se1\",\"state\":\"idle\",\"turn\":2}]");
    assert_true(world_session(&w, "se1")->began);
    assert_false(event(&w, world_session_event, "sessionOpened",
                       "{\"sessionId\":\"se4\",\"workspace\":\"main\",\"state\":\"starting\"}"));
    assert_false(world_session(&w, "se4")->began);
    event(&w, world_session_event, "sessionChanged",
          "{\"sessionId\":\"se4\",\"state\":\"working\"}");
    assert_true(world_session(&w, "se4")->began);
    world_finish(&w);
}

/* One logic for both: a session's baton is a target's. */
static void batons(void **state)
{
    struct world w = {0};
    (void)state;
    set(&w, world_set_sessions, sessions);
    assert_true(world_drives(&w, "main", "ada"));
    assert_true(event(&w, world_baton_event, "batonRequested",
                      "{\"target\":\"se1\",\"sessionId\":\"se1\",\"by\":\"grace\"}"));
    assert_string_equal(world_asked_for(&w, "ada")->id, "se1");
    assert_true(event(&w, world_baton_event, "batonChanged",
                      "{\"target\":\"se1\",\"to\":\"grace\",\"epoch\":4}"));
    assert_string_equal(world_target(&w, "se1")->holder, "grace");
    set(&w, world_set_sessions, sessions); /* it was on its way */
    assert_string_equal(world_target(&w, "se1")->holder, "grace");
    set(&w, world_set_batons,
        "[{\"target\":\"se1\",\"holder\":\"eve\",\"epoch\":5,\"state\":\"held\","
        "\"requests\":[{\"member\":\"ada\"}]}]");
    assert_int_equal(world_ask_place(world_target(&w, "se1"), "ada"), 1);
    world_finish(&w);
}

static const char asked[] =
    "{\"permissionId\":\"pr1\",\"sessionId\":\"se1\",\"kind\":\"permission\","
    "\"toolCall\":{\"title\":\"make\\u001b[31m test\"}}";

static void what_waits(void **state)
{
    struct world w = {0};
    (void)state;
    set(&w, world_set_sessions, sessions);
    assert_true(event(&w, world_wait_event, "permissionRequest", asked));
    assert_false(event(&w, world_wait_event, "permissionRequest", asked));
    assert_int_equal(world_session(&w, "se1")->waits, 1);
    assert_null(strchr(world_request(&w, "se1")->text, '\033'));
    assert_true(event(&w, world_wait_event, "permissionRequest",
                      "{\"permissionId\":\"pr2\",\"sessionId\":\"se1\",\"kind\":\"elicitation\","
                      "\"message\":\"Which port?\"}"));
    assert_true(event(&w, world_wait_event, "suggested",
                      "{\"suggestionId\":\"sg1\",\"sessionId\":\"se1\",\"by\":\"eve\","
                      "\"text\":\"two\\nlines\"}"));
    assert_int_equal(world_session(&w, "se1")->waits, 2); /* a suggestion holds up nobody */
    assert_string_equal(world_wait(&w, "se1", WAIT_SUGGESTION)->text, "two\nlines");
    assert_string_equal(world_wait(&w, "se1", WAIT_FORM)->text, "Which port?");
    world_wait_by_id(&w, "pr1")->told = true;
    world_wait_by_id(&w, "pr1")->later = true;
    assert_string_equal(world_request(&w, "se1")->id, "pr2");
    /* A list has them all: pr2 is settled, what was known of pr1 stays. */
    set(&w, world_set_permissions,
        "[{\"permissionId\":\"pr1\",\"sessionId\":\"se1\"},{\"permissionId\":\"pr3\","
        "\"sessionId\":\"se1\",\"kind\":\"permission\"}]");
    assert_null(world_wait_by_id(&w, "pr2"));
    assert_true(world_wait_by_id(&w, "pr1")->told);
    assert_int_equal(world_session(&w, "se1")->waits, 2);
    assert_non_null(world_wait_by_id(&w, "sg1"));
    set(&w, world_set_suggestions, "[]");
    assert_null(world_wait_by_id(&w, "sg1"));
    assert_true(event(&w, world_wait_event, "permissionResolved", "{\"permissionId\":\"pr1\"}"));
    assert_false(event(&w, world_wait_event, "permissionResolved", "{\"permissionId\":\"pr1\"}"));
    assert_true(event(&w, world_wait_event, "sessionClosed", "{\"sessionId\":\"se1\"}"));
    assert_int_equal(w.wait_count, 0);
    assert_int_equal(world_session(&w, "se1")->waits, 0);
    world_finish(&w);
}

static const char *beside(const struct world *w, const char *id, int step)
{
    const struct world_target *t = world_leaf(w, "main", id, step);
    return t ? t->id : "none";
}

static void one_leafs_through_sessions_and_shells(void **state)
{
    struct world w = {0};
    (void)state;
    assert_string_equal(beside(&w, "", 1), "none");
    set(&w, world_set_shells,
        "[{\"shellId\":\"sh1\",\"workspace\":\"main\",\"state\":\"running\"},"
        "{\"shellId\":\"sh2\",\"workspace\":\"other\",\"state\":\"running\"}]");
    assert_string_equal(beside(&w, "sh1", 1), "none"); /* itself alone */
    assert_string_equal(beside(&w, "", -1), "sh1");
    set(&w, world_set_sessions,
        "[{\"sessionId\":\"se1\",\"workspace\":\"main\",\"state\":\"idle\"},"
        "{\"sessionId\":\"se2\",\"workspace\":\"main\",\"state\":\"closed\"},"
        "{\"sessionId\":\"se3\",\"workspace\":\"other\",\"state\":\"idle\"}]");
    assert_string_equal(beside(&w, "sh1", 1), "se1");
    assert_string_equal(beside(&w, "se1", 1), "sh1");
    assert_string_equal(beside(&w, "se1", -1), "sh1");
    assert_string_equal(beside(&w, "se2", 1), "sh1"); /* looked at, though it is closed */
    assert_string_equal(beside(&w, "se2", -1), "se1");
    assert_string_equal(beside(&w, "se3", 1), "se1"); /* elsewhere: from the beginning */
    world_finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_leafs_through_sessions_and_shells),
        cmocka_unit_test(lists_and_events),
        cmocka_unit_test(what_began),
        cmocka_unit_test(batons),
        cmocka_unit_test(what_waits),
    };
    return cmocka_run_group_tests_name("world_sessions", tests, NULL, NULL);
}
