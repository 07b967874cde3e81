/* Calls that wait for a human. What always holds: an approval is in the journal either as kind
 * "approval" (waiting, or accepted and not used yet) or as kind "approvalDone" (used, rejected,
 * expired), never as both. It is for one capability, one member and exactly the params that are in
 * its document; it is answered once, and runs at most once: the mark that it was used and what the
 * handler writes are one part of one transaction. It outlives the hub and the caller's link: who
 * repeats the very same call joins it. A caller who asks to be told (wire.h) hears which one its
 * call waits for; after the loss of its link it repeats the call with that number, which then runs
 * by that approval or not at all. Control, within a batch, but for what says otherwise. */
#ifndef BATON_HUB_APPROVALS_H
#define BATON_HUB_APPROVALS_H

#include "core/hub/hub_private.h"

/* Holds a call that is checked: it is parked until a human answers, or runs at once when one has
 * allowed it before. On the hub thread of the call's lane. */
enum err approvals_hold(struct call *c, char *why, size_t size);

/* Control work at a start: what is over by now is settled. */
enum err approvals_recover(struct hub *hub, void *arg);

/* What a human's answer comes to, from whichever way it came. ERR_EXISTS, ERR_NOT_FOUND and
 * ERR_DENIED have failed the call with a sentence. *ret_doc (the caller's) may be NULL. */
enum err approvals_answer(struct hub *hub, struct call *c, const char *id, bool yes,
                          const char *reason, cJSON **ret_doc);

/* A letter of the caller asks for an approval: makes it, and adds its id to the reply. human: one
 * of those whom it is for is one. */
enum err approvals_mail_ask(struct hub *hub, struct call *c, const char *message, bool human,
                            cJSON *reply);
/* The caller answers that letter: APPROVE or DENY as the first word settles what it asks for. Who
 * comes too late fails with the sentence that says who was first. */
enum err approvals_mail_answer(struct hub *hub, struct call *c, const char *message,
                               const char *body);

#define APPROVAL_HANDLERS(X)                                                                       \
    X(approval_list)                                                                               \
    X(approval_show)                                                                               \
    X(approval_accept)                                                                             \
    X(approval_reject)                                                                             \
    X(approval_watch)                                                                              \
    X(policy_list)                                                                                 \
    X(policy_explain)                                                                              \
    X(policy_tiers)                                                                                \
    X(policy_next)
#define X(name) enum err name(struct hub *hub, struct call *c);
APPROVAL_HANDLERS(X)
#undef X

#endif
