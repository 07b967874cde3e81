/* Events for tests of the transcript: written by hand, or thrown together by chance. */
#ifndef BATON_TESTS_TRANSCRIPT_EVENTS_H
#define BATON_TESTS_TRANSCRIPT_EVENTS_H

#include "core/agent/transcript.h"
#include "core/base/buf.h"
#include "core/base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline cJSON *events_parse(const char *text)
{
    cJSON *json = NULL;
    if (json_parse(text, strlen(text), &json) != ERR_OK) {
        fprintf(stderr, "no JSON: %s\n", text);
        abort();
    }
    return json;
}

/* One entry as session.events gives it, a second after the one before. params is JSON text. */
static inline cJSON *events_entry(int64_t seq, const char *method, const char *params)
{
    cJSON *entry = cJSON_CreateObject(), *n = cJSON_AddObjectToObject(entry, "notification");
    json_add_int(entry, "sequenceNumber", seq);
    json_add_int(entry, "timestamp", 1795230245000 + seq * 1000);
    cJSON_AddStringToObject(n, "method", method);
    cJSON_AddItemToObject(n, "params", events_parse(params));
    return entry;
}

/* The same for an update. */
static inline cJSON *events_update(int64_t seq, const char *update)
{
    struct buf text = {0};
    cJSON *entry;

    buf_printf(&text, "{\"sessionId\":\"a\",\"update\":%s}", update);
    entry = events_entry(seq, "session/update", text.data);
    buf_finish(&text);
    return entry;
}

static inline void dump_text(struct buf *out, const char *name, const struct transcript_text *x)
{
    if (x->n || x->more)
        buf_printf(out, " %s(%zu+%zu)='%s'", name, x->n, x->more, x->text ? x->text : "");
}

static inline void dump_permission(struct buf *out, const struct transcript_permission *p)
{
    buf_printf(out, " %s[", p->id);
    for (int i = 0; i < p->option_count; i++)
        buf_printf(out, "%s:%s:%d ", p->options[i].id, p->options[i].name, (int)p->options[i].kind);
    buf_printf(out, "] outcome %d by %s chose %s why %s answer %d at %" PRId64 " %" PRId64,
               (int)p->outcome, p->by, p->chosen, p->reason, (int)p->answer, p->at, p->answered);
}

static inline void dump_tool(struct buf *out, const struct transcript_tool *tool)
{
    buf_printf(out, " title %s kind %s status %d", tool->title, tool->kind, (int)tool->status);
    for (int i = 0; i < tool->location_count; i++)
        buf_printf(out, " at %s:%" PRId64, tool->locations[i].path, tool->locations[i].line);
    for (int i = 0; i < tool->content_count; i++) {
        buf_printf(out, " content %d %s %d", (int)tool->contents[i].kind, tool->contents[i].name,
                   tool->contents[i].created);
        dump_text(out, "new", &tool->contents[i].text);
        dump_text(out, "old", &tool->contents[i].old);
    }
    dump_text(out, "in", &tool->input);
    dump_text(out, "out", &tool->output);
    dump_text(out, "stream", &tool->stream);
    for (int i = 0; i < tool->permission_count; i++)
        dump_permission(out, &tool->permissions[i]);
    for (int i = 0; i < tool->file_count; i++)
        buf_printf(out, " file %d %s", tool->files[i].write, tool->files[i].path);
    buf_printf(out, " +%d", tool->more_files);
    for (int i = 0; i < tool->shell_count; i++)
        buf_printf(out, " shell %s %s %s", tool->shells[i].terminal, tool->shells[i].shell,
                   tool->shells[i].command);
}

/* All that the blocks say, and what the model says of the session, as text. */
static inline void events_dump(const struct transcript *t, struct buf *out)
{
    const struct transcript_block *plan = transcript_plan(t);
    int64_t used, size;

    for (int i = 0; i < transcript_count(t); i++) {
        const struct transcript_block *b = transcript_at(t, i);
        buf_printf(out, "%d %" PRId64 "..%" PRId64 " at %" PRId64 " %" PRId64 " %" PRId64,
                   (int)b->kind, b->first, b->last, b->at, b->ended, b->heard);
        buf_printf(out, " turn %" PRId64 " key %s by %s %d%d sev %d out %d detail %s", b->turn,
                   b->key, b->by, b->human, b->replayed, (int)b->severity, (int)b->outcome,
                   b->detail);
        dump_text(out, "text", &b->text);
        if (b->tool)
            dump_tool(out, b->tool);
        for (int k = 0; k < b->plan_count; k++)
            buf_printf(out, " [%d %s]", (int)b->plan[k].status, b->plan[k].text);
        if (b->elicitation) {
            buf_printf(out, " mode %s url %s", b->elicitation->mode, b->elicitation->url);
            dump_permission(out, &b->elicitation->answer);
        }
        buf_putc(out, '\n');
    }
    transcript_usage(t, &used, &size);
    buf_printf(out,
               "state %s mode %s title %s used %" PRId64 "/%" PRId64 " ended %" PRId64
               " waiting %d whole %" PRId64 " head %" PRId64 " plan %" PRId64 "\n",
               transcript_state(t), transcript_mode(t), transcript_title(t), used, size,
               transcript_ended(t), transcript_waiting(t, NULL), transcript_whole(t),
               transcript_head(t), plan ? plan->first : 0);
}

struct events_chance {
    uint64_t state;
};

static inline unsigned chance(struct events_chance *c, unsigned n)
{
    c->state = c->state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(c->state >> 33) % n;
}

static inline void chance_update(struct events_chance *c, struct buf *p)
{
    static const char *const statuses[] = {"pending", "in_progress", "completed", "failed"};

    switch (chance(c, 12)) {
    case 0:
    case 1:
    case 2:
        buf_printf(p,
                   "{\"sessionUpdate\":\"agent_message_chunk\",%s\"content\":{\"type\":\"text\","
                   "\"text\":\"wörd %u \"}}",
                   chance(c, 4) ? "" : "\"messageId\":\"m1\",", chance(c, 100));
        break;
    case 3:
        buf_printf(p,
                   "{\"sessionUpdate\":\"agent_thought_chunk\",\"content\":{\"type\":\"text\","
                   "\"text\":\"hm %u\"}}",
                   chance(c, 100));
        break;
    case 4:
        buf_printf(p,
                   "{\"sessionUpdate\":\"tool_call\",\"toolCallId\":\"t%u\",\"title\":\"T%u\","
                   "\"kind\":\"edit\",\"locations\":[{\"path\":\"/a/%u\",\"line\":3}]}",
                   chance(c, 5), chance(c, 100), chance(c, 9));
        break;
    case 5:
    case 6:
        buf_printf(p, "{\"sessionUpdate\":\"tool_call_update\",\"toolCallId\":\"t%u\"",
                   chance(c, 5));
        if (chance(c, 2))
            buf_printf(p, ",\"status\":\"%s\"", statuses[chance(c, 4)]);
        if (chance(c, 3) == 0)
            buf_printf(p,
                       ",\"content\":[{\"type\":\"diff\",\"path\":\"/x\",\"oldText\":\"a\","
                       "\"newText\":\"b%u\"},{\"type\":\"terminal\",\"terminalId\":\"w\"}]",
                       chance(c, 50));
        if (chance(c, 3) == 0)
            buf_printf(p, ",\"_meta\":{\"terminal_output\":{\"data\":\"out %u\\n\"}}",
                       chance(c, 50));
        if (chance(c, 4) == 0)
            buf_printf(p, ",\"rawInput\":{\"command\":\"make %u\"}", chance(c, 9));
        buf_puts(p, "}");
        break;
    case 7:
        buf_printf(p,
                   "{\"sessionUpdate\":\"plan\",\"entries\":[{\"content\":\"one %u\",\"priority\":"
                   "\"low\",\"status\":\"%s\"}]}",
                   chance(c, 9), statuses[chance(c, 3)]);
        break;
    case 8:
        buf_printf(p,
                   "{\"sessionUpdate\":\"compaction_update\",\"compactionId\":\"c%u\",\"status\":"
                   "\"%s\"}",
                   chance(c, 3), statuses[chance(c, 4)]);
        break;
    case 9:
        buf_printf(p,
                   "{\"sessionUpdate\":\"user_message_chunk\",\"content\":{\"type\":\"text\","
                   "\"text\":\"u%u\"}}",
                   chance(c, 9));
        break;
    case 10:
        buf_printf(p, "{\"sessionUpdate\":\"%s\",\"title\":\"N%u\",\"used\":%u,\"size\":100}",
                   chance(c, 2) ? "usage_update" : "session_info_update", chance(c, 9),
                   1 + chance(c, 99));
        break;
    default:
        buf_printf(p, "{\"sessionUpdate\":\"current_mode_update\",\"currentModeId\":\"m%u\"}",
                   chance(c, 3));
        break;
    }
}

static inline cJSON *chance_event(struct events_chance *c, int64_t seq)
{
    struct buf p = {0};
    const char *method = NULL;
    cJSON *entry;

    switch (chance(c, 22)) {
    case 0:
        method = "session/prompt";
        buf_printf(&p,
                   "{\"turn\":%u,\"by\":\"ada\",\"kind\":\"human\",\"prompt\":[{\"type\":"
                   "\"text\",\"text\":\"do %u\"}]}",
                   chance(c, 9), chance(c, 99));
        break;
    case 1:
        method = "_baton/turn_end";
        buf_printf(&p, "{\"turn\":1,\"stopReason\":\"%s\"}",
                   chance(c, 2) ? "end_turn" : "cancelled");
        break;
    case 2:
        method = "session/cancel";
        buf_printf(&p, "{\"turn\":1,\"by\":\"who%u\"}", chance(c, 9));
        break;
    case 3:
    case 4:
        method = "session/request_permission";
        buf_printf(&p, "{\"permissionId\":\"pr%d\",\"toolCall\":{", (int)seq);
        if (chance(c, 3))
            buf_printf(&p, "\"toolCallId\":\"t%u\",", chance(c, 5));
        buf_puts(&p, "\"title\":\"may I\"},\"options\":[{\"optionId\":\"y\",\"name\":\"Yes\","
                     "\"kind\":\"allow_once\"},{\"optionId\":\"n\",\"name\":\"No\",\"kind\":"
                     "\"reject_once\"}]}");
        break;
    case 5:
    case 6:
    case 7:
        method = "_baton/permission_resolved";
        buf_printf(&p,
                   "{\"permissionId\":\"pr%d\",\"by\":\"grace\",\"outcome\":\"selected\","
                   "\"optionId\":\"%s\"}",
                   (int)seq - (int)chance(c, 12), chance(c, 2) ? "y" : "n");
        break;
    case 8:
        method = "_baton/file";
        buf_printf(&p, "{\"op\":\"%s\",\"path\":\"/f%u\",\"bytes\":7}",
                   chance(c, 2) ? "read" : "write", chance(c, 9));
        break;
    case 9:
        method = "_baton/terminal";
        buf_printf(&p, "{\"terminalId\":\"w%u\",\"shellId\":\"sh%u\",\"command\":\"make\"}",
                   chance(c, 4), chance(c, 9));
        break;
    case 10:
        method = chance(c, 2) ? "_baton/suggestion" : "_baton/suggestion_resolved";
        buf_printf(&p,
                   "{\"suggestionId\":\"sg%d\",\"by\":\"bob\",\"text\":\"try\",\"outcome\":"
                   "\"accepted\"}",
                   (int)seq - (method[17] ? (int)chance(c, 12) : 0));
        break;
    case 11:
        method = "elicitation/create";
        buf_printf(&p, "{\"permissionId\":\"pr%d\",\"message\":\"name?\",\"mode\":\"form\"}",
                   (int)seq);
        break;
    case 12:
        method = chance(c, 2) ? "_baton/state" : "_baton/error";
        buf_printf(&p, "{\"state\":\"idle\",\"message\":\"oh %u\"}", chance(c, 9));
        break;
    default:
        buf_puts(&p, "{\"sessionId\":\"a\",\"update\":");
        chance_update(c, &p);
        buf_puts(&p, "}");
        method = "session/update";
        break;
    }
    entry = events_entry(seq, method, p.data);
    buf_finish(&p);
    return entry;
}

#endif
