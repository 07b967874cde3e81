/* What agents ask to be allowed, and the forms that they want filled in: kept in the journal until
 * somebody answers, the agent takes its question back, the turn or the session ends, or the time is
 * over. Control, within a batch.
 *
 * What always holds: a question is in the journal either as kind "permission" (nobody has answered
 * yet) or as kind "answered", never as both; the document, the events and the answer's bytes for
 * the agent are one part of one transaction. So the first answer wins, a hub that dies changes
 * nothing, and the agent hears exactly one answer. A session with a running turn is `waiting` while
 * it has any question, and `working` again behind the last.
 *
 * Who answers, and how, is session_answers.c. */
#include "core/hub/sessions/session_pending.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/hub/streams/agents.h"

#include <stdlib.h>
#include <string.h>

#define SEEN_US       (30 * 1000000LL) /* between two looks at the clock while something is pending */
#define PENDING_MAX   64               /* questions of one session at a time */
#define OPTIONS_MAX   32
#define OPTION_ID_MAX 1024          /* bytes; the hub gives it back exactly or not at all */
#define CALL_MAX      (64u * 1024u) /* of a tool call in the pending document */
#define LOOK_BACK     200           /* events that are searched for a tool call's title */
#define ACP_CANCELLED (-32800)

/* --- what is pending -------------------------------------------------------------------------- */

struct gathering {
    const char *session; /* NULL: of all */
    cJSON *list;
};

static void gather(void *data, const char *key, const cJSON *pending)
{
    struct gathering *g = data;
    (void)key;
    if (!g->session || strcmp(json_string(pending, "sessionId", ""), g->session) == 0)
        cJSON_AddItemToArray(g->list, cJSON_Duplicate(pending, true));
}

enum err pending_list(struct hub *hub, const char *session, cJSON **ret_list)
{
    struct gathering g = {session, cJSON_CreateArray()};
    enum err e = journal_each(hub->journal, "permission", gather, &g);
    json_sort(g.list, "permissionId");
    if (e == ERR_OK)
        *ret_list = g.list;
    else
        cJSON_Delete(g.list);
    return e;
}

int session_pending(struct hub *hub, const cJSON *doc)
{
    cJSON *list = NULL;
    if (pending_list(hub, session_id(doc), &list) != ERR_OK)
        return 0;
    const int count = cJSON_GetArraySize(list);
    cJSON_Delete(list);
    return count;
}

bool pending_is_form(const cJSON *pending)
{
    return strcmp(json_string(pending, "kind", ""), "elicitation") == 0;
}

/* --- a question ------------------------------------------------------------------------------- */

static void copy_text(cJSON *to, const cJSON *from, const char *key, size_t most)
{
    const char *text = json_string(from, key, NULL);
    if (text) {
        size_t n = strlen(text);
        if (n > most)
            for (n = most; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80; n--)
                ;
        json_add_text(to, key, text, n);
    }
}

/* What can be chosen at all: objects with an id. The rest of them is not the person's business. */
static cJSON *clean_options(const cJSON *options)
{
    cJSON *list = cJSON_CreateArray();
    const cJSON *one;
    cJSON_ArrayForEach(one, options)
    {
        const char *id = json_string(one, "optionId", NULL);
        if (!id || strlen(id) > OPTION_ID_MAX || cJSON_GetArraySize(list) == OPTIONS_MAX)
            continue;
        cJSON *o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "optionId", id);
        copy_text(o, one, "name", 1024);
        if (!json_get(o, "name"))
            json_add_text(o, "name", id, strlen(id));
        copy_text(o, one, "kind", 64);
        cJSON_AddItemToArray(list, o);
    }
    return list;
}

/* The newest of this tool call's updates that has a title, among the last events. */
static char *earlier_title(struct hub *hub, const cJSON *doc, const char *call)
{
    const int64_t seq = json_int(doc, "seq", 0);
    struct buf text = {0};
    cJSON *events = NULL;
    const cJSON *one;
    char *title = NULL;
    if (journal_session_events(hub->journal, session_id(doc), seq > LOOK_BACK ? seq - LOOK_BACK : 0,
                               LOOK_BACK, 1024 * 1024, "session/update", &text) == ERR_OK)
        json_parse(text.data, text.len, &events);
    cJSON_ArrayForEach(one, events)
    {
        const cJSON *update = json_get(json_get(json_get(one, "notification"), "params"), "update");
        const char *its = json_string(update, "title", "");
        if (*its && strcmp(json_string(update, "toolCallId", ""), call) == 0) {
            free(title);
            title = mem_strdup(its);
        }
    }
    cJSON_Delete(events);
    buf_finish(&text);
    return title;
}

/* A permission may come before its tool call, or name it by its id alone: what people are shown has
 * a title always. */
static void give_title(struct hub *hub, const cJSON *doc, cJSON *call)
{
    static const char *const keys[] = {"name", "kind", "toolCallId"};
    const char *title = json_string(call, "title", "");
    char *found = NULL;
    if (*title)
        return;
    if (*json_string(call, "toolCallId", ""))
        found = earlier_title(hub, doc, json_string(call, "toolCallId", ""));
    title = found ? found : "";
    for (size_t i = 0; !*title && i < sizeof keys / sizeof *keys; i++)
        title = json_string(call, keys[i], "");
    cJSON *item = cJSON_CreateString(*title ? title : "something that it does not name");
    cJSON_DeleteItemFromObjectCaseSensitive(call, "title");
    cJSON_AddItemToObject(call, "title", item);
    free(found);
}

static cJSON *short_call(const cJSON *call)
{
    cJSON *s = cJSON_CreateObject();
    copy_text(s, call, "toolCallId", 1024);
    copy_text(s, call, "title", 4096);
    copy_text(s, call, "kind", 64);
    return s;
}

/* The call as a person wants to see it (its diff, its command), unless that is huge. */
static cJSON *bounded_call(const cJSON *call)
{
    char *text = json_print(call);
    const bool fits = strlen(text) <= CALL_MAX;
    free(text);
    return fits ? cJSON_Duplicate(call, true) : short_call(call);
}

static cJSON *new_pending(struct hub *hub, const cJSON *doc, const cJSON *id, const char *kind,
                          int64_t number)
{
    const int64_t now = clock_wall_us();
    cJSON *p = cJSON_CreateObject();
    char name[32];
    snprintf(name, sizeof name, "pr%lld", (long long)number);
    cJSON_AddStringToObject(p, "permissionId", name);
    cJSON_AddStringToObject(p, "sessionId", session_id(doc));
    cJSON_AddStringToObject(p, "workspace", session_workspace(doc));
    cJSON_AddStringToObject(p, "kind", kind);
    cJSON_AddItemToObject(p, "rpc", cJSON_Duplicate(id, true));
    json_add_int(p, "turn", json_int(json_get(doc, "prompting"), "turn", 0));
    json_add_int(p, "requestedAt", now / 1000);
    json_add_int(p, "due", now / 1000 + config_permission_ms(hub->config));
    return p;
}

/* Writes the question down, tells it, and has the session wait. told (taken): the parameters of the
 * session's event, to which the id is added. */
static enum err ask_people(struct hub *hub, cJSON *doc, const cJSON *pending, const char *method,
                           cJSON *told)
{
    const char *id = json_string(pending, "permissionId", "");
    cJSON *data = cJSON_CreateObject();
    static const char *const keys[] = {"permissionId", "sessionId", "kind",
                                       "options",      "message",   "mode"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (json_get(pending, keys[i]))
            cJSON_AddItemToObject(data, keys[i], cJSON_Duplicate(json_get(pending, keys[i]), true));
    if (json_get(pending, "toolCall"))
        cJSON_AddItemToObject(data, "toolCall", short_call(json_get(pending, "toolCall")));
    cJSON_AddItemToObject(told, "permissionId", cJSON_CreateString(id));
    enum err e = journal_put(hub->journal, "permission", id, pending);
    if (e == ERR_OK)
        e = session_event(hub, doc, "", method, told);
    else
        cJSON_Delete(told);
    if (e == ERR_OK)
        e = session_tell(hub, doc, "permissionRequest", "", data);
    else
        cJSON_Delete(data);
    if (e == ERR_OK && json_get(doc, "prompting"))
        e = session_set_state(hub, doc, "waiting");
    sessions_arm(hub);
    return e;
}

/* True when the request was answered with an error already, because it cannot be asked. */
static bool turned_away(struct hub *hub, cJSON *doc, const cJSON *id, enum err *ret_e)
{
    if (session_pending(hub, doc) < PENDING_MAX)
        return false;
    *ret_e = session_answer_error(hub, doc, id, ACP_INTERNAL,
                                  "too many questions wait for an answer already");
    return true;
}

enum err session_on_permission(struct hub *hub, cJSON *doc, const cJSON *id, const cJSON *params)
{
    const cJSON *call = json_get(params, "toolCall"), *options = json_get(params, "options");
    int64_t number;
    enum err e;
    if (!cJSON_IsObject(call) || (options && !cJSON_IsArray(options)))
        return session_answer_error(hub, doc, id, ACP_INVALID_PARAMS,
                                    "toolCall has to be an object and options an array");
    if (turned_away(hub, doc, id, &e))
        return e;
    if (session_is_cancelling(doc)) { /* whoever cancelled has answered this, too */
        const struct permission_choice none = {0};
        return session_answer(hub, doc, id, permission_result(&none));
    }
    e = journal_next(hub->journal, "permission", &number);
    if (e != ERR_OK)
        return e;
    cJSON *pending = new_pending(hub, doc, id, "permission", number);
    cJSON *titled = cJSON_Duplicate(call, true), *told = cJSON_CreateObject();
    give_title(hub, doc, titled);
    cJSON_AddItemToObject(pending, "toolCall", bounded_call(titled));
    cJSON_AddItemToObject(pending, "options", clean_options(options));
    cJSON_AddItemToObject(told, "toolCall", titled);
    cJSON_AddItemToObject(told, "options", cJSON_Duplicate(json_get(pending, "options"), true));
    e = ask_people(hub, doc, pending, "session/request_permission", told);
    cJSON_Delete(pending);
    return e;
}

enum err session_on_elicitation(struct hub *hub, cJSON *doc, const cJSON *id, const cJSON *params)
{
    static const char *const keys[] = {"toolCallId", "requestedSchema", "elicitationId"};
    const char *mode = json_string(params, "mode", "form");
    const cJSON *schema = json_get(params, "requestedSchema");
    int64_t number;
    enum err e;
    char *size = schema ? json_print(schema) : NULL;
    const bool huge = size && strlen(size) > CALL_MAX;
    free(size);
    if (huge || (schema && !cJSON_IsObject(schema)) ||
        (strcmp(mode, "form") != 0 && strcmp(mode, "url") != 0))
        return session_answer_error(hub, doc, id, ACP_INVALID_PARAMS,
                                    "a form of at most 64 KiB, or a url, can be asked for");
    if (turned_away(hub, doc, id, &e))
        return e;
    if (session_is_cancelling(doc))
        return session_answer(hub, doc, id, permission_elicited(PERMISSION_CANCEL, NULL));
    e = journal_next(hub->journal, "permission", &number);
    if (e != ERR_OK)
        return e;
    cJSON *pending = new_pending(hub, doc, id, "elicitation", number);
    cJSON_AddStringToObject(pending, "mode", mode);
    copy_text(pending, params, "message", 16 * 1024);
    copy_text(pending, params, "url", 8 * 1024);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (json_get(params, keys[i]))
            cJSON_AddItemToObject(pending, keys[i],
                                  cJSON_Duplicate(json_get(params, keys[i]), true));
    cJSON *told = cJSON_CreateObject();
    copy_text(told, pending, "message", SIZE_MAX);
    copy_text(told, pending, "mode", SIZE_MAX);
    copy_text(told, pending, "url", SIZE_MAX);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (json_get(pending, keys[i]))
            cJSON_AddItemToObject(told, keys[i], cJSON_Duplicate(json_get(pending, keys[i]), true));
    e = ask_people(hub, doc, pending, "elicitation/create", told);
    cJSON_Delete(pending);
    return e;
}

/* --- its end ---------------------------------------------------------------------------------- */

static cJSON *end_json(const cJSON *pending, const struct pending_end *end)
{
    const struct permission_choice *choice = &end->choice;
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "permissionId", json_string(pending, "permissionId", ""));
    cJSON_AddStringToObject(o, "by", end->by);
    cJSON_AddStringToObject(o, "outcome", end->outcome);
    if (end->action)
        cJSON_AddStringToObject(o, "action", end->action);
    if (choice->selected) {
        cJSON_AddStringToObject(o, "optionId", choice->option_id);
        cJSON_AddStringToObject(o, "kind", choice->kind);
        json_add_text(o, "name", choice->name, strlen(choice->name));
    }
    if (end->reason && *end->reason)
        json_add_text(o, "reason", end->reason, strlen(end->reason));
    return o;
}

enum err pending_resolve(struct hub *hub, cJSON *doc, const cJSON *pending,
                         const struct pending_end *end)
{
    const char *id = json_string(pending, "permissionId", "");
    cJSON *told = end_json(pending, end), *answered = cJSON_Duplicate(told, true);
    cJSON_AddStringToObject(answered, "sessionId", session_id(doc));
    cJSON *data = cJSON_Duplicate(answered, true);
    json_add_int(answered, "at", clock_wall_us() / 1000);
    enum err e = journal_drop(hub->journal, "permission", id);
    if (e == ERR_OK)
        e = journal_put(hub->journal, "answered", id, answered);
    cJSON_Delete(answered);
    if (e == ERR_OK)
        e = session_event(hub, doc, end->by, "_baton/permission_resolved", told);
    else
        cJSON_Delete(told);
    if (e == ERR_OK)
        e = session_tell(hub, doc, "permissionResolved", end->by, data);
    else
        cJSON_Delete(data);
    if (e == ERR_OK && strcmp(session_state(doc), "waiting") == 0 && session_pending(hub, doc) == 0)
        e = session_set_state(hub, doc, json_get(doc, "prompting") ? "working" : "idle");
    return e;
}

/* The agent gets 'cancelled' (of a form: 'cancel'), or what the time's end chooses. */
static enum err settle(struct hub *hub, cJSON *doc, const cJSON *pending,
                       enum permission_answer answer, const char *reason)
{
    const bool late = answer == PERMISSION_TIMEOUT;
    struct pending_end end = {
        .by = "", .outcome = late ? "timeout" : "cancelled", .reason = reason};
    char why[200];
    cJSON *result;
    if (pending_is_form(pending)) {
        end.action = "cancel";
        result = permission_elicited(answer, NULL);
    } else {
        permission_choose(json_get(pending, "options"), answer, NULL, &end.choice, why, sizeof why);
        result = permission_result(&end.choice);
    }
    enum err e = session_answer(hub, doc, json_get(pending, "rpc"), result);
    return e == ERR_OK ? pending_resolve(hub, doc, pending, &end) : e;
}

enum err session_settle_pending(struct hub *hub, cJSON *doc, const char *reason)
{
    cJSON *list = NULL;
    const cJSON *one;
    enum err e = pending_list(hub, session_id(doc), &list);
    cJSON_ArrayForEach(one, list) if (e == ERR_OK) e =
        settle(hub, doc, one, PERMISSION_CANCEL, reason);
    cJSON_Delete(list);
    return e;
}

/* The agent takes a question back. The request gets its answer all the same, as JSON-RPC wants. */
enum err session_on_cancel_request(struct hub *hub, cJSON *doc, const cJSON *params)
{
    const struct pending_end end = {
        .by = "", .outcome = "cancelled", .reason = "the agent took its question back"};
    const cJSON *rpc = json_get(params, "requestId"), *one;
    cJSON *list = NULL;
    enum err e = rpc ? pending_list(hub, session_id(doc), &list) : ERR_OK;
    cJSON_ArrayForEach(one, list)
    {
        if (e != ERR_OK || !cJSON_Compare(json_get(one, "rpc"), rpc, true))
            continue;
        e = session_answer_error(hub, doc, rpc, ACP_CANCELLED, "cancelled");
        if (e == ERR_OK)
            e = pending_resolve(hub, doc, one, &end);
    }
    cJSON_Delete(list);
    return e;
}

enum err pending_forget(struct hub *hub, const char *session)
{
    static const char *const kinds[] = {"permission", "answered"};
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < 2; i++) {
        struct gathering g = {session, cJSON_CreateArray()};
        const cJSON *one;
        e = journal_each(hub->journal, kinds[i], gather, &g);
        cJSON_ArrayForEach(one, g.list) if (e == ERR_OK) e =
            journal_drop(hub->journal, kinds[i], json_string(one, "permissionId", ""));
        cJSON_Delete(g.list);
    }
    return e;
}

/* --- time ------------------------------------------------------------------------------------- */

static enum err time_out(struct hub *hub, const cJSON *pending)
{
    cJSON *doc = NULL;
    enum err e = session_load(hub, json_string(pending, "sessionId", ""), &doc);
    if (e == ERR_CORRUPT &&
        (e = session_damaged(hub, json_string(pending, "sessionId", ""))) == ERR_OK)
        e = ERR_NOT_FOUND;
    if (e == ERR_NOT_FOUND) /* nobody is left who asks */
        return journal_drop(hub->journal, "permission", json_string(pending, "permissionId", ""));
    if (e == ERR_OK)
        e = settle(hub, doc, pending, PERMISSION_TIMEOUT, "nobody answered in time");
    if (e == ERR_OK)
        e = session_save(hub, doc);
    cJSON_Delete(doc);
    return e;
}

/* When a hub last lived while something was pending: a document of its own, put each time that the
 * clock is looked at, and that is often enough. */
static enum err put_seen(struct hub *hub, int64_t now_us)
{
    cJSON *seen = cJSON_CreateObject();
    json_add_int(seen, "at", now_us / 1000);
    enum err e = journal_put(hub->journal, "clock", "permissions", seen);
    cJSON_Delete(seen);
    return e;
}

enum err permissions_recover(struct hub *hub)
{
    const int64_t now = clock_wall_us() / 1000;
    cJSON *list = NULL, *seen = NULL;
    cJSON *one;
    enum err e = pending_list(hub, NULL, &list);
    if (e == ERR_OK && cJSON_GetArraySize(list)) {
        e = journal_get(hub->journal, "clock", "permissions", &seen);
        if (e == ERR_NOT_FOUND)
            e = ERR_OK;
    }
    cJSON_ArrayForEach(one, list)
    {
        const int64_t asked = json_int(one, "requestedAt", now), at = json_int(seen, "at", asked);
        const int64_t away = now - (at > asked ? at : asked);
        session_put_int(one, "due", json_int(one, "due", now) + (away > 0 ? away : 0));
        if (e == ERR_OK)
            e = journal_put(hub->journal, "permission", json_string(one, "permissionId", ""), one);
    }
    if (e == ERR_OK && cJSON_GetArraySize(list))
        e = put_seen(hub, now * 1000);
    cJSON_Delete(seen);
    cJSON_Delete(list);
    return e;
}

enum err sessions_tick(struct hub *hub, int64_t now_us, int64_t *soonest_us)
{
    cJSON *list = NULL;
    const cJSON *one;
    enum err e = pending_list(hub, NULL, &list);
    if (e == ERR_OK && cJSON_GetArraySize(list)) {
        e = put_seen(hub, now_us);
        if (now_us + SEEN_US < *soonest_us)
            *soonest_us = now_us + SEEN_US;
    }
    cJSON_ArrayForEach(one, list)
    {
        const int64_t due = json_int(one, "due", 0) * 1000;
        if (e == ERR_OK && due <= now_us)
            e = time_out(hub, one);
        else if (due > now_us && due < *soonest_us)
            *soonest_us = due;
    }
    cJSON_Delete(list);
    return e;
}
