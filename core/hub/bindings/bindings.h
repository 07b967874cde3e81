/* Bindings: commands of the hub's owner that agents call like any other (core/binding). Which there
 * are is in the configuration folder's bindings/, watched and read again when it changes; each is a
 * row, found behind the catalogue's. A call of one is parked until its command has ended. Control.
 *
 *   bindings.c       what is in force: reading, watching, telling
 *   binding_runs.c   calls: at most limits.bindings commands at a time, in the order of calls
 *   binding_calls.c  binding.list, and what agents are told */
#ifndef BATON_HUB_BINDINGS_H
#define BATON_HUB_BINDINGS_H

#include "core/binding/set.h"
#include "core/hub/hub_private.h"

struct binding_run;

struct bindings {
    struct binding_set *set;
    char *config_dir, *dir; /* bindings/ in the first */
    char *watched;          /* the folder that watch looks at; NULL none */
    uv_fs_event_t watch;
    uv_timer_t timer;
    int64_t unread_us;         /* since when something may have changed; 0 nothing has */
    struct binding_run *spare; /* a runner that waits for its work; or NULL */
    uv_timer_t spare_timer;
    struct binding_run *runs; /* waiting and running, in the order of calls */
    size_t count, running;
    size_t bytes; /* of their inputs */
    bool stopped;
};

void bindings_create(struct hub *hub); /* after control_create */
void bindings_stop(struct hub *hub);   /* before control_destroy */
void bindings_finish(struct hub *hub); /* after control_destroy; frees */

/* Control work: reads the folder for the first time. */
enum err bindings_recover(struct hub *hub, void *arg);

/* Reads the folder again, within a batch. all: refusals are told again that were told before;
 * *ret_why is the first sentence of a refused file (the caller frees), NULL when all are right. */
enum err bindings_read(struct hub *hub, bool all, char **ret_why);

/* The binding `group.name`, borrowed until the next reading; NULL: there is none. */
struct binding *bindings_find(const struct hub *hub, const char *method);

/* The binding that a call of no row of the catalogue is of: sets row and binding. */
void bindings_resolve(struct hub *hub, struct call *c);

/* The groups that are there for who belongs to that workspace ("" none: all), in the order of their
 * names; the list is the caller's, the names are borrowed until the next reading. */
size_t bindings_groups_for(const struct hub *hub, const char *workspace, const char ***ret_names);

/* What an agent of that name in that workspace is told of the bindings that it may call; NULL:
 * there are none. The caller frees. */
char *bindings_instructions(struct hub *hub, const char *member, const char *workspace);

/* binding_runs.c */
enum err binding_call(struct hub *hub, struct call *c); /* every binding's handler */
void bindings_peer_gone(struct hub *hub, uint32_t peer);
void binding_runs_finish(struct hub *hub);
cJSON *bindings_describe(const struct hub *hub); /* for hub.status: {groups, waiting, running} */

#endif
