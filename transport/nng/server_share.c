/* The second place of the endpoints, for other users of the machine, while the hub shares.
 *
 * What always holds: who is at the other end is what the kernel says; other users have so many
 * connections and no more, so that the hub's own is never without a descriptor; a stranger may
 * call, to show a token or to be told why not, but hears nothing. */
#include "transport/nng/server_private.h"
#include "core/base/mem.h"
#include "core/base/paths.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MOST = 512,          /* connections of all other users … */
    USER_MOST = 128,     /* … of one of them … */
    STRANGER_MOST = 8,   /* … and of one who may not come in (yet) … */
    STRANGER_CALLS = 64, /* … each with so many calls that wait */
    USER_CALLS = 1024,   /* calls of one user that wait, those that were parked included … */
    USER_BYTES = 32 * 1024 * 1024, /* … and what they have together */
};

/* The newest of the process's peers for calls that a token let in. A client opens its ear once that
 * call was answered, so it is there. */
static uint32_t find_companion(struct server *s, const struct peer *who)
{
    uint32_t ids[USER_MOST], found = 0;
    size_t count = 0;
    pthread_mutex_lock(&s->mutex);
    for (int i = 0; who->pid && i < PEER_BUCKETS; i++)
        for (struct peer *p = s->peers[i]; p && count < USER_MOST; p = p->next)
            if (!p->subscriber && p->known && p->pid == who->pid && p->uid == who->uid)
                ids[count++] = p->id;
    pthread_mutex_unlock(&s->mutex);
    while (count--)
        if (ids[count] > found && hub_knows(s->hub, NOBODY, ids[count]))
            found = ids[count];
    return found;
}

static bool room_for(struct server *s, uid_t uid, unsigned most)
{
    unsigned all = 0, theirs = 0;
    pthread_mutex_lock(&s->mutex);
    for (int i = 0; i < PEER_BUCKETS; i++)
        for (struct peer *p = s->peers[i]; p; p = p->next) {
            all += p->foreign;
            theirs += p->foreign && p->uid == uid;
        }
    pthread_mutex_unlock(&s->mutex);
    return all < MOST && theirs < most;
}

/* Accepting is one at a time, so nobody comes between room_for and server_come_in but by the other
 * socket: the bounds may be passed by one. */
static void came(void *data, bool subscriber, nng_stream *stream)
{
    struct server *s = data;
    struct peer who = {.subscriber = subscriber};
    bool welcome = server_ask_kernel(stream, &who);
    if (welcome && who.foreign) {
        hub_meet(s->hub, who.uid);
        if (subscriber)
            who.companion = find_companion(s, &who);
        const bool known = hub_knows(s->hub, who.uid, who.companion);
        welcome = (known || !subscriber) && room_for(s, who.uid, known ? USER_MOST : STRANGER_MOST);
    }
    if (welcome)
        server_come_in(s, stream, &who);
    else
        nng_stream_free(stream);
}

bool share_crowds(struct server *s, uint32_t id, uid_t *ret_uid)
{
    pthread_mutex_lock(&s->mutex);
    const struct peer *p = *server_peer(s, id);
    const bool many = p && p->foreign && p->calls >= STRANGER_CALLS;
    *ret_uid = p ? p->uid : NOBODY;
    pthread_mutex_unlock(&s->mutex);
    return many && !hub_knows(s->hub, *ret_uid, id);
}

const char *share_takes(struct server *s, const struct peer *who, size_t n)
{
    unsigned calls = 0;
    size_t bytes = n;
    for (int i = 0; i < PEER_BUCKETS; i++)
        for (const struct peer *p = s->peers[i]; p; p = p->next)
            if (p->foreign && p->uid == who->uid) {
                calls += p->calls;
                bytes += p->bytes;
            }
    return calls >= USER_CALLS  ? "you have as many calls waiting as another user may have"
           : bytes > USER_BYTES ? "your calls that wait are too large together"
                                : NULL;
}

void share_peer_gone(struct server *s, uint32_t id, uid_t uid)
{
    struct conn *all[USER_MOST];
    size_t count = 0;
    if (hub_knows(s->hub, uid, 0))
        return;
    pthread_mutex_lock(&s->mutex);
    for (int i = 0; i < PEER_BUCKETS; i++)
        for (struct peer *p = s->peers[i]; p && count < USER_MOST; p = p->next)
            if (p->foreign && p->subscriber && p->companion == id) {
                conn_hold(p->conn);
                all[count++] = p->conn;
            }
    pthread_mutex_unlock(&s->mutex);
    server_close_all(all, count);
}

static bool spared(const struct peer *p, const uint32_t *spare, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (spare[i] == (p->subscriber ? p->companion : p->id))
            return true;
    return false;
}

/* uid NOBODY: of all other users. */
static void end_foreign(struct server *s, uid_t uid, const uint32_t *spare, size_t spare_n)
{
    size_t count = 0;
    pthread_mutex_lock(&s->mutex);
    struct conn **all = mem_calloc(s->peers_count, sizeof *all);
    for (int i = 0; i < PEER_BUCKETS; i++)
        for (struct peer *p = s->peers[i]; p; p = p->next)
            if (p->foreign && (uid == NOBODY || p->uid == uid) && !spared(p, spare, spare_n)) {
                conn_hold(p->conn);
                all[count++] = p->conn;
            }
    pthread_mutex_unlock(&s->mutex);
    server_close_all(all, count);
    free(all);
}

void share_io_disconnect_user(void *data, uid_t uid, const uint32_t *spare, size_t count)
{
    end_foreign(data, uid, spare, count);
}

static enum err open_place(struct server *s, struct place **ret_place, char **ret_why)
{
    struct place *place = NULL;
    char *dir = NULL;
    enum err e = path_make_shared(s->name, &dir, ret_why);
    if (e == ERR_OK && !server_dir_fits(dir)) {
        e = ERR_LIMIT;
        *ret_why = mem_printf("the folder %s has too long a name for a socket", dir);
    }
    if (e == ERR_OK)
        e = place_take(dir, s->name, -1, &place, ret_why);
    if (e == ERR_OK)
        e = place_listen(place, 0666, came, s, ret_why);
    if (e == ERR_OK)
        *ret_place = place;
    else
        place_leave(place);
    free(dir);
    return e;
}

enum err share_io(void *data, bool on, char **ret_why)
{
    struct server *s = data;
    if (on == (s->shared != NULL))
        return ERR_OK;
    if (on)
        return open_place(s, &s->shared, ret_why);
    place_leave(s->shared);
    s->shared = NULL;
    end_foreign(s, NOBODY, NULL, 0);
    return ERR_OK;
}
