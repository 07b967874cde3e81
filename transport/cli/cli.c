/* argv to a command. Global flags first, then a door of main.c, a group and a name, or a name of
 * the group `baton` alone; what stands behind them is read by the row's schema. */
#include "transport/cli/cli.h"
#include "core/base/mem.h"
#include "core/base/nearest.h"
#include "core/base/paths.h"
#include "core/base/text.h"
#include "transport/cli/binding.h"
#include "transport/cli/command.h"
#include "transport/cli/complete.h"
#include "transport/cli/help.h"
#include "transport/cli/manual.h"
#include "transport/wire/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SENTENCE 1024
#define BAD_HUB                                                                                    \
    "A hub's name has 1 to 32 letters, digits, dots, - and _; USER/NAME is another user's hub"

static int print_buf(const struct command *c, struct buf *out)
{
    int status = command_write(c, out->data, out->len);
    buf_finish(out);
    return status;
}

static bool is_group(const struct catalogue *c, const char *name)
{
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->rows[i]->group, name) == 0 && !(c->rows[i]->flags & CAP_INTERNAL))
            return true;
    return false;
}

static const struct capability *find(const struct catalogue *c, const char *group, const char *name)
{
    char *method = mem_printf("%s.%s", group, name);
    const struct capability *row = catalogue_find(c, method, strlen(method));
    free(method);
    return row && !(row->flags & CAP_INTERNAL) ? row : NULL;
}

/* The row that argv names; *ret_used is how many words its name took. */
static const struct capability *resolve(const struct catalogue *c, int argc, char **argv,
                                        int *ret_used)
{
    const struct capability *row = NULL;
    *ret_used = 2;
    if (argc >= 2)
        row = find(c, argv[0], argv[1]);
    if (!row) {
        *ret_used = 1;
        row = find(c, "baton", argv[0]);
    }
    return row;
}

/* Parses the row's schemas; a row that is wrong is the program's fault and says so. */
static bool load_schemas(struct command *c)
{
    const struct capability *row = c->row;
    return json_parse(row->input, strlen(row->input), &c->schema) == ERR_OK &&
           json_parse(row->output, strlen(row->output), &c->output) == ERR_OK;
}

/* --- help and wrong names -------------------------------------------------------------------- */

static int unknown(const struct command *c, int argc, char **argv)
{
    struct nearest near;
    char names[256], safe[64], group[64], sentence[SENTENCE];
    const struct catalogue *all = c->catalogue;
    bool known = is_group(all, argv[0]);
    const char *word = known && argc > 1 ? argv[1] : argv[0];

    text_make_safe(safe, sizeof safe, word, strlen(word));
    text_make_safe(group, sizeof group, argv[0], strlen(argv[0]));
    nearest_begin(&near, word);
    for (size_t i = 0; i < all->count; i++) {
        const struct capability *row = all->rows[i];
        if (row->flags & CAP_INTERNAL)
            continue;
        if (!known)
            nearest_offer(&near, row->group);
        if (known ? strcmp(row->group, argv[0]) == 0 : strcmp(row->group, "baton") == 0)
            nearest_offer(&near, row->name);
    }
    for (const struct help_door *d = help_doors; !known && d->name; d++)
        nearest_offer(&near, d->name);
    nearest_list(&near, names, sizeof names);
    snprintf(sentence, sizeof sentence, "There is no command '%s%s%s'%s%s", known ? group : "",
             known ? " " : "", safe, names[0] ? "; near to it: " : "", names);
    return command_usage_at(c, sentence, known ? group : "");
}

static int help_for(struct command *c)
{
    struct buf out = {0};
    if (!load_schemas(c))
        return command_fail(c, ERR_INTERNAL, NULL);
    help_command(c->row, c->schema, c->output, &out);
    return print_buf(c, &out);
}

/* `baton help`, `baton help GROUP`, `baton help GROUP NAME`, and --help with as many words. */
static int help(struct command *c, struct globals *g, int argc, char **argv)
{
    struct buf out = {0};
    int used;
    if (argc == 0) {
        help_overview(c->catalogue, &out);
        return print_buf(c, &out);
    }
    if (argc == 1 && is_group(c->catalogue, argv[0]) && !find(c->catalogue, "baton", argv[0])) {
        help_group(c->catalogue, argv[0], &out);
        return print_buf(c, &out);
    }
    c->row = resolve(c->catalogue, argc, argv, &used);
    if (c->row)
        return help_for(c);
    for (const struct help_door *d = help_doors; d->name; d++)
        if (strcmp(d->name, argv[0]) == 0) {
            buf_printf(&out, "baton %s: %s\n\nUsage:\n  baton [-L HUB] [-w WORKSPACE] %s%s%s\n",
                       d->name, d->help, d->name, *d->synopsis ? " " : "", d->synopsis);
            return print_buf(c, &out);
        }
    char flag[] = "--help", *words[] = {argv[0], argc > 1 ? argv[1] : flag, flag};
    if (binding_try(c, g, argc > 1 ? 3 : 2, words, &used))
        return used;
    return unknown(c, argc, argv);
}

/* --- the commands ---------------------------------------------------------------------------- */

static int run_row(struct command *c, struct globals *g, int argc, char **argv)
{
    char why[SENTENCE] = "";
    int status;
    if (!load_schemas(c))
        return command_fail(c, ERR_INTERNAL, NULL);
    enum err e = flags_parse(c->row, c->schema, argc, argv, g, &c->flags, why, sizeof why);
    c->options = g->options;
    if (e != ERR_OK)
        return command_usage(c, why);
    if (g->help) {
        struct buf out = {0};
        help_command(c->row, c->schema, c->output, &out);
        return print_buf(c, &out);
    }
    if (!path_hub_address_ok(c->options.hub))
        return command_usage(c, BAD_HUB);
    if (c->flags.unread) {
        e = flags_read(&c->flags, c->schema, STDIN_FILENO, WIRE_MAX_MESSAGE / 2, why, sizeof why);
        if (e != ERR_OK)
            return command_usage(c, why);
    }
    if (flags_check(&c->flags, c->schema, why, sizeof why) != ERR_OK)
        return command_usage(c, why);
    const struct local_command *local = local_find(c->row);
    if (!local)
        local = long_find(c->row);
    if (local)
        status = local->run(c);
    else if (c->row->lane == LANE_CLIENT)
        status = command_fail(c, ERR_INTERNAL, NULL);
    else if (c->flags.follow && strcmp(c->row->group, "session") == 0)
        status = command_session_follow(c);
    else if (c->flags.follow)
        status = command_follow(c);
    else
        status = command_call(c);
    return status;
}

/* The console's commands keep what stands behind them, but for the global flags before a `--`. */
static int run_console(struct command *c, struct globals *g, int argc, char **argv)
{
    char why[SENTENCE];
    char **rest = mem_calloc((size_t)argc + 2, sizeof *rest);
    int n = 0, status;
    for (int i = 0, used; i < argc; i += used) {
        if (strcmp(argv[i], "--") == 0) {
            while (i < argc)
                rest[n++] = argv[i++];
            break;
        }
        used = globals_take(g, argc, argv, i, why, sizeof why);
        if (used < 0) {
            free(rest);
            return command_usage(c, why);
        }
        if (used == 0) {
            rest[n++] = argv[i];
            used = 1;
        }
    }
    c->options = g->options;
    if (g->help)
        status = help(c, g, n ? 1 : 0, rest);
    else if (!path_hub_address_ok(c->options.hub))
        status = command_usage(c, BAD_HUB);
    else if (client_door())
        status = command_fail(c, ERR_UNSUPPORTED,
                              "There is no console in a sandbox: its door takes commands alone. "
                              "See: baton --help");
    else
        status = c->doors->console(&c->options, n, rest);
    free(rest);
    return status;
}

static int run_demo_agent(struct command *c, struct globals *g, int argc, char **argv)
{
    if (argc == 1)
        return c->doors->demo_agent();
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
        return help(c, g, 1, argv);
    return command_usage(c, "demo-agent takes nothing: it is told what to do in its prompts");
}

/* `baton mcp`: whom it serves is said by the global flags and the environment. */
static int run_mcp(struct command *c, struct globals *g, int argc, char **argv)
{
    char why[SENTENCE];
    long page = 0;
    for (int i = 1, used; i < argc; i += used) {
        used = globals_take(g, argc, argv, i, why, sizeof why);
        if (used < 0)
            return command_usage(c, why);
        if (used > 0)
            continue;
        char *end = NULL;
        page = strcmp(argv[i], "--page") == 0 && i + 1 < argc ? strtol(argv[i + 1], &end, 10) : 0;
        if (page < 1 || page > 1000 || *end)
            return command_usage(c, "mcp takes --page N alone, tools in one answer (1 to 1000)");
        used = 2;
    }
    c->options = g->options;
    if (g->help)
        return help(c, g, 1, argv);
    if (!path_hub_address_ok(c->options.hub))
        return command_usage(c, BAD_HUB);
    return c->doors->mcp(&c->options, (int)page);
}

/* `baton json-field NAME`. What stands behind -- is a name, whatever it looks like. */
static int run_json_field(struct command *c, struct globals *g, int argc, char **argv)
{
    char why[SENTENCE];
    const char *name = NULL;
    bool plain = false;
    for (int i = 1, used; i < argc; i += used) {
        used = plain ? 0 : globals_take(g, argc, argv, i, why, sizeof why);
        if (used < 0)
            return command_usage(c, why);
        if (used > 0)
            continue;
        used = 1;
        if (!plain && strcmp(argv[i], "--") == 0)
            plain = true;
        else if (name || (!plain && argv[i][0] == '-'))
            return command_usage(c, "json-field takes the name of one member, and --json");
        else
            name = argv[i];
    }
    c->options = g->options;
    if (g->help)
        return help(c, g, 1, argv);
    if (!name)
        return command_usage(c, "The name is missing: baton json-field NAME");
    return command_json_field(c, name);
}

static int version(const struct command *c)
{
    struct buf out = {0};
    if (c->options.json)
        buf_printf(&out, "{\"version\":\"%s\"}\n", BATON_VERSION);
    else
        buf_printf(&out, "baton %s\n", BATON_VERSION);
    return print_buf(c, &out);
}

/* Words that are no rows. False when argv[0] is none of them. */
static bool run_word(struct command *c, struct globals *g, int argc, char **argv, int *ret_status)
{
    struct buf out = {0};
    const char *word = argv[0];
    if (strcmp(word, "attach") == 0 || strcmp(word, "run") == 0) {
        *ret_status = run_console(c, g, argc, argv);
    } else if (strcmp(word, "demo-agent") == 0) {
        *ret_status = run_demo_agent(c, g, argc, argv);
    } else if (strcmp(word, "mcp") == 0) {
        *ret_status = run_mcp(c, g, argc, argv);
    } else if (strcmp(word, "json-field") == 0) {
        *ret_status = run_json_field(c, g, argc, argv);
    } else if (strcmp(word, "keep") == 0 && argc == 2) {
        *ret_status = c->doors->keep(argv[1]);
    } else if (strcmp(word, "hook") == 0 && argc == 2) {
        *ret_status = c->doors->hook(argv[1]);
    } else if (strcmp(word, "run-binding") == 0 && argc == 1) {
        *ret_status = c->doors->run_binding();
    } else if (strcmp(word, "help") == 0) {
        *ret_status = help(c, g, argc - 1, argv + 1);
    } else if (strcmp(word, "completion") == 0) {
        const char *text = argc == 2 ? complete_script(argv[1]) : NULL;
        if (text)
            buf_puts(&out, text);
        *ret_status = text
                          ? print_buf(c, &out)
                          : command_usage(c, "The shell is missing: baton completion bash, or zsh");
    } else if (strcmp(word, "manual") == 0 && argc == 1) {
        manual_page(c->catalogue, &out);
        *ret_status = print_buf(c, &out);
    } else if (strcmp(word, "__complete") == 0) {
        complete_words(c->catalogue, argc - 1, argv + 1, &out);
        complete_ids(c->catalogue, &g->options, argc - 1, argv + 1, &out);
        binding_complete(&g->options, argc - 1, argv + 1, &out);
        *ret_status = print_buf(c, &out);
    } else {
        return false;
    }
    return true;
}

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value && text_is_utf8(value, strlen(value)) ? value : NULL;
}

static int run(struct command *c, struct globals *g, int argc, char **argv)
{
    char why[SENTENCE];
    int at = 1, used, status;
    for (; at < argc && argv[at][0] == '-'; at += used) {
        used = globals_take(g, argc, argv, at, why, sizeof why);
        c->options = g->options;
        if (used == 0) {
            char safe[64];
            text_make_safe(safe, sizeof safe, argv[at], strlen(argv[at]));
            snprintf(why, sizeof why, "Unknown flag: %s", safe);
        }
        if (used <= 0)
            return command_usage(c, why);
    }
    argc -= at;
    argv += at;
    if (g->version)
        return version(c);
    if (argc == 0)
        return g->help ? help(c, g, 0, argv) : run_console(c, g, 0, argv);
    if (g->help)
        return help(c, g, argc, argv);
    if (run_word(c, g, argc, argv, &status))
        return status;
    c->row = resolve(c->catalogue, argc, argv, &used);
    if (c->row)
        return run_row(c, g, argc - used, argv + used);
    if (argc >= 2 && is_group(c->catalogue, argv[0]) &&
        (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
         strcmp(argv[1], "help") == 0))
        return help(c, g, 1, argv);
    if (argc == 1 && is_group(c->catalogue, argv[0])) {
        struct buf out = {0};
        help_group(c->catalogue, argv[0], &out);
        fwrite(out.data, 1, out.len, stderr);
        buf_finish(&out);
        return EXIT_USAGE;
    }
    if (binding_try(c, g, argc, argv, &status))
        return status;
    return unknown(c, argc, argv);
}

/* --- by the name of a group ------------------------------------------------------------------ */

/* The hub of the shell that this runs in, BATON=HUB:SHELL, where BATON_HUB names none: who calls a
 * command by a group's name gives no -L. The caller frees. */
static char *hub_here(void)
{
    const char *here = environment("BATON"), *colon = here ? strchr(here, ':') : NULL;
    return colon ? mem_strndup(here, (size_t)(colon - here)) : NULL;
}

static int list_bindings(struct command *c, int argc, char **argv)
{
    if (argc > 1 || (argc == 1 && argv[0][0] == '-'))
        return command_usage_at(c, "list-bindings takes the name of a group alone", "");
    return binding_list_all(c, argc ? argv[0] : NULL);
}

static int run_alias(struct command *c, struct globals *g, const struct alias *alias, int argc,
                     char **argv)
{
    const char *group = alias->group;
    char *hub = getenv("BATON_HUB") ? NULL : hub_here();
    int status;
    if (hub && path_hub_address_ok(hub))
        c->options.hub = g->options.hub = hub;
    argc--;
    argv++;
    if (!group && argc) {
        group = *argv++;
        argc--;
    }
    const bool ours = group && is_group(c->catalogue, group);
    c->tool = alias->agentos || !ours;
    if (!group || strcmp(group, "list-bindings") == 0 || strcmp(group, "list-tools") == 0) {
        status = list_bindings(c, argc, argv);
    } else if (ours) {
        char **words = mem_calloc((size_t)argc + 3, sizeof *words);
        char program[] = "baton", *name = mem_strdup(group);
        words[0] = program;
        words[1] = name;
        memcpy(words + 2, argv, (size_t)argc * sizeof *words);
        status = run(c, g, argc + 2, words);
        free(name);
        free(words);
    } else {
        status = binding_run(c, g, group, argc, argv);
    }
    free(hub);
    return status;
}

int cli_main(int argc, char **argv, const struct cli_doors *doors)
{
    struct command c = {.catalogue = hub_catalogue(), .doors = doors};
    struct globals g = {.options = {.hub = environment("BATON_HUB"),
                                    .identity = environment("BATON_IDENTITY"),
                                    .workspace = environment("BATON_WORKSPACE")}};
    if (!g.options.hub)
        g.options.hub = "default";
    c.options = g.options;
    struct alias alias;
    int status = argc && alias_of(argv[0], &alias) ? run_alias(&c, &g, &alias, argc, argv)
                                                   : run(&c, &g, argc, argv);
    flags_finish(&c.flags);
    cJSON_Delete(c.schema);
    cJSON_Delete(c.output);
    return status;
}
