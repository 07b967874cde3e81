/* JSON helpers over cJSON. Depth is checked by our own pass first, so that the limit is the same
 * whatever the library was built with. */
#include "core/base/json.h"
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static bool too_deep(const char *text, size_t n)
{
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if (quoted) {
            if (c == '\\')
                i++;
            else if (c == '"')
                quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            if (++depth > JSON_MAX_DEPTH)
                return true;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return false;
}

size_t json_values(const char *text, size_t n)
{
    size_t values = 1;
    bool quoted = false;
    for (size_t i = 0; i < n; i++) {
        const char c = text[i];
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == ',' || c == '[' || c == '{'))
            values++;
    }
    return values;
}

/* A NUL would end the string for whoever reads it, so that a name or a text became another: as in
 * json_add_text it is U+FFFD. Gives a copy of the same length, or NULL when there is none. */
static char *without_nul(const char *text, size_t n)
{
    char *copy = NULL;
    for (size_t i = 0; i + 1 < n; i++) {
        if (text[i] != '\\')
            continue;
        if (n - i >= 6 && memcmp(text + i, "\\u0000", 6) == 0) {
            if (!copy)
                copy = mem_dup(text, n);
            memcpy(copy + i + 2, "fffd", 4);
        }
        i++; /* the character behind a backslash begins no escape */
    }
    return copy;
}

enum err json_parse(const char *text, size_t n, cJSON **ret_json)
{
    const char *end = NULL;
    if (n == 0 || too_deep(text, n))
        return ERR_INVALID;
    char *copy = without_nul(text, n);
    if (copy)
        text = copy;
    cJSON *json = cJSON_ParseWithLengthOpts(text, n, &end, 0);
    for (; json && end < text + n; end++)
        if (!strchr(" \t\r\n", *end)) {
            cJSON_Delete(json);
            json = NULL;
        }
    free(copy);
    if (!json)
        return ERR_INVALID;
    *ret_json = json;
    return ERR_OK;
}

/* Blanks comments and trailing commas in place; lengths and lines stay as they were. */
static void blank_comments(char *s, size_t n)
{
    bool quoted = false;
    size_t comma = 0;
    bool have_comma = false;
    for (size_t i = 0; i < n; i++) {
        if (quoted) {
            if (s[i] == '\\')
                i++;
            else if (s[i] == '"')
                quoted = false;
            continue;
        }
        if (s[i] == '/' && i + 1 < n && s[i + 1] == '/') {
            while (i < n && s[i] != '\n')
                s[i++] = ' ';
            continue;
        }
        if (s[i] == '/' && i + 1 < n && s[i + 1] == '*') {
            while (i < n && !(s[i] == '*' && i + 1 < n && s[i + 1] == '/')) {
                if (s[i] != '\n')
                    s[i] = ' ';
                i++;
            }
            if (i + 1 < n)
                s[i] = s[i + 1] = ' ';
            i++;
            continue;
        }
        if (s[i] == '"') {
            quoted = true;
            have_comma = false;
        } else if (s[i] == ',') {
            comma = i;
            have_comma = true;
        } else if ((s[i] == '}' || s[i] == ']') && have_comma) {
            s[comma] = ' ';
            have_comma = false;
        } else if (!strchr(" \t\r\n", s[i])) {
            have_comma = false;
        }
    }
}

enum err json_parse_relaxed(const char *text, size_t n, cJSON **ret_json, int *ret_line)
{
    char *copy = mem_strndup(text, n);
    size_t len = strlen(copy);
    const char *end = copy;
    enum err e = ERR_INVALID;
    cJSON *json = NULL;

    blank_comments(copy, len);
    if (len == n && !too_deep(copy, len))
        json = cJSON_ParseWithLengthOpts(copy, len, &end, 0);
    if (json) {
        end += strspn(end, " \t\r\n");
        if (*end) {
            cJSON_Delete(json);
            json = NULL;
        }
    }
    if (json) {
        *ret_json = json;
        e = ERR_OK;
    } else if (ret_line) {
        *ret_line = 1;
        for (const char *p = copy; end && p < end; p++)
            *ret_line += *p == '\n';
    }
    free(copy);
    return e;
}

static int by_name(const void *a, const void *b)
{
    const cJSON *const *x = a, *const *y = b;
    return strcmp((*x)->string, (*y)->string);
}

/* Of one object alone; sorted, for who sends it may send very many. */
static const char *twice_here(const cJSON *object)
{
    const size_t n = (size_t)cJSON_GetArraySize(object);
    const cJSON **all = mem_calloc(n + 1, sizeof *all), *one;
    const char *found = NULL;
    size_t i = 0;
    cJSON_ArrayForEach(one, object) all[i++] = one;
    qsort(all, n, sizeof *all, by_name);
    for (i = 1; i < n && !found; i++)
        if (strcmp(all[i - 1]->string, all[i]->string) == 0)
            found = all[i]->string;
    free(all);
    return found;
}

const char *json_twice(const cJSON *json)
{
    const cJSON *one;
    const char *found = cJSON_IsObject(json) ? twice_here(json) : NULL;
    if (cJSON_IsObject(json) || cJSON_IsArray(json))
        cJSON_ArrayForEach(one, json) if (!found) found = json_twice(one);
    return found;
}

char *json_print(const cJSON *json)
{
    char *text = cJSON_PrintUnformatted(json);
    return text ? text : mem_strdup("null");
}

const cJSON *json_get(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

const char *json_string(const cJSON *object, const char *key, const char *absent)
{
    const cJSON *item = json_get(object, key);
    return cJSON_IsString(item) ? item->valuestring : absent;
}

double json_number(const cJSON *object, const char *key, double absent)
{
    const cJSON *item = json_get(object, key);
    return cJSON_IsNumber(item) ? item->valuedouble : absent;
}

int64_t json_int(const cJSON *object, const char *key, int64_t absent)
{
    double d = json_number(object, key, (double)absent);
    return d >= -9007199254740992.0 && d <= 9007199254740992.0 ? (int64_t)d : absent;
}

bool json_bool(const cJSON *object, const char *key, bool absent)
{
    const cJSON *item = json_get(object, key);
    return cJSON_IsBool(item) ? cJSON_IsTrue(item) : absent;
}

void json_add_int(cJSON *object, const char *key, int64_t value)
{
    cJSON_AddNumberToObject(object, key, (double)value);
}

void json_add_text(cJSON *object, const char *key, const char *text, size_t n)
{
    struct buf b = {0};
    for (size_t i = 0; i < n;) {
        uint32_t c;
        char utf8[4];
        i += text_decode(text + i, n - i, &c);
        buf_append(&b, utf8, text_encode(c ? c : 0xfffd, utf8));
    }
    cJSON_AddStringToObject(object, key, b.data ? b.data : "");
    buf_finish(&b);
}

static int64_t rank(const cJSON *item, const char *key)
{
    const char *id = json_string(item, key, NULL);
    return id ? strtoll(id + strcspn(id, "0123456789"), NULL, 10) : json_int(item, key, 0);
}

/* Merges two chains by next; of equal ones the first chain's come first. */
static cJSON *merge(cJSON *a, cJSON *b, const char *key)
{
    cJSON *first = NULL, **end = &first;
    while (a && b) {
        cJSON **from = rank(b, key) < rank(a, key) ? &b : &a;
        *end = *from;
        *from = (*from)->next;
        end = &(*end)->next;
    }
    *end = a ? a : b;
    return first;
}

static cJSON *sorted(cJSON *first, size_t n, const char *key)
{
    cJSON *half = first;
    if (n < 2)
        return first;
    for (size_t i = 1; i < n / 2; i++)
        half = half->next;
    cJSON *second = half->next;
    half->next = NULL;
    return merge(sorted(first, n / 2, key), sorted(second, n - n / 2, key), key);
}

void json_sort(cJSON *array, const char *key)
{
    cJSON *first, *last;
    if (!array || !array->child)
        return;
    first = last = sorted(array->child, (size_t)cJSON_GetArraySize(array), key);
    for (; last->next; last = last->next)
        last->next->prev = last;
    first->prev = last; /* as cJSON has it: the first knows the last */
    array->child = first;
}

char *json_base64(const void *bytes, size_t n)
{
    size_t size = sodium_base64_encoded_len(n, sodium_base64_VARIANT_ORIGINAL);
    char *out = mem_zalloc(size);
    return sodium_bin2base64(out, size, bytes, n, sodium_base64_VARIANT_ORIGINAL);
}

void json_add_base64(cJSON *object, const char *key, const void *bytes, size_t n)
{
    char *text = json_base64(bytes, n);
    cJSON_AddStringToObject(object, key, text);
    free(text);
}

enum err json_get_base64(const cJSON *object, const char *key, char **ret_bytes, size_t *ret_n)
{
    const char *text = json_string(object, key, NULL);
    if (!text)
        return ERR_INVALID;
    size_t len = strlen(text), n = 0;
    char *out = mem_zalloc(len / 4 * 3 + 4);
    if (sodium_base642bin((unsigned char *)out, len / 4 * 3 + 3, text, len, NULL, &n, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0) {
        free(out);
        return ERR_INVALID;
    }
    *ret_bytes = out;
    *ret_n = n;
    return ERR_OK;
}
