/* See the header. Everything is done by the folder's descriptor, and a link that has to change is
 * made beside and renamed over, so that a program that starts meanwhile finds one or the other. */
#include "core/work/command_links.h"
#include "core/base/mem.h"
#include "core/base/paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_SIZE 80
#define BESIDE    ".new"

static const char *const prefixes[] = {"baton", "agentos"};

bool command_group_ok(const char *group)
{
    const size_t n = strspn(group, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return n >= 1 && n <= 64 && group[n] == '\0' && group[0] != '-';
}

static bool is_link(int dir, const char *name)
{
    struct stat st;
    return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
}

static enum err put_link(int dir, const char *name, const char *target)
{
    char there[PATH_MAX];
    const ssize_t n = readlinkat(dir, name, there, sizeof there);
    if (n == (ssize_t)strlen(target) && memcmp(there, target, (size_t)n) == 0)
        return ERR_OK;
    if (n < 0 && errno != ENOENT)
        return ERR_EXISTS;
    unlinkat(dir, BESIDE, 0); /* left by a hub that died */
    if (symlinkat(target, dir, BESIDE) < 0 || renameat(dir, BESIDE, dir, name) < 0)
        return err_from_errno(errno);
    return ERR_OK;
}

static bool is_wanted(const char *name, const char *const *groups, size_t count)
{
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        const size_t n = strlen(prefixes[i]);
        if (strncmp(name, prefixes[i], n) != 0)
            continue;
        if (name[n] == '\0')
            return true;
        for (size_t k = 0; name[n] == '-' && k < count; k++)
            if (command_group_ok(groups[k]) && strcmp(name + n + 1, groups[k]) == 0)
                return true;
    }
    return false;
}

static void remove_others(int dir, const char *const *groups, size_t count)
{
    const int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
    for (struct dirent *entry; d && (entry = readdir(d));)
        if (!is_wanted(entry->d_name, groups, count) && is_link(dir, entry->d_name))
            unlinkat(dir, entry->d_name, 0);
    if (d)
        closedir(d);
    else if (copy >= 0)
        close(copy);
}

enum err command_links(const char *folder, const char *target, const char *const *groups,
                       size_t count)
{
    enum err e = path_make_private(folder), one;
    if (e != ERR_OK)
        return e;
    const int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (dir < 0)
        return err_from_errno(errno);
    remove_others(dir, groups, count);
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        if ((one = put_link(dir, prefixes[i], target)) != ERR_OK)
            e = one;
        for (size_t k = 0; k < count; k++) {
            char name[NAME_SIZE];
            if (!command_group_ok(groups[k]))
                continue;
            snprintf(name, sizeof name, "%s-%s", prefixes[i], groups[k]);
            if ((one = put_link(dir, name, target)) != ERR_OK)
                e = one;
        }
    }
    close(dir);
    return e;
}
