/* One block of a transcript: what it owns, what it weighs, how an answer changes it. Pure. */
#include "core/agent/transcript_private.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

void transcript_permission_clear(struct transcript_permission *p)
{
    for (int i = 0; i < p->option_count; i++) {
        free(p->options[i].id);
        free(p->options[i].name);
    }
    free(p->options);
    free(p->by);
    free(p->chosen);
    free(p->reason);
    memset(p, 0, sizeof *p);
}

void transcript_contents_free(struct transcript_content *c, int count)
{
    for (int i = 0; i < count; i++) {
        free(c[i].name);
        transcript_text_clear(&c[i].text);
        transcript_text_clear(&c[i].old);
    }
    free(c);
}

void transcript_locations_free(struct transcript_location *l, int count)
{
    for (int i = 0; i < count; i++)
        free(l[i].path);
    free(l);
}

void transcript_shell_clear(struct transcript_shell *s)
{
    free(s->terminal);
    free(s->shell);
    free(s->command);
    memset(s, 0, sizeof *s);
}

void transcript_resolved_clear(struct transcript_resolved *r)
{
    free(r->by);
    free(r->outcome);
    free(r->option);
    free(r->kind);
    free(r->name);
    free(r->reason);
    memset(r, 0, sizeof *r);
}

void transcript_tool_clear(struct transcript_tool *tool)
{
    free(tool->title);
    free(tool->kind);
    transcript_locations_free(tool->locations, tool->location_count);
    transcript_contents_free(tool->contents, tool->content_count);
    transcript_text_clear(&tool->input);
    transcript_text_clear(&tool->output);
    transcript_text_clear(&tool->stream);
    for (int i = 0; i < tool->permission_count; i++)
        transcript_permission_clear(&tool->permissions[i]);
    free(tool->permissions);
    for (int i = 0; i < tool->file_count; i++)
        free(tool->files[i].path);
    free(tool->files);
    for (int i = 0; i < tool->shell_count; i++)
        transcript_shell_clear(&tool->shells[i]);
    free(tool->shells);
    memset(tool, 0, sizeof *tool);
}

void transcript_block_destroy(struct transcript_block *b)
{
    if (!b)
        return;
    if (b->tool)
        transcript_tool_clear(b->tool);
    free(b->tool);
    for (int i = 0; i < b->plan_count; i++)
        free(b->plan[i].text);
    free(b->plan);
    if (b->elicitation) {
        transcript_permission_clear(&b->elicitation->answer);
        free(b->elicitation->mode);
        free(b->elicitation->url);
        free(b->elicitation->schema);
        free(b->elicitation->fields);
        free(b->elicitation);
    }
    free(b->key);
    free(b->by);
    transcript_text_clear(&b->text);
    free(b->detail);
    free(b);
}

static size_t weight(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

static size_t permission_bytes(const struct transcript_permission *p)
{
    size_t n = sizeof *p + weight(p->by) + weight(p->chosen) + weight(p->reason);

    for (int i = 0; i < p->option_count; i++)
        n += sizeof *p->options + weight(p->options[i].id) + weight(p->options[i].name);
    return n;
}

static size_t tool_bytes(const struct transcript_tool *tool)
{
    size_t n = sizeof *tool + weight(tool->title) + weight(tool->kind) + tool->input.room +
               tool->output.room + tool->stream.room;

    for (int i = 0; i < tool->location_count; i++)
        n += sizeof *tool->locations + weight(tool->locations[i].path);
    for (int i = 0; i < tool->content_count; i++)
        n += sizeof *tool->contents + weight(tool->contents[i].name) + tool->contents[i].text.room +
             tool->contents[i].old.room;
    for (int i = 0; i < tool->permission_count; i++)
        n += permission_bytes(&tool->permissions[i]);
    for (int i = 0; i < tool->file_count; i++)
        n += sizeof *tool->files + weight(tool->files[i].path);
    for (int i = 0; i < tool->shell_count; i++)
        n += sizeof *tool->shells + weight(tool->shells[i].terminal) +
             weight(tool->shells[i].shell) + weight(tool->shells[i].command);
    return n;
}

size_t transcript_block_bytes(const struct transcript_block *b)
{
    size_t n = sizeof *b + sizeof(struct transcript_slot) + weight(b->key) + weight(b->by) +
               b->text.room + weight(b->detail);

    if (b->tool)
        n += tool_bytes(b->tool);
    for (int i = 0; i < b->plan_count; i++)
        n += sizeof *b->plan + weight(b->plan[i].text);
    if (b->elicitation)
        n += sizeof *b->elicitation + permission_bytes(&b->elicitation->answer) +
             weight(b->elicitation->mode) + weight(b->elicitation->url) +
             weight(b->elicitation->schema) + weight(b->elicitation->fields);
    return n;
}

struct transcript_permission *transcript_permission_of(struct transcript_block *b, const char *id)
{
    for (int i = 0; b->tool && i < b->tool->permission_count; i++)
        if (strcmp(b->tool->permissions[i].id, id) == 0)
            return &b->tool->permissions[i];
    if (b->elicitation && strcmp(b->elicitation->answer.id, id) == 0)
        return &b->elicitation->answer;
    return NULL;
}

static enum transcript_answer answer_of(const char *kind)
{
    static const struct {
        const char *word;
        enum transcript_answer answer;
    } words[] = {
        {"allow_once", ANSWER_ALLOW},   {"allow_always", ANSWER_ALWAYS},
        {"reject_once", ANSWER_REJECT}, {"reject_always", ANSWER_NEVER},
        {"accept", ANSWER_ALLOW},       {"decline", ANSWER_REJECT},
        {"allow", ANSWER_ALLOW},        {"reject", ANSWER_REJECT},
    };

    for (size_t i = 0; kind && i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].word, kind) == 0)
            return words[i].answer;
    return ANSWER_OTHER;
}

static bool says_no(enum transcript_answer answer)
{
    return answer == ANSWER_REJECT || answer == ANSWER_NEVER;
}

static void resolve_permission(struct transcript_permission *p, const struct transcript_resolved *r)
{
    const struct transcript_option *option = NULL;

    if (p->answered > r->at)
        return; /* what an older page tells was not the last word */
    for (int i = 0; r->option && i < p->option_count && !option; i++)
        if (p->options[i].id && strcmp(p->options[i].id, r->option) == 0)
            option = &p->options[i];
    p->answer = r->kind ? answer_of(r->kind) : option ? option->kind : ANSWER_OTHER;
    p->answered = r->at;
    transcript_set(&p->by, r->by);
    transcript_set(&p->chosen, r->name ? r->name : option ? option->name : NULL);
    transcript_set(&p->reason, r->reason);
    if (r->outcome && strcmp(r->outcome, "timeout") == 0)
        p->outcome = OUTCOME_TIMEOUT;
    else if (r->outcome && strcmp(r->outcome, "cancelled") == 0)
        p->outcome = says_no(p->answer) ? OUTCOME_REJECTED : OUTCOME_CANCELLED;
    else
        p->outcome = says_no(p->answer) ? OUTCOME_REJECTED : OUTCOME_ALLOWED;
}

void transcript_resolve(struct transcript_block *b, const struct transcript_resolved *r)
{
    struct transcript_permission *p = r->suggestion ? NULL : transcript_permission_of(b, r->id);

    if (p) {
        resolve_permission(p, r);
    } else if (r->suggestion) {
        bool yes = r->outcome && strcmp(r->outcome, "accepted") == 0;
        b->outcome = yes ? OUTCOME_ALLOWED : OUTCOME_REJECTED;
        transcript_set(&b->detail, r->by);
    }
    if (b->last < r->seq)
        b->last = r->seq;
}

const struct transcript_permission *transcript_pending(const struct transcript_block *b)
{
    for (int i = 0; b->tool && i < b->tool->permission_count; i++)
        if (b->tool->permissions[i].outcome == OUTCOME_PENDING)
            return &b->tool->permissions[i];
    if (b->elicitation && b->elicitation->answer.outcome == OUTCOME_PENDING)
        return &b->elicitation->answer;
    return NULL;
}

int transcript_option(const struct transcript_permission *p, enum transcript_answer answer)
{
    for (int i = 0; i < p->option_count; i++)
        if (p->options[i].kind == answer)
            return i;
    return -1;
}
