/* What is known of every shell, process, agent's stream and session at this moment, readable from
 * both hub threads: the one small table between them. Entries stay from the opening until it is
 * deleted. A session (se1) is no stream of its own but has a baton; its agent's stream (ag1) has
 * none. Any thread; each function takes the lock for a copy's time only. */
#ifndef BATON_HUB_REGISTRY_H
#define BATON_HUB_REGISTRY_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum thing { THING_SHELL, THING_AGENT, THING_SESSION, THING_PROCESS };

/* Sets of them. */
#define THINGS_SHELLS    (1u << THING_SHELL)
#define THINGS_PROCESSES (1u << THING_PROCESS)
#define THINGS_STREAMS   (1u << THING_SHELL | 1u << THING_AGENT | THINGS_PROCESSES) /* a record */
#define THINGS_TARGETS   (1u << THING_SHELL | 1u << THING_SESSION) /* what has a baton */
#define THINGS_SESSIONS  (1u << THING_SESSION)
#define THINGS_ALL       (THINGS_STREAMS | THINGS_TARGETS)

struct stream_info {
    char id[32], workspace[64];
    enum thing thing;
    char typed[64]; /* who typed last; "" nobody */
    char title[256];
    uint64_t pos;
    int rows, cols;
    uint32_t bells;
    uint64_t resizes, sized_at; /* how many there were in this hub's life, and where the last was */
    char holder[64];            /* of the baton; "" free */
    bool holder_agent;
    uint64_t epoch;
    int64_t input_us; /* when the holder typed last, wall clock; 0 never */
    bool line_open;   /* something was typed since the last end of a line */
    bool exited, flood, lost;
    int exit_code;
    int32_t pid;
    uint64_t lag;  /* bytes recorded that the hub has not taken in yet */
    char held[64]; /* why the child is held back; "" when it is not */
};

struct registry;

struct registry *registry_create(void);
void registry_destroy(struct registry *r);
void registry_set(struct registry *r, const struct stream_info *info); /* adds, or replaces */
bool registry_get(struct registry *r, const char *id, struct stream_info *ret_info);
/* Changes the entry under the lock, for what both threads change; false: there is none. */
bool registry_change(struct registry *r, const char *id,
                     void (*change)(struct stream_info *info, const void *data), const void *data);
int registry_live(struct registry *r, unsigned things); /* how many have not ended */
void registry_remove(struct registry *r, const char *id);
/* The one id that is text, or begins with it; a number is also the pid of a process that runs.
 * ERR_NOT_FOUND, ERR_AMBIGUOUS. */
enum err registry_resolve(struct registry *r, const char *text, char out[32]);
/* The same among the given things alone: others are not there. */
enum err registry_resolve_among(struct registry *r, unsigned things, const char *text,
                                char out[32]);
/* A copy of all; the caller frees. */
struct stream_info *registry_all(struct registry *r, size_t *ret_count);

#endif
