/* Starting a hub from a client. */
#ifndef BATON_NNG_START_H
#define BATON_NNG_START_H

#include "core/base/err.h"

#include <sys/types.h>

/* Starts `baton -L HUB hub run --detached` as a process of its own session, with nothing of ours
 * open. It is our child until we end: the caller reaps it. ERR_EXEC when it cannot be started,
 * ERR_INVALID when that is no hub of our own. */
enum err start_hub(const char *hub, pid_t *ret_pid);

#endif
