/* The hub's endpoints: a listener for calls and one for events, both NNG byte streams; conn.h says
 * why no nng_socket. Here is what the messages mean: REP (each call keeps the words of its way back
 * in a slot until it is answered) and PUB (each message goes to every subscriber).
 *
 * What always holds:
 *
 * - the calls of one connection reach hub_submit one after another, in their order, and never after
 *   hub_peer_gone for it;
 *
 * - no function here waits for a peer: what a peer does not read is counted, and beyond a bound
 *   (PEER_CALLS, PEER_BYTES) its connection is ended; a subscriber has at most PUB_QUEUE messages
 *   and PUB_BYTES waiting, then the oldest go;
 *
 * - the files of the sockets are removed only by who holds the lock.
 *
 * Threads: NNG's run the callbacks; the hub's two call reply, publish and disconnect. `mutex`
 * guards what changes after server_listen; the hub is never called under it. */
#include "transport/nng/server.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "transport/nng/conn.h"
#include "transport/wire/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <nng/nng.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    PEER_BUCKETS = 256,
    PEER_CALLS = 4096,             /* calls of one connection that wait for their answer */
    PEER_BYTES = 64 * 1024 * 1024, /* answers that one connection has not read yet */
    PUB_QUEUE = 64,                /* messages */
    PUB_BYTES = 8 * 1024 * 1024,
    WAY_BACK = 8 * 4, /* bytes: a call may come through so many SP devices */
    RETRY_MS = 10,    /* until the next accept when descriptors are out */
};

struct peer {
    struct peer *next; /* in its bucket */
    struct conn *conn;
    uint32_t id;
    uint64_t pid;
    bool subscriber;
    bool ready; /* a subscriber that has greeted: it gets what is published */
    bool known; /* the hub has had a call from it */
    unsigned calls;
};

/* A call that waits for its answer: the hub's `handle`. */
struct slot {
    struct slot *next, *before;
    struct conn *conn; /* held */
    size_t way_n;
    char way[WAY_BACK]; /* goes in front of the answer */
};

struct door {
    struct server *server;
    nng_stream_listener *listener;
    nng_aio *accept;
    bool resting; /* accept is a sleep just now */
    const struct conn_kind *kind;
};

struct server {
    pthread_mutex_t mutex;
    pthread_cond_t gone; /* a peer went */
    struct hub *hub;
    char *dir, *name;
    int lock_fd;
    struct door call, pub;
    bool listening, closing;
    struct hub_io io;
    uint32_t last_id;
    unsigned peers_count, subscribers;
    struct peer *peers[PEER_BUCKETS];
    struct slot *slots;
};

static const struct conn_kind rep = {.ours = 0x31, .theirs = 0x30, .queue_bytes = PEER_BYTES};
static const struct conn_kind pub = {
    .ours = 0x20, .theirs = 0x21, .queue_count = PUB_QUEUE, .queue_bytes = PUB_BYTES};

static enum err from_nng(int code)
{
    switch (code) {
    case 0: return ERR_OK;
    case NNG_EADDRINUSE: return ERR_BUSY;
    case NNG_EPERM: return ERR_DENIED;
    case NNG_ENOSPC: return ERR_DISK_FULL;
    case NNG_ENOFILES:
    case NNG_ENOMEM: return ERR_LIMIT;
    case NNG_EADDRINVAL: return ERR_INVALID;
    default: return ERR_IO;
    }
}

/* ---- peers and slots; with the mutex held ---- */

static struct peer **peer_place(struct server *s, uint32_t id)
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

/* ---- what connections tell ---- */

static void greeted(void *data, struct conn *c)
{
    struct server *s = data;
    pthread_mutex_lock(&s->mutex);
    struct peer *p = *peer_place(s, conn_id(c));
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
    do {
        if (way == WAY_BACK || n - way < 4)
            return false;
        way += 4;
    } while (!(bytes[way - 4] & 0x80));

    struct slot *slot = mem_zalloc(sizeof *slot);
    slot->conn = c;
    slot->way_n = way;
    memcpy(slot->way, bytes, way);
    pthread_mutex_lock(&s->mutex);
    struct peer *p = *peer_place(s, conn_id(c));
    const bool takes = p && !p->subscriber && p->calls < PEER_CALLS && !s->closing;
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
    hub_submit(s->hub, slot, conn_id(c), getuid(), bytes + way, n - way);
    return true;
}

static void gone(void *data, struct conn *c)
{
    struct server *s = data;
    const uint32_t id = conn_id(c);
    pthread_mutex_lock(&s->mutex);
    struct peer **at = peer_place(s, id), *p = *at;
    *at = p->next;
    if (p->ready)
        s->subscribers--;
    const bool tell = p->known;
    free(p);
    pthread_mutex_unlock(&s->mutex);

    conn_release(c);
    if (tell)
        hub_peer_gone(s->hub, id);
    pthread_mutex_lock(&s->mutex);
    s->peers_count--; /* last: from now on the server may go */
    pthread_cond_signal(&s->gone);
    pthread_mutex_unlock(&s->mutex);
}

static const struct conn_events events = {greeted, message, gone};

/* ---- new connections ---- */

static void come_in(struct door *door, nng_stream *stream)
{
    struct server *s = door->server;
    uint64_t uid = UINT64_MAX, pid = 0;
    /* For now only the hub's own user; a peer that cannot be told is nobody. */
    if (nng_stream_get_uint64(stream, NNG_OPT_IPC_PEER_UID, &uid) != 0 || uid != getuid()) {
        nng_stream_free(stream);
        return;
    }
    nng_stream_get_uint64(stream, NNG_OPT_IPC_PEER_PID, &pid);

    struct peer *p = mem_zalloc(sizeof *p);
    p->pid = pid;
    p->subscriber = door == &s->pub;
    pthread_mutex_lock(&s->mutex);
    do
        p->id = ++s->last_id;
    while (p->id == 0 || *peer_place(s, p->id));
    struct conn *c = s->closing ? NULL : conn_create(stream, p->id, door->kind, &events, s);
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
        free(p);
        return;
    }
    conn_start(c);
    conn_release(c);
}

/* A failure is that one client's, except the end of the listener itself; without descriptors the
 * next attempt waits a little. */
static void accepted(void *arg)
{
    struct door *door = arg;
    struct server *s = door->server;
    const int code = nng_aio_result(door->accept);
    pthread_mutex_lock(&s->mutex);
    const bool rested = door->resting, closing = s->closing;
    const bool rest = !rested && (code == NNG_ENOFILES || code == NNG_ENOMEM);
    door->resting = rest;
    pthread_mutex_unlock(&s->mutex);
    if (code == 0 && !rested)
        come_in(door, nng_aio_get_output(door->accept, 0));
    if (closing)
        return;
    if (rest)
        nng_sleep_aio(RETRY_MS, door->accept);
    else
        nng_stream_listener_accept(door->listener, door->accept);
}

/* ---- what the hub calls ---- */

static void io_reply(void *data, void *handle, const void *bytes, size_t n)
{
    struct server *s = data;
    struct slot *slot = handle;
    if (bytes) {
        struct frame *frame = frame_create(slot->way_n + n);
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
    pthread_mutex_lock(&s->mutex);
    struct peer *p = *peer_place(s, conn_id(slot->conn));
    if (p)
        p->calls--;
    slot_unlink(s, slot);
    pthread_mutex_unlock(&s->mutex);
    conn_release(slot->conn);
    free(slot);
}

static void io_publish(void *data, uint32_t first, const char *topic, const void *body, size_t n)
{
    struct server *s = data;
    const size_t topic_n = strlen(topic);
    struct conn *few[32], **all = few;
    size_t count = 0, i = 0;

    pthread_mutex_lock(&s->mutex);
    if (s->subscribers > sizeof few / sizeof *few)
        all = mem_calloc(s->subscribers, sizeof *all);
    const struct peer *who = first ? *peer_place(s, first) : NULL;
    size_t front = 0;
    for (; count < s->subscribers && i < PEER_BUCKETS; i++)
        for (struct peer *p = s->peers[i]; p; p = p->next)
            if (p->ready) {
                conn_hold(p->conn);
                all[count++] = p->conn;
                if (who && p->pid == who->pid) { /* it waits for its echo; the others only look */
                    all[count - 1] = all[front];
                    all[front++] = p->conn;
                }
            }
    pthread_mutex_unlock(&s->mutex);

    /* What cannot be sent is lost like all that PUB drops: subscribers fill the hole. */
    struct frame *frame = count ? frame_create(topic_n + 1 + n) : NULL;
    if (frame) {
        char *to = frame_message(frame);
        memcpy(to, topic, topic_n);
        to[topic_n] = '\n';
        if (n)
            memcpy(to + topic_n + 1, body, n);
    }
    for (i = 0; i < count; i++) {
        if (frame)
            conn_send(all[i], frame);
        conn_release(all[i]);
    }
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
    const struct peer *who = *peer_place(s, id);
    /* The subscription of the same process is another connection: it must not go on listening. */
    for (int i = 0; who && i < PEER_BUCKETS; i++)
        for (struct peer *p = s->peers[i]; p && count < 64; p = p->next)
            if (p == who || (p->subscriber && p->pid == who->pid)) {
                conn_hold(p->conn);
                all[count++] = p->conn;
            }
    pthread_mutex_unlock(&s->mutex);
    while (count) {
        conn_close(all[--count]);
        conn_release(all[count]);
    }
}

/* ---- life ---- */

static enum err take_lock(struct server *s, char **ret_why)
{
    char *path = path_join(s->dir, "lock"), text[32] = "";
    enum err e = ERR_OK;
    s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (s->lock_fd < 0) {
        e = err_from_errno(errno);
        *ret_why = mem_printf("%s cannot be opened: %s.", path, strerror(errno));
    } else if (flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0) {
        e = errno == EWOULDBLOCK ? ERR_BUSY : err_from_errno(errno);
        const ssize_t n = pread(s->lock_fd, text, sizeof text - 1, 0);
        text[n > 0 ? n : 0] = '\0';
        text[strspn(text, "0123456789")] = '\0';
        *ret_why = e == ERR_BUSY && text[0]
                       ? mem_printf("the hub '%s' runs already, as process %s.", s->name, text)
                       : mem_printf("the hub '%s' runs already.", s->name);
    } else { /* who holds it, for people; the lock itself is what counts */
        const int n = snprintf(text, sizeof text, "%d\n", (int)getpid());
        if (ftruncate(s->lock_fd, 0) < 0 || pwrite(s->lock_fd, text, (size_t)n, 0) != n) {
            e = err_from_errno(errno);
            *ret_why = mem_printf("%s cannot be written: %s.", path, strerror(errno));
        }
    }
    free(path);
    return e;
}

enum err server_create(const char *hub_name, struct server **ret_server, char **ret_why)
{
    struct server *s = mem_zalloc(sizeof *s);
    const struct sockaddr_un *address = NULL;
    enum err e;

    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->gone, NULL);
    s->lock_fd = -1;
    s->io = (struct hub_io){.reply = io_reply, .publish = io_publish, .disconnect = io_disconnect};
    s->name = mem_strdup(hub_name ? hub_name : "default");
    s->dir = path_runtime_dir(s->name);
    if (!path_hub_name_ok(s->name)) {
        e = ERR_INVALID;
        *ret_why =
            mem_strdup("a hub's name is 1 to 32 of A-Z a-z 0-9 _ . - and begins with none of "
                       "'.' and '-'.");
    } else if (strlen(s->dir) + sizeof "/call" > sizeof address->sun_path) {
        e = ERR_LIMIT;
        *ret_why = mem_printf("the folder %s has too long a name: a socket's path may have %zu "
                              "bytes. Set XDG_RUNTIME_DIR to a shorter one.",
                              s->dir, sizeof address->sun_path - 1);
    } else if ((e = path_make_private(s->dir)) != ERR_OK) {
        *ret_why = mem_printf("the folder %s cannot be used: %s", s->dir, err_text(e)->person);
    } else {
        e = take_lock(s, ret_why);
    }
    if (e != ERR_OK) {
        server_destroy(s);
        return e;
    }
    *ret_server = s;
    return ERR_OK;
}

static int listen_on(struct server *s, struct door *door, const char *file,
                     const struct conn_kind *kind)
{
    char *path = path_join(s->dir, file), *url = mem_printf("ipc://%s", path);

    door->server = s;
    door->kind = kind;
    unlink(path); /* left by a hub that died; ours to remove, since the lock is ours */
    int code = nng_stream_listener_alloc(&door->listener, url);
    if (code == 0)
        code =
            nng_stream_listener_set_int(door->listener, NNG_OPT_IPC_PERMISSIONS, S_IRUSR | S_IWUSR);
    if (code == 0)
        code = nng_aio_alloc(&door->accept, accepted, door);
    if (code == 0)
        code = nng_stream_listener_listen(door->listener);
    if (code == 0)
        nng_stream_listener_accept(door->listener, door->accept);
    free(path);
    free(url);
    return code;
}

enum err server_listen(struct server *server, struct hub *hub, char **ret_why)
{
    struct server *s = server;
    s->hub = hub;
    s->listening = true;
    /* Events first: a client that finds the calls' socket may subscribe at once. */
    int code = listen_on(s, &s->pub, "pub", &pub);
    if (code == 0)
        code = listen_on(s, &s->call, "call", &rep);
    if (code != 0)
        *ret_why = mem_printf("the hub cannot listen in %s: %s.", s->dir, nng_strerror(code));
    return from_nng(code);
}

const struct hub_io *server_io(struct server *server)
{
    return &server->io;
}

static void door_close(struct door *door)
{
    if (door->listener)
        nng_stream_listener_close(door->listener);
    nng_aio_free(door->accept); /* waits for its callback */
    if (door->listener)
        nng_stream_listener_free(door->listener);
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

void server_destroy(struct server *server)
{
    struct server *s = server;
    if (!s)
        return;
    pthread_mutex_lock(&s->mutex);
    s->closing = true;
    pthread_mutex_unlock(&s->mutex);
    door_close(&s->call);
    door_close(&s->pub);
    end_peers(s);
    while (s->slots) {
        struct slot *slot = s->slots;
        s->slots = slot->next;
        conn_release(slot->conn);
        free(slot);
    }
    for (int i = 0; s->listening && i < 2; i++) {
        char *path = path_join(s->dir, i ? "pub" : "call");
        unlink(path);
        free(path);
    }
    if (s->lock_fd >= 0)
        close(s->lock_fd); /* last: who takes it next may bind at once */
    free(s->dir);
    free(s->name);
    pthread_cond_destroy(&s->gone);
    pthread_mutex_destroy(&s->mutex);
    free(s);
}
