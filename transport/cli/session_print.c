/* See the header. A table from methods to functions; chunks of one kind go on in their line, what
 * is of another kind begins a new one. */
#include "transport/cli/session_print.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIM       "\x1b[2m"
#define BOLD      "\x1b[1m"
#define OFF       "\x1b[0m"

#define LINE_MOST 400 /* bytes of a title or a sentence */

/* Safe, with its line breaks and tabs. */
static void put_text(struct session_print *p, const char *text, struct buf *out)
{
    while (*text) {
        const size_t n = strcspn(text, "\n\t");
        if (n) {
            char *safe = mem_zalloc(n * 4 + 1); /* a sign for a byte has 3 of them at most */
            text_make_safe(safe, n * 4 + 1, text, n);
            buf_puts(out, safe);
            free(safe);
            p->in_line = true;
        }
        text += n;
        if (*text) {
            buf_append(out, text, 1);
            p->in_line = *text++ != '\n';
        }
    }
}

static void safe_line(char *out, size_t size, const char *text)
{
    text_make_safe(out, size, text, strcspn(text, "\r\n"));
}

void session_print_end(struct session_print *p, struct buf *out)
{
    if (p->open == SESSION_PRINT_THOUGHT && p->styled)
        buf_puts(out, OFF);
    if (p->in_line)
        buf_puts(out, "\n");
    p->open = SESSION_PRINT_NOTHING;
    p->in_line = false;
}

static void put_chunk(struct session_print *p, enum session_print_kind kind, const cJSON *content,
                      struct buf *out)
{
    const char *text = json_string(content, "text", NULL);
    char other[LINE_MOST], type[60];
    if (!text) {
        safe_line(type, sizeof type, json_string(content, "type", "something"));
        snprintf(other, sizeof other, "[%s]", type);
        text = other;
    }
    if (!*text)
        return;
    if (p->open != kind) {
        session_print_end(p, out);
        if (kind == SESSION_PRINT_THOUGHT && p->styled)
            buf_puts(out, DIM);
        p->open = kind;
    }
    put_text(p, text, out);
}

/* A line of its own; style may be "". text is safe already. */
static void put_line(struct session_print *p, const char *style, const char *text, struct buf *out)
{
    session_print_end(p, out);
    if (p->styled && *style)
        buf_printf(out, "%s%s%s\n", style, text, OFF);
    else
        buf_printf(out, "%s\n", text);
}

static void put_tool(struct session_print *p, const cJSON *update, struct buf *out)
{
    char title[LINE_MOST], kind[40], line[LINE_MOST + 60];
    safe_line(title, sizeof title, json_string(update, "title", "a tool"));
    safe_line(kind, sizeof kind, json_string(update, "kind", ""));
    snprintf(line, sizeof line, "* %s%s%s%s", title, *kind ? " (" : "", kind, *kind ? ")" : "");
    put_line(p, DIM, line, out);
}

/* Of later words about a tool call only its failure is a line: the rest belongs to its first. */
static void put_tool_update(struct session_print *p, const cJSON *update, struct buf *out)
{
    char id[LINE_MOST], line[LINE_MOST + 20];
    if (strcmp(json_string(update, "status", ""), "failed") != 0)
        return;
    const char *title = json_string(update, "title", json_string(update, "toolCallId", "a tool"));
    safe_line(id, sizeof id, title);
    snprintf(line, sizeof line, "* %s: failed", id);
    put_line(p, "", line, out);
}

static void put_update(struct session_print *p, const cJSON *params, struct buf *out)
{
    const cJSON *update = json_get(params, "update");
    const char *kind = json_string(update, "sessionUpdate", "");
    if (strcmp(kind, "agent_message_chunk") == 0)
        put_chunk(p, SESSION_PRINT_TEXT, json_get(update, "content"), out);
    else if (strcmp(kind, "agent_thought_chunk") == 0)
        put_chunk(p, SESSION_PRINT_THOUGHT, json_get(update, "content"), out);
    else if (strcmp(kind, "tool_call") == 0)
        put_tool(p, update, out);
    else if (strcmp(kind, "tool_call_update") == 0)
        put_tool_update(p, update, out);
}

static void put_permission(struct session_print *p, const cJSON *params, struct buf *out)
{
    char title[LINE_MOST], id[40], line[LINE_MOST + 200];
    safe_line(title, sizeof title, json_string(json_get(params, "toolCall"), "title", "something"));
    safe_line(id, sizeof id, json_string(params, "permissionId", ""));
    snprintf(line, sizeof line, "? %s: baton session answer %s %s allow|always|reject|cancel",
             title, p->session, id);
    put_line(p, BOLD, line, out);
}

static void put_elicitation(struct session_print *p, const cJSON *params, struct buf *out)
{
    char title[LINE_MOST], id[40], line[LINE_MOST + 200];
    safe_line(title, sizeof title, json_string(params, "message", "something"));
    safe_line(id, sizeof id, json_string(params, "permissionId", ""));
    snprintf(line, sizeof line,
             "? %s: baton session answer %s %s allow --content JSON, or reject or cancel", title,
             p->session, id);
    put_line(p, BOLD, line, out);
}

static void put_resolved(struct session_print *p, const cJSON *params, struct buf *out)
{
    char by[80], what[200], id[40], line[400];
    const char *outcome = json_string(params, "outcome", "");
    safe_line(by, sizeof by, json_string(params, "by", ""));
    safe_line(id, sizeof id, json_string(params, "permissionId", ""));
    safe_line(what, sizeof what, json_string(params, "name", outcome));
    snprintf(line, sizeof line, "  %s: %s%s%s", id, what, *by ? ", by " : "", by);
    put_line(p, DIM, line, out);
}

static void put_prompt(struct session_print *p, const cJSON *params, struct buf *out)
{
    char by[80], said[LINE_MOST] = "", line[LINE_MOST + 100];
    const cJSON *block;
    cJSON_ArrayForEach(block, json_get(params, "prompt"))
    {
        const char *text = json_string(block, "text", "");
        if (*text)
            safe_line(said, sizeof said, text);
    }
    safe_line(by, sizeof by, json_string(params, "by", ""));
    snprintf(line, sizeof line, "> %s: %s", by, said);
    put_line(p, BOLD, line, out);
}

static void put_cancel(struct session_print *p, const cJSON *params, struct buf *out)
{
    char by[80], line[120];
    safe_line(by, sizeof by, json_string(params, "by", ""));
    snprintf(line, sizeof line, "  cancelled by %s", by);
    put_line(p, DIM, line, out);
}

static void put_turn_end(struct session_print *p, const cJSON *params, struct buf *out)
{
    char reason[80], why[LINE_MOST], line[LINE_MOST + 120];
    session_print_end(p, out);
    if (strcmp(json_string(params, "stopReason", ""), "end_turn") == 0)
        return;
    safe_line(reason, sizeof reason, json_string(params, "stopReason", ""));
    safe_line(why, sizeof why, json_string(json_get(params, "error"), "message", ""));
    snprintf(line, sizeof line, "  the turn has ended: %s%s%s", reason, *why ? ": " : "", why);
    put_line(p, DIM, line, out);
}

static void put_error(struct session_print *p, const cJSON *params, struct buf *out)
{
    char said[LINE_MOST], line[LINE_MOST + 4];
    safe_line(said, sizeof said, json_string(params, "message", ""));
    snprintf(line, sizeof line, "! %s", said);
    put_line(p, "", line, out);
}

static const struct {
    const char *method;
    void (*put)(struct session_print *p, const cJSON *params, struct buf *out);
} looks[] = {
    {"session/update", put_update},          {"session/prompt", put_prompt},
    {"session/cancel", put_cancel},          {"session/request_permission", put_permission},
    {"elicitation/create", put_elicitation}, {"_baton/permission_resolved", put_resolved},
    {"_baton/turn_end", put_turn_end},       {"_baton/error", put_error},
};

void session_print_event(struct session_print *p, const char *method, const cJSON *params,
                         struct buf *out)
{
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++)
        if (strcmp(looks[i].method, method) == 0)
            looks[i].put(p, params, out);
}
