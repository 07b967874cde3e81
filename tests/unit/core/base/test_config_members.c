/* `members` of the configuration: which entries are accepted, and which word of a wrong one is
 * pointed at. */
#include "config_cases.h"

#include <stdio.h>

#define WHO "must be the name of a user or group of this machine, in quotes"

static void right_ones(void **state)
{
    static const char text[] =
        "{\"theme\": \"dark\", \"members\": {\n"
        "  \"grace\": {\"user\": \"grace\", \"role\": \"observer\", \"workspace\": \"main\"},\n"
        "  \"devs\": {\"group\": \"devs\", \"role\": \"driver\"}, // all of them\n"
        "  \"a.b@c-d_1\": {\"user\": \"win+name$\", \"role\": \"observer\"},\n"
        "  \"grace2\": {\"group\": \"grace\", \"role\": \"observer\"}\n}}";
    struct config *c = accepted(text);
    (void)state;
    assert_int_equal(cJSON_GetArraySize(config_members(c)), 4);
    cJSON *shown = config_show(c);
    const cJSON *row = json_get(shown, "members");
    assert_string_equal(json_string(row, "source", ""), "f:1");
    assert_string_equal(json_string(json_get(json_get(row, "value"), "grace"), "workspace", ""),
                        "main");
    cJSON_Delete(shown);
    config_destroy(c);
}

static void none(void **state)
{
    struct config *c = accepted("{}");
    (void)state;
    assert_null(config_members(c));
    config_destroy(c);
    c = accepted("{\"members\":{}}");
    assert_int_equal(cJSON_GetArraySize(config_members(c)), 0);
    config_destroy(c);
}

static void wrong_ones(void **state)
{
    static const struct {
        const char *text, *why; /* of members; of the message behind the file's name */
    } cases[] = {
        {"[]", "1: \"members\" must be an object"},
        {"{\n\"a b\": {}}",
         "2: \"members.a b\" must be a member's name: letters, digits, _ . @ and -"},
        {"{\"\": {}}", "1: \"members.\" must be a member's name: letters, digits, _ . @ and -"},
        {"{\n\n\"ada\": 1}", "3: \"members.ada\" must be an object"},
        {"{\n\"ada\": {}}", "2: \"members.ada\" needs either \"user\" or \"group\""},
        {"{\n\"ada\": {\"role\": \"driver\"}}",
         "2: \"members.ada\" needs either \"user\" or \"group\""},
        {"{\"ada\": {\"user\": \"a\", \"group\": \"b\",\n \"role\": \"driver\"}}",
         "1: \"members.ada\" needs either \"user\" or \"group\""},
        {"{\"ada\":\n{\"user\": \"a\"}}",
         "1: \"members.ada\" needs a \"role\": observer or driver"},
        {"{\"ada\": {\"user\": \"a\",\n \"role\": \"owner\"}}",
         "2: \"members.ada.role\" must be \"observer\" or \"driver\""},
        {"{\"ada\": {\"user\": \"a\",\n\n \"role\": 1}}",
         "3: \"members.ada.role\" must be \"observer\" or \"driver\""},
        {"{\"ada\": {\"user\": 7}}", "1: \"members.ada.user\" " WHO},
        {"{\"ada\": {\"user\": \"\"}}", "1: \"members.ada.user\" " WHO},
        {"{\"ada\": {\"group\": \"a:b\"}}", "1: \"members.ada.group\" " WHO},
        {"{\"ada\": {\"user\": \"a b\"}}", "1: \"members.ada.user\" " WHO},
        {"{\"ada\": {\"user\": \"a\", \"role\": \"driver\",\n\"workspace\": \"../x\"}}",
         "2: \"members.ada.workspace\" must be a workspace's name, in quotes"},
        {"{\"ada\": {\"user\": \"a\", \"role\": \"driver\",\n\"workspace\": \"\"}}",
         "2: \"members.ada.workspace\" must be a workspace's name, in quotes"},
        {"{\"ada\": {\"user\": \"a\",\n\"rolle\": \"driver\"}}",
         "2: \"members.ada.rolle\" is not known; an entry has user or group, role, and workspace"},
        {"{\"ada\": {\"user\": \"a\",\n\"user\": \"b\"}}",
         "2: \"members.ada.user\" is there twice"},
        {"{\"ada\": {\"user\": \"a\", \"role\": \"driver\"},\n"
         "\"ada\": {\"user\": \"b\", \"role\": \"driver\"}}",
         "2: \"members.ada\" is there twice"},
        {"{\"ada\": {\"user\": \"a\", \"role\": \"driver\"},\n"
         "\"bob\": {\"user\": \"a\", \"role\": \"observer\"}}",
         "2: \"members.bob\" has the user of another entry"},
        {"{\"ada\": {\"group\": \"a\", \"role\": \"driver\"},\n"
         "\"bob\": {\"group\": \"a\", \"role\": \"observer\"}}",
         "2: \"members.bob\" has the group of another entry"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[512], want[512];
        snprintf(text, sizeof text, "{\"theme\": \"dark\", \"members\": %s}", cases[i].text);
        snprintf(want, sizeof want, "f:%s", cases[i].why);
        refused(text, want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_ones),
        cmocka_unit_test(none),
        cmocka_unit_test(wrong_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
