/* Styles, graphemes and links, interned: a cell holds small numbers. What a hostile program could
 * grow without bound is bounded: a table that has grown asks to be collected, and between two units
 * of input, when nobody holds a number but cells, pens and saved cursors, the unused ones go. The
 * history refers to links alone (packed.c). A table that is full of what is in use stays full: the
 * default style, U+FFFD, or no link stands in for what is new. */
#include "core/screen/screen_private.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

#define STYLES_MAX    65535u
#define STYLES_SOFT   4096u
#define CLUSTERS_MAX  4194304u
#define CLUSTERS_SOFT 4096u
#define LINKS_MAX     4096u
#define LINK_BYTES    8192u
#define NONE          0xffffffffu

static uint32_t hash_style(const struct style *st)
{
    uint32_t h = st->fg * 2654435761u;
    h = (h ^ st->bg) * 2246822519u;
    h = (h ^ st->underline_colour) * 3266489917u;
    h = (h ^ ((uint32_t)st->attrs << 16 | st->link)) * 668265263u;
    return h ^ h >> 15;
}

static bool same(const struct style *a, const struct style *b)
{
    return a->fg == b->fg && a->bg == b->bg && a->underline_colour == b->underline_colour &&
           a->attrs == b->attrs && a->link == b->link;
}

static uint32_t hash_text(const char *text, size_t n)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ (uint8_t)text[i]) * 16777619u;
    return h;
}

/* --- styles ----------------------------------------------------------------------------------- */

static void styles_grow(struct styles *t)
{
    t->cap = t->cap ? t->cap * 2 : 32;
    t->items = mem_reallocarray(t->items, t->cap, sizeof *t->items);
    t->next = mem_reallocarray(t->next, t->cap, sizeof *t->next);
    t->buckets = mem_reallocarray(t->buckets, t->cap, sizeof *t->buckets);
    memset(t->buckets, 0xff, t->cap * sizeof *t->buckets);
    for (size_t i = 0; i < t->count; i++) {
        uint32_t *b = &t->buckets[hash_style(&t->items[i]) & (t->cap - 1)];
        t->next[i] = *b;
        *b = (uint32_t)i;
    }
}

static uint16_t style_add(struct styles *t, const struct style *style)
{
    if (t->count == t->cap)
        styles_grow(t);
    uint32_t *b = &t->buckets[hash_style(style) & (t->cap - 1)];
    t->items[t->count] = *style;
    t->next[t->count] = *b;
    *b = (uint32_t)t->count;
    return (uint16_t)t->count++;
}

uint16_t style_intern(struct screen *s, const struct style *style)
{
    struct styles *t = &s->styles;
    for (uint32_t i = t->buckets[hash_style(style) & (t->cap - 1)]; i != NONE; i = t->next[i])
        if (same(&t->items[i], style))
            return (uint16_t)i;
    if (t->count >= t->soft)
        s->crowded = true;
    return t->count < STYLES_MAX ? style_add(t, style) : 0;
}

const struct style *style_get(const struct screen *s, uint16_t id)
{
    return &s->styles.items[id];
}

void pen_changed(struct screen *s)
{
    s->pen.id = style_intern(s, &s->pen.style);
}

static void each_cell(struct screen *s, void (*visit)(struct cell *c, uint32_t *arg), uint32_t *arg)
{
    for (int p = 0; p < 2; p++)
        for (int row = 0; row < s->rows; row++)
            for (int col = 0; col < s->cols; col++)
                visit(&s->pages[p].lines[row]->cells[col], arg);
}

static void mark_style(struct cell *c, uint32_t *used)
{
    used[c->style] = 1;
}

static void renumber_style(struct cell *c, uint32_t *map)
{
    c->style = (uint16_t)map[c->style];
}

static void styles_collect(struct screen *s)
{
    struct styles old = s->styles;
    uint32_t *map = mem_calloc(old.count, sizeof *map);
    uint16_t *held[] = {&s->pen.id, &s->pages[0].saved.style, &s->pages[1].saved.style};

    each_cell(s, mark_style, map);
    map[0] = 1;
    for (size_t i = 0; i < sizeof held / sizeof *held; i++)
        map[*held[i]] = 1;
    s->styles = (struct styles){0};
    for (size_t i = 0; i < old.count; i++)
        map[i] = map[i] ? style_add(&s->styles, &old.items[i]) : 0;
    each_cell(s, renumber_style, map);
    for (size_t i = 0; i < sizeof held / sizeof *held; i++)
        *held[i] = (uint16_t)map[*held[i]];
    s->styles.soft = s->styles.count * 2 > STYLES_SOFT ? s->styles.count * 2 : STYLES_SOFT;
    free(map);
    free(old.items);
    free(old.next);
    free(old.buckets);
}

/* --- graphemes -------------------------------------------------------------------------------- */

static void clusters_grow(struct clusters *t)
{
    t->cap = t->cap ? t->cap * 2 : 16;
    t->items = mem_reallocarray(t->items, t->cap, sizeof *t->items);
    t->next = mem_reallocarray(t->next, t->cap, sizeof *t->next);
    t->buckets = mem_reallocarray(t->buckets, t->cap, sizeof *t->buckets);
    memset(t->buckets, 0xff, t->cap * sizeof *t->buckets);
    for (size_t i = 0; i < t->count; i++) {
        uint32_t *b = &t->buckets[hash_text(t->items[i], strlen(t->items[i])) & (t->cap - 1)];
        t->next[i] = *b;
        *b = (uint32_t)i;
    }
}

static uint32_t cluster_add(struct clusters *t, const char *text, size_t n)
{
    if (t->count == t->cap)
        clusters_grow(t);
    uint32_t *b = &t->buckets[hash_text(text, n) & (t->cap - 1)];
    memcpy(t->items[t->count], text, n);
    t->items[t->count][n] = '\0';
    t->next[t->count] = *b;
    *b = (uint32_t)t->count;
    return GLYPH_CLUSTER | (uint32_t)t->count++;
}

uint32_t cluster_intern(struct screen *s, const char *text, size_t n)
{
    struct clusters *t = &s->clusters;
    if (t->cap) {
        uint32_t i = t->buckets[hash_text(text, n) & (t->cap - 1)];
        for (; i != NONE; i = t->next[i])
            if (memcmp(t->items[i], text, n) == 0 && t->items[i][n] == '\0')
                return GLYPH_CLUSTER | i;
    }
    if (t->count >= t->soft)
        s->crowded = true;
    return t->count < CLUSTERS_MAX ? cluster_add(t, text, n) : 0xfffd;
}

size_t glyph_text(const struct screen *s, uint32_t glyph, char out[CLUSTER_MAX + 1])
{
    size_t n = 0;
    if (glyph & GLYPH_CLUSTER) {
        const char *text = s->clusters.items[glyph & ~GLYPH_CLUSTER];
        n = strlen(text);
        memcpy(out, text, n);
    } else if (glyph) {
        n = text_encode(glyph, out);
    }
    out[n] = '\0';
    return n;
}

static void mark_cluster(struct cell *c, uint32_t *used)
{
    if (c->glyph & GLYPH_CLUSTER)
        used[c->glyph & ~GLYPH_CLUSTER] = 1;
}

static void renumber_cluster(struct cell *c, uint32_t *map)
{
    if (c->glyph & GLYPH_CLUSTER)
        c->glyph = map[c->glyph & ~GLYPH_CLUSTER];
}

static void clusters_collect(struct screen *s)
{
    struct clusters old = s->clusters;
    uint32_t *map = mem_calloc(old.count, sizeof *map);

    each_cell(s, mark_cluster, map);
    s->clusters = (struct clusters){0};
    for (size_t i = 0; i < old.count; i++)
        if (map[i])
            map[i] = cluster_add(&s->clusters, old.items[i], strlen(old.items[i]));
    each_cell(s, renumber_cluster, map);
    s->clusters.soft =
        s->clusters.count * 2 > CLUSTERS_SOFT ? s->clusters.count * 2 : CLUSTERS_SOFT;
    free(map);
    free(old.items);
    free(old.next);
    free(old.buckets);
}

/* --- links ------------------------------------------------------------------------------------ */

static void links_index(struct links *t)
{
    memset(t->buckets, 0xff, sizeof t->buckets);
    for (size_t i = 1; i < t->count; i++) {
        if (!t->items[i])
            continue;
        uint32_t *b = &t->buckets[hash_text(t->items[i], strlen(t->items[i])) % 256];
        t->next[i] = *b;
        *b = (uint32_t)i;
    }
}

/* Frees the links that no style on the screen and no line of the history names. */
static void links_collect(struct screen *s)
{
    struct links *t = &s->links;
    bool *used = mem_calloc(t->count, sizeof *used);

    styles_collect(s);
    for (size_t i = 0; i < s->styles.count; i++)
        used[s->styles.items[i].link] = true;
    used[s->pen.style.link] = true;
    for (size_t i = 0; i < s->history.count; i++) {
        struct packed_reader r;
        struct token token;
        packed_read(&r, history_at(s, i));
        while (packed_next(&r, &token))
            used[r.style.link] = true;
    }
    for (size_t i = 1; i < t->count; i++)
        if (!used[i]) {
            free(t->items[i]);
            t->items[i] = NULL;
        }
    free(used);
    links_index(t);
}

uint16_t link_intern(struct screen *s, const char *url, size_t n)
{
    struct links *t = &s->links;
    if (n == 0 || n > LINK_BYTES)
        return 0;
    for (uint32_t i = t->buckets[hash_text(url, n) % 256]; i != NONE; i = t->next[i])
        if (strlen(t->items[i]) == n && memcmp(t->items[i], url, n) == 0)
            return (uint16_t)i;
    size_t at = t->count;
    if (at == LINKS_MAX) {
        links_collect(s);
        for (at = 1; at < LINKS_MAX && t->items[at]; at++)
            ;
        if (at == LINKS_MAX)
            return 0;
    } else if (at == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 16;
        t->items = mem_reallocarray(t->items, t->cap, sizeof *t->items);
        t->next = mem_reallocarray(t->next, t->cap, sizeof *t->next);
    }
    uint32_t *b = &t->buckets[hash_text(url, n) % 256];
    t->items[at] = mem_strndup(url, n);
    t->next[at] = *b;
    *b = (uint32_t)at;
    if (at == t->count)
        t->count++;
    return (uint16_t)at;
}

/* --- all of them ------------------------------------------------------------------------------ */

void tables_init(struct screen *s)
{
    s->styles.soft = STYLES_SOFT;
    s->clusters.soft = CLUSTERS_SOFT;
    style_add(&s->styles, &(struct style){0});
    s->links.count = s->links.cap = 1; /* 0 means none */
    s->links.items = mem_calloc(1, sizeof *s->links.items);
    s->links.next = mem_calloc(1, sizeof *s->links.next);
    links_index(&s->links);
}

void tables_finish(struct screen *s)
{
    free(s->styles.items);
    free(s->styles.next);
    free(s->styles.buckets);
    free(s->clusters.items);
    free(s->clusters.next);
    free(s->clusters.buckets);
    for (size_t i = 1; i < s->links.count; i++)
        free(s->links.items[i]);
    free(s->links.items);
    free(s->links.next);
}

void tables_clone(struct screen *to, const struct screen *from)
{
    const struct styles *st = &from->styles;
    const struct clusters *c = &from->clusters;
    const struct links *l = &from->links;
    to->styles.items = mem_dup(st->items, st->cap * sizeof *st->items);
    to->styles.next = mem_dup(st->next, st->cap * sizeof *st->next);
    to->styles.buckets = mem_dup(st->buckets, st->cap * sizeof *st->buckets);
    if (c->cap) {
        to->clusters.items = mem_dup(c->items, c->cap * sizeof *c->items);
        to->clusters.next = mem_dup(c->next, c->cap * sizeof *c->next);
        to->clusters.buckets = mem_dup(c->buckets, c->cap * sizeof *c->buckets);
    }
    to->links.items = mem_calloc(l->cap, sizeof *l->items);
    to->links.next = mem_dup(l->next, l->cap * sizeof *l->next);
    for (size_t i = 1; i < l->count; i++)
        to->links.items[i] = mem_strdup(l->items[i]);
}

void tables_collect(struct screen *s)
{
    s->crowded = false;
    if (s->styles.count >= s->styles.soft)
        styles_collect(s);
    if (s->clusters.count >= s->clusters.soft)
        clusters_collect(s);
}
