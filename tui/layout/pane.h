/* A pane: one place of the layout and what is in it: a shell, a session, an inbox, the approvals or
 * the event log; over a shell in copy mode a frozen screen. On the console's thread. */
#ifndef BATON_TUI_PANE_H
#define BATON_TUI_PANE_H

#include "tui/parts/approvals_pane.h"
#include "tui/parts/border.h"
#include "tui/shell/copy.h"
#include "tui/parts/eventlog.h"
#include "tui/shell/feed.h"
#include "tui/inbox/inbox_pane.h"
#include "tui/world/sessionfeed.h"
#include "tui/transcript/transcript_pane.h"
#include "tui/shell/view.h"

enum pane_kind { PANE_SHELL, PANE_LOG, PANE_SESSION, PANE_INBOX, PANE_APPROVALS };

/* Whether a pane of the kind shows a shell or session, and may show another one. */
bool pane_shows(enum pane_kind kind);

/* What of a border's right side can be pressed. */
enum pane_spot { SPOT_DRIVER, SPOT_YES = 2, SPOT_NO };

/* What is looked for further back than what has been read. */
enum pane_seek { SEEK_NONE, SEEK_TOP, SEEK_TEXT };

struct pane {
    int id; /* as the layout knows it */
    enum pane_kind kind;
    char target[WORLD_ID_MAX];          /* the shell or session, "" while it is being opened */
    struct feed *feed;                  /* shared, borrowed; NULL without a shell */
    int opening;                        /* a new shell is on its way: it gets what is typed */
    struct buf early;                   /* typed while the shell is being opened */
    struct eventlog *log;               /* owned; PANE_LOG */
    struct inbox_pane *inbox;           /* owned; PANE_INBOX */
    struct approvals *approvals;        /* the console's, borrowed; PANE_APPROVALS, when drawn */
    struct sessionfeed *session;        /* shared, borrowed; PANE_SESSION */
    struct transcript_pane *transcript; /* owned; the view into it */
    bool browsing;                      /* keys go to the transcript, not to the prompt line */
    bool earlier;                       /* its drawing wants an earlier page */
    bool follows;                       /* it goes to where a turn begins (following.c) */
    enum pane_seek seek;                /* what earlier pages are read for (seeking.c) … */
    int64_t seek_whole;   /* … transcript_whole when the last one was asked for … */
    uint64_t seek_before; /* … and the first block of then */
    struct view view;
    struct copy *copy;     /* owned; in copy mode */
    bool copy_asked;       /* its history is on the way */
    bool copy_page;        /* begins with a page up */
    struct buf copy_mouse; /* struct input_event that happened meanwhile */

    /* of the last arrangement */
    bool shown, folded;
    struct rect box, inner;          /* box has no rows when there is no border */
    struct rect spots[BORDER_TEXTS]; /* by enum pane_spot; without rows: it is not there */
};

struct pane *pane_create(int id, enum pane_kind kind);
void pane_destroy(struct pane *p); /* takes NULL; the feed is the caller's */

/* What is inside the border. all: everything, else a shell's lines that changed. Of a session the
 * viewer is told before (transcript_pane_viewer). */
void pane_draw(struct pane *p, struct canvas *c, bool focus, bool all, const struct theme *theme);
/* The border's words: name · kind at the left; who drives and who asks for it, how it ended, its
 * size at the right. */
void pane_title(struct pane *p, struct canvas *c, bool focus, const struct world *world,
                const char *me, const struct theme *theme);
/* At the bottom of what this member may only look at: "observing · 2 ◉". */
void pane_foot(const struct pane *p, struct canvas *c, const struct world *world, const char *me,
               bool observer, const struct theme *theme);
/* "✎ ada (you)" or "free", with its style; "" when nobody knows. out has size bytes. */
void pane_driver(const struct pane *p, const struct world *world, const char *me, char *out,
                 size_t size, struct style *ret_style, const struct theme *theme);
/* "bash sh1" for the status line. */
void pane_name(const struct pane *p, const struct world *world, char *out, size_t size);

#endif
