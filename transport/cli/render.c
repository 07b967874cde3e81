/* Results as text. A table is laid out in two passes: cells as safe text with their widths, then
 * columns that are narrowed, the widest first, until they fit the terminal. */
#include "transport/cli/render_value.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define CELL_MOST   4096 /* bytes of a value that a table looks at */
#define COLUMN_MOST 24
#define NARROWEST   6
#define GAP         2
#define BRIEF_LEAST                                                                                \
    16 /* columns that words about an object keep as long as others can give some                  \
        */

/* --- tables ---------------------------------------------------------------------------------- */

struct column {
    const char *name; /* NULL: the row's own name, in an object of objects */
    const cJSON *property;
    const cJSON *brief, *all; /* x-brief, and all the items' properties */
    int width;                /* columns on the terminal */
    bool right;               /* numbers */
};

struct table {
    struct column columns[COLUMN_MOST];
    int count;
};

static void add_column(struct table *t, const char *name, const cJSON *properties)
{
    const cJSON *property = name ? json_get(properties, name) : NULL;
    for (int i = 0; i < t->count; i++)
        if (t->columns[i].name && name && strcmp(t->columns[i].name, name) == 0)
            return;
    if (t->count < COLUMN_MOST)
        t->columns[t->count++] = (struct column){.name = name,
                                                 .property = property,
                                                 .brief = json_get(property, "x-brief"),
                                                 .all = properties};
}

/* x-columns, else the schema's properties, else what the rows have. */
static void choose_columns(struct table *t, const cJSON *schema, const cJSON *items,
                           const cJSON *rows, bool named)
{
    const cJSON *properties = json_get(items, "properties"), *one, *row;
    const cJSON *chosen = json_get(schema, "x-columns");
    if (!chosen)
        chosen = json_get(items, "x-columns");
    if (named)
        add_column(t, NULL, NULL);
    if (chosen) {
        cJSON_ArrayForEach(one, chosen) add_column(t, one->valuestring, properties);
        return;
    }
    cJSON_ArrayForEach(one, properties) add_column(t, one->string, properties);
    if (!properties)
        cJSON_ArrayForEach(row, rows) cJSON_ArrayForEach(one, row) add_column(t, one->string, NULL);
}

static char *cell(const struct column *c, const cJSON *row)
{
    struct buf text = {0};
    const cJSON *value = c->name ? json_get(row, c->name) : NULL;
    const char *unit = json_string(row, json_string(c->property, "x-unit-of", ""), NULL);
    if (c->brief)
        render_brief(c->brief, c->all, row, &text);
    else if (unit)
        render_in(unit, value, &text);
    else if (!c->name)
        render_safe(&text, row->string ? row->string : "", row->string ? strlen(row->string) : 0);
    else if (cJSON_IsString(value) && !json_get(c->property, "x-unit"))
        render_safe(&text, value->valuestring, strnlen(value->valuestring, CELL_MOST));
    else
        render_value(c->property, value, &text);
    if (text.len == 0)
        buf_putc(&text, '-');
    return buf_take(&text);
}

static char *header(const struct column *c)
{
    struct buf text = {0};
    render_heading(c->name ? c->name : "name", c->property, &text);
    for (size_t i = 0; i < text.len; i++)
        text.data[i] = (char)toupper((unsigned char)text.data[i]);
    return buf_take(&text);
}

/* Narrows columns until all fit: the words about an object first, then the widest. */
static void fit(struct table *t, int columns)
{
    for (;;) {
        int total = GAP * (t->count - 1), widest = 0;
        for (int i = 0; i < t->count; i++) {
            total += t->columns[i].width;
            if (t->columns[i].width > t->columns[widest].width)
                widest = i;
        }
        for (int i = 0; i < t->count; i++)
            if (t->columns[i].brief && t->columns[i].width > BRIEF_LEAST)
                widest = i;
        if (total <= columns || t->columns[widest].width <= NARROWEST)
            return;
        t->columns[widest].width--;
    }
}

static void put_cell(const struct column *c, char *text, bool last, struct buf *out)
{
    int width = text_width(text), pad;
    bool cut = width > c->width;
    if (cut) {
        text[text_fit(text, c->width - 1)] = '\0';
        width = text_width(text) + 1;
    }
    pad = c->width - width;
    if (c->right)
        buf_printf(out, "%*s", pad, "");
    buf_puts(out, text);
    if (cut)
        buf_puts(out, "…");
    if (!c->right && !last)
        buf_printf(out, "%*s", pad, "");
    buf_puts(out, last ? "\n" : "  ");
}

static void table(const cJSON *schema, const cJSON *items, const cJSON *rows, bool named,
                  int columns, struct buf *out)
{
    struct table t = {0};
    const cJSON *row;
    choose_columns(&t, schema, items, rows, named);
    if (t.count == 0)
        return;
    int height = cJSON_GetArraySize(rows) + 1, at = 1;
    char **cells = mem_calloc((size_t)height * (size_t)t.count, sizeof *cells);
    for (int i = 0; i < t.count; i++) {
        struct column *c = &t.columns[i];
        cells[i] = header(c);
        c->width = text_width(cells[i]);
        c->right = c->name != NULL && !c->brief && rows->child != NULL;
    }
    cJSON_ArrayForEach(row, rows)
    {
        for (int i = 0; i < t.count; i++) {
            struct column *c = &t.columns[i];
            char *text = cells[at * t.count + i] = cell(c, row);
            int width = text_width(text);
            const cJSON *value = c->name ? json_get(row, c->name) : NULL;
            c->width = width > c->width ? width : c->width;
            c->right = c->right && (!value || cJSON_IsNumber(value) || cJSON_IsNull(value));
        }
        at++;
    }
    if (columns > 0)
        fit(&t, columns);
    for (int r = 0; r < height; r++)
        for (int i = 0; i < t.count; i++) {
            char *text = cells[r * t.count + i];
            put_cell(&t.columns[i], text, i == t.count - 1, out);
            free(text);
        }
    free(cells);
}

/* --- objects --------------------------------------------------------------------------------- */

static bool all_objects(const cJSON *list)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, list) if (!cJSON_IsObject(one)) return false;
    return list && list->child;
}

static void put_line(const char *name, const cJSON *property, const cJSON *value, struct buf *out)
{
    render_heading(name, property, out);
    buf_puts(out, ":");
    if (cJSON_IsString(value) && strchr(value->valuestring, '\n')) {
        for (const char *p = value->valuestring; *p;) {
            size_t n = strcspn(p, "\n");
            buf_puts(out, "\n  ");
            render_safe(out, p, n);
            p += n + (p[n] == '\n');
        }
        buf_putc(out, '\n');
        return;
    }
    size_t before = out->len + 1;
    buf_putc(out, ' ');
    render_value(property, value, out);
    if (out->len == before)
        buf_putc(out, '-');
    buf_putc(out, '\n');
}

static void list(const cJSON *schema, const cJSON *value, int columns, struct buf *out)
{
    const char *empty = json_string(schema, "x-empty", NULL);
    const cJSON *one;
    if (!value->child && empty) {
        render_safe(out, empty, strlen(empty));
        buf_putc(out, '\n');
        return;
    }
    if (all_objects(value) ||
        (!value->child && json_get(json_get(schema, "items"), "properties"))) {
        table(schema, json_get(schema, "items"), value, false, columns, out);
        return;
    }
    cJSON_ArrayForEach(one, value)
    {
        render_value(json_get(schema, "items"), one, out);
        buf_putc(out, '\n');
    }
}

static void object(const cJSON *schema, const cJSON *value, int columns, struct buf *out)
{
    const cJSON *properties = json_get(schema, "properties"), *one, *member;
    const char *only = json_string(schema, "x-table", NULL);
    if (only && cJSON_IsArray(member = json_get(value, only))) {
        const cJSON *sub = json_get(properties, only);
        bool mine = json_get(schema, "x-columns") || json_get(schema, "x-empty");
        if (mine && member->child)
            table(schema, json_get(sub, "items"), member, false, columns, out);
        else
            list(mine ? schema : sub, member, columns, out);
        return;
    }
    if (all_objects(value) && !properties) {
        table(schema, json_get(schema, "additionalProperties"), value, true, columns, out);
        return;
    }
    cJSON_ArrayForEach(one, properties) if ((member = json_get(value, one->string)) &&
                                            !all_objects(member))
        put_line(one->string, one, member, out);
    cJSON_ArrayForEach(member,
                       value) if (!json_get(properties, member->string) && !all_objects(member))
        put_line(member->string, NULL, member, out);
    cJSON_ArrayForEach(member, value)
    {
        if (!all_objects(member))
            continue;
        one = json_get(properties, member->string);
        buf_puts(out, out->len ? "\n" : "");
        render_heading(member->string, one, out);
        buf_puts(out, ":\n");
        if (cJSON_IsArray(member))
            list(one, member, columns, out);
        else
            table(one, json_get(one, "additionalProperties"), member, true, columns, out);
    }
}

static bool holds(const cJSON *v)
{
    return v && !cJSON_IsNull(v) && !cJSON_IsFalse(v) &&
           !(cJSON_IsString(v) && !v->valuestring[0]) &&
           !(cJSON_IsNumber(v) && v->valuedouble == 0) &&
           !((cJSON_IsArray(v) || cJSON_IsObject(v)) && !v->child);
}

static void sentence(const cJSON *schema, const char *text, const cJSON *result, struct buf *out)
{
    const cJSON *properties = json_get(schema, "properties");
    while (*text) {
        const char *close = *text == '{' ? strchr(text, '}') : NULL;
        if (!close) {
            buf_putc(out, *text++);
            continue;
        }
        char *place = mem_strndup(text + 1, (size_t)(close - text - 1));
        char *yes = strchr(place, '?');
        char *no = yes ? strchr(yes, '|') : NULL;
        if (yes)
            *yes++ = '\0';
        if (no)
            *no++ = '\0';
        const cJSON *value = json_get(result, place);
        if (yes)
            buf_puts(out, holds(value) ? yes : no ? no : "");
        else
            render_value(json_get(properties, place), value, out);
        free(place);
        text = close + 1;
    }
    buf_putc(out, '\n');
}

/* x-text: one text of foreign words, which has lines of its own; each is made safe. */
static bool text_alone(const cJSON *schema, const cJSON *result, struct buf *out)
{
    const char *name = json_string(schema, "x-text", NULL);
    const char *text = name ? json_string(result, name, NULL) : NULL;
    if (!text)
        return false;
    while (*text) {
        const size_t n = strcspn(text, "\n");
        render_safe(out, text, n);
        buf_putc(out, '\n');
        text += n + (text[n] == '\n');
    }
    return true;
}

void render_result(const cJSON *schema, const cJSON *result, int columns, struct buf *out)
{
    const char *text = json_string(schema, "x-sentence", NULL);
    if (text_alone(schema, result, out))
        return;
    if (text && !*text)
        return; /* nothing to say when it worked */
    if (text && cJSON_IsObject(result))
        sentence(schema, text, result, out);
    else if (cJSON_IsArray(result))
        list(schema, result, columns, out);
    else if (cJSON_IsObject(result))
        object(schema, result, columns, out);
    else if (cJSON_IsString(result))
        put_line("result", NULL, result, out);
    else if (result && !cJSON_IsNull(result)) {
        render_value(schema, result, out);
        buf_putc(out, '\n');
    }
}

bool render_raw(const cJSON *schema, const char *word, const cJSON *result, struct buf *out)
{
    const char *name = json_string(schema, word, NULL);
    const char *text = name ? json_string(result, name, "") : NULL;
    char *bytes = NULL;
    size_t n = 0;
    if (!text)
        return false;
    if (strcmp(json_string(result, "encoding", ""), "base64") == 0 &&
        json_get_base64(result, name, &bytes, &n) == ERR_OK)
        buf_append(out, bytes, n);
    else
        buf_puts(out, text);
    free(bytes);
    return true;
}
