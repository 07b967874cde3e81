/* Every row of the catalogue is whole: schemas that are schemas, a role, a handler where the hub
 * runs it, and a name that nobody else has. */
#include "core/base/json.h"
#include "core/catalogue/schema.h"
#include "core/hub/hub.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static cJSON *parsed(const struct capability *row, const char *text, const char *which)
{
    cJSON *json = NULL;
    if (json_parse(text, strlen(text), &json) != ERR_OK)
        fail_msg("%s.%s: its %s schema is no JSON: %s", row->group, row->name, which, text);
    return json;
}

static void schemas_are_schemas(void **state)
{
    (void)state;
    for (size_t i = 0; i < hub_catalogue()->count; i++) {
        const struct capability *row = hub_catalogue()->rows[i];
        char why[300] = "";
        cJSON *input = parsed(row, row->input, "input");
        if (schema_check(input, why, sizeof why) != ERR_OK)
            fail_msg("%s.%s: %s", row->group, row->name, why);
        cJSON_Delete(input);
        cJSON_Delete(parsed(row, row->output, "output"));
    }
}

/* A place ends at the first brace: one within another would be shown as it stands here. */
static void places_in_sentences_do_not_nest(void **state)
{
    (void)state;
    for (size_t i = 0; i < hub_catalogue()->count; i++) {
        const struct capability *row = hub_catalogue()->rows[i];
        cJSON *output = parsed(row, row->output, "output");
        int depth = 0;
        for (const char *at = json_string(output, "x-sentence", ""); *at; at++) {
            depth += *at == '{' ? 1 : *at == '}' ? -1 : 0;
            if (depth < 0 || depth > 1)
                fail_msg("%s.%s: the braces of its sentence nest", row->group, row->name);
        }
        assert_int_equal(depth, 0);
        cJSON_Delete(output);
    }
}

static void rows_are_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < hub_catalogue()->count; i++) {
        const struct capability *row = hub_catalogue()->rows[i];
        assert_true(row->role >= ROLE_OBSERVER && row->role <= ROLE_OWNER);
        assert_true(strlen(row->help) > 10 && row->help[strlen(row->help) - 1] != '.');
        assert_true((row->handle == NULL) == (row->lane == LANE_CLIENT));
        assert_non_null(row->errors);
        for (size_t k = 0; k < i; k++) {
            const struct capability *other = hub_catalogue()->rows[k];
            if (strcmp(row->group, other->group) == 0)
                assert_string_not_equal(row->name, other->name);
        }
    }
}

static void every_row_is_found_by_its_method(void **state)
{
    (void)state;
    for (size_t i = 0; i < hub_catalogue()->count; i++) {
        const struct capability *row = hub_catalogue()->rows[i];
        char method[100];
        int n = snprintf(method, sizeof method, "%s.%s", row->group, row->name);
        assert_ptr_equal(catalogue_find(hub_catalogue(), method, (size_t)n), row);
    }
    assert_null(catalogue_find(hub_catalogue(), "shell.nothing", 13));
    assert_null(catalogue_find(hub_catalogue(), "", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schemas_are_schemas),
        cmocka_unit_test(places_in_sentences_do_not_nest),
        cmocka_unit_test(rows_are_whole),
        cmocka_unit_test(every_row_is_found_by_its_method),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
