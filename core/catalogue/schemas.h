/* The input schemas of a catalogue's rows, parsed once, with their patterns compiled once: each
 * takes longer than the check itself. Filled as rows are asked for. One thread; another has its
 * own. */
#ifndef BATON_CATALOGUE_SCHEMAS_H
#define BATON_CATALOGUE_SCHEMAS_H

#include "core/catalogue/catalogue.h"

#include <cjson/cJSON.h>

struct schemas;

struct schemas *schemas_create(void);
void schemas_destroy(struct schemas *schemas); /* takes NULL */

/* schema_apply with the row's input schema. The row is borrowed until schemas_destroy.
 * ERR_INTERNAL: the row's schema is no JSON. */
enum err schemas_apply(struct schemas *schemas, const struct capability *row, cJSON *value,
                       char *why, size_t size);

/* Does the row's input have such a property at its top level? */
bool schemas_has(struct schemas *schemas, const struct capability *row, const char *property);

#endif
