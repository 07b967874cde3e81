/* The keeper's loop: everything between a started child and its recorded exit. Internal to
 * core/stream. */
#ifndef BATON_STREAM_KEEPER_LOOP_H
#define BATON_STREAM_KEEPER_LOOP_H

#include "core/stream/keeper_child.h"
#include "core/stream/streamlog.h"

/* Runs until the child's exit is in the log and no hub needs to be told any more. Borrows all;
 * listen is a listening, non-blocking socket. */
void keeper_loop(struct streamlog *log, struct keeper_child *child, int listen);

#endif
