/* The life of sessions: made, ended, found again after a hub's death, forgotten; and what time
 * brings about in them. Control, within a batch but for what says otherwise. How a process is
 * started is session_start.c's.
 *
 *   starting ── the handshake is done ──> idle <── a turn ──> working, waiting
 *      └── it failed ──> failed              └── closed, or its process ended ──> closed, failed
 *
 * A session is over for everybody the moment that session_end is committed; its process may need
 * some seconds more. Its end comes by session_exited, also for a session that is over already. */
#include "core/agent/definitions.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/base/text.h"
#include "core/hub/people/batons.h"
#include "core/hub/bindings/bindings.h"
#include "core/hub/sessions/session_life.h"
#include "core/hub/streams/streams.h"
#include "core/hub/work/worlds.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *session_agent(const cJSON *doc)
{
    return json_string(doc, "agentType", "the agent");
}

/* --- making -------------------------------------------------------------------------------------
 */

static void add_words(cJSON *doc, const char *key, char *const *words)
{
    cJSON *list = cJSON_AddArrayToObject(doc, key);
    for (; *words; words++)
        cJSON_AddItemToArray(list, cJSON_CreateString(*words));
}

static void put_pair(cJSON *object, const char *pair)
{
    char *name = mem_strndup(pair, strcspn(pair, "="));
    session_put_string(object, name, pair + strlen(name) + 1);
    free(name);
}

/* What the definition and the call say, the call over the definition. */
static cJSON *new_doc(struct call *c, const struct definition *d, const char *workspace,
                      const char *cwd)
{
    const char *mode = call_string(c, "mode", NULL);
    const cJSON *one;
    cJSON *doc = cJSON_CreateObject();
    cJSON_AddStringToObject(doc, "workspace", workspace);
    cJSON_AddStringToObject(doc, "agentType", d->name);
    cJSON_AddStringToObject(doc, "name", call_string(c, "name", d->name));
    add_words(doc, "command", d->command);
    cJSON_AddStringToObject(doc, "cwd", cwd);
    cJSON *env = cJSON_AddObjectToObject(doc, "env");
    for (char **e = d->env; e && *e; e++)
        put_pair(env, *e);
    cJSON_ArrayForEach(one, json_get(c->params, "env")) put_pair(env, one->valuestring);
    if (d->auth)
        cJSON_AddStringToObject(doc, "auth", d->auth);
    if (d->hint)
        cJSON_AddStringToObject(doc, "hint", d->hint);
    if (d->network)
        cJSON_AddTrueToObject(doc, "network");
    if (d->no_mcp)
        cJSON_AddTrueToObject(doc, "noMcp");
    if (d->own_reads)
        cJSON_AddTrueToObject(doc, "ownReads");
    if (mode || d->mode)
        cJSON_AddStringToObject(doc, "wantedMode", mode ? mode : d->mode);
    if (mode)
        cJSON_AddTrueToObject(doc, "modeAsked");
    if (*call_string(c, "instructions", ""))
        cJSON_AddStringToObject(doc, "instructions", call_string(c, "instructions", ""));
    json_add_int(doc, "startLimit", (int64_t)(json_number(c->params, "timeout", 60) * 1000));
    json_add_int(doc, "seq", 0);
    json_add_int(doc, "nextRpc", 1);
    json_add_int(doc, "turn", 0);
    cJSON_AddStringToObject(doc, "openedBy", c->who);
    json_add_int(doc, "openedAt", clock_wall_us() / 1000);
    return doc;
}

static const char *path_for(const struct call *c)
{
    const cJSON *one;
    const char *path = getenv("PATH");
    cJSON_ArrayForEach(one, json_get(c->params, "env")) if (strncmp(one->valuestring, "PATH=", 5) ==
                                                            0) path = one->valuestring + 5;
    return path ? path : "/usr/bin:/bin";
}

/* In a sandbox it is looked for there, when it starts. */
static enum err find_agent(struct call *c, const struct definitions *all, bool boxed,
                           const struct definition **ret)
{
    const char *name = call_string(c, "agent", "");
    char near[200];
    *ret = definitions_find(all, name);
    if (!*ret) {
        definitions_near(all, name, near, sizeof near);
        return call_fail(c, ERR_NOT_FOUND,
                         "no agent is called \"%s\"%s%s; see: baton session agents", name,
                         *near ? "; near it: " : "", near);
    }
    if (!boxed && !definition_installed(*ret, path_for(c)))
        return call_fail(c, ERR_EXEC, "%s is not there: %s is not installed%s%s", name,
                         (*ret)->command[0], (*ret)->hint ? "; to install it: " : "",
                         (*ret)->hint ? (*ret)->hint : "");
    return ERR_OK;
}

static enum err write_new(struct hub *hub, struct call *c, cJSON *doc)
{
    int64_t number = 0;
    char id[32];
    enum err e = journal_next(hub->journal, "session", &number);
    snprintf(id, sizeof id, "se%lld", (long long)number);
    session_put_string(doc, "sessionId", id);
    if (e == ERR_OK)
        e = session_start(hub, doc, "new");
    if (e == ERR_OK)
        e = session_tell(hub, doc, "sessionOpened", c->who, session_result(doc));
    if (e == ERR_OK)
        e = session_save(hub, doc);
    if (e == ERR_OK)
        session_park(hub, c, doc, 0, -1); /* the start has a limit of its own */
    return e;
}

enum err session_create(struct hub *hub, struct call *c)
{
    const struct definition *d = NULL;
    struct definitions *all = definitions_create(hub->config, hub->program);
    const char *key = call_string(c, "workspace", "main");
    cJSON *workspace = NULL;
    enum err e = workspace_need_open(hub, c, key, &workspace);
    const bool boxed = e == ERR_OK && world_is_sandbox(workspace);
    if (e == ERR_OK)
        e = find_agent(c, all, boxed, &d);
    if (e == ERR_OK)
        e = world_check_network(c, workspace, d->network);
    if (e == ERR_OK &&
        registry_live(hub->registry, THINGS_STREAMS) >= config_max_streams(hub->config))
        e = call_fail(c, ERR_LIMIT, "%d shells and agents run already, the limit (limits.streams)",
                      config_max_streams(hub->config));
    if (e == ERR_OK) {
        char *cwd = NULL; /* the definition's is a folder of the host */
        e = world_folder(hub, c, workspace, call_string(c, "cwd", boxed ? NULL : d->cwd), &cwd);
        if (e == ERR_OK) {
            cJSON *doc = new_doc(c, d, key, cwd);
            e = write_new(hub, c, doc);
            cJSON_Delete(doc);
        }
        free(cwd);
    }
    cJSON_Delete(workspace);
    definitions_destroy(all);
    return e;
}

/* --- ending -------------------------------------------------------------------------------------
 */

void session_hang_up(struct hub *hub, const cJSON *doc)
{
    control_after_on_stream(hub, streams_agent_close, mem_strdup(json_string(doc, "streamId", "")));
}

/* The last lines of stderr on one line. */
static void last_words(const char *errors, char *out, size_t size)
{
    size_t n = strlen(errors);
    *out = '\0';
    while (n && (errors[n - 1] == '\n' || errors[n - 1] == ' '))
        n--;
    size_t from = n > 300 ? n - 300 : 0;
    if (from) {
        const char *line = memchr(errors + from, '\n', n - from);
        from = line ? (size_t)(line - errors) + 1 : from;
        while (from < n && ((unsigned char)errors[from] & 0xc0) == 0x80)
            from++;
    }
    text_make_safe(out, size, errors + from, n - from);
}

static enum err tell_closed(struct hub *hub, const cJSON *doc)
{
    static const char *const keys[] = {"sessionId", "state", "exitCode", "error"};
    cJSON *data = cJSON_CreateObject();
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (json_get(doc, keys[i]))
            cJSON_AddItemToObject(data, keys[i], cJSON_Duplicate(json_get(doc, keys[i]), true));
    return session_tell(hub, doc, "sessionClosed", "", data);
}

enum err session_end(struct hub *hub, cJSON *doc, const char *state, const char *sentence,
                     const char *errors)
{
    const char *id = session_id(doc), *reason = sentence ? sentence : "the session was closed";
    const bool failed = strcmp(state, "failed") == 0;
    enum err e = ERR_OK;
    if (!session_is_live(doc))
        return ERR_OK;
    if (errors && *errors)
        json_add_text(doc, "stderr", errors, strlen(errors));
    if (sentence)
        session_put_string(doc, "error", sentence);
    if (json_get(doc, "prompting")) {
        cJSON *error = cJSON_CreateObject();
        cJSON_AddStringToObject(error, "message", reason);
        e = session_end_turn(hub, doc, failed ? "failed" : "cancelled", error, errors);
    }
    if (e == ERR_OK && failed && sentence) {
        cJSON *data = errors && *errors ? cJSON_CreateObject() : NULL;
        if (data)
            json_add_text(data, "stderr", errors, strlen(errors));
        e = session_error(hub, doc, false, data, "%s", sentence);
    }
    if (e == ERR_OK)
        e = session_settle_pending(hub, doc, "the session is over");
    if (e == ERR_OK)
        e = session_release_terminals(hub, doc);
    session_put(doc, "start", NULL);
    session_put(doc, "rpc", cJSON_CreateObject());
    session_put_int(doc, "endedAt", clock_wall_us() / 1000);
    if (e == ERR_OK)
        e = session_due(hub, doc, 0);
    if (e == ERR_OK)
        e = session_set_state(hub, doc, state);
    if (e == ERR_OK)
        e = tell_closed(hub, doc);
    if (e == ERR_OK)
        e = batons_ended(hub, id);
    if (e == ERR_OK)
        e = session_token_end(hub, doc, "the session is over");
    if (e == ERR_OK)
        e = journal_outbox_drop(hub->journal, json_string(doc, "streamId", ""));
    session_fail_waiting(hub, doc, failed ? ERR_AGENT : ERR_ENDED, reason);
    session_hang_up(hub, doc);
    return e;
}

static void say_how(const struct agent_batch *b, const char *who, char *out, size_t size)
{
    if (b->lost)
        snprintf(out, size, "the keeper of %s is gone", who);
    else if (b->code < 0)
        snprintf(out, size, "%s was killed by signal %d", who, -b->code);
    else
        snprintf(out, size, "%s ended with status %d", who, b->code);
}

static enum err exited_unasked(struct hub *hub, cJSON *doc, const struct agent_batch *b)
{
    char sentence[1600], how[200], words[400] = "", *errors;
    const cJSON *start = json_get(doc, "start");
    const char *failed = json_string(start, "failed", NULL);
    if (!start && !b->lost && b->code == 0 && !json_get(doc, "prompting"))
        return session_end(hub, doc, "closed", "the agent has ended by itself", NULL);
    errors = mem_strndup(b->bytes, b->errors_n);
    last_words(errors, words, sizeof words);
    say_how(b, session_agent(doc), how, sizeof how);
    snprintf(sentence, sizeof sentence, "%s%s%s%s%s%s", failed ? failed : how,
             failed                       ? ""
             : start                      ? " before it was ready"
             : json_get(doc, "prompting") ? " in the middle of a turn"
                                          : "",
             *words ? "; it said: " : "", words, start ? "" : "; go on with: baton session resume ",
             start ? "" : session_id(doc));
    enum err e = session_end(hub, doc, "failed", sentence, errors);
    free(errors);
    return e;
}

enum err session_exited(struct hub *hub, cJSON *doc, const struct agent_batch *b)
{
    const cJSON *start = json_get(doc, "start");
    char how[32];
    enum err e = ERR_OK;
    if (!b->lost)
        session_put_int(doc, "exitCode", b->code);
    if (session_is_live(doc)) {
        if (b->lost && json_bool(start, "unsure", false)) {
            snprintf(how, sizeof how, "%s", json_string(start, "how", "new"));
            e = session_doom(hub, b->id); /* a hub's death came before its birth */
            return e == ERR_OK ? session_start(hub, doc, how) : e;
        }
        e = strcmp(session_state(doc), "closing") == 0 ? session_end(hub, doc, "closed", NULL, NULL)
                                                       : exited_unasked(hub, doc, b);
    }
    if (e == ERR_OK)
        e = journal_outbox_drop(hub->journal, b->id);
    return e;
}

/* --- all of a workspace
 * --------------------------------------------------------------------------- */

struct ids {
    const char *workspace; /* NULL: all */
    bool live_only;
    cJSON *list;
};

static void choose(void *data, const char *key, const cJSON *doc)
{
    struct ids *ids = data;
    if (ids->workspace && strcmp(session_workspace(doc), ids->workspace) != 0)
        return;
    if (!ids->live_only || session_is_live(doc))
        cJSON_AddItemToArray(ids->list, cJSON_CreateString(key));
}

enum err sessions_close(struct hub *hub, const char *workspace)
{
    struct ids ids = {workspace, true, cJSON_CreateArray()};
    const cJSON *id;
    enum err e = journal_each(hub->journal, "session", choose, &ids);
    cJSON_ArrayForEach(id, ids.list)
    {
        cJSON *doc = NULL;
        if (e == ERR_OK)
            e = session_load(hub, id->valuestring, &doc);
        if (e == ERR_OK && json_get(doc, "prompting"))
            e = session_notify(hub, doc, "session/cancel", session_params(doc));
        if (e == ERR_OK)
            e = session_end(hub, doc, "closed", NULL, NULL);
        if (e == ERR_OK)
            e = session_save(hub, doc);
        cJSON_Delete(doc);
    }
    cJSON_Delete(ids.list);
    return e;
}

/* After the commit. */
static enum err forget_entry(struct hub *hub, void *arg)
{
    registry_remove(hub->registry, arg);
    return ERR_OK;
}

enum err session_forget(struct hub *hub, const cJSON *doc)
{
    const char *id = session_id(doc), *stream = json_string(doc, "streamId", "");
    enum err e = journal_forget(hub->journal, id);
    if (e == ERR_OK)
        e = session_forget_turns(hub, doc);
    if (e == ERR_OK)
        e = session_due(hub, doc, 0);
    if (e == ERR_OK)
        e = journal_outbox_drop(hub->journal, stream);
    if (e == ERR_OK)
        e = journal_drop(hub->journal, "agent", stream);
    if (e == ERR_OK)
        e = journal_drop(hub->journal, "session", id);
    control_after(hub, forget_entry, mem_strdup(id));
    return e;
}

/* --- time
 * ------------------------------------------------------------------------------------------ */

enum err session_due(struct hub *hub, const cJSON *doc, int64_t at_us)
{
    if (at_us == 0)
        return journal_drop(hub->journal, "due", session_id(doc));
    cJSON *due = cJSON_CreateObject();
    json_add_int(due, "at", at_us);
    enum err e = journal_put(hub->journal, "due", session_id(doc), due);
    cJSON_Delete(due);
    sessions_arm(hub);
    return e;
}

struct dues {
    int64_t now, soonest;
    cJSON *list;
};

static void look_at_due(void *data, const char *key, const cJSON *due)
{
    struct dues *d = data;
    const int64_t at = json_int(due, "at", 0);
    if (at <= d->now)
        cJSON_AddItemToArray(d->list, cJSON_CreateString(key));
    else if (at < d->soonest)
        d->soonest = at;
}

static enum err due_now(struct hub *hub, const char *id)
{
    cJSON *doc = NULL;
    enum err e = session_load(hub, id, &doc);
    if (e == ERR_OK)
        e = session_due(hub, doc, 0);
    const cJSON *start = json_get(doc, "start");
    const char *failed = json_string(start, "failed", NULL);
    if (e == ERR_OK && failed) {
        char *copy = mem_strdup(failed);
        e = session_end(hub, doc, "failed", copy, NULL);
        free(copy);
    } else if (e == ERR_OK && start) {
        e = session_start_failed(
            hub, doc, "%s was not ready within %lld seconds (%s)", session_agent(doc),
            (long long)json_int(doc, "startLimit", 60000) / 1000, json_string(start, "step", "?"));
    } else if (e == ERR_OK && session_is_cancelling(doc)) {
        e = session_not_obeyed(hub, doc);
    }
    if (e == ERR_OK)
        e = session_save(hub, doc);
    cJSON_Delete(doc);
    if (e == ERR_CORRUPT)
        return session_damaged(hub, id);
    return e == ERR_NOT_FOUND ? journal_drop(hub->journal, "due", id) : e;
}

static enum err run_due(struct hub *hub, void *arg)
{
    struct dues d = {clock_wall_us(), INT64_MAX, cJSON_CreateArray()};
    const cJSON *id;
    (void)arg;
    enum err e = journal_each(hub->journal, "due", look_at_due, &d);
    cJSON_ArrayForEach(id, d.list) if (e == ERR_OK) e = due_now(hub, id->valuestring);
    cJSON_Delete(d.list);
    if (e == ERR_OK)
        e = sessions_tick(hub, d.now, &d.soonest);
    if (d.soonest == INT64_MAX)
        uv_timer_stop(&hub->session_timer);
    else
        uv_timer_start(&hub->session_timer, sessions_on_timer,
                       d.soonest > d.now ? (uint64_t)((d.soonest - d.now) / 1000 + 1) : 1, 0);
    return e;
}

void sessions_on_timer(uv_timer_t *timer)
{
    hub_post_control(timer->data, run_due, NULL);
}

static enum err look_soon(struct hub *hub, void *arg)
{
    (void)arg;
    hub_post_control(hub, run_due, NULL);
    return ERR_OK;
}

void sessions_arm(struct hub *hub)
{
    control_after(hub, look_soon, NULL);
}

/* --- after a hub's death
 * ------------------------------------------------------------------------------ */

static void list_stream(struct hub *hub, const cJSON *doc, const char *stream, bool live)
{
    struct stream_info info = {.thing = THING_AGENT, .exited = !live};
    if (!*stream)
        return;
    snprintf(info.id, sizeof info.id, "%s", stream);
    snprintf(info.workspace, sizeof info.workspace, "%s", session_workspace(doc));
    info.exit_code = (int)json_int(doc, "exitCode", 0);
    registry_set(hub->registry, &info);
}

/* Was the keeper ever told what to start? */
static bool was_launched(struct hub *hub, const char *stream)
{
    char *dir = path_join(hub->streams_dir, stream), *meta = path_join(dir, "meta.json");
    const bool there = access(meta, F_OK) == 0;
    free(meta);
    free(dir);
    return there;
}

/* A start that had come no further than its row. */
static enum err recover_start(struct hub *hub, cJSON *doc)
{
    const cJSON *start = json_get(doc, "start");
    char how[32];
    if (strcmp(json_string(start, "step", ""), "keeper") != 0)
        return ERR_OK;
    if (was_launched(hub, json_string(doc, "streamId", "")))
        return session_greet(hub, doc, true);
    snprintf(how, sizeof how, "%s", json_string(start, "how", "new"));
    return session_start(hub, doc, how);
}

static enum err recover_one(struct hub *hub, const char *id)
{
    struct stream_info info = {.thing = THING_SESSION};
    const cJSON *past;
    cJSON *doc = NULL, *owner = NULL;
    enum err e = session_load(hub, id, &doc);
    if (e != ERR_OK)
        return e;
    const bool live = session_is_live(doc);
    snprintf(info.id, sizeof info.id, "%s", id);
    snprintf(info.workspace, sizeof info.workspace, "%s", session_workspace(doc));
    info.exited = !live;
    registry_set(hub->registry, &info);
    /* A process that outlives its session is told to go once more; its row says that it does. */
    const char *stream = json_string(doc, "streamId", "");
    const bool runs = journal_get(hub->journal, "agent", stream, &owner) == ERR_OK;
    cJSON_ArrayForEach(past, json_get(doc, "pastStreams"))
        list_stream(hub, doc, past->valuestring, false);
    list_stream(hub, doc, stream, runs);
    if (*stream)
        e = session_attach(hub, doc, true);
    cJSON_ArrayForEach(past, json_get(doc, "pastStreams"))
    {
        struct agent_attach attach = {.recovering = true};
        snprintf(attach.id, sizeof attach.id, "%s", past->valuestring);
        control_after_on_stream(hub, streams_agent_attach, mem_dup(&attach, sizeof attach));
    }
    if (e == ERR_OK && live) {
        e = batons_recover(hub, id);
        if (e == ERR_OK && json_get(doc, "start"))
            e = recover_start(hub, doc);
        if (e == ERR_OK)
            e = session_save(hub, doc);
    }
    if (runs && (!live || strcmp(session_state(doc), "closing") == 0 ||
                 json_get(json_get(doc, "start"), "failed")))
        session_hang_up(hub, doc);
    cJSON_Delete(owner);
    cJSON_Delete(doc);
    return e;
}

enum err sessions_recover(struct hub *hub, void *arg)
{
    struct ids ids = {.list = cJSON_CreateArray()};
    const cJSON *id;
    (void)arg;
    enum err e = journal_each(hub->journal, "session", choose, &ids);
    cJSON_ArrayForEach(id, ids.list)
    {
        if (e == ERR_OK)
            e = recover_one(hub, id->valuestring);
    }
    cJSON_Delete(ids.list);
    if (e == ERR_OK)
        e = sessions_recover_damaged(hub);
    if (e == ERR_OK)
        e = permissions_recover(hub);
    if (e == ERR_OK)
        e = sessions_recover_doomed(hub);
    sessions_arm(hub);
    return e;
}
