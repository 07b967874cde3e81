/* The table of all that the hub can do. A row, a handler and a test are what a new capability
 * needs; commands, help, completion and manual follow from the row. Constant data. */
#include "core/hub/capabilities.h"
#include "core/hub/hub_private.h"

/* The schemas below are text made of tokens: these two must stay words. */
#undef true
#undef false

#define NO_INPUT JSON_TEXT({"type" : "object", "properties" : {}, "additionalProperties" : false})
#define SHELL_ID                                                                                   \
    "shellId":                                                                                     \
    {                                                                                              \
        "type" : "string",                                                                         \
                 "minLength" : 1,                                                                  \
                 "maxLength" : 31,                                                                 \
                 "description" : "the shell, or any unique beginning of its id",                   \
                                 "x-value" : "ID"                                                  \
    }
#define STREAM_ID                                                                                  \
    "streamId":                                                                                    \
    {                                                                                              \
        "type" : "string",                                                                         \
                 "minLength" : 1,                                                                  \
                 "maxLength" : 31,                                                                 \
                 "description" : "the shell, or any unique beginning of its id",                   \
                                 "x-value" : "ID"                                                  \
    }
#define WORKSPACE_PATTERN "^[A-Za-z0-9][A-Za-z0-9_.-]*$"
#define WORKSPACE                                                                                  \
    "workspace":                                                                                   \
    {                                                                                              \
        "type" : "string",                                                                         \
                 "maxLength" : 63,                                                                 \
                 "pattern" : "^[A-Za-z0-9][A-Za-z0-9_.-]*$",                                       \
                             "description" : "the workspace's key"                                 \
    }
#define KEY                                                                                        \
    "key":                                                                                         \
    {                                                                                              \
        "type" : "string",                                                                         \
                 "maxLength" : 63,                                                                 \
                 "pattern" : "^[A-Za-z0-9][A-Za-z0-9_.-]*$",                                       \
                             "description" : "the workspace's key"                                 \
    }
#define FORCE                                                                                      \
    "force":                                                                                       \
    {                                                                                              \
        "type" : "boolean", "default" : false, "description" : "do not ask"                        \
    }
#define ROWS                                                                                       \
    "rows":                                                                                        \
    {                                                                                              \
        "type" : "integer", "minimum" : 1, "maximum" : 1000, "description" : "lines"               \
    }
#define COLS                                                                                       \
    "cols":                                                                                        \
    {                                                                                              \
        "type" : "integer", "minimum" : 1, "maximum" : 2000, "description" : "columns"             \
    }
#define EPOCH                                                                                      \
    "epoch":                                                                                       \
    {                                                                                              \
        "type" : "integer", "minimum" : 0, "description" : "the baton's epoch, when known"         \
    }
#define POS(name, text)                                                                            \
    name : {                                                                                       \
        "type" : "integer", "minimum" : 0, "default" : 0, "description" : text, "x-value" : "POS"  \
    }
#define LIMIT(most, usual)                                                                         \
    "limit":                                                                                       \
    {                                                                                              \
        "type" : "integer",                                                                        \
                 "minimum" : 1,                                                                    \
                 "maximum" : most,                                                                 \
                             "default" : usual,                                                    \
                                         "description" : "at most so many"                         \
    }

/* Two steps, so that the macros above are put in before the text is made. */
#define TEXT_OF(...) #__VA_ARGS__
#define SCHEMA(...)  TEXT_OF(__VA_ARGS__)
#define INPUT(...)   SCHEMA({"type" : "object", "additionalProperties" : false, __VA_ARGS__})

static const enum err no_errors[] = {ERR_OK};
static const enum err not_found[] = {ERR_NOT_FOUND, ERR_AMBIGUOUS, ERR_OK};
static const enum err shell_errors[] = {ERR_NOT_FOUND,  ERR_AMBIGUOUS, ERR_ENDED,   ERR_STALE,
                                        ERR_NOT_HOLDER, ERR_BUSY,      ERR_TIMEOUT, ERR_OK};
static const enum err read_errors[] = {ERR_NOT_FOUND, ERR_AMBIGUOUS, ERR_GONE, ERR_OK};
static const enum err busy[] = {ERR_BUSY, ERR_NOT_FOUND, ERR_OK};
static const enum err place_errors[] = {ERR_NOT_FOUND, ERR_EXISTS, ERR_UNSUPPORTED, ERR_OK};
static const enum err open_errors[] = {ERR_NOT_FOUND, ERR_LIMIT, ERR_EXEC, ERR_DISK_FULL, ERR_OK};
static const enum err wait_errors[] = {ERR_NOT_FOUND, ERR_AMBIGUOUS, ERR_TIMEOUT, ERR_OK};

#define SHELL_OBJECT                                                                               \
    {                                                                                              \
        "type" : "object", "properties":                                                           \
        {                                                                                          \
            "shellId" : {"type" : "string"},                                                       \
                        "workspace" : {"type" : "string"},                                         \
                                      "name" : {"type" : "string"},                                \
                                               "state" : {"type" : "string"},                      \
                                                         "title" : {"type" : "string"},            \
                                                                   "typed" : {"type" : "string"},  \
                                                                             "rows"                \
                : {"type" : "integer"},                                                            \
                  "cols" : {"type" : "integer"},                                                   \
                           "pos" : {"type" : "integer"},                                           \
                                   "exitCode":                                                     \
            {                                                                                      \
                "type" : "integer"                                                                 \
            }                                                                                      \
        }                                                                                          \
    }
#define SHELL_LIST_SCHEMA                                                                          \
    {                                                                                              \
        "type" : "array", "items" : SHELL_OBJECT, "x-columns" : [                                  \
            "shellId", "workspace", "name", "state", "exitCode", "holder", "cols", "rows", "title" \
        ]                                                                                          \
    }

#define EVENTS_SCHEMA                                                                              \
    SCHEMA({                                                                                       \
        "type" : "object",                                                                         \
        "x-table" : "events",                                                                      \
        "x-empty" : "No events.",                                                                  \
        "x-columns" : [ "id", "time", "kind", "workspace", "who", "target" ]                       \
    })
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
     NO_INPUT, SCHEMA({"type" : "object"}), TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, 0,
     no_errors, hub_status},
    {"hub", "reload", "1.0", "Read the configuration again, without a restart", NO_INPUT,
     SCHEMA({"type" : "object", "x-sentence" : "The configuration is in force."}), TIER_NOTIFY,
     ROLE_OWNER, LANE_CONTROL, 0, no_errors, hub_reload},
    {"hub", "upgrade", "1.0", "Let the installed program take over, while shells go on", NO_INPUT,
     SCHEMA({"type" : "object", "x-sentence" : "{program} takes over."}), TIER_NOTIFY, ROLE_OWNER,
     LANE_CONTROL, 0, not_found, hub_upgrade},
    {"hub", "doctor", "1.0", "Say what is missing on this machine, and what mends it", NO_INPUT,
     SCHEMA({"type" : "array"}), TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CLIENT, 0, no_errors, NULL},
    {"config", "show", "1.0", "Show the configuration in force, and where each value came from",
     NO_INPUT, SCHEMA({"type" : "object"}), TIER_AUTONOMOUS, ROLE_OWNER, LANE_CONTROL,
     CAP_STARTS_HUB, no_errors, config_show_call},

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

    {"shell", "open", "1.0", "Open a shell, or a program in a terminal",
     INPUT("properties"
           : {
               WORKSPACE,
               ROWS,
               COLS,
               "cwd" : {
                   "type" : "string",
                   "maxLength" : 4000,
                   "description" : "the folder it starts in",
                   "x-value" : "DIR"
               },
               "name" : {
                   "type" : "string",
                   "minLength" : 1,
                   "maxLength" : 60,
                   "description" : "what it is called in lists"
               },
               "checksum" : {
                   "type" : "boolean",
                   "default" : false,
                   "description" : "answer DECRQCRA: what runs there can read the screen"
               },
               "record" : {
                   "type" : "string",
                   "enum" : [ "window", "full" ],
                   "default" : "window",
                   "description" : "keep the newest part of the record, or all of it"
               },
               "command" : {
                   "type" : "array",
                   "maxItems" : 1000,
                   "items" : {"type" : "string", "maxLength" : 100000},
                   "description" : "the program and its arguments; your shell when absent"
               }
           },
             "x-rest"
           : "command"),
     SCHEMA({"type" : "object", "x-sentence" : "{shellId} runs {name} in {workspace}."}),
     TIER_NOTIFY, ROLE_DRIVER, LANE_CONTROL, CAP_LONG | CAP_STARTS_HUB, open_errors, shell_open},
    {"shell", "list", "1.0", "List the shells",
     INPUT("properties"
           : {
               WORKSPACE,
               "all" : {
                   "type" : "boolean",
                   "default" : false,
                   "description" : "also those that were closed"
               }
           }),
     SCHEMA(SHELL_LIST_SCHEMA), TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL,
     CAP_STARTS_HUB | CAP_MCP, no_errors, shell_list},
    {"shell", "write", "1.0", "Type text into a shell",
     INPUT("properties"
           : {
               SHELL_ID,
               "text" : {
                   "type" : "string",
                   "maxLength" : 1000000,
                   "x-stdin" : true,
                   "description" : "what to type, as it is; standard input when absent"
               },
               "data" :
                   {"type" : "string", "maxLength" : 1400000, "description" : "the same as base64"},
               EPOCH,
               "typed" : {
                   "type" : "boolean",
                   "default" : false,
                   "description" : "a person's keystrokes: they make a draft until their line ends"
               },
               "queue" : {
                   "type" : "boolean",
                   "default" : false,
                   "description" : "wait for the baton and for the end of a half-typed line"
               },
               "wait" : {
                   "type" : "boolean",
                   "default" : true,
                   "description" : "wait for what becomes of a text that is queued"
               },
               "timeout" : {
                   "type" : "number",
                   "minimum" : 0,
                   "maximum" : 86400,
                   "default" : 30,
                   "description" : "how long such a text may wait",
                   "x-value" : "SECONDS"
               }
           },
             "required"
           : ["shellId"], "x-positional"
           : [ "shellId", "text" ]),
     SCHEMA({"type" : "object", "x-sentence" : ""}), TIER_NOTIFY, ROLE_DRIVER, LANE_STREAM,
     CAP_LONG | CAP_STARTS_HUB | CAP_MCP, shell_errors, shell_write},
    {"shell", "keys", "1.0", "Press keys in a shell: C-c Up Enter F5 M-x, or plain text",
     INPUT("properties"
           : {
               SHELL_ID,
               "keys" : {
                   "type" : "array",
                   "minItems" : 1,
                   "maxItems" : 1000,
                   "items" : {"type" : "string", "minLength" : 1, "maxLength" : 1000},
                   "description" : "names of keys; what is no name is typed as text"
               },
               EPOCH
           },
             "required"
           : [ "shellId", "keys" ], "x-positional"
           : [ "shellId", "keys" ]),
     SCHEMA({"type" : "object", "x-sentence" : ""}), TIER_NOTIFY, ROLE_DRIVER, LANE_STREAM,
     CAP_LONG | CAP_STARTS_HUB | CAP_MCP, shell_errors, shell_keys},
    {"shell", "resize", "1.0", "Change a shell's size",
     INPUT("properties"
           : {SHELL_ID, ROWS, COLS, EPOCH}, "required"
           : [ "shellId", "rows", "cols" ], "x-positional"
           : ["shellId"]),
     SCHEMA({"type" : "object", "x-sentence" : "{shellId} is {cols} x {rows} now."}), TIER_NOTIFY,
     ROLE_DRIVER, LANE_STREAM, CAP_STARTS_HUB, shell_errors, shell_resize},
    {"shell", "snapshot", "1.0", "Show a shell's screen as it is now",
     INPUT("properties"
           : {
               SHELL_ID,
               "scrollback" : {
                   "type" : "integer",
                   "minimum" : -1,
                   "maximum" : 1000000,
                   "default" : 0,
                   "description" : "lines of the history before it; -1 all"
               },
               "format" : {
                   "type" : "string",
                   "enum" : [ "text", "ansi", "json", "state" ],
                   "default" : "text",
                   "description" :
                       "plain text, with SGR, cell by cell, or bytes that bring any terminal to it"
               },
               "atLeast" : {
                   "type" : "integer",
                   "minimum" : 0,
                   "default" : 0,
                   "description" : "not older than this position"
               }
           },
             "required"
           : ["shellId"], "x-positional"
           : ["shellId"]),
     SCHEMA({"type" : "object", "x-raw" : "text"}), TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_STREAM,
     CAP_STARTS_HUB | CAP_MCP, not_found, shell_snapshot},
    {"shell", "wait", "1.0", "Wait until a shell shows a text, is quiet, rings or ends",
     INPUT("properties"
           : {
               SHELL_ID,
               "text" : {
                   "type" : "string",
                   "minLength" : 1,
                   "maxLength" : 1000,
                   "x-value" : "REGEX",
                   "description" : "a line of the screen matches this (POSIX extended)"
               },
               "idle" : {
                   "type" : "integer",
                   "minimum" : 1,
                   "maximum" : 3600000,
                   "x-value" : "MS",
                   "description" : "no output for so many milliseconds"
               },
               "exit" :
                   {"type" : "boolean", "default" : false, "description" : "the program has ended"},
               "bell" : {"type" : "boolean", "default" : false, "description" : "the bell rang"},
               "timeout" : {
                   "type" : "number",
                   "minimum" : 0,
                   "maximum" : 86400,
                   "default" : 30,
                   "x-value" : "S",
                   "description" : "give up after so many seconds"
               }
           },
             "required"
           : ["shellId"], "x-positional"
           : ["shellId"]),
     SCHEMA({"type" : "object", "x-sentence" : ""}), TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_STREAM,
     CAP_LONG | CAP_STARTS_HUB | CAP_MCP, wait_errors, shell_wait},
    {"shell", "read", "1.0", "Read the raw bytes that a shell has written",
     INPUT("properties"
           : {
               SHELL_ID,
               POS("since", "from this position on"),
               LIMIT(4194304, 1048576),
               "encoding" : {
                   "type" : "string",
                   "enum" : [ "text", "base64" ],
                   "default" : "text",
                   "description" : "how data is given"
               }
           },
             "required"
           : ["shellId"], "x-positional"
           : ["shellId"]),
     SCHEMA({"type" : "object", "x-raw" : "data"}), TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_STREAM,
     CAP_FOLLOW | CAP_STARTS_HUB | CAP_MCP, read_errors, stream_read},
    {"shell", "rename", "1.0", "Give a shell another name",
     INPUT("properties"
           : {
               SHELL_ID,
               "name" : {
                   "type" : "string",
                   "minLength" : 1,
                   "maxLength" : 60,
                   "description" : "the new name"
               }
           },
             "required"
           : [ "shellId", "name" ], "x-positional"
           : [ "shellId", "name" ]),
     SCHEMA({"type" : "object", "x-sentence" : "{shellId} is called {name} now."}), TIER_NOTIFY,
     ROLE_DRIVER, LANE_CONTROL, CAP_STARTS_HUB, not_found, shell_rename},
    {"shell", "close", "1.0", "Close a shell: hang up, then TERM, then KILL; its record stays",
     INPUT("properties"
           : {SHELL_ID}, "required"
           : ["shellId"], "x-positional"
           : ["shellId"]),
     SCHEMA({"type" : "object", "x-sentence" : "{shellId} is {state}."}), TIER_NOTIFY, ROLE_DRIVER,
     LANE_CONTROL, CAP_STARTS_HUB, not_found, shell_close},

    {"stream", "list", "1.0", "List the streams that have a record", NO_INPUT, SCHEMA({
         "type" : "array",
         "x-columns" : [ "streamId", "workspace", "pos", "firstPos", "bytes", "live" ]
     }),
     TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_STREAM, CAP_STARTS_HUB | CAP_SELF, no_errors,
     stream_list},
    {"stream", "read", "1.0", "Read the raw bytes of a stream, by position",
     INPUT("properties"
           : {
               STREAM_ID,
               POS("since", "from this position on"),
               LIMIT(4194304, 1048576),
               "encoding" : {
                   "type" : "string",
                   "enum" : [ "text", "base64" ],
                   "default" : "text",
                   "description" : "how data is given"
               }
           },
             "required"
           : ["streamId"], "x-positional"
           : ["streamId"]),
     SCHEMA({"type" : "object", "x-raw" : "data"}), TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_STREAM,
     CAP_FOLLOW | CAP_STARTS_HUB, read_errors, stream_read},
    {"stream", "records", "1.0", "Read the records of a stream: output, input, resizes, exit",
     INPUT("properties"
           : {
               STREAM_ID,
               POS("since", "from this position on"),
               "skip" : {
                   "type" : "integer",
                   "minimum" : 0,
                   "default" : 0,
                   "description" : "records at that position that are known already"
               },
               LIMIT(10000, 1000)
           },
             "required"
           : ["streamId"], "x-positional"
           : ["streamId"]),
     SCHEMA({"type" : "object"}), TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_STREAM, CAP_STARTS_HUB,
     read_errors, stream_records},
    {"stream", "export", "1.0", "Write a stream's recording as asciicast v2",
     INPUT("properties"
           : {
               STREAM_ID,
               "format" : {
                   "type" : "string",
                   "enum" : ["asciicast"],
                   "default" : "asciicast",
                   "description" : "the file's format"
               },
               "output" : {
                   "type" : "string",
                   "maxLength" : 4000,
                   "x-value" : "FILE",
                   "description" : "the file; standard output when absent"
               }
           },
             "required"
           : ["streamId"], "x-positional"
           : ["streamId"]),
     SCHEMA({"type" : "object"}), TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CLIENT,
     CAP_LONG | CAP_STARTS_HUB, read_errors, NULL},
    {"stream", "play", "1.0", "Play a stream's recording in this terminal",
     INPUT("properties"
           : {
               STREAM_ID,
               "speed" : {
                   "type" : "number",
                   "exclusiveMinimum" : 0,
                   "maximum" : 1000,
                   "default" : 1,
                   "description" : "twice as fast is 2",
                   "x-value" : "N"
               },
               "from" : {
                   "type" : "number",
                   "minimum" : 0,
                   "default" : 0,
                   "x-value" : "T",
                   "description" : "begin so many seconds after its start"
               }
           },
             "required"
           : ["streamId"], "x-positional"
           : ["streamId"]),
     SCHEMA({"type" : "object"}), TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CLIENT,
     CAP_LONG | CAP_STARTS_HUB, read_errors, NULL},

    {"events", "since", "1.0", "List events after an id, from disk",
     INPUT("properties"
           : {
               "id" : {
                   "type" : "integer",
                   "minimum" : 0,
                   "default" : 0,
                   "description" : "the last one that is known"
               },
               WORKSPACE,
               "kind" : {"type" : "string", "maxLength" : 60, "description" : "only of this kind"},
               "target" :
                   {"type" : "string", "maxLength" : 60, "description" : "only of this shell"},
               LIMIT(10000, 1000)
           },
             "x-positional"
           : ["id"]),
     EVENTS_SCHEMA, TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, CAP_STARTS_HUB | CAP_MCP,
     no_errors, events_since},
    {"events", "next", "1.0", "Wait for the events after an id",
     INPUT("properties"
           : {
               "id" : {
                   "type" : "integer",
                   "minimum" : 0,
                   "default" : 0,
                   "description" : "the last one that is known"
               },
               WORKSPACE,
               "kind" : {"type" : "string", "maxLength" : 60, "description" : "only of this kind"},
               "target" :
                   {"type" : "string", "maxLength" : 60, "description" : "only of this shell"},
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
