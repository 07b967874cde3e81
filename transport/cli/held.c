/* See the header. That a call is known to be held makes it safe to be sent again: it names its
 * approval, and the hub lets that run once or says what became of it. */
#include "transport/cli/held.h"
#include "core/base/clock.h"

#include <stdio.h>
#include <string.h>

#define GRACE_MS (60 * 1000) /* for a hub to come back behind the last moment for an answer */

/* Programs that asked for JSON have one object on stderr, and only when the call has failed. */
static void tell(void *data, const struct client_hold *hold)
{
    const struct command *c = data;
    const bool usual = strcmp(c->options.hub, "default") == 0;
    if (!c->options.json)
        fprintf(stderr, "baton: waits for a human: baton %s%s%sapproval accept %s\n",
                usual ? "" : "-L ", usual ? "" : c->options.hub, usual ? "" : " ", hold->approval);
}

struct client_hold held_begin(const struct command *c)
{
    return (struct client_hold){.told = tell, .data = (void *)(uintptr_t)c};
}

bool held_goes_on(const struct client_hold *hold)
{
    return *hold->approval && clock_wall_us() / 1000 < hold->expires_ms + GRACE_MS;
}

enum err held_call(const struct command *c, struct client *client, const char *method,
                   const cJSON *input, int timeout_ms, cJSON **ret_result,
                   struct client_fault *fault)
{
    struct client_hold hold = held_begin(c);
    struct patient patient = {.command = c, .client = client};
    enum err e = client_call_held(client, method, input, timeout_ms, &hold, ret_result, fault);
    hold.told = NULL; /* once is enough */
    while (patient_hub_gone(e) && held_goes_on(&hold)) {
        e = patient_pause(&patient, fault);
        if (e == ERR_OK)
            e = client_call_held(client, method, input, -1, &hold, ret_result, fault);
    }
    if (patient_hub_gone(e) && *hold.approval)
        snprintf(fault->next, sizeof fault->next,
                 "It was waiting for %s; see 'baton approval show %s'.", hold.approval,
                 hold.approval);
    return e;
}
