/* `session events ID --follow` and `session prompt … --follow`: a session as it goes on.
 *
 * session.events is the truth, read page by page from disk behind the last number that was printed;
 * events.next is only what wakes: it is asked with an id that was taken before the page was read.
 * So nothing is missed between the two, and a hub's death is no more than a call asked again. */
#include "transport/cli/session_follow.h"
#include "core/base/clock.h"
#include "transport/cli/session_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CALL_MS   30000
#define WAIT_MS   60000
#define PAGE      1000
#define WAKE_MOST 200 /* events that are looked at to know whether the session is over */

struct following {
    struct patient *patient;
    const struct command *command;
    const char *session, *method; /* method: only of this one, or NULL */
    int64_t since;                /* the number of the last event that was printed */
    int64_t woken;                /* the id of the hub's newest event that is known */
    int64_t turn;                 /* until its end; 0: until the session is over */
    int64_t deadline;
    bool lines; /* one JSON object a line */
    bool done;
    struct session_print print;
    int status;
};

static void print_one(struct following *f, const cJSON *event, struct buf *out)
{
    const cJSON *notification = json_get(event, "notification");
    const cJSON *params = json_get(notification, "params");
    const char *method = json_string(notification, "method", "");
    if (f->lines) {
        char *text = json_print(event);
        buf_printf(out, "%s\n", text);
        free(text);
    } else {
        session_print_event(&f->print, method, params, out);
    }
    if (f->turn && strcmp(method, "_baton/turn_end") == 0 && json_int(params, "turn", 0) == f->turn)
        f->done = true;
}

/* Prints all that is there. */
static enum err drain(struct following *f, struct client_fault *fault)
{
    enum err e = ERR_OK;
    int n = PAGE;
    while (e == ERR_OK && n > 0 && !f->done && f->status == EXIT_DONE) {
        cJSON *ask = cJSON_CreateObject(), *page = NULL;
        const cJSON *one;
        struct buf out = {0};
        cJSON_AddStringToObject(ask, "sessionId", f->session);
        json_add_int(ask, "since", f->since);
        json_add_int(ask, "limit", PAGE);
        if (f->method)
            cJSON_AddStringToObject(ask, "method", f->method);
        e = patient_call(f->patient, "session.events", ask, CALL_MS, &page, fault);
        n = cJSON_GetArraySize(page);
        cJSON_ArrayForEach(one, page)
        {
            if (f->done || json_int(one, "sequenceNumber", 0) <= f->since)
                continue;
            f->since = json_int(one, "sequenceNumber", 0);
            print_one(f, one, &out);
        }
        if (out.len)
            f->status = command_write(f->command, out.data, out.len);
        buf_finish(&out);
        cJSON_Delete(page);
        cJSON_Delete(ask);
    }
    return e;
}

/* The id of the hub's newest event. */
static enum err head_now(struct following *f, struct client_fault *fault)
{
    cJSON *ask = cJSON_CreateObject(), *result = NULL;
    json_add_int(ask, "limit", 1);
    cJSON_AddStringToObject(ask, "target", f->session);
    enum err e = patient_call(f->patient, "events.since", ask, CALL_MS, &result, fault);
    f->woken = json_int(result, "head", f->woken);
    cJSON_Delete(result);
    cJSON_Delete(ask);
    return e;
}

static enum err over_already(struct following *f, bool *ret_over, struct client_fault *fault)
{
    cJSON *ask = cJSON_CreateObject(), *one = NULL;
    cJSON_AddStringToObject(ask, "sessionId", f->session);
    enum err e = patient_call(f->patient, "session.get", ask, CALL_MS, &one, fault);
    const char *state = json_string(one, "state", "");
    *ret_over = strcmp(state, "closed") == 0 || strcmp(state, "failed") == 0;
    cJSON_Delete(one);
    cJSON_Delete(ask);
    return e;
}

/* Until the session tells something; *ret_over: it told its end. ERR_OK also when nothing came. */
static enum err await_more(struct following *f, bool *ret_over, struct client_fault *fault)
{
    int64_t wait = WAIT_MS;
    cJSON *ask = cJSON_CreateObject(), *result = NULL;
    const cJSON *one;
    if (f->deadline) {
        const int64_t left = (f->deadline - clock_mono_us()) / 1000 + 1;
        wait = left < 1 ? 1 : left < WAIT_MS ? left : WAIT_MS;
    }
    json_add_int(ask, "id", f->woken);
    json_add_int(ask, "wait", wait);
    json_add_int(ask, "limit", WAKE_MOST);
    cJSON_AddStringToObject(ask, "target", f->session);
    enum err e = patient_call(f->patient, "events.next", ask, -1, &result, fault);
    cJSON_ArrayForEach(one, json_get(result, "events"))
    {
        const char *kind = json_string(one, "kind", "");
        f->woken = json_int(one, "id", f->woken);
        if (strcmp(kind, "sessionClosed") == 0 || strcmp(kind, "sessionDestroyed") == 0)
            *ret_over = true;
    }
    if (e == ERR_TIMEOUT) {
        client_fault_finish(fault);
        *fault = (struct client_fault){0};
        e = f->deadline && clock_mono_us() >= f->deadline ? ERR_TIMEOUT : ERR_OK;
    }
    cJSON_Delete(result);
    cJSON_Delete(ask);
    return e;
}

static int follow(struct following *f)
{
    struct client_fault fault = {0};
    struct buf rest = {0};
    bool over = false;
    enum err e = head_now(f, &fault);
    if (e == ERR_OK && !f->turn)
        e = over_already(f, &over, &fault);
    while (e == ERR_OK && f->status == EXIT_DONE) {
        e = drain(f, &fault);
        if (e != ERR_OK || f->done || over)
            break;
        e = await_more(f, &over, &fault);
    }
    session_print_end(&f->print, &rest);
    if (rest.len && f->status == EXIT_DONE)
        f->status = command_write(f->command, rest.data, rest.len);
    buf_finish(&rest);
    if (e == ERR_OK || (e == ERR_NOT_FOUND && over)) { /* destroyed: its end was seen */
        client_fault_finish(&fault);
        return f->status;
    }
    fault.code = fault.code == ERR_OK ? e : fault.code;
    return command_fault(f->command, &fault);
}

int session_follow_turn(struct patient *p, const char *session, int64_t since, int64_t turn,
                        int64_t deadline)
{
    struct following f = {
        .patient = p,
        .command = p->command,
        .session = session,
        .since = since,
        .turn = turn,
        .deadline = deadline,
        .lines = p->command->options.json,
        .print = {.session = session, .styled = isatty(STDOUT_FILENO) != 0},
    };
    return follow(&f);
}

/* The whole id of a shortened one: events are found by it. */
static enum err whole_id(struct patient *p, char *out, size_t size, struct client_fault *fault)
{
    cJSON *ask = cJSON_CreateObject(), *one = NULL;
    cJSON_AddStringToObject(ask, "sessionId",
                            json_string(p->command->flags.input, "sessionId", ""));
    enum err e = patient_call(p, "session.get", ask, CALL_MS, &one, fault);
    snprintf(out, size, "%s", json_string(one, "sessionId", ""));
    cJSON_Delete(one);
    cJSON_Delete(ask);
    return e;
}

int command_session_follow(const struct command *c)
{
    struct client_fault fault = {0};
    char session[64] = "";
    int status = EXIT_FAILED;
    struct client *client = command_connect(c, true, &status);
    if (!client)
        return status;
    struct patient p = {.command = c, .client = client};
    if (whole_id(&p, session, sizeof session, &fault) != ERR_OK) {
        status = command_fault(c, &fault);
    } else {
        struct following f = {
            .patient = &p,
            .command = c,
            .session = session,
            .method = json_string(c->flags.input, "method", NULL),
            .since = json_int(c->flags.input, "since", 0),
            .lines = true,
            .print = {.session = session},
        };
        status = follow(&f);
    }
    client_close(client);
    return status;
}
