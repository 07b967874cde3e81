/* Identities: who has an inbox and under which addresses. Control's. */
#include "core/base/clock.h"
#include "core/hub/mail/email.h"
#include "core/hub/policy/policy_gate.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static cJSON *describe(struct hub *hub, const struct mail_identity *i)
{
    cJSON *o = cJSON_CreateObject();
    char address[MAIL_ADDRESS], at[32];
    mail_address(hub, i->name, address);
    clock_format(i->created_us, at, sizeof at);
    cJSON_AddStringToObject(o, "name", i->name);
    cJSON_AddStringToObject(o, "email", address);
    cJSON_AddStringToObject(o, "kind", i->human ? "human" : "agent");
    cJSON_AddStringToObject(o, "policy_group", i->policy_group);
    cJSON_AddStringToObject(o, "created_at", at);
    if (i->revoked_us) {
        clock_format(i->revoked_us, at, sizeof at);
        cJSON_AddStringToObject(o, "revoked_at", at);
    }
    return o;
}

static void add_alias(void *data, const char *address, const char *name)
{
    (void)name;
    cJSON_AddItemToArray(data, cJSON_CreateString(address));
}

static enum err reply_whole(struct hub *hub, struct call *c, const struct mail_identity *i)
{
    cJSON *o = describe(hub, i);
    enum err e =
        journal_aliases(hub->journal, i->name, add_alias, cJSON_AddArrayToObject(o, "aliases"));
    return call_answer(c, e, o);
}

static enum err audit(struct hub *hub, struct call *c, const char *what, const char *key,
                      const char *value)
{
    cJSON *more = cJSON_CreateObject();
    cJSON_AddStringToObject(more, key, value);
    enum err e = journal_audit(hub->journal, what, "", call_who(c), more);
    cJSON_Delete(more);
    return e;
}

enum err identity_create(struct hub *hub, struct call *c)
{
    struct mail_identity i = {.created_us = clock_wall_us()}, there;
    const char *name = call_string(c, "name", "");
    enum err e = journal_identity_get(hub->journal, name, &there);
    if (e == ERR_OK && there.revoked_us)
        return call_fail(c, ERR_EXISTS, "%s was revoked; a name is not given to somebody else",
                         there.name);
    if (e == ERR_OK)
        return call_fail(c, ERR_EXISTS, "there is an identity %s already", there.name);
    if (e != ERR_NOT_FOUND)
        return e;
    snprintf(i.name, sizeof i.name, "%s", name);
    snprintf(i.policy_group, sizeof i.policy_group, "%s", call_string(c, "policy_group", ""));
    i.human = strcmp(call_string(c, "kind", "agent"), "human") == 0;
    e = journal_identity_put(hub->journal, &i);
    if (e == ERR_OK)
        gate_know(hub, &i);
    if (e == ERR_OK)
        e = audit(hub, c, "identity created", "name", i.name);
    return e == ERR_OK ? reply_whole(hub, c, &i) : e;
}

struct listing {
    struct hub *hub;
    const struct call *c;
    cJSON *list;
    bool all;
};

static void list_one(void *data, const struct mail_identity *i)
{
    const struct listing *l = data;
    if ((!i->revoked_us || l->all) && mail_may_meet(l->hub, l->c, i->name))
        cJSON_AddItemToArray(l->list, describe(l->hub, i));
}

enum err identity_list(struct hub *hub, struct call *c)
{
    struct listing l = {hub, c, cJSON_CreateArray(), call_bool(c, "all", false)};
    enum err e = journal_identities(hub->journal, list_one, &l);
    return call_answer(c, e, l.list);
}

/* Whoever names one that is not there yet gets it: no ceremony before the first mail. */
enum err identity_use(struct hub *hub, struct call *c)
{
    struct mail_identity i;
    const char *name = call_string(c, "name", "");
    enum err e = mail_ensure(hub, name, false, &i);
    if (e == ERR_DENIED)
        return call_fail(c, e, "the identity %s is revoked", name);
    return e == ERR_OK ? reply_whole(hub, c, &i) : e;
}

enum err identity_get(struct hub *hub, struct call *c)
{
    struct mail_identity i;
    const char *name = call_string(c, "name", NULL);
    enum err e = name ? mail_recipient(hub, c, name, &i) : mail_caller(hub, c, &i);
    return e == ERR_OK ? reply_whole(hub, c, &i) : e;
}

enum err identity_revoke(struct hub *hub, struct call *c)
{
    struct mail_identity i;
    enum err e = mail_recipient(hub, c, call_string(c, "name", ""), &i);
    if (e != ERR_OK)
        return e;
    i.revoked_us = clock_wall_us();
    e = journal_identity_put(hub->journal, &i);
    if (e == ERR_OK)
        e = audit(hub, c, "identity revoked", "name", i.name);
    return e == ERR_OK ? reply_whole(hub, c, &i) : e;
}

enum err identity_alias(struct hub *hub, struct call *c)
{
    struct mail_identity i;
    struct address a;
    char why[300], owner[MAIL_NAME], own[MAIL_ADDRESS];
    const char *text = call_string(c, "address", "");
    bool drop = call_bool(c, "remove", false);
    enum err e = mail_recipient(hub, c, call_string(c, "name", ""), &i);
    if (e != ERR_OK)
        return e;
    mail_address(hub, i.name, own);
    if (address_parse(text, strlen(text), strrchr(own, '@') + 1, &a, why, sizeof why) != ERR_OK)
        return call_fail(c, ERR_INVALID, "%s", why);
    for (char *p = a.spec; *p; p++)
        *p = (char)((unsigned char)*p < 0x80 ? tolower((unsigned char)*p) : *p);
    e = journal_alias_get(hub->journal, a.spec, owner);
    if (e == ERR_OK && strcmp(owner, i.name) != 0)
        return call_fail(c, ERR_EXISTS, "%s is an address of %s", a.spec, owner);
    if (e == ERR_NOT_FOUND && drop)
        return call_fail(c, ERR_NOT_FOUND, "%s is no alias of %s", a.spec, i.name);
    if (e == ERR_OK || e == ERR_NOT_FOUND)
        e = drop ? journal_alias_drop(hub->journal, a.spec)
                 : journal_alias_put(hub->journal, a.spec, i.name);
    if (e == ERR_OK)
        e = audit(hub, c, drop ? "alias removed" : "alias added", "address", a.spec);
    return e == ERR_OK ? reply_whole(hub, c, &i) : e;
}
