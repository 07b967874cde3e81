/* See the header. The client comes back by itself; here is the waiting, and what a person is told.
 */
#include "transport/cli/patient.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#define PAUSE_MS 250

bool patient_hub_gone(enum err e)
{
    return e == ERR_NO_HUB || e == ERR_LOST;
}

enum err patient_pause(struct patient *p, struct client_fault *fault)
{
    if (!p->told && !p->command->options.json && isatty(STDERR_FILENO))
        fprintf(stderr, "baton: the hub is gone; waiting for it to come back\n");
    p->told = true;
    client_fault_finish(fault);
    *fault = (struct client_fault){0};
    struct pollfd fd = {.fd = client_fd(p->client), .events = POLLIN};
    poll(&fd, 1, PAUSE_MS);
    client_dispatch(p->client);
    const struct client_fault *why = client_refused(p->client);
    if (!why || (why->code != ERR_DENIED && why->code != ERR_TOKEN && why->code != ERR_VERSION))
        return ERR_OK;
    *fault = *why;
    fault->data = cJSON_Duplicate(why->data, true);
    return why->code;
}

enum err patient_call(struct patient *p, const char *method, const cJSON *input, int timeout_ms,
                      cJSON **ret_result, struct client_fault *fault)
{
    enum err e = ERR_LOST;
    while (patient_hub_gone(e)) {
        e = client_call(p->client, method, input, timeout_ms, ret_result, fault);
        if (!patient_hub_gone(e))
            p->told = false;
        else if ((e = patient_pause(p, fault)) == ERR_OK)
            e = ERR_LOST;
    }
    return e;
}
