/* See the header: programs that start in a workspace, and their tokens. */
#include "core/hub/work/worlds_private.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/base/text.h"
#include "core/hub/work/doors.h"
#include "core/people/roster.h"
#include "core/people/token.h"
#include "core/work/environment.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SMALL_MOST (INT64_C(1024) * 1024 * 1024)

#if defined(__SANITIZE_ADDRESS__)
#define RESERVES_TERABYTES 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RESERVES_TERABYTES 1
#endif
#endif

void worlds_create(struct hub *hub)
{
    struct worlds *w = mem_zalloc(sizeof *w);
    w->dir = path_join(hub->state_dir, "worlds");
    w->etc = path_join(w->dir, ".etc"); /* no workspace is called so */
    w->filter = path_join(w->dir, ".filter");
    uv_timer_init(&hub->control_loop, &w->timer);
    w->timer.data = hub;
    hub->worlds = w;
}

static void recover_one(void *data, const char *key, const cJSON *doc)
{
    if (world_is_sandbox(doc))
        world_watch(data, key); /* where nothing runs, the first look is the last */
}

enum err worlds_recover(struct hub *hub, void *arg)
{
    (void)arg;
    worlds_sweep(hub);
    return journal_each(hub->journal, "workspace", recover_one, hub);
}

void worlds_stop(struct hub *hub)
{
    hub->worlds->stopped = true;
}

void worlds_finish(struct hub *hub)
{
    struct worlds *w = hub->worlds;
    if (!w)
        return;
    while (w->list)
        world_forget(hub, w->list->key);
    free(w->dir);
    free(w->etc);
    free(w->filter);
    free(w);
    hub->worlds = NULL;
}

/* --- limits -------------------------------------------------------------------------------------
 */

/* FNV-1a */
static unsigned hash_of(const char *text)
{
    uint32_t hash = 2166136261u;
    for (const char *p = text; *p; p++)
        hash = (hash ^ (unsigned char)*p) * 16777619u;
    return (unsigned)hash;
}

void world_group_name(const struct hub *hub, const char *workspace, char out[160])
{
    snprintf(out, 160, "baton-%08x-%s", hash_of(hub->state_dir), workspace);
}

void world_limits(const struct hub *hub, struct limits *ret)
{
    ret->memory = config_box_memory(hub->config);
    ret->processes = config_box_processes(hub->config);
    ret->disk = config_box_disk(hub->config);
    ret->file = config_box_file(hub->config);
}

/* Groups where there may be some; where they fail although they should not, the program does not
 * start: it would run without its limits. */
static enum err set_limits(struct hub *hub, struct keeper_meta *meta, struct sandbox *s)
{
    struct limits_place place;
    struct limits limits;
    char name[160];
    world_limits(hub, &limits);
    world_group_name(hub, meta->workspace, name);
    limits_find(&place);
    enum err e = limits_enter(&place, name, &limits, &meta->cgroups);
    s->small = limits.memory / 8 < SMALL_MOST ? limits.memory / 8 : SMALL_MOST;
    s->processes = (uint64_t)limits.processes;
    s->file = (uint64_t)limits.file;
    s->data = place.memory ? 0 : (uint64_t)limits.memory;
#ifdef RESERVES_TERABYTES
    s->data = 0; /* this program reserves terabytes, and is process 1 in there */
#endif
    limits_place_finish(&place);
    return e;
}

/* --- the environment ----------------------------------------------------------------------------
 */

static bool is_own(const char *entry)
{
    static const char *const names[] = {"TERM=",
                                        "COLORTERM=",
                                        "TERM_PROGRAM=",
                                        "TERM_PROGRAM_VERSION=",
                                        "BATON=",
                                        "BATON_WORKSPACE=",
                                        "BATON_TOKEN=",
                                        "BATON_SESSION=",
                                        "BATON_IDENTITY=",
                                        "BATON_HUB=",
                                        "LANG=",
                                        "LANGUAGE=",
                                        "LC_",
                                        "TZ="};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(entry, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

/* Of the hub's user nothing comes in but language and time zone. What was asked for by name does,
 * and so does what only this program has: an entry that differs from the hub's own. */
static char **environment_inside(const struct hub *hub, const struct keeper_meta *meta)
{
    char **env = mem_calloc(1, sizeof *env);
    for (char **e = meta->env; *e; e++) {
        const size_t n = strcspn(*e, "=");
        if (!(*e)[n] || n > 200)
            continue;
        char name[201];
        memcpy(name, *e, n);
        name[n] = '\0';
        const char *host = getenv(name);
        const bool differs = !host || strcmp(host, *e + n + 1) != 0;
        if (is_own(*e) || (differs && strcmp(name, "PATH") != 0))
            env = environment_set(env, name, *e + n + 1);
    }
    env = environment_set(env, "PATH", SANDBOX_PATH);
    env = environment_set(env, "HOME", SANDBOX_HOME);
    env = environment_set(env, "USER", "user");
    env = environment_set(env, "LOGNAME", "user");
    env = environment_set(env, "SHELL", "/bin/sh");
    env = environment_set(env, "BATON_DOOR", SANDBOX_DOOR);
    env = environment_set(env, "BATON_HUB", hub->name);
    for (char **e = meta->asked; e && *e; e++) {
        char *name = mem_strndup(*e, strcspn(*e, "="));
        if ((*e)[strlen(name)])
            env = environment_set(env, name, *e + strlen(name) + 1);
        free(name);
    }
    return env;
}

/* --- starting -----------------------------------------------------------------------------------
 */

static enum err prepare(struct worlds *w)
{
    enum err e = w->files_ready ? ERR_OK : path_make_private(w->dir);
    if (e == ERR_OK && !w->files_ready)
        e = sandbox_write_etc(w->etc);
    if (e == ERR_OK && !w->files_ready)
        e = sandbox_filter_write(w->filter);
    w->files_ready = e == ERR_OK;
    return e;
}

static char **one_word(const char *word)
{
    char **list = mem_calloc(2, sizeof *list);
    list[0] = mem_strdup(word);
    return list;
}

static enum err enter(struct hub *hub, struct keeper_meta *meta, const cJSON *doc, char **ret_why)
{
    struct world_box box;
    char *door = NULL, shown[200];
    if (world_is_full(hub, meta->workspace)) {
        *ret_why =
            mem_printf("the home of \"%s\" is larger than limits.disk allows: delete some of "
                       "it first, with: baton fs delete PATH --workspace %s",
                       meta->workspace, meta->workspace);
        return ERR_DISK_FULL;
    }
    enum err e = prepare(hub->worlds);
    if (e != ERR_OK)
        return e;
    world_box_init(hub, doc, &box);
    struct sandbox *s = &box.sandbox;
    door = door_dir(hub, meta->workspace);
    s->door = door;
    s->network = s->network || meta->network;
    s->etc = hub->worlds->etc;
    s->filter = KEEPER_FILES;
    e = world_box_look(&box, ret_why);
    if (e == ERR_OK && !sandbox_has_program(s, meta->command[0])) {
        text_make_safe(shown, sizeof shown, meta->command[0], strlen(meta->command[0]));
        *ret_why =
            mem_printf("there is no program \"%s\" in the sandbox \"%s\", which has /usr, its "
                       "home and what was mounted",
                       shown, meta->workspace);
        e = ERR_EXEC;
    }
    if (e == ERR_OK)
        e = path_make_private(s->home);
    if (e == ERR_OK && (e = set_limits(hub, meta, s)) != ERR_OK)
        *ret_why = mem_printf("the limits of \"%s\" cannot be set: %s", meta->workspace,
                              err_text(e)->person);
    if (e == ERR_OK) {
        char **command = sandbox_argv(s, meta->cwd, meta->command);
        char **env = environment_inside(hub, meta);
        environment_free(meta->command);
        environment_free(meta->env);
        free(meta->cwd);
        meta->command = command;
        meta->env = env;
        meta->cwd = mem_strdup("/");
        meta->files = one_word(hub->worlds->filter);
        meta->box = true;
        world_watch(hub, meta->workspace);
    }
    free(door);
    return e;
}

/* The words of bindings are behind all other programs. */
static void add_words(const struct hub *hub, struct keeper_meta *meta)
{
    char *bin = path_join(hub->state_dir, "bin");
    for (char **e = meta->env; access(bin, F_OK) == 0 && *e; e++)
        if (strncmp(*e, "PATH=", 5) == 0) {
            char *longer = mem_printf("%s:%s", *e, bin);
            free(*e);
            *e = longer;
        }
    free(bin);
}

enum err world_enter(struct hub *hub, struct keeper_meta *meta, char **ret_why)
{
    cJSON *doc = NULL;
    enum err e = journal_get(hub->journal, "workspace", meta->workspace, &doc);
    if (e == ERR_OK && world_is_sandbox(doc))
        e = enter(hub, meta, doc, ret_why);
    else if (e == ERR_OK || e == ERR_NOT_FOUND) {
        add_words(hub, meta);
        e = ERR_OK;
    }
    cJSON_Delete(doc);
    return e;
}

enum err world_check_network(struct call *c, const cJSON *workspace, bool network)
{
    if (!network || !world_is_sandbox(workspace) || c->kind != BATON_AGENT ||
        json_bool(json_get(workspace, "sandbox"), "network", false))
        return ERR_OK;
    return call_fail(c, ERR_DENIED,
                     "that agent has a network, which \"%s\" was not granted: somebody who is no "
                     "agent begins it there",
                     json_string(workspace, "workspace", ""));
}

/* --- tokens -------------------------------------------------------------------------------------
 */

/* A long key does not fit in: what tells it from another long one is at its end then. */
static void box_member(const char *workspace, char out[MEMBER_NAME_MAX])
{
    if (strlen(workspace) + sizeof "box-" <= MEMBER_NAME_MAX)
        snprintf(out, MEMBER_NAME_MAX, "box-%s", workspace);
    else
        snprintf(out, MEMBER_NAME_MAX, "box-%.50s-%08x", workspace, hash_of(workspace));
}

const char *world_agent(const struct call *c)
{
    return c->kind == BATON_AGENT && *c->invite ? c->who : NULL;
}

enum err world_token(struct hub *hub, const char *workspace, const char *by, const char *agent,
                     char out_id[32], char *out_token)
{
    char member[MEMBER_NAME_MAX];
    cJSON *doc = NULL;
    enum err e = journal_get(hub->journal, "workspace", workspace, &doc);
    out_id[0] = out_token[0] = '\0';
    if (agent)
        snprintf(member, sizeof member, "%s", agent);
    else
        box_member(workspace, member);
    if (e == ERR_OK && world_is_sandbox(doc))
        e = invites_for_agent(hub, member, workspace, by, "a program in the sandbox", out_id,
                              out_token);
    cJSON_Delete(doc);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

char **world_set_token(struct hub *hub, char **env, const char *token)
{
    struct grant grant;
    if (roster_find(hub->roster, token, 0, &grant) != ROSTER_OK)
        return env;
    env = environment_set(env, "BATON_TOKEN", token);
    return environment_set(env, "BATON_IDENTITY", grant.member);
}
