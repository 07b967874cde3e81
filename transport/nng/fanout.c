/* The thread that writes to observers; see the header. `mutex` guards the list of connections that
 * wait for it; the writing is done without it. */
#include "transport/nng/fanout.h"
#include "core/base/mem.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { OBSERVERS_NICE = 5 }; /* the echo's threads go first where processors are short */

struct list {
    struct conn **items; /* held */
    size_t count, room;
};

struct fanout {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    struct list waiting;
    bool ending;
};

static void release_all(struct list *l)
{
    for (size_t i = 0; i < l->count; i++)
        conn_release(l->items[i]);
    l->count = 0;
}

static void *run(void *data)
{
    struct fanout *f = data;
    struct list now = {0};

    pthread_setname_np(pthread_self(), "fanout");
    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), OBSERVERS_NICE);
    pthread_mutex_lock(&f->mutex);
    while (!f->ending) {
        if (f->waiting.count == 0) {
            pthread_cond_wait(&f->wake, &f->mutex);
            continue;
        }
        const struct list taken = f->waiting;
        f->waiting = now;
        now = taken;
        pthread_mutex_unlock(&f->mutex);
        for (size_t i = 0; i < now.count; i++)
            conn_flush(now.items[i]);
        release_all(&now);
        pthread_mutex_lock(&f->mutex);
    }
    pthread_mutex_unlock(&f->mutex);
    free(now.items);
    return NULL;
}

struct fanout *fanout_create(void)
{
    struct fanout *f = mem_zalloc(sizeof *f);
    pthread_mutex_init(&f->mutex, NULL);
    pthread_cond_init(&f->wake, NULL);
    if (pthread_create(&f->thread, NULL, run, f) == 0)
        return f;
    pthread_cond_destroy(&f->wake);
    pthread_mutex_destroy(&f->mutex);
    free(f);
    return NULL;
}

void fanout_flush(struct fanout *f, struct conn *const *conns, size_t count)
{
    if (count == 0)
        return;
    pthread_mutex_lock(&f->mutex);
    struct list *l = &f->waiting;
    const bool first = l->count == 0;
    if (l->count + count > l->room) {
        l->room = 2 * (l->count + count);
        l->items = mem_reallocarray(l->items, l->room, sizeof(struct conn *));
    }
    memcpy(l->items + l->count, conns, count * sizeof(struct conn *));
    l->count += count;
    pthread_mutex_unlock(&f->mutex);
    if (first)
        pthread_cond_signal(&f->wake);
}

void fanout_destroy(struct fanout *f)
{
    if (!f)
        return;
    pthread_mutex_lock(&f->mutex);
    f->ending = true;
    pthread_mutex_unlock(&f->mutex);
    pthread_cond_signal(&f->wake);
    pthread_join(f->thread, NULL);
    release_all(&f->waiting);
    free(f->waiting.items);
    pthread_cond_destroy(&f->wake);
    pthread_mutex_destroy(&f->mutex);
    free(f);
}
