/* A hub small enough for tests of the transport: it answers at once on NNG's thread, or when told.
 * It stands in for those functions of core/hub/hub.h that the transport calls; everything else here
 * is the real thing.
 * Include it once a test program. */
#ifndef BATON_TESTS_FAKE_HUB_H
#define BATON_TESTS_FAKE_HUB_H

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/hub/hub.h"
#include "transport/nng/client.h"
#include "transport/nng/server.h"
#include "transport/wire/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct hub {
    pthread_mutex_t mutex;
    struct server *server;
    const char *name;
    const struct hub_io *io;
    struct parked {
        void *handle;
        int id;
        uint32_t peer;
    } parked[20000];
    int parked_count;
    uint32_t last_peer;
    int submitted, gone, last_gone_count, turned_away;
    char last_door[64]; /* of the newest call; "" none */
    int echo_last;      /* the newest `n` of echo */
    bool out_of_order;  /* an echo's n did not rise */
};

static inline void fake_answer(struct hub *hub, void *handle, int id, cJSON *result)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "jsonrpc", "2.0");
    json_add_int(json, "id", id);
    cJSON_AddItemToObject(json, "result", result);
    char *text = json_print(json), *whole = mem_printf("\n%s", text);
    hub->io->reply(hub->server, handle, whole, strlen(whole));
    free(whole);
    free(text);
    cJSON_Delete(json);
}

static inline void fake_refuse(struct hub *hub, void *handle, int id, enum err code)
{
    char *text =
        mem_printf("\n{\"jsonrpc\":\"2.0\",\"id\":%d,\"error\":{\"code\":-32000,\"message\":"
                   "\"no\",\"data\":{\"name\":\"%s\",\"person\":\"a\\u001b[2Jb\","
                   "\"next\":\"go\",\"retry\":true,\"holder\":\"ann\"}}}",
                   id, err_text(code)->name);
    hub->io->reply(hub->server, handle, text, strlen(text));
    free(text);
}

/* Answers all that is parked; gives how many. */
static inline int fake_release(struct hub *hub)
{
    pthread_mutex_lock(&hub->mutex);
    const int n = hub->parked_count;
    struct parked *all = mem_dup(hub->parked, sizeof *all * (size_t)(n ? n : 1));
    hub->parked_count = 0;
    pthread_mutex_unlock(&hub->mutex);
    for (int i = 0; i < n; i++)
        fake_answer(hub, all[i].handle, all[i].id, cJSON_CreateString("released"));
    free(all);
    return n;
}

void hub_turn_away(struct hub *hub, void *handle, const char *sentence)
{
    assert_true(strlen(sentence) > 10);
    pthread_mutex_lock(&hub->mutex);
    hub->turned_away++;
    pthread_mutex_unlock(&hub->mutex);
    fake_refuse(hub, handle, 0, ERR_LIMIT);
}

void hub_submit(struct hub *hub, void *handle, uint32_t peer, uid_t uid, const char *door,
                const void *bytes, size_t n)
{
    struct wire_message m;
    cJSON *call = NULL;
    assert_int_equal(uid, getuid());
    pthread_mutex_lock(&hub->mutex);
    hub->submitted++;
    hub->last_peer = peer;
    snprintf(hub->last_door, sizeof hub->last_door, "%s", door ? door : "");
    pthread_mutex_unlock(&hub->mutex);
    if (!wire_split(bytes, n, &m) || json_parse(m.body, m.body_n, &call) != ERR_OK) {
        hub->io->reply(hub->server, handle, NULL, 0);
        return;
    }
    const int id = (int)json_int(call, "id", -1);
    const char *method = json_string(call, "method", "");
    const cJSON *params = json_get(call, "params");
    assert_int_equal(strlen(method), m.topic_n);
    assert_memory_equal(method, m.topic, m.topic_n);
    if (strcmp(method, "hello") == 0) {
        cJSON *result = cJSON_CreateObject();
        json_add_int(result, "version", 1);
        cJSON_AddStringToObject(result, "clientId", "c-1");
        cJSON_AddStringToObject(cJSON_AddObjectToObject(result, "hub"), "name", hub->name);
        fake_answer(hub, handle, id, result);
    } else if (strcmp(method, "park") == 0) {
        pthread_mutex_lock(&hub->mutex);
        hub->parked[hub->parked_count++] = (struct parked){handle, id, peer};
        pthread_mutex_unlock(&hub->mutex);
    } else if (strcmp(method, "hold") == 0) { /* parked, and who wants it is told */
        char *note = mem_printf("\n{\"jsonrpc\":\"2.0\",\"method\":\"call.held\",\"params\":{"
                                "\"approvalId\":\"%s\",\"expiresAt\":99}}",
                                json_string(call, "approval", json_string(params, "as", "ap7")));
        pthread_mutex_lock(&hub->mutex);
        hub->parked[hub->parked_count++] = (struct parked){handle, id, peer};
        pthread_mutex_unlock(&hub->mutex);
        if (json_get(call, "approval"))
            hub->io->note(hub->server, handle, note, strlen(note));
        free(note);
    } else if (strcmp(method, "release") == 0) {
        const int count = fake_release(hub);
        fake_answer(hub, handle, id, cJSON_CreateNumber(count));
    } else if (strcmp(method, "refuse") == 0) {
        fake_refuse(hub, handle, id, ERR_STALE);
    } else if (strcmp(method, "big") == 0) { /* an answer of so many bytes */
        const size_t size = (size_t)json_int(params, "size", 0);
        char *text = mem_zalloc(size + 1);
        memset(text, 'x', size);
        fake_answer(hub, handle, id, cJSON_CreateString(text));
        free(text);
    } else if (strcmp(method, "publish") == 0) { /* so many messages of so many bytes */
        const int64_t count = json_int(params, "count", 1), size = json_int(params, "size", 1);
        char *body = mem_zalloc((size_t)size);
        for (int64_t i = 0; i < count; i++) {
            memset(body, 'a' + (int)(i % 26), (size_t)size);
            hub->io->publish(hub->server, 0, json_string(params, "topic", "t"), body, (size_t)size);
        }
        free(body);
        fake_answer(hub, handle, id, cJSON_CreateNumber((double)count));
    } else {
        const int at = (int)json_int(params, "n", -1);
        pthread_mutex_lock(&hub->mutex);
        if (at >= 0 && at <= hub->echo_last)
            hub->out_of_order = true;
        if (at >= 0)
            hub->echo_last = at;
        pthread_mutex_unlock(&hub->mutex);
        fake_answer(hub, handle, id, cJSON_Duplicate(params, true));
    }
    cJSON_Delete(call);
}

/* One of the peer's parked calls, which is then nobody's; NULL when there is none. */
static inline void *fake_unpark(struct hub *hub, uint32_t peer)
{
    void *handle = NULL;
    pthread_mutex_lock(&hub->mutex);
    for (int i = 0; i < hub->parked_count && !handle; i++)
        if (hub->parked[i].peer == peer) {
            handle = hub->parked[i].handle;
            hub->parked[i] = hub->parked[--hub->parked_count];
        }
    pthread_mutex_unlock(&hub->mutex);
    return handle;
}

/* Other peers may go at the same time, and what is parked then changes its place: each search
 * begins anew. */
void hub_peer_gone(struct hub *hub, uint32_t peer)
{
    void *handle;
    while ((handle = fake_unpark(hub, peer)))
        hub->io->reply(hub->server, handle, NULL, 0);
    pthread_mutex_lock(&hub->mutex);
    hub->gone++;
    pthread_mutex_unlock(&hub->mutex);
}

void hub_meet(struct hub *hub, uid_t uid)
{
    (void)hub;
    (void)uid;
}

bool hub_knows(struct hub *hub, uid_t uid, uint32_t peer)
{
    (void)hub;
    (void)uid;
    (void)peer;
    return false;
}

bool hub_may_hear(struct hub *hub, uid_t uid, uint32_t peer, const char *topic)
{
    (void)hub;
    (void)uid;
    (void)peer;
    (void)topic;
    return false;
}

/* Reads a counter of the hub. */
static inline int fake_get(struct hub *hub, const int *counter)
{
    pthread_mutex_lock(&hub->mutex);
    const int n = *counter;
    pthread_mutex_unlock(&hub->mutex);
    return n;
}

static inline struct hub *fake_start(const char *name)
{
    struct hub *hub = mem_zalloc(sizeof *hub);
    char *why = NULL;
    pthread_mutex_init(&hub->mutex, NULL);
    hub->echo_last = -1;
    hub->name = name;
    enum err e = server_create(name, -1, &hub->server, &why);
    if (e == ERR_OK) {
        hub->io = server_io(hub->server);
        e = server_listen(hub->server, hub, &why);
    }
    if (e != ERR_OK)
        fail_msg("the server does not start: %s", why);
    return hub;
}

static inline void fake_stop(struct hub *hub)
{
    server_destroy(hub->server);
    pthread_mutex_destroy(&hub->mutex);
    free(hub);
}

static inline struct client *fake_client(const char *name)
{
    struct client *c = NULL;
    struct client_fault fault = {0};
    const struct client_options options = {.hub = name, .kind = "test"};
    if (client_open(&options, &c, &fault) != ERR_OK)
        fail_msg("no client: %s", fault.message);
    return c;
}

/* One whole round trip of a new client. */
static inline void fake_round_trip(const char *name)
{
    struct client *c = fake_client(name);
    cJSON *params = cJSON_CreateObject(), *result = NULL;
    cJSON_AddStringToObject(params, "text", "hello");
    assert_int_equal(client_call(c, "echo", params, 10000, &result, NULL), ERR_OK);
    assert_string_equal(json_string(result, "text", ""), "hello");
    cJSON_Delete(result);
    cJSON_Delete(params);
    client_close(c);
}

/* Waits until condition holds, dispatching c (may be NULL), at most 20 s. */
#define WAIT_FOR(c, condition)                                                                     \
    do {                                                                                           \
        const int64_t until_ = clock_mono_us() + 20 * 1000 * 1000;                                 \
        while (!(condition)) {                                                                     \
            if (clock_mono_us() > until_)                                                          \
                fail_msg("did not come true: %s", #condition);                                     \
            fake_turn(c);                                                                          \
        }                                                                                          \
    } while (0)

static inline void fake_turn(struct client *c)
{
    if (c) {
        struct pollfd fd = {.fd = client_fd(c), .events = POLLIN};
        poll(&fd, 1, 5);
        client_dispatch(c);
    } else {
        sched_yield();
    }
}

/* A runtime folder of this test program's own. */
static inline int fake_setup(void **state)
{
    static char dir[] = "/tmp/baton-test-XXXXXX";
    (void)state;
    if (!mkdtemp(dir))
        return -1;
    return setenv("XDG_RUNTIME_DIR", dir, 1);
}

static inline int fake_teardown(void **state)
{
    (void)state;
    const pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", "--", getenv("XDG_RUNTIME_DIR"), (char *)NULL);
        _exit(1);
    }
    return pid > 0 && waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

#endif
