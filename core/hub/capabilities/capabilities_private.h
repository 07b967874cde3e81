/* What the catalogue's rows are written with, for capabilities*.c alone. Included last: JSON's true
 * and false must stay words from here on, and schemas are text made of tokens. Data. */
#ifndef BATON_HUB_CAPABILITIES_PRIVATE_H
#define BATON_HUB_CAPABILITIES_PRIVATE_H

#include "core/hub/capabilities/capabilities.h"

#undef true
#undef false

/* Two steps, so that macros inside are put in before the text is made. */
#define TEXT_OF(...) #__VA_ARGS__
#define SCHEMA(...)  TEXT_OF(__VA_ARGS__)
#define INPUT(...)   SCHEMA({"type" : "object", "additionalProperties" : false, __VA_ARGS__})
#define NO_INPUT     JSON_TEXT({"type" : "object", "properties" : {}, "additionalProperties" : false})

/* --- properties, by their shape: `most` counts characters, `value` is what --help calls it ------
 */

/* Text that may be empty, and text that may not. */
#define STRING(name, most, value, text)                                                            \
    name : {                                                                                       \
        "type" : "string", "maxLength" : most, "description" : text, "x-value" : value             \
    }
#define WORD(name, most, value, text)                                                              \
    name : {                                                                                       \
        "type" : "string",                                                                         \
                 "minLength" : 1,                                                                  \
                 "maxLength" : most,                                                               \
                               "description" : text,                                               \
                                               "x-value" : value                                   \
    }
/* The id of something that the hub has made. */
#define ID(name, value, text) WORD(name, 31, value, text)
/* A text that may be as long as a message, and come from standard input. */
#define LONG_TEXT(name, text)                                                                      \
    name : {                                                                                       \
        "type" : "string",                                                                         \
                 "maxLength" : 8388608,                                                            \
                 "x-stdin" : true,                                                                 \
                             "description" : text,                                                 \
                                             "x-value" : "TEXT"                                    \
    }
#define SWITCH(name, text)                                                                         \
    name : {                                                                                       \
        "type" : "boolean", "default" : false, "description" : text                                \
    }
#define TIMEOUT(most, usual, text)                                                                 \
    "timeout":                                                                                     \
    {                                                                                              \
        "type" : "number",                                                                         \
                 "minimum" : 0,                                                                    \
                 "maximum" : most,                                                                 \
                             "default" : usual,                                                    \
                                         "description" : text,                                     \
                                                         "x-value" : "SECONDS"                     \
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

/* --- properties that mean the same in several groups ------------------------------------------ */

#define WORKSPACE_NAMED(name)                                                                      \
    name : {                                                                                       \
        "type" : "string",                                                                         \
                 "maxLength" : 63,                                                                 \
                 "pattern" : "^[A-Za-z0-9][A-Za-z0-9_.-]*$",                                       \
                             "description" : "the workspace's key"                                 \
    }
#define WORKSPACE WORKSPACE_NAMED("workspace")
#define EPOCH                                                                                      \
    "epoch":                                                                                       \
    {                                                                                              \
        "type" : "integer", "minimum" : 0, "description" : "the baton's epoch, when known"         \
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
/* What a shell or session is called when it is opened. */
#define LABEL                                                                                      \
    "name":                                                                                        \
    {                                                                                              \
        "type" : "string",                                                                         \
                 "minLength" : 1,                                                                  \
                 "maxLength" : 60,                                                                 \
                 "description" : "what it is called in lists"                                      \
    }

/* --- errors beside those that any call may have ------------------------------------------------
 */

static const enum err no_errors[] = {ERR_OK};
/* Of what is named by the beginning of an id. */
static const enum err look_errors[] = {ERR_NOT_FOUND, ERR_AMBIGUOUS, ERR_OK};

#endif
