/* The walk over the entries of a part, the same for members and agents. Pure; any thread. */
#include "core/base/config_wrong.h"
#include "core/base/json.h"

#include <stdio.h>
#include <string.h>

bool config_wrong_tell(struct config_wrong *w, const cJSON *entry, const cJSON *key,
                       const char *says)
{
    w->depth = key ? 2 : 1;
    snprintf(w->name, sizeof w->name, "%s%s%s", entry->string, key ? "." : "",
             key ? key->string : "");
    snprintf(w->says, sizeof w->says, "%s", says);
    return true;
}

const char *config_key_wrong(const cJSON *object, const cJSON *value, const struct config_key *keys,
                             size_t count, const char *unknown)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(keys[i].name, value->string) == 0)
            return json_get(object, value->string) != value ? "is there twice"
                                                            : keys[i].wrong(value);
    return unknown;
}

bool config_entries_wrong(const cJSON *entries, const struct config_rule *rule,
                          struct config_wrong *w)
{
    const cJSON *entry, *v;
    const char *says;
    w->path[0] = -1;
    cJSON_ArrayForEach(entry, entries)
    {
        w->path[0]++;
        w->path[1] = -1;
        if ((says = rule->name_wrong(entry->string)))
            return config_wrong_tell(w, entry, NULL, says);
        if (json_get(entries, entry->string) != entry)
            return config_wrong_tell(w, entry, NULL, "is there twice");
        if (!cJSON_IsObject(entry))
            return config_wrong_tell(w, entry, NULL, "must be an object");
        cJSON_ArrayForEach(v, entry)
        {
            w->path[1]++;
            if ((says = config_key_wrong(entry, v, rule->keys, rule->count, rule->unknown)))
                return config_wrong_tell(w, entry, v, says);
        }
        if ((says = rule->entry_wrong(entries, entry)))
            return config_wrong_tell(w, entry, NULL, says);
    }
    return false;
}
