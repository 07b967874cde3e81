/* What a console knows of inboxes beside those in panes: the own unread messages, whom one may
 * write to, which chains of answers are paused. Filled by tui/console/inboxes.c; safe to print. One
 * thread.
 */
#ifndef BATON_TUI_POST_H
#define BATON_TUI_POST_H

#include "tui/inbox/mailbox.h"
#include "tui/world/world.h"

/* Whom one may write to, and whose inbox one may read. */
struct person {
    char name[WORLD_NAME_MAX];
    char *email;
    bool agent, readable;
    int64_t unread;
};

/* Whom the hub has stopped, and why (tui/console/loops.c). */
struct paused {
    char from[WORLD_NAME_MAX], name[WORLD_NAME_MAX]; /* who writes to whom */
    bool by_rate;                                    /* else by a chain of answers */
    int64_t count, held;
};

/* What this console knows of inboxes beside those in panes. */
struct post {
    struct mailbox news; /* the own unread ones, the newest of them */
    bool loaded;         /* they have come: what comes from now on is news */
    struct person *people;
    const char **names; /* of people, for completion; NULL-terminated */
    size_t people_count;
    struct paused *paused;
    size_t paused_count;
    char **channels; /* "#alerts": what there is */
    size_t channel_count;
    char save_id[MAIL_ID_MAX]; /* the message whose file is being saved … */
    int save_n;                /* … and which file */
    bool news_wanted, people_wanted, news_asking, people_asking;
    bool paused_wanted, paused_asking;
};

#endif
