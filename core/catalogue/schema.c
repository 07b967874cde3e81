/* Checks values against schemas, and schemas themselves.
 *
 * Both walk the two trees side by side. Where a walk stands is a chain of steps on the C stack, so
 * that a sentence can name the place without any bookkeeping in between. Alternatives (oneOf,
 * anyOf) are first tried without touching the value; only the branch that fits fills in its
 * defaults, and that keeps the work of nested alternatives within the square of their depth. */
#include "core/catalogue/schema.h"
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/nearest.h"
#include "core/base/text.h"
#include "core/catalogue/pattern.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH  32
#define MAX_EXACT  9007199254740992.0 /* 2^53: whole numbers up to here are exact */
#define SHOWN_MOST 60                 /* bytes of a value that a sentence repeats */

struct step {
    const struct step *up; /* NULL at the root */
    const char *key;       /* NULL: a list's item */
    int index;
    int depth;
};

struct walk {
    char *why;
    size_t size;
    bool fill;
    struct patterns *patterns; /* NULL: compile each anew */
};

/* Appends `limits.history` or `command[2]`; nothing for the root. */
static void path_put(const struct step *at, struct buf *out)
{
    char safe[128];
    if (!at || !at->up)
        return;
    path_put(at->up, out);
    if (!at->key) {
        buf_printf(out, "[%d]", at->index);
        return;
    }
    text_make_safe(safe, sizeof safe, at->key, strlen(at->key));
    buf_printf(out, "%s%s", out->len ? "." : "", safe);
}

__attribute__((format(printf, 3, 4))) static enum err
fail(const struct walk *w, const struct step *at, const char *format, ...)
{
    struct buf path = {0}, text = {0};
    va_list ap;
    path_put(at, &path);
    va_start(ap, format);
    buf_vprintf(&text, format, ap);
    va_end(ap);
    if (w->size) {
        if (path.len)
            snprintf(w->why, w->size, "\"%s\" %s", path.data, text.data);
        else
            snprintf(w->why, w->size, "the input %s", text.data);
    }
    buf_finish(&path);
    buf_finish(&text);
    return ERR_INVALID;
}

static bool whole(double d)
{
    return d >= -MAX_EXACT && d <= MAX_EXACT && (double)(int64_t)d == d;
}

/* A value as a sentence shows it. */
static const char *shown(const cJSON *value, char out[SHOWN_MOST + 8])
{
    if (cJSON_IsString(value)) {
        char safe[SHOWN_MOST];
        size_t n =
            text_make_safe(safe, sizeof safe, value->valuestring, strlen(value->valuestring));
        snprintf(out, SHOWN_MOST + 8, "\"%s\"%s", safe, strlen(value->valuestring) > n ? "…" : "");
    } else if (cJSON_IsNumber(value)) {
        snprintf(out, SHOWN_MOST + 8, whole(value->valuedouble) ? "%.0f" : "%g",
                 value->valuedouble);
    } else {
        snprintf(out, SHOWN_MOST + 8, "%s",
                 cJSON_IsTrue(value)     ? "true"
                 : cJSON_IsFalse(value)  ? "false"
                 : cJSON_IsNull(value)   ? "null"
                 : cJSON_IsArray(value)  ? "a list"
                 : cJSON_IsObject(value) ? "an object"
                                         : "nothing");
    }
    return out;
}

/* --- types ----------------------------------------------------------------------------------- */

static bool is_string(const cJSON *v)
{
    return cJSON_IsString(v);
}
static bool is_number(const cJSON *v)
{
    return cJSON_IsNumber(v) && isfinite(v->valuedouble);
}
static bool is_integer(const cJSON *v)
{
    return cJSON_IsNumber(v) && whole(v->valuedouble);
}
static bool is_boolean(const cJSON *v)
{
    return cJSON_IsBool(v);
}
static bool is_array(const cJSON *v)
{
    return cJSON_IsArray(v);
}
static bool is_object(const cJSON *v)
{
    return cJSON_IsObject(v);
}
static bool is_null(const cJSON *v)
{
    return cJSON_IsNull(v);
}

static const struct type {
    const char *name, *called;
    bool (*is)(const cJSON *v);
} types[] = {
    {"string", "a text", is_string},
    {"number", "a number", is_number},
    {"integer", "a whole number", is_integer},
    {"boolean", "true or false", is_boolean},
    {"array", "a list", is_array},
    {"object", "an object", is_object},
    {"null", "null", is_null},
};

static const struct type *type_of(const cJSON *name)
{
    for (size_t i = 0; cJSON_IsString(name) && i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, name->valuestring) == 0)
            return &types[i];
    return NULL;
}

static enum err apply_type(const struct walk *w, const cJSON *type, const cJSON *value,
                           const struct step *at)
{
    struct buf names = {0};
    char got[SHOWN_MOST + 8];
    bool fits = false;
    const cJSON *one;

    if (cJSON_IsString(type)) {
        fits = type_of(type)->is(value);
        buf_puts(&names, type_of(type)->called);
    } else {
        cJSON_ArrayForEach(one, type)
        {
            fits = fits || type_of(one)->is(value);
            buf_printf(&names, "%s%s", names.len ? " or " : "", type_of(one)->called);
        }
    }
    enum err e = fits ? ERR_OK
                      : fail(w, at, "must be %s, got %s", names.data ? names.data : "nothing",
                             shown(value, got));
    buf_finish(&names);
    return e;
}

/* --- the words, one function each --------------------------------------------------------------
 */

static enum err apply(const struct walk *w, const cJSON *schema, cJSON *value,
                      const struct step *at);

static enum err apply_enum(const struct walk *w, const cJSON *list, const cJSON *value,
                           const struct step *at)
{
    struct buf names = {0};
    char text[SHOWN_MOST + 8];
    const cJSON *one;
    cJSON_ArrayForEach(one, list)
    {
        if (cJSON_Compare(one, value, true)) {
            buf_finish(&names);
            return ERR_OK;
        }
        if (names.len < 400)
            buf_printf(&names, "%s%s", names.len ? ", " : "",
                       cJSON_IsString(one) ? one->valuestring : shown(one, text));
    }
    enum err e = fail(w, at, "must be one of %s, got %s", names.data ? names.data : "nothing",
                      shown(value, text));
    buf_finish(&names);
    return e;
}

static const char *plural(double n, const char *word, char out[64])
{
    snprintf(out, 64, "%.0f %s%s", n, word, n == 1 ? "" : "s");
    return out;
}

static enum err apply_number(const struct walk *w, const cJSON *schema, const cJSON *value,
                             const struct step *at)
{
    static const struct bound {
        const char *word, *says;
        int sign; /* +1: value must not be below, -1: not above */
        bool open;
    } bounds[] = {
        {"minimum", "at least", 1, false},
        {"exclusiveMinimum", "more than", 1, true},
        {"maximum", "at most", -1, false},
        {"exclusiveMaximum", "less than", -1, true},
    };
    char got[SHOWN_MOST + 8], limit[SHOWN_MOST + 8];
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        const cJSON *b = json_get(schema, bounds[i].word);
        if (!b)
            continue;
        double beyond = (value->valuedouble - b->valuedouble) * bounds[i].sign;
        if (beyond < 0 || (bounds[i].open && beyond == 0))
            return fail(w, at, "must be %s %s, got %s", bounds[i].says, shown(b, limit),
                        shown(value, got));
    }
    return ERR_OK;
}

static enum err apply_string(const struct walk *w, const cJSON *schema, const cJSON *value,
                             const struct step *at)
{
    const char *text = value->valuestring, *expects = json_string(schema, "x-expects", NULL);
    const cJSON *least = json_get(schema, "minLength"), *most = json_get(schema, "maxLength");
    const cJSON *pattern = json_get(schema, "pattern");
    char need[64], got[SHOWN_MOST + 8];
    double n = 0;

    for (const char *p = text; *p; p++)
        n += ((unsigned char)*p & 0xc0) != 0x80;
    if (least && n < least->valuedouble && n == 0)
        return fail(w, at, "must not be empty");
    if (least && n < least->valuedouble)
        return fail(w, at, "must have at least %s, has %.0f",
                    plural(least->valuedouble, "character", need), n);
    if (most && n > most->valuedouble)
        return fail(w, at, "must have at most %s, has %.0f",
                    plural(most->valuedouble, "character", need), n);
    if (!pattern)
        return ERR_OK;
    if (strlen(text) > PATTERN_TEXT_MAX)
        return fail(w, at, "is too long: at most %u bytes can be checked against a pattern",
                    PATTERN_TEXT_MAX);
    bool matches = w->patterns ? patterns_match(w->patterns, pattern->valuestring, text)
                               : pattern_match(pattern->valuestring, text);
    if (!matches)
        return expects
                   ? fail(w, at, "must be %s, got %s", expects, shown(value, got))
                   : fail(w, at, "must match %s, got %s", pattern->valuestring, shown(value, got));
    return ERR_OK;
}

static enum err apply_array(const struct walk *w, const cJSON *schema, cJSON *value,
                            const struct step *at)
{
    const cJSON *least = json_get(schema, "minItems"), *most = json_get(schema, "maxItems");
    const cJSON *items = json_get(schema, "items");
    int n = cJSON_GetArraySize(value);
    char need[64];
    cJSON *one;

    if (least && n < least->valuedouble)
        return fail(w, at, "must have at least %s, has %d",
                    plural(least->valuedouble, "item", need), n);
    if (most && n > most->valuedouble)
        return fail(w, at, "must have at most %s, has %d", plural(most->valuedouble, "item", need),
                    n);
    struct step step = {.up = at, .depth = at->depth + 1};
    cJSON_ArrayForEach(one, value)
    {
        enum err e = items ? apply(w, items, one, &step) : ERR_OK;
        if (e != ERR_OK)
            return e;
        step.index++;
    }
    return ERR_OK;
}

static enum err unknown_key(const struct walk *w, const cJSON *properties, const struct step *at)
{
    struct nearest near;
    char names[256];
    const cJSON *p;
    nearest_begin(&near, at->key);
    cJSON_ArrayForEach(p, properties) nearest_offer(&near, p->string);
    nearest_list(&near, names, sizeof names);
    return names[0] ? fail(w, at, "is not known here; near to it: %s", names)
                    : fail(w, at, "is not known here");
}

static enum err apply_object(const struct walk *w, const cJSON *schema, cJSON *value,
                             const struct step *at)
{
    const cJSON *properties = json_get(schema, "properties"), *required, *key, *p;
    const cJSON *additional = json_get(schema, "additionalProperties");
    /* A branch of an alternative that only requires something leaves the rest to its parent. */
    bool closed = additional ? !cJSON_IsTrue(additional) : properties || json_get(schema, "type");
    cJSON *member;

    cJSON_ArrayForEach(p, properties)
    {
        const cJSON *preset = json_get(p, "default");
        if (w->fill && preset && !json_get(value, p->string))
            cJSON_AddItemToObject(value, p->string, cJSON_Duplicate(preset, true));
    }
    required = json_get(schema, "required");
    cJSON_ArrayForEach(key, required)
    {
        struct step step = {.up = at, .key = key->valuestring, .depth = at->depth + 1};
        if (!json_get(value, key->valuestring) &&
            !json_get(json_get(properties, key->valuestring), "default"))
            return fail(w, &step, "is missing");
    }
    cJSON_ArrayForEach(member, value)
    {
        struct step step = {.up = at, .key = member->string, .depth = at->depth + 1};
        const cJSON *sub = json_get(properties, member->string);
        enum err e = ERR_OK;
        if (!sub && cJSON_IsObject(additional))
            sub = additional;
        if (sub)
            e = apply(w, sub, member, &step);
        else if (closed)
            e = unknown_key(w, properties, &step);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

/* oneOf, anyOf: the branch that fits is applied; when none does, the sentence of the only branch,
 * or one that says that none fits. */
static enum err apply_choice(const struct walk *w, const cJSON *list, bool only_one, cJSON *value,
                             const struct step *at)
{
    struct walk dry = {.why = w->why, .size = w->size, .fill = false};
    const cJSON *branch, *fits = NULL;
    int count = 0;
    cJSON_ArrayForEach(branch, list)
    {
        if (apply(&dry, branch, value, at) != ERR_OK)
            continue;
        fits = fits ? fits : branch;
        count++;
        if (!only_one)
            break;
    }
    if (count > 1)
        return fail(w, at, "fits several of the forms that exclude each other");
    if (fits)
        return w->fill ? apply(w, fits, value, at) : ERR_OK;
    if (cJSON_GetArraySize(list) == 1)
        return ERR_INVALID; /* why has the branch's sentence */
    return fail(w, at, "has none of the allowed forms");
}

static enum err apply(const struct walk *w, const cJSON *schema, cJSON *value,
                      const struct step *at)
{
    const cJSON *word, *branch;
    enum err e = ERR_OK;
    char text[SHOWN_MOST + 8], got[SHOWN_MOST + 8];

    if (at->depth > MAX_DEPTH)
        return fail(w, at, "is nested too deep");
    if ((word = json_get(schema, "type")))
        e = apply_type(w, word, value, at);
    if (e == ERR_OK && (word = json_get(schema, "enum")))
        e = apply_enum(w, word, value, at);
    if (e == ERR_OK && (word = json_get(schema, "const")) && !cJSON_Compare(word, value, true))
        e = fail(w, at, "must be %s, got %s", shown(word, text), shown(value, got));
    if (e == ERR_OK && cJSON_IsNumber(value))
        e = apply_number(w, schema, value, at);
    if (e == ERR_OK && cJSON_IsString(value))
        e = apply_string(w, schema, value, at);
    if (e == ERR_OK && cJSON_IsArray(value))
        e = apply_array(w, schema, value, at);
    if (e == ERR_OK && cJSON_IsObject(value))
        e = apply_object(w, schema, value, at);
    if (e == ERR_OK && (word = json_get(schema, "allOf")))
        cJSON_ArrayForEach(branch, word) if (e == ERR_OK) e = apply(w, branch, value, at);
    if (e == ERR_OK && (word = json_get(schema, "anyOf")))
        e = apply_choice(w, word, false, value, at);
    if (e == ERR_OK && (word = json_get(schema, "oneOf")))
        e = apply_choice(w, word, true, value, at);
    return e;
}

enum err schema_apply_known(const cJSON *schema, struct patterns *patterns, cJSON *value, char *why,
                            size_t size)
{
    const struct walk w = {.why = why, .size = size, .fill = true, .patterns = patterns};
    const struct step root = {0};
    return apply(&w, schema, value, &root);
}

enum err schema_apply(const cJSON *schema, cJSON *value, char *why, size_t size)
{
    return schema_apply_known(schema, NULL, value, why, size);
}
