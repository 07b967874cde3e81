/* The world: lists of the hub, made safe, with marks that stay over a new list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/json.h"
#include "tui/world.h"

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
    assert_string_equal(world_shell_label(world_shell(&w, "sh1")), "/bin/bash -l");
    world_shell_kind(world_shell(&w, "sh1"), kind, sizeof kind);
    assert_string_equal(kind, "bash");
    assert_null(strchr(world_shell(&w, "sh2")->name, '\033'));
    assert_int_equal(world_shell(&w, "sh2")->state, SHELL_FAILED);
    assert_int_equal(world_shell_index(&w, "main", "sh3"), 1);
    assert_string_equal(world_shell_at(&w, "main", 1)->id, "sh3");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shells),
        cmocka_unit_test(bells_are_heard_once),
        cmocka_unit_test(watchers),
    };
    return cmocka_run_group_tests_name("world", tests, NULL, NULL);
}
