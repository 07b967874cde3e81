/* `hub upgrade`: this program takes over from the one that the hub runs, and the command ends when
 * the new hub answers, so that what stands behind it in a script finds one. Between the two no hub
 * answers for a moment. One thread. */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "transport/cli/command.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CALL_MS  30000
#define LIMIT_US INT64_C(30000000)

/* When the hub that answers began, empty when none does; the caller frees. Says nothing: that none
 * answers just now is what is waited for. */
static char *began(const struct command *c)
{
    const struct client_options options = {.hub = c->options.hub,
                                           .token = getenv("BATON_TOKEN"),
                                           .identity = c->options.identity,
                                           .kind = "cli"};
    struct client_fault fault = {0};
    struct client *client = NULL;
    cJSON *status = NULL;
    char *when = NULL;
    if (client_open(&options, &client, &fault) == ERR_OK &&
        client_call(client, "hub.status", NULL, CALL_MS, &status, &fault) == ERR_OK)
        when = mem_strdup(json_string(status, "started", ""));
    cJSON_Delete(status);
    client_close(client);
    client_fault_finish(&fault);
    return when ? when : mem_strdup("");
}

static bool other_hub(const struct command *c, const char *before)
{
    const struct timespec moment = {.tv_nsec = 5 * 1000 * 1000};
    const int64_t until = clock_mono_us() + LIMIT_US;
    bool other = false;
    while (!other && clock_mono_us() < until) {
        nanosleep(&moment, NULL);
        char *now = began(c);
        other = *now && strcmp(now, before) != 0;
        free(now);
    }
    return other;
}

/* A hub that is older than the word `program` takes its own file alone, and says so. */
static enum err hand_over(const struct command *c, struct client *client, bool told,
                          cJSON **ret_result, struct client_fault *fault)
{
    const int wait = json_bool(client_hello(client), "mayBeHeld", false) ? -1 : CALL_MS;
    enum err e = client_call(client, "hub.upgrade", c->flags.input, wait, ret_result, fault);
    if (e == ERR_INVALID && !told) {
        client_fault_finish(fault);
        e = client_call(client, "hub.upgrade", NULL, wait, ret_result, fault);
    }
    return e;
}

int local_hub_upgrade(const struct command *c)
{
    struct client_fault fault = {0};
    cJSON *result = NULL;
    int status = EXIT_FAILED;
    char *before = began(c);
    struct client *client = command_connect(c, false, &status);
    if (!client) {
        free(before);
        return status;
    }
    const bool told = json_get(c->flags.input, "program") != NULL;
    if (!told) {
        char *own = path_program();
        cJSON_AddStringToObject(c->flags.input, "program", own);
        free(own);
    }
    enum err e = hand_over(c, client, told, &result, &fault);
    client_close(client);
    if (e != ERR_OK)
        status = command_fault(c, &fault);
    else if (!other_hub(c, before))
        status = command_fail(c, ERR_NO_HUB, NULL);
    else
        status = command_print(c, result);
    cJSON_Delete(result);
    free(before);
    return status;
}
