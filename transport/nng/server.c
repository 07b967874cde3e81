/* The hub's endpoints. Calls come in on a REP socket, one nng_ctx a call (a "slot"), because a raw
 * REP socket throws answers away when a peer has more than 64 of them waiting, and says nothing.
 * Only one slot receives at a time, so the calls of one connection keep their order; a parked call
 * holds its slot, a few hundred bytes, and no thread. Events leave on a PUB socket.
 *
 * What always holds:
 *  - hub_submit runs in the receive callback alone, hence for one call at a time, and never after
 *    hub_peer_gone for the same peer;
 *  - no function here waits for a peer: what a peer does not read is counted, and beyond a bound
 *    (PEER_CALLS, PEER_BYTES) its connection is closed; PUB keeps at most PUB_QUEUE messages a
 *    subscriber and drops the oldest;
 *  - the files of the sockets are removed only by who holds the lock.
 *
 * Threads: NNG's run the callbacks; the hub's two call reply, publish and disconnect. `mutex`
 * guards everything in struct server that changes after server_listen. */
#include "transport/nng/server.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "transport/nng/sendmsg.h"
#include "transport/wire/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <nng/nng.h>
#include <nng/protocol/pubsub0/pub.h>
#include <nng/protocol/reqrep0/rep.h>
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
    SLOTS = 65536,                 /* calls of all connections; then nobody is received from */
    PUB_QUEUE = 64,                /* messages */
};

/* One connection to either socket. */
struct peer {
    struct peer *next; /* in its bucket */
    uint32_t id;       /* NNG's pipe id */
    uint64_t pid;
    bool subscriber;
    bool known;      /* the hub has had a call from it */
    bool submitting; /* the receive callback is inside hub_submit for it */
    bool gone;       /* it went meanwhile: the receive callback tells the hub */
    unsigned calls;
    size_t bytes;
};

struct slot {
    struct server *server;
    struct slot *next_free, *next_all;
    nng_ctx ctx;
    nng_aio *aio; /* sends the answer */
    uint32_t peer;
    size_t bytes; /* of the answer on its way */
};

struct server {
    pthread_mutex_t mutex;
    struct hub *hub;
    char *dir, *name;
    int lock_fd;
    nng_socket call, pub;
    bool call_open, pub_open, listening, closing;
    struct hub_io io;

    struct peer *peers[PEER_BUCKETS];
    struct slot *all, *free;
    unsigned slots;
    struct slot *receiving; /* NULL: none could be made; the next free one goes on */
    nng_aio *receive;
};

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

/* ---- peers; all with the mutex held ---- */

static struct peer **peer_place(struct server *s, uint32_t id)
{
    struct peer **at = &s->peers[id % PEER_BUCKETS];
    while (*at && (*at)->id != id)
        at = &(*at)->next;
    return at;
}

static void peer_remove(struct server *s, uint32_t id)
{
    struct peer **at = peer_place(s, id);
    struct peer *p = *at;
    if (p) {
        *at = p->next;
        free(p);
    }
}

/* ---- receiving ---- */

static void slot_sent(void *arg);

static struct slot *slot_get(struct server *s)
{
    struct slot *slot = s->free;
    if (slot) {
        s->free = slot->next_free;
        return slot;
    }
    if (s->slots == SLOTS)
        return NULL;
    slot = mem_zalloc(sizeof *slot);
    slot->server = s;
    if (nng_ctx_open(&slot->ctx, s->call) != 0) {
        free(slot);
        return NULL;
    }
    if (nng_aio_alloc(&slot->aio, slot_sent, slot) != 0) {
        nng_ctx_close(slot->ctx);
        free(slot);
        return NULL;
    }
    s->slots++;
    slot->next_all = s->all;
    s->all = slot;
    return slot;
}

/* Lets the next slot receive, if none does. Without the mutex. */
static void receive_next(struct server *s)
{
    struct slot *slot = NULL;
    pthread_mutex_lock(&s->mutex);
    if (!s->receiving && !s->closing)
        slot = s->receiving = slot_get(s);
    pthread_mutex_unlock(&s->mutex);
    if (slot)
        nng_ctx_recv(slot->ctx, s->receive);
}

/* Takes a slot back that has no answer under way. Without the mutex. */
static void slot_free(struct slot *slot)
{
    struct server *s = slot->server;
    pthread_mutex_lock(&s->mutex);
    struct peer *p = *peer_place(s, slot->peer);
    if (p) {
        p->calls--;
        p->bytes -= slot->bytes;
    }
    slot->bytes = 0;
    slot->peer = 0;
    slot->next_free = s->free;
    s->free = slot;
    const bool starved = !s->receiving && !s->closing;
    pthread_mutex_unlock(&s->mutex);
    if (starved)
        receive_next(s);
}

static void slot_sent(void *arg)
{
    struct slot *slot = arg;
    if (nng_aio_result(slot->aio) != 0) {
        nng_msg_free(nng_aio_get_msg(slot->aio));
        nng_aio_set_msg(slot->aio, NULL);
    }
    slot_free(slot);
}

/* Takes a call to the hub. The slot is the hub's from here on. */
static void submit(struct server *s, struct slot *slot, nng_msg *message)
{
    const nng_pipe pipe = nng_msg_get_pipe(message);
    const uint32_t id = (uint32_t)nng_pipe_id(pipe);

    pthread_mutex_lock(&s->mutex);
    struct peer *p = *peer_place(s, id);
    const bool too_many = p && p->calls >= PEER_CALLS;
    if (p && !too_many) {
        p->calls++;
        p->known = p->submitting = true;
        slot->peer = id;
    }
    pthread_mutex_unlock(&s->mutex);

    if (!p || too_many) { /* it went already, or it does not keep to the limit */
        if (too_many)
            nng_pipe_close(pipe);
        slot_free(slot);
        return;
    }
    hub_submit(s->hub, slot, id, getuid(), nng_msg_body(message), nng_msg_len(message));

    pthread_mutex_lock(&s->mutex);
    p = *peer_place(s, id); /* it stays while submitting is set */
    p->submitting = false;
    const bool gone = p->gone;
    if (gone)
        peer_remove(s, id);
    pthread_mutex_unlock(&s->mutex);
    if (gone)
        hub_peer_gone(s->hub, id);
}

static void received(void *arg)
{
    struct server *s = arg;
    const int code = nng_aio_result(s->receive);
    if (code == NNG_ECLOSED || code == NNG_ECANCELED)
        return;
    struct slot *slot = s->receiving; /* only this callback and receive_next in turn change it */
    if (code == 0) {
        nng_msg *message = nng_aio_get_msg(s->receive);
        nng_aio_set_msg(s->receive, NULL);
        submit(s, slot, message);
        nng_msg_free(message);
        pthread_mutex_lock(&s->mutex);
        s->receiving = NULL;
        pthread_mutex_unlock(&s->mutex);
        receive_next(s);
    } else {
        nng_ctx_recv(slot->ctx, s->receive);
    }
}

/* ---- connections come and go ---- */

static void peer_comes(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    struct server *s = arg;
    uint64_t uid = UINT64_MAX, pid = 0;
    (void)event;
    /* For now only the hub's own user may connect; a peer that we cannot tell is nobody. */
    if (nng_pipe_get_uint64(pipe, NNG_OPT_IPC_PEER_UID, &uid) != 0 || uid != getuid()) {
        nng_pipe_close(pipe);
        return;
    }
    nng_pipe_get_uint64(pipe, NNG_OPT_IPC_PEER_PID, &pid);
    struct peer *p = mem_zalloc(sizeof *p);
    p->id = (uint32_t)nng_pipe_id(pipe);
    p->pid = pid;
    p->subscriber = nng_socket_id(nng_pipe_socket(pipe)) == nng_socket_id(s->pub);
    pthread_mutex_lock(&s->mutex);
    p->next = s->peers[p->id % PEER_BUCKETS];
    s->peers[p->id % PEER_BUCKETS] = p;
    pthread_mutex_unlock(&s->mutex);
}

static void peer_goes(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    struct server *s = arg;
    const uint32_t id = (uint32_t)nng_pipe_id(pipe);
    bool tell = false;
    (void)event;
    pthread_mutex_lock(&s->mutex);
    struct peer *p = *peer_place(s, id);
    if (p && p->submitting) {
        p->gone = true;
    } else if (p) {
        tell = p->known;
        peer_remove(s, id);
    }
    pthread_mutex_unlock(&s->mutex);
    if (tell)
        hub_peer_gone(s->hub, id);
}

/* ---- what the hub calls ---- */

static void io_reply(void *data, void *handle, const void *bytes, size_t n)
{
    struct server *s = data;
    struct slot *slot = handle;
    nng_msg *message = NULL;
    bool flooded = false;

    if (bytes) {
        pthread_mutex_lock(&s->mutex);
        struct peer *p = *peer_place(s, slot->peer);
        if (p) {
            flooded = p->bytes > 0 && p->bytes + n > PEER_BYTES;
            if (!flooded) {
                slot->bytes = n;
                p->bytes += n;
            }
        }
        pthread_mutex_unlock(&s->mutex);
        /* Without memory for an answer the peer must not wait for ever: it sees the link break. */
        if (p && !flooded && nng_msg_alloc(&message, n) != 0)
            flooded = true;
    }
    if (flooded)
        nng_pipe_close((nng_pipe){.id = slot->peer});
    if (!message) {
        slot_free(slot);
        return;
    }
    if (n)
        memcpy(nng_msg_body(message), bytes, n);
    nng_aio_set_msg(slot->aio, message);
    nng_ctx_send(slot->ctx, slot->aio);
}

static void io_publish(void *data, const char *topic, const void *body, size_t n)
{
    struct server *s = data;
    const size_t topic_n = strlen(topic);
    nng_msg *message;
    /* What cannot be published is lost like anything that PUB drops: subscribers fill the hole. */
    if (nng_msg_alloc(&message, topic_n + 1 + n) != 0)
        return;
    char *to = nng_msg_body(message);
    memcpy(to, topic, topic_n);
    to[topic_n] = '\n';
    if (n)
        memcpy(to + topic_n + 1, body, n);
    if (nng_sendmsg(s->pub, message, NNG_FLAG_NONBLOCK) != 0)
        nng_msg_free(message);
}

/* Tells a new subscriber that from here on it gets everything (see wire.h). */
static void subscriber_is_there(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    (void)pipe, (void)event;
    io_publish(arg, WIRE_WELCOME, NULL, 0);
}

static void io_disconnect(void *data, uint32_t id)
{
    struct server *s = data;
    uint32_t also[64];
    size_t count = 0;
    pthread_mutex_lock(&s->mutex);
    const struct peer *who = *peer_place(s, id);
    /* The subscription of the same process is another connection: it must not go on listening. */
    for (int i = 0; who && i < PEER_BUCKETS; i++)
        for (const struct peer *p = s->peers[i]; p && count < 64; p = p->next)
            if (p->subscriber && p->pid == who->pid)
                also[count++] = p->id;
    pthread_mutex_unlock(&s->mutex);
    nng_pipe_close((nng_pipe){.id = id});
    while (count)
        nng_pipe_close((nng_pipe){.id = also[--count]});
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
    } else if (!sendmsg_guards()) {
        e = ERR_INTERNAL;
        *ret_why = mem_strdup("this program was linked so that NNG misses its guard (sendmsg).");
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

static int listen_on(struct server *s, nng_socket socket, const char *file)
{
    char *path = path_join(s->dir, file), *url = mem_printf("ipc://%s", path);
    nng_listener listener;
    int code = nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, WIRE_MAX_MESSAGE);

    unlink(path); /* left by a hub that died; ours to remove, since the lock is ours */
    if (code == 0)
        code = nng_listener_create(&listener, socket, url);
    if (code == 0) {
        code = nng_listener_set_int(listener, NNG_OPT_IPC_PERMISSIONS, S_IRUSR | S_IWUSR);
        if (code == 0)
            code = nng_listener_start(listener, 0);
        if (code != 0)
            nng_listener_close(listener);
    }
    free(path);
    free(url);
    return code;
}

enum err server_listen(struct server *server, struct hub *hub, char **ret_why)
{
    struct server *s = server;
    int code;

    s->hub = hub;
    s->call_open = (code = nng_rep0_open(&s->call)) == 0;
    if (code == 0)
        s->pub_open = (code = nng_pub0_open(&s->pub)) == 0;
    if (code == 0)
        code = nng_socket_set_int(s->pub, NNG_OPT_SENDBUF, PUB_QUEUE);
    if (code == 0)
        code = nng_pipe_notify(s->call, NNG_PIPE_EV_ADD_PRE, peer_comes, s);
    if (code == 0)
        code = nng_pipe_notify(s->call, NNG_PIPE_EV_REM_POST, peer_goes, s);
    if (code == 0)
        code = nng_pipe_notify(s->pub, NNG_PIPE_EV_ADD_PRE, peer_comes, s);
    if (code == 0)
        code = nng_pipe_notify(s->pub, NNG_PIPE_EV_ADD_POST, subscriber_is_there, s);
    if (code == 0)
        code = nng_pipe_notify(s->pub, NNG_PIPE_EV_REM_POST, peer_goes, s);
    if (code == 0)
        code = nng_aio_alloc(&s->receive, received, s);
    if (code == 0) {
        receive_next(s);
        code = s->receiving ? 0 : NNG_ENOMEM;
    }
    /* PUB first: a client that finds the calls' socket may subscribe at once. */
    if (code == 0)
        code = listen_on(s, s->pub, "pub");
    if (code == 0)
        code = listen_on(s, s->call, "call");
    if (code != 0) {
        *ret_why = mem_printf("the hub cannot listen in %s: %s.", s->dir, nng_strerror(code));
        return from_nng(code);
    }
    s->listening = true;
    return ERR_OK;
}

const struct hub_io *server_io(struct server *server)
{
    return &server->io;
}

void server_destroy(struct server *server)
{
    struct server *s = server;
    if (!s)
        return;
    pthread_mutex_lock(&s->mutex);
    s->closing = true;
    pthread_mutex_unlock(&s->mutex);
    if (s->call_open)
        nng_close(s->call);
    if (s->pub_open)
        nng_close(s->pub);
    nng_aio_free(s->receive); /* waits for its callback */
    for (struct slot *slot = s->all; slot; slot = slot->next_all)
        nng_aio_stop(slot->aio); /* of all before any is freed: a callback links its slot */
    for (struct slot *slot = s->all; slot;) {
        struct slot *next = slot->next_all;
        nng_aio_free(slot->aio);
        free(slot);
        slot = next;
    }
    for (int i = 0; i < PEER_BUCKETS; i++)
        while (s->peers[i])
            peer_remove(s, s->peers[i]->id);
    for (int i = 0; s->listening && i < 2; i++) {
        char *path = path_join(s->dir, i ? "pub" : "call");
        unlink(path);
        free(path);
    }
    if (s->lock_fd >= 0)
        close(s->lock_fd); /* last: who takes it next may bind at once */
    free(s->dir);
    free(s->name);
    pthread_mutex_destroy(&s->mutex);
    free(s);
}
