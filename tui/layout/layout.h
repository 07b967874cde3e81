/* The layout: how a workspace's panes share the area between side list and status line. A tree of
 * splits whose leaves are panes, known here by number alone. Pure; one thread.
 *
 * Panes lie in boxes that include their border; boxes beside each other share one border line. So a
 * box of n rows has n - 2 rows inside, and the distances between border lines add up. A pane's size
 * is a weight: making the window small and large again brings every border back. */
#ifndef BATON_TUI_LAYOUT_H
#define BATON_TUI_LAYOUT_H

#include "core/base/err.h"
#include "tui/terminal/canvas.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

#define LAYOUT_MAX_PANES 64
#define LAYOUT_MIN_ROWS  3 /* of a box: one row inside */
#define LAYOUT_MIN_COLS  4

enum layout_kind { LAYOUT_PANE, LAYOUT_ROWS, LAYOUT_COLS, LAYOUT_STACK };
enum layout_side { SIDE_UP, SIDE_DOWN, SIDE_LEFT, SIDE_RIGHT };
enum layout_preset {
    PRESET_EVEN_HORIZONTAL, /* side by side */
    PRESET_EVEN_VERTICAL,   /* one above the other */
    PRESET_MAIN_VERTICAL,   /* the first at the left, the others above each other at the right */
    PRESET_TILED,
    PRESET_STACKED, /* one open, the others as one-line titles */
    PRESET_COUNT
};

struct layout;
struct layout_node;

/* A border that can be dragged; good until the tree changes. */
struct layout_border {
    struct layout_node *node; /* the split, NULL none */
    int index;                /* between kid index and the next */
};

struct layout *layout_create(void);
void layout_destroy(struct layout *l); /* takes NULL */

int layout_count(const struct layout *l);
int layout_pane(const struct layout *l, int index); /* in the tree's order; 0 when out of range */
int layout_index(const struct layout *l, int pane); /* -1 when it is not there */

/* The first pane, or a pane beside (LAYOUT_COLS) or below (LAYOUT_ROWS) another, which gives up
 * half of its space. False when there is no such pane or no room in the table. */
bool layout_add(struct layout *l, int pane);
bool layout_split(struct layout *l, int pane, enum layout_kind kind, int added);
void layout_remove(struct layout *l, int pane);
void layout_swap(struct layout *l, int a, int b);
void layout_arrange_preset(struct layout *l, enum layout_preset preset);
const char *layout_preset_name(enum layout_preset preset);
/* The split that this pane is in becomes a stack (true), or a stack becomes rows again. */
bool layout_toggle_stack(struct layout *l, int pane);

/* Computes the boxes for this area. In a stack the pane that had the focus last is the open one.
 * False when the area is too small for all: then the caller shows the focused pane alone. */
bool layout_arrange(struct layout *l, struct rect area, int focus);
/* A pane's box by the last arrangement; false when there is none. *ret_folded: only its title. */
bool layout_box(const struct layout *l, int pane, struct rect *ret_box, bool *ret_folded);

/* The pane at that side, around the edge when there is none; the pane itself when it is alone. */
int layout_neighbour(const struct layout *l, int pane, enum layout_side side);
/* Moves the border at that side of the pane (or, at the edge, the opposite one) by n cells. */
void layout_resize(struct layout *l, int pane, enum layout_side side, int n);
struct layout_border layout_border_at(const struct layout *l, int row, int col);
void layout_border_move(struct layout *l, struct layout_border b, int row, int col);

/* {"pane": N, "weight": W} or {"split": "rows|cols|stack", "weight": W, "kids": [...]}. NULL for an
 * empty layout; the caller owns it. */
cJSON *layout_save(const struct layout *l);
/* Replaces the layout by a saved one; ERR_INVALID leaves it as it was. */
enum err layout_load(struct layout *l, const cJSON *json);

#endif
