/* session/update (ACP v1) to blocks: one function for each kind of update that a person sees. */
#include "core/agent/transcript_private.h"

#include "core/base/json.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define KEY_MAX 512 /* bytes of an agent's id that count */

struct update {
    struct transcript *t;
    int64_t seq, at;
    const cJSON *json;
};

void transcript_turn_begins(struct transcript *t)
{
    t->plan = NULL;
    t->saw_prompt = t->saw_turn = true;
    t->current = CURRENT_NONE;
    transcript_set(&t->cancel_by, NULL);
}

static void heard(struct transcript_block *b, int64_t seq, int64_t at)
{
    b->last = seq;
    b->heard = at;
    b->ended = at;
}

struct transcript_block *transcript_upsert(struct transcript *t, char what, const char *id,
                                           enum transcript_kind kind, int64_t seq, int64_t at)
{
    char *key = mem_strndup(id, KEY_MAX);
    struct transcript_block *b = transcript_index_get(&t->index, what, key);

    if (!b) {
        b = transcript_append(t, kind, seq, at);
        b->key = key;
        transcript_index_set(&t->index, what, key, b);
        return b;
    }
    free(key);
    heard(b, seq, at);
    return b;
}

/* While an older page is folded: that event has changed the block before it was dropped. */
bool transcript_is_known(const struct transcript *t, const struct transcript_block *b, int64_t seq)
{
    for (int i = 0; t->parent && i < t->parent->residue_count; i++) {
        const struct transcript_block *r = t->parent->residue[i];
        if (r->kind == b->kind && r->key && b->key && strcmp(r->key, b->key) == 0)
            return seq >= r->first;
    }
    return false;
}

struct transcript_block *transcript_upsert_tool(struct transcript *t, const cJSON *update,
                                                int64_t seq, int64_t at, bool *ret_known)
{
    const char *id = json_string(update, "toolCallId", "");
    const char *status = json_string(update, "status", "");
    struct transcript_block *b = transcript_upsert(t, 't', id, BLOCK_TOOL, seq, at);

    if (!b->tool)
        b->tool = mem_zalloc(sizeof *b->tool);
    /* Told by this event alone, so that it is the same whatever came before. */
    if (strcmp(status, "completed") == 0 || strcmp(status, "failed") == 0) {
        t->current = CURRENT_NONE;
    } else {
        t->current = CURRENT_TOOL;
        transcript_set(&t->current_key, b->key);
    }
    *ret_known = transcript_is_known(t, b, seq);
    return b;
}

static void tool_event(struct update *u, bool created)
{
    bool known;
    struct transcript_block *b;

    if (!json_string(u->json, "toolCallId", "")[0])
        return;
    b = transcript_upsert_tool(u->t, u->json, u->seq, u->at, &known);
    if (!known)
        transcript_tool_update(b->tool, u->json, created);
    transcript_touch(u->t, b);
}

static void on_tool_call(struct update *u)
{
    tool_event(u, true);
}

static void on_tool_call_update(struct update *u)
{
    tool_event(u, false);
}

static void chunk(struct update *u, enum transcript_kind kind)
{
    const char *id = json_string(u->json, "messageId", NULL);
    struct transcript_block *b = transcript_last(u->t);
    struct transcript_block asked = {.kind = kind, .replayed = kind == BLOCK_PROMPT};

    asked.key = id ? mem_strndup(id, KEY_MAX) : NULL;
    if (!b || !transcript_same_run(b, &asked)) {
        b = transcript_append(u->t, kind, u->seq, u->at);
        b->key = asked.key;
        b->replayed = asked.replayed;
        b->human = asked.replayed;
    } else {
        free(asked.key);
        heard(b, u->seq, u->at);
    }
    transcript_text_content(&b->text, json_get(u->json, "content"), TRANSCRIPT_TEXT_LIMIT);
    transcript_touch(u->t, b);
}

static void on_user(struct update *u)
{
    transcript_turn_begins(u->t);
    chunk(u, BLOCK_PROMPT);
}

static void on_text(struct update *u)
{
    chunk(u, BLOCK_TEXT);
}

static void on_thought(struct update *u)
{
    chunk(u, BLOCK_THOUGHT);
}

static enum transcript_status entry_status(const char *word)
{
    return strcmp(word, "completed") == 0     ? STATUS_DONE
           : strcmp(word, "in_progress") == 0 ? STATUS_RUNNING
                                              : STATUS_PENDING;
}

static void on_plan(struct update *u)
{
    const cJSON *entries = json_get(u->json, "entries"), *one;
    struct transcript *t = u->t;
    struct transcript_block *b = t->plan;
    int count = cJSON_IsArray(entries) ? cJSON_GetArraySize(entries) : 0, i = 0;

    if (!b) {
        b = t->plan = transcript_append(t, BLOCK_PLAN, u->seq, u->at);
        if (!t->saw_prompt)
            t->lead_plan = b;
    }
    heard(b, u->seq, u->at);
    while (b->plan_count > 0)
        free(b->plan[--b->plan_count].text);
    free(b->plan);
    count = count < TRANSCRIPT_LIST_MAX ? count : TRANSCRIPT_LIST_MAX;
    b->plan = mem_calloc((size_t)count + 1, sizeof *b->plan);
    b->plan_count = count;
    for (one = count ? entries->child : NULL; i < count; i++, one = one->next) {
        b->plan[i].text = transcript_line(json_string(one, "content", ""), 2048);
        b->plan[i].status = entry_status(json_string(one, "status", ""));
        b->plan[i].high = strcmp(json_string(one, "priority", ""), "high") == 0;
    }
    transcript_touch(t, b);
}

static void put(struct transcript_text *x, const char *text)
{
    transcript_text_add(x, text, strlen(text), TRANSCRIPT_TEXT_LIMIT);
}

static void on_mode(struct update *u)
{
    const char *mode = json_string(u->json, "currentModeId", "");
    struct transcript_block *b = transcript_append(u->t, BLOCK_NOTICE, u->seq, u->at);

    free(u->t->mode);
    u->t->mode = transcript_line(mode, 200);
    put(&b->text, "mode: ");
    put(&b->text, mode);
    transcript_touch(u->t, b);
}

static void on_info(struct update *u)
{
    const char *title = json_string(u->json, "title", NULL);

    if (!title)
        return;
    free(u->t->title);
    u->t->title = transcript_line(title, 500);
    u->t->stamp++;
}

static void on_usage(struct update *u)
{
    u->t->used = json_int(u->json, "used", u->t->used);
    u->t->size = json_int(u->json, "size", u->t->size);
    u->t->stamp++;
}

static void on_notice(struct update *u)
{
    const char *severity = json_string(u->json, "severity", "info");
    struct transcript_block *b = transcript_append(u->t, BLOCK_NOTICE, u->seq, u->at);

    b->severity = strcmp(severity, "error") == 0     ? SEVERITY_ERROR
                  : strcmp(severity, "warning") == 0 ? SEVERITY_WARNING
                                                     : SEVERITY_INFO;
    put(&b->text, json_string(u->json, "title", ""));
    b->detail = transcript_line(json_string(u->json, "description", NULL), 8192);
    transcript_touch(u->t, b);
}

static void on_compaction(struct update *u)
{
    const char *status = json_string(u->json, "status", "");
    struct transcript_block *b = transcript_upsert(
        u->t, 'c', json_string(u->json, "compactionId", ""), BLOCK_NOTICE, u->seq, u->at);
    bool failed = strcmp(status, "failed") == 0;

    transcript_text_clear(&b->text);
    put(&b->text, strcmp(status, "completed") == 0 ? "The conversation was shortened to make room."
                  : strcmp(status, "in_progress") == 0 ? "Shortening the conversation…"
                  : failed                             ? "Shortening the conversation failed."
                           : "Shortening the conversation was stopped.");
    b->severity = failed ? SEVERITY_WARNING : SEVERITY_INFO;
    free(b->detail);
    b->detail = transcript_line(json_string(u->json, "error", NULL), 8192);
    transcript_touch(u->t, b);
}

void transcript_fold_update(struct transcript *t, int64_t seq, int64_t at, const cJSON *update)
{
    static const struct {
        const char *name;
        void (*fold)(struct update *u);
    } kinds[] = {
        {"agent_message_chunk", on_text},
        {"agent_thought_chunk", on_thought},
        {"tool_call_update", on_tool_call_update},
        {"tool_call", on_tool_call},
        {"plan", on_plan},
        {"user_message_chunk", on_user},
        {"usage_update", on_usage},
        {"current_mode_update", on_mode},
        {"session_info_update", on_info},
        {"notice", on_notice},
        {"compaction_update", on_compaction},
    };
    const char *name = json_string(update, "sessionUpdate", "");
    struct update u = {t, seq, at, update};

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, name) == 0) {
            kinds[i].fold(&u);
            return;
        }
}
