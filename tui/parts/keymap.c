/* The keymap (see keymap.h). The table below is what a person has without a configuration; what it
 * says is what help shows. */
#include "tui/parts/keymap.h"

#include "core/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYMAP_MAX 512

static const struct {
    const char *key, *command, *help;
} defaults[] = {
    {"?", "help", "this help"},
    {":", "command", "command line: any command, Tab completes"},
    {"d", "detach", "leave; everything goes on"},
    {"c", "new", "new shell in this pane"},
    {"i", "inbox", "your inbox; again: away with it"},
    {"A", "session", "start an agent: choose which"},
    {"a", "waiting", "the next thing that waits for you"},
    {"%", "split -h", "split: a new shell beside"},
    {"\"", "split -v", "split: a new shell below"},
    {"Left", "focus left", "pane at the left"},
    {"Right", "focus right", "pane at the right"},
    {"Up", "focus up", "pane above"},
    {"Down", "focus down", "pane below"},
    {"o", "focus next", "next pane"},
    {";", "focus last", "the pane before this one"},
    {"q", "numbers", "show the panes' numbers; a digit goes there"},
    {"z", "zoom", "this pane alone, and back"},
    {"x", "close", "close this pane and its shell or session"},
    {"&", "close", "the same, as tmux has it"},
    {"!", "unsplit", "hide the other panes; their shells go on"},
    {"{", "swap previous", "swap with the pane before"},
    {"}", "swap next", "swap with the pane behind"},
    {"Space", "layout next", "next of the ready-made layouts"},
    {"S", "stack", "stack the panes: one open, the others as titles"},
    {"M-s", "stack", ""},
    {"C-Left", "resize left 1", "move the border by one, also with the other arrows"},
    {"C-Right", "resize right 1", ""},
    {"C-Up", "resize up 1", ""},
    {"C-Down", "resize down 1", ""},
    {"M-Left", "resize left 5", "by five"},
    {"M-Right", "resize right 5", ""},
    {"M-Up", "resize up 5", ""},
    {"M-Down", "resize down 5", ""},
    {"n", "answer no shell next", "next session or shell here; while somebody asks: not now"},
    {"p", "shell previous", "the one before"},
    {"0", "shell 0", "shell by its number, 0 to 9"},
    {"1", "shell 1", ""},
    {"2", "shell 2", ""},
    {"3", "shell 3", ""},
    {"4", "shell 4", ""},
    {"5", "shell 5", ""},
    {"6", "shell 6", ""},
    {"7", "shell 7", ""},
    {"8", "shell 8", ""},
    {"9", "shell 9", ""},
    {"b", "baton", "take the baton, or ask for it; again: ask no more"},
    {"B", "pass", "pass it, or release it"},
    {"y", "answer yes", "pass it to who asks"},
    {"f", "follow", "follow: this pane shows whichever session begins a turn"},
    {"w", "choose", "choose a shell or session from all workspaces"},
    {",", "rename", "rename this shell or session"},
    {"[", "copy", "scroll, search and copy"},
    {"PageUp", "copy up", "the same, a page up"},
    {"]", "paste", "paste what was copied"},
    {"e", "log", "event log: what happened here"},
    {"s", "side", "the list at the left"},
    {"N", "notices", "the notices there have been"},
    {"T", "theme next", "next theme"},
    {"m", "mouse", "mouse on, off"},
    {"r", "redraw", "draw everything again"},
    {"C-z", "suspend", "stop the console, as a shell's job"},
};

struct keymap {
    uint32_t prefix_code;
    unsigned prefix_mods;
    char prefix[32];
    struct binding *bindings;
    int count;
    char **owned; /* commands of the configuration */
    int owned_count;
};

/* Shift with a character that has it in itself says nothing more. */
static unsigned plain_mods(uint32_t code, unsigned mods)
{
    return code < KEY_CODE_FIRST ? mods & ~(unsigned)MOD_SHIFT : mods;
}

static struct binding *find(const struct keymap *m, bool alone, uint32_t code, unsigned mods)
{
    for (int i = 0; i < m->count; i++) {
        struct binding *b = &m->bindings[i];
        if (b->alone == alone && b->code == code &&
            plain_mods(b->code, b->mods) == plain_mods(code, mods))
            return b;
    }
    return NULL;
}

static void bind(struct keymap *m, bool alone, uint32_t code, unsigned mods, const char *command,
                 const char *help)
{
    struct binding *b = find(m, alone, code, mods);

    if (!b) {
        if (m->count >= KEYMAP_MAX)
            return;
        m->bindings = mem_reallocarray(m->bindings, (size_t)m->count + 1, sizeof *m->bindings);
        b = &m->bindings[m->count++];
    }
    *b = (struct binding){code, mods, alone, command, help};
}

static bool bind_own(struct keymap *m, const char *key, const cJSON *value)
{
    bool alone = !strncmp(key, "root ", 5);
    uint32_t code;
    unsigned mods;

    if (!cJSON_IsString(value) || !key_parse(alone ? key + 5 : key, &code, &mods))
        return false;
    m->owned = mem_reallocarray(m->owned, (size_t)m->owned_count + 1, sizeof *m->owned);
    m->owned[m->owned_count] = mem_strdup(value->valuestring);
    bind(m, alone, code, mods, m->owned[m->owned_count++], NULL);
    return true;
}

enum err keymap_create(const char *prefix, const cJSON *keys, struct keymap **ret_map,
                       char **ret_why)
{
    struct keymap *m = mem_zalloc(sizeof *m);
    enum err e = ERR_OK;
    const cJSON *item;

    *ret_why = NULL;
    if (!key_parse(prefix, &m->prefix_code, &m->prefix_mods)) {
        *ret_why = mem_printf("the prefix \"%.40s\" is no key; C-b it is", prefix);
        e = ERR_CONFIG;
        key_parse("C-b", &m->prefix_code, &m->prefix_mods);
    }
    key_name(m->prefix_code, m->prefix_mods, m->prefix, sizeof m->prefix);
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
        uint32_t code;
        unsigned mods;
        if (key_parse(defaults[i].key, &code, &mods))
            bind(m, false, code, mods, defaults[i].command, defaults[i].help);
    }
    cJSON_ArrayForEach(item, keys)
    {
        if (bind_own(m, item->string, item))
            continue;
        if (!*ret_why)
            *ret_why = mem_printf("keys: \"%.40s\" is no key with a command", item->string);
        e = ERR_CONFIG;
    }
    *ret_map = m;
    return e;
}

void keymap_destroy(struct keymap *m)
{
    if (!m)
        return;
    for (int i = 0; i < m->owned_count; i++)
        free(m->owned[i]);
    free(m->owned);
    free(m->bindings);
    free(m);
}

bool keymap_is_prefix(const struct keymap *m, uint32_t code, unsigned mods)
{
    return code == m->prefix_code && plain_mods(code, mods) == plain_mods(code, m->prefix_mods);
}

const char *keymap_prefix(const struct keymap *m)
{
    return m->prefix;
}

const char *keymap_find(const struct keymap *m, bool alone, uint32_t code, unsigned mods)
{
    const struct binding *b = find(m, alone, code, mods);

    return b && b->command[0] ? b->command : NULL;
}

int keymap_count(const struct keymap *m)
{
    return m->count;
}

const struct binding *keymap_at(const struct keymap *m, int index)
{
    return &m->bindings[index];
}

void keymap_name(const struct keymap *m, const char *command, char *out, size_t size)
{
    char key[32];

    out[0] = '\0';
    for (int i = 0; i < m->count; i++) {
        const struct binding *b = &m->bindings[i];
        if (strcmp(b->command, command) != 0)
            continue;
        key_name(b->code, b->mods, key, sizeof key);
        snprintf(out, size, "%s%s%s", b->alone ? "" : m->prefix, b->alone ? "" : " ", key);
        return;
    }
}
