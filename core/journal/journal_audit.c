/* The audit's chain: adding to it, and verifying it. Control's thread.
 *
 * The head (n, hash) is kept in memory while a batch writes and goes into its document once, at the
 * commit, so an entry costs one row. Parts that are undone take their entries back: the head is
 * noted at the begin of each batch and part (journal.c), and put back with them. */
#include "core/journal/audit.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/journal/journal_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIND "audit"
#define KEY  "head"

const char journal_audit_schema[] =
    "CREATE TABLE IF NOT EXISTS audit(n INTEGER PRIMARY KEY, at INTEGER NOT NULL,"
    " entry TEXT NOT NULL, hash BLOB NOT NULL);";

/* --- the head --------------------------------------------------------------------------------- */

static int64_t one_number(struct journal *j, enum statement which)
{
    sqlite3_stmt *s = j->statements[which];
    const int64_t n = sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
    sqlite3_reset(s);
    return n;
}

int64_t journal_audit_last(struct journal *j)
{
    return one_number(j, CHAIN_LAST);
}

static enum err read_kept(struct journal *j, struct audit_head *ret)
{
    cJSON *doc = NULL;
    struct audit_head head = {0};
    enum err e = journal_get(j, KIND, KEY, &doc);
    if (e != ERR_OK)
        return e;
    head.n = json_int(doc, "n", 0);
    if (head.n < 0 || !audit_from_hex(json_string(doc, "hash", ""), head.hash))
        e = ERR_CORRUPT;
    cJSON_Delete(doc);
    if (e == ERR_OK)
        *ret = head;
    return e;
}

/* Where the chain goes on. A damaged head must not keep anybody from sending: the chain goes on
 * behind what is there, and whoever verifies it finds the place. */
static enum err load_head(struct journal *j)
{
    struct audit_head head = {0};
    enum err e = read_kept(j, &head);
    if (e != ERR_OK && e != ERR_NOT_FOUND && e != ERR_CORRUPT)
        return e;
    const int64_t last = journal_audit_last(j);
    if (last > head.n)
        head.n = last;
    j->audit.head = head;
    j->audit.known = true;
    return ERR_OK;
}

enum err journal_audit_head(struct journal *j, struct audit_head *ret)
{
    struct audit_head head = {0};
    enum err e = ERR_OK;
    if (j->audit.dirty)
        head = j->audit.head;
    else
        e = read_kept(j, &head);
    if (e == ERR_NOT_FOUND)
        e = ERR_OK;
    if (e == ERR_OK)
        *ret = head;
    return e;
}

enum err journal_audit_settle(struct journal *j)
{
    char hex[AUDIT_HEX], text[AUDIT_HEX + 48];
    sqlite3_stmt *s = j->statements[DOC_PUT];
    if (!j->audit.dirty)
        return ERR_OK;
    audit_hex(j->audit.head.hash, hex);
    snprintf(text, sizeof text, "{\"n\":%lld,\"hash\":\"%s\"}", (long long)j->audit.head.n, hex);
    journal_bind_text(s, 1, KIND);
    journal_bind_text(s, 2, KEY);
    journal_bind_text(s, 3, text);
    enum err e = journal_run(j, DOC_PUT);
    j->audit.dirty = e != ERR_OK;
    return e;
}

/* --- adding ----------------------------------------------------------------------------------- */

/* Names and ids are made of letters that JSON takes as they are; whatever else comes is quoted by
 * the long way. */
static void put_member(struct buf *b, const char *key, const char *value)
{
    if (!value || !*value)
        return;
    buf_printf(b, "%s\"%s\":", b->len > 1 ? "," : "", key);
    bool plain = true;
    for (const char *p = value; *p && plain; p++)
        plain = *p >= ' ' && *p < 0x7f && *p != '"' && *p != '\\';
    if (plain) {
        buf_putc(b, '"');
        buf_puts(b, value);
        buf_putc(b, '"');
        return;
    }
    cJSON *o = cJSON_CreateObject();
    json_add_text(o, "v", value, strlen(value));
    char *text = json_print(json_get(o, "v"));
    buf_puts(b, text);
    free(text);
    cJSON_Delete(o);
}

/* The members of an object, behind those that are there. */
static void put_more(struct buf *b, const cJSON *more)
{
    if (!more || !more->child)
        return;
    char *text = json_print(more);
    if (b->len > 1)
        buf_putc(b, ',');
    buf_append(b, text + 1, strlen(text) - 2);
    free(text);
}

enum err journal_audit(struct journal *j, const char *what, const char *message_id, const char *who,
                       const cJSON *more)
{
    struct buf *b = &j->audit_text;
    struct audit_head next;
    const int64_t at_us = clock_wall_us();
    enum err e = j->audit.known ? ERR_OK : load_head(j);
    if (e != ERR_OK)
        return e;
    buf_clear(b);
    buf_putc(b, '{');
    put_member(b, "what", what);
    put_member(b, "message_id", message_id);
    put_member(b, "who", who);
    put_more(b, more);
    buf_putc(b, '}');
    next.n = j->audit.head.n + 1;
    audit_hash(j->audit.head.hash, next.n, at_us, b->data, b->len, next.hash);

    sqlite3_stmt *s = j->statements[CHAIN_ADD];
    sqlite3_bind_int64(s, 1, next.n);
    sqlite3_bind_int64(s, 2, at_us);
    sqlite3_bind_text(s, 3, b->data, (int)b->len, SQLITE_STATIC);
    sqlite3_bind_blob(s, 4, next.hash, AUDIT_HASH, SQLITE_STATIC);
    e = journal_run(j, CHAIN_ADD);
    sqlite3_clear_bindings(s);
    if (e == ERR_OK) {
        j->audit.head = next;
        j->audit.dirty = true;
    }
    return e;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* The row that a statement stands on, borrowed from it. */
static struct audit_entry read_entry(sqlite3_stmt *s)
{
    return (struct audit_entry){.n = sqlite3_column_int64(s, 0),
                                .at_us = sqlite3_column_int64(s, 1),
                                .entry = journal_text(s, 2),
                                .entry_n = (size_t)sqlite3_column_bytes(s, 2),
                                .hash = sqlite3_column_blob(s, 3),
                                .hash_n = (size_t)sqlite3_column_bytes(s, 3)};
}

enum err journal_audit_each(struct journal *j, int64_t after, audit_visit visit, void *data)
{
    sqlite3_stmt *s = j->statements[CHAIN_EACH];
    int rc;
    bool more = true;
    sqlite3_bind_int64(s, 1, after);
    while ((rc = sqlite3_step(s)) == SQLITE_ROW && more) {
        const struct audit_entry e = read_entry(s);
        more = visit(data, &e);
    }
    enum err e = journal_failure(j, rc);
    sqlite3_reset(s);
    return e;
}

enum err journal_audit_get(struct journal *j, int64_t n, audit_visit visit, void *data)
{
    sqlite3_stmt *s = j->statements[CHAIN_GET];
    sqlite3_bind_int64(s, 1, n);
    const int rc = sqlite3_step(s);
    enum err e = rc == SQLITE_DONE ? ERR_NOT_FOUND : journal_failure(j, rc);
    if (rc == SQLITE_ROW) {
        const struct audit_entry found = read_entry(s);
        visit(data, &found);
    }
    sqlite3_reset(s);
    return e;
}

enum err journal_audit_find(struct journal *j, int64_t from, int64_t to, const char *member,
                            bool down, int64_t *ret_n, int room, int *ret_count)
{
    sqlite3_stmt *s = j->statements[down ? CHAIN_FIND_DOWN : CHAIN_FIND_UP];
    char *quoted = member ? mem_printf("\"%s\"", member) : NULL;
    int rc = SQLITE_DONE, count = 0;
    sqlite3_bind_int64(s, 1, from);
    sqlite3_bind_int64(s, 2, to);
    if (quoted)
        sqlite3_bind_text(s, 3, quoted, -1, SQLITE_STATIC);
    else
        sqlite3_bind_null(s, 3);
    while (count < room && (rc = sqlite3_step(s)) == SQLITE_ROW)
        ret_n[count++] = sqlite3_column_int64(s, 0);
    enum err e = journal_failure(j, rc);
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    free(quoted);
    *ret_count = count;
    return e;
}

/* --- what an entry says of a message ---------------------------------------------------------- */

static const char *text_of(const char *text)
{
    return text ? text : "";
}

void audit_digest_message(struct audit_fields *f, const struct mail_message *m)
{
    const char *thread = text_of(m->thread_id);
    audit_fields_text(f, m->id);
    audit_fields_int(f, m->grammar);
    audit_fields_int(f, m->priority);
    audit_fields_text(f, text_of(m->from_name));
    audit_fields_text(f, text_of(m->from_address));
    audit_fields_text(f, text_of(m->subject));
    audit_fields_bytes(f, m->body ? m->body : "", m->body ? m->body_n : 0);
    audit_fields_text(f, text_of(m->headers));
    audit_fields_text(f, *thread ? thread : m->id);
    audit_fields_text(f, text_of(m->in_reply_to));
    audit_fields_text(f, text_of(m->channel));
    audit_fields_int(f, m->expires_us);
    audit_fields_int(f, m->sent_us);
}

void audit_digest_recipient(struct audit_fields *f, const char *name, enum mail_role role)
{
    audit_fields_text(f, name);
    audit_fields_int(f, role);
}

struct look {
    struct audit_fields fields;
    int64_t seq;
    size_t bytes;
};

static void look_at_message(void *data, const struct mail_message *m)
{
    struct look *l = data;
    l->seq = m->seq;
    l->bytes = m->body_n + 512;
    audit_digest_message(&l->fields, m);
}

static void look_at_delivery(void *data, const struct mail_delivery *d)
{
    struct look *l = data;
    l->bytes += 128;
    audit_digest_recipient(&l->fields, d->recipient, d->role);
}

/* The id of the first message behind seq; ERR_NOT_FOUND: there is none. */
static enum err message_behind(struct journal *j, int64_t seq, char ret_id[MAIL_ID])
{
    sqlite3_stmt *s = j->statements[CHAIN_MESSAGE];
    sqlite3_bind_int64(s, 1, seq);
    const int rc = sqlite3_step(s);
    enum err e = rc == SQLITE_DONE ? ERR_NOT_FOUND : journal_failure(j, rc);
    if (rc == SQLITE_ROW) {
        const char *id = (const char *)sqlite3_column_text(s, 0);
        snprintf(ret_id, MAIL_ID, "%s", id ? id : "");
    }
    sqlite3_reset(s);
    return e;
}

/* Messages lie in the order of their entries, so the next one has to be the one that is told of. */
static enum err check_message(struct journal *j, struct audit_walk *w, const char *id,
                              const char *digest, size_t *bytes)
{
    struct look l = {.bytes = 0};
    char hex[AUDIT_HEX], next[MAIL_ID] = "";

    snprintf(w->message_id, sizeof w->message_id, "%s", id);
    audit_fields_begin(&l.fields);
    enum err e = journal_message_get(j, id, look_at_message, &l);
    if (e == ERR_NOT_FOUND) {
        w->flaw = AUDIT_MESSAGE_MISSING;
        return ERR_OK;
    }
    if (e == ERR_OK)
        e = journal_deliveries(j, id, look_at_delivery, &l);
    if (e == ERR_OK)
        e = message_behind(j, w->message_seq, next);
    audit_fields_end(&l.fields, hex);
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return e;
    *bytes += l.bytes;
    if (strcmp(hex, digest) != 0) {
        w->flaw = AUDIT_MESSAGE_ALTERED;
    } else if (strcmp(next, id) != 0) {
        snprintf(w->message_id, sizeof w->message_id, "%s", e == ERR_OK ? next : id);
        w->flaw = e == ERR_OK ? AUDIT_MESSAGE_UNKNOWN : AUDIT_MESSAGE_ALTERED;
    } else {
        w->message_seq = l.seq;
        w->messages++;
        w->message_id[0] = '\0';
    }
    return ERR_OK;
}

struct part { /* an attachment that is looked for */
    int n;
    char hex[AUDIT_HEX];
    size_t bytes;
};

void audit_digest_attachment(const struct mail_attachment *a, char out[AUDIT_HEX])
{
    struct audit_fields f;
    audit_fields_begin(&f);
    audit_fields_int(&f, a->n);
    audit_fields_text(&f, text_of(a->name));
    audit_fields_text(&f, text_of(a->type));
    audit_fields_bytes(&f, a->bytes ? a->bytes : "", a->bytes ? a->size : 0);
    audit_fields_end(&f, out);
}

static void look_at_attachment(void *data, const struct mail_attachment *a)
{
    struct part *p = data;
    p->bytes += a->size;
    if (a->n == p->n)
        audit_digest_attachment(a, p->hex);
}

static enum err check_attachment(struct journal *j, struct audit_walk *w, const char *id, int n,
                                 const char *digest, size_t *bytes)
{
    struct part p = {.n = n};
    enum err e = journal_attachments(j, id, look_at_attachment, &p);
    *bytes += p.bytes;
    if (e == ERR_OK && strcmp(p.hex, digest) != 0) {
        snprintf(w->message_id, sizeof w->message_id, "%s", id);
        w->flaw = AUDIT_MESSAGE_ALTERED;
    }
    return e;
}

/* --- verifying -------------------------------------------------------------------------------- */

static enum err verify_entry(struct journal *j, struct audit_walk *w, const struct audit_entry *e,
                             size_t *bytes)
{
    const struct audit_head before = w->at;
    cJSON *entry = NULL;
    enum err result = ERR_OK;

    w->wrong_n = before.n + 1;
    w->flaw = audit_step(&w->at, e->n, e->at_us, e->entry, e->entry_n, e->hash, e->hash_n);
    *bytes += e->entry_n;
    if (w->flaw != AUDIT_WHOLE || !strstr(e->entry, "\"digest\":\""))
        return ERR_OK;
    if (json_parse(e->entry, e->entry_n, &entry) == ERR_OK) {
        const char *id = json_string(entry, "message_id", "");
        const char *digest = json_string(entry, "digest", "");
        const int attachment = (int)json_int(entry, "attachment", 0);
        result = attachment ? check_attachment(j, w, id, attachment, digest, bytes)
                            : check_message(j, w, id, digest, bytes);
    }
    cJSON_Delete(entry);
    if (w->flaw != AUDIT_WHOLE)
        w->at = before;
    return result;
}

/* All entries were good: is it the head, and is there a message that none of them told of? */
static enum err verify_end(struct journal *j, struct audit_walk *w)
{
    struct audit_head kept = {0};
    enum err e = ERR_OK;
    if (j->audit.dirty)
        kept = j->audit.head;
    else
        e = read_kept(j, &kept);
    w->wrong_n = w->at.n + 1;
    if (e == ERR_CORRUPT || (e == ERR_NOT_FOUND && w->at.n > 0)) {
        w->flaw = AUDIT_BEYOND;
        return ERR_OK;
    }
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return e;
    w->flaw = audit_finish(&w->at, e == ERR_OK ? &kept : NULL);
    if (w->flaw != AUDIT_WHOLE)
        return ERR_OK;
    e = message_behind(j, w->message_seq, w->message_id);
    if (e == ERR_OK)
        w->flaw = AUDIT_MESSAGE_UNKNOWN;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err journal_audit_verify(struct journal *j, struct audit_walk *w, int most, size_t max_bytes,
                              bool *ret_done)
{
    sqlite3_stmt *s = j->statements[CHAIN_EACH];
    size_t bytes = 0;
    int rc = SQLITE_ROW;
    enum err e = ERR_OK;

    sqlite3_bind_int64(s, 1, w->at.n);
    for (int i = 0; e == ERR_OK && w->flaw == AUDIT_WHOLE && (i < most && bytes <= max_bytes);
         i++) {
        if ((rc = sqlite3_step(s)) != SQLITE_ROW)
            break;
        const struct audit_entry entry = read_entry(s);
        e = verify_entry(j, w, &entry, &bytes);
    }
    if (e == ERR_OK)
        e = journal_failure(j, rc);
    sqlite3_reset(s);
    *ret_done = w->flaw != AUDIT_WHOLE || rc == SQLITE_DONE;
    return e == ERR_OK && *ret_done && w->flaw == AUDIT_WHOLE ? verify_end(j, w) : e;
}
