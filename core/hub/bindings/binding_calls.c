/* What bindings there are: for clients, which make commands and tools of it, and in words for
 * agents. Control. */
#include "core/hub/bindings/bindings.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/catalogue/value.h"
#include "core/hub/policy/policy_gate.h"

#include <stdlib.h>
#include <string.h>

#define TOLD_MAX 8192 /* bytes of what an agent is told */

static const char *const tier_names[] = {"autonomous", "notify", "approval", "blocked"};

/* The group's description is told with its first one that is listed: NULL for the others. */
static cJSON *describe(const struct binding *b, const char *of_group, bool schemas)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "group", b->group);
    cJSON_AddStringToObject(o, "name", b->name);
    cJSON_AddStringToObject(o, "description", b->description);
    cJSON_AddStringToObject(o, "tier", tier_names[b->row.tier]);
    json_add_int(o, "timeout", b->timeout_ms);
    if (schemas) {
        if (of_group)
            cJSON_AddStringToObject(o, "groupDescription", of_group);
        cJSON_AddItemToObject(o, "inputSchema", cJSON_Duplicate(b->schema, true));
    }
    return o;
}

enum err binding_list(struct hub *hub, struct call *c)
{
    const char *group = call_string(c, "group", NULL);
    const bool schemas = call_bool(c, "schemas", false);
    cJSON *list = cJSON_CreateArray();
    size_t count;
    const struct binding_group *const *groups = binding_set_groups(hub->bindings->set, &count);
    for (size_t i = 0; i < count; i++) {
        const struct binding_group *g = groups[i];
        const char *told = g->description;
        for (size_t k = 0; k < g->count && (!group || strcmp(g->name, group) == 0); k++)
            if (binding_is_for(g->list[k], c->scope) &&
                gate_tier(c, &g->list[k]->row) != TIER_BLOCKED) {
                cJSON_AddItemToArray(list, describe(g->list[k], told, schemas));
                told = NULL;
            }
    }
    call_reply(c, list);
    return ERR_OK;
}

/* `agentos-review submit --code CODE [--lang LANG]: what it does` */
static void describe_command(const struct binding *b, struct buf *out)
{
    const cJSON *properties = json_get(b->schema, "properties"), *p, *one;
    buf_printf(out, "\n- agentos-%s %s", b->group, b->name);
    cJSON_ArrayForEach(p, properties)
    {
        bool required = false;
        cJSON_ArrayForEach(one, json_get(b->schema, "required")) required =
            required || strcmp(one->valuestring, p->string) == 0;
        if (!required)
            continue;
        buf_puts(out, " --");
        flag_name(p->string, out);
        buf_puts(out, " …");
    }
    buf_printf(out, ": %s", b->help);
}

/* Would the policy let that agent call it, by itself or by way of a human? */
static bool is_open(struct hub *hub, const struct binding *b, const char *member,
                    const char *workspace)
{
    struct policy_asker asker = {.member = member, .workspace = workspace};
    struct policy_verdict v;
    char group[MAIL_NAME];
    asker.human = gate_member(hub, member, false, group);
    asker.group = group;
    gate_explain(hub, &b->row, &asker, &v);
    return v.tier != TIER_BLOCKED;
}

char *bindings_instructions(struct hub *hub, const char *member, const char *workspace)
{
    struct buf text = {0};
    size_t count, left = 0;
    const struct binding_group *const *groups = binding_set_groups(hub->bindings->set, &count);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < groups[i]->count; k++) {
            const struct binding *b = groups[i]->list[k];
            if (!binding_is_for(b, workspace) || !is_open(hub, b, member, workspace))
                continue;
            if (!text.len)
                buf_puts(&text, "Beside the usual commands there are these here. They run outside "
                                "of your workspace and print their result as JSON; with --help "
                                "each says what it takes.");
            if (text.len < TOLD_MAX)
                describe_command(b, &text);
            else
                left++;
        }
    if (left)
        buf_printf(&text, "\n- and %zu more: agentos list-bindings", left);
    return text.len ? buf_take(&text) : NULL;
}
