/* The stream thread's side of the hub: follows the keepers, feeds the screens, publishes bytes and
 * passes input on. It never touches SQLite and never waits for control. */
#ifndef BATON_HUB_STREAMS_H
#define BATON_HUB_STREAMS_H

#include "core/hub/hub_private.h"

/* The thread itself; hub_run starts and joins it. */
void streams_create(struct hub *hub);  /* loop and queue, before any thread */
void streams_destroy(struct hub *hub); /* after streams_stop, or when it never started */
void streams_start(struct hub *hub);
void streams_stop(struct hub *hub); /* writes a keyframe of each live stream, then joins */

/* --- works for hub_post_stream (arg as said) --- */
struct stream_attach {
    char id[32];
    bool recovering; /* of an earlier hub: it may be alive though the journal says 'starting' */
    bool ended;      /* the journal knows its end already: load it when somebody asks */
};
enum err streams_attach(struct hub *hub, void *arg);    /* struct stream_attach */
enum err streams_close(struct hub *hub, void *arg);     /* its id: HUP, TERM, KILL */
enum err streams_bye(struct hub *hub, void *arg);       /* its id: the end is in the journal */
enum err streams_forget(struct hub *hub, void *arg);    /* its id: drop it from memory */
enum err streams_peer_gone(struct hub *hub, void *arg); /* uint32_t: drop its parked calls */

enum err streams_came_back(struct hub *hub, void *arg); /* its id: an input that was away */

/* A call of the stream thread goes on in control's batch, by detour, and is not the stream thread's
 * any more. ERR_LIMIT: too many wait there; nothing was done. Stream thread, in the call. */
enum err streams_hand_on(struct hub *hub, struct call *c,
                         enum err (*detour)(struct hub *hub, struct call *c));

/* Who may type into a stream from now on; what was half typed by another is thrown away. */
struct stream_gate {
    char id[32];
    char holder[MEMBER_NAME_MAX]; /* "" nobody */
    bool agent;
    uint64_t epoch;
};
enum err streams_gate(struct hub *hub, const struct stream_gate *gate); /* stream thread */
struct stream_refusal {
    char id[32], who[MEMBER_NAME_MAX];
    const char *reason; /* static */
};
enum err streams_refuse_queued(struct hub *hub, void *arg); /* struct stream_refusal */

/* --- control's: parked events.next calls look at what was committed --- */
void events_wake(struct hub *hub);

#endif
