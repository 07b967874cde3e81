/* The catalogue's rows on the baton, members and invitations. Data. */
#include "core/hub/hub_private.h"

#include "core/hub/capabilities/capabilities_private.h"

#define TARGET           ID("target", "TARGET", "the shell, or any unique beginning of its id")
#define TEXT(name, text) STRING(name, 300, "TEXT", text)
#define SECONDS          TIMEOUT(86400, 30, "how long to wait")
#define MEMBER(name, text)                                                                         \
    name : {                                                                                       \
        "type" : "string",                                                                         \
                 "minLength" : 1,                                                                  \
                 "maxLength" : 63,                                                                 \
                 "pattern" : "^[A-Za-z0-9_.@-]+$",                                                 \
                             "x-expects" : "a member's name",                                      \
                                           "description" : text,                                   \
                                                           "x-value" : "MEMBER"                    \
    }
#define KEY_TEXT "type" : "string", "maxLength" : 63, "pattern" : "^[A-Za-z0-9][A-Za-z0-9_.-]*$"

static const enum err baton_errors[] = {ERR_NOT_FOUND, ERR_AMBIGUOUS, ERR_ENDED, ERR_NOT_HOLDER,
                                        ERR_BUSY,      ERR_EXISTS,    ERR_LIMIT, ERR_OK};
static const enum err request_errors[] = {ERR_NOT_FOUND, ERR_AMBIGUOUS, ERR_ENDED, ERR_NOT_HOLDER,
                                          ERR_LIMIT,     ERR_TIMEOUT,   ERR_OK};
static const enum err not_found[] = {ERR_NOT_FOUND, ERR_OK};
static const enum err invite_errors[] = {ERR_NOT_FOUND, ERR_EXISTS, ERR_OK};

#define ONE_TARGET "required" : ["target"], "x-positional" : ["target"]
#define STEP(sentence)                                                                             \
    SCHEMA({                                                                                       \
        "type" : "object",                                                                         \
        "properties" : {                                                                           \
            "target" : {"type" : "string"},                                                        \
            "outcome" : {"type" : "string"},                                                       \
            "holder" : {"type" : "string"},                                                        \
            "epoch" : {"type" : "integer"},                                                        \
            "place" : {"type" : "integer"}                                                         \
        },                                                                                         \
        "x-sentence" : sentence                                                                    \
    })

const struct capability people_rows[] = {
    {"baton", "take", "1.0", "Take the baton without asking: from an agent, or as the owner",
     INPUT("properties"
           : {TARGET, TEXT("note", "why, for the one who had it")}, ONE_TARGET),
     STEP("{holder} drives {target}."), TIER_NOTIFY, ROLE_DRIVER, LANE_CONTROL,
     CAP_STARTS_HUB | CAP_MCP, baton_errors, baton_take},
    {"baton", "request", "1.0", "Ask for the baton: granted at once when it is free",
     INPUT("properties"
           : {TARGET, TEXT("note", "what for"), SWITCH("wait", "wait for the answer"), SECONDS},
             ONE_TARGET),
     STEP("{target}: {outcome}; {holder} drives."), TIER_NOTIFY, ROLE_DRIVER, LANE_CONTROL,
     CAP_LONG | CAP_STARTS_HUB | CAP_MCP, request_errors, baton_request},
    {"baton", "pass", "1.0", "Hand the baton to another member",
     INPUT(
         "properties"
         : {TARGET, MEMBER("to", "who drives from now on"), TEXT("note", "what they should know")},
           "required"
         : [ "target", "to" ], "x-positional"
         : ["target"]),
     STEP("{holder} drives {target}."), TIER_NOTIFY, ROLE_DRIVER, LANE_CONTROL,
     CAP_STARTS_HUB | CAP_MCP, baton_errors, baton_pass},
    {"baton", "release", "1.0", "Let go of the baton: the next in line has it, or nobody",
     INPUT("properties"
           : {TARGET}, ONE_TARGET),
     STEP("{target} {holder?goes to |is free}{holder}."), TIER_NOTIFY, ROLE_DRIVER, LANE_CONTROL,
     CAP_STARTS_HUB | CAP_MCP, baton_errors, baton_release},
    {"baton", "deny", "1.0", "Refuse a request for the baton",
     INPUT("properties"
           : {TARGET, MEMBER("member", "whose request; the first in line when absent"),
              TEXT("reason", "why not")},
             ONE_TARGET),
     STEP("{holder} goes on driving {target}."), TIER_NOTIFY, ROLE_DRIVER, LANE_CONTROL,
     CAP_STARTS_HUB, baton_errors, baton_deny},
    {"baton", "withdraw", "1.0", "Take your own request back",
     INPUT("properties"
           : {TARGET}, ONE_TARGET),
     STEP("You do not wait for {target} any more."), TIER_AUTONOMOUS, ROLE_DRIVER, LANE_CONTROL,
     CAP_STARTS_HUB, baton_errors, baton_withdraw},
    {"baton", "status", "1.0", "Show who drives, and who waits",
     INPUT("properties"
           : {TARGET}, "x-positional"
           : ["target"]),
     SCHEMA({
         "type" : "array",
         "items" : {
             "type" : "object",
             "properties" : {"since" : {"type" : "integer", "x-unit" : "time-ms"}}
         },
         "x-columns" : [ "target", "workspace", "state", "holder", "kind", "epoch", "since" ],
         "x-empty" : "No shell runs."
     }),
     TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, CAP_STARTS_HUB | CAP_SELF | CAP_MCP, look_errors,
     baton_status},
    {"baton", "log", "1.0", "Show how the baton of a shell went from hand to hand",
     INPUT("properties"
           : {
               TARGET,
               "limit" : {
                   "type" : "integer",
                   "minimum" : 1,
                   "maximum" : 1000,
                   "default" : 200,
                   "description" : "at most so many, the newest"
               }
           },
             ONE_TARGET),
     SCHEMA({
         "type" : "object",
         "x-table" : "events",
         "x-empty" : "Nobody has driven it yet.",
         "x-columns" : [ "id", "time", "kind", "who", "data" ]
     }),
     TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, CAP_STARTS_HUB, look_errors, baton_log},
    {"baton", "invite", "1.0", "Let somebody in: a token, and a line for authorized_keys",
     INPUT("properties"
           : {
               "workspace" : {KEY_TEXT, "description" : "the only one that they see"},
               SWITCH("observe", "may only look (the default)"),
               SWITCH("drive", "may hold batons"),
               SWITCH("agent", "is a program: may ask for batons, never take one"),
               MEMBER("as", "the name that they go by"),
               "expires" : {
                   "type" : "string",
                   "maxLength" : 20,
                   "description" : "for how long: 90s, 30m, 2h, 7d; for ever when absent",
                   "x-value" : "TIME"
               },
               TEXT("note", "for your own list")
           },
             "required"
           : ["workspace"], "x-positional"
           : ["workspace"]),
     SCHEMA({
         "type" : "object",
         "x-sentence" :
             "{inviteId}: {member} may come to {workspace} as {role}.\n\nToken, for BATON_TOKEN:\n\n{token}\n\nFor ~/.ssh/authorized_keys, with the guest's public key behind it:\n\n{authorizedKeys}\n"
     }),
     TIER_NOTIFY, ROLE_OWNER, LANE_CONTROL, CAP_STARTS_HUB, invite_errors, baton_invite},
    {"invite", "list", "1.0", "List the invitations",
     INPUT("properties"
           : {}),
     SCHEMA({
         "type" : "array",
         "items" : {
             "type" : "object",
             "properties" : {"expires" : {"type" : "integer", "x-unit" : "time-ms"}}
         },
         "x-columns" : [
             "inviteId", "member", "kind", "role", "workspace", "expires", "createdBy", "revoked"
         ],
         "x-empty" : "Nobody is invited."
     }),
     TIER_AUTONOMOUS, ROLE_OWNER, LANE_CONTROL, CAP_STARTS_HUB, no_errors, invite_list},
    {"invite", "revoke", "1.0", "End an invitation, and the connections that came by it",
     INPUT("properties"
           : {
               "inviteId" : {
                   "type" : "string",
                   "minLength" : 1,
                   "maxLength" : 31,
                   "description" : "which one",
                   "x-value" : "INVITE"
               },
               TEXT("reason", "why, for the guest")
           },
             "required"
           : ["inviteId"], "x-positional"
           : ["inviteId"]),
     SCHEMA({"type" : "object", "x-sentence" : "{inviteId} is revoked."}), TIER_NOTIFY, ROLE_OWNER,
     LANE_CONTROL, CAP_STARTS_HUB, not_found, invite_revoke},
    {"member", "kick", "1.0", "End all connections of a member",
     INPUT("properties"
           : {MEMBER("member", "whom"), TEXT("reason", "why, for them"),
              SWITCH("revoke", "end their invitations too, so that they cannot come back")},
             "required"
           : ["member"], "x-positional"
           : ["member"]),
     SCHEMA({"type" : "object", "x-sentence" : "{member} is out."}), TIER_NOTIFY, ROLE_OWNER,
     LANE_CONTROL, CAP_STARTS_HUB, not_found, member_kick},
    {"member", "alive", "1.0", "A person's terminal has just answered",
     INPUT("properties"
           : {}),
     SCHEMA({"type" : "object"}), TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL,
     CAP_INTERNAL | CAP_SELF, no_errors, member_alive},
};

_Static_assert(sizeof people_rows / sizeof *people_rows == PEOPLE_ROWS, "every row is counted");
