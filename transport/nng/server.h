/* The hub's endpoints: a raw REP socket for calls and a PUB socket for events, on ipc:// in the
 * hub's runtime folder. NNG's callbacks only hand the message to hub_submit. */
#ifndef BATON_NNG_SERVER_H
#define BATON_NNG_SERVER_H

#include "core/base/err.h"
#include "core/hub/hub.h"

struct server;

/* Takes the lock of the hub's runtime folder (DIR/lock, flock; ERR_BUSY when another hub has it).
 * Listening starts with server_listen, when the hub is ready for calls. */
enum err server_create(const char *hub_name, struct server **ret_server, char **ret_why);
enum err server_listen(struct server *server, struct hub *hub, char **ret_why);
const struct hub_io *server_io(struct server *server); /* its data is the server itself */
void server_destroy(struct server *server);            /* closes, removes the sockets' files */

#endif
