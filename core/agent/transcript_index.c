/* From words to blocks: open addressing, a word's place moves back when another one goes. */
#include "core/agent/transcript_private.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

static uint64_t hash_of(char what, const char *id)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */

    hash = (hash ^ (unsigned char)what) * 1099511628211u;
    for (; *id; id++)
        hash = (hash ^ (unsigned char)*id) * 1099511628211u;
    return hash ^ hash >> 32;
}

/* Where the word stands, or where it would. room > 0. */
static size_t place(const struct transcript_index *x, uint64_t hash, char what, const char *id)
{
    size_t i = hash & (x->room - 1);

    while (x->entries[i].word && !(x->entries[i].hash == hash && x->entries[i].word[0] == what &&
                                   strcmp(x->entries[i].word + 1, id) == 0))
        i = (i + 1) & (x->room - 1);
    return i;
}

struct transcript_block *transcript_index_get(const struct transcript_index *x, char what,
                                              const char *id)
{
    return x->room ? x->entries[place(x, hash_of(what, id), what, id)].block : NULL;
}

static void grow(struct transcript_index *x)
{
    struct transcript_index old = *x;

    x->room = old.room ? old.room * 2 : 64;
    x->entries = mem_calloc(x->room, sizeof *x->entries);
    for (size_t i = 0; i < old.room; i++) {
        size_t to = old.entries[i].hash & (x->room - 1);
        if (!old.entries[i].word)
            continue;
        while (x->entries[to].word)
            to = (to + 1) & (x->room - 1);
        x->entries[to] = old.entries[i];
    }
    free(old.entries);
}

void transcript_index_set(struct transcript_index *x, char what, const char *id,
                          struct transcript_block *block)
{
    uint64_t hash = hash_of(what, id);
    struct index_entry *e;

    if (x->count * 2 >= x->room)
        grow(x);
    e = &x->entries[place(x, hash, what, id)];
    if (!e->word) {
        e->hash = hash;
        e->word = mem_printf("%c%s", what, id);
        x->count++;
    }
    e->block = block;
}

static void remove_at(struct transcript_index *x, size_t i)
{
    size_t mask = x->room - 1;

    free(x->entries[i].word);
    x->count--;
    for (size_t next = (i + 1) & mask; x->entries[next].word; next = (next + 1) & mask) {
        size_t home = x->entries[next].hash & mask;
        if (((next - home) & mask) < ((next - i) & mask))
            continue; /* it stands between its home and the gap */
        x->entries[i] = x->entries[next];
        i = next;
    }
    x->entries[i] = (struct index_entry){0};
}

void transcript_index_remove(struct transcript_index *x, char what, const char *id,
                             const struct transcript_block *block)
{
    size_t i;

    if (!x->room)
        return;
    i = place(x, hash_of(what, id), what, id);
    if (x->entries[i].word && x->entries[i].block == block)
        remove_at(x, i);
}

void transcript_index_finish(struct transcript_index *x)
{
    for (size_t i = 0; i < x->room; i++)
        free(x->entries[i].word);
    free(x->entries);
    *x = (struct transcript_index){0};
}

/* The letter of a block's key; 0 when it has none that is looked for. */
static char word_of(const struct transcript_block *b)
{
    switch (b->kind) {
    case BLOCK_TOOL: return 't';
    case BLOCK_SUGGESTION: return 's';
    case BLOCK_NOTICE: return 'c';
    default: return 0;
    }
}

static void each_word(struct transcript_index *x, const struct transcript_block *b,
                      struct transcript_block *to)
{
    const struct transcript_tool *tool = b->tool;

    if (b->key && word_of(b) && to)
        transcript_index_set(x, word_of(b), b->key, to);
    else if (b->key && word_of(b))
        transcript_index_remove(x, word_of(b), b->key, b);
    for (int i = 0; tool && i < tool->permission_count; i++)
        if (to)
            transcript_index_set(x, 'p', tool->permissions[i].id, to);
        else
            transcript_index_remove(x, 'p', tool->permissions[i].id, b);
    if (b->elicitation && to)
        transcript_index_set(x, 'p', b->elicitation->answer.id, to);
    else if (b->elicitation)
        transcript_index_remove(x, 'p', b->elicitation->answer.id, b);
}

void transcript_index_add(struct transcript_index *x, struct transcript_block *b)
{
    each_word(x, b, b);
}

void transcript_index_forget(struct transcript_index *x, const struct transcript_block *b)
{
    each_word(x, b, NULL);
}
