/* The queues of the two hub threads. Anyone may put; the owner takes all at once. */
#include "core/hub/hub_private.h"
#include "core/base/mem.h"

void inbox_init(struct inbox *in, uv_loop_t *loop, uv_async_cb wake, struct hub *hub)
{
    pthread_mutex_init(&in->lock, NULL);
    in->first = NULL;
    in->last = &in->first;
    in->count = 0;
    uv_async_init(loop, &in->wake, wake);
    in->wake.data = hub;
}

void inbox_finish(struct inbox *in)
{
    for (struct call *c = inbox_take(in), *next; c; c = next) {
        next = c->next;
        call_destroy(c);
    }
    pthread_mutex_destroy(&in->lock);
}

bool inbox_put(struct inbox *in, struct call *c, bool bounded)
{
    bool put = false;
    c->next = NULL;
    pthread_mutex_lock(&in->lock);
    if (!bounded || in->count < HUB_QUEUE_MAX) {
        *in->last = c;
        in->last = &c->next;
        in->count++;
        put = true;
    }
    pthread_mutex_unlock(&in->lock);
    if (put)
        uv_async_send(&in->wake);
    return put;
}

struct call *inbox_take(struct inbox *in)
{
    pthread_mutex_lock(&in->lock);
    struct call *all = in->first;
    in->first = NULL;
    in->last = &in->first;
    in->count = 0;
    pthread_mutex_unlock(&in->lock);
    return all;
}

static void post(struct inbox *in, struct hub *hub, hub_work work, void *arg)
{
    struct call *c = call_create(hub);
    c->work = work;
    c->arg = arg;
    inbox_put(in, c, false);
}

void hub_post_control(struct hub *hub, hub_work work, void *arg)
{
    post(&hub->control_in, hub, work, arg);
}

void hub_post_stream(struct hub *hub, hub_work work, void *arg)
{
    post(&hub->stream_in, hub, work, arg);
}
