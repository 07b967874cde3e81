/* What render.c and render_value.c share: a value's text. Pure, any thread. */
#ifndef BATON_CLI_RENDER_VALUE_H
#define BATON_CLI_RENDER_VALUE_H

#include "transport/cli/render.h"

/* Appends text[0..n), safe for a terminal. */
void render_safe(struct buf *out, const char *text, size_t n);

/* As render_value, of a value whose unit is told beside it (x-unit-of). */
void render_in(const char *unit, const cJSON *value, struct buf *out);

/* x-brief: ["{data.title}", "exit code {data.exitCode}", …]: each says its words when its place is
 * there and not empty; a comma between them. Appends one line, cut when it is very long.
 * properties: those of the object's schema, for units; may be NULL. */
void render_brief(const cJSON *templates, const cJSON *properties, const cJSON *object,
                  struct buf *out);

#endif
