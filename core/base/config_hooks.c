/* The entries of `hooks`. Which kinds of events there are is the hub's to know; here they have to
 * look like one. */
#include "core/base/config_hooks.h"
#include "core/base/config_agents.h"
#include "core/base/json.h"

#include <string.h>

#define LETTERS     "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define KIND_LONG   64
#define METHOD_LONG 128

static const char *check_kind(const char *kind)
{
    size_t n = strspn(kind, LETTERS);
    const char *method = kind + n;
    if (strcmp(kind, "*") == 0)
        return NULL;
    if (n == 0 || n > KIND_LONG || (*method && *method != ':'))
        return "must be an event's kind, such as shellExit or sessionEvent:session/update";
    if (!*method)
        return NULL;
    if (n != strlen("sessionEvent") || strncmp(kind, "sessionEvent", n) != 0)
        return "must be a kind alone: only sessionEvent can have a method behind it";
    n = strspn(++method, LETTERS "0123456789_/$.-");
    return n == 0 || n > METHOD_LONG || method[n]
               ? "must have a method behind the colon, such as session/update"
               : NULL;
}

bool config_hooks_wrong(const cJSON *hooks, struct config_wrong *w)
{
    const cJSON *v;
    w->path[0] = -1;
    cJSON_ArrayForEach(v, hooks)
    {
        w->path[0]++;
        const char *says = check_kind(v->string);
        if (!says && json_get(hooks, v->string) != v)
            says = "is there twice";
        if (!says)
            says = config_command_wrong(v);
        if (says)
            return config_wrong_tell(w, v, NULL, says);
    }
    return false;
}
