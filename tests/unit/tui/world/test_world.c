/* The world: lists of the hub, made safe, with marks that stay over a new list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/json.h"
#include "tui/world/world.h"

#include <stdlib.h>
#include <string.h>

static void set(struct world *w, void (*fn)(struct world *, const cJSON *), const char *text)
{
    cJSON *json = NULL;
    assert_int_equal(json_parse(text, strlen(text), &json), ERR_OK);
    fn(w, json);
    cJSON_Delete(json);
}

static bool head(struct world *w, const char *id, const char *text)
{
    cJSON *json = NULL;
    assert_int_equal(json_parse(text, strlen(text), &json), ERR_OK);
    bool changed = world_head(w, id, json);
    cJSON_Delete(json);
    return changed;
}

static void shells(void **state)
{
    struct world w = {0};
    char kind[20];
    (void)state;
    set(&w, world_set_shells,
        "[{\"shellId\":\"sh1\",\"workspace\":\"main\",\"name\":\"\",\"title\":\"\","
        "\"command\":[\"/bin/bash\",\"-l\"],\"state\":\"running\"},"
        "{\"shellId\":\"sh2\",\"workspace\":\"other\",\"name\":\"n\\u001b]0;x\\u0007\","
        "\"state\":\"exited\",\"exitCode\":3},"
        "{\"shellId\":\"\",\"workspace\":\"main\"},"
        "{\"shellId\":\"a b\",\"workspace\":\"main\"},"
        "{\"shellId\":\"sh3\",\"workspace\":\"main\",\"state\":\"lost\"}, 5, null]");
    assert_int_equal(w.shell_count, 3);
    assert_string_equal(world_label(world_target(&w, "sh1")), "/bin/bash -l");
    world_kind(world_target(&w, "sh1"), kind, sizeof kind);
    assert_string_equal(kind, "bash");
    assert_null(strchr(world_target(&w, "sh2")->name, '\033'));
    assert_int_equal(world_shell(&w, "sh2")->state, SHELL_FAILED);
    assert_string_equal(world_shell_at(&w, "main", 1)->target.id, "sh3");
    assert_null(world_shell_at(&w, "main", 2));
    set(&w, world_set_shells, "{\"no\":\"list\"}");
    assert_int_equal(w.shell_count, 3);
    set(&w, world_set_shells, "[]");
    assert_int_equal(w.shell_count, 0);
    world_finish(&w);
}

static void bells_are_heard_once(void **state)
{
    struct world w = {0};
    static const char list[] = "[{\"shellId\":\"sh1\",\"workspace\":\"main\",\"bells\":4}]";
    (void)state;
    set(&w, world_set_shells, list);
    assert_false(world_rang(world_shell(&w, "sh1"))); /* before this console was here */
    assert_false(head(&w, "sh1", "{\"bells\":4}"));
    assert_true(head(&w, "sh1", "{\"bells\":5}"));
    assert_true(world_rang(world_shell(&w, "sh1")));
    set(&w, world_set_shells, "[{\"shellId\":\"sh1\",\"workspace\":\"main\",\"bells\":5}]");
    assert_true(world_rang(world_shell(&w, "sh1")));
    world_looked(&w, "sh1");
    assert_false(world_rang(world_shell(&w, "sh1")));
    assert_true(head(&w, "sh1", "{\"typed\":\"grace\"}"));
    assert_false(head(&w, "sh1", "{\"typed\":\"grace\"}"));
    assert_false(head(&w, "sh9", "{\"typed\":\"grace\"}"));
    world_finish(&w);
}

static void watchers(void **state)
{
    struct world w = {0};
    (void)state;
    set(&w, world_set_members,
        "[{\"member\":\"ada\",\"clientId\":1,\"looking\":\"sh1\"},"
        "{\"member\":\"ada\",\"clientId\":2,\"looking\":\"sh1\"},"
        "{\"member\":\"grace\",\"clientId\":3,\"looking\":\"\"}]");
    assert_int_equal(world_watchers(&w, "sh1", 1), 1);
    assert_int_equal(world_watchers(&w, "sh2", 1), 0);
    assert_int_equal(world_watchers(&w, "", 1), 0);
    world_finish(&w);
}

static void event(struct world *w, const char *kind, const char *data, bool changes)
{
    cJSON *json = NULL;
    assert_int_equal(json_parse(data, strlen(data), &json), ERR_OK);
    assert_int_equal(world_baton_event(w, kind, json), changes);
    cJSON_Delete(json);
}

static const char held[] = "[{\"shellId\":\"sh1\",\"workspace\":\"main\",\"holder\":\"ada\","
                           "\"holderKind\":\"human\",\"epoch\":4},"
                           "{\"shellId\":\"sh2\",\"workspace\":\"main\"}]";

static void the_newest_holder_is_known(void **state)
{
    struct world w = {0};
    const struct world_target *s;
    (void)state;
    set(&w, world_set_shells, held);
    s = world_target(&w, "sh1");
    assert_true(s->baton);
    assert_string_equal(s->holder, "ada");
    assert_false(world_baton_known(&w, "sh2")); /* a hub without batons */
    assert_true(world_drives(&w, "main", "ada"));
    assert_false(world_drives(&w, "other", "ada"));
    assert_true(head(&w, "sh1", "{\"holder\":\"gr\\u001bace\",\"epoch\":5}"));
    assert_null(strchr(s->holder, '\033'));
    assert_false(head(&w, "sh1", "{\"holder\":\"ada\",\"epoch\":4}")); /* comes late */
    event(&w, "batonChanged", "{\"shellId\":\"sh1\",\"to\":\"\",\"epoch\":6}", true);
    event(&w, "batonChanged", "{\"shellId\":\"sh1\",\"to\":\"\",\"epoch\":6}", false);
    assert_string_equal(s->holder, "");
    set(&w, world_set_shells, held); /* was on its way when the event came */
    assert_string_equal(world_target(&w, "sh1")->holder, "");
    assert_int_equal(world_target(&w, "sh1")->epoch, 6);
    world_baton_forget(&w); /* another hub */
    set(&w, world_set_shells, held);
    assert_string_equal(world_target(&w, "sh1")->holder, "ada");
    set(&w, world_set_members, "[{\"member\":\"writer\",\"kind\":\"agent\",\"clientId\":1}]");
    event(&w, "batonChanged", "{\"shellId\":\"sh1\",\"to\":\"writer\",\"epoch\":9}", true);
    assert_true(world_target(&w, "sh1")->holder_agent);
    event(&w, "batonChanged", "{\"shellId\":\"sh9\",\"to\":\"x\",\"epoch\":9}", false);
    world_finish(&w);
}

static void who_waits(void **state)
{
    struct world w = {0};
    const struct world_target *s;
    (void)state;
    set(&w, world_set_shells, held);
    assert_null(world_asked_for(&w, "ada"));
    event(&w, "batonRequested", "{\"shellId\":\"sh1\",\"by\":\"grace\"}", true);
    event(&w, "batonRequested", "{\"shellId\":\"sh1\",\"by\":\"grace\"}", false);
    event(&w, "batonRequested", "{\"shellId\":\"sh1\",\"by\":\"ada\"}", false);
    event(&w, "batonRequested", "{\"shellId\":\"sh1\",\"by\":\"bob\"}", true);
    s = world_asked_for(&w, "ada");
    assert_string_equal(s->id, "sh1");
    assert_int_equal(world_ask_place(s, "bob"), 2);
    set(&w, world_set_shells, held); /* a list says nothing about the line: it stays */
    s = world_target(&w, "sh1");
    assert_int_equal(s->ask_count, 2);
    event(&w, "batonDenied", "{\"shellId\":\"sh1\",\"member\":\"grace\"}", true);
    event(&w, "batonWithdrawn", "{\"shellId\":\"sh1\",\"member\":\"grace\"}", false);
    assert_int_equal(world_ask_place(s, "bob"), 1);
    event(&w, "batonLost", "{\"shellId\":\"sh1\",\"holder\":\"ada\"}", true);
    assert_true(s->away);
    event(&w, "batonChanged", "{\"shellId\":\"sh1\",\"to\":\"bob\",\"epoch\":5}", true);
    assert_false(s->away);
    assert_int_equal(s->ask_count, 0); /* who has it does not wait */
    set(&w, world_set_batons,
        "[{\"target\":\"sh1\",\"state\":\"grace\",\"holder\":\"bob\",\"epoch\":5,\"requests\":["
        "{\"member\":\"grace\"},{\"member\":\"ada\"}]},{\"target\":\"sh9\"},7]");
    assert_true(s->away);
    assert_int_equal(world_ask_place(s, "ada"), 2);
    event(&w, "batonBack", "{\"shellId\":\"sh1\",\"holder\":\"bob\"}", true);
    event(&w, "batonChanged", "{\"shellId\":\"sh1\",\"to\":\"\",\"epoch\":6}", true);
    assert_int_equal(s->ask_count, 0);
    event(&w, "batonRequested", "{\"shellId\":\"sh1\",\"by\":\"grace\"}", false);
    world_finish(&w);
}

static void observers(void **state)
{
    struct world w = {0};
    (void)state;
    set(&w, world_set_shells, held);
    set(&w, world_set_members,
        "[{\"member\":\"ada\",\"clientId\":1,\"looking\":\"sh1\"},"
        "{\"member\":\"ada\",\"clientId\":2,\"looking\":\"sh2\"},"
        "{\"member\":\"grace\",\"clientId\":3,\"looking\":\"sh1\",\"role\":\"observer\","
        "\"inviteId\":\"i1\"}]");
    assert_int_equal(world_observers(&w, world_target(&w, "sh1")), 1);
    assert_false(world_beside(&w, "sh1", "ada", 1));
    assert_true(world_beside(&w, "sh1", "ada", 2));
    assert_true(w.members[2].guest);
    assert_false(w.members[0].guest);
    world_finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shells),    cmocka_unit_test(bells_are_heard_once),
        cmocka_unit_test(watchers),  cmocka_unit_test(the_newest_holder_is_known),
        cmocka_unit_test(who_waits), cmocka_unit_test(observers),
    };
    return cmocka_run_group_tests_name("world", tests, NULL, NULL);
}
