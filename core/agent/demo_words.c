/* Instructions of the demo agent that only tell something: text, thoughts, plans, and what else a
 * session/update can hold. */
#include "core/agent/demo_private.h"
#include "core/base/clock.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define STREAM_MS  40
#define PLAN_MS    150
#define COUNT_MOST 10000000
#define SLEEP_MOST (24 * 3600 * 1000)

enum step do_say(struct turn *t)
{
    turn_say(t, "%s", t->arg);
    return STEP_NEXT;
}

enum step do_think(struct turn *t)
{
    if (!t->session->thoughts)
        return STEP_NEXT;
    cJSON *update = turn_kind("agent_thought_chunk");
    cJSON_AddItemToObject(update, "content", rpc_text_block(t->arg));
    turn_update(t, update);
    return STEP_NEXT;
}

enum step do_stream(struct turn *t)
{
    static const char *const words[] = {"one",   "stick", "goes", "from",   "hand",  "to",
                                        "hand",  "and",   "who",  "holds",  "it",    "runs",
                                        "while", "all",   "the",  "others", "watch", "them"};
    if (t->phase == 0) {
        const char *at = t->arg;
        t->phase = 1;
        t->n = turn_number(&at, 20, COUNT_MOST);
        t->ms = turn_number(&at, turn_pace(t, STREAM_MS), SLEEP_MOST);
        if (t->said && t->n)
            turn_text(t, "\n");
    }
    if (t->i >= t->n)
        return STEP_NEXT;
    const char *word = words[(size_t)t->i % (sizeof words / sizeof *words)];
    char *text = mem_printf("%s%s", word, ++t->i < t->n ? " " : ".");
    turn_text(t, text);
    free(text);
    return t->i < t->n ? turn_sleep(t, t->ms) : STEP_NEXT;
}

/* --- a plan, told whole each time ----------------------------------------------------------------
 */

static cJSON *plan_entries(const char *text, int64_t done)
{
    static const char *const priorities[] = {"high", "medium", "low"};
    cJSON *entries = cJSON_CreateArray();
    int64_t i = 0;
    for (const char *p = text; *p;) {
        p += strspn(p, " \t;");
        size_t n = strcspn(p, ";"), bare = n;
        while (bare > 0 && strchr(" \t", p[bare - 1]))
            bare--;
        if (bare) {
            char *content = mem_strndup(p, bare);
            cJSON *entry = cJSON_CreateObject();
            cJSON_AddStringToObject(entry, "content", content);
            cJSON_AddStringToObject(entry, "priority", priorities[i % 3]);
            cJSON_AddStringToObject(entry, "status",
                                    i < done    ? "completed"
                                    : i == done ? "in_progress"
                                                : "pending");
            cJSON_AddItemToArray(entries, entry);
            free(content);
            i++;
        }
        p += n;
    }
    return entries;
}

/* Step 0 has all pending; step i works on the i-th; the last has all completed. */
enum step do_plan(struct turn *t)
{
    cJSON *update = turn_kind("plan"), *entries = plan_entries(t->arg, t->phase - 1);
    t->n = cJSON_GetArraySize(entries);
    cJSON_AddItemToObject(update, "entries", entries);
    turn_update(t, update);
    if (t->phase++ <= t->n)
        return turn_sleep(t, turn_pace(t, PLAN_MS));
    turn_say(t, "The plan is done: %lld of %lld.", (long long)t->n, (long long)t->n);
    return STEP_NEXT;
}

/* --- what the agent changes by itself ------------------------------------------------------------
 */

enum step do_mode(struct turn *t)
{
    if (!demo_session_set_mode(t->session, t->arg)) {
        turn_say(t, "There is no mode '%s'; there are ask and auto.", t->arg);
        return STEP_NEXT;
    }
    cJSON *update = turn_kind("current_mode_update");
    cJSON_AddStringToObject(update, "currentModeId", t->arg);
    turn_update(t, update);
    return STEP_NEXT;
}

enum step do_option(struct turn *t)
{
    const char *at = t->arg;
    char *id = turn_word(&at);
    cJSON *value = strcmp(at, "true") == 0    ? cJSON_CreateTrue()
                   : strcmp(at, "false") == 0 ? cJSON_CreateFalse()
                                              : cJSON_CreateString(at);
    if (id && demo_session_set_option(t->session, id, value)) {
        cJSON *update = turn_kind("config_option_update");
        cJSON_AddItemToObject(update, "configOptions", demo_session_options(t->session));
        turn_update(t, update);
    } else {
        turn_say(t, "There are the options speed (slow, normal, fast) and thoughts (true, false).");
    }
    cJSON_Delete(value);
    free(id);
    return STEP_NEXT;
}

enum step do_title(struct turn *t)
{
    char at[32];
    free(t->session->title);
    t->session->title = mem_strdup(t->arg);
    cJSON *update = turn_kind("session_info_update");
    cJSON_AddStringToObject(update, "title", t->arg);
    clock_format(clock_wall_us(), at, sizeof at);
    cJSON_AddStringToObject(update, "updatedAt", at);
    turn_update(t, update);
    return STEP_NEXT;
}

enum step do_usage(struct turn *t)
{
    const char *at = t->arg;
    cJSON *update = turn_kind("usage_update");
    json_add_int(update, "used", turn_number(&at, 12345, INT32_MAX));
    json_add_int(update, "size", turn_number(&at, 200000, INT32_MAX));
    cJSON *cost = cJSON_AddObjectToObject(update, "cost"); /* it works for nothing */
    cJSON_AddNumberToObject(cost, "amount", 0);
    cJSON_AddStringToObject(cost, "currency", "EUR");
    turn_update(t, update);
    return STEP_NEXT;
}

enum step do_notice(struct turn *t)
{
    static const char *const severities[] = {"info", "warning", "error"};
    const char *at = t->arg, *severity = severities[0];
    char *word = turn_word(&at);
    bool given = false;
    for (size_t i = 0; word && i < sizeof severities / sizeof *severities; i++)
        if (strcmp(word, severities[i]) == 0) {
            severity = severities[i];
            given = true;
        }
    free(word);
    cJSON *update = turn_kind("notice");
    cJSON_AddStringToObject(update, "severity", severity);
    cJSON_AddStringToObject(update, "title", given ? at : t->arg);
    turn_update(t, update);
    return STEP_NEXT;
}

enum step do_commands(struct turn *t)
{
    cJSON *update = turn_kind("available_commands_update");
    cJSON *commands = cJSON_AddArrayToObject(update, "availableCommands");
    for (const struct instruction *i = instructions; i->word; i++) {
        cJSON *command = cJSON_CreateObject();
        cJSON_AddStringToObject(command, "name", i->word);
        cJSON_AddStringToObject(command, "description", i->help);
        if (*i->hint)
            cJSON_AddStringToObject(cJSON_AddObjectToObject(command, "input"), "hint", i->hint);
        cJSON_AddItemToArray(commands, command);
    }
    turn_update(t, update);
    return STEP_NEXT;
}

enum step do_compact(struct turn *t)
{
    const char *summary = *t->arg ? t->arg : "Nothing was lost, for nothing was there.";
    char *id = mem_printf("c%s", t->message);
    bool first = t->phase++ == 0;
    cJSON *update = turn_kind("compaction_update");
    cJSON_AddStringToObject(update, "compactionId", id);
    cJSON_AddStringToObject(update, "status", first ? "in_progress" : "completed");
    if (!first)
        cJSON_AddItemToArray(cJSON_AddArrayToObject(update, "summary"), rpc_text_block(summary));
    turn_update(t, update);
    if (first) {
        update = turn_kind("compaction_summary_chunk");
        cJSON_AddStringToObject(update, "compactionId", id);
        cJSON_AddItemToObject(update, "content", rpc_text_block(summary));
        turn_update(t, update);
    }
    free(id);
    return first ? turn_sleep(t, turn_pace(t, PLAN_MS)) : STEP_NEXT;
}

enum step do_sleep(struct turn *t)
{
    const char *at = t->arg;
    if (t->phase++)
        return STEP_NEXT;
    return turn_sleep(t, turn_number(&at, 1000, SLEEP_MOST));
}
