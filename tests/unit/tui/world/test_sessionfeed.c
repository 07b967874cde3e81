/* A session's feed without a hub: live events join by their numbers, each once; a hole is left to
 * the page that is asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/json.h"
#include "tui/world/sessionfeed.h"

#include <stdio.h>
#include <string.h>

static void count(void *data, struct sessionfeed *feed, enum session_news news, const char *text)
{
    (void)feed, (void)text;
    if (news == SESSION_CHANGED)
        ++*(int *)data;
}

static void live(struct sessionfeed *f, int seq)
{
    char text[300];
    cJSON *json = NULL;

    snprintf(
        text, sizeof text,
        "{\"sessionId\":\"se1\",\"sequenceNumber\":%d,\"event\":{\"method\":\"session/prompt\","
        "\"params\":{\"turn\":%d,\"by\":\"ada\",\"kind\":\"human\",\"prompt\":[{\"type\":"
        "\"text\",\"text\":\"prompt %d\"}]}}}",
        seq, seq, seq);
    assert_int_equal(json_parse(text, strlen(text), &json), ERR_OK);
    sessionfeed_event(f, json, 1000 * seq);
    cJSON_Delete(json);
}

static void each_event_once_and_none_before_its_turn(void **state)
{
    int changes = 0;
    const struct session_listener listener = {count, &changes};
    struct sessionfeed *f = sessionfeed_open(NULL, "se1", 0, &listener);
    (void)state;
    live(f, 1); /* the first page is on its way, and may have it */
    assert_int_equal(changes, 0);
    assert_int_equal(f->heard, 1);
    f->loaded = true;
    live(f, 1);
    live(f, 2);
    live(f, 2);
    assert_int_equal(changes, 2);
    assert_int_equal(transcript_head(f->transcript), 2);
    live(f, 5); /* 3 and 4 were dropped on their way */
    assert_int_equal(changes, 2);
    assert_int_equal(f->heard, 5);
    live(f, 3);
    live(f, 4);
    live(f, 5);
    live(f, 4);
    assert_int_equal(transcript_head(f->transcript), 5);
    assert_int_equal(transcript_count(f->transcript), 5);
    sessionfeed_connected(f, false);
    live(f, 9);
    sessionfeed_catch_up(f, 12);
    assert_int_equal(f->heard, 12);
    assert_int_equal(transcript_head(f->transcript), 5);
    sessionfeed_close(f);
    sessionfeed_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_event_once_and_none_before_its_turn),
    };
    return cmocka_run_group_tests_name("sessionfeed", tests, NULL, NULL);
}
