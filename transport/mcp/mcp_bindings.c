/* Tools that are bindings of the hub's owner: rows of the same kind as the catalogue's, asked of
 * the hub for each list, for they come and go. A call that is out keeps the rows that were there
 * when it began. */
#include "core/base/mem.h"
#include "transport/mcp/mcp_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_MS 10000

struct mcp_rows {
    struct mcp_rows *next; /* older ones, which calls may still have */
    struct capability *rows;
    size_t count;
};

static void destroy(struct mcp_rows *rows)
{
    while (rows) {
        struct mcp_rows *next = rows->next;
        for (size_t i = 0; i < rows->count; i++) {
            free((char *)(uintptr_t)rows->rows[i].group);
            free((char *)(uintptr_t)rows->rows[i].name);
            free((char *)(uintptr_t)rows->rows[i].help);
            free((char *)(uintptr_t)rows->rows[i].input);
        }
        free(rows->rows);
        free(rows);
        rows = next;
    }
}

void mcp_bindings_finish(struct mcp *m)
{
    destroy(m->bindings);
    m->bindings = NULL;
}

static struct capability row_of(const cJSON *binding)
{
    const char *about = json_string(binding, "description", "");
    const char *name = json_string(binding, "name", "");
    size_t n = strlen(about);
    while (n && strchr(" \t\r\n.", about[n - 1]))
        n--;
    return (struct capability){
        .group = mem_strdup(json_string(binding, "group", "")),
        .name = mem_strdup(name),
        .version = "1.0",
        .help = n ? mem_strndup(about, n) : mem_strdup(name),
        .input = json_print(json_get(binding, "inputSchema")),
        .output = "{}",
        .tier = TIER_NOTIFY,
        .role = ROLE_AGENT,
        .lane = LANE_CONTROL,
        .flags = CAP_LONG | CAP_MCP | CAP_SELF | CAP_BINDING,
    };
}

static void take(struct mcp *m, const cJSON *list)
{
    struct mcp_rows *rows = mem_zalloc(sizeof *rows);
    const cJSON *one;
    rows->rows = mem_calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *rows->rows);
    cJSON_ArrayForEach(one, list) if (cJSON_IsObject(json_get(one, "inputSchema")))
        rows->rows[rows->count++] = row_of(one);
    if (!m->jobs)
        mcp_bindings_finish(m);
    rows->next = m->bindings;
    m->bindings = rows;
}

void mcp_bindings_learn(struct mcp *m)
{
    struct client_fault fault = {0};
    struct client *probe = NULL;
    cJSON *list = NULL, *params = cJSON_CreateObject();
    cJSON_AddTrueToObject(params, "schemas");
    if (!m->up)
        mcp_probe(m, &probe);
    if ((m->up || probe) && client_call(m->up ? m->client : probe, "binding.list", params, LIST_MS,
                                        &list, &fault) == ERR_OK)
        take(m, list);
    client_fault_finish(&fault);
    client_close(probe);
    cJSON_Delete(list);
    cJSON_Delete(params);
}

const struct capability *mcp_row(const struct mcp *m, size_t i)
{
    if (i < m->catalogue->count)
        return m->catalogue->rows[i];
    i -= m->catalogue->count;
    return m->bindings && i < m->bindings->count ? &m->bindings->rows[i] : NULL;
}
