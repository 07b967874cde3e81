/* The composition root: reads argv and enters the hub, a keeper, a hook's runner, process 1 of a
 * sandbox, the console, the demo agent, the MCP server or the command line. */
#include "core/agent/demo.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/binding/runner.h"
#include "core/stream/hook_runner.h"
#include "core/stream/keeper.h"
#include "core/work/inside.h"
#include "core/hub/hub.h"
#include "transport/cli/cli.h"
#include "transport/mcp/mcp.h"
#include "transport/nng/server.h"
#include "tui/console.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The program that takes over would not know of the starters of keepers and hooks that end just
 * now: they live for milliseconds. */
static void bury_children(void)
{
    const int64_t until = clock_mono_us() + 2000000;
    pid_t pid;
    while ((pid = waitpid(-1, NULL, WNOHANG)) >= 0 && clock_mono_us() < until)
        if (pid == 0)
            poll(NULL, 0, 2);
}

/* The lock of the hub that this process was until now, or -1. Nobody behind us is told of it. */
static int handed_lock(void)
{
    const char *text = getenv(SERVER_LOCK_VARIABLE);
    char *end = NULL;
    const long fd = text ? strtol(text, &end, 10) : -1;
    const bool number = text && end != text && !*end && fd > STDERR_FILENO && fd <= INT_MAX;
    unsetenv(SERVER_LOCK_VARIABLE);
    return number ? (int)fd : -1;
}

/* Comes back only when the next program cannot be run. The lock goes along in its descriptor: was
 * it free for a moment, any client could start its own program's hub in between. */
static void become(const char *next, const char *hub, bool foreground, int lock)
{
    char number[16];
    snprintf(number, sizeof number, "%d", lock);
    setenv(SERVER_LOCK_VARIABLE, number, 1);
    fcntl(lock, F_SETFD, 0);
    execl(next, next, "-L", hub, "hub", "run", foreground ? NULL : "--detached", (char *)NULL);
    log_error("%s could not take over: %s", next, strerror(errno));
}

static int run_hub(const struct cli_options *o, bool foreground)
{
    const int lock = handed_lock();
    char *why = NULL, *program = path_program(), *state = path_state_dir(o->hub);
    struct server *server = NULL;
    struct hub *hub = NULL;
    int status = 1;

    signal(SIGPIPE, SIG_IGN);
    enum err e = path_make_private(state);
    const bool has_log = e == ERR_OK && !foreground;
    if (has_log) {
        char *log = path_join(state, "hub.log");
        log_open(log, LOG_INFO);
        free(log);
    } else {
        log_open(NULL, LOG_INFO);
    }
    const struct hub_options options = {.name = o->hub, .program = program};
    if (e == ERR_OK)
        e = server_create(o->hub, lock, &server, &why);
    if (e == ERR_OK)
        e = hub_create(&options, &hub, &why);
    if (e == ERR_OK)
        e = server_listen(server, hub, &why);
    if (e == ERR_OK)
        status = hub_run(hub, server_io(server), server);
    else
        fprintf(stderr, "baton: the hub cannot start: %s\n", why ? why : err_text(e)->person);
    if (e != ERR_OK && has_log) /* else the log is what was written to just now */
        log_error("the hub cannot start: %s", why ? why : err_text(e)->person);
    if (e == ERR_BUSY)
        status = SERVER_EXIT_BUSY;
    char *next = status == HUB_EXIT_UPGRADE ? mem_strdup(hub_successor(hub)) : NULL;
    const int kept = next ? server_hand_on(server) : -1;
    server_destroy(server);
    hub_destroy(hub);
    free(why);
    free(state);
    if (next) {
        bury_children();
        become(next, o->hub, foreground, kept);
    }
    free(next);
    free(program);
    return status;
}

static int run_demo_agent(void)
{
    char *program = path_program();
    int status = demo_agent_main(program);
    free(program);
    return status;
}

static int run_mcp(const struct cli_options *o, int page)
{
    const char *token = getenv("BATON_TOKEN");
    const struct mcp_options options = {
        .hub = o->hub,
        .identity = o->identity,
        .token = token && *token ? token : NULL,
        .workspace = o->workspace,
        .page = page ? page : MCP_PAGE,
    };
    return mcp_main(&options);
}

int main(int argc, char **argv)
{
    const struct cli_doors doors = {
        .console = console_main,
        .hub_run = run_hub,
        .keep = keeper_main,
        .hook = hook_main,
        .run_binding = binding_runner_main,
        .demo_agent = run_demo_agent,
        .mcp = run_mcp,
    };
    /* Process 1 of a sandbox, before anything else: what is behind it is no command line of ours.
     */
    if (argc > 1 && strcmp(argv[1], INSIDE_WORD) == 0)
        return inside_main(argc - 2, argv + 2);
    return cli_main(argc, argv, &doors);
}
