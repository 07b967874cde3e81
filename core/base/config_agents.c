/* The entries of `agents`, checked key by key. Whether a program is on this machine is not asked
 * here: it may be installed later, and a file is right or wrong by itself. */
#include "core/base/config_agents.h"
#include "core/base/json.h"

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

static const struct config_key keys[] = {
    {"command", config_command_wrong},
    {"env", must_env},
    {"cwd", must_folder},
    {"mode", must_text},
    {"auth", must_text},
    {"network", must_switch},
    {"mcp", must_switch},
};

static const char *check_name(const char *name)
{
    size_t n = strspn(name, LETTERS DIGITS "_.-");
    return n >= 1 && n <= NAME_LONG && name[n] == '\0' && !strchr("_.-", name[0])
               ? NULL
               : "must be an agent's name: letters, digits, _ . and -";
}

static const char *check_entry(const cJSON *agents, const cJSON *entry)
{
    (void)agents;
    return json_get(entry, "command") || config_agent_is_ours(entry->string)
               ? NULL
               : "needs a \"command\": the program and its arguments";
}

bool config_agents_wrong(const cJSON *agents, struct config_wrong *w)
{
    static const struct config_rule rule = {
        check_name, keys, sizeof keys / sizeof *keys,
        "is not known; an agent has command, env, cwd, mode, auth, network and mcp", check_entry};
    return config_entries_wrong(agents, &rule, w);
}
