/* Who may do what by which token: the invitations of a hub, found by the hash of the token that a
 * caller shows. Readable from both hub threads: any thread, each function takes the lock for a
 * copy's time only, and what it gives is a copy. Only a copy of what the journal has; whoever
 * changes it has written the journal first. The clock is the caller's. */
#ifndef BATON_PEOPLE_ROSTER_H
#define BATON_PEOPLE_ROSTER_H

#include "core/base/err.h"
#include "core/catalogue/catalogue.h"
#include "core/people/baton.h"
#include "core/people/token.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROSTER_MAX 65536 /* invitations, those that ended or were revoked included */

/* One invitation. Texts end with a NUL; all but the workspace have something in them. */
struct grant {
    char hash[TOKEN_HASH];       /* of its token (token_hash) */
    char id[32];                 /* of the invitation, such as "inv3"; no two grants share one */
    char member[BATON_NAME_MAX]; /* as whom its guest acts */
    enum baton_kind kind;
    enum role role;
    char workspace[64]; /* the only one that it opens; "" all */
    int64_t expires_ms; /* since 1970, UTC; from this moment on it is over. 0: never */
    bool revoked;
};

enum roster_answer {
    ROSTER_OK,
    ROSTER_UNKNOWN, /* no grant has this token, or the text is none */
    ROSTER_EXPIRED,
    ROSTER_REVOKED, /* said also of those that would be over by now */
    ROSTER_ANSWER_COUNT
};

struct roster;

struct roster *roster_create(void); /* empty */
void roster_destroy(struct roster *r);

/* Adds the grant (copied), or puts it in the place of the one with its id; the old one's token then
 * opens nothing. ERR_INVALID: a text, the kind or the role is not as above. ERR_EXISTS: another id
 * has this hash. ERR_LIMIT: ROSTER_MAX are there and none of them is revoked, else the oldest that
 * is makes room. On each of these nothing has changed. */
enum err roster_put(struct roster *r, const struct grant *grant);

/* Forgets the grant; false when there is none. Its token is then unknown: to have its guest told
 * why, put it revoked instead. */
bool roster_remove(struct roster *r, const char *id);

/* What a token (untrusted text, may be NULL) opens at now_ms. *ret has its grant, and is as it was
 * when the answer is ROSTER_UNKNOWN. Act on it for ROSTER_OK alone. */
enum roster_answer roster_find(struct roster *r, const char *token, int64_t now_ms,
                               struct grant *ret);

/* Does any grant, ended ones included, bind a member of that name? *ret_here: to this workspace, or
 * to all. */
bool roster_binds(struct roster *r, const char *member, const char *workspace, bool *ret_here);

/* The oldest revoked grant of that member for that workspace alone, when more than `keep` are. */
bool roster_surplus(struct roster *r, const char *member, const char *workspace, size_t keep,
                    char ret_id[32]);

/* A copy of all, in the order in which their ids came; the caller frees. Never NULL. */
struct grant *roster_all(struct roster *r, size_t *ret_count);

/* Writes one clear sentence for the person whose token was refused, safe for a terminal, without a
 * full stop; "" for ROSTER_OK. The grant is read for ROSTER_EXPIRED and ROSTER_REVOKED. Cut short
 * after a whole character when it does not fit; 512 bytes are always enough. Pure. */
void roster_refusal(enum roster_answer answer, const struct grant *grant, char *out, size_t size);

#endif
