/* Help texts. What a command takes, gives back and refuses is read from its row; only the
 * overview's first lines are prose, and of those each appears only when its command is there. */
#include "transport/cli/help.h"
#include "core/base/text.h"
#include "transport/cli/flags.h"
#include "transport/cli/render.h"
#include "core/catalogue/value.h"

#include <stdio.h>
#include <string.h>

const struct help_door help_doors[] = {
    {"attach", "", "Open the console on a workspace (the same as baton alone)"},
    {"run", "-- COMMAND…", "Open the console with that command in a new shell"},
    {"demo-agent", "", "Be an agent (ACP on stdin and stdout) that does what prompts say"},
    {"mcp", "[--page N]", "Serve MCP on stdin and stdout: baton as tools for an agent"},
    {"json-field", "NAME [--json]", "Print a member of the JSON object on stdin: a text as it is"},
    {NULL, NULL, NULL},
};

/* `LEFT  RIGHT`, RIGHT wrapped by words behind column `indent`; below LEFT when that leaves no
 * `gap` between them. */
static void two_columns(struct buf *out, const char *left, const char *right, int indent, int gap)
{
    int at = 2 + text_width(left);
    buf_printf(out, "  %s", left);
    if (at + gap > indent && *right) {
        buf_putc(out, '\n');
        at = 0;
    }
    if (!*right)
        indent = at;
    buf_printf(out, "%*s", indent - at, "");
    at = indent;
    for (const char *p = right; *p;) {
        size_t n = strcspn(p, " ");
        char word[256];
        snprintf(word, sizeof word, "%.*s", (int)(n < 255 ? n : 255), p);
        int width = text_width(word);
        if (at > indent && at + 1 + width > HELP_WIDTH) {
            buf_printf(out, "\n%*s", indent, "");
            at = indent;
        } else if (at > indent) {
            buf_putc(out, ' ');
            at++;
        }
        buf_append(out, p, n);
        at += width;
        p += n;
        p += strspn(p, " ");
    }
    buf_putc(out, '\n');
}

static void row(struct buf *out, const char *left, const char *right, int indent)
{
    two_columns(out, left, right, indent, 2);
}

void help_name(const struct capability *cap, struct buf *out)
{
    if (strcmp(cap->group, "baton") != 0)
        buf_printf(out, "%s ", cap->group);
    buf_puts(out, cap->name);
}

void help_flag(const cJSON *schema, const cJSON *property, struct buf *out)
{
    bool list = json_get(property, "type") && value_can_be(property, "array");
    if (flag_is_rest(schema, property->string)) {
        buf_puts(out, "-- ");
        flag_value_name(property, out);
        buf_puts(out, "…");
    } else if (flag_is_positional(schema, property->string)) {
        flag_value_name(property, out);
        buf_puts(out, list ? "…" : "");
    } else {
        const cJSON *preset = json_get(property, "default");
        buf_puts(out, flag_is_boolean(property) && cJSON_IsTrue(preset) ? "--no-" : "--");
        flag_name(property->string, out);
        if (!flag_is_boolean(property)) {
            buf_putc(out, ' ');
            flag_value_name(property, out);
        }
    }
}

static bool required(const cJSON *schema, const cJSON *property)
{
    const cJSON *one;
    cJSON_ArrayForEach(
        one, json_get(schema, "required")) if (strcmp(one->valuestring, property->string) ==
                                               0) return !json_get(property, "default") &&
        !json_bool(property, "x-stdin", false);
    return false;
}

/* --workspace is global: the command line fills it in. */
static bool hidden(const cJSON *schema, const cJSON *property)
{
    return strcmp(property->string, "workspace") == 0 && !flag_is_positional(schema, "workspace");
}

static void synopsis_one(const cJSON *schema, const cJSON *property, struct buf *out)
{
    bool must = required(schema, property);
    buf_puts(out, out->len ? " " : "");
    buf_puts(out, must ? "" : "[");
    help_flag(schema, property, out);
    buf_puts(out, must ? "" : "]");
}

void help_synopsis(const struct capability *cap, const cJSON *schema, struct buf *out)
{
    const cJSON *properties = json_get(schema, "properties"), *one;
    struct buf line = {0};
    cJSON_ArrayForEach(one, properties) if (!flag_is_positional(schema, one->string) &&
                                            !flag_is_rest(schema, one->string) &&
                                            !hidden(schema, one)) synopsis_one(schema, one, &line);
    if (cap->flags & CAP_FOLLOW && cap->lane != LANE_CLIENT)
        buf_puts(&line, line.len ? " [--follow]" : "[--follow]");
    cJSON_ArrayForEach(one, json_get(schema, "x-positional"))
        synopsis_one(schema, json_get(properties, one->valuestring), &line);
    one = json_get(properties, json_string(schema, "x-rest", ""));
    if (one)
        synopsis_one(schema, one, &line);
    buf_append(out, line.data, line.len);
    buf_finish(&line);
}

static void note(struct buf *out, size_t from, const char *text)
{
    buf_puts(out, out->len == from ? " (" : "; ");
    buf_puts(out, text);
}

void help_about(const cJSON *schema, const cJSON *property, struct buf *out)
{
    const char *says = json_string(property, "description", "");
    const cJSON *preset = json_get(property, "default"), *choices = json_get(property, "enum");
    const cJSON *low = json_get(property, "minimum"), *high = json_get(property, "maximum");
    struct buf value = {0};
    bool on = flag_is_boolean(property) && cJSON_IsTrue(preset);
    buf_printf(out, "%s%s", on && *says ? "do not: " : "", says);
    size_t from = out->len;

    if (choices) {
        const cJSON *one;
        buf_puts(&value, "one of ");
        cJSON_ArrayForEach(one, choices)
        {
            render_value(NULL, one, &value);
            buf_puts(&value, one->next ? ", " : "");
        }
        note(out, from, value.data);
    }
    buf_clear(&value);
    if (low && high)
        buf_printf(&value, "%.15g to %.15g", low->valuedouble, high->valuedouble);
    else if (low && low->valuedouble != 0)
        buf_printf(&value, "at least %.15g", low->valuedouble);
    else if (high)
        buf_printf(&value, "at most %.15g", high->valuedouble);
    if (value.len)
        note(out, from, value.data);
    buf_clear(&value);
    if (preset && !flag_is_boolean(property)) {
        buf_puts(&value, "default ");
        render_value(property, preset, &value);
        if (value.len > strlen("default "))
            note(out, from, value.data);
    }
    if (json_bool(property, "x-stdin", false))
        note(out, from, "standard input when not given");
    bool plain = schema && (flag_is_positional(schema, property->string) ||
                            flag_is_rest(schema, property->string));
    if (schema && !plain && json_get(property, "type") && value_can_be(property, "array") &&
        !value_can_be(property, "string"))
        note(out, from, "may be given several times");
    if (value_is_map(property))
        note(out, from, "KEY=VALUE, may be given several times");
    if (out->len > from)
        buf_putc(out, ')');
    if (from == 0 && out->len && out->data[0] == ' ')
        buf_consume(out, 1);
    buf_finish(&value);
}

/* The flags and arguments for which `want` is so, one line each. */
static void rows(const cJSON *schema, bool want, struct buf *out)
{
    const cJSON *one;
    struct buf left = {0}, right = {0};
    cJSON_ArrayForEach(one, json_get(schema, "properties"))
    {
        bool plain = flag_is_positional(schema, one->string) || flag_is_rest(schema, one->string);
        if (plain != want || hidden(schema, one))
            continue;
        buf_clear(&left);
        buf_clear(&right);
        help_flag(schema, one, &left);
        help_about(schema, one, &right);
        row(out, left.data, right.data ? right.data : "", 26);
    }
    buf_finish(&left);
    buf_finish(&right);
}

static void heading(struct buf *out, const char *title, struct buf *lines)
{
    if (lines->len)
        buf_printf(out, "\n%s:\n%s", title, lines->data);
    buf_clear(lines);
}

static void result_rows(const cJSON *output, struct buf *out)
{
    const cJSON *items = json_get(output, "items"), *one;
    struct buf right = {0};
    cJSON_ArrayForEach(one, json_get(items ? items : output, "properties"))
    {
        buf_clear(&right);
        help_about(NULL, one, &right);
        row(out, one->string, right.data ? right.data : "", 26);
    }
    buf_finish(&right);
}

void help_command(const struct capability *cap, const cJSON *schema, const cJSON *output,
                  struct buf *out)
{
    struct buf lines = {0}, name = {0}, synopsis = {0};
    help_name(cap, &name);
    help_synopsis(cap, schema, &synopsis);
    buf_printf(out, "baton %s: %s\n\nUsage:\n", name.data, cap->help);
    buf_printf(&lines, "baton %s", name.data);
    two_columns(out, lines.data, synopsis.data ? synopsis.data : "", 9 + (int)name.len, 1);
    buf_clear(&lines);

    rows(schema, true, &lines);
    heading(out, "Arguments", &lines);
    rows(schema, false, &lines);
    if (cap->flags & CAP_FOLLOW && cap->lane != LANE_CLIENT)
        row(&lines, "--follow", "go on with what comes, until it ends", 26);
    heading(out, "Flags", &lines);
    row(&lines, "--json", "print the result as JSON, nothing else", 26);
    row(&lines, "--input JSON", "the whole input as one object; also --input-file FILE", 26);
    if (json_get(json_get(schema, "properties"), "workspace") &&
        !flag_is_positional(schema, "workspace"))
        row(&lines, "-w, --workspace KEY", "the workspace (BATON_WORKSPACE)", 26);
    row(&lines, "-L HUB", "the hub's name (BATON_HUB; default when not given)", 26);
    row(&lines, "-L USER/HUB", "another user's hub on this machine, who shares it", 26);
    row(&lines, "--identity NAME", "who you are (BATON_IDENTITY)", 26);
    heading(out, "Everywhere", &lines);
    result_rows(output, &lines);
    heading(out, json_get(output, "items") ? "Result, a list of" : "Result", &lines);
    for (const enum err *e = cap->errors; e && *e != ERR_OK; e++)
        row(&lines, err_text(*e)->name, err_text(*e)->person, 26);
    heading(out, "Errors", &lines);
    if (cap->flags & CAP_ASKS)
        buf_puts(out,
                 "\nIt asks on a terminal before it ends what still runs; --force does not.\n");
    buf_finish(&synopsis);
    buf_finish(&name);
    buf_finish(&lines);
}

bool help_group(const struct catalogue *c, const char *group, struct buf *out)
{
    bool any = false;
    for (size_t i = 0; i < c->count; i++) {
        const struct capability *cap = c->rows[i];
        if ((cap->flags & CAP_INTERNAL) || strcmp(cap->group, group) != 0)
            continue;
        if (!any)
            buf_printf(out, "baton %s: its commands\n\n",
                       strcmp(group, "baton") == 0 ? "…" : group);
        any = true;
        row(out, cap->name, cap->help, 18);
    }
    if (any && strcmp(group, "baton") != 0)
        buf_printf(out, "\nMore: baton %s NAME --help\n", group);
    else if (any)
        buf_puts(out, "\nMore: baton NAME --help\n");
    return any;
}

static const struct {
    const char *method, *command, *help;
} lesson[] = {
    {NULL, "baton", "open the console; the hub starts by itself. C-b ? helps, C-b d leaves"},
    {NULL, "baton run -- vim notes.txt", "open it with a program in a shell"},
    {"shell.open", "baton shell open -- make", "start a shell without a console; prints its id"},
    {"shell.list", "baton shell list", "what runs, and who drives it"},
    {"shell.snapshot", "baton shell snapshot ID", "what its screen shows now"},
    {"shell.keys", "baton shell keys ID ls Enter", "type into it"},
    {"stream.read", "baton stream read ID --follow", "every byte that it prints, as it comes"},
    {"stream.play", "baton stream play ID", "watch its recording"},
    {"hub.doctor", "baton hub doctor", "what is missing on this machine"},
};

void help_overview(const struct catalogue *c, struct buf *out)
{
    buf_puts(out, "baton: a multiplayer console for agents. A hub on this machine runs shells and\n"
                  "agents; people and agents attach to it together; one of them holds the baton.\n"
                  "\nThe first five minutes:\n");
    for (size_t i = 0; i < sizeof lesson / sizeof *lesson; i++) {
        if (lesson[i].method && !catalogue_find(c, lesson[i].method, strlen(lesson[i].method)))
            continue;
        row(out, lesson[i].command, lesson[i].help, 34);
    }
    buf_puts(out, "\nThe console, and an agent to try it with:\n");
    for (const struct help_door *d = help_doors; d->name; d++) {
        struct buf left = {0};
        buf_printf(&left, "%s%s%s", d->name, *d->synopsis ? " " : "", d->synopsis);
        row(out, left.data, d->help, 20);
        buf_finish(&left);
    }
    buf_puts(out, "\nCommands, by group:\n");
    for (size_t i = 0; i < c->count; i++) {
        const char *group = c->rows[i]->group;
        struct buf names = {0};
        bool first = !(c->rows[i]->flags & CAP_INTERNAL);
        for (size_t k = 0; k < i; k++)
            first = first &&
                    (strcmp(c->rows[k]->group, group) != 0 || (c->rows[k]->flags & CAP_INTERNAL));
        for (size_t k = i; first && k < c->count; k++)
            if (strcmp(c->rows[k]->group, group) == 0 && !(c->rows[k]->flags & CAP_INTERNAL))
                buf_printf(&names, "%s%s", names.len ? " " : "", c->rows[k]->name);
        if (names.len)
            row(out, strcmp(group, "baton") == 0 ? "(alone)" : group, names.data, 20);
        buf_finish(&names);
    }
    buf_puts(out, "\nEverywhere, before the group or after it: --json, -L HUB (USER/HUB: one that\n"
                  "another user of this machine shares), -w WORKSPACE, --identity NAME. Exit\n"
                  "status: 0 done, 1 refused or failed, 2 wrong usage, 124 a wait that ran out.\n"
                  "More: baton GROUP --help, baton GROUP NAME --help, baton manual | man -l -\n");
}
