/* The catalogue's rows on the hub, its configuration and workspaces; the other groups have files of
 * their own (capabilities.h). A row, a handler and a test are what a new capability needs;
 * commands, help, completion and manual follow from the row. Data. */
#include "core/hub/hub_private.h"

#include "core/hub/capabilities/capabilities_private.h"

#define KEY   WORKSPACE_NAMED("key")
#define FORCE SWITCH("force", "do not ask")

static const enum err busy[] = {ERR_BUSY, ERR_NOT_FOUND, ERR_OK};
static const enum err place_errors[] = {ERR_NOT_FOUND, ERR_EXISTS, ERR_UNSUPPORTED, ERR_OK};

const struct capability hub_rows[HUB_ROWS] = {
    {"hub", "hello", "1.0", "Settle the protocol version and learn who you are", SCHEMA({
         "type" : "object",
         "properties" : {
             "min" : {"type" : "integer"},
             "max" : {"type" : "integer"},
             "client" : {"type" : "object", "additionalProperties" : true}
         },
         "additionalProperties" : false
     }),
     SCHEMA({"type" : "object"}), TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL,
     CAP_INTERNAL | CAP_SELF, no_errors, hub_hello},
    {"hub", "run", "1.0", "Run the hub in the foreground",
     INPUT("properties"
           : {
               "detached" : {
                   "type" : "boolean",
                   "default" : false,
                   "description" : "log to the hub's file instead of the terminal"
               }
           }),
     SCHEMA({"type" : "object"}), TIER_AUTONOMOUS, ROLE_OWNER, LANE_CLIENT, 0, busy, NULL},
    {"hub", "start", "1.0", "Start the hub, when none runs", NO_INPUT,
     SCHEMA({"type" : "object", "x-sentence" : "The hub {hub} runs, pid {pid}."}), TIER_AUTONOMOUS,
     ROLE_OWNER, LANE_CLIENT, CAP_STARTS_HUB, no_errors, NULL},
    {"hub", "stop", "1.0", "Stop the hub and close its shells",
     INPUT("properties"
           : {FORCE}),
     SCHEMA({"type" : "object", "x-sentence" : "The hub has stopped."}), TIER_NOTIFY, ROLE_OWNER,
     LANE_CONTROL, CAP_ASKS | CAP_LONG, busy, hub_stop},
    {"hub", "status", "1.0", "Show the hub's health: clients, streams and their lag, queues",
     NO_INPUT, SCHEMA({
         "type" : "object",
         "properties" : {
             "hub" : {"type" : "string"},
             "pid" : {"type" : "integer"},
             "version" : {"type" : "string"},
             "started" : {"type" : "string", "x-unit" : "time-text"},
             "uptime" : {"type" : "integer", "x-unit" : "s"},
             "clients" : {"type" : "integer"},
             "sharing" : {"type" : "string"},
             "shells" : {"type" : "integer"},
             "sessions" : {"type" : "integer"},
             "processes" : {"type" : "integer"},
             "events" : {"type" : "integer"},
             "journalBytes" : {"type" : "integer", "x-unit" : "bytes", "title" : "journal"}
         }
     }),
     TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, 0, no_errors, hub_status},
    {"hub", "reload", "1.0", "Read the configuration again, without a restart", NO_INPUT, SCHEMA({
         "type" : "object",
         "x-sentence" :
             "The configuration is in force.{refused? A file of bindings was refused: |}{refused}"
     }),
     TIER_NOTIFY, ROLE_OWNER, LANE_CONTROL, 0, no_errors, hub_reload},
    {"hub", "upgrade", "1.0", "Let this program take over from the hub's, while shells go on",
     INPUT("properties"
           : {WORD("program", 4000, "FILE", "another program, as an absolute path")}),
     SCHEMA({"type" : "object", "x-sentence" : "{program} takes over."}), TIER_NOTIFY, ROLE_OWNER,
     LANE_CONTROL, 0, look_errors, hub_upgrade},
    {"hub", "doctor", "1.0", "Say what is missing on this machine, and what mends it", NO_INPUT,
     SCHEMA({"type" : "array"}), TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CLIENT, 0, no_errors, NULL},
    {"config", "show", "1.0", "Show the configuration in force, and where each value came from",
     NO_INPUT, SCHEMA({
         "type" : "object",
         "additionalProperties" : {
             "type" : "object",
             "properties" : {
                 "value" : {"x-unit-of" : "unit"},
                 "source" : {"type" : "string"},
                 "unit" : {"type" : "string"}
             },
             "x-columns" : [ "value", "source" ]
         }
     }),
     TIER_AUTONOMOUS, ROLE_OWNER, LANE_CONTROL, CAP_STARTS_HUB, no_errors, config_show_call},

    {"workspace", "open", "1.0", "Open a workspace; make it when it is new",
     INPUT("properties"
           : {
               KEY,
               "cwd" : {
                   "type" : "string",
                   "maxLength" : 4000,
                   "x-here" : true,
                   "description" : "its folder, when it is new",
                   "x-value" : "DIR"
               },
               "sandbox" : {
                   "type" : "boolean",
                   "default" : false,
                   "description" : "a small world of its own, with a home at /home/user"
               },
               "mount" : {
                   "type" : "array",
                   "maxItems" : 32,
                   "items" : {"type" : "string", "minLength" : 1, "maxLength" : 8000},
                   "description" : "a folder of the host in the sandbox",
                   "x-value" : "SRC:DST[:ro]"
               },
               "network" : {
                   "type" : "boolean",
                   "default" : false,
                   "description" : "let the sandbox use the network"
               }
           },
             "required"
           : ["key"], "x-positional"
           : ["key"]),
     SCHEMA({"type" : "object", "x-sentence" : "{workspace} is open in {cwd}."}), TIER_AUTONOMOUS,
     ROLE_DRIVER, LANE_CONTROL, CAP_STARTS_HUB, place_errors, workspace_open},
    {"workspace", "list", "1.0", "List the workspaces", NO_INPUT,
     SCHEMA({"type" : "array", "x-columns" : [ "workspace", "state", "shells", "cwd" ]}),
     TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, CAP_STARTS_HUB | CAP_SELF | CAP_MCP, no_errors,
     workspace_list},
    {"workspace", "close", "1.0", "Close a workspace and its shells; the records stay",
     INPUT("properties"
           : {KEY, FORCE}, "required"
           : ["key"], "x-positional"
           : ["key"]),
     SCHEMA({"type" : "object", "x-sentence" : "{workspace} is closed."}), TIER_NOTIFY, ROLE_OWNER,
     LANE_CONTROL, CAP_ASKS | CAP_STARTS_HUB, busy, workspace_close},
    {"workspace", "delete", "1.0", "Delete a workspace and all its records",
     INPUT("properties"
           : {KEY, FORCE}, "required"
           : ["key"], "x-positional"
           : ["key"]),
     SCHEMA({"type" : "object", "x-sentence" : "{workspace} is deleted."}), TIER_NOTIFY, ROLE_OWNER,
     LANE_CONTROL, CAP_ASKS | CAP_STARTS_HUB, busy, workspace_delete},
};
