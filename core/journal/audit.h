/* The audit's chain in the journal, beyond adding to it (mail.h): verifying it in pieces against
 * the messages that it tells of, and finding entries. Control's thread, within a transaction. */
#ifndef BATON_JOURNAL_AUDIT_H
#define BATON_JOURNAL_AUDIT_H

#include "core/journal/mail.h"
#include "core/mail/audit.h"

/* What an entry of a message's sending has as "digest": all of the message that never changes (its
 * hops may), then each delivery's recipient and role, in the order of their making. id, thread_id
 * and sent_us are as journal_message_add has set or written them. */
void audit_digest_message(struct audit_fields *f, const struct mail_message *m);
void audit_digest_recipient(struct audit_fields *f, const char *name, enum mail_role role);

/* The digest that the entry of an attachment has. */
void audit_digest_attachment(const struct mail_attachment *a, char out[AUDIT_HEX]);

/* How far a verification has come: flat, begins as all zero. */
struct audit_walk {
    struct audit_head at; /* the last good entry */
    int64_t message_seq;  /* the last good message */
    int64_t messages;     /* how many were looked at */
    int64_t wrong_n;      /* the entry with the flaw */
    enum audit_flaw flaw;
    char message_id[MAIL_ID]; /* whose message it is about; "" none */
};
/* Goes on for at most `most` entries or max_bytes of messages, but one entry at least. *ret_done:
 * it has come to the head, or to a flaw. A later piece may be in a later transaction. */
enum err journal_audit_verify(struct journal *j, struct audit_walk *w, int most, size_t max_bytes,
                              bool *ret_done);

/* Of the entries from..to (both included) those that name `member`, at most `room` numbers, the
 * newest first when `down`. Only entries that are whole JSON are found. */
enum err journal_audit_find(struct journal *j, int64_t from, int64_t to, const char *member,
                            bool down, int64_t *ret_n, int room, int *ret_count);
/* ERR_NOT_FOUND: it is not there. The visitor's value does not matter. */
enum err journal_audit_get(struct journal *j, int64_t n, audit_visit visit, void *data);
int64_t journal_audit_last(struct journal *j); /* the newest entry's number that is there; 0 none */

#endif
