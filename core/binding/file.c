/* Files of bindings. One walk over the parsed file; where it stands is a path of keys, which gives
 * the line when something is wrong. */
#include "core/binding/file.h"
#include "core/base/buf.h"
#include "core/base/config_lines.h"
#include "core/base/config_wrong.h"
#include "core/base/duration.h"
#include "core/base/glob.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/catalogue/pattern.h"
#include "core/catalogue/schema.h"
#include "core/catalogue/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BINDINGS_MAX   256
#define PROPERTIES_MAX 200
#define DESCRIPTION    8192
#define NAME_MAX_BYTES 64
#define WORDS_MAX      256
#define WORKSPACES_MAX 64
#define WORD_MAX       65536
#define TIMEOUT_MOST   (INT64_C(24) * 3600 * 1000)
#define PLACE_MAX      40

struct reading {
    const char *text, *file;
    size_t n;
    const struct binding_rules *rules;
    int path[PLACE_MAX]; /* as config_line counts */
    const char *names[PLACE_MAX];
    int depth;
    char *why;
};

/* --- places -------------------------------------------------------------------------------------
 */

static void enter(struct reading *r, const cJSON *object, const cJSON *member)
{
    const cJSON *one;
    int index = 0;
    if (r->depth == PLACE_MAX)
        return;
    cJSON_ArrayForEach(one, object)
    {
        if (one == member)
            break;
        index++;
    }
    r->path[r->depth] = index;
    r->names[r->depth++] = member->string;
}

static void leave(struct reading *r)
{
    r->depth--;
}

static enum err refuse(struct reading *r, const char *says)
{
    struct buf name = {0};
    char safe[100];
    for (int i = 0; i < r->depth; i++) {
        text_make_safe(safe, sizeof safe, r->names[i], strlen(r->names[i]));
        buf_printf(&name, "%s%s", i ? "." : "", safe);
    }
    const int line = config_line(r->text, r->n, r->path, r->depth);
    r->why = name.len ? mem_printf("%s:%d: \"%s\" %s", r->file, line, name.data, says)
                      : mem_printf("%s:%d: the file %s", r->file, line, says);
    buf_finish(&name);
    return ERR_CONFIG;
}

static enum err refuse_at(struct reading *r, const cJSON *object, const cJSON *member,
                          const char *says)
{
    enter(r, object, member);
    const enum err e = refuse(r, says);
    leave(r);
    return e;
}

static enum err check_keys(struct reading *r, const cJSON *object, const struct config_key *keys,
                           size_t count, const char *unknown)
{
    const cJSON *v;
    cJSON_ArrayForEach(v, object)
    {
        const char *says = config_key_wrong(object, v, keys, count, unknown);
        if (says)
            return refuse_at(r, object, v, says);
    }
    return ERR_OK;
}

/* --- what values must be ------------------------------------------------------------------------
 */

bool binding_name_ok(const char *name)
{
    const size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return n >= 1 && n < 32 && name[n] == '\0' && name[0] != '-';
}

static const char *must_name(const cJSON *v)
{
    return cJSON_IsString(v) && binding_name_ok(v->valuestring)
               ? NULL
               : "must be a name of a-z, 0-9 and -, at most 31 of them, in quotes";
}

static const char *must_description(const cJSON *v)
{
    return cJSON_IsString(v) && strlen(v->valuestring) <= DESCRIPTION
               ? NULL
               : "must be a text in quotes, at most 8 KiB";
}

static const char *must_workspaces(const cJSON *v)
{
    static const char says[] = "must be a list of 1 to 64 workspaces, [\"NAME\", \"dev-*\"]";
    const int n = cJSON_IsArray(v) ? cJSON_GetArraySize(v) : 0;
    const cJSON *one;
    if (n < 1 || n > WORKSPACES_MAX)
        return says;
    cJSON_ArrayForEach(one, v) if (!cJSON_IsString(one) || !one->valuestring[0] ||
                                   strlen(one->valuestring) > NAME_MAX_BYTES) return says;
    return NULL;
}

static const char *must_bindings(const cJSON *v)
{
    const int n = cJSON_IsObject(v) ? cJSON_GetArraySize(v) : 0;
    return n >= 1 && n <= BINDINGS_MAX ? NULL : "must be an object of 1 to 256 bindings";
}

static const char *must_schema(const cJSON *v)
{
    return cJSON_IsObject(v) ? NULL : "must be a JSON schema, an object";
}

/* Milliseconds; -1 when it is none. */
static int64_t timeout_of(const cJSON *v)
{
    int64_t ms = -1;
    if (cJSON_IsNumber(v) && v->valuedouble >= 1 && v->valuedouble <= (double)TIMEOUT_MOST &&
        (double)(int64_t)v->valuedouble == v->valuedouble)
        ms = (int64_t)v->valuedouble;
    else if (cJSON_IsString(v) && duration_parse(v->valuestring, &ms) != ERR_OK)
        ms = -1;
    return ms <= TIMEOUT_MOST ? ms : -1;
}

static const char *must_timeout(const cJSON *v)
{
    return timeout_of(v) > 0
               ? NULL
               : "must be milliseconds (1 or more), or such as \"30s\" or \"10m\", at "
                 "most a day";
}

static const char *const tiers[] = {"autonomous", "notify", "approval", "blocked"};
_Static_assert(TIER_AUTONOMOUS == 0 && TIER_BLOCKED == 3, "tiers are in this order");

static int tier_of(const cJSON *v)
{
    for (int i = 0; cJSON_IsString(v) && i < 4; i++)
        if (strcmp(tiers[i], v->valuestring) == 0)
            return i;
    return -1;
}

static const char *must_tier(const cJSON *v)
{
    return tier_of(v) >= 0 ? NULL : "must be autonomous, notify, approval or blocked, in quotes";
}

static const char *must_command(const cJSON *v)
{
    const cJSON *word, *program = cJSON_IsArray(v) ? v->child : NULL;
    if (!program || cJSON_GetArraySize(v) > WORDS_MAX)
        return "must be a list of words, [\"PROGRAM\", \"ARGUMENT\", …]";
    cJSON_ArrayForEach(word, v) if (!cJSON_IsString(word) ||
                                    strlen(word->valuestring) >
                                        WORD_MAX) return "must hold only words in quotes";
    const char *name = program->valuestring;
    if (!*name || (strchr(name, '/') && name[0] != '/' && strncmp(name, "./", 2) != 0))
        return "must begin with a program's name, its absolute path, or ./ and a file beside this";
    return NULL;
}

/* --- schemas ------------------------------------------------------------------------------------
 */

/* schema_check's sentence is "a.b.c: it must …"; the line is that of the last of these keys that
 * can be found. */
static enum err refuse_schema(struct reading *r, const cJSON *schema, const char *why)
{
    const char *end = strstr(why, ": "), *at = why;
    const cJSON *here = schema;
    const int depth = r->depth;
    while (end && at < end && cJSON_IsObject(here) && r->depth < PLACE_MAX) {
        const cJSON *one, *found = NULL;
        size_t found_n = 0;
        cJSON_ArrayForEach(one, here)
        {
            const size_t n = strlen(one->string);
            if (n > found_n && n <= (size_t)(end - at) && memcmp(one->string, at, n) == 0 &&
                (at[n] == '.' || at + n == end)) {
                found = one;
                found_n = n;
            }
        }
        if (!found)
            break;
        enter(r, here, found);
        here = found;
        at += found_n + (at[found_n] == '.');
    }
    const enum err e = refuse(r, end ? end + 2 : why);
    r->depth = depth;
    return e;
}

/* A property's name becomes a flag, and stands in messages. */
static const char *property_wrong(const cJSON *properties, const cJSON *property)
{
    static const char *const own[] = {"json", "json-file", "help"};
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    const char *name = property->string, *says = NULL;
    const size_t n = strspn(name, plain);
    struct buf flag = {0}, other = {0};
    const cJSON *one;
    if (n < 1 || n > NAME_MAX_BYTES || name[n] || !strchr(letters, name[0]))
        return "cannot be a flag: a name is a letter, then letters, digits, _ and -";
    flag_name(name, &flag);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcmp(own[i], flag.data) == 0)
            says = "is a flag that every binding has (--json, --json-file, --help)";
    for (one = properties->child; one != property && !says; one = one->next) {
        buf_clear(&other);
        flag_name(one->string, &other);
        if (strcmp(other.data, flag.data) == 0)
            says = "is the same flag as a property before it";
    }
    buf_finish(&flag);
    buf_finish(&other);
    return says;
}

static enum err check_default(struct reading *r, const cJSON *property)
{
    const cJSON *preset = json_get(property, "default");
    char why[300];
    if (!preset)
        return ERR_OK;
    cJSON *copy = cJSON_Duplicate(preset, true);
    enum err e = schema_apply(property, copy, why, sizeof why);
    cJSON_Delete(copy);
    return e == ERR_OK ? ERR_OK : refuse_at(r, property, preset, "is not what the property allows");
}

static enum err check_properties(struct reading *r, const cJSON *properties)
{
    const cJSON *one;
    enum err e = ERR_OK;
    if (cJSON_GetArraySize(properties) > PROPERTIES_MAX)
        return refuse(r, "has more than 200 properties");
    cJSON_ArrayForEach(one, properties)
    {
        const char *says = property_wrong(properties, one);
        enter(r, properties, one);
        e = says ? refuse(r, says) : check_default(r, one);
        leave(r);
        if (e != ERR_OK)
            break;
    }
    return e;
}

static enum err check_required(struct reading *r, const cJSON *schema)
{
    const cJSON *required = json_get(schema, "required"), *one;
    const cJSON *more = json_get(schema, "additionalProperties");
    if (cJSON_IsObject(more) || cJSON_IsTrue(more))
        return ERR_OK;
    cJSON_ArrayForEach(one, required) if (
        !json_get(json_get(schema, "properties"),
                  one->valuestring)) return refuse_at(r, schema, required,
                                                      "names something that is no property");
    return ERR_OK;
}

static enum err check_schema(struct reading *r, const cJSON *schema)
{
    char why[400] = "";
    if (schema_check(schema, why, sizeof why) != ERR_OK)
        return refuse_schema(r, schema, why);
    if (strcmp(json_string(schema, "type", ""), "object") != 0)
        return refuse(r, "must be of \"type\": \"object\"");
    const cJSON *properties = json_get(schema, "properties");
    enum err e = ERR_OK;
    if (properties) {
        enter(r, schema, properties);
        e = check_properties(r, properties);
        leave(r);
    }
    return e == ERR_OK ? check_required(r, schema) : e;
}

/* --- bindings -----------------------------------------------------------------------------------
 */

static char **words_of(const cJSON *list)
{
    const cJSON *word;
    size_t n = 0;
    char **command = mem_calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *command);
    cJSON_ArrayForEach(word, list) command[n++] = mem_strdup(word->valuestring);
    return command;
}

/* One line for lists: the first, without the full stop at its end. */
static char *help_of(const char *description, const char *name)
{
    char safe[160];
    size_t n = strcspn(description, "\r\n");
    n = text_make_safe(safe, sizeof safe, description, n);
    while (n && strchr(" .", safe[n - 1]))
        safe[--n] = '\0';
    return n ? mem_strdup(safe) : mem_strdup(name);
}

static struct binding *make(const struct reading *r, const char *group, const char *dir,
                            const cJSON *entry, const cJSON *workspaces)
{
    const cJSON *schema = json_get(entry, "inputSchema"), *timeout = json_get(entry, "timeout");
    const int tier = tier_of(json_get(entry, "tier"));
    struct binding *b = mem_zalloc(sizeof *b);
    b->refs = 1;
    b->group = mem_strdup(group);
    b->name = mem_strdup(entry->string);
    b->description = mem_strdup(json_string(entry, "description", ""));
    b->help = help_of(b->description, b->name);
    b->command = words_of(json_get(entry, "execute"));
    b->dir = mem_strdup(dir);
    b->workspaces = workspaces ? words_of(workspaces) : NULL;
    b->timeout_ms = timeout ? timeout_of(timeout) : BINDING_TIMEOUT_MS;
    b->patterns = patterns_create();
    b->schema = schema ? cJSON_Duplicate(schema, true) : cJSON_CreateObject();
    if (!schema)
        cJSON_AddStringToObject(b->schema, "type", "object");
    b->input = json_print(b->schema);
    b->row = (struct capability){
        .group = b->group,
        .name = b->name,
        .version = "1.0",
        .help = b->help,
        .input = b->input,
        .output = "{}",
        .tier = tier < 0 ? TIER_AUTONOMOUS : (enum tier)tier,
        .role = ROLE_AGENT,
        .lane = LANE_CONTROL,
        .flags = CAP_LONG | CAP_MCP | CAP_SELF | CAP_BINDING,
        .handle = r->rules->handle,
    };
    return b;
}

static enum err check_binding(struct reading *r, const cJSON *entry)
{
    static const struct config_key keys[] = {
        {"description", must_description}, {"inputSchema", must_schema},
        {"timeout", must_timeout},         {"tier", must_tier},
        {"execute", must_command},
    };
    const cJSON *schema = json_get(entry, "inputSchema");
    enum err e;
    if (!binding_name_ok(entry->string))
        return refuse(r, "must be a name of a-z, 0-9 and -, at most 31 of them");
    if (!cJSON_IsObject(entry))
        return refuse(r, "must be an object");
    e = check_keys(r, entry, keys, sizeof keys / sizeof *keys,
                   "is not known; a binding has description, inputSchema, timeout, tier and "
                   "execute");
    if (e == ERR_OK && !json_get(entry, "execute"))
        e = refuse(r, "needs an \"execute\": the command, a list of words");
    if (e == ERR_OK && schema) {
        enter(r, entry, schema);
        e = check_schema(r, schema);
        leave(r);
    }
    return e;
}

static enum err check_all(struct reading *r, const cJSON *bindings)
{
    const cJSON *entry;
    enum err e = ERR_OK;
    cJSON_ArrayForEach(entry, bindings)
    {
        enter(r, bindings, entry);
        e = json_get(bindings, entry->string) == entry ? check_binding(r, entry)
                                                       : refuse(r, "is there twice");
        leave(r);
        if (e != ERR_OK)
            break;
    }
    return e;
}

static bool is_taken(const struct binding_rules *rules, const char *name)
{
    for (size_t i = 0; rules->catalogue && i < rules->catalogue->count; i++)
        if (strcmp(rules->catalogue->rows[i]->group, name) == 0)
            return true;
    for (const char *const *w = rules->words; w && *w; w++)
        if (strcmp(*w, name) == 0)
            return true;
    return false;
}

static enum err check_file(struct reading *r, const cJSON *json)
{
    static const struct config_key keys[] = {{"name", must_name},
                                             {"description", must_description},
                                             {"workspaces", must_workspaces},
                                             {"bindings", must_bindings},
                                             {"tools", must_bindings}};
    const cJSON *bindings = json_get(json, "bindings"), *tools = json_get(json, "tools");
    const cJSON *name = json_get(json, "name");
    enum err e =
        check_keys(r, json, keys, sizeof keys / sizeof *keys,
                   "is not known; a file of bindings has name, description, workspaces and "
                   "bindings");
    if (e != ERR_OK)
        return e;
    if (!name)
        return refuse(r, "needs a \"name\" for its group");
    if (is_taken(r->rules, name->valuestring))
        return refuse_at(r, json, name, "is the name of a group or command of baton's own");
    if (!bindings == !tools)
        return refuse(r, bindings ? "has both bindings and tools, which are one thing"
                                  : "needs \"bindings\"");
    enter(r, json, bindings ? bindings : tools);
    e = check_all(r, bindings ? bindings : tools);
    leave(r);
    return e;
}

enum err binding_file_parse(const char *text, size_t n, const char *file, const char *dir,
                            const struct binding_rules *rules, struct binding_group **ret_group,
                            char **ret_why)
{
    struct reading r = {.text = text, .n = n, .file = file, .rules = rules};
    cJSON *json = NULL;
    int line = 1;
    if (!text_is_utf8(text, n)) {
        *ret_why = mem_printf("%s:1: the file is not UTF-8 text", file);
        return ERR_CONFIG;
    }
    if (json_parse_relaxed(text, n, &json, &line) != ERR_OK) {
        *ret_why = mem_printf("%s:%d: this is no JSON from here on", file, line);
        return ERR_CONFIG;
    }
    enum err e =
        cJSON_IsObject(json) ? check_file(&r, json) : refuse(&r, "must hold one object, {…}");
    if (e == ERR_OK) {
        const cJSON *bindings = json_get(json, "bindings"), *entry;
        struct binding_group *g = mem_zalloc(sizeof *g);
        bindings = bindings ? bindings : json_get(json, "tools");
        g->name = mem_strdup(json_string(json, "name", ""));
        g->description = mem_strdup(json_string(json, "description", ""));
        g->list = mem_calloc((size_t)cJSON_GetArraySize(bindings), sizeof *g->list);
        cJSON_ArrayForEach(entry, bindings) g->list[g->count++] =
            make(&r, g->name, dir, entry, json_get(json, "workspaces"));
        *ret_group = g;
    } else {
        *ret_why = r.why;
    }
    cJSON_Delete(json);
    return e;
}

/* --- memory -------------------------------------------------------------------------------------
 */

struct binding *binding_ref(struct binding *b)
{
    b->refs++;
    return b;
}

bool binding_is_for(const struct binding *b, const char *workspace)
{
    if (!b->workspaces || !*workspace)
        return true;
    for (char **pattern = b->workspaces; *pattern; pattern++)
        if (glob_match(*pattern, workspace))
            return true;
    return false;
}

static void free_words(char **words)
{
    for (char **word = words; word && *word; word++)
        free(*word);
    free(words);
}

void binding_unref(struct binding *b)
{
    if (!b || --b->refs > 0)
        return;
    free_words(b->command);
    free_words(b->workspaces);
    free(b->group);
    free(b->name);
    free(b->help);
    free(b->description);
    free(b->input);
    free(b->dir);
    patterns_destroy(b->patterns);
    cJSON_Delete(b->schema);
    free(b);
}

void binding_group_destroy(struct binding_group *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < g->count; i++)
        binding_unref(g->list[i]);
    free(g->list);
    free(g->name);
    free(g->description);
    free(g);
}

struct binding *binding_group_find(const struct binding_group *g, const char *name)
{
    for (size_t i = 0; i < g->count; i++)
        if (strcmp(g->list[i]->name, name) == 0)
            return g->list[i];
    return NULL;
}
