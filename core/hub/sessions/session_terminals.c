/* Terminals of a session's agent (ACP terminal/…). Each is a shell like others, so everybody who
 * may see the workspace can watch it, and type into it; the agent knows it by the shell's id.
 *
 * doc.terminals has one entry for each until it is released: {limit, create?, waits?, released?}.
 * create and waits are ids of requests that are not answered yet; they lie in the document, so a
 * restarted hub answers them like this one. How many there are of either is bounded: more is
 * refused, and of terminals that have ended and are not released the oldest gives way. What became
 * of the program is in the shell's document, and what it printed in the stream's log: neither is
 * copied here. */
#include "core/agent/terminal_text.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/base/text.h"
#include "core/hub/sessions/session_work.h"
#include "core/hub/work/shells.h"
#include "core/stream/keeper.h"
#include "core/stream/streamlog.h"
#include "core/work/environment.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUTPUT_LIMIT (1024u * 1024u)
#define OUTPUT_MOST  (8u * 1024u * 1024u)
#define NAME_COLUMNS 40
#define WAITS_MAX    64 /* requests that wait for the end of one terminal */
#define KEPT_MAX     64 /* terminals of one agent */

/* --- entries -------------------------------------------------------------------------------- */

/* The entry of the terminal that a request names; NULL, and *ret_e is how the answer went. */
static cJSON *find(struct hub *hub, cJSON *doc, const cJSON *id, const cJSON *params,
                   enum err *ret_e)
{
    const char *name = json_string(params, "terminalId", NULL);
    cJSON *entry = name ? cJSON_GetObjectItemCaseSensitive(
                              cJSON_GetObjectItemCaseSensitive(doc, "terminals"), name)
                        : NULL;
    if (entry && !json_bool(entry, "released", false))
        return entry;
    if (!name)
        *ret_e =
            session_answer_error(hub, doc, id, ACP_INVALID_PARAMS, "\"terminalId\" is missing");
    else
        *ret_e = session_answer_error(hub, doc, id, ACP_NOT_FOUND, "there is no such terminal");
    return NULL;
}

/* {exitCode, signal} of a code of ours: 0..255, or -signal; lost: neither is known. */
static cJSON *exit_status(int code, bool lost)
{
    cJSON *o = cJSON_CreateObject();
    const char *abbreviation = code < 0 && !lost ? sigabbrev_np(-code) : NULL;
    char name[32];
    if (lost || code < 0)
        cJSON_AddNullToObject(o, "exitCode");
    else
        json_add_int(o, "exitCode", code);
    if (lost || code >= 0) {
        cJSON_AddNullToObject(o, "signal");
    } else {
        snprintf(name, sizeof name, "SIG%s", abbreviation ? abbreviation : "UNKNOWN");
        cJSON_AddStringToObject(o, "signal", name);
    }
    return o;
}

/* What became of a shell's program; NULL while it runs. */
static cJSON *exit_of(const cJSON *shell)
{
    const char *state = json_string(shell, "state", "");
    if (strcmp(state, "running") == 0 || strcmp(state, "starting") == 0)
        return NULL;
    return exit_status((int)json_int(shell, "exitCode", 0), !json_get(shell, "exitCode"));
}

/* --- terminal/create ------------------------------------------------------------------------ */

/* A command without arguments is often a whole line for a shell: agents differ in this. */
static bool is_line(const char *command)
{
    if (!strpbrk(command, " \t\r\n\"'`$&|;<>()*?[]{}~#!\\="))
        return false;
    return !(strchr(command, '/') && access(command, X_OK) == 0);
}

/* NULL when args is no array of strings. */
static cJSON *argv_of(const char *command, const cJSON *args)
{
    cJSON *argv = cJSON_CreateArray();
    const cJSON *item;
    const bool alone = !args || cJSON_IsNull(args) || (cJSON_IsArray(args) && !args->child);
    if (alone && is_line(command)) {
        const char *shell = access("/bin/bash", X_OK) == 0 ? "/bin/bash" : "/bin/sh";
        cJSON_AddItemToArray(argv, cJSON_CreateString(shell));
        cJSON_AddItemToArray(argv, cJSON_CreateString("-c"));
    }
    cJSON_AddItemToArray(argv, cJSON_CreateString(command));
    if (alone)
        return argv;
    cJSON_ArrayForEach(item, args)
    {
        if (!cJSON_IsString(item))
            break;
        cJSON_AddItemToArray(argv, cJSON_CreateString(item->valuestring));
    }
    if (cJSON_IsArray(args) && !item)
        return argv;
    cJSON_Delete(argv);
    return NULL;
}

/* Command and arguments as one line for people. */
static char *line_of(const char *command, const cJSON *args)
{
    struct buf b = {0};
    const cJSON *item;
    buf_puts(&b, command);
    cJSON_ArrayForEach(item, args)
    {
        buf_putc(&b, ' ');
        buf_puts(&b, item->valuestring);
    }
    char *safe = mem_zalloc(b.len * 3 + 1); /* a sign for a control has three bytes */
    text_make_safe(safe, b.len * 3 + 1, b.data, b.len);
    buf_finish(&b);
    return safe;
}

static void set(cJSON *env, const char *name, const char *value)
{
    session_put(env, name, cJSON_CreateString(value));
}

/* What the program gets beside what every shell has: nobody sits there to leave a pager; then what
 * the session was given; then what the agent wants. NULL when that is no list of variables. */
static cJSON *env_of(const cJSON *doc, const cJSON *wanted)
{
    cJSON *env = cJSON_CreateObject();
    const cJSON *item;
    bool good = !wanted || cJSON_IsNull(wanted) || cJSON_IsArray(wanted);
    set(env, "PAGER", "cat");
    set(env, "GIT_PAGER", "cat");
    cJSON_ArrayForEach(item, json_get(doc, "env"))
    {
        if (cJSON_IsString(item))
            set(env, item->string, item->valuestring);
    }
    cJSON_ArrayForEach(item, wanted)
    {
        const char *name = json_string(item, "name", ""), *value = json_string(item, "value", NULL);
        good = good && *name && !strchr(name, '=') && value;
        if (good)
            set(env, name, value);
    }
    if (good)
        return env;
    cJSON_Delete(env);
    return NULL;
}

/* The folder to run in, fresh memory: the session's own, or one beneath it. */
static enum err cwd_of(struct hub *hub, const cJSON *doc, const char *wanted, char **ret_cwd,
                       char why[FILES_WHY])
{
    const char *root = json_string(doc, "cwd", "/");
    struct files *files = NULL;
    struct files_stat st;
    /* The dot has a link at the end followed, as far as it stays beneath the root. */
    char *path = NULL, *dotted = wanted ? path_join(wanted, ".") : mem_strdup(".");
    enum err e = session_place(hub, doc, dotted, false, &files, &path, why);
    if (e == ERR_OK)
        e = files_stat(files, path, &st, why);
    if (e == ERR_OK)
        *ret_cwd = !wanted          ? mem_strdup(root)
                   : *wanted == '/' ? mem_strdup(wanted)
                                    : path_join(root, wanted);
    files_close(files);
    free(path);
    free(dotted);
    return e;
}

char **session_terminal_environment(struct hub *hub, const char *session, char **env)
{
    struct keeper_meta meta = {0};
    cJSON *doc = NULL;
    if (session_load(hub, session, &doc) == ERR_OK) {
        char *dir = path_join(hub->streams_dir, json_string(doc, "streamId", "-"));
        if (keeper_meta_read(dir, &meta) == ERR_OK)
            for (char **e = meta.env; e && *e; e++) {
                const size_t n = strcspn(*e, "=");
                if (!(*e)[n] || (strncmp(*e, "BATON_", 6) != 0 && strncmp(*e, "PATH=", 5) != 0))
                    continue;
                (*e)[n] = '\0';
                env = environment_set(env, *e, *e + n + 1);
            }
        keeper_meta_finish(&meta);
        free(dir);
    }
    cJSON_Delete(doc);
    return env;
}

struct order { /* a terminal/create that has been read */
    cJSON *argv, *env;
    char *line, *cwd;
    int64_t limit;
};

static void finish(struct order *o)
{
    cJSON_Delete(o->argv);
    cJSON_Delete(o->env);
    free(o->line);
    free(o->cwd);
}

/* ERR_INVALID: the params are wrong; other errors: as the folder has it. */
static enum err read_order(struct hub *hub, const cJSON *doc, const cJSON *params, struct order *o,
                           char why[FILES_WHY])
{
    const char *command = json_string(params, "command", "");
    const cJSON *args = json_get(params, "args"), *limit = json_get(params, "outputByteLimit");
    const char *wrong = NULL;
    o->argv = *command ? argv_of(command, args) : NULL;
    o->env = env_of(doc, json_get(params, "env"));
    o->limit =
        json_int(params, "outputByteLimit", cJSON_IsNumber(limit) ? -1 : (int64_t)OUTPUT_LIMIT);
    if (!*command)
        wrong = "\"command\" is missing";
    else if (!o->argv)
        wrong = "\"args\" is no list of texts";
    else if (!o->env)
        wrong = "\"env\" is no list of {name, value}";
    else if (o->limit < 0 || (limit && !cJSON_IsNull(limit) && !cJSON_IsNumber(limit)))
        wrong = "\"outputByteLimit\" is no count of bytes";
    if (wrong) {
        snprintf(why, FILES_WHY, "%s", wrong);
        return ERR_INVALID;
    }
    o->limit = o->limit < (int64_t)OUTPUT_MOST ? o->limit : (int64_t)OUTPUT_MOST;
    o->line = line_of(command, args);
    return cwd_of(hub, doc, json_string(params, "cwd", NULL), &o->cwd, why);
}

/* Has the oldest of too many terminals go that has ended, as if it had been released. ERR_LIMIT:
 * all of them run. */
static enum err make_room(struct hub *hub, cJSON *doc)
{
    cJSON *terminals = cJSON_GetObjectItemCaseSensitive(doc, "terminals"), *entry;
    if (cJSON_GetArraySize(terminals) < KEPT_MAX)
        return ERR_OK;
    cJSON_ArrayForEach(entry, terminals)
    {
        cJSON *shell = NULL, *end = NULL;
        enum err e = journal_get(hub->journal, "shell", entry->string, &shell);
        if (e == ERR_OK)
            end = exit_of(shell);
        const bool ended = e == ERR_NOT_FOUND || end;
        cJSON_Delete(shell);
        cJSON_Delete(end);
        if (e != ERR_OK && e != ERR_NOT_FOUND)
            return e;
        if (!ended || json_get(entry, "create") || json_get(entry, "waits"))
            continue;
        if (e == ERR_OK)
            e = shells_dismiss(hub, entry->string, json_string(doc, "member", ""), NULL);
        cJSON_Delete(cJSON_DetachItemViaPointer(terminals, entry));
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    }
    return ERR_LIMIT;
}

static enum err make(struct hub *hub, cJSON *doc, const cJSON *id, const struct order *o)
{
    char shell[32];
    char *name = mem_strndup(o->line, text_fit(o->line, NAME_COLUMNS));
    const struct shell_new order = {
        .workspace = session_workspace(doc),
        .cwd = o->cwd,
        .name = name,
        .who = json_string(doc, "member", ""),
        .command = o->argv,
        .env = o->env,
        .session = session_id(doc),
        .rows = 24,
        .cols = 80,
    };
    enum err e = shells_new(hub, &order, shell);
    if (e == ERR_OK) {
        cJSON *terminals = cJSON_GetObjectItemCaseSensitive(doc, "terminals");
        if (!terminals)
            terminals = cJSON_AddObjectToObject(doc, "terminals");
        cJSON *entry = cJSON_AddObjectToObject(terminals, shell);
        json_add_int(entry, "limit", o->limit);
        cJSON_AddStringToObject(entry, "command", o->line);
        cJSON_AddItemToObject(entry, "create", cJSON_Duplicate(id, true));
    }
    free(name);
    return e;
}

enum err session_on_terminal_create(struct hub *hub, cJSON *doc, const cJSON *id,
                                    const cJSON *params)
{
    struct order o = {0};
    char why[FILES_WHY];
    enum err e = read_order(hub, doc, params, &o, why);
    if (e == ERR_OK &&
        registry_live(hub->registry, THINGS_STREAMS) >= config_max_streams(hub->config)) {
        snprintf(why, sizeof why, "%d shells and agents run already, the limit (limits.streams)",
                 config_max_streams(hub->config));
        e = ERR_LIMIT;
    }
    enum err room = e == ERR_OK ? make_room(hub, doc) : ERR_OK;
    if (room == ERR_LIMIT) {
        snprintf(why, sizeof why, "%d terminals run and are not released, the limit", KEPT_MAX);
        e = ERR_LIMIT;
    }
    if (room != ERR_OK && room != ERR_LIMIT)
        e = room; /* the journal's */
    else if (e == ERR_OK)
        e = make(hub, doc, id, &o);
    else
        e = session_answer_error(hub, doc, id,
                                 e == ERR_NOT_FOUND ? ACP_NOT_FOUND
                                 : e == ERR_INVALID ? ACP_INVALID_PARAMS
                                                    : ACP_INTERNAL,
                                 why);
    finish(&o);
    return e;
}

/* --- what becomes of it ----------------------------------------------------------------------- */

/* terminal/create is answered: it runs, or it does not (a sentence). */
static enum err answer_create(struct hub *hub, cJSON *doc, cJSON *entry, const char *failure)
{
    const char *shell = entry->string;
    cJSON *id = cJSON_DetachItemFromObjectCaseSensitive(entry, "create"), *o = NULL;
    enum err e;
    if (failure) {
        e = session_answer_error(hub, doc, id, ACP_INTERNAL, failure);
    } else {
        o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "terminalId", shell);
        cJSON_AddStringToObject(o, "shellId", shell);
        cJSON_AddStringToObject(o, "command", json_string(entry, "command", ""));
        e = session_event(hub, doc, "", "_baton/terminal", o);
        o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "terminalId", shell);
        if (e == ERR_OK)
            e = session_answer(hub, doc, id, o);
        else
            cJSON_Delete(o);
    }
    cJSON_Delete(id);
    if (failure)
        cJSON_DeleteItemFromObjectCaseSensitive(cJSON_GetObjectItemCaseSensitive(doc, "terminals"),
                                                shell);
    return e;
}

/* The session whose agent has this shell as a terminal, to be saved and deleted; NULL: none does
 * (any more), or reading it failed. */
static cJSON *session_of(struct hub *hub, const char *session, const char *shell, cJSON **ret_entry,
                         enum err *ret_e)
{
    cJSON *doc = NULL;
    *ret_e = session_load(hub, session, &doc);
    if (*ret_e == ERR_CORRUPT)
        *ret_e = session_damaged(hub, session);
    if (*ret_e == ERR_NOT_FOUND)
        *ret_e = ERR_OK; /* destroyed meanwhile */
    *ret_entry =
        cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(doc, "terminals"), shell);
    if (*ret_e == ERR_OK && *ret_entry && session_is_live(doc))
        return doc;
    cJSON_Delete(doc);
    return NULL;
}

enum err session_terminal_started(struct hub *hub, const cJSON *shell, const char *failure)
{
    const char *session = json_string(shell, "sessionId", NULL);
    cJSON *entry;
    enum err e = ERR_OK;
    if (!session)
        return ERR_OK;
    cJSON *doc = session_of(hub, session, json_string(shell, "shellId", ""), &entry, &e);
    if (doc && json_get(entry, "create")) {
        e = answer_create(hub, doc, entry, failure);
        if (e == ERR_OK)
            e = session_save(hub, doc);
    }
    cJSON_Delete(doc);
    return e;
}

enum err session_terminal_ended(struct hub *hub, const char *shell, int code, bool lost)
{
    cJSON *row = NULL, *entry = NULL, *doc = NULL;
    enum err e = journal_get(hub->journal, "shell", shell, &row);
    const char *session = json_string(row, "sessionId", NULL);
    if (e == ERR_OK && session)
        doc = session_of(hub, session, shell, &entry, &e);
    cJSON_Delete(row);
    if (!doc)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    if (json_get(entry, "create")) { /* an earlier hub did not come to it */
        e = answer_create(hub, doc, entry, lost ? "the terminal was lost before it ran" : NULL);
        if (lost)
            entry = NULL;
    }
    const cJSON *id;
    cJSON_ArrayForEach(id, json_get(entry, "waits"))
    {
        if (e == ERR_OK)
            e = session_answer(hub, doc, id, exit_status(code, lost));
    }
    cJSON_DeleteItemFromObjectCaseSensitive(entry, "waits");
    if (json_bool(entry, "released", false))
        cJSON_DeleteItemFromObjectCaseSensitive(cJSON_GetObjectItemCaseSensitive(doc, "terminals"),
                                                shell);
    if (e == ERR_OK)
        e = session_save(hub, doc);
    cJSON_Delete(doc);
    return e;
}

enum err session_release_terminals(struct hub *hub, cJSON *doc)
{
    const cJSON *entry;
    enum err e = ERR_OK;
    cJSON_ArrayForEach(entry, json_get(doc, "terminals"))
    {
        if (e == ERR_OK && !json_bool(entry, "released", false))
            e = shells_dismiss(hub, entry->string, json_string(doc, "member", ""), NULL);
        if (e == ERR_NOT_FOUND)
            e = ERR_OK;
    }
    session_put(doc, "terminals", NULL);
    return e;
}

/* --- the other requests ----------------------------------------------------------------------- */

/* The record from a place on that is likely to hold `limit` bytes of text: escapes are most of what
 * some programs print. In the middle it begins behind the first end of a line, where no sequence is
 * cut in two. */
static enum err read_output(struct hub *hub, const char *shell, struct terminal_text *t)
{
    const uint64_t window = 4 * (uint64_t)t->limit + 65536;
    struct stream_info info = {0};
    struct streamreader *reader = NULL;
    struct record r;
    uint64_t first = 0, taken = 0;
    registry_get(hub->registry, shell, &info);
    uint64_t since = info.pos > window ? info.pos - window : 0;
    char *dir = path_join(hub->streams_dir, shell);
    enum err e = streamreader_open(dir, since, &first, &reader);
    if (e == ERR_GONE && (since = first))
        e = streamreader_open(dir, since, &first, &reader);
    free(dir);
    if (e != ERR_OK)
        return e;
    bool begun = since == 0;
    t->truncated |= !begun;
    /* One that prints as fast as we read has no end: what came so far will do. */
    while (taken < 2 * window && (e = streamreader_next(reader, &r)) != ERR_AGAIN) {
        if (e == ERR_CORRUPT || e == ERR_GONE) {
            t->truncated = true;
            continue;
        }
        if (e != ERR_OK)
            break;
        if (r.kind != RECORD_OUTPUT)
            continue;
        const char *newline = begun ? NULL : memchr(r.payload, '\n', r.n);
        const char *from = begun ? r.payload : newline ? newline + 1 : NULL;
        if (from)
            terminal_text_feed(t, from, (size_t)(r.payload + r.n - from));
        begun |= from != NULL;
        taken += r.n;
    }
    streamreader_close(reader);
    terminal_text_end(t);
    return e == ERR_AGAIN ? ERR_OK : e;
}

enum err session_on_terminal_output(struct hub *hub, cJSON *doc, const cJSON *id,
                                    const cJSON *params)
{
    cJSON *shell = NULL;
    enum err e = ERR_OK;
    const cJSON *entry = find(hub, doc, id, params, &e);
    if (!entry)
        return e;
    struct terminal_text t = {.limit = (size_t)json_int(entry, "limit", OUTPUT_LIMIT)};
    e = journal_get(hub->journal, "shell", entry->string, &shell);
    if (e == ERR_OK && read_output(hub, entry->string, &t) == ERR_OK) {
        cJSON *result = cJSON_CreateObject(), *end = exit_of(shell);
        cJSON_AddStringToObject(result, "output", t.text.data ? t.text.data : "");
        cJSON_AddBoolToObject(result, "truncated", t.truncated);
        if (end)
            cJSON_AddItemToObject(result, "exitStatus", end);
        e = session_answer(hub, doc, id, result);
    } else if (e == ERR_OK || e == ERR_NOT_FOUND) {
        e = session_answer_error(hub, doc, id, ACP_INTERNAL,
                                 "the record of this terminal cannot be read");
    }
    terminal_text_finish(&t);
    cJSON_Delete(shell);
    return e;
}

enum err session_on_terminal_wait(struct hub *hub, cJSON *doc, const cJSON *id, const cJSON *params)
{
    cJSON *shell = NULL, *end = NULL;
    enum err e = ERR_OK;
    cJSON *entry = find(hub, doc, id, params, &e);
    if (!entry)
        return e;
    e = journal_get(hub->journal, "shell", entry->string, &shell);
    if (e == ERR_NOT_FOUND) { /* its workspace was deleted */
        end = exit_status(0, true);
        e = ERR_OK;
    } else if (e == ERR_OK) {
        end = exit_of(shell);
    }
    cJSON_Delete(shell);
    if (e != ERR_OK)
        return e;
    if (end)
        return session_answer(hub, doc, id, end);
    cJSON *waits = cJSON_GetObjectItemCaseSensitive(entry, "waits");
    if (!waits)
        waits = cJSON_AddArrayToObject(entry, "waits");
    if (cJSON_GetArraySize(waits) >= WAITS_MAX)
        return session_answer_error(hub, doc, id, ACP_INTERNAL,
                                    "too many requests wait for this terminal's end already");
    cJSON_AddItemToArray(waits, cJSON_Duplicate(id, true));
    return ERR_OK;
}

enum err session_on_terminal_kill(struct hub *hub, cJSON *doc, const cJSON *id, const cJSON *params)
{
    enum err e = ERR_OK;
    const cJSON *entry = find(hub, doc, id, params, &e);
    if (!entry)
        return e;
    e = shells_kill(hub, entry->string);
    return e == ERR_OK || e == ERR_NOT_FOUND ? session_answer(hub, doc, id, NULL) : e;
}

enum err session_on_terminal_release(struct hub *hub, cJSON *doc, const cJSON *id,
                                     const cJSON *params)
{
    bool live = false;
    enum err e = ERR_OK;
    cJSON *entry = find(hub, doc, id, params, &e);
    if (!entry)
        return e;
    e = shells_dismiss(hub, entry->string, json_string(doc, "member", ""), &live);
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return e;
    if (live && json_get(entry, "waits")) /* somebody is to be told yet how it ended */
        cJSON_AddTrueToObject(entry, "released");
    else
        cJSON_DeleteItemFromObjectCaseSensitive(cJSON_GetObjectItemCaseSensitive(doc, "terminals"),
                                                entry->string);
    return session_answer(hub, doc, id, NULL);
}
