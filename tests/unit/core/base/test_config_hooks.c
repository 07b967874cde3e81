/* `hooks` of the configuration: kinds, methods and commands. */
#include "config_cases.h"

static void right_ones(void **state)
{
    static const char text[] = "{\"hooks\": {\"shellExit\": [\"notify\", \"it ended\"],\n"
                               "\"sessionEvent\": [\"/bin/cat\"],\n"
                               "\"sessionEvent:session/update\": [\"x\"],\n"
                               "\"sessionEvent:_baton/turn_end\": [\"x\"], \"*\": [\"y\"]}}";
    struct config *c = accepted(text);
    (void)state;
    assert_int_equal(cJSON_GetArraySize(config_hooks(c)), 5);
    config_destroy(c);
}

static void wrong_ones(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"{\"hooks\": {\n\"shell exit\": [\"x\"]}}",
         "f:2: \"hooks.shell exit\" must be an event's kind, such as shellExit or "
         "sessionEvent:session/update"},
        {"{\"hooks\": {\"\": [\"x\"]}}", "f:1: \"hooks.\" must be an event's kind, such as "
                                         "shellExit or sessionEvent:session/update"},
        {"{\"hooks\": {\"shellExit:x\": [\"x\"]}}",
         "f:1: \"hooks.shellExit:x\" must be a kind alone: only sessionEvent can have a method "
         "behind it"},
        {"{\"hooks\": {\"sessionEvent:\": [\"x\"]}}",
         "f:1: \"hooks.sessionEvent:\" must have a method behind the colon, such as "
         "session/update"},
        {"{\"hooks\": {\"sessionEvent:a b\": [\"x\"]}}",
         "f:1: \"hooks.sessionEvent:a b\" must have a method behind the colon, such as "
         "session/update"},
        {"{\"hooks\": {\"a\": [\"x\"],\n\"a\": [\"x\"]}}", "f:2: \"hooks.a\" is there twice"},
        {"{\"hooks\": {\"**\": [\"x\"]}}", "f:1: \"hooks.**\" must be an event's kind, such as "
                                           "shellExit or sessionEvent:session/update"},
        {"{\"hooks\": {\"a\": \"x\"}}",
         "f:1: \"hooks.a\" must be a list of words, [\"PROGRAM\", \"ARGUMENT\", …]"},
        {"{\"hooks\": {\"a\": [\"b/c\"]}}",
         "f:1: \"hooks.a\" must begin with a program's name or its absolute path"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refused(cases[i].text, cases[i].why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_ones),
        cmocka_unit_test(wrong_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
