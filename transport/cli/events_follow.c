/* `events follow`: events as they happen, one JSON object a line, each once and in order of ids.
 *
 * It asks `events.next` again and again, each time for what is behind the last id that it printed:
 * the hub holds the call until there is something. So order, filters and holes are the journal's
 * business, and a restart of the hub is no more than a call to be asked again. */
#include "transport/cli/patient.h"

#include <stdlib.h>

#define WAIT_MS 60000
#define CALL_MS 30000

/* Prints events; *last becomes the newest id. */
static int print_events(const struct command *c, const cJSON *result, int64_t *last)
{
    const cJSON *event;
    struct buf lines = {0};
    cJSON_ArrayForEach(event, json_get(result, "events"))
    {
        int64_t id = json_int(event, "id", 0);
        if (id <= *last)
            continue;
        *last = id;
        char *text = json_print(event);
        buf_printf(&lines, "%s\n", text);
        free(text);
    }
    int status = command_write(c, lines.data, lines.len);
    buf_finish(&lines);
    return status;
}

/* The newest id that there is: where `now` begins. */
static enum err head_now(struct client *client, int64_t *ret_head, struct client_fault *fault)
{
    cJSON *ask = cJSON_CreateObject(), *result = NULL;
    json_add_int(ask, "limit", 1);
    enum err e = client_call(client, "events.since", ask, CALL_MS, &result, fault);
    if (e == ERR_OK)
        *ret_head = json_int(result, "head", 0);
    cJSON_Delete(result);
    cJSON_Delete(ask);
    return e;
}

static int follow(const struct command *c, struct client *client, int64_t last)
{
    int status = EXIT_DONE;
    struct patient patient = {.command = c, .client = client};
    cJSON *ask = cJSON_Duplicate(c->flags.input, true);
    cJSON_DeleteItemFromObjectCaseSensitive(ask, "wait");
    json_add_int(ask, "wait", WAIT_MS);
    while (status == EXIT_DONE) {
        struct client_fault fault = {0};
        cJSON *result = NULL;
        cJSON_DeleteItemFromObjectCaseSensitive(ask, "id");
        json_add_int(ask, "id", last);
        enum err e = patient_call(&patient, "events.next", ask, -1, &result, &fault);
        if (e == ERR_OK) {
            status = print_events(c, result, &last);
        } else if (e == ERR_TIMEOUT) {
            client_fault_finish(&fault);
        } else {
            status = command_fault(c, &fault);
        }
        cJSON_Delete(result);
    }
    cJSON_Delete(ask);
    return status;
}

int local_events_follow(const struct command *c)
{
    struct client_fault fault = {0};
    int status = EXIT_FAILED;
    int64_t last = json_int(c->flags.input, "id", -1);
    struct client *client = command_connect(c, true, &status);
    if (!client)
        return status;
    if (last < 0 && head_now(client, &last, &fault) != ERR_OK)
        status = command_fault(c, &fault);
    else
        status = follow(c, client, last);
    client_close(client);
    return status;
}
