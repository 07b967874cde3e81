/* The command line: words and quotes, commands that change panes, completion, wrong words. No hub:
 * what would call it is not run here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/mem.h"
#include "tui/console_private.h"

#include <stdlib.h>
#include <string.h>

static struct console *setup(void)
{
    struct console *c = mem_zalloc(sizeof *c);
    char *why = NULL;

    c->hub = mem_strdup("default");
    c->workspace = mem_strdup("main");
    c->member = mem_strdup("ada");
    c->theme_name = mem_strdup("dark");
    c->canvas = canvas_create(24, 80);
    c->layout = layout_create();
    assert_int_equal(keymap_create("C-b", NULL, &c->keymap, &why), ERR_OK);
    assert_int_equal(theme_load(NULL, &c->theme, &why), ERR_OK);
    for (int i = 0; i < 3; i++)
        assert_non_null(console_add(c, PANE_LOG, LAYOUT_COLS));
    return c;
}

static void teardown(struct console *c)
{
    console_panes_finish(c);
    layout_destroy(c->layout);
    popup_destroy(c->popup);
    notices_finish(&c->notices);
    canvas_destroy(c->canvas);
    theme_destroy(c->theme);
    keymap_destroy(c->keymap);
    line_forget(&c->commands);
    free(c->theme_name);
    free(c->hub);
    free(c->workspace);
    free(c->member);
    free(c);
}

static const char *last_notice(const struct console *c)
{
    return c->notices.count ? c->notices.list[c->notices.count - 1].text : "";
}

static void press(struct console *c, uint32_t code, unsigned mods)
{
    struct input_event event = {.kind = INPUT_KEY, .code = code, .mods = mods};
    console_input(c, &event);
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
    teardown(c);
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
    teardown(c);
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
    teardown(c);
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
    teardown(c);
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
    teardown(c);
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
    teardown(c);
    teardown(d);
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
    };
    setenv("HOME", "/nonexistent", 1);
    unsetenv("XDG_CONFIG_HOME");
    return cmocka_run_group_tests_name("commands", tests, NULL, NULL);
}
