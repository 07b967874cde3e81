/* Prompts that members suggest to whoever drives a session: observers may, too. The driver accepts
 * one, as it is or changed, and it becomes a prompt that names who suggested it; or drops it.
 * Control, within a batch.
 *
 * What always holds: kind "suggestion" of the journal has what is pending and nothing else; at most
 * PENDING_MAX of a session, MEMBER_MAX of one member, each of TEXT_MAX bytes. While a turn runs an
 * accept is refused and the suggestion stays. A closed session keeps its suggestions: it may be
 * resumed. */
#include "core/hub/sessions/session_suggestions.h"
#include "core/base/clock.h"
#include "core/base/text.h"
#include "core/hub/sessions/sessions.h"
#include "core/people/role.h"

#include <stdlib.h>
#include <string.h>

#define PENDING_MAX 20
#define MEMBER_MAX  5
#define TEXT_MAX    ((size_t)16 * 1024)

struct gathering {
    const char *session, *workspace, *by; /* NULL: any */
    cJSON *list;
};

static bool is(const char *wanted, const cJSON *doc, const char *key)
{
    return !wanted || strcmp(json_string(doc, key, ""), wanted) == 0;
}

static void gather(void *data, const char *key, const cJSON *doc)
{
    struct gathering *g = data;
    (void)key;
    if (is(g->session, doc, "sessionId") && is(g->workspace, doc, "workspace") &&
        is(g->by, doc, "by"))
        cJSON_AddItemToArray(g->list, cJSON_Duplicate(doc, true));
}

/* Oldest first, whatever the order of their ids as text. */
static enum err list(struct hub *hub, struct gathering *g)
{
    cJSON *sorted = cJSON_CreateArray(), *all = cJSON_CreateArray();
    g->list = all;
    enum err e = journal_each(hub->journal, "suggestion", gather, g);
    while (all->child) {
        cJSON *least = all->child, *one;
        cJSON_ArrayForEach(one, all)
        {
            if (atoi(json_string(one, "suggestionId", "sg0") + 2) <
                atoi(json_string(least, "suggestionId", "sg0") + 2))
                least = one;
        }
        cJSON_AddItemToArray(sorted, cJSON_DetachItemViaPointer(all, least));
    }
    cJSON_Delete(all);
    g->list = sorted;
    if (e != ERR_OK)
        cJSON_Delete(sorted);
    return e;
}

static enum err check_room(struct hub *hub, struct call *c, const cJSON *doc)
{
    struct gathering g = {.session = session_id(doc)};
    enum err e = list(hub, &g);
    if (e != ERR_OK)
        return e;
    int mine = 0;
    const cJSON *one;
    cJSON_ArrayForEach(one, g.list) mine += is(c->who, one, "by");
    const int count = cJSON_GetArraySize(g.list);
    cJSON_Delete(g.list);
    if (mine >= MEMBER_MAX)
        return call_fail(c, ERR_LIMIT, "%d of your suggestions wait in %s already", mine,
                         session_id(doc));
    if (count >= PENDING_MAX)
        return call_fail(c, ERR_LIMIT, "%d suggestions wait in %s already", count, session_id(doc));
    return ERR_OK;
}

enum err session_suggest(struct hub *hub, struct call *c)
{
    const char *text = call_string(c, "text", "");
    cJSON *doc = NULL;
    int64_t number = 0;
    char id[32];
    if (strlen(text) > TEXT_MAX)
        return call_fail(c, ERR_LIMIT, "a suggestion has at most 16 KiB");
    enum err e = session_find(hub, c, &doc);
    if (e == ERR_OK && !session_is_live(doc))
        e = call_fail(c, ERR_ENDED, "%s is over; see: baton session resume", session_id(doc));
    if (e == ERR_OK)
        e = check_room(hub, c, doc);
    if (e == ERR_OK)
        e = journal_next(hub->journal, "suggestion", &number);
    if (e != ERR_OK) {
        cJSON_Delete(doc);
        return e;
    }
    snprintf(id, sizeof id, "sg%lld", (long long)number);
    cJSON *told = cJSON_CreateObject();
    cJSON_AddStringToObject(told, "suggestionId", id);
    cJSON_AddStringToObject(told, "by", c->who);
    json_add_text(told, "text", text, strlen(text));
    cJSON *suggestion = cJSON_Duplicate(told, true);
    cJSON_AddStringToObject(suggestion, "sessionId", session_id(doc));
    cJSON *data = cJSON_Duplicate(suggestion, true);
    cJSON_AddStringToObject(suggestion, "workspace", session_workspace(doc));
    json_add_int(suggestion, "at", clock_wall_us() / 1000);
    e = journal_put(hub->journal, "suggestion", id, suggestion);
    cJSON_Delete(suggestion);
    if (e == ERR_OK)
        e = session_event(hub, doc, c->who, "_baton/suggestion", told);
    else
        cJSON_Delete(told);
    if (e == ERR_OK)
        e = session_tell(hub, doc, "suggested", c->who, cJSON_Duplicate(data, true));
    if (e == ERR_OK)
        e = session_save(hub, doc);
    if (e == ERR_OK)
        call_reply(c, data);
    else
        cJSON_Delete(data);
    cJSON_Delete(doc);
    return e;
}

enum err session_suggestions(struct hub *hub, struct call *c)
{
    struct gathering g = {.workspace = call_string(c, "workspace", NULL)};
    cJSON *doc = NULL;
    enum err e = ERR_OK;
    if (*c->scope)
        g.workspace = c->scope;
    if (*call_string(c, "sessionId", ""))
        e = session_find(hub, c, &doc);
    if (e == ERR_OK) {
        g.session = doc ? session_id(doc) : NULL;
        e = list(hub, &g);
    }
    cJSON_Delete(doc);
    if (e == ERR_OK)
        call_reply(c, g.list);
    return e;
}

static enum err find(struct hub *hub, struct call *c, cJSON **ret_doc, cJSON **ret_suggestion)
{
    const char *id = call_string(c, "suggestionId", "");
    cJSON *doc = NULL, *suggestion = NULL;
    enum err e = session_find(hub, c, &doc);
    if (e != ERR_OK)
        return e;
    e = journal_get(hub->journal, "suggestion", id, &suggestion);
    if (e == ERR_OK && !is(session_id(doc), suggestion, "sessionId"))
        e = ERR_NOT_FOUND;
    if (e != ERR_OK) {
        char safe[64];
        text_make_safe(safe, sizeof safe, id, strlen(id));
        if (e == ERR_NOT_FOUND)
            call_fail(c, e,
                      "nothing is suggested in %s under \"%s\"; see: baton session "
                      "suggestions",
                      session_id(doc), safe);
        cJSON_Delete(suggestion);
        cJSON_Delete(doc);
        return e;
    }
    *ret_doc = doc;
    *ret_suggestion = suggestion;
    return ERR_OK;
}

/* text NULL: as it was suggested. */
static enum err resolve(struct hub *hub, struct call *c, cJSON *doc, const cJSON *suggestion,
                        const char *outcome, const char *text)
{
    const char *id = json_string(suggestion, "suggestionId", "");
    const char *reason = call_string(c, "reason", "");
    cJSON *told = cJSON_CreateObject();
    cJSON_AddStringToObject(told, "suggestionId", id);
    cJSON_AddStringToObject(told, "by", c->who);
    cJSON_AddStringToObject(told, "outcome", outcome);
    if (text)
        json_add_text(told, "text", text, strlen(text));
    if (*reason)
        json_add_text(told, "reason", reason, strlen(reason));
    cJSON *data = cJSON_Duplicate(told, true);
    cJSON_AddStringToObject(data, "sessionId", session_id(doc));
    cJSON_AddStringToObject(data, "suggestedBy", json_string(suggestion, "by", ""));
    enum err e = journal_drop(hub->journal, "suggestion", id);
    if (e == ERR_OK)
        e = session_event(hub, doc, c->who, "_baton/suggestion_resolved", told);
    else
        cJSON_Delete(told);
    if (e == ERR_OK)
        e = session_tell(hub, doc, "suggestionResolved", c->who, data);
    else
        cJSON_Delete(data);
    return e;
}

enum err session_accept(struct hub *hub, struct call *c)
{
    const char *edited = call_string(c, "text", NULL);
    cJSON *doc = NULL, *suggestion = NULL;
    enum err e = find(hub, c, &doc, &suggestion);
    if (e != ERR_OK)
        return e;
    const char *text = edited ? edited : json_string(suggestion, "text", "");
    e = session_need_ready(c, doc);
    if (e == ERR_OK)
        e = session_may(hub, c, doc, (uint64_t)call_int(c, "epoch", 0));
    if (e == ERR_OK && edited && !*edited)
        e = call_fail(c, ERR_INVALID, "there is nothing to say; drop the suggestion instead");
    if (e == ERR_OK)
        e = resolve(hub, c, doc, suggestion, "accepted", edited);
    if (e == ERR_OK)
        e = session_begin_turn(hub, c, doc, session_text_blocks(text, strlen(text)),
                               json_string(suggestion, "by", ""));
    if (e == ERR_OK)
        e = session_save(hub, doc);
    if (e == ERR_OK)
        session_await_turn(hub, c, doc, call_bool(c, "wait", true),
                           json_get(c->params, "timeout")
                               ? (int64_t)(json_number(c->params, "timeout", 0) * 1000)
                               : -1);
    cJSON_Delete(suggestion);
    cJSON_Delete(doc);
    return e;
}

/* Whoever made a suggestion may take it back without the baton. */
enum err session_drop(struct hub *hub, struct call *c)
{
    cJSON *doc = NULL, *suggestion = NULL;
    enum err e = find(hub, c, &doc, &suggestion);
    if (e != ERR_OK)
        return e;
    const bool own = is(c->who, suggestion, "by");
    if (!own && !role_may(c->role, ROLE_DRIVER))
        e = call_fail(c, ERR_DENIED, "%s is here as %s, and may take back their own alone", c->who,
                      role_name(c->role));
    else if (!own && session_is_live(doc))
        e = session_may(hub, c, doc, (uint64_t)call_int(c, "epoch", 0));
    if (e == ERR_OK)
        e = resolve(hub, c, doc, suggestion, "dropped", NULL);
    if (e == ERR_OK)
        e = session_save(hub, doc);
    if (e == ERR_OK) {
        cJSON *r = cJSON_CreateObject();
        cJSON_AddStringToObject(r, "sessionId", session_id(doc));
        cJSON_AddStringToObject(r, "suggestionId", json_string(suggestion, "suggestionId", ""));
        call_reply(c, r);
    }
    cJSON_Delete(suggestion);
    cJSON_Delete(doc);
    return e;
}

enum err suggestions_forget(struct hub *hub, const char *session)
{
    struct gathering g = {.session = session};
    const cJSON *one;
    enum err e = list(hub, &g);
    if (e != ERR_OK)
        return e;
    cJSON_ArrayForEach(one, g.list) if (e == ERR_OK) e =
        journal_drop(hub->journal, "suggestion", json_string(one, "suggestionId", ""));
    cJSON_Delete(g.list);
    return e;
}
