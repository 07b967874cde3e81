/* Who only looks is served from a thread of its own: publishing to a hundred observers costs the
 * thread that publishes one wake-up, not a hundred writes, so that they do not stand between a
 * driver's keystrokes and their echo. What it sends waits in the connections' own queues, which
 * keep the order with what others send there. */
#ifndef BATON_NNG_FANOUT_H
#define BATON_NNG_FANOUT_H

#include "transport/nng/conn.h"

struct fanout;

/* NULL: there is no thread to be had; then send directly. */
struct fanout *fanout_create(void);
/* What conn_queue asked for: takes so many held connections. Any thread. */
void fanout_flush(struct fanout *f, struct conn *const *conns, size_t count);
/* Ends the thread; what was not sent is dropped. After it nobody may flush. Takes NULL. */
void fanout_destroy(struct fanout *f);

#endif
