/* The entries of `agents`, checked key by key. Whether a program is on this machine is not asked
 * here: it may be installed later, and a file is right or wrong by itself. */
#include "core/base/config_agents.h"
#include "core/base/json.h"

#include <stdio.h>
#include <string.h>

#define LETTERS   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS    "0123456789"

#define WORDS_MAX 256
#define WORD_MAX  65536
#define NAME_LONG 63
#define VALUE_MAX 128

/* Those that core/agent/definitions.c has a command for; its test holds the two lists together. */
static const char *const ours[] = {"demo", "opencode", "gemini", "qwen", "claude", "codex", "pi"};

bool config_agent_is_ours(const char *name)
{
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strcmp(ours[i], name) == 0)
            return true;
    return false;
}

const char *config_command_wrong(const cJSON *v)
{
    const cJSON *word, *program = cJSON_IsArray(v) ? v->child : NULL;
    if (!program || cJSON_GetArraySize(v) > WORDS_MAX)
        return "must be a list of words, [\"PROGRAM\", \"ARGUMENT\", …]";
    cJSON_ArrayForEach(word, v) if (!cJSON_IsString(word) ||
                                    strlen(word->valuestring) >
                                        WORD_MAX) return "must hold only words in quotes";
    const char *name = program->valuestring;
    if (!*name || (strchr(name, '/') && name[0] != '/'))
        return "must begin with a program's name or its absolute path";
    return NULL;
}

static const char *must_env(const cJSON *v)
{
    const cJSON *one;
    if (!cJSON_IsObject(v))
        return "must be an object of {\"NAME\": \"value\"}";
    cJSON_ArrayForEach(one, v)
    {
        size_t n = strspn(one->string, LETTERS DIGITS "_");
        if (n == 0 || one->string[n] || strchr(DIGITS, one->string[0]))
            return "must have names of letters, digits and _";
        if (!cJSON_IsString(one) || strlen(one->valuestring) > WORD_MAX)
            return "must have values in quotes";
    }
    return NULL;
}

static const char *must_folder(const cJSON *v)
{
    return cJSON_IsString(v) && v->valuestring[0] == '/' && strlen(v->valuestring) < 4096
               ? NULL
               : "must be the absolute path of a folder, in quotes";
}

static const char *must_text(const cJSON *v)
{
    return cJSON_IsString(v) && *v->valuestring && strlen(v->valuestring) <= VALUE_MAX
               ? NULL
               : "must be an id that the agent knows, in quotes";
}

static const char *must_switch(const cJSON *v)
{
    return cJSON_IsBool(v) ? NULL : "must be true or false";
}

static const struct {
    const char *name;
    const char *(*wrong)(const cJSON *v);
} keys[] = {
    {"command", config_command_wrong},
    {"env", must_env},
    {"cwd", must_folder},
    {"mode", must_text},
    {"auth", must_text},
    {"network", must_switch},
    {"mcp", must_switch},
};

static const char *check_key(const cJSON *entry, const cJSON *v)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(keys[i].name, v->string) == 0)
            return json_get(entry, v->string) != v ? "is there twice" : keys[i].wrong(v);
    return "is not known; an agent has command, env, cwd, mode, auth, network and mcp";
}

static bool name_ok(const char *name)
{
    size_t n = strspn(name, LETTERS DIGITS "_.-");
    return n >= 1 && n <= NAME_LONG && name[n] == '\0' && !strchr("_.-", name[0]);
}

static bool tell(struct config_wrong *w, const cJSON *entry, const cJSON *key, const char *says)
{
    w->depth = key ? 2 : 1;
    snprintf(w->name, sizeof w->name, "%s%s%s", entry->string, key ? "." : "",
             key ? key->string : "");
    snprintf(w->says, sizeof w->says, "%s", says);
    return true;
}

bool config_agents_wrong(const cJSON *agents, struct config_wrong *w)
{
    const cJSON *entry, *v;
    const char *says;
    w->path[0] = -1;
    cJSON_ArrayForEach(entry, agents)
    {
        w->path[0]++;
        w->path[1] = -1;
        if (!name_ok(entry->string))
            return tell(w, entry, NULL, "must be an agent's name: letters, digits, _ . and -");
        if (json_get(agents, entry->string) != entry)
            return tell(w, entry, NULL, "is there twice");
        if (!cJSON_IsObject(entry))
            return tell(w, entry, NULL, "must be an object");
        cJSON_ArrayForEach(v, entry)
        {
            w->path[1]++;
            if ((says = check_key(entry, v)))
                return tell(w, entry, v, says);
        }
        if (!json_get(entry, "command") && !config_agent_is_ours(entry->string))
            return tell(w, entry, NULL, "needs a \"command\": the program and its arguments");
    }
    return false;
}
