/* The transcript: what events become, what hostile and huge ones do to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/text.h"
#include "tests/unit/core/agent/transcript_events.h"

static void add(struct transcript *t, const char *method, const char *params)
{
    cJSON *entry = events_entry(transcript_head(t) + 1, method, params);

    assert_true(transcript_add_entry(t, entry, 0));
    cJSON_Delete(entry);
}

static void update(struct transcript *t, const char *json)
{
    cJSON *entry = events_update(transcript_head(t) + 1, json);

    assert_true(transcript_add_entry(t, entry, 0));
    cJSON_Delete(entry);
}

static void say(struct transcript *t, const char *kind, const char *text)
{
    char json[400];

    snprintf(
        json, sizeof json,
        "{\"sessionUpdate\":\"agent_%s_chunk\",\"content\":{\"type\":\"text\",\"text\":\"%s\"}}",
        kind, text);
    update(t, json);
}

static void texts_grow_until_something_else_comes(void **state)
{
    struct transcript *t = transcript_create(0);
    (void)state;
    add(t, "session/prompt",
        "{\"turn\":1,\"by\":\"ada\",\"kind\":\"human\",\"suggestedBy\":\"grace\","
        "\"prompt\":[{\"type\":\"text\",\"text\":\"go\\u001b[31m\"},"
        "{\"type\":\"image\",\"mimeType\":\"image/png\",\"data\":\"AAAA\"},"
        "{\"type\":\"resource_link\",\"name\":\"n\",\"uri\":\"file:///x\"}]}");
    say(t, "thought", "so ");
    say(t, "thought", "what");
    update(t, "{\"sessionUpdate\":\"usage_update\",\"used\":5,\"size\":10}");
    say(t, "message", "Hel");
    say(t, "message", "lo\\r\\n\\tyou");
    update(t, "{\"sessionUpdate\":\"agent_message_chunk\",\"messageId\":\"2\",\"content\":"
              "{\"type\":\"text\",\"text\":\"other\"}}");
    assert_int_equal(transcript_count(t), 4);
    assert_int_equal(transcript_at(t, 0)->kind, BLOCK_PROMPT);
    assert_string_equal(transcript_at(t, 0)->by, "ada");
    assert_string_equal(transcript_at(t, 0)->detail, "grace");
    assert_string_equal(transcript_at(t, 0)->text.text,
                        "go␛[31m\n[image image/png, 3 bytes]\n[n](file:///x)");
    assert_int_equal(transcript_at(t, 1)->kind, BLOCK_THOUGHT);
    assert_string_equal(transcript_at(t, 1)->text.text, "so what");
    assert_int_equal(transcript_at(t, 1)->ended - transcript_at(t, 1)->at, 3000);
    assert_string_equal(transcript_at(t, 2)->text.text, "Hello\n\tyou");
    assert_string_equal(transcript_at(t, 3)->text.text, "other");
    transcript_destroy(t);
    transcript_destroy(NULL);
}

static void a_tool_call_and_all_that_belongs_to_it(void **state)
{
    struct transcript *t = transcript_create(0);
    const struct transcript_block *b, *first;
    const struct transcript_tool *tool;
    (void)state;
    /* An update first: the call is there with what it says. */
    update(t, "{\"sessionUpdate\":\"tool_call_update\",\"toolCallId\":\"t1\",\"status\":"
              "\"in_progress\"}");
    b = transcript_at(t, 0);
    assert_int_equal(b->kind, BLOCK_TOOL);
    assert_null(b->tool->title);
    assert_int_equal(b->tool->status, STATUS_RUNNING);
    say(t, "message", "meanwhile ");
    add(t, "session/request_permission",
        "{\"permissionId\":\"pr7\",\"toolCall\":{\"toolCallId\":\"t1\",\"title\":\"run make\","
        "\"kind\":\"execute\"},\"options\":[{\"optionId\":\"1\",\"name\":\"Once\",\"kind\":"
        "\"allow_once\"},{\"optionId\":\"2\",\"name\":\"No\",\"kind\":\"reject_once\"}]}");
    assert_int_equal(transcript_waiting(t, &first), 1);
    assert_ptr_equal(first, b);
    assert_string_equal(transcript_pending(b)->id, "pr7");
    assert_int_equal(transcript_option(transcript_pending(b), ANSWER_REJECT), 1);
    assert_int_equal(transcript_option(transcript_pending(b), ANSWER_ALWAYS), -1);
    add(t, "_baton/permission_resolved",
        "{\"permissionId\":\"pr7\",\"by\":\"ada\",\"outcome\":\"selected\",\"optionId\":\"2\","
        "\"reason\":\"not now\"}");
    assert_int_equal(transcript_waiting(t, NULL), 0);
    say(t, "message", "more"); /* the text above goes on: nothing stands between */
    add(t, "_baton/terminal",
        "{\"terminalId\":\"w1\",\"shellId\":\"sh5\",\"command\":[\"make\","
        "\"all\"]}");
    add(t, "_baton/file", "{\"op\":\"write\",\"path\":\"/a\",\"bytes\":3}");
    update(t,
           "{\"sessionUpdate\":\"tool_call_update\",\"toolCallId\":\"t1\",\"status\":"
           "\"completed\",\"content\":[{\"type\":\"diff\",\"path\":\"/a\",\"oldText\":null,"
           "\"newText\":\"x\"},{\"type\":\"terminal\",\"terminalId\":\"w1\"},{\"type\":\"content\","
           "\"content\":{\"type\":\"text\",\"text\":\"done\"}}]}");
    add(t, "_baton/file", "{\"op\":\"read\",\"path\":\"/b\",\"bytes\":3}");
    assert_int_equal(transcript_count(t), 3);
    tool = b->tool;
    assert_string_equal(tool->title, "run make");
    assert_int_equal(tool->permissions[0].outcome, OUTCOME_REJECTED);
    assert_string_equal(tool->permissions[0].by, "ada");
    assert_string_equal(tool->permissions[0].chosen, "No");
    assert_string_equal(tool->permissions[0].reason, "not now");
    assert_int_equal(tool->status, STATUS_DONE);
    assert_int_equal(tool->content_count, 3);
    assert_true(tool->contents[0].created);
    assert_string_equal(tool->shells[0].command, "make all");
    assert_string_equal(transcript_shell(t, "w1")->shell, "sh5");
    assert_string_equal(tool->files[0].path, "/a");
    assert_string_equal(transcript_at(t, 1)->text.text, "meanwhile more");
    assert_int_equal(transcript_at(t, 2)->kind, BLOCK_FILE);
    transcript_destroy(t);
}

static void a_plan_is_one_block_a_turn(void **state)
{
    struct transcript *t = transcript_create(0);
    (void)state;
    for (int turn = 0; turn < 2; turn++) {
        add(t, "session/prompt", "{\"turn\":1,\"by\":\"ada\",\"prompt\":[]}");
        update(t, "{\"sessionUpdate\":\"plan\",\"entries\":[{\"content\":\"a\",\"status\":"
                  "\"pending\"},{\"content\":\"b\",\"status\":\"pending\"}]}");
        say(t, "message", "text");
        update(t, "{\"sessionUpdate\":\"plan\",\"entries\":[{\"content\":\"a\",\"status\":"
                  "\"completed\"}]}");
        assert_ptr_equal(transcript_plan(t), transcript_at(t, turn * 3 + 1));
        assert_int_equal(transcript_plan(t)->plan_count, 1);
        assert_int_equal(transcript_plan(t)->plan[0].status, STATUS_DONE);
    }
    assert_int_equal(transcript_count(t), 6);
    transcript_destroy(t);
}

static void ends_errors_suggestions_forms(void **state)
{
    struct transcript *t = transcript_create(0);
    const struct transcript_block *b;
    (void)state;
    add(t, "session/cancel", "{\"turn\":1,\"by\":\"grace\"}");
    add(t, "_baton/turn_end", "{\"turn\":1,\"stopReason\":\"cancelled\"}");
    add(t, "_baton/turn_end",
        "{\"turn\":2,\"stopReason\":\"failed\",\"error\":{\"message\":\"it died\"},\"stderr\":"
        "\"oh\\u0007\"}");
    add(t, "_baton/suggestion", "{\"suggestionId\":\"sg1\",\"by\":\"bob\",\"text\":\"try\"}");
    assert_int_equal(transcript_waiting(t, NULL), 1);
    add(t, "_baton/suggestion_resolved",
        "{\"suggestionId\":\"sg1\",\"by\":\"ada\",\"outcome\":\"dropped\"}");
    add(t, "elicitation/create",
        "{\"permissionId\":\"pr2\",\"message\":\"Who?\",\"mode\":\"form\",\"requestedSchema\":"
        "{\"properties\":{\"name\":{\"type\":\"string\",\"title\":\"Your name\"},\"age\":{}}}}");
    assert_int_equal(transcript_waiting(t, NULL), 1);
    add(t, "_baton/permission_resolved",
        "{\"permissionId\":\"pr2\",\"by\":\"ada\",\"outcome\":\"timeout\"}");
    add(t, "_baton/error", "{\"message\":\"bad line\",\"data\":{\"n\":1}}");
    add(t, "_baton/state", "{\"state\":\"idle\"}");
    add(t, "_auth/status_update", "{\"x\":1}");
    assert_int_equal(transcript_count(t), 5);
    assert_string_equal(transcript_at(t, 0)->by, "grace");
    assert_int_equal(transcript_at(t, 0)->outcome, OUTCOME_CANCELLED);
    b = transcript_at(t, 1);
    assert_int_equal(b->outcome, OUTCOME_FAILED);
    assert_null(b->by);
    assert_string_equal(b->text.text, "it died");
    assert_string_equal(b->detail, "oh␇");
    assert_int_equal(transcript_at(t, 2)->outcome, OUTCOME_REJECTED);
    assert_string_equal(transcript_at(t, 2)->detail, "ada");
    b = transcript_at(t, 3);
    assert_string_equal(b->elicitation->fields, "Your name, age");
    assert_int_equal(b->elicitation->answer.outcome, OUTCOME_TIMEOUT);
    assert_string_equal(transcript_at(t, 4)->detail, "{\"n\":1}");
    assert_string_equal(transcript_state(t), "idle");
    transcript_destroy(t);
}

/* Events whose fields are missing, of other types, or nested where nobody expects it. */
static void nonsense_does_no_harm(void **state)
{
    static const char *const methods[] = {"session/update",
                                          "session/prompt",
                                          "session/request_permission",
                                          "elicitation/create",
                                          "_baton/turn_end",
                                          "_baton/permission_resolved",
                                          "_baton/suggestion",
                                          "_baton/file",
                                          "_baton/terminal",
                                          "_baton/error",
                                          "_baton/suggestion_resolved"};
    static const char *const params[] = {
        "{}",
        "[]",
        "null",
        "3",
        "\"x\"",
        "{\"update\":3,\"toolCall\":[],\"options\":{},\"prompt\":{\"a\":{}},\"by\":[],\"turn\":\"x\"}",
        "{\"update\":{\"sessionUpdate\":\"tool_call\",\"toolCallId\":\"\"}}",
        ("{\"update\":{\"sessionUpdate\":\"tool_call\",\"toolCallId\":\"x\",\"content\":[null,3,{}],"
         "\"locations\":[1,{}],\"rawInput\":[],\"rawOutput\":{},\"status\":\"odd\",\"_meta\":7}}"),
        "{\"update\":{\"sessionUpdate\":\"plan\",\"entries\":[1,null,{}]}}",
        "{\"update\":{\"sessionUpdate\":\"plan\",\"entries\":{}}}",
        "{\"update\":{\"sessionUpdate\":\"agent_message_chunk\",\"content\":{\"type\":\"resource\"}}}",
        "{\"toolCall\":{\"toolCallId\":\"x\"},\"options\":[1,{\"optionId\":3}]}",
        "{\"requestedSchema\":{\"properties\":[1,2]},\"error\":[],\"data\":[],\"command\":[1]}"};
    struct transcript *t = transcript_create(0);
    (void)state;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        for (size_t k = 0; k < sizeof params / sizeof *params; k++)
            add(t, methods[i], params[k]);
    assert_false(transcript_add(t, 1, 0, "session/update", NULL));
    assert_true(transcript_add(t, 100000, 0, "session/update", NULL));
    assert_true(transcript_add(t, 100001, 0, "session/prompt", NULL));
    for (int i = 0; i < transcript_count(t); i++)
        assert_non_null(transcript_at(t, i));
    transcript_destroy(t);
}

static void giant_texts_are_bounded(void **state)
{
    struct transcript *t = transcript_create(0);
    cJSON *params = events_parse("{\"update\":{\"sessionUpdate\":\"agent_message_chunk\","
                                 "\"content\":{\"type\":\"text\"}}}");
    cJSON *content = cJSON_GetObjectItem(cJSON_GetObjectItem(params, "update"), "content");
    char *big = malloc(700001);
    const struct transcript_text *x;
    (void)state;
    memset(big, 'x', 700000);
    memcpy(big + 699998, "\xc3\xa4", 3); /* ä */
    big[700000] = '\0';
    cJSON_AddStringToObject(content, "text", big);
    for (int i = 1; i <= 3; i++)
        assert_true(transcript_add(t, i, i, "session/update", params));
    x = &transcript_at(t, 0)->text;
    assert_int_equal(x->n, TRANSCRIPT_TEXT_LIMIT);
    assert_int_equal(x->n + x->more, 2100000);
    assert_true(text_is_utf8(x->text, x->n));
    cJSON_Delete(params);
    free(big);
    transcript_destroy(t);
}

static void memory_is_bounded_and_says_from_where_it_is_whole(void **state)
{
    struct transcript *t = transcript_create(100000);
    cJSON *none = cJSON_CreateArray();
    char text[200];
    (void)state;
    for (int i = 0; i < 3000; i++) {
        snprintf(text, sizeof text,
                 "{\"sessionUpdate\":\"tool_call\",\"toolCallId\":\"t%d\",\"title\":\"T\"}", i);
        update(t, text);
        assert_true(transcript_bytes(t) <= 100000);
    }
    assert_true(transcript_whole(t) > 2000);
    assert_int_equal(transcript_at(t, 0)->first, transcript_whole(t));
    assert_int_equal(transcript_head(t), 3000);
    assert_true(transcript_prepend(t, none, 1));
    assert_int_equal(transcript_whole(t), 1);
    cJSON_Delete(none);
    transcript_destroy(t);
}

static void what_is_read_back_is_bounded_too(void **state)
{
    struct transcript *t = transcript_create(50000);
    bool room = true;
    int pages = 0;
    (void)state;
    for (int i = 0; i < 9000; i++)
        say(t, i % 2 ? "message" : "thought", "text");
    while (transcript_whole(t) > 1 && room) {
        int64_t whole = transcript_whole(t), from = whole > 100 ? whole - 100 : 1;
        cJSON *page = cJSON_CreateArray();
        for (int64_t i = from; i < whole; i++)
            cJSON_AddItemToArray(
                page, events_update(i, "{\"sessionUpdate\":\"notice\",\"title\":\"old\"}"));
        room = transcript_prepend(t, page, from);
        pages += room;
        cJSON_Delete(page);
    }
    assert_false(room);
    assert_true(pages > 2);
    assert_true(transcript_bytes(t) <= 200000);
    say(t, "message", "new"); /* does not push out what is being read */
    assert_true(transcript_bytes(t) > 100000);
    transcript_trim(t);
    assert_true(transcript_bytes(t) <= 50000);
    transcript_destroy(t);
}

/* Nobody has typed what the hub tells an agent before its first prompt. */
static void instructions_are_nobodys_words(void **state)
{
    struct transcript *t = transcript_create(0);
    (void)state;
    add(t, "session/prompt",
        "{\"turn\":1,\"by\":\"ada\",\"prompt\":[{\"type\":\"text\",\"text\":\"Be brief.\","
        "\"_meta\":{\"baton\":{\"instructions\":true}}},{\"type\":\"text\",\"text\":\"hi\"}]}");
    assert_int_equal(transcript_count(t), 2);
    assert_int_equal(transcript_at(t, 0)->kind, BLOCK_NOTICE);
    assert_string_equal(transcript_at(t, 0)->text.text, "told beforehand: Be brief.");
    assert_int_equal(transcript_at(t, 1)->kind, BLOCK_PROMPT);
    assert_string_equal(transcript_at(t, 1)->text.text, "hi");
    transcript_destroy(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instructions_are_nobodys_words),
        cmocka_unit_test(texts_grow_until_something_else_comes),
        cmocka_unit_test(a_tool_call_and_all_that_belongs_to_it),
        cmocka_unit_test(a_plan_is_one_block_a_turn),
        cmocka_unit_test(ends_errors_suggestions_forms),
        cmocka_unit_test(nonsense_does_no_harm),
        cmocka_unit_test(giant_texts_are_bounded),
        cmocka_unit_test(memory_is_bounded_and_says_from_where_it_is_whole),
        cmocka_unit_test(what_is_read_back_is_bounded_too),
    };
    return cmocka_run_group_tests_name("transcript", tests, NULL, NULL);
}
