/* A folder of bindings as it changes: what is in force, what is told, and lines of what is wrong.
 */
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/binding/set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char dir[] = "/tmp/baton-bindings.XXXXXX";
static char told[1000];

static int make_dir(void **state)
{
    (void)state;
    strcpy(dir + strlen(dir) - 6, "XXXXXX");
    return mkdtemp(dir) ? 0 : 1;
}

static int remove_dir(void **state)
{
    (void)state;
    char *command = mem_printf("rm -rf '%s'", dir);
    const int status = system(command);
    free(command);
    return status;
}

static void write_file(const char *name, const char *text)
{
    char *path = path_join(dir, name);
    assert_int_equal(path_write_file(path, text, strlen(text), false), ERR_OK);
    free(path);
}

static void note(void *data, const struct binding_news *news)
{
    static const char *const words[] = {"added", "changed", "removed", "refused"};
    const size_t n = strlen(told);
    (void)data;
    snprintf(told + n, sizeof told - n, "%s %s %s%s%s;", words[news->change], news->file,
             news->group, news->why ? " " : "", news->why ? news->why : "");
}

static void reads(struct binding_set *set, const char *says, size_t wrong)
{
    told[0] = '\0';
    assert_int_equal(binding_set_read(set, dir, false, note, NULL), wrong);
    assert_string_equal(told, says);
}

static struct binding_set *new_set(void)
{
    const struct binding_rules rules = {0};
    return binding_set_create(&rules);
}

#define ONE "{\"name\":\"a\",\"bindings\":{\"one\":{\"execute\":[\"true\"]}}}"

static void test_life(void **state)
{
    (void)state;
    struct binding_set *set = new_set();
    reads(set, "", 0);
    write_file("a.json", ONE);
    write_file(".hidden.json", "{");
    write_file("notes.txt", "{");
    reads(set, "added a.json a;", 0);
    reads(set, "", 0);
    struct binding *b = binding_set_find(set, "a", "one");
    assert_non_null(b);
    assert_null(binding_set_find(set, "a", "two"));
    binding_ref(b);
    write_file("a.json", "{\"name\":\"a\",\n\"bindings\":{\n\"one\":{}}}");
    reads(set,
          "refused a.json a a.json:3: \"bindings.one\" needs an \"execute\": the command, a list "
          "of words;",
          1);
    reads(set, "", 1);
    assert_ptr_equal(binding_set_find(set, "a", "one"), b);
    write_file("a.json", ONE " ");
    reads(set, "changed a.json a;", 0);
    assert_ptr_not_equal(binding_set_find(set, "a", "one"), b);
    assert_string_equal(b->command[0], "true"); /* a call may still have it */
    binding_unref(b);
    char *path = path_join(dir, "a.json");
    unlink(path);
    free(path);
    reads(set, "removed a.json a;", 0);
    assert_null(binding_set_find(set, "a", "one"));
    binding_set_destroy(set);
}

static void test_one_group_twice(void **state)
{
    (void)state;
    struct binding_set *set = new_set();
    write_file("a.json", ONE);
    write_file("b.json", ONE);
    reads(set, "added a.json a;refused b.json  b.json:1: the group \"a\" is a.json's already;", 1);
    char *path = path_join(dir, "a.json");
    unlink(path);
    free(path);
    reads(set, "removed a.json a;added b.json a;", 0);
    binding_set_destroy(set);
}

/* Whom a group is for is said once, of all its bindings. */
static void test_workspaces(void **state)
{
    (void)state;
    struct binding_set *set = new_set();
    write_file("a.json", ONE);
    write_file("b.json", "{\"name\":\"b\",\"workspaces\":[\"lab\",\"dev-*\"],"
                         "\"bindings\":{\"one\":{\"execute\":[\"true\"]}}}");
    reads(set, "added a.json a;added b.json b;", 0);
    const struct binding *all = binding_set_find(set, "a", "one");
    const struct binding *some = binding_set_find(set, "b", "one");
    static const struct {
        const char *workspace;
        bool there;
    } cases[] = {{"", true},     {"lab", true},    {"dev-7", true}, {"dev-", true},
                 {"dev", false}, {"other", false}, {"labs", false}, {"alab", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(binding_is_for(all, cases[i].workspace));
        assert_int_equal(binding_is_for(some, cases[i].workspace), cases[i].there);
    }
    binding_set_destroy(set);
}

/* Line by line, in a file of people with comments. */
static void test_lines(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } wrong[] = {
        {"{\n\"name\": \"a\", // one\n\"bindings\": {\"one\": {\"execute\": [\"x\"],\n"
         "\"inputSchema\": {\"type\": \"object\", \"properties\": {\n\"b\": {\n\"type\": 5}}}}}}",
         "f:6: \"bindings.one.inputSchema.properties.b.type\" must be"},
        {"{\"name\": \"a\", \"bindings\": {\"one\": {\"execute\": [\"x\"],\n\"timeout\": -1}}}",
         "f:2: \"bindings.one.timeout\" must be milliseconds"},
        {"{\n\"name\": \"a\",\n\"binding\": {}}", "f:3: \"binding\" is not known"},
        {"{\"name\": \"a\", \"name\": \"b\"}", "f:1: \"name\" is there twice"},
    };
    const struct binding_rules rules = {0};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct binding_group *group = NULL;
        char *why = NULL;
        assert_int_equal(binding_file_parse(wrong[i].text, strlen(wrong[i].text), "f", "/", &rules,
                                            &group, &why),
                         ERR_CONFIG);
        assert_memory_equal(why, wrong[i].why, strlen(wrong[i].why));
        assert_null(group);
        free(why);
    }
}

/* The other word for bindings, a span in words, and what follows when little is said. */
static void test_words(void **state)
{
    (void)state;
    static const char text[] =
        "{\"name\":\"k\",\"tools\":{\"t\":{\"description\":\"First line.\\nSecond.\","
        "\"timeout\":\"10m\",\"tier\":\"approval\",\"execute\":[\"x\"]},\"u\":{\"execute\":"
        "[\"./y\"]}}}";
    const struct binding_rules rules = {0};
    struct binding_group *group = NULL;
    char *why = NULL;
    assert_int_equal(binding_file_parse(text, strlen(text), "f", "/d", &rules, &group, &why),
                     ERR_OK);
    const struct binding *t = binding_group_find(group, "t"), *u = binding_group_find(group, "u");
    assert_string_equal(t->help, "First line");
    assert_int_equal(t->timeout_ms, 600000);
    assert_int_equal(t->row.tier, TIER_APPROVAL);
    assert_string_equal(u->help, "u");
    assert_int_equal(u->timeout_ms, BINDING_TIMEOUT_MS);
    assert_string_equal(u->input, "{\"type\":\"object\"}");
    assert_string_equal(u->dir, "/d");
    binding_group_destroy(group);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_life, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_one_group_twice, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_workspaces, make_dir, remove_dir),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
