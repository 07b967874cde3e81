/* Who has an inbox: identities that come into being where they are first heard of, the addresses
 * that mean them, and who may see whom. Control, within a batch. */
#include "core/hub/mail/mail.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/nearest.h"
#include "core/hub/policy/policy_gate.h"
#include "core/base/text.h"
#include "core/people/neighbours.h"
#include "core/people/roster.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum err mail_ensure(struct hub *hub, const char *name, bool human, struct mail_identity *ret)
{
    struct mail_identity one;
    enum err e = journal_identity_get(hub->journal, name, &one);
    if (e == ERR_NOT_FOUND) {
        one = (struct mail_identity){.human = human, .created_us = clock_wall_us()};
        snprintf(one.name, sizeof one.name, "%s", name);
        e = journal_identity_put(hub->journal, &one);
        if (e == ERR_OK)
            gate_know(hub, &one);
        cJSON *more = cJSON_CreateObject();
        cJSON_AddStringToObject(more, "kind", human ? "human" : "agent");
        if (e == ERR_OK)
            e = journal_audit(hub->journal, "identityCreated", "", name, more);
        cJSON_Delete(more);
    }
    if (e == ERR_OK && one.revoked_us)
        return ERR_DENIED;
    if (e == ERR_OK && ret)
        *ret = one;
    return e;
}

enum err mail_caller(struct hub *hub, struct call *c, struct mail_identity *ret)
{
    enum err e = mail_ensure(hub, c->who, c->kind == BATON_HUMAN, ret);
    return e == ERR_DENIED ? call_fail(c, e, "the identity %s is revoked", c->who) : e;
}

struct greeting {
    bool human;
    char name[MAIL_NAME];
};

static enum err greet(struct hub *hub, void *arg)
{
    const struct greeting *g = arg;
    enum err e = mail_ensure(hub, g->name, g->human, NULL);
    return e == ERR_DENIED ? ERR_OK : e;
}

void mail_hello(struct hub *hub, const struct call *c)
{
    struct mail_identity known;
    struct greeting g = {.human = c->kind == BATON_HUMAN};
    if (journal_identity_get(hub->journal, c->who, &known) != ERR_NOT_FOUND)
        return;
    snprintf(g.name, sizeof g.name, "%s", c->who);
    /* A work of its own: on a full disk one may come in all the same, and it is done later. */
    hub_post_control(hub, greet, mem_dup(&g, sizeof g));
}

void mail_address(struct hub *hub, const char *name, char out[MAIL_ADDRESS])
{
    snprintf(out, MAIL_ADDRESS, "%s@%s", name, config_mail_domain(hub->config));
}

/* --- who may see whom ---------------------------------------------------------------------------
 */

bool mail_may_meet(struct hub *hub, const struct call *c, const char *name)
{
    struct neighbour_right right;
    bool here = false;
    if (!*c->scope || strcmp(name, c->who) == 0 || strcmp(name, hub->user) == 0)
        return true;
    /* Ended invitations count too: whose agent was elsewhere is no neighbour because it has gone.
     */
    bool bound = roster_binds(hub->roster, name, c->scope, &here);
    if (neighbours_named(hub->neighbours, name, &right)) {
        bound = true;
        here = here || !*right.workspace || strcmp(right.workspace, c->scope) == 0;
    }
    return here || !bound; /* bound to nothing: the owner goes by that name */
}

struct search {
    struct hub *hub;
    const struct call *c;
    struct nearest near;
};

static void offer(void *data, const struct mail_identity *one)
{
    struct search *s = data;
    if (!one->revoked_us && mail_may_meet(s->hub, s->c, one->name))
        nearest_offer(&s->near, one->name);
}

static enum err nobody(struct hub *hub, struct call *c, const char *text)
{
    struct search s = {.hub = hub, .c = c};
    char safe[120], names[256], local[NEAREST_NAME];
    text_make_safe(safe, sizeof safe, text, strlen(text));
    snprintf(local, sizeof local, "%.*s", (int)strcspn(text, "@"),
             text); /* domains are all alike */
    nearest_begin(&s.near, local);
    enum err e = journal_identities(hub->journal, offer, &s);
    if (e != ERR_OK)
        return e;
    nearest_list(&s.near, names, sizeof names);
    return call_fail(c, ERR_RECIPIENT, "nobody has the name \"%s\"%s%s", safe,
                     *names ? "; near to it: " : "", names);
}

/* The name that an address stands for: an alias, or one of the hub's own domain. */
static enum err name_of_address(struct hub *hub, const char *text, char out[MAIL_NAME])
{
    char lower[MAIL_ADDRESS];
    const char *at = strrchr(text, '@');
    size_t n = at ? (size_t)(at - text) : 0;
    snprintf(lower, sizeof lower, "%s", text);
    for (char *p = lower; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    enum err e = journal_alias_get(hub->journal, lower, out);
    if (e != ERR_NOT_FOUND)
        return e;
    if (n == 0 || n >= MAIL_NAME || strcasecmp(at + 1, config_mail_domain(hub->config)) != 0)
        return ERR_NOT_FOUND;
    struct mail_identity known;
    snprintf(out, MAIL_NAME, "%.*s", (int)n, text);
    if (journal_identity_get(hub->journal, out, &known) == ERR_NOT_FOUND)
        snprintf(out, MAIL_NAME, "%.*s", (int)n, lower);
    return ERR_OK;
}

enum err mail_recipient(struct hub *hub, struct call *c, const char *text,
                        struct mail_identity *ret)
{
    char name[MAIL_NAME] = "";
    struct mail_identity one;
    enum err e =
        strlen(text) < MAIL_NAME ? journal_identity_get(hub->journal, text, &one) : ERR_NOT_FOUND;
    if (e == ERR_NOT_FOUND) {
        e = name_of_address(hub, text, name);
        if (e == ERR_OK)
            e = journal_identity_get(hub->journal, name, &one);
    }
    if (e == ERR_NOT_FOUND || (e == ERR_OK && !mail_may_meet(hub, c, one.name)))
        return nobody(hub, c, text);
    if (e != ERR_OK)
        return e;
    if (one.revoked_us)
        return call_fail(c, ERR_RECIPIENT, "the identity %s is revoked", one.name);
    *ret = one;
    return ERR_OK;
}

bool mail_attached(struct hub *hub, const char *name)
{
    for (size_t i = 0; i < hub->peer_count; i++)
        if (hub->peers[i].lasting && strcmp(hub->peers[i].who, name) == 0)
            return true;
    for (const struct call *c = hub->parked; c; c = c->next)
        if (c->look && strcmp(c->who, name) == 0)
            return true;
    return false;
}
