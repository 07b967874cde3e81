/* What the files of the endpoints share; for server*.c alone. */
#ifndef BATON_NNG_SERVER_PRIVATE_H
#define BATON_NNG_SERVER_PRIVATE_H

#include "core/hub/hub.h"
#include "transport/nng/conn.h"
#include "transport/nng/fanout.h"
#include "transport/nng/place.h"
#include "transport/nng/server.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { PEER_BUCKETS = 256 };

#define NOBODY ((uid_t)-1) /* no user: what hub_knows then says is about the connection alone */

struct peer {
    struct peer *next; /* in its bucket */
    struct conn *conn;
    uint32_t id;
    uint64_t pid;
    uid_t uid;
    bool foreign; /* another user's than the hub's */
    bool subscriber;
    bool ready;           /* a subscriber that has greeted: it gets what is published */
    bool known;           /* the hub has had a call from it */
    struct doorway *door; /* by which it came, held; NULL: none */
    bool late;            /* one too many by that door: it is told so, and no more */
    unsigned calls;
    size_t bytes; /* of another user's calls that wait */
    uint32_t
        companion; /* of a foreign subscriber: its process's peer that a token let in; 0 none */
};

/* A sandboxed workspace's way in: server_door.c. */
struct doorway {
    struct doorway *next; /* control's list of those that are open */
    struct server *server;
    struct place *place;
    char workspace[64];
    /* with the mutex */
    unsigned held;         /* by being open, and by each peer and each slot */
    unsigned peers, calls; /* connections; calls that wait for their answer … */
    size_t bytes;          /* … and their size */
    int64_t paid_until_us; /* each call pays for a moment: beyond BURST the rest has to wait */
};

struct slot;

struct server {
    pthread_mutex_t mutex;
    pthread_cond_t gone; /* a peer went */
    struct hub *hub;
    char *dir, *name;
    struct fanout *fanout;      /* NULL: there is no such thread */
    struct place *own, *shared; /* shared: control's; NULL while the hub does not share */
    struct doorway *doors;      /* control's */
    bool closing;
    struct hub_io io;
    uint32_t last_id;
    unsigned peers_count, subscribers;
    struct peer *peers[PEER_BUCKETS];
    struct slot *slots;
};

/* --- server.c --- */
struct peer **server_peer(struct server *s, uint32_t id); /* its place; with the mutex */
/* Sends what can be sent at once, closes and releases so many that were held; without the mutex. */
void server_close_all(struct conn **all, size_t count);
/* Fills in what the kernel says of who is at the other end. False: it does not say; then that is
 * nobody. */
bool server_ask_kernel(nng_stream *stream, struct peer *who);
/* Adds a peer like that; takes the stream. */
void server_come_in(struct server *s, nng_stream *stream, const struct peer *who);
/* May a socket in that folder have a name? */
bool server_dir_fits(const char *dir);

/* --- server_share.c --- */
/* Would this peer, another user's that may not come in yet, have more calls waiting than it may?
 * Also tells whose it is. */
bool share_crowds(struct server *s, uint32_t id, uid_t *ret_uid);
/* As door_takes, for all that another user has waiting: with the mutex. */
const char *share_takes(struct server *s, const struct peer *p, size_t n);
/* A foreign peer for calls is gone, and the hub knows: who heard by its token hears no more. */
void share_peer_gone(struct server *s, uint32_t id, uid_t uid);
enum err share_io(void *data, bool on, char **ret_why);
void share_io_disconnect_user(void *data, uid_t uid, const uint32_t *spare, size_t count);

/* --- server_door.c --- */
enum err door_io(void *data, const char *workspace, const char *dir, bool on, char **ret_why);
/* A call of n bytes has come by it, or was answered; a peer has gone: with the mutex. door_takes
 * says why there is no room for the call, NULL: it was counted. */
const char *door_takes(struct doorway *d, const struct peer *p, size_t n);
/* conn.h's pause for those who came by a door; without the mutex. */
unsigned door_pause(void *data, struct conn *c);
void door_answered(struct doorway *d, size_t counted);
void door_left(struct doorway *d);
/* All doors: nobody comes any more; and then, when no peer is left, all is freed. */
void doors_quiet(struct server *s);
void doors_leave(struct server *s);

#endif
