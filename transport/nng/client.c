/* A client: one link for calls, one for events (opened with the first subscription), and what
 * waits.
 *
 * The model. Nothing runs behind the caller's back: the sockets are read in client_dispatch, and in
 * client_call while it waits. client_fd is an epoll descriptor over both links, a timer and an
 * eventfd; the last is raised while something waits that was already read.
 *   - A call is `waiting` until it is written, then `sent`, then `finished`; its end is told from
 *     client_dispatch, or client_call takes it from there itself.
 *   - A call is written to one connection once. When that breaks, all that were written end with
 *     ERR_LOST, all that were not with ERR_NO_HUB: nothing is ever repeated.
 *   - Events that come while client_call waits are queued, at most QUEUE_BYTES; beyond that the
 *     oldest go, as PUB itself would have dropped them.
 *   - Callbacks may call everything here but client_close. What a message callback was handed
 *     stays, because a nested client_call leaves the events' link alone.
 * DOWN -> (link_open, hello) GREETING -> (hello answered, welcomed as subscriber) UP -> DOWN … */
#include "transport/nng/client.h"
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "transport/nng/fault.h"
#include "transport/nng/link.h"
#include "transport/nng/start.h"
#include "transport/nng/server.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    BUCKETS = 64,
    SENT_MOST = 2048,               /* unanswered calls on the wire; the hub allows 4096 */
    UNSENT_MOST = 64 * 1024 * 1024, /* bytes that wait to be written */
    QUEUE_BYTES = 64 * 1024 * 1024,
    FILLS_MOST = 16, /* reads a dispatch, so that a flood does not starve the caller */
    GREETING_US = 5 * 1000 * 1000, /* for hello and welcome */
    START_US = 10 * 1000 * 1000,   /* for a hub to start */
    RETRY_FIRST_US = 5 * 1000,     /* between attempts to come back, doubled up to the last */
    RETRY_LAST_US = 250 * 1000,
};

struct call {
    struct call *next; /* in its bucket or list */
    uint32_t id;
    int64_t deadline; /* INT64_MAX: none */
    struct buf body;  /* while waiting */
    client_done done;
    void *data;
    bool sync; /* client_call stands and waits for it */
    bool finished;
    cJSON *result;
    struct client_fault fault;
};

struct list {
    struct call *first, *last;
};

struct queued {
    struct queued *next;
    size_t n;
    char bytes[];
};

struct topic {
    struct topic *next;
    size_t n;
    unsigned count;
    char prefix[];
};

enum state { DOWN, GREETING, UP };

struct client {
    char *hub, *token, *identity, *kind, *call_path, *pub_path;
    bool start;
    char *auth; /* the JSON text that goes into each call */
    enum state state;
    struct link call, pub;
    uint32_t call_events, pub_events; /* what epoll watches */
    bool want_pub, welcomed;
    bool in_message; /* a message callback runs: its bytes lie in pub's buffer */
    bool dispatching;
    cJSON *hello;
    struct client_fault refused; /* hello's, while DOWN */
    struct call *greeting;       /* hello on its way while client_dispatch comes back up */

    struct list waiting, finished;
    struct call *sent[BUCKETS];
    unsigned sent_count;
    size_t waiting_bytes;
    uint32_t last_id;
    int64_t next_deadline;

    struct queued *queue, *queue_last;
    size_t queue_bytes;
    struct topic *topics;

    const struct client_events *events;
    void *events_data;
    bool told_up;
    int64_t retry_at, retry_us, greeting_until;
    pid_t hub_pid; /* the hub that we started, to be reaped; 0 none */

    int epoll, event, timer;
    int64_t armed; /* the timer's time; INT64_MAX none */
    bool raised;
};

/* ---- small things ---- */

static void list_add(struct list *l, struct call *call)
{
    call->next = NULL;
    if (l->last)
        l->last->next = call;
    else
        l->first = call;
    l->last = call;
}

static struct call *list_take(struct list *l)
{
    struct call *call = l->first;
    if (call) {
        l->first = call->next;
        if (!l->first)
            l->last = NULL;
        call->next = NULL;
    }
    return call;
}

static void call_destroy(struct call *call)
{
    buf_finish(&call->body);
    cJSON_Delete(call->result);
    client_fault_finish(&call->fault);
    free(call);
}

static void raise_event(struct client *c, bool on)
{
    uint64_t n = 1;
    if (on == c->raised)
        return;
    const ssize_t done = on ? write(c->event, &n, sizeof n) : read(c->event, &n, sizeof n);
    if (done == (ssize_t)sizeof n)
        c->raised = on;
}

static void arm(struct client *c, int64_t at)
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

static void watch_links(struct client *c)
{
    watch(c, &c->call, &c->call_events, EPOLLIN | (link_unsent(&c->call) ? EPOLLOUT : 0u));
    watch(c, &c->pub, &c->pub_events, EPOLLIN | (link_unsent(&c->pub) ? EPOLLOUT : 0u));
}

static void make_auth(struct client *c)
{
    cJSON *auth = cJSON_CreateObject();
    if (c->token)
        cJSON_AddStringToObject(auth, "token", c->token);
    if (c->identity)
        cJSON_AddStringToObject(auth, "identity", c->identity);
    const cJSON *id = json_get(c->hello, "clientId");
    if (id)
        cJSON_AddItemToObject(auth, "client", cJSON_Duplicate(id, true));
    free(c->auth);
    c->auth = json_print(auth);
    cJSON_Delete(auth);
}

/* ---- calls ---- */

static void call_end(struct client *c, struct call *call, enum err code, const char *message)
{
    if (code != ERR_OK)
        fault_set(&call->fault, code, message);
    call->finished = true;
    buf_finish(&call->body);
    if (!call->sync) {
        list_add(&c->finished, call);
        raise_event(c, true);
    }
}

static struct call *sent_take(struct client *c, uint32_t id)
{
    for (struct call **at = &c->sent[id % BUCKETS]; *at; at = &(*at)->next)
        if ((*at)->id == id) {
            struct call *call = *at;
            *at = call->next;
            call->next = NULL;
            c->sent_count--;
            return call;
        }
    return NULL;
}

static void broke(struct client *c)
{
    if (c->state == DOWN)
        return;
    c->state = DOWN;
    c->welcomed = false;
    c->call_events = c->pub_events = 0; /* epoll forgets a descriptor when it is closed */
    link_close(&c->call);
    link_close(&c->pub);
    struct call *call;
    for (int i = 0; i < BUCKETS; i++)
        while ((call = c->sent[i])) {
            sent_take(c, call->id);
            call_end(c, call, ERR_LOST, NULL);
        }
    while ((call = list_take(&c->waiting)))
        call_end(c, call, ERR_NO_HUB, NULL);
    c->waiting_bytes = 0;
    c->retry_us = RETRY_FIRST_US;
    c->retry_at = clock_mono_us();
    raise_event(c, true);
}

/* Moves calls onto the wire as far as the limits go, and writes. */
static void flush(struct client *c)
{
    if (c->state == DOWN)
        return;
    while (c->waiting.first && c->sent_count < SENT_MOST) {
        struct call *call = list_take(&c->waiting);
        const size_t begin = link_begin(&c->call);
        const uint8_t id[4] = {(uint8_t)(call->id >> 24), (uint8_t)(call->id >> 16),
                               (uint8_t)(call->id >> 8), (uint8_t)call->id};
        buf_append(&c->call.out, id, sizeof id);
        buf_append(&c->call.out, call->body.data, call->body.len);
        link_end(&c->call, begin);
        c->waiting_bytes -= call->body.len;
        buf_finish(&call->body);
        call->next = c->sent[call->id % BUCKETS];
        c->sent[call->id % BUCKETS] = call;
        c->sent_count++;
    }
    if (link_flush(&c->call) != ERR_OK || link_flush(&c->pub) != ERR_OK)
        broke(c);
    else
        watch_links(c);
}

static struct call *call_begin(struct client *c, const char *method, const cJSON *params,
                               int timeout_ms, bool is_hello)
{
    struct call *call = mem_zalloc(sizeof *call);
    char *text = params ? json_print(params) : NULL;

    /* SP: the last word of the way back has its highest bit set. */
    call->id = ++c->last_id | 0x80000000u;
    call->deadline = timeout_ms < 0 ? INT64_MAX : clock_mono_us() + (int64_t)timeout_ms * 1000;
    buf_printf(&call->body,
               "%s\n{\"jsonrpc\":\"2.0\",\"id\":%u,\"method\":\"%s\",\"auth\":", method,
               (unsigned)(call->id & 0x7fffffffu), method);
    buf_puts(&call->body, c->auth);
    buf_puts(&call->body, ",\"params\":");
    buf_puts(&call->body, text ? text : "{}");
    buf_putc(&call->body, '}');
    free(text);

    if (c->state == DOWN || (c->state == GREETING && !is_hello)) {
        fault_set(&call->fault, ERR_NO_HUB, NULL);
    } else if (call->body.len > WIRE_MAX_MESSAGE - 64 ||
               c->waiting_bytes + link_unsent(&c->call) + call->body.len > UNSENT_MOST) {
        fault_set(&call->fault, ERR_LIMIT, NULL);
    } else {
        c->waiting_bytes += call->body.len;
        list_add(&c->waiting, call);
        if (call->deadline < c->next_deadline)
            c->next_deadline = call->deadline;
        arm(c, c->next_deadline);
    }
    return call;
}

/* Reads an answer: the way back, an empty topic, JSON-RPC. */
static void answer(struct client *c, const char *bytes, size_t n)
{
    struct wire_message m;
    cJSON *json = NULL, *error;
    if (n < 4 || !wire_split(bytes + 4, n - 4, &m))
        return;
    const uint8_t *w = (const uint8_t *)bytes;
    struct call *call =
        sent_take(c, (uint32_t)w[0] << 24 | (uint32_t)w[1] << 16 | (uint32_t)w[2] << 8 | w[3]);
    if (!call) /* it was given up */
        return;
    if (json_parse(m.body, m.body_n, &json) != ERR_OK) {
        call_end(c, call, ERR_INTERNAL, "The hub's answer cannot be read.");
        return;
    }
    error = cJSON_DetachItemFromObjectCaseSensitive(json, "error");
    call->result = cJSON_DetachItemFromObjectCaseSensitive(json, "result");
    if (error)
        fault_read(&call->fault, error);
    else if (!call->result)
        fault_set(&call->fault, ERR_INTERNAL, "The hub's answer is empty.");
    cJSON_Delete(error);
    cJSON_Delete(json);
    call_end(c, call, ERR_OK, NULL);
}

static void time_out(struct client *c)
{
    const int64_t now = clock_mono_us();
    if (now < c->next_deadline)
        return;
    int64_t next = INT64_MAX;
    struct list kept = {0};
    struct call *call;
    while ((call = list_take(&c->waiting))) {
        if (call->deadline <= now) {
            c->waiting_bytes -= call->body.len;
            call_end(c, call, ERR_TIMEOUT, NULL);
        } else {
            next = call->deadline < next ? call->deadline : next;
            list_add(&kept, call);
        }
    }
    c->waiting = kept;
    for (int i = 0; i < BUCKETS; i++)
        for (struct call **at = &c->sent[i]; (call = *at);) {
            if (call->deadline <= now) {
                *at = call->next;
                c->sent_count--;
                call_end(c, call, ERR_TIMEOUT, NULL);
            } else {
                next = call->deadline < next ? call->deadline : next;
                at = &call->next;
            }
        }
    c->next_deadline = next;
    if (next != INT64_MAX)
        arm(c, next);
}

/* ---- reading ---- */

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
    raise_event(c, true);
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

/* Gives false when there was nothing. */
static bool read_calls(struct client *c)
{
    const char *bytes;
    size_t n;
    enum err e = link_fill(&c->call);
    if (e == ERR_AGAIN)
        return false;
    while (e == ERR_OK && (e = link_next(&c->call, &bytes, &n)) == ERR_OK)
        answer(c, bytes, n);
    if (e == ERR_LOST)
        broke(c);
    return true;
}

/* now: hand messages to the caller, else queue them. */
static bool read_events(struct client *c, bool now)
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
        broke(c);
    return true;
}

/* Waits for the sockets, at most until `until`, and reads what is there; only queues. */
static void wait_a_while(struct client *c, int64_t until)
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
        read_calls(c);
    if (fds[1].revents && c->state != DOWN)
        read_events(c, false);
    flush(c);
}

/* ---- coming up ---- */

static void hello_done(struct client *c, struct call *call)
{
    client_fault_finish(&c->refused);
    c->refused = (struct client_fault){0};
    const int64_t version = json_int(call->result, "version", 0);
    if (call->fault.code != ERR_OK) {
        c->refused = call->fault;
        call->fault.data = NULL;
    } else if (version < WIRE_VERSION_MIN || version > WIRE_VERSION_MAX) {
        fault_set(&c->refused, ERR_VERSION,
                  version > WIRE_VERSION_MAX
                      ? "This baton is older than the hub; start it again from the new version."
                      : "The hub is older than this baton; upgrade it with 'baton hub upgrade'.");
    } else {
        cJSON_Delete(c->hello);
        c->hello = call->result;
        call->result = NULL;
        make_auth(c);
    }
}

static struct call *say_hello(struct client *c)
{
    cJSON *params = cJSON_CreateObject();
    json_add_int(params, "min", WIRE_VERSION_MIN);
    json_add_int(params, "max", WIRE_VERSION_MAX);
    cJSON *who = cJSON_AddObjectToObject(params, "client");
    cJSON_AddStringToObject(who, "kind", c->kind);
    cJSON_AddStringToObject(who, "name", "baton");
    cJSON_AddStringToObject(who, "version", BATON_VERSION);
    json_add_int(who, "pid", getpid());
    cJSON_Delete(c->hello);
    c->hello = NULL;
    make_auth(c); /* a new connection: no client id yet */
    struct call *call = call_begin(c, "hello", params, -1, true);
    call->sync = true; /* whoever waits for the greeting looks after it */
    cJSON_Delete(params);
    return call;
}

/* Opens the links and says hello; *ret_hello is then on its way, state is GREETING. */
static enum err connect_links(struct client *c, struct call **ret_hello)
{
    enum err e = link_open(&c->call, c->call_path, LINK_REQ);
    if (e == ERR_OK && c->want_pub)
        e = link_open(&c->pub, c->pub_path, LINK_SUB);
    if (e != ERR_OK) {
        link_close(&c->call);
        return e;
    }
    c->call_events = c->pub_events = 0;
    c->state = GREETING;
    c->welcomed = false;
    c->greeting_until = clock_mono_us() + GREETING_US;
    *ret_hello = say_hello(c);
    flush(c);
    return ERR_OK;
}

static bool greeted(const struct client *c, const struct call *hello)
{
    return hello->finished && (!c->want_pub || c->welcomed);
}

/* Ends the greeting, well or not; gives what came of it. */
static enum err finish_greeting(struct client *c, struct call *hello)
{
    const bool whole = greeted(c, hello);
    hello_done(c, hello);
    if (whole && c->refused.code == ERR_OK && c->state == GREETING) {
        c->state = UP;
        call_destroy(hello);
        return ERR_OK;
    }
    if (c->refused.code == ERR_OK)
        fault_set(&c->refused, ERR_NO_HUB, "The hub took the connection but does not greet.");
    broke(c); /* which ends hello if it is still out */
    call_destroy(hello);
    return c->refused.code;
}

static void nap(void)
{
    const struct timespec moment = {.tv_nsec = 1000 * 1000};
    nanosleep(&moment, NULL);
}

/* One attempt from DOWN to UP, waiting. */
static enum err come_up(struct client *c)
{
    const int64_t until = clock_mono_us() + GREETING_US;
    struct call *hello = NULL;
    enum err e;
    /* A listener whose queue is full is there, it only has many callers just now. */
    while ((e = connect_links(c, &hello)) == ERR_AGAIN && clock_mono_us() < until)
        nap();
    if (e != ERR_OK)
        return e;
    while (c->state == GREETING && !greeted(c, hello) &&
           !(hello->finished && hello->fault.code != ERR_OK) && clock_mono_us() < c->greeting_until)
        wait_a_while(c, c->greeting_until);
    return finish_greeting(c, hello);
}

static bool nobody_there(enum err e)
{
    return e == ERR_NOT_FOUND || e == ERR_NO_HUB || e == ERR_AGAIN || e == ERR_LOST;
}

/* Starts the hub, or again when it lost the race for the lock to one that is gone meanwhile; waits
 * until one answers. Its lock decides which of many starters' hubs it is. */
static enum err start_and_come_up(struct client *c)
{
    const int64_t until = clock_mono_us() + START_US;
    int64_t next_start = 0;
    enum err e = ERR_NO_HUB;

    while (nobody_there(e) && clock_mono_us() < until) {
        bool failed = false;
        int status;
        if (c->hub_pid > 0 && waitpid(c->hub_pid, &status, WNOHANG) == c->hub_pid) {
            c->hub_pid = 0;
            failed = !WIFEXITED(status) || WEXITSTATUS(status) != SERVER_EXIT_BUSY;
        }
        e = come_up(c);
        if (!nobody_there(e))
            break;
        if (failed) {
            char *state = path_state_dir(c->hub);
            char text[sizeof c->refused.message];
            snprintf(text, sizeof text, "The hub could not start; %s/hub.log tells why.", state);
            client_fault_finish(&c->refused);
            fault_set(&c->refused, ERR_NO_HUB, text);
            free(state);
            return ERR_NO_HUB;
        }
        if (c->hub_pid == 0 && clock_mono_us() >= next_start) {
            const enum err started = start_hub(c->hub, &c->hub_pid);
            if (started != ERR_OK) {
                c->hub_pid = 0;
                client_fault_finish(&c->refused);
                fault_set(&c->refused, started, NULL);
                return started;
            }
            next_start = clock_mono_us() + 100 * 1000;
        }
        nap();
    }
    return e;
}

enum err client_open(const struct client_options *options, struct client **ret_client,
                     struct client_fault *ret_fault)
{
    struct client *c = mem_zalloc(sizeof *c);
    char *dir;
    enum err e = ERR_OK;

    link_init(&c->call);
    link_init(&c->pub);
    c->hub = mem_strdup(options->hub ? options->hub : "default");
    c->token = mem_strdup(options->token);
    c->identity = mem_strdup(options->identity);
    c->kind = mem_strdup(options->kind ? options->kind : "client");
    c->start = options->start;
    c->next_deadline = c->armed = INT64_MAX;
    dir = path_runtime_dir(c->hub);
    c->call_path = path_join(dir, "call");
    c->pub_path = path_join(dir, "pub");
    free(dir);
    c->epoll = epoll_create1(EPOLL_CLOEXEC);
    c->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    c->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    struct epoll_event readable = {.events = EPOLLIN};
    if (c->epoll < 0 || c->event < 0 || c->timer < 0 ||
        epoll_ctl(c->epoll, EPOLL_CTL_ADD, c->event, &readable) < 0 ||
        epoll_ctl(c->epoll, EPOLL_CTL_ADD, c->timer, &readable) < 0)
        e = err_from_errno(errno);
    else if (!path_hub_name_ok(c->hub))
        e = ERR_INVALID;
    if (e != ERR_OK) {
        fault_set(ret_fault, e, e == ERR_INVALID ? "That is no name for a hub." : NULL);
        client_close(c);
        return e;
    }

    e = come_up(c);
    if (nobody_there(e) && c->start)
        e = start_and_come_up(c);
    if (nobody_there(e))
        e = ERR_NO_HUB;
    if (e != ERR_OK) {
        if (c->refused.code == e && ret_fault) {
            *ret_fault = c->refused;
            c->refused = (struct client_fault){0};
        } else {
            fault_set(ret_fault, e, NULL);
        }
        client_close(c);
        return e;
    }
    c->told_up = true;
    raise_event(c, c->finished.first || c->queue);
    *ret_client = c;
    return ERR_OK;
}

void client_close(struct client *client)
{
    struct client *c = client;
    struct call *call;
    if (!c)
        return;
    c->events = NULL;
    link_finish(&c->call);
    link_finish(&c->pub);
    for (int i = 0; i < BUCKETS; i++)
        while ((call = c->sent[i])) {
            c->sent[i] = call->next;
            call_destroy(call);
        }
    while ((call = list_take(&c->waiting)) || (call = list_take(&c->finished)))
        call_destroy(call);
    if (c->greeting)
        call_destroy(c->greeting);
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
    free(c->kind);
    free(c->call_path);
    free(c->pub_path);
    free(c->auth);
    free(c);
}

const cJSON *client_hello(const struct client *client)
{
    return client->hello;
}

enum err client_call(struct client *client, const char *method, const cJSON *params, int timeout_ms,
                     cJSON **ret_result, struct client_fault *ret_fault)
{
    struct client *c = client;
    struct call *call = call_begin(c, method, params, timeout_ms, false);

    call->sync = true;
    if (call->fault.code == ERR_OK)
        flush(c);
    while (!call->finished && call->fault.code == ERR_OK) {
        wait_a_while(c, call->deadline);
        time_out(c);
    }
    const enum err e = call->fault.code;
    if (e == ERR_OK && ret_result) {
        *ret_result = call->result;
        call->result = NULL;
    } else if (e != ERR_OK && ret_fault) {
        *ret_fault = call->fault;
        call->fault.data = NULL;
    }
    call_destroy(call);
    return e;
}

void client_send(struct client *client, const char *method, const cJSON *params, int timeout_ms,
                 client_done done, void *data)
{
    struct call *call = call_begin(client, method, params, timeout_ms, false);
    call->done = done;
    call->data = data;
    if (call->fault.code != ERR_OK)
        call_end(client, call, ERR_OK, NULL);
    else
        flush(client);
}

static void forget(struct call *first, const void *data)
{
    for (struct call *call = first; call; call = call->next)
        if (call->data == data && !call->sync)
            call->done = NULL;
}

void client_forget(struct client *client, const void *data)
{
    forget(client->waiting.first, data);
    forget(client->finished.first, data);
    for (int i = 0; i < BUCKETS; i++)
        forget(client->sent[i], data);
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
    const enum err e = link_open(&c->pub, c->pub_path, LINK_SUB);
    if (e != ERR_OK) {
        broke(c);
        return ERR_LOST;
    }
    const int64_t until = clock_mono_us() + GREETING_US;
    flush(c);
    while (c->state == UP && !c->welcomed && clock_mono_us() < until)
        wait_a_while(c, until);
    if (!c->welcomed)
        broke(c);
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

void client_listen(struct client *client, const struct client_events *events, void *data)
{
    client->events = events;
    client->events_data = data;
}

int client_fd(const struct client *client)
{
    return client->epoll;
}

/* ---- dispatch ---- */

static void tell(struct client *c, bool up)
{
    c->told_up = up;
    if (c->events && c->events->connected)
        c->events->connected(c->events_data, up);
}

/* A step of the way back up; never waits. */
static void reconnect(struct client *c)
{
    const int64_t now = clock_mono_us();
    if (c->hub_pid > 0 && waitpid(c->hub_pid, NULL, WNOHANG) == c->hub_pid)
        c->hub_pid = 0;
    if (c->state == DOWN && c->greeting) {
        finish_greeting(c, c->greeting);
        c->greeting = NULL;
    }
    if (c->state == DOWN && now >= c->retry_at) {
        const int64_t next = c->retry_us * 2 < RETRY_LAST_US ? c->retry_us * 2 : RETRY_LAST_US;
        connect_links(c, &c->greeting);
        c->retry_us = next;
        c->retry_at = now + next;
    }
    if (c->state == GREETING) {
        const struct call *hello = c->greeting;
        if (greeted(c, hello) || (hello->finished && hello->fault.code != ERR_OK) ||
            now >= c->greeting_until) {
            const int64_t wait = c->retry_us;
            if (finish_greeting(c, c->greeting) != ERR_OK) {
                c->retry_us = wait; /* refused: not oftener than before */
                c->retry_at = now + wait;
            }
            c->greeting = NULL;
        }
    }
    if (c->state == DOWN)
        arm(c, c->retry_at);
    else if (c->state == GREETING)
        arm(c, c->greeting_until);
}

static void run_finished(struct client *c)
{
    struct call *call;
    while ((call = list_take(&c->finished))) {
        const bool well = call->fault.code == ERR_OK;
        if (call->done)
            call->done(call->data, well ? call->result : NULL, well ? NULL : &call->fault);
        call_destroy(call);
    }
}

static void run_queue(struct client *c)
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

void client_dispatch(struct client *client)
{
    struct client *c = client;
    uint64_t expired;
    if (c->dispatching) /* from a callback: the outer one goes on anyway */
        return;
    c->dispatching = true;
    raise_event(c, false);
    if (read(c->timer, &expired, sizeof expired) == (ssize_t)sizeof expired) {
        c->armed = INT64_MAX;
        arm(c, c->next_deadline);
    }

    bool more_calls = true, more_events = true;
    for (int i = 0; i < FILLS_MOST && (more_calls || more_events); i++) {
        more_calls = more_calls && c->state != DOWN && read_calls(c);
        time_out(c);
        run_finished(c);
        run_queue(c);
        more_events = more_events && c->pub.fd >= 0 && read_events(c, true);
    }
    time_out(c);
    run_finished(c);
    run_queue(c);
    flush(c);
    if (c->state == DOWN && c->told_up)
        tell(c, false);
    if (c->state != UP)
        reconnect(c);
    if (c->state == UP && !c->told_up)
        tell(c, true);
    flush(c);
    raise_event(c, c->finished.first || c->queue || (c->state == DOWN && c->told_up));
    c->dispatching = false;
}
