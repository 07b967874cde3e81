/* Finds rows, and checks that a table of them is what the rest of the program relies on. */
#include "core/catalogue/catalogue.h"
#include "core/base/json.h"
#include "core/base/nearest.h"
#include "core/catalogue/schema.h"

#include <stdio.h>
#include <string.h>

const struct capability *catalogue_find(const struct catalogue *c, const char *method, size_t n)
{
    const char *dot = n ? memchr(method, '.', n) : NULL;
    if (!dot)
        return NULL;
    size_t group = (size_t)(dot - method), name = n - group - 1;
    for (size_t i = 0; i < c->count; i++) {
        const struct capability *row = c->rows[i];
        if (strlen(row->group) == group && memcmp(row->group, method, group) == 0 &&
            strlen(row->name) == name && memcmp(row->name, dot + 1, name) == 0)
            return row;
    }
    return NULL;
}

void catalogue_nearest(const struct catalogue *c, const char *method, char *out, size_t size)
{
    struct nearest near;
    nearest_begin(&near, method);
    for (size_t i = 0; i < c->count; i++) {
        char full[NEAREST_NAME];
        const struct capability *row = c->rows[i];
        if (row->flags & CAP_INTERNAL)
            continue;
        int len = snprintf(full, sizeof full, "%s.%s", row->group, row->name);
        if (len > 0 && (size_t)len < sizeof full)
            nearest_offer(&near, full);
    }
    nearest_list(&near, out, size);
}

static bool name_ok(const char *name)
{
    size_t n = name ? strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") : 0;
    return n >= 1 && n < 32 && name[n] == '\0' && name[0] != '-';
}

/* One schema of a row: JSON, a schema, and for input an object. */
static enum err schema_ok(const char *text, bool input, cJSON **ret_json, char *why, size_t size)
{
    cJSON *json = NULL;
    if (!text || json_parse(text, strlen(text), &json) != ERR_OK) {
        snprintf(why, size, "is no JSON");
        return ERR_INVALID;
    }
    enum err e = schema_check(json, why, size);
    if (e == ERR_OK && input && strcmp(json_string(json, "type", ""), "object") != 0) {
        snprintf(why, size, "has to be of type object");
        e = ERR_INVALID;
    }
    if (e == ERR_OK)
        *ret_json = json;
    else
        cJSON_Delete(json);
    return e;
}

static enum err row_ok(const struct catalogue *c, const struct capability *row, char *why, size_t n)
{
    char part[256] = "";
    cJSON *input = NULL, *output = NULL;
    enum err e = ERR_INVALID;
    char full[80];

    snprintf(full, sizeof full, "%s.%s", row->group, row->name);
    if (!name_ok(row->group) || !name_ok(row->name))
        snprintf(part, sizeof part, "group and name have to be of [a-z0-9-], 1 to 31");
    else if (catalogue_find(c, full, strlen(full)) != row)
        snprintf(part, sizeof part, "is there twice");
    else if (!row->help || !row->help[0] || row->help[strlen(row->help) - 1] == '.')
        snprintf(part, sizeof part, "help has to be one line without a full stop");
    else if (!row->version || !row->version[0])
        snprintf(part, sizeof part, "has no version");
    else if ((row->lane == LANE_CLIENT) != (row->handle == NULL))
        snprintf(part, sizeof part, "a handler belongs to hub lanes, and to these always");
    else if (row->role < ROLE_OBSERVER || row->role > ROLE_OWNER || row->tier > TIER_BLOCKED)
        snprintf(part, sizeof part, "has no such role or tier");
    else
        e = ERR_OK;
    if (e == ERR_OK && (e = schema_ok(row->input, true, &input, part, sizeof part)) != ERR_OK)
        snprintf(full + strlen(full), sizeof full - strlen(full), " input");
    if (e == ERR_OK && (e = schema_ok(row->output, false, &output, part, sizeof part)) != ERR_OK)
        snprintf(full + strlen(full), sizeof full - strlen(full), " output");
    if (e == ERR_OK && (row->flags & CAP_ASKS) &&
        strcmp(json_string(json_get(json_get(input, "properties"), "force"), "type", ""),
               "boolean") != 0) {
        snprintf(part, sizeof part, "asks, so its input needs a boolean \"force\"");
        e = ERR_INVALID;
    }
    if (e != ERR_OK)
        snprintf(why, n, "%s: %s", full, part);
    cJSON_Delete(input);
    cJSON_Delete(output);
    return e;
}

enum err catalogue_check(const struct catalogue *c, char *why, size_t size)
{
    for (size_t i = 0; i < c->count; i++) {
        enum err e = row_ok(c, c->rows[i], why, size);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}
