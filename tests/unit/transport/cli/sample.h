/* Rows for the command line's tests: every kind of property and flag, no hub. */
#ifndef BATON_TEST_CLI_SAMPLE_H
#define BATON_TEST_CLI_SAMPLE_H

#include "core/catalogue/catalogue.h"

static enum err sample_handle(struct hub *hub, struct call *call)
{
    (void)hub;
    (void)call;
    return ERR_OK;
}

/* JSON_TEXT would turn `true` into 1 where stdbool.h makes it a macro inside another macro; these
 * are plain strings. */
static const char sample_open_input[] =
    "{\"type\":\"object\",\"properties\":{"
    "\"cols\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":2000,\"default\":80,"
    "\"description\":\"columns\"},"
    "\"ratio\":{\"type\":\"number\",\"description\":\"a ratio\"},"
    "\"shellName\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":8,\"description\":\"its "
    "name\"},"
    "\"policy_group\":{\"type\":\"string\",\"pattern\":\"^[a-z]+$\"},"
    "\"to\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"description\":\"who\"},"
    "\"sizes\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}},"
    "\"env\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"},"
    "\"description\":\"more environment\"},"
    "\"filter\":{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"}}},"
    "\"format\":{\"type\":\"string\",\"enum\":[\"text\",\"ansi\"],\"default\":\"text\","
    "\"description\":\"how\"},"
    "\"quiet\":{\"type\":\"boolean\",\"default\":false,\"description\":\"say nothing\"},"
    "\"record\":{\"type\":\"boolean\",\"default\":true,\"description\":\"keep it\"},"
    "\"any\":{},"
    "\"since\":{\"type\":[\"integer\",\"string\"]},"
    "\"workspace\":{\"type\":\"string\"},"
    "\"command\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"description\":\"what "
    "runs\"}},"
    "\"x-rest\":\"command\"}";

static const struct capability sample_open = {
    .group = "shell",
    .name = "open",
    .version = "1.0",
    .help = "Open a shell",
    .input = sample_open_input,
    .output = "{\"type\":\"object\",\"properties\":{\"shellId\":{\"type\":\"string\","
              "\"description\":\"its id\"}},\"x-sentence\":\"{shellId} runs.\"}",
    .tier = TIER_NOTIFY,
    .role = ROLE_DRIVER,
    .lane = LANE_CONTROL,
    .flags = CAP_STARTS_HUB | CAP_LONG,
    .errors = (const enum err[]){ERR_LIMIT, ERR_EXEC, ERR_OK},
    .handle = sample_handle,
};

static const struct capability sample_write = {
    .group = "shell",
    .name = "write",
    .version = "1.0",
    .help = "Type text into a shell",
    .input = "{\"type\":\"object\",\"properties\":{\"shellId\":{\"type\":\"string\","
             "\"x-value\":\"ID\",\"description\":\"the shell\"},\"text\":{\"type\":\"string\","
             "\"x-stdin\":true,\"description\":\"what to type\"},\"encoding\":{\"type\":\"string\","
             "\"enum\":[\"text\",\"base64\"]}},\"required\":[\"shellId\",\"text\"],"
             "\"x-positional\":[\"shellId\",\"text\"]}",
    .output = "{\"type\":\"object\",\"x-sentence\":\"\"}",
    .tier = TIER_NOTIFY,
    .role = ROLE_DRIVER,
    .lane = LANE_STREAM,
    .handle = sample_handle,
};

static const struct capability sample_keys = {
    .group = "shell",
    .name = "keys",
    .version = "1.0",
    .help = "Press keys in a shell",
    .input = "{\"type\":\"object\",\"properties\":{\"shellId\":{\"type\":\"string\","
             "\"x-value\":\"ID\"},\"keys\":{\"type\":\"array\",\"minItems\":1,\"items\":{\"type\":"
             "\"string\"}}},\"required\":[\"shellId\",\"keys\"],\"x-positional\":[\"shellId\","
             "\"keys\"]}",
    .output = "{\"type\":\"object\"}",
    .tier = TIER_NOTIFY,
    .role = ROLE_DRIVER,
    .lane = LANE_STREAM,
    .handle = sample_handle,
};

static const struct capability sample_list = {
    .group = "shell",
    .name = "list",
    .version = "1.0",
    .help = "List the shells",
    .input = "{\"type\":\"object\"}",
    .output = "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"shellId\":{"
              "\"type\":\"string\"},\"state\":{\"type\":\"string\"}}},\"x-empty\":\"No shells.\"}",
    .tier = TIER_AUTONOMOUS,
    .role = ROLE_OBSERVER,
    .lane = LANE_CONTROL,
    .handle = sample_handle,
};

static const struct capability sample_read = {
    .group = "stream",
    .name = "read",
    .version = "1.0",
    .help = "Read the bytes of a stream",
    .input = "{\"type\":\"object\",\"properties\":{\"streamId\":{\"type\":\"string\","
             "\"x-value\":\"ID\"},\"since\":{\"type\":\"integer\",\"minimum\":0,\"default\":0}},"
             "\"required\":[\"streamId\"],\"x-positional\":[\"streamId\"]}",
    .output = "{\"type\":\"object\",\"x-raw\":\"data\"}",
    .tier = TIER_AUTONOMOUS,
    .role = ROLE_OBSERVER,
    .lane = LANE_STREAM,
    .flags = CAP_FOLLOW,
    .handle = sample_handle,
};

static const struct capability sample_stop = {
    .group = "hub",
    .name = "stop",
    .version = "1.0",
    .help = "Stop the hub",
    .input = "{\"type\":\"object\",\"properties\":{\"force\":{\"type\":\"boolean\",\"default\":"
             "false,\"description\":\"do not ask\"}}}",
    .output = "{\"type\":\"object\",\"x-sentence\":\"Stopped.\"}",
    .tier = TIER_NOTIFY,
    .role = ROLE_OWNER,
    .lane = LANE_CONTROL,
    .flags = CAP_ASKS,
    .handle = sample_handle,
};

static const struct capability sample_run = {
    .group = "hub",
    .name = "run",
    .version = "1.0",
    .help = "Run the hub",
    .input = "{\"type\":\"object\",\"properties\":{\"detached\":{\"type\":\"boolean\"}}}",
    .output = "{\"type\":\"object\"}",
    .tier = TIER_AUTONOMOUS,
    .role = ROLE_OWNER,
    .lane = LANE_CLIENT,
};

static const struct capability sample_exec = {
    .group = "process",
    .name = "exec",
    .version = "1.0",
    .help = "Run a program and wait for it",
    .input =
        "{\"type\":\"object\",\"properties\":{\"command\":{\"type\":\"array\",\"minItems\":1,"
        "\"items\":{\"type\":\"string\"}},\"stdin\":{\"type\":\"string\"}},\"required\":[\"command\"],\"x-rest\":\"command\"}",
    .output = "{\"type\":\"object\",\"x-raw\":\"stdout\",\"x-raw-error\":\"stderr\",\"x-exit\":"
              "\"exitCode\"}",
    .tier = TIER_NOTIFY,
    .role = ROLE_DRIVER,
    .lane = LANE_CONTROL,
    .flags = CAP_LONG,
    .handle = sample_handle,
};

static const struct capability sample_take = {
    .group = "baton",
    .name = "take",
    .version = "1.0",
    .help = "Take the baton of a shell",
    .input = "{\"type\":\"object\",\"properties\":{\"target\":{\"type\":\"string\"}},"
             "\"required\":[\"target\"],\"x-positional\":[\"target\"]}",
    .output = "{\"type\":\"object\",\"x-sentence\":\"You drive {target}.\"}",
    .tier = TIER_NOTIFY,
    .role = ROLE_AGENT,
    .lane = LANE_CONTROL,
    .handle = sample_handle,
};

static const struct capability sample_events = {
    .group = "events",
    .name = "follow",
    .version = "1.0",
    .help = "Show events as they happen",
    .input = "{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"integer\"}}}",
    .output = "{\"type\":\"object\"}",
    .tier = TIER_AUTONOMOUS,
    .role = ROLE_OBSERVER,
    .lane = LANE_CLIENT,
    .flags = CAP_LONG,
};

static const struct capability sample_hello = {
    .group = "hub",
    .name = "hello",
    .version = "1.0",
    .help = "Say hello",
    .input = "{\"type\":\"object\"}",
    .output = "{\"type\":\"object\"}",
    .tier = TIER_AUTONOMOUS,
    .role = ROLE_OBSERVER,
    .lane = LANE_CONTROL,
    .flags = CAP_INTERNAL,
    .handle = sample_handle,
};

static const struct capability *const sample_rows[] = {
    &sample_hello, &sample_open, &sample_write, &sample_keys,   &sample_list, &sample_read,
    &sample_stop,  &sample_exec, &sample_take,  &sample_events, &sample_run,
};
static const struct catalogue sample_catalogue = {sample_rows,
                                                  sizeof sample_rows / sizeof *sample_rows};

#endif
