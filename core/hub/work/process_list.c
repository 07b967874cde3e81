/* Processes that are there: waiting for one, removing one, lists, and all of a workspace. Control.
 */
#include "core/base/mem.h"
#include "core/hub/work/process_doc.h"
#include "core/hub/streams/streams.h"

static enum err load(struct hub *hub, struct call *c, cJSON **ret_doc)
{
    const char *text = call_string(c, "processId", "");
    char id[32];
    enum err e = registry_resolve_among(hub->registry, THINGS_PROCESSES, text, id);
    if (e == ERR_NOT_FOUND)
        return call_fail(c, e, "there is no process \"%s\"; see: baton process list", text);
    if (e == ERR_AMBIGUOUS)
        return call_fail(c, e, "several processes begin with \"%s\"; see: baton process list",
                         text);
    return journal_get(hub->journal, "process", id, ret_doc);
}

enum err process_wait(struct hub *hub, struct call *c)
{
    cJSON *doc = NULL;
    enum err e = load(hub, c, &doc);
    if (e != ERR_OK)
        return e;
    if (process_is_live(doc)) {
        const double timeout = json_number(c->params, "timeout", -1);
        control_park(hub, c, timeout < 0 ? -1 : (int64_t)(timeout * 1000));
        snprintf(c->away_id, sizeof c->away_id, "%s", json_string(doc, "processId", ""));
    } else {
        call_reply(c, process_result(doc));
    }
    cJSON_Delete(doc);
    return ERR_OK;
}

enum err process_remove(struct hub *hub, struct call *c)
{
    cJSON *doc = NULL;
    enum err e = load(hub, c, &doc);
    if (e != ERR_OK)
        return e;
    const char *id = json_string(doc, "processId", "");
    e = process_is_live(doc)
            ? call_fail(c, ERR_BUSY, "%s runs; end it first: baton process signal %s KILL", id, id)
            : process_forget(hub, id);
    if (e == ERR_OK)
        call_reply(c, process_result(doc));
    cJSON_Delete(doc);
    return e;
}

struct listing {
    struct hub *hub;
    cJSON *list;
    const char *workspace;
    bool live;
};

static void add_to_list(void *data, const char *key, const cJSON *doc)
{
    struct listing *l = data;
    struct stream_info info;
    if (!process_is_in(doc, l->workspace) || (l->live && !process_is_live(doc)))
        return;
    cJSON *o = cJSON_Duplicate(doc, true);
    if (registry_get(l->hub->registry, key, &info)) {
        json_add_int(o, "pos", (int64_t)info.pos);
        if (*info.held)
            cJSON_AddStringToObject(o, "held", info.held);
    }
    cJSON_AddItemToArray(l->list, o);
}

enum err process_list(struct hub *hub, struct call *c)
{
    struct listing l = {hub, cJSON_CreateArray(), call_string(c, "workspace", NULL),
                        call_bool(c, "live", false)};
    enum err e = journal_each(hub->journal, "process", add_to_list, &l);
    json_sort(l.list, "processId");
    return call_answer(c, e, l.list);
}

/* --- all of a workspace, and all after a start ------------------------------------------------ */

enum err processes_close(struct hub *hub, const char *id)
{
    cJSON *doc = NULL;
    enum err e = journal_get(hub->journal, "process", id, &doc);
    if (e == ERR_OK) {
        process_set(doc, "killed", cJSON_CreateTrue()); /* a hub that dies now does it when back */
        e = journal_put(hub->journal, "process", id, doc);
        control_after_on_stream(hub, streams_close, mem_strdup(id));
    }
    cJSON_Delete(doc);
    return e;
}

struct counting {
    const char *workspace;
    int running, all;
    cJSON *ids;
};

static void count_one(void *data, const char *key, const cJSON *doc)
{
    struct counting *n = data;
    if (!process_is_in(doc, n->workspace))
        return;
    n->all++;
    n->running += process_is_live(doc);
    if (n->ids)
        cJSON_AddItemToArray(n->ids, cJSON_CreateString(key));
}

enum err processes_count(struct hub *hub, const char *workspace, int *ret_running, int *ret_all)
{
    struct counting n = {.workspace = workspace};
    enum err e = journal_each(hub->journal, "process", count_one, &n);
    *ret_running = n.running;
    *ret_all = n.all;
    return e;
}

enum err processes_delete(struct hub *hub, const char *workspace)
{
    struct counting n = {.workspace = workspace, .ids = cJSON_CreateArray()};
    enum err e = journal_each(hub->journal, "process", count_one, &n);
    const cJSON *id;
    cJSON_ArrayForEach(id, n.ids)
    {
        if (e == ERR_OK)
            e = process_forget(hub, id->valuestring);
    }
    cJSON_Delete(n.ids);
    return e;
}
