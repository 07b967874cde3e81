/* The start of a session's process: a stream and a keeper, then the handshake (initialize, when
 * asked for authenticate, session/new or what a resumed session does instead, the mode). Control,
 * within a batch but for what says otherwise.
 *
 * doc.start is there from session_start until the session is ready or has failed: {how, step}, and
 * failed, the sentence of what went wrong, while its process is on its way out. Each step is on
 * disk before it is taken, so a restarted hub goes on where the old one was (sessions.c). */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/hub/sessions/session_life.h"
#include "core/hub/work/starter.h"
#include "core/agent/acp.h"
#include "core/people/token.h"
#include "core/work/environment.h"

#include <stdlib.h>
#include <string.h>

#define KEPT_MOST (256u * 1024u) /* bytes of what an agent says of itself; more is not kept */

/* --- the process ------------------------------------------------------------------------------ */

struct launch { /* after the commit of session_start */
    char stream[32], session[32], token[TOKEN_TEXT];
};

static enum err keeper_started(struct hub *hub, void *arg);

static char **environment_of(struct hub *hub, const cJSON *doc, const char *token,
                             char ***ret_asked)
{
    const struct agent_place place = {
        .hub = hub->name,
        .workspace = session_workspace(doc),
        .session = session_id(doc),
        .member = json_string(doc, "member", ""),
        .token = token,
        .program = hub->program,
    };
    const cJSON *env = json_get(doc, "env"), *one;
    char **more = mem_calloc((size_t)cJSON_GetArraySize(env) + 1, sizeof *more);
    size_t n = 0;
    cJSON_ArrayForEach(one, env) more[n++] = mem_printf("%s=%s", one->string, one->valuestring);
    char **all = environment_for_agent(&place, more);
    *ret_asked = more;
    return all;
}

/* After the commit. */
static enum err launch(struct hub *hub, void *arg)
{
    const struct launch *l = arg;
    struct stream_info info = {.thing = THING_AGENT};
    cJSON *doc = NULL;
    enum err e = session_load(hub, l->session, &doc);
    if (e != ERR_OK) {
        starter_fail(hub, l->stream, 0, err_text(e)->person, keeper_started);
        return e;
    }
    memcpy(info.id, l->stream, sizeof info.id);
    snprintf(info.workspace, sizeof info.workspace, "%s", session_workspace(doc));
    registry_set(hub->registry, &info);
    char **asked = NULL;
    struct keeper_meta meta = {
        .id = mem_strdup(l->stream),
        .workspace = mem_strdup(session_workspace(doc)),
        .command = starter_words(json_get(doc, "command")),
        .env = environment_of(hub, doc, l->token, &asked),
        .cwd = mem_strdup(json_string(doc, "cwd", "/")),
        .retention = (uint64_t)config_retention(hub->config),
        .created_us = clock_wall_us(),
    };
    meta.asked = asked;
    meta.network = json_bool(doc, "network", false);
    starter_start(hub, l->stream, 0, &meta, keeper_started);
    keeper_meta_finish(&meta);
    cJSON_Delete(doc);
    return ERR_OK;
}

static cJSON *start_of(cJSON *doc)
{
    return cJSON_GetObjectItemCaseSensitive(doc, "start");
}

static void set_step(cJSON *doc, const char *step)
{
    if (start_of(doc))
        session_put_string(start_of(doc), "step", step);
}

enum err session_start(struct hub *hub, cJSON *doc, const char *how)
{
    struct launch l = {0};
    int64_t number = 0;
    char member[MEMBER_NAME_MAX];
    enum err e = ERR_OK;
    cJSON *start = cJSON_CreateObject(), *owner = cJSON_CreateObject();

    /* A start that is repeated: what was for the process before this one is nobody's any more. */
    if (*json_string(doc, "streamId", ""))
        e = journal_outbox_drop(hub->journal, json_string(doc, "streamId", ""));
    session_member(doc, member);
    session_put_string(doc, "member", member);
    if (e == ERR_OK)
        e = journal_next(hub->journal, "agent", &number);
    snprintf(l.stream, sizeof l.stream, "ag%lld", (long long)number);
    snprintf(l.session, sizeof l.session, "%s", session_id(doc));
    cJSON_AddStringToObject(start, "how", how);
    cJSON_AddStringToObject(start, "step", "keeper");
    session_put(doc, "start", start);
    session_put_string(doc, "streamId", l.stream);
    session_put_int(doc, "consumed", 0);
    session_put_int(doc, "delivered", 0);
    session_put_int(doc, "sent", 0);
    session_put(doc, "rpc", cJSON_CreateObject());
    session_put(doc, "stderr", NULL);
    cJSON_AddStringToObject(owner, "sessionId", l.session);
    if (e == ERR_OK)
        e = journal_put(hub->journal, "agent", l.stream, owner);
    cJSON_Delete(owner);
    if (e == ERR_OK)
        e = session_token_make(hub, doc, l.token);
    if (e == ERR_OK)
        e = session_due(hub, doc, clock_wall_us() + json_int(doc, "startLimit", 60000) * 1000);
    if (e == ERR_OK)
        e = session_set_state(hub, doc, "starting");
    if (e == ERR_OK)
        control_after(hub, launch, mem_dup(&l, sizeof l));
    return e;
}

struct sending {
    struct hub *hub;
    char id[32];
};

static void send_row(void *data, uint64_t at, const char *bytes, size_t n)
{
    const struct sending *s = data;
    struct agent_send *send = mem_zalloc(sizeof *send + n);
    memcpy(send->id, s->id, sizeof send->id);
    send->at = at;
    send->n = n;
    memcpy(send->bytes, bytes, n);
    control_after_on_stream(s->hub, streams_agent_send, send);
}

enum err session_attach(struct hub *hub, const cJSON *doc, bool recovering)
{
    struct agent_attach attach = {
        .consumed = (uint64_t)json_int(doc, "consumed", 0),
        .delivered = (uint64_t)json_int(doc, "delivered", 0),
        .recovering = recovering,
    };
    struct sending s = {.hub = hub};
    snprintf(s.id, sizeof s.id, "%s", json_string(doc, "streamId", ""));
    memcpy(attach.id, s.id, sizeof attach.id);
    control_after_on_stream(hub, streams_agent_attach, mem_dup(&attach, sizeof attach));
    return journal_outbox_each(hub->journal, s.id, send_row, &s);
}

/* The sentence of a program that could not be started, and what to do about it. */
static enum err not_started(struct hub *hub, cJSON *doc, const struct starter_done *done)
{
    const char *hint = json_string(doc, "hint", NULL);
    char said[600], sentence[1000];
    starter_sentence(done, said, sizeof said);
    snprintf(sentence, sizeof sentence, "%s cannot be started: %s%s%s", session_agent(doc), said,
             hint ? "; to install it: " : "; see: baton session agents", hint ? hint : "");
    session_fail_waiting(hub, doc, ERR_EXEC, sentence);
    registry_remove(hub->registry, done->id);
    enum err e = journal_drop(hub->journal, "agent", done->id);
    return e == ERR_OK ? session_end(hub, doc, "failed", sentence, NULL) : e;
}

/* Control work, struct starter_done: the child runs, or it does not. */
static enum err keeper_started(struct hub *hub, void *arg)
{
    const struct starter_done *done = arg;
    cJSON *owner = NULL, *doc = NULL;
    enum err e = journal_get(hub->journal, "agent", done->id, &owner);
    if (e == ERR_OK)
        e = session_load(hub, json_string(owner, "sessionId", ""), &doc);
    if (e == ERR_CORRUPT &&
        (e = session_damaged(hub, json_string(owner, "sessionId", ""))) == ERR_OK)
        e = ERR_NOT_FOUND;
    if (e == ERR_NOT_FOUND) { /* destroyed meanwhile, or damaged */
        struct agent_attach attach = {0};
        memcpy(attach.id, done->id, sizeof attach.id);
        if (done->status == 0) {
            control_after_on_stream(hub, streams_agent_attach, mem_dup(&attach, sizeof attach));
            control_after_on_stream(hub, streams_agent_close, mem_strdup(done->id));
        }
        cJSON_Delete(owner);
        return ERR_OK;
    }
    if (e == ERR_OK && strcmp(json_string(doc, "streamId", ""), done->id) == 0) {
        if (done->status != 0) {
            e = not_started(hub, doc, done);
        } else {
            e = session_attach(hub, doc, false);
            if (e == ERR_OK && start_of(doc))
                e = session_greet(hub, doc, false);
            if (e == ERR_OK && !session_is_live(doc)) /* it was closed before it ran */
                session_hang_up(hub, doc);
        }
        if (e == ERR_OK)
            e = session_save(hub, doc);
    }
    cJSON_Delete(owner);
    cJSON_Delete(doc);
    return e;
}

/* --- what goes wrong -------------------------------------------------------------------------- */

enum err session_start_failed(struct hub *hub, cJSON *doc, const char *format, ...)
{
    char sentence[1000], safe[1000];
    va_list ap;
    if (!start_of(doc) || json_get(start_of(doc), "failed"))
        return ERR_OK;
    va_start(ap, format);
    vsnprintf(sentence, sizeof sentence, format, ap);
    va_end(ap);
    text_make_safe(safe, sizeof safe, sentence, strlen(sentence));
    session_put_string(start_of(doc), "failed", safe);
    session_hang_up(hub, doc);
    return session_due(hub, doc, clock_wall_us() + SESSION_DYING_US);
}

static bool still_starting(cJSON *doc)
{
    return start_of(doc) && !json_get(start_of(doc), "failed");
}

#define AUTH_REQUIRED (-32000)

/* An error of the handshake, with the ways to log in that the agent has told. */
static enum err refused(struct hub *hub, cJSON *doc, const char *method, const cJSON *error)
{
    char said[500], ways[300] = "";
    const cJSON *one;
    acp_error_text(error, said, sizeof said);
    if (json_int(error, "code", 0) != AUTH_REQUIRED)
        return session_start_failed(hub, doc, "%s has refused %s: %s", session_agent(doc), method,
                                    said);
    cJSON_ArrayForEach(one, json_get(doc, "authMethods"))
    {
        const size_t n = strlen(ways);
        snprintf(ways + n, sizeof ways - n, "%s%.60s", n ? ", " : "", json_string(one, "id", ""));
    }
    return session_start_failed(hub, doc,
                                "%s wants you to log in first (%s): use its own command for that, "
                                "or give it its key with --env%s%s",
                                session_agent(doc), said, *ways ? "; its ways: " : "", ways);
}

/* --- the handshake ---------------------------------------------------------------------------- */

static cJSON *what_is(const char *name)
{
    cJSON *what = cJSON_CreateObject();
    cJSON_AddStringToObject(what, "what", name);
    return what;
}

static cJSON *client_capabilities(const cJSON *doc)
{
    cJSON *all = cJSON_CreateObject(), *fs = cJSON_AddObjectToObject(all, "fs");
    cJSON_AddBoolToObject(fs, "readTextFile", !json_bool(doc, "ownReads", false));
    cJSON_AddTrueToObject(fs, "writeTextFile");
    cJSON_AddTrueToObject(all, "terminal");
    cJSON *asks = cJSON_AddObjectToObject(all, "elicitation");
    cJSON_AddObjectToObject(asks, "form");
    cJSON_AddObjectToObject(asks, "url");
    cJSON *session = cJSON_AddObjectToObject(all, "session");
    cJSON_AddObjectToObject(session, "compaction");
    cJSON_AddObjectToObject(session, "notices");
    cJSON_AddObjectToObject(cJSON_AddObjectToObject(session, "configOptions"), "boolean");
    return all;
}

enum err session_greet(struct hub *hub, cJSON *doc, bool unsure)
{
    cJSON *params = cJSON_CreateObject();
    cJSON_AddNumberToObject(params, "protocolVersion", ACP_VERSION);
    cJSON_AddItemToObject(params, "clientCapabilities", client_capabilities(doc));
    cJSON *info = cJSON_AddObjectToObject(params, "clientInfo");
    cJSON_AddStringToObject(info, "name", "baton");
    cJSON_AddStringToObject(info, "title", "baton");
    cJSON_AddStringToObject(info, "version", BATON_VERSION);
    set_step(doc, "initialize");
    session_put(start_of(doc), "unsure", unsure ? cJSON_CreateTrue() : NULL);
    return session_ask(hub, doc, "initialize", params, what_is("initialize"), NULL);
}

/* Keeps a part of what the agent says of itself, if it is what it should be and not huge. */
static void keep(cJSON *doc, const char *key, const cJSON *value, bool list)
{
    if (!value || !(list ? cJSON_IsArray(value) : cJSON_IsObject(value)))
        return;
    char *text = json_print(value);
    if (strlen(text) <= KEPT_MOST)
        session_put(doc, key, cJSON_Duplicate(value, true));
    free(text);
}

static enum err open_it(struct hub *hub, cJSON *doc)
{
    set_step(doc, "open");
    if (strcmp(json_string(start_of(doc), "how", ""), "resume") == 0)
        return session_resume_open(hub, doc);
    return session_ask(hub, doc, "session/new", session_open_params(hub, doc), what_is("new"),
                       NULL);
}

enum err session_on_initialized(struct hub *hub, cJSON *doc, const cJSON *what, const cJSON *result,
                                const cJSON *error)
{
    const char *auth = json_string(doc, "auth", NULL);
    const cJSON *one;
    (void)what;
    if (!still_starting(doc))
        return ERR_OK;
    session_put(start_of(doc), "unsure", NULL);
    if (error)
        return refused(hub, doc, "initialize", error);
    const int64_t version = json_int(result, "protocolVersion", ACP_VERSION);
    if (version != ACP_VERSION)
        return session_start_failed(hub, doc,
                                    "%s speaks version %lld of the protocol, and this baton "
                                    "version %d: install another version of either",
                                    session_agent(doc), (long long)version, ACP_VERSION);
    session_put(doc, "capabilities", cJSON_CreateObject());
    keep(doc, "capabilities", json_get(result, "agentCapabilities"), false);
    keep(doc, "agentInfo", json_get(result, "agentInfo"), false);
    keep(doc, "authMethods", json_get(result, "authMethods"), true);
    cJSON_ArrayForEach(one, json_get(doc, "authMethods"))
    {
        if (!auth || strcmp(json_string(one, "id", ""), auth) != 0)
            continue;
        cJSON *params = cJSON_CreateObject();
        cJSON_AddStringToObject(params, "methodId", auth);
        set_step(doc, "authenticate");
        return session_ask(hub, doc, "authenticate", params, what_is("authenticate"), NULL);
    }
    return open_it(hub, doc);
}

enum err session_on_authenticated(struct hub *hub, cJSON *doc, const cJSON *what,
                                  const cJSON *result, const cJSON *error)
{
    (void)what, (void)result;
    if (!still_starting(doc))
        return ERR_OK;
    return error ? refused(hub, doc, "authenticate", error) : open_it(hub, doc);
}

cJSON *session_open_params(struct hub *hub, const cJSON *doc)
{
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "cwd", json_string(doc, "cwd", "/"));
    cJSON *servers = cJSON_AddArrayToObject(params, "mcpServers");
    if (!json_bool(doc, "noMcp", false))
        cJSON_AddItemToArray(servers, session_mcp_server(hub, doc));
    return params;
}

enum err session_on_new(struct hub *hub, cJSON *doc, const cJSON *what, const cJSON *result,
                        const cJSON *error)
{
    const char *id = json_string(result, "sessionId", "");
    (void)what;
    if (!still_starting(doc))
        return ERR_OK;
    if (error)
        return refused(hub, doc, "session/new", error);
    if (!*id || strlen(id) > 1000)
        return session_start_failed(hub, doc, "%s has given its session no id that can be used",
                                    session_agent(doc));
    session_put_string(doc, "agentSessionId", id);
    return session_opened(hub, doc, result);
}

/* --- the mode, and the end of the start ---------------------------------------------------------
 */

struct settled {
    char id[32];
};

/* After the commit: whoever waits for the start is answered. */
static enum err start_settled(struct hub *hub, void *arg)
{
    const struct settled *s = arg;
    cJSON *doc = NULL;
    if (session_load(hub, s->id, &doc) != ERR_OK)
        return ERR_OK;
    for (struct call **at = &hub->parked, *c; (c = *at);) {
        if (!c->row || strcmp(c->away_id, s->id) != 0 ||
            (c->row->handle != session_create && c->row->handle != session_resume)) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        call_reply(c, session_result(doc));
        call_send(c);
    }
    cJSON_Delete(doc);
    return ERR_OK;
}

static enum err ready(struct hub *hub, cJSON *doc)
{
    struct settled s = {0};
    session_put(doc, "start", NULL);
    enum err e = session_due(hub, doc, 0);
    if (e == ERR_OK)
        e = session_set_state(hub, doc, "idle");
    snprintf(s.id, sizeof s.id, "%s", session_id(doc));
    control_after(hub, start_settled, mem_dup(&s, sizeof s));
    return e;
}

cJSON *session_result(const cJSON *doc)
{
    static const char *const keys[] = {"sessionId", "agentType",    "name",     "workspace",
                                       "state",     "capabilities", "agentInfo"};
    cJSON *r = cJSON_CreateObject();
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (json_get(doc, keys[i]))
            cJSON_AddItemToObject(r, keys[i], cJSON_Duplicate(json_get(doc, keys[i]), true));
    return r;
}

static bool mode_exists(const cJSON *doc, const char *mode, char *names, size_t size)
{
    const cJSON *one;
    *names = '\0';
    cJSON_ArrayForEach(one, json_get(json_get(doc, "modes"), "availableModes"))
    {
        const char *id = json_string(one, "id", "");
        const size_t n = strlen(names);
        if (strcmp(id, mode) == 0)
            return true;
        snprintf(names + n, size - n, "%s%.60s", n ? ", " : "", id);
    }
    return false;
}

/* A mode that a person named has to be had; one of the definition is a wish: agents change. */
static enum err no_mode(struct hub *hub, cJSON *doc, const char *mode, const char *because)
{
    if (json_bool(doc, "modeAsked", false))
        return session_start_failed(hub, doc, "%s cannot be put into the mode \"%s\": %s",
                                    session_agent(doc), mode, because);
    enum err e =
        session_error(hub, doc, false, NULL, "the mode \"%s\" was not set: %s", mode, because);
    return e == ERR_OK ? ready(hub, doc) : e;
}

enum err session_opened(struct hub *hub, cJSON *doc, const cJSON *result)
{
    const char *mode = json_string(doc, "wantedMode", "");
    char names[400], because[500];
    if (!still_starting(doc))
        return ERR_OK;
    keep(doc, "modes", json_get(result, "modes"), false);
    keep(doc, "configOptions", json_get(result, "configOptions"), true);
    if (!*mode || strcmp(json_string(json_get(doc, "modes"), "currentModeId", ""), mode) == 0)
        return ready(hub, doc);
    if (!mode_exists(doc, mode, names, sizeof names)) {
        snprintf(because, sizeof because, "%s%s", *names ? "it has: " : "it has no modes", names);
        return no_mode(hub, doc, mode, because);
    }
    cJSON *params = session_params(doc);
    cJSON_AddStringToObject(params, "modeId", mode);
    set_step(doc, "mode");
    return session_ask(hub, doc, "session/set_mode", params, what_is("mode"), NULL);
}

enum err session_on_start_mode(struct hub *hub, cJSON *doc, const cJSON *what, const cJSON *result,
                               const cJSON *error)
{
    const char *mode = json_string(doc, "wantedMode", "");
    char said[300];
    (void)what, (void)result;
    if (!still_starting(doc))
        return ERR_OK;
    if (error) {
        acp_error_text(error, said, sizeof said);
        return no_mode(hub, doc, mode, said);
    }
    cJSON *modes = cJSON_GetObjectItemCaseSensitive(doc, "modes");
    if (modes)
        session_put_string(modes, "currentModeId", mode);
    return ready(hub, doc);
}
