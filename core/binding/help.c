/* Help of bindings, from what binding.list gives. The words are those of the file's author: all of
 * them are made safe here for whoever reads them on a terminal. */
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/binding/words.h"
#include "core/catalogue/value.h"

#include <stdlib.h>
#include <string.h>

#define INDENT 24

static void put_safe(struct buf *out, const char *text)
{
    const size_t n = strlen(text), most = n * 4 + 8;
    char *safe = mem_zalloc(most);
    text_make_safe(safe, most, text, n);
    buf_puts(out, safe);
    free(safe);
}

/* Line by line: what is between newlines is foreign, they are not. */
static void put_lines(struct buf *out, const char *text)
{
    while (*text) {
        const size_t n = strcspn(text, "\n");
        char *line = mem_strndup(text, n);
        put_safe(out, line);
        free(line);
        buf_putc(out, '\n');
        text += n + (text[n] == '\n');
    }
}

static bool is_required(const cJSON *schema, const char *name)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, json_get(schema, "required")) if (strcmp(one->valuestring, name) ==
                                                              0) return true;
    return false;
}

static bool is_type(const cJSON *property, const char *type)
{
    return json_get(property, "type") && value_can_be(property, type);
}

static bool is_switch(const cJSON *property)
{
    return strcmp(json_string(property, "type", ""), "boolean") == 0;
}

/* What stands for a value: a|b|c, N, JSON, TEXT. */
static void put_value_name(const cJSON *property, struct buf *out)
{
    const cJSON *list, *one;
    if (is_type(property, "array") && json_get(property, "items"))
        property = json_get(property, "items");
    list = json_get(property, "enum");
    if (list) {
        cJSON_ArrayForEach(one, list)
        {
            char *text = cJSON_IsString(one) ? mem_strdup(one->valuestring) : json_print(one);
            buf_puts(out, one == list->child ? "" : "|");
            put_safe(out, text);
            free(text);
        }
    } else if (is_type(property, "string") || !json_get(property, "type")) {
        buf_puts(out, "TEXT");
    } else if (is_type(property, "number") || is_type(property, "integer")) {
        buf_puts(out, "N");
    } else {
        buf_puts(out, value_is_map(property) ? "KEY=VALUE" : "JSON");
    }
}

static void put_flag(const cJSON *property, struct buf *out)
{
    if (is_switch(property))
        buf_puts(out, json_bool(property, "default", false) ? "--no-" : "--");
    else
        buf_puts(out, "--");
    flag_name(property->string, out);
    if (is_switch(property))
        return;
    buf_putc(out, ' ');
    put_value_name(property, out);
}

static void put_bounds(const cJSON *property, struct buf *out)
{
    static const struct {
        const char *word, *says;
    } bounds[] = {{"minimum", "at least "},
                  {"exclusiveMinimum", "more than "},
                  {"maximum", "at most "},
                  {"exclusiveMaximum", "less than "},
                  {"minLength", "characters: at least "},
                  {"maxLength", "characters: at most "},
                  {"minItems", "times: at least "},
                  {"maxItems", "times: at most "},
                  {"pattern", "matches "},
                  {"default", "default "}};
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        const cJSON *value = json_get(property, bounds[i].word);
        if (!value || (is_switch(property) && i == 9))
            continue;
        char *text = cJSON_IsString(value) ? mem_strdup(value->valuestring) : json_print(value);
        buf_printf(out, "; %s", bounds[i].says);
        put_safe(out, text);
        free(text);
    }
    if (is_type(property, "array"))
        buf_puts(out, "; again for the next one");
}

static void put_flag_line(const cJSON *schema, const cJSON *property, struct buf *out)
{
    struct buf flag = {0};
    put_flag(property, &flag);
    buf_printf(out, "  %-*s %s", INDENT, flag.data,
               is_required(schema, property->string) ? "required" : "optional");
    put_bounds(property, out);
    const char *says = json_string(property, "description", "");
    if (*says) {
        buf_puts(out, ": ");
        put_safe(out, says);
    }
    buf_putc(out, '\n');
    buf_finish(&flag);
}

static void put_usage(const char *called, const cJSON *binding, struct buf *out)
{
    const cJSON *schema = json_get(binding, "inputSchema"), *one;
    buf_printf(out, "%s %s", called, json_string(binding, "name", ""));
    cJSON_ArrayForEach(one, json_get(schema, "properties"))
    {
        const bool required = is_required(schema, one->string);
        buf_puts(out, required ? " " : " [");
        put_flag(one, out);
        buf_puts(out, required ? "" : "]");
    }
}

void binding_help(const char *called, const cJSON *binding, struct buf *out)
{
    const cJSON *schema = json_get(binding, "inputSchema"), *one;
    const char *about = json_string(binding, "description", "");
    put_lines(out, *about ? about : json_string(binding, "name", ""));
    buf_puts(out, "\nUsage:\n  ");
    put_usage(called, binding, out);
    buf_puts(out, "\n\nFlags:\n");
    cJSON_ArrayForEach(one, json_get(schema, "properties")) put_flag_line(schema, one, out);
    buf_printf(out, "  %-*s the whole input as JSON; flags go over it\n", INDENT, "--json TEXT");
    buf_printf(out, "  %-*s the same from a file; - is standard input\n", INDENT,
               "--json-file FILE");
    buf_printf(out, "  %-*s this; with --json as JSON\n", INDENT, "--help");
}

void binding_help_list(const char *called, const cJSON *bindings, struct buf *out)
{
    const char *group = "", *about;
    const cJSON *one;
    cJSON_ArrayForEach(one, bindings)
    {
        const char *its = json_string(one, "group", "");
        about = json_string(one, "description", "");
        if (strcmp(its, group) != 0) {
            buf_printf(out, "%s%s", *group ? "\n" : "", its);
            if (*json_string(one, "groupDescription", "")) {
                buf_puts(out, ": ");
                put_safe(out, json_string(one, "groupDescription", ""));
            }
            buf_putc(out, '\n');
            group = its;
        }
        char *line = mem_strndup(about, strcspn(about, "\r\n"));
        buf_printf(out, "  %-*s ", INDENT, json_string(one, "name", ""));
        put_safe(out, line);
        buf_putc(out, '\n');
        free(line);
    }
    if (!*group)
        buf_puts(out, "There are no bindings.\n");
    else
        buf_printf(out, "\nMore: %s NAME --help\n", called);
}

cJSON *binding_help_json(const char *called, const cJSON *binding)
{
    static const char *const kept[] = {"group", "name",    "description",
                                       "tier",  "timeout", "inputSchema"};
    const cJSON *schema = json_get(binding, "inputSchema"), *one;
    cJSON *o = cJSON_CreateObject();
    struct buf text = {0};
    buf_printf(&text, "%s %s", called, json_string(binding, "name", ""));
    cJSON_AddStringToObject(o, "command", text.data);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (json_get(binding, kept[i]))
            cJSON_AddItemToObject(o, kept[i], cJSON_Duplicate(json_get(binding, kept[i]), true));
    cJSON *flags = cJSON_AddArrayToObject(o, "flags");
    cJSON_ArrayForEach(one, json_get(schema, "properties"))
    {
        cJSON *flag = cJSON_CreateObject();
        buf_clear(&text);
        buf_puts(&text, "--");
        flag_name(one->string, &text);
        cJSON_AddStringToObject(flag, "flag", text.data);
        cJSON_AddStringToObject(flag, "property", one->string);
        cJSON_AddBoolToObject(flag, "required", is_required(schema, one->string));
        cJSON_AddItemToArray(flags, flag);
    }
    buf_finish(&text);
    return o;
}
