/* The hub's life: opening what it owns, starting its two threads, and the door for calls. */
#include "core/hub/hub_private.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/catalogue/schemas.h"
#include "core/hub/aside.h"
#include "core/hub/early.h"
#include "core/hub/people/batons.h"
#include "core/hub/bindings/bindings.h"
#include "core/hub/work/doors.h"
#include "core/hub/mail/email.h"
#include "core/hub/hooks.h"
#include "core/hub/policy/approvals.h"
#include "core/hub/mail/mail.h"
#include "core/hub/policy/policy_gate.h"
#include "core/hub/sessions/sessions.h"
#include "core/hub/people/sharing.h"
#include "core/hub/work/processes.h"
#include "core/hub/streams/streams.h"
#include "core/hub/work/worlds.h"
#include "core/people/neighbours.h"
#include "core/people/roster.h"

#include <pwd.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *user_name(void)
{
    const struct passwd *pw = getpwuid(getuid());
    return pw ? mem_strdup(pw->pw_name) : mem_printf("uid%u", (unsigned)getuid());
}

enum err hub_create(const struct hub_options *options, struct hub **ret_hub, char **ret_why)
{
    struct hub *hub = mem_zalloc(sizeof *hub);
    enum err e;

    if (sodium_init() < 0)
        log_warn("libsodium could not be initialized");
    hub->name = mem_strdup(options->name);
    hub->program = mem_strdup(options->program);
    hub->state_dir = path_state_dir(options->name);
    hub->streams_dir = path_join(hub->state_dir, "streams");
    hub->user = user_name();
    hub->started_us = clock_wall_us();
    hub->registry = registry_create();
    hub->roster = roster_create();
    hub->neighbours = neighbours_create();
    hub->control_schemas = schemas_create();
    hub->stream_schemas = schemas_create();
    control_create(hub);
    aside_create(hub);
    hooks_create(hub);
    worlds_create(hub);
    bindings_create(hub);
    email_out_create(hub);
    streams_create(hub);
    e = path_make_private(hub->streams_dir);
    if (e != ERR_OK)
        *ret_why = mem_printf("%s cannot be made or is not private", hub->streams_dir);
    if (e == ERR_OK)
        e = config_load(&hub->config, ret_why);
    if (e == ERR_OK)
        atomic_store(&hub->history, config_history(hub->config));
    if (e == ERR_OK)
        gate_create(hub);
    if (e == ERR_OK)
        e = journal_open(hub->state_dir, &hub->journal, ret_why);
    if (e == ERR_OK) {
        hub_post_control(hub, gate_recover, NULL);
        hub_post_control(hub, hooks_recover, NULL);
        hub_post_control(hub, shells_recover, NULL);
        hub_post_control(hub, processes_recover, NULL);
        hub_post_control(hub, mail_recover, NULL);
        hub_post_control(hub, sessions_recover, NULL);
        hub_post_control(hub, email_out_recover, NULL);
        hub_post_control(hub, upload_sweep, NULL);
        hub_post_control(hub, worlds_recover, NULL);
        hub_post_control(hub, approvals_recover, NULL);
        hub_post_control(hub, bindings_recover, NULL);
        *ret_hub = hub;
    } else {
        hub_destroy(hub);
    }
    return e;
}

int hub_run(struct hub *hub, const struct hub_io *io, void *data)
{
    hub->io = io;
    hub->io_data = data;
    log_info("hub %s runs, version %s", hub->name, BATON_VERSION);
    streams_start(hub);
    sharing_start(hub);
    doors_refresh(hub);
    int status = control_run(hub);
    streams_stop(hub);
    hub_stopped(hub);
    log_info("hub %s ends", hub->name);
    return status;
}

const char *hub_successor(const struct hub *hub)
{
    return hub->successor ? hub->successor : hub->program;
}

void hub_destroy(struct hub *hub)
{
    if (!hub)
        return;
    hub->io = NULL; /* no answer can leave any more */
    inbox_finish(&hub->control_in);
    inbox_finish(&hub->stream_in);
    streams_destroy(hub);
    hooks_stop(hub);
    worlds_stop(hub);
    bindings_stop(hub);
    email_out_stop(hub);
    aside_end(hub);
    control_destroy(hub);
    aside_finish(hub);
    hooks_finish(hub);
    worlds_finish(hub);
    bindings_finish(hub);
    email_out_finish(hub);
    journal_close(hub->journal);
    gate_destroy(hub);
    config_destroy(hub->config);
    registry_destroy(hub->registry);
    roster_destroy(hub->roster);
    neighbours_destroy(hub->neighbours);
    batons_finish(hub);
    schemas_destroy(hub->control_schemas);
    schemas_destroy(hub->stream_schemas);
    free(hub->afters);
    free(hub->frames);
    free(hub->peers);
    free(hub->rates);
    free(hub->name);
    free(hub->program);
    free(hub->successor);
    free(hub->state_dir);
    free(hub->streams_dir);
    free(hub->user);
    free(hub->sharing);
    free(hub);
}

void hub_turn_away(struct hub *hub, void *handle, const char *sentence)
{
    struct call *c = call_create(hub);
    c->handle = handle;
    call_fail(c, ERR_LIMIT, "%s", sentence);
    call_send(c);
}

void hub_submit(struct hub *hub, void *handle, uint32_t peer, uid_t uid, const char *door,
                const void *bytes, size_t n)
{
    const char *newline = memchr(bytes, '\n', n < 256 ? n : 256);
    struct call *c = call_create(hub);
    size_t topic = newline ? (size_t)(newline - (const char *)bytes) : 0;

    bool hello = topic == 5 && memcmp(bytes, "hello", 5) == 0; /* before one knows who is there */
    c->row = hello     ? catalogue_find(hub_catalogue(), "hub.hello", 9)
             : newline ? catalogue_find(hub_catalogue(), bytes, topic)
                       : NULL;
    c->handle = handle;
    c->peer = peer;
    c->uid = uid;
    snprintf(c->door, sizeof c->door, "%s", door ? door : "");
    c->message_n = newline ? n - topic - 1 : 0;
    c->message = mem_dup(newline ? newline + 1 : "", c->message_n);
    struct inbox *in = c->row && c->row->lane == LANE_STREAM ? &hub->stream_in : &hub->control_in;
    if (!inbox_put(in, c, true)) {
        call_fail(c, ERR_LIMIT, "the hub has %d calls waiting already", HUB_QUEUE_MAX);
        call_send(c);
    }
}

/* Presence ends, and what the peer waited for is dropped. */
static enum err peer_gone(struct hub *hub, void *arg)
{
    uint32_t peer = *(uint32_t *)arg;
    neighbours_gone(hub->neighbours, peer); /* again: its hello may have waited still */
    for (struct call **at = &hub->parked, *c; (c = *at);) {
        if (c->peer != peer) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        call_destroy(c);
    }
    early_peer_gone(hub, peer);
    /* And what started in this moment is told so behind its attaching. */
    hub_post_stream(hub, streams_peer_gone, mem_dup(&peer, sizeof peer));
    bindings_peer_gone(hub, peer);
    return members_gone(hub, peer);
}

void hub_peer_gone(struct hub *hub, uint32_t peer)
{
    neighbours_gone(hub->neighbours, peer);
    hub_post_behind(hub, peer_gone, streams_peer_gone, &peer, sizeof peer);
}
