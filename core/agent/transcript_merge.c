/* An older page is put before what is there: both were folded apart, and this makes of them what
 * folding all of it at once would have made.
 *
 * What can be cut by the border: a text (its halves grow together), a thing that is told of more
 * than once (a tool call, a plan, a compaction: what the newer part knows goes into the older block
 * and its own goes away), an answer whose question is in the page, a file or terminal of a call
 * that the page left running, a cancel before its turn's end. */
#include "core/agent/transcript_private.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

struct merge {
    struct transcript *t, *page;
    bool *gone; /* by place in t: this block went into one of the page's */
};

static void take(char **to, char **from)
{
    free(*to);
    *to = *from;
    *from = NULL;
}

static void take_text(struct transcript_text *to, struct transcript_text *from)
{
    transcript_text_clear(to);
    *to = *from;
    *from = (struct transcript_text){0};
}

static void merge_lists(struct transcript_tool *to, struct transcript_tool *from)
{
    if (from->set & SET_LOCATIONS) {
        transcript_locations_free(to->locations, to->location_count);
        to->locations = from->locations;
        to->location_count = from->location_count;
        from->locations = NULL;
        from->location_count = 0;
    }
    if (from->set & SET_CONTENT) {
        transcript_contents_free(to->contents, to->content_count);
        to->contents = from->contents;
        to->content_count = from->content_count;
        from->contents = NULL;
        from->content_count = 0;
    }
    for (int i = 0; i < from->file_count; i++)
        transcript_tool_add_file(to, &from->files[i]);
    to->more_files += from->more_files;
    for (int i = 0; i < from->shell_count; i++)
        transcript_tool_add_shell(to, &from->shells[i]);
}

static void merge_permissions(struct transcript_block *to, struct transcript_tool *from)
{
    struct transcript_tool *tool = to->tool;

    for (int i = 0; i < from->permission_count; i++) {
        struct transcript_permission *p = transcript_permission_of(to, from->permissions[i].id);
        if (p) {
            transcript_permission_clear(p);
        } else {
            tool->permissions = mem_reallocarray(
                tool->permissions, (size_t)tool->permission_count + 1, sizeof *tool->permissions);
            p = &tool->permissions[tool->permission_count++];
        }
        *p = from->permissions[i];
    }
    from->permission_count = 0;
}

static void merge_tools(struct transcript_block *to, struct transcript_tool *from)
{
    struct transcript_tool *tool = to->tool;

    if (from->set & SET_TITLE)
        take(&tool->title, &from->title);
    if (from->set & SET_KIND)
        take(&tool->kind, &from->kind);
    if (from->set & SET_STATUS)
        tool->status = from->status;
    if (from->set & SET_INPUT)
        take_text(&tool->input, &from->input);
    if (from->set & SET_OUTPUT)
        take_text(&tool->output, &from->output);
    transcript_text_join(&tool->stream, &from->stream, TRANSCRIPT_TEXT_LIMIT);
    merge_lists(tool, from);
    merge_permissions(to, from);
    tool->set |= from->set;
}

/* What the newer block knows goes into the older one; both are of one thing. */
static void merge_block(struct transcript_block *to, struct transcript_block *from)
{
    if (to->tool && from->tool)
        merge_tools(to, from->tool);
    if (to->kind == BLOCK_PLAN) {
        struct transcript_entry *plan = to->plan;
        int count = to->plan_count;
        to->plan = from->plan;
        to->plan_count = from->plan_count;
        from->plan = plan;
        from->plan_count = count;
    }
    if (to->kind == BLOCK_NOTICE) {
        take_text(&to->text, &from->text);
        take(&to->detail, &from->detail);
        to->severity = from->severity;
    }
    if (to->kind == BLOCK_SUGGESTION) {
        take(&to->by, &from->by);
        take_text(&to->text, &from->text);
        if (from->outcome != OUTCOME_PENDING) {
            to->outcome = from->outcome;
            take(&to->detail, &from->detail);
        }
    }
    if (to->kind == BLOCK_ELICITATION && to->elicitation && from->elicitation) {
        struct transcript_permission was = to->elicitation->answer;
        to->elicitation->answer = from->elicitation->answer;
        from->elicitation->answer = was;
    }
    if (to->last < from->last) {
        to->last = from->last;
        to->heard = from->heard;
        to->ended = from->ended;
    }
}

/* The block of the page that is the same thing as this one, of the same model or dropped. */
static struct transcript_block *counterpart(struct transcript *page,
                                            const struct transcript_block *b)
{
    if (b->kind == BLOCK_TOOL && b->key)
        return transcript_index_get(&page->index, 't', b->key);
    if (b->kind == BLOCK_NOTICE && b->key)
        return transcript_index_get(&page->index, 'c', b->key);
    if (b->kind == BLOCK_SUGGESTION && b->key)
        return transcript_index_get(&page->index, 's', b->key);
    if (b->kind == BLOCK_PERMISSION && b->tool->permission_count)
        return transcript_index_get(&page->index, 'p', b->tool->permissions[0].id);
    if (b->kind == BLOCK_ELICITATION)
        return transcript_index_get(&page->index, 'p', b->elicitation->answer.id);
    for (int i = 0; b->kind == BLOCK_PLAN && i < page->count; i++) {
        struct transcript_block *p = page->slots[page->first + i].block;
        if (p->kind == BLOCK_PLAN && p->last >= b->first)
            return p; /* of a turn that goes on behind the page */
    }
    return NULL;
}

/* What was known of blocks that had been dropped. One that began before its block in this page
 * stays, empty: the page before must know which events it had. */
static void merge_residue(struct merge *m)
{
    struct transcript *t = m->t;
    int kept = 0;

    for (int i = 0; i < t->residue_count; i++) {
        struct transcript_block *r = t->residue[i], *to = counterpart(m->page, r);
        if (to) {
            merge_block(to, r);
            transcript_index_add(&m->page->index, to);
            transcript_touch(m->page, to);
        }
        t->residue_bytes -= r->bytes;
        if (to && (to->first <= r->first || r->kind != BLOCK_TOOL)) {
            transcript_block_destroy(r);
            continue;
        }
        if (to)
            transcript_tool_clear(r->tool);
        r->bytes = transcript_block_bytes(r);
        t->residue_bytes += r->bytes;
        t->residue[kept++] = r;
    }
    t->residue_count = kept;
}

/* Answers whose questions are in the page; the rest of both is kept, the page's first. */
static void merge_loose(struct merge *m)
{
    struct transcript_resolved *lists[] = {m->page->loose, m->t->loose};
    int counts[] = {m->page->loose_count, m->t->loose_count};

    m->page->loose = m->t->loose = NULL;
    m->page->loose_count = m->t->loose_count = 0;
    for (int list = 0; list < 2; list++) {
        for (int i = 0; i < counts[list]; i++) {
            struct transcript_resolved *r = &lists[list][i];
            struct transcript_block *b =
                transcript_index_get(&m->page->index, r->suggestion ? 's' : 'p', r->id);
            if (!b) {
                transcript_keep_loose(m->t, r);
                continue;
            }
            transcript_resolve(b, r);
            if (b->heard < r->at)
                b->heard = b->ended = r->at;
            transcript_touch(m->page, b);
            transcript_resolved_clear(r);
        }
        free(lists[list]);
    }
}

static void absorb(struct merge *m, struct transcript_block *to, struct transcript_block *from)
{
    m->gone[transcript_index(m->t, from->id)] = true;
    transcript_index_forget(&m->t->index, from);
    merge_block(to, from);
    transcript_index_add(&m->page->index, to);
    transcript_touch(m->page, to);
}

/* Things that both tell of. Asked from the page's side: it is the shorter one. */
static void merge_things(struct merge *m)
{
    struct transcript *t = m->t, *page = m->page;

    for (int i = 0; i < page->count; i++) {
        struct transcript_block *b = page->slots[page->first + i].block, *newer = NULL;
        if (b->kind == BLOCK_TOOL && b->key)
            newer = transcript_index_get(&t->index, 't', b->key);
        else if (b->kind == BLOCK_NOTICE && b->key)
            newer = transcript_index_get(&t->index, 'c', b->key);
        else if (b->kind == BLOCK_SUGGESTION)
            newer = transcript_index_get(&t->index, 's', b->key);
        if (newer)
            absorb(m, b, newer);
    }
    if (page->plan && t->lead_plan) {
        struct transcript_block *lead = t->lead_plan;
        if (t->plan == lead)
            t->plan = page->plan;
        t->lead_plan = NULL;
        absorb(m, page->plan, lead);
    } else if (!t->plan && !t->saw_prompt) {
        t->plan = page->plan;
    }
}

/* What was dropped of this tool call knows of this event already. */
static bool residue_has(const struct transcript *t, const struct transcript_block *b, int64_t seq)
{
    for (int i = 0; i < t->residue_count; i++)
        if (t->residue[i]->kind == BLOCK_TOOL && strcmp(t->residue[i]->key, b->key) == 0)
            return seq >= t->residue[i]->first;
    return false;
}

/* Files and terminals at the newer part's beginning are of the call that the page left running. */
static void merge_unclaimed(struct merge *m)
{
    struct transcript *t = m->t, *page = m->page;

    if (page->current == CURRENT_UNKNOWN)
        return;
    for (int i = 0; i < t->count; i++) {
        struct transcript_block *b = t->slots[t->first + i].block;
        if (b->kind == BLOCK_TOOL || b->kind == BLOCK_PROMPT || b->kind == BLOCK_TURN_END)
            return;
        if (b->unclaimed && page->current == CURRENT_TOOL) {
            struct transcript_block *to =
                transcript_index_get(&page->index, 't', page->current_key);
            if (residue_has(t, to, b->first))
                transcript_tool_clear(b->tool);
            absorb(m, to, b);
        }
        b->unclaimed = false;
    }
}

static void merge_turns(struct merge *m)
{
    struct transcript *t = m->t, *page = m->page;

    if (t->lead_end && page->cancel_by) {
        transcript_set(&t->lead_end->by, page->cancel_by);
        transcript_touch(t, t->lead_end);
    }
    if (!t->saw_turn)
        take(&t->cancel_by, &page->cancel_by);
    if (page->lead_end || page->saw_turn)
        t->lead_end = page->lead_end;
    if (page->lead_plan || page->saw_prompt)
        t->lead_plan = page->lead_plan;
    t->saw_turn |= page->saw_turn;
    t->saw_prompt |= page->saw_prompt;
    if (t->current == CURRENT_UNKNOWN) {
        t->current = page->current;
        take(&t->current_key, &page->current_key);
    }
    t->ended = t->ended ? t->ended : page->ended;
    t->used = t->used ? t->used : page->used;
    t->size = t->size ? t->size : page->size;
    if (!t->state)
        take(&t->state, &page->state);
    if (!t->mode)
        take(&t->mode, &page->mode);
    if (!t->title)
        take(&t->title, &page->title);
}

static void merge_shells(struct merge *m)
{
    struct transcript_shell *newer = m->t->shells;
    int count = m->t->shell_count;

    m->t->shells = m->page->shells;
    m->t->shell_count = m->page->shell_count;
    m->page->shells = NULL;
    m->page->shell_count = 0;
    for (int i = 0; i < count; i++)
        transcript_keep_shell(m->t, &newer[i]);
    free(newer);
}

/* The older half's text goes before the newer one's: that one has been seen, and keeps its id. */
static void join(struct transcript *t, struct transcript_block *older, struct transcript_block *b)
{
    transcript_text_join(&older->text, &b->text, TRANSCRIPT_TEXT_LIMIT);
    take_text(&b->text, &older->text);
    b->first = older->first;
    b->at = older->at;
    b->stamp = ++t->stamp;
    if (t->plan == older || t->lead_plan == older || t->lead_end == older)
        abort(); /* a text is none of these */
    transcript_block_destroy(older);
}

/* Where neighbours are new to each other: one text grows together, a thought learns its end. */
static void meet(struct transcript *t, struct transcript_slot *slots, int *count)
{
    struct transcript_block *a = *count > 1 ? slots[*count - 2].block : NULL;
    struct transcript_block *b = slots[*count - 1].block;

    if (!a)
        return;
    if (transcript_same_run(a, b)) {
        join(t, a, b);
        slots[*count - 2] = slots[*count - 1];
        (*count)--;
    } else if (a->kind == BLOCK_THOUGHT) {
        a->ended = b->at;
        a->stamp = ++t->stamp;
    }
}

/* All that is left, in one run of memory, with ids, stamps, bytes and words put right. */
static void put_together(struct merge *m)
{
    struct transcript *t = m->t, *page = m->page;
    int total = page->count + t->count, count = 0;
    uint64_t id = t->count ? t->slots[t->first].id : (uint64_t)1 << 62;
    struct transcript_slot *slots = mem_calloc((size_t)total + 64, sizeof *slots);
    bool gap = true;

    for (int i = 0; i < page->count; i++) {
        struct transcript_block *b = page->slots[page->first + i].block;
        b->id = id - (uint64_t)(page->count - i);
        b->stamp = ++t->stamp;
        transcript_index_add(&t->index, b);
        slots[count++].block = b;
    }
    for (int i = 0; i < t->count; i++) {
        if (m->gone[i]) {
            transcript_block_destroy(t->slots[t->first + i].block);
            gap = true;
            continue;
        }
        slots[count++] = t->slots[t->first + i];
        if (gap)
            meet(t, slots, &count);
        gap = false;
    }
    if (gap && count && slots[count - 1].block->kind == BLOCK_THOUGHT) {
        slots[count - 1].block->ended = slots[count - 1].block->heard;
        slots[count - 1].block->stamp = ++t->stamp;
    }
    free(t->slots);
    t->slots = slots;
    t->first = 0;
    t->count = count;
    t->room = total + 64;
    page->count = 0;
}

void transcript_merge(struct transcript *t, struct transcript *page, int64_t from)
{
    struct merge m = {t, page, mem_calloc((size_t)t->count + 1, sizeof(bool))};

    merge_unclaimed(&m); /* they are older than what the newer part says of the same call */
    merge_residue(&m);
    merge_things(&m);
    merge_loose(&m);
    merge_turns(&m);
    merge_shells(&m);
    put_together(&m);
    t->bytes = 0;
    for (int i = 0; i < t->count; i++) {
        struct transcript_block *b = t->slots[i].block;
        b->bytes = transcript_block_bytes(b);
        t->bytes += b->bytes;
        t->slots[i].id = b->id;
        t->slots[i].stamp = b->stamp;
    }
    t->whole = from;
    t->waiting_stale = true;
    t->stamp++;
    free(m.gone);
}
