/* What an MCP client asks, in both eras. Until 2025-11-25 there is a handshake, whose version holds
 * from then on; since 2026-07-28 each request names the version in its _meta, and the answer has
 * that version's shape. So nothing is remembered of a client, and one process serves both. Lines
 * come from outside: whatever is wrong with one gets an error, and the next one is read. */
#include "core/base/text.h"
#include "core/people/role.h"
#include "transport/mcp/mcp_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define META_VERSION      "io.modelcontextprotocol/protocolVersion"
#define META_CAPABILITIES "io.modelcontextprotocol/clientCapabilities"
#define TTL_MS            300000

static const char *const versions[] = {MCP_MODERN, MCP_NEWEST, "2025-06-18", "2025-03-26",
                                       "2024-11-05"};
#define VERSIONS (sizeof versions / sizeof *versions)

struct request {
    struct mcp *mcp;
    const cJSON *id, *params;
    bool modern;
};

static void answer(const struct request *r, cJSON *result)
{
    mcp_result(r->mcp, r->id, r->modern, result);
}

static void wrong(const struct request *r, const char *message)
{
    mcp_error(r->mcp, r->id, RPC_PARAMS, message, NULL);
}

static cJSON *version_list(void)
{
    return cJSON_CreateStringArray((const char *const *)versions, (int)VERSIONS);
}

static void about_us(const struct request *r, cJSON *result)
{
    cJSON *capabilities = cJSON_AddObjectToObject(result, "capabilities");
    cJSON *tools = cJSON_AddObjectToObject(capabilities, "tools");
    if (!r->modern)
        cJSON_AddTrueToObject(tools, "listChanged");
    char *text = mcp_instructions(r->mcp);
    cJSON_AddStringToObject(result, "instructions", text);
    free(text);
}

/* How long what was told may be kept, and that it was told to this client alone. */
static void cacheable(const struct request *r, cJSON *result)
{
    if (!r->modern)
        return;
    json_add_int(result, "ttlMs", TTL_MS);
    cJSON_AddStringToObject(result, "cacheScope", "private");
}

/* --- methods -----------------------------------------------------------------------------------
 */

static void initialize(const struct request *r)
{
    const char *wanted = json_string(r->params, "protocolVersion", NULL), *given = MCP_NEWEST;
    if (!wanted) {
        wrong(r, "initialize needs a protocolVersion");
        return;
    }
    for (size_t i = 1; i < VERSIONS; i++)
        if (strcmp(versions[i], wanted) == 0)
            given = versions[i];
    cJSON *result = cJSON_CreateObject();
    cJSON_AddStringToObject(result, "protocolVersion", given);
    about_us(r, result);
    cJSON *info = cJSON_AddObjectToObject(result, "serverInfo");
    cJSON_AddStringToObject(info, "name", "baton");
    cJSON_AddStringToObject(info, "title", "baton");
    cJSON_AddStringToObject(info, "version", BATON_VERSION);
    answer(r, result);
    r->mcp->watch.wanted = true;
}

static void discover(const struct request *r)
{
    if (!r->modern) {
        wrong(r, "server/discover needs " META_VERSION " in params._meta");
        return;
    }
    cJSON *result = cJSON_CreateObject();
    cJSON_AddItemToObject(result, "supportedVersions", version_list());
    about_us(r, result);
    cacheable(r, result);
    answer(r, result);
}

static void ping(const struct request *r)
{
    answer(r, cJSON_CreateObject());
}

/* A cursor is the name of the first tool of the next page: it holds in every process. */
static void tools_list(const struct request *r)
{
    const struct mcp *m = r->mcp;
    const cJSON *given = json_get(r->params, "cursor");
    const char *cursor = json_string(r->params, "cursor", NULL), *next = NULL;
    char name[MCP_TOOL_MAX], after[MCP_TOOL_MAX];
    bool begun = !given || cJSON_IsNull(given);
    int count = 0;
    mcp_learn(r->mcp);
    mcp_learn_blocked(r->mcp);
    mcp_bindings_learn(r->mcp);
    const struct capability *row;
    cJSON *result = cJSON_CreateObject(), *tools = cJSON_AddArrayToObject(result, "tools");
    for (size_t i = 0; !next && (row = mcp_row(m, i)); i++) {
        if (!(row->flags & CAP_MCP) || !mcp_tool_allowed(m, row))
            continue;
        mcp_tool_name(row, name);
        if (mcp_tool_find(m, name) != row)
            continue; /* a-b.c and a.b-c are one name: the first one's */
        begun = begun || (cursor && strcmp(cursor, name) == 0);
        if (begun && count == m->options->page) {
            memcpy(after, name, sizeof after);
            next = after;
        } else if (begun) {
            cJSON_AddItemToArray(tools, mcp_tool_describe(row));
            count++;
        }
    }
    if (!begun) {
        cJSON_Delete(result);
        wrong(r, "This cursor was not given out for these tools: begin without one");
        return;
    }
    if (next)
        cJSON_AddStringToObject(result, "nextCursor", next);
    cacheable(r, result);
    answer(r, result);
    if (!r->modern && !next)
        mcp_watch_listed(r->mcp);
}

static void tools_call(const struct request *r)
{
    const char *name = json_string(r->params, "name", NULL);
    const cJSON *arguments = json_get(r->params, "arguments");
    const struct capability *row = name ? mcp_tool_find(r->mcp, name) : NULL;
    if (name && !row) { /* a binding that is new */
        mcp_bindings_learn(r->mcp);
        row = mcp_tool_find(r->mcp, name);
    }
    if (row)
        mcp_learn(r->mcp);
    if (!name || !row || !mcp_tool_allowed(r->mcp, row)) {
        char safe[64] = "", text[160];
        if (name)
            text_make_safe(safe, sizeof safe, name, strlen(name));
        snprintf(text, sizeof text,
                 name ? "There is no tool \"%s\" here; see tools/list"
                      : "tools/call needs the name of a tool%s",
                 safe);
        wrong(r, text);
        return;
    }
    mcp_call(r->mcp, r->id, r->modern, row,
             arguments ? cJSON_Duplicate(arguments, true) : cJSON_CreateObject());
}

static const struct method {
    const char *name;
    void (*run)(const struct request *r);
    bool old_only; /* of the era of handshakes */
} methods[] = {
    {"initialize", initialize, true},  {"server/discover", discover, false}, {"ping", ping, false},
    {"tools/list", tools_list, false}, {"tools/call", tools_call, false},
};

/* --- lines -------------------------------------------------------------------------------------
 */

/* Finds out the era. False: it was answered with an error. */
static bool choose_era(struct request *r)
{
    const cJSON *meta = json_get(r->params, "_meta"), *version = json_get(meta, META_VERSION);
    if (!version)
        return true;
    const char *text = cJSON_IsString(version) ? version->valuestring : "";
    r->modern = strcmp(text, MCP_MODERN) == 0;
    if (!r->modern) {
        cJSON *data = cJSON_CreateObject();
        cJSON_AddItemToObject(data, "supported", version_list());
        cJSON_AddItemToObject(data, "requested", cJSON_Duplicate(version, true));
        mcp_error(r->mcp, r->id, RPC_VERSION, "This version of the protocol is not spoken here",
                  data);
        return false;
    }
    if (!cJSON_IsObject(json_get(meta, META_CAPABILITIES))) {
        wrong(r, META_CAPABILITIES " is missing in params._meta");
        return false;
    }
    return true;
}

static void request(struct request *r, const char *name)
{
    const struct method *m = methods, *end = methods + sizeof methods / sizeof *methods;
    if (r->params && !cJSON_IsObject(r->params)) {
        wrong(r, "params must be an object");
        return;
    }
    if (!choose_era(r))
        return;
    while (m < end && (strcmp(m->name, name) != 0 || (m->old_only && r->modern)))
        m++;
    if (m < end)
        m->run(r);
    else
        mcp_error(r->mcp, r->id, RPC_METHOD, "This server has tools, and no such method", NULL);
}

void mcp_line_in(struct mcp *m, const char *line, size_t n)
{
    cJSON *message = NULL;
    size_t blank = 0;
    while (blank < n && memchr(" \t\r", line[blank], 3))
        blank++;
    if (blank == n)
        return;
    if (!text_is_utf8(line, n) || json_parse(line, n, &message) != ERR_OK) {
        mcp_error(m, NULL, RPC_PARSE, "This line is no JSON", NULL);
        return;
    }
    struct request r = {m, json_get(message, "id"), json_get(message, "params"), false};
    const char *method = json_string(message, "method", NULL);
    if (!cJSON_IsObject(message) || (r.id && !cJSON_IsNumber(r.id) && !cJSON_IsString(r.id))) {
        mcp_error(m, NULL, RPC_REQUEST,
                  cJSON_IsArray(message) ? "Batches are not taken: one message a line"
                                         : "This is no JSON-RPC message",
                  NULL);
    } else if (method && r.id) {
        request(&r, method);
    } else if (method && strcmp(method, "notifications/cancelled") == 0) {
        mcp_cancel(m, json_get(r.params, "requestId"));
    } else if (!method && !json_get(message, "result") && !json_get(message, "error")) {
        mcp_error(m, r.id, RPC_REQUEST, "This is no JSON-RPC message", NULL);
    } /* other notifications, and answers to what was never asked, say nothing to us */
    cJSON_Delete(message);
}
