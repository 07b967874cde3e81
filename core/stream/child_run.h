/* One command from its start to its end, for the runners of hooks and of bindings: a process whose
 * only thread does nothing else meanwhile. The command gets pipes and a process group of its own;
 * whatever it leaves behind in that group is ended with it, and what is to stay has to leave the
 * group (setsid). */
#ifndef BATON_STREAM_CHILD_RUN_H
#define BATON_STREAM_CHILD_RUN_H

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/json.h"

#include <stdbool.h>
#include <stdint.h>

struct child_order {      /* borrows all */
    const cJSON *command; /* its words */
    const cJSON *env; /* {NAME: VALUE}, set in this process, whose environment it has; or NULL */
    const char *cwd;
    const char *input; /* for its stdin, which is closed behind it */
    size_t input_n;
    int64_t timeout_ms; /* then its group is told to end: TERM, */
    int64_t term_ms;    /* and so much later KILL */
    size_t out_max;     /* bytes: more of stdout end it; 0: stdout goes to the tail too */
    size_t tail_max;    /* bytes that are kept of the end of stderr */
    int caller;         /* whose end of file means that nobody waits, which ends it; -1: none */
};

struct child_run {
    int32_t code; /* exit status 0..255, or -signal */
    bool timed_out;
    bool stopped;    /* TERM to this process ended it */
    bool too_much;   /* it printed more than out_max; out is empty then */
    bool alone;      /* the caller went away */
    struct buf out;  /* all of stdout */
    struct buf tail; /* the end of stderr, or of both as they came */
};

/* Leaves this process to its work: of the signals that end one by accident none does, it is named
 * so in lists, and 0, 1 and 2 are open, so that no descriptor of ours is one. */
void child_run_settle(const char *name);

/* Runs it; returns when it has ended and its pipes are closed, or held by one that left its group.
 * TERM stays blocked in this process from here on, so that it can still tell what came of it.
 * ERR_EXEC and others: *ret_why is one sentence for a person, the caller frees. The caller finishes
 * *ret_run in any case. */
enum err child_run(const struct child_order *order, struct child_run *ret_run, char **ret_why);

void child_run_finish(struct child_run *run);

#endif
