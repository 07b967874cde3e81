/* A session whose document in the journal is damaged: nothing can be done for it any more, and
 * trying again would not mend it. It stays away for everybody, is told of once in the log, its
 * processes are made to go, and what the hub has of it beside the document (questions, times,
 * terminals) holds up nobody else. The rows of its events stay. Control, within a batch. */
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/hub/sessions/session_life.h"

#include <stdio.h>
#include <string.h>

struct gathering {
    const char *session;
    cJSON *streams;
};

static void gather(void *data, const char *key, const cJSON *owner)
{
    struct gathering *g = data;
    if (strcmp(json_string(owner, "sessionId", ""), g->session) == 0)
        cJSON_AddItemToArray(g->streams, cJSON_CreateString(key));
}

/* A stream that is followed already is not followed twice. */
static void dismiss(struct hub *hub, const char *stream)
{
    struct agent_attach attach = {.recovering = true};
    struct stream_info info = {.thing = THING_AGENT};
    snprintf(attach.id, sizeof attach.id, "%s", stream);
    memcpy(info.id, attach.id, sizeof info.id);
    if (!registry_get(hub->registry, attach.id, &info))
        registry_set(hub->registry, &info);
    control_after_on_stream(hub, streams_agent_attach, mem_dup(&attach, sizeof attach));
    control_after_on_stream(hub, streams_agent_close, mem_strdup(attach.id));
}

/* After the commit: from now on it counts as one that is over, which is how it is known. */
static enum err mark(struct hub *hub, void *arg)
{
    registry_set(hub->registry, arg);
    return ERR_OK;
}

enum err session_damaged(struct hub *hub, const char *id)
{
    struct gathering g = {id, NULL};
    struct stream_info info = {.thing = THING_SESSION};
    const cJSON *stream;
    char sentence[200];
    enum err e = journal_drop(hub->journal, "due", id);
    if (e != ERR_OK || (registry_get(hub->registry, id, &info) && info.exited))
        return e;
    snprintf(info.id, sizeof info.id, "%s", id);
    info.exited = true;
    info.holder[0] = '\0';
    g.streams = cJSON_CreateArray();
    e = journal_each(hub->journal, "agent", gather, &g);
    cJSON_ArrayForEach(stream, g.streams) dismiss(hub, stream->valuestring);
    cJSON_Delete(g.streams);
    if (e != ERR_OK)
        return e;
    snprintf(sentence, sizeof sentence, "%s: its document is damaged; it stays away", id);
    log_error("%s", sentence);
    session_fail_all(hub, id, ERR_CORRUPT, sentence);
    control_after(hub, mark, mem_dup(&info, sizeof info));
    return ERR_OK;
}

static void gather_session(void *data, const char *key, const cJSON *owner)
{
    (void)key;
    cJSON_AddItemToArray(data, cJSON_CreateString(json_string(owner, "sessionId", "")));
}

/* journal_each passes damaged documents over, so those that have a process are found by that. */
enum err sessions_recover_damaged(struct hub *hub)
{
    cJSON *sessions = cJSON_CreateArray();
    const cJSON *id;
    enum err e = journal_each(hub->journal, "agent", gather_session, sessions);
    cJSON_ArrayForEach(id, sessions)
    {
        cJSON *doc = NULL;
        if (e == ERR_OK)
            e = session_load(hub, id->valuestring, &doc);
        cJSON_Delete(doc);
        if (e == ERR_CORRUPT)
            e = session_damaged(hub, id->valuestring);
        if (e == ERR_NOT_FOUND)
            e = ERR_OK;
    }
    cJSON_Delete(sessions);
    return e;
}
