/* `session prompt`, `accept` and `wait`: a turn's result, also when the hub dies in the middle of
 * it.
 *
 * The prompt is given with wait false, so that its turn is known at once; the result is asked for
 * with session.wait, which may be asked again of any later hub. A prompt whose answer was lost with
 * the hub may be on disk or not: the next hub's events tell, and it is given again only when it is
 * not there. So one command is one turn. */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "transport/cli/held.h"
#include "transport/cli/session_follow.h"

#include <stdio.h>
#include <string.h>

#define CALL_MS 30000

struct turning {
    struct patient patient;
    const struct command *command;
    cJSON *input;     /* the call's own, changed */
    char session[64]; /* the whole id */
    int64_t before;   /* the newest event before the prompt */
    int64_t turn, since;
    int64_t deadline; /* clock_mono_us, or 0 */
};

/* The session as it is: its whole id, its newest event and turn. */
static enum err look(struct turning *t, int64_t *ret_turn, struct client_fault *fault)
{
    cJSON *ask = cJSON_CreateObject(), *one = NULL;
    cJSON_AddStringToObject(ask, "sessionId", json_string(t->input, "sessionId", ""));
    enum err e = patient_call(&t->patient, "session.get", ask, CALL_MS, &one, fault);
    if (e == ERR_OK) {
        snprintf(t->session, sizeof t->session, "%s", json_string(one, "sessionId", ""));
        t->before = json_int(one, "seq", 0);
        *ret_turn = json_int(one, "turn", 0);
    }
    cJSON_Delete(one);
    cJSON_Delete(ask);
    return e;
}

/* Is a prompt that was told the one that we gave? Instructions may stand before our blocks. */
static bool is_ours(const struct turning *t, const cJSON *told)
{
    const char *me = json_string(client_hello(t->patient.client), "member", "");
    const char *text = json_string(t->input, "text", NULL);
    const cJSON *said = json_get(told, "prompt"), *blocks = json_get(t->input, "blocks");
    if (strcmp(json_string(told, "by", ""), me) != 0)
        return false;
    if (json_get(t->input, "suggestionId"))
        return json_get(told, "suggestedBy") != NULL;
    if (text)
        return strcmp(
                   json_string(cJSON_GetArrayItem(said, cJSON_GetArraySize(said) - 1), "text", ""),
                   text) == 0;
    const int from = cJSON_GetArraySize(said) - cJSON_GetArraySize(blocks);
    for (int i = 0; i < cJSON_GetArraySize(blocks); i++)
        if (!cJSON_Compare(cJSON_GetArrayItem(said, from + i), cJSON_GetArrayItem(blocks, i), true))
            return false;
    return true;
}

/* Looks for our prompt behind `before`; t->turn stays 0 when it is not there. */
static enum err look_for_prompt(struct turning *t, struct client_fault *fault)
{
    cJSON *ask = cJSON_CreateObject(), *events = NULL;
    const cJSON *one;
    cJSON_AddStringToObject(ask, "sessionId", t->session);
    cJSON_AddStringToObject(ask, "method", "session/prompt");
    json_add_int(ask, "since", t->before);
    enum err e = patient_call(&t->patient, "session.events", ask, CALL_MS, &events, fault);
    cJSON_ArrayForEach(one, events)
    {
        const cJSON *told = json_get(json_get(one, "notification"), "params");
        if (t->turn == 0 && is_ours(t, told)) {
            t->turn = json_int(told, "turn", 0);
            t->since = json_int(one, "sequenceNumber", 0);
        }
    }
    cJSON_Delete(events);
    cJSON_Delete(ask);
    return e;
}

static enum err give_prompt(struct turning *t, const char *method, struct client_fault *fault)
{
    int64_t turns = 0;
    struct client_hold hold = held_begin(t->command);
    enum err e = look(t, &turns, fault);
    cJSON_DeleteItemFromObjectCaseSensitive(t->input, "wait");
    cJSON_DeleteItemFromObjectCaseSensitive(t->input, "timeout");
    cJSON_AddFalseToObject(t->input, "wait");
    while (e == ERR_OK && t->turn == 0) {
        cJSON *result = NULL;
        e = client_call_held(t->patient.client, method, t->input, -1, &hold, &result, fault);
        if (e == ERR_OK) {
            t->turn = json_int(result, "turn", 0);
            t->since = json_int(result, "sequenceNumber", 0);
        } else if (patient_hub_gone(e)) {
            e = patient_pause(&t->patient, fault);
            if (e == ERR_OK)
                e = look_for_prompt(t, fault);
            /* The epoch was that of the hub that is gone; but what a human looks at stays. */
            if (!*hold.approval)
                cJSON_DeleteItemFromObjectCaseSensitive(t->input, "epoch");
            hold.told = NULL;
        }
        cJSON_Delete(result);
    }
    return e;
}

/* session.wait until a hub has answered it, or the time is over. */
static enum err await_turn(struct turning *t, cJSON **ret_result, struct client_fault *fault)
{
    cJSON *ask = cJSON_CreateObject();
    enum err e = ERR_LOST;
    cJSON_AddStringToObject(ask, "sessionId", t->session);
    json_add_int(ask, "turn", t->turn);
    while (patient_hub_gone(e)) {
        if (t->deadline) {
            const int64_t left = t->deadline - clock_mono_us();
            cJSON_DeleteItemFromObjectCaseSensitive(ask, "timeout");
            cJSON_AddNumberToObject(ask, "timeout", left > 0 ? (double)left / 1e6 : 0);
        }
        e = client_call(t->patient.client, "session.wait", ask, -1, ret_result, fault);
        if (patient_hub_gone(e) && (e = patient_pause(&t->patient, fault)) == ERR_OK)
            e = t->deadline && clock_mono_us() > t->deadline ? ERR_TIMEOUT : ERR_LOST;
    }
    cJSON_Delete(ask);
    return e;
}

static enum err turn_to_wait_for(struct turning *t, struct client_fault *fault)
{
    int64_t turns = 0;
    enum err e = look(t, &turns, fault);
    const int64_t asked = json_int(t->input, "turn", turns);
    t->turn = asked > 0 ? asked : 1; /* of none: the hub says that there was none */
    return e;
}

static int run(struct turning *t)
{
    const struct command *c = t->command;
    struct client_fault fault = {0};
    cJSON *result = NULL;
    int status = EXIT_DONE;
    char method[40];
    snprintf(method, sizeof method, "session.%s", c->row->name);
    enum err e = strcmp(c->row->name, "wait") == 0 ? turn_to_wait_for(t, &fault)
                                                   : give_prompt(t, method, &fault);
    if (e == ERR_OK && c->flags.follow)
        status = session_follow_turn(&t->patient, t->session, t->since, t->turn, t->deadline);
    if (e == ERR_OK && status == EXIT_DONE)
        e = await_turn(t, &result, &fault);
    if (e != ERR_OK) {
        fault.code = fault.code == ERR_OK ? e : fault.code;
        status = command_fault(c, &fault);
    } else if (status == EXIT_DONE && !c->flags.follow) {
        status = command_print(c, result);
    }
    cJSON_Delete(result);
    return status;
}

int command_turn(const struct command *c)
{
    int status = EXIT_FAILED;
    if (!json_bool(c->flags.input, "wait", true) && !c->flags.follow)
        return command_call(c);
    struct client *client = command_connect(c, true, &status);
    if (!client)
        return status;
    struct turning t = {.patient = {.command = c, .client = client},
                        .command = c,
                        .input = cJSON_Duplicate(c->flags.input, true)};
    if (json_get(c->flags.input, "timeout"))
        t.deadline =
            clock_mono_us() + (int64_t)(json_number(c->flags.input, "timeout", 0) * 1e6) + 1;
    status = run(&t);
    cJSON_Delete(t.input);
    client_close(client);
    return status;
}
