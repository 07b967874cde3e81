/* A client's connection: the SP greeting, frames out, frames in. See the header. */
#include "transport/nng/link.h"
#include "transport/wire/wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { GREETING = 8, FRAME = 9, READ_SIZE = 256 * 1024, KEEP = 1024 * 1024 };

void link_init(struct link *l)
{
    *l = (struct link){.fd = -1};
}

void link_finish(struct link *l)
{
    link_close(l);
    buf_finish(&l->in);
    buf_finish(&l->out);
}

void link_close(struct link *l)
{
    if (l->fd >= 0)
        close(l->fd);
    l->fd = -1;
    l->greeted = false;
}

enum err link_open(struct link *l, const char *path, uid_t owner, enum link_protocol protocol)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct ucred who;
    socklen_t size = sizeof who;
    enum err e = ERR_OK;

    if (strlen(path) >= sizeof address.sun_path)
        return ERR_LIMIT;
    memcpy(address.sun_path, path, strlen(path) + 1);
    link_close(l);
    buf_clear(&l->in);
    buf_clear(&l->out);
    l->in_at = l->out_at = 0;
    l->protocol = protocol;
    l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->fd < 0)
        return err_from_errno(errno);
    if (connect(l->fd, (const struct sockaddr *)&address, sizeof address) < 0)
        e = errno == ENOENT         ? ERR_NOT_FOUND
            : errno == ECONNREFUSED ? ERR_NO_HUB
            : errno == EAGAIN       ? ERR_AGAIN
                                    : err_from_errno(errno);
    /* In /tmp any folder may be anybody's, whatever it is called: tell nobody else our token. */
    else if (getsockopt(l->fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0 || who.uid != owner)
        e = ERR_DENIED;
    if (e != ERR_OK) {
        link_close(l);
        return e;
    }
    const char greeting[GREETING] = {0, 'S', 'P', 0, 0, (char)protocol, 0, 0};
    buf_append(&l->out, greeting, sizeof greeting);
    return ERR_OK;
}

size_t link_begin(struct link *l)
{
    static const char room[FRAME];
    const size_t begin = l->out.len;
    buf_append(&l->out, room, sizeof room);
    return begin;
}

void link_end(struct link *l, size_t begin)
{
    uint8_t *frame = (uint8_t *)l->out.data + begin;
    frame[0] = 1;
    wire_put_pos(l->out.len - begin - FRAME, frame + 1);
}

size_t link_unsent(const struct link *l)
{
    return l->out.len - l->out_at;
}

enum err link_flush(struct link *l)
{
    while (l->fd >= 0 && l->out_at < l->out.len) {
        const ssize_t n =
            send(l->fd, l->out.data + l->out_at, l->out.len - l->out_at, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return ERR_OK;
        if (n < 0)
            return ERR_LOST;
        l->out_at += (size_t)n;
    }
    if (l->out.cap > KEEP)
        buf_finish(&l->out);
    buf_clear(&l->out);
    l->out_at = 0;
    return ERR_OK;
}

enum err link_fill(struct link *l)
{
    if (l->fd < 0)
        return ERR_LOST;
    buf_consume(&l->in, l->in_at);
    l->in_at = 0;
    if (l->in.len == 0 && l->in.cap > KEEP)
        buf_finish(&l->in); /* one giant message must not cost its memory for ever */
    char *to = buf_reserve(&l->in, READ_SIZE);
    ssize_t n;
    do
        n = recv(l->fd, to, READ_SIZE, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? ERR_AGAIN : ERR_LOST;
    if (n == 0)
        return ERR_LOST;
    l->in.len += (size_t)n;
    return ERR_OK;
}

static bool greeting_is_right(const struct link *l)
{
    const uint8_t *g = (const uint8_t *)l->in.data;
    const uint8_t peer = l->protocol == LINK_REQ ? 0x31 : 0x20; /* REP, PUB */
    return g[0] == 0 && g[1] == 'S' && g[2] == 'P' && g[3] == 0 && g[4] == 0 && g[5] == peer;
}

enum err link_next(struct link *l, const char **ret_bytes, size_t *ret_n)
{
    if (!l->greeted) {
        if (l->in.len < GREETING)
            return ERR_AGAIN;
        if (!greeting_is_right(l))
            return ERR_LOST;
        l->greeted = true;
        l->in_at = GREETING;
    }
    const size_t have = l->in.len - l->in_at;
    if (have < FRAME)
        return ERR_AGAIN;
    const char *frame = l->in.data + l->in_at;
    const uint64_t n = wire_get_pos((const uint8_t *)frame + 1);
    if (frame[0] != 1 || n > WIRE_MAX_MESSAGE + 64)
        return ERR_LOST;
    if (have - FRAME < n)
        return ERR_AGAIN;
    *ret_bytes = frame + FRAME;
    *ret_n = (size_t)n;
    l->in_at += FRAME + (size_t)n;
    return ERR_OK;
}
