/* The doors of sandboxed workspaces: for each a socket for calls in a folder of its own, which is
 * all that its programs see of the hub.
 *
 * What always holds: what comes by a door is told to the hub with its workspace, which asks for a
 * token; all who come by one door together have so many connections, so many calls that wait and so
 * many bytes of them, and no more, whatever they do. Beyond that a call is answered at once with
 * why, so that a program inside knows; beyond a few such connections nobody is let in. And they
 * have so many calls a second: what is beyond that is left in their sockets, so that the hub spends
 * a small part of its time on them, however many they are.
 *
 * A door is opened and closed by control alone. Its memory stays as long as a peer or a call that
 * came by it (held), since both outlive its closing. */
#include "transport/nng/server_private.h"
#include "core/base/clock.h"
#include "core/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRICE_US INT64_C(500)     /* a call's: 2000 a second … */
#define AHEAD_US (512 * PRICE_US) /* … and so many at once after a rest */

enum {
    MOST = 128, /* connections by one door … */
    PAUSE_MOST_MS = 20,
    LATE_MOST = 32,           /* … and of such as are only told that these are too many */
    CALLS = 256,              /* calls that wait, those that were parked included … */
    BYTES = 16 * 1024 * 1024, /* … and what they have together */
};

/* ---- with the mutex ---- */

static void let_go(struct doorway *d)
{
    if (--d->held == 0)
        free(d);
}

const char *door_takes(struct doorway *d, const struct peer *p, size_t n)
{
    d->held++;
    if (p->late)
        return "this sandbox has as many connections to the hub as it may have";
    if (d->calls >= CALLS)
        return "this sandbox has as many calls waiting as it may have";
    if (d->bytes + n > BYTES)
        return "the calls of this sandbox that wait are too large together";
    d->calls++;
    d->bytes += n;
    return NULL;
}

unsigned door_pause(void *data, struct conn *c)
{
    struct server *s = data;
    const int64_t now = clock_mono_us();
    int64_t wait = 0;
    pthread_mutex_lock(&s->mutex);
    const struct peer *p = *server_peer(s, conn_id(c));
    struct doorway *d = p ? p->door : NULL;
    if (d && d->paid_until_us < now)
        d->paid_until_us = now;
    if (d && (wait = d->paid_until_us - now - AHEAD_US) <= 0)
        d->paid_until_us += PRICE_US;
    pthread_mutex_unlock(&s->mutex);
    return wait <= 0                     ? 0
           : wait > PAUSE_MOST_MS * 1000 ? PAUSE_MOST_MS
                                         : (unsigned)(wait / 1000) + 1;
}

void door_answered(struct doorway *d, size_t counted)
{
    d->calls -= counted > 0;
    d->bytes -= counted;
    let_go(d);
}

void door_left(struct doorway *d)
{
    d->peers--;
    let_go(d);
}

/* ---- who comes ---- */

/* The folder is the hub's user's alone, so nobody else's process can be here; if one is, it has no
 * business to. */
static void came(void *data, bool subscriber, nng_stream *stream)
{
    struct doorway *d = data;
    struct server *s = d->server;
    struct peer who = {.subscriber = subscriber, .door = d};
    bool welcome = server_ask_kernel(stream, &who) && !who.foreign;
    pthread_mutex_lock(&s->mutex);
    welcome = welcome && d->peers < MOST + LATE_MOST;
    who.late = d->peers >= MOST;
    if (welcome) {
        d->peers++;
        d->held++;
    }
    pthread_mutex_unlock(&s->mutex);
    if (welcome)
        server_come_in(s, stream, &who);
    else
        nng_stream_free(stream);
}

static void end_peers_of(struct server *s, const struct doorway *d)
{
    struct conn *all[MOST + LATE_MOST];
    size_t count = 0;
    pthread_mutex_lock(&s->mutex);
    for (int i = 0; i < PEER_BUCKETS; i++)
        for (struct peer *p = s->peers[i]; p && count < sizeof all / sizeof *all; p = p->next)
            if (p->door == d) {
                conn_hold(p->conn);
                all[count++] = p->conn;
            }
    pthread_mutex_unlock(&s->mutex);
    server_close_all(all, count);
}

/* ---- opening and closing: control ---- */

static enum err open_door(struct server *s, const char *workspace, const char *dir, char **ret_why)
{
    if (!server_dir_fits(dir)) {
        *ret_why = mem_printf("the folder %s has too long a name for a socket", dir);
        return ERR_LIMIT;
    }
    struct doorway *d = mem_zalloc(sizeof *d);
    d->server = s;
    d->held = 1;
    snprintf(d->workspace, sizeof d->workspace, "%s", workspace);
    d->place = place_for_calls(dir);
    const enum err e = place_listen(d->place, 0600, came, d, ret_why);
    if (e != ERR_OK) {
        place_leave(d->place);
        free(d);
        return e;
    }
    d->next = s->doors;
    s->doors = d;
    return ERR_OK;
}

static void close_door(struct server *s, struct doorway *d)
{
    place_leave(d->place); /* from here on nobody comes */
    d->place = NULL;
    end_peers_of(s, d);
    pthread_mutex_lock(&s->mutex);
    let_go(d);
    pthread_mutex_unlock(&s->mutex);
}

enum err door_io(void *data, const char *workspace, const char *dir, bool on, char **ret_why)
{
    struct server *s = data;
    struct doorway **at = &s->doors, *d;
    while (*at && strcmp((*at)->workspace, workspace) != 0)
        at = &(*at)->next;
    d = *at;
    if (on == (d != NULL))
        return ERR_OK;
    if (on)
        return open_door(s, workspace, dir, ret_why);
    *at = d->next;
    close_door(s, d);
    return ERR_OK;
}

void doors_quiet(struct server *s)
{
    for (struct doorway *d = s->doors; d; d = d->next)
        place_quiet(d->place);
}

void doors_leave(struct server *s)
{
    while (s->doors) {
        struct doorway *d = s->doors;
        s->doors = d->next;
        place_leave(d->place);
        pthread_mutex_lock(&s->mutex);
        let_go(d);
        pthread_mutex_unlock(&s->mutex);
    }
}
