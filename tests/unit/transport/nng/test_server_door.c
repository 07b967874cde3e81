/* The doors of the endpoints: what comes by one is told with its name, and bounded whatever it
 * does; others do not feel it. */
#include "fake_hub.h"

#include <sys/socket.h>
#include <sys/un.h>

static const char HUB[] = "d";
enum { MOST = 128, LATE = 32, CALLS = 256 };

static char *door_dir(const char *name)
{
    char *runtime = path_runtime_dir(HUB), *dir = mem_printf("%s/doors/%s", runtime, name);
    assert_int_equal(path_make_private(dir), ERR_OK);
    free(runtime);
    return dir;
}

static void set_door(struct hub *hub, const char *workspace, const char *dir, bool on)
{
    char *why = NULL;
    assert_int_equal(hub->io->door(hub->server, workspace, dir, on, &why), ERR_OK);
    assert_null(why);
}

static int try_connect(const char *dir)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    const struct timeval patience = {.tv_sec = 20};
    snprintf(a.sun_path, sizeof a.sun_path, "%s/call", dir);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
        return fd;
    close(fd);
    return -1;
}

/* Greeted, or -1: the hub does not want it. */
static int come_in(const char *dir)
{
    unsigned char theirs[8];
    const int fd = try_connect(dir);
    assert_true(fd >= 0);
    assert_int_equal(send(fd, "\0SP\0\0\x30\0\0", 8, MSG_NOSIGNAL), 8);
    if (recv(fd, theirs, 8, MSG_WAITALL) == 8)
        return fd;
    close(fd);
    return -1;
}

static void send_call(int fd, const char *text, size_t pad)
{
    const size_t n = 4 + strlen(text) + pad;
    unsigned char *frame = mem_zalloc(9 + n);
    frame[0] = 1;
    for (int i = 0; i < 8; i++)
        frame[1 + i] = (unsigned char)((uint64_t)n >> (56 - 8 * i));
    frame[9] = 0x80;
    memcpy(frame + 13, text, strlen(text));
    memset(frame + 13 + strlen(text), ' ', pad);
    for (size_t at = 0; at < 9 + n;) {
        const ssize_t put = send(fd, frame + at, 9 + n - at, MSG_NOSIGNAL);
        assert_true(put > 0);
        at += (size_t)put;
    }
    free(frame);
}

/* Reads one answer's beginning; false: the connection has ended. */
static bool get_answer(int fd)
{
    unsigned char head[9];
    char body[4096];
    if (recv(fd, head, 9, MSG_WAITALL) != 9)
        return false;
    size_t n = 0;
    for (int i = 1; i < 9; i++)
        n = n << 8 | head[i];
    assert_true(n < sizeof body);
    return recv(fd, body, n, MSG_WAITALL) == (ssize_t)n;
}

#define ECHO_CALL "echo\n{\"id\":1,\"method\":\"echo\",\"params\":{}}"
#define PARK_CALL "park\n{\"id\":2,\"method\":\"park\",\"params\":{}}"

static void a_call_has_its_doors_name(void **state)
{
    (void)state;
    struct hub *hub = fake_start(HUB);
    char *one = door_dir("1"), *two = door_dir("2");
    set_door(hub, "one", one, true);
    set_door(hub, "two", two, true);
    set_door(hub, "two", two, true); /* it is so already */
    const int a = come_in(one), b = come_in(two);
    send_call(a, ECHO_CALL, 0);
    assert_true(get_answer(a));
    assert_string_equal(hub->last_door, "one");
    send_call(b, ECHO_CALL, 0);
    assert_true(get_answer(b));
    assert_string_equal(hub->last_door, "two");
    fake_round_trip(HUB);
    assert_string_equal(hub->last_door, "");

    set_door(hub, "one", one, false); /* its connections end, the other's go on */
    assert_false(get_answer(a));
    assert_int_equal(try_connect(one), -1);
    send_call(b, ECHO_CALL, 0);
    assert_true(get_answer(b));
    set_door(hub, "one", one, false);
    set_door(hub, "one", one, true);
    const int again = come_in(one);
    send_call(again, ECHO_CALL, 0);
    assert_true(get_answer(again));
    close(a), close(b), close(again);
    fake_stop(hub); /* with both open */
    free(one);
    free(two);
}

static void there_is_no_ear(void **state)
{
    (void)state;
    struct hub *hub = fake_start(HUB);
    char *dir = door_dir("1"), *pub = path_join(dir, "pub");
    set_door(hub, "one", dir, true);
    assert_int_equal(access(pub, F_OK), -1);
    const int fd = try_connect(dir);
    char byte;
    assert_int_equal(send(fd, "\0SP\0\0\x21\0\0", 8, MSG_NOSIGNAL), 8); /* a SUB */
    while (recv(fd, &byte, 1, 0) > 0)
        ;
    close(fd);
    fake_round_trip(HUB);
    fake_stop(hub);
    free(pub);
    free(dir);
}

static void connections_are_bounded(void **state)
{
    (void)state;
    struct hub *hub = fake_start(HUB);
    char *dir = door_dir("1"), *other = door_dir("2");
    int all[MOST + LATE + 8];
    set_door(hub, "one", dir, true);
    set_door(hub, "two", other, true);
    for (int i = 0; i < MOST + LATE; i++)
        assert_true((all[i] = come_in(dir)) >= 0);
    for (int i = MOST + LATE; i < MOST + LATE + 8; i++)
        assert_int_equal(all[i] = come_in(dir), -1);
    send_call(all[MOST - 1], ECHO_CALL, 0); /* the last that may */
    assert_true(get_answer(all[MOST - 1]));
    assert_int_equal(fake_get(hub, &hub->turned_away), 0);
    send_call(all[MOST], ECHO_CALL, 0); /* one too many is told */
    assert_true(get_answer(all[MOST]));
    assert_int_equal(fake_get(hub, &hub->turned_away), 1);
    const int guest = come_in(other); /* another door has its own */
    assert_true(guest >= 0);
    close(guest);
    fake_round_trip(HUB);
    for (int i = 0; i < MOST + LATE; i++)
        close(all[i]);
    WAIT_FOR(NULL, (all[0] = come_in(dir)) >= 0); /* and they come back */
    close(all[0]);
    fake_stop(hub);
    free(dir);
    free(other);
}

static void calls_that_wait_are_bounded(void **state)
{
    (void)state;
    struct hub *hub = fake_start(HUB);
    char *dir = door_dir("1");
    set_door(hub, "one", dir, true);
    const int a = come_in(dir), b = come_in(dir);
    for (int i = 0; i < CALLS; i++)
        send_call(i % 2 ? a : b, PARK_CALL, 0);
    WAIT_FOR(NULL, fake_get(hub, &hub->parked_count) == CALLS);
    send_call(a, ECHO_CALL, 0);
    assert_true(get_answer(a)); /* that it is too many */
    assert_int_equal(fake_get(hub, &hub->turned_away), 1);
    fake_round_trip(HUB); /* ours is no matter of theirs */
    close(b);             /* what it waited for makes room */
    WAIT_FOR(NULL, fake_get(hub, &hub->parked_count) == CALLS / 2);
    send_call(a, ECHO_CALL, 0);
    assert_true(get_answer(a));
    assert_int_equal(fake_get(hub, &hub->turned_away), 1);
    close(a);
    WAIT_FOR(NULL, fake_get(hub, &hub->parked_count) == 0);
    fake_stop(hub);
    free(dir);
}

static void bytes_that_wait_are_bounded(void **state)
{
    (void)state;
    struct hub *hub = fake_start(HUB);
    char *dir = door_dir("1");
    set_door(hub, "one", dir, true);
    const int fd = come_in(dir);
    for (int i = 0; i < 5; i++) /* 15 MiB are let in, the next 3 are not */
        send_call(fd, PARK_CALL, 3u << 20);
    WAIT_FOR(NULL, fake_get(hub, &hub->parked_count) == 5);
    send_call(fd, PARK_CALL, 3u << 20);
    assert_true(get_answer(fd));
    assert_int_equal(fake_get(hub, &hub->turned_away), 1);
    const int other = come_in(dir);
    send_call(other, ECHO_CALL, 0); /* a small one still is */
    assert_true(get_answer(other));
    assert_int_equal(fake_get(hub, &hub->turned_away), 1);
    unsigned char claim[9] = {1, 0, 0, 0, 0, 0, 0x50, 0, 0}; /* 5 MiB: more than one may have */
    assert_int_equal(send(other, claim, sizeof claim, MSG_NOSIGNAL), sizeof claim);
    assert_false(get_answer(other));
    close(fd), close(other);
    fake_round_trip(HUB);
    fake_stop(hub);
    free(dir);
}

static void a_client_behind_it(void **state)
{
    (void)state;
    struct hub *hub = fake_start(HUB);
    char *dir = door_dir("1");
    set_door(hub, "one", dir, true);
    setenv("BATON_DOOR", dir, 1);
    const struct client_options options = {
        .hub = HUB, .kind = "test", .start = true, .events = true};
    struct client_fault fault = {0};
    struct client *c = NULL;
    assert_int_equal(client_open(&options, &c, &fault), ERR_OK);
    cJSON *params = cJSON_CreateObject(), *result = NULL;
    assert_int_equal(client_call(c, "echo", params, 5000, &result, &fault), ERR_OK);
    assert_string_equal(hub->last_door, "one");
    assert_int_equal(client_subscribe(c, "e/"), ERR_UNSUPPORTED);
    cJSON_Delete(result);
    cJSON_Delete(params);
    client_close(c);
    const struct client_options elsewhere = {.hub = "other", .kind = "test", .start = true};
    assert_int_equal(client_open(&elsewhere, &c, &fault), ERR_DENIED);
    assert_non_null(strstr(fault.next, HUB));
    client_fault_finish(&fault);
    fault = (struct client_fault){0};
    set_door(hub, "one", dir, false); /* nothing is started in its place */
    assert_int_equal(client_open(&options, &c, &fault), ERR_NO_HUB);
    assert_non_null(strstr(fault.message, "door"));
    client_fault_finish(&fault);
    unsetenv("BATON_DOOR");
    fake_stop(hub);
    free(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_has_its_doors_name),
        cmocka_unit_test(there_is_no_ear),
        cmocka_unit_test(connections_are_bounded),
        cmocka_unit_test(calls_that_wait_are_bounded),
        cmocka_unit_test(bytes_that_wait_are_bounded),
        cmocka_unit_test(a_client_behind_it),
    };
    return cmocka_run_group_tests(tests, fake_setup, fake_teardown);
}
