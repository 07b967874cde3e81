/* Starting a keeper: the stream's folder and meta.json, then `PROGRAM keep DIR`, which has ended as
 * soon as it is known whether the child runs. For shells and for agents. Control. */
#ifndef BATON_HUB_STARTER_H
#define BATON_HUB_STARTER_H

#include "core/hub/hub_private.h"
#include "core/stream/keeper.h"

struct starter_done {
    char id[32];
    uint64_t serial; /* of a parked call, or whatever the caller wants to have back */
    int64_t status;  /* 0: the child runs */
    char said[512];  /* else one line 'ErrorName: sentence' */
};

/* Starts the keeper of stream id; to be called after a commit. done is posted as control work, with
 * a struct starter_done, in every case, once. meta is as for the host, borrowed, and changed for
 * the world of its workspace (worlds.h). */
void starter_start(struct hub *hub, const char *id, uint64_t serial, struct keeper_meta *meta,
                   hub_work done);
/* Has it end in the same way, without a start: the meta could not be made. */
void starter_fail(struct hub *hub, const char *id, uint64_t serial, const char *why, hub_work done);

/* The sentence of a failure, safe for a terminal. */
void starter_sentence(const struct starter_done *done, char *out, size_t size);

/* A list of strings as argv, for meta's command; the caller's. */
char **starter_words(const cJSON *list);

#endif
