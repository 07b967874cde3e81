/* JSON by cJSON, with the few helpers that every room wants. Foreign text is bounded in size and
 * depth before it is parsed. Objects are owned by one thread at a time. */
#ifndef BATON_BASE_JSON_H
#define BATON_BASE_JSON_H

#include "core/base/err.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_MAX_DEPTH 64

/* Parses text[0..n), which need not end in NUL. ERR_INVALID when it is no JSON or nested deeper
 * than JSON_MAX_DEPTH. *ret_json is the caller's, to cJSON_Delete. Duplicate keys: first wins. */
enum err json_parse(const char *text, size_t n, cJSON **ret_json);

/* The same for files of people: // and block comments and trailing commas are allowed. On an error
 * *ret_line says where, from 1. */
enum err json_parse_relaxed(const char *text, size_t n, cJSON **ret_json, int *ret_line);

/* How many values a text has at most, were it parsed: each takes far more memory and time than the
 * two bytes that it may be. */
size_t json_values(const char *text, size_t n);

/* The first name that an object in there, however deep, has twice; NULL: none. Borrowed. Who reads
 * such an object takes the first, the last or all of them, as it likes. */
const char *json_twice(const cJSON *json);

char *json_print(const cJSON *json); /* compact; the caller frees with free() */

/* Members of an object; the default when absent or of another type. Strings are borrowed. */
const char *json_string(const cJSON *object, const char *key, const char *absent);
int64_t json_int(const cJSON *object, const char *key, int64_t absent);
double json_number(const cJSON *object, const char *key, double absent);
bool json_bool(const cJSON *object, const char *key, bool absent);
const cJSON *json_get(const cJSON *object, const char *key); /* NULL when absent */

/* Adds an integer that survives the trip through a double only up to 2^53, as all of ours do. */
void json_add_int(cJSON *object, const char *key, int64_t value);
/* Adds bytes as a string: what is no UTF-8 becomes U+FFFD, so the result is always valid JSON. */
void json_add_text(cJSON *object, const char *key, const char *text, size_t n);
/* Puts an array's items in the order of a member, in n log n comparisons: a number, or the one that
 * an id has behind its letters (the journal gives sh10 before sh2, people count). */
void json_sort(cJSON *array, const char *key);
/* Bytes as standard base64; the caller frees. */
char *json_base64(const void *bytes, size_t n);
/* Adds bytes as standard base64. */
void json_add_base64(cJSON *object, const char *key, const void *bytes, size_t n);
/* Decodes a base64 member into fresh memory, the caller frees. ERR_INVALID when it is none. */
enum err json_get_base64(const cJSON *object, const char *key, char **ret_bytes, size_t *ret_n);

#endif
