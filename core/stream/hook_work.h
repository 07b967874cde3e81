/* The files by which the hub and the runners of its hooks agree on who runs what: one folder, and
 * for each hook that is due a key. Each step is one rename or one new file, so it has happened or
 * it has not, whoever dies when:
 *
 *   KEY.json  offered by the hub: what is to be run. May be offered again as long as no file of
 *             the key is there.
 *   KEY.run   claimed by a runner: it has renamed KEY.json, which only one can, and holds a lock
 *             on the file for as long as it lives.
 *   KEY.done  what came of it; the runner's last act.
 *
 * The hub alone removes what is over, after its journal has forgotten the key. So a command runs at
 * most once, and a hub that was away finds out what became of it. Any thread. */
#ifndef BATON_STREAM_HOOK_WORK_H
#define BATON_STREAM_HOOK_WORK_H

#include "core/base/err.h"
#include "core/base/json.h"

#include <stdbool.h>

enum hook_stage {
    HOOK_ABSENT,  /* nobody has seen it: to be offered */
    HOOK_OFFERED, /* not claimed yet */
    HOOK_RUNNING, /* a living runner has it */
    HOOK_DONE,
    HOOK_LOST, /* its runner died, and nobody knows how far it had come */
};
/* How far the work of a key is, by the names in dir and the lock of its runner. */
enum hook_stage hook_stage(const char *dir, const char *key);

/* The hub's side. text: {"command": [PROGRAM, ARG…], "event": the text for its stdin, "timeout":
 * milliseconds, "env": {NAME: value}, …}. Only for a key that is HOOK_ABSENT. */
enum err hook_offer(const char *dir, const char *key, const char *text, size_t n);
/* Takes an offer back; false when a runner was faster, or there is none. */
bool hook_withdraw(const char *dir, const char *key);
/* What is in KEY.done, the caller's: {"status" or "signal" (numbers), "timedOut", "stopped",
 * "error": why it could not be started, "output": the end of stdout and stderr}. NULL: nothing
 * readable. */
cJSON *hook_outcome(const char *dir, const char *key);
/* Removes the files of a key. */
void hook_clear(const char *dir, const char *key);
/* Removes offers that were never finished, and all files of keys that `known` does not know. Only
 * where nobody makes offers meanwhile. */
void hook_sweep(const char *dir, bool (*known)(void *data, const char *key), void *data);

/* The runner's side. base is DIR/KEY. ERR_BUSY: somebody else has it, or had it; ERR_CORRUPT: the
 * offer was damaged, and is to be made anew. *ret_fd holds the lock until the process ends. */
enum err hook_claim(const char *base, int *ret_fd, cJSON **ret_work);
enum err hook_finish(const char *base, const cJSON *outcome);

#endif
