/* What tests of a console without terminal and hub share: one that has what every console has, a
 * key by name, and its end. */
#ifndef BATON_TESTS_TUI_CONSOLE_FIXTURE_H
#define BATON_TESTS_TUI_CONSOLE_FIXTURE_H

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "tui/console/console_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* No panes, an empty world; the member is ada. */
static inline struct console *console_bare(int rows, int cols, const char *workspace)
{
    struct console *c = mem_zalloc(sizeof *c);
    char *why = NULL;

    c->hub = mem_strdup("default");
    c->workspace = mem_strdup(workspace);
    c->member = mem_strdup("ada");
    c->theme_name = mem_strdup("dark");
    c->canvas = canvas_create(rows, cols);
    c->layout = layout_create();
    assert_int_equal(keymap_create("C-b", NULL, &c->keymap, &why), ERR_OK);
    assert_int_equal(theme_load(NULL, &c->theme, &why), ERR_OK);
    theme_fit(c->theme, TERM_256, true);
    return c;
}

/* Feeds of shells are the test's own, made by hand. */
static inline void console_drop(struct console *c)
{
    for (size_t i = 0; i < c->feed_count; i++) {
        screen_destroy(c->feeds[i]->screen);
        free(c->feeds[i]);
    }
    c->feed_count = 0;
    console_panes_finish(c);
    console_talks_finish(c);
    console_form_finish(c);
    layout_destroy(c->layout);
    popup_destroy(c->popup);
    side_finish(&c->side);
    world_finish(&c->world);
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
    clock_set_for_test(-1);
}

static inline void press(struct console *c, uint32_t code, unsigned mods)
{
    struct input_event event = {.kind = INPUT_KEY, .code = code, .mods = mods};
    console_input(c, &event);
}

#endif
