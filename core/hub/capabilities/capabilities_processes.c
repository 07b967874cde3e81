/* The catalogue's rows on processes. Data. */
#include "core/hub/work/processes.h"

#include "core/hub/capabilities/capabilities_private.h"

#define PROCESS_ID ID("processId", "ID", "the process, the beginning of its id, or its pid")
#define COMMAND                                                                                    \
    "command":                                                                                     \
    {                                                                                              \
        "type" : "array",                                                                          \
                 "minItems" : 1,                                                                   \
                 "maxItems" : 1000,                                                                \
                 "items" : {"type" : "string", "maxLength" : 100000},                              \
                           "description" : "the program and its arguments"                         \
    }
#define CWD STRING("cwd", 4000, "DIR", "the folder it runs in; the workspace's when absent")
#define ENV                                                                                        \
    "env":                                                                                         \
    {                                                                                              \
        "type" : "array",                                                                          \
                 "maxItems" : 200,                                                                 \
                 "items" : {                                                                       \
                     "type" : "string",                                                            \
                     "maxLength" : 100000,                                                         \
                     "pattern" : "^[A-Za-z_][A-Za-z0-9_]*=",                                       \
                     "x-expects" : "NAME=VALUE"                                                    \
                 },                                                                                \
                           "description" : "a variable for it",                                    \
                                           "x-value" : "NAME=VALUE"                                \
    }
#define INPUT_TEXT(text) STRING("stdin", 8388608, "TEXT", text)
#define EXIT_SCHEMA                                                                                \
    SCHEMA({                                                                                       \
        "type" : "object",                                                                         \
        "properties" : {                                                                           \
            "processId" : {"type" : "string"},                                                     \
            "pid" : {"type" : "integer"},                                                          \
            "exitCode" : {"type" : [ "integer", "null" ]}                                          \
        },                                                                                         \
        "x-sentence" : "{processId} has ended: {exitCode}."                                        \
    })

static const enum err start_errors[] = {ERR_NOT_FOUND, ERR_ENDED,     ERR_LIMIT,
                                        ERR_EXEC,      ERR_DISK_FULL, ERR_OK};
static const enum err input_errors[] = {ERR_NOT_FOUND, ERR_AMBIGUOUS, ERR_ENDED, ERR_BUSY, ERR_OK};
static const enum err output_errors[] = {ERR_NOT_FOUND, ERR_AMBIGUOUS, ERR_GONE, ERR_OK};
static const enum err waiting_errors[] = {ERR_NOT_FOUND, ERR_AMBIGUOUS, ERR_TIMEOUT, ERR_OK};
static const enum err remove_errors[] = {ERR_NOT_FOUND, ERR_AMBIGUOUS, ERR_BUSY, ERR_OK};

const struct capability process_rows[PROCESS_ROWS] = {
    {"process", "spawn", "1.0", "Start a program with pipes; it runs on by itself",
     INPUT("properties"
           : {
               WORKSPACE,
               CWD,
               ENV,
               INPUT_TEXT("its whole standard input; kept open for process write when absent"),
               "record" : {
                   "type" : "string",
                   "enum" : [ "window", "full" ],
                   "default" : "window",
                   "description" : "keep the newest part of its output, or all of it"
               },
               SWITCH("attached", "for programs: it ends with this link and waits for its reader"),
               SWITCH("detach", "of an attached one: it goes on when the link goes"),
               COMMAND
           },
             "required"
           : ["command"], "x-rest"
           : "command"),
     SCHEMA({
         "type" : "object",
         "properties" : {"pid" : {"type" : "integer"}, "processId" : {"type" : "string"}},
         "x-sentence" : "{processId} runs in {workspace}, pid {pid}."
     }),
     TIER_NOTIFY, ROLE_DRIVER, LANE_CONTROL, CAP_LONG | CAP_STARTS_HUB, start_errors,
     process_spawn},
    {"process", "exec", "1.0", "Run a program to its end: its output, and its exit status",
     INPUT("properties"
           : {WORKSPACE, CWD, ENV,
              INPUT_TEXT("its whole standard input; the command's own when absent"),
              SWITCH("detach", "it goes on when the caller goes"), COMMAND},
             "required"
           : ["command"], "x-rest"
           : "command"),
     SCHEMA({
         "type" : "object",
         "properties" : {
             "stdout" : {"type" : "string"},
             "stderr" : {"type" : "string"},
             "exitCode" : {"type" : "integer"},
             "truncated" : {"type" : "boolean"},
             "encoding" : {"type" : "string"}
         },
         "x-raw" : "stdout",
         "x-raw-error" : "stderr",
         "x-exit" : "exitCode"
     }),
     TIER_NOTIFY, ROLE_DRIVER, LANE_CONTROL, CAP_LONG | CAP_STARTS_HUB, start_errors, process_exec},
    {"process", "list", "1.0", "List the processes, also those that have ended",
     INPUT("properties"
           : {WORKSPACE, SWITCH("live", "only those that run")}),
     SCHEMA({
         "type" : "array",
         "items" : {
             "type" : "object",
             "properties" : {
                 "startedAt" : {"type" : "integer", "x-unit" : "time-ms"},
                 "pos" : {"type" : "integer", "x-unit" : "bytes", "title" : "output"}
             }
         },
         "x-columns" : [
             "processId", "pid", "workspace", "state", "exitCode", "startedBy", "startedAt", "pos",
             "name"
         ],
         "x-empty" : "No process was started."
     }),
     TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, CAP_STARTS_HUB, no_errors, process_list},
    {"process", "output", "1.0", "Read what a process has written, both outputs apart",
     INPUT("properties"
           : {
               PROCESS_ID,
               "since" : {
                   "type" : "integer",
                   "minimum" : 0,
                   "default" : 0,
                   "description" : "from this position on; both outputs count",
                   "x-value" : "POS"
               },
               LIMIT(4194304, 1048576),
               "stream" : {
                   "type" : "string",
                   "enum" : [ "both", "stdout", "stderr" ],
                   "default" : "both",
                   "description" : "which of the two"
               },
               "encoding" : {
                   "type" : "string",
                   "enum" : [ "text", "base64" ],
                   "default" : "text",
                   "description" : "how data is given; what is no text is base64 in any case"
               },
               "wait" : {
                   "type" : "number",
                   "minimum" : 0,
                   "maximum" : 3600,
                   "default" : 0,
                   "description" : "wait so long for what is not there yet",
                   "x-value" : "SECONDS"
               },
               SWITCH("attached", "for programs: the process waits for this reader")
           },
             "required"
           : ["processId"], "x-positional"
           : ["processId"]),
     SCHEMA({"type" : "object"}), TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_STREAM,
     CAP_LONG | CAP_FOLLOW | CAP_STARTS_HUB, output_errors, process_output},
    {"process", "write", "1.0", "Write to a process' standard input",
     INPUT(
         "properties"
         : {
             PROCESS_ID,
             "text" : {
                 "type" : "string",
                 "maxLength" : 1000000,
                 "x-stdin" : true,
                 "description" : "what to write, as it is"
             },
             "data" :
                 {"type" : "string", "maxLength" : 1400000, "description" : "the same as base64"},
             "at" : {
                 "type" : "integer",
                 "minimum" : 0,
                 "description" : "its place in all that is written so; said again, it is left out",
                 "x-value" : "POS"
             }
         },
           "required"
         : ["processId"], "x-positional"
         : [ "processId", "text" ]),
     SCHEMA({"type" : "object", "x-sentence" : ""}), TIER_NOTIFY, ROLE_DRIVER, LANE_STREAM,
     CAP_LONG | CAP_STARTS_HUB, input_errors, process_write},
    {"process", "close-stdin", "1.0", "End a process' standard input, behind what was written",
     INPUT("properties"
           : {PROCESS_ID}, "required"
           : ["processId"], "x-positional"
           : ["processId"]),
     SCHEMA({"type" : "object", "x-sentence" : ""}), TIER_NOTIFY, ROLE_DRIVER, LANE_STREAM,
     CAP_STARTS_HUB, look_errors, process_close_stdin},
    {"process", "wait", "1.0", "Wait until a process has ended: its exit status",
     INPUT("properties"
           : {
               PROCESS_ID,
               "timeout" : {
                   "type" : "number",
                   "minimum" : 0,
                   "maximum" : 31536000,
                   "description" : "give up after so many seconds; never when absent",
                   "x-value" : "SECONDS"
               }
           },
             "required"
           : ["processId"], "x-positional"
           : ["processId"]),
     EXIT_SCHEMA, TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, CAP_LONG | CAP_STARTS_HUB,
     waiting_errors, process_wait},
    {"process", "signal", "1.0", "Send a process and its children a signal",
     INPUT("properties"
           : {
               PROCESS_ID,
               "signal" : {
                   "type" : "string",
                   "minLength" : 1,
                   "maxLength" : 20,
                   "default" : "TERM",
                   "description" : "TERM, INT, KILL … or its number",
                   "x-value" : "SIGNAL"
               }
           },
             "required"
           : ["processId"], "x-positional"
           : [ "processId", "signal" ]),
     SCHEMA({"type" : "object", "x-sentence" : ""}), TIER_NOTIFY, ROLE_DRIVER, LANE_STREAM,
     CAP_STARTS_HUB, input_errors, process_signal},
    {"process", "remove", "1.0", "Remove a process that has ended, and its record",
     INPUT("properties"
           : {PROCESS_ID}, "required"
           : ["processId"], "x-positional"
           : ["processId"]),
     SCHEMA({"type" : "object", "x-sentence" : "{processId} is removed."}), TIER_NOTIFY,
     ROLE_DRIVER, LANE_CONTROL, CAP_STARTS_HUB, remove_errors, process_remove},
};
