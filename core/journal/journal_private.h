/* What the files of core/journal share: the database and its prepared statements. Control's thread
 * alone. Nothing outside of this folder sees SQLite. */
#ifndef BATON_JOURNAL_PRIVATE_H
#define BATON_JOURNAL_PRIVATE_H

#include "core/journal/journal.h"

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
    STATEMENTS
};

struct journal {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
    char *path;
    bool open;   /* a transaction is */
    bool broken; /* the outcome of a commit is unknown */
};

/* What a result code of SQLite means to us. */
enum err journal_failure(struct journal *j, int rc);
/* Steps a statement that gives no rows, and resets it. */
enum err journal_run(struct journal *j, enum statement which);
void journal_bind_text(sqlite3_stmt *s, int at, const char *text); /* NULL: "" */

#endif
