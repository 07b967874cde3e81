/* See the header. */
#include "core/hub/work/doors.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/hub/bindings/bindings.h"
#include "core/work/command_links.h"
#include "core/work/sandbox.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *dir_of(const struct hub *hub, int64_t number)
{
    char *runtime = path_runtime_dir(hub->name);
    char *dir = mem_printf("%s/doors/%lld", runtime, (long long)number);
    free(runtime);
    return dir;
}

static bool has_door(const cJSON *workspace)
{
    return json_int(workspace, "door", 0) > 0;
}

/* --- the folder ------------------------------------------------------------------------------- */

/* The catalogue's groups and those of bindings that are there for that workspace ("": all);
 * borrowed, the list is the caller's. */
static const char **all_groups(const struct hub *hub, const char *workspace, size_t *ret_count)
{
    const struct catalogue *rows = hub_catalogue();
    const char **bound = NULL;
    const size_t more = bindings_groups_for(hub, workspace, &bound);
    size_t count = 0;
    const char **all = mem_calloc(rows->count + more + 1, sizeof *all);
    for (size_t i = 0; i < rows->count; i++) {
        const struct capability *row = rows->rows[i];
        if (!(row->flags & CAP_INTERNAL) && (!count || strcmp(all[count - 1], row->group) != 0))
            all[count++] = row->group;
    }
    for (size_t i = 0; i < more; i++)
        all[count++] = bound[i];
    free((void *)bound);
    *ret_count = count;
    return all;
}

static enum err make_dir(struct hub *hub, const char *workspace, const char *dir)
{
    size_t count;
    const char **groups = all_groups(hub, workspace, &count);
    char *program = path_join(dir, "baton"), *bin = path_join(dir, "bin");
    enum err e = path_make_private(dir);
    if (e == ERR_OK) {
        const int fd = open(program, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        e = fd >= 0 ? ERR_OK : ERR_IO;
        if (fd >= 0)
            close(fd);
    }
    if (e == ERR_OK)
        e = command_links(bin, SANDBOX_PROGRAM, groups, count);
    free(bin);
    free(program);
    free((void *)groups);
    return e;
}

static void remove_all_in(const char *dir, const char *sub)
{
    char *path = path_join(dir, sub);
    DIR *d = opendir(path);
    for (struct dirent *entry; d && (entry = readdir(d));)
        unlinkat(dirfd(d), entry->d_name, 0);
    if (d)
        closedir(d);
    rmdir(path);
    free(path);
}

char *door_dir(struct hub *hub, const char *workspace)
{
    cJSON *doc = NULL;
    char *dir = NULL;
    if (journal_get(hub->journal, "workspace", workspace, &doc) == ERR_OK && has_door(doc)) {
        dir = dir_of(hub, json_int(doc, "door", 0));
        const enum err e = make_dir(hub, workspace, dir);
        if (e != ERR_OK) {
            log_error("the door of %s cannot be made: %s", workspace, err_text(e)->name);
            free(dir);
            dir = NULL;
        }
    }
    cJSON_Delete(doc);
    return dir;
}

/* --- open and closed -------------------------------------------------------------------------- */

static enum err set_door(struct hub *hub, const char *workspace, int64_t number, bool on)
{
    char *why = NULL, *dir = dir_of(hub, number);
    enum err e = on ? make_dir(hub, workspace, dir) : ERR_OK;
    if (e == ERR_OK || e == ERR_EXISTS)
        e = hub->io->door(hub->io_data, workspace, dir, on, &why);
    if (e != ERR_OK)
        log_error("the door of %s cannot be opened: %s", workspace,
                  why ? why : err_text(e)->person);
    free(why);
    free(dir);
    return e;
}

struct refreshing {
    struct hub *hub;
    enum err first;
};

static void refresh_one(void *data, const char *key, const cJSON *doc)
{
    struct refreshing *r = data;
    if (!has_door(doc))
        return;
    const bool open = strcmp(json_string(doc, "state", ""), "open") == 0;
    const enum err e = set_door(r->hub, key, json_int(doc, "door", 0), open);
    r->first = r->first == ERR_OK ? e : r->first;
}

/* The same links for plain workspaces, whose programs have them behind all others (worlds.c). */
static enum err refresh_plain(struct hub *hub)
{
    size_t count;
    const char **groups = all_groups(hub, "", &count);
    char *bin = path_join(hub->state_dir, "bin");
    const enum err e = command_links(bin, hub->program, groups, count);
    if (e != ERR_OK)
        log_warn("%s has not every link to a group of commands: %s", bin, err_text(e)->name);
    free(bin);
    free((void *)groups);
    return e;
}

enum err doors_refresh(struct hub *hub)
{
    struct refreshing r = {hub, refresh_plain(hub)};
    const enum err e = journal_each(hub->journal, "workspace", refresh_one, &r);
    return e == ERR_OK ? r.first : e;
}

struct change {
    char key[64];
    int64_t number;
    bool on, gone;
};

static enum err change_door(struct hub *hub, void *arg)
{
    const struct change *change = arg;
    set_door(hub, change->key, change->number, change->on);
    if (change->gone) {
        char *dir = dir_of(hub, change->number);
        remove_all_in(dir, "bin");
        remove_all_in(dir, "");
        free(dir);
    }
    return ERR_OK;
}

void doors_follow(struct hub *hub, const cJSON *workspace, bool gone)
{
    struct change change = {.number = json_int(workspace, "door", 0), .gone = gone};
    if (!has_door(workspace))
        return;
    snprintf(change.key, sizeof change.key, "%s", json_string(workspace, "workspace", ""));
    change.on = !gone && strcmp(json_string(workspace, "state", ""), "open") == 0;
    control_after(hub, change_door, mem_dup(&change, sizeof change));
}
