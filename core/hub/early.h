/* Big calls are read beside the control thread: to make JSON of sixteen megabytes takes longer than
 * anybody else should wait. The calls of its link that come meanwhile wait behind it, so what one
 * link says stays in order. Control. */
#ifndef BATON_HUB_EARLY_H
#define BATON_HUB_EARLY_H

#include "core/hub/hub_private.h"

#define EARLY_FROM (256u * 1024u) /* bytes of a message; what is less is read in its batch */
#define EARLY_MOST 1000           /* that are read or wait for it; others are read in their batch */

/* Takes the call when it is to be read first, or waits for one that is. */
bool early_take(struct hub *hub, struct call *c);
/* The calls that came back, in order, to be run before what waits in the inbox. */
struct call *early_ready(struct hub *hub);
/* Its link has ended: what waits here of it is dropped. */
void early_peer_gone(struct hub *hub, uint32_t peer);

#endif
