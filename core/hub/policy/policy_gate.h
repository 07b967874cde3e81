/* The gate: what the policy says of a call, before its handler runs (call.c). It has the policy in
 * force, who belongs to which policy group, and when humans were last told of a call. Any hub
 * thread; a lock is held while one call is decided. */
#ifndef BATON_HUB_POLICY_GATE_H
#define BATON_HUB_POLICY_GATE_H

#include "core/catalogue/policy.h"
#include "core/hub/hub_private.h"
#include "core/journal/mail.h"

/* With the policy of hub->config, before the threads start. */
void gate_create(struct hub *hub);
void gate_destroy(struct hub *hub);
/* Control work at a start: reads who belongs to which group. */
enum err gate_recover(struct hub *hub, void *arg);
/* An identity was written; counts once this is committed. */
void gate_know(struct hub *hub, const struct mail_identity *identity);
/* The configuration was read anew on request: its policy is in force. Control. */
void gate_take(struct hub *hub, const struct config *config);

/* Decides about a call that is checked but for this: ERR_BLOCKED with a sentence in why, or ERR_OK
 * and the tier, which is none but autonomous, notify and approval. */
enum err gate_check(struct call *c, enum tier *ret_tier, char *why, size_t size);
/* The same for a call that a human has let through: only blocked counts. */
enum err gate_check_again(struct call *c, char *why, size_t size);
/* A notify call has done its work: the humans are told, once a minute for a member and capability.
 */
enum err gate_notice(struct call *c);

/* What it would say, for policy.explain and lists. asker's member need not exist. */
void gate_explain(struct hub *hub, const struct capability *row, const struct policy_asker *asker,
                  struct policy_verdict *ret);
/* What it would say to this caller, in the workspace that the call names: for lists. */
enum tier gate_tier(const struct call *c, const struct capability *row);
/* The policy group of a member and whether it is human: from the identities. human: as the caller
 * knows; ret_group borrows nothing. */
bool gate_member(struct hub *hub, const char *name, bool human, char ret_group[MAIL_NAME]);
/* The rules in force; *ret_wrong (the caller's) is what is wrong with the file, or NULL. */
cJSON *gate_rules(struct hub *hub, char **ret_wrong);
int64_t gate_approval_ms(struct hub *hub); /* limits.approval, of the file that is in force */

/* Who may call what is another from this batch's commit on, or what there is to call: wakes those
 * who wait for that (policy.next). Control, within a batch. */
void gate_changed(struct hub *hub);

/* The workspace that a call is about; "" none. */
void gate_place(const struct call *c, char out[64]);
/* "group.name" */
#define METHOD_MAX 160
void gate_method(const struct capability *row, char out[METHOD_MAX]);
/* The rows that no rule is about: without them nobody could come in, look or answer. */
bool gate_exempt(const struct capability *row);
/* Some call of this caller may have to wait for a human: there are rules. */
bool gate_may_hold(const struct call *c);
bool gate_caller_is_human(const struct call *c);

#endif
