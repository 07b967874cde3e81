/* The layout's insides, for layout.c (the tree) and layout_boxes.c (where it falls). */
#ifndef BATON_TUI_LAYOUT_NODE_H
#define BATON_TUI_LAYOUT_NODE_H

#include "tui/layout/layout.h"

struct layout_node {
    enum layout_kind kind;
    int pane;   /* of a leaf */
    int weight; /* share of the parent, beside its siblings */
    int open;   /* of a stack: the kid that is shown */
    struct layout_node *parent, **kids;
    int count;
    struct rect box; /* by the last arrangement; no rows when there was none */
    bool folded;     /* within a stack: the title alone */
};

struct layout {
    struct layout_node *root; /* NULL: empty */
    struct layout_node *leaves[LAYOUT_MAX_PANES];
    int count;
};

struct layout_node *layout_find(const struct layout *l, int pane);

/* Makes the kids' weights what they have on the screen, so that a border can move by cells. */
void layout_weights_from_boxes(struct layout_node *split);

#endif
