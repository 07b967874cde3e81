/* The client against a server of the real kind with a fake hub behind it, in this process, or
 * started as a process of its own: then this very program is what is started. */
#include "fake_hub.h"
#include "transport/nng/follow.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

static const char HUB[] = "t";

struct answers {
    int well, lost, no_hub, timeout, other;
    int last; /* n of the newest echo */
    bool out_of_order;
};

static void on_answer(void *data, const cJSON *result, const struct client_fault *fault)
{
    struct answers *a = data;
    const enum err code = fault ? fault->code : ERR_OK;
    assert_true(!result == !!fault);
    if (result) {
        const int n = (int)json_int(result, "n", -1);
        a->well++;
        if (n >= 0 && n != a->last + 1)
            a->out_of_order = true;
        a->last = n;
    } else if (code == ERR_LOST) {
        a->lost++;
    } else if (code == ERR_NO_HUB) {
        a->no_hub++;
    } else if (code == ERR_TIMEOUT) {
        a->timeout++;
    } else {
        a->other++;
    }
}

static void send_echo(struct client *c, int n, struct answers *a)
{
    cJSON *params = cJSON_CreateObject();
    json_add_int(params, "n", n);
    client_send(c, "echo", params, 60000, on_answer, a);
    cJSON_Delete(params);
}

/* Ten thousand calls at once: all are answered, in order, and reached the hub in order. */
static void test_pipelined(void **state)
{
    (void)state;
    struct hub *hub = fake_start(HUB);
    struct client *c = fake_client(HUB);
    struct answers a = {.last = -1};
    for (int i = 0; i < 10000; i++)
        send_echo(c, i, &a);
    WAIT_FOR(c, a.well == 10000);
    assert_false(a.out_of_order);
    assert_false(hub->out_of_order);
    assert_int_equal(hub->submitted, 10001); /* and hello */
    client_close(c);
    fake_stop(hub);
}

struct link_state {
    int up, down;
};

static void on_connected(void *data, bool is)
{
    struct link_state *s = data;
    *(is ? &s->up : &s->down) += 1;
}

/* The hub goes while calls are parked and others are on their way; the new one gets none of them.
 */
static void test_never_twice(void **state)
{
    (void)state;
    struct hub *hub = fake_start(HUB);
    struct client *c = fake_client(HUB);
    struct answers a = {.last = -1};
    struct link_state link = {0};
    const struct client_events events = {.connected = on_connected};
    client_listen(c, &events, &link);
    for (int round = 0; round < 20; round++) {
        a = (struct answers){.last = -1};
        link = (struct link_state){0};
        for (int i = 0; i < 50; i++)
            client_send(c, "park", NULL, -1, on_answer, &a);
        WAIT_FOR(c, fake_get(hub, &hub->parked_count) == 50);
        for (int i = 0; i < 50; i++)
            client_send(c, "park", NULL, -1, on_answer, &a);
        fake_stop(hub);
        WAIT_FOR(c, a.lost == 100);
        assert_int_equal(link.down, 1);
        assert_int_equal(client_call(c, "echo", NULL, 1000, NULL, NULL), ERR_NO_HUB);
        send_echo(c, 1, &a);
        WAIT_FOR(c, a.no_hub == 1);
        hub = fake_start(HUB);
        WAIT_FOR(c, link.up == 1);
        assert_int_equal(client_call(c, "echo", NULL, 10000, NULL, NULL), ERR_OK);
        assert_int_equal(fake_get(hub, &hub->submitted), 2); /* hello and this */
        assert_int_equal(a.lost, 100);
    }
    client_close(c);
    fake_stop(hub);
}

static void test_faults(void **state)
{
    (void)state;
    struct hub *hub = fake_start(HUB);
    struct client *c = fake_client(HUB);
    struct client_fault fault = {0};
    assert_string_equal(json_string(client_hello(c), "clientId", ""), "c-1");
    assert_int_equal(client_call(c, "refuse", NULL, 10000, NULL, &fault), ERR_STALE);
    assert_string_equal(fault.name, "StaleEpoch");
    assert_null(strchr(fault.message, 27)); /* no escape gets through */
    assert_string_equal(fault.next, "go");
    assert_true(fault.retry);
    assert_string_equal(json_string(fault.data, "holder", ""), "ann");
    client_fault_finish(&fault);
    const int64_t begin = clock_mono_us();
    assert_int_equal(client_call(c, "park", NULL, 50, NULL, &fault), ERR_TIMEOUT);
    assert_true(clock_mono_us() - begin >= 50000);
    assert_int_equal(client_call(c, "echo", NULL, 10000, NULL, NULL), ERR_OK);
    struct answers a = {0};
    client_send(c, "park", NULL, 20, on_answer, &a);
    WAIT_FOR(c, a.timeout == 1);
    fake_release(hub); /* late answers are nobody's */
    assert_int_equal(client_call(c, "echo", NULL, 10000, NULL, NULL), ERR_OK);
    client_close(c);
    fake_stop(hub);
}

static void test_no_hub(void **state)
{
    (void)state;
    struct client *c = NULL;
    struct client_fault fault = {0};
    struct client_options options = {.hub = "nobody"};
    assert_int_equal(client_open(&options, &c, &fault), ERR_NO_HUB);
    assert_string_equal(fault.name, "HubUnreachable");
    options.hub = "../evil";
    assert_int_equal(client_open(&options, &c, &fault), ERR_INVALID);
    assert_null(c);
}

struct heard {
    struct client *client;
    int count, calls;
    char last;
};

static void on_message(void *data, const struct wire_message *m)
{
    struct heard *h = data;
    cJSON *result = NULL;
    const char first = m->body_n ? m->body[0] : '\0';
    h->count++;
    if (h->calls) { /* a call from within: m stays as it is */
        h->calls--;
        assert_int_equal(client_call(h->client, "big", NULL, 10000, &result, NULL), ERR_OK);
        cJSON_Delete(result);
        for (size_t i = 0; i < m->body_n; i++)
            assert_int_equal(m->body[i], first);
    }
    h->last = first;
}

static cJSON *publish_params(const char *topic, int count, int size)
{
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "topic", topic);
    json_add_int(params, "count", count);
    json_add_int(params, "size", size);
    return params;
}

/* A client that has subscribed misses nothing published after that; topics are filtered. */
static void test_subscribe(void **state)
{
    (void)state;
    struct hub *hub = fake_start(HUB);
    cJSON *params = publish_params("s/1", 1, 100), *other = publish_params("s/12", 1, 100);
    for (int i = 0; i < 200; i++) {
        struct client *c = fake_client(HUB);
        struct heard h = {.client = c};
        const struct client_events events = {.message = on_message};
        client_listen(c, &events, &h);
        assert_int_equal(client_subscribe(c, "s/1\n"), ERR_OK);
        assert_int_equal(client_subscribe(c, "s/1\n"), ERR_OK);
        assert_int_equal(client_call(c, "publish", other, 10000, NULL, NULL), ERR_OK);
        assert_int_equal(client_call(c, "publish", params, 10000, NULL, NULL), ERR_OK);
        WAIT_FOR(c, h.count == 1);
        assert_int_equal(client_unsubscribe(c, "s/1\n"), ERR_OK);
        assert_int_equal(client_call(c, "publish", params, 10000, NULL, NULL), ERR_OK);
        WAIT_FOR(c, h.count == 2); /* one subscription is left */
        assert_int_equal(client_unsubscribe(c, "s/1\n"), ERR_OK);
        assert_int_equal(client_unsubscribe(c, "s/1\n"), ERR_NOT_FOUND);
        client_close(c);
    }
    cJSON_Delete(params);
    cJSON_Delete(other);
    fake_stop(hub);
}

/* Calls from a message callback, while more messages wait behind it. */
static void test_call_in_callback(void **state)
{
    (void)state;
    struct hub *hub = fake_start(HUB);
    struct client *c = fake_client(HUB);
    struct heard h = {.client = c, .calls = 20};
    const struct client_events events = {.message = on_message};
    client_listen(c, &events, &h);
    assert_int_equal(client_subscribe(c, "t\n"), ERR_OK);
    cJSON *params = publish_params("t", 40, 20000);
    client_send(c, "publish", params, 10000, NULL, NULL);
    WAIT_FOR(c, h.count == 40);
    assert_int_equal(h.last, 'a' + 39 % 26);
    cJSON_Delete(params);
    client_close(c);
    fake_stop(hub);
}

/* Subscriptions come back with the link. */
static void test_resubscribe(void **state)
{
    (void)state;
    struct hub *hub = fake_start(HUB);
    struct client *c = fake_client(HUB);
    struct heard h = {.client = c};
    struct client_events events = {.message = on_message};
    client_listen(c, &events, &h);
    assert_int_equal(client_subscribe(c, "t\n"), ERR_OK);
    cJSON *params = publish_params("t", 1, 10);
    for (int i = 1; i <= 5; i++) {
        fake_stop(hub);
        WAIT_FOR(c, client_call(c, "echo", NULL, 1000, NULL, NULL) == ERR_NO_HUB);
        hub = fake_start(HUB);
        WAIT_FOR(c, client_call(c, "echo", NULL, 1000, NULL, NULL) == ERR_OK);
        assert_int_equal(client_call(c, "publish", params, 10000, NULL, NULL), ERR_OK);
        WAIT_FOR(c, h.count == i);
    }
    cJSON_Delete(params);
    client_close(c);
    fake_stop(hub);
}

static bool readable(const struct client *c, int ms)
{
    struct pollfd fd = {.fd = client_fd(c), .events = POLLIN};
    return poll(&fd, 1, ms) == 1;
}

/* client_fd is readable exactly when there is work. */
static void test_fd(void **state)
{
    (void)state;
    struct hub *hub = fake_start(HUB);
    struct client *c = fake_client(HUB);
    struct heard h = {.client = c};
    struct answers a = {0};
    const struct client_events events = {.message = on_message};
    client_listen(c, &events, &h);
    assert_int_equal(client_subscribe(c, "t\n"), ERR_OK);
    client_dispatch(c);
    assert_false(readable(c, 0));
    cJSON *params = publish_params("t", 1, 10);
    client_send(c, "echo", NULL, 10000, on_answer, &a);
    /* Its answer arrives while the next call waits, and so does the message. */
    assert_int_equal(client_call(c, "publish", params, 10000, NULL, NULL), ERR_OK);
    assert_int_equal(a.well, 0);
    assert_int_equal(h.count, 0);
    assert_true(readable(c, 10000));
    WAIT_FOR(c, a.well == 1 && h.count == 1);
    assert_false(readable(c, 0));
    cJSON_Delete(params);
    client_close(c);
    fake_stop(hub);
}

static void never(void *data, const cJSON *result, const struct client_fault *fault)
{
    (void)data, (void)result, (void)fault;
    fail_msg("a forgotten call was told");
}

static int descriptors(void)
{
    int n = 0;
    for (int fd = 0; fd < 4096; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* Clients that go in the middle of everything: with calls parked, on their way and half written. An
 * nng_socket as the server would stop burying connections in here. */
static void test_forget_and_close(void **state)
{
    (void)state;
    struct hub *hub = fake_start(HUB);
    fake_round_trip(HUB);
    const int before = descriptors();
    for (int i = 0; i < 1000; i++) {
        struct client *c = fake_client(HUB);
        cJSON *params = publish_params("t", 30, 60000);
        client_subscribe(c, "t\n");
        for (int k = 0; k < i % 20; k++)
            client_send(c, k % 3 ? "publish" : "park", params, -1, never, &i);
        client_forget(c, &i);
        if (i % 2)
            client_dispatch(c);
        cJSON_Delete(params);
        client_close(c);
    }
    client_close(NULL);
    WAIT_FOR(NULL, descriptors() <= before);
    fake_round_trip(HUB);
    fake_stop(hub);
}

/* A hub that is no hub: the client gives up, and neither crashes nor believes it. */
static void test_liar(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
    } lies[] = {
        {"", 0},
        {"\0SP\0\0\x20\0\0", 8},
        {"HTTP/1.1 400 Bad Request\r\n\r\n", 28},
        {"\0SP\0\0\x31\0\0\1\xff\xff\xff\xff\xff\xff\xff\xff", 17},
        {"\0SP\0\0\x31\0\0\7\0\0\0\0\0\0\0\1x", 18},
        {"\0SP\0\0\x31\0\0\1\0\0\0\0\0\0\0\3abc", 20},
        {"\0SP\0\0\x31\0\0\1\0\0\0\0\0\0\0\7\x80\0\0\1\n{x", 24},
        {"\0SP\0\0\x31\0\0\1\0\0\0\0\0\0\0\x1d\x80\0\0\1\n{\"result\":{\"version\":9}}", 17 + 29},
    };
    char *dir = path_runtime_dir("liar"), *path = path_join(dir, "call");
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    assert_int_equal(path_make_private(dir), ERR_OK);
    snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(fd, 5), 0);
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        const pid_t pid = fork();
        if (pid == 0) {
            char drain[4096];
            const int peer = accept(fd, NULL, NULL);
            (void)!read(peer, drain, sizeof drain);
            (void)!write(peer, lies[i].bytes, lies[i].n);
            shutdown(peer, SHUT_WR);
            while (read(peer, drain, sizeof drain) > 0)
                ;
            _exit(0);
        }
        struct client *c = NULL;
        struct client_fault fault = {0};
        const struct client_options options = {.hub = "liar"};
        const enum err e = client_open(&options, &c, &fault);
        if (e == ERR_OK)
            fail_msg("lie %zu was believed", i);
        if (i == 7)
            assert_int_equal(e, ERR_VERSION);
        assert_true(fault.message[0] != '\0');
        client_fault_finish(&fault);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
    }
    close(fd);
    free(path);
    free(dir);
}

/* A client may be closed while it says hello to a hub that does not answer. */
static void test_close_while_greeting(void **state)
{
    (void)state;
    struct hub *hub = fake_start(HUB);
    struct client *c = fake_client(HUB);
    char *dir = path_runtime_dir(HUB), *path = path_join(dir, "call");
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    fake_stop(hub);
    snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(fd, 5), 0);
    int peer = -1;
    char first;
    WAIT_FOR(c, (peer = accept(fd, NULL, NULL)) >= 0);
    WAIT_FOR(c, recv(peer, &first, 1, MSG_DONTWAIT) == 1);
    assert_int_equal(client_call(c, "echo", NULL, 1000, NULL, NULL), ERR_NO_HUB);
    client_close(c);
    close(peer);
    close(fd);
    free(path);
    free(dir);
}

/* ---- starting ---- */

static volatile sig_atomic_t stop;
static void on_term(int signal_number)
{
    (void)signal_number;
    stop = 1;
}

/* What `PROGRAM -L NAME hub run --detached` is in this test. */
static int run_hub(const char *name)
{
    struct hub *hub = mem_zalloc(sizeof *hub);
    char *why = NULL;
    pthread_mutex_init(&hub->mutex, NULL);
    signal(SIGTERM, on_term);
    if (strcmp(name, "broken") == 0)
        return 1;
    if (server_create(name, -1, &hub->server, &why) != ERR_OK)
        return SERVER_EXIT_BUSY;
    hub->io = server_io(hub->server);
    if (server_listen(hub->server, hub, &why) != ERR_OK)
        return 1;
    sigset_t none;
    sigemptyset(&none);
    alarm(60); /* should the test die */
    while (!stop)
        poll(NULL, 0, 10);
    fake_stop(hub);
    return 0;
}

static pid_t lock_holder(const char *name)
{
    char *dir = path_runtime_dir(name), *path = path_join(dir, "lock"), *text = NULL;
    pid_t pid = 0;
    if (path_read_file(path, 64, &text, NULL) == ERR_OK)
        pid = (pid_t)strtol(text, NULL, 10);
    free(text);
    free(path);
    free(dir);
    return pid;
}

/* Twenty clients start at once: one hub serves them all. */
static void test_start(void **state)
{
    (void)state;
    const struct client_options options = {.hub = "started", .start = true};
    int done[2];
    assert_int_equal(pipe(done), 0);
    for (int i = 0; i < 20; i++)
        if (fork() == 0) {
            struct client *c = NULL;
            const enum err e = client_open(&options, &c, NULL);
            const char ok =
                e == ERR_OK && client_call(c, "echo", NULL, 10000, NULL, NULL) == ERR_OK;
            (void)!write(done[1], &ok, 1);
            _exit(0);
        }
    for (int i = 0; i < 20; i++) {
        char ok = 0;
        assert_int_equal(read(done[0], &ok, 1), 1);
        assert_int_equal(ok, 1);
    }
    for (int i = 0; i < 20; i++)
        assert_true(waitpid(-1, NULL, 0) > 0);
    close(done[0]);
    close(done[1]);
    const pid_t hub = lock_holder("started");
    assert_true(hub > 0);

    /* kill -9, and the next client has a new one, whatever lies about. */
    assert_int_equal(kill(hub, SIGKILL), 0);
    struct client *c = NULL;
    WAIT_FOR(NULL, kill(hub, 0) < 0);
    assert_int_equal(client_open(&options, &c, NULL), ERR_OK);
    const pid_t next = lock_holder("started");
    assert_true(next > 0 && next != hub);

    /* A client that is connected then starts it again by itself. */
    struct link_state link = {0};
    const struct client_events events = {.connected = on_connected};
    client_listen(c, &events, &link);
    kill(next, SIGKILL);
    WAIT_FOR(c, link.down == 1 && link.up == 1);
    assert_int_equal(client_call(c, "echo", NULL, 10000, NULL, NULL), ERR_OK);
    const pid_t last = lock_holder("started");
    assert_true(last > 0 && last != next);

    /* But not one that ended as it should. It may be ours, or the late one of another starter. */
    kill(last, SIGTERM);
    WAIT_FOR(c, link.down == 2);
    const int64_t until = clock_mono_us() + 1500 * 1000;
    WAIT_FOR(c, clock_mono_us() >= until);
    assert_int_equal(link.up, 1);
    client_close(c);
    assert_true(waitpid(last, NULL, WNOHANG) == last || kill(last, 0) < 0);
}

static void test_start_fails(void **state)
{
    (void)state;
    struct client *c = NULL;
    struct client_fault fault = {0};
    const struct client_options options = {.hub = "broken", .start = true};
    const int64_t begin = clock_mono_us();
    assert_int_equal(client_open(&options, &c, &fault), ERR_NO_HUB);
    assert_non_null(strstr(fault.message, "hub.log"));
    assert_true(clock_mono_us() - begin < 5 * 1000 * 1000);
}

/* ---- a real follower over a real link ---- */

struct shown {
    struct buf all;
    int heads;
    enum err failed;
};

static void on_bytes(void *data, uint64_t pos, const void *bytes, size_t n)
{
    struct shown *s = data;
    assert_true(pos == s->all.len);
    buf_append(&s->all, bytes, n);
}

static void on_failed(void *data, const struct client_fault *fault)
{
    ((struct shown *)data)->failed = fault->code;
}

static void pass_on(void *data, const struct wire_message *m)
{
    follow_message(data, m);
}

static void test_follow_fails(void **state)
{
    (void)state;
    struct hub *hub = fake_start(HUB);
    struct client *c = fake_client(HUB);
    struct shown s = {0};
    const struct follow_events events = {.bytes = on_bytes, .failed = on_failed};
    const struct client_events messages = {.message = pass_on};
    struct follow *f = follow_create(c, "x", FOLLOW_BYTES, 0, &events, &s);
    client_listen(c, &messages, f);
    WAIT_FOR(c, s.failed != ERR_OK); /* the fake hub's answer has no data */
    assert_int_equal(s.failed, ERR_INTERNAL);
    follow_destroy(f);
    f = follow_create(c, "x", FOLLOW_BYTES, 0, &events, &s);
    follow_destroy(f); /* with its question under way */
    assert_int_equal(client_call(c, "echo", NULL, 10000, NULL, NULL), ERR_OK);
    client_dispatch(c);
    follow_destroy(NULL);
    client_close(c);
    fake_stop(hub);
}

int main(int argc, char **argv)
{
    if (argc > 3 && strcmp(argv[1], "-L") == 0)
        _exit(run_hub(argv[2])); /* the fake, threads and all, goes with its process */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_start),        cmocka_unit_test(test_start_fails),
        cmocka_unit_test(test_liar),         cmocka_unit_test(test_pipelined),
        cmocka_unit_test(test_never_twice),  cmocka_unit_test(test_faults),
        cmocka_unit_test(test_no_hub),       cmocka_unit_test(test_subscribe),
        cmocka_unit_test(test_resubscribe),  cmocka_unit_test(test_call_in_callback),
        cmocka_unit_test(test_fd),           cmocka_unit_test(test_forget_and_close),
        cmocka_unit_test(test_follow_fails), cmocka_unit_test(test_close_while_greeting),
    };
    return cmocka_run_group_tests(tests, fake_setup, fake_teardown);
}
