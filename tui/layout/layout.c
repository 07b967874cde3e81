/* The layout's tree (see layout.h). What always holds: a split has two kids or more; a stack's kids
 * are panes; no pane is there twice; weights are at least 1. Where the boxes fall is in
 * layout_boxes.c. */
#include "tui/layout/layout_node.h"

#include "core/base/json.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define WEIGHT_ONE 100
#define WEIGHT_MAX 100000

static struct layout_node *node_create(enum layout_kind kind, int pane)
{
    struct layout_node *node = mem_zalloc(sizeof *node);
    node->kind = kind;
    node->pane = pane;
    node->weight = WEIGHT_ONE;
    return node;
}

static void node_destroy(struct layout_node *node)
{
    if (!node)
        return;
    for (int i = 0; i < node->count; i++)
        node_destroy(node->kids[i]);
    free(node->kids);
    free(node);
}

static void node_insert(struct layout_node *split, int at, struct layout_node *kid)
{
    split->kids =
        mem_reallocarray(split->kids, (size_t)split->count + 1, sizeof(struct layout_node *));
    memmove(split->kids + at + 1, split->kids + at,
            (size_t)(split->count - at) * sizeof(struct layout_node *));
    split->kids[at] = kid;
    split->count++;
    kid->parent = split;
}

static int node_place(const struct layout_node *node)
{
    for (int i = 0; node->parent && i < node->parent->count; i++)
        if (node->parent->kids[i] == node)
            return i;
    return -1;
}

struct layout_node *layout_find(const struct layout *l, int pane)
{
    for (int i = 0; i < l->count; i++)
        if (l->leaves[i]->pane == pane)
            return l->leaves[i];
    return NULL;
}

static void collect(struct layout *l, struct layout_node *node)
{
    if (node->kind == LAYOUT_PANE && l->count < LAYOUT_MAX_PANES)
        l->leaves[l->count++] = node;
    for (int i = 0; i < node->count; i++)
        collect(l, node->kids[i]);
}

/* After each change of the tree: the leaves in order. */
static void index_again(struct layout *l)
{
    l->count = 0;
    if (l->root)
        collect(l, l->root);
}

struct layout *layout_create(void)
{
    return mem_zalloc(sizeof(struct layout));
}

void layout_destroy(struct layout *l)
{
    if (!l)
        return;
    node_destroy(l->root);
    free(l);
}

int layout_count(const struct layout *l)
{
    return l->count;
}

int layout_pane(const struct layout *l, int index)
{
    return index >= 0 && index < l->count ? l->leaves[index]->pane : 0;
}

int layout_index(const struct layout *l, int pane)
{
    for (int i = 0; i < l->count; i++)
        if (l->leaves[i]->pane == pane)
            return i;
    return -1;
}

bool layout_add(struct layout *l, int pane)
{
    if (l->root)
        return layout_split(l, l->leaves[l->count - 1]->pane, LAYOUT_ROWS, pane);
    l->root = node_create(LAYOUT_PANE, pane);
    index_again(l);
    return true;
}

/* Puts split where node is, with node as its only kid. */
static struct layout_node *wrap(struct layout *l, struct layout_node *node, enum layout_kind kind)
{
    struct layout_node *split = node_create(kind, 0), *parent = node->parent;

    split->weight = node->weight;
    if (parent)
        parent->kids[node_place(node)] = split;
    else
        l->root = split;
    split->parent = parent;
    node_insert(split, 0, node);
    return split;
}

bool layout_split(struct layout *l, int pane, enum layout_kind kind, int added)
{
    struct layout_node *node = layout_find(l, pane), *kid;

    if (!node || l->count >= LAYOUT_MAX_PANES || layout_find(l, added))
        return false;
    kid = node_create(LAYOUT_PANE, added);
    if (node->parent && node->parent->kind == LAYOUT_STACK) {
        if (kind == LAYOUT_ROWS) {
            node_insert(node->parent, node_place(node) + 1, kid);
            index_again(l);
            return true;
        }
        node = node->parent;
    }
    if (!node->parent || node->parent->kind != kind)
        wrap(l, node, kind);
    layout_weights_from_boxes(node->parent);
    kid->weight = node->weight / 2 > 0 ? node->weight / 2 : 1;
    node->weight = node->weight - kid->weight > 0 ? node->weight - kid->weight : 1;
    node_insert(node->parent, node_place(node) + 1, kid);
    index_again(l);
    return true;
}

/* A split with one kid left is that kid; rows within rows are rows. */
static void simplify(struct layout *l, struct layout_node *split)
{
    struct layout_node *kid, *parent = split->parent;

    if (split->count != 1)
        return;
    kid = split->kids[0];
    kid->weight = split->weight;
    kid->parent = parent;
    if (parent)
        parent->kids[node_place(split)] = kid;
    else
        l->root = kid;
    free(split->kids);
    free(split);
    if (!parent || kid->kind != parent->kind || kid->kind == LAYOUT_STACK)
        return;
    int at = node_place(kid), sum = 0;
    for (int i = 0; i < kid->count; i++)
        sum += kid->kids[i]->weight;
    memmove(parent->kids + at, parent->kids + at + 1,
            (size_t)(parent->count - at - 1) * sizeof *parent->kids);
    parent->count--;
    for (int i = 0; i < kid->count; i++) {
        int share = (int)((long)kid->weight * kid->kids[i]->weight / (sum > 0 ? sum : 1));
        kid->kids[i]->weight = share > 0 ? share : 1;
        node_insert(parent, at + i, kid->kids[i]);
    }
    free(kid->kids);
    free(kid);
}

void layout_remove(struct layout *l, int pane)
{
    struct layout_node *node = layout_find(l, pane), *parent;

    if (!node)
        return;
    parent = node->parent;
    if (!parent) {
        l->root = NULL;
    } else {
        int at = node_place(node);
        memmove(parent->kids + at, parent->kids + at + 1,
                (size_t)(parent->count - at - 1) * sizeof *parent->kids);
        parent->count--;
        /* The one before takes the space, as in tmux. */
        parent->kids[at > 0 ? at - 1 : 0]->weight += node->weight;
        if (parent->open >= parent->count)
            parent->open = parent->count - 1;
        simplify(l, parent);
    }
    node_destroy(node);
    index_again(l);
}

void layout_swap(struct layout *l, int a, int b)
{
    struct layout_node *one = layout_find(l, a), *two = layout_find(l, b);

    if (!one || !two)
        return;
    one->pane = b;
    two->pane = a;
}

const char *layout_preset_name(enum layout_preset preset)
{
    static const char *const names[PRESET_COUNT] = {"even-horizontal", "even-vertical",
                                                    "main-vertical", "tiled", "stacked"};
    return (unsigned)preset < PRESET_COUNT ? names[preset] : "";
}

static struct layout_node *row_of(enum layout_kind kind, const int *panes, int n)
{
    struct layout_node *split;

    if (n == 1)
        return node_create(LAYOUT_PANE, panes[0]);
    split = node_create(kind, 0);
    for (int i = 0; i < n; i++)
        node_insert(split, i, node_create(LAYOUT_PANE, panes[i]));
    return split;
}

static struct layout_node *tiles(const int *panes, int n)
{
    int columns = 1, rows;
    struct layout_node *split;

    while (columns * columns < n)
        columns++;
    rows = (n + columns - 1) / columns;
    if (rows == 1)
        return row_of(LAYOUT_COLS, panes, n);
    split = node_create(LAYOUT_ROWS, 0);
    for (int row = 0; row < rows; row++) {
        int first = row * n / rows, last = (row + 1) * n / rows;
        node_insert(split, row, row_of(LAYOUT_COLS, panes + first, last - first));
    }
    return split;
}

void layout_arrange_preset(struct layout *l, enum layout_preset preset)
{
    int panes[LAYOUT_MAX_PANES], n = l->count;
    struct layout_node *root = NULL;

    if (n < 2)
        return;
    for (int i = 0; i < n; i++)
        panes[i] = l->leaves[i]->pane;
    switch (preset) {
    case PRESET_EVEN_HORIZONTAL: root = row_of(LAYOUT_COLS, panes, n); break;
    case PRESET_EVEN_VERTICAL: root = row_of(LAYOUT_ROWS, panes, n); break;
    case PRESET_MAIN_VERTICAL:
        root = node_create(LAYOUT_COLS, 0);
        node_insert(root, 0, node_create(LAYOUT_PANE, panes[0]));
        node_insert(root, 1, row_of(LAYOUT_ROWS, panes + 1, n - 1));
        root->kids[0]->weight = 60;
        root->kids[1]->weight = 40;
        break;
    case PRESET_TILED: root = tiles(panes, n); break;
    case PRESET_STACKED: root = row_of(LAYOUT_STACK, panes, n); break;
    case PRESET_COUNT: return;
    }
    node_destroy(l->root);
    l->root = root;
    index_again(l);
}

bool layout_toggle_stack(struct layout *l, int pane)
{
    struct layout_node *node = layout_find(l, pane), *split;
    int panes[LAYOUT_MAX_PANES], n = 0, place = -1;

    if (!node || !node->parent)
        return false;
    split = node->parent;
    if (split->kind == LAYOUT_STACK) {
        split->kind = LAYOUT_ROWS;
        for (int i = 0; i < split->count; i++)
            split->kids[i]->weight = WEIGHT_ONE;
        if (split->parent && split->parent->kind == LAYOUT_ROWS)
            layout_weights_from_boxes(split->parent);
        return false;
    }
    /* A stack holds panes alone: what was split further inside becomes part of it. */
    for (int i = 0; i < l->count; i++)
        for (const struct layout_node *up = l->leaves[i]; up; up = up->parent)
            if (up->parent == split)
                panes[n++] = l->leaves[i]->pane;
    for (int i = 0; i < split->count; i++)
        node_destroy(split->kids[i]);
    split->count = 0;
    split->kind = LAYOUT_STACK;
    for (int i = 0; i < n; i++) {
        node_insert(split, i, node_create(LAYOUT_PANE, panes[i]));
        if (panes[i] == pane)
            place = i;
    }
    split->open = place;
    index_again(l);
    return true;
}

static const char *const split_names[] = {"pane", "rows", "cols", "stack"};

static cJSON *node_save(const struct layout_node *node)
{
    cJSON *json = cJSON_CreateObject(), *kids;

    if (node->kind == LAYOUT_PANE) {
        json_add_int(json, "pane", node->pane);
    } else {
        cJSON_AddStringToObject(json, "split", split_names[node->kind]);
        kids = cJSON_AddArrayToObject(json, "kids");
        for (int i = 0; i < node->count; i++)
            cJSON_AddItemToArray(kids, node_save(node->kids[i]));
    }
    json_add_int(json, "weight", node->weight);
    return json;
}

cJSON *layout_save(const struct layout *l)
{
    return l->root ? node_save(l->root) : NULL;
}

/* Builds what a saved layout says; NULL when it says nothing that we could have written. */
static struct layout_node *node_load(const cJSON *json, int depth, int *panes, int *count)
{
    int64_t pane = json_int(json, "pane", 0), weight = json_int(json, "weight", WEIGHT_ONE);
    const cJSON *kids = json_get(json, "kids"), *item;
    const char *name = json_string(json, "split", "");
    struct layout_node *node;

    if (depth > 16 || weight < 1 || weight > WEIGHT_MAX)
        return NULL;
    if (pane > 0 && pane < 1000000) {
        for (int i = 0; i < *count; i++)
            if (panes[i] == pane)
                return NULL;
        if (*count >= LAYOUT_MAX_PANES)
            return NULL;
        panes[(*count)++] = (int)pane;
        node = node_create(LAYOUT_PANE, (int)pane);
        node->weight = (int)weight;
        return node;
    }
    node = node_create(LAYOUT_PANE, 0);
    for (int kind = LAYOUT_ROWS; kind <= LAYOUT_STACK; kind++)
        if (!strcmp(name, split_names[kind]))
            node->kind = (enum layout_kind)kind;
    node->weight = (int)weight;
    if (node->kind == LAYOUT_PANE || cJSON_GetArraySize(kids) < 2)
        goto bad;
    cJSON_ArrayForEach(item, kids)
    {
        struct layout_node *kid = node_load(item, depth + 1, panes, count);
        if (kid)
            node_insert(node, node->count, kid);
        if (!kid || (node->kind == LAYOUT_STACK && kid->kind != LAYOUT_PANE))
            goto bad;
    }
    return node;
bad:
    node_destroy(node);
    return NULL;
}

enum err layout_load(struct layout *l, const cJSON *json)
{
    int panes[LAYOUT_MAX_PANES], count = 0;
    struct layout_node *root = json ? node_load(json, 0, panes, &count) : NULL;

    if (!root)
        return ERR_INVALID;
    node_destroy(l->root);
    l->root = root;
    index_again(l);
    return ERR_OK;
}
