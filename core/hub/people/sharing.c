/* Who else of this machine may come. The configuration names users and groups; which uid and gid
 * they are is asked of the machine at the start and at each reload, and which groups a user is in
 * when they are at the door: only there, on a thread of the endpoints, because such a question may
 * go over a network. What a caller says about itself counts for nothing.
 *
 * A reload puts the new lines in force behind its commit and its events, so that whoever is cut off
 * hears why. Control, but for hub_meet, hub_knows and hub_may_hear. */
#include "core/hub/people/sharing.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/hub/people/batons.h"
#include "core/people/neighbours.h"
#include "core/people/role.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER_FIRST = 4096, BUFFER_MOST = 1024 * 1024, GROUPS_MOST = 65536 };

struct lines {
    bool any; /* the configuration has members, known to the machine or not */
    size_t count;
    char wrong[600]; /* what hub.status says of lines that let nobody in; may be cut */
    struct neighbour line[];
};

/* --- asking the machine ----------------------------------------------------------------------- */

static bool find_user(const char *account, id_t *ret_uid)
{
    struct passwd pw, *found = NULL;
    char *buffer = NULL;
    int code = ERANGE;
    for (size_t size = BUFFER_FIRST; code == ERANGE && size <= BUFFER_MOST; size *= 2) {
        buffer = mem_realloc(buffer, size);
        code = getpwnam_r(account, &pw, buffer, size, &found);
    }
    if (found)
        *ret_uid = found->pw_uid;
    free(buffer);
    return found != NULL;
}

static bool find_group(const char *name, id_t *ret_gid)
{
    struct group gr, *found = NULL;
    char *buffer = NULL;
    int code = ERANGE;
    for (size_t size = BUFFER_FIRST; code == ERANGE && size <= BUFFER_MOST; size *= 2) {
        buffer = mem_realloc(buffer, size); /* a group's members are in there, too */
        code = getgrnam_r(name, &gr, buffer, size, &found);
    }
    if (found)
        *ret_gid = found->gr_gid;
    free(buffer);
    return found != NULL;
}

static gid_t *groups_of(const struct passwd *pw, size_t *ret_count)
{
    int size = 64, count = size;
    gid_t *groups = mem_calloc((size_t)size, sizeof *groups);
    while (getgrouplist(pw->pw_name, pw->pw_gid, groups, &count) < 0 && size < GROUPS_MOST) {
        size = count > size ? count : size * 2;
        count = size;
        groups = mem_reallocarray(groups, (size_t)size, sizeof *groups);
    }
    *ret_count = (size_t)(count < size ? count : size);
    return groups;
}

/* Who is behind a uid. person->groups is then the caller's, as *ret_groups. */
static void ask(uid_t uid, struct neighbour_person *person, gid_t **ret_groups)
{
    struct passwd pw, *found = NULL;
    char *buffer = NULL;
    int code = ERANGE;
    *person = (struct neighbour_person){.uid = uid};
    *ret_groups = NULL;
    for (size_t size = BUFFER_FIRST; code == ERANGE && size <= BUFFER_MOST; size *= 2) {
        buffer = mem_realloc(buffer, size);
        code = getpwuid_r(uid, &pw, buffer, size, &found);
    }
    if (found) {
        if (strlen(pw.pw_name) < sizeof person->account)
            snprintf(person->account, sizeof person->account, "%s", pw.pw_name);
        person->groups = *ret_groups = groups_of(&pw, &person->group_count);
    }
    free(buffer);
}

/* --- for the endpoints; any thread but the hub's, and any thread -------------------------------
 */

void hub_meet(struct hub *hub, uid_t uid)
{
    struct neighbour_person person;
    gid_t *groups;
    ask(uid, &person, &groups);
    neighbours_meet(hub->neighbours, &person);
    free(groups);
}

bool hub_knows(struct hub *hub, uid_t uid, uint32_t peer)
{
    return neighbours_know(hub->neighbours, uid, peer);
}

/* The workspace that a topic is of: NULL for the hub as a whole. False: it cannot be told. */
static bool place_of(struct hub *hub, const char *topic, char room[64], const char **ret_place)
{
    struct stream_info info;
    if (topic[0] == '\0' || topic[1] != '/')
        return false;
    if (topic[0] == 's' || topic[0] == 'h' || topic[0] == 'o') {
        if (!registry_get(hub->registry, topic + 2, &info))
            return false;
        memcpy(room, info.workspace, sizeof info.workspace);
    } else if (topic[0] == 'e') {
        const size_t n = strcspn(topic + 2, "/");
        if (n == 0 || n >= 64 || topic[2 + n] != '/')
            return false;
        memcpy(room, topic + 2, n);
        room[n] = '\0';
    } else {
        return false;
    }
    *ret_place = topic[0] == 'e' && strcmp(room, "-") == 0 ? NULL : room;
    return true;
}

bool hub_may_hear(struct hub *hub, uid_t uid, uint32_t peer, const char *topic)
{
    const char *place = NULL;
    char room[64];
    return place_of(hub, topic, room, &place) &&
           neighbours_may_hear(hub->neighbours, uid, peer, place);
}

/* --- the lines -------------------------------------------------------------------------------- */

/* A line of the configuration that lets nobody in: the log tells, and the hub's status. */
static void refuse_line(struct lines *lines, const char *name, const char *why)
{
    const size_t n = strlen(lines->wrong); /* always less than its size */
    log_warn("members: \"%s\" lets nobody in: %s", name, why);
    snprintf(lines->wrong + n, sizeof lines->wrong - n, "; \"%s\" lets nobody in: %s", name, why);
}

static bool read_line(const struct hub *hub, const cJSON *entry, struct lines *lines,
                      struct neighbour *ret)
{
    const char *user = json_string(entry, "user", NULL);
    const char *account = json_string(entry, "group", user);
    struct neighbour line = {.group = user == NULL};
    snprintf(line.name, sizeof line.name, "%s", entry->string);
    snprintf(line.workspace, sizeof line.workspace, "%s", json_string(entry, "workspace", ""));
    if (!account || !role_from_name(json_string(entry, "role", ""), &line.role))
        return false;
    if (!line.group && strcmp(line.name, hub->user) == 0) {
        refuse_line(lines, line.name, "it is the name of this hub's owner");
        return false;
    }
    if (!(line.group ? find_group : find_user)(account, &line.id)) {
        char why[160];
        snprintf(why, sizeof why, "there is no %s \"%.100s\"", line.group ? "group" : "user",
                 account);
        refuse_line(lines, line.name, why);
        return false;
    }
    *ret = line;
    return true;
}

static struct lines *read_lines(const struct hub *hub, const struct config *config)
{
    const cJSON *members = config_members(config), *entry;
    const size_t most = (size_t)cJSON_GetArraySize(members);
    struct lines *lines = mem_zalloc(sizeof *lines + most * sizeof *lines->line);
    lines->any = most > 0;
    cJSON_ArrayForEach(entry, members)
    {
        if (read_line(hub, entry, lines, &lines->line[lines->count]))
            lines->count++;
    }
    return lines;
}

/* --- in force --------------------------------------------------------------------------------- */

static void set_state(struct hub *hub, const char *state)
{
    free(hub->sharing);
    hub->sharing = mem_strdup(state);
}

const char *sharing_state(const struct hub *hub)
{
    return hub->sharing ? hub->sharing : "off";
}

/* wrong: what is to be said beside it, from struct lines. */
static void open_doors(struct hub *hub, bool on, const char *wrong)
{
    char *why = NULL;
    enum err e = hub->io->share(hub->io_data, on, &why);
    if (e == ERR_OK) {
        char *state = mem_printf("%s%s", on ? "on" : "off", wrong);
        set_state(hub, state);
        free(state);
        return;
    }
    log_error("the hub is not shared with other users: %s", why ? why : err_text(e)->person);
    set_state(hub, why ? why : err_text(e)->person);
    free(why);
}

void sharing_start(struct hub *hub)
{
    struct lines *lines = read_lines(hub, hub->config);
    neighbours_put(hub->neighbours, lines->line, lines->count);
    if (lines->any)
        open_doors(hub, true, lines->wrong);
    free(lines);
}

static bool came_by_uid(const struct peer *p, uid_t uid)
{
    return p->uid == uid && uid != getuid() && !*p->invite;
}

/* Ends what a user has by being who they are; what a token let in goes on. */
static void cut_off_user(struct hub *hub, uid_t uid)
{
    uint32_t *spare = mem_calloc(hub->peer_count, sizeof *spare);
    size_t count = 0;
    for (size_t i = 0; i < hub->peer_count; i++)
        if (hub->peers[i].uid == uid && *hub->peers[i].invite)
            spare[count++] = hub->peers[i].id;
    hub->io->disconnect_user(hub->io_data, uid, spare, count);
    free(spare);
}

/* --- after the commit of a reload ------------------------------------------------------------- */

static enum err put_lines(struct hub *hub, void *arg)
{
    const struct lines *lines = arg;
    size_t count;
    uid_t *met = neighbours_met(hub->neighbours, &count);
    neighbours_put(hub->neighbours, lines->line, lines->count);
    for (size_t i = 0; i < count; i++) { /* groups may have changed as well */
        hub_meet(hub, met[i]);
        if (!neighbours_know(hub->neighbours, met[i], 0))
            cut_off_user(hub, met[i]);
    }
    free(met);
    open_doors(hub, lines->any, lines->wrong);
    return ERR_OK;
}

static enum err cut_off(struct hub *hub, void *arg)
{
    cut_off_user(hub, *(const uid_t *)arg);
    return ERR_OK;
}

/* --- within the batch of a reload ------------------------------------------------------------- */

/* Tells the user in each workspace that they look at, for there their consoles listen. */
static enum err tell(struct hub *hub, uid_t uid, const char *by, const char *reason)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < hub->peer_count; i++) {
        const struct peer *p = &hub->peers[i];
        bool told = !came_by_uid(p, uid);
        for (size_t k = 0; !told && k < i; k++)
            told = came_by_uid(&hub->peers[k], uid) &&
                   strcmp(hub->peers[k].workspace, p->workspace) == 0;
        if (told)
            continue;
        cJSON *data = cJSON_CreateObject();
        cJSON_AddStringToObject(data, "member", p->who);
        cJSON_AddStringToObject(data, "by", by);
        cJSON_AddStringToObject(data, "reason", reason);
        e = control_event(hub, "memberKicked", p->workspace, by, p->who, data);
        cJSON_Delete(data);
    }
    return e;
}

static bool drives_otherwise(const struct hub *hub, const char *member, uid_t uid)
{
    for (size_t i = 0; i < hub->peer_count; i++)
        if (strcmp(hub->peers[i].who, member) == 0 && !came_by_uid(&hub->peers[i], uid))
            return true;
    return false;
}

static enum err change_one(struct hub *hub, const struct lines *lines, uid_t uid, const char *by)
{
    struct neighbour_person person;
    struct neighbour_right old, right;
    gid_t *groups;
    enum err e = ERR_OK;
    if (!neighbours_find(hub->neighbours, uid, &old))
        return ERR_OK;
    ask(uid, &person, &groups);
    const bool has = neighbours_match(lines->line, lines->count, &person, &right);
    free(groups);
    if (has && neighbours_same(&old, &right))
        return ERR_OK;
    e = tell(hub, uid, by,
             has ? "the configuration gives another role or workspace now"
                 : "the configuration does not name them any more");
    if (e == ERR_OK && !drives_otherwise(hub, old.member, uid))
        e = batons_member_gone(hub, old.member);
    if (e == ERR_OK)
        control_after(hub, cut_off, mem_dup(&uid, sizeof uid));
    return e;
}

enum err sharing_reload(struct hub *hub, const struct config *fresh, const char *by)
{
    struct lines *lines = read_lines(hub, fresh);
    size_t count;
    uid_t *met = neighbours_met(hub->neighbours, &count);
    enum err e = ERR_OK;
    control_after(hub, put_lines, lines); /* first: who is cut off comes back at once */
    for (size_t i = 0; e == ERR_OK && i < count; i++)
        e = change_one(hub, lines, met[i], by);
    free(met);
    return e;
}

bool sharing_may_drive(struct hub *hub, const char *name, const char *workspace)
{
    struct neighbour_right r;
    return neighbours_named(hub->neighbours, name, &r) && role_may(r.role, ROLE_DRIVER) &&
           (!*r.workspace || strcmp(r.workspace, workspace) == 0);
}
