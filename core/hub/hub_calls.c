/* The hub about itself: status, stop, reload, upgrade, and the configuration in force. Control. */
#include "core/hub/streams/agents.h"
#include "core/hub/hub_private.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/hub/bindings/bindings.h"
#include "core/hub/hooks.h"
#include "core/hub/policy/policy_gate.h"
#include "core/hub/people/sharing.h"
#include "core/hub/streams/streams.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static cJSON *describe_streams(struct hub *hub)
{
    size_t count;
    cJSON *list = cJSON_CreateArray();
    struct stream_info *all = registry_all(hub->registry, &count);
    for (size_t i = 0; i < count; i++) {
        if (all[i].exited || all[i].thing == THING_SESSION)
            continue;
        cJSON *o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "streamId", all[i].id);
        cJSON_AddStringToObject(o, "workspace", all[i].workspace);
        json_add_int(o, "pos", (int64_t)all[i].pos);
        json_add_int(o, "lag", (int64_t)all[i].lag);
        cJSON_AddStringToObject(o, "held", all[i].held);
        cJSON_AddItemToArray(list, o);
    }
    free(all);
    return list;
}

enum err hub_status(struct hub *hub, struct call *c)
{
    cJSON *r = cJSON_CreateObject();
    char started[32];
    clock_format(hub->started_us, started, sizeof started);
    cJSON_AddStringToObject(r, "hub", hub->name);
    json_add_int(r, "pid", getpid());
    cJSON_AddStringToObject(r, "version", BATON_VERSION);
    cJSON_AddStringToObject(r, "started", started);
    json_add_int(r, "uptime", (clock_wall_us() - hub->started_us) / 1000000);
    json_add_int(r, "clients", (int64_t)hub->peer_count);
    cJSON_AddStringToObject(r, "sharing", sharing_state(hub));
    json_add_int(r, "shells", shells_running(hub));
    json_add_int(r, "sessions", registry_live(hub->registry, THINGS_SESSIONS));
    json_add_int(r, "processes", registry_live(hub->registry, THINGS_PROCESSES));
    json_add_int(r, "events", hub->event_head);
    json_add_int(r, "journalBytes", (int64_t)journal_bytes(hub->journal));
    pthread_mutex_lock(&hub->control_in.lock);
    json_add_int(r, "controlQueue", (int64_t)hub->control_in.count);
    pthread_mutex_unlock(&hub->control_in.lock);
    pthread_mutex_lock(&hub->stream_in.lock);
    json_add_int(r, "streamQueue", (int64_t)hub->stream_in.count);
    pthread_mutex_unlock(&hub->stream_in.lock);
    cJSON_AddItemToObject(r, "hooks", hooks_describe(hub));
    cJSON_AddItemToObject(r, "bindings", bindings_describe(hub));
    cJSON_AddItemToObject(r, "streams", describe_streams(hub));
    call_reply(c, r);
    return ERR_OK;
}

/* Stops once no shell, process or agent runs any more, or after the time that HUP, TERM and KILL
 * take.
 */
static void stop_when_quiet(uv_timer_t *timer)
{
    struct hub *hub = timer->data;
    if (registry_live(hub->registry, THINGS_STREAMS) == 0 ||
        uv_now(&hub->control_loop) > hub->stop_by_ms)
        control_stop(hub, 0);
}

static enum err begin_stop(struct hub *hub, void *arg)
{
    (void)arg;
    log_info("stopping on request");
    hub->stop_by_ms = uv_now(&hub->control_loop) + 8000;
    uv_timer_start(&hub->parked_timer, stop_when_quiet, 0, 5);
    hub->stopping = true;
    return ERR_OK;
}

/* What runs is dismissed, so that the next hub begins with a clean list. The answer comes when all
 * has ended (hub_stopped). */
enum err hub_stop(struct hub *hub, struct call *c)
{
    const int shells = shells_running(hub);
    const int sessions = registry_live(hub->registry, THINGS_SESSIONS);
    const int processes = registry_live(hub->registry, THINGS_PROCESSES);
    const int running = shells + sessions + processes;
    char what[120];
    if (running && !call_bool(c, "force", false))
        return call_fail(c, ERR_BUSY, "%s still run%s and would be ended",
                         workspace_how_many(what, sizeof what, shells, sessions, processes),
                         running == 1 ? "s" : "");
    cJSON *r = cJSON_CreateObject();
    json_add_int(r, "closing", running);
    enum err e = programs_close(hub, NULL);
    if (e == ERR_OK)
        e = control_event(hub, "hubStopping", "", c->who, "", r);
    cJSON_Delete(r);
    if (e != ERR_OK)
        return e;
    control_park(hub, c, -1);
    control_after(hub, begin_stop, NULL);
    return ERR_OK;
}

/* The next hub finds the journal as it was, looks whether what it tells of runs still, and tells
 * the truth. */
bool hub_stop_unwritten(struct hub *hub, struct call *c)
{
    size_t count;
    if (!c->row || c->row->handle != hub_stop || !call_bool(c, "force", false) ||
        (c->failed != ERR_DISK_FULL && c->failed != ERR_IO))
        return false;
    log_warn("nothing can be written (%s): what runs is told to end all the same",
             err_text(c->failed)->name);
    struct stream_info *all = registry_all(hub->registry, &count);
    for (size_t i = 0; i < count; i++) {
        if (all[i].exited || !(THINGS_STREAMS & 1u << all[i].thing))
            continue;
        hub_post_stream(hub, all[i].thing == THING_AGENT ? streams_agent_close : streams_close,
                        mem_strdup(all[i].id));
    }
    free(all);
    c->answered = false;
    control_park(hub, c, -1);
    c->parked_now = false;
    c->next = hub->parked;
    hub->parked = c;
    begin_stop(hub, NULL);
    return true;
}

void hub_stopped(struct hub *hub)
{
    int left = registry_live(hub->registry, THINGS_STREAMS);
    for (struct call **at = &hub->parked, *c; (c = *at);) {
        if (!c->row || c->row->handle != hub_stop) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        cJSON *r = cJSON_CreateObject();
        json_add_int(r, "left", left);
        call_reply(c, r);
        call_send(c);
    }
}

enum err hub_reload(struct hub *hub, struct call *c)
{
    struct config *fresh = NULL;
    char *why = NULL;
    enum err e = config_load(&fresh, &why);
    if (e != ERR_OK) {
        e = call_fail(c, e, "%s", why ? why : "wrong");
        free(why);
        return e;
    }
    e = control_event(hub, "configReloaded", "", c->who, "", NULL);
    if (e == ERR_OK)
        e = sharing_reload(hub, fresh, c->who);
    if (e != ERR_OK) {
        config_destroy(fresh);
        return e;
    }
    config_destroy(hub->config);
    hub->config = fresh;
    atomic_store(&hub->history, config_history(fresh));
    gate_take(hub, fresh);
    bindings_read(hub, true, &why);
    cJSON *r = cJSON_CreateObject();
    if (why)
        cJSON_AddStringToObject(r, "refused", why);
    free(why);
    call_reply(c, r);
    return ERR_OK;
}

static enum err begin_upgrade(struct hub *hub, void *arg)
{
    free(hub->successor);
    hub->successor = mem_strdup(arg);
    log_info("handing over to %s", hub->successor);
    control_stop(hub, HUB_EXIT_UPGRADE);
    return ERR_OK;
}

enum err hub_upgrade(struct hub *hub, struct call *c)
{
    const char *program = call_string(c, "program", hub->program);
    struct stat st;
    if (*program != '/' || stat(program, &st) < 0 || !S_ISREG(st.st_mode) ||
        access(program, X_OK) < 0)
        return call_fail(c, ERR_NOT_FOUND, "%s cannot be run", program);
    cJSON *r = cJSON_CreateObject();
    cJSON_AddStringToObject(r, "program", program);
    call_reply(c, r);
    control_after(hub, begin_upgrade, mem_strdup(program));
    return ERR_OK;
}

enum err config_show_call(struct hub *hub, struct call *c)
{
    call_reply(c, config_show(hub->config));
    return ERR_OK;
}
