/* The roster: each grant is in two hash tables with the same number of buckets, one by the token's
 * hash and one by id, and in a list that keeps their order. What always holds between calls: an
 * entry is in all three, no two have the same hash or the same id, and there are no more entries
 * than buckets. All of it belongs to the lock. Any thread. */
#include "core/people/roster.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/people/role.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIRST_BUCKETS 64 /* a power of two, as all that follow */

struct entry {
    struct grant grant;
    struct entry *next_hash, *next_id; /* in the same bucket */
    struct entry *before, *after;      /* in the order of coming */
};

struct roster {
    pthread_mutex_t lock;
    struct entry **by_hash, **by_id; /* `buckets` heads each */
    size_t buckets, count;
    struct entry *first, *last;
};

/* ---- the tables ---- */

/* FNV-1a. Nobody chooses what comes here: hashes are of random tokens, ids are the hub's. */
static size_t bucket_of(const struct roster *r, const char *text)
{
    uint64_t n = UINT64_C(14695981039346656037);
    for (; *text; text++)
        n = (n ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return (size_t)(n ^ n >> 32) & (r->buckets - 1);
}

/* Where the entry with this hash hangs, or the end of its bucket. The comparison takes the same
 * time wherever the difference is, so that answers tell nothing about a hash that is there. */
static struct entry **hash_slot(struct roster *r, const char hash[TOKEN_HASH])
{
    struct entry **at = &r->by_hash[bucket_of(r, hash)];
    while (*at && sodium_memcmp((*at)->grant.hash, hash, TOKEN_HASH) != 0)
        at = &(*at)->next_hash;
    return at;
}

static struct entry **id_slot(struct roster *r, const char *id)
{
    struct entry **at = &r->by_id[bucket_of(r, id)];
    while (*at && strcmp((*at)->grant.id, id) != 0)
        at = &(*at)->next_id;
    return at;
}

static void link_hash(struct roster *r, struct entry *entry)
{
    struct entry **head = &r->by_hash[bucket_of(r, entry->grant.hash)];
    entry->next_hash = *head;
    *head = entry;
}

static void link_id(struct roster *r, struct entry *entry)
{
    struct entry **head = &r->by_id[bucket_of(r, entry->grant.id)];
    entry->next_id = *head;
    *head = entry;
}

static void unlink_hash(struct roster *r, struct entry *entry)
{
    *hash_slot(r, entry->grant.hash) = entry->next_hash;
}

static void set_buckets(struct roster *r, size_t buckets)
{
    free(r->by_hash);
    free(r->by_id);
    r->buckets = buckets;
    r->by_hash = mem_calloc(buckets, sizeof *r->by_hash);
    r->by_id = mem_calloc(buckets, sizeof *r->by_id);
    for (struct entry *entry = r->first; entry; entry = entry->after) {
        link_hash(r, entry);
        link_id(r, entry);
    }
}

/* A new entry with this grant, in all but the table by hash. */
static struct entry *add(struct roster *r, const struct grant *grant)
{
    struct entry *entry = mem_zalloc(sizeof *entry);
    if (r->count == r->buckets)
        set_buckets(r, r->buckets * 2);
    entry->grant = *grant;
    entry->before = r->last;
    *(r->last ? &r->last->after : &r->first) = entry;
    r->last = entry;
    r->count++;
    link_id(r, entry);
    return entry;
}

/* ---- for callers ---- */

struct roster *roster_create(void)
{
    struct roster *r = mem_zalloc(sizeof *r);
    pthread_mutex_init(&r->lock, NULL);
    set_buckets(r, FIRST_BUCKETS);
    return r;
}

void roster_destroy(struct roster *r)
{
    if (!r)
        return;
    for (struct entry *entry = r->first, *after; entry; entry = after) {
        after = entry->after;
        free(entry);
    }
    pthread_mutex_destroy(&r->lock);
    free(r->by_hash);
    free(r->by_id);
    free(r);
}

/* Has it something in it, and its NUL? */
static bool filled(const char *text, size_t size)
{
    return text[0] != '\0' && strnlen(text, size) < size;
}

static bool grant_ok(const struct grant *g)
{
    return strnlen(g->hash, sizeof g->hash) == TOKEN_HASH - 1 &&
           strspn(g->hash, "0123456789abcdef") == TOKEN_HASH - 1 && filled(g->id, sizeof g->id) &&
           filled(g->member, sizeof g->member) &&
           strnlen(g->workspace, sizeof g->workspace) < sizeof g->workspace && (int)g->kind >= 0 &&
           g->kind < BATON_KIND_COUNT &&
           role_may(g->role, ROLE_OBSERVER) && /* as every role there is */
           g->expires_ms >= 0;
}

/* With the lock. */
static bool forget(struct roster *r, const char *id)
{
    struct entry **at = id_slot(r, id), *entry = *at;
    if (!entry)
        return false;
    *at = entry->next_id;
    unlink_hash(r, entry);
    *(entry->before ? &entry->before->after : &r->first) = entry->after;
    *(entry->after ? &entry->after->before : &r->last) = entry->before;
    r->count--;
    free(entry);
    return true;
}

/* With the lock, when all places are taken: those that ended would keep everybody else out. */
static bool make_room(struct roster *r)
{
    const struct entry *entry = r->first;
    while (entry && !entry->grant.revoked)
        entry = entry->after;
    return entry && forget(r, entry->grant.id);
}

enum err roster_put(struct roster *r, const struct grant *grant)
{
    enum err e = ERR_OK;

    if (!grant_ok(grant))
        return ERR_INVALID;
    pthread_mutex_lock(&r->lock);
    struct entry *entry = *id_slot(r, grant->id), *same = *hash_slot(r, grant->hash);
    if (same && same != entry) {
        e = ERR_EXISTS;
    } else if (!entry && r->count == ROSTER_MAX && !make_room(r)) {
        e = ERR_LIMIT;
    } else {
        if (entry)
            unlink_hash(r, entry);
        else
            entry = add(r, grant);
        entry->grant = *grant;
        link_hash(r, entry);
    }
    pthread_mutex_unlock(&r->lock);
    return e;
}

bool roster_remove(struct roster *r, const char *id)
{
    pthread_mutex_lock(&r->lock);
    const bool was = forget(r, id);
    pthread_mutex_unlock(&r->lock);
    return was;
}

bool roster_binds(struct roster *r, const char *member, const char *workspace, bool *ret_here)
{
    bool bound = false, here = false;
    pthread_mutex_lock(&r->lock);
    for (const struct entry *entry = r->first; entry && !here; entry = entry->after) {
        const struct grant *g = &entry->grant;
        if (strcmp(g->member, member) != 0)
            continue;
        bound = true;
        here = !*g->workspace || strcmp(g->workspace, workspace) == 0;
    }
    pthread_mutex_unlock(&r->lock);
    *ret_here = here;
    return bound;
}

bool roster_surplus(struct roster *r, const char *member, const char *workspace, size_t keep,
                    char ret_id[32])
{
    const struct entry *oldest = NULL;
    size_t count = 0;
    pthread_mutex_lock(&r->lock);
    for (const struct entry *entry = r->last; entry && count <= keep; entry = entry->before) {
        const struct grant *g = &entry->grant;
        if (!g->revoked || strcmp(g->member, member) != 0 || strcmp(g->workspace, workspace) != 0)
            continue;
        oldest = entry;
        count++;
    }
    if (count > keep)
        memcpy(ret_id, oldest->grant.id, sizeof oldest->grant.id);
    pthread_mutex_unlock(&r->lock);
    return count > keep;
}

enum roster_answer roster_find(struct roster *r, const char *token, int64_t now_ms,
                               struct grant *ret)
{
    enum roster_answer answer = ROSTER_UNKNOWN;
    char hash[TOKEN_HASH];

    if (!token_ok(token))
        return ROSTER_UNKNOWN;
    token_hash(token, hash);
    pthread_mutex_lock(&r->lock);
    const struct entry *entry = *hash_slot(r, hash);
    if (entry) {
        const struct grant *g = &entry->grant;
        *ret = *g;
        answer = g->revoked                                 ? ROSTER_REVOKED
                 : g->expires_ms && now_ms >= g->expires_ms ? ROSTER_EXPIRED
                                                            : ROSTER_OK;
    }
    pthread_mutex_unlock(&r->lock);
    return answer;
}

struct grant *roster_all(struct roster *r, size_t *ret_count)
{
    pthread_mutex_lock(&r->lock);
    struct grant *all = mem_calloc(r->count, sizeof *all);
    size_t n = 0;
    for (const struct entry *entry = r->first; entry; entry = entry->after)
        all[n++] = entry->grant;
    pthread_mutex_unlock(&r->lock);
    *ret_count = n;
    return all;
}

/* ---- in words ---- */

void roster_refusal(enum roster_answer answer, const struct grant *grant, char *out, size_t size)
{
    char sentence[256] = "", when[40];

    if (answer == ROSTER_EXPIRED) {
        time_t seconds = (time_t)(grant->expires_ms / 1000);
        struct tm tm = {0};
        gmtime_r(&seconds, &tm); /* no number of milliseconds is too large for its years */
        strftime(when, sizeof when, "%Y-%m-%d %H:%M UTC", &tm);
        snprintf(sentence, sizeof sentence, "the invitation %s for %s ended on %s", grant->id,
                 grant->member, when);
    } else if (answer == ROSTER_REVOKED) {
        snprintf(sentence, sizeof sentence, "the invitation %s for %s was revoked", grant->id,
                 grant->member);
    } else if (answer != ROSTER_OK) {
        snprintf(sentence, sizeof sentence, "the token is not known to this hub");
    }
    text_make_safe(out, size, sentence, strlen(sentence)); /* whoever invited chose the name */
}
