/* Words to an input. One pass; every word is a flag of the schema, one of ours, one of the caller's
 * others, or too much. */
#include "core/binding/words.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/catalogue/schema.h"
#include "core/catalogue/value.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parse {
    const struct binding_reader *reader;
    const cJSON *properties;
    struct binding_line *line;
    bool help; /* it is asked for somewhere */
    char *why;
    size_t size;
};

__attribute__((format(printf, 3, 4))) static enum err say(char *why, size_t size,
                                                          const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(why, size, format, ap);
    va_end(ap);
    return ERR_USAGE;
}

static void flag_of(const char *property, struct buf *out)
{
    buf_clear(out);
    flag_name(property, out);
}

/* The property whose flag is name[0..n), or NULL. */
static const cJSON *find(const cJSON *properties, const char *name, size_t n)
{
    const cJSON *one;
    struct buf flag = {0};
    cJSON_ArrayForEach(one, properties)
    {
        flag_of(one->string, &flag);
        if (flag.len == n && memcmp(flag.data, name, n) == 0)
            break;
    }
    buf_finish(&flag);
    return one;
}

static bool is_boolean(const cJSON *property)
{
    return strcmp(json_string(property, "type", ""), "boolean") == 0;
}

/* Is the word a flag that this command has? A value may well begin with dashes (a patch, SQL), so a
 * value is missing only before one of these. */
static bool is_flag(const struct parse *p, const char *word)
{
    static const char *const own[] = {"json", "json-file", "help"};
    const char *name = word + 2;
    if (strncmp(word, "--", 2) != 0)
        return false;
    const size_t n = strcspn(name, "=");
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strlen(own[i]) == n && memcmp(own[i], name, n) == 0)
            return true;
    const cJSON *negated = n > 3 && memcmp(name, "no-", 3) == 0 && !name[n]
                               ? find(p->properties, name + 3, n - 3)
                               : NULL;
    return find(p->properties, name, n) || (negated && is_boolean(negated));
}

/* --- values -------------------------------------------------------------------------------------
 */

static const char *expected(const char *expects, const char *text)
{
    const bool digits = text[0] && text[strspn(text, "0123456789+-.eE")] == '\0';
    return strcmp(expects, "a whole number") == 0 && !digits ? "a number" : expects;
}

static enum err put(struct parse *p, const cJSON *property, const char *flag, const char *text)
{
    const char *expects = "a text";
    char safe[96];
    cJSON *value = NULL, *input = p->line->input;
    cJSON *old = cJSON_GetObjectItemCaseSensitive(input, property->string);
    const bool list = json_get(property, "type") && value_can_be(property, "array");
    if (!text_is_utf8(text, strlen(text)))
        return say(p->why, p->size, "Flag --%s is not UTF-8 text", flag);
    if (list && text[0] == '[' && (value = value_json(text, "array"))) {
        /* the whole list as JSON */
    } else if (list) {
        cJSON *item = value_from_text(json_get(property, "items"), text, &expects);
        if (item && !cJSON_IsArray(old)) {
            cJSON_DeleteItemFromObjectCaseSensitive(input, property->string);
            old = cJSON_AddArrayToObject(input, property->string);
        }
        if (item) {
            cJSON_AddItemToArray(old, item);
            return ERR_OK;
        }
    } else if (value_is_map(property) && text[0] != '{') {
        if (value_add_pair(input, property, text, &expects))
            return ERR_OK;
    } else {
        value = value_from_text(property, text, &expects);
    }
    if (!value) {
        text_make_safe(safe, sizeof safe, text, strlen(text));
        return say(p->why, p->size, "Flag --%s expects %s, got \"%s\"", flag,
                   expected(expects, text), safe);
    }
    cJSON_DeleteItemFromObjectCaseSensitive(input, property->string);
    cJSON_AddItemToObject(input, property->string, value);
    return ERR_OK;
}

static void put_switch(struct parse *p, const cJSON *property, bool on)
{
    cJSON_DeleteItemFromObjectCaseSensitive(p->line->input, property->string);
    cJSON_AddBoolToObject(p->line->input, property->string, on);
}

/* --- words --------------------------------------------------------------------------------------
 */

static enum err own_flag(struct parse *p, const char *name, const char *value, int argc,
                         char **argv, int i, int *used)
{
    const bool file = strcmp(name, "json-file") == 0;
    const bool there = value || (i + 1 < argc && !is_flag(p, argv[i + 1]));
    const bool object = there && !value && argv[i + 1][strspn(argv[i + 1], " \t\r\n")] == '{';
    if (!file && !value && (p->help || p->reader->json_alone) && !object) {
        p->line->json = true;
        return ERR_OK;
    }
    if (!there)
        return say(p->why, p->size, "Flag --%s requires a value", name);
    if (p->line->whole || p->line->file)
        return say(p->why, p->size, "The whole input is given twice");
    *(file ? &p->line->file : &p->line->whole) = value ? value : argv[i + 1];
    *used = value ? 1 : 2;
    return ERR_OK;
}

static enum err switch_flag(struct parse *p, const cJSON *property, const char *flag,
                            const char *value, const char *next, int *used)
{
    const bool word = !value && next && (strcmp(next, "true") == 0 || strcmp(next, "false") == 0);
    if (value)
        return put(p, property, flag, value);
    put_switch(p, property, !word || next[0] == 't');
    *used = word ? 2 : 1;
    return ERR_OK;
}

static enum err unknown(struct parse *p, const char *word)
{
    char safe[96];
    text_make_safe(safe, sizeof safe, word, strcspn(word, "="));
    return say(p->why, p->size, "Unknown flag: %s", safe);
}

static enum err long_flag(struct parse *p, int argc, char **argv, int i, int *used)
{
    const char *word = argv[i] + 2, *equals = strchr(word, '=');
    const char *value = equals ? equals + 1 : NULL, *next = i + 1 < argc ? argv[i + 1] : NULL;
    const size_t n = equals ? (size_t)(equals - word) : strlen(word);
    char *name = mem_strndup(word, n);
    const cJSON *property = find(p->properties, word, n);
    enum err e = ERR_OK;
    if (strcmp(name, "json") == 0 || strcmp(name, "json-file") == 0) {
        e = own_flag(p, name, value, argc, argv, i, used);
    } else if (strcmp(name, "help") == 0) {
        p->line->help = true;
    } else if (property && is_boolean(property)) {
        e = switch_flag(p, property, name, value, next, used);
    } else if (property && !value && (!next || is_flag(p, next))) {
        e = say(p->why, p->size, "Flag --%s requires a value", name);
    } else if (property) {
        e = put(p, property, name, value ? value : next);
        *used = value ? 1 : 2;
    } else if (!value && strncmp(name, "no-", 3) == 0 &&
               (property = find(p->properties, word + 3, n - 3)) && is_boolean(property)) {
        put_switch(p, property, false);
    } else {
        e = unknown(p, argv[i]);
    }
    free(name);
    return e;
}

static enum err one_word(struct parse *p, int argc, char **argv, int i, int *used)
{
    const char *word = argv[i];
    char safe[96];
    *used = 1;
    if (strcmp(word, "-h") == 0) {
        p->line->help = true;
        return ERR_OK;
    }
    if (strncmp(word, "--", 2) == 0 && word[2] && is_flag(p, word))
        return long_flag(p, argc, argv, i, used);
    if (word[0] == '-' && word[1] && p->reader->other) {
        *used = p->reader->other(p->reader->data, argc, argv, i, p->why, p->size);
        if (*used != 0)
            return *used < 0 ? ERR_USAGE : ERR_OK;
        *used = 1;
    }
    if (strncmp(word, "--", 2) == 0 && word[2])
        return unknown(p, word);
    if (word[0] == '-' && word[1] && strcmp(word, "--") != 0 && !strchr("0123456789.", word[1]))
        return unknown(p, word);
    text_make_safe(safe, sizeof safe, word, strlen(word));
    return say(p->why, p->size, "Unexpected positional argument: \"%s\"", safe);
}

static bool asks_help(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

enum err binding_line_parse(const struct binding_reader *reader, int argc, char **argv,
                            struct binding_line *ret_line, char *why, size_t size)
{
    struct binding_line line = {.input = cJSON_CreateObject()};
    struct parse p = {.reader = reader,
                      .properties = json_get(reader->schema, "properties"),
                      .line = &line,
                      .help = asks_help(argc, argv),
                      .why = why,
                      .size = size};
    enum err e = ERR_OK;
    for (int i = 0, used; e == ERR_OK && i < argc; i += used)
        e = one_word(&p, argc, argv, i, &used);
    if (e == ERR_OK)
        *ret_line = line;
    else
        binding_line_finish(&line);
    return e;
}

void binding_line_finish(struct binding_line *line)
{
    cJSON_Delete(line->input);
    line->input = NULL;
}

enum err binding_line_whole(struct binding_line *line, const char *name, const char *text, size_t n,
                            char *why, size_t size)
{
    cJSON *whole = NULL;
    if (!text_is_utf8(text, n) || json_parse(text, n, &whole) != ERR_OK || !cJSON_IsObject(whole)) {
        cJSON_Delete(whole);
        return say(why, size, "%s expects JSON, an object such as {\"key\": \"value\"}", name);
    }
    while (whole->child) {
        cJSON *member = cJSON_DetachItemViaPointer(whole, whole->child);
        if (json_get(line->input, member->string))
            cJSON_Delete(member);
        else
            cJSON_AddItemToObject(line->input, member->string, member);
    }
    cJSON_Delete(whole);
    return ERR_OK;
}

/* --- the check ----------------------------------------------------------------------------------
 */

static const char *missing(const struct binding_line *line, const cJSON *schema)
{
    const cJSON *one, *properties = json_get(schema, "properties");
    cJSON_ArrayForEach(one, json_get(schema, "required"))
    {
        if (!json_get(line->input, one->valuestring) &&
            !json_get(json_get(properties, one->valuestring), "default"))
            return one->valuestring;
    }
    return NULL;
}

bool binding_line_misses(const struct binding_line *line, const cJSON *schema)
{
    return missing(line, schema) != NULL;
}

/* `"rows" must be …` becomes `Flag --rows must be …`; a place within a value stays, behind it. */
static void speak_of_flags(const cJSON *schema, const char *said, char *why, size_t size)
{
    const char *close = said[0] == '"' ? strchr(said + 1, '"') : NULL;
    const size_t n = close ? strcspn(said + 1, ".[\"") : 0;
    char *name = mem_strndup(said + (n ? 1 : 0), n);
    const cJSON *property = n ? json_get(json_get(schema, "properties"), name) : NULL;
    struct buf flag = {0};
    if (property) {
        flag_of(name, &flag);
        if (said + 1 + n == close)
            say(why, size, "Flag --%s%s", flag.data, close + 1);
        else
            say(why, size, "Flag --%s: %s", flag.data, said);
    } else {
        say(why, size, "%s", said);
    }
    buf_finish(&flag);
    free(name);
}

enum err binding_line_check(const struct binding_line *line, const cJSON *schema, char *why,
                            size_t size)
{
    char said[512] = "";
    const char *name = missing(line, schema);
    if (name) {
        struct buf flag = {0};
        flag_of(name, &flag);
        say(why, size, "Missing required flag: --%s", flag.data);
        buf_finish(&flag);
        return ERR_USAGE;
    }
    cJSON *copy = cJSON_Duplicate(line->input, true);
    const enum err e = schema_apply(schema, copy, said, sizeof said);
    cJSON_Delete(copy);
    if (e == ERR_OK)
        return ERR_OK;
    speak_of_flags(schema, said, why, size);
    return ERR_USAGE;
}

void binding_unknown(const char *group, const char *name, const cJSON *bindings, char *why,
                     size_t size)
{
    struct buf names = {0};
    char safe[64], safe_group[64];
    const cJSON *one;
    cJSON_ArrayForEach(one, bindings) if (names.len < 600)
        buf_printf(&names, "%s%s", names.len ? ", " : "", json_string(one, "name", ""));
    text_make_safe(safe, sizeof safe, name, strlen(name));
    text_make_safe(safe_group, sizeof safe_group, group, strlen(group));
    say(why, size, "No tool \"%s\" in toolkit \"%s\". Available: %s", safe, safe_group,
        names.data ? names.data : "none");
    buf_finish(&names);
}
