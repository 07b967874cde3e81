/* The hub's end of a keeper's socket: one function a message. The thread that owns the socket. */
#include "core/stream/bytes.h"
#include "core/stream/keeper_wire.h"
#include "core/stream/record.h"
#include "core/stream/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum err keeper_connect(const char *dir, int *ret_fd)
{
    struct sockaddr_un address;
    enum err e = ERR_OK;
    int fd = -1, folder = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return errno == ENOENT ? ERR_NO_HUB : err_from_errno(errno);
    keeper_address(folder, &address);
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        e = err_from_errno(errno);
    else if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        e = errno == ENOENT || errno == ECONNREFUSED ? ERR_NO_HUB : err_from_errno(errno);
    close(folder);
    if (e != ERR_OK) {
        if (fd >= 0)
            close(fd);
        return e;
    }
    *ret_fd = fd;
    return ERR_OK;
}

/* Under the lock that a keeper takes before it does anything: one that comes later sees the file.
 */
enum err keeper_forbid(const char *dir)
{
    int lock = -1, folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum err e = folder < 0 ? err_from_errno(errno) : segment_lock(folder, &lock);
    if (e == ERR_OK) {
        int fd =
            openat(folder, KEEPER_FORBIDDEN, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
            e = err_from_errno(errno);
        else
            close(fd);
        close(lock);
    }
    if (folder >= 0)
        close(folder);
    return e;
}

static enum err send_head(int fd, const uint8_t *head, size_t head_n, const void *bytes, size_t n)
{
    struct iovec parts[2] = {
        {.iov_base = (void *)(uintptr_t)head, .iov_len = head_n},
        {.iov_base = (void *)(uintptr_t)bytes, .iov_len = n},
    };
    return keeper_wire_send(fd, parts, n ? 2 : 1);
}

static enum err send_byte(int fd, enum keeper_say what)
{
    uint8_t head = (uint8_t)what;
    return send_head(fd, &head, 1, NULL, 0);
}

static enum err send_pos(int fd, enum keeper_say what, uint64_t pos)
{
    uint8_t head[9] = {(uint8_t)what};
    bytes_put(head + 1, pos, 8);
    return send_head(fd, head, sizeof head, NULL, 0);
}

enum err keeper_send_input(int fd, uint64_t epoch, const char *who, const void *bytes, size_t n)
{
    uint8_t head[81] = {SAY_INPUT};
    if (n == 0 || n > KEEPER_INPUT_MAX || strlen(who) > 63)
        return ERR_LIMIT;
    return send_head(fd, head, 1 + record_encode_input(epoch, who, head + 1), bytes, n);
}

enum err keeper_send_resize(int fd, int rows, int cols)
{
    uint8_t head[5] = {SAY_RESIZE};
    if (rows < 0 || rows > UINT16_MAX || cols < 0 || cols > UINT16_MAX)
        return ERR_LIMIT;
    record_encode_resize(rows, cols, head + 1);
    return send_head(fd, head, sizeof head, NULL, 0);
}

enum err keeper_send_signal(int fd, int signal)
{
    uint8_t head[2] = {SAY_SIGNAL, (uint8_t)signal};
    if (signal < 1 || signal > 64)
        return ERR_INVALID;
    return send_head(fd, head, sizeof head, NULL, 0);
}

enum err keeper_send_ack(int fd, uint64_t pos)
{
    return send_pos(fd, SAY_ACK, pos);
}

enum err keeper_send_release(int fd, uint64_t pos)
{
    return send_pos(fd, SAY_RELEASE, pos);
}

enum err keeper_send_mark(int fd, const char *json, size_t n)
{
    uint8_t head = SAY_MARK;
    if (n > KEEPER_MARK_MAX)
        return ERR_LIMIT;
    return send_head(fd, &head, 1, json, n);
}

enum err keeper_send_close_stdin(int fd)
{
    return send_byte(fd, SAY_CLOSE_STDIN);
}

enum err keeper_send_close(int fd)
{
    return send_byte(fd, SAY_CLOSE);
}

enum err keeper_send_bye(int fd)
{
    return send_byte(fd, SAY_BYE);
}

enum err keeper_receive(int fd, struct keeper_note *ret_note)
{
    uint8_t in[KEEPER_NOTE_SIZE];
    size_t n;
    enum err e = keeper_wire_receive(fd, in, sizeof in, &n);
    return e == ERR_OK ? keeper_note_decode(in, n, ret_note) : e;
}
