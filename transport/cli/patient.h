/* Calls that outlive a hub: asked again when it comes back. For commands that wait long, of which
 * the hub keeps what it would answer. One thread. */
#ifndef BATON_CLI_PATIENT_H
#define BATON_CLI_PATIENT_H

#include "transport/cli/command.h"

struct patient {
    const struct command *command; /* borrowed, as client */
    struct client *client;
    bool told; /* a person knows that the hub is gone */
};

/* Did the hub go away before it answered? Then the same may be asked of the next one. */
bool patient_hub_gone(enum err e);

/* Says once that the hub is gone, and lets the client come back for a moment. ERR_OK: ask again.
 * Else the hub that came does not let us in, and *fault has its words. */
enum err patient_pause(struct patient *p, struct client_fault *fault);

/* client_call until a hub has answered it. For calls that change nothing: a lost one is sent again.
 */
enum err patient_call(struct patient *p, const char *method, const cJSON *input, int timeout_ms,
                      cJSON **ret_result, struct client_fault *fault);

#endif
