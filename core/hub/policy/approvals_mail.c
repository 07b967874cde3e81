/* Approvals by mail: a letter that asks a human, settled by the first word of their answer, APPROVE
 * or DENY. Nothing runs by it: its sender learns the answer, by the letter and by the approval. An
 * answer counts when it was given here, by a member: a letter from outside can pretend whom it is
 * from. Control, within a batch. */
#include "core/hub/policy/approvals_private.h"
#include "core/people/role.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define BY_MAIL "approvalMail" /* documents: a message's id to its approval */

enum err approvals_mail_ask(struct hub *hub, struct call *c, const char *message, bool human,
                            cJSON *reply)
{
    char hash[POLICY_HASH];
    cJSON *doc = NULL, *link = NULL;
    if (!human)
        return call_fail(c, ERR_INVALID,
                         "an approval is asked of a human; none is among those "
                         "whom it is for");
    /* Of another capability than the letter itself: it allows no call. */
    policy_hash("email.approval", c->who, c->params, hash);
    enum err e = approvals_make(hub, c, hash, message, &doc);
    if (e == ERR_OK) {
        link = cJSON_CreateObject();
        cJSON_AddStringToObject(link, "approvalId", json_string(doc, "approvalId", ""));
        e = journal_put(hub->journal, BY_MAIL, message, link);
        cJSON_AddStringToObject(reply, "approvalId", json_string(doc, "approvalId", ""));
    }
    cJSON_Delete(link);
    cJSON_Delete(doc);
    return e;
}

void approvals_mail_forget(struct hub *hub, const cJSON *doc)
{
    const char *message = json_string(doc, "messageId", "");
    if (*message)
        journal_drop(hub->journal, BY_MAIL, message);
}

/* 1 yes, 0 no, -1 neither. */
static int said(const char *body)
{
    static const struct {
        const char *word;
        int means;
    } words[] = {{"APPROVE", 1}, {"APPROVED", 1}, {"DENY", 0}, {"DENIED", 0}};
    body += strspn(body, " \t\r\n");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const size_t n = strlen(words[i].word);
        if (strncasecmp(body, words[i].word, n) == 0 && !isalnum((unsigned char)body[n]))
            return words[i].means;
    }
    return -1;
}

enum err approvals_mail_answer(struct hub *hub, struct call *c, const char *message,
                               const char *body)
{
    const int yes = said(body);
    cJSON *link = NULL;
    if (yes < 0 || !gate_caller_is_human(c))
        return ERR_OK;
    enum err e = journal_get(hub->journal, BY_MAIL, message, &link);
    if (e == ERR_OK && !role_may(c->role, ROLE_DRIVER))
        e = call_fail(c, ERR_DENIED, "%s is here as %s, and cannot answer for %s", c->who,
                      role_name(c->role), json_string(link, "approvalId", ""));
    else if (e == ERR_OK)
        e = approvals_answer(hub, c, json_string(link, "approvalId", ""), yes == 1, NULL, NULL);
    cJSON_Delete(link);
    return e == ERR_NOT_FOUND && !c->answered ? ERR_OK : e;
}
