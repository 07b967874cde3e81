/* A session that is over goes on: a new process of its agent, which takes up its own record where
 * it can (session/resume, else session/load, whose replay is not written a second time), and else
 * gets ours as the first block of the next prompt. Control, within a batch. */
#include "core/agent/handback.h"
#include "core/base/mem.h"
#include "core/hub/sessions/sessions.h"
#include "core/hub/work/worlds.h"

#include <stdlib.h>
#include <string.h>

#define PAGE 500 /* events at a time */

/* The old process's record stays until the session is destroyed. */
static void keep_stream(cJSON *doc)
{
    const char *old = json_string(doc, "streamId", "");
    cJSON *list = cJSON_GetObjectItemCaseSensitive(doc, "pastStreams");
    if (!*old)
        return;
    if (!list)
        list = cJSON_AddArrayToObject(doc, "pastStreams");
    cJSON_AddItemToArray(list, cJSON_CreateString(old));
}

enum err session_resume(struct hub *hub, struct call *c)
{
    static const char *const of_the_end[] = {"endedAt", "exitCode", "error", "prompting"};
    cJSON *doc = NULL, *workspace = NULL;
    enum err e = session_find(hub, c, &doc);
    if (e == ERR_OK && session_is_live(doc))
        e = call_fail(c, ERR_EXISTS, "%s is not over: it is %s", session_id(doc),
                      session_state(doc));
    if (e == ERR_OK)
        e = workspace_need_open(hub, c, session_workspace(doc), &workspace);
    if (e == ERR_OK)
        e = world_check_network(c, workspace, json_bool(doc, "network", false));
    if (e == ERR_OK) {
        keep_stream(doc);
        for (size_t i = 0; i < sizeof of_the_end / sizeof *of_the_end; i++)
            session_put(doc, of_the_end[i], NULL);
        session_put_int(doc, "startLimit", (int64_t)(json_number(c->params, "timeout", 60) * 1000));
        e = session_start(hub, doc, "resume");
    }
    if (e == ERR_OK)
        e = session_save(hub, doc);
    if (e == ERR_OK)
        session_park(hub, c, doc, 0, -1); /* the start has a limit of its own */
    cJSON_Delete(workspace);
    cJSON_Delete(doc);
    return e;
}

static enum err ask(struct hub *hub, cJSON *doc, const char *method)
{
    cJSON *params = session_open_params(hub, doc), *what = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "sessionId", json_string(doc, "agentSessionId", ""));
    cJSON_AddStringToObject(what, "what", "resume");
    cJSON_AddStringToObject(what, "how", method);
    session_put(doc, "replaying", strcmp(method, "session/load") == 0 ? cJSON_CreateTrue() : NULL);
    return session_ask(hub, doc, method, params, what, NULL);
}

/* A fresh session of the agent's: what was said so far comes from our record. */
static enum err begin_anew(struct hub *hub, cJSON *doc)
{
    cJSON *what = cJSON_CreateObject();
    cJSON_AddStringToObject(what, "what", "new");
    session_put(doc, "replaying", NULL);
    session_put(doc, "handback", cJSON_CreateTrue());
    return session_ask(hub, doc, "session/new", session_open_params(hub, doc), what, NULL);
}

enum err session_resume_open(struct hub *hub, cJSON *doc)
{
    const bool known = *json_string(doc, "agentSessionId", "") != '\0';
    if (known && session_can(doc, "sessionCapabilities.resume"))
        return ask(hub, doc, "session/resume");
    if (known && session_can(doc, "loadSession"))
        return ask(hub, doc, "session/load");
    return begin_anew(hub, doc);
}

enum err session_on_resumed(struct hub *hub, cJSON *doc, const cJSON *what, const cJSON *result,
                            const cJSON *error)
{
    const char *how = json_string(what, "how", "");
    session_put(doc, "replaying", NULL);
    if (!error)
        return session_opened(hub, doc, result);
    if (strcmp(how, "session/resume") == 0 && session_can(doc, "loadSession"))
        return ask(hub, doc, "session/load");
    enum err e = session_error(hub, doc, false, cJSON_Duplicate(error, true),
                               "the agent does not take up its session again (%s); it begins anew, "
                               "with the record of this one",
                               how);
    return e == ERR_OK ? begin_anew(hub, doc) : e;
}

bool session_is_replay(const cJSON *doc, const cJSON *update)
{
    static const char *const present[] = {"available_commands_update", "current_mode_update",
                                          "config_option_update", "session_info_update",
                                          "usage_update"};
    const char *what = json_string(update, "sessionUpdate", "");
    for (size_t i = 0; i < sizeof present / sizeof *present; i++)
        if (strcmp(what, present[i]) == 0)
            return false;
    return json_bool(doc, "replaying", false);
}

/* --- the record handed back ---------------------------------------------------------------------
 */

/* One page of events; *since moves behind it. False when it was the last. */
static bool add_page(struct hub *hub, const char *session, int64_t *since, struct handback *h)
{
    struct buf text = {0};
    cJSON *events = NULL;
    const cJSON *one;
    int count = 0;
    if (journal_session_events(hub->journal, session, *since, PAGE, 4 * HANDBACK_MAX, NULL,
                               &text) == ERR_OK)
        json_parse(text.data, text.len, &events);
    cJSON_ArrayForEach(one, events)
    {
        const cJSON *notification = json_get(one, "notification");
        handback_add(h, json_string(notification, "method", ""), json_get(notification, "params"));
        *since = json_int(one, "sequenceNumber", *since);
        count++;
    }
    cJSON_Delete(events);
    buf_finish(&text);
    return count > 0;
}

cJSON *session_take_handback(struct hub *hub, cJSON *doc)
{
    if (!json_bool(doc, "handback", false))
        return NULL;
    session_put(doc, "handback", NULL);
    /* Most of a session's events are pieces of text: the last of them fill the block. */
    const int64_t seq = json_int(doc, "seq", 0), most = 20000;
    int64_t since = seq > most ? seq - most : 0;
    struct handback *h = handback_create(HANDBACK_MAX);
    while (add_page(hub, session_id(doc), &since, h))
        ;
    char *text = handback_take(h);
    handback_destroy(h);
    if (!text)
        return NULL;
    cJSON *blocks = session_text_blocks(text, strlen(text));
    cJSON *block = cJSON_DetachItemFromArray(blocks, 0);
    cJSON_Delete(blocks);
    free(text);
    return block;
}
