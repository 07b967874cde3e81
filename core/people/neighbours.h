/* Who else of this machine may come to a hub, and as what: the lines of the configuration's
 * `members`, and the users who have been at the door, whose account and groups the machine told.
 * From both follows a user's right. Nothing here asks the machine itself, nothing waits.
 *
 * Also those whom a token let in by the same door, each with the connection that showed it: what
 * they may hear is asked for together with the rest.
 *
 * The table may be used by any thread; each function takes the lock for a copy's time only, and
 * what it gives is a copy. */
#ifndef BATON_PEOPLE_NEIGHBOURS_H
#define BATON_PEOPLE_NEIGHBOURS_H

#include "core/catalogue/catalogue.h"
#include "core/people/baton.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define NEIGHBOURS_MET_MAX 4096 /* users who are remembered */

/* A line of `members`. One that names what the machine does not have is not among them. */
struct neighbour {
    char name[BATON_NAME_MAX]; /* of the line; a user's is also the member's */
    bool group;
    id_t id; /* uid, or gid */
    enum role role;
    char workspace[BATON_NAME_MAX]; /* the only one that it opens; "" all */
};

/* A user as the machine knows them. */
struct neighbour_person {
    uid_t uid;
    char account[BATON_NAME_MAX]; /* "" when the machine has no name for the uid, or too long a one
                                   */
    const gid_t *groups;          /* borrowed */
    size_t group_count;
};

/* What somebody may: `member` is as whom they act. */
struct neighbour_right {
    char member[BATON_NAME_MAX];
    enum role role;
    char workspace[BATON_NAME_MAX];
};

/* Which right follows from the lines; false: none, *ret stays. The line of the user counts before
 * those of groups, of several groups' the first. Whoever comes by a group goes by the account's
 * name; with the uid behind it when that is a line's name, so that two do not go by one. Pure. */
bool neighbours_match(const struct neighbour *lines, size_t count,
                      const struct neighbour_person *person, struct neighbour_right *ret);

/* Are two rights the same? Pure. */
bool neighbours_same(const struct neighbour_right *a, const struct neighbour_right *b);

struct neighbours;

struct neighbours *neighbours_create(void); /* empty */
void neighbours_destroy(struct neighbours *n);

/* Puts these lines (copied) in the place of those before; who was met has their right anew. */
void neighbours_put(struct neighbours *n, const struct neighbour *lines, size_t count);

/* Somebody is at the door (copied). Who is met again is known as they are now. Of more than
 * NEIGHBOURS_MET_MAX one without a right is forgotten, or else this one not remembered. */
void neighbours_meet(struct neighbours *n, const struct neighbour_person *person);

/* The right of a user; false when there is none or they were never met. */
bool neighbours_find(struct neighbours *n, uid_t uid, struct neighbour_right *ret);

/* The right of a member by name: of a user's line, or of somebody met; false: no such. */
bool neighbours_named(struct neighbours *n, const char *member, struct neighbour_right *ret);

/* The uids of all who were met; the caller frees. Never NULL. */
uid_t *neighbours_met(struct neighbours *n, size_t *ret_count);

/* A token let this connection in, into one workspace ("" all); and it has gone. */
void neighbours_let_in(struct neighbours *n, uint32_t peer, const char *workspace);
void neighbours_gone(struct neighbours *n, uint32_t peer);

/* May a user, or the connection `peer` (0 none), come in at all? */
bool neighbours_know(struct neighbours *n, uid_t uid, uint32_t peer);
/* And hear of what is in a workspace? NULL: of what belongs to none. */
bool neighbours_may_hear(struct neighbours *n, uid_t uid, uint32_t peer, const char *workspace);

#endif
