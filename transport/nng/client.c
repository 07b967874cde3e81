/* A client: its life and its public functions. The model is in client_priv.h. */
#include "transport/nng/client.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "transport/nng/client_priv.h"
#include "transport/nng/fault.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

void client_raise(struct client *c, bool on)
{
    uint64_t n = 1;
    if (on == c->raised)
        return;
    const ssize_t done = on ? write(c->event, &n, sizeof n) : read(c->event, &n, sizeof n);
    if (done == (ssize_t)sizeof n)
        c->raised = on;
}

void client_arm(struct client *c, int64_t at)
{
    if (at >= c->armed)
        return;
    const int64_t now = clock_mono_us(), left = at > now ? at - now : 1;
    const struct itimerspec spec = {
        .it_value = {.tv_sec = left / 1000000, .tv_nsec = left % 1000000 * 1000}};
    timerfd_settime(c->timer, 0, &spec, NULL);
    c->armed = at;
}

static void watch(struct client *c, struct link *l, uint32_t *events, uint32_t want)
{
    if (l->fd < 0 || *events == want)
        return;
    struct epoll_event e = {.events = want};
    epoll_ctl(c->epoll, *events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, l->fd, &e);
    *events = want;
}

void client_watch(struct client *c)
{
    watch(c, &c->call, &c->call_events, EPOLLIN | (link_unsent(&c->call) ? EPOLLOUT : 0u));
    watch(c, &c->pub, &c->pub_events, EPOLLIN | (link_unsent(&c->pub) ? EPOLLOUT : 0u));
}

/* Waits for the sockets, at most until `until`, and reads what is there; only queues. */
void client_wait(struct client *c, int64_t until)
{
    struct pollfd fds[2] = {
        {.fd = c->call.fd, .events = (short)(POLLIN | (link_unsent(&c->call) ? POLLOUT : 0))},
        {.fd = c->in_message ? -1 : c->pub.fd,
         .events = (short)(POLLIN | (link_unsent(&c->pub) ? POLLOUT : 0))},
    };
    const int64_t now = clock_mono_us();
    const int64_t left = until <= now ? 0 : until == INT64_MAX ? -1 : (until - now + 999) / 1000;
    const int timeout = left > 60000 ? 60000 : (int)left;
    if (poll(fds, 2, timeout) <= 0)
        return;
    if (fds[0].revents)
        client_read_calls(c);
    if (fds[1].revents && c->state != DOWN)
        client_read_events(c, false);
    client_flush(c);
}

/* Nothing that its owner could do is for us to advise here. */
static void tell_of_others(const struct client *c, enum err e, struct client_fault *fault)
{
    if (!fault || (e != ERR_NO_HUB && e != ERR_DENIED))
        return;
    fault->next[0] = '\0';
    snprintf(fault->message, sizeof fault->message,
             e == ERR_NO_HUB ? "The hub %s does not answer: it does not run, or is not shared"
                             : "What is in the place of the hub %s is not that user's; nothing was "
                               "sent to it",
             c->hub);
}

const char *client_door(void)
{
    const char *door = getenv("BATON_DOOR");
    return door && *door ? door : NULL;
}

/* The folder of the sockets, and whose they have to be. */
static enum err find_place(struct client *c, char **ret_dir)
{
    if (!c->door)
        return path_hub_dir(c->hub, ret_dir, &c->owner);
    if (!path_hub_address_ok(c->hub))
        return ERR_INVALID;
    *ret_dir = mem_strdup(client_door());
    c->owner = getuid();
    return ERR_OK;
}

static void tell_of_door(enum err e, struct client_fault *fault)
{
    if (!fault || e != ERR_NO_HUB)
        return;
    fault->next[0] = '\0';
    snprintf(
        fault->message, sizeof fault->message,
        "The hub does not answer at this sandbox's door: it does not run, or the workspace was "
        "closed");
}

enum err client_open(const struct client_options *options, struct client **ret_client,
                     struct client_fault *ret_fault)
{
    struct client *c = mem_zalloc(sizeof *c);
    char *dir = NULL;
    enum err e;

    link_init(&c->call);
    link_init(&c->pub);
    c->hub = mem_strdup(options->hub ? options->hub : "default");
    c->token = mem_strdup(options->token);
    c->identity = mem_strdup(options->identity);
    c->workspace = mem_strdup(options->workspace);
    c->kind = mem_strdup(options->kind ? options->kind : "client");
    c->door = client_door() != NULL;
    c->others = !c->door && path_hub_is_others(c->hub);
    c->start = options->start && !c->others && !c->door;
    c->want_pub = options->events && !c->door;
    c->next_deadline = c->armed = INT64_MAX;
    e = find_place(c, &dir);
    if (e == ERR_OK) {
        c->call_path = path_join(dir, "call");
        c->pub_path = path_join(dir, "pub");
    }
    free(dir);
    c->epoll = epoll_create1(EPOLL_CLOEXEC);
    c->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    c->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    struct epoll_event readable = {.events = EPOLLIN};
    if (e == ERR_OK && (c->epoll < 0 || c->event < 0 || c->timer < 0 ||
                        epoll_ctl(c->epoll, EPOLL_CTL_ADD, c->event, &readable) < 0 ||
                        epoll_ctl(c->epoll, EPOLL_CTL_ADD, c->timer, &readable) < 0))
        e = err_from_errno(errno);
    if (e != ERR_OK) {
        fault_set(ret_fault, e,
                  e == ERR_INVALID     ? "That is no name for a hub."
                  : e == ERR_NOT_FOUND ? "This machine has no such user."
                                       : NULL);
        client_close(c);
        return e;
    }

    e = client_come_up(c);
    if (client_nobody_there(e) && c->start)
        e = client_start_hub(c);
    if (client_nobody_there(e))
        e = ERR_NO_HUB;
    if (e != ERR_OK) {
        if (c->refused.code == e && ret_fault) {
            *ret_fault = c->refused;
            c->refused = (struct client_fault){0};
        } else {
            fault_set(ret_fault, e, e == ERR_DENIED ? "The hub is another user's." : NULL);
            if (c->others)
                tell_of_others(c, e, ret_fault);
            else if (c->door)
                tell_of_door(e, ret_fault);
            else if (e == ERR_DENIED && ret_fault) /* its socket let us not in: no role would */
                snprintf(ret_fault->next, sizeof ret_fault->next,
                         "Its owner can let you in with 'baton invite', over SSH.");
        }
        client_close(c);
        return e;
    }
    c->told_up = true;
    client_raise(c, c->finished.first || c->queue);
    *ret_client = c;
    return ERR_OK;
}

void client_close(struct client *client)
{
    struct client *c = client;
    struct pending *call;
    if (!c)
        return;
    c->events = NULL;
    link_finish(&c->call);
    link_finish(&c->pub);
    if (c->greeting && c->greeting->finished) /* else it is among those below */
        pending_destroy(c->greeting);
    for (int i = 0; i < BUCKETS; i++)
        while ((call = c->sent[i])) {
            c->sent[i] = call->next;
            pending_destroy(call);
        }
    while ((call = pending_take(&c->waiting)) || (call = pending_take(&c->finished)))
        pending_destroy(call);
    client_queue_clear(c);
    cJSON_Delete(c->hello);
    client_fault_finish(&c->refused);
    if (c->epoll >= 0)
        close(c->epoll);
    if (c->event >= 0)
        close(c->event);
    if (c->timer >= 0)
        close(c->timer);
    free(c->hub);
    free(c->token);
    free(c->identity);
    free(c->workspace);
    free(c->kind);
    free(c->call_path);
    free(c->pub_path);
    free(c->auth);
    free(c);
}

const struct client_fault *client_refused(const struct client *c)
{
    return c->refused.code == ERR_OK ? NULL : &c->refused;
}

const cJSON *client_hello(const struct client *client)
{
    return client->hello;
}

enum err client_call(struct client *client, const char *method, const cJSON *params, int timeout_ms,
                     cJSON **ret_result, struct client_fault *ret_fault)
{
    return client_call_held(client, method, params, timeout_ms, NULL, ret_result, ret_fault);
}

enum err client_call_held(struct client *client, const char *method, const cJSON *params,
                          int timeout_ms, struct client_hold *hold, cJSON **ret_result,
                          struct client_fault *ret_fault)
{
    struct client *c = client;
    struct pending *call = client_begin(c, method, params, timeout_ms, hold, false);

    call->sync = true;
    if (call->fault.code == ERR_OK)
        client_flush(c);
    while (!call->finished && call->fault.code == ERR_OK) {
        client_wait(c, call->deadline);
        client_time_out(c);
    }
    const enum err e = call->fault.code;
    if (e == ERR_OK && ret_result) {
        *ret_result = call->result;
        call->result = NULL;
    } else if (e != ERR_OK && ret_fault) {
        *ret_fault = call->fault;
        call->fault.data = NULL;
    }
    pending_destroy(call);
    return e;
}

void client_send(struct client *client, const char *method, const cJSON *params, int timeout_ms,
                 client_done done, void *data)
{
    client_send_held(client, method, params, timeout_ms, NULL, done, data);
}

void client_send_held(struct client *client, const char *method, const cJSON *params,
                      int timeout_ms, struct client_hold *hold, client_done done, void *data)
{
    struct pending *call = client_begin(client, method, params, timeout_ms, hold, false);
    call->done = done;
    call->data = data;
    if (call->fault.code != ERR_OK)
        client_end(client, call, ERR_OK, NULL);
    else
        client_flush(client);
}

static void forget(struct pending *first, const void *data)
{
    for (struct pending *call = first; call; call = call->next)
        if (call->data == data && !call->sync) {
            call->done = NULL;
            call->hold = NULL;
        }
}

void client_forget(struct client *client, const void *data)
{
    forget(client->waiting.first, data);
    forget(client->finished.first, data);
    for (int i = 0; i < BUCKETS; i++)
        forget(client->sent[i], data);
}

void client_listen(struct client *client, const struct client_events *events, void *data)
{
    client->events = events;
    client->events_data = data;
}

int client_fd(const struct client *client)
{
    return client->epoll;
}

static void tell(struct client *c, bool up)
{
    c->told_up = up;
    if (c->events && c->events->connected)
        c->events->connected(c->events_data, up);
}

static void run_finished(struct client *c)
{
    struct pending *call;
    while ((call = pending_take(&c->finished))) {
        const bool well = call->fault.code == ERR_OK;
        if (call->done)
            call->done(call->data, well ? call->result : NULL, well ? NULL : &call->fault);
        pending_destroy(call);
    }
}

void client_dispatch(struct client *client)
{
    struct client *c = client;
    uint64_t expired;
    if (c->dispatching) /* from a callback: the outer one goes on anyway */
        return;
    c->dispatching = true;
    client_raise(c, false);
    if (read(c->timer, &expired, sizeof expired) == (ssize_t)sizeof expired) {
        c->armed = INT64_MAX;
        client_arm(c, c->next_deadline);
    }

    bool more_calls = true, more_events = true;
    for (int i = 0; i < FILLS_MOST && (more_calls || more_events); i++) {
        more_calls = more_calls && c->state != DOWN && client_read_calls(c);
        client_time_out(c);
        run_finished(c);
        client_run_queue(c);
        more_events = more_events && c->pub.fd >= 0 && client_read_events(c, true);
    }
    client_time_out(c);
    run_finished(c);
    client_run_queue(c);
    client_flush(c);
    if (c->state == DOWN && c->told_up)
        tell(c, false);
    if (c->state != UP)
        client_reconnect(c);
    if (c->state == UP && !c->told_up)
        tell(c, true);
    client_flush(c);
    client_raise(c, c->finished.first || c->queue || (c->state == DOWN && c->told_up));
    c->dispatching = false;
}
