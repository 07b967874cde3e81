/* The hub's endpoints against clients that are well, slow, hostile or dead. */
#include "fake_hub.h"

#include <fcntl.h>
#include <nng/nng.h>
#include <nng/protocol/pubsub0/sub.h>
#include <nng/protocol/reqrep0/req.h>
#include <sys/socket.h>
#include <sys/un.h>

static const char HUB[] = "t";

/* A bare connection to a socket of the hub, greeted as protocol when that is not 0. */
static int bare(const char *file, unsigned char protocol)
{
    char *dir = path_runtime_dir(HUB);
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "%s/%s", dir, file);
    free(dir);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    if (protocol) {
        const unsigned char ours[8] = {0, 'S', 'P', 0, 0, protocol, 0, 0};
        unsigned char theirs[8];
        assert_int_equal(write(fd, ours, 8), 8);
        assert_int_equal(recv(fd, theirs, 8, MSG_WAITALL), 8);
        assert_int_equal(theirs[5], protocol == 0x30 ? 0x31 : 0x20);
    }
    return fd;
}

/* The upstream fault that the guard is for: each of these used to end the listener. */
static void test_connect_and_close(void **state)
{
    (void)state;
    struct hub *hub = fake_start(HUB);
    for (int i = 0; i < 1500; i++) {
        close(bare(i % 2 ? "call" : "pub", 0));
        if (i % 30 == 0)
            fake_round_trip(HUB);
    }
    fake_round_trip(HUB);
    fake_stop(hub);
}

static void test_second_server(void **state)
{
    (void)state;
    struct hub *hub = fake_start(HUB);
    struct server *second = NULL;
    char *why = NULL;
    assert_int_equal(server_create(HUB, -1, &second, &why), ERR_BUSY);
    assert_null(second);
    assert_non_null(strstr(why, "runs already"));
    free(why);
    fake_round_trip(HUB);
    fake_stop(hub);
    hub = fake_start(HUB); /* the lock came back */
    fake_round_trip(HUB);
    fake_stop(hub);
}

/* A lock that is handed on is free at no moment; another number than its own is worth nothing. */
static void test_handed_lock(void **state)
{
    (void)state;
    struct server *first = NULL, *other = NULL;
    char *why = NULL;
    assert_int_equal(server_create(HUB, -1, &first, &why), ERR_OK);
    const int lock = server_hand_on(first), zero = open("/dev/zero", O_RDWR | O_CLOEXEC);
    assert_int_equal(fcntl(lock, F_GETFD), FD_CLOEXEC);
    server_destroy(first);
    assert_int_equal(server_create(HUB, -1, &other, &why), ERR_BUSY);
    free(why);
    assert_int_equal(server_create(HUB, zero, &other, &why), ERR_BUSY);
    free(why);
    assert_int_equal(server_create(HUB, lock, &first, &why), ERR_OK);
    server_destroy(first);
    assert_int_equal(fcntl(lock, F_GETFD), -1); /* it was the server's */
    assert_int_equal(server_create(HUB, zero, &other, &why), ERR_OK);
    server_destroy(other);
    assert_int_equal(fcntl(zero, F_GETFD), FD_CLOEXEC); /* and this is not */
    close(zero);
}

static void test_killed_clients(void **state)
{
    (void)state;
    struct hub *hub = fake_start(HUB);
    for (int i = 0; i < 500; i++) {
        const pid_t pid = fork();
        if (pid == 0) { /* connects again and again until it is killed in the middle of it */
            char path[128];
            snprintf(path, sizeof path, "%s/baton/%s/call", getenv("XDG_RUNTIME_DIR"), HUB);
            for (;;) {
                struct sockaddr_un a = {.sun_family = AF_UNIX};
                memcpy(a.sun_path, path, strlen(path) + 1);
                const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
                if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
                    (void)!write(fd, "\0SP\0\0\x30\0\0\1", 9);
                close(fd);
            }
        }
        assert_true(pid > 0);
        const int64_t until = clock_mono_us() + 200 + i * 7 % 1000;
        while (clock_mono_us() < until)
            sched_yield();
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        if (i % 10 == 0)
            fake_round_trip(HUB);
    }
    fake_round_trip(HUB);
    fake_stop(hub);
}

/* Bytes in use; under a sanitizer, which keeps shadows and what was freed, those of the heap. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static size_t memory(void)
{
    FILE *f = fopen("/proc/self/statm", "re");
    unsigned long pages = 0;
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%*u %lu", &pages), 1);
    fclose(f);
    return __sanitizer_get_current_allocated_bytes ? __sanitizer_get_current_allocated_bytes()
                                                   : pages * 4096;
}

/* A claimed length of 8 GiB: the connection ends, nothing is allocated, others go on. */
static void test_claimed_length(void **state)
{
    (void)state;
    struct hub *hub = fake_start(HUB);
    fake_round_trip(HUB);
    const size_t before = memory();
    const unsigned char frame[13] = {1, 0, 0, 0, 2, 0, 0, 0, 0, 0x80, 0, 0, 1};
    char byte;
    int fd = bare("call", 0x30);
    assert_int_equal(write(fd, frame, sizeof frame), sizeof frame);
    assert_true(recv(fd, &byte, 1, 0) <= 0);
    close(fd);
    fd = bare("call", 0x30); /* a length of nearly 2^64 */
    assert_int_equal(write(fd, "\1\xff\xff\xff\xff\xff\xff\xff\xff", 9), 9);
    assert_true(recv(fd, &byte, 1, 0) <= 0);
    close(fd);
    fake_round_trip(HUB);
    assert_true(memory() < before + (64u << 20));
    fake_stop(hub);
}

/* What is no call at all: too short, no topic, of the wrong protocol. */
static void test_garbage(void **state)
{
    (void)state;
    struct hub *hub = fake_start(HUB);
    char byte;
    int fd = bare("call", 0x30);
    assert_int_equal(write(fd, "\1\0\0\0\0\0\0\0\2ab", 11), 11); /* no request id */
    assert_true(recv(fd, &byte, 1, 0) <= 0);
    close(fd);
    fd = bare("call", 0x30); /* no newline: the hub gives it back without an answer */
    assert_int_equal(write(fd, "\1\0\0\0\0\0\0\0\7\x80\0\0\1abc", 16), 16);
    WAIT_FOR(NULL, fake_get(hub, &hub->submitted) >= 1);
    close(fd);
    fd = bare("call", 0);
    assert_int_equal(write(fd, "\0SP\0\0\x21\0\0", 8), 8); /* a SUB at the calls' socket */
    while (recv(fd, &byte, 1, 0) > 0)
        ;
    close(fd);
    fake_round_trip(HUB);
    fake_stop(hub);
}

/* A peer that asks and never reads: it is cut off at a bound, and nobody else waits. */
static void test_peer_that_never_reads(void **state)
{
    (void)state;
    struct hub *hub = fake_start(HUB);
    const int fd = bare("call", 0x30);
    const char body[] = "big\n{\"id\":1,\"method\":\"big\",\"params\":{\"size\":1000000}}";
    unsigned char frame[256] = {1, 0, 0, 0, 0, 0, 0, 0, (unsigned char)(sizeof body - 1 + 4), 0x80};
    memcpy(frame + 13, body, sizeof body - 1);
    const size_t before = memory();
    int sent = 0;
    while (sent < 400 && send(fd, frame, 13 + sizeof body - 1, MSG_NOSIGNAL) > 0) {
        sent++;
        if (sent % 50 == 0)
            fake_round_trip(HUB);
    }
    WAIT_FOR(NULL, fake_get(hub, &hub->gone) >= 1);
    assert_true(memory() < before + (160u << 20));
    close(fd);
    fake_round_trip(HUB);
    fake_stop(hub);
}

/* A subscriber that never reads costs PUB_QUEUE messages, and the others get everything. */
static int heard;
static void count_message(void *data, const struct wire_message *m)
{
    (void)data, (void)m;
    heard++;
}

static void test_slow_subscriber(void **state)
{
    (void)state;
    struct hub *hub = fake_start(HUB);
    const int stopped = bare("pub", 0x21);
    char welcome[12];
    assert_int_equal(recv(stopped, welcome, sizeof welcome, MSG_WAITALL), sizeof welcome);
    struct client *c = fake_client(HUB);
    const struct client_events events = {.message = count_message};
    client_listen(c, &events, NULL);
    assert_int_equal(client_subscribe(c, "s/1\n"), ERR_OK);
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "topic", "s/1");
    json_add_int(params, "count", 16);
    json_add_int(params, "size", 65536);
    const size_t before = memory();
    heard = 0;
    for (int i = 0; i < 200; i++) { /* 210 MB in all */
        assert_int_equal(client_call(c, "publish", params, 10000, NULL, NULL), ERR_OK);
        WAIT_FOR(c, heard == (i + 1) * 16);
    }
    assert_true(memory() < before + (48u << 20));
    cJSON_Delete(params);
    close(stopped);
    client_close(c);
    fake_stop(hub);
}

static int released;
static void on_released(void *data, const cJSON *result, const struct client_fault *fault)
{
    (void)data, (void)fault;
    assert_non_null(result);
    released++;
}

/* A thousand parked calls hold no thread, other calls go on, and all answers arrive. */
static void test_parked(void **state)
{
    (void)state;
    struct hub *hub = fake_start(HUB);
    struct client *c = fake_client(HUB);
    released = 0;
    for (int i = 0; i < 1000; i++)
        client_send(c, "park", NULL, -1, on_released, NULL);
    WAIT_FOR(c, fake_get(hub, &hub->parked_count) == 1000);
    fake_round_trip(HUB);
    assert_int_equal(client_call(c, "release", NULL, 20000, NULL, NULL), ERR_OK);
    WAIT_FOR(c, released == 1000);

    /* Parked calls of a client that goes are given back. */
    for (int i = 0; i < 1000; i++)
        client_send(c, "park", NULL, -1, on_released, NULL);
    WAIT_FOR(c, fake_get(hub, &hub->parked_count) == 1000);
    client_close(c);
    WAIT_FOR(NULL, fake_get(hub, &hub->parked_count) == 0);
    fake_round_trip(HUB);
    fake_stop(hub);
}

/* The hub may end with calls parked. */
static void test_stop_with_parked(void **state)
{
    (void)state;
    struct hub *hub = fake_start(HUB);
    struct client *c = fake_client(HUB);
    for (int i = 0; i < 10; i++)
        client_send(c, "park", NULL, -1, NULL, NULL);
    WAIT_FOR(c, fake_get(hub, &hub->parked_count) == 10);
    fake_stop(hub);
    client_close(c);
}

static void test_long_path(void **state)
{
    (void)state;
    char *keep = mem_strdup(getenv("XDG_RUNTIME_DIR")), *why = NULL;
    char dir[120];
    struct server *s = NULL;
    memset(dir, 'd', sizeof dir - 1);
    dir[0] = '/';
    dir[sizeof dir - 1] = '\0';
    setenv("XDG_RUNTIME_DIR", dir, 1);
    assert_int_equal(server_create(HUB, -1, &s, &why), ERR_LIMIT);
    assert_non_null(strstr(why, "too long"));
    setenv("XDG_RUNTIME_DIR", keep, 1);
    free(why);
    free(keep);
}

/* disconnect ends the calls' connection and the same process's subscription. */
static void test_disconnect(void **state)
{
    (void)state;
    struct hub *hub = fake_start(HUB);
    const int sub = bare("pub", 0x21);
    char byte;
    struct client *c = fake_client(HUB);
    hub->io->disconnect(hub->server, hub->last_peer);
    while (recv(sub, &byte, 1, 0) > 0)
        ;
    WAIT_FOR(NULL, fake_get(hub, &hub->gone) == 1);
    close(sub);
    client_close(c);
    fake_stop(hub);
}

/* NNG's own REQ and SUB talk to the hub: what is on the wire is theirs. */
static void test_nng_sockets(void **state)
{
    (void)state;
    struct hub *hub = fake_start(HUB);
    char *dir = path_runtime_dir(HUB), *call = mem_printf("ipc://%s/call", dir),
         *pub = mem_printf("ipc://%s/pub", dir);
    nng_socket req, sub;
    assert_int_equal(nng_req0_open(&req), 0);
    assert_int_equal(nng_sub0_open(&sub), 0);
    assert_int_equal(nng_socket_set_ms(req, NNG_OPT_RECVTIMEO, 10000), 0);
    assert_int_equal(nng_socket_set_ms(sub, NNG_OPT_RECVTIMEO, 10000), 0);
    assert_int_equal(nng_socket_set(sub, NNG_OPT_SUB_SUBSCRIBE, "", 0), 0);
    assert_int_equal(nng_dial(sub, pub, NULL, 0), 0);
    assert_int_equal(nng_dial(req, call, NULL, 0), 0);
    char bytes[256];
    size_t n = sizeof bytes;
    assert_int_equal(nng_recv(sub, bytes, &n, 0), 0);
    assert_int_equal(n, 3);
    assert_memory_equal(bytes, "w/\n", 3);
    for (int i = 0; i < 100; i++) {
        char text[] = "publish\n{\"id\":7,\"method\":\"publish\",\"params\":{\"size\":5}}";
        assert_int_equal(nng_send(req, text, sizeof text - 1, 0), 0);
        n = sizeof bytes;
        assert_int_equal(nng_recv(req, bytes, &n, 0), 0);
        assert_memory_equal(bytes, "\n{\"jsonrpc\"", 11);
        n = sizeof bytes;
        assert_int_equal(nng_recv(sub, bytes, &n, 0), 0);
        assert_int_equal(n, 7);
        assert_memory_equal(bytes, "t\naaaaa", 7);
    }
    nng_close(sub);
    nng_close(req);
    free(pub);
    free(call);
    free(dir);
    fake_stop(hub);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connect_and_close), cmocka_unit_test(test_second_server),
        cmocka_unit_test(test_killed_clients),    cmocka_unit_test(test_claimed_length),
        cmocka_unit_test(test_garbage),           cmocka_unit_test(test_peer_that_never_reads),
        cmocka_unit_test(test_slow_subscriber),   cmocka_unit_test(test_parked),
        cmocka_unit_test(test_stop_with_parked),  cmocka_unit_test(test_long_path),
        cmocka_unit_test(test_disconnect),        cmocka_unit_test(test_nng_sockets),
        cmocka_unit_test(test_handed_lock),
    };
    return cmocka_run_group_tests(tests, fake_setup, fake_teardown);
}
