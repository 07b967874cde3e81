/* A schema, a NUL or a newline, and a value, as any bytes. What must hold: a schema that passes its
 * check can be applied to whatever value, in bounded time, and what passes once passes again. */
#include "core/base/json.h"
#include "core/catalogue/schema.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *cut = size ? memchr(text, '\n', size) : NULL;
    cJSON *schema = NULL, *value = NULL;
    char why[128];
    if (!cut)
        return 0;
    if (json_parse(text, (size_t)(cut - text), &schema) != ERR_OK)
        return 0;
    if (schema_check(schema, why, sizeof why) == ERR_OK &&
        json_parse(cut + 1, size - (size_t)(cut - text) - 1, &value) == ERR_OK &&
        schema_apply(schema, value, why, sizeof why) == ERR_OK &&
        schema_apply(schema, value, why, sizeof why) != ERR_OK)
        abort();
    cJSON_Delete(schema);
    cJSON_Delete(value);
    return 0;
}
