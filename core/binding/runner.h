/* The runner of one call of a binding: `baton run-binding`, a tiny process of one thread between
 * the hub and the command. It reads its work from standard input, runs the command in a process
 * group of its own, ends the whole group when its time is over or nobody waits any more, and writes
 * what came of it to standard output.
 *
 * Standard input: a JSON line {"command": [], "cwd", "timeout": ms, "tool": "group:name",
 * "env": {NAME: VALUE}, "inputBytes": n}, then n bytes, which become the command's input. The hub
 * keeps its end open: its end means that the caller has gone, or the hub. The environment is the
 * command's, with env over it. Standard output: a JSON line, {"ok": true} and behind it the result
 * as JSON text, or
 * {"ok": false, "error": NAME, "message", "status" or "signal", "stderr"}. */
#ifndef BATON_BINDING_RUNNER_H
#define BATON_BINDING_RUNNER_H

#include <stddef.h>

#define BINDING_OUTPUT_MAX (16u * 1024u * 1024u) /* of the command */
#define BINDING_RESULT_MAX                                                                         \
    (BINDING_OUTPUT_MAX - 64u * 1024u) /* as JSON: a message takes no more                         \
                                        */
#define BINDING_HEAD_MAX (64u * 1024u) /* the line before it */

/* The body of `baton run-binding`; gives the exit status. */
int binding_runner_main(void);

#endif
