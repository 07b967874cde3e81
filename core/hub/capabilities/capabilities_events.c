/* The catalogue's rows on events, and on who is attached and looks at what. Data. */
#include "core/hub/hub_private.h"

#include "core/hub/capabilities/capabilities_private.h"

/* Which events: those after an id, and only some. */
#define WANTED                                                                                     \
    "id" : {                                                                                       \
        "type" : "integer",                                                                        \
        "minimum" : 0,                                                                             \
        "default" : 0,                                                                             \
        "description" : "the last one that is known"                                               \
    },                                                                                             \
           WORKSPACE,                                                                              \
           "kind" : {"type" : "string", "maxLength" : 60, "description" : "only of this kind"},    \
                    "target":                                                                      \
    {                                                                                              \
        "type" : "string", "maxLength" : 60, "description" : "only of this shell"                  \
    }
/* What a line about an event has room for, of all that its data may have. */
#define ABOUT_EVENTS                                                                               \
    "{data.title}", "{data.description}", "{data.message}", "{data.text}", "{data.subject}",       \
        "{data.name}", "{data.member}", "{data.capability}", "{data.group}", "{data.file}",        \
        "{data.state}", "{data.event.params.prompt.0.text}",                                       \
        "{data.event.params.update.content.text}", "{data.event.params.update.title}",             \
        "{data.event.params.update.sessionUpdate}", "{data.event.params.title}",                   \
        "{data.event.params.name}", "{data.event.params.text}", "{data.event.params.state}",       \
        "{data.event.params.stopReason}", "{data.event.method}", "exit {data.exitCode}",           \
        "from {data.from}", "to {data.to}", "{data.reason}", "in {workspace}"
#define EVENTS_SCHEMA                                                                              \
    SCHEMA({                                                                                       \
        "type" : "object",                                                                         \
        "x-table" : "events",                                                                      \
        "x-empty" : "No events.",                                                                  \
        "x-columns" : [ "id", "time", "kind", "who", "target", "what" ],                           \
        "properties" : {                                                                           \
            "events" : {                                                                           \
                "type" : "array",                                                                  \
                "items" : {                                                                        \
                    "type" : "object",                                                             \
                    "properties" : {                                                               \
                        "time" : {"type" : "string", "x-unit" : "time-text"},                      \
                        "data" : {"properties" : {"exitCode" : {"x-unit" : "exit"}}},              \
                        "what" : {"x-brief" : [ABOUT_EVENTS]}                                      \
                    }                                                                              \
                }                                                                                  \
            },                                                                                     \
            "head" : {"type" : "integer"}                                                          \
        }                                                                                          \
    })

static const enum err wait_errors[] = {ERR_NOT_FOUND, ERR_AMBIGUOUS, ERR_TIMEOUT, ERR_OK};

const struct capability event_rows[EVENT_ROWS] = {
    {"events", "since", "1.0", "List events after an id, from disk",
     INPUT("properties"
           : {WANTED, LIMIT(10000, 1000)}, "x-positional"
           : ["id"]),
     EVENTS_SCHEMA, TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, CAP_STARTS_HUB | CAP_MCP,
     no_errors, events_since},
    {"events", "next", "1.0", "Wait for the events after an id",
     INPUT("properties"
           : {
               WANTED,
               "wait" : {
                   "type" : "integer",
                   "minimum" : 0,
                   "maximum" : 86400000,
                   "default" : 30000,
                   "description" : "milliseconds",
                   "x-value" : "MS"
               },
               LIMIT(10000, 1000)
           },
             "x-positional"
           : ["id"]),
     EVENTS_SCHEMA, TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL,
     CAP_LONG | CAP_STARTS_HUB | CAP_MCP, wait_errors, events_next},
    {"events", "follow", "1.0", "Show events as they happen, one JSON object a line",
     INPUT("properties"
           : {
               "id" : {
                   "type" : "integer",
                   "minimum" : 0,
                   "description" : "begin after this one; now when absent"
               },
               WORKSPACE,
               "kind" : {"type" : "string", "maxLength" : 60, "description" : "only of this kind"}
           }),
     SCHEMA({"type" : "object"}), TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CLIENT,
     CAP_LONG | CAP_STARTS_HUB, no_errors, NULL},

    {"member", "list", "1.0", "List who is attached, and what they look at",
     INPUT("properties"
           : {WORKSPACE}),
     SCHEMA({
         "type" : "array",
         "x-columns" : [ "member", "kind", "client", "workspace", "looking", "cols", "rows" ]
     }),
     TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, CAP_STARTS_HUB | CAP_MCP, no_errors,
     member_list},
    {"member", "look", "1.0", "Tell what this client looks at",
     INPUT("properties"
           : {WORKSPACE, "target" : {"type" : "string", "maxLength" : 60}, ROWS, COLS}, "required"
           : ["workspace"]),
     SCHEMA({"type" : "object"}), TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, CAP_INTERNAL,
     no_errors, member_look},
    {"layout", "get", "1.0", "The layout that this member had in a workspace",
     INPUT("properties"
           : {WORKSPACE}, "required"
           : ["workspace"]),
     SCHEMA({"type" : "object"}), TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, CAP_INTERNAL,
     no_errors, layout_get},
    {"layout", "put", "1.0", "Keep this member's layout of a workspace",
     INPUT("properties"
           : {WORKSPACE, "layout" : {"type" : [ "object", "null" ], "additionalProperties" : true}},
             "required"
           : [ "workspace", "layout" ]),
     SCHEMA({"type" : "object"}), TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, CAP_INTERNAL,
     no_errors, layout_put},
};
