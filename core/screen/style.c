/* Styles, graphemes and links, interned: a cell holds small numbers. What a hostile program could
 * grow without bound is bounded: when the table of styles is full, those that no cell and no line
 * of the history uses any more are given free; when all are in use, the default style stands in. */
#include "core/screen/screen_private.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

#define STYLES_MAX   60000u
#define CLUSTERS_MAX 200000u
#define LINKS_MAX    4096u
#define LINK_BYTES   8192u
#define NONE         0xffffffffu

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

void styles_init(struct screen *s)
{
    for (size_t i = 0; i < 1024; i++)
        s->styles.buckets[i] = NONE;
    for (size_t i = 0; i < 256; i++)
        s->clusters.buckets[i] = NONE;
    style_intern(s, &(struct style){0});
}

void styles_finish(struct screen *s)
{
    free(s->styles.items);
    free(s->styles.next);
    free(s->clusters.items);
    free(s->clusters.next);
    for (size_t i = 1; i < s->links.count; i++)
        free(s->links.items[i]);
    free(s->links.items);
}

const struct style *style_get(const struct screen *s, uint16_t id)
{
    return &s->styles.items[id < s->styles.count ? id : 0];
}

static uint16_t add_style(struct screen *s, const struct style *style)
{
    struct styles *t = &s->styles;
    uint32_t b = hash_style(style) % 1024;
    if (t->count == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 32;
        t->items = mem_reallocarray(t->items, t->cap, sizeof *t->items);
        t->next = mem_reallocarray(t->next, t->cap, sizeof *t->next);
    }
    t->items[t->count] = *style;
    t->next[t->count] = t->buckets[b];
    t->buckets[b] = (uint32_t)t->count;
    return (uint16_t)t->count++;
}

static void each_cell(struct screen *s, void (*visit)(struct cell *c, void *arg), void *arg)
{
    for (int p = 0; p < 2; p++)
        for (int row = 0; row < s->rows; row++)
            for (int col = 0; col < s->cols; col++)
                visit(&s->pages[p].lines[row]->cells[col], arg);
}

static void mark_cell(struct cell *c, void *arg)
{
    ((uint8_t *)arg)[c->style] = 1;
}

static void remap_cell(struct cell *c, void *arg)
{
    c->style = ((uint16_t *)arg)[c->style];
}

/* Keeps only the styles in use, under new numbers. */
static void collect(struct screen *s)
{
    struct styles old = s->styles;
    uint8_t *used = mem_zalloc(65536);
    uint16_t *map = mem_calloc(65536, sizeof *map);

    each_cell(s, mark_cell, used);
    history_mark_styles(s, used);
    used[0] = used[s->pen.id] = used[s->pages[0].saved.style] = used[s->pages[1].saved.style] = 1;
    s->styles = (struct styles){0};
    for (size_t i = 0; i < 1024; i++)
        s->styles.buckets[i] = NONE;
    for (size_t i = 0; i < old.count; i++)
        if (used[i])
            map[i] = add_style(s, &old.items[i]);
    each_cell(s, remap_cell, map);
    history_remap_styles(s, map);
    s->pen.id = map[s->pen.id];
    s->pages[0].saved.style = map[s->pages[0].saved.style];
    s->pages[1].saved.style = map[s->pages[1].saved.style];
    free(old.items);
    free(old.next);
    free(used);
    free(map);
}

uint16_t style_intern(struct screen *s, const struct style *style)
{
    uint32_t b = hash_style(style) % 1024;
    for (uint32_t i = s->styles.buckets[b]; i != NONE; i = s->styles.next[i])
        if (same(&s->styles.items[i], style))
            return (uint16_t)i;
    if (s->styles.count >= STYLES_MAX) {
        collect(s);
        if (s->styles.count >= STYLES_MAX - 1000)
            return 0;
    }
    return add_style(s, style);
}

void pen_changed(struct screen *s)
{
    s->pen.id = style_intern(s, &s->pen.style);
}

static bool cluster_used(const struct screen *s, uint32_t index)
{
    for (int p = 0; p < 2; p++)
        for (int row = 0; row < s->rows; row++)
            for (int col = 0; col < s->cols; col++)
                if (s->pages[p].lines[row]->cells[col].glyph == (GLYPH_CLUSTER | index))
                    return true;
    return false;
}

/* Histories keep graphemes as text, so only cells of the two pages refer to the table. */
static void collect_clusters(struct screen *s)
{
    struct clusters old = s->clusters;
    s->clusters = (struct clusters){0};
    for (size_t i = 0; i < 256; i++)
        s->clusters.buckets[i] = NONE;
    uint32_t *map = mem_calloc(old.count, sizeof *map);
    for (size_t i = 0; i < old.count; i++)
        map[i] = cluster_used(s, (uint32_t)i)
                     ? cluster_intern(s, old.items[i], strlen(old.items[i]))
                     : 0;
    for (int p = 0; p < 2; p++)
        for (int row = 0; row < s->rows; row++)
            for (int col = 0; col < s->cols; col++) {
                struct cell *c = &s->pages[p].lines[row]->cells[col];
                if (c->glyph & GLYPH_CLUSTER)
                    c->glyph = map[c->glyph & ~GLYPH_CLUSTER];
            }
    free(map);
    free(old.items);
    free(old.next);
}

uint32_t cluster_intern(struct screen *s, const char *text, size_t n)
{
    struct clusters *t = &s->clusters;
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ (uint8_t)text[i]) * 16777619u;
    h %= 256;
    for (uint32_t i = t->buckets[h]; i != NONE; i = t->next[i])
        if (memcmp(t->items[i], text, n) == 0 && t->items[i][n] == '\0')
            return GLYPH_CLUSTER | i;
    if (t->count >= 4096 && t->count == t->cap && t->count < CLUSTERS_MAX) {
        size_t before = t->count;
        collect_clusters(s);
        if (t->count > before / 2 && t->cap < CLUSTERS_MAX)
            t->cap = t->count; /* mostly in use: let it grow */
    }
    if (t->count >= CLUSTERS_MAX)
        return 0xfffd;
    if (t->count == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 16;
        t->items = mem_reallocarray(t->items, t->cap, sizeof *t->items);
        t->next = mem_reallocarray(t->next, t->cap, sizeof *t->next);
    }
    memcpy(t->items[t->count], text, n);
    t->items[t->count][n] = '\0';
    t->next[t->count] = t->buckets[h];
    t->buckets[h] = (uint32_t)t->count;
    return GLYPH_CLUSTER | (uint32_t)t->count++;
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

uint16_t link_intern(struct screen *s, const char *url, size_t n)
{
    if (n == 0 || n > LINK_BYTES)
        return 0;
    for (size_t i = 1; i < s->links.count; i++)
        if (strlen(s->links.items[i]) == n && memcmp(s->links.items[i], url, n) == 0)
            return (uint16_t)i;
    if (s->links.count >= LINKS_MAX)
        return 0;
    if (s->links.count == 0)
        s->links.count = 1;
    s->links.items = mem_reallocarray(s->links.items, s->links.count + 1, sizeof(char *));
    s->links.items[0] = NULL;
    s->links.items[s->links.count] = mem_strndup(url, n);
    return (uint16_t)s->links.count++;
}
