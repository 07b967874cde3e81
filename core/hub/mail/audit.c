/* The audit's calls. Both may have to look at millions of entries, so both are parked and look at a
 * bounded piece in each turn of control: calls that come meanwhile wait for one piece at most, and
 * one whose caller has gone ends with the piece. Control. */
#include "core/hub/mail/audit.h"
#include "core/hub/hub_private.h"
#include "core/journal/audit.h"
#include "core/base/mem.h"

#include <string.h>

#define PIECE       500                /* entries that are verified in a turn, */
#define PIECE_BYTES (2u * 1024 * 1024) /* or so much of messages */
#define WINDOW      20000              /* entries that are looked through in a turn */
#define LOG_MOST    1000

/* The next piece is posted when this one's batch is committed, behind the calls that wait. */
static void go_on(struct hub *hub, hub_work after, const void *arg, size_t size)
{
    control_after(hub, after, mem_dup(arg, size));
}

/* A piece that cannot read ends its call: work that fails would be tried again for ever. */
static enum err give_up(struct hub *hub, struct call *c, enum err e)
{
    call_fail(c, e, NULL);
    control_answered(hub, c);
    return ERR_OK;
}

/* --- verify ----------------------------------------------------------------------------------- */

struct verify {
    uint64_t serial;
    struct audit_walk walk;
};

static enum err verify_piece(struct hub *hub, void *arg);

static enum err post_verify(struct hub *hub, void *arg)
{
    hub_post_control(hub, verify_piece, mem_dup(arg, sizeof(struct verify)));
    return ERR_OK;
}

static void say_flaw(const struct audit_walk *w, char *out, size_t size)
{
    const long long n = w->wrong_n;
    const char *id = w->message_id;
    switch (w->flaw) {
    case AUDIT_WHOLE: *out = '\0'; break;
    case AUDIT_ALTERED: snprintf(out, size, "Entry %lld is not what was written.", n); break;
    case AUDIT_MISSING:
        snprintf(out, size, "Entry %lld is not there, though later ones are.", n);
        break;
    case AUDIT_CUT:
        snprintf(out, size, "The end was cut: entry %lld and what followed are not there.", n);
        break;
    case AUDIT_BEYOND:
        snprintf(out, size,
                 "The head that was kept does not fit: from entry %lld on nothing "
                 "vouches for the entries.",
                 n);
        break;
    case AUDIT_MESSAGE_ALTERED:
        snprintf(out, size, "The message %s is not what entry %lld says was sent.", id, n);
        break;
    case AUDIT_MESSAGE_MISSING:
        snprintf(out, size, "The message %s, which entry %lld says was sent, is not there.", id, n);
        break;
    case AUDIT_MESSAGE_UNKNOWN:
        snprintf(out, size, "The message %s is there, though no entry before %lld tells of it.", id,
                 n);
        break;
    }
}

static void answer_verify(struct call *c, const struct audit_walk *w)
{
    char hex[AUDIT_HEX], said[200];
    const bool whole = w->flaw == AUDIT_WHOLE;
    cJSON *r = cJSON_CreateObject();
    audit_hex(w->at.hash, hex);
    say_flaw(w, said, sizeof said);
    if (whole)
        snprintf(said, sizeof said, "The audit is whole: entries: %lld, messages: %lld.",
                 (long long)w->at.n, (long long)w->messages);
    cJSON_AddBoolToObject(r, "whole", whole);
    cJSON_AddStringToObject(r, "said", said);
    json_add_int(r, "entries", w->at.n);
    json_add_int(r, "messages", w->messages);
    cJSON_AddStringToObject(r, "hash", hex); /* of the last good entry */
    if (!whole) {
        cJSON_AddStringToObject(r, "flaw", audit_flaw_name(w->flaw));
        json_add_int(r, "n", w->wrong_n);
        if (*w->message_id)
            json_add_text(r, "message_id", w->message_id, strlen(w->message_id));
    }
    json_add_int(r, "exit", whole ? 0 : 1);
    call_reply(c, r);
}

static enum err verify_piece(struct hub *hub, void *arg)
{
    struct verify *v = arg;
    struct call *c = control_parked(hub, v->serial);
    bool done = false;
    if (!c)
        return ERR_OK;
    enum err e = journal_audit_verify(hub->journal, &v->walk, PIECE, PIECE_BYTES, &done);
    if (e != ERR_OK)
        return give_up(hub, c, e);
    if (!done) {
        go_on(hub, post_verify, v, sizeof *v);
        return ERR_OK;
    }
    answer_verify(c, &v->walk);
    control_answered(hub, c);
    return ERR_OK;
}

enum err audit_verify(struct hub *hub, struct call *c)
{
    const struct verify v = {.serial = control_park(hub, c, -1)};
    go_on(hub, post_verify, &v, sizeof v);
    return ERR_OK;
}

/* --- log -------------------------------------------------------------------------------------- */

struct search {
    uint64_t serial;
    int64_t next, end; /* what was not looked at yet lies between, both included */
    bool down;         /* from the newest on: nobody said where to begin */
    int limit, count;
    char member[MAIL_NAME]; /* "" all */
    int64_t found[LOG_MOST];
};

static enum err search_piece(struct hub *hub, void *arg);

static enum err post_search(struct hub *hub, void *arg)
{
    hub_post_control(hub, search_piece, mem_dup(arg, sizeof(struct search)));
    return ERR_OK;
}

static bool add_entry(void *data, const struct audit_entry *e)
{
    char hex[AUDIT_HEX];
    cJSON *list = data, *o = cJSON_CreateObject(), *parsed = NULL;
    json_add_int(o, "n", e->n);
    json_add_int(o, "at", e->at_us);
    if (json_parse(e->entry, e->entry_n, &parsed) == ERR_OK && cJSON_IsObject(parsed)) {
        while (parsed->child) {
            cJSON *member = cJSON_DetachItemViaPointer(parsed, parsed->child);
            cJSON_AddItemToObject(o, member->string, member);
        }
    } else {
        json_add_text(o, "damaged", e->entry, e->entry_n);
    }
    cJSON_Delete(parsed);
    if (e->hash && e->hash_n == AUDIT_HASH) {
        audit_hex(e->hash, hex);
        cJSON_AddStringToObject(o, "hash", hex);
    }
    cJSON_AddItemToArray(list, o);
    return true;
}

static enum err answer_search(struct hub *hub, struct call *c, const struct search *s)
{
    cJSON *list = cJSON_CreateArray();
    enum err e = ERR_OK;
    for (int i = 0; e == ERR_OK && i < s->count; i++)
        e = journal_audit_get(hub->journal, s->found[s->down ? s->count - 1 - i : i], add_entry,
                              list);
    if (e != ERR_OK) {
        cJSON_Delete(list);
        return give_up(hub, c, e);
    }
    cJSON *r = cJSON_CreateObject();
    cJSON_AddItemToObject(r, "entries", list);
    json_add_int(r, "head", journal_audit_last(hub->journal));
    call_reply(c, r);
    control_answered(hub, c);
    return ERR_OK;
}

static enum err search_piece(struct hub *hub, void *arg)
{
    struct search *s = arg;
    struct call *c = control_parked(hub, s->serial);
    int64_t from = s->next, to = s->end;
    int count = 0;
    if (!c)
        return ERR_OK;
    if (to - from >= WINDOW && s->down)
        from = to - WINDOW + 1;
    else if (to - from >= WINDOW)
        to = from + WINDOW - 1;
    enum err e = journal_audit_find(hub->journal, from, to, *s->member ? s->member : NULL, s->down,
                                    s->found + s->count, s->limit - s->count, &count);
    if (e != ERR_OK)
        return give_up(hub, c, e);
    s->count += count;
    if (s->down)
        s->end = from - 1;
    else
        s->next = to + 1;
    if (s->count < s->limit && s->next <= s->end) {
        go_on(hub, post_search, s, sizeof *s);
        return ERR_OK;
    }
    return answer_search(hub, c, s);
}

enum err audit_log(struct hub *hub, struct call *c)
{
    const int64_t since = call_int(c, "since", -1);
    const int64_t last = journal_audit_last(hub->journal);
    struct search *s = mem_zalloc(sizeof *s);
    s->down = since < 0;
    s->next = since < 0 || since >= last ? (since < 0 ? 1 : last + 1) : since + 1;
    s->end = last;
    s->limit = (int)call_int(c, "limit", 100);
    snprintf(s->member, sizeof s->member, "%s", call_string(c, "member", ""));
    s->serial = control_park(hub, c, -1);
    control_after(hub, post_search, s);
    return ERR_OK;
}
