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

/* What agents were told of comms before baton was there. */
static void comms_are_as_agents_know_them(void **state)
{
    static const struct {
        const char *method;
        enum tier tier;
        const char *required;
        enum err first, second; /* ERR_OK: that is all */
    } known[] = {
        {"comms.send", TIER_NOTIFY, "to message", ERR_RECIPIENT, ERR_COMMS},
        {"comms.broadcast", TIER_NOTIFY, "message", ERR_COMMS, ERR_OK},
        {"comms.subscribe", TIER_AUTONOMOUS, "channel", ERR_COMMS, ERR_OK},
        {"comms.receive", TIER_AUTONOMOUS, "", ERR_COMMS, ERR_OK},
    };
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const struct capability *row =
            catalogue_find(hub_catalogue(), known[i].method, strlen(known[i].method));
        char required[80] = "";
        const cJSON *one;
        assert_non_null(row);
        assert_string_equal(row->version, "1.0");
        assert_int_equal(row->tier, known[i].tier);
        assert_int_equal(row->errors[0], known[i].first);
        assert_true(known[i].second == ERR_OK || row->errors[1] == known[i].second);
        cJSON *input = parsed(row, row->input, "input");
        const cJSON *values = json_get(input, "properties");
        cJSON_ArrayForEach(one, json_get(input, "required"))
        {
            snprintf(required + strlen(required), sizeof required - strlen(required), "%s%s",
                     *required ? " " : "", one->valuestring);
        }
        assert_string_equal(required, known[i].required);
        if (json_get(values, "priority"))
            assert_string_equal(json_string(json_get(values, "priority"), "default", ""), "normal");
        if (json_get(values, "limit"))
            assert_int_equal(json_int(json_get(values, "limit"), "default", 0), 10);
        if (json_get(values, "acknowledge"))
            assert_true(json_bool(json_get(values, "acknowledge"), "default", false));
        cJSON_Delete(input);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schemas_are_schemas),
        cmocka_unit_test(places_in_sentences_do_not_nest),
        cmocka_unit_test(rows_are_whole),
        cmocka_unit_test(every_row_is_found_by_its_method),
        cmocka_unit_test(comms_are_as_agents_know_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
