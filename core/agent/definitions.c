/* Known agents as a table, the configuration's entries laid over it. The table's commands, modes
 * and versions are those that tests/agents has run. Made once a load of the configuration, then
 * only read; the one function that looks at the disk is definition_installed. */
#include "core/agent/definitions.h"
#include "core/base/mem.h"
#include "core/base/nearest.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct definitions {
    struct definition *all;
    size_t count;
};

#define WORDS 3

/* Whoever starts in a mode in which it asks nobody gets one in which it asks. */
static const struct known {
    const char *name;
    const char *command[WORDS + 1]; /* its first word NULL: this program */
    const char *mode, *auth, *hint;
    bool network, own_reads;
} known[] = {
    {"demo", {NULL, "demo-agent"}, "ask", NULL, "it is a part of baton", false, false},
    {"opencode",
     {"opencode", "acp"},
     NULL,
     NULL,
     "npm install -g opencode-ai@1.18.33",
     true,
     false},
    /* It looks whether there is a file before it writes one, and takes our error that there is none
     * for a failure, whatever that says: its own reads work. */
    {"gemini",
     {"gemini", "--acp"},
     "default",
     "gemini-api-key",
     "npm install -g @google/gemini-cli@0.61.0",
     true,
     true},
    {"qwen",
     {"qwen", "--acp"},
     "default",
     NULL,
     "npm install -g @qwen-code/qwen-code@0.15.10 (Node 20)",
     true,
     false},
    {"claude",
     {"claude-agent-acp"},
     "default",
     NULL,
     "npm install -g @agentclientprotocol/claude-agent-acp@0.49.0 (Node 20)",
     true,
     false},
    {"codex",
     {"codex-acp"},
     "read-only",
     NULL,
     "npm install -g @agentclientprotocol/codex-acp@2.6.0",
     true,
     false},
    {"pi",
     {"pi-acp"},
     NULL,
     NULL,
     "npm install -g pi-acp@0.0.34 @earendil-works/pi-coding-agent@0.87.1 (Node 22)",
     true,
     false},
};

/* --- making ------------------------------------------------------------------------------------
 */

static void free_words(char **words)
{
    for (char **w = words; w && *w; w++)
        free(*w);
    free(words);
}

static void set(char **field, const char *value)
{
    free(*field);
    *field = mem_strdup(value);
}

static struct definition *add(struct definitions *d, const char *name,
                              enum definition_source source)
{
    d->all = mem_reallocarray(d->all, d->count + 1, sizeof *d->all);
    struct definition *one = &d->all[d->count++];
    *one = (struct definition){.name = mem_strdup(name), .source = source};
    one->command = mem_calloc(1, sizeof *one->command);
    one->env = mem_calloc(1, sizeof *one->env);
    return one;
}

static void add_known(struct definitions *d, const struct known *k, const char *program)
{
    struct definition *one = add(d, k->name, DEFINITION_KNOWN);
    free_words(one->command);
    one->command = mem_calloc(WORDS + 2, sizeof *one->command);
    for (size_t i = 0; i == 0 || k->command[i]; i++)
        one->command[i] = mem_strdup(k->command[i] ? k->command[i] : program);
    one->mode = mem_strdup(k->mode);
    one->auth = mem_strdup(k->auth);
    one->hint = mem_strdup(k->hint);
    one->network = k->network;
    one->own_reads = k->own_reads;
}

static char **words_of(const cJSON *array)
{
    const cJSON *word;
    size_t n = 0;
    char **words = mem_calloc((size_t)cJSON_GetArraySize(array) + 1, sizeof *words);
    cJSON_ArrayForEach(word, array) words[n++] = mem_strdup(word->valuestring);
    return words;
}

static char **pairs_of(const cJSON *object)
{
    const cJSON *one;
    size_t n = 0;
    char **pairs = mem_calloc((size_t)cJSON_GetArraySize(object) + 1, sizeof *pairs);
    cJSON_ArrayForEach(one, object) pairs[n++] = mem_printf("%s=%s", one->string, one->valuestring);
    return pairs;
}

/* What the entry doesn't say stays as it is. With another command how to install ours says nothing.
 */
static void lay_over(struct definition *one, const cJSON *entry)
{
    const cJSON *command = json_get(entry, "command"), *env = json_get(entry, "env");
    one->source = DEFINITION_CONFIG;
    if (command) {
        free_words(one->command);
        one->command = words_of(command);
        set(&one->hint, NULL);
    }
    if (env) {
        free_words(one->env);
        one->env = pairs_of(env);
    }
    if (json_get(entry, "cwd"))
        set(&one->cwd, json_string(entry, "cwd", NULL));
    if (json_get(entry, "mode"))
        set(&one->mode, json_string(entry, "mode", NULL));
    if (json_get(entry, "auth"))
        set(&one->auth, json_string(entry, "auth", NULL));
    one->network = json_bool(entry, "network", one->network);
    one->no_mcp = !json_bool(entry, "mcp", !one->no_mcp);
}

static struct definition *find(const struct definitions *d, const char *name)
{
    for (size_t i = 0; i < d->count; i++)
        if (strcmp(d->all[i].name, name) == 0)
            return &d->all[i];
    return NULL;
}

struct definitions *definitions_create(const struct config *config, const char *program)
{
    struct definitions *d = mem_zalloc(sizeof *d);
    const cJSON *entry;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        add_known(d, &known[i], program);
    cJSON_ArrayForEach(entry, config_agents(config))
    {
        struct definition *one = find(d, entry->string);
        lay_over(one ? one : add(d, entry->string, DEFINITION_CONFIG), entry);
    }
    return d;
}

void definitions_destroy(struct definitions *d)
{
    for (size_t i = 0; d && i < d->count; i++) {
        struct definition *one = &d->all[i];
        free_words(one->command);
        free_words(one->env);
        free(one->name);
        free(one->cwd);
        free(one->mode);
        free(one->auth);
        free(one->hint);
    }
    if (d)
        free(d->all);
    free(d);
}

/* --- asking ------------------------------------------------------------------------------------
 */

size_t definitions_count(const struct definitions *d)
{
    return d->count;
}

const struct definition *definitions_at(const struct definitions *d, size_t i)
{
    return &d->all[i];
}

const struct definition *definitions_find(const struct definitions *d, const char *name)
{
    return find(d, name);
}

void definitions_near(const struct definitions *d, const char *name, char *out, size_t size)
{
    struct nearest near;
    nearest_begin(&near, name);
    for (size_t i = 0; i < d->count; i++)
        nearest_offer(&near, d->all[i].name);
    nearest_list(&near, out, size);
}

static bool is_program(const char *file)
{
    struct stat st;
    return stat(file, &st) == 0 && S_ISREG(st.st_mode) && access(file, X_OK) == 0;
}

bool definition_installed(const struct definition *one, const char *path)
{
    const char *program = one->command[0];
    if (!program || !*program)
        return false;
    if (strchr(program, '/'))
        return is_program(program);
    for (char **e = one->env; *e; e++)
        if (strncmp(*e, "PATH=", 5) == 0)
            path = *e + 5;
    for (const char *p = path; p && *p; p += *p == ':') {
        size_t n = strcspn(p, ":");
        char file[PATH_MAX];
        /* An empty entry means the current folder, which is not the session's: never there. */
        if (n > 0 && snprintf(file, sizeof file, "%.*s/%s", (int)n, p, program) < PATH_MAX &&
            is_program(file))
            return true;
        p += n;
    }
    return false;
}
