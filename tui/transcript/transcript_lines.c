/* Lines of a transcript, kept (see transcript_lines.h). There is an entry for each block, in the
 * same order; its height is exact once the block was laid out and guessed until then. Laid-out
 * lines are thrown away when they are many and nobody has looked at them lately; their heights
 * stay. */
#include "tui/transcript/transcript_lines.h"

#include "core/base/mem.h"
#include "core/base/text.h"
#include "tui/transcript/transcript_layout.h"

#include <stdlib.h>
#include <string.h>

#define KEPT_BYTES ((size_t)16 * 1024 * 1024) /* of laid-out lines */

enum fold { FOLD_ITSELF, FOLD_OPEN, FOLD_CLOSED };

struct entry {
    uint64_t id, stamp;
    struct sheet *sheet;          /* NULL: not laid out, or thrown away */
    struct layout_text *progress; /* of an agent's text */
    int64_t first;                /* sequence number of its first event when it was laid out */
    uint64_t used;                /* the sync in which it was looked at last */
    int height;                   /* without the empty line before it */
    bool exact, stale;            /* stale: the sheet is of an older block */
    bool apart;                   /* an empty line before it counts */
    bool newest;                  /* it was laid out as the last one */
    bool put_off;
    uint8_t fold;
};

struct transcript_lines {
    const struct transcript *t;
    struct lines_look look;
    char *me, *driver_name;
    struct entry *all, *entries; /* entries is within all: the oldest go from the front */
    int count, room;             /* room: from entries on */
    int64_t total;
    uint64_t seen, syncs; /* the transcript's stamp at the last sync; how many there were */
    size_t kept;
    bool all_open, all_closed;
};

struct transcript_lines *transcript_lines_create(const struct transcript *t)
{
    struct transcript_lines *l = mem_zalloc(sizeof *l);

    l->t = t;
    l->me = mem_strdup("");
    l->driver_name = mem_strdup("");
    l->look =
        (struct lines_look){.width = 80, .utf8 = true, .me = l->me, .driver_name = l->driver_name};
    l->seen = (uint64_t)-1;
    return l;
}

static void forget_sheet(struct transcript_lines *l, struct entry *e)
{
    if (e->sheet) {
        l->kept -= sheet_bytes(e->sheet);
        sheet_finish(e->sheet);
        free(e->sheet);
        free(e->progress);
    }
    e->sheet = NULL;
    e->progress = NULL;
}

void transcript_lines_destroy(struct transcript_lines *l)
{
    if (!l)
        return;
    for (int i = 0; i < l->count; i++)
        forget_sheet(l, &l->entries[i]);
    free(l->all);
    free(l->me);
    free(l->driver_name);
    free(l);
}

static int rows(const struct entry *e)
{
    return e->height + (e->apart && e->height > 0);
}

static void set_height(struct transcript_lines *l, struct entry *e, int height)
{
    l->total -= rows(e);
    e->height = height;
    l->total += rows(e);
}

static bool is_open(const struct transcript_lines *l, const struct entry *e,
                    const struct transcript_block *b)
{
    if (!layout_foldable(b))
        return true;
    if (e->fold != FOLD_ITSELF)
        return e->fold == FOLD_OPEN;
    return l->all_open || (!l->all_closed && layout_opens(b));
}

static void guess(struct transcript_lines *l, struct entry *e, int index)
{
    const struct transcript_block *b = transcript_at(l->t, index);

    e->exact = false;
    set_height(l, e, layout_guess(b, &l->look, is_open(l, e, b)));
}

static void all_anew(struct transcript_lines *l)
{
    for (int i = 0; i < l->count; i++) {
        forget_sheet(l, &l->entries[i]);
        guess(l, &l->entries[i], i);
    }
}

void transcript_lines_look(struct transcript_lines *l, const struct lines_look *look)
{
    const char *me = look->me ? look->me : "", *name = look->driver_name ? look->driver_name : "";
    int width = look->width > 0 ? look->width : 1;

    if (width == l->look.width && look->utf8 == l->look.utf8 && look->driver == l->look.driver &&
        strcmp(me, l->me) == 0 && strcmp(name, l->driver_name) == 0)
        return;
    char *old_me = l->me, *old_name = l->driver_name;
    size_t room = strlen(name) * 3 + 1;
    l->me = mem_strdup(me);
    l->driver_name = mem_zalloc(room);
    text_make_safe(l->driver_name, room, name, strlen(name));
    l->look = (struct lines_look){width, look->utf8, look->driver, l->me, l->driver_name};
    free(old_me);
    free(old_name);
    if (l->seen == transcript_stamp(l->t))
        all_anew(l);
    else /* the entries may be of blocks that are no more: the next sync guesses them */
        for (int i = 0; i < l->count; i++) {
            forget_sheet(l, &l->entries[i]);
            l->entries[i].stamp = 0;
        }
}

/* --- keeping up with the transcript ------------------------------------------------------------
 */

static const struct transcript_block *visible_before(const struct transcript_lines *l, int index)
{
    while (--index >= 0) {
        const struct transcript_block *b = transcript_at(l->t, index);
        if (layout_visible(b))
            return b;
    }
    return NULL;
}

static void set_apart(struct transcript_lines *l, int index)
{
    struct entry *e = &l->entries[index];

    l->total -= rows(e);
    e->apart = layout_apart(visible_before(l, index), transcript_at(l->t, index));
    l->total += rows(e);
}

static void make_room(struct transcript_lines *l, int count)
{
    if (l->entries && count <= l->room)
        return;
    if (l->entries)
        memmove(l->all, l->entries, (size_t)l->count * sizeof *l->entries);
    l->room = count + count / 2 + 16;
    l->all = mem_reallocarray(l->all, (size_t)l->room, sizeof *l->all);
    l->entries = l->all;
}

static void add_new(struct transcript_lines *l, int index)
{
    struct entry *e = &l->entries[index];

    memset(e, 0, sizeof *e);
    e->id = transcript_id_at(l->t, index);
    e->stamp = transcript_stamp_at(l->t, index);
    e->first = transcript_at(l->t, index)->first;
    guess(l, e, index);
    set_apart(l, index);
}

/* Blocks came in front, or went: both lists are in the order of their ids. */
static void rebuild(struct transcript_lines *l)
{
    struct entry *old_all = l->all, *old = l->entries;
    int old_count = l->count, at = 0, count = transcript_count(l->t);

    l->all = l->entries = NULL;
    l->room = 0;
    l->count = 0;
    l->total = 0;
    make_room(l, count + 1);
    for (int i = 0; i < count; i++) {
        uint64_t id = transcript_id_at(l->t, i);
        while (at < old_count && old[at].id < id)
            forget_sheet(l, &old[at++]);
        l->count = i + 1;
        if (at < old_count && old[at].id == id) {
            l->entries[i] = old[at++];
            l->entries[i].apart = false;
            l->total += rows(&l->entries[i]);
            set_apart(l, i);
        } else {
            add_new(l, i);
        }
    }
    while (at < old_count)
        forget_sheet(l, &old[at++]);
    free(old_all);
}

/* The oldest blocks have been dropped: so are their entries. */
static void drop_oldest(struct transcript_lines *l)
{
    uint64_t first = transcript_id_at(l->t, 0);
    int gone = 0;

    while (l->count && l->entries->id < first) {
        forget_sheet(l, l->entries);
        l->total -= rows(l->entries);
        l->entries++;
        l->count--;
        l->room--;
        gone++;
    }
    if (gone && l->count && l->entries->id == first)
        set_apart(l, 0);
}

static bool only_grew(const struct transcript_lines *l)
{
    int count = transcript_count(l->t);

    return l->count == 0 || (count >= l->count && transcript_id_at(l->t, 0) == l->entries[0].id &&
                             transcript_id_at(l->t, l->count - 1) == l->entries[l->count - 1].id);
}

/* Blocks that changed, and the one that is not the newest any more: its thought has ended. */
static void look_for_changes(struct transcript_lines *l)
{
    for (int i = 0; i < l->count; i++) {
        struct entry *e = &l->entries[i];
        if (e->stamp == transcript_stamp_at(l->t, i) && !(e->newest && i < l->count - 1))
            continue;
        e->stamp = transcript_stamp_at(l->t, i);
        e->stale = true;
        guess(l, e, i);
    }
}

static void evict(struct transcript_lines *l)
{
    for (int i = 0; i < l->count && l->kept > KEPT_BYTES; i++)
        if (l->entries[i].sheet && l->entries[i].used + 1 < l->syncs)
            forget_sheet(l, &l->entries[i]);
}

/* The entry of a block by its id, or NULL. */
static struct entry *entry_of(struct transcript_lines *l, uint64_t id)
{
    int low = 0, high = l->count;

    while (low < high) {
        int mid = low + (high - low) / 2;
        if (l->entries[mid].id < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low < l->count && l->entries[low].id == id ? &l->entries[low] : NULL;
}

/* How many lines more the block has in front than it had: its other half, and the empty line that
 * the first of all blocks goes without. */
static int grown_in_front(struct transcript_lines *l, const struct entry *was)
{
    struct entry *e = entry_of(l, was->id);
    int index, grown;

    if (!e)
        return 0;
    index = (int)(e - l->entries);
    grown = e->apart - was->apart;
    if (was->exact && was->first != transcript_at(l->t, index)->first) {
        transcript_lines_height(l, index);
        grown += e->height - was->height;
    }
    return grown;
}

int transcript_lines_sync(struct transcript_lines *l, uint64_t anchor)
{
    struct entry was = {0}, *e;
    int count;

    l->syncs++;
    evict(l);
    if (l->seen == transcript_stamp(l->t))
        return 0;
    l->seen = transcript_stamp(l->t);
    count = transcript_count(l->t);
    e = anchor ? entry_of(l, anchor) : NULL;
    if (e)
        was = *e;
    drop_oldest(l);
    if (!only_grew(l))
        rebuild(l);
    make_room(l, count + 1);
    while (l->count < count) {
        l->count++;
        add_new(l, l->count - 1);
    }
    look_for_changes(l);
    return e ? grown_in_front(l, &was) : 0;
}

/* --- lines -------------------------------------------------------------------------------------
 */

/* A text that only grew is gone on with where it was left. */
static bool grows(const struct entry *e, const struct transcript_block *b)
{
    return e->sheet && e->progress && b->kind == BLOCK_TEXT && b->first == e->first &&
           e->progress->at > 0 && b->text.n >= e->progress->at;
}

static void lay_out(struct transcript_lines *l, struct entry *e, int index)
{
    const struct transcript_block *b = transcript_at(l->t, index);
    struct layout layout = {.t = l->t,
                            .b = b,
                            .look = &l->look,
                            .open = is_open(l, e, b),
                            .put_off = e->put_off,
                            .newest = index == l->count - 1};

    if (grows(e, b)) {
        l->kept -= sheet_bytes(e->sheet);
        layout.s = e->sheet;
        layout_text(&layout, e->progress);
    } else {
        forget_sheet(l, e);
        e->sheet = layout.s = mem_zalloc(sizeof *e->sheet);
        sheet_init(e->sheet, l->look.width, l->look.utf8);
        if (b->kind == BLOCK_TEXT) {
            e->progress = mem_zalloc(sizeof *e->progress);
            sheet_end(e->sheet, WRAP_WORDS); /* the empty line before it */
            layout_text(&layout, e->progress);
        } else {
            layout_block(&layout);
        }
    }
    sheet_make(e->sheet);
    l->kept += sheet_bytes(e->sheet);
    e->first = b->first;
    e->stale = false;
    e->exact = true;
    e->newest = layout.newest && b->kind == BLOCK_THOUGHT;
    set_height(l, e, (int)e->sheet->line_count - 1);
}

static struct entry *laid_out(struct transcript_lines *l, int index)
{
    struct entry *e;

    if (index < 0 || index >= l->count)
        return NULL;
    e = &l->entries[index];
    if (!e->sheet || e->stale || !e->exact)
        lay_out(l, e, index);
    e->used = l->syncs;
    return e;
}

int transcript_lines_at(struct transcript_lines *l, int index, const struct text_line **ret_lines)
{
    struct entry *e = laid_out(l, index);

    *ret_lines = NULL;
    if (!e || e->height <= 0)
        return 0;
    *ret_lines = e->sheet->made + !e->apart;
    return rows(e);
}

int transcript_lines_height(struct transcript_lines *l, int index)
{
    if (index >= 0 && index < l->count && l->entries[index].exact && !l->entries[index].stale)
        return rows(&l->entries[index]);
    const struct entry *e = laid_out(l, index);
    return e ? rows(e) : 0;
}

int64_t transcript_lines_total(const struct transcript_lines *l)
{
    return l->total;
}

int64_t transcript_lines_before(const struct transcript_lines *l, int index)
{
    int64_t lines = 0;

    for (int i = 0; i < index && i < l->count; i++)
        lines += rows(&l->entries[i]);
    return lines;
}

/* --- folds -------------------------------------------------------------------------------------
 */

bool transcript_lines_foldable(const struct transcript_lines *l, int index)
{
    const struct transcript_block *b = transcript_at(l->t, index);

    return b && index < l->count && layout_foldable(b);
}

bool transcript_lines_open(const struct transcript_lines *l, int index)
{
    const struct transcript_block *b = transcript_at(l->t, index);

    return b && index < l->count && is_open(l, &l->entries[index], b);
}

static void anew(struct transcript_lines *l, int index)
{
    forget_sheet(l, &l->entries[index]);
    guess(l, &l->entries[index], index);
}

void transcript_lines_set_open(struct transcript_lines *l, int index, bool open)
{
    if (index < 0 || index >= l->count)
        return;
    l->entries[index].fold = open ? FOLD_OPEN : FOLD_CLOSED;
    anew(l, index);
}

void transcript_lines_open_all(struct transcript_lines *l, bool open)
{
    l->all_open = open;
    l->all_closed = !open;
    for (int i = 0; i < l->count; i++) {
        l->entries[i].fold = FOLD_ITSELF;
        anew(l, i);
    }
}

void transcript_lines_put_off(struct transcript_lines *l, int index, bool off)
{
    if (index < 0 || index >= l->count)
        return;
    l->entries[index].put_off = off;
    anew(l, index);
}

bool transcript_lines_is_put_off(const struct transcript_lines *l, int index)
{
    return index >= 0 && index < l->count && l->entries[index].put_off;
}

void transcript_lines_text(struct transcript_lines *l, int index, struct buf *out)
{
    const struct text_line *lines;
    int count = transcript_lines_at(l, index, &lines);

    for (int i = 0; i < count; i++)
        transcript_line_text(&lines[i], 0, lines[i].n, out);
}

void transcript_line_text(const struct text_line *line, size_t from, size_t to, struct buf *out)
{
    size_t at = 0, before = out->len;
    bool words = line->run_count == 0;

    for (int r = 0; r < line->run_count; at += line->runs[r++].n) {
        size_t a = at > from ? at : from, b = at + line->runs[r].n < to ? at + line->runs[r].n : to;
        words |= !line->runs[r].decoration;
        if (!line->runs[r].decoration && a < b)
            buf_append(out, line->text + a, b - a);
    }
    if (to < line->n || (!words && out->len == before))
        return; /* the selection's end, or a line of nothing but decoration */
    if (line->end == LINE_WRAPS_AT_SPACE)
        buf_putc(out, ' ');
    else if (line->end == LINE_ENDS)
        buf_putc(out, '\n');
}
