/* The manual page. What every command does comes from its row; the rest is prose that holds
 * whatever commands there are: the chapters are in manual_chapters.c. */
#include "transport/cli/manual.h"
#include "core/base/json.h"
#include "transport/cli/flags.h"
#include "transport/cli/help.h"
#include "transport/cli/roff.h"

#include <string.h>

static void command(const struct capability *row, struct buf *out)
{
    cJSON *schema = NULL;
    const cJSON *one;
    struct buf name = {0}, synopsis = {0}, left = {0}, right = {0};
    if (json_parse(row->input, strlen(row->input), &schema) != ERR_OK)
        return;
    help_name(row, &name);
    help_synopsis(row, schema, &synopsis);
    buf_puts(out, ".TP\n.B ");
    roff_put(out, name.data);
    buf_puts(out, "\n");
    if (synopsis.len) {
        buf_puts(out, ".RI ");
        buf_putc(out, '"');
        for (char *p = synopsis.data, *end; *p; p = end) {
            const char was = *(end = p + strcspn(p, "\""));
            *end = '\0';
            roff_put(out, p);
            *end = was;
            for (; *end == '"'; end++)
                buf_puts(out, "\\(dq");
        }
        buf_puts(out, "\"\n.br\n");
    }
    roff_put(out, row->help);
    buf_puts(out, ".\n");
    bool any = false;
    cJSON_ArrayForEach(one, json_get(schema, "properties"))
    {
        if (strcmp(one->string, "workspace") == 0)
            continue;
        buf_clear(&left);
        buf_clear(&right);
        help_flag(schema, one, &left);
        help_about(schema, one, &right);
        if (!right.len)
            continue;
        if (!any)
            buf_puts(out, ".RS\n");
        any = true;
        buf_puts(out, ".TP\n.I ");
        roff_line(out, left.data);
        roff_line(out, right.data);
    }
    if (any)
        buf_puts(out, ".RE\n");
    buf_finish(&right);
    buf_finish(&left);
    buf_finish(&synopsis);
    buf_finish(&name);
    cJSON_Delete(schema);
}

static void commands(const struct catalogue *c, struct buf *out)
{
    for (size_t i = 0; i < c->count; i++) {
        const char *group = c->rows[i]->group;
        bool first = true, any = false;
        for (size_t k = 0; k < i; k++)
            first = first && strcmp(c->rows[k]->group, group) != 0;
        for (size_t k = i; first && k < c->count; k++) {
            const struct capability *row = c->rows[k];
            if (strcmp(row->group, group) != 0 || (row->flags & CAP_INTERNAL))
                continue;
            if (!any) {
                buf_puts(out, ".SS ");
                roff_line(out, strcmp(group, "baton") == 0 ? "commands that stand alone" : group);
            }
            any = true;
            command(row, out);
        }
    }
}

static const struct {
    const char *name, *text;
} flags[] =
    {
        {"-L HUB", "The hub's name, as for several hubs of one user; BATON_HUB, or default."},
        {"-L USER/HUB", "The hub of another user of this machine who shares it; see SHARING. It is "
                        "never started from here."},
        {"-w, --workspace KEY", "The workspace that a command works in; BATON_WORKSPACE."},
        {"--identity NAME", "Who you are for this command; BATON_IDENTITY."},
        {"--json", "Print exactly the result as JSON; errors are JSON on standard error."},
        {"--input JSON, --input-file FILE", "The whole input of a command as one JSON object."},
        {"-h, --help", "Help on what stands before it."},
        {"-V, --version", "The program's version."},
},
  files[] =
      {
          {"$XDG_CONFIG_HOME/baton/config.json", "The configuration: JSON with comments, every key "
                                                 "optional. 'baton config show' prints what is "
                                                 "in force and where each value came from."},
          {"$XDG_CONFIG_HOME/baton/bindings/", "Bindings, one JSON file a group."},
          {"$XDG_CONFIG_HOME/baton/themes/", "Themes of your own, one JSON file each."},
          {"$XDG_STATE_HOME/baton/HUB/", "The journal, the streams' records, hooks that are due "
                                         "and the hub's log."},
          {"$XDG_RUNTIME_DIR/baton/HUB/", "The hub's sockets."},
          {"/tmp/baton-share-UID/HUB/", "Those for other users, while the hub is shared."},
},
  variables[] =
      {
          {"BATON_HUB, BATON_WORKSPACE, BATON_IDENTITY",
           "What -L, -w and --identity are when absent."},
          {"BATON_TOKEN", "Who you are when you are not the hub's owner."},
          {"BATON_DOOR", "In a sandbox: the folder of its door to the hub. Commands go there, and "
                         "nothing else does; there is no console."},
          {"BATON_SHARE_DIR", "Where shared hubs are, for both sides, instead of /tmp."},
          {"SHELL", "The program of a new shell, unless the configuration names one."},
          {"NO_COLOR", "No colours when it is set and not empty."},
},
  statuses[] = {
      {"0", "Done."},
      {"1", "Refused or failed; the reason is on standard error."},
      {"2", "Wrong usage."},
      {"124", "A wait ran out."},
};

void manual_page(const struct catalogue *c, struct buf *out)
{
    buf_printf(out, ".TH BATON 1 \"\" \"baton %s\" \"User Commands\"\n", BATON_VERSION);
    roff_section(out, "NAME");
    buf_puts(out, "baton \\- a multiplayer console for agents\n");
    roff_section(out, "SYNOPSIS");
    buf_puts(out, ".B baton\n.RI [ flags ]\n.br\n.B baton attach\n.br\n.B baton run \\-\\-\n"
                  ".IR COMMAND ...\n.br\n.B baton\n.I GROUP NAME\n.RI [ flags ]\n.RI [ "
                  "arguments ]\n");
    roff_section(out, "DESCRIPTION");
    roff_line(
        out,
        "A hub on your machine runs shells and coding agents; people and agents attach to it\n"
        "together. One of them holds the baton and drives; the others watch. Every byte that a\n"
        "shell writes is recorded, so nothing is lost when a console leaves or a hub ends.");
    buf_puts(out, ".PP\n");
    roff_line(
        out,
        "baton alone opens the console on a workspace and starts the hub if need be. Every thing\n"
        "that the hub can do is a command as well: a group and a name. Ids may be shortened to\n"
        "any unique beginning, those of messages to their last six letters.");
    roff_section(out, "FLAGS");
    roff_line(out, "These stand before the group or after it.");
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        roff_term(out, flags[i].name, flags[i].text);
    roff_section(out, "COMMANDS");
    for (const struct help_door *d = help_doors; d->name; d++) {
        struct buf name = {0}, help = {0};
        buf_printf(&name, "%s %s", d->name, d->synopsis);
        buf_printf(&help, "%s.", d->help);
        roff_term(out, name.data, help.data);
        buf_finish(&name);
        buf_finish(&help);
    }
    roff_term(out, "completion bash|zsh", "Print a completion script for that shell.");
    roff_term(out, "manual", "Print this page as roff.");
    commands(c, out);
    manual_chapters(out);
    roff_section(out, "EXIT STATUS");
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        roff_term(out, statuses[i].name, statuses[i].text);
    roff_section(out, "ENVIRONMENT");
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        roff_term(out, variables[i].name, variables[i].text);
    roff_section(out, "FILES");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        roff_term(out, files[i].name, files[i].text);
    roff_section(out, "EXAMPLES");
    buf_puts(out, ".nf\n");
    roff_line(out, "id=$(baton --json shell open -- make -j2 | jq -r .shellId)\n"
                   "baton shell wait $id --exit --timeout 600\n"
                   "baton stream export $id --output build.cast");
    buf_puts(out, ".fi\n");
    roff_section(out, "SEE ALSO");
    buf_puts(out, ".BR tmux (1),\n.BR ssh (1),\n.BR asciinema (1)\n");
}
