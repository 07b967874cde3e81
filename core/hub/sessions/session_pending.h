/* Questions of agents that wait for a person: what session_permissions.c and session_answers.c
 * share, and what destroys a session. Control, within a batch. */
#ifndef BATON_HUB_SESSION_PENDING_H
#define BATON_HUB_SESSION_PENDING_H

#include "core/agent/permission.h"
#include "core/hub/sessions/sessions.h"

/* Copies of the pending documents of a session (NULL: of all), in the order of their numbers; the
 * caller's. A document has {permissionId, sessionId, workspace, kind ("permission", "elicitation"),
 * rpc (the agent's id of the request), turn, requestedAt, due (both milliseconds)}, then toolCall
 * and options, or mode, message, requestedSchema, url. */
enum err pending_list(struct hub *hub, const char *session, cJSON **ret_list);
bool pending_is_form(const cJSON *pending);

/* How a question ended; texts are borrowed. */
struct pending_end {
    const char *by;      /* "" nobody: the time, a cancel, the agent itself */
    const char *outcome; /* selected, cancelled, timeout */
    const char *action;  /* of a form: accept, decline, cancel; else NULL */
    const char *reason;  /* or NULL */
    struct permission_choice choice;
};
/* It is pending no more: documents, events, the session's state. What the agent is told is the
 * caller's part. */
enum err pending_resolve(struct hub *hub, cJSON *doc, const cJSON *pending,
                         const struct pending_end *end);
/* The documents of a session that is destroyed. */
enum err pending_forget(struct hub *hub, const char *session);

#endif
