/* What the files of core/journal share: the database and its prepared statements. Control's thread
 * alone. Nothing outside of this folder sees SQLite. */
#ifndef BATON_JOURNAL_PRIVATE_H
#define BATON_JOURNAL_PRIVATE_H

#include "core/journal/journal.h"
#include "core/mail/audit.h"

#include <sqlite3.h>

enum statement {
    BEGIN,
    COMMIT,
    ROLLBACK,
    SAVE,
    KEEP,
    UNDO,
    EVENT_ADD,
    EVENT_HEAD,
    EVENT_NUMBERED,
    EVENT_FORGET,
    COUNTER_NEXT,
    DOC_PUT,
    DOC_GET,
    DOC_DROP,
    DOC_EACH,
    DOC_BEHIND,
    DOC_WEIGH,
    OUTBOX_ADD,
    OUTBOX_EACH,
    OUTBOX_DONE,
    OUTBOX_DROP,
    CHAIN_ADD,
    CHAIN_LAST,
    CHAIN_EACH,
    CHAIN_GET,
    CHAIN_FIND_UP,
    CHAIN_FIND_DOWN,
    CHAIN_MESSAGE,
    STATEMENTS
};

enum mail_statement { /* their texts: journal_mail.c */
                      IDENTITY_GET,
                      IDENTITY_PUT,
                      IDENTITY_EACH,
                      ALIAS_GET,
                      ALIAS_PUT,
                      ALIAS_DROP,
                      ALIAS_EACH,
                      MESSAGE_ADD,
                      MESSAGE_GET,
                      MESSAGE_FIND,
                      MESSAGE_TAIL,
                      MESSAGE_SEQ,
                      MESSAGE_THREAD,
                      MESSAGE_SENT,
                      MESSAGE_HOPS,
                      ATTACHMENT_ADD,
                      ATTACHMENT_EACH,
                      DELIVERY_ADD,
                      DELIVERY_OF,
                      DELIVERY_WAS,
                      DELIVERY_PUT,
                      DELIVERY_GET,
                      DELIVERY_EACH,
                      DELIVERY_PENDING,
                      DELIVERY_PENDING_DIRECT,
                      DELIVERY_PENDING_IN,
                      DELIVERY_ENDED,
                      DELIVERY_OVER,
                      DELIVERY_HELD,
                      DELIVERY_DEAD,
                      DUE_LEASE,
                      DUE_TIME,
                      TALLY,
                      TALLY_ADD,
                      SUBSCRIBE,
                      SUBSCRIPTION_OF,
                      UNSUBSCRIBE,
                      SUBSCRIPTION_EACH,
                      IDEM_GET,
                      IDEM_PUT,
                      IDEM_PRUNE,
                      MAIL_STATEMENTS
};

struct journal {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
    sqlite3_stmt *mail[MAIL_STATEMENTS];
    sqlite3 *tidy; /* for checkpoints: of whichever thread does one; NULL: in memory */
    int log_pages, written_back; /* of the log: how long it is, how far the database has it */
    char *path;
    bool open;   /* a transaction is */
    bool broken; /* the outcome of a commit is unknown */

    /* journal_audit.c's: the newest entry, when it is known, and whether its document lags behind;
     * with what they were when the batch and the part in it began. */
    struct audit_mark {
        struct audit_head head;
        bool known, dirty;
    } audit, audit_batch, audit_part;
    struct buf audit_text;
};

/* What a result code of SQLite means to us. */
enum err journal_failure(struct journal *j, int rc);
/* Steps a statement that gives no rows, and resets it. */
enum err journal_run(struct journal *j, enum statement which);
void journal_bind_text(sqlite3_stmt *s, int at, const char *text); /* NULL: "" */

/* --- of mail: journal_mail.c --- */
int journal_mail_schema(sqlite3 *db); /* within the migration; what is there already stays */
int journal_mail_prepare(struct journal *j);
/* As journal_run; when it changed nothing that is ERR_NOT_FOUND with `must`. */
enum err journal_mail_run(struct journal *j, enum mail_statement which, bool must);
/* Steps to the first row: ERR_NOT_FOUND when there is none. The caller resets it. */
enum err journal_mail_row(struct journal *j, enum mail_statement which);
struct mail_message;
void journal_message_read(sqlite3_stmt *s, int first, struct mail_message *out); /* borrows */
void journal_mail_id(const char *prefix, char *out);                             /* MAIL_ID bytes */
extern const char journal_mail_columns[];                                        /* d and m */
/* Column as text, "" for NULL. */
const char *journal_text(sqlite3_stmt *s, int column);

/* --- of the audit: journal_audit.c --- */
/* Writes its head, when it has moved: before each commit. */
enum err journal_audit_settle(struct journal *j);
extern const char journal_audit_schema[];

#endif
