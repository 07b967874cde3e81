/* Messages between hub and keeper, as bytes and through the socket. Any thread, one a socket. */
#include "core/stream/keeper_wire.h"
#include "core/stream/bytes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

void keeper_note_encode(const struct keeper_note *note, uint8_t out[KEEPER_NOTE_SIZE])
{
    memset(out, 0, KEEPER_NOTE_SIZE);
    out[0] = (uint8_t)note->kind;
    bytes_put(out + 1, note->pos, 8);
    bytes_put(out + 9, (uint32_t)note->code, 4);
    bytes_put(out + 13, note->n, 4);
    bytes_put(out + 17, (uint32_t)note->pid, 4);
    memcpy(out + 21, note->why, strnlen(note->why, sizeof note->why - 1));
}

enum err keeper_note_decode(const uint8_t *in, size_t n, struct keeper_note *ret_note)
{
    if (n != KEEPER_NOTE_SIZE || in[0] > KEEPER_DROPPED)
        return ERR_CORRUPT;
    *ret_note = (struct keeper_note){
        .kind = (enum keeper_note_kind)in[0],
        .pos = bytes_get(in + 1, 8),
        .code = (int32_t)(uint32_t)bytes_get(in + 9, 4),
        .n = (uint32_t)bytes_get(in + 13, 4),
        .pid = (int32_t)(uint32_t)bytes_get(in + 17, 4),
    };
    memcpy(ret_note->why, in + 21, sizeof ret_note->why - 1);
    return ERR_OK;
}

void keeper_address(int dir, struct sockaddr_un *ret_address)
{
    *ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
    snprintf(ret_address->sun_path, sizeof ret_address->sun_path, "/proc/self/fd/%d/sock", dir);
}

enum err keeper_wire_send(int fd, const struct iovec *parts, int count)
{
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)parts,
                             .msg_iovlen = (size_t)count};
    ssize_t n;
    do
        n = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n >= 0)
        return ERR_OK;
    if (errno == ENOTCONN)
        return ERR_LOST;
    return errno == ENOBUFS ? ERR_AGAIN : err_from_errno(errno);
}

enum err keeper_wire_receive(int fd, void *out, size_t size, size_t *ret_n)
{
    /* When the other side went with messages of ours unread, the first receive tells of the reset
     * although what it had sent before still waits behind. */
    for (int resets = 0;;) {
        ssize_t n = recv(fd, out, size, MSG_DONTWAIT | MSG_TRUNC);
        if (n < 0 && (errno == EINTR || (errno == ECONNRESET && resets++ == 0)))
            continue;
        if (n == 0)
            return ERR_LOST;
        if (n < 0)
            return err_from_errno(errno);
        if ((size_t)n > size)
            return ERR_INVALID;
        *ret_n = (size_t)n;
        return ERR_OK;
    }
}
