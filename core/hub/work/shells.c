/* Shells, the control side: opening (a row in the journal first, then a keeper), their end, and
 * what is listed. The journal's document is the truth; the registry adds what moves (position,
 * title).
 *
 * A shell's states: starting → running → exited (the program ended), lost (the keeper died), failed
 * (it never ran), and closed (dismissed; its record stays until the workspace is deleted). */
#include "core/hub/work/shells.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/base/text.h"
#include "core/hub/people/batons.h"
#include "core/hub/sessions/session_work.h"
#include "core/hub/work/starter.h"
#include "core/hub/streams/streams.h"
#include "core/hub/work/worlds.h"
#include "core/people/token.h"
#include "core/stream/streamlog.h"
#include "core/work/environment.h"

#include <stdlib.h>
#include <string.h>

static enum err put_state(struct hub *hub, const char *id, const char *state, cJSON **ret_doc)
{
    cJSON *doc = NULL;
    enum err e = journal_get(hub->journal, "shell", id, &doc);
    if (e != ERR_OK)
        return e;
    cJSON_ReplaceItemInObjectCaseSensitive(doc, "state", cJSON_CreateString(state));
    e = journal_put(hub->journal, "shell", id, doc);
    if (e == ERR_OK && ret_doc)
        *ret_doc = doc;
    else
        cJSON_Delete(doc);
    return e;
}

static cJSON *open_result(const cJSON *doc)
{
    cJSON *r = cJSON_CreateObject();
    static const char *const keys[] = {"shellId", "workspace", "name", "command",
                                       "cwd",     "rows",      "cols", "state"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        cJSON_AddItemToObject(r, keys[i], cJSON_Duplicate(json_get(doc, keys[i]), true));
    return r;
}

static void remember(struct hub *hub, const cJSON *doc)
{
    struct stream_info info = {0};
    snprintf(info.id, sizeof info.id, "%s", json_string(doc, "shellId", ""));
    snprintf(info.workspace, sizeof info.workspace, "%s", json_string(doc, "workspace", ""));
    info.rows = (int)json_int(doc, "rows", 24);
    info.cols = (int)json_int(doc, "cols", 80);
    info.exited = strcmp(json_string(doc, "state", ""), "running") != 0 &&
                  strcmp(json_string(doc, "state", ""), "starting") != 0;
    info.lost = strcmp(json_string(doc, "state", ""), "lost") == 0;
    info.exit_code = (int)json_int(doc, "exitCode", 0);
    registry_set(hub->registry, &info);
}

static bool is_told_to_end(const cJSON *doc)
{
    return json_bool(doc, "closing", false) || json_bool(doc, "killed", false);
}

/* It runs: for everybody, and for the agent that asked for it. Its environment is in its meta.json
 * now. */
static enum err tell_opened(struct hub *hub, cJSON *doc)
{
    const char *id = json_string(doc, "shellId", "");
    enum err e = journal_drop(hub->journal, "shellEnv", id);
    if (e == ERR_OK)
        e = control_event(hub, "shellOpened", json_string(doc, "workspace", ""),
                          json_string(doc, "openedBy", ""), id, doc);
    return e == ERR_OK ? session_terminal_started(hub, doc, NULL) : e;
}

/* Control work: the child runs, or it does not. */
static enum err shell_started(struct hub *hub, void *arg)
{
    struct starter_done *s = arg;
    struct call *call = control_parked(hub, s->serial);
    cJSON *doc = NULL;
    enum err e;

    if (s->status != 0) {
        char sentence[600];
        starter_sentence(s, sentence, sizeof sentence);
        e = put_state(hub, s->id, "failed", &doc);
        if (e == ERR_OK && call) {
            call_fail(call, ERR_EXEC, "%s", sentence);
            control_answered(hub, call);
        }
        if (e == ERR_OK)
            e = journal_drop(hub->journal, "shellEnv", s->id);
        if (e == ERR_OK)
            e = invites_end(hub, json_string(doc, "inviteId", ""), "", "the shell did not start");
        if (e == ERR_OK)
            e = session_terminal_started(hub, doc, sentence);
        cJSON_Delete(doc);
        if (e == ERR_OK)
            registry_remove(hub->registry, s->id);
        return e;
    }
    e = put_state(hub, s->id, "running", &doc);
    if (e == ERR_OK)
        e = tell_opened(hub, doc);
    if (e == ERR_OK) {
        struct stream_attach attach = {0};
        memcpy(attach.id, s->id, sizeof attach.id);
        hub_post_stream(hub, streams_attach, mem_dup(&attach, sizeof attach));
        if (is_told_to_end(doc)) /* before it ran */
            hub_post_stream(hub, streams_close, mem_strdup(s->id));
        if (call) {
            call_reply(call, open_result(doc));
            control_answered(hub, call);
        }
    }
    cJSON_Delete(doc);
    return e;
}

/* After the commit: the folder, its meta.json, and the keeper. */
struct start {
    char id[32], token[TOKEN_TEXT];
    uint64_t serial;
};

/* What was asked for beside what every shell has. It is kept apart from the row, which is listed: a
 * secret may be in it. */
static char **environment_of(struct hub *hub, const cJSON *doc, const char *token,
                             char ***ret_asked)
{
    const char *id = json_string(doc, "shellId", ""),
               *session = json_string(doc, "sessionId", NULL);
    char **env = environment_for_shell(hub->name, id, json_string(doc, "workspace", ""));
    cJSON *more = NULL;
    const cJSON *item;
    char **asked = mem_calloc(1, sizeof *asked);
    env = world_set_token(hub, env, token);
    if (session)
        env = session_terminal_environment(hub, session, env);
    if (journal_get(hub->journal, "shellEnv", id, &more) == ERR_OK)
        cJSON_ArrayForEach(item, more)
        {
            env = environment_set(env, item->string, item->valuestring);
            asked = environment_set(asked, item->string, item->valuestring);
        }
    *ret_asked = asked;
    cJSON_Delete(more);
    return env;
}

static enum err start_keeper(struct hub *hub, void *arg)
{
    const struct start *start = arg;
    cJSON *doc = NULL;
    enum err e = journal_get(hub->journal, "shell", start->id, &doc);
    if (e != ERR_OK) {
        starter_fail(hub, start->id, start->serial, err_text(e)->person, shell_started);
        return e;
    }
    const char *ws = json_string(doc, "workspace", "");
    char **asked = NULL;
    struct keeper_meta meta = {
        .id = mem_strdup(start->id),
        .workspace = mem_strdup(ws),
        .command = starter_words(json_get(doc, "command")),
        .env = environment_of(hub, doc, start->token, &asked),
        .cwd = mem_strdup(json_string(doc, "cwd", "/")),
        .pty = true,
        .rows = (int)json_int(doc, "rows", 24),
        .cols = (int)json_int(doc, "cols", 80),
        .retention =
            json_bool(doc, "recordAll", false) ? 0 : (uint64_t)config_retention(hub->config),
        .checksum = json_bool(doc, "checksum", false),
        .created_us = clock_wall_us(),
    };
    meta.asked = asked;
    starter_start(hub, start->id, start->serial, &meta, shell_started);
    keeper_meta_finish(&meta);
    cJSON_Delete(doc);
    return ERR_OK;
}

static cJSON *command_or_default(struct hub *hub, const cJSON *command, const char *workspace)
{
    if (command && cJSON_GetArraySize(command) > 0)
        return cJSON_Duplicate(command, true);
    cJSON *usual = cJSON_CreateArray();
    cJSON_AddItemToArray(usual, cJSON_CreateString(world_usual_shell(hub, workspace)));
    return usual;
}

static cJSON *new_doc(struct hub *hub, const struct shell_new *order, const char *id)
{
    cJSON *doc = cJSON_CreateObject(),
          *command = command_or_default(hub, order->command, order->workspace);
    const char *program = command->child->valuestring;
    const char *base = strrchr(program, '/') ? strrchr(program, '/') + 1 : program;
    cJSON_AddStringToObject(doc, "shellId", id);
    cJSON_AddStringToObject(doc, "workspace", order->workspace);
    cJSON_AddItemToObject(doc, "command", command);
    cJSON_AddStringToObject(doc, "name", order->name ? order->name : base);
    cJSON_AddStringToObject(doc, "cwd", order->cwd);
    json_add_int(doc, "rows", order->rows);
    json_add_int(doc, "cols", order->cols);
    cJSON_AddStringToObject(doc, "state", "starting");
    cJSON_AddStringToObject(doc, "openedBy", order->who);
    json_add_int(doc, "openedAt", clock_wall_us() / 1000);
    if (order->session)
        cJSON_AddStringToObject(doc, "sessionId", order->session);
    if (order->checksum)
        cJSON_AddBoolToObject(doc, "checksum", true);
    if (order->record_all)
        cJSON_AddBoolToObject(doc, "recordAll", true);
    return doc;
}

enum err shells_new(struct hub *hub, const struct shell_new *order, char ret_id[32])
{
    int64_t number = 0;
    struct start start = {.serial = order->serial};
    char invite[32] = "";
    enum err e = journal_next(hub->journal, "shell", &number);
    if (e != ERR_OK)
        return e;
    snprintf(start.id, sizeof start.id, "sh%lld", (long long)number);
    cJSON *doc = new_doc(hub, order, start.id);
    if (!order->session) /* a session's terminals have its agent's token */
        e = world_token(hub, order->workspace, order->who, order->agent, invite, start.token);
    if (*invite)
        cJSON_AddStringToObject(doc, "inviteId", invite);
    if (e == ERR_OK)
        e = journal_put(hub->journal, "shell", start.id, doc);
    if (e == ERR_OK && order->env && order->env->child)
        e = journal_put(hub->journal, "shellEnv", start.id, order->env);
    if (e == ERR_OK) {
        remember(hub, doc);
        memcpy(ret_id, start.id, sizeof start.id);
        control_after(hub, start_keeper, mem_dup(&start, sizeof start));
    }
    cJSON_Delete(doc);
    return e;
}

enum err shell_open(struct hub *hub, struct call *c)
{
    const char *key = call_string(c, "workspace", "main");
    char *cwd = NULL;
    cJSON *workspace = NULL;
    char id[32];
    enum err e = workspace_need_open(hub, c, key, &workspace);
    if (e != ERR_OK)
        return e;
    if (registry_live(hub->registry, THINGS_STREAMS) >= config_max_streams(hub->config)) {
        cJSON_Delete(workspace);
        return call_fail(c, ERR_LIMIT, "%d shells run already, the limit (limits.streams)",
                         config_max_streams(hub->config));
    }
    e = world_folder(hub, c, workspace, call_string(c, "cwd", NULL), &cwd);
    if (e != ERR_OK) {
        cJSON_Delete(workspace);
        return e;
    }
    const struct shell_new order = {
        .workspace = key,
        .cwd = cwd,
        .name = call_string(c, "name", NULL),
        .who = c->who,
        .agent = world_agent(c),
        .command = json_get(c->params, "command"),
        .rows = (int)call_int(c, "rows", 24),
        .cols = (int)call_int(c, "cols", 80),
        .checksum = call_bool(c, "checksum", false),
        .record_all = strcmp(call_string(c, "record", ""), "full") == 0,
        .serial = control_park(hub, c, -1),
    };
    e = shells_new(hub, &order, id);
    if (e != ERR_OK)
        c->parked = c->parked_now = false; /* it is answered with the error */
    free(cwd);
    cJSON_Delete(workspace);
    return e;
}

struct listing {
    struct hub *hub;
    cJSON *list;
    const char *workspace;
    bool all;
};

static void add_to_list(void *data, const char *key, const cJSON *doc)
{
    struct listing *l = data;
    struct stream_info info;
    const char *state = json_string(doc, "state", "");

    if (l->workspace && strcmp(json_string(doc, "workspace", ""), l->workspace) != 0)
        return;
    if (!l->all && (strcmp(state, "closed") == 0 || strcmp(state, "failed") == 0))
        return;
    cJSON *o = cJSON_Duplicate(doc, true);
    if (registry_get(l->hub->registry, key, &info)) {
        json_add_text(o, "title", info.title, strlen(info.title));
        cJSON_AddStringToObject(o, "typed", info.typed);
        cJSON_AddStringToObject(o, "holder", info.holder);
        cJSON_AddStringToObject(o, "holderKind",
                                baton_kind_name(info.holder_agent ? BATON_AGENT : BATON_HUMAN));
        json_add_int(o, "epoch", (int64_t)info.epoch);
        json_add_int(o, "pos", (int64_t)info.pos);
        cJSON_ReplaceItemInObjectCaseSensitive(o, "rows", cJSON_CreateNumber(info.rows));
        cJSON_ReplaceItemInObjectCaseSensitive(o, "cols", cJSON_CreateNumber(info.cols));
        json_add_int(o, "bells", info.bells);
        if (*info.held)
            cJSON_AddStringToObject(o, "held", info.held);
        if (info.pid)
            json_add_int(o, "pid", info.pid);
    }
    cJSON_AddItemToArray(l->list, o);
}

enum err shell_list(struct hub *hub, struct call *c)
{
    struct listing l = {hub, cJSON_CreateArray(), call_string(c, "workspace", NULL),
                        call_bool(c, "all", false)};
    enum err e = journal_each(hub->journal, "shell", add_to_list, &l);
    json_sort(l.list, "shellId");
    return call_answer(c, e, l.list);
}

static enum err resolve(struct hub *hub, struct call *c, char id[32])
{
    const char *text = call_string(c, "shellId", "");
    enum err e = registry_resolve_among(hub->registry, THINGS_SHELLS, text, id);
    if (e == ERR_NOT_FOUND)
        call_fail(c, e, "there is no shell \"%s\"; see: baton shell list", text);
    else if (e == ERR_AMBIGUOUS)
        call_fail(c, e, "several shells begin with \"%s\"; see: baton shell list", text);
    return e;
}

static bool is_live(const cJSON *doc)
{
    const char *state = json_string(doc, "state", "");
    return strcmp(state, "running") == 0 || strcmp(state, "starting") == 0;
}

/* The program is told once why is on disk: a hub that dies then does it when it is back. "closing":
 * its end will mean that it is dismissed; "killed": it will not. */
static enum err begin_end(struct hub *hub, const char *id, cJSON *doc, const char *why)
{
    if (!json_get(doc, why))
        cJSON_AddTrueToObject(doc, why);
    enum err e = journal_put(hub->journal, "shell", id, doc);
    if (e == ERR_OK)
        control_after_on_stream(hub, streams_close, mem_strdup(id));
    return e;
}

static enum err end_live(struct hub *hub, const char *id, const char *why)
{
    cJSON *doc = NULL;
    enum err e = journal_get(hub->journal, "shell", id, &doc);
    if (e == ERR_OK && is_live(doc))
        e = begin_end(hub, id, doc, why);
    cJSON_Delete(doc);
    return e;
}

enum err shells_close(struct hub *hub, const char *id)
{
    return end_live(hub, id, "closing");
}

enum err shells_kill(struct hub *hub, const char *id)
{
    return end_live(hub, id, "killed");
}

enum err shells_dismiss(struct hub *hub, const char *id, const char *who, bool *ret_live)
{
    cJSON *doc = NULL;
    enum err e = journal_get(hub->journal, "shell", id, &doc);
    if (e != ERR_OK)
        return e;
    const bool live = is_live(doc);
    if (live) {
        e = begin_end(hub, id, doc, "closing");
    } else {
        cJSON *r = cJSON_CreateObject();
        cJSON_AddStringToObject(r, "shellId", id);
        cJSON_AddStringToObject(r, "state", "closed");
        cJSON_ReplaceItemInObjectCaseSensitive(doc, "state", cJSON_CreateString("closed"));
        e = journal_put(hub->journal, "shell", id, doc);
        if (e == ERR_OK)
            e = control_event(hub, "shellClosed", json_string(doc, "workspace", ""), who, id, r);
        cJSON_Delete(r);
    }
    cJSON_Delete(doc);
    if (ret_live)
        *ret_live = live;
    return e;
}

enum err shell_close(struct hub *hub, struct call *c)
{
    char id[32];
    bool live = false;
    enum err e = resolve(hub, c, id);
    if (e == ERR_OK)
        e = shells_dismiss(hub, id, c->who, &live);
    if (e != ERR_OK)
        return e;
    cJSON *r = cJSON_CreateObject();
    cJSON_AddStringToObject(r, "shellId", id);
    cJSON_AddStringToObject(r, "state", live ? "closing" : "closed");
    call_reply(c, r);
    return ERR_OK;
}

enum err shell_rename(struct hub *hub, struct call *c)
{
    char id[32];
    cJSON *doc = NULL;
    enum err e = resolve(hub, c, id);
    if (e == ERR_OK)
        e = journal_get(hub->journal, "shell", id, &doc);
    if (e != ERR_OK)
        return e;
    cJSON_ReplaceItemInObjectCaseSensitive(doc, "name",
                                           cJSON_CreateString(call_string(c, "name", "")));
    e = journal_put(hub->journal, "shell", id, doc);
    if (e == ERR_OK)
        e = control_event(hub, "shellRenamed", json_string(doc, "workspace", ""), c->who, id,
                          c->params);
    cJSON_Delete(doc);
    if (e == ERR_OK)
        call_reply(c, cJSON_Duplicate(c->params, true));
    return e;
}

/* A shell that was told to close is dismissed when it ends; others stay, with their status. */
enum err shells_ended(struct hub *hub, void *arg)
{
    const struct shell_end *end = arg;
    cJSON *doc = NULL;
    enum err e = journal_get(hub->journal, "shell", end->id, &doc);
    if (e == ERR_NOT_FOUND)
        return ERR_OK;
    if (e != ERR_OK)
        return e;
    const char *was = json_string(doc, "state", "");
    if (strcmp(was, "running") != 0 && strcmp(was, "starting") != 0) {
        cJSON_Delete(doc); /* told before: after a hub's death between commit and goodbye */
        control_after_on_stream(hub, streams_bye, mem_strdup(end->id));
        return ERR_OK;
    }
    bool closing = json_bool(doc, "closing", false);
    cJSON_ReplaceItemInObjectCaseSensitive(doc, "state",
                                           cJSON_CreateString(end->lost ? "lost"
                                                              : closing ? "closed"
                                                                        : "exited"));
    json_add_int(doc, "endedAt", clock_wall_us() / 1000);
    cJSON *data = cJSON_CreateObject();
    cJSON_AddStringToObject(data, "shellId", end->id);
    if (end->lost) {
        cJSON_AddNullToObject(data, "exitCode");
        cJSON_AddStringToObject(data, "reason", "the keeper is gone");
    } else {
        json_add_int(doc, "exitCode", end->code);
        json_add_int(data, "exitCode", end->code);
        if (closing || json_bool(doc, "killed", false)) /* the signal was of somebody's asking */
            cJSON_AddTrueToObject(data, "closed");
    }
    e = journal_put(hub->journal, "shell", end->id, doc);
    if (e == ERR_OK)
        e = control_event(hub, "shellExit", json_string(doc, "workspace", ""), "", end->id, data);
    if (e == ERR_OK && closing)
        e = control_event(hub, "shellClosed", json_string(doc, "workspace", ""), "", end->id, data);
    if (e == ERR_OK)
        e = batons_ended(hub, end->id);
    if (e == ERR_OK)
        e = journal_drop(hub->journal, "shellEnv", end->id);
    if (e == ERR_OK)
        e = invites_end(hub, json_string(doc, "inviteId", ""), "", "the shell has ended");
    if (e == ERR_OK && json_get(doc, "sessionId"))
        e = session_terminal_ended(hub, end->id, end->code, end->lost);
    if (e == ERR_OK)
        control_after_on_stream(hub, streams_bye, mem_strdup(end->id));
    cJSON_Delete(data);
    cJSON_Delete(doc);
    return e;
}

/* A hub died between starting a keeper and saying so: the shell is there, so it is told now. */
enum err shells_alive(struct hub *hub, void *arg)
{
    cJSON *doc = NULL;
    enum err e = journal_get(hub->journal, "shell", arg, &doc);
    if (e == ERR_OK && strcmp(json_string(doc, "state", ""), "starting") == 0) {
        cJSON_ReplaceItemInObjectCaseSensitive(doc, "state", cJSON_CreateString("running"));
        e = journal_put(hub->journal, "shell", arg, doc);
        if (e == ERR_OK)
            e = tell_opened(hub, doc);
    }
    cJSON_Delete(doc);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

int shells_running(struct hub *hub)
{
    return registry_live(hub->registry, THINGS_SHELLS);
}

static void recover_one(void *data, const char *key, const cJSON *doc)
{
    struct hub *hub = data;
    struct stream_attach attach = {0};
    const char *state = json_string(doc, "state", "");

    if (strcmp(state, "failed") == 0)
        return;
    remember(hub, doc);
    snprintf(attach.id, sizeof attach.id, "%s", key);
    attach.recovering = true;
    attach.ended = strcmp(state, "running") != 0 && strcmp(state, "starting") != 0;
    hub_post_stream(hub, streams_attach, mem_dup(&attach, sizeof attach));
    if (!attach.ended) {
        batons_recover(hub, key);
        if (is_told_to_end(doc)) /* and the hub may have died before it did so */
            hub_post_stream(hub, streams_close, mem_strdup(attach.id));
    }
}

enum err shells_recover(struct hub *hub, void *arg)
{
    (void)arg;
    cJSON *none = NULL;
    const struct event_filter head = {.since = INT64_MAX, .limit = 1};
    enum err e = journal_events(hub->journal, &head, &none, &hub->event_head);
    cJSON_Delete(none);
    if (e == ERR_OK)
        e = invites_recover(hub);
    return e == ERR_OK ? journal_each(hub->journal, "shell", recover_one, hub) : e;
}
