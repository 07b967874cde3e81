/* The keymap: the table, the configuration over it, names for help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/json.h"
#include "tui/parts/keymap.h"

#include <stdlib.h>
#include <string.h>

static const char *command_of(const struct keymap *m, bool alone, const char *key)
{
    uint32_t code;
    unsigned mods;
    assert_true(key_parse(key, &code, &mods));
    return keymap_find(m, alone, code, mods);
}

static void the_table_is_there(void **state)
{
    struct keymap *m;
    char *why = NULL, name[40];
    (void)state;
    assert_int_equal(keymap_create("C-b", NULL, &m, &why), ERR_OK);
    assert_null(why);
    assert_string_equal(command_of(m, false, "d"), "detach");
    assert_string_equal(command_of(m, false, "%"), "split -h");
    assert_string_equal(command_of(m, false, "\""), "split -v");
    assert_string_equal(command_of(m, false, "C-Left"), "resize left 1");
    assert_string_equal(command_of(m, false, "Space"), "layout next");
    assert_null(command_of(m, true, "d"));
    assert_null(command_of(m, false, "F9"));
    keymap_name(m, "zoom", name, sizeof name);
    assert_string_equal(name, "C-b z");
    keymap_name(m, "no such thing", name, sizeof name);
    assert_string_equal(name, "");
    keymap_destroy(m);
}

/* Shift is part of a character: a terminal may tell of it or not. */
static void shift_of_a_character_says_nothing(void **state)
{
    struct keymap *m;
    char *why = NULL;
    (void)state;
    assert_int_equal(keymap_create("C-b", NULL, &m, &why), ERR_OK);
    assert_string_equal(keymap_find(m, false, '%', MOD_SHIFT), "split -h");
    assert_string_equal(keymap_find(m, false, 'S', 0), "stack");
    assert_true(keymap_is_prefix(m, 'b', MOD_CTRL));
    assert_false(keymap_is_prefix(m, 'b', 0));
    keymap_destroy(m);
}

static void the_configuration_wins(void **state)
{
    static const char text[] = "{\"d\": \"\", \"x\": \"zoom\", \"root F5\": \"shell next\","
                               "\"M-x\": \"command\"}";
    cJSON *keys = NULL;
    struct keymap *m;
    char *why = NULL, name[40];
    (void)state;
    assert_int_equal(json_parse(text, strlen(text), &keys), ERR_OK);
    assert_int_equal(keymap_create("C-a", keys, &m, &why), ERR_OK);
    assert_null(command_of(m, false, "d"));
    assert_string_equal(command_of(m, false, "x"), "zoom");
    assert_string_equal(command_of(m, true, "F5"), "shell next");
    assert_null(command_of(m, false, "F5"));
    assert_string_equal(keymap_prefix(m), "C-a");
    keymap_name(m, "shell previous", name, sizeof name);
    assert_string_equal(name, "C-a p");
    keymap_destroy(m);
    cJSON_Delete(keys);
}

static void wrong_keys_are_told_and_skipped(void **state)
{
    static const char text[] = "{\"Hyper-q\": \"zoom\", \"y\": \"zoom\", \"u\": 5}";
    cJSON *keys = NULL;
    struct keymap *m;
    char *why = NULL;
    (void)state;
    assert_int_equal(json_parse(text, strlen(text), &keys), ERR_OK);
    assert_int_equal(keymap_create("C-b", keys, &m, &why), ERR_CONFIG);
    assert_non_null(strstr(why, "Hyper-q"));
    assert_string_equal(command_of(m, false, "y"), "zoom");
    keymap_destroy(m);
    free(why);
    assert_int_equal(keymap_create("nonsense", NULL, &m, &why), ERR_CONFIG);
    assert_string_equal(keymap_prefix(m), "C-b");
    free(why);
    keymap_destroy(m);
    cJSON_Delete(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_there),
        cmocka_unit_test(shift_of_a_character_says_nothing),
        cmocka_unit_test(the_configuration_wins),
        cmocka_unit_test(wrong_keys_are_told_and_skipped),
    };
    return cmocka_run_group_tests_name("keymap", tests, NULL, NULL);
}
