/* The calls about a process that the stream thread answers: pages of its output, its stdin, and
 * signals. They never wait for a sync. A page is read from the log, so it makes no difference
 * whether the process runs and which hub started it. */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/hub/streams/stream_process.h"
#include "core/work/signalnames.h"

#include <stdlib.h>
#include <string.h>

#define QUEUE_MAX (4u * 1024u * 1024u) /* bytes of stdin that may wait here */

static enum err named(struct hub *hub, struct call *c, struct stream **ret_stream)
{
    const char *text = call_string(c, "processId", "");
    char id[32];
    enum err e = registry_resolve_among(hub->registry, THINGS_PROCESSES, text, id);
    struct stream *st = e == ERR_OK ? stream_find(hub, id) : NULL;
    if (e == ERR_AMBIGUOUS)
        return call_fail(c, e, "several processes begin with \"%s\"; see: baton process list",
                         text);
    if (e != ERR_OK)
        return call_fail(c, e, "there is no process \"%s\"; see: baton process list", text);
    if (!st || !st->process)
        return call_fail(c, ERR_BUSY, "%s is just starting", id);
    *ret_stream = st;
    return ERR_OK;
}

/* --- output ----------------------------------------------------------------------------------- */

static const char *stream_name(enum record_kind kind)
{
    return kind == RECORD_ERROR ? "stderr" : "stdout";
}

/* The reader for the page that begins at since: where the last one ended, most often. */
static enum err page_open(struct call *c, struct stream *st, uint64_t since)
{
    struct process *p = st->process;
    uint64_t first = 0;
    if (p->page && p->page_next == since)
        return ERR_OK;
    streamreader_close(p->page);
    p->page = NULL;
    p->holds = false;
    enum err e = streamreader_open(st->dir, since, &first, &p->page);
    if (e == ERR_GONE)
        return call_fail(c, e, "the record of %s begins at %llu now", st->info.id,
                         (unsigned long long)first);
    return e == ERR_OK ? e : call_fail(c, e, "the record of %s cannot be read", st->info.id);
}

/* The next record of either output; ERR_AGAIN: no more for now. */
static enum err page_record(struct process *p, struct record *r)
{
    if (p->holds) {
        *r = p->held;
        return ERR_OK;
    }
    for (;;) {
        enum err e = streamreader_next(p->page, r);
        if (e == ERR_CORRUPT || (e == ERR_OK && !record_counts(r->kind)))
            continue;
        if (e == ERR_OK) {
            p->held = *r;
            p->holds = true;
        }
        return e;
    }
}

struct chunk {
    enum record_kind kind;
    uint64_t pos;
    struct buf bytes;
};

static void put_chunk(cJSON *list, struct chunk *chunk, bool base64)
{
    const char *bytes = chunk->bytes.data;
    const size_t n = chunk->bytes.len;
    if (n == 0)
        return;
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "stream", stream_name(chunk->kind));
    json_add_int(o, "pos", (int64_t)chunk->pos);
    if (base64 || !text_is_utf8(bytes, n) || memchr(bytes, 0, n)) {
        json_add_base64(o, "data", bytes, n);
        cJSON_AddStringToObject(o, "encoding", "base64");
    } else {
        json_add_text(o, "data", bytes, n);
    }
    cJSON_AddItemToArray(list, o);
    buf_clear(&chunk->bytes);
}

/* What follows since, at most limit bytes of it; what comes one behind the other from one output is
 * one chunk. *ret_next: where the next page begins. */
static enum err fill_page(struct call *c, struct stream *st, uint64_t since, cJSON *list,
                          uint64_t *ret_next)
{
    struct process *p = st->process;
    const size_t limit = (size_t)call_int(c, "limit", 1048576);
    const char *only = call_string(c, "stream", "both");
    const bool base64 = strcmp(call_string(c, "encoding", "text"), "base64") == 0;
    const bool all = strcmp(only, "both") == 0;
    struct chunk chunk = {0};
    struct record r;
    size_t taken = 0;
    uint64_t next = since;
    enum err e = page_open(c, st, since);
    if (e != ERR_OK)
        return e;
    while (taken < limit && (e = page_record(p, &r)) == ERR_OK) {
        const size_t skip = r.pos < next ? (size_t)(next - r.pos) : 0;
        const size_t left = r.n > skip ? r.n - skip : 0;
        const size_t n = left < limit - taken ? left : limit - taken;
        const uint64_t at = r.pos + skip;
        if (chunk.kind != r.kind || chunk.pos + chunk.bytes.len != at)
            put_chunk(list, &chunk, base64);
        if (n && (all || strcmp(only, stream_name(r.kind)) == 0)) {
            if (chunk.bytes.len == 0) {
                chunk.kind = r.kind;
                chunk.pos = at;
            }
            buf_append(&chunk.bytes, r.payload + skip, n);
        }
        taken += n;
        if (left)
            next = at + n;
        p->holds = n < left;
    }
    put_chunk(list, &chunk, base64);
    buf_finish(&chunk.bytes);
    p->page_next = *ret_next = next;
    return e == ERR_OK || e == ERR_AGAIN || e == ERR_GONE
               ? ERR_OK
               : call_fail(c, e, "the record of %s cannot be read", st->info.id);
}

static enum err answer_page(struct stream *st, struct call *c, uint64_t since)
{
    uint64_t next = since;
    cJSON *r = cJSON_CreateObject(), *list = cJSON_CreateArray();
    enum err e = fill_page(c, st, since, list, &next);
    if (e != ERR_OK) {
        cJSON_Delete(list);
        cJSON_Delete(r);
        return e;
    }
    cJSON_AddStringToObject(r, "processId", st->info.id);
    json_add_int(r, "pid", st->info.pid);
    json_add_int(r, "next", (int64_t)next);
    json_add_int(r, "end", (int64_t)st->info.pos);
    cJSON_AddItemToObject(r, "chunks", list);
    const bool last = st->drained && next >= st->info.pos;
    cJSON_AddBoolToObject(r, "last", last);
    if (last && st->info.lost)
        cJSON_AddTrueToObject(r, "lost");
    else if (last)
        json_add_int(r, "exitCode", st->info.exit_code);
    call_reply(c, r);
    return ERR_OK;
}

void process_readers_check(struct stream *st, int64_t now)
{
    struct process *p = st->process;
    for (struct process_reader **at = &p->readers, *r; (r = *at);) {
        if (st->info.pos <= r->since && !st->drained && r->deadline_us > now) {
            at = &r->next;
            continue;
        }
        *at = r->next;
        answer_page(st, r->call, r->since);
        call_send(r->call);
        free(r);
    }
}

/* Whoever runs a process reads it as its own, on whatever link it is now. */
static void adopt(struct stream *st, struct call *c, uint64_t since)
{
    struct process *p = st->process;
    if (st->drained || strcmp(p->by, c->who) != 0 || (p->owner && p->owner != c->peer))
        return;
    p->owner = c->peer;
    p->paced = true;
    p->adopt_by_us = 0;
    process_read_on(st, since);
}

enum err process_output(struct hub *hub, struct call *c)
{
    struct stream *st;
    enum err e = named(hub, c, &st);
    if (e != ERR_OK)
        return e;
    struct process *p = st->process;
    const uint64_t since = (uint64_t)call_int(c, "since", 0);
    const int64_t wait_us = (int64_t)(json_number(c->params, "wait", 0) * 1e6);
    if (call_bool(c, "attached", false))
        adopt(st, c, since);
    if (st->info.pos > since || st->drained || wait_us <= 0)
        return answer_page(st, c, since);
    struct process_reader *r = mem_zalloc(sizeof *r);
    r->call = c;
    r->since = since;
    r->deadline_us = clock_mono_us() + wait_us;
    r->next = p->readers;
    p->readers = r;
    c->parked = true;
    process_timer_arm(hub);
    return ERR_OK;
}

/* --- stdin and signals ------------------------------------------------------------------------ */

static enum err still_reads(struct call *c, const struct stream *st)
{
    const struct process *p = st->process;
    if (st->info.exited)
        return call_fail(c, ERR_ENDED, "%s has ended", st->info.id);
    if (p->refused)
        return call_fail(c, ERR_ENDED, "%s reads its standard input no more", st->info.id);
    if (p->closing_in)
        return call_fail(c, ERR_ENDED, "the standard input of %s is closed", st->info.id);
    return ERR_OK;
}

static enum err feed(struct call *c, struct stream *st, const char *bytes, size_t n)
{
    struct process *p = st->process;
    const int64_t at = call_int(c, "at", -1);
    enum err e = still_reads(c, st);
    if (e != ERR_OK)
        return e;
    if (p->queued && p->queued + n > QUEUE_MAX)
        return call_fail(c, ERR_BUSY, "%s is slow to read what was written before", st->info.id);
    process_feed(st, c, c->who, at < 0 ? PROCESS_UNPLACED : (uint64_t)at, bytes, n);
    c->parked = !c->answered;
    return ERR_OK;
}

enum err process_write(struct hub *hub, struct call *c)
{
    struct stream *st;
    char *bytes = NULL;
    size_t n = 0;
    enum err e = named(hub, c, &st);
    if (e != ERR_OK)
        return e;
    const char *text = call_string(c, "text", NULL);
    if (text)
        return feed(c, st, text, strlen(text));
    if (json_get_base64(c->params, "data", &bytes, &n) != ERR_OK)
        return call_fail(c, ERR_INVALID, "\"text\" is missing, or \"data\" as base64");
    e = feed(c, st, bytes, n);
    free(bytes);
    return e;
}

static void answer_id(struct call *c, const struct stream *st)
{
    cJSON *r = cJSON_CreateObject();
    cJSON_AddStringToObject(r, "processId", st->info.id);
    call_reply(c, r);
}

enum err process_close_stdin(struct hub *hub, struct call *c)
{
    struct stream *st;
    enum err e = named(hub, c, &st);
    if (e != ERR_OK)
        return e;
    process_close_in(st); /* closing what is closed, or has ended, is no mistake */
    answer_id(c, st);
    return ERR_OK;
}

enum err process_signal(struct hub *hub, struct call *c)
{
    struct stream *st;
    const char *name = call_string(c, "signal", "TERM");
    const int number = signal_number(name);
    enum err e = named(hub, c, &st);
    if (e != ERR_OK)
        return e;
    if (number == 0)
        return call_fail(c, ERR_INVALID, "\"signal\" is a name such as TERM or INT, or a number");
    if (st->info.exited)
        return call_fail(c, ERR_ENDED, "%s has ended", st->info.id);
    if (st->fd < 0)
        return call_fail(c, ERR_BUSY, "%s is just starting", st->info.id);
    st->signals_due |= UINT64_C(1) << (number - 1);
    stream_flush(st);
    answer_id(c, st);
    return ERR_OK;
}
