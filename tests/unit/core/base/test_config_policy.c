/* `policy` of the configuration: which rules are taken, and which word of a wrong one is pointed
 * at, on which line. */
#include "config_cases.h"

static void right_ones(void **state)
{
    static const char text[] =
        "{\"policy\": {\"rules\": [\n"
        "  {\"capability\": \"fs.*\", \"tier\": \"notify\"}, // all of them\n"
        "  {\"capability\": \"comms.send\", \"member\": \"claude-*\", \"kind\": \"agent\",\n"
        "   \"workspace\": \"main\", \"rate\": {\"count\": 5, \"per\": \"1m\"}}],\n"
        " \"groups\": {\"careful\": {\"rules\": [{\"capability\": \"*\", \"tier\": \"approval\"}]},\n"
        "             \"none\": {}}},\n"
        " \"limits\": {\"approval\": \"10m\"}}";
    struct config *c = accepted(text);
    (void)state;
    assert_int_equal(cJSON_GetArraySize(json_get(config_policy(c), "rules")), 2);
    assert_int_equal(config_approval_ms(c), 600000);
    config_destroy(c);
    c = accepted("{\"policy\":{}}");
    assert_int_equal(config_approval_ms(c), 3600000);
    config_destroy(c);
}

static void wrong_ones(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"{\n\"policy\": {\n\"rule\": []}}",
         "f:3: \"policy.rule\" is not known; there are rules and groups"},
        {"{\"policy\": {\n\"rules\": {}}}",
         "f:2: \"policy.rules\" must be a list of rules, at most 1000"},
        {"{\"policy\": {\n\"rules\": [1]}}", "f:2: \"policy.rules[0]\" must be an object"},
        {"{\"policy\": {\"rules\": [\n{\"capability\": \"a\", \"tier\": \"notify\"},\n"
         "{\"tier\": \"notify\"}]}}",
         "f:3: \"policy.rules[1]\" needs a capability, such as \"fs.*\""},
        {"{\"policy\": {\"rules\": [{\"capability\": \"a\"}]}}",
         "f:1: \"policy.rules[0]\" needs a tier or a rate"},
        {"{\"policy\": {\"rules\": [{\"capability\": \"a\",\n // off\n \"tier\": \"never\"}]}}",
         "f:3: \"policy.rules[0].tier\" must be autonomous, notify, approval or blocked, in quotes"},
        {"{\"policy\": {\"rules\": [{\"capability\": \"a b\", \"tier\": \"notify\"}]}}",
         "f:1: \"policy.rules[0].capability\" must be a capability or a pattern of some, such as "
         "\"fs.*\""},
        {"{\"policy\": {\"rules\": [{\"capability\": \"a\", \"tier\": \"notify\",\n\"who\": 1}]}}",
         "f:2: \"policy.rules[0].who\" is not known; a rule has capability, member, kind, workspace, "
         "tier and rate"},
        {"{\"policy\": {\"rules\": [{\"capability\": \"a\", \"kind\": \"robot\"}]}}",
         "f:1: \"policy.rules[0].kind\" must be \"agent\" or \"human\""},
        {"{\"policy\": {\"rules\": [{\"capability\": \"a\", \"rate\": {\n\"count\": 0}}]}}",
         "f:2: \"policy.rules[0].rate.count\" must be a whole number, 1 to 10000"},
        {"{\"policy\": {\"rules\": [{\"capability\": \"a\",\n \"rate\": {\"count\": 1}}]}}",
         "f:2: \"policy.rules[0].rate\" needs a count and a per"},
        {"{\"policy\": {\"groups\": {\n\"a b\": {}}}}",
         "f:2: \"policy.groups.a b\" must be a group's name: letters, digits, _ . and -"},
        {"{\"policy\": {\"groups\": {\"a\": {},\n\"g\": {\"rules\": [\n{\"capability\": \"a\", "
         "\"rate\": {\"count\": 1,\n \"per\": \"8d\"}}]}}}}",
         "f:4: \"policy.groups.g.rules[0].rate.per\" must be such as \"1m\" or \"1h\", at most 7 "
         "days"},
        {"{\"limits\": {\"approval\": 0}}",
         "f:1: \"limits.approval\" must be seconds (1 or more), or such as \"30m\" or \"1h\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refused(cases[i].text, cases[i].says);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_ones),
        cmocka_unit_test(wrong_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
