/* How an agent works in a session, and what the session is called: set-mode, config, rename. The
 * agent is asked, and its answer awaited; what it says becomes part of the session's document.
 * Control, within a batch. */
#include "core/base/text.h"
#include "core/hub/sessions/sessions.h"

#include <string.h>

/* Parks the call under a number that no other asks with, and that the answer brings back. */
static enum err ask_and_wait(struct hub *hub, struct call *c, cJSON *doc, const char *method,
                             cJSON *params, cJSON *what)
{
    const int64_t number = json_int(doc, "nextRpc", 0);
    json_add_int(what, "number", number);
    enum err e = session_ask(hub, doc, method, params, what, NULL);
    if (e == ERR_OK)
        e = session_save(hub, doc);
    if (e == ERR_OK)
        session_park(hub, c, doc, number, (int64_t)(json_number(c->params, "timeout", 60) * 1000));
    return e;
}

/* The agent's error as a sentence for whoever asked. */
static void fail_waiting(struct hub *hub, const cJSON *doc,
                         enum err (*handler)(struct hub *, struct call *), int64_t number,
                         const cJSON *error)
{
    struct call *c;
    char safe[300];
    const char *message = json_string(error, "message", "");
    text_make_safe(safe, sizeof safe, message, strlen(message));
    while ((c = session_waiting(hub, doc, handler, number))) {
        call_fail(c, ERR_AGENT, "the agent refused: %s", *safe ? safe : "it does not say why");
        control_answered(hub, c);
    }
}

/* --- modes -------------------------------------------------------------------------------------
 */

static cJSON *mode_json(const cJSON *doc, const char *mode)
{
    cJSON *r = cJSON_CreateObject();
    cJSON_AddStringToObject(r, "sessionId", session_id(doc));
    cJSON_AddStringToObject(r, "mode", mode);
    return r;
}

/* Newer agents have no modes but an option of that category. */
static const cJSON *mode_option(const cJSON *doc)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, json_get(doc, "configOptions"))
    {
        if (strcmp(json_string(one, "category", ""), "mode") == 0 &&
            strcmp(json_string(one, "type", "select"), "select") == 0)
            return one;
    }
    return NULL;
}

static void add_name(char *names, size_t size, const char *name)
{
    char safe[60];
    const size_t n = strlen(names);
    text_make_safe(safe, sizeof safe, name, strlen(name));
    snprintf(names + n, size - n, "%s%s", n ? ", " : "", safe);
}

/* Is value one of a select's? Its options are values, or groups of them. */
static bool offers(const cJSON *options, const char *value, char *names, size_t size)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, options)
    {
        const cJSON *group = json_get(one, "options");
        if (cJSON_IsArray(group)) {
            if (offers(group, value, names, size))
                return true;
            continue;
        }
        const char *its = json_string(one, "value", json_string(one, "id", NULL));
        if (its && strcmp(its, value) == 0)
            return true;
        if (its)
            add_name(names, size, its);
    }
    return false;
}

static enum err refuse_value(struct call *c, const char *what, const char *value, const char *names)
{
    char safe[100];
    text_make_safe(safe, sizeof safe, value, strlen(value));
    return call_fail(c, ERR_INVALID, "the agent has no %s \"%s\"; it has: %s", what, safe, names);
}

static enum err ask_option(struct hub *hub, struct call *c, cJSON *doc, const cJSON *option,
                           cJSON *value, const char *what_for)
{
    cJSON *params = session_params(doc), *what = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "configId", json_string(option, "id", ""));
    if (cJSON_IsBool(value))
        cJSON_AddStringToObject(params, "type", "boolean");
    cJSON_AddItemToObject(params, "value", value);
    cJSON_AddStringToObject(what, "what", "config");
    cJSON_AddStringToObject(what, "for", what_for);
    if (cJSON_IsString(value))
        cJSON_AddStringToObject(what, "value", value->valuestring);
    return ask_and_wait(hub, c, doc, "session/set_config_option", params, what);
}

static enum err ask_mode(struct hub *hub, struct call *c, cJSON *doc, const char *mode)
{
    const cJSON *modes = json_get(json_get(doc, "modes"), "availableModes");
    const cJSON *option = mode_option(doc);
    char names[400] = "";
    if (cJSON_GetArraySize(modes) == 0 && option) {
        if (!offers(json_get(option, "options"), mode, names, sizeof names))
            return refuse_value(c, "mode", mode, names);
        return ask_option(hub, c, doc, option, cJSON_CreateString(mode), "mode");
    }
    if (cJSON_GetArraySize(modes) == 0)
        return call_fail(c, ERR_UNSUPPORTED, "the agent of %s has no modes", session_id(doc));
    if (!offers(modes, mode, names, sizeof names))
        return refuse_value(c, "mode", mode, names);
    cJSON *params = session_params(doc), *what = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "modeId", mode);
    cJSON_AddStringToObject(what, "what", "set_mode");
    cJSON_AddStringToObject(what, "mode", mode);
    return ask_and_wait(hub, c, doc, "session/set_mode", params, what);
}

static enum err find_ready(struct hub *hub, struct call *c, cJSON **ret_doc)
{
    enum err e = session_find(hub, c, ret_doc);
    if (e == ERR_OK)
        e = session_not_of_itself(c, *ret_doc);
    if (e == ERR_OK)
        e = session_need_ready(c, *ret_doc);
    if (e == ERR_OK)
        e = session_may(hub, c, *ret_doc, (uint64_t)call_int(c, "epoch", 0));
    return e;
}

enum err session_set_mode(struct hub *hub, struct call *c)
{
    cJSON *doc = NULL;
    enum err e = find_ready(hub, c, &doc);
    if (e == ERR_OK)
        e = ask_mode(hub, c, doc, call_string(c, "mode", ""));
    cJSON_Delete(doc);
    return e;
}

static void answer_mode(struct hub *hub, const cJSON *doc, int64_t number, const char *mode)
{
    struct call *c;
    while ((c = session_waiting(hub, doc, session_set_mode, number))) {
        call_reply(c, mode_json(doc, mode));
        control_answered(hub, c);
    }
}

enum err session_on_mode_set(struct hub *hub, cJSON *doc, const cJSON *what, const cJSON *result,
                             const cJSON *error)
{
    const int64_t number = json_int(what, "number", 0);
    const char *mode = json_string(what, "mode", "");
    cJSON *modes = cJSON_GetObjectItemCaseSensitive(doc, "modes");
    (void)result;
    if (error) {
        fail_waiting(hub, doc, session_set_mode, number, error);
        return ERR_OK;
    }
    /* It may have told so by an update already, or not at all. */
    const bool news = strcmp(json_string(modes, "currentModeId", ""), mode) != 0;
    if (modes)
        session_put_string(modes, "currentModeId", mode);
    enum err e = news ? session_changed(hub, doc) : ERR_OK;
    if (e == ERR_OK)
        answer_mode(hub, doc, number, mode);
    return e;
}

/* --- options ------------------------------------------------------------------------------------
 */

static cJSON *config_json(const cJSON *doc)
{
    cJSON *r = cJSON_CreateObject();
    const cJSON *options = json_get(doc, "configOptions");
    cJSON_AddStringToObject(r, "sessionId", session_id(doc));
    cJSON_AddItemToObject(r, "configOptions",
                          cJSON_IsArray(options) ? cJSON_Duplicate(options, true)
                                                 : cJSON_CreateArray());
    return r;
}

static const cJSON *find_option(const cJSON *doc, const char *id, char *names, size_t size)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, json_get(doc, "configOptions"))
    {
        const char *its = json_string(one, "id", "");
        if (strcmp(its, id) == 0)
            return one;
        add_name(names, size, its);
    }
    return NULL;
}

/* A value as the option wants it; NULL after a refusal. */
static cJSON *read_value(struct call *c, const cJSON *option, const char *value)
{
    char names[400] = "";
    if (strcmp(json_string(option, "type", "select"), "boolean") == 0) {
        if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0)
            return cJSON_CreateBool(strcmp(value, "true") == 0);
        refuse_value(c, "value", value, "true, false");
        return NULL;
    }
    if (cJSON_IsArray(json_get(option, "options")) &&
        !offers(json_get(option, "options"), value, names, sizeof names)) {
        refuse_value(c, "value", value, names);
        return NULL;
    }
    return cJSON_CreateString(value);
}

static enum err set_option(struct hub *hub, struct call *c, cJSON *doc, const char *id)
{
    char names[400] = "";
    const cJSON *option = find_option(doc, id, names, sizeof names);
    if (!option)
        return refuse_value(c, "option", id, *names ? names : "none");
    cJSON *value = read_value(c, option, call_string(c, "value", ""));
    return value ? ask_option(hub, c, doc, option, value, "config") : ERR_INVALID;
}

enum err session_config(struct hub *hub, struct call *c)
{
    const char *id = call_string(c, "option", NULL);
    cJSON *doc = NULL;
    enum err e;
    if (!id) { /* looking needs no baton */
        e = session_find(hub, c, &doc);
        if (e == ERR_OK)
            call_reply(c, config_json(doc));
    } else if (!json_get(c->params, "value")) {
        e = call_fail(c, ERR_INVALID, "say which value; all are shown without an option");
    } else {
        e = find_ready(hub, c, &doc);
        if (e == ERR_OK)
            e = set_option(hub, c, doc, id);
    }
    cJSON_Delete(doc);
    return e;
}

/* The answer has all options, since one may change others. */
enum err session_on_config_set(struct hub *hub, cJSON *doc, const cJSON *what, const cJSON *result,
                               const cJSON *error)
{
    const int64_t number = json_int(what, "number", 0);
    const cJSON *options = json_get(result, "configOptions");
    const bool mode = strcmp(json_string(what, "for", ""), "mode") == 0;
    struct call *c;
    if (error) {
        fail_waiting(hub, doc, mode ? session_set_mode : session_config, number, error);
        return ERR_OK;
    }
    if (cJSON_IsArray(options))
        session_put(doc, "configOptions", cJSON_Duplicate(options, true));
    enum err e = session_changed(hub, doc);
    if (e != ERR_OK)
        return e;
    if (mode)
        answer_mode(hub, doc, number, json_string(what, "value", ""));
    while (!mode && (c = session_waiting(hub, doc, session_config, number))) {
        call_reply(c, config_json(doc));
        control_answered(hub, c);
    }
    return ERR_OK;
}

/* --- its name -----------------------------------------------------------------------------------
 */

enum err session_rename(struct hub *hub, struct call *c)
{
    const char *name = call_string(c, "name", "");
    cJSON *doc = NULL;
    enum err e = session_find(hub, c, &doc);
    if (e == ERR_OK) {
        session_put_string(doc, "name", name);
        e = session_changed(hub, doc);
    }
    if (e == ERR_OK)
        e = session_save(hub, doc);
    if (e == ERR_OK) {
        cJSON *r = cJSON_CreateObject();
        cJSON_AddStringToObject(r, "sessionId", session_id(doc));
        json_add_text(r, "name", name, strlen(name));
        call_reply(c, r);
    }
    cJSON_Delete(doc);
    return e;
}
