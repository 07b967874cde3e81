/* Who is attached right now: one entry a connection that has said hello. Only those that show
 * themselves (a console) are members present and make events; a command that comes and goes does
 * not fill the journal. Control. */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/hub/people/batons.h"
#include "core/hub/mail/mail.h"
#include "core/hub/policy/policy_gate.h"
#include "core/hub/streams/streams.h"
#include "core/people/neighbours.h"
#include "core/people/role.h"
#include "core/people/roster.h"

#include <string.h>
#include <unistd.h>

static struct peer *find(struct hub *hub, uint32_t id)
{
    for (size_t i = 0; i < hub->peer_count; i++)
        if (hub->peers[i].id == id)
            return &hub->peers[i];
    return NULL;
}

static struct peer *find_or_add(struct hub *hub, const struct call *c)
{
    struct peer *p = find(hub, c->peer);
    if (p)
        return p;
    hub->peers = mem_reallocarray(hub->peers, hub->peer_count + 1, sizeof *hub->peers);
    p = &hub->peers[hub->peer_count++];
    *p = (struct peer){.id = c->peer, .uid = c->uid, .since_us = clock_wall_us()};
    snprintf(p->who, sizeof p->who, "%s", c->who);
    snprintf(p->invite, sizeof p->invite, "%s", c->invite);
    p->member_kind = c->kind;
    p->role = c->role;
    atomic_fetch_add(&hub->client_count, 1);
    return p;
}

/* When the caller's invitation ends, ms since 1970; 0 never. */
static int64_t expiry_of(struct hub *hub, const struct call *c)
{
    struct grant grant;
    const char *token = json_string(json_get(c->request, "auth"), "token", "");
    return *token && roster_find(hub->roster, token, 0, &grant) == ROSTER_OK ? grant.expires_ms : 0;
}

enum err hub_hello(struct hub *hub, struct call *c)
{
    int64_t min = call_int(c, "min", 1), max = call_int(c, "max", 1);
    const cJSON *client = json_get(c->params, "client");

    if (min > HUB_PROTOCOL_MAX || max < HUB_PROTOCOL_MIN)
        return call_fail(
            c, ERR_VERSION, "the %s is older: it speaks protocol %d, the other side %d; %s",
            min > HUB_PROTOCOL_MAX ? "hub" : "client",
            min > HUB_PROTOCOL_MAX ? HUB_PROTOCOL_MAX : (int)max,
            min > HUB_PROTOCOL_MAX ? (int)min : HUB_PROTOCOL_MIN,
            min > HUB_PROTOCOL_MAX ? "run 'baton hub upgrade'" : "upgrade this program");
    struct peer *p = find_or_add(hub, c);
    snprintf(p->kind, sizeof p->kind, "%s", json_string(client, "kind", "program"));
    p->pid = (int)json_int(client, "pid", 0);
    p->lasting = strcmp(p->kind, "console") == 0 || strcmp(p->kind, "mcp") == 0;
    p->expires_us = expiry_of(hub, c) * 1000;
    if (p->expires_us)
        control_after(hub, batons_tick, NULL);
    if (p->uid != getuid() && *p->invite && strcmp(p->invite, c->invite) == 0)
        neighbours_let_in(hub->neighbours, p->id, c->scope); /* ends with the peer, as it does */
    enum err e = batons_linked(hub, c->who);
    if (e != ERR_OK)
        return e;
    mail_hello(hub, c);
    cJSON *r = cJSON_CreateObject(), *me = cJSON_AddObjectToObject(r, "hub");
    json_add_int(r, "version", max < HUB_PROTOCOL_MAX ? max : HUB_PROTOCOL_MAX);
    cJSON_AddStringToObject(me, "name", hub->name);
    cJSON_AddStringToObject(me, "version", BATON_VERSION);
    json_add_int(me, "pid", getpid());
    json_add_int(me, "started", hub->started_us / 1000);
    cJSON_AddStringToObject(r, "member", c->who);
    cJSON_AddStringToObject(r, "kind", baton_kind_name(c->kind));
    cJSON_AddStringToObject(r, "role", role_name(c->role));
    cJSON_AddStringToObject(r, "workspace", c->scope);
    cJSON_AddStringToObject(r, "inviteId", c->invite);
    json_add_int(r, "expires", p->expires_us / 1000);
    cJSON_AddBoolToObject(r, "mayBeHeld", gate_may_hold(c)); /* a call may wait for a human */
    json_add_int(r, "clientId", p->id);
    json_add_int(r, "head", hub->event_head);
    call_reply(c, r);
    return ERR_OK;
}

static cJSON *describe(const struct peer *p)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "member", p->who);
    cJSON_AddStringToObject(o, "kind", baton_kind_name(p->member_kind));
    cJSON_AddStringToObject(o, "role", role_name(p->role));
    cJSON_AddStringToObject(o, "inviteId", p->invite);
    cJSON_AddStringToObject(o, "client", p->kind);
    cJSON_AddStringToObject(o, "workspace", p->workspace);
    cJSON_AddStringToObject(o, "looking", p->looking);
    json_add_int(o, "rows", p->rows);
    json_add_int(o, "cols", p->cols);
    json_add_int(o, "since", p->since_us / 1000);
    json_add_int(o, "clientId", p->id);
    return o;
}

enum err member_list(struct hub *hub, struct call *c)
{
    const char *workspace = call_string(c, "workspace", NULL);
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < hub->peer_count; i++) {
        const struct peer *p = &hub->peers[i];
        if (p->present && (!workspace || strcmp(p->workspace, workspace) == 0))
            cJSON_AddItemToArray(list, describe(p));
    }
    call_reply(c, list);
    return ERR_OK;
}

enum err member_look(struct hub *hub, struct call *c)
{
    struct peer *p = find_or_add(hub, c);
    const char *workspace = call_string(c, "workspace", "");
    bool moved = p->present && strcmp(p->workspace, workspace) != 0;
    enum err e = ERR_OK;

    if (moved) {
        cJSON *data = describe(p);
        e = control_event(hub, "memberLeft", p->workspace, p->who, "", data);
        cJSON_Delete(data);
    }
    snprintf(p->workspace, sizeof p->workspace, "%s", workspace);
    snprintf(p->looking, sizeof p->looking, "%s", call_string(c, "target", ""));
    p->rows = (int)call_int(c, "rows", p->rows);
    p->cols = (int)call_int(c, "cols", p->cols);
    if (e == ERR_OK && (!p->present || moved)) {
        cJSON *data = describe(p);
        e = control_event(hub, "memberJoined", workspace, p->who, "", data);
        cJSON_Delete(data);
    }
    if (e == ERR_OK) {
        p->present = true;
        call_reply(c, NULL);
    }
    return e;
}

enum err member_alive(struct hub *hub, struct call *c)
{
    enum err e = batons_linked(hub, c->who);
    if (e == ERR_OK)
        call_reply(c, NULL);
    return e;
}

enum err members_gone(struct hub *hub, uint32_t peer)
{
    struct peer *p = find(hub, peer);
    enum err e = ERR_OK;
    if (!p)
        return ERR_OK;
    const struct peer was = *p;
    if (was.present) {
        cJSON *data = describe(&was);
        e = control_event(hub, "memberLeft", was.workspace, was.who, "", data);
        cJSON_Delete(data);
    }
    if (e != ERR_OK)
        return e;
    p->lasting = false;
    if (was.lasting)
        e = batons_unlinked(hub, was.who);
    if (e != ERR_OK) {
        p->lasting = was.lasting;
        return e;
    }
    *p = hub->peers[--hub->peer_count];
    atomic_fetch_sub(&hub->client_count, 1);
    return ERR_OK;
}
