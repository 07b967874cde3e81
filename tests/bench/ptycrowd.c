/* A crowd of observers for the benchmark and tests, in one process: ptycrowd HUB READERS STALLED
 * COMERS. READERS subscribe to everything and read it; STALLED subscribe and never read; COMERS
 * connect, stay for some 50 ms and go, again and again. Writes `ready` when all are there, then
 * goes on until its standard input ends. Single-threaded. */
#include "core/base/clock.h"
#include "transport/nng/client.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST    1000
#define STAY_US 50000

struct observer {
    struct client *client;
    bool reads, comes;
    int64_t until_us;
};

static const char *hub_name;

static void on_message(void *data, const struct wire_message *m)
{
    (void)data, (void)m;
}

static bool join(struct observer *o)
{
    static const struct client_events events = {.message = on_message};
    const struct client_options options = {.hub = hub_name, .kind = "console"};
    struct client_fault fault = {0};
    if (client_open(&options, &o->client, &fault) != ERR_OK) {
        fprintf(stderr, "ptycrowd: %s\n", fault.message);
        return false;
    }
    client_listen(o->client, &events, o);
    client_subscribe(o->client, "s/");
    client_subscribe(o->client, "h/");
    client_subscribe(o->client, "e/");
    o->until_us = clock_mono_us() + STAY_US;
    return true;
}

int main(int argc, char **argv)
{
    static struct observer all[MOST];
    static struct pollfd fds[MOST + 1];
    if (argc != 5)
        return 2;
    const int readers = atoi(argv[2]), stalled = atoi(argv[3]), comers = atoi(argv[4]);
    const int n = readers + stalled + comers;
    if (n < 1 || n > MOST)
        return 2;
    hub_name = argv[1];
    for (int i = 0; i < n; i++) {
        all[i].reads = i < readers || i >= readers + stalled;
        all[i].comes = i >= readers + stalled;
        if (!join(&all[i]))
            return 1;
    }
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        const int64_t now = clock_mono_us();
        for (int i = 0; i < n; i++) {
            if (all[i].comes && now > all[i].until_us) {
                client_close(all[i].client);
                if (!join(&all[i]))
                    return 1;
            }
            fds[i] = (struct pollfd){.fd = all[i].reads ? client_fd(all[i].client) : -1,
                                     .events = POLLIN};
        }
        fds[n] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
        if (poll(fds, (nfds_t)n + 1, comers ? 10 : -1) < 0)
            return 1;
        if (fds[n].revents)
            return 0;
        for (int i = 0; i < n; i++)
            if (fds[i].revents)
                client_dispatch(all[i].client);
    }
}
