/* Events of a session to blocks: the hub's own here, session/update in transcript_update.c. What an
 * event does depends on the events before it only in ways that an older page can make good. */
#include "core/agent/transcript_private.h"

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

struct event {
    struct transcript *t;
    int64_t seq, at;
    const cJSON *params;
};

static const char *word(const struct event *e, const char *key)
{
    return json_string(e->params, key, "");
}

static void put(struct transcript_text *x, const char *text)
{
    transcript_text_add(x, text, strlen(text), TRANSCRIPT_TEXT_LIMIT);
}

static void on_update(struct event *e)
{
    transcript_fold_update(e->t, e->seq, e->at, json_get(e->params, "update"));
}

/* What the hub put before somebody's words: told to the agent, typed by nobody. */
static bool is_ours(const cJSON *content)
{
    return json_get(json_get(content, "_meta"), "baton") != NULL;
}

static void tell_before(struct event *e, const cJSON *content)
{
    struct transcript_block *b = transcript_append(e->t, BLOCK_NOTICE, e->seq, e->at);
    put(&b->text, "told beforehand: ");
    transcript_text_content(&b->text, content, TRANSCRIPT_TEXT_LIMIT);
    transcript_touch(e->t, b);
}

static void on_prompt(struct event *e)
{
    const cJSON *prompt = json_get(e->params, "prompt"), *content;
    struct transcript_block *b;

    transcript_turn_begins(e->t);
    cJSON_ArrayForEach(content, prompt) if (is_ours(content)) tell_before(e, content);
    b = transcript_append(e->t, BLOCK_PROMPT, e->seq, e->at);
    b->turn = json_int(e->params, "turn", 0);
    b->by = transcript_line(word(e, "by"), 200);
    b->human = strcmp(word(e, "kind"), "agent") != 0;
    b->detail = transcript_line(json_string(e->params, "suggestedBy", NULL), 200);
    cJSON_ArrayForEach(content, prompt)
    {
        if (is_ours(content))
            continue;
        if (b->text.n)
            put(&b->text, "\n");
        transcript_text_content(&b->text, content, TRANSCRIPT_TEXT_LIMIT);
    }
    transcript_touch(e->t, b);
}

static void on_cancel(struct event *e)
{
    free(e->t->cancel_by);
    e->t->cancel_by = transcript_line(word(e, "by"), 200);
    e->t->saw_turn = true;
}

static enum transcript_outcome end_of(const char *reason)
{
    static const struct {
        const char *word;
        enum transcript_outcome outcome;
    } ends[] = {
        {"end_turn", OUTCOME_ENDED},        {"cancelled", OUTCOME_CANCELLED},
        {"failed", OUTCOME_FAILED},         {"refusal", OUTCOME_REFUSAL},
        {"max_tokens", OUTCOME_MAX_TOKENS}, {"max_turn_requests", OUTCOME_MAX_REQUESTS},
    };

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (strcmp(ends[i].word, reason) == 0)
            return ends[i].outcome;
    return OUTCOME_OTHER;
}

/* What an error has to say: a sentence, or an object with a message. */
static void put_error(struct transcript_block *b, const cJSON *error)
{
    char *printed = NULL;
    const char *text =
        cJSON_IsString(error) ? error->valuestring : json_string(error, "message", NULL);

    if (!text && error && !cJSON_IsNull(error))
        text = printed = json_print(error);
    put(&b->text, text ? text : "");
    free(printed);
}

/* The turn's calls that have not ended are drawn as such from now on. */
static void touch_running(struct transcript *t)
{
    for (int i = t->count - 2; i >= 0; i--) {
        struct transcript_block *b = t->slots[t->first + i].block;
        if (b->kind == BLOCK_PROMPT || b->kind == BLOCK_TURN_END)
            return;
        if (b->kind == BLOCK_TOOL && b->tool->status < STATUS_DONE)
            transcript_touch(t, b);
    }
}

static void on_turn_end(struct event *e)
{
    struct transcript *t = e->t;
    struct transcript_block *b = transcript_append(t, BLOCK_TURN_END, e->seq, e->at);

    b->turn = json_int(e->params, "turn", 0);
    b->outcome = end_of(word(e, "stopReason"));
    b->detail = transcript_line(json_string(e->params, "stderr", NULL), 4096);
    if (b->outcome == OUTCOME_OTHER) {
        free(b->detail);
        b->detail = transcript_line(word(e, "stopReason"), 200);
    }
    put_error(b, json_get(e->params, "error"));
    transcript_set(&b->by, t->cancel_by);
    transcript_set(&t->cancel_by, NULL);
    if (!t->saw_turn)
        t->lead_end = b;
    t->saw_turn = true;
    t->current = CURRENT_NONE;
    t->ended = e->seq;
    transcript_touch(t, b);
    touch_running(t);
}

static void on_permission(struct event *e)
{
    const cJSON *call = json_get(e->params, "toolCall");
    struct transcript_permission p = {0}, *old;
    struct transcript_block *b;
    bool known = false;

    transcript_permission_read(&p, e->params, e->at);
    if (json_string(call, "toolCallId", "")[0]) {
        b = transcript_upsert_tool(e->t, call, e->seq, e->at, &known);
    } else {
        b = transcript_append(e->t, BLOCK_PERMISSION, e->seq, e->at);
        b->tool = mem_zalloc(sizeof *b->tool);
    }
    if (known) {
        transcript_permission_clear(&p);
        return;
    }
    transcript_tool_update(b->tool, call, false);
    old = transcript_permission_of(b, p.id);
    if (old) {
        transcript_permission_clear(old);
    } else {
        b->tool->permissions =
            mem_reallocarray(b->tool->permissions, (size_t)b->tool->permission_count + 1,
                             sizeof *b->tool->permissions);
        old = &b->tool->permissions[b->tool->permission_count++];
    }
    *old = p;
    transcript_index_set(&e->t->index, 'p', old->id, b);
    e->t->waiting_stale = true;
    transcript_touch(e->t, b);
}

/* "a, b, c": what a form asks for. */
static char *field_names(const cJSON *schema)
{
    const cJSON *one;
    struct buf names = {0};
    char *line;

    cJSON_ArrayForEach(one, json_get(schema, "properties"))
    {
        if (names.len)
            buf_puts(&names, ", ");
        buf_puts(&names, json_string(one, "title", one->string ? one->string : ""));
    }
    line = transcript_line(names.data, 2048);
    buf_finish(&names);
    return line;
}

static void on_elicitation(struct event *e)
{
    const cJSON *schema = json_get(e->params, "requestedSchema");
    struct transcript_block *b = transcript_append(e->t, BLOCK_ELICITATION, e->seq, e->at);
    struct transcript_elicitation *x = b->elicitation = mem_zalloc(sizeof *x);

    transcript_permission_read(&x->answer, e->params, e->at);
    x->mode = transcript_line(word(e, "mode"), 64);
    x->url = transcript_line(json_string(e->params, "url", NULL), 4096);
    x->schema = schema ? json_print(schema) : NULL;
    x->fields = field_names(schema);
    put(&b->text, word(e, "message"));
    transcript_index_set(&e->t->index, 'p', x->answer.id, b);
    e->t->waiting_stale = true;
    transcript_touch(e->t, b);
}

static void resolve(struct event *e, struct transcript_resolved *r)
{
    struct transcript_block *b =
        transcript_index_get(&e->t->index, r->suggestion ? 's' : 'p', r->id);

    if (!b) {
        transcript_keep_loose(e->t, r);
        return;
    }
    transcript_resolve(b, r);
    b->heard = b->ended = e->at;
    e->t->waiting_stale = true;
    transcript_touch(e->t, b);
    transcript_resolved_clear(r);
}

static void on_permission_resolved(struct event *e)
{
    struct transcript_resolved r = {.seq = e->seq, .at = e->at};

    strncpy(r.id, word(e, "permissionId"), sizeof r.id - 1);
    r.by = transcript_line(word(e, "by"), 200);
    r.outcome = mem_strdup(word(e, "outcome"));
    r.option = mem_strdup(json_string(e->params, "optionId", NULL));
    r.kind = mem_strdup(json_string(e->params, "kind", NULL));
    r.name = transcript_line(json_string(e->params, "name", NULL), 200);
    r.reason = transcript_line(json_string(e->params, "reason", NULL), 2048);
    resolve(e, &r);
}

static void on_suggestion(struct event *e)
{
    struct transcript_block *b =
        transcript_upsert(e->t, 's', word(e, "suggestionId"), BLOCK_SUGGESTION, e->seq, e->at);

    free(b->by);
    b->by = transcript_line(word(e, "by"), 200);
    transcript_text_clear(&b->text);
    put(&b->text, word(e, "text"));
    e->t->waiting_stale = true;
    transcript_touch(e->t, b);
}

static void on_suggestion_resolved(struct event *e)
{
    struct transcript_resolved r = {.seq = e->seq, .at = e->at, .suggestion = true};

    strncpy(r.id, word(e, "suggestionId"), sizeof r.id - 1);
    r.by = transcript_line(word(e, "by"), 200);
    r.outcome = mem_strdup(word(e, "outcome"));
    resolve(e, &r);
}

static void on_state(struct event *e)
{
    free(e->t->state);
    e->t->state = transcript_line(word(e, "state"), 64);
    e->t->stamp++;
}

static void on_error(struct event *e)
{
    const cJSON *data = json_get(e->params, "data");
    struct transcript_block *b = transcript_append(e->t, BLOCK_ERROR, e->seq, e->at);

    put(&b->text, word(e, "message"));
    if (cJSON_IsString(data)) {
        b->detail = transcript_line(data->valuestring, 8192);
    } else if (data && !cJSON_IsNull(data)) {
        char *printed = json_print(data);
        b->detail = transcript_line(printed, 8192);
        free(printed);
    }
    transcript_touch(e->t, b);
}

/* Where a file or terminal event belongs: to the call that runs, else it is a line of its own. */
static struct transcript_block *owner(struct event *e, enum transcript_kind kind, bool *ret_known)
{
    struct transcript_block *b;

    *ret_known = false;
    if (e->t->current == CURRENT_TOOL) {
        b = transcript_upsert(e->t, 't', e->t->current_key, BLOCK_TOOL, e->seq, e->at);
        *ret_known = transcript_is_known(e->t, b, e->seq);
    } else {
        b = transcript_append(e->t, kind, e->seq, e->at);
        b->unclaimed = e->t->current == CURRENT_UNKNOWN;
    }
    if (!b->tool)
        b->tool = mem_zalloc(sizeof *b->tool);
    return b;
}

static void on_file(struct event *e)
{
    struct transcript_file file = {.write = strcmp(word(e, "op"), "write") == 0,
                                   .path = transcript_line(word(e, "path"), 2048),
                                   .bytes = json_int(e->params, "bytes", 0)};
    bool known;
    struct transcript_block *b = owner(e, BLOCK_FILE, &known);

    if (known)
        free(file.path);
    else
        transcript_tool_add_file(b->tool, &file);
    transcript_touch(e->t, b);
}

static char *command_line(const cJSON *command)
{
    const cJSON *one;
    struct buf line = {0};
    char *out;

    if (cJSON_IsString(command))
        return transcript_line(command->valuestring, 2048);
    cJSON_ArrayForEach(one, command)
    {
        if (line.len)
            buf_putc(&line, ' ');
        buf_puts(&line, cJSON_IsString(one) ? one->valuestring : "?");
    }
    out = transcript_line(line.data ? line.data : "", 2048);
    buf_finish(&line);
    return out;
}

static struct transcript_shell read_shell(const struct event *e)
{
    return (struct transcript_shell){
        .terminal = transcript_line(word(e, "terminalId"), TRANSCRIPT_ID_MAX),
        .shell = transcript_line(word(e, "shellId"), TRANSCRIPT_ID_MAX),
        .command = command_line(json_get(e->params, "command"))};
}

static void on_terminal(struct event *e)
{
    struct transcript_shell shell = read_shell(e), kept = read_shell(e);
    bool known;
    struct transcript_block *b = owner(e, BLOCK_TERMINAL, &known);

    transcript_keep_shell(e->t, &kept);
    if (known)
        transcript_shell_clear(&shell);
    else
        transcript_tool_add_shell(b->tool, &shell);
    transcript_touch(e->t, b);
}

void transcript_fold(struct transcript *t, int64_t seq, int64_t at, const char *method,
                     const cJSON *params)
{
    static const struct {
        const char *method;
        void (*fold)(struct event *e);
    } methods[] = {
        {"session/update", on_update},
        {"session/prompt", on_prompt},
        {"session/cancel", on_cancel},
        {"session/request_permission", on_permission},
        {"elicitation/create", on_elicitation},
        {"_baton/permission_resolved", on_permission_resolved},
        {"_baton/turn_end", on_turn_end},
        {"_baton/suggestion", on_suggestion},
        {"_baton/suggestion_resolved", on_suggestion_resolved},
        {"_baton/state", on_state},
        {"_baton/error", on_error},
        {"_baton/terminal", on_terminal},
        {"_baton/file", on_file},
    };
    struct event e = {t, seq, at, params};

    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (strcmp(methods[i].method, method) == 0) {
            methods[i].fold(&e);
            return;
        }
}
