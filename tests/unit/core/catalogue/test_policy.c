/* The policy: which of the layers decides, for whom, how often, and the hash of what is approved.
 */
#include "core/base/json.h"
#include "core/catalogue/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static cJSON *json_of(const char *text)
{
    cJSON *json = NULL;
    if (json_parse(text, strlen(text), &json) != ERR_OK)
        fail_msg("no JSON: %s", text);
    return json;
}

static struct policy *made(const char *text)
{
    cJSON *json = json_of(text);
    struct policy *p = policy_create(json);
    assert_true(policy_same(p, json));
    cJSON_Delete(json);
    return p;
}

static const struct policy_asker agent = {"writer", "", "main", false};
static const struct policy_asker human = {"ada", "", "main", true};

#define HUB(rules) "{\"rules\":[" rules "]}"
#define GROUPS(rules)                                                                              \
    "{\"groups\":{\"careful\":{\"rules\":[" rules "]},\"other\":{\"rules\":["                      \
    "{\"capability\":\"*\",\"tier\":\"blocked\"}]}}}"
#define RULE(capability, more) "{\"capability\":\"" capability "\"," more "}"
#define OWN                    "the capability's own tier"

static void layers(void **state)
{
    static const struct {
        const char *policy, *method;
        enum tier own;
        const char *member, *group, *workspace;
        bool human;
        enum tier tier;
        const char *why;
    } cases[] = {
        /* the capability's own tier: for agents */
        {"{}", "fs.read", TIER_AUTONOMOUS, "w", "", "", false, TIER_AUTONOMOUS, OWN},
        {"{}", "comms.send", TIER_NOTIFY, "w", "", "", false, TIER_NOTIFY, OWN},
        {"{}", "x.y", TIER_APPROVAL, "w", "", "", false, TIER_APPROVAL, OWN},
        {"{}", "x.y", TIER_BLOCKED, "w", "", "", false, TIER_BLOCKED, OWN},
        {"{}", "x.y", TIER_BLOCKED, "ada", "", "", true, TIER_AUTONOMOUS,
         "no rule names this human"},
        /* the hub's rules raise it, and never lower it */
        {HUB(RULE("fs.*", "\"tier\":\"approval\"")), "fs.write", TIER_AUTONOMOUS, "w", "", "",
         false, TIER_APPROVAL, "rule 1 of the hub (fs.*)"},
        {HUB(RULE("fs.*", "\"tier\":\"approval\"")), "process.exec", TIER_AUTONOMOUS, "w", "", "",
         false, TIER_AUTONOMOUS, OWN},
        {HUB(RULE("fs.*", "\"tier\":\"autonomous\"")), "fs.write", TIER_BLOCKED, "w", "", "", false,
         TIER_BLOCKED, OWN},
        {HUB(RULE("fs.*", "\"tier\":\"notify\"") "," RULE("fs.write", "\"tier\":\"blocked\"")),
         "fs.write", TIER_AUTONOMOUS, "w", "", "", false, TIER_BLOCKED,
         "rule 2 of the hub (fs.write)"},
        {HUB(RULE("*", "\"tier\":\"approval\"") "," RULE("fs.*", "\"tier\":\"approval\"")),
         "fs.write", TIER_AUTONOMOUS, "w", "", "", false, TIER_APPROVAL, "rule 1 of the hub (*)"},
        /* whom a rule is about */
        {HUB(RULE("*", "\"member\":\"claude-*\",\"tier\":\"blocked\"")), "fs.read", TIER_AUTONOMOUS,
         "claude-se1", "", "", false, TIER_BLOCKED, "rule 1 of the hub (*)"},
        {HUB(RULE("*", "\"member\":\"claude-*\",\"tier\":\"blocked\"")), "fs.read", TIER_AUTONOMOUS,
         "codex-se2", "", "", false, TIER_AUTONOMOUS, OWN},
        {HUB(RULE("*", "\"workspace\":\"prod*\",\"tier\":\"approval\"")), "fs.read",
         TIER_AUTONOMOUS, "w", "", "production", false, TIER_APPROVAL, "rule 1 of the hub (*)"},
        {HUB(RULE("*", "\"workspace\":\"prod*\",\"tier\":\"approval\"")), "fs.read",
         TIER_AUTONOMOUS, "w", "", "main", false, TIER_AUTONOMOUS, OWN},
        {HUB(RULE("*", "\"kind\":\"agent\",\"tier\":\"blocked\"")), "fs.read", TIER_AUTONOMOUS,
         "ada", "", "", true, TIER_AUTONOMOUS, "no rule names this human"},
        /* humans are held only by what names them */
        {HUB(RULE("*", "\"tier\":\"blocked\"")), "fs.read", TIER_AUTONOMOUS, "ada", "", "", true,
         TIER_AUTONOMOUS, "no rule names this human"},
        {HUB(RULE("*", "\"workspace\":\"main\",\"tier\":\"blocked\"")), "fs.read", TIER_AUTONOMOUS,
         "ada", "", "main", true, TIER_AUTONOMOUS, "no rule names this human"},
        {HUB(RULE("*", "\"kind\":\"human\",\"tier\":\"notify\"")), "fs.read", TIER_AUTONOMOUS,
         "ada", "", "", true, TIER_NOTIFY, "rule 1 of the hub (*)"},
        {HUB(RULE("*", "\"member\":\"ada\",\"tier\":\"blocked\"")), "fs.read", TIER_AUTONOMOUS,
         "ada", "", "", true, TIER_BLOCKED, "rule 1 of the hub (*)"},
        {HUB(RULE("*", "\"kind\":\"human\",\"tier\":\"blocked\"")), "fs.read", TIER_AUTONOMOUS, "w",
         "", "", false, TIER_AUTONOMOUS, OWN},
        /* groups: one's own, and no other; the strictest of all layers */
        {GROUPS(RULE("fs.*", "\"tier\":\"notify\"")), "fs.read", TIER_AUTONOMOUS, "w", "careful",
         "", false, TIER_NOTIFY, "rule 1 of the group careful (fs.*)"},
        {GROUPS(RULE("fs.*", "\"tier\":\"notify\"")), "fs.read", TIER_AUTONOMOUS, "w", "", "",
         false, TIER_AUTONOMOUS, OWN},
        {GROUPS(RULE("fs.*", "\"tier\":\"notify\"")), "fs.read", TIER_APPROVAL, "w", "careful", "",
         false, TIER_APPROVAL, OWN},
        {GROUPS(RULE("fs.*", "\"tier\":\"approval\"")), "fs.read", TIER_AUTONOMOUS, "ada",
         "careful", "", true, TIER_APPROVAL, "rule 1 of the group careful (fs.*)"},
        {"{\"rules\":[" RULE("fs.*", "\"tier\":\"notify\"") "],\"groups\":{\"g\":{\"rules\":[" RULE(
             "fs.write", "\"tier\":\"approval\"") "]}}}",
         "fs.write", TIER_AUTONOMOUS, "w", "g", "", false, TIER_APPROVAL,
         "rule 1 of the group g (fs.write)"},
        {"{\"rules\":[" RULE("fs.*", "\"tier\":\"blocked\"") "],\"groups\":{\"g\":{\"rules\":[" RULE(
             "fs.write", "\"tier\":\"approval\"") "]}}}",
         "fs.write", TIER_AUTONOMOUS, "w", "g", "", false, TIER_BLOCKED,
         "rule 1 of the hub (fs.*)"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct policy *p = made(cases[i].policy);
        const struct policy_asker a = {cases[i].member, cases[i].group, cases[i].workspace,
                                       cases[i].human};
        struct policy_verdict v;
        for (int twice = 0; twice < 2; twice++) { /* also what is remembered */
            policy_decide(p, cases[i].method, cases[i].own, &a, 1, true, &v);
            if (v.tier != cases[i].tier || strcmp(v.why, cases[i].why) != 0)
                fail_msg("case %zu: %s by %s", i, tier_name(v.tier), v.why);
        }
        policy_destroy(p);
    }
}

static enum tier call_at(struct policy *p, const struct policy_asker *a, int64_t second,
                         struct policy_verdict *v)
{
    policy_decide(p, "comms.send", TIER_NOTIFY, a, second * 1000000, true, v);
    return v->tier;
}

/* Two in ten seconds run; the third waits, and is itself not counted. */
static void a_rate_raises(void **state)
{
    struct policy *p = made(HUB(RULE("comms.*", "\"rate\":{\"count\":2,\"per\":\"10s\"}")));
    const struct policy_asker other = {"reviewer", "", "main", false};
    struct policy_verdict v;
    (void)state;
    assert_int_equal(call_at(p, &agent, 0, &v), TIER_NOTIFY);
    assert_int_equal(call_at(p, &agent, 4, &v), TIER_NOTIFY);
    policy_decide(p, "comms.send", TIER_NOTIFY, &agent, 5000000, false, &v);
    assert_int_equal(v.tier, TIER_APPROVAL); /* a question says what the next call would be */
    assert_int_equal(call_at(p, &agent, 9, &v), TIER_APPROVAL);
    assert_string_equal(v.why, "rule 1 of the hub (comms.*): more than 2 in 10s");
    assert_int_equal(call_at(p, &other, 9, &v), TIER_NOTIFY); /* each for themselves */
    assert_int_equal(call_at(p, &agent, 10, &v), TIER_NOTIFY);
    assert_int_equal(call_at(p, &agent, 11, &v), TIER_APPROVAL);
    assert_int_equal(call_at(p, &agent, 14, &v), TIER_NOTIFY);
    assert_int_equal(call_at(p, &human, 14, &v), TIER_AUTONOMOUS);
    policy_destroy(p);
}

static void a_rate_may_block(void **state)
{
    struct policy *p = made(
        HUB(RULE("comms.send",
                 "\"tier\":\"notify\",\"rate\":{\"count\":1,\"per\":1,\"tier\":\"blocked\"}")));
    struct policy_verdict v;
    (void)state;
    assert_int_equal(call_at(p, &agent, 0, &v), TIER_NOTIFY);
    assert_int_equal(call_at(p, &agent, 0, &v), TIER_BLOCKED);
    assert_int_equal(call_at(p, &agent, 1, &v), TIER_NOTIFY);
    policy_destroy(p);
}

/* More members than a rate counts: nobody is held for what another did, nothing grows. */
static void many_members(void **state)
{
    struct policy *p = made(HUB(RULE("*", "\"rate\":{\"count\":1,\"per\":\"1h\"}")));
    struct policy_verdict v;
    char name[32];
    (void)state;
    for (int i = 0; i < 2000; i++) {
        snprintf(name, sizeof name, "m%d", i);
        const struct policy_asker a = {name, "", "", false};
        assert_int_equal(call_at(p, &a, i, &v), TIER_NOTIFY);
        assert_int_equal(call_at(p, &a, i, &v), TIER_APPROVAL);
    }
    policy_destroy(p);
}

static void many_capabilities(void **state)
{
    struct policy *p = made(HUB(RULE("g.*", "\"tier\":\"blocked\"")));
    struct policy_verdict v;
    char method[32];
    (void)state;
    for (int i = 0; i < 10000; i++) {
        snprintf(method, sizeof method, "%c.n%d", i % 2 ? 'g' : 'h', i);
        policy_decide(p, method, TIER_AUTONOMOUS, &agent, 0, true, &v);
        assert_int_equal(v.tier, i % 2 ? TIER_BLOCKED : TIER_AUTONOMOUS);
    }
    policy_destroy(p);
}

static void is_the_same(void **state)
{
    struct policy *p = made(HUB(RULE("fs.*", "\"tier\":\"notify\""))), *none = policy_create(NULL);
    cJSON *other = json_of(HUB(RULE("fs.*", "\"tier\":\"blocked\"")));
    (void)state;
    assert_false(policy_same(p, other));
    assert_false(policy_same(p, NULL));
    assert_true(policy_same(none, NULL));
    assert_true(policy_empty(none));
    assert_false(policy_empty(p));
    cJSON_Delete(other);
    policy_destroy(p);
    policy_destroy(none);
}

static void hash_of(const char *method, const char *member, const char *params,
                    char out[POLICY_HASH])
{
    cJSON *json = json_of(params);
    policy_hash(method, member, json, out);
    assert_int_equal(strlen(out), POLICY_HASH - 1);
    cJSON_Delete(json);
}

/* Whatever is another call has another hash; only the order of members is no difference. */
static void hashes(void **state)
{
    static const struct {
        const char *method, *member, *params;
    } calls[] = {
        {"fs.write", "w", "{\"path\":\"a\",\"text\":\"b\"}"},
        {"fs.write", "w", "{\"path\":\"a\",\"text\":\"c\"}"},
        {"fs.write", "w", "{\"path\":\"a\",\"text\":\"b \"}"},
        {"fs.write", "w", "{\"path\":\"a\",\"text\":\"b\",\"x\":null}"},
        {"fs.write", "v", "{\"path\":\"a\",\"text\":\"b\"}"},
        {"fs.move", "w", "{\"path\":\"a\",\"text\":\"b\"}"},
        {"fs.write", "w", "{\"path\":\"atext\",\"\":\"b\"}"},
        {"x.y", "w", "{\"a\":[\"1\",\"2\"]}"},
        {"x.y", "w", "{\"a\":[\"2\",\"1\"]}"},
        {"x.y", "w", "{\"a\":[\"12\"]}"},
        {"x.y", "w", "{\"a\":[[\"1\"],\"2\"]}"},
        {"x.y", "w", "{\"a\":[1,2]}"},
        {"x.y", "w", "{\"a\":true}"},
        {"x.y", "w", "{\"a\":\"true\"}"},
        {"x.y", "w", "{\"a\":{}}"},
        {"x.y", "w", "{\"a\":[]}"},
        {"x.yw", "", "{\"a\":[]}"},
    };
    enum { CALLS = sizeof calls / sizeof *calls };
    char all[CALLS][POLICY_HASH], other[POLICY_HASH];
    (void)state;
    for (size_t i = 0; i < CALLS; i++) {
        hash_of(calls[i].method, calls[i].member, calls[i].params, all[i]);
        for (size_t j = 0; j < i; j++)
            if (strcmp(all[i], all[j]) == 0)
                fail_msg("%zu and %zu have one hash", i, j);
    }
    hash_of("fs.write", "w", "{ \"text\" : \"b\", \"path\" : \"a\" }", other);
    assert_string_equal(other, all[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers),
        cmocka_unit_test(a_rate_raises),
        cmocka_unit_test(a_rate_may_block),
        cmocka_unit_test(many_members),
        cmocka_unit_test(many_capabilities),
        cmocka_unit_test(is_the_same),
        cmocka_unit_test(hashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
