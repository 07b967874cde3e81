/* See the header. One connection: which bindings there are, then the call. */
#include "transport/cli/binding.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/base/text.h"
#include "core/binding/words.h"
#include "transport/cli/held.h"
#include "transport/wire/wire.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIST_MS   30000
#define STDIN_MS  3000 /* for the first byte of an input that nobody has announced */
#define INPUT_MAX (WIRE_MAX_MESSAGE / 2)
#define SENTENCE  1024

struct asked { /* one command of a binding */
    struct command *c;
    struct globals *g;
    struct client *client;
    const char *group;
    char *called; /* "agentos-review", "baton review" */
    cJSON *bindings;
    const cJSON *binding;
    struct binding_line line;
};

bool alias_of(const char *argv0, struct alias *ret_alias)
{
    const char *slash = argv0 ? strrchr(argv0, '/') : NULL, *name = slash ? slash + 1 : argv0;
    if (!name)
        return false;
    *ret_alias = (struct alias){.agentos = strncmp(name, "agentos", 7) == 0};
    if (strcmp(name, "agentos") == 0)
        return true;
    if (strncmp(name, "agentos-", 8) == 0 && name[8])
        ret_alias->group = name + 8;
    else if (strncmp(name, "baton-", 6) == 0 && name[6])
        ret_alias->group = name + 6;
    return ret_alias->group != NULL;
}

/* --- the hub ------------------------------------------------------------------------------------
 */

/* Connects without a word about failures, and starts no hub. */
static struct client *connect_quietly(const struct cli_options *o)
{
    const char *token = getenv("BATON_TOKEN");
    char *usual = o->identity || (token && *token) ? NULL : identity_default();
    const struct client_options options = {
        .hub = o->hub,
        .token = token,
        .identity = o->identity ? o->identity : usual,
        .workspace = o->workspace,
        .kind = "cli",
    };
    struct client_fault fault = {0};
    struct client *client = NULL;
    if (path_hub_address_ok(o->hub) && client_open(&options, &client, &fault) != ERR_OK)
        client_fault_finish(&fault);
    free(usual);
    return client;
}

static enum err fetch(struct client *client, const char *group, bool schemas, cJSON **ret_list,
                      struct client_fault *fault)
{
    cJSON *params = cJSON_CreateObject();
    if (group)
        cJSON_AddStringToObject(params, "group", group);
    cJSON_AddBoolToObject(params, "schemas", schemas);
    const enum err e = client_call(client, "binding.list", params, LIST_MS, ret_list, fault);
    cJSON_Delete(params);
    return e;
}

/* --- printing -----------------------------------------------------------------------------------
 */

static int print(const struct command *c, struct buf *out)
{
    const int status = command_write(c, out->data, out->len);
    buf_finish(out);
    return status;
}

static int print_json(const struct command *c, const cJSON *json)
{
    struct buf out = {0};
    char *text = json_print(json);
    buf_printf(&out, c->tool ? "{\"ok\":true,\"result\":%s}\n" : "%s\n", text);
    free(text);
    return print(c, &out);
}

/* A text as it is into a file or pipe, and safe on a terminal. */
static int print_text(const struct command *c, const char *text)
{
    struct buf out = {0};
    for (bool safe = isatty(STDOUT_FILENO); *text;) {
        const size_t n = strcspn(text, "\n"), most = n * 4 + 8;
        if (safe) {
            out.len += text_make_safe(buf_reserve(&out, most), most, text, n);
        } else {
            buf_append(&out, text, n);
        }
        buf_putc(&out, '\n');
        text += n + (text[n] == '\n');
    }
    return print(c, &out);
}

static int print_result(struct command *c, const cJSON *result)
{
    if (c->tool || c->options.json)
        return print_json(c, result);
    if (cJSON_IsString(result))
        return print_text(c, result->valuestring);
    cJSON_Delete(c->output);
    c->output = cJSON_CreateObject();
    return command_print(c, result);
}

static int wrong(const struct asked *a, const char *sentence)
{
    char *where = a->binding ? mem_printf("%s %s", a->group, json_string(a->binding, "name", ""))
                             : mem_strdup(a->group);
    const int status = command_usage_at(a->c, sentence, where);
    free(where);
    return status;
}

/* --- the input ----------------------------------------------------------------------------------
 */

static enum err read_all(int fd, struct buf *out)
{
    for (;;) {
        const ssize_t n = read(fd, buf_reserve(out, 65536), 65536);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_from_errno(errno);
        if (n == 0)
            return ERR_OK;
        out->len += (size_t)n;
        if (out->len > INPUT_MAX)
            return ERR_LIMIT;
    }
}

/* Has somebody put an input there? What programs inherit is often a pipe into which nobody ever
 * writes, so the first byte has to come soon. */
static bool stdin_speaks(void)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    struct stat st;
    if (fstat(STDIN_FILENO, &st) < 0)
        return false;
    if (S_ISREG(st.st_mode))
        return true;
    return (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)) && poll(&in, 1, STDIN_MS) > 0;
}

static enum err take_stdin(struct asked *a, const char *name, bool may_be_empty, char *why,
                           size_t size)
{
    struct buf text = {0};
    enum err e = read_all(STDIN_FILENO, &text);
    if (e != ERR_OK)
        snprintf(why, size, "%s cannot be read: %s", name, err_text(e)->person);
    else if (!may_be_empty || (text.len && text.data[strspn(text.data, " \t\r\n")]))
        e = binding_line_whole(&a->line, name, text.data ? text.data : "", text.len, why, size);
    buf_finish(&text);
    return e;
}

static enum err take_file(struct asked *a, char *why, size_t size)
{
    char *text = NULL;
    size_t n = 0;
    enum err e = path_read_file(a->line.file, INPUT_MAX, &text, &n);
    if (e != ERR_OK)
        snprintf(why, size, "Flag --json-file cannot be read: %s", err_text(e)->person);
    else
        e = binding_line_whole(&a->line, "Flag --json-file", text, n, why, size);
    free(text);
    return e;
}

/* The whole input, where it is given: as text, in a file, or on standard input when there are no
 * words at all. */
static enum err take_whole(struct asked *a, const cJSON *schema, bool no_words, char *why,
                           size_t size)
{
    const char *whole = a->line.whole;
    if (whole && strcmp(whole, "-") == 0)
        return take_stdin(a, "Flag --json", false, why, size);
    if (whole)
        return binding_line_whole(&a->line, "Flag --json", whole, strlen(whole), why, size);
    if (a->line.file && strcmp(a->line.file, "-") == 0)
        return take_stdin(a, "Flag --json-file", false, why, size);
    if (a->line.file)
        return take_file(a, why, size);
    if (no_words && json_get(schema, "properties") && json_get(schema, "properties")->child &&
        stdin_speaks())
        return take_stdin(a, "Standard input", true, why, size);
    return ERR_OK;
}

/* --- one command --------------------------------------------------------------------------------
 */

static int other_flag(void *data, int argc, char **argv, int i, char *why, size_t size)
{
    return globals_take(data, argc, argv, i, why, size);
}

static int show_list(struct asked *a, int argc, char **argv)
{
    struct buf out = {0};
    bool json = a->c->options.json;
    for (int i = 0; i < argc; i++)
        json = json || strcmp(argv[i], "--json") == 0;
    if (json)
        return print_json(a->c, a->bindings);
    binding_help_list(a->called, a->bindings, &out);
    return print(a->c, &out);
}

static int show_help(struct asked *a)
{
    struct buf out = {0};
    if (a->line.json || a->c->options.json) {
        cJSON *json = binding_help_json(a->called, a->binding);
        const int status = print_json(a->c, json);
        cJSON_Delete(json);
        return status;
    }
    binding_help(a->called, a->binding, &out);
    return print(a->c, &out);
}

static int call(struct asked *a)
{
    struct client_fault fault = {0};
    cJSON *result = NULL;
    char *method = mem_printf("%s.%s", a->group, json_string(a->binding, "name", ""));
    const enum err e = held_call(a->c, a->client, method, a->line.input, -1, &result, &fault);
    int status;
    if (e == ERR_OK) {
        status = print_result(a->c, result);
    } else {
        fault.code = fault.code == ERR_OK ? e : fault.code;
        status = command_fault(a->c, &fault);
    }
    cJSON_Delete(result);
    free(method);
    return status;
}

static int run_binding(struct asked *a, int argc, char **argv)
{
    const cJSON *schema = json_get(a->binding, "inputSchema");
    const struct binding_reader reader = {.schema = schema,
                                          .json_alone = !a->c->tool,
                                          .other = a->c->tool ? NULL : other_flag,
                                          .data = a->g};
    char why[SENTENCE] = "";
    enum err e = binding_line_parse(&reader, argc, argv, &a->line, why, sizeof why);
    if (e != ERR_OK)
        return wrong(a, why);
    a->c->options = a->g->options;
    a->c->options.json = a->c->options.json || a->line.json;
    if (a->line.help || a->g->help)
        return show_help(a);
    e = take_whole(a, schema, argc == 0, why, sizeof why);
    if (e == ERR_OK)
        e = binding_line_check(&a->line, schema, why, sizeof why);
    return e == ERR_OK ? call(a) : wrong(a, why);
}

static int run_group(struct asked *a, int argc, char **argv)
{
    char why[SENTENCE];
    const char *name = argc ? argv[0] : "--help";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)
        return show_list(a, argc, argv);
    cJSON_ArrayForEach(
        a->binding, a->bindings) if (strcmp(json_string(a->binding, "name", ""), name) == 0) break;
    if (a->binding)
        return run_binding(a, argc - 1, argv + 1);
    binding_unknown(a->group, name, a->bindings, why, sizeof why);
    return wrong(a, why);
}

static void finish(struct asked *a)
{
    binding_line_finish(&a->line);
    cJSON_Delete(a->bindings);
    client_close(a->client);
    free(a->called);
}

bool binding_try(struct command *c, struct globals *g, int argc, char **argv, int *ret_status)
{
    struct client_fault fault = {0};
    struct asked a = {.c = c, .g = g, .group = argv[0]};
    bool known = false;
    if (argc && strspn(argv[0], "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(argv[0]))
        a.client = connect_quietly(&g->options);
    if (a.client && fetch(a.client, a.group, true, &a.bindings, &fault) == ERR_OK &&
        cJSON_GetArraySize(a.bindings) > 0) {
        known = true;
        a.called = mem_printf("baton %s", a.group);
        *ret_status = run_group(&a, argc - 1, argv + 1);
    }
    client_fault_finish(&fault);
    finish(&a);
    return known;
}

static int no_group(const struct asked *a, struct client *client)
{
    struct client_fault fault = {0};
    struct buf text = {0};
    cJSON *all = NULL;
    const cJSON *one;
    const char *last = "";
    char safe[64];
    text_make_safe(safe, sizeof safe, a->group, strlen(a->group));
    buf_printf(&text, "There is no toolkit \"%s\". Available: ", safe);
    if (fetch(client, NULL, false, &all, &fault) != ERR_OK)
        client_fault_finish(&fault);
    cJSON_ArrayForEach(one, all)
    {
        const char *group = json_string(one, "group", "");
        if (strcmp(group, last) != 0)
            buf_printf(&text, "%s%s", *last ? ", " : "", group);
        last = group;
    }
    buf_puts(&text, *last ? "" : "none");
    const int status = command_usage_at(a->c, text.data, "");
    buf_finish(&text);
    cJSON_Delete(all);
    return status;
}

int binding_run(struct command *c, struct globals *g, const char *group, int argc, char **argv)
{
    struct client_fault fault = {0};
    struct asked a = {.c = c, .g = g, .group = group};
    int status = EXIT_FAILED;
    c->options = g->options;
    a.client = command_connect(c, false, &status);
    if (!a.client)
        return status;
    a.called = mem_printf("agentos-%s", group);
    if (fetch(a.client, group, true, &a.bindings, &fault) != ERR_OK)
        status = command_fault(c, &fault);
    else if (cJSON_GetArraySize(a.bindings) == 0)
        status = no_group(&a, a.client);
    else
        status = run_group(&a, argc, argv);
    finish(&a);
    return status;
}

/* [{group, groupDescription, name, description…}] as [{name, description, bindings: [{name,
 * description}]}]; the caller's. */
static cJSON *by_groups(const cJSON *list)
{
    cJSON *groups = cJSON_CreateArray(), *at = NULL;
    const cJSON *one;
    const char *last = "";
    cJSON_ArrayForEach(one, list)
    {
        const char *group = json_string(one, "group", "");
        if (strcmp(group, last) != 0) {
            cJSON *o = cJSON_CreateObject();
            cJSON_AddStringToObject(o, "name", group);
            cJSON_AddStringToObject(o, "description", json_string(one, "groupDescription", ""));
            at = cJSON_AddArrayToObject(o, "bindings");
            cJSON_AddItemToArray(groups, o);
            last = group;
        }
        cJSON *o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "name", json_string(one, "name", ""));
        cJSON_AddStringToObject(o, "description", json_string(one, "description", ""));
        cJSON_AddItemToArray(at, o);
    }
    return groups;
}

int binding_list_all(struct command *c, const char *group)
{
    struct client_fault fault = {0};
    cJSON *list = NULL;
    int status = EXIT_FAILED;
    struct client *client = command_connect(c, false, &status);
    if (!client)
        return status;
    if (fetch(client, group, true, &list, &fault) == ERR_OK) {
        cJSON *groups = by_groups(list);
        status = print_json(c, groups);
        cJSON_Delete(groups);
    } else {
        status = command_fault(c, &fault);
    }
    cJSON_Delete(list);
    client_close(client);
    return status;
}

/* --- completion ---------------------------------------------------------------------------------
 */

static void offer(struct buf *out, const char *word, const char *what)
{
    if (strncmp(what, word, strlen(word)) == 0)
        buf_printf(out, "%s\n", what);
}

static void offer_flags(const cJSON *list, const char *name, const char *word, struct buf *out)
{
    const cJSON *one, *flag;
    cJSON_ArrayForEach(one, list)
    {
        if (strcmp(json_string(one, "name", ""), name) != 0)
            continue;
        cJSON *help = binding_help_json("", one);
        cJSON_ArrayForEach(flag, json_get(help, "flags"))
            offer(out, word, json_string(flag, "flag", ""));
        cJSON_Delete(help);
    }
}

void binding_complete(const struct cli_options *o, int n, char **words, struct buf *out)
{
    struct client_fault fault = {0};
    cJSON *list = NULL;
    const cJSON *one;
    const char *last = "";
    struct client *client = n > 0 ? connect_quietly(o) : NULL;
    if (!client)
        return;
    if (fetch(client, n > 1 ? words[0] : NULL, n > 2, &list, &fault) != ERR_OK)
        client_fault_finish(&fault);
    cJSON_ArrayForEach(one, list)
    {
        const char *group = json_string(one, "group", "");
        if (n == 2)
            offer(out, words[1], json_string(one, "name", ""));
        else if (n == 1 && strcmp(group, last) != 0)
            offer(out, words[0], group);
        last = group;
    }
    if (n > 2 && words[n - 1][0] == '-')
        offer_flags(list, words[1], words[n - 1], out);
    cJSON_Delete(list);
    client_close(client);
}
