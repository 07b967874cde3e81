/* The composition root: reads argv and enters the hub, a keeper, the console or the command line.
 */
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/stream/keeper.h"
#include "core/hub/hub.h"
#include "transport/cli/cli.h"
#include "transport/nng/server.h"
#include "tui/console.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int run_hub(const struct cli_options *o, bool foreground)
{
    char *why = NULL, *program = path_program(), *state = path_state_dir(o->hub);
    struct server *server = NULL;
    struct hub *hub = NULL;
    int status = 1;

    signal(SIGPIPE, SIG_IGN);
    enum err e = path_make_private(state);
    if (e == ERR_OK && !foreground) {
        char *log = path_join(state, "hub.log");
        log_open(log, LOG_INFO);
        free(log);
    } else {
        log_open(NULL, LOG_INFO);
    }
    const struct hub_options options = {.name = o->hub, .program = program};
    if (e == ERR_OK)
        e = server_create(o->hub, &server, &why);
    if (e == ERR_OK)
        e = hub_create(&options, &hub, &why);
    if (e == ERR_OK)
        e = server_listen(server, hub, &why);
    if (e == ERR_OK)
        status = hub_run(hub, server_io(server), server);
    else
        fprintf(stderr, "baton: the hub cannot start: %s\n", why ? why : err_text(e)->person);
    if (e != ERR_OK)
        log_error("the hub cannot start: %s", why ? why : err_text(e)->person);
    if (e == ERR_BUSY)
        status = SERVER_EXIT_BUSY;
    server_destroy(server);
    hub_destroy(hub);
    free(why);
    free(state);
    if (status == HUB_EXIT_UPGRADE)
        execl(program, program, "-L", o->hub, "hub", "run", foreground ? NULL : "--detached",
              (char *)NULL);
    free(program);
    return status;
}

int main(int argc, char **argv)
{
    const struct cli_doors doors = {
        .console = console_main,
        .hub_run = run_hub,
        .keep = keeper_main,
    };
    return cli_main(argc, argv, &doors);
}
