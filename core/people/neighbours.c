/* The table of neighbours. Flat arrays: a machine has dozens of users, not millions, and a right is
 * worked out when somebody is met or the lines change, so that looking it up is one short walk. */
#include "core/people/neighbours.h"
#include "core/base/mem.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMBER_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.@-"

struct met {
    struct neighbour_person person;
    gid_t *groups; /* the person's; owned */
    bool has;      /* a right */
    struct neighbour_right right;
};

struct pass { /* a token's */
    uint32_t peer;
    char workspace[BATON_NAME_MAX];
};

struct neighbours {
    pthread_mutex_t lock;
    struct neighbour *lines;
    size_t line_count;
    struct met *met;
    size_t met_count;
    struct pass *passes;
    size_t pass_count;
};

/* ---- pure ---- */

static bool in_group(const struct neighbour_person *person, id_t gid)
{
    for (size_t i = 0; i < person->group_count; i++)
        if (person->groups[i] == gid)
            return true;
    return false;
}

/* As whom somebody acts who comes by a group. */
static void name_person(const struct neighbour *lines, size_t count,
                        const struct neighbour_person *person, char out[BATON_NAME_MAX])
{
    const char *account = person->account;
    const bool plain = *account && account[strspn(account, MEMBER_LETTERS)] == '\0';
    bool taken = false;
    for (size_t i = 0; i < count; i++)
        taken |= !lines[i].group && strcmp(lines[i].name, account) == 0;
    if (!plain)
        snprintf(out, BATON_NAME_MAX, "uid%u", (unsigned)person->uid);
    else if (taken)
        snprintf(out, BATON_NAME_MAX, "%.*s@%u", BATON_NAME_MAX - 12, account,
                 (unsigned)person->uid);
    else
        snprintf(out, BATON_NAME_MAX, "%s", account);
}

bool neighbours_match(const struct neighbour *lines, size_t count,
                      const struct neighbour_person *person, struct neighbour_right *ret)
{
    const struct neighbour *found = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct neighbour *line = &lines[i];
        if (!line->group && line->id == person->uid) {
            found = line;
            break;
        }
        if (!found && line->group && in_group(person, line->id))
            found = line;
    }
    if (!found)
        return false;
    ret->role = found->role;
    memcpy(ret->workspace, found->workspace, sizeof ret->workspace);
    if (found->group)
        name_person(lines, count, person, ret->member);
    else
        memcpy(ret->member, found->name, sizeof ret->member);
    return true;
}

bool neighbours_same(const struct neighbour_right *a, const struct neighbour_right *b)
{
    return a->role == b->role && strcmp(a->member, b->member) == 0 &&
           strcmp(a->workspace, b->workspace) == 0;
}

/* ---- the table, with the lock ---- */

static void match(const struct neighbours *n, struct met *m)
{
    m->has = neighbours_match(n->lines, n->line_count, &m->person, &m->right);
}

static struct met *find_met(struct neighbours *n, uid_t uid)
{
    for (size_t i = 0; i < n->met_count; i++)
        if (n->met[i].person.uid == uid)
            return &n->met[i];
    return NULL;
}

/* Room for one more, empty; NULL when all who are there have a right. */
static struct met *add_met(struct neighbours *n)
{
    struct met *m = NULL;
    if (n->met_count < NEIGHBOURS_MET_MAX) {
        n->met = mem_reallocarray(n->met, n->met_count + 1, sizeof *n->met);
        m = &n->met[n->met_count++];
    } else {
        for (size_t i = 0; !m && i < n->met_count; i++)
            if (!n->met[i].has)
                m = &n->met[i];
        if (m)
            free(m->groups);
    }
    if (m)
        *m = (struct met){0};
    return m;
}

static struct pass *find_pass(const struct neighbours *n, uint32_t peer)
{
    for (size_t i = 0; peer && i < n->pass_count; i++)
        if (n->passes[i].peer == peer)
            return &n->passes[i];
    return NULL;
}

/* ---- for callers ---- */

struct neighbours *neighbours_create(void)
{
    struct neighbours *n = mem_zalloc(sizeof *n);
    pthread_mutex_init(&n->lock, NULL);
    return n;
}

void neighbours_destroy(struct neighbours *n)
{
    if (!n)
        return;
    for (size_t i = 0; i < n->met_count; i++)
        free(n->met[i].groups);
    pthread_mutex_destroy(&n->lock);
    free(n->lines);
    free(n->met);
    free(n->passes);
    free(n);
}

void neighbours_put(struct neighbours *n, const struct neighbour *lines, size_t count)
{
    struct neighbour *copy = mem_dup(lines, count * sizeof *copy);
    pthread_mutex_lock(&n->lock);
    struct neighbour *before = n->lines;
    n->lines = copy;
    n->line_count = count;
    for (size_t i = 0; i < n->met_count; i++)
        match(n, &n->met[i]);
    pthread_mutex_unlock(&n->lock);
    free(before);
}

void neighbours_meet(struct neighbours *n, const struct neighbour_person *person)
{
    gid_t *groups = mem_dup(person->groups, person->group_count * sizeof *groups);
    pthread_mutex_lock(&n->lock);
    struct met *m = find_met(n, person->uid);
    if (m)
        free(m->groups);
    else
        m = add_met(n);
    if (m) {
        m->person = *person;
        m->person.groups = m->groups = groups;
        match(n, m);
        groups = NULL;
    }
    pthread_mutex_unlock(&n->lock);
    free(groups);
}

bool neighbours_find(struct neighbours *n, uid_t uid, struct neighbour_right *ret)
{
    pthread_mutex_lock(&n->lock);
    const struct met *m = find_met(n, uid);
    const bool has = m && m->has;
    if (has)
        *ret = m->right;
    pthread_mutex_unlock(&n->lock);
    return has;
}

bool neighbours_named(struct neighbours *n, const char *member, struct neighbour_right *ret)
{
    bool found = false;
    pthread_mutex_lock(&n->lock);
    for (size_t i = 0; !found && i < n->line_count; i++) {
        const struct neighbour *line = &n->lines[i];
        found = !line->group && strcmp(line->name, member) == 0;
        if (found) {
            ret->role = line->role;
            memcpy(ret->member, line->name, sizeof ret->member);
            memcpy(ret->workspace, line->workspace, sizeof ret->workspace);
        }
    }
    for (size_t i = 0; !found && i < n->met_count; i++) {
        found = n->met[i].has && strcmp(n->met[i].right.member, member) == 0;
        if (found)
            *ret = n->met[i].right;
    }
    pthread_mutex_unlock(&n->lock);
    return found;
}

uid_t *neighbours_met(struct neighbours *n, size_t *ret_count)
{
    pthread_mutex_lock(&n->lock);
    uid_t *all = mem_calloc(n->met_count, sizeof *all);
    for (size_t i = 0; i < n->met_count; i++)
        all[i] = n->met[i].person.uid;
    *ret_count = n->met_count;
    pthread_mutex_unlock(&n->lock);
    return all;
}

void neighbours_let_in(struct neighbours *n, uint32_t peer, const char *workspace)
{
    pthread_mutex_lock(&n->lock);
    struct pass *pass = find_pass(n, peer);
    if (!pass) {
        n->passes = mem_reallocarray(n->passes, n->pass_count + 1, sizeof *n->passes);
        pass = &n->passes[n->pass_count++];
        pass->peer = peer;
    }
    snprintf(pass->workspace, sizeof pass->workspace, "%s", workspace);
    pthread_mutex_unlock(&n->lock);
}

void neighbours_gone(struct neighbours *n, uint32_t peer)
{
    pthread_mutex_lock(&n->lock);
    struct pass *pass = find_pass(n, peer);
    if (pass)
        *pass = n->passes[--n->pass_count];
    pthread_mutex_unlock(&n->lock);
}

bool neighbours_know(struct neighbours *n, uid_t uid, uint32_t peer)
{
    pthread_mutex_lock(&n->lock);
    const struct met *m = find_met(n, uid);
    const bool known = (m && m->has) || find_pass(n, peer);
    pthread_mutex_unlock(&n->lock);
    return known;
}

static bool opens(const char *scope, const char *workspace)
{
    return !*scope || (workspace && strcmp(scope, workspace) == 0);
}

bool neighbours_may_hear(struct neighbours *n, uid_t uid, uint32_t peer, const char *workspace)
{
    pthread_mutex_lock(&n->lock);
    const struct met *m = find_met(n, uid);
    const struct pass *pass = find_pass(n, peer);
    const bool may = (m && m->has && opens(m->right.workspace, workspace)) ||
                     (pass && opens(pass->workspace, workspace));
    pthread_mutex_unlock(&n->lock);
    return may;
}
