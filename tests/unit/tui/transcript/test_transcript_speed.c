/* The transcript under load: a hundred thousand updates, frames while scrolling, a text that
 * streams. The figures are printed; the limits asserted are far above them, for sanitizers and busy
 * machines. And that lines kept are the lines a fresh layout would give. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/clock.h"
#include "tests/unit/tui/transcript/transcript_fixture.h"
#include "tui/transcript/transcript_lines.h"

#define UPDATES 100000

static int64_t build(struct fixture *f)
{
    cJSON *kinds[4], *id[2];
    int64_t start, took;
    static const char *const updates[] = {
        "{\"update\":{\"sessionUpdate\":\"agent_message_chunk\",\"content\":{\"type\":\"text\",\"text\":"
        "\"Some words of an answer, **bold** and `code`, and a few more of them.\\n\"}}}",
        "{\"update\":{\"sessionUpdate\":\"agent_thought_chunk\",\"content\":{\"type\":\"text\",\"text\":"
        "\"hm, and then\"}}}",
        "{\"update\":{\"sessionUpdate\":\"tool_call\",\"toolCallId\":\"x\",\"title\":\"Edit a.c\","
        "\"kind\":\"edit\",\"content\":[{\"type\":\"diff\",\"path\":\"a.c\",\"oldText\":\"a\\nb\\nc\\n\","
        "\"newText\":\"a\\nx\\nc\\n\"}]}}",
        "{\"update\":{\"sessionUpdate\":\"tool_call_update\",\"toolCallId\":\"x\",\"status\":"
        "\"completed\"}}"};

    for (int i = 0; i < 4; i++)
        assert_int_equal(json_parse(updates[i], strlen(updates[i]), &kinds[i]), ERR_OK);
    for (int i = 0; i < 2; i++)
        id[i] = cJSON_GetObjectItem(cJSON_GetObjectItem(kinds[i + 2], "update"), "toolCallId");
    start = clock_mono_us();
    for (int i = 0; i < UPDATES; i++) {
        char name[40];
        snprintf(name, sizeof name, "call-%d", i / 4);
        if (i % 4 >= 2)
            cJSON_SetValuestring(id[i % 4 - 2], name);
        assert_true(transcript_add(f->t, i + 1, i, "session/update", kinds[i % 4]));
    }
    took = clock_mono_us() - start;
    for (int i = 0; i < 4; i++)
        cJSON_Delete(kinds[i]);
    return took;
}

static void a_hundred_thousand_updates(void **state)
{
    struct fixture *f = fixture_create(50, 160);
    int64_t took = build(f), worst = 0, sum = 0, start;
    uint64_t chance = 3;
    (void)state;
    print_message(
        "%d updates built in %" PRId64 " ms: %d blocks, %zu KiB, whole from %" PRId64 "\n", UPDATES,
        took / 1000, transcript_count(f->t), transcript_bytes(f->t) / 1024, transcript_whole(f->t));
    assert_true(took < 20000000);
    assert_true(transcript_bytes(f->t) <= TRANSCRIPT_LIMIT);
    start = clock_mono_us();
    fixture_draw(f);
    print_message("first frame: %" PRId64 " us\n", clock_mono_us() - start);
    for (int i = 0; i < 1000; i++) {
        chance = chance * 6364136223846793005u + 1442695040888963407u;
        start = clock_mono_us();
        if (i % 10 == 9)
            fixture_say(f, "agent_message_chunk", "new words ");
        transcript_pane_scroll(f->pane, (int)(chance >> 33) % 200 - 120);
        fixture_draw(f);
        int64_t frame = clock_mono_us() - start;
        sum += frame;
        worst = frame > worst ? frame : worst;
    }
    print_message("a frame while scrolling: %" PRId64 " us, the worst of 1000 %" PRId64 " us\n",
                  sum / 1000, worst);
    assert_true(sum / 1000 < 100000);
    start = clock_mono_us();
    fixture_key(f, 'g');
    fixture_draw(f);
    print_message("to the top: %" PRId64 " us\n", clock_mono_us() - start);
    start = clock_mono_us();
    transcript_pane_search(f->pane, "no such words", true);
    print_message("a search through all of it: %" PRId64 " us\n", clock_mono_us() - start);
    start = clock_mono_us();
    canvas_resize(f->canvas, 50, 90);
    fixture_draw(f);
    print_message("a new width: %" PRId64 " us\n", clock_mono_us() - start);
    fixture_destroy(f);
}

static void a_text_that_streams(void **state)
{
    struct fixture *f = fixture_create(50, 120);
    int64_t start = clock_mono_us();
    (void)state;
    for (int i = 0; i < 5000; i++) {
        fixture_say(f, "agent_message_chunk", i % 5 == 4 ? "word, **bold** and\n" : "some more ");
        fixture_draw(f);
    }
    start = clock_mono_us() - start;
    print_message("5000 chunks of one text, a frame each: %" PRId64 " us a frame\n", start / 5000);
    assert_true(start / 5000 < 50000);
    fixture_destroy(f);
}

static void same_lines(struct transcript_lines *a, struct transcript_lines *b, int count)
{
    int64_t total = 0;

    for (int i = 0; i < count; i++) {
        const struct text_line *x, *y;
        int n = transcript_lines_at(a, i, &x);
        assert_int_equal(n, transcript_lines_at(b, i, &y));
        assert_int_equal(n, transcript_lines_height(a, i));
        assert_int_equal(total, transcript_lines_before(a, i));
        for (int k = 0; k < n; k++) {
            assert_int_equal(x[k].n, y[k].n);
            assert_memory_equal(x[k].text, y[k].text, x[k].n);
            assert_int_equal(x[k].run_count, y[k].run_count);
        }
        total += n;
    }
    assert_int_equal(total, transcript_lines_total(a));
}

/* Fed in small pieces with a look at it after each, or laid out at once: the same lines. */
static void kept_lines_are_the_same_as_fresh_ones(void **state)
{
    static const char *const pieces[] = {
        "# He",     "ad\n", "te",    "xt **bo", "ld** `c", "ode`\n\n", "- a\n", "  - b",
        "\n```c\n", "int",  " x;\n", "\ty\n``", "`\n",     "\n\n",     "> q\n", "end"};
    struct fixture *f = fixture_create(30, 60);
    struct transcript_lines *kept = transcript_lines_create(f->t), *fresh;
    struct lines_look look = {.width = 31, .utf8 = true, .driver = true, .me = "ada"};
    (void)state;
    fixture_read(f);
    transcript_lines_look(kept, &look);
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
            fixture_say(f, "agent_message_chunk", pieces[i]);
            if (i == 7 && round == 1)
                fixture_add(f, "_baton/permission_resolved",
                            "{\"permissionId\":\"pr3\",\"by\":\"ada\",\"outcome\":\"timeout\"}");
            if (i == 9 && round == 2)
                look.width = 55;
            transcript_lines_look(kept, &look);
            transcript_lines_sync(kept, 0);
            fresh = transcript_lines_create(f->t);
            transcript_lines_look(fresh, &look);
            transcript_lines_sync(fresh, 0);
            same_lines(kept, fresh, transcript_count(f->t));
            transcript_lines_destroy(fresh);
        }
    transcript_lines_destroy(kept);
    fixture_destroy(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hundred_thousand_updates),
        cmocka_unit_test(a_text_that_streams),
        cmocka_unit_test(kept_lines_are_the_same_as_fresh_ones),
    };
    return cmocka_run_group_tests_name("transcript speed", tests, NULL, NULL);
}
