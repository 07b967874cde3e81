/* A pane with an inbox: the list of messages and the one that is looked at, beside each other where
 * there is room, else one above the other, in a very small one either of them; and below, what is
 * being written. It knows no hub: what a key or a press asks for comes back as an action, what is
 * missing is told by inbox_pane_wants. One thread. */
#ifndef BATON_TUI_INBOX_PANE_H
#define BATON_TUI_INBOX_PANE_H

#include "tui/inbox/draft.h"
#include "tui/inbox/mailbox.h"
#include "tui/inbox/mailtext.h"

struct inbox_pane {
    struct mailbox box;
    char *me;                 /* who looks */
    char cursor[MAIL_ID_MAX]; /* the message that the list stands on, "" none */
    int at;                   /* its row, as it was last */
    int top;                  /* the list's first row that is shown */
    bool reading;             /* the keys are the message's */
    struct mailtext text;
    int scroll; /* of the text */
    struct draft draft;
    char *pattern;               /* what is searched for; "" nothing */
    bool asking, again, earlier; /* a page is on its way; … and it is old; an older one is wanted */
    bool stale;                  /* the list is to be asked for anew */
    char failed[200];            /* why there is no list */
    /* What stands above all, and the keys that answer it; "" nothing. Set before it is drawn. */
    char banner[380], banner_keys[80];
    struct rect list, page; /* where they were drawn; without rows: not at all */
    int page_head;          /* rows of the message's head */
};

enum inbox_action_kind {
    INBOX_NONE,
    INBOX_READ,   /* id is read now */
    INBOX_UNREAD, /* … is to be unread again */
    INBOX_SEARCH, /* ask for a pattern, then inbox_pane_search */
    INBOX_SEND,   /* the letter */
    INBOX_OTHER,  /* choose another inbox */
    INBOX_RESUME, /* let a paused loop go on */
    INBOX_REFUSE, /* … or not */
    INBOX_SAVE,   /* a file of id, which has some */
    INBOX_CHANNELS,
    INBOX_TELL,  /* text: a word for the person */
    INBOX_OFFER, /* more: what the To line could be */
    INBOX_LEAVE,
};

struct inbox_action {
    enum inbox_action_kind kind;
    char id[MAIL_ID_MAX];
    const char *text;
    char *more; /* the receiver's, to free */
};

struct inbox_pane *inbox_pane_create(const char *name, const char *me);
void inbox_pane_destroy(struct inbox_pane *p);   /* takes NULL */
bool inbox_pane_own(const struct inbox_pane *p); /* it is the looker's */
/* Another's inbox, in the same place. */
void inbox_pane_open(struct inbox_pane *p, const char *name);
/* After the mailbox has changed: the list stands on the same message still. */
void inbox_pane_changed(struct inbox_pane *p);
/* The newest that is unread, if there is one, with the message open. */
void inbox_pane_newest(struct inbox_pane *p);
void inbox_pane_search(struct inbox_pane *p, const char *pattern); /* "" none */

enum inbox_want { WANT_NOTHING, WANT_LIST, WANT_EARLIER, WANT_TEXT };
/* What is missing for what is shown; of a text its message is p->text.id, from p->text.raw.len on.
 */
enum inbox_want inbox_pane_wants(const struct inbox_pane *p);

/* names: NULL-terminated, for the To line. */
void inbox_pane_input(struct inbox_pane *p, const struct input_event *event,
                      const char *const *names, struct inbox_action *action);
/* row and col of the canvas. */
void inbox_pane_mouse(struct inbox_pane *p, const struct input_event *event,
                      struct inbox_action *action);
void inbox_pane_draw(struct inbox_pane *p, struct canvas *c, struct rect inner, bool focus,
                     const struct theme *theme);

/* For the border: "inbox" or "inbox of writer"; "3 unread"; the keys that are of use now. */
void inbox_pane_name(const struct inbox_pane *p, char *out, size_t size);
void inbox_pane_count(const struct inbox_pane *p, char *out, size_t size);
void inbox_pane_hint(const struct inbox_pane *p, bool focus, char *out, size_t size);

/* --- for the files inbox_pane*.c --- */
const struct mail *inbox_pane_mail(const struct inbox_pane *p); /* that the cursor is on, or NULL */
void inbox_pane_to(struct inbox_pane *p, int row);              /* the cursor; stops at the ends */
/* The keys are the message's from now on: it is read. */
void inbox_pane_enter(struct inbox_pane *p, struct inbox_action *action);

#endif
