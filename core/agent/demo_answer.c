/* `answer N [TEXT]`: the demo agent waits for messages by the tool comms_receive and answers each
 * by comms_send, as a reply to it, N times. One that is refused (such as by the guard against
 * loops) ends the instruction. A cancel ends the wait, and takes no message. */
#include "core/agent/demo_private.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define WAIT_SECONDS 86400

enum { RECEIVES, RECEIVED, SENT };

static enum step call_tool(struct turn *t, const char *tool, cJSON *arguments)
{
    const int code = demo_mcp_call(t->session, tool, arguments);
    if (code == 0)
        return STEP_WAIT;
    turn_say(t, "The MCP server could not be started: %s.", strerror(code));
    return STEP_NEXT;
}

static enum step receive(struct turn *t)
{
    cJSON *arguments = cJSON_CreateObject();
    cJSON_AddNumberToObject(arguments, "limit", 1);
    cJSON_AddNumberToObject(arguments, "wait", WAIT_SECONDS);
    t->phase = RECEIVED;
    return call_tool(t, "comms_receive", arguments);
}

static enum step reply(struct turn *t, const cJSON *message)
{
    char *text = t->text ? mem_strdup(t->text) : NULL;
    cJSON *arguments = cJSON_CreateObject();
    if (!text)
        text = mem_printf("Answer to: %.200s", json_string(message, "message", ""));
    free(t->old);
    t->old = mem_strdup(json_string(message, "from", ""));
    cJSON_AddStringToObject(arguments, "to", t->old);
    cJSON_AddStringToObject(arguments, "message", text);
    cJSON_AddStringToObject(arguments, "reply_to", json_string(message, "message_id", ""));
    free(text);
    t->phase = SENT;
    return call_tool(t, "comms_send", arguments);
}

/* What the tool gave; NULL after words on why it gave nothing. */
static const cJSON *given(struct turn *t, const char *tool)
{
    const cJSON *result = json_get(t->answer, "result");
    const cJSON *content = cJSON_GetArrayItem(json_get(result, "content"), 0);
    if (result && !json_bool(result, "isError", false))
        return json_get(result, "structuredContent");
    turn_say(t, "%s failed:\n%s", tool,
             !t->answer ? "the MCP server has ended"
             : result   ? json_string(content, "text", "")
                        : json_string(json_get(t->answer, "error"), "message", "no message"));
    return NULL;
}

static enum step begin(struct turn *t)
{
    const char *at = t->arg;
    if (!t->session->server) {
        turn_say(t, "Messages come by tools, and no MCP server was handed over.");
        return STEP_NEXT;
    }
    t->n = turn_number(&at, 1, INT64_MAX / 16);
    t->text = *at ? mem_strdup(at) : NULL;
    return t->n > 0 ? receive(t) : STEP_NEXT;
}

enum step do_answer(struct turn *t)
{
    const cJSON *got, *message;
    switch (t->phase) {
    case RECEIVES: return begin(t);
    case RECEIVED:
        got = given(t, "comms_receive");
        message = cJSON_GetArrayItem(json_get(got, "messages"), 0);
        return message ? reply(t, message) : got ? receive(t) : STEP_NEXT;
    default:
        if (!given(t, "comms_send"))
            return STEP_NEXT;
        turn_say(t, "Answered %s.", t->old);
        return ++t->i < t->n ? receive(t) : STEP_NEXT;
    }
}
