/* A client's end: calls and subscriptions to one hub, for the console, the CLI and tests. There is
 * no thread behind it: every callback here runs on the caller's thread inside client_dispatch. It
 * reconnects by itself (client_dispatch again); no call is ever sent twice. While the link is down
 * calls end with ERR_NO_HUB; those that were out when it broke, with ERR_LOST. */
#ifndef BATON_NNG_CLIENT_H
#define BATON_NNG_CLIENT_H

#include "core/base/err.h"
#include "transport/wire/wire.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

struct client;

struct client_options {
    const char *hub;       /* NAME, or USER/NAME of another user's; NULL is "default" */
    const char *token;     /* or NULL */
    const char *identity;  /* the name to appear by, or NULL */
    const char *workspace; /* where the caller is, for calls that name none; or NULL */
    const char *kind;      /* "console", "cli" … for member list */
    bool start;            /* start the hub (`baton hub run` detached) when none answers; a hub of
                              another user is never started */
    bool events;           /* it will subscribe: the link for that is opened with the other */
};

/* What went wrong, as the hub told it. Owned by the callee of whoever passes it. */
struct client_fault {
    enum err code;
    char name[64];     /* the stable name, also of an error that this program does not know */
    char message[512]; /* a sentence for a person; safe to print */
    char next[256];
    bool retry;
    cJSON *data; /* more, or NULL; freed by client_fault_finish */
};
void client_fault_finish(struct client_fault *fault);

/* Connects and says hello. ERR_NO_HUB, ERR_VERSION (fault tells which side is older) … */
enum err client_open(const struct client_options *options, struct client **ret_client,
                     struct client_fault *ret_fault);
/* The folder of the door by which this process reaches its hub (BATON_DOOR), or NULL: in a sandbox
 * that one hub is all there is, its calls are, and no events; borrowed. Then client_open goes there
 * whatever hub is asked for, and fails when that has another name; nothing is started, and
 * client_subscribe is ERR_UNSUPPORTED: who waits asks (`events.next`, `stream.read` with wait). */
const char *client_door(void);

/* Takes NULL; never hangs. Calls that still wait are dropped without done. Not from a callback. */
void client_close(struct client *client);

/* Why the hub did not let us in at the last attempt to come back; NULL when it did, or none was
 * made yet. Borrowed, until the next client_dispatch. */
const struct client_fault *client_refused(const struct client *client);
const cJSON *client_hello(const struct client *client); /* hello's result: who you are; borrowed */

/* One call, waiting for its answer; messages that arrive meanwhile stay queued. params is borrowed,
 * may be NULL. timeout_ms < 0 waits for ever. */
enum err client_call(struct client *client, const char *method, const cJSON *params, int timeout_ms,
                     cJSON **ret_result, struct client_fault *ret_fault);

/* One call without waiting. done is called once from client_dispatch: result (borrowed) or fault.
 */
typedef void (*client_done)(void *data, const cJSON *result, const struct client_fault *fault);
void client_send(struct client *client, const char *method, const cJSON *params, int timeout_ms,
                 client_done done, void *data);

/* A call that may have to wait for a human (the policy's approval tier). The hub tells one that has
 * a hold when it does: approval is filled in then, and the call's timeout counts no more. Such a
 * call, when it is lost, and only such a one, may be sent once more with the same params and hold:
 * it goes on with that approval, runs at most once whoever died, and makes no second one. The
 * caller's, until the call has ended or is forgotten. */
struct client_hold {
    char approval[32];  /* "ap3"; "" when it is not known to wait */
    int64_t expires_ms; /* wall clock; no answer until then is a no */
    /* NULL, or called as soon as it is known; not into the client. */
    void (*told)(void *data, const struct client_hold *hold);
    void *data;
};
enum err client_call_held(struct client *client, const char *method, const cJSON *params,
                          int timeout_ms, struct client_hold *hold, cJSON **ret_result,
                          struct client_fault *ret_fault);
void client_send_held(struct client *client, const char *method, const cJSON *params,
                      int timeout_ms, struct client_hold *hold, client_done done, void *data);

/* The calls sent with this data: their done will not be called any more. */
void client_forget(struct client *client, const void *data);

enum err client_subscribe(struct client *client, const char *topic_prefix);
enum err client_unsubscribe(struct client *client, const char *topic_prefix);

struct client_events {
    void (*message)(void *data, const struct wire_message *m); /* borrowed for the call */
    void (*connected)(void *data, bool is); /* the link broke, or is back (hello said again) */
};
void client_listen(struct client *client, const struct client_events *events, void *data);

int client_fd(const struct client *client);  /* readable when client_dispatch has work; borrowed */
void client_dispatch(struct client *client); /* runs what waits; never blocks */

#endif
