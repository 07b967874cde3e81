/* The token of a session's agent: while its process lives, the commands that it runs may act in the
 * session's workspace as a member of their own, with the role of an agent: they ask for batons,
 * prompt other sessions, and are known by name in every event. Control, within a batch. */
#include "core/hub/mail/mail.h"
#include "core/hub/sessions/sessions.h"
#include "core/people/token.h"

#include <string.h>

/* Like "opencode-se3": nobody else is called so, and one sees at once what it is. */
void session_member(const cJSON *doc, char out[MEMBER_NAME_MAX])
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
    char type[24];
    snprintf(type, sizeof type, "%s", json_string(doc, "agentType", "agent"));
    for (char *p = type; *p; p++)
        if (!strchr(plain, *p))
            *p = '-';
    snprintf(out, MEMBER_NAME_MAX, "%s-%s", type, session_id(doc));
}

enum err session_token_end(struct hub *hub, cJSON *doc, const char *reason)
{
    enum err e = invites_end(hub, json_string(doc, "inviteId", ""), "", reason);
    if (e == ERR_OK)
        session_put(doc, "inviteId", NULL);
    return e;
}

enum err session_token_make(struct hub *hub, cJSON *doc, char *out)
{
    char member[MEMBER_NAME_MAX], id[32] = "";
    session_member(doc, member);
    enum err e = session_token_end(hub, doc, "the session has a new process");
    if (e == ERR_OK) { /* others may write to it before its first call */
        e = mail_ensure(hub, member, false, NULL);
        e = e == ERR_DENIED ? ERR_OK : e; /* revoked: the session lives, its mail is refused */
    }
    if (e == ERR_OK)
        e = invites_for_agent(hub, member, session_workspace(doc), json_string(doc, "openedBy", ""),
                              session_id(doc), id, out);
    if (e == ERR_OK)
        session_put_string(doc, "inviteId", id);
    return e;
}
