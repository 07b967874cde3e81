/* The approvals pane: what is listed, that nothing of a call is out of reach, that foreign text
 * stays text, and that nothing can be accepted before it is shown. */
#include "core/base/buf.h"
#include "core/base/json.h"
#include "tui/parts/approvals_pane.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void set(struct approvals *a, const char *text)
{
    cJSON *list = NULL;
    assert_int_equal(json_parse(text, strlen(text), &list), ERR_OK);
    approvals_set(a, list, "ada");
    cJSON_Delete(list);
}

#define DOC(id, by, state)                                                                         \
    "{\"approvalId\":\"" id "\",\"by\":\"" by "\",\"state\":\"" state                              \
    "\",\"capability\":\"fs.write\",\"summary\":\"fs.write " id "\",\"hash\":\"h" id "\"}"

static enum approvals_want key(struct approvals *a, uint32_t code)
{
    const struct input_event event = {.kind = INPUT_KEY, .code = code};
    return approvals_input(a, &event);
}

static char *drawn(struct approvals *a, int rows, int cols)
{
    struct canvas *c = canvas_create(rows, cols);
    struct theme *theme = NULL;
    char *why = NULL;
    struct buf out = {0};
    assert_int_equal(theme_load(NULL, &theme, &why), ERR_OK);
    approvals_draw(a, c, (struct rect){0, 0, rows, cols}, true, 0, theme);
    canvas_print(c, false, &out);
    canvas_destroy(c);
    theme_destroy(theme);
    return buf_take(&out);
}

static void lists_what_is_for_me(void **state)
{
    struct approvals a = {0};
    (void)state;
    set(&a, "[" DOC("ap1", "ada", "waiting") "," DOC("ap2", "w", "accepted") "," DOC(
                "ap3", "w", "waiting") "," DOC("ap4", "w", "waiting") "]");
    assert_int_equal(a.count, 2);
    assert_string_equal(a.cursor, "ap3");
    key(&a, 'j');
    assert_string_equal(a.cursor, "ap4");
    key(&a, 'j');
    assert_string_equal(approvals_at(&a)->hash, "hap4");
    set(&a, "[" DOC("ap3", "w", "waiting") "]"); /* it was answered: the first one again */
    assert_string_equal(a.cursor, "ap3");
    set(&a, "[]");
    assert_null(approvals_at(&a));
    assert_int_equal(key(&a, 'r'), APPROVALS_NOTHING);
    assert_int_equal(key(&a, 'q'), APPROVALS_LEAVE);
    approvals_finish(&a);
}

static void accepts_what_was_shown(void **state)
{
    struct approvals a = {0};
    (void)state;
    set(&a, "[" DOC("ap3", "w", "waiting") "," DOC("ap4", "w", "waiting") "]");
    assert_int_equal(key(&a, 'a'), APPROVALS_NOTHING);
    approvals_set_text(&a, "ap4", "another's");
    assert_int_equal(key(&a, 'a'), APPROVALS_NOTHING);
    approvals_set_text(&a, "ap3", "this");
    assert_int_equal(key(&a, 'a'), APPROVALS_ACCEPT);
    set(&a, "[" DOC("ap3", "w", "waiting") "]"); /* a new list keeps what was shown */
    assert_int_equal(key(&a, 'a'), APPROVALS_ACCEPT);
    assert_int_equal(key(&a, 'R'), APPROVALS_REASON);
    approvals_finish(&a);
}

static void text_stays_text(void **state)
{
    struct approvals a = {0};
    (void)state;
    set(&a, "[" DOC("ap3", "w\\u001b[2J", "waiting") "]");
    approvals_set_text(&a, "ap3", "one \x1b]0;owned\x07 \xe2\x80\xaegnp\nlast");
    assert_null(strpbrk(a.items[0].text, "\x1b\x07"));
    assert_null(strstr(a.items[0].text, "\xe2\x80\xae"));
    assert_null(strchr(a.items[0].by, '\x1b'));
    char *screen = drawn(&a, 12, 60);
    assert_non_null(strstr(screen, "[a] allow once"));
    assert_non_null(strstr(screen, "last"));
    free(screen);
    approvals_finish(&a);
}

/* A long line goes on below; what does not fit is scrolled to, down to its last sign. */
static void nothing_is_out_of_reach(void **state)
{
    struct approvals a = {0};
    char text[3001];
    (void)state;
    memset(text, 'x', sizeof text - 1);
    memcpy(text + 2990, "END-OF-IT!", 10);
    text[3000] = '\0';
    set(&a, "[" DOC("ap3", "w", "waiting") "]");
    approvals_set_text(&a, "ap3", text);
    char *screen = drawn(&a, 12, 40);
    assert_null(strstr(screen, "END-OF-IT!"));
    free(screen);
    for (int i = 0; i < 40; i++)
        key(&a, ' ');
    screen = drawn(&a, 12, 40);
    assert_non_null(strstr(screen, "END-OF-IT!"));
    free(screen);
    for (int rows = 0; rows < 8; rows++)
        free(drawn(&a, rows ? rows : 1, 1 + rows));
    approvals_finish(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_what_is_for_me),
        cmocka_unit_test(accepts_what_was_shown),
        cmocka_unit_test(text_stays_text),
        cmocka_unit_test(nothing_is_out_of_reach),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
