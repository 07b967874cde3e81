/* `approval watch`: the next call that needs a human; with --follow all of them, each once and in
 * the order of their numbers.
 *
 * It asks for the first one that waits behind the last that was printed, and the hub holds that
 * question until there is one. So it may be asked again of the next hub: nothing is told twice, and
 * nothing that still waits is left out. What was answered meanwhile needs nobody any more. */
#include "core/base/clock.h"
#include "transport/cli/patient.h"

struct watching {
    struct patient patient;
    cJSON *ask;
    int64_t deadline; /* clock_mono_us, or 0 */
};

static enum err next_one(struct watching *w, cJSON **ret_result, struct client_fault *fault)
{
    enum err e = ERR_LOST;
    while (patient_hub_gone(e)) {
        if (w->deadline) {
            const int64_t left = w->deadline - clock_mono_us();
            cJSON_DeleteItemFromObjectCaseSensitive(w->ask, "timeout");
            cJSON_AddNumberToObject(w->ask, "timeout", left > 0 ? (double)left / 1e6 : 0);
        }
        e = client_call(w->patient.client, "approval.watch", w->ask, -1, ret_result, fault);
        if (patient_hub_gone(e) && (e = patient_pause(&w->patient, fault)) == ERR_OK)
            e = w->deadline && clock_mono_us() > w->deadline ? ERR_TIMEOUT : ERR_LOST;
    }
    w->patient.told = false;
    return e;
}

static int watch(struct watching *w)
{
    const struct command *c = w->patient.command;
    int status = EXIT_DONE;
    do {
        struct client_fault fault = {0};
        cJSON *one = NULL;
        const enum err e = next_one(w, &one, &fault);
        if (e == ERR_OK) {
            status = command_print(c, one);
            cJSON_DeleteItemFromObjectCaseSensitive(w->ask, "since");
            cJSON_AddStringToObject(w->ask, "since", json_string(one, "approvalId", "ap0"));
        } else {
            fault.code = fault.code == ERR_OK ? e : fault.code;
            status = command_fault(c, &fault);
        }
        cJSON_Delete(one);
    } while (c->flags.follow && status == EXIT_DONE);
    return status;
}

int command_approval_watch(const struct command *c)
{
    int status = EXIT_FAILED;
    struct client *client = command_connect(c, true, &status);
    if (!client)
        return status;
    struct watching w = {.patient = {.command = c, .client = client},
                         .ask = cJSON_Duplicate(c->flags.input, true)};
    if (json_get(w.ask, "timeout"))
        w.deadline = clock_mono_us() + (int64_t)(json_number(w.ask, "timeout", 0) * 1e6) + 1;
    status = watch(&w);
    cJSON_Delete(w.ask);
    client_close(client);
    return status;
}
