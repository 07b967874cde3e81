/* The keymap: from a key behind the prefix (or a key alone) to a command, as in tmux. A table that
 * help is generated from and that the configuration changes. One thread. */
#ifndef BATON_TUI_KEYMAP_H
#define BATON_TUI_KEYMAP_H

#include "core/base/err.h"
#include "tui/terminal/input.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

struct binding {
    uint32_t code;
    unsigned mods;
    bool alone;          /* without the prefix */
    const char *command; /* as typed behind ':' */
    const char *help;    /* "": said with another key; NULL: the user's own */
};

struct keymap;

/* prefix as key_parse reads it; keys is {"KEY": "command"} or NULL: "KEY" goes behind the prefix,
 * "root KEY" stands alone, an empty command takes a binding away. A wrong key is told in *ret_why
 * (caller frees) and skipped; the map is there in any case, the caller's. */
enum err keymap_create(const char *prefix, const cJSON *keys, struct keymap **ret_map,
                       char **ret_why);
void keymap_destroy(struct keymap *m); /* takes NULL */

bool keymap_is_prefix(const struct keymap *m, uint32_t code, unsigned mods);
const char *keymap_prefix(const struct keymap *m); /* its name: "C-b" */
/* The command of a key; NULL when there is none. */
const char *keymap_find(const struct keymap *m, bool alone, uint32_t code, unsigned mods);

int keymap_count(const struct keymap *m);
const struct binding *keymap_at(const struct keymap *m, int index);
/* The key for a command as a person types it ("C-b %"), "" when it has none. */
void keymap_name(const struct keymap *m, const char *command, char *out, size_t size);

#endif
