/* The runner of one hook: `baton hook FILE`, FILE being an offer of the hub's (hook_work.h). A tiny
 * process of one thread that outlives the hub: it claims the work, runs the command with the event
 * on its stdin, ends it when its time is over, and writes down what came of it. */
#ifndef BATON_STREAM_HOOK_RUNNER_H
#define BATON_STREAM_HOOK_RUNNER_H

/* The body of `baton hook FILE`. It forks at once, so that nobody has to wait for the runner; that
 * holds stdout open to its end and writes nothing there: who reads it learns when it is gone. Gives
 * the first process's exit status. */
int hook_main(const char *file);

#endif
