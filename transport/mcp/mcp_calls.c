/* Calls of tools: jobs at the hub, several at a time, answered in the order in which they end. See
 * mcp_private.h for the links that they go by. Nothing is freed inside a callback: what is done is
 * marked, and the loop's next step frees it. */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/people/role.h"
#include "transport/mcp/mcp_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MS 60000            /* of calls that do not wait */
#define PROBE_MS  5000             /* of the question what is blocked */
#define AWAY_US   (10 * 1000000LL) /* a call waits so long for a hub that is away */
#define GRACE_MS  (60 * 1000)      /* one that is held: behind the last moment for an answer */

/* --- answers -----------------------------------------------------------------------------------
 */

static cJSON *text_content(const char *text)
{
    cJSON *content = cJSON_CreateArray(), *block = cJSON_CreateObject();
    cJSON_AddStringToObject(block, "type", "text");
    cJSON_AddStringToObject(block, "text", text);
    cJSON_AddItemToArray(content, block);
    return content;
}

static void refuse(struct job *j, const struct client_fault *fault)
{
    cJSON *result = cJSON_CreateObject();
    char *text = mcp_fault_text(fault);
    cJSON_AddItemToObject(result, "content", text_content(text));
    cJSON_AddTrueToObject(result, "isError");
    cJSON *error = cJSON_AddObjectToObject(cJSON_AddObjectToObject(result, "_meta"), "baton/error");
    cJSON_AddStringToObject(error, "name", fault->name);
    cJSON_AddBoolToObject(error, "retry", fault->retry);
    mcp_result(j->mcp, j->id, j->modern, result);
    free(text);
    j->done = true;
}

static void refuse_with(struct job *j, enum err code, const char *message)
{
    const struct err_text *t = err_text(code);
    struct client_fault fault = {.code = code, .retry = t->retry};
    snprintf(fault.name, sizeof fault.name, "%s", t->name);
    snprintf(fault.message, sizeof fault.message, "%s", message);
    snprintf(fault.next, sizeof fault.next, "%s", t->next);
    refuse(j, &fault);
}

/* Lost while it was held for a human: it waits for the next hub, and goes on there. */
static bool goes_on(struct job *j, const struct client_fault *fault)
{
    const int64_t left = j->hold.expires_ms + GRACE_MS - clock_wall_us() / 1000;
    if (!*j->hold.approval || left <= 0 || (fault->code != ERR_LOST && fault->code != ERR_NO_HUB))
        return false;
    j->sent = false;
    j->give_up_us = clock_mono_us() + left * 1000;
    return true;
}

static void answered(void *data, const cJSON *hub_result, const struct client_fault *fault)
{
    struct job *j = data;
    if (j->done)
        return;
    if (fault) {
        if (!goes_on(j, fault))
            refuse(j, fault);
        return;
    }
    cJSON *result = cJSON_CreateObject();
    char *text = cJSON_IsString(hub_result) && (j->row->flags & CAP_BINDING)
                     ? mem_strdup(hub_result->valuestring)
                     : json_print(hub_result);
    cJSON_AddItemToObject(result, "content", text_content(text));
    if (cJSON_IsObject(hub_result) && mcp_tool_gives_object(j->row))
        cJSON_AddItemToObject(result, "structuredContent", cJSON_Duplicate(hub_result, true));
    cJSON_AddFalseToObject(result, "isError");
    mcp_result(j->mcp, j->id, j->modern, result);
    free(text);
    j->done = true;
}

/* --- links -------------------------------------------------------------------------------------
 */

/* Only the owner's own hub is started, and only by the owner. */
static bool may_start(const struct mcp *m)
{
    return !m->options->token && !path_hub_is_others(m->options->hub) && !client_door();
}

static enum err open_link(const struct mcp *m, const char *kind, bool start,
                          struct client **ret_client, struct client_fault *fault)
{
    const struct client_options options = {
        .hub = m->options->hub,
        .token = m->options->token,
        .identity = m->options->identity,
        .workspace = m->options->workspace,
        .kind = kind,
        .start = start,
    };
    return client_open(&options, ret_client, fault);
}

static void take_hello(struct mcp *m, const struct client *client)
{
    const cJSON *hello = client_hello(client);
    if (!role_from_name(json_string(hello, "role", ""), &m->role))
        return;
    m->known = true;
    snprintf(m->member, sizeof m->member, "%s", json_string(hello, "member", ""));
    snprintf(m->scope, sizeof m->scope, "%s", json_string(hello, "workspace", ""));
}

static void connected(void *data, bool up)
{
    struct mcp *m = data;
    m->up = up;
    if (up)
        take_hello(m, m->client);
}

static enum err join(struct mcp *m, struct client_fault *fault)
{
    static const struct client_events events = {.connected = connected};
    if (m->client)
        return ERR_OK;
    enum err e = open_link(m, "mcp", may_start(m), &m->client, fault);
    if (e != ERR_OK)
        return e;
    client_listen(m->client, &events, m);
    connected(m, true);
    return ERR_OK;
}

void mcp_probe(const struct mcp *m, struct client **ret_client)
{
    struct client_fault fault = {0};
    if (open_link(m, "mcp-probe", false, ret_client, &fault) != ERR_OK)
        client_fault_finish(&fault);
}

void mcp_learn(struct mcp *m)
{
    struct client_fault fault = {0};
    struct client *client = NULL;
    if (m->known)
        return;
    if (may_start(m)) { /* the owner needs no hub to know that */
        m->known = true;
        m->role = ROLE_OWNER;
    } else if (open_link(m, "mcp-probe", false, &client, &fault) == ERR_OK) {
        take_hello(m, client);
        client_close(client);
    } else {
        client_fault_finish(&fault);
    }
}

void mcp_learn_blocked(struct mcp *m)
{
    struct client_fault fault = {0};
    struct client *client = NULL;
    cJSON *result = NULL, *ask = cJSON_CreateObject();
    if (m->options->workspace)
        cJSON_AddStringToObject(ask, "workspace", m->options->workspace);
    if (open_link(m, "mcp-probe", false, &client, &fault) == ERR_OK &&
        client_call(client, "policy.tiers", ask, PROBE_MS, &result, &fault) == ERR_OK) {
        cJSON_Delete(m->blocked);
        m->blocked = cJSON_DetachItemFromObjectCaseSensitive(result, "blocked");
    }
    client_fault_finish(&fault);
    client_close(client);
    cJSON_Delete(result);
    cJSON_Delete(ask);
}

/* --- jobs --------------------------------------------------------------------------------------
 */

static void own_connected(void *data, bool up)
{
    struct job *j = data;
    j->own_up = up;
}

static struct client *link_of(const struct job *j)
{
    return j->own ? j->own : j->mcp->client;
}

static bool link_up(const struct job *j)
{
    return j->own ? j->own_up : j->mcp->up;
}

static void send(struct job *j)
{
    static const struct client_events events = {.connected = own_connected};
    char method[MCP_TOOL_MAX];
    struct client_fault fault = {0};
    const bool waits = j->row->flags & CAP_LONG;
    snprintf(method, sizeof method, "%s.%s", j->row->group, j->row->name);
    j->sent = true;
    if (waits && !j->own) {
        if (open_link(j->mcp, "mcp-call", false, &j->own, &fault) != ERR_OK) {
            refuse(j, &fault);
            client_fault_finish(&fault);
            return;
        }
        client_listen(j->own, &events, j);
        j->own_up = true;
    }
    /* On control any call may have to wait for a human (the policy's approval tier). */
    client_send_held(link_of(j), method, j->arguments,
                     waits || j->row->lane == LANE_CONTROL ? -1 : ANSWER_MS, &j->hold, answered, j);
}

/* A workspace that was named when the server was started is meant where a tool takes one. */
static void fill_workspace(struct job *j)
{
    const char *workspace = j->mcp->options->workspace;
    cJSON *input = NULL;
    if (!workspace || (j->row->flags & CAP_BINDING) || json_get(j->arguments, "workspace") ||
        json_parse(j->row->input, strlen(j->row->input), &input) != ERR_OK)
        return;
    if (json_get(json_get(input, "properties"), "workspace"))
        cJSON_AddStringToObject(j->arguments, "workspace", workspace);
    cJSON_Delete(input);
}

static size_t count(const struct mcp *m)
{
    size_t n = 0;
    for (const struct job *j = m->jobs; j; j = j->next)
        n++;
    return n;
}

void mcp_call(struct mcp *m, const cJSON *id, bool modern, const struct capability *row,
              cJSON *arguments)
{
    struct client_fault fault = {0};
    struct job *j = mem_zalloc(sizeof *j), **at = &m->jobs;
    const bool full = count(m) >= MCP_JOBS;
    *j = (struct job){.mcp = m,
                      .id = cJSON_Duplicate(id, true),
                      .arguments = arguments,
                      .row = row,
                      .modern = modern,
                      .give_up_us = clock_mono_us() + AWAY_US};
    while (*at)
        at = &(*at)->next;
    *at = j;
    if (!cJSON_IsObject(arguments)) {
        refuse_with(j, ERR_INVALID, "The arguments of a tool have to be an object");
    } else if (full) {
        refuse_with(j, ERR_LIMIT, "Too many calls wait for their ends already");
    } else if (join(m, &fault) != ERR_OK) {
        refuse(j, &fault);
        client_fault_finish(&fault);
    } else {
        fill_workspace(j);
    }
}

void mcp_cancel(struct mcp *m, const cJSON *id)
{
    for (struct job *j = m->jobs; j && id; j = j->next)
        if (cJSON_Compare(j->id, id, true))
            j->done = true;
}

static void destroy(struct job *j)
{
    if (j->mcp->client)
        client_forget(j->mcp->client, j);
    client_close(j->own);
    cJSON_Delete(j->id);
    cJSON_Delete(j->arguments);
    free(j);
}

/* One that waits for the link. Whom the hub does not let in again need not wait. */
static void step(struct job *j, int64_t now)
{
    struct client *link = link_of(j);
    const struct client_fault *refused = link ? client_refused(link) : NULL;
    if (link_up(j))
        send(j);
    else if (refused && refused->code != ERR_NO_HUB)
        refuse(j, refused);
    else if (now >= j->give_up_us)
        refuse_with(j, ERR_NO_HUB, "The hub does not answer");
}

void mcp_jobs_step(struct mcp *m)
{
    const int64_t now = clock_mono_us();
    for (struct job **at = &m->jobs, *j; (j = *at);) {
        if (!j->done && !j->sent)
            step(j, now);
        if (!j->done) {
            at = &j->next;
            continue;
        }
        *at = j->next;
        destroy(j);
    }
}

int mcp_jobs_patience(const struct mcp *m)
{
    const int64_t now = clock_mono_us();
    int64_t first = -1;
    for (const struct job *j = m->jobs; j; j = j->next) {
        if (j->done || (!j->sent && link_up(j)))
            return 0;
        if (!j->sent && (first < 0 || j->give_up_us < first))
            first = j->give_up_us;
    }
    return first < 0 ? -1 : first <= now ? 0 : (int)((first - now + 999) / 1000);
}

bool mcp_jobs_short(const struct mcp *m)
{
    for (const struct job *j = m->jobs; j; j = j->next)
        if (!j->done)
            return true;
    return false;
}

void mcp_jobs_end(struct mcp *m, bool all)
{
    for (struct job *j = m->jobs; j; j = j->next)
        j->done = j->done || all || (j->sent && (j->row->flags & CAP_LONG));
}
