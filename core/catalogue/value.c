/* Text to JSON, by type. */
#include "core/catalogue/value.h"
#include "core/base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void flag_name(const char *property, struct buf *out)
{
    for (const char *p = property; *p; p++) {
        if (*p >= 'A' && *p <= 'Z') {
            if (p > property && p[-1] != '_')
                buf_putc(out, '-');
            buf_putc(out, (char)(*p + 32));
        } else {
            buf_putc(out, *p == '_' ? '-' : *p);
        }
    }
}

bool value_can_be(const cJSON *property, const char *type)
{
    const cJSON *types = json_get(property, "type"), *one;
    if (!types)
        return true;
    if (cJSON_IsString(types))
        return strcmp(types->valuestring, type) == 0;
    cJSON_ArrayForEach(one, types) if (cJSON_IsString(one) &&
                                       strcmp(one->valuestring, type) == 0) return true;
    return false;
}

cJSON *value_json(const char *text, const char *type)
{
    cJSON *json = NULL;
    if (json_parse(text, strlen(text), &json) != ERR_OK)
        return NULL;
    bool is = strcmp(type, "array") == 0    ? cJSON_IsArray(json)
              : strcmp(type, "object") == 0 ? cJSON_IsObject(json)
                                            : true;
    if (is)
        return json;
    cJSON_Delete(json);
    return NULL;
}

/* Whole, and small enough to be exact. */
static bool whole(double d)
{
    return d >= -9007199254740992.0 && d <= 9007199254740992.0 && (double)(int64_t)d == d;
}

/* Decimal only: strtod would also take hexadecimal, "inf" and "nan". */
static bool number_of(const char *text, double *ret_d)
{
    char *end = NULL;
    if (!text[0] || text[strspn(text, "0123456789+-.eE")] != '\0')
        return false;
    *ret_d = strtod(text, &end);
    return *end == '\0' && isfinite(*ret_d);
}

cJSON *value_from_text(const cJSON *property, const char *text, const char **ret_expects)
{
    double d;
    cJSON *json;
    if (!property)
        return cJSON_CreateString(text);
    if (!json_get(property, "type")) {
        json = json_get(property, "enum") ? NULL : value_json(text, "");
        return json ? json : cJSON_CreateString(text);
    }
    bool integer = value_can_be(property, "integer"), number = value_can_be(property, "number");
    if ((integer || number) && number_of(text, &d) && (number || whole(d)))
        return cJSON_CreateNumber(d);
    if (value_can_be(property, "boolean") &&
        (strcmp(text, "true") == 0 || strcmp(text, "false") == 0))
        return cJSON_CreateBool(text[0] == 't');
    if (value_can_be(property, "null") && strcmp(text, "null") == 0)
        return cJSON_CreateNull();
    if (value_can_be(property, "object") && (json = value_json(text, "object")))
        return json;
    if (value_can_be(property, "array") && (json = value_json(text, "array")))
        return json;
    if (value_can_be(property, "string"))
        return cJSON_CreateString(text);
    *ret_expects = number                              ? "a number"
                   : integer                           ? "a whole number"
                   : value_can_be(property, "boolean") ? "true or false"
                   : value_can_be(property, "object")  ? "JSON, an object"
                   : value_can_be(property, "array")   ? "JSON, a list"
                                                       : "null";
    return NULL;
}

bool value_is_map(const cJSON *property)
{
    const cJSON *more = json_get(property, "additionalProperties");
    return json_get(property, "type") && value_can_be(property, "object") &&
           !value_can_be(property, "string") && (cJSON_IsObject(more) || cJSON_IsTrue(more));
}

bool value_add_pair(cJSON *input, const cJSON *property, const char *text, const char **ret_expects)
{
    const cJSON *more = json_get(property, "additionalProperties");
    const char *equals = strchr(text, '=');
    cJSON *map = cJSON_GetObjectItemCaseSensitive(input, property->string);
    if (!equals || equals == text) {
        *ret_expects = "KEY=VALUE";
        return false;
    }
    cJSON *value = value_from_text(cJSON_IsObject(more) ? more : NULL, equals + 1, ret_expects);
    if (!value)
        return false;
    if (!cJSON_IsObject(map)) {
        cJSON_DeleteItemFromObjectCaseSensitive(input, property->string);
        map = cJSON_AddObjectToObject(input, property->string);
    }
    char *key = mem_strndup(text, (size_t)(equals - text));
    cJSON_DeleteItemFromObjectCaseSensitive(map, key);
    cJSON_AddItemToObject(map, key, value);
    free(key);
    return true;
}
