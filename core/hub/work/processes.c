/* Processes, the control side: starting (a row in the journal first, then a keeper), their end, and
 * what is listed. The journal's document is the truth; the registry adds what moves.
 *
 * A process's states: starting → running → exited (the program ended) or lost (the keeper died).
 * One that never ran leaves nothing but its caller's error. Those that have ended are kept, with
 * their records, until they are removed or KEPT newer ones have ended.
 *
 * What a start needs and nobody should read in a list (variables, the beginning of stdin) lies
 * apart, as a "processStart", until the process has ended: a hub that dies in between gives it
 * again, and the keeper leaves out what the program has. Control. */
#include "core/hub/work/process_doc.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/hub/work/starter.h"
#include "core/hub/streams/streams.h"
#include "core/hub/work/worlds.h"
#include "core/people/token.h"
#include "core/work/environment.h"

#include <stdlib.h>
#include <string.h>

#define KEPT    200
#define KEPT_MS 60000 /* and for so long in any case: somebody may be reading still */

static enum err tell_started(struct hub *hub, const cJSON *doc)
{
    return control_event(hub, "processStarted", json_string(doc, "workspace", ""),
                         json_string(doc, "startedBy", ""), json_string(doc, "processId", ""), doc);
}

/* --- starting --------------------------------------------------------------------------------- */

/* Has the stream thread follow it; owner: the link that asked for it, 0 none. */
static enum err attach(struct hub *hub, const cJSON *doc, uint32_t owner, bool recovering)
{
    const char *id = json_string(doc, "processId", "");
    cJSON *start = NULL;
    enum err e = journal_get(hub->journal, "processStart", id, &start);
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return e;
    const char *input = json_string(start, "stdin", NULL);
    const size_t n = input ? strlen(input) : 0;
    struct process_attach *a = mem_zalloc(sizeof *a + n);
    snprintf(a->id, sizeof a->id, "%s", id);
    snprintf(a->by, sizeof a->by, "%s", json_string(doc, "startedBy", ""));
    a->recovering = recovering;
    a->bound = json_bool(doc, "bound", false);
    a->paced = json_bool(doc, "paced", false);
    a->collect = json_bool(doc, "collect", false) && !recovering;
    a->fed = input != NULL;
    a->owner = owner;
    a->input_n = n;
    if (n)
        memcpy(a->input, input, n);
    hub_post_stream(hub, streams_process_attach, a);
    cJSON_Delete(start);
    return ERR_OK;
}

/* It never ran: nothing stays of it but the answer. */
static enum err not_started(struct hub *hub, const struct starter_done *s, struct call *call)
{
    char sentence[600];
    cJSON *doc = NULL;
    starter_sentence(s, sentence, sizeof sentence);
    enum err e = journal_get(hub->journal, "process", s->id, &doc);
    if (e == ERR_OK)
        e = invites_end(hub, json_string(doc, "inviteId", ""), "", "the process did not start");
    cJSON_Delete(doc);
    if (e == ERR_OK)
        e = process_forget(hub, s->id);
    if (e == ERR_OK && call) {
        call_fail(call, ERR_EXEC, "%s", sentence);
        control_answered(hub, call);
    }
    return e;
}

/* Control work: the child runs, or it does not. */
static enum err process_started(struct hub *hub, void *arg)
{
    struct starter_done *s = arg;
    struct call *call = control_parked(hub, s->serial);
    cJSON *doc = NULL;
    if (s->status != 0)
        return not_started(hub, s, call);
    enum err e = journal_get(hub->journal, "process", s->id, &doc);
    if (e != ERR_OK)
        return e;
    process_set(doc, "state", cJSON_CreateString("running"));
    process_set(doc, "pid", cJSON_CreateNumber(atoi(s->said)));
    e = journal_put(hub->journal, "process", s->id, doc);
    if (e == ERR_OK)
        e = tell_started(hub, doc);
    process_remember(hub, doc); /* its pid; from the attaching on the stream thread has the entry */
    if (e == ERR_OK)
        e = attach(hub, doc, call ? call->peer : 0, false);
    if (e == ERR_OK) {
        if (json_bool(doc, "killed", false) || (!call && json_bool(doc, "bound", false)))
            hub_post_stream(hub, streams_close, mem_strdup(s->id));
        if (call && call->row->handle == process_spawn) {
            call_reply(call, process_result(doc));
            control_answered(hub, call);
        }
    }
    cJSON_Delete(doc);
    return e;
}

struct start { /* after the commit */
    char id[32], token[TOKEN_TEXT];
    uint64_t serial;
};

static char **environment_of(struct hub *hub, const cJSON *doc, const char *token,
                             char ***ret_asked)
{
    const char *id = json_string(doc, "processId", "");
    char **env = environment_for_shell(hub->name, id, json_string(doc, "workspace", ""));
    cJSON *start = NULL;
    const cJSON *item;
    char **asked = mem_calloc(1, sizeof *asked);
    env = world_set_token(hub, env, token);
    env = environment_set(env, "TERM", "dumb");
    if (journal_get(hub->journal, "processStart", id, &start) == ERR_OK)
        cJSON_ArrayForEach(item, json_get(start, "env"))
        {
            char *name = mem_strndup(item->valuestring, strcspn(item->valuestring, "="));
            env = environment_set(env, name, item->valuestring + strlen(name) + 1);
            asked = environment_set(asked, name, item->valuestring + strlen(name) + 1);
            free(name);
        }
    cJSON_Delete(start);
    *ret_asked = asked;
    return env;
}

static enum err start_keeper(struct hub *hub, void *arg)
{
    const struct start *start = arg;
    cJSON *doc = NULL;
    enum err e = journal_get(hub->journal, "process", start->id, &doc);
    if (e != ERR_OK) {
        starter_fail(hub, start->id, start->serial, err_text(e)->person, process_started);
        return e;
    }
    char **asked = NULL;
    struct keeper_meta meta = {
        .id = mem_strdup(start->id),
        .workspace = mem_strdup(json_string(doc, "workspace", "")),
        .command = starter_words(json_get(doc, "command")),
        .env = environment_of(hub, doc, start->token, &asked),
        .cwd = mem_strdup(json_string(doc, "cwd", "/")),
        .rows = 24,
        .cols = 80,
        .retention =
            json_bool(doc, "recordAll", false) ? 0 : (uint64_t)config_retention(hub->config),
        .created_us = clock_wall_us(),
    };
    meta.asked = asked;
    starter_start(hub, start->id, start->serial, &meta, process_started);
    keeper_meta_finish(&meta);
    cJSON_Delete(doc);
    return ERR_OK;
}

static cJSON *new_doc(const struct call *c, const cJSON *workspace, const char *cwd, const char *id)
{
    const bool exec = c->row->handle == process_exec, own = call_bool(c, "attached", false);
    const cJSON *command = json_get(c->params, "command");
    const char *program = command->child->valuestring;
    const char *base = strrchr(program, '/') ? strrchr(program, '/') + 1 : program;
    cJSON *doc = cJSON_CreateObject();
    cJSON_AddStringToObject(doc, "processId", id);
    cJSON_AddStringToObject(doc, "workspace", json_string(workspace, "workspace", ""));
    cJSON_AddItemToObject(doc, "command", cJSON_Duplicate(command, true));
    cJSON_AddStringToObject(doc, "name", base);
    cJSON_AddStringToObject(doc, "cwd", cwd);
    cJSON_AddStringToObject(doc, "state", "starting");
    cJSON_AddStringToObject(doc, "startedBy", c->who);
    json_add_int(doc, "startedAt", clock_wall_us() / 1000);
    if ((exec || own) && !call_bool(c, "detach", false))
        cJSON_AddTrueToObject(doc, "bound");
    if (own)
        cJSON_AddTrueToObject(doc, "paced");
    if (exec)
        cJSON_AddTrueToObject(doc, "collect");
    if (strcmp(call_string(c, "record", ""), "full") == 0)
        cJSON_AddTrueToObject(doc, "recordAll");
    return doc;
}

static enum err put_start(struct hub *hub, const struct call *c, const char *id)
{
    const cJSON *env = json_get(c->params, "env");
    const bool exec = c->row->handle == process_exec;
    const char *input = call_string(c, "stdin", exec ? "" : NULL);
    cJSON *start = cJSON_CreateObject();
    if (env)
        cJSON_AddItemToObject(start, "env", cJSON_Duplicate(env, true));
    if (input)
        cJSON_AddStringToObject(start, "stdin", input);
    enum err e = start->child ? journal_put(hub->journal, "processStart", id, start) : ERR_OK;
    cJSON_Delete(start);
    return e;
}

static enum err make(struct hub *hub, struct call *c, const cJSON *workspace, const char *cwd)
{
    int64_t number = 0;
    struct start start = {0};
    enum err e = journal_next(hub->journal, "process", &number);
    if (e != ERR_OK)
        return e;
    snprintf(start.id, sizeof start.id, "pr%lld", (long long)number);
    cJSON *doc = new_doc(c, workspace, cwd, start.id);
    char invite[32] = "";
    e = world_token(hub, json_string(workspace, "workspace", ""), c->who, world_agent(c), invite,
                    start.token);
    if (*invite)
        cJSON_AddStringToObject(doc, "inviteId", invite);
    if (e == ERR_OK)
        e = journal_put(hub->journal, "process", start.id, doc);
    if (e == ERR_OK)
        e = put_start(hub, c, start.id);
    if (e == ERR_OK) {
        process_remember(hub, doc);
        start.serial = control_park(hub, c, -1);
        memcpy(c->away_id, start.id, sizeof c->away_id); /* exec's answer comes with the end */
        control_after(hub, start_keeper, mem_dup(&start, sizeof start));
    }
    cJSON_Delete(doc);
    return e;
}

enum err process_spawn(struct hub *hub, struct call *c)
{
    cJSON *workspace = NULL;
    char *cwd = NULL;
    enum err e = workspace_need_open(hub, c, call_string(c, "workspace", "main"), &workspace);
    if (e != ERR_OK)
        return e;
    if (registry_live(hub->registry, THINGS_STREAMS) >= config_max_streams(hub->config))
        e = call_fail(c, ERR_LIMIT,
                      "%d shells and processes run already, the limit "
                      "(limits.streams)",
                      config_max_streams(hub->config));
    else
        e = world_folder(hub, c, workspace, call_string(c, "cwd", NULL), &cwd);
    if (e == ERR_OK)
        e = make(hub, c, workspace, cwd);
    free(cwd);
    cJSON_Delete(workspace);
    return e;
}

enum err process_exec(struct hub *hub, struct call *c)
{
    return process_spawn(hub, c);
}

/* A hub died between starting a keeper and saying so. */
enum err processes_alive(struct hub *hub, void *arg)
{
    const struct process_alive *alive = arg;
    cJSON *doc = NULL;
    enum err e = journal_get(hub->journal, "process", alive->id, &doc);
    if (e == ERR_OK && strcmp(process_state(doc), "starting") == 0) {
        process_set(doc, "state", cJSON_CreateString("running"));
        process_set(doc, "pid", cJSON_CreateNumber(alive->pid));
        e = journal_put(hub->journal, "process", alive->id, doc);
        if (e == ERR_OK)
            e = tell_started(hub, doc);
    }
    cJSON_Delete(doc);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* --- ends ------------------------------------------------------------------------------------- */

static void add_output(cJSON *r, const char *key, const char *bytes, size_t n, bool base64)
{
    if (base64)
        json_add_base64(r, key, bytes, n);
    else
        json_add_text(r, key, bytes, n);
}

static void answer_exec(struct call *c, const struct process_end *end, const cJSON *doc)
{
    const char *out = end->bytes, *err = end->bytes + end->out_n;
    const bool base64 = !text_is_utf8(out, end->out_n) || !text_is_utf8(err, end->err_n) ||
                        memchr(out, 0, end->out_n) || memchr(err, 0, end->err_n);
    if (end->lost) {
        call_fail(c, ERR_LOST, "the keeper of %s is gone, and the program with it", end->id);
        return;
    }
    cJSON *r = process_result(doc);
    add_output(r, "stdout", out, end->out_n, base64);
    add_output(r, "stderr", err, end->err_n, base64);
    if (base64)
        cJSON_AddStringToObject(r, "encoding", "base64");
    if (end->out > end->out_n || end->err > end->err_n)
        cJSON_AddTrueToObject(r, "truncated");
    call_reply(c, r);
}

static void answer_waiting(struct hub *hub, const struct process_end *end, const cJSON *doc)
{
    for (struct call *c = hub->parked, *next; c; c = next) {
        next = c->next;
        if (!c->row || strcmp(c->away_id, end->id) != 0)
            continue;
        if (c->row->handle == process_exec)
            answer_exec(c, end, doc);
        else if (c->row->handle == process_wait)
            call_reply(c, process_result(doc));
        else
            continue;
        control_answered(hub, c);
    }
}

struct ended {
    cJSON *list; /* {id, at} of those that have ended */
};

static void note_ended(void *data, const char *key, const cJSON *doc)
{
    struct ended *all = data;
    if (process_is_live(doc))
        return;
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "id", key);
    json_add_int(o, "at", json_int(doc, "endedAt", 0));
    cJSON_AddItemToArray(all->list, o);
}

/* The oldest of too many. */
static enum err prune(struct hub *hub)
{
    struct ended all = {cJSON_CreateArray()};
    enum err e = journal_each(hub->journal, "process", note_ended, &all);
    int left = cJSON_GetArraySize(all.list);
    const int64_t old = clock_wall_us() / 1000 - KEPT_MS;
    const cJSON *one;
    if (left > KEPT)
        json_sort(all.list, "at");
    cJSON_ArrayForEach(one, all.list)
    {
        if (e != ERR_OK || left-- <= KEPT || json_int(one, "at", 0) > old)
            break;
        e = process_forget(hub, json_string(one, "id", ""));
    }
    cJSON_Delete(all.list);
    return e;
}

enum err processes_ended(struct hub *hub, void *arg)
{
    const struct process_end *end = arg;
    cJSON *doc = NULL;
    enum err e = journal_get(hub->journal, "process", end->id, &doc);
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    control_after_on_stream(hub, streams_bye, mem_strdup(end->id));
    if (!process_is_live(doc)) {
        cJSON_Delete(doc); /* told before: after a hub's death between commit and goodbye */
        return ERR_OK;
    }
    cJSON *data = cJSON_CreateObject();
    json_add_int(data, "pid", json_int(doc, "pid", 0));
    cJSON_AddStringToObject(data, "processId", end->id);
    process_set(doc, "state", cJSON_CreateString(end->lost ? "lost" : "exited"));
    process_set(doc, "endedAt", cJSON_CreateNumber((double)(clock_wall_us() / 1000)));
    if (end->lost) {
        cJSON_AddNullToObject(data, "exitCode");
        cJSON_AddStringToObject(data, "reason", "the keeper is gone");
    } else {
        process_set(doc, "exitCode", cJSON_CreateNumber(end->code));
        json_add_int(data, "exitCode", end->code);
    }
    e = journal_put(hub->journal, "process", end->id, doc);
    if (e == ERR_OK)
        e = journal_drop(hub->journal, "processStart", end->id);
    if (e == ERR_OK)
        e = invites_end(hub, json_string(doc, "inviteId", ""), "", "the process has ended");
    if (e == ERR_OK)
        e = control_event(hub, "processExit", json_string(doc, "workspace", ""), "", end->id, data);
    if (e == ERR_OK)
        e = prune(hub);
    if (e == ERR_OK)
        answer_waiting(hub, end, doc);
    cJSON_Delete(data);
    cJSON_Delete(doc);
    return e;
}

/* --- after a start -------------------------------------------------------------------------- */

static void recover_one(void *data, const char *key, const cJSON *doc)
{
    struct hub *hub = data;
    process_remember(hub, doc);
    enum err e = attach(hub, doc, 0, true);
    if (e != ERR_OK)
        log_error("%s cannot be followed: %s", key, err_text(e)->name);
    if (process_is_live(doc) && json_bool(doc, "killed", false))
        hub_post_stream(hub, streams_close, mem_strdup(key));
}

enum err processes_recover(struct hub *hub, void *arg)
{
    (void)arg;
    return journal_each(hub->journal, "process", recover_one, hub);
}
