/* Hooks: matching, and sentences. What a command wrote is untrusted text: whoever prints a notice
 * makes it safe, as with all events. */
#include "core/work/hook.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define LAST_LINE 300 /* bytes of the output's end that a sentence quotes */

size_t hook_match(const cJSON *hooks, const char *kind, const cJSON *data,
                  const cJSON *ret[HOOK_MATCH_MAX])
{
    size_t n = 0;
    const cJSON *hook;
    if (!hooks || (strcmp(kind, "notice") == 0 && json_get(data, "hook")))
        return 0;
    if ((hook = json_get(hooks, kind)))
        ret[n++] = hook;
    if (strcmp(kind, "sessionEvent") == 0) {
        char *name = mem_printf("%s:%s", kind, json_string(json_get(data, "event"), "method", ""));
        if ((hook = json_get(hooks, name)))
            ret[n++] = hook;
        free(name);
    }
    if ((hook = json_get(hooks, "*")))
        ret[n++] = hook;
    return n;
}

cJSON *hook_row(const struct hook_event *event, const cJSON *hook, const char *hub,
                int64_t timeout_ms)
{
    cJSON *row = cJSON_CreateObject();
    cJSON_AddStringToObject(row, "hook", hook->string);
    cJSON_AddStringToObject(row, "kind", event->kind);
    json_add_int(row, "eventId", event->id);
    cJSON_AddStringToObject(row, "workspace", event->workspace);
    cJSON_AddItemToObject(row, "command", cJSON_Duplicate(hook, true));
    json_add_int(row, "timeout", timeout_ms);
    cJSON *env = cJSON_AddObjectToObject(row, "env");
    cJSON_AddStringToObject(env, "BATON_HUB", hub);
    cJSON_AddStringToObject(env, "BATON_WORKSPACE", event->workspace);
    char *id = mem_printf("%lld", (long long)event->id);
    cJSON_AddStringToObject(env, "BATON_EVENT", id);
    free(id);
    cJSON_AddStringToObject(env, "BATON_EVENT_KIND", event->kind);
    cJSON_AddStringToObject(row, "event", event->line);
    return row;
}

/* The last line of a text that has any letters in it, as ": LINE"; "" without one. The caller's. */
static char *last_line(const char *text)
{
    size_t end = strlen(text);
    while (end && strchr(" \t\r\n", text[end - 1]))
        end--;
    size_t begin = end;
    while (begin && text[begin - 1] != '\n' && end - begin < LAST_LINE)
        begin--;
    while (begin < end && ((unsigned char)text[begin] & 0xc0) == 0x80)
        begin++; /* not the middle of a character */
    return end > begin ? mem_printf(": %.*s", (int)(end - begin), text + begin) : mem_strdup("");
}

static char *describe(const cJSON *row, const cJSON *outcome, enum hook_loss loss)
{
    const cJSON *first = cJSON_GetArrayItem(json_get(row, "command"), 0);
    const char *program = cJSON_IsString(first) ? first->valuestring : "";
    char *line = last_line(json_string(outcome, "output", "")), *says;
    if (!outcome)
        says = loss == HOOK_NOT_STARTED
                   ? mem_printf("%s could not be started", program)
                   : mem_printf("%s: how it ended is not known; its runner is gone", program);
    else if (json_string(outcome, "error", NULL))
        says = mem_strdup(json_string(outcome, "error", ""));
    else if (json_bool(outcome, "timedOut", false))
        says = mem_printf("%s had not ended after %g s%s", program,
                          json_number(row, "timeout", 0) / 1000, line);
    else if (json_bool(outcome, "stopped", false))
        says = mem_printf("%s was told to stop%s", program, line);
    else if (json_get(outcome, "signal"))
        says = mem_printf("%s was ended by signal %d%s", program,
                          (int)json_int(outcome, "signal", 0), line);
    else
        says =
            mem_printf("%s gave status %d%s", program, (int)json_int(outcome, "status", 0), line);
    free(line);
    return says;
}

static cJSON *notice(char *title, char *description)
{
    cJSON *n = cJSON_CreateObject();
    cJSON_AddStringToObject(n, "severity", "warning");
    cJSON_AddStringToObject(n, "title", title);
    cJSON_AddStringToObject(n, "description", description);
    free(title);
    free(description);
    return n;
}

cJSON *hook_notice(const cJSON *row, const cJSON *outcome, enum hook_loss loss)
{
    const char *hook = json_string(row, "hook", ""), *kind = json_string(row, "kind", "");
    long long id = (long long)json_int(row, "eventId", 0);
    const char *workspace = json_string(row, "workspace", "");
    bool ended = json_bool(outcome, "timedOut", false) || json_bool(outcome, "stopped", false);

    if (outcome && !ended && !json_string(outcome, "error", NULL) &&
        json_int(outcome, "status", -1) == 0)
        return NULL;
    cJSON *n = notice(
        mem_printf("The hook for %s %s (event %lld)", kind, ended ? "was ended" : "failed", id),
        describe(row, outcome, loss));
    cJSON_AddStringToObject(n, "hook", hook);
    cJSON_AddStringToObject(n, "kind", kind);
    json_add_int(n, "eventId", id);
    if (*workspace)
        cJSON_AddStringToObject(n, "workspace", workspace);
    if (*json_string(outcome, "output", ""))
        cJSON_AddStringToObject(n, "output", json_string(outcome, "output", ""));
    return n;
}

cJSON *hook_notice_full(const char *kind, int64_t event, int64_t waiting)
{
    cJSON *n = notice(mem_strdup("Too many hooks wait"),
                      mem_printf("%lld hooks wait; those of newer events are dropped until there "
                                 "is room",
                                 (long long)waiting));
    cJSON_AddStringToObject(n, "hook", kind);
    json_add_int(n, "eventId", event);
    return n;
}

cJSON *hook_notice_dropped(int64_t dropped)
{
    cJSON *n = notice(
        mem_printf("%lld hook%s dropped", (long long)dropped, dropped == 1 ? " was" : "s were"),
        mem_strdup("too many were waiting; from here on they run again"));
    cJSON_AddStringToObject(n, "hook", "");
    json_add_int(n, "dropped", dropped);
    return n;
}
