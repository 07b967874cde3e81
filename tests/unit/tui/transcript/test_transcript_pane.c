/* The transcript's pane: how it looks at some widths, how one moves in it, what its keys and spots
 * ask for; and that nothing an agent says reaches the terminal as more than signs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/tui/golden.h"
#include "tests/unit/tui/transcript/transcript_fixture.h"

static void golden(int rows, int cols, bool utf8, const char *name)
{
    struct fixture *f = fixture_create(rows, cols);

    theme_fit(f->theme, TERM_256, utf8);
    fixture_read(f);
    fixture_draw(f);
    golden_check(f->canvas, name);
    fixture_destroy(f);
}

static void as_it_looks(void **state)
{
    (void)state;
    golden(132, 20, true, "transcript_20");
    golden(90, 40, true, "transcript_40");
    golden(74, 80, true, "transcript_80");
    golden(72, 200, true, "transcript_200");
    golden(74, 80, false, "transcript_ascii_80");
}

static void everything_open_and_an_observer(void **state)
{
    struct fixture *f = fixture_create(110, 80);
    (void)state;
    fixture_read(f);
    fixture_draw(f);
    assert_true(fixture_key(f, 'E'));
    fixture_draw(f);
    golden_check(f->canvas, "transcript_open_80");
    assert_true(fixture_key(f, 'E'));
    transcript_pane_viewer(f->pane, "grace", false, "ada");
    fixture_draw(f);
    golden_check(f->canvas, "transcript_observer_80");
    assert_false(fixture_key(f, 'a'));
    assert_false(fixture_key(f, 's'));
    fixture_destroy(f);
}

static void many_prompts(struct fixture *f, int count)
{
    char params[120], text[60];

    for (int i = 1; i <= count; i++) {
        snprintf(
            params, sizeof params,
            "{\"turn\":%d,\"by\":\"ada\",\"prompt\":[{\"type\":\"text\",\"text\":\"ask %d\"}]}", i,
            i);
        fixture_add(f, "session/prompt", params);
        snprintf(text, sizeof text, "answer %d\nsecond line\nthird", i);
        fixture_say(f, "agent_message_chunk", text);
    }
}

static void follows_until_scrolled_and_says_what_is_new(void **state)
{
    struct fixture *f = fixture_create(10, 60);
    (void)state;
    fixture_draw(f);
    assert_string_equal(fixture_row(f, 0), "Nothing has been said yet.");
    many_prompts(f, 20);
    fixture_draw(f);
    assert_string_equal(fixture_row(f, 9), "third");
    assert_true(transcript_pane_following(f->pane));
    assert_true(fixture_mouse(f, MOUSE_WHEEL_UP, 0, 0));
    fixture_draw(f);
    assert_false(transcript_pane_following(f->pane));
    assert_non_null(strstr(fixture_row(f, 9), "↓ 3"));
    char *top = strdup(fixture_row(f, 0));
    many_prompts(f, 3); /* what one reads stays where it is */
    fixture_draw(f);
    assert_string_equal(fixture_row(f, 0), top);
    assert_non_null(strstr(fixture_row(f, 9), "↓ 6 new"));
    free(top);
    assert_true(fixture_mouse(f, MOUSE_PRESS, 9, 55));
    assert_true(fixture_mouse(f, MOUSE_RELEASE, 9, 55));
    fixture_draw(f);
    assert_true(transcript_pane_following(f->pane));
    assert_string_equal(fixture_row(f, 9), "third");
    fixture_key(f, K_UP);
    fixture_key(f, K_DOWN);
    assert_true(transcript_pane_following(f->pane));
    fixture_destroy(f);
}

static void moves_by_page_and_prompt_and_to_the_ends(void **state)
{
    struct fixture *f = fixture_create(10, 60);
    char place[60];
    int above, all;
    (void)state;
    many_prompts(f, 50);
    fixture_draw(f);
    assert_true(fixture_key(f, 'g'));
    fixture_draw(f);
    assert_string_equal(fixture_row(f, 0), "ada › ask 1");
    transcript_pane_position(f->pane, place, sizeof place);
    assert_int_equal(sscanf(place, "[%d/%d]", &above, &all),
                     2); /* what was never shown is guessed */
    assert_int_equal(above, all - 10);
    assert_in_range(all, 150, 450);
    assert_true(fixture_key(f, '}'));
    assert_true(fixture_key(f, ']'));
    fixture_draw(f);
    assert_string_equal(fixture_row(f, 0), "ada › ask 3");
    assert_true(fixture_key(f, '{'));
    fixture_draw(f);
    assert_string_equal(fixture_row(f, 0), "ada › ask 2");
    assert_true(fixture_key(f, K_PAGE_DOWN));
    fixture_draw(f);
    assert_string_equal(fixture_row(f, 0), "second line");
    assert_true(fixture_key(f, 'G'));
    assert_true(transcript_pane_following(f->pane));
    assert_true(transcript_pane_show(f->pane, 20)); /* answer 10 */
    fixture_draw(f);
    assert_string_equal(fixture_row(f, 1), "answer 10");
    /* j and k go from block to block, and take the view along. */
    for (int i = 0; i < 30; i++)
        assert_true(fixture_key(f, 'k'));
    fixture_draw(f);
    assert_string_equal(fixture_row(f, 0), "ada › ask 1");
    for (int i = 0; i < 100; i++)
        assert_true(fixture_key(f, K_TAB));
    assert_true(transcript_pane_following(f->pane));
    assert_true(fixture_key(f, K_ESCAPE)); /* the cursor */
    assert_int_equal(f->action.kind, ACTION_NONE);
    assert_true(fixture_key(f, 'q'));
    assert_int_equal(f->action.kind, ACTION_LEAVE);
    fixture_destroy(f);
}

static void press(struct fixture *f, const char *text)
{
    int row = fixture_find(f, text), col = -1;

    assert_true(row >= 0);
    for (int i = 0; i < canvas_cols(f->canvas) && col < 0; i++) {
        char from[400] = "";
        for (int k = i; k < canvas_cols(f->canvas) && strlen(from) < 300; k++)
            strcat(from, canvas_at(f->canvas, row, k)->text[0] ? canvas_at(f->canvas, row, k)->text
                         : canvas_at(f->canvas, row, k)->width ? " "
                                                               : "");
        if (strncmp(from, text, strlen(text)) == 0)
            col = i;
    }
    assert_true(col >= 0);
    assert_true(fixture_mouse(f, MOUSE_PRESS, row, col + 1));
    assert_true(fixture_mouse(f, MOUSE_RELEASE, row, col + 1));
}

static void what_waits_is_answered(void **state)
{
    struct fixture *f = fixture_create(74, 80);
    (void)state;
    fixture_read(f);
    fixture_draw(f);
    assert_true(fixture_key(f, 'a'));
    assert_int_equal(f->action.kind, ACTION_ANSWER);
    assert_string_equal(f->action.id, "pr3");
    assert_string_equal(f->action.option, "o1");
    assert_int_equal(f->action.answer, ANSWER_ALLOW);
    press(f, "[A] Allow make");
    assert_int_equal(f->action.answer, ANSWER_ALWAYS);
    assert_string_equal(f->action.option, "o2");
    press(f, "[r] reject");
    assert_int_equal(f->action.answer, ANSWER_REJECT);
    assert_true(fixture_key(f, '3'));
    assert_string_equal(f->action.option, "o3");
    press(f, "[l] later");
    assert_int_equal(f->action.kind, ACTION_LATER);
    assert_string_equal(f->action.id, "pr3");
    fixture_draw(f);
    assert_true(fixture_find(f, "put off") > 0);
    press(f, "[f] fill in");
    assert_int_equal(f->action.kind, ACTION_FORM);
    assert_string_equal(f->action.id, "pr4");
    press(f, "[r] decline");
    assert_string_equal(f->action.id, "pr4");
    assert_int_equal(f->action.answer, ANSWER_REJECT);
    fixture_key(f, K_ESCAPE);
    assert_true(fixture_key(f, 's'));
    assert_int_equal(f->action.kind, ACTION_ACCEPT);
    assert_string_equal(f->action.id, "sg2");
    press(f, "[e] edit");
    assert_int_equal(f->action.kind, ACTION_EDIT);
    press(f, "[x] drop");
    assert_int_equal(f->action.kind, ACTION_DROP);
    assert_true(transcript_pane_waiting(f->pane));
    fixture_add(
        f, "_baton/permission_resolved",
        "{\"permissionId\":\"pr3\",\"by\":\"ada\",\"outcome\":\"selected\",\"optionId\":\"o1\"}");
    fixture_draw(f);
    assert_int_equal(fixture_find(f, "[a] allow once"), -1);
    fixture_destroy(f);
}

static void folds_open_and_shells_are_asked_for(void **state)
{
    struct fixture *f = fixture_create(80, 80);
    (void)state;
    fixture_read(f);
    fixture_draw(f);
    assert_int_equal(fixture_find(f, "The user wants"), -1);
    press(f, "▸ thought for 4 s");
    fixture_draw(f);
    assert_true(fixture_find(f, "The user wants") > 0);
    assert_true(fixture_key(f, K_ENTER));
    fixture_draw(f);
    assert_int_equal(fixture_find(f, "The user wants"), -1);
    press(f, "▸ 10 lines more");
    fixture_draw(f);
    assert_true(fixture_find(f, "return token_check") > 0);
    assert_true(fixture_find(f, "grace allowed it") > 0);
    assert_true(transcript_pane_search(f->pane, "sh5", false)); /* is in a folded call: opens it */
    fixture_draw(f);
    assert_true(fixture_key(f, 'o'));
    assert_int_equal(f->action.kind, ACTION_SHELL);
    assert_string_equal(f->action.id, "sh5");
    press(f, "[o] open");
    assert_string_equal(f->action.id, "sh5");
    fixture_destroy(f);
}

static void searching(void **state)
{
    struct fixture *f = fixture_create(10, 40);
    (void)state;
    fixture_read(f);
    many_prompts(f, 30);
    fixture_draw(f);
    assert_true(transcript_pane_search(f->pane, "ANSWER 7", true) == false);
    assert_true(transcript_pane_search(f->pane, "answer 7", true));
    fixture_draw(f);
    assert_true(fixture_find(f, "answer 7") >= 0);
    assert_true(transcript_pane_search(f->pane, "answer 2", false)); /* around the end */
    assert_true(fixture_key(f, 'n'));                                /* answer 20 */
    fixture_draw(f);
    assert_true(fixture_find(f, "answer 20") >= 0);
    assert_true(fixture_key(f, 'N'));
    fixture_draw(f);
    assert_true(fixture_find(f, "answer 2") >= 0);
    /* over a line's end, in what Markdown made of it, and in what is folded */
    assert_true(transcript_pane_search(f->pane, "the comparison, which is not constant in", false));
    assert_true(transcript_pane_search(f->pane, "in token.c:", false));
    assert_true(transcript_pane_search(f->pane, "move the clock out", false));
    assert_true(transcript_pane_search(f->pane, "日本語", false));
    assert_false(transcript_pane_search(f->pane, "nowhere at all", false));
    assert_true(fixture_key(f, '/'));
    assert_int_equal(f->action.kind, ACTION_SEARCH);
    fixture_draw(f);
    fixture_destroy(f);
}

static void copying(void **state)
{
    struct fixture *f = fixture_create(74, 80);
    struct buf out = {0};
    int row;
    (void)state;
    fixture_read(f);
    fixture_draw(f);
    row = fixture_find(f, "The edit is in.");
    fixture_mouse(f, MOUSE_PRESS, row, 3);
    fixture_mouse(f, MOUSE_MOTION, row + 1, 40);
    assert_true(fixture_mouse(f, MOUSE_RELEASE, row + 1, 40));
    assert_int_equal(f->action.kind, ACTION_COPY);
    transcript_pane_copy(f->pane, &out);
    assert_string_equal(
        out.data,
        "The edit is in. Now the tests — 日本語のコメントも残しました — and then I'm done.\n");
    buf_clear(&out);
    fixture_draw(f);
    assert_true(fixture_key(f, K_ESCAPE));
    assert_true(transcript_pane_search(f->pane, "refactor the", true));
    assert_true(fixture_key(f, 'y'));
    assert_int_equal(f->action.kind, ACTION_COPY);
    transcript_pane_copy(f->pane, &out);
    assert_string_equal(out.data, "Refactor the auth module and keep the tests green.\n");
    buf_clear(&out);
    row = fixture_find(f, "bool check(const char *token");
    fixture_mouse(f, MOUSE_PRESS, row + 3, 0); /* upwards, and from the margin */
    fixture_mouse(f, MOUSE_MOTION, row, 0);
    fixture_mouse(f, MOUSE_RELEASE, row, 0);
    transcript_pane_copy(f->pane, &out);
    assert_string_equal(out.data, "bool check(const char *token, time_t *now)\n{\n    return "
                                  "strcmp(token, expected) == 0;\n");
    buf_finish(&out);
    fixture_destroy(f);
}

/* Whatever comes, what a canvas holds is safe to write: it checks that itself, so what is to be
 * seen here is that nothing moves, hides or breaks. */
static void hostile_text(void **state)
{
    static const char bad[] =
        "\x1b[2J\x1b]0;title\x07\r\x08\x7f\xc2\x9b"
        "31m\xe2\x80\xae"
        "abc\xe2\x80\xac"
        "\xef\xbb\xbf\xe2\x80\xa8 **\x1b[31m** `\x1b` [\x1b](\x1b) \xff\xfe ok";
    static const char *const kinds[] = {"agent_message_chunk", "agent_thought_chunk",
                                        "user_message_chunk"};
    struct fixture *f = fixture_create(60, 50);
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        fixture_say(f, kinds[i], bad);
    fixture_add(
        f, "session/update",
        "{\"update\":{\"sessionUpdate\":\"tool_call\",\"toolCallId\":\"\\u001b[1m\",\"title\":"
        "\"\\u001b[2J\\u202e\",\"kind\":\"\\u001b\",\"locations\":[{\"path\":\"\\u001b[A\"}],"
        "\"content\":[{\"type\":\"diff\",\"path\":\"\\u001b\",\"oldText\":\"\\u001b[1m\\r\\n\","
        "\"newText\":\"\\u0007\\t\\u009b\"},{\"type\":\"terminal\",\"terminalId\":\"\\u001b\"}]}}");
    fixture_add(
        f, "session/request_permission",
        "{\"permissionId\":\"pr1\",\"toolCall\":{\"toolCallId\":\"\\u001b[1m\"},\"options\":"
        "[{\"optionId\":\"\\u001b\",\"name\":\"\\u001b[5m\",\"kind\":\"allow_always\"},"
        "{\"optionId\":\"x\",\"name\":\"\\u001b]52;c;AA\\u0007\",\"kind\":\"\\u001b\"}]}");
    fixture_add(f, "_baton/suggestion",
                "{\"suggestionId\":\"\\u001b\",\"by\":\"\\u001b[1m\",\"text\":\"\\u001bc\"}");
    fixture_add(f, "_baton/error", "{\"message\":\"\\u001bc\",\"data\":\"\\u001bc\"}");
    fixture_add(
        f, "session/update",
        "{\"update\":{\"sessionUpdate\":\"plan\",\"entries\":[{\"content\":\"\\u001b[1m\"}]}}");
    fixture_key(f, 'E');
    fixture_draw(f);
    for (int row = 0; row < 60; row++)
        for (int col = 0; col < 50; col++)
            for (const char *c = canvas_at(f->canvas, row, col)->text; *c; c++)
                assert_false((*c >= 0 && *c < 0x20) || *c == 0x7f);
    golden_check(f->canvas, "transcript_hostile_50");
    fixture_destroy(f);
}

/* Every size, down to nothing: nothing is drawn outside, nothing is looped over for ever. */
static void the_smallest_panes(void **state)
{
    (void)state;
    for (int rows = 1; rows < 6; rows++)
        for (int cols = 1; cols < 45; cols += cols < 12 ? 1 : 8) {
            struct fixture *f = fixture_create(rows, cols);
            fixture_read(f);
            fixture_draw(f);
            for (const char *key = "kkjgG{}nE/y"; *key; key++) {
                fixture_key(f, (uint32_t)*key);
                fixture_draw(f);
            }
            for (int i = 0; i < 300; i++)
                fixture_key(f, K_UP);
            fixture_draw(f);
            transcript_pane_draw(f->pane, f->canvas, (struct rect){0, 0, 0, 0}, true, 0, f->theme);
            fixture_destroy(f);
        }
}

static void earlier_pages_come_without_a_jump(void **state)
{
    struct fixture *f = fixture_create(10, 60);
    cJSON *page = cJSON_CreateArray(), *params = NULL;
    (void)state;
    /* Numbers 1 to 40 are not here yet: one text that goes on at 41. */
    for (int seq = 1; seq <= 80; seq++) {
        char json[300];
        snprintf(json, sizeof json,
                 "{\"sequenceNumber\":%d,\"timestamp\":%d,\"notification\":{\"method\":"
                 "\"session/update\",\"params\":{\"update\":{\"sessionUpdate\":\"%s\",\"content\":"
                 "{\"type\":\"text\",\"text\":\"line %d\\n\"},\"title\":\"n%d\"}}}}",
                 seq, seq, seq < 20 ? "notice" : "agent_message_chunk", seq, seq);
        assert_int_equal(json_parse(json, strlen(json), &params), ERR_OK);
        if (seq <= 40)
            cJSON_AddItemToArray(page, params);
        else
            assert_true(transcript_add_entry(f->t, params, 0));
        if (seq > 40)
            cJSON_Delete(params);
    }
    fixture_draw(f);
    assert_false(f->earlier);
    assert_true(fixture_key(f, K_HOME));
    assert_int_equal(f->action.kind, ACTION_EARLIER);
    fixture_draw(f);
    assert_false(f->earlier); /* it has been asked for */
    assert_non_null(strstr(fixture_row(f, 0), "↑ earlier…"));
    fixture_key(f, K_DOWN);
    fixture_draw(f);
    assert_string_equal(fixture_row(f, 1), "line 43");
    assert_true(transcript_prepend(f->t, page, 1));
    fixture_draw(f);
    assert_string_equal(fixture_row(f, 0), "line 42");
    for (int i = 0; i < 12; i++)
        fixture_key(f, K_UP);
    fixture_draw(f);
    assert_string_equal(fixture_row(f, 0), "line 30");
    fixture_key(f, 'g');
    assert_int_equal(f->action.kind, ACTION_NONE);
    fixture_draw(f);
    assert_string_equal(fixture_row(f, 0), "· n1");
    cJSON_Delete(page);
    fixture_destroy(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_it_looks),
        cmocka_unit_test(everything_open_and_an_observer),
        cmocka_unit_test(follows_until_scrolled_and_says_what_is_new),
        cmocka_unit_test(moves_by_page_and_prompt_and_to_the_ends),
        cmocka_unit_test(what_waits_is_answered),
        cmocka_unit_test(folds_open_and_shells_are_asked_for),
        cmocka_unit_test(searching),
        cmocka_unit_test(copying),
        cmocka_unit_test(hostile_text),
        cmocka_unit_test(the_smallest_panes),
        cmocka_unit_test(earlier_pages_come_without_a_jump),
    };
    return cmocka_run_group_tests_name("transcript pane", tests, NULL, NULL);
}
