/* Files of a workspace, whole: fs.read, fs.write and so on. A plain workspace's are those beneath
 * its folder, a sandbox's those of its home and its mounts (worlds.h says where); core/work/files
 * sees to it that no path leads out, whoever moves what meanwhile. Control: a big file holds others
 * up for as long as the disk takes, so there is a limit to what is read at once. */
#include "core/hub/work/worlds.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/work/files.h"

#include <stdlib.h>
#include <string.h>

#define READ_MOST (8u * 1024u * 1024u) /* as base64 it must fit into one message */
#define LIST_MOST 20000

struct place { /* a path, ready for core/work/files */
    struct files *files;
    char *path;
};

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

static enum err find(struct hub *hub, struct call *c, const char *param, bool write,
                     struct place *ret)
{
    const char *key = call_string(c, "workspace", "main"), *path = call_string(c, param, ".");
    cJSON *workspace = NULL;
    char why[FILES_WHY];
    bool ro = false;
    *ret = (struct place){0};
    enum err e = workspace_need(hub, c, key, &workspace);
    if (e != ERR_OK)
        return e;
    e = world_root(hub, workspace, path, &ret->files, &ret->path, &ro, why);
    if (e == ERR_OK && ro && write) {
        snprintf(why, sizeof why, "what lies there was mounted to be read only");
        e = ERR_DENIED;
    }
    if (e != ERR_OK)
        refuse(c, e, why);
    if (e == ERR_OK && write && world_is_sandbox(workspace))
        world_watch(hub, key);
    if (e != ERR_OK)
        finish(ret);
    cJSON_Delete(workspace);
    return e;
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

static enum err done(struct call *c, enum err e, const char *why, cJSON *result)
{
    if (e == ERR_OK) {
        call_reply(c, result);
        return ERR_OK;
    }
    cJSON_Delete(result);
    return refuse(c, e, why);
}

static cJSON *path_of(const struct call *c)
{
    cJSON *r = cJSON_CreateObject();
    const char *path = call_string(c, "path", "");
    json_add_text(r, "path", path, strlen(path));
    return r;
}

enum err fs_read(struct hub *hub, struct call *c)
{
    const char *encoding = call_string(c, "encoding", "");
    const struct files_part part = {.line = call_int(c, "line", 1),
                                    .limit = call_int(c, "limit", -1),
                                    .max = READ_MOST,
                                    .text = strcmp(encoding, "text") == 0};
    struct place p;
    struct buf b = {0};
    char why[FILES_WHY];
    enum err e = find(hub, c, "path", false, &p);
    if (e != ERR_OK)
        return e;
    e = files_read(p.files, p.path, &part, &b, why);
    cJSON *r = path_of(c);
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
    return done(c, e, why, r);
}

enum err fs_write(struct hub *hub, struct call *c)
{
    struct place p;
    char why[FILES_WHY], *bytes = NULL;
    size_t n = 0;
    enum err e = check_room(hub, c);
    if (e != ERR_OK)
        return e;
    if (strcmp(call_string(c, "encoding", "text"), "base64") == 0) {
        if (json_get_base64(call_params(c), "content", &bytes, &n) != ERR_OK)
            return call_fail(c, ERR_INVALID, "\"content\" is no base64");
    } else {
        bytes = mem_strdup(call_string(c, "content", ""));
        n = strlen(bytes);
    }
    e = find(hub, c, "path", true, &p);
    if (e == ERR_OK) {
        e = files_write(p.files, p.path, bytes, n, why);
        cJSON *r = path_of(c);
        json_add_int(r, "bytes", (int64_t)n);
        finish(&p);
        e = done(c, e, why, r);
    }
    free(bytes);
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

enum err fs_list(struct hub *hub, struct call *c)
{
    struct place p;
    char why[FILES_WHY];
    enum err e = find(hub, c, "path", false, &p);
    if (e != ERR_OK)
        return e;
    cJSON *list = cJSON_CreateArray();
    e = files_list(p.files, p.path, LIST_MOST, add_entry, list, why);
    finish(&p);
    return done(c, e, why, list);
}

enum err fs_stat(struct hub *hub, struct call *c)
{
    struct place p;
    struct files_stat st;
    char why[FILES_WHY];
    enum err e = find(hub, c, "path", false, &p);
    if (e != ERR_OK)
        return e;
    cJSON *r = path_of(c);
    e = files_stat(p.files, p.path, &st, why);
    if (e == ERR_OK)
        add_stat(r, &st);
    finish(&p);
    return done(c, e, why, r);
}

enum err fs_exists(struct hub *hub, struct call *c)
{
    struct place p;
    struct files_stat st;
    char why[FILES_WHY];
    enum err e = find(hub, c, "path", false, &p);
    if (e != ERR_OK)
        return e;
    e = files_stat(p.files, p.path, &st, why);
    finish(&p);
    cJSON *r = path_of(c);
    const bool there = e == ERR_OK;
    cJSON_AddBoolToObject(r, "exists", there);
    cJSON_AddStringToObject(r, "said", there ? "yes" : "no");
    json_add_int(r, "exit", there ? 0 : 1);
    return done(c, e == ERR_NOT_FOUND ? ERR_OK : e, why, r);
}

enum err fs_mkdir(struct hub *hub, struct call *c)
{
    struct place p;
    char why[FILES_WHY];
    enum err e = check_room(hub, c);
    if (e == ERR_OK)
        e = find(hub, c, "path", true, &p);
    if (e != ERR_OK)
        return e;
    e = files_mkdir(p.files, p.path, why);
    finish(&p);
    return done(c, e, why, path_of(c));
}

enum err fs_move(struct hub *hub, struct call *c)
{
    struct place from, to;
    char why[FILES_WHY];
    enum err e = find(hub, c, "path", true, &from);
    if (e != ERR_OK)
        return e;
    e = find(hub, c, "to", true, &to);
    if (e != ERR_OK) {
        finish(&from);
        return e;
    }
    /* Roots are few, and each is its own place: from one to another nothing is moved. */
    if (files_same(from.files, to.files)) {
        e = files_move(from.files, from.path, to.path, call_bool(c, "replace", false), why);
    } else {
        snprintf(why, sizeof why, "nothing is moved between the home and a mount; write it anew");
        e = ERR_INVALID;
    }
    finish(&from);
    finish(&to);
    cJSON *r = path_of(c);
    const char *name = call_string(c, "to", "");
    json_add_text(r, "to", name, strlen(name));
    return done(c, e, why, r);
}

enum err fs_delete(struct hub *hub, struct call *c)
{
    struct place p;
    char why[FILES_WHY];
    enum err e = find(hub, c, "path", true, &p);
    if (e != ERR_OK)
        return e;
    e = files_delete(p.files, p.path, call_bool(c, "all", false), why);
    finish(&p);
    return done(c, e, why, path_of(c));
}
