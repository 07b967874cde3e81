/* The console's inbox calls against a journal in memory: who may read whose, what a row says, a
 * text in slices, read and unread, whom one may write to. No threads and no clients: the test makes
 * calls by hand and reads their answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/mem.h"
#include "core/hub/mail/inbox_list.h"
#include "core/hub/mail/mail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct hub *hub_of(void)
{
    struct hub *hub = mem_zalloc(sizeof *hub);
    char *why = NULL;
    hub->user = mem_strdup("ada");
    assert_int_equal(journal_open(":memory:", &hub->journal, &why), ERR_OK);
    assert_int_equal(journal_begin(hub->journal), ERR_OK);
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    assert_int_equal(config_load(&hub->config, &why), ERR_OK);
    assert_int_equal(mail_ensure(hub, "ada", true, NULL), ERR_OK);
    assert_int_equal(mail_ensure(hub, "bob", false, NULL), ERR_OK);
    return hub;
}

static void hub_free(struct hub *hub)
{
    for (size_t i = 0; i < hub->frame_count; i++)
        buf_finish(&hub->frames[i].lines);
    free(hub->frames);
    for (size_t i = 0; i < hub->after_count; i++)
        free(hub->afters[i].arg);
    free(hub->afters);
    journal_close(hub->journal);
    config_destroy(hub->config);
    free(hub->user);
    free(hub);
}

/* Runs a handler as somebody; gives the answer's `result` or `error` (to delete). */
static cJSON *call(struct hub *hub, enum err (*handler)(struct hub *, struct call *),
                   const char *who, enum role role, const char *params, enum err expected)
{
    struct call c = {.hub = hub, .role = role, .kind = BATON_HUMAN};
    cJSON *answer = NULL, *part;
    snprintf(c.who, sizeof c.who, "%s", who);
    assert_int_equal(json_parse(params, strlen(params), &c.params), ERR_OK);
    assert_int_equal(handler(hub, &c), expected);
    assert_true(c.answered || expected != ERR_OK);
    if (c.answered)
        assert_int_equal(json_parse(c.answer.data + 1, c.answer.len - 1, &answer), ERR_OK);
    part = cJSON_DetachItemFromObjectCaseSensitive(answer, expected == ERR_OK ? "result" : "error");
    cJSON_Delete(answer);
    cJSON_Delete(c.params);
    buf_finish(&c.answer);
    return part;
}

static void put(struct hub *hub, const char *from, const char *to, const char *subject,
                const char *body, const char *headers, char ret_id[MAIL_ID])
{
    bool email = *subject;
    struct mail_message m = {.grammar = email ? MAIL_EMAIL : MAIL_COMMS,
                             .from_name = from,
                             .from_address = email ? "x@baton.local" : "",
                             .subject = subject,
                             .body = body,
                             .body_n = strlen(body),
                             .headers = headers,
                             .priority = MAIL_HIGH,
                             .sent_us = 1795230245000000};
    struct mail_delivery d = {.grammar = m.grammar, .role = MAIL_TO};
    assert_int_equal(journal_message_add(hub->journal, &m), ERR_OK);
    snprintf(d.message_id, sizeof d.message_id, "%s", m.id);
    snprintf(d.recipient, sizeof d.recipient, "%s", to);
    assert_int_equal(journal_delivery_add(hub->journal, &d), ERR_OK);
    if (ret_id)
        memcpy(ret_id, m.id, sizeof m.id);
}

static const cJSON *first(const cJSON *list)
{
    return cJSON_GetArrayItem(json_get(list, "messages"), 0);
}

static void a_row_says_all(void **state)
{
    struct hub *hub = hub_of();
    (void)state;
    put(hub, "bob", "ada", "the review", "two things",
        "{\"files\":[{\"n\":1,\"name\":\"a.txt\",\"type\":\"text/plain\",\"size\":7}]}", NULL);
    cJSON *list = call(hub, inbox_list, "ada", ROLE_DRIVER, "{}", ERR_OK);
    const cJSON *m = first(list);
    assert_int_equal(json_int(list, "unread", 0), 1);
    assert_int_equal(json_int(list, "next", -1), 0);
    assert_string_equal(json_string(m, "direction", ""), "in");
    assert_string_equal(json_string(m, "grammar", ""), "email");
    assert_string_equal(json_string(m, "from", ""), "bob");
    assert_string_equal(json_string(m, "subject", ""), "the review");
    assert_string_equal(json_string(m, "preview", ""), "two things");
    assert_string_equal(json_string(m, "priority", ""), "high");
    assert_false(json_bool(m, "is_read", true));
    assert_int_equal(json_int(m, "sent_ms", 0), 1795230245000);
    const cJSON *file = cJSON_GetArrayItem(json_get(m, "files"), 0);
    assert_string_equal(json_string(file, "name", ""), "a.txt");
    assert_int_equal(json_int(file, "size", 0), 7);
    cJSON_Delete(list);
    list = call(hub, inbox_list, "bob", ROLE_AGENT, "{}", ERR_OK); /* who sent it sees receipts */
    m = first(list);
    assert_string_equal(json_string(m, "direction", ""), "out");
    const cJSON *receipt = cJSON_GetArrayItem(json_get(m, "receipts"), 0);
    assert_string_equal(json_string(receipt, "to", ""), "ada");
    assert_string_equal(json_string(receipt, "state", ""), "queued");
    assert_string_equal(cJSON_GetArrayItem(json_get(m, "to"), 0)->valuestring, "ada");
    assert_int_equal(json_int(list, "unread", -1), 0);
    cJSON_Delete(list);
    hub_free(hub);
}

static void headers_that_are_none(void **state)
{
    static const char *const wrong[] = {"", "{", "[\"files\"]", "{\"files\":7}", "\"files\""};
    struct hub *hub = hub_of();
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        put(hub, "bob", "ada", "s", "b", wrong[i], NULL);
    cJSON *list = call(hub, inbox_list, "ada", ROLE_DRIVER, "{}", ERR_OK);
    assert_int_equal(cJSON_GetArraySize(json_get(list, "messages")), sizeof wrong / sizeof *wrong);
    cJSON_Delete(list);
    hub_free(hub);
}

static void whose_inbox(void **state)
{
    struct hub *hub = hub_of();
    (void)state;
    put(hub, "ada", "bob", "", "for bob", "", NULL);
    cJSON *got = call(hub, inbox_list, "ada", ROLE_OWNER, "{\"name\":\"bob\"}", ERR_OK);
    assert_string_equal(json_string(first(got), "preview", ""), "for bob");
    cJSON_Delete(got);
    got = call(hub, inbox_list, "eve", ROLE_DRIVER, "{\"name\":\"bob\"}", ERR_DENIED);
    assert_non_null(strstr(json_string(got, "message", ""), "not yours to read"));
    cJSON_Delete(got);
    got = call(hub, inbox_list, "ada", ROLE_OWNER, "{\"name\":\"nobody\"}", ERR_NOT_FOUND);
    assert_non_null(strstr(json_string(got, "message", ""), "nobody"));
    cJSON_Delete(got);
    struct mail_identity bob;
    assert_int_equal(journal_identity_get(hub->journal, "bob", &bob), ERR_OK);
    bob.revoked_us = 1;
    assert_int_equal(journal_identity_put(hub->journal, &bob), ERR_OK);
    got = call(hub, inbox_list, "bob", ROLE_AGENT, "{}", ERR_DENIED);
    assert_non_null(strstr(json_string(got, "message", ""), "revoked"));
    cJSON_Delete(got);
    hub_free(hub);
}

static void the_search_is_the_pages(void **state)
{
    struct hub *hub = hub_of();
    (void)state;
    put(hub, "bob", "ada", "Lunch", "at noon", "", NULL);
    put(hub, "bob", "ada", "", "the tests are green", "", NULL);
    cJSON *list = call(hub, inbox_list, "ada", ROLE_DRIVER, "{\"search\":\"LUNCH\"}", ERR_OK);
    assert_int_equal(cJSON_GetArraySize(json_get(list, "messages")), 1);
    assert_string_equal(json_string(first(list), "subject", ""), "Lunch");
    cJSON_Delete(list);
    list = call(hub, inbox_list, "ada", ROLE_DRIVER, "{\"limit\":1}", ERR_OK);
    assert_string_equal(json_string(first(list), "preview", ""), "the tests are green");
    char params[80];
    snprintf(params, sizeof params, "{\"limit\":1,\"before\":%lld}",
             (long long)json_int(list, "next", 0));
    cJSON_Delete(list);
    list = call(hub, inbox_list, "ada", ROLE_DRIVER, params, ERR_OK);
    assert_string_equal(json_string(first(list), "subject", ""), "Lunch");
    assert_int_equal(json_int(list, "next", -1), 0);
    cJSON_Delete(list);
    hub_free(hub);
}

/* A slice neither begins nor ends within a character; together they are the text. */
static void a_text_in_slices(void **state)
{
    static const char text[] = "a\xc3\xa4\xe6\xbc\xa2\xf0\x9f\x98\x80z and some more words";
    struct hub *hub = hub_of();
    struct buf whole = {0};
    char id[MAIL_ID], params[120];
    (void)state;
    put(hub, "bob", "ada", "", text, "", id);
    for (int limit = 16; limit < 20; limit++) {
        buf_clear(&whole);
        for (int guard = 0; whole.len < sizeof text - 1 && guard < 20; guard++) {
            snprintf(params, sizeof params, "{\"message_id\":\"%s\",\"offset\":%zu,\"limit\":%d}",
                     id, whole.len, limit);
            cJSON *got = call(hub, inbox_text, "ada", ROLE_DRIVER, params, ERR_OK);
            const char *body = json_string(got, "body", "");
            assert_true(((unsigned char)body[0] & 0xc0) != 0x80);
            assert_int_equal(json_int(got, "size", 0), sizeof text - 1);
            buf_puts(&whole, body);
            cJSON_Delete(got);
        }
        assert_string_equal(whole.data, text);
    }
    snprintf(params, sizeof params, "{\"message_id\":\"%s\",\"offset\":9999}", id);
    cJSON *behind = call(hub, inbox_text, "ada", ROLE_DRIVER, params, ERR_OK);
    assert_string_equal(json_string(behind, "body", "?"), "");
    cJSON_Delete(behind);
    snprintf(params, sizeof params, "{\"message_id\":\"%s\"}", id);
    cJSON_Delete(call(hub, inbox_text, "bob", ROLE_AGENT, params, ERR_OK)); /* who sent it */
    cJSON_Delete(call(hub, inbox_text, "eve", ROLE_DRIVER, params, ERR_NOT_FOUND));
    cJSON_Delete(
        call(hub, inbox_text, "ada", ROLE_DRIVER, "{\"message_id\":\"msg_0\"}", ERR_NOT_FOUND));
    cJSON *list = call(hub, inbox_list, "ada", ROLE_DRIVER, "{}", ERR_OK);
    assert_int_equal(json_int(list, "unread", 0), 1); /* nothing of this reads it */
    cJSON_Delete(list);
    buf_finish(&whole);
    hub_free(hub);
}

static void read_and_unread(void **state)
{
    struct hub *hub = hub_of();
    char id[MAIL_ID], read[120], unread[120];
    (void)state;
    put(hub, "bob", "ada", "", "hello", "", id);
    snprintf(read, sizeof read, "{\"message_id\":\"%s\"}", id);
    snprintf(unread, sizeof unread, "{\"message_id\":\"%s\",\"read\":false}", id);
    for (int i = 0; i < 2; i++) {
        cJSON_Delete(call(hub, inbox_mark, "ada", ROLE_DRIVER, read, ERR_OK));
        cJSON_Delete(call(hub, inbox_mark, "ada", ROLE_DRIVER, read, ERR_OK)); /* twice is once */
        cJSON *list = call(hub, inbox_list, "ada", ROLE_DRIVER, "{}", ERR_OK);
        assert_int_equal(json_int(list, "unread", -1), 0);
        assert_true(json_bool(first(list), "is_read", false));
        cJSON_Delete(list);
        list = call(hub, inbox_list, "bob", ROLE_AGENT, "{}", ERR_OK);
        const cJSON *receipt = cJSON_GetArrayItem(json_get(first(list), "receipts"), 0);
        assert_string_equal(json_string(receipt, "state", ""), "read");
        cJSON_Delete(list);
        cJSON_Delete(call(hub, inbox_mark, "ada", ROLE_DRIVER, unread, ERR_OK));
        list = call(hub, inbox_list, "ada", ROLE_DRIVER, "{\"unread\":true}", ERR_OK);
        assert_int_equal(json_int(list, "unread", -1), 1);
        assert_int_equal(cJSON_GetArraySize(json_get(list, "messages")), 1);
        cJSON_Delete(list);
    }
    cJSON_Delete(call(hub, inbox_mark, "bob", ROLE_AGENT, read, ERR_NOT_FOUND)); /* he sent it */
    hub_free(hub);
}

static void who_is_there(void **state)
{
    struct hub *hub = hub_of();
    struct mail_identity gone = {.name = "gone", .created_us = 1, .revoked_us = 2};
    (void)state;
    assert_int_equal(journal_identity_put(hub->journal, &gone), ERR_OK);
    put(hub, "ada", "bob", "", "x", "", NULL);
    cJSON *got = call(hub, inbox_people, "ada", ROLE_OWNER, "{}", ERR_OK);
    const cJSON *list = json_get(got, "inboxes");
    assert_int_equal(cJSON_GetArraySize(list), 2);
    const cJSON *ada = cJSON_GetArrayItem(list, 0), *bob = cJSON_GetArrayItem(list, 1);
    assert_string_equal(json_string(ada, "kind", ""), "human");
    assert_string_equal(json_string(bob, "kind", ""), "agent");
    assert_string_equal(json_string(bob, "email", ""), "bob@baton.local");
    assert_true(json_bool(bob, "readable", false));
    assert_int_equal(json_int(bob, "unread", -1), 1);
    cJSON_Delete(got);
    got = call(hub, inbox_people, "bob", ROLE_AGENT, "{}", ERR_OK);
    ada = cJSON_GetArrayItem(json_get(got, "inboxes"), 0);
    assert_false(json_bool(ada, "readable", true));
    assert_int_equal(json_int(ada, "unread", -1), 0); /* not his to know */
    cJSON_Delete(got);
    hub_free(hub);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_says_all),   cmocka_unit_test(headers_that_are_none),
        cmocka_unit_test(whose_inbox),      cmocka_unit_test(the_search_is_the_pages),
        cmocka_unit_test(a_text_in_slices), cmocka_unit_test(read_and_unread),
        cmocka_unit_test(who_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
