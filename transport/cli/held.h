/* Calls that the hub may hold until a human answers: a person is told of it, and the wait goes on
 * with the next hub. One thread. */
#ifndef BATON_CLI_HELD_H
#define BATON_CLI_HELD_H

#include "transport/cli/patient.h"

/* A hold that says on stderr for which approval the command waits; c is borrowed. */
struct client_hold held_begin(const struct command *c);

/* May a call with this hold, which is lost with its hub, wait for the next one? */
bool held_goes_on(const struct client_hold *hold);

/* client_call; one that was held when its hub died waits for the next hub and goes on there, until
 * some time after nobody could answer any more. One that was not held is never sent twice. */
enum err held_call(const struct command *c, struct client *client, const char *method,
                   const cJSON *input, int timeout_ms, cJSON **ret_result,
                   struct client_fault *fault);

#endif
