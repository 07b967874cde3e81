/* How a client comes up: links, hello, starting a hub, and coming back when the link broke. */
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "transport/nng/client_priv.h"
#include "transport/nng/fault.h"
#include "transport/nng/server.h"
#include "transport/nng/start.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void client_make_auth(struct client *c)
{
    cJSON *auth = cJSON_CreateObject();
    if (c->token)
        cJSON_AddStringToObject(auth, "token", c->token);
    if (c->identity)
        cJSON_AddStringToObject(auth, "identity", c->identity);
    if (c->workspace)
        cJSON_AddStringToObject(auth, "workspace", c->workspace);
    const cJSON *id = json_get(c->hello, "clientId");
    if (id)
        cJSON_AddItemToObject(auth, "client", cJSON_Duplicate(id, true));
    free(c->auth);
    c->auth = json_print(auth);
    cJSON_Delete(auth);
}

static const char *hub_of(const cJSON *hello)
{
    const char *name = json_string(json_get(hello, "hub"), "name", "");
    return path_hub_name_ok(name) ? name : "";
}

static void hello_done(struct client *c, struct pending *call)
{
    client_fault_finish(&c->refused);
    c->refused = (struct client_fault){0};
    if (!call->finished)
        return; /* a hub that is slow to answer has said nothing of its version */
    const int64_t version = json_int(call->result, "version", 0);
    if (call->fault.code != ERR_OK) {
        c->refused = call->fault;
        call->fault.data = NULL;
    } else if (version < WIRE_VERSION_MIN || version > WIRE_VERSION_MAX) {
        fault_set(&c->refused, ERR_VERSION,
                  version > WIRE_VERSION_MAX
                      ? "This baton is older than the hub; start it again from the new version."
                      : "The hub is older than this baton; upgrade it with 'baton hub upgrade'.");
    } else if (c->door && strcmp(hub_of(call->result), c->hub) != 0) {
        fault_set(&c->refused, ERR_DENIED, "By this door one comes to one hub alone.");
        snprintf(c->refused.next, sizeof c->refused.next, "Leave out -L, or say -L %.32s.",
                 hub_of(call->result));
    } else {
        cJSON_Delete(c->hello);
        c->hello = call->result;
        call->result = NULL;
        client_make_auth(c);
    }
}

static struct pending *say_hello(struct client *c)
{
    cJSON *params = cJSON_CreateObject();
    json_add_int(params, "min", WIRE_VERSION_MIN);
    json_add_int(params, "max", WIRE_VERSION_MAX);
    cJSON *who = cJSON_AddObjectToObject(params, "client");
    cJSON_AddStringToObject(who, "kind", c->kind);
    cJSON_AddStringToObject(who, "name", "baton");
    cJSON_AddStringToObject(who, "version", BATON_VERSION);
    json_add_int(who, "pid", getpid());
    cJSON_Delete(c->hello);
    c->hello = NULL;
    client_make_auth(c); /* a new connection: no client id yet */
    struct pending *call = client_begin(c, "hello", params, -1, NULL, true);
    call->sync = true; /* whoever waits for the greeting looks after it */
    cJSON_Delete(params);
    return call;
}

/* Opens the links and says hello; *ret_hello is then on its way, state is GREETING. */
static enum err connect_links(struct client *c, struct pending **ret_hello)
{
    enum err e = link_open(&c->call, c->call_path, c->owner, LINK_REQ);
    if (e == ERR_OK && c->want_pub && !c->others)
        e = link_open(&c->pub, c->pub_path, c->owner, LINK_SUB);
    if (e != ERR_OK) {
        client_fault_finish(&c->refused); /* nobody is there to refuse us any more */
        c->refused = (struct client_fault){0};
        link_close(&c->call);
        return e;
    }
    c->call_events = c->pub_events = 0;
    c->state = GREETING;
    c->welcomed = false;
    c->greeting_until = clock_mono_us() + GREETING_US;
    *ret_hello = say_hello(c);
    client_flush(c);
    return ERR_OK;
}

static bool greeted(const struct client *c, const struct pending *hello)
{
    return hello->finished && (!c->want_pub || c->welcomed);
}

/* The rest of a greeting by another user's hub. */
static void open_ear(struct client *c, const struct pending *hello)
{
    if (!c->others || !c->want_pub || c->state != GREETING || c->pub.fd >= 0 || !hello->finished ||
        hello->fault.code != ERR_OK)
        return;
    if (link_open(&c->pub, c->pub_path, c->owner, LINK_SUB) == ERR_OK)
        client_flush(c);
    else
        client_broke(c);
}

/* Ends the greeting, well or not; gives what came of it. */
static enum err finish_greeting(struct client *c, struct pending *hello)
{
    const bool whole = greeted(c, hello);
    hello_done(c, hello);
    if (whole && c->refused.code == ERR_OK && c->state == GREETING) {
        c->state = UP;
        pending_destroy(hello);
        return ERR_OK;
    }
    if (c->refused.code == ERR_OK) {
        fault_set(&c->refused, ERR_NO_HUB, "The hub is there, but has not answered in time.");
        snprintf(c->refused.next, sizeof c->refused.next,
                 "It may be busy or stopped: try again, or look at 'baton hub doctor'.");
    }
    client_broke(c); /* which ends hello if it is still out */
    pending_destroy(hello);
    return c->refused.code;
}

static void nap(void)
{
    const struct timespec moment = {.tv_nsec = 1000 * 1000};
    nanosleep(&moment, NULL);
}

/* One attempt from DOWN to UP, waiting. */
enum err client_come_up(struct client *c)
{
    const int64_t until = clock_mono_us() + GREETING_US;
    struct pending *hello = NULL;
    enum err e;
    /* A listener whose queue is full is there, it only has many callers just now. */
    while ((e = connect_links(c, &hello)) == ERR_AGAIN && clock_mono_us() < until)
        nap();
    if (e != ERR_OK)
        return e;
    while (c->state == GREETING && !greeted(c, hello) &&
           !(hello->finished && hello->fault.code != ERR_OK) &&
           clock_mono_us() < c->greeting_until) {
        client_wait(c, c->greeting_until);
        open_ear(c, hello);
    }
    return finish_greeting(c, hello);
}

bool client_nobody_there(enum err e)
{
    return e == ERR_NOT_FOUND || e == ERR_NO_HUB || e == ERR_AGAIN || e == ERR_LOST;
}

/* Starts the hub, or again when it lost the race for the lock to one that is gone meanwhile; waits
 * until one answers. Its lock decides which of many starters' hubs it is. */
enum err client_start_hub(struct client *c)
{
    const int64_t until = clock_mono_us() + START_US;
    int64_t next_start = 0;
    enum err e = ERR_NO_HUB;

    while (client_nobody_there(e) && clock_mono_us() < until) {
        bool failed = false;
        int status;
        if (c->hub_pid > 0 && waitpid(c->hub_pid, &status, WNOHANG) == c->hub_pid) {
            c->hub_pid = 0;
            failed = !WIFEXITED(status) || WEXITSTATUS(status) != SERVER_EXIT_BUSY;
        }
        e = client_come_up(c);
        if (!client_nobody_there(e))
            break;
        if (failed) {
            char *state = path_state_dir(c->hub);
            char text[sizeof c->refused.message];
            snprintf(text, sizeof text, "The hub could not start; %s/hub.log tells why.", state);
            client_fault_finish(&c->refused);
            fault_set(&c->refused, ERR_NO_HUB, text);
            free(state);
            return ERR_NO_HUB;
        }
        if (c->hub_pid == 0 && clock_mono_us() >= next_start) {
            const enum err started = start_hub(c->hub, &c->hub_pid);
            if (started != ERR_OK) {
                c->hub_pid = 0;
                client_fault_finish(&c->refused);
                fault_set(&c->refused, started, NULL);
                return started;
            }
            next_start = clock_mono_us() + 100 * 1000;
        }
        nap();
    }
    return e;
}

/* A step of the way back up; never waits. */
void client_reconnect(struct client *c)
{
    const int64_t now = clock_mono_us();
    if (c->hub_pid > 0 && waitpid(c->hub_pid, NULL, WNOHANG) == c->hub_pid)
        c->hub_pid = 0;
    if (c->state == DOWN && c->greeting) {
        finish_greeting(c, c->greeting);
        c->greeting = NULL;
    }
    if (c->state == DOWN && now >= c->retry_at) {
        const int64_t next = c->retry_us * 2 < RETRY_LAST_US ? c->retry_us * 2 : RETRY_LAST_US;
        const enum err e = connect_links(c, &c->greeting);
        /* A hub that ends as it should removes its socket. One that left it there and is not back
         * in a moment has died; whoever may start a hub does. */
        if (e == ERR_NO_HUB && c->start && c->hub_pid == 0 && now >= c->revive_at) {
            if (start_hub(c->hub, &c->hub_pid) != ERR_OK)
                c->hub_pid = 0;
            c->revive_at = now + REVIVE_US;
        }
        c->retry_us = next;
        c->retry_at = now + next;
    }
    if (c->state == GREETING && c->greeting) {
        const struct pending *hello = c->greeting;
        open_ear(c, hello);
        if (c->state == DOWN || greeted(c, hello) ||
            (hello->finished && hello->fault.code != ERR_OK) || now >= c->greeting_until) {
            const int64_t wait = c->retry_us;
            if (finish_greeting(c, c->greeting) != ERR_OK) {
                c->retry_us = wait; /* refused: not oftener than before */
                c->retry_at = now + wait;
            }
            c->greeting = NULL;
        }
    }
    if (c->state == DOWN)
        client_arm(c, c->retry_at);
    else if (c->state == GREETING)
        client_arm(c, c->greeting_until);
}
