/* What the files of approvals share: approvals.c has the documents and their ends, approvals_run.c
 * the calls that wait, approval_calls.c what people ask. Control, within a batch. */
#ifndef BATON_HUB_APPROVALS_PRIVATE_H
#define BATON_HUB_APPROVALS_PRIVATE_H

#include "core/hub/policy/approvals.h"
#include "core/hub/policy/policy_gate.h"

#define APPROVAL_OPEN "approval"
#define APPROVAL_DONE "approvalDone"
#define CALL_HELD     "call.held" /* the note to a caller; see wire.h */

/* Copies of the open ones in the order of their numbers; the caller's. */
enum err approvals_open(struct hub *hub, cJSON **ret_list);
/* One by its id, open or done; ERR_NOT_FOUND. */
enum err approvals_get(struct hub *hub, const char *id, cJSON **ret_doc, bool *ret_open);
/* A new one for this call; message: the letter that asks for it, or NULL. *ret_doc is the caller's.
 * The call fails with ERR_LIMIT when too many wait, or when its params are too large to be shown.
 */
enum err approvals_make(struct hub *hub, struct call *c, const char *hash, const char *message,
                        cJSON **ret_doc);
void approvals_mail_forget(struct hub *hub, const cJSON *doc);
/* It is open no more; state is used, rejected or expired. */
enum err approvals_end(struct hub *hub, cJSON *doc, const char *state);
/* The sentence and data of what became of a done one. */
enum err approvals_tell_end(struct call *c, const cJSON *doc, enum err code);

/* After the commit: calls that wait for it run (accepted) or are told (all else). */
void approvals_settled(struct hub *hub, const char *id);
void approvals_wake_watchers(struct hub *hub);
void approvals_arm(struct hub *hub);

bool approvals_may_see(const struct call *c, const cJSON *doc);
/* As lists and events show it: without params. */
cJSON *approvals_describe(const cJSON *doc);

#endif
