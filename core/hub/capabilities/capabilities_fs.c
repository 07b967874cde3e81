/* The catalogue's rows on the files of a workspace. Data. */
#include "core/hub/capabilities/capabilities.h"
#include "core/hub/hub_private.h"

/* JSON's words, unquoted, are not C's. */
#undef true
#undef false

#define TEXT_OF(...) #__VA_ARGS__
#define SCHEMA(...)  TEXT_OF(__VA_ARGS__)
#define INPUT(...)   SCHEMA({"type" : "object", "additionalProperties" : false, __VA_ARGS__})

#define WORKSPACE                                                                                  \
    "workspace":                                                                                   \
    {                                                                                              \
        "type" : "string",                                                                         \
                 "maxLength" : 63,                                                                 \
                 "pattern" : "^[A-Za-z0-9][A-Za-z0-9_.-]*$",                                       \
                             "description" : "the workspace's key"                                 \
    }
#define PLACE(name, text)                                                                          \
    name : {                                                                                       \
        "type" : "string",                                                                         \
                 "minLength" : 1,                                                                  \
                 "maxLength" : 4095,                                                               \
                 "description" : text,                                                             \
                                 "x-value" : "PATH"                                                \
    }
#define FILE_PATH PLACE("path", "a path in the workspace, from its folder on or absolute")
#define ENTRY                                                                                      \
    "kind" : {"type" : "string"},                                                                  \
             "bytes" : {"type" : "integer", "x-unit" : "bytes"},                                   \
                       "changedAt" : {"type" : "integer", "x-unit" : "time-ms"},                   \
                                     "mode":                                                       \
    {                                                                                              \
        "type" : "string"                                                                          \
    }

static const enum err fs_errors[] = {ERR_NOT_FOUND, ERR_DENIED, ERR_INVALID, ERR_LIMIT, ERR_OK};
static const enum err write_errors[] = {ERR_NOT_FOUND, ERR_DENIED,    ERR_INVALID, ERR_EXISTS,
                                        ERR_BUSY,      ERR_DISK_FULL, ERR_OK};

const struct capability fs_rows[FS_ROWS] = {
    {"fs", "read", "1.0", "Read a file of a workspace",
     INPUT("properties"
           : {
               WORKSPACE,
               FILE_PATH,
               "line" : {
                   "type" : "integer",
                   "minimum" : 1,
                   "default" : 1,
                   "description" : "the first line wanted"
               },
               "limit" :
                   {"type" : "integer", "minimum" : 0, "description" : "at most so many lines"},
               "encoding" : {
                   "type" : "string",
                   "enum" : [ "text", "base64" ],
                   "description" : "how it comes; when absent text where it is UTF-8"
               }
           },
             "required"
           : ["path"], "x-positional"
           : ["path"]),
     SCHEMA({"type" : "object", "x-raw" : "content"}), TIER_AUTONOMOUS, ROLE_AGENT, LANE_CONTROL,
     CAP_STARTS_HUB | CAP_MCP, fs_errors, fs_read},
    {"fs", "write", "1.0", "Write a whole file of a workspace in one step",
     INPUT("properties"
           : {
               WORKSPACE,
               FILE_PATH,
               "content" : {
                   "type" : "string",
                   "maxLength" : 16000000,
                   "description" : "what is to be in it",
                   "x-stdin" : true,
                   "x-value" : "TEXT"
               },
               "encoding" : {
                   "type" : "string",
                   "enum" : [ "text", "base64" ],
                   "default" : "text",
                   "description" : "how the content is written here"
               }
           },
             "required"
           : [ "path", "content" ], "x-positional"
           : [ "path", "content" ]),
     SCHEMA({"type" : "object", "x-sentence" : "{path} is written, {bytes} B."}), TIER_AUTONOMOUS,
     ROLE_AGENT, LANE_CONTROL, CAP_STARTS_HUB | CAP_MCP, write_errors, fs_write},
    {"fs", "list", "1.0", "List what is in a folder of a workspace",
     INPUT("properties"
           : {WORKSPACE, FILE_PATH}, "x-positional"
           : ["path"]),
     SCHEMA({
         "type" : "array",
         "items" : {"type" : "object", "properties" : {ENTRY}},
         "x-columns" : [ "name", "kind", "bytes", "mode", "changedAt" ],
         "x-empty" : "Nothing is in it."
     }),
     TIER_AUTONOMOUS, ROLE_AGENT, LANE_CONTROL, CAP_STARTS_HUB | CAP_MCP, fs_errors, fs_list},
    {"fs", "stat", "1.0", "Say what a path is, its size and when it changed",
     INPUT("properties"
           : {WORKSPACE, FILE_PATH}, "required"
           : ["path"], "x-positional"
           : ["path"]),
     SCHEMA({"type" : "object", "properties" : {ENTRY}}), TIER_AUTONOMOUS, ROLE_AGENT, LANE_CONTROL,
     CAP_STARTS_HUB | CAP_MCP, fs_errors, fs_stat},
    {"fs", "exists", "1.0", "Say whether there is such a path; the exit status too",
     INPUT("properties"
           : {WORKSPACE, FILE_PATH}, "required"
           : ["path"], "x-positional"
           : ["path"]),
     SCHEMA({
         "type" : "object",
         "properties" : {"exit" : {"type" : "integer"}},
         "x-sentence" : "{said}",
         "x-exit" : "exit"
     }),
     TIER_AUTONOMOUS, ROLE_AGENT, LANE_CONTROL, CAP_STARTS_HUB | CAP_MCP, fs_errors, fs_exists},
    {"fs", "mkdir", "1.0", "Make a folder, and those before it",
     INPUT("properties"
           : {WORKSPACE, FILE_PATH}, "required"
           : ["path"], "x-positional"
           : ["path"]),
     SCHEMA({"type" : "object", "x-sentence" : "{path} is there."}), TIER_AUTONOMOUS, ROLE_AGENT,
     LANE_CONTROL, CAP_STARTS_HUB | CAP_MCP, write_errors, fs_mkdir},
    {"fs", "move", "1.0", "Give a file or folder another name or place",
     INPUT("properties"
           : {
               WORKSPACE,
               FILE_PATH,
               PLACE("to", "its new path"),
               "replace" : {
                   "type" : "boolean",
                   "default" : false,
                   "description" : "also over what has that name"
               }
           },
             "required"
           : [ "path", "to" ], "x-positional"
           : [ "path", "to" ]),
     SCHEMA({"type" : "object", "x-sentence" : "{path} is {to} now."}), TIER_AUTONOMOUS, ROLE_AGENT,
     LANE_CONTROL, CAP_STARTS_HUB | CAP_MCP, write_errors, fs_move},
    {"fs", "delete", "1.0", "Delete a file or a folder",
     INPUT("properties"
           : {
               WORKSPACE,
               FILE_PATH,
               "all" : {
                   "type" : "boolean",
                   "default" : false,
                   "description" : "a folder with all that is in it"
               }
           },
             "required"
           : ["path"], "x-positional"
           : ["path"]),
     SCHEMA({"type" : "object", "x-sentence" : "{path} is deleted."}), TIER_AUTONOMOUS, ROLE_AGENT,
     LANE_CONTROL, CAP_STARTS_HUB | CAP_MCP, write_errors, fs_delete},
};
