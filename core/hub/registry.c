/* The table of shells, processes, agents and sessions between the two hub threads. A flat array: a
 * hub has hundreds, not millions. */
#include "core/hub/registry.h"
#include "core/base/mem.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct registry {
    pthread_mutex_t lock;
    struct stream_info *items;
    size_t count, cap;
};

struct registry *registry_create(void)
{
    struct registry *r = mem_zalloc(sizeof *r);
    pthread_mutex_init(&r->lock, NULL);
    return r;
}

void registry_destroy(struct registry *r)
{
    if (!r)
        return;
    pthread_mutex_destroy(&r->lock);
    free(r->items);
    free(r);
}

static struct stream_info *find(struct registry *r, const char *id)
{
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->items[i].id, id) == 0)
            return &r->items[i];
    return NULL;
}

void registry_set(struct registry *r, const struct stream_info *info)
{
    pthread_mutex_lock(&r->lock);
    struct stream_info *item = find(r, info->id);
    if (!item) {
        if (r->count == r->cap) {
            r->cap = r->cap ? r->cap * 2 : 16;
            r->items = mem_reallocarray(r->items, r->cap, sizeof *r->items);
        }
        item = &r->items[r->count++];
    }
    *item = *info;
    pthread_mutex_unlock(&r->lock);
}

bool registry_get(struct registry *r, const char *id, struct stream_info *ret_info)
{
    pthread_mutex_lock(&r->lock);
    const struct stream_info *item = find(r, id);
    if (item)
        *ret_info = *item;
    pthread_mutex_unlock(&r->lock);
    return item != NULL;
}

bool registry_change(struct registry *r, const char *id,
                     void (*change)(struct stream_info *info, const void *data), const void *data)
{
    pthread_mutex_lock(&r->lock);
    struct stream_info *item = find(r, id);
    if (item)
        change(item, data);
    pthread_mutex_unlock(&r->lock);
    return item != NULL;
}

int registry_live(struct registry *r, unsigned things)
{
    int live = 0;
    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < r->count; i++)
        live += !r->items[i].exited && (things & 1u << r->items[i].thing);
    pthread_mutex_unlock(&r->lock);
    return live;
}

void registry_remove(struct registry *r, const char *id)
{
    pthread_mutex_lock(&r->lock);
    struct stream_info *item = find(r, id);
    if (item)
        *item = r->items[--r->count];
    pthread_mutex_unlock(&r->lock);
}

/* A process is known by its pid too, as long as that is its own. */
static bool is_named(const struct stream_info *info, const char *text, size_t n)
{
    char pid[16];
    if (strncmp(info->id, text, n) == 0)
        return true;
    if (info->thing != THING_PROCESS || info->exited || info->pid <= 0)
        return false;
    snprintf(pid, sizeof pid, "%d", info->pid);
    return strcmp(pid, text) == 0;
}

enum err registry_resolve(struct registry *r, const char *text, char out[32])
{
    return registry_resolve_among(r, THINGS_ALL, text, out);
}

enum err registry_resolve_among(struct registry *r, unsigned things, const char *text, char out[32])
{
    const struct stream_info *found = NULL;
    enum err e = ERR_NOT_FOUND;
    size_t n = strlen(text);

    pthread_mutex_lock(&r->lock);
    found = find(r, text);
    if (found && (things & 1u << found->thing)) {
        e = ERR_OK;
    } else if (n) {
        found = NULL;
        for (size_t i = 0; i < r->count; i++) {
            if (!(things & 1u << r->items[i].thing) || !is_named(&r->items[i], text, n))
                continue;
            e = found ? ERR_AMBIGUOUS : ERR_OK;
            found = &r->items[i];
        }
    }
    if (e == ERR_OK)
        memcpy(out, found->id, sizeof found->id);
    pthread_mutex_unlock(&r->lock);
    return e;
}

struct stream_info *registry_all(struct registry *r, size_t *ret_count)
{
    pthread_mutex_lock(&r->lock);
    size_t count = r->count;
    struct stream_info *all =
        mem_dup(r->items ? (void *)r->items : (void *)"", count * sizeof *all);
    pthread_mutex_unlock(&r->lock);
    *ret_count = count;
    return all;
}
