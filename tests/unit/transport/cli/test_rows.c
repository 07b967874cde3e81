/* The hub's real rows: each is whole, and each that runs in the client has its function there. */
#include "core/catalogue/catalogue.h"
#include "core/base/json.h"
#include "core/hub/hub.h"
#include "transport/cli/command.h"
#include "transport/cli/help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void every_row_is_whole(void **state)
{
    char why[400] = "";
    (void)state;
    if (catalogue_check(hub_catalogue(), why, sizeof why) != ERR_OK)
        fail_msg("%s", why);
}

static void client_rows_have_their_function(void **state)
{
    const struct catalogue *all = hub_catalogue();
    (void)state;
    for (size_t i = 0; i < all->count; i++) {
        const struct capability *row = all->rows[i];
        bool local = local_find(row) != NULL;
        /* Some of the hub's rows have one too: what has to be done here before or behind the call.
         */
        if (!local && row->lane == LANE_CLIENT)
            fail_msg("%s.%s: its lane is the client's, where nothing runs it", row->group,
                     row->name);
    }
    for (const struct local_command *l = local_commands; l->method; l++)
        if (!catalogue_find(all, l->method, strlen(l->method)))
            fail_msg("%s has no row", l->method);
}

/* What the command line takes for itself would hide a property of that name. */
static void no_row_hides_a_global_flag(void **state)
{
    static const char *const taken[] = {"json",  "help",      "version", "identity",
                                        "input", "inputFile", "follow"};
    const struct catalogue *all = hub_catalogue();
    (void)state;
    for (size_t i = 0; i < all->count; i++) {
        cJSON *schema = NULL;
        const struct capability *row = all->rows[i];
        assert_int_equal(json_parse(row->input, strlen(row->input), &schema), ERR_OK);
        for (size_t k = 0; k < sizeof taken / sizeof *taken; k++)
            if (json_get(json_get(schema, "properties"), taken[k]))
                fail_msg("%s.%s has a property \"%s\"", row->group, row->name, taken[k]);
        cJSON_Delete(schema);
    }
}

static void every_command_has_help(void **state)
{
    const struct catalogue *all = hub_catalogue();
    (void)state;
    for (size_t i = 0; i < all->count; i++) {
        const struct capability *row = all->rows[i];
        cJSON *input = NULL, *output = NULL;
        struct buf out = {0};
        assert_int_equal(json_parse(row->input, strlen(row->input), &input), ERR_OK);
        assert_int_equal(json_parse(row->output, strlen(row->output), &output), ERR_OK);
        help_command(row, input, output, &out);
        assert_non_null(strstr(out.data, row->help));
        buf_finish(&out);
        cJSON_Delete(input);
        cJSON_Delete(output);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_whole),
        cmocka_unit_test(client_rows_have_their_function),
        cmocka_unit_test(no_row_hides_a_global_flag),
        cmocka_unit_test(every_command_has_help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
