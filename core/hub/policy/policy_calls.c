/* The policy, shown and explained, and waiting for another one. Control. */
#include "core/hub/policy/approvals.h"
#include "core/hub/bindings/bindings.h"
#include "core/hub/policy/policy_gate.h"
#include "core/people/neighbours.h"
#include "core/people/roster.h"

#include <stdlib.h>
#include <string.h>

enum err policy_list(struct hub *hub, struct call *c)
{
    char *wrong = NULL;
    cJSON *r = cJSON_CreateObject();
    cJSON_AddItemToObject(r, "rules", gate_rules(hub, &wrong));
    if (wrong)
        json_add_text(r, "refused", wrong, strlen(wrong));
    free(wrong);
    call_reply(c, r);
    return ERR_OK;
}

/* What an invitation or the machine says of a name; ERR_NOT_FOUND: nothing. */
static enum err bound_kind(struct hub *hub, const char *name, bool *ret_human)
{
    struct neighbour_right right;
    size_t count;
    enum err e = ERR_NOT_FOUND;
    struct grant *all = roster_all(hub->roster, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(all[i].member, name) == 0 && !all[i].revoked) {
            *ret_human = all[i].kind == BATON_HUMAN;
            e = ERR_OK;
        }
    free(all);
    if (e != ERR_OK &&
        (strcmp(name, hub->user) == 0 || neighbours_named(hub->neighbours, name, &right))) {
        *ret_human = true;
        e = ERR_OK;
    }
    return e;
}

/* The member that is asked about, as the gate would see it. */
static void find_asker(struct hub *hub, const struct call *c, struct policy_asker *asker,
                       char group[MAIL_NAME])
{
    bool human = true;
    asker->member = call_string(c, "as", c->who);
    if (strcmp(asker->member, c->who) == 0)
        human = gate_caller_is_human(c), gate_member(hub, asker->member, human, group);
    else if (bound_kind(hub, asker->member, &human) == ERR_OK)
        gate_member(hub, asker->member, human, group);
    else
        human = gate_member(hub, asker->member, false, group);
    asker->human = human;
    asker->group = group;
    asker->workspace = call_string(c, "workspace", c->scope);
}

enum err policy_explain(struct hub *hub, struct call *c)
{
    const char *method = call_string(c, "capability", "");
    const struct capability *row = catalogue_find(hub_catalogue(), method, strlen(method));
    const struct binding *binding = row ? NULL : bindings_find(hub, method);
    struct policy_asker asker;
    struct policy_verdict v;
    char group[MAIL_NAME];
    if (binding)
        row = &binding->row;
    if (!row) {
        char near[200];
        catalogue_nearest(hub_catalogue(), method, near, sizeof near);
        return call_fail(c, ERR_NOT_FOUND, "there is no capability of that name%s%s",
                         *near ? "; near it: " : "", near);
    }
    find_asker(hub, c, &asker, group);
    if (strcmp(asker.member, c->who) != 0 && !gate_caller_is_human(c))
        return call_fail(c, ERR_DENIED, "an agent may ask about itself only");
    gate_explain(hub, row, &asker, &v);
    cJSON *r = cJSON_CreateObject();
    cJSON_AddStringToObject(r, "capability", method);
    cJSON_AddStringToObject(r, "member", asker.member);
    cJSON_AddStringToObject(r, "kind", asker.human ? "human" : "agent");
    cJSON_AddStringToObject(r, "policy_group", group);
    cJSON_AddStringToObject(r, "workspace", asker.workspace);
    cJSON_AddStringToObject(r, "own", tier_name(row->tier));
    cJSON_AddStringToObject(r, "tier", tier_name(v.tier));
    cJSON_AddStringToObject(r, "why", v.why);
    call_reply(c, r);
    return ERR_OK;
}

static void add_tier(const struct call *c, const struct capability *row, cJSON *blocked,
                     cJSON *held)
{
    char method[METHOD_MAX];
    const enum tier tier = gate_tier(c, row);
    gate_method(row, method);
    if (tier >= TIER_APPROVAL)
        cJSON_AddItemToArray(tier == TIER_BLOCKED ? blocked : held, cJSON_CreateString(method));
}

/* For whoever lists what the caller can do: what is blocked is not listed. */
enum err policy_tiers(struct hub *hub, struct call *c)
{
    const struct catalogue *all = hub_catalogue();
    cJSON *r = cJSON_CreateObject(), *blocked = cJSON_AddArrayToObject(r, "blocked");
    cJSON *held = cJSON_AddArrayToObject(r, "approval");
    size_t count;
    for (size_t i = 0; i < all->count; i++)
        add_tier(c, all->rows[i], blocked, held);
    const struct binding_group *const *groups = binding_set_groups(hub->bindings->set, &count);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < groups[i]->count; k++)
            add_tier(c, &groups[i]->list[k]->row, blocked, held);
    call_reply(c, r);
    return ERR_OK;
}

/* --- waiting for a change ----------------------------------------------------------------------
 */

/* Also another hub's is another one. */
static void mark_of(const struct hub *hub, char out[64])
{
    snprintf(out, 64, "%lld.%lld", (long long)hub->started_us, (long long)hub->may_changes);
}

/* For whoever lists what the caller can do, and wants to know when to look again. It tells nothing
 * of what has changed: that may be none of the caller's business. */
enum err policy_next(struct hub *hub, struct call *c)
{
    char mark[64];
    mark_of(hub, mark);
    if (strcmp(call_string(c, "since", ""), mark) == 0) {
        control_park(hub, c, -1);
        return ERR_OK;
    }
    cJSON *r = cJSON_CreateObject();
    cJSON_AddStringToObject(r, "since", mark);
    call_reply(c, r);
    return ERR_OK;
}

static enum err wake(struct hub *hub, void *arg)
{
    char mark[64];
    (void)arg;
    hub->may_changes++;
    mark_of(hub, mark);
    for (struct call *c = hub->parked, *next; c; c = next) {
        next = c->next;
        if (!c->row || c->row->handle != policy_next)
            continue;
        cJSON *r = cJSON_CreateObject();
        cJSON_AddStringToObject(r, "since", mark);
        call_reply(c, r);
        control_unpark(hub, c);
        call_send(c);
    }
    return ERR_OK;
}

void gate_changed(struct hub *hub)
{
    control_after(hub, wake, NULL);
}
