/* The entries of `members`, checked key by key. Which users and groups the machine has is not asked
 * here: a file is right or wrong by itself, and the console and the CLI read it too. */
#include "core/base/config_members.h"
#include "core/base/json.h"

#include <string.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static bool made_of(const char *text, const char *letters)
{
    size_t n = strspn(text, letters);
    return n >= 1 && n <= 63 && text[n] == '\0';
}

/* "" for what is no text. */
static const char *text(const cJSON *v)
{
    return cJSON_IsString(v) ? v->valuestring : "";
}

/* An account of the machine may be called many things, but never with these in it. */
static const char *must_account(const cJSON *v)
{
    const char *s = text(v);
    size_t n = strlen(s);
    bool ok = n >= 1 && n <= 255 && s[strcspn(s, ":/")] == '\0';
    for (size_t i = 0; ok && i < n; i++)
        ok = (unsigned char)s[i] > ' ' && s[i] != 0x7f;
    return ok ? NULL : "must be the name of a user or group of this machine, in quotes";
}

static const char *must_role(const cJSON *v)
{
    const char *s = text(v);
    return strcmp(s, "observer") == 0 || strcmp(s, "driver") == 0
               ? NULL
               : "must be \"observer\" or \"driver\"";
}

static const char *must_workspace(const cJSON *v)
{
    const char *s = text(v);
    return made_of(s, LETTERS "_.-") && !strchr("_.-", s[0])
               ? NULL
               : "must be a workspace's name, in quotes";
}

static const struct config_key keys[] = {
    {"user", must_account},
    {"group", must_account},
    {"role", must_role},
    {"workspace", must_workspace},
};

static const char *check_name(const char *name)
{
    return made_of(name, LETTERS "_.@-") ? NULL
                                         : "must be a member's name: letters, digits, _ . @ and -";
}

/* What is wrong with an entry as a whole. Two for one account would leave open which one counts. */
static const char *check_entry(const cJSON *members, const cJSON *entry)
{
    const char *user = json_string(entry, "user", NULL), *group = json_string(entry, "group", NULL);
    const cJSON *other;
    if (!user == !group)
        return "needs either \"user\" or \"group\"";
    if (!json_get(entry, "role"))
        return "needs a \"role\": observer or driver";
    cJSON_ArrayForEach(other, members)
    {
        if (other == entry)
            break;
        const char *same = json_string(other, user ? "user" : "group", NULL);
        if (same && strcmp(same, user ? user : group) == 0)
            return user ? "has the user of another entry" : "has the group of another entry";
    }
    return NULL;
}

bool config_members_wrong(const cJSON *members, struct config_wrong *w)
{
    static const struct config_rule rule = {
        check_name, keys, sizeof keys / sizeof *keys,
        "is not known; an entry has user or group, role, and workspace", check_entry};
    return config_entries_wrong(members, &rule, w);
}
