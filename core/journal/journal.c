/* The one SQLite database. Control's thread alone calls in here. Statements are prepared once.
 *
 * Durability: WAL with synchronous=FULL, so a commit that returned is on disk. Checkpoints are
 * PASSIVE and outside of commits, on a connection of their own: journal_tidy, which alone may be
 * called from another thread. */
#include "core/journal/journal_private.h"
#include "core/base/clock.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LOG_PAGES 1000 /* about 4 MiB are written back at a time */
#define LOG_MOST  4000 /* and so long may the log become while it is never whole */

static const char *const texts[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [SAVE] = "SAVEPOINT part",
    [KEEP] = "RELEASE part",
    [UNDO] = "ROLLBACK TO part",
    [EVENT_ADD] = "INSERT INTO event(kind, workspace, who, target, time_us, data, seq)"
                  " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [EVENT_HEAD] = "SELECT coalesce(max(id), 0) FROM event",
    [EVENT_NUMBERED] = "SELECT seq, time_us, data FROM event"
                       " WHERE target = ?1 AND seq IS NOT NULL AND seq > ?2 ORDER BY seq",
    [EVENT_FORGET] = "DELETE FROM event WHERE target = ?1 AND seq IS NOT NULL",
    [COUNTER_NEXT] = "INSERT INTO counter(name, value) VALUES(?1, 1)"
                     " ON CONFLICT(name) DO UPDATE SET value = value + 1 RETURNING value",
    [DOC_PUT] = "INSERT INTO doc(kind, key, value) VALUES(?1, ?2, ?3)"
                " ON CONFLICT(kind, key) DO UPDATE SET value = excluded.value",
    [DOC_GET] = "SELECT value FROM doc WHERE kind = ?1 AND key = ?2",
    [DOC_DROP] = "DELETE FROM doc WHERE kind = ?1 AND key = ?2",
    [DOC_EACH] = "SELECT key, value FROM doc WHERE kind = ?1 ORDER BY key",
    [DOC_BEHIND] = "SELECT key, value FROM doc WHERE kind = ?1 AND key > ?2 ORDER BY key LIMIT 1",
    [DOC_WEIGH] = "SELECT count(*), coalesce(sum(length(CAST(value AS BLOB))), 0)"
                  " FROM doc WHERE kind = ?1",
    [OUTBOX_ADD] = "INSERT INTO outbox(stream, at, bytes) VALUES(?1, ?2, ?3)",
    [OUTBOX_EACH] = "SELECT at, bytes FROM outbox WHERE stream = ?1 ORDER BY at",
    [OUTBOX_DONE] = "DELETE FROM outbox WHERE stream = ?1 AND at + length(bytes) <= ?2",
    [OUTBOX_DROP] = "DELETE FROM outbox WHERE stream = ?1",
    [CHAIN_ADD] = "INSERT INTO audit(n, at, entry, hash) VALUES(?1, ?2, ?3, ?4)",
    [CHAIN_LAST] = "SELECT coalesce(max(n), 0) FROM audit",
    [CHAIN_EACH] = "SELECT n, at, entry, hash FROM audit WHERE n > ?1 ORDER BY n",
    [CHAIN_GET] = "SELECT n, at, entry, hash FROM audit WHERE n = ?1",
    [CHAIN_FIND_UP] = "SELECT n FROM audit WHERE n BETWEEN ?1 AND ?2"
                      " AND (?3 IS NULL OR instr(entry, ?3)) ORDER BY n",
    [CHAIN_FIND_DOWN] = "SELECT n FROM audit WHERE n BETWEEN ?1 AND ?2"
                        " AND (?3 IS NULL OR instr(entry, ?3)) ORDER BY n DESC",
    [CHAIN_MESSAGE] = "SELECT id FROM message WHERE seq > ?1 ORDER BY seq LIMIT 1",
};

/* AUTOINCREMENT: an id is never reused, not even after the newest event was deleted. */
static const char schema[] =
    "CREATE TABLE IF NOT EXISTS event("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, workspace TEXT NOT NULL,"
    " who TEXT NOT NULL, target TEXT NOT NULL, time_us INTEGER NOT NULL, data TEXT NOT NULL,"
    " seq INTEGER);"
    "DROP INDEX IF EXISTS event_workspace;"
    "CREATE INDEX IF NOT EXISTS event_place ON event(workspace, id) WHERE workspace <> '';"
    "CREATE INDEX IF NOT EXISTS event_target ON event(target, id) WHERE target <> '';"
    "CREATE TABLE IF NOT EXISTS counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS doc(kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,"
    " PRIMARY KEY(kind, key)) WITHOUT ROWID;";

/* Version 2's. What an older one left is brought there first: see migrate. */
static const char numbered[] =
    "CREATE INDEX IF NOT EXISTS event_seq ON event(target, seq) WHERE seq IS NOT NULL;"
    "CREATE TABLE IF NOT EXISTS outbox(id INTEGER PRIMARY KEY, stream TEXT NOT NULL,"
    " at INTEGER NOT NULL, bytes BLOB NOT NULL);"
    "CREATE UNIQUE INDEX IF NOT EXISTS outbox_at ON outbox(stream, at);";

static enum err from_sqlite(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return ERR_OK;
    case SQLITE_FULL: return ERR_DISK_FULL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return ERR_BUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return ERR_CORRUPT;
    case SQLITE_TOOBIG: return ERR_LIMIT;
    case SQLITE_READONLY:
    case SQLITE_PERM: return ERR_DENIED;
    default: return ERR_IO;
    }
}

/* A write that met a full disk is reported as I/O error on some file systems: ask errno. */
enum err journal_failure(struct journal *j, int rc)
{
    enum err e = from_sqlite(rc);
    if (e == ERR_IO && err_from_errno(sqlite3_system_errno(j->db)) == ERR_DISK_FULL)
        e = ERR_DISK_FULL;
    return e;
}

enum err journal_run(struct journal *j, enum statement which)
{
    int rc = sqlite3_step(j->statements[which]);
    enum err e = journal_failure(j, rc);
    sqlite3_reset(j->statements[which]);
    return e;
}

/* After each commit: how long the log is. Stands for SQLite's own hook, which would write it back
 * within the commit. */
static int committed(void *data, sqlite3 *db, const char *name, int pages)
{
    struct journal *j = data;
    (void)db;
    (void)name;
    if (pages < j->log_pages)
        j->written_back = 0; /* it began anew */
    j->log_pages = pages;
    return SQLITE_OK;
}

enum journal_tidy journal_untidy(const struct journal *j)
{
    if (!j->tidy || j->log_pages - j->written_back < LOG_PAGES)
        return JOURNAL_TIDY_NOTHING;
    return j->log_pages < LOG_MOST ? JOURNAL_TIDY_ASIDE : JOURNAL_TIDY_NOW;
}

int journal_tidy(struct journal *j)
{
    int all = 0, done = 0;
    /* What it could not write (a full disk) it leaves in the log; the next one tries again. */
    sqlite3_wal_checkpoint_v2(j->tidy, NULL, SQLITE_CHECKPOINT_PASSIVE, &all, &done);
    return done;
}

void journal_tidied(struct journal *j, int pages)
{
    if (pages <= j->log_pages) /* of this log, not of the one before */
        j->written_back = pages;
}

static int64_t read_version(sqlite3 *db)
{
    sqlite3_stmt *s = NULL;
    int64_t version = 0;
    if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &s, NULL) == SQLITE_OK &&
        sqlite3_step(s) == SQLITE_ROW)
        version = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return version;
}

/* True when the table of events is there and older than the column seq. */
static bool without_seq(sqlite3 *db)
{
    static const char question[] = "SELECT count(*) > 0 AND sum(name = 'seq') = 0"
                                   " FROM pragma_table_info('event')";
    sqlite3_stmt *s = NULL;
    bool without = sqlite3_prepare_v2(db, question, -1, &s, NULL) == SQLITE_OK &&
                   sqlite3_step(s) == SQLITE_ROW && sqlite3_column_int(s, 0);
    sqlite3_finalize(s);
    return without;
}

/* From nothing, or from any older version, to this one: wholly or, when it dies in between, not at
 * all. A column that may be NULL is added without a row being written. */
static int migrate(sqlite3 *db)
{
    int rc = sqlite3_exec(db, "BEGIN IMMEDIATE", 0, 0, 0);
    if (rc != SQLITE_OK)
        return rc;
    rc = sqlite3_exec(db, schema, 0, 0, 0);
    if (rc == SQLITE_OK && without_seq(db))
        rc = sqlite3_exec(db, "ALTER TABLE event ADD COLUMN seq INTEGER", 0, 0, 0);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, numbered, 0, 0, 0);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, journal_audit_schema, 0, 0, 0);
    if (rc == SQLITE_OK)
        rc = journal_mail_schema(db);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, "PRAGMA user_version=4", 0, 0, 0);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, "COMMIT", 0, 0, 0);
    if (rc != SQLITE_OK && !sqlite3_get_autocommit(db))
        sqlite3_exec(db, "ROLLBACK", 0, 0, 0);
    return rc;
}

enum err journal_open(const char *dir, struct journal **ret_journal, char **ret_why)
{
    struct journal *j = mem_zalloc(sizeof *j);
    bool memory = strcmp(dir, ":memory:") == 0;
    enum err e;

    audit_ready();
    j->path = memory ? mem_strdup(dir) : mem_printf("%s/journal.db", dir);
    int rc = sqlite3_open_v2(
        j->path, &j->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK && !memory)
        chmod(j->path, 0600);
    if (rc == SQLITE_OK) {
        sqlite3_busy_timeout(j->db, 2000);
        /* What a savepoint needs to be undone stays in memory: a file would take two writes for
         * each page that a call changes. What a batch changes has to fit into the cache, with the
         * tops of all indexes. */
        rc = sqlite3_exec(j->db,
                          "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                          "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16384;",
                          0, 0, 0);
    }
    int64_t version = rc == SQLITE_OK ? read_version(j->db) : 0;
    if (rc == SQLITE_OK && version > JOURNAL_VERSION) {
        *ret_why =
            mem_printf("%s was written by a newer baton (journal version %lld, this one knows "
                       "%d): upgrade baton, nothing was changed",
                       j->path, (long long)version, JOURNAL_VERSION);
        journal_close(j);
        return ERR_TOO_NEW;
    }
    if (rc == SQLITE_OK && version < JOURNAL_VERSION)
        rc = migrate(j->db);
    if (rc == SQLITE_OK)
        sqlite3_wal_hook(j->db, committed, j);
    if (rc == SQLITE_OK && !memory)
        rc = sqlite3_open_v2(j->path, &j->tidy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK && !memory) /* it knows of the log once it has read */
        rc = sqlite3_exec(j->tidy, "PRAGMA synchronous=FULL; SELECT count(*) FROM sqlite_master", 0,
                          0, 0);
    for (int i = 0; rc == SQLITE_OK && i < STATEMENTS; i++)
        rc = sqlite3_prepare_v3(j->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &j->statements[i],
                                NULL);
    if (rc == SQLITE_OK)
        rc = journal_mail_prepare(j);
    if (rc != SQLITE_OK) {
        e = journal_failure(j, rc);
        *ret_why = mem_printf("%s cannot be opened: %s", j->path, sqlite3_errmsg(j->db));
        journal_close(j);
        return e;
    }
    *ret_journal = j;
    return ERR_OK;
}

void journal_close(struct journal *j)
{
    if (!j)
        return;
    if (j->open)
        journal_rollback(j);
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(j->statements[i]);
    for (int i = 0; i < MAIL_STATEMENTS; i++)
        sqlite3_finalize(j->mail[i]);
    sqlite3_close(j->tidy);
    sqlite3_close(j->db);
    buf_finish(&j->audit_text);
    free(j->path);
    free(j);
}

enum err journal_begin(struct journal *j)
{
    if (j->broken)
        return ERR_IO;
    enum err e = journal_run(j, BEGIN);
    j->open = e == ERR_OK;
    j->audit_batch = j->audit;
    return e;
}

enum err journal_commit(struct journal *j)
{
    enum err e = journal_audit_settle(j);
    if (e == ERR_OK)
        e = journal_run(j, COMMIT);
    if (e == ERR_OK) {
        j->open = false;
        return e;
    }
    bool unknown = e == ERR_IO;
    journal_rollback(j);
    j->broken = unknown;
    return e;
}

void journal_rollback(struct journal *j)
{
    if (j->open && !sqlite3_get_autocommit(j->db))
        journal_run(j, ROLLBACK);
    if (j->open)
        j->audit = j->audit_batch;
    j->open = false;
}

bool journal_is_undone(const struct journal *j)
{
    return j->open && sqlite3_get_autocommit(j->db);
}

enum err journal_save(struct journal *j)
{
    j->audit_part = j->audit;
    return journal_run(j, SAVE);
}

enum err journal_keep(struct journal *j)
{
    return journal_run(j, KEEP);
}

void journal_undo(struct journal *j)
{
    /* A full disk may have rolled back everything already: then there is no savepoint any more. */
    if (sqlite3_get_autocommit(j->db))
        return;
    j->audit = j->audit_part;
    journal_run(j, UNDO);
    journal_run(j, KEEP);
}

uint64_t journal_bytes(const struct journal *j)
{
    struct stat st;
    uint64_t sum = 0;
    char *wal = mem_printf("%s-wal", j->path);
    if (stat(j->path, &st) == 0)
        sum += (uint64_t)st.st_size;
    if (stat(wal, &st) == 0)
        sum += (uint64_t)st.st_size;
    free(wal);
    return sum;
}

void journal_bind_text(sqlite3_stmt *s, int at, const char *text)
{
    sqlite3_bind_text(s, at, text ? text : "", -1, SQLITE_TRANSIENT);
}

enum err journal_event(struct journal *j, struct event *e)
{
    sqlite3_stmt *s = j->statements[EVENT_ADD];
    char *data = e->data ? json_print(e->data) : mem_strdup("{}");
    if (e->time_us == 0)
        e->time_us = clock_wall_us();
    journal_bind_text(s, 1, e->kind);
    journal_bind_text(s, 2, e->workspace);
    journal_bind_text(s, 3, e->who);
    journal_bind_text(s, 4, e->target);
    sqlite3_bind_int64(s, 5, e->time_us);
    journal_bind_text(s, 6, data);
    if (e->seq)
        sqlite3_bind_int64(s, 7, e->seq);
    else
        sqlite3_bind_null(s, 7);
    enum err result = journal_run(j, EVENT_ADD);
    if (result == ERR_OK)
        e->id = sqlite3_last_insert_rowid(j->db);
    free(data);
    return result;
}

static cJSON *event_object(const struct event *e)
{
    char time[32];
    cJSON *o = cJSON_CreateObject();
    json_add_int(o, "id", e->id);
    cJSON_AddStringToObject(o, "kind", e->kind);
    cJSON_AddStringToObject(o, "workspace", e->workspace ? e->workspace : "");
    clock_format(e->time_us, time, sizeof time);
    cJSON_AddStringToObject(o, "time", time);
    if (e->who && *e->who)
        cJSON_AddStringToObject(o, "who", e->who);
    if (e->target && *e->target)
        cJSON_AddStringToObject(o, "target", e->target);
    return o;
}

char *journal_event_json(const struct event *e)
{
    cJSON *o = event_object(e);
    if (e->data)
        cJSON_AddItemReferenceToObject(o, "data", (cJSON *)(uintptr_t)e->data);
    char *text = json_print(o);
    cJSON_Delete(o);
    return text;
}

static enum err read_head(struct journal *j, int64_t *ret_head)
{
    sqlite3_stmt *s = j->statements[EVENT_HEAD];
    int rc = sqlite3_step(s);
    if (rc == SQLITE_ROW)
        *ret_head = sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    return journal_failure(j, rc);
}

enum err journal_events(struct journal *j, const struct event_filter *f, cJSON **ret_events,
                        int64_t *ret_head)
{
    /* Built for the filter at hand, so that SQLite walks the index that fits; the indexes leave
     * out what is empty, which has to be said again. */
    struct buf sql = {0};
    sqlite3_stmt *s = NULL;
    cJSON *list = cJSON_CreateArray();
    size_t bytes = 0;

    buf_puts(&sql,
             "SELECT id, kind, workspace, who, target, time_us, data FROM event WHERE id > ?1");
    if (f->workspace && f->member)
        buf_puts(&sql,
                 " AND (workspace = ?2 OR (workspace = '' AND kind GLOB 'message*' AND (who = ?6 OR"
                 " EXISTS (SELECT 1 FROM json_each(event.data, '$.to') AS t WHERE t.value = ?6) OR"
                 " EXISTS (SELECT 1 FROM message AS m WHERE m.id = event.target"
                 " AND m.from_name = ?6))) OR (workspace = '' AND kind GLOB 'loop*' AND (who = ?6"
                 " OR json_extract(data, '$.name') = ?6)))");
    else if (f->workspace) /* a partial index wants the second half */
        buf_puts(&sql,
                 *f->workspace ? " AND workspace = ?2 AND workspace <> ''" : " AND workspace = ?2");
    if (f->kind)
        buf_puts(&sql, " AND kind = ?3");
    if (f->target)
        buf_puts(&sql, *f->target ? " AND target = ?4 AND target <> ''" : " AND target = ?4");
    if (f->until)
        buf_puts(&sql, " AND id <= ?7");
    buf_puts(&sql, " ORDER BY id LIMIT ?5");
    int rc = sqlite3_prepare_v2(j->db, sql.data, (int)sql.len, &s, NULL);
    buf_finish(&sql);
    if (rc == SQLITE_OK) {
        sqlite3_bind_int64(s, 1, f->since);
        if (f->workspace)
            journal_bind_text(s, 2, f->workspace);
        if (f->kind)
            journal_bind_text(s, 3, f->kind);
        if (f->target)
            journal_bind_text(s, 4, f->target);
        sqlite3_bind_int(s, 5, f->limit);
        if (f->member)
            journal_bind_text(s, 6, f->member);
        if (f->until)
            sqlite3_bind_int64(s, 7, f->until);
        while (bytes < JOURNAL_PAGE && (rc = sqlite3_step(s)) == SQLITE_ROW) {
            struct event e = {
                .id = sqlite3_column_int64(s, 0),
                .kind = (const char *)sqlite3_column_text(s, 1),
                .workspace = (const char *)sqlite3_column_text(s, 2),
                .who = (const char *)sqlite3_column_text(s, 3),
                .target = (const char *)sqlite3_column_text(s, 4),
                .time_us = sqlite3_column_int64(s, 5),
            };
            cJSON *o = event_object(&e), *data = NULL;
            const char *text = (const char *)sqlite3_column_text(s, 6);
            const size_t n = strlen(text);
            bytes += n;
            if (json_parse(text, n, &data) == ERR_OK)
                cJSON_AddItemToObject(o, "data", data);
            cJSON_AddItemToArray(list, o);
        }
    }
    if (f->ret_cut)
        *f->ret_cut = rc == SQLITE_ROW;
    enum err e = journal_failure(j, rc);
    sqlite3_finalize(s);
    if (e == ERR_OK && ret_head)
        e = read_head(j, ret_head);
    if (e != ERR_OK)
        cJSON_Delete(list);
    else
        *ret_events = list;
    return e;
}

enum err journal_next(struct journal *j, const char *counter, int64_t *ret_value)
{
    sqlite3_stmt *s = j->statements[COUNTER_NEXT];
    journal_bind_text(s, 1, counter);
    int rc = sqlite3_step(s);
    enum err e = journal_failure(j, rc);
    if (rc == SQLITE_ROW)
        *ret_value = sqlite3_column_int64(s, 0);
    else if (e == ERR_OK)
        e = ERR_INTERNAL;
    sqlite3_reset(s);
    return e;
}

enum err journal_put(struct journal *j, const char *kind, const char *key, const cJSON *value)
{
    sqlite3_stmt *s = j->statements[DOC_PUT];
    char *text = json_print(value);
    journal_bind_text(s, 1, kind);
    journal_bind_text(s, 2, key);
    journal_bind_text(s, 3, text);
    free(text);
    return journal_run(j, DOC_PUT);
}

enum err journal_get(struct journal *j, const char *kind, const char *key, cJSON **ret_value)
{
    sqlite3_stmt *s = j->statements[DOC_GET];
    journal_bind_text(s, 1, kind);
    journal_bind_text(s, 2, key);
    int rc = sqlite3_step(s);
    enum err e = rc == SQLITE_DONE ? ERR_NOT_FOUND : journal_failure(j, rc);
    if (rc == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(s, 0);
        e = json_parse(text, strlen(text), ret_value) == ERR_OK ? ERR_OK : ERR_CORRUPT;
    }
    sqlite3_reset(s);
    return e;
}

enum err journal_drop(struct journal *j, const char *kind, const char *key)
{
    journal_bind_text(j->statements[DOC_DROP], 1, kind);
    journal_bind_text(j->statements[DOC_DROP], 2, key);
    return journal_run(j, DOC_DROP);
}

enum err journal_each(struct journal *j, const char *kind,
                      void (*visit)(void *data, const char *key, const cJSON *value), void *data)
{
    sqlite3_stmt *s = j->statements[DOC_EACH];
    int rc;
    journal_bind_text(s, 1, kind);
    while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(s, 1);
        cJSON *value = NULL;
        if (json_parse(text, strlen(text), &value) == ERR_OK)
            visit(data, (const char *)sqlite3_column_text(s, 0), value);
        cJSON_Delete(value);
    }
    enum err e = journal_failure(j, rc);
    sqlite3_reset(s);
    return e;
}

enum err journal_behind(struct journal *j, const char *kind, const char *key, char **ret_key,
                        char **ret_text)
{
    sqlite3_stmt *s = j->statements[DOC_BEHIND];
    journal_bind_text(s, 1, kind);
    journal_bind_text(s, 2, key);
    int rc = sqlite3_step(s);
    enum err e = rc == SQLITE_DONE ? ERR_NOT_FOUND : journal_failure(j, rc);
    if (rc == SQLITE_ROW) {
        *ret_key = mem_strdup((const char *)sqlite3_column_text(s, 0));
        *ret_text = mem_strdup((const char *)sqlite3_column_text(s, 1));
    }
    sqlite3_reset(s);
    return e;
}

enum err journal_weigh(struct journal *j, const char *kind, int64_t *ret_count, int64_t *ret_bytes)
{
    sqlite3_stmt *s = j->statements[DOC_WEIGH];
    journal_bind_text(s, 1, kind);
    int rc = sqlite3_step(s);
    enum err e = journal_failure(j, rc);
    if (rc == SQLITE_ROW) {
        *ret_count = sqlite3_column_int64(s, 0);
        *ret_bytes = sqlite3_column_int64(s, 1);
    }
    sqlite3_reset(s);
    return e;
}
