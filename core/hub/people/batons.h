/* The batons of all shells and sessions, on the control thread: what is asked of them is put before
 * the state machine (core/people/baton.h), written to the journal together with the events that
 * tell of it, and after the commit made known to the registry and to the stream thread, which lets
 * input through. Within a batch unless it says otherwise. */
#ifndef BATON_HUB_BATONS_H
#define BATON_HUB_BATONS_H

#include "core/hub/hub_private.h"

/* What a caller asks for; the rest of the event comes from the call. */
struct baton_ask {
    enum baton_event_kind kind;
    const char *to, *note; /* or NULL */
    enum baton_kind to_kind;
    uint64_t epoch;           /* INPUT */
    enum baton_typing typing; /* INPUT */
};

/* Reads a baton; a free one when there is no document yet. */
enum err batons_read(struct hub *hub, const char *id, struct baton *ret_baton);
/* Puts one event of a caller before a baton, and writes what follows. A refusal is ERR_OK here. */
enum err batons_ask(struct hub *hub, const struct call *c, const char *id,
                    const struct baton_ask *ask, struct baton_step *ret_step);
/* Fails the call with the refusal's sentence, and with who holds the baton in its data. */
enum err batons_refuse(struct call *c, const char *id, const struct baton_step *step);

/* Links of members came or went. */
enum err batons_linked(struct hub *hub, const char *who);
enum err batons_unlinked(struct hub *hub, const char *who);
enum err batons_member_gone(struct hub *hub, const char *who); /* kicked, or revoked: no grace */
/* who, or its terminal, has just shown that it is there. */
void batons_alive(struct hub *hub, const char *who);

/* Control work, struct stream_refusal: a queued text was given up, and its request with it. */
enum err batons_given_up(struct hub *hub, void *arg);

enum err batons_recover(struct hub *hub, const char *id); /* at a hub's start, for what is live */
enum err batons_ended(struct hub *hub, const char *id);   /* shell or session has */

/* After a commit: what time brings about is looked at, and the timer armed anew. */
enum err batons_tick(struct hub *hub, void *arg);
void batons_on_timer(uv_timer_t *timer);
void batons_finish(struct hub *hub); /* frees */

#endif
