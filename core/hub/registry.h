/* What is known of every shell at this moment, readable from both hub threads: the one small table
 * between them. Entries stay from the shell's opening until it is deleted. Any thread; each
 * function takes the lock for a copy's time only. */
#ifndef BATON_HUB_REGISTRY_H
#define BATON_HUB_REGISTRY_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stream_info {
    char id[32], workspace[64];
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
void registry_remove(struct registry *r, const char *id);
/* The one id that is text, or begins with it. ERR_NOT_FOUND, ERR_AMBIGUOUS. */
enum err registry_resolve(struct registry *r, const char *text, char out[32]);
/* A copy of all; the caller frees. */
struct stream_info *registry_all(struct registry *r, size_t *ret_count);

#endif
