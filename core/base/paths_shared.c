/* The place where hubs are shared among the users of one machine. It lies in a folder in which
 * everybody may make files, so nothing in it is trusted for its name: whoever makes a folder there
 * makes sure that it is theirs, and whoever connects asks the kernel whose socket it is. */
#include "core/base/mem.h"
#include "core/base/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *share_base(void)
{
    const char *dir = getenv("BATON_SHARE_DIR");
    return dir && dir[0] == '/' ? dir : "/tmp";
}

char *path_share_dir(uid_t owner, const char *hub)
{
    return mem_printf("%s/baton-share-%u/%s", share_base(), (unsigned)owner, hub);
}

bool path_hub_is_others(const char *address)
{
    return strchr(address, '/') != NULL;
}

static bool account_ok(const char *name, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)name[i] <= ' ' || name[i] == 0x7f || name[i] == ':')
            return false;
    return n >= 1 && n <= 255 && name[0] != '.' && name[0] != '-'; /* no path, no flag */
}

bool path_hub_address_ok(const char *address)
{
    const char *slash = strchr(address, '/');
    if (!slash)
        return path_hub_name_ok(address);
    return account_ok(address, (size_t)(slash - address)) && path_hub_name_ok(slash + 1);
}

static enum err uid_of(const char *account, uid_t *ret_uid)
{
    size_t size = 4096;
    char *buffer = NULL;
    struct passwd pw, *found = NULL;
    int code;
    do {
        size *= 2;
        buffer = mem_realloc(buffer, size);
        code = getpwnam_r(account, &pw, buffer, size, &found);
    } while (code == ERANGE && size < 1024 * 1024);
    if (found)
        *ret_uid = found->pw_uid;
    free(buffer);
    return found ? ERR_OK : ERR_NOT_FOUND;
}

enum err path_hub_dir(const char *address, char **ret_dir, uid_t *ret_owner)
{
    const char *slash = strchr(address, '/');
    if (!path_hub_address_ok(address))
        return ERR_INVALID;
    if (!slash) {
        *ret_owner = getuid();
        *ret_dir = path_runtime_dir(address);
        return ERR_OK;
    }
    char *account = mem_strndup(address, (size_t)(slash - address));
    enum err e = uid_of(account, ret_owner);
    free(account);
    if (e == ERR_OK)
        *ret_dir = *ret_owner == getuid() ? path_runtime_dir(slash + 1)
                                          : path_share_dir(*ret_owner, slash + 1);
    return e;
}

/* May nobody but root and us take away what we make in there? */
static enum err check_base(int dir, const char *path, char **ret_why)
{
    struct stat st;
    if (fstat(dir, &st) < 0) {
        *ret_why = mem_printf("%s cannot be looked at: %s", path, strerror(errno));
        return err_from_errno(errno);
    }
    if ((st.st_uid != 0 && st.st_uid != geteuid()) ||
        ((st.st_mode & 022) && !(st.st_mode & S_ISVTX))) {
        *ret_why = mem_printf("in %s others could replace what is ours", path);
        return ERR_DENIED;
    }
    return ERR_OK;
}

/* One folder below another. path is its whole name, for words. */
static enum err make_below(int parent, const char *name, const char *path, int *ret_dir,
                           char **ret_why)
{
    struct stat st;
    if (mkdirat(parent, name, 0711) < 0 && errno != EEXIST) {
        *ret_why = mem_printf("%s cannot be made: %s", path, strerror(errno));
        return err_from_errno(errno);
    }
    const int dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0) {
        const bool link = errno == ELOOP || errno == ENOTDIR;
        enum err e = link ? ERR_DENIED : err_from_errno(errno);
        *ret_why = link ? mem_printf("%s is no folder but something else", path)
                        : mem_printf("%s cannot be opened: %s", path, strerror(errno));
        if (!link && fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            st.st_uid != geteuid()) {
            free(*ret_why);
            *ret_why = mem_printf("%s belongs to another user, uid %u", path, (unsigned)st.st_uid);
            e = ERR_DENIED;
        }
        return e;
    }
    enum err e = ERR_OK;
    if (fstat(dir, &st) < 0 || st.st_uid != geteuid()) {
        *ret_why = mem_printf("%s belongs to another user, uid %u", path, (unsigned)st.st_uid);
        e = ERR_DENIED;
    } else if ((st.st_mode & 07777) != 0711 && fchmod(dir, 0711) < 0) {
        *ret_why = mem_printf("the mode of %s cannot be set: %s", path, strerror(errno));
        e = err_from_errno(errno);
    }
    if (e == ERR_OK)
        *ret_dir = dir;
    else
        close(dir);
    return e;
}

enum err path_make_shared(const char *hub, char **ret_dir, char **ret_why)
{
    char *path = path_share_dir(geteuid(), hub), *above = mem_strdup(path);
    *strrchr(above, '/') = '\0';
    const char *name = strrchr(above, '/') + 1;
    int base = open(share_base(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), upper = -1, dir = -1;
    enum err e = base >= 0 ? ERR_OK : err_from_errno(errno);

    if (e != ERR_OK)
        *ret_why = mem_printf("%s cannot be opened: %s", share_base(), strerror(errno));
    if (e == ERR_OK)
        e = check_base(base, share_base(), ret_why);
    if (e == ERR_OK)
        e = make_below(base, name, above, &upper, ret_why);
    if (e == ERR_OK)
        e = make_below(upper, hub, path, &dir, ret_why);
    if (dir >= 0)
        close(dir);
    if (upper >= 0)
        close(upper);
    if (base >= 0)
        close(base);
    free(above);
    if (e == ERR_OK)
        *ret_dir = path;
    else
        free(path);
    return e;
}
