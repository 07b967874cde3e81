/* Files of a workspace, whole: fs.read, fs.write and so on. A plain workspace's are those beneath
 * its folder, a sandbox's those of its home and its mounts (worlds.h says where); core/work/files
 * sees to it that no path leads out, whoever moves what meanwhile.
 *
 * Who may do it is settled on control, as of every call; what the disk does then is done aside
 * (aside.h), so that neither a big file, a folder with a million entries nor a disk that does not
 * answer holds up anybody else. It begins when the batch is committed that took the call in. A job
 * has all that it needs: its caller may be gone before it is back. What that wanted changed is
 * changed all the same; a reading whose turn comes then is left out. */
#include "core/hub/work/worlds.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/hub/aside.h"
#include "core/work/files.h"

#include <stdlib.h>
#include <string.h>

#define READ_MOST (8u * 1024u * 1024u) /* as base64 it must fit into one message */
#define LIST_MOST 20000

struct job {
    struct aside aside;
    enum err (*act)(struct job *j, cJSON **ret_result); /* in the pool */
    bool writes;                                        /* or makes, moves, deletes */
    cJSON *workspace, *params;                          /* its row, and the call's */
    struct buf answer;                                  /* whole, when result is ERR_OK */
    enum err result;
    char why[FILES_WHY];
};

struct place { /* a path, ready for core/work/files */
    struct files *files;
    char *path;
};

/* --- in the pool --------------------------------------------------------------------------------
 */

static void finish(struct place *p)
{
    files_close(p->files);
    free(p->path);
}

/* A path that is denied is so for every role: what helps is another path. */
static enum err refuse(struct call *c, enum err e, const char *why)
{
    if (e != ERR_DENIED)
        return call_fail(c, e, "%s", why);
    cJSON *data = cJSON_CreateObject();
    cJSON_AddStringToObject(data, "agent", "That path is closed to callers of every role.");
    cJSON_AddStringToObject(data, "next", "No role changes that: name a path in the workspace.");
    call_format_error_with(c, e, why, data);
    return e;
}

static enum err find(struct job *j, const char *param, struct place *ret)
{
    struct place p = {0};
    bool ro = false;
    enum err e = world_root(j->aside.hub, j->workspace, json_string(j->params, param, "."),
                            &p.files, &p.path, &ro, j->why);
    if (e == ERR_OK && ro && j->writes) {
        snprintf(j->why, sizeof j->why, "what lies there was mounted to be read only");
        finish(&p);
        e = ERR_DENIED;
    }
    if (e == ERR_OK) {
        files_heed(p.files, aside_ending(j->aside.hub));
        *ret = p;
    }
    return e;
}

static void add_name(cJSON *o, const struct job *j, const char *param)
{
    const char *path = json_string(j->params, param, "");
    json_add_text(o, param, path, strlen(path));
}

static cJSON *path_of(const struct job *j)
{
    cJSON *r = cJSON_CreateObject();
    add_name(r, j, "path");
    return r;
}

static enum err do_read(struct job *j, cJSON **ret)
{
    const char *encoding = json_string(j->params, "encoding", "");
    const struct files_part part = {.line = json_int(j->params, "line", 1),
                                    .limit = json_int(j->params, "limit", -1),
                                    .max = READ_MOST,
                                    .text = strcmp(encoding, "text") == 0};
    struct place p;
    struct buf b = {0};
    enum err e = find(j, "path", &p);
    if (e != ERR_OK)
        return e;
    e = files_read(p.files, p.path, &part, &b, j->why);
    cJSON *r = path_of(j);
    const char *bytes = b.data ? b.data : "";
    if (e == ERR_OK && strcmp(encoding, "base64") != 0 && text_is_utf8(bytes, b.len) &&
        !memchr(bytes, '\0', b.len)) {
        cJSON_AddStringToObject(r, "content", bytes);
        cJSON_AddStringToObject(r, "encoding", "text");
    } else if (e == ERR_OK) {
        json_add_base64(r, "content", bytes, b.len);
        cJSON_AddStringToObject(r, "encoding", "base64");
    }
    json_add_int(r, "bytes", (int64_t)b.len);
    buf_finish(&b);
    finish(&p);
    *ret = r;
    return e;
}

static enum err do_write(struct job *j, cJSON **ret)
{
    struct place p;
    const char *bytes = json_string(j->params, "content", "");
    char *decoded = NULL;
    size_t n = strlen(bytes);
    if (strcmp(json_string(j->params, "encoding", "text"), "base64") == 0) {
        if (json_get_base64(j->params, "content", &decoded, &n) != ERR_OK) {
            snprintf(j->why, sizeof j->why, "\"content\" is no base64");
            return ERR_INVALID;
        }
        bytes = decoded;
    }
    enum err e = find(j, "path", &p);
    if (e == ERR_OK) {
        e = files_write(p.files, p.path, bytes, n, j->why);
        *ret = path_of(j);
        json_add_int(*ret, "bytes", (int64_t)n);
        finish(&p);
    }
    free(decoded);
    return e;
}

static void add_stat(cJSON *o, const struct files_stat *st)
{
    char mode[8];
    snprintf(mode, sizeof mode, "%04o", st->mode);
    cJSON_AddStringToObject(o, "kind", files_kind_name(st->kind));
    json_add_int(o, "bytes", (int64_t)st->bytes);
    json_add_int(o, "changedAt", st->changed_us / 1000);
    cJSON_AddStringToObject(o, "mode", mode);
}

static void add_entry(void *data, const char *name, const struct files_stat *st)
{
    cJSON *o = cJSON_CreateObject();
    json_add_text(o, "name", name, strlen(name));
    add_stat(o, st);
    cJSON_AddItemToArray(data, o);
}

static enum err do_list(struct job *j, cJSON **ret)
{
    struct place p;
    enum err e = find(j, "path", &p);
    if (e != ERR_OK)
        return e;
    *ret = cJSON_CreateArray();
    e = files_list(p.files, p.path, LIST_MOST, add_entry, *ret, j->why);
    finish(&p);
    return e;
}

static enum err do_stat(struct job *j, cJSON **ret)
{
    struct place p;
    struct files_stat st;
    enum err e = find(j, "path", &p);
    if (e != ERR_OK)
        return e;
    *ret = path_of(j);
    e = files_stat(p.files, p.path, &st, j->why);
    if (e == ERR_OK)
        add_stat(*ret, &st);
    finish(&p);
    return e;
}

static enum err do_exists(struct job *j, cJSON **ret)
{
    struct place p;
    struct files_stat st;
    enum err e = find(j, "path", &p);
    if (e != ERR_OK)
        return e;
    e = files_stat(p.files, p.path, &st, j->why);
    finish(&p);
    *ret = path_of(j);
    const bool there = e == ERR_OK;
    cJSON_AddBoolToObject(*ret, "exists", there);
    cJSON_AddStringToObject(*ret, "said", there ? "yes" : "no");
    json_add_int(*ret, "exit", there ? 0 : 1);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err do_mkdir(struct job *j, cJSON **ret)
{
    struct place p;
    enum err e = find(j, "path", &p);
    if (e != ERR_OK)
        return e;
    e = files_mkdir(p.files, p.path, j->why);
    finish(&p);
    *ret = path_of(j);
    return e;
}

static enum err do_move(struct job *j, cJSON **ret)
{
    struct place from, to;
    enum err e = find(j, "path", &from);
    if (e != ERR_OK)
        return e;
    e = find(j, "to", &to);
    if (e != ERR_OK) {
        finish(&from);
        return e;
    }
    /* Roots are few, and each is its own place: from one to another nothing is moved. */
    if (files_same(from.files, to.files)) {
        e = files_move(from.files, from.path, to.path, json_bool(j->params, "replace", false),
                       j->why);
    } else {
        snprintf(j->why, sizeof j->why,
                 "nothing is moved between the home and a mount; write it anew");
        e = ERR_INVALID;
    }
    finish(&from);
    finish(&to);
    *ret = path_of(j);
    add_name(*ret, j, "to");
    return e;
}

static enum err do_delete(struct job *j, cJSON **ret)
{
    struct place p;
    enum err e = find(j, "path", &p);
    if (e != ERR_OK)
        return e;
    e = files_delete(p.files, p.path, json_bool(j->params, "all", false), j->why);
    finish(&p);
    *ret = path_of(j);
    return e;
}

/* The answer's text is made here as well: of eight megabytes that takes as long as reading them. */
static void run(struct aside *aside)
{
    struct job *j = (struct job *)aside;
    cJSON *result = NULL;
    j->result = j->act(j, &result);
    if (j->result == ERR_OK) {
        char *text = json_print(result);
        buf_puts(&j->answer, "\"result\":");
        buf_puts(&j->answer, text);
        buf_putc(&j->answer, '}');
        free(text);
    }
    cJSON_Delete(result);
    cJSON_DeleteItemFromObjectCaseSensitive(j->params, "content");
}

/* --- on control ---------------------------------------------------------------------------------
 */

static void back(struct hub *hub, struct aside *aside)
{
    struct job *j = (struct job *)aside;
    if (j->writes && world_is_sandbox(j->workspace) && !atomic_load(aside_ending(hub)))
        world_watch(hub, aside->place);
    struct call *c = aside_caller(hub, aside);
    if (!c)
        return;
    if (j->result == ERR_OK)
        call_reply_whole(c, &j->answer);
    else
        refuse(c, j->result, j->why);
    call_send(c);
}

static void destroy(struct aside *aside)
{
    struct job *j = (struct job *)aside;
    cJSON_Delete(j->workspace);
    cJSON_Delete(j->params);
    buf_finish(&j->answer);
    free(j);
}

/* The content of a file is moved into the job, not copied: nobody behind the handler reads it. */
static cJSON *take_params(struct call *c)
{
    cJSON *content = cJSON_DetachItemFromObjectCaseSensitive(c->params, "content");
    cJSON *params = cJSON_Duplicate(c->params, true);
    if (content)
        cJSON_AddItemToObject(params, "content", content);
    free(c->message); /* the same bytes once more */
    c->message = NULL;
    c->message_n = 0;
    return params;
}

static enum err begin(struct hub *hub, struct call *c, bool writes,
                      enum err (*act)(struct job *j, cJSON **ret_result))
{
    const char *key = call_string(c, "workspace", "main");
    cJSON *workspace = NULL;
    enum err e = workspace_need(hub, c, key, &workspace);
    if (e != ERR_OK)
        return e;
    if (writes && world_is_sandbox(workspace))
        world_watch(hub, key);
    struct job *j = mem_zalloc(sizeof *j);
    j->act = act;
    j->writes = writes;
    j->workspace = workspace;
    j->params = take_params(c);
    call_answer_head(c, &j->answer);
    snprintf(j->aside.place, sizeof j->aside.place, "%s", key);
    j->aside.lasts = json_bool(j->params, "all", false); /* fs.delete alone has that */
    j->aside.reads = !writes;
    j->aside.run = run;
    j->aside.back = back;
    j->aside.destroy = destroy;
    return aside_park(hub, c, &j->aside);
}

/* Whatever makes a home larger; deleting is always allowed. */
static enum err check_room(struct hub *hub, struct call *c)
{
    const char *key = call_string(c, "workspace", "main");
    if (!world_is_full(hub, key))
        return ERR_OK;
    return call_fail(
        c, ERR_DISK_FULL,
        "the home of \"%s\" is larger than limits.disk allows: delete some of it first", key);
}

enum err fs_read(struct hub *hub, struct call *c)
{
    return begin(hub, c, false, do_read);
}

enum err fs_write(struct hub *hub, struct call *c)
{
    enum err e = check_room(hub, c);
    return e == ERR_OK ? begin(hub, c, true, do_write) : e;
}

enum err fs_list(struct hub *hub, struct call *c)
{
    return begin(hub, c, false, do_list);
}

enum err fs_stat(struct hub *hub, struct call *c)
{
    return begin(hub, c, false, do_stat);
}

enum err fs_exists(struct hub *hub, struct call *c)
{
    return begin(hub, c, false, do_exists);
}

enum err fs_mkdir(struct hub *hub, struct call *c)
{
    enum err e = check_room(hub, c);
    return e == ERR_OK ? begin(hub, c, true, do_mkdir) : e;
}

enum err fs_move(struct hub *hub, struct call *c)
{
    return begin(hub, c, true, do_move);
}

enum err fs_delete(struct hub *hub, struct call *c)
{
    return begin(hub, c, true, do_delete);
}
