/* The catalogue's rows on sessions with agents. Data. */
#include "core/hub/hub_private.h"

#include "core/hub/capabilities/capabilities_private.h"

#define SESSION ID("sessionId", "ID", "the session, or any unique beginning of its id")
#define WAIT                                                                                       \
    "wait":                                                                                        \
    {                                                                                              \
        "type" : "boolean", "default" : true, "description" : "wait for the end of the turn"       \
    }
#define TURN_TIMEOUT                                                                               \
    "timeout":                                                                                     \
    {                                                                                              \
        "type" : "number",                                                                         \
                 "minimum" : 0,                                                                    \
                 "maximum" : 604800,                                                               \
                 "description" : "stop waiting after so long; the turn goes on",                   \
                                 "x-value" : "SECONDS"                                             \
    }

#define ONE_SESSION "required" : ["sessionId"], "x-positional" : ["sessionId"]

static const enum err destroy_errors[] = {ERR_NOT_FOUND, ERR_AMBIGUOUS, ERR_BUSY, ERR_OK};
static const enum err create_errors[] = {ERR_NOT_FOUND, ERR_ENDED,   ERR_LIMIT,     ERR_EXEC,
                                         ERR_AGENT,     ERR_TIMEOUT, ERR_DISK_FULL, ERR_OK};
static const enum err drive_errors[] = {ERR_NOT_FOUND, ERR_AMBIGUOUS,  ERR_ENDED,
                                        ERR_STALE,     ERR_NOT_HOLDER, ERR_BUSY,
                                        ERR_AGENT,     ERR_TIMEOUT,    ERR_OK};
static const enum err answer_errors[] = {ERR_NOT_FOUND,  ERR_AMBIGUOUS, ERR_ENDED,   ERR_STALE,
                                         ERR_NOT_HOLDER, ERR_EXISTS,    ERR_INVALID, ERR_OK};
static const enum err wait_errors[] = {ERR_NOT_FOUND, ERR_AMBIGUOUS, ERR_AGENT, ERR_TIMEOUT,
                                       ERR_OK};
static const enum err suggest_errors[] = {ERR_NOT_FOUND, ERR_AMBIGUOUS, ERR_ENDED, ERR_LIMIT,
                                          ERR_OK};

#define OPENED(sentence)                                                                           \
    SCHEMA({                                                                                       \
        "type" : "object",                                                                         \
        "properties" : {                                                                           \
            "sessionId" : {"type" : "string"},                                                     \
            "agentType" : {"type" : "string"},                                                     \
            "name" : {"type" : "string"},                                                          \
            "workspace" : {"type" : "string"},                                                     \
            "state" : {"type" : "string"},                                                         \
            "capabilities" : {"type" : "object"},                                                  \
            "agentInfo" : {"type" : "object"}                                                      \
        },                                                                                         \
        "x-sentence" : sentence                                                                    \
    })
#define TURN_PROPERTIES                                                                            \
    "properties":                                                                                  \
    {                                                                                              \
        "text" : {"type" : "string"},                                                              \
                 "stopReason" : {"type" : "string"},                                               \
                                "turn" : {"type" : "integer"},                                     \
                                         "sequenceNumber":                                         \
        {                                                                                          \
            "type" : "integer"                                                                     \
        }                                                                                          \
    }
#define TURN_RESULT SCHEMA({"type" : "object", TURN_PROPERTIES, "x-text" : "text"})
/* Of what does not wait for the text. */
#define TURN_BEGUN                                                                                 \
    SCHEMA({                                                                                       \
        "type" : "object",                                                                         \
        TURN_PROPERTIES,                                                                           \
        "x-text" : "text",                                                                         \
        "x-sentence" : "Turn {turn} runs. To wait for its end: baton session wait {sessionId}"     \
    })

const struct capability agent_rows[] = {
    {"session", "create", "1.0", "Start a session with an agent",
     INPUT("properties"
           : {
               STRING("agent", 60, "AGENT", "which one; see: baton session agents"),
               WORKSPACE,
               STRING("cwd", 4000, "DIR", "the folder it works in; the workspace's when absent"),
               "env" : {
                   "type" : "array",
                   "maxItems" : 200,
                   "items" : {
                       "type" : "string",
                       "maxLength" : 100000,
                       "pattern" : "^[A-Za-z_][A-Za-z0-9_]*=",
                       "x-expects" : "NAME=VALUE"
                   },
                   "description" : "a variable for the agent",
                   "x-value" : "NAME=VALUE"
               },
               LABEL,
               STRING("instructions", 100000, "TEXT", "put before its first prompt"),
               STRING("mode", 200, "MODE", "the agent's mode from the start"),
               TIMEOUT(604800, 60, "how long the agent may take to start")
           },
             "required"
           : ["agent"], "x-positional"
           : ["agent"]),
     OPENED("{sessionId}: {agentType} is ready in {workspace}."), TIER_NOTIFY, ROLE_DRIVER,
     LANE_CONTROL, CAP_LONG | CAP_STARTS_HUB, create_errors, session_create},
    {"session", "prompt", "1.0", "Give an agent its next task, and wait for what it says",
     INPUT("properties"
           : {
               SESSION,
               "text" : {
                   "type" : "string",
                   "minLength" : 1,
                   "maxLength" : 1000000,
                   "x-stdin" : true,
                   "description" : "what to say"
               },
               "blocks" : {
                   "type" : "array",
                   "minItems" : 1,
                   "maxItems" : 100,
                   "items" : {
                       "type" : "object",
                       "properties" : {"type" : {"type" : "string"}},
                       "required" : ["type"],
                       "additionalProperties" : true
                   },
                   "description" : "the same as content blocks of ACP, instead of the text"
               },
               EPOCH,
               WAIT,
               TURN_TIMEOUT
           },
             "required"
           : ["sessionId"], "x-positional"
           : [ "sessionId", "text" ]),
     TURN_BEGUN, TIER_NOTIFY, ROLE_DRIVER, LANE_CONTROL,
     CAP_LONG | CAP_FOLLOW | CAP_STARTS_HUB | CAP_MCP, drive_errors, session_prompt},
    {"session", "wait", "1.0", "Wait for the end of an agent's turn",
     INPUT("properties"
           : {
               SESSION,
               "turn" : {
                   "type" : "integer",
                   "minimum" : 1,
                   "description" : "which one; the one that runs, or the last, when absent"
               },
               TURN_TIMEOUT
           },
             ONE_SESSION),
     TURN_RESULT, TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, CAP_LONG | CAP_STARTS_HUB | CAP_MCP,
     wait_errors, session_wait},
    {"session", "cancel", "1.0", "Stop an agent's turn",
     INPUT("properties"
           : {SESSION, EPOCH}, ONE_SESSION),
     SCHEMA({
         "type" : "object",
         "x-sentence" : "{cancelled?The agent is told to stop|No turn runs} in {sessionId}."
     }),
     TIER_NOTIFY, ROLE_DRIVER, LANE_CONTROL, CAP_STARTS_HUB, drive_errors, session_cancel},
    {"session", "list", "1.0", "List the sessions",
     INPUT("properties"
           : {WORKSPACE, SWITCH("all", "also those that are over")}),
     SCHEMA({
         "type" : "array",
         "items" : {
             "type" : "object",
             "properties" : {"openedAt" : {"type" : "integer", "x-unit" : "time-ms"}}
         },
         "x-columns" : [
             "sessionId", "workspace", "agentType", "name", "state", "holder", "pending", "turn",
             "title"
         ],
         "x-empty" : "No sessions. Start one with: baton session create AGENT"
     }),
     TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, CAP_STARTS_HUB | CAP_MCP, no_errors,
     session_list},
    {"session", "get", "1.0", "Show all that is known of a session",
     INPUT("properties"
           : {SESSION}, ONE_SESSION),
     SCHEMA({
         "type" : "object",
         "properties" : {
             "openedAt" : {"type" : "integer", "x-unit" : "time-ms"},
             "endedAt" : {"type" : "integer", "x-unit" : "time-ms"}
         }
     }),
     TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, CAP_STARTS_HUB | CAP_MCP, look_errors,
     session_get},
    {"session", "events", "1.0", "List a session's events after a number, from disk",
     INPUT("properties"
           : {
               SESSION,
               "since" : {
                   "type" : "integer",
                   "minimum" : 0,
                   "default" : 0,
                   "description" : "the last one that is known",
                   "x-value" : "N"
               },
               STRING("method", 100, "METHOD", "only of this method"),
               LIMIT(10000, 1000)
           },
             ONE_SESSION),
     SCHEMA({
         "type" : "array",
         "items" : {
             "type" : "object",
             "properties" : {
                 "sequenceNumber" : {"type" : "integer", "title" : "number"},
                 "timestamp" : {"type" : "integer", "x-unit" : "time-ms", "title" : "time"}
             }
         },
         "x-columns" : [ "sequenceNumber", "timestamp", "notification" ],
         "x-empty" : "No events."
     }),
     TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, CAP_FOLLOW | CAP_STARTS_HUB | CAP_MCP,
     look_errors, session_events},
    {"session", "permissions", "1.0", "List what agents wait to be allowed",
     INPUT("properties"
           : {SESSION, WORKSPACE}, "x-positional"
           : ["sessionId"]),
     SCHEMA({
         "type" : "array",
         "items" : {
             "type" : "object",
             "properties" :
                 {"requestedAt" : {"type" : "integer", "x-unit" : "time-ms", "title" : "since"}}
         },
         "x-columns" : [ "permissionId", "sessionId", "kind", "title", "requestedAt" ],
         "x-empty" : "No agent waits for an answer."
     }),
     TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, CAP_STARTS_HUB | CAP_SELF, look_errors,
     session_permissions},
    {"session", "answer", "1.0", "Answer what an agent asks: allow, always, reject or cancel",
     INPUT("properties"
           : {
               SESSION,
               ID("permissionId", "PERMISSION", "what is answered"),
               "answer" : {
                   "type" : "string",
                   "enum" : [ "allow", "always", "reject", "cancel" ],
                   "description" : "allow it once, always, reject it, or break off the question"
               },
               STRING("optionId", 1000, "OPTION", "this very option of the agent's"),
               "content" : {
                   "type" : "object",
                   "additionalProperties" : true,
                   "description" : "what was filled in, when the agent asked with a form"
               },
               STRING("reason", 1000, "TEXT", "why, for the others and the agent"),
               EPOCH
           },
             "required"
           : [ "sessionId", "permissionId", "answer" ], "x-positional"
           : [ "sessionId", "permissionId", "answer" ]),
     SCHEMA(
         {"type" : "object", "x-sentence" : "{permissionId}: {outcome}{name? (}{name}{name?)}."}),
     TIER_NOTIFY, ROLE_DRIVER, LANE_CONTROL, CAP_STARTS_HUB, answer_errors, session_answer_call},
    {"session", "suggest", "1.0", "Suggest a prompt to whoever drives a session",
     INPUT("properties"
           : {
               SESSION,
               "text" : {
                   "type" : "string",
                   "minLength" : 1,
                   "maxLength" : 100000,
                   "x-stdin" : true,
                   "description" : "what to say"
               }
           },
             "required"
           : ["sessionId"], "x-positional"
           : [ "sessionId", "text" ]),
     SCHEMA({"type" : "object", "x-sentence" : "{suggestionId} is suggested in {sessionId}."}),
     TIER_NOTIFY, ROLE_OBSERVER, LANE_CONTROL, CAP_STARTS_HUB | CAP_MCP, suggest_errors,
     session_suggest},
    {"session", "suggestions", "1.0", "List the prompts that others have suggested",
     INPUT("properties"
           : {SESSION, WORKSPACE}, "x-positional"
           : ["sessionId"]),
     SCHEMA({
         "type" : "array",
         "items" : {
             "type" : "object",
             "properties" : {"at" : {"type" : "integer", "x-unit" : "time-ms"}}
         },
         "x-columns" : [ "suggestionId", "sessionId", "by", "at", "text" ],
         "x-empty" : "Nothing is suggested."
     }),
     TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, CAP_STARTS_HUB | CAP_SELF, look_errors,
     session_suggestions},
    {"session", "accept", "1.0", "Prompt with what somebody suggested",
     INPUT("properties"
           : {SESSION, ID("suggestionId", "SUGGESTION", "which one"),
              STRING("text", 1000000, "TEXT", "what to say instead, when it was changed"), EPOCH,
              WAIT, TURN_TIMEOUT},
             "required"
           : [ "sessionId", "suggestionId" ], "x-positional"
           : [ "sessionId", "suggestionId" ]),
     TURN_BEGUN, TIER_NOTIFY, ROLE_DRIVER, LANE_CONTROL, CAP_LONG | CAP_STARTS_HUB, drive_errors,
     session_accept},
    {"session", "drop", "1.0", "Drop what somebody suggested; anybody may take back their own",
     INPUT("properties"
           : {SESSION, ID("suggestionId", "SUGGESTION", "which one"),
              STRING("reason", 1000, "TEXT", "why, for the one who suggested it"), EPOCH},
             "required"
           : [ "sessionId", "suggestionId" ], "x-positional"
           : [ "sessionId", "suggestionId" ]),
     SCHEMA({"type" : "object", "x-sentence" : "{suggestionId} is dropped."}), TIER_NOTIFY,
     ROLE_OBSERVER, LANE_CONTROL, CAP_STARTS_HUB, drive_errors, session_drop},
    {"session", "resume", "1.0", "Start the agent of a session that is over again, and go on",
     INPUT("properties"
           : {SESSION, TIMEOUT(604800, 60, "how long the agent may take to start")}, ONE_SESSION),
     OPENED("{sessionId}: {agentType} is ready again in {workspace}."), TIER_NOTIFY, ROLE_DRIVER,
     LANE_CONTROL, CAP_LONG | CAP_STARTS_HUB, create_errors, session_resume},
    {"session", "set-mode", "1.0", "Put an agent into another of its modes",
     INPUT("properties"
           : {SESSION, STRING("mode", 200, "MODE", "one of those that session get shows"), EPOCH,
              TIMEOUT(604800, 60, "how long the agent may take to answer")},
             "required"
           : [ "sessionId", "mode" ], "x-positional"
           : [ "sessionId", "mode" ]),
     SCHEMA({"type" : "object", "x-sentence" : "{sessionId} is in mode {mode}."}), TIER_NOTIFY,
     ROLE_DRIVER, LANE_CONTROL, CAP_LONG | CAP_STARTS_HUB, drive_errors, session_set_mode},
    {"session", "config", "1.0", "Show an agent's options, or set one",
     INPUT("properties"
           : {SESSION, STRING("option", 200, "OPTION", "which one"),
              STRING("value", 10000, "VALUE", "its new value; true or false for a switch"), EPOCH,
              TIMEOUT(604800, 60, "how long the agent may take to answer")},
             "required"
           : ["sessionId"], "x-positional"
           : [ "sessionId", "option", "value" ]),
     SCHEMA({
         "type" : "object",
         "x-table" : "configOptions",
         "x-columns" : [ "id", "name", "category", "currentValue" ],
         "x-empty" : "This agent has no options."
     }),
     TIER_NOTIFY, ROLE_DRIVER, LANE_CONTROL, CAP_LONG | CAP_STARTS_HUB, drive_errors,
     session_config},
    {"session", "rename", "1.0", "Give a session another name",
     INPUT("properties"
           : {SESSION, LABEL}, "required"
           : [ "sessionId", "name" ], "x-positional"
           : [ "sessionId", "name" ]),
     SCHEMA({"type" : "object", "x-sentence" : "{sessionId} is called {name} now."}), TIER_NOTIFY,
     ROLE_DRIVER, LANE_CONTROL, CAP_STARTS_HUB, look_errors, session_rename},
    {"session", "close", "1.0", "End a session and its agent; what was said stays",
     INPUT("properties"
           : {SESSION, EPOCH}, ONE_SESSION),
     SCHEMA({"type" : "object", "x-sentence" : "{sessionId} is {state}."}), TIER_NOTIFY,
     ROLE_DRIVER, LANE_CONTROL, CAP_STARTS_HUB, drive_errors, session_close},
    {"session", "destroy", "1.0", "End a session, and forget all that was said in it",
     INPUT("properties"
           : {SESSION, SWITCH("force", "do not ask")}, ONE_SESSION),
     SCHEMA({"type" : "object", "x-sentence" : "{sessionId} is forgotten."}), TIER_NOTIFY,
     ROLE_OWNER, LANE_CONTROL, CAP_ASKS | CAP_STARTS_HUB, destroy_errors, session_destroy},
    {"session", "agents", "1.0", "List the agents that sessions can be had with",
     INPUT("properties"
           : {}),
     SCHEMA({
         "type" : "array",
         "x-columns" : [ "name", "installed", "source", "command", "hint" ],
         "x-empty" : "No agents are known."
     }),
     TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, CAP_STARTS_HUB | CAP_SELF, no_errors,
     session_agents},
};

_Static_assert(sizeof agent_rows / sizeof *agent_rows == AGENT_ROWS, "every row is counted");
