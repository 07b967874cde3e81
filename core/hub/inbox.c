/* The queues of the two hub threads. Anyone may put; the owner takes all at once, but of what came
 * by doors a few. */
#include "core/hub/hub_private.h"
#include "core/base/mem.h"

enum { DOORS_TURN = 16 }; /* calls by doors in one take */

void inbox_init(struct inbox *in, uv_loop_t *loop, uv_async_cb wake, struct hub *hub)
{
    pthread_mutex_init(&in->lock, NULL);
    in->first = NULL;
    in->last = &in->first;
    in->doors = NULL;
    in->doors_last = &in->doors;
    in->count = in->door_count = 0;
    uv_async_init(loop, &in->wake, wake);
    in->wake.data = hub;
}

/* The first queue, and so many of the second behind it; with the lock. */
static struct call *take(struct inbox *in, size_t of_doors)
{
    struct call *all = in->first, **end = all ? in->last : &all;
    in->first = NULL;
    in->last = &in->first;
    in->count = in->door_count;
    while (in->doors && of_doors--) {
        struct call *c = in->doors;
        in->doors = c->next;
        c->next = NULL;
        *end = c;
        end = &c->next;
        in->door_count--;
        in->count--;
    }
    if (!in->doors)
        in->doors_last = &in->doors;
    return all;
}

void inbox_finish(struct inbox *in)
{
    for (struct call *c = take(in, SIZE_MAX), *next; c; c = next) {
        next = c->next;
        call_destroy(c);
    }
    pthread_mutex_destroy(&in->lock);
}

/* behind: where calls by doors wait, if some do. */
static bool put_at(struct inbox *in, struct call *c, bool bounded, bool behind)
{
    bool put = false;
    c->next = NULL;
    pthread_mutex_lock(&in->lock);
    if (!bounded || in->count < HUB_QUEUE_MAX) {
        const bool second = *c->door || (behind && in->doors);
        struct call ***last = second ? &in->doors_last : &in->last;
        **last = c;
        *last = &c->next;
        in->count++;
        in->door_count += second;
        put = true;
    }
    pthread_mutex_unlock(&in->lock);
    if (put)
        uv_async_send(&in->wake);
    return put;
}

bool inbox_put(struct inbox *in, struct call *c, bool bounded)
{
    return put_at(in, c, bounded, false);
}

struct call *inbox_take(struct inbox *in)
{
    pthread_mutex_lock(&in->lock);
    struct call *all = take(in, DOORS_TURN);
    const bool more = in->doors != NULL;
    pthread_mutex_unlock(&in->lock);
    if (more)
        uv_async_send(&in->wake);
    return all;
}

static void post(struct inbox *in, struct hub *hub, hub_work work, void *arg, bool behind)
{
    struct call *c = call_create(hub);
    c->work = work;
    c->arg = arg;
    put_at(in, c, false, behind);
}

void hub_post_control(struct hub *hub, hub_work work, void *arg)
{
    post(&hub->control_in, hub, work, arg, false);
}

void hub_post_stream(struct hub *hub, hub_work work, void *arg)
{
    post(&hub->stream_in, hub, work, arg, false);
}

void hub_post_behind(struct hub *hub, hub_work control, hub_work stream, const void *arg, size_t n)
{
    post(&hub->control_in, hub, control, mem_dup(arg, n), true);
    post(&hub->stream_in, hub, stream, mem_dup(arg, n), true);
}
