/* The transcript's list of blocks (see transcript.h): its ends, its bounds, what can be asked of
 * it. Events become blocks in transcript_fold.c and transcript_update.c; an older page is put
 * before in transcript_merge.c. */
#include "core/agent/transcript_private.h"

#include "core/base/json.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ID      ((uint64_t)1 << 62) /* ids of earlier pages go down from here */
#define LOOSE_MAX     1024
#define SHELLS_MAX    1024
#define RESIDUE_LEAST ((size_t)64 * 1024)
#define EARLIER_MAX   3 /* limits more, for pages that were read back */

struct transcript *transcript_create(size_t limit)
{
    struct transcript *t = mem_zalloc(sizeof *t);

    t->limit = limit ? limit : TRANSCRIPT_LIMIT;
    return t;
}

void transcript_destroy(struct transcript *t)
{
    if (!t)
        return;
    for (int i = 0; i < t->count; i++)
        transcript_block_destroy(t->slots[t->first + i].block);
    for (int i = 0; i < t->residue_count; i++)
        transcript_block_destroy(t->residue[i]);
    for (int i = 0; i < t->loose_count; i++)
        transcript_resolved_clear(&t->loose[i]);
    for (int i = 0; i < t->shell_count; i++)
        transcript_shell_clear(&t->shells[i]);
    transcript_index_finish(&t->index);
    free(t->slots);
    free(t->residue);
    free(t->loose);
    free(t->shells);
    free(t->current_key);
    free(t->cancel_by);
    free(t->state);
    free(t->mode);
    free(t->title);
    free(t);
}

void transcript_set(char **field, const char *text)
{
    char *copy = mem_strdup(text); /* which may be the field's own */

    free(*field);
    *field = copy;
}

struct transcript_block *transcript_last(const struct transcript *t)
{
    return t->count ? t->slots[t->first + t->count - 1].block : NULL;
}

void transcript_touch(struct transcript *t, struct transcript_block *b)
{
    int i = t->count - 1;
    size_t bytes = transcript_block_bytes(b);

    if (i < 0)
        return;
    if (t->slots[t->first + i].block != b)
        i = transcript_index(t, b->id);
    t->bytes += bytes - b->bytes;
    b->bytes = bytes;
    b->stamp = ++t->stamp;
    t->slots[t->first + i].stamp = b->stamp;
}

static void make_room(struct transcript *t)
{
    if (t->first + t->count < t->room)
        return;
    if (t->first > t->room / 2) {
        memmove(t->slots, t->slots + t->first, (size_t)t->count * sizeof *t->slots);
        t->first = 0;
        return;
    }
    t->room = t->room ? t->room * 2 : 64;
    t->slots = mem_reallocarray(t->slots, (size_t)t->room, sizeof *t->slots);
}

struct transcript_block *transcript_append(struct transcript *t, enum transcript_kind kind,
                                           int64_t seq, int64_t at)
{
    struct transcript_block *b = mem_zalloc(sizeof *b), *before = transcript_last(t);

    b->id = before ? before->id + 1 : FIRST_ID;
    b->kind = kind;
    b->first = b->last = seq;
    b->at = b->ended = b->heard = at;
    if (before && before->kind == BLOCK_THOUGHT) {
        before->ended = at;
        transcript_touch(t, before);
    }
    make_room(t);
    t->slots[t->first + t->count++] = (struct transcript_slot){.id = b->id, .block = b};
    transcript_touch(t, b);
    return b;
}

bool transcript_same_run(const struct transcript_block *a, const struct transcript_block *b)
{
    bool text = a->kind == BLOCK_TEXT || a->kind == BLOCK_THOUGHT ||
                (a->kind == BLOCK_PROMPT && a->replayed && b->replayed);

    return text && a->kind == b->kind &&
           (a->key && b->key ? strcmp(a->key, b->key) == 0 : a->key == b->key);
}

void transcript_drop_plan(struct transcript *t, const struct transcript_block *b)
{
    if (t->lead_plan == b)
        t->lead_plan = NULL;
    if (t->lead_end == b)
        t->lead_end = NULL;
    if (t->plan != b)
        return;
    /* The turn's next plan stands for itself until the page with this one comes. */
    t->plan = NULL;
    t->saw_prompt = false;
}

static void forget_residue(struct transcript *t, int i)
{
    t->residue_bytes -= t->residue[i]->bytes;
    transcript_block_destroy(t->residue[i]);
    t->residue_count--;
    memmove(t->residue + i, t->residue + i + 1,
            (size_t)(t->residue_count - i) * sizeof(struct transcript_block *));
}

/* The oldest block goes. What later events told of it stays as long as there is little of it. */
static void drop_first(struct transcript *t)
{
    struct transcript_block *b = t->slots[t->first].block;
    size_t most = t->limit / 4 > RESIDUE_LEAST ? t->limit / 4 : RESIDUE_LEAST;

    t->first++;
    t->count--;
    t->bytes -= b->bytes;
    t->whole = t->slots[t->first].block->first;
    t->waiting_stale = true;
    transcript_index_forget(&t->index, b);
    transcript_drop_plan(t, b);
    if (b->last < t->whole) {
        transcript_block_destroy(b);
    } else {
        t->residue = mem_reallocarray(t->residue, (size_t)t->residue_count + 1,
                                      sizeof(struct transcript_block *));
        t->residue[t->residue_count++] = b;
        t->residue_bytes += b->bytes;
    }
    for (int i = t->residue_count - 1; i >= 0; i--)
        if (t->residue[i]->last < t->whole)
            forget_residue(t, i);
    while (t->residue_bytes > most && t->residue_count > 0)
        forget_residue(t, 0);
}

void transcript_bound(struct transcript *t)
{
    while (t->count > 1 && t->bytes + t->residue_bytes > t->limit + t->allowance) {
        drop_first(t);
        t->stamp++;
    }
}

void transcript_trim(struct transcript *t)
{
    t->allowance = 0;
    transcript_bound(t);
}

void transcript_keep_loose(struct transcript *t, struct transcript_resolved *r)
{
    if (t->loose_count == LOOSE_MAX) {
        transcript_resolved_clear(&t->loose[0]);
        memmove(t->loose, t->loose + 1, (size_t)--t->loose_count * sizeof *t->loose);
    }
    t->loose = mem_reallocarray(t->loose, (size_t)t->loose_count + 1, sizeof *t->loose);
    t->loose[t->loose_count++] = *r;
    memset(r, 0, sizeof *r);
}

void transcript_keep_shell(struct transcript *t, struct transcript_shell *s)
{
    if (t->shell_count == SHELLS_MAX) {
        transcript_shell_clear(&t->shells[0]);
        memmove(t->shells, t->shells + 1, (size_t)--t->shell_count * sizeof *t->shells);
    }
    t->shells = mem_reallocarray(t->shells, (size_t)t->shell_count + 1, sizeof *t->shells);
    t->shells[t->shell_count++] = *s;
    memset(s, 0, sizeof *s);
}

bool transcript_add(struct transcript *t, int64_t seq, int64_t at, const char *method,
                    const cJSON *params)
{
    if (seq <= t->head)
        return false;
    if (!t->whole)
        t->whole = seq;
    t->head = seq;
    transcript_fold(t, seq, at, method, params);
    transcript_bound(t);
    return true;
}

bool transcript_add_entry(struct transcript *t, const cJSON *entry, int64_t at)
{
    const cJSON *n = json_get(entry, "notification");

    n = n ? n : json_get(entry, "event");
    return transcript_add(t, json_int(entry, "sequenceNumber", 0), json_int(entry, "timestamp", at),
                          json_string(n, "method", ""), json_get(n, "params"));
}

bool transcript_prepend(struct transcript *t, const cJSON *entries, int64_t from)
{
    struct transcript *page;
    const cJSON *entry;
    bool room;

    if (from >= t->whole)
        return true; /* nothing that is not here */
    page = transcript_create((size_t)-1 / 4);
    page->parent = t;
    cJSON_ArrayForEach(entry, entries)
    {
        int64_t seq = json_int(entry, "sequenceNumber", 0);
        if (seq >= from && seq < t->whole)
            transcript_add_entry(page, entry, 0);
    }
    room = t->bytes + page->bytes <= t->limit * (EARLIER_MAX + 1);
    if (room) {
        t->allowance += page->bytes;
        if (t->allowance > t->limit * EARLIER_MAX)
            t->allowance = t->limit * EARLIER_MAX;
        transcript_merge(t, page, from);
    }
    transcript_destroy(page);
    return room;
}

int64_t transcript_head(const struct transcript *t)
{
    return t->head;
}

int64_t transcript_whole(const struct transcript *t)
{
    return t->whole;
}

int64_t transcript_ended(const struct transcript *t)
{
    return t->ended;
}

uint64_t transcript_stamp(const struct transcript *t)
{
    return t->stamp;
}

size_t transcript_bytes(const struct transcript *t)
{
    return t->bytes + t->residue_bytes;
}

int transcript_count(const struct transcript *t)
{
    return t->count;
}

const struct transcript_block *transcript_at(const struct transcript *t, int index)
{
    return index >= 0 && index < t->count ? t->slots[t->first + index].block : NULL;
}

uint64_t transcript_id_at(const struct transcript *t, int index)
{
    return index >= 0 && index < t->count ? t->slots[t->first + index].id : 0;
}

uint64_t transcript_stamp_at(const struct transcript *t, int index)
{
    return index >= 0 && index < t->count ? t->slots[t->first + index].stamp : 0;
}

int transcript_index(const struct transcript *t, uint64_t id)
{
    int low = 0, high = t->count;

    while (low < high) {
        int mid = low + (high - low) / 2;
        if (t->slots[t->first + mid].id < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

const char *transcript_state(const struct transcript *t)
{
    return t->state ? t->state : "";
}

const char *transcript_mode(const struct transcript *t)
{
    return t->mode ? t->mode : "";
}

const char *transcript_title(const struct transcript *t)
{
    return t->title ? t->title : "";
}

void transcript_usage(const struct transcript *t, int64_t *ret_used, int64_t *ret_size)
{
    *ret_used = t->used;
    *ret_size = t->size;
}

const struct transcript_block *transcript_plan(const struct transcript *t)
{
    return t->plan;
}

int transcript_waiting(const struct transcript *t, const struct transcript_block **ret_first)
{
    int waiting = 0;

    if (ret_first)
        *ret_first = NULL;
    if (!t->waiting_stale && t->waiting == 0)
        return 0;
    for (int i = 0; i < t->count; i++) {
        const struct transcript_block *b = transcript_at(t, i);
        bool asks = transcript_pending(b) != NULL;
        bool suggests = b->kind == BLOCK_SUGGESTION && b->outcome == OUTCOME_PENDING;
        waiting += asks || suggests;
        if (asks && ret_first && !*ret_first)
            *ret_first = b;
    }
    /* What is remembered is no part of what the transcript says. */
    ((struct transcript *)t)->waiting = waiting;
    ((struct transcript *)t)->waiting_stale = false;
    return waiting;
}

const struct transcript_shell *transcript_shell(const struct transcript *t, const char *terminal)
{
    for (int i = t->shell_count - 1; i >= 0; i--)
        if (strcmp(t->shells[i].terminal, terminal) == 0)
            return &t->shells[i];
    return NULL;
}
