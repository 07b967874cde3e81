/* The calls that wait for an approval: held, joined, and let run; see approvals.h. What a human
 * allows is the document: when a call runs its params are held against it once more. */
#include "core/hub/policy/approvals_private.h"
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/hub/streams/streams.h"

#include <string.h>

static enum err run_held(struct hub *hub, struct call *c);

/* --- running -----------------------------------------------------------------------------------
 */

/* After the commit that marks it as used: a row of the stream thread goes there. */
static enum err to_stream(struct hub *hub, void *arg)
{
    struct call *c = control_parked(hub, *(uint64_t *)arg);
    if (!c)
        return ERR_OK;
    control_unpark(hub, c);
    c->detour = NULL;
    if (!inbox_put(&hub->stream_in, c, false))
        call_destroy(c);
    return ERR_OK;
}

/* Is the document about exactly this call? */
static bool is_for(const struct call *c, const cJSON *doc)
{
    char method[METHOD_MAX], mine[POLICY_HASH], shown[POLICY_HASH];
    gate_method(c->row, method);
    policy_hash(method, c->who, c->params, mine);
    policy_hash(json_string(doc, "capability", ""), json_string(doc, "by", ""),
                json_get(doc, "params"), shown);
    return strcmp(mine, shown) == 0 && strcmp(mine, json_string(doc, "hash", "")) == 0;
}

/* An accepted one runs: from here on it is used, unless the handler fails and all is undone. */
static enum err use(struct hub *hub, struct call *c, cJSON *doc)
{
    char why[512];
    enum err e = gate_check_again(c, why, sizeof why);
    if (e != ERR_OK)
        return call_fail(c, e, "%s", why);
    if (!is_for(c, doc))
        return call_fail(c, ERR_DENIED, "%s was given for another call",
                         json_string(doc, "approvalId", ""));
    e = approvals_end(hub, doc, "used");
    cJSON *told = approvals_describe(doc);
    if (e == ERR_OK)
        e = control_event(hub, "approvalUsed", json_string(doc, "workspace", ""), c->who, "", told);
    cJSON_Delete(told);
    if (e != ERR_OK)
        return e;
    c->approval[0] = '\0';
    c->detour = NULL;
    if (c->row->lane != LANE_STREAM)
        return c->row->handle(hub, c);
    control_park(hub, c, -1);
    control_after(hub, to_stream, mem_dup(&c->serial, sizeof c->serial));
    return ERR_OK;
}

/* --- waiting -----------------------------------------------------------------------------------
 */

struct note {
    uint64_t serial;
    char id[32];
    int64_t expires;
};

/* After the commit, so that what the caller knows is on disk. */
static enum err tell_held(struct hub *hub, void *arg)
{
    const struct note *n = arg;
    const struct call *c = control_parked(hub, n->serial);
    struct buf out = {0};
    if (!c || !c->handle)
        return ERR_OK;
    buf_printf(&out,
               "\n{\"jsonrpc\":\"2.0\",\"method\":\"" CALL_HELD
               "\",\"params\":{\"approvalId\":\"%s\",\"expiresAt\":%lld}}",
               n->id, (long long)n->expires);
    hub->io->note(hub->io_data, c->handle, out.data, out.len);
    buf_finish(&out);
    return ERR_OK;
}

static enum err wait_for(struct hub *hub, struct call *c, const cJSON *doc)
{
    snprintf(c->approval, sizeof c->approval, "%s", json_string(doc, "approvalId", ""));
    c->detour = run_held;
    control_park(hub, c, -1);
    if (c->wants_note) {
        struct note n = {.serial = c->serial, .expires = json_int(doc, "expiresAt", 0)};
        memcpy(n.id, c->approval, sizeof n.id);
        control_after(hub, tell_held, mem_dup(&n, sizeof n));
        c->wants_note = false;
    }
    return ERR_OK;
}

/* It is open no more. Whoever comes too late for its answer has to know that it ran. */
static enum err tell_end(struct call *c, const cJSON *doc)
{
    const char *id = json_string(doc, "approvalId", "");
    char sentence[300];
    if (strcmp(json_string(doc, "state", ""), "used") != 0)
        return approvals_tell_end(c, doc, ERR_DENIED);
    snprintf(sentence, sizeof sentence,
             "what %s allowed with %s was let run already, once; its answer is not here any more",
             json_string(doc, "answeredBy", ""), id);
    cJSON *data = cJSON_CreateObject();
    cJSON_AddStringToObject(data, "approvalId", id);
    cJSON_AddStringToObject(data, "state", "used");
    cJSON_AddStringToObject(data, "next", "Look what came of it before you ask for it again.");
    call_format_error_with(c, ERR_EXISTS, sentence, data);
    return ERR_EXISTS;
}

/* By an approval that stands: accepted, it runs; waiting, it waits. */
static enum err go_by(struct hub *hub, struct call *c, cJSON *doc, bool open)
{
    if (!open)
        return tell_end(c, doc);
    if (strcmp(json_string(doc, "state", ""), "accepted") == 0)
        return use(hub, c, doc);
    return wait_for(hub, c, doc);
}

/* A call that was held by a hub before this one, or on another link: it is for that approval and
 * makes no other one. */
static enum err repeat(struct hub *hub, struct call *c)
{
    cJSON *doc = NULL;
    bool open = false;
    enum err e = approvals_get(hub, c->repeats, &doc, &open);
    if (e == ERR_NOT_FOUND || (e == ERR_OK && strcmp(json_string(doc, "by", ""), c->who) != 0))
        e = call_fail(c, ERR_NOT_FOUND,
                      "the approval for which this call was waiting is not known any more");
    else if (e == ERR_OK && (!is_for(c, doc) || json_get(doc, "messageId")))
        e = call_fail(c, ERR_DENIED, "%s was given for another call",
                      json_string(doc, "approvalId", ""));
    else if (e == ERR_OK)
        e = go_by(hub, c, doc, open);
    cJSON_Delete(doc);
    return e;
}

/* The open one that is for this call; NULL: none. Borrowed from the list. */
static cJSON *find_same(cJSON *list, const struct call *c, const char *hash)
{
    cJSON *one;
    cJSON_ArrayForEach(one, list)
    {
        if (strcmp(json_string(one, "hash", ""), hash) == 0 &&
            strcmp(json_string(one, "by", ""), c->who) == 0)
            return one;
    }
    return NULL;
}

static enum err ask(struct hub *hub, struct call *c)
{
    char method[METHOD_MAX], hash[POLICY_HASH];
    cJSON *list = NULL, *made = NULL;
    if (*c->repeats)
        return repeat(hub, c);
    gate_method(c->row, method);
    policy_hash(method, c->who, c->params, hash);
    enum err e = approvals_open(hub, &list);
    cJSON *doc = e == ERR_OK ? find_same(list, c, hash) : NULL;
    if (e == ERR_OK && doc && strcmp(json_string(doc, "state", ""), "accepted") == 0) {
        e = use(hub, c, doc);
    } else {
        if (e == ERR_OK && !doc)
            e = approvals_make(hub, c, hash, NULL, &made);
        if (e == ERR_OK)
            e = wait_for(hub, c, doc ? doc : made);
    }
    cJSON_Delete(made);
    cJSON_Delete(list);
    return e;
}

/* A shortened id is written out: what begins like that when it runs may be something else than what
 * did when a human said yes. */
static void write_out(struct call *c)
{
    static const struct {
        const char *key;
        unsigned things;
    } names[] = {{"shellId", THINGS_STREAMS},
                 {"streamId", THINGS_STREAMS},
                 {"sessionId", THINGS_SESSIONS},
                 {"processId", THINGS_PROCESSES},
                 {"target", THINGS_TARGETS}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *text = json_string(c->params, names[i].key, "");
        char id[32];
        if (*text && registry_resolve_among(c->hub->registry, names[i].things, text, id) == ERR_OK)
            cJSON_ReplaceItemInObjectCaseSensitive(c->params, names[i].key, cJSON_CreateString(id));
    }
}

enum err approvals_hold(struct call *c, char *why, size_t size)
{
    struct hub *hub = c->hub;
    if (!c->binding) /* of a binding's input its owner alone knows what it means */
        write_out(c);
    if (c->row->lane != LANE_STREAM)
        return ask(hub, c);
    if (streams_hand_on(hub, c, ask) == ERR_OK)
        return ERR_OK;
    snprintf(why, size, "the hub has %d calls waiting already", HUB_QUEUE_MAX);
    return ERR_LIMIT;
}

/* A call that was parked is back in the batch: a human has answered. Who called is asked again, for
 * an invitation may have ended since. */
static enum err run_held(struct hub *hub, struct call *c)
{
    char why[512], who[MEMBER_NAME_MAX], id[32];
    cJSON *doc = NULL;
    bool open = false;
    memcpy(who, c->who, sizeof who);
    memcpy(id, c->approval, sizeof id);
    enum err e = access_identify(c, why, sizeof why);
    if (e != ERR_OK)
        return call_fail(c, e, "%s", why);
    if (strcmp(who, c->who) != 0)
        return call_fail(c, ERR_DENIED, "%s asked, and %s would run it", who, c->who);
    e = approvals_get(hub, id, &doc, &open);
    if (e == ERR_OK)
        e = go_by(hub, c, doc, open);
    cJSON_Delete(doc);
    return e;
}

/* --- after an answer ---------------------------------------------------------------------------
 */

/* After the commit: all that wait for it come into the next batch, in the order in which they came.
 */
static enum err bring_back(struct hub *hub, void *arg)
{
    const char *id = arg;
    struct call *first = NULL;
    for (struct call **at = &hub->parked, *c; (c = *at);) {
        if (strcmp(c->approval, id) != 0) {
            at = &c->next;
            continue;
        }
        *at = c->next; /* parked calls are newest first */
        c->parked = false;
        c->next = first;
        first = c;
    }
    while (first) {
        struct call *c = first;
        first = c->next;
        c->next = NULL;
        if (!inbox_put(&hub->control_in, c, false))
            call_destroy(c);
    }
    return ERR_OK;
}

void approvals_settled(struct hub *hub, const char *id)
{
    control_after(hub, bring_back, mem_strdup(id));
}
