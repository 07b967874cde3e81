/* The end of a session: close keeps what was said, destroy does not. Control, within a batch.
 *
 * A session that is closed is over at once, for everybody; its process gets session/close where it
 * knows that, then its stdin ends, and an agent that stays all the same is made to go (the stream
 * thread's part). So a process may outlive its session for some seconds. When the session is
 * destroyed meanwhile, its stream is doomed (journal, kind "doomed"): the folder goes when the
 * process has ended, also under a later hub. */
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/hub/streams/agents.h"
#include "core/hub/people/batons.h"
#include "core/hub/sessions/session_life.h"
#include "core/hub/sessions/session_pending.h"
#include "core/hub/sessions/session_suggestions.h"
#include "core/hub/streams/streams.h"

#include <string.h>

static cJSON *state_json(const cJSON *doc, const char *state)
{
    cJSON *r = cJSON_CreateObject();
    cJSON_AddStringToObject(r, "sessionId", session_id(doc));
    cJSON_AddStringToObject(r, "state", state);
    return r;
}

/* What is said to the agent goes before the end of its stdin. */
static enum err end_session(struct hub *hub, cJSON *doc)
{
    enum err e = ERR_OK;
    if (json_get(doc, "prompting"))
        e = session_notify(hub, doc, "session/cancel", session_params(doc));
    if (e == ERR_OK && session_is_ready(doc) && session_can(doc, "sessionCapabilities.close")) {
        cJSON *what = cJSON_CreateObject();
        cJSON_AddStringToObject(what, "what", "close");
        e = session_ask(hub, doc, "session/close", session_params(doc), what, NULL);
    }
    return e == ERR_OK ? session_end(hub, doc, "closed", NULL, NULL) : e;
}

/* Its process is about to go: whatever it says to that is as good. */
enum err session_on_closed(struct hub *hub, cJSON *doc, const cJSON *what, const cJSON *result,
                           const cJSON *error)
{
    (void)hub, (void)doc, (void)what, (void)result, (void)error;
    return ERR_OK;
}

/* The owner may always; others have to drive a session that they close. */
enum err session_close(struct hub *hub, struct call *c)
{
    cJSON *doc = NULL;
    enum err e = session_find(hub, c, &doc);
    if (e == ERR_OK && session_is_live(doc)) {
        if (c->role != ROLE_OWNER || call_int(c, "epoch", 0))
            e = session_may(hub, c, doc, (uint64_t)call_int(c, "epoch", 0));
        if (e == ERR_OK)
            e = end_session(hub, doc);
        if (e == ERR_OK)
            e = session_save(hub, doc);
    }
    if (e == ERR_OK)
        call_reply(c, state_json(doc, session_state(doc)));
    cJSON_Delete(doc);
    return e;
}

/* --- destroying ---------------------------------------------------------------------------------
 */

enum err session_doom(struct hub *hub, const char *stream)
{
    struct stream_info info;
    if (!*stream)
        return ERR_OK;
    enum err e = journal_drop(hub->journal, "agent", stream); /* whose it was */
    if (e != ERR_OK)
        return e;
    if (!registry_get(hub->registry, stream, &info) || info.exited) {
        stream_discard(hub, stream);
        return ERR_OK;
    }
    cJSON *doc = cJSON_CreateObject();
    cJSON_AddStringToObject(doc, "streamId", stream);
    e = journal_put(hub->journal, "doomed", stream, doc);
    cJSON_Delete(doc);
    return e;
}

enum err session_stream_ended(struct hub *hub, const char *stream)
{
    cJSON *doc = NULL;
    enum err e = journal_get(hub->journal, "doomed", stream, &doc);
    cJSON_Delete(doc);
    if (e == ERR_NOT_FOUND)
        return ERR_OK;
    if (e == ERR_OK)
        e = journal_drop(hub->journal, "doomed", stream);
    if (e == ERR_OK)
        stream_discard(hub, stream);
    return e;
}

static void recover_one(void *data, const char *key, const cJSON *doc)
{
    struct agent_attach attach = {.recovering = true};
    struct stream_info info = {.thing = THING_AGENT};
    (void)doc;
    snprintf(attach.id, sizeof attach.id, "%s", key);
    snprintf(info.id, sizeof info.id, "%s", key);
    registry_set(((struct hub *)data)->registry, &info);
    hub_post_stream(data, streams_agent_attach, mem_dup(&attach, sizeof attach));
    hub_post_stream(data, streams_agent_close, mem_strdup(key));
}

enum err sessions_recover_doomed(struct hub *hub)
{
    return journal_each(hub->journal, "doomed", recover_one, hub);
}

static enum err destroy(struct hub *hub, cJSON *doc, const char *by)
{
    const cJSON *one;
    enum err e = session_is_live(doc) ? end_session(hub, doc) : ERR_OK;
    if (e == ERR_OK)
        e = pending_forget(hub, session_id(doc));
    if (e == ERR_OK)
        e = suggestions_forget(hub, session_id(doc));
    if (e == ERR_OK)
        e = session_forget(hub, doc);
    if (e == ERR_OK)
        e = batons_ended(hub, session_id(doc));
    cJSON_ArrayForEach(one, json_get(doc, "pastStreams")) if (e == ERR_OK && cJSON_IsString(one))
        e = session_doom(hub, one->valuestring);
    if (e == ERR_OK)
        e = session_doom(hub, json_string(doc, "streamId", ""));
    cJSON *data = state_json(doc, "destroyed");
    cJSON_AddStringToObject(data, "name", json_string(doc, "name", ""));
    if (e == ERR_OK)
        return session_tell(hub, doc, "sessionDestroyed", by, data);
    cJSON_Delete(data);
    return e;
}

enum err session_destroy(struct hub *hub, struct call *c)
{
    cJSON *doc = NULL;
    enum err e = session_find(hub, c, &doc);
    if (e == ERR_OK && !call_bool(c, "force", false)) {
        char name[80];
        const char *its = json_string(doc, "name", "");
        text_make_safe(name, sizeof name, its, strlen(its));
        e = call_fail(c, ERR_BUSY, "all that was said in %s (%s) would be lost: %lld event%s",
                      session_id(doc), name, (long long)json_int(doc, "seq", 0),
                      json_int(doc, "seq", 0) == 1 ? "" : "s");
    }
    if (e == ERR_OK)
        e = destroy(hub, doc, c->who);
    if (e == ERR_OK)
        call_reply(c, state_json(doc, "destroyed"));
    cJSON_Delete(doc);
    return e;
}

struct choosing {
    const char *workspace;
    cJSON *docs;
};

static void choose(void *data, const char *key, const cJSON *doc)
{
    struct choosing *ch = data;
    (void)key;
    if (strcmp(session_workspace(doc), ch->workspace) == 0)
        cJSON_AddItemToArray(ch->docs, cJSON_Duplicate(doc, true));
}

enum err sessions_destroy(struct hub *hub, const char *workspace, const char *by)
{
    struct choosing ch = {workspace, cJSON_CreateArray()};
    cJSON *one;
    enum err e = journal_each(hub->journal, "session", choose, &ch);
    cJSON_ArrayForEach(one, ch.docs) if (e == ERR_OK) e = destroy(hub, one, by);
    cJSON_Delete(ch.docs);
    return e;
}
