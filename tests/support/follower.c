/* A subscriber for tests: follows one stream through a real client while it throws messages away on
 * purpose, and writes down what it assembled.
 *   follower HUB STREAM bytes|screen DROP-PERCENT SEED OUTFILE
 * bytes: every output byte, in order, until the stream has ended. screen: the text of its screen
 * with attributes, when the stream has ended. Exit status 0: done. */
#include "core/screen/screen.h"
#include "transport/nng/client.h"
#include "transport/nng/follow.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct follower {
    struct client *client;
    struct follow *follow;
    struct screen *screen;
    FILE *out;
    uint64_t pos, end;
    bool exited, failed;
    unsigned drop, seed;
};

static void on_bytes(void *data, uint64_t pos, const void *bytes, size_t n)
{
    struct follower *f = data;
    if (pos != f->pos) {
        fprintf(stderr, "follower: bytes at %llu, expected %llu\n", (unsigned long long)pos,
                (unsigned long long)f->pos);
        f->failed = true;
    }
    f->pos = pos + n;
    if (f->screen)
        screen_feed(f->screen, bytes, n);
    else
        fwrite(bytes, 1, n, f->out);
}

static void on_resize(void *data, int rows, int cols)
{
    struct follower *f = data;
    if (f->screen)
        screen_resize(f->screen, rows, cols);
}

static void on_replace(void *data, uint64_t pos, int rows, int cols, const void *state, size_t n)
{
    struct follower *f = data;
    screen_destroy(f->screen);
    f->screen = screen_create(rows, cols, &(struct screen_options){.history = 1000}, NULL, NULL);
    screen_feed(f->screen, state, n);
    f->pos = pos;
}

static void on_head(void *data, const struct follow_head *head)
{
    struct follower *f = data;
    if (head->exited) {
        f->exited = true;
        f->end = head->pos;
    }
}

static void on_failed(void *data, const struct client_fault *fault)
{
    struct follower *f = data;
    fprintf(stderr, "follower: %s: %s\n", fault->name, fault->message);
    f->failed = true;
}

static void on_message(void *data, const struct wire_message *m)
{
    struct follower *f = data;
    if ((unsigned)(rand_r(&f->seed) % 100) < f->drop)
        return;
    follow_message(f->follow, m);
}

static void on_connected(void *data, bool is)
{
    struct follower *f = data;
    follow_connected(f->follow, is);
}

int main(int argc, char **argv)
{
    static const struct follow_events events = {on_bytes, on_resize, on_replace, on_head,
                                                on_failed};
    static const struct client_events client_events = {on_message, on_connected};
    struct client_fault fault = {0};
    struct follower f = {0};

    if (argc != 7)
        return 2;
    bool screen = strcmp(argv[3], "screen") == 0;
    f.drop = (unsigned)atoi(argv[4]);
    f.seed = (unsigned)atoi(argv[5]);
    f.out = fopen(argv[6], "wb");
    const struct client_options options = {.hub = argv[1], .kind = "test", .start = true};
    if (!f.out || client_open(&options, &f.client, &fault) != ERR_OK) {
        fprintf(stderr, "follower: %s\n", fault.message);
        return 1;
    }
    client_listen(f.client, &client_events, &f);
    f.follow =
        follow_create(f.client, argv[2], screen ? FOLLOW_SCREEN : FOLLOW_BYTES, 0, &events, &f);
    while (!f.failed && !(f.exited && f.pos >= f.end && (!screen || f.screen))) {
        struct pollfd p = {.fd = client_fd(f.client), .events = POLLIN};
        poll(&p, 1, 15);
        client_dispatch(f.client);
        follow_frame(f.follow);
    }
    if (f.screen) {
        struct buf text = {0};
        screen_print(f.screen, 0, screen_rows(f.screen) - 1, true, &text);
        fwrite(text.data, 1, text.len, f.out);
    }
    if (fclose(f.out) != 0)
        f.failed = true;
    fflush(NULL);
    _exit(f.failed ? 1 : 0);
}
