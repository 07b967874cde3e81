/* Bindings on the command line: `baton GROUP NAME`, and the names by which agents call them,
 * `agentos-GROUP NAME`. What there is only the hub knows, so it is asked first. One thread. */
#ifndef BATON_CLI_BINDING_H
#define BATON_CLI_BINDING_H

#include "transport/cli/command.h"

/* What argv[0] says of how the program is called: by the name of a group of commands. */
struct alias {
    bool agentos;      /* else baton-GROUP */
    const char *group; /* borrows; NULL: `agentos` alone */
};
bool alias_of(const char *argv0, struct alias *ret_alias);

/* `baton GROUP …` where GROUP is none of the catalogue's. False: the hub that runs (none is
 * started) has no such group either; nothing was said. */
bool binding_try(struct command *c, struct globals *g, int argc, char **argv, int *ret_status);

/* The same for a group by whose name the program is called; c->tool is set. */
int binding_run(struct command *c, struct globals *g, const char *group, int argc, char **argv);

/* `agentos list-bindings [GROUP]` */
int binding_list_all(struct command *c, const char *group);

/* What may stand at the place of the last word, one a line, when it is of a binding. */
void binding_complete(const struct cli_options *o, int n, char **words, struct buf *out);

#endif
