/* Turns: a prompt, what follows from it, and its end; cancelling; and whoever waits for it.
 * Control, within a batch but for what says otherwise.
 *
 * While a turn runs the session's document has `prompting` {turn, by, kind, rpc, since, firstSeq},
 * and cancelledBy once it was cancelled. A turn that is over has a document of its own (kind
 * "turn", key se1/3), by which its result can be asked for at any time, also from a later hub: its
 * text is gathered from the events in pages, a part of a batch each, so that a long turn holds up
 * nobody. */
#include "core/agent/acp.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/hub/bindings/bindings.h"
#include "core/hub/sessions/session_life.h"

#include <stdlib.h>
#include <string.h>

#define OBEY_US    (10 * 1000000LL) /* for a cancel */
#define PAGE       500              /* events at a time */
#define PAGE_BYTES (1024u * 1024u)
#define TEXT_MOST  (8u * 1024u * 1024u) /* of a turn's text; what is more stands in the events */

static void turn_key(const cJSON *doc, int64_t turn, char *out, size_t size)
{
    snprintf(out, size, "%s/%lld", session_id(doc), (long long)turn);
}

/* --- prompting ----------------------------------------------------------------------------------
 */

cJSON *session_text_blocks(const char *text, size_t n)
{
    cJSON *blocks = cJSON_CreateArray(), *block = cJSON_CreateObject();
    cJSON_AddStringToObject(block, "type", "text");
    json_add_text(block, "text", text, n);
    cJSON_AddItemToArray(blocks, block);
    return blocks;
}

static const struct {
    const char *type, *needs; /* NULL: all agents take it */
} kinds[] = {
    {"text", NULL},
    {"resource_link", NULL},
    {"image", "promptCapabilities.image"},
    {"audio", "promptCapabilities.audio"},
    {"resource", "promptCapabilities.embeddedContext"},
};

static enum err check_blocks(struct call *c, const cJSON *doc, const cJSON *blocks)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, blocks)
    {
        const char *type = json_string(one, "type", "");
        size_t i = 0;
        while (i < sizeof kinds / sizeof *kinds && strcmp(kinds[i].type, type) != 0)
            i++;
        if (i == sizeof kinds / sizeof *kinds)
            return call_fail(c, ERR_INVALID,
                             "a block is of type text, resource_link, image, audio or resource");
        if (kinds[i].needs && !session_can(doc, kinds[i].needs))
            return call_fail(c, ERR_UNSUPPORTED, "%s takes no blocks of type %s",
                             session_agent(doc), type);
        if (strcmp(type, "text") == 0 && !cJSON_IsString(json_get(one, "text")))
            return call_fail(c, ERR_INVALID, "a block of type text has a text");
    }
    return ERR_OK;
}

/* Takes block. */
static void put_before(cJSON *blocks, cJSON *block)
{
    if (block)
        cJSON_InsertItemInArray(blocks, 0, block);
}

/* The session's instructions go before its first prompt, as a block of their own, and behind them
 * which bindings there are for it now. */
static cJSON *instructions_of(struct hub *hub, cJSON *doc)
{
    if (json_bool(doc, "instructed", false))
        return NULL;
    const char *own = json_string(doc, "instructions", "");
    char *more = bindings_instructions(hub, json_string(doc, "member", ""), session_workspace(doc));
    char *text = mem_printf("%s%s%s", own, *own && more ? "\n\n" : "", more ? more : "");
    free(more);
    session_put(doc, "instructed", cJSON_CreateTrue());
    if (!*text) {
        free(text);
        return NULL;
    }
    cJSON *block = cJSON_CreateObject();
    cJSON_AddStringToObject(block, "type", "text");
    cJSON_AddStringToObject(block, "text", text);
    free(text);
    cJSON *meta = cJSON_AddObjectToObject(block, "_meta");
    cJSON_AddTrueToObject(cJSON_AddObjectToObject(meta, "baton"), "instructions");
    return block;
}

static enum err busy(struct call *c, const cJSON *doc)
{
    const cJSON *now = json_get(doc, "prompting");
    const char *by = json_string(now, "by", "?");
    cJSON *data = cJSON_CreateObject();
    char sentence[300];
    cJSON_AddStringToObject(data, "by", by);
    json_add_int(data, "turn", json_int(now, "turn", 0));
    snprintf(sentence, sizeof sentence,
             "%s works at what %s has asked for; wait with: baton session wait %s", session_id(doc),
             by, session_id(doc));
    call_format_error_with(c, ERR_BUSY, sentence, data);
    return ERR_BUSY;
}

enum err session_begin_turn(struct hub *hub, struct call *c, cJSON *doc, cJSON *blocks,
                            const char *suggested_by)
{
    const int64_t turn = json_int(doc, "turn", 0) + 1;
    const char *kind = c->kind == BATON_AGENT || c->role == ROLE_AGENT ? "agent" : "human";
    int64_t rpc = 0;
    if (json_get(doc, "prompting")) {
        cJSON_Delete(blocks);
        return busy(c, doc);
    }
    put_before(blocks, instructions_of(hub, doc));
    cJSON *told = cJSON_CreateObject(), *what = cJSON_CreateObject(), *params = session_params(doc);
    json_add_int(told, "turn", turn);
    cJSON_AddStringToObject(told, "by", c->who);
    cJSON_AddStringToObject(told, "kind", kind);
    cJSON_AddItemToObject(told, "prompt", cJSON_Duplicate(blocks, true));
    put_before(blocks, session_take_handback(hub, doc)); /* told already, event by event */
    if (suggested_by && *suggested_by)
        cJSON_AddStringToObject(told, "suggestedBy", suggested_by);
    cJSON_AddStringToObject(what, "what", "prompt");
    json_add_int(what, "turn", turn);
    cJSON_AddItemToObject(params, "prompt", blocks);
    session_put_int(doc, "turn", turn);
    enum err e = session_event(hub, doc, c->who, "session/prompt", told);
    cJSON *now = cJSON_CreateObject();
    json_add_int(now, "firstSeq", json_int(doc, "seq", 0));
    if (e == ERR_OK) {
        e = session_ask(hub, doc, "session/prompt", params, what, &rpc);
    } else {
        cJSON_Delete(params);
        cJSON_Delete(what);
    }
    json_add_int(now, "turn", turn);
    cJSON_AddStringToObject(now, "by", c->who);
    cJSON_AddStringToObject(now, "kind", kind);
    json_add_int(now, "rpc", rpc);
    json_add_int(now, "since", clock_wall_us() / 1000);
    session_put(doc, "prompting", now);
    return e == ERR_OK ? session_set_state(hub, doc, "working") : e;
}

void session_await_turn(struct hub *hub, struct call *c, const cJSON *doc, bool wait,
                        int64_t timeout_ms)
{
    const cJSON *now = json_get(doc, "prompting");
    const int64_t turn = json_int(now, "turn", 0);
    if (wait) {
        session_park(hub, c, doc, turn, timeout_ms);
        return;
    }
    cJSON *r = cJSON_CreateObject();
    json_add_int(r, "turn", turn);
    json_add_int(r, "sequenceNumber", json_int(now, "firstSeq", 0));
    cJSON_AddStringToObject(r, "sessionId", session_id(doc));
    call_reply(c, r);
}

static int64_t timeout_of(const struct call *c)
{
    return json_get(c->params, "timeout") ? (int64_t)(json_number(c->params, "timeout", 0) * 1000)
                                          : -1;
}

static enum err blocks_of(struct call *c, const cJSON *doc, cJSON **ret_blocks)
{
    const cJSON *blocks = json_get(c->params, "blocks");
    const char *text = call_string(c, "text", NULL);
    if (!text == !blocks)
        return call_fail(c, ERR_INVALID, "a prompt is either \"text\" or \"blocks\"");
    enum err e = blocks ? check_blocks(c, doc, blocks) : ERR_OK;
    if (e == ERR_OK)
        *ret_blocks =
            blocks ? cJSON_Duplicate(blocks, true) : session_text_blocks(text, strlen(text));
    return e;
}

enum err session_prompt(struct hub *hub, struct call *c)
{
    cJSON *doc = NULL, *blocks = NULL;
    enum err e = session_find(hub, c, &doc);
    if (e == ERR_OK)
        e = session_need_ready(c, doc);
    if (e == ERR_OK)
        e = session_may(hub, c, doc, (uint64_t)call_int(c, "epoch", 0));
    if (e == ERR_OK)
        e = blocks_of(c, doc, &blocks);
    if (e == ERR_OK)
        e = session_begin_turn(hub, c, doc, blocks, NULL);
    if (e == ERR_OK)
        e = session_save(hub, doc);
    if (e == ERR_OK)
        session_await_turn(hub, c, doc, call_bool(c, "wait", true), timeout_of(c));
    cJSON_Delete(doc);
    return e;
}

/* --- cancelling ---------------------------------------------------------------------------------
 */

static enum err cancel(struct hub *hub, struct call *c, cJSON *doc)
{
    cJSON *now = cJSON_GetObjectItemCaseSensitive(doc, "prompting");
    cJSON *told = cJSON_CreateObject();
    json_add_int(told, "turn", json_int(now, "turn", 0));
    cJSON_AddStringToObject(told, "by", c->who);
    enum err e = session_event(hub, doc, c->who, "session/cancel", told);
    session_put_string(now, "cancelledBy", c->who);
    if (e == ERR_OK)
        e = session_notify(hub, doc, "session/cancel", session_params(doc));
    if (e == ERR_OK)
        e = session_settle_pending(hub, doc, "the turn was cancelled");
    return e == ERR_OK ? session_due(hub, doc, clock_wall_us() + OBEY_US) : e;
}

enum err session_cancel(struct hub *hub, struct call *c)
{
    cJSON *doc = NULL;
    enum err e = session_find(hub, c, &doc);
    if (e == ERR_OK)
        e = session_need_ready(c, doc);
    if (e == ERR_OK)
        e = session_may(hub, c, doc, (uint64_t)call_int(c, "epoch", 0));
    const bool runs = e == ERR_OK && json_get(doc, "prompting");
    if (runs)
        e = cancel(hub, c, doc);
    if (runs && e == ERR_OK)
        e = session_save(hub, doc);
    if (e == ERR_OK) {
        cJSON *r = cJSON_CreateObject();
        cJSON_AddStringToObject(r, "sessionId", session_id(doc));
        json_add_int(r, "turn", json_int(doc, "turn", 0));
        cJSON_AddBoolToObject(r, "cancelled", runs);
        call_reply(c, r);
    }
    cJSON_Delete(doc);
    return e;
}

enum err session_not_obeyed(struct hub *hub, cJSON *doc)
{
    return session_error(hub, doc, false, NULL,
                         "%s has not stopped %lld seconds after it was told to; to end it for "
                         "good: baton session close %s",
                         session_agent(doc), OBEY_US / 1000000LL, session_id(doc));
}

/* --- the end ------------------------------------------------------------------------------------
 */

struct gather { /* the text of one turn, page by page */
    char id[32];
    int64_t turn, since;
    bool tool; /* the newest update of note was a tool call */
    size_t n;
    char text[];
};

static enum err gather_page(struct hub *hub, void *arg);

static struct gather *gather_create(const char *id, int64_t turn, size_t n)
{
    struct gather *g = mem_zalloc(sizeof *g + n);
    snprintf(g->id, sizeof g->id, "%s", id);
    g->turn = turn;
    g->n = n;
    return g;
}

/* After the commit. */
static enum err begin_gather(struct hub *hub, void *arg)
{
    const struct gather *g = arg;
    hub_post_control(hub, gather_page, mem_dup(g, sizeof *g));
    return ERR_OK;
}

enum err session_end_turn(struct hub *hub, cJSON *doc, const char *stop_reason, cJSON *error,
                          const char *errors)
{
    char key[64];
    if (!json_get(doc, "prompting")) {
        cJSON_Delete(error);
        return ERR_OK;
    }
    enum err e = session_settle_pending(hub, doc, "the turn has ended");
    cJSON *turn = cJSON_DetachItemFromObjectCaseSensitive(doc, "prompting");
    const int64_t number = json_int(turn, "turn", 0);
    cJSON *told = cJSON_CreateObject();
    json_add_int(told, "turn", number);
    cJSON_AddStringToObject(told, "stopReason", stop_reason);
    if (error)
        cJSON_AddItemToObject(told, "error", error);
    if (errors && *errors)
        json_add_text(told, "stderr", errors, strlen(errors));
    session_put_string(turn, "stopReason", stop_reason);
    session_put(turn, "error", error ? cJSON_Duplicate(error, true) : NULL);
    if (e == ERR_OK)
        e = session_event(hub, doc, "", "_baton/turn_end", told);
    else
        cJSON_Delete(told);
    session_put_int(turn, "lastSeq", json_int(doc, "seq", 0));
    turn_key(doc, number, key, sizeof key);
    if (e == ERR_OK)
        e = journal_put(hub->journal, "turn", key, turn);
    if (e == ERR_OK)
        e = session_due(hub, doc, 0);
    if (e == ERR_OK)
        control_after(hub, begin_gather, gather_create(session_id(doc), number, 0));
    cJSON_Delete(turn);
    return e;
}

#define REASON_MOST 64

enum err session_on_prompted(struct hub *hub, cJSON *doc, const cJSON *what, const cJSON *result,
                             const cJSON *error)
{
    const cJSON *now = json_get(doc, "prompting");
    const char *reason = json_string(result, "stopReason", "");
    cJSON *why = NULL;
    if (json_int(now, "turn", 0) != json_int(what, "turn", -1))
        return ERR_OK;
    if (error && session_is_cancelling(doc) && json_int(error, "code", 0) == -32800) {
        reason = "cancelled"; /* some say it so */
    } else if (error) {
        char said[1000];
        acp_error_text(error, said, sizeof said);
        why = cJSON_CreateObject();
        if (cJSON_IsNumber(json_get(error, "code")))
            json_add_int(why, "code", json_int(error, "code", 0));
        cJSON_AddStringToObject(why, "message", said);
        reason = "failed";
    } else if (!*reason || strlen(reason) > REASON_MOST) {
        reason = "end_turn";
    }
    enum err e = session_end_turn(hub, doc, reason, why, NULL);
    return e == ERR_OK ? session_set_state(hub, doc, "idle") : e;
}

enum err session_forget_turns(struct hub *hub, const cJSON *doc)
{
    const int64_t last = json_int(doc, "turn", 0);
    enum err e = ERR_OK;
    char key[64];
    for (int64_t turn = 1; e == ERR_OK && turn <= last; turn++) {
        turn_key(doc, turn, key, sizeof key);
        e = journal_drop(hub->journal, "turn", key);
    }
    return e;
}

/* --- the result ---------------------------------------------------------------------------------
 */

/* What was said before and after a tool call are two things. */
static void add_text(struct buf *text, bool *tool, const cJSON *update)
{
    const char *kind = json_string(update, "sessionUpdate", "");
    if (strcmp(kind, "tool_call") == 0)
        *tool = true;
    if (strcmp(kind, "agent_message_chunk") != 0)
        return;
    const char *said = json_string(json_get(update, "content"), "text", "");
    if (*said && *tool && text->len && text->data[text->len - 1] != '\n')
        buf_puts(text, "\n\n");
    if (*said)
        *tool = false;
    buf_puts(text, said);
}

/* Reads one page behind g->since. False: there is no more of this turn. */
static bool read_page(struct hub *hub, struct gather *g, int64_t last, struct buf *text)
{
    struct buf page = {0};
    cJSON *events = NULL;
    const cJSON *one;
    bool more = false;
    if (journal_session_events(hub->journal, g->id, g->since, PAGE, PAGE_BYTES, "session/update",
                               &page) == ERR_OK)
        json_parse(page.data, page.len, &events);
    cJSON_ArrayForEach(one, events)
    {
        g->since = json_int(one, "sequenceNumber", last);
        more = g->since < last && text->len < TEXT_MOST;
        if (g->since < last)
            add_text(text, &g->tool,
                     json_get(json_get(json_get(one, "notification"), "params"), "update"));
        if (!more)
            break;
    }
    cJSON_Delete(events);
    buf_finish(&page);
    return more;
}

static void answer(struct call *c, const cJSON *turn, const char *text, size_t n)
{
    const char *reason = json_string(turn, "stopReason", "");
    const cJSON *error = json_get(turn, "error");
    cJSON *r = cJSON_CreateObject();
    json_add_text(r, "text", text, n);
    cJSON_AddStringToObject(r, "stopReason", reason);
    json_add_int(r, "turn", json_int(turn, "turn", 0));
    json_add_int(r, "sequenceNumber", json_int(turn, "lastSeq", 0));
    if (n >= TEXT_MOST)
        cJSON_AddTrueToObject(r, "truncated");
    if (strcmp(reason, "failed") == 0) {
        char sentence[1600];
        snprintf(sentence, sizeof sentence, "the turn has failed: %s",
                 json_string(error, "message", "the agent gave no reason"));
        call_format_error_with(c, ERR_AGENT, sentence, r);
        return;
    }
    call_reply(c, r);
}

/* Control work, struct gather. */
static enum err gather_page(struct hub *hub, void *arg)
{
    struct gather *g = arg;
    struct buf text = {0};
    cJSON *turn = NULL;
    struct call *c;
    char key[64];
    cJSON *doc = cJSON_CreateObject(); /* no more than its name is needed */
    cJSON_AddStringToObject(doc, "sessionId", g->id);
    turn_key(doc, g->turn, key, sizeof key);
    enum err e = journal_get(hub->journal, "turn", key, &turn);
    if (e != ERR_OK && e != ERR_NOT_FOUND && e != ERR_CORRUPT) {
        cJSON_Delete(doc);
        return e;
    }
    if (g->since == 0)
        g->since = json_int(turn, "firstSeq", 0);
    buf_append(&text, g->text, g->n);
    if (turn && read_page(hub, g, json_int(turn, "lastSeq", 0), &text)) {
        struct gather *next = gather_create(g->id, g->turn, text.len);
        next->since = g->since;
        next->tool = g->tool;
        memcpy(next->text, text.data, text.len);
        hub_post_control(hub, gather_page, next);
    } else {
        static enum err (*const waiting[])(struct hub *, struct call *) = {
            session_prompt, session_wait, session_accept};
        for (size_t i = 0; i < sizeof waiting / sizeof *waiting; i++)
            while ((c = session_waiting(hub, doc, waiting[i], g->turn))) {
                if (turn)
                    answer(c, turn, text.data ? text.data : "", text.len);
                else if (e == ERR_CORRUPT)
                    call_fail(c, e, "what is kept of this turn of %s is damaged", g->id);
                else
                    call_fail(c, ERR_NOT_FOUND, "%s was destroyed", g->id);
                control_answered(hub, c);
            }
    }
    buf_finish(&text);
    cJSON_Delete(turn);
    cJSON_Delete(doc);
    return ERR_OK;
}

enum err session_wait(struct hub *hub, struct call *c)
{
    cJSON *doc = NULL;
    enum err e = session_find(hub, c, &doc);
    if (e != ERR_OK)
        return e;
    const int64_t last = json_int(doc, "turn", 0), turn = call_int(c, "turn", last);
    const bool runs = json_int(json_get(doc, "prompting"), "turn", 0) == turn;
    if (last == 0)
        e = call_fail(c, ERR_NOT_FOUND, "%s has not been prompted yet", session_id(doc));
    else if (turn > last)
        e = call_fail(c, ERR_NOT_FOUND, "%s has had %lld turns so far", session_id(doc),
                      (long long)last);
    if (e == ERR_OK) {
        session_park(hub, c, doc, turn, timeout_of(c));
        if (!runs)
            control_after(hub, begin_gather, gather_create(session_id(doc), turn, 0));
    }
    cJSON_Delete(doc);
    return e;
}
