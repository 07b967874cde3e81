/* The hub: it owns the journal, the workspaces, the streams and who is attached, and answers calls.
 * Two threads of its own: control (requests, one SQLite transaction a batch; replies and events
 * leave after the commit) and stream (keepers, screens, bytes; never touches SQLite).
 *
 * It knows nothing of how messages travel: a way in (transport/nng) hands calls to hub_submit and
 * gives the hub a struct hub_io to answer with. */
#ifndef BATON_HUB_HUB_H
#define BATON_HUB_HUB_H

#include "core/base/err.h"
#include "core/catalogue/catalogue.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct hub;

/* What the hub answers with. Each function may be called on both hub threads, must not block and
 * must not call back into the hub. */
struct hub_io {
    /* Sends the answer (a whole wire message) to where handle came from; takes handle, borrows
     * bytes. bytes NULL: no answer will come, only give handle back. Once for each handle. */
    void (*reply)(void *data, void *handle, const void *bytes, size_t n);
    /* Sends a note (a whole wire message) there, before the answer: handle stays; borrows bytes. */
    void (*note)(void *data, void *handle, const void *bytes, size_t n);
    /* Sends one wire message (`topic '\n' body`) to all subscribers, to those of the process behind
     * the peer `first` before all others (0: nobody is first); borrows. */
    void (*publish)(void *data, uint32_t first, const char *topic, const void *body, size_t n);
    /* Ends a peer's connection, if it is still there. */
    void (*disconnect)(void *data, uint32_t peer);
    /* Lets other users of this machine in, or none any more: those who are in are then cut off.
     * Asking for what is so already is ERR_OK. On an error *ret_why says why (caller frees), and
     * they are not let in. On control alone, and it may call hub_meet. */
    enum err (*share)(void *data, bool on, char **ret_why);
    /* Ends the connections of another user, but for the peers in spare and what hears for them. */
    void (*disconnect_user)(void *data, uid_t uid, const uint32_t *spare, size_t count);
    /* Opens, or closes, the door of a sandboxed workspace: a socket `call` in the folder dir, by
     * which its programs come; what they call has the workspace's name as hub_submit's door.
     * Closing ends those connections. Asking for what is so already is ERR_OK. On an error *ret_why
     * says why (caller frees). On control alone. */
    enum err (*door)(void *data, const char *workspace, const char *dir, bool on, char **ret_why);
};

struct hub_options {
    const char *name;    /* the hub's name, "default" unless told */
    const char *program; /* what is started as `PROGRAM keep DIR` */
};

/* Opens journal and folders; the caller holds the runtime folder's lock already. On an error *why
 * has a sentence (caller frees). */
enum err hub_create(const struct hub_options *options, struct hub **ret_hub, char **ret_why);

/* Runs until it is told to stop (hub.stop, SIGTERM): control on the calling thread. io and data are
 * borrowed for the whole run. Gives the process's exit status; HUB_EXIT_UPGRADE: exec the new one.
 */
int hub_run(struct hub *hub, const struct hub_io *io, void *data);
#define HUB_EXIT_UPGRADE 75

/* The program to exec then; borrowed until hub_destroy. */
const char *hub_successor(const struct hub *hub);

void hub_destroy(struct hub *hub); /* after hub_run; takes NULL */

/* One call from a peer: bytes is a whole wire message, borrowed (copied). Any thread, never blocks;
 * when the hub's queue is full it is answered with ERR_LIMIT at once. peer numbers a connection and
 * is never 0; uid is the peer's Unix user, as the kernel says; door is the workspace by whose door
 * it came, NULL for the hub's own place. */
void hub_submit(struct hub *hub, void *handle, uint32_t peer, uid_t uid, const char *door,
                const void *bytes, size_t n);

/* Answers a call that was not submitted with ERR_LIMIT and that sentence. Any thread, not the
 * caller of hub_io. */
void hub_turn_away(struct hub *hub, void *handle, const char *sentence);

/* The peer's connection is gone: its parked calls are dropped, its presence ends. Any thread. */
void hub_peer_gone(struct hub *hub, uint32_t peer);

/* --- for a way in that other users of the machine have, too --- */

/* Another user is at the door: asks the machine who that is, which may take a while, and remembers
 * it. To be called before the rest here; not on the stream thread. */
void hub_meet(struct hub *hub, uid_t uid);
/* May that user come in, or has a token let in the connection `peer` (0 none)? Any thread. */
bool hub_knows(struct hub *hub, uid_t uid, uint32_t peer);
/* May they be sent what is published under that topic? Any thread, and cheap: called for each
 * message and each such subscriber. */
bool hub_may_hear(struct hub *hub, uid_t uid, uint32_t peer, const char *topic);

/* All rows. Constant data. */
const struct catalogue *hub_catalogue(void);

#endif
