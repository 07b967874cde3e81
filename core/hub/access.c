/* Who calls, and may it? Asked before every handler, in this one place, on either hub thread:
 *
 * - a token decides alone: its invitation says which member, role and workspace;
 * - by a sandbox's door nobody comes without one, and only with one of that very workspace; a name
 *   beside it has to be its own;
 * - without one, a process of the hub's own Unix user is the owner, under the name that it gives;
 * - a process of another user is who the configuration's members say, and nobody without them;
 * - the row says which role it needs; and who is bound to one workspace may call only what names
 *   something in it (or rows with CAP_SELF, whose handlers leave out what is elsewhere).
 *
 * What is not allowed here is refused: a row that names neither role nor place is not there for
 * guests. */
#include "core/hub/hub_private.h"
#include "core/base/clock.h"
#include "core/base/text.h"
#include "core/catalogue/schemas.h"
#include "core/people/neighbours.h"
#include "core/people/role.h"
#include "core/people/roster.h"

#include <string.h>
#include <unistd.h>

static bool member_name_ok(const char *name)
{
    size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.@-");
    return n >= 1 && n < MEMBER_NAME_MAX && name[n] == '\0';
}

static enum err identify_by_token(struct call *c, const char *token, char *why, size_t size)
{
    struct grant grant;
    enum roster_answer answer = roster_find(c->hub->roster, token, clock_wall_us() / 1000, &grant);
    if (answer != ROSTER_OK) {
        roster_refusal(answer, &grant, why, size);
        return ERR_TOKEN;
    }
    snprintf(c->who, sizeof c->who, "%s", grant.member);
    snprintf(c->scope, sizeof c->scope, "%s", grant.workspace);
    snprintf(c->invite, sizeof c->invite, "%s", grant.id);
    c->kind = grant.kind;
    c->role = grant.role;
    return ERR_OK;
}

static enum err identify_by_uid(struct call *c, char *why, size_t size)
{
    struct neighbour_right right;
    if (!neighbours_find(c->hub->neighbours, c->uid, &right)) {
        snprintf(why, size,
                 "this hub is %s's: come with a token, or have yourself named under \"members\" in "
                 "its configuration",
                 c->hub->user);
        return ERR_DENIED;
    }
    memcpy(c->who, right.member, sizeof c->who);
    memcpy(c->scope, right.workspace, sizeof c->scope);
    c->kind = BATON_HUMAN;
    c->role = right.role;
    return ERR_OK;
}

/* Every process in there is the hub's own Unix user to the kernel: that says nothing here. */
static enum err identify_at_door(struct call *c, const char *token, const char *name, char *why,
                                 size_t size)
{
    if (!*token) {
        snprintf(why, size, "by the door of \"%s\" one comes with a token (BATON_TOKEN) only",
                 c->door);
        return ERR_TOKEN;
    }
    enum err e = identify_by_token(c, token, why, size);
    if (e == ERR_OK && strcmp(c->scope, c->door) != 0) {
        snprintf(why, size, "this is the door of \"%s\"; the token is not for that workspace",
                 c->door);
        e = ERR_DENIED;
    } else if (e == ERR_OK && *name && strcmp(name, c->who) != 0) {
        snprintf(why, size, "the token is %s's; nobody else can be named beside it", c->who);
        e = ERR_DENIED;
    }
    return e;
}

enum err access_identify(struct call *c, char *why, size_t size)
{
    const cJSON *auth = json_get(c->request, "auth");
    const char *token = json_string(auth, "token", ""), *name = json_string(auth, "identity", "");
    if (*c->door)
        return identify_at_door(c, token, name, why, size);
    if (*token)
        return identify_by_token(c, token, why, size);
    if (c->uid != getuid())
        return identify_by_uid(c, why, size);
    if (*name && !member_name_ok(name)) {
        snprintf(why, size, "the identity is no name of a member");
        return ERR_INVALID;
    }
    snprintf(c->who, sizeof c->who, "%s", *name ? name : c->hub->user);
    c->kind = BATON_HUMAN;
    c->role = ROLE_OWNER;
    return ERR_OK;
}

static enum err outside(const struct call *c, char *why, size_t size)
{
    snprintf(why, size, "%s %s the workspace \"%s\" only", c->who,
             *c->invite ? "is invited to" : "may see", c->scope);
    return ERR_DENIED;
}

/* A shell, process, stream or session that the input names, if it does; among the things that the
 * handler would look at. What does not exist is as far away as what is elsewhere. */
static enum err check_targets(const struct call *c, bool *ret_named, char *why, size_t size)
{
    static const struct {
        const char *key;
        unsigned things;
    } names[] = {{"shellId", THINGS_STREAMS},
                 {"streamId", THINGS_STREAMS},
                 {"sessionId", THINGS_SESSIONS},
                 {"processId", THINGS_PROCESSES},
                 {"target", THINGS_TARGETS}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *text = json_string(c->params, names[i].key, "");
        struct stream_info info;
        char id[32];
        if (!*text)
            continue;
        *ret_named = true;
        if (registry_resolve_among(c->hub->registry, names[i].things, text, id) != ERR_OK ||
            !registry_get(c->hub->registry, id, &info) || strcmp(info.workspace, c->scope) != 0)
            return outside(c, why, size);
    }
    return ERR_OK;
}

static enum err check_workspace(struct call *c, struct schemas *schemas, bool *ret_named, char *why,
                                size_t size)
{
    static const char *const names[] = {"workspace", "key"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!schemas_has(schemas, c->row, names[i]))
            continue;
        const char *text = json_string(c->params, names[i], NULL);
        *ret_named = true;
        if (text && strcmp(text, c->scope) != 0)
            return outside(c, why, size);
        if (!text)
            cJSON_AddStringToObject(c->params, names[i], c->scope);
    }
    return ERR_OK;
}

enum err access_check(struct call *c, struct schemas *schemas, char *why, size_t size)
{
    bool named = false;
    if (!role_may(c->role, c->row->role)) {
        snprintf(why, size, "%s is here as %s; %s.%s needs the role %s", c->who, role_name(c->role),
                 c->row->group, c->row->name, role_name(c->row->role));
        return ERR_DENIED;
    }
    if (!*c->scope || (c->row->flags & CAP_BINDING))
        return ERR_OK;
    enum err e = check_workspace(c, schemas, &named, why, size);
    if (e == ERR_OK)
        e = check_targets(c, &named, why, size);
    if (e == ERR_OK && !named && !(c->row->flags & CAP_SELF))
        e = outside(c, why, size);
    return e;
}
