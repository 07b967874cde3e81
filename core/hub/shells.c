/* Shells, the control side: opening (a row in the journal first, then a keeper), their end, and
 * what is listed. The journal's document is the truth; the registry adds what moves (position,
 * title).
 *
 * A shell's states: starting → running → exited (the program ended), lost (the keeper died), failed
 * (it never ran), and closed (dismissed; its record stays until the workspace is deleted). */
#include "core/hub/batons.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/base/text.h"
#include "core/hub/streams.h"
#include "core/stream/keeper.h"
#include "core/stream/streamlog.h"
#include "core/work/environment.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct starter { /* one `baton keep DIR` until it has said that the child runs */
    struct hub *hub;
    uv_process_t process;
    uv_pipe_t out;
    char id[32];
    uint64_t serial; /* of the parked shell.open */
    char said[512];
    size_t said_n;
    int64_t status;
    int open_handles;
};

struct started { /* the work that it becomes */
    char id[32];
    uint64_t serial;
    int64_t status;
    char said[512];
};

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

/* Control work: the starter's first process has ended, the child runs or it does not. */
static enum err shell_started(struct hub *hub, void *arg)
{
    struct started *s = arg;
    struct call *call = control_parked(hub, s->serial);
    cJSON *doc = NULL;
    enum err e;

    if (s->status != 0) {
        char safe[600];
        text_make_safe(safe, sizeof safe, s->said, strcspn(s->said, "\n"));
        const char *sentence = strchr(safe, ':') ? strchr(safe, ':') + 2 : safe;
        e = put_state(hub, s->id, "failed", NULL);
        if (e == ERR_OK && call) {
            call_fail(call, ERR_EXEC, "%s", *sentence ? sentence : err_text(ERR_EXEC)->person);
            control_answered(hub, call);
        }
        registry_remove(hub->registry, s->id);
        return e;
    }
    e = put_state(hub, s->id, "running", &doc);
    if (e == ERR_OK)
        e = control_event(hub, "shellOpened", json_string(doc, "workspace", ""),
                          json_string(doc, "openedBy", ""), s->id, doc);
    if (e == ERR_OK) {
        struct stream_attach attach = {0};
        memcpy(attach.id, s->id, sizeof attach.id);
        hub_post_stream(hub, streams_attach, mem_dup(&attach, sizeof attach));
        if (json_bool(doc, "closing", false)) /* it was closed before it ran */
            hub_post_stream(hub, streams_close, mem_dup(s->id, sizeof s->id));
        if (call) {
            call_reply(call, open_result(doc));
            control_answered(hub, call);
        }
    }
    cJSON_Delete(doc);
    return e;
}

static void starter_closed(uv_handle_t *handle)
{
    struct starter *s = handle->data;
    if (--s->open_handles > 0)
        return;
    struct started done = {.serial = s->serial, .status = s->status};
    memcpy(done.id, s->id, sizeof done.id);
    memcpy(done.said, s->said, sizeof done.said);
    hub_post_control(s->hub, shell_started, mem_dup(&done, sizeof done));
    free(s);
}

static void starter_exit(uv_process_t *process, int64_t status, int signal)
{
    struct starter *s = process->data;
    s->status = signal ? 128 + signal : status;
    uv_close((uv_handle_t *)process, starter_closed);
}

static void starter_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct starter *s = handle->data;
    (void)suggested;
    buf->base = s->said + s->said_n;
    buf->len = sizeof s->said - 1 - s->said_n;
}

static void starter_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct starter *s = stream->data;
    (void)buf;
    if (n > 0)
        s->said_n += (size_t)n;
    if ((n < 0 || s->said_n == sizeof s->said - 1) && !uv_is_closing((uv_handle_t *)stream))
        uv_close((uv_handle_t *)stream, starter_closed);
}

/* After the commit: the folder, its meta.json, and the keeper. */
struct start {
    char id[32];
    uint64_t serial;
};

static char **command_of(const cJSON *doc)
{
    const cJSON *list = json_get(doc, "command"), *item;
    char **argv = mem_calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *argv);
    size_t i = 0;
    cJSON_ArrayForEach(item, list) argv[i++] = mem_strdup(item->valuestring);
    return argv;
}

static enum err write_meta(struct hub *hub, const char *dir, const cJSON *doc)
{
    const char *id = json_string(doc, "shellId", ""), *ws = json_string(doc, "workspace", "");
    struct keeper_meta meta = {
        .id = mem_strdup(id),
        .workspace = mem_strdup(ws),
        .command = command_of(doc),
        .env = environment_for_shell(hub->name, id, ws),
        .cwd = mem_strdup(json_string(doc, "cwd", "/")),
        .pty = true,
        .rows = (int)json_int(doc, "rows", 24),
        .cols = (int)json_int(doc, "cols", 80),
        .retention =
            json_bool(doc, "recordAll", false) ? 0 : (uint64_t)config_retention(hub->config),
        .checksum = json_bool(doc, "checksum", false),
        .created_us = clock_wall_us(),
    };
    enum err e = path_make_private(dir);
    if (e == ERR_OK)
        e = keeper_meta_write(dir, &meta);
    keeper_meta_finish(&meta);
    return e;
}

static void start_failed(struct hub *hub, const struct start *start, const char *why)
{
    struct started done = {.serial = start->serial, .status = 1};
    memcpy(done.id, start->id, sizeof done.id);
    snprintf(done.said, sizeof done.said, "IoError: %s", why);
    hub_post_control(hub, shell_started, mem_dup(&done, sizeof done));
}

static enum err start_keeper(struct hub *hub, void *arg)
{
    const struct start *start = arg;
    cJSON *doc = NULL;
    char *dir = path_join(hub->streams_dir, start->id);
    enum err e = journal_get(hub->journal, "shell", start->id, &doc);

    if (e == ERR_OK)
        e = write_meta(hub, dir, doc);
    cJSON_Delete(doc);
    if (e != ERR_OK) {
        start_failed(hub, start, err_text(e)->person);
        free(dir);
        return e;
    }
    struct starter *s = mem_zalloc(sizeof *s);
    s->hub = hub;
    s->serial = start->serial;
    memcpy(s->id, start->id, sizeof s->id);
    s->process.data = s->out.data = s;
    s->open_handles = 2;
    uv_pipe_init(&hub->control_loop, &s->out, 0);
    char word[] = "keep";
    char *argv[] = {hub->program, word, dir, NULL};
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&s->out},
        {.flags = UV_IGNORE},
    };
    uv_process_options_t options = {
        .file = hub->program,
        .args = argv,
        .exit_cb = starter_exit,
        .stdio = stdio,
        .stdio_count = 3,
    };
    int rc = uv_spawn(&hub->control_loop, &s->process, &options);
    if (rc < 0) {
        snprintf(s->said, sizeof s->said, "ExecFailed: the keeper does not start: %s",
                 uv_strerror(rc));
        s->status = 127;
        uv_close((uv_handle_t *)&s->process, starter_closed);
        uv_close((uv_handle_t *)&s->out, starter_closed);
    } else {
        uv_read_start((uv_stream_t *)&s->out, starter_alloc, starter_read);
    }
    free(dir);
    return ERR_OK;
}

static void add_default_command(struct hub *hub, cJSON *doc)
{
    cJSON *command = cJSON_AddArrayToObject(doc, "command");
    cJSON_AddItemToArray(command, cJSON_CreateString(config_shell(hub->config)));
}

enum err shell_open(struct hub *hub, struct call *c)
{
    const char *key = call_string(c, "workspace", "main"), *cwd;
    const cJSON *command = json_get(c->params, "command");
    cJSON *workspace = NULL;
    int64_t number = 0;
    struct start start = {0};

    bool created;
    enum err e = journal_get(hub->journal, "workspace", key, &workspace);
    if (e == ERR_NOT_FOUND && strcmp(key, "main") == 0) /* the one that is always there */
        e = workspace_ensure(hub, c, key, NULL, &workspace, &created);
    if (e == ERR_NOT_FOUND)
        return call_fail(
            c, e, "there is no workspace \"%s\"; open it with: baton workspace open %s", key, key);
    if (e != ERR_OK)
        return e;
    if (shells_running(hub) >= config_max_streams(hub->config)) {
        cJSON_Delete(workspace);
        return call_fail(c, ERR_LIMIT, "%d shells run already, the limit (limits.streams)",
                         config_max_streams(hub->config));
    }
    cwd = call_string(c, "cwd", json_string(workspace, "cwd", "/"));
    struct stat st;
    if (stat(cwd, &st) < 0 || !S_ISDIR(st.st_mode)) {
        e = call_fail(c, ERR_NOT_FOUND, "the folder %s does not exist", cwd);
        cJSON_Delete(workspace);
        return e;
    }
    cJSON *doc = cJSON_CreateObject();
    e = journal_next(hub->journal, "shell", &number);
    snprintf(start.id, sizeof start.id, "sh%lld", (long long)number);
    cJSON_AddStringToObject(doc, "shellId", start.id);
    cJSON_AddStringToObject(doc, "workspace", key);
    if (command && cJSON_GetArraySize(command) > 0)
        cJSON_AddItemToObject(doc, "command", cJSON_Duplicate(command, true));
    else
        add_default_command(hub, doc);
    const char *program = json_get(doc, "command")->child->valuestring;
    const char *base = strrchr(program, '/') ? strrchr(program, '/') + 1 : program;
    cJSON_AddStringToObject(doc, "name", call_string(c, "name", base));
    cJSON_AddStringToObject(doc, "cwd", cwd);
    json_add_int(doc, "rows", call_int(c, "rows", 24));
    json_add_int(doc, "cols", call_int(c, "cols", 80));
    cJSON_AddStringToObject(doc, "state", "starting");
    cJSON_AddStringToObject(doc, "openedBy", c->who);
    json_add_int(doc, "openedAt", clock_wall_us() / 1000);
    if (call_bool(c, "checksum", false))
        cJSON_AddBoolToObject(doc, "checksum", true);
    if (strcmp(call_string(c, "record", ""), "full") == 0)
        cJSON_AddBoolToObject(doc, "recordAll", true);
    if (e == ERR_OK)
        e = journal_put(hub->journal, "shell", start.id, doc);
    if (e == ERR_OK) {
        remember(hub, doc);
        start.serial = control_park(hub, c, -1);
        control_after(hub, start_keeper, mem_dup(&start, sizeof start));
    }
    cJSON_Delete(doc);
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

static int by_number(const cJSON *a, const cJSON *b)
{
    return atoi(json_string(a, "shellId", "sh0") + 2) - atoi(json_string(b, "shellId", "sh0") + 2);
}

/* The journal gives ids as text (sh10 before sh2): people count. */
static cJSON *sort_by_number(cJSON *list)
{
    cJSON *sorted = cJSON_CreateArray();
    while (list->child) {
        cJSON *least = list->child, *item;
        cJSON_ArrayForEach(item, list) if (by_number(item, least) < 0) least = item;
        cJSON_AddItemToArray(sorted, cJSON_DetachItemViaPointer(list, least));
    }
    cJSON_Delete(list);
    return sorted;
}

enum err shell_list(struct hub *hub, struct call *c)
{
    struct listing l = {hub, cJSON_CreateArray(), call_string(c, "workspace", NULL),
                        call_bool(c, "all", false)};
    enum err e = journal_each(hub->journal, "shell", add_to_list, &l);
    l.list = sort_by_number(l.list);
    if (e == ERR_OK)
        call_reply(c, l.list);
    else
        cJSON_Delete(l.list);
    return e;
}

static enum err resolve(struct hub *hub, struct call *c, char id[32])
{
    const char *text = call_string(c, "shellId", "");
    enum err e = registry_resolve(hub->registry, text, id);
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

/* Its end will mean that it is dismissed; the program is told once that is on disk. */
static enum err begin_close(struct hub *hub, const char *id, cJSON *doc)
{
    if (!json_get(doc, "closing"))
        cJSON_AddBoolToObject(doc, "closing", true);
    enum err e = journal_put(hub->journal, "shell", id, doc);
    if (e == ERR_OK) {
        char copy[32] = "";
        snprintf(copy, sizeof copy, "%s", id);
        control_after_on_stream(hub, streams_close, mem_dup(copy, sizeof copy));
    }
    return e;
}

enum err shells_close(struct hub *hub, const char *workspace)
{
    size_t count;
    enum err e = ERR_OK;
    struct stream_info *all = registry_all(hub->registry, &count);
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        cJSON *doc = NULL;
        if (all[i].exited || (workspace && strcmp(all[i].workspace, workspace) != 0))
            continue;
        e = journal_get(hub->journal, "shell", all[i].id, &doc);
        if (e == ERR_OK && is_live(doc))
            e = begin_close(hub, all[i].id, doc);
        else if (e == ERR_NOT_FOUND)
            e = ERR_OK;
        cJSON_Delete(doc);
    }
    free(all);
    return e;
}

enum err shell_close(struct hub *hub, struct call *c)
{
    char id[32];
    cJSON *doc = NULL;
    enum err e = resolve(hub, c, id);
    if (e == ERR_OK)
        e = journal_get(hub->journal, "shell", id, &doc);
    if (e != ERR_OK)
        return e;
    bool live = is_live(doc);
    cJSON *r = cJSON_CreateObject();
    cJSON_AddStringToObject(r, "shellId", id);
    cJSON_AddStringToObject(r, "state", live ? "closing" : "closed");
    if (live) {
        e = begin_close(hub, id, doc);
    } else {
        cJSON_ReplaceItemInObjectCaseSensitive(doc, "state", cJSON_CreateString("closed"));
        e = journal_put(hub->journal, "shell", id, doc);
        if (e == ERR_OK)
            e = control_event(hub, "shellClosed", json_string(doc, "workspace", ""), c->who, id, r);
    }
    cJSON_Delete(doc);
    if (e == ERR_OK)
        call_reply(c, r);
    else
        cJSON_Delete(r);
    return e;
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
        control_after_on_stream(hub, streams_bye, mem_dup(end->id, sizeof end->id));
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
    }
    e = journal_put(hub->journal, "shell", end->id, doc);
    if (e == ERR_OK)
        e = control_event(hub, "shellExit", json_string(doc, "workspace", ""), "", end->id, data);
    if (e == ERR_OK && closing)
        e = control_event(hub, "shellClosed", json_string(doc, "workspace", ""), "", end->id, data);
    if (e == ERR_OK)
        e = batons_ended(hub, end->id);
    if (e == ERR_OK)
        control_after_on_stream(hub, streams_bye, mem_dup(end->id, sizeof end->id));
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
            e = control_event(hub, "shellOpened", json_string(doc, "workspace", ""),
                              json_string(doc, "openedBy", ""), arg, doc);
    }
    cJSON_Delete(doc);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

int shells_running(struct hub *hub)
{
    size_t count = 0;
    int running = 0;
    struct stream_info *all = registry_all(hub->registry, &count);
    for (size_t i = 0; i < count; i++)
        running += !all[i].exited;
    free(all);
    return running;
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
    if (!attach.ended)
        batons_recover(hub, key);
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
