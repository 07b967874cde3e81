/* See the header. What came back stands on hub->ready until the next batch, which is woken for it;
 * all of a link's that comes by the inbox is behind that. */
#include "core/hub/early.h"
#include "core/base/mem.h"
#include "core/hub/aside.h"

#include <stdlib.h>

struct early {
    struct aside aside;
    struct early *next;
    uint32_t peer;
    bool gone;
    struct call *first, **last; /* the big one, and those of its link behind it */
};

static void run(struct aside *aside)
{
    const struct early *e = (const struct early *)aside;
    call_read(e->first);
}

static void back(struct hub *hub, struct aside *aside)
{
    struct early *e = (struct early *)aside;
    struct call **at = &hub->ready;
    if (e->gone || atomic_load(aside_ending(hub)))
        return;
    while (*at)
        at = &(*at)->next;
    *at = e->first;
    e->first = NULL;
    uv_async_send(&hub->control_in.wake);
}

static void destroy(struct aside *aside)
{
    struct early *e = (struct early *)aside;
    struct early **at = &e->aside.hub->early;
    while (*at != e)
        at = &(*at)->next;
    *at = e->next;
    e->aside.hub->early_count--;
    while (e->first) {
        struct call *c = e->first;
        e->first = c->next;
        call_destroy(c);
    }
    free(e);
}

static struct early *find(const struct hub *hub, uint32_t peer)
{
    struct early *e = hub->early;
    while (e && e->peer != peer)
        e = e->next;
    return e;
}

bool early_take(struct hub *hub, struct call *c)
{
    if (c->work || c->request || c->is_read)
        return false;
    struct early *e = find(hub, c->peer);
    if (!e && (c->message_n < EARLY_FROM || hub->early_count >= EARLY_MOST))
        return false;
    c->next = NULL;
    if (e) {
        *e->last = c;
        e->last = &c->next;
        return true;
    }
    e = mem_zalloc(sizeof *e);
    e->peer = c->peer;
    e->first = c;
    e->last = &c->next;
    e->next = hub->early;
    hub->early = e;
    hub->early_count++;
    e->aside.hub = hub;
    e->aside.run = run;
    e->aside.back = back;
    e->aside.destroy = destroy;
    snprintf(e->aside.place, sizeof e->aside.place, "%s", c->door);
    aside_begin(hub, &e->aside);
    return true;
}

struct call *early_ready(struct hub *hub)
{
    struct call *all = hub->ready;
    hub->ready = NULL;
    return all;
}

void early_peer_gone(struct hub *hub, uint32_t peer)
{
    struct early *e = find(hub, peer);
    if (e)
        e->gone = true;
}
