/* Where things lie. */
#include "core/base/paths.h"
#include "core/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *home(void)
{
    const char *dir = getenv("HOME");
    if (dir && dir[0] == '/')
        return dir;
    const struct passwd *pw = getpwuid(getuid());
    return pw && pw->pw_dir ? pw->pw_dir : "/";
}

/* An XDG variable counts only when it is absolute (the specification's own rule). */
static char *xdg(const char *variable, const char *under_home)
{
    const char *dir = getenv(variable);
    return dir && dir[0] == '/' ? mem_strdup(dir) : mem_printf("%s/%s", home(), under_home);
}

char *path_join(const char *dir, const char *name)
{
    return mem_printf("%s/%s", dir, name);
}

char *path_config_dir(void)
{
    char *base = xdg("XDG_CONFIG_HOME", ".config");
    char *dir = path_join(base, "baton");
    free(base);
    return dir;
}

char *path_state_dir(const char *hub)
{
    char *base = xdg("XDG_STATE_HOME", ".local/state");
    char *dir = mem_printf("%s/baton/%s", base, hub);
    free(base);
    return dir;
}

char *path_runtime_dir(const char *hub)
{
    const char *dir = getenv("XDG_RUNTIME_DIR");
    struct stat st;
    char usual[64];
    if (dir && dir[0] == '/')
        return mem_printf("%s/baton/%s", dir, hub);
    /* What an MTA or cron starts has no such variable, and means the hub of the user's login. */
    snprintf(usual, sizeof usual, "/run/user/%u", (unsigned)getuid());
    if (lstat(usual, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid())
        return mem_printf("%s/baton/%s", usual, hub);
    return mem_printf("/tmp/baton-%u/%s", (unsigned)getuid(), hub);
}

char *path_program(void)
{
    char buffer[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", buffer, sizeof buffer - 1);
    if (n < 0)
        return mem_strdup("/proc/self/exe");
    buffer[n] = '\0';
    char *deleted = strstr(buffer, " (deleted)");
    if (deleted && deleted[10] == '\0')
        *deleted = '\0';
    return mem_strdup(buffer);
}

enum err path_make_private(const char *dir)
{
    char *copy = mem_strdup(dir);
    enum err e = ERR_OK;
    struct stat st;

    for (char *p = copy + 1; e == ERR_OK; p++) {
        if (*p && *p != '/')
            continue;
        char keep = *p;
        *p = '\0';
        if (mkdir(copy, 0700) < 0 && errno != EEXIST)
            e = err_from_errno(errno);
        *p = keep;
        if (!keep)
            break;
    }
    if (e == ERR_OK && lstat(dir, &st) < 0)
        e = err_from_errno(errno);
    if (e == ERR_OK && (!S_ISDIR(st.st_mode) || st.st_uid != geteuid()))
        e = ERR_DENIED;
    if (e == ERR_OK && (st.st_mode & 077) && chmod(dir, 0700) < 0)
        e = err_from_errno(errno);
    /* /tmp/baton-UID may have been made by somebody else before us: its owner decides too. */
    char *slash = strrchr(copy, '/');
    if (e == ERR_OK && strncmp(dir, "/tmp/baton-", 11) == 0 && slash) {
        *slash = '\0';
        if (lstat(copy, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
            (st.st_mode & 022))
            e = ERR_DENIED;
    }
    free(copy);
    return e;
}

bool path_hub_name_ok(const char *hub)
{
    size_t n = strspn(hub, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-");
    return n >= 1 && n <= 32 && hub[n] == '\0' && hub[0] != '.' && hub[0] != '-';
}

enum err path_read_file(const char *path, size_t limit, char **ret_text, size_t *ret_n)
{
    /* Not to wait for whoever might write into a FIFO of that name. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return err_from_errno(errno);
    struct stat st;
    enum err e = ERR_OK;
    char *text = NULL;
    size_t n = 0;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        e = ERR_INVALID;
        goto out;
    }
    if ((uint64_t)st.st_size > limit) {
        e = ERR_LIMIT;
        goto out;
    }
    text = mem_zalloc((size_t)st.st_size + 1);
    while (n < (size_t)st.st_size) {
        ssize_t got = read(fd, text + n, (size_t)st.st_size - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            e = err_from_errno(errno);
        if (got <= 0)
            break;
        n += (size_t)got;
    }
out:
    close(fd);
    if (e != ERR_OK) {
        free(text);
        return e;
    }
    *ret_text = text;
    if (ret_n)
        *ret_n = n;
    return ERR_OK;
}

enum err path_write_file(const char *path, const void *bytes, size_t n, bool durable)
{
    char *temporary = mem_printf("%s.%d.tmp", path, (int)getpid());
    enum err e = ERR_OK;
    const char *from = bytes;
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0) {
        e = err_from_errno(errno);
        goto out;
    }
    while (n && e == ERR_OK) {
        ssize_t put = write(fd, from, n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0) {
            e = err_from_errno(errno);
        } else {
            from += put;
            n -= (size_t)put;
        }
    }
    if (e == ERR_OK && durable && fsync(fd) < 0)
        e = err_from_errno(errno);
    if (close(fd) < 0 && e == ERR_OK)
        e = err_from_errno(errno);
    if (e == ERR_OK && rename(temporary, path) < 0)
        e = err_from_errno(errno);
    if (e != ERR_OK)
        unlink(temporary);
out:
    free(temporary);
    return e;
}
