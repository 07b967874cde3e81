/* Parsed schemas by row; see the header. A table of lists: rows are some tens, or some hundreds
 * when users add theirs. */
#include "core/catalogue/schemas.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/catalogue/pattern.h"
#include "core/catalogue/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 64

struct known {
    struct known *next;
    const struct capability *row;
    cJSON *schema;
};

struct schemas {
    struct known *known[BUCKETS];
    struct patterns *patterns;
};

struct schemas *schemas_create(void)
{
    struct schemas *s = mem_zalloc(sizeof *s);
    s->patterns = patterns_create();
    return s;
}

void schemas_destroy(struct schemas *schemas)
{
    if (!schemas)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct known *k = schemas->known[i], *next; k; k = next) {
            next = k->next;
            cJSON_Delete(k->schema);
            free(k);
        }
    patterns_destroy(schemas->patterns);
    free(schemas);
}

/* NULL: the row's schema is no JSON. */
static const cJSON *schema_of(struct schemas *schemas, const struct capability *row)
{
    struct known **at = &schemas->known[((uintptr_t)row / sizeof *row) % BUCKETS];
    while (*at && (*at)->row != row)
        at = &(*at)->next;
    if (!*at) {
        cJSON *schema = NULL;
        if (json_parse(row->input, strlen(row->input), &schema) != ERR_OK)
            return NULL;
        *at = mem_zalloc(sizeof **at);
        (*at)->row = row;
        (*at)->schema = schema;
    }
    return (*at)->schema;
}

enum err schemas_apply(struct schemas *schemas, const struct capability *row, cJSON *value,
                       char *why, size_t size)
{
    const cJSON *schema = schema_of(schemas, row);
    if (!schema) {
        snprintf(why, size, "the schema of %s.%s is broken", row->group, row->name);
        return ERR_INTERNAL;
    }
    return schema_apply_known(schema, schemas->patterns, value, why, size);
}

bool schemas_has(struct schemas *schemas, const struct capability *row, const char *property)
{
    return json_get(json_get(schema_of(schemas, row), "properties"), property) != NULL;
}
