/* Where the layout's panes fall, and moving the borders between them (see layout.h). Distances are
 * counted between border lines: the kids' distances add up to the split's. */
#include "tui/layout/layout_node.h"

#include <stdlib.h>
#include <string.h>

/* Shares total among the weights, each at least least. False when that cannot be. */
static bool share(int total, const struct layout_node *split, int least, int *out)
{
    long sum = 0;
    int n = split->count, used = 0, most;

    if (total < least * n)
        return false;
    for (int i = 0; i < n; i++)
        sum += split->kids[i]->weight;
    for (int i = 0; i < n; i++) {
        out[i] = (int)((long)total * split->kids[i]->weight / sum);
        if (out[i] < least)
            out[i] = least;
        used += out[i];
    }
    for (int i = 0; used < total; i = (i + 1) % n, used++)
        out[i]++;
    for (; used > total; used--) {
        most = 0;
        for (int i = 1; i < n; i++)
            if (out[i] >= out[most])
                most = i;
        out[most]--;
    }
    return true;
}

static bool contains(const struct layout_node *node, const struct layout_node *leaf)
{
    for (; leaf; leaf = leaf->parent)
        if (leaf == node)
            return true;
    return false;
}

static bool place(struct layout_node *node, struct rect box, const struct layout_node *focus)
{
    int parts[LAYOUT_MAX_PANES] = {0}, at = 0, n = node->count;
    bool columns = node->kind == LAYOUT_COLS;

    node->box = box;
    node->folded = false;
    if (node->kind == LAYOUT_PANE)
        return box.rows >= LAYOUT_MIN_ROWS && box.cols >= LAYOUT_MIN_COLS;
    if (node->kind == LAYOUT_STACK) {
        for (int i = 0; i < n; i++)
            if (contains(node->kids[i], focus))
                node->open = i;
        if (node->open < 0 || node->open >= n)
            node->open = 0;
        for (int i = 0; i < n; i++)
            parts[i] = i == node->open ? box.rows - 1 - (n - 1) : 1;
    } else if (!share((columns ? box.cols : box.rows) - 1, node,
                      (columns ? LAYOUT_MIN_COLS : LAYOUT_MIN_ROWS) - 1, parts)) {
        return false;
    }
    for (int i = 0; i < n; at += parts[i++]) {
        struct rect part = box;
        if (columns) {
            part.col += at;
            part.cols = parts[i] + 1;
        } else {
            part.row += at;
            part.rows = parts[i] + 1;
        }
        if (node->kind == LAYOUT_STACK && i != node->open) {
            node->kids[i]->box = part;
            node->kids[i]->folded = true;
        } else if (!place(node->kids[i], part, focus)) {
            return false;
        }
    }
    return true;
}

bool layout_arrange(struct layout *l, struct rect area, int focus)
{
    bool fits = l->root && place(l->root, area, layout_find(l, focus));

    for (int i = 0; i < l->count && !fits; i++)
        l->leaves[i]->box = (struct rect){0};
    return fits;
}

bool layout_box(const struct layout *l, int pane, struct rect *ret_box, bool *ret_folded)
{
    const struct layout_node *node = layout_find(l, pane);

    if (!node || node->box.rows == 0)
        return false;
    *ret_box = node->box;
    if (ret_folded)
        *ret_folded = node->folded;
    return true;
}

static bool overlaps(int a, int an, int b, int bn)
{
    return a < b + bn - 1 && b < a + an - 1;
}

/* How far b lies from a's given side: 0 beside it, -1 not at all. Around the edge counts far. */
static int distance(struct rect a, struct rect b, enum layout_side side, struct rect all)
{
    int d;
    bool sideways = side == SIDE_LEFT || side == SIDE_RIGHT;

    if (sideways ? !overlaps(a.row, a.rows, b.row, b.rows) && a.row != b.row
                 : !overlaps(a.col, a.cols, b.col, b.cols))
        return -1;
    switch (side) {
    case SIDE_UP: d = a.row - (b.row + b.rows - 1); break;
    case SIDE_DOWN: d = b.row - (a.row + a.rows - 1); break;
    case SIDE_LEFT: d = a.col - (b.col + b.cols - 1); break;
    default: d = b.col - (a.col + a.cols - 1); break;
    }
    return d >= 0 ? d : d + (sideways ? all.cols : all.rows) * 2;
}

int layout_neighbour(const struct layout *l, int pane, enum layout_side side)
{
    const struct layout_node *from = layout_find(l, pane);
    int best = pane, least = -1, off_least = 0;

    if (!from || from->box.rows == 0)
        return pane;
    for (int i = 0; i < l->count; i++) {
        const struct layout_node *to = l->leaves[i];
        if (to == from || to->box.rows == 0)
            continue;
        int d = distance(from->box, to->box, side, l->root->box);
        /* Of several beside it the one across from the middle. */
        int off = side == SIDE_LEFT || side == SIDE_RIGHT
                      ? abs(2 * (from->box.row - to->box.row) + from->box.rows - to->box.rows)
                      : abs(2 * (from->box.col - to->box.col) + from->box.cols - to->box.cols);
        if (d >= 0 && (least < 0 || d < least || (d == least && off < off_least))) {
            best = to->pane;
            least = d;
            off_least = off;
        }
    }
    return best;
}

void layout_weights_from_boxes(struct layout_node *split)
{
    for (int i = 0; i < split->count; i++)
        if (split->kids[i]->box.rows == 0)
            return;
    for (int i = 0; i < split->count; i++) {
        struct rect box = split->kids[i]->box;
        int cells = (split->kind == LAYOUT_COLS ? box.cols : box.rows) - 1;
        split->kids[i]->weight = cells > 0 ? cells : 1;
    }
}

/* Moves the border behind kid index by n cells, as far as both keep their least size. */
static void move(struct layout_node *split, int index, int n)
{
    struct layout_node *before = split->kids[index], *after = split->kids[index + 1];
    int least = (split->kind == LAYOUT_COLS ? LAYOUT_MIN_COLS : LAYOUT_MIN_ROWS) - 1;

    if (split->kind == LAYOUT_STACK || split->box.rows == 0)
        return;
    layout_weights_from_boxes(split);
    if (n > after->weight - least)
        n = after->weight - least;
    if (n < least - before->weight)
        n = least - before->weight;
    before->weight += n;
    after->weight -= n;
}

void layout_resize(struct layout *l, int pane, enum layout_side side, int n)
{
    struct layout_node *node = layout_find(l, pane);
    bool sideways = side == SIDE_LEFT || side == SIDE_RIGHT;

    for (; node && node->parent; node = node->parent) {
        struct layout_node *split = node->parent;
        if (split->kind != (sideways ? LAYOUT_COLS : LAYOUT_ROWS))
            continue;
        for (int i = 0; i < split->count; i++)
            if (split->kids[i] == node) {
                move(split, i < split->count - 1 ? i : i - 1,
                     side == SIDE_UP || side == SIDE_LEFT ? -n : n);
                return;
            }
    }
}

static struct layout_border border_in(struct layout_node *node, int row, int col)
{
    struct layout_border found = {NULL, 0};

    if (row < node->box.row || row >= node->box.row + node->box.rows || col < node->box.col ||
        col >= node->box.col + node->box.cols)
        return found;
    for (int i = 0; i < node->count && !found.node; i++) {
        struct rect box = node->kids[i]->box;
        bool on = node->kind == LAYOUT_COLS   ? col == box.col + box.cols - 1
                  : node->kind == LAYOUT_ROWS ? row == box.row + box.rows - 1
                                              : false;
        if (on && i < node->count - 1)
            found = (struct layout_border){node, i};
        else
            found = border_in(node->kids[i], row, col);
    }
    return found;
}

struct layout_border layout_border_at(const struct layout *l, int row, int col)
{
    return l->root ? border_in(l->root, row, col) : (struct layout_border){NULL, 0};
}

void layout_border_move(struct layout *l, struct layout_border b, int row, int col)
{
    (void)l;
    if (!b.node || b.index + 1 >= b.node->count)
        return;
    struct rect box = b.node->kids[b.index]->box;
    if (b.node->kind == LAYOUT_COLS)
        move(b.node, b.index, col - (box.col + box.cols - 1));
    else
        move(b.node, b.index, row - (box.row + box.rows - 1));
}
