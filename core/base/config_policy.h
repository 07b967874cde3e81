/* `policy` of the configuration: which rules are right. Pure; any thread.
 *
 * A rule is {"capability": GLOB, "member"?: GLOB, "kind"?: "agent" or "human", "workspace"?: GLOB,
 * "tier"?: TIER, "rate"?: {"count": N, "per": SPAN, "tier"?: TIER}}, with a tier or a rate. */
#ifndef BATON_BASE_CONFIG_POLICY_H
#define BATON_BASE_CONFIG_POLICY_H

#include "core/base/config_wrong.h"

#include <stdint.h>

#define POLICY_RATE_MAX   10000                       /* calls that a rate counts up to */
#define POLICY_PER_MAX_MS (INT64_C(7) * 24 * 3600000) /* a week */

/* The first thing that is wrong: true, and w says it. */
bool config_policy_wrong(const cJSON *policy, struct config_wrong *w);

/* The milliseconds of a rate's `per`: "1m", or whole seconds; -1 when it is neither. */
int64_t config_policy_per(const cJSON *per);

#endif
