/* The documents of approvals, from the question to the end; see approvals.h. */
#include "core/hub/policy/approvals_private.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

#define PARAMS_MAX  (256u * 1024u) /* bytes of JSON; more than anybody looks at */
#define OPEN_EACH   32             /* of one member at a time */
#define OPEN_ALL    512
#define DONE_KEPT   500
#define SUMMARY_MAX 240
#define LONGEST_US  (24 * 3600 * INT64_C(1000000))

/* --- looking -----------------------------------------------------------------------------------
 */

static void gather(void *data, const char *key, const cJSON *doc)
{
    (void)key;
    cJSON_AddItemToArray(data, cJSON_Duplicate(doc, true));
}

enum err approvals_open(struct hub *hub, cJSON **ret_list)
{
    cJSON *list = cJSON_CreateArray();
    enum err e = journal_each(hub->journal, APPROVAL_OPEN, gather, list);
    json_sort(list, "approvalId");
    if (e == ERR_OK)
        *ret_list = list;
    else
        cJSON_Delete(list);
    return e;
}

enum err approvals_get(struct hub *hub, const char *id, cJSON **ret_doc, bool *ret_open)
{
    enum err e = journal_get(hub->journal, APPROVAL_OPEN, id, ret_doc);
    *ret_open = e == ERR_OK;
    return e == ERR_NOT_FOUND ? journal_get(hub->journal, APPROVAL_DONE, id, ret_doc) : e;
}

bool approvals_may_see(const struct call *c, const cJSON *doc)
{
    if (strcmp(json_string(doc, "by", ""), c->who) == 0)
        return true;
    return gate_caller_is_human(c) &&
           (!*c->scope || strcmp(c->scope, json_string(doc, "workspace", "")) == 0);
}

cJSON *approvals_describe(const cJSON *doc)
{
    cJSON *o = cJSON_Duplicate(doc, true);
    cJSON_DeleteItemFromObjectCaseSensitive(o, "params");
    return o;
}

/* --- a question --------------------------------------------------------------------------------
 */

static void put(cJSON *doc, const char *key, const char *value)
{
    cJSON_DeleteItemFromObjectCaseSensitive(doc, key);
    json_add_text(doc, key, value, strlen(value));
}

/* One line for lists and notices: safe on any terminal, whatever the params hold. */
static void summarize(cJSON *doc, const char *method, const cJSON *params)
{
    char line[SUMMARY_MAX];
    struct buf text = {0};
    char *json = json_print(params);
    buf_printf(&text, "%s %s", method, json);
    text_make_safe(line, sizeof line, text.data, text.len);
    put(doc, "summary", line);
    free(json);
    buf_finish(&text);
}

struct counting {
    const char *member;
    int theirs, all;
};

static void count_open(void *data, const char *key, const cJSON *doc)
{
    struct counting *n = data;
    (void)key;
    n->all++;
    n->theirs += strcmp(json_string(doc, "by", ""), n->member) == 0;
}

static enum err check_room(struct hub *hub, struct call *c)
{
    struct counting n = {.member = c->who};
    char *text = json_print(c->params);
    const size_t size = strlen(text);
    free(text);
    if (size > PARAMS_MAX)
        return call_fail(c, ERR_LIMIT,
                         "%s.%s needs a human's approval, and %zu bytes are more than one can be "
                         "asked to look at; at most %u",
                         c->row->group, c->row->name, size, PARAMS_MAX);
    enum err e = journal_each(hub->journal, APPROVAL_OPEN, count_open, &n);
    if (e != ERR_OK)
        return e;
    if (n.theirs >= OPEN_EACH || n.all >= OPEN_ALL)
        return call_fail(c, ERR_LIMIT, "%d calls of %s wait for approval already", n.theirs,
                         c->who);
    return ERR_OK;
}

enum err approvals_make(struct hub *hub, struct call *c, const char *hash, const char *message,
                        cJSON **ret_doc)
{
    const int64_t now = clock_wall_us() / 1000;
    char id[32], method[METHOD_MAX], workspace[64];
    int64_t number = 0;
    enum err e = check_room(hub, c);
    if (e == ERR_OK)
        e = journal_next(hub->journal, "approval", &number);
    if (e != ERR_OK)
        return e;
    snprintf(id, sizeof id, "ap%lld", (long long)number);
    gate_method(c->row, method);
    gate_place(c, workspace);
    cJSON *doc = cJSON_CreateObject();
    put(doc, "approvalId", id);
    put(doc, "capability", method);
    put(doc, "by", c->who);
    put(doc, "workspace", workspace);
    put(doc, "state", "waiting");
    summarize(doc, method, c->params);
    cJSON_AddItemToObject(doc, "params", cJSON_Duplicate(c->params, true));
    put(doc, "hash", hash);
    if (message)
        put(doc, "messageId", message);
    json_add_int(doc, "requestedAt", now);
    json_add_int(doc, "expiresAt", now + gate_approval_ms(hub));
    e = journal_put(hub->journal, APPROVAL_OPEN, id, doc);
    cJSON *told = approvals_describe(doc);
    if (e == ERR_OK)
        e = control_event(hub, "approvalRequested", workspace, c->who, "", told);
    cJSON_Delete(told);
    if (e == ERR_OK) {
        approvals_arm(hub);
        approvals_wake_watchers(hub);
        *ret_doc = doc;
    } else {
        cJSON_Delete(doc);
    }
    return e;
}

/* --- an end ------------------------------------------------------------------------------------
 */

/* Old ends are forgotten; their numbers say which. */
static enum err forget_old(struct hub *hub, const char *newest)
{
    char id[32];
    const int old = atoi(newest + 2) - DONE_KEPT;
    snprintf(id, sizeof id, "ap%d", old);
    cJSON *doc = NULL;
    enum err e = old > 0 ? journal_get(hub->journal, APPROVAL_DONE, id, &doc) : ERR_NOT_FOUND;
    if (e == ERR_OK) {
        approvals_mail_forget(hub, doc);
        e = journal_drop(hub->journal, APPROVAL_DONE, id);
    }
    cJSON_Delete(doc);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err approvals_end(struct hub *hub, cJSON *doc, const char *state)
{
    const char *id = json_string(doc, "approvalId", "");
    put(doc, "state", state);
    enum err e = journal_drop(hub->journal, APPROVAL_OPEN, id);
    if (e == ERR_OK)
        e = journal_put(hub->journal, APPROVAL_DONE, id, doc);
    return e == ERR_OK ? forget_old(hub, id) : e;
}

/* The event by which everybody learns of an answer, or that none came. */
static enum err tell_resolved(struct hub *hub, const cJSON *doc, const char *outcome,
                              const char *by)
{
    cJSON *told = approvals_describe(doc);
    put(told, "outcome", outcome);
    enum err e =
        control_event(hub, "approvalResolved", json_string(doc, "workspace", ""), by, "", told);
    cJSON_Delete(told);
    return e;
}

enum err approvals_tell_end(struct call *c, const cJSON *doc, enum err code)
{
    static const char *const keys[] = {"approvalId", "state", "answeredBy", "answeredAt", "reason"};
    const char *state = json_string(doc, "state", ""), *by = json_string(doc, "answeredBy", "");
    const char *id = json_string(doc, "approvalId", "");
    char sentence[700], reason[400];
    cJSON *data = cJSON_CreateObject();
    text_make_safe(reason, sizeof reason, json_string(doc, "reason", ""),
                   strlen(json_string(doc, "reason", "")));
    const char *said = strcmp(state, "rejected") == 0 ? "no" : "yes";
    if (strcmp(state, "expired") == 0 && !*by)
        snprintf(sentence, sizeof sentence, "nobody answered %s in time, and that is a no", id);
    else if (strcmp(state, "expired") == 0 && code != ERR_EXISTS)
        snprintf(sentence, sizeof sentence, "%s allowed %s, but nobody came for it in time", by,
                 id);
    else if (code == ERR_EXISTS)
        snprintf(sentence, sizeof sentence, "%s was answered by %s already: %s%s%s", id, by, said,
                 *reason ? ", " : "", reason);
    else if (strcmp(state, "rejected") == 0)
        snprintf(sentence, sizeof sentence, "%s said no to %s%s%s", by, id, *reason ? ": " : "",
                 reason);
    else
        snprintf(sentence, sizeof sentence, "what %s allowed with %s has run already, once", by,
                 id);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (json_get(doc, keys[i]))
            cJSON_AddItemToObject(data, keys[i], cJSON_Duplicate(json_get(doc, keys[i]), true));
    cJSON_AddStringToObject(data, "next", "");
    call_format_error_with(c, code, sentence, data);
    return code;
}

/* --- an answer ---------------------------------------------------------------------------------
 */

static enum err no_such(struct call *c, const char *id)
{
    char safe[64];
    text_make_safe(safe, sizeof safe, id, strlen(id));
    return call_fail(c, ERR_NOT_FOUND, "there is no approval \"%s\"; see: baton approval list",
                     safe);
}

/* Humans alone answer, in a workspace that is open to them, and never for themselves. */
static enum err may_answer(struct call *c, const cJSON *doc)
{
    const char *workspace = json_string(doc, "workspace", "");
    if (!gate_caller_is_human(c))
        return call_fail(c, ERR_DENIED, "%s is an agent; a human answers", c->who);
    if (strcmp(json_string(doc, "by", ""), c->who) == 0)
        return call_fail(c, ERR_DENIED, "%s is your own call; somebody else answers",
                         json_string(doc, "approvalId", ""));
    if (*c->scope && strcmp(c->scope, workspace) != 0)
        return call_fail(c, ERR_DENIED, "%s is not in the workspace \"%s\"",
                         json_string(doc, "approvalId", ""), c->scope);
    return ERR_OK;
}

static enum err settle(struct hub *hub, struct call *c, cJSON *doc, bool yes, const char *reason)
{
    const char *id = json_string(doc, "approvalId", "");
    put(doc, "answeredBy", c->who);
    json_add_int(doc, "answeredAt", clock_wall_us() / 1000);
    if (reason && *reason)
        put(doc, "reason", reason);
    if (yes)
        put(doc, "state", "accepted");
    const bool letter = json_get(doc, "messageId") != NULL; /* then there is nothing to run */
    enum err e = yes && letter ? approvals_end(hub, doc, "accepted")
                 : yes         ? journal_put(hub->journal, APPROVAL_OPEN, id, doc)
                               : approvals_end(hub, doc, "rejected");
    if (e == ERR_OK)
        e = tell_resolved(hub, doc, yes ? "accepted" : "rejected", c->who);
    if (e == ERR_OK)
        approvals_settled(hub, id);
    return e;
}

enum err approvals_answer(struct hub *hub, struct call *c, const char *id, bool yes,
                          const char *reason, cJSON **ret_doc)
{
    cJSON *doc = NULL;
    bool open = false;
    enum err e = approvals_get(hub, id, &doc, &open);
    if (e == ERR_NOT_FOUND || (e == ERR_OK && !approvals_may_see(c, doc)))
        e = no_such(c, id);
    if (e == ERR_OK)
        e = may_answer(c, doc);
    if (e == ERR_OK && (!open || strcmp(json_string(doc, "state", ""), "waiting") != 0))
        e = approvals_tell_end(c, doc, ERR_EXISTS);
    if (e == ERR_OK && json_int(doc, "expiresAt", 0) <= clock_wall_us() / 1000)
        e = call_fail(c, ERR_ENDED, "the time of %s is over", id);
    if (e == ERR_OK)
        e = settle(hub, c, doc, yes, reason);
    if (e == ERR_OK && ret_doc)
        *ret_doc = doc;
    else
        cJSON_Delete(doc);
    return e;
}

/* --- time --------------------------------------------------------------------------------------
 */

static enum err expire(struct hub *hub, cJSON *doc)
{
    const bool waiting = strcmp(json_string(doc, "state", ""), "waiting") == 0;
    enum err e = approvals_end(hub, doc, "expired");
    if (e == ERR_OK && waiting)
        e = tell_resolved(hub, doc, "expired", "");
    if (e == ERR_OK)
        approvals_settled(hub, json_string(doc, "approvalId", ""));
    return e;
}

static void on_timer(uv_timer_t *timer)
{
    hub_post_control(timer->data, approvals_recover, NULL);
}

enum err approvals_recover(struct hub *hub, void *arg)
{
    const int64_t now = clock_wall_us() / 1000;
    int64_t soonest = INT64_MAX;
    cJSON *list = NULL, *doc, *next;
    (void)arg;
    enum err e = approvals_open(hub, &list);
    for (doc = list ? list->child : NULL; doc && e == ERR_OK; doc = next) {
        const int64_t due = json_int(doc, "expiresAt", 0);
        next = doc->next;
        if (due <= now)
            e = expire(hub, doc);
        else if (due < soonest)
            soonest = due;
    }
    cJSON_Delete(list);
    if (hub->stopping || soonest == INT64_MAX)
        uv_timer_stop(&hub->approval_timer);
    else
        uv_timer_start(
            &hub->approval_timer, on_timer,
            (uint64_t)(soonest - now < LONGEST_US / 1000 ? soonest - now + 1 : LONGEST_US / 1000),
            0);
    return e;
}

static enum err arm(struct hub *hub, void *arg)
{
    (void)arg;
    hub_post_control(hub, approvals_recover, NULL);
    return ERR_OK;
}

void approvals_arm(struct hub *hub)
{
    control_after(hub, arm, NULL);
}
