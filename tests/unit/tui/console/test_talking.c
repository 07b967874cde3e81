/* The prompt line of a session's pane without a hub: its place, its hints, who may say what. */
#include "console_fixture.h"

#include "core/base/json.h"

#include <stdio.h>

static void set(struct world *w, void (*fn)(struct world *, const cJSON *), const char *text)
{
    cJSON *json = NULL;
    assert_int_equal(json_parse(text, strlen(text), &json), ERR_OK);
    fn(w, json);
    cJSON_Delete(json);
}

static void tell(struct console *c, const char *state)
{
    char text[100];
    cJSON *json = NULL;

    snprintf(text, sizeof text, "{\"sessionId\":\"se1\",\"state\":\"%s\"}", state);
    assert_int_equal(json_parse(text, strlen(text), &json), ERR_OK);
    world_session_event(&c->world, "sessionChanged", json);
    cJSON_Delete(json);
}

/* A console with one session in a pane, whose feed has no client; and a list of one shell. */
static struct console *setup(int rows, int cols)
{
    struct console *c = console_bare(rows, cols, "main");
    static const struct session_listener nobody = {NULL, NULL};
    struct pane *p;

    c->role = ROLE_OWNER;
    set(&c->world, world_set_workspaces, "[{\"workspace\":\"main\"}]");
    set(&c->world, world_set_sessions,
        "[{\"sessionId\":\"se1\",\"workspace\":\"main\",\"name\":\"writer\",\"agentType\":\"demo\","
        "\"state\":\"idle\",\"holder\":\"ada\",\"epoch\":2}]");
    p = console_add(c, PANE_SESSION, LAYOUT_ROWS);
    assert_non_null(p);
    snprintf(p->target, sizeof p->target, "se1");
    c->sessions = mem_calloc(1, sizeof(struct sessionfeed *));
    c->sessions[c->session_count++] = sessionfeed_open(NULL, "se1", 0, &nobody);
    p->session = c->sessions[0];
    p->session->users = 1;
    p->transcript = transcript_pane_create(p->session->transcript);
    return c;
}

static void type(struct console *c, const char *text)
{
    for (; *text; text++)
        press(c, (unsigned char)*text, 0);
}

/* One row of what is drawn. */
static const char *row(struct console *c, int index)
{
    static char line[2000];
    struct buf all = {0};
    const char *at;

    console_arrange(c);
    console_draw(c);
    canvas_print(c->canvas, false, &all);
    at = all.data;
    for (int i = 0; i < index; i++)
        at = strchr(at, '\n') + 1;
    snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
    buf_finish(&all);
    return line;
}

static const char *notice(const struct console *c)
{
    return c->notices.count ? c->notices.list[c->notices.count - 1].text : "";
}

static void hints_say_what_enter_does(void **state)
{
    struct console *c = setup(12, 80);
    (void)state;
    c->connected = true;
    assert_string_equal(row(c, 10), " › ask writer …");
    tell(c, "working");
    assert_string_equal(row(c, 10), " › writer is at work · C-c stops it");
    world_baton(&c->world, "se1", "grace", false, 3);
    assert_string_equal(row(c, 10), " › observing: Enter to suggest, C-b b to ask for the baton");
    c->role = ROLE_OBSERVER;
    assert_string_equal(row(c, 10), " › observing: Enter to suggest");
    tell(c, "closed");
    assert_string_equal(row(c, 10), " › writer is closed; :session resume goes on with it");
    console_drop(c);
}

/* The text grows to a third of the screen; panes give way, and a shell's size does not. */
static void it_grows_and_panes_give_way(void **state)
{
    struct console *c = setup(24, 80);
    struct pane *p = c->panes[0];
    (void)state;
    row(c, 0);
    assert_int_equal(p->box.rows, 22);
    for (int i = 0; i < 20; i++) {
        type(c, "line");
        press(c, K_ENTER, MOD_ALT);
    }
    type(c, "the last");
    row(c, 0);
    assert_int_equal(c->prompt_area.rows, 8);
    assert_int_equal(p->box.rows, 15);
    assert_int_equal(p->inner.rows, 13);
    assert_string_equal(row(c, 22), "   the last");
    press(c, 'c', MOD_CTRL);
    assert_string_equal(row(c, 22), " › ask writer …");
    press(c, K_UP, 0); /* what was cleared is in the history */
    row(c, 0);
    assert_int_equal(c->prompt_area.rows, 8);
    console_drop(c);
}

static void without_a_link_nothing_is_lost(void **state)
{
    struct console *c = setup(12, 80);
    (void)state;
    c->connected = false;
    type(c, "a draft");
    press(c, K_ENTER, 0);
    assert_string_equal(notice(c), "no link to the hub: what you wrote is kept");
    assert_string_equal(row(c, 10), " › a draft");
    c->connected = true;
    tell(c, "closed");
    press(c, K_ENTER, 0);
    assert_string_equal(promptline_text(&console_talk(c, "se1")->line), "a draft");
    console_drop(c);
}

static void a_queued_prompt_comes_back(void **state)
{
    struct console *c = setup(12, 80);
    (void)state;
    c->connected = true;
    tell(c, "working");
    type(c, "say it");
    press(c, K_ENTER, 0);
    type(c, "and this");
    press(c, K_ENTER, 0);
    assert_string_equal(console_talk(c, "se1")->queued, "say it\n\nand this");
    assert_string_equal(row(c, 9), "   queued: say it…  Esc takes it back");
    press(c, K_ESCAPE, 0);
    assert_string_equal(promptline_text(&console_talk(c, "se1")->line), "say it\n\nand this");
    press(c, K_ENTER, 0);
    assert_string_equal(console_talk(c, "se1")->queued, "say it\n\nand this");
    world_baton(&c->world, "se1", "grace", false, 3); /* who drives no more does not send it */
    tell(c, "idle");
    console_talks_settle(c);
    assert_null(console_talk(c, "se1")->queued);
    assert_string_equal(promptline_text(&console_talk(c, "se1")->line), "say it\n\nand this");
    assert_string_equal(notice(c), "you drive no more: what was queued is in the line again");
    console_drop(c);
}

/* However often Enter is pressed on a long text; and what did not fit stays in the line. */
static void a_queue_is_no_longer_than_a_line(void **state)
{
    struct console *c = setup(12, 80);
    struct talk *talk = console_talk(c, "se1");
    char *text = mem_zalloc(100001);
    (void)state;
    memset(text, 'x', 100000);
    c->connected = true;
    tell(c, "working");
    for (int i = 0; i < 50; i++) {
        promptline_set(&talk->line, text);
        press(c, K_ENTER, 0);
    }
    assert_int_equal(strlen(talk->queued), 200002);
    assert_int_equal(strlen(promptline_text(&talk->line)), 100000);
    assert_string_equal(notice(c), "too much is queued already: what you wrote is kept");
    press(c, K_ESCAPE, 0); /* both are more than a line holds */
    assert_null(talk->queued);
    assert_int_equal(strlen(promptline_text(&talk->line)), 200002);
    promptline_set(&talk->line, "");
    press(c, K_UP, 0);
    assert_string_equal(promptline_text(&talk->line), text);
    free(text);
    console_drop(c);
}

static void who_does_not_drive_stops_nothing(void **state)
{
    struct console *c = setup(12, 80);
    (void)state;
    c->connected = true;
    tell(c, "working");
    world_baton(&c->world, "se1", "grace", false, 3);
    press(c, 'c', MOD_CTRL);
    assert_string_equal(notice(c), "grace drives writer, and stops it; C-b b asks for it");
    assert_int_equal(c->mode, MODE_NORMAL);
    console_drop(c);
}

static void wait_event(struct console *c, const char *kind, const char *text)
{
    cJSON *json = NULL;
    assert_int_equal(json_parse(text, strlen(text), &json), ERR_OK);
    world_wait_event(&c->world, kind, json);
    cJSON_Delete(json);
}

static void what_waits_for_whom(void **state)
{
    struct console *c = setup(12, 110);
    (void)state;
    c->connected = true;
    wait_event(
        c, "permissionRequest",
        "{\"permissionId\":\"pr1\",\"sessionId\":\"se1\",\"toolCall\":{\"title\":\"make\"}}");
    wait_event(c, "suggested",
               "{\"suggestionId\":\"sg1\",\"sessionId\":\"se1\",\"by\":\"eve\",\"text\":\"x\"}");
    assert_int_equal(console_waits(c), 2);
    assert_non_null(strstr(row(c, 1), " ▸ writer       demo  ◆1 │"));
    world_baton(&c->world, "se1", "", false, 3); /* nobody's: whoever comes may answer */
    assert_int_equal(console_waits(c), 1);
    world_baton(&c->world, "se1", "grace", false, 4);
    assert_int_equal(console_waits(c), 0);
    c->waits_changed = true;
    console_tell_waits(c);
    assert_int_equal(c->notices.count, 0);
    world_baton(&c->world, "se1", "ada", false, 5);
    c->away = true; /* the terminal is not looked at */
    c->waits_changed = true;
    console_tell_waits(c);
    assert_int_equal(c->notices.count, 2);
    c->waits_changed = true;
    console_tell_waits(c); /* once */
    assert_int_equal(c->notices.count, 2);
    console_drop(c);
}

static void hear(struct console *c, const char *topic, const char *body)
{
    const struct wire_message m = {topic, strlen(topic), body, strlen(body)};
    console_client_events.message(c, &m);
}

/* Answers and events come by two connections. */
static void what_events_say_is_not_undone_by_an_older_list(void **state)
{
    struct console *c = setup(12, 80);
    (void)state;
    c->event_head = 7;
    hear(c, "e/main/sessionChanged",
         "{\"id\":8,\"kind\":\"sessionChanged\",\"workspace\":\"main\",\"target\":\"se1\","
         "\"data\":{\"sessionId\":\"se1\",\"state\":\"working\"}}\n");
    assert_false(c->lists_wanted); /* it says all that a list would */
    c->lists_waiting = c->batons_waiting = 1;
    hear(c, "e/main/sessionChanged",
         "{\"id\":9,\"kind\":\"sessionChanged\",\"workspace\":\"main\",\"target\":\"se1\","
         "\"data\":{\"sessionId\":\"se1\",\"state\":\"idle\"}}\n");
    assert_true(c->lists_wanted && c->batons_wanted); /* those on their way may be older */
    c->lists_wanted = c->batons_wanted = false;
    c->lists_waiting = c->batons_waiting = 0;
    hear(c, "e/main/sessionEvent",
         "{\"id\":12,\"kind\":\"sessionEvent\",\"workspace\":\"main\",\"target\":\"se2\","
         "\"data\":{\"sessionId\":\"se2\"}}\n");
    assert_true(c->lists_wanted && c->batons_wanted); /* two have been missed */
    console_drop(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_events_say_is_not_undone_by_an_older_list),
        cmocka_unit_test(hints_say_what_enter_does),
        cmocka_unit_test(it_grows_and_panes_give_way),
        cmocka_unit_test(without_a_link_nothing_is_lost),
        cmocka_unit_test(a_queued_prompt_comes_back),
        cmocka_unit_test(a_queue_is_no_longer_than_a_line),
        cmocka_unit_test(who_does_not_drive_stops_nothing),
        cmocka_unit_test(what_waits_for_whom),
    };
    unsetenv("XDG_CONFIG_HOME");
    setenv("HOME", "/nonexistent", 1);
    return cmocka_run_group_tests_name("talking", tests, NULL, NULL);
}
