/* The rules of `policy`, checked key by key. Which capabilities there are is not asked here: users
 * add some, and a rule may be there before the binding that it is about. Pure; any thread. */
#include "core/base/config_policy.h"
#include "core/base/duration.h"
#include "core/base/json.h"

#include <stdio.h>
#include <string.h>

#define RULES_MAX 1000
#define LETTERS   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static bool made_of(const cJSON *v, const char *letters, size_t most)
{
    const char *s = cJSON_IsString(v) ? v->valuestring : "";
    const size_t n = strspn(s, letters);
    return n >= 1 && n <= most && s[n] == '\0';
}

static bool one_of(const cJSON *v, const char *const *words)
{
    for (; cJSON_IsString(v) && *words; words++)
        if (strcmp(v->valuestring, *words) == 0)
            return true;
    return false;
}

static const char *must_capability(const cJSON *v)
{
    return made_of(v, "abcdefghijklmnopqrstuvwxyz0123456789-._*?[]!", 80)
               ? NULL
               : "must be a capability or a pattern of some, such as \"fs.*\"";
}

static const char *must_member(const cJSON *v)
{
    return made_of(v, LETTERS "_.@-*?[]!", 80) ? NULL
                                               : "must be a member's name or a pattern of some";
}

static const char *must_kind(const cJSON *v)
{
    static const char *const words[] = {"agent", "human", NULL};
    return one_of(v, words) ? NULL : "must be \"agent\" or \"human\"";
}

static const char *must_tier(const cJSON *v)
{
    static const char *const words[] = {"autonomous", "notify", "approval", "blocked", NULL};
    return one_of(v, words) ? NULL : "must be autonomous, notify, approval or blocked, in quotes";
}

static const char *must_object(const cJSON *v)
{
    return cJSON_IsObject(v) ? NULL : "must be an object";
}

static const char *must_count(const cJSON *v)
{
    return cJSON_IsNumber(v) && v->valuedouble >= 1 && v->valuedouble <= POLICY_RATE_MAX &&
                   (double)(int)v->valuedouble == v->valuedouble
               ? NULL
               : "must be a whole number, 1 to 10000";
}

int64_t config_policy_per(const cJSON *per)
{
    int64_t ms = -1;
    if (cJSON_IsNumber(per) && per->valuedouble >= 1 &&
        per->valuedouble <= (double)POLICY_PER_MAX_MS / 1000 &&
        (double)(int64_t)per->valuedouble == per->valuedouble)
        return (int64_t)per->valuedouble * 1000;
    return cJSON_IsString(per) && duration_parse(per->valuestring, &ms) == ERR_OK &&
                   ms <= POLICY_PER_MAX_MS
               ? ms
               : -1;
}

static const char *must_per(const cJSON *v)
{
    return config_policy_per(v) > 0 ? NULL : "must be such as \"1m\" or \"1h\", at most 7 days";
}

static const struct config_key rule_keys[] = {
    {"capability", must_capability}, {"member", must_member}, {"kind", must_kind},
    {"workspace", must_member},      {"tier", must_tier},     {"rate", must_object},
};
static const struct config_key rate_keys[] = {
    {"count", must_count},
    {"per", must_per},
    {"tier", must_tier},
};

#define RULE_UNKNOWN "is not known; a rule has capability, member, kind, workspace, tier and rate"
#define RATE_UNKNOWN "is not known; a rate has count, per and tier"

/* Where one is, and what that is called. */
struct place {
    struct config_wrong *w;
    int depth;
    char name[120];
};

static bool tell(const struct place *p, const char *key, const char *says)
{
    p->w->depth = p->depth;
    snprintf(p->w->name, sizeof p->w->name, "%s%s%.30s", p->name, *key && *p->name ? "." : "", key);
    snprintf(p->w->says, sizeof p->w->says, "%s", says);
    return true;
}

/* The keys of one object; true when one of them is wrong. */
static bool keys_wrong(struct place *p, const cJSON *object, const struct config_key *keys,
                       size_t count, const char *unknown)
{
    const cJSON *v;
    const char *says;
    p->w->path[p->depth++] = -1;
    cJSON_ArrayForEach(v, object)
    {
        p->w->path[p->depth - 1]++;
        if ((says = config_key_wrong(object, v, keys, count, unknown)))
            return tell(p, v->string, says);
    }
    p->depth--;
    return false;
}

/* Goes down into a key of an object that is there. */
static void enter(struct place *p, const cJSON *object, const char *key)
{
    const cJSON *v;
    const size_t n = strlen(p->name);
    p->w->path[p->depth] = 0;
    cJSON_ArrayForEach(v, object)
    {
        if (strcmp(v->string, key) == 0)
            break;
        p->w->path[p->depth]++;
    }
    p->depth++;
    snprintf(p->name + n, sizeof p->name - n, "%s%.64s", n ? "." : "", key);
}

static bool rate_wrong(struct place p, const cJSON *rule, const cJSON *rate)
{
    enter(&p, rule, "rate");
    if (keys_wrong(&p, rate, rate_keys, sizeof rate_keys / sizeof *rate_keys, RATE_UNKNOWN))
        return true;
    return !json_get(rate, "count") || !json_get(rate, "per")
               ? tell(&p, "", "needs a count and a per")
               : false;
}

static bool rule_wrong(struct place p, const cJSON *rule)
{
    const cJSON *rate = json_get(rule, "rate");
    if (!cJSON_IsObject(rule))
        return tell(&p, "", "must be an object");
    if (keys_wrong(&p, rule, rule_keys, sizeof rule_keys / sizeof *rule_keys, RULE_UNKNOWN))
        return true;
    if (!json_get(rule, "capability"))
        return tell(&p, "", "needs a capability, such as \"fs.*\"");
    if (!rate && !json_get(rule, "tier"))
        return tell(&p, "", "needs a tier or a rate");
    return rate ? rate_wrong(p, rule, rate) : false;
}

static bool rules_wrong(struct place p, const cJSON *object, const cJSON *rules)
{
    const cJSON *rule;
    enter(&p, object, "rules");
    if (!cJSON_IsArray(rules) || cJSON_GetArraySize(rules) > RULES_MAX)
        return tell(&p, "", "must be a list of rules, at most 1000");
    int i = 0;
    cJSON_ArrayForEach(rule, rules)
    {
        struct place at = p;
        const size_t n = strlen(at.name);
        at.w->path[at.depth++] = i;
        snprintf(at.name + n, sizeof at.name - n, "[%d]", i++);
        if (rule_wrong(at, rule))
            return true;
    }
    return false;
}

static const char *must_list(const cJSON *v)
{
    return cJSON_IsArray(v) ? NULL : "must be a list of rules, at most 1000";
}

static bool group_wrong(struct place p, const cJSON *groups, const cJSON *group)
{
    static const struct config_key keys[] = {{"rules", must_list}};
    const cJSON name = {.type = cJSON_String, .valuestring = group->string};
    enter(&p, groups, group->string);
    if (!made_of(&name, LETTERS "_.-", 63))
        return tell(&p, "", "must be a group's name: letters, digits, _ . and -");
    if (json_get(groups, group->string) != group)
        return tell(&p, "", "is there twice");
    if (!cJSON_IsObject(group))
        return tell(&p, "", "must be an object of {\"rules\": [...]}");
    if (keys_wrong(&p, group, keys, 1, "is not known; a group has rules"))
        return true;
    const cJSON *rules = json_get(group, "rules");
    return rules ? rules_wrong(p, group, rules) : false;
}

bool config_policy_wrong(const cJSON *policy, struct config_wrong *w)
{
    static const struct config_key keys[] = {{"rules", must_list}, {"groups", must_object}};
    struct place p = {.w = w};
    const cJSON *group, *rules = json_get(policy, "rules"), *groups = json_get(policy, "groups");
    if (keys_wrong(&p, policy, keys, 2, "is not known; there are rules and groups"))
        return true;
    if (rules && rules_wrong(p, policy, rules))
        return true;
    if (groups)
        enter(&p, policy, "groups");
    cJSON_ArrayForEach(group, groups) if (group_wrong(p, groups, group)) return true;
    return false;
}
