/* Finding rows, near names, and the check that a table of rows is whole. */
#include "core/catalogue/catalogue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static enum err handle(struct hub *hub, struct call *call)
{
    (void)hub;
    (void)call;
    return ERR_OK;
}

#define GOOD                                                                                       \
    .group = "shell", .name = "open", .version = "1.0", .help = "Open a shell",                    \
    .input = JSON_TEXT({"type" : "object", "properties" : {"rows" : {"type" : "integer"}}}),       \
    .output = JSON_TEXT({"type" : "object"}), .tier = TIER_NOTIFY, .role = ROLE_DRIVER,            \
    .lane = LANE_CONTROL, .handle = handle

static const struct capability shell_open = {GOOD};
static const struct capability shell_list = {.group = "shell",
                                             .name = "list",
                                             .version = "1.0",
                                             .help = "List shells",
                                             .input = JSON_TEXT({"type" : "object"}),
                                             .output = JSON_TEXT({"type" : "array"}),
                                             .tier = TIER_AUTONOMOUS,
                                             .role = ROLE_OBSERVER,
                                             .lane = LANE_CLIENT};
static const struct capability hub_hello = {.group = "hub",
                                            .name = "hello",
                                            .version = "1.0",
                                            .help = "Say hello",
                                            .input = JSON_TEXT({"type" : "object"}),
                                            .output = JSON_TEXT({"type" : "object"}),
                                            .tier = TIER_AUTONOMOUS,
                                            .role = ROLE_OBSERVER,
                                            .lane = LANE_STREAM,
                                            .flags = CAP_INTERNAL,
                                            .handle = handle};
static const struct capability *const rows[] = {&shell_open, &shell_list, &hub_hello};
static const struct catalogue all = {rows, 3};

static void finds(void **state)
{
    (void)state;
    assert_ptr_equal(catalogue_find(&all, "shell.open", 10), &shell_open);
    assert_ptr_equal(catalogue_find(&all, "shell.list and more", 10), &shell_list);
    assert_null(catalogue_find(&all, "shell.open", 9));
    assert_null(catalogue_find(&all, "shell", 5));
    assert_null(catalogue_find(&all, "shell.", 6));
    assert_null(catalogue_find(&all, ".open", 5));
    assert_null(catalogue_find(&all, "", 0));
    assert_null(catalogue_find(&all, "shell.open.x", 12));
}

static void near_ones(void **state)
{
    char out[100];
    (void)state;
    catalogue_nearest(&all, "shel.opne", out, sizeof out);
    assert_string_equal(out, "shell.open");
    catalogue_nearest(&all, "hub.helo", out, sizeof out); /* it is no command */
    assert_string_equal(out, "");
}

static void good_table(void **state)
{
    char why[300] = "";
    (void)state;
    if (catalogue_check(&all, why, sizeof why) != ERR_OK)
        fail_msg("%s", why);
}

/* NULL: any sentence. */
static void is_wrong(const struct capability row, const char *says)
{
    const struct capability *one[] = {&row};
    const struct catalogue table = {one, 1};
    char why[300] = "";
    assert_int_equal(catalogue_check(&table, why, sizeof why), ERR_INVALID);
    if (says)
        assert_string_equal(why, says);
}

#define WRONG(field, value, says)                                                                  \
    do {                                                                                           \
        struct capability row = shell_open;                                                        \
        row.field = value;                                                                         \
        is_wrong(row, says);                                                                       \
    } while (0)

static void wrong_rows(void **state)
{
    (void)state;
    WRONG(group, "Shell", "Shell.open: group and name have to be of [a-z0-9-], 1 to 31");
    WRONG(name, "", "shell.: group and name have to be of [a-z0-9-], 1 to 31");
    WRONG(help, "Ends.", "shell.open: help has to be one line without a full stop");
    WRONG(version, "", "shell.open: has no version");
    WRONG(handle, NULL, "shell.open: a handler belongs to hub lanes, and to these always");
    WRONG(lane, LANE_CLIENT, "shell.open: a handler belongs to hub lanes, and to these always");
    WRONG(role, (enum role)9, "shell.open: has no such role or tier");
    WRONG(input, "{", "shell.open input: is no JSON");
    WRONG(input, "{\"type\":\"array\"}", "shell.open input: has to be of type object");
    WRONG(output, "{\"type\":\"thing\"}", NULL);
    WRONG(flags, CAP_ASKS, "shell.open: asks, so its input needs a boolean \"force\"");
}

static void a_row_twice(void **state)
{
    static const struct capability *const twice[] = {&shell_open, &shell_list, &shell_open};
    static const struct capability again = {GOOD};
    static const struct capability *const other[] = {&shell_open, &again};
    const struct catalogue same = {twice, 2}, doubled = {other, 2};
    char why[300] = "";
    (void)state;
    assert_int_equal(catalogue_check(&same, why, sizeof why), ERR_OK);
    assert_int_equal(catalogue_check(&doubled, why, sizeof why), ERR_INVALID);
    assert_string_equal(why, "shell.open: is there twice");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds),      cmocka_unit_test(near_ones),   cmocka_unit_test(good_table),
        cmocka_unit_test(wrong_rows), cmocka_unit_test(a_row_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
