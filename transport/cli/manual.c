/* The manual page. What every command does comes from its row; the rest is prose that holds
 * whatever commands there are. */
#include "transport/cli/manual.h"
#include "core/base/json.h"
#include "transport/cli/flags.h"
#include "transport/cli/help.h"

#include <string.h>

/* Text for roff: no word of ours may be read as a request or an escape. */
static void put(struct buf *out, const char *text)
{
    bool begin = out->len == 0 || out->data[out->len - 1] == '\n';
    for (; *text; text++) {
        if (begin && (*text == '.' || *text == '\''))
            buf_puts(out, "\\&");
        begin = *text == '\n';
        if (*text == '\\')
            buf_puts(out, "\\e");
        else if (*text == '-')
            buf_puts(out, "\\-");
        else
            buf_putc(out, *text);
    }
}

static void line(struct buf *out, const char *text)
{
    put(out, text);
    buf_putc(out, '\n');
}

static void section(struct buf *out, const char *name)
{
    buf_printf(out, ".SH %s\n", name);
}

/* `.TP`, a bold term, and what it is. */
static void term(struct buf *out, const char *name, const char *text)
{
    buf_puts(out, ".TP\n.B ");
    line(out, name);
    line(out, *text ? text : "\\&");
}

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
    put(out, name.data);
    buf_puts(out, "\n");
    if (synopsis.len) {
        buf_puts(out, ".RI ");
        buf_putc(out, '"');
        for (const char *p = synopsis.data; *p; p++)
            if (*p == '"')
                buf_puts(out, "\\(dq");
            else
                put(out, (char[]){*p, '\0'});
        buf_puts(out, "\"\n.br\n");
    }
    put(out, row->help);
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
        line(out, left.data);
        line(out, right.data);
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
                line(out, strcmp(group, "baton") == 0 ? "commands that stand alone" : group);
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

static void sharing(struct buf *out)
{
    section(out, "SHARING");
    line(out,
         "Other users of the machine come to a hub without a token when its configuration names\n"
         "them under members, by user or by group, with the role observer (may look) or driver "
         "(may\n"
         "hold batons), in one workspace or in all:");
    buf_puts(out, ".PP\n.nf\n");
    line(out, "\"members\": {\n"
              "    \"grace\": {\"user\": \"grace\", \"role\": \"observer\", \"workspace\": "
              "\"main\"},\n"
              "    \"devs\": {\"group\": \"devs\", \"role\": \"driver\"}\n}");
    buf_puts(out, ".fi\n.PP\n");
    line(
        out,
        "They address it as USER/HUB, such as ada/default. A user goes by the name of the line, "
        "the\n"
        "members of a group by their own. The hub knows them by what the kernel says, not by what\n"
        "they say. 'baton hub reload' puts a change in force; who is not named any more is cut\n"
        "off. 'baton hub status' says under sharing when the hub could not be shared. Whoever may\n"
        "drive runs programs as the hub's user.");
}

static void agents(struct buf *out)
{
    section(out, "AGENTS");
    line(out,
         "Well-known agents are started by their plain names; 'baton session agents' lists them. "
         "The\n"
         "configuration adds others and changes ours, under agents.NAME: command (program and\n"
         "arguments), env, cwd, mode (set when a session begins), auth (how it wants to be\n"
         "authenticated), network and mcp. An agent is handed baton's MCP server, by which it has\n"
         "messages, shells' screens, batons and events as tools; with agents.NAME.mcp false it is "
         "not.");
}

static void hooks(struct buf *out)
{
    section(out, "HOOKS");
    line(out,
         "The configuration can name a command for a kind of event; '*' stands for all kinds, and\n"
         "sessionEvent may have a method behind it:");
    buf_puts(out, ".PP\n.nf\n");
    line(out, "\"hooks\": {\n"
              "    \"shellExit\": [\"notify-send\", \"a shell has ended\"],\n"
              "    \"sessionEvent:session/prompt\": [\"/usr/local/bin/ring\"]\n}");
    buf_puts(out, ".fi\n.PP\n");
    line(
        out,
        "The hub runs it once for each such event, also across its own death. The command gets "
        "the\n"
        "event as a line of JSON on stdin and BATON_EVENT (its number), BATON_EVENT_KIND, "
        "BATON_HUB\n"
        "and BATON_WORKSPACE in its environment. Eight run at a time, in the order of events. One\n"
        "that takes longer than limits.hook (30 s) is ended with its process group, as is what a\n"
        "command leaves running behind it. What fails is told in hub.log and as an event notice,\n"
        "for which no hook runs. 'baton hub status' says how many wait and run. A hook for '*' "
        "that\n"
        "uses baton itself may cause events, and so call itself.");
}

void manual_page(const struct catalogue *c, struct buf *out)
{
    buf_printf(out, ".TH BATON 1 \"\" \"baton %s\" \"User Commands\"\n", BATON_VERSION);
    section(out, "NAME");
    buf_puts(out, "baton \\- a multiplayer console for agents\n");
    section(out, "SYNOPSIS");
    buf_puts(out, ".B baton\n.RI [ flags ]\n.br\n.B baton attach\n.br\n.B baton run \\-\\-\n"
                  ".IR COMMAND ...\n.br\n.B baton\n.I GROUP NAME\n.RI [ flags ]\n.RI [ "
                  "arguments ]\n");
    section(out, "DESCRIPTION");
    line(out,
         "A hub on your machine runs shells and coding agents; people and agents attach to it\n"
         "together. One of them holds the baton and drives; the others watch. Every byte that a\n"
         "shell writes is recorded, so nothing is lost when a console leaves or a hub ends.");
    buf_puts(out, ".PP\n");
    line(out,
         "baton alone opens the console on a workspace and starts the hub if need be. Every thing\n"
         "that the hub can do is a command as well: a group and a name. Ids may be shortened to\n"
         "any unique beginning, those of messages to their last six letters.");
    section(out, "FLAGS");
    line(out, "These stand before the group or after it.");
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        term(out, flags[i].name, flags[i].text);
    section(out, "COMMANDS");
    for (const struct help_door *d = help_doors; d->name; d++) {
        struct buf name = {0}, help = {0};
        buf_printf(&name, "%s %s", d->name, d->synopsis);
        buf_printf(&help, "%s.", d->help);
        term(out, name.data, help.data);
        buf_finish(&name);
        buf_finish(&help);
    }
    term(out, "completion bash|zsh", "Print a completion script for that shell.");
    term(out, "manual", "Print this page as roff.");
    commands(c, out);
    sharing(out);
    agents(out);
    hooks(out);
    section(out, "EXIT STATUS");
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        term(out, statuses[i].name, statuses[i].text);
    section(out, "ENVIRONMENT");
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        term(out, variables[i].name, variables[i].text);
    section(out, "FILES");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        term(out, files[i].name, files[i].text);
    section(out, "EXAMPLES");
    buf_puts(out, ".nf\n");
    line(out, "id=$(baton --json shell open -- make -j2 | jq -r .shellId)\n"
              "baton shell wait $id --exit --timeout 600\n"
              "baton stream export $id --output build.cast");
    buf_puts(out, ".fi\n");
    section(out, "SEE ALSO");
    buf_puts(out, ".BR tmux (1),\n.BR ssh (1),\n.BR asciinema (1)\n");
}
