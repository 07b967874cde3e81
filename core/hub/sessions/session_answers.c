/* What agents wait to be allowed, listed and answered by people: session.permissions and
 * session.answer. The rules are session_permissions.c's. Control, within a batch. */
#include "core/base/clock.h"
#include "core/base/text.h"
#include "core/hub/sessions/session_pending.h"

#include <string.h>

enum err session_permissions(struct hub *hub, struct call *c)
{
    const char *workspace = call_string(c, "workspace", NULL);
    cJSON *doc = NULL, *list = NULL;
    enum err e = ERR_OK;
    if (*call_string(c, "sessionId", ""))
        e = session_find(hub, c, &doc);
    if (e == ERR_OK)
        e = pending_list(hub, doc ? session_id(doc) : NULL, &list);
    cJSON_Delete(doc);
    if (e != ERR_OK)
        return e;
    for (cJSON *one = list->child, *next; one; one = next) {
        next = one->next;
        const char *its = json_string(one, "workspace", "");
        if ((workspace && strcmp(its, workspace) != 0) ||
            (*c->scope && strcmp(its, c->scope) != 0)) {
            cJSON_Delete(cJSON_DetachItemViaPointer(list, one));
            continue;
        }
        const char *title =
            json_string(json_get(one, "toolCall"), "title", json_string(one, "message", ""));
        json_add_text(one, "title", title, strlen(title));
        cJSON_DeleteItemFromObjectCaseSensitive(one, "rpc"); /* the agent's own business */
        cJSON_DeleteItemFromObjectCaseSensitive(one, "due"); /* moves when a hub was away */
    }
    call_reply(c, list);
    return ERR_OK;
}

/* Too late: who was first, and what was said then. */
static enum err tell_late(struct call *c, const char *id, const cJSON *answered)
{
    char sentence[512], name[160];
    const char *by = json_string(answered, "by", ""), *said = json_string(answered, "name", "");
    const char *outcome = json_string(answered, "outcome", "");
    cJSON *data = cJSON_CreateObject();
    static const char *const keys[] = {"permissionId", "sessionId", "by",     "outcome", "optionId",
                                       "kind",         "action",    "reason", "at"};
    if (!*said)
        said = json_string(answered, "action", outcome);
    text_make_safe(name, sizeof name, said, strlen(said));
    if (*by)
        snprintf(sentence, sizeof sentence, "%s was answered by %s already: %s", id, by, name);
    else if (strcmp(outcome, "timeout") == 0)
        snprintf(sentence, sizeof sentence,
                 "%s was not answered in time, and that was taken for a no", id);
    else
        snprintf(sentence, sizeof sentence, "%s is over without an answer: %s", id,
                 json_string(answered, "reason", "it was cancelled"));
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (json_get(answered, keys[i]))
            cJSON_AddItemToObject(data, keys[i],
                                  cJSON_Duplicate(json_get(answered, keys[i]), true));
    if (json_get(answered, "name")) /* "name" of an error's data is the error's own */
        cJSON_AddStringToObject(data, "option", json_string(answered, "name", ""));
    call_format_error_with(c, ERR_EXISTS, sentence, data);
    return ERR_EXISTS;
}

/* The question that the call names, of this very session; or who was first. */
static enum err find_pending(struct hub *hub, struct call *c, const cJSON *doc, cJSON **ret_pending)
{
    const char *id = call_string(c, "permissionId", "");
    cJSON *found = NULL;
    enum err e = journal_get(hub->journal, "permission", id, &found);
    const bool pending = e == ERR_OK;
    if (e == ERR_NOT_FOUND)
        e = journal_get(hub->journal, "answered", id, &found);
    if (e == ERR_OK && strcmp(json_string(found, "sessionId", ""), session_id(doc)) != 0)
        e = ERR_NOT_FOUND;
    if (e == ERR_OK && pending) {
        *ret_pending = found;
        return ERR_OK;
    }
    if (e == ERR_OK) {
        e = tell_late(c, id, found);
    } else if (e == ERR_NOT_FOUND) {
        char safe[64];
        text_make_safe(safe, sizeof safe, id, strlen(id));
        call_fail(c, e, "%s asks nothing under \"%s\"; see: baton session permissions",
                  session_id(doc), safe);
    }
    cJSON_Delete(found);
    return e;
}

/* What the answer comes to: the end, and the result that the agent gets. */
static enum err read_answer(struct call *c, const cJSON *pending, struct pending_end *end,
                            cJSON **ret_result)
{
    const enum permission_answer answer = permission_answer_of(call_string(c, "answer", ""));
    const cJSON *content = json_get(c->params, "content");
    char why[400] = "";
    if (pending_is_form(pending)) {
        if (answer == PERMISSION_ALLOW || answer == PERMISSION_ALWAYS)
            if (permission_check_content(json_get(pending, "requestedSchema"), content, why,
                                         sizeof why) != ERR_OK)
                return call_fail(c, ERR_INVALID, "the form is not filled in rightly: %s", why);
        end->action = answer == PERMISSION_REJECT   ? "decline"
                      : answer == PERMISSION_CANCEL ? "cancel"
                                                    : "accept";
        end->outcome = answer == PERMISSION_CANCEL ? "cancelled" : "selected";
        *ret_result = permission_elicited(answer, content);
        return ERR_OK;
    }
    if (permission_choose(json_get(pending, "options"), answer, call_string(c, "optionId", NULL),
                          &end->choice, why, sizeof why) != ERR_OK)
        return call_fail(c, ERR_INVALID, "%s", why);
    end->outcome = end->choice.selected ? "selected" : "cancelled";
    *ret_result = permission_result(&end->choice);
    return ERR_OK;
}

static cJSON *answer_json(const cJSON *doc, const cJSON *pending, const struct pending_end *end)
{
    cJSON *r = cJSON_CreateObject();
    cJSON_AddStringToObject(r, "sessionId", session_id(doc));
    cJSON_AddStringToObject(r, "permissionId", json_string(pending, "permissionId", ""));
    cJSON_AddStringToObject(r, "outcome", end->outcome);
    cJSON_AddStringToObject(r, "name", end->action ? end->action : end->choice.name);
    if (end->choice.selected) {
        cJSON_AddStringToObject(r, "optionId", end->choice.option_id);
        cJSON_AddStringToObject(r, "kind", end->choice.kind);
    }
    return r;
}

/* Who may: whoever drives the session, be it a human or an agent, for an agent holds a baton as
 * people do and a human can take it back at any time; never the session's own agent, whoever
 * drives. Late before the baton: who comes too late wants to know who was first, and takes nothing.
 */
enum err session_answer_call(struct hub *hub, struct call *c)
{
    struct pending_end end = {.by = c->who, .reason = call_string(c, "reason", NULL)};
    cJSON *doc = NULL, *pending = NULL, *result = NULL;
    enum err e = session_find(hub, c, &doc);
    if (e == ERR_OK)
        e = session_not_of_itself(c, doc);
    if (e == ERR_OK)
        e = find_pending(hub, c, doc, &pending);
    if (e == ERR_OK)
        e = session_may(hub, c, doc, (uint64_t)call_int(c, "epoch", 0));
    if (e == ERR_OK)
        e = read_answer(c, pending, &end, &result);
    if (e == ERR_OK)
        e = session_answer(hub, doc, json_get(pending, "rpc"), result);
    if (e == ERR_OK)
        e = pending_resolve(hub, doc, pending, &end);
    if (e == ERR_OK)
        e = session_save(hub, doc);
    if (e == ERR_OK)
        call_reply(c, answer_json(doc, pending, &end));
    cJSON_Delete(pending);
    cJSON_Delete(doc);
    return e;
}
