/* The tools of `baton mcp` as the real catalogue makes them: names, schemas, hints and words, and
 * who sees which. No hub, no client. */
#include "core/hub/hub.h"
#include "transport/mcp/mcp_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct mcp_options nobody = {.hub = "default", .page = MCP_PAGE};

static struct mcp server(enum role role, const char *scope)
{
    struct mcp m = {.options = &nobody, .catalogue = hub_catalogue(), .known = true, .role = role};
    snprintf(m.scope, sizeof m.scope, "%s", scope);
    return m;
}

/* Every tool tells when to use it; every word is about a tool, or about one that is still to come.
 */
static void every_tool_has_words(void **state)
{
    const struct catalogue *all = hub_catalogue();
    size_t count = 0;
    (void)state;
    for (size_t i = 0; i < all->count; i++) {
        const struct capability *row = all->rows[i];
        if (!(row->flags & CAP_MCP))
            continue;
        if (!mcp_words_of(row))
            fail_msg("%s.%s has no words in mcp_words.c", row->group, row->name);
        count++;
    }
    assert_true(count >= 21);
}

static void names(void **state)
{
    char name[MCP_TOOL_MAX];
    const struct mcp m = server(ROLE_OWNER, "");
    (void)state;
    for (size_t i = 0; i < m.catalogue->count; i++) {
        const struct capability *row = m.catalogue->rows[i];
        mcp_tool_name(row, name);
        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(name));
        assert_true(mcp_tool_find(&m, name) == (row->flags & CAP_MCP ? row : NULL));
    }
    assert_null(mcp_tool_find(&m, ""));
    assert_null(mcp_tool_find(&m, "shell.list"));
}

static void no_word_of_ours(const cJSON *schema)
{
    for (const cJSON *one = schema->child; one; one = one->next) {
        if (one->string && strncmp(one->string, "x-", 2) == 0)
            fail_msg("%s is left in a schema", one->string);
        if (cJSON_IsString(one) && strstr(one->valuestring, "standard input"))
            fail_msg("a tool has no standard input: %s", one->valuestring);
        no_word_of_ours(one);
    }
}

static void descriptions(void **state)
{
    const struct catalogue *all = hub_catalogue();
    (void)state;
    for (size_t i = 0; i < all->count; i++) {
        if (!(all->rows[i]->flags & CAP_MCP))
            continue;
        cJSON *tool = mcp_tool_describe(all->rows[i]);
        no_word_of_ours(tool);
        assert_string_equal(json_string(json_get(tool, "inputSchema"), "type", ""), "object");
        assert_int_equal(mcp_tool_gives_object(all->rows[i]),
                         json_get(tool, "outputSchema") != NULL);
        cJSON_Delete(tool);
    }
}

static bool sees(const struct mcp *m, const char *tool)
{
    const struct capability *row = mcp_tool_find(m, tool);
    assert_non_null(row);
    return mcp_tool_allowed(m, row);
}

static void roles(void **state)
{
    struct mcp m = server(ROLE_OBSERVER, "");
    (void)state;
    assert_true(sees(&m, "shell_snapshot"));
    assert_false(sees(&m, "shell_write"));
    m.role = ROLE_AGENT;
    assert_true(sees(&m, "shell_write"));
    assert_true(sees(&m, "baton_request"));
    m = server(ROLE_DRIVER, "main");
    assert_true(sees(&m, "shell_write"));
    assert_true(sees(&m, "workspace_list")); /* of which they see their own */
    m.known = false;                         /* the hub has the last word */
    m.role = 0;
    assert_true(sees(&m, "shell_write"));
}

static void words_of_errors(void **state)
{
    struct client_fault fault = {.code = ERR_NOT_HOLDER,
                                 .name = "NotHolder",
                                 .message = "Ada drives sh1",
                                 .next = "Ask with 'baton request'."};
    (void)state;
    char *text = mcp_fault_text(&fault);
    assert_non_null(strstr(text, "NotHolder: Ada drives sh1. "));
    assert_non_null(strstr(text, "baton_request"));
    assert_null(strstr(text, "'baton request'"));
    assert_null(strstr(text, "later"));
    free(text);
    fault = (struct client_fault){.code = ERR_DISK_FULL,
                                  .name = "DiskFull",
                                  .retry = true,
                                  .message = "The disk is full.",
                                  .next = "Free some space."};
    text = mcp_fault_text(&fault);
    assert_non_null(strstr(text, "What to do next: Free some space."));
    assert_non_null(strstr(text, "later"));
    assert_null(strstr(text, "full.."));
    free(text);
}

static void instructions(void **state)
{
    const struct mcp_options ada = {.hub = "default", .identity = "ada", .workspace = "lab"};
    struct mcp m = {.options = &ada, .catalogue = hub_catalogue()};
    (void)state;
    char *text = mcp_instructions(&m);
    assert_non_null(strstr(text, "its member ada, in the workspace lab."));
    free(text);
    m = server(ROLE_OBSERVER, "main");
    snprintf(m.member, sizeof m.member, "olga");
    text = mcp_instructions(&m);
    assert_non_null(strstr(text, "its member olga with the role observer, in the workspace main."));
    assert_null(strstr(text, "baton_request")); /* which she does not have */
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_tool_has_words), cmocka_unit_test(names),
        cmocka_unit_test(descriptions),         cmocka_unit_test(roles),
        cmocka_unit_test(words_of_errors),      cmocka_unit_test(instructions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
