/* See worlds.h: the rows of sandboxed workspaces, what is mounted in them, and where their paths
 * lie on the host. */
#include "core/hub/work/worlds_private.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/base/text.h"
#include "core/hub/aside.h"
#include "core/work/files.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool world_is_sandbox(const cJSON *workspace)
{
    return json_get(workspace, "sandbox") != NULL;
}

void world_box_init(struct hub *hub, const cJSON *workspace, struct world_box *box)
{
    const cJSON *row = json_get(workspace, "sandbox"), *one;
    *box = (struct world_box){0};
    struct sandbox *s = &box->sandbox;
    s->key = json_string(workspace, "workspace", "");
    s->home = json_string(row, "home", "/nonexistent");
    s->program = hub->program;
    s->network = json_bool(row, "network", false);
    s->mounts = box->mounts;
    cJSON_ArrayForEach(one, json_get(row, "mounts"))
    {
        if (s->mount_count == SANDBOX_MOUNTS)
            break;
        box->mounts[s->mount_count++] = (struct sandbox_mount){
            .from = cJSON_GetStringValue(json_get(one, "from")),
            .to = cJSON_GetStringValue(json_get(one, "to")),
            .ro = json_bool(one, "ro", true),
        };
    }
}

enum err world_box_look(struct world_box *box, char **ret_why)
{
    for (size_t i = 0; i < box->sandbox.mount_count; i++) {
        struct sandbox_mount *m = &box->mounts[i];
        struct stat st;
        const int fd = files_open_linkless(m->from, 0);
        const bool there = fd >= 0 && fstat(fd, &st) == 0;
        if (fd >= 0)
            close(fd);
        if (!there) {
            char shown[300];
            text_make_safe(shown, sizeof shown, m->from, strlen(m->from));
            *ret_why = mem_printf("%s, which is mounted at %s, is gone or goes by a link now",
                                  shown, m->to);
            return ERR_DENIED;
        }
        m->dev = (uint64_t)st.st_dev;
        m->ino = (uint64_t)st.st_ino;
    }
    return ERR_OK;
}

/* --- opening ------------------------------------------------------------------------------------
 */

static bool is_within(const char *path, const char *place)
{
    const size_t n = strlen(place);
    return strcmp(place, "/") == 0 ||
           (strncmp(path, place, n) == 0 && (path[n] == '\0' || path[n] == '/'));
}

/* Is it the hub's own, beneath it or around it? path is real, own may not be there yet. */
static bool touches(const char *path, char *own)
{
    char *real = realpath(own, NULL);
    const char *name = real ? real : own;
    const bool does = is_within(path, name) || is_within(name, path);
    free(real);
    free(own);
    return does;
}

/* Where all hubs of this user have theirs; takes the place of one. */
static char *of_all_hubs(char *place)
{
    *strrchr(place, '/') = '\0';
    return place;
}

static const char *must_not_mount(struct hub *hub, const char *path)
{
    static const char *const machine[] = {"/proc", "/sys", "/dev"};
    for (size_t i = 0; i < sizeof machine / sizeof *machine; i++)
        if (is_within(path, machine[i]))
            return "is the machine's, and is not mounted";
    /* By a socket of any hub's a program comes as the owner: to the kernel it is. */
    if (touches(path, of_all_hubs(mem_strdup(hub->state_dir))) ||
        touches(path, of_all_hubs(path_runtime_dir(hub->name))) ||
        touches(path, of_all_hubs(path_share_dir(getuid(), hub->name))) ||
        touches(path, path_config_dir()))
        return "has files of baton itself in it, or is within them, and is not mounted";
    return NULL;
}

static enum err add_mount(struct hub *hub, struct call *c, cJSON *list, const char *text)
{
    struct sandbox_mount m, other;
    char why[SANDBOX_WHY], shown[300];
    const cJSON *one;
    enum err e = sandbox_mount_parse(text, &m, why);
    if (e != ERR_OK)
        return call_fail(c, e, "%s", why);
    char *real = realpath(m.from, NULL);
    text_make_safe(shown, sizeof shown, m.from, strlen(m.from));
    const char *wrong = real ? must_not_mount(hub, real) : NULL;
    if (!real)
        e = call_fail(c, ERR_NOT_FOUND, "%s is not there and cannot be mounted", shown);
    else if (!text_is_utf8(real, strlen(real)))
        e = call_fail(c, ERR_INVALID, "%s is no UTF-8 name and cannot be mounted", shown);
    else if (wrong)
        e = call_fail(c, ERR_DENIED, "%s %s", shown, wrong);
    cJSON_ArrayForEach(one, list)
    {
        other = (struct sandbox_mount){.to = cJSON_GetStringValue(json_get(one, "to"))};
        if (e == ERR_OK && sandbox_mounts_meet(&m, &other))
            e = call_fail(c, ERR_INVALID, "%s and %s lie in one another inside", other.to, m.to);
    }
    if (e == ERR_OK) {
        cJSON *mount = cJSON_CreateObject();
        cJSON_AddStringToObject(mount, "from", real);
        cJSON_AddStringToObject(mount, "to", m.to);
        cJSON_AddBoolToObject(mount, "ro", m.ro);
        cJSON_AddItemToArray(list, mount);
    }
    free(real);
    sandbox_mount_finish(&m);
    return e;
}

enum err world_asked(struct hub *hub, struct call *c, cJSON **ret)
{
    const cJSON *mounts = json_get(call_params(c), "mount"), *one;
    const bool network = call_bool(c, "network", false);
    enum err e = ERR_OK;
    *ret = NULL;
    if (!call_bool(c, "sandbox", false))
        return network || cJSON_GetArraySize(mounts) > 0
                   ? call_fail(c, ERR_INVALID,
                               "mounts and network are said of a sandbox: add --sandbox")
                   : ERR_OK;
    cJSON *asked = cJSON_CreateObject();
    cJSON_AddBoolToObject(asked, "network", network);
    cJSON *list = cJSON_AddArrayToObject(asked, "mounts");
    cJSON_ArrayForEach(one, mounts)
    {
        if (e == ERR_OK)
            e = add_mount(hub, c, list, one->valuestring);
    }
    if (e == ERR_OK)
        *ret = asked;
    else
        cJSON_Delete(asked);
    return e;
}

enum err world_make(struct hub *hub, struct call *c, cJSON *workspace, cJSON *asked)
{
    const char *key = json_string(workspace, "workspace", "");
    char why[SANDBOX_WHY] = "";
    int64_t door = 0;
    enum err e = sandbox_probe(why);
    if (e != ERR_OK)
        return call_fail(c, e, "\"%s\" cannot be a sandbox: %s", key,
                         *why ? why : err_text(e)->person);
    char *dir = path_join(hub->worlds->dir, key), *home = path_join(dir, "home");
    e = path_make_private(home);
    if (e == ERR_OK)
        e = journal_next(hub->journal, "door", &door);
    if (e == ERR_OK) {
        cJSON *row = cJSON_Duplicate(asked, true);
        cJSON_AddStringToObject(row, "home", home);
        cJSON_AddItemToObject(workspace, "sandbox", row);
        json_add_int(workspace, "door", door);
    }
    free(dir);
    free(home);
    return e;
}

enum err world_check_same(struct call *c, const cJSON *workspace, const cJSON *asked)
{
    const char *key = json_string(workspace, "workspace", "");
    const cJSON *row = json_get(workspace, "sandbox");
    if (!asked)
        return ERR_OK; /* opened as what it is */
    if (!row)
        return call_fail(
            c, ERR_EXISTS,
            "\"%s\" is there already and is no sandbox; take another key, or delete it "
            "first",
            key);
    if (json_bool(row, "network", false) != json_bool(asked, "network", false))
        return call_fail(c, ERR_EXISTS, "the sandbox \"%s\" is there already, %s a network", key,
                         json_bool(row, "network", false) ? "with" : "without");
    if (!cJSON_Compare(json_get(row, "mounts"), json_get(asked, "mounts"), true))
        return call_fail(
            c, ERR_EXISTS,
            "the sandbox \"%s\" is there already, with other mounts; see: baton --json "
            "workspace list",
            key);
    return ERR_OK;
}

bool world_has_files(const cJSON *workspace)
{
    DIR *d = opendir(json_string(json_get(workspace, "sandbox"), "home", ""));
    bool has = false;
    for (struct dirent *entry; d && !has && (entry = readdir(d));)
        has = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    if (d)
        closedir(d);
    return has;
}

struct removing {
    struct aside aside;
    struct files *files; /* the folder of all */
    char name[64], why[FILES_WHY];
    enum err result;
};

static void remove_aside(struct aside *aside)
{
    struct removing *r = (struct removing *)aside;
    r->result = files_delete(r->files, r->name, true, r->why);
}

/* What a stop has broken off is the next hub's: worlds_sweep. */
static void removed(struct hub *hub, struct aside *aside)
{
    const struct removing *r = (const struct removing *)aside;
    (void)hub;
    if (r->result != ERR_OK && r->result != ERR_NOT_FOUND && r->result != ERR_ENDED)
        log_warn("the files of a deleted sandbox stay: %s", r->why);
}

static void destroy_removing(struct aside *aside)
{
    struct removing *r = (struct removing *)aside;
    files_close(r->files);
    free(r);
}

/* Aside: there may be a million of them. */
static void remove_home(struct hub *hub, const char *name)
{
    struct removing *r = mem_zalloc(sizeof *r);
    snprintf(r->name, sizeof r->name, "%s", name);
    snprintf(r->aside.place, sizeof r->aside.place, "%s", name);
    r->aside.lasts = true;
    r->aside.run = remove_aside;
    r->aside.back = removed;
    r->aside.destroy = destroy_removing;
    r->result = files_open(hub->worlds->dir, &r->files, r->why);
    if (r->result != ERR_OK) {
        removed(hub, &r->aside);
        destroy_removing(&r->aside);
        return;
    }
    files_heed(r->files, aside_ending(hub));
    aside_begin(hub, &r->aside);
}

/* First it gets out of the way of a new one with that key. */
enum err world_remove(struct hub *hub, void *arg)
{
    static const char digits[] = "0123456789abcdef";
    struct files *files = NULL;
    char why[FILES_WHY] = "", gone[64] = WORLD_GONE;
    unsigned char number[16];
    randombytes_buf(number, sizeof number);
    for (size_t i = 0, at = strlen(gone); i < sizeof number; i++)
        gone[at + i] = digits[number[i] % 16];
    enum err e = files_open(hub->worlds->dir, &files, why);
    if (e == ERR_OK)
        e = files_move(files, arg, gone, false, why);
    if (e == ERR_OK)
        remove_home(hub, gone);
    else if (e != ERR_NOT_FOUND)
        log_warn("the files of a deleted sandbox stay: %s", why);
    files_close(files);
    world_forget(hub, arg);
    return ERR_OK;
}

void worlds_sweep(struct hub *hub)
{
    DIR *d = opendir(hub->worlds->dir);
    for (struct dirent *entry; d && (entry = readdir(d));)
        if (strncmp(entry->d_name, WORLD_GONE, strlen(WORLD_GONE)) == 0)
            remove_home(hub, entry->d_name);
    if (d)
        closedir(d);
}

/* --- paths --------------------------------------------------------------------------------------
 */

enum err world_root(struct hub *hub, const cJSON *workspace, const char *path,
                    struct files **ret_files, char **ret_path, bool *ret_ro, char why[FILES_WHY])
{
    struct world_box box;
    const char *rest = path, *root = json_string(workspace, "cwd", "/");
    bool mounted = false;
    *ret_ro = false;
    if (world_is_sandbox(workspace)) {
        world_box_init(hub, workspace, &box);
        root = sandbox_map(&box.sandbox, path, &rest, ret_ro);
        if (!root) {
            char shown[200];
            text_make_safe(shown, sizeof shown, path, strlen(path));
            snprintf(why, FILES_WHY,
                     "%s cannot be reached: of the sandbox \"%s\" these can, " SANDBOX_HOME
                     " and what was mounted",
                     shown, json_string(workspace, "workspace", ""));
            return ERR_DENIED;
        }
        mounted = root != box.sandbox.home;
    }
    /* What was mounted may lie in a folder where programs of sandboxes can put a link in its way.
     */
    enum err e =
        mounted ? files_open_fixed(root, ret_files, why) : files_open(root, ret_files, why);
    if (e == ERR_OK)
        *ret_path = mem_strdup(rest);
    return e;
}

enum err world_folder(struct hub *hub, struct call *c, const cJSON *workspace, const char *wanted,
                      char **ret_cwd)
{
    const char *cwd = wanted ? wanted : json_string(workspace, "cwd", "/");
    struct files *files = NULL;
    struct files_stat st;
    struct stat plain;
    char why[FILES_WHY];
    bool ro, there;
    if (world_is_sandbox(workspace)) {
        char *rest = NULL, *path = NULL;
        there = world_root(hub, workspace, cwd, &files, &rest, &ro, why) == ERR_OK;
        path = there ? path_join(rest, ".") : NULL; /* a link at its end is followed */
        there = there && files_stat(files, path, &st, why) == ERR_OK && st.kind == FILES_FOLDER;
        there = there || strcmp(cwd, "/tmp") == 0;
        files_close(files);
        free(path);
        free(rest);
    } else {
        there = *cwd == '/' && stat(cwd, &plain) == 0 && S_ISDIR(plain.st_mode);
    }
    if (!there)
        return call_fail(c, ERR_NOT_FOUND, "the folder %s does not exist%s", cwd,
                         world_is_sandbox(workspace) ? " in the sandbox, or is not its own" : "");
    *ret_cwd = *cwd == '/' ? mem_strdup(cwd) : path_join(SANDBOX_HOME, cwd);
    return ERR_OK;
}

const char *world_usual_shell(struct hub *hub, const char *workspace)
{
    const char *shell = config_shell(hub->config);
    struct world_box box;
    cJSON *doc = NULL;
    if (journal_get(hub->journal, "workspace", workspace, &doc) == ERR_OK &&
        world_is_sandbox(doc)) {
        world_box_init(hub, doc, &box);
        if (!sandbox_has_program(&box.sandbox, shell))
            shell = sandbox_has_program(&box.sandbox, "/bin/bash") ? "/bin/bash" : "/bin/sh";
    }
    cJSON_Delete(doc);
    return shell;
}
