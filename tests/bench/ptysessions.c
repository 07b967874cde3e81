/* Sessions seen by clients, for the benchmark:
 *
 *   ptysessions observe HUB N SESSION SINCE COUNT
 *       N observers follow a session whose agent writes COUNT stamps behind the event SINCE. Writes
 *       `ready` when all listen, and when all have all of them one line: how many were delivered,
 *       the nanoseconds from the first stamp to the last delivery, how many of them came by a call
 *       because PUB had dropped them, and the nanoseconds of p50, p99 and the longest delivery.
 *   ptysessions missed HUB SESSION COUNT PAGE TIMES
 *       Fetches the first COUNT events of a session, PAGE at a time, so often; writes the
 *       nanoseconds of each.
 *
 * What always holds: an observer takes in every number once and in order, as a console does; a live
 * event that is not the next one makes it ask for what is missing. All observers are in this one
 * process and thread. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "transport/nng/client.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST     256
#define PAGE     10000
#define LIMIT_MS 120000 /* a benchmark that hangs is a failure */
#define LULL_MS  200    /* without a message: the last one may have been dropped */

struct run;

struct observer {
    struct run *run;
    struct client *client;
    int64_t head; /* number of the newest event that it has */
    int64_t stamps;
    bool asking;
};

struct run {
    const char *session;
    char before[96]; /* what stands before an event's number in its line */
    int64_t count;   /* stamps that each is to have */
    int left;        /* observers that have not */
    int64_t first_us, last_ns;
    int64_t *ns;
    size_t ns_n, filled;
    bool wrong;
};

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct client *join(const char *hub)
{
    const struct client_options options = {.hub = hub, .kind = "console", .events = true};
    struct client_fault fault = {0};
    struct client *client = NULL;
    if (client_open(&options, &client, &fault) != ERR_OK) {
        fprintf(stderr, "ptysessions: %s\n", fault.message);
        exit(1);
    }
    return client;
}

static cJSON *page_of(const char *session, int64_t since, int limit)
{
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "sessionId", session);
    json_add_int(params, "since", since);
    json_add_int(params, "limit", limit);
    return params;
}

/* --- observers ---------------------------------------------------------------------------------
 */

/* One event that was the next: is it a stamp? */
static void take(struct observer *o, int64_t seq, const char *stamp, int64_t when)
{
    struct run *r = o->run;
    o->head = seq;
    if (!stamp || o->stamps == r->count)
        return;
    const int64_t us = strtoll(stamp, NULL, 10);
    if (!r->first_us || us < r->first_us)
        r->first_us = us;
    r->last_ns = when;
    r->ns[r->ns_n++] = when - us * 1000;
    if (++o->stamps == r->count)
        r->left--;
}

static void ask(struct observer *o);

static void got_page(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct observer *o = data;
    const int64_t when = now_ns(), head = o->head;
    const cJSON *entry;
    o->asking = false;
    if (fault) {
        fprintf(stderr, "ptysessions: %s\n", fault->message);
        o->run->wrong = true;
        return;
    }
    cJSON_ArrayForEach(entry, result)
    {
        const int64_t seq = json_int(entry, "sequenceNumber", 0);
        const cJSON *update =
            json_get(json_get(json_get(entry, "notification"), "params"), "update");
        const char *text = json_string(json_get(update, "content"), "text", "");
        if (seq != o->head + 1)
            continue;
        o->run->filled += *text == 'T';
        take(o, seq, *text == 'T' ? text + 1 : NULL, when);
    }
    if (o->head > head)
        ask(o); /* until nothing more comes */
}

static void ask(struct observer *o)
{
    if (o->asking)
        return;
    o->asking = true;
    cJSON *params = page_of(o->run->session, o->head, PAGE);
    client_send(o->client, "session.events", params, LIMIT_MS, got_page, o);
    cJSON_Delete(params);
}

static void take_line(struct observer *o, const char *line, size_t n, int64_t when)
{
    static const char text[] = "\"text\":\"T";
    const char *at = memmem(line, n, o->run->before, strlen(o->run->before));
    if (!at)
        return;
    const int64_t seq = strtoll(at + strlen(o->run->before), NULL, 10);
    if (seq <= o->head)
        return;
    if (seq != o->head + 1) {
        ask(o);
        return;
    }
    const char *stamp = memmem(line, n, text, sizeof text - 1);
    take(o, seq, stamp ? stamp + sizeof text - 1 : NULL, when);
}

static void on_message(void *data, const struct wire_message *m)
{
    const int64_t when = now_ns();
    const char *at = m->body, *end = m->body + m->body_n;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *next = newline ? newline : end;
        take_line(data, at, (size_t)(next - at), when);
        at = next + 1;
    }
}

static int by_size(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static bool turn(struct observer *all, int n, struct pollfd *fds)
{
    const int got = poll(fds, (nfds_t)n, LULL_MS);
    for (int i = 0; i < n; i++) {
        if (fds[i].revents)
            client_dispatch(all[i].client);
        else if (got == 0 && all[i].run->ns_n && all[i].stamps < all[i].run->count)
            ask(&all[i]);
    }
    return got > 0;
}

static int observe(const char *hub, int n, const char *session, int64_t since, int64_t count)
{
    static const struct client_events events = {.message = on_message};
    static struct observer all[MOST];
    static struct pollfd fds[MOST];
    struct run r = {.session = session, .count = count, .left = n};
    r.ns = mem_calloc((size_t)n * (size_t)count, sizeof *r.ns);
    snprintf(r.before, sizeof r.before, "\"sessionId\":\"%s\",\"sequenceNumber\":", session);
    for (int i = 0; i < n; i++) {
        all[i] = (struct observer){.run = &r, .client = join(hub), .head = since};
        client_listen(all[i].client, &events, &all[i]);
        client_subscribe(all[i].client, "e/");
        /* By its answer the subscription is there, too; were it not, a call would fill the hole. */
        if (client_call(all[i].client, "hub.status", NULL, LIMIT_MS, NULL, NULL) != ERR_OK)
            return 1;
        fds[i] = (struct pollfd){.fd = client_fd(all[i].client), .events = POLLIN};
    }
    printf("ready\n");
    fflush(stdout);
    for (int64_t heard = now_ns(); r.left && !r.wrong;) {
        if (turn(all, n, fds))
            heard = now_ns();
        if (now_ns() > heard + (int64_t)LIMIT_MS * 1000000) {
            fprintf(stderr, "ptysessions: %d observers wait in vain\n", r.left);
            return 1;
        }
    }
    if (r.wrong)
        return 1;
    qsort(r.ns, r.ns_n, sizeof *r.ns, by_size);
    printf("%zu %lld %zu %lld %lld %lld\n", r.ns_n, (long long)(r.last_ns - r.first_us * 1000),
           r.filled, (long long)r.ns[r.ns_n / 2], (long long)r.ns[r.ns_n * 99 / 100],
           (long long)r.ns[r.ns_n - 1]);
    for (int i = 0; i < n; i++)
        client_close(all[i].client);
    free(r.ns);
    return 0;
}

/* --- what was missed ----------------------------------------------------------------------------
 */

static bool fetch(struct client *client, const char *session, int64_t count, int page)
{
    for (int64_t head = 0; head < count;) {
        const int limit = count - head < page ? (int)(count - head) : page;
        const int64_t before = head;
        cJSON *params = page_of(session, head, limit), *result = NULL;
        const cJSON *entry;
        struct client_fault fault = {0};
        const enum err e = client_call(client, "session.events", params, LIMIT_MS, &result, &fault);
        cJSON_Delete(params);
        if (e != ERR_OK) {
            fprintf(stderr, "ptysessions: %s\n", fault.message);
            return false;
        }
        cJSON_ArrayForEach(entry, result)
        {
            if (json_int(entry, "sequenceNumber", 0) != head + 1)
                break;
            head++;
        }
        cJSON_Delete(result);
        if (entry || head == before) {
            fprintf(stderr, "ptysessions: no event %lld\n", (long long)head + 1);
            return false;
        }
    }
    return true;
}

static int missed(const char *hub, const char *session, int64_t count, int page, int times)
{
    struct client *client = join(hub);
    for (int i = 0; i < times; i++) {
        const int64_t start = now_ns();
        if (!fetch(client, session, count, page))
            return 1;
        printf("%lld%c", (long long)(now_ns() - start), i == times - 1 ? '\n' : ' ');
    }
    client_close(client);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 7 && strcmp(argv[1], "observe") == 0 && atoi(argv[3]) > 0 && atoi(argv[3]) <= MOST)
        return observe(argv[2], atoi(argv[3]), argv[4], atoll(argv[5]), atoll(argv[6]));
    if (argc == 7 && strcmp(argv[1], "missed") == 0 && atoi(argv[5]) > 0)
        return missed(argv[2], argv[3], atoll(argv[4]), atoi(argv[5]), atoi(argv[6]));
    return 2;
}
