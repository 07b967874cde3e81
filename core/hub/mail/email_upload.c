/* What is too large for one call comes in parts: each is appended to a file of the hub's own, and
 * the call that means it names the file. For the hub's owner alone: nobody else fills its disk.
 * A file that nobody came back for goes an hour after its last part. Control's. */
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/hub/mail/email.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ID_N 20

static char *file_of(struct hub *hub, const char *id)
{
    char *dir = path_join(hub->state_dir, "uploads"), *file = NULL;
    if (strlen(id) == ID_N && strspn(id, "0123456789abcdef") == ID_N &&
        path_make_private(dir) == ERR_OK)
        file = path_join(dir, id);
    free(dir);
    return file;
}

static void make_id(char out[ID_N + 1])
{
    unsigned char bytes[ID_N / 2];
    if (getentropy(bytes, sizeof bytes) != 0)
        abort();
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static enum err append(const char *file, bool fresh, const char *bytes, size_t n, int64_t *ret_size)
{
    int fd = open(
        file, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | (fresh ? O_CREAT | O_EXCL : 0), 0600);
    struct stat st;
    enum err e = ERR_OK;
    if (fd < 0)
        return err_from_errno(errno);
    if (fstat(fd, &st) != 0)
        e = err_from_errno(errno);
    else if ((size_t)st.st_size + n > MAIL_MAX)
        e = ERR_LIMIT;
    for (size_t at = 0; at < n && e == ERR_OK;) {
        ssize_t put = write(fd, bytes + at, n - at);
        if (put < 0 && errno != EINTR)
            e = err_from_errno(errno);
        at += put > 0 ? (size_t)put : 0;
    }
    close(fd);
    *ret_size = st.st_size + (int64_t)n;
    return e;
}

/* --- what nobody came back for -----------------------------------------------------------------
 */

static void on_timer(uv_timer_t *timer)
{
    hub_post_control(timer->data, upload_sweep, NULL);
}

enum err upload_sweep(struct hub *hub, void *arg)
{
    char *path = path_join(hub->state_dir, "uploads");
    DIR *dir = opendir(path);
    const struct dirent *one;
    const time_t now = time(NULL);
    time_t next = 0; /* when the oldest one that stays may go; 0: none stays */
    struct stat st;
    (void)arg;
    free(path);
    while (dir && (one = readdir(dir))) {
        if (strlen(one->d_name) != ID_N || fstatat(dirfd(dir), one->d_name, &st, 0) != 0)
            continue; /* no file of ours */
        if (st.st_mtime <= now - UPLOAD_KEPT_S)
            unlinkat(dirfd(dir), one->d_name, 0);
        else if (!next || st.st_mtime + UPLOAD_KEPT_S < next)
            next = st.st_mtime + UPLOAD_KEPT_S;
    }
    if (dir)
        closedir(dir);
    if (next && !hub->stopping) {
        hub->upload_timer.data = hub;
        uv_timer_start(&hub->upload_timer, on_timer, (uint64_t)(next - now + 1) * 1000, 0);
    }
    return ERR_OK;
}

/* --- parts --------------------------------------------------------------------------------------
 */

enum err email_upload(struct hub *hub, struct call *c)
{
    const char *given = call_string(c, "upload", "");
    char id[ID_N + 1], *bytes = NULL;
    size_t n = 0;
    int64_t size = 0;
    enum err e = json_get_base64(call_params(c), "data", &bytes, &n);
    if (e != ERR_OK)
        return call_fail(c, ERR_INVALID, "data must be base64");
    if (*given)
        snprintf(id, sizeof id, "%s", given);
    else
        make_id(id);
    char *file = file_of(hub, id);
    e = file ? append(file, !*given, bytes, n, &size) : ERR_NOT_FOUND;
    if (e == ERR_LIMIT && file)
        unlink(file);
    if (e == ERR_OK && !*given)
        control_after(hub, upload_sweep, NULL);
    if (e == ERR_OK) {
        cJSON *o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "upload", id);
        json_add_int(o, "size", size);
        call_reply(c, o);
    }
    free(file);
    free(bytes);
    return e;
}

/* After the commit; char path[]. */
static enum err forget(struct hub *hub, void *arg)
{
    (void)hub;
    unlink(arg);
    return ERR_OK;
}

enum err upload_take(struct hub *hub, struct call *c, const char *id, char **ret_bytes,
                     size_t *ret_n)
{
    char *file = c->role == ROLE_OWNER ? file_of(hub, id) : NULL;
    enum err e = file ? path_read_file(file, MAIL_MAX, ret_bytes, ret_n) : ERR_NOT_FOUND;
    if (e == ERR_OK)
        control_after(hub, forget, file);
    else
        free(file);
    return e;
}
