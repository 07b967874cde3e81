/* Tools from the catalogue: a row's schemas without our own words, its help, and hints from its
 * tier, role and flags. Pure. */
#include "core/base/mem.h"
#include "core/people/role.h"
#include "transport/mcp/mcp_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void mcp_tool_name(const struct capability *row, char out[MCP_TOOL_MAX])
{
    snprintf(out, MCP_TOOL_MAX, "%s_%s", row->group, row->name);
    for (char *p = out; *p; p++)
        if (*p == '-')
            *p = '_';
}

const struct capability *mcp_tool_find(const struct mcp *m, const char *name)
{
    char own[MCP_TOOL_MAX];
    const struct capability *row;
    for (size_t i = 0; (row = mcp_row(m, i)); i++) {
        if (!(row->flags & CAP_MCP))
            continue;
        mcp_tool_name(row, own);
        if (strcmp(own, name) == 0)
            return row;
    }
    return NULL;
}

static cJSON *parsed(const char *schema)
{
    cJSON *json = NULL;
    return json_parse(schema, strlen(schema), &json) == ERR_OK ? json : cJSON_CreateObject();
}

/* Does its input name something in a workspace? Else it is closed to whoever is bound to one. */
static bool names_a_place(const struct capability *row)
{
    static const char *const names[] = {"workspace", "key",       "shellId",
                                        "streamId",  "sessionId", "target"};
    cJSON *input = parsed(row->input);
    bool found = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        found = found || json_get(json_get(input, "properties"), names[i]);
    cJSON_Delete(input);
    return found;
}

static bool is_blocked(const struct mcp *m, const struct capability *row)
{
    const size_t n = strlen(row->group);
    const cJSON *one;
    cJSON_ArrayForEach(one, m->blocked)
    {
        const char *method = cJSON_IsString(one) ? one->valuestring : "";
        if (strncmp(method, row->group, n) == 0 && method[n] == '.' &&
            strcmp(method + n + 1, row->name) == 0)
            return true;
    }
    return false;
}

bool mcp_tool_allowed(const struct mcp *m, const struct capability *row)
{
    if (is_blocked(m, row))
        return false;
    if (!m->known)
        return true;
    return role_may(m->role, row->role) &&
           (!*m->scope || (row->flags & CAP_SELF) || names_a_place(row));
}

/* What is told of standard input is true on the command line alone. */
static void without_stdin(cJSON *property)
{
    cJSON *says = cJSON_GetObjectItemCaseSensitive(property, "description");
    const char *text = cJSON_GetStringValue(says),
               *end = text ? strstr(text, "; standard input") : 0;
    if (!end || !json_bool(property, "x-stdin", false))
        return;
    char *shorter = mem_strndup(text, (size_t)(end - text));
    cJSON_SetValuestring(says, shorter);
    free(shorter);
}

/* Our own words begin with "x-". Those of properties and enums are names and values, but none of
 * ours begins so. */
static void strip(cJSON *schema)
{
    without_stdin(schema);
    for (cJSON *one = schema->child, *next; one; one = next) {
        next = one->next;
        if (one->string && strncmp(one->string, "x-", 2) == 0)
            cJSON_Delete(cJSON_DetachItemViaPointer(schema, one));
        else
            strip(one);
    }
}

bool mcp_tool_gives_object(const struct capability *row)
{
    cJSON *output = parsed(row->output);
    const bool object = strcmp(json_string(output, "type", ""), "object") == 0;
    cJSON_Delete(output);
    return object;
}

static int effect_of(const struct capability *row, const struct tool_words *words)
{
    if (words && words->effect)
        return words->effect;
    if (row->tier == TIER_AUTONOMOUS && row->role == ROLE_OBSERVER)
        return TOOL_READS;
    return row->role == ROLE_OWNER || (row->flags & CAP_ASKS) ? TOOL_DESTROYS : TOOL_CHANGES;
}

cJSON *mcp_tool_describe(const struct capability *row)
{
    const struct tool_words *words = mcp_words_of(row);
    const int effect = effect_of(row, words);
    char name[MCP_TOOL_MAX];
    struct buf text = {0};
    mcp_tool_name(row, name);
    buf_printf(&text, "%s.%s%s", row->help, words ? " " : "", words ? words->when : "");
    cJSON *tool = cJSON_CreateObject();
    cJSON_AddStringToObject(tool, "name", name);
    cJSON_AddStringToObject(tool, "title", row->help);
    cJSON_AddStringToObject(tool, "description", text.data);
    buf_finish(&text);
    cJSON *input = parsed(row->input);
    strip(input);
    cJSON_AddItemToObject(tool, "inputSchema", input);
    if (mcp_tool_gives_object(row)) {
        cJSON *output = parsed(row->output);
        strip(output);
        cJSON_AddItemToObject(tool, "outputSchema", output);
    }
    cJSON *hints = cJSON_AddObjectToObject(tool, "annotations");
    cJSON_AddStringToObject(hints, "title", row->help);
    cJSON_AddBoolToObject(hints, "readOnlyHint", effect == TOOL_READS);
    if (effect != TOOL_READS)
        cJSON_AddBoolToObject(hints, "destructiveHint", effect == TOOL_DESTROYS);
    return tool;
}
