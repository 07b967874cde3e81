/* The audit's chain, without where it is kept: each entry's hash covers the hash before it, its
 * number, its time and its text, so whatever is altered, taken out or put elsewhere breaks the
 * chain where it happened. What was cut from the end only a head kept elsewhere can tell.
 *
 * Nothing here is secret: who may write to the database can write a chain anew. Whoever wants to be
 * sure of that too notes the head (`audit verify` prints it) where the hub cannot write. Pure
 * functions; any thread. */
#ifndef BATON_MAIL_AUDIT_H
#define BATON_MAIL_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUDIT_HASH 32                   /* bytes: BLAKE2b-256 */
#define AUDIT_HEX  (2 * AUDIT_HASH + 1) /* as text, with its NUL */

struct audit_head { /* the newest entry; all zero: there is none */
    int64_t n;
    unsigned char hash[AUDIT_HASH];
};

/* Lets the library choose its fastest code for this processor; without it the hashes are the same.
 * Called when a journal is opened. */
void audit_ready(void);

/* The hash of entry n: over the 32 bytes of the hash before (zeroes before the first one), then the
 * text "N AT_US ENTRY", both numbers in decimal. */
void audit_hash(const unsigned char before[AUDIT_HASH], int64_t n, int64_t at_us, const char *entry,
                size_t size, unsigned char out[AUDIT_HASH]);
void audit_hex(const unsigned char hash[AUDIT_HASH], char out[AUDIT_HEX]);
/* False when it is no hash in hex. */
bool audit_from_hex(const char *hex, unsigned char out[AUDIT_HASH]);

/* A hash over fields in order. Each goes in with its length before it, so no two different rows of
 * fields look alike; a field that is not there differs from an empty one. */
struct audit_fields {
    _Alignas(64) unsigned char state[384]; /* of the library, checked against its size */
};
/* begin, then fields, then end, once; nothing to be freed. */
void audit_fields_begin(struct audit_fields *f);
void audit_fields_bytes(struct audit_fields *f, const void *bytes, size_t n); /* NULL: not there */
void audit_fields_text(struct audit_fields *f, const char *text);             /* NULL: not there */
void audit_fields_int(struct audit_fields *f, int64_t value);
void audit_fields_end(struct audit_fields *f, char out[AUDIT_HEX]);

/* --- verifying: a walk from the first entry to the last --------------------------------------- */

enum audit_flaw {
    AUDIT_WHOLE,
    AUDIT_ALTERED, /* an entry is not what was written */
    AUDIT_MISSING, /* an entry is not there, later ones are */
    AUDIT_CUT,     /* the newest entries are not there */
    AUDIT_BEYOND,  /* there are entries newer than the head, or no head though it was kept */
    AUDIT_MESSAGE_ALTERED, /* a message, its recipients or attachments are not what was sent */
    AUDIT_MESSAGE_MISSING, /* a message that was sent is not there */
    AUDIT_MESSAGE_UNKNOWN, /* a message is there that no entry tells of */
};
const char *audit_flaw_name(enum audit_flaw flaw); /* "whole", "altered" … static */

/* The next entry of a walk; `at` starts as all zero and holds the last good one. On a flaw it stays
 * where it was, and the entry with the flaw is at->n + 1. */
enum audit_flaw audit_step(struct audit_head *at, int64_t n, int64_t at_us, const char *entry,
                           size_t size, const void *hash, size_t hash_size);
/* After the last one: is this the head that was kept (NULL: none was)? */
enum audit_flaw audit_finish(const struct audit_head *at, const struct audit_head *kept);

#endif
