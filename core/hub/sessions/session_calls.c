/* Looking at sessions: list, get, events, agents. Control. */
#include "core/agent/definitions.h"
#include "core/base/mem.h"
#include "core/hub/sessions/session_life.h"

#include <stdlib.h>
#include <string.h>

/* Of one answer of session.events; one event at least. */
#define EVENTS_BYTES (8u * 1024u * 1024u)

/* What is for people and programs: the rest is how the hub talks to the agent, or secret (values of
 * the environment, of which the names are shown). */
static cJSON *shown(struct hub *hub, const cJSON *doc)
{
    static const char *const hidden[] = {"rpc",       "nextRpc",    "sent",       "consumed",
                                         "delivered", "told",       "toldOthers", "start",
                                         "hint",      "startLimit", "modeAsked",  "inviteId",
                                         "auth",      "wantedMode", "env",        "noMcp"};
    cJSON *o = cJSON_Duplicate(doc, true), *names = cJSON_CreateArray();
    struct stream_info info;
    const cJSON *one;
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        cJSON_DeleteItemFromObjectCaseSensitive(o, hidden[i]);
    cJSON_ArrayForEach(one, json_get(doc, "env"))
        cJSON_AddItemToArray(names, cJSON_CreateString(one->string));
    if (cJSON_GetArraySize(names))
        cJSON_AddItemToObject(o, "env", names);
    else
        cJSON_Delete(names);
    json_add_int(o, "pending", session_pending(hub, doc));
    if (registry_get(hub->registry, session_id(doc), &info)) {
        cJSON_AddStringToObject(o, "holder", info.holder);
        cJSON_AddStringToObject(o, "holderKind",
                                baton_kind_name(info.holder_agent ? BATON_AGENT : BATON_HUMAN));
        json_add_int(o, "epoch", (int64_t)info.epoch);
    }
    return o;
}

struct listing {
    struct hub *hub;
    const char *workspace;
    bool all;
    cJSON *docs;
};

static void choose(void *data, const char *key, const cJSON *doc)
{
    struct listing *l = data;
    (void)key;
    if (l->workspace && strcmp(session_workspace(doc), l->workspace) != 0)
        return;
    if (l->all || session_is_live(doc))
        cJSON_AddItemToArray(l->docs, cJSON_Duplicate(doc, true));
}

/* What a list shows of each; the rest is session.get's. */
static cJSON *row(struct hub *hub, const cJSON *doc)
{
    static const char *const long_ones[] = {
        "capabilities", "agentInfo",    "modes",  "commands", "authMethods", "configOptions",
        "usage",        "instructions", "stderr", "env",      "pastStreams"};
    cJSON *o = shown(hub, doc);
    const char *mode = json_string(json_get(doc, "modes"), "currentModeId", NULL);
    for (size_t i = 0; i < sizeof long_ones / sizeof *long_ones; i++)
        cJSON_DeleteItemFromObjectCaseSensitive(o, long_ones[i]);
    if (mode)
        cJSON_AddStringToObject(o, "mode", mode);
    return o;
}

enum err session_list(struct hub *hub, struct call *c)
{
    struct listing l = {hub, call_string(c, "workspace", NULL), call_bool(c, "all", false),
                        cJSON_CreateArray()};
    enum err e = journal_each(hub->journal, "session", choose, &l);
    cJSON *rows = cJSON_CreateArray();
    const cJSON *one;
    json_sort(l.docs, "sessionId");
    cJSON_ArrayForEach(one, l.docs) cJSON_AddItemToArray(rows, row(hub, one));
    cJSON_Delete(l.docs);
    return call_answer(c, e, rows);
}

enum err session_get(struct hub *hub, struct call *c)
{
    cJSON *doc = NULL;
    enum err e = session_find(hub, c, &doc);
    if (e == ERR_OK)
        call_reply(c, shown(hub, doc));
    cJSON_Delete(doc);
    return e;
}

enum err session_events(struct hub *hub, struct call *c)
{
    const char *method = call_string(c, "method", NULL);
    struct buf text = {0};
    cJSON *doc = NULL;
    enum err e = session_find(hub, c, &doc);
    if (e == ERR_OK)
        e = journal_session_events(hub->journal, session_id(doc), call_int(c, "since", 0),
                                   (int)call_int(c, "limit", 1000), EVENTS_BYTES,
                                   method && *method ? method : NULL, &text);
    if (e == ERR_OK)
        call_reply_text(c, text.data, text.len);
    buf_finish(&text);
    cJSON_Delete(doc);
    return e;
}

enum err session_agents(struct hub *hub, struct call *c)
{
    struct definitions *all = definitions_create(hub->config, hub->program);
    cJSON *list = cJSON_CreateArray();
    const char *path = getenv("PATH");
    for (size_t i = 0; i < definitions_count(all); i++) {
        const struct definition *d = definitions_at(all, i);
        cJSON *o = cJSON_CreateObject(), *command = cJSON_AddArrayToObject(o, "command");
        cJSON_AddStringToObject(o, "name", d->name);
        for (char **word = d->command; *word; word++)
            cJSON_AddItemToArray(command, cJSON_CreateString(*word));
        cJSON_AddBoolToObject(o, "installed",
                              definition_installed(d, path ? path : "/usr/bin:/bin"));
        cJSON_AddStringToObject(o, "source", d->source == DEFINITION_CONFIG ? "config" : "known");
        cJSON_AddStringToObject(o, "hint", d->hint ? d->hint : "");
        cJSON_AddItemToArray(list, o);
    }
    definitions_destroy(all);
    call_reply(c, list);
    return ERR_OK;
}
