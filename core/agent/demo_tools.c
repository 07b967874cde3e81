/* Tool calls of the demo agent, and the instructions that ask the client for something that takes
 * its time: a permission, a form, a page, a command in a terminal. */
#include "core/agent/demo_private.h"
#include "core/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUTPUT_LIMIT 65536

/* --- telling of a tool call ----------------------------------------------------------------------
 */

static cJSON *list_of(cJSON *one)
{
    cJSON *list = cJSON_CreateArray();
    cJSON_AddItemToArray(list, one);
    return list;
}

cJSON *tool_content_text(const char *text)
{
    cJSON *content = cJSON_CreateObject();
    cJSON_AddStringToObject(content, "type", "content");
    cJSON_AddItemToObject(content, "content", rpc_text_block(text));
    return content;
}

cJSON *tool_content_diff(const char *path, const char *old_text, const char *new_text)
{
    cJSON *content = cJSON_CreateObject();
    cJSON_AddStringToObject(content, "type", "diff");
    cJSON_AddStringToObject(content, "path", path);
    if (old_text)
        cJSON_AddStringToObject(content, "oldText", old_text);
    else
        cJSON_AddNullToObject(content, "oldText");
    cJSON_AddStringToObject(content, "newText", new_text);
    return content;
}

void tool_open(struct turn *t, const char *kind, const char *title, const char *path,
               cJSON *raw_input, cJSON *content)
{
    snprintf(t->call, sizeof t->call, "call-%lld", (long long)++t->session->calls);
    cJSON *update = turn_kind("tool_call");
    cJSON_AddStringToObject(update, "toolCallId", t->call);
    cJSON_AddStringToObject(update, "title", title);
    cJSON_AddStringToObject(update, "kind", kind);
    cJSON_AddStringToObject(update, "status", "pending");
    if (path) {
        cJSON *location = cJSON_CreateObject();
        cJSON_AddStringToObject(location, "path", path);
        cJSON_AddItemToObject(update, "locations", list_of(location));
    }
    if (raw_input)
        cJSON_AddItemToObject(update, "rawInput", raw_input);
    if (content)
        cJSON_AddItemToObject(update, "content", list_of(content));
    turn_update(t, update);
}

void tool_update(struct turn *t, const char *status, cJSON *content, cJSON *raw_output)
{
    cJSON *update = turn_kind("tool_call_update");
    cJSON_AddStringToObject(update, "toolCallId", t->call);
    cJSON_AddStringToObject(update, "status", status);
    if (content)
        cJSON_AddItemToObject(update, "content", list_of(content));
    if (raw_output)
        cJSON_AddItemToObject(update, "rawOutput", raw_output);
    turn_update(t, update);
    if (strcmp(status, "completed") == 0 || strcmp(status, "failed") == 0)
        t->call[0] = '\0';
}

/* --- permissions ---------------------------------------------------------------------------------
 */

/* Ids of our own, as every agent has: clients choose by kind. */
static const struct {
    const char *id, *name, *kind;
    enum verdict verdict;
    enum memory memory;
} choices[] = {
    {"go", "Yes, this once", "allow_once", VERDICT_YES, MEMORY_NONE},
    {"go-on", "Yes, and do not ask again", "allow_always", VERDICT_YES, MEMORY_ALLOW},
    {"no", "No", "reject_once", VERDICT_NO, MEMORY_NONE},
    {"never", "No, never", "reject_always", VERDICT_NO, MEMORY_REJECT},
};

enum step tool_ask(struct turn *t, const char *title, const char *kind, const cJSON *content)
{
    cJSON *params = turn_params(t), *call = cJSON_AddObjectToObject(params, "toolCall");
    cJSON *options = cJSON_AddArrayToObject(params, "options");
    cJSON_AddStringToObject(call, "toolCallId", t->call);
    cJSON_AddStringToObject(call, "title", title);
    cJSON_AddStringToObject(call, "kind", kind);
    cJSON_AddStringToObject(call, "status", "pending");
    if (content)
        cJSON_AddItemToObject(call, "content", list_of(cJSON_Duplicate(content, true)));
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        cJSON *option = cJSON_CreateObject();
        cJSON_AddStringToObject(option, "optionId", choices[i].id);
        cJSON_AddStringToObject(option, "name", choices[i].name);
        cJSON_AddStringToObject(option, "kind", choices[i].kind);
        cJSON_AddItemToArray(options, option);
    }
    return turn_ask(t, "session/request_permission", params);
}

bool tool_decided(const struct turn *t, enum memory memory, enum verdict *ret_verdict)
{
    *ret_verdict = memory == MEMORY_REJECT ? VERDICT_NO : VERDICT_YES;
    return memory != MEMORY_NONE || t->session->automatic;
}

enum verdict tool_verdict(struct turn *t, enum memory *memory, char **ret_words)
{
    char *error = NULL;
    const cJSON *outcome = json_get(turn_result(t, &error), "outcome");
    const char *option = json_string(outcome, "optionId", "");
    if (error) {
        *ret_words = mem_printf("an error: %s", error);
        free(error);
        return VERDICT_NO;
    }
    if (strcmp(json_string(outcome, "outcome", ""), "cancelled") == 0) {
        *ret_words = mem_strdup("nothing: it was cancelled");
        return VERDICT_NO;
    }
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++)
        if (strcmp(json_string(outcome, "outcome", ""), "selected") == 0 &&
            strcmp(choices[i].id, option) == 0) {
            *ret_words = mem_printf("%s (%s)", choices[i].name, choices[i].kind);
            if (memory && choices[i].memory != MEMORY_NONE)
                *memory = choices[i].memory;
            return choices[i].verdict;
        }
    *ret_words = mem_printf("something that was not offered: '%s'", option);
    return VERDICT_NO;
}

/* No tool_call goes before it: there are agents that ask at once. */
enum step do_ask(struct turn *t)
{
    char *words = NULL;
    if (t->phase++ == 0) {
        snprintf(t->call, sizeof t->call, "call-%lld", (long long)++t->session->calls);
        return tool_ask(t, *t->arg ? t->arg : "May I?", "other", NULL);
    }
    enum verdict verdict = tool_verdict(t, NULL, &words);
    tool_update(t, verdict == VERDICT_YES ? "completed" : "failed", NULL, NULL);
    turn_say(t, "You answered %s.", words);
    free(words);
    return STEP_NEXT;
}

/* --- forms and pages -----------------------------------------------------------------------------
 */

#define FORM                                                                                       \
    "{\"type\":\"object\",\"title\":\"A few questions\",\"properties\":{"                          \
    "\"name\":{\"type\":\"string\",\"title\":\"Your name\",\"minLength\":1,\"maxLength\":80},"     \
    "\"mail\":{\"type\":\"string\",\"title\":\"An address\",\"format\":\"email\"},"                \
    "\"colour\":{\"type\":\"string\",\"title\":\"A colour\",\"oneOf\":["                           \
    "{\"const\":\"r\",\"title\":\"Red\"},{\"const\":\"g\",\"title\":\"Green\"}],"                  \
    "\"default\":\"g\"},"                                                                          \
    "\"count\":{\"type\":\"integer\",\"title\":\"How many\",\"minimum\":0,\"maximum\":10,"         \
    "\"default\":3},"                                                                              \
    "\"ratio\":{\"type\":\"number\",\"title\":\"How much of it\"},"                                \
    "\"sure\":{\"type\":\"boolean\",\"title\":\"Are you sure\",\"default\":false},"                \
    "\"tags\":{\"type\":\"array\",\"title\":\"Which\",\"items\":{\"type\":\"string\","             \
    "\"enum\":[\"a\",\"b\",\"c\"]},\"maxItems\":2}},"                                              \
    "\"required\":[\"name\"]}"

/* Tells what was answered; true when it was accepted. */
static bool tell_answer(struct turn *t)
{
    char *error = NULL;
    const cJSON *result = turn_result(t, &error), *content = json_get(result, "content");
    const char *action = json_string(result, "action", "nothing");
    if (error) {
        turn_say(t, "The client answered with an error: %s.", error);
    } else if (content) {
        char *text = json_print(content);
        turn_say(t, "You answered %s: %s", action, text);
        free(text);
    } else {
        turn_say(t, "You answered %s.", action);
    }
    free(error);
    return strcmp(action, "accept") == 0;
}

enum step do_form(struct turn *t)
{
    cJSON *schema = NULL;
    if (t->phase++) {
        tell_answer(t);
        return STEP_NEXT;
    }
    cJSON *params = turn_params(t);
    cJSON_AddStringToObject(params, "mode", "form");
    cJSON_AddStringToObject(params, "message", *t->arg ? t->arg : "Please fill this in");
    if (json_parse(FORM, strlen(FORM), &schema) == ERR_OK)
        cJSON_AddItemToObject(params, "requestedSchema", schema);
    return turn_ask(t, "elicitation/create", params);
}

/* The page is opened by the client; that it is done with is told by the agent. */
enum step do_link(struct turn *t)
{
    const char *at = t->arg;
    char *url = turn_word(&at), *id = mem_printf("e%s", t->message);
    enum step step = STEP_NEXT;
    if (t->phase++) {
        if (tell_answer(t)) {
            cJSON *m = cJSON_CreateObject(), *params;
            cJSON_AddStringToObject(m, "jsonrpc", "2.0");
            cJSON_AddStringToObject(m, "method", "elicitation/complete");
            params = cJSON_AddObjectToObject(m, "params");
            cJSON_AddStringToObject(params, "elicitationId", id);
            rpc_line(t->demo, m);
        }
    } else if (!url) {
        turn_say(t, "link needs a URL.");
    } else {
        cJSON *params = turn_params(t);
        cJSON_AddStringToObject(params, "mode", "url");
        cJSON_AddStringToObject(params, "elicitationId", id);
        cJSON_AddStringToObject(params, "url", url);
        cJSON_AddStringToObject(params, "message", *at ? at : "Please look at this page");
        step = turn_ask(t, "elicitation/create", params);
    }
    free(id);
    free(url);
    return step;
}

/* --- a command in a terminal ---------------------------------------------------------------------
 */

enum { RUN_BEGIN, RUN_ASKED, RUN_CREATED, RUN_ENDED, RUN_READ, RUN_RELEASED };

static enum step create_terminal(struct turn *t)
{
    cJSON *params = turn_params(t), *args = cJSON_AddArrayToObject(params, "args");
    cJSON_AddStringToObject(params, "command", "sh");
    cJSON_AddItemToArray(args, cJSON_CreateString("-c"));
    cJSON_AddItemToArray(args, cJSON_CreateString(t->arg));
    cJSON_AddStringToObject(params, "cwd", t->session->cwd);
    cJSON_AddNumberToObject(params, "outputByteLimit", OUTPUT_LIMIT);
    t->phase = RUN_CREATED;
    return turn_ask(t, "terminal/create", params);
}

static enum step ask_terminal(struct turn *t, const char *method, int phase)
{
    cJSON *params = turn_params(t);
    cJSON_AddStringToObject(params, "terminalId", t->terminal);
    t->phase = phase;
    return turn_ask(t, method, params);
}

static enum step begin_run(struct turn *t)
{
    enum verdict verdict;
    char *title = mem_printf("Run %s", t->arg);
    cJSON *raw = cJSON_CreateObject();
    cJSON_AddStringToObject(raw, "command", t->arg);
    tool_open(t, "execute", title, NULL, raw, NULL);
    enum step step = STEP_NEXT;
    t->phase = RUN_ASKED;
    if (!tool_decided(t, t->session->runs, &verdict)) {
        step = tool_ask(t, title, "execute", NULL);
    } else if (verdict == VERDICT_YES) {
        step = create_terminal(t);
    } else {
        tool_update(t, "failed", NULL, NULL);
        turn_say(t, "You said never, so %s was not run.", t->arg);
    }
    free(title);
    return step;
}

static enum step run_asked(struct turn *t)
{
    char *words = NULL;
    if (tool_verdict(t, &t->session->runs, &words) == VERDICT_YES) {
        free(words);
        return create_terminal(t);
    }
    tool_update(t, "failed", NULL, NULL);
    turn_say(t, "You answered %s; %s was not run.", words, t->arg);
    free(words);
    return STEP_NEXT;
}

/* How it ended, of wait_for_exit's result: `exited with 0`. */
static char *ending_of(const cJSON *status)
{
    const char *signal = json_string(status, "signal", NULL);
    return signal ? mem_printf("was ended by %s", signal)
                  : mem_printf("exited with %lld", (long long)json_int(status, "exitCode", -1));
}

static enum step run_read(struct turn *t, const cJSON *result)
{
    const char *output = json_string(result, "output", "");
    bool good = t->n == 0 && !strstr(t->text, "ended by");
    cJSON *raw = cJSON_CreateObject(), *terminal = cJSON_CreateObject();
    json_add_int(raw, "exitCode", t->n);
    cJSON_AddStringToObject(raw, "output", output);
    cJSON_AddBoolToObject(raw, "truncated", json_bool(result, "truncated", false));
    cJSON_AddStringToObject(terminal, "type", "terminal");
    cJSON_AddStringToObject(terminal, "terminalId", t->terminal);
    tool_update(t, good ? "completed" : "failed", terminal, raw);
    turn_say(t, "%s %s:\n%s", t->arg, t->text, output);
    enum step step = ask_terminal(t, "terminal/release", RUN_RELEASED);
    free(t->terminal);
    t->terminal = NULL; /* what ends the turn now has nothing to release */
    return step;
}

/* What the client answered to the request before; any error ends it. */
static enum step run_answered(struct turn *t)
{
    char *error = NULL;
    const cJSON *result = turn_result(t, &error);
    if (error || (t->phase == RUN_CREATED && !json_string(result, "terminalId", NULL))) {
        if (*t->call)
            tool_update(t, "failed", NULL, NULL);
        turn_say(t, "The terminal of %s failed: %s.", t->arg, error ? error : "it has no id");
        free(error);
        return STEP_NEXT;
    }
    if (t->phase == RUN_CREATED) {
        cJSON *content = cJSON_CreateObject();
        t->terminal = mem_strdup(json_string(result, "terminalId", ""));
        cJSON_AddStringToObject(content, "type", "terminal");
        cJSON_AddStringToObject(content, "terminalId", t->terminal);
        tool_update(t, "in_progress", content, NULL);
        return ask_terminal(t, "terminal/wait_for_exit", RUN_ENDED);
    }
    if (t->phase == RUN_ENDED) {
        t->text = ending_of(result);
        t->n = json_int(result, "exitCode", -1);
        return ask_terminal(t, "terminal/output", RUN_READ);
    }
    if (t->phase == RUN_READ)
        return run_read(t, result);
    return STEP_NEXT;
}

enum step do_run(struct turn *t)
{
    if (t->phase == RUN_BEGIN && !*t->arg) {
        turn_say(t, "run needs a command.");
        return STEP_NEXT;
    }
    if (t->phase == RUN_BEGIN)
        return begin_run(t);
    return t->phase == RUN_ASKED ? run_asked(t) : run_answered(t);
}
