/* The command line: argv to a capability, its result to text or JSON. Everything about a command
 * (flags, help, completion, manual) comes from its row in the catalogue. */
#ifndef BATON_CLI_CLI_H
#define BATON_CLI_CLI_H

#include "core/hub/hub.h"

struct cli_options {
    const char *hub, *identity, *workspace; /* NULL: from environment or default */
    int json;
};

/* The composition root's doors for commands that are not calls: opened by name from main.c. */
struct cli_doors {
    int (*console)(const struct cli_options *o, int argc, char **argv); /* attach, run, none */
    int (*hub_run)(const struct cli_options *o, bool foreground);
    int (*keep)(const char *dir);
    int (*hook)(const char *file);
    int (*run_binding)(void);
    int (*demo_agent)(void);
    int (*mcp)(const struct cli_options *o, int page); /* page 0: as usual */
};

/* Runs one command; gives the exit status: 0 done, 1 refused or failed, 2 wrong usage, 124 a wait
 * that ran out. */
int cli_main(int argc, char **argv, const struct cli_doors *doors);

#endif
