/* Follows one stream through a client: exact, whatever PUB drops. Two ways:
 *  - FOLLOW_BYTES: every byte once, in order (holes are filled by `stream.read`);
 *  - FOLLOW_SCREEN: a screen that is exact; when behind, or while the hub holds bytes back (flood),
 *    it is replaced by a snapshot (`shell.snapshot` format state), at most one call at a time.
 * All on the client's thread. */
#ifndef BATON_NNG_FOLLOW_H
#define BATON_NNG_FOLLOW_H

#include "transport/nng/client.h"

enum follow_mode { FOLLOW_BYTES, FOLLOW_SCREEN };

struct follow_head {
    uint64_t pos;
    int rows, cols;
    const char *title, *typed; /* borrowed; typed: who typed last, "" nobody */
    bool flood, exited;
    int exit_code; /* 0..255 or -signal */
};

struct follow_events {
    void (*bytes)(void *data, uint64_t pos, const void *bytes, size_t n);
    void (*resize)(void *data, int rows, int cols);               /* screen only */
    void (*replace)(void *data, uint64_t pos, int rows, int cols, /* screen only: a fresh screen */
                    const void *state, size_t n); /*   of this size, then feed this */
    void (*head)(void *data, const struct follow_head *head);
    void (*failed)(void *data, const struct client_fault *fault); /* gone, not found … */
};

struct follow;

/* Subscribes to s/ID and h/ID and begins: with a snapshot, or with byte `since` (FOLLOW_BYTES). */
struct follow *follow_create(struct client *client, const char *stream_id, enum follow_mode mode,
                             uint64_t since, const struct follow_events *events, void *data);
void follow_destroy(struct follow *f); /* takes NULL; unsubscribes; no callback comes after it */

/* Hand it every message of the client; true when it was for this stream. */
bool follow_message(struct follow *f, const struct wire_message *m);
/* The link broke or is back: fills the hole. */
void follow_connected(struct follow *f, bool is);
/* The console calls this once a frame: a held-back snapshot is asked for here, so that no console
 * asks oftener than it draws. Gives true while the follower is behind and wants frames. */
bool follow_frame(struct follow *f);
/* True while the hub holds this stream's bytes back. */
bool follow_floods(const struct follow *f);

#endif
