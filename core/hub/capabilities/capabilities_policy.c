/* The catalogue's rows on the policy and on calls that wait for a human. Data. */
#include "core/hub/policy/approvals.h"

#include "core/hub/capabilities/capabilities_private.h"

#define APPROVAL_ID                                                                                \
    "approvalId":                                                                                  \
    {                                                                                              \
        "type" : "string",                                                                         \
                 "minLength" : 3,                                                                  \
                 "maxLength" : 31,                                                                 \
                 "pattern" : "^ap[0-9]+$",                                                         \
                             "x-expects" : "an approval's id, such as ap3",                        \
                                           "description" : "which call that waits"                 \
    }
#define HASH                                                                                       \
    "hash":                                                                                        \
    {                                                                                              \
        "type" : "string",                                                                         \
                 "pattern" : "^[0-9a-f]{64}$",                                                     \
                             "x-expects" : "the hash that approval show gave",                     \
                                           "description" : "refuse when it is not this"            \
    }
#define MOMENTS                                                                                    \
    "requestedAt" : {"type" : "integer", "x-unit" : "time-ms"}, "expiresAt":                       \
    {                                                                                              \
        "type" : "integer", "x-unit" : "time-ms"                                                   \
    }
#define FLAGS CAP_STARTS_HUB | CAP_SELF

static const enum err answer_errors[] = {ERR_NOT_FOUND, ERR_EXISTS, ERR_DENIED,
                                         ERR_ENDED,     ERR_STALE,  ERR_OK};
static const enum err show_errors[] = {ERR_NOT_FOUND, ERR_OK};
static const enum err watch_errors[] = {ERR_TIMEOUT, ERR_OK};
static const enum err explain_errors[] = {ERR_NOT_FOUND, ERR_DENIED, ERR_OK};

const struct capability policy_rows[POLICY_ROWS] = {
    {"policy", "list", "1.0", "List the rules in force", NO_INPUT, SCHEMA({
         "type" : "object",
         "properties" : {"rules" : {"type" : "array"}, "refused" : {"type" : "string"}},
         "x-table" : "rules",
         "x-columns" :
             [ "layer", "rule", "capability", "member", "kind", "workspace", "tier", "rate" ],
         "x-empty" : "No rules: each capability's own tier holds for agents."
     }),
     TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, FLAGS, no_errors, policy_list},
    {"policy", "explain", "1.0", "Which tier a capability has, and which rule decided",
     INPUT("properties"
           : {
               "capability" : {
                   "type" : "string",
                   "minLength" : 1,
                   "maxLength" : 120,
                   "description" : "such as fs.write"
               },
               "as" : {
                   "type" : "string",
                   "minLength" : 1,
                   "maxLength" : 63,
                   "pattern" : "^[A-Za-z0-9_.@-]+$",
                   "x-expects" : "a member's name",
                   "description" : "for whom; yourself when absent",
                   "x-value" : "MEMBER"
               },
               WORKSPACE
           },
             "required"
           : ["capability"], "x-positional"
           : ["capability"]),
     SCHEMA({
         "type" : "object",
         "x-sentence" : "{capability} for {member} ({kind}): {tier}, by {why}."
     }),
     TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, FLAGS | CAP_MCP, explain_errors, policy_explain},
    {"policy", "tiers", "1.0", "What is blocked and what waits for approval, for the caller",
     INPUT("properties"
           : {WORKSPACE}),
     SCHEMA({"type" : "object"}), TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL,
     CAP_INTERNAL | CAP_SELF, no_errors, policy_tiers},
    {"policy", "next", "1.0", "Wait until what the caller can call may be another",
     INPUT("properties"
           : {
               "since" :
                   {"type" : "string", "maxLength" : 63, "description" : "as it was told last"}
           }),
     SCHEMA({"type" : "object"}), TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL,
     CAP_INTERNAL | CAP_LONG | CAP_SELF, no_errors, policy_next},
    {"approval", "list", "1.0", "List the calls that wait for a human",
     INPUT("properties"
           : {WORKSPACE, SWITCH("all", "those that are answered too")}),
     SCHEMA({
         "type" : "array",
         "items" : {"type" : "object", "properties" : {MOMENTS}},
         "x-columns" : [ "approvalId", "state", "by", "workspace", "expiresAt", "summary" ],
         "x-empty" : "Nothing waits for approval."
     }),
     TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, FLAGS, no_errors, approval_list},
    {"approval", "show", "1.0", "Show the whole of a call that waits",
     INPUT("properties"
           : {APPROVAL_ID}, "required"
           : ["approvalId"], "x-positional"
           : ["approvalId"]),
     SCHEMA({"type" : "object", "x-text" : "text"}), TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL,
     FLAGS, show_errors, approval_show},
    {"approval", "accept", "1.0", "Let a call that waits run, once, as it was shown",
     INPUT("properties"
           : {APPROVAL_ID, HASH}, "required"
           : ["approvalId"], "x-positional"
           : ["approvalId"]),
     SCHEMA({"type" : "object", "x-sentence" : "{approvalId} is accepted: {summary}"}),
     TIER_AUTONOMOUS, ROLE_DRIVER, LANE_CONTROL, FLAGS, answer_errors, approval_accept},
    {"approval", "reject", "1.0", "Refuse a call that waits",
     INPUT("properties"
           : {APPROVAL_ID, HASH, STRING("reason", 2000, "TEXT", "what its caller is told")},
             "required"
           : ["approvalId"], "x-positional"
           : ["approvalId"]),
     SCHEMA({"type" : "object", "x-sentence" : "{approvalId} is rejected: {summary}"}),
     TIER_AUTONOMOUS, ROLE_DRIVER, LANE_CONTROL, FLAGS, answer_errors, approval_reject},
    {"approval", "watch", "1.0",
     "Show the next call that waits for a human; with --follow, each one",
     INPUT("properties"
           : {
               "since" : {
                   "type" : "string",
                   "pattern" : "^ap[0-9]+$",
                   "maxLength" : 31,
                   "x-expects" : "an approval's id, such as ap3",
                   "description" : "only those behind this one"
               },
               "timeout" : {
                   "type" : "number",
                   "minimum" : 0,
                   "maximum" : 86400,
                   "description" : "give up after so long in all; wait for ever when absent",
                   "x-value" : "SECONDS"
               }
           }),
     SCHEMA({"type" : "object", "x-sentence" : "{approvalId} of {by}: {summary}"}), TIER_AUTONOMOUS,
     ROLE_OBSERVER, LANE_CONTROL, CAP_LONG | CAP_FOLLOW | FLAGS, watch_errors, approval_watch},
};
