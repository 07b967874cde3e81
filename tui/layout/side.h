/* The side list: the workspaces with their sessions and shells, and who is here; one line a thing.
 * Built from the world, drawn to a canvas, asked what lies under the mouse. Pure; one thread. */
#ifndef BATON_TUI_SIDE_H
#define BATON_TUI_SIDE_H

#include "tui/terminal/canvas.h"
#include "tui/inbox/post.h"
#include "tui/terminal/theme.h"
#include "tui/world/world.h"

#include <stdbool.h>

#define SIDE_COLS      25
#define SIDE_FOLD_COLS 100 /* a terminal narrower than that shows it only as an overlay */

enum side_kind {
    SIDE_BLANK,
    SIDE_WORKSPACE,
    SIDE_TARGET,
    SIDE_HEADING,
    SIDE_MEMBER,
    SIDE_INBOX,  /* text: whose; count: how many are unread */
    SIDE_LETTER, /* an unread message of one's own; text: whose */
    SIDE_PAUSED, /* text: whose answers */
};

struct side_facts {
    const char *workspace; /* the console's own */
    const char *target;    /* what is focused, "" nothing */
    const char *me;        /* the member that this console is */
    const struct post *post;
};

struct side_line {
    enum side_kind kind;
    const struct world_target *target;
    const struct world_shell *shell; /* what the target is: one of the two */
    const struct world_session *session;
    const struct world_member *member;
    const struct world_workspace *workspace;
    const struct mail *mail;
    int count;        /* of a member: how many consoles */
    bool drives;      /* … and whether it drives something in the own workspace */
    const char *text; /* of a heading */
};

struct side {
    struct side_line *lines;
    int count, top;
    struct side_facts facts;
};

/* Lines borrow from world and facts: build it anew whenever they change. */
void side_build(struct side *s, const struct world *world, const struct side_facts *facts);
void side_finish(struct side *s);
void side_draw(const struct side *s, struct canvas *c, struct rect area, const struct theme *theme);
void side_scroll(struct side *s, int by, int rows);
const struct side_line *side_at(const struct side *s, int row); /* row within the area, or NULL */

#endif
