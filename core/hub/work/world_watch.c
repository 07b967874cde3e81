/* See worlds.h: how much the homes of sandboxes take. A home is a folder of the host's disk, which
 * has no size of its own; so it is measured every two seconds while something runs in there, by a
 * thread of libuv's pool. One that is beyond limits.disk has its programs ended, and nothing starts
 * or is written in it before enough was deleted. What a program can write in two seconds it can
 * write beyond the limit. */
#include "core/hub/work/worlds_private.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/hub/sessions/sessions.h"
#include "core/hub/work/shells.h"
#include "core/hub/streams/streams.h"

#include <stdlib.h>
#include <string.h>

#define EVERY_MS   2000
#define FILES_MOST 1000000 /* more of them is as much as too many bytes */

struct measuring {
    uv_work_t work;
    struct hub *hub;
    char key[64], *home;
    int64_t limit, bytes;
    bool whole;
};

struct measured {
    char key[64];
    int64_t limit, bytes;
    bool full;
};

static struct world *find(const struct hub *hub, const char *key)
{
    struct world *w = hub->worlds->list;
    while (w && strcmp(w->key, key) != 0)
        w = w->next;
    return w;
}

bool world_is_full(struct hub *hub, const char *workspace)
{
    const struct world *w = find(hub, workspace);
    return w && w->full;
}

void world_forget(struct hub *hub, const char *workspace)
{
    struct limits_place place;
    char name[160];
    world_group_name(hub, workspace, name); /* first: the key may be of the one that goes */
    for (struct world **at = &hub->worlds->list, *w; (w = *at); at = &w->next)
        if (strcmp(w->key, workspace) == 0) {
            *at = w->next;
            free(w);
            break;
        }
    limits_find(&place);
    limits_leave(&place, name);
    limits_place_finish(&place);
}

/* --- a full one ---------------------------------------------------------------------------------
 */

/* After the commit; struct measured. */
static enum err note(struct hub *hub, void *arg)
{
    const struct measured *m = arg;
    struct world *w = find(hub, m->key);
    if (w)
        w->full = m->full;
    return ERR_OK;
}

static enum err end_programs(struct hub *hub, const char *key)
{
    size_t count;
    struct stream_info *all = registry_all(hub->registry, &count);
    enum err e = sessions_close(hub, key);
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        if (all[i].exited || strcmp(all[i].workspace, key) != 0)
            continue;
        if (all[i].thing == THING_SHELL)
            e = shells_kill(hub, all[i].id);
        else if (all[i].thing != THING_SESSION && all[i].thing != THING_AGENT)
            control_after_on_stream(hub, streams_close, mem_strdup(all[i].id));
        if (e == ERR_NOT_FOUND)
            e = ERR_OK;
    }
    free(all);
    return e;
}

/* Control work, struct measured. */
static enum err take_in(struct hub *hub, void *arg)
{
    const struct measured *m = arg;
    enum err e = ERR_OK;
    if (!find(hub, m->key))
        return ERR_OK;
    if (m->full && !world_is_full(hub, m->key)) {
        cJSON *data = cJSON_CreateObject();
        json_add_int(data, "bytes", m->bytes);
        json_add_int(data, "limit", m->limit);
        cJSON_AddStringToObject(data, "reason", "its home is larger than limits.disk allows");
        e = control_event(hub, "worldFull", m->key, "", m->key, data);
        cJSON_Delete(data);
    }
    if (e == ERR_OK && m->full) /* each time: one may have been about to start */
        e = end_programs(hub, m->key);
    if (e == ERR_OK)
        control_after(hub, note, mem_dup(m, sizeof *m));
    return e;
}

/* --- measuring ----------------------------------------------------------------------------------
 */

static void on_pool(uv_work_t *work)
{
    struct measuring *m = work->data;
    m->whole = limits_measure(m->home, FILES_MOST, &m->bytes);
}

static void on_measured(uv_work_t *work, int status)
{
    struct measuring *m = work->data;
    struct hub *hub = m->hub;
    if (!hub->worlds->stopped) {
        struct measured result = {.limit = m->limit, .bytes = m->bytes};
        struct world *w = find(hub, m->key);
        memcpy(result.key, m->key, sizeof result.key);
        result.full = m->bytes > m->limit || !m->whole;
        if (w)
            w->busy = false;
        if (status == 0)
            hub_post_control(hub, take_in, mem_dup(&result, sizeof result));
    }
    free(m->home);
    free(m);
}

static void begin(struct hub *hub, struct world *w)
{
    struct measuring *m = mem_zalloc(sizeof *m);
    struct limits limits;
    world_limits(hub, &limits);
    char *dir = path_join(hub->worlds->dir, w->key);
    m->hub = hub;
    m->work.data = m;
    memcpy(m->key, w->key, sizeof m->key);
    m->home = path_join(dir, "home");
    m->limit = limits.disk;
    free(dir);
    w->busy = true;
    uv_queue_work(&hub->control_loop, &m->work, on_pool, on_measured);
}

static bool is_alive(struct hub *hub, const char *key)
{
    size_t count;
    bool alive = false;
    struct stream_info *all = registry_all(hub->registry, &count);
    for (size_t i = 0; i < count && !alive; i++)
        alive =
            !all[i].exited && all[i].thing != THING_SESSION && strcmp(all[i].workspace, key) == 0;
    free(all);
    return alive;
}

static void on_tick(uv_timer_t *timer)
{
    struct hub *hub = timer->data;
    for (struct world *w = hub->worlds->list, *next; w; w = next) {
        next = w->next;
        if (!w->busy && !w->full && !is_alive(hub, w->key))
            world_forget(hub, w->key);
        else if (!w->busy)
            begin(hub, w);
    }
    if (!hub->worlds->list) {
        uv_timer_stop(timer);
        hub->worlds->timing = false;
    }
}

void world_watch(struct hub *hub, const char *workspace)
{
    struct worlds *all = hub->worlds;
    struct world *w = find(hub, workspace);
    if (!w) {
        w = mem_zalloc(sizeof *w);
        snprintf(w->key, sizeof w->key, "%s", workspace);
        w->next = all->list;
        all->list = w;
    }
    if (!w->busy) /* at once: something may have been written meanwhile */
        begin(hub, w);
    if (!all->timing)
        uv_timer_start(&all->timer, on_tick, EVERY_MS, EVERY_MS);
    all->timing = true;
}
