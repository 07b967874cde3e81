/* Commands that follow a stream or events, or wait for a human, against a hub that is a script and
 * goes away in the middle. */
#include "scene.h"
#include "core/base/clock.h"

/* --- following ------------------------------------------------------------------------------- */

#define LIST                                                                                       \
    {                                                                                              \
        "stream.list", "[{\"streamId\":\"sh12\"},{\"streamId\":\"sh3\"}]", ERR_OK                  \
    }

static void bytes_as_they_are(void **state)
{
    (void)state;
    ANSWERS(LIST);
    assert_int_equal(RUN("stream", "read", "sh1", "--follow"), 0);
    assert_string_equal(scene.asked.data, "stream.list {}\nfollow sh12 0\n");
    assert_string_equal(scene.out.data, "a\xc3\xa9\xff");
}

static void bytes_as_lines(void **state)
{
    (void)state;
    ANSWERS(LIST);
    assert_int_equal(RUN("stream", "read", "sh1", "--follow", "--json"), 0);
    assert_string_equal(
        scene.out.data,
        "{\"shellId\":\"sh12\",\"pos\":0,\"data\":\"a\"}\n"
        "{\"shellId\":\"sh12\",\"pos\":1,\"data\":\"\xc3\xa9\"}\n"
        "{\"shellId\":\"sh12\",\"pos\":3,\"data\":\"/w==\",\"encoding\":\"base64\"}\n");
}

static void a_stream_must_be_one(void **state)
{
    (void)state;
    ANSWERS(LIST);
    assert_int_equal(RUN("stream", "read", "sh", "--follow"), 1);
    assert_non_null(strstr(scene.err.data, "Several things begin like that."));
    ANSWERS(LIST);
    assert_int_equal(RUN("stream", "read", "x", "--follow"), 1);
    assert_non_null(strstr(scene.err.data, "There is no stream with that id."));
}

/* The hub goes away in the middle, comes back and tells again what was told: each event once. */
static void events_once_each(void **state)
{
    (void)state;
    ANSWERS(
        {"events.since", "{\"events\":[],\"head\":4}", ERR_OK},
        {"events.next", "{\"events\":[{\"id\":5,\"kind\":\"a\"},{\"id\":6}],\"head\":6}", ERR_OK},
        {"events.next", NULL, ERR_LOST}, {"events.next", NULL, ERR_NO_HUB},
        {"events.next", "{\"events\":[{\"id\":6},{\"id\":9}],\"head\":9}", ERR_OK},
        {"events.next", NULL, ERR_TIMEOUT}, {"events.next", NULL, ERR_DENIED});
    assert_int_equal(RUN("events", "follow"), 1);
    assert_string_equal(scene.out.data, "{\"id\":5,\"kind\":\"a\"}\n{\"id\":6}\n{\"id\":9}\n");
    assert_string_equal(scene.asked.data, "events.since {\"limit\":1}\n"
                                          "events.next {\"wait\":60000,\"id\":4}\n"
                                          "events.next {\"wait\":60000,\"id\":6}\n"
                                          "events.next {\"wait\":60000,\"id\":6}\n"
                                          "events.next {\"wait\":60000,\"id\":6}\n"
                                          "events.next {\"wait\":60000,\"id\":9}\n"
                                          "events.next {\"wait\":60000,\"id\":9}\n");
}

/* Between the calls that failed the client had its chance to come back. */
static void an_outage_gives_the_client_time(void **state)
{
    (void)state;
    ANSWERS({"events.next", NULL, ERR_NO_HUB}, {"events.next", NULL, ERR_NO_HUB},
            {"events.next", NULL, ERR_DENIED});
    assert_int_equal(RUN("events", "follow", "--id", "3"), 1);
    assert_int_equal(scene.dispatched, 2);
}

static void events_from_an_id(void **state)
{
    (void)state;
    ANSWERS({"events.next", NULL, ERR_DENIED});
    assert_int_equal(RUN("events", "follow", "--id", "0"), 1);
    assert_string_equal(scene.asked.data, "events.next {\"wait\":60000,\"id\":0}\n");
}

/* --- waiting for a human ---------------------------------------------------------------------- */

#define OPEN "shell.open {\"command\":[\"vim\"]}\n"

/* The hub dies twice: the same call goes on, by its approval, and a person was told once. */
static void what_is_held_goes_on(void **state)
{
    (void)state;
    scene.held = "ap3";
    scene.held_until_ms = clock_wall_us() / 1000 + 60000;
    ANSWERS({"shell.open", NULL, ERR_LOST}, {"shell.open", NULL, ERR_NO_HUB},
            {"shell.open", NULL, ERR_LOST}, {"shell.open", "{\"shellId\":\"sh1\"}", ERR_OK});
    assert_int_equal(RUN("-L", "h2", "shell", "open", "--", "vim"), 0);
    assert_string_equal(scene.asked.data,
                        OPEN "approval ap3 " OPEN "approval ap3 " OPEN "approval ap3 " OPEN);
    assert_string_equal(scene.out.data, "sh1 runs.\n");
    assert_string_equal(scene.err.data,
                        "baton: waits for a human: baton -L h2 approval accept ap3\n");
    ANSWERS({"shell.open", NULL, ERR_LOST}, {"shell.open", NULL, ERR_DENIED});
    assert_int_equal(RUN("--json", "shell", "open", "--", "vim"), 1);
    assert_memory_equal(scene.err.data, "{\"error\":\"PermissionDenied\"", 26);
}

static void what_is_not_held_is_asked_once(void **state)
{
    (void)state;
    ANSWERS({"shell.open", NULL, ERR_LOST});
    assert_int_equal(RUN("shell", "open", "--", "vim"), 1);
    assert_string_equal(scene.asked.data, OPEN);
}

/* Nobody can answer any more, and no hub has come to say so. */
static void a_hold_ends(void **state)
{
    (void)state;
    scene.held = "ap3";
    scene.held_until_ms = clock_wall_us() / 1000 - 3600000;
    ANSWERS({"shell.open", NULL, ERR_LOST});
    assert_int_equal(RUN("shell", "open", "--", "vim"), 1);
    assert_non_null(strstr(scene.err.data, "baton approval show ap3"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bytes_as_they_are),
        TEST(bytes_as_lines),
        TEST(a_stream_must_be_one),
        TEST(events_once_each),
        TEST(an_outage_gives_the_client_time),
        TEST(events_from_an_id),
        TEST(what_is_held_goes_on),
        TEST(what_is_not_held_is_asked_once),
        TEST(a_hold_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
