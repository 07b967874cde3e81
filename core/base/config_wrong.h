/* What is wrong with a part of the configuration that has names of the owner's choice (members,
 * agents, hooks): its checkers tell where and why, config.c finds the line. Pure; any thread. What
 * checkers say is the rest of a sentence, static text; NULL when nothing is wrong. */
#ifndef BATON_BASE_CONFIG_WRONG_H
#define BATON_BASE_CONFIG_WRONG_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#define CONFIG_WRONG_DEPTH 6

struct config_wrong {
    int path[CONFIG_WRONG_DEPTH]; /* as config_line counts: the entry's number, the key's in it … */
    int depth;                    /* of path */
    char name[160];               /* what is wrong, "grace" or "grace.role"; untrusted text */
    char says[160];               /* the rest of the sentence */
};

/* A key that an object may have. */
struct config_key {
    const char *name;
    const char *(*wrong)(const cJSON *value);
};

/* What all entries of a part must be like: objects of these keys under names that are right. */
struct config_rule {
    const char *(*name_wrong)(const char *name);
    const struct config_key *keys;
    size_t count;
    const char *unknown; /* of a key that is not among them */
    /* Of an entry as a whole, its keys being right. */
    const char *(*entry_wrong)(const cJSON *entries, const cJSON *entry);
};

/* The first thing that is wrong with the entries, in their order: true, and w says it. */
bool config_entries_wrong(const cJSON *entries, const struct config_rule *rule,
                          struct config_wrong *w);

/* What is wrong with `value`, one of the object's: not known, there twice, or as its checker says.
 */
const char *config_key_wrong(const cJSON *object, const cJSON *value, const struct config_key *keys,
                             size_t count, const char *unknown);

/* Fills w, but for its path, for an entry and one of its keys (NULL: the entry). True, always. */
bool config_wrong_tell(struct config_wrong *w, const cJSON *entry, const cJSON *key,
                       const char *says);

#endif
