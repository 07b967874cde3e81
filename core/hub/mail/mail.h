/* What comms, e-mail, MCP and the console's inbox share on control: who has an inbox, who is there
 * now, and the one way by which a message gets into inboxes. Within a batch, but for what says
 * otherwise. Nothing is kept in memory but the loop guard's counts: an undone part undoes all. */
#ifndef BATON_HUB_MAIL_H
#define BATON_HUB_MAIL_H

#include "core/hub/hub_private.h"
#include "core/journal/mail.h"

/* --- who: mail_people.c ------------------------------------------------------------------------*/

/* The identity of that name, made when there is none. ERR_DENIED: it is revoked. ret may be NULL.
 */
enum err mail_ensure(struct hub *hub, const char *name, bool human, struct mail_identity *ret);
/* The caller's own identity, made when there is none; a revoked one's call fails by its name. */
enum err mail_caller(struct hub *hub, struct call *c, struct mail_identity *ret);
/* The caller has said hello: once this is committed an identity is made, if there is none. */
void mail_hello(struct hub *hub, const struct call *c);

/* NAME@DOMAIN of the configuration. */
void mail_address(struct hub *hub, const char *name, char out[MAIL_ADDRESS]);
/* Whom a text means for this caller: a name, NAME@DOMAIN or an alias, in any case of letters for
 * addresses. The call fails with ERR_RECIPIENT, which names the nearest ones, when there is nobody
 * (or somebody whom the caller may not see), when it is revoked too. */
enum err mail_recipient(struct hub *hub, struct call *c, const char *text,
                        struct mail_identity *ret);
/* May the caller and that identity write to each other: the caller sees all workspaces, or both are
 * of one, or it is the owner's. */
bool mail_may_meet(struct hub *hub, const struct call *c, const char *name);
/* Somebody is there as that name now: a console, an MCP server, a call that waits for messages. */
bool mail_attached(struct hub *hub, const char *name);

/* --- the way into inboxes: mail_post.c ---------------------------------------------------------*/

struct mail_post {
    char name[MAIL_NAME]; /* an identity that is there and not revoked; each once */
    enum mail_role role;
    bool human;
    bool delivered; /* given back: attached, else queued */
    bool held;      /* given back: kept for it, but paused (see mail_answer_paused) */
};

/* Writes the message (m->from_name is an identity; hops and thread are set here from in_reply_to)
 * and its deliveries, the audit and the events, and has whoever waits for it woken. human: what the
 * sender is. The call fails with ERR_COMMS "paused: …" when the loop guard has the pair paused
 * already; *ret_held counts those that it has paused now, whose message is kept. */
enum err mail_send(struct hub *hub, struct call *c, struct mail_message *m, bool human,
                   struct mail_post *to, size_t count, size_t *ret_held);
/* Answers with ERR_COMMS "paused: …" and gives ERR_OK, so that what was kept stays. */
enum err mail_answer_paused(struct call *c, const struct mail_message *m,
                            const struct mail_post *to, size_t count);
/* The whole id of a message from its beginning or its end (MAIL_TAIL_LEAST digits and more): what
 * people type. ERR_NOT_FOUND; for ERR_AMBIGUOUS the call fails, and says what is short enough. */
#define MAIL_TAIL_LEAST 4
enum err mail_find(struct hub *hub, struct call *c, const char *text, char ret_id[MAIL_ID]);
/* The same of a message that the caller sent or got; the call fails with ERR_NOT_FOUND for all
 * others. */
enum err mail_find_own(struct hub *hub, struct call *c, const char *text, char ret_id[MAIL_ID]);
/* Valid UTF-8, no NUL, at most MAIL_BODY bytes; the call fails otherwise, naming the field. */
enum err mail_check_text(struct call *c, const char *field, const char *text);

/* --- what becomes of a delivery: mail_life.c ---------------------------------------------------*/

/* Each writes the delivery, the audit, and its event; nothing when it has come that far already. */
enum err mail_delivered(struct hub *hub, struct mail_delivery *d);            /* messageDelivered */
enum err mail_read(struct hub *hub, struct mail_delivery *d, const char *by); /* messageRead */
enum err mail_acknowledged(struct hub *hub, struct mail_delivery *d, const char *by);
/* Whoever waits for messages as that name looks again, in parts behind the one that runs. */
void mail_wake(struct hub *hub, const char *name);
/* A handler that waits (comms.receive, inbox.wait) parks itself with this; mail_wake calls its look
 * again until it has answered: ERR_AGAIN, nothing there yet. timeout_ms < 0: for ever. */
void mail_await(struct hub *hub, struct call *c, mail_look look, int64_t timeout_ms);

/* It is set aside as a dead letter; reason: "tries", or "loop" when the guard had held it. */
enum err mail_dead(struct hub *hub, struct mail_delivery *d, const char *reason);
/* A dead letter waits in its inbox again, as if it had never been handed out. */
enum err mail_again(struct hub *hub, struct mail_delivery *d, const char *by);
/* A lease ends without an acknowledgement (by NULL: its time is over): it waits again, or is dead.
 */
enum err mail_gave_back(struct hub *hub, struct mail_delivery *d, const char *by,
                        const char *reason);

enum err mail_recover(struct hub *hub,
                      void *arg);     /* control work at a start: what is over by now */
void mail_timer_arm(struct hub *hub); /* something has a lease or a time now */
void mail_rate_forget(struct hub *hub, const char *name); /* the guard counts its inbox anew */

#endif
