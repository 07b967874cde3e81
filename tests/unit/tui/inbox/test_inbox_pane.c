/* An inbox's pane: list, message, threads, letters, keys, hostile texts; golden screens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "tests/unit/tui/golden.h"
#include "tui/inbox/inbox_pane.h"

#include <stdlib.h>
#include <string.h>

#define NOW 1795230245000000 /* 21 November 2026, 03:04:05 UTC */

static const char page[] =
    "{\"unread\":3,\"next\":0,\"messages\":["
    "{\"seq\":9,\"id\":\"msg_9\",\"grammar\":\"comms\",\"direction\":\"in\",\"from\":\"build\","
    "\"to\":[],\"channel\":\"alerts\",\"preview\":\"main is red since 7f2c\",\"priority\":\"high\","
    "\"is_read\":false,\"sent_ms\":1795230200000,\"receipts\":[]},"
    "{\"seq\":8,\"id\":\"msg_8\",\"grammar\":\"email\",\"direction\":\"in\",\"from\":\"reviewer\","
    "\"from_address\":\"reviewer@baton.local\",\"to\":[\"ada\"],\"cc\":[\"grace\"],"
    "\"subject\":\"Re: the api.ts review\",\"preview\":\"Two things\",\"thread_id\":\"msg_5\","
    "\"in_reply_to\":\"msg_6\",\"is_read\":false,\"sent_ms\":1795230000000,\"receipts\":[]},"
    "{\"seq\":7,\"id\":\"msg_7\",\"grammar\":\"comms\",\"direction\":\"out\",\"from\":\"ada\","
    "\"to\":[\"writer\"],\"preview\":\"stop before the migration\",\"sent_ms\":1795229000000,"
    "\"receipts\":[{\"to\":\"writer\",\"state\":\"queued\"}]},"
    "{\"seq\":6,\"id\":\"msg_6\",\"grammar\":\"email\",\"direction\":\"out\",\"from\":\"ada\","
    "\"from_address\":\"ada@baton.local\",\"to\":[\"reviewer\",\"grace\"],"
    "\"subject\":\"Re: the api.ts review\",\"preview\":\"Which two?\",\"thread_id\":\"msg_5\","
    "\"in_reply_to\":\"msg_5\",\"sent_ms\":1795229900000,"
    "\"receipts\":[{\"to\":\"reviewer\",\"state\":\"acknowledged\"},"
    "{\"to\":\"grace\",\"state\":\"read\"}]},"
    "{\"seq\":5,\"id\":\"msg_5\",\"grammar\":\"email\",\"direction\":\"in\",\"from\":\"reviewer\","
    "\"from_address\":\"reviewer@baton.local\",\"to\":[\"ada\"],"
    "\"subject\":\"the api.ts review\",\"preview\":\"I have read it\",\"thread_id\":\"msg_5\","
    "\"is_read\":true,\"sent_ms\":1795140000000,\"receipts\":[]},"
    "{\"seq\":2,\"id\":\"msg_2\",\"grammar\":\"email\",\"direction\":\"in\","
    "\"from\":\"\\u6f22\\u5b57\\u6f22\\u5b57\\u6f22\\u5b57\\u6f22\\u5b57\",\"to\":[\"ada\"],"
    "\"subject\":\"\\u001b]0;owned\\u0007 \\u202egnp.exe \\u001b[31mred\\r\\nX: y\","
    "\"preview\":\"x\",\"is_read\":false,\"sent_ms\":1700000000000,\"receipts\":[]}]}";

static const char body[] =
    "Two things, then it can go in:\n\n"
    "1. `token_check` is called **before** the lock is taken; a second caller can slip through.\n"
    "2. The test for an expired token sleeps. Use the clock that tests can set.\n\n"
    "```c\n- return check(t, NULL);\n+ return token_check(t, clock_now(c));\n```\n\n"
    "> Which two?\n\nThe rest is fine.";

static cJSON *parse(const char *text)
{
    cJSON *json = NULL;

    assert_int_equal(json_parse(text, strlen(text), &json), ERR_OK);
    return json;
}

static struct theme *theme(bool utf8)
{
    struct theme *t = NULL;
    char *why = NULL;

    assert_int_equal(theme_load(NULL, &t, &why), ERR_OK);
    theme_fit(t, TERM_256, utf8);
    return t;
}

static struct inbox_pane *filled(void)
{
    struct inbox_pane *p = inbox_pane_create("ada", "ada");
    cJSON *json = parse(page);

    setenv("TZ", "UTC", 1);
    clock_set_for_test(NOW);
    assert_true(mailbox_page(&p->box, json, 0));
    p->stale = false;
    inbox_pane_changed(p);
    cJSON_Delete(json);
    return p;
}

static void go(struct inbox_pane *p, const char *id)
{
    assert_true(mailbox_row(&p->box, id) >= 0);
    inbox_pane_to(p, mailbox_row(&p->box, id));
}

static void give(struct inbox_pane *p, const char *text)
{
    mailtext_page(&p->text, 0, text, strlen(text), (int64_t)strlen(text));
}

static struct inbox_action press(struct inbox_pane *p, uint32_t code)
{
    static const char *const names[] = {"grace", "writer", "writer-2", NULL};
    const struct input_event event = {.kind = INPUT_KEY, .code = code};
    struct inbox_action action;

    inbox_pane_input(p, &event, names, &action);
    free(action.more);
    return action;
}

static void type(struct inbox_pane *p, const char *text)
{
    for (; *text; text++)
        press(p, (unsigned char)*text);
}

static void golden(struct inbox_pane *p, int rows, int cols, bool utf8, const char *name)
{
    struct canvas *c = canvas_create(rows, cols);
    struct theme *t = theme(utf8);

    inbox_pane_draw(p, c, (struct rect){0, 0, rows, cols}, true, t);
    golden_check(c, name);
    theme_destroy(t);
    canvas_destroy(c);
}

static void draw(struct inbox_pane *p, int rows, int cols)
{
    struct canvas *c = canvas_create(rows, cols);
    struct theme *t = theme(true);

    inbox_pane_draw(p, c, (struct rect){0, 0, rows, cols}, true, t);
    theme_destroy(t);
    canvas_destroy(c);
}

static void screens(void **state)
{
    struct inbox_pane *p = filled();

    (void)state;
    go(p, "msg_8");
    give(p, body);
    golden(p, 22, 78, true, "inbox_78");
    golden(p, 26, 120, true, "inbox_120");
    golden(p, 26, 120, false, "inbox_ascii_120");
    go(p, "msg_6");
    give(p, "Which two?");
    golden(p, 16, 110, true, "inbox_receipts_110");
    golden(p, 4, 20, true, "inbox_20");
    press(p, K_ENTER);
    golden(p, 4, 20, true, "inbox_message_20");
    inbox_pane_destroy(p);
}

static void small_and_odd_sizes(void **state)
{
    struct inbox_pane *p = filled();

    (void)state;
    go(p, "msg_8");
    give(p, body);
    for (int writing = 0; writing < 2; writing++) {
        for (int rows = 1; rows < 14; rows++)
            for (int cols = 1; cols < 100; cols += 7)
                draw(p, rows, cols);
        press(p, 'r');
        type(p, "a long answer that goes on and on");
    }
    inbox_pane_destroy(p);
}

static void threads_stand_together(void **state)
{
    static const char *const order[] = {"msg_9", "msg_5", "msg_6", "msg_8", "msg_7", "msg_2"};
    static const int depths[] = {0, 1, 2};
    struct inbox_pane *p = filled();

    (void)state;
    assert_int_equal(p->box.row_count, 6);
    for (int i = 0; i < 6; i++)
        assert_string_equal(p->box.rows[i].mail->id, order[i]);
    for (int i = 0; i < 3; i++)
        assert_int_equal(p->box.rows[i + 1].depth, depths[i]);
    inbox_pane_destroy(p);
}

static void leafing_reads_nothing(void **state)
{
    struct inbox_pane *p = filled();
    struct inbox_action action;

    (void)state;
    for (int i = 0; i < 9; i++)
        assert_int_equal(press(p, 'j').kind, INBOX_NONE);
    assert_string_equal(p->cursor, "msg_2");
    for (int i = 0; i < 9; i++)
        assert_int_equal(press(p, K_UP).kind, INBOX_NONE);
    assert_string_equal(p->cursor, "msg_9");
    assert_true(mailbox_mail(&p->box, "msg_9")->unread);
    action = press(p, K_TAB);
    assert_int_equal(action.kind, INBOX_READ);
    assert_string_equal(action.id, "msg_9");
    assert_true(p->reading);
    mailbox_mark(&p->box, mailbox_mail(&p->box, "msg_9"), false);
    assert_int_equal(p->box.unread, 2);
    action = press(p, 'u');
    assert_int_equal(action.kind, INBOX_UNREAD);
    assert_false(p->reading);
    inbox_pane_destroy(p);
}

static void another_inbox_is_looked_at(void **state)
{
    struct inbox_pane *p = inbox_pane_create("writer", "ada");
    cJSON *json = parse(page);

    (void)state;
    assert_true(mailbox_page(&p->box, json, 0));
    inbox_pane_changed(p);
    assert_int_equal(press(p, K_ENTER).kind, INBOX_NONE); /* it stays unread for whose it is */
    assert_true(p->reading);
    assert_int_equal(press(p, 'r').kind, INBOX_TELL);
    assert_false(p->draft.open);
    cJSON_Delete(json);
    inbox_pane_destroy(p);
}

static void an_answer_is_written(void **state)
{
    struct inbox_pane *p = filled();

    (void)state;
    go(p, "msg_8");
    give(p, body);
    assert_int_equal(press(p, 'r').kind, INBOX_READ);
    assert_true(p->draft.open);
    type(p, "Both are in.");
    golden(p, 22, 78, true, "inbox_reply_78");
    assert_int_equal(press(p, K_ESCAPE).kind, INBOX_TELL);
    assert_false(p->draft.open);
    press(p, 'r');
    assert_string_equal(promptline_text(&p->draft.body), "Both are in.");
    assert_int_equal(press(p, K_ENTER).kind, INBOX_SEND);
    inbox_pane_destroy(p);
}

static void a_new_one_completes_names(void **state)
{
    struct inbox_pane *p = filled();

    (void)state;
    press(p, 'c');
    type(p, "gr");
    press(p, K_TAB);
    assert_string_equal(p->draft.to.text, "grace");
    type(p, ", wr");
    press(p, K_TAB);
    assert_string_equal(p->draft.to.text, "grace, writer");
    assert_int_equal(p->draft.field, FIELD_TO);
    press(p, K_ENTER);
    assert_int_equal(p->draft.field, FIELD_SUBJECT);
    type(p, "lunch");
    press(p, K_TAB);
    assert_int_equal(p->draft.field, FIELD_BODY);
    type(p, "At noon?");
    golden(p, 22, 78, true, "inbox_compose_78");
    assert_int_equal(press(p, K_ENTER).kind, INBOX_SEND);
    draft_sent(&p->draft);
    assert_true(draft_blank(&p->draft));
    inbox_pane_destroy(p);
}

static void what_was_sent_goes_on(void **state)
{
    struct inbox_pane *p = filled();
    cJSON *data = parse("{\"message_id\":\"msg_7\",\"to\":\"writer\"}"),
          *read = parse("{\"message_id\":\"msg_7\",\"by\":\"writer\"}"),
          *own = parse("{\"message_id\":\"msg_8\",\"by\":\"ada\"}");

    (void)state;
    assert_true(mailbox_event(&p->box, "messageRead", read));
    assert_int_equal(mail_fate(mailbox_mail(&p->box, "msg_7")), RECEIPT_SEEN);
    assert_false(mailbox_event(&p->box, "messageDelivered", data)); /* it is further already */
    assert_true(mailbox_event(&p->box, "messageRead", own));
    assert_false(mailbox_mail(&p->box, "msg_8")->unread);
    assert_int_equal(p->box.unread, 2);
    cJSON_Delete(data);
    cJSON_Delete(read);
    cJSON_Delete(own);
    inbox_pane_destroy(p);
}

static void what_comes_moves_nothing(void **state)
{
    struct inbox_pane *p = filled();
    cJSON *more = parse("{\"unread\":4,\"next\":0,\"messages\":[{\"seq\":12,\"id\":\"msg_12\","
                        "\"direction\":\"in\",\"from\":\"x\",\"preview\":\"new\"}]}");

    (void)state;
    go(p, "msg_7");
    assert_true(mailbox_page(&p->box, more, 0));
    inbox_pane_changed(p);
    assert_string_equal(p->cursor, "msg_7");
    assert_string_equal(p->box.rows[0].mail->id, "msg_12");
    assert_int_equal(p->box.row_count, 7);
    cJSON_Delete(more);
    inbox_pane_destroy(p);
}

static void only_the_unread(void **state)
{
    struct inbox_pane *p = filled();

    (void)state;
    press(p, 'U');
    assert_int_equal(p->box.row_count, 3);
    press(p, K_ENTER);
    mailbox_mark(&p->box, mailbox_mail(&p->box, p->cursor), false);
    inbox_pane_changed(p);
    assert_int_equal(p->box.row_count, 3); /* what one reads does not go from under the eyes */
    press(p, K_ESCAPE);
    press(p, 'j');
    inbox_pane_changed(p);
    assert_int_equal(p->box.row_count, 2);
    press(p, K_ESCAPE);
    assert_int_equal(p->box.row_count, 6);
    inbox_pane_destroy(p);
}

/* 8 MiB without a line end, in pages. */
static void a_long_text_comes_in_pages(void **state)
{
    struct inbox_pane *p = filled();
    size_t all = 8u << 20, one = 65536;
    char *text = mem_zalloc(one + 1);
    int pages = 0;

    (void)state;
    memset(text, 'x', one);
    go(p, "msg_8");
    assert_int_equal(inbox_pane_wants(p), WANT_TEXT);
    mailtext_page(&p->text, 0, text, one, (int64_t)all);
    draw(p, 24, 80);
    assert_true(p->text.count > 800);
    assert_int_equal(inbox_pane_wants(p), WANT_NOTHING); /* its end is not in sight */
    press(p, K_ENTER);
    while (p->text.raw.len < all && pages++ < 200) {
        press(p, 'G');
        assert_int_equal(inbox_pane_wants(p), WANT_TEXT);
        mailtext_page(&p->text, (int64_t)p->text.raw.len, text, one, (int64_t)all);
        draw(p, 24, 80);
    }
    assert_int_equal(p->text.raw.len, all);
    assert_true(p->text.whole);
    assert_int_equal(inbox_pane_wants(p), WANT_NOTHING);
    free(text);
    inbox_pane_destroy(p);
}

static void nothing_foreign_reaches_the_screen(void **state)
{
    struct inbox_pane *p = filled();
    struct canvas *c = canvas_create(22, 78);
    struct theme *t = theme(true);
    struct buf out = {0};

    (void)state;
    go(p, "msg_2");
    give(p, "\x1b[2J\x1b]52;c;aGk=\x07 \xe2\x80\xae \xff\xfe \x9b 31m\r\n\ttab\n{\"a\":1}");
    inbox_pane_draw(p, c, (struct rect){0, 0, 22, 78}, true, t);
    canvas_print(c, false, &out);
    for (size_t i = 0; i < out.len; i++)
        assert_true((unsigned char)out.data[i] >= ' ' || out.data[i] == '\n');
    assert_null(strstr(out.data, "\xe2\x80\xae")); /* NOLINT: what must not come out */
    buf_finish(&out);
    theme_destroy(t);
    canvas_destroy(c);
    inbox_pane_destroy(p);
}

static struct inbox_action click(struct inbox_pane *p, enum mouse_kind what, int row, int col)
{
    const struct input_event event = {
        .kind = INPUT_MOUSE, .mouse = what, .button = 1, .row = row, .col = col};
    struct inbox_action action;

    inbox_pane_mouse(p, &event, &action);
    return action;
}

/* A press stands on a row, again opens it; one into the message reads it; the wheel moves what it
 * is over; a press into a field of what is being written goes there and loses nothing. */
static void the_mouse(void **state)
{
    struct inbox_pane *p = filled();

    (void)state;
    go(p, "msg_9");
    give(p, body);
    draw(p, 12, 120);
    assert_int_equal(click(p, MOUSE_PRESS, 3, 4).kind, INBOX_NONE);
    assert_string_equal(p->cursor, "msg_8");
    give(p, body);
    draw(p, 12, 120);
    struct inbox_action action = click(p, MOUSE_PRESS, 3, 4);
    assert_int_equal(action.kind, INBOX_READ);
    assert_string_equal(action.id, "msg_8");
    draw(p, 12, 120);
    click(p, MOUSE_WHEEL_DOWN, 8, 80);
    assert_int_equal(p->scroll, 3);
    click(p, MOUSE_WHEEL_UP, 8, 80);
    assert_int_equal(p->scroll, 0);
    click(p, MOUSE_WHEEL_DOWN, 3, 4);
    assert_string_equal(p->cursor, "msg_7");
    click(p, MOUSE_PRESS, 11, 4); /* below the last row */
    assert_string_equal(p->cursor, "msg_7");
    press(p, 'c');
    draw(p, 24, 120);
    type(p, "grace");
    click(p, MOUSE_PRESS, p->draft.at[FIELD_BODY].row, p->draft.at[FIELD_BODY].col);
    assert_int_equal(p->draft.field, FIELD_BODY);
    type(p, "hello");
    click(p, MOUSE_PRESS, p->draft.at[FIELD_TO].row, p->draft.at[FIELD_TO].col + 12);
    type(p, ", bob");
    assert_string_equal(p->draft.to.text, "grace, bob");
    assert_string_equal(promptline_text(&p->draft.body), "hello");
    inbox_pane_destroy(p);
}

/* What came with a mail is in its head, made safe, and can be saved; the end of its id is there. */
static void files_and_short_names(void **state)
{
    struct inbox_pane *p = filled();
    cJSON *more =
        parse("{\"unread\":4,\"next\":0,\"messages\":[{\"seq\":12,\"id\":\"msg_0123456789abcdef\","
              "\"grammar\":\"email\",\"direction\":\"in\",\"from\":\"reviewer\",\"to\":[\"ada\"],"
              "\"from_address\":\"reviewer@baton.local\",\"subject\":\"the figures\","
              "\"sent_ms\":1795230240000,\"files\":["
              "{\"n\":1,\"name\":\"figures.csv\",\"size\":12288},"
              "{\"n\":2,\"name\":\"../\\u001b]0;x\\u0007\\u202egnp.sh\",\"size\":300},"
              "{\"n\":0,\"name\":\"no number\"},7]}]}");

    (void)state;
    assert_true(mailbox_page(&p->box, more, 0));
    inbox_pane_changed(p);
    assert_int_equal(press(p, 's').kind, INBOX_TELL); /* the first one has none */
    go(p, "msg_0123456789abcdef");
    assert_string_equal(mail_short(inbox_pane_mail(p)), "abcdef");
    assert_int_equal(inbox_pane_mail(p)->part_count, 2);
    give(p, "They are in the file.");
    golden(p, 14, 110, true, "inbox_files_110");
    golden(p, 14, 40, true, "inbox_files_40");
    struct inbox_action action = press(p, 's');
    assert_int_equal(action.kind, INBOX_SAVE);
    assert_string_equal(action.id, "msg_0123456789abcdef");
    cJSON_Delete(more);
    inbox_pane_destroy(p);
}

static void whom_an_answer_goes_to(void **state)
{
    struct inbox_pane *p = filled();

    (void)state;
    go(p, "msg_8");
    press(p, 'R');
    assert_string_equal(p->draft.whom, "reviewer, grace"); /* not to who writes it */
    press(p, K_ESCAPE);
    go(p, "msg_9");
    press(p, 'r');
    assert_string_equal(p->draft.whom, "build");
    press(p, K_ESCAPE);
    press(p, 'R');
    assert_string_equal(p->draft.whom, "#alerts");
    press(p, K_ESCAPE);
    go(p, "msg_7");
    press(p, 'R'); /* a plain message has no others */
    assert_string_equal(p->draft.whom, "writer");
    inbox_pane_destroy(p);
}

static void json_is_laid_out(void **state)
{
    struct inbox_pane *p = filled();

    (void)state;
    go(p, "msg_9");
    give(p, "{\"action\":\"process\",\"files\":[\"a\",\"b\"]}");
    golden(p, 14, 78, true, "inbox_json_78");
    inbox_pane_destroy(p);
}

static void answers_that_are_none(void **state)
{
    static const char *const wrong[] = {
        "{}", "[]", "{\"messages\":7}",
        "{\"messages\":[7,{},{\"id\":\"\"},{\"id\":\"a b\",\"seq\":1}]}",
        ("{\"messages\":[{\"id\":\"msg_1\",\"seq\":1,\"in_reply_to\":\"msg_1\",\"to\":\"x\"},"
         "{\"id\":\"msg_3\",\"seq\":3,\"in_reply_to\":\"msg_1\",\"receipts\":[1,{}]}]}")};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct inbox_pane *p = inbox_pane_create("ada", "ada");
        cJSON *json = parse(wrong[i]);
        mailbox_page(&p->box, json, 0);
        inbox_pane_changed(p);
        draw(p, 10, 60);
        cJSON_Delete(json);
        inbox_pane_destroy(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(screens),
        cmocka_unit_test(small_and_odd_sizes),
        cmocka_unit_test(threads_stand_together),
        cmocka_unit_test(leafing_reads_nothing),
        cmocka_unit_test(another_inbox_is_looked_at),
        cmocka_unit_test(an_answer_is_written),
        cmocka_unit_test(a_new_one_completes_names),
        cmocka_unit_test(what_was_sent_goes_on),
        cmocka_unit_test(what_comes_moves_nothing),
        cmocka_unit_test(only_the_unread),
        cmocka_unit_test(a_long_text_comes_in_pages),
        cmocka_unit_test(nothing_foreign_reaches_the_screen),
        cmocka_unit_test(the_mouse),
        cmocka_unit_test(files_and_short_names),
        cmocka_unit_test(whom_an_answer_goes_to),
        cmocka_unit_test(json_is_laid_out),
        cmocka_unit_test(answers_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
