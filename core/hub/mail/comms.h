/* The handlers of comms, for the catalogue's rows: comms.c (send, broadcast, publish), comms_read.c
 * (receive, ack, nack, receipts), comms_channels.c (subscribe, unsubscribe, channels), comms_dead.c
 * (dead, requeue), comms_guard.c (paused, resume, refuse). Control, within a batch. */
#ifndef BATON_HUB_COMMS_H
#define BATON_HUB_COMMS_H

#include "core/hub/call.h"

#define COMMS_HANDLERS(X)                                                                          \
    X(comms_send)                                                                                  \
    X(comms_broadcast)                                                                             \
    X(comms_subscribe)                                                                             \
    X(comms_unsubscribe)                                                                           \
    X(comms_publish)                                                                               \
    X(comms_channels)                                                                              \
    X(comms_receive)                                                                               \
    X(comms_ack)                                                                                   \
    X(comms_nack)                                                                                  \
    X(comms_dead)                                                                                  \
    X(comms_requeue)                                                                               \
    X(comms_receipts)                                                                              \
    X(comms_paused)                                                                                \
    X(comms_resume)                                                                                \
    X(comms_refuse)
#define X(name) enum err name(struct hub *hub, struct call *c);
COMMS_HANDLERS(X)
#undef X

#endif
