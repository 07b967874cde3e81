/* The catalogue's rows on shells and the streams that they write. Data. */
#include "core/hub/hub_private.h"

#include "core/hub/capabilities/capabilities_private.h"

#define SHELL_ID  ID("shellId", "ID", "the shell, or any unique beginning of its id")
#define STREAM_ID ID("streamId", "ID", "the shell, or any unique beginning of its id")
#define POS(name, text)                                                                            \
    name : {                                                                                       \
        "type" : "integer", "minimum" : 0, "default" : 0, "description" : text, "x-value" : "POS"  \
    }
#define BYTES_FROM                                                                                 \
    POS("since", "from this position on"), LIMIT(4194304, 1048576), "wait" : {                     \
        "type" : "integer",                                                                        \
        "minimum" : 0,                                                                             \
        "maximum" : 20000,                                                                         \
        "default" : 0,                                                                             \
        "x-value" : "MS",                                                                          \
        "description" : "so long when there is nothing yet"                                        \
    },                                                                                             \
                                                                             "encoding":           \
    {                                                                                              \
        "type" : "string",                                                                         \
                 "enum" : [ "text", "base64" ],                                                    \
                          "default" : "text",                                                      \
                                      "description" : "how data is given"                          \
    }

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

static const enum err shell_errors[] = {ERR_NOT_FOUND,  ERR_AMBIGUOUS, ERR_ENDED,   ERR_STALE,
                                        ERR_NOT_HOLDER, ERR_BUSY,      ERR_TIMEOUT, ERR_OK};
static const enum err read_errors[] = {ERR_NOT_FOUND, ERR_AMBIGUOUS, ERR_GONE, ERR_OK};
static const enum err open_errors[] = {ERR_NOT_FOUND, ERR_ENDED,     ERR_LIMIT,
                                       ERR_EXEC,      ERR_DISK_FULL, ERR_OK};
static const enum err wait_errors[] = {ERR_NOT_FOUND, ERR_AMBIGUOUS, ERR_TIMEOUT, ERR_OK};

const struct capability shell_rows[SHELL_ROWS] = {
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
               LABEL,
               SWITCH("checksum", "answer DECRQCRA: what runs there can read the screen"),
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
           : {WORKSPACE, SWITCH("all", "also those that were closed")}),
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
                   "description" : "what to type, as it is"
               },
               "data" :
                   {"type" : "string", "maxLength" : 1400000, "description" : "the same as base64"},
               EPOCH,
               SWITCH("typed", "a person's keystrokes: they make a draft until their line ends"),
               SWITCH("queue", "wait for the baton and for the end of a half-typed line"),
               "wait" : {
                   "type" : "boolean",
                   "default" : true,
                   "description" : "wait for what becomes of a text that is queued"
               },
               TIMEOUT(86400, 30, "how long such a text may wait")
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
     CAP_STARTS_HUB | CAP_MCP, look_errors, shell_snapshot},
    {"shell", "wait", "1.0", "Wait until a shell shows a text, is quiet, rings or ends",
     INPUT("properties"
           : {
               SHELL_ID,
               "text" : {
                   "type" : "string",
                   "minLength" : 1,
                   "maxLength" : 1000,
                   "x-value" : "REGEX",
                   "description" :
                       "a line of the screen matches this (POSIX extended, no back references)"
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
           : {SHELL_ID, BYTES_FROM}, "required"
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
     ROLE_DRIVER, LANE_CONTROL, CAP_STARTS_HUB, look_errors, shell_rename},
    {"shell", "close", "1.0", "Close a shell: hang up, then TERM, then KILL; its record stays",
     INPUT("properties"
           : {SHELL_ID}, "required"
           : ["shellId"], "x-positional"
           : ["shellId"]),
     SCHEMA({"type" : "object", "x-sentence" : "{shellId} is {state}."}), TIER_NOTIFY, ROLE_DRIVER,
     LANE_CONTROL, CAP_STARTS_HUB, look_errors, shell_close},

    {"stream", "list", "1.0", "List the streams that have a record", NO_INPUT, SCHEMA({
         "type" : "array",
         "x-columns" : [ "streamId", "workspace", "pos", "firstPos", "bytes", "live" ]
     }),
     TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_STREAM, CAP_STARTS_HUB | CAP_SELF, no_errors,
     stream_list},
    {"stream", "read", "1.0", "Read the raw bytes of a stream, by position",
     INPUT("properties"
           : {STREAM_ID, BYTES_FROM}, "required"
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
};
