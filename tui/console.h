/* The console: a person's window on a hub. The only door into tui. */
#ifndef BATON_TUI_CONSOLE_H
#define BATON_TUI_CONSOLE_H

#include "transport/cli/cli.h"

/* `baton`, `baton attach` and `baton run -- CMD`: opens the console on o->workspace until the user
 * leaves; argv as the command line has it behind the global flags ("run", "--", "vim"). Gives the
 * exit status. Prints why it ended. */
int console_main(const struct cli_options *o, int argc, char **argv);

#endif
