/* Starting a hub from a client: posix_spawn, so that it works among threads, in a new session, so
 * that the terminal's signals do not reach it. */
#include "transport/nng/start.h"
#include "core/base/paths.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>

enum err start_hub(const char *hub, pid_t *ret_pid)
{
    if (!path_hub_name_ok(hub)) /* another user's: only they start it */
        return ERR_INVALID;
    char *program = path_program();
    char *const argv[] = {program,       (char *)"-L",         (char *)hub, (char *)"hub",
                          (char *)"run", (char *)"--detached", NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&files, 3);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(
        &attributes, (short)(POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
    const int code = posix_spawn(ret_pid, program, &files, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    free(program);
    return code == 0 ? ERR_OK : ERR_EXEC;
}
