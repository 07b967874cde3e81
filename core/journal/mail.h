/* The inbox of everybody, in the journal's tables: identities and their aliases, messages, one
 * delivery for each recipient, attachments, subscriptions, the keys of calls that must not happen
 * twice, and the audit's chain. Control's thread alone, within the transaction that is open;
 * nothing here begins or ends one. Errors are journal.h's; ERR_NOT_FOUND is said where it can come.
 *
 * What is read is handed to a visitor, row by row: texts are borrowed for the time of that call,
 * and a visitor must not write to the journal. What has to be changed is gathered and changed
 * behind. Moments are microseconds since 1970, 0 none. */
#ifndef BATON_JOURNAL_MAIL_H
#define BATON_JOURNAL_MAIL_H

#include "core/journal/journal.h"
#include "core/mail/audit.h"

#define MAIL_NAME    64 /* bytes of an identity's name, the NUL included */
#define MAIL_ID      24 /* of a message's or subscription's id: "msg_" or "sub_" and 16 hex digits */
#define MAIL_ADDRESS 320 /* of an address */
#define MAIL_BODY    (8u * 1024 * 1024)

/* --- identities --------------------------------------------------------------------------------*/

struct mail_identity {
    char name[MAIL_NAME], policy_group[MAIL_NAME]; /* "": in no group */
    bool human;
    int64_t created_us, revoked_us; /* revoked_us 0: it is good */
};

/* ERR_NOT_FOUND: nobody is called so. A revoked one is found too. */
enum err journal_identity_get(struct journal *j, const char *name, struct mail_identity *ret);
/* Adds it, or replaces the one of that name. */
enum err journal_identity_put(struct journal *j, const struct mail_identity *identity);
/* In the order of names, the revoked ones too. */
typedef void (*mail_identity_visit)(void *data, const struct mail_identity *identity);
enum err journal_identities(struct journal *j, mail_identity_visit visit, void *data);

/* Another address of an identity; in small letters (the caller's work). put replaces. */
enum err journal_alias_put(struct journal *j, const char *address, const char *name);
enum err journal_alias_drop(struct journal *j, const char *address);
enum err journal_alias_get(struct journal *j, const char *address, char ret_name[MAIL_NAME]);
typedef void (*mail_alias_visit)(void *data, const char *address, const char *name);
enum err journal_aliases(struct journal *j, const char *name, mail_alias_visit visit,
                         void *data); /* name NULL: all */

/* --- messages ----------------------------------------------------------------------------------*/

enum mail_grammar { MAIL_COMMS, MAIL_EMAIL };
enum mail_priority { MAIL_LOW, MAIL_NORMAL, MAIL_HIGH };

struct mail_message {
    int64_t seq;      /* given by journal_message_add: the order of sending */
    char id[MAIL_ID]; /* given too, when it is empty */
    enum mail_grammar grammar;
    enum mail_priority priority;
    const char *from_name;    /* an identity; "" for mail from outside */
    const char *from_address; /* as it is shown */
    const char *subject, *body;
    size_t body_n;           /* body need not end in NUL when written; it does when read */
    const char *headers;     /* JSON, an object; "" none: To, Cc and what mail from outside had */
    const char *thread_id;   /* "" is set to its own id */
    const char *in_reply_to; /* a message's id; "" none */
    const char *channel;     /* "" for direct ones */
    const char *hops;        /* JSON, an array of names (core/mail/hops.h); "" none */
    int64_t expires_us;      /* from then on nobody gets it; 0 never */
    int64_t sent_us;         /* now, when 0 */
};

/* NULL texts count as "". Sets seq, id, thread (on disk) and sent_us. */
enum err journal_message_add(struct journal *j, struct mail_message *m);

typedef void (*mail_message_visit)(void *data, const struct mail_message *m);
/* One, by its whole id. ERR_NOT_FOUND. */
enum err journal_message_get(struct journal *j, const char *id, mail_message_visit visit,
                             void *data);
/* One, by the beginning of its id: *ret_id is the whole one. ERR_NOT_FOUND, ERR_AMBIGUOUS. */
enum err journal_message_find(struct journal *j, const char *beginning, char ret_id[MAIL_ID]);
/* The same by the end of its id, among the newest MAIL_TAIL_LOOKED: their ids rise, so what was
 * sent on one day begins alike, and it is the end that tells them apart. */
#define MAIL_TAIL_LOOKED 100000
enum err journal_message_tail(struct journal *j, const char *tail, char ret_id[MAIL_ID]);
/* All of a thread, the oldest first. */
enum err journal_thread(struct journal *j, const char *thread_id, mail_message_visit visit,
                        void *data);
/* What somebody sent in one grammar, the oldest first, behind `after` (a seq). */
enum err journal_sent(struct journal *j, const char *name, enum mail_grammar grammar, int64_t after,
                      int limit, mail_message_visit visit, void *data);

struct mail_attachment {
    int n; /* from 1, in order */
    const char *name, *type;
    const void *bytes;
    size_t size;
};
/* n is the caller's to count. Its digest goes into the audit with it. */
enum err journal_attachment_add(struct journal *j, const char *message_id,
                                const struct mail_attachment *a);
typedef void (*mail_attachment_visit)(void *data, const struct mail_attachment *a);
/* All of a message, in order; none is no error. */
enum err journal_attachments(struct journal *j, const char *message_id, mail_attachment_visit visit,
                             void *data);

/* --- deliveries --------------------------------------------------------------------------------*/

enum mail_role { MAIL_TO, MAIL_CC, MAIL_CHANNEL };
enum mail_state { MAIL_QUEUED, MAIL_DELIVERED, MAIL_ACKNOWLEDGED, MAIL_DEAD, MAIL_EXPIRED };
const char *mail_state_name(enum mail_state state); /* "queued" …; static */

/* lease_until_us of what is held back by the loop guard. */
#define MAIL_HELD INT64_MAX

struct mail_delivery {
    int64_t seq; /* given by journal_delivery_add */
    char message_id[MAIL_ID], recipient[MAIL_NAME];
    enum mail_grammar grammar; /* the three as the message has them */
    enum mail_priority priority;
    const char *channel;
    int64_t expires_us;
    enum mail_role role;
    enum mail_state state;
    int64_t delivered_us, read_us, acked_us, lease_until_us;
    char lease_by[MAIL_NAME];
    int tries; /* how often it was handed out under a lease */
};

/* One for a recipient of a message that was added. */
enum err journal_delivery_add(struct journal *j, struct mail_delivery *d);
/* What changes in a delivery's life (state, the moments, lease, tries); found by its seq. */
enum err journal_delivery_put(struct journal *j, const struct mail_delivery *d);

typedef void (*mail_visit)(void *data, const struct mail_delivery *d, const struct mail_message *m);
typedef void (*mail_delivery_visit)(void *data, const struct mail_delivery *d);
/* Of one message to one recipient; m is not read. ERR_NOT_FOUND. *ret has channel "". */
enum err journal_delivery_get(struct journal *j, const char *message_id, const char *recipient,
                              struct mail_delivery *ret);
/* All of a message, in the order of their making. */
enum err journal_deliveries(struct journal *j, const char *message_id, mail_delivery_visit visit,
                            void *data);

/* What waits in an inbox of comms (queued or delivered, nobody's lease, not over): high before
 * normal before low, then oldest first. channel NULL: all; "" direct ones alone. A million of them
 * cost no more than `limit`. At most max_bytes of bodies, but one message at least. */
enum err journal_pending(struct journal *j, const char *recipient, const char *channel,
                         int64_t now_us, int limit, size_t max_bytes, mail_visit visit, void *data);

/* An inbox as people read it. */
struct mail_filter {
    const char *recipient;
    int grammar;           /* enum mail_grammar; -1 both */
    bool unread;           /* only what was not read */
    const char *thread_id; /* NULL: any */
    const char *from;      /* NULL: any; an identity's name, or the address of who has none */
    int64_t after, before; /* strictly between these seqs of deliveries; before 0: no end */
    bool newest_first;
    int limit;
};
/* What a filter lets through, in the order of deliveries; none is no error. */
enum err journal_inbox(struct journal *j, const struct mail_filter *f, mail_visit visit,
                       void *data);

/* How many: `waiting` as journal_pending would give (what is over may be counted until the next
 * sweep), `unread` not read yet. grammar -1: both; channel NULL: all. One row a channel is read. */
struct mail_count {
    int64_t waiting, unread;
};
enum err journal_inbox_count(struct journal *j, const char *recipient, int grammar,
                             const char *channel, struct mail_count *ret);

/* Deliveries whose lease or time is over at now_us, at most limit, the first ones first. */
enum err journal_due(struct journal *j, int64_t now_us, int limit, mail_delivery_visit visit,
                     void *data);
/* When the next one is due; INT64_MAX never. */
enum err journal_next_due(struct journal *j, int64_t *ret_us);
/* What the loop guard holds back for (or, when `from`, of) somebody. */
enum err journal_held(struct journal *j, const char *name, mail_visit visit, void *data);
/* What was set aside for somebody (MAIL_DEAD), the oldest first; at most max_bytes of bodies, but
 * one at least. */
enum err journal_dead(struct journal *j, const char *recipient, int limit, size_t max_bytes,
                      mail_visit visit, void *data);
/* A held message that goes on begins a new chain: its hops. */
enum err journal_message_hops(struct journal *j, const char *id, const char *hops);

/* --- subscriptions -----------------------------------------------------------------------------*/

struct mail_subscription {
    char id[MAIL_ID], name[MAIL_NAME];
    const char *channel;
};
/* Once a channel and name: the second time *ret_id is the first one's. */
enum err journal_subscribe(struct journal *j, const char *channel, const char *name,
                           char ret_id[MAIL_ID]);
enum err journal_unsubscribe(struct journal *j, const char *id); /* ERR_NOT_FOUND */
/* Those of a channel (NULL: all) in the order of channels, then names. */
typedef void (*mail_subscription_visit)(void *data, const struct mail_subscription *s);
enum err journal_subscriptions(struct journal *j, const char *channel,
                               mail_subscription_visit visit, void *data);

/* --- calls that happen once --------------------------------------------------------------------*/

/* The answer that `who` was given for this key in the last 24 hours, as JSON text (the caller's).
 * ERR_NOT_FOUND: none. A key is the method's and the caller's: "comms.send KEY". */
enum err journal_idem_get(struct journal *j, const char *who, const char *key, int64_t now_us,
                          char **ret_result);
enum err journal_idem_put(struct journal *j, const char *who, const char *key, const char *result,
                          int64_t now_us);

/* --- the audit ---------------------------------------------------------------------------------*/

struct audit_entry {
    int64_t n; /* from 1, without a hole */
    int64_t at_us;
    const char *entry; /* JSON, exactly as it was hashed (core/mail/audit.h) */
    size_t entry_n;
    const void *hash; /* as it is on disk, of any size */
    size_t hash_n;
};

/* Adds an entry {"what", "message_id", "who", …more}; what is "" is left out. more (borrowed, may
 * be NULL) is an object whose members go in too. Moves the head's document with it. */
enum err journal_audit(struct journal *j, const char *what, const char *message_id, const char *who,
                       const cJSON *more);
typedef bool (*audit_visit)(void *data, const struct audit_entry *e); /* false: no more */
enum err journal_audit_each(struct journal *j, int64_t after, audit_visit visit, void *data);
/* As the head's document says; all zero: there is no entry yet. */
enum err journal_audit_head(struct journal *j, struct audit_head *ret);

#endif
