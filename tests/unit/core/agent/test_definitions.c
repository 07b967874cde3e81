/* Which agents there are: ours, the configuration's over them, and whether their programs are
 * there.
 */
#include "core/agent/definitions.h"
#include "core/base/config_agents.h"
#include "core/base/mem.h"
#include "core/base/paths.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define PROGRAM "/opt/baton/bin/baton"

static struct definitions *of(const char *text, struct config **ret_config)
{
    char *why = NULL;
    *ret_config = NULL;
    if (config_parse(text, strlen(text), "f", ret_config, &why) != ERR_OK)
        fail_msg("refused: %s", why);
    return definitions_create(*ret_config, PROGRAM);
}

static void ours_are_known(void **state)
{
    static const struct {
        const char *name, *first, *second, *hint;
    } cases[] = {
        {"demo", PROGRAM, "demo-agent", "a part of baton"},
        {"opencode", "opencode", "acp", "opencode-ai@"},
        {"gemini", "gemini", "--acp", "@google/gemini-cli@"},
        {"qwen", "qwen", "--acp", "@qwen-code/qwen-code@"},
        {"claude", "claude-agent-acp", NULL, "@agentclientprotocol/claude-agent-acp@"},
        {"codex", "codex-acp", NULL, "@agentclientprotocol/codex-acp@"},
        {"pi", "pi-acp", NULL, "pi-acp@"},
    };
    struct config *config;
    struct definitions *d = of("{}", &config);
    (void)state;
    assert_int_equal(definitions_count(d), sizeof cases / sizeof *cases);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct definition *one = definitions_find(d, cases[i].name);
        assert_non_null(one);
        assert_ptr_equal(one, definitions_at(d, i));
        assert_string_equal(one->command[0], cases[i].first);
        if (cases[i].second) {
            assert_string_equal(one->command[1], cases[i].second);
            assert_null(one->command[2]);
        } else {
            assert_null(one->command[1]);
        }
        assert_non_null(strstr(one->hint, cases[i].hint));
        assert_null(one->env[0]);
        assert_null(one->cwd);
        assert_int_equal(one->source, DEFINITION_KNOWN);
    }
    assert_string_equal(definitions_find(d, "demo")->mode, "ask");
    assert_false(definitions_find(d, "demo")->network);
    assert_string_equal(definitions_find(d, "gemini")->auth, "gemini-api-key");
    assert_true(definitions_find(d, "gemini")->own_reads);
    assert_false(definitions_find(d, "qwen")->own_reads);
    assert_null(definitions_find(d, "claud"));
    definitions_destroy(d);
    config_destroy(config);
}

/* The configuration lets just those go without a command that have one here. */
static void the_two_lists_are_one(void **state)
{
    struct config *config;
    struct definitions *d = of("{}", &config);
    (void)state;
    for (size_t i = 0; i < definitions_count(d); i++)
        assert_true(config_agent_is_ours(definitions_at(d, i)->name));
    assert_false(config_agent_is_ours("own"));
    definitions_destroy(d);
    config_destroy(config);
}

static void entries_override_and_add(void **state)
{
    struct config *config;
    struct definitions *d =
        of("{\"agents\": {"
           "\"claude\": {\"env\": {\"A\": \"1\", \"B\": \"=\"}, \"mode\": \"plan\"},"
           "\"codex\": {\"command\": [\"/opt/codex\", \"x\"], \"cwd\": \"/srv\","
           "\"auth\": \"key\", \"network\": false},"
           "\"own\": {\"command\": [\"own-agent\"]}}}",
           &config);
    (void)state;
    assert_int_equal(definitions_count(d), 8);
    const struct definition *one = definitions_find(d, "claude");
    assert_string_equal(one->command[0], "claude-agent-acp");
    assert_string_equal(one->env[0], "A=1");
    assert_string_equal(one->env[1], "B==");
    assert_null(one->env[2]);
    assert_string_equal(one->mode, "plan");
    assert_non_null(one->hint);
    assert_true(one->network);
    assert_int_equal(one->source, DEFINITION_CONFIG);

    one = definitions_find(d, "codex");
    assert_string_equal(one->command[0], "/opt/codex");
    assert_string_equal(one->command[1], "x");
    assert_null(one->command[2]);
    assert_string_equal(one->cwd, "/srv");
    assert_string_equal(one->mode, "read-only");
    assert_string_equal(one->auth, "key");
    assert_null(one->hint); /* of another program than ours */
    assert_false(one->network);

    one = definitions_at(d, 7);
    assert_string_equal(one->name, "own");
    assert_string_equal(one->command[0], "own-agent");
    assert_null(one->mode);
    assert_null(one->hint);
    assert_false(one->network);
    assert_int_equal(one->source, DEFINITION_CONFIG);
    definitions_destroy(d);
    config_destroy(config);
}

static void near_names(void **state)
{
    struct config *config;
    struct definitions *d = of("{\"agents\": {\"gemma\": {\"command\": [\"g\"]}}}", &config);
    char names[128];
    (void)state;
    definitions_near(d, "gemmini", names, sizeof names);
    assert_non_null(strstr(names, "gemini"));
    definitions_near(d, "gema", names, sizeof names);
    assert_non_null(strstr(names, "gemma"));
    definitions_near(d, "something-else", names, sizeof names);
    assert_string_equal(names, "");
    definitions_destroy(d);
    config_destroy(config);
}

static void installed(void **state)
{
    char dir[] = "/tmp/baton-agents-XXXXXX";
    struct config *config;
    (void)state;
    assert_non_null(mkdtemp(dir));
    char *file = path_join(dir, "own-agent"), *path = mem_printf("/nowhere::%s", dir);
    char *text =
        mem_printf("{\"agents\": {\"own\": {\"command\": [\"own-agent\"]},"
                   "\"whole\": {\"command\": [\"%s\"]},"
                   "\"folder\": {\"command\": [\"%s\"]},"
                   "\"there\": {\"command\": [\"own-agent\"], \"env\": {\"PATH\": \"%s\"}}}}",
                   file, dir, dir);
    struct definitions *d = of(text, &config);
    const struct definition *own = definitions_find(d, "own");
    assert_false(definition_installed(own, path));
    assert_int_equal(path_write_file(file, "#!/bin/sh\n", 10, false), ERR_OK);
    assert_false(definition_installed(own, path)); /* there, but no program */
    assert_int_equal(chmod(file, 0700), 0);
    assert_true(definition_installed(own, path));
    assert_true(definition_installed(own, dir));
    assert_false(definition_installed(own, "/nowhere"));
    assert_false(definition_installed(own, ""));
    assert_false(definition_installed(own, NULL));
    assert_true(definition_installed(definitions_find(d, "whole"), ""));
    assert_true(definition_installed(definitions_find(d, "there"), "/nowhere"));
    assert_false(definition_installed(definitions_find(d, "folder"), path));
    unlink(file);
    rmdir(dir);
    definitions_destroy(d);
    config_destroy(config);
    free(text);
    free(path);
    free(file);
}

static void destroy_takes_null(void **state)
{
    (void)state;
    definitions_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ours_are_known),
        cmocka_unit_test(the_two_lists_are_one),
        cmocka_unit_test(entries_override_and_add),
        cmocka_unit_test(near_names),
        cmocka_unit_test(installed),
        cmocka_unit_test(destroy_takes_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
