/* See the header. In version 2 a group that has processes of its own can have no groups with limits
 * beneath it. So the hub goes into one called `hub` there, with all who are in its group, and that
 * only where systemd says that the group was given to us (the attribute user.delegate). */
#include "core/work/limits.h"
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define TEXT_MOST (1024u * 1024u)
#define DEEPEST   128

/* --- where they are -----------------------------------------------------------------------------
 */

/* A file of the kernel's, which says no size; NULL: it cannot be read, or is too long to be true.
 */
static char *read_text(const char *file)
{
    struct buf b = {0};
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : 1;
    while (n > 0 && b.len < TEXT_MOST) {
        n = read(fd, buf_reserve(&b, 4096), 4096);
        if (n > 0)
            b.len += (size_t)n;
        else if (n < 0 && errno == EINTR)
            n = 1;
    }
    if (fd >= 0)
        close(fd);
    if (n == 0) {
        buf_append(&b, "", 0);
        return b.data ? buf_take(&b) : mem_strdup("");
    }
    buf_finish(&b);
    return NULL;
}

/* Is word one of a list that commas separate? */
static bool has_word(const char *list, size_t n, const char *word)
{
    const size_t m = strlen(word);
    for (const char *at = list; at <= list + n - m && n >= m; at++) {
        const char *comma = memchr(at, ',', (size_t)(list + n - at));
        const size_t len = comma ? (size_t)(comma - at) : (size_t)(list + n - at);
        if (len == m && memcmp(at, word, m) == 0)
            return true;
        if (!comma)
            break;
        at = comma;
    }
    return false;
}

/* The n-th word of a line, of those that spaces separate; its length in *ret_n. */
static const char *word_of(const char *line, int index, size_t *ret_n)
{
    const char *at = line;
    while (index-- > 0) {
        at += strcspn(at, " \n");
        if (*at != ' ')
            return NULL;
        at++;
    }
    *ret_n = strcspn(at, " \n");
    return at;
}

/* The mount of a controller ("memory", "pids"), or of version 2 (NULL): where, and which of the
 * groups is at its root. */
static bool find_mount(const char *mounts, const char *controller, char **ret_dir, char **ret_root)
{
    for (const char *line = mounts; *line;) {
        const size_t n = strcspn(line, "\n");
        const char *dash = strstr(line, " - ");
        size_t root_n, dir_n, type_n, options_n;
        const char *root = word_of(line, 3, &root_n), *dir = word_of(line, 4, &dir_n);
        if (dash && dash < line + n && root && dir) {
            const char *type = word_of(dash + 3, 0, &type_n);
            const char *options = word_of(dash + 3, 2, &options_n);
            const bool fits = controller ? type_n == 6 && memcmp(type, "cgroup", 6) == 0 &&
                                               options && has_word(options, options_n, controller)
                                         : type_n == 7 && memcmp(type, "cgroup2", 7) == 0;
            if (fits) {
                *ret_dir = mem_strndup(dir, dir_n);
                *ret_root = mem_strndup(root, root_n);
                return true;
            }
        }
        line += n + (line[n] == '\n');
    }
    return false;
}

/* Our own path among the groups of a controller; NULL: none. */
static char *own_path(const char *own, const char *controller)
{
    for (const char *line = own; *line;) {
        const size_t n = strcspn(line, "\n");
        const char *first = memchr(line, ':', n);
        const char *second = first ? memchr(first + 1, ':', n - (size_t)(first + 1 - line)) : NULL;
        if (second) {
            const size_t names_n = (size_t)(second - first - 1);
            if (controller ? has_word(first + 1, names_n, controller) : names_n == 0)
                return mem_strndup(second + 1, n - (size_t)(second + 1 - line));
        }
        line += n + (line[n] == '\n');
    }
    return NULL;
}

/* The folder of our own group; NULL: it cannot be seen from here. */
static char *own_group(const char *mounts, const char *own, const char *controller)
{
    char *dir = NULL, *root = NULL, *path = own_path(own, controller), *group = NULL;
    if (path && !strstr(path, "..") && find_mount(mounts, controller, &dir, &root)) {
        const size_t n = strcmp(root, "/") == 0 ? 0 : strlen(root);
        if (strncmp(path, root, n) == 0)
            group = mem_printf("%s%s", dir, strcmp(path + n, "/") == 0 ? "" : path + n);
    }
    free(dir);
    free(root);
    free(path);
    return group;
}

static bool file_has(const char *dir, const char *name, const char *word)
{
    char *file = path_join(dir, name), *text = read_text(file);
    bool has = false;
    if (text)
        for (char *save = NULL, *w = strtok_r(text, " \n", &save); w && !has;
             w = strtok_r(NULL, " \n", &save))
            has = strcmp(w, word) == 0;
    free(text);
    free(file);
    return has;
}

static bool is_given(const char *dir)
{
    char value[4];
    return getxattr(dir, "user.delegate", value, sizeof value) == 1 && *value == '1';
}

static void look_at_v2(const char *mounts, const char *own, struct limits_place *p)
{
    char *group = own_group(mounts, own, NULL);
    const size_t n = group ? strlen(group) : 0;
    if (n > 4 && strcmp(group + n - 4, "/hub") == 0) /* where limits_enter has put us */
        group[n - 4] = '\0';
    if (!group)
        snprintf(p->why, sizeof p->why, "the kernel's control groups are not mounted");
    else if (!file_has(group, "cgroup.controllers", "memory") ||
             !file_has(group, "cgroup.controllers", "pids"))
        snprintf(p->why, sizeof p->why, "the hub's control group has no memory and pids");
    else if (access(group, W_OK) < 0 || !is_given(group))
        snprintf(p->why, sizeof p->why,
                 "the hub's control group was not delegated to it; start the hub as the service "
                 "baton.service");
    else {
        p->memory = mem_strdup(group);
        p->processes = mem_strdup(group);
        p->version = 2;
    }
    free(group);
}

void limits_look(const char *mounts, const char *own, struct limits_place *ret_place)
{
    struct limits_place p = {.version = 1};
    p.memory = own_group(mounts, own, "memory");
    p.processes = own_group(mounts, own, "pids");
    if (!p.memory && !p.processes) {
        look_at_v2(mounts, own, &p);
        *ret_place = p;
        return;
    }
    char **both[] = {&p.memory, &p.processes};
    for (size_t i = 0; i < 2; i++)
        if (*both[i] && access(*both[i], W_OK) < 0) {
            free(*both[i]);
            *both[i] = NULL;
        }
    if (!p.memory || !p.processes)
        snprintf(p.why, sizeof p.why,
                 "control groups of version 1 are for root: %s not limited by one",
                 p.memory      ? "processes are"
                 : p.processes ? "memory is"
                               : "memory and processes are");
    *ret_place = p;
}

void limits_find(struct limits_place *ret_place)
{
    char *mounts = read_text("/proc/self/mountinfo"), *own = read_text("/proc/self/cgroup");
    *ret_place = (struct limits_place){0};
    if (mounts && own)
        limits_look(mounts, own, ret_place);
    else
        snprintf(ret_place->why, sizeof ret_place->why, "/proc cannot be read");
    free(mounts);
    free(own);
}

void limits_place_finish(struct limits_place *place)
{
    free(place->memory);
    free(place->processes);
    *place = (struct limits_place){0};
}

/* --- making them --------------------------------------------------------------------------------
 */

static enum err write_to(const char *dir, const char *name, const char *text)
{
    char *file = path_join(dir, name);
    int fd = open(file, O_WRONLY | O_CLOEXEC);
    enum err e = fd < 0 ? err_from_errno(errno) : ERR_OK;
    if (e == ERR_OK && write(fd, text, strlen(text)) < 0)
        e = err_from_errno(errno);
    if (fd >= 0)
        close(fd);
    free(file);
    return e;
}

static enum err write_number(const char *dir, const char *name, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, number);
    return write_to(dir, name, text);
}

static enum err make(const char *parent, const char *name, char **ret_dir)
{
    char *dir = path_join(parent, name);
    if (mkdir(dir, 0755) < 0 && errno != EEXIST) {
        enum err e = err_from_errno(errno);
        free(dir);
        return e;
    }
    *ret_dir = dir;
    return ERR_OK;
}

/* All who are in a group go into the one beneath it, so that there may be others with limits. */
static enum err make_room(const char *group)
{
    char *leaf = NULL, *file = path_join(group, "cgroup.procs"), *text = NULL;
    enum err e = ERR_OK;
    if (!file_has(group, "cgroup.subtree_control", "memory") ||
        !file_has(group, "cgroup.subtree_control", "pids")) {
        e = make(group, "hub", &leaf);
        text = e == ERR_OK ? read_text(file) : NULL;
        if (text)
            for (char *save = NULL, *pid = strtok_r(text, "\n", &save); pid;
                 pid = strtok_r(NULL, "\n", &save))
                write_to(leaf, "cgroup.procs", pid); /* one that is gone is no matter */
        if (e == ERR_OK)
            e = write_to(group, "cgroup.subtree_control", "+memory +pids");
    }
    free(leaf);
    free(text);
    free(file);
    return e;
}

static enum err enter(const char *parent, const char *name, const char *const *files,
                      const int64_t *numbers, char ***procs, size_t *count)
{
    char *dir = NULL;
    enum err e = make(parent, name, &dir);
    for (size_t i = 0; e == ERR_OK && files[i]; i++)
        e = write_number(dir, files[i], numbers[i]);
    if (e == ERR_OK) {
        *procs = mem_reallocarray(*procs, *count + 2, sizeof **procs);
        (*procs)[(*count)++] = path_join(dir, "cgroup.procs");
        (*procs)[*count] = NULL;
    }
    free(dir);
    return e;
}

enum err limits_enter(const struct limits_place *place, const char *name, const struct limits *l,
                      char ***ret_procs)
{
    static const char *const old_memory[] = {"memory.limit_in_bytes", NULL};
    static const char *const old_processes[] = {"pids.max", NULL};
    static const char *const both[] = {"memory.max", "pids.max", NULL};
    const int64_t memory[] = {l->memory}, processes[] = {l->processes};
    const int64_t all[] = {l->memory, l->processes};
    char **procs = mem_calloc(1, sizeof *procs);
    size_t count = 0;
    enum err e = ERR_OK;
    if (place->version == 2 && place->memory) {
        e = make_room(place->memory);
        if (e == ERR_OK)
            e = enter(place->memory, name, both, all, &procs, &count);
    } else {
        if (place->memory)
            e = enter(place->memory, name, old_memory, memory, &procs, &count);
        if (e == ERR_OK && place->processes)
            e = enter(place->processes, name, old_processes, processes, &procs, &count);
    }
    if (e == ERR_OK) {
        *ret_procs = procs;
        return ERR_OK;
    }
    while (count)
        free(procs[--count]);
    free(procs);
    return e;
}

void limits_leave(const struct limits_place *place, const char *name)
{
    const char *const parents[] = {place->memory, place->processes};
    for (size_t i = 0; i < 2; i++) {
        char *dir = parents[i] ? path_join(parents[i], name) : NULL;
        if (dir)
            rmdir(dir);
        free(dir);
    }
}

/* --- the disk -----------------------------------------------------------------------------------
 */

struct measure {
    size_t left;
    dev_t dev;
    int64_t bytes;
};

/* One that its owner may not read would hide what is in it: it is made readable. */
static int open_folder(int dir, const char *name, mode_t mode)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
    int fd = openat(dir, name, flags);
    if (fd < 0 && errno == EACCES &&
        fchmodat(dir, name, (mode & 0777) | 0500, AT_SYMLINK_NOFOLLOW) == 0)
        fd = openat(dir, name, flags);
    return fd;
}

/* Takes fd; below 0, with errno, it could not be opened. False: there was more than may be looked
 * at, or than could be. */
static bool measure(struct measure *m, int fd, int depth)
{
    bool whole = depth < DEEPEST && (fd >= 0 || errno == ENOENT || errno == ENOTDIR);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d && fd >= 0)
        close(fd);
    for (struct dirent *entry; whole && d && (entry = readdir(d));) {
        struct stat st;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (m->left-- == 0) {
            whole = false;
            m->left = 0;
            break;
        }
        if (fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_dev != m->dev)
            continue;
        m->bytes += (int64_t)st.st_blocks * 512;
        if (S_ISDIR(st.st_mode))
            whole = measure(m, open_folder(dirfd(d), entry->d_name, st.st_mode), depth + 1);
    }
    if (d)
        closedir(d);
    return whole;
}

bool limits_measure(const char *dir, size_t entries, int64_t *ret_bytes)
{
    struct measure m = {.left = entries};
    struct stat st;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool whole = true;
    if (fd >= 0 && fstat(fd, &st) == 0) {
        m.dev = st.st_dev;
        whole = measure(&m, fd, 0);
    } else if (fd >= 0) {
        close(fd);
    }
    *ret_bytes = m.bytes;
    return whole;
}
