/* A draft: what somebody writes to others, in place: to whom, about what, and the text. An answer
 * has its message, a new one completes names. It knows no hub and sends nothing. One thread. */
#ifndef BATON_TUI_DRAFT_H
#define BATON_TUI_DRAFT_H

#include "tui/parts/line.h"
#include "tui/inbox/mailbox.h"
#include "tui/parts/promptline.h"

enum draft_kind { DRAFT_NEW, DRAFT_REPLY, DRAFT_REPLY_ALL, DRAFT_FORWARD };
enum draft_field { FIELD_TO, FIELD_SUBJECT, FIELD_BODY };
enum draft_result {
    DRAFT_GOES_ON,
    DRAFT_SENDS,
    DRAFT_LEAVES, /* put away; what was written stays */
    DRAFT_FULL,   /* it did not all fit */
};

struct draft {
    enum draft_kind kind;
    bool open;
    bool sending; /* it is on its way: no key changes it */
    enum draft_field field;
    char about[MAIL_ID_MAX]; /* the message that is answered or handed on */
    char *whom;              /* of an answer: who gets it, as names */
    struct line to, subject;
    struct promptline body;
    struct rect at[3]; /* where the fields were drawn */
};

/* init: closed and empty; finish frees what it owns, not the struct. */
void draft_init(struct draft *l);
void draft_finish(struct draft *l);
/* Opens it. What was being written of the same kind about the same message is still there. */
void draft_new(struct draft *l);
void draft_about(struct draft *l, enum draft_kind kind, const struct mail *m, const char *me);
void draft_sent(struct draft *l); /* empties and closes it */
/* Whether nothing has been written. */
bool draft_blank(const struct draft *l);

/* One key or paste. names is NULL-terminated: what the To line completes. *ret_more (caller frees):
 * what fits, when it is more than one. */
enum draft_result draft_input(struct draft *l, const struct input_event *event,
                              const char *const *names, char **ret_more);
/* How many rows it wants at this width, its top line included. */
int draft_rows(const struct draft *l, int cols);
void draft_draw(struct draft *l, struct canvas *c, struct rect r, bool focus,
                const struct theme *theme);
/* A press into it; row and col of the canvas. False: it is elsewhere. */
bool draft_press(struct draft *l, int row, int col);

#endif
