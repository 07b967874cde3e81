/* A result as a person reads it, by its output schema alone: a sentence, `key: value` lines or a
 * table. All that came over the wire is made safe for a terminal here; only render_raw is not.
 * Pure, any thread.
 *
 * x-sentence holds places: {name} is that property's value; {name?if so|if not} chooses by whether
 * it is true, or there and not empty: "{created?Opened|Found} {key}." */
#ifndef BATON_CLI_RENDER_H
#define BATON_CLI_RENDER_H

#include "core/base/buf.h"
#include "core/base/json.h"

/* x-text names a string that is shown alone, line by line, when the result has it.
 *
 * Appends the result, lines ended by '\n'. columns: what a table must fit into; 0: any width. */
void render_result(const cJSON *schema, const cJSON *result, int columns, struct buf *out);

/* The bytes of the property that schema's `word` (x-raw, x-raw-error) names, decoded when the
 * result says encoding base64. False when the schema has no such word. Untrusted bytes, as they
 * are. */
bool render_raw(const cJSON *schema, const char *word, const cJSON *result, struct buf *out);

/* A property's heading: its title, or its name in words (shellId: "shell id"). Appends. */
void render_heading(const char *name, const cJSON *property, struct buf *out);

/* One value on one line, safe. Appends. */
void render_value(const cJSON *property, const cJSON *value, struct buf *out);

#endif
