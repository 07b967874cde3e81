/* Whole frames of the console, as golden text screens: no terminal, no hub. */
#include "console_fixture.h"

#include "core/base/json.h"
#include "tests/unit/tui/golden.h"

#include <time.h>

static cJSON *parse(const char *text)
{
    cJSON *json = NULL;
    assert_int_equal(json_parse(text, strlen(text), &json), ERR_OK);
    return json;
}

static struct console *setup(int rows, int cols)
{
    struct console *c = console_bare(rows, cols, "shared-agent");
    cJSON *json;

    clock_set_for_test(1795230245000000); /* 21 November 2026, 03:04:05 */
    c->client_id = 1;
    c->connected = c->clock_on = true;
    json = parse("[{\"workspace\":\"main\",\"cwd\":\"/home/ada\"},"
                 "{\"workspace\":\"shared-agent\",\"cwd\":\"/home/ada/src\"}]");
    world_set_workspaces(&c->world, json);
    cJSON_Delete(json);
    json = parse(
        "[{\"shellId\":\"sh1\",\"workspace\":\"shared-agent\",\"name\":\"bash\","
        "\"command\":[\"/bin/bash\"],\"state\":\"running\",\"typed\":\"ada\",\"bells\":0},"
        "{\"shellId\":\"sh2\",\"workspace\":\"shared-agent\",\"name\":\"build\","
        "\"command\":[\"make\",\"-j2\"],\"state\":\"exited\",\"exitCode\":0,\"typed\":\"grace\"},"
        "{\"shellId\":\"sh3\",\"workspace\":\"shared-agent\",\"name\":\"a very long name of it\","
        "\"command\":[\"vim\"],\"state\":\"running\",\"title\":\"token.c\\u001b[31m\"},"
        "{\"shellId\":\"sh4\",\"workspace\":\"main\",\"name\":\"tests\",\"command\":[\"ctest\"],"
        "\"state\":\"exited\",\"exitCode\":1}]");
    world_set_shells(&c->world, json);
    cJSON_Delete(json);
    json = parse("{\"bells\":1}");
    assert_true(world_head(&c->world, "sh3", json));
    cJSON_Delete(json);
    json = parse("[{\"member\":\"ada\",\"kind\":\"human\",\"clientId\":1,\"looking\":\"sh1\"},"
                 "{\"member\":\"grace\",\"kind\":\"human\",\"clientId\":2,\"looking\":\"sh1\"},"
                 "{\"member\":\"grace\",\"kind\":\"human\",\"clientId\":3,\"looking\":\"sh2\"},"
                 "{\"member\":\"writer\",\"kind\":\"agent\",\"clientId\":4,\"looking\":\"\"}]");
    world_set_members(&c->world, json);
    cJSON_Delete(json);
    return c;
}

/* A pane with a shell whose screen has this size and was fed this text. */
static struct pane *show(struct console *c, const char *shell, enum layout_kind split, int rows,
                         int cols, const char *text)
{
    struct pane *p = console_add(c, PANE_SHELL, split);
    struct feed *f = mem_zalloc(sizeof *f);

    assert_non_null(p);
    snprintf(p->target, sizeof p->target, "%s", shell);
    snprintf(f->id, sizeof f->id, "%s", shell);
    f->screen = screen_create(rows, cols, NULL, NULL, NULL);
    f->rows = rows;
    f->cols = cols;
    f->users = 1;
    snprintf(f->typed, sizeof f->typed, "%s",
             world_shell(&c->world, shell) ? world_shell(&c->world, shell)->typed : "");
    screen_feed(f->screen, text, strlen(text));
    p->feed = f;
    c->feeds = mem_reallocarray(c->feeds, c->feed_count + 1, sizeof *c->feeds);
    c->feeds[c->feed_count++] = f;
    return p;
}

static void frame(struct console *c)
{
    console_arrange(c);
    console_draw(c);
}

static void one_shell(void **state)
{
    struct console *c = setup(24, 80);
    int row, col;
    enum cursor_shape shape;
    (void)state;
    show(c, "sh1", LAYOUT_ROWS, 21, 78, "$ make -j2\r\ncc -O2 -c token.c\r\n$ ");
    frame(c);
    golden_check(c->canvas, "one_shell_80x24");
    canvas_get_cursor(c->canvas, &row, &col, &shape);
    assert_int_equal(row, 3);
    assert_int_equal(col, 3);
    console_drop(c);
}

static void three_panes_and_the_side_list(void **state)
{
    struct console *c = setup(60, 200);
    struct pane *log;
    cJSON *event;
    (void)state;
    show(c, "sh1", LAYOUT_ROWS, 57, 86, "$ ls\r\nREADME.md  src\r\n$ ");
    show(c, "sh2", LAYOUT_COLS, 20, 60, "make: Nothing to be done for 'all'.\r\n");
    c->feeds[1]->exited = true;
    log = console_add(c, PANE_LOG, LAYOUT_ROWS);
    event = parse("{\"id\":7,\"kind\":\"shellExit\",\"workspace\":\"shared-agent\","
                  "\"time\":\"2026-11-21T03:00:00.000Z\",\"who\":\"grace\","
                  "\"data\":{\"shellId\":\"sh2\",\"exitCode\":0}}");
    assert_true(eventlog_add(log->log, event));
    assert_false(eventlog_add(log->log, event));
    cJSON_Delete(event);
    frame(c);
    golden_check(c->canvas, "three_panes_200x60");
    console_drop(c);
}

static void a_larger_shell_is_cropped_a_smaller_one_has_a_rest(void **state)
{
    struct console *c = setup(14, 60);
    (void)state;
    show(c, "sh1", LAYOUT_ROWS, 40, 200, "top\r\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\nbelow");
    show(c, "sh3", LAYOUT_COLS, 5, 20, "small");
    frame(c);
    golden_check(c->canvas, "cropped_60x14");
    console_drop(c);
}

static void an_empty_workspace_explains_itself(void **state)
{
    struct console *c = setup(24, 80);
    (void)state;
    frame(c);
    golden_check(c->canvas, "empty_80x24");
    console_drop(c);
}

static void the_smallest_terminals(void **state)
{
    static const int sizes[][2] = {{5, 20}, {1, 1}, {2, 3}, {3, 200}, {200, 3}, {8, 24}, {7, 80}};
    char name[40];
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int mode = MODE_NORMAL; mode <= MODE_NUMBERS; mode++) {
            struct console *c = setup(sizes[i][0], sizes[i][1]);
            show(c, "sh1", LAYOUT_ROWS, 3, 18, "$ echo hello\r\nhello\r\n$ ");
            show(c, "sh2", LAYOUT_COLS, 30, 90, "other");
            c->focus = 1;
            if (mode == MODE_POPUP) {
                c->popup = popup_create("keys", false);
                popup_add(c->popup, ROLE_TEXT, "C-b ?", "this help", NULL);
            }
            c->prompt.label = ":";
            snprintf(c->question, sizeof c->question, "close it? ");
            c->mode = (enum console_mode)mode;
            c->side_over = mode == MODE_PREFIX;
            frame(c);
            if (mode == MODE_NORMAL) {
                snprintf(name, sizeof name, "small_%dx%d", sizes[i][1], sizes[i][0]);
                golden_check(c->canvas, name);
            }
            console_drop(c);
        }
}

static void zoomed_and_stacked(void **state)
{
    struct console *c = setup(24, 80);
    (void)state;
    show(c, "sh1", LAYOUT_ROWS, 10, 78, "one");
    show(c, "sh2", LAYOUT_ROWS, 10, 78, "two");
    show(c, "sh3", LAYOUT_ROWS, 10, 78, "three");
    layout_toggle_stack(c->layout, 2);
    c->focus = 2;
    frame(c);
    golden_check(c->canvas, "stacked_80x24");
    c->zoomed = true;
    frame(c);
    golden_check(c->canvas, "zoomed_80x24");
    console_drop(c);
}

static void notices_questions_and_lost_links(void **state)
{
    struct console *c = setup(10, 80);
    (void)state;
    show(c, "sh1", LAYOUT_ROWS, 7, 78, "$ ");
    notices_add(&c->notices, ROLE_TEXT, "grace says \033[2J hello");
    frame(c);
    golden_check(c->canvas, "notice_80x10");
    c->connected = false;
    frame(c);
    golden_check(c->canvas, "reconnecting_80x10");
    c->connected = true;
    c->mode = MODE_CONFIRM;
    snprintf(c->question, sizeof c->question, "close bash sh1? its program runs (y/n) ");
    frame(c);
    golden_check(c->canvas, "question_80x10");
    console_drop(c);
}

static void side_list_as_overlay(void **state)
{
    struct console *c = setup(18, 60);
    (void)state;
    show(c, "sh1", LAYOUT_ROWS, 15, 58,
         "a line that goes on below the list, from end to end of it");
    c->side_over = true;
    frame(c);
    golden_check(c->canvas, "side_overlay_60x18");
    console_drop(c);
}

static void help_is_made_from_the_table(void **state)
{
    struct console *c = setup(30, 90);
    (void)state;
    show(c, "sh1", LAYOUT_ROWS, 27, 88, "$ ");
    frame(c);
    console_run(c, "help");
    assert_int_equal(c->mode, MODE_POPUP);
    frame(c);
    golden_check(c->canvas, "help_90x30");
    console_drop(c);
}

static void say(struct console *c, const char *kind, const char *data)
{
    cJSON *json = parse(data);
    world_baton_event(&c->world, kind, json);
    cJSON_Delete(json);
}

static void has_baton(struct console *c, const char *shell, const char *holder)
{
    assert_true(world_baton(&c->world, shell, holder, false, 3));
}

/* Who drives stands on the border; who asks is told there and below until it is answered. */
static void borders_tell_who_drives(void **state)
{
    struct console *c = setup(24, 130);
    struct pane *p;
    cJSON *json;
    (void)state;
    json = parse("[{\"member\":\"ada\",\"kind\":\"human\",\"clientId\":1,\"looking\":\"sh1\"},"
                 "{\"member\":\"grace\",\"kind\":\"human\",\"clientId\":2,\"looking\":\"sh3\","
                 "\"role\":\"driver\",\"inviteId\":\"inv1\"},"
                 "{\"member\":\"eve\",\"kind\":\"human\",\"clientId\":3,\"looking\":\"sh3\","
                 "\"role\":\"observer\",\"inviteId\":\"inv2\"}]");
    world_set_members(&c->world, json);
    cJSON_Delete(json);
    p = show(c, "sh1", LAYOUT_ROWS, 10, 103, "$ ");
    show(c, "sh3", LAYOUT_ROWS, 10, 50, "vim");
    show(c, "sh4", LAYOUT_COLS, 10, 50, "ctest");
    c->focus = 1;
    c->role = ROLE_OWNER;
    has_baton(c, "sh1", "ada");
    has_baton(c, "sh3", "grace");
    has_baton(c, "sh2", "");
    say(c, "batonRequested", "{\"shellId\":\"sh1\",\"by\":\"grace\"}");
    frame(c);
    golden_check(c->canvas, "asked_130x24");
    assert_int_equal(p->spots[SPOT_YES].cols, 8);
    assert_int_equal(p->spots[SPOT_NO].cols, 11);
    assert_int_equal(p->spots[SPOT_DRIVER].rows, 1);
    say(c, "batonRequested", "{\"shellId\":\"sh1\",\"by\":\"eve\"}");
    theme_fit(c->theme, TERM_NO_COLOUR, false);
    frame(c);
    golden_check(c->canvas, "asked_ascii_130x24");
    console_drop(c);
}

/* The same from the other side, and where there is no room for it. */
static void observers_see_that_they_observe(void **state)
{
    struct console *c = setup(8, 80);
    (void)state;
    show(c, "sh1", LAYOUT_ROWS, 5, 78, "$ ");
    has_baton(c, "sh1", "grace");
    c->role = ROLE_OWNER;
    say(c, "batonRequested", "{\"shellId\":\"sh1\",\"by\":\"ada\"}");
    say(c, "batonLost", "{\"shellId\":\"sh1\",\"holder\":\"grace\"}");
    frame(c);
    golden_check(c->canvas, "observing_80x8");
    assert_int_equal(c->panes[0]->spots[SPOT_YES].rows, 0);
    console_drop(c);
    c = setup(8, 80);
    show(c, "sh1", LAYOUT_ROWS, 5, 78, "$ ");
    has_baton(c, "sh1", "");
    c->role = ROLE_OBSERVER;
    frame(c);
    golden_check(c->canvas, "free_observer_80x8");
    console_drop(c);
    c = setup(5, 60); /* no border: the status line tells */
    show(c, "sh1", LAYOUT_ROWS, 4, 60, "$ ");
    has_baton(c, "sh1", "grace");
    frame(c);
    golden_check(c->canvas, "driver_60x5");
    console_drop(c);
}

static void ascii_terminals(void **state)
{
    struct console *c = setup(12, 110);
    (void)state;
    theme_fit(c->theme, TERM_NO_COLOUR, false);
    show(c, "sh1", LAYOUT_ROWS, 9, 30, "$ ");
    show(c, "sh2", LAYOUT_COLS, 9, 40, "made");
    frame(c);
    golden_check(c->canvas, "ascii_110x12");
    console_drop(c);
}

static char *print(const struct canvas *c)
{
    struct buf text = {0};
    int row, col;
    enum cursor_shape shape;
    canvas_print(c, true, &text);
    canvas_get_cursor(c, &row, &col, &shape);
    buf_printf(&text, "cursor %d %d %d\n", row, col, (int)shape);
    return buf_take(&text);
}

/* Drawing only the lines that changed gives the very picture that drawing everything gives. */
static void changed_lines_are_enough(void **state)
{
    static const char *const pieces[] = {
        "text ",       "\r\n",         "\033[2J",      "\033[H",    "\033[5;3H",
        "\033[31m",    "\033[0m",      "\033[K",       "\033[2L",   "\033[M",
        "\033[3;9r",   "\033[r",       "\033M",        "\033[?25l", "\033[?25h",
        "\033[?1049h", "\033[?1049l",  "\xe6\xbc\xa2", "\033[?5h",  "\033[?5l",
        "\033[20X",    "\033[48;5;4m", "a\xcc\x81",    "\033[10@",  "\n\n\n\n\n\n\n"};
    struct console *c = setup(14, 70);
    unsigned seed = 99;
    (void)state;
    show(c, "sh1", LAYOUT_ROWS, 11, 33, "$ ");
    show(c, "sh2", LAYOUT_COLS, 20, 50, "$ "); /* cropped: the view follows the cursor */
    c->focus = 1;
    frame(c);
    for (int step = 0; step < 3000; step++) {
        for (int i = 0; i < 3; i++) {
            seed = seed * 1103515245u + 12345u;
            const char *piece = pieces[(seed >> 16) % (sizeof pieces / sizeof pieces[0])];
            screen_feed(c->feeds[(seed >> 8) & 1]->screen, piece, strlen(piece));
        }
        assert_true(console_draw_shells(c));
        char *is = print(c->canvas);
        frame(c);
        char *should = print(c->canvas);
        assert_string_equal(is, should);
        free(is);
        free(should);
    }
    c->side_over = true; /* something lies over the panes */
    assert_false(console_draw_shells(c));
    console_drop(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_shell),
        cmocka_unit_test(three_panes_and_the_side_list),
        cmocka_unit_test(a_larger_shell_is_cropped_a_smaller_one_has_a_rest),
        cmocka_unit_test(an_empty_workspace_explains_itself),
        cmocka_unit_test(the_smallest_terminals),
        cmocka_unit_test(zoomed_and_stacked),
        cmocka_unit_test(notices_questions_and_lost_links),
        cmocka_unit_test(side_list_as_overlay),
        cmocka_unit_test(help_is_made_from_the_table),
        cmocka_unit_test(borders_tell_who_drives),
        cmocka_unit_test(observers_see_that_they_observe),
        cmocka_unit_test(ascii_terminals),
        cmocka_unit_test(changed_lines_are_enough),
    };
    setenv("TZ", "UTC", 1);
    tzset();
    unsetenv("XDG_CONFIG_HOME");
    setenv("HOME", "/nonexistent", 1);
    return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
