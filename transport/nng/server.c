/* The hub's endpoints: a place with a listener for calls and one for events (place.h), for the
 * hub's own user, another such place for other users while the hub shares (server_share.c), and a
 * door for each sandboxed workspace (server_door.c). All
 * are NNG byte streams; conn.h says why no nng_socket. Here is what the messages mean: REP (each
 * call keeps the words of its way back in a slot until it is answered) and PUB (each message goes
 * to every subscriber; to another user's when the hub says that they may hear it).
 *
 * What always holds:
 *
 * - the calls of one connection reach hub_submit one after another, in their order, and never after
 *   hub_peer_gone for it;
 *
 * - no function here waits for a peer: what a peer does not read is counted, and beyond a bound
 *   (PEER_CALLS, PEER_BYTES) its connection is ended; a subscriber has at most PUB_QUEUE messages
 *   and PUB_BYTES waiting, then the oldest go.
 *
 * Threads: NNG's run the callbacks, fanout.h's writes to observers; the hub's two call reply,
 * publish and disconnect, control alone share and disconnect_user. `mutex` guards what changes
 * after server_listen; the hub is never called under it. */
#include "transport/nng/server.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "transport/nng/server_private.h"
#include "transport/wire/wire.h"

#include <nng/nng.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    PEER_CALLS = 4096,             /* calls of one connection that wait for their answer */
    PEER_BYTES = 64 * 1024 * 1024, /* answers that one connection has not read yet */
    PUB_QUEUE = 64,                /* messages */
    PUB_BYTES = 8 * 1024 * 1024,
    WAY_BACK = 8 * 4,                 /* bytes: a call may come through so many SP devices */
    FOREIGN_CALL = 4 * 1024 * 1024,   /* bytes of one call of another user */
    FOREIGN_BYTES = 16 * 1024 * 1024, /* as PEER_BYTES */
};

/* A call that waits for its answer: the hub's `handle`. */
struct slot {
    struct slot *next, *before;
    struct conn *conn;    /* held */
    struct doorway *door; /* held; NULL: it came by none … */
    size_t counted;       /* … or what it counts there, or for its user; 0: there was no room */
    size_t way_n;
    char way[WAY_BACK]; /* goes in front of the answer */
};

/* [another user's, or by a door][subscriber] */
static const struct conn_kind kinds[2][2] = {
    {{.ours = 0x31, .theirs = 0x30, .message_most = WIRE_MAX_MESSAGE, .queue_bytes = PEER_BYTES},
     {.ours = 0x20, .theirs = 0x21, .queue_count = PUB_QUEUE, .queue_bytes = PUB_BYTES}},
    {{.ours = 0x31, .theirs = 0x30, .message_most = FOREIGN_CALL, .queue_bytes = FOREIGN_BYTES},
     {.ours = 0x20, .theirs = 0x21, .queue_count = PUB_QUEUE, .queue_bytes = PUB_BYTES}}};

/* ---- peers and slots; with the mutex held ---- */

struct peer **server_peer(struct server *s, uint32_t id)
{
    struct peer **at = &s->peers[id % PEER_BUCKETS];
    while (*at && (*at)->id != id)
        at = &(*at)->next;
    return at;
}

static void slot_unlink(struct server *s, struct slot *slot)
{
    if (slot->before)
        slot->before->next = slot->next;
    else
        s->slots = slot->next;
    if (slot->next)
        slot->next->before = slot->before;
}

void server_close_all(struct conn **all, size_t count)
{
    while (count) {
        conn_flush(all[--count]); /* why they have to go may be waiting still */
        conn_close(all[count]);
        conn_release(all[count]);
    }
}

/* ---- what connections tell ---- */

static void greeted(void *data, struct conn *c)
{
    struct server *s = data;
    pthread_mutex_lock(&s->mutex);
    struct peer *p = *server_peer(s, conn_id(c));
    const bool welcome = p && p->subscriber;
    if (welcome) {
        p->ready = true;
        s->subscribers++;
    }
    pthread_mutex_unlock(&s->mutex);
    if (!welcome)
        return;
    /* From here on it gets everything (see wire.h). */
    struct frame *frame = frame_create(sizeof WIRE_WELCOME);
    if (frame) {
        memcpy(frame_message(frame), WIRE_WELCOME "\n", sizeof WIRE_WELCOME);
        conn_send(c, frame);
        frame_release(frame);
    }
}

/* A call: words of the way back, the last with its highest bit set, then the message. */
static bool message(void *data, struct conn *c, const char *bytes, size_t n)
{
    struct server *s = data;
    size_t way = 0;
    uid_t uid;
    do {
        if (way == WAY_BACK || n - way < 4)
            return false;
        way += 4;
    } while (!(bytes[way - 4] & 0x80));
    if (share_crowds(s, conn_id(c), &uid))
        return false;

    struct slot *slot = mem_zalloc(sizeof *slot);
    slot->conn = c;
    slot->way_n = way;
    memcpy(slot->way, bytes, way);
    pthread_mutex_lock(&s->mutex);
    struct peer *p = *server_peer(s, conn_id(c));
    const bool takes = p && !p->subscriber && p->calls < PEER_CALLS && !s->closing;
    const char *full = NULL, *workspace = NULL;
    if (takes && p->door) {
        workspace = p->door->workspace;
        full = door_takes(p->door, p, n);
        slot->door = p->door;
        slot->counted = full ? 0 : n;
    } else if (takes && p->foreign) {
        full = share_takes(s, p, n);
        slot->counted = full ? 0 : n;
        p->bytes += slot->counted;
    }
    if (takes) {
        p->calls++;
        p->known = true;
        slot->next = s->slots;
        if (s->slots)
            s->slots->before = slot;
        s->slots = slot;
    }
    pthread_mutex_unlock(&s->mutex);
    if (!takes) {
        free(slot);
        return false;
    }
    conn_hold(c);
    if (full)
        hub_turn_away(s->hub, slot, full);
    else
        hub_submit(s->hub, slot, conn_id(c), uid, workspace, bytes + way, n - way);
    return true;
}

static void gone(void *data, struct conn *c)
{
    struct server *s = data;
    const uint32_t id = conn_id(c);
    pthread_mutex_lock(&s->mutex);
    struct peer **at = server_peer(s, id), *p = *at;
    *at = p->next;
    if (p->ready)
        s->subscribers--;
    const bool tell = p->known, foreign = p->foreign;
    const uid_t uid = p->uid;
    if (p->door)
        door_left(p->door);
    free(p);
    pthread_mutex_unlock(&s->mutex);

    conn_release(c);
    if (tell)
        hub_peer_gone(s->hub, id);
    if (tell && foreign)
        share_peer_gone(s, id, uid);
    pthread_mutex_lock(&s->mutex);
    s->peers_count--; /* last: from now on the server may go */
    pthread_cond_signal(&s->gone);
    pthread_mutex_unlock(&s->mutex);
}

static const struct conn_events events = {greeted, message, gone, NULL},
                                door_events = {greeted, message, gone, door_pause};

/* ---- new connections ---- */

void server_come_in(struct server *s, nng_stream *stream, const struct peer *who)
{
    struct peer *p = mem_dup(who, sizeof *who);
    pthread_mutex_lock(&s->mutex);
    do
        p->id = ++s->last_id;
    while (p->id == 0 || *server_peer(s, p->id));
    struct conn *c = s->closing
                         ? NULL
                         : conn_create(stream, p->id, &kinds[p->foreign || p->door][p->subscriber],
                                       p->door ? &door_events : &events, s);
    p->conn = c;
    if (c) {
        p->next = s->peers[p->id % PEER_BUCKETS];
        s->peers[p->id % PEER_BUCKETS] = p;
        s->peers_count++;
        conn_hold(c); /* while it is started; the table has it otherwise, and may lose it */
    } else if (s->closing) {
        nng_stream_free(stream);
    }
    pthread_mutex_unlock(&s->mutex);
    if (!c) {
        pthread_mutex_lock(&s->mutex);
        if (p->door)
            door_left(p->door);
        pthread_mutex_unlock(&s->mutex);
        free(p);
        return;
    }
    conn_start(c);
    conn_release(c);
}

bool server_ask_kernel(nng_stream *stream, struct peer *who)
{
    uint64_t uid = UINT64_MAX;
    if (nng_stream_get_uint64(stream, NNG_OPT_IPC_PEER_UID, &uid) != 0 || uid >= NOBODY)
        return false;
    nng_stream_get_uint64(stream, NNG_OPT_IPC_PEER_PID, &who->pid);
    who->uid = (uid_t)uid;
    who->foreign = who->uid != getuid();
    return true;
}

static void came(void *data, bool subscriber, nng_stream *stream)
{
    struct peer who = {.subscriber = subscriber};
    if (server_ask_kernel(stream, &who) && !who.foreign)
        server_come_in(data, stream, &who);
    else
        nng_stream_free(stream);
}

/* ---- what the hub calls ---- */

static void io_note(void *data, void *handle, const void *bytes, size_t n)
{
    struct slot *slot = handle;
    struct frame *frame = frame_create(slot->way_n + n);
    (void)data;
    if (frame) {
        memcpy(frame_message(frame), slot->way, slot->way_n);
        if (n)
            memcpy(frame_message(frame) + slot->way_n, bytes, n);
        conn_send(slot->conn, frame);
        frame_release(frame);
    } else { /* the peer must not wait for ever: it sees the link break */
        conn_close(slot->conn);
    }
}

static void io_reply(void *data, void *handle, const void *bytes, size_t n)
{
    struct server *s = data;
    struct slot *slot = handle;
    if (bytes)
        io_note(data, handle, bytes, n);
    pthread_mutex_lock(&s->mutex);
    struct peer *p = *server_peer(s, conn_id(slot->conn));
    if (p) {
        p->calls--;
        p->bytes -= slot->door ? 0 : slot->counted;
    }
    slot_unlink(s, slot);
    if (slot->door)
        door_answered(slot->door, slot->counted);
    pthread_mutex_unlock(&s->mutex);
    conn_release(slot->conn);
    free(slot);
}

struct ear {           /* of a subscriber */
    struct conn *conn; /* held */
    uint32_t companion;
    uid_t uid;
    bool foreign;
};

/* All who listen, those of the process behind `first` in front: it waits for its echo, the others
 * only look. Gives few, which has room for few_n, or more to be freed. */
static struct ear *take_ears(struct server *s, uint32_t first, struct ear *few, size_t few_n,
                             size_t *ret_front, size_t *ret_count)
{
    struct ear *all = few;
    size_t count = 0, front = 0;
    pthread_mutex_lock(&s->mutex);
    if (s->subscribers > few_n)
        all = mem_calloc(s->subscribers, sizeof *all);
    const struct peer *who = first ? *server_peer(s, first) : NULL;
    for (int i = 0; count < s->subscribers && i < PEER_BUCKETS; i++)
        for (struct peer *p = s->peers[i]; p; p = p->next) {
            const struct ear ear = {p->conn, p->companion, p->uid, p->foreign};
            if (!p->ready)
                continue;
            conn_hold(p->conn);
            all[count++] = ear;
            if (who && p->pid == who->pid) {
                all[count - 1] = all[front];
                all[front++] = ear;
            }
        }
    pthread_mutex_unlock(&s->mutex);
    *ret_front = front;
    *ret_count = count;
    return all;
}

/* To all who may hear it: those in front at once, and so a single other one; the rest by the
 * thread for that. Releases them all. */
static void send_all(struct server *s, const char *topic, struct frame *frame,
                     const struct ear *all, size_t front, size_t count)
{
    struct conn *few[32];
    size_t later = 0;
    if (!s->fanout || count <= front + 1)
        front = count;
    for (size_t i = 0; i < count; i++) {
        const struct ear *e = &all[i];
        const bool hears =
            frame && (!e->foreign || hub_may_hear(s->hub, e->uid, e->companion, topic));
        if (hears && i >= front && conn_queue(e->conn, frame)) {
            few[later++] = e->conn; /* with its hold */
            if (later == sizeof few / sizeof *few) {
                fanout_flush(s->fanout, few, later);
                later = 0;
            }
            continue;
        }
        if (hears && i < front)
            conn_send(e->conn, frame);
        conn_release(e->conn);
    }
    if (later)
        fanout_flush(s->fanout, few, later);
}

static void io_publish(void *data, uint32_t first, const char *topic, const void *body, size_t n)
{
    struct server *s = data;
    const size_t topic_n = strlen(topic);
    struct ear few[32];
    size_t front, count;
    struct ear *all = take_ears(s, first, few, sizeof few / sizeof *few, &front, &count);

    /* What cannot be sent is lost like all that PUB drops: subscribers fill the hole. */
    struct frame *frame = count ? frame_create(topic_n + 1 + n) : NULL;
    if (frame) {
        char *to = frame_message(frame);
        memcpy(to, topic, topic_n);
        to[topic_n] = '\n';
        if (n)
            memcpy(to + topic_n + 1, body, n);
    }
    send_all(s, topic, frame, all, front, count);
    frame_release(frame);
    if (all != few)
        free(all);
}

static void io_disconnect(void *data, uint32_t id)
{
    struct server *s = data;
    struct conn *all[64];
    size_t count = 0;
    pthread_mutex_lock(&s->mutex);
    const struct peer *who = *server_peer(s, id);
    /* The subscription of the same process is another connection: it must not go on listening. */
    for (int i = 0; who && i < PEER_BUCKETS; i++)
        for (struct peer *p = s->peers[i]; p && count < 64; p = p->next)
            if (p == who || (p->subscriber && p->pid == who->pid && p->uid == who->uid)) {
                conn_hold(p->conn);
                all[count++] = p->conn;
            }
    pthread_mutex_unlock(&s->mutex);
    server_close_all(all, count);
}

/* ---- life ---- */

static const size_t longest = sizeof((struct sockaddr_un){0}.sun_path) - 1;

bool server_dir_fits(const char *dir)
{
    return strlen(dir) + sizeof "/call" - 1 <= longest;
}

enum err server_create(const char *hub_name, int lock, struct server **ret_server, char **ret_why)
{
    struct server *s = mem_zalloc(sizeof *s);
    enum err e;

    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->gone, NULL);
    s->io = (struct hub_io){.reply = io_reply,
                            .note = io_note,
                            .publish = io_publish,
                            .disconnect = io_disconnect,
                            .share = share_io,
                            .disconnect_user = share_io_disconnect_user,
                            .door = door_io};
    s->name = mem_strdup(hub_name ? hub_name : "default");
    s->dir = path_runtime_dir(s->name);
    if (!path_hub_name_ok(s->name)) {
        e = ERR_INVALID;
        *ret_why =
            mem_strdup("a hub's name is 1 to 32 of A-Z a-z 0-9 _ . - and begins with none of "
                       "'.' and '-'.");
    } else if (!server_dir_fits(s->dir)) {
        e = ERR_LIMIT;
        *ret_why = mem_printf("the folder %s has too long a name: a socket's path may have %zu "
                              "bytes. Set XDG_RUNTIME_DIR to a shorter one.",
                              s->dir, longest);
    } else if ((e = path_make_private(s->dir)) != ERR_OK) {
        *ret_why = mem_printf("the folder %s cannot be used: %s", s->dir, err_text(e)->person);
    } else {
        e = place_take(s->dir, s->name, lock, &s->own, ret_why);
    }
    if (e != ERR_OK) {
        server_destroy(s);
        return e;
    }
    *ret_server = s;
    return ERR_OK;
}

enum err server_listen(struct server *server, struct hub *hub, char **ret_why)
{
    server->hub = hub;
    server->fanout = fanout_create();
    return place_listen(server->own, S_IRUSR | S_IWUSR, came, server, ret_why);
}

const struct hub_io *server_io(struct server *server)
{
    return &server->io;
}

static void end_peers(struct server *s)
{
    pthread_mutex_lock(&s->mutex);
    for (int i = 0; i < PEER_BUCKETS; i++)
        for (struct peer *p = s->peers[i]; p; p = p->next)
            conn_close(p->conn);
    while (s->peers_count)
        pthread_cond_wait(&s->gone, &s->mutex);
    pthread_mutex_unlock(&s->mutex);
}

int server_hand_on(struct server *server)
{
    return place_hand_on(server->own);
}

void server_destroy(struct server *server)
{
    struct server *s = server;
    if (!s)
        return;
    pthread_mutex_lock(&s->mutex);
    s->closing = true;
    pthread_mutex_unlock(&s->mutex);
    place_quiet(s->shared);
    place_quiet(s->own);
    doors_quiet(s);
    fanout_destroy(s->fanout); /* the hub publishes no more; it holds connections */
    end_peers(s);
    while (s->slots) {
        struct slot *slot = s->slots;
        s->slots = slot->next;
        if (slot->door)
            door_answered(slot->door, slot->counted);
        conn_release(slot->conn);
        free(slot);
    }
    doors_leave(s);
    place_leave(s->shared);
    place_leave(s->own); /* last: who takes its lock next may begin at once */
    free(s->dir);
    free(s->name);
    pthread_cond_destroy(&s->gone);
    pthread_mutex_destroy(&s->mutex);
    free(s);
}
