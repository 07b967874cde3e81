/* Work that may take long, beside the control thread: what the disk has to do for one caller holds
 * up no other one. Control alone; what runs aside runs in libuv's pool.
 *
 * A few run at once, so that the pool has a thread for everybody else who works there. Of those
 * that may take minutes there are fewer, and one for a place (a workspace); so there is always
 * room for what is short. The others wait: the place that had its turn longest ago is next, and
 * within a place it is in order. Of one link one runs at a time: what it says first is done first.
 */
#ifndef BATON_HUB_ASIDE_H
#define BATON_HUB_ASIDE_H

#include "core/hub/hub_private.h"

#define ASIDE_RUNNING 3    /* at once; the pool has four threads */
#define ASIDE_LASTING 2    /* of them such as may take minutes */
#define ASIDE_WAITING 1000 /* calls whose work waits for its turn; more are refused */

/* One piece of work, the beginning of a struct that has what it is about. Whoever makes it fills
 * the first part; it is owned by aside.c from aside_begin or aside_park on. */
struct aside {
    char place[64];                                 /* whose turn it takes */
    bool lasts;                                     /* it may take minutes */
    bool reads;                                     /* without its caller it is for nobody */
    void (*run)(struct aside *a);                   /* in the pool */
    void (*back)(struct hub *hub, struct aside *a); /* on control, not in a batch; it stays ours */
    void (*destroy)(struct aside *a);               /* on control */

    /* aside.c's */
    struct aside *next;
    struct hub *hub;
    uv_work_t work;
    uint64_t serial; /* of its parked call; 0: nobody waits for it */
    uint32_t peer;
    size_t behind; /* how many of its link come before it */
};

void aside_create(struct hub *hub);
void aside_finish(struct hub *hub); /* after control_destroy */

/* Takes work that nobody waits for. Not in a batch. */
void aside_begin(struct hub *hub, struct aside *a);
/* Parks the call; when the batch is committed its work takes its place among the others, and back
 * answers it with aside_caller. Takes the work. ERR_LIMIT, answered: too many wait already. */
enum err aside_park(struct hub *hub, struct call *c, struct aside *a);
/* The call that waits for it, which is parked no more; NULL: it has gone. */
struct call *aside_caller(struct hub *hub, const struct aside *a);
/* Work that was never begun, of a call that ends. Takes NULL. */
void aside_drop(struct aside *a);

/* What has not begun is answered that it will not be; what lasts is told to end early. True when
 * nothing runs any more; else the loop is stopped as soon as it is so. */
bool aside_end(struct hub *hub);
/* True from then on: any thread. */
const atomic_bool *aside_ending(const struct hub *hub);

#endif
