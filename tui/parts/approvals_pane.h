/* The calls that wait for a human, as the console knows them, and the pane that shows them: the
 * list, and below it the whole of the one that the cursor is on. What programs have put into a call
 * is foreign text; every line of it is made safe here. An answer names the hash of what was shown,
 * so nothing can be accepted that one has not seen. It knows no hub. One thread. */
#ifndef BATON_TUI_APPROVALS_PANE_H
#define BATON_TUI_APPROVALS_PANE_H

#include "tui/terminal/canvas.h"
#include "tui/terminal/input.h"
#include "tui/terminal/theme.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

struct approval_item {
    char id[32], hash[72];
    char *by, *capability, *workspace, *summary; /* safe */
    char *text;                                  /* the whole, safe lines; NULL until it came */
    int64_t expires_ms;
    bool told;
};

struct approvals {
    struct approval_item *items; /* oldest first: that one waits longest */
    size_t count;
    char cursor[32];     /* the id that the list stands on, "" none */
    int scroll;          /* of the text */
    bool wanted, asking; /* the list is to be asked for; is on its way */
    char showing[32];    /* whose text is on its way, "" none */
    char failed[200];    /* why there is no list */
};

enum approvals_want {
    APPROVALS_NOTHING,
    APPROVALS_ACCEPT,
    APPROVALS_REJECT,
    APPROVALS_REASON,
    APPROVALS_LEAVE
};

void approvals_finish(struct approvals *a);
/* The hub's list; those of `me` are left out, for somebody else answers them. */
void approvals_set(struct approvals *a, const cJSON *list, const char *me);
/* What approval.show has of one. */
void approvals_set_text(struct approvals *a, const char *id, const char *text);
/* The one under the cursor; NULL: none waits. */
struct approval_item *approvals_at(struct approvals *a);
/* A key or press in the pane: moves, or says what is wanted of the one under the cursor. */
enum approvals_want approvals_input(struct approvals *a, const struct input_event *event);
void approvals_draw(struct approvals *a, struct canvas *c, struct rect inner, bool focus,
                    int64_t now_ms, const struct theme *theme);

#endif
