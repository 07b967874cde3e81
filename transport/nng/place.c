/* Listening in a folder. See the header. `mutex` guards what the accepting callbacks share with
 * place_quiet; it is never held while somebody is told. */
#include "transport/nng/place.h"
#include "core/base/mem.h"
#include "core/base/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RETRY_MS = 10 }; /* until the next accept when descriptors are out */

struct door {
    struct place *place;
    const char *file;
    nng_stream_listener *listener;
    nng_aio *accept;
    bool resting; /* accept is a sleep just now */
};

enum { PUB, CALL, DOORS };

struct place {
    pthread_mutex_t mutex;
    char *dir;
    int lock_fd;
    struct door doors[DOORS];
    int first; /* of the doors that it has */
    bool listening, closing;
    place_came came;
    void *data;
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

/* A failure is that one client's, except the end of the listener itself; without descriptors the
 * next attempt waits a little. */
static void accepted(void *arg)
{
    struct door *door = arg;
    struct place *p = door->place;
    const int code = nng_aio_result(door->accept);
    pthread_mutex_lock(&p->mutex);
    const bool rested = door->resting, closing = p->closing;
    const bool rest = !rested && (code == NNG_ENOFILES || code == NNG_ENOMEM);
    door->resting = rest;
    pthread_mutex_unlock(&p->mutex);
    if (code == 0 && !rested)
        p->came(p->data, door == &p->doors[PUB], nng_aio_get_output(door->accept, 0));
    if (closing)
        return;
    if (rest)
        nng_sleep_aio(RETRY_MS, door->accept);
    else
        nng_stream_listener_accept(door->listener, door->accept);
}

/* Whether a number that came from outside is the lock's open file, and not some other one. */
static bool is_lock(int fd, const char *path)
{
    struct stat there, open_one;
    return fd >= 0 && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR && fstat(fd, &open_one) == 0 &&
           lstat(path, &there) == 0 && there.st_dev == open_one.st_dev &&
           there.st_ino == open_one.st_ino && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

static enum err take_lock(struct place *p, const char *hub, int handed, char **ret_why)
{
    char *path = path_join(p->dir, "lock"), text[32] = "";
    enum err e = ERR_OK;
    p->lock_fd = is_lock(handed, path)
                     ? handed /* the lock is the open file's: it was never free */
                     : open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (p->lock_fd < 0) {
        e = err_from_errno(errno);
        *ret_why = mem_printf("%s cannot be opened: %s.", path, strerror(errno));
    } else if (flock(p->lock_fd, LOCK_EX | LOCK_NB) < 0) {
        e = errno == EWOULDBLOCK ? ERR_BUSY : err_from_errno(errno);
        const ssize_t n = pread(p->lock_fd, text, sizeof text - 1, 0);
        text[n > 0 ? n : 0] = '\0';
        text[strspn(text, "0123456789")] = '\0';
        *ret_why = e == ERR_BUSY && text[0]
                       ? mem_printf("the hub '%s' runs already, as process %s.", hub, text)
                       : mem_printf("the hub '%s' runs already.", hub);
    } else { /* who holds it, for people; the lock itself is what counts */
        const int n = snprintf(text, sizeof text, "%d\n", (int)getpid());
        if (ftruncate(p->lock_fd, 0) < 0 || pwrite(p->lock_fd, text, (size_t)n, 0) != n) {
            e = err_from_errno(errno);
            *ret_why = mem_printf("%s cannot be written: %s.", path, strerror(errno));
        }
    }
    free(path);
    return e;
}

enum err place_take(const char *dir, const char *hub, int handed, struct place **ret_place,
                    char **ret_why)
{
    struct place *p = mem_zalloc(sizeof *p);
    pthread_mutex_init(&p->mutex, NULL);
    p->dir = mem_strdup(dir);
    p->lock_fd = -1;
    p->doors[PUB].file = "pub";
    p->doors[CALL].file = "call";
    const enum err e = take_lock(p, hub, handed, ret_why);
    if (e != ERR_OK)
        place_leave(p);
    else
        *ret_place = p;
    return e;
}

struct place *place_for_calls(const char *dir)
{
    struct place *p = mem_zalloc(sizeof *p);
    pthread_mutex_init(&p->mutex, NULL);
    p->dir = mem_strdup(dir);
    p->lock_fd = -1;
    p->doors[CALL].file = "call";
    p->first = CALL;
    return p;
}

static int open_door(struct place *p, struct door *door, mode_t mode)
{
    char *path = path_join(p->dir, door->file), *url = mem_printf("ipc://%s", path);

    door->place = p;
    unlink(path); /* left by a hub that died; ours to remove, since the lock is ours (of a place
                   * without one, the hub's) */
    int code = nng_stream_listener_alloc(&door->listener, url);
    if (code == 0)
        code = nng_stream_listener_set_int(door->listener, NNG_OPT_IPC_PERMISSIONS, (int)mode);
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

enum err place_listen(struct place *place, mode_t mode, place_came came, void *data, char **ret_why)
{
    struct place *p = place;
    int code = 0;
    p->came = came;
    p->data = data;
    p->listening = true;
    /* Events first: a client that finds the calls' socket may subscribe at once. */
    for (int i = p->first; code == 0 && i < DOORS; i++)
        code = open_door(p, &p->doors[i], mode);
    if (code != 0)
        *ret_why = mem_printf("the hub cannot listen in %s: %s.", p->dir, nng_strerror(code));
    return from_nng(code);
}

void place_quiet(struct place *place)
{
    struct place *p = place;
    if (!p)
        return;
    pthread_mutex_lock(&p->mutex);
    p->closing = true;
    pthread_mutex_unlock(&p->mutex);
    for (int i = p->first; i < DOORS; i++) {
        struct door *door = &p->doors[i];
        if (door->listener)
            nng_stream_listener_close(door->listener);
        nng_aio_free(door->accept); /* waits for its callback */
        if (door->listener)
            nng_stream_listener_free(door->listener);
        door->listener = NULL;
        door->accept = NULL;
    }
}

int place_hand_on(struct place *place)
{
    const int fd = place->lock_fd;
    place->lock_fd = -1;
    return fd;
}

void place_leave(struct place *place)
{
    struct place *p = place;
    if (!p)
        return;
    place_quiet(p);
    for (int i = p->first; p->listening && i < DOORS; i++) {
        char *path = path_join(p->dir, p->doors[i].file);
        unlink(path);
        free(path);
    }
    if (p->lock_fd >= 0)
        close(p->lock_fd); /* last: who takes it next may bind at once */
    pthread_mutex_destroy(&p->mutex);
    free(p->dir);
    free(p);
}
