/* The hub's endpoints: REP for calls and PUB for events, on ipc:// in the hub's runtime folder, as
 * files `call` and `pub`. NNG's callbacks only hand the message to hub_submit. */
#ifndef BATON_NNG_SERVER_H
#define BATON_NNG_SERVER_H

#include "core/base/err.h"
#include "core/hub/hub.h"

struct server;

/* Takes the lock of the hub's runtime folder (DIR/lock, flock; ERR_BUSY when another hub has it).
 * lock: its descriptor when a hub has handed it on, which the server then owns; else -1.
 * Listening starts with server_listen, when the hub is ready for calls. */
enum err server_create(const char *hub_name, int lock, struct server **ret_server, char **ret_why);
enum err server_listen(struct server *server, struct hub *hub, char **ret_why);
const struct hub_io *server_io(struct server *server); /* its data is the server itself */

/* The lock stays held beyond server_destroy, by the descriptor that is given (the caller's, and
 * close-on-exec): for the program that takes this process over. */
int server_hand_on(struct server *server);

/* Where the number of that descriptor stands for the next program. */
#define SERVER_LOCK_VARIABLE "BATON_HUB_LOCK"

/* Closes, removes the sockets' files, gives the lock back. Takes NULL. After hub_run has returned:
 * handles that the hub did not give back are freed with it. */
void server_destroy(struct server *server);

/* The exit status of a hub whose lock another one holds: who started it goes on waiting for that.
 */
#define SERVER_EXIT_BUSY 76

#endif
