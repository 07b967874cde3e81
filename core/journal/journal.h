/* The journal: everything but bulk bytes, in one SQLite database (WAL, synchronous=FULL). Events,
 * and beside them the tables that later work adds, are written in the same transaction as what they
 * tell of. Control's thread alone writes; ids are given inside the transaction and rise for ever.
 *
 * Use: journal_begin, any number of writes, journal_commit. Only what is committed is published.
 * After a failed commit nothing of the transaction is there, and the next begin may succeed (a full
 * disk heals); an I/O error that leaves the outcome unknown makes every later begin fail: the hub
 * has to be started anew, and reads what is really on disk. */
#ifndef BATON_JOURNAL_JOURNAL_H
#define BATON_JOURNAL_JOURNAL_H

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/json.h"

#include <stddef.h>
#include <stdint.h>

/* 2: numbers of session events, the outbox; 3: mail; 4: fewer indexes. */
#define JOURNAL_VERSION 4

struct journal;

/* Opens or makes DIR/journal.db. ERR_TOO_NEW when a newer baton wrote it; *ret_why (caller frees)
 * has a sentence on every error. ":memory:" as dir is a database for tests. */
enum err journal_open(const char *dir, struct journal **ret_journal, char **ret_why);
void journal_close(struct journal *j); /* takes NULL; rolls back what is open */

enum err journal_begin(struct journal *j);
enum err journal_commit(struct journal *j);
void journal_rollback(struct journal *j);
/* True when the transaction that was begun is there no more: a failure has undone all of it.
 * Nothing may be written before journal_rollback, for each statement would be a transaction of its
 * own. */
bool journal_is_undone(const struct journal *j);

/* The log grows with each commit, and has to be written back into the database at times; that takes
 * syncs of its own, so it is not the commit that does it. How much it is time for: */
enum journal_tidy { JOURNAL_TIDY_NOTHING, JOURNAL_TIDY_ASIDE, JOURNAL_TIDY_NOW };
enum journal_tidy journal_untidy(const struct journal *j);
/* Writes back what is committed. On any thread, one at a time; nobody waits for it. What is
 * committed meanwhile is left, and with anything left the log does not begin anew: when it has
 * become too long (JOURNAL_TIDY_NOW) control does the rest itself, between two transactions.
 * Gives what journal_tidied is to be told, on control. */
int journal_tidy(struct journal *j);
void journal_tidied(struct journal *j, int pages);

/* One call's part of the transaction: what fails is undone alone, the rest of the batch stays. */
enum err journal_save(struct journal *j); /* begin of the part */
enum err journal_keep(struct journal *j); /* it is good */
void journal_undo(struct journal *j);     /* it is undone */

uint64_t journal_bytes(const struct journal *j); /* of the database and its log */

struct event {
    int64_t id;                                  /* given by journal_event */
    const char *kind, *workspace, *who, *target; /* borrowed; "" when none */
    int64_t time_us;
    const cJSON *data; /* borrowed */
    int64_t seq;       /* its number among its target's events, for those of a session; 0: none */
};

/* Writes an event; sets e->id and, when 0, e->time_us. */
enum err journal_event(struct journal *j, struct event *e);
/* The event as one line of JSON: {id, kind, workspace, time, who, target, data}; caller frees. */
char *journal_event_json(const struct event *e);

struct event_filter {
    int64_t since;                         /* strictly greater ids, */
    int64_t until;                         /* and none beyond this one; 0: all */
    const char *workspace, *kind, *target; /* NULL: any */
    /* Beside those of the workspace the events about mail that this member sent or got, which
     * belong to no workspace. NULL: none of them. */
    const char *member;
    int limit;
    bool *ret_cut; /* the page was full before the limit: there may be more; NULL: not asked */
};
/* An array of events, oldest first, as many as JOURNAL_PAGE holds but one at least; *ret_head is
 * the newest id that there is. */
#define JOURNAL_PAGE (8u * 1024 * 1024) /* bytes of their data */
enum err journal_events(struct journal *j, const struct event_filter *f, cJSON **ret_events,
                        int64_t *ret_head);

/* The numbered events of a session whose number is greater than since, in order, at most limit, and
 * as many as max_bytes hold but one at least: appended to out as the text of a JSON array of
 * {sequenceNumber, timestamp (milliseconds), notification: {method, params}}. method NULL: all. */
enum err journal_session_events(struct journal *j, const char *session, int64_t since, int limit,
                                size_t max_bytes, const char *method, struct buf *out);
/* Deletes the numbered events of a session that is destroyed. */
enum err journal_forget(struct journal *j, const char *target);

/* What goes into an agent's stdin and is not known to have arrived: rows of bytes, each at its
 * position in that one stream of bytes. */
enum err journal_outbox_add(struct journal *j, const char *stream, uint64_t at, const void *bytes,
                            size_t n);
/* In order of their positions; bytes are borrowed, and visit must not change the outbox. */
typedef void (*journal_outbox_visit)(void *data, uint64_t at, const char *bytes, size_t n);
enum err journal_outbox_each(struct journal *j, const char *stream, journal_outbox_visit visit,
                             void *data);
/* Deletes the rows that end at `before` or earlier: they have arrived. */
enum err journal_outbox_done(struct journal *j, const char *stream, uint64_t before);
enum err journal_outbox_drop(struct journal *j, const char *stream);

/* A number that rises by one at each call and is never given twice: names of shells and such. */
enum err journal_next(struct journal *j, const char *counter, int64_t *ret_value);

/* Small documents by (kind, key): a workspace, a shell's row, a layout. put replaces. */
enum err journal_put(struct journal *j, const char *kind, const char *key, const cJSON *value);
enum err journal_get(struct journal *j, const char *kind, const char *key, cJSON **ret_value);
enum err journal_drop(struct journal *j, const char *kind, const char *key);
/* Calls visit for each of a kind in order of keys; value is borrowed. */
enum err journal_each(struct journal *j, const char *kind,
                      void (*visit)(void *data, const char *key, const cJSON *value), void *data);
/* The first of a kind whose key is behind `key`, as the text that it was put as: both are the
 * caller's. ERR_NOT_FOUND: none is behind it. */
enum err journal_behind(struct journal *j, const char *kind, const char *key, char **ret_key,
                        char **ret_text);
/* How many there are of a kind, and the bytes of their texts together. */
enum err journal_weigh(struct journal *j, const char *kind, int64_t *ret_count, int64_t *ret_bytes);

#endif
