/* The manual's chapters: what goes through several commands, and the configuration. Data. */
#include "transport/cli/manual.h"
#include "transport/cli/roff.h"

struct part {
    enum { END, TEXT, CODE, KEY } kind;
    const char *text, *more; /* more: of a KEY, what it is */
};

struct chapter {
    const char *name;
    const struct part *parts;
};

static const struct part sandboxes[] = {
    {TEXT,
     "A workspace that was opened with --sandbox is a small world, made by bubblewrap: of the "
     "machine it has /usr, read-only, and a few files of /etc; its own are /home/user, /tmp, its "
     "processes and names. No other workspace, nothing of your home or of the hub, and no network "
     "is seen from inside. --mount SRC:DST[:ro] shows one more folder, --network lets it out; an "
     "agent whose definition has network brings that along, if no agent is who begins it.",
     0},
    {CODE, "baton workspace open lab --sandbox --mount /src/lab:/src\nbaton -w lab shell open", 0},
    {TEXT,
     "Shells, processes and sessions of the workspace run inside, and reach the hub by its door "
     "alone, with a token of their own. limits.memory, limits.processes, limits.disk and "
     "limits.file bound it. 'baton fs' reads and writes its files from outside, and follows no "
     "path that leads out. In a closed workspace nothing starts until it is opened again; its "
     "files stay until it is deleted. 'baton hub doctor' says what of this the machine can do.",
     0},
    {END, 0, 0}};

static const struct part bindings[] = {
    {TEXT,
     "A file in the folder bindings of the configuration is a group of commands that agents may "
     "call. They run on the host, by the hub:",
     0},
    {CODE,
     "{\"name\": \"review\", \"workspaces\": [\"writer\"],\n"
     " \"bindings\": {\"submit\": {\n"
     "     \"description\": \"Have a text reviewed.\",\n"
     "     \"inputSchema\": {\"type\": \"object\",\n"
     "         \"properties\": {\"code\": {\"type\": \"string\"}}, \"required\": [\"code\"]},\n"
     "     \"timeout\": \"10m\", \"tier\": \"autonomous\",\n"
     "     \"execute\": [\"./submit.sh\"]}}}",
     0},
    {TEXT,
     "In a workspace that is agentos-review submit --code TEXT, also baton-review; agentos "
     "list-bindings lists what there is, --help tells of one. Elsewhere it is baton review "
     "submit, and for agents an MCP tool. someName becomes --some-name, a boolean is there or "
     "--no-..., a list is repeated; --json, --json-file or standard input give the whole input. "
     "It prints {\"ok\":true,\"result\":...} and exits 0, or a sentence on standard error and 1.",
     0},
    {TEXT,
     "The command starts in the file's folder with the input as JSON on standard input and "
     "BATON_CALLER, BATON_CALLER_KIND, BATON_CALLER_WORKSPACE and BATON_CALLER_SESSION in its "
     "environment. What it prints, JSON or text, is the result. Behind its timeout (30 s unless "
     "told), and when the caller goes, its process group is ended. Without workspaces a group is "
     "there for all. Files count as soon as they change; a wrong one is refused with its line, "
     "and what it said before stays.",
     0},
    {END, 0, 0}};

static const struct part policy[] = {
    {TEXT,
     "Each call of an agent has a tier: autonomous (it runs), notify (it runs, and the humans are "
     "told), approval (it waits for one of them) or blocked. The strictest of the command's own, the "
     "rules of the configuration and those of the member's policy group holds; a rate raises it "
     "behind its count. Humans are held only by rules that name them.",
     0},
    {CODE,
     "\"policy\": {\n"
     "    \"rules\": [\n"
     "        {\"capability\": \"shell.*\", \"workspace\": \"prod*\", \"tier\": \"approval\"},\n"
     "        {\"capability\": \"comms.*\", \"rate\": {\"count\": 20, \"per\": \"1m\"}}],\n"
     "    \"groups\": {\"careful\": {\"rules\": [{\"capability\": \"*\", \"tier\": \"approval\"}]}}}",
     0},
    {TEXT,
     "'baton policy explain CAPABILITY --as MEMBER' says what holds, and by which rule. What waits "
     "is in 'baton approval list' and in the console (a behind the prefix). What runs is exactly what "
     "was shown; the first answer counts, and no answer within limits.approval is a no. A command "
     "that waits says for which approval, and waits on when the hub dies.",
     0},
    {END, 0, 0}};

static const struct part mail[] = {
    {TEXT,
     "Every member has an inbox and an address, NAME@DOMAIN. With mail.domain and mail.sendmail "
     "in the configuration messages to other addresses go out by that command; an MTA hands in what "
     "comes by 'baton email deliver --to ADDRESS', with the message on standard input. A sendmail "
     "that takes longer than limits.sendmail is ended, and what it did not take is tried again.",
     0},
    {CODE, "\"mail\": {\"domain\": \"agents.example.org\", \"sendmail\": [\"/usr/sbin/sendmail\"]}",
     0},
    {END, 0, 0}};

static const struct part sharing[] = {
    {TEXT,
     "Other users of the machine come to a hub without a token when its configuration names them "
     "under members, by user or by group, with the role observer (may look) or driver (may hold "
     "batons), in one workspace or in all:",
     0},
    {CODE,
     "\"members\": {\n"
     "    \"grace\": {\"user\": \"grace\", \"role\": \"observer\", \"workspace\": \"main\"},\n"
     "    \"devs\": {\"group\": \"devs\", \"role\": \"driver\"}\n}",
     0},
    {TEXT,
     "They address it as USER/HUB, such as ada/default. A user goes by the name of the line, the "
     "members of a group by their own. The hub knows them by what the kernel says, not by what they "
     "say. 'baton hub reload' puts a change in force; who is not named any more is cut off. 'baton "
     "hub status' says under sharing when the hub could not be shared, or who is not let in. Whoever may drive runs "
     "programs as the hub's user.",
     0},
    {END, 0, 0}};

static const struct part agents[] = {
    {TEXT,
     "Well-known agents are started by their plain names; 'baton session agents' lists them. The "
     "configuration adds others and changes ours, under agents.NAME: command (program and "
     "arguments), env, cwd, mode (set when a session begins), auth (how it wants to be "
     "authenticated), network and mcp. An agent is handed baton's MCP server, by which it has "
     "messages, shells' screens, batons and events as tools; with agents.NAME.mcp false it is not.",
     0},
    {END, 0, 0}};

static const struct part hooks[] = {
    {TEXT,
     "The configuration can name a command for a kind of event; '*' stands for all kinds, and "
     "sessionEvent may have a method behind it:",
     0},
    {CODE,
     "\"hooks\": {\n"
     "    \"shellExit\": [\"notify-send\", \"a shell has ended\"],\n"
     "    \"sessionEvent:session/prompt\": [\"/usr/local/bin/ring\"]\n}",
     0},
    {TEXT,
     "The hub runs it once for each such event, also across its own death. The command gets the "
     "event as a line of JSON on stdin and BATON_EVENT (its number), BATON_EVENT_KIND, BATON_HUB and "
     "BATON_WORKSPACE in its environment. Eight run at a time, in the order of events. One that takes "
     "longer than limits.hook (30 s) is ended with its process group, as is what a command leaves "
     "running behind it. What fails is told in hub.log and as an event notice, for which no hook "
     "runs. 'baton hub status' says how many wait and run. A hook for '*' that uses baton itself may "
     "cause events, and so call itself.",
     0},
    {END, 0, 0}};

static const struct part configuration[] = {
    {TEXT, "All keys are optional. 'baton config show' prints what is in force.", 0},
    {KEY, "prefix, keys",
     "The prefix of the console's keys (C-b), and keys of your own: {\"KEY\": "
     "\"COMMAND\"}, or \"root KEY\" for one without the prefix."},
    {KEY, "theme", "dark, light, high-contrast, daltonic, or one of yours."},
    {KEY, "shell", "The program of a new shell, an absolute path."},
    {KEY, "retention", "How much of each stream's record is kept: 64 MiB; 0 keeps all."},
    {KEY, "agents, hooks, mail, members, policy", "See the chapters before."},
    {KEY, "limits.history", "Lines that can be scrolled back: 10000."},
    {KEY, "limits.streams", "Shells, processes and agents at a time: 500."},
    {KEY, "limits.permission, limits.approval",
     "How long an agent's question and a held call wait for a human: 1h each."},
    {KEY, "limits.hook, limits.sendmail", "How long these commands may take: 30s, 120s."},
    {KEY, "limits.bindings", "Commands of bindings that run at a time: 64."},
    {KEY, "limits.line", "The longest line that an agent may write: 32 MiB."},
    {KEY, "limits.hops, limits.inbox_rate",
     "When members that write to each other are taken for a "
     "loop and paused: a chain of 32 messages, or 120 messages in a "
     "minute to one inbox."},
    {KEY, "limits.tries", "How often a leased message is handed out before it is set aside: 5."},
    {KEY, "limits.memory, limits.processes, limits.disk, limits.file",
     "Of a sandbox: 4 GiB, 512, a home of 4 GiB, and one file of 1 GiB."},
    {END, 0, 0}};

static const struct chapter chapters[] = {
    {"SHARING", sharing},     {"AGENTS", agents},
    {"SANDBOXES", sandboxes}, {"BINDINGS", bindings},
    {"POLICY", policy},       {"MAIL", mail},
    {"HOOKS", hooks},         {"CONFIGURATION", configuration}};

static void add(const struct chapter *c, struct buf *out)
{
    roff_section(out, c->name);
    for (const struct part *p = c->parts; p->kind != END; p++)
        switch (p->kind) {
        case CODE: roff_code(out, p->text); break;
        case KEY: roff_term(out, p->text, p->more); break;
        case TEXT:
            if (p != c->parts && p[-1].kind == TEXT)
                buf_puts(out, ".PP\n");
            roff_line(out, p->text);
            break;
        case END: break;
        }
}

void manual_chapters(struct buf *out)
{
    for (size_t i = 0; i < sizeof chapters / sizeof *chapters; i++)
        add(&chapters[i], out);
}
