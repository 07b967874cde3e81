/* The journal's part for sessions with agents: their numbered events, read as text without being
 * parsed, and the outbox of what their processes are to be told. Control's thread. */
#include "core/journal/journal_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- numbered events -------------------------------------------------------------------------- */

/* The inner {method, params} of a row's data, borrowed. A row is written by json_print, so the text
 * that surrounds it is known to the byte; NULL when it is another after all. */
static const char *find_event(const char *session, int64_t seq, const char *data, size_t n,
                              size_t *ret_n)
{
    char before[128];
    int len = snprintf(before, sizeof before,
                       "{\"sessionId\":\"%s\",\"sequenceNumber\":%lld,\"event\":", session,
                       (long long)seq);
    size_t skip = (size_t)len;
    if (len < 0 || skip >= sizeof before || n < skip + 3 || memcmp(data, before, skip) != 0 ||
        data[skip] != '{' || data[n - 1] != '}' || data[n - 2] != '}')
        return NULL;
    *ret_n = n - skip - 1;
    return data + skip;
}

static bool has_method(const char *event, size_t n, const char *method)
{
    static const char key[] = "{\"method\":\"";
    const size_t skip = sizeof key - 1, len = strlen(method);
    return n > skip + len && memcmp(event, key, skip) == 0 &&
           memcmp(event + skip, method, len) == 0 && event[skip + len] == '"';
}

/* The slow way, for a row that was written in another form. The caller frees; NULL: damaged, or not
 * of that method. */
static char *parse_event(const char *data, size_t n, const char *method)
{
    cJSON *all = NULL;
    char *text = NULL;
    if (json_parse(data, n, &all) != ERR_OK)
        return NULL;
    const cJSON *event = json_get(all, "event");
    if (event && (!method || strcmp(json_string(event, "method", ""), method) == 0))
        text = json_print(event);
    cJSON_Delete(all);
    return text;
}

/* Appends one row, unless it is not asked for or there is no room for it. */
static enum err add_row(sqlite3_stmt *s, const char *session, const char *method, size_t max_bytes,
                        bool first, struct buf *out, bool *ret_added)
{
    const int64_t seq = sqlite3_column_int64(s, 0), ms = sqlite3_column_int64(s, 1) / 1000;
    const char *data = (const char *)sqlite3_column_text(s, 2);
    size_t data_n = (size_t)sqlite3_column_bytes(s, 2), n = 0;
    char *parsed = NULL;

    *ret_added = false;
    const char *event = find_event(session, seq, data, data_n, &n);
    if (event && method && !has_method(event, n, method))
        return ERR_OK;
    if (!event) {
        event = parsed = parse_event(data, data_n, method);
        n = parsed ? strlen(parsed) : 0;
    }
    if (!event)
        return ERR_OK;
    if (!first && out->len + n + 96 > max_bytes) {
        free(parsed);
        return ERR_LIMIT;
    }
    buf_printf(out,
               "%s{\"sequenceNumber\":%lld,\"timestamp\":%lld,\"notification\":", first ? "" : ",",
               (long long)seq, (long long)ms);
    buf_append(out, event, n);
    buf_putc(out, '}');
    free(parsed);
    *ret_added = true;
    return ERR_OK;
}

enum err journal_session_events(struct journal *j, const char *session, int64_t since, int limit,
                                size_t max_bytes, const char *method, struct buf *out)
{
    sqlite3_stmt *s = j->statements[EVENT_NUMBERED];
    const size_t start = out->len;
    int rc = SQLITE_DONE, count = 0;

    journal_bind_text(s, 1, session);
    sqlite3_bind_int64(s, 2, since);
    buf_putc(out, '[');
    while (count < limit && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        bool added;
        if (add_row(s, session, method, start + max_bytes, count == 0, out, &added) != ERR_OK)
            break;
        count += added;
    }
    enum err e = journal_failure(j, rc);
    sqlite3_reset(s);
    buf_putc(out, ']');
    if (e != ERR_OK) {
        out->len = start;
        out->data[start] = '\0';
    }
    return e;
}

enum err journal_forget(struct journal *j, const char *target)
{
    journal_bind_text(j->statements[EVENT_FORGET], 1, target);
    return journal_run(j, EVENT_FORGET);
}

/* --- the outbox ------------------------------------------------------------------------------- */

enum err journal_outbox_add(struct journal *j, const char *stream, uint64_t at, const void *bytes,
                            size_t n)
{
    sqlite3_stmt *s = j->statements[OUTBOX_ADD];
    journal_bind_text(s, 1, stream);
    sqlite3_bind_int64(s, 2, (int64_t)at);
    sqlite3_bind_blob64(s, 3, n ? bytes : "", n, SQLITE_STATIC);
    enum err e = journal_run(j, OUTBOX_ADD);
    sqlite3_bind_null(s, 3); /* the bytes are the caller's again */
    return e;
}

enum err journal_outbox_each(struct journal *j, const char *stream, journal_outbox_visit visit,
                             void *data)
{
    sqlite3_stmt *s = j->statements[OUTBOX_EACH];
    int rc;
    journal_bind_text(s, 1, stream);
    while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
        const char *bytes = sqlite3_column_blob(s, 1);
        visit(data, (uint64_t)sqlite3_column_int64(s, 0), bytes ? bytes : "",
              (size_t)sqlite3_column_bytes(s, 1));
    }
    enum err e = journal_failure(j, rc);
    sqlite3_reset(s);
    return e;
}

enum err journal_outbox_done(struct journal *j, const char *stream, uint64_t before)
{
    sqlite3_stmt *s = j->statements[OUTBOX_DONE];
    journal_bind_text(s, 1, stream);
    sqlite3_bind_int64(s, 2, before > INT64_MAX ? INT64_MAX : (int64_t)before);
    return journal_run(j, OUTBOX_DONE);
}

enum err journal_outbox_drop(struct journal *j, const char *stream)
{
    journal_bind_text(j->statements[OUTBOX_DROP], 1, stream);
    return journal_run(j, OUTBOX_DROP);
}
