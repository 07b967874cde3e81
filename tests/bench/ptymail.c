/* Durable messages for the benchmark, through the wire, and the same through Redis Streams:
 *
 *   ptymail send HUB SENDERS MS TO       each sender has one comms.send out, for MS milliseconds
 *   ptymail redis SOCKET SENDERS MS KEY  each sender has one XADD out
 *   ptymail wait HUB COUNT               from before a send to the answer of a receive that waits
 *   ptymail redis-wait SOCKET COUNT      the same with XADD and XREAD BLOCK
 *   ptymail inbox HUB NAME COUNT         one comms.receive after another, by NAME
 *   ptymail broadcast HUB COUNT          one comms.broadcast after another
 *   ptymail crowd HUB MEMBERS COUNT      each time to so many who wait, until the last one has it
 *   ptymail hello HUB NAME...            lets these names have an inbox
 *
 * Writes one line: how many, the nanoseconds that all took, and each one's in order. All senders
 * are in this one process and thread; the payload is the same 200 bytes. */
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "transport/nng/client.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define MOST    256
#define LIMIT_S 120 /* a benchmark that hangs is a failure */

static char payload[201];

struct times {
    int64_t *ns;
    size_t count, room;
};

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void note(struct times *t, int64_t ns)
{
    if (t->count == t->room) {
        t->room = t->room ? 2 * t->room : 1024;
        t->ns = mem_reallocarray(t->ns, t->room, sizeof *t->ns);
    }
    t->ns[t->count++] = ns;
}

static int by_size(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int say(struct times *t, int64_t took)
{
    if (!t->count) {
        fprintf(stderr, "ptymail: nothing came back\n");
        return 1;
    }
    qsort(t->ns, t->count, sizeof *t->ns, by_size);
    printf("%zu %lld %lld %lld %lld\n", t->count, (long long)took, (long long)t->ns[t->count / 2],
           (long long)t->ns[t->count * 99 / 100], (long long)t->ns[t->count - 1]);
    free(t->ns);
    return 0;
}

/* --- senders: a hub's ------------------------------------------------------------------------- */

struct run {
    struct times times;
    int64_t until_ns;
    int out;    /* answers that are awaited */
    bool wrong; /* something was refused */
};

struct sender {
    struct run *run;
    struct client *client;
    cJSON *params;
    int64_t since_ns;
    int fd; /* a Redis connection's */
};

static struct client *join(const char *hub, const char *name)
{
    const struct client_options options = {.hub = hub, .kind = "cli", .identity = name};
    struct client_fault fault = {0};
    struct client *client = NULL;
    if (client_open(&options, &client, &fault) != ERR_OK) {
        fprintf(stderr, "ptymail: %s\n", fault.message);
        exit(1);
    }
    return client;
}

static void send_one(struct sender *s);

static void sent(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct sender *s = data;
    s->run->out--;
    if (!result) {
        fprintf(stderr, "ptymail: %s\n", fault->message);
        s->run->wrong = true;
        return;
    }
    const int64_t now = now_ns();
    note(&s->run->times, now - s->since_ns);
    if (now < s->run->until_ns && !s->run->wrong)
        send_one(s);
}

static void send_one(struct sender *s)
{
    s->run->out++;
    s->since_ns = now_ns();
    client_send(s->client, "comms.send", s->params, -1, sent, s);
}

static int senders(const char *hub, int count, int ms, const char *to)
{
    static struct sender all[MOST];
    struct run run = {0};
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < count; i++) {
        char *name = mem_printf("sender%d", i);
        all[i] = (struct sender){.run = &run, .client = join(hub, name)};
        all[i].params = cJSON_CreateObject();
        cJSON_AddStringToObject(all[i].params, "to", to);
        cJSON_AddStringToObject(all[i].params, "message", payload);
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = &all[i]};
        epoll_ctl(epoll, EPOLL_CTL_ADD, client_fd(all[i].client), &e);
        free(name);
    }
    const int64_t start = now_ns();
    run.until_ns = start + (int64_t)ms * 1000000;
    for (int i = 0; i < count; i++)
        send_one(&all[i]);
    while (run.out && !run.wrong) {
        struct epoll_event ready[MOST];
        int n = epoll_wait(epoll, ready, MOST, LIMIT_S * 1000);
        if (n <= 0)
            return 1;
        for (int i = 0; i < n; i++)
            client_dispatch(((struct sender *)ready[i].data.ptr)->client);
    }
    const int64_t took = now_ns() - start;
    for (int i = 0; i < count; i++) {
        client_close(all[i].client);
        cJSON_Delete(all[i].params);
    }
    close(epoll);
    return run.wrong ? 1 : say(&run.times, took);
}

/* --- senders: Redis's ------------------------------------------------------------------------- */

static int redis(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) < 0) {
        perror("ptymail: redis");
        exit(1);
    }
    return fd;
}

static char *xadd(const char *key, size_t *ret_n)
{
    char *text =
        mem_printf("*9\r\n$4\r\nXADD\r\n$%zu\r\n%s\r\n$1\r\n*\r\n$4\r\nfrom\r\n$6\r\nsender"
                   "\r\n$2\r\nto\r\n$4\r\nsink\r\n$4\r\nbody\r\n$%zu\r\n%s\r\n",
                   strlen(key), key, strlen(payload), payload);
    *ret_n = strlen(text);
    return text;
}

static void put(int fd, const char *text, size_t n)
{
    if (write(fd, text, n) != (ssize_t)n) {
        perror("ptymail: redis");
        exit(1);
    }
}

/* One answer is one read: it is short, and nothing else is out on that connection. */
static size_t get(int fd, char *answer, size_t size)
{
    const ssize_t n = read(fd, answer, size - 1);
    if (n <= 0 || answer[0] == '-') {
        fprintf(stderr, "ptymail: redis refuses\n");
        exit(1);
    }
    answer[n] = '\0';
    return (size_t)n;
}

static int adders(const char *path, int count, int ms, const char *key)
{
    static struct sender all[MOST];
    struct run run = {0};
    size_t n;
    char *text = xadd(key, &n), answer[256];
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < count; i++) {
        all[i] = (struct sender){.run = &run, .fd = redis(path)};
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = &all[i]};
        epoll_ctl(epoll, EPOLL_CTL_ADD, all[i].fd, &e);
    }
    const int64_t start = now_ns();
    run.until_ns = start + (int64_t)ms * 1000000;
    for (int i = 0; i < count; i++, run.out++) {
        all[i].since_ns = now_ns();
        put(all[i].fd, text, n);
    }
    while (run.out) {
        struct epoll_event ready[MOST];
        int got = epoll_wait(epoll, ready, MOST, LIMIT_S * 1000);
        if (got <= 0)
            return 1;
        for (int i = 0; i < got; i++) {
            struct sender *s = ready[i].data.ptr;
            get(s->fd, answer, sizeof answer);
            const int64_t now = now_ns();
            note(&run.times, now - s->since_ns);
            s->since_ns = now;
            if (now < run.until_ns)
                put(s->fd, text, n);
            else
                run.out--;
        }
    }
    const int64_t took = now_ns() - start;
    for (int i = 0; i < count; i++)
        close(all[i].fd);
    close(epoll);
    free(text);
    return say(&run.times, took);
}

/* --- one that waits --------------------------------------------------------------------------- */

struct waiter {
    bool back, wrong;
    int64_t at_ns;
};

static void received(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct waiter *w = data;
    w->at_ns = now_ns();
    w->back = true;
    w->wrong = !result || cJSON_GetArraySize(json_get(result, "messages")) != 1;
    if (w->wrong)
        fprintf(stderr, "ptymail: receive: %s\n", fault ? fault->message : "not one message");
}

static cJSON *object(const char *a, const char *b)
{
    cJSON *o = cJSON_CreateObject();
    if (a)
        cJSON_AddStringToObject(o, "to", a);
    if (b)
        cJSON_AddStringToObject(o, "message", b);
    return o;
}

static int wait_hub(const char *hub, int count)
{
    struct client *from = join(hub, "quick"), *to = join(hub, "waiter");
    struct times times = {0};
    struct waiter w = {0};
    cJSON *ask = object(NULL, NULL), *send = object("waiter", payload);
    const int64_t start = now_ns();
    cJSON_AddNumberToObject(ask, "wait", 30);
    for (int i = 0; i < count && !w.wrong; i++) {
        w.back = false;
        client_send(to, "comms.receive", ask, -1, received, &w);
        /* The hub has parked it once it answers what the same connection asks later. */
        struct client_fault fault = {0};
        if (client_call(to, "hub.status", NULL, 10000, NULL, &fault) != ERR_OK)
            return 1;
        const int64_t since = now_ns();
        if (client_call(from, "comms.send", send, 10000, NULL, &fault) != ERR_OK) {
            fprintf(stderr, "ptymail: %s\n", fault.message);
            return 1;
        }
        while (!w.back) {
            struct pollfd fd = {.fd = client_fd(to), .events = POLLIN};
            if (poll(&fd, 1, LIMIT_S * 1000) <= 0)
                return 1;
            client_dispatch(to);
        }
        note(&times, w.at_ns - since);
    }
    cJSON_Delete(ask);
    cJSON_Delete(send);
    client_close(from);
    client_close(to);
    return w.wrong ? 1 : say(&times, now_ns() - start);
}

/* Where an XADD's answer or the first id in an XREAD's is copied from: "$15\r\nID\r\n". */
static void keep_id(const char *answer, char *id, size_t size)
{
    const char *at = strstr(answer, "\r\n");
    snprintf(id, size, "%.*s", at ? (int)strcspn(at + 2, "\r") : 0, at ? at + 2 : "");
}

/* From behind the newest one, so that nothing is missed should the send come first. */
static int wait_redis(const char *path, int count)
{
    static const char ping[] = "*1\r\n$4\r\nPING\r\n";
    const int from = redis(path), to = redis(path);
    struct times times = {0};
    char answer[1024], id[64];
    size_t n;
    char *send = xadd("wait", &n);
    const int64_t start = now_ns();
    put(from, send, n);
    get(from, answer, sizeof answer);
    for (int i = 0; i < count; i++) {
        keep_id(answer, id, sizeof id);
        char *ask = mem_printf("*6\r\n$5\r\nXREAD\r\n$5\r\nBLOCK\r\n$5\r\n30000\r\n$7\r\n"
                               "STREAMS\r\n$4\r\nwait\r\n$%zu\r\n%s\r\n",
                               strlen(id), id);
        put(to, ask, strlen(ask));
        free(ask);
        put(from, ping, sizeof ping - 1);
        get(from, answer, sizeof answer);
        const int64_t since = now_ns();
        put(from, send, n);
        get(from, answer, sizeof answer);
        char arrived[1024];
        get(to, arrived, sizeof arrived);
        note(&times, now_ns() - since);
    }
    free(send);
    return say(&times, now_ns() - start);
}

/* --- one call after another ------------------------------------------------------------------- */

static int calls(const char *hub, const char *who, const char *method, const cJSON *params,
                 int count)
{
    struct client *client = join(hub, who);
    struct times times = {0};
    const int64_t start = now_ns();
    for (int i = 0; i < count; i++) {
        struct client_fault fault = {0};
        const int64_t since = now_ns();
        if (client_call(client, method, params, LIMIT_S * 1000, NULL, &fault) != ERR_OK) {
            fprintf(stderr, "ptymail: %s\n", fault.message);
            return 1;
        }
        note(&times, now_ns() - since);
    }
    client_close(client);
    return say(&times, now_ns() - start);
}

/* --- a broadcast to many who wait --------------------------------------------------------------
 */

struct crowd {
    struct waiter *all;
    struct client **clients;
    int count, epoll;
};

static int back_of(const struct crowd *c)
{
    int back = 0;
    for (int i = 0; i < c->count; i++)
        back += c->all[i].back;
    return back;
}

/* All wait once the hub answers what each connection asks behind its receive. */
static bool all_wait(struct crowd *c, const cJSON *ask)
{
    for (int i = 0; i < c->count; i++) {
        c->all[i].back = false;
        client_send(c->clients[i], "comms.receive", ask, -1, received, &c->all[i]);
    }
    for (int i = 0; i < c->count; i++) {
        struct client_fault fault = {0};
        if (client_call(c->clients[i], "hub.status", NULL, 10000, NULL, &fault) != ERR_OK)
            return false;
    }
    return back_of(c) == 0;
}

static void told(void *data, const cJSON *result, const struct client_fault *fault)
{
    if (!result)
        fprintf(stderr, "ptymail: broadcast: %s\n", fault->message);
    *(bool *)data = true;
}

static bool all_have_it(struct crowd *c, struct client *from, const cJSON *send)
{
    bool answered = false;
    struct pollfd own = {.fd = client_fd(from), .events = POLLIN};
    client_send(from, "comms.broadcast", send, -1, told, &answered);
    while (!answered || back_of(c) < c->count) {
        struct epoll_event ready[MOST];
        int n = epoll_wait(c->epoll, ready, MOST, answered ? LIMIT_S * 1000 : 1);
        if (n == 0 && answered)
            return false;
        for (int i = 0; i < n; i++)
            client_dispatch(ready[i].data.ptr);
        if (!answered && poll(&own, 1, 0) > 0)
            client_dispatch(from);
    }
    return true;
}

static int crowd(const char *hub, int members, int count)
{
    struct crowd c = {mem_calloc((size_t)members, sizeof *c.all),
                      mem_calloc((size_t)members, sizeof(struct client *)), members,
                      epoll_create1(EPOLL_CLOEXEC)};
    struct client *from = join(hub, "caller");
    struct times times = {0};
    cJSON *ask = object(NULL, NULL), *send = object(NULL, payload);
    bool good = true;
    cJSON_AddNumberToObject(ask, "wait", 100);
    cJSON_AddNumberToObject(ask, "limit", 1);
    /* To these alone: others, who do not wait, have been there before. */
    cJSON_AddStringToObject(cJSON_AddObjectToObject(send, "filter"), "name_pattern", "crowd*");
    for (int i = 0; i < members; i++) {
        char *name = mem_printf("crowd%d", i);
        c.clients[i] = join(hub, name);
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = c.clients[i]};
        epoll_ctl(c.epoll, EPOLL_CTL_ADD, client_fd(c.clients[i]), &e);
        free(name);
    }
    const int64_t start = now_ns();
    for (int i = 0; good && i < count; i++) {
        good = all_wait(&c, ask);
        const int64_t since = now_ns();
        good = good && all_have_it(&c, from, send);
        note(&times, now_ns() - since);
    }
    for (int i = 0; i < members; i++) {
        good = good && !c.all[i].wrong;
        client_close(c.clients[i]);
    }
    client_close(from);
    cJSON_Delete(ask);
    cJSON_Delete(send);
    close(c.epoll);
    free(c.clients);
    free(c.all);
    return good ? say(&times, now_ns() - start) : 1;
}

int main(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[1] : "";
    memset(payload, 'm', sizeof payload - 1);
    if (argc == 6 && (strcmp(what, "send") == 0 || strcmp(what, "redis") == 0)) {
        const int count = atoi(argv[3]), ms = atoi(argv[4]);
        if (count < 1 || count > MOST || ms < 1)
            return 2;
        return *what == 's' ? senders(argv[2], count, ms, argv[5])
                            : adders(argv[2], count, ms, argv[5]);
    }
    if (argc == 4 && strcmp(what, "wait") == 0)
        return wait_hub(argv[2], atoi(argv[3]));
    if (argc == 4 && strcmp(what, "redis-wait") == 0)
        return wait_redis(argv[2], atoi(argv[3]));
    if (argc == 5 && strcmp(what, "inbox") == 0) {
        cJSON *params = cJSON_CreateObject();
        cJSON_AddNumberToObject(params, "limit", 10);
        int status = calls(argv[2], argv[3], "comms.receive", params, atoi(argv[4]));
        cJSON_Delete(params);
        return status;
    }
    if (argc == 4 && strcmp(what, "broadcast") == 0) {
        cJSON *params = object(NULL, payload);
        int status = calls(argv[2], "caller", "comms.broadcast", params, atoi(argv[3]));
        cJSON_Delete(params);
        return status;
    }
    if (argc == 5 && strcmp(what, "crowd") == 0)
        return crowd(argv[2], atoi(argv[3]), atoi(argv[4]));
    if (argc >= 4 && strcmp(what, "hello") == 0) {
        for (int i = 3; i < argc; i++)
            client_close(join(argv[2], argv[i]));
        return 0;
    }
    return 2;
}
