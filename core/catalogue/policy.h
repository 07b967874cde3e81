/* Which tier a call has: autonomous runs, notify runs and tells the humans, approval waits for one,
 * blocked is refused and not listed. Three layers have a say, and the strictest of them wins: the
 * capability's own tier, the hub's rules, the rules of the member's policy group. Within a layer
 * the strictest rule wins, the first of several. A rate raises the tier of the calls behind its
 * count.
 *
 * The capability's own tier is for agents. Humans are held by rules alone, and only by those that
 * name them: by `member`, by `kind`, or by their group.
 *
 * Pure: no clock, no I/O. One thread at a time (core/hub/gate.c has a lock). Which rules can be
 * about a capability is found out once for each and remembered. */
#ifndef BATON_CATALOGUE_POLICY_H
#define BATON_CATALOGUE_POLICY_H

#include "core/catalogue/catalogue.h"

#include <cjson/cJSON.h>
#include <stdint.h>

struct policy;

/* Who calls, and where; borrowed texts, "" for no group and no workspace. */
struct policy_asker {
    const char *member, *group, *workspace;
    bool human;
};

struct policy_verdict {
    enum tier tier;
    char why[320]; /* which rule decided, safe to print, such as "rule 2 of the hub, fs.*" */
};

/* Takes `policy` of a configuration that was checked (core/base/config_policy.h); NULL has no
 * rules. The JSON is not kept. */
struct policy *policy_create(const cJSON *json);
void policy_destroy(struct policy *p);

/* No rule at all: the capability's own tier decides. */
bool policy_empty(const struct policy *p);
/* Says it the same as p does. */
bool policy_same(const struct policy *p, const cJSON *json);

/* Decides about one call of `method` ("group.name") whose own tier is `own`. counts: it is a call
 * (and is counted by rates, if it comes through without a human), not a question about one. now_us
 * never steps back. */
void policy_decide(struct policy *p, const char *method, enum tier own,
                   const struct policy_asker *asker, int64_t now_us, bool counts,
                   struct policy_verdict *ret);

/* The rules, in their order: [{layer: "hub" or "group G", rule, capability, member?, kind?,
 * workspace?, tier?, rate?, matches}]; matches: capabilities of the catalogue that it is about. */
cJSON *policy_describe(const struct policy *p, const struct catalogue *c);

/* What an approval is for: one capability, one member, exactly these params. Equal for objects
 * whose members differ in order only. out gets 65 bytes, hexadecimal digits. */
#define POLICY_HASH 65
void policy_hash(const char *method, const char *member, const cJSON *params,
                 char out[POLICY_HASH]);

const char *tier_name(enum tier tier);
bool tier_from_name(const char *name, enum tier *ret);

#endif
