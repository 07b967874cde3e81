/* The command line: words and quotes, commands that change panes, completion, wrong words. No hub:
 * what would call it is not run here. */
#include "console_fixture.h"

#include <stdio.h>

static struct console *setup(void)
{
    struct console *c = console_bare(24, 80, "main");

    for (int i = 0; i < 3; i++)
        assert_non_null(console_add(c, PANE_LOG, LAYOUT_COLS));
    return c;
}

static const char *last_notice(const struct console *c)
{
    return c->notices.count ? c->notices.list[c->notices.count - 1].text : "";
}

static void keys_run_commands(void **state)
{
    struct console *c = setup();
    (void)state;
    console_arrange(c);
    assert_int_equal(c->focus, 3);
    press(c, 'b', MOD_CTRL);
    assert_int_equal(c->mode, MODE_PREFIX);
    press(c, 'o', 0);
    assert_int_equal(c->mode, MODE_NORMAL);
    assert_int_equal(c->focus, 1);
    press(c, 'b', MOD_CTRL);
    press(c, ';', 0);
    assert_int_equal(c->focus, 3);
    press(c, 'b', MOD_CTRL);
    press(c, 'z', 0);
    assert_true(c->zoomed);
    press(c, 'b', MOD_CTRL);
    press(c, K_LEFT, 0); /* looks behind the zoom */
    assert_false(c->zoomed);
    assert_int_equal(c->focus, 2);
    press(c, 'b', MOD_CTRL);
    press(c, 'Y', 0);
    assert_non_null(strstr(last_notice(c), "C-b Y does nothing"));
    press(c, 'b', MOD_CTRL);
    press(c, 'q', 0);
    assert_int_equal(c->mode, MODE_NUMBERS);
    press(c, '0', 0);
    assert_int_equal(c->focus, 1);
    press(c, 'b', MOD_CTRL);
    press(c, '!', 0);
    assert_int_equal(c->pane_count, 1);
    press(c, 'b', MOD_CTRL);
    press(c, 'x', 0); /* nothing runs in it: no question */
    assert_int_equal(c->pane_count, 0);
    assert_int_equal(c->focus, 0);
    press(c, 'b', MOD_CTRL);
    press(c, 'z', 0);
    press(c, 'b', MOD_CTRL);
    press(c, K_UP, 0);
    assert_false(c->zoomed);
    console_drop(c);
}

static void resizing_repeats(void **state)
{
    struct console *c = setup();
    struct rect before, after;
    (void)state;
    console_arrange(c);
    before = console_pane(c, 3)->box;
    press(c, 'b', MOD_CTRL);
    press(c, K_LEFT, MOD_CTRL);
    press(c, K_LEFT, MOD_CTRL);
    press(c, K_LEFT, MOD_CTRL);
    console_arrange(c);
    after = console_pane(c, 3)->box;
    assert_int_equal(after.cols, before.cols + 3);
    console_drop(c);
}

static void words_and_wrong_words(void **state)
{
    struct console *c = setup();
    (void)state;
    console_run(c, "  focus   'next' ");
    assert_int_equal(c->focus, 1);
    console_run(c, "focus \"2");
    assert_string_equal(last_notice(c), "a quote is not closed");
    console_run(c, "focus sideways");
    assert_non_null(strstr(last_notice(c), "use: focus left|right"));
    console_run(c, "fly away");
    assert_non_null(strstr(last_notice(c), "there is no command \"fly\""));
    console_run(c, "");
    console_run(c, "layout tiled");
    assert_string_equal(last_notice(c), "tiled");
    console_run(c, "theme no-such-theme");
    assert_non_null(strstr(last_notice(c), "no-such-theme"));
    console_run(c, "detach");
    assert_true(c->leaving);
    assert_string_equal(c->why, "detached from main");
    console_drop(c);
}

static void complete(struct console *c, const char *text, const char *should, const char *more)
{
    struct line line;
    char *is = NULL;
    line_start(&line, NULL, text);
    console_complete(c, &line, &is);
    assert_string_equal(line.text, should);
    if (more)
        assert_non_null(strstr(is ? is : "", more));
    else
        assert_null(is);
    free(is);
}

static void completion(void **state)
{
    struct console *c = setup();
    (void)state;
    complete(c, "deta", "detach ", NULL);
    complete(c, "s", "s", "split");
    complete(c, "layout even-h", "layout even-horizontal ", NULL);
    complete(c, "layout even", "layout even-", "even-vertical");
    complete(c, "hub sta", "hub sta", "status");
    complete(c, "hub statu", "hub status ", NULL);
    complete(c, "shell open --c", "shell open --c", "--cols");
    complete(c, "nonsense x", "nonsense x", NULL);
    complete(c, "theme dar", "theme dark ", NULL);
    console_drop(c);
}

static void the_prompt_runs_and_remembers(void **state)
{
    struct console *c = setup();
    (void)state;
    press(c, 'b', MOD_CTRL);
    press(c, ':', 0);
    assert_int_equal(c->mode, MODE_PROMPT);
    for (const char *p = "focus 0"; *p; p++)
        press(c, (uint32_t)*p, 0);
    press(c, K_ENTER, 0);
    assert_int_equal(c->mode, MODE_NORMAL);
    assert_int_equal(c->focus, 1);
    press(c, 'b', MOD_CTRL);
    press(c, ':', 0);
    press(c, K_UP, 0);
    assert_string_equal(c->prompt.line.text, "focus 0");
    press(c, K_ESCAPE, 0);
    assert_int_equal(c->mode, MODE_NORMAL);
    console_drop(c);
}

static void the_layout_is_saved_and_loaded(void **state)
{
    struct console *c = setup(), *d = setup();
    (void)state;
    console_run(c, "layout main-vertical");
    console_run(c, "focus 1");
    cJSON *json = console_layout_save(c);
    while (d->pane_count > 0)
        console_close_pane(d, d->panes[0]->id);
    /* The panes here are event logs: loading them would ask the hub, so only the shells' way is
     * taken, and shells that are gone leave no pane. */
    for (cJSON *pane = cJSON_GetObjectItem(json, "panes")->child; pane; pane = pane->next)
        cJSON_ReplaceItemInObject(pane, "kind", cJSON_CreateString("shell"));
    assert_false(console_layout_load(d, json));
    assert_int_equal(d->pane_count, 0);
    assert_int_equal(layout_count(d->layout), 0);
    cJSON_Delete(json);
    console_drop(c);
    console_drop(d);
}

/* A pane with a shell that this member holds, another holds, or nobody. */
static struct pane *with_shell(struct console *c, const char *holder)
{
    static const char list[] = "[{\"shellId\":\"sh1\",\"workspace\":\"main\",\"holder\":\"\","
                               "\"epoch\":1,\"command\":\"sh\"}]";
    struct pane *p = console_add(c, PANE_SHELL, LAYOUT_ROWS);
    cJSON *json = cJSON_Parse(list);
    struct feed *f = mem_zalloc(sizeof *f);

    world_set_shells(&c->world, json);
    cJSON_Delete(json);
    json = cJSON_Parse("[{\"member\":\"ada\",\"kind\":\"human\",\"clientId\":1},"
                       "{\"member\":\"grace\",\"kind\":\"human\",\"clientId\":2},"
                       "{\"member\":\"grace\",\"kind\":\"human\",\"clientId\":3},"
                       "{\"member\":\"eve\",\"kind\":\"human\",\"clientId\":4,"
                       "\"role\":\"observer\"}]");
    world_set_members(&c->world, json);
    cJSON_Delete(json);
    world_baton(&c->world, "sh1", holder, false, 2);
    memcpy(p->target, "sh1", 4);
    memcpy(f->id, "sh1", 4);
    f->users = 1;
    p->feed = f;
    c->feeds = mem_reallocarray(c->feeds, c->feed_count + 1, sizeof *c->feeds);
    c->feeds[c->feed_count++] = f;
    c->connected = true;
    console_batons(c);
    console_arrange(c);
    return p;
}

static void teardown_shell(struct console *c)
{
    side_finish(&c->side);
    world_finish(&c->world);
    console_drop(c);
}

/* There is no client behind these: a call would crash. */
static void typing_without_the_baton_sends_nothing(void **state)
{
    struct console *c = setup();
    struct pane *p = with_shell(c, "grace");
    int before;
    (void)state;
    c->role = ROLE_OWNER;
    assert_false(feed_open_to_me(p->feed));
    press(c, 'x', 0);
    assert_string_equal(last_notice(c), "observing: C-b b asks for the baton");
    before = c->notices.count;
    press(c, 'x', 0); /* once a second is enough */
    assert_int_equal(c->notices.count, before);
    assert_int_equal(p->feed->keys.len, 0);
    c->role = ROLE_OBSERVER;
    c->hinted_us = 0;
    press(c, 'x', 0);
    assert_string_equal(last_notice(c), "observing: you may look, not type");
    world_baton(&c->world, "sh1", "", false, 3);
    console_batons(c);
    assert_false(feed_open_to_me(p->feed)); /* free, and still not for an observer */
    feed_type(p->feed, "x", 1, true);
    assert_int_equal(p->feed->keys.len, 0);
    c->role = ROLE_OWNER;
    console_batons(c);
    assert_true(feed_open_to_me(p->feed));
    console_input(c, &(struct input_event){.kind = INPUT_FOCUS, .gained = true});
    assert_int_equal(p->feed->keys.len, 0); /* looking takes no free baton */
    teardown_shell(c);
}

static void passing_offers_who_may_drive(void **state)
{
    struct console *c = setup();
    struct pane *p = with_shell(c, "ada");
    (void)state;
    c->role = ROLE_OWNER;
    press(c, 'b', MOD_CTRL);
    press(c, 'b', 0);
    assert_string_equal(last_notice(c), "you drive sh1; C-b B passes it");
    press(c, 'b', MOD_CTRL);
    press(c, 'B', 0);
    assert_int_equal(c->mode, MODE_POPUP);
    assert_string_equal(popup_chosen(c->popup), "grace");
    press(c, K_DOWN, 0);
    assert_string_equal(popup_chosen(c->popup), ""); /* nobody; eve may not drive */
    press(c, K_ESCAPE, 0);
    assert_int_equal(c->mode, MODE_NORMAL);
    console_run(c, "unsplit");
    console_arrange(c);
    console_draw(c);
    struct input_event click = {.kind = INPUT_MOUSE,
                                .mouse = MOUSE_PRESS,
                                .button = 1,
                                .row = p->spots[SPOT_DRIVER].row,
                                .col = p->spots[SPOT_DRIVER].col};
    assert_int_equal(p->spots[SPOT_DRIVER].rows, 1);
    console_input(c, &click);
    assert_int_equal(c->mode, MODE_POPUP);
    press(c, K_ESCAPE, 0);
    world_baton(&c->world, "sh1", "grace", false, 3);
    console_run(c, "pass");
    assert_string_equal(last_notice(c), "grace drives sh1, and passes it");
    world_baton(&c->world, "sh1", "", false, 4);
    console_run(c, "pass");
    assert_string_equal(last_notice(c), "nobody drives sh1");
    teardown_shell(c);
}

static void a_key_with_two_meanings(void **state)
{
    struct console *c = setup();
    cJSON *json = cJSON_Parse("{\"shellId\":\"sh1\",\"by\":\"grace\"}");
    char text[200];
    (void)state;
    with_shell(c, "ada");
    c->role = ROLE_OWNER;
    assert_false(console_asked_text(c, text, sizeof text));
    press(c, 'b', MOD_CTRL);
    press(c, 'n', 0); /* nobody asks */
    assert_string_equal(last_notice(c), "there is no other shell or session here");
    press(c, 'b', MOD_CTRL);
    press(c, 'y', 0);
    assert_string_equal(last_notice(c), "nobody asks you for a baton");
    assert_true(world_baton_event(&c->world, "batonRequested", json));
    c->focus = 1; /* also when another pane has the focus */
    assert_true(console_asked_text(c, text, sizeof text));
    assert_string_equal(text, "◆ grace asks for sh1: C-b y passes it, C-b n not now");
    assert_string_equal(console_asked(c)->id, "sh1");
    cJSON_Delete(json);
    teardown_shell(c);
}

static void an_observer_is_offered_less(void **state)
{
    struct console *c = setup();
    (void)state;
    c->role = ROLE_OBSERVER;
    complete(c, "ne", "ne", NULL);
    complete(c, "zo", "zoom ", NULL);
    complete(c, "shell open", "shell open", NULL);
    console_run(c, "new");
    assert_string_equal(last_notice(c), "observing: you may look, not type");
    assert_int_equal(c->opening, 0);
    notices_add(&c->notices, ROLE_TEXT, "-");
    console_run(c, "shell open");
    assert_string_equal(last_notice(c), "observing: you may look, not type");
    notices_add(&c->notices, ROLE_TEXT, "-");
    console_run(c, "baton");
    assert_string_equal(last_notice(c), "observing: you may look, not type");
    console_drop(c);
}

static void who_was_sent_away_is_told_why(void **state)
{
    struct console *c = setup();
    cJSON *json = cJSON_Parse("{\"kind\":\"memberKicked\",\"data\":{\"member\":\"grace\","
                              "\"by\":\"ada\",\"reason\":\"x\"}}");
    (void)state;
    console_baton_event(c, "memberKicked", json);
    assert_false(c->leaving);
    cJSON_ReplaceItemInObject(cJSON_GetObjectItem(json, "data"), "member",
                              cJSON_CreateString("ada"));
    cJSON_ReplaceItemInObject(cJSON_GetObjectItem(json, "data"), "reason",
                              cJSON_CreateString("no\033[2J"));
    console_baton_event(c, "memberKicked", json);
    assert_true(c->leaving);
    assert_non_null(strstr(c->why, "kicked by ada: no"));
    assert_null(strchr(c->why, '\033'));
    cJSON_Delete(json);
    c->leaving = false;
    snprintf(c->invite, sizeof c->invite, "inv1");
    json = cJSON_Parse("{\"data\":{\"inviteId\":\"inv1\",\"by\":\"ada\"}}");
    console_baton_event(c, "inviteRevoked", json);
    assert_string_equal(c->why, "the invitation was revoked by ada");
    cJSON_Delete(json);
    console_drop(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_run_commands),
        cmocka_unit_test(resizing_repeats),
        cmocka_unit_test(words_and_wrong_words),
        cmocka_unit_test(completion),
        cmocka_unit_test(the_prompt_runs_and_remembers),
        cmocka_unit_test(the_layout_is_saved_and_loaded),
        cmocka_unit_test(typing_without_the_baton_sends_nothing),
        cmocka_unit_test(passing_offers_who_may_drive),
        cmocka_unit_test(a_key_with_two_meanings),
        cmocka_unit_test(an_observer_is_offered_less),
        cmocka_unit_test(who_was_sent_away_is_told_why),
    };
    setenv("HOME", "/nonexistent", 1);
    unsetenv("XDG_CONFIG_HOME");
    return cmocka_run_group_tests_name("commands", tests, NULL, NULL);
}
