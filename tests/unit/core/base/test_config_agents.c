/* `agents` of the configuration: each wrong entry is refused with its line, each right one taken.
 */
#include "config_cases.h"

static void right_ones(void **state)
{
    static const char text[] =
        "{\"agents\": {\"demo\": {}, // ours needs no command\n"
        "\"opencode\": {\"env\": {\"A_1\": \"\", \"b\": \"x=y\"}, \"cwd\": \"/srv\"},\n"
        "\"my.own-agent_2\": {\"command\": [\"/opt/x\", \"--acp\", \"\"], \"mode\": \"m\","
        "\"auth\": \"key\", \"network\": true}}}";
    struct config *c = accepted(text);
    (void)state;
    assert_int_equal(cJSON_GetArraySize(config_agents(c)), 3);
    config_destroy(c);
}

static void wrong_ones(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"{\"agents\": {\n\"own\": {}}}",
         "f:2: \"agents.own\" needs a \"command\": the program and its arguments"},
        {"{\"agents\": {\"demo\": 1}}", "f:1: \"agents.demo\" must be an object"},
        {"{\"agents\": {\"demo\": {},\n\"demo\": {}}}", "f:2: \"agents.demo\" is there twice"},
        {"{\"agents\": {\"a b\": {}}}",
         "f:1: \"agents.a b\" must be an agent's name: letters, digits, _ . and -"},
        {"{\"agents\": {\"\": {}}}",
         "f:1: \"agents.\" must be an agent's name: letters, digits, _ . and -"},
        {"{\"agents\": {\"-x\": {}}}",
         "f:1: \"agents.-x\" must be an agent's name: letters, digits, _ . and -"},
        {"{\"agents\": {\"demo\": {\n\n\"comand\": []}}}",
         "f:3: \"agents.demo.comand\" is not known; an agent has command, env, cwd, mode, auth, "
         "network and mcp"},
        {"{\"agents\": {\"demo\": {\"mode\": \"a\",\n\"mode\": \"b\"}}}",
         "f:2: \"agents.demo.mode\" is there twice"},
        {"{\"agents\": {\"x\": {\"command\": \"x\"}}}",
         "f:1: \"agents.x.command\" must be a list of words, [\"PROGRAM\", \"ARGUMENT\", …]"},
        {"{\"agents\": {\"x\": {\"command\": []}}}",
         "f:1: \"agents.x.command\" must be a list of words, [\"PROGRAM\", \"ARGUMENT\", …]"},
        {"{\"agents\": {\"x\": {\"command\": [\"x\", 1]}}}",
         "f:1: \"agents.x.command\" must hold only words in quotes"},
        {"{\"agents\": {\"x\": {\"command\": [\"\"]}}}",
         "f:1: \"agents.x.command\" must begin with a program's name or its absolute path"},
        {"{\"agents\": {\"x\": {\"command\": [\"./x\"]}}}",
         "f:1: \"agents.x.command\" must begin with a program's name or its absolute path"},
        {"{\"agents\": {\"demo\": {\"env\": []}}}",
         "f:1: \"agents.demo.env\" must be an object of {\"NAME\": \"value\"}"},
        {"{\"agents\": {\"demo\": {\n\"env\": {\n\"1A\": \"\"}}}}",
         "f:2: \"agents.demo.env\" must have names of letters, digits and _"},
        {"{\"agents\": {\"demo\": {\"env\": {\"A=B\": \"\"}}}}",
         "f:1: \"agents.demo.env\" must have names of letters, digits and _"},
        {"{\"agents\": {\"demo\": {\"env\": {\"A\": 1}}}}",
         "f:1: \"agents.demo.env\" must have values in quotes"},
        {"{\"agents\": {\"demo\": {\"cwd\": \"here\"}}}",
         "f:1: \"agents.demo.cwd\" must be the absolute path of a folder, in quotes"},
        {"{\"agents\": {\"demo\": {\"mode\": \"\"}}}",
         "f:1: \"agents.demo.mode\" must be an id that the agent knows, in quotes"},
        {"{\"agents\": {\"demo\": {\"mcp\": \"no\"}}}",
         "f:1: \"agents.demo.mcp\" must be true or false"},
        {"{\"agents\": {\"demo\": {\"network\": 1}}}",
         "f:1: \"agents.demo.network\" must be true or false"},
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
