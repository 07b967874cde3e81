/* See the header. */
#include "core/hub/work/process_doc.h"
#include "core/base/mem.h"
#include "core/hub/streams/streams.h"

#include <string.h>

const char *process_state(const cJSON *doc)
{
    return json_string(doc, "state", "");
}

bool process_is_live(const cJSON *doc)
{
    return strcmp(process_state(doc), "running") == 0 ||
           strcmp(process_state(doc), "starting") == 0;
}

bool process_is_in(const cJSON *doc, const char *workspace)
{
    return !workspace || strcmp(json_string(doc, "workspace", ""), workspace) == 0;
}

void process_set(cJSON *doc, const char *key, cJSON *value)
{
    cJSON_DeleteItemFromObjectCaseSensitive(doc, key);
    cJSON_AddItemToObject(doc, key, value);
}

void process_remember(struct hub *hub, const cJSON *doc)
{
    struct stream_info info = {.thing = THING_PROCESS};
    snprintf(info.id, sizeof info.id, "%s", json_string(doc, "processId", ""));
    snprintf(info.workspace, sizeof info.workspace, "%s", json_string(doc, "workspace", ""));
    info.pid = (int32_t)json_int(doc, "pid", 0);
    info.exited = !process_is_live(doc);
    info.lost = strcmp(process_state(doc), "lost") == 0;
    info.exit_code = (int)json_int(doc, "exitCode", 0);
    registry_set(hub->registry, &info);
}

/* What a caller is told of a process: of its end what is known. */
cJSON *process_result(const cJSON *doc)
{
    static const char *const keys[] = {"processId", "pid",   "workspace",
                                       "command",   "state", "exitCode"};
    cJSON *r = cJSON_CreateObject();
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (json_get(doc, keys[i]))
            cJSON_AddItemToObject(r, keys[i], cJSON_Duplicate(json_get(doc, keys[i]), true));
    if (strcmp(process_state(doc), "lost") == 0)
        cJSON_AddNullToObject(r, "exitCode");
    return r;
}

enum err process_forget(struct hub *hub, const char *id)
{
    enum err e = journal_drop(hub->journal, "process", id);
    if (e == ERR_OK)
        e = journal_drop(hub->journal, "processStart", id);
    stream_discard(hub, id);
    return e;
}
