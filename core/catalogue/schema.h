/* JSON Schema, the part that input needs: type (also a list), properties, required,
 * additionalProperties (false unless told), enum, const, minimum, maximum, exclusive ones,
 * minLength, maxLength, pattern (POSIX extended), items, minItems, maxItems, default, description,
 * oneOf/anyOf/allOf. Other words are ignored when they begin with "x-", refused by schema_check.
 * Pure functions over JSON; any thread. */
#ifndef BATON_CATALOGUE_SCHEMA_H
#define BATON_CATALOGUE_SCHEMA_H

#include "core/base/err.h"

#include <cjson/cJSON.h>
#include <stddef.h>

/* Is the schema itself one? why gets a sentence that names the place. */
enum err schema_check(const cJSON *schema, char *why, size_t size);

/* Checks value against a schema that has passed schema_check, and fills in defaults of absent
 * properties (value is changed). ERR_INVALID: why says which field and what it should be, for
 * example `"rows" must be at most 1000, got 65535`. */
enum err schema_apply(const cJSON *schema, cJSON *value, char *why, size_t size);

#endif
