/* Arguments to an input object. One pass over argv; every argument is a global flag, a flag of the
 * schema, a plain argument, or behind `--`. Values become JSON by the property's type, so that what
 * the hub sees is the same whichever face a caller uses. */
#include "transport/cli/flags.h"
#include "core/base/mem.h"
#include "core/base/nearest.h"
#include "core/base/paths.h"
#include "core/base/text.h"
#include "core/catalogue/schema.h"
#include "core/catalogue/value.h"
#include "transport/wire/wire.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct parse {
    const struct capability *row;
    const cJSON *schema, *properties;
    struct flags *flags;
    cJSON *whole; /* --input, or NULL */
    int next;     /* the next plain argument */
    char *why;
    size_t size;
};

__attribute__((format(printf, 3, 4))) static enum err say(char *why, size_t size,
                                                          const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(why, size, format, ap);
    va_end(ap);
    return ERR_USAGE;
}

/* --- global flags ---------------------------------------------------------------------------- */

/* argv[i] is `name`, `name=v` or, for a letter, `-Lv`; *ret_value borrows. Gives arguments used. */
static int take_value(const char *name, int argc, char **argv, int i, const char **ret_value)
{
    size_t n = strlen(name);
    const char *arg = argv[i];
    if (strncmp(arg, name, n) != 0)
        return 0;
    if (arg[n] == '\0') {
        if (i + 1 >= argc)
            return -1;
        *ret_value = argv[i + 1];
        return 2;
    }
    if (name[1] == '-' && arg[n] != '=')
        return 0;
    *ret_value = arg + n + (arg[n] == '=');
    return 1;
}

int globals_take(struct globals *g, int argc, char **argv, int i, char *why, size_t size)
{
    static const char *const switches[] = {"--json", "-j", "--help", "-h", "--version", "-V"};
    const struct {
        const char *name;
        const char **to;
    } values[] = {
        {"-L", &g->options.hub},
        {"--identity", &g->options.identity},
        {"--workspace", &g->options.workspace},
        {"-w", &g->options.workspace},
    };
    for (size_t k = 0; k < sizeof switches / sizeof *switches; k++) {
        if (strcmp(argv[i], switches[k]) != 0)
            continue;
        g->options.json = g->options.json || k <= 1;
        g->help = g->help || k == 2 || k == 3;
        g->version = g->version || k >= 4;
        return 1;
    }
    for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
        int used = take_value(values[k].name, argc, argv, i, values[k].to);
        if (used == 0)
            continue;
        if (used < 0)
            say(why, size, "Flag %s requires a value", values[k].name);
        else if (!**values[k].to || !text_is_utf8(*values[k].to, strlen(*values[k].to)))
            say(why, size, "Flag %s requires a value", values[k].name), used = -1;
        return used;
    }
    return 0;
}

/* --- names ----------------------------------------------------------------------------------- */

void flag_value_name(const cJSON *property, struct buf *out)
{
    const char *called = json_string(property, "x-value", NULL);
    if (called) {
        buf_puts(out, called);
        return;
    }
    size_t from = out->len;
    if (!value_can_be(property, "string") &&
        (value_can_be(property, "integer") || value_can_be(property, "number"))) {
        buf_puts(out, "N");
        return;
    }
    flag_name(property->string, out);
    for (size_t i = from; i < out->len; i++)
        if (out->data[i] >= 'a' && out->data[i] <= 'z')
            out->data[i] = (char)(out->data[i] - 32);
}

bool flag_is_positional(const cJSON *schema, const char *property)
{
    const cJSON *one;
    cJSON_ArrayForEach(one,
                       json_get(schema, "x-positional")) if (strcmp(one->valuestring, property) ==
                                                             0) return true;
    return false;
}

bool flag_is_rest(const cJSON *schema, const char *property)
{
    return strcmp(json_string(schema, "x-rest", ""), property) == 0;
}

bool flag_is_boolean(const cJSON *property)
{
    return strcmp(json_string(property, "type", ""), "boolean") == 0;
}

/* The property whose flag is name[0..n), or NULL. */
static const cJSON *find_flag(const struct parse *p, const char *name, size_t n)
{
    const cJSON *one, *found = NULL;
    struct buf flag = {0};
    cJSON_ArrayForEach(one, p->properties)
    {
        buf_clear(&flag);
        flag_name(one->string, &flag);
        if (flag.len == n && memcmp(flag.data, name, n) == 0) {
            found = one;
            break;
        }
    }
    buf_finish(&flag);
    return found;
}

/* --- values ---------------------------------------------------------------------------------- */

/* Puts text into the property; `called` is how a sentence names it ("Flag --x", "Argument ID"). */
static enum err put(struct parse *p, const cJSON *property, const char *called, const char *text)
{
    const char *expects = NULL, *name = property->string;
    char safe[96];
    cJSON *value = NULL, *old = cJSON_GetObjectItemCaseSensitive(p->flags->input, name);
    bool list = value_can_be(property, "array") && json_get(property, "type");

    if (!text_is_utf8(text, strlen(text)))
        return say(p->why, p->size, "%s is not UTF-8 text", called);
    if (list && !(text[0] == '[' && (value = value_json(text, "array")))) {
        value = value_from_text(json_get(property, "items"), text, &expects);
        if (value && !cJSON_IsArray(old)) {
            cJSON_DeleteItemFromObjectCaseSensitive(p->flags->input, name);
            old = cJSON_AddArrayToObject(p->flags->input, name);
        }
        if (value) {
            cJSON_AddItemToArray(old, value);
            return ERR_OK;
        }
    } else if (!list && value_is_map(property) && text[0] != '{') {
        if (value_add_pair(p->flags->input, property, text, &expects))
            return ERR_OK;
    } else if (!list) {
        value = value_from_text(property, text, &expects);
    }
    if (!value) {
        text_make_safe(safe, sizeof safe, text, strlen(text));
        return say(p->why, p->size, "%s expects %s, got \"%s\"", called, expects, safe);
    }
    cJSON_DeleteItemFromObjectCaseSensitive(p->flags->input, name);
    cJSON_AddItemToObject(p->flags->input, name, value);
    return ERR_OK;
}

static void put_bool(struct parse *p, const char *name, bool is)
{
    cJSON_DeleteItemFromObjectCaseSensitive(p->flags->input, name);
    cJSON_AddBoolToObject(p->flags->input, name, is);
}

/* The plain argument that comes next, or NULL when all are there. */
static const cJSON *next_positional(struct parse *p)
{
    const cJSON *names = json_get(p->schema, "x-positional"), *name;
    while ((name = cJSON_GetArrayItem(names, p->next))) {
        const cJSON *property = json_get(p->properties, name->valuestring);
        if (cJSON_IsArray(json_get(p->flags->input, name->valuestring)) ||
            !json_get(p->flags->input, name->valuestring))
            return property;
        p->next++;
    }
    return NULL;
}

static enum err plain(struct parse *p, const char *text)
{
    const cJSON *property = next_positional(p);
    const char *rest = json_string(p->schema, "x-rest", NULL);
    struct buf called = {0};
    char safe[96];
    if (!property) {
        text_make_safe(safe, sizeof safe, text, strlen(text));
        return say(p->why, p->size, "Unexpected positional argument: \"%s\"%s", safe,
                   rest ? ". What is to be run stands behind --" : "");
    }
    buf_puts(&called, "Argument ");
    flag_value_name(property, &called);
    enum err e = put(p, property, called.data, text);
    buf_finish(&called);
    return e;
}

static enum err unknown_flag(const struct parse *p, const char *arg, size_t n)
{
    static const char *const always[] = {"json",      "help",  "identity",
                                         "workspace", "input", "input-file"};
    struct nearest near;
    struct buf flag = {0}, names = {0};
    char safe[64];
    size_t dashes = strspn(arg, "-");
    char *word = mem_strndup(arg + dashes, n > dashes ? n - dashes : 0);
    const cJSON *one;

    nearest_begin(&near, strncmp(word, "no-", 3) == 0 ? word + 3 : word);
    cJSON_ArrayForEach(one, p->properties)
    {
        buf_clear(&flag);
        flag_name(one->string, &flag);
        nearest_offer(&near, flag.data);
    }
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        nearest_offer(&near, always[i]);
    if (p->row->flags & CAP_FOLLOW)
        nearest_offer(&near, "follow");
    for (int i = 0; i < near.count && dashes > 1; i++)
        buf_printf(&names, "%s--%s", i ? ", " : ". Near to it: ", near.best[i].name);
    text_make_safe(safe, sizeof safe, arg, n);
    say(p->why, p->size, "Unknown flag: %s%s", safe, names.data ? names.data : "");
    buf_finish(&names);
    buf_finish(&flag);
    free(word);
    return ERR_USAGE;
}

/* --input and --input-file: the whole input as JSON. */
static enum err whole_input(struct parse *p, const char *name, const char *value)
{
    char *text = NULL;
    size_t n = 0;
    enum err e = ERR_OK;
    if (p->whole)
        return say(p->why, p->size, "The whole input is given twice");
    if (strcmp(name, "--input-file") == 0) {
        e = path_read_file(value, WIRE_MAX_MESSAGE / 2, &text, &n);
        if (e != ERR_OK)
            return say(p->why, p->size, "Flag --input-file cannot be read: %s",
                       err_text(e)->person);
    } else {
        text = mem_strdup(value);
        n = strlen(text);
    }
    if (json_parse(text, n, &p->whole) != ERR_OK || !cJSON_IsObject(p->whole))
        e = say(p->why, p->size, "Flag %s expects JSON, an object such as {\"key\": \"value\"}",
                name);
    free(text);
    return e;
}

/* A flag of the schema at argv[i]; *used is how many arguments it took. */
static enum err one_flag(struct parse *p, int argc, char **argv, int i, int *used)
{
    const char *arg = argv[i], *equals = strchr(arg, '=');
    size_t n = equals ? (size_t)(equals - arg) : strlen(arg);
    const char *value = equals ? equals + 1 : NULL;
    static const char *const wholes[] = {"--input-file", "--input"};
    *used = 1;

    for (size_t k = 0; k < 2; k++) {
        if (strlen(wholes[k]) != n || memcmp(arg, wholes[k], n) != 0)
            continue;
        if (!value && i + 1 >= argc)
            return say(p->why, p->size, "Flag %s requires a value", wholes[k]);
        *used = value ? 1 : 2;
        return whole_input(p, wholes[k], value ? value : argv[i + 1]);
    }
    if ((p->row->flags & CAP_FOLLOW) && strcmp(arg, "--follow") == 0) {
        p->flags->follow = true;
        return ERR_OK;
    }
    const cJSON *property = find_flag(p, arg + 2, n - 2);
    if (!property && n > 5 && !value && strncmp(arg, "--no-", 5) == 0) {
        property = find_flag(p, arg + 5, n - 5);
        if (property && flag_is_boolean(property)) {
            put_bool(p, property->string, false);
            return ERR_OK;
        }
        property = NULL;
    }
    if (!property)
        return unknown_flag(p, arg, n);
    if (flag_is_boolean(property) && !value) {
        /* `--acknowledge true` is how some callers write it; a plain argument goes first. */
        bool word = i + 1 < argc && !next_positional(p) &&
                    (strcmp(argv[i + 1], "true") == 0 || strcmp(argv[i + 1], "false") == 0);
        put_bool(p, property->string, !word || argv[i + 1][0] == 't');
        *used = word ? 2 : 1;
        return ERR_OK;
    }
    char *called = mem_printf("Flag %.*s", (int)n, arg);
    enum err e;
    if (!value && (i + 1 >= argc || strcmp(argv[i + 1], "--") == 0)) {
        e = say(p->why, p->size, "%s requires a value", called);
    } else {
        *used = value ? 1 : 2;
        e = put(p, property, called, value ? value : argv[i + 1]);
    }
    free(called);
    return e;
}

static enum err rest(struct parse *p, int argc, char **argv)
{
    const cJSON *property = json_get(p->properties, json_string(p->schema, "x-rest", ""));
    for (int i = 0; i < argc; i++) {
        enum err e = ERR_OK;
        const char *expects = NULL;
        if (!property) {
            e = plain(p, argv[i]);
        } else if (!text_is_utf8(argv[i], strlen(argv[i]))) {
            e = say(p->why, p->size, "An argument behind -- is not UTF-8 text");
        } else {
            cJSON *list = cJSON_GetObjectItemCaseSensitive(p->flags->input, property->string);
            cJSON *item = value_from_text(json_get(property, "items"), argv[i], &expects);
            if (!list)
                list = cJSON_AddArrayToObject(p->flags->input, property->string);
            if (item)
                cJSON_AddItemToArray(list, item);
            else
                e = say(p->why, p->size, "What stands behind -- has to be %s", expects);
        }
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

/* Folders are the caller's: the hub works in another one. A relative `cwd` becomes absolute, and a
 * property with x-here is this folder when it is absent. */
static void place(struct parse *p)
{
    char *here = getcwd(NULL, 0);
    cJSON *given = cJSON_GetObjectItemCaseSensitive(p->flags->input, "cwd");
    const cJSON *one;
    if (here && text_is_utf8(here, strlen(here))) {
        cJSON_ArrayForEach(one, p->properties) if (json_bool(one, "x-here", false) &&
                                                   !json_get(p->flags->input, one->string))
            cJSON_AddStringToObject(p->flags->input, one->string, here);
        if (cJSON_IsString(given) && given->valuestring[0] && given->valuestring[0] != '/') {
            char *whole = path_join(here, given->valuestring);
            cJSON_SetValuestring(given, whole);
            free(whole);
        }
    }
    free(here);
}

/* What is required has to be there; *unread is what standard input is to fill. */
static enum err complete(struct parse *p, const struct globals *g)
{
    const cJSON *one;
    cJSON *input = p->flags->input;
    while (p->whole && p->whole->child) {
        cJSON *member = cJSON_DetachItemViaPointer(p->whole, p->whole->child);
        if (json_get(input, member->string))
            cJSON_Delete(member);
        else
            cJSON_AddItemToObject(input, member->string, member);
    }
    if (g->options.workspace && json_get(p->properties, "workspace") &&
        !json_get(input, "workspace"))
        cJSON_AddStringToObject(input, "workspace", g->options.workspace);
    place(p);
    cJSON_ArrayForEach(one, p->properties) if (json_bool(one, "x-stdin", false) &&
                                               !json_get(input, one->string)) p->flags->unread =
        one->string;
    cJSON_ArrayForEach(one, json_get(p->schema, "required"))
    {
        const char *name = one->valuestring;
        const cJSON *property = json_get(p->properties, name);
        struct buf called = {0};
        if (json_get(input, name) || !property || json_get(property, "default") ||
            (p->flags->unread && strcmp(p->flags->unread, name) == 0))
            continue;
        if (flag_is_positional(p->schema, name)) {
            buf_puts(&called, "Missing required argument: ");
            flag_value_name(property, &called);
        } else if (flag_is_rest(p->schema, name)) {
            buf_puts(&called, "Missing required argument: what is to be run, behind --");
        } else {
            buf_puts(&called, "Missing required flag: --");
            flag_name(name, &called);
        }
        say(p->why, p->size, "%s", called.data);
        buf_finish(&called);
        return ERR_USAGE;
    }
    return ERR_OK;
}

enum err flags_parse(const struct capability *row, const cJSON *schema, int argc, char **argv,
                     struct globals *g, struct flags *ret_flags, char *why, size_t size)
{
    struct flags flags = {.input = cJSON_CreateObject()};
    struct parse p = {.row = row, .schema = schema, .flags = &flags, .why = why, .size = size};
    enum err e = ERR_OK;
    p.properties = json_get(schema, "properties");

    for (int i = 0, used; e == ERR_OK && i < argc; i += used) {
        const char *arg = argv[i];
        used = 1;
        if (strcmp(arg, "--") == 0) {
            e = rest(&p, argc - i - 1, argv + i + 1);
            break;
        }
        if (arg[0] != '-' || arg[1] == '\0' || (arg[1] >= '0' && arg[1] <= '9')) {
            e = plain(&p, arg);
            continue;
        }
        used = globals_take(g, argc, argv, i, why, size);
        if (used < 0)
            e = ERR_USAGE;
        else if (used == 0 && arg[1] == '-')
            e = one_flag(&p, argc, argv, i, &used);
        else if (used == 0)
            e = unknown_flag(&p, arg, strlen(arg));
    }
    if (e == ERR_OK && !g->help)
        e = complete(&p, g);
    cJSON_Delete(p.whole);
    if (e != ERR_OK) {
        flags_finish(&flags);
        return e;
    }
    *ret_flags = flags;
    return ERR_OK;
}

void flags_finish(struct flags *f)
{
    cJSON_Delete(f->input);
    *f = (struct flags){0};
}

/* --- standard input, and the check that the hub will make --------------------------------------
 */

enum err flags_read(struct flags *f, const cJSON *schema, int fd, size_t limit, char *why,
                    size_t size)
{
    struct buf bytes = {0};
    enum err e = ERR_OK;
    for (;;) {
        ssize_t n = read(fd, buf_reserve(&bytes, 65536), 65536);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            e = say(why, size, "Standard input cannot be read");
        if (n <= 0)
            break;
        bytes.len += (size_t)n;
        if (bytes.len > limit) {
            e = say(why, size, "Standard input has more than the %zu bytes that one call takes",
                    limit);
            break;
        }
    }
    const cJSON *properties = json_get(schema, "properties");
    const char *data = bytes.data ? bytes.data : "";
    bool text = text_is_utf8(data, bytes.len) && !memchr(data, 0, bytes.len);
    if (e == ERR_OK && text) {
        json_add_text(f->input, f->unread, data, bytes.len);
    } else if (e == ERR_OK && json_get(properties, "data")) {
        json_add_base64(f->input, "data", data, bytes.len);
    } else if (e == ERR_OK && json_get(properties, "encoding")) {
        json_add_base64(f->input, f->unread, data, bytes.len);
        cJSON_DeleteItemFromObjectCaseSensitive(f->input, "encoding");
        cJSON_AddStringToObject(f->input, "encoding", "base64");
    } else if (e == ERR_OK) {
        e = say(why, size, "Standard input is not UTF-8 text");
    }
    if (e == ERR_OK)
        f->unread = NULL;
    buf_finish(&bytes);
    return e;
}

enum err flags_check(const struct flags *f, const cJSON *schema, char *why, size_t size)
{
    char said[512];
    cJSON *copy = cJSON_Duplicate(f->input, true);
    enum err e = schema_apply(schema, copy, said, sizeof said);
    const char *close = e != ERR_OK && said[0] == '"' ? strchr(said + 1, '"') : NULL;
    cJSON_Delete(copy);
    if (e == ERR_OK)
        return ERR_OK;

    /* "rows" must be … becomes --rows must be …; a place within a value stays as it is. */
    char *name = close ? mem_strndup(said + 1, (size_t)(close - said - 1)) : NULL;
    const cJSON *property = name ? json_get(json_get(schema, "properties"), name) : NULL;
    struct buf called = {0};
    if (property && flag_is_positional(schema, name)) {
        flag_value_name(property, &called);
    } else if (property && !flag_is_rest(schema, name)) {
        buf_puts(&called, "--");
        flag_name(name, &called);
    }
    if (called.len)
        snprintf(why, size, "%s%s", called.data, close + 1);
    else
        snprintf(why, size, "%s", said);
    buf_finish(&called);
    free(name);
    return ERR_USAGE;
}
