/* Workspaces: named places, opened by get-or-create; and each member's layout of one. Control. */
#include "core/hub/sessions/sessions.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/hub/work/doors.h"
#include "core/hub/work/processes.h"
#include "core/hub/work/shells.h"
#include "core/hub/streams/streams.h"
#include "core/hub/work/worlds.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* sandbox NULL: a plain one. */
static enum err ensure(struct hub *hub, struct call *c, const char *key, const char *cwd,
                       cJSON *sandbox, cJSON **ret_doc, bool *ret_created)
{
    cJSON *doc = NULL;
    bool created = false, reopened = false;
    enum err e = journal_get(hub->journal, "workspace", key, &doc);

    /* Whoever is bound to it would make a folder of the host of what was a sandbox. */
    if (e == ERR_NOT_FOUND && *c->scope)
        return call_fail(c, e,
                         "there is no workspace \"%s\" any more, or not yet; who is bound to "
                         "one workspace makes none",
                         key);
    if (e == ERR_NOT_FOUND) {
        struct stat st;
        if (sandbox)
            cwd = SANDBOX_HOME;
        if (!cwd)
            cwd = getenv("HOME");
        if (!cwd)
            cwd = "/";
        if (!sandbox && (cwd[0] != '/' || stat(cwd, &st) < 0 || !S_ISDIR(st.st_mode)))
            return call_fail(c, ERR_NOT_FOUND, "the folder %s does not exist", cwd);
        doc = cJSON_CreateObject();
        cJSON_AddStringToObject(doc, "workspace", key);
        cJSON_AddStringToObject(doc, "cwd", cwd);
        cJSON_AddStringToObject(doc, "state", "open");
        json_add_int(doc, "openedAt", clock_wall_us() / 1000);
        cJSON_AddStringToObject(doc, "openedBy", c->who);
        created = true;
        e = sandbox ? world_make(hub, c, doc, sandbox) : ERR_OK;
    } else if (e == ERR_OK && (e = world_check_same(c, doc, sandbox)) != ERR_OK) {
        ; /* answered */
    } else if (e == ERR_OK && strcmp(json_string(doc, "state", ""), "open") != 0) {
        cJSON_ReplaceItemInObjectCaseSensitive(doc, "state", cJSON_CreateString("open"));
        reopened = true;
    }
    if (e == ERR_OK && (created || reopened))
        e = journal_put(hub->journal, "workspace", key, doc);
    if (e == ERR_OK && (created || reopened))
        e = control_event(hub, "workspaceOpened", key, c->who, "", doc);
    if (e == ERR_OK && (created || reopened))
        doors_follow(hub, doc, false);
    if (e != ERR_OK) {
        cJSON_Delete(doc);
        return e;
    }
    *ret_doc = doc;
    *ret_created = created;
    return ERR_OK;
}

/* Get-or-create; *ret_doc is the caller's. cwd NULL: the hub's home. */
enum err workspace_ensure(struct hub *hub, struct call *c, const char *key, const char *cwd,
                          cJSON **ret_doc, bool *ret_created)
{
    return ensure(hub, c, key, cwd, NULL, ret_doc, ret_created);
}

enum err workspace_need(struct hub *hub, struct call *c, const char *key, cJSON **ret_doc)
{
    bool created;
    enum err e = journal_get(hub->journal, "workspace", key, ret_doc);
    if (e == ERR_NOT_FOUND && strcmp(key, "main") == 0)
        return workspace_ensure(hub, c, key, NULL, ret_doc, &created);
    if (e == ERR_NOT_FOUND)
        return call_fail(
            c, e, "there is no workspace \"%s\"; open it with: baton workspace open %s", key, key);
    return e;
}

enum err workspace_need_open(struct hub *hub, struct call *c, const char *key, cJSON **ret_doc)
{
    cJSON *doc = NULL;
    enum err e = workspace_need(hub, c, key, &doc);
    if (e == ERR_OK && strcmp(json_string(doc, "state", ""), "open") != 0)
        e = call_fail(c, ERR_ENDED, "\"%s\" is closed; open it again with: baton workspace open %s",
                      key, key);
    if (e == ERR_OK)
        *ret_doc = doc;
    else
        cJSON_Delete(doc);
    return e;
}

enum err workspace_open(struct hub *hub, struct call *c)
{
    cJSON *doc = NULL, *sandbox = NULL;
    bool created = false;
    enum err e = world_asked(hub, c, &sandbox);
    if (e == ERR_OK)
        e = ensure(hub, c, call_string(c, "key", "main"), call_string(c, "cwd", NULL), sandbox,
                   &doc, &created);
    cJSON_Delete(sandbox);
    if (e != ERR_OK)
        return e;
    cJSON_AddBoolToObject(doc, "created", created);
    call_reply(c, doc);
    return ERR_OK;
}

struct counting {
    const char *workspace;
    int running, all;    /* shells */
    int live, sessions;  /* those that are not over, and all */
    int busy, processes; /* those that run, and all */
};

static void count_shell(void *data, const char *key, const cJSON *doc)
{
    struct counting *n = data;
    (void)key;
    const char *state = json_string(doc, "state", "");
    if (strcmp(json_string(doc, "workspace", ""), n->workspace) != 0)
        return;
    n->all++;
    n->running += strcmp(state, "running") == 0 || strcmp(state, "starting") == 0;
}

static void count_session(void *data, const char *key, const cJSON *doc)
{
    struct counting *n = data;
    (void)key;
    if (strcmp(session_workspace(doc), n->workspace) != 0)
        return;
    n->sessions++;
    n->live += session_is_live(doc);
}

const char *workspace_how_many(char *out, size_t size, int shells, int sessions, int processes)
{
    const struct {
        int n;
        const char *one, *many;
    } things[] = {{shells, "shell", "shells"},
                  {sessions, "session", "sessions"},
                  {processes, "process", "processes"}};
    int kinds = (shells > 0) + (sessions > 0) + (processes > 0), done = 0;
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < sizeof things / sizeof *things && at < size; i++) {
        if (things[i].n == 0)
            continue;
        const char *before = done == 0 ? "" : done + 1 == kinds ? " and " : ", ";
        at += (size_t)snprintf(out + at, size - at, "%s%d %s", before, things[i].n,
                               things[i].n == 1 ? things[i].one : things[i].many);
        done++;
    }
    return out;
}

struct listing {
    struct hub *hub;
    cJSON *list;
    const char *scope; /* the only one that the caller may see; "" all */
};

static void list_one(void *data, const char *key, const cJSON *doc)
{
    struct listing *l = data;
    if (*l->scope && strcmp(l->scope, key) != 0)
        return;
    struct counting *n = mem_zalloc(sizeof *n);
    cJSON *o = cJSON_Duplicate(doc, true);
    if (*l->scope) /* where it lies on the host is nothing to whoever is inside */
        cJSON_DeleteItemFromObjectCaseSensitive(cJSON_GetObjectItemCaseSensitive(o, "sandbox"),
                                                "home");
    n->workspace = key;
    size_t count;
    struct stream_info *all = registry_all(l->hub->registry, &count);
    for (size_t i = 0; i < count; i++)
        n->running +=
            !all[i].exited && all[i].thing == THING_SHELL && strcmp(all[i].workspace, key) == 0;
    free(all);
    json_add_int(o, "shells", n->running);
    cJSON_AddItemToArray(l->list, o);
    free(n);
}

enum err workspace_list(struct hub *hub, struct call *c)
{
    struct listing l = {hub, cJSON_CreateArray(), c->scope};
    enum err e = journal_each(hub->journal, "workspace", list_one, &l);
    return call_answer(c, e, l.list);
}

static enum err find(struct hub *hub, struct call *c, const char *key, cJSON **ret_doc)
{
    enum err e = journal_get(hub->journal, "workspace", key, ret_doc);
    return e == ERR_NOT_FOUND ? call_fail(c, e,
                                          "there is no workspace \"%s\"; see: baton workspace "
                                          "list",
                                          key)
                              : e;
}

enum err programs_close(struct hub *hub, const char *workspace)
{
    size_t count;
    enum err e = sessions_close(hub, workspace);
    struct stream_info *all = registry_all(hub->registry, &count);
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        if (all[i].exited || (workspace && strcmp(all[i].workspace, workspace) != 0))
            continue;
        if (all[i].thing == THING_SHELL)
            e = shells_close(hub, all[i].id);
        else if (all[i].thing == THING_PROCESS)
            e = processes_close(hub, all[i].id);
        if (e == ERR_NOT_FOUND)
            e = ERR_OK;
    }
    free(all);
    return e;
}

enum err workspace_close(struct hub *hub, struct call *c)
{
    const char *key = call_string(c, "key", "");
    cJSON *doc = NULL;
    enum err e = find(hub, c, key, &doc);
    if (e != ERR_OK)
        return e;
    struct counting *n = mem_zalloc(sizeof *n);
    n->workspace = key;
    e = journal_each(hub->journal, "shell", count_shell, n);
    if (e == ERR_OK)
        e = journal_each(hub->journal, "session", count_session, n);
    if (e == ERR_OK)
        e = processes_count(hub, key, &n->busy, &n->processes);
    char what[120];
    const int running = n->running + n->live + n->busy;
    if (e == ERR_OK && running && !call_bool(c, "force", false)) {
        e = call_fail(c, ERR_BUSY, "%s still run%s in \"%s\" and would be ended",
                      workspace_how_many(what, sizeof what, n->running, n->live, n->busy),
                      running == 1 ? "s" : "", key);
    } else if (e == ERR_OK) {
        cJSON_ReplaceItemInObjectCaseSensitive(doc, "state", cJSON_CreateString("closed"));
        e = programs_close(hub, key);
        if (e == ERR_OK)
            e = journal_put(hub->journal, "workspace", key, doc);
        if (e == ERR_OK)
            e = control_event(hub, "workspaceClosed", key, c->who, "", doc);
        if (e == ERR_OK)
            doors_follow(hub, doc, false);
        if (e == ERR_OK)
            call_reply(c, cJSON_Duplicate(doc, true));
    }
    free(n);
    cJSON_Delete(doc);
    return e;
}

/* After the commit: the record's files. What is left by a crash here is an orphan folder that no
 * row names: harmless, and its number is never given again. */
static enum err remove_files(struct hub *hub, void *arg)
{
    const char *id = arg;
    char *dir = path_join(hub->streams_dir, id);
    DIR *d = opendir(dir);
    for (struct dirent *entry; d && (entry = readdir(d));)
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(d), entry->d_name, 0);
    if (d)
        closedir(d);
    rmdir(dir);
    free(dir);
    registry_remove(hub->registry, id);
    return ERR_OK;
}

void stream_discard(struct hub *hub, const char *id)
{
    control_after(hub, remove_files, mem_strdup(id));
    control_after_on_stream(hub, streams_forget, mem_strdup(id));
}

struct deleting {
    struct hub *hub;
    const char *workspace;
    cJSON *ids;
};

static void note_shell(void *data, const char *key, const cJSON *doc)
{
    struct deleting *d = data;
    if (strcmp(json_string(doc, "workspace", ""), d->workspace) == 0)
        cJSON_AddItemToArray(d->ids, cJSON_CreateString(key));
}

enum err workspace_delete(struct hub *hub, struct call *c)
{
    const char *key = call_string(c, "key", "");
    cJSON *doc = NULL;
    enum err e = find(hub, c, key, &doc);
    if (e != ERR_OK)
        return e;
    struct counting *n = mem_zalloc(sizeof *n);
    struct deleting d = {hub, key, cJSON_CreateArray()};
    n->workspace = key;
    e = journal_each(hub->journal, "shell", count_shell, n);
    if (e == ERR_OK)
        e = journal_each(hub->journal, "session", count_session, n);
    if (e == ERR_OK)
        e = processes_count(hub, key, &n->busy, &n->processes);
    char what[120];
    const int running = n->running + n->live + n->busy;
    if (e == ERR_OK && running)
        e = call_fail(c, ERR_BUSY,
                      "%s still run%s in \"%s\"; close it first: baton workspace close %s --force",
                      workspace_how_many(what, sizeof what, n->running, n->live, n->busy),
                      running == 1 ? "s" : "", key, key);
    else if (e == ERR_OK && n->all + n->sessions + n->processes && !call_bool(c, "force", false))
        e = call_fail(c, ERR_BUSY, "\"%s\" has the records of %s, which would be lost", key,
                      workspace_how_many(what, sizeof what, n->all, n->sessions, n->processes));
    else if (e == ERR_OK && world_has_files(doc) && !call_bool(c, "force", false))
        e = call_fail(c, ERR_BUSY, "the sandbox \"%s\" has files, which would be lost", key);
    if (e == ERR_OK)
        e = sessions_destroy(hub, key, c->who);
    if (e == ERR_OK)
        e = processes_delete(hub, key);
    if (e == ERR_OK)
        e = journal_each(hub->journal, "shell", note_shell, &d);
    const cJSON *id;
    cJSON_ArrayForEach(id, d.ids)
    {
        if (e == ERR_OK)
            e = journal_drop(hub->journal, "shell", id->valuestring);
        stream_discard(hub, id->valuestring);
    }
    if (e == ERR_OK) /* what has that key next is another workspace */
        e = invites_end_all(hub, key, c->who, "the workspace was deleted");
    if (e == ERR_OK)
        e = journal_drop(hub->journal, "workspace", key);
    if (e == ERR_OK && world_is_sandbox(doc))
        control_after(hub, world_remove, mem_strdup(key));
    if (e == ERR_OK)
        e = control_event(hub, "workspaceDeleted", key, c->who, "", doc);
    if (e == ERR_OK)
        doors_follow(hub, doc, true);
    if (e == ERR_OK)
        call_reply(c, cJSON_Duplicate(doc, true));
    cJSON_Delete(d.ids);
    cJSON_Delete(doc);
    free(n);
    return e;
}

#define LAYOUT_MOST (256u * 1024u) /* bytes: an observer keeps one, too */

/* A layout's key: per workspace and member. */
static void layout_key(const struct call *c, char *out, size_t size)
{
    snprintf(out, size, "%s/%s", call_string(c, "workspace", ""), c->who);
}

enum err layout_get(struct hub *hub, struct call *c)
{
    char key[200];
    cJSON *layout = NULL, *r = cJSON_CreateObject();
    layout_key(c, key, sizeof key);
    enum err e = journal_get(hub->journal, "layout", key, &layout);
    if (e == ERR_OK)
        cJSON_AddItemToObject(r, "layout", layout);
    else
        cJSON_AddNullToObject(r, "layout");
    call_reply(c, r);
    return ERR_OK;
}

enum err layout_put(struct hub *hub, struct call *c)
{
    char key[200];
    layout_key(c, key, sizeof key);
    const cJSON *layout = json_get(c->params, "layout");
    cJSON *workspace = NULL;
    enum err e = find(hub, c, call_string(c, "workspace", ""), &workspace);
    cJSON_Delete(workspace);
    if (e != ERR_OK)
        return e;
    if (c->message_n > LAYOUT_MOST)
        return call_fail(c, ERR_LIMIT, "a layout has at most %u bytes", LAYOUT_MOST);
    e = cJSON_IsNull(layout) ? journal_drop(hub->journal, "layout", key)
                             : journal_put(hub->journal, "layout", key, layout);
    if (e == ERR_OK)
        call_reply(c, NULL);
    return e;
}
