/* JSON Schema, the part that input needs: type (also a list), properties, required,
 * additionalProperties (false unless told), enum, const, minimum, maximum, exclusive ones,
 * minLength, maxLength, pattern (POSIX extended), items, minItems, maxItems, default, description,
 * oneOf/anyOf/allOf. Notes ("$schema", "$id", "$comment", title, examples, format, deprecated,
 * readOnly, writeOnly) and words that begin with "x-" are ignored; others are refused by
 * schema_check, for a check that a reader relies on must not be left out silently. Pure functions
 * over JSON; any thread. */
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

/* The same for a schema that stays: its patterns are compiled once (see pattern.h). */
struct patterns;
enum err schema_apply_known(const cJSON *schema, struct patterns *patterns, cJSON *value, char *why,
                            size_t size);

#endif
