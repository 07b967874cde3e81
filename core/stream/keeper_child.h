/* The keeper's child: started on a PTY of its own or on three pipes, signalled, reaped. Also for
 * the runners of hooks and of bindings; their one thread. */
#ifndef BATON_STREAM_KEEPER_CHILD_H
#define BATON_STREAM_KEEPER_CHILD_H

#include "core/stream/keeper.h"

#include <sys/types.h>

/* Descriptors are -1 when there is none. With a PTY, in and out are its master (one descriptor) and
 * err is none. All of ours are non-blocking and close-on-exec. */
struct keeper_child {
    pid_t pid; /* 0 once it was reaped: nobody signals a number that may be someone else's */
    int pidfd;
    int in, out, err;
    int slave; /* kept while the child lives: a PTY that nobody has open for a moment is no end */
    bool pty;
    bool box; /* it is a sandbox's holder; who is signalled is inside */
};

/* Starts meta's command. ERR_EXEC and others: *ret_why is one sentence for a person, the caller
 * frees; nothing is left behind. */
enum err keeper_child_start(const struct keeper_meta *meta, struct keeper_child *ret_child,
                            char **ret_why);

/* True when it has exited and was not reaped: its number is taken still. */
bool keeper_child_dead(const struct keeper_child *child);
/* Takes the exit status of a child that has exited: 0..255, or -signal. False: it still runs. */
bool keeper_child_reap(struct keeper_child *child, int32_t *ret_code);

/* Signals the foreground process group, or the child's own group when there is none. */
void keeper_child_signal(const struct keeper_child *child, int signal);
/* Signals both, for closing. */
void keeper_child_signal_all(const struct keeper_child *child, int signal);

/* Sets the size of the PTY; false when it has that size already, or is none. */
bool keeper_child_resize(const struct keeper_child *child, int rows, int cols);

/* Throws away what was written to the PTY and not read by the child. */
void keeper_child_forget_in(const struct keeper_child *child);

void keeper_child_close_in(struct keeper_child *child); /* pipes only */
void keeper_child_finish(struct keeper_child *child);   /* closes all; does not wait */

#endif
