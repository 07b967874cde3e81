/* See the header. What waits stands in one list, in the order in which it came. It is bounded, so
 * that one walk over it finds whose turn it is. */
#include "core/hub/aside.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

struct turn { /* a place that has work here */
    char place[64];
    size_t all, running, lasting;
    uint64_t last; /* when it had its turn; 0 never */
};

struct asides {
    struct aside *waiting, **end, *running;
    size_t calls;   /* that wait */
    size_t count;   /* that run */
    size_t lasting; /* of these */
    struct turn *turns;
    size_t turn_count;
    uint64_t now; /* counts turns */
    atomic_bool ending;
};

void aside_create(struct hub *hub)
{
    hub->asides = mem_zalloc(sizeof *hub->asides);
    hub->asides->end = &hub->asides->waiting;
}

void aside_drop(struct aside *a)
{
    if (a)
        a->destroy(a);
}

void aside_finish(struct hub *hub)
{
    struct asides *all = hub->asides;
    if (!all)
        return;
    while (all->waiting) {
        struct aside *a = all->waiting;
        all->waiting = a->next;
        aside_drop(a);
    }
    free(all->turns);
    free(all);
    hub->asides = NULL;
}

const atomic_bool *aside_ending(const struct hub *hub)
{
    return &hub->asides->ending;
}

/* --- turns --------------------------------------------------------------------------------------
 */

static struct turn *turn_of(const struct asides *all, const struct aside *a)
{
    for (size_t i = 0; i < all->turn_count; i++)
        if (strcmp(all->turns[i].place, a->place) == 0)
            return &all->turns[i];
    return NULL;
}

static void turn_add(struct asides *all, const struct aside *a)
{
    struct turn *t = turn_of(all, a);
    if (!t) {
        all->turns = mem_reallocarray(all->turns, all->turn_count + 1, sizeof *all->turns);
        t = &all->turns[all->turn_count++];
        *t = (struct turn){0};
        memcpy(t->place, a->place, sizeof t->place);
    }
    t->all++;
}

static void turn_drop(struct asides *all, const struct aside *a)
{
    struct turn *t = turn_of(all, a);
    if (--t->all == 0)
        *t = all->turns[--all->turn_count];
}

static bool comes_before(const struct turn *a, const struct turn *b)
{
    return a->running != b->running ? a->running < b->running : a->last < b->last;
}

/* Where the next one stands that may run now; NULL: none may. */
static struct aside **next_one(struct asides *all)
{
    struct aside **best = NULL;
    const struct turn *best_turn = NULL;
    for (struct aside **at = &all->waiting, *a; (a = *at); at = &a->next) {
        const struct turn *t = turn_of(all, a);
        if (a->behind || (a->lasts && (t->lasting || all->lasting == ASIDE_LASTING)))
            continue;
        if (!best || comes_before(t, best_turn)) {
            best = at;
            best_turn = t;
        }
    }
    return best;
}

static void take_out(struct asides *all, struct aside **at)
{
    struct aside *a = *at;
    *at = a->next;
    if (!a->next)
        all->end = at;
    a->next = NULL;
    all->calls -= a->serial != 0;
}

/* Those of its link that came behind it have one fewer before them. */
static void let_pass(struct asides *all, const struct aside *a)
{
    for (struct aside *w = all->waiting; w && a->peer; w = w->next)
        if (w->peer == a->peer)
            w->behind--;
}

/* --- running ------------------------------------------------------------------------------------
 */

static void run_next(struct hub *hub);

static void on_pool(uv_work_t *work)
{
    struct aside *a = work->data;
    a->run(a);
}

static void on_back(uv_work_t *work, int status)
{
    struct aside *a = work->data;
    struct hub *hub = a->hub;
    struct asides *all = hub->asides;
    struct aside **at = &all->running;
    struct turn *t = turn_of(all, a);
    (void)status; /* nobody cancels it */
    while (*at != a)
        at = &(*at)->next;
    *at = a->next;
    all->count--;
    t->running--;
    if (a->lasts) {
        all->lasting--;
        t->lasting--;
    }
    turn_drop(all, a);
    let_pass(all, a);
    a->back(hub, a);
    aside_drop(a);
    if (!atomic_load(&all->ending))
        run_next(hub);
    else if (all->count == 0)
        uv_stop(&hub->control_loop);
}

static void run(struct hub *hub, struct aside *a)
{
    struct asides *all = hub->asides;
    struct turn *t = turn_of(all, a);
    t->running++;
    t->last = ++all->now;
    all->count++;
    if (a->lasts) {
        all->lasting++;
        t->lasting++;
    }
    a->next = all->running;
    all->running = a;
    a->work.data = a;
    uv_queue_work(&hub->control_loop, &a->work, on_pool, on_back); /* fails without on_pool alone */
}

static void run_next(struct hub *hub)
{
    struct asides *all = hub->asides;
    for (struct aside **at; all->count < ASIDE_RUNNING && (at = next_one(all));) {
        struct aside *a = *at;
        take_out(all, at);
        if (a->reads && !control_parked(hub, a->serial)) {
            turn_drop(all, a);
            let_pass(all, a);
            aside_drop(a);
        } else {
            run(hub, a);
        }
    }
}

struct call *aside_caller(struct hub *hub, const struct aside *a)
{
    struct call *c = a->serial ? control_parked(hub, a->serial) : NULL;
    if (c)
        control_unpark(hub, c);
    return c;
}

/* The hub stops: it will not be done. */
static void refuse(struct hub *hub, struct aside *a)
{
    struct call *c = aside_caller(hub, a);
    if (c) {
        call_fail(c, ERR_ENDED,
                  "the hub stops before it comes to that: baton hub start brings it "
                  "back");
        call_send(c);
    }
    aside_drop(a);
}

void aside_begin(struct hub *hub, struct aside *a)
{
    struct asides *all = hub->asides;
    a->hub = hub;
    if (atomic_load(&all->ending)) {
        refuse(hub, a);
        return;
    }
    for (struct aside *w = all->waiting; w && a->peer; w = w->next)
        a->behind += w->peer == a->peer;
    for (struct aside *r = all->running; r && a->peer; r = r->next)
        a->behind += r->peer == a->peer;
    turn_add(all, a);
    all->calls += a->serial != 0;
    a->next = NULL;
    *all->end = a;
    all->end = &a->next;
    run_next(hub);
}

/* --- calls --------------------------------------------------------------------------------------
 */

/* After the commit; the serial. */
static enum err begin_parked(struct hub *hub, void *arg)
{
    struct call *c = control_parked(hub, *(uint64_t *)arg);
    struct aside *a = c ? c->aside : NULL;
    if (!a)
        return ERR_OK;
    c->aside = NULL;
    aside_begin(hub, a);
    return ERR_OK;
}

enum err aside_park(struct hub *hub, struct call *c, struct aside *a)
{
    if (hub->asides->calls >= ASIDE_WAITING) {
        aside_drop(a);
        return call_fail(c, ERR_LIMIT, "%d calls wait for the disk already", ASIDE_WAITING);
    }
    c->aside = a;
    a->peer = c->peer;
    a->serial = control_park(hub, c, -1);
    control_after(hub, begin_parked, mem_dup(&a->serial, sizeof a->serial));
    return ERR_OK;
}

bool aside_end(struct hub *hub)
{
    struct asides *all = hub->asides;
    atomic_store(&all->ending, true);
    while (all->waiting) {
        struct aside *a = all->waiting;
        take_out(all, &all->waiting);
        turn_drop(all, a);
        refuse(hub, a);
    }
    return all->count == 0;
}
