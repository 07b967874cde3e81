/* Rules, and what follows from them; see the header. */
#include "core/catalogue/policy.h"
#include "core/base/config_policy.h"
#include "core/base/glob.h"
#include "core/base/json.h"
#include "core/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS   256
#define KNOWN_MAX 4096 /* capabilities that are remembered; beyond, all is forgotten */
#define CALLER_MAX                                                                                 \
    512 /* members that one rate counts at a time; then the one longest silent goes */

static const char *const tier_names[] = {"autonomous", "notify", "approval", "blocked"};

const char *tier_name(enum tier tier)
{
    return (unsigned)tier < sizeof tier_names / sizeof *tier_names ? tier_names[tier] : "?";
}

bool tier_from_name(const char *name, enum tier *ret)
{
    for (size_t i = 0; i < sizeof tier_names / sizeof *tier_names; i++)
        if (strcmp(tier_names[i], name) == 0) {
            *ret = (enum tier)i;
            return true;
        }
    return false;
}

/* The calls of one member that a rate counts: a ring of times, the oldest at `first`. */
struct counter {
    struct counter *next;
    int64_t *at;
    size_t first, count;
    char member[64];
};

struct rule {
    int number;                            /* from 1, within its layer */
    char *group;                           /* NULL: of the hub */
    char *capability, *member, *workspace; /* globs; NULL: any */
    enum { ANY_KIND, AGENTS, HUMANS } kind;
    enum tier tier; /* autonomous when it has a rate only */
    size_t rate;    /* 0: none */
    int64_t per_us;
    enum tier raised;
    char *shown_per;
    struct counter *counters; /* who called last is first */
};

struct known { /* a capability, and the rules that can be about it */
    struct known *next;
    char *method;
    size_t count;
    size_t rules[];
};

struct policy {
    char *text; /* as JSON, to know it again */
    struct rule *rules;
    size_t count, known_count;
    struct known *known[BUCKETS];
};

/* --- reading -----------------------------------------------------------------------------------
 */

static char *copy(const cJSON *rule, const char *key)
{
    const char *text = json_string(rule, key, NULL);
    return text ? mem_strdup(text) : NULL;
}

static void read_rate(struct rule *r, const cJSON *rate)
{
    const cJSON *per = json_get(rate, "per");
    const int64_t ms = config_policy_per(per);
    r->rate = (size_t)json_int(rate, "count", 1);
    r->per_us = (ms > 0 ? ms : 1000) * 1000;
    r->raised = TIER_APPROVAL;
    tier_from_name(json_string(rate, "tier", "approval"), &r->raised);
    r->shown_per = cJSON_IsString(per) ? mem_strdup(per->valuestring)
                                       : mem_printf("%llds", (long long)(r->per_us / 1000000));
}

static void read_rules(struct policy *p, const cJSON *list, const char *group)
{
    const cJSON *one;
    int number = 0;
    cJSON_ArrayForEach(one, list)
    {
        const char *kind = json_string(one, "kind", "");
        p->rules = mem_reallocarray(p->rules, p->count + 1, sizeof *p->rules);
        struct rule *r = &p->rules[p->count++];
        *r = (struct rule){.number = ++number,
                           .group = group ? mem_strdup(group) : NULL,
                           .capability = copy(one, "capability"),
                           .member = copy(one, "member"),
                           .workspace = copy(one, "workspace"),
                           .kind = strcmp(kind, "agent") == 0   ? AGENTS
                                   : strcmp(kind, "human") == 0 ? HUMANS
                                                                : ANY_KIND};
        tier_from_name(json_string(one, "tier", "autonomous"), &r->tier);
        if (json_get(one, "rate"))
            read_rate(r, json_get(one, "rate"));
    }
}

static char *as_text(const cJSON *json)
{
    return json ? json_print(json) : mem_strdup("{}");
}

struct policy *policy_create(const cJSON *json)
{
    struct policy *p = mem_zalloc(sizeof *p);
    const cJSON *group;
    p->text = as_text(json);
    read_rules(p, json_get(json, "rules"), NULL);
    cJSON_ArrayForEach(group, json_get(json, "groups"))
        read_rules(p, json_get(group, "rules"), group->string);
    return p;
}

static void forget_known(struct policy *p)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct known *k = p->known[i], *next; k; k = next) {
            next = k->next;
            free(k->method);
            free(k);
        }
        p->known[i] = NULL;
    }
    p->known_count = 0;
}

static void rule_finish(struct rule *r)
{
    for (struct counter *c = r->counters, *next; c; c = next) {
        next = c->next;
        free(c->at);
        free(c);
    }
    free(r->group);
    free(r->capability);
    free(r->member);
    free(r->workspace);
    free(r->shown_per);
}

void policy_destroy(struct policy *p)
{
    if (!p)
        return;
    forget_known(p);
    for (size_t i = 0; i < p->count; i++)
        rule_finish(&p->rules[i]);
    free(p->rules);
    free(p->text);
    free(p);
}

bool policy_empty(const struct policy *p)
{
    return p->count == 0;
}

bool policy_same(const struct policy *p, const cJSON *json)
{
    char *text = as_text(json);
    const bool same = strcmp(text, p->text) == 0;
    free(text);
    return same;
}

/* --- deciding ----------------------------------------------------------------------------------
 */

static size_t bucket_of(const char *method)
{
    size_t hash = 5381;
    for (; *method; method++)
        hash = hash * 33 + (unsigned char)*method;
    return hash % BUCKETS;
}

static const struct known *rules_about(struct policy *p, const char *method)
{
    struct known **at = &p->known[bucket_of(method)];
    for (struct known *k = *at; k; k = k->next)
        if (strcmp(k->method, method) == 0)
            return k;
    if (p->known_count == KNOWN_MAX)
        forget_known(p);
    struct known *k = mem_zalloc(sizeof *k + p->count * sizeof *k->rules);
    for (size_t i = 0; i < p->count; i++)
        if (glob_match(p->rules[i].capability, method))
            k->rules[k->count++] = i;
    k->method = mem_strdup(method);
    k->next = *at;
    *at = k;
    p->known_count++;
    return k;
}

/* Is the rule about this asker? A human is meant only by a rule that says so. */
static bool is_about(const struct rule *r, const struct policy_asker *a)
{
    if (r->group && strcmp(r->group, a->group) != 0)
        return false;
    if (r->kind != ANY_KIND && (r->kind == HUMANS) != a->human)
        return false;
    if (a->human && r->kind == ANY_KIND && !r->member && !r->group)
        return false;
    return (!r->member || glob_match(r->member, a->member)) &&
           (!r->workspace || glob_match(r->workspace, a->workspace));
}

static struct counter *counter_of(struct rule *r, const char *member, bool make)
{
    struct counter **at = &r->counters, *c;
    size_t n = 1;
    while (*at && strcmp((*at)->member, member) != 0 && n < CALLER_MAX) {
        at = &(*at)->next;
        n++;
    }
    c = *at;
    if (!make)
        return c && strcmp(c->member, member) == 0 ? c : NULL;
    if (c) {
        *at = c->next;
    } else {
        c = mem_zalloc(sizeof *c);
        c->at = mem_calloc(r->rate, sizeof *c->at);
    }
    if (strcmp(c->member, member) != 0) { /* a new one, or the one longest silent */
        snprintf(c->member, sizeof c->member, "%s", member);
        c->count = 0;
    }
    c->next = r->counters;
    r->counters = c;
    return c;
}

static bool exceeded(struct rule *r, const char *member, int64_t now_us)
{
    struct counter *c = counter_of(r, member, false);
    while (c && c->count && now_us - c->at[c->first] >= r->per_us) {
        c->first = (c->first + 1) % r->rate;
        c->count--;
    }
    return c && c->count >= r->rate;
}

static void count_call(struct rule *r, const char *member, int64_t now_us)
{
    struct counter *c = counter_of(r, member, true);
    if (c->count == r->rate) {
        c->first = (c->first + 1) % r->rate;
        c->count--;
    }
    c->at[(c->first + c->count++) % r->rate] = now_us;
}

static void say(const struct rule *r, bool raised, struct policy_verdict *v)
{
    char more[100] = "";
    if (raised)
        snprintf(more, sizeof more, ": more than %zu in %.20s", r->rate, r->shown_per);
    snprintf(v->why, sizeof v->why, "rule %d of %s%.64s (%.80s)%s", r->number,
             r->group ? "the group " : "the hub", r->group ? r->group : "", r->capability, more);
}

void policy_decide(struct policy *p, const char *method, enum tier own,
                   const struct policy_asker *asker, int64_t now_us, bool counts,
                   struct policy_verdict *ret)
{
    const struct known *k = p->count ? rules_about(p, method) : NULL;
    ret->tier = asker->human ? TIER_AUTONOMOUS : own;
    snprintf(ret->why, sizeof ret->why, "%s",
             asker->human ? "no rule names this human" : "the capability's own tier");
    for (size_t i = 0; k && i < k->count; i++) {
        struct rule *r = &p->rules[k->rules[i]];
        if (!is_about(r, asker))
            continue;
        const bool over = r->rate && r->raised > r->tier && exceeded(r, asker->member, now_us);
        const enum tier tier = over ? r->raised : r->tier;
        if (tier > ret->tier) {
            ret->tier = tier;
            say(r, over, ret);
        }
    }
    /* What a human lets through is no part of a rate, what is refused is not either. */
    for (size_t i = 0; counts && k && i < k->count && ret->tier < TIER_APPROVAL; i++) {
        struct rule *r = &p->rules[k->rules[i]];
        if (r->rate && is_about(r, asker))
            count_call(r, asker->member, now_us);
    }
}

/* --- telling -----------------------------------------------------------------------------------
 */

static void add(cJSON *o, const char *key, const char *text)
{
    if (text)
        cJSON_AddStringToObject(o, key, text);
}

static int matches(const struct rule *r, const struct catalogue *c)
{
    char method[160];
    int n = 0;
    for (size_t i = 0; i < c->count; i++) {
        snprintf(method, sizeof method, "%s.%s", c->rows[i]->group, c->rows[i]->name);
        n += glob_match(r->capability, method);
    }
    return n;
}

cJSON *policy_describe(const struct policy *p, const struct catalogue *c)
{
    cJSON *list = cJSON_CreateArray();
    char text[160];
    for (size_t i = 0; i < p->count; i++) {
        const struct rule *r = &p->rules[i];
        cJSON *o = cJSON_CreateObject();
        snprintf(text, sizeof text, "group %s", r->group ? r->group : "");
        cJSON_AddStringToObject(o, "layer", r->group ? text : "hub");
        json_add_int(o, "rule", r->number);
        add(o, "capability", r->capability);
        add(o, "member", r->member);
        add(o, "kind", r->kind == HUMANS ? "human" : r->kind == AGENTS ? "agent" : NULL);
        add(o, "workspace", r->workspace);
        cJSON_AddStringToObject(o, "tier", tier_name(r->tier));
        if (r->rate) {
            snprintf(text, sizeof text, "%zu in %.20s, then %s", r->rate, r->shown_per,
                     tier_name(r->raised));
            cJSON_AddStringToObject(o, "rate", text);
        }
        json_add_int(o, "matches", matches(r, c));
        cJSON_AddItemToArray(list, o);
    }
    return list;
}
