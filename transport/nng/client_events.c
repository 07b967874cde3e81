/* The events of a client: subscriptions, and what was heard before it could be told. */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "transport/nng/client_priv.h"

#include <stdlib.h>
#include <string.h>

static bool wanted(const struct client *c, const char *bytes, size_t n)
{
    for (const struct topic *t = c->topics; t; t = t->next)
        if (t->n <= n && memcmp(t->prefix, bytes, t->n) == 0)
            return true;
    return false;
}

static void enqueue(struct client *c, const char *bytes, size_t n)
{
    while (c->queue && c->queue_bytes + n > QUEUE_BYTES) {
        struct queued *oldest = c->queue;
        c->queue = oldest->next;
        if (!c->queue)
            c->queue_last = NULL;
        c->queue_bytes -= oldest->n;
        free(oldest);
    }
    struct queued *q = mem_zalloc(sizeof *q + n);
    q->n = n;
    memcpy(q->bytes, bytes, n);
    if (c->queue_last)
        c->queue_last->next = q;
    else
        c->queue = q;
    c->queue_last = q;
    c->queue_bytes += n;
    client_raise(c, true);
}

static void deliver(struct client *c, const char *bytes, size_t n)
{
    struct wire_message m;
    if (!c->events || !c->events->message || !wire_split(bytes, n, &m))
        return;
    const bool outer = c->in_message;
    c->in_message = true;
    c->events->message(c->events_data, &m);
    c->in_message = outer;
}

/* now: hand messages to the caller, else queue them. */
bool client_read_events(struct client *c, bool now)
{
    static const char welcome[] = WIRE_WELCOME "\n";
    const char *bytes;
    size_t n;
    enum err e = link_fill(&c->pub);
    if (e == ERR_AGAIN)
        return false;
    while (e == ERR_OK && (e = link_next(&c->pub, &bytes, &n)) == ERR_OK) {
        c->welcomed = true; /* any message tells as much as the welcome itself */
        if (n == sizeof welcome - 1 && memcmp(bytes, welcome, n) == 0)
            continue;
        if (!wanted(c, bytes, n))
            continue;
        if (now && c->state != DOWN)
            deliver(c, bytes, n);
        else
            enqueue(c, bytes, n);
    }
    if (e == ERR_LOST)
        client_broke(c);
    return true;
}

void client_run_queue(struct client *c)
{
    struct queued *q;
    while ((q = c->queue)) {
        c->queue = q->next;
        if (!c->queue)
            c->queue_last = NULL;
        c->queue_bytes -= q->n;
        deliver(c, q->bytes, q->n);
        free(q);
    }
}

static struct topic **topic_place(struct client *c, const char *prefix)
{
    struct topic **at = &c->topics;
    while (*at && strcmp((*at)->prefix, prefix) != 0)
        at = &(*at)->next;
    return at;
}

enum err client_subscribe(struct client *client, const char *topic_prefix)
{
    struct client *c = client;
    if (c->door)
        return ERR_UNSUPPORTED;
    struct topic **at = topic_place(c, topic_prefix);
    if (!*at) {
        *at = mem_zalloc(sizeof **at + strlen(topic_prefix) + 1);
        (*at)->n = strlen(topic_prefix);
        memcpy((*at)->prefix, topic_prefix, (*at)->n + 1);
    }
    (*at)->count++;
    if (c->want_pub)
        return ERR_OK;
    c->want_pub = true;
    if (c->state != UP) /* coming up opens it */
        return ERR_OK;
    const enum err e = link_open(&c->pub, c->pub_path, c->owner, LINK_SUB);
    if (e != ERR_OK) {
        client_broke(c);
        return ERR_LOST;
    }
    const int64_t until = clock_mono_us() + GREETING_US;
    client_flush(c);
    while (c->state == UP && !c->welcomed && clock_mono_us() < until)
        client_wait(c, until);
    if (!c->welcomed)
        client_broke(c);
    return c->welcomed ? ERR_OK : ERR_LOST;
}

enum err client_unsubscribe(struct client *client, const char *topic_prefix)
{
    struct topic **at = topic_place(client, topic_prefix), *t = *at;
    if (!t)
        return ERR_NOT_FOUND;
    if (--t->count == 0) {
        *at = t->next;
        free(t);
    }
    return ERR_OK;
}

void client_queue_clear(struct client *c)
{
    while (c->queue) {
        struct queued *next = c->queue->next;
        free(c->queue);
        c->queue = next;
    }
    while (c->topics) {
        struct topic *next = c->topics->next;
        free(c->topics);
        c->topics = next;
    }
}
