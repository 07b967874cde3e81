/* A mailbox as a person leafs through it (core/journal/mail.h has the rest of mail): what somebody
 * got and what they sent, of both grammars together. Control's thread, within its transaction. */
#ifndef BATON_JOURNAL_MAILBOX_H
#define BATON_JOURNAL_MAILBOX_H

#include "core/journal/journal.h"

#include <stdbool.h>

#define MAILBOX_SEARCHED 2000 /* messages that one call with a pattern looks at */

struct mailbox_message {
    int64_t seq;
    const char *id, *from_name, *from_address, *subject, *preview, *headers, *thread_id,
        *in_reply_to, *channel; /* borrowed for the call; preview: how the body begins */
    bool email, unread;
    bool received; /* else its owner sent it */
    int priority;
    int64_t sent_us, size;
};

struct mailbox_filter {
    const char *name;
    int64_t before; /* a message's seq; 0: from the newest on */
    int limit;
    bool unread;         /* only received ones that were not read */
    const char *pattern; /* in sender, #channel, subject or body, ASCII letters in any case; in
                            small letters; NULL any */
};

typedef void (*mailbox_visit)(void *data, const struct mailbox_message *m);
/* The newest first. *ret_next: `before` of the page behind it, 0 when there is none. visit must not
 * write to the journal. */
enum err journal_mailbox(struct journal *j, const struct mailbox_filter *f, mailbox_visit visit,
                         void *data, int64_t *ret_next);

#endif
