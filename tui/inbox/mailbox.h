/* An inbox as this console knows it: the newest of its messages, of both grammars (e-mail and
 * comms), without their bodies; who saw what was sent; and the rows of a list, threads together.
 * Filled from `inbox.list` and from events; everything in it is safe to print. Pure; one thread. */
#ifndef BATON_TUI_MAILBOX_H
#define BATON_TUI_MAILBOX_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAIL_ID_MAX    64
#define MAILBOX_MAX    2000 /* messages that are kept; the oldest are read anew when scrolled to */
#define MAIL_DEPTH_MAX 4    /* how far replies are indented */

/* What became of a message for one recipient, in the order in which it comes about. */
enum receipt_state {
    RECEIPT_QUEUED,
    RECEIPT_DELIVERED,
    RECEIPT_SEEN, /* read */
    RECEIPT_ACKNOWLEDGED,
    RECEIPT_EXPIRED,
    RECEIPT_DEAD,
};
const char *receipt_name(enum receipt_state state); /* "queued" … "read" …; static */
enum receipt_state receipt_of(const char *name);

struct mail_receipt {
    char *to;
    enum receipt_state state;
};

/* A file that came with it. */
struct mail_part {
    int n; /* by which it is asked for */
    char *name;
    int64_t size;
};

struct mail {
    char id[MAIL_ID_MAX];
    int64_t seq;   /* rises with each message of the hub */
    bool email;    /* else comms */
    bool outgoing; /* the inbox's owner sent it */
    bool unread;
    char *from, *address; /* a name, and the address that it wrote from ("" none) */
    char *to, *cc;        /* names, with ", " between them */
    char *subject;        /* "" a message of comms has none */
    char *preview;        /* how its body begins, in one line */
    char *channel;        /* "" none */
    char thread[MAIL_ID_MAX], reply_to[MAIL_ID_MAX];
    int priority; /* 0 low, 1 normal, 2 high */
    int64_t at_ms, size;
    struct mail_receipt *receipts; /* of an outgoing one */
    int receipt_count;
    struct mail_part *parts;
    int part_count;
};

struct mailbox_row {
    const struct mail *mail;
    int depth; /* of a reply in its thread */
};

enum mailbox_show { MAILBOX_ALL, MAILBOX_UNREAD };

struct mailbox {
    char name[MAIL_ID_MAX]; /* whose */
    struct mail **mails;    /* newest first */
    int count;
    int64_t unread; /* all there are, also those that are not here */
    bool more;      /* the hub has older ones … */
    int64_t next;   /* … and this is how they are asked for */
    bool loaded;    /* something has come */
    enum mailbox_show show;
    char kept[MAIL_ID_MAX]; /* listed though it is read by now: somebody stands on it */
    struct mailbox_row *rows;
    int row_count;
};

/* Empty; name is copied. finish frees what it owns, not the struct. */
void mailbox_init(struct mailbox *b, const char *name);
void mailbox_finish(struct mailbox *b);
/* A page: newer ones join, known ones are replaced. before: the page was asked for with that seq
 * (0: the newest ones; when a hole lies between them and what is here, the older ones are dropped).
 * False when it is no such answer. */
bool mailbox_page(struct mailbox *b, const cJSON *answer, int64_t before);
void mailbox_clear(struct mailbox *b);
struct mail *mailbox_mail(const struct mailbox *b, const char *id); /* NULL unknown */
int64_t mailbox_oldest(const struct mailbox *b);                    /* seq; 0 none */
/* From an event messageDelivered, messageRead …: true when something changed. */
bool mailbox_event(struct mailbox *b, const char *kind, const cJSON *data);
/* Read here, or unread again. */
void mailbox_mark(struct mailbox *b, struct mail *m, bool unread);
/* The list anew, after any of the above or a new `show`. */
void mailbox_rows(struct mailbox *b);
int mailbox_row(const struct mailbox *b, const char *id); /* -1 it is not listed */
/* The least of what came of an outgoing one; of several recipients how many are so far. */
enum receipt_state mail_fate(const struct mail *m);
/* The last letters of its id, by which commands find it; "" it has none that is short. Borrowed. */
const char *mail_short(const struct mail *m);
void mail_size(int64_t bytes, char *out, size_t size); /* "300 B", "12 KiB", "3 MiB" */
/* "re: api.ts", "#alerts", else how it begins. Borrowed. */
const char *mail_headline(const struct mail *m);

#endif
