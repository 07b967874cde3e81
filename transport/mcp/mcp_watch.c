/* Telling a client that the tools are others than those that it was told: bindings came or went, or
 * the policy blocks other ones. The hub says only that something has changed; what is told to the
 * client was compared. In the era without a handshake a client looks again by itself. */
#include "core/base/mem.h"
#include "transport/mcp/mcp_private.h"

#include <stdio.h>
#include <stdlib.h>

static void ask(struct mcp *m);

/* A number for all that tools/list says, over all its pages (FNV-1a). */
static uint64_t fingerprint(const struct mcp *m)
{
    const struct capability *row;
    char name[MCP_TOOL_MAX];
    uint64_t sum = 0xcbf29ce484222325u;
    for (size_t i = 0; (row = mcp_row(m, i)); i++) {
        mcp_tool_name(row, name);
        if (!(row->flags & CAP_MCP) || !mcp_tool_allowed(m, row) || mcp_tool_find(m, name) != row)
            continue;
        /* Of a row of the catalogue the name says all. */
        char *text = mem_printf("%s\n%s\n%s\n", name, row->flags & CAP_BINDING ? row->help : "",
                                row->flags & CAP_BINDING ? row->input : "");
        for (const char *at = text; *at; at++)
            sum = (sum ^ (unsigned char)*at) * 0x100000001b3u;
        free(text);
    }
    return sum;
}

static void answered(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct mcp *m = data;
    struct watch *w = &m->watch;
    w->waits = false;
    if (fault) {
        w->over = fault->code != ERR_LOST && fault->code != ERR_NO_HUB;
        return;
    }
    /* What came between the list and this question counts too. */
    snprintf(w->since, sizeof w->since, "%s", json_string(result, "since", ""));
    w->changed = true;
    ask(m);
}

static void ask(struct mcp *m)
{
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "since", m->watch.since);
    m->watch.waits = true;
    client_send(m->watch.client, "policy.next", params, -1, answered, m);
    cJSON_Delete(params);
}

static void connected(void *data, bool up)
{
    struct mcp *m = data;
    if (up && !m->watch.waits && !m->watch.over)
        ask(m);
}

static void begin(struct mcp *m)
{
    static const struct client_events events = {.connected = connected};
    mcp_probe(m, &m->watch.client);
    if (!m->watch.client)
        return;
    client_listen(m->watch.client, &events, m);
    ask(m);
}

void mcp_watch_listed(struct mcp *m)
{
    struct watch *w = &m->watch;
    if (!w->wanted)
        return;
    w->told = fingerprint(m);
    if (!w->client)
        begin(m);
}

void mcp_watch_step(struct mcp *m)
{
    struct watch *w = &m->watch;
    /* The hub was not there when the client asked for the tools; now it is. */
    if (w->told && !w->client && m->up)
        begin(m);
    if (!w->changed)
        return;
    w->changed = false;
    mcp_learn_blocked(m);
    mcp_bindings_learn(m);
    const uint64_t now = fingerprint(m);
    if (now == w->told)
        return;
    w->told = now;
    cJSON *message = cJSON_CreateObject();
    cJSON_AddStringToObject(message, "jsonrpc", "2.0");
    cJSON_AddStringToObject(message, "method", "notifications/tools/list_changed");
    mcp_line_out(m, message);
}

void mcp_watch_finish(struct mcp *m)
{
    client_close(m->watch.client);
    m->watch.client = NULL;
}
