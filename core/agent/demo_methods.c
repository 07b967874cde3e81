/* What the client asks of the demo agent: one table of methods, each with a function that answers
 * at once or hands over to a turn. Lines come from outside: whatever is wrong with one gets an
 * error, and the next one is read. */
#include "core/agent/demo_private.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

struct request {
    struct demo *demo;
    const cJSON *id; /* NULL: a notification */
    const cJSON *params;
};

static void wrong(const struct request *r, const char *message)
{
    rpc_error(r->demo, r->id, RPC_PARAMS, message);
}

/* --- the handshake -------------------------------------------------------------------------------
 */

static cJSON *capabilities(void)
{
    cJSON *c = cJSON_CreateObject();
    cJSON_AddTrueToObject(c, "loadSession");
    cJSON *prompt = cJSON_AddObjectToObject(c, "promptCapabilities");
    cJSON_AddFalseToObject(prompt, "image");
    cJSON_AddFalseToObject(prompt, "audio");
    cJSON_AddFalseToObject(prompt, "embeddedContext");
    cJSON *mcp = cJSON_AddObjectToObject(c, "mcpCapabilities");
    cJSON_AddFalseToObject(mcp, "http");
    cJSON_AddFalseToObject(mcp, "sse");
    cJSON *session = cJSON_AddObjectToObject(c, "sessionCapabilities");
    cJSON_AddObjectToObject(session, "list");
    cJSON_AddObjectToObject(session, "resume");
    cJSON_AddObjectToObject(session, "close");
    return c;
}

/* Whatever version is offered: this agent speaks the first, and a client that can't ends here. */
static void initialize(const struct request *r)
{
    if (!cJSON_IsNumber(json_get(r->params, "protocolVersion"))) {
        wrong(r, "initialize needs a protocolVersion");
        return;
    }
    cJSON *result = cJSON_CreateObject();
    cJSON_AddNumberToObject(result, "protocolVersion", 1);
    cJSON_AddItemToObject(result, "agentCapabilities", capabilities());
    cJSON_AddArrayToObject(result, "authMethods");
    cJSON *info = cJSON_AddObjectToObject(result, "agentInfo");
    cJSON_AddStringToObject(info, "name", "baton-demo");
    cJSON_AddStringToObject(info, "title", "baton's demo agent");
    cJSON_AddStringToObject(info, "version", BATON_VERSION);
    r->demo->greeted = true;
    rpc_result(r->demo, r->id, result);
}

static void authenticate(const struct request *r)
{
    wrong(r, "There is no way to authenticate, and no need to");
}

/* --- sessions ------------------------------------------------------------------------------------
 */

/* The session that the params name; NULL when the answer has been given. */
static struct session *named_session(const struct request *r, bool open)
{
    const char *id = json_string(r->params, "sessionId", NULL);
    struct session *s = id ? demo_session_find(r->demo, id) : NULL;
    if (!id)
        wrong(r, "sessionId is missing");
    else if (!s)
        rpc_error(r->demo, r->id, RPC_NOT_FOUND, "There is no such session");
    else if (open && !s->open)
        rpc_error(r->demo, r->id, RPC_NOT_FOUND, "That session is closed: load or resume it first");
    else
        return s;
    return NULL;
}

static bool server_ok(const cJSON *server)
{
    return cJSON_IsString(json_get(server, "name")) &&
           cJSON_IsString(json_get(server, "command")) && cJSON_IsArray(json_get(server, "args")) &&
           cJSON_IsArray(json_get(server, "env"));
}

/* The parts that new, load and resume share. False when the answer has been given. */
static bool place_ok(const struct request *r, bool servers_needed)
{
    const char *cwd = json_string(r->params, "cwd", NULL);
    const cJSON *servers = json_get(r->params, "mcpServers"), *one;
    if (!cwd || cwd[0] != '/') {
        wrong(r, "cwd must be an absolute path");
        return false;
    }
    if (servers ? !cJSON_IsArray(servers) : servers_needed) {
        wrong(r, "mcpServers must be a list; it may be empty");
        return false;
    }
    cJSON_ArrayForEach(one, servers) if (!server_ok(one))
    {
        wrong(r,
              "An entry of mcpServers needs name, command, args and env; others were not offered");
        return false;
    }
    return true;
}

static cJSON *session_state(const struct session *s)
{
    cJSON *result = cJSON_CreateObject();
    cJSON_AddItemToObject(result, "modes", demo_session_modes(s));
    cJSON_AddItemToObject(result, "configOptions", demo_session_options(s));
    return result;
}

static void session_new(const struct request *r)
{
    if (!place_ok(r, true))
        return;
    struct session *s = demo_session_create(r->demo, json_string(r->params, "cwd", "/"));
    demo_mcp_keep(s, json_get(r->params, "mcpServers"));
    cJSON *result = session_state(s);
    cJSON_AddStringToObject(result, "sessionId", s->id);
    rpc_result(r->demo, r->id, result);
}

static void reopen(const struct request *r, bool replay)
{
    struct session *s = named_session(r, false);
    if (!s || !place_ok(r, replay))
        return;
    if (s->turn) {
        rpc_error(r->demo, r->id, RPC_REQUEST, "A turn is running in that session");
        return;
    }
    free(s->cwd);
    s->cwd = mem_strdup(json_string(r->params, "cwd", "/"));
    s->open = true;
    demo_mcp_keep(s, json_get(r->params, "mcpServers"));
    if (replay)
        demo_session_replay(r->demo, s);
    rpc_result(r->demo, r->id, session_state(s));
}

static void session_load(const struct request *r)
{
    reopen(r, true);
}

static void session_resume(const struct request *r)
{
    reopen(r, false);
}

static void session_list(const struct request *r)
{
    const cJSON *cursor = json_get(r->params, "cursor");
    if (cursor && !cJSON_IsNull(cursor)) {
        wrong(r, "This cursor was never given out");
        return;
    }
    cJSON *result = cJSON_CreateObject();
    cJSON_AddItemToObject(result, "sessions",
                          demo_sessions_list(r->demo, json_string(r->params, "cwd", NULL)));
    rpc_result(r->demo, r->id, result);
}

static void session_close(const struct request *r)
{
    struct session *s = named_session(r, true);
    if (!s)
        return;
    if (s->turn)
        turn_end(s->turn, "cancelled");
    demo_mcp_end(s);
    s->open = false;
    rpc_result(r->demo, r->id, cJSON_CreateObject());
}

static void set_mode(const struct request *r)
{
    struct session *s = named_session(r, true);
    if (!s)
        return;
    if (!demo_session_set_mode(s, json_string(r->params, "modeId", ""))) {
        wrong(r, "modeId must be ask or auto");
        return;
    }
    demo_session_save(r->demo, s);
    rpc_result(r->demo, r->id, cJSON_CreateObject());
}

static void set_config_option(const struct request *r)
{
    struct session *s = named_session(r, true);
    if (!s)
        return;
    if (!demo_session_set_option(s, json_string(r->params, "configId", ""),
                                 json_get(r->params, "value"))) {
        wrong(r, "configId must be speed (slow, normal or fast) or thoughts (true or false)");
        return;
    }
    demo_session_save(r->demo, s);
    cJSON *result = cJSON_CreateObject();
    cJSON_AddItemToObject(result, "configOptions", demo_session_options(s));
    rpc_result(r->demo, r->id, result);
}

/* --- turns ---------------------------------------------------------------------------------------
 */

/* What a block of the prompt says; NULL, and *ret_wrong, when it can't be taken. A link is told as
 * a line that is no instruction. */
static char *block_text(const cJSON *block, const char **ret_wrong)
{
    const char *type = json_string(block, "type", ""), *text = json_string(block, "text", NULL);
    *ret_wrong = NULL;
    if (strcmp(type, "text") == 0 && text)
        return mem_strdup(text);
    if (strcmp(type, "resource_link") == 0 && json_string(block, "uri", NULL))
        return mem_printf("(a link to %s)", json_string(block, "uri", ""));
    *ret_wrong =
        strcmp(type, "image") == 0 || strcmp(type, "audio") == 0 || strcmp(type, "resource") == 0
            ? "Only text and links were offered for prompts"
            : "A block of the prompt is no content block";
    return NULL;
}

static void session_prompt(const struct request *r)
{
    const cJSON *prompt = json_get(r->params, "prompt"), *block;
    struct session *s = named_session(r, true);
    struct buf text = {0};
    const char *complaint = NULL;
    if (!s)
        return;
    if (!cJSON_IsArray(prompt))
        complaint = "prompt must be a list of content blocks";
    if (!complaint && s->turn) {
        rpc_error(r->demo, r->id, RPC_REQUEST, "A turn is running in that session");
        return;
    }
    for (block = complaint ? NULL : prompt->child; block; block = block->next) {
        char *one = block_text(block, &complaint);
        if (!one)
            break;
        buf_puts(&text, text.len ? "\n" : "");
        buf_puts(&text, one);
        free(one);
    }
    if (complaint) {
        wrong(r, complaint);
    } else {
        cJSON_ArrayForEach(block, prompt)
        {
            cJSON *update = cJSON_CreateObject();
            cJSON_AddStringToObject(update, "sessionUpdate", "user_message_chunk");
            cJSON_AddItemToObject(update, "content", cJSON_Duplicate(block, true));
            demo_session_remember(s, update);
            cJSON_Delete(update);
        }
        turn_start(r->demo, s, r->id, text.data ? text.data : "");
    }
    buf_finish(&text);
}

static void session_cancel(const struct request *r)
{
    const char *id = json_string(r->params, "sessionId", NULL);
    struct session *s = id ? demo_session_find(r->demo, id) : NULL;
    if (s && s->turn)
        turn_cancel(s->turn);
    if (r->id) /* it is no request, but whoever asks gets an answer */
        rpc_result(r->demo, r->id, cJSON_CreateObject());
}

static void cancel_request(const struct request *r)
{
    const cJSON *id = json_get(r->params, "requestId");
    for (struct session *s = r->demo->sessions; s && id; s = s->next)
        if (s->turn && !s->turn->stubborn && cJSON_Compare(s->turn->id, id, true)) {
            turn_fail(s->turn, RPC_CANCELLED, "The request was cancelled");
            return;
        }
}

/* --- dispatch ------------------------------------------------------------------------------------
 */

static const struct method {
    const char *name;
    void (*run)(const struct request *r);
    bool notification;
} methods[] = {
    {"initialize", initialize, false},
    {"authenticate", authenticate, false},
    {"session/new", session_new, false},
    {"session/load", session_load, false},
    {"session/resume", session_resume, false},
    {"session/list", session_list, false},
    {"session/close", session_close, false},
    {"session/set_mode", set_mode, false},
    {"session/set_config_option", set_config_option, false},
    {"session/prompt", session_prompt, false},
    {"session/cancel", session_cancel, true},
    {"$/cancel_request", cancel_request, true},
};

static void dispatch(struct demo *d, const char *name, const cJSON *message)
{
    const struct request r = {
        .demo = d, .id = json_get(message, "id"), .params = json_get(message, "params")};
    const struct method *m = methods, *end = methods + sizeof methods / sizeof *methods;
    while (m < end && strcmp(m->name, name) != 0)
        m++;
    if (m == end && r.id)
        rpc_error(d, r.id, RPC_METHOD, "This agent has no such method");
    if (m == end || (!r.id && !m->notification))
        return; /* an unknown notification gets nothing, nor a request that wants no answer */
    if (!d->greeted && m->run != initialize) {
        if (r.id)
            rpc_error(d, r.id, RPC_REQUEST, "initialize comes first");
        return;
    }
    if (r.params && !cJSON_IsObject(r.params) && !cJSON_IsNull(r.params)) {
        if (r.id)
            wrong(&r, "params must be an object");
        return;
    }
    m->run(&r);
}

/* A terminal that comes when its turn has ended is given back. */
static void orphaned(struct demo *d, const cJSON *message)
{
    const char *terminal = json_string(json_get(message, "result"), "terminalId", NULL);
    double id = json_number(message, "id", 0);
    for (struct orphan *o = d->orphans; o < d->orphans + ORPHANS; o++)
        if (o->asked && id == (double)o->asked) {
            if (terminal)
                turn_release(d, o->session, terminal);
            o->asked = 0;
        }
}

/* An answer belongs to the turn that asked; one that nobody waits for any more is dropped. */
static void answer(struct demo *d, cJSON *message)
{
    const cJSON *id = json_get(message, "id");
    for (struct session *s = d->sessions; s; s = s->next)
        if (s->turn && s->turn->asked && cJSON_IsNumber(id) &&
            id->valuedouble == (double)s->turn->asked) {
            turn_answered(s->turn, message);
            return;
        }
    orphaned(d, message);
    cJSON_Delete(message);
}

void demo_line(struct demo *d, const char *line, size_t n)
{
    cJSON *message = NULL;
    size_t blank = 0;
    while (blank < n && strchr(" \t\r", line[blank]) && line[blank])
        blank++;
    if (blank == n)
        return;
    if (!text_is_utf8(line, n) || json_parse(line, n, &message) != ERR_OK) {
        rpc_error(d, NULL, RPC_PARSE, "This line is no JSON");
        return;
    }
    const cJSON *id = json_get(message, "id");
    const char *method = json_string(message, "method", NULL);
    bool id_ok = !id || cJSON_IsNumber(id) || cJSON_IsString(id) || cJSON_IsNull(id);
    if (cJSON_IsObject(message) && id_ok && method) {
        dispatch(d, method, message);
    } else if (cJSON_IsObject(message) && id_ok && id && !json_get(message, "method") &&
               (json_get(message, "result") || json_get(message, "error"))) {
        answer(d, message);
        return;
    } else {
        rpc_error(d, id_ok ? id : NULL, RPC_REQUEST, "This is no JSON-RPC request");
    }
    cJSON_Delete(message);
}
