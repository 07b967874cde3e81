/* The configuration: what is accepted, what is refused and on which line, where values come from.
 */
#include "core/base/config.h"
#include "core/base/mem.h"
#include "core/base/paths.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static struct config *parse(const char *text)
{
    struct config *c = NULL;
    char *why = NULL;
    if (config_parse(text, strlen(text), "f.json", &c, &why) != ERR_OK)
        fail_msg("refused: %s", why);
    return c;
}

static void empty_has_defaults(void **state)
{
    (void)state;
    setenv("SHELL", "/bin/zsh", 1);
    struct config *c = parse("{}");
    assert_string_equal(config_shell(c), "/bin/zsh");
    assert_string_equal(config_theme(c), "dark");
    assert_string_equal(config_prefix(c), "C-b");
    assert_null(config_keys(c));
    assert_int_equal(config_retention(c), 64 * 1024 * 1024);
    assert_int_equal(config_history(c), 10000);
    assert_int_equal(config_max_streams(c), 500);
    assert_int_equal(config_permission_ms(c), 3600 * 1000);
    assert_int_equal(config_hook_ms(c), 30 * 1000);
    assert_int_equal(config_line_max(c), 32 * 1024 * 1024);
    assert_null(config_agents(c));
    assert_null(config_hooks(c));
    config_destroy(c);
    unsetenv("SHELL");
    c = parse("{}");
    assert_string_equal(config_shell(c), "/bin/sh");
    config_destroy(c);
    setenv("SHELL", "zsh", 1); /* not a path: not a shell that we could start */
    c = parse("{}");
    assert_string_equal(config_shell(c), "/bin/sh");
    config_destroy(c);
}

static void values(void **state)
{
    (void)state;
    struct config *c = parse(
        "{ // mine\n"
        "\"shell\": \"/bin/bash\", \"theme\": \"light\", \"prefix\": \"C-a\",\n"
        "\"keys\": {\"F5\": \"shell open\"}, /* and\n */\n"
        "\"retention\": \"2 GiB\",\n"
        "\"limits\": {\"history\": 0, \"streams\": 7, \"permission\": \"30m\", \"line\": \"1M\",\n"
        "\"hook\": 5},\n"
        "\"agents\": {}, \"mail\": {}, \"hooks\": {}, \"policy\": {},\n"
        "\"members\": {\"ada\": {\"user\": \"ada\", \"role\": \"driver\"}},\n}");
    assert_string_equal(config_shell(c), "/bin/bash");
    assert_string_equal(config_theme(c), "light");
    assert_string_equal(config_prefix(c), "C-a");
    assert_string_equal(json_string(config_keys(c), "F5", ""), "shell open");
    assert_int_equal(config_retention(c), 2147483648LL);
    assert_int_equal(config_history(c), 0);
    assert_int_equal(config_max_streams(c), 7);
    assert_int_equal(config_permission_ms(c), 30 * 60 * 1000);
    assert_int_equal(config_hook_ms(c), 5000);
    assert_int_equal(config_line_max(c), 1024 * 1024);
    assert_string_equal(json_string(json_get(config_members(c), "ada"), "role", ""), "driver");
    config_destroy(c);
}

static void sizes(void **state)
{
    static const struct {
        const char *text;
        int64_t bytes;
    } cases[] = {
        {"1048576", 1048576},     {"0", 0},
        {"\"1M\"", 1048576},      {"\"64 MiB\"", 67108864},
        {"\"1 GiB\"", 1 << 30},   {"\"2048K\"", 2097152},
        {"\"1048576\"", 1048576},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = mem_printf("{\"retention\": %s}", cases[i].text);
        struct config *c = parse(text);
        assert_int_equal(config_retention(c), cases[i].bytes);
        config_destroy(c);
        free(text);
    }
}

static void wrong_ones_are_refused_with_their_line(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"{\n \"thme\": \"dark\"}", "f.json:2: \"thme\" is not known; near to it: theme"},
        {"{\n\n \"colour\": 1}", "f.json:3: \"colour\" is not known"},
        {"{\"theme\": 7}",
         "f.json:1: \"theme\" must be a name of letters, digits, - and _, in quotes"},
        {"{\"theme\": \"../x\"}",
         "f.json:1: \"theme\" must be a name of letters, digits, - and _, in quotes"},
        {"{\"shell\": \"bash\"}",
         "f.json:1: \"shell\" must be the absolute path of a program, in quotes"},
        {"{\"prefix\": \"\"}", "f.json:1: \"prefix\" must be a key's name, such as \"C-b\""},
        {"{\"keys\": [1]}", "f.json:1: \"keys\" must be an object of {\"KEY\": \"command\"}"},
        {"{\"keys\": {\"a\": 1}}",
         "f.json:1: \"keys\" must hold only pairs of \"KEY\": \"command\", both in quotes"},
        {"{\n\"retention\": \"many\"}",
         "f.json:2: \"retention\" must be bytes a stream (1 MiB or more, 0 keeps all), such as "
         "\"64 MiB\""},
        {"{\"retention\": 100}",
         "f.json:1: \"retention\" must be bytes a stream (1 MiB or more, 0 keeps all), such as "
         "\"64 MiB\""},
        {"{\"retention\": \"9999999999999999999999 GiB\"}",
         "f.json:1: \"retention\" must be bytes a stream (1 MiB or more, 0 keeps all), such as "
         "\"64 MiB\""},
        {"{\"limits\": {\n\"history\": 5,\n \"historie\": 1}}",
         "f.json:3: \"limits.historie\" is not known; near to it: history"},
        {"{\"agents\": {\"history\": 1},\n // x \"limits\"\n\"limits\":\n{\n\n\"history\": -1}}",
         "f.json:6: \"limits.history\" must be a whole number of lines, 0 to 1000000"},
        {"{\"limits\": {\"streams\": 1.5}}",
         "f.json:1: \"limits.streams\" must be a whole number, 1 to 10000"},
        {"{\"limits\": {\"permission\": \"soon\"}}",
         "f.json:1: \"limits.permission\" must be seconds (1 or more), or such as \"30m\" or "
         "\"1h\""},
        {"{\"limits\": {\"hook\": 0}}",
         "f.json:1: \"limits.hook\" must be seconds (1 or more), or such as \"30m\" or \"1h\""},
        {"{\"limits\": {\"permission\": 0.5}}",
         "f.json:1: \"limits.permission\" must be seconds (1 or more), or such as \"30m\" or "
         "\"1h\""},
        {"{\"limits\": {\n\"line\": 100}}",
         "f.json:2: \"limits.line\" must be bytes (64 KiB to 256 MiB), such as \"32 MiB\""},
        {"{\"limits\": {\"line\": \"1 GiB\"}}",
         "f.json:1: \"limits.line\" must be bytes (64 KiB to 256 MiB), such as \"32 MiB\""},
        {"{\"limits\": 3}", "f.json:1: \"limits\" must be an object"},
        {"{\"agents\": []}", "f.json:1: \"agents\" must be an object"},
        {"{\"theme\": \"a\",\n\"theme\": \"b\"}", "f.json:2: \"theme\" is there twice"},
        {"{\n\"theme\": \"a\"\n\"shell\": 1}", "f.json:3: this is no JSON from here on"},
        {"[]", "f.json:1: the file must hold one object, {…}"},
        {"", "f.json:1: this is no JSON from here on"},
        {"{\"a\\u001b[31m\": 1}", "f.json:1: \"a\xe2\x90\x9b[31m\" is not known"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config *c = NULL;
        char *why = NULL;
        assert_int_equal(config_parse(cases[i].text, strlen(cases[i].text), "f.json", &c, &why),
                         ERR_CONFIG);
        assert_null(c);
        assert_string_equal(why, cases[i].why);
        free(why);
    }
}

static const char *source(const cJSON *shown, const char *key)
{
    return json_string(json_get(shown, key), "source", "(none)");
}

static void show_says_where_from(void **state)
{
    (void)state;
    setenv("SHELL", "/bin/zsh", 1);
    struct config *c = parse("{\n\"theme\": \"light\",\n\"limits\": {\n\n\"streams\": 9}}");
    cJSON *shown = config_show(c);
    assert_string_equal(source(shown, "shell"), "environment SHELL");
    assert_string_equal(source(shown, "theme"), "f.json:2");
    assert_string_equal(source(shown, "prefix"), "default");
    assert_string_equal(source(shown, "limits.streams"), "f.json:5");
    assert_string_equal(source(shown, "limits.history"), "default");
    assert_string_equal(source(shown, "limits.permission"), "default");
    assert_int_equal(json_int(json_get(shown, "limits.hook"), "value", 0), 30);
    assert_int_equal(json_int(json_get(shown, "limits.permission"), "value", 0), 3600);
    assert_int_equal(json_int(json_get(shown, "limits.line"), "value", 0), 32 << 20);
    assert_string_equal(json_string(json_get(shown, "limits.line"), "unit", ""), "bytes");
    assert_string_equal(json_string(json_get(shown, "limits.hook"), "unit", ""), "s");
    assert_null(json_get(json_get(shown, "limits.streams"), "unit"));
    assert_int_equal(json_int(json_get(shown, "limits.streams"), "value", 0), 9);
    assert_string_equal(json_string(json_get(shown, "theme"), "value", ""), "light");
    assert_true(cJSON_IsObject(json_get(json_get(shown, "agents"), "value")));
    cJSON_Delete(shown);
    config_destroy(c);
}

static void load_reads_the_file(void **state)
{
    char dir[] = "/tmp/baton-config-XXXXXX";
    struct config *c = NULL;
    char *why = NULL;
    (void)state;
    assert_non_null(mkdtemp(dir));
    setenv("XDG_CONFIG_HOME", dir, 1);
    assert_int_equal(config_load(&c, &why), ERR_OK); /* no file */
    assert_string_equal(config_theme(c), "dark");
    config_destroy(c);
    c = NULL;

    char *sub = path_join(dir, "baton"), *file = path_join(sub, "config.json");
    assert_int_equal(mkdir(sub, 0700), 0);
    assert_int_equal(path_write_file(file, "{\"theme\":\"light\"}", 17, false), ERR_OK);
    assert_int_equal(config_load(&c, &why), ERR_OK);
    assert_string_equal(config_theme(c), "light");
    config_destroy(c);
    c = NULL;

    assert_int_equal(path_write_file(file, "{\n1", 3, false), ERR_OK);
    assert_int_equal(config_load(&c, &why), ERR_CONFIG);
    assert_null(c);
    assert_non_null(strstr(why, "config.json:2: "));
    free(why);

    unlink(file);
    assert_int_equal(mkdir(file, 0700), 0);
    assert_int_equal(config_load(&c, &why), ERR_CONFIG);
    free(why);
    rmdir(file);
    rmdir(sub);
    rmdir(dir);
    free(file);
    free(sub);
}

static void destroy_takes_null(void **state)
{
    (void)state;
    config_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_has_defaults),
        cmocka_unit_test(values),
        cmocka_unit_test(sizes),
        cmocka_unit_test(wrong_ones_are_refused_with_their_line),
        cmocka_unit_test(show_says_where_from),
        cmocka_unit_test(load_reads_the_file),
        cmocka_unit_test(destroy_takes_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
