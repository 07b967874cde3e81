/* What happened to a baton, in words: for the log, and as the one it happened to reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/json.h"
#include "tui/world/baton_words.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *kind, *data, *me, *words;
} cases[] = {
    {"batonChanged", "'from':'ada','to':'grace','reason':'passed','by':'ada','note':'look here'",
     "grace", "ada passed you sh1: look here"},
    {"batonChanged", "'from':'ada','to':'grace','reason':'passed','by':'ada'", "",
     "ada passed grace sh1"},
    {"batonChanged", "'from':'bob','to':'grace','reason':'passed','by':'ada'", "bob",
     "ada passed grace sh1, which you had"},
    {"batonChanged", "'from':'ada','to':'grace','reason':'taken','by':'grace','discarded':true",
     "ada", "grace took sh1 from you; a half-typed line was thrown away"},
    {"batonChanged", "'from':'','to':'grace','reason':'requested'", "", "grace took sh1"},
    {"batonChanged", "'from':'ada','to':'grace','reason':'nextInLine'", "grace",
     "you got sh1, as the next in line"},
    {"batonChanged", "'from':'ada','to':'','reason':'released'", "", "ada released sh1"},
    {"batonChanged", "'from':'ada','to':'','reason':'graceOver'", "",
     "sh1 is free: ada did not come back"},
    {"batonChanged", "'from':'ada','to':'','reason':'removed'", "", "sh1 is free: ada was removed"},
    {"batonChanged", "'from':'ada','to':'','reason':'restarted'", "",
     "sh1 is free: it was started again"},
    {"batonRequested", "'by':'grace','holder':'ada','place':1,'note':'tests'", "",
     "grace asked ada for sh1: tests"},
    {"batonRequested", "'by':'grace','holder':'ada','place':2", "grace",
     "you asked ada for sh1, place 2 in line"},
    {"batonDenied", "'member':'grace','by':'ada','reason':'a moment'", "grace",
     "your request for sh1 was denied by ada: a moment"},
    {"batonDenied", "'member':'grace','by':'ada'", "", "ada denied grace sh1"},
    {"batonWithdrawn", "'member':'grace'", "", "grace no longer asked for sh1"},
    {"batonLost", "'holder':'ada','graceUntil':1795230255500", "",
     "ada is gone; sh1 is free in 10 s"},
    {"batonLost", "'holder':'ada'", "", "ada is gone; sh1 is free"},
    {"batonBack", "'holder':'ada'", "", "ada came back to sh1"},
    {"inputQueued", "'by':'ada'", "", "input of ada waited for sh1"},
    {"inputDelivered", "'by':'ada'", "", "waiting input of ada went to sh1"},
    {"inputRefused", "'by':'ada','reason':'it ended'", "",
     "waiting input of ada for sh1 was refused: it ended"},
    {"memberKicked", "'member':'grace','by':'ada'", "", "ada kicked grace"},
    {"inviteCreated", "'member':'grace','by':'ada','workspace':'main','role':'observer'", "",
     "ada invited grace to main as observer"},
    {"inviteCreated", "'member':'demo-se1','createdBy':'ada','workspace':'main'", "",
     "ada invited demo-se1 to main"},
    {"inviteCreated", "'member':'grace'", "", "somebody invited grace"},
    {"inviteRevoked", "'member':'grace','by':'ada','reason':'done'", "",
     "ada revoked the invitation of grace: done"},
    {"batonChanged", "", "", "somebody released sh1"}, /* a hub that says less */
};

static cJSON *event(const char *kind, const char *data)
{
    char text[600];
    cJSON *json = NULL;

    snprintf(text, sizeof text,
             "{'kind':'%s','time':'2026-11-21T03:04:05.500Z','data':{'shellId':'sh1'%s%s}}", kind,
             data[0] ? "," : "", data);
    for (char *p = text; *p; p++)
        if (*p == '\'')
            *p = '"';
    assert_int_equal(json_parse(text, strlen(text), &json), ERR_OK);
    return json;
}

static void sentences(void **state)
{
    char out[300];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cJSON *json = event(cases[i].kind, cases[i].data);
        assert_true(baton_words(json, cases[i].me, out, sizeof out));
        assert_string_equal(out, cases[i].words);
        char small[9]; /* never more than there is room for */
        assert_true(baton_words(json, cases[i].me, small, sizeof small));
        assert_memory_equal(small, out, 8);
        cJSON_Delete(json);
    }
}

static void other_kinds_are_left_alone(void **state)
{
    char out[20] = "x";
    cJSON *json = event("shellOpened", "");
    (void)state;
    assert_false(baton_words(json, "ada", out, sizeof out));
    assert_string_equal(out, "");
    assert_false(baton_words(NULL, "", out, sizeof out));
    cJSON_Delete(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sentences),
        cmocka_unit_test(other_kinds_are_left_alone),
    };
    return cmocka_run_group_tests_name("baton_words", tests, NULL, NULL);
}
