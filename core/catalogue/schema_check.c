/* Is a schema one that schema_apply understands? A table of words, each with what it must be. After
 * this check schema.c may rely on every word's type. */
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/catalogue/pattern.h"
#include "core/catalogue/schema.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define MAX_DEPTH 32
#define MAX_ENUM  256

struct place {
    const struct place *up; /* NULL at the root */
    const char *word;
    int depth;
    char *why;
    size_t size;
};

static void place_put(const struct place *at, struct buf *out)
{
    char safe[128];
    if (!at->up)
        return;
    place_put(at->up, out);
    text_make_safe(safe, sizeof safe, at->word, strlen(at->word));
    buf_printf(out, "%s%s", out->len ? "." : "", safe);
}

static enum err wrong(const struct place *at, const char *says)
{
    struct buf path = {0};
    place_put(at, &path);
    if (at->size)
        snprintf(at->why, at->size, "%s: %s", path.len ? path.data : "the schema", says);
    buf_finish(&path);
    return ERR_INVALID;
}

static enum err check(const struct place *at, const cJSON *schema);

static struct place below(const struct place *at, const char *word)
{
    return (struct place){
        .up = at, .word = word, .depth = at->depth + 1, .why = at->why, .size = at->size};
}

static bool type_known(const cJSON *name)
{
    static const char *const names[] = {"string", "number", "integer", "boolean",
                                        "array",  "object", "null"};
    for (size_t i = 0; cJSON_IsString(name) && i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name->valuestring) == 0)
            return true;
    return false;
}

static enum err word_type(const struct place *at, const cJSON *value)
{
    const cJSON *one;
    bool ok = cJSON_IsArray(value) ? cJSON_GetArraySize(value) > 0 : type_known(value);
    if (cJSON_IsArray(value))
        cJSON_ArrayForEach(one, value) ok = ok && type_known(one);
    return ok ? ERR_OK
              : wrong(at, "must be string, number, integer, boolean, array, object, null, or a "
                          "list of them");
}

static enum err word_schema(const struct place *at, const cJSON *value)
{
    return check(at, value);
}

static enum err word_schema_or_bool(const struct place *at, const cJSON *value)
{
    return cJSON_IsBool(value) ? ERR_OK : check(at, value);
}

static enum err word_schemas(const struct place *at, const cJSON *value)
{
    const cJSON *one;
    int i = 0;
    if (!cJSON_IsArray(value) || cJSON_GetArraySize(value) == 0)
        return wrong(at, "must be a list of schemas, not empty");
    cJSON_ArrayForEach(one, value)
    {
        char index[16];
        snprintf(index, sizeof index, "%d", i++);
        struct place sub = below(at, index);
        enum err e = check(&sub, one);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

static enum err word_properties(const struct place *at, const cJSON *value)
{
    const cJSON *one;
    if (!cJSON_IsObject(value))
        return wrong(at, "must be an object of schemas");
    cJSON_ArrayForEach(one, value)
    {
        struct place sub = below(at, one->string);
        enum err e = check(&sub, one);
        if (e == ERR_OK && json_get(value, one->string) != one)
            e = wrong(&sub, "is there twice");
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

static enum err word_names(const struct place *at, const cJSON *value)
{
    const cJSON *one;
    bool ok = cJSON_IsArray(value);
    if (ok)
        cJSON_ArrayForEach(one, value) ok = ok && cJSON_IsString(one);
    return ok ? ERR_OK : wrong(at, "must be a list of names");
}

static enum err word_number(const struct place *at, const cJSON *value)
{
    return cJSON_IsNumber(value) && isfinite(value->valuedouble) ? ERR_OK
                                                                 : wrong(at, "must be a number");
}

static enum err word_count(const struct place *at, const cJSON *value)
{
    bool ok = cJSON_IsNumber(value) && value->valuedouble >= 0 && value->valuedouble < 1e9 &&
              (double)(int64_t)value->valuedouble == value->valuedouble;
    return ok ? ERR_OK : wrong(at, "must be a whole number, 0 or more");
}

static enum err word_enum(const struct place *at, const cJSON *value)
{
    int n = cJSON_IsArray(value) ? cJSON_GetArraySize(value) : 0;
    return n > 0 && n <= MAX_ENUM ? ERR_OK : wrong(at, "must be a list of 1 to 256 values");
}

static enum err word_pattern(const struct place *at, const cJSON *value)
{
    char why[160];
    if (!cJSON_IsString(value))
        return wrong(at, "must be a regular expression");
    return pattern_check(value->valuestring, why, sizeof why) == ERR_OK ? ERR_OK : wrong(at, why);
}

static enum err word_text(const struct place *at, const cJSON *value)
{
    return cJSON_IsString(value) ? ERR_OK : wrong(at, "must be a text");
}

static enum err word_anything(const struct place *at, const cJSON *value)
{
    (void)at;
    (void)value;
    return ERR_OK;
}

static const struct word {
    const char *name;
    enum err (*check)(const struct place *at, const cJSON *value);
} words[] = {
    {"type", word_type},
    {"properties", word_properties},
    {"required", word_names},
    {"additionalProperties", word_schema_or_bool},
    {"enum", word_enum},
    {"const", word_anything},
    {"minimum", word_number},
    {"maximum", word_number},
    {"exclusiveMinimum", word_number},
    {"exclusiveMaximum", word_number},
    {"minLength", word_count},
    {"maxLength", word_count},
    {"pattern", word_pattern},
    {"items", word_schema},
    {"minItems", word_count},
    {"maxItems", word_count},
    {"default", word_anything},
    {"description", word_text},
    {"oneOf", word_schemas},
    {"anyOf", word_schemas},
    {"allOf", word_schemas},
    /* notes */
    {"$schema", word_anything},
    {"$id", word_anything},
    {"$comment", word_anything},
    {"title", word_text},
    {"examples", word_anything},
    {"format", word_anything},
    {"deprecated", word_anything},
    {"readOnly", word_anything},
    {"writeOnly", word_anything},
    /* ours, beside all that begins with x- */
    {"x-positional", word_names},
    {"x-columns", word_names},
    {"x-rest", word_text},
    {"x-value", word_text},
    {"x-expects", word_text},
    {"x-sentence", word_text},
    {"x-raw", word_text},
    {"x-text", word_text},
    {"x-unit", word_text},
};

static const struct word *word_find(const char *name)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].name, name) == 0)
            return &words[i];
    return NULL;
}

/* The words that speak of other properties of the same schema. */
static enum err check_references(const struct place *at, const cJSON *schema)
{
    const cJSON *properties = json_get(schema, "properties"), *one;
    const cJSON *positional = json_get(schema, "x-positional");
    const char *rest = json_string(schema, "x-rest", NULL);
    struct place sub;

    cJSON_ArrayForEach(one, positional)
    {
        sub = below(at, "x-positional");
        if (!json_get(properties, one->valuestring))
            return wrong(&sub, "names something that is no property");
        if (one->next &&
            strcmp(json_string(json_get(properties, one->valuestring), "type", ""), "array") == 0)
            return wrong(&sub, "a list takes all arguments, so it comes last");
    }
    sub = below(at, "x-rest");
    if (rest && strcmp(json_string(json_get(properties, rest), "type", ""), "array") != 0)
        return wrong(&sub, "must name a property of type array");
    return ERR_OK;
}

static enum err check(const struct place *at, const cJSON *schema)
{
    const cJSON *one;
    enum err e = ERR_OK;
    if (!cJSON_IsObject(schema))
        return wrong(at, "must be an object");
    if (at->depth > MAX_DEPTH)
        return wrong(at, "is nested too deep");
    cJSON_ArrayForEach(one, schema)
    {
        const struct word *word = word_find(one->string);
        struct place sub = below(at, one->string);
        if (json_get(schema, one->string) != one)
            e = wrong(&sub, "is there twice");
        else if (word)
            e = word->check(&sub, one);
        else if (strncmp(one->string, "x-", 2) != 0)
            e = wrong(&sub, "is a word that is not understood");
        if (e != ERR_OK)
            return e;
    }
    return check_references(at, schema);
}

enum err schema_check(const cJSON *schema, char *why, size_t size)
{
    const struct place root = {.why = why, .size = size};
    return check(&root, schema);
}
