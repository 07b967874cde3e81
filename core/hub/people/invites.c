/* Invitations: tokens that let a guest in as one member, with one role, into one workspace; and
 * putting somebody out. The journal keeps a hash; the roster is its copy for both threads. Control.
 */
#include "core/base/clock.h"
#include "core/base/duration.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/hub/people/batons.h"
#include "core/people/role.h"
#include "core/people/roster.h"

#include <stdlib.h>
#include <string.h>

#define ENDED_KEPT 16 /* of one member, of those that the hub made for its programs */

/* --- the document and its copy ---------------------------------------------------------------- */

static bool read_grant(const cJSON *doc, struct grant *ret)
{
    struct grant g = {.expires_ms = json_int(doc, "expires", 0),
                      .revoked = json_bool(doc, "revoked", false)};
    snprintf(g.hash, sizeof g.hash, "%s", json_string(doc, "hash", ""));
    snprintf(g.id, sizeof g.id, "%s", json_string(doc, "inviteId", ""));
    snprintf(g.member, sizeof g.member, "%s", json_string(doc, "member", ""));
    snprintf(g.workspace, sizeof g.workspace, "%s", json_string(doc, "workspace", ""));
    g.kind = strcmp(json_string(doc, "kind", ""), baton_kind_name(BATON_AGENT)) == 0 ? BATON_AGENT
                                                                                     : BATON_HUMAN;
    if (!role_from_name(json_string(doc, "role", ""), &g.role))
        return false;
    *ret = g;
    return true;
}

static enum err put_in_roster(struct hub *hub, void *arg)
{
    return roster_put(hub->roster, arg);
}

static void recover_one(void *data, const char *key, const cJSON *doc)
{
    struct hub *hub = data;
    struct grant g;
    (void)key;
    if (read_grant(doc, &g))
        roster_put(hub->roster, &g);
}

enum err invites_recover(struct hub *hub)
{
    return journal_each(hub->journal, "invite", recover_one, hub);
}

bool invites_may_drive(struct hub *hub, const char *name, const char *workspace,
                       enum baton_kind *ret_kind)
{
    const int64_t now = clock_wall_us() / 1000;
    size_t count;
    bool found = false;
    struct grant *all = roster_all(hub->roster, &count);
    for (size_t i = 0; !found && i < count; i++) {
        const struct grant *g = &all[i];
        found = strcmp(g->member, name) == 0 && !g->revoked &&
                (g->expires_ms == 0 || g->expires_ms > now) && role_may(g->role, ROLE_DRIVER) &&
                (!*g->workspace || strcmp(g->workspace, workspace) == 0);
        if (found)
            *ret_kind = g->kind;
    }
    free(all);
    return found;
}

/* --- putting out ------------------------------------------------------------------------------ */

struct ending {
    char member[MEMBER_NAME_MAX], invite[32];
};

/* After the commit and its events: whoever does not leave by itself is cut off. */
static enum err disconnect(struct hub *hub, void *arg)
{
    const struct ending *e = arg;
    for (size_t i = 0; i < hub->peer_count; i++) {
        struct peer *p = &hub->peers[i];
        if ((*e->invite && strcmp(p->invite, e->invite) == 0) ||
            (*e->member && strcmp(p->who, e->member) == 0)) {
            p->expires_us = 0; /* it is going already */
            hub->io->disconnect(hub->io_data, p->id);
        }
    }
    for (const struct call *c = hub->parked; c; c = c->next) /* of who never said hello, too */
        if (*e->invite && strcmp(c->invite, e->invite) == 0)
            hub->io->disconnect(hub->io_data, c->peer);
    return ERR_OK;
}

/* An agent also by another token for that place: one of its programs has ended. */
static bool drives_otherwise(struct hub *hub, const struct grant *g)
{
    const int64_t now = clock_wall_us() / 1000;
    bool other = false;
    size_t count;
    struct grant *all = roster_all(hub->roster, &count);
    for (size_t i = 0; i < count && !other && g->kind == BATON_AGENT; i++)
        other = strcmp(all[i].member, g->member) == 0 && strcmp(all[i].id, g->id) != 0 &&
                strcmp(all[i].workspace, g->workspace) == 0 && !all[i].revoked &&
                (!all[i].expires_ms || all[i].expires_ms > now);
    free(all);
    if (other)
        return true;
    for (size_t i = 0; i < hub->peer_count; i++)
        if (strcmp(hub->peers[i].who, g->member) == 0 && strcmp(hub->peers[i].invite, g->id) != 0)
            return true;
    return false;
}

/* Ends what came by an invitation that holds no more: its member's batons go on, then its links. */
static enum err end_invite(struct hub *hub, const struct grant *g, const char *by,
                           const char *reason)
{
    enum err e = ERR_OK;
    if (!drives_otherwise(hub, g))
        e = batons_member_gone(hub, g->member);
    cJSON *data = cJSON_CreateObject();
    cJSON_AddStringToObject(data, "inviteId", g->id);
    cJSON_AddStringToObject(data, "member", g->member);
    cJSON_AddStringToObject(data, "by", by);
    json_add_text(data, "reason", reason, strlen(reason));
    if (e == ERR_OK)
        e = control_event(hub, "inviteRevoked", g->workspace, by, g->id, data);
    cJSON_Delete(data);
    if (e == ERR_OK) {
        struct ending ending = {0};
        memcpy(ending.invite, g->id, sizeof ending.invite);
        control_after(hub, disconnect, mem_dup(&ending, sizeof ending));
    }
    return e;
}

static enum err revoke_invite(struct hub *hub, const char *id, const char *by, const char *reason)
{
    cJSON *doc = NULL;
    struct grant g;
    enum err e = journal_get(hub->journal, "invite", id, &doc);
    if (e == ERR_OK && (json_bool(doc, "revoked", false) || !read_grant(doc, &g))) {
        cJSON_Delete(doc);
        return ERR_OK;
    }
    if (e != ERR_OK)
        return e;
    g.revoked = true;
    cJSON_ReplaceItemInObjectCaseSensitive(doc, "revoked", cJSON_CreateBool(true));
    e = journal_put(hub->journal, "invite", id, doc);
    cJSON_Delete(doc);
    if (e == ERR_OK)
        control_after(hub, put_in_roster, mem_dup(&g, sizeof g));
    return e == ERR_OK ? end_invite(hub, &g, by, reason) : e;
}

enum err member_kick(struct hub *hub, struct call *c)
{
    const char *member = call_string(c, "member", ""), *reason = call_string(c, "reason", "");
    char workspaces[8][64] = {""};
    size_t count = 0, links = 0;
    enum err e = ERR_OK;
    for (size_t i = 0; i < hub->peer_count; i++) {
        const struct peer *p = &hub->peers[i];
        if (strcmp(p->who, member) != 0)
            continue;
        links++;
        size_t k = 0;
        while (k < count && strcmp(workspaces[k], p->workspace) != 0)
            k++;
        if (k == count && count < 8)
            memcpy(workspaces[count++], p->workspace, sizeof p->workspace);
    }
    if (!links)
        return call_fail(c, ERR_NOT_FOUND, "\"%s\" is not attached; see: baton member list",
                         member);
    if (call_bool(c, "revoke", false)) {
        size_t n;
        struct grant *all = roster_all(hub->roster, &n);
        for (size_t i = 0; e == ERR_OK && i < n; i++)
            if (strcmp(all[i].member, member) == 0 && !all[i].revoked)
                e = revoke_invite(hub, all[i].id, c->who, reason);
        free(all);
    }
    cJSON *data = cJSON_CreateObject();
    cJSON_AddStringToObject(data, "member", member);
    cJSON_AddStringToObject(data, "by", c->who);
    json_add_text(data, "reason", reason, strlen(reason));
    if (e == ERR_OK)
        e = batons_member_gone(hub, member);
    for (size_t i = 0; e == ERR_OK && i < count; i++)
        e = control_event(hub, "memberKicked", workspaces[i], c->who, member, data);
    cJSON_Delete(data);
    if (e != ERR_OK)
        return e;
    struct ending ending = {0};
    snprintf(ending.member, sizeof ending.member, "%s", member);
    control_after(hub, disconnect, mem_dup(&ending, sizeof ending));
    cJSON *r = cJSON_CreateObject();
    cJSON_AddStringToObject(r, "member", member);
    json_add_int(r, "links", (int64_t)links);
    call_reply(c, r);
    return ERR_OK;
}

enum err invites_end(struct hub *hub, const char *id, const char *by, const char *reason)
{
    enum err e = *id ? revoke_invite(hub, id, by, reason) : ERR_OK;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err invites_end_all(struct hub *hub, const char *workspace, const char *by, const char *reason)
{
    size_t count;
    enum err e = ERR_OK;
    struct grant *all = roster_all(hub->roster, &count);
    for (size_t i = 0; e == ERR_OK && i < count; i++)
        if (!all[i].revoked && strcmp(all[i].workspace, workspace) == 0)
            e = invites_end(hub, all[i].id, by, reason);
    free(all);
    return e;
}

/* --- making ----------------------------------------------------------------------------------- */

static cJSON *grant_doc(const struct grant *g, const char *by, const char *note)
{
    cJSON *doc = cJSON_CreateObject();
    cJSON_AddStringToObject(doc, "inviteId", g->id);
    cJSON_AddStringToObject(doc, "member", g->member);
    cJSON_AddStringToObject(doc, "kind", baton_kind_name(g->kind));
    cJSON_AddStringToObject(doc, "role", role_name(g->role));
    cJSON_AddStringToObject(doc, "workspace", g->workspace);
    json_add_int(doc, "expires", g->expires_ms);
    json_add_int(doc, "created", clock_wall_us() / 1000);
    cJSON_AddStringToObject(doc, "createdBy", by);
    cJSON_AddBoolToObject(doc, "revoked", g->revoked);
    if (*note)
        json_add_text(doc, "note", note, strlen(note));
    return doc;
}

static enum err next_id(struct hub *hub, struct grant *g, int64_t *ret_number)
{
    enum err e = journal_next(hub->journal, "invite", ret_number);
    snprintf(g->id, sizeof g->id, "inv%lld", (long long)*ret_number);
    return e;
}

/* Gives the grant its token, writes it down and tells of it; *ret_told is the document without its
 * hash. The caller frees that on ERR_OK. */
static enum err make(struct hub *hub, struct grant *g, const char *by, const char *note,
                     char *out_token, cJSON **ret_told)
{
    token_make(out_token);
    token_hash(out_token, g->hash);
    cJSON *doc = grant_doc(g, by, note), *told = cJSON_Duplicate(doc, true);
    cJSON_AddStringToObject(doc, "hash", g->hash);
    enum err e = journal_put(hub->journal, "invite", g->id, doc);
    if (e == ERR_OK)
        e = control_event(hub, "inviteCreated", g->workspace, by, g->id, told);
    cJSON_Delete(doc);
    if (e != ERR_OK) {
        cJSON_Delete(told);
        return e;
    }
    control_after(hub, put_in_roster, mem_dup(g, sizeof *g));
    control_after(hub, batons_tick, NULL);
    *ret_told = told;
    return ERR_OK;
}

static enum err forget_in_roster(struct hub *hub, void *arg)
{
    roster_remove(hub->roster, arg);
    return ERR_OK;
}

/* Each program in a sandbox has one, and an agent begins thousands: of those that have ended a few
 * stay, so that a late caller is told why and its name is still known to belong there. */
static enum err forget_surplus(struct hub *hub, const struct grant *g)
{
    char id[32];
    if (!roster_surplus(hub->roster, g->member, g->workspace, ENDED_KEPT, id))
        return ERR_OK;
    enum err e = journal_drop(hub->journal, "invite", id);
    if (e == ERR_OK)
        control_after(hub, forget_in_roster, mem_strdup(id));
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err invites_for_agent(struct hub *hub, const char *member, const char *workspace,
                           const char *by, const char *note, char out_id[32], char *out_token)
{
    struct grant g = {.kind = BATON_AGENT, .role = ROLE_AGENT};
    cJSON *told = NULL;
    int64_t number;
    enum err e = next_id(hub, &g, &number);
    if (e != ERR_OK)
        return e;
    snprintf(g.member, sizeof g.member, "%s", member);
    snprintf(g.workspace, sizeof g.workspace, "%s", workspace);
    e = forget_surplus(hub, &g);
    if (e == ERR_OK)
        e = make(hub, &g, by, note, out_token, &told);
    cJSON_Delete(told);
    memcpy(out_id, g.id, sizeof g.id);
    return e;
}

/* --- the calls -------------------------------------------------------------------------------- */

/* Plain enough to stand in single quotes within the double quotes of an authorized_keys line. */
static bool quotable(const char *text)
{
    return text[strcspn(text, "'\"\\\n\r$`")] == '\0';
}

/* The line for ~/.ssh/authorized_keys, before the guest's key: that key then opens this console and
 * nothing else. What the hub has not set is set to nothing: sshd may take variables from the guest.
 */
static char *authorized_keys(const struct hub *hub, const char *token, const char *workspace)
{
    static const char *const passed[] = {"XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME",
                                         "BATON_THEMES"};
    struct buf line = {0};
    if (!quotable(hub->program))
        return NULL;
    buf_puts(&line, "restrict,pty,command=\"");
    for (size_t i = 0; i < sizeof passed / sizeof *passed; i++) {
        const char *value = getenv(passed[i]);
        buf_printf(&line, "%s='%s' ", passed[i], value && quotable(value) ? value : "");
    }
    buf_printf(&line, "BATON_TOKEN=%s exec '%s' -L %s -w %s attach\"", token, hub->program,
               hub->name, workspace);
    return line.data;
}

static enum err read_expiry(struct call *c, int64_t *ret_ms)
{
    const char *text = call_string(c, "expires", NULL);
    int64_t ms = 0;
    *ret_ms = 0;
    if (!text)
        return ERR_OK;
    if (duration_parse(text, &ms) != ERR_OK || ms <= 0)
        return call_fail(c, ERR_INVALID, "\"expires\" is a time such as 90s, 30m, 2h or 7d");
    *ret_ms = clock_wall_us() / 1000 + ms;
    return ERR_OK;
}

enum err baton_invite(struct hub *hub, struct call *c)
{
    const char *key = call_string(c, "workspace", "main"), *as = call_string(c, "as", NULL);
    const bool drive = call_bool(c, "drive", false), agent = call_bool(c, "agent", false);
    struct grant g = {.kind = agent ? BATON_AGENT : BATON_HUMAN,
                      .role = agent   ? ROLE_AGENT
                              : drive ? ROLE_DRIVER
                                      : ROLE_OBSERVER};
    cJSON *workspace = NULL, *r = NULL;
    char token[TOKEN_TEXT];
    int64_t number = 0;

    if (call_bool(c, "observe", false) && (drive || agent))
        return call_fail(c, ERR_INVALID, "an invitation is to observe or to drive, not both");
    enum err e = journal_get(hub->journal, "workspace", key, &workspace);
    cJSON_Delete(workspace);
    if (e == ERR_NOT_FOUND)
        return call_fail(
            c, e, "there is no workspace \"%s\"; open it with: baton workspace open %s", key, key);
    if (e == ERR_OK)
        e = read_expiry(c, &g.expires_ms);
    if (e == ERR_OK)
        e = next_id(hub, &g, &number);
    if (e != ERR_OK)
        return e;
    if (as)
        snprintf(g.member, sizeof g.member, "%s", as);
    else
        snprintf(g.member, sizeof g.member, "%s%lld", agent ? "agent" : "guest", (long long)number);
    if (strcmp(g.member, hub->user) == 0)
        return call_fail(c, ERR_EXISTS, "%s is the owner of this hub", hub->user);
    snprintf(g.workspace, sizeof g.workspace, "%s", key);
    e = make(hub, &g, c->who, call_string(c, "note", ""), token, &r);
    if (e != ERR_OK)
        return e;
    char *line = authorized_keys(hub, token, key);
    cJSON_AddStringToObject(r, "token", token);
    cJSON_AddStringToObject(r, "authorizedKeys", line ? line : "");
    free(line);
    call_reply(c, r);
    return ERR_OK;
}

static void list_one(void *data, const char *key, const cJSON *doc)
{
    cJSON *copy = cJSON_Duplicate(doc, true);
    (void)key;
    cJSON_DeleteItemFromObjectCaseSensitive(copy, "hash");
    cJSON_AddItemToArray(data, copy);
}

enum err invite_list(struct hub *hub, struct call *c)
{
    cJSON *list = cJSON_CreateArray();
    enum err e = journal_each(hub->journal, "invite", list_one, list);
    return call_answer(c, e, list);
}

enum err invite_revoke(struct hub *hub, struct call *c)
{
    const char *id = call_string(c, "inviteId", "");
    enum err e = revoke_invite(hub, id, c->who, call_string(c, "reason", ""));
    if (e == ERR_NOT_FOUND)
        return call_fail(c, e, "there is no invitation \"%s\"; see: baton invite list", id);
    if (e != ERR_OK)
        return e;
    cJSON *r = cJSON_CreateObject();
    cJSON_AddStringToObject(r, "inviteId", id);
    call_reply(c, r);
    return ERR_OK;
}

static bool told_before(const struct hub *hub, size_t peer)
{
    for (size_t i = 0; i < peer; i++)
        if (hub->peers[i].expires_us && strcmp(hub->peers[i].invite, hub->peers[peer].invite) == 0)
            return true;
    return false;
}

/* Guests whose time is over are put out then, not at their next call. Nobody revoked them: whoever
 * comes with that token later is told when it ended. */
enum err invites_tick(struct hub *hub, int64_t now_us, int64_t *soonest_us)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < hub->peer_count; i++) {
        const struct peer *p = &hub->peers[i];
        struct grant g;
        cJSON *doc = NULL;
        if (p->expires_us == 0 || told_before(hub, i))
            continue;
        if (p->expires_us > now_us) {
            *soonest_us = p->expires_us < *soonest_us ? p->expires_us : *soonest_us;
            continue;
        }
        e = journal_get(hub->journal, "invite", p->invite, &doc);
        if (e == ERR_OK && read_grant(doc, &g))
            e = end_invite(hub, &g, "", "its time is over");
        cJSON_Delete(doc);
    }
    return e;
}
