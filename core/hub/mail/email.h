/* What the files of e-mail share: letters loaded from the journal, who may see them, how they are
 * shown, and the ways out. Control's, within a batch, but for what says otherwise. */
#ifndef BATON_HUB_EMAIL_H
#define BATON_HUB_EMAIL_H

#include "core/hub/mail/mail.h"
#include "core/mail/rfc5322.h"

#define EMAIL_CHUNK    (4u * 1024 * 1024)  /* bytes that one call hands over */
#define EMAIL_FILES    (40u * 1024 * 1024) /* of all attachments of one message */
#define EMAIL_PAGE     (8u * 1024 * 1024)  /* of bodies in one listing */
#define EMAIL_OUT_KIND "mailout"           /* documents: what still has to go to sendmail */
#define EMAIL_ID_KIND  "mailid"            /* documents: a foreign Message-ID and our messages */
#define EMAIL_STATE    "mailstate"         /* documents: what became of it elsewhere */

/* --- email_letter.c: a message with all that it owns -------------------------------------------*/

struct letter {
    struct mail_message m; /* its texts are owned by this */
    cJSON *headers;        /* {to: [], cc: [], reply_to?, message_id?, references?, files?: []} */
};

/* The message with this whole id; ret is the caller's, for letter_finish. ERR_NOT_FOUND: there is
 * none. Asks nobody whether the caller may see it. */
enum err letter_load(struct hub *hub, const char *id, struct letter *ret);
void letter_finish(struct letter *l); /* then l is all zero */
/* The letter that a text names: an id, its beginning, or a Message-ID. The call fails with
 * ERR_NOT_FOUND when the caller is not of those who sent it or got it, unless all is theirs. */
enum err letter_find(struct hub *hub, struct call *c, const char *text, struct letter *ret);
/* As a mail that other systems understand; files with their bytes. */
enum err letter_mail(struct hub *hub, const struct letter *l, struct mail *ret);
/* Its Message-ID without < and >; the caller's. */
char *letter_message_id(struct hub *hub, const struct mail_message *m, const cJSON *headers);
/* How inbox, read and thread show one. d: the delivery; NULL: the reader sent it. Takes nothing. */
cJSON *email_describe(struct hub *hub, const struct mail_message *m, const struct mail_delivery *d);

/* --- email_send.c ------------------------------------------------------------------------------*/

struct email_party {
    char name[MAIL_NAME]; /* an identity; "" somebody elsewhere */
    char address[MAIL_ADDRESS];
    enum mail_role role;
    bool human;
};

struct email_parties {
    struct email_party *items; /* owned */
    size_t count;
};

void email_party_add(struct email_parties *p, const struct email_party *one); /* each once */
void email_parties_finish(struct email_parties *p);
/* The message with its files to all, those elsewhere included: m's headers are set here. The answer
 * is given. files (may be NULL) is [{name, type, data or upload}] or a letter's. */
enum err email_post(struct hub *hub, struct call *c, struct mail_message *m,
                    const struct mail_identity *from, const struct email_parties *to,
                    cJSON *headers, const struct mail_file *files, size_t file_count);

/* --- email_upload.c: what is too large for one call --------------------------------------------*/

#define UPLOAD_KEPT_S                                                                              \
    3600 /* so long after its last part a file waits for the call that means it                    \
          */

/* Takes what was handed over in parts; the bytes are the caller's, the file is gone. */
enum err upload_take(struct hub *hub, struct call *c, const char *id, char **ret_bytes,
                     size_t *ret_n);
/* Removes what nobody came back for. Control work: at a start, at each new upload, and then. */
enum err upload_sweep(struct hub *hub, void *arg);

/* --- email_out.c -------------------------------------------------------------------------------*/

/* The command that takes mail for elsewhere, [PROGRAM, ARG…]; NULL: there is none. */
const cJSON *email_sendmail(struct hub *hub);
/* Once this is committed the message is handed to sendmail for these addresses; again, later and
 * by the next hub too, until it is taken or is told as bounced. addresses is an array. */
enum err email_out(struct hub *hub, const char *message_id, const char *from_name,
                   const cJSON *addresses);
enum err email_out_recover(struct hub *hub, void *arg); /* control work, after a start */
void email_out_create(struct hub *hub);                 /* after control_create */
void email_out_stop(struct hub *hub);   /* before control_destroy: what runs is left alone */
void email_out_finish(struct hub *hub); /* after control_destroy; frees */

/* --- email_deliver.c ---------------------------------------------------------------------------*/

/* Is an alias or address somebody's here, who is not revoked? */
bool email_here(struct hub *hub, const char *text, struct mail_identity *ret);

/* --- email_state.c: what became of a message for those elsewhere -------------------------------*/

enum email_state {
    EMAIL_QUEUED,    /* sendmail has not taken it yet */
    EMAIL_SENT,      /* sendmail has it */
    EMAIL_DELAYED,   /* a mail system on the way still tries */
    EMAIL_DELIVERED, /* one has told that it arrived */
    EMAIL_BOUNCED    /* it will not arrive */
};

/* Documents, with the message: {ADDRESS: {state, at, said}}. */
enum err email_state_begin(struct hub *hub, const char *message_id, const cJSON *addresses);
/* address NULL: for all of them. What bounced or arrived stays so. Unknown ones are left alone. */
enum err email_state_set(struct hub *hub, const char *message_id, const char *address,
                         enum email_state state, const char *said);
/* A bounce, or another report on delivery, came for a message of ours: is it one of `to`'s? Then
 * it counts. */
enum err email_state_report(struct hub *hub, const char *message_id, const struct mail *report,
                            const struct email_parties *to);
/* Adds `status` and `recipients` to a message's object, when it went elsewhere. */
void email_state_describe(struct hub *hub, const char *message_id, cJSON *o);

/* --- the handlers ------------------------------------------------------------------------------*/

#define EMAIL_HANDLERS(X)                                                                          \
    X(identity_create)                                                                             \
    X(identity_list)                                                                               \
    X(identity_use)                                                                                \
    X(identity_get)                                                                                \
    X(identity_revoke)                                                                             \
    X(identity_alias)                                                                              \
    X(email_send)                                                                                  \
    X(email_reply)                                                                                 \
    X(email_reply_all)                                                                             \
    X(email_forward)                                                                               \
    X(email_resend)                                                                                \
    X(email_read)                                                                                  \
    X(email_thread)                                                                                \
    X(email_attachment)                                                                            \
    X(email_deliver)                                                                               \
    X(email_raw)                                                                                   \
    X(email_upload)                                                                                \
    X(inbox_email)                                                                                 \
    X(inbox_wait)
#define X(name) enum err name(struct hub *hub, struct call *c);
EMAIL_HANDLERS(X)
#undef X

#endif
