/* What goes between the hub and an agent, line by line: its requests, notifications and answers to
 * the ones whose business they are, and ours to it by way of the outbox. Control, within a batch.
 *
 * A batch of lines is one part of the transaction: the events, the documents, what is answered and
 * how far the stream was read are written together, or not at all and then again. So an error that
 * a handler returns has to be one that may go away (a full disk); what is wrong with a line is told
 * as an event, answered with an error where it was a request, and never returned. */
#include "core/agent/acp.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/hub/sessions/session_life.h"

#include <stdlib.h>
#include <string.h>

#define OTHERS_A_MINUTE 600           /* notifications that are not of the protocol */
#define OTHER_MOST      (16u * 1024u) /* bytes of one */
#define METHOD_MOST     100           /* bytes of an unknown notification's method */
#define QUOTED_MOST     200           /* of a bad line, in what is told of it */
#define SHORT_MOST      (64u * 1024u) /* bytes of an answer that is not counted */
#define UNREAD_MOST     (256 * 1024 * 1024)
#define KEPT_MOST       (256u * 1024u) /* of a value that an update brings for the document */

/* --- to the agent ----------------------------------------------------------------------------- */

enum err session_send(struct hub *hub, cJSON *doc, const char *bytes, size_t n)
{
    const char *stream = json_string(doc, "streamId", "");
    const uint64_t at = (uint64_t)json_int(doc, "sent", 0);
    enum err e = journal_outbox_add(hub->journal, stream, at, bytes, n);
    if (e != ERR_OK)
        return e;
    session_put_int(doc, "sent", (int64_t)(at + n));
    struct agent_send *send = mem_zalloc(sizeof *send + n);
    snprintf(send->id, sizeof send->id, "%s", stream);
    send->at = at;
    send->n = n;
    memcpy(send->bytes, bytes, n);
    control_after_on_stream(hub, streams_agent_send, send);
    return ERR_OK;
}

static enum err send_line(struct hub *hub, cJSON *doc, char *line) /* taken */
{
    enum err e = session_send(hub, doc, line, strlen(line));
    free(line);
    return e;
}

enum err session_ask(struct hub *hub, cJSON *doc, const char *method, cJSON *params, cJSON *what,
                     int64_t *ret_rpc)
{
    const int64_t id = json_int(doc, "nextRpc", 1);
    char key[32];
    cJSON *waiting = cJSON_GetObjectItemCaseSensitive(doc, "rpc");
    if (!cJSON_IsObject(waiting)) {
        session_put(doc, "rpc", cJSON_CreateObject());
        waiting = cJSON_GetObjectItemCaseSensitive(doc, "rpc");
    }
    snprintf(key, sizeof key, "%lld", (long long)id);
    session_put_int(doc, "nextRpc", id + 1);
    session_put(waiting, key, what);
    enum err e = send_line(hub, doc, acp_request(id, method, params));
    cJSON_Delete(params);
    if (ret_rpc)
        *ret_rpc = id;
    return e;
}

enum err session_notify(struct hub *hub, cJSON *doc, const char *method, cJSON *params)
{
    enum err e = send_line(hub, doc, acp_notification(method, params));
    cJSON_Delete(params);
    return e;
}

/* An agent that does not read is held back between batches (stream_agent.c); one batch alone can
 * ask for gigabytes, and gets so much of it. Short answers always go. */
static bool is_too_much(const cJSON *doc, const char *line)
{
    const int64_t unread = json_int(doc, "sent", 0) - json_int(doc, "delivered", 0);
    const size_t n = strlen(line);
    return n > SHORT_MOST && unread + (int64_t)n > UNREAD_MOST;
}

enum err session_answer(struct hub *hub, cJSON *doc, const cJSON *id, cJSON *result)
{
    char *line = acp_answer(id, result);
    cJSON_Delete(result);
    if (!is_too_much(doc, line))
        return send_line(hub, doc, line);
    free(line);
    return session_answer_error(hub, doc, id, ACP_INTERNAL,
                                "too much was asked for at once: read the answers first");
}

enum err session_answer_error(struct hub *hub, cJSON *doc, const cJSON *id, int code,
                              const char *message)
{
    return send_line(hub, doc, acp_answer_error(id, code, message));
}

cJSON *session_params(const cJSON *doc)
{
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "sessionId", json_string(doc, "agentSessionId", ""));
    return params;
}

/* --- what is wrong with a line ------------------------------------------------------------------
 */

static cJSON *quote(const char *key, const char *text, size_t n)
{
    cJSON *data = cJSON_CreateObject();
    json_add_text(data, key, text, n < QUOTED_MOST ? n : QUOTED_MOST);
    if (n > QUOTED_MOST)
        json_add_int(data, "bytes", (int64_t)n);
    return data;
}

/* An error that tries again would not mend: it is told, and the next line is taken. */
static bool is_lasting(enum err e)
{
    return e == ERR_INVALID || e == ERR_NOT_FOUND || e == ERR_EXISTS || e == ERR_LIMIT ||
           e == ERR_UNSUPPORTED || e == ERR_ENDED || e == ERR_INTERNAL;
}

/* Does it name this session? Before session/new is answered nobody knows what its id will be. */
static bool names_session(const cJSON *doc, const cJSON *params)
{
    const char *own = json_string(doc, "agentSessionId", NULL);
    const char *named = json_string(params, "sessionId", NULL);
    return !own || (named && strcmp(own, named) == 0);
}

/* --- requests -----------------------------------------------------------------------------------
 */

static const struct request {
    const char *method;
    session_request handle;
    bool any; /* it need not name the session */
} requests[] = {
    {"session/request_permission", session_on_permission, false},
    {"elicitation/create", session_on_elicitation, true},
    {"fs/read_text_file", session_on_fs_read, false},
    {"fs/write_text_file", session_on_fs_write, false},
    {"terminal/create", session_on_terminal_create, false},
    {"terminal/output", session_on_terminal_output, false},
    {"terminal/wait_for_exit", session_on_terminal_wait, false},
    {"terminal/kill", session_on_terminal_kill, false},
    {"terminal/release", session_on_terminal_release, false},
};

static enum err unknown_request(struct hub *hub, cJSON *doc, const struct acp_line *l)
{
    char safe[METHOD_MOST + 1];
    text_make_safe(safe, sizeof safe, l->method, strlen(l->method));
    enum err e = session_answer_error(hub, doc, l->id, ACP_NO_METHOD, "Method not found");
    if (e == ERR_OK)
        e = session_error(hub, doc, true, NULL, "%s asked for %s, which there is not",
                          session_agent(doc), safe);
    return e;
}

static enum err take_request(struct hub *hub, cJSON *doc, const struct acp_line *l)
{
    const struct request *r = NULL;
    for (size_t i = 0; i < sizeof requests / sizeof *requests && !r; i++)
        if (strcmp(requests[i].method, l->method) == 0)
            r = &requests[i];
    if (!r)
        return unknown_request(hub, doc, l);
    if (!cJSON_IsObject(l->params))
        return session_answer_error(hub, doc, l->id, ACP_INVALID_PARAMS, "params: an object");
    const bool named = json_get(l->params, "sessionId") != NULL;
    if (!names_session(doc, l->params) && !(r->any && !named)) {
        const char *its = json_string(l->params, "sessionId", "");
        enum err e = session_answer_error(hub, doc, l->id, ACP_NOT_FOUND, "unknown session");
        return e == ERR_OK ? session_error(hub, doc, true, quote("sessionId", its, strlen(its)),
                                           "%s for a session that there is not", r->method)
                           : e;
    }
    enum err e = r->handle(hub, doc, l->id, l->params);
    if (is_lasting(e)) {
        log_warn("%s: %s failed: %s", session_id(doc), r->method, err_text(e)->name);
        e = session_answer_error(hub, doc, l->id, ACP_INTERNAL, err_text(e)->person);
    }
    return e;
}

/* --- notifications ------------------------------------------------------------------------------
 */

static bool keep(cJSON *doc, const char *key, const cJSON *value, bool right)
{
    if (!value || !right)
        return false;
    char *text = json_print(value);
    const bool fits = strlen(text) <= KEPT_MOST;
    free(text);
    if (fits)
        session_put(doc, key, cJSON_Duplicate(value, true));
    return fits;
}

/* Texts of a list that is told to people: bounded, the whole of it stands in the event. */
static bool keep_text(cJSON *object, const char *key, const cJSON *value, size_t most)
{
    if (!cJSON_IsString(value) || strcmp(json_string(object, key, ""), value->valuestring) == 0)
        return false;
    char *text = mem_zalloc(most);
    text_make_safe(text, most, value->valuestring, strlen(value->valuestring));
    session_put_string(object, key, text);
    free(text);
    return true;
}

static cJSON *modes_of(cJSON *doc)
{
    cJSON *modes = cJSON_GetObjectItemCaseSensitive(doc, "modes");
    if (modes)
        return modes;
    return cJSON_AddObjectToObject(doc, "modes");
}

/* What an update says of the session itself. True when people see another session for it. */
static bool apply_update(cJSON *doc, const cJSON *u)
{
    const char *kind = json_string(u, "sessionUpdate", "");
    const cJSON *value;
    if (strcmp(kind, "current_mode_update") == 0)
        return keep_text(modes_of(doc), "currentModeId", json_get(u, "currentModeId"), 200);
    if (strcmp(kind, "session_info_update") == 0) {
        value = json_get(u, "title");
        if (cJSON_IsNull(value) && json_get(doc, "title")) {
            session_put(doc, "title", NULL);
            return true;
        }
        return keep_text(doc, "title", value, 300);
    }
    if (strcmp(kind, "available_commands_update") == 0) {
        value = json_get(u, "availableCommands");
        keep(doc, "commands", value, cJSON_IsArray(value));
    } else if (strcmp(kind, "config_option_update") == 0) {
        value = json_get(u, "configOptions");
        keep(doc, "configOptions", value, cJSON_IsArray(value));
    } else if (strcmp(kind, "usage_update") == 0) {
        cJSON *usage = cJSON_Duplicate(u, true);
        cJSON_DeleteItemFromObjectCaseSensitive(usage, "sessionUpdate");
        keep(doc, "usage", usage, true);
        cJSON_Delete(usage);
    }
    return false;
}

static cJSON *take_params(struct acp_line *l)
{
    return l->params ? cJSON_DetachItemViaPointer(l->json, l->params) : NULL;
}

static enum err take_update(struct hub *hub, cJSON *doc, struct acp_line *l, const char *text,
                            size_t n)
{
    const cJSON *update = json_get(l->params, "update");
    if (!cJSON_IsObject(update) || !cJSON_IsString(json_get(update, "sessionUpdate")))
        return session_error(hub, doc, true, quote("line", text, n),
                             "%s wrote an update that is none", session_agent(doc));
    if (!names_session(doc, l->params)) {
        const char *its = json_string(l->params, "sessionId", "");
        return session_error(hub, doc, true, quote("sessionId", its, strlen(its)),
                             "%s wrote an update for a session that there is not",
                             session_agent(doc));
    }
    const bool replay = session_is_replay(doc, update), changed = apply_update(doc, update);
    enum err e = ERR_OK;
    if (!replay)
        e = session_event(hub, doc, "", "session/update", take_params(l));
    return e == ERR_OK && changed ? session_changed(hub, doc) : e;
}

/* Those are the hub's to tell, and what agents ask as requests: nobody else says who answered. */
static bool is_reserved(const char *method)
{
    static const char *const ours[] = {"session/prompt", "session/cancel",
                                       "session/request_permission", "elicitation/create"};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strcmp(method, ours[i]) == 0)
            return true;
    return strncmp(method, "_baton/", 7) == 0;
}

/* One that the protocol does not know is kept for whoever does: so many a minute, each of so much.
 */
static enum err take_other(struct hub *hub, cJSON *doc, struct acp_line *l)
{
    char method[METHOD_MOST + 1];
    bool last = false;
    text_make_safe(method, sizeof method, l->method, strlen(l->method));
    if (is_reserved(l->method))
        return session_error(hub, doc, true, NULL,
                             "%s wrote a notification %s, which is not its own", session_agent(doc),
                             method);
    if (!session_may_tell(doc, "toldOthers", OTHERS_A_MINUTE, &last))
        return ERR_OK;
    cJSON *params = take_params(l);
    if (params)
        acp_cut(params, OTHER_MOST, OTHER_MOST / 4);
    enum err e = session_event(hub, doc, "", method, params);
    if (e == ERR_OK && last)
        e = session_error(hub, doc, true, NULL,
                          "%s writes many notifications that are not of the protocol; more of them "
                          "are not told in this minute",
                          session_agent(doc));
    return e;
}

static enum err take_notification(struct hub *hub, cJSON *doc, struct acp_line *l, const char *text,
                                  size_t n)
{
    if (strcmp(l->method, "session/update") == 0)
        return take_update(hub, doc, l, text, n);
    if (strcmp(l->method, "$/cancel_request") == 0)
        return session_on_cancel_request(hub, doc, l->params);
    if (!*l->method || (l->params && !cJSON_IsObject(l->params)))
        return session_error(hub, doc, true, quote("line", text, n),
                             "%s wrote a notification without a method or with wrong params",
                             session_agent(doc));
    return take_other(hub, doc, l);
}

/* --- answers ------------------------------------------------------------------------------------
 */

static const struct {
    const char *what;
    session_answered handle;
} answers[] = {
    {"initialize", session_on_initialized},
    {"authenticate", session_on_authenticated},
    {"new", session_on_new},
    {"mode", session_on_start_mode},
    {"prompt", session_on_prompted},
    {"set_mode", session_on_mode_set},
    {"config", session_on_config_set},
    {"resume", session_on_resumed},
    {"close", session_on_closed},
};

static enum err take_answer(struct hub *hub, cJSON *doc, const struct acp_line *l)
{
    cJSON *waiting = cJSON_GetObjectItemCaseSensitive(doc, "rpc"), *what = NULL;
    char key[32], said[300] = "";
    int64_t id;
    enum err e = ERR_OK;
    if (acp_id_number(l->id, &id)) {
        snprintf(key, sizeof key, "%lld", (long long)id);
        what = cJSON_DetachItemFromObjectCaseSensitive(waiting, key);
    }
    if (!what) {
        char *text = json_print(l->id);
        cJSON *data = quote("id", text, strlen(text));
        free(text);
        if (l->error)
            acp_error_text(l->error, said, sizeof said);
        return session_error(hub, doc, true, data,
                             "%s answered what nobody had asked, or a second time%s%s",
                             session_agent(doc), *said ? ": " : "", said);
    }
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        if (strcmp(answers[i].what, json_string(what, "what", "")) == 0)
            e = answers[i].handle(hub, doc, what, l->result, l->error);
    cJSON_Delete(what);
    return e;
}

/* --- a batch ------------------------------------------------------------------------------------
 */

static enum err take_line(struct hub *hub, cJSON *doc, const char *text, size_t n)
{
    struct acp_line l;
    enum err e = ERR_OK;
    acp_read(text, n, &l);
    switch (l.kind) {
    case ACP_NOTHING: break;
    case ACP_REQUEST: e = take_request(hub, doc, &l); break;
    case ACP_NOTIFICATION: e = take_notification(hub, doc, &l, text, n); break;
    case ACP_RESPONSE: e = take_answer(hub, doc, &l); break;
    case ACP_GARBAGE:
        while (n && (text[n - 1] == '\n' || text[n - 1] == '\r'))
            n--;
        e = session_error(hub, doc, true, quote("line", text, n),
                          "%s wrote a line that cannot be understood: %s", session_agent(doc),
                          l.wrong);
        break;
    }
    acp_finish(&l);
    if (is_lasting(e)) {
        log_warn("%s: a line of its agent was not taken: %s", session_id(doc), err_text(e)->name);
        e = ERR_OK;
    }
    return e;
}

static enum err take_lines(struct hub *hub, cJSON *doc, const struct agent_batch *b)
{
    const char *at = b->bytes + b->errors_n, *end = at + b->n;
    enum err e = ERR_OK;
    while (e == ERR_OK && at < end && session_is_live(doc)) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *next = newline ? newline + 1 : end;
        e = take_line(hub, doc, at, (size_t)(next - at));
        at = next;
    }
    return e;
}

static enum err take_batch(struct hub *hub, cJSON *doc, const struct agent_batch *b)
{
    const uint64_t consumed = (uint64_t)json_int(doc, "consumed", 0);
    enum err e = ERR_OK;
    if (b->delivered > (uint64_t)json_int(doc, "delivered", 0)) {
        session_put_int(doc, "delivered", (int64_t)b->delivered);
        e = journal_outbox_done(hub->journal, b->id, b->delivered);
    }
    if (e == ERR_OK && b->next > consumed)
        e = take_lines(hub, doc, b);
    if (b->next > consumed)
        session_put_int(doc, "consumed", (int64_t)b->next);
    if (e == ERR_OK && b->overlong && session_is_live(doc)) {
        char sentence[200];
        snprintf(sentence, sizeof sentence,
                 "%s wrote a line of more than %u MiB; go on with: baton session resume %s",
                 session_agent(doc), AGENT_LINE_MAX >> 20, session_id(doc));
        e = session_end(hub, doc, "failed", sentence, NULL);
    }
    if (e == ERR_OK && (b->ended || b->lost))
        e = session_exited(hub, doc, b);
    return e;
}

enum err sessions_output(struct hub *hub, void *arg)
{
    const struct agent_batch *b = arg;
    struct agent_taken taken = {.pos = b->next};
    cJSON *owner = NULL, *doc = NULL;
    enum err e = journal_get(hub->journal, "agent", b->id, &owner);
    if (e == ERR_OK)
        e = session_load(hub, json_string(owner, "sessionId", ""), &doc);
    if (e == ERR_OK && strcmp(json_string(doc, "streamId", ""), b->id) == 0) {
        e = take_batch(hub, doc, b);
        if (e == ERR_OK)
            e = session_save(hub, doc);
    }
    if (e == ERR_CORRUPT)
        e = session_damaged(hub, json_string(owner, "sessionId", ""));
    if (e == ERR_NOT_FOUND)
        e = ERR_OK; /* of a session that was destroyed */
    if (e == ERR_OK && (b->ended || b->lost)) {
        e = journal_drop(hub->journal, "agent", b->id);
        if (e == ERR_OK)
            e = session_stream_ended(hub, b->id);
    }
    memcpy(taken.id, b->id, sizeof taken.id);
    if (e == ERR_OK)
        control_after_on_stream(hub, streams_agent_taken, mem_dup(&taken, sizeof taken));
    cJSON_Delete(owner);
    cJSON_Delete(doc);
    return e;
}
