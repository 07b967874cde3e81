/* A view into a session's transcript: a rectangle of the canvas that follows the newest line until
 * somebody scrolls, with a cursor over blocks, folds, search, selection and spots to press. It
 * knows no hub: what a key or a click asks for comes back as an action for the owner. One thread.
 */
#ifndef BATON_TUI_TRANSCRIPT_PANE_H
#define BATON_TUI_TRANSCRIPT_PANE_H

#include "core/agent/transcript.h"
#include "core/base/buf.h"
#include "tui/terminal/canvas.h"
#include "tui/terminal/input.h"
#include "tui/terminal/theme.h"

#include <stdbool.h>

struct transcript_pane;

enum transcript_action_kind {
    ACTION_NONE,
    ACTION_ANSWER,  /* id: permission; answer; option: the agent's optionId, "" by kind */
    ACTION_LATER,   /* id: permission; not now (the pane has folded it away) */
    ACTION_FORM,    /* id: elicitation, to be filled in (or its url to be shown) */
    ACTION_ACCEPT,  /* id: suggestion, to be sent as it is */
    ACTION_EDIT,    /* id: suggestion, its text into the prompt line */
    ACTION_DROP,    /* id: suggestion */
    ACTION_SHELL,   /* id: shell, to be shown in a pane */
    ACTION_EARLIER, /* load all that is before transcript_whole, and go to its top */
    ACTION_COPY,    /* a selection or block is to be copied: transcript_pane_copy */
    ACTION_SEARCH,  /* ask for a pattern, then transcript_pane_search */
    ACTION_LEAVE,   /* Esc or q with nothing left to leave in here */
};

struct transcript_action {
    enum transcript_action_kind kind;
    char id[TRANSCRIPT_ID_MAX];
    char option[TRANSCRIPT_ID_MAX];
    enum transcript_answer answer;
};

/* The transcript is borrowed and must live as long as the pane. */
struct transcript_pane *transcript_pane_create(const struct transcript *t);
void transcript_pane_destroy(struct transcript_pane *p); /* takes NULL */

/* Who looks: the name whose prompts are "(you)"; driver: may answer, so keys are shown; otherwise a
 * permission says who is waited for (driver_name, may be ""). */
void transcript_pane_viewer(struct transcript_pane *p, const char *me, bool driver,
                            const char *driver_name);

/* Draws into inner. focus: the cursor is shown. now: ms since 1970; nothing counts
 * seconds yet, for frames are drawn when something changes.
 * True when an earlier page is wanted (as ACTION_EARLIER; told once until the page is there). */
bool transcript_pane_draw(struct transcript_pane *p, struct canvas *c, struct rect inner,
                          bool focus, int64_t now, const struct theme *theme);

/* A key while the pane has the keys. False: of no use here. action is always written.
 *   j k Tab S-Tab: next and previous block      Enter Space: open, fold (or what the block offers)
 *   Up Down C-e C-y: a line   PgUp PgDn C-u C-d C-b C-f b F: a page   g G Home End: the ends
 *   { } or [ ]: previous and next prompt        / n N: search        c y: copy   E: fold, open all
 *   a A r l f 1 … 9: answer what is asked under the cursor, else the oldest that waits
 *   s e x: send, edit, drop a suggestion        o: the tool's shell  q Esc: leave */
bool transcript_pane_key(struct transcript_pane *p, const struct input_event *event,
                         struct transcript_action *action);
/* row and col within the view. Wheel scrolls, a click folds or presses, a drag selects (its end is
 * ACTION_COPY). */
bool transcript_pane_mouse(struct transcript_pane *p, const struct input_event *event,
                           struct transcript_action *action);
/* Only the keys that answer what waits (a A r l f s e x 1 … 9), for an owner whose prompt line has
 * the keys. False when nothing waits. */
bool transcript_pane_answer_key(struct transcript_pane *p, const struct input_event *event,
                                struct transcript_action *action);

void transcript_pane_scroll(struct transcript_pane *p, int lines); /* up is negative */
void transcript_pane_end(struct transcript_pane *p);               /* follow again */
void transcript_pane_top(struct transcript_pane *p);               /* of what is there */
/* Whoever owns the transcript trims it (transcript_trim) when its panes follow. */
bool transcript_pane_following(const struct transcript_pane *p);
void transcript_pane_prompt(struct transcript_pane *p,
                            int direction); /* to the prompt before, behind */
/* Brings the block that holds this event to the top of the view; false when it is not there. */
bool transcript_pane_show(struct transcript_pane *p, int64_t seq);
/* Brings what waits for an answer into sight, the cursor on it; what was put off is so no more.
 * False when nothing waits. */
bool transcript_pane_waiting(struct transcript_pane *p);

/* Plain text, smart case, from the cursor on; "" clears. False when it is nowhere. */
bool transcript_pane_search(struct transcript_pane *p, const char *pattern, bool backward);
/* The same, backward in what stands before this block, or did until a page came before it. */
bool transcript_pane_search_before(struct transcript_pane *p, uint64_t id);
const char *transcript_pane_pattern(const struct transcript_pane *p); /* "" none; borrowed */
/* The selection's text, else that of the cursor's block, without decoration; appended to out. */
void transcript_pane_copy(struct transcript_pane *p, struct buf *out);
/* "[120/5000]": lines above the end, of how many (those never shown are estimated). */
void transcript_pane_position(struct transcript_pane *p, char *out, size_t size);

#endif
